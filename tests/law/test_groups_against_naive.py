"""Attribution and common control against a second, naive implementation, on random families of companies."""

import random
from datetime import date

import pytest

from open401k.kernel import PlanYear
from open401k.law.controlled_groups import GroupKind, common_control
from open401k.law.holdings import (
    AttributionRule,
    Holdings,
    Interest,
    Kinship,
    Option,
    Party,
    PartyKind,
    SpouseApart,
    Walk,
    total,
)
from open401k.law.ownership import Relation
from tests.law import naive_groups

ON, BEFORE = date(2023, 12, 31), PlanYear.starting(date(2023, 1, 1))
CHILD, COMPANY = Relation.CHILD, [PartyKind.CORPORATION, PartyKind.CORPORATION, PartyKind.PARTNERSHIP]
ENTITIES = [*COMPANY, PartyKind.TRUST, PartyKind.QUALIFIED_TRUST, PartyKind.PROPRIETORSHIP]
#: The day of the 21st birthday, and the day before.
BORN = [date(1970, 5, 5), date(2002, 12, 31), date(2003, 1, 1)]
PEOPLE = "H W C G U"
FAMILY = (
    Kinship("H", "W", Relation.SPOUSE),
    Kinship("H", "C", CHILD),
    Kinship("W", "C", CHILD),
    Kinship("C", "G", CHILD),
)
#: Cuts of a whole at the thresholds of 5, 50 and 80 percent, and next to them.
CUTS = [
    (10_000,),
    (8_000, 2_000),
    (7_999, 2_001),
    (5_000, 5_000),
    (4_999, 5_001),
    (500, 9_500),
    (499, 9_501),
    (2_500, 2_500, 3_000, 2_000),
    (4_000, 1_001, 3_000),
    (500, 499, 4_000, 1_000),
]


def families(
    count: int, *, seed: int, kinds: list[PartyKind], companies: int = 4, among: str = PEOPLE
) -> list[Holdings]:
    """Companies of which each is held by people and by companies after it."""
    rng = random.Random(seed)  # noqa: S311
    return [_family(rng, kinds, companies=companies, among=among.split()) for _ in range(count)]


def _family(rng: random.Random, kinds: list[PartyKind], *, companies: int, among: list[str]) -> Holdings:
    names = [f"Co{number}" for number in range(companies)]
    people = tuple(Party(name, PartyKind.INDIVIDUAL, rng.choice(BORN)) for name in PEOPLE.split())
    parties = (*people, Party("X", PartyKind.INDIVIDUAL, BORN[0]), *(Party(name, rng.choice(kinds)) for name in names))
    interests, rights = [], []
    for place, name in enumerate(names):
        owners = among + names[place + 1 :] * 2
        for owner, vote in zip(dict.fromkeys(rng.choices(owners, k=6)), rng.choice(CUTS), strict=False):
            value = rng.choice([vote, vote, vote, vote // 2])
            interests.append(Interest(owner, name, vote, value))
            # Options on what people hold: of people, or of companies where one person only stands above them.
            holders = [each for each in (among if len(among) > 1 else [*names[place + 1 :], "X"]) if each != owner]
            if owner in among and rng.random() < 0.3:
                part = rng.choice([1, 2])
                rights.append(Option(rng.choice(holders), owner, name, vote // part, value // part))
    family = FAMILY[: rng.randint(0, 4)]
    facts = [rng.random() < 0.2 for _ in range(3)]
    apart = tuple(
        SpouseApart(person, name, *facts) for person in "HW" for name in names if family and rng.random() < 0.4
    )
    return Holdings(parties, tuple(interests), tuple(rights), family, apart)


@pytest.mark.parametrize("rule", list(AttributionRule))
def test_what_people_are_deemed_to_own(rule: AttributionRule) -> None:
    seen = 0
    for facts in families(100, seed=1, kinds=ENTITIES):
        deemed = naive_groups.Deemed(facts, rule, ON)
        for organization in ("Co0", "Co1"):
            walk = Walk(facts, rule, on=ON, plan_year=BEFORE)
            for person in PEOPLE.split():
                found = total(walk.full(person, organization))
                assert found == deemed.total(deemed.full(person, organization)), (facts, person, organization)
                seen += any(found)
    assert seen > 400


def test_brothers_and_sisters() -> None:
    seen = 0
    for facts in families(60, seed=2, kinds=COMPANY, companies=3):
        names = [each.name for each in facts.parties if each.kind is not PartyKind.INDIVIDUAL]
        found = common_control(holdings=facts, on=ON, plan_year=BEFORE).groups
        chains = [set(each.members) for each in found if each.kind is GroupKind.PARENT_SUBSIDIARY]
        theirs = naive_groups.brothers_and_sisters(facts, ON, names)
        ours = {each.members for each in found if each.kind is GroupKind.BROTHER_SISTER}
        assert ours == {each for each in theirs if not any(set(each) <= chain for chain in chains)}, facts
        seen += len(ours)
    assert seen > 10


@pytest.mark.parametrize("for_415", [False, True])
def test_parents_and_subsidiaries(for_415: bool) -> None:
    seen = 0
    for facts in families(90, seed=3, kinds=COMPANY, among="U"):
        names = [each.name for each in facts.parties if each.kind is not PartyKind.INDIVIDUAL]
        found = common_control(holdings=facts, on=ON, plan_year=BEFORE, for_section_415=for_415).groups
        ours = {each.members for each in found if each.kind is GroupKind.PARENT_SUBSIDIARY}
        assert ours == naive_groups.parents_and_subsidiaries(facts, ON, names, for_415=for_415), facts
        seen += len(ours)
    assert seen > 20
