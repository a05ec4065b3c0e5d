"""Proves a NACHA file that was read: every field, count, hash and total. Not here: the controls' sums (sums.py)."""

from collections.abc import Iterator, Set
from datetime import date

from ..problems import Problem
from .codes import CHANGES, CREDITS, DEBITS, PRENOTES, TRANSACTIONS, check_digit
from .layouts import fields_of
from .records import AchFile, Batch, Entry, Record
from .sums import check_batch_control, check_file_control

#: Never repeated in a message.
_PRIVATE = frozenset({"account", "individual_id", "name", "corrected", "information", "bank_id"})
_DATES = frozenset({"created_on", "effective_on", "date_of_death"})
_CLASSES = frozenset({"200", "220", "225", "280"})
_PARTIES = ("10", "11", "12", "13", "14", "15", "16")


def check_record(record: Record) -> Iterator[Problem]:
    """Each field by its kind: digits where digits must be, and dates that exist."""
    for field, value in zip(fields_of(record.layout), record.values, strict=True):
        blank = not value.strip(" ")
        odd = next((at for at, each in enumerate(value) if not " " <= each <= "~"), None)
        if odd is not None:
            told = f"the byte {ord(value[odd]):#04x} in column {field.start + odd + 1} is no printable ASCII."
            yield problem(record, field.name, told, "Remove it.")
        elif field.kind == "n" and not (value.isascii() and value.isdigit()):
            yield problem(record, field.name, f"{_shown(field.name, value)} is not {field.width} digits.")
        elif field.kind == "o" and not blank and not value.strip(" ").isdigit():
            yield problem(record, field.name, f"{_shown(field.name, value)} is neither blank nor digits.")
        elif field.name in _DATES and not blank and value.strip("0") and not _is_day(value):
            yield problem(record, field.name, f"{value!r} is no day (YYMMDD).")


def check_file(file: AchFile, *, fragment: bool, return_codes: Set[str]) -> tuple[list[Problem], list[Problem]]:
    """Problems, and what is unusual and harmless."""
    problems: list[Problem] = []
    notes: list[Problem] = []
    if file.header is not None:
        problems.extend(_file_header(file.header))
        notes.extend(_reserved(file))
    for batch in file.batches:
        problems.extend(_batch(batch, return_codes))
        notes.extend(_unusual(batch))
        if batch.control is not None:
            problems.extend(check_batch_control(batch))
    if file.control is not None:
        problems.extend(check_file_control(file))
        if not file.batches:
            notes.append(Problem("record 1", "file", "The file has no batch: nothing happened."))
        if not file.filler and sum(1 for _ in file.records()) % 10:
            notes.append(problem(file.control, "blocks", "The file is not filled up with nines to whole blocks."))
    elif fragment:
        notes.append(Problem("record 1", "file", "No file control: the totals of this fragment prove nothing."))
    return problems, notes


def problem(record: Record, field: str, reason: str, fix: str = "Ask the sender for the file again.") -> Problem:
    """A problem of one record."""
    return Problem(f"record {record.number}", field, reason, fix)


def _file_header(record: Record) -> Iterator[Problem]:
    for name, expected in (("priority", "01"), ("record_size", "094"), ("blocking", "10"), ("format", "1")):
        if record[name] != expected:
            yield problem(record, name, f"{record[name]!r}, {expected!r} expected.")
    if not record["destination"] or not record["origin"]:
        yield problem(record, "destination", "Destination or origin is blank.")


def _batch(batch: Batch, return_codes: Set[str]) -> Iterator[Problem]:
    service = batch.header["service_class"]
    if service not in _CLASSES:
        yield problem(batch.header, "service_class", f"{service!r} is none of 200, 220, 225, 280.")
    if (service == "280") != (batch.sec == "ADV"):
        yield problem(batch.header, "service_class", f"{service!r} does not go with {batch.sec}.")
    if not batch.entries:
        yield problem(batch.header, "record", "The batch has no entry.")
    last = ""
    for entry in batch.entries:
        yield from _entry(batch, entry)
        yield from _addenda(batch, entry, return_codes)
        if entry.trace and entry.trace <= last:
            yield problem(entry.record, "trace", "Trace numbers of a batch must rise.")
        last = entry.trace or last


