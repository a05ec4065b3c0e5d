"""A plan's terms as they were adopted and amended, provision by provision in words. Not here: amending (flows)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from open401k import plan
from open401k.base.db import Tx
from open401k.kernel import Money, PlanId, SponsorId, day_of

from . import who
from .declarations import percent
from .heading import heading
from .provision_words import VALUES, label
from .shown import PlanHeading

_NOT_SET = "not set"
_LISTS = {"tiers"}
#: Words of the plan itself: of its payroll, its people, its papers.
_AS_WRITTEN = {"excluded_pay_codes", "bonus_pay_codes", "excluded_classes", "classes", "groups", "trustee"}


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
    """The terms of a day, ``terms_on``, and all that were put on file, the newest first."""

    heading: PlanHeading
    today: date
    terms_on: date
    provisions: plan.Provisions
    lines: tuple[AmendmentLine, ...]


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, terms_on: date | None = None) -> Amendments:
    """For the page; the terms of today, or of another day."""
    today = day_of(tx.now)
    on = terms_on or today
    known = plan.history(tx, tenant_id=tenant_id, plan_id=plan_id)
    called = who.names(tx, [each.recorded_by for each in known])
    return Amendments(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id),
        today=today,
        terms_on=on,
        provisions=plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=on),
        lines=tuple(_line(each, called) for each in reversed(known)),
    )


def _line(each: plan.Version, called: Mapping[str, str]) -> AmendmentLine:
    by = called[each.recorded_by]
    return AmendmentLine(each.effective_on, each.recorded_at, by, each.why, tuple(map(change_line, each.changes)))


def change_line(change: plan.Change) -> ChangeLine:
    """A change as a person reads it.

    >>> change_line(plan.Change("match.tiers", [[5000, 600]], [[10000, 300], [5000, 500]])).after
    '100 % of deferrals to 3 % of pay, then 50 % to 5 %'
    """
    leaf, at = change.field.rpartition(".")[2], change.field
    before, after = in_words(leaf, change.before, at=at), in_words(leaf, change.after, at=at)
    return ChangeLine(change.field, name_of(change.field), before, after)


def name_of(field: str) -> str:
    """The path of a provision in words.

    >>> name_of("loans.minimum_cents")
    'Loans: least amount'
    """
    section, _, leaf = field.partition(".")
    words = f"{label(section)}: {label(field)}" if leaf else label(section)
    return words[:1].upper() + words[1:]


def told_in_words(message: str) -> str:
    """What stands against an amendment, with its provision as the page calls it.

    >>> told_in_words("loans.minimum_cents: Too high.")
    'Loans: least amount: Too high.'
    """
    field, colon, rest = message.partition(": ")
    is_field = bool(colon) and field.replace("_", "").replace(".", "").isalnum() and field == field.lower()
    return f"{name_of(field)}: {rest}" if is_field else message


def in_words(name: str, value: Any, *, at: str = "") -> str:
    """A value of the terms; ``name`` says what its number is, ``at`` where it stands.

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
            return value if name in _AS_WRITTEN else VALUES.get(value) or value.replace("_", " ")
        case list() if name in _LISTS and value:
            return _tiers(value)
        case list():
            return _several(name, value)
        case Mapping() if set(value) == {"percents"}:
            return f"{', '.join(f'{each} %' for each in value['percents'])} by years of service"
        case Mapping():
            return "; ".join(_member(str(key), each, f"{at}.{key}") for key, each in value.items())
    return str(value)


def _member(name: str, value: Any, at: str) -> str:
    return f"{label(at)}: {in_words(name, value, at=at)}"


def _several(name: str, value: list[Any]) -> str:
    pairs = [each for each in value if isinstance(each, list) and len(each) == 2 and isinstance(each[0], str)]
    if value and len(pairs) == len(value):
        return "; ".join(f"{in_words('', key)}: {in_words(name, each)}" for key, each in pairs)
    return ", ".join(in_words(name, each) for each in value) or "none"


def _tiers(value: list[Any]) -> str:
    first, *more = ((percent(rate), percent(up_to)) for rate, up_to in value)
    return ", then ".join([f"{first[0]} of deferrals to {first[1]} of pay", *(f"{rate} to {to}" for rate, to in more)])
