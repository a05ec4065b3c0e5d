"""Commands about payroll providers: connect a company, see where connections stand, ask now, run a stand-in."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

import typer

from open401k.kernel import NEW_YORK, Clock, ConnectionId, EmployeeId, Random, Refused, SeededRandom, SystemClock
from open401k.payroll import connection_words, connections
from open401k.payroll.providers import Provider
from open401k.views import connections as shown

from ..payroll_words import pulled
from .places import Place, PlanOption, at_plan
from .say import FAILED, BadInputError, Voice, counted, fail
from .wiring import HOST, Host, Json, Port, wiring_of

commands = typer.Typer(no_args_is_help=True, help="Payroll providers that are asked by themselves.")
sandboxes = typer.Typer(
    no_args_is_help=True, help="Stand-ins for payroll providers and custodians' cores, to try and to develop with."
)
GUSTO_PORT, FINCH_PORT = 4020, 4021


@commands.command(name="list")
def list_connections(context: typer.Context, plan: PlanOption = "", json: Json = False) -> None:
    """Where each connection stands, and what waits for a person."""
    with at_plan(wiring_of(context), "connections list", plan) as place:
        with place.begin() as tx:
            found = connections.of_plan(tx, tenant_id=place.tenant_id, plan_id=place.plan_id)
        webhooks = place.services.connections.webhooks(actor=place.actor)
    voice, lines = Voice(json), [shown.line_of(each) for each in found]
    voice.tell({"connections": lines})
    rows = [(e.provider, e.company_name, e.state, e.succeeded_at, e.problem, e.connection_id) for e in lines]
    voice.table(("Provider", "Company", "State", "Last success", "Problem", "Id"), rows, empty="No connection yet.")
    if webhooks:
        voice.line(f"Webhooks of Gusto: {webhooks}.")
    for line in lines:
        for each in line.waits:
            voice.line(f"{each.message} {each.fix} {' '.join(each.candidates)}".rstrip())


@commands.command()
def add(
    context: typer.Context,
    provider: Annotated[Provider, typer.Option(help="The provider.")] = Provider.GUSTO,
    code: Annotated[str, typer.Option(help="What the authorization ended with; without it, where to begin.")] = "",
    since: Annotated[str, typer.Option(help="The first pay date to take from it, such as 2026-07-01.")] = "",
    also: Annotated[bool, typer.Option("--also", help="Another company of the plan at the same provider.")] = False,
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Connect a company: first the address to authorize at, then with --code what that ended with."""
    voice = Voice(json)
    with at_plan(wiring_of(context), "connections add", plan) as place:
        story = place.services.connections
        if not code:
            url = story.authorize_url(provider, state=str(place.plan_id))
            voice.tell({"authorize": url})
            voice.line(
                f"Open {url}\nand sign in as somebody who runs payroll. Then: --code with what you came back with."
            )
            return
        known: dict[str, Any] = {
            "tenant_id": place.tenant_id,
            "plan_id": place.plan_id,
            "provider": provider,
            "code": code,
        }
        made = story.add(actor=place.actor, **known, since=_day(since), also=also)
        if isinstance(made, Refused):
            fail(made.message, made.fix)
        voice.tell({"connection": shown.line_of(made)})
        voice.line(f"{made.company_name} is connected from {made.since} on: {made.connection_id}")


