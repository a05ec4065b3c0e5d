"""Deals, letters and events in a node's own database, sealed, beside its case files. Not here: SQL (_deals_store)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from . import _deals_store as store
from . import _papers_store as papers
from . import _rewrap_store as rows
from ._retention_store import is_erased
from .cases import Case, ChangedError, Raised, State
from .codec import parsed, read, written
from .deal import Deal, DealEvent
from .kept import KeptCases, KeptUnit
from .kept_batches import KeptBatches
from .kept_wanted import KeptWanted
from .letters import Body, Came, Letter, LetterKind, Outgoing, letter, letter_bytes, letter_of
from .papers import OnFile, Paper, named_of, named_text
from .rewrapping import sealed_anew
from .sealing import Sealed, Sealing
from .telling import tell_change
from .waiting import waits_for_us


@dataclass
class KeptDeals(KeptCases):
    """Case files and deals in the database at ``url``. ``now`` is the node's clock, in seconds since 1970."""

    sealing: Sealing = field(kw_only=True)
    now: Callable[[], int] = field(kw_only=True)

    @contextmanager
    def begin(self) -> Iterator[KeptDealUnit]:
        with self.connected() as conn:
            unit = KeptDealUnit(conn, self.sealing, self.now)
            yield unit
            unit.note_who_is_waited_for()

    def rewrap(self) -> int:
        """Seal every deal, letter and document under the current master key; returns how many were under another."""
        own = self.sealing
        return (
            sealed_anew(self, own, rows.DEALS, lambda key: _deal_place(*key), "The deal of case")
            + sealed_anew(self, own, rows.LETTERS, lambda key: _letter_place(*key), "A letter to")
            + sealed_anew(self, own, rows.PAPERS, lambda key: _paper_place(*key), "The document")
            + sealed_anew(self, own, rows.NAMES, lambda key: _named_place(*key), "The document of case")
        )


