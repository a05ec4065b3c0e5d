"""The sandbox's clock as doors move it: what falls due on the way happens. Not here: what does (story.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from open401k.base import rounds
from open401k.base.db import Actor
from open401k.flows.day_round import run_round
from open401k.kernel import Clock, Open401kError

from . import story


@dataclass(frozen=True, slots=True)
class SandboxStories:
    """The sandbox's clock, moved with everything that falls due on the way; ``wall``: by what sign-ins age."""

    sandbox: story.Sandbox
    wall: Clock

    def advance(self, *, actor: Actor, to: datetime) -> Sequence[str]:
        """Move the clock; answers with what happened, in words."""
        if to <= self.sandbox.clock.now():
            raise Open401kError(
                f"The sandbox clock stands at {self.sandbox.clock.now():%Y-%m-%d %H:%M} UTC and only moves forward.",
                fix="Give a later day, or start over with: open401k demo --reset",
            )
        said: list[str] = []
        acting = story.Sandbox(self.sandbox.db, self.sandbox.clock, actor)
        with rounds.alone(self.sandbox.db, rounds.DAY):  # no server's round between a pay date and its deposit
            story.advance(acting, to, said.append)
        return [*said, *self._begun(actor)]

    def _begun(self, actor: Actor) -> list[str]:
        """The day begins for every plan, also those of no story: a clock may be moved where no server runs."""
        made = run_round(self.sandbox.db, actor=actor, wall_at=self.wall.now())
        return [] if made is None else [f"{plan_id}: its day failed: {why}" for plan_id, why in made.failed.items()]
