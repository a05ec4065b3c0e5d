"""A late fact that makes the employer owe more waits, with earnings, for a person; undone before that, it ends."""

from datetime import date

import pytest
from tests.flows.bookkeeping import Plan, acme
from tests.flows.test_heal import approve, assert_proved, credited, every, learn, receivable
from tests.support.database import TESTER

from open401k import census, compliance, recordkeeping
from open401k.base.db import Database, Tx
from open401k.compliance import Proposal, ProposalState
from open401k.flows.correction_money import deposited
from open401k.flows.day import begin_day
from open401k.kernel import FixedClock, Refused, Source
from open401k.law.lost_earnings import lost_earnings
from open401k.views import corrections

ELLIOT = "1006"
HIRED, WRONG = date(2010, 10, 4), date(2025, 12, 1)


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    """Two payrolls without match for Elliot, whose hire date on file is too late."""
    made = acme(db, clock)
    made.at(date(2026, 1, 6))
    learn(made, ELLIOT, census.Hired(instead_of=HIRED), WRONG)
    for period in (1, 2):
        made.pay(period)
    made.at(date(2026, 3, 2))
    return made


def waiting(plan: Plan) -> list[Proposal]:
    return [each for each in every(plan) if each.state is ProposalState.PROPOSED]


def matched(plan: Plan) -> int:
    return credited(plan, ELLIOT, Source.MATCH)


def test_a_hire_date_learned_late_waits_with_earnings_is_approved_and_paid(plan: Plan) -> None:
    assert (waiting(plan), matched(plan), before := receivable(plan)) == ([], 0, before)
    learn(plan, ELLIOT, census.Hired(instead_of=WRONG), HIRED)
    (found,) = waiting(plan)
    content, owed = found.content, matched(plan)
    assert receivable(plan) - before == owed > 0
    dates = content.working["dates"]
    assert sum(each["cents"] for each in dates) == content.principal_cents == owed
    assert len(dates) == 2
    naive = [
        lost_earnings(
            principal_cents=each["cents"], loss_on=date.fromisoformat(each["on"]), recovered_on=content.on
        ).total_cents
        for each in dates
    ]
    assert content.earnings_cents == sum(naive) > 0
    assert "6.02(4)(a)" in content.paragraph
    assert content.decide_by == date(2027, 9, 30)  # the end of the 18th month after it was learned (Notice 2023-43)
    assert content.people == (plan.employee(ELLIOT),)
    assert [each.employee_id for each in content.notices] == [plan.employee(ELLIOT)]
    plan.at(date(2026, 3, 20))
    begin_day(plan.db, actor=TESTER, tenant_id=plan.sponsor)
    assert waiting(plan) == [found]  # more earnings are no other decision

    approved = approve(plan, found)
    assert not isinstance(approved, Refused), approved
    again = approve(plan, found)
    assert not isinstance(again, Refused)
    told = approved.told
    assert told.earnings_cents > content.earnings_cents
    assert matched(plan) - owed == told.earnings_cents
    assert compliance.due_of(approved).cents == receivable(plan) - before == owed + told.earnings_cents
    for _ in range(2):
        deposited(plan.db, actor=TESTER, tenant_id=plan.sponsor, proposal_id=found.proposal_id, on=date(2026, 3, 20))
    assert receivable(plan) == before
    plan.at(date(2026, 3, 21))
    begin_day(plan.db, actor=TESTER, tenant_id=plan.sponsor)
    assert waiting(plan) == []
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (line,) = corrections.load(tx, tenant_id=plan.sponsor, plan_id=plan.plan).done
    assert (line.kind, line.total.cents) == ("Owed by what was learned", told.total_cents)
    assert "learned late, for Elliot" in line.text  # what was kept names the person by id
    assert "emp_" not in line.text
    assert_proved(plan)


def test_undone_before_approval_it_ends_and_lowered_it_asks_for_less(plan: Plan) -> None:
    before = receivable(plan)
    learn(plan, ELLIOT, census.Hired(instead_of=WRONG), HIRED)
    (first,) = waiting(plan)
    learn(plan, ELLIOT, census.Hired(instead_of=HIRED), WRONG)
    assert waiting(plan) == []
    assert [each.state for each in every(plan)] == [ProposalState.REPLACED]
    assert receivable(plan) == before
    refused = approve(plan, first)
    assert isinstance(refused, Refused)
    learn(plan, ELLIOT, census.Hired(instead_of=WRONG), HIRED)
    (second,) = waiting(plan)
    assert second.content.principal_cents == first.content.principal_cents == receivable(plan) - before
    assert_proved(plan)


def test_what_late_facts_moved_and_what_arrived_reads_each_line_once(plan: Plan) -> None:
    for instead_of, hired in ((WRONG, HIRED), (HIRED, WRONG)) * 3:
        learn(plan, ELLIOT, census.Hired(instead_of=instead_of), hired)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (lines,) = tx.one("select count(*) from ledger.line_v where tenant_id = %s", (plan.sponsor,))
        for read in (recordkeeping.late_owed, recordkeeping.deposits):
            before = _lines_read(tx)
            read(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
            assert _lines_read(tx) - before <= lines  # joined, they were read again for each correction


def _lines_read(tx: Tx) -> int:
    (read,) = tx.one("select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables where relname = 'line'")
    return int(read)
