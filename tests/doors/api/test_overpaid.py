"""What was paid out before it was taken back, at the doors: shown, decided on by who may, refused in words."""

from datetime import date
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.doors.api.conftest import Desk
from tests.doors.world import ORIGIN
from tests.support.database import TESTER

from open401k import recordkeeping
from open401k.base import audit
from open401k.base.access import Role
from open401k.doors import corrections
from open401k.doors.guard import REFUSED, SESSION_COOKIE, form_token
from open401k.kernel import EmployeeId, Money, Source, SponsorId
from open401k.recordkeeping.overpaid import Overpaid


@pytest.fixture
def overpaid(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """400.00 of somebody's match had left; how that comes to be is shown in tests/flows/test_student_loans.py."""
    now = desk.world.clock.now()
    found = Overpaid(EmployeeId.parse(desk.employees[0]), Source.MATCH, 400_00, date(2026, 1, 2), now)
    monkeypatch.setattr(recordkeeping.overpaid, "outstanding", lambda tx, **_: [found])
    return desk


def test_what_became_of_it_is_recorded_once_over_http_and_by_the_page(overpaid: Desk) -> None:
    url = f"/v1/plans/{overpaid.plan_id}/overpayments"
    said: dict[str, Any] = {
        "employee_id": overpaid.employees[0], "source": "match", "became": "paid_back", "amount": "100.00",
        "on": "2026-01-02", "reason": "a check came",
    }  # fmt: skip
    first = overpaid.post(url, said, "one")
    assert first.status_code == 201, first.text
    assert overpaid.post(url, said, "one").json() == first.json()
    assert overpaid.post(url, said | {"amount": "5.00"}, "one").status_code == 409
    refused = overpaid.post(url, said | {"became": "left", "amount": "300.00"}, "two")
    assert (refused.status_code, refused.json()["code"]) == (422, "may_not_be_left")
    assert [each["amount"] for each in overpaid.get(url)] == ["300.00"]
    (waits,) = overpaid.get(f"/v1/plans/{overpaid.plan_id}/deposits/now")["waiting"]
    assert waits["entry_id"] == first.json()["entry_id"]

    token = overpaid.world.session(
        overpaid.world.user("The sponsor", SponsorId.parse(overpaid.sponsor_id), Role.SPONSOR)
    )
    page = f"/plans/{overpaid.plan_id}/corrections"
    with TestClient(overpaid.world.app(), base_url=ORIGIN, headers={"Origin": ORIGIN}) as browser:
        browser.cookies.set(SESSION_COOKIE, token)
        shown = browser.get(page).text
        assert "Say what became of it" in shown
        assert "came back from the person on January 2, 2026" in shown
        form = {
            "csrf": form_token(token), "key": "k", "employee": overpaid.employees[0], "source": "match",
            "became": "left", "amount": "300.00", "on": "2026-01-02", "reason": "the board",
        }  # fmt: skip
        assert "may be left" in browser.post(f"{page}/overpaid", data=form).text
        for _ in range(2):
            assert browser.post(f"{page}/overpaid", data=form | {"within_limits": "yes"}).status_code == 200
        assert "Say what became of it" not in browser.get(page).text
    assert overpaid.get(url) == []


def test_what_was_wrong_is_taken_back_over_http_and_by_the_page_and_a_later_fact_is_told(
    overpaid: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"/v1/plans/{overpaid.plan_id}/overpayments"
    said: dict[str, Any] = {
        "employee_id": overpaid.employees[0], "source": "match", "became": "paid_back", "amount": "100.00",
        "on": "2026-01-02", "reason": "a check came",
    }  # fmt: skip
    first, second = (overpaid.post(url, said, key).json() for key in ("one", "two"))
    undo = f"{url}/decisions/{first['decision_id']}/undo"
    back = overpaid.post(undo, {"reason": "another person"}, "three")
    assert (back.status_code, back.json()["undone_because"]) == (200, "another person"), back.text
    assert overpaid.post(undo, {"reason": "another person"}, "three").json() == back.json()
    assert overpaid.post(f"{url}/decisions/{overpaid.plan_id}/undo", {"reason": "x"}, "four").status_code == 404
    stands = {each["decision_id"]: each["undone_on"] is None for each in overpaid.get(f"{url}/decisions")}
    assert stands == {first["decision_id"]: False, second["decision_id"]: True}
    (waits,) = overpaid.get(f"/v1/plans/{overpaid.plan_id}/deposits/now")["waiting"]
    assert waits["entry_id"] == second["entry_id"]

    monkeypatch.setattr(recordkeeping.overpaid, "outstanding", lambda tx, **_: [])
    token = overpaid.world.session(
        overpaid.world.user("The sponsor", SponsorId.parse(overpaid.sponsor_id), Role.SPONSOR)
    )
    page = f"/plans/{overpaid.plan_id}/corrections"
    with TestClient(overpaid.world.app(), base_url=ORIGIN, headers={"Origin": ORIGIN}) as browser:
        browser.cookies.set(SESSION_COOKIE, token)
        shown = browser.get(page).text
        assert "$100.00 came again, and what was learned since" in shown
        assert "Taken back on" in shown
        form = {"csrf": form_token(token), "reason": "it was due"}
        assert browser.post(f"{page}/overpaid/{second['decision_id']}/undo", data=form).status_code == 200
        assert "came again, and what was learned since" not in browser.get(page).text
    assert overpaid.get(f"/v1/plans/{overpaid.plan_id}/deposits/now")["waiting"] == []


def test_who_may_not_decide_is_refused_and_that_they_tried_is_on_file_once_a_day(desk: Desk) -> None:
    """An advisor with a session and its form token sends the sponsor's form."""
    sponsor = SponsorId.parse(desk.sponsor_id)
    advisor = desk.world.user("The advisor", sponsor, Role.ADVISOR)
    token = desk.world.session(advisor)
    url = f"/plans/{desk.plan_id}/corrections/prp_{'0' * 32}/approve"
    with TestClient(desk.world.app(), base_url=ORIGIN, headers={"Origin": ORIGIN}) as browser:
        browser.cookies.set(SESSION_COOKIE, token)
        for _ in range(2):
            assert browser.post(url, data={"csrf": form_token(token)}).status_code == 403
        assert browser.get(f"/plans/{desk.plan_id}/corrections").status_code == 200
    with desk.world.db.begin(TESTER, tenants=[sponsor]) as tx:
        found = [each for each in audit.entries(tx, tenant_id=sponsor) if each.action == REFUSED]
    (kept,) = [each for each in found if each.actor_id == str(advisor)]
    assert (kept.why, kept.after) == (f"POST {url}", {"permission": "alert.decide"})


def test_an_approval_that_takes_back_asks_for_no_money() -> None:
    assert corrections.approved_words(Money(-51_13)).startswith("Approved and posted: $51.13 left the accounts")
    assert "Send the money now" in corrections.approved_words(Money(51_13))
    returned = corrections.approved_words(Money(-7_878_73), to_people=Money(5_387_25))
    assert "$2,491.48 of the employer's are held unallocated. Pay $5,387.25, with earnings," in returned
    assert corrections.approved_words(Money(0)) == "Approved: no money moves."
