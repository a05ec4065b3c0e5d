"""One file proves a rollover offline: what is proved, stated or missing; any changed byte and any lie is found."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import rlp
from eth_hash.auto import keccak
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.rails.evidence import Moved, moved
from tests.rails.node.two_nodes import pair, rollover
from tests.rails.served import asked_at, served
from tests.rails.stubs import wallet_by_size
from tests.rails.test_passkeys import PASSKEY, asserted
from tests.rails.test_verifying import nested
from tests.rails.world import PERSON, PRE_TAX, Case, World, founded, key, leg

from open401k.doors.chain import Node, create_chain_app
from open401k.kernel import Open401kError
from open401k.rails import messages
from open401k.rails.decoding import decode_case
from open401k.rails.evidence import checking
from open401k.rails.evidence.checking import check
from open401k.rails.evidence.collecting import collect
from open401k.rails.evidence.file import Approval, Evidence, joined, read_file, write
from open401k.rails.evidence.findings import Report, Status
from open401k.rails.evidence.on_chain import asking
from open401k.rails.evidence.wording import TITLES
from open401k.rails.messages import Role, Voter
from open401k.rails.node.said import Booked, Statement

#: Hypothesis may write a call out, with a whole file of evidence in it; as an error amid drawing that looked flaky.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
CHECKS = ("checks_chain.py", "checks_people.py", "checks_books.py")


@pytest.fixture(scope="module")
def done() -> Moved:
    return moved()


@pytest.fixture(scope="module")
def whole(done: Moved) -> Evidence:
    return done.whole()


def head_of(done: Moved) -> bytes:
    return done.world.chain.head().hash


def said(report: Report, status: Status) -> dict[str, str]:
    """What was found of this status, by what it is about."""
    return {each.about: each.said for each in report.findings if each.status is status}


def of_settled(world: World, case: Case) -> Report:
    """The report on what a chain alone can show."""
    return check(write(collect(world.chain, coordinator=world.rollover, encoded=case.encoded)))


# ---- what is shown


def test_both_files_together_prove_everything_but_who_the_person_is(done: Moved, whole: Evidence) -> None:
    report = check(write(whole), head=head_of(done))
    assert report.holds, said(report, Status.FAILED)
    assert report.rollover == done.case.id
    assert said(report, Status.MISSING) == {}
    assert {each.about for each in report.findings if each.status is Status.STATED} == {"participant", "books"}
    proved = said(report, Status.PROVED)
    assert "CLOSED" in proved["verdict"]
    assert "$1,434.56 left" in proved["payments"]
    assert "to the cent" in proved["payments"]
    countersigned = [each.said for each in report.findings if each.about == "countersigned"]
    assert len(countersigned) == 2
    assert all("there the verdict was committed" in each for each in countersigned)


def test_one_side_alone_says_what_it_cannot_know(done: Moved) -> None:
    report = check(write(done.by(done.both.source)))
    assert report.holds
    lacking = said(report, Status.MISSING)
    assert set(lacking) == {"head", "books", "sums"}
    assert "one that you trust" in lacking["head"]
    assert "ask it for its evidence" in lacking["books"]


def test_nothing_of_a_person_is_disclosed_unless_it_is_named(done: Moved) -> None:
    plain = done.by(done.both.source)
    assert {leaf.label.partition(".")[0].partition("[")[0] for leaf in plain.leaves} == {
        "case", "amounts", "settlement", "institution"
    }  # fmt: skip
    named = done.by(done.both.source, ["participant.born_on", "tax.*"])
    assert "participant.born_on" in {leaf.label for leaf in named.leaves}
    assert check(write(named)).holds
    with pytest.raises(Open401kError, match=r"has no participant\.shoe_size"):
        done.by(done.both.source, ["participant.shoe_size"])


def test_a_case_is_read_back_from_its_bytes(done: Moved) -> None:
    case = done.case
    found = decode_case(case.encoded)
    assert found.election == case.election
    assert (found.attestation, found.terms) == (case.attestation, case.terms)
    for broken in (case.encoded[:-1], case.encoded + b"\0", b"", b"\xff" * 400):
        with pytest.raises(ValueError, match=r"case|fit|Mode|max_total"):
            decode_case(broken)


def test_a_chain_that_is_asked_over_the_network_proves_as_much(done: Moved, whole: Evidence) -> None:
    with served(create_chain_app(Node(done.world.chain))) as url:
        chain = asked_at(url)
        found = collect(chain, coordinator=done.world.rollover, encoded=done.case.encoded)
        chain.close()
    assert (found.states[0], found.headers, found.transactions) == (
        whole.states[0], whole.headers, whole.transactions
    )  # fmt: skip


# ---- any change is found


def test_every_finding_has_a_title() -> None:
    """The page groups by it."""
    sources = (Path(checking.__file__).parent / name for name in ("checking.py", *CHECKS))
    told = {
        about
        for source in sources
        for about in re.findall(r'(?:proved|stated|missing|failed)\(\s*"(\w+)"', source.read_text())
    }
    assert told == set(TITLES)


def leaves_of(told: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value of a JSON document."""
    if isinstance(told, dict | list):
        pairs = told.items() if isinstance(told, dict) else enumerate(told)
        for name, value in pairs:
            yield from leaves_of(value, (*path, name))
    else:
        yield path


