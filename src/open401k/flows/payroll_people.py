"""What a posted file tells of people: new ones are added, changes become facts. Not here: pay (payroll_record.py)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from open401k import census, payroll
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, SponsorId
from open401k.payroll import runs

from .payroll_read import Rows


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The rows whose new name or birth date a person said yes to."""

    names: frozenset[int]
    birth_dates: frozenset[int]


def confirmed(tx: Tx, *, tenant_id: SponsorId, run: runs.Run) -> Confirmed:
    """What the last check asked about, once it was confirmed; else nothing."""
    if run.status != runs.Status.CONFIRMED:
        return Confirmed(frozenset(), frozenset())
    listed = runs.findings_of_run(tx, tenant_id=tenant_id, run_id=run.run_id)
    asked = [each for each in listed if each.confirm and each.row]

    def rows(code: payroll.Code) -> frozenset[int]:
        return frozenset(each.row for each in asked if each.row and each.code is code)

    return Confirmed(rows(payroll.Code.PERSON_NAME_CHANGED), rows(payroll.Code.DOB_CHANGED))


def people_of(tx: Tx, *, tenant_id: SponsorId, rows: Rows, provider: str) -> dict[str, EmployeeId]:
    """Who each row is, by its key; who is on file nowhere is added from what the row says."""
    found, _ = payroll.named_by(tx, tenant_id=tenant_id, rows=rows, provider=provider)
    new: dict[str, list[payroll.PayrollRow]] = {}
    for row in rows:
        if row.key not in found:
            new.setdefault(row.key, []).append(row)
    if new:
        people = [
            census.NewEmployee(
                first_name=own[0].first_name,
                last_name=own[0].last_name,
                ssn=own[0].ssn,
                birth_date=own[0].birth_date,
                hired_on=payroll.hired_of(own),
                terminated_on=own[0].termination_date if len(own) == 1 else payroll.left_of(own),
            )
            for own in new.values()
        ]
        added = census.add_employees(tx, tenant_id=tenant_id, people=people)
        found |= dict(zip(new, added, strict=True))
    return found


def learn(
    tx: Tx, *, tenant_id: SponsorId, rows: Rows, who: Mapping[str, EmployeeId], yes: Confirmed, pay_date: date
) -> list[EmployeeId]:
    """Record terminations, and names and birth dates that were confirmed; returns whose past is computed again."""
    telling = [row for row in rows if row.termination_date or row.row in yes.names or row.row in yes.birth_dates]
    if not telling:
        return []
    wanted = [who[row.key] for row in telling]
    of_whom: dict[EmployeeId, list[payroll.PayrollRow]] = {each: [] for each in wanted}
    for row in rows:
        if who[row.key] in of_whom:
            of_whom[who[row.key]].append(row)
    known = {each.employee_id: each for each in census.roster(tx, tenant_id=tenant_id, employee_ids=wanted)}
    changed: dict[EmployeeId, None] = {}
    for row in telling:
        person = known[who[row.key]]
        for fact, day in _facts(row, person, yes, pay_date, of_whom[person.employee_id]):
            census.record_fact(tx, tenant_id=tenant_id, employee_id=person.employee_id, fact=fact, event_on=day)
            if not isinstance(fact, census.Name):
                changed[person.employee_id] = None
    return list(changed)


def _facts(
    row: payroll.PayrollRow, person: census.Employee, yes: Confirmed, pay_date: date, own: Rows
) -> Iterator[tuple[census.Fact, date]]:
    spans: Sequence[census.Employment] = person.employment
    left = payroll.left_of(own) if row is own[-1] else None  # once, from all employers' rows
    if left and spans and spans[-1].terminated_on is None and spans[-1].hired_on <= left:
        yield census.Terminated(), left
    if row.row in yes.names and row.last_name != person.last_name:
        yield census.Name(row.first_name or person.first_name, row.last_name), pay_date
    if row.row in yes.birth_dates and row.birth_date and row.birth_date != person.birth_date:
        yield census.BirthDate(row.birth_date), spans[0].hired_on if spans else pay_date
