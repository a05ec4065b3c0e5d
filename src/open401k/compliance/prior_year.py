"""Last year's averages, for a plan that is tested by them, and for one that succeeds another. Not here: the tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from open401k import census, law, plan
from open401k.base.db import Tx
from open401k.kernel import ComplianceRunId, EmployeeId, PlanId, PlanYear, SponsorId
from open401k.law.prior_year import FIRST_YEAR_NHCE_AVERAGE, PriorSubgroup

from . import _store
from .facts import PlanFacts, PriorRatios
from .results import TestId


@dataclass(frozen=True, slots=True)
class _Before:
    """Another plan in the year before: who of the first year's eligible were eligible in it, and its averages."""

    called: str
    members: frozenset[str]
    nhces: int
    """Its NHCEs whom the new plan would have let in, had it begun with that year."""
    adp_bps: int | None
    acp_bps: int | None


def prior_ratios(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year: PlanYear, known_at: datetime | None
) -> PriorRatios | None:
    """The averages of the preceding plan year itself, as its last run found them (IRC 401(k)(3)(A)).

    Where the ADP test was run and the ACP test was not, the plan had neither match nor after-tax money: the year
    after is its first for the ACP test (Reg. 1.401(m)-2(c)(2)(ii)).
    """
    run_id = _store.latest_run_id(tx, tenant_id=tenant_id, plan_id=plan_id, year_start=year.start, known_at=known_at)
    adp, acp = (None, None) if run_id is None else _averages(tx, tenant_id, run_id)
    return None if adp is None else PriorRatios(adp, FIRST_YEAR_NHCE_AVERAGE if acp is None else acp)


def with_succession(tx: Tx, facts: PlanFacts, *, known_at: datetime | None) -> PlanFacts:
    """The facts of a first plan year, with the plans that it succeeds: then its averages are theirs, weighted.

    Reg. 1.401(k)-2(c)(2)(iii), (4); 1.401(m)-2(c)(2)(iii), (4). Not here: a later change of who is covered by which
    of several plans.
    """
    if not (facts.by_prior_year and facts.first_plan_year and facts.others):
        return facts
    eligible = int(facts.eligible.sum())
    before = _plans_before(tx, facts, known_at)
    if not _succeeds(eligible, before):
        return facts
    adp = None if any(each.adp_bps is None for each in before) else _weighted(before, "adp_bps")
    matched = [each for each in before if each.acp_bps is not None]
    acp = _weighted(matched, "acp_bps") if _succeeds(eligible, matched) else FIRST_YEAR_NHCE_AVERAGE
    own = None if adp is None or acp is None else PriorRatios(adp, acp)
    return replace(facts, succeeds=tuple(each.called for each in before), prior_ratios=own)


def _succeeds(eligible: int, before: Sequence[_Before]) -> bool:
    came: frozenset[str] = frozenset().union(*(each.members for each in before))
    return law.prior_year.is_successor(eligible=eligible, eligible_before=len(came))


def _weighted(before: Sequence[_Before], average: str) -> int | None:
    groups = [PriorSubgroup(each.nhces, getattr(each, average)) for each in before if each.nhces]
    return law.prior_year.weighted_average(groups) if groups else None


def _plans_before(tx: Tx, facts: PlanFacts, known_at: datetime | None) -> list[_Before]:
    """The sponsor's other plans in which anybody of the first year's eligible was, by the last run of their year."""
    tenant_id, found = facts.tenant_id, []
    members = {str(who) for who, here in zip(facts.employee_ids, facts.eligible.tolist(), strict=True) if here}
    for each in plan.list_plans(tx, tenant_id=tenant_id):
        start = each.plan_year_of(facts.plan_year.start - timedelta(days=1)).start
        run_id = None
        if each.plan_id != facts.plan_id:
            run_id = _store.latest_run_id(
                tx, tenant_id=tenant_id, plan_id=each.plan_id, year_start=start, known_at=known_at
            )
        run = None if run_id is None else _store.run(tx, tenant_id=tenant_id, run_id=run_id)
        if run_id is None or run is None:
            continue
        eligible = {who for who, there in zip(run.people["employee"], run.people["eligible"], strict=True) if there}
        if members & eligible:
            adp, acp = _averages(tx, tenant_id, run_id)
            nhces = _would_have_been(tx, facts, run, eligible, known_at)
            found.append(_Before(each.called, frozenset(members & eligible), nhces, adp, acp))
    return found


def _would_have_been(
    tx: Tx, facts: PlanFacts, run: _store.RunRow, eligible: set[str], known_at: datetime | None
) -> int:
    """How many of its NHCEs the new terms would have let in that year, leavers too ((c)(4)(iii)(B))."""
    hces = {who for who, hce in zip(run.people["employee"], run.people.get("hce", ()), strict=False) if hce}
    nhces = [EmployeeId.parse(who) for who in sorted(eligible - hces)]
    people = census.roster(tx, tenant_id=facts.tenant_id, known_at=known_at, employee_ids=nhces)
    terms = replace(facts.provisions, adopted_on=min(facts.provisions.adopted_on, run.year_start))
    entered = census.entry_dates(
        tx, tenant_id=facts.tenant_id, provisions=terms, plan_id=facts.plan_id, employees=people, known_at=known_at,
        on=facts.plan_year.start - timedelta(days=1),
    )  # fmt: skip
    return sum(day is not None and day < facts.plan_year.start for day in entered)


def _averages(tx: Tx, tenant_id: SponsorId, run_id: ComplianceRunId) -> tuple[int | None, int | None]:
    """ADP and ACP of the NHCEs, as a run found them for its own year; None of a test that was not run."""
    rows = _store.results(tx, tenant_id=tenant_id, run_id=run_id)
    found = {row.test: row.working.get("nhce_of_year_bps") for row in rows}
    adp, acp = found.get(TestId.ADP.value), found.get(TestId.ACP.value)
    return None if adp is None else int(adp), None if acp is None else int(acp)
