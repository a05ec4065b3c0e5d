"""What a missed deferral costs, by the day on which it is put right; figures worked by hand."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.compliance.failure_correction import FailureCorrection, correction_of, missed_of
from open401k.compliance.failure_rates import Rate, basis_of, fully_matched_up_to_bps
from open401k.compliance.failure_words import content_of_failure
from open401k.compliance.failure_workers import PayDay, Worker
from open401k.compliance.failures import Affected, Failure, FailureKind, FailureRefusal, MissedOn, refuse
from open401k.kernel import EmployeeId, FailureId, PlanId, PlanYear, Source
from open401k.law.missed_deferrals import Basis, Lacking, Relief
from open401k.plan import Deferrals, Match, MatchPeriod, MatchTier, MonthDay, Provisions, SafeHarbor
from open401k.recordkeeping import Pay, People, YearToDate, entitle

WHO = EmployeeId(UUID(int=1))
PLAN = Provisions(
    adopted_on=date(2019, 1, 1),
    deferrals=Deferrals(sources=(Source.PRE_TAX, Source.ROTH)),
    match=Match((MatchTier(5_000, 600),)),
)
#: Every other Friday from 9 January 2026, $2,000 each.
DATES = tuple(date(2026, 1, 9) + timedelta(days=14 * k) for k in range(26))
PAY = 200_000
YEAR = PlanYear.starting(date(2026, 1, 1))
AVERAGE = 320


def left_out(**known: object) -> Failure:
    """Entered on 1 January, left out until somebody looked on 11 May."""
    failure = Failure(
        FailureId(UUID(int=9)), PlanId(UUID(int=2)), FailureKind.LEFT_OUT, (Affected(WHO),), date(2026, 5, 11), "Audit."
    )
    return replace(failure, **known)  # type: ignore[arg-type]


def worker(
    *, until: date, deferred: dict[date, int] | None = None, terms: Provisions = PLAN, **known: object
) -> Worker:
    held = deferred or {}
    days = tuple(PayDay(day, PAY, held.get(day, 0), terms) for day in DATES if day <= until)
    return replace(Worker(WHO, days, date(2026, 1, 1), None, {2026: 2_450_000}), **known)  # type: ignore[arg-type]


def corrected(failure: Failure, on: date, who: Worker | None = None, rate: Rate | None = None) -> FailureCorrection:
    known = who or worker(until=on)
    rates = {(WHO, YEAR.start): rate or Rate(Basis.GROUP_AVERAGE, AVERAGE, "the average")}
    missed = missed_of(failure=failure, workers=[known], rates=rates, on=on).get(WHO, {})
    return correction_of(failure=failure, workers=[known], rates=rates, on=on, match={WHO: match_missed(known, missed)})


def match_missed(who: Worker, missed: Mapping[date, int]) -> dict[tuple[Source, date], int]:
    """As the entitlement engine has it, with what was missed and without."""
    with_it, without = given_by_engine(who, missed), given_by_engine(who, {})
    return {each: with_it[each] - without[each] for each in with_it if with_it[each] != without[each]}


def given_by_engine(who: Worker, more: Mapping[date, int]) -> dict[tuple[Source, date], int]:
    days = [day for day in who.days if day.on.year == 2026]
    terms, nothing = days[0].terms, np.zeros((1, len(days)), dtype=np.int64)
    deferred = [min(day.deferred_cents + more.get(day.on, 0), day.compensation_cents) for day in days]
    people = People((WHO,), (who.entered_on,), np.array([60 if who.catch_up else 40]), np.zeros(1, dtype=np.bool_))
    pay = Pay(
        pay_dates=tuple(day.on for day in days),
        compensation=np.array([[day.compensation_cents for day in days]]),
        pre_tax=np.array([deferred]),
        roth=nothing,
        after_tax=nothing,
        coded_catch_up_pre_tax=nothing,
        coded_catch_up_roth=nothing,
        left_long_ago=nothing.astype(np.bool_),
        kept_out=nothing.astype(np.bool_),
    )
    given = entitle(terms, people, pay, YearToDate.zero(1)).credited
    match = terms.match
    assert match is not None
    return {(match.source, day.on): cents for day, cents in zip(days, given[match.source][0].tolist(), strict=True)}


@pytest.mark.parametrize(
    ("begun", "noticed", "relief", "qnec"),
    [
        # 6 dates to 20 March at 3.20 % of $2,000: $384 missed. Three months end on 31 March; the first pay date on or
        # after is 3 April (App. A .05(9)(a)).
        (date(2026, 4, 3), date(2026, 4, 10), Relief.THREE_MONTHS, 0),
        # On 17 April they are over: 7 dates, $448 missed, 25 % (.05(9)(b)).
        (date(2026, 4, 17), date(2026, 4, 20), Relief.QUARTER, 11_200),
        # Found in May: 9 dates to 1 May, $576, 25 %.
        (date(2026, 5, 15), date(2026, 6, 29), Relief.QUARTER, 14_400),
        # The 46th day after deferrals begin is too late for the notice: 50 % (.05(9)(c)).
        (date(2026, 5, 15), date(2026, 6, 30), Relief.HALF, 28_800),
    ],
)
def test_what_is_owed_turns_on_the_day_that_deferrals_begin_and_notice_is_given(
    begun: date, noticed: date, relief: Relief, qnec: int
) -> None:
    on = date(2026, 6, 30)
    held = {day: 6_400 for day in DATES if day >= begun}
    found = corrected(left_out(begin_on=begun, notice_on=noticed), on, worker(until=on, deferred=held))
    (year,) = found.people
    assert (year.relief.relief, year.qnec_cents) == (relief, qnec)
    dates = [day for day in DATES if day < begun]
    assert year.missed_cents == 6_400 * len(dates)
    assert year.match_cents == 3_200 * len(dates)  # in full under each of them
    assert [each.on for each in year.dates] == dates
    assert found.not_ready == ""
    assert sum(each.qnec_cents for each in year.dates) == qnec


def test_found_in_may_it_is_told_what_each_day_of_waiting_costs() -> None:
    found = corrected(left_out(), date(2026, 5, 11))
    assert [(each.until, each.qnec_cents, each.what) for each in found.stages] == [
        (date(2029, 12, 31), 14_400, "begin"),  # the third plan year after, one not on the calendar of pay yet
        (None, 28_800, "later"),
    ]
    assert "correct deferrals begin" in found.not_ready
    told = corrected(left_out(told_on=date(2026, 5, 11)), date(2026, 5, 11))
    assert told.stages[0].until == date(2026, 6, 30)  # the end of the month after the employee told the employer
    march = corrected(left_out(found_on=date(2026, 3, 2)), date(2026, 3, 2))
    assert [(each.until, each.qnec_cents) for each in march.stages] == [
        (date(2026, 3, 31), 0), (date(2029, 12, 31), 6_400), (None, 12_800)
    ]  # fmt: skip


def test_a_notice_still_to_be_given_is_told_with_its_last_day_and_what_it_saves() -> None:
    found = corrected(left_out(begin_on=date(2026, 5, 15)), date(2026, 5, 20))
    (year,) = found.people
    assert year.notice_open
    assert year.relief.notice_by == date(2026, 6, 29)
    assert [(each.until, each.qnec_cents, each.what) for each in found.stages] == [
        (date(2026, 6, 29), 14_400, "notice"), (None, 28_800, "later")
    ]  # fmt: skip
    assert "2026-06-29" in found.not_ready
    late = corrected(left_out(begin_on=date(2026, 5, 15)), date(2026, 6, 30))
    assert late.people[0].qnec_cents == 28_800
    assert late.not_ready == ""


def test_automatic_enrollment_that_did_not_start_costs_the_match_alone() -> None:
    """IRC 414(cc): until 9 1/2 months after the plan year."""
    failure = left_out(
        kind=FailureKind.AUTOMATIC_NOT_APPLIED,
        first_on=date(2026, 1, 1),
        people=(Affected(WHO, 600),),
        begin_on=date(2026, 7, 10),
        notice_on=date(2026, 7, 10),
    )
    rate = basis_of(failure, WHO, PLAN, 0, YEAR)
    assert (rate.basis, rate.rate_bps) == (Basis.DEFAULT, 600)
    found = corrected(failure, date(2026, 7, 31), rate=rate)
    (year,) = found.people
    assert (year.relief.relief, year.qnec_cents) == (Relief.AUTOMATIC, 0)
    content = content_of_failure(found, plan_name="P", sponsor_name="S")
    assert content.decide_by == date(2027, 1, 31)  # the sixth month after July (Notice 2024-2 section F)
    assert "in time until 2027-01-31" in content.text
    early = corrected(replace(failure, begin_on=None, notice_on=None), date(2026, 7, 31), rate=rate)
    told = content_of_failure(early, plan_name="P", sponsor_name="S")
    assert told.decide_by == date(2027, 10, 15)  # by when deferrals begin; the match's day is counted from that
    assert year.match_cents == 13 * 6_000
    assert year.relief.cite.startswith("IRC 414(cc)")


def test_an_election_not_followed_costs_the_difference_within_402g() -> None:
    failure = left_out(
        kind=FailureKind.ELECTION_NOT_FOLLOWED, first_on=date(2026, 2, 1), people=(Affected(WHO, 1_000),),
        begin_on=date(2026, 3, 6), notice_on=date(2026, 3, 6), found_on=date(2026, 3, 1),
    )  # fmt: skip
    held = dict.fromkeys(DATES, 8_000)  # 4 % where 10 % was elected
    rate = basis_of(failure, WHO, PLAN, 0, YEAR)
    (year,) = corrected(failure, date(2026, 3, 31), worker(until=date(2026, 3, 31), deferred=held), rate).people
    assert year.missed_cents == 2 * 12_000  # 6 and 20 February
    assert year.match_cents == 2 * 2_000  # half of the deferrals up to 6 %: $60 where $40 was given
    little = worker(until=date(2026, 3, 31), deferred=held, limits={2026: 60_000})
    (year,) = corrected(failure, date(2026, 3, 31), little, rate).people
    # 402(g) leaves 60,000 - 4 other dates of 8,000 = 28,000 of the two dates' 40,000; 16,000 was deferred.
    assert (year.missed_cents, year.over_limit_cents) == (12_000, 12_000)


def test_a_match_of_the_year_is_missed_as_its_true_up_has_it() -> None:
    terms = replace(PLAN, match=Match((MatchTier(10_000, 300),), period=MatchPeriod.PLAN_YEAR))
    failure = left_out(found_on=date(2026, 2, 1), begin_on=date(2026, 2, 6), notice_on=date(2026, 2, 6))
    held = {day: 12_000 for day in DATES if day >= date(2026, 2, 6)}  # 6 % afterwards: matched up to 3 % of all pay
    who = worker(until=date(2026, 2, 28), deferred=held, terms=terms)
    (year,) = corrected(failure, date(2026, 2, 28), who).people
    # 3.20 % of two dates was missed, 6 % of the next two was deferred: 36,800 in all, matched up to 3 % of 4 x 200,000.
    # With that 24,000 in all; as it was 24,000 deferred later brought the whole match: nothing is left to be missed.
    assert year.match_cents == 0
    early = worker(until=date(2026, 2, 28), deferred=dict.fromkeys(held, 6_000), terms=terms)
    (year,) = corrected(failure, date(2026, 2, 28), early).people
    assert year.match_cents == 24_000 - 12_000  # 3 % afterwards: what is missing of the year's match


@pytest.mark.parametrize(
    ("safe_harbor", "tiers", "rate"),
    [
        (SafeHarbor.BASIC_MATCH, (MatchTier(10_000, 300), MatchTier(5_000, 500)), 300),
        (SafeHarbor.ENHANCED_MATCH, (MatchTier(10_000, 400),), 400),
        (SafeHarbor.NONELECTIVE, (MatchTier(10_000, 400),), 300),
    ],
)
def test_a_safe_harbor_plan_has_a_rate_of_its_own(
    safe_harbor: SafeHarbor, tiers: tuple[MatchTier, ...], rate: int
) -> None:
    """Rev. Proc. 2021-30 App. A .05(2)(d): 3 %, or what is matched in full where that is more."""
    terms = replace(PLAN, safe_harbor=safe_harbor, match=Match(tiers, source=Source.SAFE_HARBOR_MATCH))
    assert basis_of(left_out(), WHO, terms, AVERAGE, YEAR).rate_bps == rate
    assert fully_matched_up_to_bps(PLAN) == 0


def test_earnings_run_from_each_pay_date_until_paid_and_a_rate_not_on_file_is_said() -> None:
    failure = left_out(begin_on=date(2026, 5, 15), notice_on=date(2026, 5, 15))
    soon, later = corrected(failure, date(2026, 6, 1)), corrected(failure, date(2026, 12, 31))
    assert soon.earnings_cents is not None
    assert later.earnings_cents is not None
    assert 0 < soon.earnings_cents < later.earnings_cents
    (year,) = later.people
    first = year.dates[0].earnings
    assert first is not None
    assert (first.loss_on, first.recovered_on) == (DATES[0], date(2026, 12, 31))
    assert sum(earned for _, earned in year.owed_by_source.values()) == year.earnings_cents
    unknown = corrected(
        failure, date(2031, 1, 31), worker(until=date(2026, 12, 31), limits=dict.fromkeys(range(2026, 2032), 2_450_000))
    )
    assert unknown.earnings_cents is None
    assert "Earnings cannot be counted" in unknown.not_ready


def test_who_left_before_the_correction_has_half_where_nothing_is_automatic() -> None:
    on = date(2026, 5, 11)
    who = worker(until=date(2026, 4, 30), left_on=date(2026, 4, 30))
    found = corrected(left_out(), on, who)
    assert found.people[0].relief.relief is Relief.HALF
    assert (Relief.QUARTER, Lacking.BEGUN_TOO_LATE) in found.people[0].relief.shut
    assert found.not_ready == ""


def test_entry_as_now_known_and_never_before_it_counts() -> None:
    failure = left_out(begin_on=date(2026, 5, 15), notice_on=date(2026, 5, 15))
    on = date(2026, 6, 1)
    later = corrected(failure, on, worker(until=on, entered_on=date(2026, 4, 1)))
    assert later.people[0].dates[0].on == date(2026, 4, 3)
    assert later.people[0].relief.relief is Relief.THREE_MONTHS
    assert corrected(failure, on, worker(until=on, entered_on=None)).people == ()


@given(
    rate=st.integers(1, 10_000),
    begun=st.sampled_from(DATES[1:12]),
    held=st.integers(0, 20_000),
    notice=st.integers(0, 60),
)
def test_what_is_owed_is_never_more_than_what_was_missed_and_adds_up(
    rate: int, begun: date, held: int, notice: int
) -> None:
    on = date(2026, 9, 30)
    failure = left_out(
        kind=FailureKind.ELECTION_NOT_FOLLOWED, first_on=DATES[0], people=(Affected(WHO, rate),),
        begin_on=begun, notice_on=begun + timedelta(days=notice),
    )  # fmt: skip
    found = corrected(
        failure, on, worker(until=on, deferred=dict.fromkeys(DATES, held)), Rate(Basis.ELECTION, rate, "election")
    )
    for year in found.people:
        assert 0 <= year.qnec_cents <= year.missed_cents
        assert sum(each.missed_cents for each in year.dates) == year.missed_cents
        assert sum(each.match_cents for each in year.dates) == year.match_cents
        assert year.qnec_cents == sum(each.qnec_cents for each in year.dates)
        assert year.relief.qnec_bps in (0, 2_500, 5_000)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"people": ()}, FailureRefusal.NOBODY),
        ({"people": (Affected(WHO), Affected(WHO))}, FailureRefusal.TWICE),
        ({"people": (Affected(EmployeeId(UUID(int=7))),)}, FailureRefusal.UNKNOWN_PERSON),
        ({"automatic": True}, FailureRefusal.RATE_MISSING),
        ({"people": (Affected(WHO, 10_001),)}, FailureRefusal.RATE_MISSING),
        ({"kind": FailureKind.COMPENSATION_WRONG, "people": (Affected(WHO, 500),)}, FailureRefusal.FROM_MISSING),
        ({"first_on": date(2026, 2, 1), "begin_on": date(2026, 1, 31)}, FailureRefusal.DAYS_OUT_OF_ORDER),
        ({"notice_on": date(2026, 5, 12)}, FailureRefusal.DAYS_OUT_OF_ORDER),
    ],
)
def test_a_failure_that_cannot_be_is_refused(change: dict[str, object], reason: FailureRefusal) -> None:
    refused = refuse(left_out(**change), known=frozenset({WHO}), today=date(2026, 5, 11))
    assert refused is not None
    assert refused.reason is reason
    assert refused.fix
    assert not set(change) & set(refused.message.split()), "a page shows it: it says the day in words"
    assert refuse(left_out(), known=frozenset({WHO}), today=date(2026, 5, 11)) is None


def of_fifty(who: Worker) -> Worker:
    return replace(who, limits={2026: 3_250_000}, catch_up={2026: 800_000})


@pytest.mark.parametrize(
    ("deferred", "missed"),
    [
        (2_450_000, 400_000),  # half of $8,000, whatever was elected: nobody knows (App. A .05(4))
        (2_450_000 + 700_000, 100_000),  # the rest of the limit, where less is left of it
        (3_250_000, 0),
        (100_000, 400_000),
    ],
)
def test_catch_up_that_was_not_offered_is_half_of_its_limit(deferred: int, missed: int) -> None:
    on = date(2026, 12, 31)
    failure = left_out(
        kind=FailureKind.CATCH_UP_NOT_OFFERED, first_on=DATES[16], begin_on=date(2027, 1, 8), notice_on=on
    )
    who = of_fifty(worker(until=on, deferred={DATES[0]: deferred}))
    found = corrected(failure, on, who, Rate(Basis.CATCH_UP, 0, "half"))
    assert [each.missed_cents for each in found.people] == ([missed] if missed else [])
    for each in found.people:
        assert each.qnec_cents == missed // 4  # three months from August 21 are over in January: 25 %
        assert [one.on for one in each.dates] == list(DATES[16:])
        assert each.match_cents == sum(one.match_cents for one in each.dates) > 0  # in full, by the plan's formula
        assert sum(one.missed_cents for one in each.dates) == missed


def test_two_plan_years_of_one_calendar_year_share_one_catch_up() -> None:
    """A plan year from July on: half of the limit of the calendar year once, not in each."""
    terms = replace(PLAN, plan_year_start=MonthDay(7, 1))
    on = date(2026, 12, 31)
    failure = left_out(kind=FailureKind.CATCH_UP_NOT_OFFERED, first_on=DATES[0])
    half = Rate(Basis.CATCH_UP, 0, "half")
    rates = {(WHO, date(2025, 7, 1)): half, (WHO, date(2026, 7, 1)): half}
    who = of_fifty(worker(until=on, terms=terms))
    found = correction_of(failure=failure, workers=[who], rates=rates, on=on)
    assert sum(each.missed_cents for each in found.people) == 400_000
    assert [each.missed_cents // 100 for each in found.people] == [2_000, 1_999]  # 13 and 13 pay dates, and cents


def test_nobody_below_fifty_missed_any_catch_up() -> None:
    failure = left_out(kind=FailureKind.CATCH_UP_NOT_OFFERED, first_on=DATES[0])
    assert corrected(failure, DATES[5], rate=Rate(Basis.CATCH_UP, 0, "half")).people == ()


def test_catch_up_that_was_elected_is_what_the_election_says_within_the_year() -> None:
    """App. A .05(5), for who had $24,500 withheld and elected $1,000 of each of ten paychecks on top: $8,000 fit."""
    on = date(2026, 12, 31)
    missed = tuple(MissedOn(day, 100_000) for day in DATES[16:])
    failure = left_out(
        kind=FailureKind.ELECTION_NOT_FOLLOWED, first_on=DATES[16], people=(Affected(WHO, 5_000, missed),)
    )
    who = of_fifty(worker(until=on, deferred={DATES[0]: 2_450_000}))
    (year,) = corrected(failure, on, who, Rate(Basis.ELECTION, 5_000, "the election")).people
    assert (year.missed_cents, year.over_limit_cents, year.qnec_cents) == (800_000, 200_000, 200_000)
    assert [one.missed_cents for one in year.dates] == [100_000] * 8 + [0, 0]
