"""Safe harbor plans during the year: QACA formulas, changes, reductions and late adoptions at their edges."""

from datetime import date

import pytest

from open401k.kernel import PlanYear
from open401k.law import safe_harbor_changes as changes
from open401k.law.explain import explain
from open401k.law.matching import MatchFormula
from open401k.law.safe_harbor import BASIC_MATCH, Shortcoming, acp_shortcomings, match_shortcomings
from open401k.law.safe_harbor_changes import AdoptionBar, Bar, ChangeKind

YEAR = PlanYear.starting(date(2026, 1, 1))


@pytest.mark.parametrize(
    ("tiers", "found"),
    [
        ([(10_000, 100), (5_000, 600)], ()),
        ([(10_000, 300), (5_000, 500)], ()),
        ([(10_000, 350)], ()),
        ([(10_000, 349)], (Shortcoming.BELOW_BASIC,)),
        ([(10_000, 100), (5_000, 599)], (Shortcoming.BELOW_BASIC,)),
        ([(10_000, 100), (4_000, 200), (6_250, 600)], (Shortcoming.BELOW_BASIC, Shortcoming.RATE_RISES)),
    ],
)
def test_a_qaca_match_gives_at_least_three_and_a_half_percent(
    tiers: list[tuple[int, int]], found: tuple[Shortcoming, ...]
) -> None:
    assert changes.qaca_shortcomings(MatchFormula.of(tiers)) == found


def test_a_qaca_needs_no_immediate_vesting_but_two_years_at_most() -> None:
    assert changes.qaca_nonelective_shortcomings(300, vested_after_years=2) == ()
    assert changes.qaca_nonelective_shortcomings(299, vested_after_years=3) == (
        Shortcoming.BELOW_THREE_PERCENT, "vested_later_than_two_years",
    )  # fmt: skip
    assert changes.qaca_shortcomings(BASIC_MATCH, last_day_or_hours_condition=True) == (Shortcoming.CONDITIONS,)


def change(
    kind: ChangeKind, *, adopted: date = date(2026, 6, 1), effective: date = date(2026, 8, 1),
    notice: date | None = date(2026, 7, 2), elections: bool = True,
) -> changes.Verdict:  # fmt: skip
    return changes.mid_year_change(
        kind=kind, adopted_on=adopted, effective_on=effective, plan_year=YEAR, notice_on=notice,
        election_opportunity=elections,
    )  # fmt: skip


@pytest.mark.parametrize("kind", [ChangeKind.QACA_VESTING_LONGER, ChangeKind.NARROWER_GROUP, ChangeKind.OTHER_TYPE])
def test_prohibited_changes(kind: ChangeKind) -> None:
    assert change(kind).bars == (Bar.PROHIBITED,)
    assert explain(change(kind)) == "Not allowed: this change is prohibited during the year (Notice 2016-16)."


def test_other_changes_take_a_notice_thirty_days_before() -> None:
    found = change(ChangeKind.NONELECTIVE_INCREASED)
    assert (found.allowed, found.notice_from, found.notice_until) == (True, date(2026, 5, 3), date(2026, 7, 2))
    assert explain(found) == "Allowed (Notice 2016-16)."
    assert change(ChangeKind.OTHER_IN_NOTICE, notice=date(2026, 7, 3)).bars == (Bar.NOTICE_TOO_LATE,)
    assert change(ChangeKind.OTHER_IN_NOTICE, notice=None, elections=False).bars == (
        Bar.NOTICE_MISSING, Bar.NO_ELECTION_OPPORTUNITY,
    )  # fmt: skip
    for kind in (ChangeKind.OTHER, ChangeKind.ELIGIBILITY_OF_NEWCOMERS):
        assert change(kind, notice=None, elections=False).allowed


def test_a_better_match_comes_three_months_before_the_end_and_for_the_whole_year() -> None:
    def better(adopted: date, effective: date = YEAR.start, notice: date = date(2026, 10, 31)) -> tuple[Bar, ...]:
        return change(ChangeKind.MATCH_INCREASED, adopted=adopted, effective=effective, notice=notice).bars

    assert better(date(2026, 10, 1)) == ()
    assert better(date(2026, 10, 2)) == (Bar.LESS_THAN_THREE_MONTHS_LEFT,)
    # The notice of a change back to the beginning is due within 30 days of adoption.
    assert better(date(2026, 10, 1), notice=date(2026, 11, 1)) == (Bar.NOTICE_TOO_LATE,)
    assert better(date(2026, 6, 1), effective=date(2026, 8, 1), notice=date(2026, 7, 1)) == (Bar.NOT_RETROACTIVE,)


def test_a_reduction_has_its_own_rule() -> None:
    assert change(ChangeKind.MATCH_OR_NONELECTIVE_REDUCED).bars == (Bar.BY_REDUCTION_RULE_ONLY,)


