"""Who owns how much, family included (IRC 318, 416(i)(1)(B)).

Not here: options, trusts and companies in between, which the facts must already count as owned.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from .arrays import Cents, Flags
from .given import ImpossibleInput, check_facts, check_fields

#: More than this share makes a 5-percent owner, in basis points (IRC 416(i)(1)(B)(i)).
FIVE_PERCENT_BPS = 500
#: More than this share makes a 1-percent owner (IRC 416(i)(1)(B)(ii)).
ONE_PERCENT_BPS = 100


class Relation(StrEnum):
    """What another person is to this one."""

    SPOUSE = "spouse"
    CHILD = "child"
    GRANDCHILD = "grandchild"
    PARENT = "parent"
    GRANDPARENT = "grandparent"
    SIBLING = "sibling"
    OTHER = "other"


#: Whose shares count as one's own (IRC 318(a)(1)(A)). Not a grandparent's and not a sibling's.
ATTRIBUTED = frozenset({Relation.SPOUSE, Relation.CHILD, Relation.GRANDCHILD, Relation.PARENT})
_INVERSE = {
    Relation.SPOUSE: Relation.SPOUSE,
    Relation.CHILD: Relation.PARENT,
    Relation.PARENT: Relation.CHILD,
    Relation.GRANDCHILD: Relation.GRANDPARENT,
    Relation.GRANDPARENT: Relation.GRANDCHILD,
    Relation.SIBLING: Relation.SIBLING,
    Relation.OTHER: Relation.OTHER,
}


@dataclass(frozen=True, slots=True)
class Kin:
    """``other`` is the ``relation`` of ``person``; both are places in the ownership array."""

    person: int
    other: int
    relation: Relation

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class Attribution:
    """Shares of ``owner`` that count as ``person``'s."""

    person: int
    owner: int
    relation: Relation
    share_bps: int


@dataclass(frozen=True, slots=True, eq=False)
class Ownership:
    """Direct and constructive shares in basis points, and which family shares were counted."""

    direct_bps: Cents
    constructive_bps: Cents
    attributed: tuple[Attribution, ...]

    @property
    def five_percent_owner(self) -> Flags:
        """More than 5 % (exactly 5 % is not): IRC 416(i)(1)(B)(i)."""
        return self.constructive_bps > FIVE_PERCENT_BPS

    @property
    def one_percent_owner(self) -> Flags:
        """More than 1 %: IRC 416(i)(1)(B)(ii)."""
        return self.constructive_bps > ONE_PERCENT_BPS


def ownership(direct_bps: Cents, family: Iterable[Kin]) -> Ownership:
    """Shares counted through family (IRC 318(a)(1), 416(i)(1)(B)(iii)).

    Only what a relative owns directly is counted, so nothing passes through two family steps (318(a)(5)(B)): a wife
    does not own what her husband is only deemed to own through his father. The other side of each relation need not
    be stated.
    """
    family = tuple(family)
    check_facts({"direct_bps": direct_bps}, one_plan=True)
    if any(max(kin.person, kin.other) >= len(direct_bps) for kin in family):
        raise ImpossibleInput("family", f"speaks of a person beyond the {len(direct_bps)} of direct_bps")
    attributed = tuple(
        Attribution(person, owner, relation, int(direct_bps[owner]))
        for (person, owner), relation in sorted(_relations(family).items())
        if relation in ATTRIBUTED and direct_bps[owner] > 0
    )
    constructive = direct_bps.astype(np.int64, copy=True)
    for share in attributed:
        constructive[share.person] += share.share_bps
    return Ownership(direct_bps=direct_bps, constructive_bps=constructive, attributed=attributed)


def _relations(family: Iterable[Kin]) -> dict[tuple[int, int], Relation]:
    known: dict[tuple[int, int], Relation] = {}
    for kin in family:
        if kin.person != kin.other:
            known[kin.person, kin.other] = kin.relation
            known.setdefault((kin.other, kin.person), _INVERSE[kin.relation])
    children = [pair for pair, relation in known.items() if relation is Relation.CHILD]
    by_parent: dict[int, list[int]] = {}
    for parent, child in children:
        by_parent.setdefault(parent, []).append(child)
    for grandparent, parent in children:
        for grandchild in by_parent.get(parent, ()):
            if grandchild != grandparent:
                known.setdefault((grandparent, grandchild), Relation.GRANDCHILD)
    return known
