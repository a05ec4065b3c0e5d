"""Statements that do not join: what an account had at the end of one is not what it had when another begins. Pure.

A statement joins where its opening balance is what another one, that begins no later, had at the end of some day; so
statements that overlap, or were sent twice, join. One without balances says nothing. Not here: one statement's own sum.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from .ids import StatementId
from .statements import Kept, Line


@dataclass(frozen=True, slots=True)
class Gap:
    """Days of which no statement is on file, and by how much the balance moved on them."""

    name: str
    after: str
    first: date
    last: date
    cents: int

    @property
    def days(self) -> int:
        """How many days are missing; 0: none, and the balances differ all the same."""
        return max(0, (self.last - self.first).days + 1)


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A statement with its balances: what the account had before its first line, and at the end of each day."""

    kept: Kept
    first: date
    closed_on: date
    opening_cents: int
    closing_cents: int
    balances: frozenset[int]


def gaps(kept: Iterable[Kept], lines: Iterable[Line]) -> list[Gap]:
    """Every statement that joins none before it, the newest first."""
    of: dict[StatementId, list[Line]] = {}
    for line in lines:
        of.setdefault(line.statement_id, []).append(line)
    told: dict[str, list[_Spoken]] = {}
    for each in kept:
        if (spoken := _spoken(each, of)) is not None:
            told.setdefault(each.account_last4, []).append(spoken)
    found = [gap for account in told.values() for each in account if (gap := _gap(each, account)) is not None]
    return sorted(found, key=lambda gap: gap.first, reverse=True)


def _spoken(each: Kept, of: Mapping[StatementId, Sequence[Line]]) -> _Spoken | None:
    mine = sorted(of.get(each.statement_id, ()), key=lambda line: line.line.booked_on)
    last = each.closed_on or (mine[-1].line.booked_on if mine else None)
    if each.opening_cents is None or each.closing_cents is None or last is None:
        return None
    balance, ends = each.opening_cents, {}
    for line in mine:
        balance += line.line.cents
        ends[line.line.booked_on] = balance
    first = mine[0].line.booked_on if mine else last
    balances = frozenset((each.opening_cents, each.closing_cents, *ends.values()))
    return _Spoken(each, first, last, each.opening_cents, each.closing_cents, balances)


def _gap(each: _Spoken, account: Sequence[_Spoken]) -> Gap | None:
    others = [one for one in account if one is not each and (one.first, one.closed_on) < (each.first, each.closed_on)]
    if not others or any(each.opening_cents in one.balances for one in others):
        return None
    before = max(others, key=lambda one: (min(one.closed_on, each.first), one.closed_on))
    first = min(before.closed_on, each.first) + timedelta(days=1)
    moved = each.opening_cents - before.closing_cents
    return Gap(each.kept.name, before.kept.name, first, each.first - timedelta(days=1), moved)
