"""A payroll provider asked: what it tells is kept, then people become facts and payrolls become runs.

Every part is committed by itself and harmless when repeated. Not here: any provider (payroll.providers).
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from open401k.base import rounds
from open401k.base.db import Actor, Database, Tx
from open401k.base.faults import fault
from open401k.kernel import ConnectionId, RunId, SponsorId
from open401k.payroll import connections, pulled
from open401k.payroll.connections import Connection, Keeper, State
from open401k.payroll.providers import Connector, Person, ProviderError, TokenKeeper, Trouble, Unread, ask_again
from open401k.payroll.pulled import PAYROLL, PERSON
from open401k.payroll.pulled_people import DIFFERENCE
from open401k.payroll.pulled_rows import unread

from .provider_payrolls import not_taken, settle_payrolls
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
    people_found: int = 0
    people_changed: int = 0
    runs: list[RunId] = field(default_factory=list)
    waits: list[dict[str, Any]] = field(default_factory=list)
    problem: str = ""
    elsewhere: bool = False
    told: int = 0
    not_told: str = ""
    trouble: Trouble | None = None
    asks: str = ""

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
            "people_found": self.people_found,
            "people_changed": self.people_changed,
            "runs": [str(each) for each in self.runs],
            "waits": self.waits,
            "problem": self.problem,
            "elsewhere": self.elsewhere,
            "told": self.told,
            "not_told": self.not_told,
            "asks": self.asks,
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
                odd = _fetch(db, actor, of, connector)
        except ProviderError as error:
            log.warning("%s: %s", connection_id, error)
            made.problem, made.trouble = f"{error} {error.fix}".strip(), error.trouble
            made.asks = error.asks
            with db.begin(actor, tenants=[tenant_id]) as tx:
                connections.failed(tx, of=of, error=error)
            odd = None
        _settle(db, actor, of, made)
        with db.begin(actor, tenants=[tenant_id]) as tx:
            _ask_again(tx, of, made)
            if odd is not None:
                made.waits = [*odd, *made.waits]
                connections.succeeded(tx, of=of, waits=made.waits)
    return made


def _fetch(db: Database, actor: Actor, of: Connection, connector: Connector) -> list[dict[str, Any]]:
    """Ask, and keep what is told before asking on; what of it cannot be read waits, and is asked for again."""
    told = list(connector.people())
    people = [each for each in told if isinstance(each, Person)]
    odd = [unread(of.provider, PERSON, each) for each in told if isinstance(each, Unread)]
    with db.begin(actor, tenants=[of.tenant_id]) as tx:
        pulled.must_overlap(tx, of=of, told={each.provider_id for each in told})
        pulled.keep_people(tx, of=of, people=people)
        fault("provider_pull.keep_people.before_commit")
    fault("provider_pull.keep_people.after_commit")
    cursor, more = of.cursor, True
    again: set[str] = set()
    while more:
        came = connector.payrolls(since=cursor)
        odd += [unread(of.provider, PAYROLL, each) for each in came.unread]
        again |= {each.provider_id for each in came.unread}
        with db.begin(actor, tenants=[of.tenant_id]) as tx:
            pulled.keep_payrolls(tx, of=of, payrolls=came.payrolls)
            pulled.withdraw(tx, of=of, gone=came.gone, looked_from=came.looked_from)
            connections.go_on(tx, of=of, cursor=ask_again(came.cursor, again))
            fault("provider_pull.keep_payrolls.before_commit")
        fault("provider_pull.keep_payrolls.after_commit")
        cursor, more = came.cursor, came.more
    return odd


def _ask_again(tx: Tx, of: Connection, made: Pulled) -> None:
    """What was told and cannot be taken so is news the next time, whatever the provider's list says of it."""
    again = not_taken(made.waits)
    if again:  # with its reversals: what is odd may stand in one of them
        known = [pulled.payroll_of(tx, of=of, provider_id=each) for each in again]
        again |= {reversal for each in known if each is not None for reversal in each.told.reversed_by}
        cursor = connections.get(tx, tenant_id=of.tenant_id, connection_id=of.connection_id).cursor
        connections.go_on(tx, of=of, cursor=ask_again(cursor, again))


def _settle(db: Database, actor: Actor, of: Connection, made: Pulled) -> None:
    """What is kept goes where it belongs, also where the provider could not be asked for more just now."""
    people = settle_people(db, actor=actor, of=of)
    made.people_added, made.people_found, made.people_changed = people.added, people.found, people.changed
    made.runs, waits = settle_payrolls(db, actor=actor, of=of)
    still = [each for each in of.waits if each["what"] == DIFFERENCE and each["provider_id"] not in people.told]
    made.waits = [*still, *people.waits, *waits]