def changed(told: Any, path: tuple[Any, ...], at: int) -> str:
    """The document with one digit, letter or truth changed."""
    copy = json.loads(json.dumps(told))
    here = copy
    for name in path[:-1]:
        here = here[name]
    value = here[path[-1]]
    if isinstance(value, bool):
        here[path[-1]] = not value
    elif isinstance(value, int):
        here[path[-1]] = value + 1
    else:
        letter = value[at % len(value)]
        other = "1" if letter == "0" else "0" if letter in "123456789abcdef" else "x"
        here[path[-1]] = value[: at % len(value)] + other + value[at % len(value) + 1 :]
    return json.dumps(copy, indent=1, ensure_ascii=False) + "\n"


def test_every_field_that_is_changed_is_found(done: Moved, whole: Evidence) -> None:
    told = json.loads(write(whole))
    paths = [path for path in leaves_of(told) if path[0] not in ("states", "headers", "transactions")]
    assert len(paths) > 100
    for number, path in enumerate(paths):
        if path[0] == "leaves" and path[1] > 2:  # the others are alike
            continue
        assert not check(changed(told, path, number), head=head_of(done)).holds, path


def test_values_that_no_signature_or_tree_can_hold_are_found(done: Moved, whole: Evidence) -> None:
    told = json.loads(write(whole))
    for path in leaves_of(told):
        if path[0] not in ("approvals", "statements", "heads", "leaves") or path[1] > 1:
            continue
        for other in (2**63, -1) if isinstance(_at(told, path), int) else (str(_at(told, path)) + "00", "00", ""):
            copy = json.loads(json.dumps(told))
            _at(copy, path[:-1])[path[-1]] = other
            assert not check(json.dumps(copy, indent=1, ensure_ascii=False) + "\n").holds, (path, other)


def _at(told: Any, path: tuple[Any, ...]) -> Any:
    for name in path:
        told = told[name]
    return told


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_byte_of_a_proof_that_is_changed_is_found(done: Moved, whole: Evidence, data: st.DataObject) -> None:
    told = json.loads(write(whole))
    paths = [path for path in leaves_of(told) if path[0] in ("states", "headers", "transactions")]
    path = data.draw(st.sampled_from(paths))
    assert not check(changed(told, path, data.draw(st.integers(0, 2_000))), head=head_of(done)).holds, path


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_character_of_the_file_that_is_changed_is_found(done: Moved, whole: Evidence, data: st.DataObject) -> None:
    text = write(whole)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from('0123456789abcdefABCDEF"\\ ,:{}[]\n'))
    if other != text[at]:
        assert not check(text[:at] + other + text[at + 1 :], head=head_of(done)).holds


def test_a_transaction_that_is_there_twice_is_found(done: Moved, whole: Evidence) -> None:
    for each in whole.transactions:
        found = check(write(replace(whole, transactions=(*whole.transactions, each))), head=head_of(done))
        assert not found.holds
        assert "there twice" in " ".join(one.said for one in found.findings)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**16), st.integers(1, 6), st.booleans(),
    st.sampled_from(["null", "-1", str(2**70), '""', '"zz"', f'"{"ff" * 40}"', "true", '{"a": 1}']),
)  # fmt: skip
def test_what_is_put_in_twice_or_is_of_another_kind_is_found(
    done: Moved, whole: Evidence, place: int, depth: int, twice: bool, other: str
) -> None:
    told = json.loads(write(whole))
    paths = [*leaves_of(told), *((name,) for name in told)]
    path = paths[place % len(paths)][:depth]
    here = told
    for name in path[:-1]:
        here = here[name]
    if twice and isinstance(here, list):
        here.append(here[path[-1]])
    else:
        here[path[-1]] = json.loads(other)
    assume(told != json.loads(write(whole)))  # true in the place of true
    assert not check(json.dumps(told, indent=1, ensure_ascii=False) + "\n", head=head_of(done)).holds


