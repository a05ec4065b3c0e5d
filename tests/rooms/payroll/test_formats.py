"""Published layouts and headings of any provider, read into the same rows."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.rooms.payroll.test_catalogue import codes

from open401k.payroll import LAYOUTS, Field, Findings, Layout, PayrollRow, Severity, open_upload, read_json, settle

VALUES = {
    Field.SSN: "123-45-6789",
    Field.FIRST_NAME: "Ana",
    Field.LAST_NAME: "Lee",
    Field.BIRTH_DATE: "04/02/1979",
    Field.HIRE_DATE: "02/02/2015",
    Field.PAY_DATE: "03/13/2026",
    Field.HOURS: "80",
    Field.GROSS: "4000.00",
    Field.PRE_TAX: "200.00",
    Field.ROTH: "10.00",
    Field.LOAN_PAYMENT: "25.00",
}


def rows_of(data: bytes, **how: str) -> list[PayrollRow]:
    opened = open_upload(data, **how)  # type: ignore[arg-type]
    rows = [row for chunk in opened.chunks() for row in chunk]
    assert opened.findings.total == 0, opened.findings.listed
    return rows


@pytest.mark.parametrize(
    "layout", [layout for layout in LAYOUTS if layout.name != "open401k"], ids=lambda each: each.name
)
def test_published_layout_is_settled_without_asking(layout: Layout) -> None:
    headings = layout.headings
    cells = [VALUES.get(layout.fields[heading], "") if heading in layout.fields else "" for heading in headings]
    data = ("\r\n".join(",".join(f'"{cell}"' for cell in line) for line in (headings, cells)) + "\r\n").encode()
    (row,) = rows_of(data)
    assert (row.ssn, row.gross_cents, row.pre_tax_cents, row.roth_cents) == ("123456789", 4000_00, 200_00, 10_00)
    assert row.pay_date == (None if layout.without_pay_date else date(2026, 3, 13))
    assert sum(cents for _, cents in row.loan_payments) == 25_00 * list(layout.fields.values()).count(
        Field.LOAN_PAYMENT
    )


def test_several_loans_stay_several() -> None:
    layout = next(each for each in LAYOUTS if each.name == "detamoov")
    cells = [
        "25.00" if heading.startswith("401K") else "7.50" if "LOAN 2" in heading else VALUES.get(field, "")
        for heading, field in layout.fields.items()
    ]
    (row,) = rows_of(",".join(layout.fields).encode() + b"\n" + ",".join(cells).encode())
    assert row.loan_payments == (("401K LOAN 1 CONTRIBUTION", 25_00), ("LOAN 2 REPAYMENT", 7_50))


def test_layout_in_another_order_is_the_same_layout() -> None:
    layout = LAYOUTS[1]
    headings = sorted(layout.required)
    cells = [VALUES[layout.fields[heading]] for heading in headings]
    assert rows_of(",".join(headings).encode() + b"\n" + ",".join(cells).encode())[0].pre_tax_cents == 200_00


def test_one_unknown_heading_makes_any_layout_ask() -> None:
    layout = LAYOUTS[1]
    headings = [*layout.required, "CONT_Mystery"]
    opened = open_upload(",".join(headings).encode() + b"\n" + b",".join([b"1"] * len(headings)))
    assert opened.mapping is None
    assert codes(opened.findings) == ["header.unknown"]


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Employee SSN", Field.SSN),
        ("Check Date", Field.PAY_DATE),
        ("Period Begin", Field.PERIOD_START),
        ("401k Deferral", Field.PRE_TAX),
        ("401(k)", Field.PRE_TAX),
        ("Roth 401(k)", Field.ROTH),
        ("Employer Match", Field.MATCH),
        ("Term Date", Field.TERMINATION_DATE),
        ("GROSS-PAY", Field.GROSS),
        ("YTD Gross Pay", None),
        ("401k Deferral %", None),
    ],
)
def test_headings_are_known_by_their_words(heading: str, field: Field | None) -> None:
    opened = open_upload(f"{heading}\n".encode() + b"x\n")
    assert opened.proposal is not None
    assert (opened.proposal.columns[0].field, opened.proposal.columns[0].confidence) == (
        field,
        100 if field is None else opened.proposal.columns[0].confidence,
    )


def test_unknown_heading_is_described_by_its_content_and_masked() -> None:
    opened = open_upload(b"Mystery,Other\n123-45-6789,200.00\n234-56-7890,1.50\n")
    assert opened.proposal is not None
    first, second = opened.proposal.columns
    assert (first.field, first.alternatives, first.samples) == (None, (Field.SSN,), ("***-**-6789", "***-**-7890"))
    assert (second.field, Field.PRE_TAX in second.alternatives) == (None, True)


def test_heading_that_its_cells_contradict_is_never_sure() -> None:
    opened = open_upload(b"SSN,Pre-Tax\n123-45-6789,5%\n")
    assert opened.proposal is not None
    assert opened.proposal.columns[1].confidence < 100
    assert opened.mapping is None


EMPLOYEE = "emp_" + "0" * 31 + "1"
LINE = {
    "employee_id": EMPLOYEE,
    "gross_cents": 4000_00,
    "pre_tax_cents": 200_00,
    "hours": "80.25",
    "loans": [{"loan_id": "L1", "cents": 5}],
}


def test_api_body_gives_the_same_rows() -> None:
    findings = Findings()
    ((row,),) = read_json({"pay_date": "2026-03-13", "lines": [LINE]}, findings)
    assert findings.total == 0
    assert (row.key, row.pay_date, row.pre_tax_cents, row.hours_hundredths, row.loan_payments) == (
        EMPLOYEE,
        date(2026, 3, 13),
        200_00,
        80_25,
        (("L1", 5),),
    )


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"pre_tax_cents": -1}, "amount.negative_not_allowed", "rows[0].pre_tax_cents"),
        ({"pre_tax_cents": 1.5}, "amount.format", "rows[0].pre_tax_cents"),
        ({"pre_tax_cents": True}, "amount.format", "rows[0].pre_tax_cents"),
        ({"pre_tax_cents": 10**15}, "amount.implausible", "rows[0].pre_tax_cents"),
        ({"ssn": "912345678"}, "ssn.invalid", "rows[0].ssn"),
        ({"birth_date": "02/29/2025"}, "date.invalid", "rows[0].birth_date"),
        ({"pretax": 1}, "header.unknown", "rows[0].pretax"),
        ({"loans": [{"loan_id": "L1"}]}, "amount.missing", "rows[0].loans[0]"),
        ({"employee_id": "1042"}, "person.unknown", "rows[0].employee_id"),
        ({"employee_id": ""}, "ssn.invalid", "rows[0].employee_id"),
    ],
)
def test_api_body_names_the_path_of_each_problem(change: Any, code: str, path: str) -> None:
    findings = Findings()
    assert list(read_json({"pay_date": "2026-03-13", "lines": [LINE | change]}, findings)) == []
    assert [(finding.severity, finding.code, finding.column) for finding in findings.listed] == [
        (Severity.REJECT, code, path)
    ]
    assert "912345678" not in findings.listed[0].value_masked


def test_providers_employee_number_never_stands_for_our_id() -> None:
    headings = "SSN,Employee ID,First Name,Last Name,Check Date,Gross Pay,401k,Roth"
    data = f"{headings}\n123-45-6789,1042,Ana,Lee,2026-03-13,4000.00,200.00,0.00\n".encode()
    opened = open_upload(data, provider="northwind")
    assert opened.proposal is not None
    settled = open_upload(data, provider="northwind", remembered=[settle(opened.proposal, {})])
    assert [(row.ssn, row.employee_id) for chunk in settled.chunks() for row in chunk] == [("123456789", "")]


def test_published_layout_is_known_whoever_sends_it_and_a_settled_mapping_goes_before_it() -> None:
    headings = sorted(LAYOUTS[1].required)
    data = ",".join(headings).encode() + b"\n" + b",".join([b"x"] * len(headings))
    known = open_upload(data, provider="northwind").mapping
    assert known is not None
    assert known.provider == "paykonnect"
    own = replace(known, provider="northwind")
    assert open_upload(data, provider="northwind", remembered=[own]).mapping == own
