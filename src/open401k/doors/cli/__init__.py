"""The command line: the same stories and pages as the other doors, in a terminal; ``--json`` everywhere."""

from .commands import app, run
from .say import Voice
from .wiring import Wiring

__all__ = ["Voice", "Wiring", "app", "run"]
