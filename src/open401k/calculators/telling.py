"""An answer as people read it: labels, dollars, percentages, tables. Not here: terminal, pages."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..kernel import Money, half_up

_UNITS = ("_cents", "_bps", "_percent", "_thousandths", "_millionths")
#: How a few words are written.
_WORDS = {
    "hce": "HCE", "hces": "HCEs", "nhce": "NHCE", "nhces": "NHCEs", "adp": "ADP", "acp": "ACP", "qnec": "QNEC",
    "qmac": "QMAC", "rmd": "RMD", "ira": "IRA", "fica": "FICA", "qaca": "QACA", "eaca": "EACA", "415": "415",
}  # fmt: skip
_MOST_LISTED = 12
#: What a code names is said without its underscores; but people's names, and what an input asks for as it is written.
_CODE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")
_AS_WRITTEN = ("name", "figure_ids")
_HEADINGS = {"cents": "amount", "bps": "share"}

Json = Any
#: What an answer has beside its people.
_AROUND = ("calculator", "title", "citation", "law_version", "result", "explanation")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one kind: a heading of its own, the columns' headings, the cells and which columns are numbers."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Names with their values, under a heading of their own."""

    heading: str
    pairs: tuple[tuple[str, str], ...]


def told(answer: Mapping[str, Json]) -> list[Pairs | Table]:
    """The result of an answer, the plain values first, then tables; columns of people once, beside their names."""
    people: list[dict[str, Json]] = next((answer[key] for key in answer if key not in _AROUND), [])
    shown = {name for person in people for name in person}
    result = {key: value for key, value in answer["result"].items() if not (key in shown and isinstance(value, list))}
    blocks = list(_blocks("", result))
    if people and not any("name" in person for person in people):
        people = [{"row": place, **person} for place, person in enumerate(people, 1)]
    return [*blocks, _table("By person", people)] if people else blocks


def label(name: str) -> str:
    """``prior_year_nhce_average_bps`` as ``Prior year NHCE average``.

    >>> label("prior_year_nhce_average_bps")
    'Prior year NHCE average'
    """
    bare = _HEADINGS.get(name, name)
    for unit in _UNITS:
        bare = bare.removesuffix(unit)
    words = " ".join(_WORDS.get(word, word) for word in bare.replace("-", "_").split("_"))
    return words[:1].upper() + words[1:]


_NAME = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")
_MODULE = re.compile(r" ?\((?:see )?[a-z_]+\.py\)|\b[a-z_]+\.(?=[a-z]+_)|\.py\b")
_PYTHON = {"None": "nothing", "True": "yes", "False": "no"}


def in_words(about: str) -> str:
    """What is said of a rule, with names of inputs and of other rules as a page calls them.

    >>> in_words("With match_on_deferrals (matching.py) rate_bps is None where additions.dollar_limit is.")
    'With “Match on deferrals” “Rate” is nothing where “Dollar limit” is.'
    """
    said = _NAME.sub(lambda found: f"“{label(found[0])}”", _MODULE.sub("", about))
    return re.sub(r"\b(?:None|True|False)\b", lambda found: _PYTHON[found[0]], said)


def value(name: str, given: Json) -> str:
    """A plain value as its name's unit asks: dollars, a percentage, yes or no.

    >>> value("room_bps", 144), value("excess_cents", 318000), value("passed", True)
    ('1.44 %', '$3,180.00', 'yes')
    >>> value("method", "current_year"), value("name", "j_doe")
    ('current year', 'j_doe')
    """
    match given:
        case None:
            return "–"
        case bool():
            return "yes" if given else "no"
        case int():
            return _number(name, Fraction(given))
        case {"numerator": int() as top, "denominator": int() as bottom, **rest} if not rest:
            return _exact(name, Fraction(top, bottom))
        case str():
            return given.replace("_", " ") if _CODE.fullmatch(given) and name not in _AS_WRITTEN else given
        case list():
            listed = [value(name, each) for each in given[:_MOST_LISTED]]
            more = f" and {len(given) - _MOST_LISTED} more" if len(given) > _MOST_LISTED else ""
            return (", ".join(listed) + more) or "none"
        case Mapping():
            return (
                "; ".join(f"{label(key)}: {value(_unit_of(name, key), each)}" for key, each in given.items()) or "none"
            )
    return str(given)


