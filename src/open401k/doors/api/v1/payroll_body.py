"""The bytes of a payroll's rows by which a repeat is recognized, now and before. Not here: keeping answers.

What is not given was not in a body before there was such a thing, so it is left out of the bytes. A field that is
added belongs into ``_LATER`` or ``_ROW_LATER``, and keys used before it keep their answers. Editions of us wrote some
fields given or not; keys of theirs are recognized by :func:`bodies_of_before`.
"""

from collections.abc import Collection, Iterator
from typing import Any

from open401k.census import Side

from .models import NewPayrollRun
from .payroll_models import EarningIn, PayCodeIn, PayrollRowIn

#: Members of the whole that came later.
_LATER = ("second_run_reason", "control_totals", "no_contributions", "codes")
#: Fields of a row that came later, in the order in which they came; the last of each edition stands in ``_EDITIONS``.
_ROW_LATER = (
    "earnings", "loans",
    "employee_number", "employer_ein", "pay_group", "employment_status", "leave_start", "leave_end",
    "fica_wages",
    "deductions",
)  # fmt: skip
_EDITIONS = ("loans", "leave_end", "fica_wages", "deductions")
#: From this edition on the hours of an earning were in the bytes, given or not.
_HOURS_SINCE = "leave_end"


def body_of(sent: NewPayrollRun) -> bytes:
    """The bytes of a body, without all that came later and is not given."""
    return _written(sent, written=(), hours=False)


def bodies_of_before(sent: NewPayrollRun) -> Iterator[bytes]:
    """The bytes that earlier editions kept of the same body."""
    for last in reversed(_EDITIONS):
        written = _ROW_LATER[: _ROW_LATER.index(last) + 1]
        yield _written(sent, written=written, hours=_HOURS_SINCE in written)


def _written(sent: NewPayrollRun, *, written: Collection[str], hours: bool) -> bytes:
    without: dict[str, Any] = {name: True for name in _LATER if not getattr(sent, name)}
    later = [name for name in _ROW_LATER if name not in written]
    rows = {place: left for place, row in enumerate(sent.rows) if (left := _left_out(row, later, hours=hours))}
    codes = {place: {"side": True} for place, code in enumerate(sent.codes) if _of_earnings(code)}
    without |= {"rows": rows} if rows else {}
    without |= {"codes": codes} if codes else {}
    return sent.model_dump_json(exclude=without).encode()


def _left_out(row: PayrollRowIn, later: Collection[str], *, hours: bool) -> dict[str, Any]:
    left: dict[str, Any] = {name: True for name in later if not getattr(row, name)}
    silent = {} if hours else {place: {"hours": True} for place, each in enumerate(row.earnings) if _no_hours(each)}
    return left | ({"earnings": silent} if silent else {})


def _no_hours(earning: EarningIn) -> bool:
    return earning.hours is None


def _of_earnings(code: PayCodeIn) -> bool:
    return code.side is Side.EARNING
