"""Values as JSON that comes back from the database exactly as it went in. Not here: the API's representations."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from open401k.kernel import Id, Money, Units

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | bool | None"


def plain(value: object) -> JSON:
    """``value`` in words of JSON: ids, days and exact numbers as text, money as cents, tuples as lists.

    Floats are refused: a hash over them, and a comparison after a restart, would depend on how they are printed.
    """
    match value:
        case None | bool() | int():
            return value
        case StrEnum():
            return value.value
        case str():
            return value
        case Money():
            return value.cents
        case Id() | UUID() | Decimal() | Units():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {str(plain(key)): plain(item) for key, item in value.items()}
        case bytes() | bytearray():
            raise TypeError("bytes have no place in JSON: store them sealed, or name them by their hash")
        case Sequence():
            return [plain(item) for item in value]
        case _:
            raise TypeError(f"{type(value).__name__} is not kept as JSON; turn it into text, cents or a mapping first")


def canonical(value: JSON) -> bytes:
    """One spelling for one value, to be hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
