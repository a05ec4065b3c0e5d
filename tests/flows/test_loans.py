"""A loan from the request to the payoff: lent, repaid through payroll, replaced, refused, told; the books hold it."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from tests.flows.bookkeeping import Plan, books
from tests.support.database import TESTER
from tests.support.flows import run_with_a_stop

from open401k import census, ledger, payroll, recordkeeping
from open401k import plan as plans
from open401k.base.db import Database
from open401k.demo.people import ACME, PAY_DATES
from open401k.demo.setup import takeover_of
from open401k.flows.loan import LoanAsked, approve, ask, decline, offset, pause, report
from open401k.flows.plan_takeover import take_over
from open401k.flows.verify import verify
from open401k.kernel import EmployeeId, FixedClock, LoanId, Refused
from open401k.law.loan_schedules import Frequency
from open401k.payroll import write_back_book
from open401k.recordkeeping import LeaveTold, LoanRefusal, LoanRequest, LoanWanted, Repayment
from open401k.views import loans as view

BORROWER = ACME.people[2]
WANTED = LoanWanted(10_000_00, 26, Frequency.BIWEEKLY)
PRIME = 750


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    """Acme, whose plan lends."""
    takeover = takeover_of(ACME, db.ids)
    terms = replace(takeover.provisions, loans=plans.Loans(most_at_once=2))
    takeover = replace(takeover, provisions=terms)
    take_over(db, actor=TESTER, takeover=takeover)
    return Plan(db, clock, takeover)


def of(plan: Plan) -> dict[str, Any]:
    return {"tenant_id": plan.sponsor, "plan_id": plan.plan}


def borrower(plan: Plan) -> EmployeeId:
    return plan.employee(BORROWER.ssn[-4:])


def asked(plan: Plan, wanted: LoanWanted = WANTED, loan_id: LoanId | None = None) -> LoanRequest | Refused[LoanRefusal]:
    request = LoanAsked(plan.sponsor, plan.plan, borrower(plan), loan_id or plan.db.ids.new(LoanId), wanted)
    return ask(plan.db, actor=TESTER, asked=request)


def lent(plan: Plan, wanted: LoanWanted = WANTED) -> recordkeeping.Loan:
    request = asked(plan, wanted)
    assert isinstance(request, LoanRequest), request
    done = approve(plan.db, actor=TESTER, **of(plan), loan_id=request.loan_id, prime_bps=PRIME)
    assert isinstance(done, LoanRequest), done
    assert done.loan is not None
    return done.loan


def standing(plan: Plan, loan: recordkeeping.Loan) -> Repayment:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (found,) = recordkeeping.repayments(tx, tenant_id=plan.sponsor, loan_ids=[loan.loan_id])
    return found


def file(plan: Plan, period: int, *payments: tuple[str, str]) -> bytes:
    """The provider's file with a column for the reference and the payment of each loan."""
    head, *rows = plan.file(period).decode().splitlines()
    titles = [
        f"{title}{f' {n}' if n else ''}" for n in range(len(payments)) for title in ("Loan Number", "Loan Payment")
    ]
    told = [",".join([head, *titles])]
    for row in rows:
        mine = row.startswith(BORROWER.ssn)
        told.append(",".join([row, *(cell if mine else "" for payment in payments for cell in payment)]))
    return "\r\n".join(told).encode()


def kinds(plan: Plan) -> dict[str, int]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        held = ledger.balances(tx, **of(plan))
    names = (
        ledger.Kind.PARTICIPANT,
        ledger.Kind.PARTICIPANT_LOAN,
        ledger.Kind.LOAN_RECEIVABLE,
        ledger.Kind.CASH_CLEARING,
    )
    return {str(kind): held.total(kind) for kind in names}


def assert_proven(plan: Plan) -> None:
    proof = verify(plan.db, actor=TESTER, tenants=[plan.sponsor])
    assert proof.problems == [], proof.problems


def dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def test_a_loan_turns_sources_into_a_note_and_cash_goes_out(plan: Plan) -> None:
    before = kinds(plan)
    loan = lent(plan)
    after = kinds(plan)
    # Money flow: participant source -> participant loan, loan receivable -> cash clearing.
    assert {kind: after[kind] - before[kind] for kind in after} == {
        "participant": -10_000_00, "participant_loan": 10_000_00, "loan_receivable": 10_000_00,
        "cash_clearing": -10_000_00,
    }  # fmt: skip
    assert (loan.reference, loan.schedule.terms.annual_rate_bps, sum(loan.sources.values())) == (
        "L0001",
        850,
        10_000_00,
    )
    assert_proven(plan)


