"""What a signer signed: one line each, chained by hashes and signed, on disk before the signature is given.

A file that is full is put aside under the number of its last line, and the next begins with a line that has its last
hash: the chain goes over the edge. Read back at a start, as far as a day, it is what the limits count. A last line that
is not whole was never answered for: it goes. Who may write the files can cut whole lines off the end; keep copies
elsewhere. Not here: judging.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from eth_hash.auto import keccak

from open401k.base.faults import fault
from open401k.kernel import Open401kError

from ...keys import Key, signer_of
from ..codec import Json
from .policy import DAY, Before

_NOTHING: Final = bytes(32).hex()
#: Where a test may stop the process: what was judged, before and after the log has it; around putting a file aside.
BOUNDARIES: Final = (
    "signer.before_log", "signer.after_log", "signer.next_made", "signer.put_aside", "signer.next_begun",
)  # fmt: skip
#: Bytes of one file, after which the next begins.
USUAL_SIZE: Final = 16 * 1024 * 1024
#: The line with which a file begins that goes on from another.
GOES_ON: Final = "goes_on"
_NUMBER: Final = 12
#: Longer than any rollover stands.
_LONGEST: Final = 366 * DAY


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
    #: The hash of the line before it.
    before: str


class SignedLog:
    """The log of one signer; one process writes it. ``most``: bytes of a file."""

    def __init__(self, path: Path, key: Key, *, most: int = USUAL_SIZE) -> None:
        self._path, self._key, self._most = path, key, most
        self._file = _mine(path)
        self._number, self._last, self._is_torn = 0, _NOTHING, False
        self.before, self.newest = Before(), 0
        try:
            self._read_back()
        except LogError:
            self._file.close()
            raise

    def append(self, at: int, what: str, key: bytes, digest: bytes, about: Mapping[str, Json]) -> None:
        """On disk before this returns."""
        if self._file.tell() >= self._most:
            self._go_on(at)
        text = self._line(at, what, key.hex(), digest.hex(), about)
        fault("signer.before_log")
        self._write_whole(text)
        fault("signer.after_log")
        self._number, self._last = self._number + 1, keccak(text).hex()

    def close(self) -> None:
        """Another process may write it then."""
        self._file.close()

    def _line(self, at: int, what: str, key: str, digest: str, about: Mapping[str, Json]) -> bytes:
        told: dict[str, Json] = {
            "number": self._number + 1, "at": at, "what": what, "key": key, "digest": digest,
            "about": dict(about), "before": self._last,
        }  # fmt: skip
        return _body(told | {"signed": self._key.sign(keccak(_body(told))).hex()})

    def _write_whole(self, text: bytes) -> None:
        """A line that cannot be written whole (a full disk) is cut off again: it was never answered for."""
        if self._is_torn:
            raise LogError(f"{self._path} has a line that was not finished.", fix="Start the signer anew.")
        end = self._file.tell()
        try:
            _write(self._file, text)
        except OSError:
            self._is_torn = True
            self._file.truncate(end)
            self._file.seek(end)
            os.fsync(self._file.fileno())
            self._is_torn = False
            raise

    def _go_on(self, at: int) -> None:
        """Put the file aside and begin the next: whole under another name first, so that a stop loses no line."""
        aside, made = _aside(self._path, self._number), _next(self._path)
        if aside.exists():
            raise LogError(f"{aside} is there already.", fix="Find out who put it there; nothing is signed until then.")
        made.unlink(missing_ok=True)  # of a process that stopped before it put anything aside
        begin(made)
        file = _locked(made)
        ended: dict[str, Json] = {one.hex(): until for one, until in self.before.ended.items()}
        text = self._line(at, GOES_ON, "", "", {"file": aside.name, "ended": ended})
        try:
            _write(file, text)
            fault("signer.next_made")
            self._path.rename(aside)
            fault("signer.put_aside")
            _take_place(made, self._path)
            fault("signer.next_begun")
        except BaseException:
            file.close()
            raise
        self._file.close()
        self._file, self._number, self._last = file, self._number + 1, keccak(text).hex()

    def _read_back(self) -> None:
        """Our file, and those before it as far as a day."""
        content = _whole(self._file)
        found = list(_lines(self._path, content, self._key.address, every=False))
        if not found and _asides(self._path):
            raise _broken(self._path, 1, "is not there, and files before it are")
        aside = _asides(self._path)
        while found and found[0][0].number > 1 and found[0][0].at > found[-1][0].at - DAY:
            first = found[0][0].number
            before = next((each for each in aside if _last_of(each) == first - 1), None)
            if before is None:
                raise LogError(
                    f"{self._path} goes on from line {first - 1}, and its file of the last day is not there.",
                    fix=f"Put {_aside(self._path, first - 1).name} back beside it: limits count its lines.",
                )
            more = list(_lines(before, before.read_bytes(), self._key.address, every=False))
            if not more:
                raise _broken(before, 1, "is not there")
            _refuse_gap(self._path, more, found)
            found = more + found
        for line, text in found:
            self._read(line, text)

    def _read(self, line: Line, text: bytes) -> None:
        self._number, self._last, self.newest = line.number, keccak(text).hex(), max(self.newest, line.at)
        rollover, cents = line.about.get("rollover"), line.about.get("cents")
        if line.what == GOES_ON:
            self.before.ended |= _ended(line.about)
        elif line.what == "abort" and isinstance(rollover, str):
            until = line.about.get("until")  # lines of before have none
            deadline = until if isinstance(until, int) else line.at + _LONGEST
            self.before.note_end(line.at, bytes.fromhex(rollover), deadline)
        elif line.what == "approve" and isinstance(rollover, str) and isinstance(cents, int):
            self.before.note(line.at, bytes.fromhex(rollover), cents)
        elif line.what == "batch":
            self.before.note_batch(line.at, _batch(line.about))
        else:
            self.before.note(line.at)


def begin(path: Path) -> None:
    """A new log, readable by its owner alone."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def checked(path: Path, by: bytes, *, after: int = 0) -> list[Line]:
    """Every line of every file, its place in the chain and its signature; :class:`LogError` names the first wrong one.

    ``after``: files up to this line are kept elsewhere.
    """
    found: list[tuple[Line, bytes]] = []
    files = [each for each in _asides(path) if _last_of(each) > after]
    for each in [*files, path if path.exists() else _next(path)]:
        try:
            content = each.read_bytes()
        except OSError as why:
            raise LogError(f"{each} cannot be read: {why}.", fix="Name the log of a signer.") from None
        more = list(_lines(each, content[: content.rfind(b"\n") + 1], by, every=True))
        if found:
            _refuse_gap(each, found, more)
        elif more and more[0][0].number != after + 1:
            raise LogError(
                f"{each} begins with line {more[0][0].number}, and files with those before it are not there.",
                fix=f"Put them beside it, or say that they are elsewhere: --after {more[0][0].number - 1}.",
            )
        found += more
    return [line for line, _ in found]


