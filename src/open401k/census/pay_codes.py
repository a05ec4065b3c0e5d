"""What each payroll code is for, as facts of the sponsor's payroll. Not here: what follows (plan.meaning_of).

A word about a code is either the plan's (``census.set_pay_code``: whether it counts as plan pay) or the sponsor's: its
kind. For a pay date the word of the latest day goes first, and of one day the one that was said last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from open401k import plan
from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, RunId, SponsorId
from open401k.law.pay_items import PayKind
from open401k.plan import EARNING_KINDS

from . import _codes_store, _deductions_store
from .replaced import Without

#: The day of a word about every pay date there ever was.
ALWAYS = date.min


class Side(StrEnum):
    """Whether a code is of what payroll pays or of what it takes off."""

    EARNING = "earning"
    DEDUCTION = "deduction"


class DeductionKind(StrEnum):
    """What a deduction is for; :attr:`by_law` says what that does to pay."""

    PRE_TAX_DEFERRAL = "pre_tax_deferral"
    PRE_TAX_CATCH_UP = "pre_tax_catch_up"
    ROTH_DEFERRAL = "roth_deferral"
    ROTH_CATCH_UP = "roth_catch_up"
    CAFETERIA_REDUCTION = "cafeteria_reduction"
    TRANSPORTATION_REDUCTION = "transportation_reduction"
    AFTER_TAX = "after_tax"
    LOAN_PAYMENT = "loan_payment"
    OTHER_AFTER_TAX = "other_after_tax"

    @property
    def by_law(self) -> PayKind | None:
        """The kind of pay that it reduces by: a catch-up is a deferral; None comes off pay that was taxed."""
        return _BY_LAW.get(self)


_BY_LAW = {
    DeductionKind.PRE_TAX_DEFERRAL: PayKind.PRE_TAX_DEFERRAL,
    DeductionKind.PRE_TAX_CATCH_UP: PayKind.PRE_TAX_DEFERRAL,
    DeductionKind.ROTH_DEFERRAL: PayKind.ROTH_DEFERRAL,
    DeductionKind.ROTH_CATCH_UP: PayKind.ROTH_DEFERRAL,
    DeductionKind.CAFETERIA_REDUCTION: PayKind.CAFETERIA_REDUCTION,
    DeductionKind.TRANSPORTATION_REDUCTION: PayKind.TRANSPORTATION_REDUCTION,
}


@dataclass(frozen=True, slots=True)
class CodeKind:
    """What a code is for from a day on. ``in_gross``: whether gross pay holds its amounts. See payroll/pay_codes.py."""

    side: Side
    code: str
    kind: PayKind | DeductionKind
    event_on: date
    in_gross: bool = True
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SaidKind:
    """A kind on file, with when and by whom it was confirmed."""

    said: CodeKind
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True)
class Word:
    """What holds of a code of earnings on a pay date: for the plan (``counts``), or by its kind."""

    code: str
    counts: bool | None
    kind: PayKind | None
    in_gross: bool
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeductionWord:
    """What holds of a code of deductions on a pay date, and what it was confirmed on."""

    code: str
    kind: DeductionKind
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """What holds of codes on a pay date, for one plan, by code of each side."""

    earnings: Mapping[str, Word]
    deductions: Mapping[str, DeductionWord]


@dataclass(frozen=True, slots=True)
class Doubted:
    """A code of a line that waits for a person, and why."""

    side: Side
    code: str
    why: str


@dataclass(frozen=True, slots=True)
class LineInDoubt:
    """A line whose code nobody has confirmed, or that does not behave as it was confirmed; with the code's amount."""

    run_id: RunId
    side: Side
    code: str
    why: str
    employee_id: EmployeeId
    pay_date: date
    cents: int


@dataclass(frozen=True, slots=True)
class PaidCode:
    """What the current lines of a plan have of one code."""

    code: str
    lines: int
    people: int
    cents: int
    most_cents: int
    first: date
    last: date


