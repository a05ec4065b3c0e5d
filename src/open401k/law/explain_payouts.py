"""Minimum distributions, rollovers, basis, Roth, withholding and Form 1099-R in words. Not here: any calculation."""

from ..kernel import Money
from .after_tax_basis import Allocation, BasisRecovery, EmployerSecurities
from .beneficiary_distributions import AfterDeathRule, InheritedMinimum, RuleAfterDeath
from .explain import explain, percent
from .form_1099r import Form1099R
from .minimum_distributions import (
    ApplicableAge,
    BalanceForMinimum,
    BeginningPath,
    Excise,
    ExcisePath,
    LifetimeMinimum,
    MinimumPath,
    RequiredBeginning,
    VestedMinimum,
)
from .rollover_matrix import Condition, Obstacle, Route
from .rollovers import DirectRolloverOffer, EligibleRollover, LoanOffset, NotEligible, OffsetPath, PartRolledOver
from .roth import (
    FiveYearPeriod,
    InPlanConversion,
    InRothIra,
    QualifiedDistribution,
    QualifiedPath,
    RothPayment,
    RothRollover,
)
from .withholding import Withholding, WithholdingPath


@explain.register
def _age(age: ApplicableAge) -> str:
    years, months = divmod(age.months, 12)
    told = f"{years} 1/2" if months else str(years)
    open_question = (
        ""
        if age.settled
        else " The statute names 73 and 75 for a birth in 1959, and the final regulation leaves the question open."
    )
    return f"Minimum distributions begin with age {told}, reached on {age.reached_on} ({age.cite}).{open_question}"


@explain.register
def _beginning(found: RequiredBeginning) -> str:
    if found.on is None:
        return f"No minimum is required while the employee works for the employer ({found.cite})."
    why = {
        BeginningPath.FIVE_PERCENT_OWNER: "a 5-percent owner cannot wait for retirement",
        BeginningPath.PLAN_DISREGARDS_RETIREMENT: "the plan goes by age for everybody",
        BeginningPath.RETIREMENT: "retirement came after the age",
        BeginningPath.AGE: "the age is reached and the employee has retired",
    }[found.path]
    return f"The first minimum is that of {found.first_year}, due by {found.on}: {why} ({found.cite})."


@explain.register
def _lifetime(minimum: LifetimeMinimum) -> str:
    if minimum.path is MinimumPath.NOT_YET:
        return f"No minimum is required for {minimum.year} yet. {explain(minimum.beginning)}"
    if minimum.path is MinimumPath.DIED_BEFORE_BEGINNING:
        return (
            f"Nothing is required for {minimum.year}: the employee died before the required beginning date, "
            f"{minimum.beginning.on} (Reg. 1.401(a)(9)-3; 1.402(c)-2(j)(3)(i)(A))."
        )
    if minimum.path is MinimumPath.WAIVED:
        return "No minimum was required for 2020 (IRC 401(a)(9)(I))."
    table = f"the Uniform Lifetime Table at age {minimum.age}"
    if minimum.path is MinimumPath.JOINT_TABLE:
        table = f"the Joint and Last Survivor Table at ages {minimum.age} and {minimum.spouse_age}"
    return (
        f"For {minimum.year} at least {Money(minimum.required_cents)} must be paid by {minimum.due_by}: "
        f"{Money(minimum.balance_cents)} divided by {minimum.denominator}, {table} ({minimum.cite})."
    )


@explain.register
def _vested(minimum: VestedMinimum) -> str:
    whole = minimum.required_cents + minimum.not_vested_before_cents
    if not minimum.carried_cents:
        return f"All of the minimum, {Money(whole)}, must be paid: as much is vested ({minimum.cite})."
    return (
        f"Of the minimum, {Money(whole)}, {Money(minimum.due_cents)} must be paid: no more is vested. "
        f"{Money(minimum.carried_cents)} are added to the next year's minimum ({minimum.cite})."
    )


