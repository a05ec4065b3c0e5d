"""Every state that the model can reach, breadth first: shortest ways to violations, dead ends. Not here: the model."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from .mistakes import Bugs
from .model import Bounds, State, begun, is_done, steps, violated
from .model_chain import RECEIVER, SOURCE

#: Few enough for every run of the tests, and for a command.
QUICK, FULL = Bounds(blocks=2, reorgs=1), Bounds(blocks=8, reorgs=8, forgets_terms=True)
#: One election with two receivers: each votes, is late, or is dead.
TWO = Bounds(blocks=2, reorgs=1, receivers=2)
#: Both custodians vote by wallets of their own, which sign outside of the nodes.
WALLETS = Bounds(blocks=2, reorgs=1, wallets=SOURCE | RECEIVER)


@dataclass(frozen=True, slots=True)
class Explored:
    """What was found: nothing violated and nothing stuck is the proof, within the bounds."""

    bounds: Bounds
    states: int
    steps: int
    violation: str | None
    trace: tuple[str, ...]  # the shortest way to the violation, or to a state that cannot end
    #: From which no end is reached by the nodes' own work, anybody's expiry and time; also where one custodian is dead,
    #: and the others' ends are all that is asked for.
    stuck: int
    dead: str = ""  # who is, in the trace of what is stuck

    @property
    def is_sound(self) -> bool:
        return self.violation is None and self.stuck == 0


def explore(bounds: Bounds = QUICK, bugs: Bugs = frozenset(), *, only_harm: bool = False) -> Explored:
    """Look at every state within the bounds, with these bugs planted, until one violates something."""
    first = begun(bounds.receivers, bounds.wallets)
    came: dict[State, tuple[str, State] | None] = {first: None}
    from_: dict[State, list[tuple[State, int]]] = {}  # by steps that need nobody's goodwill, backwards
    queue, taken = deque([first]), 0
    while queue:
        x = queue.popleft()
        if (found := violated(x, bugs, only_harm=only_harm)) is not None:
            return Explored(bounds, len(came), taken, found, _way(came, x), 0)
        for step in steps(x, bounds, bugs):
            taken += 1
            if step.needs_nobody:
                from_.setdefault(step.state, []).append((x, step.by))
            if step.state not in came:
                came[step.state] = (step.words, x)
                queue.append(step.state)
    for who in (None, *first.custodians):
        ends = _reaching_ends(came, from_, dead=0 if who is None else who.bit)
        stuck = [x for x in came if x not in ends]  # in the order of their distance
        if stuck:
            name = "" if who is None else who.name
            return Explored(bounds, len(came), taken, None, _way(came, stuck[0]), len(stuck), name)
    return Explored(bounds, len(came), taken, None, (), 0)


def _reaching_ends(came: Iterable[State], from_: dict[State, list[tuple[State, int]]], *, dead: int) -> set[State]:
    """From where an end is reached without anybody's goodwill, and without any work of who is dead."""
    ends = {x for x in came if is_done(x, dead=dead)}
    reach = list(ends)
    while reach:
        for x, by in from_.get(reach.pop(), ()):
            if x not in ends and not by & dead:
                ends.add(x)
                reach.append(x)
    return ends


def _way(came: dict[State, tuple[str, State] | None], x: State) -> tuple[str, ...]:
    words: list[str] = []
    while (step := came[x]) is not None:
        words.append(step[0])
        x = step[1]
    return tuple(reversed(words))
