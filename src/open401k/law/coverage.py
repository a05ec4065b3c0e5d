"""Minimum coverage (IRC 410(b)): the ratio percentage test, and the classification for the average benefit test.

Not here: average benefit percentages. Percentages are whole hundredths of a percent.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from .arrays import Cents, Counts, Flags, count_of, half_up_quotient
from .given import ImpossibleInput, check_facts

#: The ratio percentage that passes (IRC 410(b)(1)(B)).
RATIO_TO_PASS = 7_000
#: With more hours of service a leaver counts (Reg. 1.410(b)-6(f)(1)(v)).
SHORT_SERVICE_HOURS = 500
_WHOLE = 10_000
_MOST_PEOPLE = 10**7


class Classification(StrEnum):
    """How the group that benefits stands against the table of Reg. 1.410(b)-4(c)(4)."""

    SAFE_HARBOR = "safe harbor"
    FACTS_AND_CIRCUMSTANCES = "facts and circumstances"
    DISCRIMINATORY = "discriminatory"


@dataclass(frozen=True, slots=True)
class CoverageTest:
    """The ratio percentage with the four counts it is made of, and the table's row for the NHCE concentration."""

    passed: bool
    ratio: int
    nhce_nonexcludable: int
    nhce_benefiting: int
    hce_nonexcludable: int
    hce_benefiting: int
    nhce_concentration: int
    safe_harbor: int
    unsafe_harbor: int
    classification: Classification
    deemed: str


@dataclass(frozen=True, slots=True, eq=False)
class CoverageScenarios:
    """The ratio percentage test over plans or scenarios: one number or flag each."""

    ratio: Cents
    passed: Flags


def excludable(
    *, below_age_or_service: Flags, collectively_bargained: Flags, nonresident_alien: Flags, short_service_leaver: Flags
) -> Flags:
    """Who is left out of the count (IRC 410(b)(3), (4); Reg. 1.410(b)-6).

    ``short_service_leaver``: left with at most 500 hours and gets nothing only because of a last-day or hours rule,
    which never applies to the part of a plan that takes deferrals.
    """
    check_facts(locals())
    return below_age_or_service | collectively_bargained | nonresident_alien | short_service_leaver


def short_service_leavers(
    *,
    eligible: Flags,
    benefiting: Flags,
    lacks_only_period_or_last_day: Flags,
    employed_on_last_day: Flags,
    hours: Counts,
    most_hours: int = SHORT_SERVICE_HOURS,
) -> Flags:
    """Who may be left out as a leaver with little service, all of them or none (Reg. 1.410(b)-6(f)(1)).

    Eligible, without an allocation "solely because of the failure to satisfy the minimum period of service or last-day
    requirement", gone "with no more than 500 hours of service, and ... not an employee as of the last day".
    ``most_hours``: fewer where the plan credits by an equivalency ((f)(2)), 435 of hours worked, 375 of regular time.
    """
    check_facts(locals())
    if most_hours > SHORT_SERVICE_HOURS:
        raise ImpossibleInput("most_hours", f"{most_hours} are more than {SHORT_SERVICE_HOURS}")
    return eligible & ~benefiting & lacks_only_period_or_last_day & ~employed_on_last_day & (hours <= most_hours)


def coverage_test(*, is_hce: Flags, benefiting: Flags, excluded: Flags) -> CoverageTest:
    """The ratio percentage test over the employer's employees (IRC 410(b)(1)(B), (2)(A)(i)).

    In the parts for deferrals and match everybody eligible benefits, deferring or not (410(b)(6)(E)). Excluded by
    statute is one thing (``excluded``), excluded by the plan's classes another: those count and do not benefit.
    """
    check_facts(locals())
    counts = _counts(is_hce, benefiting, excluded)
    return coverage_of_counts(**{name: int(count) for name, count in counts.items()})


def coverage_scenarios(*, is_hce: Flags, benefiting: Flags, excluded: Flags) -> CoverageScenarios:
    """The same over plans or scenarios at once (IRC 410(b)(1)(B), (2)(A)(i)); employees on the last axis."""
    check_facts(locals())
    ratio = ratio_percentages(**_counts(is_hce, benefiting, excluded))
    return CoverageScenarios(ratio, ratio >= RATIO_TO_PASS)


