"""What a row says besides amounts: numbers, EINs, pay groups, leaves, hours by code; and which files are the same."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.payroll_rows import rows

from open401k import census
from open401k.census.likeness import Traits, likeness
from open401k.kernel import EmployeeId
from open401k.payroll import Field, Findings, PayrollRow, as_json, evidence_of, open_upload, propose, read_json, settle
from open401k.payroll.checks import content_sum
from open401k.payroll.providers import (
    Earning,
    PayrollKind,
    PayStatement,
    ProviderPayroll,
    Withheld,
    finch_read,
    gusto_read,
)
from open401k.payroll.providers.reading import Told
from open401k.payroll.pulled_rows import rows_of

PAID = date(2026, 3, 13)
ANA = PayrollRow(
    2, 2, "123456789", "", "Ana", "Lee", pay_date=PAID, gross_cents=4_000_00,
    employee_number="0042", employer_ein="123456789", pay_group="W1", employment_status="L",
    leave_start=date(2026, 3, 1), leave_end=date(2026, 4, 1),
)  # fmt: skip
PAYKONNECT = (
    "EIN,SSN,Employee_ID,First_Name,Last_Name,Pay_Group,Employee_Status_Code,Payroll_Date,Pay_Period_Gross_Wages,"
    "CONT_401K\n12-3456789,123-45-6789,0042,Ana,Lee,W1,L,03/13/2026,4000.00,200.00\n"
)
DETAMOOV = (
    "SSN,EMPLOYEE NUMBER,LAST NAME,FIRST NAME,EMPLOYMENT STATUS,PAYROLL CHECK DATE,CURRENT PAY PERIOD GROSS PAY,"
    "CURRENT PAYROLL EMPLOYEE PRETAX CONTRIBUTION\n123456789,0042,Lee,Ana,L,03/13/2026,4000.00,200.00\n"
)
STANDARD = (
    "ssn,first_name,last_name,dob,hire_date,pay_date,gross_comp,hours,pre_tax,roth,employee_number,employer_ein,"
    "pay_group,leave_start,leave_end,pay:REG,hours:REG,hours:PTO\n123456789,Ana,Lee,1979-04-02,2020-01-06,2026-03-13,"
    "4000.00,80,200.00,0.00,0042,12-3456789,W1,2026-03-01,2026-04-01,4000.00,72,8\n"
)


def read(text: str) -> PayrollRow:
    opened = open_upload(text.encode())
    (row,) = [row for chunk in opened.chunks() for row in chunk]
    assert opened.findings.total == 0
    return row


def test_layouts_that_carry_it_say_what_payroll_calls_people_and_where() -> None:
    published = read(PAYKONNECT)
    assert (published.employee_number, published.employer_ein) == ("0042", "123456789")
    assert (published.pay_group, published.employment_status) == ("W1", "L")
    assert (read(DETAMOOV).employee_number, read(DETAMOOV).employment_status) == ("0042", "L")
    own = read(STANDARD)
    assert (own.employee_number, own.leave_start, own.leave_end) == ("0042", date(2026, 3, 1), date(2026, 4, 1))
    assert own.earnings_hours == (("REG", 72_00), ("PTO", 8_00))
    assert own.hours_hundredths == 80_00


@settings(deadline=None, max_examples=60)
@given(people=st.lists(rows(), min_size=1, max_size=4))
def test_the_body_of_a_run_keeps_all_that_rows_say(people: list[PayrollRow]) -> None:
    placed = [replace(row, row=place, line=place, pay_date=PAID, period_start=None, period_end=None)
              for place, row in enumerate(people, start=1)]  # fmt: skip
    findings = Findings()
    body = as_json(placed, pay_date=PAID, period_start=None, period_end=None)
    assert [row for chunk in read_json(body, findings) for row in chunk] == placed
    assert findings.total == 0


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ({"ssn": "123-45-6789", "employer_ein": "12345678"}, "rows[0].employer_ein"),
        ({"ssn": "123-45-6789", "leave_start": "March 1"}, "rows[0].leave_start"),
        ({"ssn": "123-45-6789", "hours_by_code": [{"code": "PTO"}]}, "rows[0].hours_by_code[0]"),
        ({"ssn": "123-45-6789", "hours_by_code": "8"}, "rows[0].hours_by_code"),
        ({"first_name": "Ana"}, "rows[0].employee_id"),
    ],
)
def test_what_cannot_be_read_of_a_body_is_named_by_its_place(line: dict[str, Any], column: str) -> None:
    findings = Findings()
    assert list(read_json({"pay_date": "2026-03-13", "lines": [line]}, findings)) == []
    assert [each.column for each in findings.listed] == [column]


def test_a_number_alone_names_somebody_in_a_body() -> None:
    findings = Findings()
    body = {"pay_date": "2026-03-13", "lines": [{"employee_number": "0042", "employer_ein": "12-3456789"}]}
    ((row,),) = read_json(body, findings)
    assert (row.key, row.by_number, findings.total) == ("123456789|0042", True, 0)


def test_a_column_of_ids_is_ours_or_payrolls_by_what_stands_in_it() -> None:
    ours = propose(["Employee ID"], [["emp_" + "0" * 32]]).columns[0]
    theirs = propose(["Employee ID"], [["0042"]]).columns[0]
    assert (ours.field, theirs.field) == (Field.EMPLOYEE_ID, Field.EMPLOYEE_NUMBER)


def test_a_row_is_evidence_with_its_number_and_whose_it_is() -> None:
    evidence = evidence_of(ANA, "paykonnect")
    assert (evidence.employee_number, evidence.system) == ("0042", "paykonnect|123456789")


@pytest.mark.parametrize("number", ["123-45-6789", "123456789", "123 45 6789"])
def test_what_may_be_a_social_security_number_is_no_employee_number(number: str) -> None:
    assert evidence_of(replace(ANA, employee_number=number), "x").employee_number == ""


LIKE = census.PersonEvidence("Ana", "Lee", None, None, None, "0042", "summit", "123456789")


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({}, census.Told.SAME),
        ({"employee_number": "0043"}, census.Told.ANOTHER),
        ({"employer_ein": "987654321"}, None),
        ({"provider": "northwind"}, None),
        ({"employee_number": ""}, None),
    ],
)
def test_numbers_speak_within_one_system_of_one_employer(other: dict[str, Any], told: census.Told | None) -> None:
    who = Traits("Ana", "Lee", employee_numbers=frozenset({(LIKE.system, LIKE.employee_number)}))
    row = replace(LIKE, **other)
    numbers = frozenset({(row.system, row.employee_number)} if row.employee_number else ())
    found = likeness(Traits("Ana", "Lee", employee_numbers=numbers), who)
    assert found.told(census.Trait.EMPLOYEE_NUMBER) is told


@pytest.mark.parametrize(
    "other",
    [
        {"earnings": (("REG", 3_500_00), ("OT", 500_00))},
        {"safe_harbor_match_cents": 1_00},
        {"nonelective_cents": 1_00},
        {"profit_sharing_cents": 1_00},
        {"deductions": (("MED", 1_00),)},
    ],
)
def test_files_that_differ_in_pay_by_code_or_employer_money_are_two(other: dict[str, Any]) -> None:
    row = replace(ANA, earnings=(("REG", 4_000_00),))
    assert content_sum([row], PAID) != content_sum([replace(row, **other)], PAID)


def test_the_order_of_codes_makes_no_other_file() -> None:
    one, other = (("REG", 1), ("OT", 2)), (("OT", 2), ("REG", 1))
    assert content_sum([replace(ANA, earnings=one)], PAID) == content_sum([replace(ANA, earnings=other)], PAID)


def test_a_sum_of_before_has_no_deductions_in_it_and_other_rows_have_the_sum_that_they_had() -> None:
    taken, zero = replace(ANA, deductions=(("MED", 1_00),)), replace(ANA, deductions=(("MED", 0),))
    assert content_sum([taken], PAID) != content_sum([replace(ANA, deductions=(("MED", 2_00),))], PAID)
    assert content_sum([taken], PAID, deductions=False) == content_sum([ANA], PAID) == content_sum([zero], PAID)


def test_fica_wages_are_read_where_a_file_has_them_and_blank_is_not_zero() -> None:
    heading, line = STANDARD.splitlines()
    said = read(f"{heading},fica_wages\n{line},3800.00\n")
    silent = read(f"{heading},fica_wages\n{line},\n")
    assert (said.fica_wages_cents, silent.fica_wages_cents, read(STANDARD).fica_wages_cents) == (3_800_00, None, None)
    assert content_sum([said], PAID) != content_sum([silent], PAID)


def test_providers_tell_what_payroll_calls_people_and_which_group_is_paid() -> None:
    named = {"first_name": "Ana", "last_name": "Lee"}
    at_gusto = gusto_read.person(Told({"uuid": "u-1", **named, "employee_code": "46f036"}, "employee"))
    at_finch = finch_read.person(Told({"id": "i-1", **named}, "individual"), Told({"source_id": "0042"}, "employment"))
    assert at_finch is not None
    assert (at_gusto.employee_number, at_finch.employee_number) == ("46f036", "0042")
    paid = {"id": "p-1", "pay_date": "2026-03-13", "gross_pay": {"amount": 0, "currency": "usd"}}
    groups = [["weekly"], ["weekly", "monthly"], []]
    told = [finch_read.payroll(Told({**paid, "pay_group_ids": each}, "payment"), []) for each in groups]
    assert [each.pay_group for each in told] == ["weekly", "", ""]


def test_a_pulled_row_has_hours_by_code_and_its_pay_group() -> None:
    earned = (Earning("Regular Hours", 900_00, "hourly", 72_00), Earning("Bonus", 100_00, "fixed"))
    statement = PayStatement("p-1", 1_000_00, earned, hours_hundredths=72_00)
    told = ProviderPayroll("pay-1", PAID, None, None, PayrollKind.REGULAR, (statement,), pay_group="weekly")
    pulled = rows_of(told, reversals=[], who={"p-1": EmployeeId(UUID(int=1))})
    assert isinstance(pulled, list)
    assert (pulled[0].earnings_hours, pulled[0].pay_group) == ((("Regular Hours", 72_00),), "weekly")


def test_a_pulled_row_of_two_checks_has_the_hours_of_both_and_none_where_one_takes_back() -> None:
    worked = PayStatement("p-1", 900_00, (Earning("Regular", 900_00, "hourly", 72_00),), hours_hundredths=72_00)
    bonus = PayStatement("p-1", 100_00, (Earning("Bonus", 100_00, "fixed"),))
    back = replace(bonus, gross_cents=-10_00, earnings=(Earning("Bonus", -10_00, "fixed"),))
    told = ProviderPayroll("pay-1", PAID, None, None, PayrollKind.REGULAR, (worked, bonus))
    reversal = ProviderPayroll("pay-2", PAID, None, None, PayrollKind.REVERSAL, (back,), reverses="pay-1")
    within = replace(told, statements=(worked, bonus, back))
    who = {"p-1": EmployeeId(UUID(int=1))}
    both, less, also = (
        rows_of(each, reversals=by, who=who) for each, by in ((told, []), (told, [reversal]), (within, []))
    )
    assert isinstance(both, list)
    assert isinstance(less, list)
    assert isinstance(also, list)
    assert (both[0].hours_hundredths, both[0].earnings_hours) == (72_00, (("Regular", 72_00),))
    assert [(each[0].hours_hundredths, each[0].earnings_hours) for each in (less, also)] == [(None, ())] * 2


def test_a_pulled_row_has_what_was_taken_off_for_no_plan_by_code() -> None:
    off = (
        Withheld("401k", 50_00, provider_type="401k", means=Field.PRE_TAX),
        Withheld("Medical", 40_00, 300_00, provider_type="s125_medical"),
        Withheld("Child support", 25_00, provider_type="deduction"),
        Withheld("Dental", 0, 12_00, provider_type="s125_dental"),
    )
    statement = PayStatement("p-1", 1_000_00, withheld=off)
    told = ProviderPayroll("pay-1", PAID, None, None, PayrollKind.REGULAR, (statement,))
    pulled = rows_of(told, reversals=[], who={"p-1": EmployeeId(UUID(int=1))})
    assert isinstance(pulled, list)
    assert pulled[0].deductions == (("Medical", 40_00), ("Child support", 25_00))
    body = as_json(pulled, pay_date=PAID, period_start=None, period_end=None)
    findings = Findings()
    ((back,),) = read_json(body, findings)
    assert (back.deductions, findings.total) == (pulled[0].deductions, 0)


def test_a_column_of_amounts_in_the_place_of_an_ein_is_no_ein_and_our_headings_of_codes_are_known() -> None:
    before = settle(propose(["SSN", "First Name", "Last Name", "Gross Pay", "Pre-Tax", "EIN"], [[""] * 6]), {})
    headings = ["SSN", "First Name", "Last Name", "Gross Pay", "Pre-Tax"]
    row = ["", "", "", "", ""]
    regular = propose([*headings, "Regular"], [[*row, "3400.00"]], remembered=[before]).columns[5]
    renamed = propose([*headings, "Employer"], [[*row, "11-1111111"]], remembered=[before]).columns[5]
    code = propose([*headings, "pay:BON"], [[*row, "3400.00"]], remembered=[before]).columns[5]
    assert [regular.field, renamed.field] == [None, Field.EMPLOYER_EIN]
    assert (code.field, code.name, code.changed_from) == (Field.EARNINGS, "BON", "EIN")
