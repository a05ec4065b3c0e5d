"""Books from before the employer's money was held to 415(c): what is allocated stands until a person corrects it."""

from collections.abc import MutableMapping
from datetime import date
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.flows.test_additions_limit import DAYS, PAID, a_year, given, waiting
from tests.flows.test_declaration import put
from tests.flows.test_match_forms import assert_proven, day_begins
from tests.flows.test_random_years import Machine, Row
from tests.support.database import TESTER

from open401k import compliance, ledger, recordkeeping
from open401k.base.db import Actor, Database
from open401k.compliance.excess_additions import Excess, leaves
from open401k.compliance.year_from_facts import year_of
from open401k.flows.heal_approved import approve
from open401k.kernel import EmployeeId, Refused, Source
from open401k.law import deferrals
from open401k.law.limitation_years import AccountAdditions, correct_excess_additions
from open401k.recordkeeping import contributions
from open401k.recordkeeping.additions_limit import Above, Beside, YearSoFar
from open401k.views import corrections

Cents = NDArray[np.int64]
PERSON = Actor(kind="user", id="usr_sponsor", why="decides")


def own_money_alone(
    most: int,
    limits: deferrals.DeferralLimits,
    so_far: YearSoFar,
    credited: MutableMapping[Source, Cents],
    *,
    paid: Cents | None = None,
    beside: Beside | None = None,
    roth_only: NDArray[np.bool_] | None = None,
) -> Above:
    """What was done before: the employee's own money waits, and the employer's is given whatever there is room for."""
    earlier = deferrals.split(so_far.deferrals, limits).catch_up
    deferred = credited[Source.PRE_TAX] + credited[Source.ROTH]
    later = deferrals.split(so_far.deferrals + deferred, limits).catch_up
    own = deferred + credited[Source.AFTER_TAX] - (later - earlier)
    employer = sum((cents for source, cents in credited.items() if not source.from_employee), np.zeros_like(own))
    counted = so_far.additions - earlier - so_far.catch_up_elsewhere
    over = np.clip(counted + own + employer - most, 0, np.maximum(own, 0))
    after_tax = np.minimum(over, credited[Source.AFTER_TAX])
    left = after_tax + np.maximum(over - after_tax - np.maximum(limits.catch_up - later, 0), 0)
    held = {}
    for source in (Source.AFTER_TAX, Source.PRE_TAX, Source.ROTH):
        part = np.minimum(left, credited[source])
        if part.any():
            held[source] = part
        credited[source], left = credited[source] - part, left - part
    return Above(held, {})


@pytest.fixture
def before(db: Database, monkeypatch: pytest.MonkeyPatch) -> tuple[Machine, EmployeeId]:
    """Eleven payrolls of that time: 73,650.00 of additions where 70,000.00 are allowed."""
    monkeypatch.setattr(contributions, "take_above", own_money_alone)
    made, who = a_year(db, 11)
    monkeypatch.undo()
    assert sum(given(made)) + sum(given(made, Source.PRE_TAX)) == 73_650_00
    return made, who


BOOKS = ([5_250_00] * 10 + [0] * 3, [2_350_00] * 9 + [0] * 4)


def books(made: Machine) -> tuple[list[int], list[int]]:
    return given(made), given(made, Source.PRE_TAX)


def test_what_was_allocated_is_proven_and_no_payroll_takes_it_back(before: tuple[Machine, EmployeeId]) -> None:
    made, who = before
    assert_proven(made)
    made.send(DAYS[11], {who: PAID}, told="payroll")
    assert books(made) == BOOKS
    assert_proven(made)


def test_the_end_of_the_year_and_a_declaration_take_nothing_back_and_give_no_more(
    before: tuple[Machine, EmployeeId],
) -> None:
    made, who = before
    made.send(DAYS[11], {who: PAID}, told="payroll")
    day_begins(made, date(2026, 1, 2))
    assert books(made) == BOOKS
    made.at(date(2026, 3, 2))
    put(made, recordkeeping.Declared(Source.PROFIT_SHARING, flat_cents=500_00))
    assert books(made) == BOOKS
    assert given(made, Source.PROFIT_SHARING)[-1] == 0
    assert_proven(made)


def test_a_fact_that_gives_less_under_the_terms_still_takes_back(before: tuple[Machine, EmployeeId]) -> None:
    """15 % of 20,000.00 in October, by a corrected payroll: what stands is never more than the terms give."""
    made, who = before
    made.send(DAYS[9], {who: Row(20_000_00, 2_350_00)}, told="corrected", replaces=made.world.runs[9].run_id)
    assert books(made)[0][9] == 3_000_00
    assert_proven(made)


def held_apart(made: Machine) -> tuple[int, int]:
    """What is unallocated, and what was paid out in cash (deposits are not told here)."""
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        found = ledger.balances(tx, tenant_id=made.sponsor, plan_id=made.plan_id)
    return found.total(ledger.Kind.FORFEITURES), -found.total(ledger.Kind.CASH_CLEARING)


