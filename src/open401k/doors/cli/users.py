"""Commands about people who sign in: who may, and as what. A link for the first time: open401k keys link."""

from typing import Annotated

import typer

from open401k.base import access
from open401k.base.access import Role
from open401k.base.db import ALL_TENANTS
from open401k.kernel import UserId

from ..provided import Services
from .places import SponsorOption, actor_of, at_sponsor
from .say import BadInputError, Voice
from .wiring import Json, Wiring, wiring_of

commands = typer.Typer(help="People who sign in, and what they may do.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="Address of the person.")]
AsRole = Annotated[
    str,
    typer.Option("--role", help="What the person is: sponsor, advisor, auditor ...; operations is for all sponsors."),
]


@commands.command()
def add(
    context: typer.Context,
    email: Email,
    role: AsRole,
    name: Annotated[str, typer.Option(help="Name of the person, as pages and the audit trail show it.")],
    sponsor: SponsorOption = "",
    json: Json = False,
) -> None:
    """Let a person sign in and act in a role. The same one again changes nothing."""
    _change(wiring_of(context), email, name, _role(role), sponsor, granted=True)
    voice = Voice(json)
    voice.tell({"email": email, "role": role})
    voice.line(f"{email} may act as {role}. A link to sign in with: open401k keys link {email}")


@commands.command()
def revoke(context: typer.Context, email: Email, role: AsRole, sponsor: SponsorOption = "", json: Json = False) -> None:
    """Take a role away; open sessions lose it with their next request."""
    _change(wiring_of(context), email, "", _role(role), sponsor, granted=False)
    voice = Voice(json)
    voice.tell({"email": email, "role": role})
    voice.line(f"{email} acts as {role} no more.")


def _role(word: str) -> Role:
    try:
        return Role(word)
    except ValueError:
        raise BadInputError(f"There is no role {word!r}.", fix=f"Choose from {', '.join(sorted(Role))}.") from None


def _user(services: Services, email: str, name: str, *, granted: bool) -> UserId:
    """Who is meant; somebody new only where a role is given."""
    with services.db.begin(actor_of("users"), tenants=ALL_TENANTS) as tx:
        if granted:
            return access.add_user(tx, email=email, name=name)
        found = access.find_user(tx, email=email)
    if found is None:
        raise BadInputError(f"Nobody has the address {email}.", fix="Check the spelling.")
    return found.user_id


def _change(wiring: Wiring, email: str, name: str, role: Role, sponsor: str, *, granted: bool) -> None:
    if role is Role.OPERATIONS and sponsor:
        raise BadInputError("Operations act for every sponsor.", fix="Leave --sponsor out, or choose another role.")
    if role is Role.OPERATIONS:
        with wiring.open() as services:
            user_id = _user(services, email, name, granted=granted)
            with services.db.begin(actor_of("users"), tenants=ALL_TENANTS) as tx:
                access.set_operator(tx, user_id=user_id, effective_at=services.wall.now(), granted=granted)
        return
    with at_sponsor(wiring, "users", sponsor) as (services, actor, found):
        user_id = _user(services, email, name, granted=granted)
        act = access.grant if granted else access.revoke
        with services.db.begin(actor, tenants=[found.sponsor_id]) as tx:
            act(tx, tenant_id=found.sponsor_id, user_id=user_id, role=role, effective_at=services.wall.now())