def reduced(
    *, adopted: date = date(2026, 6, 1), effective: date = date(2026, 7, 1), notice: date | None = date(2026, 6, 1),
    loss: bool = False, statement: bool = True, elections: bool = True, tested: bool = True,
) -> changes.Verdict:  # fmt: skip
    return changes.reduction(
        adopted_on=adopted, effective_on=effective, supplemental_notice_on=notice, economic_loss=loss,
        statement_in_annual_notice=statement, election_opportunity=elections, tested_by_current_year=tested,
        plan_year=YEAR,
    )  # fmt: skip


def test_a_reduction_is_effective_thirty_days_after_the_notice_and_not_before_adoption() -> None:
    assert reduced().allowed
    assert reduced().earliest == date(2026, 7, 1)
    early = reduced(effective=date(2026, 6, 30))
    assert early.bars == (Bar.EFFECTIVE_TOO_EARLY,)
    assert explain(early).endswith("It may be effective from 2026-07-01.")
    assert reduced(adopted=date(2026, 7, 2)).bars == (Bar.EFFECTIVE_TOO_EARLY,)


def test_each_condition_of_a_reduction_is_asked_for() -> None:
    assert reduced(notice=None).bars == (Bar.NOTICE_MISSING,)
    assert reduced(statement=False).bars == (Bar.NO_LOSS_AND_NO_STATEMENT,)
    assert reduced(statement=False, loss=True).allowed
    assert reduced(elections=False).bars == (Bar.NO_ELECTION_OPPORTUNITY,)
    assert reduced(tested=False).bars == (Bar.NO_CURRENT_YEAR_TEST,)


@pytest.mark.parametrize(
    ("on", "rate", "match", "bars"),
    [
        (date(2026, 11, 30), 300, False, ()),
        (date(2026, 12, 1), 300, False, (AdoptionBar.RATE_TOO_LOW,)),
        (date(2026, 12, 1), 400, False, ()),
        (date(2027, 12, 30), 400, False, ()),
        (date(2027, 12, 31), 400, False, (AdoptionBar.TOO_LATE,)),
        (date(2026, 6, 1), 300, True, (AdoptionBar.MATCH_SAFE_HARBOR,)),
    ],
)
def test_late_adoption_at_its_edges(on: date, rate: int, match: bool, bars: tuple[AdoptionBar, ...]) -> None:
    found = changes.late_adoption(plan_year=YEAR, on=on, rate_bps=rate, match_safe_harbor_in_year=match)
    assert found.bars == bars
    assert explain(found).startswith("It can be" if not bars else "It cannot be")


def test_dates_outside_the_year_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="adopted_on, effective_on"):
        change(ChangeKind.OTHER, adopted=date(2025, 12, 31))
    with pytest.raises(ValueError, match="effective_on"):
        reduced(effective=date(2027, 1, 1))
    with pytest.raises(ValueError, match="on: 2025-12-31"):
        changes.late_adoption(plan_year=YEAR, on=date(2025, 12, 31), rate_bps=300)


def test_a_safe_harbor_takes_twelve_months_but_for_a_beginning() -> None:
    last_quarter = PlanYear(date(2026, 10, 1), date(2027, 1, 1))
    shorter = PlanYear(date(2026, 10, 2), date(2027, 1, 1))
    long_enough = changes.plan_year_long_enough
    assert long_enough(plan_year=YEAR, new_plan=False)
    assert not long_enough(plan_year=last_quarter, new_plan=False)
    assert long_enough(plan_year=last_quarter, new_plan=True)
    assert not long_enough(plan_year=last_quarter, new_plan=True, successor=True)
    assert not long_enough(plan_year=shorter, new_plan=True)
    assert long_enough(plan_year=shorter, new_plan=True, new_employer=True)
    assert not long_enough(plan_year=shorter, new_plan=False, new_employer=True)
    assert not long_enough(plan_year=shorter, new_plan=True, successor=True, new_employer=True)
    assert long_enough(plan_year=YEAR, new_plan=False, deferrals_added_on=date(2026, 10, 1))
    assert not long_enough(plan_year=YEAR, new_plan=False, deferrals_added_on=date(2026, 10, 2))


def test_half_a_basis_point_below_the_basic_match_is_below() -> None:
    """50 % up to 4.99 % gives 3.995 %: no rounding makes it 4 % (IRC 401(k)(12)(B))."""
    assert match_shortcomings(MatchFormula.of([(10_000, 300), (5_000, 499)])) == (Shortcoming.BELOW_BASIC,)
    assert acp_shortcomings(MatchFormula.of([(6_667, 600)]), discretionary=True) == (
        Shortcoming.DISCRETIONARY_ABOVE_FOUR_PERCENT,
    )
