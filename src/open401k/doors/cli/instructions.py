"""Commands about what payroll is told: list it, tell it again."""

from typing import Annotated

import typer

from open401k.kernel import InstructionId
from open401k.payroll import write_back_book
from open401k.views import instructions as view

from .places import PlanOption, at_plan
from .say import BadInputError, Voice
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
        write_back_book.tell_again(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, instruction_id=known)
    voice = Voice(json)
    voice.tell({"instruction_id": str(known), "state": "queued"})
    voice.line(f"{known} waits to be handed over.")
