"""No account of a participant is ever below zero, on any day, as known at any time; whatever is learned late.

A match over the year may fall from one pay date to the next: where later deferrals earn more than earlier ones, pay
without deferrals lowers the year's match. What a correction takes on one date can then be there only by what it puts
back on another.
"""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.flows.test_random_years import Machine, Row, machine, taken_over
from tests.support.database import TESTER, Served

from open401k import census, ledger, payroll, plan, recordkeeping
from open401k.base.db import Database
from open401k.doors.provided import Order, RunOutcome
from open401k.doors.stories import PayrollStories
from open401k.flows.carry_on import carry_on, left
from open401k.flows.payroll_intake import Taken, Upload, post_run, say_yes, take_in
from open401k.flows.payroll_keys import content_of
from open401k.flows.verify import verify
from open401k.kernel import EmployeeId, FixedClock, RunId, Source, SponsorId
from open401k.payroll import runs
from open401k.views import payroll_history
from open401k.views.shown import RunState

STEPS = 6


def rising(chance: random.Random) -> plan.Match | None:
    """Mostly a match over the year whose rate rises with deferrals, so that it can fall."""
    tiers = chance.choice([((2_500, 300), (10_000, 600)), ((1, 1_000), (10_000, 2_000)), ((5_000, 600),)])
    return plan.Match(
        tuple(plan.MatchTier(*tier) for tier in tiers),
        period=chance.choice([plan.MatchPeriod.PLAN_YEAR, plan.MatchPeriod.PLAN_YEAR, plan.MatchPeriod.PAY_PERIOD]),
        cap_cents=chance.choice([None, 400_00, 1_500_00, 3_000_00]),
    )


def assert_above_zero(made: Machine) -> None:
    """Every participant's account at the end of every day on which anything happened, by each knowledge of it."""
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        rows = tx.rows("select event_on, recorded_at from ledger.entry_v where tenant_id = %s", [made.sponsor])
        days, known = sorted({day for day, _ in rows}), sorted({at for _, at in rows})
        for at in known:
            for day in days:
                found = ledger.balances(tx, tenant_id=made.sponsor, plan_id=made.plan_id, as_of=day, known_at=at)
                accounts = zip(found.kind, found.employee_id, found.source, found.amount, strict=True)
                own = (ledger.Kind.PARTICIPANT, ledger.Kind.SUSPENSE)
                low = [each for each in accounts if each[0] in own and each[3] < 0]
                assert low == [], f"on {day} as known at {at}: {low}{made.explain()}"


@settings(max_examples=12, deadline=None, phases=[Phase.generate])
@given(seed=st.integers(0, 2**32 - 1), off_calendar=st.booleans())
def test_accounts_of_a_random_year_stay_above_zero(postgres: Served, seed: int, off_calendar: bool) -> None:
    """The seed alone is drawn: how much chance a year asks for hangs on ids, which are new each time."""
    chance = random.Random(seed)  # noqa: S311 (made-up facts)
    clock = FixedClock(datetime(2025, 1, 5, 15, tzinfo=UTC))
    postgres.db.clock = clock
    made = machine(postgres.db, clock, chance, off_calendar=off_calendar, matches=rising)
    made.payroll()
    for _ in range(STEPS):
        made.step()
        made.check()  # what the rules give, and money conserved
        assert_above_zero(made)
    made.at(clock.now().date())
    assert verify(postgres.db, actor=TESTER, tenants=[made.sponsor]).problems == [], made.explain()


FALLING = plan.Match((plan.MatchTier(2_500, 300), plan.MatchTier(10_000, 600)), period=plan.MatchPeriod.PLAN_YEAR)
TERMS = plan.Provisions(
    adopted_on=date(2019, 1, 1),
    eligibility=plan.Eligibility(minimum_age=0, service_months=0, hours_in_year=None, entry=plan.EntryRule.IMMEDIATE),
    deferrals=plan.Deferrals((Source.PRE_TAX,)),
    match=FALLING,
)
SAVED, NOTHING = Row(10_000_00, 600_00), Row(10_000_00)


def with_terms(db: Database, terms: plan.Provisions, pay_dates: list[date]) -> tuple[Machine, EmployeeId]:
    """A plan of these terms, and one person who is in it."""
    clock = FixedClock(datetime(2025, 1, 5, 15, tzinfo=UTC))
    db.clock = clock
    chance = random.Random(1)  # noqa: S311 (a seed that replays)
    made = taken_over(db, clock, chance, terms, pay_dates)
    return made, next(who for who, each in made.world.people.items() if each.hired <= pay_dates[0])


