"""Commands about participants' own pages: link, wishes, take-up, decline."""

from typing import Annotated

import typer

from open401k.views import rollover_wishes as view

from .. import participants, rollovers
from .corrections import By, person_who_decides, refused_aloud
from .places import PlanOption, at_plan
from .rollovers import Facts, Key, Which, Who, facts_of, named_person, named_rollover, say_rollover
from .say import Voice
from .wiring import Json, wiring_of

commands = typer.Typer(help="Participants' own pages, and what they wish of rollovers.", no_args_is_help=True)


@commands.command()
def link(
    context: typer.Context, employee: Who, by: By, key: Key,
    days: Annotated[int, typer.Option(help="For how many days, 1 to 90.")],
    plan: PlanOption = "", json: Json = False,
) -> None:  # fmt: skip
    """Make the address of a participant's own page; those made before end."""
    with at_plan(wiring_of(context), "participants link", plan) as place, refused_aloud():
        url = participants.link_for(
            place.services, actor=person_who_decides(place, by, "participants link"), tenant_id=place.tenant_id,
            plan_id=place.plan_id, employee_id=named_person(employee), days=days, key=key,
        )  # fmt: skip
    voice = Voice(json)
    voice.tell({"url": url})
    voice.line(url)


@commands.command()
def wishes(context: typer.Context, plan: PlanOption = "", json: Json = False) -> None:
    """What participants wish and nobody answered yet."""
    with at_plan(wiring_of(context), "participants wishes", plan) as place, place.begin() as tx:
        shown = view.load(tx, tenant_id=place.tenant_id, plan_id=place.plan_id)
    voice = Voice(json)
    voice.tell(shown)
    rows = [(str(e.rollover_id), e.way, e.name, e.words, e.account, e.asked_on) for e in shown]
    voice.table(("Wish", "Way", "Person", "Wished", "Account there", "Asked"), rows, empty="Nobody waits.")


@commands.command("take-up")
def take_up(
    context: typer.Context, which: Which, by: By, facts: Facts,
    case: Annotated[str, typer.Option(help="The case of our node, where the plan pays.")] = "",
    plan: PlanOption = "", json: Json = False,
) -> None:  # fmt: skip
    """Ask, or answer the case, as the participant wished."""
    with at_plan(wiring_of(context), "participants take-up", plan) as place, refused_aloud():
        found = rollovers.take_up(
            place.services, actor=person_who_decides(place, by, "participants take-up"), tenant_id=place.tenant_id,
            plan_id=place.plan_id, rollover_id=named_rollover(which), told=facts_of(facts), case=case,
        )  # fmt: skip
    say_rollover(found, Voice(json))


@commands.command()
def decline(
    context: typer.Context, which: Which, by: By,
    words: Annotated[str, typer.Option(help="Why, in words for the participant.")],
    plan: PlanOption = "", json: Json = False,
) -> None:  # fmt: skip
    """Do not take it up; the participant reads why."""
    with at_plan(wiring_of(context), "participants decline", plan) as place, refused_aloud():
        found = participants.decline(
            place.services, actor=person_who_decides(place, by, "participants decline"), tenant_id=place.tenant_id,
            plan_id=place.plan_id, rollover_id=named_rollover(which), words=words,
        )  # fmt: skip
    voice = Voice(json)
    voice.tell(found)
    voice.line(f"{found.rollover_id} of {found.name} is declined.")
