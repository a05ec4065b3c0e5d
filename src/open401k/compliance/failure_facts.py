"""What the correction of a failure reads from the rooms below, as known at an instant. Not here: what is owed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from open401k import census, ledger, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import CalendarYear, EmployeeId, PlanYear, Source, SponsorId
from open401k.law import deferrals
from open401k.law.missed_deferrals import Basis

from .failure_correction import FailureCorrection, correction_of, missed_of
from .failure_gaps import KnownPay, needed_for, told_once
from .failure_rates import Rate, basis_of, limit_of
from .failure_workers import PayDay, Worker
from .failures import Failure
from .gather import gather
from .standing import people_of
from .year_from_facts import year_of

_A_DAY = timedelta(days=1)


def correct_failure(
    tx: Tx, *, tenant_id: SponsorId, failure: Failure, on: date, known_at: datetime | None = None
) -> FailureCorrection:
    """What a failure costs as of a day, by what is, or was then, known."""
    workers = _workers(tx, tenant_id, failure, on, known_at)
    rates = _rates(tx, tenant_id, failure, workers, on, known_at)
    of: dict[str, Any] = {"failure": failure, "workers": workers, "rates": rates, "on": on}
    scope = recordkeeping.Scope(tenant_id, failure.plan_id, on, on + _A_DAY, known_at=known_at)
    found = correction_of(**of, match=_match(tx, scope, workers, missed_of(**of)))
    return replace(found, needed=_needed(tx, scope.where, failure, workers, on))


def _match(
    tx: Tx,
    scope: recordkeeping.Scope,
    workers: Sequence[Worker],
    missed: Mapping[EmployeeId, Mapping[date, int]],
) -> dict[EmployeeId, recordkeeping.MatchByDay]:
    """What the books would have of matches, had everything been deferred: as Roth where the plan has it.

    Catch-up of who may have it only as Roth would be held back otherwise, and a match does not ask which it was.
    """
    roth = {
        (who.employee_id, day.on): Source.ROTH in day.terms.deferrals.sources for who in workers for day in who.days
    }
    more = [
        recordkeeping.WithheldMore(who, day, cents, roth[who, day])
        for who, of_person in missed.items()
        for day, cents in of_person.items()
    ]
    if not more:
        return {}
    since, sums = min(each.pay_date for each in more), {day.on for who in workers for day in who.days if day.since}
    brought = any(each.pay_date in sums for each in more)
    return recordkeeping.match_supposing(tx, scope=replace(scope, since=since), more=more, brought=brought)


def _needed(tx: Tx, where: dict[str, Any], failure: Failure, workers: Sequence[Worker], on: date) -> tuple[str, ...]:
    """What of the failure is from before anything is on file of it; nothing where payroll itself told what was missed.

    Nobody missed anything before the plan was there, or they were employed in it.
    """
    known = None if failure.from_payroll else _known_pay(tx, where)
    if known is None:
        return ()
    until = min(failure.ends_on, on)
    terms = plan.provisions_on(tx, **where, on=on)
    own: dict[EmployeeId, list[tuple[date, date]]] = {}
    for each in census.brought_pay(tx, **where, employees=[who.employee_id for who in workers]):
        own.setdefault(each.employee_id, []).append((each.start, each.end))
    return told_once(
        [
            needed_for(
                known,
                own=own.get(who.employee_id, ()),
                first=max(who.began_on(failure.first_on), known.terms_from),
                until=until,
                terms=terms,
            )
            for who in workers
            if who.entered_on is not None
        ]
    )


def _known_pay(tx: Tx, where: dict[str, Any]) -> KnownPay | None:
    """None: no payroll was ever paid here."""
    runs = [each for each in census.pay_runs(tx, **where) if each.replaced_by is None and not each.brought]
    spans = plan.provisions_between(tx, **where, start=date.min, end=date.max)
    if not runs or not spans:
        return None
    first = min(runs, key=lambda each: each.pay_date)
    brought = tuple((each.start, each.end) for each in census.brought_periods(tx, **where))
    return KnownPay(first.pay_date, (first.period_start, first.period_end), brought, spans[0].start)


def _workers(tx: Tx, tenant_id: SponsorId, failure: Failure, on: date, known_at: datetime | None) -> list[Worker]:
    ids = [each.employee_id for each in failure.people]
    where: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": failure.plan_id, "known_at": known_at}
    employees = census.roster(tx, tenant_id=tenant_id, known_at=known_at, employee_ids=ids)
    spans = plan.provisions_between(tx, **where, start=date.min, end=date.max)
    now = _terms_on(spans, on)
    entries = census.first_entries(
        tx, tenant_id=tenant_id, provisions=now, plan_id=failure.plan_id, employees=employees, known_at=known_at
    )
    began = [max(day, failure.first_on or day) for day in entries if day is not None]
    if not began:
        return []
    first = min(began)
    start = min(_terms_on(spans, first).plan_year_of(first).start, CalendarYear(first.year).start)
    days = _days(tx, where, ids, spans, start, on + _A_DAY)
    years = {day.on.year for each in days.values() for day in each}
    return [
        Worker(
            employee_id=who.employee_id,
            days=tuple(days.get(who.employee_id, ())),
            entered_on=entered,
            left_on=who.employment[-1].terminated_on if who.employment else None,
            limits={year: limit for year, (limit, _) in most.items()},
            catch_up={year: catch_up for year, (_, catch_up) in most.items()},
        )
        for who, entered in zip(employees, entries, strict=True)
        for most in [{year: _limit(who, year, _terms_on(spans, first)) for year in years}]
    ]


def _limit(who: census.Employee, year: int, terms: plan.Provisions) -> tuple[int, int]:
    born = np.array([who.birth_date.year if who.birth_date else 0], dtype=np.int64)
    return limit_of(year, int(deferrals.ages_at_year_end(born, CalendarYear(year))[0]), terms)


def _days(
    tx: Tx, where: dict[str, Any], ids: Sequence[EmployeeId], spans: Sequence[plan.Span], start: date, end: date
) -> dict[EmployeeId, list[PayDay]]:
    """Each person's pay dates: pay from the payrolls, deferrals from the books; before them sums of periods."""
    pay = census.pay_by_date(tx, **where, start=start, end=end, employees=ids, brought=True)
    dates: list[date] = pay.pay_date.astype("datetime64[D]").tolist()
    people = tuple(pay.employee_id)
    paid = {
        (people[row], day): cents
        for row, day, cents in zip(pay.employee.tolist(), dates, pay.plan_cents.tolist(), strict=True)
    }
    deferred: dict[tuple[EmployeeId, date], int] = {}
    concerned = frozenset(ids)
    for each in ledger.contributions(tx, **where, start=start, end=end):
        if each.employee_id in concerned and each.source.is_deferral:
            key = (each.employee_id, each.event_on)
            deferred[key] = deferred.get(key, 0) + each.cents
    sums: dict[tuple[EmployeeId, date], date] = {}
    for one in census.brought_pay(tx, **where, employees=ids):
        sums[one.employee_id, one.end] = one.start
        deferred[one.employee_id, one.end] = one.pre_tax_cents + one.roth_cents
    found: dict[EmployeeId, list[PayDay]] = {}
    for key in sorted(key for key in {*paid, *deferred} if start <= key[1]):
        begins = sums.get(key)
        if begins is None or begins >= spans[0].start:
            day = PayDay(key[1], paid.get(key, 0), deferred.get(key, 0), _terms_on(spans, key[1]), begins)
            found.setdefault(key[0], []).append(day)
    return found


