"""Common control and attribution: the regulations' own examples, each side of each threshold, SECURE 2.0 s. 315."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import PlanYear
from open401k.law.controlled_groups import CommonControl, GroupKind, common_control
from open401k.law.explain import explain
from open401k.law.given import ImpossibleInput
from open401k.law.holdings import (
    AttributionRule,
    DeemedOwnership,
    Exclusion,
    Holdings,
    Interest,
    Kinship,
    Option,
    Party,
    PartyKind,
    SpouseApart,
    deemed_ownership,
)
from open401k.law.ownership import Relation

YEAR = PlanYear.starting(date(2026, 1, 1))
BEFORE = PlanYear.starting(date(2023, 1, 1))
ON = date(2026, 12, 31)
ADULT, CHILD = date(1980, 1, 1), date(2015, 1, 1)
CORPORATION, PARTNERSHIP = PartyKind.CORPORATION, PartyKind.PARTNERSHIP


def corporations(names: str) -> tuple[Party, ...]:
    return tuple(Party(name, CORPORATION) for name in names.split())


def people(names: str, born: date | None = ADULT) -> tuple[Party, ...]:
    return tuple(Party(name, PartyKind.INDIVIDUAL, born) for name in names.split())


def holds(owner: str, organization: str, percent: float, exclusion: Exclusion | None = None) -> Interest:
    bps = round(percent * 100)
    return Interest(owner, organization, bps, bps, exclusion)


def groups(holdings: Holdings, year: PlanYear = YEAR, *, for_415: bool = False) -> CommonControl:
    return common_control(holdings=holdings, on=ON, plan_year=year, for_section_415=for_415)


def members(holdings: Holdings, year: PlanYear = YEAR) -> list[tuple[GroupKind, tuple[str, ...]]]:
    return [(group.kind, group.members) for group in groups(holdings, year).groups]


PS, BS, CO = GroupKind.PARENT_SUBSIDIARY, GroupKind.BROTHER_SISTER, GroupKind.COMBINED


def test_a_partnership_is_the_parent_of_its_corporation_and_partnership() -> None:
    """Reg. 1.414(c)-2(e) Example 1: ABC owns 80 % of S; and then 80 % of the profits of DEF too."""
    parties = (Party("ABC", PARTNERSHIP), *corporations("S"), Party("DEF", PARTNERSHIP))
    only_s = Holdings(parties, (holds("ABC", "S", 80),))
    assert members(only_s) == [(PS, ("ABC", "S"))]
    both = Holdings(parties, (holds("ABC", "S", 80), Interest("ABC", "DEF", 8_000, 0)))
    assert members(both) == [(PS, ("ABC", "DEF", "S"))]
    of_s = Holdings(parties, (holds("ABC", "S", 80), Interest("S", "DEF", 8_000, 0)))
    assert members(of_s) == [(PS, ("ABC", "DEF", "S"))]


def test_two_subsidiaries_together_control_a_third() -> None:
    """Reg. 1.414(c)-2(e) Example 2: L owns 80 % of T and of N, and these 40 % each of GHI."""
    parties = (*corporations("L T N"), Party("GHI", PARTNERSHIP))
    interests = (holds("L", "T", 80), holds("L", "N", 80), holds("T", "GHI", 40), holds("N", "GHI", 40))
    assert members(Holdings(parties, interests)) == [(PS, ("GHI", "L", "N", "T"))]


def test_what_subsidiaries_own_of_each_other_is_left_out_for_the_parent() -> None:
    """Reg. 1.414(c)-2(e) Example 3: ABC owns 75 % of X and of Y, which own the rest of each other."""
    parties = (Party("ABC", PARTNERSHIP), *corporations("X Y"))
    interests = (holds("ABC", "X", 75), holds("ABC", "Y", 75), holds("X", "Y", 25), holds("Y", "X", 25))
    found = groups(Holdings(parties, interests)).groups
    assert [(group.kind, group.members, group.common_parent) for group in found] == [(PS, ("ABC", "X", "Y"), "ABC")]


@pytest.mark.parametrize(("below", "group"), [(50, ("H", "P")), (80, ("H", "P", "X"))])
def test_what_reaches_a_parent_through_a_member_is_not_counted_twice(below: float, group: tuple[str, ...]) -> None:
    """H owns 80 % of the partnership P; of X it is deemed to own 80 % of what P owns, which is P's stock again."""
    parties = (*corporations("H X"), Party("P", PARTNERSHIP))
    assert members(Holdings(parties, (holds("H", "P", 80), holds("P", "X", below)))) == [(PS, group)]


