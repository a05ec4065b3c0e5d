"""Two plans over 415(c) together: a person approves it in one of them, and the other has nothing left to do."""

from datetime import date

import pytest
from tests.flows.two_plans import Row, assert_proved, pay, run_on, two
from tests.support.database import TESTER

from open401k import compliance
from open401k.base.db import Actor, Database
from open401k.compliance import ProposalRefusal, ProposalState, Status, TestId
from open401k.flows.day import begin_day
from open401k.flows.heal_approved import approve
from open401k.kernel import FixedClock, Refused, Source
from open401k.recordkeeping import contributions
from open401k.recordkeeping.additions_limit import Above

from .bookkeeping import Plan

PERSON = Actor(kind="user", id="usr_sponsor", why="decides")


def waiting(of: Plan) -> list[compliance.Proposal]:
    with of.db.begin(TESTER, tenants=[of.sponsor]) as tx:
        known = compliance.proposals(tx, tenant_id=of.sponsor, plan_id=of.plan)
    return [
        each
        for each in known
        if each.state is ProposalState.PROPOSED and each.content.kind == compliance.EXCESS_ADDITIONS
    ]


def day_begins(of: Plan, day: date) -> None:
    of.at(day)
    begin_day(of.db, actor=TESTER, tenant_id=of.sponsor)


@pytest.fixture
def over(db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> tuple[Plan, Plan]:
    """Books from before the limit was held: 81,500.00 in 2026, 21,500.00 of it in plan 001, where 72,000.00 are."""
    first, other = two(db, clock)
    monkeypatch.setattr(contributions, "take_above", lambda *_, **__: Above({}, {}))
    pay(first, 1, Row(pre_tax=20_000))
    pay(other, 2, Row(gross=70_000, after_tax=60_000))
    monkeypatch.undo()
    day_begins(first, date(2027, 1, 4))
    return first, other


@pytest.mark.parametrize("out_of", ["001", "002"])
def test_each_plan_proposes_it_and_what_one_corrects_the_other_need_not(over: tuple[Plan, Plan], out_of: str) -> None:
    chosen, other = over if out_of == "001" else over[::-1]
    (proposal,), (there,) = waiting(chosen), waiting(other)
    assert (proposal.content.principal_cents, there.content.principal_cents) == (-9_500_00, -9_500_00)
    leaves = {Source.PRE_TAX: -9_500_00} if out_of == "001" else {Source.AFTER_TAX: -9_500_00}
    assert {each.source: each.cents for each in proposal.content.credits} == leaves
    assert "of all plans of the sponsor together" in proposal.content.text
    assert not proposal.content.not_ready
    chosen.at(date(2027, 1, 5))
    approved = approve(chosen.db, actor=PERSON, tenant_id=chosen.sponsor, proposal_id=proposal.proposal_id)
    assert not isinstance(approved, Refused), approved
    again = approve(chosen.db, actor=PERSON, tenant_id=chosen.sponsor, proposal_id=there.proposal_id)
    assert isinstance(again, Refused)
    assert again.reason in (ProposalRefusal.CHANGED, ProposalRefusal.ENDED)
    day_begins(chosen, date(2027, 1, 6))
    assert waiting(chosen) == waiting(other) == []
    for each in over:
        assert run_on(each, date(2026, 12, 31)).of(TestId.ADDITIONS_LIMIT).status is Status.PASS
        with each.db.begin(TESTER, tenants=[each.sponsor]) as tx:
            facts = compliance.facts_for(tx, tenant_id=each.sponsor, plan_id=each.plan, as_of=date(2026, 12, 31))
        place = facts.employee_ids.index(each.employee("1003"))
        deferred = facts.calendar_deferrals[place] + sum(one.deferrals[place] for one in facts.others)
        assert deferred == (10_500_00 if out_of == "001" else 20_000_00)
    assert_proved(chosen)
