"""A sponsor's connection to a payroll provider: where it stands, its tokens, its webhooks. Not here: asking it (flows).

Tokens are sealed for their connection. Renewing them locks their row, so that of many who find them ended one asks.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from open401k.base import audit, heads, messages
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import ConnectionId, EmployeeId, Open401kError, PlanId, Refused, SponsorId

from . import _connections_store as _store
from ._connections_store import ConnectionRow as Connection
from .providers import Company, Notice, Provider, ProviderError, Tokens, Trouble

__all__ = [
    "Connection",
    "Keeper",
    "Refusal",
    "State",
    "add",
    "companies",
    "every",
    "failed",
    "follow_news",
    "get",
    "go_on",
    "heard",
    "link",
    "links",
    "moved_from",
    "of_plan",
    "pause",
    "reconnect",
    "resume",
    "same_employer",
    "succeeded",
    "tell_match",
]

_TABLE, _COLUMN = "payroll.connection_token", "sealed"


class State(StrEnum):
    """Where a connection stands."""

    CONNECTED = "connected"
    NEEDS_A_PERSON = "needs_a_person"
    PAUSED = "paused"


class Refusal(StrEnum):
    """Why a company was not connected."""

    COMPANY_ELSEWHERE = "company_elsewhere"


def add(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    provider: Provider,
    company: Company,
    tokens: Tokens,
    since: date,
    also: bool = False,
) -> Connection | Refused[Refusal]:
    """Connect a company; one that is connected for this plan already is authorized anew.

    ``since`` is the first pay date that is taken from the provider. ``also``: somebody said that this company takes
    part in the plan beside those that are connected there. Without that word a second one is refused: it may be the
    wrong one, or the same employer that moved to another company there.
    """
    heads.lock(tx, tenant_id=tenant_id)
    ein = _ein(company)
    for known in _store.of_plan(tx, tenant_id=tenant_id, plan_id=plan_id):
        if (known.provider, known.company_id) == (provider, company.provider_id):
            if ein and ein != known.employer_ein:
                _store.set_ein(tx, tenant_id=tenant_id, connection_id=known.connection_id, ein=ein)
            return reconnect(tx, tenant_id=tenant_id, connection_id=known.connection_id, tokens=tokens)
        if known.provider == provider and known.state != State.PAUSED and not also:
            message = f"The plan takes its payrolls from {known.company_name} at {provider.title()} already."
            fix = (
                f"If {company.name or 'this company'} takes part in the plan as well, connect it as another company; "
                "if it took the place of that one, pause that connection first."
            )
            return Refused(Refusal.COMPANY_ELSEWHERE, message, fix)
    connection_id = tx.ids.new(ConnectionId)
    name = company.name[:200]
    identity = (tenant_id, connection_id, plan_id, str(provider), company.provider_id, name, since, tx.now)
    _store.add(tx, Connection(*identity, State.CONNECTED, "", True, None, None, {}, [], ein))
    _put(tx, tenant_id, connection_id, tokens)
    after = {"provider": str(provider), "company": company.provider_id, "since": since.isoformat()}
    after |= {"ein": ein, "also": str(also).lower()} if also else {}
    audit.record(tx, tenant_id=tenant_id, action="payroll.connected", subject=connection_id, after=after)
    return get(tx, tenant_id=tenant_id, connection_id=connection_id)


def _ein(company: Company) -> str:
    """Nine digits, or nothing: a provider may tell none, or part of one."""
    digits = company.ein.replace("-", "")
    return digits if len(digits) == 9 and digits.isascii() and digits.isdigit() else ""


def reconnect(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId, tokens: Tokens) -> Connection:
    """Another authorization for the same company: it goes on where it stood."""
    heads.lock(tx, tenant_id=tenant_id)
    _put(tx, tenant_id, connection_id, tokens)
    _stand(tx, tenant_id, connection_id, State.CONNECTED, {})
    _store.set_news(tx, tenant_id=tenant_id, connection_id=connection_id, news=True)
    return get(tx, tenant_id=tenant_id, connection_id=connection_id)


def get(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId) -> Connection:
    """One connection; an unknown id is an error a person can act on."""
    found = _store.get(tx, tenant_id=tenant_id, connection_id=connection_id)
    if found is None:
        raise Open401kError(f"There is no connection {connection_id}.", fix="Take the id from the list of connections.")
    return found


def of_plan(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Sequence[Connection]:
    """The connections of a plan."""
    return _store.of_plan(tx, tenant_id=tenant_id, plan_id=plan_id)


def companies(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Connection]:
    """The companies that pay people of a plan now, the first connected first; a paused one tells of nobody."""
    return [each for each in of_plan(tx, tenant_id=tenant_id, plan_id=plan_id) if each.state != State.PAUSED]


def same_employer(known: Sequence[Connection], connection_id: ConnectionId) -> frozenset[ConnectionId]:
    """The other connections of a plan that tell payrolls of the same employer, which moved from one to the other.

    By the EIN; where one of them has none on file, one that is paused, or at another provider, is taken to be where it
    moved from: nobody said of it that it is another company, as is said of every second one at the same provider.
    """
    mine = next(each for each in known if each.connection_id == connection_id)
    return frozenset(
        each.connection_id
        for each in known
        if each.connection_id != connection_id
        and (
            each.employer_ein == mine.employer_ein
            if each.employer_ein and mine.employer_ein
            else State.PAUSED in (each.state, mine.state) or each.provider != mine.provider
        )
    )


def moved_from(known: Sequence[Connection], ein: str, *, also: bool = False) -> frozenset[ConnectionId]:
    """The paused connections of the employer with this EIN, or of one without any on file.

    ``also``: somebody said that it is another company than those; then only its EIN says otherwise.
    """
    paused = [each for each in known if each.state == State.PAUSED]
    digits = ein.replace("-", "")
    mine = {digits} - {""} if also else {digits, ""}
    return frozenset(each.connection_id for each in paused if each.employer_ein in mine)


def every(tx: Tx) -> Sequence[Connection]:
    """Every connection of the tenants in sight."""
    return _store.in_sight(tx)


def pause(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId) -> None:
    """Ask nothing more until it is resumed."""
    _stand(tx, tenant_id, connection_id, State.PAUSED, {})


def resume(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId) -> None:
    """Ask again; what came meanwhile is found by the cursor."""
    _stand(tx, tenant_id, connection_id, State.CONNECTED, {})


def tell_match(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId, tells: bool) -> None:
    """Have the provider told the employer's match of each payroll, or not any more; said again, nothing.

    Only where the provider sends no money of its own for it: the employer's match is due by our books alone.
    """
    heads.lock(tx, tenant_id=tenant_id)
    before = get(tx, tenant_id=tenant_id, connection_id=connection_id)
    if before.tells_match == tells:
        return
    _store.set_tells_match(tx, tenant_id=tenant_id, connection_id=connection_id, tells=tells)
    audit.record(
        tx,
        tenant_id=tenant_id,
        action="payroll.connection_tells_match",
        subject=connection_id,
        before={"tells_match": before.tells_match},
        after={"tells_match": tells},
    )


def go_on(tx: Tx, *, of: Connection, cursor: str) -> None:
    """What was told up to this cursor is kept."""
    _store.go_on(tx, tenant_id=of.tenant_id, connection_id=of.connection_id, cursor=cursor)


def succeeded(tx: Tx, *, of: Connection, waits: Sequence[dict[str, Any]]) -> None:
    """A pull came to its end. ``waits``: what of it waits for a person, each with what, why and fix.

    What waited before the pull already was told then, and is not told again.
    """
    if of.state == State.NEEDS_A_PERSON:  # it was asked by hand, and answered
        _stand(tx, of.tenant_id, of.connection_id, State.CONNECTED, {})
    _store.succeed(tx, tenant_id=of.tenant_id, connection_id=of.connection_id, waits=list(waits))
    known = {_of_what(each) for each in of.waits}
    if new := [each for each in waits if _of_what(each) not in known]:
        more = f" And {len(new) - 1} more." if len(new) > 1 else ""
        _ask(tx, of, message=f"{new[0]['message']}{more}", fix=new[0]["fix"])


def _of_what(wait: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(wait.get(each, "")) for each in ("what", "provider_id", "run_id", "why"))


def _ask(tx: Tx, of: Connection, *, message: str, fix: str) -> None:
    messages.publish(
        tx,
        tenant_id=of.tenant_id,
        kind="connection.needs_a_person",
        subject=of.connection_id,
        data={"provider": of.provider, "message": message, "fix": fix},
    )


def failed(tx: Tx, *, of: Connection, error: ProviderError) -> None:
    """A pull did not; the connection stays as it stood, unless it is a person's turn now."""
    problem = {"trouble": str(error.trouble), "message": str(error), "fix": error.fix, "where": error.where}
    problem |= {"asks": error.asks} if error.asks else {}
    asks = error.trouble is Trouble.ASK_A_PERSON
    if not asks or of.state != State.CONNECTED:
        keys: dict[str, Any] = {"tenant_id": of.tenant_id, "connection_id": of.connection_id}
        _store.stand(tx, **keys, state=of.state, problem=problem)
        return
    _stand(tx, of.tenant_id, of.connection_id, State.NEEDS_A_PERSON, problem)
    _ask(tx, of, message=error.message, fix=error.fix)