def test_a_parent_with_a_little_of_the_stock_and_the_rest_through_a_partnership() -> None:
    """Reg. 1.414(c)-2(b)(1): partnerships attribute to a parent; 20 % directly and 60 % of 100 % of the rest."""
    parties = (*corporations("H X"), Party("P", PARTNERSHIP))
    apart = (holds("H", "P", 75), holds("H", "X", 20), holds("P", "X", 80))
    assert members(Holdings(parties, apart)) == [(PS, ("H", "X")), (PS, ("P", "X"))]
    fewer = (holds("H", "P", 70), holds("H", "X", 20), holds("P", "X", 80))
    assert members(Holdings(parties, fewer)) == [(PS, ("P", "X"))]


def test_only_who_owns_of_each_counts_for_the_80_percent() -> None:
    """Vogel Fertilizer, 455 U.S. 16: 77.49 % and 87.5 % of one owner are no group, whoever owns the rest of one."""
    parties = (*corporations("VF VP"), *people("Vogel Crain"))
    interests = (holds("Vogel", "VF", 77.49), holds("Crain", "VF", 22.51), holds("Vogel", "VP", 87.5))
    assert members(Holdings(parties, interests)) == []


def test_no_five_of_eight_owners_control_both() -> None:
    """Reg. 1.414(c)-2(e) Example 5: 12 % four times and 13 % four times of U and V; five persons have 64 % at most."""
    names = "A B C D E F G H"
    parties = (*corporations("U V"), *people(names))
    shares = [12] * 4 + [13] * 4
    interests = tuple(holds(n, o, s) for o in "UV" for n, s in zip(names.split(), shares, strict=True))
    assert members(Holdings(parties, interests)) == []


def test_a_common_parent_brings_its_subsidiary_into_the_combined_group() -> None:
    """Reg. 1.414(c)-2(e) Example 6 in kind: A controls ABC and DEF; ABC controls X."""
    parties = (Party("ABC", PARTNERSHIP), Party("DEF", PARTNERSHIP), *corporations("X"), *people("A B"))
    interests = (holds("A", "ABC", 80), holds("A", "DEF", 80), holds("B", "ABC", 20), holds("ABC", "X", 80))
    found = groups(Holdings(parties, interests))
    assert (CO, ("ABC", "DEF", "X")) in [(group.kind, group.members) for group in found.groups]
    assert found.employer_of("X") == ("ABC", "DEF", "X")
    assert "ABC is their common parent" in explain(found)


@pytest.mark.parametrize(("a", "b", "group"), [(55, 45, True), (80, 20, True), (50, 50, True)])
def test_80_together_and_more_than_50_alike(a: float, b: float, group: bool) -> None:
    parties = (*corporations("X Y"), *people("A B"))
    interests = (holds("A", "X", a), holds("B", "X", b), holds("A", "Y", a), holds("B", "Y", b))
    assert (members(Holdings(parties, interests)) == [(BS, ("X", "Y"))]) is group


@pytest.mark.parametrize(("alike", "group"), [(50, False), (50.01, True)])
def test_exactly_half_alike_is_not_more_than_half(alike: float, group: bool) -> None:
    parties = (*corporations("X Y"), *people("A B"))
    interests = (
        holds("A", "X", 25),
        holds("B", "X", 75),
        holds("A", "Y", 100 - alike + 25),
        holds("B", "Y", alike - 25),
    )
    assert bool(members(Holdings(parties, interests))) is group


@pytest.mark.parametrize(("share", "group"), [(79.99, False), (80, True)])
def test_80_percent_is_enough_for_a_parent_and_for_415_more_than_half(share: float, group: bool) -> None:
    holdings = Holdings(corporations("P S"), (holds("P", "S", share),))
    assert bool(members(holdings)) is group
    assert groups(holdings, for_415=True).groups
    assert not groups(Holdings(corporations("P S"), (holds("P", "S", 50),)), for_415=True).groups