def _terms_on(spans: Sequence[plan.Span], day: date) -> plan.Provisions:
    """The terms of a day; of one before the plan, its first ones."""
    return next((span.provisions for span in reversed(spans) if span.start <= day), spans[0].provisions)


def _rates(
    tx: Tx,
    tenant_id: SponsorId,
    failure: Failure,
    workers: Sequence[Worker],
    on: date,
    known_at: datetime | None,
) -> dict[tuple[EmployeeId, date], Rate]:
    """By person and plan year; averages of a group are asked for only where they are the basis."""
    averages: dict[PlanYear, dict[EmployeeId, int]] = {}
    found: dict[tuple[EmployeeId, date], Rate] = {}
    for who in workers:
        for day in who.days:
            year = day.terms.plan_year_of(day.on)
            if (who.employee_id, year.start) in found:
                continue
            rate = basis_of(failure, who.employee_id, day.terms, 0, year)
            if rate.basis is Basis.GROUP_AVERAGE:
                if year not in averages:
                    averages[year] = _averages(tx, tenant_id, failure, min(on, year.last_day), known_at)
                rate = basis_of(failure, who.employee_id, day.terms, averages[year].get(who.employee_id, 0), year)
            found[who.employee_id, year.start] = rate
    return found


def _averages(
    tx: Tx, tenant_id: SponsorId, failure: Failure, as_of: date, known_at: datetime | None
) -> dict[EmployeeId, int]:
    """The average deferral percentage of each one's group, without those who had no chance to defer.

    Rev. Proc. 2021-30 App. B section 2.02(1)(a)(ii)(F): the test may be run on those who had it.
    """
    facts = gather(tx, tenant_id=tenant_id, plan_id=failure.plan_id, as_of=as_of, known_at=known_at, history=False)
    standing = people_of(facts)
    left_out = {each.employee_id for each in failure.people}
    had_none = np.array([who in left_out for who in facts.employee_ids], dtype=np.bool_)
    year = year_of(facts, is_hce=standing.is_hce, is_key=standing.is_key)
    tested = replace(year, eligible=year.eligible & ~had_none, prior_adp_bps=None).adp()
    hce, other = int(tested.hce_average), int(tested.nhce_average)
    return {
        who: hce if highly else other
        for who, highly in zip(facts.employee_ids, standing.is_hce.tolist(), strict=True)
        if who in left_out
    }
