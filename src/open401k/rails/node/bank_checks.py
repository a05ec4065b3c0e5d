"""The checks of the conformance kit for a bank behind a core: R12 and R13. Not here: the core's own (checks.py).

The bench's core books only what its bank settled. The bank pays under the id of a rollover, once, and what comes is
credited when it is exactly what was expected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Protocol

from .certifying import Bench, BrokenError, Check, holding, must, posting, releasing
from .core import Answer, Done, Order, Refused, Side, Waiting

CENTS = 3
_PATIENCE = 4


class BankTrouble(StrEnum):
    """What the bank is told to do to the next payment."""

    LOSE = "lose an instruction"
    REJECT = "refuse a payment"
    DELAY = "pay nights later"
    RETURN = "return a payment"
    SPLIT = "pay in two parts"
    REPEAT = "tell a payment twice"
    WRONG_AMOUNT = "pay another amount"
    NONE = "behave again"


class BankSide(Protocol):
    """The bank as the kit sees it."""

    def pay(self, rollover: bytes, cents: int) -> Answer:
        """Pay under this id, as the other custodian does."""
        ...

    def arrived(self, rollover: bytes) -> Answer:
        """What came under this id."""
        ...


def bank_checks(make: Callable[[], BankSide], cause: Callable[[BankTrouble], None] | None) -> tuple[Check, ...]:
    """R12 and R13 over a bank that ``make`` connects to anew; without ``cause`` some are not tried."""
    tried = _Tried(make, cause)

    def check(
        boundary: str, fault: str, promise: str, run: Callable[[Bench], None], needs: BankTrouble | None
    ) -> Check:
        return Check(boundary, fault, promise, run, None if cause else needs)

    return (
        check("R12", "duplicate", "paid once, however often it is posted", tried.paid_once, None),
        check("R12", "drop", "a lost instruction is sent again, and paid once", tried.lost, BankTrouble.LOSE),
        check("R12", "refused", "not posted, and told by a code", tried.rejected, BankTrouble.REJECT),
        check("R13", "not there yet", "not credited before the money is there", tried.not_before, None),
        check("R13", "late", "credited when it comes", tried.late, BankTrouble.DELAY),
        check("R13", "duplicate", "what is told twice is credited once", tried.told_twice, BankTrouble.REPEAT),
        check("R13", "split", "credited when all of it is there", tried.split, BankTrouble.SPLIT),
        check("R13", "return", "what went back is not credited", tried.returned, BankTrouble.RETURN),
        check("R13", "wrong amount", "another amount is not credited", tried.other_amount, BankTrouble.WRONG_AMOUNT),
    )


class _Tried:
    """The checks, with what they need."""

    def __init__(self, make: Callable[[], BankSide], cause: Callable[[BankTrouble], None] | None) -> None:
        self.bank = make
        self.cause = cause or (lambda _: None)

    # ---- R12: from the source to the bank

    def paid_once(self, bench: Bench) -> None:
        order = self._held(bench, Side.SOURCE)
        for _ in range(2):
            bench.done(posting(order), CENTS)
            bench.again()
        bench.night()
        must(self._there(order), CENTS, "cents paid under the id")

    def lost(self, bench: Bench) -> None:
        order = self._held(bench, Side.SOURCE)
        self.cause(BankTrouble.LOSE)
        bench.done(posting(order), CENTS)
        bench.night()
        must(self._there(order), CENTS, "cents paid under the id")

    def rejected(self, bench: Bench) -> None:
        order = self._held(bench, Side.SOURCE)
        self.cause(BankTrouble.REJECT)
        bench.refused(posting(order))
        must(self._there(order), 0, "cents paid under the id")

    # ---- R13: from the bank to the receiver

    def not_before(self, bench: Bench) -> None:
        order = self._held(bench, Side.RECEIVER)
        before = bench.money(order.account)
        must(isinstance(bench.core.post(order), Waiting), True, "waits for the money")
        bench.night()
        must(isinstance(bench.core.post(order), Waiting), True, "waits for the money")
        must(bench.changed(order.account, before)[0], [0, 0], "balance by kind")
        self._paid(bench, order)
        self._credited_once(bench, order, before)

    def late(self, bench: Bench) -> None:
        order = self._held(bench, Side.RECEIVER)
        before = bench.money(order.account)
        self._paid(bench, order, BankTrouble.DELAY)
        must(isinstance(bench.core.post(order), Waiting), True, "waits for the money")
        must(bench.changed(order.account, before)[0], [0, 0], "balance by kind")
        self._credited_once(bench, order, before)

    def told_twice(self, bench: Bench) -> None:
        order = self._held(bench, Side.RECEIVER)
        before = bench.money(order.account)
        self._paid(bench, order, BankTrouble.REPEAT)
        self._credited_once(bench, order, before)

    def split(self, bench: Bench) -> None:
        order = self._held(bench, Side.RECEIVER)
        before = bench.money(order.account)
        self._paid(bench, order, BankTrouble.SPLIT)
        if isinstance(bench.core.post(order), Done):
            raise BrokenError("posted while only a part of the money is there")
        must(bench.changed(order.account, before)[0], [0, 0], "balance by kind")
        for _ in range(_PATIENCE):
            bench.night()
        self._credited_once(bench, order, before)

    def returned(self, bench: Bench) -> None:
        self._not_credited(bench, BankTrouble.RETURN)

    def other_amount(self, bench: Bench) -> None:
        self._not_credited(bench, BankTrouble.WRONG_AMOUNT)

    # ---- what they have in common

    def _held(self, bench: Bench, side: Side) -> Order:
        order = bench.order(side)
        bench.done(holding(order), CENTS)
        return order

    def _paid(self, bench: Bench, order: Order, trouble: BankTrouble = BankTrouble.NONE) -> None:
        """The other custodian pays, into this trouble."""
        self.cause(trouble)
        for _ in range(_PATIENCE):
            answer = self.bank().pay(order.rollover, order.cents)
            if isinstance(answer, Done):
                break
            if isinstance(answer, Refused):
                must(trouble, BankTrouble.RETURN, f"the bank refused with {answer.code}: {answer.words}; trouble")
                break
            bench.night()
        self.cause(BankTrouble.NONE)

    def _credited_once(self, bench: Bench, order: Order, before: tuple[Mapping[int, int], Mapping[int, int]]) -> None:
        for _ in range(_PATIENCE):
            bench.night()
        for _ in range(2):
            bench.done(posting(order), CENTS)
            bench.again()
        must(bench.changed(order.account, before)[0], [2, 1], "balance by kind")

    def _not_credited(self, bench: Bench, trouble: BankTrouble) -> None:
        order = self._held(bench, Side.RECEIVER)
        before = bench.money(order.account)
        self._paid(bench, order, trouble)
        bench.refused(posting(order))
        must(bench.changed(order.account, before)[0], [0, 0], "balance by kind")
        bench.done(releasing(order))

    def _there(self, order: Order) -> int:
        found = self.bank().arrived(order.rollover)
        return found.cents if isinstance(found, Done) else 0
