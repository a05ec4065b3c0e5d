"""The page of a further voter: every state in plain words, by passkey and by another key, private and accessible."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.doors.node.conftest import LOOKS, Open, free_port, served, shoot, with_a_passkey
from tests.doors.node.desk import BEGUN, LINK, SOURCE, Desk
from tests.doors.node.signing import KNOWN, PAPER
from tests.doors.node.test_api import Both, both  # noqa: F401 (a fixture)
from tests.rails.node.conftest import another_database, migrated  # noqa: F401 (fixtures)
from tests.rails.node.deal_nodes import PARTICIPANT, PARTS
from tests.rails.node.halves import receiving, releasing
from tests.rails.node.test_voters import MARRIED, SPOUSE
from tests.rails.test_passkeys import PASSKEY, asserted
from tests.rails.world import Case, World, founded
from tests.support.accessible import violations, violations_in_the_dark

from open401k.base.faults import Stopped, stopping_at
from open401k.doors.node import pages
from open401k.doors.node.asked import Asked, Asking
from open401k.doors.node.for_pages import NodePages
from open401k.doors.node.for_voters import NodeVoters
from open401k.doors.node.provided import Contact, NewKey, Refusal, Signed
from open401k.kernel import SeededRandom
from open401k.law.spousal_consent import Witness
from open401k.rails.kinds import Into
from open401k.rails.messages import Role, Voter
from open401k.rails.node.again import off_rail
from open401k.rails.node.cases import Way
from open401k.rails.node.codec import told
from open401k.rails.node.nays import no_digest
from open401k.rails.node.voting import Paper
from open401k.rails.passkeys import Passkey
from open401k.rails.preflight.facts import Consent
from open401k.rails.signatures import is_signed_by

ORIGIN = "https://moves.example"
CONSENT = Consent(date(2026, 5, 29), True, True, True, Witness.NOTARY)
CONTACTS = (Contact(SOURCE, "800 555 0101"),)


@dataclass
class Asks:
    """A node in memory, as the voters' page is given it."""

    found: dict[str, Asked] = field(default_factory=dict)
    done: list[tuple[object, ...]] = field(default_factory=list)
    refuses: Refusal | None = None

    def asked(self, link: str) -> Asked | None:
        return self.found.get(link)

    def keep_voters_key(self, link: str, key: NewKey) -> Refusal | None:
        return self._did(link, Asking.NOT_YET, "key", key)

    def agree(self, link: str, signed: Signed) -> Refusal | None:
        return self._did(link, Asking.SIGNED, "agree", signed)

    def say_no(self, link: str, digest: bytes, signature: bytes) -> Refusal | None:
        return self._did(link, Asking.OVER, "no", digest, signature)

    def disagree(self, link: str) -> Refusal | None:
        refusal = self._did(link, Asking.OVER, "disagree")
        self.found[link] = replace(self.found[link], refused_at=BEGUN)
        return refusal

    def _did(self, link: str, to: Asking, *what: object) -> Refusal | None:
        if self.refuses is None:
            self.done.append(what)
            self.found[link] = replace(self.found[link], asking=to)
        return self.refuses


def case_of(world: World, who: bytes, role: Role = Role.SPOUSE) -> Case:
    case = world.case(most=65_000_00, voters=(Voter(role, who),))
    election = replace(case.election, notice_hash=PAPER.fingerprint)
    return world.elected(election, case.attestation, case.terms)


def paper(world: World, who: bytes, role: Role = Role.SPOUSE, *, case: Case | None = None) -> Paper:
    of = case or case_of(world, who, role)
    return Paper(role, who, of.election, of.terms, bytes(range(32)), world.domain())


def asked(world: World, state: str, *, who: Passkey = PASSKEY) -> Asked:
    """One state of the page."""
    base = Asked("case-1", Role.SPOUSE, Asking.KEY_NEEDED, SOURCE, contacts=CONTACTS)
    terms = {"paper": paper(world, who.address), "known": KNOWN, "consent": CONSENT}
    keyed = {"passkey": who, "credential": b"id-1"}
    member = world.members["administrator"].address
    states: dict[str, Asked] = {
        "key": base,
        "wait": replace(base, asking=Asking.NOT_YET, **keyed),  # type: ignore[arg-type]
        "ready": replace(base, asking=Asking.READY, **keyed, **terms),  # type: ignore[arg-type]
        "another-key": replace(
            base, role=Role.ADMINISTRATOR, asking=Asking.READY, known=KNOWN,
            paper=paper(world, member, Role.ADMINISTRATOR),
        ),
        "signed": replace(base, asking=Asking.SIGNED, **keyed, **terms),  # type: ignore[arg-type]
        "over": replace(base, asking=Asking.OVER),
    }  # fmt: skip
    return states[state]


