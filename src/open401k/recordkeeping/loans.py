"""Loans to participants: asked for, approved or declined by a person, paid out of their own sources. ADR-0033.

Money flow when approved: participant source -> participant loan (theirs, as a note), loan receivable -> cash clearing.
Not here: what payrolls repay (loan_repayments.py), whether and how much (loan_limits.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from open401k import census, ledger, plan
from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, LoanId, PlanId, Refused, RunId, Source, SponsorId, day_of
from open401k.law.loan_schedules import Frequency, LoanTerms, loan_schedule

from . import _loans_store as _store
from .loan_books import Loan, LoanPayment, Offset, Repayment, replay_loan
from .loan_leaves import Leave, pause_installments
from .loan_limits import Borrower, LoanOffered, LoanRefusal, LoanWanted, SourceBalance, decide_loan
from .tenure import whole_years
from .vested import vested_in_full

#: What the journal calls the money that is lent.
LENT = "loan"


@dataclass(frozen=True, slots=True)
class LoanDecision:
    """The answer to a request: by whom, when, why not; of a loan that was made, the rate and the prime rate of then."""

    approved: bool
    reason: str
    decided_at: datetime
    decided_by: str
    prime_bps: int | None = None


@dataclass(frozen=True, slots=True)
class LoanRequest:
    """A loan that somebody asked for. ``decision`` None: it waits. ``loan`` is there once it was made."""

    loan_id: LoanId
    plan_id: PlanId
    employee_id: EmployeeId
    reference: str
    wanted: LoanWanted
    asked_at: datetime
    asked_by: str
    decision: LoanDecision | None = None
    loan: Loan | None = None
    #: A person reported that the loan is a deemed distribution.
    reported: bool = False


def loan_requests(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId | None = None
) -> list[LoanRequest]:
    """All loans of a plan that were asked for, the oldest first."""
    people = None if employee_id is None else [employee_id.uuid]
    rows = _store.loans(tx, tenant_id=tenant_id, plan_id=plan_id, employee_ids=people)
    return [_request(row) for row in rows]


def get_loan_request(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, loan_id: LoanId) -> LoanRequest | None:
    """One of them."""
    rows = _store.loans(tx, tenant_id=tenant_id, plan_id=plan_id, loan_ids=[loan_id.uuid])
    return _request(rows[0]) if rows else None


def repayments(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId | None = None,
    employee_ids: Sequence[EmployeeId] | None = None,
    loan_ids: Sequence[LoanId] | None = None,
    without: RunId | None = None,
) -> list[Repayment]:
    """Loans that were made, as the payrolls that count leave them; ``without`` a run that another one is to replace."""
    rows = _store.loans(
        tx,
        tenant_id=tenant_id,
        plan_id=plan_id,
        employee_ids=None if employee_ids is None else [each.uuid for each in employee_ids],
        loan_ids=None if loan_ids is None else [each.uuid for each in loan_ids],
    )
    made = [loan for row in rows if (loan := _loan(row)) is not None]
    if not made:
        return []
    paid = payments_that_count(tx, tenant_id=tenant_id, loans=made, without=without)
    return [replay_loan(loan, [each for each in paid if each.loan_id == loan.loan_id]) for loan in made]


def payments_that_count(
    tx: Tx, *, tenant_id: SponsorId, loans: Sequence[Loan], without: RunId | None = None
) -> list[LoanPayment]:
    """What payrolls withheld for these loans, those left out that a corrected payroll replaced."""
    rows = _store.payments(tx, tenant_id=tenant_id, loan_ids=[each.loan_id.uuid for each in loans])
    if not rows:
        return []
    plans = sorted({each.plan_id for each in loans})
    every = [run for each in plans for run in census.pay_runs(tx, tenant_id=tenant_id, plan_id=each)]
    current = {run.run_id.uuid for run in every if run.current and run.run_id != without}
    return [
        LoanPayment(LoanId(row.loan_id), RunId(row.run_id), row.row_no, row.place_no, row.pay_date, row.cents)
        for row in rows
        if row.run_id in current
    ]


def ask_loan(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId, loan_id: LoanId, wanted: LoanWanted
) -> LoanRequest | Refused[LoanRefusal]:
    """Put on file what somebody wants to borrow, if it could be lent today; asked again, the same."""
    heads.lock(tx, tenant_id=tenant_id)
    before = get_loan_request(tx, tenant_id=tenant_id, plan_id=plan_id, loan_id=loan_id)
    if before is not None:
        return before
    offered = offer_loan(tx, tenant_id=tenant_id, plan_id=plan_id, employee_id=employee_id, wanted=wanted, prime_bps=0)
    if isinstance(offered, Refused):
        return offered
    reference = f"L{_store.count_of_plan(tx, tenant_id=tenant_id, plan_id=plan_id) + 1:04d}"
    asked = (
        wanted.amount_cents, wanted.installments, wanted.frequency.value, wanted.residence,
    )  # fmt: skip
    row = (loan_id.uuid, plan_id, employee_id, reference, *asked)
    _store.insert_request(tx, tenant_id=tenant_id, row=row)
    told = {"employee_id": str(employee_id), "reference": reference, "amount_cents": wanted.amount_cents}
    audit.record(tx, tenant_id=tenant_id, action="recordkeeping.loan_asked", subject=loan_id, after=told)
    return LoanRequest(loan_id, plan_id, employee_id, reference, wanted, tx.now, tx.actor.id)


def offer_loan(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId, wanted: LoanWanted, prime_bps: int
) -> LoanOffered | Refused[LoanRefusal]:
    """The loan as it would be made today, under a prime rate; or why not. Changes nothing."""
    today = day_of(tx.now)
    in_force = plan.in_effect(tx, tenant_id=tenant_id, plan_id=plan_id, on=today)
    provisions = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today) if in_force else None
    terms = None if provisions is None else provisions.loans
    borrower = borrower_of(tx, tenant_id=tenant_id, plan_id=plan_id, employee_id=employee_id, on=today)
    rate = prime_bps + (0 if terms is None else terms.over_prime_bps)
    return decide_loan(wanted, borrower, terms, on=today, rate_bps=rate)


def approve_loan(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, loan_id: LoanId, prime_bps: int
) -> LoanRequest | Refused[LoanRefusal]:
    """Lend it: judged again as of today, posted, and from now on repaid through payroll. Approved again, the same."""
    heads.lock(tx, tenant_id=tenant_id)
    request = get_loan_request(tx, tenant_id=tenant_id, plan_id=plan_id, loan_id=loan_id)
    if request is None:
        return _unknown(loan_id)
    if request.decision is not None:
        return request if request.decision.approved else _decided(request)
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "employee_id": request.employee_id}
    offered = offer_loan(tx, **of, wanted=request.wanted, prime_bps=prime_bps)
    if isinstance(offered, Refused):
        return offered
    entry = _lend(tx, tenant_id, request, offered)
    if isinstance(entry, Refused):
        return Refused(LoanRefusal.NOT_ENOUGH_MONEY, entry.message, entry.fix)
    terms = offered.schedule.terms
    sources = {source.value: cents for source, cents in offered.sources.items()}
    row = (loan_id.uuid, True, "", terms.loan_on, prime_bps, terms.annual_rate_bps, sources, entry.entry_id)
    _store.insert_decision(tx, tenant_id=tenant_id, row=row)
    told = {"loan_on": terms.loan_on.isoformat(), "rate_bps": terms.annual_rate_bps, "sources": sources}
    audit.record(tx, tenant_id=tenant_id, action="recordkeeping.loan_approved", subject=loan_id, after=told)
    done = get_loan_request(tx, tenant_id=tenant_id, plan_id=plan_id, loan_id=loan_id)
    if done is None:
        raise ValueError(f"{loan_id} was approved, and is not on file")
    return done


def decline_loan(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, loan_id: LoanId, reason: str
) -> LoanRequest | Refused[LoanRefusal]:
    """Say no, and why; said again, the same."""
    heads.lock(tx, tenant_id=tenant_id)
    request = get_loan_request(tx, tenant_id=tenant_id, plan_id=plan_id, loan_id=loan_id)
    if request is None:
        return _unknown(loan_id)
    if request.decision is not None:
        return _decided(request) if request.decision.approved else request
    _store.insert_decision(tx, tenant_id=tenant_id, row=(loan_id.uuid, False, reason, *[None] * 5))
    audit.record(
        tx, tenant_id=tenant_id, action="recordkeeping.loan_declined", subject=loan_id, after={"reason": reason}
    )
    done = get_loan_request(tx, tenant_id=tenant_id, plan_id=plan_id, loan_id=loan_id)
    return request if done is None else done


def _lend(
    tx: Tx, tenant_id: SponsorId, request: LoanRequest, offered: LoanOffered
) -> ledger.Posted | Refused[ledger.Refusal]:
    """The sources turn into a note of their owner, and the cash goes out; one entry."""
    plan_id, who = request.plan_id, request.employee_id
    receivable = ledger.AccountKey(plan_id, ledger.Kind.LOAN_RECEIVABLE, who)
    cash = ledger.AccountKey(plan_id, ledger.Kind.CASH_CLEARING)
    pairs = [
        (
            ledger.AccountKey(plan_id, ledger.Kind.PARTICIPANT, who, source),
            ledger.AccountKey(plan_id, ledger.Kind.PARTICIPANT_LOAN, who, source),
            cents,
        )
        for source, cents in offered.sources.items()
    ]
    keys = [receivable, cash, *(key for pair in pairs for key in pair[:2])]
    accounts = ledger.open_accounts(tx, tenant_id=tenant_id, keys=keys)
    lines = [ledger.Line(accounts[own], accounts[lent], cents, f"loan/{own.source}") for own, lent, cents in pairs]
    amount = offered.schedule.terms.principal_cents
    lines.append(ledger.Line(accounts[receivable], accounts[cash], amount, "loan/paid_out"))
    on = offered.schedule.terms.loan_on
    key = f"loan/{request.loan_id}"
    return ledger.post(
        tx, tenant_id=tenant_id, key=key, event_on=on, reason=LENT, cause=str(request.loan_id), lines=lines
    )


def borrower_of(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId, on: date) -> Borrower:
    """What is known of somebody who asks: accounts and loans in every plan of the sponsor."""
    people = census.roster(tx, tenant_id=tenant_id, employee_ids=[employee_id])
    employed = bool(people) and census.employed_on(people[0].employment, on)
    plans = (plan_id, *plan.other_plans(tx, tenant_id=tenant_id, plan_id=plan_id))
    found = {each: _balances(tx, tenant_id, each, people[0], on) for each in plans} if people else {}
    loans = repayments(tx, tenant_id=tenant_id, employee_ids=[employee_id])
    return Borrower(bool(people), employed, plan_id, found, loans)


def _balances(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, who: census.Employee, on: date
) -> dict[Source, SourceBalance]:
    if not plan.in_effect(tx, tenant_id=tenant_id, plan_id=plan_id, on=on):
        return {}
    vesting = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=on).vesting
    # Service over more than one employment takes a judgement of breaks: until then only what vests at once is lent.
    years = int(whole_years([who], on)[0]) if len(who.employment) == 1 else 0
    full = vested_in_full(tx, tenant_id=tenant_id, plan_id=plan_id, person=who, on=on) is not None
    held = ledger.balances(tx, tenant_id=tenant_id, plan_id=plan_id)
    cash: dict[Source, int] = {}
    lent: dict[Source, int] = {}
    rows = zip(held.kind, held.employee_id, held.source, held.asset, held.amount, held.reserved, strict=True)
    for kind, owner, source, asset, amount, reserved in rows:
        if owner == who.employee_id.uuid and source is not None and asset == ledger.USD:
            if kind == ledger.Kind.PARTICIPANT:
                cash[Source(source)] = amount - reserved
            elif kind == ledger.Kind.PARTICIPANT_LOAN:
                lent[Source(source)] = amount
    return {
        source: SourceBalance(
            cash.get(source, 0), lent.get(source, 0), 100 if full else vesting.of(source).percent_after(years)
        )
        for source in Source
        if source in cash or source in lent
    }


def _request(row: _store.LoanRow) -> LoanRequest:
    decision = None
    if row.approved is not None and row.decided_at is not None:
        decision = LoanDecision(row.approved, row.reason or "", row.decided_at, row.decided_by or "", row.prime_bps)
    return LoanRequest(
        LoanId(row.loan_id),
        PlanId(row.plan_id),
        EmployeeId(row.employee_id),
        row.reference,
        LoanWanted(row.amount_cents, row.installments, Frequency(row.frequency), row.residence),
        row.asked_at,
        row.asked_by,
        decision,
        _loan(row),
        any(each["kind"] == "reported" for each in row.events),
    )


def _loan(row: _store.LoanRow) -> Loan | None:
    if row.loan_on is None or row.rate_bps is None or row.sources is None:
        return None
    terms = LoanTerms(
        row.amount_cents, row.rate_bps, row.installments, Frequency(row.frequency), row.loan_on, row.residence
    )
    note, leaves = loan_schedule(terms), leaves_of(row.events)
    paused = pause_installments(note, leaves) if leaves else None
    return Loan(
        LoanId(row.loan_id),
        PlanId(row.plan_id),
        EmployeeId(row.employee_id),
        row.reference,
        note if paused is None else paused.schedule,
        shares_of(row.sources),
        leaves,
        paused,
        offset_of(row.events),
    )


def leaves_of(events: Sequence[Mapping[str, Any]]) -> tuple[Leave, ...]:
    """The leaves that count: of those that begin on the same day the newest, unless it was taken back."""
    newest = {each["on"]: each for each in events if each["kind"] == "leave"}
    return tuple(
        Leave(date.fromisoformat(day), date.fromisoformat(each["until"]), each["military"])
        for day, each in sorted(newest.items())
        if each["until"] is not None
    )


def offset_of(events: Sequence[Mapping[str, Any]]) -> Offset | None:
    """The one offset of a loan, if there was one."""
    found = next((each for each in events if each["kind"] == "offset"), None)
    if found is None:
        return None
    details = found["details"]
    shares, before = shares_of(details["sources"]), details["deemed_before_cents"]
    return Offset(date.fromisoformat(found["on"]), shares, details["interest_cents"], before)


def shares_of(told: Mapping[str, int]) -> dict[Source, int]:
    """Cents by source, as they are on file."""
    return {source: told[source.value] for source in Source if source.value in told}


def _unknown(loan_id: LoanId) -> Refused[LoanRefusal]:
    return Refused(LoanRefusal.LOAN_UNKNOWN, f"Nobody asked for a loan {loan_id} in this plan.", "Check the id.")


def _decided(request: LoanRequest) -> Refused[LoanRefusal]:
    answer = "approved" if request.decision is not None and request.decision.approved else "declined"
    message = f"Loan {request.reference} was {answer} before."
    return Refused(LoanRefusal.DECIDED_BEFORE, message, "Ask for a new loan if something else is wanted.")
