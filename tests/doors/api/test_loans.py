"""Loans over HTTP: asked for, refused with reason, approved once, shown with the schedule, walled off."""

from typing import Any

import pytest
from tests.doors.api import conftest
from tests.doors.api.conftest import Desk


@pytest.fixture
def lending(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Desk:
    """A desk whose plan lends from $100 on, and whose people have two payrolls in their accounts."""
    monkeypatch.setitem(conftest.TERMS, "loans", {"minimum_cents": 100_00, "pauses_on_leave": True})
    found: Desk = request.getfixturevalue("desk")
    assert found.post("/v1/payroll-runs", found.payroll(), "jan 9").status_code == 201
    return found


def asked(desk: Desk, amount: str = "100.00", key: str = "ask", **changed: Any) -> Any:
    sent = {"employee_id": desk.employees[1], "amount": amount, "installments": 26, "frequency": "biweekly"}
    return desk.post(f"/v1/plans/{desk.plan_id}/loans", sent | changed, key)


def test_a_loan_is_asked_for_approved_once_and_told_to_payroll(lending: Desk) -> None:
    first = asked(lending)
    assert first.status_code == 201, first.text
    assert asked(lending).json() == first.json()
    line = first.json()["line"]
    assert (line["state"], line["reference"], line["rate"]) == ("asked", "L0001", None)
    approve = f"/v1/plans/{lending.plan_id}/loans/{line['loan_id']}/approve"
    done = lending.post(approve, {"prime": "7.50"}, "approve")
    assert done.status_code == 200, done.text
    assert lending.post(approve, {"prime": "7.50"}, "approve").json() == done.json()
    shown = lending.get(f"/v1/plans/{lending.plan_id}/loans/{line['loan_id']}")
    assert (shown["line"]["rate"], shown["line"]["balance"], len(shown["schedule"])) == ("8.50", "100.00", 26)
    assert {each["source"] for each in shown["sources"]} == {"pre_tax", "match"}
    (told,) = lending.get(f"/v1/plans/{lending.plan_id}/instructions")["items"]
    assert (told["loan_id"], told["dollars"]) == ("L0001", shown["line"]["payment"])
    declined = lending.post(approve.replace("/approve", "/decline"), {"reason": "no"}, "decline")
    assert (declined.status_code, declined.json()["code"]) == (422, "decided_before")


def test_what_the_law_or_the_plan_does_not_allow_says_why(lending: Desk) -> None:
    over = asked(lending, "30000.00", "too much")
    assert (over.status_code, over.json()["code"]) == (422, "over_limit")
    assert "72(p)(2)(A)" in over.json()["detail"]
    assert asked(lending, "99.99", "small").json()["code"] == "below_minimum"
    assert asked(lending, key="long", installments=131).json()["code"] == "term_too_long"
    assert asked(lending, key="who", employee_id="emp_" + "0" * 32).json()["code"] == "person_unknown"
    assert lending.get(f"/v1/plans/{lending.plan_id}/loans")["items"] == []


def test_a_loan_that_does_not_exist_is_a_problem_that_says_so(lending: Desk) -> None:
    unknown = f"/v1/plans/{lending.plan_id}/loans/lon_{'0' * 32}"
    assert lending.client.get(unknown).status_code == 404
    assert lending.post(f"{unknown}/approve", {"prime": "7.50"}, "none").status_code == 404


def test_a_leave_an_offset_and_a_report_say_why_not(lending: Desk) -> None:
    line = asked(lending, frequency="semimonthly", installments=24).json()["line"]
    base = f"/v1/plans/{lending.plan_id}/loans/{line['loan_id']}"
    leave = {"first_day": "2026-02-01", "last_day": "2026-04-30"}
    assert lending.post(f"{base}/leaves", leave, "before").json()["code"] == "not_owed"
    assert lending.post(f"{base}/approve", {"prime": "7.50"}, "approve").status_code == 200
    shown = lending.get(base)
    assert (len(shown["schedule"]), shown["leaves"], shown["offset"]) == (24, [], None)
    assert lending.post(f"{base}/leaves", leave | {"military": True}, "leave").json()["code"] == "leave_not_provided"
    assert lending.post(f"{base}/leaves", leave | {"first_day": "soon"}, "no day").status_code == 422
    assert lending.post(f"{base}/offset", {}, "offset").json()["code"] == "offset_not_allowed"
    assert lending.post(f"{base}/report", {}, "report").json()["code"] == "not_deemed"


def test_a_leave_pauses_the_schedule_once(lending: Desk) -> None:
    line = asked(lending, frequency="semimonthly", installments=24).json()["line"]
    base = f"/v1/plans/{lending.plan_id}/loans/{line['loan_id']}"
    assert lending.post(f"{base}/approve", {"prime": "7.50"}, "approve").status_code == 200
    first = lending.get(base)["schedule"][0]["due_on"]
    last = lending.get(base)["schedule"][3]["due_on"]
    done = lending.post(f"{base}/leaves", {"first_day": first, "last_day": last}, "leave")
    assert done.status_code == 200, done.text
    assert lending.post(f"{base}/leaves", {"first_day": first, "last_day": last}, "leave").json() == done.json()
    (leave,) = done.json()["leaves"]
    assert (len(done.json()["schedule"]), leave["until"], leave["rate"]) == (20, last, "8.50")
