"""One seed, one schedule: whole rollovers with faults, checked at each step against the model. Not here: many seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eth_hash.auto import keccak

from open401k.kernel import SeededRandom

from .. import messages
from ..calls import call_of
from ..chain.interface import Head, Receipt
from ..messages import Attestation, Election, Leg, Mode, Role, Terms, Voter
from ..node.batching import Batch, Settings
from ..node.cases import Case, Raised, State
from ..node.codes import FOUND
from ..node.core import HoldState, Side
from ..node.opening import Signed, agree, agreed_of, move, open_case, stands_for, stop
from ..node.wanted import Wanted
from . import outside, wallets
from .backups import back_up, is_in_core_alone, is_over, note_asked, tell_again
from .chance import Dice, Fault, Faults
from .cores import Core
from .engines import (
    BEGUN,
    CHAIN_ID,
    CUSTODIANS,
    DAY,
    MINTED,
    PLAN,
    Engine,
    EvmEngine,
    TwinEngine,
    address_of,
    key,
    signer_of,
)
from .leaks import check_private, forms
from .mail import batches_of, carry, note_signed
from .model_chain import CUSTODIANS as PARTS
from .model_chain import Tx
from .money import ACCOUNTS, BEFORE, check_books, check_deposits
from .net import Clock, Endpoints, Net, Watch
from .on_chain import check_agreed, check_refused, check_replayed, check_words
from .parties import Assembled, FaultyCases, Party, Wallet, as_it_is
from .rollovers import Rollover
from .stories import give_back, intrude, revoke, skew, suspend
from .told import all_about, boundary_of, renamed, tx_of
from .trace import DepartedError, Trace
from .twin import case_of
from .twin_chain import Sent

HOUR = 3_600
_LATER = 1 << 64  # dice for what was added later: what a seed meant before stays where it does not act
_OPEN = (State.LIQUIDATING, State.HELD, State.VOTED)
_READY = (State.DATA_REQUESTED, State.PREVALIDATED, State.LIQUIDATING)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one seed."""

    seed: int
    engine: str
    mode: str
    violation: str | None
    stuck: tuple[str, ...]
    ends: dict[str, int]
    returned: int
    several: int
    by_wallet: int
    batches: dict[str, int]
    seen: dict[tuple[str, Fault], int]
    lines: tuple[str, ...]


