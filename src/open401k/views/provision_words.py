"""Every provision in words, by its path in the terms, and the subjects of a form. Not here: values (amendments.py)."""

from collections.abc import Mapping

#: The provisions of a plan in the order in which people speak of them; each stands under one subject.
SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "Who takes part, and when": ("eligibility", "match_eligibility", "nonelective_eligibility"),
    "What people put in": ("deferrals", "elections", "automatic_enrollment"),
    "Match": ("match",),
    "What else the employer puts in": (
        "nonelective", "safe_harbor", "safe_harbor_hces", "may_declare", "declared_conditions", "profit_sharing",
    ),
    "Pay that counts": ("compensation",),
    "Vesting and forfeitures": ("vesting", "forfeitures"),
    "Loans": ("loans",),
    "Rollovers": ("rollovers",),
    "Plan year and tests": ("plan_year_start", "testing"),
}  # fmt: skip

_ENTRY = {
    "minimum_age": "age, at least",
    "service_months": "months of service",
    "hours_in_year": "hours in a year (none: elapsed time)",
    "entry": "entry dates",
}
_CONDITIONS = {
    "conditions": "asked at the end of the plan year",
    "conditions.last_day": "employed on the last day",
    "conditions.hours": "hours of service in the plan year",
    "conditions.either": "one of both is enough",
    "conditions.waived": "not asked of who left by",
    "conditions.retirement_age": "retired from age",
}
_PAY = {
    "definition": "definition of pay",
    "excluded_kinds": "kinds of pay left out",
    "included_kinds": "kinds of pay taken in",
    "excluded_pay_codes": "payroll codes left out, one to a line",
}


def _below(section: str, words: Mapping[str, str]) -> dict[str, str]:
    return {f"{section}.{name}": said for name, said in words.items()}


