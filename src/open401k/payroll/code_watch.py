"""Codes of a file that nobody has confirmed, or that behave otherwise than when they were. Not here: what they may be.

Rows with such a code wait: what is doubted of a row is why. The same rows looked at again give the same answer.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from open401k import plan
from open401k.census import Doubted, Side

from .catalogue import Catalogue
from .code_asked import called_otherwise, unconfirmed
from .code_proposals import Seen, most_of, parts_in, propose_kind
from .code_words import KIND_OF_TYPE
from .deduction_proposals import SeenDeduction
from .deduction_watch import DeductionWatch
from .findings import Finding
from .mapping import Mapping as Layout
from .pay_codes import NO_CODES, CodesOfPlan
from .rows import Field, PayrollRow
from .standing import Standing

NEW, GROSS, PLAN_PAY, AMOUNT, NAME, TYPE = "new", "gross", "plan_pay", "amount", "name", "type"
_WHY: Final = {
    NEW: "nobody has said what it is for",
    GROSS: "gross pay and its amounts no longer add up as when it was confirmed",
    PLAN_PAY: "payroll no longer treats it in plan compensation as when it was confirmed",
    AMOUNT: "its amounts are of another order than when it was confirmed",
    NAME: "it is called otherwise than when it was confirmed",
    TYPE: "its provider types it otherwise than when it was confirmed",
}

#: Of a row: its codes in doubt, each with why.
Doubts = Mapping[int, tuple[Doubted, ...]]


@dataclass(slots=True)
class CodeWatch:
    """Looks at the codes of rows as they stream by, in the order of their numbers."""

    codes: CodesOfPlan = NO_CODES
    names: Mapping[str, str] = field(default_factory=dict)  # of each code, as the file calls it
    seen: dict[str, Seen] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)  # of each code, as its provider types it
    deductions: DeductionWatch = field(default_factory=DeductionWatch)
    _doubts: dict[int, tuple[Doubted, ...]] = field(default_factory=dict)
    _calm: "_Calm | None" = None
    _upto: int = -1
    _rows: int = 0

    def look(self, rows: Sequence[PayrollRow]) -> Doubts:
        """What is doubted of these rows; a row of which nothing is, is not there."""
        calm = self._calm = self._calm or _calm(self.codes, self.names, self.types)
        for row in rows:
            if row.row > self._upto:
                self._rows += 1
                self._upto = row.row
                doubted = self._look(row) if row.earnings and not calm.holds(row) else ()
                if row.deductions:
                    doubted += self.deductions.look(row)
                if doubted:
                    self._doubts[row.row] = doubted
        if not self._doubts:
            return {}
        return {row.row: self._doubts[row.row] for row in rows if row.row in self._doubts}

    def _look(self, row: PayrollRow) -> tuple[Doubted, ...]:
        known, doubted = self.codes, []
        split = _Split(row)
        for code, cents in split.cents.items():
            why = NEW if code not in known else self._drift(code, cents, split)
            if why:
                doubted.append(Doubted(Side.EARNING, code, why))
                self._count(code, why, cents, split)
        return tuple(doubted)

    def _drift(self, code: str, cents: int, split: "_Split") -> str:
        """How the code behaves otherwise than when its kind was confirmed; empty where it does not."""
        word = self.codes.words.get(code)
        if word is None or word.kind is None or not word.evidence:
            return ""
        then = word.evidence
        held = split.in_gross(code)
        if held is not None and then.get("in_gross_seen") not in (None, held):
            return GROSS
        counted = split.in_plan(code)
        if counted is not None and then.get("in_plan_seen") not in (None, counted):
            return PLAN_PAY
        if abs(cents) > _most_of(then):
            return AMOUNT
        if called_otherwise(code, self.names, then):
            return NAME
        return TYPE if _typed_otherwise(code, self.types, then) else ""

    def _count(self, code: str, why: str, cents: int, split: "_Split") -> None:
        seen = self.seen.get(code)
        if seen is None:
            seen = self.seen[code] = Seen(code, self.names.get(code, ""), self.types.get(code, ""), why)
        seen.rows += 1
        seen.cents += cents
        seen.most_cents = max(seen.most_cents, abs(cents))
        held, counted = split.in_gross(code), split.in_plan(code)
        seen.in_gross += held is True
        seen.out_of_gross += held is False
        seen.in_plan += counted is True
        seen.out_of_plan += counted is False

    def compare(self, rows: Sequence[PayrollRow], standing: Standing) -> None:
        """Hold deductions in doubt against what the plan knows of their people."""
        self.deductions.compare(rows, standing)

    def told(self) -> list[Seen]:
        """Every code of earnings in doubt, with how it behaved in the whole file."""
        for seen in self.seen.values():
            seen.of_rows = self._rows
        return [self.seen[code] for code in sorted(self.seen)]

    def told_deductions(self) -> list[SeenDeduction]:
        """The same of deductions."""
        return self.deductions.told(self._rows)

    def findings(self, terms: plan.Compensation, layout: Layout | None) -> Iterator[Finding]:
        """A question for each code in doubt, with whom and how much it is about and what it seems to be."""
        for seen in self.told():
            proposal = propose_kind(seen, terms)
            yield unconfirmed(seen, proposal, layout, what="Pay code", why=_WHY[seen.why], field=Field.EARNINGS)
        yield from self.deductions.findings(layout, self._rows)


def watch_of(codes: CodesOfPlan, called: Catalogue) -> CodeWatch:
    """A watch by what was said of codes, and what a file calls them."""
    deductions = DeductionWatch(codes.deductions, called.deduction_names, called.deduction_types)
    return CodeWatch(codes, called.names, types=called.types, deductions=deductions)


@dataclass(frozen=True, slots=True)
class _Calm:
    """What a row has to be for nothing of it to be looked at closely: nearly every row of a long file is so."""

    most: Mapping[str, int]  # of each code that is known, up to which amount
    gross_tells: bool  # of some code it is known that gross pay holds it
    plan_pay_tells: bool

    def holds(self, row: PayrollRow) -> bool:
        total = 0
        for code, cents in row.earnings:
            most = self.most.get(code)
            if most is None or not -most <= cents <= most:
                return False
            total += cents
        if self.gross_tells and total != row.gross_cents:
            return False
        return not self.plan_pay_tells or row.plan_compensation_cents is None


_NO_MOST: Final = 10**18


def _calm(codes: CodesOfPlan, names: Mapping[str, str], types: Mapping[str, str]) -> _Calm:
    most: dict[str, int] = dict.fromkeys(codes.named, _NO_MOST)
    gross_tells = plan_pay_tells = False
    for code, word in codes.words.items():
        then = word.evidence if word.kind is not None else {}
        if not then:
            most[code] = _NO_MOST
        elif called_otherwise(code, names, then) or _typed_otherwise(code, types, then):
            continue
        elif then.get("in_gross_seen") is not False:
            most[code] = _most_of(then)
            gross_tells |= then.get("in_gross_seen") is not None
            plan_pay_tells |= then.get("in_plan_seen") is not None
    return _Calm(most, gross_tells, plan_pay_tells)


def _typed_otherwise(code: str, types: Mapping[str, str], then: Mapping[str, Any]) -> bool:
    """Whether the provider's type makes another kind of it; a salary beside a wage is the same."""
    was, now = KIND_OF_TYPE.get(str(then.get("type"))), KIND_OF_TYPE.get(types.get(code, ""))
    return was is not None and now is not None and was is not now


def _most_of(then: Mapping[str, Any]) -> int:
    """Up to here an amount is of the order that it was of when the code was confirmed."""
    most = most_of(then)
    return _NO_MOST if most is None else most


class _Split:
    """The pay of one row by code, and which codes its totals hold; worked out when it is asked for."""

    __slots__ = ("_gross", "_plan", "_row", "cents")

    def __init__(self, row: PayrollRow) -> None:
        self._row = row
        self.cents: dict[str, int] = defaultdict(int)
        for code, cents in row.earnings:
            self.cents[code] += cents
        self._gross: Mapping[str, bool] | None = None
        self._plan: Mapping[str, bool] | None = None

    def in_gross(self, code: str) -> bool | None:
        if self._gross is None:
            self._gross = self._held(self._row.gross_cents)
        return self._gross.get(code)

    def in_plan(self, code: str) -> bool | None:
        if self._row.plan_compensation_cents is None:
            return None
        if self._plan is None:
            self._plan = self._held(self._row.plan_compensation_cents)
        return self._plan.get(code)

    def _held(self, whole: int) -> Mapping[str, bool]:
        chosen = parts_in(list(self.cents.values()), whole)
        return {} if chosen is None else dict(zip(self.cents, chosen, strict=True))
