"""Our subscription to a provider's webhooks: asked for, verified, or failed. Not here: asking (flows)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import SponsorId

from . import _subscriptions_store as _store
from .providers import Provider

#: A subscription is the application's, and no sponsor's: its rows are the installation's own.
INSTALLATION = SponsorId(UUID(int=0))
_TABLE, _COLUMN = "payroll.webhook_subscription", "sealed"


class State(StrEnum):
    """How far a subscription is."""

    ASKED = "asked"  # the provider sends a token to our address, to be sent back
    VERIFIED = "verified"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where one stands. ``token`` signs the webhooks of a verified one."""

    state: State
    subscription_id: str
    detail: str
    at: datetime
    token: str = field(default="", repr=False)


def newest(tx: Tx, *, provider: Provider, url: str) -> Subscription | None:
    """The subscription of one address of ours."""
    row = _store.newest(tx, tenant_id=INSTALLATION, provider=str(provider), url=url)
    if row is None:
        return None
    token = ""
    if row.sealed is not None:
        place = {"table": _TABLE, "column": _COLUMN, "row_id": row.subscription_id}
        token = tx.keyring.unseal(tx, tenant_id=INSTALLATION, **place, sealed=row.sealed).decode()
    return Subscription(State(row.state), row.subscription_id, row.detail, row.recorded_at, token)


def record(
    tx: Tx, *, provider: Provider, url: str, state: State, subscription_id: str = "", token: str = "", detail: str = ""
) -> None:
    """Append where it stands; one that is verified has its token."""
    heads.open(tx, tenant_id=INSTALLATION)
    heads.lock(tx, tenant_id=INSTALLATION)
    sealed = None
    if state is State.VERIFIED:
        place = {"table": _TABLE, "column": _COLUMN, "row_id": subscription_id}
        sealed = tx.keyring.seal(tx, tenant_id=INSTALLATION, **place, plaintext=token.encode())
    _store.add(
        tx,
        tenant_id=INSTALLATION,
        provider=str(provider),
        url=url,
        state=str(state),
        subscription_id=subscription_id,
        sealed=sealed,
        detail=detail,
    )
    after = {"provider": str(provider), "url": url, "state": str(state), "detail": detail}
    audit.record(tx, tenant_id=INSTALLATION, action="payroll.webhook_subscription", subject=INSTALLATION, after=after)
