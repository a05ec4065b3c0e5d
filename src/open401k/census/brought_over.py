"""What was paid and contributed elsewhere in the year in which a plan came here. Not here: the file (payroll).

These are facts of periods, not payrolls of ours: pay, hours, wages and contributions of the year to date count them as
of the last day of each period; nothing is entitled or posted for them, since their money comes over in the opening
balances (ADR-0017).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from open401k import ledger
from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, RunId, Source, SponsorId

from . import _brought_store, _pay_store
from .pay_lines import PayLines, record_run
from .replaced import Without

#: Employer money that a prior recordkeeper may have put in; what employees put in is part of the line itself.
EMPLOYER_SOURCES: Final = (
    Source.MATCH,
    Source.SAFE_HARBOR_MATCH,
    Source.NONELECTIVE,
    Source.SAFE_HARBOR_NONELECTIVE,
    Source.PROFIT_SHARING,
    Source.QNEC,
    Source.QMAC,
)
_BALANCE: Final = "balance_before"
_Period = tuple[date, date]


@dataclass(frozen=True, slots=True, order=True)
class BroughtPay:
    """One person's pay and contributions of one period, both days included; deferrals with their catch-up."""

    start: date
    end: date
    employee_id: EmployeeId
    plan_cents: int
    section_415_cents: int
    fica_cents: int
    hours_hundredths: int
    pre_tax_cents: int = 0
    roth_cents: int = 0
    after_tax_cents: int = 0
    #: In the order of ``EMPLOYER_SOURCES``; none of nothing.
    employer: tuple[tuple[Source, int], ...] = ()
    #: The whole account on the last day of the plan year before (IRC 416(g)(4)(C)).
    balance_before_cents: int = 0


@dataclass(frozen=True, slots=True)
class BroughtPeriod:
    """A period that counts: which run holds it, and of how many people."""

    run_id: RunId
    start: date
    end: date
    people: int


def record_brought(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, facts: Sequence[BroughtPay]
) -> list[BroughtPeriod]:
    """Make these all that is known of payrolls elsewhere; returns the periods that are new or other than before.

    A period that says something else is superseded, and stays on file with what it said; the same facts again change
    nothing. One person has a period once.
    """
    heads.lock(tx, tenant_id=tenant_id)
    on_file = {(row.period_start, row.period_end): row for row in _periods(tx, tenant_id, plan_id, None)}
    known, told = _by_period(brought_pay(tx, tenant_id=tenant_id, plan_id=plan_id)), _by_period(facts)
    changed: list[BroughtPeriod] = []
    for period in sorted({*on_file, *told}):
        wanted = told.get(period, [])
        if wanted == known.get(period, []):
            continue
        before = on_file.get(period)
        run = BroughtPeriod(tx.ids.new(RunId), *period, len(wanted))
        _record_period(tx, tenant_id, plan_id, run, wanted, replaces=None if before is None else RunId(before.run_id))
        changed.append(run)
    if changed:
        _forget(tx)
        audit.record(
            tx,
            tenant_id=tenant_id,
            action="census.brought_recorded",
            subject=plan_id,
            before=_told(known) if known else None,
            after=_told(told),
        )
    return changed


def brought_periods(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None = None
) -> list[BroughtPeriod]:
    """The periods of which something is known, by their first day."""
    rows = _periods(tx, tenant_id, plan_id, known_at)
    return [BroughtPeriod(RunId(row.run_id), *row[1:]) for row in rows if row.people]


def covered_by(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, day: date) -> BroughtPeriod | None:
    """The period of payrolls elsewhere that a day falls into: what was paid on it is counted already."""
    periods = brought_periods(tx, tenant_id=tenant_id, plan_id=plan_id)
    return next((each for each in periods if each.start <= day <= each.end), None)


def brought_pay(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    known_at: datetime | None = None,
    employees: Sequence[EmployeeId] | None = None,
) -> list[BroughtPay]:
    """What was known at an instant of payrolls elsewhere, person by person, in order."""
    runs = {row.run_id: row for row in _periods(tx, tenant_id, plan_id, known_at) if row.people}
    if not runs:
        return []
    besides: dict[tuple[UUID, int], dict[str, int]] = defaultdict(dict)
    for run_id, line_no, name, cents in _brought_store.amounts_on_file(tx, tenant_id=tenant_id, runs=list(runs)):
        besides[run_id, line_no][name] = cents
    lines = _brought_store.lines(tx, tenant_id=tenant_id, runs=list(runs), employees=employees)
    return sorted(_fact(runs[line.run_id], line, besides[line.run_id, line.line_no]) for line in lines)


def contributed(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    start: date,
    end: date,
    known_at: datetime | None = None,
    without: Without | None = None,
) -> ledger.Contributed:
    """What people have had contributed in a period: posted here, and elsewhere before the plan came here."""
    where: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "known_at": known_at}
    here = ledger.contributed(tx, start=start, end=end, **where)
    here = here if without is None else without.contributed(here, start, end)
    runs = _runs_between(tx, tenant_id, plan_id, start, end, known_at)
    if not runs:
        return here
    who, source, cents = _brought_store.contributed(tx, tenant_id=tenant_id, runs=runs)
    return ledger.together(here, ledger.Contributed.of_rows(who, source, cents))


