"""A payroll in the shape that 401GO publishes: taken once, answered in its shape, refused in its shape."""

from typing import Any

from tests.doors.api.conftest import Desk

from open401k.base.access import Permission
from open401k.kernel import SponsorId


def body(desk: Desk, **changed: Any) -> dict[str, Any]:
    line = {"hours": "80.00", "gross_pay": "4000.00", "pre_tax_amount": "200.00", "company_contribution": "100.00"}
    lines = [{"participant_id": each, **line} for each in desk.employees]
    period = {"pay_period_start": "2025-12-22", "pay_period_end": "2026-01-04"}
    return {"check_date": "2026-01-09", **period, "is_off_cycle": False, "payroll_lines": lines, **changed}


def submit(desk: Desk, sent: Any, key: str | None = "one", **headers: str) -> Any:
    named = {"Idempotent-Key": key} if key else {}
    url = f"/v1/401go/companies/{desk.plan_id}/submit-payroll/"
    return desk.client.post(url, json=sent, headers={**named, "api-version": "2026-01-01", **headers})


def test_a_payroll_is_posted_once_and_answered_as_published(desk: Desk) -> None:
    first = submit(desk, body(desk))
    assert first.status_code == 200, first.text
    told = first.json()
    assert (told["state"], told["check_date"], told["is_off_cycle"]) == ("posted", "2026-01-09", False)
    assert told["ach_date"] >= "2026-01-09"
    assert told["payroll_lines"][0]["pre_tax_percent"] == "5.00"
    assert submit(desk, body(desk)).json() == told
    runs = desk.get(f"/v1/plans/{desk.plan_id}/payroll-runs")["items"]
    assert [each["run_id"] for each in runs] == [told["payroll_run_id"]]
    assert submit(desk, body(desk, check_date="2026-01-23")).status_code == 409

    bare = submit(desk, body(desk, check_date="2026-01-23"), key=None)
    assert submit(desk, body(desk, check_date="2026-01-23"), key=None).json() == bare.json()
    assert len(desk.get(f"/v1/plans/{desk.plan_id}/payroll-runs")["items"]) == 2


def test_what_does_not_fit_and_what_is_found_is_told_at_its_place(desk: Desk) -> None:
    sent = body(desk)
    sent["payroll_lines"][1]["gross_pay"] = "4,000.00"
    refused = submit(desk, sent)
    assert refused.status_code == 400
    assert list(refused.json()) == ["payroll_lines"]
    assert list(refused.json()["payroll_lines"][1]) == ["gross_pay"]
    assert refused.json()["payroll_lines"][0] == {}

    unknown = body(desk)
    unknown["payroll_lines"][2]["participant_id"] = "emp_" + "0" * 32
    found = submit(desk, unknown, "two")
    assert found.status_code == 400
    assert "participant_id" in found.json()["payroll_lines"][2], found.text

    loan = [{"additional_amount": "50.00", "other_type": "Loan Principal"}]
    with_loan = body(desk)
    with_loan["payroll_lines"][0]["other_additions"] = loan
    no_loan = submit(desk, with_loan, "three")
    assert no_loan.status_code == 400
    assert "other_additions" in no_loan.json()["payroll_lines"][0]
    assert submit(desk, "no object", "four").json()["user_error_message"] == "The body is not an object."


def test_only_who_may_send_payroll_is_let_in(desk: Desk) -> None:
    reader = desk.world.key(SponsorId.parse(desk.sponsor_id), Permission.PAYROLL_VIEW)
    assert submit(desk, body(desk), Authorization=f"Bearer {reader}").status_code == 403
    assert submit(desk, body(desk), Authorization="Bearer nothing").status_code == 401
