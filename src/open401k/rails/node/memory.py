"""Case files in memory, for simulations: transactions that are all or nothing. Not here: the durable ones (_store)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from ..chain.interface import Head
from .cases import Case, ChangedError, Kind, Message, Posting, Raised, State, Unit, Way, is_followed
from .core import Side
from .said import Said


@dataclass
class Kept:
    """What is on the disk, so to speak: a copy of it is a backup."""

    cases: dict[str, Case] = field(default_factory=dict)
    holds: dict[str, str] = field(default_factory=dict)
    outbox: dict[tuple[str, Kind], Message] = field(default_factory=dict)
    postings: dict[tuple[bytes, str, int], Posting] = field(default_factory=dict)
    raised: list[Raised] = field(default_factory=list)
    off_rail: dict[str, tuple[Way, str]] = field(default_factory=dict)
    cursor: Head | None = None
    said: dict[str, Said] = field(default_factory=dict)

    def copy(self) -> Kept:
        """Another of the same content."""
        rows = dict(self.cases), dict(self.holds), dict(self.outbox), dict(self.postings)
        return Kept(*rows, list(self.raised), dict(self.off_rail), self.cursor, dict(self.said))


@dataclass
class MemoryCases:
    """Case files that a process holds; whoever crashes inside a transaction leaves them as they were."""

    kept: Kept = field(default_factory=Kept)

    @contextmanager
    def begin(self) -> Iterator[Unit]:
        unit = MemoryUnit(self.kept.copy())
        yield unit
        self.kept = unit.kept

    def to_follow(self) -> Sequence[str]:
        found = (case for case in self.kept.cases.values() if is_followed(case, _outbox(self.kept, case.id)))
        return sorted(case.id for case in found)


@dataclass
class MemoryUnit:
    """One transaction: it works on a copy."""

    kept: Kept

    def hold(self, *cases: str) -> None:
        """There is nobody else."""

    def case(self, case: str) -> Case:
        return self.kept.cases[case]

    def case_of(self, rollover: bytes, side: Side) -> str | None:
        found = (each for each in self.kept.cases.values() if each.agreed and each.agreed.rollover == rollover)
        return next((each.id for each in found if each.side is side), None)

    def returns_of(self, case: str) -> Sequence[tuple[str, State]]:
        cases = self.kept.cases.values()
        found = [each for each in cases if each.parent == case and each.side is not self.kept.cases[case].side]
        for first in found:  # second tries come behind while it goes
            found += [each for each in cases if each.parent == first.id and each.side is first.side]
        return [(each.id, each.state) for each in found]

    def add(self, case: Case) -> None:
        if case.id in self.kept.cases:
            raise ValueError(f"there is a case {case.id} already")
        self._alone(case)
        self.kept.cases[case.id] = case

    def change(self, before: Case, after: Case) -> None:
        if self.kept.cases.get(before.id) != before:
            raise ChangedError(before.id)
        self._alone(after)
        self.kept.cases[after.id] = after

    def _alone(self, case: Case) -> None:
        for each in self.kept.cases.values():
            same = each.agreed and case.agreed and each.agreed.rollover == case.agreed.rollover
            if same and each.side is case.side and each.id != case.id:
                raise ValueError(f"case {each.id} is of this rollover and side already")

    def note_hold(self, case: Case, reference: str) -> None:
        self.kept.holds.setdefault(case.id, reference)

    def note_posting(self, posting: Posting) -> None:
        key = (posting.rollover, posting.account, posting.leg)
        if self.kept.postings.setdefault(key, posting) != posting:
            raise ValueError(f"leg {posting.leg} was booked otherwise: {self.kept.postings[key]}")

    def put_out(self, message: Message) -> None:
        self.kept.outbox.setdefault((message.case, message.kind), message)

    def mark(self, message: Message) -> None:
        if (message.case, message.kind) in self.kept.outbox:
            self.kept.outbox[message.case, message.kind] = message

    def raise_(self, raised: Raised) -> bool:
        if any(each.is_open and (each.case, each.code) == (raised.case, raised.code) for each in self.kept.raised):
            return False
        self.kept.raised.append(raised)
        return True

    def resolve(self, case: str, code: int, *, paid_by: str = "") -> None:
        self.kept.raised = [
            replace(each, is_open=False, paid_by=paid_by)
            if each.is_open and (each.case, each.code) == (case, code)
            else each
            for each in self.kept.raised
        ]

    def note_said(self, case: str, said: Said) -> None:
        self.kept.said.setdefault(case, said)

    def said(self, case: str | None = None) -> Sequence[Said]:
        found = [said for name, said in sorted(self.kept.said.items()) if case in (None, name)]
        return sorted(found, key=lambda each: each.head.number)

    def note_off_rail(self, case: str, way: Way, reference: str) -> None:
        if self.kept.off_rail.setdefault(case, (way, reference)) != (way, reference):
            raise ValueError(f"case {case} was closed otherwise: {self.kept.off_rail[case]}")

    def off_rail(self, case: str) -> tuple[Way, str] | None:
        return self.kept.off_rail.get(case)

    def cursor(self) -> Head | None:
        return self.kept.cursor

    def set_cursor(self, block: Head) -> None:
        self.kept.cursor = block

    def outbox(self, case: str) -> Sequence[Message]:
        return _outbox(self.kept, case)

    def postings(self, case: str) -> Sequence[Posting]:
        agreed = self.kept.cases[case].agreed
        found = [each for each in self.kept.postings.values() if agreed and each.rollover == agreed.rollover]
        return sorted(found, key=lambda each: (each.account, each.leg))

    def raised(self, case: str | None = None) -> Sequence[Raised]:
        return [each for each in self.kept.raised if case in (None, each.case)]


def _outbox(kept: Kept, case: str) -> list[Message]:
    return [kept.outbox[case, kind] for kind in Kind if (case, kind) in kept.outbox]
