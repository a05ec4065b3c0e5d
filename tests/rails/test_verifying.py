"""A chain is computed again and compared, a changed byte is named; a rollover is proved to somebody without it."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
import rlp
from eth_abi.abi import encode
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rails.world import BANK, BEGUN, CHAIN_ID, PRE_TAX, RELAY, Clock, ContractRefusedError, World, founded, leg

from open401k.kernel import Open401kError
from open401k.rails.artifacts import artifact
from open401k.rails.calls import call_of
from open401k.rails.chain import _store
from open401k.rails.chain.durable import durable_chain
from open401k.rails.chain.proofs import check_proof, rollovers_of
from open401k.rails.chain.states import Account, check_state, write_state
from open401k.rails.chain.verifying import Verified, verify

Connection = psycopg.Connection[tuple[Any, ...]]


def grown(url: str) -> None:
    """A contract, its events, a refusal."""
    with durable_chain(url, now=lambda: BEGUN + 7, chain_id=CHAIN_ID, begun_at=BEGUN) as chain:
        world = World(chain, Clock(), b"", b"", b"")
        token = world.send(RELAY, None, artifact("deposit_token").code + encode(["address"], [BANK.address])).contract
        assert token is not None
        chain.kept.add_contract("deposit_token", token)
        admits = call_of("admit(address)", RELAY.address)
        chain.tick()
        world.send(BANK, token, admits)
        with pytest.raises(ContractRefusedError):
            world.send(RELAY, token, admits)
        world.send(BANK, token, call_of("mint(address,uint256,bytes32)", RELAY.address, 5_00, bytes(32)))


def check(url: str) -> Verified:
    with psycopg.connect(url, autocommit=True) as conn:
        return verify(conn)


def test_a_chain_is_what_its_transactions_make_of_it_and_every_change_is_named(
    database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grown(database)
    whole = check(database)
    assert whole.damage is None
    assert whole.head is not None
    assert whole.blocks == whole.head.number + 1
    assert whole.keys > whole.blocks * 6
    last = whole.head.number
    changes = {
        "the row of the block tells another gas": f"update chain.block set gas = gas + 1 where number = {last - 1}",
        "tells another outcome": f"update chain.block set is_done = true where number = {last - 1}",
        "tells another reason": f"update chain.block set output = '' where number = {last - 1}",
        "the events of the block are others": f"""
            update chain.event set data = set_byte(data, 31, 9) where block = {last} and place = 0
        """,
        "another time": f"update chain.block set time = time + 1 where number = {last}",
        "the row of the block is missing": f"""
            delete from chain.event where block = {last - 2}; delete from chain.block where number = {last - 2}
        """,
        "was written by no block": "insert into chain.kv (k, v) values ('extra', 'more')",
        "the place v1 ": "update chain.kv set v = set_byte(v, 0, 255) where k = 'v1:canonical_head_hash'",
        "the contract rollover is not at": """
            insert into chain.contract values ('rollover', substring(sha256('x') for 20))
        """,
        "holds other bytes": """
            update chain.kv set v = set_byte(v, length(v) / 2, (get_byte(v, length(v) / 2) + 1) % 256)
            where k = (select k from chain.kv where length(k) = 32 order by k limit 1 offset 11)
        """,
        "the row of the block tells another hash": f"""
            update chain.block set hash = (
                select k from chain.kv where length(k) = 32 and not exists (select 1 from chain.block where hash = k)
                order by length(v) limit 1
            ) where number = {last - 1}
        """,
        "is missing": "delete from chain.kv where k = (select k from chain.kv where length(k) = 32 order by k limit 1)",
    }
    reading = "create temporary table if not exists written (k bytea primary key) on commit drop"
    with psycopg.connect(database) as conn, monkeypatch.context() as patched:
        patched.setattr(_store, "begin_reading", lambda conn: conn.execute(reading))  # inside what made the damage
        for words, change in changes.items():
            conn.execute(change.encode())
            damage = verify(conn).damage
            conn.rollback()
            assert damage is not None, words
            assert words in damage.what, (words, damage)
            if "update chain.block" in change or "chain.event" in change:
                assert damage.block is not None
                assert last - 2 <= damage.block <= last, words
    assert check(database) == whole


# ---- proofs


@pytest.fixture(scope="module")
def proven() -> tuple[World, str, bytes]:
    world = founded()
    case = world.case(leg(PRE_TAX, 1_000_00))
    receipt = world.settle(case)
    world.send(RELAY, RELAY.address, b"")
    text = world.chain.proof(receipt.tx_hash, upto=world.chain.head().number)
    assert text is not None
    return world, text, case.id


def test_a_rollover_is_proved_to_somebody_who_has_nothing_but_a_head(proven: tuple[World, str, bytes]) -> None:
    world, text, rollover = proven
    shown = check_proof(text)
    assert shown.last == world.chain.head()
    assert shown.is_done
    assert rollovers_of(shown) == [rollover]
    assert [log.topics[1] for log in shown.logs if log.address == world.rollover] == [rollover]
    receipt = world.chain.receipt(shown.transaction.tx_hash)
    assert receipt is not None
    assert (shown.logs, shown.block) == (receipt.logs, receipt.block)
    assert shown.transaction.to == world.rollover
    assert world.chain.proof(bytes(32)) is None
    with pytest.raises(ValueError, match="no block"):
        world.chain.proof(shown.transaction.tx_hash, upto=10**6)


def test_every_rollover_of_a_batch_is_proved_by_its_transaction() -> None:
    world = founded()
    cases = [world.case(leg(PRE_TAX, cents)) for cents in (1_00, 2_00)]
    text = world.chain.proof(world.batch(cases).tx_hash)
    assert text is not None
    assert rollovers_of(check_proof(text)) == [case.id for case in cases]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_proof_with_any_byte_changed_shows_another_head_or_does_not_hold(
    proven: tuple[World, str, bytes], data: st.DataObject
) -> None:
    world, text, _ = proven
    told = json.loads(text)
    part = data.draw(st.sampled_from(["headers", "transaction", "receipt"]))
    place = data.draw(st.integers(0, len(told[part]) - 1))
    held = bytearray.fromhex(told[part][place])
    at = data.draw(st.integers(0, len(held) - 1))
    held[at] ^= data.draw(st.integers(1, 255))
    told[part][place] = held.hex()
    try:
        shown = check_proof(json.dumps(told))
    except Open401kError:
        return
    assert shown.last.hash != world.chain.head().hash


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"kind": "open401k-rails-inclusion-1"}', "[" * 10_000])
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(Open401kError, match="does not hold"):
        check_proof(text)


def nested(levels: int) -> bytes:
    """An encoded list within a list, and so on."""
    found = b"\xc0"
    for _ in range(levels):
        size = len(found).to_bytes((len(found).bit_length() + 7) // 8, "big")
        found = (bytes([0xC0 + len(found)]) if len(found) < 56 else bytes([0xF7 + len(size)]) + size) + found
    return found


def forged(text: str, *, place: int | None = None, value: Any = b"", **leaves: bytes) -> str:
    """A proof of a block that nobody made, and that hangs together: with these leaves or this field of its header."""
    told = json.loads(text)
    header = rlp.decode(bytes.fromhex(told["headers"][0]))
    for name, leaf in leaves.items():
        node = rlp.encode([b"\x20" + rlp.encode(0), leaf])
        told[name], header[4 if name == "transaction" else 5] = [node.hex()], keccak(node)
    if place is not None:
        header[place] = value
    return json.dumps(told | {"headers": [rlp.encode(header).hex()]})


@pytest.mark.parametrize("place", [8, 11])
@pytest.mark.parametrize("value", [b"\xff" * 9, b"\xff" * 6_000, [], nested(40)], ids=["9", "6000", "list", "nested"])
def test_a_header_whose_number_or_time_is_none_is_refused(
    proven: tuple[World, str, bytes], place: int, value: Any
) -> None:
    with pytest.raises(Open401kError, match="header 1 is none"):
        check_proof(forged(proven[1], place=place, value=value))


def events_of(world: World) -> dict[str, list[Any]]:
    """Events that no contract writes."""
    batched, head, to = keccak(b"Batched(bytes32,bytes32[])"), b"\x00" * 31, world.rollover
    return {
        "no address": [b"", [], b""],
        "a list for an address": [[to], [batched], b""],
        "a list for a topic": [to, [[batched]], b""],
        "a short topic": [to, [b"short"], b""],
        "bytes for topics": [to, batched, b""],
        "a list for data": [to, [batched], []],
        "a batch of nothing": [to, [batched, batched], b""],
        "a batch that points outside": [to, [batched, batched], head + b"\x20" + b"\xff" * 32],
        "a batch that is cut off": [to, [batched, batched], head + b"\x20" + head + b"\x01"],
    }


@pytest.mark.parametrize("which", range(9))
def test_a_receipt_whose_events_are_none_is_refused(proven: tuple[World, str, bytes], which: int) -> None:
    event = [*events_of(proven[0]).values()][which]
    with pytest.raises(Open401kError, match="does not hold"):
        rollovers_of(check_proof(forged(proven[1], receipt=rlp.encode([b"\x01", b"", b"", [event]]))))


@pytest.mark.parametrize("part", ["transaction", "receipt"])
def test_what_is_nested_without_end_is_refused(proven: tuple[World, str, bytes], part: str) -> None:
    leaves: dict[str, Any] = {part: nested(3_000)}
    for text in (forged(proven[1], **leaves), json.dumps(json.loads(proven[1]) | {
        "headers": [nested(3_000).hex()]
    })):  # fmt: skip
        with pytest.raises(Open401kError, match="does not hold"):
            check_proof(text)


def test_a_transaction_for_a_chain_of_no_number_is_refused(proven: tuple[World, str, bytes]) -> None:
    fields = rlp.decode(rlp.decode(bytes.fromhex(json.loads(proven[1])["transaction"][-1]))[1])
    fields[6] = b"\xff" * 6_000
    with pytest.raises(Open401kError, match="the transaction: not signed for one chain"):
        check_proof(forged(proven[1], transaction=rlp.encode(fields)))


WORDS = {"nested": nested(3_000), "list": b"\xc0", "long": rlp.encode(b"\xff" * 33), "cut off": b"\xb8"}


@pytest.mark.parametrize("word", WORDS.values(), ids=WORDS)
@pytest.mark.parametrize("of", ["contract", "slot"])
def test_a_state_that_hangs_together_and_is_none_is_refused(
    proven: tuple[World, str, bytes], word: bytes, of: str
) -> None:
    contract, slot = bytes(20), bytes(32)
    storage = rlp.encode([b"\x20" + keccak(slot), word])
    account = word if of == "contract" else rlp.encode([b"", b"", keccak(storage), bytes(32)])
    node = rlp.encode([b"\x20" + keccak(contract), account])
    header = rlp.decode(bytes.fromhex(json.loads(proven[1])["headers"][0]))
    header[3] = keccak(node)
    shown = Account(contract, (node,), ((slot, (storage,)),))
    with pytest.raises(Open401kError, match="does not hold"):
        check_state(write_state(rlp.encode(header), [shown]))