class Run:
    """Everything of one seed."""

    def __init__(self, seed: int, *, evm: bool = False, assembled: Assembled = as_it_is) -> None:
        self.seed, self.dice, self.later = seed, Dice(seed), Dice(seed + _LATER)
        self.referred: dict[str, set[tuple[str, bytes]]] = {}
        self.has_outside = self.later.percent(25)
        self.mode = "safety" if self.dice.percent(25) else "liveness"
        self.faults = Faults(self.dice, percent=self.dice.one_of((3, 8, 20)))
        self.clock = Clock(BEGUN + DAY)
        self.lines: list[str] = []
        self.rollovers: list[Rollover] = []
        self.checked = b""
        story = self.dice.weighted(((50, "alone"), (25, "several"), (25, "batches")))
        self.batching = story == "batches"
        self.by_wallet = story != "several" and seed % 4 == 3  # one of them, or both
        self.names: tuple[str, ...] = CUSTODIANS if story == "several" else CUSTODIANS[:2]
        self.spent = dict.fromkeys(self.names, 0)
        engine: Engine = EvmEngine(lambda: self.clock.now) if evm else TwinEngine(lambda: self.clock.now)
        self.engine_name = "evm" if evm else "twin"
        watch = Watch(self._mined, self._finalized, self._taken_back)
        self.net = Net(engine, self.clock, self.faults, depth=self.dice.one_of((0, 1, 3, 6)), watch=watch)
        self.private = forms([f"{name} {number}" for name in self.names for number in range(ACCOUNTS)])
        self.parties = {name: self._party(name, assembled) for name in self.names}
        counts = ((5, 2), (3, 3), (2, 4)) if self.batching else ((6, 1), (3, 2), (1, 3))
        for number in range(self.dice.weighted(counts)):
            self._open(number)

    def play(self) -> Outcome:
        """Faults for a while; then, in the mode for liveness, none until all is over."""
        violation: str | None = None
        stuck: tuple[str, ...] = ()
        try:
            for _ in range(18 + self.dice.below(32)):
                self._act()
            self.faults.is_on = self.mode == "safety"
            rounds = self._settle()
            if self.mode == "liveness":
                open_ = [each for each in self.rollovers if not self._is_over(each)]
                stuck = tuple(each.name for each in open_ if not self._is_for_a_person(each))
            self._check_end()
            self._say(f"settled after {rounds} rounds")
        except (DepartedError, AssertionError) as why:
            violation = str(why)
            self._say(f"VIOLATION {violation}")
        return Outcome(
            self.seed, self.engine_name, self.mode, violation, stuck, self._ends(), self._returned(), self._several(),
            wallets.committed(self), batches_of(self), dict(self.faults.seen), tuple(self.lines),
        )  # fmt: skip

    # ---- the cast

    def _party(self, name: str, assembled: Assembled) -> Party:
        def seen(what: str, rollover: bytes, side: Side) -> None:
            each = self._of(rollover)
            place = each.custodians.index(name)
            self._say(f"core {name}: {what} as {side}")
            if what == "post":
                each.trace.posted(place)
            else:
                each.trace.released(place)

        def moved(case: Case) -> None:
            self._say(f"{name}: {case.id} is {case.state}")
            if case.state is State.VOTED and case.agreed is not None:
                held = core.status(case.agreed.rollover, case.side).state
                if held not in (HoldState.HELD, HoldState.POSTED):
                    raise DepartedError(f"I10 {case.id}: the vote of {name} is promised, and its core says {held}")
                each = self._of(case.agreed.rollover)
                each.trace.voted(each.custodians.index(name))

        def signed(batch: Batch) -> None:
            self._say(f"{name}: a batch of {len(batch.ids)} is {batch.stage}")
            note_signed(party, batch, self.rollovers)

        def asked(row: Wanted) -> None:
            self._say(f"{name}: its wallet is asked for {row.says} of {row.case}")
            wallets.note_asked(party, row, self.rollovers)

        core = Core({f"{name} {number}": dict(BEFORE) for number in range(ACCOUNTS)}, seen)
        endpoints = Endpoints(self.net, self.faults, lambda sent: boundary_of(self.rollovers, sent))
        cases = FaultyCases(address_of(name), self.faults, moved, signed, lambda: self.clock.now, asked)
        window, least = self.dice.one_of((600, 2 * HOUR)), 1 + self.dice.below(2)
        settings = Settings(window, self.dice.one_of((6, 18)) * HOUR, least) if self.batching else None
        random = SeededRandom(3 * self.seed + CUSTODIANS.index(name))
        wallet = Wallet(name) if self.by_wallet and (name == CUSTODIANS[0] or self.seed % 8 == 3) else None
        party = Party(name, self.net, core, self.faults, cases, endpoints, assembled, random, settings, wallet)
        return party

    def _open(self, number: int) -> None:
        """A rollover with exact terms, a file of it on each side; the account may not have enough for all of them.

        Where there are three custodians the first, and most others, have two receivers, each of money of its own kind.
        """
        several = len(self.names) > 2 and (not number or self.dice.percent(60))
        names = self.names if several else self.names[:2]
        custodians = names if self.dice.percent(65 if self.batching else 75) else names[::-1]
        kinds = ((0, 40_000_00), (1, 15_000_00))[: 2 if several else 1 + self.dice.below(2)]
        legs = tuple(
            Leg(kind, PLAN, place if several else 0, 1 + self.dice.below(most), 0, bytes(32))
            for place, (kind, most) in enumerate(kinds)
        )
        voters = (
            (Voter(Role.ADMINISTRATOR, address_of("administrator")),)
            if self.dice.percent(15 if self.batching else 50)
            else ()
        )
        name = f"rollover {number}"
        made = self.add(name, self.signed(number, custodians, legs, voters), custodians)
        account = self.dice.below(2)  # some share one
        for (_, who, side), agreed in zip(made.parts, made.agreed, strict=True):
            party = self.parties[who]
            party.early.append(party.cases.all)
            with party.cases.begin() as unit:
                open_case(unit, name, side=side, account=f"{who} {account}")
                move(unit, name, *_READY)
            party.early.append(party.cases.all)
            with party.cases.begin() as unit:
                agree(unit, name, agreed)

    def add(
        self, name: str, told: Signed, custodians: tuple[str, ...], *, is_other: bool = False, parent: bytes = b""
    ) -> Rollover:
        """Exact terms that were signed for: from now on they are followed."""
        case = case_of(told.election, told.signature, told.attestation, told.attested, told.terms)
        sides = [Side.SOURCE, *[Side.RECEIVER] * (len(custodians) - 1)]
        agreed = tuple(
            agreed_of(told, us=address_of(who), side=side) for who, side in zip(custodians, sides, strict=True)
        )
        key_, encoded = agreed[0].key, agreed[0].encoded
        known = next((each for each in self.rollovers if is_other and each.key == key_), None)
        fresh = Trace(told.terms.deadline, len(told.terms.voters), wallets.fresh(self, custodians))
        trace = fresh if known is None else known.trace.beside()
        made = Rollover(name, told, custodians, case.id, key_, encoded, trace, agreed, parent, is_other)
        self.rollovers.append(made)
        self.net.engine.know(made.encoded, case)
        self.net.ids[made.key] = case.id
        return made

    def file(self, name: str, each: Rollover, side: Side) -> Case | None:
        """Its file there, as long as that knows these terms."""
        found = self.parties[name].cases.kept.cases.get(each.name)
        knows = found is not None and found.side is side and found.agreed and found.agreed.rollover == each.id
        return found if knows else None

    def raised(self, each: Rollover, code: int) -> Raised:
        """An exception of its case."""
        return Raised(each.name, code, FOUND[code], self.clock.now)

    def signed(
        self, number: int, custodians: tuple[str, ...], legs: tuple[Leg, ...], voters: tuple[Voter, ...], *,
        parent: bytes = bytes(32), days: int = 0,
    ) -> Signed:  # fmt: skip
        """An election, its attestation, and exact terms within it."""
        now, participant = self.clock.now, key(f"participant {number}")
        source, *receivers = (address_of(name) for name in custodians)
        election = Election(
            participant.address, number, source, bytes(32), bytes(32), 0b11, Mode.FIXED, MINTED, 1, now,
            now + 10 * DAY, keccak(b"notice"), keccak(b"salt"), tuple(receivers),
        )  # fmt: skip
        attestation = Attestation(address_of("attestor"), 2, now + 90 * DAY, keccak(b"proof"))
        deadline = now + DAY * (days or self.dice.one_of((1, 3, 5)))
        terms = Terms(
            0, 1, deadline, self.net.engine.token, messages.NOBODY, keccak(b"file"), parent, keccak(b"terms"),
            voters, legs,
        )  # fmt: skip
        domain = messages.rollover_domain(CHAIN_ID, self.net.engine.rollover)
        signature = participant.sign(domain.digest(messages.election_hash(election)))
        about = domain.digest(messages.attestation_hash(election.participant, attestation))
        return Signed(election, signature, attestation, signer_of("attestor").sign(about), terms)

    # ---- what happens

    def _act(self) -> None:
        acts: tuple[tuple[int, Callable[[], None]], ...] = (
            (40, self._follow), (20, self._slot), (8, self._administrator), (5, self._reorganize),
            (2, self._participant), (2, self._stop), (2, self._spend), (2, lambda: skew(self)), (3, self._race),
            (1, lambda: suspend(self, self.net)), (6, lambda: back_up(self)), (4, lambda: tell_again(self)),
            (8, lambda: give_back(self)), (4, lambda: intrude(self, self.net)),
            *(((14, lambda: wallets.sign(self)), (2, lambda: wallets.rename(self))) if self.by_wallet else ()),
            *(((14, lambda: carry(self)), (5, lambda: revoke(self, self.net))) if self.batching else ()),
        )  # fmt: skip
        self.dice.weighted(acts)()
        if self.has_outside:
            outside.act(self)
        if self.by_wallet:
            wallets.rename_between(self)
        self._check_deposits()

    def _follow(self) -> None:
        party = self.parties[self.dice.one_of(self.names)]
        party.follow()
        self.lines += party.said
        party.said.clear()

    def _slot(self) -> None:
        self.net.slot(self.dice.weighted(((5, 12), (5, 600), (4, 4 * HOUR), (1, DAY))))

    def _administrator(self) -> None:
        """The third voter, who is no node: its vote, sent again as long as it is of use."""
        for each in self.rollovers:
            if each.told.terms.voters:
                kind = self.faults.at("R7", Fault.DROP)
                if kind is None:
                    self.net.submit(key("administrator's relay"), self._vote_of_administrator(each))

    def _vote_of_administrator(self, each: Rollover) -> bytes:
        if Role.ADMINISTRATOR not in each.votes:
            hashed = messages.approval_hash(each.id, Role.ADMINISTRATOR, bytes(32))
            told = bytes(32), signer_of("administrator").sign(self._digest(hashed))
            call = call_of("approve(bytes,uint256,(bytes32,bytes))", each.encoded, len(each.custodians), told)
            each.votes[Role.ADMINISTRATOR] = call
        return each.votes[Role.ADMINISTRATOR]

    def _reorganize(self) -> None:
        if self.faults.is_on and self.net.head.number > self.net.final:
            self.faults.note("R9", Fault.REORG)
            self.net.reorganize(1 + self.dice.below(6), come_back=self.dice.percent(50))

    def _participant(self) -> None:
        """The person ends it by an abort, in a race with the votes."""
        if self.dice.percent(70):
            return
        each = self.dice.one_of(self.rollovers)
        by = key(f"participant {each.told.election.number}")
        self.faults.note("R17", Fault.RACE)
        signature = by.sign(self._digest(messages.abort_hash(each.id, Role.PARTICIPANT, 401, bytes(32))))
        given = (each.encoded, int.from_bytes(by.address, "big"), Role.PARTICIPANT, 401, bytes(32), signature)
        self.net.submit(key("copier"), call_of("abort(bytes,uint256,uint256,uint256,bytes32,bytes)", *given))

    def _stop(self) -> None:
        """One custodian wants the end of it."""
        if self.dice.percent(60):
            return
        each = self.dice.one_of(self.rollovers)
        self.stop_at(self.parties[self.dice.one_of(each.custodians)], each)

    def stop_at(self, party: Party, each: Rollover) -> None:
        """One custodian wants the end of it, if its file knows it."""
        file = self.file(party.name, each, Side.SOURCE if party.name == each.source else Side.RECEIVER)
        if file is not None and file.state in _OPEN:
            with party.cases.begin() as unit:
                stop(unit, each.name, 451)

    def _spend(self) -> None:
        name = self.dice.one_of(self.names)
        cents = 1 + self.dice.below(30_000_00)
        if self.parties[name].core.spend(f"{name} {self.dice.below(2)}", 0, cents):
            self.spent[name] += cents
            self._say(f"somebody takes {cents} cents out at {name}")

    def _race(self) -> None:
        """Somebody who saw both signatures settles at once, or repeats what was sent."""
        each = self.dice.one_of(self.rollovers)
        votes = [self._vote_in_outbox(name, each) for name in each.custodians]
        told = [vote for vote in votes if vote is not None]
        if each.told.terms.voters or len(told) < len(votes) or not self.faults.is_on:
            return
        self.faults.note("R10", Fault.RACE)
        self.net.submit(key("copier"), call_of("settle(bytes,bytes)", each.encoded, messages.encode_approvals(told)))

    def _vote_in_outbox(self, name: str, each: Rollover) -> tuple[bytes, bytes] | None:
        party = self.parties[name]
        role = Role.SOURCE if name == each.source else Role.RECEIVER
        if self.file(name, each, Side.SOURCE if role is Role.SOURCE else Side.RECEIVER) is None:
            return None
        if party.wallet is not None:
            by = wallets.vote_of(party, each)
            return None if by is None else (bytes(32), by)
        with party.cases.begin() as unit:
            signed = any(message.kind in ("propose", "approve") for message in unit.outbox(each.name))
        if not signed:
            return None
        return bytes(32), signer_of(name).sign(self._digest(messages.approval_hash(each.id, role, bytes(32))))

    # ---- the end

    def _settle(self) -> int:
        """Pass after pass, past all deadlines; how many rounds it took."""
        for round_ in range(60):
            for name in self.names:
                party = self.parties[name]
                while party.follow() and not self.faults.is_on:
                    pass
                self.lines += party.said
                party.said.clear()
            if self.batching:
                carry(self)
            wallets.sign(self, all_=True)
            tell_again(self, all_=True)
            note_asked(self)
            if all(self._is_over(each) for each in self.rollovers):
                return round_
            self._administrator()
            slow = HOUR // 3 if self.batching and round_ < 12 else 6 * HOUR
            self.net.slot(slow if round_ < 36 else 12)
            self._check_deposits()
        return 60

    def _is_over(self, each: Rollover) -> bool:
        """Ended in the model's sense and in both files."""
        return each.trace.is_done and all(is_over(self, each, *part) for part in each.parts)

    def _is_for_a_person(self, each: Rollover) -> bool:
        """It waits for one, and rightly: what is not committed anybody ends past its deadline, and the escrow is back.

        Who forgot its terms asks about what its core holds.
        """
        forgot = any(self.file(name, each, side) is None for _, name, side in each.parts)
        return bool(self._asked(each)) and (each.trace.is_committed or forgot) and not each.trace.is_preparing

    def _asked(self, each: Rollover) -> list[Raised]:
        """What waits for a person, in a file that is open."""
        waits = []
        for _, name, side in each.parts:
            kept = self.parties[name].cases.kept
            file = self.file(name, each, side)
            is_open = file is not None and file.state in _OPEN
            names = [stands_for(each.id)] if file is None else [file.id] * is_open
            waits += [raised for raised in kept.raised if raised.case in names and raised.is_open]
        return waits

    def _returned(self) -> int:
        return sum(each.trace.is_committed for each in self.rollovers if each.parent)

    def _several(self) -> int:
        return sum(each.trace.is_committed for each in self.rollovers if len(each.receivers) > 1)

    def _ends(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for each in self.rollovers:
            told = str(each.trace.state.final.status) if each.trace.is_done else "open"
            codes = sorted({raised.code for raised in self._asked(each)})
            told = "known to a core alone" if is_in_core_alone(self, each) else told
            told = f"a person is asked: {codes}" if codes and told == "open" else told
            told = "open, as its faults never ended" if told == "open" and self.mode == "safety" else told
            found[told] = found.get(told, 0) + 1
        return found

    # ---- what must hold

    def _check_deposits(self) -> None:
        """At each block once: words and money."""
        if self.checked != self.net.head.hash:
            self.checked = self.net.head.hash
            check_words(self.net.engine, self.rollovers, self.net.head.number)
            check_deposits(self, self.net)

    def _check_end(self) -> None:
        """The books, where nothing is open; and the chain is what its transactions make of it."""
        waits = (self._asked(each) or each.trace.state.lost or not each.trace.is_done for each in self.rollovers)
        if self.mode == "liveness" and not any(waits):
            check_books(self, self.net)
        check_replayed(self.net.engine)

    # ---- what the chain tells

    def _mined(self, sent: Sent | None, receipt: Receipt | None, head: Head) -> None:
        about, taken = list[Rollover](), ""
        if sent is not None and receipt is not None:
            check_private(self.private, sent, receipt)
        if sent is not None and receipt is not None and receipt.is_done:
            about, taken = all_about(self.rollovers, sent), renamed(self, sent)
        elif sent is not None and receipt is not None:
            check_refused(sent, receipt)
        for each in self.rollovers:
            if taken in each.custodians:
                each.trace.mined(PARTS[each.custodians.index(taken)].rename, number=head.number, time=head.time)
                continue
            tx = tx_of(each, sent) if each in about and sent is not None else None
            if each not in about and any(other.key == each.key for other in about):
                tx = Tx.TAKE  # whatever it was: nothing else can stand there any more
            if tx is not None:
                self._say(f"block {head.number}: {each.name} {tx}")
            if each in about:
                check_agreed(self.net.engine, each, tx, head)
            each.trace.mined(tx, number=head.number, time=head.time)

    def _finalized(self, number: int) -> None:
        for each in self.rollovers:
            each.trace.finalized(number)

    def _taken_back(self, number: int) -> None:
        self._say(f"reorganized back to block {number}")
        for each in self.rollovers:
            each.trace.taken_back(number)

    def _digest(self, hashed: bytes) -> bytes:
        return messages.rollover_domain(CHAIN_ID, self.net.engine.rollover).digest(hashed)

    def _of(self, rollover: bytes) -> Rollover:
        return next(each for each in self.rollovers if each.id == rollover)

    def _say(self, words: str) -> None:
        self.lines.append(f"{self.clock.now - BEGUN - DAY:>7} s  {words}")