@explain.register
def _excise(tax: Excise) -> str:
    if tax.path is ExcisePath.NO_SHORTFALL:
        return "What was required was paid in time."
    short = f"{Money(tax.shortfall_cents)} of the minimum was not paid in time"
    if tax.path is ExcisePath.WAIVED:
        return f"{short}; the tax on it is waived ({tax.cite})."
    until = "" if tax.window_ends is None else f" Paid by {tax.window_ends}, the rate is 10 %."
    told = "" if tax.path is ExcisePath.CORRECTED_IN_THE_WINDOW else until
    return f"{short}: {percent(tax.rate_bps)} tax, {Money(tax.tax_cents)}, owed by the payee ({tax.cite}).{told}"


@explain.register
def _after_death(found: RuleAfterDeath) -> str:
    until = "" if found.final_year is None else f" Everything is paid by the end of {found.final_year}."
    told = {
        AfterDeathRule.FIVE_YEARS: "There is no designated beneficiary: the 5-year rule, without annual amounts.",
        AfterDeathRule.TEN_YEARS: "The 10-year rule, without annual amounts.",
        AfterDeathRule.LIFE_EXPECTANCY: f"Over the beneficiary's life expectancy, from {found.first_year}.",
        AfterDeathRule.TEN_YEARS_WITH_ANNUAL_PAYMENTS: f"The 10-year rule, and annual amounts from {found.first_year}.",
        AfterDeathRule.AT_LEAST_AS_RAPIDLY: f"Annual amounts go on, from {found.first_year}, by life expectancy.",
        AfterDeathRule.EMPLOYEES_LIFE_EXPECTANCY: f"Over what was left of the employee's life expectancy, from "
        f"{found.first_year}.",
    }[found.rule]
    words = f"{told}{until}".rstrip(".")
    return f"{words} ({found.cite})."


@explain.register
def _inherited(minimum: InheritedMinimum) -> str:
    rule = explain(minimum.rule)
    if not minimum.required_cents:
        return f"Nothing must be paid for {minimum.year}. {rule}"
    how = (
        "the whole balance"
        if minimum.denominator is None or minimum.whole_balance
        else f"{Money(minimum.balance_cents)} divided by {minimum.denominator}"
    )
    relief = f" No excise is due on it ({minimum.excise_waived_by})." if minimum.excise_waived_by else ""
    return (
        f"For {minimum.year} at least {Money(minimum.required_cents)} must be paid by {minimum.due_by}: {how}. "
        f"{rule}{relief}"
    )


@explain.register
def _eligible(found: EligibleRollover) -> str:
    gross = Money(found.gross_cents)
    if found.why_not is None or found.why_not is NotEligible.REQUIRED_MINIMUM:
        minimum = (
            f"{Money(found.required_minimum_cents)} of it is the required minimum; the other "
            if found.required_minimum_cents
            else ""
        )
        where = "go directly to an inherited IRA" if found.direct_only else "be rolled over"
        return f"Of {gross}, {minimum}{Money(found.eligible_cents)} can {where} ({found.cite})."
    why = {
        NotEligible.KIND_OF_PAYMENT: "a payment of this kind cannot be rolled over",
        NotEligible.REPAID_INSTEAD: "it can be repaid within three years, and is no eligible rollover distribution",
        NotEligible.NOT_A_DISTRIBUTEE_WHO_MAY: "whoever is paid may not roll it over",
    }[found.why_not]
    return f"Nothing of {gross} can be rolled over: {why} ({found.cite})."


@explain.register
def _offset(found: LoanOffset) -> str:
    amount = Money(found.offset_cents)
    if found.qualified:
        return (
            f"The loan offset of {amount} is a qualified one: other money in its place can be rolled over until the "
            f"tax return of {found.offset_on.year} is due, {found.without_extension}, with an extension "
            f"{found.roll_over_by} ({found.cite})."
        )
    why = {
        OffsetPath.LOAN_FAILED_BEFORE: "the loan had already failed IRC 72(p)(2)",
        OffsetPath.NOT_FOR_FAILING_TO_REPAY: "it was not for failing to repay",
        OffsetPath.LATER_THAN_A_YEAR_AFTER_SEVERANCE: "it came more than a year after the severance",
    }.get(found.path, "there was no severance and the plan goes on")
    return (
        f"The loan offset of {amount} is not a qualified one, since {why}; it can be rolled over until "
        f"{found.roll_over_by}, within 60 days ({found.cite})."
    )


