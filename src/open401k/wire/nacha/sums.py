"""Counts, hashes and totals of batches and files, and whether the controls say the same. Not here: single fields."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..problems import Problem
from .records import AchFile, Batch, Record

#: A hash keeps its last ten digits.
_HASH = 10**10


@dataclass(frozen=True, slots=True)
class Sums:
    """What a control must say."""

    count: int = 0
    hash: int = 0
    debit_cents: int = 0
    credit_cents: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.count + other.count,
            (self.hash + other.hash) % _HASH,
            self.debit_cents + other.debit_cents,
            self.credit_cents + other.credit_cents,
        )


def sums_of(batch: Batch) -> Sums:
    """Entries and addenda counted, first eight digits of the receiving banks added up, debits and credits."""
    return Sums(
        sum(1 + len(entry.addenda) for entry in batch.entries),
        sum(entry.record.whole("rdfi") for entry in batch.entries) % _HASH,
        sum(entry.cents for entry in batch.entries if entry.is_debit),
        sum(entry.cents for entry in batch.entries if not entry.is_debit),
    )


def sums_of_all(batches: Iterable[Batch]) -> Sums:
    """Of a file."""
    total = Sums()
    for batch in batches:
        total += sums_of(batch)
    return total


def check_batch_control(batch: Batch) -> Iterator[Problem]:
    """The control of a batch against its header and entries."""
    control, header = batch.control, batch.header
    if control is None:
        return
    yield from _differences(control, sums_of(batch))
    for name in ("service_class", "odfi", "number"):
        if control[name] != header[name]:
            yield _wrong(control, name, control[name], header[name])
    # Blank in international batches; where it is given it must agree.
    if control.has("company_id") and control["company_id"] and control["company_id"] != header["company_id"]:
        yield _wrong(control, "company_id", control["company_id"], header["company_id"])


def check_file_control(file: AchFile) -> Iterator[Problem]:
    """The file's control against its batches and its length in blocks of ten records."""
    control = file.control
    if control is None:
        return
    yield from _differences(control, sums_of_all(file.batches))
    if control.whole("batches") != len(file.batches):
        yield _wrong(control, "batches", control["batches"], str(len(file.batches)))
    filled = sum(1 for line in file.filler if line.strip())
    blocks = -(-(sum(1 for _ in file.records()) + filled) // 10)
    if control.whole("blocks") != blocks:
        yield _wrong(control, "blocks", control["blocks"], str(blocks))


def _differences(control: Record, sums: Sums) -> Iterator[Problem]:
    for name in ("count", "hash", "debit_cents", "credit_cents"):
        counted = getattr(sums, name)
        if control.whole(name) != counted:
            yield _wrong(control, name, str(control.whole(name)), str(counted))


def _wrong(record: Record, name: str, said: str, expected: str) -> Problem:
    reason = f"{said!r} in the control, {expected!r} from the records."
    return Problem(f"record {record.number}", name, reason, "Ask the sender for the file again.")