def test_vote_or_value_is_enough() -> None:
    parties = (*corporations("P S"),)
    assert members(Holdings(parties, (Interest("P", "S", 8_000, 1_000),))) == [(PS, ("P", "S"))]
    assert members(Holdings(parties, (Interest("P", "S", 1_000, 8_000),))) == [(PS, ("P", "S"))]


def couple(*facts: SpouseApart) -> Holdings:
    parties = (*corporations("X Y"), *people("H W"))
    family = (Kinship("H", "W", Relation.SPOUSE),)
    return Holdings(parties, (holds("H", "X", 100), holds("W", "Y", 100)), family=family, spouses_apart=facts)


def apart(person: str, organization: str, **facts: bool) -> SpouseApart:
    known = {"director_employee_or_manager": False, "passive_income_over_half": False}
    return SpouseApart(person, organization, **{**known, "disposal_restricted_for_family": False, **facts})


def test_spouses_own_together_unless_all_four_conditions_hold() -> None:
    """IRC 1563(e)(5)."""
    assert members(couple()) == [(BS, ("X", "Y"))]
    assert members(couple(apart("H", "Y"), apart("W", "X"))) == []
    # One of them may still own both.
    assert members(couple(apart("H", "Y"))) == [(BS, ("X", "Y"))]
    for fact in ("director_employee_or_manager", "passive_income_over_half", "disposal_restricted_for_family"):
        assert members(couple(apart("H", "Y", **{fact: True}), apart("W", "X")))


def test_a_minor_child_of_both_joins_companies_before_2024_and_not_after() -> None:
    """SECURE 2.0 s. 315; IRC 414(b)(2)(C)."""
    holdings = couple(apart("H", "Y"), apart("W", "X"))
    family = (*holdings.family, Kinship("H", "C", Relation.CHILD), Kinship("W", "C", Relation.CHILD))
    with_child = Holdings(
        (*holdings.parties, *people("C", CHILD)), holdings.interests, (), family, holdings.spouses_apart
    )
    assert members(with_child, BEFORE) == [(BS, ("X", "Y"))]
    assert members(with_child) == []
    grown = Holdings((*holdings.parties, *people("C")), holdings.interests, (), family, holdings.spouses_apart)
    assert members(grown, BEFORE) == []


def test_an_option_of_the_child_does_not_carry_stock_past_the_spouse_exception() -> None:
    """IRC 414(b)(2)(B): "by reason of the combined application of paragraphs (1) and (6)(A)"."""
    holdings = couple(apart("H", "Y"), apart("W", "X"))
    family = (*holdings.family, Kinship("H", "C", Relation.CHILD), Kinship("W", "C", Relation.CHILD))
    options = (Option("C", "W", "Y", 10_000, 10_000),)
    parties = (*holdings.parties, *people("C", CHILD))
    with_option = Holdings(parties, holdings.interests, options, family, holdings.spouses_apart)
    deemed = {d.owner: d for d in owned(with_option, "Y")}
    assert "H" not in deemed
    assert {d.owner for d in owned(with_option, "Y", BEFORE)} >= {"H", "C"}


def owned(holdings: Holdings, organization: str, year: PlanYear = YEAR) -> tuple[DeemedOwnership, ...]:
    return deemed_ownership(
        holdings=holdings, organization=organization, rule=AttributionRule.SECTION_1563, on=ON, plan_year=year
    )


def test_partners_with_5_percent_own_by_capital_or_profits_whichever_is_greater() -> None:
    """Reg. 1.414(c)-4(b)(2)(ii): A 36 and 25, B 60 and 71, C 4 and 4; the partnership owns all of X."""
    parties = (Party("ABC", PARTNERSHIP), *corporations("X"), *people("A B C"))
    interests = (
        Interest("A", "ABC", 2_500, 3_600),
        Interest("B", "ABC", 7_100, 6_000),
        Interest("C", "ABC", 400, 400),
        holds("ABC", "X", 100),
    )
    deemed = {each.owner: each.value for each in owned(Holdings(parties, interests), "X")}
    assert deemed["A"] == Fraction(36, 100)
    assert deemed["B"] == Fraction(71, 100)
    assert "C" not in deemed


