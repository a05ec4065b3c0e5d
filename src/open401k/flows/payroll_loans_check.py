"""Loan payments as rows tell them, and the loans of their people, for the checks (payroll/checks_loans.py)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from open401k import payroll, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, RunId
from open401k.payroll import runs
from open401k.recordkeeping import LoanPayment, LoanState, Repayment

Rows = Sequence[payroll.PayrollRow]


@dataclass(frozen=True, slots=True)
class LoanWithheld:
    """What a row says was withheld for a loan of an employee."""

    employee_id: EmployeeId
    row: int
    place: int
    reference: str
    cents: int


def withheld_of(rows: Rows, who: Sequence[EmployeeId]) -> list[LoanWithheld]:
    """The loan payments of rows, whose employees are given in the same order."""
    return [
        LoanWithheld(employee_id, row.row, place, reference, cents)
        for row, employee_id in zip(rows, who, strict=True)
        for place, (reference, cents) in enumerate(row.loan_payments)
        if cents > 0
    ]


def with_loans(tx: Tx, asked: payroll.Asked, run: runs.Run, standing: payroll.Standing, rows: Rows) -> payroll.Standing:
    """The standing with the loans of the people of these rows: payoffs as the file names them, and what is missing.

    Nothing is read where the plan lends nothing and no row repays anything.
    """
    terms = asked.provisions.loans
    of_whom: dict[int, list[payroll.PayrollRow]] = {}
    for row in rows:
        if row.key in standing.place:
            of_whom.setdefault(standing.place[row.key], []).append(row)
    if not of_whom or (terms is None and not any(row.loan_payments for row in rows)):
        return standing
    known = recordkeeping.repayments(
        tx,
        tenant_id=asked.tenant_id,
        plan_id=asked.plan_id,
        employee_ids=[standing.employee_id[place] for place in of_whom],
        without=run.replaces,
    )
    loans: list[dict[str, int]] = [{} for _ in range(len(standing))]
    overdue: list[dict[str, payroll.OverdueLoan]] = [{} for _ in range(len(standing))]
    installments: list[list[int]] = [[] for _ in range(len(standing))]
    months = None if terms is None else terms.cure_months
    for place, own in of_whom.items():
        mine = [each for each in known if each.loan.employee_id == standing.employee_id[place]]
        for row in own:
            loans[standing.again.get(row.row, place)] = _payoffs(mine, row, own, asked.pay_date)
        overdue[place] = _missing(mine, own, run.run_id, asked.pay_date, months)
        installments[place] = [each.loan.schedule.level_payment_cents for each in mine if not each.paid_off]
    return replace(standing, loans=loans, overdue=overdue, installments=installments)


def _payoffs(mine: Sequence[Repayment], row: payroll.PayrollRow, own: Rows, on: date) -> dict[str, int]:
    """What each reference of a row may be paid at most: the payoff, less what else is paid on the same loan that day.

    ``own`` are all rows of the person, of several employers.
    """
    named = [
        (each is row, text, cents, recordkeeping.named_loan(mine, text, on=on))
        for each in own
        for text, cents in each.loan_payments
    ]
    found = {}
    for number, (here, text, _, loan) in enumerate(named):
        if here and loan is not None:
            others = [cents for n, (_, _, cents, other) in enumerate(named) if n != number and other is loan]
            found[text] = max(loan.payoff_cents(on) - sum(others), 0)
    return found


def _missing(
    mine: Sequence[Repayment], own: Rows, run_id: RunId, on: date, cure_months: int | None
) -> dict[str, payroll.OverdueLoan]:
    """What is missing of each loan once the rows of the person are posted."""
    found = {}
    for each in mine:
        more = [
            LoanPayment(each.loan.loan_id, run_id, row.row, place, on, cents)
            for row in own
            for place, (text, cents) in enumerate(row.loan_payments)
            if recordkeeping.named_loan(mine, text, on=on) is each
        ]
        after = recordkeeping.replay_loan(each.loan, [*(paid.payment for paid in each.repaid), *more])
        late = recordkeeping.loan_arrears(after, on=on + timedelta(days=1), cure_months=cure_months)
        if late.cure is not None and late.missed_due_on is not None:
            curable = late.state is LoanState.LATE
            told = payroll.OverdueLoan(late.missed_cents, late.missed_due_on, late.cure.last_day, curable)
            found[each.loan.reference] = told
    return found
