"""Pay that was posted by a word that was taken back goes to the right person, by corrections.

As with any corrected file: the same bytes take the place of the posted run, read with the word that stands now; the
books of both people are settled to it, in every plan. Nothing that was posted is changed.
"""

from collections.abc import Sequence
from datetime import date

from open401k import census, payroll, plan
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import EmployeeId, FlowId, PlanId, RunId, SponsorId, named_uuid
from open401k.payroll import runs

from .correction import Correction, LateFact, correct
from .payroll_intake import Taken, Upload, post_run, say_yes, take_in
from .payroll_read import read_run


def rows_of(tx: Tx, *, tenant_id: SponsorId, run: runs.Run, asked: census.Question) -> list[payroll.PayrollRow]:
    """The rows of a run that the question is about: their evidence is the one that was asked about."""
    found = []
    for rows in read_run(tx, tenant_id=tenant_id, run=run).chunks:
        for row in rows:
            evidence = payroll.evidence_of(row, run.provider)
            if census.question_id(tx, tenant_id=tenant_id, evidence=evidence) == asked.question_id:
                found.append(row)
    return found


def posted_otherwise(tx: Tx, *, tenant_id: SponsorId, asked: census.Question) -> list[runs.Run]:
    """Posted runs with such a row whose pay went to somebody else than the word says, oldest first."""
    said = asked.reply.employee_id if asked.reply is not None else None
    others = sorted(_ever_meant(tx, tenant_id, asked) - {said})
    found: list[runs.Run] = []
    for plan_id in _plans(tx, tenant_id, asked):
        posted = {run.run_id: run for run in runs.history(tx, tenant_id=tenant_id, plan_id=plan_id)}
        went: dict[RunId, dict[int, EmployeeId]] = {}
        for line in _lines(tx, tenant_id, plan_id, others):
            went.setdefault(line.run_id, {})[line.line_no] = line.employee_id
        for run_id, who in went.items():
            rows = rows_of(tx, tenant_id=tenant_id, run=posted[run_id], asked=asked) if run_id in posted else ()
            if any(_elsewhere(who.get(row.row), said, asked) for row in rows):
                found.append(posted[run_id])
    return sorted(found, key=lambda run: (run.pay_date or date.min, run.run_id))


def move(db: Database, *, actor: Actor, tenant_id: SponsorId, asked: census.Question, run: runs.Run) -> RunId | None:
    """The same file in place of the posted run, read with the word; None where it cannot be posted as it is."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        data = payroll.files.content(tx, tenant_id=tenant_id, file_id=run.file_id)
        before = runs.findings_of_run(tx, tenant_id=tenant_id, run_id=run.run_id)
    at = asked.reply.answered_at if asked.reply is not None else asked.asked_at
    reason = f"Who is who: {asked.question_id} was answered on {at.isoformat()}."
    upload = Upload(
        tenant_id, run.plan_id, run.file_name, data, run.provider, run.announced, run.run_id, reason, run.said
    )
    taken = take_in(db, actor=actor, upload=upload)
    if not isinstance(taken, Taken):
        return None
    run_id = taken.run.run_id
    if taken.run.status == runs.Status.NEEDS_CONFIRMATION and _said_yes_before(db, actor, tenant_id, run_id, before):
        say_yes(db, actor=actor, tenant_id=tenant_id, run_id=run_id)
    post_run(db, actor=actor, tenant_id=tenant_id, run_id=run_id)
    with db.begin(actor, tenants=[tenant_id]) as tx:
        posted = runs.get(tx, tenant_id=tenant_id, run_id=run_id).status == runs.Status.POSTED
    return run_id if posted else None


def let_go(db: Database, *, actor: Actor, tenant_id: SponsorId, asked: census.Question) -> None:
    """Who was added by a word that was wrong, and has no pay left, never was an employee: a correction of its own."""
    said = asked.reply
    if said is None or said.employee_id is None:
        return
    with db.begin(actor, tenants=[tenant_id]) as tx:
        added = _added(tx, tenant_id, asked) - {said.employee_id}
        for plan_id in _plans(tx, tenant_id, asked) if added else ():
            added -= {line.employee_id for line in _lines(tx, tenant_id, plan_id, sorted(added))}
        people = census.roster(tx, tenant_id=tenant_id, employee_ids=sorted(added)) if added else []
    for person in people:
        for span in person.employment:
            flow_id = FlowId(named_uuid("let go", str(asked.question_id), said.answered_at.isoformat(), str(span)))
            learned = LateFact(person.employee_id, census.NotHired(), span.hired_on)
            correct(db, actor=actor, correction=Correction(tenant_id, asked.plan_id, flow_id, learned))


def _lines(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, people: Sequence[EmployeeId]) -> list[census.PayLine]:
    return census.current_lines(
        tx, tenant_id=tenant_id, plan_id=plan_id, start=date.min, end=date.max, employees=people
    )


def _said_yes_before(
    db: Database, actor: Actor, tenant_id: SponsorId, run_id: RunId, before: Sequence[payroll.Finding]
) -> bool:
    """Whether a person said yes to all of this when the same bytes were posted first."""
    known = {(each.code, each.row) for each in before if each.confirm}
    with db.begin(actor, tenants=[tenant_id]) as tx:
        found = runs.findings_of_run(tx, tenant_id=tenant_id, run_id=run_id)
    return {(each.code, each.row) for each in found if each.confirm} <= known


def _elsewhere(to: EmployeeId | None, said: EmployeeId | None, asked: census.Question) -> bool:
    """Somebody new is whoever was not on file when it was asked."""
    if said is None:
        return to in {each.employee_id for each in asked.candidates}
    return to is not None and to != said


def _ever_meant(tx: Tx, tenant_id: SponsorId, asked: census.Question) -> set[EmployeeId]:
    """Everybody to whom pay of such a row may have gone."""
    said = census.replies(tx, tenant_id=tenant_id, question=asked)
    candidates = {each.employee_id for each in asked.candidates}
    return candidates | {who for who in said if who is not None} | _added(tx, tenant_id, asked)


def _added(tx: Tx, tenant_id: SponsorId, asked: census.Question) -> set[EmployeeId]:
    """Who was added because the row was said to be somebody new: whoever has its number and was no candidate."""
    if None not in census.replies(tx, tenant_id=tenant_id, question=asked):
        return set()
    run = runs.get(tx, tenant_id=tenant_id, run_id=asked.run_id)
    numbers = [row.ssn for row in rows_of(tx, tenant_id=tenant_id, run=run, asked=asked) if row.ssn]
    owners = set(census.find_by_ssn(tx, tenant_id=tenant_id, ssns=numbers).values())
    return owners - {each.employee_id for each in asked.candidates}


def _plans(tx: Tx, tenant_id: SponsorId, asked: census.Question) -> list[PlanId]:
    return [asked.plan_id, *plan.other_plans(tx, tenant_id=tenant_id, plan_id=asked.plan_id)]
