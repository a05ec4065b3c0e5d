"""A slow second implementation of attribution (IRC 318, 1563(e)) and of common control (1563(a)): every chain of
holdings from a person down to a company, written from the statute. For companies that do not own each other in a ring.
"""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import combinations, permutations, product

from open401k.law.holdings import AttributionRule, Holdings, PartyKind
from open401k.law.ownership import Relation

Share = tuple[Fraction, Fraction]
#: From the record owner's stock down: organization and the number of the option it is under, if any.
Chain = tuple[tuple[str, str, int | None], ...]

TURNED = {Relation.SPOUSE: Relation.SPOUSE, Relation.CHILD: Relation.PARENT, Relation.PARENT: Relation.CHILD}
NEAR = {Relation.SPOUSE, Relation.CHILD, Relation.PARENT, Relation.GRANDCHILD}


class Family:
    """Who is what to whom, from the children stated."""

    def __init__(self, facts: Holdings) -> None:
        pairs = {(each.person, each.other, each.relation) for each in facts.family}
        pairs |= {(other, person, TURNED[relation]) for person, other, relation in pairs}
        births = {(person, other) for person, other, relation in pairs if relation is Relation.CHILD}
        for (old, middle), (parent, young) in product(births, births):
            if middle == parent:
                pairs |= {(old, young, Relation.GRANDCHILD), (young, old, Relation.GRANDPARENT)}
        self.pairs = pairs

    def of(self, person: str, *relations: Relation) -> set[str]:
        return {other for one, other, relation in self.pairs if one == person and relation in relations}


class Deemed:
    """What each party is deemed to own."""

    def __init__(
        self, facts: Holdings, rule: AttributionRule, on: date, not_through: frozenset[PartyKind] = frozenset()
    ) -> None:
        self.facts, self.rule, self.family, self.not_through = facts, rule, Family(facts), not_through
        self.known: dict[tuple[str, str], dict[Chain, Share]] = {}
        self.kinds = {each.name: each.kind for each in facts.parties}
        self.minors = {
            each.name for each in facts.parties if each.born and (each.born.year + 21, each.born.month, each.born.day)
            > (on.year, on.month, on.day)
        }  # fmt: skip

    def stock(self, organization: str) -> Iterator[tuple[str, set[str], int | None, Share]]:
        """Record owner, who is deemed to hold it, the option, the shares."""
        for held in self.facts.interests:
            if held.organization != organization:
                continue
            vote, value = held.vote_bps, held.value_bps
            for number, option in enumerate(self.facts.options):
                if (option.owner, option.organization) == (held.owner, organization):
                    vote, value = vote - option.vote_bps, value - option.value_bps
                    both = Fraction(option.vote_bps, 10_000), Fraction(option.value_bps, 10_000)
                    yield held.owner, {option.owner, option.holder}, number, both
            yield held.owner, {held.owner}, None, (Fraction(vote, 10_000), Fraction(value, 10_000))

    def chains(self, owner: str, organization: str) -> dict[Chain, Share]:
        """Without family: of record, by option, and through entities of which enough is owned."""
        if (owner, organization) not in self.known:
            self.known[owner, organization] = self._chains(owner, organization)
        return self.known[owner, organization]

    def _chains(self, owner: str, organization: str) -> dict[Chain, Share]:
        found: dict[Chain, Share] = {}
        for record, holders, option, (vote, value) in self.stock(organization):
            if owner in holders:
                found[(record, organization, option),] = vote, value
            for holder in holders - {owner}:
                if self.attributes(owner, holder):
                    above = self.chains(owner, holder)
                    of_votes, of_value = (sum(share[at] for share in above.values()) for at in (0, 1))
                    at = 1 if self.kinds[holder] is PartyKind.CORPORATION or of_value >= of_votes else 0
                    for chain, share in above.items():
                        found[(*chain, (organization, organization, option))] = vote * share[at], value * share[at]
        return {chain: share for chain, share in found.items() if any(share)}

    def attributes(self, owner: str, holder: str) -> bool:
        """IRC 318(a)(2), 416(i)(1)(B)(iii)(I), 1563(e)(2)-(4)."""
        kind, least = self.kinds[holder], Fraction(0)
        if kind in (PartyKind.INDIVIDUAL, PartyKind.QUALIFIED_TRUST) or kind in self.not_through:
            return False
        if self.rule is AttributionRule.SECTION_1563:
            least = Fraction(0 if kind is PartyKind.PROPRIETORSHIP else 5, 100)
        elif kind is PartyKind.CORPORATION:
            least = Fraction(5 if self.rule is AttributionRule.SECTION_416 else 50, 100)
        vote, value = self.total(self.full(owner, holder))
        held = value if kind is PartyKind.CORPORATION else max(vote, value)
        return held > 0 and held >= least

    def full(self, owner: str, organization: str) -> dict[Chain, Share]:
        """With family: each chain counted once, whoever of the family owns it."""
        own = self.chains(owner, organization)
        if self.kinds[owner] is not PartyKind.INDIVIDUAL:
            return own
        if self.rule is not AttributionRule.SECTION_1563:
            return self.joined(own, organization, self.family.of(owner, *NEAR))
        near = set() if self.excepted(owner, organization) else self.family.of(owner, Relation.SPOUSE)
        near |= self.family.of(owner, Relation.CHILD) & self.minors
        if owner in self.minors:
            near |= self.family.of(owner, Relation.PARENT)
        mine = self.joined(own, organization, near)
        if max(self.total(mine)) > Fraction(1, 2):
            far = {Relation.PARENT, Relation.GRANDPARENT, Relation.GRANDCHILD, Relation.CHILD}
            return self.joined(mine, organization, self.family.of(owner, *far))
        return mine

    def joined(self, own: dict[Chain, Share], organization: str, relatives: set[str]) -> dict[Chain, Share]:
        out = dict(own)
        for each in relatives:
            for chain, (vote, value) in self.chains(each, organization).items():
                known = out.get(chain, (Fraction(0), Fraction(0)))
                out[chain] = max(known[0], vote), max(known[1], value)
        return out

    def excepted(self, person: str, organization: str) -> bool:
        """IRC 1563(e)(5)(A)-(D)."""
        if any(person in holders and any(share) for _, holders, _, share in self.stock(organization)):
            return False
        return any(
            not (each.director_employee_or_manager or each.passive_income_over_half)
            and not each.disposal_restricted_for_family
            for each in self.facts.spouses_apart
            if (each.person, each.organization) == (person, organization)
        )

    @staticmethod
    def total(chains: dict[Chain, Share]) -> Share:
        return sum((share[0] for share in chains.values()), Fraction(0)), sum(
            (share[1] for share in chains.values()), Fraction(0)
        )


