"""A chain of our own on py-evm: real blocks, state and receipt roots, no fees, one block a transaction.

Its keys and values are kept by whatever is given. One operator runs it: it proves order, not that the operator did not
rewrite all of it. Not here: what a chain answers (interface.py), other chains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import rlp
from eth._utils.address import generate_contract_address
from eth.abc import AtomicDatabaseAPI, BlockHeaderAPI, ReceiptAPI, SignedTransactionAPI
from eth.chains.base import MiningChain
from eth.constants import BLANK_ROOT_HASH, ZERO_HASH32
from eth.db.chain import ChainDB
from eth.exceptions import CanonicalHeadNotFound, HeaderNotFound, TransactionNotFound
from eth.vm.forks.cancun import CancunVM
from eth.vm.forks.cancun.blocks import CancunBlockHeader
from eth.vm.forks.cancun.computation import CancunComputation
from eth.vm.forks.cancun.state import CancunState
from eth.vm.spoof import SpoofTransaction
from eth_hash.auto import keccak
from eth_typing import Address, BlockNumber, Hash32
from eth_utils.exceptions import ValidationError
from trie.hexary import HexaryTrie

from open401k.base.faults import fault

from .depth import keep_depth
from .interface import At, Head, Log, Receipt, RevertedError
from .keeping import InMemory, Keeper, Made
from .p256 import ADDRESS as P256
from .p256 import p256_verify
from .proofs import proof_nodes, write_proof
from .states import Account, write_state
from .tries import proved, way

keep_depth()

GAS_LIMIT = 30_000_000
_NOBODY = Address(bytes(20))


def _child(parent: BlockHeaderAPI | None, **given: Any) -> BlockHeaderAPI:
    """The header of the next block, or of the first: no fee, no difficulty, the same limit for ever."""
    if parent is None:
        return CancunBlockHeader(**given)
    given = {"timestamp": parent.timestamp, "coinbase": _NOBODY, **given}
    return CancunBlockHeader(
        difficulty=0,
        block_number=BlockNumber(parent.block_number + 1),
        gas_limit=parent.gas_limit,
        parent_hash=parent.hash,
        state_root=parent.state_root,
        base_fee_per_gas=0,
        parent_beacon_block_root=BLANK_ROOT_HASH,
        **{key: value for key, value in given.items() if key not in ("gas_limit", "difficulty", "base_fee_per_gas")},
    )


_CHECKS = {**CancunComputation.get_precompiles(), P256: p256_verify}


class _Computation(CancunComputation):
    """Cancun's, and the check of P-256 signatures, without which no passkey could sign."""

    _precompiles = _CHECKS


class _State(CancunState):
    computation_class = _Computation


class _FreeVM(CancunVM):
    """Cancun with passkeys, without fees, and with blocks that may share a second."""

    _state_class = _State
    create_header_from_parent = staticmethod(_child)

    @classmethod
    def validate_gas(cls, header: BlockHeaderAPI, parent_header: BlockHeaderAPI) -> None:
        if header.gas_limit != parent_header.gas_limit or header.base_fee_per_gas != 0:
            raise ValidationError("the gas limit and the fee of this chain never change")

    @classmethod
    def validate_header(cls, header: BlockHeaderAPI, parent_header: BlockHeaderAPI) -> None:
        cls.validate_gas(header, parent_header)
        if header.block_number != parent_header.block_number + 1:
            raise ValidationError("blocks are numbered one after the other")
        if header.timestamp < parent_header.timestamp:
            raise ValidationError("time goes back")