def sentence(title: str, result: Json, citation: str) -> str:
    """A plain answer in words: what was asked, what comes out, where it stands.

    >>> sentence("Dollar limit of annual additions", {"limit_cents": 7_000_000}, "IRC 415(c)(1)(A)")
    'Dollar limit of annual additions: $70,000.00 (IRC 415(c)(1)(A)).'
    """
    parts = result if isinstance(result, Mapping) else {"answer": result}
    if "refused" in parts:
        return str(parts["message"])
    one = len(parts) == 1
    told = "; ".join(value(name, each) if one else f"{label(name)} {value(name, each)}" for name, each in parts.items())
    return f"{title.rstrip('.:')}: {told} ({citation})." if citation else f"{title.rstrip('.:')}: {told}."


def is_number(name: str, given: Json) -> bool:
    """Whether a cell is set flush right."""
    plain = isinstance(given, int) and not isinstance(given, bool)
    return plain or _is_fraction(given) or (given is None and name.endswith(_UNITS[:3]))


def _blocks(heading: str, result: Mapping[str, Json]) -> Iterator[Pairs | Table]:
    plain = {key: each for key, each in result.items() if not _is_rows(each) and not _is_object(each)}
    if plain:
        yield Pairs(heading, tuple((label(key), value(key, each)) for key, each in plain.items()))
    for key, each in result.items():
        if _is_rows(each):
            yield _table(label(key), each)
        elif _is_object(each):
            yield from _blocks(label(key), each)


def _table(heading: str, rows: Sequence[Mapping[str, Json]]) -> Table:
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = tuple(tuple(value(name, row.get(name)) for name in names) for row in rows)
    numbers = tuple(all(is_number(name, row.get(name)) for row in rows) for name in names)
    return Table(heading, tuple(label(name) for name in names), cells, numbers)


def _is_rows(given: Json) -> bool:
    return isinstance(given, list) and bool(given) and all(_is_object(each) for each in given)


def _is_object(given: Json) -> bool:
    return isinstance(given, dict) and bool(given) and not _is_fraction(given)


def _is_fraction(given: Json) -> bool:
    return isinstance(given, dict) and given.keys() == {"numerator", "denominator"}


def _unit_of(outer: str, inner: str) -> str:
    return (
        inner
        if inner.endswith(_UNITS) or inner in _HEADINGS
        else f"{inner}_cents"
        if outer.endswith("_cents")
        else inner
    )


def _number(name: str, exact: Fraction) -> str:
    whole = half_up(exact)
    if name.endswith("cents"):
        return str(Money(whole))
    if name.endswith("bps"):
        return f"{'-' if whole < 0 else ''}{abs(whole) // 100}.{abs(whole) % 100:02d} %"
    if name.endswith("percent"):
        return f"{whole} %"
    return str(whole) if _is_year(name) else f"{whole:,}"


def _is_year(name: str) -> bool:
    return name == "year" or name.endswith(("_year", "_in"))


def _exact(name: str, number: Fraction) -> str:
    if number.denominator == 1 or name.endswith(("cents", "bps")):
        about = "" if number.denominator == 1 else "about "
        return about + _number(name, number)
    if name == "rates":
        shown = half_up(number * 10**6)
        return f"about {shown // 10**4}.{shown % 10**4:04d} %"
    shown = half_up(number * 10**6)
    sign, digits = "-" if shown < 0 else "", abs(shown)
    return f"about {sign}{digits // 10**6}.{digits % 10**6:06d}"
