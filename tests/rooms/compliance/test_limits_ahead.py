"""Limits of single people, coverage and top-heavy at the year end: projected, told and cured by one engine."""

import sys
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rooms.compliance.small_plan import PROVISIONS, RATES, column, twelve
from tests.rooms.compliance.test_cures import offered
from tests.rooms.compliance.test_projection import STILL, told

from open401k.compliance import CURABLE, CureKind, PlanFacts, Standing, Status, TestId, cures, run_tests
from open401k.compliance.cure_case import Case
from open401k.compliance.simulation import Intervention, drawn
from open401k.compliance.year_from_facts import year_of
from open401k.kernel import EmployeeId, Source
from open401k.plan import Deferrals, Nonelective

_YEAR_END = date(2026, 12, 31)
#: 15 % of 8,000 on 26 dates is 31,200; the limit of 2026 is 24,500.
EAGER = (1_500, 800, *RATES[2:])
WANTED, LIMIT = 3_120_000, 2_450_000


def status(facts: PlanFacts, test: TestId) -> Status:
    results, _ = run_tests(facts)
    return next(each.status for each in results if each.test is test)


def born_in_1970(facts: PlanFacts) -> PlanFacts:
    return replace(facts, birth_dates=tuple(date(1970, 1, 1) for _ in facts.birth_dates))


def with_after_tax(cents_of_a_date: int) -> PlanFacts:
    facts = twelve()
    assert facts.history is not None
    given = np.zeros_like(facts.history.after_tax)
    given[0] = cents_of_a_date
    return replace(facts, history=replace(facts.history, after_tax=given), after_tax=given.sum(axis=1))


# --- 402(g)


def test_election_that_leads_over_the_deferral_limit_is_projected_to_fail() -> None:
    ahead = told(twelve(rates=EAGER), habits=STILL).of(TestId.DEFERRAL_LIMIT)
    assert (ahead.median, ahead.limit_median) == (WANTED, LIMIT)
    assert (ahead.fail_probability_bps, ahead.person_fail_bps, ahead.alarm_bps) == (10_000, 10_000, 10_000)


def test_payroll_that_has_stopped_somebody_at_the_limit_is_expected_to_do_it_again() -> None:
    facts = twelve(as_of=date(2026, 10, 31), rates=(1_500, 800, *RATES[2:]))
    assert facts.history is not None
    kept = facts.history.pre_tax.copy()
    kept[0, -2:] = [LIMIT - int(kept[0, :-2].sum()), 0]
    assert kept[0].sum() == LIMIT
    stopped = replace(
        facts,
        history=replace(facts.history, pre_tax=kept),
        pre_tax=kept.sum(axis=1),
        calendar_deferrals=kept.sum(axis=1),
    )
    ahead = told(stopped, habits=STILL).of(TestId.DEFERRAL_LIMIT)
    assert (ahead.median, ahead.fail_probability_bps) == (LIMIT, 0)


def test_lowered_election_ends_within_the_limit() -> None:
    cure = offered(twelve(rates=EAGER), test=TestId.DEFERRAL_LIMIT)[CureKind.LOWER_ELECTION]
    assert cure.standing is Standing.PERMITTED
    assert [effect.place for effect in cure.effects] == [0]
    assert cure.median_after is not None
    assert cure.median_after <= LIMIT
    assert (cure.pass_probability_bps or 0) >= 9_000
    assert cure.effective_on is not None
    assert cure.decide_by is not None
    assert date(2026, 8, 31) <= cure.decide_by < cure.effective_on


def test_stop_comes_on_the_last_date_that_is_soon_enough() -> None:
    # 20,400 by August 31 and 1,200 a date: 24,000 after the date of October 2, and the next would pass 24,500.
    cure = offered(twelve(rates=EAGER), test=TestId.DEFERRAL_LIMIT)[CureKind.STOP_ELECTION]
    assert cure.effective_on == date(2026, 10, 16)
    assert cure.decide_by == date(2026, 10, 9)


def test_excess_goes_back_by_april_15_without_a_zero_for_earnings() -> None:
    facts = twelve(as_of=_YEAR_END, rates=EAGER)
    assert status(facts, TestId.DEFERRAL_LIMIT) is Status.FAIL
    cure = offered(facts, test=TestId.DEFERRAL_LIMIT)[CureKind.RETURN_EXCESS]
    assert cure.decide_by == date(2027, 4, 15)
    assert [(effect.place, effect.cents) for effect in cure.effects] == [(0, LIMIT - WANTED)]
    earnings = next(item for item in cure.cost if "arnings" in item.name)
    assert earnings.cents is None
    assert "not known" in earnings.note


