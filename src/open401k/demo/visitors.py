"""Who may look around in the sandbox: a login for each seat, by one-time link, and a key for programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from open401k.base import access
from open401k.base.access import ALLOWED, Role
from open401k.base.db import ALL_TENANTS, Actor, Database

from .story import Seat

_LINKS_LIVE = timedelta(hours=12)
_KEY_LIVES = timedelta(days=30)
_ACTOR = Actor(kind="system", id="sandbox", why="lets visitors in")


@dataclass(frozen=True, slots=True, repr=False)
class Visitors:
    """Tokens of links that sign in once, by who they are for, and an API key of the first sponsor."""

    links: tuple[tuple[str, str], ...]
    api_key: str


def invite(db: Database, *, seats: Sequence[Seat], at: datetime) -> Visitors:
    """Fresh links for the sponsor of the first plan, the advisor of all, and operations; ``at`` is the wall clock."""
    first = seats[0].tenant_id
    with db.begin(_ACTOR, tenants=ALL_TENANTS) as tx:
        sponsor = access.add_user(tx, email="sponsor@acme.example", name="Acme's sponsor")
        advisor = access.add_user(tx, email="advisor@example.com", name="The advisor")
        operations = access.add_user(tx, email="operations@example.com", name="Operations")
        access.grant(tx, tenant_id=first, user_id=sponsor, role=Role.SPONSOR, effective_at=at)
        for seat in seats:
            access.grant(tx, tenant_id=seat.tenant_id, user_id=advisor, role=Role.ADVISOR, effective_at=at)
        access.set_operator(tx, user_id=operations, effective_at=at)
        links = tuple(
            (who, access.create_link(tx, user_id=user_id, at=at, lives=_LINKS_LIVE))
            for who, user_id in (("sponsor", sponsor), ("advisor", advisor), ("operator", operations))
        )
        key = access.create_key(
            tx,
            tenant_id=first,
            label="sandbox",
            scopes=ALLOWED[Role.SPONSOR],
            at=at,
            expires_at=at + _KEY_LIVES,
        )
        return Visitors(links, key.secret)


def welcome(visitors: Visitors, origin: str) -> str:
    """Three links that are already signed in, and three things to try."""
    lines = ["", "Open in a browser (each link signs in once):"]
    lines += [f"  {who:<9} {origin}/enter/{token}" for who, token in visitors.links]
    lines += [
        "",
        "Three things to try:",
        "  1. Open the alert on Acme's page and compare the ways to pass.",
        "  2. Move the clock (badge at the top) to December 31, then past it: 2027 has no figures yet.",
        f"  3. curl -H 'Authorization: Bearer {visitors.api_key}' {origin}/v1/plans",
        "",
        f"API reference: {origin}/docs   Stop with Ctrl-C, start over with: open401k demo --reset",
    ]
    return "\n".join(lines)
