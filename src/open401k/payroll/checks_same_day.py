"""What a payroll changes of the money of other payrolls of its pay date. Not here: its own money (checks_limits)."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from open401k.kernel import Money, Source

from .chunks import Chunk
from .findings import Code, Finding, Hold, Severity
from .rows import Field
from .standing import Expectation

_FIELDS: Final = {Source.PRE_TAX: Field.PRE_TAX, Source.ROTH: Field.ROTH, Source.AFTER_TAX: Field.AFTER_TAX}
#: The books' reasons that look at a whole pay date, so that a later payroll can move money of an earlier one.
_RULES: Final = {
    "pay_code_unconfirmed": (Code.PAY_CODE_UNCONFIRMED, "money of a row whose pay code waits", "see Pay codes"),
    "over_limit": (Code.LIMIT_402G, "the year's deferrals", "IRC 402(g), 414(v)"),
    "catch_up_must_be_roth": (Code.LIMIT_ROTH_CATCHUP, "catch-up that must be Roth", "IRC 414(v)(7)"),
    "over_additions": (Code.LIMIT_415, "the year's additions", "IRC 415(c)"),
}


def check(chunk: Chunk, expected: Expectation) -> Iterator[tuple[Finding, Hold]]:
    """A finding for each source of which more waits, or less, than the row itself brings."""
    for (source, why), column in chunk.standing.moved.items():
        code, what, rule = _RULES[why]
        if code is Code.LIMIT_402G and expected.terms.most_bps_of_pay is not None:
            code, rule = Code.LIMIT_PLAN, f"the plan's limit, {rule}"
        cents = chunk.of_standing(column)
        for place in np.flatnonzero(cents).tolist():
            row, moved = chunk.rows[place], int(cents[place])
            yield (
                _finding(chunk, place, source, moved, code, f"{what} ({rule})"),
                Hold(row.row, row.key, source, moved, code),
            )


def _finding(chunk: Chunk, place: int, source: Source, cents: int, code: Code, why: str) -> Finding:
    of = f"{Money(abs(cents))} of {source.replace('_', '-')} money of the other payroll of this day"
    if chunk.rows[place].row in chunk.standing.again:
        of = of.replace("the other payroll of this day", "the person's other rows")
    if cents > 0:
        severity, reason = Severity.HOLD, f"With this row, {of} waits as well: {why}."
        fix = "Return it, or send this row with less."
    else:
        severity, reason = Severity.NOTE, f"With this row, {of} no longer waits but is credited: {why}."
        fix = "Nothing to do: posting this payroll credits it."
    detail = (("moved_cents", str(cents)),)
    return chunk.finding(chunk.rows[place], severity, code, reason, fix, _FIELDS[source], detail=detail)
