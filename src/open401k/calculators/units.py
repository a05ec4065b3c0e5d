"""The names of inputs and results, each with its unit where the law's own name lacks it. Not here: values.

Money is whole cents (``_cents``), a percentage whole hundredths of a percent (``_bps``: 5.21 % is 521).
"""

from collections.abc import Mapping

CENTS, BPS = "_cents", "_bps"


def _all(suffix: str, names: str) -> dict[str, str]:
    return {name: name + suffix for name in names.split()}


#: A parameter of any rule -> the input's name. What is not here keeps its name.
INPUTS: Mapping[str, str] = {
    **_all(
        CENTS,
        "additions_before adp_excess after_tax balance_on_valuation_date catch_up catch_up_limit catch_up_room "
        "compensation compensation_by_year compensation_of_year compensation_to_date contributed_later_for_first_year "
        "contributed_until_determination_date contributions covered_compensation deferral_limit deferrals "
        "deferrals_left deferrals_of_year deferrals_to_date deferred employee_contributions excess_aggregate "
        "excess_contribution excess_contribution_distributed excess_deferral excess_deferral_paid_here in_acp "
        "in_tested_plan lookback_compensation match match_left match_on_deferrals match_to_date matched matched_before "
        "matched_in_period "
        "missed_after_tax nonelective opening_balance other_officers_compensation others_compensation over_401a30 "
        "over_415 paid_in_service_5_years paid_on_severance_1_year plan_limit plan_year_income pre_tax principal "
        "prior_year_fica_wages qnec roth roth_before section_415_compensation used_elsewhere wages year_to_date",
    ),
    **_all(BPS, "actual_average hce_average hce_ratios nhce_average prior_year_acp prior_year_adp"),
    "prior_year_nhce_average": "prior_year_nhce_average_bps",
    "additions_limit": "additions_limit_cents",
    "ages": "age",
    "allocations": "allocation_cents",
    "balances": "balance_cents",
    "balances_on_valuation_date": "balance_on_valuation_date_cents",
    "basis_bps": "basis_bps",
    "before": "deferred_before_cents",
    "before_entry": "pay_before_entry_cents",
    "beside": "match_beside_cents",
    "birth_dates": "birth_date",
    "birth_years": "birth_year",
    "born": "born_on",
    "cap": "cap_cents",
    "elsewhere": "deferred_elsewhere_cents",
    "employer": "employer_contributions_cents",
    "ended": "ended_on",
    "entry": "entry_on",
    "factors": "allocation_factor",
    "given": "already_allocated_cents",
    "hired": "hired_on",
    "included": "included_compensation_cents",
    "is_hce": "hce",
    "is_key": "key_employee",
    "limit": "limit_cents",
    "matching_rates": "matching_rate_bps",
    "moved": "moved_cents",
    "paid": "paid_on",
    "pay": "pay_cents",
    "pay_rest": "pay_of_rest_of_year_cents",
    "period": "period_cents",
    "per_unit_of_pay": "points_per_unit_of_pay",
    "per_year_of_age": "points_per_year_of_age",
    "per_year_of_service": "points_per_year_of_service",
    "plan_year_start": "plan_year_starts",
    "planned_rest": "planned_deferrals_of_rest_of_year_cents",
    "points_of_each": "points",
    "qualified": "qnec_and_qmac_cents",
    "number": "installment_number",
    "size": "top_paid_group_size",
    "required": "required_hours",
    "count": "business_days",
    "eligible_before": "eligible_the_year_before",
    "current": "current_limitation_year",
    "incurred_in": "incurred_in_plan_year",
    "rates": "rate",
    "rehired": "rehired_on",
    "room": "room_under_415_cents",
    "severed": "severed_on",
    "so_far": "deferred_so_far_cents",
    "service_met": "service_met_on",
    "shift_lengths": "shift_hours",
    "tax_year_start": "tax_year_starts",
    "terminated": "terminated_on",
    "total": "total_compensation_cents",
    "year_of_service_met": "year_of_service_met_on",
}

