"""API keys of one sponsor: scoped, expiring, revocable. Their secrets are stored as SHA-256.

A slow hash (argon2) protects guessable passwords; these secrets are 256 random bits, and every request checks one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from open401k.kernel import ApiKeyId, Open401kError, Refused, SponsorId

from .. import audit
from ..db import Tx
from . import _store
from .roles import ALLOWED, Denial, Permission, Principal, Role
from .sessions import hash_token, new_token

_MARK = "o4k_"
_SHOWN = 12  # characters of a key that may be seen again


@dataclass(frozen=True, slots=True, repr=False)
class NewKey:
    """A key just made; ``secret`` is shown once and never again."""

    key_id: ApiKeyId
    secret: str
    prefix: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it may be listed."""

    key_id: ApiKeyId
    prefix: str
    label: str
    scopes: frozenset[Permission]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


def create_key(
    tx: Tx, *, tenant_id: SponsorId, label: str, scopes: Iterable[Permission], at: datetime, expires_at: datetime
) -> NewKey:
    """A key that may do ``scopes`` for one sponsor until ``expires_at``, and nothing that a sponsor may not."""
    wanted = frozenset(scopes)
    beyond = wanted - ALLOWED[Role.SPONSOR]
    if not wanted or beyond or expires_at <= at:
        raise Open401kError(
            f"A key needs scopes that a sponsor has and an end in the future; not {sorted(beyond)}.",
            fix=f"Choose from {', '.join(sorted(ALLOWED[Role.SPONSOR]))}.",
        )
    key_id, secret = tx.ids.new(ApiKeyId), _MARK + new_token(tx)
    _store.add_key(tx, tenant_id, key_id, hash_token(secret), secret[:_SHOWN], label, sorted(wanted), at, expires_at)
    after = {"label": label, "prefix": secret[:_SHOWN], "scopes": sorted(wanted), "expires_at": expires_at}
    audit.record(tx, tenant_id=tenant_id, action="api_key.create", subject=key_id, after=after)
    return NewKey(key_id, secret, secret[:_SHOWN])


def principal_of_key(tx: Tx, *, secret: str, at: datetime) -> Principal | Refused[Denial]:
    """Who a key speaks for; ``tx`` begins with every tenant. Unknown, expired and revoked keys get one answer."""
    row = _store.key_by_hash(tx, hash_token(secret))
    if row is None or row[6] is not None or at >= row[5]:
        return Refused(Denial.NOT_SIGNED_IN, "This API key is not valid.", fix="Send a current key as a bearer token.")
    tenant_id, key_id, prefix, label, scopes, _, _ = row
    return Principal(
        id=ApiKeyId(key_id),
        name=f"API key {label} ({prefix}…)",
        scopes=frozenset(Permission(scope) for scope in scopes),
        key_tenant=SponsorId(tenant_id),
    )


def revoke_key(tx: Tx, *, tenant_id: SponsorId, key_id: ApiKeyId, at: datetime) -> bool:
    """End a key at once; false if there is no such key that still holds."""
    if not _store.revoke_key(tx, tenant_id, key_id, at):
        return False
    audit.record(tx, tenant_id=tenant_id, action="api_key.revoke", subject=key_id, after={"revoked_at": at})
    return True


def list_keys(tx: Tx, *, tenant_id: SponsorId) -> list[ApiKey]:
    """The sponsor's keys, newest first."""
    return [
        ApiKey(ApiKeyId(key_id), prefix, label, frozenset(map(Permission, scopes)), created_at, expires_at, revoked_at)
        for key_id, prefix, label, scopes, created_at, expires_at, revoked_at in _store.keys(tx, tenant_id)
    ]
