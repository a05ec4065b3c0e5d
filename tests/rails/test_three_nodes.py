"""Three nodes, three databases, three cores, one chain, each a process of its own; three rollovers between them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.rails.three_nodes import forked
from tests.support.database import Served

from open401k.demo.network._store import new_database
from open401k.demo.network.hands import Hand, hands, wait_until
from open401k.demo.network.people import NINA, OMAR, PIA, Mover, receiving, releasing
from open401k.demo.network.trial import Trial, served, set_up
from open401k.kernel import Money, SystemClock, SystemRandom
from open401k.rails.keys import Key
from open401k.rails.network import deposits
from open401k.rails.network.place import There
from open401k.rails.node.core import Account

RANDOM = SystemRandom()


def in_cores(trial: Trial, by: Mapping[str, Hand]) -> Counter[int]:
    """All money in all books, by kind; nothing of it is held any more."""
    found: Counter[int] = Counter()
    for seat in trial.seats:
        for number in seat.company.books:
            account = by[seat.company.slug].account(number)
            assert isinstance(account, Account), account
            found.update(account.balance)
            assert not any(account.held.values()), account
    return found


def on_chain(trial: Trial) -> dict[bytes, Money]:
    """Who has how much at the bank; it is all there is."""
    chain = trial.place.connect(wait=time.sleep)
    try:
        there = There(chain, trial.place)
        found = {each.address: each.balance for each in deposits.holders(there)}
        assert sum(found.values(), Money(0)) == deposits.supply(there)
        return found
    finally:
        chain.close()


def asked(by: Mapping[str, Hand], mover: Mover, source: str, receiver: str, participant: Key) -> tuple[str, str]:
    """Somebody asks at the receiver, and the source's systems tell their half; both sides' ids of the case."""
    to, from_ = by[receiver], by[source]
    half = receiving(mover, to.seat.company, member=to.seat.account.address, on=to.today, key=participant.address)
    mine, reference = to.ask(from_.seat, half)
    wait_until(lambda: from_.case_of(reference) is not None, "the request reaches the source")
    theirs = str(from_.case_of(reference))
    from_.put(theirs, releasing(mover, from_.seat.company, on=from_.today))
    return theirs, mine


def test_one_settles_one_is_not_in_order_one_expires_and_reverses(postgres: Served, tmp_path: Path) -> None:
    trial = set_up(
        tmp_path, lambda name: new_database(postgres.urls, f"three_{name}"), random=RANDOM, wall=SystemClock()
    )
    west_account, north_account = trial.seat("west").account.address, trial.seat("north").account.address
    by = hands(trial, RANDOM)
    west, north, east = by["west"], by["north"], by["east"]
    with served(trial, forked) as running:
        wait_until(lambda: isinstance(west.account("W-3001"), Account), "the overnight core's first positions")
        before, money = in_cores(trial, by), on_chain(trial)
        nina, pia = Key(RANDOM.token(32)), Key(RANDOM.token(32))
        nina_there, nina_here = asked(by, NINA, "west", "north", nina)
        omar_there, omar_here = asked(by, OMAR, "west", "north", Key(RANDOM.token(32)))
        pia_there, pia_here = asked(by, PIA, "west", "east", pia)
        wait_until(lambda: north.state(nina_here) == "prevalidated", "nothing is in the way of the first")
        north.sign(nina_here, nina)
        wait_until(lambda: east.state(pia_here) == "prevalidated", "nor of the third")
        east.sign(pia_here, pia)
        wait_until(lambda: west.state(nina_there) == "liquidating", "the source sells")
        west.ready(nina_there)
        wait_until(lambda: west.state(pia_there) == "liquidating", "the source sells for the third, too")
        running.kill("node-east")
        west.ready(pia_there)

        # the second: both reasons at once, on both sides
        wait_until(lambda: north.state(omar_here) == "nigo", "the second is not in good order")
        for each in (west.case(omar_there), north.case(omar_here)):
            assert {reason["name"] for reason in each["reasons"]} == {"order_pending", "receiver_does_not_take_it"}

        # the first: both ledgers
        wait_until(lambda: west.state(nina_there) == north.state(nina_here) == "posted", "both have posted")
        assert north.account("N-1001") == Account("N-1001", True, {0: NINA.pre_tax_cents, 1: NINA.roth_cents}, {})

        # the third: its money waits with the coordinator, and nobody can approve
        cents = Money(PIA.pre_tax_cents)
        wait_until(lambda: on_chain(trial)[trial.place.rollover] == cents, "the third is in escrow")
        assert west.state(pia_there) == "voted"
        assert _held(west, "W-3002") == PIA.pre_tax_cents
        deadline = int(west.case(pia_there)["deadline"])
        trial.clock.advance_to(datetime.fromtimestamp(deadline, UTC) + timedelta(minutes=1))
        wait_until(lambda: west.state(pia_there) == "released", "the third is given free by itself")
        trial.start_node(running, east.seat)
        running.wait_for("node-east", f"{east.seat.url}/health")
        wait_until(lambda: east.state(pia_here) == "released", "who was dead learns that it is over")

        moved = Money(NINA.pre_tax_cents + NINA.roth_cents)
        assert on_chain(trial) == money | {
            west_account: money[west_account] - moved, north_account: money[north_account] + moved,
        }  # fmt: skip
        assert in_cores(trial, by) == before


def _held(hand: Hand, account: str) -> int:
    found = hand.account(account)
    return sum(found.held.values()) if isinstance(found, Account) else 0
