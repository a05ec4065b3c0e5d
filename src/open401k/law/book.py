"""Every test of many plans of one year at once, in pieces that fit a processor's cache; one plan's working on demand.

Not here: any rule. Each piece goes through the very functions that test one plan, in whole numbers, so a verdict of the
book is that of the plan by itself. Plans may be of one size or of many: those of many are taken by size, and filled
up with places of nobody, who is in no test.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from ..kernel import CalendarYear, LimitationYear, PlanYear
from .additions import AnnualAdditions, annual_additions
from .arrays import Cents, Counts, Flags, count_of
from .average_benefit import average_benefit_scenarios
from .corrections import Refund, refund
from .coverage import CoverageScenarios, CoverageTest, coverage_scenarios, coverage_test
from .cross_testing import TestingBasis, equivalent_accrual_rates
from .deferrals import DeferralLimits, DeferralSplit, deferral_limits, split
from .exact_rates import Rates
from .gateway import GatewayScenarios, gateway_scenarios
from .general_test import RateGroupScenarios, allocation_rates, rate_group_scenarios
from .given import ImpossibleInput
from .nondiscrimination import RatioScenarios, RatioTest, acp_test, adp_numerator, adp_test, ratio_scenarios
from .top_heavy import TopHeavyScenarios, TopHeavyTest, top_heavy_scenarios, top_heavy_test

#: So many people at a time: their columns and what is worked out of them stay in the cache of one processor.
_PIECE = 15_000
#: Nobody's amount has more binary places than this: 88 billion dollars, with which every product stays within 64 bits.
_MOST_BITS = 43


@dataclass(frozen=True, slots=True)
class Years:
    """The years whose limits hold for every plan of the book, and what its plans allow."""

    plan_year: PlanYear
    limitation_year: LimitationYear
    calendar_year: CalendarYear
    catch_up: bool = True
    higher_60_to_63: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """One column for each fact: of one plan, of a piece of the book, or of all of it."""

    deferrals: Cents
    match: Cents
    after_tax: Cents
    nonelective: Cents
    compensation: Cents
    section_415: Cents
    balances: Cents
    ages: Counts
    is_hce: Flags
    is_key: Flags
    eligible: Flags
    excluded: Flags
    counted: Flags


@dataclass(frozen=True, slots=True, eq=False)
class People(_Columns):
    """Everybody of the book: plans times people, or flat with ``starts``, where each plan begins and the last one ends.

    ``compensation`` is pay under 414(s) and 401(a)(17), ``section_415`` pay under 415(c)(3). ``excluded`` is left out
    of coverage (Reg. 1.410(b)-6); ``counted`` is in the top-heavy ratio (IRC 416(g)(4)), ``balances`` with what is
    added back.
    """

    starts: Counts | None = None

    def __post_init__(self) -> None:
        shape = self.deferrals.shape
        if len(shape) != (2 if self.starts is None else 1):
            raise ImpossibleInput("deferrals", f"has the shape {shape}: plans times people, or flat with starts")
        for name in (*_AMOUNTS, *_FLAGS):
            column, kind = getattr(self, name), "b" if name in _FLAGS else "i"
            if column.shape != shape:
                raise ImpossibleInput(name, f"has the shape {column.shape}, deferrals have {shape}")
            if column.dtype != (np.bool_ if kind == "b" else np.int64):
                raise ImpossibleInput(
                    name, f"is {'yes or no' if kind == 'b' else 'int64'} a person, not {column.dtype}"
                )
        if self.starts is not None:
            _check_starts(self.starts, shape[0])

    @property
    def plans(self) -> int:
        return len(self.deferrals) if self.starts is None else len(self.starts) - 1

    def edges(self) -> Counts:
        """Where each plan begins in the flat order, and where the last one ends."""
        if self.starts is not None:
            return np.asarray(self.starts, dtype=np.int64)
        plans, width = self.deferrals.shape
        return np.arange(0, plans * width + 1, width) if width else np.zeros(plans + 1, dtype=np.int64)

    def of(self, first: int, last: int) -> "People":
        """The plans from one up to, and without, another; nothing is copied."""
        if self.starts is None:
            return People(**{name: getattr(self, name)[first:last] for name in (*_AMOUNTS, *_FLAGS)})
        here = slice(int(self.starts[first]), int(self.starts[last]))
        columns = {name: getattr(self, name)[here] for name in (*_AMOUNTS, *_FLAGS)}
        return People(**columns, starts=self.starts[first : last + 1] - self.starts[first])

    def flat(self, first: int, last: int) -> "_Columns":
        """People from one place up to, and without, another, whatever the layout."""
        return _Columns(**{name: getattr(self, name).reshape(-1)[first:last] for name in (*_AMOUNTS, *_FLAGS)})


_AMOUNTS = ("deferrals", "match", "after_tax", "nonelective", "compensation", "section_415", "balances", "ages")
_FLAGS = ("is_hce", "is_key", "eligible", "excluded", "counted")


@dataclass(frozen=True, slots=True, eq=False)
class Over:
    """How many people of each plan are over a limit, and by how many cents together."""

    people: Counts
    cents: Cents


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """Every plan's tests: one number or flag a plan, in the order of the book."""

    adp: RatioScenarios
    acp: RatioScenarios
    over_402g: Over
    over_415: Over
    catch_up_cents: Cents
    coverage: CoverageScenarios
    top_heavy: TopHeavyScenarios

    def totals(self) -> "Totals":
        """The whole book in a few numbers."""
        return Totals(
            plans=len(self.catch_up_cents),
            adp_failed=int((~self.adp.passed).sum()),
            acp_failed=int((~self.acp.passed).sum()),
            coverage_below_ratio=int((~self.coverage.passed).sum()),
            top_heavy=int(self.top_heavy.top_heavy.sum()),
            people_over_402g=int(self.over_402g.people.sum()),
            cents_over_402g=int(self.over_402g.cents.sum()),
            people_over_415=int(self.over_415.people.sum()),
            cents_over_415=int(self.over_415.cents.sum()),
            catch_up_cents=int(self.catch_up_cents.sum()),
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """How many plans fail which test, and what is over which limit."""

    plans: int
    adp_failed: int
    acp_failed: int
    coverage_below_ratio: int
    top_heavy: int
    people_over_402g: int
    cents_over_402g: int
    people_over_415: int
    cents_over_415: int
    catch_up_cents: int


@dataclass(frozen=True, slots=True, eq=False)
class Working:
    """The same tests of one plan, each with its working."""

    adp: RatioTest
    acp: RatioTest
    limits: DeferralLimits
    deferrals: DeferralSplit
    additions: AnnualAdditions
    catch_up_room: Cents
    coverage: CoverageTest
    top_heavy: TopHeavyTest


@dataclass(frozen=True, slots=True)
class PlanRefunds:
    """What a plan pays back for its ADP test and for its ACP test; None where the test is passed."""

    plan: int
    adp: Refund | None
    acp: Refund | None


@dataclass(frozen=True, slots=True, eq=False)
class AmountVerdicts:
    """Nondiscrimination in amount of each plan's employer contributions: tested as they are, and on benefits."""

    contributions: RateGroupScenarios
    benefits: RateGroupScenarios
    gateway: GatewayScenarios
    average_of_contributions: Flags
    average_of_benefits: Flags

    @property
    def passed(self) -> Flags:
        """By contributions, or by benefits behind the gateway (Reg. 1.401(a)(4)-2(c), -8(b)(1)(i)(B)(3))."""
        return self.contributions.passed | (self.benefits.passed & self.gateway.passed)


def verdicts(people: People, years: Years) -> Verdicts:
    """ADP, ACP, 402(g), 415(c), the 410(b) ratio percentage and the top-heavy ratio of every plan.

    IRC 401(k)(3), 401(m)(2), 402(g), 415(c), 410(b)(1), 416(g). Deferrals over 402(g) or 415(c) are catch-up first,
    as far as each person has any. Whoever is eligible benefits (410(b)(6)(E)).
    """
    found = None
    for plans, piece in _pieces(people):
        found = _put(found, _verdicts(piece, years), plans, people.plans)
    return cast("Verdicts", found)


def working(people: People, years: Years, *, plan: int) -> Working:
    """One plan's tests with their working, when somebody asks; what they decide is what :func:`verdicts` says.

    IRC 401(k)(3), 401(m)(2), 402(g), 415(c), 410(b)(1), 416(g).
    """
    if not 0 <= plan < people.plans:
        raise ImpossibleInput("plan", f"is {plan}, of {people.plans} plans")
    edges = people.edges()[plan : plan + 2]
    one = people.flat(int(edges[0]), int(edges[1]))
    found = _Measured.of(one, years)
    return Working(
        adp=found.adp_test(one, slice(None)),
        acp=found.acp_test(one, slice(None)),
        limits=found.limits,
        deferrals=found.deferrals,
        additions=found.additions,
        catch_up_room=found.catch_up_room,
        coverage=coverage_test(is_hce=one.is_hce, benefiting=one.eligible, excluded=one.excluded),
        top_heavy=top_heavy_test(balances=one.balances, is_key=one.is_key, served_in_year=one.counted),
    )


def refunds_of(found: Working, *, plan: int = 0) -> PlanRefunds:
    """One plan's refunds, from its working (IRC 401(k)(8), 401(m)(6), 414(v)(3)).

    An ADP refund is kept as catch-up as far as the year has any left.
    """
    return PlanRefunds(
        plan,
        None if found.adp.passed else refund(found.adp, catch_up_room=found.catch_up_room.tolist()),
        None if found.acp.passed else refund(found.acp),
    )


def refunds(people: People, years: Years, *, found: Verdicts) -> Iterator[PlanRefunds]:
    """The refunds of every plan whose ADP or ACP test fails, in the order of the book (IRC 401(k)(8), 401(m)(6)).

    Those of :func:`refunds_of`, without the working of the other tests.
    """
    failing, edges = ~(found.adp.passed & found.acp.passed), people.edges()
    for first, last in _ranges(edges):
        plans = first + np.flatnonzero(failing[first:last])
        if not len(plans):
            continue
        piece = people.flat(int(edges[first]), int(edges[last]))
        measured = _Measured.of(piece, years)
        room = measured.catch_up_room
        for plan in plans.tolist():
            here = slice(int(edges[plan] - edges[first]), int(edges[plan + 1] - edges[first]))
            adp, acp = not found.adp.passed[plan], not found.acp.passed[plan]
            yield PlanRefunds(
                plan,
                refund(measured.adp_test(piece, here), catch_up_room=room[here].tolist()) if adp else None,
                refund(measured.acp_test(piece, here)) if acp else None,
            )


def amounts(people: People, years: Years, *, of_testing_group: Cents, basis: TestingBasis) -> AmountVerdicts:
    """The general test of every plan's nonelective contributions, and cross-tested with its gateway.

    Reg. 1.401(a)(4)-2(c), -8(b); 1.410(b)-5. ``of_testing_group``: each person's employer money of all kinds in all
    plans that the average benefit percentage counts. ``ages`` are those of the testing basis.
    """
    if of_testing_group.shape != people.deferrals.shape:
        raise ImpossibleInput("of_testing_group", f"has the shape {of_testing_group.shape}, deferrals have another one")
    edges, everything = people.edges(), of_testing_group.reshape(-1)
    found = None
    for first, last in _ranges(edges):
        flat, group = people.flat(int(edges[first]), int(edges[last])), everything[edges[first] : edges[last]]
        part = _amounts(flat, edges[first : last + 1], years.plan_year, group, basis)
        found = _put(found, part, slice(first, last), people.plans)
    return cast("AmountVerdicts", found)


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """What each person's figures are before anybody's are compared."""

    limits: DeferralLimits
    deferrals: DeferralSplit
    additions: AnnualAdditions
    adp: Cents
    acp: Cents

    @classmethod
    def of(cls, piece: _Columns, years: Years) -> "_Measured":
        for name in _AMOUNTS:
            bits = int(np.bitwise_or.reduce(getattr(piece, name), axis=None))
            if bits < 0 or bits >> _MOST_BITS:
                raise ImpossibleInput(name, "is negative for somebody" if bits < 0 else "is more than anybody has")
        limits = deferral_limits(
            piece.ages,
            years.calendar_year,
            plan_allows_catch_up=years.catch_up,
            higher_60_to_63=years.higher_60_to_63,
        )
        made = split(piece.deferrals, limits)
        added = annual_additions(
            year=years.limitation_year,
            deferrals=piece.deferrals,
            catch_up=made.catch_up,
            after_tax=piece.after_tax,
            employer=piece.match + piece.nonelective,
            compensation=piece.section_415,
            catch_up_room=limits.catch_up - made.catch_up,
        )
        tested = adp_numerator(
            deferrals=piece.deferrals,
            catch_up=made.catch_up + added.catch_up_by_415,
            over_401a30=made.excess,
            qualified=np.zeros((), dtype=np.int64),
            is_hce=piece.is_hce,
        )
        return cls(limits, made, added, tested, piece.match + piece.after_tax)

    @property
    def catch_up_room(self) -> Cents:
        """What the year has left of each person's catch-up."""
        return self.limits.catch_up - self.deferrals.catch_up - self.additions.catch_up_by_415

    def adp_test(self, piece: _Columns, here: slice) -> RatioTest:
        pay, hce, eligible = piece.compensation[here], piece.is_hce[here], piece.eligible[here]
        return adp_test(contributions=self.adp[here], compensation=pay, is_hce=hce, eligible=eligible)

    def acp_test(self, piece: _Columns, here: slice) -> RatioTest:
        pay, hce, eligible = piece.compensation[here], piece.is_hce[here], piece.eligible[here]
        return acp_test(contributions=self.acp[here], compensation=pay, is_hce=hce, eligible=eligible)


def _verdicts(piece: _Columns, years: Years) -> Verdicts:
    found = _Measured.of(piece, years)
    pay, hce, eligible = piece.compensation, piece.is_hce, piece.eligible
    return Verdicts(
        adp=ratio_scenarios(contributions=found.adp, compensation=pay, is_hce=hce, eligible=eligible),
        acp=ratio_scenarios(contributions=found.acp, compensation=pay, is_hce=hce, eligible=eligible),
        over_402g=_over(found.deferrals.excess),
        over_415=_over(found.additions.excess),
        catch_up_cents=(found.deferrals.catch_up + found.additions.catch_up_by_415).sum(axis=-1),
        coverage=coverage_scenarios(is_hce=piece.is_hce, benefiting=piece.eligible, excluded=piece.excluded),
        top_heavy=top_heavy_scenarios(balances=piece.balances, is_key=piece.is_key, counted=piece.counted),
    )


def _over(excess: Cents) -> Over:
    return Over(people=count_of(excess > 0), cents=excess.sum(axis=-1))


def _amounts(
    piece: _Columns, edges: Counts, plan_year: PlanYear, of_testing_group: Cents, basis: TestingBasis
) -> AmountVerdicts:
    plan = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    hce, excluded, pay = piece.is_hce, piece.excluded, piece.compensation

    def tested(rates: Rates, group: Rates) -> tuple[RateGroupScenarios, Flags]:
        average = average_benefit_scenarios(rates=group, is_hce=hce, excluded=excluded, plan=plan)
        found = rate_group_scenarios(
            rates=rates, is_hce=hce, excluded=excluded, average_benefit_passed=average, plan=plan
        )
        return found, average

    def on_benefits(allocations: Cents) -> Rates:
        return equivalent_accrual_rates(
            allocations=allocations, compensation=pay, ages=piece.ages, basis=basis, plan_year=plan_year
        )

    contributions, average = tested(
        allocation_rates(allocations=piece.nonelective, compensation=pay),
        allocation_rates(allocations=of_testing_group, compensation=pay),
    )
    benefits, average_on_benefits = tested(on_benefits(piece.nonelective), on_benefits(of_testing_group))
    gateway = gateway_scenarios(
        allocations=piece.nonelective,
        compensation=pay,
        section_415_compensation=piece.section_415,
        is_hce=hce,
        benefiting=piece.nonelective > 0,
        plan_year=plan_year,
        plan=plan,
    )
    return AmountVerdicts(contributions, benefits, gateway, average, average_on_benefits)


def _check_starts(starts: Counts, people: int) -> None:
    if starts.dtype != np.int64:
        raise ImpossibleInput("starts", f"is int64, not {starts.dtype}")
    edges = starts
    if edges.ndim != 1 or not len(edges) or int(edges[0]) != 0 or int(edges[-1]) != people:
        raise ImpossibleInput("starts", f"begins with 0 and ends with {people}, the number of people")
    if bool((np.diff(edges) < 0).any()):
        raise ImpossibleInput("starts", "never falls: each plan begins where the one before ends")


def _ranges(edges: Counts) -> Iterator[tuple[int, int]]:
    """Neighboring plans of some people together; a plan is never cut."""
    first, plans = 0, len(edges) - 1
    if not plans:
        yield 0, 0
    while first < plans:
        last = int(np.searchsorted(edges, edges[first] + _PIECE, side="right")) - 1
        last = min(max(last, first + 1), plans)
        yield first, last
        first = last


def _pieces(people: People) -> Iterator[tuple[slice | npt.NDArray[np.intp], _Columns]]:
    """The book as plans times people: which plans, and their columns."""
    if people.starts is None:
        plans, width = people.deferrals.shape
        step = max(1, _PIECE // max(width, 1))
        for first in range(0, max(plans, 1), step):
            here = slice(first, min(first + step, plans))
            columns = {name: getattr(people, name)[here] for name in (*_AMOUNTS, *_FLAGS)}
            yield here, _Columns(**columns)
        return
    edges = people.edges()
    sizes = np.diff(edges)
    order = np.argsort(sizes, kind="stable")
    first = 0
    while first == 0 or first < len(order):
        widths = sizes[order[first : first + _PIECE]]
        area = np.arange(1, len(widths) + 1) * widths
        last = first + max(1, int(np.searchsorted(area, _PIECE, side="right")))
        yield order[first:last], _filled_up(people, edges, order[first:last])
        first = last


def _filled_up(people: People, edges: Counts, plans: npt.NDArray[np.intp]) -> _Columns:
    """Plans of several sizes as wide as the largest of them; the places that stay empty are of nobody."""
    sizes = np.diff(edges)[plans]
    places = np.arange(int(sizes.max(initial=0)))
    there = places < sizes[:, np.newaxis]
    at = (edges[plans][:, np.newaxis] + places) * there
    columns = {name: getattr(people, name).take(at) for name in (*_AMOUNTS, *_FLAGS)}
    if not there.all():
        columns = {name: column * there for name, column in columns.items()}
        columns["excluded"] |= ~there
    return _Columns(**columns)


def _put(whole: Any, part: Any, at: slice | npt.NDArray[np.intp], plans: int) -> Any:
    """A piece's results at their places among those of all plans.

    Room for these is made once, with the first piece: results kept between the pieces' own arrays would leave holes of
    memory that nothing fits in again, and a large book would cost more a person than a small one.
    """
    if whole is None:
        whole = _room(part, plans)
    for field in fields(part):
        result, room = getattr(part, field.name), getattr(whole, field.name)
        if is_dataclass(result):
            _put(room, result, at, plans)
        else:
            room[at] = result
    return whole


def _room(part: Any, plans: int) -> Any:
    results = {field.name: getattr(part, field.name) for field in fields(part)}
    return type(part)(
        **{
            name: _room(each, plans) if is_dataclass(each) else np.empty(plans, dtype=each.dtype)
            for name, each in results.items()
        }
    )
