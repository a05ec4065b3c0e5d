"""Leading and joining by form: all that is wrong at once, codes for whom they are, each part in plain words."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.doors.node.conftest import LOOKS, Open, free_port, served, shoot
from tests.doors.node.desk import BEGUN, DAY, HOUR, LINK, RECEIVER, SOURCE, STORY, Desk, S, V, seen
from tests.doors.node.test_api import Both, both  # noqa: F401 (a fixture)
from tests.doors.node.test_console import AUDITOR, OPERATOR, ORIGIN, Browser, detail
from tests.doors.node.test_tracker_page import JARGON
from tests.rails.node.conftest import another_database, migrated  # noqa: F401 (fixtures)
from tests.support.accessible import violations, violations_in_the_dark

from open401k.doors.node import pages, tracker_page
from open401k.doors.node.for_pages import NodePages
from open401k.doors.node.for_receivers import NodeReceivers
from open401k.doors.node.provided import Refusal, Signing, Staff
from open401k.doors.node.wishes import Named, NotMeantError, Us, Wish, wish_of
from open401k.kernel import SeededRandom
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import Mode, Role
from open401k.rails.node.cases import State
from open401k.rails.node.halves import Wanted
from open401k.rails.node.shares import Share, handed
from open401k.rails.preflight.facts import Part
from open401k.rails.preflight.reasons import Code, found
from open401k.rails.tracking import CaseState, SideSeen, Verdict, Vote

BANK = "First Bank of the Plains"
PAYS, OTHER = b"\x51" * 20, b"\x52" * 20
US = Us(b"\x50" * 20, RECEIVER, (Named(PAYS, SOURCE), Named(OTHER, BANK)), date(2026, 6, 2))
CODE = handed(b"\x17" * 32, PAYS, "S-77", Mode.FIXED)
LED = {
    "source": PAYS.hex(), "account": "R-1", "source_account": "S-77", "mode": "fixed", "deadline": "2026-08-28",
    "into-pre_tax": "plan", "cents-pre_tax": "$3,000.00",
}  # fmt: skip
JOINED = {name: told for name, told in LED.items() if name != "mode"} | {"code": CODE}


@dataclass
class Receivers:
    """What the forms are given."""

    asked: list[tuple[Staff, Wish, str]] = field(default_factory=list)
    refuses: Refusal | None = None

    def us(self) -> Us:
        return US

    def begin(self, staff: Staff, wish: Wish, *, key: str) -> str | Refusal:
        if self.refuses is None:
            self.asked.append((staff, wish, key))
        return self.refuses or "case-1"


def test_what_was_typed_is_a_half_that_the_systems_fill() -> None:
    led = wish_of(LED, [OTHER.hex()], US, joins=False)
    assert (led.source, led.receivers, led.code) == (PAYS, (OTHER,), None)
    assert led.half.wanted == (Wanted(Kind.PRE_TAX, Into.PLAN, 3_000_00),)
    assert (led.half.member, led.half.mode, led.half.identity, led.half.key) == (US.member, Mode.FIXED, None, None)
    joined = wish_of(JOINED, [], US, joins=True)
    assert (joined.code, joined.half.mode, joined.receivers) == (b"\x17" * 32, Mode.FIXED, ())
    every = handed(b"\x17" * 32, PAYS, "S-77", Mode.ALL)
    rest = wish_of(JOINED | {"code": every.replace("-", " "), "cents-pre_tax": ""}, [], US, joins=True)
    assert (rest.half.mode, rest.half.wanted[0].cents) == (Mode.ALL, None)


@pytest.mark.parametrize(
    ("change", "field", "joins"),
    [
        ({"source": "51"}, "source", False),
        ({"account": " "}, "account", False),
        ({"source_account": "a\x00b"}, "source_account", False),
        ({"mode": "some"}, "mode", False),
        ({"deadline": "2026-06-02"}, "deadline", False),
        ({"deadline": "soon"}, "deadline", False),
        ({"cents-pre_tax": ""}, "cents-pre_tax", False),
        ({"cents-pre_tax": "0"}, "cents-pre_tax", False),
        ({"cents-pre_tax": "1.234"}, "cents-pre_tax", False),
        ({"cents-roth": "5.00"}, "into-roth", False),
        ({"into-pre_tax": "", "cents-pre_tax": ""}, "into-pre_tax", False),
        ({"code": CODE[:-1] + "x"}, "code", True),
        ({"code": CODE[:-1]}, "code", True),
        ({"source_account": "S-78"}, "code", True),
        ({"source": OTHER.hex()}, "code", True),
        ({"code": ("1" if CODE[0] == "0" else "0") + CODE[1:]}, "code", True),
    ],
)
def test_each_place_that_is_wrong_is_named(change: dict[str, str], field: str, joins: bool) -> None:
    with pytest.raises(NotMeantError) as wrong:
        wish_of((JOINED if joins else LED) | change, [OTHER.hex()], US, joins=joins)
    assert [each.field for each in wrong.value.refusals] == [field]
    assert all(each.reason and each.fix for each in wrong.value.refusals)


@pytest.mark.parametrize("others", [[], [PAYS.hex()], ["77" * 20]])
def test_who_else_receives_is_somebody_else(others: list[str]) -> None:
    with pytest.raises(NotMeantError, match="with"):
        wish_of(LED, others, US, joins=False)


def site(desk: Desk, given: Receivers) -> Browser:
    browser = Browser(desk)
    app = Starlette(routes=pages.routes(desk, SeededRandom(7), receivers=given))
    browser.client = TestClient(app, base_url=ORIGIN, follow_redirects=False)
    return browser


def test_an_operator_leads_and_joins_and_an_auditor_does_neither() -> None:
    desk, given = furnished(), Receivers()
    browser = site(desk, given)
    assert browser.client.get("/lead").headers["location"] == "/sign-in"
    browser.sign_in("op")
    for name, form in (("lead", LED | {"with": OTHER.hex()}), ("join", JOINED)):
        text = browser.client.get(f"/{name}").text
        carried = dict(re.findall(r'name="(csrf|key)" value="([^"]+)"', text))
        assert " selected" not in text
        assert " checked" not in text
        empty = browser.send(f"/{name}", **carried)
        assert empty.status_code == 422
        assert empty.text.count('aria-invalid="true"') >= 5
        answer = browser.send(f"/{name}", **carried, **form)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/case-1?did={name}")
        assert 'role="status"' in browser.client.get(answer.headers["location"]).text
        assert given.asked[-1][0] == OPERATOR
        assert given.asked[-1][2] == carried["key"]
        given.refuses = Refusal("", "This code was used for case x.", "Put the facts of that one.")
        again = browser.send(f"/{name}", **carried, **form).text
        assert "This code was used for case x." in again
        assert 'value="S-77"' in again
        given.refuses = None
        assert browser.send(f"/{name}", **(carried | {"csrf": "x"}), **form).status_code == 403
    asked = len(given.asked)
    other = site(desk, given)
    other.sign_in("look")
    assert "/lead" not in other.client.get("/").text
    assert [other.client.get(f"/{name}").status_code for name in ("lead", "join")] == [403, 403]
    assert other.send("/join", **other.form("case-7"), **JOINED).status_code == 403
    assert len(given.asked) == asked


PARTS = (Part(Kind.PRE_TAX, Into.PLAN, 0, 48_210_55), Part(Kind.ROTH, Into.ROTH_IRA, 1, 12_004_40))
AWAITED = (
    Share(0, b"a", RECEIVER, False, True, PARTS[:1], State.DATA_REQUESTED),
    Share(1, b"b", "", False, False, (), None, CODE),
)


def several(
    verdict: Verdict = V.ABSENT, receiver: CaseState = S.PREVALIDATED, other: CaseState = S.PREVALIDATED, **more: Any
) -> Any:
    there = more.pop("there", True)
    place = more.pop("place", 1)
    told = seen(verdict, more.pop("source", S.PREVALIDATED), receiver, **more)
    sides = (*told.receivers, SideSeen(BANK, other, BEGUN + HOUR, has_joined=there, place=place))
    return replace(STORY["to-sign"], seen=replace(told, receivers=sides), parts=PARTS, signing=Signing.SIGNED)


VOTES = (Vote(Role.SOURCE, SOURCE, True), Vote(Role.RECEIVER, RECEIVER, True), Vote(Role.RECEIVER, BANK, False))
SIGNED: dict[str, Any] = {"elected_at": BEGUN + 6 * HOUR}
HELD: dict[str, Any] = SIGNED | {"votes": VOTES, "deadline": BEGUN + 5 * DAY, "source": S.VOTED}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (several(V.ABSENT, S.DATA_REQUESTED, S.DATA_REQUESTED, there=False),
         ("Not everything is in order yet", f"{BANK} joins with a code that {RECEIVER} hands over")),
        (several(), ("It waits for your signature.", "It waits for your signature.")),
        (several(source=S.LIQUIDATING, **SIGNED), ("exact amounts are not known yet",) * 2),
        (several(V.PREPARING, S.VOTED, **HELD), ("It agreed to the exact amounts", "has not come here yet")),
        (several(V.COMMITTED, S.POSTED, S.VOTED, **HELD), ("Arrived: it is in your", "Paid. It is being entered")),
        (several(V.ABORTED, S.RELEASED, S.RELEASED, **(HELD | {"source": S.RELEASED})), ("It did not move.",) * 2),
    ],
)  # fmt: skip
def test_the_participant_reads_where_each_part_stands(told: Any, said: tuple[str, str]) -> None:
    desk = Desk(links={LINK: told})
    text = html.unescape(TestClient(Starlette(routes=pages.routes(desk, SeededRandom(7)))).get(f"/r/{LINK}").text)
    part = text.partition("Each part of your move")[2]
    shown = re.findall(r"<li><strong>([^<]+)</strong>(.*?)</li>", part, re.S)
    assert [name for name, _ in shown] == [RECEIVER, BANK]
    for (_, words), expected in zip(shown, said, strict=True):
        assert expected in words
    assert "$48,210.55" in part
    assert "<small>New accounts</small>" in text
    assert "both sides" not in text.partition("Step by step")[0]
    assert not JARGON.search(re.sub(r"<[^>]+>|\s+", " ", text.partition("<main")[2]))


def test_what_concerns_one_company_is_asked_of_that_one() -> None:
    letter = found(Code.RECEIVER_DOES_NOT_TAKE_IT, f"{BANK}: Roth into a Roth IRA", to=1)
    told = tracker_page.shown(several(V.ABSENT, S.NIGO, S.NIGO, source=S.NIGO, reasons=(letter,)))
    assert [each.owner for each in told.others] == [BANK]
    assert [each.said for each in told.shares] == [
        "In order there. It waits until everything else is.", "It knows of the move. Not everything is in order yet.",
    ]  # fmt: skip
    of_all = tracker_page.shown(several(V.ABSENT, S.NIGO, S.NIGO, source=S.NIGO, reasons=(replace(letter, to=None),)))
    assert [each.owner for each in of_all.others] == [f"{RECEIVER} and {BANK}"]


def test_a_part_is_of_the_place_that_its_terms_name_also_where_somebody_before_it_takes_nothing() -> None:
    told = several(place=2)
    told = replace(told, parts=(PARTS[0], replace(PARTS[1], to=2)))
    assert [[part.cents for part in each.parts] for each in tracker_page.shown(told).shares] == [
        [48_210_55],
        [12_004_40],
    ]


def test_several_new_accounts_are_several_and_no_sum_is_told_before_all_joined() -> None:
    done = tracker_page.shown(several(V.CLOSED, S.POSTED, S.POSTED, **(HELD | {"source": S.POSTED})))
    assert done.track.where == f"Your money is in your new accounts at {RECEIVER} and {BANK}."
    assert done.stops[-1].said == "Your new accounts show the money"
    paid = tracker_page.shown(several(V.COMMITTED, S.POSTED, S.VOTED, **HELD))
    assert "entered in your new accounts." in paid.track.where
    awaited = several(V.ABSENT, S.DATA_REQUESTED, S.DATA_REQUESTED, there=False)
    assert (tracker_page.shown(awaited).cents, tracker_page.shown(several()).cents) == (None, 60_214_95)


def furnished(origin: str = ORIGIN) -> Desk:
    case = detail("case-7", "being-sold", State.DATA_REQUESTED, shares=AWAITED)
    told = several(V.ABSENT, S.DATA_REQUESTED, S.DATA_REQUESTED, there=False).seen
    case = replace(case, line=replace(case.line, seen=told))
    full = replace(case, line=replace(case.line, case="case-1"))
    return Desk(
        origin=origin, details={"case-7": case, "case-1": full}, tokens={"op": OPERATOR, "look": AUDITOR},
        links={LINK: several(V.PREPARING, S.VOTED, **HELD)},
    )  # fmt: skip


def test_a_code_is_shown_to_who_may_hand_it_over() -> None:
    desk = furnished()
    for token, is_shown in (("op", True), ("look", False)):
        browser = Browser(desk)
        browser.sign_in(token)
        text = browser.client.get("/cases/case-7").text
        assert (CODE in text) is is_shown
        assert BANK in text
        assert "Awaited" in text


def test_the_console_does_not_say_that_an_approval_is_missing_which_nobody_tells_it() -> None:
    told = several(V.PREPARING, S.VOTED, **(HELD | {"votes": (*VOTES[:2], replace(VOTES[2], is_told=False))}))
    case = detail("case-7", "held", State.VOTED)
    desk = Desk(details={"case-7": replace(case, line=replace(case.line, seen=told.seen))}, tokens={"op": OPERATOR})
    browser = Browser(desk)
    browser.sign_in("op")
    text = browser.client.get("/cases/case-7").text
    assert "Not known here" in text
    assert ">Missing<" not in text
    assert "Agree to the exact amounts, if it has not yet." in text


def test_a_node_leads_once_for_a_form(both: Both) -> None:  # noqa: F811
    given, member = NodeReceivers(NodePages(both.receiver.doors)), both.nodes[1].identity.member
    us = given.us()
    (payer,) = us.peers
    assert (us.member, payer.member) == (member, both.nodes[0].identity.member)
    us = replace(us, peers=(payer, Named(OTHER, BANK)))
    form = LED | {"source": payer.member.hex(), "source_account": "account at source", "account": "account at receiver"}
    wish = wish_of(form, [OTHER.hex()], us, joins=False)
    case = given.begin(OPERATOR, wish, key="one")
    assert isinstance(case, str)
    assert given.begin(OPERATOR, wish, key="one") == case
    other = replace(wish, half=replace(wish.half, account="another"))
    assert isinstance(given.begin(OPERATOR, other, key="one"), Refusal)
    shown = NodePages(both.receiver.doors).case(case)
    assert shown is not None
    ours, theirs = shown.shares
    assert (ours.is_ours, theirs.has_joined) == (True, False)
    assert theirs.code is not None
    both.carry()
    (paid,) = (each["case"] for each in both.source("GET", "/v1/rollovers").json()["rollovers"])
    there = NodePages(both.source.doors).case(paid)
    assert there is not None
    assert there.shares[1].code == theirs.code
    assert list(both.source("GET", f"/v1/rollovers/{paid}/codes").json()["codes"].values()) == [theirs.code]


@pytest.fixture
def console_desk() -> Iterator[tuple[Desk, Receivers]]:
    """A node in memory whose forms can be sent."""
    port, given = free_port(), Receivers()
    desk = furnished(f"http://localhost:{port}")
    with served(Starlette(routes=pages.routes(desk, SeededRandom(7), receivers=given)), port):
        yield desk, given


def signed_in(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.origin}/")
    page.get_by_label("Your token").fill("op")
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS)
def test_it_is_accessible_and_fits(opened: Open, console_desk: tuple[Desk, Receivers], look: str) -> None:
    desk, _ = console_desk
    with opened(look, expected="422") as page:
        signed_in(page, desk)
        for name, path in {"case": "/cases/case-7", "lead": "/lead", "join": "/join", "parts": f"/r/{LINK}"}.items():
            page.emulate_media(color_scheme="light")
            page.goto(desk.origin + path)
            if name == "join":
                page.locator("form[action='/join']").evaluate("form => { form.noValidate = true; form.submit() }")
                expect(page.get_by_role("alert")).to_contain_text("5 places below")
            assert violations(page) == [], name
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{name} scrolls sideways by {wide} pixels"
            shoot(page, f"receivers-{name}-{look}")
            assert violations_in_the_dark(page) == [], name


@pytest.mark.browser
def test_a_code_is_entered_without_scripts(opened: Open, console_desk: tuple[Desk, Receivers]) -> None:
    desk, given = console_desk
    with opened("phone", script=False) as page:
        signed_in(page, desk)
        page.get_by_role("link", name="Lead or join").click()
        page.get_by_role("link", name="Join a rollover").click()
        page.get_by_label("Who pays").select_option(SOURCE)
        page.get_by_label("Account there").fill("S-77")
        page.get_by_label("Code").fill(CODE.upper())
        page.get_by_label("Account with us").fill("R-1")
        roth = page.get_by_role("group", name="Roth money")
        roth.get_by_label("Goes to").select_option("the Roth IRA")
        roth.get_by_label("Amount").fill("800.00")
        page.get_by_label("Last day").fill("2026-08-28")
        page.get_by_role("button", name="Join").click()
        expect(page.get_by_role("status")).to_contain_text("We joined.")
        expect(page.locator("main")).to_contain_text(CODE)
        shoot(page, "receivers-joined-without-scripts")
    ((_, wish, _),) = given.asked
    assert wish.half.wanted == (Wanted(Kind.ROTH, Into.ROTH_IRA, 800_00),)
