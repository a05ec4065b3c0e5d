"""Making the evidence of a rollover: from a node's file of it, its transfer file, and a chain that proves. Not here:
which chain, where files are kept, any check.

Whoever makes it can leave something out, and nothing else: every part is checked again by whoever reads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final, Protocol

import rlp

from open401k.kernel import Open401kError

from ..calls import answer_of, call_of
from ..chain.interface import At, Chain, Head, UnavailableError
from ..chain.states import ShowsState
from ..decoding import Decoded, decode_case
from ..messages import election_hash, rollover_id
from ..node.said import Countersigned, Said
from ..transactions import read
from ..transfer_file.leaves import Shown, TransferFile, shown
from .calls import approvals_in, is_about, is_batched_by
from .file import Approval, Evidence, Included
from .on_chain import wallets_of
from .proven import asked, asked_then

#: What is disclosed where nothing else is said: what moves, and nothing that is a person's.
PLAIN: Final = (
    "case.*", "amounts[[]*].gross_cents", "settlement.amount_cents", "settlement.currency", "settlement.method",
    "settlement.residual_expected", "institution.releasing_lei", "institution.receiving_lei",
)  # fmt: skip
_LINKED: Final = 1_000  # headers from the first transaction to the head
_SPAN: Final = 2_000  # blocks of events read at once
_MOST_SPANS: Final = 500


class ProvingChain(Chain, ShowsState, Protocol):
    """A chain that hands out proofs."""

    def block(self, number: int) -> Head | None: ...

    def proof(self, tx_hash: bytes, *, upto: int | None = None) -> str | None: ...


def collect(
    chain: ProvingChain,
    *,
    coordinator: bytes,
    encoded: bytes,
    said: Sequence[Said] = (),
    calls: Sequence[bytes] = (),
    file: TransferFile | None = None,
    labels: Sequence[str] = PLAIN,
) -> Evidence:
    """The evidence of a case as it was agreed; ``labels`` are patterns of what is disclosed of the transfer file.

    ``calls`` are what our own node sent: its approval is in there where the chain does not prove transactions.
    """
    case = decode_case(encoded)
    final = chain.final()
    network = _address(chain, coordinator, "NETWORK()", final.number)
    (delay,) = answer_of(["uint256"], chain.call(network, call_of("DELAY()"), at=final.number))
    found = transactions(chain, coordinator, case, final)
    at = final.number
    if found and at - found[0][0] >= _LINKED:
        at = min(found[-1][0], found[0][0] + _LINKED - 1)  # as near as is needed: the head is any final block
    headers, included, proven = _included(chain, [each for each in found if each[0] <= at], at, encoded, case)
    mine = [each for call in calls for each in approvals_in(call, encoded, case)]
    approvals = {(each.role, each.who): each for each in (*mine, *proven)}  # the last of each counts
    heads = [each.head for each in said]
    bare = Evidence(chain.chain_id, coordinator, network, int(str(delay)), encoded, ())
    return Evidence(
        bare.chain_id, coordinator, network, bare.delay, encoded,
        states=(_state(chain, bare, case, asked(bare, case), at), *_earlier(chain, bare, case, heads, at)),
        headers=headers,
        transactions=included,
        approvals=tuple(approvals.values()),
        statements=tuple(each.statement for each in said),
        heads=tuple(heads),
        leaves=_leaves(file, labels),
    )  # fmt: skip


def _address(chain: Chain, contract: bytes, signature: str, at: At) -> bytes:
    (told,) = answer_of(["address"], chain.call(contract, call_of(signature), at=at))
    return bytes.fromhex(str(told)[2:])


def transactions(chain: Chain, coordinator: bytes, case: Decoded, final: Head) -> list[tuple[int, bytes]]:
    """Blocks and hashes of what the coordinator did about it, oldest first; read back to where it began."""
    rollover = rollover_id(election_hash(case.election), case.terms)
    found: dict[bytes, int] = {}
    last, is_begun = final.number, False
    for _ in range(_MOST_SPANS):
        logs = chain.logs(max(0, last - _SPAN + 1), last, [coordinator])
        mine = [
            log for log in logs
            if (len(log.topics) > 1 and log.topics[1] == rollover) or is_batched_by(log.topics, log.data, rollover)
        ]  # fmt: skip
        found |= {log.tx_hash: log.block for log in mine}
        is_begun = is_begun or bool(mine)
        last -= _SPAN
        if last < 0 or (is_begun and not mine):
            break
    return sorted((block, tx_hash) for tx_hash, block in found.items())


def _included(
    chain: ProvingChain, found: Sequence[tuple[int, bytes]], at: int, encoded: bytes, case: Decoded
) -> tuple[tuple[bytes, ...], tuple[Included, ...], tuple[Approval, ...]]:
    """Headers, transactions, and the approvals that they handed over; nothing where the chain does not prove them."""
    headers: tuple[bytes, ...] = ()
    included: list[Included] = []
    approvals: list[Approval] = []
    for block, tx_hash in found:
        try:
            told = json.loads(chain.proof(tx_hash, upto=at) or "null")
        except UnavailableError:
            return (), (), ()
        if told is None:
            continue
        rows = {
            name: tuple(bytes.fromhex(each) for each in told[name]) for name in ("headers", "transaction", "receipt")
        }
        data = _data(rows["transaction"])
        if not is_about(data, encoded):
            continue  # somebody's contract between: the words show what became of it
        headers = headers or rows["headers"]
        included.append(Included(block, rows["transaction"], rows["receipt"]))
        approvals += approvals_in(data, encoded, case)
    return headers, tuple(included), tuple(approvals)


def _data(nodes: Sequence[bytes]) -> bytes:
    """The call in a transaction that is alone in its block, or nothing where it cannot be read."""
    try:
        leaf = rlp.decode(nodes[-1])
        return read(leaf[1]).data
    except (ValueError, TypeError, IndexError, rlp.exceptions.RLPException):
        return b""


def _earlier(
    chain: ProvingChain, bare: Evidence, case: Decoded, heads: Sequence[Countersigned], at: int
) -> Iterator[str]:
    """Proofs at blocks that were countersigned, where the chain still has their state."""
    for number in sorted({head.number for head in heads if head.number != at}):
        try:
            block = chain.block(number)
            if block is not None and block.hash in {head.hash for head in heads}:
                yield _state(chain, bare, case, asked_then(bare, case), number)
        except (UnavailableError, ValueError, KeyError):
            continue


def _state(chain: ProvingChain, bare: Evidence, case: Decoded, wanted: Mapping[bytes, Sequence[bytes]], at: int) -> str:
    """The words, and that custodians' wallets are contracts, where they are."""
    return chain.state({**wanted, **wallets_of(chain, bare.network, case, at=at)}, at=at)


def _leaves(file: TransferFile | None, labels: Sequence[str]) -> tuple[Shown, ...]:
    if file is None:
        return ()
    known = file.values
    unknown = [label for label in labels if label not in PLAIN and not any(fnmatchcase(each, label) for each in known)]
    if unknown:
        raise Open401kError(
            f"The transfer file has no {', '.join(unknown)}.", fix="Name a label as the schema has it, or a pattern."
        )
    return tuple(shown(file, each) for each in known if any(fnmatchcase(each, label) for label in labels))
