"""Each test of a plan year as two whole numbers, measured and limit, for one year or thousands. Not here: the words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from open401k import law
from open401k.kernel import Money

from .facts import Cents, Flags, PlanFacts
from .pay_fairness import widest
from .receiving import left_out
from .results import TestId, Unit
from .year import Year


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One number per year-end: what was measured, against which limit, and whether that passes."""

    measured: Cents
    limit: Cents
    passed: Flags


@dataclass(frozen=True, slots=True)
class Measure:
    """How one test is measured, with its name and citation."""

    test: TestId
    title: str
    citation: str
    unit: Unit
    needs_groups: bool
    """Whether it must be known who is highly compensated."""
    applies: Callable[[Year], str]
    """Why the test does not apply to the plan; empty when it does."""
    of: Callable[[Year], Measured]
    by_prior_year: bool = False
    """Whether a prior-year plan measures it against last year's averages."""
    over: Callable[[Year], Flags] | None = None
    """Who is over a limit that each person has alone."""
    needs_key: bool = False
    """Whether it must be known who is key."""
    not_yet: Callable[[Year], str] | None = None
    """Why passing today says nothing about the year; empty when it does."""
    silent: bool = False
    """Not told of at all where it does not apply: nearly every plan gives what it tests to everybody."""
    of_facts: Callable[[PlanFacts, Year], Measured] | None = None
    """In place of ``of`` where facts decide that no simulated year has; such a test is not projected."""


def always(_: Year) -> str:
    """A test that every plan has."""
    return ""


def not_safe_harbor(year: Year) -> str:
    """Safe harbor plans are deemed to pass the ADP test, but for who is too early for the contribution."""
    early = year.in_safe_harbor is not None and year.of_adp().eligible.any()
    return "" if year.safe_harbor == "none" or early else "A safe harbor plan is deemed to pass (IRC 401(k)(12))."


def has_acp_contributions(year: Year) -> str:
    """Why no ACP test is run: nothing to test, or a match within the safe harbor of 401(m)(11)."""
    if not year.after_tax.any():
        if not year.has_match:
            return "The plan has neither a match nor after-tax contributions."
        if year.safe_harbor != "none" and match_needs_no_test(year):
            return "The match is within the safe harbor of IRC 401(m)(11)."
    return ""


def match_needs_no_test(year: Year) -> bool:
    """Whether the match of a safe harbor plan, if there is one, is within the safe harbor of 401(m)(11)(B).

    Tiers by service, conditions, and a class that is left out can give an HCE a higher rate than an NHCE who defers as
    much (401(m)(11)(B)(iii)).
    """
    discretionary = [law.matching.MatchFormula.of(each.tiers) for each in year.declared if each.tiers]
    if any(law.safe_harbor.acp_shortcomings(formula, discretionary=True) for formula in discretionary):
        return False
    if year.match_by_service or year.match_leaves_some:
        return False
    return not year.match_tiers or not law.safe_harbor.acp_shortcomings(law.matching.MatchFormula.of(year.match_tiers))


def has_match(year: Year) -> str:
    """The 401(m) part exists only with a match."""
    return "" if year.has_match else "The plan has no match."


def nonelective_is_apart(year: Year) -> str:
    """What everybody eligible receives is covered as deferrals are."""
    if year.in_nonelective is not None:
        return ""
    if year.receiving is not None and (year.receiving.no_nonelective.any() or year.receiving.nonelective_by_last_day):
        return ""
    return "Everybody eligible receives the nonelective contribution."


def can_be_top_heavy(year: Year) -> str:
    """Deferrals, safe harbor contributions and a match that needs no ACP test alone never make a plan top-heavy.

    Whatever else the plan gives ends that for the year (IRC 416(g)(4)(H)(ii); Rev. Rul. 2004-13).
    """
    more = year.gives_more_than_safe_harbor or year.after_tax.any() or year.qnec.any()
    only = year.safe_harbor != "none" and not more and match_needs_no_test(year)
    exempt = law.top_heavy.exempt(only_safe_harbor_contributions=only)
    return "Deferrals and safe harbor contributions alone are exempt (IRC 416(g)(4)(H))." if exempt else ""


def whole_year(_: Year) -> Measured:
    """A test of facts alone has no measure of a year."""
    raise TypeError("this test is measured from the facts")


def _adp(year: Year) -> Measured:
    outcome = year.adp()
    return Measured(outcome.hce_average, outcome.limit, outcome.passed)


def tests_loans_apart(year: Year) -> str:
    """Nearly no plan tests who received a match of student loan payments apart; a safe harbor needs no such test."""
    if year.loan_matched is None or not year.of_loan_matched().eligible.any():
        return "Nobody with a match of student loan payments is tested apart."
    return not_safe_harbor(year)


