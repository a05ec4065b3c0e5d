"""What payroll calls its earnings codes, and of which type: evidence of what they are for. Not here: judging it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .mapping import Mapping as Layout
from .rows import Field

#: Where a body of JSON has them.
CODES: Final = "codes"


@dataclass(frozen=True, slots=True)
class CalledCode:
    """One code, with its name and its type where payroll tells them."""

    code: str
    name: str = ""
    provider_type: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Names and types by code; what is not told is not there."""

    names: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)


def catalogue_of(codes: Iterable[CalledCode]) -> Catalogue:
    """By code; of a code twice the last word counts."""
    told = list(codes)
    return Catalogue(
        {each.code: each.name for each in told if each.name},
        {each.code: each.provider_type.casefold() for each in told if each.provider_type},
    )


def catalogue_in(layout: Layout | None) -> Catalogue:
    """How a file calls its codes: the headings of their columns."""
    columns = () if layout is None else layout.columns
    return Catalogue({each.name or each.heading: each.heading for each in columns if each.field is Field.EARNINGS})


def written_codes(codes: Iterable[CalledCode]) -> list[dict[str, str]]:
    """As a body of JSON keeps them; :func:`read_codes` reads it."""
    told = [{"code": each.code, "name": each.name, "type": each.provider_type} for each in codes]
    return [{key: text for key, text in each.items() if text} for each in told]


def read_codes(body: Mapping[str, Any]) -> Catalogue:
    """What :func:`written_codes` wrote; a body from before there were these has none."""
    told = body.get(CODES, ())
    return catalogue_of(CalledCode(each["code"], each.get("name", ""), each.get("type", "")) for each in told)