def match_by_day(made: Machine) -> dict[date, int]:
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        found = ledger.contributions(
            tx, tenant_id=made.sponsor, plan_id=made.plan_id, start=date(2025, 1, 1), end=date(2027, 1, 1)
        )
    return {each.event_on: each.cents for each in found if each.source is Source.MATCH}


@pytest.mark.parametrize(
    ("plan_year", "days"),
    [
        (plan.MonthDay(1, 1), [date(2025, 9, 15), date(2025, 10, 15)]),
        (plan.MonthDay(10, 1), [date(2025, 12, 15), date(2026, 1, 15)]),  # two calendar years, derived one by one
    ],
)
def test_what_one_date_loses_is_there_by_what_another_gains(
    db: Database, plan_year: plan.MonthDay, days: list[date]
) -> None:
    first, second = days
    made, who = with_terms(db, replace(TERMS, plan_year_start=plan_year), days)
    made.send(first, {who: SAVED}, told="payroll")
    made.send(second, {who: NOTHING}, told="payroll")
    # 6 % of 10,000.00: 25 % of 300.00 and all of 300.00. Of 20,000.00 it is 3 %: 25 % of 600.00.
    assert match_by_day(made) == {first: 375_00, second: -225_00}
    made.send(first, {who: NOTHING}, told="corrected", replaces=made.world.runs[0].run_id)
    assert match_by_day(made) == {}
    made.check()
    assert_above_zero(made)
    made.at(second + timedelta(days=1))
    assert verify(db, actor=TESTER, tenants=[made.sponsor]).problems == []


def test_a_cap_lowered_in_the_year_takes_back_nothing_that_was_earned(db: Database) -> None:
    days = [date(2025, 9, 15), date(2025, 10, 15)]
    made, who = with_terms(db, TERMS, days)
    made.send(days[0], {who: SAVED}, told="payroll")
    lower = replace(TERMS, match=replace(FALLING, cap_cents=100_00))
    with db.begin(TESTER, tenants=[made.sponsor]) as tx:
        done = plan.amend(
            tx,
            tenant_id=made.sponsor,
            plan_id=made.plan_id,
            effective_on=date(2025, 10, 1),
            provisions=lower,
            why="a test",
        )
    assert isinstance(done, plan.Amended), done
    made.world.terms.append((date(2025, 10, 1), lower))
    made.send(days[1], {who: SAVED}, told="payroll")
    assert match_by_day(made) == {days[0]: 375_00}  # IRC 411(d)(6): over the new cap, and earned before it
    made.check()


def leaves(made: Machine, who: EmployeeId, cents: int) -> None:
    """So much of the match is paid out."""
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        mine = ledger.AccountKey(made.plan_id, ledger.Kind.PARTICIPANT, who, Source.MATCH)
        cash = ledger.AccountKey(made.plan_id, ledger.Kind.CASH_CLEARING)
        accounts = ledger.open_accounts(tx, tenant_id=made.sponsor, keys=[mine, cash])
        of: dict[str, Any] = {"tenant_id": made.sponsor, "key": "paid out", "event_on": made.clock.now().date()}
        lines = [ledger.Line(accounts[mine], accounts[cash], cents, "paid out")]
        done = ledger.post(tx, **of, reason="withdrawal", cause="a test", lines=lines)
        assert isinstance(done, ledger.Posted), done


def overpaid(made: Machine) -> list[tuple[Source, int]]:
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        found = recordkeeping.overpaid.outstanding(tx, tenant_id=made.sponsor, plan_id=made.plan_id)
    return [(each.source, each.cents) for each in found]


def test_what_a_corrected_payroll_takes_back_after_it_left_is_overpaid_until_it_was_due(
    db: Database,
) -> None:
    """The match of 375.00 had 300.00 paid out; 75.00 go back. The employer is not credited with the rest."""
    days = [date(2025, 9, 15), date(2025, 10, 15)]
    made, who = with_terms(db, TERMS, days)
    made.send(days[0], {who: SAVED}, told="payroll")
    made.at(date(2025, 9, 20))
    leaves(made, who, 300_00)
    made.send(days[0], {who: NOTHING}, told="corrected", replaces=made.world.runs[0].run_id)
    assert match_by_day(made) == {}
    assert overpaid(made) == [(Source.MATCH, 300_00)]
    assert_above_zero(made)
    made.send(days[0], {who: SAVED}, told="corrected back", replaces=made.world.runs[0].run_id)
    assert match_by_day(made) == {days[0]: 375_00}
    assert overpaid(made) == []
    assert_above_zero(made)
    made.at(days[1])
    assert verify(db, actor=TESTER, tenants=[made.sponsor]).problems == []


