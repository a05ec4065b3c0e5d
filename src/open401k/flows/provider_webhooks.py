"""A subscription to a provider's webhooks is made by us: asked for, proven, and its token kept. Not here: hearing one.

The provider is asked outside of any transaction. Killed anywhere, the next attempt finds what there is and goes on.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from open401k.base.db import Actor, Database
from open401k.payroll import webhook_subscriptions as stored
from open401k.payroll.providers import Provider, ProviderError, Surroundings, gusto, gusto_webhooks
from open401k.payroll.webhook_subscriptions import INSTALLATION, State, Subscription

log = logging.getLogger("open401k.webhooks")
#: When it is tried again; connecting a company makes it sooner.
_AGAIN_AFTER = timedelta(hours=12)
#: A token comes at once; a post that comes later makes us ask nobody.
_TOKEN_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Address:
    """Where one provider is to tell us of news."""

    application: gusto.Application
    url: str
    around: Surroundings


def known(db: Database, *, actor: Actor, url: str) -> Subscription | None:
    """Where our subscription stands."""
    with db.begin(actor, tenants=[INSTALLATION]) as tx:
        return stored.newest(tx, provider=Provider.GUSTO, url=url)


def subscribe(db: Database, *, actor: Actor, at: Address, soon: bool = False) -> State:
    """Ask for a subscription unless there is one; ``soon``: even if it was tried just before.

    That it fails stops nobody: the provider is asked once a day all the same, and it is tried again.
    """
    before = known(db, actor=actor, url=at.url)
    if before is not None and before.state is State.VERIFIED:
        return State.VERIFIED
    if before is not None and not soon and db.clock.now() < before.at + _AGAIN_AFTER:
        return before.state
    _record(db, actor, at, State.ASKED)  # first: the token may be posted before the answer is here
    try:
        subscription_id = gusto_webhooks.subscribe(at.application, url=at.url, around=at.around)
    except ProviderError as error:
        log.warning("no subscription to webhooks of Gusto: %s", error)
        _record(db, actor, at, State.FAILED, detail=f"{error}. {error.fix}".strip())
        return State.FAILED
    _record(db, actor, at, State.ASKED, subscription_id=subscription_id)
    after = known(db, actor=actor, url=at.url)
    return after.state if after else State.ASKED


def proven(db: Database, *, actor: Actor, at: Address, body: bytes) -> bool:
    """Whether a post is the token of the subscription that we asked for; Gusto itself is asked, so none is forged."""
    proof, before = gusto_webhooks.proof_in(body), known(db, actor=actor, url=at.url)
    if proof is None or before is None:
        return False
    token, subscription_id = proof
    if before.state is State.VERIFIED:
        return token == before.token and subscription_id == before.subscription_id
    if before.state is not State.ASKED or db.clock.now() > before.at + _TOKEN_WITHIN:
        return False
    if before.subscription_id not in ("", subscription_id):
        return False
    try:
        taken = gusto_webhooks.verify(
            at.application, subscription_id=subscription_id, token=token, url=at.url, around=at.around
        )
    except ProviderError as error:
        log.warning("a subscription to webhooks of Gusto was not verified: %s", error)
        return False
    if taken:
        _record(db, actor, at, State.VERIFIED, subscription_id=subscription_id, token=token)
    return taken


def _record(
    db: Database,
    actor: Actor,
    at: Address,
    state: State,
    *,
    subscription_id: str = "",
    token: str = "",
    detail: str = "",
) -> None:
    told = {"subscription_id": subscription_id, "token": token, "detail": detail}
    with db.begin(actor, tenants=[INSTALLATION]) as tx:
        stored.record(tx, provider=Provider.GUSTO, url=at.url, state=state, **told)
