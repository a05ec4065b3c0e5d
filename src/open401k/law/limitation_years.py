"""415(c) around the year: what is an annual addition and of which limitation year, changed years, corrections.

Not here: the limit and the sum of a year (additions.py), compensation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ..kernel import LimitationYear, anniversary
from . import additions, figures
from .compensation import months_in
from .given import ImpossibleInput, add_months, check_facts, check_fields

#: From this share a parent and its subsidiary are one employer for 415, where other sections ask 80 % (IRC 415(h)).
_MORE_THAN_BPS = 5_000


class AdditionKind(StrEnum):
    """Money that reaches an account, by what 415(c) makes of it."""

    PRE_TAX_OR_ROTH_DEFERRAL = "pre_tax_or_roth_deferral"
    MATCH = "match"
    NONELECTIVE = "nonelective"
    FORFEITURE = "forfeiture"
    AFTER_TAX = "after_tax"
    CATCH_UP = "catch_up"
    EXCESS_DEFERRAL_RETURNED_IN_TIME = "excess_deferral_returned_in_time"
    EXCESS_CONTRIBUTION_REFUNDED = "excess_contribution_refunded"
    ROLLOVER = "rollover"
    TRANSFER = "transfer_between_plans"
    LOAN_REPAYMENT = "loan_repayment"
    RESTORATIVE_PAYMENT = "restorative_payment"
    REPAID_CASH_OUT = "repayment_or_restoration_of_a_cash_out"
    EMPLOYEE_CONTRIBUTION_REPAID = "repaid_withdrawal_of_employee_contributions"


@dataclass(frozen=True, slots=True)
class AdditionRule:
    """Whether a kind of money is an annual addition, and where it is said."""

    kind: AdditionKind
    counts: bool
    cite: str


@dataclass(frozen=True, slots=True)
class CreditedYear:
    """The limitation year that an addition counts in; ``last_day`` for the money of the year it was allocated for."""

    limitation_year: LimitationYear
    last_day: date | None
    in_time: bool
    cite: str


@dataclass(frozen=True, slots=True)
class LimitationYearChange:
    """The short limitation period and the new year after a change, with the dollar limit of the period.

    The lesser of that and the pay of the period is the limit: pay is not a part of a year's pay but what was paid.
    """

    short_period: LimitationYear | None
    new_year: LimitationYear
    months: int
    dollar_limit_cents: int
    cite: str = "Reg. 1.415(j)-1(d)(2)"


class CorrectionStep(StrEnum):
    """What leaves an account over the 415(c) limit, in order (Rev. Proc. 2021-30 section 6.06(2))."""

    UNMATCHED_AFTER_TAX = "unmatched_after_tax_returned"
    UNMATCHED_DEFERRAL = "unmatched_deferral_returned"
    MATCHED_AFTER_TAX = "matched_after_tax_returned_and_its_match_forfeited"
    MATCHED_DEFERRAL = "matched_deferral_returned_and_its_match_forfeited"
    MATCH = "match_forfeited"
    NONELECTIVE = "nonelective_forfeited"


@dataclass(frozen=True, slots=True)
class AccountAdditions:
    """One person's annual additions of the limitation year by kind; the match that belongs to what was matched."""

    unmatched_after_tax_cents: int
    unmatched_deferral_cents: int
    matched_deferral_cents: int
    matched_after_tax_cents: int
    match_cents: int
    nonelective_cents: int

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def total_cents(self) -> int:
        return (
            self.unmatched_after_tax_cents
            + self.unmatched_deferral_cents
            + self.matched_deferral_cents
            + self.matched_after_tax_cents
            + self.match_cents
            + self.nonelective_cents
        )


@dataclass(frozen=True, slots=True)
class CorrectionPart:
    """One step: what is returned to the person, with earnings, and what is forfeited to the unallocated account."""

    step: CorrectionStep
    returned_cents: int
    forfeited_cents: int


@dataclass(frozen=True, slots=True)
class AdditionsCorrection:
    """The correction of an excess annual addition; the parts add up to the excess."""

    excess_cents: int
    parts: tuple[CorrectionPart, ...]

    @property
    def returned_cents(self) -> int:
        return sum(part.returned_cents for part in self.parts)

    @property
    def forfeited_cents(self) -> int:
        return sum(part.forfeited_cents for part in self.parts)


