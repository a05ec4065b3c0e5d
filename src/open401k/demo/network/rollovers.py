"""Three rollovers of the demo: one settles, one is not in order for two reasons, one expires as a custodian is dead.

They go everybody's way: over the nodes' API and by the nodes' own work. Not here: the plan's side (at_the_plan.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from open401k.kernel import Money, Random
from open401k.rails.keys import Key

from .companies import EAST, WEST
from .hands import Hand, wait_until
from .people import OMAR, PIA, Mover, receiving, releasing
from .programs import Programs
from .trial import Trial

Say = Callable[[str], None]
#: Has the plan ask for somebody's money, with the participant's key; our case at the plan's node.
AskedByPlan = Callable[[bytes], str]


@dataclass
class Stories:
    """The three, with a rest between two steps so that somebody can watch."""

    trial: Trial
    running: Programs
    by: Mapping[str, Hand]
    plan: str
    mover: Mover
    ask_by_plan: AskedByPlan
    random: Random
    say: Say
    booked: Callable[[], None] = field(default=lambda: None)
    rest: Callable[[], None] = field(default=lambda: None)

    def play(self) -> None:
        """One after the other."""
        self.settles()
        self.is_not_in_order()
        self.expires()

    def settles(self) -> None:
        """Roth and pre-tax money moves from the company with the overnight core into the plan here."""
        west, here = self.by[WEST.slug], self.by[self.plan]
        participant = Key(self.random.token(32))
        mine = self.ask_by_plan(participant.address)
        self._follow("1", f"{self.mover.name} moves Roth and pre-tax money into the plan here", here, mine)
        theirs = self._arrived(west, str(here.case(mine)["reference"]))
        self.rest()
        west.put(theirs, releasing(self.mover, WEST, on=west.today))
        self._sign(here, mine, participant)
        self._sell(west, theirs)
        both = ((west, theirs), (here, mine))
        _until(lambda: west.state(theirs) == here.state(mine) == "posted", "both books have it", *both)
        self.booked()
        cents = Money(self.mover.pre_tax_cents + self.mover.roth_cents)
        self.say(f"  Settled: {cents} left {WEST.name} and is in the plan's books, in one decision.")

    def is_not_in_order(self) -> None:
        """Two reasons at once, before anybody signs."""
        west, east = self.by[WEST.slug], self.by[EAST.slug]
        theirs, mine = self._asked(OMAR, west, east, Key(self.random.token(32)))
        self._follow("2", f"{OMAR.name} asks for a move that is not in order", east, mine)
        self.rest()
        west.put(theirs, releasing(OMAR, WEST, on=west.today))
        _until(lambda: east.state(mine) == "nigo", "both sides see what is in the way", (east, mine))
        for each in east.case(mine)["reasons"]:
            self.say(f"  {each['code']} {each['name'].replace('_', ' ')} ({each['owner']}): {each['next_step']}")

    def expires(self) -> None:
        """The company that should receive is dead when it should vote; after the deadline it reverses by itself."""
        west, east = self.by[WEST.slug], self.by[EAST.slug]
        participant = Key(self.random.token(32))
        theirs, mine = self._asked(PIA, west, east, participant)
        self._follow("3", f"{PIA.name} moves to a company whose node will die", west, theirs)
        self.rest()
        west.put(theirs, releasing(PIA, WEST, on=west.today))
        self._sign(east, mine, participant)
        _until(lambda: west.state(theirs) == "liquidating", "the source sells", (west, theirs))
        self.running.kill(f"node-{EAST.slug}")
        self.say(f"  The node of {EAST.name} is dead (SIGKILL).")
        self._sell(west, theirs)
        _until(lambda: west.state(theirs) == "voted", "the source has voted, its money waits", (west, theirs))
        _until(lambda: bool(_proposed(west, theirs)), "the coordinator has the money", (west, theirs))
        self.say("  Its money waits with the coordinator; nobody can approve for the dead one.")
        self.rest()
        deadline = int(west.case(theirs)["deadline"])
        self.trial.clock.advance_to(datetime.fromtimestamp(deadline, UTC) + timedelta(minutes=1))
        self.say(f"  The network's clock goes on, past the deadline: {self.trial.clock.now():%Y-%m-%d %H:%M} UTC.")
        _until(lambda: west.state(theirs) == "released", "it reverses by itself", (west, theirs))
        self.say("  Expired: the money is back, and the account is free. Nobody pressed anything.")
        self.trial.start_node(self.running, east.seat)

    def _asked(self, mover: Mover, source: Hand, receiver: Hand, participant: Key) -> tuple[str, str]:
        half = receiving(
            mover, receiver.seat.company, member=receiver.seat.account.address, on=receiver.today,
            key=participant.address,
        )  # fmt: skip
        mine, reference = receiver.ask(source.seat, half)
        return self._arrived(source, reference), mine

    def _arrived(self, source: Hand, reference: str) -> str:
        _until(lambda: source.case_of(reference) is not None, "the request reaches the source")
        return str(source.case_of(reference))

    def _sign(self, receiver: Hand, case: str, participant: Key) -> None:
        _until(lambda: receiver.state(case) == "prevalidated", "nothing is in the way", (receiver, case))
        self.rest()
        receiver.sign(case, participant)

    def _sell(self, source: Hand, case: str) -> None:
        _until(lambda: source.state(case) == "liquidating", "the source sells", (source, case))
        self.rest()
        source.ready(case)

    def _follow(self, number: str, words: str, hand: Hand, case: str) -> None:
        self.say(f"{number}. {words}. Follow it: {hand.link(case)}")


def _proposed(hand: Hand, case: str) -> bool:
    return any(each["kind"] == "propose" and each["is_done"] for each in hand.case(case)["calls"])


def _until(happened: Callable[[], bool], what: str, *cases: tuple[Hand, str]) -> None:
    """A machine that does other things, too, has its time; in vain it is said how these stand."""
    wait_until(happened, what, seconds=120, stands=lambda: " ".join(hand.stands(case) for hand, case in cases))
