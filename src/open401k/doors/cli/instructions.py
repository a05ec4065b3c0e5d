"""Commands about what payroll is told: list it, tell it again, tell it in files."""

from pathlib import Path
from typing import Annotated

import typer

from open401k.flows.write_back_files import make_file, take_answer
from open401k.kernel import InstructionId
from open401k.payroll import Findings, feedback_files, write_back_book
from open401k.payroll.feedback_files import FeedbackFileId
from open401k.payroll.write_back import State
from open401k.views import feedback_files as files_view
from open401k.views import instructions as view
from open401k.views.shown import finding_line

from .found import bytes_of, tell_findings
from .places import PlanOption, at_plan
from .say import BAD_INPUT, BadInputError, Voice, counted, fail
from .wiring import Json, wiring_of

commands = typer.Typer(help="What payroll is told to withhold.", no_args_is_help=True)


@commands.command(name="list")
def list_all(context: typer.Context, plan: PlanOption = "", json: Json = False) -> None:
    """Every instruction and what became of it; what needs a person first."""
    with at_plan(wiring_of(context), "instructions list", plan) as place, place.begin() as tx:
        shown = view.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id)
    voice = Voice(json)
    voice.tell(shown)
    rows = [
        (
            str(each.instruction_id),
            each.name,
            each.deduction,
            "stop" if each.stops else each.percent or each.dollars,
            each.effective_on,
            each.state,
            each.detail,
        )
        for each in shown.lines
    ]
    titles = ("Instruction", "Person", "Deduction", "Withhold", "From", "State", "Said")
    voice.table(titles, rows, empty="Payroll was told nothing yet.")


@commands.command()
def again(
    context: typer.Context,
    instruction: Annotated[str, typer.Argument(help="Id of the instruction, as `instructions list` shows it.")],
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Hand one over once more: you looked at why it was refused, not followed, or too late."""
    try:
        known = InstructionId.parse(instruction)
    except ValueError as error:
        raise BadInputError(str(error), fix="Take the id from: open401k instructions list") from error
    with at_plan(wiring_of(context), "instructions again", plan) as place, place.begin() as tx:
        new = write_back_book.tell_again(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, instruction_id=known)
    voice = Voice(json)
    voice.tell({"instruction_id": str(new), "state": "queued"})
    voice.line(f"{new} waits to be handed over.")


@commands.command()
def layout(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="ascensus, paykonnect, or none.")],
    plan_number: Annotated[str, typer.Option(help="By which payroll knows the plan.")] = "",
    plan: PlanOption = "",
) -> None:
    """Choose the layout of the files in which payroll is told."""
    chosen = "" if name == "none" else name
    with at_plan(wiring_of(context), "instructions layout", plan) as place, place.begin() as tx:
        feedback_files.choose(
            tx, tenant_id=place.tenant_id, plan_id=place.plan_id, layout=chosen, plan_number=plan_number
        )
    Voice(False).line(f"Payroll is told in files: {chosen}." if chosen else "Payroll is told in no files.")


@commands.command()
def files(context: typer.Context, plan: PlanOption = "", json: Json = False) -> None:
    """The files that were made, the newest first, and how many instructions wait for the next one."""
    with at_plan(wiring_of(context), "instructions files", plan) as place, place.begin() as tx:
        shown = files_view.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id)
    voice = Voice(json)
    voice.tell(shown)
    rows = [(each.number, each.name, each.made_at, each.instructions, each.feedback_file_id) for each in shown.files]
    voice.table(("No.", "File", "Made", "Instructions", "Id"), rows, empty="No file was made yet.")
    voice.line(f"Waiting for the next file: {shown.waiting}.")


@commands.command()
def file(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The folder to write it into.", file_okay=False, exists=True)],
    again: Annotated[str, typer.Option("--again", help="Id of a file that was made: write that one again.")] = "",
    plan: PlanOption = "",
) -> None:
    """Make a file of everything that payroll was not told, and write it under its own name; with it, it is told."""
    with at_plan(wiring_of(context), "instructions file", plan) as place:
        file_id = _file_id(again) if again else None
        if file_id is None:
            with place.begin() as tx:
                made = make_file(tx, tenant_id=place.tenant_id, plan_id=place.plan_id)
            file_id = made.file_id if made else None
        if file_id is None:
            fail("Nothing waits that a file can say: open401k instructions list")
        with place.begin() as tx:
            line, data = feedback_files.content(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, file_id=file_id)
    out = folder / line.name
    out.touch(mode=0o600)
    out.write_bytes(data)
    told = f"{counted(line.instructions, 'instruction')} ({file_id})"
    Voice(False).line(f"{out}: {told}. It holds Social Security numbers: give it to payroll, then delete it.")


@commands.command()
def answer(
    context: typer.Context,
    file_id: Annotated[str, typer.Argument(help="Id of the file that payroll got, as `instructions files` shows it.")],
    back: Annotated[Path, typer.Argument(help="The file that payroll sent back, in the same layout.")],
    plan: PlanOption = "",
) -> None:
    """Read what payroll sends back: what it took is acknowledged, what it has otherwise waits for you."""
    data, known = bytes_of(back), _file_id(file_id)
    with at_plan(wiring_of(context), "instructions answer", plan) as place, place.begin() as tx:
        found = take_answer(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, file_id=known, data=data)
    voice = Voice(False)
    if isinstance(found, Findings):
        tell_findings(voice, [finding_line(each) for each in found.by_place()])
        raise typer.Exit(BAD_INPUT)
    refused = sum(each.state is State.REFUSED for each in found.outcomes)
    voice.line(f"Acknowledged: {len(found.outcomes) - refused}. Otherwise at payroll: {refused}.")
    voice.line(f"Not answered, so that the next payroll is the proof: {found.not_answered}.")
    for each in found.unknown:
        voice.line(f"Not ours: {each}")


def _file_id(text: str) -> FeedbackFileId:
    try:
        return FeedbackFileId.parse(text)
    except ValueError as error:
        raise BadInputError(str(error), fix="Take the id from: open401k instructions files") from error
