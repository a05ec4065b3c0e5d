"""Every state that the model can reach, breadth first: shortest ways to violations, dead ends. Not here: the model."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from .model import Bounds, Bugs, State, is_done, steps, violated

#: Few enough for every run of the tests, and for a command.
QUICK, FULL = Bounds(blocks=2, reorgs=1), Bounds(blocks=8, reorgs=8, forgets_terms=True)


@dataclass(frozen=True, slots=True)
class Explored:
    """What was found: nothing violated and nothing stuck is the proof, within the bounds."""

    bounds: Bounds
    states: int
    steps: int
    violation: str | None
    trace: tuple[str, ...]  # the shortest way to the violation, or to a state that cannot end
    stuck: int  # states from which no end is reached by the nodes' own work, anybody's expiry and time

    @property
    def is_sound(self) -> bool:
        return self.violation is None and self.stuck == 0


def explore(bounds: Bounds = QUICK, bugs: Bugs = frozenset(), *, only_harm: bool = False) -> Explored:
    """Look at every state within the bounds, with these bugs planted, until one violates something."""
    begun = State()
    came: dict[State, tuple[str, State] | None] = {begun: None}
    from_: dict[State, list[State]] = {}  # by steps that need nobody's goodwill, backwards
    queue, taken = deque([begun]), 0
    while queue:
        x = queue.popleft()
        if (found := violated(x, bugs, only_harm=only_harm)) is not None:
            return Explored(bounds, len(came), taken, found, _way(came, x), 0)
        for step in steps(x, bounds, bugs):
            taken += 1
            if step.needs_nobody:
                from_.setdefault(step.state, []).append(x)
            if step.state not in came:
                came[step.state] = (step.words, x)
                queue.append(step.state)
    ends = {x for x in came if is_done(x)}
    reach = list(ends)
    while reach:
        for x in from_.get(reach.pop(), ()):
            if x not in ends:
                ends.add(x)
                reach.append(x)
    stuck = [x for x in came if x not in ends]  # in the order of their distance
    trace = _way(came, stuck[0]) if stuck else ()
    return Explored(bounds, len(came), taken, None, trace, len(stuck))


def _way(came: dict[State, tuple[str, State] | None], x: State) -> tuple[str, ...]:
    words: list[str] = []
    while (step := came[x]) is not None:
        words.append(step[0])
        x = step[1]
    return tuple(reversed(words))
