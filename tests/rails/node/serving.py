"""A node as ``open401k node serve`` runs it, without the loading of every other command."""

from __future__ import annotations

import logging
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from open401k.base import faults
from open401k.base.settings import Settings
from open401k.doors.node.serving import serve
from open401k.kernel import FixedClock, SystemClock, SystemRandom
from open401k.rails.node.placing import placed


def main(config: str, now: str = "", dies_at: str = "") -> None:
    """Serve; with a time, the clock stands there; with a boundary, the process dies there."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    logging.basicConfig(level=logging.INFO)
    if dies_at:
        faults.arm(dies_at, lambda: os.kill(os.getpid(), signal.SIGKILL))
    settings = Settings.from_env()
    clock = FixedClock(datetime.fromtimestamp(int(now), UTC)) if now else SystemClock()
    with placed(settings, Path(config), os.environ, random=SystemRandom(), clock=clock) as place:
        serve(place.config, place.url, place.around, say=print)


if __name__ == "__main__":
    main(*sys.argv[1:])
