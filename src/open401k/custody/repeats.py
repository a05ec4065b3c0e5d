"""Money that two statements tell of: an early notice and the statement after it, or two exports that overlap.

Pure decisions. Not here: which payroll a line pays (matching.py).
"""

import re
from collections.abc import Iterable
from datetime import date

from open401k.wire import BankLine

from .ids import StatementId
from .statements import Line

_WORDS = re.compile(r"[A-Z0-9]{3,}")


def told_before(lines: Iterable[Line], waiting: Iterable[Line]) -> frozenset[tuple[StatementId, int]]:
    """Those of ``waiting`` that another statement has told, by statement and number; ``lines`` are all of the plan.

    The same money has the same day, the same sum, and words of which one statement has all that the other has. Two
    payments that look alike stand on one statement twice: so the second such line of a statement repeats only the
    second such line of another. What has its place comes first, then what waits, in the order of its statements.
    """
    alike: dict[tuple[date, int], list[Line]] = {}
    names = frozenset((each.statement_id, each.line_no) for each in waiting)
    for each in sorted(lines, key=lambda each: (each.statement_id, each.line_no) in names):
        alike.setdefault((each.line.booked_on, each.line.cents), []).append(each)
    return names & {name for group in alike.values() if len(group) > 1 for name in _repeated(group)}


def _repeated(group: list[Line]) -> Iterable[tuple[StatementId, int]]:
    for at, line in enumerate(group):
        earlier: dict[StatementId, int] = {}
        for other in group[:at]:
            if _same_words(other.line, line.line):
                earlier[other.statement_id] = earlier.get(other.statement_id, 0) + 1
        mine = earlier.pop(line.statement_id, 0)
        if any(count > mine for count in earlier.values()):
            yield line.statement_id, line.line_no


def _same_words(one: BankLine, other: BankLine) -> bool:
    """Whether one says all that the other says, and both say something."""
    first, second = _words(one), _words(other)
    return bool(first and second) and (first <= second or second <= first)


def _words(line: BankLine) -> frozenset[str]:
    return frozenset(_WORDS.findall(" ".join((*line.references, line.counterparty, line.text)).upper()))
