"""Pay lines on file against the hash that the audit trail carries of them. Not here: recording them (pay_lines.py)."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from open401k.base import audit
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, RunId, SponsorId

from . import _brought_store, _deductions_store, _pay_store, _wages_store

#: What the audit trail calls the recording of lines; ``after`` holds how many, and their hash.
RECORDED: Final = "census.pay_lines_recorded"


def lines_hash(
    employees: Sequence[EmployeeId],
    columns: Mapping[str, Sequence[int] | Sequence[int | None]],
    earnings: Iterable[tuple[int, str, int]],
) -> str:
    """One hash over every line by its number, and over its earnings by line and code, added up."""
    numbers = columns["line_no"]
    order = sorted(range(len(numbers)), key=lambda place: numbers[place] or 0)
    digest = hashlib.sha256(b"".join([employees[place].uuid.bytes for place in order]))
    for name, column in columns.items():
        digest.update(f"{name}{[column[place] for place in order]}".encode())
    parts: dict[tuple[int, str], int] = defaultdict(int)
    for line_no, code, cents in earnings:
        parts[line_no, code] += cents
    digest.update(str(sorted(parts.items())).encode())
    return digest.hexdigest()


def fica_told(lines: Iterable[int]) -> list[tuple[int, str, int]]:
    """That FICA wages of lines are payroll's own, beside earnings in their hash: no code is without a letter."""
    return [(line_no, "", 1) for line_no in lines]


def employed_by(lines: Iterable[tuple[int, str]]) -> list[tuple[int, str, int]]:
    """Employers of lines beside earnings in their hash: no code holds the sign between."""
    return [(line_no, f"employer\x1f{ein}", 1) for line_no, ein in lines]


def taken_off(deductions: Iterable[tuple[int, str, int]]) -> list[tuple[int, str, int]]:
    """Deductions beside earnings in their hash: no code holds the sign between."""
    return [(line_no, f"deduction\x1f{code}", cents) for line_no, code, cents in deductions]


_HEAD: Final = ("plan", "pay_date", "replaces", "brought", "period")


def _head(row: _pay_store.RunRow) -> dict[str, Any]:
    """What the audit trail says of a run besides its lines."""
    period = [row.period_start.isoformat(), row.period_end.isoformat()]
    return {
        "plan": str(row.plan_id),
        "pay_date": row.pay_date.isoformat(),
        "replaces": None if row.replaces is None else str(row.replaces),
        "brought": row.brought or None,
        "period": period if row.brought else None,
    }


def changed_lines(tx: Tx, *, tenant_id: SponsorId) -> Iterator[tuple[RunId, str]]:
    """The runs whose lines or earnings are not what was recorded, and how; every amount, hours too, is in the hash."""
    for row in _pay_store.runs(tx, tenant_id=tenant_id):
        told = [each for each in audit.entries(tx, tenant_id=tenant_id, subject=row.run_id) if each.action == RECORDED]
        recorded: list[dict[str, Any]] = [each.after for each in reversed(told) if isinstance(each.after, dict)]
        lines = _pay_store.lines_on_file(tx, tenant_id=tenant_id, run_id=row.run_id)
        earnings = _pay_store.earnings_on_file(tx, tenant_id=tenant_id, run_id=row.run_id)
        earnings += fica_told(_pay_store.fica_told_on_file(tx, tenant_id=tenant_id, run_id=row.run_id))
        earnings += taken_off(_deductions_store.deductions_on_file(tx, tenant_id=tenant_id, run_id=row.run_id))
        earnings += employed_by(_wages_store.employers_on_file(tx, tenant_id=tenant_id, run_id=row.run_id))
        if row.brought:
            besides = _brought_store.amounts_on_file(tx, tenant_id=tenant_id, runs=[row.run_id.uuid])
            earnings += [(line_no, name, cents) for _, line_no, name, cents in besides]
        if any(_head(row) != {name: each.get(name) for name in _HEAD} for each in recorded):
            yield row.run_id, "its plan, days or predecessor are not as they were recorded"
        expected = sum(each["lines"] for each in recorded)
        if len(lines) != expected:
            yield row.run_id, f"{len(lines)} lines are on file, {expected} were recorded"
            continue
        start = 0
        for each in recorded:
            part = lines[start : start + each["lines"]]
            start += each["lines"]
            numbers = {line.line_no for line in part}
            columns = {"line_no": [line.line_no for line in part]} | {
                name: [line.amounts[place] for line in part] for place, name in enumerate(_pay_store.AMOUNTS)
            }
            of_part = [earning for earning in earnings if earning[0] in numbers]
            if lines_hash([line.employee_id for line in part], columns, of_part) != each["sha256"]:
                yield row.run_id, f"of {len(part)} lines some are not as they were recorded"
