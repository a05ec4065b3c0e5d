"""Invariant 11: nothing of a person and no unsalted hash of it is on chain, in a log or in evidence."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterator, Mapping

import pytest
from eth_hash.auto import keccak
from tests.rails.node.deal_nodes import Both, both
from tests.rails.world import CHAIN_ID, RELAY, World, founded

from open401k.rails.evidence.file import joined, write
from open401k.rails.evidence.handing import evidence_of
from open401k.rails.node import deals
from open401k.rails.node.letters import file_from
from open401k.rails.simulation import cores
from open401k.rails.transactions import signed

#: Hashes that somebody might take without a salt; a digest is looked for by its first 16 bytes.
HASHES: Mapping[str, Callable[[bytes], bytes]] = {
    "keccak256": keccak,
    "sha256": lambda told: hashlib.sha256(told).digest(),
    "sha256 twice": lambda told: hashlib.sha256(hashlib.sha256(told).digest()).digest(),
    "sha3": lambda told: hashlib.sha3_256(told).digest(),
    "sha512": lambda told: hashlib.sha512(told).digest(),
    "sha1": lambda told: hashlib.sha1(told).digest(),  # noqa: S324 (somebody else's)
    "md5": lambda told: hashlib.md5(told).digest(),  # noqa: S324
    "blake2b": lambda told: hashlib.blake2b(told).digest(),
    "blake2s": lambda told: hashlib.blake2s(told).digest(),
}
#: What is a person's: of the transfer file by group, and wherever accounts are numbered.
PERSONAL = ("participant.", "authority.", "roth.", "loan.")
_FEWEST = 5  # letters: shorter values ("yes", "2026") are in everything


def personal(world: Both) -> dict[str, str]:
    """Everything of a person that either custodian knows, by where it stands."""
    source, receiver = world.source.deal(world.source.only()), world.receiver.deal("case")
    assert source.releasing
    assert receiver.receiving
    found = {"source.account": source.releasing.account, "receiver.account": receiver.receiving.account}
    for side, half in (("source", source.releasing), ("receiver", receiver.receiving)):
        found |= {f"{side}.identity{number}": value for number, value in enumerate(texts_of(half.identity))}
        found |= {f"{side}.{label}": value for label, value in half.file.items()}
    if source.file is not None:
        found |= file_from(source.file).values
    return {
        label: value
        for label, value in found.items()
        if len(value) >= _FEWEST
        and (any(each in f"{label}." for each in PERSONAL) or "account" in label or "identity" in label)
    }


def texts_of(record: object) -> Iterator[str]:
    """Every text, number or day in a record."""
    for name in getattr(record, "__dataclass_fields__", ()):
        value = getattr(record, name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            yield str(value)
        elif hasattr(value, "isoformat"):
            yield value.isoformat()


def forms(label: str, value: str) -> dict[str, bytes]:
    """How a value could stand somewhere: as it is, without signs, as a number, packed; each hashed without a salt."""
    digits = re.sub(r"\D", "", value)
    plain = {value, value.lower(), value.upper(), re.sub(r"[\s\-]", "", value)}
    plain |= {digits} if len(digits) >= 8 else set()
    found = {f"{label} as {each!r}": each.encode() for each in plain}
    told = {each.encode() for each in plain} | {f"{label}{each}".encode() for each in plain}
    if len(digits) >= 8:
        found[f"{label} as a number"] = int(digits).to_bytes(32, "big")
        told.add(int(digits).to_bytes(32, "big"))
    for name, digest in HASHES.items():
        found |= {f"{name} of {label} as {each!r}": digest(each)[:16] for each in told}
    return found


def on_chain(world: World) -> Iterator[tuple[str, bytes]]:
    """Every transaction as it was sent, and every event."""
    for number in range(world.chain.head().number + 1):
        header = world.chain.header(number)
        assert header is not None
        for transaction in world.chain.transactions(header):
            yield f"transaction of block {number}", transaction.encode()
            receipt = world.chain.receipt(transaction.hash)
            assert receipt is not None
            for log in receipt.logs:
                yield f"event of block {number}", b"".join(log.topics) + log.data


def leaks(known: Mapping[str, str], places: Iterator[tuple[str, bytes]]) -> list[str]:
    """What stands where it may not."""
    wanted = {what: form for label, value in known.items() for what, form in forms(label, value).items()}
    return [
        f"{place}: {what}"
        for place, told in places
        for lower in (told.lower(),)
        for what, form in wanted.items()
        if form in told or (" as '" in what and form.lower() in lower)
    ]


def moved(world: Both) -> None:
    """From a wish to booked money on both sides."""
    world.until_terms()
    world.run()


def stopped(world: Both) -> None:
    """The source wants it ended after it voted: an abort with a code goes on chain."""
    world.until_terms()
    world.source.node.run_once()
    with world.source.files.begin() as unit:
        deals.stop(unit, world.source.desk, world.source.only(), 203, "Maria's spouse has called")
    world.run()


def expired(world: Both) -> None:
    """The receiver is dead: it expires, and reverses by itself."""
    world.until_terms()
    world.source.node.run_once()
    world.world.clock.now += 30 * 86_400
    world.world.send(RELAY, RELAY.address, b"")
    for _ in range(4):
        world.source.node.run_once()


@pytest.mark.parametrize("story", [moved, stopped, expired])
def test_nothing_of_a_person_is_on_chain_or_in_a_log(
    story: Callable[[Both], None], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    world = both(founded())
    before = world.world.chain.head().number
    story(world)
    assert world.world.chain.head().number >= before + 2
    known = personal(world)
    assert len(known) > 15, known
    assert {"participant.born_on", "participant.tax_number", "participant.legal_name"} <= set(known)
    assert leaks(known, on_chain(world.world)) == []
    said = capfd.readouterr()
    logs = iter([("log", (caplog.text + said.out + said.err).encode())])
    assert leaks(known, logs) == []


def test_nothing_of_a_person_is_in_evidence_that_discloses_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "_entry", lambda order: f"entry {order.rollover.hex()[:8]}")  # told as the core names it
    world = both(founded())
    moved(world)
    found = [
        evidence_of(side.files, world.world.chain, coordinator=world.world.rollover, case=side.only())
        for side in (world.source, world.receiver)
    ]
    text = write(joined(*found))
    octets = b"".join(bytes.fromhex(each) for each in re.findall(r'"([0-9a-f]{2,})"', text) if len(each) % 2 == 0)
    assert leaks(personal(world), iter([("text", text.encode()), ("bytes", octets)])) == []


def test_a_leak_is_found() -> None:
    """What finds nothing is not known to look."""
    world = both(founded())
    moved(world)
    known = personal(world)
    number, chain = known["participant.tax_number"], world.world.chain
    for told in (number.encode(), keccak(number.encode()), hashlib.sha256(re.sub(r"\D", "", number).encode()).digest()):
        nonce = chain.nonce(RELAY.address)
        raw = signed(RELAY, chain_id=CHAIN_ID, nonce=nonce, to=RELAY.address, data=b"evidence" + told, gas=100_000)
        (receipt,) = chain.send_raw([raw])
        place = f"transaction of block {receipt.block.number}"
        assert any(leak.startswith(place) for leak in leaks(known, on_chain(world.world)))