def heard(tx: Tx, *, provider: Provider, notice: Notice) -> list[Connection]:
    """Keep a webhook for whosever company it is, once for ever; those for whom it is news."""
    found = []
    for of in _store.of_company(tx, provider=provider, company_id=notice.company_id):
        keys: dict[str, Any] = {"tenant_id": of.tenant_id, "connection_id": of.connection_id}
        if _store.add_webhook(tx, **keys, event_id=notice.provider_id, kind=notice.kind, entity_id=notice.entity_id):
            _store.set_news(tx, **keys, news=True)
            found.append(of)
    return found


def follow_news(tx: Tx, *, of: Connection) -> None:
    """A pull begins: whatever is told from now on is news again."""
    _store.set_news(tx, tenant_id=of.tenant_id, connection_id=of.connection_id, news=False)


def link(tx: Tx, *, of: Connection, person_id: str, employee_id: EmployeeId | None) -> None:
    """Keep a person's word that somebody at the provider is this employee, or somebody new; the newest word counts."""
    heads.lock(tx, tenant_id=of.tenant_id)
    keys: dict[str, Any] = {"tenant_id": of.tenant_id, "connection_id": of.connection_id}
    _store.add_link(tx, **keys, provider_id=person_id, employee_id=employee_id)
    _store.set_news(tx, **keys, news=True)
    after = {"person": person_id, "employee": str(employee_id or "new")}
    audit.record(tx, tenant_id=of.tenant_id, action="payroll.person_linked", subject=of.connection_id, after=after)