def test_a_correction_that_another_use_of_the_money_stands_against_is_refused_whole(db: Database) -> None:
    """Until money can leave a plan, only a reservation can."""
    days = [date(2025, 9, 15), date(2025, 10, 15)]
    made, who = with_terms(db, TERMS, days)
    for day in days:
        made.send(day, {who: SAVED}, told="payroll")
    with db.begin(TESTER, tenants=[made.sponsor]) as tx:
        mine = ledger.AccountKey(made.plan_id, ledger.Kind.PARTICIPANT, who, Source.MATCH)
        cash = ledger.AccountKey(made.plan_id, ledger.Kind.CASH_CLEARING)
        accounts = ledger.open_accounts(tx, tenant_id=made.sponsor, keys=[mine, cash])
        kept = ledger.reserve(
            tx,
            tenant_id=made.sponsor,
            key="a withdrawal",
            event_on=days[1],
            reason="withdrawal",
            cause="a test",
            lines=[ledger.Line(accounts[mine], accounts[cash], 500_00, "withdrawal")],
        )
        assert isinstance(kept, ledger.Reserved)
    before = match_by_day(made)
    run_id = sent_again(made, days[0], {who: NOTHING})
    refused = post_run(db, actor=TESTER, tenant_id=made.sponsor, run_id=run_id)
    assert refused.halted == "balance_too_low"
    assert match_by_day(made) == before
    with db.begin(TESTER, tenants=[made.sponsor]) as tx:
        assert runs.get(tx, tenant_id=made.sponsor, run_id=run_id).status == runs.Status.REJECTED
        assert {run.run_id for run in census.pay_runs(tx, tenant_id=made.sponsor, plan_id=made.plan_id)} == {
            each.run_id for each in made.world.runs
        }
    (told,) = [each for each in outcome_of(made, run_id).findings if each.severity == "reject"]
    assert (told.code, told.row) == ("ledger.refused", None)
    assert "35000 too few" in told.reason  # 750.00 less 500.00 reserved; 600.00 would have to go
    assert "reserved is released" in told.fix
    with db.begin(TESTER, tenants=[made.sponsor]) as tx:
        page = payroll_history.load_run(tx, tenant_id=made.sponsor, plan_id=made.plan_id, run_id=run_id)
    assert page is not None
    assert (page.run.state, page.run.rejects) == (RunState.REJECTED, 1)
    assert told in page.findings
    made.at(days[1] + timedelta(days=1))
    assert verify(db, actor=TESTER, tenants=[made.sponsor]).problems == []
    # It was refused for now: a start tries again, and so does whoever posts or sends it again.
    carry_on_all(db, made.sponsor)
    assert outcome_of(made, run_id).state is RunState.REJECTED
    assert match_by_day(made) == before
    with db.begin(TESTER, tenants=[made.sponsor]) as tx:
        assert isinstance(
            ledger.void(
                tx, tenant_id=made.sponsor, key="given up", reservation_id=kept.reservation_id, reason="given up"
            ),
            ledger.Voided,
        )
    again = sent_again(made, days[0], {who: NOTHING})
    assert again == run_id
    assert post_run(db, actor=TESTER, tenant_id=made.sponsor, run_id=run_id).halted is None
    assert match_by_day(made) == {days[1]: 150_00}  # 3 % of 20,000.00: 25 % of 600.00
    assert verify(db, actor=TESTER, tenants=[made.sponsor]).problems == []


def sent_again(made: Machine, day: date, rows: dict[EmployeeId, Row]) -> RunId:
    """A file in place of the first run, taken in and not posted."""
    lines = [
        {"employee_id": str(who), "gross_cents": row.gross, "pre_tax_cents": row.pre_tax} for who, row in rows.items()
    ]
    content = content_of({"pay_date": day.isoformat(), "lines": lines})
    replaces = made.world.runs[0].run_id
    upload = Upload(made.sponsor, made.plan_id, "api.json", content, payroll.API_PROVIDER, replaces=replaces)
    taken = take_in(made.db, actor=TESTER, upload=upload)
    assert isinstance(taken, Taken), taken
    say_yes(made.db, actor=TESTER, tenant_id=made.sponsor, run_id=taken.run.run_id)
    return taken.run.run_id


def outcome_of(made: Machine, run_id: RunId) -> RunOutcome:
    """What API, terminal and pages are told when somebody posts it."""
    order = Order(TESTER, made.sponsor, made.plan_id, f"post {run_id}")
    outcome = PayrollStories(made.db).post(order, run_id=run_id, confirmed=True)
    assert isinstance(outcome, RunOutcome), outcome
    return outcome


def carry_on_all(db: Database, tenant_id: SponsorId) -> None:
    """Of this sponsor alone: others of this database were left by tests whose clock stood later."""
    for each in left(db, actor=TESTER):
        if each.tenant_id == tenant_id:
            carry_on(db, actor=TESTER, of=each)
