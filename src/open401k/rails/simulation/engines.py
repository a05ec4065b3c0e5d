"""What a simulated network runs on: the twin, or the contracts on the EVM. Not here: faults (net.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from typing import Protocol

from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB
from eth_abi.abi import encode
from eth_hash.auto import keccak

from .. import messages
from ..artifacts import artifact
from ..calls import call_of, kinds_of
from ..chain.depth import keep_depth
from ..chain.embedded import EmbeddedChain
from ..chain.interface import Head, Receipt, RevertedError
from ..keys import Key
from ..transactions import signed
from .twin import TwinCase
from .twin_chain import TwinChain
from .twin_state import ENDLESS, Member, Rules, TwinState

keep_depth()

CHAIN_ID, BEGUN, DAY = 401, 1_767_600_000, 86_400
MINTED = 10_000_000_00
PRE_TAX, ROTH, PLAN = 0, 1, 0
_RELEASES, _RECEIVES, _ADMINISTERS, _ATTESTS = 1, 2, 4, 16
#: All that are founded; "north" plays where one election has two receivers.
CUSTODIANS = ("east", "west", "north")
_ROLES = dict.fromkeys(CUSTODIANS, _RELEASES | _RECEIVES) | {"administrator": _ADMINISTERS, "attestor": _ATTESTS}
_GAS = 12_000_000
_ENDLESS = 1 << 62


class _Known(Key):
    """A key that is asked again and again: what it signed is the same each time."""

    @cached_property
    def address(self) -> bytes:
        return Key(self.secret).address

    @lru_cache(maxsize=65536)  # noqa: B019 (keys of names live as long as the process)
    def sign(self, digest: bytes) -> bytes:
        return Key(self.secret).sign(digest)


@cache
def key(name: str) -> Key:
    """The key of this name."""
    return _Known(keccak(name.encode()))


@cache
def address_of(name: str) -> bytes:
    """By which the network knows a member."""
    return key(name).address


def signer_of(name: str) -> Key:
    """The key by which a member signs."""
    return key(f"{name}'s signing key")


class Engine(Protocol):
    """Blocks of one transaction that can be taken back; where its contracts are."""

    rollover: bytes
    token: bytes
    network: bytes

    def know(self, encoded: bytes, case: TwinCase) -> None: ...

    def send(self, raw: bytes) -> Receipt:
        """Mine it; ValueError for what no chain takes."""
        ...

    def call(self, to: bytes, data: bytes, at: int) -> bytes: ...

    def nonce(self, address: bytes) -> int: ...

    def heads(self) -> Sequence[Head]:
        """All blocks since it was founded."""
        ...

    def replayed(self) -> Sequence[Head]:
        """The same blocks; those after any that was taken back are computed anew from what was sent."""
        ...

    def take_back(self, blocks: int) -> None: ...

    def add_empty(self) -> None: ...

    def suspend_rules(self, until: int) -> None:
        """The council's emergency stop."""
        ...


def _rules() -> Rules:
    into = sum(1 << (16 * kind + PLAN) for kind in (PRE_TAX, ROTH))
    return Rules(BEGUN, BEGUN + 365 * DAY, 2, 1_000_000_00, into, 0, 0)