def test_asked_and_approved_again_it_is_lent_once(plan: Plan) -> None:
    loan_id = plan.db.ids.new(LoanId)
    first = asked(plan, loan_id=loan_id)
    assert asked(plan, loan_id=loan_id) == first
    again = [approve(plan.db, actor=TESTER, **of(plan), loan_id=loan_id, prime_bps=PRIME) for _ in range(2)]
    assert again[0] == again[1]
    refused = decline(plan.db, actor=TESTER, **of(plan), loan_id=loan_id, reason="too late")
    assert isinstance(refused, Refused)
    assert refused.reason is LoanRefusal.DECIDED_BEFORE
    assert kinds(plan)["loan_receivable"] == 10_000_00


def test_payrolls_repay_it_by_the_schedule_and_the_last_payment_ends_it(plan: Plan) -> None:
    plan.at(date(2026, 1, 10))
    loan = lent(plan)
    first, second = loan.schedule.installments[:2]
    plan.pay(1, file(plan, 1, ("L0001", dollars(first.payment_cents))))
    plan.pay(2, file(plan, 2, ("", dollars(second.payment_cents))))  # no reference: the only loan
    now = standing(plan, loan)
    assert (now.balance_cents, now.installments_paid) == (second.balance_cents, 2)
    assert kinds(plan)["loan_receivable"] == second.balance_cents
    assert_proven(plan)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        due = payroll.remittance.recorded(tx, **of(plan))
        owed = ledger.balances(tx, **of(plan)).total(ledger.Kind.EMPLOYER_RECEIVABLE)
    assert [each.loan_cents for each in due] == [first.payment_cents, second.payment_cents]
    assert sum(each.total_cents for each in due) == owed
    payoff = now.payoff_cents(PAY_DATES[3])
    refused = plan.receive(3, file(plan, 3, ("L0001", dollars(payoff + 1))))
    assert "loan.overpay" in plan.findings(refused.run.run_id)
    assert plan.status(refused.run.run_id) == "rejected"
    plan.pay(3, file(plan, 3, ("l0001", dollars(payoff))))
    assert standing(plan, loan).paid_off
    assert (kinds(plan)["loan_receivable"], kinds(plan)["participant_loan"]) == (0, 0)
    after = plan.receive(4, file(plan, 4, ("L0001", "10.00")))
    assert "loan.overpay" in plan.findings(after.run.run_id)
    assert_proven(plan)


def test_two_loans_stay_two_and_an_unknown_one_refuses_the_file(plan: Plan) -> None:
    plan.at(date(2026, 1, 10))
    one, other = lent(plan), lent(plan, replace(WANTED, amount_cents=2_000_00, installments=52))
    unknown = plan.receive(1, file(plan, 1, ("L0001", "100.00"), ("L0009", "50.00")))
    assert "loan.unknown" in plan.findings(unknown.run.run_id)
    unnamed = plan.receive(1, file(plan, 1, ("", "100.00")))
    assert "loan.unknown" in plan.findings(unnamed.run.run_id)
    plan.pay(1, file(plan, 1, ("L0001", "100.00"), ("L0002", "50.00")))
    paid = [sum(each.payment.cents for each in standing(plan, loan).repaid) for loan in (one, other)]
    assert paid == [100_00, 50_00]
    assert_proven(plan)


def test_a_corrected_payroll_takes_the_first_ones_repayment_back(plan: Plan) -> None:
    plan.at(date(2026, 1, 10))
    loan = lent(plan)
    wrong = plan.pay(1, file(plan, 1, ("L0001", "500.00")))
    plan.pay(2, file(plan, 2, ("L0001", "395.00")))
    plan.pay(1, file(plan, 1, ("L0001", "395.00")), replaces=wrong.run.run_id)
    assert sum(each.payment.cents for each in standing(plan, loan).repaid) == 790_00
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        due = payroll.remittance.recorded(tx, **of(plan))
    assert sorted(each.loan_cents for each in due) == [-105_00, 395_00, 500_00]
    assert_proven(plan)


