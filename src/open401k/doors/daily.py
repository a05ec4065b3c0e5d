"""The daily round as a server and a command do it. Not here: what a round does (flows/day_round.py)."""

import logging
import threading
import time
from collections.abc import Mapping
from datetime import date
from typing import Any

from open401k.base.db import Actor, Database
from open401k.flows.day_round import DayRound, run_round
from open401k.kernel import Clock, day_of

from .provided import ConnectionStory, RolloverStory

DAILY = Actor(kind="system", id="daily", why="a day begins")
#: How soon a new day, or a moved clock, is noticed.
LOOK_SECONDS = 15.0
#: When a round that failed, or of which a plan failed, is tried again on the same day.
AGAIN_SECONDS = 900.0
log = logging.getLogger("open401k.day")


class DayStories:
    """The round of today, as a command asks for it."""

    def __init__(self, db: Database, wall: Clock, rollovers: RolloverStory | None = None) -> None:
        self._db = db
        self._wall = wall
        self._rollovers = rollovers

    def begin(self, *, actor: Actor) -> Mapping[str, Any] | None:
        """Every plan that is not done yet today; None while a server or another command is at it.

        Open rollovers first: what our node does not answer is told, and keeps no plan from its day.
        """
        looked = [] if self._rollovers is None else self._rollovers.follow_due(actor=actor)
        made = run_round(self._db, actor=actor, wall_at=self._wall.now())
        if made is None:
            return None
        told = made.as_json()
        return told | {"ok": told["ok"] and not any(each["problems"] for each in looked), "rollovers": looked}


class Daily:
    """The round in a thread of the server: at its start, and whenever a new day has begun by the business clock.

    Of several servers on one database one does it; the others look again until the day is done.
    """

    def __init__(
        self,
        db: Database,
        wall: Clock,
        connections: ConnectionStory | None = None,
        rollovers: RolloverStory | None = None,
    ) -> None:
        self._db = db
        self._wall = wall
        self._connections = connections
        self._rollovers = rollovers
        self._ends = threading.Event()
        self._done: date | None = None
        self._tried: date | None = None
        self._again_at = 0.0
        self._thread = threading.Thread(target=self._work, name="daily", daemon=True)

    def start(self) -> None:
        """Begin with today."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the plan at hand and end; what is left is done at the next start."""
        self._ends.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def look(self) -> DayRound | None:
        """Do the round if today's is neither done nor waiting to be tried again."""
        today = day_of(self._db.clock.now())
        if today == self._done or (today == self._tried and time.monotonic() < self._again_at):
            return None
        made = run_round(self._db, actor=DAILY, wall_at=self._wall.now(), ends=self._ends.is_set)
        if made is not None and made.ok:
            self._done = made.on
        elif made is not None:
            self._wait(made.on)
        return made

    def _wait(self, on: date) -> None:
        self._tried, self._again_at = on, time.monotonic() + AGAIN_SECONDS

    def _ask_providers(self) -> None:
        """Before the day's tests, and whenever a webhook came: one that fails is kept with its connection."""
        if self._connections is None:
            return
        try:
            self._connections.pull_due(actor=DAILY, ends=self._ends.is_set)
        except Exception:  # of one provider it is kept with its connection; this is about none: the round must go on
            log.exception("payroll providers could not be asked; they are asked again")

    def _follow_rollovers(self) -> None:
        """Once a day, and again while our node is silent, which is kept with the plan for whoever runs it."""
        if self._rollovers is None:
            return
        try:
            self._rollovers.follow_due(actor=DAILY, ends=self._ends.is_set)
        except Exception:  # of one rollover it is kept with its plan; this is about none: the round must go on
            log.exception("open rollovers could not be looked at; they are looked at again")

    def _work(self) -> None:
        while not self._ends.is_set():
            self._ask_providers()
            self._follow_rollovers()
            try:
                self.look()
            except Exception:  # the thread must live: nobody would begin the days to come
                log.exception("the daily round failed; it is tried again")
                self._wait(day_of(self._db.clock.now()))
            self._ends.wait(LOOK_SECONDS)
