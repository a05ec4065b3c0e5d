"""Terms of employer money together, for one person: against plain sums, written from the how-to and the law alone.

Entry by kind of money, periods, true-up, caps, conditions, catch-up that is not matched and IRC 401(a)(17); 2026, with
402(g) 24,500.00, catch-up 8,000.00 and pay up to 360,000.00.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias
from uuid import UUID

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from open401k.kernel import EmployeeId, Source
from open401k.plan import Conditions, Deferrals, Match, MatchPeriod, MatchTier, Nonelective, Provisions
from open401k.recordkeeping import Cents, Declared, Pay, People, YearToDate, entitle
from open401k.recordkeeping.allocating import NonelectiveOfYear, Receives
from open401k.recordkeeping.contributions import NOT_OVER, TermsOfYear, YearEnd
from open401k.recordkeeping.entered import ToDate

LAST = date(2026, 12, 31)
DAYS = tuple(date(2026, month, day) for month in range(1, 13) for day in (10, 25))
REGULAR, CATCH_UP, MOST_PAY = 24_500_00, 8_000_00, 360_000_00
MONTHS = {MatchPeriod.MONTH: 1, MatchPeriod.QUARTER: 3, MatchPeriod.PLAN_YEAR: 12}
AT_END = Conditions(last_day=True)
BY_HOURS = Conditions(hours=1_000)
Tiers: TypeAlias = tuple[tuple[int, int], ...]
Amounts: TypeAlias = dict[date, int]


@dataclass(frozen=True)
class Case:
    """One person, one plan year."""

    paid: tuple[tuple[date, int, int], ...]  # day, pay, withheld
    age: int
    enters: tuple[date, date, date]  # for deferrals, the match, nonelective money
    tiers: Tiers
    period: MatchPeriod
    true_up: bool
    cap: int | None
    catch_up_matched: bool
    of_match: Conditions
    of_nonelective: Conditions
    declared: tuple[Declared, Conditions]
    met: frozenset[Conditions]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    days = [*draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True).map(sorted)), LAST]
    amounts = st.sampled_from([0, 1_234_57, 5_000_01, 61_000_33, 150_000_00]) | st.integers(0, 90_000_00)
    pays = [draw(amounts) for _ in days]
    shares = [draw(st.sampled_from([0, 1, 333, 600, 1_200, 4_500, 10_000])) for _ in days]
    first = draw(st.sampled_from([date(2020, 1, 1), date(2026, 1, 25), date(2026, 4, 1)]))
    later = st.sampled_from(
        [date(2026, 2, 1), date(2026, 5, 25), date(2026, 9, 1), date(2026, 12, 31), date(2027, 1, 1)]
    )
    period = draw(st.sampled_from(MatchPeriod))
    tiers = draw(st.sampled_from([((5_000, 600),), ((10_000, 300), (5_000, 500)), ((2_500, 200), (10_000, 600))]))
    asked = st.sampled_from([Conditions(), AT_END, BY_HOURS])
    source = draw(st.sampled_from([Source.PROFIT_SHARING, Source.MATCH]))
    given_later = Declared(source, rate_bps=250) if source is Source.PROFIT_SHARING else Declared(
        source, (MatchTier(2_500, 400),), cap_cents=draw(st.sampled_from([None, 700_00]))
    )  # fmt: skip
    return Case(
        paid=tuple((day, pay, pay * share // 10_000) for day, pay, share in zip(days, pays, shares, strict=True)),
        age=draw(st.sampled_from([40, 50, 55])),
        enters=(first, max(first, draw(st.just(first) | later)), max(first, draw(st.just(first) | later))),
        tiers=tiers,
        period=period,
        true_up=draw(st.booleans()),
        cap=draw(st.sampled_from([None, 500_00, 2_500_00])),
        catch_up_matched=draw(st.booleans()),
        of_match=draw(asked) if period is MatchPeriod.PLAN_YEAR else Conditions(),
        of_nonelective=draw(asked),
        declared=(given_later, draw(asked)),
        met=frozenset({Conditions()} | set(draw(st.lists(st.sampled_from([AT_END, BY_HOURS]), max_size=2)))),
    )


# What the plan and the law say, with plain integers.


def _half_up(number: int, divisor: int) -> int:
    return (2 * number + divisor) // (2 * divisor)


def _formula(tiers: Tiers, deferred: int, pay: int) -> int:
    total, bottom = 0, 0
    for rate, up_to in tiers:
        total += max(0, min(deferred * 10_000, pay * up_to) - pay * bottom) * rate
        bottom = up_to
    return _half_up(total, 10_000 * 10_000)


def _within(amounts: list[tuple[date, int]], most: int) -> Amounts:
    """Of each day what is still below a limit of the year."""
    found: Amounts = {}
    so_far = 0
    for day, cents in amounts:
        found[day] = min(cents, most - so_far)
        so_far += found[day]
    return found


def _plainly(case: Case) -> tuple[Amounts, Amounts, Amounts, Amounts]:
    """Deferrals, match, nonelective and profit sharing of each day."""
    enters, for_match, for_nonelective = case.enters
    wanted = [(day, held if day >= enters else 0) for day, _, held in case.paid]
    deferred = _within(wanted, REGULAR + (CATCH_UP if case.age >= 50 else 0))
    regular = _within(list(deferred.items()), REGULAR)
    matched = {day: cents if day >= for_match else 0 for day, cents in deferred.items()}
    below = {day: cents if day >= for_match else 0 for day, cents in regular.items()}
    counted = matched if case.catch_up_matched else below
    pay = _within([(day, cents) for day, cents, _ in case.paid if day >= for_match], MOST_PAY)
    given_pay = _within([(day, cents) for day, cents, _ in case.paid if day >= for_nonelective], MOST_PAY)
    match, gives = dict.fromkeys(deferred, 0), case.of_match in case.met
    in_period: dict[object, int] = {}
    for day in deferred if not case.of_match.asks else ():
        name = _period(case.period, day)
        upto = [each for each in deferred if _period(case.period, each) == name and each <= day]
        due = _formula(case.tiers, sum(counted[each] for each in upto), sum(pay.get(each, 0) for each in upto))
        if case.cap is not None:
            due = min(due, case.cap - sum(cents for period, cents in in_period.items() if period != name))
        match[day] = due - in_period.get(name, 0)
        in_period[name] = due
    if case.true_up or case.of_match.asks:
        whole = _formula(case.tiers, sum(counted.values()), sum(pay.values())) if gives or not case.of_match.asks else 0
        whole = whole if case.cap is None else min(whole, case.cap)
        match[LAST] += max(whole - sum(match.values()), 0)
    nonelective = {day: _half_up(given_pay.get(day, 0) * 300, 10_000) for day in deferred}
    if case.of_nonelective.asks:
        once = _half_up(sum(given_pay.values()) * 300, 10_000) if case.of_nonelective in case.met else 0
        nonelective = dict.fromkeys(deferred, 0) | {LAST: once}
    shared = dict.fromkeys(deferred, 0)
    declared, asked = case.declared
    if asked in case.met and declared.tiers:
        extra = _formula(declared.tiers, sum(matched.values()), sum(pay.values()))
        match[LAST] += extra if declared.cap_cents is None else min(extra, declared.cap_cents)
    elif asked in case.met:
        shared[LAST] = _half_up(sum(given_pay.values()) * declared.rate_bps, 10_000)
    return deferred, match, nonelective, shared


def _period(period: MatchPeriod, day: date) -> object:
    return day if period not in MONTHS else (day.month - 1) // MONTHS[period]


# The same by the books: each run starts from what those before it left.


def _by_the_books(case: Case) -> tuple[Amounts, Amounts, Amounts, Amounts]:
    enters, for_match, for_nonelective = case.enters
    match = Match(
        tuple(MatchTier(*tier) for tier in case.tiers), period=case.period, true_up=case.true_up, cap_cents=case.cap,
        conditions=case.of_match, matches_catch_up=case.catch_up_matched,
    )  # fmt: skip
    nonelective = Nonelective(300, conditions=case.of_nonelective)
    terms = Provisions(
        adopted_on=date(2019, 1, 1),
        match=match,
        nonelective=nonelective,
        deferrals=Deferrals(sources=(Source.PRE_TAX,)),
    )
    who = People(
        (EmployeeId(UUID(int=1)),), (enters,), np.array([case.age]), np.array([False]),
        match_entered_on=None if for_match == enters else (for_match,),
        nonelective_entered_on=None if for_nonelective == enters else (for_nonelective,),
    )  # fmt: skip
    found: dict[Source, Amounts] = {source: {} for source in Source}
    for days in _runs(case):
        before = _opening(case, days[0], found)
        end = _end(case, match, nonelective, found) if days == (LAST,) else NOT_OVER
        said = entitle(terms, who, _pay(case, days), before, end)
        for source, cents in said.credited.items():
            found[source] |= dict(zip(days, cents[0].tolist(), strict=True))
    days_paid = [day for day, _, _ in case.paid]
    return tuple(  # type: ignore[return-value]
        {day: found[source].get(day, 0) for day in days_paid}
        for source in (Source.PRE_TAX, Source.MATCH, Source.NONELECTIVE, Source.PROFIT_SHARING)
    )


def _runs(case: Case) -> list[tuple[date, ...]]:
    """Pay dates of one period of the match; the last day of the year by itself."""
    months = MONTHS.get(case.period, 12)
    found: dict[object, list[date]] = {}
    for day, _, _ in case.paid:
        found.setdefault("end" if day == LAST else (day.month - 1) // months, []).append(day)
    return [tuple(days) for days in found.values()]


def _pay(case: Case, days: tuple[date, ...]) -> Pay:
    pay, held = {day: cents for day, cents, _ in case.paid}, {day: cents for day, _, cents in case.paid}
    nothing = np.zeros((1, len(days)), dtype=np.int64)
    nobody = np.zeros((1, len(days)), dtype=np.bool_)
    paid, withheld = (np.array([[of[day] for day in days]], dtype=np.int64) for of in (pay, held))
    return Pay(days, paid, withheld, nothing, nothing, nothing, nothing, nobody, nobody)


def _cents(number: int) -> Cents:
    return np.array([number], dtype=np.int64)


def _since(case: Case, kind: int, start: date, end: date) -> int:
    return sum(cents for day, cents, _ in case.paid if max(start, case.enters[kind]) <= day < end)


def _sum_of(amounts: Amounts, start: date, end: date) -> int:
    return sum(cents for day, cents in amounts.items() if start <= day < end)


def _opening(case: Case, on: date, found: dict[Source, Amounts]) -> YearToDate:
    year = date(2026, 1, 1)
    months = MONTHS.get(case.period, 12)
    period = date(2026, (on.month - 1) // months * months + 1, 1)
    deferred, match = found[Source.PRE_TAX], found[Source.MATCH]

    def to_date(kind: int) -> ToDate:
        enters = case.enters[kind]
        return ToDate(
            _cents(_since(case, kind, year, on)),
            _cents(_sum_of(deferred, max(year, enters), on)),
            _cents(_sum_of(deferred, max(period, enters), on)),
            _cents(_since(case, kind, year, period)),
        )

    whole, zero = to_date(0), YearToDate.zero(1)
    return replace(
        zero,
        deferrals=_cents(_sum_of(deferred, year, on)),
        compensation=whole.compensation,
        plan_year_deferrals=whole.plan_year_deferrals,
        match=_cents(_sum_of(match, year, on)),
        additions=_cents(sum(_sum_of(amounts, year, on) for amounts in found.values())),
        matched_deferrals=whole.matched_deferrals,
        match_of_terms=_cents(_sum_of(match, period, on)),
        compensation_before_terms=whole.compensation_before_terms,
        for_match=None if case.enters[1] == case.enters[0] else to_date(1),
        for_nonelective=None if case.enters[2] == case.enters[0] else to_date(2),
    )


def _end(case: Case, match: Match, nonelective: Nonelective, found: dict[Source, Amounts]) -> YearEnd:
    year, nothing = date(2026, 1, 1), _cents(0)
    of_match = TermsOfYear(
        match,
        deferrals=_cents(_sum_of(found[Source.PRE_TAX], max(year, case.enters[1]), LAST)),
        compensation_before=nothing,
        compensation=_cents(_since(case, 1, year, LAST)),
        matched=_cents(_sum_of(found[Source.MATCH], year, LAST)),
    )
    given = NonelectiveOfYear(nonelective, nothing, _cents(_since(case, 2, year, LAST)))
    met = {asked: np.array([asked in case.met]) for asked in (AT_END, BY_HOURS)}
    return YearEnd((of_match,), (case.declared,), (given,), Receives(met))


@settings(max_examples=150)
@given(case=cases())
def test_terms_together_give_what_plain_sums_give(case: Case) -> None:
    names = ("deferrals", "match", "nonelective", "profit sharing")
    plainly, by_the_books = _plainly(case), _by_the_books(case)
    for name, one, other in zip(names, plainly, by_the_books, strict=True):
        assert (name, one) == (name, other)
