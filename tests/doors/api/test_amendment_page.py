"""The page that amends a plan: shown first, adopted as shown and once, by those only who may change the plan."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.doors.api.conftest import Desk
from tests.doors.world import ORIGIN

from open401k import plan
from open401k.base.access import Role
from open401k.demo.setup import TERMS
from open401k.doors import amending_forms
from open401k.doors.guard import SESSION_COOKIE, form_token
from open401k.kernel import SponsorId

OLD = '"tiers": [[5000, 600]]'


class Browser:
    """Somebody signed in at the desk's plan."""

    def __init__(self, client: TestClient, desk: Desk, role: Role) -> None:
        sponsor = SponsorId.parse(desk.sponsor_id)
        self.token = desk.world.session(desk.world.user(f"A {role}", sponsor, role))
        self.client, self.url = client, f"/plans/{desk.plan_id}/amendments"
        client.cookies.set(SESSION_COOKIE, self.token)

    def text(self) -> str:
        """The terms that the form begins with."""
        found = re.search(r'<textarea id="provisions".*?>\n(.*?)</textarea>', self.client.get(self.url).text, re.DOTALL)
        assert found is not None
        return unescape(found[1])

    def send(self, path: str = "", **fields: str) -> Any:
        """A form of this session."""
        return self.client.post(self.url + path, data={"csrf": form_token(self.token), **fields})

    def preview(self, text: str, on: str, why: str = "A better match.") -> Any:
        """The first step."""
        return self.send("/preview", provisions=text, effective_on=on, why=why)


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
    text = browser.text()
    assert OLD in text
    books = paid.get(f"/v1/plans/{paid.plan_id}/journal")
    shown = browser.preview(text.replace(OLD, '"tiers": [[10000, 600]]'), "2026-01-01")
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
    assert amended["actor_id"] in after
    settled = paid.post(
        f"/v1/plans/{paid.plan_id}/amendments",
        {"effective_on": "2026-01-01", "why": "Again.", "provisions": {"match": {"tiers": [[10000, 600]]}}},
        "again",
    )
    assert settled.json()["code"] == "nothing_changes"


def test_everything_that_is_wrong_is_told_at_once_and_nothing_changes(paid: Desk, client: TestClient) -> None:
    browser = Browser(client, paid, Role.SPONSOR)
    text = browser.text()
    wrong = text.replace(OLD, '"tiers": "half"').replace('"minimum_age": 21', '"minimum_age": "old"')
    answer = browser.preview(wrong, "soon", " ")
    assert answer.status_code == 422
    for place in ("match.tiers", "eligibility.minimum_age", "effective_on", "why"):
        assert f"<code>{place}</code>" in answer.text, place
    assert "&#34;half&#34;" in answer.text  # what was entered is still there
    against = text.replace(OLD, '"tiers": [[1000, 600]]').replace('"minimum_age": 21', '"minimum_age": 25')
    refused = browser.preview(against, "2026-01-01")
    assert "It cannot be adopted" in refused.text
    assert "eligibility.minimum_age" in refused.text
    assert "411(d)(6)" in refused.text
    assert "Adopt this amendment" not in refused.text
    assert browser.preview(text, "2026-01-01").status_code == 422
    assert browser.preview("{", "2026-01-01").status_code == 422
    assert "effective_on" in browser.preview(text.replace(OLD, '"tiers": [[10000, 600]]'), "1999-01-01").text
    assert listed(paid) == ["adopted"]


def test_what_was_amended_since_the_preview_is_not_adopted_unseen(paid: Desk, client: TestClient) -> None:
    browser = Browser(client, paid, Role.SPONSOR)
    shown = browser.preview('{"loans": {"most_at_once": 1}}', "2026-02-01", "Loans.")
    assert "It does not reach back" in shown.text
    other = {"effective_on": "2026-02-01", "why": "More.", "provisions": {"match": {"tiers": [[10000, 600]]}}}
    assert paid.post(f"/v1/plans/{paid.plan_id}/amendments", other, "other").status_code == 201
    assert browser.send(**hidden(shown.text)).status_code == 409
    assert listed(paid) == ["adopted", "More."]


@pytest.mark.parametrize("role", [each for each in Role if each not in (Role.SPONSOR, Role.OPERATIONS)], ids=str)
def test_nobody_else_may_preview_or_adopt(desk: Desk, role: Role) -> None:
    with TestClient(desk.app, base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False) as client:
        browser = Browser(client, desk, role)
        assert browser.preview('{"loans": {}}', "2026-02-01").status_code == 403
        sent = {"changes": '{"loans": {}}', "effective_on": "2026-02-01", "why": "Loans.", "key": "k", "seen": ""}
        assert browser.send(**sent).status_code == 403
        assert "Preview</button>" not in client.get(browser.url).text
    assert listed(desk) == ["adopted"]


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5_000, "[]", '{"maching": {}}', '{"adopted_on": "2020-01-01"}'])
def test_a_text_that_is_no_amendment_is_told(text: str) -> None:
    terms = plan.Provisions(adopted_on=date(2019, 1, 1), **TERMS)
    assert not isinstance(amending_forms.read(text, "2026-01-01", "Why.", shown=terms), amending_forms.Asked)


def test_the_text_of_the_terms_changes_nothing_and_one_change_is_one() -> None:
    terms = plan.Provisions(adopted_on=date(2019, 1, 1), **TERMS)
    text = amending_forms.as_text(terms)
    same = amending_forms.read(text, "2026-01-01", "Why.", shown=terms)
    assert not isinstance(same, amending_forms.Asked)
    assert [each.pointer for each in same] == ["provisions"]
    other = amending_forms.read(text.replace(OLD, '"tiers": [[10000, 600]]'), "2026-01-01", "Why.", shown=terms)
    assert isinstance(other, amending_forms.Asked)
    assert other.changes.model_fields_set == {"match"}
