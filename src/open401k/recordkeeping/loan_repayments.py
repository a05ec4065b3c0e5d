"""What payrolls withheld for loans: recorded, and posted as should-be minus posted. ADR-0033.

Money flow of a payment: employer receivable -> loan receivable (principal) and participant source (interest); with the
principal, participant loan -> participant source. Not here: how a payment splits (loan_books.py).
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import NamedTuple

from open401k import ledger
from open401k.base import audit
from open401k.base.db import Tx
from open401k.base.faults import fault
from open401k.kernel import EmployeeId, EntryId, LoanId, Money, PlanId, Refused, RunId, Source, SponsorId

from . import _loans_store as _store
from .loan_books import Booked, Loan, LoanPayment, Moved, Repayment, should_be
from .loan_limits import LoanRefusal
from .loans import repayments

#: What the journal calls money that repays a loan; settlement of contributions leaves it alone.
REPAID = "loan_payment"
_ACTION = "recordkeeping.loan_payments"


def record_payments(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, run_id: RunId, payments: Sequence[LoanPayment]
) -> None:
    """Put on file what one payroll withheld for loans."""
    if not payments:
        return
    rows = [
        _store.PaymentRow(each.run_id.uuid, each.row, each.place, each.loan_id.uuid, each.pay_date, each.cents)
        for each in payments
    ]
    _store.insert_payments(tx, tenant_id=tenant_id, plan_id=plan_id, rows=rows)
    audit.record(tx, tenant_id=tenant_id, action=_ACTION, subject=run_id, after=_told(rows))


def loans_of_run(tx: Tx, *, tenant_id: SponsorId, run_id: RunId) -> set[LoanId]:
    """The loans that a payroll repaid something of."""
    return {LoanId(row.loan_id) for row in _store.payments_of_run(tx, tenant_id=tenant_id, run_id=run_id)}


def repaid_cents(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> int:
    """Principal and interest of all loans of a plan that are in the books."""
    loans = [each.loan.loan_id for each in repayments(tx, tenant_id=tenant_id, plan_id=plan_id)]
    return sum(moved.cents for moved in posted_of(tx, tenant_id=tenant_id, loans=loans).moved.values())


def settle_loans(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, loans: Collection[LoanId], key: str, cause: str
) -> int | Refused[LoanRefusal] | Refused[ledger.Refusal]:
    """Post what the payments of these loans come to less what is posted; cents that the employer owes for it.

    A payment that a corrected payroll leaves without a loan to repay is refused: no account could take it.
    """
    if not loans:
        return 0
    known = repayments(tx, tenant_id=tenant_id, loan_ids=sorted(loans))
    if refused := next((_overpaid(each) for each in known if each.over_cents), None):
        return refused
    by_id = {each.loan.loan_id: each.loan for each in known}
    missing = should_be(known).less(posted_of(tx, tenant_id=tenant_id, loans=sorted(by_id)))
    together, total = ledger.Together(), 0
    for day, moves in groupby(missing.items(), key=lambda each: each[0][0]):
        of_day = [_Move(by_id[loan_id], source, moved) for (_, loan_id, source), moved in moves]
        entry = _post(tx, tenant_id, plan_id, of_day, day, f"{key}/loans/{day}", cause, together)
        if isinstance(entry, Refused):
            return entry
        total += sum(each.moved.cents for each in of_day)
    refused_balance = ledger.take_in(tx, tenant_id=tenant_id, together=together)
    return total if refused_balance is None else refused_balance


class _Move(NamedTuple):
    loan: Loan
    source: Source
    moved: Moved


def _post(
    tx: Tx,
    tenant_id: SponsorId,
    plan_id: PlanId,
    moves: Sequence[_Move],
    on: date,
    key: str,
    cause: str,
    together: ledger.Together,
) -> EntryId | Refused[ledger.Refusal]:
    lines = _lines(tx, tenant_id, plan_id, moves)
    fault("recordkeeping.before_loan_post")
    posted = ledger.post(
        tx, tenant_id=tenant_id, key=key, event_on=on, reason=REPAID, cause=cause, lines=lines, together=together
    )
    if isinstance(posted, Refused):
        return posted
    if not posted.already:
        rows = [
            _store.PostingRow(
                each.loan.loan_id.uuid, on, each.source.value, each.moved.principal_cents, each.moved.interest_cents
            )
            for each in moves
        ]
        _store.insert_postings(tx, tenant_id=tenant_id, plan_id=plan_id, entry_id=posted.entry_id.uuid, rows=rows)
    return posted.entry_id


def _lines(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, moves: Sequence[_Move]) -> list[ledger.Line]:
    """Each movement as lines; a negative one runs the other way."""
    owed = ledger.AccountKey(plan_id, ledger.Kind.EMPLOYER_RECEIVABLE)
    wanted: list[tuple[ledger.AccountKey, ledger.AccountKey, int, str]] = []
    for loan, source, moved in moves:
        own = ledger.AccountKey(plan_id, ledger.Kind.PARTICIPANT, loan.employee_id, source)
        lent = ledger.AccountKey(plan_id, ledger.Kind.PARTICIPANT_LOAN, loan.employee_id, source)
        note = ledger.AccountKey(plan_id, ledger.Kind.LOAN_RECEIVABLE, loan.employee_id)
        wanted.append((owed, note, moved.principal_cents, f"{loan.reference}/principal"))
        wanted.append((lent, own, moved.principal_cents, f"{loan.reference}/{source}"))
        wanted.append((owed, own, moved.interest_cents, f"{loan.reference}/interest"))
    keys = list(dict.fromkeys(key for each in wanted for key in each[:2]))
    accounts = ledger.open_accounts(tx, tenant_id=tenant_id, keys=keys)
    return [
        ledger.Line(accounts[debit], accounts[credit], cents, ref)
        if cents > 0
        else ledger.Line(accounts[credit], accounts[debit], -cents, ref)
        for debit, credit, cents, ref in wanted
        if cents
    ]


def posted_of(tx: Tx, *, tenant_id: SponsorId, loans: Sequence[LoanId]) -> Booked:
    """What of these loans' payments is in the books."""
    rows = _store.postings(tx, tenant_id=tenant_id, loan_ids=[each.uuid for each in loans])
    return Booked(
        {
            (row.pay_date, LoanId(row.loan_id), Source(row.source)): Moved(row.principal_cents, row.interest_cents)
            for row in rows
        }
    )


