"""What a provider has to be told is handed over to it. Not here: asking it (provider_pull.py), what is to be told."""

from typing import Any

from open401k.base.db import Actor, Database
from open401k.payroll import connections
from open401k.payroll.connections import Connection, Keeper

from .provider_pull import Connect
from .write_back import keep_told
from .write_back_send import Sent, send_due


def push(db: Database, *, actor: Actor, of: Connection, connect: Connect) -> Sent:
    """Queue what has to be told by now, and hand over all that is due; again it does nothing more."""
    where: dict[str, Any] = {"tenant_id": of.tenant_id, "plan_id": of.plan_id}
    with db.begin(actor, tenants=[of.tenant_id]) as tx:
        keep_told(tx, **where)
        known = connections.links(tx, of=of)
    who = {employee_id: provider_id for provider_id, employee_id in known.items() if employee_id is not None}
    with connect(of, Keeper(db, actor, of.tenant_id, of.connection_id)) as connector:
        return send_due(db, actor=actor, **where, connector=connector, who=who)
