"""Connections to payroll providers as doors ask for them. Not here: what a pull does (flows/provider_pull.py)."""

import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from open401k.base.db import ALL_TENANTS, Actor, Database
from open401k.flows.provider_push import pull_and_push
from open401k.flows.provider_round import pull_due
from open401k.kernel import ConnectionId, Open401kError, PlanId, Refused, SponsorId, day_of
from open401k.payroll import connections, runs
from open401k.payroll.connections import Connection
from open401k.payroll.providers import Connector, Provider, ProviderError, Surroundings, TokenKeeper, gusto

HEARD = Actor(kind="system", id="webhook", why="a payroll provider tells of something")
#: Where a provider sends a browser back to.
RETURN_PATH = "/connections/gusto/back"


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """Our registrations at providers; without one a provider cannot be connected."""

    at_gusto: gusto.Application | None = None
    gusto_webhook_token: str = field(default="", repr=False)


class ConnectionStories:
    """Connections for pages, API and command line."""

    def __init__(self, db: Database, *, settings: ProviderSettings, around: Surroundings, origin: str) -> None:
        self._db, self._settings, self._around, self._origin = db, settings, around, origin

    def offered(self) -> Sequence[Provider]:
        """The providers that this installation is registered with."""
        return [Provider.GUSTO] if self._settings.at_gusto else []

    def authorize_url(self, provider: Provider, *, state: str) -> str:
        """Where somebody who runs payroll lets us in."""
        return gusto.authorize_url(self._application(provider), redirect_uri=self._back, state=state)

    def add(
        self, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, provider: Provider, code: str, since: date | None
    ) -> Connection | Refused[Any]:
        """Connect what an authorization's code opens, from ``since`` on or from behind the last payroll on file."""
        application = self._application(provider)
        try:
            company, tokens = gusto.connect_by_code(
                application, code=code, redirect_uri=self._back, around=self._around
            )
        except ProviderError as error:
            raise Open401kError(
                f"{provider.title()} did not let us in: {error}.", fix=error.fix or "Begin again."
            ) from None
        with self._db.begin(actor, tenants=[tenant_id]) as tx:
            return connections.add(
                tx,
                tenant_id=tenant_id,
                plan_id=plan_id,
                provider=provider,
                company=company,
                tokens=tokens,
                since=since or _behind_the_last(runs.history(tx, tenant_id=tenant_id, plan_id=plan_id), day_of(tx.now)),
            )

    def pull(self, *, actor: Actor, tenant_id: SponsorId, connection_id: ConnectionId) -> Mapping[str, Any]:
        """Ask one provider now."""
        where: dict[str, Any] = {"tenant_id": tenant_id, "connection_id": connection_id}
        return pull_and_push(self._db, actor=actor, **where, connect=self._connect).as_json()

    def pull_due(self, *, actor: Actor, ends: Callable[[], bool] = lambda: False) -> Sequence[Mapping[str, Any]]:
        """Ask every provider with news, and everyone who was not asked today."""
        return [each.as_json() for each in pull_due(self._db, actor=actor, connect=self._connect, ends=ends)]

    def hear(self, provider: Provider, *, headers: Mapping[str, str], body: bytes) -> bool | None:
        """Keep a webhook: whether it was news. None: it is not the provider's.

        The provider proves once that an address is ours by sending a token there, which the operator has set here.
        """
        secret = self._settings.gusto_webhook_token
        if not secret or provider is not Provider.GUSTO:
            return None
        if _is_proof(body, secret):
            return False
        try:
            notice = gusto.notice(headers=headers, body=body, secret=secret)
        except ProviderError:
            return None
        if notice is None:
            return None
        with self._db.begin(HEARD, tenants=ALL_TENANTS) as tx:
            return bool(connections.heard(tx, provider=provider, notice=notice))

    @property
    def _back(self) -> str:
        return self._origin + RETURN_PATH

    def _application(self, provider: Provider) -> gusto.Application:
        if provider is not Provider.GUSTO or self._settings.at_gusto is None:
            fix = f"Set OPEN401K_{provider.upper()}_CLIENT_ID and _CLIENT_SECRET (docs/howto/connect-a-provider.md)."
            raise Open401kError(f"This installation is not registered with {provider.title()}.", fix=fix)
        return self._settings.at_gusto

    @contextmanager
    def _connect(self, of: Connection, tokens: TokenKeeper) -> Iterator[Connector]:
        application = self._application(Provider(of.provider))
        known: dict[str, Any] = {"application": application, "tokens": tokens, "around": self._around}
        today = day_of(self._db.clock.now())
        with closing(gusto.Gusto(company_id=of.company_id, since=of.since, today=today, **known)) as connector:
            yield connector


def _behind_the_last(history: Sequence[runs.Run], today: date) -> date:
    """The day after the last pay date on file; without any, the first day of the year."""
    days = [run.pay_date for run in history if run.status == runs.Status.POSTED and run.pay_date is not None]
    return max(days) + timedelta(days=1) if days else date(today.year, 1, 1)


def _is_proof(body: bytes, secret: str) -> bool:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return False
    token = said.get("verification_token") if isinstance(said, dict) else None
    return isinstance(token, str) and hmac.compare_digest(token.encode(), secret.encode())
