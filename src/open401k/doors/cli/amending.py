"""The command that amends a plan: new terms from a day on, and what they change in books that are posted."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from open401k.base.access import Permission
from open401k.kernel import FlowId, Money

from .. import amending
from .corrections import By, person_with, refused_aloud
from .found import provisions_in, told_if_refused
from .places import PlanOption, at_plan
from .say import BadInputError, Voice, counted
from .wiring import Json, wiring_of

commands = typer.Typer()
_CHANGES: Any = amending.ProvisionsChanges


@commands.command()
def amend(
    context: typer.Context,
    changes: Annotated[Path, typer.Argument(help="JSON of the provisions that change; the rest stays as it is.")],
    effective_on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="From which day on they hold.")],
    why: Annotated[str, typer.Option(help="Why; it stays on file.")],
    by: By,
    key: Annotated[str, typer.Option(help="The same key again is the same amendment; left out, it is a new one.")] = "",
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Amend a plan. From a day in the past, every payroll since is derived anew and the difference posted."""
    told = provisions_in(changes, _CHANGES)
    if not why.strip():
        raise BadInputError("The reason is blank.", fix="Say in a sentence why the plan is amended.")
    with at_plan(wiring_of(context), "amend", plan) as place, refused_aloud(), told_if_refused():
        key = key or str(place.services.ids.new(FlowId))
        asked = amending.ToAmend(place.tenant_id, place.plan_id, told, effective_on.date(), why.strip(), key)
        person = person_with(place, by, "amend", Permission.PLAN_CHANGE)
        done = amending.amend(place.services.db, actor=person, asked=asked)
    settled, voice = done["settle"], Voice(json)
    voice.tell(settled)
    voice.line(f"Amended from {effective_on.date()} on.")
    voice.line(
        f"{counted(len(settled['entries']), 'entry')} posted for the past, {Money(settled['credited_cents'])} in all."
    )
