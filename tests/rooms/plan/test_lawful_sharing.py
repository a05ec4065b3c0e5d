"""Groups and points by which declared profit sharing is allocated: what is definite, and what is refused."""

from dataclasses import replace
from datetime import date

import pytest

from open401k.kernel import Source
from open401k.plan import AllocationGroup, Points, ProfitSharing, Provisions, problems

TERMS = Provisions(date(2019, 1, 1), may_declare=(Source.PROFIT_SHARING,))
OWNERS, STAFF = AllocationGroup("Owners", ("owner",)), AllocationGroup("Staff")
GROUPS, POINTS = "profit_sharing.groups", "profit_sharing.points"


@pytest.mark.parametrize(
    ("sharing", "wrong"),
    [
        (ProfitSharing((OWNERS, STAFF)), []),
        (ProfitSharing(each_alone=True), []),
        (ProfitSharing(points=Points(for_year_of_age=1, for_unit_of_pay=2)), []),
        (ProfitSharing(points=Points(for_unit_of_pay=1, unit_cents=100_000)), []),  # the general test decides
        (ProfitSharing(), ["profit_sharing"]),
        (ProfitSharing((OWNERS, STAFF), each_alone=True), ["profit_sharing"]),
        (ProfitSharing((OWNERS,)), [GROUPS]),
        (ProfitSharing((STAFF, AllocationGroup("Others"))), [GROUPS]),
        (ProfitSharing((OWNERS, AllocationGroup("More", ("owner",)), STAFF)), [GROUPS]),
        (ProfitSharing((OWNERS, AllocationGroup("Owners"))), [GROUPS]),
        (ProfitSharing((OWNERS, AllocationGroup(" "))), [GROUPS]),
        (ProfitSharing(points=Points()), [POINTS]),
        (ProfitSharing(points=Points(for_year_of_age=-1)), [POINTS]),
        (ProfitSharing(points=Points(for_year_of_age=10_001)), [POINTS]),
        (ProfitSharing(points=Points(for_unit_of_pay=1, unit_cents=0)), [f"{POINTS}.unit_cents"]),
        (
            ProfitSharing(points=Points(for_year_of_service=1, most_years_of_service=0)),
            [f"{POINTS}.most_years_of_service"],
        ),
    ],
)
def test_one_formula_says_who_shares_in_what(sharing: ProfitSharing, wrong: list[str]) -> None:
    found = problems(replace(TERMS, profit_sharing=sharing))
    assert [each.field for each in found] == wrong


def test_what_is_shared_has_to_be_declared_by_the_plans_terms() -> None:
    found = problems(replace(TERMS, may_declare=(), profit_sharing=ProfitSharing(each_alone=True)))
    assert [each.field for each in found] == ["profit_sharing"]
    assert found[0].citation == "Reg. 1.401-1(b)(1)(ii)"


def test_a_class_has_the_group_that_names_it_and_the_rest_the_last_one() -> None:
    terms = ProfitSharing((OWNERS, STAFF))
    assert [terms.group_of(each, "emp_1") for each in ("owner", "clerk", "")] == ["Owners", "Staff", "Staff"]
    assert ProfitSharing(each_alone=True).group_of("owner", "emp_1") == "emp_1"
