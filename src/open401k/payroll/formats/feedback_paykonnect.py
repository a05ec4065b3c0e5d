"""The Pay(k)onnect 360 file: a row per deduction or loan, whose unit stands in a column of its own. Not here: types.

What Transaction Type says is not published, and the files that can be seen leave it blank: so do we, unless the words
that a payroll wants are given. A start and a change then both come back as SET, and a stop is a value of zero.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

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
    *("Record Type", "Plan Number", "SSN", "Effective Date", "Eligibility Date", "Transaction Date"),
    *("Transaction Type", "Code", "Value Type", "Value", "Loan Reference Number", "Loan Goal"),
)
NOT_CARRIED = ("names", "whether a deduction starts or changes, unless Transaction Type has words for it")


def write_paykonnect(instructions: Sequence[Instruction], *, words: Mapping[Action, str] | None = None) -> bytes:
    """The file; ``words`` are what Transaction Type says of each action, as the payroll wants it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADINGS)
    for each in checked(instructions):
        loan = isinstance(each, LoanRepayment)
        value = each.payment if isinstance(each, LoanRepayment) else each.value
        writer.writerow(
            [
                "L" if loan else "D",
                cell.neutral(each.plan),
                each.person.ssn,
                written(each.effective_on),
                written(each.eligible_on),
                written(each.sent_on),
                (words or {}).get(each.action, ""),
                LOAN_CODE if isinstance(each, LoanRepayment) else CODES[each.source, each.catch_up],
                "Percent" if isinstance(value, Percent) else "Amount",
                str(value or "0.00"),
                cell.neutral(each.loan_number) if isinstance(each, LoanRepayment) else "",
                str((each.total if isinstance(each, LoanRepayment) else None) or ""),
            ]
        )
    return out.getvalue().encode()


def read_paykonnect(data: bytes, *, words: Mapping[Action, str] | None = None) -> FeedbackFile:
    """The instructions of a file; several loans of a person stay several, and no unit is guessed."""
    findings = Findings()
    meanings = {word.casefold(): action for action, word in (words or {}).items()} | {"": Action.SET}
    return collected(_instructions(data, meanings, findings), findings)


def _instructions(
    data: bytes, meanings: Mapping[str, Action], findings: Findings
) -> Iterator[tuple[Line, Instruction]]:
    for line in lines_of(data, HEADINGS, findings):
        before = findings.total
        kind = line.cells["Record Type"].strip(" ").upper()
        if kind not in ("D", "L"):
            line.reject("Record Type", Code.RECORD_UNKNOWN, "A record is D (deduction) or L (loan).", "Write D or L.")
            continue
        action = meanings.get(line.cells["Transaction Type"].strip(" ").casefold())
        if action is None:
            reason = "What this transaction type says was not agreed."
            line.reject("Transaction Type", Code.AMOUNT_FORMAT, reason, "Leave it blank, or agree on its words.")
            continue
        instruction = _loan(line, action) if kind == "L" else _deduction(line, action)
        if findings.total == before:
            yield line, instruction


def _deduction(line: Line, action: Action) -> Deduction:
    source, catch_up = line.source("Code")
    value = _value(line)
    return Deduction(
        plan=line.text("Plan Number"),
        person=Person(line.ssn("SSN")),
        source=source,
        catch_up=catch_up,
        value=value,
        action=_action(line, action, value),
        effective_on=line.day("Effective Date"),
        eligible_on=line.day("Eligibility Date"),
        sent_on=line.day("Transaction Date"),
    )


def _loan(line: Line, action: Action) -> LoanRepayment:
    value = _value(line)
    if line.cells["Code"].strip(" ").upper() != LOAN_CODE:
        line.reject("Code", Code.SOURCE_UNKNOWN, "A loan has the code 401L.", "Write 401L, or make it a D record.")
    if isinstance(value, Percent):
        line.reject("Value Type", Code.AMOUNT_FORMAT, "A loan is repaid in dollars.", "Write Amount.")
    number = line.text("Loan Reference Number")
    if not number:
        reason = "The loan has no number: its payment could be credited to another loan."
        line.reject("Loan Reference Number", Code.LOAN_UNKNOWN, reason, "Write the number of the loan.")
    payment = value if isinstance(value, Dollars) else None
    return LoanRepayment(
        plan=line.text("Plan Number"),
        person=Person(line.ssn("SSN")),
        loan_number=number,
        payment=payment,
        total=line.dollars("Loan Goal"),
        action=_action(line, action, payment),
        effective_on=line.day("Effective Date"),
        eligible_on=line.day("Eligibility Date"),
        sent_on=line.day("Transaction Date"),
    )


def _value(line: Line) -> Percent | Dollars | None:
    """The value in the unit that its own column says; None is nothing to withhold."""
    unit = line.cells["Value Type"].strip(" ").casefold()
    if unit not in ("percent", "amount"):
        line.reject("Value Type", Code.AMOUNT_FORMAT, "The unit is Percent or Amount.", "Say which one it is.")
        return None
    value = line.percent("Value") if unit == "percent" else line.dollars("Value")
    if value is None:
        line.reject("Value", Code.AMOUNT_MISSING, "There is no readable value.", "Write 0.00 where it is to stop.")
        return None
    return value if value > type(value)(0) else None  # type: ignore[operator]


def _action(line: Line, action: Action, value: Percent | Dollars | None) -> Action:
    if value is None:
        return Action.STOP
    if action is Action.STOP:
        line.reject("Value", Code.AMOUNT_FORMAT, "It stops, and yet has a value.", "Write 0.00, or another type.")
    return action
