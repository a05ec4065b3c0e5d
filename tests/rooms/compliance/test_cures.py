"""Cures: priced by the engine, lawful first, and when applied the test passes in the same engine."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from tests.rooms.compliance.small_plan import PROVISIONS, RATES, twelve

from open401k.compliance import (
    CostItem,
    Cure,
    CureKind,
    PlanFacts,
    Standing,
    Status,
    TestId,
    cures,
    people_of,
    project,
    run_tests,
)
from open401k.kernel import Money
from open401k.plan import SafeHarbor, Testing, TestingMethod

_YEAR_END = date(2026, 12, 31)


def offered(facts: PlanFacts, *, test: TestId = TestId.ADP) -> dict[CureKind, Cure]:
    people = people_of(facts)
    return {cure.kind: cure for cure in cures(facts, is_hce=people.is_hce, is_key=people.is_key, seed=3, test=test)}


def adp_status(facts: PlanFacts) -> Status:
    results, _ = run_tests(facts)
    return results[0].status


def test_every_kind_is_offered_or_says_why_not() -> None:
    found = offered(twelve())
    assert set(found) == {
        CureKind.LOWER_HCE_DEFERRALS,
        CureKind.MORE_PARTICIPATION,
        CureKind.REFUND,
        CureKind.QNEC,
        CureKind.SAFE_HARBOR_3,
        CureKind.SAFE_HARBOR_4,
    }
    assert all(cure.reason for cure in found.values() if cure.standing is Standing.NOT_AVAILABLE)
    assert all(cure.decide_by for cure in found.values() if cure.standing is not Standing.NOT_AVAILABLE)


def test_cheapest_lawful_cure_comes_first() -> None:
    facts = twelve(balances=(10_00, 10_00, *(4_000_00,) * 10))
    people = people_of(facts)
    listed = cures(facts, is_hce=people.is_hce, is_key=people.is_key, seed=3)
    costs = [cure.employer_cost_cents for cure in listed if cure.standing is not Standing.NOT_AVAILABLE]
    assert costs == sorted(cost for cost in costs if cost is not None)


def test_lower_deferrals_pass_in_nine_of_ten_years() -> None:
    cure = offered(twelve(rates=(700, 600, *RATES[2:])))[CureKind.LOWER_HCE_DEFERRALS]
    assert cure.standing is Standing.PERMITTED
    assert cure.pass_probability_bps is not None
    assert cure.pass_probability_bps >= 9_000
    assert {effect.place for effect in cure.effects} <= {0, 1}
    assert all(effect.cents < 0 and effect.rate_bps is not None for effect in cure.effects)
    assert cure.effective_on is not None
    assert cure.decide_by is not None
    assert date(2026, 8, 31) <= cure.decide_by < cure.effective_on


def test_lower_deferrals_come_too_late_when_nothing_is_left_to_lower() -> None:
    cure = offered(twelve(as_of=_YEAR_END))[CureKind.LOWER_HCE_DEFERRALS]
    assert cure.standing is Standing.NOT_AVAILABLE


def test_more_savers_pass_in_nine_of_ten_years() -> None:
    cure = offered(twelve(rates=(600, 500, *RATES[2:])))[CureKind.MORE_PARTICIPATION]
    assert cure.standing is Standing.PERMITTED
    assert cure.pass_probability_bps is not None
    assert cure.pass_probability_bps >= 9_000
    assert all(effect.place >= 2 for effect in cure.effects)
    assert cure.employer_cost_cents is not None
    assert cure.employer_cost_cents > 0  # the match on what they save


def test_qnec_applied_makes_the_test_pass() -> None:
    facts = twelve(as_of=_YEAR_END)
    cure = offered(facts)[CureKind.QNEC]
    given = np.zeros(len(facts), dtype=np.int64)
    for effect in cure.effects:
        given[effect.place] = effect.cents
    assert adp_status(facts) is Status.FAIL
    assert adp_status(replace(facts, qnec=given)) is Status.PASS
    assert adp_status(replace(facts, qnec=given * 95 // 100)) is Status.FAIL
    assert cure.standing is Standing.NEEDS_AMENDMENT
    assert cure.decide_by == _YEAR_END


def test_refund_applied_makes_the_test_pass() -> None:
    # 9.00 + 8.00 less 2 x 5.20: the ratios come down to 5.20 each, 3.80 points of the owner, 2.80 of the spouse.
    facts = twelve(as_of=_YEAR_END, rates=(1_000, 800, *RATES[2:]))
    cure = offered(facts)[CureKind.REFUND]
    assert cure.decide_by == date(2027, 3, 15)
    assert cure.employer_cost_cents == 0
    assert [item.cents for item in cure.cost] == [None], "earnings are not known, and never nothing"
    back = {effect.place: -effect.cents for effect in cure.effects}
    owner_excess, spouse_excess = 20_800_000 * 480 // 10_000, 10_400_000 * 280 // 10_000
    assert sum(back.values()) == owner_excess + spouse_excess
    # Dollars are levelled from the largest deferral down: the owner's 20,800 to the spouse's 8,320, the rest in halves.
    assert back == {0: 1_248_000 + 20_800, 1: 20_800}


def test_refund_that_all_stays_as_catch_up_pays_nothing_back_and_must_be_roth_for_high_wages() -> None:
    facts = twelve(as_of=_YEAR_END, rates=(700, 600, *RATES[2:]))
    old = replace(facts, birth_dates=tuple(date(1970, 1, 1) for _ in facts.birth_dates))
    cure = offered(old)[CureKind.REFUND]
    assert cure.title == "Count what is too much as catch-up"
    assert "nothing goes back" in cure.explanation
    assert cure.explanation.startswith("At the median year-end $")
    assert cure.cost == ()
    # Of the two owners only one had wages over 150,000 in the year before.
    (notice,) = cure.notices
    assert "the owner must be Roth" in notice
    assert "the spouse" not in notice


def test_refund_keeps_catch_up_first() -> None:
    facts = twelve(as_of=_YEAR_END)
    old = replace(facts, birth_dates=tuple(date(1970, 1, 1) for _ in facts.birth_dates))
    cure = offered(old)[CureKind.REFUND]
    assert any("stays as catch-up" in effect.text for effect in cure.effects)
    assert sum(-effect.cents for effect in cure.effects) < sum(
        -effect.cents for effect in offered(facts)[CureKind.REFUND].effects
    )


@pytest.mark.parametrize(
    ("as_of", "three", "four"),
    [
        (date(2026, 8, 31), Standing.NEEDS_AMENDMENT, Standing.NEEDS_AMENDMENT),
        (date(2026, 11, 30), Standing.NEEDS_AMENDMENT, Standing.NEEDS_AMENDMENT),
        (date(2026, 12, 1), Standing.NOT_AVAILABLE, Standing.NEEDS_AMENDMENT),
        (date(2026, 12, 31), Standing.NOT_AVAILABLE, Standing.NEEDS_AMENDMENT),
    ],
)
def test_safe_harbor_windows_close_to_the_day(as_of: date, three: Standing, four: Standing) -> None:
    found = offered(twelve(as_of=as_of))
    assert found[CureKind.SAFE_HARBOR_3].standing is three
    assert found[CureKind.SAFE_HARBOR_4].standing is four


def test_three_percent_costs_the_same_whichever_of_two_failures_it_cures() -> None:
    facts = twelve()
    by_ratio = offered(facts)[CureKind.SAFE_HARBOR_3]
    by_balances = offered(facts, test=TestId.TOP_HEAVY)[CureKind.SAFE_HARBOR_3]
    for cure in (by_ratio, by_balances):
        assert cure.standing is Standing.NEEDS_AMENDMENT
        assert cure.employer_cost_cents == sum(item.cents or 0 for item in cure.cost)
    assert by_ratio.employer_cost_cents == by_balances.employer_cost_cents
    assert (by_ratio.cost, by_ratio.effects) == (by_balances.cost, by_balances.effects)
    minimum = offered(facts, test=TestId.TOP_HEAVY)[CureKind.TOP_HEAVY_MINIMUM].employer_cost_cents
    assert minimum
    assert f"{Money(minimum)} of it is owed in any case" in by_ratio.cost[0].note


def test_three_percent_also_meets_the_top_heavy_minimum() -> None:
    facts = replace(twelve(as_of=_YEAR_END), as_of=date(2026, 11, 30))
    told = offered(facts)[CureKind.SAFE_HARBOR_3]
    (gross,) = told.cost
    # 3 % of 52,000 for each of ten. The minimum of 3 % is owed anyway: 1,560 to each of the four without match, the
    # 2.50 % match of four leaves 0.50 % (260), and the 3.00 % match of two leaves nothing.
    assert gross.cents == told.employer_cost_cents == 10 * 156_000
    assert gross.note.startswith("$7,280.00 of it is owed in any case, as top-heavy minimum")
    light = twelve(as_of=_YEAR_END, balances=(10_00, 10_00, *(4_000_00,) * 10))
    (item,) = offered(replace(light, as_of=date(2026, 11, 30)))[CureKind.SAFE_HARBOR_3].cost
    assert item.note == ""


def test_what_is_owed_in_any_case_does_not_make_a_cure_dearer_than_another() -> None:
    facts = twelve()
    people = people_of(facts)
    listed = cures(facts, is_hce=people.is_hce, is_key=people.is_key, seed=3)
    (four,) = next(cure.cost for cure in listed if cure.kind is CureKind.SAFE_HARBOR_4)
    (qnec,) = next(cure.cost for cure in listed if cure.kind is CureKind.QNEC)
    # 4 % costs more than the QNEC, but meets the whole minimum, and the QNEC only a part of it.
    assert four.cents is not None
    assert qnec.cents is not None
    assert four.cents > qnec.cents
    assert four.cents - _owed_anyway(four) < qnec.cents - _owed_anyway(qnec)
    kinds = [cure.kind for cure in listed]
    assert kinds.index(CureKind.SAFE_HARBOR_4) < kinds.index(CureKind.QNEC)


def _owed_anyway(item: CostItem) -> int:
    words, rest = item.note.split(" of it is owed in any case")
    assert rest == ", as top-heavy minimum (IRC 416(c)(2))"
    return int(words.replace("$", "").replace(",", "").replace(".", ""))


def test_match_safe_harbor_plan_may_not_add_a_nonelective() -> None:
    terms = replace(PROVISIONS, safe_harbor=SafeHarbor.BASIC_MATCH)
    found = offered(twelve(provisions=terms))
    assert found[CureKind.SAFE_HARBOR_3].standing is Standing.NOT_AVAILABLE
    assert found[CureKind.SAFE_HARBOR_4].standing is Standing.NOT_AVAILABLE


def test_prior_year_plans_cannot_lift_a_fixed_average() -> None:
    from open401k.compliance import PriorRatios

    terms = replace(PROVISIONS, testing=Testing(method=TestingMethod.PRIOR_YEAR))
    found = offered(twelve(provisions=terms, prior_ratios=PriorRatios(300, 200)))
    assert found[CureKind.QNEC].standing is Standing.NOT_AVAILABLE
    assert found[CureKind.MORE_PARTICIPATION].standing is Standing.NOT_AVAILABLE
    assert found[CureKind.REFUND].standing is Standing.PERMITTED


def test_safe_harbor_does_not_cure_the_match_test() -> None:
    found = offered(twelve(rates=(1_000, 800, *(0,) * 8, 500, 500)), test=TestId.ACP)
    assert found[CureKind.SAFE_HARBOR_3].standing is Standing.NOT_AVAILABLE


_LOANS = np.array([place in (1, 2, 6, 7) for place in range(12)])


def test_cures_of_a_test_apart_concern_those_who_are_in_it_alone() -> None:
    """IRC 401(m)(13)(B)(iv): the spouse saves 8 %; of three others two save 5 %, which lets her save 5.33 %."""
    facts = replace(twelve(), loan_matched=_LOANS)
    loans, rest = offered(facts, test=TestId.ADP_STUDENT_LOANS), offered(facts)
    assert set(loans) == set(rest)
    for found, inside in ((loans, _LOANS), (rest, ~_LOANS)):
        for kind in (CureKind.LOWER_HCE_DEFERRALS, CureKind.MORE_PARTICIPATION, CureKind.REFUND, CureKind.QNEC):
            places = [effect.place for effect in found[kind].effects if effect.place < 12]
            assert all(inside[place] for place in places), kind
    assert [effect.place for effect in loans[CureKind.REFUND].effects] == [1]
    assert {effect.place for effect in loans[CureKind.QNEC].effects} <= {2, 6, 7}
    assert loans[CureKind.SAFE_HARBOR_3].employer_cost_cents == rest[CureKind.SAFE_HARBOR_3].employer_cost_cents
    assert loans[CureKind.REFUND].test is TestId.ADP_STUDENT_LOANS


def test_a_refund_of_the_test_apart_makes_it_pass() -> None:
    facts = replace(twelve(as_of=_YEAR_END), loan_matched=_LOANS)
    effect = offered(facts, test=TestId.ADP_STUDENT_LOANS)[CureKind.REFUND].effects[0]
    pre_tax = facts.pre_tax.copy()
    pre_tax[effect.place] += effect.cents
    after = replace(facts, pre_tax=pre_tax)
    statuses = [
        next(each.status for each in run_tests(of)[0] if each.test is TestId.ADP_STUDENT_LOANS) for of in (facts, after)
    ]
    assert statuses == [Status.FAIL, Status.PASS]


def test_the_test_apart_is_projected_and_alone_where_somebody_is_in_it() -> None:
    facts = replace(twelve(), loan_matched=_LOANS)
    people = people_of(facts)
    told = project(facts, is_hce=people.is_hce, is_key=people.is_key, seed=3)
    ahead = told.of(TestId.ADP_STUDENT_LOANS)
    assert (ahead.refused, ahead.today, ahead.today_limit) == ("", 800, 533)
    assert ahead.fail_probability_bps > 9_000
    nobody = replace(facts, loan_matched=np.zeros(12, dtype=np.bool_))
    assert not project(nobody, is_hce=people.is_hce, is_key=people.is_key, seed=3).tells(TestId.ADP_STUDENT_LOANS)
