"""Plan compensation as the file says it against what its pay codes give. Not here: limits on it (checks_limits)."""

from collections.abc import Iterator, Mapping

import numpy as np

from open401k.kernel import Money

from .cells import shown
from .chunks import Chunk
from .findings import Code, Finding, Severity
from .rows import Field, PayrollRow
from .standing import Expectation


def check(chunk: Chunk, expected: Expectation) -> Iterator[Finding]:
    """A note where the two are apart. What counts is the plan's: match, nonelective, limits and tests use it."""
    if not chunk.carries(Field.PLAN_COMPENSATION):
        return
    rows = chunk.rows
    said = np.array([row.plan_compensation_cents is not None for row in rows], dtype=np.bool_)
    if not said.any():
        return
    counted = np.array([expected.codes.pay_of(row) for row in rows], dtype=np.int64)
    sent = chunk.amounts[str(Field.PLAN_COMPENSATION)]
    for place in np.flatnonzero(said & (np.abs(sent - counted) > 1)).tolist():
        yield _apart(chunk, rows[place], int(sent[place]), int(counted[place]), expected)


def _apart(chunk: Chunk, row: PayrollRow, sent: int, counted: int, expected: Expectation) -> Finding:
    adds = expected.codes.plan_pay
    less = _listed({code: cents for code, cents in row.earnings if adds.get(code, 0) < 0})
    more = _listed({code: cents for code, cents in row.earnings if adds.get(code, 0) > 0})
    off = expected.codes.off_plan_pay
    taken = _listed({code: cents for code, cents in row.deductions if off.get(code)})
    less = ", ".join(each for each in (less, taken) if each)
    if less or more:
        codes = f" less {less}, which the plan does not count," if less else ""
        codes += f" and {more}, which counts but is not in gross pay," if more else ""
        why = f"gross pay of {Money(row.gross_cents)}{codes} is {Money(counted)}"
    elif row.earnings:
        why = f"all pay codes of the row count under the plan, which gives {Money(counted)}"
    else:
        why = f"the row does not split pay by code, so all of its gross pay of {Money(counted)} counts"
    reason = (
        f"The file says plan compensation of {Money(sent)}, {Money(abs(sent - counted))} {_side(sent, counted)}: {why}."
    )
    fix = (
        f"{Money(counted)} is used. If that is wrong, send pay by code, or say which code counts; else correct the"
        " column in payroll."
    )
    detail = (("counted_cents", str(counted)), ("sent_cents", str(sent)), ("difference_cents", str(sent - counted)))
    code, field = Code.PLAN_PAY_MISMATCH, Field.PLAN_COMPENSATION
    return chunk.finding(row, Severity.NOTE, code, reason, fix, field, detail=detail)


def _listed(codes: Mapping[str, int]) -> str:
    return ", ".join(f"{shown(code)} ({Money(cents)})" for code, cents in codes.items())


def _side(sent: int, counted: int) -> str:
    return "more than counts" if sent > counted else "less than counts"
