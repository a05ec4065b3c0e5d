"""Memory that a process no longer uses, given back to the machine. Not here: what is kept (db/kept.py)."""

import ctypes
from typing import Final

#: Fewer rows than these leave little behind, and a small payroll should not wait for it.
MANY: Final = 20_000

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc; others give back by themselves


def give_back(*, rows: int) -> None:
    """Between parts of the work on so many rows: what one part has freed is not held through the next one.

    The C library keeps freed memory in pieces that the next, larger columns do not fit in: a third of what a payroll
    of 100,000 rows took at its highest was free.
    """
    if rows >= MANY and _trim is not None:
        _trim(0)
