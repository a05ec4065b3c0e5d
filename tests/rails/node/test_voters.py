"""Approvals of a spouse, an administrator, a depository: who is asked, what they sign, how it comes on chain."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from eth_hash.auto import keccak
from tests.rails.node.deal_nodes import PARTS, Both, both
from tests.rails.node.halves import releasing
from tests.rails.node.test_deals import balances, stopped_once
from tests.rails.preflight_facts import TODAY
from tests.rails.test_passkeys import PASSKEY, asserted
from tests.rails.world import DAY, founded, key

from open401k.base.faults import Stopped, stopping_at
from open401k.law.spousal_consent import SpouseStanding, Witness
from open401k.rails.decoding import decode_case
from open401k.rails.evidence.calls import approvers
from open401k.rails.evidence.checking import check
from open401k.rails.evidence.file import joined, write
from open401k.rails.evidence.findings import Status
from open401k.rails.evidence.handing import evidence_of
from open401k.rails.kinds import Kind
from open401k.rails.messages import Role, voters_in
from open401k.rails.node import deals, voting
from open401k.rails.node.again import again
from open401k.rails.node.cases import Kind as Call
from open401k.rails.node.cases import State
from open401k.rails.node.codec import BadInputError, Json
from open401k.rails.node.codes import LETTER_UNEXPECTED, VOTE_UNSOUND, VOTER_REFUSED
from open401k.rails.node.deal import Deal
from open401k.rails.node.deals import NotNowError
from open401k.rails.node.following import Verdict
from open401k.rails.node.letters import Letter, LetterKind
from open401k.rails.node.nays import no_digest
from open401k.rails.node.seen import seen_of
from open401k.rails.node.voting import Paper
from open401k.rails.preflight.facts import Consent, Spouse
from open401k.rails.preflight.reasons import Code
from open401k.rails.preflight.rule_version import rule_version
from open401k.rails.tracking import tracked

CONSENTED = Consent(TODAY - timedelta(days=3), True, True, True, Witness.NOTARY)
#: A spouse who does not receive everything on death: IRC 401(a)(11)(B)(iii) does not free the plan.
MARRIED = Spouse(
    SpouseStanding.MARRIED, is_full_death_beneficiary=False, transferred_from_annuity_plan=False, consent=CONSENTED
)
SPOUSE = key("a spouse")


def asked_for(two: Both, **other: object) -> None:
    """Signed by the participant of a plan that owes a spouse a say."""
    two.ask()
    two.carry()
    put(two, **other)
    two.carry()
    two.sign()
    two.carry()


def put(two: Both, **other: object) -> Deal:
    """A part of an account of more than $7,000, up to which nobody is asked (IRC 417(e)(1))."""
    held = tuple(replace(each, balance_cents=30_000_00, vested_cents=30_000_00) for each in releasing(*PARTS).held)
    return two.put(**({"spouse": MARRIED, "held": held} | other))


def named(two: Both, who: bytes = SPOUSE.address, role: Role = Role.SPOUSE) -> None:
    with two.source.files.begin() as unit:
        deals.name_voter(unit, two.source.desk, two.source.only(), role, who)


def with_terms(two: Both, who: bytes = SPOUSE.address) -> None:
    """Signed, the spouse's key known, and exact terms at both."""
    asked_for(two)
    named(two, who)
    two.carry()
    two.settle_terms()


def paper(two: Both, role: Role = Role.SPOUSE) -> Paper:
    found = voting.paper_of(two.source.deal(two.source.only()), two.source.desk, role)
    assert found is not None
    return found


def votes(two: Both, role: Role = Role.SPOUSE, signature: bytes | None = None) -> None:
    with two.source.files.begin() as unit:
        signed = SPOUSE.sign(paper(two).digest) if signature is None else signature
        deals.vote(unit, two.source.desk, two.source.only(), role, signed)


@pytest.mark.parametrize("where", ["memory", "postgresql"])
def test_a_spouse_agrees_and_then_it_moves_though_every_step_stops_once(
    where: str, request: pytest.FixtureRequest
) -> None:
    two = both(founded(), request.getfixturevalue("kept_deals")) if where == "postgresql" else both(founded())
    asked_for(two)
    with pytest.raises(NotNowError, match=r"nobody can sign as spouse in case .* yet: send them a link"):
        two.ready()
    assert owners(two) == {"The Old Company", "Your spouse"}
    stopped_once(lambda: named(two), "deals.voter_named")
    named(two)
    assert owners(two) == {"The Old Company"}
    stopped_once(two.carry, "deals.letter_taken")
    with pytest.raises(NotNowError, match="has no exact terms yet"):
        votes(two, signature=bytes(65))
    two.ready()
    two.carry()
    two.run()
    assert two.states() == (State.VOTED, State.VOTED)
    assert owners(two) == owners(two, of=two.receiver) == {"Your spouse"}
    stopped_once(lambda: votes(two), "deals.voted")
    votes(two)
    stopped_once(two.carry, "deals.letter_taken")
    assert two.receiver.deal("case").voters == two.source.deal(two.source.only()).voters
    stopped_once(lambda: two.run(1), "node.after_send")
    two.run()
    assert two.states() == (State.POSTED, State.POSTED)
    assert balances(two) == [{0: 2_000_00, 1: 200_00}, {0: 8_000_00, 1: 1_800_00}]
    for custodian in (two.source, two.receiver):
        with custodian.files.begin() as unit:
            case = "case" if custodian is two.receiver else custodian.only()
            told = {each.kind: (each.is_done, each.refused) for each in unit.outbox(case)}
        assert told[Call.OF_SPOUSE] == (True, None)


