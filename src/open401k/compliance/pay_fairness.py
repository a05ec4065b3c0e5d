"""Whether what a plan's definitions of pay leave out is fair: the 414(s) ratio test, of whom it tests anyway. Pure.

Not here: definitions that need no test (plan.needs_ratio_test), the test itself (law).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from open401k import law
from open401k.kernel import Source
from open401k.law.compensation_ratio import CompensationRatioTest, RatioVerdict
from open401k.plan import Kind, Provisions, needs_ratio_test

from .facts import JSON, Cents, Flags, PlanFacts, at_least_nothing
from .pieces import column

_TESTED, _HARBOR, _UNIFORM = (
    "IRC 401(k)(9), 401(m)(3); Reg. 1.401(k)-6",
    "Reg. 1.401(k)-3(b)(2)",
    "Reg. 1.401(a)(4)-2(b)",
)
_MONEY = {
    Kind.DEFERRALS: "The pay that deferrals and tests count",
    Kind.MATCH: "The pay that the match counts",
    Kind.NONELECTIVE: "The pay that nonelective money counts",
}


@dataclass(frozen=True, slots=True, eq=False)
class Fairness:
    """One definition under the test: of which money, which rule asks for it, what of whose pay it includes."""

    money: Kind
    cite: str
    test: CompensationRatioTest
    included: Cents
    total: Cents

    @property
    def passed(self) -> bool:
        """Whether no larger a share of the pay of the highly compensated is included."""
        return self.test.verdict is not RatioVerdict.FACTS_AND_CIRCUMSTANCES


def asked_of(provisions: Provisions) -> Iterator[tuple[Kind, str]]:
    """The definitions that only the ratio test shows fair, where a rule asks that they are.

    What a safe harbor plan lets people defer from need only be reasonable (Reg. 1.401(k)-3(c)(6)(iv)), and so need the
    pay of a match whose contributions are tested themselves (IRC 401(m)(2)).
    """
    terms, match, nonelective = provisions.compensation, provisions.match, provisions.nonelective
    harbor = provisions.safe_harbor
    gives = nonelective is not None or Source.PROFIT_SHARING in provisions.may_declare
    follows = (match is not None and terms.match is None) or (gives and terms.nonelective is None)
    if (harbor.value == "none" or follows) and needs_ratio_test(terms.of(Kind.DEFERRALS)):
        yield Kind.DEFERRALS, _TESTED if harbor.value == "none" else _HARBOR
    if terms.match is not None and harbor.is_match and needs_ratio_test(terms.of(Kind.MATCH)):
        yield Kind.MATCH, _HARBOR
    if terms.nonelective is not None and gives and needs_ratio_test(terms.of(Kind.NONELECTIVE)):
        yield Kind.NONELECTIVE, _HARBOR if harbor.is_nonelective else _UNIFORM


def fairness_of(facts: PlanFacts, is_hce: Flags) -> tuple[Fairness, ...]:
    """Each definition that is asked for; none where one of the groups has nobody with pay."""
    found = (_fairness(facts, is_hce, money, cite) for money, cite in asked_of(facts.provisions))
    return tuple(each for each in found if each.test.verdict is not RatioVerdict.NOTHING_TO_COMPARE)


def _fairness(facts: PlanFacts, is_hce: Flags, money: Kind, cite: str) -> Fairness:
    counted = {Kind.MATCH: facts.match_pay, Kind.NONELECTIVE: facts.nonelective_pay}.get(money)
    total = np.where(facts.tested, at_least_nothing(facts.section_415), 0)
    included = np.minimum(at_least_nothing(facts.compensation if counted is None else counted), total)
    test = law.compensation_ratio.compensation_ratio_test(
        plan_year=facts.plan_year, included=included, total=total, is_hce=is_hce
    )
    return Fairness(money, cite, test, included, total)


def widest(found: tuple[Fairness, ...]) -> Fairness:
    """The definition that favors the highly compensated most, or least disfavors them."""
    return max(found, key=lambda each: each.test.difference_bps)


def told(found: tuple[Fairness, ...], is_hce: Flags) -> tuple[dict[str, JSON], str]:
    """The working of the widest one, and all of them in words."""
    worst = widest(found)
    places = np.flatnonzero(worst.test.counted)
    working: dict[str, JSON] = {
        "money": worst.money.value,
        "difference_bps": worst.test.difference_bps,
        "definitions": [[each.money.value, each.test.hce_average_bps, each.test.nhce_average_bps] for each in found],
        "people": {
            "place": column(places),
            "hce": column(is_hce[places]),
            "included_cents": column(worst.included[places]),
            "total_cents": column(worst.total[places]),
            "share_bps": column(worst.test.shares_bps[places]),
        },
    }
    words = [f"{_MONEY[each.money]} ({each.cite}): {law.explain.explain(each.test)}" for each in found]
    if not worst.passed:
        words.append("Count what is left out, or test with another definition of section 414(s), by an amendment.")
    return working, " ".join(words)
