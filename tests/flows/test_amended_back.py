"""Terms amended from a day in the past: what was posted since follows them, and nobody loses what they earned."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from tests.flows.bookkeeping import Plan, acme, assert_sound, books
from tests.support.database import TESTER
from tests.support.flows import stop_points

from open401k import compliance, ledger, plan, recordkeeping
from open401k.base import steps
from open401k.base.db import Database
from open401k.base.faults import Stopped, stopping_at
from open401k.base.steps import FlowResults
from open401k.demo.people import PAY_DATES
from open401k.flows import amendment, carry_on, correction
from open401k.kernel import EmployeeId, FixedClock, FlowId, IdColumn, Refused, Source

SINCE = date(2026, 1, 1)


@pytest.fixture
def paid(db: Database, clock: FixedClock) -> Plan:
    """Two payrolls are posted."""
    made = acme(db, clock)
    made.pay(1)
    made.pay(2, wait=True)
    made.at(date(2026, 2, 3))
    return made


def terms(of: Plan) -> plan.Provisions:
    with of.db.begin(TESTER, tenants=[of.sponsor]) as tx:
        return plan.provisions_on(tx, tenant_id=of.sponsor, plan_id=of.plan, on=PAY_DATES[2])


def wanted(of: Plan, amended: plan.Provisions, on: date = SINCE) -> amendment.Amendment:
    return amendment.Amendment(of.sponsor, of.plan, of.db.ids.new(FlowId), on, amended, "a test")


def put_in_force(of: Plan, asked: amendment.Amendment) -> FlowResults | Refused[Any]:
    return amendment.amend(of.db, actor=TESTER, amendment=asked)


def more(of: Plan) -> plan.Provisions:
    """All of the first 6 % of pay instead of half of it."""
    return replace(terms(of), match=plan.Match((plan.MatchTier(10_000, 600),)))


def matched(of: Plan, day: date) -> int:
    return sum(cents for (_, source, on), cents in books(of).by_date.items() if (source, on) == ("match", day))


def test_a_higher_match_from_a_day_in_the_past_is_posted_for_every_pay_date_since(paid: Plan) -> None:
    before = books(paid)
    asked = wanted(paid, more(paid), on=PAY_DATES[2])
    done = put_in_force(paid, asked)
    assert isinstance(done, FlowResults), done
    after = books(paid)
    first, second = PAY_DATES[1], PAY_DATES[2]
    was = {
        day: sum(c for (_, source, on), c in before.by_date.items() if (source, on) == ("match", day))
        for day in (first, second)
    }
    assert matched(paid, first) == was[first]
    assert abs(matched(paid, second) - 2 * was[second]) <= len(before.by_date)  # to the half cent of each
    assert after.held == before.held
    assert len(done["settle"]["entries"]) == 1
    with paid.db.begin(TESTER, tenants=[paid.sponsor]) as tx:
        (told,) = recordkeeping.corrections(tx, tenant_id=paid.sponsor, plan_id=paid.plan)
        run = compliance.latest(tx, tenant_id=paid.sponsor, plan_id=paid.plan)
    assert told.origin == f"The plan was amended from {second} on: a test"
    assert run is not None
    assert run.cause == str(asked.flow_id)
    assert_sound(paid)
    again = put_in_force(paid, asked)  # the same amendment
    assert isinstance(again, FlowResults)
    assert dict(again) == dict(done)
    assert books(paid) == after
    paid.pay(3)
    assert_sound(paid)


POINTS = ["base.before_commit", "base.after_commit", *stop_points(correction.FLOW, correction.STEPS[1:])]


@pytest.mark.parametrize("point", [*POINTS, "recordkeeping.before_post"])
def test_an_amendment_that_stopped_is_whole_or_nothing_and_is_carried_on(paid: Plan, point: str) -> None:
    was, asked = matched(paid, PAY_DATES[1]), wanted(paid, more(paid))
    with stopping_at(point), pytest.raises(Stopped):
        put_in_force(paid, asked)
    assert_sound(paid)
    assert (terms(paid) == asked.provisions) == (matched(paid, PAY_DATES[1]) > was)
    for each in carry_on.left(paid.db, actor=TESTER):
        if each.tenant_id == paid.sponsor:
            carry_on.carry_on(paid.db, actor=TESTER, of=each)
    assert isinstance(put_in_force(paid, asked), FlowResults)
    assert matched(paid, PAY_DATES[1]) > was
    with paid.db.begin(TESTER, tenants=[paid.sponsor]) as tx:
        assert asked.flow_id not in [each.flow_id for each in steps.unfinished(tx)]
    assert_sound(paid)


def nearly_without_deferrals(of: plan.Provisions) -> plan.Provisions:
    return replace(of, deferrals=replace(of.deferrals, max_bps_of_pay=100))


@pytest.mark.parametrize(
    "change",
    [
        lambda of: replace(of, match=plan.Match((plan.MatchTier(5_000, 500),))),
        lambda of: replace(of, eligibility=replace(of.eligibility, excluded_classes=("",))),
        nearly_without_deferrals,
        lambda of: replace(of, match=replace(of.match, cap_cents=1_00)),
    ],
    ids=["a lower match", "nobody eligible", "deferrals of 1 % at most", "a cap"],
)
def test_terms_that_would_take_back_what_people_earned_are_refused_and_change_nothing(paid: Plan, change: Any) -> None:
    before, in_force = books(paid), terms(paid)
    refused = put_in_force(paid, wanted(paid, change(in_force)))
    assert isinstance(refused, Refused), refused
    assert refused.reason is plan.AmendmentRefusal.CUTS_CONTRIBUTIONS
    assert "411(d)(6)" in refused.message
    assert refused.fix
    assert (books(paid), terms(paid)) == (before, in_force)
    assert_sound(paid)
    # From today on they may: nothing earned is touched.
    done = put_in_force(paid, wanted(paid, change(in_force), on=date(2026, 2, 3)))
    assert isinstance(done, FlowResults), done
    assert books(paid).by_date == before.by_date
    assert_sound(paid)


ONE, OTHER = (EmployeeId(UUID(int=number)) for number in (1, 2))


def totals(*rows: tuple[EmployeeId, Source, int]) -> ledger.Contributed:
    place = {source: number for number, source in enumerate(Source)}
    return ledger.Contributed.of_rows(
        IdColumn.of(EmployeeId, [who for who, _, _ in rows]),
        np.array([place[source] for _, source, _ in rows], dtype=np.int64),
        np.array([cents for _, _, cents in rows], dtype=np.int64),
    )


def test_what_one_person_gains_does_not_pay_for_what_another_loses() -> None:
    before = totals((ONE, Source.MATCH, 100), (OTHER, Source.MATCH, 100), (ONE, Source.ROTH, 40))
    same = totals((ONE, Source.SAFE_HARBOR_MATCH, 100), (OTHER, Source.MATCH, 130), (ONE, Source.ROTH, 40))
    assert recordkeeping.taken_back(before, before) is None
    assert recordkeeping.taken_back(before, same) is None
    less = recordkeeping.taken_back(before, totals((ONE, Source.MATCH, 400), (OTHER, Source.MATCH, 70)))
    assert less == recordkeeping.TakenBack(people=2, cents=70, most_cents=40, most_of=ONE)
