"""Every source of an account with what of it is paid, as the paying half tells it. Pure. Not here: who asks."""

from collections.abc import Mapping

from open401k.kernel import Source
from open401k.rails.kinds import Kind
from open401k.rails.node.adapters.own_ledger import SOURCES, drawn_on
from open401k.rails.node.halves import Wanted
from open401k.rails.preflight.facts import Held
from open401k.recordkeeping import HeldSource, Releasable

from .rollover_after_tax import after_tax_paid

_TAXED = {
    Source.ROTH: Kind.ROTH, Source.ROTH_ROLLOVER: Kind.ROTH,
    Source.AFTER_TAX: Kind.AFTER_TAX, Source.AFTER_TAX_ROLLOVER: Kind.AFTER_TAX,
}  # fmt: skip


def kind_of_source(source: Source) -> Kind:
    """The kind of money of a source of this plan."""
    return _TAXED.get(source, Kind.PRE_TAX)


def held_of(
    releasable: Releasable, wanted: tuple[Wanted, ...], after_tax_basis_cents: int | None = None
) -> tuple[Held, ...]:
    """Every source with what of it is paid: all that may be, or the amount that was asked for of its kind.

    An amount comes out of the sources of its kind in the order in which the books draw on them (own_ledger.py). A
    source of after-tax money with earnings is two lines: its basis, and behind all others its earnings, as pre-tax
    money.
    """
    left: dict[Kind, int | None] = {}
    for each in wanted:
        so_far = left.get(each.kind, 0)
        left[each.kind] = None if each.cents is None or so_far is None else so_far + each.cents
    split = after_tax_paid(releasable, after_tax_basis_cents, wanted_cents=left.get(Kind.AFTER_TAX, 0))
    along = _along(split.earnings, left)
    payable = {**releasable.payable(), **split.basis}
    found = {}
    for source in (each for of_kind in SOURCES for each in of_kind):
        kind, most = kind_of_source(source), payable.get(source, 0)
        asked = left.get(kind, 0)
        found[source] = most if asked is None else min(most, asked)
        if asked is not None:
            left[kind] = asked - found[source]
    lines = [_line(each, split.grown.get(each.source, 0), found[each.source]) for each in releasable.held]
    earned = [
        Held(source, Kind.PRE_TAX, cents, cents, along.get(source, 0)) for source, cents in split.grown.items() if cents
    ]
    return (*lines, *earned)


def going_back(releasable: Releasable, wanted: tuple[Wanted, ...], account: str) -> tuple[Held, ...]:
    """Every source of an account from which money goes back as it came: of the source into which it came alone.

    What came of an IRA, or of a 403(b) or 457(b) plan, is in the same source as other untaxed money: it is a line of
    its own, of the kind as which it came.
    """
    payable, taken, apart = dict(releasable.payable()), dict[tuple[Source, Kind], int](), list[Held]()
    for each in wanted:
        source = next(iter(drawn_on(account, each.kind)), None)
        if source is not None:
            cents = min(payable.get(source, 0), each.cents or 0)
            payable[source] = payable.get(source, 0) - cents
            taken[source, each.kind] = taken.get((source, each.kind), 0) + cents
    lines = []
    for held in releasable.held:
        others = {kind: n for (source, kind), n in taken.items() if source is held.source and kind is not _kind(held)}
        gone, paid = sum(others.values()), taken.get((held.source, _kind(held)), 0)
        lines.append(_line(held, gone, paid))
        apart += [Held(held.source, kind, cents, cents, cents) for kind, cents in others.items() if cents]
    return (*lines, *apart)


def _kind(held: HeldSource) -> Kind:
    return kind_of_source(held.source)


def _line(held: HeldSource, apart: int, paid: int) -> Held:
    """One source without what is a line of its own, and is always vested: what after-tax money earned, what goes back
    under another kind."""
    vested = None if held.vested_cents is None else held.vested_cents - apart
    return Held(held.source, kind_of_source(held.source), held.balance_cents - apart, vested, paid)


def _along(earnings: Mapping[Source, int], left: dict[Kind, int | None]) -> dict[Source, int]:
    """Earnings that go with their basis, as far as pre-tax money is asked for; ``left`` falls by them."""
    found = {}
    for source, cents in earnings.items():
        asked = left.get(Kind.PRE_TAX, 0)
        found[source] = cents if asked is None else min(cents, asked)
        if asked is not None:
            left[Kind.PRE_TAX] = asked - found[source]
    return found
