"""What a kind of pay counts for under a plan's provisions, cell by cell. Not here: which code is of which kind."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from open401k.law.pay_items import (
    PayDefinition,
    PayKind,
    Treatment,
    beyond_safe_harbors,
    citation,
    treatment,
)

from .provisions import Compensation, Kind

#: What payroll takes off: these kinds are of deductions, and every other kind is of earnings.
DEDUCTION_KINDS = (
    PayKind.PRE_TAX_DEFERRAL,
    PayKind.ROTH_DEFERRAL,
    PayKind.CAFETERIA_REDUCTION,
    PayKind.TRANSPORTATION_REDUCTION,
)
EARNING_KINDS = tuple(kind for kind in PayKind if kind not in DEDUCTION_KINDS)


class Purpose(StrEnum):
    """What pay is counted for."""

    W2 = "w2"  # box 1 of Form W-2
    FICA = "fica"
    SECTION_415 = "section_415"
    SECTION_414S = "section_414s"  # nondiscrimination tests
    PLAN = "plan"  # deferrals and their limits, tests; and all money that is not defined apart
    MATCH = "match"
    NONELECTIVE = "nonelective"  # profit sharing, too


@dataclass(frozen=True, slots=True)
class Counted:
    """Whether a kind counts for a purpose, why, and which law or provision says so."""

    counts: bool
    why: str
    cite: str


def meaning_of(kind: PayKind, terms: Compensation) -> dict[Purpose, Counted]:
    """What a kind of earnings counts for, derived from the definitions that the plan has chosen."""
    plan_pay = _of_plan(kind, terms)
    return {
        Purpose.W2: _by_law(kind, PayDefinition.W2, terms),
        Purpose.FICA: _by_law(kind, PayDefinition.SECTION_3121A, terms),
        Purpose.SECTION_415: _by_law(kind, terms.section_415, terms),
        Purpose.SECTION_414S: _of_tests(kind, terms, plan_pay),
        Purpose.PLAN: plan_pay,
        Purpose.MATCH: _of_plan(kind, terms.of(Kind.MATCH)),
        Purpose.NONELECTIVE: _of_plan(kind, terms.of(Kind.NONELECTIVE)),
    }


def _by_law(kind: PayKind, definition: PayDefinition, terms: Compensation) -> Counted:
    told, called = treatment(kind=kind, definition=definition), _CALLED[definition]
    if told is Treatment.PLAN:
        included = kind in terms.included_kinds
        return Counted(included, f"{called} leaves it to the plan, which {_includes(included)}", citation(kind))
    counts = told is Treatment.IN
    cite = _CITES.get(definition) or citation(kind)  # a kind's own paragraph is one of the 415 regulation
    return Counted(counts, f"{called} {'includes it' if counts else 'leaves it out'}", cite)


def _includes(included: bool) -> str:
    return "takes it in" if included else "does not take it in"


def _of_plan(kind: PayKind, terms: Compensation) -> Counted:
    found = _by_law(kind, terms.definition, terms)
    if found.counts and kind in terms.excluded_kinds:
        return Counted(False, "the plan leaves it out", "Reg. 1.414(s)-1(d)(2)")
    return found


def _of_tests(kind: PayKind, terms: Compensation, plan_pay: Counted) -> Counted:
    """The tests count plan compensation; what it leaves out beyond the safe harbors has to pass the ratio test."""
    if not plan_pay.counts and kind in beyond_414s(terms):
        return Counted(False, "the plan leaves it out, which the ratio test has to show fair", "Reg. 1.414(s)-1(d)(3)")
    return plan_pay


def beyond_414s(terms: Compensation) -> frozenset[PayKind]:
    """The kinds that a definition leaves out beyond what 414(s) lets any plan leave out; not what it names by code."""
    beyond = beyond_safe_harbors(definition=terms.definition, excludes=frozenset(terms.excluded_kinds))
    return frozenset(kind for kind in beyond if kind in OFF_FICA_WAGES or _by_law(kind, terms.definition, terms).counts)


def needs_ratio_test(terms: Compensation) -> bool:
    """Whether only the ratio test shows that a definition does not favor the highly compensated.

    Of what kind a code is that the plan leaves out by its name is not known to the plan: the test has to show it.
    """
    return bool(terms.excluded_pay_codes or beyond_414s(terms)) or terms.definition is PayDefinition.SECTION_3121A


_CALLED = {
    PayDefinition.SECTION_415: "the 415 statement",
    PayDefinition.SECTION_415_SIMPLIFIED: "the simplified 415 definition",
    PayDefinition.SECTION_3401A: "3401(a) pay",
    PayDefinition.W2: "W-2 pay",
    PayDefinition.SECTION_3121A: "FICA pay",
    PayDefinition.SECTION_414S_ALTERNATIVE: "the 414(s) alternative",
}
#: Where a definition of its own stands, of which the 415 statement's list of kinds says nothing.
_CITES = {
    PayDefinition.SECTION_415_SIMPLIFIED: "Reg. 1.415(c)-2(d)(2)",
    PayDefinition.SECTION_3401A: "Reg. 1.415(c)-2(d)(3); IRC 3401(a)",
    PayDefinition.W2: "Reg. 1.415(c)-2(d)(4); IRC 6041(d), 6051(a)(3)",
    PayDefinition.SECTION_3121A: "IRC 3121(a)",
    PayDefinition.SECTION_414S_ALTERNATIVE: "Reg. 1.414(s)-1(c)(3)",
}


@lru_cache(maxsize=256)
def left_out_of(terms: Compensation) -> tuple[tuple[PayKind, bool, bool, bool], ...]:
    """The kinds of earnings that something leaves out: whether plan pay, 415 pay and FICA wages count each.

    And the deductions that plan pay is without: gross pay holds them (see :func:`off_plan_pay`).
    """
    found = []
    for kind in EARNING_KINDS:
        cells = meaning_of(kind, terms)
        of_sums = (cells[Purpose.PLAN].counts, cells[Purpose.SECTION_415].counts, cells[Purpose.FICA].counts)
        if not all(of_sums):
            found.append((kind, *of_sums))
    return (*found, *((kind, False, True, True) for kind in off_plan_pay(terms)))


def off_plan_pay(terms: Compensation) -> tuple[PayKind, ...]:
    """The kinds of deductions whose amounts come off gross pay to give plan pay: as wages under 3121(a) are without."""
    return tuple(kind for kind in DEDUCTION_KINDS if not _of_plan(kind, terms).counts)


@dataclass(frozen=True, slots=True)
class Reduction:
    """What a deduction does: which taxable wages it reduces, and where the law says so."""

    reduces_w2: bool
    reduces_fica: bool
    cite: str


def reduction_of(kind: PayKind) -> Reduction:
    """Whether a deduction comes off box 1 and off FICA wages; 415 compensation adds all of them back."""
    fica = treatment(kind=kind, definition=PayDefinition.SECTION_3121A) is Treatment.OUT
    return Reduction(kind is not PayKind.ROTH_DEFERRAL, fica, citation(kind))


#: Kinds of deductions that payroll takes off before social security tax: gross pay holds them, FICA wages do not
#: (IRC 3121(a)(5)(G), 3121(a)(20)). Elective deferrals stay wages (3121(v)(1)(A)), and so does what was taxed.
OFF_FICA_WAGES = tuple(kind for kind in DEDUCTION_KINDS if reduction_of(kind).reduces_fica)
