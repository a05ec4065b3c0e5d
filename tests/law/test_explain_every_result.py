"""Every result of a public function of the law can be said in plain words; those that are only values are named."""

import dataclasses
import importlib
import inspect
import pkgutil
import typing
from collections import defaultdict
from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from open401k import law
from open401k.kernel import CalendarYear, LimitationYear, PlanYear, Source
from open401k.law import (
    affiliation,
    corrections,
    deferrals,
    eligibility,
    exact_rates,
    figures,
    gateway,
    general_test,
    hardship,
    headcount,
    loans,
    lost_earnings,
    minimum_distributions,
    ownership,
    permitted_disparity,
    rate_bands,
    rollovers,
    roth,
    tables,
    targeting,
    top_heavy,
)
from open401k.law import nondiscrimination as nd
from open401k.law.explain import explain
from open401k.law.matching import MatchFormula

YEAR = PlanYear.starting(date(2026, 1, 1))
CALENDAR = CalendarYear(2026)

#: What is returned and is no result of a rule, each with the reason why nobody explains it.
ONLY_VALUES: dict[type, str] = {
    PlanYear: "a year says itself",
    LimitationYear: "a year says itself",
    exact_rates.Rates: "what other rules compare; their results are explained",
    exact_rates.Standing: "an order of places, on which rules decide; their results are explained",
    figures.Figure: "a row with its name and citation, shown as it is filed (docs/reference/figures.md)",
    tables.Table: "a table with its name and citation, shown as it is filed",
}


def _leaves(hint: object) -> list[object]:
    parts = typing.get_args(hint)
    return [leaf for part in parts for leaf in _leaves(part)] if parts else [hint]


def _results() -> dict[type, list[str]]:
    """Each dataclass that a public function of the law returns, alone or in a tuple, with those functions."""
    found: dict[type, list[str]] = defaultdict(list)
    for each in pkgutil.iter_modules(law.__path__):
        module = importlib.import_module(f"open401k.law.{each.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("_") or function.__module__ != module.__name__:
                continue
            for leaf in _leaves(typing.get_type_hints(function)["return"]):
                if inspect.isclass(leaf) and dataclasses.is_dataclass(leaf):
                    found[leaf].append(f"{each.name}.{name}")
    return dict(found)


RESULTS = _results()
#: What is answered for a type that nothing was registered for.
UNEXPLAINED = explain.dispatch(object)


@pytest.mark.parametrize("result", sorted(set(RESULTS) - set(ONLY_VALUES), key=str), ids=lambda each: each.__name__)
def test_a_result_has_its_words(result: type) -> None:
    assert explain.dispatch(result) is not UNEXPLAINED, (
        f"{result.__name__}, which {', '.join(RESULTS[result])} gives, has no @explain.register in law/explain_*.py"
    )


def test_the_values_without_words_are_still_given_and_still_without() -> None:
    assert set(ONLY_VALUES) <= set(RESULTS)
    assert all(explain.dispatch(each) is UNEXPLAINED for each in ONLY_VALUES)
    assert len(RESULTS) > 150, "the search finds the results"


def test_what_nobody_explains_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="nothing explains a PlanYear yet"):
        explain(YEAR)


