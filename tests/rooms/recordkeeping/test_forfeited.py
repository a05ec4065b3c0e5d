"""What one person forfeits: each rule at its edge, and what holds for any history."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k import plan
from open401k.census.employment import Employment, LeftBy, spans
from open401k.kernel import Source
from open401k.law import vesting as law
from open401k.law.vesting_years import FullyVestedBy
from open401k.plan.lawful import slower_than
from open401k.recordkeeping.forfeited import Forfeited, ForfeitureCause, forfeited
from open401k.recordkeeping.full_vesting import Ages, full_vesting_on
from open401k.recordkeeping.leaving import leavings
from open401k.recordkeeping.plan_endings import Ending, EndingKind
from open401k.recordkeeping.vested_share import Credit, vested_percent

DEEMED, BREAKS, BACK = ForfeitureCause.DEEMED_CASH_OUT, ForfeitureCause.FIVE_BREAKS, ForfeitureCause.RESTORED
TERMS = plan.Provisions(
    date(2015, 1, 1),
    vesting=plan.Vesting(((Source.MATCH, plan.GRADED_6), (Source.PROFIT_SHARING, plan.CLIFF_3))),
    forfeitures=plan.Forfeitures(),
)
ALWAYS = (plan.Span(date.min, date.max, TERMS),)
HIRED, LEFT = date(2018, 1, 2), date(2020, 6, 30)
GAVE = (Credit(Source.PROFIT_SHARING, date(2019, 12, 31), 1_000_00),)
SAVED = Credit(Source.PRE_TAX, date(2019, 6, 14), 500_00)
MATCHED = Credit(Source.MATCH, date(2019, 6, 14), 250_03)


def lost(
    *employment: Employment,
    money: Sequence[Credit] = GAVE,
    on: date = date(2030, 1, 1),
    terms: Sequence[plan.Span] = ALWAYS,
    ages: Ages | None = None,
    endings: Sequence[Ending] = (),
) -> list[tuple[Source, date, int, ForfeitureCause]]:
    found = forfeited(employment=employment, money=money, spans=terms, on=on, ages=ages, endings=endings)
    return [(each.source, each.on, each.cents, each.by) for each in found]


def test_who_leaves_with_nothing_vested_forfeits_at_once_where_the_plan_deems_it_paid() -> None:
    assert lost(Employment(HIRED, LEFT), on=LEFT) == [(Source.PROFIT_SHARING, LEFT, 1_000_00, DEEMED)]
    assert lost(Employment(HIRED, LEFT), on=LEFT - timedelta(days=1)) == []
    assert lost(Employment(HIRED)) == []


def test_deferrals_are_vested_so_that_who_has_some_forfeits_only_after_five_breaks() -> None:
    # After two whole years 20 % of the match are vested, nothing of the profit sharing (cliff).
    both = (*GAVE, SAVED, MATCHED)
    assert lost(Employment(HIRED, LEFT), money=both, on=date(2025, 6, 29)) == []
    assert lost(Employment(HIRED, LEFT), money=both, on=date(2025, 6, 30)) == [
        (Source.MATCH, date(2025, 6, 30), 200_02, BREAKS),  # 250.03 less 50.01, half-up
        (Source.PROFIT_SHARING, date(2025, 6, 30), 1_000_00, BREAKS),
    ]


@pytest.mark.parametrize(
    ("left_on", "forfeits"),
    [(date(2019, 12, 31), 250_03), (date(2020, 1, 1), 200_02), (date(2023, 12, 31), 50_01), (date(2024, 1, 1), 0)],
)
def test_the_unvested_part_follows_whole_years_of_service(left_on: date, forfeits: int) -> None:
    """Hired on January 2: the day before an anniversary is the last one of a year (Reg. 1.410(a)-7(b)(6))."""
    found = lost(Employment(HIRED, left_on), money=(SAVED, MATCHED))
    assert sum(cents for _, _, cents, _ in found) == forfeits


def test_a_return_before_five_breaks_restores_what_was_deemed_paid_and_one_after_them_does_not() -> None:
    last, fifth = date(2025, 6, 29), date(2025, 6, 30)
    gone = (Source.PROFIT_SHARING, LEFT, 1_000_00, DEEMED)
    restored = (Source.PROFIT_SHARING, last, -1_000_00, BACK)
    assert lost(Employment(HIRED, LEFT), Employment(last)) == [gone, restored]
    # On the anniversary itself the fifth year without an hour is not complete (Reg. 1.410(a)-7(c)(2)(iii)).
    assert lost(Employment(HIRED, LEFT), Employment(fifth))[1][1:] == (fifth, -1_000_00, BACK)
    assert lost(Employment(HIRED, LEFT), Employment(fifth + timedelta(days=1))) == [gone]
    assert lost(Employment(HIRED, LEFT), Employment(fifth), on=last) == [gone]


def test_money_from_before_five_breaks_does_not_vest_by_service_after_them() -> None:
    back = date(2026, 1, 5)
    later = Credit(Source.MATCH, date(2027, 3, 1), 100_00)
    found = lost(Employment(HIRED, LEFT), Employment(back, date(2028, 1, 31)), money=(SAVED, MATCHED, later))
    assert found == [(Source.MATCH, date(2025, 6, 30), 200_02, BREAKS)]
    found = lost(
        Employment(HIRED, LEFT),
        Employment(back, date(2028, 1, 31)),
        money=(SAVED, MATCHED, later),
        on=date(2033, 1, 31),
    )
    # Four whole years by then, the two before the break among them: 60 % of the later money, and only of that.
    assert found[1:] == [(Source.MATCH, date(2033, 1, 31), 40_00, BREAKS)]


def test_money_that_comes_after_the_end_of_employment_follows() -> None:
    late = Credit(Source.PROFIT_SHARING, date(2020, 12, 31), 70_00)
    assert lost(Employment(HIRED, LEFT), money=(*GAVE, late), on=date(2021, 1, 1)) == [
        (Source.PROFIT_SHARING, LEFT, 1_000_00, DEEMED),
        (Source.PROFIT_SHARING, date(2020, 12, 31), 70_00, DEEMED),
    ]
    back = Credit(Source.PROFIT_SHARING, date(2020, 12, 31), -70_00)
    assert sum(each[2] for each in lost(Employment(HIRED, LEFT), money=(*GAVE, back))) == 930_00


def test_normal_retirement_age_in_service_vests_everything() -> None:
    """IRC 411(a)(8): 65 and five years of participation, or the plan's own age."""
    born, joined = date(1955, 6, 30), date(2015, 6, 30)
    assert lost(Employment(HIRED, LEFT), ages=Ages(born, joined)) == []
    assert lost(Employment(HIRED, LEFT), ages=Ages(born + timedelta(days=1), joined)) != []
    assert lost(Employment(HIRED, LEFT), ages=Ages(born, joined + timedelta(days=1))) != []
    assert lost(Employment(HIRED, LEFT), ages=Ages(None, joined)) == []  # nobody can say


