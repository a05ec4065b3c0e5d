"""Users and what they are to sponsors, as dated points. Not here: what a role may do, and how users sign in."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from open401k.kernel import Open401kError, SponsorId, UserId

from .. import audit, heads
from ..db import Tx
from . import _store
from .roles import Principal, Role


@dataclass(frozen=True, slots=True)
class User:
    """A person who can sign in."""

    user_id: UserId
    email: str
    name: str


def add_user(tx: Tx, *, email: str, name: str) -> UserId:
    """A user with no rights yet; the same address again is the same user."""
    address = email.strip().lower()
    if "@" not in address or address != "".join(address.split()):
        raise Open401kError(f"{email!r} is not an e-mail address.", fix="Write it like name@example.com.")
    found = _store.user_by_email(tx, address)
    if found is not None:
        return UserId(found[0])
    user_id = tx.ids.new(UserId)
    _store.add_user(tx, user_id, address, name)
    # Read back: somebody may have added the same address at the same time.
    return UserId(_store.existing_user_by_email(tx, address)[0])


def find_user(tx: Tx, *, email: str) -> User | None:
    """The user of an address."""
    found = _store.user_by_email(tx, email.strip().lower())
    return User(UserId(found[0]), found[1], found[2]) if found else None


def get_user(tx: Tx, *, user_id: UserId) -> User:
    """The user of an id, who must exist."""
    found = _store.user(tx, user_id)
    return User(UserId(found[0]), found[1], found[2])


def names_of(tx: Tx, *, user_ids: Sequence[UserId]) -> dict[UserId, str]:
    """What users are called; who is unknown is left out."""
    return {UserId(found): name for found, name in _store.names(tx, user_ids)} if user_ids else {}


def grant(tx: Tx, *, tenant_id: SponsorId, user_id: UserId, role: Role, effective_at: datetime) -> None:
    """Let the user act in ``role`` for the sponsor from an instant on."""
    _change(tx, tenant_id, user_id, role, effective_at, granted=True)


def revoke(tx: Tx, *, tenant_id: SponsorId, user_id: UserId, role: Role, effective_at: datetime) -> None:
    """Take the role away from an instant on; open sessions lose it with their next request."""
    _change(tx, tenant_id, user_id, role, effective_at, granted=False)


def _change(
    tx: Tx, tenant_id: SponsorId, user_id: UserId, role: Role, effective_at: datetime, *, granted: bool
) -> None:
    if role is Role.OPERATIONS:
        raise ValueError("operations is not a role at one sponsor: see set_operator")
    heads.lock(tx, tenant_id=tenant_id)
    _store.add_membership(tx, tenant_id, user_id, role, effective_at, granted=granted)
    after = {"role": role, "effective_at": effective_at, "granted": granted}
    action = "access.grant" if granted else "access.revoke"
    audit.record(tx, tenant_id=tenant_id, action=action, subject=user_id, after=after)


def set_operator(tx: Tx, *, user_id: UserId, effective_at: datetime, granted: bool = True) -> None:
    """Make a user part of operations (every sponsor), or no longer."""
    _store.add_operator(tx, user_id, effective_at, granted=granted)


def principal_of(tx: Tx, *, user_id: UserId, at: datetime) -> Principal:
    """Everything the user is at an instant. ``tx`` must have begun with every tenant."""
    roles: dict[SponsorId, set[Role]] = defaultdict(set)
    for tenant_id, role in _store.memberships(tx, user_id, at):
        roles[SponsorId(tenant_id)].add(Role(role))
    return Principal(
        id=user_id,
        name=get_user(tx, user_id=user_id).name,
        roles={tenant: frozenset(held) for tenant, held in roles.items()},
        operations=_store.is_operator(tx, user_id, at),
    )
