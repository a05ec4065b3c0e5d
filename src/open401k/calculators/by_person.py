"""The tests of a plan as a practitioner fills them in: one object for each person, one answer for each.

Each calls the law's own function and adds names and units. Not here: any rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kernel import CalendarYear, PlanYear
from ..law import compensation, corrections, coverage, cross_testing, deferrals, general_test, top_heavy
from ..law import nondiscrimination as nd
from ..law.exact_rates import Rates, hundredths
from ..law.nondiscrimination import RatioKind, Testing
from .calculator import Answer
from .problems import InputRefused, Problem
from .typed import cents, flags
from .written import written

Told = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """One person of the ADP or ACP test; pay is that of section 414(s)."""

    name: str = ""
    hce: bool
    compensation_cents: int
    eligible: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferring(Tested):
    """One person of the ADP test; catch-up and an NHCE's deferrals over 402(g) do not count."""

    deferrals_cents: int
    catch_up_cents: int = 0
    over_402g_limit_cents: int = 0
    qnec_and_qmac_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched(Tested):
    """One person of the ACP test."""

    match_cents: int
    after_tax_cents: int = 0
    qnec_and_deferrals_used_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferringHce(Deferring):
    """One person of a failed ADP test: what more an HCE may keep as catch-up, and has in this plan to be paid."""

    catch_up_room_cents: int = 0
    in_tested_plan_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedHce(Matched):
    """One person of a failed ACP test; ``in_tested_plan_cents``: what an HCE has in this plan to be paid."""

    in_tested_plan_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee:
    """One employee of the coverage test; ``excluded``: by age, service, union or as nonresident alien."""

    name: str = ""
    hce: bool
    benefiting: bool
    excluded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One account on the determination date, and what the law adds back to it."""

    name: str = ""
    key_employee: bool
    balance_cents: int
    former_key_employee: bool = False
    served_in_year: bool = True
    paid_on_severance_1_year_cents: int = 0
    paid_in_service_5_years_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocated:
    """One employee of the general test."""

    name: str = ""
    hce: bool
    compensation_cents: int
    allocation_cents: int
    excluded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocatedAtAge(Allocated):
    """One employee of the cross-test; age on the last birthday or the nearest, as the plan tests."""

    age: int


def adp_test(
    *,
    participants: tuple[Deferring, ...],
    method: Testing = Testing.CURRENT_YEAR,
    prior_year_nhce_average_bps: int | None = None,
    plan_year: PlanYear | None = None,
) -> Answer:
    """The ADP test of a year, with everybody's ratio (IRC 401(k)(3); Reg. 1.401(k)-2(a)).

    With a plan year, pay is counted up to that year's limit of section 401(a)(17); without one, as it is given.
    """
    test = _ratio_test(
        RatioKind.ADP, participants, _deferred(participants), method, prior_year_nhce_average_bps, plan_year
    )
    return Answer(_test_told(test, participants), test)


def acp_test(
    *,
    participants: tuple[Matched, ...],
    method: Testing = Testing.CURRENT_YEAR,
    prior_year_nhce_average_bps: int | None = None,
    plan_year: PlanYear | None = None,
) -> Answer:
    """The ACP test of a year, with everybody's ratio (IRC 401(m)(2); Reg. 1.401(m)-2(a)).

    With a plan year, pay is counted up to that year's limit of section 401(a)(17); without one, as it is given.
    """
    counted = [each.match_cents + each.after_tax_cents + each.qnec_and_deferrals_used_cents for each in participants]
    test = _ratio_test(RatioKind.ACP, participants, counted, method, prior_year_nhce_average_bps, plan_year)
    return Answer(_test_told(test, participants), test)


def adp_refund(
    *,
    participants: tuple[DeferringHce, ...],
    method: Testing = Testing.CURRENT_YEAR,
    prior_year_nhce_average_bps: int | None = None,
    plan_year: PlanYear | None = None,
) -> Answer:
    """Refund of a failed ADP test: levelling ratios, then dollars (IRC 401(k)(8)(B)-(C); Reg. 1.401(k)-2(b)(2)).

    Income on it comes on top. What an HCE keeps as catch-up is not paid.
    """
    test = _ratio_test(
        RatioKind.ADP, participants, _deferred(participants), method, prior_year_nhce_average_bps, plan_year
    )
    room = [each.catch_up_room_cents for each in participants]
    found = corrections.refund(test, catch_up_room=room, in_tested_plan=_payable(test, participants))
    return Answer(_refund_told(found, test, participants), found)


def acp_refund(
    *,
    participants: tuple[MatchedHce, ...],
    method: Testing = Testing.CURRENT_YEAR,
    prior_year_nhce_average_bps: int | None = None,
    plan_year: PlanYear | None = None,
) -> Answer:
    """Excess aggregate contributions of a failed ACP test (IRC 401(m)(6)(B)-(C); Reg. 1.401(m)-2(b)(2)).

    Income on it comes on top; what is not vested is forfeited instead of paid.
    """
    counted = [each.match_cents + each.after_tax_cents + each.qnec_and_deferrals_used_cents for each in participants]
    test = _ratio_test(RatioKind.ACP, participants, counted, method, prior_year_nhce_average_bps, plan_year)
    found = corrections.refund(test, in_tested_plan=_payable(test, participants))
    return Answer(_refund_told(found, test, participants), found)


def coverage_ratio(*, participants: tuple[Employee, ...]) -> Answer:
    """The ratio percentage test of minimum coverage (IRC 410(b)(1)(B), (2)(A)(i); Reg. 1.410(b)-2(b)(2)).

    In the parts for deferrals and match everybody eligible benefits, deferring or not (410(b)(6)(E)).
    """
    _somebody(participants)
    found = coverage.coverage_test(
        is_hce=flags(each.hce for each in participants),
        benefiting=flags(each.benefiting for each in participants),
        excluded=flags(each.excluded for each in participants),
    )
    return Answer(_verdict(found.passed) | written(found), found)


def top_heavy_ratio(*, participants: tuple[Balance, ...]) -> Answer:
    """Whether key employees hold more than 60 % of the accounts (IRC 416(g)(1); Reg. 1.416-1).

    Former key employees and who did no work in the year are left out; balances are without unrelated rollovers.
    """
    _somebody(participants)
    found = top_heavy.top_heavy_test(
        balances=cents(each.balance_cents for each in participants),
        is_key=flags(each.key_employee for each in participants),
        former_key=flags(each.former_key_employee for each in participants),
        served_in_year=flags(each.served_in_year for each in participants),
        paid_on_severance_1_year=cents(each.paid_on_severance_1_year_cents for each in participants),
        paid_in_service_5_years=cents(each.paid_in_service_5_years_cents for each in participants),
    )
    return Answer({"verdict": "top_heavy" if found.top_heavy else "not_top_heavy"} | written(found), found)


def deferral_limit(
    *,
    age_at_year_end: int,
    year: CalendarYear,
    plan_allows_catch_up: bool = True,
    higher_60_to_63: bool = True,
    roth_catch_up_required: bool = False,
    plan_has_roth: bool = True,
    plan_limit_cents: int | None = None,
    deferred_elsewhere_cents: int = 0,
) -> Answer:
    """How much one employee may defer in a calendar year (IRC 402(g)(1)(B), 414(v)(2)).

    Age is that reached on the last day of the year. Deferred elsewhere: in other plans of the same employer.
    """
    found = deferrals.deferral_limits(
        np.array([age_at_year_end]),
        year,
        plan_allows_catch_up=plan_allows_catch_up,
        higher_60_to_63=higher_60_to_63,
        roth_required=np.array([roth_catch_up_required]),
        plan_has_roth=plan_has_roth,
        plan_limit=None if plan_limit_cents is None else np.array([plan_limit_cents]),
        elsewhere=np.array([deferred_elsewhere_cents]),
    )
    regular, catch_up = int(found.regular[0]), int(found.catch_up[0])
    told = {"year": year.year, "regular_cents": regular, "catch_up_cents": catch_up, "total_cents": regular + catch_up}
    return Answer(told, found)


def general_test_by_person(
    *,
    participants: tuple[Allocated, ...],
    average_benefit_passed: bool | None = None,
    plan_year: PlanYear | None = None,
) -> Answer:
    """The general test on contributions by rate groups (Reg. 1.401(a)(4)-2(c)(1), (3)).

    Pay counts up to the limit of section 401(a)(17), of the plan year or, if none is told, cut to it already. Without
    word of the average benefit test, a group between the midpoint and 70 % is left open.
    """
    _somebody(participants)
    rates = general_test.allocation_rates(
        allocations=cents(each.allocation_cents for each in participants),
        compensation=cents(each.compensation_cents for each in participants),
        plan_year=plan_year,
    )
    return _general(rates, participants, average_benefit_passed)


def cross_testing_by_person(
    *,
    participants: tuple[AllocatedAtAge, ...],
    plan_year: PlanYear,
    basis: cross_testing.TestingBasis | None = None,
    average_benefit_passed: bool | None = None,
) -> Answer:
    """The general test of a defined contribution plan on equivalent benefits (Reg. 1.401(a)(4)-8(b)(2), -2(c)).

    Without a basis: 8.5 %, UP-1984, age 65. The gateway of -8(b)(1) is a calculator of its own
    (minimum-allocation-gateway).
    """
    _somebody(participants)
    rates = cross_testing.equivalent_accrual_rates(
        allocations=cents(each.allocation_cents for each in participants),
        compensation=cents(each.compensation_cents for each in participants),
        ages=cents(each.age for each in participants),
        basis=cross_testing.TestingBasis() if basis is None else basis,
        plan_year=plan_year,
    )
    return _general(rates, participants, average_benefit_passed)


def _general(rates: Rates, people: Sequence[Allocated], average_benefit_passed: bool | None) -> Answer:
    found = general_test.general_test(
        rates=rates,
        is_hce=flags(each.hce for each in people),
        excluded=flags(each.excluded for each in people),
        benefiting=flags(each.allocation_cents > 0 for each in people),
        average_benefit_passed=average_benefit_passed,
    )
    each_rate = [
        {"name": _name(person, place), "hce": person.hce, "rate_bps": hundredths(rates.exact(place))}
        for place, person in enumerate(people)
    ]
    return Answer({"verdict": found.outcome.value} | written(found) | {"participants": each_rate}, found)


def _ratio_test(
    kind: RatioKind,
    people: Sequence[Tested],
    counted: Sequence[int],
    method: Testing,
    prior_bps: int | None,
    plan_year: PlanYear | None,
) -> nd.RatioTest:
    _somebody(people)
    _method_fits(method, prior_bps)
    without_pay = [place for place, each in enumerate(people) if each.compensation_cents == 0 and counted[place] > 0]
    if without_pay:
        told = "is zero, and something was contributed; put the pay or the contribution right"
        raise InputRefused([Problem(("participants", place, "compensation_cents"), told) for place in without_pay])
    pay = cents(each.compensation_cents for each in people)
    return nd.ratio_test(
        kind,
        contributions=cents(counted),
        compensation=pay if plan_year is None else compensation.capped(pay, compensation.annual_cap(plan_year)),
        is_hce=flags(each.hce for each in people),
        eligible=flags(each.eligible for each in people),
        prior_year_nhce_average=prior_bps,
    )


def _method_fits(method: Testing, prior_bps: int | None) -> None:
    field = ("prior_year_nhce_average_bps",)
    if method is Testing.PRIOR_YEAR and prior_bps is None:
        raise InputRefused([Problem(field, "is missing: the method is prior_year")])
    if method is Testing.CURRENT_YEAR and prior_bps is not None:
        raise InputRefused([Problem(field, "is not used by the method current_year; leave it out or say prior_year")])


def _deferred(people: Sequence[Deferring]) -> list[int]:
    problems = [
        Problem(("participants", place, "catch_up_cents"), f"{each.catch_up_cents} is more than deferrals_cents")
        for place, each in enumerate(people)
        if each.catch_up_cents > each.deferrals_cents
    ]
    if problems:
        raise InputRefused(problems)
    counted = nd.adp_numerator(
        deferrals=cents(each.deferrals_cents for each in people),
        catch_up=cents(each.catch_up_cents for each in people),
        over_401a30=cents(each.over_402g_limit_cents for each in people),
        qualified=cents(each.qnec_and_qmac_cents for each in people),
        is_hce=flags(each.hce for each in people),
    )
    return [int(each) for each in counted]


def _test_told(test: nd.RatioTest, people: Sequence[Tested]) -> Told:
    prior = test.testing is Testing.PRIOR_YEAR
    tested = {each.place: each for each in test.people}
    return _verdict(test.passed) | {
        "method": test.testing.value,
        "hce_average_bps": test.hce.average,
        "nhce_average_bps": test.nhce.average,
        "hces": test.hce.count,
        "nhces": sum(not each.is_hce for each in test.people) if prior else test.nhce.count,
        "limit_bps": test.limit.limit,
        "path": test.path.value,
        "basic_limit_bps": test.limit.times_1_25,
        "alternative_limit_bps": test.limit.alternative,
        "room_bps": test.room,
        "participants": [
            {
                "name": _name(person, place),
                "hce": person.hce,
                "tested": place in tested,
                "compensation_cents": tested[place].compensation_cents if place in tested else None,
                "counted_cents": tested[place].contribution_cents if place in tested else None,
                "ratio_bps": tested[place].ratio if place in tested else None,
            }
            for place, person in enumerate(people)
        ],
    }


def _refund_told(found: corrections.Refund, test: nd.RatioTest, people: Sequence[Tested]) -> Told:
    return _verdict(test.passed) | {
        "hce_average_bps": test.hce.average,
        "limit_bps": test.limit.limit,
        "level_bps": found.level,
        "excess_cents": found.total_cents,
        "excess_exact_cents": written(found.exact_total),
        "catch_up_cents": found.catch_up_cents,
        "refund_cents": found.refund_cents,
        "unallocated_cents": written(found.unallocated),
        "participants": [
            {
                "name": _name(people[share.place], share.place),
                "reduction_by_ratio_cents": written(share.reduction_by_ratio),
                "attributed_cents": share.attributed_cents,
                "catch_up_cents": share.catch_up_cents,
                "refund_cents": share.refund_cents,
            }
            for share in found.shares
        ],
    }


def _payable(test: nd.RatioTest, people: Sequence[DeferringHce | MatchedHce]) -> list[int]:
    """What each has in the plan to be paid: all that was tested, unless told otherwise."""
    tested = {each.place: each.contribution_cents for each in test.people}
    return [
        tested.get(place, 0) if each.in_tested_plan_cents is None else each.in_tested_plan_cents
        for place, each in enumerate(people)
    ]


def _verdict(passed: bool) -> Told:
    return {"verdict": "passed" if passed else "failed"}


def _name(person: Any, place: int) -> str:
    return person.name or str(place + 1)


def _somebody(people: Sequence[object]) -> None:
    if not people:
        raise InputRefused([Problem(("participants",), "is empty; there is nobody to compute for")])
