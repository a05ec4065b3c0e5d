"""Are projections true? Plans cut in August, projected, and compared with the year end that came. Also: how fast."""

from __future__ import annotations

import json
import sys
import time
from datetime import date

import numpy as np
from benchmarks.population import Firm, facts_of, firm

from open401k import law
from open401k.compliance import Flags, PlanFacts, TestId
from open401k.compliance.projection import project
from open401k.compliance.year_from_facts import year_of

CUT = date(2026, 8, 31)
PLANS = 300


def highly_compensated(facts: PlanFacts) -> Flags:
    """HCEs of the plan year."""
    return law.highly_compensated.highly_compensated(
        plan_year=facts.plan_year,
        five_percent_owner=facts.ownership_bps > 500,
        lookback_compensation=facts.prior_section_415,
    ).is_hce


def testable(one: Firm) -> bool:
    """Plans with an eligible HCE and an eligible NHCE in August: the others have no ADP test to project."""
    facts = facts_of(one, CUT)
    hce, eligible = highly_compensated(facts), facts.eligible
    return bool((hce & eligible).any() and (~hce & eligible).any() and facts.deferrals[hce].any())


def population(count: int, seed: int) -> list[Firm]:
    """As many testable plans, always the same for a seed."""
    rng = np.random.default_rng(seed)
    plans: list[Firm] = []
    while len(plans) < count:
        one = firm(rng)
        if testable(one):
            plans.append(one)
    return plans


def calibrate(count: int = PLANS, seed: int = 401, scenarios: int = 2_000) -> dict[str, float]:
    """Share of true year-ends inside the 80 % intervals, and Brier scores of ours and of "today's ratio stays"."""
    held = {"measured": 0, "limit": 0}
    off = stays_off = 0
    ours = naive = failing = 0.0
    for number, one in enumerate(population(count, seed)):
        facts, truth = facts_of(one, CUT), facts_of(one, date(2026, 12, 31))
        hce, end_hce = highly_compensated(facts), highly_compensated(truth)
        told = project(facts, is_hce=hce, is_key=hce, seed=number, scenarios=scenarios).of(TestId.ADP)
        came = year_of(truth, is_hce=end_hce, is_key=end_hce).adp()
        now = year_of(facts, is_hce=hce, is_key=hce).adp()
        failed = float(not came.passed)
        assert told.low is not None
        assert told.high is not None
        assert told.limit_low is not None
        assert told.limit_high is not None
        held["measured"] += told.low <= int(came.hce_average) <= told.high
        held["limit"] += told.limit_low <= int(came.limit) <= told.limit_high
        assert told.median is not None
        off += abs(told.median - int(came.hce_average))
        stays_off += abs(int(now.hce_average) - int(came.hce_average))
        ours += (told.fail_probability_bps / 10_000 - failed) ** 2
        naive += (float(not now.passed) - failed) ** 2
        failing += failed
    return {
        "plans": count,
        "held_measured": held["measured"] / count,
        "held_limit": held["limit"] / count,
        "held": (held["measured"] + held["limit"]) / (2 * count),
        "median_off_bps": off / count,
        "today_off_bps": stays_off / count,
        "brier": ours / count,
        "brier_today_stays": naive / count,
        "failing": failing / count,
    }


def speed(people: int = 12, scenarios: int = 10_000) -> dict[str, float]:
    """Seconds for one projection of a small plan."""
    one = next(plan for plan in population(40, 12) if people <= len(facts_of(plan, CUT)) <= people + 3)
    facts = facts_of(one, CUT)
    hce = highly_compensated(facts)
    begun = time.perf_counter()
    project(facts, is_hce=hce, is_key=hce, seed=1, scenarios=scenarios)
    return {"people": len(facts), "scenarios": scenarios, "seconds": time.perf_counter() - begun}


def main() -> None:
    """Print both as JSON."""
    figures = {"calibration": calibrate(), "speed": speed()}
    json.dump(figures, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