def _adp_of_loans(year: Year) -> Measured:
    outcome = year.of_loan_matched().adp()
    return Measured(outcome.hce_average, outcome.limit, outcome.passed)


def _acp(year: Year) -> Measured:
    year.plan_split()  # refused where a limit that is not on file decides how much was matched
    outcome = year.acp()
    return Measured(outcome.hce_average, outcome.limit, outcome.passed)


def _tightest(used: Cents, limit: Cents, over: Flags) -> Measured:
    """The person nearest to a limit, or furthest over it, of every year-end."""
    if not used.shape[-1]:
        nothing = np.zeros(used.shape[:-1], dtype=np.int64)
        return Measured(nothing, nothing, np.ones(used.shape[:-1], dtype=np.bool_))
    room = np.where(used > 0, limit - used, np.iinfo(np.int64).max)
    place = np.expand_dims(room.argmin(axis=-1), -1)
    limit = np.broadcast_to(limit, used.shape)
    return Measured(
        np.take_along_axis(used, place, axis=-1)[..., 0],
        np.take_along_axis(limit, place, axis=-1)[..., 0],
        np.asarray(~over.any(axis=-1), dtype=np.bool_),
    )


def over_deferral_limit(year: Year) -> Flags:
    """Whose elections, as they stand, end over the limit, or in catch-up that would have to be Roth and is not."""
    split = law.deferrals.split(year.elected, year.deferral_limits())
    return np.asarray((split.excess > 0) | (must_be_roth(year) > 0), dtype=np.bool_)


def must_be_roth(year: Year) -> Cents:
    """Catch-up made before tax by people whose wages of the year before require it to be Roth (IRC 414(v)(7)(A))."""
    catch_up = law.deferrals.split(year.elected, year.deferral_limits()).catch_up
    roth = year.roth if year.elsewhere is None else year.roth + year.elsewhere.roth
    return np.where(year.roth_required, np.maximum(catch_up - roth, 0), 0)


def _deferral_limit(year: Year) -> Measured:
    """On elections as they stand: that a payroll stops by itself at the limit is not taken for granted.

    Shown is what people deferred under all plans of the employer, against the limit of all of them.
    """
    limit, over = year.deferral_limits().total, over_deferral_limit(year)
    if year.elsewhere is None:
        return _tightest(year.elected, limit, over)
    there = year.elsewhere.deferrals
    together = np.where(year.elected > 0, year.elected + there, 0)
    return _tightest(together, limit + np.minimum(there, year.whole_limits().total), over)


def additions_not_known_yet(year: Year) -> str:
    """Why it cannot be said yet that nobody will be over the limit of the limitation year."""
    missing = law.additions.not_known_yet(year.limitation_year)
    if missing is None:
        return ""
    most = Money(law.additions.dollar_limit(year.limitation_year, on=year.as_of))
    return (
        f"{missing.message} Nobody is over the {most} in force until then (Reg. 1.415(d)-1(b)(2)(iii)). {missing.fix}"
    )


def over_additions_limit(year: Year) -> Flags:
    """Whose annual additions end over the limit."""
    return np.asarray(year.annual_additions().excess > 0, dtype=np.bool_)


def _additions_limit(year: Year) -> Measured:
    outcome = year.annual_additions()
    return _tightest(outcome.counted, outcome.limit, outcome.excess > 0)


def most_employer_money(year: Year) -> Cents:
    """The most that the formulas give anyone on pay under the 401(a)(17) limit, a cent a date for rounding."""
    cap = np.array([law.compensation.annual_cap(year.plan_year)], dtype=np.int64)
    most = np.zeros(1, dtype=np.int64)
    if year.match_tiers:
        every = [law.matching.MatchFormula.of(each) for each in (year.match_tiers, *year.match_by_service)]
        most = most + np.max([law.matching.match(cap, cap, formula) for formula in every], axis=0)
    if year.nonelective_bps:
        most = most + law.matching.nonelective(cap, year.nonelective_bps)
    for each in year.declared:
        if each.tiers:
            most = most + law.matching.match(cap, cap, law.matching.MatchFormula.of(each.tiers, each.cap_cents))
        elif each.rate_bps:
            most = most + law.matching.nonelective(cap, each.rate_bps)
        elif each.is_shared:
            shares = [law.matching.nonelective(cap, share.rate_bps) + share.cents for share in each.shares]
            most = most + np.max(shares, axis=0, initial=0) + each.total_cents
        else:
            most = most + each.flat_cents
    return np.where(most > 0, most + 53, most)


