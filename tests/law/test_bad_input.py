"""Whatever a public function of the law is told that cannot be is refused by name, and nothing bare comes through."""

import inspect
import typing
from collections.abc import Callable

import numpy as np
import pytest

from open401k.kernel import Open401kError
from open401k.law.given import ImpossibleInput, check_facts
from tests.law.impossible import Attack, Told, functions, targets

_FUNCTIONS = dict(functions())
#: Less than nothing is a fact here: a payroll takes back, no election is -1, and a refusal that is a value says so.
_SIGNED = {
    "automatic_enrollment.mandated_rates": {"elected_bps"},
    "automatic_enrollment.qaca_rates": {"elected_bps"},
    "compensation.period_share": {"before", "period"},
    "deferrals.accept": {"before", "period"},
    "deferrals.below_any_limit": {"year_to_date"},
    "deferrals.deferral_room": {"year_to_date"},
    "deferrals.roth_catch_up_required": {"prior_year_fica_wages"},  # -1: not known
    "deferrals.split": {"year_to_date"},
    "deferrals.accept_by_source": {"before", "roth_before", "pre_tax", "roth"},
    "excess_deferrals.claim": {"asked_cents"},
    "matching.match": {"deferrals", "compensation"},
    "matching.match_by_service": {"deferrals", "compensation"},
    "matching.match_still_due": {"matched_in_period", "matched_before"},
    "matching.match_of_period": {"deferrals", "compensation", "matched_before"},
    "matching.match_to_date": {"deferrals_to_date", "compensation_to_date"},
    "matching.nonelective": {"compensation"},
    "vesting.vested_bps": {"years_of_service"},
    "withholding.withholding": {"chosen_rate_bps"},
}
#: Read from a payroll file, whose findings speak of it.
_AS_READ = {
    ("compensation.counts_after_severance", "severed"),
    ("compensation.counts_after_severance", "paid"),
    ("compensation.months_and_a_half_after", "severed"),
    ("deferrals.ages_at_year_end", "birth_years"),
    ("deferrals.catch_up_limits", "ages"),
    ("deferrals.deferral_limits", "ages"),
}
_MAY_LOSE = {"income", "earnings", "profit"}
_REFUSED = (Attack.HUGE, Attack.FLOAT, Attack.FAR_DAY, Attack.FAR_YEAR, Attack.NEGATIVE)


def outcome(function: Callable[..., object], seed: str, attacked: tuple[str, Attack] | None) -> Open401kError | None:
    """What it refuses with; anything else that is raised fails the test that asks."""
    try:
        Told(seed, attacked).call(function)
    except Open401kError as refused:
        return refused
    return None


@pytest.mark.parametrize("label", _FUNCTIONS)
def test_ordinary_facts_are_answered_or_refused(label: str) -> None:
    for attempt in range(3):
        outcome(_FUNCTIONS[label], f"{label} {attempt}", None)


@pytest.mark.parametrize("label", _FUNCTIONS)
def test_impossible_facts_are_refused(label: str) -> None:
    for path, attack in targets(_FUNCTIONS[label]):
        field = path.rpartition(".")[2]
        if (label, path) in _AS_READ:
            continue
        for attempt in range(1):
            refused = outcome(_FUNCTIONS[label], f"{label} {path} {attempt}", (path, attack))
            if attack is Attack.NEGATIVE and (
                field in _SIGNED.get(label, ()) or _MAY_LOSE.intersection(field.split("_"))
            ):
                continue
            assert refused is not None or attack not in _REFUSED, f"{label}: {path} {attack} was answered"


def test_a_refusal_names_its_field() -> None:
    with pytest.raises(ImpossibleInput, match="compensation: -1 is negative") as refused:
        check_facts({"deferrals": np.array([1]), "compensation": np.array([-1])})
    assert refused.value.field == "compensation"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pay", np.array([1.5])),
        ("pay", np.array([1], dtype=np.int32)),
        ("is_hce", np.array([0, 1])),
        ("pay", np.full(5, 10**14)),
        ("pay", float("nan")),
        ("plan_year_start", (2, 30)),
    ],
)
def test_each_kind_of_fact_is_looked_at(field: str, value: object) -> None:
    with pytest.raises(ImpossibleInput, match=f"^{field}: "):
        check_facts({field: value})


