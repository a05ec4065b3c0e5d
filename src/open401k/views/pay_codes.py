"""The map of a plan's pay codes: what each is for, what its pay counts for, on what evidence. Not here: confirming."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from open401k import census, payroll, plan
from open401k.base.db import Tx
from open401k.kernel import Money, PlanId, SponsorId, day_of
from open401k.law.pay_items import PayKind

from . import who
from .heading import heading
from .shown import PlanHeading

_PURPOSES = {
    plan.Purpose.W2: "W-2",
    plan.Purpose.FICA: "FICA",
    plan.Purpose.SECTION_415: "415",
    plan.Purpose.SECTION_414S: "414(s) tests",
    plan.Purpose.PLAN: "Plan",
}
#: Shown where the plan's terms have other pay count for that money.
_APART = {
    plan.Kind.MATCH: (plan.Purpose.MATCH, "Match"),
    plan.Kind.NONELECTIVE: (plan.Purpose.NONELECTIVE, "Nonelective"),
}


class CodeState(StrEnum):
    """Where a code stands."""

    ASKS = "asks"  # a person has to say what it is for
    CONFIRMED = "confirmed"
    OF_PLAN = "of_plan"  # the plan says whether it counts; nobody said its kind
    UNSAID = "unsaid"  # on file from before codes of its side were asked about: nothing waits


@dataclass(frozen=True, slots=True)
class CellLine:
    """Whether a code counts for a purpose; None where that follows from nothing yet."""

    purpose: str
    label: str
    counts: bool | None
    why: str
    cite: str


@dataclass(frozen=True, slots=True)
class SaidLine:
    """One word about a code; ``since`` None is of all pay dates."""

    kind: str
    label: str
    since: date | None
    in_gross: bool
    recorded_at: datetime
    recorded_by: str
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One code. ``kind`` is what was confirmed, ``proposed`` what it seems to be; cells are of one or the other."""

    code: str
    side: str
    name: str
    state: CodeState
    kind: str
    kind_label: str
    proposed: str
    proposed_label: str
    confidence: int
    certain: bool
    in_gross: bool
    since: date | None
    cells: tuple[CellLine, ...]
    reduces: str
    evidence: tuple[str, ...]
    people: int
    paid: Money
    waiting_people: int
    history: tuple[SaidLine, ...]


@dataclass(frozen=True, slots=True)
class KindChoice:
    """A kind that a person may choose."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class ApartLine:
    """What one kind of employer money counts where that is not what deferrals count."""

    money: str
    definition: str
    excluded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PayCodes:
    """Everything of the page. ``definition`` is of deferrals, of tests, and of all money that is not ``apart``."""

    heading: PlanHeading
    definition: str
    excluded: tuple[str, ...]
    apart: tuple[ApartLine, ...]
    codes: tuple[CodeLine, ...]
    kinds: tuple[KindChoice, ...]
    deduction_kinds: tuple[KindChoice, ...]

    @property
    def asking(self) -> int:
        """How many codes wait for a person."""
        return sum(each.state is CodeState.ASKS for each in self.codes)

    @property
    def certain(self) -> int:
        """Of these, how many proposals one click may confirm."""
        return sum(each.state is CodeState.ASKS and each.certain for each in self.codes)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is on file of a plan's codes, by code."""

    terms: plan.Compensation
    words: Mapping[str, census.Word]
    asked: Mapping[tuple[str, str], payroll.Question | payroll.DeductionQuestion]
    said: Mapping[tuple[str, str], Sequence[census.SaidKind]]
    paid: Mapping[tuple[str, str], census.PaidCode]
    waiting: Mapping[tuple[str, str], int]
    called: Mapping[str, str]

    def codes(self, side: census.Side) -> set[str]:
        """Every code of a side that was said, asked about or paid."""
        return {code for of, code in (*self.said, *self.asked, *self.paid) if of == side}


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> PayCodes:
    """Every code that was confirmed, paid, named or asked about; those that ask come first."""
    known = _known(tx, tenant_id, plan_id)
    earnings = {*known.words, *known.codes(census.Side.EARNING), *known.terms.excluded_pay_codes}
    lines = [_line(code, census.Side.EARNING, known) for code in earnings]
    lines += [_line(code, census.Side.DEDUCTION, known) for code in known.codes(census.Side.DEDUCTION)]
    return PayCodes(
        heading=heading(tx, tenant_id=tenant_id, plan_id=plan_id),
        definition=_DEFINITIONS[known.terms.definition],
        excluded=tuple(label(kind) for kind in known.terms.excluded_kinds),
        apart=tuple(_apart(kind, known.terms.of(kind)) for kind in known.terms.apart),
        codes=tuple(
            sorted(lines, key=lambda each: (each.state is not CodeState.ASKS, each.side, each.code.casefold()))
        ),
        kinds=tuple(KindChoice(str(kind), label(kind)) for kind in plan.EARNING_KINDS),
        deduction_kinds=tuple(KindChoice(str(kind), label(kind)) for kind in census.DeductionKind),
    )


