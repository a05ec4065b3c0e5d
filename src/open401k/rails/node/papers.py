"""A document that a participant reads before they sign: what it may be, and as it travels. ADR-0057.

What is signed of it is keccak-256 of its bytes. Not here: who puts it and when it was shown (explaining).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from eth_hash.auto import keccak

from .codec import MOST_LETTERS, BadInputError, Wrong, parsed, read, written

#: The largest document; a letter of two million bytes takes it, in base64.
MOST_BYTES: Final = 1_000_000
MOST_TITLE: Final = 200
_PDF: Final = b"%PDF-"
_TAG: Final = re.compile(r"<\s*/?\s*[a-zA-Z!][^<>]*>")


class Media(StrEnum):
    """What a document is. Nothing that runs: no HTML."""

    TEXT = "text/plain"
    PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that can be shown: ``title`` and ``version`` as the source calls them."""

    title: str
    version: str
    media: Media
    content: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if wrong := [*_named_wrong("title", self.title), *_named_wrong("version", self.version), *_content_wrong(self)]:
            raise BadInputError(wrong)

    @property
    def fingerprint(self) -> bytes:
        """What is signed of it."""
        return keccak(self.content)

    @property
    def text(self) -> str:
        """Its words, where they can be shown on a page; a PDF is downloaded."""
        return self.content.decode() if self.media is Media.TEXT else ""


@dataclass(frozen=True, slots=True)
class OnFile:
    """A document of a case, and when its participant was first shown it here."""

    paper: Paper
    shown_at: int | None


@dataclass(frozen=True, slots=True)
class PaperTold:
    """A document as it travels: base64 in pieces, each a text of its own."""

    title: str
    version: str
    media: Media
    content: tuple[str, ...]


def told_of(paper: Paper) -> PaperTold:
    """As it travels."""
    letters = base64.b64encode(paper.content).decode()
    pieces = tuple(letters[at : at + MOST_LETTERS] for at in range(0, len(letters), MOST_LETTERS))
    return PaperTold(paper.title, paper.version, paper.media, pieces)


def paper_of(told: PaperTold) -> Paper:
    """As it came; :class:`BadInputError` with every wrong field."""
    return Paper(told.title, told.version, told.media, bytes_of(told.content))


def paper_in(content: bytes, *, title: str, version: str) -> Paper:
    """The document of a file: a PDF by how it begins, else a text."""
    return Paper(title, version, Media.PDF if content.startswith(_PDF) else Media.TEXT, content)


def named_text(paper: Paper) -> bytes:
    """What it is called, to be kept beside its bytes."""
    return written({"title": paper.title, "version": paper.version, "media": paper.media})


def named_of(text: bytes, content: bytes) -> Paper:
    """The document, of what it is called and its bytes."""
    named = read(_Named, parsed(text), at="document")
    return Paper(named.title, named.version, named.media, content)


def bytes_of(pieces: Sequence[str], *, at: str = "content") -> bytes:
    """The bytes of base64 in pieces; too large is told before it is read."""
    if sum(map(len, pieces)) > -(-MOST_BYTES // 3) * 4:
        raise BadInputError([Wrong(at, f"is larger than {MOST_BYTES:,} bytes: give a smaller document")])
    try:
        return base64.b64decode("".join(pieces), validate=True)
    except (binascii.Error, ValueError):
        raise BadInputError([Wrong(at, "is bytes in base64 (RFC 4648, with padding)")]) from None


def _named_wrong(name: str, given: str) -> list[Wrong]:
    if given.strip() and len(given) <= MOST_TITLE and given.isprintable():
        return []
    return [Wrong(name, f"is a text of at most {MOST_TITLE} letters that can be printed: as people call the document")]


def _content_wrong(paper: Paper) -> list[Wrong]:
    content = paper.content
    if not content:
        return [Wrong("content", "is empty: give the document that the participant is to read")]
    if len(content) > MOST_BYTES:
        return [Wrong("content", f"has {len(content):,} bytes, at most {MOST_BYTES:,}: give a smaller document")]
    if paper.media is Media.PDF:
        return [] if content.startswith(_PDF) else [Wrong("content", "does not begin as a PDF does")]
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return [Wrong("content", "is no text in UTF-8; a PDF is told as application/pdf")]
    if not all(each.isprintable() or each in "\n\r\t" for each in text):
        return [Wrong("content", "holds signs that cannot be printed: plain text has lines, blanks and tabs alone")]
    if _TAG.search(text):
        return [Wrong("content", "holds HTML: it would be shown as it stands; give plain text or a PDF")]
    return []


@dataclass(frozen=True, slots=True)
class _Named:
    title: str
    version: str
    media: Media