def owners(two: Both, *, of: object = None) -> set[str]:
    """Who must act, as the tracker has it."""
    custodian = two.receiver if of is two.receiver else two.source
    case = "case" if custodian is two.receiver else custodian.only()
    with custodian.files.begin() as unit:
        agreed = unit.case(case).agreed
        standing = custodian.node.coordinator.final(agreed) if agreed else None
        seen = seen_of(unit, case, standing, now=two.world.clock.now)
    found = tracked(seen).todo
    assert all(each.by is not None for each in found)
    return {each.owner for each in found}


def test_the_spouse_has_until_the_terms_deadline_and_then_all_goes_back() -> None:
    two = both(founded())
    with_terms(two)
    two.run()
    agreed = two.source.file(two.source.only()).agreed
    assert agreed is not None
    with two.source.files.begin() as unit:
        standing = two.source.node.coordinator.final(agreed)
        (todo,) = tracked(seen_of(unit, two.source.only(), standing, now=two.world.clock.now)).todo
    assert (todo.owner, todo.by) == ("Your spouse", agreed.deadline)
    two.world.clock.now += 6 * DAY
    two.world.chain.tick()
    two.run()
    assert two.states() == (State.RELEASED, State.RELEASED)
    assert balances(two) == [{0: 5_000_00, 1: 1_000_00}] * 2


def test_only_the_voters_own_signature_over_exactly_these_terms_counts() -> None:
    two = both(founded())
    with_terms(two)
    told = paper(two)
    others = replace(told, terms=replace(told.terms, deadline=told.terms.deadline - 1))
    for wrong in (
        key("another").sign(told.digest),
        SPOUSE.sign(others.digest),
        SPOUSE.sign(replace(told, role=Role.ADMINISTRATOR).digest),
        SPOUSE.sign(replace(told, evidence=bytes(32)).digest),
    ):
        with pytest.raises(BadInputError, match="is not that of the spouse over these terms"):
            votes(two, signature=wrong)
    with pytest.raises(NotNowError, match="does not ask for the plan's administrator"):
        votes(two, Role.ADMINISTRATOR, SPOUSE.sign(told.digest))
    with pytest.raises(NotNowError, match="has its voters"):
        named(two, key("another").address)
    votes(two)
    assert two.source.deal(two.source.only()).voters[0].is_given

    def other(letter: Letter) -> Letter:
        body = cast("dict[str, Json]", letter.body)
        return replace(letter, body=body | {"signature": key("another").sign(told.digest).hex()})

    two.carry(on_the_way=lambda letter: other(letter) if letter.kind == LetterKind.VOTER else letter)
    assert two.receiver.open_codes() == [VOTE_UNSOUND]
    assert not two.receiver.deal("case").voters[0].is_given


def test_a_passkey_of_a_spouse_is_taken_by_the_contracts() -> None:
    two = both(founded())
    with_terms(two, PASSKEY.address)
    two.run()
    votes(two, signature=asserted(paper(two).digest))
    two.run()
    assert two.states() == (State.POSTED, State.POSTED)


def test_a_voter_who_does_not_agree_ends_it_before_and_after_the_terms() -> None:
    for has_terms in (False, True):
        two = both(founded())
        asked_for(two)
        if has_terms:
            named(two)
            two.carry()
            two.ready()
            two.carry()
            two.run()
        with two.source.files.begin() as unit:
            deals.refuse(unit, two.source.desk, two.source.only(), Role.SPOUSE)
        with two.source.files.begin() as unit:
            deals.refuse(unit, two.source.desk, two.source.only(), Role.SPOUSE)
        two.carry()
        two.run()
        assert two.states() == (State.RELEASED, State.RELEASED)
        assert balances(two) == [{0: 5_000_00, 1: 1_000_00}] * 2
        assert two.source.file(two.source.only()).stop == VOTER_REFUSED
        for one in (two.source, two.receiver):  # said on a page that no desk looks at
            with one.files.begin() as unit:
                assert [each.code for each in unit.raised(one.only()) if each.is_open] == [VOTER_REFUSED]


