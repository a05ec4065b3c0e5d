"""Stored compliance runs: test the facts, keep what was said with its working, read it back, prove it again.

Not here: the tests (registry.py), projections and cures kept (forecasts.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from open401k import census, law, plan
from open401k.base import audit, memory
from open401k.base.db import Tx
from open401k.kernel import ComplianceRunId, Open401kError, PlanId, PlanYear, SponsorId

from . import _store
from .edition import edition
from .facts import JSON, PlanFacts
from .gather import gather
from .pieces import Told, column, pieces
from .prior_year import prior_ratios, with_succession
from .registry import run_tests
from .results import Status, TestId, TestResult, Unit
from .standing import People

#: What the audit trail calls the keeping of a run.
KEPT = "compliance.tested"


@dataclass(frozen=True, slots=True)
class ComplianceRun:
    """What the tests of a plan year said at one time. ``people`` are columns that every result's places count into."""

    run_id: ComplianceRunId
    plan_id: PlanId
    plan_year: PlanYear
    as_of: date
    known_at: datetime
    recorded_at: datetime
    cause: str
    facts_hash: bytes
    law_version: str
    people: dict[str, Any]
    results: tuple[TestResult, ...]

    def of(self, test: TestId) -> TestResult:
        """The result of one test."""
        return next(result for result in self.results if result.test is test)


@dataclass(frozen=True, slots=True)
class RunPoint:
    """One test in one run of the plan year: a point of its history."""

    run_id: ComplianceRunId
    as_of: date
    recorded_at: datetime
    cause: str
    test: TestId
    status: Status
    measured: int | None
    limit: int | None
    nhce_bps: int | None = None
    """Average of everyone else, where the test compares two averages (``measured`` is the other one)."""


@dataclass(frozen=True, slots=True)
class RunDifference:
    """A stored run that its own facts, as then known, do not give again."""

    run_id: ComplianceRunId
    test: TestId | None
    stored: str
    recomputed: str


def facts_for(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    as_of: date,
    known_at: datetime | None = None,
    history: bool | None = None,
    roster: Sequence[census.Employee] | None = None,
) -> PlanFacts:
    """The facts of the plan year, with last year's averages where the plan is tested against them."""
    provisions = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=as_of, known_at=known_at)
    prior = None
    if provisions.testing.method.value == "prior_year":
        year = provisions.plan_year_of(as_of).previous()
        prior = prior_ratios(tx, tenant_id=tenant_id, plan_id=plan_id, year=year, known_at=known_at)
    facts = gather(
        tx,
        tenant_id=tenant_id,
        plan_id=plan_id,
        as_of=as_of,
        known_at=known_at,
        history=history,
        prior_ratios=prior,
        roster=roster,
    )
    return with_succession(tx, facts, known_at=known_at)


def retest(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    as_of: date,
    cause: str,
    roster: Sequence[census.Employee] | None = None,
) -> ComplianceRun:
    """Run every test on the facts as now known and keep the answers; the same facts for the same cause once.

    ``roster``: the people as now known, where the caller has just read them.
    """
    facts = facts_for(tx, tenant_id=tenant_id, plan_id=plan_id, as_of=as_of, history=False, roster=roster)
    memory.give_back(rows=len(facts))
    return keep(tx, facts=facts, cause=cause)