class TwinEngine:
    """The twin, founded in a moment."""

    def __init__(self, now: Callable[[], int]) -> None:
        self.rollover, self.token, self.network = (keccak(name)[:20] for name in (b"rollover", b"token", b"network"))
        self._now, self._kept = now, _ENDLESS
        self._journal: list[tuple[int, bytes | int | None]] = []  # of each block: its time, what was sent or decided
        state = TwinState(time=now(), bank=address_of("bank"))
        for name, roles in _ROLES.items():
            state.members[address_of(name)] = Member(BEGUN + 400 * DAY, roles, 0xFFFF, signer_of(name).address)
        state.rules[1] = _rules()
        holders = [address_of(name) for name in CUSTODIANS]
        state.admitted = frozenset([*holders, self.rollover])
        state.balances = dict.fromkeys(holders, MINTED)
        state.allowed = {(holder, self.rollover): ENDLESS for holder in holders}
        state.supply = MINTED * len(holders)
        told = {"rollover": self.rollover, "token": self.token, "network": self.network}
        self._chain = TwinChain(state, chain_id=CHAIN_ID, now=now, **told)

    def know(self, encoded: bytes, case: TwinCase) -> None:
        self._chain.coordinator.know(encoded, case)

    def send(self, raw: bytes) -> Receipt:
        (receipt,) = self._chain.send_raw([raw])
        self._journal.append((self._now(), raw))
        return receipt

    def call(self, to: bytes, data: bytes, at: int) -> bytes:
        return self._chain.call(to, data, at=at)

    def nonce(self, address: bytes) -> int:
        return self._chain.nonce(address)

    def heads(self) -> Sequence[Head]:
        return self._chain.heads()

    def replayed(self) -> Sequence[Head]:
        at, first = 0, min(self._kept, len(self._journal))
        chain = self._chain.up_to(first, now=lambda: at)
        for at, what in self._journal[first:]:  # noqa: B007 (its clock)
            if isinstance(what, bytes):
                chain.send_raw([what])
            elif what is None:
                chain.add_empty()
            else:
                chain.suspend_rules(1, what)
        return chain.heads()

    def take_back(self, blocks: int) -> None:
        if blocks:
            self._chain.take_back(blocks)
            del self._journal[-blocks:]
            self._kept = min(self._kept, len(self._journal))

    def add_empty(self) -> None:
        self._chain.add_empty()
        self._journal.append((self._now(), None))

    def suspend_rules(self, until: int) -> None:
        self._chain.suspend_rules(1, until)
        self._journal.append((self._now(), until))


@dataclass(frozen=True)
class _Founded:
    store: dict[bytes, bytes]
    network: bytes
    rollover: bytes
    token: bytes


