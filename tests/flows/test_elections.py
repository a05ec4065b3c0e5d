"""What payroll withholds against what was elected: asked about before posting, found after it, gone once right."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan, assert_sound, books
from tests.flows.test_verify import damaged
from tests.support.database import TESTER, Served
from tests.support.flows import run_with_a_stop, stop_points

from open401k import recordkeeping
from open401k.base.db import Database
from open401k.demo.files import Mistakes
from open401k.demo.people import ACME, PAY_DATES
from open401k.demo.setup import takeover_of
from open401k.flows import plan_takeover
from open401k.flows.payroll_intake import post_run, say_yes
from open401k.flows.plan_takeover import Takeover, take_over
from open401k.flows.verify import verify
from open401k.kernel import FixedClock, Refused, RunId, Source
from open401k.law.missed_deferrals import Basis, Relief
from open401k.payroll import runs
from open401k.plan import AutomaticEnrollment, ElectionTerms
from open401k.recordkeeping import Case, How, Kind, Mistake, NewElection, Slot

ROSA, CALVIN = "1003", "1004"  # 4 % and 3 % of pay, pre-tax
ELECTED_ON = date(2025, 12, 1)


def with_elections(takeover: Takeover, *, without: Sequence[str] = (), **terms: Any) -> Takeover:
    """Acme, whose elections are kept here: each person's as its payroll has them."""
    provisions = replace(takeover.provisions, elections=ElectionTerms(), **terms)
    who = {new.ssn: new.employee_id for new in takeover.people}
    elections = [
        NewElection(employee_id, Slot(source), day, How.PARTICIPANT, bps=bps, made_on=ELECTED_ON)
        for person in ACME.people
        if (employee_id := who.get(person.ssn)) is not None and person.ssn[-4:] not in without
        for source, day, bps in (
            (Source.PRE_TAX, ELECTED_ON, person.pre_tax_bps),
            (Source.ROTH, ELECTED_ON, person.roth_bps),
            (Source.PRE_TAX, person.new_rate_on or ELECTED_ON, person.new_pre_tax_bps or person.pre_tax_bps),
        )
    ]
    return replace(takeover, provisions=provisions, elections=elections)


def brought(database: Database, clock: FixedClock, **how: Any) -> Plan:
    """That plan, taken over."""
    takeover = with_elections(takeover_of(ACME, database.ids), **how)
    take_over(database, actor=TESTER, takeover=takeover)
    return Plan(database, clock, takeover)


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    return brought(db, clock)


def pay_with(plan: Plan, period: int, cells: dict[tuple[str, str], str]) -> RunId:
    """Post a file with these cells, saying yes to what it asks."""
    taken = plan.receive(period, plan.file(period, Mistakes(cells=cells)))
    if plan.status(taken.run.run_id) == runs.Status.NEEDS_CONFIRMATION:
        say_yes(plan.db, actor=TESTER, tenant_id=plan.sponsor, run_id=taken.run.run_id)
    result = post_run(plan.db, actor=TESTER, tenant_id=plan.sponsor, run_id=taken.run.run_id, wait=False)
    assert result.halted is None, (result.halted, plan.findings(taken.run.run_id))
    return taken.run.run_id


def differences(plan: Plan) -> list[tuple[str, date, Kind]]:
    """Who, when and what."""
    found = [(each_of(plan, each.employee_id), each.pay_date, each.kind) for each in withheld(plan).differences]
    return sorted(found, key=lambda each: (each[1], each[0]))


def each_of(plan: Plan, employee_id: Any) -> str:
    return next(p.ssn[-4:] for p in ACME.people if plan.employee(p.ssn[-4:]) == employee_id)


def withheld(plan: Plan) -> recordkeeping.Withheld:
    scope = recordkeeping.Scope(plan.sponsor, plan.plan, date(2026, 1, 1), date(2027, 1, 1))
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return recordkeeping.withheld_otherwise(tx, scope=scope)


def cases(plan: Plan) -> list[Case]:
    today = plan.clock.now().date()
    return recordkeeping.cases_of(withheld(plan), provisions=plan.takeover.provisions, today=today)


def elect(plan: Plan, last4: str, bps: int, day: date, *, made_on: date | None = None) -> None:
    new = NewElection(plan.employee(last4), Slot(Source.PRE_TAX), day, How.ADMINISTRATOR, bps=bps, made_on=made_on)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        done = recordkeeping.record_elections(tx, tenant_id=plan.sponsor, plan_id=plan.plan, elections=[new])
    assert not isinstance(done, Refused), done


