"""Profit sharing by groups and points through the real flows: tested before it is posted, shared to the cent."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime

from tests.flows.test_accounts_above_zero import TERMS
from tests.flows.test_conditions import employer_money, learn
from tests.flows.test_declaration import asked, put
from tests.flows.test_match_forms import DAYS, LAST, assert_proven, day_begins
from tests.flows.test_random_years import Machine, Row, World
from tests.support.database import TESTER

from open401k import census, compliance, fiduciary, plan
from open401k.base import messages
from open401k.base.db import Database
from open401k.base.steps import FlowResults
from open401k.flows.declaration import declare
from open401k.flows.plan_takeover import Takeover, take_over
from open401k.kernel import EmployeeId, FixedClock, PlanId, Refused, Source, SponsorId, day_of
from open401k.recordkeeping import DeclarationRefusal, Declared, GroupShare

SHARES = Source.PROFIT_SHARING
GROUPS = plan.ProfitSharing(groups=(plan.AllocationGroup("Owners", ("owner",)), plan.AllocationGroup("Staff")))
POINTS = plan.ProfitSharing(points=plan.Points(for_year_of_age=1, for_unit_of_pay=1, unit_cents=100_00))


def company(db: Database, sharing: plan.ProfitSharing) -> tuple[Machine, EmployeeId, EmployeeId, EmployeeId]:
    """An owner of 60 with 100,000.00, and two others, of 30 with 40,000.00 and of 25 with 20,000.00, paid in 2025."""
    clock = FixedClock(datetime(2025, 1, 5, 15, tzinfo=UTC))
    db.clock = clock
    terms = replace(TERMS, match=None, may_declare=(SHARES,), profit_sharing=sharing)
    chance = random.Random(1)  # noqa: S311 (nothing is drawn)
    world = World([(terms.adopted_on, terms)])
    made = Machine(db, clock, chance, world, db.ids.new(SponsorId), db.ids.new(PlanId), DAYS, lambda _: None)
    owner, first, second = (db.ids.new(EmployeeId) for _ in range(3))
    people = [
        census.NewEmployee(
            first_name="Somebody",
            last_name=f"Number{born}",
            ssn=f"219-11-{born}",
            birth_date=date(born, 6, 1),
            hired_on=date(2024, 6, 3),
            employee_class="owner" if who == owner else "",
            ownership_bps=10_000 if who == owner else 0,
            annual_pay={2024: census.AnnualPay(20_000_00, 20_000_00, 20_000_00, 0)},
            employee_id=who,
        )
        for who, born in ((owner, 1965), (first, 1995), (second, 2000))
    ]
    takeover = Takeover(
        sponsor_id=made.sponsor,
        plan_id=made.plan_id,
        sponsor_name="Three people",
        ein="12-3456789",
        established_on=date(2010, 1, 1),
        plan_name="Three people 401(k)",
        provisions=terms,
        people=people,
        family=[],
        balances=[],
        balances_on=date(2024, 12, 31),
    )
    take_over(db, actor=TESTER, takeover=takeover)
    rows = {owner: Row(50_000_00), first: Row(20_000_00), second: Row(10_000_00)}
    for day in DAYS[:2]:
        made.send(day, rows, told="payroll")
    return made, owner, first, second


def groups(*shares: tuple[str, int, int]) -> Declared:
    return Declared(SHARES, shares=tuple(GroupShare(*each) for each in shares))


def shares(made: Machine) -> dict[EmployeeId, int]:
    return {who: cents for (who, source, day), cents in employer_money(made).items() if (source, day) == (SHARES, LAST)}


def test_what_fails_the_gateway_is_told_with_what_it_lacks_and_posted_when_it_passes(db: Database) -> None:
    made, owner, first, second = company(db, GROUPS)
    made.at(date(2026, 3, 2))
    few = put(made, groups(("Owners", 2_000, 0), ("Staff", 200, 0)))
    assert isinstance(few, Refused)
    assert few.reason is DeclarationRefusal.DISCRIMINATES
    # 5 % of 60,000.00 less the 2 % that they have: 1,800.00.
    assert "$1,800.00 more would do" in few.message
    assert shares(made) == {}
    made.at(date(2026, 3, 3))
    enough = put(made, groups(("Owners", 2_000, 0), ("Staff", 0, 3_000_01)))
    assert isinstance(enough, FlowResults), enough
    assert shares(made) == {owner: 20_000_00, first: 2_000_01, second: 1_000_00}
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        year = TERMS.plan_year_of(LAST)
        run = compliance.latest(tx, tenant_id=made.sponsor, plan_id=made.plan_id, plan_year=year)
    assert run is not None
    result = run.of(compliance.TestId.AMOUNTS)
    assert (result.status, result.working["path"]) == (compliance.Status.PASS, "benefits")
    assert_proven(made)


def test_what_is_declared_within_the_year_is_tested_on_pay_to_date_and_waits_for_its_end(db: Database) -> None:
    made, owner, first, second = company(db, GROUPS)
    made.at(date(2025, 11, 3))
    few = put(made, groups(("Owners", 2_000, 0), ("Staff", 200, 0)))
    assert isinstance(few, Refused)
    assert "on pay to date" in few.message
    made.at(date(2025, 11, 4))
    knowingly = asked(made, groups(("Owners", 2_000, 0), ("Staff", 200, 0)))
    knowingly = replace(knowingly, declaration=replace(knowingly.declaration, despite_test=True))
    assert isinstance(declare(made.db, actor=TESTER, declared=knowingly), FlowResults)
    day_begins(made, date(2026, 1, 2))
    assert shares(made) == {owner: 20_000_00, first: 800_00, second: 400_00}
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        run = compliance.latest(tx, tenant_id=made.sponsor, plan_id=made.plan_id, plan_year=TERMS.plan_year_of(LAST))
    assert run is not None
    assert run.of(compliance.TestId.AMOUNTS).status is compliance.Status.FAIL
    assert_proven(made)
    assert told(made) == [{"plan_year": "2025", "amend_by": "2026-10-15"}]
    assert standing(made)
    made.at(date(2026, 1, 5))
    more = put(made, groups(("Owners", 2_000, 0), ("Staff", 0, 3_000_01)))
    assert isinstance(more, FlowResults), more
    assert shares(made)[first] == 2_000_01
    day_begins(made, date(2026, 1, 6))
    assert not standing(made)
    assert len(told(made)) == 1  # once for a plan year


def told(made: Machine) -> list[dict[str, object]]:
    """What the outside heard of amounts that fail."""
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        events = messages.read_after(tx, tenant_id=made.sponsor, cursor=0, limit=1_000)
    found = [each.data for each in events if each.kind == "amounts.failed"]
    return [{name: each[name] for name in ("plan_year", "amend_by")} for each in found if isinstance(each, dict)]


def standing(made: Machine) -> bool:
    """Whether the plan's page says it of the year."""
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        today = day_of(tx.now)
        failed = fiduciary.amounts_failed(tx, tenant_id=made.sponsor, plan_id=made.plan_id, today=today)
    return failed is not None


