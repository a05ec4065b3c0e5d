"""What payroll calls its codes, and of which type: evidence of what they are for. Not here: judging it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from open401k.census import Side

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
    side: Side = Side.EARNING


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Names and types by code; what is not told is not there."""

    names: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    deduction_names: Mapping[str, str] = field(default_factory=dict)
    deduction_types: Mapping[str, str] = field(default_factory=dict)

    def codes(self) -> list[CalledCode]:
        """The same, code by code."""
        return [
            CalledCode(code, names.get(code, ""), types.get(code, ""), side)
            for names, types, side in (
                (self.names, self.types, Side.EARNING),
                (self.deduction_names, self.deduction_types, Side.DEDUCTION),
            )
            for code in sorted({**names, **types})
        ]


def catalogue_of(codes: Iterable[CalledCode]) -> Catalogue:
    """By code; of a code twice the last word counts."""
    told = list(codes)
    paid = [each for each in told if each.side is Side.EARNING]
    taken = [each for each in told if each.side is Side.DEDUCTION]
    return Catalogue(*_named(paid), *_named(taken))


def _named(told: Iterable[CalledCode]) -> tuple[dict[str, str], dict[str, str]]:
    names = {each.code: each.name for each in told if each.name}
    return names, {each.code: each.provider_type.casefold() for each in told if each.provider_type}


def catalogue_in(layout: Layout | None) -> Catalogue:
    """How a file calls its codes: the headings of their columns."""
    columns = () if layout is None else layout.columns
    sides = {Field.EARNINGS: Side.EARNING, Field.DEDUCTIONS: Side.DEDUCTION}
    return catalogue_of(
        CalledCode(each.name or each.heading, each.heading, side=sides[each.field])
        for each in columns
        if each.field in sides
    )


def written_codes(codes: Iterable[CalledCode]) -> list[dict[str, str]]:
    """As a body of JSON keeps them; :func:`read_codes` reads it."""
    told = [
        {"code": each.code, "name": each.name, "type": each.provider_type}
        | ({"side": str(each.side)} if each.side is Side.DEDUCTION else {})
        for each in codes
    ]
    return [{key: text for key, text in each.items() if text} for each in told]


def read_codes(body: Mapping[str, Any]) -> Catalogue:
    """What :func:`written_codes` wrote; a body from before there were these has none."""
    told = body.get(CODES, ())
    return catalogue_of(
        CalledCode(each["code"], each.get("name", ""), each.get("type", ""), Side(each.get("side", Side.EARNING)))
        for each in told
    )