def test_a_payroll_that_follows_the_elections_is_not_asked_about(plan: Plan) -> None:
    for period in range(3):
        taken = plan.pay(period)
        assert "election.mismatch" not in plan.findings(taken.run.run_id)
    assert differences(plan) == []
    assert_sound(plan)


def test_other_than_elected_waits_for_a_yes_and_posts_as_it_was_withheld(plan: Plan) -> None:
    plan.pay(0)
    taken = plan.receive(1, plan.file(1, Mistakes(cells={("219-11-1003", "401k Deferral"): "500.00"})))
    assert plan.findings(taken.run.run_id) == ["election.mismatch", "match.mismatch"]
    assert plan.status(taken.run.run_id) == runs.Status.NEEDS_CONFIRMATION
    say_yes(plan.db, actor=TESTER, tenant_id=plan.sponsor, run_id=taken.run.run_id)
    plan.post(taken.run.run_id)
    assert books(plan).by_date[ROSA, "pre_tax", PAY_DATES[1]] == 500_00
    assert not books(plan).held
    assert differences(plan) == [(ROSA, PAY_DATES[1], Kind.TOO_MUCH)]
    assert_sound(plan)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"401k Deferral": "0.00"}, Kind.NOT_WITHHELD),
        ({"401k Deferral": "100.00"}, Kind.TOO_LITTLE),
        ({"401k Deferral": "136.02"}, Kind.TOO_MUCH),
        ({"401k Deferral": "0.00", "Roth 401k": "136.00"}, Kind.WRONG_SOURCE),
    ],
)
def test_each_kind_of_difference_is_found_after_posting(plan: Plan, cells: dict[str, str], kind: Kind) -> None:
    pay_with(plan, 0, {("219-11-1003", heading): value for heading, value in cells.items()})
    assert differences(plan) == [(ROSA, PAY_DATES[0], kind)]


def test_a_stop_that_payroll_did_not_follow_and_money_that_nobody_elected(db: Database, clock: FixedClock) -> None:
    plan = brought(db, clock, without=[CALVIN])
    pay_with(plan, 0, {})
    elect(plan, ROSA, 0, date(2026, 1, 10))
    pay_with(plan, 1, {})
    assert differences(plan) == [
        (CALVIN, PAY_DATES[0], Kind.NOT_ELECTED),
        (ROSA, PAY_DATES[1], Kind.STOPPED_LATE),
        (CALVIN, PAY_DATES[1], Kind.NOT_ELECTED),
    ]
    assert [(case.mistake, case.first, case.right_again_on) for case in cases(plan)] == [
        (Mistake.OVER, PAY_DATES[0], None),
        (Mistake.OVER, PAY_DATES[1], None),
    ]


def test_a_finding_is_gone_with_the_election_learned_late(plan: Plan) -> None:
    pay_with(plan, 0, {})
    pay_with(plan, 1, {("219-11-1003", "401k Deferral"): "204.00"})
    assert differences(plan) == [(ROSA, PAY_DATES[1], Kind.TOO_MUCH)]
    plan.at(date(2026, 2, 2))
    elect(plan, ROSA, 600, PAY_DATES[1], made_on=date(2026, 1, 5))
    assert differences(plan) == []


def test_what_was_withheld_and_is_held_back_leaves_that_much_less_to_be_missed(plan: Plan) -> None:
    # Walter, 61 in 2026, asks for 75 % of 9,538.46: 7,153.85 (half up). Three dates are 21,461.55, the fourth fills
    # 24,500.00 with 3,038.45; the other 4,115.40 are catch-up that must be Roth, came pre-tax, and wait.
    elect(plan, "1001", 7_500, date(2026, 1, 2), made_on=date(2026, 1, 1))
    for period in range(4):
        pay_with(plan, period, {("219-11-1001", "401k Deferral"): "7153.85"})
    for period in (4, 5):
        pay_with(plan, period, {("219-11-1001", "401k Deferral"): "0.00"})
    wrong, missed = cases(plan)
    assert (wrong.mistake, missed.mistake) == (Mistake.WRONG_SOURCE, Mistake.MISSED)
    assert missed.missed is not None
    # 35,750.00 with catch-up, less 24,500.00 posted and 4,115.40 that wait: no more could have been deferred.
    assert missed.missed.missed_cents == 713_460


