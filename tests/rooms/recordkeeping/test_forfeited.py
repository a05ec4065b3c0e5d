"""What one person forfeits: each rule at its edge, and what holds for any history."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k import plan
from open401k.census.employment import Employment, spans
from open401k.kernel import Source
from open401k.recordkeeping.forfeited import Credit, Forfeited, ForfeitureCause, forfeited

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
    retires_on: date | None = None,
) -> list[tuple[Source, date, int, ForfeitureCause]]:
    found = forfeited(employment=employment, money=money, spans=terms, on=on, retires_on=retires_on)
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
    [(date(2020, 1, 1), 250_03), (date(2020, 1, 2), 200_02), (date(2024, 1, 1), 50_01), (date(2024, 1, 2), 0)],
)
def test_the_unvested_part_follows_whole_years_of_service(left_on: date, forfeits: int) -> None:
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
    assert lost(Employment(HIRED, LEFT), retires_on=LEFT) == []
    assert lost(Employment(HIRED, LEFT), retires_on=LEFT + timedelta(days=1)) != []


def test_an_amendment_takes_nothing_that_was_vested_and_nothing_from_who_had_left() -> None:
    fast = replace(TERMS, vesting=plan.Vesting(((Source.MATCH, plan.VestingSchedule((20, 40, 60, 80, 100))),)))
    changed = (plan.Span(date.min, date(2020, 1, 2), fast), plan.Span(date(2020, 1, 2), date.max, TERMS))
    # One whole year on the last day of the fast schedule: 40 % stay, though the slow one gives 20 % for two.
    found = lost(Employment(HIRED, LEFT), money=(SAVED, MATCHED), terms=changed)
    assert found == [(Source.MATCH, date(2025, 6, 30), 150_02, BREAKS)]
    none = replace(TERMS, forfeitures=None)
    later = (plan.Span(date.min, date(2021, 1, 1), none), plan.Span(date(2021, 1, 1), date.max, TERMS))
    assert lost(Employment(HIRED, LEFT), terms=later) == [(Source.PROFIT_SHARING, date(2025, 6, 30), 1_000_00, BREAKS)]
    late = (plan.Span(date.min, date(2028, 1, 1), none), plan.Span(date(2028, 1, 1), date.max, TERMS))
    assert lost(Employment(HIRED, LEFT), terms=late) == [(Source.PROFIT_SHARING, date(2028, 1, 1), 1_000_00, BREAKS)]


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
