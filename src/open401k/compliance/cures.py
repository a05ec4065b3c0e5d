"""Ways out of a projected failure, each computed by the engine that projects and tests.

What is chosen in advance (elections, more savers, more people covered) is sized so that nine in ten simulated
year-ends pass. What is computed after the year end (QNEC, refund, late safe harbor, minimum) fits whatever came, and
is priced at a year-end in the middle. Not here: the correction formulas and deadlines (law).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from open401k.kernel import day_of

from .cure_case import Case, day_text, first_change, median_year, not_available
from .cures_after import qnec, refund, safe_harbor
from .cures_before import lower_deferrals, more_participation
from .cures_coverage import coverage_cures
from .cures_coverage_match import match_coverage_cures
from .cures_limits import limit_cures, reallocation
from .cures_priced import beyond_minimum
from .cures_top_heavy import top_heavy_cures
from .facts import Flags, PlanFacts
from .measures import MEASURES
from .projection import has_dates, year_ends
from .results import Cure, CureKind, Standing, TestId
from .simulation import drawn
from .year_from_facts import year_of

_SCENARIOS = 1_000


def _ratio_cures(case: Case) -> list[Cure]:
    return [
        lower_deferrals(case),
        more_participation(case),
        refund(case),
        qnec(case),
        safe_harbor(case, 0),
        safe_harbor(case, 1),
    ]


_OFFERS: dict[TestId, Callable[[Case], list[Cure]]] = {
    TestId.ADP: _ratio_cures,
    TestId.ADP_STUDENT_LOANS: _ratio_cures,
    TestId.ACP: _ratio_cures,
    TestId.DEFERRAL_LIMIT: limit_cures,
    TestId.ADDITIONS_LIMIT: limit_cures,
    TestId.COMPENSATION_LIMIT: reallocation,
    TestId.COVERAGE_DEFERRAL: coverage_cures,
    TestId.COVERAGE_MATCH: match_coverage_cures,
    TestId.TOP_HEAVY: top_heavy_cures,
}
#: Tests that have cures. That of the match's coverage is of classes out of the match alone: else one cure serves both.
CURABLE = tuple(_OFFERS)


def cures(facts: PlanFacts, *, is_hce: Flags, is_key: Flags, seed: int, test: TestId = TestId.ADP) -> tuple[Cure, ...]:
    """Every cure of a projected failure, the cheapest lawful one first, those not available last with the reason."""
    today = year_of(facts, is_hce=is_hce, is_key=is_key)
    measure = next(each for each in MEASURES if each.test is test)
    # A search runs the engine some fifty times: large plans, whose averages move little, get fewer year-ends.
    count = max(20, min(_SCENARIOS, 200_000 // max(len(facts), 1)))
    chance = drawn(facts, today, seed=seed, scenarios=count) if has_dates(facts) else None
    ends = year_ends(facts, today, seed=seed, scenarios=count) if chance is None else chance.ends()
    case = Case(facts, measure, today, ends, median_year(measure, ends), seed, first_change(facts, test), chance)
    # A year that is over is tested as of its last day, and days to decide have passed since then.
    offers = [_in_time(case, cure) for cure in _OFFERS[test](case)]
    return tuple(sorted(offers, key=partial(_order, case)))


def _in_time(case: Case, cure: Cure) -> Cure:
    if cure.decide_by is None or cure.decide_by >= day_of(case.facts.known_at):
        return cure
    return not_available(case, cure.kind, cure.title, f"The last day to decide it was {day_text(cure.decide_by)}.")


#: They change nothing of this year: their cost does not compare with that of the others.
_NEXT_YEAR = (CureKind.LOWER_KEY_DEFERRALS, CureKind.SAFE_HARBOR_NEXT_YEAR)


def _order(case: Case, cure: Cure) -> tuple[bool, bool, int]:
    """By what it costs; of cures of another failure, by what it costs beyond the top-heavy minimum, owed with each."""
    cost = cure.employer_cost_cents if case.measure.test is TestId.TOP_HEAVY else beyond_minimum(case, cure)
    return cure.standing is Standing.NOT_AVAILABLE, cure.kind in _NEXT_YEAR, 2**62 if cost is None else cost