def with_vesting(**terms: Any) -> tuple[plan.Span, ...]:
    return (plan.Span(date.min, date.max, replace(TERMS, vesting=replace(TERMS.vesting, **terms))),)


@pytest.mark.parametrize(
    ("terms", "left_by", "born", "forfeits"),
    [
        ({}, LeftBy.DEATH, None, True),  # only where the plan says so
        ({"on_death": True}, LeftBy.DEATH, None, False),
        ({"on_death": True}, LeftBy.DISABILITY, None, True),
        ({"on_death": True}, None, None, True),
        ({}, LeftBy.DISABILITY, None, True),
        ({"on_disability": plan.Disability.SOCIAL_SECURITY}, LeftBy.DISABILITY, None, False),
        ({"on_disability": plan.Disability.SOCIAL_SECURITY}, LeftBy.VOLUNTARY, None, True),
        ({"normal_retirement": plan.RetirementAge(60)}, None, date(1960, 6, 30), False),
        ({"normal_retirement": plan.RetirementAge(60)}, None, date(1960, 7, 1), True),
        ({"normal_retirement": plan.RetirementAge(60, 5)}, None, date(1960, 6, 30), True),
        ({"early_retirement": plan.RetirementAge(55, 2)}, None, date(1965, 6, 30), False),
        ({"early_retirement": plan.RetirementAge(55, 2)}, None, date(1965, 7, 1), True),
        ({"early_retirement": plan.RetirementAge(55, 3)}, None, date(1965, 6, 30), True),  # two years of service
    ],
)
def test_death_disability_and_the_plans_retirement_ages_vest_as_the_plan_says(
    terms: dict[str, Any], left_by: LeftBy | None, born: date | None, forfeits: bool
) -> None:
    ages = None if born is None else Ages(born, HIRED)
    found = lost(Employment(HIRED, LEFT, left_by), terms=with_vesting(**terms), ages=ages, on=LEFT)
    assert bool(found) is forfeits


