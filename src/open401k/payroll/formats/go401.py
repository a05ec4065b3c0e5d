"""401GO's published submit-payroll body into PayrollRow, and problems in the shape of its errors. Not here: HTTP.

Published at developer.401go.com (payroll integration, API errors): a line names a participant, whose id here is that
of the employee; ``gross_pay`` is pay eligible for the plan, ``post_tax_amount`` is Roth, ``company_contribution`` the
match. Loans come without numbers: principal and interest of one loan can be told, two loans of one line cannot.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

from open401k.kernel import EmployeeId

from ..rows import Field, PayrollRow

Place: TypeAlias = tuple[str | int, ...]

_LINES = "payroll_lines"
_BODY = frozenset({"check_date", "pay_period_start", "pay_period_end", "is_off_cycle", _LINES})
_ANSWERED = frozenset({"ach_date", "pre_tax_percent", "post_tax_percent"})  # its own answer, sent back
_MONEY = ("gross_pay", "pre_tax_amount", "post_tax_amount", "company_contribution", "gross_pay_ytd", "hours_ytd")
_LINE = frozenset({"participant_id", "hours", "other_additions", *_MONEY})
_LOAN_PARTS = ("Loan Principal", "Loan Interest")
_DECIMAL = re.compile(r"(\d{0,10})(?:\.(\d{0,2}))?", re.ASCII)
#: Where a finding of ours about a field stands in such a body.
_PLACES: Mapping[str, str] = {
    **dict.fromkeys(map(str, (Field.PRE_TAX, Field.PRE_TAX_CATCH_UP)), "pre_tax_amount"),
    **dict.fromkeys(map(str, (Field.ROTH, Field.ROTH_CATCH_UP)), "post_tax_amount"),
    **dict.fromkeys(map(str, (Field.GROSS, Field.PLAN_COMPENSATION)), "gross_pay"),
    **dict.fromkeys(map(str, (Field.LOAN_PAYMENT, Field.LOAN_REF)), "other_additions"),
    str(Field.MATCH): "company_contribution",
    str(Field.HOURS): "hours",
}
_TOP: Mapping[str, str] = {
    str(Field.PAY_DATE): "check_date",
    str(Field.PERIOD_START): "pay_period_start",
    str(Field.PERIOD_END): "pay_period_end",
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """Something of a body that does not fit: where, why, and what to do."""

    place: Place
    reason: str
    fix: str


@dataclass(slots=True)
class Submitted:
    """A body as it was read; with a misfit, nothing of it is to be used."""

    check_date: date | None = None
    pay_period_start: date | None = None
    pay_period_end: date | None = None
    is_off_cycle: bool = False
    rows: list[PayrollRow] = field(default_factory=list)
    misfits: list[Misfit] = field(default_factory=list)

    def amiss(self, place: Place, reason: str, fix: str) -> None:
        self.misfits.append(Misfit(place, reason, fix))


def read_submitted(body: Any) -> Submitted:
    """Rows of ``{"check_date": ..., "payroll_lines": [{"participant_id": ..., "gross_pay": "2000.00", ...}]}``.

    Amounts are text, or whole numbers; a JSON reader has to keep fractions as text (``parse_float=str``).
    """
    found = Submitted()
    if not isinstance(body, Mapping):
        found.amiss((), "The body is not an object.", "Send a JSON object with check_date and payroll_lines.")
        return found
    _known(found, (), body, _BODY)
    for name in ("check_date", "pay_period_start", "pay_period_end"):
        setattr(found, name, _day(found, name, body.get(name)))
    found.is_off_cycle = body.get("is_off_cycle") is True
    if body.get("is_off_cycle") not in (None, True, False):
        found.amiss(("is_off_cycle",), "Must be a valid boolean.", "Send true or false.")
    lines = body.get(_LINES)
    if not isinstance(lines, Sequence) or isinstance(lines, str) or not lines:
        found.amiss((_LINES,), "There are no payroll lines.", "Send one line for each participant who was paid.")
        return found
    for number, line in enumerate(lines):
        _read_line(found, number, line)
    if found.misfits:
        found.rows.clear()
    return found


def _read_line(found: Submitted, number: int, line: Any) -> None:
    place: Place = (_LINES, number)
    before = len(found.misfits)
    if not isinstance(line, Mapping):
        found.amiss(place, "A payroll line is an object.", "Send participant_id, hours and gross_pay.")
        return
    _known(found, place, line, _LINE)
    for name in ("participant_id", "hours", "gross_pay"):
        if line.get(name) is None:
            found.amiss((*place, name), "This field is required.", f"Send {name}.")
    who = _participant(found, (*place, "participant_id"), line.get("participant_id"))
    hours = _hundredths(found, (*place, "hours"), line.get("hours"), most=4)
    cents = {name: _hundredths(found, (*place, name), line.get(name)) for name in _MONEY}
    loan = _loan(found, (*place, "other_additions"), line.get("other_additions"))
    for name, part, whole in (("gross_pay_ytd", "gross_pay", cents["gross_pay"]), ("hours_ytd", "hours", hours)):
        year = cents[name]
        if year is not None and whole is not None and year < whole:
            found.amiss((*place, name), f"The year to date is less than {part} alone.", f"Correct {name} or {part}.")
    if len(found.misfits) > before:
        return
    found.rows.append(
        PayrollRow(
            row=number + 1,  # as rows of our own body are kept and found again
            line=number + 1,
            employee_id=who,
            pay_date=found.check_date,
            period_start=found.pay_period_start,
            period_end=found.pay_period_end,
            hours_hundredths=hours,
            gross_cents=cents["gross_pay"] or 0,
            pre_tax_cents=cents["pre_tax_amount"] or 0,
            roth_cents=cents["post_tax_amount"] or 0,
            match_cents=cents["company_contribution"],
            loan_payments=(("", loan),) if loan else (),
        )
    )


def _known(found: Submitted, place: Place, given: Mapping[str, Any], names: frozenset[str]) -> None:
    """A name that is not published may be one of these, misspelt: it is not read over."""
    for name in given:
        if name not in names and name not in _ANSWERED:
            found.amiss((*place, str(name)), "There is no such field.", f"Use: {', '.join(sorted(names))}.")


def _participant(found: Submitted, place: Place, value: Any) -> str:
    if value is None:
        return ""
    try:
        return str(EmployeeId.parse(value if isinstance(value, str) else ""))
    except ValueError:
        fix = "Use the employee's id as it is here: emp_ and 32 hexadecimal digits."
        found.amiss(place, "This is no participant of this company.", fix)
        return ""


def _day(found: Submitted, name: str, value: Any) -> date | None:
    if value is None:
        if name == "check_date":
            found.amiss((name,), "This field is required.", "Send the pay date.")
        return None
    try:
        return date.fromisoformat(value if isinstance(value, str) and len(value) == 10 else "")
    except ValueError:
        found.amiss((name,), "Date has wrong format.", "Write it as YYYY-MM-DD.")
        return None


def _hundredths(found: Submitted, place: Place, value: Any, *, most: int = 10) -> int | None:
    """Cents or hundredths of hours, exactly; None where nothing is said."""
    if value is None:
        return None
    text = str(value) if type(value) is int else value if isinstance(value, str) else "?"
    if text.startswith("-"):
        found.amiss(place, "It cannot be negative.", "Send a reversed paycheck as a correction of its payroll.")
        return None
    parts = _DECIMAL.fullmatch(text)
    whole, rest = (parts[1], parts[2] or "") if parts else ("", "")
    if not whole + rest or len(whole) > most:
        fix = f"Write it like 1234.50: up to {most} digits before the point, two behind it, as text."
        found.amiss(place, "A valid number is required.", fix)
        return None
    return int(whole or "0") * 100 + int(rest.ljust(2, "0"))


def _loan(found: Submitted, place: Place, value: Any) -> int:
    """What is repaid of the one loan that a line can tell; two of them would be added up and credited to one."""
    if value is None:
        return 0
    if not isinstance(value, list):
        found.amiss(place, "Expected a list of items.", "Send a list of additional_amount and other_type.")
        return 0
    total, seen = 0, set()
    for number, each in enumerate(value):
        part = each if isinstance(each, Mapping) else {}
        _known(found, (*place, number), part, frozenset({"additional_amount", "other_type"}))
        kind = part.get("other_type")
        if kind not in _LOAN_PARTS:
            found.amiss((*place, number, "other_type"), "Not a valid choice.", f"Use {' or '.join(_LOAN_PARTS)}.")
        elif kind in seen:
            fix = "Send loans in another shape that names them: POST /v1/payroll-runs."
            found.amiss((*place, number, "other_type"), f"{kind} twice: which loan is meant cannot be told.", fix)
        seen.add(str(kind))
        amount = part.get("additional_amount")
        if amount is None:
            found.amiss((*place, number, "additional_amount"), "This field is required.", "Send the amount.")
        total += _hundredths(found, (*place, number, "additional_amount"), amount) or 0
    return total


def place_of(row: int | None, column: str) -> Place:
    """Where a finding about a row (from 1) and a field of ours, or its path, stands in such a body."""
    name = column.rpartition(".")[2].removesuffix("_cents")
    if name in _TOP:
        return (_TOP[name],)
    if row is None or row < 1:
        return ()
    return (_LINES, row - 1, _PLACES.get(name, "participant_id"))


def errors_of(problems: Iterable[Misfit]) -> dict[str, Any]:
    """The published envelope: pairs nested as the body is; lines without an error are empty objects.

    >>> errors_of([Misfit(("check_date",), "Date has wrong format.", "Write it as YYYY-MM-DD.")])["check_date"]
    {'user_error_message': 'Date has wrong format.', 'developer_error_detail': 'Write it as YYYY-MM-DD.'}
    """
    tree: dict[str | int, Any] = {}
    for each in problems:
        node = tree
        for step in each.place:
            node = node.setdefault(step, {})
        node.setdefault(None, []).append(each)  # type: ignore[call-overload]
    shaped = _shaped(tree)
    return shaped if isinstance(shaped, dict) else {_LINES: shaped}


def _shaped(node: Mapping[Any, Any]) -> Any:
    said: list[Misfit] = node.get(None, [])
    below = {step: _shaped(each) for step, each in node.items() if step is not None}
    if below and all(isinstance(step, int) for step in below):
        return [below.get(number, {}) for number in range(max(below) + 1)]
    if not said:
        return below
    reasons = " ".join(dict.fromkeys(each.reason for each in said))
    fixes = " ".join(dict.fromkeys(each.fix for each in said if each.fix))
    return {"user_error_message": reasons, "developer_error_detail": fixes or None} | below
