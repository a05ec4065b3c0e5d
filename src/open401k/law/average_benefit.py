"""The average benefit test of minimum coverage (IRC 410(b)(2); Reg. 1.410(b)-4, -5). Not here: the ratio percentage,
rates.

Percentages are whole hundredths of a percent; what passes is decided on fractions, since Reg. 1.410(b)-5 rounds
nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from .arrays import Cents, Counts, Flags
from .coverage import RATIO_TO_PASS, Classification, CoverageTest
from .exact_rates import (
    Rates,
    at_least_shares,
    average_hundredths,
    of_one_plan,
    plans_of,
    same_shape,
    share_hundredths,
)
from .given import ImpossibleInput, check_facts

_WHOLE = 10_000


class AveragePath(StrEnum):
    """How the average benefit percentage was settled."""

    TESTED = "tested"
    NO_NHCE = "no NHCE is counted"
    NO_HCE = "no HCE is counted"
    HCES_GET_NOTHING = "no HCE has a benefit"


class AverageBenefitPath(StrEnum):
    """Which part of the law settled coverage, in the order in which they are looked at."""

    DEEMED = "deemed"
    RATIO_PERCENTAGE = "ratio percentage"
    NOT_REASONABLE = "the classification is not reasonable"
    UNSAFE_HARBOR = "below the unsafe harbor"
    FACTS_NOT_FOUND = "facts and circumstances found against it"
    AVERAGE_TOO_LOW = "the average benefit percentage is below 70 %"
    FACTS_OPEN = "facts and circumstances are not judged yet"
    REASONABLE_OPEN = "whether the classification is reasonable is not judged yet"
    AVERAGE_OPEN = "the average benefit percentage is not tested yet"
    SAFE_HARBOR = "inside the safe harbor"
    FACTS_AND_CIRCUMSTANCES = "between the harbors, by facts and circumstances"


class Outcome(StrEnum):
    """Passed, failed, or waiting for a fact that only a person can tell."""

    PASSED = "passed"
    FAILED = "failed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class AverageBenefitPercentage:
    """Averages over all nonexcludable employees, those without a benefit included; ``room`` is above 70 %, half-up."""

    passed: bool
    path: AveragePath
    percentage: int
    nhce_average: int
    hce_average: int
    nhces: int
    hces: int

    @property
    def room(self) -> int:
        return self.percentage - RATIO_TO_PASS


@dataclass(frozen=True, slots=True)
class AverageBenefitTest:
    """Coverage by ratio or by the average benefit test, with what settled it or what is still missing."""

    outcome: Outcome
    path: AverageBenefitPath
    coverage: CoverageTest
    average: AverageBenefitPercentage | None
    reasonable: bool | None
    facts_and_circumstances: bool | None

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED


def average_benefit_percentage(*, rates: Rates, is_hce: Flags, excluded: Flags) -> AverageBenefitPercentage:
    """The NHCEs' average benefit percentage against the HCEs': at least 70 % (IRC 410(b)(2)(A)(ii); Reg.
    1.410(b)-5).

    ``rates`` are of all employer money in all plans of the testing group, deferrals and match included (410(b)(2)(C);
    Reg. 1.410(b)-7(e)(1)), all on a contributions or all on a benefits basis (-5(d)(4)). Whoever benefits nowhere
    counts with zero; whoever is excludable does not count.
    """
    check_facts(locals())
    of_one_plan(is_hce.shape)
    if len(rates) != is_hce.size:
        raise ImpossibleInput("rates", f"are of {len(rates)} people, is_hce of {is_hce.size}")
    hce = same_shape("is_hce", is_hce, is_hce.shape)
    counted = ~same_shape("excluded", excluded, is_hce.shape)
    nhces, hces = counted & ~hce, counted & hce
    one = np.zeros(len(rates), dtype=np.int64)
    passed = bool(at_least_shares(rates, nhces, hces, one, 1, numerator=RATIO_TO_PASS, denominator=_WHOLE)[0])
    some = bool((rates.numerator[hces] > 0).any())
    return AverageBenefitPercentage(
        passed=passed,
        path=_average_path(nhces, hces, some),
        percentage=share_hundredths(rates, nhces, hces) if some else _WHOLE,
        nhce_average=average_hundredths(rates, nhces),
        hce_average=average_hundredths(rates, hces),
        nhces=int(nhces.sum()),
        hces=int(hces.sum()),
    )


def average_benefit_scenarios(*, rates: Rates, is_hce: Flags, excluded: Flags, plan: Counts | None = None) -> Flags:
    """Whether each plan's average benefit percentage is 70 % or more (Reg. 1.410(b)-5(a)); exact, many plans at once.

    Layout as elsewhere: people on the last axis; or flat, with each person's ``plan`` from 0 upward.
    """
    check_facts(locals())
    hce = same_shape("is_hce", is_hce, is_hce.shape)
    counted = ~same_shape("excluded", excluded, is_hce.shape)
    home, plans = plans_of(is_hce.shape, plan)
    return at_least_shares(
        rates, counted & ~hce, counted & hce, home, plans, numerator=RATIO_TO_PASS, denominator=_WHOLE
    )


def average_benefit_test(
    *,
    coverage: CoverageTest,
    average: AverageBenefitPercentage | None = None,
    reasonable_classification: bool | None = None,
    facts_and_circumstances: bool | None = None,
) -> AverageBenefitTest:
    """Coverage by the ratio percentage or by the average benefit test (IRC 410(b)(1), (2); Reg. 1.410(b)-2(b)(2),
    (3)).

    ``reasonable_classification``: objective business criteria such as job category, salaried or hourly, or place, not
    an enumeration by name (Reg. 1.410(b)-4(b)). ``facts_and_circumstances``: what the factual determination of
    -4(c)(3)(ii) found, asked for only between the harbors. None: nobody has told yet.
    """
    path = _path(coverage, average, reasonable_classification, facts_and_circumstances)
    return AverageBenefitTest(
        outcome=_outcome(path),
        path=path,
        coverage=coverage,
        average=average,
        reasonable=reasonable_classification,
        facts_and_circumstances=facts_and_circumstances,
    )


def classification_test(
    *,
    coverage: CoverageTest,
    reasonable_classification: bool | None = None,
    facts_and_circumstances: bool | None = None,
) -> AverageBenefitTest:
    """Section 410(b) without regard to the average benefit percentage (Reg. 1.401(a)(4)-4(b)(1), -8(b)(1)(iii)(A)).

    The ratio percentage, or else the nondiscriminatory classification of Reg. 1.410(b)-4 alone.
    """
    path = _path(coverage, None, reasonable_classification, facts_and_circumstances, average_counts=False)
    return AverageBenefitTest(_outcome(path), path, coverage, None, reasonable_classification, facts_and_circumstances)


def midpoint_thousandths(*, safe_harbor: int, unsafe_harbor: int) -> int:
    """The midpoint between the harbors, in thousandths of a percent (Reg. 1.401(a)(4)-2(c)(3)(ii)(A)).

    >>> midpoint_thousandths(safe_harbor=2_975, unsafe_harbor=2_000)
    24875
    """
    check_facts(locals())
    return (safe_harbor + unsafe_harbor) * 5


def harbors(concentration: Cents) -> tuple[Cents, Cents]:
    """Safe and unsafe harbor for many whole percentages of NHCEs at once (Reg. 1.410(b)-4(c)(4)(i), (ii))."""
    check_facts(locals())
    over = np.maximum(concentration - 60, 0)
    return 5_000 - 75 * over, np.maximum(4_000 - 75 * over, 2_000)


def _path(
    coverage: CoverageTest,
    average: AverageBenefitPercentage | None,
    reasonable: bool | None,
    facts: bool | None,
    *,
    average_counts: bool = True,
) -> AverageBenefitPath:
    if coverage.deemed:
        return AverageBenefitPath.DEEMED
    if coverage.passed:
        return AverageBenefitPath.RATIO_PERCENTAGE
    between = coverage.classification is Classification.FACTS_AND_CIRCUMSTANCES
    for holds, path in (
        (reasonable is False, AverageBenefitPath.NOT_REASONABLE),
        (coverage.classification is Classification.DISCRIMINATORY, AverageBenefitPath.UNSAFE_HARBOR),
        (between and facts is False, AverageBenefitPath.FACTS_NOT_FOUND),
        (average is not None and not average.passed, AverageBenefitPath.AVERAGE_TOO_LOW),
        (between and facts is None, AverageBenefitPath.FACTS_OPEN),
        (reasonable is None, AverageBenefitPath.REASONABLE_OPEN),
        (average is None and average_counts, AverageBenefitPath.AVERAGE_OPEN),
        (between, AverageBenefitPath.FACTS_AND_CIRCUMSTANCES),
    ):
        if holds:
            return path
    return AverageBenefitPath.SAFE_HARBOR


_PASSED = {
    AverageBenefitPath.DEEMED,
    AverageBenefitPath.RATIO_PERCENTAGE,
    AverageBenefitPath.SAFE_HARBOR,
    AverageBenefitPath.FACTS_AND_CIRCUMSTANCES,
}
_OPEN = {AverageBenefitPath.FACTS_OPEN, AverageBenefitPath.REASONABLE_OPEN, AverageBenefitPath.AVERAGE_OPEN}


def _outcome(path: AverageBenefitPath) -> Outcome:
    if path in _PASSED:
        return Outcome.PASSED
    return Outcome.OPEN if path in _OPEN else Outcome.FAILED


def _average_path(nhces: Flags, hces: Flags, hces_have_some: bool) -> AveragePath:
    if not nhces.any():
        return AveragePath.NO_NHCE
    if not hces.any():
        return AveragePath.NO_HCE
    return AveragePath.TESTED if hces_have_some else AveragePath.HCES_GET_NOTHING
