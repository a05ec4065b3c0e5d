"""The paying side's half of what came in after all was moved: late dividends, and nothing else. Pure. ADR-0083.

They are earnings: what came in on Roth money has no basis of its own, what came in on after-tax money is pre-tax money
(IRC 402(c)(2)). Whoever knows otherwise (a late contribution) puts a half of their own. Not here: moving it (again).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from ..kinds import Kind
from ..preflight.facts import Held
from .codec import BadInputError, Wrong
from .file_of import source_label
from .halves import ReleasingHalf

_AMOUNTS: Final = "amounts["


def sources_of(half: ReleasingHalf) -> tuple[Held, ...]:
    """The sources that were paid when all was moved, each once: what comes in later comes in there.

    They stay lines of a later half, also where nothing came in.
    """
    found: dict[tuple[str, Kind], Held] = {}
    for each in half.held:
        if each.paid_cents or not each.balance_cents:
            kind = Kind.PRE_TAX if each.kind is Kind.AFTER_TAX else each.kind
            found.setdefault((each.source.value, kind), replace(each, kind=kind))
    return tuple(found.values())


def half_of_rest(half: ReleasingHalf, came: Sequence[int], *, payment_on: date) -> ReleasingHalf:
    """``half`` as it was when all was moved, now with what came in since, in the order of :func:`sources_of`."""
    sources = sources_of(half)
    if len(came) != len(sources) or any(cents < 0 for cents in came):
        raise BadInputError([Wrong("cents", f"has one amount, 0 or more, for each of {len(sources)} sources")])
    if not any(came):
        raise BadInputError([Wrong("cents", "are all 0: nothing came in")])
    held = tuple(Held(each.source, each.kind, cents, cents, cents) for each, cents in zip(sources, came, strict=True))
    roth = sum(each.paid_cents for each in held if each.kind is Kind.ROTH)
    return replace(
        half,
        payment_on=payment_on,
        payment_cents=sum(came),
        held=held,
        roth=replace(half.roth, basis_cents=0, account_cents=roth) if half.roth is not None else None,
        after_tax_basis_cents=0,
        file=_file(half.file, held),
    )


def _file(file: Mapping[str, str], held: Sequence[Held]) -> dict[str, str]:
    """Without what was told of amounts before; all of what came in was earned."""
    earned: dict[str, int] = {}
    for each in held:
        if each.kind is not Kind.ROTH and each.paid_cents:
            earned[source_label(each)] = earned.get(source_label(each), 0) + each.paid_cents
    kept = {label: value for label, value in file.items() if not label.startswith(_AMOUNTS)}
    return kept | {f"{_AMOUNTS}{label}].earnings_cents": str(cents) for label, cents in earned.items()}
