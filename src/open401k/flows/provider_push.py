"""A provider asked, and then told. Not here: asking it (provider_pull.py), what it has to be told (write_back.py)."""

from typing import Any

from open401k.base import rounds
from open401k.base.db import Actor, Database
from open401k.kernel import ConnectionId, SponsorId
from open401k.payroll import connections, pulled
from open401k.payroll.connections import Connection, Keeper
from open401k.payroll.providers import Trouble

from .provider_pull import Connect, Pulled, pull
from .write_back import keep_told
from .write_back_send import Sent, send_due

#: What came of asking, where telling may go well: that data is still gathered there, or a list changed, is no reason
#: not to. An answer that cannot be so may be another company's.
_MAY_BE_TOLD = (None, Trouble.TRY_AGAIN)


def pull_and_push(
    db: Database, *, actor: Actor, tenant_id: SponsorId, connection_id: ConnectionId, connect: Connect
) -> Pulled:
    """Both ways: what is new comes in first, so that what has to be told follows from it."""
    made = pull(db, actor=actor, tenant_id=tenant_id, connection_id=connection_id, connect=connect)
    if made.elsewhere:
        return made
    with db.begin(actor, tenants=[tenant_id]) as tx:
        of = connections.get(tx, tenant_id=tenant_id, connection_id=connection_id)
        if of.state == connections.State.PAUSED:
            return made
        keep_told(tx, tenant_id=tenant_id, plan_id=of.plan_id)
    if made.trouble not in _MAY_BE_TOLD:
        made.not_told = "What it is to be told waits until it can be asked."
        return made
    sent = push(db, actor=actor, of=of, connect=connect)
    made.told, made.not_told = sent.acknowledged, sent.stopped
    return made


def push(db: Database, *, actor: Actor, of: Connection, connect: Connect) -> Sent:
    """Queue what has to be told by now, and hand over all that is due; again it does nothing more.

    One process at a time: of two, the slower one's older change could reach the provider behind the newer one.
    """
    where: dict[str, Any] = {"tenant_id": of.tenant_id, "plan_id": of.plan_id}
    with rounds.alone(db, f"push {of.connection_id}") as mine:
        if not mine:
            return Sent(stopped="Another process is telling it.")
        with db.begin(actor, tenants=[of.tenant_id]) as tx:
            keep_told(tx, **where)
            known = pulled.became(tx, of=of, kind=pulled.PERSON)
        who = {each.employee_id: provider_id for provider_id, each in known.items() if each.employee_id is not None}
        with connect(of, Keeper(db, actor, of.tenant_id, of.connection_id)) as connector:
            return send_due(db, actor=actor, **where, connector=connector, who=who, at=of.connection_id)
