"""The body that 401GO publishes: read into rows, its problems nested as it is."""

import json
from typing import Any
from uuid import UUID

import pytest

from open401k.kernel import EmployeeId
from open401k.payroll.formats.go401 import Misfit, errors_of, place_of, read_submitted

WHO = str(EmployeeId(UUID(int=7)))
LINE: dict[str, Any] = {"participant_id": WHO, "hours": "80.00", "gross_pay": "2000.00"}


def body(**line: Any) -> dict[str, Any]:
    return {"check_date": "2026-01-09", "payroll_lines": [{**LINE, **line}]}


def test_every_published_field_is_read() -> None:
    parts = [
        {"additional_amount": "45.00", "other_type": "Loan Principal"},
        {"additional_amount": "5.25", "other_type": "Loan Interest"},
    ]
    sent = {
        **body(
            pre_tax_amount="100.5", post_tax_amount="50", company_contribution="80.00", other_additions=parts,
            hours_ytd="80.00", gross_pay_ytd="2000.00",
        ),
        "pay_period_start": "2025-12-22", "pay_period_end": "2026-01-04", "is_off_cycle": True,
    }  # fmt: skip
    found = read_submitted(json.loads(json.dumps(sent), parse_float=str))
    (row,) = found.rows
    assert (row.employee_id, row.row, str(row.pay_date)) == (WHO, 1, "2026-01-09")
    assert (row.hours_hundredths, row.gross_cents) == (8_000, 200_000)
    assert (row.pre_tax_cents, row.roth_cents, row.match_cents) == (10_050, 5_000, 8_000)
    assert row.loan_payments == (("", 5_025),)
    assert (str(found.pay_period_start), str(found.pay_period_end), found.is_off_cycle) == (
        "2025-12-22",
        "2026-01-04",
        True,
    )


def test_only_what_is_required_has_to_be_there_and_what_is_not_said_is_not_zero() -> None:
    (row,) = read_submitted(body()).rows
    assert (row.pre_tax_cents, row.match_cents, row.loan_payments) == (0, None, ())


def test_amounts_written_as_numbers_stay_exact() -> None:
    text = json.dumps(body()).replace('"2000.00"', "2000.10")
    (row,) = read_submitted(json.loads(text, parse_float=str)).rows
    assert row.gross_cents == 200_010


@pytest.mark.parametrize(
    ("line", "place", "reason"),
    [
        ({"gross_pay": None}, ("gross_pay",), "required"),
        ({"hours": "12345"}, ("hours",), "valid number"),
        ({"gross_pay": "1e3"}, ("gross_pay",), "valid number"),
        ({"gross_pay": ""}, ("gross_pay",), "valid number"),
        ({"pre_tax_amount": "1.005"}, ("pre_tax_amount",), "valid number"),
        ({"pre_tax_amount": "-1.00"}, ("pre_tax_amount",), "negative"),
        ({"pre_tax_amount": True}, ("pre_tax_amount",), "valid number"),
        ({"participant_id": "4711"}, ("participant_id",), "no participant"),
        ({"roth_amount": "1.00"}, ("roth_amount",), "no such field"),
        ({"gross_pay_ytd": "1999.99"}, ("gross_pay_ytd",), "less than gross_pay"),
        ({"hours_ytd": "79"}, ("hours_ytd",), "less than hours"),
        ({"other_additions": "5"}, ("other_additions",), "list"),
        (
            {"other_additions": [{"additional_amount": "5", "other_type": "Fee"}]},
            ("other_additions", 0, "other_type"),
            "valid choice",
        ),
        (
            {"other_additions": [{"additional_amount": "5", "other_type": "Loan Principal"}] * 2},
            ("other_additions", 1, "other_type"),
            "which loan",
        ),
        (
            {"other_additions": [{"other_type": "Loan Interest"}]},
            ("other_additions", 0, "additional_amount"),
            "required",
        ),
    ],
)
def test_what_does_not_fit_is_named_by_its_place_and_no_row_is_used(
    line: dict[str, Any], place: tuple[str | int, ...], reason: str
) -> None:
    found = read_submitted({**body(**line), "payroll_lines": [LINE, {**LINE, **line}]})
    assert [each.place for each in found.misfits] == [("payroll_lines", 1, *place)]
    assert reason in found.misfits[0].reason
    assert found.rows == []


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        ([], ()),
        ({"payroll_lines": [LINE]}, ("check_date",)),
        ({"check_date": "01/09/2026", "payroll_lines": [LINE]}, ("check_date",)),
        ({"check_date": "2026-01-09"}, ("payroll_lines",)),
        ({"check_date": "2026-01-09", "payroll_lines": []}, ("payroll_lines",)),
        ({**body(), "is_off_cycle": "yes"}, ("is_off_cycle",)),
        ({**body(), "payday": "2026-01-09"}, ("payday",)),
        ({"check_date": "2026-01-09", "payroll_lines": [3]}, ("payroll_lines", 0)),
    ],
)
def test_a_body_that_does_not_fit_says_where(sent: Any, place: tuple[str | int, ...]) -> None:
    assert [each.place for each in read_submitted(sent).misfits] == [place]


def test_errors_nest_as_the_body_does_and_lines_without_one_are_empty() -> None:
    problems = [
        Misfit(("payroll_lines", 2, "hours"), "This field is required.", ""),
        Misfit(("payroll_lines", 0, "gross_pay"), "A valid number is required.", "Write it like 1234.50."),
        Misfit(("check_date",), "Date has wrong format.", "Write it as YYYY-MM-DD."),
        Misfit((), "The payroll was rejected.", ""),
    ]
    assert errors_of(problems) == {
        "user_error_message": "The payroll was rejected.",
        "developer_error_detail": None,
        "check_date": {
            "user_error_message": "Date has wrong format.",
            "developer_error_detail": "Write it as YYYY-MM-DD.",
        },
        "payroll_lines": [
            {
                "gross_pay": {
                    "user_error_message": "A valid number is required.",
                    "developer_error_detail": "Write it like 1234.50.",
                }
            },
            {},
            {"hours": {"user_error_message": "This field is required.", "developer_error_detail": None}},
        ],
    }


def test_findings_about_rows_and_fields_have_a_place_in_such_a_body() -> None:
    assert place_of(1, "pre_tax") == ("payroll_lines", 0, "pre_tax_amount")
    assert place_of(3, "loan_payment") == ("payroll_lines", 2, "other_additions")
    assert place_of(2, "lines[1].employee_id") == ("payroll_lines", 1, "participant_id")
    assert place_of(2, "lines[1].roth_cents") == ("payroll_lines", 1, "post_tax_amount")
    assert place_of(3, "pay_date") == ("check_date",)
    assert place_of(None, "total") == ()