#: Where one rule means something else by a name than the others.
INPUTS_OF: Mapping[str, Mapping[str, str]] = {
    "allocation.flat_dollar": {"participants": "shares"},
    "average_benefit.midpoint_thousandths": {"safe_harbor": "safe_harbor_bps", "unsafe_harbor": "unsafe_harbor_bps"},
    "compensation.capped": {"year_to_date": "year_to_date_compensation_cents"},
    "compensation.period_share": {"before": "compensation_before_cents", "period": "compensation_of_period_cents"},
    "compensation.limit_for_months": {"months": "months"},
    "compensation.counts_after_severance": {"paid": "paid_on"},
    "corrections.allocable_income": {"excess": "excess_cents", "contributions": "contributions_of_year_cents"},
    "corrections.excess_level": {"limit": "limit_bps"},
    "corrections.level_dollars": {"amounts": "amounts_cents", "caps": "caps_cents", "total": "total_cents"},
    "coverage.harbor_percentages": {"concentration": "nhce_concentration_percent"},
    "deferrals.accept": {"period": "deferred_in_period_cents"},
    "deferrals.accept_by_source": {
        "pre_tax": "pre_tax_in_period_cents",
        "roth": "roth_in_period_cents",
        "roth_before": "roth_before_cents",
    },
    "deferrals.below_any_limit": {"year_to_date": "deferred_year_to_date_cents"},
    "deferrals.deferral_room": {"year_to_date": "deferred_year_to_date_cents"},
    "deferrals.split": {"year_to_date": "deferred_year_to_date_cents"},
    "exact_rates.average": {"group": "counts"},
    "headcount.months_of_service": {"who": "person"},
    "headcount.part_time": {"days_under": "days_under_17_5_hours_a_week"},
    "hours.equivalent_hours": {"periods": "periods_worked"},
    "lost_earnings.grow": {"amount": "amount_cents"},
    "new_comparability.gateway": {"amounts": "allocation_cents"},
    "new_comparability.by_groups": {"group_of_each": "group"},
    "targeting.representative_rate": {"rates": "rate_bps", "group": "in_group"},
    "top_heavy.accounts_on_determination_date": {
        "contributed_later_for_first_year": "contributed_later_for_first_year_cents",
    },
    **{
        rule: {"qualified": "qualified"}
        for rule in (
            "rollover_statements.roth_statement",
            "roth.basis_received_directly",
            "roth.in_roth_ira",
            "roth.roth_payment",
        )
    },
}

#: Fields of results (and of facts handed in) that lack their unit: class -> suffix -> fields.
_FIELDS: Mapping[str, Mapping[str, str]] = {
    "Accepted": {CENTS: "regular catch_up excess accepted"},
    "AcceptedBySource": {CENTS: "pre_tax roth excess_pre_tax excess_roth catch_up must_be_roth"},
    "AfterTaxDistribution": {CENTS: "unmatched matched related_match"},
    "Allocation": {CENTS: "amounts"},
    "AmendedVesting": {},
    "AnnualAdditions": {CENTS: "counted limit catch_up_by_415 excess room"},
    "Availability": {BPS: "nhce_share_effective hce_share_effective"},
    "AverageBenefitPercentage": {BPS: "percentage nhce_average hce_average room"},
    "BandFound": {BPS: "nhce_average hce_average"},
    "CatchUp": {CENTS: "regular by_limits by_adp over limit total"},
    "Claim": {CENTS: "by_plan"},
    "ContributionCredit": {CENTS: "by_employee"},
    "CoordinatedRefunds": {
        CENTS: "further_excess_deferral reported_as_excess_deferral reported_as_excess_contribution"
    },
    "Countable": {CENTS: "counted", BPS: "representative_rate"},
    "CoverageTest": {BPS: "ratio safe_harbor unsafe_harbor", "_percent": "nhce_concentration"},
    "DefaultRates": {},
    "DeferralCut": {CENTS: "deferrals_after reduction", BPS: "hce_average"},
    "DeferralLimits": {CENTS: "regular catch_up total"},
    "DeferralSplit": {CENTS: "regular catch_up excess"},
    "Design": {CENTS: "amounts one_cent_more"},
    "EarningsPeriod": {CENTS: "owed"},
    "EarnedIncome": {
        CENTS: "net_profit self_employment_tax half_deducted employer_contribution earned_income plan_pay section_415"
    },
    "EquivalentBenefit": {"_bps": "rate_hundredths"},
    "Gateway": {CENTS: "missing short_of_one_third", BPS: "highest_hce_rate needed_rate"},
    "GeneralTest": {BPS: "plan_ratio safe_harbor unsafe_harbor"},
    "GroupAverage": {BPS: "ratio_sum average"},
    "HceCorrections": {CENTS: "excess_deferral_paid excess_contribution_paid match_forfeited excess_aggregate_paid"},
    "MissedContributions": {CENTS: "qnec match after_tax_qnec"},
    "MissedDeferral": {CENTS: "missed over_limit"},
    "MultiPlanRatio": {BPS: "ratio"},
    "OneToOne": {CENTS: "shares"},
    "PersonRatio": {BPS: "ratio"},
    "PersonRatios": {BPS: "ratio"},
    "PriorAverage": {BPS: "average"},
    "PriorSubgroup": {BPS: "average"},
    "QnecNeeded": {CENTS: "amounts", BPS: "nhce_average_needed"},
    "RateGroup": {BPS: "rate ratio"},
    "RatioLimit": {BPS: "nhce_average times_1_25 twice plus_two_points limit alternative"},
    "RatioTest": {BPS: "room"},
    "Recapture": {CENTS: "by_year"},
    "Refund": {CENTS: "exact_total unallocated", BPS: "level"},
    "RefundShare": {CENTS: "reduction_by_ratio exact"},
    "Step": {CENTS: "given"},
    "TopHeavyMinimum": {CENTS: "minimum given shortfall"},
    "TopHeavyTest": {BPS: "ratio"},
    "UniformAllocation": {BPS: "lowest_rate highest_rate"},
    "UniformPoints": {CENTS: "allocations", BPS: "hce_average nhce_average"},
    "Withdrawal": {CENTS: "limits"},
}