def test_a_count_of_leaves_that_no_file_has_is_told_and_stops_nothing(done: Moved, whole: Evidence) -> None:
    for count in (2**70, -1):
        leaf = replace(whole.leaves[0], count=count)
        report = check(write(replace(whole, leaves=(leaf, *whole.leaves[1:]))), head=head_of(done))
        assert not report.holds


def test_what_is_left_out_is_missing_and_nothing_else(done: Moved, whole: Evidence) -> None:
    for parts, about in (
        ({"statements": ()}, {"books", "sums"}),
        ({"leaves": ()}, {"disclosed"}),
        ({"transactions": (), "headers": ()}, {"transactions", "payments"}),
        ({"heads": (), "states": whole.states[:1]}, set()),
        ({"approvals": ()}, set()),
    ):
        report = check(write(replace(whole, **parts)), head=head_of(done))
        assert report.holds, parts
        assert set(said(report, Status.MISSING)) == about, parts


def test_lies_that_somebody_signed_are_found(done: Moved, whole: Evidence) -> None:
    world, source = done.world, done.world.signer("source")

    def booked(**other: object) -> Statement:
        (mine,) = (each.booked for each in whole.statements if each.booked.role is Role.SOURCE)
        told: Booked = replace(mine, **other)  # type: ignore[arg-type]
        digest = world.domain().digest(messages.statement_hash(done.case.id, told.role, told.content))
        return Statement(told, source.sign(digest))

    (honest,) = (each.booked for each in whole.statements if each.booked.role is Role.SOURCE)
    lines = honest.lines
    for lie, words in (
        (booked(reference="another"), "not the one that its receipt hides"),
        (booked(salt=bytes(32)), "not the one that its receipt hides"),
        (booked(lines=(replace(lines[0], cents=1), *lines[1:])), "not its parts"),
        (booked(lines=lines[:1]), "not its parts"),
        (booked(rollover=bytes(32)), "another rollover"),
        (booked(role=Role.RECEIVER), "is not asked for"),
    ):
        report = check(write(replace(whole, statements=(lie,))))
        assert words in said(report, Status.FAILED)["books"]
    for heads, words in (
        ((replace(whole.heads[0], role=Role.ADMINISTRATOR),), "no custodian"),
        ((replace(whole.heads[0], signature=source.sign(bytes(32))),), "not by a key"),
    ):
        assert words in said(check(write(replace(whole, heads=heads))), Status.FAILED)["countersigned"]
    twice = replace(whole, approvals=(*whole.approvals, whole.approvals[0]))
    assert "twice" in said(check(write(twice)), Status.FAILED)["approvals"]


def test_another_chain_and_another_coordinator_are_found(done: Moved, whole: Evidence) -> None:
    other = founded()
    fake = other.changed(done.case)
    assert not check(write(whole), head=other.chain.head().hash).holds
    lying = replace(whole, states=(other.chain.state(_asked(whole)),))
    report = check(write(lying), head=head_of(done))
    assert {"head", "proofs"} <= set(said(report, Status.FAILED))
    assert check(write(replace(whole, chain_id=402))).holds is False
    assert fake == done.case


def _asked(evidence: Evidence) -> Any:
    from open401k.rails.evidence.proven import asked

    return asked(evidence, decode_case(evidence.case))


def test_what_is_no_evidence_is_refused(whole: Evidence) -> None:
    for text in ("", "{}", "[]", "[" * 10_000, '{"kind": "open401k-rails-evidence-1"}', write(whole) + " "):
        report = check(text)
        assert not report.holds
        assert "cannot be read" in said(report, Status.FAILED)["file"]
    with pytest.raises(Open401kError, match="not of one rollover"):
        joined(whole, replace(whole, case=b"other"))
    assert read_file(write(whole)) == whole


