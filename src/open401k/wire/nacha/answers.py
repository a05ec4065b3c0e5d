"""What came back of a file that was sent: returns (99) and notices of change (98). Not here: what a plan does then."""

from dataclasses import dataclass

from .codes import CHANGES, RETURNS
from .layouts import fields_of
from .records import AchFile, Entry, Record


@dataclass(frozen=True, slots=True)
class Return:
    """An entry that a bank sent back: ``trace`` is that of the original, by which it is found again."""

    trace: str
    code: str
    meaning: str
    cents: int
    individual_id: str
    record: int


@dataclass(frozen=True, slots=True)
class Change:
    """What a bank asks to change before the next entry. Fields that stay are None; accounts are not printed."""

    trace: str
    code: str
    meaning: str
    record: int
    routing: str | None = None
    account: str | None = None
    transaction_code: int | None = None
    text: str | None = None
    individual_id: str = ""

    def __repr__(self) -> str:
        return f"Change({self.code}, {self.trace}, {self.meaning})"


def returns(file: AchFile) -> list[Return]:
    """All returns of a file, in order."""
    found = []
    for entry in file.entries:
        for each in entry.addenda:
            if each["addenda_type"] == "99":
                code, meaning = each["return_code"], RETURNS.get(each["return_code"], "a code agreed with the bank")
                person = _individual_id(entry)
                found.append(Return(each["original_trace"], code, meaning, entry.cents, person, each.number))
    return found


def changes(file: AchFile) -> list[Change]:
    """All notices of change of a file, in order."""
    return [_change(entry, each) for entry in file.entries for each in entry.addenda if each["addenda_type"] == "98"]


def _individual_id(entry: Entry) -> str:
    return entry.record["individual_id"] if entry.record.has("individual_id") else ""


#: Change code -> where routing number, account and transaction code stand in the 29 columns of corrected data.
_WHERE: dict[str, tuple[slice | None, slice | None, slice | None]] = {
    "C01": (None, slice(0, 17), None),
    "C02": (slice(0, 9), None, None),
    "C03": (slice(0, 9), slice(12, 29), None),
    "C05": (None, None, slice(0, 2)),
    "C06": (None, slice(0, 17), slice(20, 22)),
    "C07": (slice(0, 9), slice(9, 26), slice(26, 28)),
}


def _change(entry: Entry, record: Record) -> Change:
    code, corrected = record["change_code"], _whole(record, "corrected")
    routing, account, kind = (corrected[at].strip() if at else None for at in _WHERE.get(code, (None, None, None)))
    return Change(
        trace=record["original_trace"],
        code=code,
        meaning=CHANGES[code],
        record=record.number,
        routing=routing or None,
        account=account or None,
        transaction_code=int(kind) if kind and kind.isdigit() else None,
        text=None if code in _WHERE else corrected.strip(),
        individual_id=_individual_id(entry),
    )


def _whole(record: Record, name: str) -> str:
    """A field with its blanks: within corrected data the place counts."""
    return next(v for f, v in zip(fields_of(record.layout), record.values, strict=True) if f.name == name)
