"""Commands about credentials: API keys and one-time links, each shown once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated

import typer

from open401k.base import access
from open401k.base.access import ALLOWED, Permission, Role
from open401k.base.db import ALL_TENANTS
from open401k.flows import keys
from open401k.kernel import SponsorId

from ..provided import Services
from .places import PlanOption, SponsorOption, actor_of, at_plan, at_sponsor
from .say import BadInputError, Voice
from .wiring import Json, Wiring, wiring_of

commands = typer.Typer(help="API keys and one-time sign-in links.", no_args_is_help=True)


@commands.command()
def create(
    context: typer.Context,
    plan: PlanOption = "",
    sponsor: SponsorOption = "",
    label: Annotated[str, typer.Option(help="What the key is for.")] = "command line",
    scope: Annotated[
        list[str] | None, typer.Option(help="A permission; repeat for several. Default: all a sponsor has.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How long it holds.")] = 90,
    json: Json = False,
) -> None:
    """Make an API key for a sponsor; its secret is shown once."""
    scopes = _scopes(scope)
    with _sponsor_of(wiring_of(context), plan, sponsor) as (services, tenant_id):
        at = services.wall.now()
        with services.db.begin(actor_of("keys create"), tenants=[tenant_id]) as tx:
            made = access.create_key(
                tx, tenant_id=tenant_id, label=label, scopes=scopes, at=at, expires_at=at + timedelta(days=days)
            )
    voice = Voice(json)
    voice.tell({"key_id": made.key_id, "secret": made.secret, "prefix": made.prefix})
    voice.line(f"{made.secret}\nThis is shown once. Send it as: Authorization: Bearer <key>")


@commands.command()
def rewrap(context: typer.Context, json: Json = False) -> None:
    """Wrap every sponsor's data key under the current master key, after it was changed."""
    with wiring_of(context).open() as services:
        changed = keys.rewrap(services.db, actor=actor_of("keys rewrap"))
    voice = Voice(json)
    voice.tell({"rewrapped": changed})
    voice.line(
        f"{changed} data key{'' if changed == 1 else 's'} wrapped under the current master key; "
        "OPEN401K_PREVIOUS_MASTER_KEYS is needed no more."
    )


@commands.command()
def link(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help="Who signs in with it.")],
    port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65_535,
            help="Port of the server on this machine, if it is not the one that runs here.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Make a link that signs a user in, once."""
    wiring = wiring_of(context)
    origin = f"http://localhost:{port}" if port else wiring.address()
    with wiring.open() as services:
        with services.db.begin(actor_of("keys link"), tenants=ALL_TENANTS) as tx:
            user = access.find_user(tx, email=email)
            if user is None:
                raise BadInputError(
                    f"Nobody has the address {email}.",
                    fix="Check the spelling, or let the person in: open401k users add --help",
                )
            token = access.create_link(tx, user_id=user.user_id, at=services.wall.now())
        url = f"{origin or services.settings.origin}/enter/{token}"
    voice = Voice(json)
    voice.tell({"url": url})
    voice.line(url)
    if origin is None:
        voice.line(
            "No server of this data directory runs; the link leads to the usual port: see --port and OPEN401K_ORIGIN"
        )


@contextmanager
def _sponsor_of(wiring: Wiring, plan: str, sponsor: str) -> Iterator[tuple[Services, SponsorId]]:
    """By its plan, or by itself where the plan is still to come."""
    if sponsor and plan:
        raise BadInputError("Both --plan and --sponsor were given.", fix="Give one: a key is a sponsor's.")
    if sponsor:
        with at_sponsor(wiring, "keys create", sponsor) as (services, _, found):
            yield services, found.sponsor_id
        return
    with at_plan(wiring, "keys create", plan) as place:
        yield place.services, place.tenant_id


def _scopes(words: list[str] | None) -> frozenset[Permission]:
    if not words:
        return ALLOWED[Role.SPONSOR]
    unknown = sorted(set(words) - {str(permission) for permission in Permission})
    if unknown:
        raise BadInputError(
            f"There is no permission {', '.join(unknown)}.", fix=f"Choose from {', '.join(sorted(Permission))}."
        )
    return frozenset(Permission(word) for word in words)