def keep(tx: Tx, *, facts: PlanFacts, cause: str) -> ComplianceRun:
    """Run every test on facts already gathered, and store the run."""
    digest = facts_hash(facts)
    tenant_id = facts.tenant_id
    earlier = _store.same_run(tx, tenant_id=tenant_id, plan_id=facts.plan_id, cause=cause, facts_hash=digest)
    if earlier is not None:
        return get(tx, tenant_id=tenant_id, run_id=earlier)
    results, people = run_tests(facts)
    memory.give_back(rows=len(facts))
    run = ComplianceRun(
        run_id=tx.ids.new(ComplianceRunId),
        plan_id=facts.plan_id,
        plan_year=facts.plan_year,
        as_of=facts.as_of,
        known_at=facts.known_at,
        recorded_at=tx.now,
        cause=cause,
        facts_hash=digest,
        law_version=edition(),
        people=_people(facts, people),
        results=results,
    )
    _store.insert_run(tx, tenant_id=tenant_id, row=_run_row(run))
    rows = [_result_row(place, result) for place, result in enumerate(results)]
    _store.insert_results(tx, tenant_id=tenant_id, run_id=run.run_id, rows=rows)
    audit.record(tx, tenant_id=tenant_id, action=KEPT, subject=run.run_id, after={"sha256": _said_hash(run)})
    return run


def get(tx: Tx, *, tenant_id: SponsorId, run_id: ComplianceRunId) -> ComplianceRun:
    """One stored run; asking for one that does not exist is an error."""
    row = _store.run(tx, tenant_id=tenant_id, run_id=run_id)
    if row is None:
        raise Open401kError(f"There is no compliance run {run_id}.", fix="Check the id, or list the runs of the plan.")
    return ComplianceRun(
        run_id=run_id,
        plan_id=PlanId(row.plan_id),
        plan_year=PlanYear(row.year_start, row.year_end),
        as_of=row.as_of,
        known_at=row.known_at,
        recorded_at=row.recorded_at,
        cause=row.cause,
        facts_hash=bytes(row.facts_hash),
        law_version=row.law_version,
        people=row.people,
        results=tuple(_result(each) for each in _store.results(tx, tenant_id=tenant_id, run_id=run_id)),
    )


def latest(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, plan_year: PlanYear | None = None) -> ComplianceRun | None:
    """The newest run of a plan, of one plan year or of the last one tested."""
    start = None if plan_year is None else plan_year.start
    run_id = _store.latest_run_id(tx, tenant_id=tenant_id, plan_id=plan_id, year_start=start, known_at=None)
    return None if run_id is None else get(tx, tenant_id=tenant_id, run_id=run_id)


def history(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, plan_year: PlanYear) -> list[RunPoint]:
    """Every test of every run of a plan year, oldest first, without working."""
    rows = _store.summaries(tx, tenant_id=tenant_id, plan_id=plan_id, year_start=plan_year.start)
    return [
        RunPoint(
            ComplianceRunId(row.run_id), row.as_of, row.recorded_at, row.cause, TestId(row.test), Status(row.status),
            row.measured, row.limit_at, row.nhce_bps,
        )
        for row in rows
    ]  # fmt: skip


def verify_runs(tx: Tx, *, tenant_id: SponsorId) -> list[RunDifference]:
    """Recompute every stored run from the facts as they were known then, and name each that comes out differently."""
    differences: list[RunDifference] = []
    for run_id in _store.run_ids(tx, tenant_id=tenant_id):
        differences += _verify(tx, tenant_id, get(tx, tenant_id=tenant_id, run_id=run_id))
    return differences


def _verify(tx: Tx, tenant_id: SponsorId, run: ComplianceRun) -> list[RunDifference]:
    kept = [each for each in audit.entries(tx, tenant_id=tenant_id, subject=run.run_id) if each.action == KEPT]
    found: list[RunDifference] = []
    if [each.after for each in kept] != [{"sha256": _said_hash(run)}]:
        found.append(RunDifference(run.run_id, None, "something else", "what the audit trail says was kept"))
    facts = facts_for(
        tx, tenant_id=tenant_id, plan_id=run.plan_id, as_of=run.as_of, known_at=run.known_at, history=False
    )
    digest = facts_hash(facts, of_edition=run.law_version)
    if digest != run.facts_hash:
        facts_differ = RunDifference(
            run.run_id, None, f"facts {run.facts_hash.hex()[:16]}", f"facts {digest.hex()[:16]}"
        )
        return [*found, facts_differ]
    if not under_this_law(run):
        return found
    results, people = run_tests(facts)
    words = run.law_version == edition()
    found += [
        RunDifference(run.run_id, then.test, _said(then), _said(now))
        for then, now in zip(run.results, results, strict=False)
        if _figures(then) != _figures(now) or (words and _words(then) != _words(now))
    ]
    if len(run.results) != len(results):
        found.append(RunDifference(run.run_id, None, f"{len(run.results)} results", f"{len(results)} results"))
    if words and run.people != _people(facts, people):
        found.append(RunDifference(run.run_id, None, "who is highly compensated or key", "somebody else"))
    return found