def _apart(kind: plan.Kind, terms: plan.Compensation) -> ApartLine:
    left_out = (*(label(each) for each in terms.excluded_kinds), *terms.excluded_pay_codes)
    return ApartLine(_APART[kind][1], _DEFINITIONS[terms.definition], left_out)


def _known(tx: Tx, tenant_id: SponsorId, plan_id: PlanId) -> _Known:
    today = day_of(tx.now)
    kinds = census.code_kinds(tx, tenant_id=tenant_id)
    said: dict[tuple[str, str], list[census.SaidKind]] = {}
    for each in sorted(kinds, key=lambda each: each.recorded_at):
        said.setdefault((str(each.said.side), each.said.code), []).append(each)
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    waiting: dict[tuple[str, str], set[object]] = {}
    for line in census.lines_in_doubt(tx, **of):
        waiting.setdefault((str(line.side), line.code), set()).add(line.employee_id)
    asked: dict[tuple[str, str], payroll.Question | payroll.DeductionQuestion] = {}
    for code, question in payroll.questions(tx, **of, kinds=kinds).items():
        asked[str(census.Side.EARNING), code] = question
    for code, about in payroll.deduction_questions(tx, **of, kinds=kinds).items():
        asked[str(census.Side.DEDUCTION), code] = about
    return _Known(
        terms=plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today).compensation,
        words=census.words_on(tx, **of, on=today),
        asked=asked,
        said=said,
        paid={
            (str(side), each.code): each for side in census.Side for each in census.codes_on_file(tx, **of, side=side)
        },
        waiting={key: len(people) for key, people in waiting.items()},
        called=who.names(tx, [each.recorded_by for each in kinds]),
    )


def _line(code: str, side: census.Side, known: _Known) -> CodeLine:
    earning = side is census.Side.EARNING
    history = known.said.get((str(side), code), ())
    question, paid = known.asked.get((str(side), code)), known.paid.get((str(side), code))
    word = known.words.get(code) if earning else None
    last = history[-1].said if history else None
    proposed = question.proposal.kind if question else None
    return CodeLine(
        code=code,
        side=str(side),
        name=question.seen.seen.name if question else str(last.evidence.get("name", "")) if last else "",
        state=_state(code, side, known),
        kind=str(last.kind) if last else "",
        kind_label=label(last.kind) if last else "",
        proposed=str(proposed or ""),
        proposed_label=label(proposed) if proposed else "",
        confidence=question.proposal.confidence if question else 0,
        certain=question.proposal.certain if question else False,
        in_gross=last.in_gross if last else question.proposal.in_gross if question else True,
        since=None if last is None or last.event_on == census.ALWAYS else last.event_on,
        cells=_cells(code, word, proposed, known.terms) if earning else _deducted(last, proposed, known.terms),
        reduces="" if earning or last is None else _reduces(last.kind, known.terms),
        evidence=question.proposal.evidence if question else (),
        people=paid.people if paid else question.seen.seen.rows if question else 0,
        paid=Money(paid.cents if paid else question.seen.seen.cents if question else 0),
        waiting_people=known.waiting.get((str(side), code), 0),
        history=tuple(_said(each, known.called) for each in reversed(history)),
    )


def _state(code: str, side: census.Side, known: _Known) -> CodeState:
    if (str(side), code) in known.asked:
        return CodeState.ASKS
    if side is census.Side.DEDUCTION:
        return CodeState.CONFIRMED if (str(side), code) in known.said else CodeState.UNSAID
    word = known.words.get(code)
    if word is not None and word.counts is None:
        return CodeState.CONFIRMED
    return CodeState.OF_PLAN if word is not None or code in known.terms.excluded_pay_codes else CodeState.UNSAID


def _deducted(last: census.CodeKind | None, proposed: str | None, terms: plan.Compensation) -> tuple[CellLine, ...]:
    """Of a deduction: whether pay that it takes counts all the same."""
    kind = proposed if last is None else last.kind
    meant = {} if kind is None else plan.meaning_of_deduction(census.DeductionKind(kind).by_law, terms)
    return (*_by_purpose(meant).values(), *(_deducted_apart(meant, money) for money in terms.apart))


