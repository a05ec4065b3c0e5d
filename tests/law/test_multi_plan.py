"""An HCE in several plans: the examples of Reg. 1.401(k)-2(a)(3)(iii), with plan years that differ."""

from datetime import date

import pytest

from open401k.kernel import PlanYear
from open401k.law.explain import explain
from open401k.law.multi_plan import Dated, PlanContributions, multi_plan_ratio
from tests.law.on_file import facts, hundredths


@pytest.mark.parametrize("case_id", ["ADR-1", "ADR-2"])
def test_each_plan_has_its_own_pay_and_all_contributions(case_id: str) -> None:
    given, expected = facts(case_id)
    day = date(2006, 6, 1)
    plans = [
        PlanContributions(plan, (Dated(day, dollars * 100),))
        for plan, dollars in given["elective_contributions_usd"].items()
    ]
    for plan, pay in given["compensation_usd"].items():
        found = multi_plan_ratio(
            tested_plan=plan,
            plans=plans,
            compensation=[Dated(day, pay * 100)],
            plan_year=PlanYear.starting(date(2006, 1, 1)),
        )
        assert found.ratio == hundredths(expected["adr_pct"][plan])


def monthly(by_year: dict[int, int], months: range = range(1, 13)) -> tuple[Dated, ...]:
    return tuple(Dated(date(year, month, 15), dollars * 100) for year, dollars in by_year.items() for month in months)


PAY = monthly({2005: 10_000, 2006: 11_500})
U = PlanContributions("U", monthly({2005: 500, 2006: 700}))
V = PlanContributions("V", monthly({2005: 400, 2006: 550}))
FISCAL, CALENDAR = PlanYear.starting(date(2005, 7, 1)), PlanYear.starting(date(2005, 1, 1))


def test_examples_3_and_4_count_what_lies_in_the_tested_plans_year() -> None:
    under_u = multi_plan_ratio(tested_plan="U", plans=[U, V], compensation=PAY, plan_year=FISCAL)
    assert (under_u.ratio, under_u.compensation_cents) == (1_000, 129_000_00)
    assert multi_plan_ratio(tested_plan="V", plans=[U, V], compensation=PAY, plan_year=CALENDAR).ratio == 900
    later = PlanContributions("U", monthly({2006: 700}))
    found = multi_plan_ratio(tested_plan="U", plans=[later, V], compensation=PAY, plan_year=FISCAL)
    assert (found.ratio, found.from_other_plans_cents) == (767, 6 * 400_00 + 6 * 550_00)
    assert "7.67 % (Reg. 1.401(k)-2(a)(3)(ii))" in explain(found)


def test_a_plan_that_may_not_be_aggregated_stays_out() -> None:
    bargained = PlanContributions("V", V.contributions, aggregable=False)
    assert (
        multi_plan_ratio(
            tested_plan="U", plans=[U, bargained], compensation=PAY, plan_year=FISCAL
        ).from_other_plans_cents
        == 0
    )
    assert multi_plan_ratio(tested_plan="V", plans=[U, bargained], compensation=PAY, plan_year=FISCAL).ratio == 1_000


def test_contradictions_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="tested_plan"):
        multi_plan_ratio(tested_plan="W", plans=[U], compensation=PAY, plan_year=FISCAL)
    with pytest.raises(ValueError, match="compensation"):
        multi_plan_ratio(tested_plan="U", plans=[U], compensation=[], plan_year=FISCAL)
    nothing = multi_plan_ratio(tested_plan="U", plans=[PlanContributions("U", ())], compensation=[], plan_year=FISCAL)
    assert nothing.ratio == 0


def test_pay_of_several_plans_counts_up_to_the_limit() -> None:
    """Reg. 1.401(a)(17)-1(c)(1), (2): pay above the limit of the plan year "is disregarded" under 401(k)(3)."""
    found = multi_plan_ratio(
        tested_plan="P",
        plans=[PlanContributions("P", (Dated(date(2026, 3, 1), 18_000_00),))],
        compensation=[Dated(date(2026, 3, 1), 500_000_00)],
        plan_year=PlanYear.starting(date(2026, 1, 1)),
    )
    assert (found.compensation_cents, found.ratio) == (360_000_00, 500)
