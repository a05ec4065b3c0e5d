"""A correction from its failure to the books over HTTP, in pages and at the terminal: who may, once, in which words."""

from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.doors.api.conftest import Desk
from tests.doors.world import ORIGIN
from tests.support.database import TESTER

from open401k.base import access
from open401k.base.access import Permission, Role
from open401k.base.db import ALL_TENANTS
from open401k.doors.cli import corrections as terminal
from open401k.doors.cli.places import Place
from open401k.doors.cli.say import BadInputError
from open401k.doors.guard import SESSION_COOKIE, form_token
from open401k.kernel import PlanId, SponsorId


def failure(desk: Desk, **changed: Any) -> dict[str, Any]:
    """The second machinist elected 10 %; 5 % was withheld."""
    return {
        "kind": "election_not_followed", "people": [{"employee_id": desk.employees[1], "rate_bps": 1000}],
        "found_on": "2026-01-20", "how_found": "The employee asked.", "first_on": "2026-01-01",
        "begin_on": "2026-01-21", **changed,
    }  # fmt: skip


@pytest.fixture
def paid(desk: Desk) -> Desk:
    """Paid once, on 9 January; it is the 21st."""
    desk.world.clock.advance_to(datetime(2026, 1, 9, 17, tzinfo=UTC))
    posted = desk.post("/v1/payroll-runs", {**desk.payroll(), "confirmed": True}, "pay")
    assert posted.json()["state"] == "posted", posted.text
    desk.world.clock.advance_to(datetime(2026, 1, 21, 17, tzinfo=UTC))
    return desk


def test_a_failure_is_recorded_completed_approved_and_posted_once(paid: Desk) -> None:
    base = f"/v1/plans/{paid.plan_id}"
    first = paid.post(f"{base}/failures", failure(paid), "found")
    assert first.status_code == 201, first.text
    waiting = first.json()["proposed"]
    assert (waiting["state"], waiting["principal"]) == ("proposed", "20.00")  # the match of 1 % of $4,000, by half
    assert waiting["notices"][0]["give_by"] == "2026-03-07"
    assert "notice" in waiting["not_ready"]
    assert waiting["waiting"][-1]["cost"] == "120.00"  # half of the $200 that were missed, on top
    url = f"{base}/corrections/{waiting['proposal_id']}"
    early = paid.post(f"{url}/approve", None, "too early")
    assert (early.status_code, early.json()["code"]) == (422, "not_ready")

    paid.world.clock.advance_to(datetime(2026, 1, 22, 17, tzinfo=UTC))
    told = failure(paid, failure_id=first.json()["failure_id"], notice_on="2026-01-21")
    second = paid.post(f"{base}/failures", told, "noticed").json()["proposed"]
    assert paid.get(url)["replaced_by"] == second["proposal_id"]
    approved = paid.post(f"{base}/corrections/{second['proposal_id']}/approve", None, "yes")
    assert approved.status_code == 200, approved.text
    assert approved.json() == paid.post(f"{base}/corrections/{second['proposal_id']}/approve", None, "yes").json()
    assert approved.json()["state"] == "approved"
    assert [each["state"] for each in paid.get(f"{base}/corrections")] == ["replaced", "approved"]
    again = paid.post(f"{base}/corrections/{second['proposal_id']}/decline", {"reason": "No."}, "no")
    assert (again.status_code, again.json()["code"]) == (422, "ended")

    came = f"{base}/corrections/{second['proposal_id']}/received"
    early = paid.post(came, {"received_on": "2026-02-22"}, "early")
    assert (early.status_code, early.json()["code"]) == (422, "day_in_future")
    assert paid.post(came, {"received_on": "2026-01-22"}, "came").status_code == 200
    assert paid.post(came, {"received_on": "2026-01-22"}, "came again").status_code == 200  # once, in the books
    nothing = paid.post(f"{url}/received", {"received_on": "2026-01-22"}, "other")
    assert (nothing.status_code, nothing.json()["code"]) == (422, "nothing_due")


def test_what_cannot_be_a_failure_says_why(paid: Desk) -> None:
    url = f"/v1/plans/{paid.plan_id}/failures"
    refused = paid.post(url, failure(paid, begin_on="2025-12-01"), "x")
    assert (refused.status_code, refused.json()["code"]) == (422, "days_out_of_order")
    assert paid.post(url, failure(paid, kind="rounding"), "y").status_code == 422
    missing = paid.client.post(url, json=failure(paid))
    assert missing.json()["code"] == "idempotency_key_missing"