@commands.command()
def pull(
    context: typer.Context,
    connection: Annotated[str, typer.Argument(help="Id of the connection; needed only when there are several.")] = "",
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Ask the provider now; twice is once."""
    voice = Voice(json)
    with at_plan(wiring_of(context), "connections pull", plan) as place:
        of = _chosen(place, connection, asks=True)
        made = place.services.connections.pull(
            actor=place.actor, tenant_id=place.tenant_id, connection_id=of.connection_id
        )
    voice.tell(made)
    if not made["problem"] and not made["elsewhere"]:
        voice.line(pulled(made))
    if made["told"]:
        voice.line(f"{counted(made['told'], 'instruction')} taken there: open401k instructions list")
    if made["not_told"]:
        voice.line(f"Payroll was not told everything: {made['not_told']} It is tried again by itself.")
    for each in made["waits"]:
        voice.line(f"{each['message']} {each['fix']}")
        if each.get("asks"):
            voice.line(f'Yes to it: open401k connections confirm "{each["asks"]}"')
    if made["problem"] or made["elsewhere"]:
        voice.line(made["problem"] or "Another process is at it.")
        if made["asks"]:
            voice.line(f'Yes to it: open401k connections confirm "{made["asks"]}"')
        raise typer.Exit(FAILED)


@commands.command()
def link(
    context: typer.Context,
    person: Annotated[str, typer.Argument(help="The provider's id of the person, as listed.")],
    employee: Annotated[str, typer.Argument(help="Id of the employee that this is, or: new")],
    connection: Annotated[str, typer.Option(help="Id of the connection, if there are several.")] = "",
    plan: PlanOption = "",
) -> None:
    """Say who somebody at the provider is."""
    with at_plan(wiring_of(context), "connections link", plan) as place:
        of = _chosen(place, connection)
        employee_id = None if employee == "new" else EmployeeId.parse(employee)
        with place.begin() as tx:
            connections.link(tx, of=of, person_id=person, employee_id=employee_id)
    Voice(as_json=False).line("Kept. Ask again with: open401k connections pull")


@commands.command()
def confirm(
    context: typer.Context,
    asks: Annotated[str, typer.Argument(help="What is asked, as a pull shows it.")],
    connection: Annotated[str, typer.Option(help="Id of the connection, if there are several.")] = "",
    plan: PlanOption = "",
) -> None:
    """Say yes to two checks alike that are both real, or to a roster whose ids changed whole."""
    with at_plan(wiring_of(context), "connections confirm", plan) as place:
        of = _chosen(place, connection)
        with place.begin() as tx:
            connection_words.say_yes(tx, of=of, asks=asks)
    Voice(as_json=False).line("Kept. Ask again with: open401k connections pull")


@commands.command()
def match(
    context: typer.Context,
    tell: Annotated[bool, typer.Option("--tell/--keep", help="Tell it there, or keep it here.")],
    connection: Annotated[str, typer.Option(help="Id of the connection, if there are several.")] = "",
    plan: PlanOption = "",
    json: Json = False,
) -> None:
    """Have the employer's match told to the provider: only where it sends no money of its own for it."""
    with at_plan(wiring_of(context), "connections match", plan) as place:
        of = _chosen(place, connection)
        with place.begin() as tx:
            connections.tell_match(tx, tenant_id=place.tenant_id, connection_id=of.connection_id, tells=tell)
    voice = Voice(json)
    voice.tell({"connection_id": str(of.connection_id), "tells_match": tell})
    voice.line(f"{of.company_name} is {'told' if tell else 'not told'} the match. It counts with the next round.")


Today = Annotated[str, typer.Option(help="The day it is there at first, such as 2026-01-01.")]


@sandboxes.command()
def gusto(host: Host = HOST, port: Port = GUSTO_PORT, today: Today = "") -> None:
    """Run a stand-in for Gusto: its API, its tokens, its webhooks, and /_sandbox to tell it what to do."""
    from open401k.standins import GustoWorld, create_gusto

    def made(day: date, random: Random, clock: Clock) -> Any:
        return create_gusto(GustoWorld(today=day, random=random), clock=clock, random=random)

    _stand_in(Provider.GUSTO, made, host, port, today)


@sandboxes.command()
def finch(host: Host = HOST, port: Port = FINCH_PORT, today: Today = "") -> None:
    """Run a stand-in for Finch: its API, its jobs, its tokens, and /_sandbox to tell it what to do."""
    from open401k.standins import FinchWorld, create_finch

    def made(day: date, random: Random, clock: Clock) -> Any:
        return create_finch(FinchWorld(today=day, random=random), clock=clock, random=random)

    _stand_in(Provider.FINCH, made, host, port, today)


def _stand_in(of: Provider, create: Callable[[date, Random, Clock], Any], host: str, port: int, today: str) -> None:
    """Say how a server is led there, and serve."""
    import uvicorn  # only a server needs it

    clock = SystemClock()
    day = _day(today) or clock.now().astimezone(NEW_YORK).date()
    app = create(day, SeededRandom(int(clock.now().timestamp())), clock)
    voice, name = Voice(as_json=False), f"OPEN401K_{of.upper()}"
    voice.line(f"A stand-in for {of.title()} on http://{host}:{port}; it is {day} there. Stop with Ctrl-C.")
    voice.line(f"  {name}_URL=http://{host}:{port} {name}_CLIENT_ID=sandbox-client")
    voice.line(f"  {name}_CLIENT_SECRET=sandbox-secret open401k serve")
    uvicorn.run(app, host=host, port=port, log_level="warning")


def _chosen(place: Place, wanted: str, *, asks: bool = False) -> connections.Connection:
    """The one that is named, or the only one; ``asks``: the only one that may be asked."""
    with place.begin() as tx:
        known = connections.of_plan(tx, tenant_id=place.tenant_id, plan_id=place.plan_id)
    if wanted:
        known = [each for each in known if each.connection_id == ConnectionId.parse(wanted)]
    elif asks and len(known) > 1:
        known = [each for each in known if each.state != connections.State.PAUSED]
    if len(known) != 1:
        names = "; ".join(f"{each.company_name} ({each.connection_id})" for each in known)
        raise BadInputError(f"There are {len(known)} connections to choose from.", fix=names or "See: connections list")
    return known[0]


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        raise BadInputError(f"{text!r} is not a day.", fix="Write it as 2026-07-01.") from None
