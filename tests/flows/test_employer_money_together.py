"""Entry for the match, conditions, forfeitures and a loan in one plan and year: to the cent, and proven."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.flows.test_accounts_above_zero import TERMS, match_by_day, with_terms
from tests.flows.test_forfeitures import holds, learn
from tests.flows.test_match_forms import HALF_OF_SIX, LAST, assert_proven, day_begins
from tests.flows.test_random_years import Machine
from tests.support.database import TESTER

from open401k import census, ledger, payroll, plan, recordkeeping
from open401k.base.db import Database
from open401k.base.faults import Stopped, stopping_at
from open401k.flows.carry_on import carry_on, left
from open401k.flows.declaration import Declared, declare
from open401k.flows.loan import LoanAsked, approve, ask
from open401k.flows.payroll_intake import Taken, Upload, post_run, take_in
from open401k.flows.payroll_keys import content_of
from open401k.kernel import EmployeeId, FlowId, LoanId, Source
from open401k.law.forfeitures import ForfeitureUse
from open401k.law.loan_schedules import Frequency
from open401k.recordkeeping import LoanRequest, LoanWanted

DAYS = [date(2025, month, 15) for month in (1, 3, 4, 5, 7, 9, 11)]
AT_HIRE = plan.Eligibility(minimum_age=0, service_months=0, hours_in_year=None, entry=plan.EntryRule.IMMEDIATE)
TOGETHER = replace(
    TERMS,
    eligibility=AT_HIRE,
    match=plan.Match(HALF_OF_SIX, period=plan.MatchPeriod.QUARTER),
    match_eligibility=plan.EntryTerms(0, 12, None, plan.EntryRule.MONTHLY),
    nonelective=plan.Nonelective(500, Source.PROFIT_SHARING),
    may_declare=(Source.PROFIT_SHARING,),
    declared_conditions=((Source.PROFIT_SHARING, plan.Conditions(last_day=True)),),
    vesting=plan.Vesting(((Source.PROFIT_SHARING, plan.CLIFF_3),)),
    forfeitures=plan.Forfeitures(uses=(ForfeitureUse.EMPLOYER_CONTRIBUTIONS,)),
    loans=plan.Loans(),
)
HIRED, SOONER = date(2024, 6, 3), date(2024, 3, 4)  # a match from July 2025 on, or from April
PAY, SAVES = 10_000_00, 1_200_00


def send(made: Machine, day: date, rows: dict[EmployeeId, int], loans: dict[EmployeeId, int] | None = None) -> None:
    """Everybody's pay with what is deferred of it, and payments of the only loan of each."""
    made.at(day)
    repays = {who: [{"loan_id": "", "cents": cents}] for who, cents in (loans or {}).items()}
    lines = [
        {"employee_id": str(who), "gross_cents": PAY, "hours": "173.00", "pre_tax_cents": cents}
        | ({"loans": repays[who]} if who in repays else {})
        for who, cents in rows.items()
    ]
    content = content_of({"pay_date": day.isoformat(), "lines": lines})
    taken = take_in(
        made.db,
        actor=TESTER,
        upload=Upload(made.sponsor, made.plan_id, "api.json", content, payroll.API_PROVIDER),
    )
    assert isinstance(taken, Taken), taken
    posted = post_run(made.db, actor=TESTER, tenant_id=made.sponsor, run_id=taken.run.run_id, wait=False)
    assert posted.halted is None, (posted.halted, made.findings(taken.run.run_id))


def lent(made: Machine, who: EmployeeId) -> recordkeeping.Loan:
    wanted = LoanAsked(
        made.sponsor, made.plan_id, who, made.db.ids.new(LoanId), LoanWanted(1_000_00, 12, Frequency.MONTHLY)
    )
    asked = ask(made.db, actor=TESTER, asked=wanted)
    assert isinstance(asked, LoanRequest), asked
    done = approve(
        made.db, actor=TESTER, tenant_id=made.sponsor, plan_id=made.plan_id, loan_id=asked.loan_id, prime_bps=750
    )
    assert isinstance(done, LoanRequest), done
    assert done.loan is not None
    return done.loan


