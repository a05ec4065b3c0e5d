"""Offering, answering and following batches: a part of each pass, before single cases are followed.

Both sides sign only what their cores hold now, and only for cases whose own vote they have not given. Whatever becomes
of a batch, each case follows the chain by itself: nothing here moves one, but for the time until which it waits. Not
here: what may be in a batch (batching), letters that came (batch_letters).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from open401k.base.faults import fault
from open401k.kernel import Random

from ..calls import call_of
from ..chain.interface import Head
from ..decoding import decode_case
from ..messages import Domain, encode_batch
from ..signatures import is_signed_by
from .batching import MOST_ANSWER, Batch, Fit, Settings, Stage, chosen, is_due, judged, peer_of, waits_until
from .cases import Agreed, Case, ChangedError, State
from .codes import BATCH_DECLINED
from .coordinator import Coordinator
from .core import CustodianCore, Done, Order, Side, SilentError
from .deal import Deals, DealUnit
from .following import Verdict
from .letters import BatchOffered, BatchSigned, Ended, LetterKind
from .settled import Settlement, Told
from .signing import Item, PolicyError, SignerAwayError

log = logging.getLogger("open401k.node.batches")
#: Where a test may stop the process: around everything that leaves a trace.
BOUNDARIES: Final = (
    "batches.before_offer_commit", "batches.after_offer_commit", "batches.before_answer_commit",
    "batches.after_answer_commit", "batches.before_send", "batches.after_send", "batches.before_end_commit",
    "batches.after_end_commit",
)  # fmt: skip
_OF_KEY: Final = 65


class BatchSigner(Protocol):
    """Signs a batch as a whole, under the same policy as approvals."""

    def batch(
        self, first: bytes, second: bytes, token: bytes, deadline: int, items: Sequence[Item], *, at: int
    ) -> bytes: ...


class BatchCoordinator(Coordinator, Protocol):
    """The chain, whose key counts there, and which batches it settled, all by the newest final block."""

    def signer_of(self, us: bytes) -> bytes: ...

    def is_batched(self, batch: bytes) -> bool: ...

    def batch_with(self, rollover: bytes) -> tuple[Settlement, Told] | None: ...


@dataclass
class Batches:
    """Batches of one custodian's node. ``settings`` None: none are offered, and what was begun is brought to its end.

    ``us`` is our address in the network.
    """

    files: Deals
    core: CustodianCore
    coordinator: BatchCoordinator
    signer: BatchSigner
    random: Random = field(repr=False)
    us: bytes
    domain: Domain
    settings: Settings | None
    #: Seconds since 1970 by the node's clock: blocks of an idle chain are old. It begins waits; blocks alone end them.
    now: Callable[[], int]

    def waits_until(self, case: Case, block: Head) -> int | None:
        """Until when a case that is held now waits for others."""
        return waits_until(case, self.settings, at=self._at(block)) if self.settings is not None else None

    def once(self, block: Head) -> Mapping[str, SignerAwayError | PolicyError]:
        """Bring every batch as far as it goes now; cases of which nobody signs a batch, and why.

        Whoever is silent is asked again in the next pass.
        """
        unsigned: dict[str, SignerAwayError | PolicyError] = {}
        with self.files.begin() as unit:
            live = unit.live_batches()
        for batch in live:
            try:
                self._follow(batch, block)
            except (SignerAwayError, PolicyError) as why:
                unsigned |= {case.id: why for case in self._cases(batch) if case is not None}
            except (SilentError, ChangedError) as why:
                log.warning("batch %s waits: %s: %s", batch.reference.hex()[:16], type(why).__name__, why)
        if self.settings is not None:
            unsigned |= self._offer_all(self.settings, block)
        return unsigned

    # ---- offering

    def _offer_all(self, settings: Settings, block: Head) -> Mapping[str, SignerAwayError | PolicyError]:
        unsigned: dict[str, SignerAwayError | PolicyError] = {}
        for (peer, token), waiting in self._waiting(block).items():
            at = self._at(block)
            try:
                held = chosen(self._held(waiting), settings) if is_due(waiting, settings, at=at) else []
                if len(held) >= settings.least:
                    self._offer(peer, token, held, settings, block)
                else:
                    self._let_go([case for case in waiting if (case.batch_until or 0) <= at])
            except (SignerAwayError, PolicyError) as why:  # each goes on singly when its time is over
                unsigned |= {case.id: why for case in waiting}
            except (SilentError, ChangedError) as why:
                log.warning("no batch for 0x%s: %s: %s", peer.hex(), type(why).__name__, why)
        return unsigned

    def _let_go(self, cases: Sequence[Case]) -> None:
        """Nobody else came in time: each goes on singly."""
        for case in cases:
            with self.files.begin() as unit:
                unit.change(case, replace(case, batch_until=None))

    def _at(self, block: Head) -> int:
        return max(block.time, self.now())

    def _waiting(self, block: Head) -> dict[tuple[bytes, bytes], list[Case]]:
        """Cases of ours that wait for others, by the other custodian and the deposit."""
        with self.files.begin() as unit:
            taken = {each for batch in unit.live_batches() for each in batch.ids}
        found: dict[tuple[bytes, bytes], list[Case]] = {}
        for name in self.files.to_follow():
            with self.files.begin() as unit:
                case = unit.case(name)
            agreed = case.agreed
            if agreed is None or case.state is not State.HELD or case.batch_until is None or case.stop is not None:
                continue
            if agreed.rollover in taken or self.coordinator.final(agreed).verdict is not Verdict.ABSENT:
                continue
            told = decode_case(agreed.encoded)
            peer = peer_of(told, self.us)
            if peer is not None and block.time < agreed.deadline:
                found.setdefault((peer, told.terms.token), []).append(case)
        return found

    def _held(self, cases: Sequence[Case]) -> list[Case]:
        """Those for which the core holds all the money now: the files may be of a backup older than a release."""
        found = []
        for case in cases:
            try:
                found += [case] if self._holds(case) else []
            except SilentError as why:
                log.warning("case %s is left out of a batch: %s", case.id, why)
        return found

    def _holds(self, case: Case) -> bool:
        agreed = _agreed(case)
        answer = self.core.hold(Order(agreed.rollover, case.side, case.account, agreed.parts))
        return isinstance(answer, Done) and answer.cents == agreed.cents

    def _offer(
        self, peer: bytes, token: bytes, cases: Sequence[Case], settings: Settings, block: Head,
        *, instead: Batch | None = None,
    ) -> None:  # fmt: skip
        """Sign and tell; ``instead`` of a smaller one that the other side offered."""
        deadline = min(self._at(block) + settings.answer, *(_agreed(case).deadline for case in cases))
        ids = tuple(_agreed(case).rollover for case in cases)
        bare = Batch(peer, self.random.token(32), self.us, peer, token, deadline, ids, Stage.OFFERED)
        batch = replace(bare, signed_first=self._signed(bare, cases, block))
        told = BatchOffered(batch.first, batch.second, token, deadline, ids, batch.signed_first or b"")
        with self.files.begin() as unit:
            if instead is not None:
                unit.change_batch(instead, replace(instead, stage=Stage.OVER))
            unit.add_batch(batch)
            _wait(unit, cases, deadline, "offered in a batch")
            unit.put_letter(peer, batch.reference, LetterKind.BATCH, told)
            fault("batches.before_offer_commit")
        fault("batches.after_offer_commit")

    def _signed(self, batch: Batch, cases: Sequence[Case], block: Head) -> bytes:
        items = [Item(each.rollover, each.cents, each.encoded) for each in map(_agreed, cases)]
        return self.signer.batch(batch.first, batch.second, batch.token, batch.deadline, items, at=block.time)

    # ---- following

    def _follow(self, batch: Batch, block: Head) -> None:
        if self.coordinator.is_batched(batch.hash):
            self._end(batch, Stage.SETTLED)
            return
        cases = self._cases(batch)
        self.coordinator.read_ahead([_agreed(case) for case in cases if case is not None])
        known = [self.coordinator.final(_agreed(case)) for case in cases if case is not None]
        if block.time > batch.deadline or any(each.verdict is not Verdict.ABSENT for each in known):
            self._end(batch, Stage.OVER)  # no later block settles it any more
        elif batch.stage is Stage.ASKED:
            self._answer(batch, cases, block)
        elif batch.stage is Stage.SIGNED and any(case and case.batch_until == batch.deadline for case in cases):
            self._send(batch, [case for case in cases if case is not None])

    def _cases(self, batch: Batch) -> list[Case | None]:
        """Ours of each id, in its order."""
        names: list[str | None] = []
        with self.files.begin() as unit:
            for rollover in batch.ids:
                of_sides = (unit.case_of(rollover, side) for side in Side)
                names.append(next((each for each in of_sides if each is not None), None))
            found = {case.id: case for case in _locked(unit, [each for each in names if each is not None])}
        return [found[each] if each is not None else None for each in names]

    def _answer(self, batch: Batch, cases: Sequence[Case | None], block: Head) -> None:
        """Sign what the other side offered, if every case may be settled so; else say why not, all at once."""
        fits = [
            judged(case, self.coordinator.final(_agreed(case)) if case else None, batch, us=self.us) for case in cases
        ]
        wrong = sorted({why for fit, why in fits if fit is Fit.NO})
        if batch.deadline > self._at(block) + MOST_ANSWER:
            wrong.append("it stands longer than a day")
        if not self._is_by(batch.peer, batch, batch.signed_first):
            wrong.append("its signature is not by a key that the network names for who offers it")
        if not wrong and any(fit is Fit.WAIT for fit, _ in fits):
            return
        ours = [case for case in cases if case is not None]
        if not wrong:
            wrong = [f"case {case.id} is not held by the core" for case in ours if not self._holds(case)]
        if wrong:
            self._decline(batch, "; ".join(wrong))
            return
        if self._offers_more(batch, ours, block):
            return
        try:
            signature = self._signed(batch, ours, block)
        except PolicyError as why:
            self._decline(batch, str(why))
            return
        with self.files.begin() as unit:
            self._instead(unit, batch, replace(batch, stage=Stage.SIGNED, signed_second=signature))
            _wait(unit, ours, batch.deadline, "signed in a batch")
            unit.put_letter(batch.peer, batch.reference, LetterKind.BATCH_SIGNED, BatchSigned(signature))
            fault("batches.before_answer_commit")
        fault("batches.after_answer_commit")

    def _offers_more(self, batch: Batch, ours: Sequence[Case], block: Head) -> bool:
        """What waits here for the same peer goes along: one batch for both ways, offered instead of theirs."""
        if self.settings is None or any(case.side is Side.SOURCE for case in ours):
            return False  # theirs is for both ways already: it is signed as it is
        waiting = self._held(self._waiting(block).get((batch.peer, batch.token), []))
        more = chosen(waiting, self.settings, with_=ours)
        if more:
            self._offer(batch.peer, batch.token, [*ours, *more], self.settings, block, instead=batch)
        return bool(more)

    def _instead(self, unit: DealUnit, batch: Batch, after: Batch) -> list[Batch]:
        """Write what becomes of one. What we offered of the same rollovers is answered by it; that is over."""
        over = [each for each in unit.live_batches() if each.stage is Stage.OFFERED and set(each.ids) <= set(batch.ids)]
        changes = [(batch, after), *((each, replace(each, stage=Stage.OVER)) for each in over)]
        for before, now in sorted(changes, key=lambda each: each[0].reference):
            unit.change_batch(before, now)
        return over

    def _decline(self, batch: Batch, words: str) -> None:
        with self.files.begin() as unit:
            go_on_singly(unit, *self._instead(unit, batch, replace(batch, stage=Stage.OVER)))
            unit.put_letter(
                batch.peer, batch.reference, LetterKind.BATCH_DECLINED, Ended(BATCH_DECLINED, words[:2_000])
            )
            fault("batches.before_answer_commit")
        fault("batches.after_answer_commit")

    def _is_by(self, who: bytes, batch: Batch, signature: bytes | None) -> bool:
        """Whether the key that the network names signed it; of a wallet that is a contract the chain alone knows."""
        if signature is None:
            return False
        if len(signature) != _OF_KEY:
            return True
        return is_signed_by(self.coordinator.signer_of(who), self.digest(batch), signature)

    def digest(self, batch: Batch) -> bytes:
        """What both sign."""
        return self.domain.digest(batch.hash)

    def _send(self, batch: Batch, cases: Sequence[Case]) -> None:
        if not self._is_by(batch.second, batch, batch.signed_second):
            self._end(batch, Stage.OVER)
            return
        if any(self.coordinator.newest(_agreed(case)).verdict is not Verdict.ABSENT for case in cases):
            return  # it is there, or something else is: the next final block tells
        words = [int.from_bytes(each, "big") for each in (batch.first, batch.second, batch.token)]
        encoded = encode_batch([_agreed(case).encoded for case in cases])
        what = "settle_batch(uint256,uint256,uint256,uint256,bytes,bytes,bytes)"
        data = call_of(what, *words, batch.deadline, encoded, batch.signed_first, batch.signed_second)
        fault("batches.before_send")
        refusal = self.coordinator.send(data)
        fault("batches.after_send")
        if refusal is None:
            return
        log.warning("batch %s is refused: %s", batch.reference.hex()[:16], refusal.words)
        if all(self.coordinator.newest(_agreed(case)).verdict is Verdict.ABSENT for case in cases):
            # Nobody was faster. Its cases wait no more, but it is not over: both signatures are out, and until its time
            # is over the other side may send it again.
            self._end(batch, Stage.SIGNED)

    def note_settled(self, case: Case) -> None:
        """The final chain has this case in a batch: ours of it is settled, whatever we thought had become of it."""
        with self.files.begin() as unit:
            known = unit.batches_with(_agreed(case).rollover)
        for batch in known:
            if batch.stage is not Stage.SETTLED and self.coordinator.is_batched(batch.hash):
                self._end(batch, Stage.SETTLED)
        with self.files.begin() as unit:
            is_known = unit.batch_of(_agreed(case).rollover) is not None
        if not is_known:
            self._remember(_agreed(case).rollover)

    def _remember(self, rollover: bytes) -> None:
        """The batch that settled it is in no row of ours, as in an older backup: from the chain, under its hash."""
        found = self.coordinator.batch_with(rollover)
        if found is None:
            log.warning("what settled %s in a batch cannot be read: ask nothing back of it", rollover.hex()[:16])
            return
        settlement, told = found
        peer = told.second if told.first == self.us else told.first
        reference = settlement.batch or bytes(32)
        row = Batch(
            peer, reference, told.first, told.second, told.token, told.deadline, settlement.ids, Stage.SETTLED
        )  # fmt: skip
        with self.files.begin() as unit:
            if unit.batch(peer, reference) is None:
                unit.add_batch(row)

    def _end(self, batch: Batch, stage: Stage) -> None:
        """Nobody waits for it any more."""
        with self.files.begin() as unit:
            unit.change_batch(batch, replace(batch, stage=stage))
            if stage is not Stage.SETTLED:
                go_on_singly(unit, batch)
            fault("batches.before_end_commit")
        fault("batches.after_end_commit")


def go_on_singly(unit: DealUnit, *batches: Batch) -> None:
    """Their cases wait no more; the rows of the batches are locked. The chain sees to it that nothing is settled twice,
    should one still come."""
    until: dict[str, set[int]] = {}
    for batch in batches:
        for rollover in batch.ids:
            for side in Side:
                if (name := unit.case_of(rollover, side)) is not None:
                    until.setdefault(name, set()).add(batch.deadline)
    waiting = [case for case in _locked(unit, until) if case.batch_until in until[case.id]]
    _wait(unit, waiting, None, "goes on without a batch")


def _wait(unit: DealUnit, cases: Iterable[Case], until: int | None, words: str) -> None:
    """Until when these wait, or that they wait no more, and the event of it."""
    ordered = sorted(cases, key=lambda each: each.id)
    for case in ordered:
        unit.change(case, replace(case, batch_until=until))
    # The turn to write events is kept until the commit: who holds a file and waits for it must not be waited for.
    for case in ordered:
        unit.put_event(case.id, words)


def _locked(unit: DealUnit, names: Iterable[str]) -> list[Case]:
    """Locked in one order, by everybody after the row of a batch: or two would wait for each other."""
    return [unit.case(name) for name in sorted(set(names))]


def _agreed(case: Case) -> Agreed:
    if case.agreed is None:
        raise ValueError(f"case {case.id} has no exact terms")
    return case.agreed
