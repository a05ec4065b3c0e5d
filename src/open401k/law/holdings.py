"""What a person is deemed to own through companies, trusts, options and family (IRC 318(a), 1563(e)), lot by lot.

Lots keep apart what several people are deemed to own at once, so that nothing is added up twice. Not here: the tests
of common control (controlled_groups.py), who is highly compensated or key, and the plain family rule (ownership.py).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import TypeAlias

from ..kernel import PlanYear, age_on
from . import figures
from .given import ImpossibleInput, check_fields
from .ownership import Relation

_WHOLE = 10_000
#: Below this age children own what their parents own, and parents what they do (IRC 1563(e)(6)(A)).
ADULT_AGE = 21
#: First plan years for which community property and minor children no longer join companies (SECURE 2.0 s. 315(b)).
FAMILY_REFORM = date(2024, 1, 1)
#: More parties than these are not one employer's family of companies; the tests try combinations.
MOST_PARTIES = 200

#: A path of names from the record owner to the organization; "#" marks the part under an option.
Lot: TypeAlias = tuple[str, ...]
#: Shares of an organization by lot: of vote (or profits), and of value (or capital).
Lots: TypeAlias = Mapping[Lot, tuple[Fraction, Fraction]]


class PartyKind(StrEnum):
    """What an owner or organization is."""

    INDIVIDUAL = "individual"
    CORPORATION = "corporation"
    PARTNERSHIP = "partnership"
    PROPRIETORSHIP = "proprietorship"
    TRUST = "trust"
    ESTATE = "estate"
    #: An employees' trust under IRC 401(a).
    QUALIFIED_TRUST = "qualified_trust"


class Exclusion(StrEnum):
    """Why stock may be treated as not outstanding (IRC 1563(c)(2); Reg. 1.414(c)-3)."""

    EMPLOYEE_PLAN_TRUST = "employee_plan_trust"
    #: Only for parent and subsidiary: principal owners, officers, partners or fiduciaries of the parent.
    OWNER_OR_OFFICER_OF_PARENT = "owner_or_officer_of_parent"
    RESTRICTED_EMPLOYEE_STOCK = "restricted_employee_stock"
    CONTROLLED_TAX_EXEMPT = "controlled_tax_exempt"


class AttributionRule(StrEnum):
    """Which rule of attribution decides."""

    #: 5-percent owners and key employees: 318 with 5 % for corporations (IRC 416(i)(1)(B)(iii)).
    SECTION_416 = "section_416"
    #: Affiliated service groups (IRC 414(m)(6)(B)).
    SECTION_318 = "section_318"
    #: Common control, brother and sister (IRC 1563(d)(2)).
    SECTION_1563 = "section_1563"


@dataclass(frozen=True, slots=True)
class Party:
    """An owner or an organization. The birth date is needed of parents and children under 1563."""

    name: str
    kind: PartyKind
    born: date | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class Interest:
    """What one party holds of another directly: of vote or profits, and of value or capital, in basis points.

    The interest in a trust or estate is the actuarial one, with the most discretion in favor of the beneficiary; the
    grantor of a grantor trust holds all of it. Community property is held by whom the title names (IRC 414(b)(2)(A));
    for plan years before 2024 the half of the other spouse is stated as that spouse's.
    """

    owner: str
    organization: str
    vote_bps: int
    value_bps: int
    exclusion: Exclusion | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """The right of ``holder`` to acquire a part of what ``owner`` holds directly."""

    holder: str
    owner: str
    organization: str
    vote_bps: int
    value_bps: int


@dataclass(frozen=True, slots=True)
class Kinship:
    """``other`` is the ``relation`` of ``person``. A spouse who is legally separated is not stated."""

    person: str
    other: str
    relation: Relation


@dataclass(frozen=True, slots=True)
class SpouseApart:
    """What ``person`` is not in the company that the spouse owns (IRC 1563(e)(5)(B)-(D)), each for its taxable year.

    Without these facts a spouse is deemed to own it.
    """

    person: str
    organization: str
    director_employee_or_manager: bool
    passive_income_over_half: bool
    disposal_restricted_for_family: bool


@dataclass(frozen=True, slots=True)
class Holdings:
    """All that is known of a family of companies, each fact stated once."""

    parties: tuple[Party, ...]
    interests: tuple[Interest, ...]
    options: tuple[Option, ...] = ()
    family: tuple[Kinship, ...] = ()
    spouses_apart: tuple[SpouseApart, ...] = ()


@dataclass(frozen=True, slots=True)
class DeemedOwnership:
    """One party's shares of an organization, and the lots that they consist of."""

    owner: str
    organization: str
    vote: Fraction
    value: Fraction
    lots: Lots

    @property
    def greater(self) -> Fraction:
        return max(self.vote, self.value)

    @property
    def five_percent_owner(self) -> bool:
        """More than 5 % of vote or value, profits or capital (IRC 416(i)(1)(B)(i))."""
        return self.greater > Fraction(5, 100)