def addition_rule(kind: AdditionKind) -> AdditionRule:
    """Whether money is an annual addition (IRC 415(c)(2); Reg. 1.415(c)-1(b)).

    An excess deferral that is not returned by April 15 counts as the deferral it was (Reg. 1.402(g)-1(e)(1)(ii)); a
    refunded excess contribution counts all the same (Reg. 1.401(k)-2(b)(2)(vii)(B)).
    """
    counting = {
        AdditionKind.PRE_TAX_OR_ROTH_DEFERRAL: "IRC 415(c)(2)(A)",
        AdditionKind.MATCH: "IRC 415(c)(2)(A)",
        AdditionKind.NONELECTIVE: "IRC 415(c)(2)(A)",
        AdditionKind.FORFEITURE: "IRC 415(c)(2)(C)",
        AdditionKind.AFTER_TAX: "IRC 415(c)(2)(B)",
        AdditionKind.EXCESS_CONTRIBUTION_REFUNDED: "Reg. 1.401(k)-2(b)(2)(vii)(B)",
    }
    other = {
        AdditionKind.CATCH_UP: "IRC 414(v)(3)(A)(i)",
        AdditionKind.EXCESS_DEFERRAL_RETURNED_IN_TIME: "Reg. 1.402(g)-1(e)(1)(ii)",
        AdditionKind.ROLLOVER: "IRC 415(c)(2)",
        AdditionKind.TRANSFER: "Reg. 1.415(c)-1(b)(1)(iii)",
        AdditionKind.LOAN_REPAYMENT: "Reg. 1.415(c)-1(b)(3)(ii)",
        AdditionKind.RESTORATIVE_PAYMENT: "Reg. 1.415(c)-1(b)(2)(ii)(C)",
        AdditionKind.REPAID_CASH_OUT: "IRC 415(k)(3)",
        AdditionKind.EMPLOYEE_CONTRIBUTION_REPAID: "IRC 415(k)(3)",
    }
    return AdditionRule(kind, kind in counting, (counting | other)[kind])


def credited_limitation_year(
    *,
    kind: AdditionKind,
    limitation_year: LimitationYear,
    contributed_on: date,
    tax_return_due: date | None = None,
    tax_exempt_employers_year_ended: date | None = None,
    restores_what_was_owed_for_the_year: bool = False,
) -> CreditedYear:
    """In which limitation year an addition counts that is allocated as of a day of one (Reg. 1.415(c)-1(b)(6)).

    Employer money, deferrals included, counts there if it is in the plan "no later than 30 days after the end of the
    period described in section 404(a)(6)": the day ``tax_return_due``, extensions included, for the taxable year with
    or within which the limitation year ends; of an employer exempt from tax by the 15th of the tenth month after its
    year ((i)(B)). After-tax money within 30 days after the limitation year ((i)(C)); forfeitures by their day of
    allocation alone ((i)(D)). Later money counts in the limitation year in which it is contributed; what makes good a
    wrong forfeiture or allocation, or military service, in the year it is for ((ii)(A), (D)).
    """
    check_facts(locals())
    if not addition_rule(kind).counts:
        raise ImpossibleInput("kind", f"{kind.value} is no annual addition of any year")
    if restores_what_was_owed_for_the_year:
        return CreditedYear(limitation_year, None, in_time=True, cite="Reg. 1.415(c)-1(b)(6)(ii)(A), (D)")
    if kind is AdditionKind.FORFEITURE:
        return CreditedYear(limitation_year, None, in_time=True, cite="Reg. 1.415(c)-1(b)(6)(i)(D)")
    after = timedelta(days=figures.count("additions_credited_days", limitation_year))
    if kind is AdditionKind.AFTER_TAX:
        last, cite = limitation_year.last_day + after, "Reg. 1.415(c)-1(b)(6)(i)(C)"
    else:
        day, cite = _employers_day(limitation_year, tax_return_due, tax_exempt_employers_year_ended)
        last = day if tax_exempt_employers_year_ended else day + after
    year = limitation_year
    while contributed_on > last and year.end <= contributed_on:
        year = LimitationYear.starting(year.end)
    return CreditedYear(year, last, in_time=contributed_on <= last, cite=cite)


def change_limitation_year(*, current: LimitationYear, new_start: date) -> LimitationYearChange:
    """A change by amendment to twelve months that begin within the current limitation year (Reg. 1.415(j)-1(d)).

    What lies before is a limitation period of its own, whose dollar limit is that of the calendar year in which it ends
    times its months, a started one counted, over twelve.
    """
    check_facts(locals())
    if new_start not in current:
        raise ImpossibleInput("new_start", f"{new_start} is not within the current limitation year {current}")
    new_year = LimitationYear.starting(new_start)
    if new_start == current.start:
        return LimitationYearChange(None, new_year, 0, 0)
    short = LimitationYear(current.start, new_start)
    return LimitationYearChange(short, new_year, months_in(short), additions.dollar_limit(short))


