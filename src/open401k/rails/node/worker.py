"""One pass over all open cases: the only code that follows, and so the only recovery code. Not here: deciding.

A crash at any :data:`BOUNDARIES` is healed by the next pass: everything outside our database is idempotent, and what
must go together is one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, assert_never

from open401k.base.faults import fault

from ..chain.interface import Head
from ..messages import parent_of
from .cases import Agreed, Case, Cases, ChangedError, Kind, Message, Posting, Raised, State, Unit
from .codes import PAPER_WANTED, POLICY, SIGNER_AWAY, UNTOLD, WALLET_AWAITED, WRONG_AMOUNT
from .confirming import confirmed
from .coordinator import Coordinator
from .core import Answer, CustodianCore, Done, Refused, SilentError, Waiting
from .following import (
    Action,
    Adopt,
    Hold,
    Post,
    PutOut,
    Raise,
    Release,
    Send,
    Settle,
    Standing,
    Vote,
    is_useful,
    next_actions,
)
from .opening import given_back, only_stands, order_of
from .recalling import end_forgotten, recall
from .signing import PolicyError, Signer, SignerAwayError, abort_call, expire_call, receipt_call, vote_call
from .wanted import AwaitedError

#: Where a test may stop the process (base.faults): before and after everything that leaves a trace.
BOUNDARIES: Final = (
    "node.before_core_hold", "node.after_core_hold", "node.before_hold_commit", "node.after_hold_commit",
    "node.before_vote_commit", "node.after_vote_commit", "node.before_send", "node.after_send",
    "node.before_core_post", "node.after_core_post", "node.before_post_commit", "node.after_post_commit",
    "node.before_core_release", "node.after_core_release", "node.before_release_commit", "node.after_release_commit",
)  # fmt: skip

#: Refusals of the contract that only say that somebody was faster; the next final block tells more.
_RACES: Final = frozenset({609, 610, 611, 612, 613, 614, 615, 616})


class FinalityError(Exception):
    """A final block was replaced: a human decides whether this chain can be trusted; until then nothing moves."""

    def __init__(self, known: Head, found: Head) -> None:
        super().__init__(f"Block {known.number} was final as {known.hash.hex()} and is {found.hash.hex()} now.")


#: A message that was refused is sent again after 1, 2, 4 passes, and so on up to so many.
_MOST_PASSES = 32

#: Nobody signs for us, or not this, or not yet.
_UNSIGNED: Final = frozenset({SIGNER_AWAY, POLICY, WALLET_AWAITED})

#: What the contract says to a signature by a key that is not ours any more.
_OTHER_KEY: Final = frozenset({203, 208, 212})


@dataclass(frozen=True, slots=True)
class Passed:
    """What a pass did: actions by case, who did not answer, and which cases wait for the wallet's signature."""

    done: Sequence[tuple[str, Action]]
    silent: Sequence[tuple[str, str]]
    awaited: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Rest:
    """A case that waits: what its file, outbox and the chain said when there was nothing to do."""

    case: Case
    outbox: tuple[Message, ...]
    final: Standing


@dataclass(frozen=True, slots=True)
class _Refused:
    """A message that the coordinator refused as it is: how often, and before which pass it is not sent again."""

    message: Message
    times: int
    until: int


class Batching(Protocol):
    """What a node does about batches (batches.py), if it does."""

    core: CustodianCore
    #: Cases of which somebody did not answer in the last pass.
    silent: set[str]

    def once(self, block: Head) -> Mapping[str, SignerAwayError | PolicyError]:
        """Bring every batch as far as it goes now; cases that wait because nobody signs a batch of them, and why."""
        ...

    def waits_until(self, case: Case, block: Head) -> int | None:
        """Until when a case that is held now waits for others."""
        ...

    def note_settled(self, case: Case) -> None:
        """The final chain has this case in a batch."""
        ...


