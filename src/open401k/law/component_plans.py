"""Restructuring into component plans to satisfy section 401(a)(4) (Reg. 1.401(a)(4)-9(c)). Not here: choosing the
components.
"""

from dataclasses import dataclass

import numpy as np

from .arrays import Counts, Flags
from .average_benefit import AverageBenefitPercentage, AverageBenefitTest, Outcome, average_benefit_test
from .coverage import coverage_test
from .exact_rates import Rates, same_shape
from .general_test import GeneralTest, general_test
from .given import ImpossibleInput, check_facts


@dataclass(frozen=True, slots=True)
class ComponentPlan:
    """One component: its own coverage and its own general test."""

    number: int
    coverage: AverageBenefitTest
    amounts: GeneralTest

    @property
    def outcome(self) -> Outcome:
        return _worst((self.coverage.outcome, self.amounts.outcome))


@dataclass(frozen=True, slots=True)
class Restructured:
    """A plan as its components: it satisfies section 401(a)(4) if each satisfies 401(a)(4) and 410(b)."""

    outcome: Outcome
    components: tuple[ComponentPlan, ...]

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED


def component_plans(
    *,
    rates: Rates,
    is_hce: Flags,
    excluded: Flags,
    benefiting: Flags,
    component: Counts,
    average: AverageBenefitPercentage | None = None,
    reasonable_classification: bool | None = None,
    facts_and_circumstances: bool | None = None,
) -> Restructured:
    """Each component plan satisfies 410(b) and the general test as if it were a plan (Reg. 1.401(a)(4)-9(c)(1), (3),
    (4)).

    ``component``: for each employee of the plan the one component he is in, in any composition (-9(c)(2)). ``average``:
    the plan's average benefit percentage, which counts for every component (-9(c)(4)(i)). Not for deferrals and match,
    and not for the gateway, broadly available rates, gradual schedules or uniform points (-9(c)(3)(ii)); the plan
    itself must still satisfy 410(b) (-9(c)(4)(ii)).
    """
    check_facts(locals())
    inside = same_shape("benefiting", benefiting, is_hce.shape)
    homes = np.asarray(component, dtype=np.int64)
    if homes.shape != is_hce.shape:
        raise ImpossibleInput("component", f"has the shape {homes.shape}, the employees have {is_hce.shape}")
    parts = []
    for number in np.unique(homes.reshape(-1)[inside]).tolist():
        members = benefiting & (homes == number)
        parts.append(
            ComponentPlan(
                number=number,
                coverage=average_benefit_test(
                    coverage=coverage_test(is_hce=is_hce, benefiting=members, excluded=excluded),
                    average=average,
                    reasonable_classification=reasonable_classification,
                    facts_and_circumstances=facts_and_circumstances,
                ),
                amounts=general_test(
                    rates=_only(rates, members.reshape(-1)),
                    is_hce=is_hce,
                    excluded=excluded,
                    benefiting=members,
                    average_benefit_passed=None if average is None else average.passed,
                ),
            )
        )
    return Restructured(_worst(tuple(part.outcome for part in parts)), tuple(parts))


def _only(rates: Rates, members: Flags) -> Rates:
    """The rates of the members; whoever is in another component has none in this one."""
    return Rates(np.where(members, rates.numerator, 0), rates.denominator, rates.family, rates.slack, rates.exact)


def _worst(outcomes: tuple[Outcome, ...]) -> Outcome:
    return next((each for each in (Outcome.FAILED, Outcome.OPEN) if each in outcomes), Outcome.PASSED)