def counted_too_much(year: Year) -> Cents:
    """Employer money beyond what the formulas give on pay under the limit, of people who are paid more than it."""
    over = np.maximum(year.match + year.nonelective - most_employer_money(year)[0], 0)
    return np.where(year.compensation > law.compensation.annual_cap(year.plan_year), over, 0)


def _compensation_limit(year: Year) -> Measured:
    """The largest pay that counted: pay under the limit, or all of it where the money shows that all of it did."""
    cap = law.compensation.annual_cap(year.plan_year)
    over = counted_too_much(year) > 0
    counted = np.where(over, year.compensation, year.counted_pay()).max(axis=-1, initial=0)
    return Measured(
        np.asarray(counted), np.full(np.shape(counted), cap, dtype=np.int64), np.asarray(~over.any(axis=-1))
    )


def pay_is_left_out(year: Year) -> str:
    """Most definitions of pay are of those that 414(s) lets any plan have (Reg. 1.414(s)-1(c))."""
    return "" if year.fairness else "No definition of pay of the plan has to be shown fair."


def _pay_ratio(year: Year) -> Measured:
    """The average share of pay that counts: of the highly compensated, against that of the others."""
    worst, shape = widest(year.fairness), year.deferrals.shape[:-1]
    averages = worst.test.hce_average_bps, worst.test.nhce_average_bps
    measured, limit = (np.full(shape, average, dtype=np.int64) for average in averages)
    return Measured(measured, limit, np.full(shape, worst.passed, dtype=np.bool_))


def _part(test: TestId, year: Year) -> Year:
    """Each kind of money is a plan of its own, with its own age and service (Reg. 1.410(b)-6(b), -7(c)(1))."""
    if test is TestId.COVERAGE_MATCH:
        return year.of_match()
    return year.of_nonelective() if test is TestId.COVERAGE_NONELECTIVE else year


def benefiting_in(test: TestId, year: Year) -> Flags:
    """Who benefits under a part of the plan: who may defer, who could have a match, who receives a nonelective.

    Reg. 1.410(b)-3(a)(1), (2)(i).
    """
    year = _part(test, year)
    if test is TestId.COVERAGE_MATCH and not year.safe_harbor_hces and _only_safe_harbor_match(year):
        return year.eligible & ~year.is_hce
    if test is TestId.COVERAGE_DEFERRAL or year.receiving is None:
        return year.eligible
    out = year.receiving.no_match if test is TestId.COVERAGE_MATCH else year.receiving.no_nonelective
    return year.eligible & ~out


def _only_safe_harbor_match(year: Year) -> bool:
    return year.safe_harbor.endswith("match") and not any(each.tiers for each in year.declared)


def counted_in(test: TestId, year: Year) -> Flags:
    """Who counts in the coverage of a part: not a leaver with little service whom a condition alone keeps from it."""
    year = _part(test, year)
    counted = year.eligible | year.class_excluded
    if year.receiving is None:
        return counted
    return counted & ~left_out(year.receiving, year.eligible, benefiting_in(test, year))


def _coverage(test: TestId, year: Year) -> Measured:
    """Ratio percentage of each year-end; equal counts are tested once."""
    counted, benefiting = counted_in(test, year), benefiting_in(test, year)
    sets = [
        counted & ~year.is_hce,
        benefiting & ~year.is_hce,
        counted & year.is_hce,
        benefiting & year.is_hce,
    ]
    counts = np.stack([each.sum(axis=-1) for each in sets], axis=-1)
    flat = counts.reshape(-1, 4)
    kinds, which = np.unique(flat, axis=0, return_inverse=True)
    tests = [
        law.coverage.coverage_of_counts(
            nhce_nonexcludable=int(row[0]),
            nhce_benefiting=int(row[1]),
            hce_nonexcludable=int(row[2]),
            hce_benefiting=int(row[3]),
        )
        for row in kinds
    ]
    shape = counts.shape[:-1]
    which = which.reshape(-1)
    ratio = np.array([test.ratio for test in tests], dtype=np.int64)[which].reshape(shape)
    passed = np.array([test.passed for test in tests], dtype=np.bool_)[which].reshape(shape)
    return Measured(ratio, np.full(shape, law.coverage.RATIO_TO_PASS, dtype=np.int64), passed)


def top_heavy_test(year: Year) -> law.top_heavy.TopHeavyTest:
    """The plan at its determination date (IRC 416(g)(1))."""
    return law.top_heavy.top_heavy_test(
        balances=year.balances, is_key=year.is_key, former_key=year.former_key, served_in_year=year.served_before
    )


