"""How often Python looks for garbage that refers to itself. Not here: what is kept (db/kept.py)."""

import gc


def look_seldom() -> None:
    """For a process that carries payrolls: hundreds of thousands of small values, next to none of them in circles.

    Python looks through everything after each 700 new values; a payroll of 100,000 rows spends a sixth of its time on
    that. What the process has loaded by now is left out of the search altogether.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
