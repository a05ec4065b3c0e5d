"""A plan taken over within a year is tested, limited and matched as if it had been here since January 1."""

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from tests.flows.bookkeeping import Plan, assert_sound, books, traces
from tests.flows.year_to_date import LAST_DAY, brought, handed_over, payroll_file, since_january, since_july
from tests.support.database import TESTER

from open401k import census, compliance, plan
from open401k.base.db import Database
from open401k.demo.setup import TERMS
from open401k.flows.year_to_date import Brought
from open401k.kernel import FixedClock

BEFORE, AFTER = (1, 4, 7, 9, 11, 12), (13, 16, 19, 22, 24, 25)

OWN_TERMS: dict[str, Any] = {
    **TERMS,
    "adopted_on": date(2019, 1, 1),
    "eligibility": plan.Eligibility(21, 12, None, plan.EntryRule.MONTHLY),
}
TIERED = plan.Provisions(
    **OWN_TERMS
    | {
        "match": plan.Match(
            (plan.MatchTier(10_000, 300), plan.MatchTier(5_000, 500)), period=plan.MatchPeriod.PLAN_YEAR
        ),
        "nonelective": plan.Nonelective(200),
    }
)
#: Each pay date for itself, capped; service by hours, which Nora reaches just before May 12 and enters on June 1.
BY_HOURS = plan.Provisions(
    **OWN_TERMS
    | {
        "eligibility": plan.Eligibility(21, 12, 1_000, plan.EntryRule.MONTHLY),
        "match": plan.Match((plan.MatchTier(5_000, 600),), cap_cents=2_500_00),
    }
)
FROM_OCTOBER = replace(TIERED, plan_year_start=plan.provisions.MonthDay(10, 1))
ENTRY, FIRST_YEAR = date(2026, 6, 1), date(2026, 5, 12)
CASES: dict[str, tuple[plan.Provisions, tuple[int, ...], tuple[int, ...], dict[str, list[date]]]] = {
    "a tiered match of the year with true-up, and nonelective": (TIERED, BEFORE, AFTER, {"1098": [ENTRY]}),
    "a capped match of each pay date, entry by hours": (
        BY_HOURS, tuple(range(1, 13)), AFTER, {"1098": [FIRST_YEAR, ENTRY]},
    ),
    "a plan year from October": (FROM_OCTOBER, tuple(range(1, 13)), (13, 16, 19), {"1098": [ENTRY]}),
}  # fmt: skip


def facts(here: Plan, as_of: date) -> dict[str, dict[str, object]]:
    """Everything that tests read, person by person."""
    with here.db.begin(TESTER, tenants=[here.sponsor]) as tx:
        found = compliance.facts_for(tx, tenant_id=here.sponsor, plan_id=here.plan, as_of=as_of)
        last4 = {each.employee_id: each.ssn_last4 for each in census.roster(tx, tenant_id=here.sponsor)}
    arrays = (
        "compensation", "section_415", "pre_tax", "roth", "after_tax", "calendar_deferrals", "calendar_roth", "match",
        "nonelective", "qnec", "fica_prior", "prior_section_415", "prior_known", "balances_at_determination",
        "eligible_on", "eligible", "class_excluded",
    )  # fmt: skip
    return {
        last4[who]: {name: str(np.asarray(getattr(found, name))[place]) for name in arrays}
        for place, who in enumerate(found.employee_ids)
    }


def of_days_after(counted: Counter[tuple[Any, ...]], place: int) -> dict[tuple[Any, ...], int]:
    return {key: cents for key, cents in counted.items() if key[place] > LAST_DAY}


@pytest.mark.parametrize("case", CASES)
def test_a_plan_taken_over_on_july_1_is_as_if_it_had_been_here_since_january(
    db: Database, clock: FixedClock, case: str
) -> None:
    terms, before, after, cuts = CASES[case]
    saved = "1900.00" if len(before) > len(BEFORE) else "2100.00"
    here = since_january(db, clock, terms)
    for period in before:
        here.pay(period, payroll_file(here, period, saved))
    there = since_july(here, terms)
    year = terms.plan_year_of(LAST_DAY)
    told = brought(there, handed_over(here, year_start=year.start, cuts=cuts).csv())
    assert isinstance(told, Brought), told
    assert facts(there, LAST_DAY) == facts(here, LAST_DAY)
    opened = books(there).balances
    assert not of_days_after(books(there).by_date, 2)
    assert sum(cents for (_, kind, _), cents in opened.items() if kind == "employer_receivable") == 0
    for period in after:
        one = here.pay(period, payroll_file(here, period, saved))
        other = there.pay(period, payroll_file(there, period, saved))
        assert there.findings(other.run.run_id) == here.findings(one.run.run_id)
        assert books(there).tests == books(here).tests
    known, found = books(here), books(there)
    assert of_days_after(found.by_date, 2) == of_days_after(known.by_date, 2)
    assert of_days_after(found.held, 1) == of_days_after(known.held, 1)
    assert facts(there, year.last_day) == facts(here, year.last_day)
    assert {key: cents for key, cents in found.balances.items() if key[1] == "participant"} == {
        key: cents for key, cents in known.balances.items() if key[1] == "participant"
    }
    assert_sound(there)
    assert_sound(here)
    # Each of these counts the year before the takeover: without it they would come out otherwise.
    reasons = {reason for (_, _, _, reason) in of_days_after(found.held, 1)}
    assert "over_limit" in reasons
    assert traces(there).people == traces(here).people
