"""A provider asked, and then told. Not here: asking it (provider_pull.py), what it has to be told (write_back.py)."""

from typing import Any

from open401k.base.db import Actor, Database
from open401k.kernel import ConnectionId, SponsorId
from open401k.payroll import connections, pulled
from open401k.payroll.connections import Connection, Keeper

from .provider_pull import Connect, Pulled, pull
from .write_back import keep_told
from .write_back_send import Sent, send_due


def pull_and_push(
    db: Database, *, actor: Actor, tenant_id: SponsorId, connection_id: ConnectionId, connect: Connect
) -> Pulled:
    """Both ways: what is new comes in first, so that what has to be told follows from it."""
    made = pull(db, actor=actor, tenant_id=tenant_id, connection_id=connection_id, connect=connect)
    if made.problem or made.elsewhere:
        return made
    with db.begin(actor, tenants=[tenant_id]) as tx:
        of = connections.get(tx, tenant_id=tenant_id, connection_id=connection_id)
    sent = push(db, actor=actor, of=of, connect=connect)
    made.told, made.not_told = sent.acknowledged, sent.stopped
    return made


def push(db: Database, *, actor: Actor, of: Connection, connect: Connect) -> Sent:
    """Queue what has to be told by now, and hand over all that is due; again it does nothing more."""
    where: dict[str, Any] = {"tenant_id": of.tenant_id, "plan_id": of.plan_id}
    with db.begin(actor, tenants=[of.tenant_id]) as tx:
        keep_told(tx, **where)
        known = pulled.became(tx, of=of, kind=pulled.PERSON)
    who = {each.employee_id: provider_id for provider_id, each in known.items() if each.employee_id is not None}
    with connect(of, Keeper(db, actor, of.tenant_id, of.connection_id)) as connector:
        return send_due(db, actor=actor, **where, connector=connector, who=who, at=of.connection_id)
