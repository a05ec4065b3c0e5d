"""Deals, letters and events in memory, beside the case files there. Not here: the durable ones (kept_deals)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from .batching import Batch
from .cases import UNPROMISED, Case, ChangedError, State
from .deal import Deal, DealEvent, DealUnit
from .letters import Body, Came, Letter, LetterKind, Outgoing, letter, letter_bytes
from .memory import MemoryCases, MemoryUnit
from .memory_batches import MemoryBatches
from .memory_wanted import MemoryWanted
from .papers import OnFile, Paper
from .telling import tell_change
from .wanted import Wanted


@dataclass
class Shelf:
    """What is kept of deals: a copy of it is a backup."""

    deals: dict[str, Deal] = field(default_factory=dict)
    out: dict[tuple[bytes, bytes, int], tuple[Letter, bool]] = field(default_factory=dict)
    came: dict[tuple[bytes, bytes, int], bytes] = field(default_factory=dict)
    events: list[DealEvent] = field(default_factory=list)
    since: dict[str, int] = field(default_factory=dict)
    papers: dict[str, OnFile] = field(default_factory=dict)
    desks: dict[tuple[bytes, bytes], tuple[str, bool]] = field(default_factory=dict)
    batches: dict[tuple[bytes, bytes], Batch] = field(default_factory=dict)
    wanted: dict[bytes, Wanted] = field(default_factory=dict)

    def copy(self) -> Shelf:
        """Another of the same content."""
        return Shelf(
            dict(self.deals), dict(self.out), dict(self.came), list(self.events), dict(self.since), dict(self.papers),
            dict(self.desks), dict(self.batches), dict(self.wanted),
        )  # fmt: skip


@dataclass
class MemoryDeals(MemoryCases):
    """Case files and deals that a process holds. ``now`` is the chain's clock."""

    now: Callable[[], int] = field(kw_only=True)
    shelf: Shelf = field(default_factory=Shelf)

    @contextmanager
    def begin(self) -> Iterator[DealUnit]:
        unit = MemoryDealUnit(self.kept.copy(), self.shelf.copy(), self.now)
        yield unit
        self.kept, self.shelf = unit.kept, unit.shelf