def test_an_amendment_takes_full_vesting_from_nobody_who_was_employed_under_it() -> None:
    changed = (
        plan.Span(date.min, date(2019, 1, 1), with_vesting(on_death=True)[0].provisions),
        plan.Span(date(2019, 1, 1), date.max, TERMS),
    )
    assert lost(Employment(HIRED, LEFT, LeftBy.DEATH), terms=changed) == []
    assert lost(Employment(date(2019, 1, 1), LEFT, LeftBy.DEATH), terms=changed) != []


def ending(kind: EndingKind, first: date, last: date | None = None) -> tuple[Ending, ...]:
    return (Ending(kind, first, first if last is None else last, "as resolved"),)


@pytest.mark.parametrize(
    ("first", "last", "forfeits"),
    [
        (date(2020, 1, 1), date(2020, 12, 31), False),
        (date(2020, 1, 1), LEFT, False),
        (LEFT, date(2021, 6, 29), False),
        (date(2020, 7, 1), date(2021, 6, 30), True),  # gone before
        (date(2019, 1, 1), date(2020, 6, 29), True),  # there after
    ],
)
def test_a_partial_termination_vests_who_left_in_its_period(first: date, last: date, forfeits: bool) -> None:
    """Rev. Rul. 2007-43: everybody who had a severance from employment during the period, voluntary or not."""
    partial = ending(EndingKind.PARTIAL_TERMINATION, first, last)
    assert bool(lost(Employment(HIRED, LEFT, LeftBy.VOLUNTARY), endings=partial)) is forfeits
    none = ending(EndingKind.NO_PARTIAL_TERMINATION, first, last)
    assert lost(Employment(HIRED, LEFT), endings=none) != []


@pytest.mark.parametrize("kind", [EndingKind.PLAN_TERMINATION, EndingKind.CONTRIBUTIONS_DISCONTINUED])
def test_the_end_of_the_plan_vests_who_has_not_forfeited_before_it(kind: EndingKind) -> None:
    """IRC 411(d)(3): the amounts credited to the account at that time. What was forfeited before is not credited."""
    both = (*GAVE, SAVED, MATCHED)
    broken = date(2025, 6, 30)
    assert lost(Employment(HIRED, LEFT), endings=ending(kind, LEFT)) == []
    assert lost(Employment(HIRED, LEFT), endings=ending(kind, LEFT + timedelta(days=1))) != []  # deemed paid before
    assert lost(Employment(HIRED, LEFT), money=both, endings=ending(kind, broken)) == []
    assert lost(Employment(HIRED, LEFT), money=both, endings=ending(kind, broken + timedelta(days=1))) != []
    assert lost(Employment(HIRED, LEFT), endings=ending(kind, LEFT), on=LEFT - timedelta(days=1)) == []


def test_what_comes_after_the_end_of_the_plan_is_vested_and_a_return_restores_no_more_than_was_lost() -> None:
    late = Credit(Source.PROFIT_SHARING, date(2021, 3, 1), 70_00)
    over = ending(EndingKind.PLAN_TERMINATION, date(2021, 1, 1))
    back = Employment(date(2021, 6, 1))
    assert lost(Employment(HIRED, LEFT), back, money=(*GAVE, late), endings=over) == [
        (Source.PROFIT_SHARING, LEFT, 1_000_00, DEEMED),
        (Source.PROFIT_SHARING, date(2021, 6, 1), -1_000_00, BACK),
    ]