STATES = ("key", "wait", "ready", "another-key", "signed", "over")


@pytest.fixture(scope="module")
def world() -> World:
    return founded()


def client(asks: Asks) -> TestClient:
    routes = pages.routes(Desk(origin=ORIGIN), SeededRandom(7), voters=asks)
    return TestClient(Starlette(routes=routes), base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False)


@pytest.mark.parametrize("state", STATES)
def test_each_state_is_told_and_private(world: World, state: str) -> None:
    asks = Asks({LINK: asked(world, state)})
    answer = client(asks).get(f"/v/{LINK}")
    text = re.sub(r"<[^>]+>|\s+", " ", html.unescape(answer.text).partition("<main")[2])
    assert answer.status_code == 200
    said = {
        "key": "Now you only make the passkey",
        "wait": "The exact amounts are not known yet",
        "ready": "$1,234.56: Money that was not taxed yet",
        "another-key": "paste the signature",
        "signed": "We have your signature",
        "over": "Nobody can use this page to sign anything",
    }
    assert said[state] in text
    assert "800 555 0101" in text
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_participants_link_opens_nothing_here_and_neither_the_other_way(world: World) -> None:
    asks = Asks({"voters": asked(world, "ready")})
    there = client(asks)
    assert there.get(f"/v/{LINK}").status_code == 404
    assert there.get("/r/voters").status_code == 404
    assert there.get("/v/voters/terms.txt").text.startswith("From: ")
    assert there.get(f"/v/{LINK}/terms.txt").status_code == 404


def test_a_signature_by_another_key_is_put_in_with_what_was_read(world: World) -> None:
    asks = Asks({LINK: asked(world, "another-key")})
    there, offered = client(asks), asks.found[LINK].paper
    assert offered is not None
    form = {"digest": offered.digest.hex(), "signature": "0x" + "ab" * 65, "agreed": "true"}
    typed = json.loads(html.unescape(re.search(r"<pre[^>]*>(.*?)</pre>", there.get(f"/v/{LINK}").text, re.S)[1]))  # type: ignore[index]
    assert typed["primaryType"] == "Approval"
    for wrong, status, why in (
        ({"signature": "zz"}, 422, "This is no signature."),
        ({"agreed": ""}, 422, "Not ticked."),
        ({"digest": "00" * 32}, 409, "What you would sign has changed."),
    ):
        answer = there.post(f"/v/{LINK}/signature", data=form | wrong)
        assert (answer.status_code, why in answer.text) == (status, True)
    asks.refuses = Refusal("signature", "It is another's.", "Sign with your own key.")
    assert "It is another&#39;s." in there.post(f"/v/{LINK}/signature", data=form).text
    asks.refuses = None
    assert there.post(f"/v/{LINK}/signature", data=form).headers["location"] == f"/v/{LINK}"
    ((_, signed),) = asks.done
    assert isinstance(signed, Signed)
    assert (signed.digest, signed.signature) == (offered.digest, b"\xab" * 65)
    assert "Exactly as signed" in signed.shown
    assert there.post(f"/v/{LINK}/signature", data=form).status_code == 409
    assert there.post(f"/v/{LINK}/signature", data=form, headers={"Origin": "https://evil.example"}).status_code == 403


