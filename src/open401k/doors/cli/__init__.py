"""The command line: the same stories and pages as the other doors, in a terminal; ``--json`` everywhere."""

from .commands import Wiring, build, run

__all__ = ["Wiring", "build", "run"]