#: What a provision is called after its section; what is not here is called by its own name.
WORDS: Mapping[str, str] = {
    **_below("eligibility", _ENTRY),
    "eligibility.excluded_classes": "classes of employees left out, one to a line",
    "eligibility.part_time_shares": "long-term part-timers share in employer money",
    "eligibility.part_time_tested": "long-term part-timers are tested",
    "match_eligibility": "eligibility for the match, where it is another",
    **_below("match_eligibility", _ENTRY),
    "match_eligibility.excluded_classes": "classes left out of the match alone, one to a line",
    "nonelective_eligibility": "eligibility for other employer money, where it is another",
    **_below("nonelective_eligibility", _ENTRY),
    "nonelective_eligibility.excluded_classes": "classes left out of other employer money alone, one to a line",
    "deferrals.max_bps_of_pay": "most of pay (none: the law's limits)",
    "deferrals.catch_up": "catch-up from 50",
    "deferrals.higher_catch_up_60_63": "higher catch-up at 60 to 63",
    "deferrals.roth_catch_up_by_all_wages": "Roth catch-up by wages of all companies together",
    "elections": "elections kept here",
    "elections.minimum_bps": "least percentage",
    "elections.maximum_bps": "most percentage",
    "elections.dollars": "dollars may be elected",
    "elections.catch_up_apart": "catch-up is elected by itself",
    "elections.deemed_roth_catch_up": "catch-up that must be Roth goes on as Roth",
    "elections.spill_over": "above the year's limit",
    "elections.bonus_pay_codes": "payroll codes of bonuses, one to a line",
    "automatic_enrollment.counted_from": "counted from",
    "automatic_enrollment.initial_bps": "default, of pay",
    "automatic_enrollment.step_bps": "rises each year by (0: does not rise)",
    "automatic_enrollment.top_bps": "rises to",
    "automatic_enrollment.escalates": "rises",
    "automatic_enrollment.covers": "reaches",
    "automatic_enrollment.wait_days": "days of waiting",
    "automatic_enrollment.notice_days": "days of notice",
    "automatic_enrollment.withdrawal_days": "days to withdraw (0: not possible)",
    "match.tiers": "tiers",
    "match.tiers.rate_bps": "of deferrals",
    "match.tiers.up_to_bps_of_pay": "up to, of pay",
    "match.period": "computed over",
    "match.cap_cents": "most of a plan year",
    "match.cap_per_period_cents": "most of a period",
    "match.true_up": "trued up at the end of the year",
    "match.by_service": "other tiers by years of service",
    "match.by_service.years": "years of service",
    "match.by_service.tiers": "tiers",
    "match.by_service.tiers.rate_bps": "of deferrals",
    "match.by_service.tiers.up_to_bps_of_pay": "up to, of pay",
    **_below("match", _CONDITIONS),
    "match.matches_catch_up": "catch-up is matched",
    "match.student_loans": "student loan payments are matched",
    "match.student_loan_months": "months to certify payments",
    "match.student_loan_period": "payments are matched after each",
    "nonelective": "nonelective contribution",
    "nonelective.rate_bps": "of pay",
    **_below("nonelective", _CONDITIONS),
    "safe_harbor_hces": "safe harbor contribution for highly compensated, too",
    "may_declare": "the employer may declare for a year",
    "declared_conditions": "conditions of what is declared",
    "declared_conditions.conditions.last_day": "employed on the last day",
    "declared_conditions.conditions.hours": "hours of service in the plan year",
    "declared_conditions.conditions.either": "one of both is enough",
    "declared_conditions.conditions.waived": "not asked of who left by",
    "declared_conditions.conditions.retirement_age": "retired from age",
    "profit_sharing": "profit sharing by groups or points",
    "profit_sharing.groups.classes": "classes of employees, one to a line (none: everybody else)",
    "profit_sharing.each_alone": "each participant is a group",
    "profit_sharing.points.for_year_of_age": "for each year of age",
    "profit_sharing.points.for_year_of_service": "for each year of service",
    "profit_sharing.points.for_unit_of_pay": "for each unit of pay",
    "profit_sharing.points.unit_cents": "a unit of pay is",
    "profit_sharing.points.most_years_of_service": "most years of service (none: all)",
    "compensation": "pay that deferrals count",
    **_below("compensation", _PAY),
    "compensation.section_415": "pay under section 415",
    "compensation.match": "pay for the match, where it is another",
    **_below("compensation.match", _PAY),
    "compensation.nonelective": "pay for other employer money, where it is another",
    **_below("compensation.nonelective", _PAY),
    "vesting.schedules": "schedules; other money is vested at once",
    "vesting.schedules.schedule.percents": "percent after 0, 1, 2 ... years",
    "vesting.on_death": "death in service vests in full",
    "vesting.on_disability": "disability vests in full, as",
    "vesting.normal_retirement": "normal retirement (none: 65 and five years)",
    "vesting.normal_retirement.years": "years of participation",
    "vesting.early_retirement.years": "years of service",
    "forfeitures.deemed_cash_out": "forfeited at once where nothing is vested",
    "forfeitures.uses": "used for, in this order",
    "loans.minimum_cents": "least amount",
    "loans.most_at_once": "loans at once, at most",
    "loans.over_prime_bps": "interest above prime",
    "loans.residence_years": "years for a residence (none: five as all)",
    "loans.cure_months": "months to cure (none: as long as the law allows)",
    "loans.pauses_on_leave": "pauses on unpaid leave",
    "loans.pauses_in_service": "pauses in uniformed service",
    "rollovers.takes": "takes in",
    "rollovers.letter_days": "days that a letter of acceptance holds",
    "rollovers.before_entry": "taken in before entry",
    "rollovers.paid_from_59_5": "paid out in service from 59 1/2",
    "rollovers.rolled_in_paid_any_time": "what was rolled in is paid out any time",
    "rollovers.spouse_takes_all_on_death": "the spouse takes all on death",
    "rollovers.holds_annuity_money": "holds money of an annuity plan",
    "rollovers.qualified_by": "shown to be qualified by",
    "plan_year_start": "plan year begins on",
    "testing.top_paid_group": "top-paid group election",
    "testing.student_loans_apart": "student loan matches are tested apart",
}

#: Words of the terms that are not said as they are written.
VALUES: Mapping[str, str] = {
    "w2": "W-2 pay",
    "section_415": "section 415 pay",
    "section_415_simplified": "section 415 pay, simplified",
    "section_3401a": "pay for income tax withholding (3401(a))",
    "section_3121a": "FICA wages (3121(a))",
    "section_414s_alternative": "section 414(s) pay, alternative",
    "roth": "Roth",
    "roth_rollover": "Roth rollover",
    "after_tax_rollover": "After-tax rollover",
    "pre_tax": "pre-tax",
    "after_tax": "after-tax",
    "qnec": "QNEC",
    "qmac": "QMAC",
    "aca": "automatic contribution arrangement (ACA)",
    "eaca": "eligible arrangement, with withdrawal (EACA)",
    "qaca": "qualified arrangement, a safe harbor (QACA)",
    "qaca_match": "QACA match",
    "qaca_nonelective": "QACA nonelective",
    "pre_tax_403b": "pre-tax, of a 403(b)",
    "government_457b": "government 457(b)",
    "traditional_ira": "traditional IRA",
    "simple_ira": "SIMPLE IRA",
    "sep_ira": "SEP IRA",
}


def label(path: str) -> str:
    """What a provision is called, beside others of its section.

    >>> label("match.tiers.0.rate_bps"), label("loans.most_at_once"), label("testing.method")
    ('of deferrals', 'loans at once, at most', 'method')
    """
    plain = ".".join(part for part in path.split(".") if not part.isdecimal())
    return WORDS.get(plain) or plain.rpartition(".")[2].replace("_", " ")