def set_code_kind(tx: Tx, *, tenant_id: SponsorId, said: CodeKind) -> None:
    """Record what a person confirmed of a code. The past is derived anew from the lines on file."""
    fits = isinstance(said.kind, DeductionKind) if said.side is Side.DEDUCTION else said.kind in EARNING_KINDS
    if not fits:
        raise ValueError(f"{said.kind} is no kind of {said.side}")
    heads.lock(tx, tenant_id=tenant_id)
    spoken(tx, tenant_id=tenant_id)
    _codes_store.add_kind(
        tx,
        tenant_id=tenant_id,
        side=str(said.side),
        code=said.code,
        event_on=said.event_on,
        kind=str(said.kind),
        in_gross=said.in_gross,
        evidence=said.evidence,
    )
    after = {
        "side": str(said.side),
        "code": said.code,
        "kind": str(said.kind),
        "in_gross": said.in_gross,
        "event_on": said.event_on.isoformat(),
        "evidence": dict(said.evidence),
    }
    audit.record(tx, tenant_id=tenant_id, action="census.code_kind_set", subject=tenant_id, after=after)


_SPOKEN, _DOUBTED = "codes spoken of", "lines in doubt"


def spoken(tx: Tx, *, tenant_id: SponsorId) -> None:
    """Note that somebody speaks of a code, before it is written."""
    tx.cache[_SPOKEN, tenant_id] = True


def spoken_of(tx: Tx, *, tenant_id: SponsorId) -> bool:
    """Whether anybody ever said something of a code of this sponsor: of most, nobody did, and sums are simple."""
    return _on_file(tx, tenant_id, _SPOKEN)


def _on_file(tx: Tx, tenant_id: SponsorId, what: str) -> bool:
    """Asked once in a transaction that nobody else can change anything under; there is no unsaying."""
    known = tx.cache.get((what, tenant_id))
    if not known and not (known is False and heads.unchanging(tx, tenant_id=tenant_id)):
        spoken_now, doubted_now = _codes_store.on_file(tx, tenant_id=tenant_id)
        tx.cache[_SPOKEN, tenant_id] = bool(tx.cache.get((_SPOKEN, tenant_id))) or spoken_now
        tx.cache[_DOUBTED, tenant_id] = bool(tx.cache.get((_DOUBTED, tenant_id))) or doubted_now
    return bool(tx.cache[what, tenant_id])


def doubt_codes(tx: Tx, *, tenant_id: SponsorId, run_id: RunId, doubts: Sequence[tuple[int, Doubted]]) -> None:
    """Note of lines just recorded which of their codes are in doubt: until somebody speaks of one, its money waits."""
    heads.lock(tx, tenant_id=tenant_id)
    tx.cache[_DOUBTED, tenant_id] = True
    told = [(line_no, str(each.side), each.code, each.why) for line_no, each in doubts]
    _codes_store.add_doubts(tx, tenant_id=tenant_id, run_id=run_id, doubts=told)
    codes = sorted({each.code for _, each in doubts})
    audit.record(
        tx,
        tenant_id=tenant_id,
        action="census.codes_doubted",
        subject=run_id,
        after={"codes": codes, "lines": len(doubts)},
    )


def lines_in_doubt(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    start: date = date.min,
    end: date = date.max,
    without: Without | None = None,
    known_at: datetime | None = None,
) -> list[LineInDoubt]:
    """The current lines of a plan that wait for a word about a code, or waited for it then."""
    if not _on_file(tx, tenant_id, _DOUBTED):
        return []
    left_out = None if without is None or without.run_id is None else without.run_id.uuid
    return [
        LineInDoubt(
            RunId(row.run_id), Side(row.side), row.code, row.why, EmployeeId(row.employee_id), row.pay_date, row.cents
        )
        for row in _codes_store.doubts(
            tx, tenant_id=tenant_id, plan_id=plan_id, start=start, end=end, known_at=known_at
        )
        if row.run_id != left_out
    ]


