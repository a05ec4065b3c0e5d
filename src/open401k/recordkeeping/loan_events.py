"""What happens to a loan once made: a leave pauses it, the account is offset, a deemed one is reported. ADR-0039.

Money flow of an offset: participant loan -> loan receivable; the note is gone, and no cash moves. A leave moves money
only between interest and principal of payments that are there. Not here: the schedules (loan_leaves.py).
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from open401k import census, ledger, plan
from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.base.faults import fault
from open401k.kernel import LoanId, PlanId, Refused, SponsorId, day_of
from open401k.law.loan_defaults import LoanOffset, OffsetKind, loan_offset
from open401k.law.loan_schedules import LeaveProblem

from . import _loans_store as _store
from .loan_books import LoanState, Repayment, loan_arrears
from .loan_leaves import Leave, pause_installments
from .loan_limits import LoanRefusal
from .loan_repayments import settle_loans
from .loans import get_loan_request, repayments

#: What the journal calls a note that an account is reduced by.
OFFSET = "loan_offset"
_TOO_LONG = "A leave other than service in uniform pauses installments for a year at most (Reg. 1.72(p)-1 Q&A-9(a))."
_NOTHING_LEFT = "No installment is left after this leave, or none falls into it: the loan ends with its term."


@dataclass(frozen=True, slots=True)
class LeaveTold:
    """A leave as somebody tells it. Told again from the same day, another takes its place; without ``until``, none."""

    leave_on: date
    until: date | None
    military: bool = False


def record_leave(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, loan_id: LoanId, event_id: UUID, told: LeaveTold
) -> Repayment | Refused[LoanRefusal] | Refused[ledger.Refusal]:
    """Put a leave on file, and post what it changes of payments that are there; the same id again changes nothing."""
    heads.lock(tx, tenant_id=tenant_id)
    found = _owed(tx, tenant_id, plan_id, loan_id)
    if isinstance(found, Refused) or _store.has_event(tx, tenant_id=tenant_id, event_id=event_id):
        return found
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=told.leave_on).loans
    refused = decide_leave(found, told, terms)
    if refused is not None:
        return refused
    details: dict[str, object] = {}
    row = (event_id, plan_id, loan_id.uuid, "leave", told.leave_on, told.until, told.military, details, None)
    _store.insert_event(tx, tenant_id=tenant_id, row=row)
    said = {"leave_on": told.leave_on.isoformat(), "military": told.military}
    said |= {"until": told.until.isoformat() if told.until else ""}
    audit.record(tx, tenant_id=tenant_id, action="recordkeeping.loan_leave", subject=loan_id, after=said)
    fault("recordkeeping.after_loan_leave")
    settled = settle_loans(
        tx, tenant_id=tenant_id, plan_id=plan_id, loans=[loan_id], key=f"leave/{event_id}", cause=str(loan_id)
    )
    if isinstance(settled, Refused):
        return settled
    return repayments(tx, tenant_id=tenant_id, plan_id=plan_id, loan_ids=[loan_id])[0]


def decide_leave(found: Repayment, told: LeaveTold, terms: plan.Loans | None) -> Refused[LoanRefusal] | None:
    """Why a leave cannot be put on file; None: it can. Pure."""
    if told.until is None:
        if any(each.leave_on == told.leave_on for each in found.loan.leaves):
            return None
        message = f"No leave from {told.leave_on} on is on file."
        return Refused(LoanRefusal.LEAVE_IMPOSSIBLE, message, "Name the first day of the leave to take back.")
    if terms is None or not (terms.pauses_in_service if told.military else terms.pauses_on_leave):
        term = "pauses_in_service" if told.military else "pauses_on_leave"
        message = "The plan's loan program does not pause installments for this (Reg. 1.72(p)-1 Q&A-9)."
        return Refused(LoanRefusal.LEAVE_NOT_PROVIDED, message, f"Amend the plan: loans.{term}.")
    if not found.loan.loan_on <= told.leave_on <= told.until:
        message = f"A leave from {told.leave_on} to {told.until} is none in the term of this loan."
        return Refused(LoanRefusal.LEAVE_IMPOSSIBLE, message, "Give its first and its last day.")
    others = [each for each in found.loan.leaves if each.leave_on != told.leave_on]
    if any(each.leave_on <= told.until and told.leave_on <= each.until for each in others):
        message = "Another leave on file has some of these days."
        return Refused(LoanRefusal.LEAVE_IMPOSSIBLE, message, "Take that one back first, or give other days.")
    paused = pause_installments(found.loan.note, [*others, Leave(told.leave_on, told.until, told.military)])
    if LeaveProblem.LEAVE_OVER_A_YEAR in paused.problems:
        return Refused(LoanRefusal.LEAVE_TOO_LONG, _TOO_LONG, "End it within a year; installments go on then.")
    if paused.problems or len(paused.pauses) <= len(others):
        return Refused(LoanRefusal.LEAVE_IMPOSSIBLE, _NOTHING_LEFT, "Give the days in which installments are due.")
    return None


def offset_loan(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, loan_id: LoanId, event_id: UUID
) -> LoanOffset | Refused[LoanRefusal] | Refused[ledger.Refusal]:
    """Reduce the account today by what is owed, of somebody who left; once. The same id again is the same offset."""
    heads.lock(tx, tenant_id=tenant_id)
    found = _owed(tx, tenant_id, plan_id, loan_id, offset_too=True)
    if isinstance(found, Refused):
        return found
    today = day_of(tx.now) if found.loan.offset is None else found.loan.offset.on
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today).loans
    (who,) = census.roster(tx, tenant_id=tenant_id, employee_ids=[found.loan.employee_id])
    severed = None if census.employed_on(who.employment, today) else who.employment[-1].terminated_on
    decided = decide_offset(found, on=today, severed_on=severed, cure_months=terms.cure_months if terms else None)
    if isinstance(decided, Refused) or found.loan.offset is not None:
        return decided
    entry = _reduce(tx, tenant_id, found, today, event_id)
    if isinstance(entry, Refused):
        return entry
    shares = {source.value: cents for source, cents in found.owed.items() if cents}
    said = {"sources": shares, "interest_cents": decided.offset_cents - found.balance_cents, **_said(decided)}
    row = (event_id, plan_id, loan_id.uuid, "offset", today, None, False, said, entry.entry_id.uuid)
    _store.insert_event(tx, tenant_id=tenant_id, row=row)
    audit.record(tx, tenant_id=tenant_id, action="recordkeeping.loan_offset", subject=loan_id, after=said)
    return decided


def decide_offset(
    found: Repayment, *, on: date, severed_on: date | None, cure_months: int | None
) -> LoanOffset | Refused[LoanRefusal]:
    """What an offset on a day distributes, and until when it may be rolled over; or why there is none. Pure.

    It takes principal and the interest that ends the loan on that day. A loan that was deemed distributed before is not
    taxed again, its later interest neither (Reg. 1.72(p)-1 Q&A-19(a)), and makes the offset no qualified one.
    """
    if found.loan.offset is None:
        cents = found.payoff_cents(on)
        late = loan_arrears(found, on=on, cure_months=cure_months)
        deemed = cents if late.state is LoanState.DEEMED else 0
    else:
        cents, deemed = found.loan.offset.cents, found.loan.offset.deemed_before_cents
    decided = loan_offset(
        offset_cents=cents,
        offset_on=on,
        severed_on=severed_on,
        met_72p_until_then=not deemed,
        deemed_before_cents=deemed,
    )
    if decided.kind is OffsetKind.NOT_ALLOWED:
        message = "The person works here: the account may not be reduced to repay the loan (IRC 401(k)(2)(B))."
        fix = "Until they leave, a loan that is not repaid is a deemed distribution only (Reg. 1.72(p)-1 Q&A-13(b))."
        return Refused(LoanRefusal.OFFSET_NOT_ALLOWED, message, fix)
    return decided


def report_deemed(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, loan_id: LoanId, event_id: UUID
) -> Repayment | Refused[LoanRefusal]:
    """A person reported the deemed distribution on Form 1099-R: it waits for nobody any more. The loan stays owed."""
    heads.lock(tx, tenant_id=tenant_id)
    found = _owed(tx, tenant_id, plan_id, loan_id)
    if isinstance(found, Refused) or _store.has_event(tx, tenant_id=tenant_id, event_id=event_id):
        return found
    today = day_of(tx.now)
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today).loans
    late = loan_arrears(found, on=today, cure_months=terms.cure_months if terms else None)
    if late.state is not LoanState.DEEMED or late.deemed is None:
        message = f"Loan {found.loan.reference} is {late.state.value.replace('_', ' ')}: it is no deemed distribution."
        return Refused(LoanRefusal.NOT_DEEMED, message, "Wait for the end of the cure period.")
    said = {"deemed_on": late.deemed.on.isoformat(), "amount_cents": late.deemed.amount_cents}
    row = (event_id, plan_id, loan_id.uuid, "reported", today, None, False, said, None)
    _store.insert_event(tx, tenant_id=tenant_id, row=row)
    audit.record(tx, tenant_id=tenant_id, action="recordkeeping.loan_reported", subject=loan_id, after=said)
    return found


def _owed(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, loan_id: LoanId, *, offset_too: bool = False
) -> Repayment | Refused[LoanRefusal]:
    request = get_loan_request(tx, tenant_id=tenant_id, plan_id=plan_id, loan_id=loan_id)
    if request is None:
        return Refused(LoanRefusal.LOAN_UNKNOWN, f"Nobody asked for a loan {loan_id} in this plan.", "Check the id.")
    known = repayments(tx, tenant_id=tenant_id, plan_id=plan_id, loan_ids=[loan_id])
    if not known or (known[0].paid_off and not (offset_too and known[0].loan.offset is not None)):
        message = f"Nothing is owed on loan {request.reference}."
        return Refused(LoanRefusal.NOT_OWED, message, "Look at the page of the loan.")
    return known[0]


def _reduce(
    tx: Tx, tenant_id: SponsorId, found: Repayment, on: date, event_id: UUID
) -> ledger.Posted | Refused[ledger.Refusal]:
    loan = found.loan
    note = ledger.AccountKey(loan.plan_id, ledger.Kind.LOAN_RECEIVABLE, loan.employee_id)
    lent = {
        source: ledger.AccountKey(loan.plan_id, ledger.Kind.PARTICIPANT_LOAN, loan.employee_id, source)
        for source, cents in found.owed.items()
        if cents
    }
    accounts = ledger.open_accounts(tx, tenant_id=tenant_id, keys=[note, *lent.values()])
    lines = [
        ledger.Line(accounts[key], accounts[note], found.owed[source], f"{loan.reference}/offset/{source}")
        for source, key in lent.items()
    ]
    fault("recordkeeping.before_loan_offset")
    return ledger.post(
        tx,
        tenant_id=tenant_id,
        key=f"loan_offset/{loan.loan_id}",
        event_on=on,
        reason=OFFSET,
        cause=str(event_id),
        lines=lines,
    )


def _said(decided: LoanOffset) -> dict[str, object]:
    return {
        "kind": decided.kind.value,
        "offset_cents": decided.offset_cents,
        "taxable_cents": decided.taxable_cents,
        "deemed_before_cents": decided.deemed_before_cents,
        "rollover_by": decided.rollover_by.isoformat() if decided.rollover_by else "",
        "return_of": decided.rollover_by_return_of.year if decided.rollover_by_return_of else 0,
    }