# ---- other ways to settle


def test_a_rollover_in_one_transaction_with_tax_withheld(done: Moved) -> None:
    world = founded()
    case = world.case(
        leg(PRE_TAX, 1_000_00), leg(PRE_TAX, 500_00, into=PERSON, taxable=500_00),
        withholder=world.members["withholder"].address,
    )  # fmt: skip
    world.settle(case)
    report = of_settled(world, case)
    assert report.holds, said(report, Status.FAILED)
    proved = said(report, Status.PROVED)
    assert "$100.00 withheld for tax" in proved["payments"]
    assert "COMMITTED" in proved["verdict"]
    assert set(said(report, Status.MISSING)) == {"head", "receipts", "books", "sums", "disclosed"}


def test_a_spouse_approves_and_her_signature_is_checked() -> None:
    world = founded()
    case = world.case(leg(PRE_TAX, 1_00), voters=[Voter(Role.SPOUSE, key("spouse").address)])
    world.propose(case)
    report = of_settled(world, case)
    assert report.holds
    assert "proposed, and not decided yet" in said(report, Status.PROVED)["verdict"]
    assert "No approval of the spouse" in said(report, Status.MISSING)["approvals"]
    for place in (1, 2):
        world.approve(case, place)
    report = of_settled(world, case)
    assert report.holds
    assert sum("spouse" in each.said and each.status is Status.PROVED for each in report.findings) == 1


def test_a_signature_in_no_keys_form_is_broken_where_the_chain_shows_that_no_wallet_is_there() -> None:
    """It was told as missing, and named the very option that changed nothing."""
    world, odd = founded(), b"w" * 64
    case = world.case(leg(PRE_TAX, 1_00), voters=[Voter(Role.SPOUSE, key("spouse").address)])
    world.propose(case)
    evidence = collect(world.chain, coordinator=world.rollover, encoded=case.encoded)
    lie = replace(evidence, approvals=(Approval(Role.SPOUSE, key("spouse").address, bytes(32), odd),))
    offline = check(write(lie))
    assert offline.holds
    assert "only its chain can tell (--network" in said(offline, Status.MISSING)["approvals"]
    asked = check(write(lie), wallets=asking(world.chain))
    assert "is not by a key" in said(asked, Status.FAILED)["approvals"]

    other = world.case(leg(PRE_TAX, 2_00))
    told = decode_case(other.encoded)
    encoded = messages.encode_case(told.election, odd, told.attestation, told.attested, told.terms)
    text = write(collect(world.chain, coordinator=world.rollover, encoded=encoded))
    assert "only its chain can tell" in said(check(text), Status.MISSING)["election"]
    assert "is not by" in said(check(text, wallets=asking(world.chain)), Status.FAILED)["election"]


@pytest.mark.parametrize("parent", [b"\xff" * 40, nested(2_000)], ids=["no list", "nested"])
def test_a_head_that_follows_no_block_is_told_as_broken(parent: bytes) -> None:
    """Anybody may write a header: the check ended in an error of the program."""
    world = founded()
    case = world.case(leg(PRE_TAX, 1_00))
    world.propose(case)
    evidence = collect(world.chain, coordinator=world.rollover, encoded=case.encoded)
    told = json.loads(evidence.states[0])
    fields = rlp.decode(bytes.fromhex(told["header"]))
    fields[0] = keccak(parent)
    header = rlp.encode(fields)
    state = json.dumps(told | {"header": header.hex()}, indent=1) + "\n"
    report = check(write(replace(evidence, states=(state,), headers=(parent, header))))
    assert report.head is not None
    assert report.head.hash == keccak(header)
    assert "headers[0]: it is none" in said(report, Status.FAILED)["proofs"]


def test_of_a_wallet_whose_chain_says_no_nothing_is_proved_and_nothing_broken() -> None:
    world = founded()
    wallet = wallet_by_size(world, 100)
    case = world.case(leg(PRE_TAX, 1_00), voters=[Voter(Role.SPOUSE, wallet)])
    world.propose(case)
    evidence = collect(world.chain, coordinator=world.rollover, encoded=case.encoded)
    told = {size: replace(evidence, approvals=(Approval(Role.SPOUSE, wallet, bytes(32), b"w" * size),))
            for size in (64, 100)}  # fmt: skip
    yes, no = (check(write(told[size]), wallets=asking(world.chain)) for size in (100, 64))
    assert "as the chain says of the wallet" in " ".join(each.said for each in yes.findings)
    assert no.holds
    assert "cannot be proven from this file" in said(no, Status.MISSING)["approvals"]
    assert (yes.unsigned, no.unsigned, check(write(told[64])).unsigned) == (0, 1, 0)


