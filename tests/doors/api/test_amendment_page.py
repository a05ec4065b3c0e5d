"""The page that amends a plan: shown first, adopted as shown and once, by those only who may change the plan."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.doors.api.conftest import Desk
from tests.doors.world import ORIGIN

from open401k.base.access import Role
from open401k.doors import amending_forms
from open401k.doors.guard import SESSION_COOKIE, form_token
from open401k.kernel import SponsorId

RATE = "match.tiers.0.rate_bps"


class _Form(HTMLParser):
    """The fields of the form that previews, as a browser would send them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self.inside, self.area, self.select = False, "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = told.get("action", "").endswith("/preview")
        if not self.inside:
            return
        if tag == "input" and (told.get("type") != "checkbox" or "checked" in told):
            self.sent.append((told["name"], told["value"]))
        elif tag == "select":
            self.select = told["name"]
        elif tag == "option" and "selected" in told:
            self.sent.append((self.select, told["value"]))
        elif tag == "textarea":
            self.area = told["name"]
            self.sent.append((self.area, ""))

    def handle_data(self, data: str) -> None:
        if self.area:
            self.sent[-1] = (self.area, data.strip())

    def handle_endtag(self, tag: str) -> None:
        self.area = "" if tag == "textarea" else self.area


class Browser:
    """Somebody signed in at the desk's plan."""

    def __init__(self, client: TestClient, desk: Desk, role: Role) -> None:
        sponsor = SponsorId.parse(desk.sponsor_id)
        self.token = desk.world.session(desk.world.user(f"A {role}", sponsor, role))
        self.client, self.url = client, f"/plans/{desk.plan_id}/amendments"
        client.cookies.set(SESSION_COOKIE, self.token)

    def fields(self, on: str = "") -> dict[str, list[str]]:
        """What the form begins with, of today or of a day."""
        found: dict[str, list[str]] = {}
        for name, value in _Form(self.client.get(self.url, params={"on": on} if on else None).text).sent:
            found.setdefault(name, []).append(value)
        return found

    def send(self, path: str = "", **fields: Any) -> Any:
        """A form of this session."""
        return self.client.post(self.url + path, data={**fields, "csrf": form_token(self.token)})

    def preview(self, changed: dict[str, Any], on: str, why: str = "A better match.") -> Any:
        """The first step."""
        return self.send("/preview", **{**self.fields(), **changed, "effective_on": on, "why": why})


def hidden(page: str) -> dict[str, str]:
    """The fields of the form that adopts."""
    return {
        name: unescape(value)
        for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
        if name in ("key", "seen", "changes", "effective_on", "why")
    }


@pytest.fixture
def paid(desk: Desk) -> Desk:
    """Everybody was paid on 9 January; it is the 21st."""
    desk.world.clock.advance_to(datetime(2026, 1, 9, 17, tzinfo=UTC))
    posted = desk.post("/v1/payroll-runs", {**desk.payroll(), "confirmed": True}, "pay")
    assert posted.json()["state"] == "posted", posted.text
    desk.world.clock.advance_to(datetime(2026, 1, 21, 17, tzinfo=UTC))
    return desk


@pytest.fixture
def client(paid: Desk) -> Iterator[TestClient]:
    """A browser."""
    headers = {"Origin": ORIGIN}
    with TestClient(paid.app, base_url=ORIGIN, headers=headers, follow_redirects=False) as found:
        yield found


def listed(desk: Desk) -> list[str]:
    """The reasons on file."""
    return [each["why"] for each in desk.get(f"/v1/plans/{desk.plan_id}/amendments")["items"]]


def test_a_late_amendment_is_shown_then_adopted_once_and_attributed(paid: Desk, client: TestClient) -> None:
    browser = Browser(client, paid, Role.SPONSOR)
    assert browser.fields()[RATE] == ["50"]
    books = paid.get(f"/v1/plans/{paid.plan_id}/journal")
    shown = browser.preview({RATE: "100"}, "2026-01-01")
    assert shown.status_code == 200
    assert paid.get(f"/v1/plans/{paid.plan_id}/journal") == books
    words = unescape(re.sub(r"<[^>]+>", "", shown.text))
    assert "50% of deferrals to 6% of pay" in words
    assert "100% of deferrals to 6% of pay" in words
    assert "1 pay date posted" in words
    assert "$300.00 more in accounts in all" in words  # each of three had 100.00 of 200.00, and would have 200.00
    assert listed(paid) == ["adopted"]
    sent = hidden(shown.text)
    assert set(json.loads(sent["changes"])) == {"match"}
    for _ in range(2):
        assert browser.send(**sent).status_code == 303
    assert listed(paid) == ["adopted", "A better match."]
    assert browser.send(**{**sent, "why": "Another."}).status_code == 409
    trail = paid.get(f"/v1/sponsors/{paid.sponsor_id}/audit-trail", limit=100)["items"]
    (amended,) = [each for each in trail if each["action"] == "plan.amended"]
    assert (amended["actor_kind"], amended["actor_id"][:4]) == ("user", "usr_"), amended
    after = client.get(browser.url).text
    assert "A better match." in after
    assert "A sponsor" in after
    assert amended["actor_id"] not in after
    settled = paid.post(
        f"/v1/plans/{paid.plan_id}/amendments",
        {"effective_on": "2026-01-01", "why": "Again.", "provisions": {"match": {"tiers": [[10000, 600]]}}},
        "again",
    )
    assert settled.json()["code"] == "nothing_changes"