def test_a_missed_deferral_owes_nothing_a_quarter_or_half_by_when_it_is_right_again(plan: Plan) -> None:
    missed = {("219-11-1003", "401k Deferral"): "0.00"}
    pay_with(plan, 0, missed)
    pay_with(plan, 1, missed)
    pay_with(plan, 2, {})
    (case,) = cases(plan)
    assert (case.mistake, case.first, case.last, case.right_again_on) == (Mistake.MISSED, *PAY_DATES[:3])
    assert case.missed is not None
    assert case.missed.basis is Basis.ELECTION
    assert case.missed.missed_cents == 2 * 136_00
    assert case.missed.relief.relief is Relief.THREE_MONTHS
    assert case.missed.qnec_cents == 0


@pytest.mark.parametrize(
    ("pay_dates", "today", "relief", "share"),
    [
        (
            PAY_DATES[:6],
            PAY_DATES[6],
            Relief.THREE_MONTHS,
            0,
        ),  # April 1 is the last day, April 10 the pay date after it
        (PAY_DATES[:8], PAY_DATES[8], Relief.QUARTER, 25),
        ((*PAY_DATES[:8], date(2030, 1, 4)), date(2030, 1, 18), Relief.HALF, 50),
    ],
)
def test_the_longer_a_deferral_was_missed_the_more_is_owed(
    plan: Plan, pay_dates: tuple[date, ...], today: date, relief: Relief, share: int
) -> None:
    pay_with(plan, 0, {("219-11-1003", "401k Deferral"): "0.00"})
    found = withheld(plan)
    (first,) = found.differences
    told = replace(
        found,
        differences=[replace(first, pay_date=day) for day in pay_dates],
        pay_dates={first.employee_id: pay_dates},
    )
    (case,) = recordkeeping.cases_of(told, provisions=plan.takeover.provisions, today=today)
    assert case.right_again_on is None
    assert case.missed is not None
    assert case.missed.relief.relief is relief
    assert case.missed.qnec_cents == len(pay_dates) * 136_00 * share // 100


def test_somebody_enrolled_automatically_and_left_out_is_missed_by_the_default(db: Database, clock: FixedClock) -> None:
    automatic = AutomaticEnrollment(date(2026, 1, 1), initial_bps=300)
    plan = brought(db, clock, without=[ROSA], automatic_enrollment=automatic)
    pay_with(plan, 0, {("219-11-1003", "401k Deferral"): "0.00"})
    assert differences(plan) == [(ROSA, PAY_DATES[0], Kind.NOT_WITHHELD)]
    terms = replace(plan.takeover.provisions, automatic_enrollment=automatic)
    (case,) = recordkeeping.cases_of(withheld(plan), provisions=terms, today=date(2026, 11, 2))
    assert case.missed is not None
    assert (case.missed.basis, case.missed.missed_cents) == (Basis.DEFAULT, 102_00)
    assert case.missed.relief.relief is Relief.AUTOMATIC
    assert case.missed.windows.automatic == date(2027, 10, 15)
    assert "0 %" in case.words


def test_an_election_changed_behind_the_audit_trail_is_found(postgres: Served, plan: Plan) -> None:
    change = "update recordkeeping.election set bps = bps + 1 where tenant_id = %(t)s and bps > 0"
    with damaged(postgres, plan, [], [change]):
        proof = verify(plan.db, actor=TESTER, tenants=[plan.sponsor])
    assert ("recordkeeping", "election") in {(each.room, each.kind) for each in proof.problems}


@pytest.mark.parametrize("point", stop_points(plan_takeover.FLOW, [plan_takeover.bring_elections]))
def test_a_takeover_that_stops_while_elections_come_brings_them_once(
    db: Database, clock: FixedClock, point: str
) -> None:
    takeover = with_elections(takeover_of(ACME, db.ids))
    run_with_a_stop(point, lambda: take_over(db, actor=TESTER, takeover=takeover))
    with db.begin(TESTER, tenants=[takeover.sponsor_id]) as tx:
        found = recordkeeping.read_elections(tx, tenant_id=takeover.sponsor_id, plan_id=takeover.plan_id)
    assert len(found) == len(takeover.elections) > 0
