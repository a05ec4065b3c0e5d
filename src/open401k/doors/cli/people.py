"""Commands about people: everyone, who a row is, and a person's word on it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

import typer

from open401k.base.access import Permission
from open401k.flows.who_is_who import Followed, Word, answer, take_back
from open401k.kernel import EmployeeId, FlowId, Id, QuestionId, Refused
from open401k.views import people, who_is_who

from .. import late_facts
from .corrections import By, person_with, refused_aloud
from .found import told_if_refused
from .places import PlanOption, at_plan
from .say import BAD_INPUT, BadInputError, Voice, fail
from .wiring import Json, wiring_of

commands = typer.Typer(
    help="Everyone, Social Security numbers masked; and who the rows of files are.", invoke_without_command=True
)
Kind = TypeVar("Kind", bound=Id)
Asked = Annotated[str, typer.Argument(help="Id of the question, as `people questions` lists it.")]


@commands.callback()
def roster(context: typer.Context, plan: PlanOption = "", json: Json = False) -> None:
    """Everyone, Social Security numbers masked; and who the rows of files are."""
    if context.invoked_subcommand is not None:
        return
    with at_plan(wiring_of(context), "people", plan) as place, place.begin() as tx:
        shown = people.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id)
    voice = Voice(json)
    voice.tell(shown)
    rows = [
        (p.name, p.ssn_masked, p.hired_on, p.deferral_rate, p.deferred, p.employer, p.balance) for p in shown.people
    ]
    voice.table(("Person", "SSN", "Hired", "Rate", "Deferred", "Employer", "Balance"), rows, empty="Nobody yet.")


@commands.command()
def questions(context: typer.Context, plan: PlanOption = "", json: Json = False) -> None:
    """Rows that may be somebody on file, with the evidence; and what was answered."""
    with at_plan(wiring_of(context), "people questions", plan) as place, place.begin() as tx:
        shown = who_is_who.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id)
    voice = Voice(json)
    voice.tell(shown)
    for line in (*shown.asked, *shown.answered):
        is_open = f"is {line.answer}, said on {line.answered_at:%Y-%m-%d}." if line.answered_at and line.answer else "?"
        voice.line(f"{line.question_id}  row {line.row}: {line.name} {line.ssn_masked} {is_open} {line.why}")
        rows = [
            (str(each.employee_id), each.name, each.ssn_masked, each.birth_date, each.hired_on, each.score, _told(each))
            for each in line.candidates
        ]
        voice.table(("Employee", "Name", "SSN", "Born", "Hired", "Points", "Evidence"), rows, empty="")
    if not shown.asked and not shown.answered:
        voice.line("Nobody was in doubt so far.")


@commands.command(name="answer")
def say(
    context: typer.Context,
    question: Asked,
    employee: Annotated[str, typer.Option(help="Id of the employee whom the row is.")] = "",
    new: Annotated[bool, typer.Option("--new", help="The row is somebody new.")] = False,
    number: Annotated[bool, typer.Option("--number-is-right", help="Correct the number on file to the row's.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take the answer back.")] = False,
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Say who a row is, or take it back; pay that was posted by another answer moves by corrections."""
    if [bool(employee), new, undo].count(True) != 1:
        raise BadInputError("An answer is one of three.", fix="Give --employee ID, or --new, or --undo.")
    with at_plan(wiring_of(context), "people answer", plan) as place:
        asked, db = _id(QuestionId, question), place.services.db
        with told_if_refused():
            if undo:
                done = take_back(db, actor=place.actor, tenant_id=place.tenant_id, question_id=asked)
            else:
                who = None if new else _id(EmployeeId, employee)
                done = answer(db, actor=place.actor, word=Word(place.tenant_id, asked, who, number))
    if isinstance(done, Refused):
        fail(done.message, done.fix, code=BAD_INPUT)
    _report(Voice(json), done)


def _report(voice: Voice, done: Followed) -> None:
    voice.tell(done)
    voice.line(f"Remembered. Payrolls checked anew: {len(done.checked)}; posted anew: {len(done.moved)}.")
    for run_id in done.waiting:
        voice.line(f"{run_id} waits: its corrected payroll cannot be posted as it is; see its findings.")


def _told(each: who_is_who.CandidateLine) -> str:
    marks = ", ".join(f"{mark.trait} {mark.told} ({mark.points:+d})" for mark in each.marks)
    return f"{each.likely}: {marks}"


def _id(kind: type[Kind], text: str) -> Kind:
    try:
        return kind.parse(text)
    except ValueError:
        raise BadInputError(f"{text} is no id of that kind.", fix="See: open401k people questions") from None


@commands.command()
def fact(
    context: typer.Context,
    person: Annotated[str, typer.Argument(help="Id of the employee: open401k people --json")],
    kind: Annotated[str, typer.Argument(help="hired, terminated, not_hired, birth_date, ownership and the others.")],
    on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day on which it happened.")],
    by: By,
    told: Annotated[
        list[str] | None, typer.Argument(help="Its members as the API has them: birth_date=1990-02-04 ...")
    ] = None,
    key: Annotated[str, typer.Option(help="The same key again is the same fact; left out, it is a new one.")] = "",
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Record a fact that was learned late, or put one right. Every payroll that it touches is derived anew."""
    wanted = {"kind": kind, "employee_id": person, "event_on": on.date(), **_members(told or ())}
    with at_plan(wiring_of(context), "people fact", plan) as place, refused_aloud():
        settled = late_facts.learn_once(
            place.services.db,
            actor=person_with(place, by, "people fact", Permission.CENSUS_CHANGE),
            tenant_id=place.tenant_id,
            plan_id=place.plan_id,
            key=key or str(place.services.ids.new(FlowId)),
            sent=late_facts.read(wanted),
        )
    voice = Voice(json)
    voice.tell(settled)
    voice.line(f"On file. {late_facts.in_words(settled)}")


def _members(told: Sequence[str]) -> dict[str, Any]:
    """``name=value`` each; a number or yes and no where the fact has one."""
    found: dict[str, Any] = {}
    for each in told:
        name, is_told, value = each.partition("=")
        if not is_told:
            raise BadInputError(
                f"{each!r} is no member of a fact.", fix="Write name=value, such as birth_date=1990-02-04."
            )
        found[name] = late_facts.value_of(name, value)
    return found
