"""The console's form for what came in after all was moved: amounts by source, and the day of payment. No rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from open401k.kernel import Money

from .provided import Refusal

#: The most sources of one plan that a form names.
MOST = 24
_AT = "came-{}"


@dataclass(frozen=True, slots=True)
class Came:
    """What was typed: cents by source, in their order, and when it is paid."""

    cents: tuple[int, ...]
    payment_on: date


def fields_of() -> tuple[str, ...]:
    """Every field that such a form may have."""
    return ("payment_on", *(_AT.format(place) for place in range(MOST)))


def came_of(typed: Mapping[str, str], sources: int) -> Came | Refusal:
    """Of a form with so many sources; an empty field is nothing."""
    try:
        on = date.fromisoformat(typed.get("payment_on", ""))
    except ValueError:
        return Refusal("payment_on", "It is no day.", "Choose the day on which the money is paid.")
    cents = []
    for place in range(sources):
        name = _AT.format(place)
        try:
            amount = Money.typed(typed.get(name, "") or "0.00")
        except ValueError:
            return Refusal(name, "It is no amount in dollars and cents.", "Write it like 12.50, or leave it empty.")
        if amount.cents < 0:
            return Refusal(name, "It is below zero.", "Write what came in, or leave it empty.")
        cents.append(amount.cents)
    if not any(cents):
        return Refusal(_AT.format(0), "Nothing came in.", "Write what came in, for one source at least.")
    return Came(tuple(cents), on)