def brothers_and_sisters(facts: Holdings, on: date, names: list[str]) -> set[tuple[str, ...]]:
    """The largest sets that five or fewer persons control together and alike (IRC 1563(f)(5)(A))."""
    deemed = Deemed(facts, AttributionRule.SECTION_1563, on)
    persons = [
        each.name for each in facts.parties
        if each.kind in (PartyKind.INDIVIDUAL, PartyKind.TRUST, PartyKind.ESTATE, PartyKind.QUALIFIED_TRUST)
    ]  # fmt: skip
    lots = {name: {person: deemed.full(person, name) for person in persons if person != name} for name in names}
    found = [
        set(members)
        for count in range(2, len(names) + 1)
        for members in combinations(names, count)
        if _controlled(lots, persons, members)
    ]
    return {tuple(sorted(one)) for one in found if not any(one < other for other in found)}


def parents_and_subsidiaries(facts: Holdings, on: date, names: list[str], *, for_415: bool) -> set[tuple[str, ...]]:
    """The largest sets of which one is the common parent (IRC 1563(a)(1), (d)(1)); attribution but from corporations.

    Of each but the parent the others hold 80 %, for section 415 more than half; and of one of them the parent does, of
    what the others do not hold.
    """

    def enough(share: Fraction) -> bool:
        return share > Fraction(1, 2) if for_415 else share >= Fraction(4, 5)

    deemed = Deemed(facts, AttributionRule.SECTION_1563, on, frozenset({PartyKind.CORPORATION}))
    found = []
    for count in range(2, len(names) + 1):
        for members in combinations(names, count):
            others = {name: [each for each in members if each != name] for name in members}
            for parent in members:
                held = all(enough(_held(deemed, others[name], name)) for name in others[parent])
                if held and any(enough(_of_parent(deemed, parent, name, others[name])) for name in others[parent]):
                    found.append(set(members))
    return {tuple(sorted(one)) for one in found if not any(one < other for other in found)}


def _held(deemed: Deemed, owners: list[str], name: str) -> Fraction:
    """The greater of vote and value; a chain through another of them is that one's own, and counts once."""
    shares = {
        chain: share
        for owner in owners
        for chain, share in deemed.chains(owner, name).items()
        if not {organization for _, organization, _ in chain[:-1]} & set(owners)
    }
    return max(sum((share[at] for share in shares.values()), Fraction(0)) for at in (0, 1))


def _of_parent(deemed: Deemed, parent: str, name: str, others: list[str]) -> Fraction:
    found = Fraction(0)
    for at in (0, 1):
        mine = sum((share[at] for share in deemed.chains(parent, name).values()), Fraction(0))
        rest = 1 - sum(share[at] for _, holders, _, share in deemed.stock(name) if holders & (set(others) - {parent}))
        found = max(found, mine / rest) if rest > 0 else found
    return found


def _controlled(lots: dict[str, dict[str, dict[Chain, Share]]], persons: list[str], members: tuple[str, ...]) -> bool:
    common = [person for person in persons if all(lots[name].get(person) for name in members)]
    measures_of = [(0, 1) if any(vote != value for vote, value in _shares(lots[name])) else (0,) for name in members]
    for count in range(1, 6):
        for order in permutations(common, count):
            for measures in product(*measures_of):
                rows = [_counted_once(lots[name], order, at) for name, at in zip(members, measures, strict=True)]
                alike = sum(min(column) for column in zip(*rows, strict=True))
                if all(min(row) > 0 and sum(row) >= Fraction(4, 5) for row in rows) and alike > Fraction(1, 2):
                    return True
    return False


def _shares(lots: dict[str, dict[Chain, Share]]) -> Iterator[Share]:
    return (share for chains in lots.values() for share in chains.values())


def _counted_once(lots: dict[str, dict[Chain, Share]], order: tuple[str, ...], at: int) -> list[Fraction]:
    """A chain that several are deemed to own is the first one's."""
    taken: set[Chain] = set()
    row = []
    for person in order:
        mine = {chain: share for chain, share in lots[person].items() if chain not in taken}
        row.append(sum((share[at] for share in mine.values()), Fraction(0)))
        taken |= set(mine)
    return row
