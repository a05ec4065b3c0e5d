"""Commands about payroll codes: what each is for and counts for; confirming it."""

from dataclasses import replace
from datetime import date
from typing import Annotated

import typer

from open401k import census
from open401k.flows import pay_codes as flow
from open401k.kernel import FlowId, Money
from open401k.views import pay_codes
from open401k.views.shown import Shown

from .places import PlanOption, at_plan
from .say import BadInputError, Voice
from .wiring import Json, wiring_of

commands = typer.Typer(help="What payroll codes are for, and what their pay counts for.", no_args_is_help=True)
_MARKS = {True: "yes", False: "no", None: "?"}


@commands.command(name="list")
def listed(context: typer.Context, plan: PlanOption = "", json: Json = False) -> None:
    """Every code with what it is for and counts for; those that ask come first."""
    with at_plan(wiring_of(context), "pay-codes list", plan) as place, place.begin() as tx:
        shown = pay_codes.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id)
    voice = Voice(json)
    voice.tell(shown)
    voice.line(f"The plan counts {shown.definition}.")
    for each in shown.apart:
        without = f", without {', '.join(each.excluded)}" if each.excluded else ""
        voice.line(f"For {each.money.lower()} money it counts {each.definition}{without}.")
    purposes = [cell.label for cell in next((each.cells for each in shown.codes if each.cells), ())]
    rows = [_row(each, len(purposes)) for each in shown.codes]
    headings = ("Code", "State", "What it is for", *purposes, "People", "Paid")
    voice.table(headings, rows, empty="Payroll has not sent pay by code yet.")


def _row(line: pay_codes.CodeLine, purposes: int) -> list[Shown]:
    marks = [_MARKS[cell.counts] for cell in line.cells] or [""] * purposes
    code = line.code if line.side == census.Side.EARNING else f"{line.code} (deduction)"
    return [code, line.state, line.kind_label or _proposed(line), *marks, line.people, line.paid]


def _proposed(line: pay_codes.CodeLine) -> str:
    return f"{line.proposed_label}? ({line.confidence} of 100)" if line.proposed else ""


@commands.command()
def confirm(
    context: typer.Context,
    codes: Annotated[list[str] | None, typer.Argument(help="CODE=KIND; may be repeated.")] = None,
    certain: Annotated[
        bool, typer.Option("--certain", help="Every proposal that is certain by wording and arithmetic.")
    ] = False,
    since: Annotated[str, typer.Option(help="First pay date (2026-01-01); else as said before, or all.")] = "",
    beside_gross: Annotated[bool, typer.Option("--beside-gross", help="Gross pay does not hold the amounts.")] = False,
    deduction: Annotated[bool, typer.Option("--deduction", help="The codes are of deductions.")] = False,
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Say what codes are for; what waited is released, and the past is corrected."""
    side = census.Side.DEDUCTION if deduction else census.Side.EARNING
    choices = [replace(_choice(each, since, beside_gross=beside_gross), side=side) for each in codes or ()]
    with at_plan(wiring_of(context), "pay-codes confirm", plan) as place:
        flow_id = place.services.ids.new(FlowId)
        asked = flow.Confirming(place.tenant_id, place.plan_id, flow_id, choices, certain)
        settled = flow.confirm(place.services.db, actor=place.actor, asked=asked)["settle"]
    voice = Voice(json)
    voice.tell(settled)
    voice.line(settled["origin"])
    credited, held = Money(settled["credited_cents"]), Money(settled["held_cents"])
    voice.line(f"{len(settled['entries'])} entries posted: {credited} credited, {held} held.")


def _choice(text: str, since: str, *, beside_gross: bool) -> flow.Choice:
    code, equals, kind = text.rpartition("=")
    if not equals or not code:
        raise BadInputError(f"{text!r} does not say what a code is for.", fix="Write CODE=KIND, such as BON=bonus.")
    try:
        day = date.fromisoformat(since) if since else None
    except ValueError:
        raise BadInputError(f"{since!r} is not a day.", fix="Write it as 2026-01-01.") from None
    return flow.Choice(code, kind, day, False if beside_gross else None)
