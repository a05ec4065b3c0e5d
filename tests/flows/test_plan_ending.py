"""Full vesting through the real flows: what was forfeited comes back as a correction, once, and the books prove."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from tests.flows.test_forfeitures import (
    DAYS,
    GIVES,
    LEFT,
    ONLY_CONTRIBUTIONS,
    PAY,
    SPONSOR,
    account,
    assert_conserved,
    gone,
    holds,
    learn,
    stays,
)
from tests.flows.test_match_forms import assert_proven, day_begins
from tests.flows.test_random_years import Machine
from tests.support.database import TESTER, Served, connect
from tests.support.flows import kill_at

from open401k import census, fiduciary, plan, recordkeeping
from open401k.base import messages
from open401k.base.db import Database
from open401k.flows.plan_ending import Stated, state
from open401k.kernel import EmployeeId, FixedClock, FlowId, PlanId, SponsorId
from open401k.law.vesting_years import FullyVestedBy
from open401k.recordkeeping import Ending, EndingKind, EndingRefusal

VESTS = replace(GIVES, vesting=replace(GIVES.vesting, on_death=True, on_disability=plan.Disability.SOCIAL_SECURITY))
OF_2025 = Ending(EndingKind.PARTIAL_TERMINATION, date(2025, 1, 1), date(2025, 12, 31), "the second shift was let go")


def say(made: Machine, ending: Ending, ending_id: FlowId | None = None, actor: Any = SPONSOR) -> Any:
    made.clock.advance_to(made.clock.now().replace(minute=made.clock.now().minute + 1))
    wanted = Stated(made.sponsor, made.plan_id, ending_id or made.db.ids.new(FlowId), ending)
    return state(made.db, actor=actor, stated=wanted)


def waits(made: Machine) -> list[tuple[int, int]]:
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        found = fiduciary.turnover_open(tx, tenant_id=made.sponsor, plan_id=made.plan_id)
    return [(each.severed, each.participants) for each in found]


def vested_by(made: Machine, who: EmployeeId) -> FullyVestedBy | None:
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        person = census.employee(tx, tenant_id=made.sponsor, employee_id=who)
        return recordkeeping.vested_in_full(
            tx, tenant_id=made.sponsor, plan_id=made.plan_id, person=person, on=made.clock.now().date()
        )


@pytest.mark.parametrize("by", [census.LeftBy.DEATH, census.LeftBy.DISABILITY])
def test_a_death_learned_after_the_forfeiture_gives_it_back_where_the_plan_says_so(
    db: Database, by: census.LeftBy
) -> None:
    # Money flow: the plan's forfeitures -> participant's profit sharing (1,000.00).
    made, who = gone(db, VESTS)
    assert holds(made)["forfeitures"] == 1_000_00
    learn(made, who, census.Terminated(by=by), LEFT)
    assert holds(made, who) == {"participant": 1_000_00}
    assert "forfeitures" not in holds(made)
    assert vested_by(made, who) is FullyVestedBy(by.value)
    learn(made, who, census.Terminated(by=census.LeftBy.VOLUNTARY), LEFT)
    assert holds(made)["forfeitures"] == 1_000_00
    day_begins(made, date(2025, 2, 22))
    assert_conserved(made)
    assert_proven(made)


def test_a_partial_termination_gives_back_what_was_used_at_the_cost_of_the_employer(db: Database) -> None:
    made, who = gone(db, ONLY_CONTRIBUTIONS)
    other = stays(made, who)
    made.send(DAYS[2], {other: PAY}, told="payroll")
    assert holds(made)["forfeitures"] == 500_00  # the rest paid for this payroll
    once = made.db.ids.new(FlowId)
    assert say(made, OF_2025, actor=TESTER).reason is EndingRefusal.NOT_A_PERSON
    assert say(made, OF_2025, once) is None
    assert holds(made, who) == {"participant": 1_000_00}
    assert "forfeitures" not in holds(made)
    assert vested_by(made, who) is FullyVestedBy.PARTIAL_TERMINATION
    assert vested_by(made, other) is None
    before = holds(made)
    assert say(made, OF_2025, once) is None  # the same again
    assert holds(made) == before
    assert say(made, replace(OF_2025, reason="another"), once).reason is EndingRefusal.KEY_REUSED
    day_begins(made, date(2025, 3, 17))
    assert holds(made) == before
    assert_conserved(made)
    assert_proven(made)
    assert say(made, replace(OF_2025, stands=False)) is None
    assert holds(made)["forfeitures"] == 1_000_00
    day_begins(made, date(2025, 3, 18))
    assert_proven(made)


def test_the_end_of_the_plan_vests_who_stays_and_who_has_not_forfeited(db: Database) -> None:
    made, who = gone(db)
    other = stays(made, who)
    over = Ending(EndingKind.PLAN_TERMINATION, date(2025, 3, 3), date(2025, 3, 3), "resolution of the board")
    assert say(made, over).reason is EndingRefusal.NOT_YET
    made.at(date(2025, 3, 3))
    assert say(made, over) is None
    assert holds(made)["forfeitures"] == 1_000_00  # deemed paid before: not credited to the account at that time
    assert vested_by(made, other) is FullyVestedBy.PLAN_TERMINATION
    made.send(DAYS[2], {who: PAY}, told="the last pay")
    assert holds(made, who) == {"participant": 500_00}
    day_begins(made, date(2025, 3, 17))
    assert_proven(made)
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        events = messages.read_after(tx, tenant_id=made.sponsor, cursor=0, limit=1_000)
    (told,) = [dict[str, Any](each.data) for each in events if each.kind == "forfeitures.due"]  # type: ignore[arg-type]
    assert (told["cents"], told["use_by"]) == (1_000_00, "2025-03-03")  # at once, whatever the plan year leaves
    assert told["cite"] == "Reg. 1.411(d)-2(a)(2)(i)"
    back = replace(over, stands=False)
    assert say(made, back) is None
    (lot,) = account(made).lots
    assert (lot.left_cents, lot.proposed_only) == (1_500_00, True)  # the last pay, too, is not vested then


def test_a_turnover_of_a_fifth_is_told_once_waits_for_a_person_and_is_asked_again_when_it_grows(db: Database) -> None:
    made, who = gone(db)
    other = stays(made, who)
    day_begins(made, date(2025, 2, 24))
    (open_one,) = waits(made)
    assert open_one[0] == 1
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        events = messages.read_after(tx, tenant_id=made.sponsor, cursor=0, limit=1_000)
    (told,) = [dict[str, Any](each.data) for each in events if each.kind == "turnover.presumed"]  # type: ignore[arg-type]
    assert (told["severed"], told["from"], told["turnover_bps"] >= 2_000) == (1, "2025-01-01", True)
    none = replace(OF_2025, kind=EndingKind.NO_PARTIAL_TERMINATION, reason="seasonal, as in every year")
    assert say(made, none) is None
    assert waits(made) == []
    assert holds(made)["forfeitures"] == 1_000_00
    day_begins(made, date(2025, 3, 3))
    assert waits(made) == []
    learn(made, other, census.Terminated(), date(2025, 3, 3))
    day_begins(made, date(2025, 3, 4))
    assert [each[0] for each in waits(made)] == [2]
    for each, day in ((who, LEFT), (other, date(2025, 3, 3))):
        learn(made, each, census.Terminated(by=census.LeftBy.VOLUNTARY), day)
    day_begins(made, date(2025, 3, 5))
    assert waits(made) == []
    assert_proven(made)


def state_elsewhere(url: str, at: str, sponsor: SponsorId, plan_id: PlanId, ending_id: FlowId) -> None:
    """In a process of its own: a person states it."""
    with connect(url, FixedClock(datetime.fromisoformat(at))) as db:
        state(db, actor=SPONSOR, stated=Stated(sponsor, plan_id, ending_id, OF_2025))


def test_a_statement_that_is_killed_gives_back_once(postgres: Served, db: Database) -> None:
    made, who = gone(db)
    made.at(date(2025, 2, 24))
    once, point = made.db.ids.new(FlowId), "ledger.after_lines_before_balances"
    at = made.clock.now().isoformat()
    kill_at(point, state_elsewhere, postgres.urls.app, at, made.sponsor, made.plan_id, once)
    assert holds(made)["forfeitures"] == 1_000_00
    assert say(made, OF_2025, once) is None
    assert say(made, OF_2025, once) is None
    assert holds(made, who) == {"participant": 1_000_00}
    day_begins(made, date(2025, 2, 25))
    assert_conserved(made)
    assert_proven(made)
