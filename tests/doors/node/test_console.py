"""The console: who comes in, what desks see, what they may do; nothing by anybody else."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.doors.node.conftest import LOOKS, Open, shoot
from tests.doors.node.desk import BEGUN, DAY, HOUR, PARTS, RECEIVER, SOURCE, STORY, Desk
from tests.support.accessible import violations, violations_in_the_dark

from open401k.doors.node import console, pages
from open401k.doors.node.provided import (
    Act,
    CaseDetail,
    CaseLine,
    CasesAsked,
    Exceptional,
    Happened,
    Refusal,
    Sent,
    Staff,
    StaffRole,
)
from open401k.kernel import SeededRandom, Source
from open401k.rails.kinds import Kind as Money
from open401k.rails.node.cases import Kind, Raised, State, Way
from open401k.rails.node.codes import Owner, Waiting, queue_of
from open401k.rails.node.core import Side
from open401k.rails.node.report import Pile
from open401k.rails.preflight.facts import Held
from open401k.rails.preflight.reasons import Code, found

ORIGIN = "https://desk.example"
OPERATOR, AUDITOR = Staff("Dana, cash desk", StaffRole.OPERATOR), Staff("Avery, auditor", StaffRole.AUDITOR)
TOKENS = {"op": OPERATOR, "look": AUDITOR, "machine": Staff("core", StaffRole.SYSTEM)}
ACTS = {
    "case-1": (Act.STOP,), "case-2": (Act.AGAIN, Act.OFF_RAIL), "case-3": (Act.OFF_RAIL, Act.STOP),
    "case-4": (Act.RESIDUAL,),
}  # fmt: skip
#: Where more may come in: what came on after-tax money is pre-tax money.
SOURCES = (
    Held(Source.PRE_TAX, Money.PRE_TAX, 1, 1, 1), Held(Source.AFTER_TAX, Money.PRE_TAX, 1, 1, 1),
    Held(Source.ROTH, Money.ROTH, 1, 1, 1),
)  # fmt: skip


def raised(case: str, code: int, *, late: bool) -> Exceptional:
    queue = queue_of(code)
    waiting = Waiting(Raised(case, code, f"{queue.words}: told on Monday", BEGUN), queue, date(2026, 6, 2), late)
    return Exceptional(waiting, SOURCE, ACTS[case], may_close=case == "case-2")


def detail(case: str, story: str, state: State, *, cents: int | None = 60_214_95, **more: Any) -> CaseDetail:
    told = CaseDetail(
        line=CaseLine(case, Side.RECEIVER, SOURCE, state, BEGUN + HOUR, cents, STORY[story].seen),
        account="7700-0077",
        rollover=None,
        parts=PARTS,
        reasons=STORY[story].seen.reasons,
        outbox=(),
        happened=(
            Happened(BEGUN, State.DRAFT, "asked for by the participant"),
            Happened(BEGUN + HOUR, State.DATA_REQUESTED, f"asked {SOURCE} for its half"),
        ),
        exceptions=(),
        acts=ACTS.get(case, ()),
    )
    return replace(told, **more)


def cases() -> dict[str, CaseDetail]:
    sent = (Sent(Kind.APPROVE, True, None), Sent(Kind.ABORT, False, None), Sent(Kind.RECEIPT, False, 616))
    amount = raised("case-2", 451, late=True)
    return {
        "case-1": detail("case-1", "held", State.VOTED, rollover=b"\x17" * 32, outbox=sent),
        "case-2": detail("case-2", "stopped", State.RELEASED, exceptions=(amount,), parent="case-1"),
        "case-3": detail("case-3", "in-the-way", State.NIGO, cents=None),
        "case-4": detail("case-4", "arrived", State.POSTED, sources=SOURCES, returns=(("case-9", State.HELD),)),
        "case-5": detail("case-5", "being-sold", State.PREVALIDATED),
        "case-6": detail("case-6", "another-way", State.OFF_RAIL, off_rail=(Way.WIRE, "FED 0612 8831")),
    }


def furnished(origin: str = ORIGIN) -> Desk:
    found = cases()
    line = replace(found["case-2"].line, exceptions=1)
    found["case-2"] = replace(found["case-2"], line=line)
    waiting = (*found["case-2"].exceptions, raised("case-3", 103, late=False))
    return Desk(origin=origin, details=found, tokens=dict(TOKENS), waiting=waiting)


class Browser:
    """Somebody's browser, with its cookies."""

    def __init__(self, desk: Desk) -> None:
        app = Starlette(routes=pages.routes(desk, SeededRandom(7)))
        self.client = TestClient(app, base_url=ORIGIN, follow_redirects=False)
        self.headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}

    def sign_in(self, token: str) -> Any:
        return self.client.post("/sign-in", data={"token": token}, headers=self.headers)

    def form(self, case: str) -> dict[str, str]:
        """What a form of the case's page carries."""
        text = self.client.get(f"/cases/{case}").text
        found = dict(re.findall(r'name="(csrf|key)" value="([^"]+)"', text))
        assert set(found) >= {"csrf"}, text
        return found

    def send(self, path: str, **fields: str) -> Any:
        return self.client.post(path, data=fields, headers=self.headers)