def test_a_missed_installment_is_told_with_the_end_of_its_cure_period(plan: Plan) -> None:
    plan.at(date(2026, 1, 10))
    lent(plan)
    plan.pay(1)
    taken = plan.receive(2)  # January 30: the installment of January 23 is missing
    assert "loan.missed" in plan.findings(taken.run.run_id)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        told = payroll.runs.findings_of_run(tx, tenant_id=plan.sponsor, run_id=taken.run.run_id)
    (missed,) = [each for each in told if each.code == "loan.missed"]
    assert dict(missed.detail)["cure_by"] == "2026-06-30"


@pytest.mark.parametrize("point", ["recordkeeping.before_loan_post", "ledger.after_lines_before_balances"])
def test_a_payroll_with_a_loan_survives_a_stop(plan: Plan, point: str) -> None:
    plan.at(date(2026, 1, 10))
    lent(plan)
    run_id = plan.receive(1, file(plan, 1, ("L0001", "395.00"))).run.run_id
    result = run_with_a_stop(point, lambda: plan.post(run_id))
    assert result.halted is None
    before = books(plan)
    plan.post(run_id)
    assert books(plan) == before
    assert_proven(plan)


def test_more_than_the_limit_is_refused_with_what_may_be_lent(plan: Plan) -> None:
    refused = asked(plan, replace(WANTED, amount_cents=60_000_00))
    assert isinstance(refused, Refused)
    assert refused.reason is LoanRefusal.OVER_LIMIT
    assert "72(p)(2)(A)" in refused.message


def test_payroll_is_told_the_installment(plan: Plan) -> None:
    plan.at(date(2026, 1, 10))
    loan = lent(plan)
    assert told(plan) == [("L0001", loan.schedule.level_payment_cents, "queued")]


def test_a_payroll_that_does_not_withhold_it_is_seen_and_a_payoff_stops_it(plan: Plan) -> None:
    plan.at(date(2026, 1, 10))
    loan = lent(plan)
    handed_over(plan)
    plan.pay(1, wait=True)
    assert told(plan) == [("L0001", loan.schedule.level_payment_cents, "not_reflected")]
    plan.pay(2, file(plan, 2, ("L0001", dollars(loan.schedule.level_payment_cents))), wait=True)
    payoff = standing(plan, loan).payoff_cents(PAY_DATES[3])
    plan.pay(3, file(plan, 3, ("L0001", dollars(payoff))), wait=True)
    assert told(plan)[-1] == ("L0001", None, "queued")
    plan.pay(4, wait=True)
    assert told(plan)[-1] == ("L0001", None, "reflected")
    assert_proven(plan)


def handed_over(plan: Plan) -> None:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        known = write_back_book.on_file(tx, **of(plan))
        write_back_book.handed_over(tx, tenant_id=plan.sponsor, instructions=known, how="in a file")


def told(plan: Plan) -> list[tuple[str, int | None, str]]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        known = write_back_book.on_file(tx, **of(plan))
    return [(each.slot.loan_id, each.rate.cents if each.rate else None, str(each.state)) for each in known]


def paused(plan: Plan, loan: recordkeeping.Loan, told: LeaveTold, number: int = 1) -> LoanId | Refused[LoanRefusal]:
    return pause(plan.db, actor=TESTER, **of(plan), loan_id=loan.loan_id, event_id=UUID(int=number), told=told)


@pytest.fixture
def pausing(db: Database, clock: FixedClock) -> Plan:
    """Acme, whose plan lends and pauses installments on leave."""
    takeover = takeover_of(ACME, db.ids)
    terms = replace(takeover.provisions, loans=plans.Loans(pauses_on_leave=True))
    takeover = replace(takeover, provisions=terms)
    take_over(db, actor=TESTER, takeover=takeover)
    return Plan(db, clock, takeover)


