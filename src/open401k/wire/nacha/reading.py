"""Reads a NACHA file: lines to records, batches, entries, addenda; then proves it. Not here: what a field must say."""

from dataclasses import dataclass, field

from ..problems import Problem, Unreadable
from .checks import check_file, check_record
from .codes import RETURNS
from .layouts import CLASSES, entry_layout, fields_of
from .records import AchFile, Batch, Entry, Record
from .split import Line, split


def read(
    data: bytes, *, fragment: bool = False, more_return_codes: frozenset[str] = frozenset()
) -> AchFile | Unreadable:
    """Read a whole file, or say all that is wrong with it.

    ``fragment`` takes what some banks send as returns: no file header, no controls; its totals prove nothing, so
    it is asked for expressly. ``more_return_codes`` are codes that a bank has agreed to beside those of the rules.
    """
    lines, problems, notes = split(data)
    if problems:
        return Unreadable.because(problems)
    reader = _Reader(fragment=fragment)
    for line in lines:
        reader.take(line)
    file = reader.finish(notes)
    problems, more = reader.problems, list[Problem]()
    if not problems:
        problems, more = check_file(file, fragment=fragment, return_codes=RETURNS.keys() | more_return_codes)
    if problems:
        return Unreadable.because(problems)
    return AchFile(file.header, file.batches, file.control, file.filler, (*notes, *more))


@dataclass(slots=True)
class _Reader:
    """Where the reading stands: at most one batch is open, and at most one entry of it."""

    fragment: bool
    header: Record | None = None
    control: Record | None = None
    batches: list[Batch] = field(default_factory=list)
    filler: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _batch: Record | None = None
    _entries: list[Entry] = field(default_factory=list)
    _addenda: list[Record] = field(default_factory=list)
    _entry: Record | None = None

    def take(self, line: Line) -> None:
        """One line, by its first column and what came before."""
        if self.control is not None:
            self._fill(line)
            return
        takers = {"1": self._file_header, "5": self._batch_header, "6": self._take_entry, "7": self._take_addenda}
        takers |= {"8": self._batch_control, "9": self._file_control}
        taker = takers.get(line.text[0])
        if taker is None:
            said = "The record is empty." if not line.text.strip() else f"{line.text[0]!r} is no type of record."
            self._wrong(line, "type", said, "A record begins with 1, 5, 6, 7, 8 or 9.")
            return
        taker(line)

    def finish(self, notes: list[Problem]) -> AchFile:
        """The file as read; what is missing at its end is a problem."""
        if self._batch is not None:
            self._close(None)
        if self.control is None and not self.fragment:
            last = sum(1 for _ in self._all()) + 1
            self.problems.append(Problem(f"record {last}", "type", "The file ends without its control (9).", _AGAIN))
        return AchFile(self.header, tuple(self.batches), self.control, tuple(self.filler), tuple(notes))

    def _all(self) -> list[Record]:
        return list(AchFile(self.header, tuple(self.batches), None).records())

    def _file_header(self, line: Line) -> None:
        if line.number != 1:
            self._wrong(line, "type", "A second file header.", "Send each file by itself.")
            return
        self.header = self._record(line, "file_header")

    def _batch_header(self, line: Line) -> None:
        if self._batch is not None:
            self._close(line)
        if self.header is None and not self.fragment:
            self._wrong(line, "type", "The file has no header (1).", _AGAIN)
            self.fragment = True  # told once
        # A notice of change about an international entry says so in the field of the company's name.
        international = line.text[50:53] == "IAT" or line.text[4:20].strip() == "IATCOR"
        self._batch = self._record(line, "iat_batch_header" if international else "batch_header")
        if self._batch["sec"] not in CLASSES:
            self._wrong(line, "sec", f"{self._batch['sec']!r} is no standard entry class.", "Classes are upper case.")

    def _take_entry(self, line: Line) -> None:
        if self._batch is None:
            self._wrong(line, "type", "An entry (6) outside of a batch.", _AGAIN)
            return
        self._seal()
        international = self._batch.layout == "iat_batch_header"
        self._entry = self._record(line, entry_layout(self._batch["sec"], international=international))

    def _take_addenda(self, line: Line) -> None:
        if self._entry is None or self._batch is None:
            self._wrong(line, "type", "An addenda record (7) without an entry.", _AGAIN)
            return
        kind = line.text[1:3]
        international = self._batch.layout == "iat_batch_header"
        layout = "iat_addenda_99" if kind == "99" and international else f"addenda_{kind}"
        if kind not in _ADDENDA:
            self._wrong(line, "addenda_type", f"{kind!r} is no type of addenda.", _AGAIN)
            return
        self._addenda.append(self._record(line, layout))

    def _batch_control(self, line: Line) -> None:
        if self._batch is None:
            self._wrong(line, "type", "A batch control (8) without a batch.", _AGAIN)
            return
        layout = "adv_batch_control" if self._batch["sec"] == "ADV" else "batch_control"
        self._end(self._record(line, layout))

    def _file_control(self, line: Line) -> None:
        if self._batch is not None:
            self._close(line)
        advices = any(batch.sec == "ADV" for batch in self.batches)
        if self.header is None and not self.fragment:
            self._wrong(line, "type", "The file has no header (1).", _AGAIN)
        self.control = self._record(line, "adv_file_control" if advices else "file_control")

    def _fill(self, line: Line) -> None:
        if line.text.strip(" ").strip("9"):
            self._wrong(line, "type", "A record behind the file's control.", "Send each file by itself.")
        self.filler.append(line.written)

    def _close(self, line: Line | None) -> None:
        """The open batch ends without a control."""
        if not self.fragment and self._batch is not None:
            where = line.where if line else f"record {self._batch.number}"
            self.problems.append(Problem(where, "type", "The batch before has no control (8).", _AGAIN))
        self._end(None)

    def _end(self, control: Record | None) -> None:
        self._seal()
        if self._batch is not None:
            self.batches.append(Batch(self._batch, tuple(self._entries), control))
        self._batch, self._entries = None, []

    def _seal(self) -> None:
        if self._entry is not None:
            self._entries.append(Entry(self._entry, tuple(self._addenda)))
        self._entry, self._addenda = None, []

    def _record(self, line: Line, layout: str) -> Record:
        values = tuple(line.text[each.start : each.stop] for each in fields_of(layout))
        record = Record(layout, values, line.number, line.width, line.ending)
        self.problems.extend(check_record(record))
        return record

    def _wrong(self, line: Line, name: str, reason: str, fix: str) -> None:
        self.problems.append(Problem(line.where, name, reason, fix))


_ADDENDA = frozenset(["02", "05", *(f"{kind}" for kind in range(10, 19)), "98", "99"])
_AGAIN = "Ask the bank for the file again."
