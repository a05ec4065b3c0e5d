"""The tests of a plan, in order: adding one is a measure, a function for its working, and one line here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from open401k import law
from open401k.kernel import Money
from open401k.law import ImpossibleInput, NotEnacted

from . import amounts, pay_fairness
from .elsewhere import told_amounts, told_group, top_heavy_group
from .facts import JSON, Cents, Flags, PlanFacts
from .measures import (
    MEASURES,
    Measure,
    Measured,
    benefiting_in,
    counted_in,
    counted_too_much,
    must_be_roth,
    top_heavy_minimum,
    top_heavy_test,
)
from .pieces import column
from .results import COVERAGE, Status, TestId, TestResult, Unit
from .standing import People, nobody, people_of
from .told_counts import former_key, officers, top_paid_group
from .told_coverage import coverage
from .year import Year
from .year_from_facts import year_of

_SHOWN = 1_000
"""People in the working of a limit that each person has alone: the averages of a group need everybody."""

Told = tuple[dict[str, JSON], str]
_EARLY = (
    " Tested is only who may defer and has not entered for the safe harbor contribution: everybody else is a plan of "
    "its own, which is deemed to pass (Reg. 1.401(k)-3(h)(3))."
)


_OTHERS = " Who received a match of student loan payments is tested apart (IRC 401(m)(13)(B)(iv))."
_APART = (
    " Tested are only those who received a match of student loan payments in the plan year; everybody else is tested "
    "apart from them (IRC 401(m)(13)(B)(iv))."
)


@dataclass(frozen=True, slots=True)
class PlanTest:
    """One test: how it is measured, and how its working and its sentence are made."""

    measure: Measure
    tell: Callable[[PlanFacts, Year, Measured], Told]


def _column(values: Cents | Flags, places: Cents | None = None) -> Sequence[JSON]:
    return column(values if places is None else values[places])


_RatioKind = law.nondiscrimination.RatioKind


def _ratio_working(
    kind: _RatioKind, year: Year, contributions: Cents, parts: dict[str, Cents], prior: int | None
) -> Told:
    """Both averages with everybody's ratio, from ``law``.

    ``nhce_of_year_bps`` is this year's own average, also where last year's is tested against: next year's test
    reads it.
    """
    pay = year.tested_pay()

    def tested(prior_average: int | None) -> law.nondiscrimination.RatioTest:
        return law.nondiscrimination.ratio_test(
            kind,
            contributions=contributions,
            compensation=pay,
            is_hce=year.is_hce,
            eligible=year.eligible if kind is _RatioKind.ADP else year.acp_eligible,
            prior_year_nhce_average=prior_average,
        )

    test = tested(prior)
    own = test if prior is None else tested(None)
    places = test.people.place
    people: dict[str, JSON] = {
        "place": _column(places),
        "hce": _column(test.people.is_hce),
        "contribution_cents": _column(test.people.contribution_cents),
        "compensation_cents": _column(test.people.compensation_cents),
        "ratio_bps": _column(test.people.ratio),
    }
    people |= {name: _column(values, places) for name, values in parts.items()}
    working: dict[str, JSON] = {
        "path": str(test.path.value),
        "testing": str(test.testing.value),
        "hce": {"count": test.hce.count, "ratio_sum_bps": test.hce.ratio_sum, "average_bps": test.hce.average},
        "nhce": {"count": test.nhce.count, "ratio_sum_bps": test.nhce.ratio_sum, "average_bps": test.nhce.average},
        "nhce_of_year_bps": own.nhce.average,
        "limit": {
            "times_1_25_bps": test.limit.times_1_25,
            "twice_bps": test.limit.twice,
            "plus_two_points_bps": test.limit.plus_two_points,
            "limit_bps": test.limit.limit,
        },
        "left_out_without_pay": list(test.left_out_without_pay),
        "people": people,
    }
    return working, law.explain.explain(test)


def _adp(facts: PlanFacts, year: Year, __: Measured) -> Told:
    parts = {"deferral_cents": year.deferrals, "catch_up_cents": year.adp_catch_up(), "qnec_cents": year.qnec}
    if year.elsewhere is not None:
        parts["elsewhere_cents"] = np.where(year.is_hce, year.elsewhere.plan_year_deferrals, 0)
    tested = year.of_adp()
    working, text = _ratio_working(_RatioKind.ADP, tested, year.adp_contributions(), parts, year.prior_adp_bps)
    if year.in_safe_harbor is not None:
        text += _EARLY
    if year.loan_matched is not None and year.loan_matched.any():
        text += _OTHERS
    return working, text + told_amounts(facts, ("plan_year_deferrals",), year.is_hce & tested.eligible)


def _adp_of_loans(facts: PlanFacts, year: Year, _: Measured) -> Told:
    parts = {"deferral_cents": year.deferrals, "catch_up_cents": year.adp_catch_up(), "qnec_cents": year.qnec}
    tested = year.of_loan_matched()
    if year.elsewhere is not None:
        parts["elsewhere_cents"] = np.where(year.is_hce, year.elsewhere.plan_year_deferrals, 0)
    working, text = _ratio_working(_RatioKind.ADP, tested, year.adp_contributions(), parts, None)
    return working, text + _APART + told_amounts(facts, ("plan_year_deferrals",), year.is_hce & tested.eligible)


def _acp(facts: PlanFacts, year: Year, __: Measured) -> Told:
    parts = {"match_cents": year.match, "after_tax_cents": year.after_tax}
    if year.elsewhere is not None:
        parts["elsewhere_cents"] = np.where(year.is_hce, year.elsewhere.match + year.elsewhere.after_tax, 0)
    tested = year.of_match()
    working, text = _ratio_working(_RatioKind.ACP, tested, year.acp_contributions(), parts, year.prior_acp_bps)
    return working, text + told_amounts(facts, ("match", "after_tax"), year.is_hce & tested.acp_eligible)


def _deferral_limit(facts: PlanFacts, year: Year, measured: Measured) -> Told:
    limits, split = year.deferral_limits(), year.split()
    must = must_be_roth(year)
    with_deferrals = _nearest(year.calendar_deferrals, limits.total)
    shown = limits if year.elsewhere is None else year.whole_limits()
    working: dict[str, JSON] = {
        "calendar_year": year.calendar_year.year,
        "must_be_roth_cents": int(must.sum()),
        "excess_cents": int(split.excess.sum()),
        "people": {
            "place": _column(with_deferrals),
            "deferral_cents": _column(year.calendar_deferrals, with_deferrals),
            "regular_limit_cents": _column(np.broadcast_to(shown.regular, year.ages.shape), with_deferrals),
            "catch_up_limit_cents": _column(shown.catch_up, with_deferrals),
            "catch_up_cents": _column(split.catch_up, with_deferrals),
            "excess_cents": _column(split.excess, with_deferrals),
            "age": _column(year.ages, with_deferrals),
            "roth_required": _column(year.roth_required, with_deferrals),
            "must_be_roth_cents": _column(must, with_deferrals),
            **_elsewhere(year, None if year.elsewhere is None else year.elsewhere.deferrals, with_deferrals),
        },
    }
    elsewhere = told_amounts(facts, ("deferrals",), year.calendar_deferrals > 0)
    over = int((split.excess > 0).sum())
    if over:
        return working, (
            f"{over} over the limit of {year.calendar_year}, by {Money(int(split.excess.sum()))} together: "
            f"pay it back with its earnings by April 15, {year.calendar_year.year + 1}.{elsewhere}"
        )
    if must.any():
        return working, (
            f"{Money(int(must.sum()))} of catch-up was made pre-tax by people whose wages of the year before require "
            f"it to be Roth (IRC 414(v)(7)).{elsewhere}"
        )
    closest = facts.labels[_closest(year)] if with_deferrals.size else "Nobody"
    told = f"Nobody is over the limit. {closest} has the least room: {Money(int(measured.measured))} so far."
    return working, told + elsewhere


def _elsewhere(year: Year, column: Cents | None, places: Cents) -> dict[str, JSON]:
    """A column of its own for what the same people have in other plans, where the sponsor has any."""
    if column is None or year.elsewhere is None:
        return {}
    return {"elsewhere_cents": _column(column, places)}


def _nearest(used: Cents, limit: Cents) -> Cents:
    """Places of who used any of a limit; in a large plan, of those nearest to it."""
    places = np.flatnonzero(used > 0)
    if len(places) <= _SHOWN:
        return places
    room = np.broadcast_to(limit, used.shape)[places] - used[places]
    return np.sort(places[np.argsort(room, kind="stable")[:_SHOWN]])


def _closest(year: Year) -> int:
    room = np.where(year.calendar_deferrals > 0, year.deferral_limits().total - year.calendar_deferrals, 2**62)
    return int(room.argmin())


def _additions_limit(facts: PlanFacts, year: Year, measured: Measured) -> Told:
    outcome = year.annual_additions()
    own = year.deferrals + year.after_tax + year.match + year.nonelective + year.qnec
    elsewhere = told_amounts(facts, ("plan_year_deferrals", "after_tax", "employer"), own > 0)
    places = _nearest(outcome.counted, outcome.limit)
    working: dict[str, JSON] = {
        "dollar_limit_cents": outcome.dollar_limit_cents,
        "excess_cents": int(outcome.excess.sum()),
        "people": {
            "place": _column(places),
            "counted_cents": _column(outcome.counted, places),
            "limit_cents": _column(outcome.limit, places),
            "compensation_cents": _column(year.section_415, places),
            "catch_up_by_415_cents": _column(outcome.catch_up_by_415, places),
            "excess_cents": _column(outcome.excess, places),
            **({} if year.corrective is None else {"corrective_cents": _column(year.corrective, places)}),
            **_elsewhere(year, year.additions_elsewhere(own), places),
        },
    }
    over = int((outcome.excess > 0).sum())
    if over:
        told = f"{over} over the limit, by {Money(int(outcome.excess.sum()))} together (IRC 415(c))."
        return working, told + elsewhere
    used, limit = Money(int(measured.measured)), Money(int(measured.limit))
    return working, f"Nobody is over their limit. The least room is {limit - used}: {used} of {limit}.{elsewhere}"


def _compensation_limit(facts: PlanFacts, year: Year, _: Measured) -> Told:
    cap = law.compensation.annual_cap(year.plan_year)
    places = np.flatnonzero(year.compensation > cap)
    working: dict[str, JSON] = {
        "cap_cents": cap,
        "people": {
            "place": _column(places),
            "compensation_cents": _column(year.compensation, places),
            "counted_cents": _column(year.counted_pay(), places),
        },
    }
    if not len(places):
        return working, f"Nobody has been paid more than {Money(cap)} this plan year."
    over = counted_too_much(year)
    if over.any():
        return working, (
            f"{int((over > 0).sum())} paid more than {Money(cap)} received employer money on more than that: "
            f"{Money(int(over.sum()))} too much together (IRC 401(a)(17))."
        )
    names = ", ".join(facts.labels[int(place)] for place in places[:3])
    return working, f"Pay over {Money(cap)} does not count: {len(places)} so far ({names})."


def _pay_ratio(_: PlanFacts, year: Year, __: Measured) -> Told:
    return pay_fairness.told(year.fairness, year.is_hce)


def _coverage(test: TestId, facts: PlanFacts, year: Year, __: Measured) -> Told:
    return coverage(facts, year, benefiting=benefiting_in(test, year), excluded=~counted_in(test, year))


def _top_heavy(facts: PlanFacts, year: Year, __: Measured) -> Told:
    test = top_heavy_test(year)
    owed = top_heavy_minimum(year).of_one()
    places = np.flatnonzero(year.balances != 0)
    working: dict[str, JSON] = {
        "key_cents": test.key_cents,
        "total_cents": test.total_cents,
        "people_counted": test.people_counted,
        "minimum_rate_bps": owed.rate_bps if test.top_heavy else 0,
        "shortfall_cents": owed.total_shortfall_cents if test.top_heavy else 0,
        "people": {
            "place": _column(places),
            "key": _column(year.is_key, places),
            "balance_cents": _column(year.balances, places),
            **_elsewhere(year, year.balances - facts.balances_at_determination, places),
        },
    }
    text = law.explain.explain(test)
    if facts.others:
        group = top_heavy_group(facts, year.is_key)
        working["together"] = [each.name for each in group.together]
        working["apart"] = [each.name for each in group.apart]
        text += told_group(group)
    for more, words in (officers(facts), former_key(facts, year)):
        working |= more
        text += words
    if test.top_heavy:
        told = law.explain.explain(owed)
        text += f" On pay to date, {told[:1].lower()}{told[1:]}"
    return working, text


_TELL: dict[TestId, Callable[[PlanFacts, Year, Measured], Told]] = {
    TestId.ADP: _adp,
    TestId.ADP_STUDENT_LOANS: _adp_of_loans,
    TestId.ACP: _acp,
    TestId.DEFERRAL_LIMIT: _deferral_limit,
    TestId.ADDITIONS_LIMIT: _additions_limit,
    TestId.COMPENSATION_LIMIT: _compensation_limit,
    TestId.PAY_RATIO: _pay_ratio,
    **{each: partial(_coverage, each) for each in COVERAGE},
    TestId.TOP_HEAVY: _top_heavy,
}

PLAN_TESTS: tuple[PlanTest, ...] = (
    *(PlanTest(measure, _TELL[measure.test]) for measure in MEASURES),
    PlanTest(amounts.AMOUNTS, lambda facts, year, _: amounts.told(facts, year)),
)


def run_tests(facts: PlanFacts) -> tuple[tuple[TestResult, ...], People | None]:
    """Every test of the plan year to date; a figure that is not on file refuses the tests that read it, by name.

    So does a sum that no fact can be: a payroll is not kept from posting by it.

    A plan year that begins in a year without figures has none of its tests: no payroll of it can post.
    """
    try:
        people = people_of(facts)
        missing, missing_key = "", people.key_missing or facts.balances_missing
    except (NotEnacted, ImpossibleInput) as refusal:
        people, missing, missing_key = None, str(refusal), str(refusal)
    none = nobody(len(facts))
    try:
        year = year_of(
            facts,
            is_hce=none if people is None else people.is_hce,
            is_key=none if people is None else people.is_key,
        )
    except (NotEnacted, ImpossibleInput) as refusal:
        return tuple(_refused(each.measure, str(refusal)) for each in PLAN_TESTS if not each.measure.silent), people
    told = [each for each in PLAN_TESTS if not (each.measure.silent and each.measure.applies(year))]
    return tuple(_run(each, facts, year, missing, missing_key) for each in told), people


def _no_prior_year(facts: PlanFacts) -> str:
    if not facts.succeeds:
        return (
            "The plan is tested against the averages of the year before, and these are not on file. "
            "Load them with the plan's history."
        )
    return (
        f"Half or more of its people were eligible in {' and '.join(facts.succeeds)} the year before, so that the 3 % "
        "of a first year is not open to it (Reg. 1.401(k)-2(c)(2)(iii), (4)). The average of that year is not on file. "
        "Test that year first, or amend this plan to current-year testing."
    )


def _run(plan_test: PlanTest, facts: PlanFacts, year: Year, missing: str, missing_key: str) -> TestResult:
    measure = plan_test.measure
    why_not = measure.applies(year)
    if why_not:
        return _without(measure, Status.NOT_APPLICABLE, why_not)
    unknown = missing if measure.needs_groups else missing_key if measure.needs_key else ""
    if unknown:
        return _refused(measure, unknown)
    try:
        if measure.by_prior_year and facts.prior_year_missing:
            own = year.adp() if measure.test is TestId.ADP else year.acp()
            refused = _refused(measure, _no_prior_year(facts))
            return replace(refused, working={"nhce_of_year_bps": int(own.nhce_average)})
        measured = measure.of(year) if measure.of_facts is None else measure.of_facts(facts, year)
        why_not = "" if measure.not_yet is None or not measured.passed else measure.not_yet(year)
        if why_not:
            return _refused(measure, why_not)
        working, text = plan_test.tell(facts, year, measured)
        more, words = top_paid_group(facts) if measure.needs_groups else ({}, "")
    except (NotEnacted, ImpossibleInput) as refusal:
        return _refused(measure, str(refusal))
    passed = bool(measured.passed)
    return TestResult(
        test=measure.test,
        title=measure.title,
        citation=measure.citation,
        status=Status.PASS if passed else Status.FAIL,
        unit=measure.unit,
        measured=int(measured.measured),
        limit=int(measured.limit),
        room=_room(measure, measured),
        working=working | more,
        explanation=text + words,
    )


def _room(measure: Measure, measured: Measured) -> int:
    """What is left to the limit; in a coverage test more is better, and the room is what is above the limit."""
    left = int(measured.limit) - int(measured.measured)
    return -left if measure.test in (*COVERAGE, TestId.AMOUNTS) else left


def _refused(measure: Measure, why: str) -> TestResult:
    return _without(measure, Status.REFUSED, why)


def _without(measure: Measure, status: Status, why: str) -> TestResult:
    return TestResult(
        measure.test, measure.title, measure.citation, status, Unit(measure.unit), None, None, None, {}, why
    )