def balances_before(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, start: date, end: date, known_at: datetime | None = None
) -> dict[EmployeeId, int]:
    """Accounts on the last day before a plan year, as told with its periods that end from ``start`` up to ``end``."""
    runs = _runs_between(tx, tenant_id, plan_id, start, end, known_at)
    found = _brought_store.balances_before(tx, tenant_id=tenant_id, runs=runs) if runs else []
    return {EmployeeId(who): cents for who, cents in found}


def _record_period(
    tx: Tx,
    tenant_id: SponsorId,
    plan_id: PlanId,
    run: BroughtPeriod,
    facts: Sequence[BroughtPay],
    *,
    replaces: RunId | None,
) -> None:
    """One run a period; without facts it takes away what the run before it said."""
    nothing = [0] * len(facts)
    record_run(
        tx,
        tenant_id=tenant_id,
        plan_id=plan_id,
        run_id=run.run_id,
        pay_date=run.end,
        period_start=run.start,
        period_end=run.end,
        replaces=replaces,
        lines=PayLines(
            employee_id=[each.employee_id for each in facts],
            line_no=list(range(len(facts))),
            gross_cents=[each.plan_cents for each in facts],
            section_415_cents=[each.section_415_cents for each in facts],
            fica_cents=[each.fica_cents for each in facts],
            hours_hundredths=[each.hours_hundredths for each in facts],
            pre_tax_cents=[each.pre_tax_cents for each in facts],
            roth_cents=[each.roth_cents for each in facts],
            after_tax_cents=[each.after_tax_cents for each in facts],
            catch_up_pre_tax_cents=nothing,
            catch_up_roth_cents=nothing,
            brought=[(place, name, cents) for place, each in enumerate(facts) for name, cents in _besides(each)],
        ),
    )


def _besides(fact: BroughtPay) -> list[tuple[str, int]]:
    employer = [(source.value, cents) for source, cents in fact.employer if cents]
    return employer + ([(_BALANCE, fact.balance_before_cents)] if fact.balance_before_cents else [])


def _fact(run: _brought_store.PeriodRow, line: _brought_store.LineRow, besides: Mapping[str, int]) -> BroughtPay:
    amounts = {name: cents or 0 for name, cents in zip(_pay_store.AMOUNTS, line.amounts, strict=True)}
    return BroughtPay(
        start=run.period_start,
        end=run.period_end,
        employee_id=EmployeeId(line.employee_id),
        plan_cents=amounts["gross_cents"],
        section_415_cents=amounts["section_415_cents"],
        fica_cents=amounts["fica_cents"],
        hours_hundredths=amounts["hours_hundredths"],
        pre_tax_cents=amounts["pre_tax_cents"],
        roth_cents=amounts["roth_cents"],
        after_tax_cents=amounts["after_tax_cents"],
        employer=tuple((source, besides[source.value]) for source in EMPLOYER_SOURCES if source.value in besides),
        balance_before_cents=besides.get(_BALANCE, 0),
    )


def _by_period(facts: Sequence[BroughtPay]) -> dict[_Period, list[BroughtPay]]:
    found: dict[_Period, list[BroughtPay]] = defaultdict(list)
    for each in sorted(facts):
        found[each.start, each.end].append(each)
    for period, of_period in found.items():
        if len({each.employee_id for each in of_period}) < len(of_period):
            raise ValueError(f"somebody has {period} twice")
    return dict(found)


def _told(facts: Mapping[_Period, Sequence[BroughtPay]]) -> dict[str, Any]:
    """For the audit trail: which periods, of how many people, and what they add up to."""
    every = [each for of_period in facts.values() for each in of_period]
    employer = sum(cents for each in every for _, cents in each.employer)
    return {
        "periods": [f"{start} to {end}" for start, end in sorted(facts)],
        "people": len({each.employee_id for each in every}),
        "plan_cents": sum(each.plan_cents for each in every),
        "employee_cents": sum(each.pre_tax_cents + each.roth_cents + each.after_tax_cents for each in every),
        "employer_cents": employer,
        "balance_before_cents": sum(each.balance_before_cents for each in every),
    }


def _runs_between(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, start: date, end: date, known_at: datetime | None
) -> list[UUID]:
    rows = _periods(tx, tenant_id, plan_id, known_at)
    return [row.run_id for row in rows if row.people and start <= row.period_end < end]


def _periods(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None
) -> list[_brought_store.PeriodRow]:
    """Asked once a transaction, and once more when nobody else can change it: nearly every plan has none."""
    key = (_periods, tenant_id, plan_id, known_at, heads.locked(tx, tenant_id=tenant_id))
    if key not in tx.cache:
        tx.cache[key] = _brought_store.periods(tx, tenant_id=tenant_id, plan_id=plan_id, known_at=known_at)
    rows: list[_brought_store.PeriodRow] = tx.cache[key]
    return rows


def _forget(tx: Tx) -> None:
    for key in [each for each in tx.cache if isinstance(each, tuple) and each[0] is _periods]:
        del tx.cache[key]
