"""A payment that the bank returns after it was booked: an exception of its case, and its end once it is paid anew.

Where a desk closed it with the check or wire that pays instead, and the bank pays it again, it is paid twice: another
exception, which ends when one of the two payments is back (ADR-0082).

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
from .codes import FOUND, PAID_TWICE, PAYMENT_RETURNED
from .core import CustodianCore
from .deal import DealUnit
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
            self._judge(unit, name, each)

    def _judge(self, unit: DealUnit, name: str, each: WentBack) -> None:
        known = [x for x in unit.raised(name) if x.code in (PAYMENT_RETURNED, PAID_TWICE)]
        place = max((at for at, x in enumerate(known) if x.code == PAYMENT_RETURNED), default=None)
        last = None if place is None else known[place]
        until, since = ([], []) if place is None else (known[: place + 1], known[place + 1 :])
        if each.stands and last and any(x.is_open for x in since):
            unit.resolve(name, PAID_TWICE, paid_by=last.paid_by)  # the bank's came back, too: the other one is all
        if each.stands and _returns(unit.raised(name)) < each.times and not (last and last.is_open):
            words = f"{FOUND[PAYMENT_RETURNED]} after it was booked: {each.reason}"
            unit.raise_(Raised(name, PAYMENT_RETURNED, words, self.now()))
            log.warning("case %s: the bank returned a payment after it was booked", name)
        elif not each.stands and last and last.is_open:
            unit.resolve(name, PAYMENT_RETURNED)
        elif not each.stands and last and last.paid_by and len(since) <= each.times - _returns(until):
            words = f"{FOUND[PAID_TWICE]}: {each.end_to_end} by the bank, and {last.paid_by}"
            unit.raise_(Raised(name, PAID_TWICE, words, self.now()))
            log.warning("case %s: the bank paid again what was paid otherwise", name)


def _returns(raised: Sequence[Raised]) -> int:
    """How many returns of the bank these answer: each 553, and each 556 that ended by one."""
    return sum(x.code == PAYMENT_RETURNED or (x.code == PAID_TWICE and bool(x.paid_by)) for x in raised)


def gone_back(files: KeptDeals, core: CustodianCore, now: Callable[[], int]) -> list[GoneBack]:
    """The job of a core with a bank behind it; none for any other."""
    return [GoneBack(files, core.bank, now)] if isinstance(core, Banked) else []
