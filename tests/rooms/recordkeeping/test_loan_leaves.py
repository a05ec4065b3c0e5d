"""Leaves in a loan's schedule, and what follows: the regulation's own examples, payoffs, cures, offsets. Pure."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k import plan
from open401k.kernel import EmployeeId, LoanId, PlanId, Refused, RunId, Source
from open401k.law.loan_schedules import Frequency, LeaveProblem, LoanTerms, loan_schedule
from open401k.recordkeeping import (
    LeaveTold,
    Loan,
    LoanPayment,
    LoanRefusal,
    LoanState,
    Offset,
    decide_leave,
    decide_offset,
    loan_arrears,
    per_paycheck,
    replay_loan,
)
from open401k.recordkeeping.loan_leaves import Leave, pause_installments

NOTE = loan_schedule(LoanTerms(40_000_00, 875, 60, Frequency.MONTHLY, date(2003, 7, 1)))
YEAR = Leave(date(2004, 4, 1), date(2005, 3, 31))
SERVICE = Leave(date(2004, 4, 1), date(2006, 3, 31), military=True)


def lent(*leaves: Leave, terms: LoanTerms = NOTE.terms) -> Loan:
    signed = loan_schedule(terms)
    paused = pause_installments(signed, leaves) if leaves else None
    schedule = signed if paused is None else paused.schedule
    shares = {Source.PRE_TAX: signed.terms.principal_cents}
    return Loan(
        LoanId(UUID(int=4)), PlanId(UUID(int=1)), EmployeeId(UUID(int=3)), "L0001", schedule, shares, leaves, paused
    )


def paid(loan: Loan, number: int) -> list[LoanPayment]:
    return [payment(row.due_on, row.payment_cents) for row in loan.schedule.installments[:number]]


def payment(on: date, cents: int) -> LoanPayment:
    return LoanPayment(LoanId(UUID(int=4)), RunId(UUID(int=on.toordinal())), 2, 0, on, cents)


def test_a_year_of_leave_raises_the_installments_to_1130_until_the_old_end() -> None:
    """Reg. 1.72(p)-1 Q&A-9(d) Example 1: $825 for nine months, a year of leave, then $1,130 for 39 months."""
    found = pause_installments(NOTE, [YEAR])
    rows = found.schedule.installments
    assert [round(row.payment_cents / 100) for row in (rows[8], rows[9])] == [825, 1_130]
    assert (len(rows), rows[8].due_on, rows[9].due_on, rows[-1].due_on) == (
        48,
        date(2004, 3, 31),
        date(2005, 4, 30),
        date(2008, 6, 30),
    )
    assert sum(row.principal_cents for row in rows) == 40_000_00
    assert not found.problems


def test_two_years_of_service_move_the_end_and_run_at_six_percent() -> None:
    """Reg. 1.72(p)-1 Q&A-9(d) Example 2: 51 installments of $930, repaid by 30 June 2010."""
    found = pause_installments(NOTE, [SERVICE])
    rows = found.schedule.installments
    assert (len(rows), round(rows[9].payment_cents / 100), rows[-1].due_on) == (60, 930, date(2010, 6, 30))
    assert [each.rate_bps for each in found.pauses] == [600]
    assert not found.problems


def test_by_schedule_nothing_is_over_and_interest_of_the_leave_comes_before_principal() -> None:
    loan = lent(YEAR)
    found = replay_loan(loan, paid(loan, 48))
    assert (found.paid_off, found.over_cents) == (True, 0)
    of_leave = sum(row.interest_cents for row in loan.schedule.installments[9:13])
    assert replay_loan(loan, paid(loan, 10)).repaid[-1].principal == {}
    assert of_leave > 3_000_00


def test_the_payoff_has_the_interest_of_the_leave_in_it_period_by_period() -> None:
    loan = lent(YEAR)
    before = replay_loan(loan, paid(loan, 9))
    assert before.payoff_cents(date(2004, 3, 31)) == before.balance_cents
    months = [before.payoff_cents(day) for day in (date(2004, 4, 1), date(2004, 12, 31), date(2005, 3, 31))]
    assert months == sorted(months)
    assert loan.paused is not None
    assert months[2] == sum(each.cents for each in loan.paused.charged[9:21]) + before.balance_cents
    done = replay_loan(loan, [*paid(loan, 9), payment(date(2005, 3, 31), months[2])])
    assert (done.paid_off, done.over_cents) == (True, 0)


def test_nothing_is_missed_on_leave_and_the_first_installment_after_it_may_be() -> None:
    loan = lent(YEAR)
    found = replay_loan(loan, paid(loan, 9))
    assert loan_arrears(found, on=date(2005, 4, 30), cure_months=None).state is LoanState.CURRENT
    late = loan_arrears(found, on=date(2005, 5, 1), cure_months=None)
    assert (late.state, late.missed_cents) == (LoanState.LATE, loan.schedule.installments[9].payment_cents)
    assert late.cure is not None
    assert late.deemed is not None
    assert late.cure.last_day == date(2005, 9, 30)
    total = NOTE.balance_after(9)
    for _ in range(18):  # April 2004 to September 2005, at the note's rate
        total += round(total * 875 / 120_000)
    assert abs(late.deemed.amount_cents - total) <= 20
    assert late.deemed.amount_cents == late.deemed.principal_cents + late.deemed.interest_cents
    assert per_paycheck(found, on=date(2005, 4, 30), days=30) == loan.schedule.installments[9].payment_cents


def test_a_cure_period_that_service_interrupts_goes_on_after_it_and_one_of_leave_does_not() -> None:
    """Reg. 1.72(p)-1 Q&A-9(b): service is not taken into account; (a) knows no such rule for a leave."""
    of_service, of_leave = lent(SERVICE), lent(YEAR)
    day = date(2004, 12, 31)
    assert loan_arrears(replay_loan(of_service, paid(of_service, 8)), on=day, cure_months=None).state is LoanState.LATE
    assert loan_arrears(replay_loan(of_leave, paid(of_leave, 8)), on=day, cure_months=None).state is LoanState.DEEMED


@given(
    start=st.integers(0, 1_700),
    days=st.integers(1, 500),
    again=st.integers(1, 300),
    military=st.booleans(),
    frequency=st.sampled_from([Frequency.BIWEEKLY, Frequency.SEMIMONTHLY, Frequency.MONTHLY]),
)
def test_whatever_the_leaves_principal_adds_up_and_installments_stay_level(
    start: int, days: int, again: int, military: bool, frequency: Frequency
) -> None:
    per_year = {Frequency.BIWEEKLY: 26, Frequency.SEMIMONTHLY: 24, Frequency.MONTHLY: 12}[frequency]
    note = loan_schedule(LoanTerms(12_345_67, 850, per_year * 5, frequency, date(2026, 1, 31)))
    first = date.fromordinal(note.terms.loan_on.toordinal() + start)
    leave = Leave(first, date.fromordinal(first.toordinal() + days - 1), military)
    then = date.fromordinal(leave.until.toordinal() + 20)
    second = Leave(then, date.fromordinal(then.toordinal() + again - 1))
    found = pause_installments(note, [leave, second])
    rows = found.schedule.installments
    assert sum(row.principal_cents for row in rows) == 12_345_67
    assert rows[-1].balance_cents == 0
    assert [row.due_on for row in rows] == sorted({row.due_on for row in rows})
    assert sum(each.cents for each in found.charged[: found.period_after(len(rows))]) == sum(
        row.interest_cents for row in rows
    )
    if not found.problems:
        assert all(not each.holds(row.due_on) for row in rows for each in (leave, second))
        loan = lent(leave, second, terms=note.terms)
        done = replay_loan(loan, paid(loan, len(rows)))
        assert (done.paid_off, done.over_cents) == (True, 0)


LENDS = plan.Loans(pauses_on_leave=True)


@pytest.mark.parametrize(
    ("told", "terms", "reason"),
    [
        (LeaveTold(YEAR.leave_on, YEAR.until), LENDS, None),
        (LeaveTold(YEAR.leave_on, YEAR.until), plan.Loans(), LoanRefusal.LEAVE_NOT_PROVIDED),
        (LeaveTold(YEAR.leave_on, YEAR.until), None, LoanRefusal.LEAVE_NOT_PROVIDED),
        (LeaveTold(YEAR.leave_on, YEAR.until, military=True), LENDS, LoanRefusal.LEAVE_NOT_PROVIDED),
        (LeaveTold(YEAR.leave_on, date(2005, 4, 1)), LENDS, LoanRefusal.LEAVE_TOO_LONG),
        (LeaveTold(YEAR.leave_on, date(2004, 3, 31)), LENDS, LoanRefusal.LEAVE_IMPOSSIBLE),
        (LeaveTold(date(2004, 4, 2), date(2004, 4, 20)), LENDS, LoanRefusal.LEAVE_IMPOSSIBLE),  # nothing is due in it
        (LeaveTold(date(2008, 1, 1), date(2008, 7, 31)), LENDS, LoanRefusal.LEAVE_IMPOSSIBLE),  # nothing is left
        (LeaveTold(YEAR.leave_on, None), LENDS, LoanRefusal.LEAVE_IMPOSSIBLE),  # there is none to take back
    ],
)
def test_a_leave_is_put_on_file_or_says_why_not(
    told: LeaveTold, terms: plan.Loans | None, reason: LoanRefusal | None
) -> None:
    refused = decide_leave(replay_loan(lent(), []), told, terms)
    assert (None if refused is None else refused.reason) is reason


def test_a_leave_over_another_one_is_refused_and_the_same_first_day_takes_its_place() -> None:
    found = replay_loan(lent(YEAR), [])
    assert decide_leave(found, LeaveTold(YEAR.leave_on, date(2004, 9, 30)), LENDS) is None
    assert decide_leave(found, LeaveTold(YEAR.leave_on, None), None) is None
    over = decide_leave(found, LeaveTold(date(2005, 3, 1), date(2005, 6, 30)), LENDS)
    assert over is not None
    assert over.reason is LoanRefusal.LEAVE_IMPOSSIBLE
    assert LeaveProblem.LEAVE_OVER_A_YEAR in pause_installments(NOTE, [replace(YEAR, until=date(2005, 4, 1))]).problems


def test_an_offset_takes_the_payoff_of_who_left_and_is_qualified_within_a_year() -> None:
    """IRC 402(c)(3)(C)(ii)-(iv); Reg. 1.402(c)-2(g)(3)."""
    found = replay_loan(lent(), paid(lent(), 9))
    on, left = date(2004, 5, 10), date(2004, 4, 5)
    decided = decide_offset(found, on=on, severed_on=left, cure_months=None)
    assert not isinstance(decided, Refused)
    assert (decided.kind.value, decided.offset_cents) == ("qualified_plan_loan_offset", found.payoff_cents(on))
    assert (decided.taxable_cents, decided.rollover_by) == (found.payoff_cents(on), None)
    working = decide_offset(found, on=on, severed_on=None, cure_months=None)
    assert isinstance(working, Refused)
    assert working.reason is LoanRefusal.OFFSET_NOT_ALLOWED


def test_what_was_deemed_distributed_before_is_not_taxed_again_and_makes_no_qualified_offset() -> None:
    """Reg. 1.72(p)-1 Q&A-19(a); 1.402(c)-2(g)(5)(vii) Example 7."""
    found = replay_loan(lent(), paid(lent(), 9))
    decided = decide_offset(found, on=date(2004, 10, 5), severed_on=date(2004, 10, 1), cure_months=None)
    assert not isinstance(decided, Refused)
    assert decided.kind.value == "plan_loan_offset"
    assert decided.taxable_cents == 0


def test_an_offset_loan_is_owed_no_more_and_what_comes_after_it_is_over() -> None:
    whole = replay_loan(lent(), paid(lent(), 9))
    offset = Offset(date(2004, 5, 10), dict(whole.owed), 300_00)
    loan = replace(lent(), offset=offset)
    done = replay_loan(loan, paid(loan, 9))
    assert (done.balance_cents, done.over_cents, done.offset_cents) == (0, 0, whole.balance_cents + 300_00)
    assert loan_arrears(done, on=date(2005, 1, 1), cure_months=None).state is LoanState.OFFSET
    assert replay_loan(loan, [*paid(loan, 9), payment(date(2004, 5, 14), 100_00)]).over_cents == 100_00
    less = replay_loan(loan, paid(loan, 8))  # a corrected payroll takes one back: it is owed again
    assert less.balance_cents == NOTE.installments[8].principal_cents