@dataclass
class MemoryDealUnit(MemoryUnit, MemoryBatches, MemoryWanted):
    """One transaction: it works on copies."""

    shelf: Shelf
    now: Callable[[], int]

    @property
    def batches(self) -> dict[tuple[bytes, bytes], Batch]:
        return self.shelf.batches

    @property
    def wanted_rows(self) -> dict[bytes, Wanted]:
        return self.shelf.wanted

    def add(self, case: Case) -> None:
        MemoryUnit.add(self, case)
        self._came_to(case)

    def change(self, before: Case, after: Case) -> None:
        MemoryUnit.change(self, before, after)
        if after.state is not before.state:
            self._came_to(after)

    def _came_to(self, case: Case) -> None:
        self.shelf.since[case.id] = self.now()
        tell_change(self, case, at=self.now())

    def was_in(self, case: str, state: State) -> bool:
        return any((each.case, each.state) == (case, state) for each in self.shelf.events)

    def since(self, case: str) -> int:
        return self.shelf.since[case]

    def deal(self, case: str) -> Deal:
        return self.shelf.deals[case]

    def other_desk(self, case: str) -> tuple[bytes, bytes] | None:
        deal = self.shelf.deals.get(case)
        return (deal.peer, deal.reference) if deal else None

    def other_desks(self, case: str) -> Sequence[tuple[bytes, bytes]]:
        first = self.other_desk(case)
        joined = [desk for desk, (of, is_here) in self.shelf.desks.items() if of == case and is_here]
        return [] if first is None else [first, *joined]

    def await_desk(self, case: str, member: bytes, code: bytes) -> None:
        self.shelf.desks[member, code] = case, False

    def desk_joined(self, member: bytes, code: bytes) -> None:
        self.shelf.desks[member, code] = self.shelf.desks[member, code][0], True

    def deal_of(self, peer: bytes, reference: bytes) -> Deal | None:
        if (peer, reference) in self.shelf.desks:
            return self.shelf.deals[self.shelf.desks[peer, reference][0]]
        found = (deal for deal in self.shelf.deals.values() if (deal.peer, deal.reference) == (peer, reference))
        return next(found, None)

    def known_as(self, peer: bytes, reference: bytes) -> str | None:
        found = self.deal_of(peer, reference)
        return found.case if found is not None else None

    def was_erased(self, peer: bytes, reference: bytes) -> bool:  # noqa: ARG002 (memory keeps everything)
        return False

    def deals(self, *, after: str = "", limit: int = 100) -> Sequence[Deal]:
        return [self.shelf.deals[case] for case in sorted(self.shelf.deals) if case > after][:limit]

    def without_terms(self, *, after: str = "", limit: int = 100) -> Sequence[str]:
        cases = (self.kept.cases[case] for case in sorted(self.shelf.deals) if case > after)
        return [case.id for case in cases if case.agreed is None and case.state in UNPROMISED][:limit]

    def add_deal(self, deal: Deal) -> None:
        if deal.case in self.shelf.deals or self.deal_of(deal.peer, deal.reference):
            raise ValueError(f"there is a deal of case {deal.case}, or of its reference, already")
        self.shelf.deals[deal.case] = deal

    def change_deal(self, before: Deal, after: Deal) -> None:
        if self.shelf.deals.get(before.case) != before:
            raise ChangedError(before.case)
        self.shelf.deals[after.case] = after

    def put_letter(self, to: bytes, reference: bytes, kind: LetterKind, body: Body) -> Letter:
        number = 1 + sum((to, reference) == key[:2] for key in self.shelf.out)
        made = letter(reference, number, kind, body)
        self.shelf.out[to, reference, number] = made, False
        return made

    def letters_out(self, *, but_not: Collection[bytes] = (), limit: int = 100) -> Sequence[Outgoing]:
        rows = self.shelf.out.items()
        waiting = [Outgoing(to, told) for (to, _, _), (told, sent) in rows if not sent and to not in but_not]
        return sorted(waiting, key=lambda each: (each.letter.number, each.to, each.letter.reference))[:limit]

    def letter_sent(self, to: bytes, reference: bytes, number: int) -> None:
        told, _ = self.shelf.out[to, reference, number]
        self.shelf.out[to, reference, number] = told, True

    def send_again(self, to: bytes, reference: bytes) -> None:
        for key, (told, _) in list(self.shelf.out.items()):
            if key[:2] == (to, reference):
                self.shelf.out[key] = told, False

    def take_letter(self, peer: bytes, letter: Letter) -> Came:
        key, text = (peer, letter.reference, letter.number), letter_bytes(letter)
        if key in self.shelf.came:
            return Came.AGAIN if self.shelf.came[key] == text else Came.REFUSED
        if letter.number != 1 + sum(key[:2] == each[:2] for each in self.shelf.came):
            return Came.EARLY
        self.shelf.came[key] = text
        return Came.TAKEN

    def put_paper(self, case: str, paper: Paper) -> None:
        self.shelf.papers[case] = OnFile(paper, None)

    def paper(self, case: str) -> OnFile | None:
        return self.shelf.papers.get(case)

    def paper_named(self, case: str) -> bytes | None:
        found = self.shelf.papers.get(case)
        return found.paper.fingerprint if found else None

    def paper_was_shown(self, case: str, at: int) -> None:
        self.shelf.papers[case] = OnFile(self.shelf.papers[case].paper, at)

    def put_event(self, case: str, words: str) -> None:
        state = self.kept.cases[case].state
        self.shelf.events.append(DealEvent(len(self.shelf.events) + 1, case, state, self.now(), words))

    def events(self, after: int = 0, *, limit: int = 100) -> Sequence[DealEvent]:
        return self.shelf.events[after : after + limit]