@explain.register
def _part(part: PartRolledOver) -> str:
    rolled = Money(part.rolled_taxable_cents + part.rolled_basis_cents)
    return (
        f"Of what is rolled over, {rolled}, {Money(part.rolled_taxable_cents)} would have been taxed; "
        f"{Money(part.kept_taxable_cents)} of what is kept is taxed (IRC 402(c)(2))."
    )


@explain.register
def _route(route: Route) -> str:
    names = f"From {_words(route.source.value)} to {_words(route.destination.value)}"
    if route.obstacle is not None:
        why = {
            Obstacle.NOT_BETWEEN_THESE: "no rollover is possible",
            Obstacle.ONLY_WITHIN_THE_PLAN: "only within the same plan",
            Obstacle.ONLY_DIRECTLY: "only by a direct rollover",
            Obstacle.SIMPLE_TWO_YEARS: "not within two years of first taking part in the SIMPLE",
            Obstacle.SIMPLE_BEFORE_2016: "not before December 19, 2015",
            Obstacle.RECEIVING_PLAN_DOES_NOT_ACCEPT: "the receiving plan does not accept it",
        }[route.obstacle]
        return f"{names}: {why} ({route.cite})."
    bound = {
        Condition.INCLUDED_IN_INCOME: "it is taxed now",
        Condition.ONE_IN_TWELVE_MONTHS: "once in twelve months",
        Condition.SEPARATE_ACCOUNT: "accounted for separately",
        Condition.SAME_PLAN: "within the same plan",
        Condition.BASIS_ONLY_DIRECTLY: "what is not taxed only directly",
        Condition.ONLY_WHAT_WOULD_BE_TAXED: "only what would be taxed",
        Condition.RECEIVING_PLAN_MUST_ACCEPT: "if the receiving plan accepts it",
    }
    told = "; ".join(bound[each] for each in route.conditions)
    return f"{names}: allowed{f', {told}' if told else ''} ({route.cite})."


@explain.register
def _basis(found: BasisRecovery) -> str:
    return (
        f"Of {Money(found.gross_cents)}, {Money(found.basis_cents)} was taxed before and {Money(found.taxable_cents)} "
        f"is taxable; {Money(found.remaining_basis_cents)} of basis is left ({found.cite})."
    )


@explain.register
def _allocation(found: Allocation) -> str:
    parts = [
        f"{Money(each.pre_tax_cents)} pre-tax and {Money(each.after_tax_cents)} after-tax to "
        f"{'the payee' if each.destination is None else _words(each.destination.value)}"
        for each in (*found.direct, *found.sixty_day, found.kept)
        if each.cents
    ]
    return f"{'; '.join(parts)}. {Money(found.taxed_now_cents)} is taxed now ({found.cite})."


@explain.register
def _securities(found: EmployerSecurities) -> str:
    return (
        f"Of employer securities worth {Money(found.value_cents)}, {Money(found.taxable_cents)} is taxed now; "
        f"{Money(found.appreciation_untaxed_cents)} of appreciation is taxed when they are sold ({found.cite})."
    )


@explain.register
def _qualified(found: QualifiedDistribution) -> str:
    period = f"the five taxable years from {found.period.first_year} end before {found.period.completed_on}"
    why = {
        QualifiedPath.NEVER_QUALIFIED: "a payment of this kind never is",
        QualifiedPath.PERIOD_NOT_COMPLETED: period,
        QualifiedPath.NO_EVENT: f"59 1/2 is reached on {found.reaches_59_and_a_half_on}, and there was no death or "
        "disability",
        QualifiedPath.DEATH: "the employee has died",
        QualifiedPath.AGE_59_AND_A_HALF: f"59 1/2 was reached on {found.reaches_59_and_a_half_on}",
        QualifiedPath.DISABILITY: "the employee is disabled",
    }[found.path]
    told = "is a qualified distribution, free of tax" if found.qualified else "is not a qualified distribution"
    return f"The payment {told}: {why} ({found.cite})."


