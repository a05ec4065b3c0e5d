"""Just enough of ISO 20022 for stand-ins: elements made and found by name. Not here: what a core or a bank does.

It is written apart from what it is tried by, on purpose: two readers of one schema find each other's mistakes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml.ElementTree import fromstring

URN = "urn:iso:std:iso:20022:tech:xsd:"
#: A name with text, or with more of the same; attributes are for amounts alone.
Tree: TypeAlias = tuple[str, "str | int | Sequence[Tree]"]


def document(schema: str, tree: Tree) -> Element:
    """A message. A whole number is cents of an amount in dollars."""
    root = Element("Document", xmlns=URN + schema)
    _grow(root, tree)
    return root


def _grow(parent: Element, tree: Tree) -> None:
    name, inside = tree
    node = SubElement(parent, name)
    if isinstance(inside, str):
        node.text = inside
    elif isinstance(inside, int):
        node.set("Ccy", "USD")
        node.text = dollars(inside)
    else:
        for each in inside:
            _grow(node, each)


def envelope(name: str, at: str, documents: Sequence[Element]) -> bytes:
    """Several messages as one file."""
    root = Element("Xchg", xmlns=URN + "head.002.001.01")
    told = ("PyldData", (("PyldIdr", name), ("CreDtAndTm", at)))
    count = ("ApplSpcfcs", (("TtlNbOfDocs", str(len(documents))),))
    _grow(root, ("PyldDesc", (told, count, ("PyldTp", "rollovers"))))
    for each in documents:
        SubElement(root, "Pyld").append(each)
    return _written(root)


def alone(made: Element) -> bytes:
    """One message as a file."""
    return _written(made)


def documents_of(data: bytes) -> list[Any] | None:
    """The messages of a whole file; None if it is none, or not whole."""
    try:
        root = fromstring(data, forbid_dtd=True)
    except (ParseError, ValueError):
        return None
    if name_of(root) == "Document":
        return [root]
    found = [node for payload in root if name_of(payload) == "Pyld" for node in payload]
    return found if text(root, "PyldDesc/ApplSpcfcs/TtlNbOfDocs") == str(len(found)) else None


def name_of(node: Any) -> str:
    """The name without its namespace."""
    return str(node.tag).rpartition("}")[2]


def schema_of(node: Any) -> str:
    """The name of the message's schema."""
    return str(node.tag).rpartition("}")[0].removeprefix("{" + URN)


def all_at(node: Any, path: str) -> Iterator[Any]:
    """Every element along this path."""
    head, _, rest = path.partition("/")
    for child in node:
        if name_of(child) == head:
            if rest:
                yield from all_at(child, rest)
            else:
                yield child


def text(node: Any, path: str) -> str:
    """The first text along this path."""
    return next(((found.text or "").strip() for found in all_at(node, path)), "")


def cents(node: Any, path: str) -> int:
    """The first amount along this path."""
    return cents_of(text(node, path))


def cents_of(said: str) -> int:
    """Dollars in text as cents."""
    return int(Decimal(said or "0").scaleb(2))


def dollars(amount: int) -> str:
    """Cents as dollars in text."""
    return f"{Decimal(amount).scaleb(-2):.2f}"


def info(node: Any, name: str) -> str:
    """What AdditionalInformation says under this name."""
    found = (text(each, "InfVal") for each in all_at(node, "AddtlInf") if text(each, "InfTp/Id") == name)
    return next(found, "")


def put(path: Path, data: bytes) -> None:
    """The whole file, or none."""
    aside = path.with_suffix(".tmp")
    aside.write_bytes(data)
    os.replace(aside, path)


def _written(root: Element) -> bytes:
    made: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return made
