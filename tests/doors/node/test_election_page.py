"""The election: a passkey is made, every field is read, and what the browser signs is what the contracts take."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from eth_hash.auto import keccak
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.doors.node.conftest import LOOKS, Open, shoot, with_a_passkey
from tests.doors.node.desk import LINK, STORY, Desk
from tests.doors.node.signing import TEXT, to_sign
from tests.rails.world import World, founded
from tests.support.accessible import violations, violations_in_the_dark

from open401k.doors.node import pages
from open401k.doors.node.provided import Followed, NewKey, Refusal, Signed
from open401k.kernel import SeededRandom
from open401k.rails import in_words
from open401k.rails.in_words import Notice
from open401k.rails.node.papers import Media, Paper
from open401k.rails.passkeys import Passkey

ORIGIN = "https://moves.example"
PRIVATE = ec.derive_private_key(2026, ec.SECP256R1())
POINT = PRIVATE.public_key().public_numbers()
PASSKEY = Passkey(POINT.x.to_bytes(32, "big"), POINT.y.to_bytes(32, "big"))
KEY = NewKey(PASSKEY, b"id-1", "")
READY, SIGNED = STORY["to-sign"], STORY["being-sold"]


def letters(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Phone:
    """A device with a passkey, as a browser passes it on."""

    def __init__(self, desk: Desk) -> None:
        self.client = TestClient(Starlette(routes=pages.routes(desk, SeededRandom(7))), base_url=ORIGIN)
        self.headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}

    def options(self, path: str = "") -> dict[str, Any]:
        """What the page asks of it."""
        text = self.client.get(f"/r/{LINK}/election{path}").text
        found = re.search(r'data-options="([^"]*)"', text)
        assert found is not None, text
        told: dict[str, Any] = json.loads(found[1].replace("&#34;", '"'))
        return told

    def makes(self, challenge: str, /, **more: Any) -> Any:
        cose = bytes.fromhex("a5010203262001215820") + PASSKEY.x + bytes.fromhex("225820") + PASSKEY.y
        data = self._data(0x5D) + bytes(16) + (4).to_bytes(2, "big") + b"id-1" + cose
        client = self._client("webauthn.create", challenge)
        told = {"agreed": True, "clientDataJSON": letters(client), "authenticatorData": letters(data)}
        return self.client.post(f"/r/{LINK}/key", json=told | more, headers=self.headers)

    def signs(self, challenge: str, /, **more: Any) -> Any:
        data, client = self._data(0x1D), self._client("webauthn.get", challenge)
        signature = PRIVATE.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        told = {
            "agreed": True,
            "challenge": challenge,
            "clientDataJSON": letters(client),
            "authenticatorData": letters(data),
            "signature": letters(signature),
        }
        return self.client.post(f"/r/{LINK}/election", json=told | more, headers=self.headers)

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(b"moves.example").digest() + bytes([flags]) + bytes(4)

    def _client(self, kind: str, challenge: str) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": ORIGIN, "crossOrigin": False}
        return json.dumps(told, separators=(",", ":")).encode()


@pytest.fixture(scope="module")
def world() -> World:
    return founded()


@pytest.fixture
def offered(world: World) -> Desk:
    """A node whose participant has made a passkey and can sign."""
    _, offer = to_sign(world, KEY)
    return Desk(origin=ORIGIN, links={LINK: READY}, elections={LINK: offer})


def test_a_new_passkey_is_kept_with_the_words_that_were_agreed_to() -> None:
    desk = Desk(origin=ORIGIN)
    phone = Phone(desk)
    options = phone.options()
    assert options["rp"] == {"id": "moves.example", "name": desk.custodian}
    assert options["authenticatorSelection"]["userVerification"] == "required"
    answer = phone.makes(options["challenge"])
    assert answer.json() == {"next": f"/r/{LINK}/election"}
    agreed_to = "\n".join(in_words.consent(desk.custodian, desk.paper))
    assert desk.asked == [("keep_key", LINK, NewKey(PASSKEY, b"id-1", agreed_to))]
    desk.at += 7_200
    assert phone.makes(options["challenge"]).json()["detail"].startswith("client data: challenge")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"agreed": False}, 422, "not_agreed"),
        ({"agreed": "true"}, 422, "not_agreed"),
        ({"challenge": letters(bytes(32))}, 409, "election_changed"),
        ({"signature": "?"}, 422, "passkey_refused"),
        ({"signature": letters(b"x")}, 422, "passkey_refused"),
        ({"clientDataJSON": 7}, 422, "passkey_refused"),
        ({"clientDataJSON": letters(b"[" * 9_000)}, 422, "passkey_refused"),
        ({"more": "x" * 20_000}, 413, "too_large"),
    ],
)
def test_what_is_no_signature_of_this_election_is_refused_and_nothing_kept(
    offered: Desk, change: dict[str, object], status: int, code: str
) -> None:
    phone = Phone(offered)
    answer = phone.signs(phone.options()["challenge"], **change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["title"]
    assert offered.asked == []


def test_a_signature_is_taken_with_what_was_read(offered: Desk) -> None:
    phone = Phone(offered)
    challenge = phone.options()["challenge"]
    assert phone.signs(challenge).json() == {"next": f"/r/{LINK}/election"}
    ((name, link, signed),) = offered.asked
    assert isinstance(signed, Signed)
    assert (name, link, letters(signed.digest)) == ("sign", LINK, challenge)
    assert "At most: $65,000.00" in signed.shown
    assert signed.shown == phone.client.get(f"/r/{LINK}/election.txt").text
    assert "You have signed" in phone.client.get(f"/r/{LINK}/election").text
    offered.links[LINK] = READY
    offered.refuses = Refusal("", "The companies put in new facts.", "Read it again.")
    assert phone.signs(challenge).json()["detail"] == "The companies put in new facts."


def test_a_pdf_is_opened_before_it_is_signed_for(offered: Desk) -> None:
    pdf = Paper("Your rollover options", "2026", Media.PDF, b"%PDF-1.7 and so on")
    offer = offered.elections[LINK]
    named = Notice(pdf.title, pdf.version, date(2026, 1, 9), pdf.fingerprint)
    election = replace(offer.election, notice_hash=pdf.fingerprint)
    offered.elections[LINK] = replace(offer, paper=pdf, election=election, known=replace(offer.known, notice=named))
    phone = Phone(offered)
    challenge = phone.options()["challenge"]
    refused = phone.signs(challenge)
    assert (refused.status_code, refused.json()["code"], offered.asked) == (409, "explanation_not_opened", [])
    opened = phone.client.get(f"/r/{LINK}/explanation")
    assert (opened.content, opened.headers["content-type"]) == (pdf.content, "application/pdf")
    assert opened.headers["content-disposition"] == 'attachment; filename="explanation.pdf"'
    assert opened.headers["cache-control"] == "no-store"
    assert phone.signs(challenge).status_code == 200
    offered.elections[LINK] = replace(offered.elections[LINK], paper=None)
    assert phone.client.get(f"/r/{LINK}/explanation").status_code == 404


def test_money_that_no_plan_pays_needs_no_explanation(offered: Desk) -> None:
    offer = offered.elections[LINK]
    bare = replace(offer, paper=None, is_read=True, known=replace(offer.known, notice=None))
    offered.elections[LINK] = bare
    assert Phone(offered).client.get(f"/r/{LINK}/election").status_code == 409  # it signs for one
    offered.elections[LINK] = replace(bare, election=replace(offer.election, notice_hash=bytes(32)))
    page = Phone(offered).client.get(f"/r/{LINK}/election")
    assert (page.status_code, "not paid by a plan" in page.text) == (200, True)


def test_another_website_cannot_send_it(offered: Desk) -> None:
    phone = Phone(offered)
    challenge = phone.options()["challenge"]
    phone.headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert phone.signs(challenge).status_code == 403
    plain = phone.client.post(f"/r/{LINK}/election", data={"agreed": "true"}, headers={"Origin": ORIGIN})
    assert plain.status_code in (403, 415)
    headers = {"Origin": ORIGIN, "content-type": "application/json"}
    deep = phone.client.post(f"/r/{LINK}/election", content=b"[" * 16_000, headers=headers)
    assert (deep.status_code, deep.json()["code"]) == (400, "not_json")
    assert offered.asked == []


@pytest.mark.parametrize("name", ["notice", "participant", "kinds"])
def test_an_election_whose_words_are_of_another_is_not_offered(offered: Desk, name: str) -> None:
    offer = offered.elections[LINK]
    offered.elections[LINK] = {
        "notice": replace(offer, election=replace(offer.election, notice_hash=bytes(32))),
        "participant": replace(offer, passkey=Passkey(PASSKEY.y, PASSKEY.x)),
        "kinds": replace(offer, election=replace(offer.election, kinds_mask=1)),
    }[name]
    answer = Phone(offered).client.get(f"/r/{LINK}/election")
    assert answer.status_code == 409
    assert "There is nothing to sign at the moment." in answer.text
    assert "data-ceremony" not in answer.text


@pytest.mark.parametrize(
    ("followed", "status", "said"),
    [
        (STORY["in-the-way"], 200, "nothing to sign yet"),
        (SIGNED, 200, "You have signed"),
        (STORY["stopped"], 303, ""),
        (None, 404, "This link does not open anything."),
    ],
)
def test_before_and_after_nothing_is_offered(offered: Desk, followed: Followed | None, status: int, said: str) -> None:
    offered.links = {LINK: followed} if followed else {}
    phone = Phone(offered)
    answer = phone.client.get(f"/r/{LINK}/election", follow_redirects=False)
    assert answer.status_code == status
    assert said in answer.text
    assert "data-ceremony" not in answer.text
    assert answer.headers["referrer-policy"] == "same-origin"
    assert phone.signs(letters(bytes(32))).status_code in (404, 409)
    assert offered.asked == []


@pytest.mark.browser
def test_what_a_browser_signs_is_what_the_contracts_take(opened: Open, desk: Desk, world: World) -> None:
    # Chromium wants RS256 beside ES256; the chain checks no other curve than P-256.
    with opened(expected="pubKeyCredParams") as page:
        with_a_passkey(page)
        page.goto(f"{desk.origin}/r/{LINK}")
        page.get_by_role("link", name="Choose how to sign").click()
        page.get_by_role("button", name="Make a passkey").click()
        assert desk.asked == []  # the box is not ticked
        assert violations(page) == []
        page.get_by_label("I agree to get and sign").check()
        page.get_by_role("button", name="Make a passkey").click()
        expect(page.locator("h1")).to_have_text("There is nothing to sign yet")
        ((_, _, key),) = desk.asked
        assert isinstance(key, NewKey)
        case, desk.elections[LINK] = to_sign(world, key)
        desk.links[LINK] = READY
        page.goto(f"{desk.origin}/r/{LINK}")
        page.get_by_role("link", name="Read and sign").click()
        expect(page.locator(".notice")).to_contain_text(TEXT.split("\n")[0])
        page.get_by_label("I have read this").check()
        page.get_by_role("button", name="Sign with your passkey").click()
        expect(page.locator("h1")).to_have_text("You have signed")
    _, (_, _, signed) = desk.asked
    assert isinstance(signed, Signed)
    world.settle(replace(case, signature=signed.signature))
    assert world.state(case) == "committed"


@pytest.mark.browser
def test_a_passkey_that_is_not_there_is_told_in_words(opened: Open, desk: Desk, world: World) -> None:
    _, desk.elections[LINK] = to_sign(world, replace(KEY, credential=keccak(b"on another device")))
    desk.links[LINK] = READY
    with opened() as page:
        with_a_passkey(page)
        page.goto(f"{desk.origin}/r/{LINK}/election")
        page.get_by_label("I have read this").check()
        page.get_by_role("button", name="Sign with your passkey").click()
        expect(page.locator("[data-says]")).to_contain_text("is not on this device")
        page.get_by_role("link", name="Make another one").click()
        expect(page.locator("h1")).to_have_text("How you will sign")
    assert desk.asked == []


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS)
def test_it_is_accessible_and_fits(opened: Open, desk: Desk, world: World, look: str) -> None:
    _, desk.elections[LINK] = to_sign(world, KEY)
    with opened(look) as page:
        for name in ("asked", "to-sign", "being-sold"):
            desk.links[LINK] = STORY[name]
            page.emulate_media(color_scheme="light")
            page.goto(f"{desk.origin}/r/{LINK}/election")
            shoot(page, f"election-{name}-{look}")
            for summary in page.locator("main details > summary").all():
                summary.click()
            assert violations(page) == [], name
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{name} scrolls sideways by {wide} pixels"
            assert violations_in_the_dark(page) == [], name
            shoot(page, f"election-{name}-{LOOKS[look][1]}")


@pytest.mark.browser
def test_without_scripts_it_can_be_read_and_says_how_else_to_sign(opened: Open, desk: Desk, world: World) -> None:
    _, desk.elections[LINK] = to_sign(world, KEY)
    desk.links[LINK] = READY
    with opened(script=False) as page:
        page.goto(f"{desk.origin}/r/{LINK}/election")
        expect(page.locator("noscript p")).to_be_visible()
        assert desk.paper in page.locator("noscript p").inner_text()
        expect(page.get_by_role("button", name="Sign with your passkey")).to_be_hidden()
