"""The bad-input catalogue through HTTP, a file as a payroll department sends it: where, what, why, how to put it right;
nothing of it is kept; and the same file put right is posted."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.doors.api.conftest import PEOPLE, Desk

NAMES = (
    "ssn", "first_name", "last_name", "dob", "hire_date", "term_date", "pay_date", "gross_comp", "hours", "pre_tax",
    "roth", "match", "loan_id", "loan_payment",
)  # fmt: skip
ROWS = [
    dict(
        zip(
            NAMES,
            (ssn, first, last, born, hired, "", "2026-01-09", "4000.00", "80", "200.00", "0.00", "100.00", "", ""),
            strict=True,
        )
    )
    for ssn, first, last, born, hired, _ in PEOPLE
]
Row = dict[str, str]


def file_of(rows: list[Row]) -> bytes:
    return "\n".join([",".join(NAMES), *(",".join(row.values()) for row in rows)]).encode() + b"\n"


def cell(**changed: str) -> Callable[[], bytes]:
    """The file with these cells in its second row of people, which a spreadsheet numbers 3."""
    return lambda: file_of([ROWS[0], ROWS[1] | changed, ROWS[2]])


def width(edit: Callable[[bytes], bytes]) -> Callable[[], bytes]:
    return lambda: edit(file_of(ROWS))


#: Case, the file, then code, row and column of the finding.
REFUSED: list[tuple[str, Callable[[], bytes], str, int | None, str]] = [
    ("01", lambda: b"", "file.empty", None, ""),
    ("02", lambda: file_of([]), "file.no_rows", None, ""),
    ("04", width(lambda data: data.replace(b"Two", b"Tw\xe9", 1)), "file.encoding", 4, "C last_name"),
    ("08", width(lambda data: data.replace(b"1985-02-03,", b"", 1)), "row.width", 3, ""),
    ("09", cell(gross_comp="4,000.00"), "row.width", 3, ""),
    ("10", cell(gross_comp='"4,000.00"'), "amount.format", 3, "H gross_comp"),
    ("11", cell(pre_tax="$200.00"), "amount.format", 3, "J pre_tax"),
    ("12", cell(pre_tax="(200.00)"), "amount.negative_not_allowed", 3, "J pre_tax"),
    ("13", cell(pre_tax="-200.00"), "amount.negative_not_allowed", 3, "J pre_tax"),
    ("14", cell(pre_tax="NaN"), "amount.format", 3, "J pre_tax"),
    ("14", cell(pre_tax="Infinity"), "amount.format", 3, "J pre_tax"),
    ("14", cell(pre_tax="1e5"), "amount.format", 3, "J pre_tax"),
    ("16", cell(pre_tax="200.123"), "amount.precision", 3, "J pre_tax"),
    ("17", cell(pre_tax=""), "amount.missing", 3, "J pre_tax"),
    ("18", cell(pre_tax="9999999999.00"), "amount.implausible", 3, "J pre_tax"),
    ("19", cell(pre_tax="4000.01"), "amount.exceeds_pay", 3, "J pre_tax"),
    ("21", cell(ssn="000-12-3456"), "ssn.invalid", 3, "A ssn"),
    ("21", cell(ssn="666-12-3456"), "ssn.invalid", 3, "A ssn"),
    ("21", cell(ssn="912-34-5678"), "ssn.invalid", 3, "A ssn"),
    ("21", cell(ssn="123-00-4567"), "ssn.invalid", 3, "A ssn"),
    ("21", cell(ssn="123-45-0000"), "ssn.invalid", 3, "A ssn"),
    ("22", cell(ssn="078-05-1120"), "ssn.known_invalid", 3, "A ssn"),
    ("23", cell(ssn="12345670"), "ssn.length", 3, "A ssn"),
    ("24", lambda: file_of([*ROWS, ROWS[0]]), "row.duplicate", 5, ""),
    ("25", cell(ssn=PEOPLE[0][0]), "person.conflict", 3, ""),
    ("27", cell(ssn="234-56-7890", last_name="Nobody", hire_date="", dob=""), "person.unknown", 3, ""),
    ("27", cell(ssn="123-45-6792"), "person.unknown", 3, ""),
    ("29", cell(dob="2030-01-05"), "dob.range", 3, "D dob"),
    ("30", cell(hire_date="02/29/2025"), "date.invalid", 3, "E hire_date"),
    ("31", cell(hire_date="03/04/2026"), "date.format", 3, "E hire_date"),
    ("32", cell(hire_date="1/2/26"), "date.format", 3, "E hire_date"),
    ("33", cell(hire_date="2026-02-02"), "date.order", 3, ""),
    ("34", cell(term_date="2014-01-01"), "date.order", 3, ""),
    ("36", width(lambda data: data.replace(b"2026-01-09", b"2026-01-30")), "pay_date.range", None, ""),
    ("36", width(lambda data: data.replace(b"2026-01-09", b"2024-12-31")), "pay_date.range", None, ""),
    ("37", cell(pay_date="2026-01-08"), "pay_date.mixed", 3, "G pay_date"),
    ("38", cell(hours="-5"), "hours.range", 3, "I hours"),
    ("38", cell(hours="900"), "hours.range", 3, "I hours"),
    ("43", cell(loan_id="L-9", loan_payment="50.00"), "loan.unknown", 3, ""),
]


def send(desk: Desk, data: bytes, key: str, **said: str) -> Any:
    return desk.client.post(
        "/v1/payroll-runs",
        headers={"Idempotency-Key": key},
        files={"file": ("payroll.csv", data)},
        data={"plan_id": desk.plan_id, **said},
    )


def posted(desk: Desk, data: bytes, **said: str) -> Any:
    """Send a file that is in order, and post it."""
    checked = send(desk, data, "in order", **said)
    assert (checked.status_code, checked.json()["state"]) == (201, "checked"), checked.text
    run = f"/v1/plans/{desk.plan_id}/payroll-runs/{checked.json()['run_id']}"
    return desk.post(f"{run}/post", {"confirmed": False}, "post")


def kept(desk: Desk) -> list[Any]:
    """Everything that a refused file may not move."""
    plan, sponsor = f"/v1/plans/{desk.plan_id}", f"/v1/sponsors/{desk.sponsor_id}"
    people = [desk.get(f"{sponsor}/employees/{each}") for each in desk.employees]
    lists = (f"{plan}/journal", f"{plan}/balances", f"{plan}/alerts", f"{plan}/deposits", f"{sponsor}/employees")
    return [*people, *(desk.get(path) for path in lists)]


@pytest.mark.parametrize(("case", "make", "code", "row", "column"), REFUSED, ids=lambda each: str(each)[:24])
def test_a_bad_file_is_refused_whole_with_place_reason_and_fix(
    desk: Desk, case: str, make: Callable[[], bytes], code: str, row: int | None, column: str
) -> None:
    before = kept(desk)
    answer = send(desk, make(), f"bad {case}")
    problem = answer.json()
    assert (answer.status_code, problem.get("code")) == (422, "payroll_rejected"), answer.text
    found = [each for each in problem["errors"] if each["code"] == code]
    assert found, problem["errors"]
    if row is not None:
        assert row in [each["row"] for each in found], found
    if column:
        assert column in [each["column"] for each in found], found
    assert all(each["reason"] and each["fix"] for each in problem["errors"]), problem["errors"]
    assert not any(row["ssn"] in answer.text for row in ROWS)
    assert kept(desk) == before
    right = posted(desk, file_of(ROWS))
    assert (right.status_code, right.json()["posted"]) == (200, True), right.text
    assert desk.get(f"/v1/sponsors/{desk.sponsor_id}/verification")["ok"]


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (lambda data: data.replace(b",pre_tax,", b",pre_taxx,"), "header.unknown"),  # case 06
        (lambda data: data.replace(b",gross_comp,", b",what,"), "header.missing"),  # case 05
    ],
)
def test_headings_that_are_not_known_wait_for_a_person_and_post_nothing(
    desk: Desk, edit: Callable[[bytes], bytes], code: str
) -> None:
    before = kept(desk)
    answer = send(desk, edit(file_of(ROWS)), "headings")
    assert answer.status_code == 201, answer.text
    said = answer.json()
    assert (said["state"], said["posted"]) == ("mapping", False)
    assert code in [each["code"] for each in said["findings"]], said
    assert kept(desk) == before


@pytest.mark.parametrize(
    "edit",
    [
        lambda data: b"\xef\xbb\xbf" + data,  # case 03
        lambda data: data.replace(b",", b";"),  # case 07
        lambda data: data.replace(b"200.00", b"200.0"),  # case 15
        lambda data: data.replace(b"123-45-6702", b"123456702"),  # case 20
    ],
)
def test_an_odd_file_that_is_clear_is_posted(desk: Desk, edit: Callable[[bytes], bytes]) -> None:
    answer = posted(desk, edit(file_of(ROWS)))
    assert (answer.status_code, answer.json()["posted"]) == (200, True), answer.text
    held = desk.get(f"/v1/plans/{desk.plan_id}/balances")["items"]
    assert [each["amount"] for each in held if each["source"] == "pre_tax"] == ["200.00"] * 3


def test_a_pay_date_of_the_year_before_is_asked_about_until_somebody_says_yes(desk: Desk) -> None:
    """In January most of them are a slip: 2025 for 2026."""
    before = kept(desk)
    answer = send(desk, file_of(ROWS).replace(b"2026-01-09", b"2025-01-09"), "slip").json()
    assert (answer["posted"], answer["needs_confirmation"]) == (False, True)
    (asked,) = [each for each in answer["findings"] if each["code"] == "pay_date.range"]
    assert "2025-01-09 is 361 days ago" in asked["reason"]
    run = f"/v1/plans/{desk.plan_id}/payroll-runs/{answer['run_id']}/post"
    refused = desk.post(run, {"confirmed": False}, "no")
    assert not refused.json().get("posted"), refused.text
    assert kept(desk) == before
    assert desk.post(run, {"confirmed": True}, "yes").json()["posted"]


def test_headings_alone_are_taken_where_nothing_to_contribute_is_said_expressly(desk: Desk) -> None:
    """Case 02: refused as `file.no_rows` without the statement, on file with it, and nothing moves either way."""
    before = kept(desk)
    refused = send(desk, file_of([]), "silent")
    assert [each["code"] for each in refused.json()["errors"]] == ["file.no_rows"]
    assert "no contributions this period" in refused.json()["errors"][0]["fix"]
    answer = posted(desk, file_of([]), no_contributions="true", pay_date="2026-01-09")
    assert (answer.status_code, answer.json()["posted"]) == (200, True), answer.text
    assert kept(desk) == before
    (on_file, silent) = desk.get(f"/v1/plans/{desk.plan_id}/payroll-runs")["items"]
    assert (on_file["pay_date"], on_file["rows"], on_file["state"]) == ("2026-01-09", 0, "posted")
    assert silent["state"] == "rejected"
    assert desk.get(f"/v1/sponsors/{desk.sponsor_id}/verification")["ok"]


@pytest.mark.parametrize(
    ("total", "told"),
    [
        ({"rows": 4}, "is 4, the rows add up to 3: 1 missing"),
        ({"pre_tax": "500.00"}, "is $500.00, the rows add up to $600.00: $100.00 too much"),
        ({"gross": "12000.10"}, "is $12,000.10, the rows add up to $12,000.00: $0.10 missing"),
    ],
)
def test_a_control_total_that_is_not_the_sum_of_the_rows_shows_both_and_the_difference(
    desk: Desk, total: dict[str, Any], told: str
) -> None:
    """Case 45."""
    before = kept(desk)
    answer = send(desk, file_of(ROWS), "off", control_totals=json.dumps(total))
    assert (answer.status_code, answer.json()["code"]) == (422, "payroll_rejected"), answer.text
    (error,) = answer.json()["errors"]
    assert (error["code"], error["column"]) == ("total.mismatch", *total)
    assert told in error["reason"]
    assert error["fix"]
    assert kept(desk) == before
    right = posted(desk, file_of(ROWS), control_totals='{"rows": 3, "pre_tax": "600.00", "gross": "12000.00"}')
    assert (right.status_code, right.json()["posted"]) == (200, True), right.text
    assert desk.get(f"/v1/sponsors/{desk.sponsor_id}/verification")["ok"]