def test_a_key_that_reads_does_not_decide(paid: Desk) -> None:
    waiting = paid.post(f"/v1/plans/{paid.plan_id}/failures", failure(paid, notice_on="2026-01-21"), "f").json()
    url = f"/v1/plans/{paid.plan_id}/corrections/{waiting['proposed']['proposal_id']}"
    key = paid.world.key(SponsorId.parse(paid.sponsor_id), Permission.ALERT_VIEW, Permission.CENSUS_VIEW)
    with TestClient(paid.app, base_url=ORIGIN, headers={"Authorization": f"Bearer {key}"}) as reader:
        assert reader.get(url).status_code == 200
        assert reader.post(f"{url}/approve", headers={"Idempotency-Key": "k"}).status_code == 403
        came = {"received_on": "2026-01-21"}
        assert reader.post(f"{url}/received", json=came, headers={"Idempotency-Key": "k"}).status_code == 403
        body = {"reason": "No."}
        assert reader.post(f"{url}/decline", json=body, headers={"Idempotency-Key": "k"}).status_code == 403


def test_the_page_records_completes_and_approves(paid: Desk) -> None:
    sponsor = SponsorId.parse(paid.sponsor_id)
    token = paid.world.session(paid.world.user("The sponsor", sponsor, Role.SPONSOR))
    url, form = f"/plans/{paid.plan_id}/corrections", {"csrf": form_token(token)}
    with TestClient(paid.app, base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False) as browser:
        browser.cookies.set(SESSION_COOKIE, token)
        assert "Nothing waits" in browser.get(url).text
        sent = {
            **form, "key": "one", "kind": "election_not_followed", "employee": paid.employees[1], "rate": "10",
            "first_on": "2026-01-01", "found_on": "2026-01-20", "how_found": "The <b>employee</b> asked.",
        }  # fmt: skip
        undated = browser.post(f"{url}/failures", data=sent | {"found_on": ""})
        assert undated.status_code == 422
        assert "It is not said when it was found." in undated.text
        assert browser.post(f"{url}/failures", data=sent).status_code == 303
        page = browser.get(url).text
        assert "Cannot be approved yet" in page
        assert "<b>employee</b>" not in page
        line = paid.get(f"/v1/plans/{paid.plan_id}/corrections")[-1]
        days = {**form, "begin_on": "2026-01-21", "notice_on": "2026-01-21"}
        assert browser.post(f"{url}/failures/{line['about']}", data=days).status_code == 303
        line = paid.get(f"/v1/plans/{paid.plan_id}/corrections")[-1]
        assert browser.post(f"{url}/{line['proposal_id']}/approve", data={"csrf": "forged"}).status_code == 403
        done = browser.post(f"{url}/{line['proposal_id']}/approve", data=form)
        assert done.status_code == 303
        page = browser.get(done.headers["location"]).text
        assert "Approved and posted" in page
        assert ">approved and posted<" in page


def test_the_terminal_decides_in_the_name_of_a_person_with_the_right(
    paid: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    paid.post(f"/v1/plans/{paid.plan_id}/failures", failure(paid, notice_on="2026-01-21"), "f")
    line = paid.get(f"/v1/plans/{paid.plan_id}/corrections")[-1]
    sponsor = SponsorId.parse(paid.sponsor_id)
    place = Place(paid.world, TESTER, sponsor, PlanId.parse(paid.plan_id), "Acme")
    emails = {}
    for role in (Role.SPONSOR, Role.ADVISOR):
        user_id = paid.world.user(f"A {role}", sponsor, role)
        with paid.world.db.begin(TESTER, tenants=ALL_TENANTS) as tx:
            emails[role] = access.get_user(tx, user_id=user_id).email
    with pytest.raises(BadInputError, match=r"alert\.decide"):
        terminal.person_who_decides(place, emails[Role.ADVISOR], "corrections approve")
    with pytest.raises(BadInputError, match="Nobody"):
        terminal.person_who_decides(place, "nobody@example.com", "corrections approve")
    actor = terminal.person_who_decides(place, emails[Role.SPONSOR], "corrections approve")
    assert (actor.kind, actor.why) == ("user", "open401k corrections approve")
    assert str(terminal._line(place, terminal._named(line["proposal_id"])).proposal_id) == line["proposal_id"]
