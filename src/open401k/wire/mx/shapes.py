"""What a message looks like: names, order, how often, which text. Not here: any message (transfers.py, payments.py).

A shape is checked when a message is read and when it is written, so that neither side can differ from the schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Protocol
from xml.etree.ElementTree import Element

from ..problems import Problem

_FIX: Final = "Ask whoever wrote it for the message again."
_CURRENCY: Final = "USD"


@dataclass(frozen=True, slots=True)
class Part:
    """An element: text that fits ``text``, or ``parts`` in this order. ``passed_over``: of the schema, and unread."""

    name: str
    text: re.Pattern[str] | None = None
    parts: tuple[Part, ...] = ()
    least: int = 1
    most: int | None = 1
    is_choice: bool = False
    is_money: bool = False
    passed_over: frozenset[str] = frozenset()


class Message(Protocol):
    """A message that is written: its name in the standard, and its element."""

    def element(self) -> Element:
        """What stands in the Document."""
        ...


def _text(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII | re.DOTALL)


def _longest(places: int) -> re.Pattern[str]:
    return _text(rf"(?=\S)(?=.*\S\Z)[^\x00-\x1f\x7f]{{1,{places}}}")


MAX_34, MAX_35, MAX_140, MAX_350 = _longest(34), _longest(35), _longest(140), _longest(350)
DAY, NUMBER, CODE = _text(r"\d{4}-\d\d-\d\d"), _text(r"\d{1,15}"), _text(r"[A-Z0-9]{1,4}")
TIME = _text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?")
AMOUNT = _text(r"\d{1,13}(?:\.\d{1,5})?")
CURRENCY = _text(_CURRENCY)


def one_of(*words: str) -> re.Pattern[str]:
    """Text that is one of these."""
    return _text("|".join(words))


def leaf(name: str, text: re.Pattern[str]) -> Part:
    """Text, once."""
    return Part(name, text)


def money(name: str) -> Part:
    """An amount in dollars and cents, with its currency."""
    return Part(name, AMOUNT, is_money=True)


def group(name: str, *parts: Part) -> Part:
    """Elements in this order, once."""
    return Part(name, parts=parts)


def choice(name: str, *parts: Part) -> Part:
    """One of these elements."""
    return Part(name, parts=parts, is_choice=True)


def optional(part: Part) -> Part:
    """May be left out."""
    return replace(part, least=0)


def many(part: Part, *, least: int = 0, most: int | None = None) -> Part:
    """May stand there several times."""
    return replace(part, least=least, most=most)


def problems_of(node: Element, part: Part, path: str, namespace: str) -> Iterator[Problem]:
    """All in which an element differs from its shape."""
    where = f"{path}/{part.name}"
    allowed = {"Ccy"} if part.is_money else set()
    for name in sorted(set(node.attrib) - allowed):
        yield Problem(where, "attribute", f"{name[:40]!r} has no place here.", _FIX)
    if part.is_money and node.get("Ccy") != _CURRENCY:
        yield Problem(where, "currency", f"{(node.get('Ccy') or '')[:10]!r}; only US dollars are read.", _FIX)
    if part.text is None:
        yield from _inside(node, part, where, namespace)
        return
    said = _said(node)
    if len(node):
        yield Problem(where, "text", f"holds <{local(node[0])[:40]}> where text is expected.", _FIX)
    elif part.text.fullmatch(said) is None:
        yield Problem(where, "text", f"{said[:40]!r} is none that may stand here.", _FIX)
    elif part.is_money and _cents(said) is None:
        yield Problem(where, "amount", f"{said[:40]!r} is no whole number of cents.", _FIX)
    elif part.text is TIME and not _is_time(said):
        yield Problem(where, "time", f"{said[:40]!r} is no day and time.", _FIX)
    elif part.text is DAY and not _is_day(said):
        yield Problem(where, "day", f"{said[:40]!r} is no day.", _FIX)


def _inside(node: Element, part: Part, where: str, namespace: str) -> Iterator[Problem]:
    shapes = {each.name: (at, each) for at, each in enumerate(part.parts)}
    if (node.text or "").strip() or any((child.tail or "").strip() for child in node):
        yield Problem(where, "text", "holds text between its elements.", _FIX)
    seen: dict[str, int] = {}
    last = 0
    for child in node:
        name = local(child)
        if space(child) != namespace:
            yield Problem(f"{where}/{name[:40]}", "namespace", "is not the one of its Document.", _FIX)
        elif name in shapes:
            at, shape = shapes[name]
            seen[name] = seen.get(name, 0) + 1
            if at < last:
                yield Problem(f"{where}/{name}", "order", f"stands behind <{part.parts[last].name}>.", _FIX)
            last = max(last, at)
            number = f"{where}" if shape.most == 1 else f"{where}/{name}[{seen[name]}]"
            yield from _child(child, shape, where, number, namespace)
        elif name not in part.passed_over:
            yield Problem(f"{where}/{name[:40]}", "element", "is none that is read here.", _FIX)
    yield from _counted(part, seen, where)


def _child(child: Element, shape: Part, where: str, number: str, namespace: str) -> Iterator[Problem]:
    for found in problems_of(child, shape, where, namespace):
        plain = f"{where}/{shape.name}"
        at = found.where if shape.most == 1 else number + found.where.removeprefix(plain)
        yield replace(found, where=at)


def _counted(part: Part, seen: dict[str, int], where: str) -> Iterator[Problem]:
    if part.is_choice:
        if len(seen) != 1:
            told = " or ".join(each.name for each in part.parts)
            yield Problem(where, "element", f"must hold {told}, and nothing else.", _FIX)
        return
    for each in part.parts:
        count = seen.get(each.name, 0)
        if count < each.least:
            yield Problem(f"{where}/{each.name}", "element", "Missing.", _FIX)
        if each.most is not None and count > each.most:
            yield Problem(f"{where}/{each.name}", "element", f"stands there {count} times, at most {each.most}.", _FIX)


# ---- making and taking apart


def el(name: str, *inside: Element | str | None, **attributes: str) -> Element:
    """An element with this text or these elements; None is left out."""
    made = Element(name, attributes)
    for each in inside:
        if isinstance(each, str):
            made.text = each
        elif each is not None:
            made.append(each)
    return made


def maybe(name: str, text: str) -> Element | None:
    """The element, if there is something to say."""
    return el(name, text) if text else None


def dollars(name: str, cents: int) -> Element:
    """Cents as an amount in dollars."""
    if cents < 0:
        raise ValueError(f"{name} cannot be negative: {cents}")
    return el(name, f"{cents // 100}.{cents % 100:02}", Ccy=_CURRENCY)


def moment(at: datetime) -> str:
    """A time as the standard writes it, in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def local(node: Element) -> str:
    """The name without its namespace."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def space(node: Element) -> str:
    """The namespace."""
    return node.tag.rpartition("}")[0].lstrip("{") if isinstance(node.tag, str) else ""


def each(node: Element, path: str) -> list[Element]:
    """All elements along this path."""
    found = [node]
    for name in path.split("/"):
        found = [child for parent in found for child in parent if local(child) == name]
    return found


def said(node: Element, path: str) -> str:
    """The text of the first element along this path; empty if there is none."""
    return next((_said(found) for found in each(node, path)), "")


def cents_in(node: Element, path: str) -> int:
    """The cents of the amount along this path; nothing where it was left out. The shape was checked before."""
    return _cents(said(node, path)) or 0


def time_in(node: Element, path: str) -> datetime:
    """The time along this path; the shape was checked before."""
    return datetime.fromisoformat(said(node, path))


def _said(node: Element) -> str:
    return " ".join((node.text or "").split())


def _cents(text: str) -> int | None:
    if not text:
        return None
    cents = Decimal(text).scaleb(2)
    return int(cents) if cents == cents.to_integral_value() else None


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
