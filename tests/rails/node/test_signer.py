"""A signer of its own: it signs what it has read and its policy allows, once on disk, whoever asks and whoever dies."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.rails.node.conftest import NewDatabase
from tests.rails.node.processes import network, until
from tests.rails.node.signers import SignerProcess, signer_in
from tests.rails.world import BEGUN, CHAIN_ID, DAY, Case, World, founded, key, leg

from open401k.base.faults import Stopped, stopping_at
from open401k.kernel import FixedClock, Open401kError, SeededRandom
from open401k.rails import messages
from open401k.rails.keys import Key, signer_of
from open401k.rails.messages import Role, Voter
from open401k.rails.node.cases import State
from open401k.rails.node.codec import Json
from open401k.rails.node.codes import SIGNER_AWAY
from open401k.rails.node.sealed import SealedKeys
from open401k.rails.node.signer import log
from open401k.rails.node.signer.asking import (
    Abort,
    Approve,
    Asked,
    Attest,
    Posted,
    Received,
    SawHead,
    SendLetter,
    SignBatch,
    Transact,
    asked_of,
    written,
)
from open401k.rails.node.signer.asking import State as Stated
from open401k.rails.node.signer.client import SignerHands
from open401k.rails.node.signer.keys import Use
from open401k.rails.node.signer.policy import MOST_ENDED, Before, Granted, Known, Limits, Refused, Why, judged
from open401k.rails.node.signer.serving import Signer, user_of
from open401k.rails.node.signer.settings import read_signer
from open401k.rails.node.signer.taking import taken_over
from open401k.rails.node.signing import PolicyError, SignerAwayError
from open401k.rails.node.vault import Vault
from open401k.rails.transfer_file.sealed import Mailbox, seal

OURS, RELAY = key("the signer's key"), key("the signer's relay")
EVIDENCE, NOW = b"e" * 32, BEGUN
APPROVE = Approve(OURS.address, Role.SOURCE, EVIDENCE)


@pytest.fixture(scope="module")
def world() -> World:
    return founded()


def known(world: World, member: str = "source", **limits: int | bool) -> Known:
    us = world.members[member].address
    return Known(us, CHAIN_ID, world.rollover, world.token, attests=True, limits=Limits(**limits))  # type: ignore[arg-type]


def judge(asked: Asked, beside: bytes, us: Known, *, before: Before | None = None, at: int = NOW) -> Granted | Refused:
    keys = frozenset({OURS.address})
    return judged(asked, beside, known=us, keys=keys, relay=RELAY.address, before=before or Before(), at=at)


def why(asked: Asked, beside: bytes, us: Known, **more: object) -> Why:
    found = judge(asked, beside, us, **more)  # type: ignore[arg-type]
    assert isinstance(found, Refused), found
    return found.why


def letter(by: Key) -> bytes:
    """A sealed letter that waits for a signature."""
    sealed = seal(b"words", sender=by, to=Mailbox(b"m" * 32).public, reference=b"r" * 32, random=SeededRandom(1))
    return sealed[:-65]


def test_what_is_signed_is_worked_out_from_what_comes_beside_it(world: World) -> None:
    case, us, domain = world.case(leg(0, 1_234_56), leg(1, 200_00)), known(world), world.domain()
    source = Role.SOURCE
    for asked, struct in (
        (APPROVE, messages.approval_hash(case.id, source, EVIDENCE)),
        (Abort(OURS.address, source, 401), messages.abort_hash(case.id, source, 401, bytes(32))),
        (Posted(OURS.address, source, b"p" * 32), messages.posted_hash(case.id, source, b"p" * 32)),
        (Stated(OURS.address, source, b"s" * 32), messages.statement_hash(case.id, source, b"s" * 32)),
        (SawHead(OURS.address, 7, b"h" * 32), messages.head_hash(7, b"h" * 32)),
        (Received(OURS.address, b"l" * 32, "taken"), messages.received_hash(b"l" * 32, "taken")),
    ):
        assert asked_of(json.dumps(written(asked)).encode()) == asked
        found = judge(asked, case.encoded, us)
        assert isinstance(found, Granted)
        assert found.digest == domain.digest(struct)
    found = judge(APPROVE, case.encoded, us)
    assert isinstance(found, Granted)
    assert (found.rollover, found.cents) == (case.id, 1_434_56)
    theirs = judge(Approve(OURS.address, Role.RECEIVER, EVIDENCE), case.encoded, known(world, "receiver"))
    assert isinstance(theirs, Granted)
    assert theirs.cents == 1_434_56


def test_a_batch_is_signed_when_each_of_its_cases_would_be(world: World) -> None:
    one, back = world.case(leg(0, 500_00)), world.case(leg(0, 100_00), source="receiver", receivers=("source",))
    us, (first, second) = known(world), [world.members[each].address for each in ("source", "receiver")]
    asked = SignBatch(OURS.address, first, second, world.token, NOW + 600)
    beside = messages.encode_batch([one.encoded, back.encoded])
    assert asked_of(json.dumps(written(asked)).encode()) == asked
    found = judge(asked, beside, us)
    assert isinstance(found, Granted)
    struct = messages.batch_hash(first, second, world.token, NOW + 600, [one.id, back.id])
    assert found.digest == world.domain().digest(struct)
    assert found.batch == ((one.id, 500_00), (back.id, 100_00))
    others = world.case(leg(0, 1_00), receivers=("other",))
    unsigned = replace(one, signature=key("a thief").sign(b"d" * 32))
    nothing: tuple[Case, ...] = ()
    for asked_, cases, of, expected in (
        (asked, nothing, us, Why.NO_CASE),
        (asked, (one,) * 33, us, Why.NO_CASE),
        (asked, (one, others), us, Why.NOT_OUR_PART),
        (replace(asked, second=first), (one,), us, Why.NOT_OUR_PART),
        (asked, (one,), known(world, "other"), Why.NOT_OUR_PART),
        (replace(asked, token=b"t" * 20), (one,), us, Why.OTHER_TOKEN),
        (asked, (back, unsigned), us, Why.NOT_ELECTED),
        (asked, (one, back), known(world, most_cents=499_99), Why.TOO_MUCH),
        (asked, (one, back), known(world, cents_a_day=599_99), Why.TOO_MUCH_A_DAY),
        (asked, (one, back), known(world, approvals_an_hour=1), Why.TOO_MANY_AN_HOUR),
    ):
        assert why(asked_, messages.encode_batch([each.encoded for each in cases]), of) is expected
    refused = judge(asked, beside, known(world, cents_a_day=599_99))  # the second is more than the day has left
    assert isinstance(refused, Refused)
    assert refused.rollover == back.id
    before = Before()
    before.note_batch(NOW, found.batch)
    assert before.times == [NOW]
    assert isinstance(judge(asked, beside, known(world, cents_a_day=600_00), before=before), Granted)  # the same again
    more = messages.encode_batch([world.case(leg(0, 1)).encoded])
    assert why(asked, more, known(world, cents_a_day=600_00), before=before) is Why.TOO_MUCH_A_DAY


def changed(world: World, case: Case, **terms: object) -> bytes:
    return world.changed(case, **terms).encoded


def test_what_is_no_part_of_ours_or_not_elected_is_refused(world: World) -> None:
    case, us = world.case(leg(0, 500_00), most=500_00), known(world)
    broken = replace(case, signature=key("a thief").sign(b"d" * 32))
    wallet = known(world, contract_wallets=True)
    more = changed(world, case, legs=(leg(0, 500_01),))
    for asked, beside, of, expected in (
        (replace(APPROVE, key=b"x" * 20), case.encoded, us, Why.UNKNOWN_KEY),
        (replace(APPROVE, key=RELAY.address), case.encoded, us, Why.UNKNOWN_KEY),
        (replace(APPROVE, evidence=b""), case.encoded, us, Why.UNREADABLE),
        (APPROVE, b"", us, Why.NO_CASE),
        (APPROVE, case.encoded + b"\x00", us, Why.NO_CASE),
        (APPROVE, bytes([255]) * 400, us, Why.NO_CASE),
        (replace(APPROVE, role=Role.RECEIVER), case.encoded, us, Why.NOT_OUR_PART),
        (replace(APPROVE, role=Role.ADMINISTRATOR), case.encoded, us, Why.NOT_OUR_PART),
        (APPROVE, case.encoded, known(world, "other"), Why.NOT_OUR_PART),
        (Abort(OURS.address, Role.RECEIVER, 401), case.encoded, us, Why.NOT_OUR_PART),
        (Posted(OURS.address, Role.RECEIVER, b"p" * 32), case.encoded, us, Why.NOT_OUR_PART),
        (Abort(OURS.address, Role.SOURCE, 99), case.encoded, us, Why.UNREADABLE),
        (APPROVE, changed(world, case, token=b"t" * 20), us, Why.OTHER_TOKEN),
        (APPROVE, broken.encoded, us, Why.NOT_ELECTED),
        (APPROVE, more, us, Why.NOT_ELECTED),
        (APPROVE, changed(world, case, deadline=case.election.deadline + 1), us, Why.NOT_ELECTED),
        (APPROVE, more, wallet, Why.NOT_ELECTED),
        (APPROVE, case.encoded, replace(us, rollover=b"r" * 20), Why.NOT_ELECTED),  # of another network
        (APPROVE, case.encoded, replace(us, chain_id=1), Why.NOT_ELECTED),
    ):
        assert why(asked, beside, of) is expected, asked
    assert isinstance(judge(APPROVE, broken.encoded, wallet), Granted)
    voted = world.case(leg(0, 500_00), voters=(Voter(Role.ADMINISTRATOR, world.members["source"].address),))
    assert isinstance(judge(replace(APPROVE, role=Role.ADMINISTRATOR), voted.encoded, us), Granted)


def test_one_rollover_an_hour_a_day_and_a_minute_have_limits(world: World) -> None:
    one, two, three = (world.case(leg(0, cents)) for cents in (600_00, 500_00, 400_00))
    us = known(world, most_cents=600_00, cents_a_day=1_000_00, approvals_an_hour=2, signatures_a_minute=3)
    assert why(APPROVE, world.case(leg(0, 600_01)).encoded, us) is Why.TOO_MUCH
    before = Before()
    before.note(NOW, one.id, 600_00)
    assert isinstance(judge(APPROVE, one.encoded, us, before=before), Granted)  # the same again
    assert why(APPROVE, two.encoded, us, before=before) is Why.TOO_MUCH_A_DAY
    assert why(APPROVE, two.encoded, us, before=before, at=NOW + DAY - 1) is Why.TOO_MUCH_A_DAY
    assert isinstance(judge(APPROVE, two.encoded, us, before=before, at=NOW + DAY), Granted)
    before.note(NOW, three.id, 400_00)
    tiny = world.case(leg(0, 1))
    assert why(APPROVE, tiny.encoded, us, before=before) is Why.TOO_MANY_AN_HOUR
    assert why(APPROVE, tiny.encoded, us, before=before, at=NOW + 3_600) is Why.TOO_MUCH_A_DAY
    before.note(NOW)
    head = SawHead(OURS.address, 1, b"h" * 32)
    assert why(head, b"", us, before=before) is Why.TOO_OFTEN
    assert isinstance(judge(head, b"", us, before=before, at=NOW + 60), Granted)


def test_transactions_go_to_the_coordinator_and_call_what_a_node_calls(world: World) -> None:
    us = known(world)
    expire = bytes.fromhex("bf81bf43") + bytes(32)
    good = Transact(world.rollover, 3, 8_000_000, 0)
    found = judge(good, expire, us)
    assert isinstance(found, Granted)
    assert (found.key, found.about["function"]) == (RELAY.address, "expire")
    assert isinstance(judge(Transact(RELAY.address, 4, 21_000, 0), b"", us), Granted)  # has the chain tell the time
    for asked, data, expected in (
        (replace(good, to=world.token), expire, Why.OTHER_CONTRACT),
        (replace(good, to=RELAY.address), expire, Why.OTHER_CONTRACT),
        (good, b"", Why.UNKNOWN_FUNCTION),
        (good, bytes.fromhex("a9059cbb") + bytes(64), Why.UNKNOWN_FUNCTION),  # transfer(address,uint256)
        (replace(good, gas=8_000_001), expire, Why.TOO_DEAR),
        (replace(good, gas_price=1), expire, Why.TOO_DEAR),
        (replace(good, to=b""), expire, Why.UNREADABLE),
    ):
        assert why(asked, data, us) is expected


def test_letters_are_letters_and_attestations_hold_for_a_while(world: World) -> None:
    us = known(world)
    assert isinstance(judge(SendLetter(OURS.address), letter(OURS), us), Granted)
    for body in (b"", letter(RELAY), letter(OURS) + b"x", b"\x19\x01" + letter(OURS)):
        assert why(SendLetter(OURS.address), body, us) is Why.NO_LETTER
    attest = Attest(OURS.address, b"p" * 20, 2, NOW + 400 * DAY, EVIDENCE)
    assert isinstance(judge(attest, b"", us), Granted)
    assert why(replace(attest, valid_until=NOW + 401 * DAY), b"", us) is Why.TOO_LONG
    assert why(attest, b"", replace(us, attests=False)) is Why.NOT_ATTESTING
    assert why(Received(OURS.address, b"l" * 32, "eaten"), b"", us) is Why.UNREADABLE


# ---- the log


def logged(path: Path, count: int) -> Key:
    by = key("log")
    log.begin(path)
    book = log.SignedLog(path, by)
    for number in range(count):
        book.append(NOW + number, "approve", OURS.address, b"d" * 32, {"rollover": f"{number:064x}", "cents": 5})
    book.close()
    return by


def test_the_log_is_a_chain_that_its_limits_come_from(tmp_path: Path) -> None:
    by = logged(tmp_path / "log", 3)
    assert [each.number for each in log.checked(tmp_path / "log", by.address)] == [1, 2, 3]
    with (tmp_path / "log").open("ab") as file:
        file.write(b'{"number": 4, "at"')  # the process died within a line: nobody was answered
    again = log.SignedLog(tmp_path / "log", by)
    assert sum(again.before.within(DAY, NOW + 3).values()) == 15
    with pytest.raises(log.LogError, match="Another signer"):
        log.SignedLog(tmp_path / "log", by)
    again.append(NOW + 9, "head", OURS.address, b"d" * 32, {})
    again.close()
    assert [each.what for each in log.checked(tmp_path / "log", by.address)] == [*["approve"] * 3, "head"]


@pytest.mark.parametrize(
    ("line", "changes"),
    [(1, lambda text: text.replace(b'"cents":5', b'"cents":4')), (2, lambda _: b""),
     (3, lambda text: text[:-9] + b"\n"), (3, lambda text: text.replace(b'"cents":5', b'"cents":4'))],
)  # fmt: skip
def test_a_changed_log_is_found_at_its_line(tmp_path: Path, line: int, changes: object) -> None:
    path = tmp_path / "log"
    by = logged(path, 3)
    texts = path.read_bytes().splitlines(keepends=True)
    texts[line - 1] = changes(texts[line - 1])  # type: ignore[operator]
    path.write_bytes(b"".join(texts))
    with pytest.raises(log.LogError, match=r"line \d"):
        log.checked(path, by.address)
    with pytest.raises(log.LogError):
        log.SignedLog(path, by)


def test_a_full_disk_stops_one_signature_and_not_the_log(tmp_path: Path) -> None:
    by, path = logged(tmp_path / "log", 2), tmp_path / "log"
    book, size = log.SignedLog(path, by), path.stat().st_size
    handler, limits = signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, limits[1]))  # as a disk with 50 bytes left
    try:
        with pytest.raises(OSError, match="too large"):
            book.append(NOW, "abort", OURS.address, b"d" * 32, {"rollover": "ab" * 32})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.stat().st_size == size
    book.append(NOW + 9, "head", OURS.address, b"d" * 32, {})
    book.close()
    assert [each.what for each in log.checked(path, by.address)] == ["approve", "approve", "head"]
    log.SignedLog(path, by).close()


def test_a_full_file_is_put_aside_and_the_next_goes_on_wherever_the_process_dies(tmp_path: Path) -> None:
    path, by, number, digest = tmp_path / "log", key("log"), 0, b"d" * 32
    log.begin(path)
    for boundary in (*log.BOUNDARIES, "", "", ""):
        book = log.SignedLog(path, by, most=900)
        try:
            with stopping_at(boundary):
                for _ in range(4):
                    number += 1
                    about: dict[str, Json] = {"rollover": f"{number:064x}", "cents": 5}
                    book.append(NOW + 3_600 * number, "approve", OURS.address, digest, about)
        except Stopped:
            pass
        book._file.close()  # as the end of a process does
    lines = log.checked(path, by.address)
    assert [each.number for each in lines] == list(range(1, len(lines) + 1))
    files = sorted(tmp_path.glob("log.0*"))
    assert sum(each.what == log.GOES_ON for each in lines) == len(files) > 5
    newest = max(each.at for each in lines)
    again = log.SignedLog(path, by, most=900)
    within = [each for each in lines if each.what == "approve" and each.at > newest - DAY]
    assert sum(again.before.within(DAY, newest).values()) == 5 * len(within) > 5 * 5  # over several edges
    again.close()
    kept = files[-1].read_bytes()
    files[-1].unlink()
    with pytest.raises(log.LogError, match=f"Put {files[-1].name} back"):
        log.SignedLog(path, by, most=900)
    with pytest.raises(log.LogError, match="does not go on from the file before it"):
        log.checked(path, by.address)
    files[-1].write_bytes(b"".join(kept.splitlines(keepends=True)[:-1]))  # a line cut off its end
    with pytest.raises(log.LogError, match="does not go on"):
        log.SignedLog(path, by, most=900)
    files[-1].write_bytes(kept)
    first = int(files[0].suffix[1:])
    files[0].unlink()
    with pytest.raises(log.LogError, match=f"--after {first}"):
        log.checked(path, by.address)
    assert log.checked(path, by.address, after=first) == lines[first:]


def test_what_it_signed_the_end_of_it_never_approves_not_after_a_restart_over_an_edge_of_the_log(
    world: World, tmp_path: Path
) -> None:
    made = signer_in(tmp_path / "s", world, "source", now=NOW)
    made.config.write_text("log_bytes = 4096\n" + made.config.read_text())
    case, other = world.case(leg(0, 1_000_00)), world.case(leg(0, 2_000_00))
    sealing, clock = made.file.sealing, FixedClock(datetime.fromtimestamp(NOW, UTC))
    signing = made.file.one(Use.SIGNING).address
    approves, ends = replace(APPROVE, key=signing), Abort(signing, Role.SOURCE, 551)
    batch = SignBatch(signing, world.members["source"].address, world.members["receiver"].address, world.token, NOW)
    for _ in range(2):
        one = Signer(read_signer(made.config), sealing, clock)
        assert "signature" in one.answer(ends, case.encoded)  # the same again, also after it was approved
        assert one.answer(approves, case.encoded)["refused"] == "ended"
        told = one.answer(batch, messages.encode_batch([other.encoded, case.encoded]))
        assert (told["refused"], told["rollover"]) == ("ended", case.id.hex())
        for _ in range(12):
            assert "signature" in one.answer(approves, other.encoded)
        one.close()
    assert [each.what for each in made.lines()].count(log.GOES_ON) >= 2


def test_a_clock_that_jumps_forgets_no_end_and_of_very_many_those_long_over_go() -> None:
    before = Before()
    before.note_end(NOW, b"may still be approved", NOW + DAY)
    before.note_end(NOW + 365 * DAY, b"noted while the clock was a year ahead", NOW + 366 * DAY)
    assert b"may still be approved" in before.ended
    for each in range(MOST_ENDED):
        before.note_end(NOW, each.to_bytes(32, "big"), NOW - 31 * DAY - each)
    assert len(before.ended) == MOST_ENDED
    assert b"may still be approved" in before.ended
    assert (MOST_ENDED - 1).to_bytes(32, "big") not in before.ended  # the longest over


def test_keys_are_sealed_and_nobody_else_reads_them(tmp_path: Path, world: World) -> None:
    file = signer_in(tmp_path / "s", world, "source").file
    (signing,) = file.keys(Use.SIGNING)
    assert signing.secret.hex() not in file.path.read_text()
    made = file.make(at=1)
    assert [each.address for each in file.keys(Use.SIGNING)] == [signing.address, made]
    assert file.rewrap() == 0
    file.path.chmod(0o640)
    with pytest.raises(Open401kError, match="open to others"):
        file.rows()
    file.path.chmod(0o600)
    told = json.loads(file.path.read_text())
    told["keys"][0]["address"] = told["keys"][1]["address"]
    file.path.write_text(json.dumps(told))
    with pytest.raises(Open401kError, match="does not open"):
        file.keys(Use.SIGNING)


# ---- the process


@pytest.fixture
def signer(world: World, tmp_path: Path) -> Iterator[SignerProcess]:
    made = signer_in(tmp_path / "signer", world, "source", policy="most_cents = 100_000", now=NOW)
    yield made
    if made.process:
        made.end(signal.SIGKILL)


def test_a_process_signs_what_is_in_order_and_says_why_not(world: World, signer: SignerProcess) -> None:
    signer.start()
    case, too_much = world.case(leg(0, 1_000_00)), world.case(leg(0, 1_000_01))
    hands = SignerHands(signer.at, world.domain())
    (address,) = hands.addresses()
    hand = hands.hand(address)
    assert hand
    assert hands.hand(b"x" * 20) is None
    signed = hand.approval(case.id, Role.SOURCE, EVIDENCE, encoded=case.encoded)
    digest = world.domain().digest(messages.approval_hash(case.id, Role.SOURCE, EVIDENCE))
    assert signer_of(digest, signed) == address
    assert hand.approval(case.id, Role.SOURCE, EVIDENCE, encoded=case.encoded) == signed  # a replay: the same, no more
    with pytest.raises(PolicyError, match=r"too_much.*100001 cents are more than the 100000"):
        hand.approval(too_much.id, Role.SOURCE, EVIDENCE, encoded=too_much.encoded)
    with pytest.raises(SignerAwayError, match="signed something else"):  # we meant another id than the case has
        hand.approval(b"i" * 32, Role.SOURCE, EVIDENCE, encoded=case.encoded)
    made = hands.make(at=0)
    new = hands.hand(made)
    assert new
    assert signer_of(world.domain().digest(messages.head_hash(7, b"h" * 32)), new.head(7, b"h" * 32)) == made
    speaks_something_else(signer)
    assert (signer.folder / "signer.sock").stat().st_mode & 0o777 == 0o600
    assert [each.what for each in signer.lines()] == ["approve", "approve", "approve", "make_key", "head"]
    assert signer.end() == 143
    with pytest.raises(SignerAwayError, match="does not answer"):
        hand.head(8, b"h" * 32)


def speaks_something_else(signer: SignerProcess) -> None:
    """It answers nothing, or that it cannot read it, and goes on."""
    texts = (b"\x00\x00\x00\x02\x00\x00\x00\x00{}", b"\xff" * 8, b"GET / HTTP/1.1\r\n\r\n", b"\x00")
    for text in (*texts, b'\x00\x00\x00\x1e\x00\x00\x00\x00{"ask": "digest", "what": {} }'):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(signer.at.path))
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(10_000)
        assert not answer or b"unreadable" in answer


def test_a_signer_that_is_killed_gives_the_same_signature_after_its_next_start(
    world: World, signer: SignerProcess
) -> None:
    case = world.case(leg(0, 1_000_00))
    signer.start(dies_at="signer.after_log")
    hands = SignerHands(signer.at, world.domain())
    hand = hands.hand(hands.addresses()[0])
    assert hand
    with pytest.raises(SignerAwayError):
        hand.approval(case.id, Role.SOURCE, EVIDENCE, encoded=case.encoded)
    assert signer.process
    assert signer.process.wait(timeout=10) == -signal.SIGKILL
    (logged_once,) = signer.lines()
    signer.start()  # its socket and its log lie there as it left them
    first = hand.approval(case.id, Role.SOURCE, EVIDENCE, encoded=case.encoded)
    assert hand.approval(case.id, Role.SOURCE, EVIDENCE, encoded=case.encoded) == first
    assert [each.digest for each in signer.lines()] == [logged_once.digest] * 3


def test_what_is_not_in_the_log_is_not_signed(world: World, tmp_path: Path) -> None:
    made, case = signer_in(tmp_path / "s", world, "source", now=NOW), world.case(leg(0, 1_000_00))
    sealing, clock = made.file.sealing, FixedClock(datetime.fromtimestamp(NOW, UTC))
    asked = replace(APPROVE, key=made.file.one(Use.SIGNING).address)
    one = Signer(read_signer(made.config), sealing, clock)
    with stopping_at("signer.before_log"), pytest.raises(Stopped):
        one.answer(asked, case.encoded)
    one.close()
    assert made.lines() == []
    again = Signer(read_signer(made.config), sealing, clock)
    assert "signature" in again.answer(asked, case.encoded)
    again.close()
    assert len(made.lines()) == 1


def test_the_user_at_the_other_end_is_known() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert user_of(ours) in (os.getuid(), None)


def test_a_node_waits_for_its_signer_says_so_and_loses_nothing(
    another_database: NewDatabase, tmp_path: Path, world: World
) -> None:
    """Money flow: $1,434.56 from the source's core to the receiver's, once both signers sign."""
    world = founded()
    with network(world, another_database, tmp_path) as net:
        source = net.nodes[0]
        signer = signer_in(tmp_path / "signer", world, "source")
        files = source.files()
        vault = Vault(files, source.around.sealing)
        keys = SealedKeys(files, source.around.master, source.around.random)
        assert list(taken_over(keys, vault, signer.file, at=1)) == list(source.identity.signing_keys)
        assert (keys.addresses(), vault.found("relay")) == ([], None)
        assert taken_over(keys, vault, signer.file, at=1) == []
        files.close()
        source.config.write_text(f'signer = "socket:{signer.at.path}"\n' + source.config.read_text())
        net.open(world.case(leg(0, 1_234_56), leg(1, 200_00)))
        net.start()

        def away() -> list[int]:
            kept = source.files()
            with kept.begin() as unit:
                found = [each.code for each in unit.raised("case") if each.is_open]
            kept.close()
            return found

        until(lambda: away() == [SIGNER_AWAY], "word that the signer is away")
        assert net.states()[0] is State.HELD
        signer.start()
        try:
            until(lambda: net.states() == (State.POSTED, State.POSTED), "rollover")
            assert away() == []
            said = [each.what for each in signer.lines() if each.about.get("function") != "nothing"]  # a chain at rest
            assert said[:2] == ["approve", "transact"]
            assert {"posted", "state", "head"} < set(said)
            assert "Traceback" not in source.log + signer.out
        finally:
            signer.end()