def test_adult_children_count_only_for_who_is_in_effective_control() -> None:
    """IRC 1563(e)(6)(B)."""
    parties = (*corporations("X"), *people("F S"))
    family = (Kinship("F", "S", Relation.CHILD),)
    above = Holdings(parties, (holds("F", "X", 51), holds("S", "X", 49)), family=family)
    assert {each.owner: each.greater for each in owned(above, "X")} == {"F": 1, "S": Fraction(49, 100)}
    half = Holdings(parties, (holds("F", "X", 50), holds("S", "X", 50)), family=family)
    assert {each.owner: each.greater for each in owned(half, "X")} == {"F": Fraction(1, 2), "S": Fraction(1, 2)}


def test_excluded_stock_makes_a_group_and_never_unmakes_one() -> None:
    """IRC 1563(c)(2)(A)(ii), (f)(3)(C)."""
    parties = (*corporations("P S"), *people("Officer Other"))
    officer = holds("Officer", "S", 30, Exclusion.OWNER_OR_OFFICER_OF_PARENT)
    assert members(Holdings(parties, (holds("P", "S", 70), officer))) == [(PS, ("P", "S"))]
    assert members(Holdings(parties, (holds("P", "S", 70), holds("Other", "S", 30)))) == []
    assert members(Holdings(parties, (holds("P", "S", 45), officer, holds("Other", "S", 10)))) == []


def test_the_family_of_the_regulation_under_318() -> None:
    """Reg. 1.318-2(b): H, W, S and G own 25 each: H, W and S are deemed to own 100, G 50, his own and his father's."""
    parties = (*corporations("Green"), *people("H W S G"))
    family = (
        Kinship("H", "W", Relation.SPOUSE),
        Kinship("H", "S", Relation.CHILD),
        Kinship("W", "S", Relation.CHILD),
        Kinship("S", "G", Relation.CHILD),
    )
    interests = tuple(holds(name, "Green", 25) for name in "HWSG")
    found = deemed_ownership(
        holdings=Holdings(parties, interests, family=family),
        organization="Green",
        rule=AttributionRule.SECTION_416,
        on=ON,
        plan_year=YEAR,
    )
    assert {each.owner: each.greater * 100 for each in found} == {"H": 100, "W": 100, "S": 100, "G": 50}
    assert all(each.five_percent_owner for each in found)
    assert explain(found[0]) == "H is deemed to own 100.00 % of Green, in 4 parts (IRC 318(a), 1563(e))."


def test_a_partner_and_the_partnership_under_318() -> None:
    """Reg. 1.318-2(c) Example 1: a 50 % partner and the partnership own 50 shares each: deemed 75 and 100."""
    parties = (*corporations("X"), Party("P", PARTNERSHIP), *people("A"))
    found = deemed_ownership(
        holdings=Holdings(parties, (holds("A", "P", 50), holds("A", "X", 50), holds("P", "X", 50))),
        organization="X",
        rule=AttributionRule.SECTION_318,
        on=ON,
        plan_year=YEAR,
    )
    assert {each.owner: each.greater * 100 for each in found} == {"A": 75, "P": 100}


@pytest.mark.parametrize(
    ("share", "rule", "owns"),
    [
        (5, AttributionRule.SECTION_416, True),
        (4.99, AttributionRule.SECTION_416, False),
        (49.99, AttributionRule.SECTION_318, False),
        (50, AttributionRule.SECTION_318, True),
    ],
)
def test_a_corporation_attributes_to_5_percent_holders_for_key_and_hce(
    share: float, rule: AttributionRule, owns: bool
) -> None:
    """IRC 416(i)(1)(B)(iii)(I), 318(a)(2)(C)."""
    parties = (*corporations("Between Employer"), *people("A"))
    interests = (holds("A", "Between", share), holds("Between", "Employer", 100))
    found = deemed_ownership(
        holdings=Holdings(parties, interests), organization="Employer", rule=rule, on=ON, plan_year=YEAR
    )
    deemed = {each.owner: each.greater * 100 for each in found}
    assert deemed.get("A") == (Fraction(round(share * 100), 100) if owns else None)


