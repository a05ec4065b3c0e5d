"""A match of student loan payments: after deferrals, within 402(g), once; 2026: 24,500.00, with catch-up 32,500.00."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.recordkeeping.test_contributions import pay, people, provisions
from tests.rooms.recordkeeping.test_match_periods import LAST, terms_of

from open401k.census import Employee, Employment
from open401k.kernel import EmployeeId, Refused, Source, named_uuid
from open401k.plan import Match, MatchPeriod, MatchTier
from open401k.recordkeeping import StudentLoanPayment, StudentLoanRefusal, YearToDate, entitle
from open401k.recordkeeping.contributions import TermsOfYear, YearEnd
from open401k.recordkeeping.loan_excess import Cents, LoanLimits, LoanPeriod, take_back
from open401k.recordkeeping.student_loans import Standing, decide_payment
from open401k.recordkeeping.year_end_facts import parts_of_period, parts_of_year

HALF_OF_SIX = ((5_000, 600),)
DOLLAR_FOR_DOLLAR = ((10_000, 10_000),)
PERIODS = st.sampled_from([MatchPeriod.PAY_PERIOD, MatchPeriod.QUARTER, MatchPeriod.PLAN_YEAR])
SOMEBODY = EmployeeId(named_uuid("somebody with a loan"))


def match_of_year(tiers: Any, paid: int, deferred: list[int], loans: int, age: int = 40, **form: Any) -> int:
    """What pay dates of so much and the last day of the year give together."""
    terms = provisions(match=terms_of(tiers, student_loans=True, **form))
    told = pay([[paid] * len(deferred)], [deferred])
    found = entitle(terms, people(age), told, YearToDate.zero(1)).credited
    kept, matched = found[Source.PRE_TAX].sum(1), found[Source.MATCH].sum(1)
    compensation = np.array([paid * len(deferred)])
    before = replace(
        YearToDate.zero(1), compensation=compensation, match=matched, match_of_terms=matched,
        deferrals=kept, plan_year_deferrals=kept, matched_deferrals=kept,
    )  # fmt: skip
    nothing = np.zeros(1, dtype=np.int64)
    year = YearEnd((TermsOfYear(terms.match, kept, nothing, compensation, matched, np.array([loans])),))
    last = replace(pay([[0]], [[0]]), pay_dates=(LAST,))
    more = entitle(terms, people(age), last, before, year).credited
    assert more[Source.PRE_TAX].sum() == 0  # they are no deferrals: nothing of them is in an account, or in an ADP test
    return int(matched.sum() + more[Source.MATCH].sum())


@pytest.mark.parametrize(
    ("deferred", "loans", "expected"),
    [
        ([0, 0], 800_00, 400_00),  # half of what was paid
        ([0, 0], 5_000_00, 600_00),  # of at most 6 % of 20,000.00
        ([600_00, 600_00], 800_00, 600_00),  # deferrals come first, and take all of the formula
        ([600_00, 0], 800_00, 600_00),  # they leave 600.00 of 1,200.00
        ([1_200_00, 0], 800_00, 300_00),  # the year's formula is used up: no payment is a true-up
        ([0, 0], 0, 0),
    ],
)
def test_payments_are_matched_after_deferrals(deferred: list[int], loans: int, expected: int) -> None:
    assert match_of_year(HALF_OF_SIX, 10_000_00, deferred, loans) == expected


@pytest.mark.parametrize(
    ("age", "form", "expected"),
    [
        (40, {}, 24_500_00),
        (55, {}, 32_500_00),
        (55, {"matches_catch_up": False}, 24_500_00),
        (40, {"cap_cents": 21_000_00}, 21_000_00),
    ],
)
def test_no_more_counts_than_could_have_been_deferred(age: int, form: dict[str, Any], expected: int) -> None:
    """IRC 401(m)(4)(D)(i): the limit of 402(g) for the year, less the year's deferrals."""
    assert match_of_year(DOLLAR_FOR_DOLLAR, 100_000_00, [20_000_00], 40_000_00, age, **form) == expected


@given(
    deferred=st.lists(st.integers(0, 3_000_00), min_size=1, max_size=5), loans=st.integers(0, 30_000_00), period=PERIODS
)
def test_both_together_earn_no_more_than_the_formula_on_their_sum(
    deferred: list[int], loans: int, period: MatchPeriod
) -> None:
    alone = match_of_year(HALF_OF_SIX, 10_000_00, deferred, 0, period=period)
    both = match_of_year(HALF_OF_SIX, 10_000_00, deferred, loans, period=period)
    formula = min(sum(deferred) + loans, 600_00 * len(deferred)) // 2
    assert alone <= both <= formula + len(deferred)  # a cent of rounding for each pay date


TERMS = provisions(match=terms_of(HALF_OF_SIX, student_loans=True))
PAID = StudentLoanPayment(SOMEBODY, date(2026, 5, 4), 300_00, LAST)


def decided(*, employed: bool = True, known: bool = False, terms: Any = TERMS, **changed: Any) -> Any:
    found = decide_payment(replace(PAID, **changed), terms, employed=employed, known=known)
    return found.reason if isinstance(found, Refused) else found


def test_a_payment_is_certified_within_three_months_of_its_year() -> None:
    deadline = date(2027, 3, 31)
    assert decided(certified_on=deadline) == deadline
    assert decided(certified_on=date(2027, 4, 1)) is StudentLoanRefusal.TOO_LATE
    assert decided(certified_on=date(2027, 4, 1), cents=0, known=True) == deadline  # taken back at any time
    assert decided(cents=0, known=True, employed=False) == deadline  # also where the employment was learned otherwise
    later = replace(TERMS, match=terms_of(HALF_OF_SIX, student_loans=True, student_loan_months=6))
    assert decided(terms=later, certified_on=date(2027, 6, 30)) == date(2027, 6, 30)
    assert decided(terms=later, certified_on=date(2027, 7, 1)) is StudentLoanRefusal.TOO_LATE


