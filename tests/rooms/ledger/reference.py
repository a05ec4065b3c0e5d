"""The ledger in memory, written to be obviously right: what the real one is compared with, step by step."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from tests.rooms.ledger.books import ACCOUNTS, Move

from open401k.ledger import Refusal


@dataclass
class Entry:
    """A posted entry."""

    event_on: date
    recorded_at: datetime
    moves: tuple[Move, ...]
    reversed_by: str | None = None


@dataclass
class Hold:
    """A reservation."""

    moves: tuple[Move, ...]
    end: str | None = None


@dataclass
class Reference:
    """Entries and reservations by key; balances are always added up afresh."""

    entries: dict[str, Entry] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    bodies: dict[str, object] = field(default_factory=dict)

    def balances(self, as_of: date = date.max, known_at: datetime | None = None) -> dict[str, int]:
        total: Counter[str] = Counter()
        for entry in self.entries.values():
            if entry.event_on <= as_of and (known_at is None or entry.recorded_at <= known_at):
                total.update(net(entry.moves))
        return {name: amount for name, amount in total.items() if amount}

    def reserved(self) -> dict[str, int]:
        total: Counter[str] = Counter()
        for hold in self.holds.values():
            if hold.end is None:
                total.update({name: -amount for name, amount in net(hold.moves).items() if amount < 0})
        return dict(total)

    def post(self, key: str, event_on: date, at: datetime, moves: tuple[Move, ...]) -> Refusal | str:
        answer = self._answered(key, ("post", event_on, moves)) or self._refusal(moves)
        if answer is None:
            self.entries[key] = Entry(event_on, at, moves)
            self.bodies[key] = ("post", event_on, moves)
        return answer or key

    def reverse(self, key: str, event_on: date, at: datetime, original: str) -> Refusal | str:
        body = ("reverse", event_on, original)
        entry = self.entries[original]
        moves = tuple((credit, debit, amount) for debit, credit, amount in entry.moves)
        answer = self._answered(key, body) or (Refusal.ALREADY_REVERSED if entry.reversed_by else self._refusal(moves))
        if answer is None:
            self.entries[key] = Entry(event_on, at, moves)
            self.bodies[key], entry.reversed_by = body, key
        return answer or key

    def reserve(self, key: str, moves: tuple[Move, ...]) -> Refusal | str:
        answer = self._answered(key, ("reserve", moves)) or self._refusal(moves)
        if answer is None:
            self.holds[key], self.bodies[key] = Hold(moves), ("reserve", moves)
        return answer or key

    def end(self, key: str, event_on: date, at: datetime, held: str, *, posting: bool) -> Refusal | str:
        hold = self.holds[held]
        body = ("settle", event_on, held) if posting else ("void", held)
        answer = self._answered(key, body) or (Refusal.RESERVATION_ENDED if hold.end else None)
        if answer is None:
            hold.end, self.bodies[key] = key, body
            if posting:
                self.entries[key] = Entry(event_on, at, hold.moves)
        return answer or key

    def _answered(self, key: str, body: object) -> Refusal | str | None:
        if key not in self.bodies:
            return None
        return key if self.bodies[key] == body else Refusal.KEY_REUSED

    def _refusal(self, moves: tuple[Move, ...]) -> Refusal | None:
        if not moves:
            return Refusal.NOTHING_TO_POST
        if any(amount <= 0 for _, _, amount in moves):
            return Refusal.AMOUNT_NOT_POSITIVE
        if any(debit == credit for debit, credit, _ in moves):
            return Refusal.SAME_ACCOUNT
        if any(ACCOUNTS[debit][3] != ACCOUNTS[credit][3] for debit, credit, _ in moves):
            return Refusal.ASSET_MISMATCH
        balances, reserved = self.balances(), self.reserved()
        for name, amount in net(moves).items():
            available = balances.get(name, 0) - reserved.get(name, 0)
            if available + amount < 0 and not ACCOUNTS[name][0].may_go_negative:
                return Refusal.BALANCE_TOO_LOW
        return None


def net(moves: tuple[Move, ...]) -> dict[str, int]:
    """By how much each balance changes, on its normal side."""
    total: Counter[str] = Counter()
    for debit, credit, amount in moves:
        total[debit] -= amount
        total[credit] += amount
    return {name: amount * ACCOUNTS[name][0].normal_side for name, amount in total.items()}
