"""What the twin keeps: members, rules, deposits, the coordinator's words. Not here: its checks (twin.py)."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, fields
from typing import Self

from eth_abi.abi import encode
from eth_hash.auto import keccak

from ..chain.interface import Log

ENDLESS = 2**256 - 1
_ERROR = keccak(b"Error(string)")[:4]
_REFUSED = keccak(b"Refused(uint16)")[:4]


class RefusedError(Exception):
    """A call that changes nothing; ``data`` is what a contract would leave."""

    def __init__(self, why: int | str | None) -> None:
        super().__init__(why)
        self.data = b""
        if isinstance(why, int):
            self.data = _REFUSED + word(why)
        elif why is not None:
            self.data = _ERROR + encode(["string"], [why])


def word(number: int) -> bytes:
    """32 bytes."""
    return number.to_bytes(32, "big")


def whole(data: bytes) -> int:
    """The number that these bytes are."""
    return int.from_bytes(data, "big")


@dataclass(frozen=True, slots=True)
class Member:
    """Who takes part: until when, as what (bits), into which accounts (bits), by which key."""

    until: int
    roles: int
    accounts: int
    signer: bytes


@dataclass(frozen=True, slots=True)
class Rules:
    """One version: 16 bits of each kind of money in ``into``, ``voters`` and ``withholding``."""

    start: int
    end: int
    level: int
    most: int
    into: int
    voters: int
    withholding: int
    suspended: int = 0


@dataclass
class TwinState:
    """All of it after one block; addresses are 20 bytes. What a block changes is a copy."""

    time: int = 0
    nonces: dict[bytes, int] = field(default_factory=dict)
    # the network
    members: dict[bytes, Member] = field(default_factory=dict)
    rules: dict[int, Rules] = field(default_factory=dict)
    next_signers: dict[bytes, bytes] = field(default_factory=dict)
    revoked: frozenset[tuple[bytes, bytes]] = frozenset()
    # deposits
    bank: bytes = bytes(20)
    admitted: frozenset[bytes] = frozenset()
    frozen: frozenset[bytes] = frozenset()
    balances: dict[bytes, int] = field(default_factory=dict)
    allowed: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    references: frozenset[bytes] = frozenset()
    supply: int = 0
    # the coordinator
    words: dict[int, tuple[bytes, int]] = field(default_factory=dict)  # key -> id, state
    numbers: frozenset[tuple[int, int]] = frozenset()
    batched_at: dict[bytes, int] = field(default_factory=dict)
    votes: dict[tuple[int, int], int] = field(default_factory=dict)
    deadlines: dict[int, int] = field(default_factory=dict)
    escrow: dict[int, tuple[bytes, int]] = field(default_factory=dict)
    posted: dict[tuple[bytes, int], bytes] = field(default_factory=dict)
    moved: dict[bytes, int] = field(default_factory=dict)
    returns: dict[tuple[bytes, bytes], int] = field(default_factory=dict)  # what is given back, by whom -> its key
    refundable: dict[tuple[bytes, bytes], int] = field(default_factory=dict)

    def copy(self) -> Self:
        """One that can be changed for itself."""
        other = copy(self)
        for name in _DICTS:
            setattr(other, name, getattr(self, name).copy())
        return other


_DICTS = tuple(each.name for each in fields(TwinState) if str(each.type).startswith("dict"))


@dataclass
class Scene:
    """One call: the state that it may change, the time of its block, what it tells."""

    state: TwinState
    sender: bytes
    logs: list[tuple[bytes, tuple[bytes, ...], bytes]] = field(default_factory=list)

    def tell(self, address: bytes, event: str, indexed: tuple[int | bytes, ...], *given: int | bytes) -> None:
        """An event of static words."""
        topics = tuple(_as_word(each) for each in indexed)
        self.logs.append((address, (keccak(event.encode()), *topics), b"".join(_as_word(each) for each in given)))

    def tell_list(self, address: bytes, event: str, indexed: bytes, ids: tuple[bytes, ...]) -> None:
        """An event with one list."""
        self.logs.append((address, (keccak(event.encode()), indexed), encode(["bytes32[]"], [ids])))


def as_logs(scene: Scene, block: int, tx_hash: bytes) -> tuple[Log, ...]:
    """What it told, as a chain has it."""
    return tuple(Log(address, topics, data, block, tx_hash) for address, topics, data in scene.logs)


def _as_word(given: int | bytes) -> bytes:
    return word(given) if isinstance(given, int) else given.rjust(32, b"\0")


@dataclass(frozen=True, slots=True)
class Deposits:
    """The token: cents that admitted holders have at the settlement bank."""

    address: bytes

    def pay(self, scene: Scene, payer: bytes, payee: bytes, cents: int) -> None:
        """From one holder to another."""
        self.take_out(scene.state, payer, cents)
        self.pay_in(scene.state, payee, cents)
        scene.tell(self.address, "Transfer(address,address,uint256)", (payer, payee), cents)

    def pay_from(self, scene: Scene, by: bytes, payer: bytes, payee: bytes, cents: int) -> None:
        """By somebody whom the payer allowed it."""
        left = scene.state.allowed.get((payer, by), 0)
        if left != ENDLESS:
            if left < cents:
                raise RefusedError("deposit: more than was allowed")
            scene.state.allowed[payer, by] = left - cents
        self.pay(scene, payer, payee, cents)

    def take_out(self, state: TwinState, payer: bytes, cents: int) -> None:
        if payer in state.frozen:
            raise RefusedError("deposit: the payer is frozen")
        if state.balances.get(payer, 0) < cents:
            raise RefusedError("deposit: not enough")
        state.balances[payer] = state.balances.get(payer, 0) - cents

    def pay_in(self, state: TwinState, payee: bytes, cents: int) -> None:
        if payee not in state.admitted or payee in state.frozen:
            raise RefusedError("deposit: the payee may not hold")
        if state.balances.get(payee, 0) + cents >= 2**128:
            raise RefusedError("deposit: too much")
        state.balances[payee] = state.balances.get(payee, 0) + cents

    # ---- its own calls

    def transfer(self, scene: Scene, payee: bytes, cents: int) -> bytes:
        self.pay(scene, scene.sender, payee, cents)
        return word(1)

    def transfer_from(self, scene: Scene, payer: bytes, payee: bytes, cents: int) -> bytes:
        self.pay_from(scene, scene.sender, payer, payee, cents)
        return word(1)

    def approve(self, scene: Scene, spender: bytes, cents: int) -> bytes:
        scene.state.allowed[scene.sender, spender] = cents
        scene.tell(self.address, "Approval(address,address,uint256)", (scene.sender, spender), cents)
        return word(1)

    def admit(self, scene: Scene, holder: bytes) -> bytes:
        self._is_bank(scene)
        if holder == bytes(20):
            raise RefusedError("deposit: no holder")
        scene.state.admitted |= {holder}
        scene.state.frozen -= {holder}
        scene.tell(self.address, "Admitted(address,uint8)", (holder,), 1)
        return b""

    def freeze(self, scene: Scene, holder: bytes) -> bytes:
        self._is_bank(scene)
        scene.state.frozen |= {holder}
        scene.tell(self.address, "Admitted(address,uint8)", (holder,), 0)
        return b""

    def mint(self, scene: Scene, holder: bytes, cents: int, reference: bytes) -> bytes:
        self._is_bank(scene)
        self._once(scene.state, reference)
        if scene.state.supply + cents > ENDLESS:
            raise RefusedError(None)
        scene.state.supply += cents
        self.pay_in(scene.state, holder, cents)
        scene.tell(self.address, "Minted(bytes32,address,uint256)", (reference, holder), cents)
        scene.tell(self.address, "Transfer(address,address,uint256)", (0, holder), cents)
        return b""

    def redeem(self, scene: Scene, cents: int, reference: bytes) -> bytes:
        self._once(scene.state, keccak(scene.sender.rjust(32, b"\0") + reference))
        self.take_out(scene.state, scene.sender, cents)
        scene.state.supply -= cents
        scene.tell(self.address, "Redeemed(bytes32,address,uint256)", (reference, scene.sender), cents)
        scene.tell(self.address, "Transfer(address,address,uint256)", (scene.sender, 0), cents)
        return b""

    def _is_bank(self, scene: Scene) -> None:
        if scene.sender != scene.state.bank:
            raise RefusedError("deposit: only the bank")

    def _once(self, state: TwinState, reference: bytes) -> None:
        if reference in state.references:
            raise RefusedError("deposit: this reference was used")
        state.references |= {reference}