def test_a_partnership_owns_what_its_partners_own_under_318() -> None:
    """IRC 318(a)(3)(A)."""
    parties = (*corporations("X"), Party("AB", PARTNERSHIP), *people("A"))
    found = deemed_ownership(
        holdings=Holdings(parties, (holds("A", "AB", 10), holds("A", "X", 40))),
        organization="X",
        rule=AttributionRule.SECTION_318,
        on=ON,
        plan_year=YEAR,
    )
    assert {each.owner: each.greater for each in found} == {"A": Fraction(2, 5), "AB": Fraction(2, 5)}


@pytest.mark.parametrize(
    ("holdings", "field"),
    [
        (Holdings(corporations("X X"), ()), "parties"),
        (Holdings(corporations("X"), (holds("Nobody", "X", 10),)), "parties"),
        (Holdings(corporations("X Y"), (Interest("X", "Y", -1, 0),)), "vote_bps"),
        (Holdings(corporations("X Y Z"), (holds("X", "Z", 60), holds("Y", "Z", 60))), "vote_bps"),
        (Holdings(corporations("X Y Z"), (holds("X", "Y", 5),), (Option("Z", "X", "Y", 600, 600),)), "options"),
        (Holdings(corporations(" ".join(f"C{n}" for n in range(15))), ()), "holdings"),
    ],
)
def test_holdings_that_cannot_be_are_refused_by_name(holdings: Holdings, field: str) -> None:
    with pytest.raises(ImpossibleInput) as refusal:
        groups(holdings)
    assert refusal.value.field == field


def test_a_parent_and_child_need_birth_dates() -> None:
    parties = (*corporations("X"), *people("F S", None))
    holdings = Holdings(parties, (holds("S", "X", 100),), family=(Kinship("F", "S", Relation.CHILD),))
    with pytest.raises(ImpossibleInput, match="born"):
        groups(holdings)


@given(
    st.lists(
        st.tuples(st.sampled_from("AB"), st.sampled_from("XYZ"), st.sampled_from([10, 25, 40, 50])),
        max_size=5,
        unique_by=lambda row: row[:2],
    ),
)
def test_groups_do_not_depend_on_the_order_of_facts(rows: list[tuple[str, str, int]]) -> None:
    parties = (*corporations("X Y Z"), *people("A B"))
    interests = [holds(owner, organization, share) for owner, organization, share in rows]
    turned = tuple(reversed(interests))
    assert set(members(Holdings(parties, tuple(interests)))) == set(members(Holdings(parties[::-1], turned)))


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_more_of_the_same_owner_never_unmakes_a_group(x: int, y: int) -> None:
    parties = (*corporations("X Y"), *people("A"))

    def found(more: int) -> bool:
        both = [Interest("A", name, min(held + more, 10_000), 0) for name, held in (("X", x), ("Y", y))]
        return bool(members(Holdings(parties, tuple(both))))

    assert found(0) <= found(500)
    assert found(0) is (min(x, y) >= 8_000)


def test_groups_in_words() -> None:
    assert explain(groups(Holdings(corporations("X Y"), ()))).startswith(
        "No two organizations are under common control"
    )
    parties = (*corporations("X Y"), *people("A B"))
    interests = tuple(holds(owner, name, 50) for owner in "AB" for name in "XY")
    assert explain(groups(Holdings(parties, interests))) == (
        "X and Y are one employer: A and B own at least 100.00 % of each, and 100.00 % alike (IRC 1563(f)(5)(A); "
        "Reg. 1.414(c)-2(c))."
    )


def test_stock_of_one_member_under_an_option_of_another_is_left_out_once() -> None:
    """Reg. 1.414(c)-2(b)(1)(ii): P holds 50 of the 70 % of S that its other members do not: not 80 %."""
    parties = (*corporations("A B P S"), *people("U"))
    interests = (holds("P", "S", 50), holds("A", "S", 30), holds("U", "S", 20), holds("S", "A", 100))
    facts = Holdings(parties, (*interests, holds("S", "B", 100)), (Option("B", "A", "S", 3_000, 3_000),))
    assert members(facts) == [(PS, ("A", "B", "S"))]


@pytest.mark.parametrize("rule", list(AttributionRule))
def test_a_trust_of_a_qualified_plan_attributes_to_nobody(rule: AttributionRule) -> None:
    """IRC 318(a)(2)(B)(i), 1563(e)(3)(C): not to its beneficiaries; any other trust does."""
    for kind, owners in ((PartyKind.QUALIFIED_TRUST, {"T"}), (PartyKind.TRUST, {"A", "T"})):
        facts = Holdings(
            (*corporations("X"), Party("T", kind), *people("A")), (holds("A", "T", 100), holds("T", "X", 60))
        )
        found = deemed_ownership(holdings=facts, organization="X", rule=rule, on=ON, plan_year=YEAR)
        assert {each.owner for each in found} == owners


