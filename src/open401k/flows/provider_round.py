"""Every payroll provider that is due is asked and told. Not here: one of them (provider_push.py), when to look."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from open401k.base import rounds
from open401k.base.db import ALL_TENANTS, Actor, Database
from open401k.kernel import day_of
from open401k.payroll import connections
from open401k.payroll.connections import Connection, State
from open401k.payroll.providers import ProviderError, Trouble

from .provider_pull import Connect, Pulled
from .provider_push import pull_and_push

log = logging.getLogger("open401k.provider_pull")

#: When a provider that could not be asked is asked again; a webhook makes it sooner.
AGAIN_AFTER = timedelta(minutes=30)


def pull_due(db: Database, *, actor: Actor, connect: Connect, ends: Callable[[], bool] = lambda: False) -> list[Pulled]:
    """Every connection with news, and every one that was not asked today; one that fails stops no other."""
    made = []
    for of in _due(db, actor):
        if ends():
            break
        try:
            tenant_id, connection_id = of.tenant_id, of.connection_id
            made.append(
                pull_and_push(db, actor=actor, tenant_id=tenant_id, connection_id=connection_id, connect=connect)
            )
        except Exception as error:  # a bug in one sponsor's pull must not keep the others from theirs
            log.exception("%s could not be pulled", of.connection_id)
            bug = ProviderError(Trouble.BUG, rounds.why(error))
            with db.begin(actor, tenants=[of.tenant_id]) as tx:
                connections.failed(tx, of=of, error=bug)
            made.append(Pulled(of.connection_id, problem=bug.message))
    return made


def _due(db: Database, actor: Actor) -> Sequence[Connection]:
    with db.begin(actor, tenants=ALL_TENANTS) as tx:
        known = [each for each in connections.every(tx) if each.state == State.CONNECTED]
        return [each for each in known if each.news or _again(each, tx.now)]


def _again(of: Connection, now: datetime) -> bool:
    """Once a day; sooner where the last time came to nothing."""
    if of.tried_at is None or day_of(of.tried_at) != day_of(now):
        return True
    return bool(of.problem) and now - of.tried_at >= AGAIN_AFTER