def test_a_person_corrects_it_in_the_order_of_the_procedure(before: tuple[Machine, EmployeeId]) -> None:
    """Of a plan without a match no deferral was matched: 3,650.00 of deferrals are paid back, nothing else leaves."""
    made, who = before
    day_begins(made, date(2026, 1, 2))
    (proposal,) = waiting(made)
    assert proposal.content.title == "$3,650.00 of annual additions are over IRC 415(c) for 2025"
    assert [(each.employee_id, each.source, each.cents) for each in proposal.content.credits] == [
        (who, Source.PRE_TAX, -3_650_00)
    ]
    assert_proven(made)
    made.at(date(2026, 1, 3))
    approved = approve(made.db, actor=PERSON, tenant_id=made.sponsor, proposal_id=proposal.proposal_id)
    assert not isinstance(approved, Refused), approved
    assert held_apart(made) == (0, 3_650_00)
    assert books(made) == BOOKS  # what was contributed was; the correction is an entry of its own
    assert_proven(made)
    day_begins(made, date(2026, 1, 5))
    assert waiting(made) == []
    assert_proven(made)


def test_the_inbox_shows_it_before_and_after_the_decision(before: tuple[Machine, EmployeeId]) -> None:
    made, who = before
    day_begins(made, date(2026, 1, 2))
    (proposal,) = waiting(made)
    of: dict[str, Any] = {"tenant_id": made.sponsor, "plan_id": made.plan_id}
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        (line,) = corrections.load(tx, **of).waiting
    assert (line.kind, line.total.cents, line.working) == ("Additions over IRC 415(c)", -3_650_00, ())
    assert str(who) not in line.text
    made.at(date(2026, 1, 3))
    approve(made.db, actor=PERSON, tenant_id=made.sponsor, proposal_id=proposal.proposal_id)
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        decided = corrections.load_one(tx, **of, proposal_id=proposal.proposal_id)
    assert decided is not None
    assert decided.approved


def facts_of_2025(made: Machine) -> compliance.PlanFacts:
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        return compliance.facts_for(tx, tenant_id=made.sponsor, plan_id=made.plan_id, as_of=date(2025, 12, 31))


def test_what_was_returned_counts_in_no_test_any_more(before: tuple[Machine, EmployeeId]) -> None:
    """Of 25,850.00 that were withheld 3,650.00 go back: 402(g) and ADP see 22,200.00, 415(c) 70,000.00."""
    made, who = before
    day_begins(made, date(2026, 1, 2))
    place = facts_of_2025(made).employee_ids.index(who)
    assert facts_of_2025(made).deferrals[place] == 25_850_00
    (proposal,) = waiting(made)
    made.at(date(2026, 1, 3))
    assert not isinstance(
        approve(made.db, actor=PERSON, tenant_id=made.sponsor, proposal_id=proposal.proposal_id), Refused
    )
    facts = facts_of_2025(made)
    nobody = np.zeros(len(facts), dtype=np.bool_)
    year = year_of(facts, is_hce=nobody, is_key=nobody)
    assert (facts.deferrals[place], facts.calendar_deferrals[place]) == (22_200_00, 22_200_00)
    assert (facts.corrective, year.adp_contributions()[place]) == (None, 22_200_00)
    assert_proven(made)


def test_what_was_matched_leaves_with_its_match() -> None:
    """IRC 415(c) by 1,000.00: 200.00 of after-tax and 300.00 unmatched, then 333.34 matched with half of it."""
    account = AccountAdditions(200_00, 300_00, 10_000_00, 0, 5_000_00, 0)
    found = correct_excess_additions(account=account, limit_cents=account.total_cents - 1_000_00)
    allocated = {Source.AFTER_TAX: 200_00, Source.PRE_TAX: 400_00, Source.ROTH: 9_900_00, Source.MATCH: 5_000_00}
    parts = leaves(Excess(EmployeeId.parse("emp_" + "0" * 32), allocated, 0, found))
    assert parts == {Source.AFTER_TAX: 200_00, Source.PRE_TAX: 400_00, Source.ROTH: 233_34, Source.MATCH: 166_66}
    assert sum(parts.values()) == 1_000_00


def test_the_check_of_a_corrected_payroll_of_that_time_says_what_posting_it_does(
    before: tuple[Machine, EmployeeId],
) -> None:
    """A cent more of pay of October 15 takes nothing of its 5,250.00 back: it is not told as what is not given."""
    made, who = before
    made.send(DAYS[9], {who: Row(PAID.gross + 1, PAID.pre_tax)}, told="corrected", replaces=made.world.runs[9].run_id)
    assert books(made) == BOOKS
    # All 2,350.00 of the pay date wait: 5,250.00 stand beside nine of 7,600.00.
    found = made.findings(made.world.runs[-1].run_id)
    assert [each.split(" ")[0] for each in found] == ["limit.415"]
    assert "would be $72,350.00, over the $70,000.00" in found[0]
    assert_proven(made)