def test_catch_up_that_has_to_be_roth_is_seen_coming_and_cured_by_electing_roth() -> None:
    facts = born_in_1970(twelve(rates=EAGER))
    assert status(facts, TestId.DEFERRAL_LIMIT) is Status.PASS
    ahead = told(facts, habits=STILL).of(TestId.DEFERRAL_LIMIT)
    assert ahead.median == WANTED
    assert ahead.limit_median == LIMIT + 800_000
    assert ahead.fail_probability_bps == 10_000
    cure = offered(facts, test=TestId.DEFERRAL_LIMIT)[CureKind.ELECT_ROTH]
    assert cure.standing is Standing.PERMITTED
    assert [effect.place for effect in cure.effects] == [0]


def test_plan_without_roth_is_not_offered_roth() -> None:
    terms = replace(PROVISIONS, deferrals=Deferrals(sources=(Source.PRE_TAX,)))
    facts = born_in_1970(twelve(rates=EAGER, provisions=terms))
    assert offered(facts, test=TestId.DEFERRAL_LIMIT)[CureKind.ELECT_ROTH].standing is Standing.NOT_AVAILABLE


def test_plans_own_limit_of_pay_grows_with_the_year() -> None:
    # At the plan's limit of 10 % to date: read from today's pay alone, nothing more could be deferred this year.
    terms = replace(PROVISIONS, deferrals=Deferrals(sources=(Source.PRE_TAX, Source.ROTH), max_bps_of_pay=1_000))
    adp = told(twelve(provisions=terms), habits=STILL).of(TestId.ADP)
    assert adp.median == 900


# --- 415(c)


def test_after_tax_goes_on_to_the_year_end_in_415c_and_in_acp() -> None:
    # 2,000 a date after tax, 800 deferred, 240 match: 79,040 on 26 dates against 72,000.
    projection = told(with_after_tax(200_000), habits=STILL)
    ahead = projection.of(TestId.ADDITIONS_LIMIT)
    assert (ahead.median, ahead.limit_median, ahead.fail_probability_bps) == (7_904_000, 7_200_000, 10_000)
    # 25 % and 3 % of the owner, 3 % of the spouse.
    assert projection.of(TestId.ACP).median == (2_800 + 300) // 2


def test_after_tax_gives_way_before_deferrals_do() -> None:
    cure = offered(with_after_tax(200_000), test=TestId.ADDITIONS_LIMIT)[CureKind.LOWER_ELECTION]
    assert cure.standing is Standing.PERMITTED
    assert cure.employer_cost_cents == 0, "no match is lost"
    assert (cure.pass_probability_bps or 0) >= 9_000


@pytest.mark.parametrize(
    ("nonelective", "decide_by", "cite"),
    [
        (Nonelective(100), date(2027, 10, 15), "(Rev. Proc. 2021-30 sections 4.04, 6.06(2))"),
        (None, date(2028, 6, 30), "(Rev. Proc. 2021-30 section 6.06(2))"),
    ],
    ids=["with a nonelective", "with a match alone"],
)
def test_only_a_plan_with_a_nonelective_has_nine_and_a_half_months_for_excess_additions(
    nonelective: Nonelective | None, decide_by: date, cite: str
) -> None:
    facts = with_after_tax(200_000)
    facts = replace(facts, provisions=replace(facts.provisions, nonelective=nonelective))
    cure = offered(facts, test=TestId.ADDITIONS_LIMIT)[CureKind.RETURN_EXCESS]
    assert cure.decide_by == decide_by
    assert cite in cure.explanation
    assert ("18th month" in cure.explanation) is (nonelective is None)


# --- 401(a)(17)


def test_compensation_row_shows_pay_and_not_money() -> None:
    facts = twelve()
    results, _ = run_tests(facts)
    row = next(each for each in results if each.test is TestId.COMPENSATION_LIMIT)
    assert (row.measured, row.limit, row.status) == (int(facts.compensation.max()), 36_000_000, Status.PASS)