def test_columns_of_different_people_are_refused() -> None:
    with pytest.raises(ImpossibleInput, match=r"^is_hce: has 2 entries where the others have 3"):
        check_facts({"pay": np.zeros(3, dtype=np.int64), "is_hce": np.zeros(2, dtype=np.bool_)})
    check_facts({"pay": np.zeros((4, 3), dtype=np.int64), "rate": np.zeros(1, dtype=np.int64)})


#: How much of something is believed, as each rule says: the last number that is taken, by the function and the field.
_BELIEVED = (
    ("affiliation.b_organization", "held_by_hces_bps", 10_000),
    ("automatic_enrollment.qaca_problems", "vesting_years", 100),
    ("automatic_enrollment.qaca_problems", "schedule.initial_bps", 10_000),
    ("automatic_enrollment.qaca_problems", "schedule.top_bps", 10_000),
    ("correction_steps.vested_split", "vested_bps", 10_000),
    ("deductions.reduced_rate", "rate_bps", 10_000),
    ("distribution_events.may_distribute", "months_in_plan", 1_200),
    ("distribution_events.may_distribute", "months_of_participation", 1_200),
    ("early_distribution_tax.early_distribution_tax", "years_of_service", 100),
    ("earned_income.earned_income", "employer_rate_bps", 10_000),
    ("force_outs.small_account", "normal_retirement_age", 100),
    ("forfeitures.cash_out", "vested_bps", 10_000),
    ("forfeitures.cash_out", "consecutive_breaks", 100),
    ("forfeitures.partial_termination", "participants_at_start", 10**8),
    ("forfeitures.partial_termination", "became_participants", 10**8),
    ("hardship.grossed_up", "tax_bps", 9_000),
    ("late_deposits.deposit_extension", "extensions_before_in_plan_year", 12),
    ("limitation_years.one_employer", "owned_bps", 10_000),
    ("loan_defaults.cure_period", "plan_months", 12),
    ("loan_schedules.level_payment", "annual_rate_bps", 10_000),
    ("loan_schedules.level_payment", "installments", 3_120),
    ("loan_schedules.latest_permissible_term", "military_suspension_months", 600),
    ("loan_schedules.accrued", "periods", 3_120),
    ("missed_deferrals.missed_deferrals", "rate_bps", 10_000),
    ("participant_count.annual_report", "participants", 10**7),
    ("periodic_payments.fixed_annuitization", "annuity_factor_thousandths", 100_000),
    ("permissible_withdrawals.election_deadline", "plan_days", 90),
    ("tax_credits.startup_credit", "credit_year", 100),
    ("tax_credits.contribution_credit", "years_since_established", 100),
    ("tax_credits.contribution_credit", "employees_year_before", 10**7),
    ("tax_credits.automatic_enrollment_credit", "credit_year", 100),
    ("withdrawals.terminal_illness", "expected_months", 1_200),
    ("withdrawals.plesa_withdrawal_is_free", "earlier_this_plan_year", 366),
)
_BY_ITS_BELIEF = {f"{label} {path}": (label, path, most) for label, path, most in _BELIEVED}


@pytest.mark.parametrize("each", _BY_ITS_BELIEF)
def test_what_is_believed_ends_where_the_rule_says(each: str) -> None:
    label, path, most = _BY_ITS_BELIEF[each]
    field = path.rpartition(".")[2]
    assert all(_refused_field(label, path, most, attempt) != field for attempt in range(6))
    assert any(_refused_field(label, path, most + 1, attempt) == field for attempt in range(60))


def _refused_field(label: str, path: str, amount: int, attempt: int) -> str:
    try:
        Told(f"{label} {attempt}", (path, amount)).call(_FUNCTIONS[label])
    except ImpossibleInput as refused:
        return refused.field.rpartition(".")[2]
    except Open401kError:
        pass
    return ""


_OF_ONE_PLAN = [
    label
    for label, function in _FUNCTIONS.items()
    if "one_plan=True" in inspect.getsource(function) and label != "ownership.ownership"
]


@pytest.mark.parametrize("label", _OF_ONE_PLAN)
def test_who_asks_for_one_plans_people_is_told_no_scenarios(label: str) -> None:
    hints = typing.get_type_hints(_FUNCTIONS[label])
    for name in [name for name, hint in hints.items() if "ndarray" in str(hint) and name != "return"]:
        refused = outcome(_FUNCTIONS[label], label, (name, Attack.SCENARIOS))
        assert refused is not None, name
        assert str(refused).endswith("one plan's people are asked for."), f"{name}: {refused}"
