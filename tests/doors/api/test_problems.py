"""Every error is a problem document: a stable code, what happened, what to do; nothing of what was sent comes back."""

from typing import Any

import pytest
from tests.doors.api.conftest import Desk

JSON = {"Content-Type": "application/json"}
KEY = {"Idempotency-Key": "k"}


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "code"),
    [
        ("GET", "/v1/nothing", {}, 404, "not_found"),
        ("DELETE", "/v1/plans", {}, 405, "method_not_allowed"),
        ("GET", "/v1/plans/pln_1", {}, 404, "not_found"),
        ("GET", "/v1/plans/{plan_id}/payroll-runs/run_1", {}, 404, "not_found"),
        ("GET", "/v1/plans/{plan_id}/journal?after=x", {}, 422, "invalid"),
        ("GET", "/v1/plans?limit=0", {}, 422, "invalid"),
        ("GET", "/v1/plans/{plan_id}/balances?known_at=2026-01-01T00:00:00", {}, 422, "invalid"),
        ("POST", "/v1/payroll-runs", {"content": b"{}", "headers": JSON}, 400, "idempotency_key_missing"),
        ("POST", "/v1/payroll-runs", {"content": b"{", "headers": JSON | KEY}, 422, "invalid"),
        ("POST", "/v1/payroll-runs", {"content": b"\xff", "headers": JSON | KEY}, 422, "invalid"),
        ("POST", "/v1/payroll-runs", {"files": {"other": b""}, "headers": KEY}, 422, "invalid"),
        ("POST", "/v1/plans/{plan_id}/deposits", {"json": {"run_id": "run_1"}, "headers": KEY}, 422, "invalid"),
        ("POST", "/v1/sponsors", {"json": {}, "headers": KEY}, 403, "forbidden"),
    ],
)  # fmt: skip
def test_an_error_is_a_problem_document(
    desk: Desk, method: str, path: str, sent: dict[str, Any], status: int, code: str
) -> None:
    answer = desk.client.request(method, path.format(plan_id=desk.plan_id), **sent)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["title"]
    assert problem["type"].endswith(code)


def test_what_was_sent_is_never_repeated(desk: Desk) -> None:
    sent = {"ssn": "12-345-6789", "first_name": "Somebody", "last_name": "New", "birth_date": "not a date"}
    refused = desk.post(f"/v1/sponsors/{desk.sponsor_id}/employees", sent, "typo")
    assert refused.status_code == 422
    assert {each["pointer"] for each in refused.json()["errors"]} == {"/ssn", "/birth_date"}
    assert "12-345-6789" not in refused.text
    (of_ssn,) = [each for each in refused.json()["errors"] if each["pointer"] == "/ssn"]
    assert (of_ssn["reason"], of_ssn["fix"]) == (
        "It is no Social Security number.",
        'Write its nine digits as text: "219-11-1003".',
    )
