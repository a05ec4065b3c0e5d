"""How deep calls and documents may be nested in a process that has loaded py-evm. Not here: anything of a chain."""

import sys

_DEEPEST = 1_000


def keep_depth() -> None:
    """Set the limit back, after py-evm was imported: it raises it to 10,240, and the curves that it loads to 100,000.

    EVM calls of ours are four deep. With their limits a document that is nested deeply (100,000 times ``[``) ends the
    process by a full stack where it should be refused.
    """
    sys.setrecursionlimit(_DEEPEST)
