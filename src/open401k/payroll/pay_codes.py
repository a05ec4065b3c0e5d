"""What each pay code adds to gross pay, under one plan on one day. Not here: proposals (code_proposals.py)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType

from open401k import census, plan
from open401k.law.pay_items import PayKind

from .rows import PayrollRow


@dataclass(frozen=True, slots=True)
class CodesOfPlan:
    """The codes that somebody spoke of: the words on file, and what each adds to gross pay to give plan pay.

    A code that the provisions name, or the plan has had its say about, is known as well; its kind may not be.
    """

    words: Mapping[str, census.Word] = field(default_factory=dict)
    plan_pay: Mapping[str, int] = field(default_factory=dict)  # 1 or -1, times the amount; 0 is left out
    named: frozenset[str] = frozenset()
    deductions: Mapping[str, census.DeductionWord] = field(default_factory=dict)
    off_plan_pay: Mapping[str, int] = field(default_factory=dict)  # -1 for those that plan pay is without
    #: What kinds of money count that count other pay than deferrals.
    apart: Mapping[plan.Kind, "CodesOfPlan"] = field(default_factory=dict)
    less_pre_tax: bool = False  # whether this pay is without the plan's own pre-tax deferrals
    without_deductions: bool = False  # whether some plan pay is without what a cafeteria plan takes
    runs_without: Sequence[date] = ()  # pay dates of the plan year before, of payrolls without any deduction on file

    def counts(self, code: str) -> bool:
        """Whether its pay is plan pay."""
        word = self.words.get(code)
        return self.plan_pay.get(code, 0) + int(word is None or word.in_gross) > 0

    def pay_of(self, row: PayrollRow) -> int:
        """Plan compensation of a row, in cents: what its codes of earnings give, less deductions that it is without."""
        cents = row.plan_pay_cents(self.plan_pay)
        if self.off_plan_pay:
            cents += sum(taken * self.off_plan_pay.get(code, 0) for code, taken in row.deductions)
        return cents - row.pre_tax_cents - row.pre_tax_catch_up_cents if self.less_pre_tax else cents

    def __contains__(self, code: str) -> bool:
        return code in self.words or code in self.named


NO_CODES = CodesOfPlan()


def codes_by(
    words: Mapping[str, census.Word],
    terms: plan.Compensation,
    deductions: Mapping[str, census.DeductionWord] = MappingProxyType({}),
) -> CodesOfPlan:
    """What the sponsor said of a code for the plan goes before what provisions name, and that before its kind."""
    whole = _codes_by(words, terms.of(plan.Kind.DEFERRALS), deductions, apart=False)
    apart = {kind: _codes_by(words, terms.of(kind), deductions, apart=True) for kind in terms.apart}
    return replace(whole, apart=apart, without_deductions=without_deductions(terms))


def without_deductions(terms: plan.Compensation) -> bool:
    """Whether the pay of some money is without what payroll takes off beside the plan's own deferrals."""
    kinds = {kind for money in plan.Kind for kind in plan.off_plan_pay(terms.of(money))}
    return bool(kinds - {PayKind.PRE_TAX_DEFERRAL})


def _codes_by(
    words: Mapping[str, census.Word],
    terms: plan.Compensation,
    deductions: Mapping[str, census.DeductionWord],
    *,
    apart: bool,
) -> CodesOfPlan:
    """The plan's own deferrals come off as their columns tell them: told under a code they are the same money again."""
    named, off = frozenset(terms.excluded_pay_codes), plan.off_plan_pay(terms)
    effects = {code: _effect(words.get(code), code in named, terms, apart) for code in {*words, *named}}
    by_code = frozenset(off) - {PayKind.PRE_TAX_DEFERRAL}
    return CodesOfPlan(
        words,
        {code: effect for code, effect in effects.items() if effect},
        named,
        deductions,
        {code: -1 for code, word in deductions.items() if word.kind.by_law in by_code},
        less_pre_tax=PayKind.PRE_TAX_DEFERRAL in off,
    )


def _effect(word: census.Word | None, named: bool, terms: plan.Compensation, apart: bool) -> int:
    if word is None:
        return -1
    return int(census.counts_as_plan_pay(word, named, terms, apart=apart)) - int(word.in_gross)
