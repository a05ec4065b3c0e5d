"""How a process that carries payrolls treats its memory. Not here: what is kept between payrolls (db/kept.py)."""

import ctypes
import gc
import sys

#: Of glibc's mallopt.
_M_MMAP_THRESHOLD = -3
#: A column of 10,000 people is smaller, a file and a column of 100,000 are larger.
_LARGE = 256 * 1024


def for_payrolls() -> None:
    """For a process that carries payrolls: hundreds of thousands of small values, next to none of them in circles.

    Python looks through everything after each 700 new values; a payroll of 100,000 rows spends a sixth of its time on
    that. What the process has loaded by now is left out of the search altogether. Large blocks go back to the system
    as soon as they are freed: left alone, glibc comes to keep blocks of up to 32 MiB among the small ones, and what
    lies between them never shrinks (20 MiB of such a payroll).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):  # musl has none
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE)
