"""The twin as a chain: signed transactions in blocks that can be taken back. Not here: what calls do (twin.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import rlp
from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_hash.auto import keccak

from ..calls import kinds_of
from ..chain.interface import At, Head, Log, Receipt, RevertedError
from ..keys import signer_of
from ..messages import rollover_domain
from .twin import Coordinator
from .twin_state import Deposits, RefusedError, Scene, TwinState, as_logs, whole, word

Does = Callable[..., bytes]


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction as it was signed."""

    sender: bytes
    nonce: int
    to: bytes
    data: bytes
    chain_id: int


@dataclass
class Block:
    """One block: its head, the state after it, what became of its transaction."""

    head: Head
    state: TwinState
    receipts: dict[bytes, Receipt]
    calls: dict[bytes, bytes] = field(default_factory=dict)
    asked: dict[tuple[bytes, bytes], bytes] = field(default_factory=dict)


class TwinChain:
    """The coordinator, the deposits and the network at these addresses; one block a transaction, no gas."""

    def __init__(
        self, state: TwinState, *, chain_id: int, rollover: bytes, token: bytes, network: bytes, now: Callable[[], int]
    ) -> None:
        self.chain_id = chain_id
        self.coordinator = Coordinator(rollover, rollover_domain(chain_id, rollover))
        self._now = now
        self._does = {
            rollover: _calls(_of_coordinator(self.coordinator)),
            token: _calls(_of_token(Deposits(token))),
            network: _calls(_of_network(network)),
        }
        self._reads = {
            rollover: _calls(_reads_of_coordinator()),
            token: _calls(_reads_of_token()),
            network: _calls(_reads_of_network()),
        }
        self._blocks = [Block(Head(0, keccak(b"twin"), state.time), state, {})]

    # ---- what every chain does

    def send_raw(self, raws: Sequence[bytes]) -> list[Receipt]:
        return [self._send(raw) for raw in raws]

    def call(self, to: bytes, data: bytes, *, sender: bytes = bytes(20), at: At = "latest") -> bytes:
        block = self._blocks[at if isinstance(at, int) else -1]
        if data[:4] in self._reads.get(to, {}):
            known = block.asked.get((to, data))
            if known is None:
                known = block.asked[to, data] = _asked(self._reads[to], block.state, data)
            return known
        scene = Scene(block.state.copy(), sender)
        try:
            return self._done(scene, to, data)
        except RefusedError as why:
            raise RevertedError(why.data) from why

    def nonce(self, address: bytes) -> int:
        return self._blocks[-1].state.nonces.get(address, 0)

    def head(self) -> Head:
        return self._blocks[-1].head

    def block(self, number: int) -> Head | None:
        return self._blocks[number].head if number < len(self._blocks) else None

    def final(self) -> Head:
        """As the embedded chain says: every block. Networks that finalize later are played around it."""
        return self.head()

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        return next((each.receipts[tx_hash] for each in self._blocks if tx_hash in each.receipts), None)

    def calldata(self, tx_hash: bytes) -> bytes | None:
        return next((each.calls[tx_hash] for each in self._blocks if tx_hash in each.calls), None)

    def logs(self, from_block: int, to_block: int, addresses: Sequence[bytes]) -> list[Log]:
        blocks = self._blocks[from_block : to_block + 1]
        found = [log for block in blocks for receipt in block.receipts.values() for log in receipt.logs]
        return [log for log in found if log.address in addresses]

    # ---- what only a twin does

    @property
    def state(self) -> TwinState:
        """The latest state, to be looked at, or set where a council or a bank would decide."""
        return self._blocks[-1].state

    def heads(self) -> list[Head]:
        """Of all blocks."""
        return [block.head for block in self._blocks]

    def suspend_rules(self, version: int, until: int) -> None:
        """As a council would, in a block of its own."""
        state = self._next()
        state.rules[version] = replace(state.rules[version], suspended=until)
        self._add(state, word(until), {})

    def take_back(self, blocks: int) -> None:
        """The last blocks never were: a reorganization."""
        if blocks:
            del self._blocks[-blocks:]

    def up_to(self, number: int, *, now: Callable[[], int]) -> TwinChain:
        """Another that has the same blocks up to this one, and goes on by another clock."""
        rollover, token, network = self._does
        state = self._blocks[0].state
        told = {"rollover": rollover, "token": token, "network": network}
        other = TwinChain(state, chain_id=self.chain_id, now=now, **told)
        other.coordinator.cases.update(self.coordinator.cases)
        other._blocks = self._blocks[: number + 1]
        return other

    def add_empty(self) -> Head:
        """A block without a transaction, for its time."""
        state = self._next()
        return self._add(state, b"", {})

    def _next(self) -> TwinState:
        state = self._blocks[-1].state.copy()
        state.time = max(state.time, self._now())
        return state

    def _add(self, state: TwinState, told: bytes, receipts: dict[bytes, Receipt]) -> Head:
        last = self._blocks[-1].head
        number = last.number + 1
        head = Head(number, keccak(last.hash + word(number) + word(state.time) + told), state.time)
        self._blocks.append(Block(head, state, receipts))
        return head

    def _send(self, raw: bytes) -> Receipt:
        sent, state = read_transaction(raw), self._next()
        if sent.chain_id != self.chain_id:
            raise ValueError(f"signed for chain {sent.chain_id}, not {self.chain_id}")
        if sent.nonce != state.nonces.get(sent.sender, 0):
            raise ValueError(f"the number {sent.nonce} is not the next one of its sender")
        state.nonces[sent.sender] = sent.nonce + 1
        scene, output = Scene(state.copy(), sent.sender), b""
        tx_hash, number = keccak(raw), self.head().number + 1
        try:
            self._done(scene, sent.to, sent.data)
            state, is_done = scene.state, True
        except RefusedError as why:
            scene.logs.clear()
            output, is_done = why.data, False
        receipts: dict[bytes, Receipt] = {}
        head = self._add(state, tx_hash, receipts)
        self._blocks[-1].calls[tx_hash] = sent.data
        receipts[tx_hash] = Receipt(tx_hash, head, is_done, 0, None, as_logs(scene, number, tx_hash), output)
        return receipts[tx_hash]

    def _done(self, scene: Scene, to: bytes, data: bytes) -> bytes:
        known = self._does.get(to, {}).get(data[:4])
        if known is None:
            raise RefusedError(None)
        kinds, does = known
        return does(scene, *_read(kinds, data[4:]))