def deemed_ownership(
    *, holdings: Holdings, organization: str, rule: AttributionRule, on: date, plan_year: PlanYear
) -> tuple[DeemedOwnership, ...]:
    """What each party is deemed to own of an organization on a day (IRC 318(a), 1563(e); Reg. 1.414(c)-4).

    Family passes nothing on that it is itself only deemed to own through family (318(a)(5)(B), 1563(f)(2)(B)), and an
    option counts as an option also where family would attribute the same (318(a)(5)(D), 1563(f)(3)(A)).
    """
    walk = Walk(holdings, rule, on=on, plan_year=plan_year)
    walk.kind(organization)
    found = []
    for party in holdings.parties:
        lots = walk.full(party.name, organization)
        if lots:
            vote, value = total(lots)
            found.append(DeemedOwnership(party.name, organization, vote, value, lots))
    return tuple(found)


def total(lots: Lots) -> tuple[Fraction, Fraction]:
    """Shares of vote and of value of all lots together."""
    return (
        sum((vote for vote, _ in lots.values()), Fraction(0)),
        sum((value for _, value in lots.values()), Fraction(0)),
    )


class Walk:
    """One rule of attribution over one set of facts.

    ``dropped``: (child, parent) whose stock does not reach the child; ``left_out``: exclusions by organization, whose
    stock is not outstanding; ``through``: kinds of entity that attribute to their owners.
    """

    def __init__(
        self,
        holdings: Holdings,
        rule: AttributionRule,
        *,
        on: date,
        plan_year: PlanYear,
        dropped: frozenset[tuple[str, str]] = frozenset(),
        left_out: Mapping[str, frozenset[Exclusion]] | None = None,
        through: frozenset[PartyKind] = frozenset(PartyKind),
    ) -> None:
        self.holdings, self.rule, self.on, self.plan_year, self.dropped = holdings, rule, on, plan_year, dropped
        self.left_out, self.through = left_out or {}, through
        self._kinds = {party.name: party for party in holdings.parties}
        self._family = _both_ways(holdings.family)
        self._check()

    @property
    def reformed(self) -> bool:
        """Whether the plan year begins after 2023 (SECURE 2.0 s. 315(b))."""
        return self.plan_year.start >= FAMILY_REFORM

    def kind(self, name: str) -> PartyKind:
        if name not in self._kinds:
            raise ImpossibleInput("organization", f"{name} is not among the parties.")
        return self._kinds[name].kind

    def direct(self, owner: str, organization: str) -> dict[Lot, tuple[Fraction, Fraction]]:
        """Held of record, cut into what is under options and the rest; and what the owner has options on."""
        lots: dict[Lot, tuple[int, int]] = {}
        for each in self.holdings.interests:
            if (each.owner, each.organization) == (owner, organization) and not self._out(each):
                _add(lots, (owner, organization), (each.vote_bps, each.value_bps))
        for place, option in enumerate(self.holdings.options):
            if option.organization != organization or owner not in (option.owner, option.holder):
                continue
            _add(lots, (option.owner, f"{organization}#{place}"), (option.vote_bps, option.value_bps))
            if option.owner == owner:
                _add(lots, (owner, organization), (-option.vote_bps, -option.value_bps))
        outstanding = self._outstanding(organization)
        return {
            lot: (Fraction(vote, max(outstanding[0], 1)), Fraction(value, max(outstanding[1], 1)))
            for lot, (vote, value) in lots.items()
            if vote > 0 or value > 0
        }

    def _out(self, interest: Interest) -> bool:
        return interest.exclusion in self.left_out.get(interest.organization, ())

    def _outstanding(self, organization: str) -> tuple[int, int]:
        out = [each for each in self.holdings.interests if each.organization == organization and self._out(each)]
        return _WHOLE - sum(each.vote_bps for each in out), _WHOLE - sum(each.value_bps for each in out)

    def base(
        self, owner: str, organization: str, seen: frozenset[str] = frozenset()
    ) -> dict[Lot, tuple[Fraction, Fraction]]:
        """Directly, by options, and through what the owner holds of others; not through family."""
        lots = dict(self.direct(owner, organization))
        for between in self._kinds:
            if between in seen or between in (owner, organization) or self.kind(between) not in self.through:
                continue
            held = self.direct(between, organization)
            if not held:
                continue
            path = seen | {organization, between}
            if self._passes(owner, between, path):
                for lot, part in self._proportion(owner, between, path).items():
                    for below, (vote, value) in held.items():
                        lots[(*lot, *below[1:])] = (vote * part, value * part)
        return self._once(organization, lots)

    def _once(
        self, organization: str, lots: dict[Lot, tuple[Fraction, Fraction]]
    ) -> dict[Lot, tuple[Fraction, Fraction]]:
        """Stock under an option counts once, by the shortest of the ways that lead one owner to it."""
        outstanding = self._outstanding(organization)
        for place, option in enumerate(self.holdings.options):
            ways = [lot for lot in lots if lot[-1] == f"{organization}#{place}"]
            vote = Fraction(option.vote_bps, max(outstanding[0], 1))
            value = Fraction(option.value_bps, max(outstanding[1], 1))
            for lot in sorted(ways, key=len) if len(ways) > 1 else ():
                lots[lot] = min(lots[lot][0], vote), min(lots[lot][1], value)
                vote, value = vote - lots[lot][0], value - lots[lot][1]
        return lots

    def full(
        self, owner: str, organization: str, seen: frozenset[str] = frozenset()
    ) -> dict[Lot, tuple[Fraction, Fraction]]:
        """The base, with family; of an entity under 318, with what its owners own."""
        lots = self.base(owner, organization, seen)
        if self.kind(owner) is PartyKind.INDIVIDUAL:
            return self._once(organization, self._with_family(owner, organization, lots, seen))
        if self.rule is not AttributionRule.SECTION_1563 and owner != organization:
            return self._once(organization, self._from_owners(owner, organization, lots, seen))
        return lots

    def spouse_excepted(self, person: str, organization: str) -> bool:
        """All four conditions of IRC 1563(e)(5)(A)-(D) hold."""
        if self.direct(person, organization):
            return False
        return any(
            (facts.person, facts.organization) == (person, organization)
            and not facts.director_employee_or_manager
            and not facts.passive_income_over_half
            and not facts.disposal_restricted_for_family
            for facts in self.holdings.spouses_apart
        )

    def minor(self, name: str) -> bool:
        born = self._kinds[name].born
        if born is None:
            raise ImpossibleInput("born", f"The birth date of {name} decides whether parent and child own together.")
        return age_on(born, self.on) < ADULT_AGE

    def relatives(self, person: str, *relations: Relation) -> list[str]:
        return [other for other, relation in self._family.get(person, {}).items() if relation in relations]

    def _with_family(
        self, person: str, organization: str, lots: dict[Lot, tuple[Fraction, Fraction]], seen: frozenset[str]
    ) -> dict[Lot, tuple[Fraction, Fraction]]:
        out = dict(lots)
        if self.rule is not AttributionRule.SECTION_1563:
            for other in self.relatives(person, Relation.SPOUSE, Relation.CHILD, Relation.GRANDCHILD, Relation.PARENT):
                _union(out, self.base(other, organization, seen))
            return out
        excepted = self.spouse_excepted(person, organization)
        spouses = self.relatives(person, Relation.SPOUSE)
        for spouse in spouses:
            if not excepted:
                _union(out, self.base(spouse, organization, seen))
        for other in self._minor_kin(person):
            kin = self.base(other, organization, seen)
            # A child's option must not carry the other parent's stock past the exception (IRC 414(b)(2)(B)).
            barred = spouses if excepted and self.reformed else []
            _union(out, {lot: part for lot, part in kin.items() if not ("#" in lot[1] and lot[0] in barred)})
        if max(total(out)) > Fraction(figures.bps("effective_control", self.plan_year), _WHOLE):
            older = (Relation.PARENT, Relation.GRANDPARENT, Relation.GRANDCHILD, Relation.CHILD)
            minors = self._minor_kin(person)
            for other in self.relatives(person, *older):
                if other not in minors and (person, other) not in self.dropped:
                    _union(out, self.base(other, organization, seen))
        return out

    def _minor_kin(self, person: str) -> list[str]:
        children = [child for child in self.relatives(person, Relation.CHILD) if self.minor(child)]
        parents = self.relatives(person, Relation.PARENT)
        if parents and self.minor(person):
            return children + [parent for parent in parents if (person, parent) not in self.dropped]
        return children

    def _from_owners(
        self, entity: str, organization: str, lots: dict[Lot, tuple[Fraction, Fraction]], seen: frozenset[str]
    ) -> dict[Lot, tuple[Fraction, Fraction]]:
        """IRC 318(a)(3): partners, beneficiaries, and who owns half of a corporation; never passed out again."""
        out = dict(lots)
        if self.kind(entity) is PartyKind.QUALIFIED_TRUST:
            return out
        half = Fraction(figures.bps("attribution_through_corporation_318", self.plan_year), _WHOLE)
        for owner in self._kinds:
            if owner in (entity, organization) or owner in seen:
                continue
            person = self.kind(owner) is PartyKind.INDIVIDUAL
            owned = self.full if person else self.base
            held = owned(owner, entity, seen)
            enough = total(held)[1] >= half if self.kind(entity) is PartyKind.CORPORATION else bool(held)
            if enough:
                _union(out, owned(owner, organization, seen | {entity}))
        return out

    def _passes(self, owner: str, between: str, seen: frozenset[str]) -> bool:
        """Whether the owner holds enough of the one between; family counts toward it (Reg. 1.318-1(b)(3))."""
        if not any(each.organization == between for each in self.holdings.interests):
            return False
        kind = self.kind(between)
        if kind is PartyKind.QUALIFIED_TRUST:  # IRC 318(a)(2)(B)(i), 1563(e)(3)(C)
            return False
        vote, value = total(self.full(owner, between, seen - {between}))
        held = value if kind is PartyKind.CORPORATION else max(vote, value)
        return held > 0 and held >= Fraction(self._least(kind), _WHOLE)

    def _least(self, kind: PartyKind) -> int:
        if self.rule is AttributionRule.SECTION_1563:
            return 0 if kind is PartyKind.PROPRIETORSHIP else figures.bps("attribution_through_entity", self.plan_year)
        if kind is not PartyKind.CORPORATION:
            return 0
        lower = self.rule is AttributionRule.SECTION_416
        name = "attribution_through_corporation_416" if lower else "attribution_through_corporation_318"
        return figures.bps(name, self.plan_year)

    def _proportion(self, owner: str, between: str, seen: frozenset[str]) -> dict[Lot, Fraction]:
        lots = self.base(owner, between, seen - {between})
        vote, value = total(lots)
        by_value = self.kind(between) is PartyKind.CORPORATION or value >= vote
        return {lot: share[1] if by_value else share[0] for lot, share in lots.items()}

    def _check(self) -> None:
        if len(self._kinds) < len(self.holdings.parties):
            raise ImpossibleInput("parties", "two of them have the same name.")
        if len(self._kinds) > MOST_PARTIES:
            raise ImpossibleInput("parties", f"{len(self._kinds)} are more than {MOST_PARTIES}.")
        named = [name for each in self.holdings.interests for name in (each.owner, each.organization)]
        named += [name for kin in self.holdings.family for name in (kin.person, kin.other)]
        named += [name for option in self.holdings.options for name in (option.holder, option.owner)]
        for name in named:
            if name not in self._kinds:
                raise ImpossibleInput("parties", f"{name} holds or is held, and is not among them.")
        self._check_whole(lambda each: each.vote_bps, "vote_bps")
        self._check_whole(lambda each: each.value_bps, "value_bps")
        for option in self.holdings.options:
            held = [
                i for i in self.holdings.interests if (i.owner, i.organization) == (option.owner, option.organization)
            ]
            if option.vote_bps > sum(i.vote_bps for i in held) or option.value_bps > sum(i.value_bps for i in held):
                raise ImpossibleInput("options", f"{option.owner} does not hold as much of {option.organization}.")

    def _check_whole(self, measure: Callable[[Interest], int], name: str) -> None:
        held: dict[str, int] = {}
        for each in self.holdings.interests:
            if not 0 <= measure(each) <= _WHOLE:
                raise ImpossibleInput(name, f"{measure(each)} is not between 0 and {_WHOLE}.")
            held[each.organization] = held.get(each.organization, 0) + measure(each)
        over = [name_ for name_, sum_ in held.items() if sum_ > _WHOLE and not _is_trust(self._kinds[name_])]
        if over:
            raise ImpossibleInput(name, f"the interests in {over[0]} are more than all of it.")


