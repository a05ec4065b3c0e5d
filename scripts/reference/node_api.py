"""What a custodian's node answers over HTTP, from its table of operations and the records it reads."""

# ruff: noqa: E501 - a sentence of a page reads better in one piece

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import get_args, get_type_hints

from open401k.doors.node.access import MOST_BODY
from open401k.doors.node.api import EVENTS, LISTENERS, OPERATIONS
from open401k.doors.node.voters_api import VOTERS
from open401k.rails.node.halves import ReceivingHalf, ReleasingHalf
from open401k.rails.node.staff import Role


def words() -> str:
    """What holds for all of them."""
    return (
        f"A custodian's systems and staff ask with `Authorization: Bearer <token>` (`open401k node token add`); a body has at most {MOST_BODY // 1024} KiB "
        "of JSON. A POST wants an `Idempotency-Key`: the same key with the same request is answered as the first time, with another request "
        "it is refused (409). The PUT of facts may have one: without, the same half again is nothing new. Refusals are problem documents (RFC 9457) whose `errors` name each place by a JSON pointer. Days are written "
        "`2026-06-01`, money in cents, bytes in hexadecimal, kinds and other closed words in small letters. 503 means that the network or the "
        "database is silent: send the same again. How a rollover goes: [the how-to](../howto/rails-node.md#from-a-wish-to-booked-money)."
    )


def operations() -> list[tuple[str, str, str]]:
    """Route, who may, what it does."""
    rows = [
        (f"`{each.method} {each.path}`", _roles(each.roles), f"{each.summary}. {(each.work.__doc__ or '').strip()}")
        for each in (*OPERATIONS, *VOTERS)
    ]
    told = (
        "Server-sent events: `rollover.<state>` with case, state, time and words; `?after=` or `Last-Event-ID` goes on "
        "where a line broke."
    )
    return [*rows, (f"`GET {EVENTS}`", _roles(LISTENERS), told)]


def records() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The halves of the facts and every record in them: name, what it is, fields."""
    found: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    for half in (ReceivingHalf, ReleasingHalf):
        _read(half, found)
    return [(name, told, rows) for name, (told, rows) in found.items()]


def _read(kind: type, found: dict[str, tuple[str, list[tuple[str, str]]]]) -> None:
    if kind.__name__ in found:
        return
    hints = get_type_hints(kind)
    first = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
    rows = [(f"`{each.name}`", _shown(hints[each.name])) for each in fields(kind)]
    found[kind.__name__] = (first, rows)
    for each in hints.values():
        for part in (each, *_parts(each)):
            if isinstance(part, type) and is_dataclass(part):
                _read(part, found)


def _parts(hint: object) -> list[object]:
    return [inner for part in get_args(hint) for inner in (part, *_parts(part))]


def _shown(hint: object) -> str:
    if isinstance(hint, type):
        return f"`{hint.__name__}`"
    text = str(hint)
    for module in ("open401k.rails.preflight.facts.", "open401k.rails.node.halves.", "open401k.rails.kinds.",
                   "open401k.rails.messages.", "open401k.law.rollovers.", "datetime.", "collections.abc.",
                   "open401k.rails.preflight.", "open401k.law.", "typing."):  # fmt: skip
        text = text.replace(module, "")
    return f"`{text}`"


def _roles(roles: frozenset[Role]) -> str:
    return ", ".join(role for role in Role if role in roles)


def rows_of(told: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Rows of a table: a bar would end a cell."""
    return [(name, shown.replace("|", "\\|")) for name, shown in told]
