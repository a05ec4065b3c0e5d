"""Webhooks to others as a server sends them. Not here: what a round does (flows/webhook_round.py)."""

import logging
import threading

from open401k.base.db import Actor, Database
from open401k.base.webhooks import Send
from open401k.flows.webhook_round import deliver_due
from open401k.kernel import Clock

TELLER = Actor(kind="system", id="webhooks", why="tells webhook endpoints of events")
#: How soon an event, or a try that is due, is noticed.
LOOK_SECONDS = 2.0
log = logging.getLogger("open401k.webhooks")


class Webhooks:
    """Rounds in a thread of the server; of several servers on one database one does each."""

    def __init__(self, db: Database, wall: Clock, send: Send) -> None:
        self._db, self._wall, self._send = db, wall, send
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin with what waits."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the tries under way and end; what is left is sent after the next start."""
        self._ends.set()
        if self._thread.is_alive():
            self._thread.join(timeout=15)

    def _work(self) -> None:
        while not self._ends.is_set():
            try:
                deliver_due(self._db, actor=TELLER, send=self._send, wall=self._wall, ends=self._ends.is_set)
            except Exception:  # the thread must live: nobody would be told of anything any more
                log.exception("webhooks could not be sent; they are tried again")
            self._ends.wait(LOOK_SECONDS)
