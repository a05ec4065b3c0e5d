"""Dividing an account under a domestic relations order: what the order must say, the split to the cent, the days.

Not here: whether a court order is one (a person reads it), tax of the alternate payee, withholding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from ..kernel import Source, anniversary, half_up
from . import given
from .given import check_facts, check_fields

_WHOLE = 10_000
#: Segregated amounts wait so long for the order to qualify (IRC 414(p)(7)(E)).
SEGREGATION_MONTHS = 18
#: An order may have payments begin from this age on (IRC 414(p)(4)(B)(ii)(I)).
EARLIEST_AGE = 50


class OrderProblem(StrEnum):
    """What keeps an order from being qualified, in the order of IRC 414(p)(1) to (3)."""

    NOT_A_DOMESTIC_RELATIONS_ORDER = "not_a_domestic_relations_order"
    NO_NAMES_OR_ADDRESSES = "no_names_or_addresses"
    NO_AMOUNT_OR_PERCENTAGE = "no_amount_or_percentage"
    NO_PERIOD = "no_period"
    PLAN_NOT_NAMED = "plan_not_named"
    BENEFIT_NOT_PROVIDED = "benefit_not_provided"
    INCREASED_BENEFIT = "increased_benefit"
    PROMISED_TO_ANOTHER = "promised_to_another"


class SplitProblem(StrEnum):
    """Why an account cannot be divided as ordered, in order of precedence."""

    #: The order takes more than was there on its day.
    MORE_THAN_BALANCE = "more_than_balance"
    #: What is awarded is more than there was beside the loan.
    NOT_ENOUGH_BESIDE_LOAN = "not_enough_beside_loan"
    #: The account fell below the award since: all that is left is paid, and no more (IRC 414(p)(3)(B)).
    LESS_LEFT_THAN_AWARDED = "less_left_than_awarded"


@dataclass(frozen=True, slots=True)
class DividedSource:
    """One source on the day of the order, and its earnings or losses since on what was there that day."""

    source: Source
    vested_then_cents: int
    earnings_since_cents: int = 0
    vested_now_cents: int | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class SourceSplit:
    """What of a source the alternate payee receives, and what stays."""

    source: Source
    awarded_cents: int
    earnings_cents: int
    stays_cents: int

    @property
    def to_alternate_payee_cents(self) -> int:
        return self.awarded_cents + self.earnings_cents


@dataclass(frozen=True, slots=True)
class AccountSplit:
    """An account divided; per source and in total nothing is lost."""

    by_source: tuple[SourceSplit, ...]
    base_cents: int
    awarded_cents: int
    earnings_cents: int
    stays_cents: int
    loan_stays_cents: int
    problems: tuple[SplitProblem, ...]

    @property
    def to_alternate_payee_cents(self) -> int:
        return self.awarded_cents + self.earnings_cents


def order_problems(
    *,
    relates_to_support_or_marital_property: bool,
    under_state_or_tribal_law: bool,
    names_and_addresses: bool,
    amount_or_percentage: bool,
    payments_or_period: bool,
    each_plan_named: bool,
    asks_other_benefit: bool,
    asks_increased_benefit: bool,
    benefit_of_earlier_order: bool,
) -> tuple[OrderProblem, ...]:
    """What an order lacks of IRC 414(p)(1)(B), (2) and (3); nothing: it is qualified."""
    breaches = {
        OrderProblem.NOT_A_DOMESTIC_RELATIONS_ORDER: not (
            relates_to_support_or_marital_property and under_state_or_tribal_law
        ),
        OrderProblem.NO_NAMES_OR_ADDRESSES: not names_and_addresses,
        OrderProblem.NO_AMOUNT_OR_PERCENTAGE: not amount_or_percentage,
        OrderProblem.NO_PERIOD: not payments_or_period,
        OrderProblem.PLAN_NOT_NAMED: not each_plan_named,
        OrderProblem.BENEFIT_NOT_PROVIDED: asks_other_benefit,
        OrderProblem.INCREASED_BENEFIT: asks_increased_benefit,
        OrderProblem.PROMISED_TO_ANOTHER: benefit_of_earlier_order,
    }
    return tuple(problem for problem, breached in breaches.items() if breached)


def divide_account(
    *,
    sources: Sequence[DividedSource],
    percent_bps: int | None = None,
    dollars_cents: int | None = None,
    with_earnings: bool = True,
    loan_then_cents: int = 0,
    loan_now_cents: int | None = None,
    loan_counts_in_base: bool = True,
) -> AccountSplit:
    """The separate interest of an alternate payee (IRC 414(p)(1)(A), (2)(B)): a percentage or dollars as of a day.

    Taken from every source in proportion to what was there beside the loan, which stays with the participant; cents
    that do not divide go to the largest remainder. ``loan_counts_in_base``: whether a percentage is of the account
    with the loan in it, which the order says. Earnings and losses since follow the part awarded, if the order says so.
    Only vested money is awarded: pass later vesting as a new division.
    """
    check_facts(locals())
    _given(sources, percent_bps, dollars_cents, loan_then_cents)
    beside = [each.vested_then_cents for each in sources]
    base = sum(beside) + (loan_then_cents if loan_counts_in_base else 0)
    by_percent = half_up(Fraction(base * (percent_bps or 0), _WHOLE))
    awarded = by_percent if dollars_cents is None else dollars_cents
    found = [SplitProblem.MORE_THAN_BALANCE] if awarded > sum(beside) + loan_then_cents else []
    # What does not fit beside the loan cannot be paid now; the order must say what then.
    if not found and awarded > sum(beside):
        found = [SplitProblem.NOT_ENOUGH_BESIDE_LOAN]
    parts = _shares(0 if found else awarded, beside)
    rows = tuple(_row(each, part, with_earnings) for each, part in zip(sources, parts, strict=True))
    if any(row.stays_cents < 0 for row in rows):
        due, now = sum(row.to_alternate_payee_cents for row in rows), [_now(each) for each in sources]
        found = [SplitProblem.LESS_LEFT_THAN_AWARDED] if due > sum(now) else []
        parts = _shares(min(due, sum(now)), now)
        rows = tuple(
            SourceSplit(each.source, part, 0, has - part) for each, part, has in zip(sources, parts, now, strict=True)
        )
    return AccountSplit(
        by_source=rows,
        base_cents=base,
        awarded_cents=sum(row.awarded_cents for row in rows),
        earnings_cents=sum(row.earnings_cents for row in rows),
        stays_cents=sum(row.stays_cents for row in rows),
        loan_stays_cents=loan_then_cents if loan_now_cents is None else loan_now_cents,
        problems=tuple(found),
    )


def shared_payment(*, payment_cents: int, percent_bps: int) -> tuple[int, int]:
    """A shared interest: each payment to the participant divided as it is made (IRC 414(p)(2)(B)).

    First the alternate payee's part, then the participant's.
    """
    check_facts(locals())
    given.amounts(payment_cents=payment_cents)
    given.counts(_WHOLE, percent_bps=percent_bps)
    part = half_up(Fraction(payment_cents * percent_bps, _WHOLE))
    return part, payment_cents - part


def earliest_payment(
    *, participant_birth_date: date, entitled_on: date | None, could_begin_if_separated_on: date
) -> date:
    """From when an order may have payments begin though the participant still works (IRC 414(p)(4)(B)).

    The earlier of the participant's own entitlement and the later of age 50 and the first day on which a participant
    who had left could be paid. A plan may pay sooner if it says so.
    """
    check_facts(locals())
    given.days(participant_birth_date=participant_birth_date)
    later = max(anniversary(participant_birth_date, EARLIEST_AGE), could_begin_if_separated_on)
    return later if entitled_on is None else min(entitled_on, later)


def segregation_ends(*, first_payment_due_on: date) -> date:
    """When segregated amounts go back to the participant, if the order is not qualified by then (IRC 414(p)(7)(E)).

    Eighteen months from the first payment that the order would require; a later decision holds for later payments.
    """
    check_facts(locals())
    given.days(first_payment_due_on=first_payment_due_on)
    return given.add_months(first_payment_due_on, SEGREGATION_MONTHS)


def _given(
    sources: Sequence[DividedSource], percent_bps: int | None, dollars_cents: int | None, loan_then_cents: int
) -> None:
    given.amounts(loan_then_cents=loan_then_cents, dollars_cents=dollars_cents or 0)
    given.counts(_WHOLE, percent_bps=percent_bps or 0)
    given.amounts(**{f"sources.{n}.vested_then_cents": each.vested_then_cents for n, each in enumerate(sources)})
    if (percent_bps is None) == (dollars_cents is None):
        raise given.ImpossibleInput("percent_bps", "either a percentage or dollars, one of them.")
    if not sources:
        raise given.ImpossibleInput("sources", "there is no account to divide.")
    for place, each in enumerate(sources):
        if each.vested_then_cents + each.earnings_since_cents < 0:
            raise given.ImpossibleInput(f"sources.{place}.earnings_since_cents", "loses more than was there.")


def _row(each: DividedSource, part: int, with_earnings: bool) -> SourceSplit:
    earned = half_up(Fraction(each.earnings_since_cents * part, each.vested_then_cents or 1)) if with_earnings else 0
    return SourceSplit(each.source, part, earned, _now(each) - part - earned)


def _now(each: DividedSource) -> int:
    grown = each.vested_then_cents + each.earnings_since_cents
    return grown if each.vested_now_cents is None else each.vested_now_cents


def _shares(total: int, weights: Sequence[int]) -> list[int]:
    """Whole cents in proportion, adding up; nobody more than their weight where the total is not more than all."""
    whole = sum(weights)
    if not whole:
        return [0 for _ in weights]
    shares = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda place: (-(total * weights[place] % whole), place))
    for place in order[: total - sum(shares)]:
        shares[place] += 1
    return shares
