"""The books of this system keep what a node asks of a core, and stay in balance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import count

from eth_hash.auto import keccak
from tests.support.database import TESTER, Begin

from open401k import ledger
from open401k.base.db import Database, Tx
from open401k.kernel import EmployeeId, PlanId, Source, SponsorId
from open401k.ledger import AccountKey, Kind, Line
from open401k.rails.node.adapters.own_ledger import Booked, OwnLedger
from open401k.rails.node.certifying import Bench, certify
from open401k.rails.node.checks import CHECKS
from open401k.rails.node.core import Done, Order, Part, Refused, Side

NUMBERS = count()
INTO = {0: Source.ROLLOVER, 1: Source.ROTH}


def books(db: Database, tenant: SponsorId, *, days: list[date] | None = None) -> tuple[OwnLedger, str, str]:
    """A plan with one participant who has pre-tax, match and Roth money, and one who has none."""
    plan, one, two = db.ids.new(PlanId), db.ids.new(EmployeeId), db.ids.new(EmployeeId)
    opening = AccountKey(plan, Kind.OPENING)
    amounts = {Source.PRE_TAX: 100_00, Source.MATCH: 50_00, Source.ROTH: 80_00}
    keys = {source: AccountKey(plan, Kind.PARTICIPANT, one, source) for source in amounts}
    other = AccountKey(plan, Kind.PARTICIPANT, two, Source.PRE_TAX)
    with db.begin(TESTER, tenants=[tenant]) as tx:
        ids = ledger.open_accounts(tx, tenant_id=tenant, keys=[opening, other, *keys.values()])
        lines = [Line(ids[opening], ids[keys[source]], cents, "opening") for source, cents in amounts.items()]
        ledger.post(
            tx, tenant_id=tenant, key="opening", event_on=date(2026, 1, 2), reason="opening", cause="test", lines=lines
        )
    told = days or [date(2026, 1, 5)]
    begin = lambda: db.begin(TESTER, tenants=[tenant])  # noqa: E731 (what a caller gives)
    return OwnLedger(begin, tenant, plan, INTO, lambda: told[-1]), str(one), str(two)


def test_our_own_books_keep_every_promise(db: Database, tenant: SponsorId, begin: Begin) -> None:
    core, one, two = books(db, tenant)
    results = certify(Bench(lambda: core, one, two, lambda: keccak(b"own %d" % next(NUMBERS))), CHECKS)
    assert [(each.check.run.__name__, each.words) for each in results if each.passed is False] == []
    with begin() as tx:
        assert ledger.verify(tx, tenant_id=tenant).damage == ()


def test_a_part_is_drawn_from_the_sources_of_its_kind_and_the_same_on_another_day(
    db: Database, tenant: SponsorId, begin: Begin
) -> None:
    days = [date(2026, 1, 5)]
    core, one, _ = books(db, tenant, days=days)
    order = Order(b"r" * 32, Side.SOURCE, one, (Part(0, 0, 120_00), Part(1, 1, 80_00, roth_since=2020)))
    held = core.hold(order)
    assert isinstance(held, Done)
    days.append(date(2026, 1, 6))
    assert core.hold(order) == Done(held.reference, 200_00, again=True)
    assert core.post(order) == Done(held.reference, 200_00)
    days.append(date(2026, 1, 7))
    assert core.post(order) == Done(held.reference, 200_00, again=True)
    with begin() as tx:
        found = ledger.balances(tx, tenant_id=tenant, plan_id=core.plan_id)
    left = {(kind, source): cents for kind, source, cents in zip(found.kind, found.source, found.amount, strict=True)}
    assert left["participant", "match"] == 30_00
    assert left["participant", "roth"] == 0
    assert sum(found.reserved) == 0


def test_a_kind_that_the_plan_does_not_take_is_refused(db: Database, tenant: SponsorId) -> None:
    core, _, two = books(db, tenant)
    answer = core.hold(Order(b"r" * 32, Side.RECEIVER, two, (Part(0, 2, 1_00),)))
    assert answer == Refused(353, "the plan takes no money of kind 2")
    assert core.look_up("nobody") == Refused(351, "no cash account of nobody in these books")


@dataclass
class Told:
    """A plan that takes what there is, and keeps what it was told."""

    posted: list[Booked] = field(default_factory=list)

    def takes(self, tx: Tx) -> Mapping[int, Source]:
        return INTO

    def payable(self, tx: Tx, employee_id: EmployeeId) -> Mapping[Source, int]:
        return dict.fromkeys(Source, 10000)

    def earned(self, tx: Tx, order: Order) -> Mapping[Source, int]:
        return {}

    def refuses(self, tx: Tx, order: Order) -> str | None:
        return None

    def booked(self, tx: Tx, booked: Booked) -> None:
        self.posted.append(booked)


def test_entry_and_fact_are_of_one_day_though_midnight_goes_by(db: Database, tenant: SponsorId, begin: Begin) -> None:
    core, one, _ = books(db, tenant)
    nights, told = count(), Told()
    core = replace(core, today=lambda: date(2026, 12, 30) + timedelta(days=next(nights)), says=told)
    order = Order(b"r" * 32, Side.SOURCE, one, (Part(0, 0, 20_00),))
    assert isinstance(core.hold(order), Done)
    assert isinstance(core.post(order), Done)
    (fact,) = told.posted
    with begin() as tx:
        day = tx.one("select event_on from ledger.entry where entry_id = %(one)s", {"one": fact.entry_id.uuid})
    assert day == (fact.on,)