def _refuse_gap(at: Path, before: Sequence[tuple[Line, bytes]], then: Sequence[tuple[Line, bytes]]) -> None:
    """One file goes on where the other ended; ``at`` is named if it does not."""
    (last, text), first = before[-1], then[0][0] if then else None
    if first is None or first.number != last.number + 1 or first.before != keccak(text).hex():
        raise _broken(at, 1, "does not go on from the file before it")


def _aside(path: Path, last: int) -> Path:
    """How a file is called once it is put aside: by the number of its last line."""
    return path.with_name(f"{path.name}.{last:0{_NUMBER}}")


def _asides(path: Path) -> list[Path]:
    """Files that were put aside, oldest first."""
    found = path.parent.glob(f"{path.name}.{'[0-9]' * _NUMBER}")
    return sorted(found)


def _last_of(aside: Path) -> int:
    return int(aside.suffix[1:])


def _next(path: Path) -> Path:
    """The next file, while it is made."""
    return path.with_name(f"{path.name}.next")


def _take_place(made: Path, path: Path) -> None:
    made.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(file: IO[bytes], text: bytes) -> None:
    left = text + b"\n"
    while left:
        left = left[file.write(left) :]
    os.fsync(file.fileno())


def _mine(path: Path) -> IO[bytes]:
    """The file, ours alone; where a process stopped once it had put one aside, the next takes its place."""
    made = _next(path)
    if not path.exists() and made.exists():
        file = _locked(made)
        _take_place(made, path)
        return file
    return _locked(path)


def _locked(path: Path) -> IO[bytes]:
    try:
        file = path.open("r+b", buffering=0)  # nothing of a line that failed may wait for the next
    except OSError as why:
        raise LogError(f"{path} cannot be opened: {why}.", fix="Make it: open401k node signer init") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_there = os.fstat(file.fileno()).st_ino == path.stat().st_ino  # or it was put aside meanwhile
    except OSError:
        is_there = False
    if not is_there:
        file.close()
        raise LogError(f"Another signer writes {path}.", fix="Stop it first: one process signs.") from None
    return file


def _ended(about: Mapping[str, Json]) -> dict[bytes, int]:
    told = about.get("ended")
    found = told.items() if isinstance(told, dict) else ()
    return {bytes.fromhex(one): until for one, until in found if isinstance(until, int)}


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
    """Each with its text. Each hash is worked out; the last signature proves those before, unless ``every`` is.

    A file that goes on from another begins with the line that says so; whether it does, who has both looks.
    """
    texts = content.splitlines()
    before, number = _NOTHING, 0
    for place, text in enumerate(texts, 1):
        try:
            told = json.loads(text)
            line = Line(*(told[name] for name in ("number", "at", "what", "key", "digest", "about", "before")))
            signed = bytes.fromhex(told.pop("signed"))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise _broken(path, place, "cannot be read") from None
        if place == 1 and line.what == GOES_ON and isinstance(line.number, int):
            before, number = line.before, line.number - 1
        if line.before != before or line.number != number + 1:
            raise _broken(path, place, "does not follow the one before it")
        if (every or place == len(texts)) and signer_of(keccak(_body(told)), signed) != by:
            raise _broken(path, place, "is not signed by the signer")
        before, number = keccak(text).hex(), number + 1
        yield line, text


def _broken(path: Path, place: int, why: str) -> LogError:
    return LogError(f"{path}, line {place}: {why}.", fix="Restore the log from a copy, and find out who changed it.")


def _body(told: Mapping[str, Json]) -> bytes:
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