def test_pay_over_the_limit_counts_up_to_it_unless_money_shows_otherwise() -> None:
    facts = twelve()
    rich = replace(facts, compensation=column(facts, {0: 50_000_000}, "compensation"))
    results, _ = run_tests(rich)
    row = next(each for each in results if each.test is TestId.COMPENSATION_LIMIT)
    assert (row.measured, row.status) == (36_000_000, Status.PASS)
    # 3 % of 500,000 where 3 % of 360,000 is the most.
    wrong = replace(rich, match=column(rich, {0: 1_500_000}, "match"))
    results, _ = run_tests(wrong)
    row = next(each for each in results if each.test is TestId.COMPENSATION_LIMIT)
    assert (row.measured, row.status) == (50_000_000, Status.FAIL)
    cure = offered(wrong, test=TestId.COMPENSATION_LIMIT)[CureKind.REALLOCATE]
    assert cure.standing is Standing.PERMITTED
    assert [effect.place for effect in cure.effects] == [0]


# --- 410(b)


def seven_left_out(as_of: date = date(2026, 8, 31)) -> PlanFacts:
    """Five of twelve are in the plan: 3 of 10 others against 2 of 2 owners, 30 %; the class "field" is left out."""
    outside = np.arange(12) >= 5
    return twelve(
        as_of=as_of,
        class_excluded=outside,
        classes=tuple("yard" if i >= 10 else "field" if i >= 5 else "" for i in range(12)),
        eligible_on=tuple(None if out else date(2019, 1, 1) for out in outside),
    )


def test_coverage_failure_is_cured_by_the_smallest_class_that_is_enough() -> None:
    facts = seven_left_out()
    assert status(facts, TestId.COVERAGE_DEFERRAL) is Status.FAIL
    cure = offered(facts, test=TestId.COVERAGE_DEFERRAL)[CureKind.COVER_MORE]
    assert cure.standing is Standing.NEEDS_AMENDMENT
    # The two of the yard would make it 5 of 10; the five of the field 8 of 10.
    assert [effect.place for effect in cure.effects] == [5, 6, 7, 8, 9]
    assert "'field'" in cure.reason
    assert cure.median_after == 8_000
    within = facts.class_excluded.copy()
    within[5:10] = False
    entered = tuple(date(2026, 9, 1) if 5 <= i < 10 else day for i, day in enumerate(facts.eligible_on))
    cured = replace(facts, as_of=_YEAR_END, class_excluded=within, eligible_on=entered)
    assert status(cured, TestId.COVERAGE_DEFERRAL) is Status.PASS


def test_coverage_of_a_year_that_is_over_is_cured_by_october_15() -> None:
    found = offered(seven_left_out(_YEAR_END), test=TestId.COVERAGE_DEFERRAL)
    assert found[CureKind.COVER_MORE].standing is Standing.NOT_AVAILABLE
    assert found[CureKind.COVER_AFTERWARDS].decide_by == date(2027, 10, 15)


# --- top-heavy


def test_top_heavy_plan_is_told_what_its_minimum_costs() -> None:
    # 3 % of 52,000 to each of the four without match, 0.50 % to the four with 2.50 % of match, none to the two at 3 %.
    ahead = told(twelve(), habits=STILL).of(TestId.TOP_HEAVY)
    assert ahead.cost_median == 4 * 156_000 + 4 * 26_000
    assert ahead.alarm_bps == 10_000
    cure = offered(twelve(as_of=_YEAR_END), test=TestId.TOP_HEAVY)[CureKind.TOP_HEAVY_MINIMUM]
    assert cure.employer_cost_cents == ahead.cost_median
    assert {effect.place: effect.cents for effect in cure.effects} == {
        **dict.fromkeys((2, 3, 4, 5), 156_000),
        **dict.fromkeys((6, 7, 8, 9), 26_000),
    }


def test_minimum_is_owed_after_the_year_as_well() -> None:
    """It is the year's last day that settles who gets it (IRC 416(c)(2)); nothing on that day ends the debt.

    The page said "no cure is available any more" beside what is owed.
    """
    over = twelve(as_of=_YEAR_END)
    over = replace(over, known_at=datetime(2027, 1, 5, 15, tzinfo=UTC))
    found = offered(over, test=TestId.TOP_HEAVY)
    cure = found[CureKind.TOP_HEAVY_MINIMUM]
    assert (cure.standing, cure.decide_by, cure.effective_on) == (Standing.PERMITTED, None, _YEAR_END)
    assert cure.employer_cost_cents == 4 * 156_000 + 4 * 26_000
    assert "were employed on December 31, 2026" in cure.explanation
    assert "At the year end $" in cure.explanation
    assert "median" not in cure.explanation
    assert found[CureKind.SAFE_HARBOR_NEXT_YEAR].standing is Standing.NOT_AVAILABLE