def _deducted_apart(meant: Mapping[plan.Purpose, plan.Counted], money: plan.Kind) -> CellLine:
    purpose, called = _APART[money]
    if purpose not in meant:
        return CellLine(str(purpose), called, None, "nobody has said what it is for", "")
    return CellLine(str(purpose), called, meant[purpose].counts, meant[purpose].why, meant[purpose].cite)


def _by_purpose(meant: Mapping[plan.Purpose, plan.Counted]) -> dict[plan.Purpose, CellLine]:
    return {
        purpose: CellLine(str(purpose), called, meant[purpose].counts, meant[purpose].why, meant[purpose].cite)
        if purpose in meant
        else CellLine(str(purpose), called, None, "nobody has said what it is for", "")
        for purpose, called in _PURPOSES.items()
    }


def _cells(code: str, word: census.Word | None, proposed: str | None, terms: plan.Compensation) -> tuple[CellLine, ...]:
    """By its kind; whether it counts as plan pay may be said otherwise, by the sponsor or by the provisions."""
    kind = word.kind if word and word.kind else PayKind(proposed) if proposed else None
    found = _by_purpose(plan.meaning_of(kind, terms) if kind is not None else {})
    told = None if word is None else word.counts
    if told is not None or code in terms.excluded_pay_codes:
        why = "the plan names it as left out" if told is None else "it was said of this code for the plan"
        for purpose in (plan.Purpose.SECTION_414S, plan.Purpose.PLAN):
            found[purpose] = CellLine(str(purpose), _PURPOSES[purpose], bool(told), why, "")
    return (*found.values(), *(_apart_cell(code, kind, told, terms, each) for each in terms.apart))


def _apart_cell(
    code: str, kind: PayKind | None, told: bool | None, terms: plan.Compensation, money: plan.Kind
) -> CellLine:
    """What was said of a code not to count counts for no money; else the terms of that money decide."""
    purpose, called = _APART[money]
    if told is False:
        return CellLine(str(purpose), called, False, "it was said of this code for the plan", "")
    if code in terms.of(money).excluded_pay_codes:
        return CellLine(str(purpose), called, False, f"the plan names it as left out of the pay of {money} money", "")
    if kind is not None:
        meant = plan.meaning_of(kind, terms)[purpose]
        return CellLine(str(purpose), called, meant.counts, meant.why, meant.cite)
    why = "the terms of this money do not leave it out" if told else "nobody has said what it is for"
    return CellLine(str(purpose), called, told, why, "")


def _said(each: census.SaidKind, called: Mapping[str, str]) -> SaidLine:
    said = each.said
    return SaidLine(
        str(said.kind),
        label(said.kind),
        None if said.event_on == census.ALWAYS else said.event_on,
        said.in_gross,
        each.recorded_at,
        called[each.recorded_by],
        tuple(said.evidence.get("told", ())),
    )


def _reduces(kind: PayKind | census.DeductionKind, terms: plan.Compensation) -> str:
    """Which taxed pay a deduction comes off, where that is said, and which plan pay is without it."""
    by_law = census.DeductionKind(kind).by_law
    if by_law is None:
        return "Comes off pay that was taxed."
    found = plan.reduction_of(by_law)
    off = [name for name, yes in (("W-2 pay", found.reduces_w2), ("FICA wages", found.reduces_fica)) if yes]
    told = f"Comes off {' and '.join(off) or 'pay that was taxed'} ({found.cite})."
    pays = [("plan compensation", plan.Kind.DEFERRALS), *((f"the pay of {each} money", each) for each in terms.apart)]
    without = [name for name, money in pays if by_law in plan.off_plan_pay(terms.of(money))]
    return f"{told} By the plan's terms it comes off {' and '.join(without)}, too." if without else told


def label(kind: PayKind | census.DeductionKind) -> str:
    """A kind in words."""
    words = str(kind).replace("_", " ").replace("83b", "83(b)")
    return words[0].upper() + words[1:]


_DEFINITIONS = {
    "section_415": "section 415 compensation, the regulation's own statement",
    "section_415_simplified": "section 415 compensation, simplified",
    "section_3401a": "wages under section 3401(a)",
    "w2": "W-2 pay",
    "section_3121a": "wages under section 3121(a)",
    "section_414s_alternative": "the alternative definition of section 414(s)",
}