@pytest.mark.parametrize(
    ("employment", "on", "by"),
    [
        ((Employment(HIRED, LEFT),), date(2020, 12, 31), FullyVestedBy.PARTIAL_TERMINATION),
        ((Employment(HIRED),), date(2020, 12, 31), None),  # who stays is not affected
        ((Employment(HIRED),), date(2022, 1, 1), FullyVestedBy.PLAN_TERMINATION),
        ((Employment(HIRED, date(2019, 6, 30)),), date(2021, 12, 31), None),
        ((Employment(HIRED, date(2019, 6, 30)),), date(2022, 1, 1), FullyVestedBy.PLAN_TERMINATION),
        ((Employment(HIRED, LEFT), Employment(date(2020, 9, 1))), date(2020, 12, 31), None),
    ],
)
def test_who_is_vested_in_full_on_a_day(employment: tuple[Employment, ...], on: date, by: FullyVestedBy | None) -> None:
    endings = (
        *ending(EndingKind.PARTIAL_TERMINATION, date(2020, 1, 1), date(2020, 12, 31)),
        *ending(EndingKind.PLAN_TERMINATION, date(2022, 1, 1)),
    )
    assert full_vesting_on(employment, spans=ALWAYS, ages=None, endings=endings, on=on) is by


def test_an_amendment_takes_nothing_that_was_vested_and_nothing_from_who_had_left() -> None:
    fast = replace(TERMS, vesting=plan.Vesting(((Source.MATCH, plan.VestingSchedule((20, 40, 60, 80, 100))),)))
    changed = (plan.Span(date.min, date(2020, 1, 2), fast), plan.Span(date(2020, 1, 2), date.max, TERMS))
    # Money from before: the better of both after the two years they left with (Reg. 1.411(d)-3(a)(3)).
    found = lost(Employment(HIRED, LEFT), money=(SAVED, MATCHED), terms=changed)
    assert found == [(Source.MATCH, date(2025, 6, 30), 100_01, BREAKS)]
    # Of money that came later, what the one whole year of the fast schedule gave, 40 % (IRC 411(a)(10)(A)).
    found = lost(
        Employment(HIRED, LEFT), money=(SAVED, MATCHED, Credit(Source.MATCH, date(2020, 3, 6), 100_00)), terms=changed
    )
    assert found == [(Source.MATCH, date(2025, 6, 30), 160_01, BREAKS)]
    none = replace(TERMS, forfeitures=None)
    later = (plan.Span(date.min, date(2021, 1, 1), none), plan.Span(date(2021, 1, 1), date.max, TERMS))
    assert lost(Employment(HIRED, LEFT), terms=later) == [(Source.PROFIT_SHARING, date(2025, 6, 30), 1_000_00, BREAKS)]
    late = (plan.Span(date.min, date(2028, 1, 1), none), plan.Span(date(2028, 1, 1), date.max, TERMS))
    assert lost(Employment(HIRED, LEFT), terms=late) == [(Source.PROFIT_SHARING, date(2028, 1, 1), 1_000_00, BREAKS)]


def test_a_source_that_an_amendment_adds_vests_by_its_own_schedule() -> None:
    """Nobody had a vested percentage of it before (IRC 411(a)(10)(A)), whatever the terms before said of the others."""
    without = plan.Provisions(date(2015, 1, 1), forfeitures=plan.Forfeitures())
    changed = (plan.Span(date.min, date(2019, 7, 1), without), plan.Span(date(2019, 7, 1), date.max, TERMS))
    assert lost(Employment(HIRED, LEFT), terms=changed) == [(Source.PROFIT_SHARING, LEFT, 1_000_00, DEEMED)]
    # Money of that source which was there before the amendment was vested at once, and all that comes later
    # is of the same account: 100 % when the amendment took effect.
    brought = Credit(Source.PROFIT_SHARING, date(2019, 6, 30), 1_00)
    assert lost(Employment(HIRED, LEFT), money=(brought, *GAVE), terms=changed) == []
    # The same where the terms before gave it, vested at once.
    gave = replace(without, may_declare=(Source.PROFIT_SHARING,))
    changed = (plan.Span(date.min, date(2019, 7, 1), gave), plan.Span(date(2019, 7, 1), date.max, TERMS))
    assert lost(Employment(HIRED, LEFT), terms=changed) == []


