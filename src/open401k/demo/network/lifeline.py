"""A command of ours that ends with who started it, however that ended: ``python -m ...lifeline COMMAND ...``.

Its standard input is a pipe that nobody writes into. It closes when the starter is gone, killed or not, and then the
command is asked to end (SIGTERM). Not here: starting programs (programs.py).
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def end_with_starter() -> None:
    """From now on, as soon as standard input closes."""
    threading.Thread(target=_wait, name="lifeline", daemon=True).start()


def _wait() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    end_with_starter()
    sys.argv[0] = "open401k"
    runpy.run_module("open401k", run_name="__main__", alter_sys=True)