def _is_trust(party: Party) -> bool:
    # With the most discretion in favor of each beneficiary the actuarial interests may be more than the whole.
    return party.kind in (PartyKind.TRUST, PartyKind.ESTATE, PartyKind.QUALIFIED_TRUST)


def _add(lots: dict[Lot, tuple[int, int]], lot: Lot, share: tuple[int, int]) -> None:
    vote, value = lots.get(lot, (0, 0))
    lots[lot] = (vote + share[0], value + share[1])


def _union(lots: dict[Lot, tuple[Fraction, Fraction]], more: Lots) -> None:
    for lot, (vote, value) in more.items():
        known = lots.get(lot, (Fraction(0), Fraction(0)))
        lots[lot] = (max(known[0], vote), max(known[1], value))


_INVERSE = {
    Relation.SPOUSE: Relation.SPOUSE,
    Relation.CHILD: Relation.PARENT,
    Relation.PARENT: Relation.CHILD,
    Relation.GRANDCHILD: Relation.GRANDPARENT,
    Relation.GRANDPARENT: Relation.GRANDCHILD,
    Relation.SIBLING: Relation.SIBLING,
    Relation.OTHER: Relation.OTHER,
}


def _both_ways(family: Iterable[Kinship]) -> dict[str, dict[str, Relation]]:
    """Each relation from both sides, and grandchildren through the children stated."""
    known: dict[str, dict[str, Relation]] = {}
    for kin in family:
        if kin.person != kin.other:
            known.setdefault(kin.person, {})[kin.other] = kin.relation
            known.setdefault(kin.other, {}).setdefault(kin.person, _INVERSE[kin.relation])
    children = [(a, b) for a, others in known.items() for b, relation in others.items() if relation is Relation.CHILD]
    for grandparent, parent in children:
        for middle, grandchild in children:
            if middle == parent and grandchild != grandparent:
                known[grandparent].setdefault(grandchild, Relation.GRANDCHILD)
                known[grandchild].setdefault(grandparent, Relation.GRANDPARENT)
    return known
