"""Models of bodies and answers made from dataclasses that rooms and views have. Not here: models of our own (api).

One definition serves the page, the terminal and the published schema, so they cannot drift apart.
"""

import types
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pydantic
from pydantic import BaseModel, StrictBool, StrictInt

from open401k.kernel import Id, Money
from open401k.views.shown import Percent

from .texts import MoneyText, PercentText, Sent, Text

#: No term of a plan is a larger number; what a term may be is the law's and the plan's business.
_LARGEST_TERM = 1_000_000
_LONGEST_LIST = 100


def given(kind: type[Any]) -> type[BaseModel]:
    """The model of an answer: what ``document`` makes of such a value."""
    return _model(kind, False)


def sent(kind: type[Any]) -> type[BaseModel]:
    """The model of a body: every member may be left out that has a default, and no other may be there."""
    return _model(kind, True)


_MADE: dict[tuple[Any, bool], type[BaseModel]] = {}


def _model(kind: type[Any], is_sent: bool) -> type[BaseModel]:
    """The same class gives the same model, so that the published schema names it once."""
    if (kind, is_sent) not in _MADE:
        _MADE[kind, is_sent] = _made(kind, is_sent)
    return _MADE[kind, is_sent]


def _made(kind: type[Any], is_sent: bool) -> type[BaseModel]:
    hints = get_type_hints(kind)
    members: dict[str, Any] = {each.name: _member(hints[each.name], each, is_sent) for each in fields(kind)}
    base: type[BaseModel] = Sent if is_sent else BaseModel
    words = (kind.__doc__ or "").split("\n\n", maxsplit=1)[0]
    return pydantic.create_model(
        f"{kind.__name__}Terms" if is_sent else kind.__name__, __base__=base, __doc__=words, **members
    )


def _member(hint: Any, each: Field[Any], is_sent: bool) -> Any:
    written = _written(hint, is_sent)
    if not is_sent or (each.default is MISSING and each.default_factory is MISSING):
        return (written, ...)
    if each.default is not MISSING and not is_dataclass(each.default):
        return (written, _default(each.default))
    return (written, pydantic.Field(default_factory=_model(hint, is_sent)))


def _default(value: Any) -> Any:
    """A default as JSON would have it."""
    if isinstance(value, Enum):
        return value.value
    return [_default(each) for each in value] if type(value) is tuple else value


def _written(hint: Any, is_sent: bool) -> Any:
    """How a value of this type is written in JSON."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return Union[tuple(_written(each, is_sent) for each in parts)]  # noqa: UP007 (built, not written)
    if origin is tuple:
        return _row(parts, is_sent)
    if origin is dict:
        return dict[str, Any]
    return _plain(hint, is_sent) if isinstance(hint, type) else Any


def _row(parts: tuple[Any, ...], is_sent: bool) -> Any:
    if parts[-1] is not Ellipsis:
        return _several(parts, is_sent)
    many: Any = list
    inner = many[_written(parts[0], is_sent)]
    return Annotated[inner, pydantic.Field(max_length=_LONGEST_LIST)] if is_sent else inner


def _several(parts: tuple[Any, ...], is_sent: bool) -> Any:
    row: Any = tuple
    return row[tuple(_written(each, is_sent) for each in parts)]


def _plain(hint: type[Any], is_sent: bool) -> Any:
    for known, written in _WRITTEN.items():
        if issubclass(hint, known):
            return written
    if is_dataclass(hint):
        return _model(hint, is_sent)
    if issubclass(hint, Enum):
        return Literal[tuple(each.value for each in hint)] if is_sent else hint
    if issubclass(hint, tuple):  # a named one: MonthDay, MatchTier
        return _several(tuple(get_type_hints(hint).values()), is_sent)
    return _BOUNDED.get(hint, hint) if is_sent else hint


_WRITTEN: dict[type[Any], Any] = {Money: MoneyText, Percent: PercentText, Id: str, datetime: datetime, date: date}
_BOUNDED: dict[type[Any], Any] = {
    bool: StrictBool,
    int: Annotated[StrictInt, pydantic.Field(ge=0, le=_LARGEST_TERM)],
    str: Text,
}