def _top_heavy(year: Year) -> Measured:
    """Today: the balances at the determination date. Simulated year-ends: this year's money on top, for next year."""
    if year.deferrals.ndim == 1:
        test = top_heavy_test(year)
        return Measured(
            np.asarray(test.ratio), np.asarray(law.top_heavy.THRESHOLD), np.asarray(not test.top_heavy, dtype=np.bool_)
        )
    year.plan_split()  # as in the ACP test
    ends = year.balances + year.deferrals + year.match + year.nonelective + year.qnec + year.after_tax
    found = law.top_heavy.top_heavy_scenarios(balances=ends, is_key=year.is_key, counted=~year.former_key)
    limit = np.full(found.ratio.shape, law.top_heavy.THRESHOLD, dtype=np.int64)
    return Measured(found.ratio, limit, ~found.top_heavy)


def top_heavy_minimum(year: Year, *, more: Cents | None = None) -> law.top_heavy.MinimumScenarios:
    """What is owed to each non-key participant employed on the last day, if the plan is top-heavy for this year.

    ``more``: employer money on top, which counts toward it. What corrects a failure of the year counts as well, as any
    qualified nonelective contribution does (Reg. 1.416-1 M-18), and a corrective match as match (416(c)(2)(A)).
    """
    catch_up = year.plan_split().catch_up
    nonelective = year.nonelective + year.qnec
    if year.corrective is not None:  # of all plans: what another one took back was no part of this minimum
        nonelective = nonelective + np.maximum(year.corrective, 0)
    return law.top_heavy.minimum_scenarios(
        is_key=year.is_key,
        owed_to=year.eligible & year.here & ~year.is_key,
        compensation=law.compensation.top_heavy_or_415_pay(
            year.section_415, law.compensation.annual_cap(year.plan_year)
        ),
        deferrals=year.deferrals - catch_up,
        match=year.match,
        nonelective=nonelective if more is None else nonelective + more,
    )


def owed_as_top_heavy(year: Year) -> bool:
    """Whether the plan is top-heavy for this very year, by the balances at the determination date."""
    return top_heavy_test(year).top_heavy and not can_be_top_heavy(year)


MEASURES: tuple[Measure, ...] = (
    Measure(TestId.ADP, "ADP test", "IRC 401(k)(3)", Unit.BPS, True, not_safe_harbor, _adp, by_prior_year=True),
    Measure(TestId.ACP, "ACP test", "IRC 401(m)(2)", Unit.BPS, True, has_acp_contributions, _acp, by_prior_year=True),
    Measure(
        TestId.DEFERRAL_LIMIT, "Deferral limit", "IRC 402(g), 414(v)", Unit.CENTS, False, always, _deferral_limit,
        over=over_deferral_limit,
    ),
    Measure(
        TestId.ADDITIONS_LIMIT, "Annual additions", "IRC 415(c)", Unit.CENTS, False, always, _additions_limit,
        over=over_additions_limit, not_yet=additions_not_known_yet,
    ),
    Measure(
        TestId.COMPENSATION_LIMIT, "Compensation limit", "IRC 401(a)(17)", Unit.CENTS, False, always,
        _compensation_limit, over=lambda year: counted_too_much(year) > 0,
    ),
    Measure(
        TestId.PAY_RATIO, "Pay that counts", "IRC 414(s)(3)", Unit.BPS, True, pay_is_left_out, _pay_ratio, silent=True
    ),
    Measure(
        TestId.COVERAGE_DEFERRAL, "Coverage, deferrals", "IRC 410(b)(1)(B)", Unit.BPS, True, always,
        partial(_coverage, TestId.COVERAGE_DEFERRAL),
    ),
    Measure(
        TestId.COVERAGE_MATCH, "Coverage, match", "IRC 410(b)(1)(B)", Unit.BPS, True, has_match,
        partial(_coverage, TestId.COVERAGE_MATCH),
    ),
    Measure(
        TestId.COVERAGE_NONELECTIVE, "Coverage, nonelective", "IRC 410(b)(1)(B)", Unit.BPS, True,
        nonelective_is_apart, partial(_coverage, TestId.COVERAGE_NONELECTIVE), silent=True,
    ),
    Measure(
        TestId.TOP_HEAVY, "Top-heavy", "IRC 416(g)", Unit.BPS, False, can_be_top_heavy, _top_heavy, needs_key=True
    ),
    Measure(
        TestId.ADP_STUDENT_LOANS, "ADP test, student loans matched", "IRC 401(k)(3), 401(m)(13)(B)(iv)", Unit.BPS, True,
        tests_loans_apart, _adp_of_loans, silent=True,
    ),
)  # fmt: skip
