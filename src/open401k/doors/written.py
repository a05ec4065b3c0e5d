"""View-models as JSON: what the API sends and ``--json`` prints. Not here: pages (web/render.py)."""

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from open401k.kernel import Id, Money
from open401k.views.shown import Percent


def document(value: Any) -> Any:
    """A view-model as JSON: money, percentages and ids as strings, days as ISO dates."""
    match value:
        case Money() | Percent():
            return value.plain()
        case Id():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case Enum():
            return value.value
        case tuple() | list():
            return [document(each) for each in value]
        case dict():
            return {str(key): document(each) for key, each in value.items()}
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {field.name: document(getattr(value, field.name)) for field in fields(value)}
    return value