def test_nobody_comes_in_without_a_token_for_people() -> None:
    browser = Browser(furnished())
    for path in ("/", "/cases/case-1", "/exceptions", "/events", "/cases/no-such"):
        answer = browser.client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    for path in ("/cases/case-1/stop", "/cases/case-2/again", "/cases/case-2/off-rail", "/sign-out"):
        assert browser.send(path, code="401").status_code == 401
    for token in ("", "opp", "machine"):
        answer = browser.sign_in(token)
        assert answer.status_code == 401
        assert "This token opens no pages." in answer.text
        assert "set-cookie" not in answer.headers
    assert browser.client.get("/sign-in").status_code == 200


def test_a_session_is_a_cookie_that_scripts_and_other_sites_never_see_and_that_ends() -> None:
    desk = furnished()
    browser = Browser(desk)
    answer = browser.sign_in("op")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-open401k-node=")
    assert {"HttpOnly", "SameSite=strict", "Secure", "Path=/"} <= set(cookie.split("; "))
    assert "op" not in cookie.partition("=")[2].partition(";")[0].split()
    assert browser.client.get("/").status_code == 200
    desk.at += 3_601
    assert browser.client.get("/").status_code == 303  # idle
    browser.sign_in("op")
    del desk.tokens["op"]
    assert browser.client.get("/").status_code == 303  # the token was withdrawn
    desk.tokens["op"] = OPERATOR
    browser.sign_in("op")
    token = browser.form("case-1")["csrf"]
    assert browser.send("/sign-out", csrf="other").status_code == 403
    assert browser.send("/sign-out", csrf=token).status_code == 303
    assert browser.client.get("/").status_code == 303


def test_guessing_is_slowed_down() -> None:
    browser = Browser(furnished())
    assert [browser.sign_in(f"guess {each}").status_code for each in range(21)][-1] == 429
    assert browser.sign_in("op").status_code == 429


@pytest.mark.parametrize(
    ("path", "fields", "asked"),
    [
        ("/cases/case-2/again", {}, ("again", OPERATOR, "case-2")),
        (
            "/cases/case-2/off-rail",
            {"way": "check", "reference": " 10482 "},
            ("off_rail", OPERATOR, "case-2", Way.CHECK, "10482"),
        ),
        (
            "/cases/case-2/exceptions/451",
            {"words": "they pay it by check 9"},
            ("close_exception", OPERATOR, "case-2", 451, "they pay it by check 9"),
        ),
        (
            "/cases/case-2/exceptions/451",
            {"words": "they changed banks", "way": "wire", "reference": "20260601-7"},
            ("close_exception", OPERATOR, "case-2", 451, "they changed banks", (Way.WIRE, "20260601-7")),
        ),
        (
            "/cases/case-4/residual",
            {"came-0": "1,012.50", "came-1": "", "came-2": "$3.00", "payment_on": "2026-06-09"},
            ("residual", OPERATOR, "case-4", (1_012_50, 0, 3_00), date(2026, 6, 9)),
        ),
        ("/cases/case-3/stop", {"code": "175"}, None),
        ("/cases/case-3/stop", {"code": "451"}, ("stop", OPERATOR, "case-3", 451)),
    ],
)
def test_an_operator_acts_once_and_an_auditor_never(
    path: str, fields: dict[str, str], asked: tuple[object, ...] | None
) -> None:
    desk, case = furnished(), path.split("/")[2]
    browser = Browser(desk)
    browser.sign_in("op")
    carried = browser.form(case)
    assert carried["key"] == browser.form(case)["key"]
    answer = browser.send(path, **carried, **fields)
    if asked is None:  # preflight's code, which is none that a desk stops by
        assert (answer.status_code, desk.asked) == (422, [])
        return
    assert answer.status_code == 303
    assert desk.asked == [(*asked, carried["key"])]
    assert 'role="status"' in browser.client.get(answer.headers["location"]).text
    assert browser.send(path, **(carried | {"csrf": "x"}), **fields).status_code == 403
    browser.headers["Origin"] = "https://evil.example"
    assert browser.send(path, **carried, **fields).status_code == 403
    other = Browser(desk)
    other.sign_in("look")
    assert "What may be done" not in other.client.get(f"/cases/{case}").text
    assert other.send(path, **other.form(case), **fields).status_code == 403
    assert len(desk.asked) == 1


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"payment_on": ""}, "payment_on", "Choose the day"),
        ({"payment_on": "2026-06-09"}, "came-0", "Nothing came in."),
        ({"payment_on": "2026-06-09", "came-1": "0.00"}, "came-0", "Nothing came in."),
        ({"payment_on": "2026-06-09", "came-1": "1.005"}, "came-1", "Write it like 12.50"),
        ({"payment_on": "2026-06-09", "came-2": "-1.00"}, "came-2", "It is below zero."),
    ],
)
def test_what_came_in_later_is_typed_by_source(fields: dict[str, str], field: str, said: str) -> None:
    desk = furnished()
    browser = Browser(desk)
    browser.sign_in("op")
    page = browser.client.get("/cases/case-4").text
    assert '<dt>Asked back by</dt><dd><a href="/cases/case-9">case-9</a>: set aside</dd>' in page
    assert "After tax (earnings on it), in dollars" in page
    answer = browser.send("/cases/case-4/residual", **browser.form("case-4"), **fields)
    assert (answer.status_code, desk.asked) == (422, [])
    assert re.search(rf'id="{field}"[^>]*aria-invalid="true"', answer.text)
    assert said in answer.text