def refused_on_chain(two: Both) -> list[tuple[int, int]]:
    """Whose abort the chain has, and its code."""
    topic = keccak(b"Aborted(bytes32,uint256,uint256,uint256,bytes32)")
    logs = two.world.chain.logs(0, two.world.chain.head().number, [two.world.rollover])
    return [
        (int.from_bytes(x.data[:32], "big"), int.from_bytes(x.data[32:64], "big")) for x in logs if x.topics[0] == topic
    ]


def proposed(two: Both) -> None:
    """The source has put it on chain, and the receiver agreed; the spouse is awaited."""
    asked_for(two)
    named(two)
    two.carry()
    two.ready()
    two.carry()
    two.run()
    assert two.states() == (State.VOTED, State.VOTED)


def says_no(two: Both, signature: bytes | None = None) -> None:
    with two.source.files.begin() as unit:
        signed = SPOUSE.sign(no_digest(paper(two))) if signature is None else signature
        deals.say_no(unit, two.source.desk, two.source.only(), Role.SPOUSE, signed)


@pytest.mark.parametrize("sends", ["source", "receiver"])
def test_a_voters_own_no_ends_it_on_chain_whoever_of_the_two_sends_it(sends: str) -> None:
    two = both(founded())
    proposed(two)
    says_no(two)
    says_no(two)  # the same again is nothing new
    two.carry()
    (two.source if sends == "source" else two.receiver).node.run_once()
    assert refused_on_chain(two) == [(int(Role.SPOUSE), VOTER_REFUSED)]
    two.run()
    assert two.states() == (State.RELEASED, State.RELEASED)
    assert refused_on_chain(two) == [(int(Role.SPOUSE), VOTER_REFUSED)]
    assert balances(two) == [{0: 5_000_00, 1: 1_000_00}] * 2
    for custodian, case in ((two.source, two.source.only()), (two.receiver, "case")):
        with custodian.files.begin() as unit:
            agreed = unit.case(case).agreed
            assert agreed is not None
            seen = seen_of(unit, case, custodian.node.coordinator.final(agreed), now=two.world.clock.now)
        assert [each.said_no for each in seen.votes] == [False, False, True]


def test_a_voters_no_survives_a_stop_at_every_step() -> None:
    two = both(founded())
    proposed(two)
    signed = SPOUSE.sign(no_digest(paper(two)))
    for boundary in ("deals.no", "deals.letter_taken", "node.before_send", "node.after_send"):
        for do in (lambda: says_no(two, signed), two.carry, two.receiver.node.run_once, two.source.node.run_once):
            if two.states()[0] is State.RELEASED:
                continue
            with stopping_at(boundary), suppress(Stopped):
                do()
    two.run()
    two.carry()
    assert two.states() == (State.RELEASED, State.RELEASED)
    assert refused_on_chain(two) == [(int(Role.SPOUSE), VOTER_REFUSED)]
    assert balances(two) == [{0: 5_000_00, 1: 1_000_00}] * 2


def test_a_no_to_what_is_not_on_chain_ends_it_by_the_sources_word() -> None:
    two = both(founded())
    asked_for(two)
    named(two)
    two.carry()
    with pytest.raises(NotNowError, match="has no exact terms to sign a no to"):
        says_no(two, b"1" * 65)
    two.ready()
    two.carry()
    says_no(two)
    two.run()
    assert two.states() == (State.RELEASED, State.RELEASED)
    assert [role for role, _ in refused_on_chain(two)] == [int(Role.SOURCE)]


def test_a_no_that_another_signed_ends_nothing() -> None:
    two = both(founded())
    proposed(two)
    for wrong in (key("a thief").sign(no_digest(paper(two))), SPOUSE.sign(paper(two).digest)):
        with pytest.raises(BadInputError, match="is not the no of the spouse to these terms"):
            says_no(two, wrong)
    two.run()
    assert two.states() == (State.VOTED, State.VOTED)
    (known,) = two.source.deal(two.source.only()).voters
    told = replace(known, no=b"1" * 65)
    with two.source.files.begin() as unit:
        unit.put_letter(two.receiver.desk.us, two.source.deal(two.source.only()).reference, LetterKind.VOTER, told)
    two.carry()
    assert two.receiver.open_codes() == [VOTE_UNSOUND]
    votes(two)
    two.carry()
    two.run()
    assert two.states() == (State.POSTED, State.POSTED)


