"""Withdrawals with a limit of their own: emergency, abuse, birth, disaster, illness, long-term care, reservists, PLESA.

Limits are those of the employer's group as a whole: pass balances and earlier amounts of all its plans. Not here:
hardship (hardship.py), which source may be used (distribution_events.py), the additional tax of 72(t).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from ..kernel import CalendarYear, age_on, anniversary
from . import figures, given
from .given import check_facts, check_fields

_WHOLE = 10_000
#: Years within which what was taken may be paid back, and over which a disaster distribution is taxed.
REPAY_YEARS = 3
#: A physician expects death within so many months (IRC 72(t)(2)(L)(ii)).
TERMINAL_MONTHS = 84
#: Called to active duty for more than so many days (IRC 72(t)(2)(G)(iii)(II)).
RESERVIST_DAYS = 179
#: What was taken up to the enactment for a birth or an adoption may go back until 2026 (SECURE 2.0 s. 311(b)(2)).
_ENACTED, _EARLY_BIRTHS_BACK_BY = date(2022, 12, 29), date(2025, 12, 31)
#: Disasters whose incident period begins on that day or later: 30 days after 27 December 2020 (SECURE 2.0 s. 331(d)).
_DISASTERS_FROM = date(2021, 1, 26)
#: The first withdrawals of a year from a PLESA are free of charge (IRC 402A(e)(7)(B)).
PLESA_FREE_WITHDRAWALS = 4


class WithdrawalKind(StrEnum):
    """The withdrawals of IRC 72(t)(2)(G) to (N)."""

    EMERGENCY_EXPENSE = "emergency_expense"
    DOMESTIC_ABUSE = "domestic_abuse"
    BIRTH_OR_ADOPTION = "birth_or_adoption"
    DISASTER = "disaster"
    TERMINAL_ILLNESS = "terminal_illness"
    LONG_TERM_CARE = "long_term_care"
    RESERVIST = "reservist"
    PLESA = "plesa"


class WithdrawalProblem(StrEnum):
    """Why nothing, or less than asked, may be taken, in order of precedence."""

    BEFORE_LAW = "before_law"
    OUTSIDE_WINDOW = "outside_window"
    ONE_A_YEAR = "one_a_year"
    EARLIER_ONE_NOT_REPAID = "earlier_one_not_repaid"
    PLAN_WITH_ANNUITIES = "plan_with_annuities"
    NOT_ELIGIBLE = "not_eligible"
    NO_STATEMENT = "no_statement"
    NO_EVENT_OPENS_PLAN = "no_event_opens_plan"
    HIGHLY_COMPENSATED = "highly_compensated"
    NOTHING_LEFT = "nothing_left"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """How much may be taken: the limits by name, what was taken before, what is left, and until when it may go back."""

    kind: WithdrawalKind
    on: date
    limits: tuple[tuple[str, int], ...]
    taken_before_cents: int
    available_cents: int
    repayable_until: date | None
    problems: tuple[WithdrawalProblem, ...]
    cite: str


@dataclass(frozen=True, slots=True)
class EarlierEmergency:
    """An earlier emergency distribution from the plan, what went back, and deferrals since."""

    on: date
    amount_cents: int
    repaid_cents: int = 0
    contributed_since_cents: int = 0

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class PlesaRoom:
    """Room for contributions to a pension-linked emergency savings account (IRC 402A(e)(3)(A))."""

    limit_cents: int
    attributable_cents: int
    room_cents: int
    problems: tuple[WithdrawalProblem, ...]


def repayable_until(on: date) -> date:
    """The last day of the three years that begin the day after a distribution (IRC 72(t)(2)(H)(v)(I), (11)(C)(i)).

    A birth or adoption distribution up to 29 December 2022 has another one: see birth_or_adoption.
    """
    check_facts(locals())
    return anniversary(on, REPAY_YEARS)


def emergency_expense(*, on: date, vested_cents: int, earlier: Sequence[EarlierEmergency] = ()) -> Withdrawal:
    """An emergency personal expense distribution (IRC 72(t)(2)(I)): one a calendar year, at most $1,000.

    At most what is vested above $1,000. None in the three calendar years after one, until it is repaid or deferrals
    and employee contributions since make up for what is not. A written certification is enough (clause (iv)).
    """
    check_facts(locals())
    given.amounts(vested_cents=vested_cents)
    year = CalendarYear(on.year)
    kind, cite = WithdrawalKind.EMERGENCY_EXPENSE, "IRC 72(t)(2)(I)"
    if year.year < figures.figure("emergency_expense_limit").from_year:
        return _none(kind, on, WithdrawalProblem.BEFORE_LAW, cite)
    most = figures.cents("emergency_expense_limit", year)
    above = max(vested_cents - figures.cents("emergency_expense_reserve", year), 0)
    found = []
    if any(each.on.year == on.year for each in earlier):
        found.append(WithdrawalProblem.ONE_A_YEAR)
    if any(0 < on.year - each.on.year <= REPAY_YEARS and _not_made_up(each) for each in earlier):
        found.append(WithdrawalProblem.EARLIER_ONE_NOT_REPAID)
    limits = (("most_a_year", most), ("vested_above_reserve", above))
    return _least(kind, on, limits, 0, found, cite)


def domestic_abuse(
    *, on: date, vested_cents: int, abused_on: date, taken_before_cents: int = 0, plan_has_annuities: bool = False
) -> Withdrawal:
    """A distribution to a victim of domestic abuse (IRC 72(t)(2)(K)): the lesser of the indexed amount and half.

    Within the year that begins on any day of abuse. Not from a plan under 401(a)(11) and 417. ``taken_before_cents``
    is all that was treated so before: the limit is on the aggregate (clause (ii)). Self-certification is enough.
    """
    check_facts(locals())
    given.amounts(vested_cents=vested_cents, taken_before_cents=taken_before_cents)
    given.days(abused_on=abused_on)
    kind, cite = WithdrawalKind.DOMESTIC_ABUSE, "IRC 72(t)(2)(K)"
    year = CalendarYear(on.year)
    if year.year < figures.figure("domestic_abuse_limit").from_year:
        return _none(kind, on, WithdrawalProblem.BEFORE_LAW, cite)
    half = vested_cents * figures.bps("domestic_abuse_share", year) // _WHOLE
    limits = (("most", figures.cents("domestic_abuse_limit", year)), ("half_of_vested", half))
    found = [] if abused_on <= on < anniversary(abused_on, 1) else [WithdrawalProblem.OUTSIDE_WINDOW]
    if plan_has_annuities:
        found.append(WithdrawalProblem.PLAN_WITH_ANNUITIES)
    return _least(kind, on, limits, taken_before_cents, found, cite)


def birth_or_adoption(
    *,
    on: date,
    vested_cents: int,
    born_or_adopted_on: date,
    taken_before_cents: int = 0,
    adoptee_birth_date: date | None = None,
    adoptee_incapable_of_self_support: bool = False,
    adoptee_is_child_of_spouse: bool = False,
) -> Withdrawal:
    """A qualified birth or adoption distribution (IRC 72(t)(2)(H)): $5,000 per child and parent.

    Within the year that begins with the birth or the final adoption; who is adopted is under 18 or cannot support
    themselves, and is no child of the spouse. What was taken up to 29 December 2022 may be repaid "before January 1,
    2026" (SECURE 2.0 s. 311(b)(2)).
    """
    check_facts(locals())
    given.amounts(vested_cents=vested_cents, taken_before_cents=taken_before_cents)
    given.days(adoptee_birth_date=adoptee_birth_date, born_or_adopted_on=born_or_adopted_on)
    kind, cite = WithdrawalKind.BIRTH_OR_ADOPTION, "IRC 72(t)(2)(H)"
    year = CalendarYear(on.year)
    if year.year < figures.figure("birth_adoption_limit").from_year:
        return _none(kind, on, WithdrawalProblem.BEFORE_LAW, cite)
    limits = (("most_per_child", figures.cents("birth_adoption_limit", year)), ("vested", vested_cents))
    found = [] if born_or_adopted_on <= on < anniversary(born_or_adopted_on, 1) else [WithdrawalProblem.OUTSIDE_WINDOW]
    grown = adoptee_birth_date is not None and age_on(adoptee_birth_date, born_or_adopted_on) >= 18
    if adoptee_is_child_of_spouse or (grown and not adoptee_incapable_of_self_support):
        found.append(WithdrawalProblem.NOT_ELIGIBLE)
    result = _least(kind, on, limits, taken_before_cents, found, cite)
    early = result.repayable_until is not None and on <= _ENACTED
    return replace(result, repayable_until=_EARLY_BIRTHS_BACK_BY) if early else result


def disaster_recovery(
    *,
    on: date,
    vested_cents: int,
    incident_begins: date,
    declared_on: date,
    lives_in_area_with_loss: bool,
    taken_before_cents: int = 0,
) -> Withdrawal:
    """A qualified disaster recovery distribution (IRC 72(t)(11)): $22,000 per disaster over all years.

    From the first day of the incident until before the 180th day after the later of that day, the declaration and 29
    December 2022 (the enactment). For disasters declared after 27 December 2020 ((11)(E)) whose incident period begins
    on or after 26 January 2021 (SECURE 2.0 s. 331(d)).
    """
    check_facts(locals())
    given.amounts(vested_cents=vested_cents, taken_before_cents=taken_before_cents)
    given.days(incident_begins=incident_begins)
    kind, cite = WithdrawalKind.DISASTER, "IRC 72(t)(11)"
    if declared_on <= date(2020, 12, 27) or incident_begins < _DISASTERS_FROM:
        return _none(kind, on, WithdrawalProblem.BEFORE_LAW, cite)
    applicable = max(incident_begins, declared_on, _ENACTED)
    most = figures.cents("disaster_distribution_limit", CalendarYear(max(on.year, 2021)))
    limits = (("most_per_disaster", most), ("vested", vested_cents))
    in_window = incident_begins <= on < applicable + timedelta(days=180)
    found = [] if in_window else [WithdrawalProblem.OUTSIDE_WINDOW]
    if not lives_in_area_with_loss:
        found.append(WithdrawalProblem.NOT_ELIGIBLE)
    return _least(kind, on, limits, taken_before_cents, found, cite)


def terminal_illness(
    *, on: date, vested_cents: int, certified_on: date | None, expected_months: int, event_opens_plan: bool
) -> Withdrawal:
    """A distribution to a terminally ill individual (IRC 72(t)(2)(L)): no limit, but no event of its own.

    On or after a physician certified that death is expected within 84 months. Only an exception to the tax: the plan
    must be able to pay for another reason (hardship, 59 1/2, severance ...), as (L) lacks what (H)(vi)(IV) says.
    """
    check_facts(locals())
    given.amounts(vested_cents=vested_cents)
    given.counts(1_200, expected_months=expected_months)
    kind, cite = WithdrawalKind.TERMINAL_ILLNESS, "IRC 72(t)(2)(L)"
    if on < date(2022, 12, 30):
        return _none(kind, on, WithdrawalProblem.BEFORE_LAW, cite)
    found = []
    if certified_on is None or certified_on > on:
        found.append(WithdrawalProblem.OUTSIDE_WINDOW)
    if expected_months > TERMINAL_MONTHS:
        found.append(WithdrawalProblem.NOT_ELIGIBLE)
    if not event_opens_plan:
        found.append(WithdrawalProblem.NO_EVENT_OPENS_PLAN)
    return _least(kind, on, (("vested", vested_cents),), 0, found, cite)


def long_term_care(
    *,
    on: date,
    vested_cents: int,
    premiums_of_year_cents: int,
    statement_filed: bool,
    taken_this_year_cents: int = 0,
    spouse_covered_and_separate_returns: bool = False,
) -> Withdrawal:
    """A qualified long-term care distribution: the least of premiums, a tenth of what is vested, and the limit.

    IRC 401(a)(39), 72(t)(2)(N): for distributions after 29 December 2025, once the insurer's premium statement is filed
    with the plan. Where it is the spouse who is covered, the couple files jointly. It is not repaid.
    """
    check_facts(locals())
    given.amounts(
        vested_cents=vested_cents,
        premiums_of_year_cents=premiums_of_year_cents,
        taken_this_year_cents=taken_this_year_cents,
    )
    kind, cite = WithdrawalKind.LONG_TERM_CARE, "IRC 401(a)(39), 72(t)(2)(N)"
    if on <= date(2025, 12, 29):
        return _none(kind, on, WithdrawalProblem.BEFORE_LAW, cite)
    year = CalendarYear(on.year)
    limits = (
        ("premiums", premiums_of_year_cents),
        ("tenth_of_vested", vested_cents * figures.bps("ltc_distribution_share", year) // _WHOLE),
        ("most_a_year", figures.cents("ltc_distribution_limit", year)),
    )
    found = [WithdrawalProblem.NOT_ELIGIBLE] if spouse_covered_and_separate_returns else []
    if not statement_filed:
        found.append(WithdrawalProblem.NO_STATEMENT)
    return _least(kind, on, limits, taken_this_year_cents, found, cite, repayable=False)


def reservist(
    *, on: date, deferrals_cents: int, ordered_on: date, ordered_for_days: int | None, duty_ended_on: date | None
) -> Withdrawal:
    """A qualified reservist distribution, from deferrals (IRC 72(t)(2)(G)).

    Ordered to active duty for more than 179 days or indefinitely (None); paid from the order to the end of the duty.
    It may go to an IRA within two years after the duty ends, which is the date given when it has ended.
    """
    check_facts(locals())
    given.amounts(deferrals_cents=deferrals_cents)
    given.days(ordered_on=ordered_on, duty_ended_on=duty_ended_on)
    found = []
    if on < ordered_on or (duty_ended_on is not None and on > duty_ended_on):
        found.append(WithdrawalProblem.OUTSIDE_WINDOW)
    if ordered_for_days is not None and ordered_for_days <= RESERVIST_DAYS:
        found.append(WithdrawalProblem.NOT_ELIGIBLE)
    limits = (("deferrals", deferrals_cents),)
    result = _least(WithdrawalKind.RESERVIST, on, limits, 0, found, "IRC 72(t)(2)(G)", repayable=False)
    if duty_ended_on is None or not result.available_cents:
        return result
    return replace(result, repayable_until=anniversary(duty_ended_on, 2))


def plesa_room(*, on: date, attributable_to_contributions_cents: int, highly_compensated: bool) -> PlesaRoom:
    """What may still be contributed to an emergency savings account of a plan (IRC 402A(e)(2), (3)).

    The limit is on what of the balance is attributable to contributions; earnings do not count. Not for highly
    compensated employees, who may keep and withdraw what they have. Contributions are Roth.
    """
    check_facts(locals())
    given.amounts(attributable_to_contributions_cents=attributable_to_contributions_cents)
    limit = figures.cents("plesa_balance_limit", CalendarYear(on.year))
    room = max(limit - attributable_to_contributions_cents, 0)
    if highly_compensated:
        return PlesaRoom(limit, attributable_to_contributions_cents, 0, (WithdrawalProblem.HIGHLY_COMPENSATED,))
    problems = () if room else (WithdrawalProblem.NOTHING_LEFT,)
    return PlesaRoom(limit, attributable_to_contributions_cents, room, problems)


def plesa_withdrawal_is_free(*, earlier_this_plan_year: int) -> bool:
    """Whether no fee may be charged: the first four withdrawals of a plan year (IRC 402A(e)(7)(B))."""
    check_facts(locals())
    given.counts(366, earlier_this_plan_year=earlier_this_plan_year)
    return earlier_this_plan_year < PLESA_FREE_WITHDRAWALS


def spread_over_three_years(*, taxable_cents: int) -> tuple[int, int, int]:
    """A disaster distribution in income ratably over three taxable years, unless elected not to (IRC 72(t)(11)(D)).

    Cents that do not divide come first.
    """
    check_facts(locals())
    given.amounts(taxable_cents=taxable_cents)
    third, rest = divmod(taxable_cents, REPAY_YEARS)
    return third + (rest > 0), third + (rest > 1), third


def _not_made_up(earlier: EarlierEmergency) -> bool:
    """Neither repaid nor balanced by later contributions (IRC 72(t)(2)(I)(vii))."""
    missing = earlier.amount_cents - earlier.repaid_cents
    return missing > 0 and earlier.contributed_since_cents < missing


def _least(
    kind: WithdrawalKind,
    on: date,
    limits: tuple[tuple[str, int], ...],
    taken: int,
    found: list[WithdrawalProblem],
    cite: str,
    *,
    repayable: bool = True,
) -> Withdrawal:
    given.days(on=on)
    left = max(min(cents for _, cents in limits) - taken, 0)
    if not left:
        found = [*found, WithdrawalProblem.NOTHING_LEFT]
    available = 0 if found else left
    until = repayable_until(on) if repayable and available else None
    return Withdrawal(kind, on, limits, taken, available, until, tuple(found), cite)


def _none(kind: WithdrawalKind, on: date, problem: WithdrawalProblem, cite: str) -> Withdrawal:
    return Withdrawal(kind, on, (), 0, 0, None, (problem,), cite)