def under_this_law(run: ComplianceRun) -> bool:
    """Whether the run was made under the law on file now: then its figures come out the same, whatever the engine."""
    return run.law_version.partition("+")[0] == law.version()


def _figures(result: TestResult) -> tuple[object, ...]:
    return result.test, result.status, result.unit, result.measured, result.limit, result.room


def _words(result: TestResult) -> tuple[object, ...]:
    """The sentence, and the working as JSON gives it back: the same under the same edition of the engine."""
    return result.explanation, json.loads("".join(pieces(result.working)))


def _said_hash(run: ComplianceRun) -> str:
    """Over everything that a run says, for the audit trail."""
    body = [
        str(run.plan_id),
        str(run.plan_year),
        run.as_of.isoformat(),
        run.cause,
        run.facts_hash.hex(),
        run.law_version,
    ]
    digest = hashlib.sha256(f"[{json.dumps(body)}, ".encode())  # [body, people, [said, ...]] as JSON
    for piece in pieces(run.people):
        digest.update(piece.encode())
    for number, each in enumerate(run.results):
        said = json.dumps([*map(str, _figures(each)), each.title, each.citation, each.explanation])
        digest.update(f"{', ' if number else ', ['}{said[:-1]}, ".encode())
        for piece in pieces(each.working):
            digest.update(piece.encode())
        digest.update(b"]")
    digest.update(b"]]" if run.results else b", []]")
    return digest.hexdigest()


def _said(result: TestResult) -> str:
    return f"{result.status} {result.measured} of {result.limit}: {result.explanation}"


def facts_hash(facts: PlanFacts, *, of_edition: str | None = None) -> bytes:
    """What the tests were computed from: every array, date and provision, and the edition of law and engine."""
    digest = hashlib.sha256()
    head: dict[str, JSON | Told] = {
        "plan": str(facts.plan_id),
        "year": [facts.plan_year.start.isoformat(), facts.plan_year.end.isoformat()],
        "as_of": facts.as_of.isoformat(),
        "provisions": plan.provisions_to_json(facts.provisions),
        "edition": of_edition or edition(),
        "people": Told(facts.employee_ids, str),
        "born": Told(facts.birth_dates, _iso),
        "eligible": Told(facts.eligible_on, _iso),
        "employment": Told(facts.employment, lambda spans: [f"{each.hired_on}/{each.terminated_on}" for each in spans]),
        "kin": [[kin.person, kin.relative, kin.relation] for kin in facts.kin],
        "prior": None if facts.prior_ratios is None else [facts.prior_ratios.adp_bps, facts.prior_ratios.acp_bps],
    }
    for name in ("kept_out_on", "tested_on", "match_on", "nonelective_on"):
        if days := getattr(facts, name):
            head[name.removesuffix("_on")] = Told(days, _iso)
    for piece in pieces(head, between=",", after_key=":"):
        digest.update(piece.encode())
    digest.update(b"" if facts.former_owners is None else b"former_owners\0" + facts.former_owners.tobytes())
    if facts.succeeds:
        digest.update(b"succeeds\0" + "\0".join(facts.succeeds).encode())
    if facts.other_nonelective:
        digest.update(b"other nonelective\0")
    for each in facts.declared:
        digest.update(b"declared\0" + repr(each.as_told).encode())
    digest.update(b"" if facts.receiving is None else b"receiving\0" + facts.receiving.in_bytes())
    digest.update(b"" if facts.loan_matched is None else b"loan_matched\0" + facts.loan_matched.tobytes())
    if facts.key_facts is not None:
        then = facts.key_facts
        for flags in (then.five_percent_owner, then.one_percent_owner, then.officer, then.formerly):
            digest.update(b"key\0" + flags.tobytes())
        digest.update("\0".join(then.untold).encode())
    for count in (facts.lookback, facts.determination):
        digest.update(b"" if count is None else b"workforce\0" + count.in_bytes())
    if facts.earlier is not None:
        digest.update(b"earlier\0" + facts.earlier.deferrals.tobytes() + facts.earlier.fica_prior.tobytes())
    for other in facts.others:
        digest.update(b"other plan\0" + other.name.encode())
        for name in _HASHED_OF_OTHERS:
            digest.update(name.encode() + b"\0" + np.ascontiguousarray(getattr(other, name)).tobytes())
    for name in _HASHED_IF_KNOWN:
        if (known := getattr(facts, name)) is not None:
            digest.update(name.encode() + b"\0" + np.ascontiguousarray(known).tobytes())
    for name in _HASHED:
        column = getattr(facts, name)
        digest.update(name.encode() + b"\0" + np.ascontiguousarray(column).tobytes())
    return digest.digest()


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