def _overpaid(each: Repayment) -> Refused[LoanRefusal]:
    message = (
        f"The payment of {each.over_on} is {Money(each.over_cents)} over what ends loan {each.loan.reference}, as the "
        "payrolls on file now repay it."
    )
    fix = "Correct the payment of that payroll, or of this one; what was withheld too much goes back to the employee."
    return Refused(LoanRefusal.OVERPAID, message, fix)


@dataclass(frozen=True, slots=True)
class LoanDamage:
    """A loan, or a payment, that the books do not hold as it should be."""

    where: str
    message: str


def loan_damage(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> tuple[int, list[LoanDamage]]:
    """For verification: how many loans there are, and everything about them that does not follow from the facts."""
    known = repayments(tx, tenant_id=tenant_id, plan_id=plan_id)
    if not known:
        return 0, []
    found = [*_unposted(tx, tenant_id, known), *_balances(tx, tenant_id, plan_id, known)]
    runs = {paid.payment.run_id for each in known for paid in each.repaid}
    for run_id in sorted(runs):
        now = _told(_store.payments_of_run(tx, tenant_id=tenant_id, run_id=run_id))
        told = [each for each in audit.entries(tx, tenant_id=tenant_id, subject=run_id) if each.action == _ACTION]
        if [each.after for each in told] != [now]:
            found.append(LoanDamage(str(run_id), "its loan payments are not what was recorded"))
    for entry_id, kept, moved in _store.entries_that_differ(tx, tenant_id=tenant_id):
        found.append(LoanDamage(str(EntryId(entry_id)), f"the entry moved {moved} cents, {kept} are kept of it"))
    return len(known), found


def _unposted(tx: Tx, tenant_id: SponsorId, known: Sequence[Repayment]) -> Iterator[LoanDamage]:
    posted = posted_of(tx, tenant_id=tenant_id, loans=[each.loan.loan_id for each in known])
    for (day, loan_id, source), moved in should_be(known).less(posted).items():
        message = f"{moved.principal_cents} of principal and {moved.interest_cents} of interest are missing ({source})"
        yield LoanDamage(f"{loan_id} {day}", message)


def _balances(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, known: Sequence[Repayment]) -> Iterator[LoanDamage]:
    """Notes by person and source, and what the person owes, are what the loans leave."""
    expected: dict[tuple[str, EmployeeId, Source | None], int] = {}
    for each in known:
        for source, cents in [*each.owed.items(), (None, each.balance_cents)]:
            kind = ledger.Kind.LOAN_RECEIVABLE if source is None else ledger.Kind.PARTICIPANT_LOAN
            key = (kind.value, each.loan.employee_id, source)
            expected[key] = expected.get(key, 0) + cents
    held = ledger.balances(tx, tenant_id=tenant_id, plan_id=plan_id)
    kinds = (ledger.Kind.LOAN_RECEIVABLE, ledger.Kind.PARTICIPANT_LOAN)
    rows = zip(held.kind, held.employee_id, held.source, held.amount, strict=True)
    actual = {
        (kind, EmployeeId(who), None if source is None else Source(source)): cents
        for kind, who, source, cents in rows
        if kind in kinds and who is not None
    }
    for key in {*expected, *actual}:
        if expected.get(key, 0) != actual.get(key, 0):
            what, who, of_source = key
            message = f"{what} {of_source or ''} holds {actual.get(key, 0)} cents, not {expected.get(key, 0)}"
            yield LoanDamage(str(who), message)


def _told(rows: Sequence[_store.PaymentRow]) -> dict[str, object]:
    """What the audit trail says of a payroll's payments."""
    in_order = sorted((each.row_no, each.place_no, each.loan_id.hex, str(each.pay_date), each.cents) for each in rows)
    digest = hashlib.sha256(repr(in_order).encode()).hexdigest()
    return {"payments": len(rows), "cents": sum(row.cents for row in rows), "hash": digest}
