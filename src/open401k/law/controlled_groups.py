"""Which companies are one employer by common control: parent and subsidiary, brother and sister, combined.

IRC 414(b), (c), 1563(a); Reg. 1.414(c)-2, -3. Not here: attribution (holdings.py), affiliated service groups, insurance
companies and franchises (1563(a)(4), (f)(4)), tax-exempt organizations (Reg. 1.414(c)-5), days of the taxable year.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import combinations, permutations, product

from ..kernel import PlanYear
from . import figures
from .given import ImpossibleInput, check_facts
from .holdings import AttributionRule, Exclusion, Holdings, Lots, PartyKind, Walk, total
from .ownership import Relation

#: As many persons at most are looked at together (IRC 1563(f)(5)(A); Reg. 1.414(c)-2(c)(1)).
FIVE = 5
#: More organizations, or owners of each of them, would take too many combinations.
MOST_ORGANIZATIONS, MOST_COMMON_OWNERS = 14, 16
_WHOLE = 10_000
_ORGANIZATIONS = (PartyKind.CORPORATION, PartyKind.PARTNERSHIP, PartyKind.PROPRIETORSHIP)
_PERSONS = (PartyKind.INDIVIDUAL, PartyKind.ESTATE, PartyKind.TRUST, PartyKind.QUALIFIED_TRUST)
#: What attributes to a parent: options, partnerships, estates and trusts (Reg. 1.414(c)-2(b)(1); IRC 1563(d)(1)(B)).
_TO_PARENT = frozenset(PartyKind) - {PartyKind.CORPORATION, PartyKind.INDIVIDUAL}
_OF_SIBLINGS = frozenset(Exclusion) - {Exclusion.OWNER_OR_OFFICER_OF_PARENT}


class GroupKind(StrEnum):
    """How a group hangs together."""

    PARENT_SUBSIDIARY = "parent_subsidiary"
    BROTHER_SISTER = "brother_sister"
    COMBINED = "combined"


@dataclass(frozen=True, slots=True)
class ControlledGroup:
    """Organizations that are one employer: with their common parent, or the persons who control all of them.

    ``together``: the least that those persons own of any member; ``identical``: what they own of each alike.
    """

    kind: GroupKind
    members: tuple[str, ...]
    common_parent: str | None = None
    persons: tuple[str, ...] = ()
    together: Fraction | None = None
    identical: Fraction | None = None


@dataclass(frozen=True, slots=True)
class CommonControl:
    """All groups of a family of companies; an organization may be in several, the law orders none before another."""

    plan_year: PlanYear
    groups: tuple[ControlledGroup, ...]

    def employer_of(self, organization: str) -> tuple[str, ...]:
        """The organization with all members of its groups: their employees count as its own."""
        members = {m for group in self.groups if organization in group.members for m in group.members}
        return tuple(sorted(members | {organization}))


def common_control(
    *, holdings: Holdings, on: date, plan_year: PlanYear, for_section_415: bool = False
) -> CommonControl:
    """The groups of trades or businesses under common control (IRC 414(b), (c); Reg. 1.414(c)-2).

    ``for_section_415``: a parent controls with more than 50 % instead of at least 80 % (IRC 415(h)). Stock treated as
    not outstanding makes groups and never unmakes one (1563(f)(3)(C); Reg. 1.414(c)-3(f)): both ways are looked at.
    """
    check_facts(locals())
    test = _Test(holdings, on, plan_year, for_section_415)
    parents = _largest([*test.parent_subsidiary(leave_out=False), *test.parent_subsidiary(leave_out=True)])
    siblings = _largest([*test.brother_sister(leave_out=False), *test.brother_sister(leave_out=True)])
    apart = [each for each in siblings if not any(set(each.members) <= set(group.members) for group in parents)]
    return CommonControl(plan_year, (*parents, *apart, *_combined(parents, apart)))


@dataclass(frozen=True)
class _Test:
    holdings: Holdings
    on: date
    plan_year: PlanYear
    for_section_415: bool

    def organizations(self) -> list[str]:
        """Trades and businesses; a trust or estate is one if somebody states who holds it."""
        held = {each.organization for each in self.holdings.interests}
        trusts = (PartyKind.TRUST, PartyKind.ESTATE)
        found = [
            p.name for p in self.holdings.parties if p.kind in _ORGANIZATIONS or (p.kind in trusts and p.name in held)
        ]
        if len(found) > MOST_ORGANIZATIONS:
            raise ImpossibleInput("holdings", f"{len(found)} organizations are more than {MOST_ORGANIZATIONS}.")
        return found

    def parent_subsidiary(self, *, leave_out: bool) -> Iterator[ControlledGroup]:
        """IRC 1563(a)(1): each but the parent is controlled by others, and the parent controls at least one."""
        organizations = self.organizations()
        for parent in organizations:
            out = self._excluded(parent) if leave_out else {}
            walk = self._walk(left_out=out, through=_TO_PARENT)
            members = self._below(parent) & set(organizations)
            while members != (kept := self._controlled(walk, parent, members)):
                members = kept
            if any(self._controls(_of_parent(walk, parent, each, members)) for each in members - {parent}):
                yield ControlledGroup(GroupKind.PARENT_SUBSIDIARY, tuple(sorted(members)), common_parent=parent)

    def brother_sister(self, *, leave_out: bool) -> Iterator[ControlledGroup]:
        """IRC 1563(f)(5)(A); Reg. 1.414(c)-2(c): the same five or fewer for both tests, each with a share of each."""
        organizations = self.organizations()
        out = {name: _OF_SIBLINGS for name in organizations if self._owned_by_five(name)} if leave_out else {}
        for dropped in self._children_apart():
            walk = self._walk(left_out=out, dropped=dropped)
            tables = {name: self._table(walk, name) for name in organizations}
            # Whoever controls several controls any two of them, so groups grow from pairs.
            level = [frozenset(pair) for pair in combinations(organizations, 2)]
            while level:
                passed = {members: group for members in level if (group := self._siblings(members, tables))}
                yield from passed.values()
                pairs = combinations(passed, 2)
                level = sorted({a | b for a, b in pairs if len(a | b) == len(a) + 1}, key=sorted)

    def _siblings(self, members: frozenset[str], tables: "Mapping[str, _Table]") -> ControlledGroup | None:
        names = sorted(members)
        common = [person for person in tables[names[0]].lots if all(person in tables[name].lots for name in names)]
        if len(common) > MOST_COMMON_OWNERS:
            raise ImpossibleInput("holdings", f"{len(common)} common owners are more than {MOST_COMMON_OWNERS}.")
        for count in range(1, min(FIVE, len(common)) + 1):
            for persons in combinations(common, count):
                found = self._in_control(persons, [tables[name] for name in names])
                if found:
                    return ControlledGroup(GroupKind.BROTHER_SISTER, tuple(names), None, persons, *found)
        return None

    def _in_control(self, persons: tuple[str, ...], tables: "Sequence[_Table]") -> tuple[Fraction, Fraction] | None:
        """What they own of each together and alike, if that is enough. A lot of several counts for one of them."""
        least = Fraction(figures.bps("controlling_interest", self.plan_year), _WHOLE)
        half = Fraction(figures.bps("effective_control", self.plan_year), _WHOLE)
        if any(table.most(persons) < least for table in tables):
            return None
        overlap = any(table.overlap(persons) for table in tables)
        for order in permutations(persons) if overlap else (persons,):
            for measures in product(*(table.measures for table in tables)):
                own = [table.shares(order, measure) for table, measure in zip(tables, measures, strict=True)]
                together = min(sum(shares, Fraction(0)) for shares in own)
                identical = sum((min(each) for each in zip(*own, strict=True)), Fraction(0))
                if together >= least and identical > half and all(min(shares) > 0 for shares in own):
                    return together, identical
        return None

    def _controls(self, share: Fraction) -> bool:
        if self.for_section_415:
            return share > Fraction(figures.bps("effective_control", self.plan_year), _WHOLE)
        return share >= Fraction(figures.bps("controlling_interest", self.plan_year), _WHOLE)

    def _controlled(self, walk: Walk, parent: str, members: frozenset[str]) -> frozenset[str]:
        return frozenset(e for e in members if e == parent or self._controls(max(_held(walk, members - {e}, e))))

    def _below(self, parent: str) -> frozenset[str]:
        """The parent and all that it holds, down the chain."""
        reached, links = {parent}, [(each.owner, each.organization) for each in self.holdings.interests]
        links += [(option.holder, option.organization) for option in self.holdings.options]
        while more := {below for above, below in links if above in reached} - reached:
            reached |= more
        return frozenset(reached)

    def _excluded(self, parent: str) -> dict[str, frozenset[Exclusion]]:
        """Where the parent owns half, all kinds of excluded stock (IRC 1563(c)(2)(A); Reg. 1.414(c)-3(b))."""
        walk, half = self._walk(), Fraction(figures.bps("excluded_stock_owner", self.plan_year), _WHOLE)
        return {
            name: frozenset(Exclusion)
            for name in self.organizations()
            if name != parent and max(total(walk.base(parent, name))) >= half
        }

    def _owned_by_five(self, organization: str) -> bool:
        """IRC 1563(c)(2)(B): five or fewer persons own half."""
        table = self._table(self._walk(), organization)
        largest = tuple(sorted(table.lots, key=lambda name: -max(total(table.lots[name])))[:FIVE])
        half = Fraction(figures.bps("excluded_stock_owner", self.plan_year), _WHOLE)
        return any(sum(table.shares(largest, measure), Fraction(0)) >= half for measure in (0, 1))

    def _children_apart(self) -> list[frozenset[tuple[str, str]]]:
        """From 2024 the stock of each parent of a minor child by turns (IRC 414(b)(2)(C))."""
        walk = self._walk()
        choices: list[list[tuple[str, str]]] = []
        for party in self.holdings.parties if walk.reformed else ():
            parents = walk.relatives(party.name, Relation.PARENT)
            if len(parents) > 1 and walk.minor(party.name):
                choices.append([(party.name, parent) for parent in parents])
        return [frozenset(choice) for choice in product(*choices)]

    def _walk(
        self,
        *,
        left_out: Mapping[str, frozenset[Exclusion]] | None = None,
        dropped: frozenset[tuple[str, str]] = frozenset(),
        through: frozenset[PartyKind] = frozenset(PartyKind),
    ) -> Walk:
        return Walk(
            self.holdings,
            AttributionRule.SECTION_1563,
            on=self.on,
            plan_year=self.plan_year,
            dropped=dropped,
            left_out=left_out,
            through=through - {PartyKind.INDIVIDUAL},
        )

    def _table(self, walk: Walk, organization: str) -> "_Table":
        persons = (p.name for p in self.holdings.parties if p.kind in _PERSONS and p.name != organization)
        found = {name: walk.full(name, organization) for name in persons}
        return _Table({name: lots for name, lots in found.items() if lots})


@dataclass(frozen=True)
class _Table:
    """The lots of one organization by person."""

    lots: Mapping[str, Lots]

    @property
    def measures(self) -> tuple[int, ...]:
        """Vote, and value where it differs."""
        same = all(vote == value for lots in self.lots.values() for vote, value in lots.values())
        return (0,) if same else (0, 1)

    def most(self, persons: Sequence[str]) -> Fraction:
        return sum((max(total(self.lots[person])) for person in persons), Fraction(0))

    def overlap(self, persons: Sequence[str]) -> bool:
        return len({lot for p in persons for lot in self.lots[p]}) < sum(len(self.lots[p]) for p in persons)

    def shares(self, order: Sequence[str], measure: int) -> list[Fraction]:
        """Each one's share; what several are deemed to own is the first one's (IRC 1563(f)(3)(B))."""
        taken: set[tuple[str, ...]] = set()
        found = []
        for person in order:
            mine = {lot: share for lot, share in self.lots[person].items() if lot not in taken}
            found.append(sum((share[measure] for share in mine.values()), Fraction(0)))
            taken |= set(mine)
        return found


def _held(walk: Walk, owners: Iterable[str], organization: str) -> tuple[Fraction, Fraction]:
    """What organizations hold together; what reaches one through another of them is counted once."""
    among = frozenset(owners)
    lots = {
        lot: share
        for owner in among
        for lot, share in walk.base(owner, organization).items()
        if not among & {name.partition("#")[0] for name in lot[1:-1]}
    }
    return total(lots)


def _of_parent(walk: Walk, parent: str, organization: str, members: frozenset[str]) -> Fraction:
    """The parent's share, what other members hold directly not counted at all (Reg. 1.414(c)-2(b)(1)(ii))."""
    own = _held(walk, {parent}, organization)
    # By lot: stock of one member under an option of another is left out once.
    others: dict[tuple[str, ...], tuple[Fraction, Fraction]] = {}
    for each in members - {parent, organization}:
        others |= walk.direct(each, organization)
    shares = []
    for measure in (0, 1):
        rest = 1 - total(others)[measure]
        shares.append(Fraction(own[measure], rest) if rest > 0 else Fraction(0))
    return max(shares)


def _largest(groups: Sequence[ControlledGroup]) -> list[ControlledGroup]:
    """Each set of members once, and none that is part of another."""
    found = {group.members: group for group in reversed(groups)}
    return [g for m, g in sorted(found.items()) if not any(set(m) < set(other) for other in found)]


def _combined(parents: Sequence[ControlledGroup], siblings: Sequence[ControlledGroup]) -> Iterator[ControlledGroup]:
    """A common parent that is a brother or sister brings its subsidiaries along (IRC 1563(a)(3))."""
    for group in siblings:
        below = [each for each in parents if each.common_parent in group.members]
        members = set(group.members).union(*(each.members for each in below))
        if below and len(members) > len(group.members):
            yield ControlledGroup(GroupKind.COMBINED, tuple(sorted(members)), persons=group.persons)
