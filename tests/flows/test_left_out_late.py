"""Who entered earlier than payrolls knew is proposed as left out, once, and it ends where the fact was wrong."""

from datetime import date
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan, acme
from tests.flows.test_heal import approve, assert_proved, every, failure, learn
from tests.support.database import TESTER

from open401k import census, compliance
from open401k.base.db import Database
from open401k.compliance import FailureKind, FailureRefusal, Proposal, ProposalState
from open401k.demo.people import Person
from open401k.flows import heal
from open401k.kernel import FixedClock, FlowId, Refused

#: Hired in December 2025, as the first file says: no participant before 2027.
WHO, SAID, TRUE = "1099", date(2025, 12, 8), date(2025, 3, 3)
LATECOMER = Person("219-11-1099", "Nora", "Lund", date(1990, 2, 2), SAID, 5_200_000, 0, pay_2025_cents=400_000)
ENTERED, LEARNED = date(2026, 7, 1), date(2026, 9, 14)


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    """Paid up to September; who is hired in March 2025 has entered on the first of July."""
    made = acme(db, clock)
    for period in range(1, 19):
        made.pay(period, made.file(period, joined=[LATECOMER]))
    made.at(LEARNED)
    return made


def waiting(plan: Plan) -> list[Proposal]:
    return [
        each
        for each in every(plan)
        if each.content.kind == FailureKind.LEFT_OUT and each.state is ProposalState.PROPOSED and each.content.credits
    ]


def known(plan: Plan) -> list[compliance.Failure]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return [each.failure for each in compliance.failures(tx, tenant_id=plan.sponsor, plan_id=plan.plan)]


def test_a_hire_date_learned_late_proposes_what_was_missed_since_entry(plan: Plan) -> None:
    learn(plan, WHO, census.Hired(instead_of=SAID), TRUE)
    (found,) = known(plan)
    assert (found.kind, found.first_on, found.until) == (FailureKind.LEFT_OUT, ENTERED, None)
    (proposal,) = waiting(plan)
    by_hand = failure(plan, WHO, first_on=ENTERED, found_on=LEARNED)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        owed = compliance.failure_content(tx, tenant_id=plan.sponsor, failure=by_hand, on=LEARNED)
    assert proposal.content.credits == owed.credits
    assert sum(each.cents for each in owed.credits) > 0
    learn(plan, WHO, census.Hired(instead_of=TRUE), date(2025, 3, 10))  # the same entry: the same proposal
    assert [each.proposal_id for each in waiting(plan)] == [proposal.proposal_id]
    assert_proved(plan)


def test_it_ends_where_the_fact_was_wrong_and_comes_back_with_it(plan: Plan) -> None:
    learn(plan, WHO, census.Hired(instead_of=SAID), TRUE)
    (first,) = waiting(plan)
    learn(plan, WHO, census.Hired(instead_of=TRUE), SAID)
    assert waiting(plan) == []
    learn(plan, WHO, census.Hired(instead_of=SAID), TRUE)
    (again,) = waiting(plan)
    assert again.content.credits == first.content.credits
    assert len(known(plan)) == 1
    assert_proved(plan)


def test_what_a_person_recorded_is_not_proposed_twice_whichever_came_first(plan: Plan) -> None:
    def record(**more: Any) -> Any:
        found = heal.Found(plan.sponsor, plan.db.ids.new(FlowId), failure(plan, WHO, found_on=LEARNED, **more))
        return heal.heal(plan.db, actor=TESTER, found=found)

    learn(plan, WHO, census.Hired(instead_of=SAID), TRUE)
    refused = record(first_on=ENTERED)
    assert isinstance(refused, Refused)
    assert refused.reason is FailureRefusal.ON_FILE
    (own,) = known(plan)
    assert str(own.failure_id) in refused.fix
    learn(plan, WHO, census.Hired(instead_of=TRUE), SAID)
    assert not isinstance(record(first_on=ENTERED), Refused)
    learn(plan, WHO, census.Hired(instead_of=SAID), TRUE)
    assert len(waiting(plan)) == 1  # the one recorded by hand, counted by the entry that is known now


def test_who_deferred_from_that_day_on_was_not_left_out(db: Database, clock: FixedClock) -> None:
    made = acme(db, clock)
    offered = Person("219-11-1099", "Nora", "Lund", date(1990, 2, 2), SAID, 5_200_000, 300, pay_2025_cents=400_000)
    for period in range(1, 19):
        made.pay(period, made.file(period, joined=[offered]))
    made.at(LEARNED)
    learn(made, WHO, census.Hired(instead_of=SAID), TRUE)
    assert known(made) == []


def test_an_approval_stands_when_an_earlier_day_is_learned_and_the_rest_is_proposed(plan: Plan) -> None:
    learn(plan, WHO, census.Hired(instead_of=SAID), TRUE)
    (own,) = known(plan)
    begin = date(2026, 9, 25)
    plan.at(begin)
    from dataclasses import replace

    told = heal.heal(
        plan.db,
        actor=TESTER,
        found=heal.Found(plan.sponsor, plan.db.ids.new(FlowId), replace(own, begin_on=begin, notice_on=begin)),
    )
    assert not isinstance(told, Refused)
    (proposal,) = waiting(plan)
    assert not isinstance(approve(plan, proposal), Refused)
    learn(plan, WHO, census.Hired(instead_of=TRUE), date(2024, 11, 4))  # entered on the first of January
    (more,) = waiting(plan)
    assert more.content.credits
    (own,) = known(plan)
    assert (own.first_on, own.begin_on) == (date(2026, 1, 1), begin)
    assert_proved(plan)
