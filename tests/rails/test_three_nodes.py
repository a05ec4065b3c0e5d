"""Three nodes, three databases, three cores, one chain, each a process of its own; three rollovers between them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from tests.rails.three_nodes import forked
from tests.support.database import Served

from open401k.demo.network._store import new_database
from open401k.demo.network.hands import Hand, hands, wait_until
from open401k.demo.network.people import NINA, OMAR, PIA, Mover, receiving, releasing
from open401k.demo.network.trial import Trial, served, set_up
from open401k.kernel import Money, SystemClock, SystemRandom
from open401k.rails.keys import Key
from open401k.rails.kinds import Into, Kind
from open401k.rails.network import deposits
from open401k.rails.network.place import There
from open401k.rails.node.core import Account
from open401k.rails.node.halves import Wanted

RANDOM = SystemRandom()
Half = tuple[Wanted, ...]
#: Of one rollover, at who pays, who leads and who joined.
Cases = tuple[str, str, str]


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
        holders, supply = deposits.holders(there)
        found = {each.address: each.balance for each in holders}
        assert sum(found.values(), Money(0)) == supply
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


def until_all(state: str, *cases: tuple[Hand, str]) -> None:
    """Each of these cases comes to this state at its custodian."""
    for hand, case in cases:
        wait_until(partial(_is_in, hand, case, state), f"{hand.seat.company.name} is {state}")


def _is_in(hand: Hand, case: str, state: str) -> bool:
    return hand.state(case) == state


def shared(by: Mapping[str, Hand], mover: Mover, into: str, lead: Half, other: Half, participant: Key) -> Cases:
    """Somebody asks north, which leads; east joins by the code; west tells its half, and they sign."""
    west, north, east = by["west"], by["north"], by["east"]
    half = replace(receiving(mover, north.seat.company, member=north.seat.account.address, on=north.today), wanted=lead,
                   key=participant.address)  # fmt: skip
    north_case, codes = north.lead(west.seat, half, [east.seat])
    joined = receiving(replace(mover, into=into), east.seat.company, member=east.seat.account.address, on=east.today)
    own = {label: told for label, told in joined.file.items() if label.startswith("receiving[0].")}
    east_case = east.join(west.seat, codes[east.seat.account.address.hex()], replace(joined, wanted=other, file=own))
    wait_until(lambda: west.case_of(north.reference(north_case)) is not None, "the request reaches the source")
    west_case = str(west.case_of(north.reference(north_case)))
    west.put(west_case, releasing(mover, west.seat.company, on=west.today))
    until_all("prevalidated", (north, north_case), (east, east_case))
    north.sign(north_case, participant)
    until_all("liquidating", (west, west_case), (east, east_case))
    return west_case, north_case, east_case


def test_two_receivers_book_at_once_and_one_that_is_killed_lets_all_expire(postgres: Served, tmp_path: Path) -> None:
    # Money flow: west -> north 61,500.25 pre-tax and -> east 18,220.40 Roth; then 27,115.90 set aside and given free
    trial = set_up(
        tmp_path, lambda name: new_database(postgres.urls, f"shared_{name}"), random=RANDOM, wall=SystemClock()
    )
    by = hands(trial, RANDOM)
    west, north, east = by["west"], by["north"], by["east"]
    with served(trial, forked) as running:
        wait_until(lambda: isinstance(west.account("W-3001"), Account), "the overnight core's first positions")
        before, money = in_cores(trial, by), on_chain(trial)
        pre_tax = (Wanted(Kind.PRE_TAX, Into.PLAN, NINA.pre_tax_cents),)
        roth = (Wanted(Kind.ROTH, Into.PLAN, NINA.roth_cents),)
        cases = shared(by, NINA, "E-2001", pre_tax, roth, Key(RANDOM.token(32)))
        west.ready(cases[0])
        until_all("posted", *zip((west, north, east), cases, strict=True))
        assert north.account("N-1001") == Account("N-1001", True, {0: NINA.pre_tax_cents, 1: 0}, {})
        assert east.account("E-2001") == Account("E-2001", True, {0: 48_210_37, 1: 12_904_11 + NINA.roth_cents}, {})
        moved = {"west": -NINA.pre_tax_cents - NINA.roth_cents, "north": NINA.pre_tax_cents, "east": NINA.roth_cents}
        there = dict(money)
        for name, cents in moved.items():
            there[by[name].seat.account.address] += Money(cents)
        assert (on_chain(trial), in_cores(trial, by)) == (there, before)

        # one receiver dies before it agrees: what is in escrow goes back, whoever is alive gives free
        first = 20_000_00
        parts = [(Wanted(Kind.PRE_TAX, Into.PLAN, cents),) for cents in (first, PIA.pre_tax_cents - first)]
        mover = replace(PIA, into="N-1001")
        west_case, north_case, east_case = shared(by, mover, "E-2003", parts[0], parts[1], Key(RANDOM.token(32)))
        running.kill("node-east")
        west.ready(west_case)
        wait_until(lambda: north.state(north_case) == "voted", "the other receiver agreed")
        wait_until(lambda: on_chain(trial)[trial.place.rollover] == Money(PIA.pre_tax_cents), "it is in escrow")
        assert _held(west, "W-3002") == PIA.pre_tax_cents
        deadline = int(west.case(west_case)["deadline"])
        trial.clock.advance_to(datetime.fromtimestamp(deadline, UTC) + timedelta(minutes=1))
        until_all("released", (west, west_case), (north, north_case))
        trial.start_node(running, east.seat)
        running.wait_for("node-east", f"{east.seat.url}/health")
        wait_until(lambda: east.state(east_case) == "released", "who was dead learns that it is over")
        assert (on_chain(trial), in_cores(trial, by)) == (there, before)


def _held(hand: Hand, account: str) -> int:
    found = hand.account(account)
    return sum(found.held.values()) if isinstance(found, Account) else 0
