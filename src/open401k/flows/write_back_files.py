"""Instructions to a payroll that works by files: handed over in its vendor's feedback file, each once.

Not here: which there are (write_back.py), telling a connected provider (write_back_send.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from open401k import census
from open401k.base import heads
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, Open401kError, PlanId, SponsorId, day_of
from open401k.payroll import Findings, connections, feedback_files, write_back_book
from open401k.payroll.feedback_files import FeedbackFileId, Terms
from open401k.payroll.formats.feedback import Instruction as Said
from open401k.payroll.formats.feedback import Person
from open401k.payroll.write_back import Instruction, Outcome, State
from open401k.payroll.write_back_said import Answered, answered, as_said

from .write_back import keep_told


@dataclass(frozen=True, slots=True)
class Made:
    """What was made; no file where every instruction that waited is one that no file can say."""

    file_id: FeedbackFileId | None
    told: int
    refused: int


def make_file(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Made | None:
    """Make a file of everything that payroll was not told yet; None: it was told everything.

    With the file its instructions are told, in one transaction: stopped before its end there is neither, and asked
    again there is nothing more to tell. The file itself can be had again at any time.
    """
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    heads.lock(tx, tenant_id=tenant_id)
    terms = _terms(tx, tenant_id, plan_id)
    keep_told(tx, **of)
    waiting = [each for each in write_back_book.on_file(tx, **of) if each.state is State.QUEUED]
    if not waiting:
        return None
    people = _people(tx, tenant_id, sorted({each.slot.employee_id for each in waiting}))
    told: list[tuple[Instruction, Said]] = []
    refused: list[Outcome] = []
    for each in waiting:
        person = people.get(each.slot.employee_id)
        said = as_said(each, plan=terms.plan_number, person=person, sent_on=day_of(tx.now))
        if isinstance(said, str):
            refused.append(Outcome(each.instruction_id, State.REFUSED, said))
        else:
            told.append((each, said))
    write_back_book.came_of(tx, tenant_id=tenant_id, outcomes=refused)
    file_id = _keep(tx, tenant_id, plan_id, terms, told) if told else None
    return Made(file_id, len(told), len(refused))


def _terms(tx: Tx, tenant_id: SponsorId, plan_id: PlanId) -> Terms:
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    terms = feedback_files.terms(tx, **of)
    if terms is None:
        fix = "Choose the layout that payroll takes: open401k instructions layout"
        raise Open401kError("No layout of feedback files is chosen for this plan.", fix=fix)
    for each in connections.of_plan(tx, **of):
        if each.state != connections.State.PAUSED:
            reason = f"{each.company_name} at {each.provider.title()} is told by its connection."
            raise Open401kError(reason, fix="Pause the connection first, so that nothing is told twice.")
    return terms


def _people(tx: Tx, tenant_id: SponsorId, employee_ids: Sequence[EmployeeId]) -> dict[EmployeeId, Person]:
    ssns = census.reveal_ssns(tx, tenant_id=tenant_id, employee_ids=employee_ids)
    known = census.roster(tx, tenant_id=tenant_id, employee_ids=employee_ids)
    return {
        each.employee_id: Person(ssns[each.employee_id], each.last_name, each.first_name)
        for each in known
        if each.employee_id in ssns
    }


def _keep(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, terms: Terms, told: Sequence[tuple[Instruction, Said]]
) -> FeedbackFileId:
    said = [each for _, each in told]
    data = terms.layout.write(said)
    if len(terms.layout.read(data).instructions) != len(said):
        raise Open401kError(
            "The file would not be read as it was meant.", fix="Report this as a bug; nothing was told."
        )
    number = feedback_files.next_number(tx, tenant_id=tenant_id, plan_id=plan_id)
    name = f"{terms.layout.name}_{terms.plan_number}_{number:04}_{day_of(tx.now):%Y%m%d}.csv"
    lines = [each.instruction_id for each, _ in told]
    file_id = feedback_files.keep(
        tx, tenant_id=tenant_id, plan_id=plan_id, number=number, terms=terms, name=name, data=data, lines=lines
    )
    instructions = [each for each, _ in told]
    write_back_book.handed_over(tx, tenant_id=tenant_id, instructions=instructions, how=f"In file {number}, {name}.")
    return file_id


def take_answer(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, file_id: FeedbackFileId, data: bytes
) -> Answered | Findings:
    """Read a file that payroll sends back for one it got; the same again changes nothing. Findings: it was refused."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    heads.lock(tx, tenant_id=tenant_id)
    file, sent = feedback_files.content(tx, **of, file_id=file_id)
    layout = feedback_files.layout_of(file)
    back = layout.read(data)
    if back.findings.rejected:
        return back.findings
    numbers = feedback_files.lines(tx, tenant_id=tenant_id, file_id=file_id)
    standing = {each.instruction_id: each.state for each in write_back_book.on_file(tx, **of)}
    told = list(zip(numbers, layout.read(sent).instructions, strict=True))
    found = answered(told, back.instructions, standing=standing)
    write_back_book.came_of(tx, tenant_id=tenant_id, outcomes=found.outcomes)
    return found
