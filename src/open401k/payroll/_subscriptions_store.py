"""The SQL of subscriptions to providers' webhooks: appended, the newest counts."""

from datetime import datetime
from typing import NamedTuple

from open401k.base.db import Tx
from open401k.kernel import SponsorId


class SubscriptionRow(NamedTuple):
    """How far a subscription is."""

    state: str
    subscription_id: str
    sealed: bytes | None
    detail: str
    recorded_at: datetime


def newest(tx: Tx, *, tenant_id: SponsorId, provider: str, url: str) -> SubscriptionRow | None:
    """Where the subscription of an address stands: what is verified stays so, whatever was asked beside it."""
    row = tx.maybe(
        """
        select state, subscription_id, sealed, detail, recorded_at
        from payroll.webhook_subscription
        where tenant_id = %s and provider = %s and url = %s
        order by state = 'verified' desc, subscription_no desc
        limit 1
        """,
        [tenant_id, provider, url],
    )
    return None if row is None else SubscriptionRow(*row)


def add(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    provider: str,
    url: str,
    state: str,
    subscription_id: str,
    sealed: bytes | None,
    detail: str,
) -> None:
    """Append where it stands now."""
    tx.run(
        """
        insert into payroll.webhook_subscription (
            tenant_id, provider, url, state, subscription_id, sealed, detail, recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, provider, url, state, subscription_id, sealed, detail, tx.now, tx.actor.id],
    )