@dataclass
class EvmEngine:
    """The shipped contracts on the embedded EVM; a copy of its store is kept for each block."""

    now: Callable[[], int]
    rollover: bytes = b""
    token: bytes = b""
    network: bytes = b""
    _heads: list[Head] = field(default_factory=list)
    _stores: list[dict[bytes, bytes]] = field(default_factory=list)
    _sent: list[tuple[int, bytes]] = field(default_factory=list)  # of each block: when, and what
    _kept: int = _ENDLESS  # the last block before any that was taken back
    _known: dict[tuple[int, bytes, bytes], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        told = _founded()
        self.network, self.rollover, self.token = told.network, told.rollover, told.token
        self._open(told.store)
        self._note()

    def know(self, encoded: bytes, case: TwinCase) -> None:
        """The contract reads cases by itself."""

    def send(self, raw: bytes) -> Receipt:
        (receipt,) = self._chain.send_raw([raw])
        self._note()
        self._sent.append((self.now(), raw))
        head = self.heads()[-1]  # blocks are counted from the founding
        logs = tuple(replace(log, block=head.number) for log in receipt.logs)
        return replace(receipt, block=head, logs=logs)

    def call(self, to: bytes, data: bytes, at: int) -> bytes:
        found = self._known.get((at, to, data))
        if found is None:
            found = self._known[at, to, data] = self._chain.call(to, data, at=self._heads[at].number)
        return found

    def nonce(self, address: bytes) -> int:
        return self._chain.nonce(address)

    def heads(self) -> Sequence[Head]:
        return [Head(place, head.hash, head.time) for place, head in enumerate(self._heads)]

    def replayed(self) -> Sequence[Head]:
        first = min(self._kept, len(self._sent))
        at, heads = BEGUN, self._heads[: first + 1]
        store = MemoryDB(dict(self._stores[first]))
        chain = EmbeddedChain(AtomicDB(store), chain_id=CHAIN_ID, now=lambda: at, begun_at=BEGUN)
        for at, raw in self._sent[first:]:  # noqa: B007 (its clock)
            chain.send_raw([raw])
            heads.append(chain.head())
        return [Head(place, head.hash, head.time) for place, head in enumerate(heads)]

    def take_back(self, blocks: int) -> None:
        if blocks:
            del self._heads[-blocks:], self._stores[-blocks:], self._sent[-blocks:]
            self._kept = min(self._kept, len(self._sent))
            self._known = {asked: told for asked, told in self._known.items() if asked[0] < len(self._heads)}
            self._open(self._stores[-1])

    def add_empty(self) -> None:
        self._send(key("heartbeat"), address_of("heartbeat"), b"")

    def suspend_rules(self, until: int) -> None:
        number = int.from_bytes(self._chain.call(self.network, call_of("motions()")), "big")
        action = _action("suspend_rules", "uint32,uint64", 1, until)
        self._send(key("heartbeat"), self.network, _motion(self.network, action, number))
        self._send(key("heartbeat"), self.network, call_of("suspend_rules(uint32,uint64)", 1, until))

    def _open(self, store: dict[bytes, bytes]) -> None:
        self._db = MemoryDB(dict(store))
        self._chain = EmbeddedChain(AtomicDB(self._db), chain_id=CHAIN_ID, now=self.now, begun_at=BEGUN)

    def _note(self) -> None:
        self._heads.append(self._chain.head())
        self._stores.append(dict(self._db.kv_store))

    def _send(self, by: Key, to: bytes | None, data: bytes) -> Receipt:
        nonce = self._chain.nonce(by.address)
        receipt = self.send(signed(by, chain_id=CHAIN_ID, nonce=nonce, to=to, data=data, gas=_GAS))
        if not receipt.is_done:
            raise RevertedError(receipt.output)
        return receipt


@cache
def _founded() -> _Founded:
    """The network with its members, rules and money on the EVM, made once a process."""
    db = MemoryDB()
    chain = EmbeddedChain(AtomicDB(db), chain_id=CHAIN_ID, now=lambda: BEGUN, begun_at=BEGUN)
    motions = 0

    def send(by: Key, to: bytes | None, data: bytes) -> Receipt:
        raw = signed(by, chain_id=CHAIN_ID, nonce=chain.nonce(by.address), to=to, data=data, gas=_GAS)
        (receipt,) = chain.send_raw([raw])
        if not receipt.is_done:
            raise RevertedError(receipt.output)
        return receipt

    def deployed(name: str, kinds: Sequence[str], *given: object) -> bytes:
        contract = send(key("founder"), None, artifact(name).code + encode(kinds, given)).contract
        if contract is None:
            raise AssertionError(f"{name} was not deployed")
        return contract

    network = deployed("network", ["address[]", "uint256", "uint256"], [address_of("seat")], 1, 0)
    rollover = deployed("rollover", ["address"], network)
    token = deployed("deposit_token", ["address"], address_of("bank"))

    def carry(name: str, kinds: str, *given: object, about: tuple[object, ...] | None = None) -> None:
        nonlocal motions
        action = _action(name, kinds if about is None else f"uint32,{kinds}", *(given if about is None else about))
        send(key("founder"), network, _motion(network, action, motions))
        motions += 1
        send(key("founder"), network, call_of(f"{name}({kinds})", *given))

    for name, roles in _ROLES.items():
        told = (BEGUN + 400 * DAY, roles, 0xFFFF, signer_of(name).address)
        carry("set_member", "address,(uint64,uint16,uint16,address)", address_of(name), told)
    r = _rules()
    rules = (r.start, r.end, r.level, r.most, r.into, r.voters, r.withholding, keccak(b"the long text"))
    carry("publish", "(uint64,uint64,uint8,uint96,uint256,uint256,uint256,bytes32)", rules, about=(0, rules))
    for name in (*CUSTODIANS, ""):
        holder = address_of(name) if name else rollover
        send(key("bank"), token, call_of("admit(address)", holder))
    for name in CUSTODIANS:
        reference = keccak(name.encode())
        minted = call_of("mint(address,uint256,bytes32)", address_of(name), MINTED, reference)
        send(key("bank"), token, minted)
        send(key(name), token, call_of("approve(address,uint256)", rollover, 2**256 - 1))
    return _Founded(dict(db.kv_store), network, rollover, token)


def _motion(network: bytes, action: bytes, number: int) -> bytes:
    domain = messages.network_domain(CHAIN_ID, network)
    told = [(address_of("seat"), key("seat").sign(domain.digest(messages.motion_hash(action, number))))]
    return call_of("pass_motion(bytes32,(address,bytes)[])", action, told)


def _action(name: str, kinds: str, *given: object) -> bytes:
    """What a motion of the council names: the hash of a call with its arguments."""
    return keccak(encode(["string", *kinds_of(f"{name}({kinds})")], [name, *given]))
