"""Attribution through family, officers and owners at their thresholds."""

import random
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import PlanYear
from open401k.law import key_employees
from open401k.law.ownership import Kin, Relation, ownership

OWNER, SPOUSE, CHILD, GRANDCHILD, SIBLING = range(5)


def owned(direct: list[int], *family: Kin) -> list[int]:
    return [int(share) for share in ownership(np.array(direct), family).constructive_bps]


def test_shares_pass_to_spouse_parents_and_children() -> None:
    family = (Kin(OWNER, SPOUSE, Relation.SPOUSE), Kin(OWNER, CHILD, Relation.CHILD))
    assert owned([10_000, 0, 0], *family) == [10_000, 10_000, 10_000]


def test_a_grandparent_owns_what_the_grandchild_owns_but_not_the_other_way_round() -> None:
    family = (Kin(0, 1, Relation.CHILD), Kin(1, 2, Relation.CHILD))
    assert owned([0, 0, 600], *family) == [600, 600, 600]
    assert owned([600, 0, 0], *family) == [600, 600, 0]


def test_siblings_are_not_linked_even_through_their_parent() -> None:
    # No double family hop: what the parent is only deemed to own does not pass on (IRC 318(a)(5)(B)).
    family = (Kin(0, 1, Relation.CHILD), Kin(0, 2, Relation.CHILD), Kin(1, 2, Relation.SIBLING))
    assert owned([0, 600, 0], *family) == [600, 600, 0]


def test_a_daughter_in_law_owns_nothing_through_her_husbands_father() -> None:
    assert owned([10_000, 0, 0], Kin(0, 1, Relation.CHILD), Kin(1, 2, Relation.SPOUSE)) == [10_000, 10_000, 0]


def test_a_relation_stated_from_both_sides_counts_once() -> None:
    family = (Kin(0, 1, Relation.SPOUSE), Kin(1, 0, Relation.SPOUSE))
    assert owned([5_000, 5_000], *family) == [10_000, 10_000]


@pytest.mark.parametrize(("bps", "is_owner"), [(500, False), (501, True)])
def test_exactly_five_percent_is_not_more_than_five_percent(bps: int, is_owner: bool) -> None:
    assert ownership(np.array([bps]), ()).five_percent_owner.tolist() == [is_owner]


def test_the_working_names_whose_shares_were_counted() -> None:
    found = ownership(np.array([0, 700]), [Kin(0, 1, Relation.SPOUSE)])
    assert [(share.person, share.owner, share.share_bps) for share in found.attributed] == [(0, 1, 700)]


def test_relations_that_contradict_each_other_do_not_make_a_person_ones_own_grandchild() -> None:
    assert owned([0, 1], Kin(0, 1, Relation.CHILD), Kin(1, 0, Relation.CHILD)) == [1, 1]


@given(
    direct=st.lists(st.integers(0, 10_000), min_size=5, max_size=5),
    relations=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.sampled_from(list(Relation))), max_size=8),
)
def test_family_never_lowers_anybodys_share(direct: list[int], relations: list[tuple[int, int, Relation]]) -> None:
    found = owned(direct, *(Kin(*relation) for relation in relations))
    assert all(total >= own for total, own in zip(found, direct, strict=True))
    assert max(found) <= sum(direct)


@pytest.mark.parametrize(("employees", "cap"), [(2, 3), (29, 3), (30, 3), (31, 4), (499, 50), (501, 50)])
def test_how_many_officers_can_be_key(employees: int, cap: int) -> None:
    """Reg. 1.416-1 T-14: three below 30, then a tenth, up to the next whole, and 50 above 500."""
    assert key_employees.officer_cap(employees) == cap


def test_only_who_is_an_officer_takes_a_place() -> None:
    """Reg. 1.416-1 T-14: one officer and two other employees are one officer, though three could be."""
    found = key_employees.key_employees(
        determination_year=PlanYear.starting(date(2026, 1, 1)),
        officer=np.array([False, True, False]),
        five_percent_owner=np.zeros(3, dtype=np.bool_),
        one_percent_owner=np.zeros(3, dtype=np.bool_),
        compensation=np.array([300_000_00, 240_000_00, 300_000_00]),
    )
    assert (found.is_key.tolist(), found.officer_cap) == ([False, True, False], 3)


def test_officers_and_owners_at_the_thresholds_of_2026() -> None:
    found = key_employees.key_employees(
        determination_year=PlanYear.starting(date(2026, 1, 1)),
        officer=np.array([True, True, False, False, False]),
        five_percent_owner=np.array([False, False, True, False, False]),
        one_percent_owner=np.array([False, False, True, True, True]),
        compensation=np.array([235_000_01, 235_000_00, 0, 150_000_01, 150_000_00]),
    )
    assert found.is_key.tolist() == [True, False, True, True, False]


def test_key_employees_are_those_of_a_plain_reading() -> None:
    """IRC 416(i)(1)(A): officers above 235,000 in 2026, no more than 50 or if lesser the greater of 3 and a tenth of
    the employees; 5-percent owners; 1-percent owners above 150,000.
    """
    rng = random.Random(5)  # noqa: S311
    pays = [0, 15_000_000, 15_000_001, 23_500_000, 23_500_001, 23_500_002, 30_000_000]
    for _ in range(300):
        count, counted = rng.randint(1, 12), rng.choice([None, 1, 29, 31, 50, 600])
        pay = [rng.choice(pays) for _ in range(count)]
        officer, five, one = ([rng.random() < share for _ in pay] for share in (0.8, 0.1, 0.3))
        others = [rng.choice(pays[4:]) for _ in range(rng.randint(0, 3))]
        employees = counted or count
        most = min(50, max(3, employees // 10 + (employees % 10 > 0)))
        # The best paid first; of equal pay the earlier, and before those who are not among them.
        ranked = sorted(
            [(-cents, place) for place, cents in enumerate(pay) if officer[place] and cents > 23_500_000]
            + [(-cents, count + place) for place, cents in enumerate(others)]
        )[:most]
        by_office = [place in {each for _, each in ranked} for place in range(count)]
        found = key_employees.key_employees(
            determination_year=PlanYear.starting(date(2026, 1, 1)), officer=np.array(officer),
            five_percent_owner=np.array(five), one_percent_owner=np.array(one), compensation=np.array(pay),
            counted_employees=counted, other_officers_compensation=np.array(others, dtype=np.int64) if others else None,
        )  # fmt: skip
        by_one = [held and cents > 15_000_000 for held, cents in zip(one, pay, strict=True)]
        assert (found.by_office.tolist(), found.by_one_percent.tolist()) == (by_office, by_one)
        assert found.by_five_percent.tolist() == five
        assert found.is_key.tolist() == [any(each) for each in zip(by_office, by_one, five, strict=True)]
        assert found.officer_cap == most


@pytest.mark.parametrize(("employees", "most"), [(0, 3), (30, 3), (31, 4), (40, 4), (490, 49), (491, 50), (9_999, 50)])
def test_as_many_officers_as_may_be_key(employees: int, most: int) -> None:
    assert key_employees.officer_cap(employees) == most