def test_terms_of_another_day_are_changed_as_they_are_then_and_not_from_those_of_today(
    paid: Desk, client: TestClient
) -> None:
    browser, cap = Browser(client, paid, Role.SPONSOR), "match.cap_cents"
    tiers = {"match": {"tiers": [[10000, 600]]}}
    sent = {"effective_on": "2026-03-01", "why": "More from March.", "provisions": tiers}
    assert paid.post(f"/v1/plans/{paid.plan_id}/amendments", sent, "march").status_code in (200, 201)
    assert browser.fields()[RATE] == ["50"]
    other = browser.preview({cap: "900"}, "2026-04-01")
    assert other.status_code == 422  # or the match of March would be that of today again
    assert "On 2026-04-01 other terms are in force than those shown here: match" in other.text
    of_april = browser.fields("2026-04-01")
    assert (of_april[RATE], of_april["effective_on"]) == (["100"], ["2026-04-01"])
    shown = browser.send("/preview", **{**of_april, cap: "900", "why": "A cap."})
    assert json.loads(hidden(shown.text)["changes"])["match"]["tiers"] == [[10000, 600]]
    assert browser.client.get(browser.url, params={"on": "soon"}).status_code == 422


def test_everything_that_is_wrong_is_told_at_once_and_nothing_changes(paid: Desk, client: TestClient) -> None:
    browser = Browser(client, paid, Role.SPONSOR)
    answer = browser.preview({RATE: "half", "eligibility.minimum_age": "old", "safe_harbor": "some"}, "soon", " ")
    assert answer.status_code == 422
    for called in ("Match: of deferrals", "Eligibility: age, at least", "Safe harbor", "Effective on", "Why"):
        assert called in re.sub(r"<[^>]+>", "", answer.text), called
    assert 'href="#f-match-tiers-0-rate_bps"' in answer.text
    assert 'value="half"' in answer.text  # what was entered is still there
    refused = browser.preview({RATE: "10", "eligibility.minimum_age": "25"}, "2026-01-01")
    assert "It cannot be adopted" in refused.text
    assert "Eligibility: age, at least: " in refused.text
    assert "411(d)(6)" in refused.text
    assert "Adopt this amendment" not in refused.text
    assert 'value="25"' in refused.text
    assert browser.preview({}, "2026-01-01").status_code == 422
    assert "Effective on" in browser.preview({RATE: "100"}, "1999-01-01").text
    assert listed(paid) == ["adopted"]


def test_rows_and_whole_parts_are_added_and_taken_out(paid: Desk, client: TestClient) -> None:
    browser = Browser(client, paid, Role.SPONSOR)
    more = browser.preview({"more": "match.tiers"}, "2026-02-01")
    assert "Preview: nothing is adopted yet" not in more.text
    assert 'name="match.tiers.2.rate_bps"' in more.text
    tiers = {RATE: "100", "match.tiers.0.up_to_bps_of_pay": "3", "match.tiers.1.rate_bps": "50"}
    shown = browser.preview(
        tiers | {"match.tiers.1.up_to_bps_of_pay": "5.5", "given": ["match", "loans"]}, "2026-02-01"
    )
    assert json.loads(hidden(shown.text)["changes"])["match"]["tiers"] == [[10000, 300], [5000, 550]]
    assert json.loads(hidden(shown.text)["changes"])["loans"]["minimum_cents"] == 100_000
    assert "Loans: least amount" in shown.text
    none = browser.preview({"given": []}, "2026-02-01", "No match.")
    assert json.loads(hidden(none.text)["changes"]) == {"match": None}
    half = browser.preview({"match.tiers.1.rate_bps": "50"}, "2026-02-01")
    assert half.status_code == 422
    assert "Fill this in." in half.text


def test_what_was_amended_since_the_preview_is_not_adopted_unseen(paid: Desk, client: TestClient) -> None:
    browser = Browser(client, paid, Role.SPONSOR)
    shown = browser.preview({"given": ["match", "loans"]}, "2026-02-01", "Loans.")
    assert "It does not reach back" in shown.text
    other = {"effective_on": "2026-02-01", "why": "More.", "provisions": {"match": {"tiers": [[10000, 600]]}}}
    assert paid.post(f"/v1/plans/{paid.plan_id}/amendments", other, "other").status_code == 201
    assert browser.send(**hidden(shown.text)).status_code == 409
    assert listed(paid) == ["adopted", "More."]


@pytest.mark.parametrize("role", [each for each in Role if each not in (Role.SPONSOR, Role.OPERATIONS)], ids=str)
def test_nobody_else_may_preview_or_adopt(desk: Desk, role: Role) -> None:
    with TestClient(desk.app, base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False) as client:
        browser = Browser(client, desk, role)
        assert browser.preview({}, "2026-02-01").status_code == 403
        sent = {"changes": '{"loans": {}}', "effective_on": "2026-02-01", "why": "Loans.", "key": "k", "seen": ""}
        assert browser.send(**sent).status_code == 403
        assert "Preview</button>" not in client.get(browser.url).text
    assert listed(desk) == ["adopted"]


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5_000, "[]", '{"maching": {}}', '{"adopted_on": "2020-01-01"}'])
def test_a_text_that_is_no_amendment_is_told(text: str) -> None:
    assert not isinstance(amending_forms.read_text(text, "2026-01-01", "Why."), amending_forms.Asked)