def cents(*dollars: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.array(dollars, dtype=np.int64) * 100


def days(*told: str) -> eligibility.Days:
    return np.array(told, dtype="datetime64[D]")


SPLIT = deferrals.deferral_limits(np.array([40, 55]), CALENDAR)
PAY, AMOUNTS = cents(100_000, 50_000, 40_000, 30_000), cents(9_000, 2_500, 1_000, 0)
HCE = np.array([True, False, False, False])
NOBODY = np.zeros(4, dtype=np.bool_)
PAYMENT = roth.RothPayment(10_000_00, 6_000_00, 4_000_00, 4_000_00, 0, 0)
BAND = rate_bands.RateBand(50_000, 47_500, 52_500)

SAID: list[tuple[object, str]] = [
    (
        nd.ratio_limit(321),
        "The limit is 5.21 %: the lesser of twice 3.21 % and 3.21 % plus 2 points (IRC 401(k)(3)(A)(ii), "
        "401(m)(2)(A)).",
    ),
    (
        corrections.acp_distribution(
            300_00, employee_contributions=8_000_00, compensation=100_000_00, formula=MatchFormula.of([(5_000, 600)])
        ),
        "$300.00 of unmatched after-tax contributions leave first, then $0.00 of matched ones with $0.00 of match on "
        "them (Reg. 1.401(m)-2(b)(2)(iv), (5) Example 6).",
    ),
    (
        corrections.coordinate_refunds(excess_contribution_distributed=500_00, excess_deferral=800_00),
        "Of the excess deferral $300.00 are still to be paid back. $800.00 are reported as an excess deferral and "
        "$0.00 as an excess contribution (Reg. 1.402(g)-1(e)(6), 1.401(k)-2(b)(4)(i)).",
    ),
    (
        deferrals.split(cents(25_000, 33_000), SPLIT),
        "$49,000.00 below the limit and $8,000.00 of catch-up; $1,000.00 of 2 employees are over the limit (IRC "
        "402(g)(1), 414(v)).",
    ),
    (
        deferrals.accept(before=cents(24_000, 0), period=cents(500, 1_000), limits=SPLIT),
        "Taken are $1,500.00 below the limit and $0.00 of catch-up; nobody is over the limit (IRC 401(a)(30), 414(v)).",
    ),
    (
        deferrals.accept_by_source(
            before=cents(0, 24_500), roth_before=cents(0, 0), pre_tax=cents(500, 1_000), roth=cents(0, 0),
            limits=SPLIT, roth_required=np.array([False, True]),
        ),
        "Taken are $1,500.00 pre-tax and $0.00 as Roth, $1,000.00 of it catch-up; nobody is over the limit (IRC "
        "401(a)(30), 414(v)). $1,000.00 of what is pre-tax must become Roth (IRC 414(v)(7)(A)).",
    ),
    (
        eligibility.entries(
            eligibility.EligibilityTerms(21, 12, entry=eligibility.EntryRule.SEMIANNUAL),
            born=days("1990-01-01", "1990-01-01", "NaT"), hired=days("2025-03-02", "2025-08-02", "2025-01-01"),
        ),
        "2 enter from 2026-07-01 to 2027-01-01; 1 have no entry day yet (IRC 410(a)(1), (4)).",
    ),
    (
        headcount.headcount(
            months_of_service=np.array([12, 3, 12]), under_21=np.array([False, False, True]), part_time=NOBODY[:3],
            union=NOBODY[:3], covers_union=False,
            missing={headcount.NotOnFile.HOURS: np.array([True, True, True])},
        ),
        "1 of the 3 employees who worked in the year are counted. Left out: 1 with less than 6 months of service; 1 "
        "under 21 (IRC 414(q)(5)). Counted for want of a fact: 1 without weekly hours.",
    ),
    (
        ownership.ownership(
            np.array([600, 0, 0]), [ownership.Kin(1, 0, ownership.Relation.SPOUSE)]
        ),
        "2 own more than 5 %, 2 more than 1 % (IRC 318(a)(1), 416(i)(1)(B)). Through family: 6.00 % of employee 0 "
        "count as employee 1's (spouse).",
    ),
    (
        hardship.hardship_sources(
            balances=[hardship.SourceBalance(Source.PRE_TAX, 1_000_00, 200_00)], plan_year=YEAR
        )[0],
        "Of pre_tax $1,200.00 may be paid on hardship (IRC 401(k)(14)(A)).",
    ),
    (
        loans.delayed_by_disaster(
            due_on=date(2026, 5, 1), incident_begins=date(2026, 4, 1), incident_ends=date(2026, 4, 10)
        ),
        "The installment of 2026-05-01 may be due on 2027-05-01 instead (IRC 72(p)(6)(B)).",
    ),
    (
        loans.delayed_by_disaster(
            due_on=date(2026, 11, 1), incident_begins=date(2026, 4, 1), incident_ends=date(2026, 4, 10)
        ),
        "The installment of 2026-11-01 is not delayed: only one due by 2026-10-07, from the first day of the incident "
        "on, is (IRC 72(p)(6)(B)).",
    ),
    (
        lost_earnings.grow(Fraction(10_000_00), after=date(2025, 1, 15), until=date(2025, 1, 31))[0],
        "The 16 days to 2025-01-31 earn 7 % a year, compounded daily over 365 days: $10,030.73 are owed then (IRC "
        "6621(b)(2)(A), 6622(a)).",
    ),
    (
        minimum_distributions.balance_for_minimum(
            year=CALENDAR, valuation_cents=100_000_00, distributed_after_valuation_cents=2_000_00,
            designated_roth_cents=8_000_00,
        ),
        "The minimum of 2026 goes from $90,000.00: $100,000.00 at the last valuation of the year before, -$2,000.00 "
        "paid out after it, -$8,000.00 in designated Roth accounts (IRC 402A(d)(5)) (Reg. 1.401(a)(9)-5(b)).",
    ),
    (
        permitted_disparity.integration_level(level_cents=100_000_00, plan_year=YEAR),
        "An integration level of $100,000.00 is above the lowest band and not above 80 % of the wage base of "
        "$184,500.00: pay above it may have at most 4.30 % more (Reg. 1.401(l)-2(d)).",
    ),
    (
        rate_bands.group_rates(
            rates=general_test.allocation_rates(allocations=AMOUNTS, compensation=PAY), is_hce=HCE, bands=(BAND,),
            kind=rate_bands.RateKind.ALLOCATION,
        ),
        "Ranges of rates: 1 count at 5.00 %, where non-highly compensated employees average 5.00 % and highly "
        "compensated ones 0.00 % (Reg. 1.401(a)(4)-2(c)(2)(v), -3(d)(3)(ii)).",
    ),
    (
        rollovers.direct_rollover_offer(
            on=date(2026, 3, 1), distribution_cents=1_000_00, expected_in_year_cents=1_000_00, part_cents=400_00
        ),
        "A direct rollover must be offered, but not of the part that was asked for (IRC 401(a)(31); Reg. "
        "1.401(a)(31)-1 A-9, A-11).",
    ),
    (
        roth.five_year_period(first_contribution_year=2023),
        "The five years began with 2023 and are over on 2028-01-01 (IRC 402A(d)(2)(B); Reg. 1.402A-1 A-4).",
    ),
    (
        roth.in_roth_ira(payment=PAYMENT, qualified=False, roth_ira_first_year=2024, rolled_over_in=2026),
        "In the Roth IRA $6,000.00 are basis and $4,000.00 earnings (IRC 408A(d)(2)(B); Reg. 1.408A-10 A-3, A-4). The "
        "five years began with 2024 and are over on 2029-01-01 (IRC 408A(d)(2)(B); Reg. 1.408A-10 A-4(a)).",
    ),
    (
        roth.roth_rollover_part(payment=PAYMENT, rolled_cents=7_000_00),
        "Rolled over are $4,000.00 of income, which comes first, and $3,000.00 of basis; $0.00 of income and $3,000.00 "
        "of basis are kept, $0.00 of it taxed (IRC 402(c)(2); Reg. 1.402A-1 A-5(b)).",
    ),
    (
        targeting.countable_qnec(
            qnec=cents(0, 3_000, 0, 0), compensation=PAY, eligible_nhce=~HCE, employed_on_last_day=~HCE
        ),
        "$2,500.00 count in the test, of 1 employees; the representative rate is 0.00 % (Reg. 1.401(k)-2(a)(6)(iv), "
        "1.401(m)-2(a)(5)(ii), (6)(v)).",
    ),
    (
        nd.ratio_scenarios(
            contributions=np.stack([AMOUNTS, AMOUNTS // 3]), compensation=PAY, is_hce=HCE,
            eligible=np.ones(4, dtype=np.bool_),
        ),
        "0 of 2 pass. The highly compensated average is 3.00 % to 9.00 %, its limit is 1.66 % to 4.50 % (IRC "
        "401(k)(3)(A)(ii), 401(m)(2)(A)).",
    ),
    (
        top_heavy.top_heavy_scenarios(balances=np.stack([PAY, AMOUNTS]), is_key=HCE, counted=~NOBODY),
        "1 of 2 are top-heavy. Key employees' part is 45.45 % to 72.00 % (IRC 416(g)(1)).",
    ),
    (
        top_heavy.minimum_scenarios(
            is_key=HCE, owed_to=~HCE, compensation=PAY, deferrals=np.stack([AMOUNTS, AMOUNTS]),
            match=np.zeros((2, 4), dtype=np.int64), nonelective=np.stack([PAY // 25, 0 * PAY]),
        ),
        "1 of 2 give the top-heavy minimum already, which is 3.00 % of pay; at most $3,600.00 are missing (IRC "
        "416(c)(2)).",
    ),
    (
        general_test.rate_group_scenarios(
            rates=general_test.allocation_rates(allocations=AMOUNTS, compensation=PAY), is_hce=HCE, excluded=NOBODY,
        ),
        "0 of 1 pass, 0 of them with 70 % in each rate group. The lowest ratio of a rate group is 0.00 % (Reg. "
        "1.401(a)(4)-2(c)).",
    ),
    (
        gateway.gateway_scenarios(
            allocations=np.stack([AMOUNTS, cents(9_000, 1_500, 1_200, 900)]), compensation=np.stack([PAY, PAY]),
            section_415_compensation=np.stack([PAY, PAY]), is_hce=np.stack([HCE, HCE]),
            benefiting=np.ones((2, 4), dtype=np.bool_), plan_year=YEAR,
        ),
        "The gateway is open in 1 of 2: by a third of the highest rate of an HCE in 1, by 5 % of pay in 0 (Reg. "
        "1.401(a)(4)-8(b)(1)(vi)).",
    ),
    (
        affiliation.LeasedEmployee(False, affiliation.NotLeased.NOT_DIRECTED),
        "Does not count as a leased employee: not under primary direction or control (IRC 414(n)(2), (5)).",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("result", "words"), SAID, ids=lambda each: type(each).__name__)
def test_results_are_said_with_amounts_and_citation(result: object, words: str) -> None:
    assert explain(result) == words
