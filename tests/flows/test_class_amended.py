"""An amendment within a plan year that shuts a class out of one kind of money, or lets it in: its day cuts, no more."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.flows.test_accounts_above_zero import TERMS, with_terms
from tests.flows.test_conditions import employer_money
from tests.flows.test_declaration import put
from tests.flows.test_employer_money_together import AT_HIRE, DAYS, send
from tests.flows.test_forfeitures import learn
from tests.flows.test_match_forms import DAYS as FEW
from tests.flows.test_match_forms import HALF_OF_SIX, LAST, amended, assert_proven, day_begins
from tests.flows.test_random_years import Machine, Row
from tests.flows.test_shared_declaration import GROUPS, company, groups, shares
from tests.flows.test_student_loans import certified
from tests.support.database import TESTER

from open401k import census, plan
from open401k.base.db import Database
from open401k.base.steps import FlowResults
from open401k.kernel import EmployeeId, Refused, Source
from open401k.plan import EntryRule, EntryTerms, MatchPeriod

OPEN = EntryTerms(0, 0, None, EntryRule.IMMEDIATE)
SHUT = replace(OPEN, excluded_classes=("interns",))
OUT_OF_ALL = replace(AT_HIRE, excluded_classes=("interns",))
CUT = date(2025, 7, 1)
#: 10,000.00 is paid on each of seven pay dates, four of them before the cut: 1,800.00 of 40,000.00 are saved by then.
SAVES = (0, 1_200_00, 300_00, 300_00, 1_200_00, 1_200_00, 100_00)
BY_QUARTER, BY_YEAR = {"period": MatchPeriod.QUARTER}, {"period": MatchPeriod.PLAN_YEAR}


def year(
    db: Database, before: plan.Provisions, after: plan.Provisions, saves: tuple[int, ...] = SAVES
) -> tuple[Machine, EmployeeId]:
    """An intern's year of payrolls; in June the terms of July on become others."""
    made, who = with_terms(db, before, DAYS)
    learn(made, who, census.EmployeeClass("interns"), date(2024, 12, 1))
    for day, cents in zip(DAYS, saves, strict=True):
        if day == DAYS[4]:
            made.at(date(2025, 6, 2))
            assert not isinstance(amended(made, after, CUT), Refused)
        send(made, day, {who: cents})
    return made, who


def over(made: Machine) -> dict[date, int]:
    """What the employer gave by day, once the year is over; the books are proven."""
    day_begins(made, date(2026, 1, 2))
    assert_proven(made)
    found: dict[date, int] = {}
    for (_, _, day), cents in employer_money(made).items():
        found[day] = found.get(day, 0) + cents
    return {day: cents for day, cents in found.items() if cents}


def matching(**form: Any) -> plan.Provisions:
    return replace(TERMS, eligibility=AT_HIRE, match_eligibility=OPEN, match=plan.Match(HALF_OF_SIX, **form))