@explain.register
def _roth_payment(found: RothPayment) -> str:
    return (
        f"Of {Money(found.gross_cents)} from the Roth account, {Money(found.basis_cents)} is contributions and "
        f"{Money(found.income_cents)} income; {Money(found.taxable_cents)} is taxable ({found.cite})."
    )


@explain.register
def _conversion(found: InPlanConversion) -> str:
    return (
        f"{Money(found.converted_cents)} becomes Roth within the plan; {Money(found.taxable_cents)} is taxed now, "
        f"without the 10 % tax, which can follow a withdrawal until {found.recapture_ends} ({found.cite})."
    )


@explain.register
def _withholding(found: Withholding) -> str:
    if found.path is WithholdingPath.NOT_A_DESIGNATED_DISTRIBUTION:
        return f"Nothing is withheld: the payment is not one that tax is withheld from ({found.cite})."
    if found.path is WithholdingPath.ONLY_SECURITIES_AND_FRACTIONAL_SHARES:
        return f"Nothing is withheld from employer securities and cash for fractional shares ({found.cite})."
    if found.path is WithholdingPath.BELOW_THE_SMALL_AMOUNT:
        return f"Nothing is withheld while the year's payments stay below $200 ({found.cite})."
    limited = (
        f", limited from {Money(found.required_cents)} to the cash and other property there is" if found.limited else ""
    )
    return (
        f"{Money(found.withheld_cents)} of federal tax is withheld, {percent(found.rate_bps)} of "
        f"{Money(found.base_cents)}{limited}; {Money(found.cash_paid_cents)} is paid in cash ({found.cite}). State "
        "withholding is not computed."
    )


@explain.register
def _form(form: Form1099R) -> str:
    return (
        f"Form 1099-R for {form.tax_year}: {Money(form.box_1_gross_cents)} gross, "
        f"{Money(form.box_2a_taxable_cents)} taxable, {Money(form.box_4_withheld_cents)} withheld, code "
        f"{form.box_7_codes}, in the name of the {_words(form.payee.value)} ({form.cite})."
    )


def _words(value: str) -> str:
    return value.replace("_", " ")


@explain.register
def _balance(found: BalanceForMinimum) -> str:
    parts = (
        (found.added_cents, "added after the valuation"),
        (-found.taken_off_cents, "paid out after it"),
        (-found.qlac_cents, "in a qualifying longevity annuity contract"),
        (-found.roth_left_out_cents, "in designated Roth accounts (IRC 402A(d)(5))"),
    )
    told = "".join(f", {Money(cents)} {why}" for cents, why in parts if cents)
    return (
        f"The minimum of {found.year} goes from {Money(found.balance_cents)}: {Money(found.valuation_cents)} at the "
        f"last valuation of the year before{told} (Reg. 1.401(a)(9)-5(b))."
    )


@explain.register
def _offer(found: DirectRolloverOffer) -> str:
    if not found.must_offer:
        return f"No direct rollover need be offered: less than $200 are expected to be paid in the year ({found.cite})."
    part = "the part that was asked for too" if found.must_allow_part else "but not of the part that was asked for"
    return f"A direct rollover must be offered, {part} ({found.cite})."


@explain.register
def _five_years(found: FiveYearPeriod) -> str:
    return f"The five years began with {found.first_year} and are over on {found.completed_on} ({found.cite})."


@explain.register
def _in_roth_ira(found: InRothIra) -> str:
    return (
        f"In the Roth IRA {Money(found.basis_cents)} are basis and {Money(found.earnings_cents)} earnings "
        f"({found.cite}). {explain(found.period)}"
    )


@explain.register
def _roth_rollover(found: RothRollover) -> str:
    return (
        f"Rolled over are {Money(found.rolled_income_cents)} of income, which comes first, and "
        f"{Money(found.rolled_basis_cents)} of basis; {Money(found.kept_income_cents)} of income and "
        f"{Money(found.kept_basis_cents)} of basis are kept, {Money(found.taxable_cents)} of it taxed ({found.cite})."
    )