FIELDS: Mapping[tuple[str, str], str] = {
    (kind, name): name + suffix
    for kind, by_suffix in _FIELDS.items()
    for suffix, names in by_suffix.items()
    for name in names.split()
}

#: Tuples of known length among the inputs: what each of their parts is called.
PAIRS: Mapping[str, tuple[str, ...]] = {
    "available": ("name", "available"),
    "corrected": ("on", "cents"),
    "links": ("one", "other"),
    "owned_bps": ("company", "bps"),
    "pay_periods": ("first_day", "last_day"),
    "plan_year_starts": ("month", "day"),
    "plan_year_start": ("month", "day"),
    "tax_year_starts": ("month", "day"),
}

#: Names of whole numbers that are years.
YEAR_NUMBERS = frozenset(
    {
        "birth_year",
        "direct_rollovers_began_in",
        "first_contribution_year",
        "indirect_rollovers_accepted_in",
        "rolled_over_in",
        "roth_first_year",
        "roth_ira_first_year",
        "year",
    }
)

#: Words in a name of whole numbers that may be below zero: income and its losses.
SIGNED = ("income", "earnings", "profit", "loss")


def input_name(rule: str, parameter: str) -> str:
    """What a parameter of a rule is called among the inputs."""
    return INPUTS_OF.get(rule, {}).get(parameter) or INPUTS.get(parameter, parameter)


def field_name(kind: type, field: str) -> str:
    """What a field of a dataclass is called in JSON."""
    return FIELDS.get((kind.__name__, field), field)


def described(name: str) -> str:
    """What the whole numbers under this name count."""
    if name.endswith("cents"):
        return "Whole cents ($1,234.50 is 123450)"
    if name.endswith("bps"):
        return "Hundredths of a percent (5.21 % is 521)"
    if name.endswith("thousandths"):
        return "Thousandths" if not name.endswith("hundred_thousandths") else "Hundred-thousandths"
    return "Millionths" if name.endswith("millionths") else ""


def bounds(name: str, *, by_person: bool = False) -> tuple[int, int]:
    """The least and the most that is believed of a whole number under this name.

    Columns of people are int64 in the law: a hundred million dollars times a rate of 400 % of one hundredth of a
    percent, twice, and ten thousand of them together, still fit.
    """
    signed = any(word in name.split("_") for word in SIGNED)
    if name.endswith("cents"):
        most = 10**10 if by_person else 10**13
    elif name.endswith(("thousandths", "millionths", "factor")):
        most = 10**9
    elif name.endswith("bps"):
        most = 40_000
    else:
        most = 10**7
    return -most if signed else 0, most
