"""A table of elections comes in, whole or not at all. Not here: one person's (election.py), which the plan takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from open401k import census, payroll, recordkeeping
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import EmployeeId, PlanId, Refused, Source, SponsorId, day_of
from open401k.recordkeeping import Election, ElectionRefusal, How, NewElection, Part, Slot, elected_on

from .election import elect


@dataclass(frozen=True, slots=True)
class ElectionsTold:
    """A table of elections of one plan."""

    tenant_id: SponsorId
    plan_id: PlanId
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ElectionsBrought:
    """How many elections are now on file of a table, and how many were there as it says."""

    recorded: int
    already: int
    people: int


class _Rejected(Exception):  # noqa: N818 (undoes the transaction)
    def __init__(self, findings: payroll.Findings) -> None:
        super().__init__("rejected")
        self.findings = findings


def bring_elections(db: Database, *, actor: Actor, told: ElectionsTold) -> ElectionsBrought | payroll.Findings:
    """Record every election of a table; or every finding, and none is recorded. The same table again records none."""
    try:
        with db.begin(actor, tenants=[told.tenant_id]) as tx:
            return _record(tx, told)
    except _Rejected as rejected:
        return rejected.findings


def _record(tx: Tx, told: ElectionsTold) -> ElectionsBrought:
    of: dict[str, Any] = {"tenant_id": told.tenant_id, "plan_id": told.plan_id}
    heads.lock(tx, tenant_id=told.tenant_id)
    file = payroll.read_elections_file(told.content, file_name=told.name)
    who = _people(tx, told.tenant_id, file)
    rows = [row for row in file.rows if (row.ssn or row.employee_id) in who]
    elections = [_new(row, who[row.ssn or row.employee_id], tx) for row in rows]
    fresh = _fresh(tx, of, elections)
    wanted = [elections[place] for place in fresh]
    for refused in recordkeeping.first_refused(tx, **of, elections=wanted):
        row = rows[fresh[int(refused.detail["place"])]]
        file.at(
            row, _COLUMN.get(refused.reason, "percent"), payroll.Code.ELECTION_REFUSED, refused.message, refused.fix
        )
    if file.findings.rejected:
        raise _Rejected(file.findings)
    if wanted:
        recorded = elect(tx, **of, elections=wanted)
        if isinstance(recorded, Refused):  # judged a moment ago, under the same lock
            raise ValueError(recorded.message)
    people = len({each.employee_id for each in elections})
    return ElectionsBrought(len(wanted), len(elections) - len(wanted), people)


#: At which cell of a row a refusal is told.
_COLUMN: Mapping[ElectionRefusal, str] = {
    ElectionRefusal.SOURCE_NOT_IN_PLAN: "source",
    ElectionRefusal.CATCH_UP_NOT_APART: "part",
    ElectionRefusal.NO_BONUS_CODES: "part",
    ElectionRefusal.DOLLARS_NOT_OFFERED: "dollars",
    ElectionRefusal.MADE_TOO_LATE: "made_on",
    ElectionRefusal.NOT_MADE_YET: "made_on",
    ElectionRefusal.NOT_KEPT_HERE: "effective_on",
}


def _people(tx: Tx, tenant_id: SponsorId, file: payroll.ElectionsFile) -> dict[str, EmployeeId]:
    """Who the rows mean, by number or id; whom nobody knows is a finding."""
    found: dict[str, EmployeeId] = dict(
        census.find_by_ssn(tx, tenant_id=tenant_id, ssns=sorted({row.ssn for row in file.rows if row.ssn}))
    )
    named: dict[str, EmployeeId] = {}
    for row in file.rows:
        try:
            named[row.employee_id] = EmployeeId.parse(row.employee_id)
        except ValueError:
            continue
    known = {each.employee_id for each in census.roster(tx, tenant_id=tenant_id, employee_ids=[*named.values()])}
    found |= {text: employee_id for text, employee_id in named.items() if employee_id in known}
    for row in file.rows:
        if (row.ssn or row.employee_id) not in found:
            column = "ssn" if row.ssn else "employee_id"
            fix = "Correct it, or add the person to the roster first."
            file.at(row, column, payroll.Code.PERSON_UNKNOWN, "Nobody of this sponsor is meant by it.", fix)
    return found


def _new(row: payroll.ElectionRow, who: EmployeeId, tx: Tx) -> NewElection:
    made_on = row.made_on or min(row.effective_on, day_of(tx.now))
    slot = Slot(Source(row.source), Part(row.part))
    return NewElection(who, slot, row.effective_on, How(row.how), bps=row.bps, cents=row.cents, made_on=made_on)


def _fresh(tx: Tx, of: Mapping[str, Any], elections: Sequence[NewElection]) -> list[int]:
    """Places of those that are not on file as they say."""
    who = list(dict.fromkeys(each.employee_id for each in elections))
    on_file: dict[EmployeeId, list[Election]] = {}
    for each in recordkeeping.read_elections(tx, **of, employees=who):
        on_file.setdefault(each.employee_id, []).append(each)

    def known(new: NewElection) -> bool:
        held = elected_on(on_file.get(new.employee_id, ()), new.event_on).get(new.slot)
        return held is not None and (held.event_on, held.bps, held.cents, held.how) == (
            new.event_on,
            new.bps,
            new.cents,
            new.how,
        )

    return [place for place, each in enumerate(elections) if not known(each)]
