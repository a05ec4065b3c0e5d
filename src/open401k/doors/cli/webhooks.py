"""Commands about webhook endpoints: where a sponsor wants to be told of events. Not here: what providers tell us."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from open401k.base import webhooks
from open401k.base.webhooks import NewSecret, Sender, WebhookEndpoint
from open401k.flows import webhook_round
from open401k.kernel import EventId, WebhookEndpointId

from .places import SponsorOption, at_sponsor
from .say import FAILED, BadInputError, Voice
from .wiring import Json, wiring_of

commands = typer.Typer(no_args_is_help=True, help="Where a sponsor wants to be told of events.")
Endpoint = Annotated[str, typer.Argument(help="Id of the endpoint, as listed.")]


@commands.command(name="list")
def list_endpoints(context: typer.Context, sponsor: SponsorOption = "", json: Json = False) -> None:
    """Where each endpoint stands, and why the event that it is told next was not taken."""
    with (
        at_sponsor(wiring_of(context), "webhooks list", sponsor) as (services, actor, found),
        services.db.begin(actor, tenants=[found.sponsor_id]) as tx,
    ):
        lines = webhooks.listed(tx, tenant_id=found.sponsor_id, at=services.wall.now())
    voice = Voice(json)
    voice.tell({"endpoints": lines})
    rows = [
        (e.url, ", ".join(e.kinds) or "all", str(e.state), e.delivered_at, e.next_try_at, e.problem, str(e.endpoint_id))
        for e in lines
    ]
    headings = ("Address", "Events", "State", "Last taken", "Next try", "Problem", "Id")
    voice.table(headings, rows, empty="No endpoint yet.")


@commands.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Where to, such as https://example.com/webhooks.")],
    kind: Annotated[
        list[str] | None, typer.Option(help="A kind of event, or alert for every alert; may be repeated. Default: all.")
    ] = None,
    sponsor: SponsorOption = "",
    json: Json = False,
) -> None:
    """Have an address told of what happens from now on; what it is signed with is shown once."""
    with at_sponsor(wiring_of(context), "webhooks add", sponsor) as (services, actor, found):
        known: dict[str, Any] = {"url": url, "kinds_wanted": kind or (), "at": services.wall.now()}
        with services.db.begin(actor, tenants=[found.sponsor_id]) as tx:
            made = webhooks.add(tx, tenant_id=found.sponsor_id, **known, development=services.settings.sandbox)
    _tell_secret(made, Voice(json))


@commands.command()
def rotate(context: typer.Context, endpoint: Endpoint, sponsor: SponsorOption = "", json: Json = False) -> None:
    """Make a fresh secret, shown once; for a day the one before signs, too."""
    _tell_secret(_changed(context, "rotate", endpoint, sponsor, webhooks.rotate), Voice(json))


@commands.command()
def pause(context: typer.Context, endpoint: Endpoint, sponsor: SponsorOption = "", json: Json = False) -> None:
    """Tell it nothing for now; what happens meanwhile waits."""
    _tell(_changed(context, "pause", endpoint, sponsor, webhooks.pause), Voice(json))


@commands.command()
def resume(context: typer.Context, endpoint: Endpoint, sponsor: SponsorOption = "", json: Json = False) -> None:
    """Go on where it stood."""
    _tell(_changed(context, "resume", endpoint, sponsor, webhooks.resume), Voice(json))


@commands.command()
def skip(context: typer.Context, endpoint: Endpoint, sponsor: SponsorOption = "", json: Json = False) -> None:
    """Leave out the one event that is not taken there, and go on behind it."""
    _tell(_changed(context, "skip", endpoint, sponsor, webhooks.skip), Voice(json))


@commands.command()
def remove(context: typer.Context, endpoint: Endpoint, sponsor: SponsorOption = "", json: Json = False) -> None:
    """Tell it nothing any more."""
    _tell(_changed(context, "remove", endpoint, sponsor, webhooks.remove), Voice(json))


@commands.command(name="test")
def try_out(context: typer.Context, endpoint: Endpoint, sponsor: SponsorOption = "", json: Json = False) -> None:
    """Send something now, whatever the endpoint stands at."""
    with at_sponsor(wiring_of(context), "webhooks test", sponsor) as (services, actor, found):
        where: dict[str, Any] = {"tenant_id": found.sponsor_id, "endpoint_id": _id(endpoint), "wall": services.wall}
        send = Sender(development=services.settings.sandbox)
        answer = webhook_round.try_out(services.db, actor=actor, **where, send=send)
    _tell_answer(answer, Voice(json))


@commands.command()
def history(context: typer.Context, endpoint: Endpoint, sponsor: SponsorOption = "", json: Json = False) -> None:
    """What it was sent within thirty days, what came of it, and what holds up the others."""
    with (
        at_sponsor(wiring_of(context), "webhooks history", sponsor) as (services, actor, found),
        services.db.begin(actor, tenants=[found.sponsor_id]) as tx,
    ):
        lines = webhooks.tries(tx, tenant_id=found.sponsor_id, endpoint_id=_id(endpoint))
    voice = Voice(json)
    voice.tell({"deliveries": lines})
    rows = [
        (
            each.tried_at,
            each.kind,
            "taken" if each.taken else each.problem,
            "held up" if each.stands_before else "",
            each.next_try_at,
            str(each.event_id),
        )
        for each in lines
    ]
    voice.table(("Tried", "Event", "Came of it", "The others", "Next try", "Id"), rows, empty="Nothing was sent yet.")


@commands.command()
def resend(
    context: typer.Context,
    endpoint: Endpoint,
    event: Annotated[str, typer.Argument(help="Id of the event, from: open401k webhooks history")],
    sponsor: SponsorOption = "",
    json: Json = False,
) -> None:
    """Send an event again now that was sent there before, out of turn."""
    try:
        event_id = EventId.parse(event)
    except ValueError as error:
        raise BadInputError(f"{error}.", fix="Take the id from: open401k webhooks history") from None
    with at_sponsor(wiring_of(context), "webhooks resend", sponsor) as (services, actor, found):
        where: dict[str, Any] = {"tenant_id": found.sponsor_id, "endpoint_id": _id(endpoint), "wall": services.wall}
        send = Sender(development=services.settings.sandbox)
        answer = webhook_round.send_again(services.db, actor=actor, **where, event_id=event_id, send=send)
    _tell_answer(answer, Voice(json))


def _tell_answer(answer: webhooks.Answer, voice: Voice) -> None:
    problem = "" if answer.taken else answer.words
    voice.tell({"taken": answer.taken, "status": answer.status, "problem": problem})
    voice.line(problem or f"Taken: answered {answer.status}.")
    if not answer.taken:
        raise typer.Exit(FAILED)


def _changed(context: typer.Context, command: str, endpoint: str, sponsor: str, verb: Callable[..., Any]) -> Any:
    with (
        at_sponsor(wiring_of(context), f"webhooks {command}", sponsor) as (services, actor, found),
        services.db.begin(actor, tenants=[found.sponsor_id]) as tx,
    ):
        return verb(tx, tenant_id=found.sponsor_id, endpoint_id=_id(endpoint), at=services.wall.now())


def _tell(made: WebhookEndpoint, voice: Voice) -> None:
    voice.tell({"endpoint": made})
    voice.line(f"{made.url} is {made.state}.")


def _tell_secret(made: NewSecret, voice: Voice) -> None:
    voice.tell({"endpoint": made.endpoint, "secret": made.secret})
    voice.line(f"{made.secret}\nThis is shown once: it signs what is sent to {made.endpoint.url}")
    voice.line(f"The endpoint is {made.endpoint.endpoint_id}. Try it: open401k webhooks test")


def _id(text: str) -> WebhookEndpointId:
    try:
        return WebhookEndpointId.parse(text)
    except ValueError as error:
        raise BadInputError(f"{error}.", fix="Take the id from: open401k webhooks list") from None