def test_points_share_out_every_cent_and_a_late_fact_of_one_moves_everybodys(db: Database) -> None:
    made, owner, first, second = company(db, POINTS)
    made.at(date(2026, 3, 2))
    # 60 + 1,000, 30 + 400 and 25 + 200 points: 1,715 of them, at 10 dollars each.
    assert isinstance(put(made, Declared(SHARES, total_cents=17_150_00)), FlowResults)
    assert shares(made) == {owner: 10_600_00, first: 4_300_00, second: 2_250_00}
    made.at(date(2026, 3, 3))
    learn(made, second, census.BirthDate(date(1985, 6, 1)), date(2026, 3, 3))
    # 15 points more for the one with 225: the others have 1,060 and 430 of 1,730.
    assert shares(made) == {owner: 10_508_09, first: 4_262_72, second: 2_379_19}
    assert sum(shares(made).values()) == 17_150_00
    made.send(DAYS[3], {first: Row(5_000_00)}, told="a late payroll of one")
    # 480 of 1,780 now.
    assert shares(made) == {owner: 10_212_92, first: 4_624_72, second: 2_312_36}
    assert sum(shares(made).values()) == 17_150_00
    assert_proven(made)


def test_a_group_of_nobody_and_somebody_unknown_are_refused(db: Database) -> None:
    made, owner, first, _ = company(db, plan.ProfitSharing(each_alone=True))
    made.at(date(2026, 3, 2))
    stranger = str(made.db.ids.new(EmployeeId))
    unknown = put(made, groups((stranger, 0, 100_00)))
    assert isinstance(unknown, Refused)
    assert unknown.reason is DeclarationRefusal.NO_FORMULA
    made.at(date(2026, 3, 3))
    most = put(made, groups((str(owner), 0, 5_000_00), (str(first), 0, 100_00)))
    assert isinstance(most, Refused)  # 5 % to 0.25 %, and nothing to the other
    assert most.reason is DeclarationRefusal.DISCRIMINATES
    made.at(date(2026, 3, 4))
    alone = put(made, groups((str(first), 0, 123_45)))
    assert isinstance(alone, FlowResults), alone
    assert shares(made) == {first: 123_45}
    assert_proven(made)


def test_another_way_to_share_cannot_take_back_what_is_in_accounts(db: Database) -> None:
    made, owner, first, second = company(db, POINTS)
    made.at(date(2026, 3, 2))
    assert isinstance(put(made, Declared(SHARES, total_cents=17_150_00)), FlowResults)
    before = shares(made)
    made.at(date(2026, 3, 3))
    more = put(made, Declared(SHARES, total_cents=17_149_99))
    assert isinstance(more, Refused)
    assert more.reason is DeclarationRefusal.LESS_THAN_BEFORE
    made.at(date(2026, 3, 4))
    again = asked(made, Declared(SHARES, total_cents=17_150_00))
    for _ in range(2):  # the same once more changes nothing, whatever is sent how often
        assert isinstance(declare(made.db, actor=TESTER, declared=again), FlowResults)
        assert shares(made) == before
    learn(made, owner, census.Terminated(), date(2026, 2, 2))  # after the year: nobody's share moves
    assert shares(made) == before
    assert sum(before.values()) == 17_150_00
    assert set(before) == {owner, first, second}
