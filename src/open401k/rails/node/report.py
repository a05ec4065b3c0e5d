"""How a node stands, for who runs it: its keys, the network's word about it, what waits. No person's data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ..chain.interface import Head
from . import _process_store
from ._process_store import Pile as Pile
from .cases import State
from .core import SilentError
from .deal import DealEvent
from .kept import KeptCases, KeptUnit
from .office import published
from .process import Process
from .signing import SignerAwayError


@dataclass(frozen=True, slots=True)
class Identity:
    """What others are told of a node: the addresses of its keys, where its transactions come from, its mailbox."""

    member: bytes
    signing_keys: tuple[bytes, ...]
    relay: bytes
    mailbox: bytes
    #: Why the signer does not answer; its keys are not known then.
    signer_silence: str = ""


@dataclass(frozen=True, slots=True)
class AtNetwork:
    """What the newest final block says of us: until when we are a member, our roles, the key that signs for us."""

    block: Head
    until: int
    roles: int
    signer: bytes


@dataclass(frozen=True, slots=True)
class Report:
    """``network`` is None, and ``silence`` says why, where the chain does not answer."""

    identity: Identity
    network: AtNetwork | None
    silence: str
    acted_on: Head | None
    cases: dict[str, int]
    exceptions: int
    calls: int
    transactions: int
    #: The rules that the settings name, and whether the network published just those.
    rules: Mapping[int, bool] = field(default_factory=dict)
    #: Whether another wallet than a key of ours may vote.
    by_wallet: bool = False

    @property
    def can_sign(self) -> bool:
        """Whether the network names a key of ours, or our wallet is asked, and we are a member at its time."""
        known = self.network
        if known is None or known.until <= known.block.time:
            return False
        return known.signer in self.identity.signing_keys or (self.by_wallet and any(known.signer))


def identity_of(process: Process) -> Identity:
    """From the node's database and its signer alone."""
    member, mailbox = process.config.member, process.vault.mailboxes()[0].public
    try:
        return Identity(member, tuple(process.hands.addresses()), process.hands.relay().address, mailbox)
    except SignerAwayError as why:
        return Identity(member, (), b"", mailbox, str(why))


def report(process: Process) -> Report:
    """As it stands now."""
    identity = identity_of(process)
    with process.files.begin() as unit:
        acted_on = unit.cursor()
    with process.files.connected() as conn:
        cases = _process_store.cases_by_state(conn)
        exceptions, calls, transactions = _process_store.waiting(conn)
    network, silence, rules = None, "", {}
    try:
        rules = {each.number: published(process, each.number) for each in process.config.rules}
        network = AtNetwork(process.asked.final_block(), *process.asked.member(process.config.member))
    except SilentError as why:
        silence = str(why)
    by_wallet = process.config.by_wallet
    return Report(identity, network, silence, acted_on, cases, exceptions, calls, transactions, rules, by_wallet)


def newest_event(files: KeptCases) -> int:
    """The number of the newest event; 0 before the first."""
    with files.connected() as conn:
        return _process_store.newest_event(conn)


def case_ids(files: KeptCases, *, after: str = "", limit: int = 100) -> list[str]:
    """Cases by id, those of exact terms from elsewhere too."""
    with files.connected() as conn:
        return _process_store.case_ids(conn, after, limit)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of cases, of what happened last first. ``older`` is where the next one begins; ``total`` of all pages."""

    cases: tuple[str, ...]
    older: int | None
    total: int


def listed(
    files: KeptCases, pile: Pile, states: Collection[State], *, begins: str, before: int | None, limit: int
) -> Listed:
    """Cases of a list, in these states, whose id begins so."""
    named = sorted(map(str, states))
    with files.connected() as conn:
        rows = _process_store.case_page(conn, pile, named, begins, 2**62 if before is None else before, limit + 1)
        total = _process_store.count_in(conn, pile, named, begins)
    older = rows[limit - 1][1] if len(rows) > limit else None
    return Listed(tuple(case for case, _ in rows[:limit]), older, total)


def events_of(unit: KeptUnit, case: str) -> list[DealEvent]:
    """Everything that happened to a case, in order."""
    return [DealEvent(seq, case, State(state), at, words) for seq, state, at, words in
            _process_store.events_of(unit.conn, case)]  # fmt: skip
