"""Prior-year or current-year testing: who may change, what the first year compares with, what coverage changes do.

Reg. 1.401(k)-2(c), 1.401(m)-2(c). Not here: the weighted average itself (prior_year.py), the tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from .given import ImpossibleInput, check_facts, check_fields
from .nondiscrimination import Testing
from .prior_year import FIRST_YEAR_NHCE_AVERAGE, PriorSubgroup, is_successor, weighted_average

#: The two methods, by the name that the tests use.
Method = Testing
#: Plan years of current-year testing before a change back (Reg. 1.401(k)-2(c)(1)(ii)(A)).
_YEARS = 5
#: From this share one subgroup may stand for all (Reg. 1.401(k)-2(c)(4)(ii)), in percent.
_MINOR_PERCENT = 90


class ChangeGround(StrEnum):
    """Why a change of the testing method is allowed, or that it is not."""

    TO_CURRENT_YEAR = "to_current_year_always"
    FIVE_YEARS = "current_year_for_five_years_or_since_the_plan_began"
    MERGER = "merger_or_acquisition_with_both_methods_within_the_transition_period"
    NONE = "not_allowed"


@dataclass(frozen=True, slots=True)
class MethodHistory:
    """Of one plan, or of one that was merged into it: plan years since it began, and how many lately by current year.

    A safe harbor year and a SIMPLE 401(k) year count as current year.
    """

    plan_years: int
    last_in_a_row_current_year: int

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class PriorAverage:
    """The NHCE average to test against and where it comes from."""

    average: int | None
    reason: str


def may_change(
    *, to: Method, histories: Sequence[MethodHistory], transaction_with_both_methods_in_transition: bool = False
) -> ChangeGround:
    """Whether a plan may change its method for a plan year (Reg. 1.401(k)-2(c)(1), 1.401(m)-2(c)(1)).

    To current year always. Back to prior year after five plan years by current year, or all since the plan began if
    fewer; of a plan made of several, each of them; or after a merger within the time of 410(b)(6)(C)(ii).
    """
    check_facts(locals())
    if any(each.last_in_a_row_current_year > each.plan_years for each in histories):
        raise ImpossibleInput("histories", "no more years by current year than the plan has existed")
    if to is Method.CURRENT_YEAR:
        return ChangeGround.TO_CURRENT_YEAR
    if histories and all(each.last_in_a_row_current_year >= min(_YEARS, each.plan_years) for each in histories):
        return ChangeGround.FIVE_YEARS
    return ChangeGround.MERGER if transaction_with_both_methods_in_transition else ChangeGround.NONE


def first_year_average(*, eligible: int, eligible_before: int, actual_average: int | None) -> PriorAverage:
    """What a first plan year under prior-year testing compares with (IRC 401(k)(3)(E); Reg. 1.401(k)-2(c)(2)).

    3 %, or the year's own average where the plan elects it; a successor plan neither: the weighted average ((c)(4)).
    """
    check_facts(locals())
    if is_successor(eligible=eligible, eligible_before=eligible_before):
        return PriorAverage(None, "successor plan: the weighted average of where its people came from")
    if actual_average is not None:
        return PriorAverage(actual_average, "the first year's own average, as elected")
    return PriorAverage(FIRST_YEAR_NHCE_AVERAGE, "3 % of a first plan year")


def after_coverage_change(
    subgroups: Sequence[PriorSubgroup], *, plan_provides_minor_rule: bool = False
) -> PriorAverage:
    """The average of the year before after a plan coverage change (Reg. 1.401(k)-2(c)(4)(i)-(ii)).

    Weighted; or, where the plan provides it and 90 % or more of the people come from one plan, that plan's.
    """
    check_facts(locals())
    people = sum(each.people for each in subgroups)
    if not people:
        raise ImpossibleInput("subgroups", "there is at least one person")
    largest = max(subgroups, key=lambda each: each.people)
    if plan_provides_minor_rule and largest.people * 100 >= people * _MINOR_PERCENT:
        return PriorAverage(largest.average, "the average of the plan that 90 % or more come from")
    return PriorAverage(weighted_average(subgroups), "the average weighted by where people come from")
