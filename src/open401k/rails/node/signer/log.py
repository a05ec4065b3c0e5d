"""What a signer signed: one line each, chained by hashes and signed, on disk before the signature is given.

Read back at a start, it is what the limits count. A last line that is not whole was never answered for: it goes. Who
may write the file can cut whole lines off its end; keep copies elsewhere. Not here: judging.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from eth_hash.auto import keccak

from open401k.base.faults import fault
from open401k.kernel import Open401kError

from ...keys import Key, signer_of
from ..codec import Json
from .policy import Before

_NOTHING: Final = bytes(32).hex()
#: Where a test may stop the process: what was judged, before and after the log has it.
BOUNDARIES: Final = ("signer.before_log", "signer.after_log")


class LogError(Open401kError):
    """A log that was changed, or that another process writes."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was signed; ``digest`` is what exactly."""

    number: int
    at: int
    what: str
    key: str
    digest: str
    about: Mapping[str, Json]


class SignedLog:
    """The log of one signer; one process writes it."""

    def __init__(self, path: Path, key: Key) -> None:
        self._path, self._key = path, key
        self._file = _mine(path)
        self._number, self._last = 0, _NOTHING
        self.before, self.newest = Before(), 0
        try:
            for line, text in _lines(path, _whole(self._file), key.address, every=False):
                self._read(line, text)
        except LogError:
            self._file.close()
            raise

    def append(self, at: int, what: str, key: bytes, digest: bytes, about: Mapping[str, Json]) -> None:
        """On disk before this returns."""
        told: dict[str, Json] = {
            "number": self._number + 1, "at": at, "what": what, "key": key.hex(), "digest": digest.hex(),
            "about": dict(about), "before": self._last,
        }  # fmt: skip
        body = _body(told)
        text = _body(told | {"signed": self._key.sign(keccak(body)).hex()})
        fault("signer.before_log")
        self._file.write(text + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        fault("signer.after_log")
        self._number, self._last = self._number + 1, keccak(text).hex()

    def _read(self, line: Line, text: bytes) -> None:
        self._number, self._last, self.newest = line.number, keccak(text).hex(), max(self.newest, line.at)
        rollover, cents = line.about.get("rollover"), line.about.get("cents")
        if line.what == "approve" and isinstance(rollover, str) and isinstance(cents, int):
            self.before.note(line.at, bytes.fromhex(rollover), cents)
        elif line.what == "batch":
            self.before.note_batch(line.at, _batch(line.about))
        else:
            self.before.note(line.at)

    def close(self) -> None:
        """Another process may write it then."""
        self._file.close()


def begin(path: Path) -> None:
    """A new log, readable by its owner alone."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def checked(path: Path, by: bytes) -> list[Line]:
    """Every line, its place in the chain and its signature looked at; :class:`LogError` names the first wrong one."""
    try:
        content = path.read_bytes()
    except OSError as why:
        raise LogError(f"{path} cannot be read: {why}.", fix="Name the log of a signer.") from None
    return [line for line, _ in _lines(path, content[: content.rfind(b"\n") + 1], by, every=True)]


def _mine(path: Path) -> IO[bytes]:
    try:
        file = path.open("r+b")
    except OSError as why:
        raise LogError(f"{path} cannot be opened: {why}.", fix="Make it: open401k node signer init") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise LogError(f"Another signer writes {path}.", fix="Stop it first: one process signs.") from None
    return file


def _batch(about: Mapping[str, Json]) -> list[tuple[bytes, int]]:
    rollovers, cents = about.get("rollovers"), about.get("cents")
    if not isinstance(rollovers, list) or not isinstance(cents, list):
        return []
    told = zip(rollovers, cents, strict=True)
    return [(bytes.fromhex(one), each) for one, each in told if isinstance(one, str) and isinstance(each, int)]


def _whole(file: IO[bytes]) -> bytes:
    """What is there; a last line that was never finished is cut off."""
    content = file.read()
    end = content.rfind(b"\n") + 1
    if end < len(content):
        file.truncate(end)
    file.seek(end)
    return content[:end]


def _lines(path: Path, content: bytes, by: bytes, *, every: bool) -> Iterator[tuple[Line, bytes]]:
    """Each with its text. Each hash is worked out; the last signature proves those before, unless ``every`` is."""
    texts = content.splitlines()
    before = _NOTHING
    for place, text in enumerate(texts, 1):
        try:
            told = json.loads(text)
            line = Line(*(told[name] for name in ("number", "at", "what", "key", "digest", "about")))
            signed, named = bytes.fromhex(told.pop("signed")), told["before"]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise _broken(path, place, "cannot be read") from None
        if named != before or line.number != place:
            raise _broken(path, place, "does not follow the one before it")
        if (every or place == len(texts)) and signer_of(keccak(_body(told)), signed) != by:
            raise _broken(path, place, "is not signed by the signer")
        before = keccak(text).hex()
        yield line, text


def _broken(path: Path, place: int, why: str) -> LogError:
    return LogError(f"{path}, line {place}: {why}.", fix="Restore the log from a copy, and find out who changed it.")


def _body(told: Mapping[str, Json]) -> bytes:
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
