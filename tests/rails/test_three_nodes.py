"""Three nodes, three databases, three cores, one chain, each a process of its own; three rollovers between them."""

from __future__ import annotations

import time
from collections import Counter
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
from open401k.rails.node.cases import State
from open401k.rails.node.core import Account
from open401k.rails.preflight.reasons import Code

RANDOM = SystemRandom()


def in_cores(trial: Trial, by: dict[str, Hand]) -> Counter[int]:
    """All money in all books, by kind; nothing of it is held any more."""
    found: Counter[int] = Counter()
    for seat in trial.seats:
        for number in seat.company.books:
            account = by[seat.company.slug].core(number)
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


def asked(by: dict[str, Hand], mover: Mover, source: str, receiver: str, participant: Key) -> tuple[str, str]:
    """Somebody asks at the receiver and the source's systems tell their half; both sides' ids of the case."""
    to, from_ = by[receiver], by[source]
    half = receiving(mover, to.seat.company, member=to.seat.account.address, on=to.today, key=participant.address)
    mine = mover.name.split()[0].lower()
    reference = to.ask(mine, from_.seat.account.address, half).reference
    wait_until(lambda: from_.case_of(reference) is not None, "the request reaches the source")
    theirs = from_.case_of(reference)
    assert theirs is not None
    from_.put(theirs, releasing(mover, from_.seat.company, on=from_.today))
    return theirs, mine


def test_one_settles_one_is_not_in_order_one_expires_and_reverses(postgres: Served, tmp_path: Path) -> None:
    trial = set_up(
        tmp_path, lambda name: new_database(postgres.urls, f"three_{name}"), random=RANDOM, wall=SystemClock()
    )
    west_account, north_account = trial.seat("west").account.address, trial.seat("north").account.address
    with served(trial, forked) as running, hands(trial, RANDOM) as found:
        by = dict(found)
        west, north, east = by["west"], by["north"], by["east"]
        wait_until(lambda: isinstance(west.core("W-3001"), Account), "the overnight core's first positions")
        before, money = in_cores(trial, by), on_chain(trial)
        nina, pia = Key(RANDOM.token(32)), Key(RANDOM.token(32))
        nina_there, nina_here = asked(by, NINA, "west", "north", nina)
        omar_there, omar_here = asked(by, OMAR, "west", "north", Key(RANDOM.token(32)))
        pia_there, pia_here = asked(by, PIA, "west", "east", pia)

        wait_until(lambda: north.file(nina_here).state is State.PREVALIDATED, "nothing is in the way of the first")
        north.sign(nina_here, nina)
        wait_until(lambda: east.file(pia_here).state is State.PREVALIDATED, "nor of the third")
        east.sign(pia_here, pia)
        wait_until(lambda: west.file(nina_there).state is State.LIQUIDATING, "the source sells")
        west.ready(nina_there)
        wait_until(lambda: west.file(pia_there).state is State.LIQUIDATING, "the source sells for the third, too")
        running.kill("node-east")
        west.ready(pia_there)

        # the second: both reasons at once, on both sides
        wait_until(lambda: north.file(omar_here).state is State.NIGO, "the second is not in good order")
        for each in (west.deal(omar_there), north.deal(omar_here)):
            assert {reason.code for reason in each.reasons or ()} == {
                Code.ORDER_PENDING, Code.RECEIVER_DOES_NOT_TAKE_IT,
            }  # fmt: skip

        # the first: both ledgers
        posted = {State.POSTED}
        wait_until(lambda: {west.file(nina_there).state, north.file(nina_here).state} == posted, "both have posted")
        assert north.core("N-1001") == Account("N-1001", True, {0: NINA.pre_tax_cents, 1: NINA.roth_cents}, {})

        # the third: its money waits with the coordinator, and nobody can approve
        cents = Money(PIA.pre_tax_cents)
        wait_until(lambda: on_chain(trial)[trial.place.rollover] == cents, "the third is in escrow")
        assert west.file(pia_there).state is State.VOTED
        agreed = west.file(pia_there).agreed
        assert agreed is not None
        trial.clock.advance_to(datetime.fromtimestamp(agreed.deadline, UTC) + timedelta(minutes=1))
        wait_until(lambda: west.file(pia_there).state is State.RELEASED, "the third is given free by itself")
        trial.start_node(running, east.seat)
        wait_until(lambda: east.file(pia_here).state is State.RELEASED, "who was dead learns that it is over")

        moved = Money(NINA.pre_tax_cents + NINA.roth_cents)
        assert on_chain(trial) == money | {
            west_account: money[west_account] - moved, north_account: money[north_account] + moved,
        }  # fmt: skip
        wait_until(lambda: not _held(west, "W-3002"), "the overnight core has given it free")
        assert in_cores(trial, by) == before


def _held(hand: Hand, account: str) -> bool:
    found = hand.core(account)
    return isinstance(found, Account) and any(found.held.values())
