"""The API's own body into PayrollRow: the same cells, the same refusals, named by JSON path. Not here: HTTP."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from open401k.kernel import EmployeeId

from .. import cells as cell
from ..catalogue import CODES, CalledCode, written_codes
from ..findings import Code, Finding, Findings, Severity
from ..mapping import DateOrder
from ..rows import DATES, DEFERRALS, EMPLOYER_MONEY, REFERENCES, Field, PayrollRow, masked_ssn

#: The provider of runs whose stored bytes are this body.
API_PROVIDER = "open401k-api"

_SHARED_DATES = (Field.PAY_DATE, Field.PERIOD_START, Field.PERIOD_END)
_TEXTS = {
    Field.SSN: cell.ssn,
    Field.EMPLOYEE_ID: cell.text,
    Field.FIRST_NAME: cell.name,
    Field.LAST_NAME: cell.name,
    Field.EMPLOYER_EIN: cell.ein,
    **dict.fromkeys(REFERENCES, cell.text),
}
_MONEY = (Field.GROSS, Field.PLAN_COMPENSATION, Field.FICA_WAGES, *DEFERRALS, *EMPLOYER_MONEY)
#: What a line may say: whole cents; cells, with the attribute they fill and how they are read; loans and earnings.
_CENT_KEYS = frozenset(f"{field}_cents" for field in _MONEY)
_CELLS = {str(field): (str(field), field) for field in (*_TEXTS, *DATES)} | {"hours": ("hours_hundredths", Field.HOURS)}
_PAIRS = {"loans": ("loan_payments", "loan_id"), "earnings": ("earnings", "code"), "deductions": ("deductions", "code")}
_HOURS_BY_CODE = "hours_by_code"
_LINE_KEYS = frozenset({*_CENT_KEYS, *_CELLS, *_PAIRS, _HOURS_BY_CODE})
_day = cell.date_parser(DateOrder.ISO)
_hours = cell.hours_parser()
_MOST_CENTS = 10**14


def read_json(
    body: Mapping[str, Any], findings: Findings, *, no_contributions: bool = False
) -> Iterator[list[PayrollRow]]:
    """Rows of ``{"pay_date": ..., "lines": [{"employee_id" | "ssn": ..., "pre_tax_cents": ...}]}``, in chunks.

    Amounts are whole cents, days ISO text, hours text such as "80.25". Problems go to ``findings``, named
    ``rows[3].pre_tax_cents``; a line with one gives no row. ``no_contributions`` says expressly that no line is meant.
    """
    lines = body.get("lines")
    if no_contributions and lines == []:
        return
    if not isinstance(lines, Sequence) or isinstance(lines, str) or not lines:
        reason = "The body has no lines."
        findings.add(
            Finding(
                Severity.REJECT,
                Code.FILE_NO_ROWS,
                reason,
                "Send at least one line in `lines`, or say `no_contributions`.",
            )
        )
        return
    shared: dict[str, Any] = {}
    for field in _SHARED_DATES:
        _take(shared, str(field), body.get(str(field)), field, str(field), None, findings)
    chunk = []
    for place, line in enumerate(lines):
        row = _line(place, line, shared, findings)
        if row is not None:
            chunk.append(row)
        if len(chunk) == 2_000:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def period_of(body: Mapping[str, Any]) -> tuple[date | None, date | None]:
    """The pay period of a body without lines, whose rows would say it."""
    start, end = (body.get(str(field)) for field in (Field.PERIOD_START, Field.PERIOD_END))
    return _day(start) if start else None, _day(end) if end else None


def as_json(
    rows: Sequence[PayrollRow],
    *,
    pay_date: date,
    period_start: date | None,
    period_end: date | None,
    codes: Sequence[CalledCode] = (),
) -> dict[str, Any]:
    """The body that :func:`read_json` reads back into the same rows; what a row does not say is left out.

    ``codes`` are what payroll calls its codes, where it tells that.
    """
    shared = {"pay_date": pay_date, "period_start": period_start, "period_end": period_end}
    said = {key: day.isoformat() for key, day in shared.items() if day is not None}
    called = {CODES: written_codes(codes)} if codes else {}
    return {**said, **called, "lines": [_said(row) for row in rows]}


def _said(row: PayrollRow) -> dict[str, Any]:
    line: dict[str, Any] = {str(field): getattr(row, field) for field in _TEXTS if getattr(row, field)}
    for field in DATES - set(_SHARED_DATES):
        if (day := getattr(row, field)) is not None:
            line[str(field)] = day.isoformat()
    for field in _MONEY:
        if (cents := getattr(row, f"{field}_cents")) is not None:
            line[f"{field}_cents"] = cents
    if row.hours_hundredths is not None:
        line["hours"] = _written_hours(row.hours_hundredths)
    if row.loan_payments:
        line["loans"] = [{"loan_id": name, "cents": cents} for name, cents in row.loan_payments]
    if row.earnings:
        line["earnings"] = [{"code": name, "cents": cents} for name, cents in row.earnings]
    if row.deductions:
        line["deductions"] = [{"code": name, "cents": cents} for name, cents in row.deductions]
    if row.earnings_hours:
        line[_HOURS_BY_CODE] = [{"code": name, "hours": _written_hours(each)} for name, each in row.earnings_hours]
    return line


def _written_hours(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _line(place: int, line: Any, shared: Mapping[str, Any], findings: Findings) -> PayrollRow | None:
    before = findings.total
    path, number = f"rows[{place}]", place + 1
    if not isinstance(line, Mapping):
        findings.add(_refused(Code.AMOUNT_FORMAT, "A line is an object.", path, number, ""))
        return None
    values: dict[str, Any] = dict(shared)
    for key, value in line.items():
        if value is None and key in _LINE_KEYS:
            continue
        if key in _CENT_KEYS:
            if type(value) is int and 0 <= value < _MOST_CENTS:
                values[key] = value
            else:
                _cents(values, key, value, f"{path}.{key}", number, findings)
        elif key in _CELLS:
            target, field = _CELLS[key]
            _take(values, target, value, field, f"{path}.{key}", number, findings)
        elif key in _PAIRS:
            target, name = _PAIRS[key]
            values[target] = _pairs(value, name, f"{path}.{key}", number, findings)
        elif key == _HOURS_BY_CODE:
            values["earnings_hours"] = _hours_of(value, f"{path}.{key}", number, findings)
        else:
            findings.add(_refused(Code.HEADER_UNKNOWN, f"There is no field {key!r}.", f"{path}.{key}", number, ""))
    if not _is_id(values.get("employee_id", "")):
        reason = "This is not an employee id of ours: emp_ and 32 hexadecimal digits."
        findings.add(_refused(Code.PERSON_UNKNOWN, reason, f"{path}.employee_id", number, values["employee_id"]))
    if not any(values.get(each) for each in ("ssn", "employee_id", "employee_number")):
        findings.add(_refused(Code.SSN_INVALID, "The line names nobody.", f"{path}.employee_id", number, ""))
    if findings.total > before:
        return None
    return PayrollRow(row=number, line=number, **values)


def _is_id(text: str) -> bool:
    """Whether it could be one of our employees; blank is nobody, which is asked elsewhere."""
    try:
        return not text or bool(EmployeeId.parse(text))
    except ValueError:
        return False


def _take(
    values: dict[str, Any], key: str, value: Any, field: Field, path: str, number: int | None, findings: Findings
) -> None:
    if value is None:
        return
    parse = _TEXTS.get(field) or (_hours if field is Field.HOURS else _day)
    if isinstance(value, date) and field in DATES:
        values[key] = value
        return
    if not isinstance(value, str):
        findings.add(_refused(Code.DATE_FORMAT if field in DATES else Code.NAME_FORMAT, "Text.", path, number, value))
        return
    try:
        values[key] = parse(value)
    except cell.CellError as problem:
        shown = masked_ssn(value) if field is Field.SSN else value
        findings.add(_refused(problem.code, problem.reason, path, number, shown, problem.fix))


def _cents(values: dict[str, Any], key: str, value: Any, path: str, number: int, findings: Findings) -> None:
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        findings.add(_refused(Code.AMOUNT_FORMAT, "Amounts are whole cents, as a JSON integer.", path, number, value))
    elif value < 0:
        findings.add(_refused(Code.AMOUNT_NEGATIVE, "An amount cannot be negative.", path, number, value))
    elif value >= _MOST_CENTS:
        findings.add(_refused(Code.AMOUNT_IMPLAUSIBLE, "No paycheck is this large.", path, number, value))
    else:
        values[key] = value


def _pairs(value: Any, name: str, path: str, number: int, findings: Findings) -> tuple[tuple[str, int], ...]:
    """Loans and earnings: ``[{"loan_id": ..., "cents": ...}]``."""
    pairs = []
    for place, item in enumerate(value if isinstance(value, list) else []):
        found: dict[str, Any] = {}
        entry = item if isinstance(item, Mapping) else {}
        _take(found, "name", entry.get(name), Field.EMPLOYEE_ID, f"{path}[{place}].{name}", number, findings)
        _cents(found, "cents", entry.get("cents"), f"{path}[{place}].cents", number, findings)
        if len(found) == 2:
            pairs.append((found["name"], found["cents"]))
        else:
            findings.add(_refused(Code.AMOUNT_MISSING, f"It has {name} and cents.", f"{path}[{place}]", number, ""))
    if value is not None and not isinstance(value, list):
        findings.add(_refused(Code.AMOUNT_FORMAT, "It is a list.", path, number, ""))
    return tuple(pairs)


def _hours_of(value: Any, path: str, number: int, findings: Findings) -> tuple[tuple[str, int], ...]:
    """Hours by code: ``[{"code": "OT", "hours": "4.50"}]``."""
    if not isinstance(value, list):
        findings.add(_refused(Code.HOURS_FORMAT, "It is a list.", path, number, ""))
        return ()
    worked = []
    for place, item in enumerate(value):
        found: dict[str, Any] = {}
        entry = item if isinstance(item, Mapping) else {}
        _take(found, "code", entry.get("code"), Field.EMPLOYEE_ID, f"{path}[{place}].code", number, findings)
        _take(found, "hours", entry.get("hours"), Field.HOURS, f"{path}[{place}].hours", number, findings)
        if found.get("hours") is None or not found.get("code"):
            findings.add(_refused(Code.HOURS_FORMAT, "It has code and hours.", f"{path}[{place}]", number, ""))
        else:
            worked.append((found["code"], found["hours"]))
    return tuple(worked)


def _refused(code: Code, reason: str, path: str, number: int | None, value: Any, fix: str = "") -> Finding:
    fix = fix or "See the API reference for the form of a payroll line."
    shown = cell.shown(str(value))
    return Finding(Severity.REJECT, code, reason, fix, row=number, line=number, column=path, value_masked=shown)