@pytest.mark.parametrize(
    ("owners", "group"),
    [((16, 16, 16, 16, 16), True), ((16, 16, 16, 16, 15.99), False), ((16, 16, 16, 16, 8, 8), False)],
)
def test_five_persons_at_most(owners: tuple[float, ...], group: bool) -> None:
    """IRC 1563(f)(5)(A): five or fewer."""
    names = list("ABCDEF")[: len(owners)]
    interests = tuple(holds(name, o, share) for o in "XY" for name, share in zip(names, owners, strict=True))
    assert bool(members(Holdings((*corporations("X Y"), *people(" ".join(names))), interests))) is group


def test_as_many_organizations_and_common_owners_as_are_looked_at() -> None:
    fourteen = corporations(" ".join(f"C{n}" for n in range(14)))
    assert members(Holdings(fourteen, ())) == []
    for count in (16, 17):
        names = [f"P{n}" for n in range(count)]
        interests = tuple(holds(name, o, 100 / 20) for o in "XY" for name in names)
        facts = Holdings((*corporations("X Y"), *people(" ".join(names))), interests)
        if count == 16:
            assert members(facts) == []
        else:
            with pytest.raises(ImpossibleInput, match="17 common owners are more than 16"):
                groups(facts)


def test_the_largest_group_is_told_and_who_has_none_of_one_joins_none() -> None:
    parties = (*corporations("V W X Y"), *people("A B"))
    all_of_three = tuple(holds("A", name, 100) for name in "VXY")
    found = groups(Holdings(parties, (*all_of_three, holds("B", "W", 100))))
    assert [(group.kind, group.members, group.persons) for group in found.groups] == [(BS, ("V", "X", "Y"), ("A",))]
    assert (found.employer_of("V"), found.employer_of("W")) == (("V", "X", "Y"), ("W",))


def test_a_group_of_brothers_is_not_told_again_where_it_is_a_chain() -> None:
    """A owns all of P, and P of S: A is deemed to own S too; they are parent and subsidiary."""
    parties = (*corporations("P S"), *people("A"))
    assert members(Holdings(parties, (holds("A", "P", 100), holds("P", "S", 100)))) == [(PS, ("P", "S"))]


def test_a_trust_counts_as_an_organization_once_somebody_holds_it() -> None:
    """Reg. 1.414(c)-2(a): a trust or estate may be an organization, too."""
    trust, corporation = Party("T", PartyKind.TRUST), corporations("X")
    assert members(Holdings((trust, *corporation), (holds("T", "X", 80),))) == []
    held = (holds("A", "T", 100), holds("T", "X", 80))
    assert (PS, ("T", "X")) in members(Holdings((trust, *corporation, *people("A")), held))


@pytest.mark.parametrize(("parent", "excluded", "group"), [(50, 40, True), (50, 37.49, False), (49.99, 50, False)])
def test_stock_is_left_out_where_the_parent_owns_half(parent: float, excluded: float, group: bool) -> None:
    """IRC 1563(c)(2)(A): 50 of the 60 or 62.51 left: 83.3 or 79.99 %; of less than half nothing is left out."""
    parties = (*corporations("P S"), *people("Officer Other"))
    out = holds("Officer", "S", excluded, Exclusion.OWNER_OR_OFFICER_OF_PARENT)
    assert bool(members(Holdings(parties, (holds("P", "S", parent), out)))) is group


@pytest.mark.parametrize(
    ("each", "exclusion", "group"),
    [
        (10, Exclusion.RESTRICTED_EMPLOYEE_STOCK, True),
        (9.99, Exclusion.RESTRICTED_EMPLOYEE_STOCK, False),
        (10, Exclusion.OWNER_OR_OFFICER_OF_PARENT, False),
    ],
)
def test_stock_is_left_out_where_five_persons_own_half(each: float, exclusion: Exclusion, group: bool) -> None:
    """IRC 1563(c)(2)(B): five with 10 % of two corporations, of which employees hold the other half."""
    interests = [holds(name, o, each) for o in "XY" for name in "ABCDE"]
    interests += [holds(f"{o}{number}", o, 5, exclusion) for o in "XY" for number in range(10)]
    everybody = dict.fromkeys(interest.owner for interest in interests)
    assert bool(members(Holdings((*corporations("X Y"), *people(" ".join(everybody))), tuple(interests)))) is group


