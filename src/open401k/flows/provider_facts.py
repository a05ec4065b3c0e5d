"""What a provider told of one person, as facts. Not here: who they are (provider_people.py)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from open401k import census
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, day_of
from open401k.payroll import connections, pulled
from open401k.payroll.providers import Person
from open401k.payroll.pulled_people import Changes, changed, first_seen, seen_elsewhere
from open401k.payroll.pulled_together import with_others


def add(tx: Tx, of: connections.Connection, told: Person) -> EmployeeId:
    """Somebody new, with every employment."""
    first = told.employment[0] if told.employment else None
    employee_id = census.add_employee(
        tx,
        tenant_id=of.tenant_id,
        ssn=told.ssn,
        first_name=told.first_name,
        last_name=told.last_name,
        birth_date=told.birth_date,
        hired_on=first.hired_on if first else None,
        terminated_on=first.terminated_on if first else None,
    )
    for span in told.employment[1:]:
        _record(tx, of, employee_id, census.Hired(), span.hired_on)
        if span.terminated_on is not None:
            _record(tx, of, employee_id, census.Terminated(), span.terminated_on)
    return employee_id


def told_elsewhere(tx: Tx, of: connections.Connection) -> dict[EmployeeId, list[Person]]:
    """What the plan's other companies told of the people who are on file; nothing where this is the only one."""
    found: dict[EmployeeId, list[Person]] = {}
    for other in connections.companies(tx, tenant_id=of.tenant_id, plan_id=of.plan_id):
        if other.connection_id != of.connection_id:
            for employee_id, told in pulled.people_of(tx, of=other).items():
                found.setdefault(employee_id, []).extend(told)
    return found


def learn(
    tx: Tx,
    of: connections.Connection,
    employee_id: EmployeeId,
    told: Person,
    before: Person | None,
    others: Sequence[Person],
) -> Changes:
    """Record what is news of somebody on file: what changed since ``before``, or all that this company adds.

    ``others`` is what the plan's other companies told of them: all of it is one employment.
    """
    today, now = day_of(tx.now), with_others(told, others)
    if before is not None:
        changes = changed(with_others(before, others), now, today=today)
    else:
        on_file = census.employee(tx, tenant_id=of.tenant_id, employee_id=employee_id)
        if others:
            without = with_others(replace(told, employment=()), others)
            changes = seen_elsewhere(now, without, on_file, today=today)
        else:
            changes = first_seen(told, on_file, today=today)
    for fact, day in changes.facts:
        _record(tx, of, employee_id, fact, day)
    return changes


def _record(tx: Tx, of: connections.Connection, employee_id: EmployeeId, fact: census.Fact, day: date) -> None:
    census.record_fact(tx, tenant_id=of.tenant_id, employee_id=employee_id, fact=fact, event_on=day)