def test_the_rules_ask_for_an_administrator_and_a_member_signs() -> None:
    two = both(founded())
    rules = {1: rule_version(2026, voters={Kind.ROTH: frozenset({Role.ADMINISTRATOR})})}
    administrator = two.world.members["administrator"].address
    for custodian in (two.source, two.receiver):
        custodian.desk = replace(custodian.desk, rules=rules)
    two.source.desk = replace(two.source.desk, voters={Role.ADMINISTRATOR: administrator})
    two.until_signed()
    with pytest.raises(BadInputError, match="is no member of the network"):
        named(two, key("nobody").address, Role.ADMINISTRATOR)
    assert owners(two) == {"The Old Company"}
    two.ready()
    two.carry()
    two.run()
    told = paper(two, Role.ADMINISTRATOR)
    assert told.evidence == bytes(32)
    votes(two, Role.ADMINISTRATOR, two.world.signer("administrator").sign(told.digest))
    two.run()
    assert two.states() == (State.POSTED, State.POSTED)


def test_both_where_both_are_asked_and_the_places_are_those_of_the_contract() -> None:
    two = both(founded())
    rules = {1: rule_version(2026, voters={Kind.PRE_TAX: frozenset({Role.ADMINISTRATOR})})}
    for custodian in (two.source, two.receiver):
        custodian.desk = replace(custodian.desk, rules=rules)
    asked_for(two)
    named(two)
    named(two, two.world.members["administrator"].address, Role.ADMINISTRATOR)
    two.carry()
    two.ready()
    two.carry()
    two.run()
    agreed = two.receiver.file("case").agreed
    assert agreed is not None
    order = approvers(decode_case(agreed.encoded))
    assert [order[place] for place, _ in voters_in(agreed.encoded)] == [
        (each.role, each.who) for _, each in agreed.voters
    ]
    votes(two)
    two.run()
    assert two.states() == (State.VOTED, State.VOTED)
    assert two.source.node.coordinator.final(agreed).others == {Role.SPOUSE}
    votes(two, Role.ADMINISTRATOR, two.world.signer("administrator").sign(paper(two, Role.ADMINISTRATOR).digest))
    two.run()
    assert two.states() == (State.POSTED, State.POSTED)


def test_without_the_witnessed_consent_nobody_signs() -> None:
    two = both(founded())
    two.ask()
    two.carry()
    told = put(two, spouse=replace(MARRIED, consent=replace(CONSENTED, witness=Witness.NOBODY)))
    assert [each.code for each in told.reasons or ()] == [Code.CONSENT_WITHOUT_EFFECT]
    told = put(two, spouse=replace(MARRIED, consent=None))
    assert [each.code for each in told.reasons or ()] == [Code.SPOUSE_HAS_NOT_CONSENTED]
    assert told.asked == (Role.SPOUSE,)


def test_the_source_alone_names_and_a_proposal_after_it_asks_anew() -> None:
    two = both(founded())
    asked_for(two)
    with two.receiver.files.begin() as unit, pytest.raises(NotNowError, match="we receive"):
        deals.name_voter(unit, two.receiver.desk, "case", Role.SPOUSE, SPOUSE.address)
    named(two)
    two.carry()
    two.ready()
    two.carry()
    two.run()
    votes(two)
    with two.source.files.begin() as unit:
        deals.stop(unit, two.source.desk, two.source.only(), 501)
    two.carry()
    two.run()
    if two.states() == (State.POSTED, State.POSTED):
        pytest.fail("the stop came after the vote")
    first = two.source.only()
    with two.source.files.begin() as unit:
        made = again(unit, two.source.desk, first, "second", verdict=Verdict.ABORTED)
    assert [(each.who, each.is_given) for each in made.voters] == [(SPOUSE.address, False)]


def test_a_letter_about_a_voter_that_does_not_fit_is_an_exception() -> None:
    two = both(founded())
    asked_for(two)
    named(two)
    letters = two.written(two.source)
    body = cast("dict[str, Json]", letters[-1].body)
    two.take(two.receiver, replace(letters[-1], body=body | {"role": "source"}))
    assert two.receiver.open_codes() == [LETTER_UNEXPECTED]


def test_evidence_proves_the_spouses_approval_and_calls_nobody_a_member_who_is_none() -> None:
    two = both(founded())
    with_terms(two)
    two.run()
    votes(two)
    two.carry()
    coordinator = two.world.rollover
    before = evidence_of(two.receiver.files, two.world.chain, coordinator=coordinator, case="case")
    assert [each.signature for each in before.approvals if each.role is Role.SPOUSE] == [SPOUSE.sign(paper(two).digest)]
    two.run()
    mine = evidence_of(two.source.files, two.world.chain, coordinator=coordinator, case=two.source.only())
    theirs = evidence_of(two.receiver.files, two.world.chain, coordinator=coordinator, case="case")
    report = check(write(joined(mine, theirs)), head=two.world.chain.head().hash)
    assert report.holds
    assert report.count(Status.MISSING) == 0
    said = " ".join(each.said for each in report.findings)
    assert f"The spouse (0x{SPOUSE.address.hex()}) approved these terms; its evidence has the hash" in said
