"""Instructions to a payroll and back: units as they are said, each loan by its own number, nothing guessed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.payroll_rows import ssns

from open401k.kernel import Open401kError, Source
from open401k.payroll.formats.feedback import (
    CODES,
    Action,
    Deduction,
    Dollars,
    FeedbackFile,
    Instruction,
    LoanRepayment,
    Percent,
    Person,
    key_of,
)
from open401k.payroll.formats.feedback_ascensus import read_ascensus, write_ascensus
from open401k.payroll.formats.feedback_paykonnect import read_paykonnect, write_paykonnect

ANA = Person("012345678", "Lee", "Ana", "M")
DEFERRAL = Deduction("222222-00000", ANA, Source.PRE_TAX, Percent(10_00), effective_on=date(2026, 3, 13))
LOAN = LoanRepayment("222222-00000", ANA, "L-1", Dollars(101_19), Dollars(5_524_17), effective_on=date(2026, 3, 13))
WORDS = {Action.START: "NEW", Action.CHANGE: "CHG", Action.STOP: "END"}
VENDOR = pytest.mark.parametrize(
    ("write", "read"), [(write_paykonnect, read_paykonnect), (write_ascensus, read_ascensus)], ids=["payk", "ascensus"]
)

Write: TypeAlias = Callable[[list[Instruction]], bytes]
Read: TypeAlias = Callable[[bytes], FeedbackFile]
days = st.none() | st.dates(date(1990, 1, 1), date(2099, 12, 31))
texts = st.text(st.sampled_from("ABzé'=+-@ ,\"0"), max_size=10).map(str.strip)
people = st.builds(Person, ssns(), texts, texts, texts.map(lambda text: text[:1]))
values = st.builds(Percent, st.integers(1, 100_00)) | st.builds(Dollars, st.integers(1, 10**9))


def acted(instruction: Any) -> Any:
    value = instruction.payment if isinstance(instruction, LoanRepayment) else instruction.value
    return replace(instruction, action=Action.SET if value else Action.STOP)


deductions = st.builds(
    lambda kind, **rest: acted(Deduction(source=kind[0], catch_up=kind[1], **rest)),
    st.sampled_from(list(CODES)),
    plan=st.sampled_from(["222222-00000", "=1"]),
    person=people,
    value=st.none() | values,
    effective_on=days,
    eligible_on=days,
)
loans = st.builds(
    LoanRepayment,
    plan=st.just("222222-00000"),
    person=people,
    loan_number=texts.filter(bool),
    payment=st.none() | st.builds(Dollars, st.integers(1, 10**9)),
    total=st.none() | st.builds(Dollars, st.integers(0, 10**9)),
    effective_on=days,
    eligible_on=days,
).map(acted)
files = st.lists(deductions | loans, max_size=8, unique_by=key_of)


@given(files)
def test_ascensus_reads_back_what_it_wrote(given: list[Instruction]) -> None:
    file = read_ascensus(write_ascensus(given))
    assert file.findings.total == 0, file.findings.listed
    assert file.instructions == given


@given(files, days)
def test_paykonnect_reads_back_what_it_wrote_but_names(given: list[Instruction], sent: date | None) -> None:
    given = [replace(each, sent_on=sent) for each in given]
    file = read_paykonnect(write_paykonnect(given))
    assert file.findings.total == 0, file.findings.listed
    assert file.instructions == [replace(each, person=Person(each.person.ssn)) for each in given]


@pytest.mark.parametrize("action", [Action.START, Action.CHANGE, Action.STOP])
def test_agreed_words_tell_what_is_to_be_done(action: Action) -> None:
    told = replace(DEFERRAL, action=action, person=Person(ANA.ssn), value=None if action is Action.STOP else Percent(1))
    assert read_paykonnect(write_paykonnect([told], words=WORDS), words=WORDS).instructions == [told]


@VENDOR
@pytest.mark.parametrize("value", [Percent(9_00), Percent(10_00), Dollars(9_00), Dollars(100_00), Dollars(2_00)])
def test_percent_or_dollars_is_never_decided_by_comparing_strings(
    write: Write, read: Read, value: Percent | Dollars
) -> None:
    """The first published defect: as strings "9.00" > "10.00", and "9.00" > "100.00"; the unit must be what is said."""
    (told,) = read(write([replace(DEFERRAL, value=value)])).instructions
    assert isinstance(told, Deduction)
    assert told.value == value


@pytest.mark.parametrize(
    ("percent", "dollars", "value"),
    [
        ("10.00", "9", None),  # both: the defect takes 9 dollars, since "9" > "10.00"
        ("0", "2.00", Dollars(2_00)),
        ("0.00", "100.00", Dollars(100_00)),
        ("", "100.00", Dollars(100_00)),
        ("5.00", "", Percent(5_00)),
        ("10.00", "0.00", Percent(10_00)),
    ],
)
def test_ascensus_columns_are_numbers_and_two_at_once_are_refused(
    percent: str, dollars: str, value: Percent | Dollars | None
) -> None:
    data = write_ascensus([DEFERRAL]).replace(b",10.00,0.00,", f",{percent},{dollars},".encode())
    file = read_ascensus(data)
    if value is None:
        assert [(each.code, each.row, each.column) for each in file.findings.listed] == [
            ("amount.format", 2, "J DeferralAmount")
        ]
        assert file.instructions == []
    else:
        assert [each.value for each in file.instructions if isinstance(each, Deduction)] == [value]


@VENDOR
def test_several_loans_of_a_person_are_never_summed(write: Write, read: Read) -> None:
    """The second published defect: 101.19 and 100.00 of two loans became one loan of 201.19 without a number."""
    other = replace(LOAN, loan_number="L-2", payment=Dollars(100_00))
    told = read(write([LOAN, other])).instructions
    assert [(each.loan_number, each.payment) for each in told if isinstance(each, LoanRepayment)] == [
        ("L-1", Dollars(101_19)),
        ("L-2", Dollars(100_00)),
    ]


@VENDOR
def test_a_loan_without_a_number_is_refused(write: Write, read: Read) -> None:
    file = read(write([LOAN]).replace(b"L-1", b""))
    assert [(each.code, each.row) for each in file.findings.listed] == [("loan.unknown", 2)]
    assert file.instructions == []


@VENDOR
def test_the_same_deduction_twice_from_one_day_is_a_contradiction(write: Write, read: Read) -> None:
    data = write([DEFERRAL])
    file = read(data + data.splitlines(keepends=True)[1].replace(b"10.00", b"12.00"))
    assert [(each.code, each.row) for each in file.findings.listed] == [("row.duplicate", 3)]
    with pytest.raises(Open401kError, match="Instruction 2 says the same deduction"):
        write([DEFERRAL, replace(DEFERRAL, value=Percent(12_00))])


@pytest.mark.parametrize(
    ("old", "new", "code", "column"),
    [
        ("03132026", "3132026", "date.format", "G EffectiveDate"),  # a spreadsheet dropped the zero
        ("03132026", "13032026", "date.invalid", "G EffectiveDate"),
        ("012345678", "12345678", "ssn.length", "F EmployeeSSN"),
        ("401K", "403B", "source.unknown", "H ContributionCode"),
        ("10.00", "10%", "amount.format", "I DeferralPercent"),
        ("10.00", "100.01", "amount.implausible", "I DeferralPercent"),
        ("10.00", "-10.00", "amount.format", "I DeferralPercent"),
        ("10.00,0.00", ",", "amount.missing", "I DeferralPercent"),
        ("\r\nD,", "\r\nX,", "record.unknown", "A RecordType"),
        ("LoanNumber", "Loan No", "header.unknown", "Loan No"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(old: str, new: str, code: str, column: str) -> None:
    data = write_ascensus([DEFERRAL]).decode()
    assert old in data
    file = read_ascensus(data.replace(old, new, 1).encode())
    assert (code, column) in [(each.code, each.column) for each in file.findings.listed]
    assert file.instructions == []
    assert "012345678" not in repr(file.findings.listed)


def test_a_row_with_a_cell_too_many_is_refused_though_it_is_blank() -> None:
    """Files seen elsewhere end rows with a comma too many. A blank tail may hide 1,234.56 cut at its comma: refused."""
    data = write_ascensus([LOAN]).replace(b"5524.17\r\n", b"5524.17,\r\n")
    assert [each.code for each in read_ascensus(data).findings.listed] == ["row.width"]


def test_a_unit_that_is_none_is_refused() -> None:
    file = read_paykonnect(write_paykonnect([DEFERRAL]).replace(b"Percent", b"Pct"))
    assert next((each.code, each.column) for each in file.findings.listed) == ("amount.format", "I Value Type")
    assert read_paykonnect(write_paykonnect([LOAN]).replace(b"Amount", b"Percent")).findings.rejected


def test_a_word_that_was_not_agreed_is_refused() -> None:
    file = read_paykonnect(write_paykonnect([replace(DEFERRAL, action=Action.START)], words=WORDS))
    assert [(each.row, each.column) for each in file.findings.listed] == [(2, "G Transaction Type")]


WRONG: list[tuple[Instruction, str]] = [
    (replace(DEFERRAL, value=None), "goes on without one"),
    (replace(DEFERRAL, action=Action.STOP), "stops with a value"),
    (replace(DEFERRAL, value=Percent(0)), "which is a stop"),
    (replace(DEFERRAL, value=Percent(100_01)), "more than all pay"),
    (replace(DEFERRAL, source=Source.AFTER_TAX, catch_up=True), "after_tax catch-up, which has no code"),
    (replace(DEFERRAL, source=Source.MATCH), "match, which has no code"),
    (replace(DEFERRAL, person=Person("12345678")), "nobody by nine digits"),
    (replace(DEFERRAL, plan=" "), "no plan"),
    (replace(LOAN, loan_number=""), "no loan"),
    (replace(LOAN, payment=Dollars(-1)), "which is a stop"),
]


@VENDOR
@pytest.mark.parametrize(("wrong", "words"), WRONG)
def test_what_no_file_can_say_is_never_written(write: Write, read: Read, wrong: Instruction, words: str) -> None:
    with pytest.raises(Open401kError, match=words):
        write([wrong])


def test_headings_are_the_published_ones() -> None:
    assert write_paykonnect([LOAN]).decode().splitlines() == [
        "Record Type,Plan Number,SSN,Effective Date,Eligibility Date,Transaction Date,Transaction Type,Code,Value Type,"
        "Value,Loan Reference Number,Loan Goal",
        "L,222222-00000,012345678,03132026,,,,401L,Amount,101.19,L-1,5524.17",
    ]
    assert write_ascensus([DEFERRAL, LOAN]).decode().splitlines() == [
        "RecordType,PlanId,EmployeeLastName,EmployeeFirstName,EmployeeMiddleInitial,EmployeeSSN,EffectiveDate,"
        "ContributionCode,DeferralPercent,DeferralAmount,EmployeeEligibilityDate,LoanNumber,LoanPaymentAmount,"
        "TotalLoanAmount",
        "D,222222-00000,Lee,Ana,M,012345678,03132026,401K,10.00,0.00,,,,",
        "L,222222-00000,Lee,Ana,M,012345678,03132026,401L,,,,L-1,101.19,5524.17",
    ]