@dataclass
class Node:
    """One custodian's node: its files, its core, its key, the coordinator. ``salt`` hides references of its books."""

    cases: Cases
    core: CustodianCore
    coordinator: Coordinator
    signer: Signer
    salt: bytes = field(repr=False)
    batches: Batching | None = None
    #: Our address in the network: what the chain has of us and no file knows is looked for.
    us: bytes | None = None
    _rests: dict[str, _Rest] = field(default_factory=dict, init=False, repr=False)
    _refused: dict[tuple[str, Kind], _Refused] = field(default_factory=dict, init=False, repr=False)
    #: Cases of which no exception of a signer that is away, or does not sign, is open.
    _signs: set[str] = field(default_factory=set, init=False, repr=False)
    _batches_unsigned: set[str] = field(default_factory=set, init=False, repr=False)
    _passes: int = field(default=0, init=False)
    _seen: Head | None = field(default=None, init=False)

    def run_once(self) -> Passed:
        """Follow every open case as far as it goes now. Whoever does not answer keeps nobody else waiting."""
        done: list[tuple[str, Action]] = []
        silent: list[tuple[str, str]] = []
        awaited: list[str] = []
        self._passes += 1
        block = self._look_at_finality()
        self._hear(block)
        if self.batches is not None:
            self._unsigned_batches(self.batches.once(block), block)
        for case in self._awake(block):
            try:
                self._follow(case, done)
                self._signed(case, done)
            except AwaitedError as why:
                self.unsigned(case, why, at=block.time)
                awaited.append(case)
            except (SignerAwayError, PolicyError) as why:
                self.unsigned(case, why, at=block.time)
                silent.append((case, f"{type(why).__name__}: {why}"))
            except (SilentError, ChangedError, OSError) as why:
                silent.append((case, f"{type(why).__name__}: {why}"))
        return Passed(done, silent, awaited)

    def _hear(self, block: Head) -> None:
        """Wake those of which the final chain tells something new; after a change of the network refusals are void."""
        if self._seen is None:
            news = None
        elif self._seen == block:
            return
        else:
            news = self.coordinator.news(self._seen.number, block)
        for name, rest in list(self._rests.items()):
            agreed = rest.case.agreed
            if news is None or agreed is None or not news.isdisjoint(agreed.names):
                del self._rests[name]
        if news is None:
            self._refused.clear()
        self._seen = block

    def _awake(self, block: Head) -> list[str]:
        """Cases that something may be done about; what they ask of the chain is asked for together."""
        found, asked = [], []
        names = self.cases.to_follow()
        for name in names:
            with self.cases.begin() as unit:
                case, outbox = unit.case(name), tuple(unit.outbox(name))
            rest = self._rests.get(name)
            if rest is None or (rest.case, rest.outbox) != (case, outbox) or self._acts(rest, block):
                found.append(name)
                asked += [] if case.agreed is None else [case.agreed]
        self._rests = {name: self._rests[name] for name in names if name in self._rests}
        self._signs.intersection_update(names)
        self._refused = {each: told for each, told in self._refused.items() if each[0] in names}
        self.coordinator.read_ahead(asked)
        return found

    def _acts(self, rest: _Rest, block: Head) -> bool:
        """Whether time alone lets something be done. What is remembered only says: wait; to act, it is read anew."""
        actions = next_actions(rest.case, replace(rest.final, block=block), rest.outbox)
        return any(not isinstance(each, Send) or not self._waits(rest.outbox, each.kind) for each in actions)

    def _waits(self, outbox: Sequence[Message], kind: Kind) -> bool:
        """Whether the coordinator refused exactly this a short while ago."""
        message = next((each for each in outbox if each.kind is kind), None)
        told = None if message is None else self._refused.get((message.case, kind))
        return told is not None and told.message == message and self._passes < told.until

    def unsigned(self, case: str, why: SignerAwayError | PolicyError, *, at: int) -> None:
        """Nobody signs for us now, or not this: it waits, and operations is told."""
        self._signs.discard(case)
        code = WALLET_AWAITED if isinstance(why, AwaitedError) else POLICY
        with self.cases.begin() as unit:
            unit.raise_(Raised(case, code if isinstance(why, PolicyError) else SIGNER_AWAY, str(why), at))

    def _unsigned_batches(self, now: Mapping[str, SignerAwayError | PolicyError], block: Head) -> None:
        for case in self._batches_unsigned - now.keys():
            self.signs_again(case)
        for case, why in now.items():
            self.unsigned(case, why, at=block.time)
        self._batches_unsigned = set(now)

    def _signed(self, case: str, done: Sequence[tuple[str, Action]]) -> None:
        """It went on, so the signer signs again; asked once for each case, and again after it did not."""
        if case in self._signs or not any(name == case for name, _ in done):
            return
        self.signs_again(case)

    def signs_again(self, case: str) -> None:
        """The signer signed what this case waited for, or it is not wanted any more."""
        self._signs.add(case)
        with self.cases.begin() as unit:
            for code in {each.code for each in unit.raised(case) if each.is_open} & _UNSIGNED:
                unit.resolve(case, code)

    def _look_at_finality(self) -> Head:
        """Stop everything if a block that was final is another one now: no rule of ours covers that."""
        block = self.coordinator.final_block()
        with self.cases.begin() as unit:
            known = unit.cursor()
        if known is not None and block.number < known.number:
            raise SilentError(f"the chain answers block {block.number} as final, and {known.number} was before")
        if known == block:
            return block
        if known is not None:
            # a chain that was written anew is mostly longer by now: what stands at the number that we know
            now = block if block.number == known.number else self.coordinator.block_at(known.number)
            if now.hash != known.hash:
                raise FinalityError(known, now)
        self._catch_up(-1 if known is None else known.number, block)
        return block

    def _catch_up(self, after: int, block: Head) -> None:
        """Piece by piece, each noted with the cursor behind it: after a failure only its own piece is read again."""
        end = None
        while end != block:
            end = block if self.us is None else self.coordinator.piece_end(after, block)
            if self.us is not None:  # after an older backup the cursor is as old as the files
                recall(self.cases, self.coordinator, self.us, after, end, at=block.time)
            with self.cases.begin() as unit:
                unit.set_cursor(end)
            after = end.number

    def _follow(self, name: str, done: list[tuple[str, Action]]) -> None:
        """As far as it goes; a :class:`PolicyError` once all is done that needs no such signature."""
        sent: set[Kind] = set()
        unsigned: PolicyError | None = None
        goes_on = True
        while goes_on:
            goes_on = False
            with self.cases.begin() as unit:
                case, outbox = unit.case(name), unit.outbox(name)
            if case.agreed is None:
                if only_stands(case) and self._seen is not None:
                    end_forgotten(self.cases, self.coordinator, case, outbox, self._seen)
                break
            final = self.coordinator.final(case.agreed)
            self._rests[name] = _Rest(case, tuple(outbox), final)
            for action in next_actions(case, final, outbox):
                if isinstance(action, Send):
                    if action.kind in sent or self._waits(outbox, action.kind):
                        continue
                    sent.add(action.kind)
                try:
                    if not self._do(case, case.agreed, final, action):
                        continue
                except PolicyError as why:
                    unsigned = why
                    if isinstance(action, PutOut):
                        sent.add(action.kind)  # what was not put out is not there to be sent
                    continue
                done.append((name, action))
                goes_on = True
                if isinstance(action, (Hold, Vote, Adopt, Post, Release)):
                    break  # the file changed: decide again
        if unsigned is not None:
            raise unsigned

    def _do(self, case: Case, agreed: Agreed, final: Standing, action: Action) -> bool:
        """Carry one out; False if it changed nothing."""
        match action:
            case Hold():
                return self._hold(case, agreed, final)
            case Vote(kind):
                return self._vote(case, agreed, final, kind)
            case Adopt():
                with self.cases.begin() as unit:
                    unit.change(case, case.to(State.VOTED))
                return True
            case Send(kind):
                return self._send(case, agreed, final, kind)
            case Settle(kind):
                with self.cases.begin() as unit:
                    unit.mark(replace(_message(unit, case, kind), is_done=True))
                return True
            case Post():
                return self._post(case, agreed, final)
            case Release():
                return self._release(case, agreed, final)
            case PutOut(kind):
                return self._put_out(case, final, kind)
            case Raise(code, words):
                return self._raise(case, final, code, words)
            case _:
                assert_never(action)

    # ---- the core

    def _hold(self, case: Case, agreed: Agreed, final: Standing) -> bool:
        fault("node.before_core_hold")
        answer = self.core.hold(order_of(case, agreed))
        fault("node.after_core_hold")
        held = self._checked(case, agreed, final, answer, stops=True)
        if held is None:
            return False
        with self.cases.begin() as unit:
            until = self.batches.waits_until(case, final.block) if self.batches is not None else None
            unit.change(case, replace(case.to(State.HELD), batch_until=until))
            unit.note_hold(case, held.reference)
            fault("node.before_hold_commit")
        fault("node.after_hold_commit")
        return True

    def _post(self, case: Case, agreed: Agreed, final: Standing) -> bool:
        if final.batched and self.batches is not None:
            self.batches.note_settled(case)  # before it is posted: from then on a return may be asked
        fault("node.before_core_post")
        answer = self.core.post(order_of(case, agreed))
        fault("node.after_core_post")
        posted = self._checked(case, agreed, final, answer, stops=False)
        if posted is None:
            return False
        receipt, said = confirmed(case, posted.reference, self.salt, self.signer, block=final.block)
        with self.cases.begin() as unit:
            unit.change(case, case.to(State.POSTED))
            for part in agreed.parts:
                reference = posted.reference
                unit.note_posting(Posting(agreed.rollover, case.account, part.leg, case.side, part.cents, reference))
            unit.put_out(Message(case.id, Kind.RECEIPT, receipt))
            if said is not None:
                unit.note_said(case.id, said)
            for raised in unit.raised(case.id):
                if raised.code != PAPER_WANTED:  # the confirmation, too, goes by post
                    unit.resolve(case.id, raised.code)
            fault("node.before_post_commit")
        fault("node.after_post_commit")
        return True

    def _release(self, case: Case, agreed: Agreed, final: Standing) -> bool:
        fault("node.before_core_release")
        answer = self.core.release(agreed.rollover, case.side)
        fault("node.after_core_release")
        if isinstance(answer, Waiting):
            return False
        if isinstance(answer, Refused):
            self._raise(case, final, answer.code, answer.words)
            return False
        with self.cases.begin() as unit:
            unit.change(case, case.to(State.RELEASED))
            fault("node.before_release_commit")
        fault("node.after_release_commit")
        return True

    def _checked(self, case: Case, agreed: Agreed, final: Standing, answer: Answer, *, stops: bool) -> Done | None:
        """The answer if it is what was ordered; else it is in the queue, and before a vote we want the end."""
        if isinstance(answer, Waiting):
            return None
        if isinstance(answer, Done) and answer.cents == agreed.cents:
            return answer
        if isinstance(answer, Done):
            answer = Refused(WRONG_AMOUNT, f"the core did {answer.cents} cents where {agreed.cents} were ordered")
        with self.cases.begin() as unit:
            unit.raise_(Raised(case.id, answer.code, answer.words, final.block.time))
            if stops and case.stop is None:
                unit.change(case, replace(case, stop=answer.code))
        return None

    # ---- the coordinator

    def _vote(self, case: Case, agreed: Agreed, final: Standing, kind: Kind) -> bool:
        # the file may be of a backup that is older than a release: only what the core holds now is promised
        if self._checked(case, agreed, final, self.core.hold(order_of(case, agreed)), stops=True) is None:
            return False
        data = self._vote_call(case, kind, final)
        with self.cases.begin() as unit:
            unit.change(case, case.to(State.VOTED))
            unit.put_out(Message(case.id, kind, data))
            fault("node.before_vote_commit")
        fault("node.after_vote_commit")
        return True

    def _vote_call(self, case: Case, kind: Kind, final: Standing) -> bytes:
        """With the case that it gives back, where its terms name one; agreeing on them saw to it that we have it."""
        named = None if case.agreed is None else parent_of(case.agreed.encoded)
        if named is None:
            return vote_call(case, kind, self.signer, at=final.block.time)
        with self.cases.begin() as unit:
            before = given_back(unit, case, named)
        if before is None:
            raise AssertionError(f"case {case.id} gives back what no case before it was")
        return vote_call(case, kind, self.signer, at=final.block.time, parent=before.encoded)

    def _put_out(self, case: Case, final: Standing, kind: Kind) -> bool:
        if kind is Kind.EXPIRE:
            data = expire_call(case)
        elif kind is Kind.APPROVE:
            data = self._vote_call(case, kind, final)
        elif case.stop is None:
            raise AssertionError(f"case {case.id} is to be aborted and has no reason")
        else:
            data = abort_call(case, case.stop, self.signer, at=final.block.time)
        with self.cases.begin() as unit:
            unit.put_out(Message(case.id, kind, data))
        return True

    def _send(self, case: Case, agreed: Agreed, final: Standing, kind: Kind) -> bool:
        with self.cases.begin() as unit:
            message = _message(unit, case, kind)
        if not is_useful(kind, self.coordinator.newest(agreed)):
            return False
        if not message.data:  # our wallet is to sign it
            if not self._signed_again(case, final, message):
                return False
            with self.cases.begin() as unit:
                message = _message(unit, case, kind)
        fault("node.before_send")
        refusal = self.coordinator.send(message.data)
        fault("node.after_send")
        if refusal is None:
            return True
        code = refusal.code or UNTOLD
        if code in _OTHER_KEY:
            try:
                if self._signed_again(case, final, message):
                    return True
            except AwaitedError:  # what a key of before signed is worth nothing: it is not sent again
                with self.cases.begin() as unit:
                    unit.mark(replace(message, data=b"", refused=None))
                raise
        if code not in _RACES:
            message = replace(message, refused=code)
            with self.cases.begin() as unit:
                unit.mark(message)
                unit.raise_(Raised(case.id, code, refusal.words, final.block.time))
        known = self._refused.get((case.id, kind))
        times = 0 if known is None or known.message != message else known.times
        until = self._passes + 1 + min(2**times, _MOST_PASSES)
        self._refused[case.id, kind] = _Refused(message, times + 1, until)
        return False

    def _signed_again(self, case: Case, final: Standing, message: Message) -> bool:
        """Our key was replaced since it was signed: say the same by the new one. False if that changes nothing."""
        at = final.block.time
        with self.cases.begin() as unit:
            references = [posting.reference for posting in unit.postings(case.id)]
        if message.kind in (Kind.PROPOSE, Kind.APPROVE):
            data = self._vote_call(case, message.kind, final)
        elif message.kind is Kind.RECEIPT and references:
            data = receipt_call(case, references[0], self.salt, self.signer, at=at)
        elif message.kind is Kind.ABORT and case.stop is not None:
            data = abort_call(case, case.stop, self.signer, at=at)
        else:
            return False
        if data == message.data:
            return False
        with self.cases.begin() as unit:
            unit.mark(replace(message, data=data, refused=None))
        return True

    def _raise(self, case: Case, final: Standing, code: int, words: str) -> bool:
        with self.cases.begin() as unit:
            unit.raise_(Raised(case.id, code, words, final.block.time))
        return False


def _message(unit: Unit, case: Case, kind: Kind) -> Message:
    return next(message for message in unit.outbox(case.id) if message.kind is kind)