def _entry(batch: Batch, entry: Entry) -> Iterator[Problem]:
    record = entry.record
    if entry.code not in TRANSACTIONS:
        yield problem(record, "code", f"{record['code']} is no transaction code.")
    service, side = batch.header["service_class"], "debit" if entry.is_debit else "credit"
    wrong_side = service == (CREDITS if entry.is_debit else DEBITS)
    if wrong_side and not _sent_back(batch, entry):
        yield problem(record, "code", f"A {side} ({entry.code}) in a batch of class {service}.")
    if check_digit(record["rdfi"]) != record["check_digit"]:
        right = check_digit(record["rdfi"])
        yield problem(record, "check_digit", f"{record['check_digit']} for {record['rdfi']}, {right} expected.")
    if entry.code in PRENOTES and entry.cents and not _sent_back(batch, entry):
        yield problem(record, "cents", f"{entry.cents} cents in a prenote ({entry.code}), 0 expected.")
    if record["addenda_indicator"] not in ("0", "1"):
        yield problem(record, "addenda_indicator", f"{record['addenda_indicator']!r}, 0 or 1 expected.")
    elif (record["addenda_indicator"] == "1") != bool(entry.addenda):
        said = f"{record['addenda_indicator']}, but {len(entry.addenda)} addenda records follow."
        yield problem(record, "addenda_indicator", said)
    counted = record.layout == "entry_of_many" and not _sent_back(batch, entry)
    if counted and record.whole("addenda_count") != len(entry.addenda):
        said = f"{record['addenda_count']} told, {len(entry.addenda)} records follow."
        yield problem(record, "addenda_count", said)


def _sent_back(batch: Batch, entry: Entry) -> bool:
    """A return or a notice of change: its batch keeps the class, and its entry the amount, of the one it answers."""
    return batch.sec == "COR" or any(each["addenda_type"] in ("98", "99") for each in entry.addenda)


def _addenda(batch: Batch, entry: Entry, return_codes: Set[str]) -> Iterator[Problem]:
    kinds = [each["addenda_type"] for each in entry.addenda]
    if batch.international:
        missing = [kind for kind in _PARTIES if kind not in kinds]
        if missing:
            yield problem(entry.record, "addenda", f"Addenda {', '.join(missing)} of an IAT entry are missing.")
    for each in entry.addenda:
        kind = each["addenda_type"]
        if kind == "99" and each["return_code"] not in return_codes:
            said = f"{each['return_code']!r} is no return code of the rules."
            yield problem(each, "return_code", said, "Agree on the code with the bank, or ask for the file again.")
        elif kind == "98" and each["change_code"] not in CHANGES:
            yield problem(each, "change_code", f"{each['change_code']!r} is no change code of the rules.")
        elif kind not in ("98", "99") and (kind in _INTERNATIONAL) != batch.international:
            yield problem(each, "addenda_type", f"Addenda {kind} do not go with {batch.sec}.")
        if each.has("entry_sequence") and entry.trace[-7:] != each["entry_sequence"]:
            said = f"{each['entry_sequence']} belongs to another entry than {entry.trace[-7:]}."
            yield problem(each, "entry_sequence", said)
    if batch.sec == "COR" and kinds.count("98") != 1:
        yield problem(entry.record, "addenda", "A notice of change needs one addenda record 98.")


def _unusual(batch: Batch) -> Iterator[Problem]:
    for entry in batch.entries:
        if entry.trace and not entry.trace.startswith(batch.header["odfi"]):
            yield problem(entry.record, "trace", "Begins with another bank than the batch.", "")
        counted = [each["sequence"] for each in entry.addenda if each.has("sequence") and each["addenda_type"] != "18"]
        if counted != [f"{at:04}" for at in range(1, len(counted) + 1)]:
            yield problem(entry.record, "addenda", "The addenda records are not numbered from 1 without a gap.", "")


def _reserved(file: AchFile) -> Iterator[Problem]:
    for record in file.records():
        for field, value in zip(fields_of(record.layout), record.values, strict=True):
            if field.kind == "r" and value.strip():
                yield problem(record, field.name, "Something stands in a reserved field.", "")
    if file.header is not None and not file.header["modifier"]:
        yield problem(file.header, "modifier", "The file's modifier is blank.", "")


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(f"20{value[:2]}-{value[2:4]}-{value[4:]}")
    except ValueError:
        return False
    return True


def _shown(name: str, value: str) -> str:
    return "What stands there" if name in _PRIVATE else repr(value)


_INTERNATIONAL = frozenset(f"{kind}" for kind in range(10, 19))
