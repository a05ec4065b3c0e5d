"""Whether the cells of one row slid: seen by the person's last payroll, and by the match of everybody else.

A row that has its length still, with a cell gone in one place and an empty one in another, is read without a word: what
was Roth money stands under pre-tax. Where an election is on file it is held against that, and nothing is asked here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from open401k.kernel import Money

from .chunks import Chunk
from .findings import MOST_LISTED, Code, Finding, Severity
from .rows import Field
from .standing import UNKNOWN, Cents

_Bools = NDArray[np.bool_]

_DEFERRED = (Field.PRE_TAX, Field.ROTH)
_PLACES = [(one, other) for one in _DEFERRED for other in (*_DEFERRED, Field.MATCH) if one is not other]
#: Of so many rows with a match one may be wrong: where more are, payroll counts the match otherwise.
_OTHERS = 10
#: A part of pay that changed by less than one in so many is a raise, an hour, a rounding.
_SLIGHT = 5
#: Hours of a monthly pay period stay below this, taken for dollars: 31 days of less than 13 hours.
_HOURS_AS_CENTS = 400_00
_NOBODY = np.zeros(0, dtype=np.bool_)
_MATCH = "its match, almost alone in the file, is not the plan's"
_HOURS = "the row, almost alone in the file, has no hours"
_FIX = "If a cell of the row is missing or too many, correct the file; if these are the right amounts, confirm."


@dataclass(slots=True)
class _Sign:
    """Rows that show it, and among how many; of a long file not every finding is made."""

    rows: int = 0
    among: int = 0
    found: list[Finding] = field(default_factory=list)

    def look(self, rows: _Bools, among: _Bools, made: Callable[[int], Finding]) -> None:
        self.among += int(among.sum())
        self.rows += int(rows.sum())
        self.found += [made(place) for place in np.flatnonzero(rows)[: MOST_LISTED - len(self.found)].tolist()]

    @property
    def is_of_few(self) -> bool:
        return _few(self.rows, self.among)


@dataclass(slots=True)
class SlidWatch:
    """Takes in the rows of a file, and says at its end of which a person has to look: of few; else it is no row."""

    _moved: _Sign = field(default_factory=_Sign)
    _by_match: _Sign = field(default_factory=_Sign)
    _by_hours: _Sign = field(default_factory=_Sign)
    _mismatched: int = 0

    def add(self, chunk: Chunk) -> None:
        """Hold rows of a file against the last payroll of their people; those of an API name each amount."""
        if chunk.mapping is None:
            return
        before, now = _columns(chunk)
        told, wrong = _match(chunk)
        there = (before[Field.GROSS] > 0) & (chunk.places >= 0)
        asked, among = there & ~_elected(chunk), there
        for one, other in _PLACES:
            if chunk.carries(one) and chunk.carries(other):
                moved = asked & (now[one] == before[other]) & (now[one] > 0)
                moved &= (now[one] != before[one]) & (now[other] != before[other])
                if other is Field.MATCH:
                    moved &= wrong
                self._moved.look(moved, among, partial(_stands, chunk, one, other, now))
                asked, among = asked & ~moved, _NOBODY
        alone = asked & wrong & _changed(before, now)
        self._mismatched += int(wrong.sum())
        self._by_match.look(alone, told, partial(_alone, chunk, before, now, _MATCH))
        timed = there & np.array([bool(row.hours_hundredths) for row in chunk.rows], dtype=np.bool_)
        lost = there & ~timed & ~alone & _is_hours(before, now)
        lost &= chunk.of_standing(chunk.standing.ytd_hours_hundredths) > 0
        self._by_hours.look(lost, timed, partial(_alone, chunk, before, now, _HOURS))

    def findings(self) -> list[Finding]:
        """Amounts that stand elsewhere; who is paid or defers otherwise and alone has a wrong match, or no hours."""
        matched = self._by_match.among
        by_match = _few(self._mismatched, matched) and self._mismatched < matched
        by_hours = self._by_hours.is_of_few and self._by_hours.rows < self._by_hours.among
        found = [
            *(self._moved.found if self._moved.is_of_few else ()),
            *(self._by_match.found if by_match else ()),
            *(self._by_hours.found if by_hours else ()),
        ]
        return list({each.row: each for each in reversed(found)}.values())


def _few(rows: int, among: int) -> bool:
    return rows <= max(1, among // _OTHERS)


def _columns(chunk: Chunk) -> tuple[dict[Field, Cents], dict[Field, Cents]]:
    standing = chunk.standing
    before = {
        Field.GROSS: chunk.of_standing(standing.previous_gross),
        Field.PRE_TAX: chunk.of_standing(standing.previous_pre_tax),
        Field.ROTH: chunk.of_standing(standing.previous_roth),
        Field.MATCH: chunk.of_standing(standing.previous_match),
    }
    now = {name: chunk.amounts[str(name)] for name in before}
    for each in _DEFERRED:  # as the last payroll is told: what is coded as catch-up is among it
        now[each] = now[each] + chunk.amounts[f"{each}_catch_up"]
    return before, now


def _elected(chunk: Chunk) -> _Bools:
    standing = chunk.standing
    known = [
        chunk.of_standing(each, default=UNKNOWN) != UNKNOWN
        for each in (standing.elected_pre_tax, standing.elected_roth)
        if len(each)
    ]
    return np.logical_or.reduce(known) if known else np.zeros(len(chunk.rows), dtype=np.bool_)


def _match(chunk: Chunk) -> tuple[_Bools, _Bools]:
    """Of which rows the file says a match, or the plan gives one; of which it says another."""
    computed = chunk.of_standing(chunk.standing.computed_match, default=UNKNOWN)
    said = [row.match_cents is not None or row.safe_harbor_match_cents is not None for row in chunk.rows]
    told: _Bools = np.array(said, dtype=np.bool_) & (computed != UNKNOWN)
    sent = chunk.amounts["match"] + chunk.amounts["safe_harbor_match"]
    return told & ((computed > 0) | (sent > 0)), told & (np.abs(sent - computed) > 1)


def _changed(before: dict[Field, Cents], now: dict[Field, Cents]) -> _Bools:
    """Whose part of pay that is deferred is another than in the last payroll, and not slightly."""
    changed = np.zeros(len(before[Field.GROSS]), dtype=np.bool_)
    for each in _DEFERRED:
        was, is_ = before[each] * now[Field.GROSS], now[each] * before[Field.GROSS]
        changed |= np.abs(is_ - was) * _SLIGHT > np.maximum(was, is_)
    return changed


def _is_hours(before: dict[Field, Cents], now: dict[Field, Cents]) -> _Bools:
    """Whose pay, or of the same pay a deferral, is another amount that could be hours."""

    def other(name: Field) -> _Bools:
        found: _Bools = (now[name] != before[name]) & (now[name] > 0) & (now[name] <= _HOURS_AS_CENTS)
        return found

    paid = now[Field.GROSS] != before[Field.GROSS]
    deferred: _Bools = np.logical_or.reduce([other(each) for each in _DEFERRED])
    found: _Bools = other(Field.GROSS) | (~paid & deferred)
    return found


def _stands(chunk: Chunk, one: Field, other: Field, now: dict[Field, Cents], place: int) -> Finding:
    cents = _dollars(int(now[one][place]))
    reason = f"{cents} stand where the last payroll had them under {_label(chunk, other)}: cells may have slid."
    return chunk.finding(chunk.rows[place], Severity.NOTE, Code.ROW_SLID, reason, _FIX, one, confirm=True)


def _alone(chunk: Chunk, before: dict[Field, Cents], now: dict[Field, Cents], sign: str, place: int) -> Finding:
    one = max((*_DEFERRED, Field.GROSS), key=lambda each: abs(int(now[each][place] - before[each][place])))
    was, is_ = int(before[one][place]), int(now[one][place])
    reason = f"{_dollars(is_)} where the last payroll had {_dollars(was)}, and {sign}: cells may have slid."
    return chunk.finding(chunk.rows[place], Severity.NOTE, Code.ROW_SLID, reason, _FIX, one, confirm=True)


def _label(chunk: Chunk, field: Field) -> str:
    return chunk.mapping.label(field) if chunk.mapping else str(field)


def _dollars(cents: int) -> str:
    return str(Money(cents))
