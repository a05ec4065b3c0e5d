"""The conformance kit: what a way into a core system must keep, tried with faults. Not here: the command, any core.

Each check has fresh ids and moves one or two cents, so that it can run against a core that is in use. The numbers are
the boundaries of the fault model: R3 hold, R5 expectation, R11 debit, R12 instruction, R13 what arrives, R14 credit,
R16 tax facts, R17 release, R18 recovery.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from .core import Answer, CustodianCore, Done, HoldState, Order, Part, Refused, Side, SilentError, Status, Waiting

Step = Callable[[CustodianCore], Answer]
#: How often an order is repeated until it is answered.
PATIENCE: Final = 6


class Trouble(StrEnum):
    """What the world is told to do to the next order."""

    LOSE_REPLY = "lose the reply after the work"
    FAIL = "fail before the work"
    TIMEOUT = "do the work, and answer too late"
    WRONG_AMOUNT = "do another amount"
    NONE = "behave again"


class BrokenError(Exception):
    """A promise that was not kept; the text says which and by how much."""


@dataclass
class Bench:
    """What is tried. ``make`` connects anew, as a process does that begins again.

    ``source`` and ``receiver`` are accounts of the core's test environment, the first with at least a dollar of each of
    the two ``kinds``. ``night`` lets a core that works overnight do so. ``cause`` makes trouble; without it replies are
    dropped on our side, and the checks that need more are left out, visibly.
    """

    make: Callable[[], CustodianCore]
    source: str
    receiver: str
    new_id: Callable[[], bytes]
    kinds: tuple[int, int] = (0, 1)
    night: Callable[[], None] = lambda: None
    cause: Callable[[Trouble], None] | None = None
    core: CustodianCore = field(init=False)

    def __post_init__(self) -> None:
        self.core = self.make()

    # ---- orders

    def order(self, side: Side = Side.SOURCE) -> Order:
        """Two cents of one kind and one of the other, under a fresh id."""
        account = self.source if side is Side.SOURCE else self.receiver
        first, second = self.kinds
        return Order(self.new_id(), side, account, (Part(0, first, 2), Part(1, second, 1, basis=1, roth_since=2020)))

    def more(self, order: Order) -> Order:
        """The same with a cent more."""
        first, *rest = order.parts
        return replace(order, parts=(replace(first, cents=first.cents + 1), *rest))

    def insist(self, step: Step) -> Done | Refused:
        """Repeat an order until it is answered: nights pass, silence is asked again."""
        told = "nothing"
        for _ in range(PATIENCE):
            try:
                answer = step(self.core)
            except SilentError as why:
                told = str(why)
                continue
            if not isinstance(answer, Waiting):
                return answer
            told = f"waiting since {answer.since}"
            self.night()
        raise BrokenError(f"no answer after {PATIENCE} orders: {told}")

    def done(self, step: Step, cents: int | None = None) -> Done:
        """It must be done, for exactly these cents."""
        answer = self.insist(step)
        if isinstance(answer, Refused):
            raise BrokenError(f"refused with {answer.code}: {answer.words}")
        if cents is not None and answer.cents != cents:
            raise BrokenError(f"answered {answer.cents} cents where {cents} were ordered")
        return answer

    def refused(self, step: Step) -> None:
        """It must be refused, with a code of the queues."""
        answer = self.insist(step)
        if isinstance(answer, Done):
            raise BrokenError(f"was done ({answer.reference}) and had to be refused")
        if not 100 <= answer.code <= 699:
            raise BrokenError(f"refused with {answer.code}, which is no code of a queue (100 to 699)")

    def lost(self, step: Step) -> None:
        """Ordered, done, and the answer never came; then our process began again."""
        self.troubled(Trouble.LOSE_REPLY, step)
        self.again()

    def troubled(self, trouble: Trouble, step: Step) -> None:
        """One order into this trouble; whatever is answered is lost."""
        if self.cause is not None:
            self.cause(trouble)
        elif trouble is not Trouble.LOSE_REPLY:
            raise BrokenError("this check makes trouble in the core, and no way to do so was given")
        try:
            if isinstance(step(self.core), Waiting):
                self.night()
        except SilentError:
            pass  # as it was told
        finally:
            if self.cause is not None:
                self.cause(Trouble.NONE)

    def again(self) -> None:
        """A new process: nothing is remembered but what is on disk or in the core."""
        ended(self.core)
        self.core = self.make()

    # ---- what the books say

    def money(self, account: str) -> tuple[Mapping[int, int], Mapping[int, int]]:
        """Balance and what is held, by kind; kinds without money are left out."""
        self.night()
        found = self.core.look_up(account)
        if isinstance(found, Refused):
            raise BrokenError(f"look_up of {account}: {found.code} {found.words}")
        return {k: v for k, v in found.balance.items() if v}, {k: v for k, v in found.held.items() if v}

    def status(self, order: Order) -> Status:
        """What the core says of it."""
        self.night()
        return self.core.status(order.rollover, order.side)

    def changed(self, account: str, before: tuple[Mapping[int, int], Mapping[int, int]]) -> tuple[list[int], list[int]]:
        """By kind: how balance and hold differ from before."""
        after = self.money(account)
        balance, held = (
            [now.get(k, 0) - was.get(k, 0) for k in self.kinds] for was, now in zip(before, after, strict=True)
        )
        return balance, held


def ended(core: CustodianCore) -> None:
    """Close its connections, if it has any to close."""
    close = getattr(core, "close", None)
    if close is not None:
        close()


def must(is_so: object, should_be: object, what: str) -> None:
    """Equal, or broken."""
    if is_so != should_be:
        raise BrokenError(f"{what}: {is_so}, and should be {should_be}")


@dataclass(frozen=True, slots=True)
class Check:
    """One promise under one fault. ``needs`` the trouble without which it cannot be tried."""

    boundary: str
    fault: str
    promise: str
    run: Callable[[Bench], None]
    needs: StrEnum | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a check; ``passed`` None where it could not be tried."""

    check: Check
    passed: bool | None
    words: str = ""


def certify(bench: Bench, checks: Sequence[Check]) -> list[Result]:
    """Every check, one after the other; one that fails does not stop the rest."""
    results = []
    for check in checks:
        if check.needs is not None and bench.cause is None:
            results.append(Result(check, None, f"needs a core or bank that can be told to {check.needs}"))
            continue
        bench.again()
        try:
            check.run(bench)
        except BrokenError as why:
            results.append(Result(check, False, str(why)))
        except Exception as why:  # what is tried may be anybody's: an error of any kind is a failure
            results.append(Result(check, False, f"{type(why).__name__}: {why}"))
        else:
            results.append(Result(check, True))
    ended(bench.core)
    return results


def holding(order: Order) -> Step:
    """Hold it."""
    return lambda core: core.hold(order)


def posting(order: Order) -> Step:
    """Post it."""
    return lambda core: core.post(order)


def releasing(order: Order) -> Step:
    """Release it."""
    return lambda core: core.release(order.rollover, order.side)


def together(bench: Bench, step: Step) -> None:
    """The same order from two connections at the same time."""

    def one(core: CustodianCore) -> None:
        try:
            step(core)
        except SilentError:
            return  # the next order asks again
        finally:
            ended(core)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(one, [bench.make(), bench.make()]))


HELD, POSTED, RELEASED = HoldState.HELD, HoldState.POSTED, HoldState.RELEASED
