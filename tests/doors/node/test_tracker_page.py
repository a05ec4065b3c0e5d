"""The participant's page: each standing in plain words, live, private, accessible, and without scripts."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.doors.node.conftest import LOOKS, Open, shoot
from tests.doors.node.desk import LINK, RECEIVER, SOURCE, STORY, Desk
from tests.support.accessible import violations, violations_in_the_dark

from open401k.doors.node import pages
from open401k.doors.node.provided import Refusal
from open401k.doors.node.tracker_page import TAKEN_BACK, shown
from open401k.kernel import SeededRandom
from open401k.rails import in_words, tracking
from open401k.rails.kinds import Into, Kind
from open401k.rails.node.taking_back import TakeBack
from open401k.rails.preflight.facts import Part
from open401k.rails.preflight.reasons import ENTRIES

JARGON = re.compile(
    r"custodian|escrow|on.chain|blockchain|contract|hash|nonce|vote|preflight|nigo|402\(f\)|commit|attest|null|none\b",
    re.I,
)


@pytest.mark.parametrize("name", STORY)
def test_each_standing_is_told_in_plain_words(name: str) -> None:
    desk = Desk(links={LINK: STORY[name]})
    answer = TestClient(Starlette(routes=pages.routes(desk, SeededRandom(7)))).get(f"/r/{LINK}")
    track = tracking.tracked(STORY[name].seen)
    text = html.unescape(answer.text)
    said = re.sub(r"<[^>]+>|\s+", " ", text.partition("<main")[2])
    assert answer.status_code == 200
    assert track.headline in text
    assert track.where in text
    for todo in track.todo:
        assert (todo.why or todo.said) in text or todo.owner == tracking.YOU, todo
    assert not JARGON.search(said), JARGON.search(said)
    assert ("data-live" in answer.text) is not track.ended
    assert ("all at once or not at all" in said) is (name != "another-way")


def test_what_the_person_was_paid_is_not_shown_where_the_rest_went_back_to() -> None:
    # Money flow: source -> the account at the receiver 900.00, and -> the person 100.00; then the 900.00 go back
    paid = (Part(Kind.PRE_TAX, Into.PLAN, 0, 900_00), Part(Kind.PRE_TAX, Into.PERSON, 0, 100_00))
    seen = replace(STORY["arrived"].seen, went_back=900_00, came=900_00)
    page = shown(replace(STORY["arrived"], seen=seen, parts=paid))
    assert (page.track.place, page.cents) == (tracking.Place.WENT_BACK, 900_00)


def test_what_companies_must_do_is_told_by_what_the_participant_reads_of_it() -> None:
    """Their own next step ("state the basis, Reg. ...") is for them."""
    assert not any(JARGON.search(entry.said) for entry in ENTRIES.values())


def test_a_link_is_private_and_a_wrong_one_opens_nothing() -> None:
    client = TestClient(Starlette(routes=pages.routes(Desk(), SeededRandom(7))))
    for path, status in ((f"/r/{LINK}", 200), ("/r/another", 404), ("/r/another/events", 404)):
        answer = client.get(path)
        assert answer.status_code == status
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "another" not in answer.text


def test_of_a_move_that_ended_it_is_not_taken_back_but_not_tried_again() -> None:
    expired = replace(STORY["stopped"], takes_back=(TakeBack.MOVE,))
    client = TestClient(Starlette(routes=pages.routes(Desk(links={LINK: expired}), SeededRandom(7))))
    text = client.get(f"/r/{LINK}").text
    assert in_words.TAKE_BACK["ended"][0] in text
    assert in_words.TAKE_BACK["move"][0] not in text


def test_what_is_taken_back_is_ticked_and_comes_from_our_own_page() -> None:
    desk = Desk(links={LINK: STORY["held"]})
    client = TestClient(Starlette(routes=pages.routes(desk, SeededRandom(7))), base_url=desk.origin)
    text = client.get(f"/r/{LINK}").text
    now = [words for what, words in in_words.TAKE_BACK.items() if what != "ended"]
    assert all(title in text and what in text for title, what in now)
    assert in_words.TAKE_BACK["ended"][0] not in text
    at, here = f"/r/{LINK}/take-back", {"Origin": desk.origin, "Sec-Fetch-Site": "same-origin"}
    assert client.post(at, data={"what": "move"}, headers=here).status_code == 422
    assert client.post(at, data={"what": "all", "sure": "yes"}, headers=here).status_code == 404
    elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post(at, data={"what": "move", "sure": "yes"}, headers=elsewhere).status_code == 403
    assert client.post("/r/another/take-back", data={"what": "move", "sure": "yes"}, headers=here).status_code == 404
    assert desk.asked == []
    for what in TakeBack:
        answer = client.post(at, data={"what": what, "sure": "yes"}, headers=here)
        assert (answer.status_code, TAKEN_BACK[what] in answer.text) == (200, True)
    assert desk.asked == [("take_back", LINK, what) for what in TakeBack]
    desk.refuses = Refusal("", "It is decided.", "Ask for a new one.")
    assert "It is decided." in client.post(at, data={"what": "move", "sure": "yes"}, headers=here).text


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS)
def test_it_is_accessible_and_fits(opened: Open, desk: Desk, look: str) -> None:
    with opened(look) as page:
        for name in ("in-the-way", "held", "stopped"):
            desk.links[LINK] = STORY[name]
            page.emulate_media(color_scheme="light")
            page.goto(f"{desk.origin}/r/{LINK}")
            assert violations(page) == [], name
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{name} scrolls sideways by {wide} pixels"
            assert page.locator("h1").count() == 1
            shoot(page, f"tracker-{name}-{look}")
            assert violations_in_the_dark(page) == [], name
            shoot(page, f"tracker-{name}-{LOOKS[look][1]}")


@pytest.mark.browser
def test_it_follows_what_happens_and_leaves_the_rest_alone(opened: Open, desk: Desk) -> None:
    with opened() as page:
        desk.moves(STORY["to-sign"])
        with page.expect_response(lambda answer: "/events?after=1" in answer.url):
            page.goto(f"{desk.origin}/r/{LINK}")
        desk.moves(STORY["being-sold"])
        expect(page.locator("h1")).to_have_text("Your old account is being made ready")
        desk.moves(STORY["moved"])
        expect(page.locator("#where")).to_contain_text(f"paid to {RECEIVER}")
        expect(page.locator("#said")).to_have_text("Your money has moved")
        page.evaluate("document.querySelector('#asked').isTheSame = true")
        desk.moves(STORY["arrived"])
        expect(page.locator("h1")).to_have_text("Done: your money has arrived")
        assert page.title().startswith("Done")
        assert page.evaluate("document.querySelector('#asked').isTheSame")


@pytest.mark.browser
def test_it_says_everything_without_scripts(opened: Open, desk: Desk) -> None:
    with opened(script=False) as page:
        desk.links[LINK] = STORY["held"]
        page.goto(f"{desk.origin}/r/{LINK}")
        expect(page.locator("#where")).to_contain_text("held until everybody has agreed")
        expect(page.locator("[aria-current=step]")).to_contain_text("Everybody agrees")
        expect(page.locator(".acts")).to_contain_text(RECEIVER)
        page.locator("summary", has_text=in_words.TAKE_BACK[TakeBack.MOVE][0]).click()
        page.locator("details[open] [name=sure]").check()
        page.locator("details[open] button").click()
        expect(page.locator(".flash")).to_have_text(TAKEN_BACK[TakeBack.MOVE])
        assert desk.asked == [("take_back", LINK, TakeBack.MOVE)]
        page.goto(f"{desk.origin}/r/{LINK}/take-back")
        desk.links[LINK] = STORY["arrived"]
        page.get_by_role("link", name="look again").click()
        expect(page.locator("h1")).to_have_text("Done: your money has arrived")
        assert SOURCE in page.locator("main").inner_text()