class EmbeddedChain:
    """The chain over one store of keys and values; ``now`` answers seconds since 1970.

    ``keeper`` makes each block last; without one it lasts as long as the store.
    """

    def __init__(
        self,
        store: AtomicDatabaseAPI,
        *,
        chain_id: int,
        now: Callable[[], int],
        begun_at: int,
        keeper: Keeper | None = None,
    ) -> None:
        self.chain_id = chain_id
        self._now = now
        self._store = store
        self._keeper: Keeper = InMemory() if keeper is None else keeper
        self._kind = MiningChain.configure(__name__="RailsChain", vm_configuration=((0, _FreeVM),), chain_id=chain_id)
        try:
            ChainDB(store).get_canonical_head()
        except CanonicalHeadNotFound:
            begun = self._kind.from_genesis(store, _genesis(begun_at)).get_canonical_head()
            self._keeper.keep(Made(_head(begun), begun.state_root, None))
        self._chain: MiningChain = self._kind(store)

    def send_raw(self, raws: Sequence[bytes]) -> list[Receipt]:
        """Each in a block of its own; one that no chain would take (signature, number, gas) is a ValueError.

        One that is in a block already answers its receipt: who does not know what became of it sends it again.
        """
        return [self._send(raw) for raw in raws]

    def tick(self) -> Head:
        """A block without a transaction: time has passed, which is all that a deadline waits for."""
        return self._kept([])[0]

    def call(
        self, to: bytes, data: bytes, *, sender: bytes = _NOBODY, at: At = "latest", gas: int = GAS_LIMIT
    ) -> bytes:
        """The answer of a contract that is asked; :class:`RevertedError` if it refuses."""
        header = self._header(at)
        vm = self._chain.get_vm(header)
        transaction = vm.create_unsigned_transaction(
            nonce=vm.state.get_nonce(Address(sender)), gas_price=0, gas=gas, to=Address(to), value=0, data=data
        )
        with vm.in_costless_state() as state:
            asked = cast("SignedTransactionAPI", SpoofTransaction(transaction, from_=Address(sender)))
            computation = state.costless_execute_transaction(asked)
        if computation.is_error:
            raise RevertedError(computation.output)
        return computation.output

    def nonce(self, address: bytes) -> int:
        return int(self._vm().state.get_nonce(Address(address)))

    def nonce_at(self, address: bytes, block: int) -> int:
        """How many of its transactions were in blocks then."""
        return int(self._chain.get_vm(self._header(block)).state.get_nonce(Address(address)))

    def offer(self, raw: bytes) -> None:
        """The same as sending: whoever looks after it finds its receipt."""
        self._send(raw)

    def gas_price(self) -> int:
        """Nothing costs anything here."""
        return 0

    def head(self) -> Head:
        return _head(self._chain.get_canonical_head())

    def final(self) -> Head:
        """Every block is final: there is one writer, and no other branch."""
        return self.head()

    def state_root(self) -> bytes:
        return self._chain.get_canonical_head().state_root

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        try:
            number, index = self._chain.chaindb.get_transaction_index(Hash32(tx_hash))
        except TransactionNotFound:
            return None
        header = self._chain.get_canonical_block_header_by_number(BlockNumber(number))
        found = self._receipts(header)[index]
        return found if found.is_done else replace(found, output=self._keeper.output(tx_hash))

    def calldata(self, tx_hash: bytes) -> bytes | None:
        try:
            number, index = self._chain.chaindb.get_transaction_index(Hash32(tx_hash))
        except TransactionNotFound:
            return None
        header = self._chain.get_canonical_block_header_by_number(BlockNumber(number))
        return bytes(self.transactions(header)[index].data)

    def block(self, number: int) -> Head | None:
        """The block of this number, if there is one."""
        header = self.header(number) if number >= 0 else None
        return None if header is None else _head(header)

    def code(self, address: bytes) -> bytes:
        """What is deployed there; nothing for anybody else's address."""
        return bytes(self._vm().state.get_code(Address(address)))

    def header(self, block: int | bytes) -> BlockHeaderAPI | None:
        """The whole header of the block of this number or hash."""
        try:
            if isinstance(block, bytes):
                return self._chain.get_block_header_by_hash(Hash32(block))
            return self._chain.get_canonical_block_header_by_number(BlockNumber(block))
        except HeaderNotFound:
            return None

    def proof(self, tx_hash: bytes, *, upto: int | None = None) -> str | None:
        """That a transaction is in its block, for others (proofs.py); with headers up to a later block if wanted."""
        receipt = self.receipt(tx_hash)
        if receipt is None:
            return None
        first = receipt.block.number
        last = first if upto is None else upto
        if not first <= last <= self.head().number:
            raise ValueError(f"there is no block {last} behind block {first}")
        there = [self._chain.get_canonical_block_header_by_number(BlockNumber(at)) for at in range(first, last + 1)]
        tries = (there[0].transaction_root, there[0].receipt_root)
        nodes = [proof_nodes(HexaryTrie(self._store, root)) for root in tries]
        return write_proof([rlp.encode(header) for header in there], *nodes)

    def state(self, asked: Mapping[bytes, Sequence[bytes]], *, at: At = "latest") -> str:
        """The proof of these slots of these contracts at one block, for others (states.py)."""
        header = self._header(at)
        return write_state(rlp.encode(header), [self.account(header, each, slots) for each, slots in asked.items()])

    def account(self, header: BlockHeaderAPI, address: bytes, slots: Sequence[bytes]) -> Account:
        """One contract's proof at a block; ValueError where there is none."""
        nodes = way(header.state_root, keccak(address), self._store.__getitem__)
        found = proved(header.state_root, keccak(address), nodes)
        if found is None:
            raise ValueError(f"there is no contract 0x{address.hex()} at block {header.block_number}")
        storage: bytes = rlp.decode(found)[2]
        told = tuple((slot, tuple(way(storage, keccak(slot), self._store.__getitem__))) for slot in slots)
        return Account(address, tuple(nodes), told)

    def transactions(self, header: BlockHeaderAPI) -> Sequence[SignedTransactionAPI]:
        """Those of a block."""
        return self._chain.get_block_by_header(header).transactions

    def logs(self, from_block: int, to_block: int, addresses: Sequence[bytes]) -> list[Log]:
        """All events of these contracts in these blocks, in order."""
        kept = self._keeper.logs(from_block, to_block, addresses)
        if kept is not None:
            return kept
        found: list[Log] = []
        for number in range(from_block, min(to_block, self.head().number) + 1):
            header = self._chain.get_canonical_block_header_by_number(BlockNumber(number))
            for receipt in self._receipts(header):
                found += [log for log in receipt.logs if log.address in addresses]
        return found

    def _send(self, raw: bytes) -> Receipt:
        transaction = self._decoded(raw)
        known = self.receipt(transaction.hash)
        if known is not None:
            return known
        _, made = self._kept([transaction])
        return cast("Receipt", made)

    def _kept(self, transactions: Sequence[SignedTransactionAPI]) -> tuple[Head, Receipt | None]:
        """The next block, with at most one transaction; if it is not kept, nothing happened."""
        head = self._chain.get_canonical_head()
        self._chain.header = _child(head, timestamp=max(head.timestamp, self._now()))
        fault("rails.chain.before_execution")
        try:
            result, receipts, computations = self._chain.mine_all(transactions)
            block = result.imported_block.header
            made = None
            for transaction, told, computation in zip(transactions, receipts, computations, strict=True):
                output = b"" if computation.is_success else computation.output
                contract = computation.msg.storage_address if computation.msg.is_create else None
                made = _receipt(_head(block), transaction, told, told.gas_used, contract, output)
            fault("rails.chain.after_execution")
            self._keeper.keep(Made(_head(block), block.state_root, made))
        except BaseException as why:
            self._keeper.undo()
            self._chain = self._kind(self._store)
            if isinstance(why, ValidationError):
                raise ValueError(str(why)) from why
            raise
        return _head(block), made

    def _decoded(self, raw: bytes) -> SignedTransactionAPI:
        try:
            vm = self._chain.get_vm(self._chain.get_canonical_head())
            transaction = vm.get_transaction_builder().decode(raw)
            transaction.validate()
        except (rlp.exceptions.RLPException, ValidationError, TypeError) as why:
            raise ValueError(f"no signed transaction: {why}") from why
        if transaction.chain_id != self.chain_id:  # py-evm takes those of other chains
            raise ValueError(f"signed for chain {transaction.chain_id}, not {self.chain_id}")
        return transaction

    def _receipts(self, header: BlockHeaderAPI) -> list[Receipt]:
        block = self._chain.get_block_by_header(header)
        head, before, told = _head(header), 0, []
        for transaction, receipt in zip(block.transactions, block.get_receipts(self._chain.chaindb), strict=True):
            contract = None if transaction.to else generate_contract_address(transaction.sender, transaction.nonce)
            told.append(_receipt(head, transaction, receipt, receipt.gas_used - before, contract, b""))
            before = receipt.gas_used
        return told

    def _vm(self) -> Any:
        return self._chain.get_vm(self._chain.get_canonical_head())

    def _header(self, at: At) -> BlockHeaderAPI:
        if isinstance(at, int):
            return self._chain.get_canonical_block_header_by_number(BlockNumber(at))
        return self._chain.get_canonical_head()


def _genesis(begun_at: int) -> dict[str, Any]:
    return {
        "difficulty": 0, "gas_limit": GAS_LIMIT, "timestamp": begun_at, "coinbase": _NOBODY, "extra_data": b"open401k",
        "mix_hash": ZERO_HASH32, "nonce": bytes(8), "block_number": 0, "parent_hash": ZERO_HASH32,
        "base_fee_per_gas": 0, "parent_beacon_block_root": BLANK_ROOT_HASH,
    }  # fmt: skip


def _head(header: BlockHeaderAPI) -> Head:
    return Head(header.block_number, header.hash, header.timestamp)


def _receipt(
    head: Head, transaction: SignedTransactionAPI, told: ReceiptAPI, gas: int, contract: bytes | None, output: bytes
) -> Receipt:
    tx_hash = transaction.hash
    logs = tuple(
        Log(log.address, tuple(topic.to_bytes(32, "big") for topic in log.topics), log.data, head.number, tx_hash)
        for log in told.logs
    )
    return Receipt(tx_hash, head, told.state_root == b"\x01", gas, contract, logs, output)