def test_who_does_not_agree_says_so_twice(world: World) -> None:
    asks = Asks({LINK: asked(world, "ready")})
    there = client(asks)
    assert there.post(f"/v/{LINK}/refuse", data={}).status_code == 422
    assert asks.done == []
    assert there.post(f"/v/{LINK}/refuse", data={"sure": "true"}).status_code == 303
    assert asks.done == [("disagree",)]
    shown = there.get(f"/v/{LINK}").text
    assert "We have your no" in shown  # whoever said it reads that it came, whenever they come back
    assert "ends the move by it" in shown
    asks.found[LINK] = replace(asks.found[LINK], ended=True)
    assert "The move has ended by it, and nothing moved." in there.get(f"/v/{LINK}").text
    asks.found[LINK] = replace(asks.found[LINK], otherwise=True)
    paid = there.get(f"/v/{LINK}").text
    assert "closed it with a check or wire: ask there what was paid" in paid
    assert "nothing moved" not in paid
    asks.found[LINK] = replace(asks.found[LINK], otherwise=False, ended=False, moved=True)
    assert "the move was decided, and the money moved." in there.get(f"/v/{LINK}").text
    assert there.post(f"/v/{LINK}/refuse", data={"sure": "true"}).status_code == 409


def test_a_member_signs_its_no_elsewhere_and_puts_it_in(world: World) -> None:
    asks = Asks({LINK: asked(world, "another-key")})
    there, offered = client(asks), asks.found[LINK].paper
    assert offered is not None
    assert f"0x{no_digest(offered).hex()}" in there.get(f"/v/{LINK}").text
    form = {"sure": "true", "signature": "0x" + "ab" * 65}
    assert "This is no signature." in there.post(f"/v/{LINK}/refuse", data=form | {"signature": "zz"}).text
    assert asks.done == []
    assert there.post(f"/v/{LINK}/refuse", data=form).status_code == 303
    assert asks.done == [("no", no_digest(offered), b"\xab" * 65)]
    assert there.post(f"/v/{LINK}/refuse", data=form).status_code == 409


def test_who_signed_a_no_reads_that_it_came(world: World) -> None:
    over = asked(world, "over")
    words = "We have your signed no. Unless everybody had agreed before it came, the move ends by it"
    assert words in client(Asks({LINK: replace(over, said_no=True)})).get(f"/v/{LINK}").text
    assert words not in client(Asks({LINK: over})).get(f"/v/{LINK}").text


def test_who_agreed_to_what_ended_is_not_thanked_as_if_it_went_on(world: World) -> None:
    signed = asked(world, "signed")
    told = client(Asks({LINK: replace(signed, ended=True)})).get(f"/v/{LINK}").text
    assert "by it nothing moved: your signature counts for nothing any more" in told
    assert "Thank you. We have your signature." not in told
    assert "<h1>The move ended</h1>" in told


def test_terms_whose_words_are_of_others_are_not_offered(world: World) -> None:
    offer = asked(world, "ready")
    asks = Asks({LINK: replace(offer, known=replace(KNOWN, into=((KNOWN.into[0][0], Into.PLAN),)))})
    answer = client(asks).get(f"/v/{LINK}")
    assert answer.status_code == 409
    assert "data-ceremony" not in answer.text


@pytest.fixture
def browsed(world: World) -> Iterator[tuple[str, Asks]]:
    """The page at a port of its own."""
    port = free_port()
    asks, origin = Asks(), f"http://localhost:{port}"
    with served(Starlette(routes=pages.routes(Desk(origin=origin), SeededRandom(7), voters=asks)), port):
        yield origin, asks