@pytest.mark.parametrize(
    ("amended_on", "vested"),
    [
        # Hired on 2018-01-02. Sixty days later, the end of the time to elect, there are three years of service.
        (date(2020, 11, 3), 50),
        (date(2020, 11, 2), 10),
    ],
)
def test_who_has_three_years_of_service_by_the_end_of_the_election_keeps_the_former_schedule(
    amended_on: date, vested: int
) -> None:
    """IRC 411(a)(10)(B), Reg. 1.411(a)-8(b)(3): as if everybody had elected what is better for them."""
    former = replace(TERMS, vesting=plan.Vesting(((Source.MATCH, plan.VestingSchedule((0, 10, 10, 10, 50, 100))),)))
    slower = replace(TERMS, vesting=plan.Vesting(((Source.MATCH, plan.VestingSchedule((0, 0, 0, 0, 0, 100))),)))
    changed = (plan.Span(date.min, amended_on, former), plan.Span(amended_on, date.max, slower))
    later = Credit(Source.MATCH, date(2021, 3, 5), 1_000_00)
    found = lost(Employment(HIRED, date(2022, 6, 30)), money=(SAVED, later), terms=changed)
    assert found == [(Source.MATCH, date(2027, 6, 30), 1_000_00 - vested * 10_00, BREAKS)]


schedules = st.lists(st.integers(0, 100), max_size=6).map(lambda each: (*sorted(each), 100))
years = st.integers(0, 7)


@given(before=schedules, after=schedules, at=years, more=years)
def test_the_vested_share_after_an_amendment_is_the_one_that_the_law_room_works_out(
    before: tuple[int, ...], after: tuple[int, ...], at: int, more: int
) -> None:
    amended_on, hired = date(2015, 1, 1), date(2015 - at, 1, 1) - timedelta(days=1)
    left_on = date(2015 + more, 1, 1)
    former, new = (
        replace(TERMS, vesting=plan.Vesting(((Source.MATCH, plan.VestingSchedule(each)),))) for each in (before, after)
    )
    changed = (plan.Span(date.min, amended_on, former), plan.Span(amended_on, date.max, new))
    (leaving,) = leavings([Employment(hired, left_on)], spans=changed, on=left_on)
    by_law = {
        elected: law.amended_vesting(
            before=law.Schedule(tuple(each * 100 for each in before)),
            after=law.Schedule(tuple(each * 100 for each in after)),
            years_at_amendment=at,
            years_of_service=at + more,
            elected_former=elected,
        )
        for elected in (False, True)
        if not elected or (at >= law.ELECTION_YEARS and plan_slower(after, before))
    }
    earlier, later = (
        vested_percent(Source.MATCH, day, held_since=date(2014, 6, 1), leaving=leaving, spans=changed)
        for day in (date(2014, 6, 1), amended_on)
    )
    assert earlier * 100 == by_law[False].vested_bps_of_earlier_money
    assert later * 100 == max(each.vested_bps for each in by_law.values())


def plan_slower(schedule: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return slower_than(plan.VestingSchedule(schedule), plan.VestingSchedule(other))


days = st.dates(date(2015, 1, 1), date(2030, 12, 31))
money = st.lists(
    st.builds(
        Credit,
        st.sampled_from((Source.MATCH, Source.PROFIT_SHARING, Source.PRE_TAX)),
        days,
        st.integers(-100_00, 1_000_00),
    ),
    max_size=6,
)


def held(credited: Sequence[Credit], found: Sequence[Forfeited], source: Source, on: date) -> int:
    gained = sum(each.cents for each in credited if each.source is source and each.on <= on)
    return gained - sum(each.cents for each in found if each.source is source and each.on <= on)


@given(hires=st.lists(days, min_size=1, max_size=3), leaves=st.lists(days, max_size=3), credited=money, on=days)
def test_of_any_history_no_more_is_forfeited_than_was_there_and_nothing_that_is_vested(
    hires: list[date], leaves: list[date], credited: list[Credit], on: date
) -> None:
    positive = [replace(each, cents=abs(each.cents)) for each in credited]
    found = forfeited(employment=spans(hires=hires, terminations=leaves), money=positive, spans=ALWAYS, on=on)
    assert all(each.on <= on for each in found)
    assert not any(each.source is Source.PRE_TAX for each in found)
    for source in Source:
        for day in {each.on for each in found}:
            assert held(positive, found, source, day) >= 0
