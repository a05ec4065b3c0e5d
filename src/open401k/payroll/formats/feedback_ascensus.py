"""The Ascensus 360 file: percent and dollars in a column each, loans by their number. Not here: the types.

It has no column for what is to be done: a start and a change both come back as SET, and a stop is a value of zero.
"""

import csv
import io
from collections.abc import Iterator, Sequence

from .. import cells as cell
from ..findings import Code, Findings
from .feedback import (
    CODES,
    LOAN_CODE,
    Action,
    Deduction,
    Dollars,
    FeedbackFile,
    Instruction,
    Line,
    LoanRepayment,
    Percent,
    Person,
    checked,
    collected,
    lines_of,
    written,
)

HEADINGS = (
    *("RecordType", "PlanId", "EmployeeLastName", "EmployeeFirstName", "EmployeeMiddleInitial", "EmployeeSSN"),
    *("EffectiveDate", "ContributionCode", "DeferralPercent", "DeferralAmount", "EmployeeEligibilityDate"),
    *("LoanNumber", "LoanPaymentAmount", "TotalLoanAmount"),
)
NOT_CARRIED = ("whether a deduction starts or changes", "the day of the instruction")


def write_ascensus(instructions: Sequence[Instruction]) -> bytes:
    """The file: of percent and dollars the one that is not meant is 0.00."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADINGS)
    for each in checked(instructions):
        loan = each if isinstance(each, LoanRepayment) else None
        value = None if isinstance(each, LoanRepayment) else each.value
        writer.writerow(
            [
                "L" if loan else "D",
                cell.neutral(each.plan),
                cell.neutral(each.person.last_name),
                cell.neutral(each.person.first_name),
                cell.neutral(each.person.middle_initial),
                each.person.ssn,
                written(each.effective_on),
                LOAN_CODE if isinstance(each, LoanRepayment) else CODES[each.source, each.catch_up],
                "" if loan else str(value if isinstance(value, Percent) else "0.00"),
                "" if loan else str(value if isinstance(value, Dollars) else "0.00"),
                written(each.eligible_on),
                cell.neutral(loan.loan_number) if loan else "",
                str(loan.payment or "0.00") if loan else "",
                str(loan.total or "") if loan else "",
            ]
        )
    return out.getvalue().encode()


def read_ascensus(data: bytes) -> FeedbackFile:
    """The instructions of a file; several loans of a person stay several, and two units at once are refused."""
    findings = Findings()
    return collected(_instructions(data, findings), findings)


def _instructions(data: bytes, findings: Findings) -> Iterator[tuple[Line, Instruction]]:
    for line in lines_of(data, HEADINGS, findings):
        before = findings.total
        kind = line.cells["RecordType"].strip(" ").upper()
        if kind not in ("D", "L"):
            line.reject("RecordType", Code.RECORD_UNKNOWN, "A record is D (deduction) or L (loan).", "Write D or L.")
            continue
        instruction = _loan(line) if kind == "L" else _deduction(line)
        if findings.total == before:
            yield line, instruction


def _person(line: Line) -> Person:
    names = (line.text(f"Employee{part}") for part in ("LastName", "FirstName", "MiddleInitial"))
    return Person(line.ssn("EmployeeSSN"), *names)


def _deduction(line: Line) -> Deduction:
    source, catch_up = line.source("ContributionCode")
    value = _value(line)
    return Deduction(
        plan=line.text("PlanId"),
        person=_person(line),
        source=source,
        catch_up=catch_up,
        value=value,
        action=Action.SET if value else Action.STOP,
        effective_on=line.day("EffectiveDate"),
        eligible_on=line.day("EmployeeEligibilityDate"),
    )


def _value(line: Line) -> Percent | Dollars | None:
    """Whichever is not zero, as numbers; both at once say two things, and neither says nothing at all."""
    percent, dollars = line.percent("DeferralPercent"), line.dollars("DeferralAmount")
    if percent is None and dollars is None:
        reason = "Neither a percentage nor an amount is given."
        line.reject("DeferralPercent", Code.AMOUNT_MISSING, reason, "Write 0.00 where it is to stop.")
    if percent and percent.hundredths and dollars and dollars.cents:
        reason = f"It is {percent} percent and {dollars} dollars at once."
        line.reject("DeferralAmount", Code.AMOUNT_FORMAT, reason, "Write 0.00 into the one that is not meant.")
    if percent and percent.hundredths:
        return percent
    return dollars if dollars and dollars.cents else None


def _loan(line: Line) -> LoanRepayment:
    payment = line.dollars("LoanPaymentAmount")
    if payment is None:
        reason = "There is no readable payment."
        line.reject("LoanPaymentAmount", Code.AMOUNT_MISSING, reason, "Write 0.00 where it is to stop.")
    if line.cells["ContributionCode"].strip(" ").upper() != LOAN_CODE:
        reason = "A loan has the code 401L."
        line.reject("ContributionCode", Code.SOURCE_UNKNOWN, reason, "Write 401L, or make it a D record.")
    number = line.text("LoanNumber")
    if not number:
        reason = "The loan has no number: its payment could be credited to another loan."
        line.reject("LoanNumber", Code.LOAN_UNKNOWN, reason, "Write the number of the loan.")
    paid = payment if payment and payment.cents else None
    return LoanRepayment(
        plan=line.text("PlanId"),
        person=_person(line),
        loan_number=number,
        payment=paid,
        total=line.dollars("TotalLoanAmount"),
        action=Action.SET if paid else Action.STOP,
        effective_on=line.day("EffectiveDate"),
        eligible_on=line.day("EmployeeEligibilityDate"),
    )