@dataclass
class KeptDealUnit(KeptUnit, KeptBatches, KeptWanted):
    """One transaction."""

    sealing: Sealing
    now: Callable[[], int]
    _changed: set[str] = field(default_factory=set)

    def note_who_is_waited_for(self) -> None:
        """Of every case that this transaction changed, before it is committed."""
        for case in sorted(self._changed):
            if store.other_desk(self.conn, case) is not None:
                store.write_ours(self.conn, case, waits_for_us(self, case, now=self.now()))

    def raise_(self, raised: Raised) -> bool:
        self._changed.add(raised.case)
        return KeptUnit.raise_(self, raised)

    def resolve(self, case: str, code: int, *, paid_by: str = "") -> None:
        self._changed.add(case)
        KeptUnit.resolve(self, case, code, paid_by=paid_by)

    def add(self, case: Case) -> None:
        self._changed.add(case.id)
        KeptUnit.add(self, case)
        tell_change(self, case, at=self.now())

    def change(self, before: Case, after: Case) -> None:
        self._changed.add(after.id)
        KeptUnit.change(self, before, after)
        if after.state is not before.state:
            tell_change(self, after, at=self.now())

    def was_in(self, case: str, state: State) -> bool:
        return store.was_in(self.conn, case, state)

    def since(self, case: str) -> int:
        found = store.since(self.conn, case)
        if found is None:
            raise LookupError(f"nothing is known of when case {case} came where it stands")
        return found

    def deal(self, case: str) -> Deal:
        self._hold(case)
        sealed = store.deal(self.conn, case)
        if sealed is None:
            raise LookupError(f"no deal of case {case}")
        return self._opened(case, sealed)

    def other_desk(self, case: str) -> tuple[bytes, bytes] | None:
        return store.other_desk(self.conn, case)

    def other_desks(self, case: str) -> Sequence[tuple[bytes, bytes]]:
        first = store.other_desk(self.conn, case)
        return [] if first is None else [first, *store.joined_desks(self.conn, case)]

    def await_desk(self, case: str, member: bytes, code: bytes) -> None:
        store.insert_desk(self.conn, case, member, code)

    def desk_joined(self, member: bytes, code: bytes) -> None:
        store.mark_joined(self.conn, member, code)

    def deal_of(self, peer: bytes, reference: bytes) -> Deal | None:
        case = self.known_as(peer, reference)
        return self.deal(case) if case is not None else None

    def known_as(self, peer: bytes, reference: bytes) -> str | None:
        return store.case_of(self.conn, peer, reference)

    def was_erased(self, peer: bytes, reference: bytes) -> bool:
        return is_erased(self.conn, self.reference_key(peer, reference))

    def reference_key(self, peer: bytes, reference: bytes) -> bytes:
        """By which a reference is known after its case was erased."""
        return self.sealing.keyed_hash(b"erased|" + peer + reference)

    def deals(self, *, after: str = "", limit: int = 100) -> Sequence[Deal]:
        return [self._opened(case, sealed) for case, sealed in store.deals(self.conn, after, limit)]

    def without_terms(self, *, after: str = "", limit: int = 100) -> Sequence[str]:
        return store.without_terms(self.conn, after, limit)

    def add_deal(self, deal: Deal) -> None:
        self._changed.add(deal.case)
        if not store.insert_deal(self.conn, deal.case, deal.peer, deal.reference, self._sealed(deal)):
            raise ValueError(f"there is a deal of case {deal.case}, or of its reference, already")

    def change_deal(self, before: Deal, after: Deal) -> None:
        if self.deal(before.case) != before:
            raise ChangedError(before.case)
        if after != before:
            self._changed.add(after.case)
            store.update_deal(self.conn, after.case, self._sealed(after))

    def put_letter(self, to: bytes, reference: bytes, kind: LetterKind, body: Body) -> Letter:
        number = store.next_number(self.conn, to, reference)
        made = letter(reference, number, kind, body)
        sealed = self.sealing.seal(_letter_place(to, reference, number), letter_bytes(made))
        store.insert_letter(self.conn, to, reference, number, sealed)
        return made

    def letters_out(self, *, but_not: Collection[bytes] = (), limit: int = 100) -> Sequence[Outgoing]:
        found = []
        for to, reference, number, sealed in store.letters_waiting(self.conn, but_not, limit):
            text = self.sealing.opened(_letter_place(to, reference, number), sealed, what=f"Letter {number}")
            found.append(Outgoing(to, letter_of(text)))
        return found

    def letter_sent(self, to: bytes, reference: bytes, number: int) -> None:
        store.mark_sent(self.conn, to, reference, number)

    def send_again(self, to: bytes, reference: bytes) -> None:
        store.mark_unsent(self.conn, to, reference)

    def take_letter(self, peer: bytes, letter: Letter) -> Came:
        keyed = self.sealing.keyed_hash(letter_bytes(letter))
        known = store.came(self.conn, peer, letter.reference, letter.number)
        if known is not None:
            return Came.AGAIN if known == keyed else Came.REFUSED
        if letter.number != store.newest_came(self.conn, peer, letter.reference) + 1:
            return Came.EARLY
        store.insert_came(self.conn, peer, letter.reference, letter.number, keyed)
        return Came.TAKEN

    def put_paper(self, case: str, paper: Paper) -> None:
        self._hold(case)
        self._changed.add(case)
        key = paper.fingerprint
        papers.insert_paper(self.conn, key, self.sealing.seal(_paper_place(key), paper.content))
        papers.replace_name(self.conn, case, key, self.sealing.seal(_named_place(case), named_text(paper)))

    def paper(self, case: str) -> OnFile | None:
        found = papers.paper(self.conn, case)
        if found is None:
            return None
        fingerprint, named, sealed, shown_at = found
        told = self.sealing.opened(_named_place(case), named, what=f"The document's name of case {case}")
        content = self.sealing.opened(_paper_place(fingerprint), sealed, what=f"The document of case {case}")
        return OnFile(named_of(told, content), shown_at)

    def paper_named(self, case: str) -> bytes | None:
        return papers.named(self.conn, case)

    def paper_was_shown(self, case: str, at: int) -> None:
        papers.mark_shown(self.conn, case, at)

    def put_event(self, case: str, words: str) -> None:
        self._hold(case)
        self._locked.has_turn = True
        store.insert_event(self.conn, case, self.now(), words)

    def events(self, after: int = 0, *, limit: int = 100) -> Sequence[DealEvent]:
        return store.events(self.conn, after, limit)

    def _sealed(self, deal: Deal) -> Sealed:
        return self.sealing.seal(_deal_place(deal.case), written(deal))

    def _opened(self, case: str, sealed: Sealed) -> Deal:
        content = self.sealing.opened(_deal_place(case), sealed, what=f"The deal of case {case}")
        return read(Deal, parsed(content), at="deal")


def _deal_place(case: str) -> bytes:
    return b"node deal|" + case.encode()


def _paper_place(fingerprint: bytes) -> bytes:
    return b"node paper|" + fingerprint


def _named_place(case: str) -> bytes:
    return b"node case paper|" + case.encode()


def _letter_place(to: bytes, reference: bytes, number: int) -> bytes:
    return b"node letter|" + to + reference + number.to_bytes(4, "big")
