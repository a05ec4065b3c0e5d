"""The people of a plan that comes here: one file becomes a roster, whole or not at all.

Not here: people who come in with a payroll (payroll_people.py), facts learned late (correction.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from open401k import census, payroll, plan
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import EmployeeId, SponsorId, day_of


@dataclass(frozen=True, slots=True)
class Roster:
    """A file of people of one sponsor."""

    tenant_id: SponsorId
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class RosterBrought:
    """Who is now on the roster: people that the file added, and people who were there, as it says."""

    added: int
    already: int


class _Rejected(Exception):  # noqa: N818 (undoes the transaction)
    def __init__(self, findings: payroll.Findings) -> None:
        super().__init__("rejected")
        self.findings = findings


def bring_people(db: Database, *, actor: Actor, told: Roster) -> RosterBrought | payroll.Findings:
    """Add everybody of the file with the year's pay, shares and relatives; or every finding, and nobody is added.

    The same file again adds nobody. Who is on file with something else is a finding: facts are corrected, not replaced.
    """
    try:
        with db.begin(actor, tenants=[told.tenant_id]) as tx:
            return _add(tx, told)
    except _Rejected as rejected:
        return rejected.findings


def _add(tx: Tx, told: Roster) -> RosterBrought:
    heads.lock(tx, tenant_id=told.tenant_id)
    file = payroll.read_roster(told.content, file_name=told.name)
    numbers = {row.ssn for row in file.rows} | {row.relative for row in file.rows if row.relative}
    who = census.find_by_ssn(tx, tenant_id=told.tenant_id, ssns=sorted(numbers))
    known = census.roster(tx, tenant_id=told.tenant_id, employee_ids=sorted(who.values())) if who else ()
    born = {each.employee_id: each.birth_date for each in known}
    payroll.check_relatives(file, {ssn: born.get(of) for ssn, of in who.items()}, today=day_of(tx.now))
    _check_on_file(tx, told, file, who)
    if file.findings.rejected:
        raise _Rejected(file.findings)
    rows = [row for row in file.rows if row.ssn not in who]
    new = {row.ssn: tx.ids.new(EmployeeId) for row in rows}
    if rows:
        people = [replace(_new(row), employee_id=new[row.ssn]) for row in rows]
        census.add_employees(tx, tenant_id=told.tenant_id, people=people)
    since = plan.sponsor(tx, tenant_id=told.tenant_id).established_on
    everybody = {**who, **new}
    for row in rows:
        if row.relation is not None:
            fact = census.Family(everybody[row.relative], row.relation)
            employee_id = new[row.ssn]
            census.record_fact(tx, tenant_id=told.tenant_id, employee_id=employee_id, fact=fact, event_on=since)
    return RosterBrought(added=len(rows), already=len(file.rows) - len(rows))


def _new(row: payroll.PersonRow) -> census.NewEmployee:
    plan_cents, section_415, fica, hours = row.pay
    pay = census.AnnualPay(section_415, plan_cents, fica, hours)
    return census.NewEmployee(
        first_name=row.first_name,
        last_name=row.last_name,
        ssn=row.ssn,
        birth_date=row.birth_date,
        hired_on=row.hired_on,
        terminated_on=row.terminated_on,
        employee_class=row.employee_class,
        ownership_bps=row.ownership_bps,
        officer=row.officer,
        annual_pay={} if row.pay_year is None else {row.pay_year: pay},
    )


def _check_on_file(tx: Tx, told: Roster, file: payroll.RosterFile, who: Mapping[str, EmployeeId]) -> None:
    """Whoever is on file is on file as the row says."""
    wanted = sorted({who[row.ssn] for row in file.rows if row.ssn in who})
    if not wanted:
        return
    found = census.roster(tx, tenant_id=told.tenant_id, employee_ids=wanted)
    known = {each.employee_id: each for each in found}
    for row in file.rows:
        if row.ssn in who:
            differ = sorted(_differences(row, known[who[row.ssn]], who))
            if differ:
                reason = f"The person is on file with another {', '.join(differ)}."
                fix = "Correct the row; if it is right, record what changed as a correction of the person."
                file.at(row, "ssn", payroll.Code.PERSON_ON_FILE, reason, fix)


def _differences(row: payroll.PersonRow, person: census.Employee, who: Mapping[str, EmployeeId]) -> set[str]:
    first = person.employment[0] if person.employment else None
    last = person.employment[-1] if person.employment else None
    told = _new(row)
    pairs: dict[str, tuple[Any, Any]] = {
        "first_name": (row.first_name, person.first_name),
        "last_name": (row.last_name, person.last_name),
        "birth_date": (row.birth_date, person.birth_date),
        "hired_on": (row.hired_on, first.hired_on if first else None),
        "terminated_on": (row.terminated_on, last.terminated_on if last else None),
        "employee_class": (row.employee_class, person.employee_class),
        "ownership_percent": (row.ownership_bps, person.ownership_bps),
        "officer": (row.officer, person.officer),
        "pay of the year": (told.annual_pay, {year: person.annual_pay.get(year) for year in told.annual_pay}),
    }
    differ = {name for name, (one, other) in pairs.items() if one != other}
    if row.relation is not None and (who.get(row.relative), row.relation) not in person.family:
        differ.add("relative")
    return differ