def final_limitation_year(*, current: LimitationYear, terminated_on: date) -> LimitationYear:
    """The last limitation year of a plan that ends before its last day: cut short as by an amendment.

    Reg. 1.415(j)-1(d)(3); its dollar limit is :func:`additions.dollar_limit` of the result.
    """
    check_facts(locals())
    if terminated_on not in current:
        raise ImpossibleInput("terminated_on", f"{terminated_on} is not within the limitation year {current}")
    return LimitationYear(current.start, terminated_on + timedelta(days=1))


def one_employer(*, parent: str, owned_bps: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """A parent and the corporations of which it owns more than half: their plans share one 415 limit (IRC 415(f), (h)).

    Only the parent-subsidiary rule is widened from 80 % to more than 50 %; brother-sister groups are as in 414(b).
    """
    check_facts(locals())
    for name, share in owned_bps:
        if share > 10_000:
            raise ImpossibleInput("owned_bps", f"{share} of {name} is not from 0 to 10000")
    return (parent, *(name for name, share in owned_bps if share > _MORE_THAN_BPS))


def correct_excess_additions(*, account: AccountAdditions, limit_cents: int) -> AdditionsCorrection:
    """Who gets what back where annual additions are over the limit (Rev. Proc. 2021-30 section 6.06(2), App. A .08).

    First what was not matched, after-tax before deferrals; then what was matched, each together with its match in the
    proportion it was matched; last what the employer gave unasked. (Level C: the order of after-tax among what was
    matched was not read at the source.) Returned amounts leave with earnings on Form
    1099-R; forfeited ones wait in an unallocated account and reduce later contributions: while any are there, the
    employer contributes nothing but deferrals.
    """
    check_facts(locals())
    excess = max(0, account.total_cents - limit_cents)
    left, match_left, parts = excess, account.match_cents, []
    matched_left = account.matched_deferral_cents + account.matched_after_tax_cents
    for step, own in (
        (CorrectionStep.UNMATCHED_AFTER_TAX, account.unmatched_after_tax_cents),
        (CorrectionStep.UNMATCHED_DEFERRAL, account.unmatched_deferral_cents),
        (CorrectionStep.MATCHED_AFTER_TAX, account.matched_after_tax_cents),
        (CorrectionStep.MATCHED_DEFERRAL, account.matched_deferral_cents),
    ):
        matched = step in (CorrectionStep.MATCHED_DEFERRAL, CorrectionStep.MATCHED_AFTER_TAX)
        returned = min(left, own) if not matched else _returned(left, own, match_left, matched_left)
        attached = min(left - returned, match_left * returned // matched_left) if matched and matched_left else 0
        parts.append(CorrectionPart(step, returned, attached))
        left -= returned + attached
        if matched:
            matched_left, match_left = matched_left - returned, match_left - attached
    for step, own in ((CorrectionStep.MATCH, match_left), (CorrectionStep.NONELECTIVE, account.nonelective_cents)):
        forfeited = min(left, own)
        parts.append(CorrectionPart(step, 0, forfeited))
        left -= forfeited
    return AdditionsCorrection(excess, tuple(part for part in parts if part.returned_cents or part.forfeited_cents))


def _returned(left: int, own: int, match: int, matched: int) -> int:
    """The smallest matched amount that takes, together with its match, what is left: rounded up to a cent."""
    if not matched:
        return 0
    return min(own, left, -(-left * matched // (matched + match)))


def _employers_day(
    year: LimitationYear, tax_return_due: date | None, exempt_year_ended: date | None
) -> tuple[date, str]:
    """The end of the period of IRC 404(a)(6), or the last day itself of an employer exempt from tax."""
    cite = "Reg. 1.415(c)-1(b)(6)(i)(B)"
    ended = tax_return_due if exempt_year_ended is None else exempt_year_ended
    if ended is None:
        raise ImpossibleInput("tax_return_due", "until when the year's return is due decides on employer contributions")
    if ended < year.last_day or (exempt_year_ended is not None and ended >= anniversary(year.end, 1)):
        field = "tax_return_due" if exempt_year_ended is None else "tax_exempt_employers_year_ended"
        raise ImpossibleInput(field, f"{ended} is not of the year with or within which {year} ends")
    return (ended, cite) if exempt_year_ended is None else (add_months(ended, 10).replace(day=15), cite)
