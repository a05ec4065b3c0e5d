"""A loan replayed payment by payment, and who may borrow how much: pure, to the cent."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k import plan
from open401k.kernel import EmployeeId, LoanId, PlanId, Refused, RunId, Source
from open401k.law.loan_schedules import Frequency, LoanTerms, loan_schedule
from open401k.recordkeeping import (
    Borrower,
    Loan,
    LoanOffered,
    LoanPayment,
    LoanRefusal,
    LoanState,
    LoanWanted,
    Repayment,
    SourceBalance,
    decide_loan,
    loan_arrears,
    named_loan,
    per_paycheck,
    replay_loan,
    room_of,
)

HERE, ELSEWHERE, WHO = PlanId(UUID(int=1)), PlanId(UUID(int=2)), EmployeeId(UUID(int=3))
MADE = date(2026, 1, 5)
NOTE = loan_schedule(LoanTerms(10_000_00, 850, 24, Frequency.MONTHLY, MADE))
LOAN = Loan(LoanId(UUID(int=4)), HERE, WHO, "L0001", NOTE, {Source.PRE_TAX: 7_000_00, Source.MATCH: 3_000_00})
TERMS = plan.Loans()


def paid(on: date, cents: int, *, row: int = 2) -> LoanPayment:
    return LoanPayment(LOAN.loan_id, RunId(UUID(int=on.toordinal())), row, 0, on, cents)


def by_schedule(number: int) -> list[LoanPayment]:
    return [paid(each.due_on, each.payment_cents) for each in NOTE.installments[:number]]


def test_installments_repay_as_the_schedule_says_and_the_last_one_ends_the_loan() -> None:
    found = replay_loan(LOAN, by_schedule(24))
    for repaid, row in zip(found.repaid, NOTE.installments, strict=True):
        assert sum(repaid.principal.values()) == row.principal_cents
        assert sum(repaid.interest.values()) == row.interest_cents
        assert repaid.balance_cents == row.balance_cents
    assert (found.paid_off, found.over_cents, dict(found.owed)) == (True, 0, {Source.PRE_TAX: 0, Source.MATCH: 0})


def test_principal_and_interest_go_back_to_the_sources_that_lent() -> None:
    (first,) = replay_loan(LOAN, by_schedule(1)).repaid
    principal = NOTE.installments[0].principal_cents
    assert abs(first.principal[Source.PRE_TAX] - principal * 7 // 10) <= 1
    assert set(first.interest) == {Source.PRE_TAX, Source.MATCH}


def test_half_an_installment_is_interest_first_and_waits_for_the_rest() -> None:
    row = NOTE.installments[0]
    half = replay_loan(LOAN, [paid(date(2026, 1, 16), 60_00)])
    assert (sum(half.repaid[0].interest.values()), half.installments_paid) == (60_00, 0)
    assert half.next_payment_cents == row.payment_cents - 60_00


def test_the_payoff_is_principal_and_the_interest_of_the_periods_that_began() -> None:
    now = replay_loan(LOAN, by_schedule(2))
    third, fourth = NOTE.installments[2:4]
    assert now.payoff_cents(NOTE.installments[1].due_on) == now.balance_cents
    assert now.payoff_cents(third.due_on) == now.balance_cents + third.interest_cents
    assert now.payoff_cents(fourth.due_on) == now.balance_cents + third.interest_cents + fourth.interest_cents
    done = replay_loan(LOAN, [*by_schedule(2), paid(third.due_on, now.payoff_cents(third.due_on))])
    assert (done.paid_off, done.over_cents, done.payoff_cents(fourth.due_on)) == (True, 0, 0)


payments = st.lists(st.tuples(st.integers(0, 700), st.integers(1, 900_00)), max_size=30)


@given(payments)
def test_no_cent_of_any_payment_is_lost_or_lent_twice(told: list[tuple[int, int]]) -> None:
    made = [paid(date.fromordinal(MADE.toordinal() + day), cents, row=n) for n, (day, cents) in enumerate(told)]
    found = replay_loan(LOAN, made)
    principal = sum(sum(each.principal.values()) for each in found.repaid)
    interest = sum(sum(each.interest.values()) for each in found.repaid)
    assert principal + interest + found.over_cents == sum(each.cents for each in made)
    assert principal + found.balance_cents == 10_000_00
    assert min(found.owed.values()) >= 0
    assert interest <= NOTE.total_interest_cents
    assert replay_loan(LOAN, made[::-1]) == found


@pytest.mark.parametrize(
    ("on", "state", "cure_months"),
    [
        (date(2026, 2, 4), LoanState.CURRENT, None),  # due on that day
        (date(2026, 2, 5), LoanState.LATE, None),
        (date(2026, 6, 30), LoanState.LATE, None),  # the quarter after that of February 4
        (date(2026, 7, 1), LoanState.DEEMED, None),
        (date(2026, 4, 5), LoanState.DEEMED, 2),
        (date(2026, 2, 5), LoanState.DEEMED, 0),
    ],
)
def test_a_missed_installment_can_be_cured_until_the_end_of_the_next_quarter(
    on: date, state: LoanState, cure_months: int | None
) -> None:
    assert loan_arrears(replay_loan(LOAN, []), on=on, cure_months=cure_months).state is state


def test_paid_in_the_cure_period_nothing_is_missing_any_more() -> None:
    late = loan_arrears(replay_loan(LOAN, []), on=date(2026, 3, 10), cure_months=None)
    assert late.missed_cents == 2 * NOTE.level_payment_cents
    cured = replay_loan(LOAN, [paid(date(2026, 3, 11), late.missed_cents)])
    assert loan_arrears(cured, on=date(2026, 3, 12), cure_months=None).state is LoanState.CURRENT


def test_a_payment_means_the_loan_it_names_or_the_only_one_that_is_owed() -> None:
    other = replace(LOAN, loan_id=LoanId(UUID(int=9)), reference="L0002")
    one, two, done = replay_loan(LOAN, []), replay_loan(other, []), replay_loan(other, by_schedule(24))
    assert named_loan([one, two], " l0002 ", on=MADE) is two
    assert named_loan([one, two], "", on=MADE) is None
    assert named_loan([one, done], "", on=MADE) is one
    assert named_loan([one], "L0003", on=MADE) is None
    assert named_loan([one], "L0001", on=date(2026, 1, 4)) is None  # before it was made


@pytest.mark.parametrize(
    ("days", "expected"),
    [(None, 454_56), (30, 454_56), (31, 454_56), (15, 227_28), (14, 227_28), (7, 113_64)],
)
def test_a_paycheck_repays_its_share_of_an_installment(days: int | None, expected: int) -> None:
    assert per_paycheck(replay_loan(LOAN, []), on=MADE, days=days) == expected


SEMIMONTHLY = replace(LOAN, schedule=loan_schedule(LoanTerms(10_000_00, 850, 48, Frequency.SEMIMONTHLY, MADE)))


@pytest.mark.parametrize("days", [None, 14, 15, 16, 17])
def test_a_semi_monthly_loan_is_repaid_by_each_semi_monthly_paycheck(days: int | None) -> None:
    installment = SEMIMONTHLY.schedule.level_payment_cents
    assert per_paycheck(replay_loan(SEMIMONTHLY, []), on=MADE, days=days) == installment
    dues = [row.due_on for row in SEMIMONTHLY.schedule.installments[:3]]
    assert dues == [date(2026, 1, 19), date(2026, 2, 4), date(2026, 2, 19)]


def test_the_last_paycheck_withholds_what_is_left() -> None:
    last = replay_loan(LOAN, by_schedule(23))
    assert per_paycheck(last, on=NOTE.installments[-1].due_on, days=30) == NOTE.installments[-1].payment_cents


def somebody(*loans: Repayment, cash: int = 60_000_00, match: int = 0, lent: int = 0, vested: int = 40) -> Borrower:
    mine = {Source.PRE_TAX: SourceBalance(cash, lent, 100), Source.MATCH: SourceBalance(match, 0, vested)}
    return Borrower(True, True, HERE, {HERE: mine}, loans)


def wanted(cents: int, installments: int = 60, *, residence: bool = False) -> LoanWanted:
    return LoanWanted(cents, installments, Frequency.MONTHLY, residence)


def asked(
    what: LoanWanted, who: Borrower, terms: plan.Loans | None = TERMS, on: date = MADE
) -> LoanOffered | LoanRefusal:
    found = decide_loan(what, who, terms, on=on, rate_bps=850)
    return found.reason if isinstance(found, Refused) else found


OWED = replay_loan(LOAN, [])
WITH_RESIDENCE = replace(TERMS, residence_years=15)


@pytest.mark.parametrize(
    ("what", "who", "terms", "reason"),
    [
        (wanted(5_000_00), somebody(), None, LoanRefusal.NOT_OFFERED),
        (wanted(5_000_00), replace(somebody(), known=False), TERMS, LoanRefusal.PERSON_UNKNOWN),
        (wanted(5_000_00), replace(somebody(), employed=False), TERMS, LoanRefusal.NOT_EMPLOYED),
        (wanted(999_99), somebody(), TERMS, LoanRefusal.BELOW_MINIMUM),
        (wanted(5_000_00, residence=True), somebody(), TERMS, LoanRefusal.RESIDENCE_NOT_OFFERED),
        (wanted(5_000_00, 61), somebody(), TERMS, LoanRefusal.TERM_TOO_LONG),
        (wanted(5_000_00, 181, residence=True), somebody(), WITH_RESIDENCE, LoanRefusal.TERM_TOO_LONG),
        (wanted(5_000_00), somebody(OWED, lent=10_000_00), TERMS, LoanRefusal.TOO_MANY),
        (wanted(30_000_01), somebody(), TERMS, LoanRefusal.OVER_LIMIT),
        (wanted(50_000_01), somebody(cash=500_000_00), TERMS, LoanRefusal.OVER_LIMIT),
    ],
)
def test_why_nothing_is_lent(what: LoanWanted, who: Borrower, terms: plan.Loans | None, reason: LoanRefusal) -> None:
    assert asked(what, who, terms) is reason


def test_a_deemed_loan_is_repaid_before_another_is_made() -> None:
    terms = replace(TERMS, most_at_once=2)
    who = somebody(OWED, lent=10_000_00)
    assert asked(wanted(5_000_00), who, terms, date(2026, 7, 1)) is LoanRefusal.LOAN_NOT_REPAID


def test_a_loan_is_half_of_the_vested_account_and_what_was_owed_within_a_year_counts() -> None:
    """LOA-8 of the cases: of $50,000 vested, $25,000 are lent; the note is part of the balance, so nothing is left."""
    note = loan_schedule(LoanTerms(25_000_00, 850, 60, Frequency.MONTHLY, MADE))
    borrowed = replay_loan(replace(LOAN, schedule=note, sources={Source.PRE_TAX: 25_000_00}), [])
    assert room_of(somebody(cash=50_000_00), on=MADE).maximum_cents == 25_000_00
    assert room_of(somebody(borrowed, cash=25_000_00, lent=25_000_00), on=date(2026, 2, 1)).maximum_cents == 0


def test_only_what_is_vested_is_lent_in_proportion() -> None:
    made = asked(wanted(10_000_00), somebody(cash=30_000_00, match=25_000_00))
    assert isinstance(made, LoanOffered)
    assert made.sources == {Source.PRE_TAX: 7_500_00, Source.MATCH: 2_500_00}
    assert made.room.secured_cents == 20_000_00


def test_a_loan_of_another_plan_counts_toward_the_limit_and_secures_nothing_here() -> None:
    elsewhere = replay_loan(replace(LOAN, plan_id=ELSEWHERE), [])
    other = {Source.PRE_TAX: SourceBalance(10_000_00, 10_000_00, 100)}
    here = somebody(cash=20_000_00).balances[HERE]
    room = room_of(Borrower(True, True, HERE, {HERE: here, ELSEWHERE: other}, [elsewhere]), on=date(2026, 2, 1))
    assert (room.limit.maximum_cents, room.secured_cents, room.maximum_cents) == (10_000_00, 10_000_00, 10_000_00)