_HASHED_IF_KNOWN = (
    "corrective", "pay_elsewhere", "match_kept_out", "nonelective_kept_out", "match_pay", "nonelective_pay",
)  # fmt: skip
_HASHED_OF_OTHERS = (
    "deferrals", "roth", "plan_year_deferrals", "after_tax", "match", "employer", "balances", "participates",
)  # fmt: skip
_HASHED_IF_KNOWN = (
    "corrective", "pay_elsewhere", "match_kept_out", "nonelective_kept_out", "match_pay", "nonelective_pay",
)  # fmt: skip
_HASHED = (
    "class_excluded", "compensation", "section_415", "pre_tax", "roth", "after_tax", "calendar_deferrals",
    "calendar_roth", "match", "nonelective", "qnec", "fica_prior", "prior_section_415", "prior_known",
    "balances_at_determination", "ownership_bps", "officer",
)  # fmt: skip


def _people(facts: PlanFacts, people: People | None) -> dict[str, Any]:
    """Columns of everybody in the run; names stay in the census."""
    columns: dict[str, Any] = {
        "employee": column(facts.employee_ids, str),
        "eligible": column(facts.eligible.astype(int)),
        "eligible_on": column(facts.eligible_on, _iso),
    }
    if facts.tested_on:
        columns["tested_on"] = column(facts.tested_on, _iso)
    if facts.in_match is not None:
        columns["match_on"] = column(facts.match_on, _iso)
    if people is not None:
        hce, key = people.reasons()
        columns |= {
            "hce": column(people.is_hce.astype(int)),
            "hce_reason": list(hce),
            "key": column(people.is_key.astype(int)),
            "key_reason": list(key),
            "owned_bps": column(people.ownership.constructive_bps),
        }
    return columns


def _run_row(run: ComplianceRun) -> _store.RunRow:
    return _store.RunRow(
        run.run_id.uuid, run.plan_id.uuid, run.plan_year.start, run.plan_year.end, run.as_of, run.known_at,
        run.recorded_at, run.cause, run.facts_hash, run.law_version, run.people,
    )  # fmt: skip


def _result_row(place: int, result: TestResult) -> _store.ResultRow:
    return _store.ResultRow(
        result.test.value, place, result.title, result.citation, result.status.value, result.unit.value,
        result.measured, result.limit, result.room, result.working, result.explanation,
    )  # fmt: skip


def _result(row: _store.ResultRow) -> TestResult:
    return TestResult(
        TestId(row.test), row.title, row.citation, Status(row.status), Unit(row.unit), row.measured, row.limit_at,
        row.room, row.working, row.explanation,
    )  # fmt: skip
