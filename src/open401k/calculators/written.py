"""Results as JSON: dataclasses as objects, years and days as text, fractions exact. Not here: inputs, words."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np

from ..kernel import CalendarYear, LimitationYear, Money, Open401kError, PlanYear
from ..law.exact_rates import Rates
from . import units


def written(value: Any) -> Any:
    """Any result of the law as JSON writes it; a type that is not known is an error, never its text."""
    match value:
        case None | bool() | int() | str() if not isinstance(value, Enum):
            return value
        case Enum():
            return value.value
        case Fraction():
            return {"numerator": value.numerator, "denominator": value.denominator}
        case Decimal():
            return str(value)
        case date() if not isinstance(value, datetime):
            return value.isoformat()
        case CalendarYear():
            return value.year
        case PlanYear() | LimitationYear():
            return {"start": value.start.isoformat(), "last_day": value.last_day.isoformat()}
        case Money():
            return value.cents
        case Rates():
            return [written(value.exact(place)) for place in range(len(value))]
        case np.ndarray() | np.generic():
            return _array(value)
        case Mapping():
            return {_key(key): written(each) for key, each in value.items()}
        case list() | tuple():
            return [written(each) for each in value]
        case set() | frozenset():
            return sorted(written(each) for each in value)
        case Open401kError():
            return {"refused": type(value).__name__, "message": value.message, "fix": value.fix}
    if is_dataclass(value) and not isinstance(value, type):
        return _object(value)
    raise TypeError(f"nothing writes a {type(value).__name__} as JSON yet; add it in calculators/written.py")


def _object(value: Any) -> dict[str, Any]:
    """Its fields, then what it works out of them."""
    kind = type(value)
    names = [field.name for field in fields(value)]
    names += [name for name, member in vars(kind).items() if isinstance(member, property) and not name.startswith("_")]
    return {units.field_name(kind, name): written(getattr(value, name)) for name in names}


def _array(value: np.ndarray[Any, Any] | np.generic) -> Any:
    if value.dtype.kind == "M":
        days = np.asarray(value).astype("datetime64[D]").tolist()
        return _days(days)
    if value.dtype.kind not in "biu":
        raise TypeError(f"an array of {value.dtype} is no result of the law")
    return value.tolist()


def _days(days: Any) -> Any:
    return [_days(day) for day in days] if isinstance(days, list) else None if days is None else days.isoformat()


def _key(key: Any) -> str:
    told = written(key)
    return " / ".join(str(part) for part in told) if isinstance(told, list) else str(told)
