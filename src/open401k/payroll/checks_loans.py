"""Loan payments against the loans on file. Not here: what is owed on them (recordkeeping), who a row is."""

from collections.abc import Iterator

from open401k.kernel import Money

from .cells import shown
from .chunks import Chunk
from .findings import Code, Finding, Severity
from .rows import Field, PayrollRow
from .standing import OverdueLoan


def check(chunk: Chunk) -> Iterator[Finding]:
    """A payment on a loan that is not on file, or beyond its payoff, refuses the file; a missed one is told.

    No account could take it: were the file posted, the money would be withheld and stand nowhere.
    """
    for place, row in enumerate(chunk.rows):
        known = int(chunk.places[place])
        if row.loan_payments:
            yield from _payments(chunk, row, known)
        if chunk.standing.overdue is not None and known >= 0:
            for reference, overdue in chunk.standing.overdue[known].items():
                yield _missed(chunk, row, reference, overdue)


def _payments(chunk: Chunk, row: PayrollRow, known: int) -> Iterator[Finding]:
    open_loans = chunk.standing.loans[known] if chunk.standing.loans is not None and known >= 0 else {}
    for reference, cents in row.loan_payments:
        if cents <= 0:
            continue
        payoff = open_loans.get(reference)
        if payoff is None:
            code, reason = Code.LOAN_UNKNOWN, f"No open loan {shown(reference)!r} of this employee is on file."
            fix = "Correct the reference; a loan kept elsewhere is paid there: leave it out of this file."
        elif payoff <= 0:
            code, reason = Code.LOAN_OVERPAY, f"Loan {shown(reference)!r} is repaid: nothing is owed on it."
            fix = "Stop the deduction and return what was withheld."
        elif cents > payoff:
            code, reason = Code.LOAN_OVERPAY, f"{Money(cents)} is more than the payoff of {Money(payoff)}."
            fix = "Send the payoff, stop the deduction and return the rest."
        else:
            continue
        yield chunk.finding(row, Severity.REJECT, code, reason, fix, Field.LOAN_PAYMENT)


def _missed(chunk: Chunk, row: PayrollRow, reference: str, overdue: OverdueLoan) -> Finding:
    missing = f"After this payroll {Money(overdue.cents)} of loan {reference}, due on {overdue.due_on}, are missing"
    if overdue.curable:
        reason = f"{missing}; the cure period ends on {overdue.cure_by} (Reg. 1.72(p)-1 Q&A-10(a))."
        fix = f"Withhold it by {overdue.cure_by}, or the whole balance is a deemed distribution."
    else:
        reason = f"{missing}, and the cure period ended on {overdue.cure_by}: the balance is a deemed distribution."
        fix = "Report it on Form 1099-R, code L (IRC 72(p)(1)(A)); repayments may go on."
    detail = (("missed_cents", str(overdue.cents)), ("cure_by", overdue.cure_by.isoformat()))
    return chunk.finding(row, Severity.NOTE, Code.LOAN_MISSED, reason, fix, Field.LOAN_PAYMENT, detail=detail)