def links(tx: Tx, *, of: Connection) -> dict[str, EmployeeId | None]:
    """Every such word by the provider's id; None is somebody new."""
    return _store.links(tx, tenant_id=of.tenant_id, connection_id=of.connection_id)


@dataclass(frozen=True, slots=True)
class Keeper:
    """Keeps one connection's tokens, for a connector."""

    db: Database
    actor: Actor
    tenant_id: SponsorId
    connection_id: ConnectionId

    def current(self) -> Tokens:
        """What to use now."""
        with self.db.begin(self.actor, tenants=[self.tenant_id]) as tx:
            sealed = _store.tokens(tx, tenant_id=self.tenant_id, connection_id=self.connection_id)
            if sealed is None:
                raise ProviderError(Trouble.ASK_A_PERSON, "There is no authorization.", fix="Connect again.")
            return _opened(tx, self.tenant_id, self.connection_id, sealed)

    def renew(self, used: Tokens, refresh: Callable[[Tokens], Tokens]) -> Tokens:
        """Under the lock of their row, which nothing else waits for: a payroll posts meanwhile."""
        with self.db.begin(self.actor, tenants=[self.tenant_id]) as tx:
            sealed = _store.lock_tokens(tx, tenant_id=self.tenant_id, connection_id=self.connection_id)
            known = _opened(tx, self.tenant_id, self.connection_id, sealed)
            if known.access != used.access:
                return known
            fresh = refresh(used)
            _put(tx, self.tenant_id, self.connection_id, fresh)
            return fresh


def _put(tx: Tx, tenant_id: SponsorId, connection_id: ConnectionId, tokens: Tokens) -> None:
    ends = tokens.expires_at.isoformat() if tokens.expires_at else None
    said = json.dumps({"access": tokens.access, "refresh": tokens.refresh, "expires_at": ends}).encode()
    place: dict[str, Any] = {"tenant_id": tenant_id, "table": _TABLE, "column": _COLUMN, "row_id": connection_id}
    sealed = tx.keyring.seal(tx, **place, plaintext=said)
    _store.put_tokens(tx, tenant_id=tenant_id, connection_id=connection_id, sealed=sealed)


def _opened(tx: Tx, tenant_id: SponsorId, connection_id: ConnectionId, sealed: bytes) -> Tokens:
    place: dict[str, Any] = {"tenant_id": tenant_id, "table": _TABLE, "column": _COLUMN, "row_id": connection_id}
    said = json.loads(tx.keyring.unseal(tx, **place, sealed=sealed))
    ends = datetime.fromisoformat(said["expires_at"]) if said["expires_at"] else None
    return Tokens(said["access"], said["refresh"], ends)


def _stand(tx: Tx, tenant_id: SponsorId, connection_id: ConnectionId, state: State, problem: dict[str, Any]) -> None:
    """Another state is in the audit trail."""
    heads.lock(tx, tenant_id=tenant_id)
    before = get(tx, tenant_id=tenant_id, connection_id=connection_id)
    _store.stand(tx, tenant_id=tenant_id, connection_id=connection_id, state=state, problem=problem)
    if before.state != state:
        audit.record(
            tx,
            tenant_id=tenant_id,
            action="payroll.connection_state",
            subject=connection_id,
            before={"state": before.state},
            after={"state": str(state), "message": str(problem.get("message", ""))},
        )