def test_a_child_who_is_21_owns_nothing_of_its_parents() -> None:
    """IRC 1563(e)(6)(A): "who has not attained the age of 21 years"."""
    for born, owners in ((date(2005, 12, 31), {"F"}), (date(2006, 1, 1), {"F", "C"})):
        facts = Holdings(
            (*corporations("X"), *people("F"), Party("C", PartyKind.INDIVIDUAL, born)),
            (holds("F", "X", 40),),
            family=(Kinship("F", "C", Relation.CHILD),),
        )
        assert {each.owner for each in owned(facts, "X")} == owners


def test_the_reform_of_family_attribution_begins_with_2024() -> None:
    holdings = couple(apart("H", "Y"), apart("W", "X"))
    family = (*holdings.family, Kinship("H", "C", Relation.CHILD), Kinship("W", "C", Relation.CHILD))
    facts = Holdings((*holdings.parties, *people("C", CHILD)), holdings.interests, (), family, holdings.spouses_apart)
    for first, joined in ((date(2023, 12, 31), True), (date(2024, 1, 1), False)):
        assert bool(members(facts, PlanYear.starting(first))) is joined


def test_a_spouse_with_the_smallest_interest_of_record_is_not_excepted() -> None:
    """IRC 1563(e)(5)(A): "does not ... own directly any stock in such corporation"."""
    facts = couple(apart("H", "Y"), apart("W", "X"))
    little = (holds("H", "X", 100), holds("W", "Y", 99.99), holds("H", "Y", 0.01))
    assert members(Holdings(facts.parties, little, (), facts.family, facts.spouses_apart)) == [(BS, ("X", "Y"))]


@pytest.mark.parametrize("amount", [300, 301])
def test_an_option_is_on_no_more_than_its_owner_holds(amount: int) -> None:
    for option in (Option("Z", "X", "Y", amount, 300), Option("Z", "X", "Y", 300, amount)):
        facts = Holdings(corporations("X Y Z"), (holds("X", "Y", 3), holds("Z", "Y", 90)), (option,))
        if amount > 300:
            with pytest.raises(ImpossibleInput, match="does not hold as much"):
                groups(facts)
        else:
            assert members(facts) == [(PS, ("Y", "Z"))]


@pytest.mark.parametrize("rule", list(AttributionRule))
def test_stock_under_an_option_counts_once_however_many_ways_lead_to_it(rule: AttributionRule) -> None:
    """IRC 318(a)(4), 1563(e)(1): Z may buy what Y holds of X, and owns Y: 25 % of its own and the 25 % of Y."""
    facts = Holdings(
        corporations("X Y Z"),
        (holds("Z", "X", 25), holds("Y", "X", 25), holds("Z", "Y", 100)),
        (Option("Z", "Y", "X", 2_500, 2_500),),
    )
    found = deemed_ownership(holdings=facts, organization="X", rule=rule, on=ON, plan_year=YEAR)
    assert {each.owner: each.value for each in found}["Z"] == Fraction(1, 2)


@pytest.mark.parametrize("rule", list(AttributionRule))
def test_a_spouses_company_under_an_option_of_ones_own_counts_once(rule: AttributionRule) -> None:
    """H may buy half of what Y holds of X; W owns Y: between them 40 %, of which the option is 20."""
    facts = Holdings(
        (*corporations("X Y"), *people("H W")),
        (holds("Y", "X", 40), holds("W", "Y", 100)),
        (Option("H", "Y", "X", 2_000, 2_000),),
        (Kinship("H", "W", Relation.SPOUSE),),
    )
    found = deemed_ownership(holdings=facts, organization="X", rule=rule, on=ON, plan_year=YEAR)
    assert {each.owner: each.value for each in found if each.owner in "HW"} == {
        "H": Fraction(40, 100),
        "W": Fraction(40, 100),
    }
