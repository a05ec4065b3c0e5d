"""What a member's wallet is shown is what it signs, and when that is not wanted any more. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from eth_hash.auto import keccak
from tests.rails.test_terms_in_words import typed_digest
from tests.rails.world import World

from open401k.rails import messages
from open401k.rails.calls import call_of
from open401k.rails.chain.interface import Chain
from open401k.rails.messages import Role
from open401k.rails.node.batching import Batch, Stage
from open401k.rails.node.cases import Case, Kind, Message, State
from open401k.rails.node.core import Side
from open401k.rails.node.opening import Signed, agreed_of
from open401k.rails.node.signing import booked_of
from open401k.rails.node.wallet_words import told
from open401k.rails.node.wallets import is_contracts, owners_digest, safe_typed
from open401k.rails.node.wanted import MOST_SIGNATURE, OF_OWNER, Says, Wanted, together, unwanted

WALLET, EVIDENCE, IDS = b"w" * 20, b"\x11" * 32, [b"\x01" * 32, b"\x02" * 32]


def test_each_is_shown_as_typed_data_of_the_very_digest_and_no_other(world: World) -> None:
    case, domain = world.case(), world.domain()
    source, receiver = (world.members[name].address for name in ("source", "receiver"))
    told_of = Signed(case.election, case.signature, case.attestation, case.attested, case.terms)
    agreed = agreed_of(told_of, us=source, side=Side.SOURCE)
    about: dict[str, Any] = {"rollover": case.id.hex(), "role": 2}
    file = Case("case", Side.SOURCE, "account", State.POSTED, agreed)
    booked = booked_of(file, "entry 7", b"salt")
    batch: dict[str, Any] = {
        "first": receiver.hex(), "second": source.hex(), "token": world.token.hex(), "deadline": 9,
        "ids": [each.hex() for each in IDS], "cents": [100_00, 2],
    }  # fmt: skip
    wanted = {
        Says.APPROVAL: (messages.approval_hash(case.id, Role.SOURCE, EVIDENCE), about | {"evidence": EVIDENCE.hex()}),
        Says.ABORT: (messages.abort_hash(case.id, Role.SOURCE, 551, bytes(32)), about | {"code": 551}),
        Says.RECEIPT: (messages.posted_hash(case.id, Role.SOURCE, EVIDENCE), about | {"reference": EVIDENCE.hex()}),
        Says.BATCH: (messages.batch_hash(receiver, source, world.token, 9, IDS), batch),
        Says.STATEMENT: (messages.statement_hash(case.id, Role.SOURCE, booked.content), about),
        Says.HEAD: (messages.head_hash(7, EVIDENCE), {"number": 7, "hash": EVIDENCE.hex(), "role": 2}),
    }
    assert set(wanted) == set(Says)
    for says, (struct, fields) in wanted.items():
        one = Wanted(domain.digest(struct), WALLET, says, "case", fields, case.terms.deadline, 0)
        shown = told(one, agreed, domain, name_of=lambda member: member.hex(), booked=booked)
        assert typed_digest(shown.typed) == one.digest
        if says is Says.STATEMENT:
            assert ("Under our reference", "entry 7") in shown.rows
            assert [row[1].partition(":")[0] for row in shown.rows if row[0] == "Booked"] == ["$1,234.56 debited"]
        if says is Says.BATCH:
            assert ("Rollover", f"$100.00: 0x{IDS[0].hex()}") in shown.rows
        with pytest.raises(ValueError, match="is not what case case is about"):
            told(replace(one, digest=bytes(32)), agreed, domain, name_of=lambda member: member.hex())


@dataclass
class OneContract:
    """A chain on which one contract answers one call."""

    chain_id: int
    call_: bytes
    answer: bytes

    def call(self, _: bytes, data: bytes, **__: object) -> bytes:
        return self.answer if data == self.call_ else b""


def test_owners_of_a_safe_sign_its_message_over_ours_and_those_of_others_ours(world: World) -> None:
    digest, domain = b"d" * 32, world.domain()
    typed = keccak(b"EIP712Domain(uint256 chainId,address verifyingContract)")
    separator = keccak(typed + domain.chain_id.to_bytes(32, "big") + WALLET.rjust(32, b"\0"))
    for answer, is_safe in ((separator, True), (b"\x01" * 32, False), (b"", False)):
        chain = cast("Chain", OneContract(domain.chain_id, call_of("domainSeparator()"), answer))
        expected = typed_digest(safe_typed(domain, WALLET, digest)) if is_safe else digest
        assert owners_digest(chain, WALLET, digest) == expected


def test_more_owners_than_a_contract_takes_sign_by_the_first_of_them() -> None:
    parts = {bytes([each]) * 20: bytes([each]) * OF_OWNER for each in range(9, 0, -1)}
    joined = together(parts)
    assert len(joined) <= MOST_SIGNATURE
    assert joined == b"".join(bytes([each]) * OF_OWNER for each in range(1, 8))


@dataclass
class Echo:
    """A chain whose precompile repeats what it is asked."""

    chain_id: int = 1

    def call(self, _: bytes, data: bytes, **__: object) -> bytes:
        return data


def test_where_the_chain_itself_answers_nobody_signs() -> None:
    chain = cast("Chain", Echo())
    for who in (4, 0x100):
        assert not is_contracts(chain, who.to_bytes(20, "big"), b"d" * 32, b"signature")


def test_what_is_not_wanted_any_more_is_told_by_our_own_file() -> None:
    def why(says: Says, state: State, *, code: int | None = None, outbox: tuple[Message, ...] = ()) -> str:
        fields: dict[str, Any] = {"code": 551, "batch": batch.hash.hex()}
        file = Case("case", Side.SOURCE, "account", state, stop=code)
        return unwanted(Wanted(b"d" * 32, WALLET, says, "case", fields, None, 0), file, outbox, [batch])

    batch = Batch(b"p" * 20, b"r" * 32, b"p" * 20, b"u" * 20, b"t" * 20, 9, tuple(IDS), Stage.ASKED)
    assert why(Says.APPROVAL, State.HELD) == why(Says.APPROVAL, State.VOTED) == ""
    assert why(Says.APPROVAL, State.LIQUIDATING) == "the case is liquidating"
    assert why(Says.APPROVAL, State.HELD, code=263) == "the case is to end, for code 263"
    assert why(Says.ABORT, State.VOTED, code=551) == ""
    assert why(Says.ABORT, State.VOTED, code=263) != ""
    assert why(Says.ABORT, State.RELEASED, code=551) == "the case is released"
    receipt = Message("case", Kind.RECEIPT, b"")
    assert why(Says.RECEIPT, State.POSTED, outbox=(receipt,)) == why(Says.RECEIPT, State.VOTED) == ""
    assert why(Says.RECEIPT, State.POSTED, outbox=(replace(receipt, is_done=True),)) == "the receipt is there"
    assert why(Says.BATCH, State.HELD) == ""
    assert why(Says.STATEMENT, State.POSTED) == why(Says.HEAD, State.POSTED) == ""
    assert why(Says.HEAD, State.VOTED) == "the case is voted"
    batch = replace(batch, stage=Stage.DRAWN_UP)
    assert why(Says.BATCH, State.HELD) == ""
    batch = replace(batch, stage=Stage.SIGNED)
    assert why(Says.BATCH, State.HELD) == "the batch is over"
