"""A payroll provider asked: what it tells is kept, then people become facts and payrolls become runs.

Every part is committed by itself and harmless when repeated. Not here: any provider (payroll.providers).
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from open401k.base import rounds
from open401k.base.db import Actor, Database
from open401k.base.faults import fault
from open401k.kernel import ConnectionId, RunId, SponsorId
from open401k.payroll import connections, pulled
from open401k.payroll.connections import Connection, Keeper, State
from open401k.payroll.providers import Connector, ProviderError, TokenKeeper
from open401k.payroll.pulled_people import DIFFERENCE

from .provider_payrolls import settle_payrolls
from .provider_people import settle_people

log = logging.getLogger("open401k.provider_pull")

#: How a connector is made; app.py knows the providers' addresses and this machine's network.
Connect: TypeAlias = Callable[[Connection, TokenKeeper], AbstractContextManager[Connector]]


@dataclass(slots=True)
class Pulled:
    """What a pull did. ``problem`` says why it ended early; ``elsewhere``: another process is at it.

    ``told``: how many instructions the provider acknowledged after it (provider_push.py); ``not_told``: why it went on
    with no further one.
    """

    connection_id: ConnectionId
    people_added: int = 0
    people_changed: int = 0
    runs: list[RunId] = field(default_factory=list)
    waits: list[dict[str, Any]] = field(default_factory=list)
    problem: str = ""
    elsewhere: bool = False
    told: int = 0
    not_told: str = ""

    @property
    def ok(self) -> bool:
        """Whether everything that the provider told is where it belongs."""
        return not (self.problem or self.waits or self.elsewhere)

    def as_json(self) -> dict[str, Any]:
        """``{"ok": true, "connection_id": ..., "runs": [...], "waits": [], "problem": ""}``."""
        return {
            "ok": self.ok,
            "connection_id": str(self.connection_id),
            "people_added": self.people_added,
            "people_changed": self.people_changed,
            "runs": [str(each) for each in self.runs],
            "waits": self.waits,
            "problem": self.problem,
            "elsewhere": self.elsewhere,
            "told": self.told,
            "not_told": self.not_told,
        }


def pull(db: Database, *, actor: Actor, tenant_id: SponsorId, connection_id: ConnectionId, connect: Connect) -> Pulled:
    """Ask one provider for what is new and settle it. Its errors are kept with the connection, and told."""
    made = Pulled(connection_id)
    with rounds.alone(db, f"pull {connection_id}") as mine:
        if not mine:
            made.elsewhere = True
            return made
        with db.begin(actor, tenants=[tenant_id]) as tx:
            of = connections.get(tx, tenant_id=tenant_id, connection_id=connection_id)
            connections.follow_news(tx, of=of)
        if of.state == State.PAUSED:
            made.problem = "The connection is paused. Resume it first."
            return made
        try:
            with connect(of, Keeper(db, actor, tenant_id, connection_id)) as connector:
                doubtful = _fetch(db, actor, of, connector)
        except ProviderError as error:
            log.warning("%s: %s", connection_id, error)
            made.problem = f"{error} {error.fix}".strip()
            with db.begin(actor, tenants=[tenant_id]) as tx:
                connections.failed(tx, of=of, error=error)
            doubtful = None
        _settle(db, actor, of, made)
        if doubtful is not None:
            with db.begin(actor, tenants=[tenant_id]) as tx:
                connections.succeeded(tx, of=of, waits=made.waits)
    return made


def _fetch(db: Database, actor: Actor, of: Connection, connector: Connector) -> bool:
    """Ask, and keep what is told before asking on; True where a payroll contradicted itself and is asked for again."""
    people = list(connector.people())
    with db.begin(actor, tenants=[of.tenant_id]) as tx:
        pulled.keep_people(tx, of=of, people=people)
        fault("provider_pull.keep_people.before_commit")
    fault("provider_pull.keep_people.after_commit")
    cursor, more, doubtful = of.cursor, True, False
    while more:
        told = connector.payrolls(since=cursor)
        doubtful = any(each.differences() for each in told.payrolls)
        with db.begin(actor, tenants=[of.tenant_id]) as tx:
            pulled.keep_payrolls(tx, of=of, payrolls=told.payrolls)
            pulled.withdraw(tx, of=of, gone=told.gone, looked_from=told.looked_from)
            if not doubtful:
                connections.go_on(tx, of=of, cursor=told.cursor)
            fault("provider_pull.keep_payrolls.before_commit")
        fault("provider_pull.keep_payrolls.after_commit")
        cursor, more = told.cursor, told.more and not doubtful
    return doubtful


def _settle(db: Database, actor: Actor, of: Connection, made: Pulled) -> None:
    """What is kept goes where it belongs, also where the provider could not be asked for more just now."""
    people = settle_people(db, actor=actor, of=of)
    made.people_added, made.people_changed = people.added, people.changed
    made.runs, waits = settle_payrolls(db, actor=actor, of=of)
    still = [each for each in of.waits if each["what"] == DIFFERENCE and each["provider_id"] not in people.told]
    made.waits = [*still, *people.waits, *waits]
