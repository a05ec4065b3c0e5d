"""A rollover found invalid: determined by a person, waits with its clock, is paid back once with its earnings."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from tests.flows.rollovers import World, world
from tests.support.database import TESTER

from open401k import ledger, recordkeeping
from open401k.base.db import Actor, Database
from open401k.flows.rollover_invalid import Done, Which, determine, pay_back
from open401k.flows.verify import verify
from open401k.kernel import FixedClock, Money, Refused, RolloverId, Source
from open401k.ledger import AccountKey, Kind, Line
from open401k.rails.node.core import Order, Part, Side
from open401k.recordkeeping import InvalidRefusal, InvalidRollover, RolloverWay, WhyInvalid
from open401k.recordkeeping.rollover_invalid import Moved, attributed
from open401k.views import rollovers_invalid as view

OWNER = Actor(kind="user", id="usr_owner", why="decides")
DETAIL = "the payer's letter of 3 March"


@pytest.mark.parametrize(
    ("invalid", "moved", "earned"),
    [
        # Reg. 1.408-11(d) Ex. 1: $400 of $1,600 put to $4,800, worth $7,600 when it is taken out: $75.
        # (Its opening balances were read, the other two amounts are from memory.)
        (400_00, Moved(4_800_00, 1_600_00, 0, 7_600_00), 75_00),
        (400_00, Moved(4_800_00, 1_600_00, 600_00, 7_000_00), 75_00),  # what went meanwhile is added again
        (100_00, Moved(0, 100_00, 0, 90_00), -10_00),  # a loss
        (100_00, Moved(50_00, 100_00, 0, 150_00), 0),
    ],
)
def test_earnings_are_attributed_pro_rata(invalid: int, moved: Moved, earned: int) -> None:
    assert attributed(invalid_cents=invalid, moved=moved) == earned


@pytest.fixture
def acme(db: Database, clock: FixedClock) -> World:
    return world(db, clock)


def came(acme: World) -> Which:
    """$300 that was not taxed and $100 Roth, asked for and booked."""
    rollover_id = acme.db.ids.new(RolloverId)
    with acme.db.begin(TESTER, tenants=[acme.sponsor]) as tx:
        recordkeeping.ask_rollover(
            tx, tenant_id=acme.sponsor, plan_id=acme.plan, rollover_id=rollover_id, employee_id=acme.worker,
            way=RolloverWay.INTO,
        )  # fmt: skip
    order = Order(
        bytes([1]) * 32, Side.RECEIVER, str(acme.worker), (Part(0, 0, 300_00), Part(1, 1, 100_00, 80_00, 2021))
    )
    core = acme.core()
    core.hold(order)
    core.post(order)
    return Which(acme.sponsor, acme.plan, rollover_id)


def find(acme: World, which: Which, legs: Mapping[int, int], actor: Actor = OWNER, detail: str = DETAIL) -> Done:
    return determine(acme.db, actor=actor, which=which, why=WhyInvalid.REQUIRED_MINIMUM, detail=detail, legs=legs)


def earns(acme: World, cents: int) -> None:
    """The pre-tax rollover source earns, as a price feed would post it."""
    keys = [
        AccountKey(acme.plan, Kind.CASH_CLEARING),
        AccountKey(acme.plan, Kind.PARTICIPANT, acme.worker, Source.ROLLOVER),
    ]
    with acme.db.begin(TESTER, tenants=[acme.sponsor]) as tx:
        ids = ledger.open_accounts(tx, tenant_id=acme.sponsor, keys=keys)
        posted = ledger.post(
            tx, tenant_id=acme.sponsor, key="earnings", event_on=acme.today(), reason="earnings", cause="-",
            lines=[Line(ids[keys[0]], ids[keys[1]], cents, "earnings")],
        )  # fmt: skip
    assert not isinstance(posted, Refused)


def moves(acme: World, reason: str, *lines: tuple[AccountKey, AccountKey, int]) -> None:
    """An entry of this reason, as loans are posted."""
    with acme.db.begin(TESTER, tenants=[acme.sponsor]) as tx:
        ids = ledger.open_accounts(tx, tenant_id=acme.sponsor, keys=[each for line in lines for each in line[:2]])
        posted = ledger.post(
            tx, tenant_id=acme.sponsor, key=reason, event_on=acme.today(), reason=reason, cause="-",
            lines=[Line(ids[debit], ids[credit], cents, reason) for debit, credit, cents in lines],
        )  # fmt: skip
    assert not isinstance(posted, Refused)


def test_interest_on_a_loan_is_earned_and_what_is_lent_and_repaid_goes_nowhere(acme: World) -> None:
    which = came(acme)
    found = find(acme, which, {0: 100_00})
    assert isinstance(found, InvalidRollover)
    own, note = (
        AccountKey(acme.plan, kind, acme.worker, Source.ROLLOVER) for kind in (Kind.PARTICIPANT, Kind.PARTICIPANT_LOAN)
    )
    clearing = AccountKey(acme.plan, Kind.CASH_CLEARING)

    def earned() -> dict[Source, int]:
        with acme.db.begin(TESTER, tenants=[acme.sponsor]) as tx:
            return recordkeeping.invalid_earnings(tx, tenant_id=acme.sponsor, plan_id=acme.plan, invalid=found)

    receivable = AccountKey(acme.plan, Kind.LOAN_RECEIVABLE, acme.worker)
    moves(acme, "loan", (own, note, 150_00), (receivable, clearing, 150_00))
    assert earned() == {Source.ROLLOVER: 0}
    # 50.00 of the note repaid with 6.00 of interest: 2.00 of it on the 100.00 of 300.00 (they are no contributions).
    moves(acme, "loan_payment", (note, own, 50_00), (clearing, own, 6_00))
    assert earned() == {Source.ROLLOVER: 2_00}
    moves(acme, "loan_offset", (note, receivable, 100_00))  # it was paid: money out, no loss
    assert earned() == {Source.ROLLOVER: 2_00}


def refused(done: Any) -> InvalidRefusal | None:
    return done.reason if isinstance(done, Refused) else None


def damage(acme: World) -> list[str]:
    return [each.message for each in verify(acme.db, actor=TESTER, tenants=[acme.sponsor]).problems]


def test_it_waits_with_its_clock_and_is_paid_back_once_with_its_earnings(acme: World) -> None:
    which, before = came(acme), acme.held(acme.worker)
    first = find(acme, which, {0: 100_00})
    assert isinstance(first, InvalidRollover)
    assert find(acme, which, {0: 100_00}) == first
    earns(acme, 30_00)
    acme.clock.advance(timedelta(days=9))
    with acme.db.begin(TESTER, tenants=[acme.sponsor]) as tx:
        shown = view.load(tx, tenant_id=acme.sponsor, plan_id=acme.plan, rollover_id=which.rollover_id)
        (duty,) = view.duties(tx, tenant_id=acme.sponsor, plan_id=acme.plan)
    assert shown is not None
    # 30.00 earned on the 300.00 in the source: 10.00 on the 100.00 that should not have come.
    assert [(each.source, each.amount, each.earnings) for each in shown.lines] == [
        ("rollover", Money(100_00), Money(10_00))
    ]
    assert (shown.waits_days, shown.total, shown.paid_on) == (9, Money(110_00), None)
    assert (duty.due_on, duty.amount) == (first.determined_on, Money(100_00))
    assert "plan administrator" in duty.detail
    paid = pay_back(acme.db, actor=OWNER, which=which, withheld_cents=11_00, earnings=None)
    assert isinstance(paid, InvalidRollover)
    assert paid.paid is not None
    assert (paid.paid.gross_cents, paid.paid.withheld_cents, paid.paid.by) == (110_00, 11_00, OWNER.id)
    assert pay_back(acme.db, actor=OWNER, which=which, withheld_cents=11_00, earnings=None) == paid
    other = pay_back(acme.db, actor=OWNER, which=which, withheld_cents=0, earnings=None)
    assert refused(other) is InvalidRefusal.PAID_BEFORE
    # Money flow: rollover 110.00 -> cash clearing; the Roth money and what was valid stay.
    assert acme.held(acme.worker) == before | {Source.ROLLOVER: 220_00}
    assert damage(acme) == []
    with acme.db.begin(TESTER, tenants=[acme.sponsor]) as tx:
        assert view.duties(tx, tenant_id=acme.sponsor, plan_id=acme.plan) == []
        counted = recordkeeping.top_heavy_rollovers(tx, tenant_id=acme.sponsor, plan_id=acme.plan, as_of=acme.today())
    assert counted == {acme.worker: -300_00}  # of 400.00 from an unrelated employer 100.00 are in no balance any more


def test_what_was_never_asked_never_came_or_is_not_a_persons_word_is_refused(acme: World) -> None:
    unknown = Which(acme.sponsor, acme.plan, acme.db.ids.new(RolloverId))
    assert refused(find(acme, unknown, {0: 1})) is InvalidRefusal.ROLLOVER_UNKNOWN
    which = came(acme)
    assert refused(find(acme, which, {0: 1}, actor=TESTER)) is InvalidRefusal.NOT_A_PERSON
    assert refused(find(acme, which, {7: 1})) is InvalidRefusal.NO_SUCH_LEG
    assert refused(find(acme, which, {})) is InvalidRefusal.NO_SUCH_LEG
    assert refused(find(acme, which, {0: 300_01})) is InvalidRefusal.MORE_THAN_CAME
    assert refused(find(acme, which, {0: 1}, detail=" ")) is InvalidRefusal.NOT_SAID_WHY
    early = pay_back(acme.db, actor=OWNER, which=which, withheld_cents=0, earnings=None)
    assert refused(early) is InvalidRefusal.NOT_DETERMINED
    assert isinstance(find(acme, which, {1: 100_00}), InvalidRollover)
    assert refused(find(acme, which, {1: 99_00})) is InvalidRefusal.DETERMINED_BEFORE
    too_much = pay_back(acme.db, actor=OWNER, which=which, withheld_cents=100_01, earnings=None)
    assert refused(too_much) is InvalidRefusal.WITHHELD_MORE_THAN_PAID
    more = pay_back(acme.db, actor=OWNER, which=which, withheld_cents=0, earnings={Source.ROTH_ROLLOVER: 5_00})
    assert refused(more) is InvalidRefusal.MORE_THAN_THERE_IS
    assert damage(acme) == []
    told = pay_back(acme.db, actor=OWNER, which=which, withheld_cents=0, earnings={Source.ROTH_ROLLOVER: -5_00})
    assert isinstance(told, InvalidRollover)
    assert acme.held(acme.worker)[Source.ROTH_ROLLOVER] == 5_00


def test_earnings_are_told_of_each_source_it_came_into_and_of_no_other(acme: World) -> None:
    which, before = came(acme), acme.held(acme.worker)
    assert isinstance(find(acme, which, {0: 100_00, 1: 50_00}), InvalidRollover)
    both = {Source.ROLLOVER: 0, Source.ROTH_ROLLOVER: 0}
    for told, named in (
        (both | {Source.MATCH: 9_00}, "match"),
        ({Source.ROLLOVER: 9_00}, "roth_rollover"),  # none is told as none: it is paid once and for ever
        ({}, "rollover, roth_rollover"),
    ):
        odd = pay_back(acme.db, actor=OWNER, which=which, withheld_cents=0, earnings=told)
        assert refused(odd) is InvalidRefusal.EARNINGS_OF_OTHER_SOURCES
        assert isinstance(odd, Refused)
        assert f"Earnings of {named}:" in odd.message
    more = both | {Source.ROTH_ROLLOVER: -50_01}
    lost = pay_back(acme.db, actor=OWNER, which=which, withheld_cents=0, earnings=more)
    assert refused(lost) is InvalidRefusal.LOSS_MORE_THAN_CAME
    assert isinstance(lost, Refused)
    assert lost.message.startswith("roth_rollover:")
    assert acme.held(acme.worker) == before
    less_a_cent = pay_back(acme.db, actor=OWNER, which=which, withheld_cents=0, earnings=both | {Source.ROLLOVER: -1})
    assert isinstance(less_a_cent, InvalidRollover)
    assert damage(acme) == []


def test_of_what_was_lost_nothing_is_posted_and_the_duty_ends(acme: World) -> None:
    which, before = came(acme), acme.held(acme.worker)
    assert isinstance(find(acme, which, {0: 100_00}), InvalidRollover)
    lost = {Source.ROLLOVER: -100_00}
    taxed = pay_back(acme.db, actor=OWNER, which=which, withheld_cents=1, earnings=lost)
    assert refused(taxed) is InvalidRefusal.WITHHELD_MORE_THAN_PAID
    settled = pay_back(acme.db, actor=OWNER, which=which, withheld_cents=0, earnings=lost)
    assert isinstance(settled, InvalidRollover)
    assert settled.paid is not None
    assert (settled.paid.entry_id, settled.paid.gross_cents) == (None, 0)
    assert pay_back(acme.db, actor=OWNER, which=which, withheld_cents=0, earnings=lost) == settled
    assert acme.held(acme.worker) == before
    with acme.db.begin(TESTER, tenants=[acme.sponsor]) as tx:
        assert view.duties(tx, tenant_id=acme.sponsor, plan_id=acme.plan) == []
    assert damage(acme) == []


def test_an_entry_that_nobody_approved_is_found(acme: World) -> None:
    came(acme)
    keys = [
        AccountKey(acme.plan, Kind.PARTICIPANT, acme.worker, Source.ROLLOVER),
        AccountKey(acme.plan, Kind.CASH_CLEARING),
    ]
    with acme.db.begin(TESTER, tenants=[acme.sponsor]) as tx:
        ids = ledger.open_accounts(tx, tenant_id=acme.sponsor, keys=keys)
        ledger.post(
            tx, tenant_id=acme.sponsor, key="planted", event_on=acme.today(), reason="rollover: invalid", cause="-",
            lines=[Line(ids[keys[0]], ids[keys[1]], 1_00, "planted")],
        )  # fmt: skip
    assert damage(acme) == ["paid back nothing, moved -100"]