@pytest.mark.parametrize(
    ("path", "fields", "field", "said"),
    [
        ("off-rail", {"way": "", "reference": "1"}, "way", "Choose check or wire."),
        ("off-rail", {"way": "wire", "reference": " "}, "reference", "Write the number of the check"),
        ("off-rail", {"way": "wire", "reference": "x" * 101}, "reference", "longer than 100"),
        ("off-rail", {"way": "wire", "reference": "a\u0000b"}, "reference", "nobody can read"),
        ("stop", {"code": "999"}, "code", "Choose why it is to end"),
        ("stop", {"code": "²"}, "code", "Choose why it is to end"),
    ],
)
def test_a_form_that_is_wrong_names_the_field_and_keeps_what_was_typed(
    path: str, fields: dict[str, str], field: str, said: str
) -> None:
    desk = furnished()
    browser = Browser(desk)
    browser.sign_in("op")
    answer = browser.send(f"/cases/case-3/{path}", **browser.form("case-3"), **fields)
    assert answer.status_code == 422
    assert re.search(rf'id="{field}"[^>]*aria-invalid="true"', answer.text)
    assert said in answer.text
    assert desk.asked == []
    if path == "off-rail":
        desk.refuses = Refusal("", "It holds money.", "Stop it first.")
        answer = browser.send("/cases/case-3/off-rail", **browser.form("case-3"), way="wire", reference="FED 77")
        assert "It holds money." in answer.text
        assert 'value="FED 77"' in answer.text


def test_an_exception_is_said_once_and_closed_with_words() -> None:
    desk = furnished()
    browser = Browser(desk)
    browser.sign_in("op")
    listed, text = browser.client.get("/exceptions").text, browser.client.get("/cases/case-2").text
    words = queue_of(451).words
    for page in (listed, text):
        assert page.lower().count(words) == 1
        assert "Told on Monday" in page
    assert 'href="/cases/case-2#exceptions">Close this exception' in listed
    answer = browser.send("/cases/case-2/exceptions/451", **browser.form("case-2"), words="a\u0000b")
    assert (answer.status_code, desk.asked) == (422, [])
    assert re.search(r'id="found-451"[^>]*aria-invalid="true"', answer.text)
    assert "data-live" not in answer.text  # it would be loaded anew, and the form with it
    for path in ("exceptions/451", "stop", "again", "off-rail"):
        assert browser.client.get(f"/cases/case-2/{path}").headers["location"] == "/cases/case-2"


def test_reasons_have_one_clock_and_are_over_with_their_case() -> None:
    desk = furnished()
    browser = Browser(desk)
    browser.sign_in("op")
    twice = (found(Code.NOT_VESTED, "pre-tax"), found(Code.NOT_VESTED, "Roth"))
    case = desk.details["case-3"]
    line = replace(case.line, seen=replace(case.line.seen, reasons=twice))
    desk.details["case-3"] = replace(case, line=line, reasons=twice)
    text = browser.client.get("/cases/case-3").text
    assert re.findall(r'data-label="By"><time[^>]*>([^<]*)', text) == ["Wed, Jun 3", "Wed, Jun 3"]
    over = replace(line, seen=STORY["another-way"].seen, state=State.OFF_RAIL)
    desk.details["case-3"] = replace(case, line=over, reasons=twice)
    assert "What is in the way" not in browser.client.get("/cases/case-3").text


def test_forms_begin_empty() -> None:
    browser = Browser(furnished())
    browser.sign_in("op")
    text = browser.client.get("/cases/case-3").text
    assert " selected" not in text
    assert 'name="reference" required maxlength="100" autocomplete="off" value=""' in text


