"""A plan's terms as they were adopted and amended, provision by provision in words. Not here: amending (flows)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from open401k import plan
from open401k.base.db import Tx
from open401k.kernel import Money, PlanId, SponsorId, day_of

from .declarations import percent
from .heading import heading
from .shown import PlanHeading

_NOT_SET = "not set"
_LISTS = {"tiers"}


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One provision, before and after; ``field`` is its path in the terms."""

    field: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class AmendmentLine:
    """Terms that were put on file: from which day, when, by whom, why, and what they changed."""

    effective_on: date
    recorded_at: datetime
    recorded_by: str
    why: str
    changes: tuple[ChangeLine, ...]


@dataclass(frozen=True, slots=True)
class Amendments:
    """The terms of today, and all that were put on file, the newest first."""

    heading: PlanHeading
    today: date
    provisions: plan.Provisions
    lines: tuple[AmendmentLine, ...]


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Amendments:
    """For the page."""
    today = day_of(tx.now)
    known = plan.history(tx, tenant_id=tenant_id, plan_id=plan_id)
    return Amendments(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id),
        today=today,
        provisions=plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today),
        lines=tuple(_line(each) for each in reversed(known)),
    )


def _line(each: plan.Version) -> AmendmentLine:
    by = each.recorded_by.partition(":")[2] or each.recorded_by
    return AmendmentLine(each.effective_on, each.recorded_at, by, each.why, tuple(map(change_line, each.changes)))


def change_line(change: plan.Change) -> ChangeLine:
    """A change as a person reads it.

    >>> change_line(plan.Change("match.tiers", [[5000, 600]], [[10000, 300], [5000, 500]])).after
    '100 % of deferrals to 3 % of pay, then 50 % to 5 %'
    """
    leaf = change.field.rpartition(".")[2]
    before, after = in_words(leaf, change.before), in_words(leaf, change.after)
    return ChangeLine(change.field, name_of(change.field), before, after)


def name_of(field: str) -> str:
    """The path of a provision in words.

    >>> name_of("loans.minimum_cents")
    'Loans: minimum'
    """
    section, _, leaf = field.partition(".")
    parts = [section, leaf.removesuffix("_cents").removesuffix("_bps")] if leaf else [section]
    words = ": ".join(each.replace("_", " ") for each in parts)
    return words[:1].upper() + words[1:]


def in_words(name: str, value: Any) -> str:
    """A value of the terms; ``name`` says what its number is.

    >>> in_words("schedules", [["match", {"percents": [0, 0, 20]}]])
    'match: 0 %, 0 %, 20 % by years of service'
    >>> in_words("catch_up", False), in_words("cap_cents", 250_000), in_words("rate_bps", 325)
    ('no', '$2,500.00', '3.25 %')
    """
    match value:
        case None:
            return _NOT_SET
        case bool():
            return "yes" if value else "no"
        case int() if name.endswith("_cents"):
            return str(Money(value))
        case int() if "bps" in name.split("_"):
            return percent(value)
        case str():
            return value.replace("_", " ")
        case list() if name in _LISTS and value:
            return _tiers(value)
        case list():
            return _several(name, value)
        case Mapping() if set(value) == {"percents"}:
            return f"{', '.join(f'{each} %' for each in value['percents'])} by years of service"
        case Mapping():
            return "; ".join(f"{name_of(str(key))}: {in_words(str(key), each)}" for key, each in value.items())
    return str(value)


def _several(name: str, value: list[Any]) -> str:
    pairs = [each for each in value if isinstance(each, list) and len(each) == 2 and isinstance(each[0], str)]
    if value and len(pairs) == len(value):
        return "; ".join(f"{in_words('', key)}: {in_words(name, each)}" for key, each in pairs)
    return ", ".join(in_words(name, each) for each in value) or "none"


def _tiers(value: list[Any]) -> str:
    first, *more = ((percent(rate), percent(up_to)) for rate, up_to in value)
    return ", then ".join([f"{first[0]} of deferrals to {first[1]} of pay", *(f"{rate} to {to}" for rate, to in more)])