def test_a_wallets_signature_in_a_keys_form_is_judged_as_any_other_of_that_wallet() -> None:
    """A wallet of one owner signs in 65 bytes. It was broken where its chain says no, as if a key had to be there."""
    world = founded()
    wallet, signature = wallet_by_size(world, 100), key("an owner of before").sign(bytes(32))
    case = world.case(leg(PRE_TAX, 1_00), voters=[Voter(Role.SPOUSE, wallet)])
    world.propose(case)
    evidence = collect(world.chain, coordinator=world.rollover, encoded=case.encoded)
    lie = write(replace(evidence, approvals=(Approval(Role.SPOUSE, wallet, bytes(32), signature),)))
    asked = check(lie, wallets=asking(world.chain))
    assert "cannot be proven from this file" in said(asked, Status.MISSING)["approvals"]
    assert (asked.holds, asked.unsigned) == (True, 1)
    offline = check(lie)
    assert not offline.holds
    assert "If a contract's wallet is there, name its network (--network)" in said(offline, Status.FAILED)["approvals"]

    told = decode_case(world.case(leg(PRE_TAX, 2_00)).encoded)
    election = replace(told.election, participant=wallet)
    encoded = messages.encode_case(election, signature, told.attestation, told.attested, told.terms)
    text = write(collect(world.chain, coordinator=world.rollover, encoded=encoded))
    asked = check(text, wallets=asking(world.chain))
    assert "cannot be proven from this file" in said(asked, Status.MISSING)["election"]
    assert "name its network (--network)" in said(check(text), Status.FAILED)["election"]


def test_one_that_was_aborted_or_never_began() -> None:
    world = founded()
    case = world.case(leg(PRE_TAX, 1_00))
    assert "was not proposed" in said(of_settled(world, case), Status.MISSING)["verdict"]
    world.propose(case)
    world.abort(case, case.election.participant, Role.PARTICIPANT, key(f"participant {case.election.number}"))
    report = of_settled(world, case)
    assert report.holds
    assert "ABORTED" in said(report, Status.PROVED)["verdict"]
    other = world.changed(case, salt=b"2" * 32)
    assert "Another rollover" in said(of_settled(world, other), Status.FAILED)["verdict"]


def test_a_passkeys_election_is_checked_offline() -> None:
    world = founded()
    case = world.case(leg(PRE_TAX, 1_00))
    election = replace(case.election, participant=PASSKEY.address)
    case = world.elected(election, case.attestation, case.terms)
    digest = world.domain().digest(messages.election_hash(election))
    case = replace(case, signature=asserted(digest))
    world.settle(case)
    report = of_settled(world, case)
    assert report.holds
    assert "passkey, its owner present" in said(report, Status.PROVED)["election"]
    for at in (0, 70, 130, 160, 180, len(case.signature) - 1):
        broken = bytearray(case.signature)
        broken[at] ^= 1
        assert not of_settled(world, replace(case, signature=bytes(broken))).holds, at


def test_a_key_that_was_replaced_since_is_found_at_the_block_that_it_countersigned() -> None:
    both = pair(founded())
    case = rollover(both.world)
    both.open(case)
    both.run()
    source, until = case.election.source, both.world.clock.now + 300 * 86_400
    member = (until, 3, 0xFFFF, key("a new key").address)
    both.world.carry("set_member", "address,(uint64,uint16,uint16,address)", source, member)
    with both.source.cases.begin() as unit:
        said_ = unit.said("case")
    found = collect(both.world.chain, coordinator=both.world.rollover, encoded=case.encoded, said=said_)
    report = check(write(found))
    assert report.holds, said(report, Status.FAILED)
    assert "hides the reference" in said(report, Status.PROVED)["books"]
    alone = check(write(replace(found, headers=(), transactions=())))
    assert "nobody vouches" in said(alone, Status.FAILED)["proofs"]