def in_doubt(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    start: date,
    end: date,
    without: Without | None = None,
    known_at: datetime | None = None,
) -> frozenset[tuple[EmployeeId, date]]:
    """Whose pay of which date waits for a word about a code; asked for nothing where no line ever was in doubt."""
    found = lines_in_doubt(
        tx, tenant_id=tenant_id, plan_id=plan_id, start=start, end=end, without=without, known_at=known_at
    )
    return frozenset((line.employee_id, line.pay_date) for line in found)


def codes_on_file(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, side: Side) -> list[PaidCode]:
    """Every code of a side that current lines of a plan have, by code."""
    deducted = side is Side.DEDUCTION
    return [
        PaidCode(*row) for row in _codes_store.of_codes(tx, tenant_id=tenant_id, plan_id=plan_id, deducted=deducted)
    ]


def code_kinds(tx: Tx, *, tenant_id: SponsorId, known_at: datetime | None = None) -> list[SaidKind]:
    """Everything that was ever confirmed, by code and day; of one day the newest word comes last."""
    return [
        SaidKind(
            CodeKind(
                Side(row.side), row.code, kind_of(Side(row.side), row.kind), row.event_on, row.in_gross, row.evidence
            ),
            row.recorded_at,
            row.recorded_by,
        )
        for row in _codes_store.kinds(tx, tenant_id=tenant_id, known_at=known_at)
    ]


def kind_of(side: Side, kind: str) -> PayKind | DeductionKind:
    """The kind of that name; ValueError where the side has none."""
    if side is Side.DEDUCTION:
        return DeductionKind(kind)
    found = PayKind(kind)
    if found not in EARNING_KINDS:
        raise ValueError(f"{kind} is no kind of {side}")
    return found


def kinds_of(side: Side) -> tuple[str, ...]:
    """The names of all kinds of a side."""
    kinds = DeductionKind if side is Side.DEDUCTION else EARNING_KINDS
    return tuple(str(each) for each in kinds)


def words_on(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, on: date) -> dict[str, Word]:
    """For each code of earnings that somebody spoke of: what holds of it on a pay date, for one plan.

    Where the plan has the last word on whether it counts, the kind that was said of it is there as well.
    """
    return dict(all_words_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=on).earnings)


def all_words_on(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, on: date) -> Words:
    """The same of the codes of both sides, read at once."""
    found: dict[str, Word] = {}
    deductions: dict[str, DeductionWord] = {}
    for row in _codes_store.words(tx, tenant_id=tenant_id, plan_id=plan_id, on=on):
        if row.side == Side.DEDUCTION and row.kind is not None:
            deductions.setdefault(row.code, DeductionWord(row.code, DeductionKind(row.kind), row.evidence))
            continue
        before = found.get(row.code)
        kind = None if row.kind is None else PayKind(row.kind)
        if before is None:
            found[row.code] = Word(row.code, row.counts, kind, row.in_gross, row.evidence)
        elif before.kind is None and kind is not None:
            found[row.code] = Word(row.code, before.counts, kind, row.in_gross, row.evidence)
    return Words(found, deductions)


def runs_without_deductions(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, start: date, end: date, without: Without | None = None
) -> list[date]:
    """Pay dates from ``start`` up to ``end`` of current payrolls with no deduction of any line on file."""
    rows = _deductions_store.runs_without(tx, tenant_id=tenant_id, plan_id=plan_id, start=start, end=end)
    left_out = None if without is None or without.run_id is None else without.run_id.uuid
    return [day for run_id, day in rows if run_id != left_out]


def counts_as_plan_pay(word: Word | None, named: bool, terms: plan.Compensation, *, apart: bool = False) -> bool:
    """What the sponsor said of a code for the plan goes before what provisions name, and that before its kind.

    ``apart``: of money that counts other pay than deferrals do, by ``terms`` of its own. What was said not to count
    counts for nothing; what was said to count, counts there only if these terms do not leave it out.
    """
    if word is not None and word.counts is not None and not (apart and word.counts):
        return word.counts
    if named:
        return False
    return word is None or word.kind is None or plan.meaning_of(word.kind, terms)[plan.Purpose.PLAN].counts