def test_minimum_contributed_leaves_nothing_owed() -> None:
    facts = twelve(as_of=_YEAR_END)
    given = column(
        facts, {**dict.fromkeys((2, 3, 4, 5), 156_000), **dict.fromkeys((6, 7, 8, 9), 26_000)}, "nonelective"
    )
    ahead = told(replace(facts, nonelective=given)).of(TestId.TOP_HEAVY)
    assert ahead.cost_median == 0
    found = offered(replace(facts, nonelective=given), test=TestId.TOP_HEAVY)
    assert found[CureKind.TOP_HEAVY_MINIMUM].standing is Standing.NOT_AVAILABLE


def test_a_corrective_contribution_counts_toward_the_minimum() -> None:
    """As any qualified nonelective contribution does (Reg. 1.416-1 M-18)."""
    facts = twelve(as_of=_YEAR_END)
    corrected = column(facts, {2: 156_000, 3: 100_000, 4: -10_000}, "nonelective")
    given = column(facts, {4: 156_000}, "nonelective")
    ahead = told(replace(facts, corrective=corrected, nonelective=given)).of(TestId.TOP_HEAVY)
    assert ahead.cost_median == (0 + 56_000 + 0 + 156_000) + 4 * 26_000  # what another plan took back is none of it


def test_plan_that_is_not_top_heavy_owes_no_minimum() -> None:
    light = twelve(balances=(10_00, 10_00, *(400_000_00,) * 10))
    ahead = told(light).of(TestId.TOP_HEAVY)
    assert (ahead.cost_median, ahead.fail_probability_bps) == (None, 0)


def test_borderline_plan_stays_below_when_the_keys_defer_less() -> None:
    # What is saved in the year adds to both; the owner's balance puts the year end just over 60 %.
    border = twelve(balances=(231_000_00, 20_000_00, *(16_500_00,) * 10))
    ahead = told(border).of(TestId.TOP_HEAVY)
    assert ahead.fail_probability_bps > 5_000
    cure = offered(border, test=TestId.TOP_HEAVY)[CureKind.LOWER_KEY_DEFERRALS]
    assert cure.standing is Standing.PERMITTED, cure.reason
    assert (cure.pass_probability_bps or 0) >= 9_000
    assert {effect.place for effect in cure.effects} <= {0, 1}


@pytest.mark.parametrize("test", CURABLE)
def test_every_way_out_is_dated_or_says_why_not(test: TestId) -> None:
    for facts in (twelve(rates=EAGER), twelve(as_of=_YEAR_END, rates=EAGER), seven_left_out()):
        for cure in offered(facts, test=test).values():
            if cure.standing is Standing.NOT_AVAILABLE:
                assert cure.reason
            else:
                assert cure.decide_by is not None
                assert cure.decided_by
                assert cure.explanation


# --- the search looks at the people at risk alone


def plan_of(many: int, eager: int) -> PlanFacts:
    """The twelve people many times over, ``eager`` of them on course over the limit, half of them older than 50."""
    calm, over = twelve(), twelve(rates=EAGER)
    rows = np.tile(np.arange(12), many)
    more = set(range(0, 12 * eager, 12))

    def put(name: str, facts: object = None) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        both = [getattr(each if facts is None else each.history, name)[rows] for each in (calm, over)]
        out: np.ndarray[tuple[int, ...], np.dtype[np.int64]] = both[0].copy()
        out[sorted(more)] = both[1][sorted(more)]
        return out

    arrays = {each.name: put(each.name) for each in fields(calm) if isinstance(getattr(calm, each.name), np.ndarray)}
    history = replace(
        calm.history,
        **{
            each.name: put(each.name, calm.history)
            for each in fields(calm.history)  # type: ignore[arg-type]
            if isinstance(getattr(calm.history, each.name), np.ndarray)
        },
    )  # type: ignore[type-var]
    return replace(
        calm,
        **arrays,  # type: ignore[arg-type]
        employee_ids=tuple(EmployeeId(UUID(int=place)) for place in range(len(rows))),
        labels=tuple(f"P{place}" for place in range(len(rows))),
        birth_dates=tuple(date(1970 if place % 24 == 0 else 1990, 1, 1) for place in range(len(rows))),
        employment=calm.employment * many,
        eligible_on=calm.eligible_on * many,
        classes=calm.classes * many,
        history=history,
    )