@pytest.mark.browser
def test_what_a_spouses_browser_signs_is_their_approval(opened: Open, browsed: tuple[str, Asks], world: World) -> None:
    origin, asks = browsed
    asks.found[LINK] = asked(world, "key")
    with opened(expected="pubKeyCredParams") as page:
        with_a_passkey(page)
        page.goto(f"{origin}/v/{LINK}")
        page.get_by_label("I agree to read and sign this").check()
        page.get_by_role("button", name="Make a passkey").click()
        expect(page.locator("h1")).to_have_text("There is nothing to sign yet")
        ((_, key),) = asks.done
        assert isinstance(key, NewKey)
        case = case_of(world, key.passkey.address)
        offered = paper(world, key.passkey.address, case=case)
        ready = replace(asked(world, "ready", who=key.passkey), paper=offered)
        asks.found[LINK] = replace(ready, credential=key.credential)
        page.goto(f"{origin}/v/{LINK}")
        page.get_by_label("I do not agree, and sign it").check()
        page.get_by_role("button", name="Sign your no with your passkey").click()
        expect(page.locator("h1")).to_have_text("There is nothing for you to do")
        asks.found[LINK] = replace(asked(world, "ready"), passkey=None)  # a form, as browsers send it
        page.goto(f"{origin}/v/{LINK}")
        page.locator("summary", has_text="End the move").click()
        page.get_by_label("I do not agree. The move is to end.").check()
        page.get_by_role("button", name="I do not agree").click()
        expect(page.locator("h1")).to_have_text("We have your no")
        asks.found[LINK] = replace(ready, credential=key.credential)  # another day they agree
        page.goto(f"{origin}/v/{LINK}")
        page.get_by_label("I have read this").check()
        page.get_by_role("button", name="Agree with your passkey").click()
        expect(page.locator("h1")).to_have_text("You have agreed")
    _, (_, digest, said), refused, (_, signed) = asks.done
    assert refused == ("disagree",)
    assert digest == no_digest(offered)
    assert isinstance(said, bytes)
    assert is_signed_by(key.passkey.address, no_digest(offered), said)
    assert isinstance(signed, Signed)
    world.settle(case, [*world.approvals(case)[:-1], (offered.evidence, signed.signature)])
    assert world.state(case) == "committed"


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS)
def test_it_is_accessible_and_fits(opened: Open, browsed: tuple[str, Asks], world: World, look: str) -> None:
    origin, asks = browsed
    with opened(look) as page:
        for state in STATES:
            asks.found[LINK] = asked(world, state)
            page.emulate_media(color_scheme="light")
            page.goto(f"{origin}/v/{LINK}")
            for summary in page.locator("main details > summary").all():
                summary.click()
            shoot(page, f"voter-{state}-{look}")
            assert violations(page) == [], state
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{state} scrolls sideways by {wide} pixels"
            assert violations_in_the_dark(page) == [], state


# ---- a real node


def until_terms(both: Both) -> tuple[str, str]:  # noqa: F811
    """Two nodes, signed by the participant of a plan that owes a spouse a say: the cases at source and receiver."""
    source, receiver = both.source, both.receiver
    half = receiving(*PARTS, member=both.nodes[1].identity.member)
    body = {"source": both.nodes[0].identity.member.hex(), "receiving": told(half)}
    case = receiver("POST", "/v1/rollovers", body).json()["case"]
    both.carry()
    (theirs,) = (each["case"] for each in source("GET", "/v1/rollovers").json()["rollovers"])
    held = tuple(replace(each, balance_cents=30_000_00, vested_cents=30_000_00) for each in releasing(*PARTS).held)
    put = source("PUT", f"/v1/rollovers/{theirs}/facts", told(releasing(*PARTS, spouse=MARRIED, held=held)))
    assert put.json()["state"] == "prevalidated"
    both.carry()
    digest = bytes.fromhex(receiver("GET", f"/v1/rollovers/{case}/election").json()["digest"])
    receiver("POST", f"/v1/rollovers/{case}/election", {"signature": PARTICIPANT.sign(digest).hex()})
    both.carry()
    return theirs, case


def test_a_spouse_signs_at_a_real_node_by_link(both: Both) -> None:  # noqa: F811
    theirs, case = until_terms(both)
    source, voters = both.source, NodeVoters(NodePages(both.source.doors))
    early = source("POST", f"/v1/rollovers/{theirs}/ready", {})
    assert "nobody can sign as spouse" in early.json()["detail"]
    made = source("POST", f"/v1/rollovers/{theirs}/voters/spouse/links", {"days": 30}, key="link")
    assert made.json() == source("POST", f"/v1/rollovers/{theirs}/voters/spouse/links", {"days": 30}, key="link").json()
    link = made.json()["url"].rpartition("/v/")[2]
    assert source("POST", f"/v1/rollovers/{theirs}/voters/administrator/links", {"days": 3}).status_code == 409
    assert voters.asked("another") is None
    assert both.source.doors.entrances.case_of(link, at=0) is None
    found = voters.asked(link)
    assert found is not None
    assert (found.asking, found.paper) == (Asking.KEY_NEEDED, None)
    key = NewKey(PASSKEY, b"credential", "I agree")
    with stopping_at("pages.before_voters_key_commit"), pytest.raises(Stopped):
        voters.keep_voters_key(link, key)
    assert voters.asked(link) == found
    assert voters.keep_voters_key(link, key) is None
    both.carry()
    assert both.receiver("GET", f"/v1/rollovers/{case}/voters").json()["voters"][0]["who"] == PASSKEY.address.hex()
    source("POST", f"/v1/rollovers/{theirs}/ready", {})
    both.carry()
    ready = voters.asked(link)
    assert ready is not None
    assert ready.paper is not None
    assert (ready.asking, ready.passkey, ready.consent) == (Asking.READY, PASSKEY, MARRIED.consent)
    assert voters.agree(link, Signed(b"x" * 32, b"", "words"))
    digest = ready.paper.digest
    with stopping_at("pages.before_vote_commit"), pytest.raises(Stopped):
        voters.agree(link, Signed(digest, asserted(digest), "words"))
    assert voters.asked(link) == ready
    assert voters.agree(link, Signed(digest, asserted(digest), "words")) is None
    assert voters.agree(link, Signed(digest, asserted(digest), "words")) is None
    both.carry()
    after = voters.asked(link)
    assert after is not None
    assert after.asking is Asking.SIGNED
    shown: Any = both.receiver("GET", f"/v1/rollovers/{case}/voters").json()["voters"]
    assert [(each["role"], each["voted_at"] is not None) for each in shown] == [("spouse", True)]