OF_PAY_DATES = {DAYS[1]: 300_00, DAYS[2]: 150_00, DAYS[3]: 150_00}
#: Half of 1,800.00, which is less than 6 % of 40,000.00; of quarters, half of 1,200.00 and of 600.00.
OF_PERIODS = {DAYS[1]: 600_00, DAYS[2]: 150_00, DAYS[3]: 150_00}


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({}, OF_PAY_DATES),
        ({"true_up": True}, OF_PAY_DATES | {LAST: 300_00}),
        (BY_QUARTER | {"true_up": True}, OF_PERIODS),
        (BY_YEAR, OF_PERIODS),
        (BY_YEAR | {"conditions": plan.Conditions(last_day=True)}, {LAST: 900_00}),
    ],
)
@pytest.mark.parametrize("out_of_all", [False, True])
def test_a_class_shut_out_of_the_match_keeps_the_match_of_the_days_before(
    db: Database, form: dict[str, Any], expected: dict[date, int], out_of_all: bool
) -> None:
    """IRC 411(d)(6): whatever the period of the match; and so where the class is out of the whole plan."""
    before = matching(**form)
    after = replace(before, eligibility=OUT_OF_ALL) if out_of_all else replace(before, match_eligibility=SHUT)
    saves = (*SAVES[:4], 0, 0, 0) if out_of_all else SAVES
    made, _ = year(db, before, after, saves)
    assert over(made) == expected


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({}, {DAYS[5]: 300_00, DAYS[6]: 150_00}),
        # Since July 1,200.00 of 30,000.00 are saved, less than 6 %: half of it is 600.00.
        ({"true_up": True}, {DAYS[5]: 300_00, DAYS[6]: 150_00, LAST: 150_00}),
        # Of the third quarter 900.00 of 20,000.00.
        (BY_QUARTER, {DAYS[5]: 450_00, DAYS[6]: 150_00}),
        (BY_YEAR, {DAYS[5]: 450_00, DAYS[6]: 150_00}),
        (BY_YEAR | {"conditions": plan.Conditions(last_day=True)}, {LAST: 600_00}),
    ],
)
def test_a_class_let_into_the_match_has_none_for_the_days_before(
    db: Database, form: dict[str, Any], expected: dict[date, int]
) -> None:
    """4,800.00 saved of 40,000.00 in the class that was out count in no period and in no year."""
    after = matching(**form)
    made, _ = year(db, replace(after, match_eligibility=SHUT), after, (*[1_200_00] * 4, 0, 900_00, 300_00))
    assert over(made) == expected


@pytest.mark.parametrize("shut", [True, False])
def test_student_loan_payments_count_on_the_days_on_which_the_class_is_in(db: Database, shut: bool) -> None:
    """1,000.00 paid in May and 600.00 in September: half of the one before the cut, or of the one after it."""
    is_open = matching(student_loans=True)
    is_shut = replace(is_open, match_eligibility=SHUT)
    made, who = year(db, *((is_open, is_shut) if shut else (is_shut, is_open)), (0,) * 7)
    made.at(date(2025, 12, 1))
    certified(made, who, date(2025, 5, 12), 1_000_00)
    certified(made, who, date(2025, 9, 12), 600_00)
    assert over(made) == {LAST: 500_00 if shut else 300_00}


@pytest.mark.parametrize("shut", [True, False])
@pytest.mark.parametrize("waits", [True, False])
def test_nonelective_money_is_of_the_pay_of_the_days_on_which_the_class_is_in(
    db: Database, shut: bool, waits: bool
) -> None:
    """5 % of 40,000.00 before the cut are 2,000.00; of 30,000.00 after it 1,500.00."""
    gives = plan.Nonelective(500, Source.PROFIT_SHARING, plan.Conditions(last_day=waits))
    is_open = replace(TERMS, eligibility=AT_HIRE, match=None, nonelective=gives, nonelective_eligibility=OPEN)
    is_shut = replace(is_open, nonelective_eligibility=SHUT)
    made, _ = year(db, *((is_open, is_shut) if shut else (is_shut, is_open)))
    days = DAYS[:4] if shut else DAYS[4:]
    assert over(made) == ({LAST: len(days) * 500_00} if waits else dict.fromkeys(days, 500_00))


def test_what_is_shared_by_pay_counts_the_pay_of_the_days_on_which_the_class_was_in(db: Database) -> None:
    """An intern was paid 40,000.00 until the class was shut out, a colleague 30,000.00 all year: 4 to 3."""
    made, owner, intern, colleague = company(db, GROUPS)
    learn(made, intern, census.EmployeeClass("interns"), date(2024, 12, 1))
    made.at(date(2025, 3, 3))
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        terms = plan.provisions_on(tx, tenant_id=made.sponsor, plan_id=made.plan_id, on=FEW[1])
    after = replace(terms, nonelective_eligibility=SHUT)
    assert not isinstance(amended(made, after, date(2025, 4, 1)), Refused)
    rows = {owner: Row(50_000_00), intern: Row(20_000_00), colleague: Row(10_000_00)}
    made.send(FEW[2], rows, told="payroll")
    made.at(date(2026, 3, 2))
    assert isinstance(put(made, groups(("Owners", 0, 0), ("Staff", 0, 700_00))), FlowResults)
    assert shares(made) == {intern: 400_00, colleague: 300_00}
    assert_proven(made)
