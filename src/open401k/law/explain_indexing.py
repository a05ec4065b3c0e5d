"""Estimates of limits in plain words, which say that they are none. Not here: the estimate."""

from ..kernel import Money
from . import figures
from .explain import explain
from .indexing import Estimate, Indexing


def _index(thousandths: int) -> str:
    return f"{thousandths // 1000}.{thousandths % 1000:03}"


def _lower(name: str) -> str:
    """The name within a sentence; IRA, SIMPLE and the like stay as they are."""
    return name if name[1:2].isupper() else name[0].lower() + name[1:]


@explain.register
def _estimate(found: Estimate) -> str:
    source = "an assumed average" if found.index_assumed else "the average"
    return (
        f"An estimate, not law: for {found.year} the {_lower(found.name)} would be {Money(found.estimated_cents)}, "
        f"by {source} price index of July to September {found.year - 1} of {_index(found.index_thousandths)}; a step "
        f"higher from {_index(found.next_step_from_thousandths)}. Announced is {Money(found.last_cents)} for "
        f"{found.last_year} (IRC 415(d); {found.cite})."
    )


@explain.register
def _indexing(found: Indexing) -> str:
    base, now = (_index(int(each * 1000)) for each in (found.base_index, found.index))
    return (
        f"{figures.figure(found.figure_id).name} of {found.year} by its formula: {Money(found.base_cents)} risen with "
        f"the price index from {base} (third quarter of {found.base_year}) to {now}, the increase rounded down to "
        f"whole {Money(found.step_cents)}: {Money(found.by_formula_cents)} (IRC 415(d); {found.cite})."
    )