def test_who_says_no_without_a_signature_at_a_real_node_reads_that_it_came(both: Both) -> None:  # noqa: F811
    theirs, _ = until_terms(both)
    made = both.source("POST", f"/v1/rollovers/{theirs}/voters/spouse/links", {"days": 30}, key="link")
    link = made.json()["url"].rpartition("/v/")[2]
    voters = NodeVoters(NodePages(both.source.doors))
    before = voters.asked(link)
    assert before is not None
    assert before.refused_at is None
    assert voters.disagree(link) is None
    found = voters.asked(link)
    assert found is not None
    assert (found.asking, found.said_no, found.refused_at) == (Asking.OVER, False, both.nodes[0].now)
    with both.source.doors.process.files.begin() as unit:
        off_rail(unit, theirs, Way.WIRE, "wire 7")
    closed = voters.asked(link)
    assert closed is not None
    assert (closed.ended, closed.otherwise, closed.moved) == (True, True, False)


def test_a_systems_key_of_a_spouse_signs_by_the_api_and_a_refusal_ends_it(both: Both) -> None:  # noqa: F811
    theirs, _ = until_terms(both)
    source, at = both.source, f"/v1/rollovers/{theirs}/voters/spouse"
    assert source("PUT", f"/v1/rollovers/{theirs}/voters/nobody", {"who": "11" * 20}).status_code == 404
    assert source("PUT", at, {"who": "11"}).status_code == 422
    assert source("PUT", at, {"who": SPOUSE.address.hex()}).json()["who"] == SPOUSE.address.hex()
    source("POST", f"/v1/rollovers/{theirs}/ready", {})
    shown = source("GET", f"/v1/rollovers/{theirs}/voters").json()["voters"][0]
    assert shown["typed"]["message"]["role"] == 4
    wrong = source("POST", f"{at}/approval", {"signature": PARTICIPANT.sign(bytes.fromhex(shown["digest"])).hex()})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/signature")
    signed = {"signature": SPOUSE.sign(bytes.fromhex(shown["digest"])).hex()}
    assert source("POST", f"{at}/approval", signed).status_code == 200
    wrong = source("POST", f"{at}/refusal", signed)  # what agrees is no no
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/signature")
    no = {"signature": SPOUSE.sign(bytes.fromhex(shown["no_digest"])).hex()}
    link = source("POST", f"{at}/links", {"days": 30}).json()["url"].rpartition("/v/")[2]
    voters = NodeVoters(NodePages(both.source.doors))
    before = voters.asked(link)
    assert before is not None
    assert (before.asking, before.said_no) == (Asking.SIGNED, False)
    assert source("POST", f"{at}/refusal", no).json()["stop"] == 263
    found = voters.asked(link)
    assert found is not None
    assert (found.asking, found.said_no, found.ended) == (Asking.OVER, True, False)
    assert source("GET", f"/v1/rollovers/{theirs}/voters").json()["voters"][0]["said_no"] is True
    assert source("POST", f"{at}/refusal", {}).json()["stop"] == 263
