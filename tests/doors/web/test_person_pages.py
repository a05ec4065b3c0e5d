"""What is learned late of somebody, and what they elect, put on file on their page: once, with what follows told."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.doors.api.conftest import Desk, desk, operator, real  # noqa: F401 (fixtures)
from tests.doors.world import ORIGIN

from open401k.base.access import Role
from open401k.doors.guard import SESSION_COOKIE
from open401k.kernel import SponsorId


@pytest.fixture
def browser(desk: Desk) -> Iterator[TestClient]:  # noqa: F811
    """The sponsor's, at the plan of the desk."""
    token = desk.world.session(desk.world.user("Olive Owner", SponsorId.parse(desk.sponsor_id), Role.SPONSOR))
    with TestClient(desk.app, base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=True) as client:
        client.cookies.set(SESSION_COOKIE, token)
        yield client


def token_of(text: str) -> str:
    return text.split('name="csrf" value="')[1].split('"')[0]


@pytest.fixture
def paid(desk: Desk) -> Desk:  # noqa: F811
    """Everybody was paid on 9 January."""
    desk.world.clock.advance_to(datetime(2026, 1, 9, 17, tzinfo=UTC))
    posted = desk.post("/v1/payroll-runs", {**desk.payroll(), "confirmed": True}, "jan 9")
    assert posted.json()["state"] == "posted", posted.text
    return desk


@pytest.fixture
def here(paid: Desk) -> str:
    """The page of the second machinist, of whom 100 dollars of match were posted."""
    return f"/plans/{paid.plan_id}/people/{paid.employees[2]}"


def sent(browser: TestClient, here: str, path: str, **fields: str) -> Any:
    page = browser.get(here).text
    key = page.split('name="key" value="')[1].split('"')[0]
    return browser.post(f"{here}/{path}", data={"csrf": token_of(page), "key": key, **fields})


def test_a_late_fact_derives_the_past_anew_and_says_what_followed(
    paid: Desk,
    browser: TestClient,
    here: str,
) -> None:
    page = browser.get(here).text
    key = page.split('name="key" value="')[1].split('"')[0]
    hired = {"csrf": token_of(page), "key": key, "kind": "hired", "event_on": "2025-06-01", "instead_of": "2020-01-01"}
    told = [browser.post(f"{here}/facts", data=hired).text for _ in range(2)]
    assert "$100.00 less of it from the employer" in told[0]
    assert told[0].split('class="flash"')[1][:400] == told[1].split('class="flash"')[1][:400]
    assert "hired Jun 1, 2025" in told[0]
    assert browser.post(f"{here}/facts", data={**hired, "event_on": "2025-07-01"}).status_code == 409
    assert (
        "Nothing that was posted changes."
        in sent(browser, here, "facts", kind="birth_date", birth_date="1990-02-04").text
    )
    assert "Feb 4, 1990" in browser.get(here).text
    back = sent(browser, here, "facts", kind="hired", event_on="2020-01-01", instead_of="2025-06-01")
    assert "$100.00 more of it from the employer" in back.text


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "hired", "event_on": "soon"},
        {"kind": "hired"},
        {"kind": "promoted", "event_on": "2026-01-01"},
        {"kind": "birth_date", "birth_date": "1990"},
        {"kind": "ssn", "ssn": "12"},
        {"kind": "pay_of_year", "year": "MMXXV", "section_415": "1"},
        {"kind": "pay_of_year", "year": "2025", "section_415": "much"},
    ],
    ids=str,
)
def test_what_is_no_fact_is_told_and_not_recorded(
    paid: Desk,
    browser: TestClient,
    here: str,
    fields: dict[str, str],
) -> None:
    trail = f"/v1/sponsors/{paid.sponsor_id}/audit-trail"
    before = paid.get(trail)
    assert sent(browser, here, "facts", **fields).status_code == 422
    assert paid.get(trail) == before


def test_an_election_is_put_on_file_once_and_what_is_none_is_refused(
    paid: Desk,
    browser: TestClient,
    here: str,
) -> None:
    amended = {"effective_on": "2026-01-09", "why": "Kept here.", "provisions": {"elections": {}}}
    assert paid.post(f"/v1/plans/{paid.plan_id}/amendments", amended, "kept").status_code == 201
    page = browser.get(here).text
    key = page.split('name="key" value="')[1].split('"')[0]
    form = {"csrf": token_of(page), "key": key, "source": "roth", "part": "regular", "percent": "6.5"}
    form |= {"effective_on": "2026-02-01", "made_on": "2026-01-09"}
    for _ in range(2):
        assert "On file: what is elected from" in browser.post(f"{here}/elections", data=form).text
    held = paid.get(f"/v1/plans/{paid.plan_id}/elections", as_of="2026-02-01")["people"]
    (one,) = [each for each in held if each["employee_id"] == paid.employees[2]]
    assert [(each["source"], each["percent"]) for each in one["elections"]] == [("roth", "6.50")]
    for wrong in ({"percent": "6", "dollars": "5"}, {}, {"percent": "a lot"}, {"percent": "6", "source": "match"}):
        kept = {name: value for name, value in form.items() if name not in ("percent", "csrf", "key")}
        assert sent(browser, here, "elections", **(kept | wrong)).status_code == 422, wrong
    kept = {name: value for name, value in form.items() if name not in ("percent", "csrf", "key")}
    assert sent(browser, here, "elections", **(kept | {"stop": "yes"})).status_code == 200


def test_who_may_only_look_has_no_forms(paid: Desk, here: str) -> None:
    token = paid.world.session(paid.world.user("An Advisor", SponsorId.parse(paid.sponsor_id), Role.ADVISOR))
    with TestClient(paid.app, base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=True) as client:
        client.cookies.set(SESSION_COOKIE, token)
        assert "Learned late, or wrong" not in client.get(here).text
