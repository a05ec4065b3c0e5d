"""Commands about full vesting: what vests, the turnover of a period, what ended, how somebody left."""

from datetime import date
from typing import Annotated

import typer

from open401k import census, recordkeeping
from open401k.base.access import Permission
from open401k.kernel import EmployeeId, FlowId
from open401k.views import vesting as view

from .. import vesting
from .corrections import By, person_who_decides, person_with, refused_aloud
from .places import PlanOption, at_plan
from .say import BadInputError, Voice
from .wiring import Json, wiring_of

commands = typer.Typer(help="What vests people in full.", no_args_is_help=True)
First = Annotated[str, typer.Option("--from", help="First day of the period: 2026-01-01.")]
Last = Annotated[str, typer.Option("--to", help="Last day of the period: 2026-12-31.")]


@commands.command()
def show(context: typer.Context, first: First = "", last: Last = "", plan: PlanOption = "", json: Json = False) -> None:
    """What vests in full, the turnover of this plan year or of a longer period, what was stated to have ended."""
    with at_plan(wiring_of(context), "vesting show", plan) as place:
        with refused_aloud():
            start, end = vesting.period_of(_day(first), _day(last))
        with place.begin() as tx:
            shown = view.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id, start=start, last_day=end)
    voice, counted = Voice(json), shown.turnover
    voice.tell(shown)
    for each in shown.terms:
        voice.line(each)
    presumed = "a partial termination is presumed" if counted.presumed else "none is presumed"
    voice.line(
        f"Turnover {counted.starts_on} to {counted.ends_on}: {counted.severed} of {counted.participants} "
        f"({counted.at_start} at the start, {counted.became} joined) are {counted.rate}: {presumed}."
    )
    left = [(each.left_on, each.name, str(each.employee_id), each.why) for each in counted.severances]
    voice.table(("Left on", "Person", "Id", "Counts"), left, empty="No participant left.")
    stated = [
        (each.starts_on, each.ends_on, each.words, "counts" if each.counts else "\u2013", each.reason, each.by)
        for each in shown.endings
    ]
    voice.table(("From", "To", "What", "State", "Reason", "By"), stated, empty="Nothing was stated to have ended.")
    vested = [(each.left_on, each.name, each.why) for each in shown.vested]
    voice.table(("Left on", "Vested in full", "Why"), vested, empty="")


@commands.command()
def state(
    context: typer.Context,
    kind: Annotated[recordkeeping.EndingKind, typer.Argument(help="What ended, or that nothing did.")],
    first: Annotated[str, typer.Option("--from", help="The day, or the first one of the period: 2026-01-01.")],
    reason: Annotated[str, typer.Option(help="The resolution, the event, or what rebuts the presumption.")],
    by: By,
    last: Last = "",
    take_back: Annotated[bool, typer.Option("--take-back", help="It was stated by mistake.")] = False,
    key: Annotated[str, typer.Option(help="The same key again is the same statement; left out, a new one.")] = "",
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """State what ended (IRC 411(d)(3)): whoever it vests gets back what was forfeited."""
    with at_plan(wiring_of(context), "vesting state", plan) as place, refused_aloud():
        actor = person_who_decides(place, by, "vesting state")
        start = vesting.day_in(first, "the first day")
        end = vesting.day_in(last, "the last day") if last else start
        done = vesting.state_ending(
            place.services.db,
            actor=actor,
            tenant_id=place.tenant_id,
            plan_id=place.plan_id,
            key=key or str(place.services.ids.new(FlowId)),
            ending=recordkeeping.Ending(kind, start, end, reason.strip(), not take_back),
        )
    voice = Voice(json)
    voice.tell(done)
    voice.line(f"On file: {done.words}, {done.starts_on} to {done.ends_on}." if done.stands else "Taken back.")


@commands.command("left-by")
def left_by(
    context: typer.Context,
    employee: Annotated[str, typer.Argument(help="Who left (emp_...).")],
    how: Annotated[census.LeftBy, typer.Argument(help="How the employment ended.")],
    on: Annotated[str, typer.Option(help="The last day of the employment, as on file: 2026-05-04.")],
    by: By,
    key: Annotated[str, typer.Option(help="The same key again is the same fact; left out, a new one.")] = "",
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Say how an employment ended: death and disability vest where the plan says so, and turnover leaves them out."""
    with at_plan(wiring_of(context), "vesting left-by", plan) as place, refused_aloud():
        actor = person_with(place, by, "vesting left-by", Permission.CENSUS_CHANGE)
        try:
            who = EmployeeId.parse(employee)
        except ValueError as error:
            raise BadInputError(str(error), fix="Take it from: open401k vesting show") from None
        settled = vesting.left_by(
            place.services.db,
            actor=actor,
            tenant_id=place.tenant_id,
            plan_id=place.plan_id,
            key=key or str(place.services.ids.new(FlowId)),
            who=who,
            on=vesting.day_in(on, "the last day"),
            by=how.value,
        )
    voice = Voice(json)
    voice.tell(settled)
    voice.line(f"On file: left by {how.value} on {on}. The books follow.")


def _day(text: str) -> date | None:
    return vesting.day_in(text, "the day") if text else None