@lru_cache(maxsize=4096)
def read_transaction(raw: bytes) -> Sent:
    """Who sent what, from its bytes; ValueError for what nobody signed."""
    fields = rlp.decode(raw)
    nonce, price, gas, to, value, data, v, r, s = fields
    signed_v = whole(v)
    chain_id = (signed_v - 35) // 2
    signature = r.rjust(32, b"\0") + s.rjust(32, b"\0") + bytes([(signed_v - 35) % 2 + 27])
    told = [nonce, price, gas, to, value, data, chain_id.to_bytes((chain_id.bit_length() + 7) // 8, "big"), b"", b""]
    sender = signer_of(keccak(rlp.encode(told)), signature)
    if sender is None:
        raise ValueError("nobody signed this transaction")
    return Sent(sender, whole(nonce), bytes(to), bytes(data), chain_id)


@lru_cache(maxsize=16384)
def _read(kinds: tuple[str, ...], data: bytes) -> tuple[Any, ...]:
    try:
        told = decode(kinds, data)
    except DecodingError as why:
        raise RefusedError(None) from why
    return tuple(_plain(kind, given) for kind, given in zip(kinds, told, strict=True))


def _plain(kind: str, given: Any) -> Any:
    return bytes.fromhex(given[2:]) if kind == "address" else given


def _asked(reads: dict[bytes, tuple[tuple[str, ...], Does]], state: TwinState, data: bytes) -> bytes:
    kinds, does = reads[data[:4]]
    try:
        return does(state, *_read(kinds, data[4:]))
    except RefusedError as why:
        raise RevertedError(why.data) from why


def _calls(told: dict[str, Does]) -> dict[bytes, tuple[tuple[str, ...], Does]]:
    return {keccak(name.encode())[:4]: (kinds_of(name), does) for name, does in told.items()}


def _of_coordinator(coordinator: Coordinator) -> dict[str, Does]:
    return {
        "settle(bytes,bytes)": coordinator.settle,
        "propose(bytes,(bytes32,bytes))": coordinator.propose,
        "propose_return(bytes,bytes,(bytes32,bytes))": coordinator.propose_return,
        "approve(bytes,uint256,(bytes32,bytes))": coordinator.approve,
        "abort(bytes,uint256,uint256,uint256,bytes32,bytes)": coordinator.abort,
        "expire(uint256)": coordinator.expire,
        "refund(address,address)": coordinator.refund,
        "post(bytes,uint256,uint256,bytes32,bytes)": coordinator.post,
        "settle_batch(uint256,uint256,uint256,uint256,bytes,bytes,bytes)": coordinator.settle_batch,
    }


def _reads_of_coordinator() -> dict[str, Does]:
    def escrow(state: TwinState, key: int) -> bytes:
        token, cents = state.escrow.get(key, (bytes(20), 0))
        return token.rjust(32, b"\0") + word(cents)

    def stands(state: TwinState, key: int) -> bytes:
        rollover, status = state.words.get(key, (bytes(31), 0))
        return rollover + bytes([status])

    return {
        "word_of(uint256)": stands,
        "deadline_of(uint256)": lambda state, key: word(state.deadlines.get(key, 0)),
        "escrow_of(uint256)": escrow,
        "vote_of(uint256,uint256)": lambda state, key, who: word(state.votes.get((key, who), 0)),
        "posted_of(bytes32,uint256)": lambda state, rollover, who: state.posted.get((rollover, who), bytes(32)),
        "is_number_used(uint256,uint256)": lambda state, source, number: word((source, number) in state.numbers),
        "key_of(uint256,uint256,uint256)": lambda _, source, number, part: word(source << 72 | number << 8 | part),
        "batched_at(bytes32)": lambda state, batch: word(state.batched_at.get(batch, 0)),
        "refundable(address,address)": lambda state, token, owner: word(state.refundable.get((token, owner), 0)),
    }


def _of_token(token: Deposits) -> dict[str, Does]:
    return {
        "transfer(address,uint256)": token.transfer,
        "transferFrom(address,address,uint256)": token.transfer_from,
        "approve(address,uint256)": token.approve,
        "admit(address)": token.admit,
        "freeze(address)": token.freeze,
        "mint(address,uint256,bytes32)": token.mint,
        "redeem(uint256,bytes32)": token.redeem,
    }


def _reads_of_token() -> dict[str, Does]:
    return {
        "balanceOf(address)": lambda state, holder: word(state.balances.get(holder, 0)),
        "may_hold(address)": lambda state, holder: word(holder in state.admitted and holder not in state.frozen),
        "totalSupply()": lambda state: word(state.supply),
        "allowance(address,address)": lambda state, owner, spender: word(state.allowed.get((owner, spender), 0)),
    }


def _of_network(address: bytes) -> dict[str, Does]:
    """What members do by themselves. What a council decides is set in the state."""

    def revoke_signer(scene: Scene) -> bytes:
        member = scene.state.members.get(scene.sender)
        if member is None:
            raise RefusedError("network: not a member")
        scene.state.members[scene.sender] = type(member)(member.until, member.roles, member.accounts, bytes(20))
        scene.tell(address, "SignerNamed(address,address,uint256)", (scene.sender,), 0, scene.state.time)
        return b""

    def revoke_attestation(scene: Scene, attestation: bytes) -> bytes:
        scene.state.revoked |= {(scene.sender, attestation)}
        scene.tell(address, "Revoked(address,bytes32)", (scene.sender, attestation))
        return b""

    def name_signer(scene: Scene, signer: bytes) -> bytes:
        """Without a delay, as the simulated network is founded."""
        if scene.sender not in scene.state.members:
            raise RefusedError("network: not a member")
        scene.state.next_signers[scene.sender] = signer
        scene.tell(address, "SignerNamed(address,address,uint256)", (scene.sender,), signer, scene.state.time)
        return b""

    def take_signer(scene: Scene, who: bytes) -> bytes:
        signer, member = scene.state.next_signers.pop(who, None), scene.state.members[who]
        if signer is None:
            raise RefusedError("network: no key was named")
        scene.state.members[who] = type(member)(member.until, member.roles, member.accounts, signer)
        scene.tell(address, "SignerNamed(address,address,uint256)", (who,), signer, scene.state.time)
        return b""

    named = {"name_signer(address)": name_signer, "take_signer(address)": take_signer}
    return named | {"revoke_signer()": revoke_signer, "revoke_attestation(bytes32)": revoke_attestation}


def _reads_of_network() -> dict[str, Does]:
    def member(state: TwinState, who: bytes) -> bytes:
        told = state.members.get(who)
        if told is None:
            return bytes(128)
        return word(told.until) + word(told.roles) + word(told.accounts) + told.signer.rjust(32, b"\0")

    return {
        "member(address)": member,
        "suspended_until(uint32)": lambda state, version: word(state.rules[version].suspended),
        "revoked(address,bytes32)": lambda state, by, attestation: word((by, attestation) in state.revoked),
    }