def test_what_is_no_payment_of_an_employee_is_refused() -> None:
    without = replace(TERMS, match=terms_of(HALF_OF_SIX))
    assert decided(terms=without) is StudentLoanRefusal.NOT_PROVIDED
    assert decided(paid_on=date(2023, 12, 31)) is StudentLoanRefusal.NOT_PROVIDED
    assert decided(terms=None) is StudentLoanRefusal.NOT_PROVIDED
    assert decided(cents=-1) is StudentLoanRefusal.NO_PAYMENT
    assert decided(loan="x" * 61) is StudentLoanRefusal.NO_PAYMENT
    assert decided(certified_on=date(2026, 5, 3)) is StudentLoanRefusal.CERTIFIED_BEFORE_PAID
    assert decided(employed=False) is StudentLoanRefusal.NOT_EMPLOYED
    assert decided(cents=0) is StudentLoanRefusal.NOTHING_CERTIFIED


def test_a_payment_counts_on_days_on_which_a_deferral_would_have_been_matched() -> None:
    spans = (Employment(date(2025, 1, 6), date(2026, 9, 30)),)
    changes = ((date(2025, 1, 6), ""), (date(2026, 6, 1), "union"))
    who = Employee(SOMEBODY, "", "", "", None, employment=spans, employee_class="union", class_changes=changes)
    standing = Standing([who], [date(2026, 2, 1)], [(date(2025, 1, 6), frozenset({"union"}))])
    days = (date(2026, 1, 31), date(2026, 2, 1), date(2026, 5, 31), date(2026, 6, 1))
    assert [standing.counts(0, day) for day in days] == [False, True, True, False]
    assert not replace(standing, out=()).counts(0, date(2026, 10, 1))  # no employee any more
    assert not replace(standing, entered=[None]).counts(0, date(2026, 5, 31))


def test_each_quarters_match_is_taken_back_from_the_source_that_received_it() -> None:
    """The match went into another source from the second quarter on: half of 400.00, then half of 600.00."""

    def cents(amount: int) -> Cents:
        return np.array([amount])

    def quarter(match: Match, loans: int, matched: int) -> LoanPeriod:
        nothing = cents(0)
        return LoanPeriod(
            match, nothing, nothing, nothing, nothing, cents(20_000_00), cents(matched), cents(matched), cents(loans)
        )

    def half(_: Match, counted: Cents, __: Cents) -> Cents:
        return counted // 2

    other = replace(QUARTERLY, source=Source.SAFE_HARBOR_MATCH)
    periods = [quarter(QUARTERLY, 400_00, 200_00), quarter(other, 600_00, 300_00)]
    limits = LoanLimits(cents(24_500_00), cents(24_500_00), 360_000_00)
    for deferred, expected in ((24_200_00, (50_00, 300_00)), (24_500_00, (200_00, 300_00))):
        credited = {Source.PRE_TAX: cents(0), Source.ROTH: cents(0)}
        take_back(credited, periods, cents(deferred), limits, half)
        found = {source: int(each[0]) for source, each in credited.items() if not source.is_deferral}
        assert found == {Source.MATCH: -expected[0], Source.SAFE_HARBOR_MATCH: -expected[1]}


QUARTERLY = Match((MatchTier(5_000, 600),), student_loans=True, student_loan_period=MatchPeriod.QUARTER)
YEARLY = replace(QUARTERLY, student_loan_period=MatchPeriod.PLAN_YEAR)
JANUARY, APRIL, MAY, JULY, OCTOBER, NEXT = (date(2026, each, 1) for each in (1, 4, 5, 7, 10, 12))


@pytest.mark.parametrize(
    ("terms", "matched", "counted"),
    [
        ([(JANUARY, NEXT, YEARLY)], [], [(JANUARY, NEXT)]),
        ([(JANUARY, NEXT, QUARTERLY)], [(JANUARY, APRIL), (APRIL, JULY)], [(JULY, NEXT)]),
        # A quarter under yearly terms on its last day was not matched then: days before the amendment count now.
        ([(JANUARY, MAY, QUARTERLY), (MAY, NEXT, YEARLY)], [(JANUARY, APRIL)], [(APRIL, MAY), (MAY, NEXT)]),
        ([(JANUARY, MAY, YEARLY), (MAY, NEXT, QUARTERLY)], [(APRIL, JULY)], [(JANUARY, MAY), (JULY, NEXT)]),
    ],
)
def test_the_end_of_the_year_counts_the_days_that_no_quarter_did(terms: Any, matched: Any, counted: Any) -> None:
    parts = parts_of_year(terms, matched)
    assert [(each.start, each.end) for each in parts if each.loans] == counted
    assert [each.start for each in parts] == [JANUARY, *(each.end for each in parts)][:-1]


def test_a_quarter_counts_no_days_of_a_match_that_counts_by_the_year() -> None:
    parts = parts_of_period([(JANUARY, MAY, YEARLY), (MAY, NEXT, QUARTERLY)], (APRIL, JULY))
    assert [(each.start, each.end, each.match, each.loans) for each in parts] == [
        (APRIL, MAY, None, False),
        (MAY, JULY, QUARTERLY, True),
    ]