def test_a_leave_pauses_installments_tells_payroll_and_moves_what_was_posted(pausing: Plan) -> None:
    plan = pausing
    plan.at(date(2026, 1, 10))
    loan = lent(plan)
    handed_over(plan)
    installment = loan.schedule.level_payment_cents
    for period in (1, 2, 3):
        plan.pay(period, file(plan, period, ("L0001", dollars(installment))), wait=True)
    before = kinds(plan)
    # Told late: the third payment, of February 13, falls into the leave; more of it is interest now.
    leave = LeaveTold(date(2026, 2, 10), date(2026, 4, 10))
    assert paused(plan, loan, leave) == loan.loan_id
    assert paused(plan, loan, leave) == loan.loan_id
    after = standing(plan, loan)
    assert len(after.loan.schedule.installments) == 22  # four of 26 are skipped
    assert after.balance_cents > before["loan_receivable"]
    assert kinds(plan)["loan_receivable"] == kinds(plan)["participant_loan"] == after.balance_cents
    assert kinds(plan)["participant"] == before["participant"]  # what is no principal is interest: it goes to the same
    assert told(plan)[-1] == ("L0001", None, "queued")
    assert_proven(plan)
    assert paused(plan, loan, LeaveTold(leave.leave_on, None), 2) == loan.loan_id
    assert kinds(plan) == before
    assert told(plan)[-1][:2] == ("L0001", installment)
    assert_proven(plan)


@pytest.mark.parametrize(
    "point", ["recordkeeping.after_loan_leave", "recordkeeping.before_loan_post", "ledger.after_lines_before_balances"]
)
def test_a_leave_survives_a_stop(pausing: Plan, point: str) -> None:
    plan = pausing
    plan.at(date(2026, 1, 10))
    loan = lent(plan)
    plan.pay(1, file(plan, 1, ("L0001", "395.00")), wait=True)
    leave = LeaveTold(date(2026, 1, 12), date(2026, 3, 10))
    assert run_with_a_stop(point, lambda: paused(plan, loan, leave)) == loan.loan_id
    before = books(plan)
    assert paused(plan, loan, leave) == loan.loan_id
    assert books(plan) == before
    assert_proven(plan)


@pytest.mark.parametrize("point", [None, "recordkeeping.before_loan_offset", "ledger.after_lines_before_balances"])
def test_who_left_has_the_account_offset_once_and_payroll_is_told_to_stop(plan: Plan, point: str | None) -> None:
    plan.at(date(2026, 1, 10))
    loan = lent(plan)
    handed_over(plan)
    working = offset(plan.db, actor=TESTER, **of(plan), loan_id=loan.loan_id, event_id=UUID(int=9))
    assert isinstance(working, Refused)
    assert working.reason is LoanRefusal.OFFSET_NOT_ALLOWED
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        who = borrower(plan)
        left: dict[str, Any] = {"employee_id": who, "fact": census.Terminated(), "event_on": date(2026, 1, 9)}
        census.record_fact(tx, tenant_id=plan.sponsor, **left)
    before = kinds(plan)

    def once() -> LoanId | Refused[LoanRefusal]:
        return offset(plan.db, actor=TESTER, **of(plan), loan_id=loan.loan_id, event_id=UUID(int=9))

    assert (once() if point is None else run_with_a_stop(point, once)) == loan.loan_id
    assert once() == loan.loan_id
    # Money flow: participant loan -> loan receivable; no cash moves.
    assert {kind: cents - before[kind] for kind, cents in kinds(plan).items()} == {
        "participant": 0, "participant_loan": -10_000_00, "loan_receivable": -10_000_00, "cash_clearing": 0,
    }  # fmt: skip
    found = standing(plan, loan)
    assert found.loan.offset is not None
    assert (found.balance_cents, found.offset_cents - 10_000_00) == (0, loan.schedule.installments[0].interest_cents)
    assert told(plan)[-1] == ("L0001", None, "queued")
    assert_proven(plan)


def test_a_deemed_loan_waits_until_somebody_reported_it(plan: Plan) -> None:
    plan.at(date(2026, 1, 10))
    loan = lent(plan)
    late: dict[str, Any] = {**of(plan), "loan_id": loan.loan_id, "event_id": UUID(int=7)}
    refused = report(plan.db, actor=TESTER, **late)
    assert isinstance(refused, Refused)
    assert refused.reason is LoanRefusal.NOT_DEEMED

    def waits() -> view.LoansWaiting:
        with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
            return view.count_waiting(tx, **of(plan))

    plan.at(date(2026, 2, 10))
    assert waits() == view.LoansWaiting(late=1)
    plan.at(date(2026, 7, 10))
    assert waits() == view.LoansWaiting(deemed=1)
    assert report(plan.db, actor=TESTER, **late) == loan.loan_id
    assert waits() == view.LoansWaiting()
    assert standing(plan, loan).balance_cents == 10_000_00
