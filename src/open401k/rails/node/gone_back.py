"""A payment that the bank returns after it was booked: an exception of its case, and its end once it is paid anew.

While a case waits for its booking the adapter reads returns itself (adapters/bank). Nothing is booked back here: the
books followed the chain, and a desk decides what becomes of the cash. Not here: files, messages.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from . import _store
from .adapters.bank import Banked, WentBack
from .cases import Raised, State
from .codes import FOUND, PAYMENT_RETURNED
from .core import CustodianCore
from .kept_deals import KeptDeals

log = logging.getLogger("open401k.node.gone_back")
LOOK: Final = 60.0
_PREFIX: Final = 16


class Bank(Protocol):
    """Whoever knows what was returned."""

    def went_back(self) -> Sequence[WentBack]: ...


@dataclass
class GoneBack:
    """A job of the node's process: every return of the bank, beside the case that booked it."""

    files: KeptDeals
    bank: Bank
    now: Callable[[], int]
    name: str = "returns of the bank"

    def once(self, *, at: float) -> float:  # noqa: ARG002 (files come when they come)
        """Look at all of them; seconds until the next look."""
        for each in self.bank.went_back():
            self._look_at(each)
        return LOOK

    def _look_at(self, each: WentBack) -> None:
        prefix = bytes.fromhex(each.end_to_end)
        rest = 32 - _PREFIX
        with self.files.begin() as unit:
            name = _store.case_of_prefix(unit.conn, prefix + bytes(rest), prefix + b"\xff" * rest, each.side)
            if name is None or unit.case(name).state is not State.POSTED:
                return
            known = [x for x in unit.raised(name) if x.code == PAYMENT_RETURNED]
            is_open = any(x.is_open for x in known)
            if each.stands and not is_open and len(known) < each.times:
                words = f"{FOUND[PAYMENT_RETURNED]} after it was booked: {each.reason}"
                unit.raise_(Raised(name, PAYMENT_RETURNED, words, self.now()))
                log.warning("case %s: the bank returned a payment after it was booked", name)
            elif not each.stands and is_open:
                unit.resolve(name, PAYMENT_RETURNED)


def gone_back(files: KeptDeals, core: CustodianCore, now: Callable[[], int]) -> list[GoneBack]:
    """The job of a core with a bank behind it; none for any other."""
    return [GoneBack(files, core.bank, now)] if isinstance(core, Banked) else []
