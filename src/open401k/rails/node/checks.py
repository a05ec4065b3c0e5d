"""The checks of the conformance kit, by boundary. Not here: running them (certifying.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .certifying import (
    HELD,
    POSTED,
    RELEASED,
    Bench,
    BrokenError,
    Check,
    Trouble,
    holding,
    must,
    posting,
    releasing,
    together,
)
from .core import Done, Order, Refused, Side

CENTS, OUT, IN = [2, 1], [-2, -1], [2, 1]
NOTHING = [0, 0]


def _held_once(bench: Bench, repeat: Callable[[Order], None]) -> None:
    before, order = bench.money(bench.source), bench.order()
    repeat(order)
    bench.done(holding(order), 3)
    must(bench.changed(bench.source, before), (NOTHING, CENTS), "balance and hold by kind")
    must(bench.status(order).state, HELD, "status")
    bench.done(releasing(order))


def _booked_once(bench: Bench, side: Side, repeat: Callable[[Order], None]) -> None:
    order = bench.order(side)
    before = bench.money(order.account)
    bench.done(holding(order), 3)
    repeat(order)
    bench.done(posting(order), 3)
    must(bench.changed(order.account, before), (OUT if side is Side.SOURCE else IN, NOTHING), "balance and hold")
    status = bench.status(order)
    must((status.state, status.cents), (POSTED, 3), "status")


def hold_twice(bench: Bench) -> None:
    """Ordered again, held once."""
    _held_once(bench, lambda order: (bench.done(holding(order), 3), None)[1])


def hold_lost(bench: Bench) -> None:
    """The reply was lost and the process died."""
    _held_once(bench, lambda order: bench.lost(holding(order)))


def hold_failed(bench: Bench) -> None:
    """Nothing was done, and nothing was said."""
    _held_once(bench, lambda order: bench.troubled(Trouble.FAIL, holding(order)))


def hold_timeout(bench: Bench) -> None:
    """Done, and said too late."""
    _held_once(bench, lambda order: bench.troubled(Trouble.TIMEOUT, holding(order)))


def hold_other(bench: Bench) -> None:
    """Another amount under the same id changes nothing."""
    before, order = bench.money(bench.source), bench.order()
    bench.done(holding(order), 3)
    bench.refused(holding(bench.more(order)))
    must(bench.changed(bench.source, before), (NOTHING, CENTS), "balance and hold by kind")
    bench.done(releasing(order))


def hold_too_much(bench: Bench) -> None:
    """More than is free is refused, and nothing of it is held."""
    before, order = bench.money(bench.source), bench.order()
    first, *rest = order.parts
    everything = replace(order, parts=(replace(first, cents=before[0].get(first.kind, 0) + 1), *rest))
    bench.refused(holding(everything))
    must(bench.changed(bench.source, before), (NOTHING, NOTHING), "balance and hold by kind")


def hold_of_held(bench: Bench) -> None:
    """What is held for one rollover is not free for another."""
    before, one, two = bench.money(bench.source), bench.order(), bench.order()
    kind = bench.kinds[0]
    free = before[0].get(kind, 0) - before[1].get(kind, 0)
    most = replace(one, parts=(replace(one.parts[0], cents=free),))
    bench.done(holding(most), free)
    bench.refused(holding(two))
    bench.done(releasing(most))
    must(bench.changed(bench.source, before), (NOTHING, NOTHING), "balance and hold by kind")


def _otherwise(bench: Bench, order: Order) -> tuple[Order, ...]:
    """The same id and the same cents: in another account, each in the other kind of money, with another basis."""
    other = bench.receiver if order.account == bench.source else bench.source
    first, second = order.parts
    swapped = (replace(first, kind=second.kind), replace(second, kind=first.kind))
    told = (first, replace(second, basis=0))
    return replace(order, account=other), replace(order, parts=swapped), replace(order, parts=told)


def hold_elsewhere(bench: Bench) -> None:
    """The same id for another account, kind of money or basis changes nothing."""
    before, order = bench.money(bench.source), bench.order()
    bench.done(holding(order), 3)
    for other in _otherwise(bench, order):
        bench.refused(holding(other))
    must(bench.changed(bench.source, before), (NOTHING, CENTS), "balance and hold by kind")
    bench.done(releasing(order))


def both_sides(bench: Bench) -> None:
    """Out of one account and into another under one id are two orders: the side is part of the id."""
    out = bench.order()
    into = replace(out, side=Side.RECEIVER, account=bench.receiver)
    from_, to = bench.money(out.account), bench.money(into.account)
    for order in (out, into):
        bench.done(holding(order), 3)
    bench.done(releasing(into))
    must(bench.status(out).state, HELD, "status of the source after the receiver's release")
    bench.done(posting(out), 3)
    must(bench.changed(out.account, from_), (OUT, NOTHING), "balance and hold of the source")
    must(bench.changed(into.account, to)[0], NOTHING, "balance of the receiver")


def expect_twice(bench: Bench) -> None:
    """Noted again, expected once; nothing is credited yet."""
    order = bench.order(Side.RECEIVER)
    before = bench.money(order.account)
    bench.done(holding(order), 3)
    bench.lost(holding(order))
    bench.done(holding(order), 3)
    must(bench.changed(order.account, before)[0], NOTHING, "balance by kind")
    must(bench.status(order).state, HELD, "status")
    bench.done(releasing(order))


def expect_other(bench: Bench) -> None:
    """Another amount under the same id is refused."""
    order = bench.order(Side.RECEIVER)
    bench.done(holding(order), 3)
    bench.refused(holding(bench.more(order)))
    bench.done(releasing(order))


def expect_late(bench: Bench) -> None:
    """An expectation that arrives after the release is refused, and nothing is credited for it."""
    order = bench.order(Side.RECEIVER)
    before = bench.money(order.account)
    bench.done(releasing(order))
    for step in (holding(order), posting(order)):
        bench.refused(step)
    must(bench.changed(order.account, before)[0], NOTHING, "balance by kind")
    must(bench.status(order).state, RELEASED, "status")


def debit_twice(bench: Bench) -> None:
    """Ordered again, debited once."""
    _booked_once(bench, Side.SOURCE, lambda order: (bench.done(posting(order), 3), None)[1])


def debit_lost(bench: Bench) -> None:
    """The reply was lost and the process died."""
    _booked_once(bench, Side.SOURCE, lambda order: bench.lost(posting(order)))


def debit_timeout(bench: Bench) -> None:
    """Done, and said too late."""
    _booked_once(bench, Side.SOURCE, lambda order: bench.troubled(Trouble.TIMEOUT, posting(order)))


def debit_together(bench: Bench) -> None:
    """From two processes at the same time: once."""
    _booked_once(bench, Side.SOURCE, lambda order: together(bench, posting(order)))


def debit_unheld(bench: Bench) -> None:
    """What was not held is not debited."""
    before, order = bench.money(bench.source), bench.order()
    bench.refused(posting(order))
    must(bench.changed(bench.source, before), (NOTHING, NOTHING), "balance and hold by kind")


def debit_other(bench: Bench) -> None:
    """Another amount than was held is refused."""
    before, order = bench.money(bench.source), bench.order()
    bench.done(holding(order), 3)
    bench.refused(posting(bench.more(order)))
    must(bench.changed(bench.source, before), (NOTHING, CENTS), "balance and hold by kind")
    bench.done(releasing(order))


def _booked_elsewhere(bench: Bench, side: Side) -> None:
    accounts = (bench.source, bench.receiver)
    before, order = [bench.money(each) for each in accounts], bench.order(side)
    bench.done(holding(order), 3)
    for other in _otherwise(bench, order):
        bench.refused(posting(other))
    for account, was in zip(accounts, before, strict=True):
        must(bench.changed(account, was)[0], NOTHING, f"balance of {account}")
    bench.done(releasing(order))


def debit_elsewhere(bench: Bench) -> None:
    """What is held in one account and kind is not debited from another."""
    _booked_elsewhere(bench, Side.SOURCE)


def debit_late(bench: Bench) -> None:
    """What was given free is not debited."""
    before, order = bench.money(bench.source), bench.order()
    bench.done(holding(order), 3)
    bench.done(releasing(order))
    bench.refused(posting(order))
    must(bench.changed(bench.source, before), (NOTHING, NOTHING), "balance and hold by kind")
    must(bench.status(order).state, RELEASED, "status")


def twins(bench: Bench) -> None:
    """Two rollovers of the same amounts are two: what makes them one is the id alone."""
    before, one, two = bench.money(bench.source), bench.order(), bench.order()
    for order in (one, two):
        bench.done(holding(order), 3)
    for order in (two, one):
        bench.done(posting(order), 3)
    must(bench.changed(bench.source, before), ([-4, -2], NOTHING), "balance and hold by kind")


def credit_other(bench: Bench) -> None:
    """Another amount than was expected is never credited silently."""
    order = bench.order(Side.RECEIVER)
    before = bench.money(order.account)
    bench.done(holding(order), 3)
    bench.refused(posting(bench.more(order)))
    must(bench.changed(order.account, before)[0], NOTHING, "balance by kind")
    bench.done(releasing(order))


def credit_elsewhere(bench: Bench) -> None:
    """What is expected in one account and kind is not credited to another."""
    _booked_elsewhere(bench, Side.RECEIVER)


def credit_unexpected(bench: Bench) -> None:
    """What was not expected is not credited."""
    order = bench.order(Side.RECEIVER)
    before = bench.money(order.account)
    bench.refused(posting(order))
    must(bench.changed(order.account, before)[0], NOTHING, "balance by kind")


def credit_late(bench: Bench) -> None:
    """What comes after the release is not credited."""
    order = bench.order(Side.RECEIVER)
    before = bench.money(order.account)
    bench.done(holding(order), 3)
    bench.done(releasing(order))
    bench.refused(posting(order))
    must(bench.changed(order.account, before)[0], NOTHING, "balance by kind")


def amount_told(bench: Bench) -> None:
    """Where the core does another amount, the node hears which."""
    if bench.cause is None:
        raise BrokenError("this check makes trouble in the core")
    order = bench.order()
    bench.cause(Trouble.WRONG_AMOUNT)
    try:
        answer = bench.insist(holding(order))
    finally:
        bench.cause(Trouble.NONE)
    if isinstance(answer, Done):
        must(answer.cents != 3, True, "the answer hides that the core did another amount")
    bench.done(releasing(order))


def credit_twice(bench: Bench) -> None:
    """Ordered again, credited once, each kind into its own."""
    _booked_once(bench, Side.RECEIVER, lambda order: (bench.done(posting(order), 3), None)[1])


def credit_lost(bench: Bench) -> None:
    """The reply was lost and the process died."""
    _booked_once(bench, Side.RECEIVER, lambda order: bench.lost(posting(order)))


def credit_other_facts(bench: Bench) -> None:
    """Another basis or first Roth year than was expected is refused."""
    order = bench.order(Side.RECEIVER)
    bench.done(holding(order), 3)
    first, second = order.parts
    for other in (replace(second, basis=0), replace(second, roth_since=2021)):
        bench.refused(posting(replace(order, parts=(first, other))))
    bench.done(posting(order), 3)


def one_tax_fact(bench: Bench) -> None:
    """However often it is posted, one tax fact."""
    order = bench.order()
    bench.done(holding(order), 3)
    must(bench.status(order).tax_facts, 0, "tax facts before the debit")
    bench.done(posting(order), 3)
    bench.lost(posting(order))
    bench.done(posting(order), 3)
    must(bench.status(order).tax_facts, 1, "tax facts")


def release_twice(bench: Bench) -> None:
    """Given free again, free once; the reply may be lost."""
    before, order = bench.money(bench.source), bench.order()
    bench.done(holding(order), 3)
    bench.lost(releasing(order))
    bench.done(releasing(order))
    must(bench.changed(bench.source, before), (NOTHING, NOTHING), "balance and hold by kind")
    must(bench.status(order).state, RELEASED, "status")


def hold_late(bench: Bench) -> None:
    """A hold that arrives after the release is refused: nobody would ever give it free."""
    before, order = bench.money(bench.source), bench.order()
    bench.done(releasing(order))
    bench.refused(holding(order))
    must(bench.changed(bench.source, before), (NOTHING, NOTHING), "balance and hold by kind")


def release_posted(bench: Bench) -> None:
    """What is posted is never given free."""
    before, order = bench.money(bench.source), bench.order()
    bench.done(holding(order), 3)
    bench.done(posting(order), 3)
    bench.refused(releasing(order))
    must(bench.changed(bench.source, before), (OUT, NOTHING), "balance and hold by kind")


def release_credited(bench: Bench) -> None:
    """What is credited is never given free."""
    order = bench.order(Side.RECEIVER)
    before = bench.money(order.account)
    bench.done(holding(order), 3)
    bench.done(posting(order), 3)
    bench.refused(releasing(order))
    must(bench.changed(order.account, before), (IN, NOTHING), "balance and hold by kind")
    must(bench.status(order).state, POSTED, "status")


def restored(bench: Bench) -> None:
    """A node from an older backup orders everything again: nothing moves twice."""
    before, order = bench.money(bench.source), bench.order()
    for _ in range(2):
        bench.done(holding(order), 3)
        bench.done(posting(order), 3)
        bench.again()
        must(bench.status(order).state, POSTED, "status")
    must(bench.changed(bench.source, before), (OUT, NOTHING), "balance and hold by kind")


def unknown_account(bench: Bench) -> None:
    """An account that is not there is refused, by look-up and by hold."""
    order = replace(bench.order(), account="NO-SUCH-ACCOUNT")
    bench.night()
    must(isinstance(bench.core.look_up(order.account), Refused), True, "look_up refuses it")
    bench.refused(holding(order))


CHECKS = (
    Check("R3", "duplicate", "held once", hold_twice),
    Check("R3", "crash before reply", "held once", hold_lost),
    Check("R3", "fails before work", "held at the next order", hold_failed, Trouble.FAIL),
    Check("R3", "timeout", "held once", hold_timeout, Trouble.TIMEOUT),
    Check("R3", "wrong amount", "another amount under the id is refused", hold_other),
    Check("R3", "wrong amount", "more than is free is refused whole", hold_too_much),
    Check("R3", "wrong amount", "an amount that the core changed is told", amount_told, Trouble.WRONG_AMOUNT),
    Check("R3", "reorder", "what is held is not free for another", hold_of_held),
    Check("R3", "wrong account", "an unknown account is refused", unknown_account),
    Check("R3", "wrong terms", "another account, kind or basis under the id is refused", hold_elsewhere),
    Check("R3", "duplicate", "the two sides of one id are two orders", both_sides),
    Check("R5", "crash before reply", "expected once, not credited", expect_twice),
    Check("R5", "wrong amount", "another amount under the id is refused", expect_other),
    Check("R5", "late", "an expectation after the release is refused", expect_late),
    Check("R11", "duplicate", "debited once", debit_twice),
    Check("R11", "crash before reply", "debited once", debit_lost),
    Check("R11", "timeout", "debited once", debit_timeout, Trouble.TIMEOUT),
    Check("R11", "two at once", "debited once", debit_together),
    Check("R11", "reorder", "not debited before it is held", debit_unheld),
    Check("R11", "wrong amount", "another amount than held is refused", debit_other),
    Check("R11", "wrong terms", "not debited from another account, kind or basis", debit_elsewhere),
    Check("R11", "late", "not debited after the release", debit_late),
    Check("R12", "duplicate", "equal rollovers are two: the id decides", twins),
    Check("R13", "wrong amount", "another amount than expected is not credited", credit_other),
    Check("R13", "late", "not credited after the release", credit_late),
    Check("R13", "reorder", "not credited before it is expected", credit_unexpected),
    Check("R13", "wrong terms", "not credited to another account, kind or basis", credit_elsewhere),
    Check("R14", "duplicate", "credited once, by kind", credit_twice),
    Check("R14", "crash before reply", "credited once", credit_lost),
    Check("R14", "wrong facts", "another basis or Roth year is refused", credit_other_facts),
    Check("R16", "duplicate", "one tax fact", one_tax_fact),
    Check("R17", "crash before reply", "given free once", release_twice),
    Check("R17", "late", "a hold after the release is refused", hold_late),
    Check("R17", "reorder", "what is posted is not given free", release_posted),
    Check("R17", "reorder", "what is credited is not given free", release_credited),
    Check("R18", "older backup", "everything again, nothing twice", restored),
)
