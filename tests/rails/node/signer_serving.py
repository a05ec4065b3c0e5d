"""A signer as ``open401k node signer serve`` runs it, without the loading of every other command."""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from open401k.base import faults
from open401k.base.settings import Settings
from open401k.kernel import FixedClock, SystemClock, SystemRandom
from open401k.rails.node.sealing import Sealing
from open401k.rails.node.signer.serving import listening
from open401k.rails.node.signer.settings import read_signer


def main(config: str, now: str = "", dies_at: str = "") -> None:
    """Serve; with a time, the clock stands there; with a boundary, the process dies there."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    if dies_at:
        faults.arm(dies_at, lambda: os.kill(os.getpid(), signal.SIGKILL))
    clock = FixedClock(datetime.fromtimestamp(int(now), UTC)) if now else SystemClock()
    random = SystemRandom()
    with listening(read_signer(Path(config)), Sealing(Settings.from_env().master_keys(random), random), clock) as run:
        run()


if __name__ == "__main__":
    main(*sys.argv[1:])
