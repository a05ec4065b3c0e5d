"""A version of the rules as the network's council publishes it, made of the law. Not here: publishing, judging a case.

What the contract cannot see (two years of a SIMPLE, vesting, minimums, consent) stands in the document, whose hash is
on chain, and is the preflight's to check.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from eth_hash.auto import keccak

from ...kernel import CalendarYear
from ...law import edition, figures
from ...law.rollover_matrix import Condition, Route, rollover_route
from ..kinds import OF_PLANS, SOURCE, Into, Kind, destination
from ..messages import Role

#: A version's year begins and ends at midnight in the East's standard time.
EAST = timedelta(hours=5)
#: Long before any payment: whether a SIMPLE's two years are over is the preflight's to say.
_LONG_AGO = date(2000, 1, 1)
#: Figures that the document tells, by calendar year: what the contract does not compute.
_TOLD_CENTS = (
    "cashout_threshold",
    "auto_rollover_threshold",
    "small_rollover_distribution",
    "partial_direct_rollover",
)


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """What ``publish`` of the network takes, and the text behind its hash. Times are seconds since 1970."""

    year: int
    active_from: int
    active_until: int
    min_level: int
    most_total_cents: int
    into: int
    voters: int
    withholding_bps: int
    document: str

    @property
    def document_hash(self) -> bytes:
        return keccak(self.document.encode())

    def allows(self, kind: Kind, into: Into) -> bool:
        """Whether money of a kind may go into this type of account."""
        return bool(self.into >> (16 * kind + into) & 1)

    def rate_bps(self, kind: Kind) -> int:
        """What is withheld of the taxable part of what is paid to a person."""
        return self.withholding_bps >> (16 * kind) & 0xFFFF

    def voters_for(self, kind: Kind) -> frozenset[Role]:
        """Who must approve besides the participant and the custodians."""
        word = self.voters >> (16 * kind) & 0xFFFF
        return frozenset(role for role in Role if word >> role & 1)

    @property
    def told(self) -> tuple[int, int, int, int, int, int, int, bytes]:
        """The struct ``Rules`` of the network."""
        return (
            self.active_from,
            self.active_until,
            self.min_level,
            self.most_total_cents,
            self.into,
            self.voters,
            self.withholding_bps,
            self.document_hash,
        )


def rule_version(
    year: int,
    *,
    min_level: int = 2,
    most_total_cents: int = 10_000_000_00,
    voters: Mapping[Kind, frozenset[Role]] | None = None,
) -> RuleVersion:
    """The rules of one calendar year, of the law on file; a year that is not on file is refused (``NotEnacted``).

    Withholding and the year of Form 1099-R follow the day of payment, so a version never reaches over New Year. Who
    else must approve is the network's to say: the law asks for a spouse by plan and case, not by kind of money.
    """
    calendar = CalendarYear(year)
    figures.cents("limit_402g", calendar)  # a year that nobody has read is no year of the rules
    rate = figures.bps("eligible_rollover_withholding", calendar)
    routes = {(kind, into): route for kind in Kind for into in Into if (route := _route(kind, into, year))}
    allowed = [pair for pair, route in routes.items() if route.allowed]
    allowed += [(kind, Into.PERSON) for kind in OF_PLANS]
    asked = voters or {}
    return RuleVersion(
        year=year,
        active_from=_midnight(date(year, 1, 1)),
        active_until=_midnight(date(year + 1, 1, 1)),
        min_level=min_level,
        most_total_cents=most_total_cents,
        into=sum(1 << (16 * kind + into) for kind, into in allowed),
        voters=sum(1 << (16 * kind + role) for kind, roles in asked.items() for role in roles),
        withholding_bps=sum(rate << (16 * kind) for kind in OF_PLANS),
        document=_document(calendar, rate, routes, asked, min_level, most_total_cents),
    )


def end_of(day: date) -> int:
    """The last second of a day in the East's standard time: the deadline that the terms name."""
    return _midnight(day + timedelta(days=1)) - 1


def _midnight(day: date) -> int:
    return int((datetime(day.year, day.month, day.day, tzinfo=UTC) + EAST).timestamp())


def _route(kind: Kind, into: Into, year: int) -> Route | None:
    to = destination(kind, into)
    if to is None:
        return None
    return rollover_route(
        source=SOURCE[kind],
        destination=to,
        on=date(year, 1, 1),
        direct=True,
        simple_participation_began_on=_LONG_AGO,
    )


def _document(
    year: CalendarYear,
    rate: int,
    routes: Mapping[tuple[Kind, Into], Route],
    voters: Mapping[Kind, frozenset[Role]],
    min_level: int,
    most: int,
) -> str:
    """The long text: canonical JSON, the same bytes for the same law."""
    text = {
        "title": "Rules of rollovers",
        "year": year.year,
        "law": {"version": edition.version(), "sha256": edition.sha256()},
        "kinds": {kind.name: int(kind) for kind in Kind},
        "accounts": {into.name: int(into) for into in Into},
        "routes": [
            {
                "kind": kind.name,
                "into": into.name,
                "allowed": route.allowed,
                "conditions": [each.value for each in route.conditions if each is not Condition.SAME_PLAN],
                "cite": route.cite,
            }
            for (kind, into), route in sorted(routes.items())
        ],
        "paid_to_a_person": {
            "kinds": sorted(kind.name for kind in OF_PLANS),
            "withheld_bps_of_taxable": rate,
            "cite": "IRC 3405(c)(1)(B)",
        },
        "simple_ira": "Within two years of first participation only into a SIMPLE IRA (IRC 408(d)(3)(G))",
        "minimum": "The required minimum of the year is paid before (IRC 402(c)(4)(B))",
        "figures_cents": {name: figures.cents(name, year) for name in _TOLD_CENTS},
        "voters": {kind.name: sorted(role.name for role in roles) for kind, roles in sorted(voters.items())},
        "identity_level": min_level,
        "most_total_cents": most,
        "not_here": ["tax of states", "payments of an IRA to its owner", "assets in kind"],
    }
    return json.dumps(text, sort_keys=True, separators=(",", ":"))