def coverage_of_counts(
    *, nhce_nonexcludable: int, nhce_benefiting: int, hce_nonexcludable: int, hce_benefiting: int
) -> CoverageTest:
    """The test from the four counts (Reg. 1.410(b)-2(b)(2), -4(c), -9 "ratio percentage": to 0.01 %)."""
    check_facts(locals())
    everybody = nhce_nonexcludable + hce_nonexcludable
    concentration = nhce_nonexcludable * 100 // everybody if everybody else 0
    safe, unsafe = harbor_percentages(concentration)
    ratio = int(
        ratio_percentages(
            nhce_nonexcludable=np.asarray(nhce_nonexcludable),
            nhce_benefiting=np.asarray(nhce_benefiting),
            hce_nonexcludable=np.asarray(hce_nonexcludable),
            hce_benefiting=np.asarray(hce_benefiting),
        )
    )
    return CoverageTest(
        passed=ratio >= RATIO_TO_PASS,
        ratio=ratio,
        nhce_nonexcludable=nhce_nonexcludable,
        nhce_benefiting=nhce_benefiting,
        hce_nonexcludable=hce_nonexcludable,
        hce_benefiting=hce_benefiting,
        nhce_concentration=concentration,
        safe_harbor=safe,
        unsafe_harbor=unsafe,
        classification=_classify(ratio, safe, unsafe),
        deemed=_deemed(nhce_nonexcludable, hce_nonexcludable, hce_benefiting),
    )


def ratio_percentages(
    *, nhce_nonexcludable: Counts, nhce_benefiting: Counts, hce_nonexcludable: Counts, hce_benefiting: Counts
) -> Cents:
    """Ratio percentages of many plans or scenarios, half-up to 0.01 % (IRC 410(b)(1)(B); Reg. 1.410(b)-9).

    100 % where no NHCE is counted or no HCE benefits (Reg. 1.410(b)-2(b)(5), (6)).
    """
    check_facts(locals())
    for field, part, everybody in (
        ("nhce_benefiting", nhce_benefiting, nhce_nonexcludable),
        ("hce_benefiting", hce_benefiting, hce_nonexcludable),
    ):
        if bool((part > everybody).any()):
            raise ImpossibleInput(field, "more benefit than are counted")
        if bool((everybody > _MOST_PEOPLE).any()):
            raise ImpossibleInput(field.replace("benefiting", "nonexcludable"), "is more than anybody employs")
    tested = (nhce_nonexcludable > 0) & (hce_nonexcludable > 0) & (hce_benefiting > 0)
    numerator = nhce_benefiting * hce_nonexcludable * _WHOLE
    denominator = np.where(tested, nhce_nonexcludable * hce_benefiting, 1)
    return np.where(tested, half_up_quotient(numerator, denominator), _WHOLE)


def harbor_percentages(concentration: int) -> tuple[int, int]:
    """Safe and unsafe harbor for a whole percentage of NHCEs (Reg. 1.410(b)-4(c)(4)(iv)).

    Three quarters of a point less for each point over 60.

    >>> harbor_percentages(74)
    (3950, 2950)
    """
    check_facts(locals())
    if concentration > 100:
        raise ImpossibleInput("concentration", f"{concentration} is above 100 percent")
    over = max(0, concentration - 60)
    return 5_000 - 75 * over, max(2_000, 4_000 - 75 * over)


def _counts(is_hce: Flags, benefiting: Flags, excluded: Flags) -> dict[str, Counts]:
    counted = ~excluded
    hces, inside = counted & is_hce, counted & benefiting
    hce, both, hce_inside = count_of(hces), count_of(inside), count_of(inside & is_hce)
    return {
        "nhce_nonexcludable": count_of(counted) - hce,
        "nhce_benefiting": both - hce_inside,
        "hce_nonexcludable": hce,
        "hce_benefiting": hce_inside,
    }


def _deemed(nhces: int, hces: int, hces_benefiting: int) -> str:
    if nhces == 0:
        return "no NHCE is counted (Reg. 1.410(b)-2(b)(5))"
    if hces == 0 or hces_benefiting == 0:
        return "no HCE benefits (Reg. 1.410(b)-2(b)(6))"
    return ""


def _classify(ratio: int, safe: int, unsafe: int) -> Classification:
    if ratio >= safe:
        return Classification.SAFE_HARBOR
    return Classification.FACTS_AND_CIRCUMSTANCES if ratio >= unsafe else Classification.DISCRIMINATORY
