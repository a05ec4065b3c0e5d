"""Which way decides whether shared profit sharing is nondiscriminatory, and what a failure lacks: counted by hand."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from tests.rooms.compliance.small_plan import OWNER_PAY, PROVISIONS, SPOUSE_PAY, STAFF_PAY, twelve

from open401k.compliance import PlanFacts, Status, TestId, judge, project, run_tests
from open401k.compliance.standing import people_of
from open401k.kernel import Source
from open401k.plan import AllocationGroup, Points, ProfitSharing
from open401k.recordkeeping import Declared, GroupShare

LAST = date(2026, 12, 31)
GROUPS = ProfitSharing((AllocationGroup("Owners", ("owner",)), AllocationGroup("Staff")))
#: Pay of 26 dates: 208,000.00 and 104,000.00 of the owners, 52,000.00 of each of ten others.
PAY = [26 * each for each in (OWNER_PAY, SPOUSE_PAY, *(STAFF_PAY,) * 10)]
OLD, YOUNG = date(1966, 1, 1), date(1996, 1, 1)


def shared(given: list[int], *, sharing: ProfitSharing = GROUPS, born: tuple[date, date] = (OLD, YOUNG)) -> PlanFacts:
    """A year that is over: everybody's share in cents, the birth dates of the owners and of the others."""
    declared = Declared(Source.PROFIT_SHARING, shares=(GroupShare("Staff", cents=1),))
    provisions = replace(PROVISIONS, match=None, may_declare=(Source.PROFIT_SHARING,), profit_sharing=sharing)
    return twelve(
        as_of=LAST,
        provisions=provisions,
        rates=(0,) * 12,
        nonelective=np.array(given, dtype=np.int64),
        declared=(declared,),
        birth_dates=(born[0],) * 2 + (born[1],) * 10,
    )


def of_pay(owners_bps: int, others_bps: int) -> list[int]:
    return [pay * (owners_bps if place < 2 else others_bps) // 10_000 for place, pay in enumerate(PAY)]


@pytest.mark.parametrize(
    ("given", "born", "path", "passed"),
    [
        (of_pay(500, 500), (OLD, YOUNG), "contributions", True),
        (of_pay(1_500, 500), (OLD, YOUNG), "benefits", True),  # 30 years of interest are worth more than three times
        (of_pay(1_500, 500), (YOUNG, OLD), "benefits", False),
        (of_pay(1_500, 499), (OLD, YOUNG), "gateway", False),
        (of_pay(0, 500), (OLD, YOUNG), "no highly compensated employee has any", True),
    ],
)
def test_the_first_way_that_is_open_decides(given: list[int], born: tuple[date, date], path: str, passed: bool) -> None:
    test = judge(shared(given, born=born))
    assert (test.path.value, test.passed) == (path, passed)


def test_what_fails_says_what_it_lacks() -> None:
    gateway = judge(shared(of_pay(1_500, 400)))
    # A third of 15 % is 5 %: 520.00 more for each of the ten.
    assert "$5,200.00 more would do" in gateway.words
    benefits = judge(shared(of_pay(1_500, 500), born=(YOUNG, OLD)))
    assert "7 more of the others at" in benefits.words


def test_uniform_points_are_a_safe_harbor_unless_the_owners_average_is_higher() -> None:
    points = ProfitSharing(points=Points(for_year_of_age=1, for_unit_of_pay=1))
    same = judge(shared([1_000_00] * 12, sharing=points))
    assert (same.path.value, same.passed) == ("uniform points", True)
    more = judge(shared([40_000_00, 20_000_00, *(1_000_00,) * 10], sharing=points))
    assert (more.path.value, more.passed) == ("gateway", False)
    large = replace(points, points=Points(for_year_of_age=1, for_unit_of_pay=1, unit_cents=200_01))
    assert judge(shared([1_000_00] * 12, sharing=large)).path.value == "contributions"


def test_what_is_to_come_counts_and_who_has_no_pay_cannot_have_any() -> None:
    nothing = shared([0] * 12)
    more = np.array(of_pay(500, 500), dtype=np.int64)
    assert judge(nothing, more=more).path.value == "contributions"


def test_it_stands_among_the_tests_of_a_year_that_is_over_and_is_not_projected() -> None:
    facts = shared(of_pay(1_500, 400))
    results, _ = run_tests(facts)
    found = next(each for each in results if each.test is TestId.AMOUNTS)
    assert (found.status, found.working["gateway_short_cents"]) == (Status.FAIL, 5_200_00)
    people = people_of(facts)
    told = project(facts, is_hce=people.is_hce, is_key=people.is_key, seed=1, scenarios=50)
    assert "not projected" in told.of(TestId.AMOUNTS).refused
    earlier, _ = run_tests(replace(facts, as_of=date(2026, 8, 31)))
    assert all(each.test is not TestId.AMOUNTS for each in earlier)
    plain, _ = run_tests(twelve())
    assert all(each.test is not TestId.AMOUNTS for each in plain)