def test_employer_money_that_settlement_will_not_give_is_not_warned_of() -> None:
    """8,000 a date: 9 % deferred and 28 % given are 76,960 by the end of 2026, where 72,000 are allowed."""
    terms = replace(PROVISIONS, match=None, nonelective=Nonelective(2_800))
    rates = (900, *RATES[1:])
    facts = twelve(rates=rates, provisions=terms)
    assert facts.history is not None
    facts = replace(facts, nonelective=facts.history.compensation.sum(axis=1) * 28 // 100)
    projection = told(facts, habits=STILL)
    ahead = projection.of(TestId.ADDITIONS_LIMIT)
    assert (ahead.median, ahead.limit_median, ahead.fail_probability_bps) == (7_200_000, 7_200_000, 0)
    given = replace(facts, nonelective=facts.nonelective + 4_000_000)  # in the books already: it is over, and stays
    assert told(given, habits=STILL).of(TestId.ADDITIONS_LIMIT).fail_probability_bps == 10_000


@pytest.mark.parametrize("test", [TestId.DEFERRAL_LIMIT, TestId.ADDITIONS_LIMIT])
@pytest.mark.parametrize("roth_only", [False, True])
def test_search_over_some_people_finds_what_one_over_everybody_does(
    monkeypatch: pytest.MonkeyPatch, test: TestId, roth_only: bool
) -> None:
    facts = plan_of(10, 4)
    if test is TestId.ADDITIONS_LIMIT:
        given = np.zeros_like(facts.after_tax)
        given[[0, 24]] = 250_000 * 17
        history = facts.history
        assert history is not None
        after_tax = np.zeros_like(history.after_tax)
        after_tax[[0, 24]] = 250_000
        facts = replace(facts, after_tax=given, history=replace(history, after_tax=after_tax))
    if roth_only:
        sources = replace(facts.provisions.deferrals, sources=(Source.PRE_TAX, Source.ROTH, Source.AFTER_TAX))
        facts = replace(
            facts,
            provisions=replace(facts.provisions, deferrals=sources),
            fica_prior=np.full_like(facts.fica_prior, 20_000_000),
        )
    nobody = np.zeros(len(facts), dtype=np.bool_)
    of_some = cures(facts, is_hce=nobody, is_key=nobody, seed=3, test=test)
    assert any(each.effects for each in of_some)

    def drawn_anew(*known: Any) -> Case:
        """For everybody, at each step of a search."""
        return Case(*known[:-1])

    monkeypatch.setattr(sys.modules["open401k.compliance.cures"], "Case", drawn_anew)
    assert cures(facts, is_hce=nobody, is_key=nobody, seed=3, test=test) == of_some


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_year_ends_of_some_people_are_theirs_among_everybody(data: st.DataObject) -> None:
    facts = plan_of(3, 1)
    nobody = np.zeros(len(facts), dtype=np.bool_)
    places = np.array(sorted(data.draw(st.sets(st.integers(0, len(facts) - 1), min_size=1, max_size=6))))
    rates, after_tax, since = (np.full(len(facts), other, dtype=np.int64) for other in (-1, -1, date.max.toordinal()))
    rates[places] = data.draw(st.integers(0, 5_000))
    after_tax[places] = data.draw(st.integers(-1, 2_000))
    since[places] = date(2026, data.draw(st.integers(8, 12)), 15).toordinal()
    as_roth = np.isin(np.arange(len(facts)), places)
    rule = Intervention(date(2026, 9, 1), rates, after_tax, as_roth, since)
    chance = drawn(facts, year_of(facts, is_hce=nobody, is_key=nobody), seed=data.draw(st.integers(0, 9)), scenarios=30)
    whole, before, part = chance.ends(rule), chance.ends(), chance.ends_of(places, rule)
    others = np.setdiff1d(np.arange(len(facts)), places)
    for each in fields(whole):
        column = getattr(whole, each.name)
        if isinstance(column, np.ndarray):
            assert np.array_equal(column[..., places], getattr(part, each.name)), each.name
            assert np.array_equal(column[..., others], getattr(before, each.name)[..., others]), each.name
