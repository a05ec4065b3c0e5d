"""Every error is a problem document: a stable code, what happened, what to do; nothing of what was sent comes back."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import Field, TypeAdapter, ValidationError
from tests.doors.api.conftest import Desk

from open401k.doors.texts import MoneyText, Sent, Text, what_is_wrong

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
    assert all(each["reason"] and each["fix"] for each in problem.get("errors", ()))


@pytest.mark.parametrize(
    ("kind", "value", "reason", "fix"),
    [
        (int, "x", "It is no whole number.", "Write it as 12."),
        (int, 1.5, "It is no whole number.", "Write it as 12."),
        (date, "2026-13-01", "It is no date.", "Write it as 2026-08-14."),
        (datetime, "soon", "It is no time of a day with its offset.", "Write it as 2026-08-14T15:30:00Z."),
        (Literal["x", "y"], "z", "It is none of the words known here.", "Write 'x' or 'y'."),
        (bool, "maybe", "It is neither true nor false.", "Write true or false, without quotation marks."),
        (str, 3, "It is no text.", "Write it in quotation marks."),
        (Text, "x" * 201, "It is too long.", "Write at most 200 characters."),
        (list[int], 3, "It is no list.", "Send it in square brackets, with a comma between its members."),
        (Sent, [], "It is no JSON object.", "Send it in braces, with the members that the API reference names."),
        (Sent, {"more": 1}, "No member of this name is taken here.", "Leave it out, or correct its name."),
        (Annotated[int, Field(ge=1)], 0, "It is too small.", "Write 1 or more."),
        (MoneyText, "1", "It is no number with two digits after the point, as text.", "Write it as \"1234.50\""),
        (UUID, "k", "It is no id.", "Use the id as it was answered."),
    ],
)  # fmt: skip
def test_a_place_that_is_wrong_says_how_it_is_written(kind: Any, value: object, reason: str, fix: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value, strict=kind is str)
    told = [what_is_wrong(each) for each in refused.value.errors(include_input=False)]
    assert [(said, how.startswith(fix)) for said, how in told] == [(reason, True)], told


def test_a_check_of_ours_keeps_its_words() -> None:
    error = {"type": "value_error", "msg": "Value error, An answer is one of the two.", "ctx": {"error": ValueError()}}
    assert what_is_wrong(error)[0] == "An answer is one of the two."
    of_ours = {"type": "too_short", "msg": "There are no rows."}
    assert what_is_wrong(of_ours) == ("There are no rows.", what_is_wrong(error)[1])


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
