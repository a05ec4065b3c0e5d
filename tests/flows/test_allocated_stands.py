"""No cent of the employer's that is allocated leaves an account for 415(c) by itself, whatever is learned."""

import random
from dataclasses import replace
from datetime import date

from hypothesis import Phase, settings
from hypothesis import given as drawn
from hypothesis import strategies as st
from tests.flows.test_accounts_above_zero import with_terms
from tests.flows.test_additions_limit import DAYS, GIVES, PAID, a_year, given, waiting
from tests.flows.test_allocated_before import PERSON, held_apart
from tests.flows.test_declaration import put
from tests.flows.test_match_forms import assert_proven, day_begins
from tests.flows.test_random_years import Machine, Row
from tests.support.database import TESTER, Served

from open401k import census, recordkeeping
from open401k.base.db import Database
from open401k.flows.correction import Correction, LateFact, correct
from open401k.flows.heal_approved import approve
from open401k.kernel import EmployeeId, FlowId, Refused, Source

CATCHES_UP = replace(GIVES, deferrals=replace(GIVES.deferrals, catch_up=True))


def born(made: Machine, who: EmployeeId, year: int) -> None:
    made.at(made.clock.now().date())
    learned = LateFact(who, census.BirthDate(date(year, 6, 15)), DAYS[0])
    wanted = Correction(made.sponsor, made.plan_id, made.db.ids.new(FlowId), learned)
    assert correct(made.db, actor=TESTER, correction=wanted).halted is None


def test_a_birth_date_that_ends_catch_up_takes_none_of_the_employers_money(db: Database) -> None:
    """70,000.00 and 7,500.00 that were catch-up at 50: at 49, 7,500.00 of deferrals go back, when a person says so.

    Ten months of 2,350.00 are 23,500.00, and of 5,250.00 52,500.00: 76,000.00, of which 6,000.00 were catch-up.
    """
    made, who = with_terms(db, CATCHES_UP, DAYS)
    born(made, who, 1975)
    for day in DAYS[:10]:
        made.send(day, {who: PAID}, told="payroll")
    assert sum(given(made)) == 52_500_00
    born(made, who, 1976)
    assert sum(given(made)) == 52_500_00
    assert sum(given(made, Source.PRE_TAX)) == 23_500_00
    assert_proven(made)
    day_begins(made, date(2026, 1, 2))
    (proposal,) = waiting(made)
    assert [(each.source, each.cents) for each in proposal.content.credits] == [(Source.PRE_TAX, -6_000_00)]
    made.at(date(2026, 1, 5))
    approved = approve(made.db, actor=PERSON, tenant_id=made.sponsor, proposal_id=proposal.proposal_id)
    assert not isinstance(approved, Refused), approved
    assert held_apart(made) == (0, 6_000_00)
    assert sum(given(made)) == 52_500_00
    assert_proven(made)


def test_pay_that_is_learned_late_has_no_room_where_later_money_is_at_the_limit(db: Database) -> None:
    """Ten months are 70,000.00: 15 % of 5,000.00 more of March is not given, and October keeps its deferral."""
    made, who = a_year(db, 10)
    before = given(made)
    made.at(date(2025, 11, 3))
    more = Row(PAID.gross - 5_000_00, PAID.pre_tax)
    made.send(DAYS[2], {who: more}, told="less in March", replaces=made.world.runs[2].run_id)
    lower = [*before[:2], 4_500_00, *before[3:9], 0]
    assert (given(made)[:10], given(made, Source.PRE_TAX)[9]) == (lower, 2_350_00)  # 750.00 of it had waited
    made.send(DAYS[2], {who: PAID}, told="and more again", replaces=made.world.runs[-1].run_id)
    assert (given(made)[:10], given(made, Source.PRE_TAX)[9]) == (lower, 2_350_00)
    assert_proven(made)


def test_what_was_declared_for_the_year_stands_when_pay_of_the_year_is_learned_after_it(db: Database) -> None:
    """8 x 7,600.00 leave 9,200.00 to profit sharing: 15 % of a payroll that is told in April has no room."""
    made, who = a_year(db, 8)
    day_begins(made, date(2026, 1, 2))
    made.at(date(2026, 3, 2))
    put(made, recordkeeping.Declared(Source.PROFIT_SHARING, flat_cents=12_000_00))
    assert given(made, Source.PROFIT_SHARING)[-1] == 9_200_00
    made.at(date(2026, 4, 1))
    made.send(DAYS[8], {who: PAID}, told="a late payroll")
    assert given(made, Source.PROFIT_SHARING)[-1] == 9_200_00
    assert given(made)[8] == 0
    assert given(made, Source.PRE_TAX)[8] == 0
    assert_proven(made)


def test_what_a_later_day_loses_by_the_terms_is_room_for_a_day_before_it_at_once(db: Database) -> None:
    """Eight months are 60,800.00, October 7,600.00 and November 1,600.00: September, told last, has no room.

    Without October November takes 7,600.00, and what is left, 1,600.00, September's deferral.
    """
    made, who = a_year(db, 8)
    made.send(DAYS[9], {who: PAID}, told="payroll")
    made.send(DAYS[10], {who: PAID}, told="payroll")
    made.send(DAYS[8], {who: PAID}, told="a late payroll")
    assert (given(made)[8], given(made, Source.PRE_TAX)[8:11]) == (0, [0, 2_350_00, 1_600_00])
    assert_proven(made)
    made.send(DAYS[9], {who: Row(0)}, told="nothing was paid", replaces=made.world.runs[8].run_id)
    assert (given(made)[8:11], given(made, Source.PRE_TAX)[8:11]) == ([0, 0, 5_250_00], [1_600_00, 0, 2_350_00])
    assert_proven(made)


@settings(max_examples=8, deadline=None, phases=[Phase.generate])
@drawn(seed=st.integers(0, 2**32 - 1))
def test_whatever_is_learned_in_whatever_order_what_is_allocated_of_the_terms_stands(
    postgres: Served, seed: int
) -> None:
    """Deferrals corrected, birth dates told, the year ended: pay stays, so the terms never give less of any day."""
    chance = random.Random(seed)  # noqa: S311 (made-up facts)
    made, who = with_terms(postgres.db, CATCHES_UP, DAYS)
    for day in DAYS[: chance.randint(8, 11)]:
        made.send(day, {who: Row(PAID.gross, chance.choice([0, 1_000_00, 2_350_00, 5_000_00]))}, told="payroll")
    for step in range(5):
        before = given(made)
        kind = chance.choice(["pay", "pay", "born", "end"])
        if kind == "born":
            born(made, who, chance.choice([1963, 1975, 1990]))
        elif kind == "end":
            day_begins(made, max(date(2026, 1, 2 + step), made.clock.now().date()))
        else:
            run = chance.choice([each for each in made.world.runs if each.rows])
            deferred = chance.choice([0, 500_00, 2_350_00, 6_000_00, 12_000_00])
            if run.rows[who].pre_tax != deferred:
                made.send(run.pay_date, {who: Row(PAID.gross, deferred)}, told="corrected", replaces=run.run_id)
        after = given(made)
        assert all(now >= then for now, then in zip(after, before, strict=True)), (kind, before, after)
        assert_proven(made)
