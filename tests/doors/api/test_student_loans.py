"""A student loan payment over HTTP, on its page and at the terminal: who may, once, taken back."""

from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.doors.api.conftest import TERMS, Desk
from tests.doors.world import ORIGIN
from tests.support.database import TESTER

from open401k import recordkeeping
from open401k.base.access import Permission, Role
from open401k.doors import student_loans
from open401k.doors.cli import student_loans as terminal
from open401k.doors.cli.places import Place
from open401k.doors.cli.say import Voice
from open401k.doors.guard import SESSION_COOKIE, form_token
from open401k.doors.problems import ProblemError
from open401k.kernel import EmployeeId, PlanId, SponsorId


@pytest.fixture
def lets(desk: Desk) -> Desk:
    """A second plan that matches student loan payments, of which everybody was paid once."""
    terms = {**TERMS, "match": {**TERMS["match"], "student_loans": True}}
    adopted = desk.post(
        f"/v1/sponsors/{desk.sponsor_id}/plans", {"name": "Second", "number": "002", "provisions": terms}, "second"
    )
    assert adopted.status_code == 201, adopted.text
    desk.plan_id = adopted.json()["plan_id"]
    desk.world.clock.advance_to(datetime(2026, 1, 9, 17, tzinfo=UTC))
    posted = desk.post("/v1/payroll-runs", {**desk.payroll(), "confirmed": True}, "pay")
    assert posted.json()["state"] == "posted", posted.text
    return desk


def test_a_payment_is_recorded_once_and_taken_back_at_each_door(lets: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    url, who = f"/v1/plans/{lets.plan_id}/student-loan-payments", lets.employees[0]
    paid = {"employee_id": who, "paid_on": "2026-01-08", "amount": "312.50", "certified_on": "2026-01-09"}
    assert lets.get(url)["items"] == []
    first = lets.post(url, paid, "one")
    assert first.status_code == 201, first.text
    assert first.json() == lets.post(url, paid, "one").json()
    assert lets.post(url, {**paid, "amount": "1.00"}, "one").json()["code"] == "key_reused"
    (line,) = lets.get(url)["items"]
    assert (line["amount"], line["counts"], line["employee_id"]) == ("312.50", True, who)
    assert lets.post(url, {**paid, "certified_on": "2026-01-10"}, "ahead").json()["code"] == "day_in_future"
    assert lets.post(url, {**paid, "paid_on": "2026-01-07", "amount": "0.00"}, "none").json()["code"] == (
        "nothing_certified"
    )
    assert lets.post(url, {**paid, "employee_id": "emp_" + "0" * 32}, "nobody").status_code == 422
    assert lets.client.post(url, json=paid).json()["code"] == "idempotency_key_missing"
    sponsor = SponsorId.parse(lets.sponsor_id)
    key = lets.world.key(sponsor, Permission.CENSUS_VIEW)
    with TestClient(lets.app, base_url=ORIGIN, headers={"Authorization": f"Bearer {key}"}) as reader:
        assert reader.get(url).status_code == 200
        assert reader.post(url, json=paid, headers={"Idempotency-Key": "k"}).status_code == 403

    token = lets.world.session(lets.world.user("The sponsor", sponsor, Role.SPONSOR))
    page, form = f"/plans/{lets.plan_id}/student-loans", {"csrf": form_token(token), "key": "a"}
    lets.world.clock.advance_to(datetime(2026, 1, 10, 17, tzinfo=UTC))
    with TestClient(lets.app, base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False) as browser:
        browser.cookies.set(SESSION_COOKIE, token)
        assert "$312.50" in browser.get(page).text
        back: dict[str, Any] = {**form, "employee": who, "paid_on": "2026-01-08", "amount": "0", "loan": ""}
        assert browser.post(page, data={**back, "certified_on": "2026-01-10"}).status_code == 303
        assert ">taken back<" in browser.get(page).text
    assert [each["counts"] for each in lets.get(url)["items"]] == [False, False]
    terminal._tell(Place(lets.world, TESTER, sponsor, PlanId.parse(lets.plan_id), "Second"), Voice(False))
    assert "$312.50" in capsys.readouterr().out


def test_a_match_above_the_limit_is_told_at_each_door(
    lets: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """How much is above it is computed from the books: tests/flows/test_student_loans.py."""
    who, sponsor = EmployeeId.parse(lets.employees[0]), SponsorId.parse(lets.sponsor_id)
    years = iter([{who: 450_00}, {}] * 3)
    monkeypatch.setattr(recordkeeping, "loan_matches_over", lambda *_, **__: next(years))
    (line,) = lets.get(f"/v1/plans/{lets.plan_id}/student-loan-matches-over")["items"]
    assert (line["employee_id"], line["amount"], line["on"], line["taken_back"]) == (
        lets.employees[0], "450.00", "2026-12-31", False,
    )  # fmt: skip
    token = lets.world.session(lets.world.user("The sponsor", sponsor, Role.SPONSOR))
    with TestClient(lets.app, base_url=ORIGIN) as browser:
        browser.cookies.set(SESSION_COOKIE, token)
        shown = browser.get(f"/plans/{lets.plan_id}/student-loans").text
    assert "Above the limit" in shown
    assert "$450.00" in shown
    terminal._tell(Place(lets.world, TESTER, sponsor, PlanId.parse(lets.plan_id), "Second"), Voice(False))
    assert "$450.00 of the match goes back on 2026-12-31" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"employee": "x"}, "employee_invalid"),
        ({"paid_on": "5/4"}, "date_invalid"),
        ({"amount": "x"}, "amount_invalid"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_fix(wrong: dict[str, str], code: str) -> None:
    told = {"employee": "emp_" + "0" * 32, "paid_on": "2026-05-04", "amount": "$1,312.50", "certified_on": "2026-05-04"}
    with pytest.raises(ProblemError) as refused:
        student_loans.payment_of(**{**told, **wrong})
    assert refused.value.problem.code == code
