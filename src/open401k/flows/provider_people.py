"""The roster that a provider told becomes facts: people are found or added, what changed is learned late.

Not here: asking the provider (provider_pull.py), the facts themselves (provider_facts.py), what follows from a late
fact in the books (correction.py).
"""

from dataclasses import dataclass
from typing import Any

from open401k import census
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.base.faults import fault
from open401k.kernel import EmployeeId, FlowId, named_uuid
from open401k.payroll import connections, pulled
from open401k.payroll.providers import Person
from open401k.payroll.pulled import Version
from open401k.payroll.pulled_people import asked, different
from open401k.payroll.rows import number_as_evidence

from . import correction
from .provider_facts import add, learn, told_elsewhere


@dataclass(frozen=True, slots=True)
class Settled:
    """Who is on file because of the provider, or was found there; whose facts changed, and who waits for a person."""

    added: int
    found: int
    changed: int
    waits: tuple[dict[str, Any], ...]
    told: frozenset[str]  # whose roster entries were looked at


def settle_people(db: Database, *, actor: Actor, of: connections.Connection) -> Settled:
    """Bring the newest roster into the census; what was known otherwise goes the way of every late fact."""
    with db.begin(actor, tenants=[of.tenant_id]) as tx:
        heads.lock(tx, tenant_id=of.tenant_id)
        settled, learned = _settle(tx, of)
        if learned is not None:
            correction.begin(tx, correction=learned)
        fault("provider_pull.people.before_commit")
    fault("provider_pull.people.after_commit")
    if learned is not None:
        correction.correct(db, actor=actor, correction=learned)
    return settled


def _settle(tx: Tx, of: connections.Connection) -> tuple[Settled, correction.Correction | None]:
    waiting = pulled.waiting_people(tx, of=of)
    known = {key: each.employee_id for key, each in pulled.became(tx, of=of, kind=pulled.PERSON).items()}
    words = connections.links(tx, of=of)
    unknown = [version for version, _ in waiting if not known.get(version.told.provider_id)]
    outcomes = _who(tx, of, unknown, words)
    waits: list[dict[str, Any]] = []
    added, found, about, numbers = 0, 0, list[str](), dict[census.PersonEvidence, EmployeeId]()
    elsewhere = told_elsewhere(tx, of) if waiting else {}
    for version, before in waiting:
        person_id = version.told.provider_id
        outcome = known.get(person_id) or outcomes[person_id]
        if isinstance(outcome, census.Conflict):
            waits.append(asked(version.told, outcome))
            continue
        employee_id = outcome if isinstance(outcome, EmployeeId) else None
        if employee_id is None:
            employee_id, added = add(tx, of, version.told), added + 1
        else:
            found += person_id not in known
            changes = learn(tx, of, employee_id, version.told, before, elsewhere.get(employee_id, ()))
            about += [str(employee_id)] if changes.facts else []
            waits += [different(version.told, what) for what in changes.differs]
        numbers[_evidence(of, version.told)] = employee_id
        number = version.version_no
        pulled.done(tx, of=of, kind=pulled.PERSON, provider_id=person_id, version_no=number, employee_id=employee_id)
    census.note_numbers(tx, tenant_id=of.tenant_id, people=numbers)
    learned = _correction(of, waiting, about) if about else None
    told = frozenset(version.told.provider_id for version, _ in waiting)
    return Settled(added, found, len(about), tuple(waits), told), learned


def _who(
    tx: Tx, of: connections.Connection, people: list[Version[Person]], words: dict[str, EmployeeId | None]
) -> dict[str, EmployeeId | census.Conflict | None]:
    """A person's word first, then evidence. None: nobody on file."""
    people_asked = [each.told for each in people if each.told.provider_id not in words]
    evidence = [_evidence(of, each) for each in people_asked]
    outcomes = census.match_people(tx, tenant_id=of.tenant_id, evidence=evidence) if evidence else []
    found: dict[str, EmployeeId | census.Conflict | None] = dict(words)
    for person, outcome in zip(people_asked, outcomes, strict=True):
        match outcome:
            case census.Matched(employee_id):
                found[person.provider_id] = employee_id
            case census.New():
                found[person.provider_id] = None
            case census.Conflict():
                found[person.provider_id] = outcome
    return found


def _evidence(of: connections.Connection, told: Person) -> census.PersonEvidence:
    """What the roster says of somebody; employee numbers are those of one company at one provider."""
    hired_on = told.employment[0].hired_on if told.employment else None
    return census.PersonEvidence(
        *(told.first_name, told.last_name, told.ssn, told.birth_date, hired_on),
        employee_number=number_as_evidence(told.employee_number),
        provider=f"{of.provider} {of.company_id}",
    )


def _correction(
    of: connections.Connection, waiting: list[tuple[Version[Person], Person | None]], about: list[str]
) -> correction.Correction:
    """One for all that this telling changed; the same telling again is the same correction."""
    versions = [f"{version.told.provider_id}/{version.version_no}" for version, _ in waiting]
    flow_id = FlowId(named_uuid("provider people", str(of.connection_id), *versions))
    origin = f"{of.provider.title()} told other facts of {len(about)} people: {', '.join(sorted(about)[:5])}."
    return correction.Correction(of.tenant_id, of.plan_id, flow_id, correction.OnFile(origin))
