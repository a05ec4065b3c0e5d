"""Deduction codes of a file that nobody has confirmed, or that behave otherwise than when they were.

As code_watch.py does for codes of earnings, which calls this. Not here: what they may be (deduction_proposals.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from open401k.census import DeductionWord, Doubted, Side

from .code_asked import called_otherwise, unconfirmed
from .code_proposals import most_of, parts_in
from .deduction_proposals import COLUMNS, ELECTED, PLAN_MONEY, SeenDeduction, propose_deduction
from .findings import Finding
from .mapping import Mapping as Layout
from .rows import Field, PayrollRow
from .standing import Standing

NEW, FICA, AMOUNT, NAME, TYPE = "new", "fica", "amount", "name", "type"
_WHY: Final = {
    NEW: "nobody has said what it is for",
    FICA: "FICA wages and its amounts no longer add up as when it was confirmed",
    AMOUNT: "its amounts are of another order than when it was confirmed",
    NAME: "it is called otherwise than when it was confirmed",
    TYPE: "its provider types it otherwise than when it was confirmed",
}
_NO_ACCOUNT: Final = "Money of this plan belongs into its own column: under a code it reaches no account."


@dataclass(slots=True)
class DeductionWatch:
    """Looks at the deductions of rows; the same row looked at again gives the same answer and is counted once."""

    words: Mapping[str, DeductionWord] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)  # of each code, as the file calls it
    types: Mapping[str, str] = field(default_factory=dict)  # of each code, as its provider types it
    seen: dict[str, SeenDeduction] = field(default_factory=dict)
    _compared: int = -1

    def look(self, row: PayrollRow) -> tuple[Doubted, ...]:
        """The codes of a row that is new here which are in doubt, each with why."""
        taken = _taken(row)
        split = _Split(row, taken)
        doubted = []
        for code, cents in taken.items():
            if why := self._why(code, cents, split):
                doubted.append(Doubted(Side.DEDUCTION, code, why))
                self._count(code, why, cents, split)
        return tuple(doubted)

    def _why(self, code: str, cents: int, split: "_Split") -> str:
        """Why the code is in doubt; empty where it is not."""
        word = self.words.get(code)
        if word is None:
            return NEW
        then = word.evidence
        if not then:
            return ""
        if then.get("off_fica_seen") is not None and split.off_fica(code) not in (None, then["off_fica_seen"]):
            return FICA
        most = most_of(then)
        if most is not None and abs(cents) > most:
            return AMOUNT
        if called_otherwise(code, self.names, then):
            return NAME
        return TYPE if then.get("type") and self.types.get(code, then["type"]) != then["type"] else ""

    def _count(self, code: str, why: str, cents: int, split: "_Split") -> None:
        seen = self.seen.get(code)
        if seen is None:
            seen = self.seen[code] = SeenDeduction(code, self.names.get(code, ""), self.types.get(code, ""), why)
        seen.rows += 1
        seen.cents += cents
        seen.most_cents = max(seen.most_cents, abs(cents))
        off = split.off_fica(code)
        seen.off_fica += off is True
        seen.on_fica += off is False
        for column in COLUMNS.values():
            if cents and getattr(split.row, f"{column}_cents") == cents:
                seen.as_told[column] = seen.as_told.get(column, 0) + 1

    def compare(self, rows: Sequence[PayrollRow], standing: Standing) -> None:
        """Hold codes in doubt against what the plan knows of the people of these rows: their elections and loans."""
        if not self.seen or not len(standing):
            return
        for row in rows:
            if row.row <= self._compared:
                continue
            self._compared = row.row
            place = standing.place.get(row.key)
            if place is not None:
                for code, cents in _taken(row).items():
                    if code in self.seen:
                        _compare(self.seen[code], cents, place, standing)

    def findings(self, layout: Layout | None, rows: int) -> Iterator[Finding]:
        """A question for each code in doubt, with whom and how much it is about and what it seems to be."""
        for seen in self.told(rows):
            proposal = propose_deduction(seen)
            also = _NO_ACCOUNT if proposal.kind in PLAN_MONEY else ""
            yield unconfirmed(
                seen, proposal, layout, what="Deduction code", why=_WHY[seen.why], field=Field.DEDUCTIONS, also=also
            )

    def told(self, rows: int) -> list[SeenDeduction]:
        """Every code in doubt, with how it behaved in the whole file of so many rows."""
        for seen in self.seen.values():
            seen.of_rows = rows
        return [self.seen[code] for code in sorted(self.seen)]


def _taken(row: PayrollRow) -> dict[str, int]:
    taken: dict[str, int] = {}
    for code, cents in row.deductions:
        taken[code] = taken.get(code, 0) + cents
    return taken


def _compare(seen: SeenDeduction, cents: int, place: int, standing: Standing) -> None:
    columns = {name: getattr(standing, f"elected_{name}") for name in ELECTED}
    elected = {name: int(column[place]) for name, column in columns.items() if len(column)}
    known = {name: amount for name, amount in elected.items() if amount >= 0}
    seen.with_elections += bool(known)
    for name, amount in known.items():
        if amount == cents:
            seen.as_elected[name] = seen.as_elected.get(name, 0) + 1
    owed = standing.installments[place] if standing.installments is not None else ()
    seen.with_loans += bool(owed)
    seen.as_installment += cents in owed or (len(owed) > 1 and cents == sum(owed))


class _Split:
    """Which deductions of one row its FICA wages are without; worked out when it is asked for."""

    __slots__ = ("_off", "_taken", "row")

    def __init__(self, row: PayrollRow, taken: Mapping[str, int]) -> None:
        self.row, self._taken = row, taken
        self._off: Mapping[str, bool] | None = None

    def off_fica(self, code: str) -> bool | None:
        if self._off is None:
            self._off = self._without()
        return self._off.get(code)

    def _without(self) -> Mapping[str, bool]:
        if self.row.fica_wages_cents is None:
            return {}
        chosen = parts_in(list(self._taken.values()), self.row.gross_cents - self.row.fica_wages_cents)
        return {} if chosen is None else dict(zip(self._taken, chosen, strict=True))