def assert_conserved(made: Machine, *, lent_cents: int = 0) -> None:
    """Payrolls = remittance = ledger; what came in is in accounts, notes and forfeitures, or lowered what is owed."""
    of: dict[str, Any] = {"tenant_id": made.sponsor, "plan_id": made.plan_id}
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        given = ledger.contributions(tx, **of, start=date.min, end=date.max)
        due = payroll.remittance.recorded(tx, **of)
        uses = sum(each.cents for each in recordkeeping.forfeiture_account(tx, **of).uses)
        lines = census.current_lines(tx, **of, start=date(2025, 1, 1), end=date(2026, 1, 1))
    found = holds(made)
    told = sum(each.pre_tax_cents for each in lines)
    assert sum(each.cents for each in given if each.source.is_deferral) == told
    assert sum(each.employee_cents for each in due) == told
    assert sum(each.forfeiture_cents for each in due) == uses
    repaid = sum(each.loan_cents for each in due)
    contributed = sum(each.cents for each in given)
    kept = found.get("participant", 0) + found.get("participant_loan", 0) + found.get("forfeitures", 0)
    owed = found["employer_receivable"]
    assert kept + uses == contributed + repaid - (lent_cents - found.get("loan_receivable", 0))
    assert owed == contributed - uses + repaid
    assert found.get("cash_clearing", 0) == -lent_cents


def test_a_year_with_all_of_it(db: Database) -> None:
    made, saver = with_terms(db, TOGETHER, DAYS)
    leaver = next(who for who in made.world.people if who != saver)
    for who in (saver, leaver):
        learn(made, who, census.Hired(instead_of=made.world.people[who].hired), HIRED)
    for day in DAYS[:2]:
        send(made, day, {saver: SAVES, leaver: 0})
    learn(made, leaver, census.Terminated(), date(2025, 3, 20))
    day_begins(made, date(2025, 4, 10))
    assert holds(made, leaver) == {}
    assert holds(made)["forfeitures"] == 1_000_00
    assert match_by_day(made) == {}
    assert_conserved(made)

    send(made, DAYS[2], {saver: SAVES})
    loan = lent(made, saver)
    first, second, third = (each.payment_cents for each in loan.schedule.installments[:3])
    with stopping_at("payroll_run.post.before_commit"), pytest.raises(Stopped):
        send(made, DAYS[3], {saver: SAVES}, {saver: first})
    made.at(date(2025, 5, 16))
    for each in left(made.db, actor=TESTER):
        if each.tenant_id == made.sponsor:
            carry_on(made.db, actor=TESTER, of=each)
    assert holds(made).get("forfeitures", 0) == 0
    assert_conserved(made, lent_cents=1_000_00)
    send(made, DAYS[4], {saver: 0}, {saver: second})
    send(made, DAYS[5], {saver: SAVES}, {saver: third})
    # A quarter is one period: 12 % of the second pay is 6 % of both since entry on July 1.
    assert match_by_day(made) == {DAYS[5]: 600_00}
    assert_conserved(made, lent_cents=1_000_00)

    # Hired three months sooner: a match from April on, each quarter by itself.
    learn(made, saver, census.Hired(instead_of=HIRED), SOONER)
    assert match_by_day(made) == {DAYS[2]: 300_00, DAYS[3]: 300_00, DAYS[5]: 600_00}
    send(made, DAYS[6], {saver: SAVES})
    made.at(date(2025, 12, 1))
    shared = recordkeeping.Declaration(LAST, recordkeeping.Declared(Source.PROFIT_SHARING, rate_bps=300), DAYS[6])
    declare(made.db, actor=TESTER, declared=Declared(made.sponsor, made.plan_id, made.db.ids.new(FlowId), shared))
    day_begins(made, date(2026, 1, 2))
    assert match_by_day(made) == {DAYS[2]: 300_00, DAYS[3]: 300_00, DAYS[5]: 600_00, DAYS[6]: 300_00}
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        given = ledger.contributions(tx, tenant_id=made.sponsor, plan_id=made.plan_id, start=LAST, end=date(2026, 1, 1))
    assert [(each.employee_id, each.source, each.cents) for each in given] == [
        (saver, Source.PROFIT_SHARING, 3 * 7 * PAY // 100)
    ]
    assert_conserved(made, lent_cents=1_000_00)
    assert_proven(made)