def test_lists_say_who_is_waited_for() -> None:
    desk = furnished()
    told = {
        pile.value: [
            (line.case.case, line.waits_for, line.late)
            for line in console.lines_of(desk.cases(CasesAsked(pile)).lines, RECEIVER)
        ]
        for pile in Pile
    }
    assert told == {
        "ours": [("case-1", RECEIVER, False), ("case-3", RECEIVER, False), ("case-2", "", False)],
        "open": [("case-5", SOURCE, False)],
        "ended": [("case-4", "", False), ("case-6", "", False)],
    }
    late = replace(desk.details["case-5"].line, seen=replace(STORY["being-sold"].seen, now=BEGUN + 30 * DAY))
    assert console.line_of(late, RECEIVER).late


def test_cases_are_shown_a_page_at_a_time_by_state_and_by_how_their_id_begins() -> None:
    browser = Browser(furnished())
    browser.sign_in("op")
    first = browser.client.get("/").text
    assert "case-1" in first
    assert "/?list=ours&amp;before=7" in first
    assert "Older cases" not in browser.client.get("/?before=7").text
    waits = browser.client.get("/?list=ours&state=nigo&begins=case").text
    assert ("case-3" in waits, "/cases/case-1" in waits) == (True, False)
    assert "/cases/case-3" not in browser.client.get("/?list=ours&begins=other").text
    assert "/cases/case-4" in browser.client.get("/?list=ended").text
    told = console.asked_of({"list": "all", "state": "<b>", "before": "-1", "begins": "x" * 200})
    assert (told.pile, told.state, told.cases.before, len(told.cases.begins)) == (Pile.OURS, None, None, 100)


def test_every_word_is_there() -> None:
    assert set(console.STATES) == set(State)
    assert set(console.SENT) == set(Kind)
    assert set(console.ACTS) == set(console.DID) == set(Act)
    assert [owner for owner, _ in console.codes()] == list(Owner)


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS)
def test_it_is_accessible_and_fits(opened: Open, desk: Desk, look: str) -> None:
    full = furnished()
    desk.details, desk.tokens, desk.waiting = full.details, full.tokens, full.waiting
    with opened(look) as page:
        page.goto(f"{desk.origin}/")
        assert violations(page) == []
        shoot(page, f"console-sign-in-{look}")
        page.get_by_label("Your token").fill("op")
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator("h1")).to_have_text("Cases")
        for name, path in {
            "cases": "/",
            "held": "/cases/case-1",
            "released": "/cases/case-2",
            "nigo": "/cases/case-3",
            "exceptions": "/exceptions",
        }.items():
            page.emulate_media(color_scheme="light")
            page.goto(desk.origin + path)
            assert violations(page) == [], name
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{name} scrolls sideways by {wide} pixels"
            shoot(page, f"console-{name}-{look}")
            assert violations_in_the_dark(page) == [], name
            shoot(page, f"console-{name}-{LOOKS[look][1]}")


@pytest.mark.browser
def test_a_case_follows_what_happens_and_keeps_what_is_being_typed(opened: Open, desk: Desk) -> None:
    full = furnished()
    desk.details, desk.tokens = full.details, full.tokens
    with opened() as page:
        page.goto(f"{desk.origin}/")
        page.get_by_label("Your token").fill("op")
        page.get_by_role("button", name="Sign in").click()
        with page.expect_response(lambda answer: "/events?case=case-3" in answer.url):
            page.get_by_role("link", name="case-3").click()
        page.get_by_label("Number or reference").fill("FED 0612")
        changed = replace(desk.details["case-3"].line, other="Third Custodian")
        desk.details["case-3"] = replace(desk.details["case-3"], line=changed, acts=(Act.STOP,))
        desk.cursor += 1
        expect(page.locator("#head")).to_contain_text("Third Custodian")
        expect(page.get_by_label("Number or reference")).to_have_value("FED 0612")


@pytest.mark.browser
def test_a_list_follows_from_when_it_was_drawn(opened: Open, desk: Desk) -> None:
    full = furnished()
    desk.details, desk.tokens, desk.cursor = full.details, full.tokens, 500
    with opened() as page:
        page.goto(f"{desk.origin}/")
        page.get_by_label("Your token").fill("op")
        with page.expect_response(lambda answer: answer.url.endswith("/events")):
            page.get_by_role("button", name="Sign in").click()
        desk.details.pop("case-3")
        page.wait_for_timeout(300)
        expect(page.locator("#list")).to_contain_text("case-3")  # nothing happened: nothing was asked anew
        desk.cursor += 1
        expect(page.locator("#list")).not_to_contain_text("case-3")
