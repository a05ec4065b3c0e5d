"""What each pay code adds to gross pay, under one plan on one day. Not here: proposals (code_proposals.py)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from open401k import census, plan


@dataclass(frozen=True, slots=True)
class CodesOfPlan:
    """The codes that somebody spoke of: the words on file, and what each adds to gross pay to give plan pay.

    A code that the provisions name, or the plan has had its say about, is known as well; its kind may not be.
    """

    words: Mapping[str, census.Word] = field(default_factory=dict)
    plan_pay: Mapping[str, int] = field(default_factory=dict)  # 1 or -1, times the amount; 0 is left out
    named: frozenset[str] = frozenset()
    deductions: Mapping[str, census.DeductionWord] = field(default_factory=dict)

    def counts(self, code: str) -> bool:
        """Whether its pay is plan pay."""
        word = self.words.get(code)
        return self.plan_pay.get(code, 0) + int(word is None or word.in_gross) > 0

    def __contains__(self, code: str) -> bool:
        return code in self.words or code in self.named


NO_CODES = CodesOfPlan()


def codes_by(
    words: Mapping[str, census.Word],
    terms: plan.Compensation,
    deductions: Mapping[str, census.DeductionWord] | None = None,
) -> CodesOfPlan:
    """What the sponsor said of a code for the plan goes before what provisions name, and that before its kind."""
    named = frozenset(terms.excluded_pay_codes)
    effects = {code: _effect(words.get(code), code in named, terms) for code in {*words, *named}}
    adds = {code: effect for code, effect in effects.items() if effect}
    return CodesOfPlan(words, adds, named, deductions or {})


def _effect(word: census.Word | None, named: bool, terms: plan.Compensation) -> int:
    if word is None:
        return -1
    return int(census.counts_as_plan_pay(word, named, terms)) - int(word.in_gross)
