"""Offering, answering and following batches: a part of each pass, before single cases are followed.

Both sides sign only what their cores hold now and the contract would take, and only for cases whose own vote they have
not given. Whatever becomes of a batch, each case follows the chain by itself: nothing here moves one, but for the time
until which it waits. Not here: what may be in a batch (batching), what files say of it (batch_waits), letters that came
(batch_letters).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from open401k.base.faults import fault
from open401k.kernel import Random

from ..chain.interface import Head
from ..decoding import decode_case
from ..messages import Domain
from ..signatures import is_signed_by
from . import batch_trials
from .batch_trials import NOT_YET, RefusedWholeError, in_words
from .batch_waits import go_on_singly, go_on_without, leave_out, locked, wait
from .batching import (
    MOST_ANSWER,
    Batch,
    Fit,
    Settings,
    Stage,
    agreed_of,
    chosen,
    is_due,
    judged,
    peer_of,
    settle_call,
    waits_until,
)
from .cases import Case, ChangedError, State
from .codes import BATCH_DECLINED
from .coordinator import BatchCoordinator, Refusal
from .core import CustodianCore, Done, Side, SilentError
from .deal import Deals, DealUnit
from .following import Verdict
from .letters import BatchDeclined, BatchOffered, BatchSigned, LetterKind, NotTaken
from .opening import order_of
from .signing import BatchSigner, Item, PolicyError, SignerAwayError
from .wanted import AwaitedError

log = logging.getLogger("open401k.node.batches")
#: Where a test may stop the process: around everything that leaves a trace.
BOUNDARIES: Final = (
    "batches.before_left_out_commit", "batches.after_left_out_commit", "batches.before_offer_commit",
    "batches.after_offer_commit", "batches.before_answer_commit", "batches.after_answer_commit",
    "batches.before_send", "batches.after_send", "batches.before_end_commit", "batches.after_end_commit",
)  # fmt: skip
_OF_KEY: Final = 65
_MOST_WHY: Final = 200


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
    #: Whether a wallet that is a contract signed; without it the contract alone tells.
    wallet: Callable[[bytes, bytes, bytes], bool] | None = None
    #: Whether a wallet of ours is asked now: what we offer is drawn up, and told once it has signed.
    asks: Callable[[], bool] = lambda: False
    #: Cases of which somebody did not answer in the last pass, while a batch of them was made or followed.
    silent: set[str] = field(default_factory=set)

    def waits_until(self, case: Case, block: Head) -> int | None:
        """Until when a case that is held now waits for others."""
        return waits_until(case, self.settings, at=self._at(block)) if self.settings is not None else None

    def once(self, block: Head) -> Mapping[str, SignerAwayError | PolicyError]:
        """Bring every batch as far as it goes now; cases of which nobody signs a batch, and why.

        Whoever is silent is asked again in the next pass.
        """
        unsigned: dict[str, SignerAwayError | PolicyError] = {}
        self.silent.clear()
        with self.files.begin() as unit:
            live = unit.live_batches()
        for batch in live:
            try:
                self._follow(batch, block)
            except (SignerAwayError, PolicyError) as why:
                unsigned |= {case.id: why for case in self._cases(batch) if case is not None}
            except (SilentError, ChangedError) as why:
                self.silent.update(case.id for case in self._cases(batch) if case is not None)
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
            live = unit.live_batches()
        found: dict[tuple[bytes, bytes], list[Case]] = {}
        for name in self.files.to_follow():
            with self.files.begin() as unit:
                case = unit.case(name)
            agreed = case.agreed
            if agreed is None or any(agreed.rollover in each.ids for each in live):
                continue
            if not self._may_be_offered(case, block):
                continue
            told = decode_case(agreed.encoded)
            peer = peer_of(told, self.us)
            if peer is not None:
                found.setdefault((peer, told.terms.token), []).append(case)
        return found

    def _may_be_offered(self, case: Case, block: Head) -> bool:
        """Whether it still waits, whatever was offered of it: nobody ended it, and nothing of it is on chain."""
        agreed = case.agreed
        if agreed is None or case.state is not State.HELD or case.batch_until is None or case.stop is not None:
            return False
        return block.time < agreed.deadline and self.coordinator.final(agreed).verdict is Verdict.ABSENT

    def _held(self, cases: Sequence[Case]) -> list[Case]:
        """Those for which the core holds all the money now: the files may be of a backup older than a release."""
        found = []
        for case in cases:
            try:
                found += [case] if self._holds(case) else []
            except SilentError as why:
                self.silent.add(case.id)
                log.warning("case %s is left out of a batch: %s", case.id, why)
        return found

    def _holds(self, case: Case) -> bool:
        agreed = agreed_of(case)
        answer = self.core.hold(order_of(case, agreed))
        return isinstance(answer, Done) and answer.cents == agreed.cents

    def _offer(
        self, peer: bytes, token: bytes, cases: Sequence[Case], settings: Settings, block: Head,
        *, theirs: Sequence[Case] = (), instead: Sequence[Batch] = (),
    ) -> bool:  # fmt: skip
        """Sign and tell; ``instead`` of what was offered, with ``theirs`` of it. False if too few of ``cases`` fit."""
        deadline = min(self._at(block) + settings.answer, *(agreed_of(case).deadline for case in (*theirs, *cases)))
        bare = Batch(peer, self.random.token(32), self.us, peer, token, deadline, (), Stage.OFFERED)
        fit, batch = self._fit(bare, cases, beside=theirs), None
        while batch is None:
            if len(fit) < (1 if theirs else settings.least):
                return False
            all_of_it = [*theirs, *fit]
            named = replace(bare, ids=tuple(agreed_of(case).rollover for case in all_of_it))
            if self.asks():
                return self._draw_up(named, fit)
            try:
                batch = replace(named, signed_first=self._signed(named, all_of_it, block))
            except PolicyError as why:
                refused = [case for case in fit if agreed_of(case).rollover == why.rollover]
                if not refused:
                    raise
                self._leave_out(refused, {case.id: f"our signer refuses: {why}" for case in refused})
                fit = [case for case in fit if case not in refused]
        told = BatchOffered(batch.first, batch.second, token, deadline, batch.ids, batch.signed_first or b"")
        own = [case for each in instead for case in self._cases(each) if case and case.side is Side.SOURCE]
        rest = [case for case in own if self._may_be_offered(case, block)]
        waits = {case.id: (case, self._at(block), "waits for the next batch") for case in rest}
        waits |= {case.id: (case, deadline, "offered in a batch") for case in all_of_it}
        with self.files.begin() as unit:
            for each in sorted(instead, key=lambda one: one.reference):
                unit.change_batch(each, replace(each, stage=Stage.OVER))
            unit.add_batch(batch)
            wait(unit, waits.values())
            unit.put_letter(peer, batch.reference, LetterKind.BATCH, told)
            fault("batches.before_offer_commit")
        fault("batches.after_offer_commit")
        return True

    def _draw_up(self, batch: Batch, cases: Sequence[Case]) -> bool:
        """What our wallet is to sign stays the same until its time is over, and nobody is told of it before."""
        with self.files.begin() as unit:
            unit.add_batch(replace(batch, stage=Stage.DRAWN_UP))
            wait(unit, [(case, batch.deadline, "in a batch that our wallet is to sign") for case in cases])
            fault("batches.before_offer_commit")
        fault("batches.after_offer_commit")
        return True

    def _tell(self, batch: Batch, cases: Sequence[Case], block: Head) -> None:
        """Offer what we drew up, once our wallet has signed it. If some of it was ended since, the rest is drawn up
        anew."""
        still = [agreed_of(each).rollover for each in self._held([x for x in cases if self._may_be_offered(x, block)])]
        gone = {each: "it was ended, or is not held any more" for each in batch.ids if each not in still}
        signed_first = None if gone else self._signed(batch, cases, block)
        with self.files.begin() as unit:
            if signed_first is None:
                unit.change_batch(batch, replace(batch, stage=Stage.OVER))
                go_on_without(unit, batch, unfit=gone, at=self.now())
            else:
                told = BatchOffered(batch.first, batch.second, batch.token, batch.deadline, batch.ids, signed_first)
                unit.change_batch(batch, replace(batch, stage=Stage.OFFERED, signed_first=signed_first))
                wait(unit, [(case, batch.deadline, "offered in a batch") for case in cases])
                unit.put_letter(batch.peer, batch.reference, LetterKind.BATCH, told)
            fault("batches.before_offer_commit")
        fault("batches.after_offer_commit")

    def _fit(self, bare: Batch, cases: Sequence[Case], *, beside: Sequence[Case]) -> list[Case]:
        """Those that the contract would take beside others; of each left out its file says what the contract said."""
        try:
            unfit = batch_trials.unfit([*beside, *cases], lambda some: self._tried(bare, some))
        except RefusedWholeError as why:
            unfit = {case.id: str(why) for case in cases}
        refused = [case for case in cases if case.id in unfit]
        if refused:
            self._leave_out(refused, unfit)
        return [case for case in cases if case.id not in unfit]

    def _leave_out(self, cases: Sequence[Case], why: dict[str, str]) -> None:
        with self.files.begin() as unit:
            leave_out(unit, cases, why)
            fault("batches.before_left_out_commit")
        fault("batches.after_left_out_commit")

    def _tried(self, batch: Batch, cases: Sequence[Case]) -> Refusal | None:
        """What the contract would say to these without signatures."""
        return self.coordinator.foretold(settle_call(replace(batch, signed_first=b"", signed_second=b""), cases))

    def _signed(self, batch: Batch, cases: Sequence[Case], block: Head) -> bytes:
        items = [Item(each.rollover, each.cents, each.encoded) for each in map(agreed_of, cases)]
        return self.signer.batch(batch.first, batch.second, batch.token, batch.deadline, items, at=block.time)

    # ---- following

    def _follow(self, batch: Batch, block: Head) -> None:
        if self.coordinator.is_batched(batch.hash):
            self._end(batch, Stage.SETTLED)
            return
        cases = self._cases(batch)
        self.coordinator.read_ahead([agreed_of(case) for case in cases if case is not None])
        known = [self.coordinator.final(agreed_of(case)) for case in cases if case is not None]
        if block.time > batch.deadline or any(each.verdict is not Verdict.ABSENT for each in known):
            self._end(batch, Stage.OVER)  # no later block settles it any more
        elif batch.stage is Stage.DRAWN_UP:
            self._tell(batch, [case for case in cases if case is not None], block)
        elif batch.stage is Stage.ASKED:
            self._answer(batch, cases, block)
        elif batch.stage is Stage.SIGNED:
            self._send(batch, [case for case in cases if case is not None])

    def _cases(self, batch: Batch) -> list[Case | None]:
        """Ours of each id, in its order."""
        names: list[str | None] = []
        with self.files.begin() as unit:
            for rollover in batch.ids:
                of_sides = (unit.case_of(rollover, side) for side in Side)
                names.append(next((each for each in of_sides if each is not None), None))
            found = {case.id: case for case in locked(unit, [each for each in names if each is not None])}
        return [found[each] if each is not None else None for each in names]

    def _answer(self, batch: Batch, cases: Sequence[Case | None], block: Head) -> None:
        """Sign what the other side offered, if all of it may be settled so; else say what may not and why, at once."""
        ours = [case for case in cases if case is not None]
        with self.files.begin() as unit:
            live = [each for each in unit.live_batches() if each.reference != batch.reference]
        if any(each.takes_the_place_of(batch) for each in live):
            self._decline(batch, "another that you offered takes its place")
            return
        crossing = self._crossing(batch, ours, live)
        if crossing and self.us > batch.peer:
            return  # they lead: their answer holds ours and theirs
        whole, unfit, waits = self._judged(batch, cases, live, block)
        if whole or unfit:
            self._decline(batch, "; ".join(dict.fromkeys([*whole, *sorted(unfit.values())])), {} if whole else unfit)
            return
        if waits:
            return
        try:
            if self._offers_more(batch, ours, crossing, block):
                return
            signature = self._signed(batch, ours, block)
        except AwaitedError:  # our wallet may sign until its time is over; then each goes on singly
            raise
        except PolicyError as why:
            named = {why.rollover: str(why)} if why.rollover in batch.ids else {}
            self._decline(batch, str(why), named)
            return
        with self.files.begin() as unit:
            self._instead(unit, batch, replace(batch, stage=Stage.SIGNED, signed_second=signature))
            wait(unit, [(case, batch.deadline, "signed in a batch") for case in ours])
            unit.put_letter(batch.peer, batch.reference, LetterKind.BATCH_SIGNED, BatchSigned(signature))
            fault("batches.before_answer_commit")
        fault("batches.after_answer_commit")

    def _judged(
        self, batch: Batch, cases: Sequence[Case | None], live: Sequence[Batch], block: Head
    ) -> tuple[list[str], dict[bytes, str], bool]:
        """What is wrong with all of it, what with single rollovers, and whether to look again before we sign."""
        whole, unfit, fit, waits = list[str](), dict[bytes, str](), list[Case](), False
        if batch.deadline > self._at(block) + MOST_ANSWER:
            whole.append("it stands longer than a day")
        if not self._is_by(batch.peer, batch, batch.signed_first):
            whole.append("its signature is not by a key that the network names for who offers it")
        signed = [each for each in live if each.stage is Stage.SIGNED]
        ours = [each for each in live if each.stage is Stage.OFFERED and not set(each.ids) <= set(batch.ids)]
        for rollover, case in zip(batch.ids, cases, strict=True):
            final = self.coordinator.final(agreed_of(case)) if case else None
            says, why = judged(case, final, batch, us=self.us)
            if says is Fit.YES and case and any(rollover in each.ids for each in signed):
                says, why = Fit.NO, f"case {case.id} is in a batch that both sides signed"
            if says is Fit.NO:
                unfit[rollover] = why
            elif says is Fit.YES and case is not None:
                fit.append(case)
            waits |= says is Fit.WAIT or any(rollover in each.ids for each in ours)  # signed here, it may be in two
        if not whole:
            unheld = [case for case in fit if not self._holds(case)]
            unfit |= {agreed_of(case).rollover: f"case {case.id} is not held by the core" for case in unheld}
            try:
                refused = batch_trials.unfit([x for x in fit if x not in unheld], lambda some: self._tried(batch, some))
            except RefusedWholeError as why_whole:
                whole, refused = [str(why_whole)], {}
            unfit |= {
                agreed_of(case).rollover: f"case {case.id}: {refused[case.id]}" for case in fit if case.id in refused
            }
        return whole, unfit, waits

    def _crossing(self, batch: Batch, ours: Sequence[Case], live: Sequence[Batch]) -> list[Batch]:
        """What we offered before we knew theirs: two that go one way each, and no answer to each other."""
        if any(case.side is Side.SOURCE for case in ours):
            return []
        found = []
        for each in live:
            with_them = each.stage is Stage.OFFERED and (each.peer, each.token) == (batch.peer, batch.token)
            if with_them and all(case and case.side is Side.SOURCE for case in self._cases(each)):
                found.append(each)
        return found

    def _offers_more(self, batch: Batch, ours: Sequence[Case], crossing: Sequence[Batch], block: Head) -> bool:
        """What waits here for the same peer goes along: one batch for both ways, offered instead of theirs. So does
        what we offered at the same time, if it is for us to lead."""
        if self.settings is None or self.asks() or any(case.side is Side.SOURCE for case in ours):
            return False  # theirs is for both ways already, or our wallet is asked: it is signed as it is
        offered = [case for each in crossing for case in self._cases(each) if case is not None]
        still = [case for case in offered if self._may_be_offered(case, block)]  # or it was ended since
        waiting = self._held([*self._waiting(block).get((batch.peer, batch.token), []), *still])
        more = chosen(waiting, self.settings, with_=ours)
        if not more:
            return False
        return self._offer(
            batch.peer, batch.token, more, self.settings, block, theirs=ours, instead=[batch, *crossing]
        )  # fmt: skip

    def _instead(self, unit: DealUnit, batch: Batch, after: Batch) -> list[Batch]:
        """Write what becomes of one. What we offered of the same rollovers is answered by it; that is over."""
        over = [each for each in unit.live_batches() if each.stage is Stage.OFFERED and set(each.ids) <= set(batch.ids)]
        changes = [(batch, after), *((each, replace(each, stage=Stage.OVER)) for each in over)]
        for before, now in sorted(changes, key=lambda each: each[0].reference):
            unit.change_batch(before, now)
        return over

    def _decline(self, batch: Batch, words: str, unfit: dict[bytes, str] | None = None) -> None:
        """Not this; ``unfit``: without these it may be offered again."""
        items = tuple(NotTaken(rollover, why[:_MOST_WHY]) for rollover, why in (unfit or {}).items())
        with self.files.begin() as unit:
            over = self._instead(unit, batch, replace(batch, stage=Stage.OVER))
            if unfit:
                go_on_without(unit, *over, unfit=unfit, at=self.now())
            else:
                go_on_singly(unit, *over)
            told = BatchDeclined(BATCH_DECLINED, words[:2_000], items)
            unit.put_letter(batch.peer, batch.reference, LetterKind.BATCH_DECLINED, told)
            fault("batches.before_answer_commit")
        fault("batches.after_answer_commit")

    def _is_by(self, who: bytes, batch: Batch, signature: bytes | None) -> bool:
        """Whether the key or wallet that the network names signed it."""
        if signature is None:
            return False
        named, digest = self.coordinator.signer_of(who), self.digest(batch)
        if is_signed_by(named, digest, signature):
            return True
        return len(signature) != _OF_KEY if self.wallet is None else self.wallet(named, digest, signature)

    def digest(self, batch: Batch) -> bytes:
        """What both sign."""
        return self.domain.digest(batch.hash)

    def _send(self, batch: Batch, cases: Sequence[Case]) -> None:
        if not self._is_by(batch.second, batch, batch.signed_second):
            self._end(batch, Stage.OVER)
            return
        if not self._is_open(cases):
            return  # it is there, or something else is: the next final block tells
        data = settle_call(batch, cases)
        refusal = self.coordinator.foretold(data)
        if refusal is not None and refusal.code not in NOT_YET:
            self._give_up(batch, cases, refusal)
            return
        fault("batches.before_send")
        refusal = self.coordinator.send(data)
        fault("batches.after_send")
        if refusal is not None and self._is_open(cases):
            self._give_up(batch, cases, refusal)

    def _is_open(self, cases: Sequence[Case]) -> bool:
        """Nobody was faster, and nothing else is on chain."""
        return all(self.coordinator.newest(agreed_of(case)).verdict is Verdict.ABSENT for case in cases)

    def _give_up(self, batch: Batch, cases: Sequence[Case], refusal: Refusal) -> None:
        """The contract does not take what both signed: nobody here waits for it any more, and what the contract does
        take is offered anew. Until its time is over the other side may still send it: then it was settled."""
        log.warning("batch %s is refused: %s", batch.reference.hex()[:16], refusal.words)
        try:
            refused = batch_trials.unfit(cases, lambda some: self._tried(batch, some))
        except RefusedWholeError:
            refused = {}
        unfit = {agreed_of(case).rollover: refused[case.id] for case in cases if case.id in refused}
        with self.files.begin() as unit:
            unit.change_batch(batch, replace(batch, stage=Stage.OVER))  # its row is locked first
            if unfit and self.settings is not None:
                go_on_without(unit, batch, unfit=unfit, at=self.now())
            else:
                go_on_singly(unit, batch, why=in_words(refusal))
            fault("batches.before_end_commit")
        fault("batches.after_end_commit")

    def note_settled(self, case: Case) -> None:
        """The final chain has this case in a batch: ours of it is settled, whatever we thought had become of it."""
        with self.files.begin() as unit:
            known = unit.batches_with(agreed_of(case).rollover)
        for batch in known:
            if batch.stage is not Stage.SETTLED and self.coordinator.is_batched(batch.hash):
                self._end(batch, Stage.SETTLED)
        with self.files.begin() as unit:
            is_known = unit.batch_of(agreed_of(case).rollover) is not None
        if not is_known:
            self._remember(agreed_of(case).rollover)

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
