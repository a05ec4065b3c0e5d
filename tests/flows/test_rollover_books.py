"""What follows a rollover's posting in a plan's books: sources, facts, limits and tests left alone, proof."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import date

import pytest
from tests.flows.rollovers import World, world
from tests.support.database import TESTER

from open401k import compliance, ledger, recordkeeping
from open401k.base.db import Database
from open401k.flows import rollover_core
from open401k.flows.rollover_core import PlanSays
from open401k.flows.verify import verify
from open401k.kernel import EmployeeId, FixedClock, Open401kError, PlanId, Source
from open401k.ledger import AccountKey, Kind, Line
from open401k.rails.node.codes import BALANCE_TOO_LOW
from open401k.rails.node.core import Done, Order, Part, Refused, Side
from open401k.recordkeeping import RolloverWay

INTO, OUT = bytes([1]) * 32, bytes([2]) * 32


@pytest.fixture
def acme(db: Database, clock: FixedClock) -> World:
    return world(db, clock)


def arrives(acme: World) -> Order:
    """$300 untaxed, $50 of a traditional IRA, and $100 Roth of which $80 is basis, on its clock since 2021."""
    parts = (Part(0, 0, 300_00), Part(1, 5, 50_00), Part(2, 1, 100_00, basis=80_00, roth_since=2021))
    return Order(INTO, Side.RECEIVER, str(acme.worker), parts)


def leaves(acme: World, cents: int = 1_200_00) -> Order:
    return Order(OUT, Side.SOURCE, str(acme.leaver), (Part(0, 0, cents),))


def booked(acme: World) -> list[recordkeeping.RolloverBooked]:
    with acme.db.begin(TESTER, tenants=[acme.sponsor]) as tx:
        return recordkeeping.rollovers_booked(tx, tenant_id=acme.sponsor, plan_id=acme.plan)


def problems(acme: World) -> list[tuple[str, str]]:
    return [(each.kind, each.message) for each in verify(acme.db, actor=TESTER, tenants=[acme.sponsor]).problems]


def test_money_in_lands_in_rollover_sources_and_its_basis_and_clock_are_kept(acme: World) -> None:
    core, before = acme.core(), acme.held(acme.worker)
    for act in (core.hold, core.post, core.post):
        done = act(arrives(acme))
        assert isinstance(done, Done)
    # Money flow: cash clearing -> rollover (pre-tax 300.00, of an IRA 50.00), Roth rollover 100.00
    after = acme.held(acme.worker)
    assert {each: after[each] - before.get(each, 0) for each in after} == {
        **dict.fromkeys(before, 0), Source.ROLLOVER: 350_00, Source.ROTH_ROLLOVER: 100_00,
    }  # fmt: skip
    (fact,) = booked(acme)
    assert (fact.rollover, fact.way, fact.event_on, fact.cents) == (INTO, RolloverWay.INTO, acme.today(), 450_00)
    assert [(each.kind, each.basis_cents, each.roth_since) for each in fact.parts] == [
        ("pre_tax", 0, None), ("traditional_ira", 0, None), ("roth", 80_00, 2021),
    ]  # fmt: skip
    assert problems(acme) == []


def test_what_rolls_in_counts_in_no_limit_and_no_test(acme: World) -> None:
    # IRC 402(g)(3), 415(c)(2) and 401(k)(3)(A) count contributions, deferrals among them; a rollover is none.
    core = acme.core()
    core.hold(arrives(acme))
    core.post(arrives(acme))
    with acme.db.begin(TESTER, tenants=[acme.sponsor]) as tx:
        total = ledger.contribution_totals(
            tx, tenant_id=acme.sponsor, plan_id=acme.plan, start=date(2026, 1, 1), end=date(2027, 1, 1)
        )
    assert [each for each in total if each.employee_id == acme.worker] == []


def test_only_what_is_vested_and_open_leaves_and_what_stays_is_not_vested_twice(acme: World) -> None:
    core = acme.core()
    # Three whole years of service vest 40 % of the match on this schedule: 200.00 of 500.00 (IRC 411(a)(2)(B)(iii)).
    assert core.hold(leaves(acme, 1_200_01)) == Refused(BALANCE_TOO_LOW, "1 of 120001 cents of kind 0 are not free")
    assert isinstance(core.hold(leaves(acme)), Done)
    assert isinstance(core.post(leaves(acme)), Done)
    assert acme.held(acme.leaver) == {Source.PRE_TAX: 0, Source.MATCH: 300_00}
    # P(AB + D) - D = 40 % of (300 + 200) - 200: nothing more (Reg. 1.411(a)-7(d)(5)(iii)).
    again = core.hold(Order(bytes([3]) * 32, Side.SOURCE, str(acme.leaver), (Part(0, 0, 1),)))
    assert again == Refused(BALANCE_TOO_LOW, "1 of 1 cents of kind 0 are not free")
    assert problems(acme) == []
    at_work = core.hold(Order(bytes([4]) * 32, Side.SOURCE, str(acme.worker), (Part(0, 0, 1),)))
    assert isinstance(at_work, Refused)


def test_a_posting_without_its_fact_is_none(acme: World, monkeypatch: pytest.MonkeyPatch) -> None:
    core, before = acme.core(), acme.held(acme.worker)
    core.hold(arrives(acme))
    with monkeypatch.context() as broken:
        broken.setattr(PlanSays, "booked", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            core.post(arrives(acme))
    assert (acme.held(acme.worker).get(Source.ROLLOVER, 0), booked(acme)) == (before.get(Source.ROLLOVER, 0), [])
    assert core.post(arrives(acme)) == Done(core.status(INTO, Side.RECEIVER).reference, 450_00)
    assert len(booked(acme)) == 1


def test_an_entry_that_no_rollover_stands_behind_is_found(acme: World) -> None:
    core = acme.core()
    core.hold(arrives(acme))
    core.post(arrives(acme))
    keys = [
        AccountKey(acme.plan, Kind.CASH_CLEARING), AccountKey(acme.plan, Kind.PARTICIPANT, acme.worker, Source.ROLLOVER)
    ]  # fmt: skip
    with acme.db.begin(TESTER, tenants=[acme.sponsor]) as tx:
        ids = ledger.open_accounts(tx, tenant_id=acme.sponsor, keys=keys)
        ledger.post(
            tx, tenant_id=acme.sponsor, key="planted", event_on=acme.today(), reason="rollover: receiver", cause="-",
            lines=[Line(ids[keys[0]], ids[keys[1]], 1_00, "planted")],
        )  # fmt: skip
    ((kind, message),) = problems(acme)
    assert kind == "rollover"
    assert message.startswith("the facts say nothing")


def test_a_fact_that_is_not_what_moved_is_found(acme: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = rollover_core._parts
    changed = lambda *given: tuple(replace(each, shares={Source.ROTH: 1}) for each in made(*given))  # noqa: E731
    core = acme.core()
    core.hold(leaves(acme))
    with monkeypatch.context() as wrong:
        wrong.setattr(rollover_core, "_parts", changed)
        core.post(leaves(acme))
    assert [kind for kind, _ in problems(acme)] == ["rollover", "rollover"]


def test_which_sources_gave_is_on_file(acme: World) -> None:
    core = acme.core()
    core.hold(leaves(acme))
    core.post(leaves(acme))
    (fact,) = booked(acme)
    assert [dict(each.shares) for each in fact.parts] == [{Source.PRE_TAX: 1_000_00, Source.MATCH: 200_00}]


def test_the_top_heavy_ratio_leaves_out_what_came_and_adds_back_what_was_paid(acme: World) -> None:
    def balances() -> dict[EmployeeId, int]:
        with acme.db.begin(TESTER, tenants=[acme.sponsor]) as tx:
            facts = compliance.gather(tx, tenant_id=acme.sponsor, plan_id=acme.plan, as_of=date(2027, 1, 5))
        return dict(zip(facts.employee_ids, facts.balances_at_determination.tolist(), strict=True))

    before, core = balances(), acme.core()
    for order in (arrives(acme), leaves(acme)):
        core.hold(order)
        core.post(order)
    assert balances() == before  # IRC 416(g)(3), (4)(A); Reg. 1.416-1 T-32


def test_a_plan_that_is_not_here_is_no_core(acme: World) -> None:
    with pytest.raises(Open401kError, match="There is no plan"):
        rollover_core.plan_core(acme.db, actor=TESTER, plan_id=acme.db.ids.new(PlanId), today=acme.today)
    with pytest.raises(Open401kError, match=r"core\.plan"):
        rollover_core.core_at("nonsense", lambda: nullcontext(acme.db))
    let_go: list[bool] = []

    @contextmanager
    def opened() -> Iterator[Database]:
        yield acme.db
        let_go.append(True)

    core = rollover_core.core_at(str(acme.plan), opened)
    assert not let_go
    core.close()
    assert let_go == [True]
