"""Connections to payroll providers as doors ask for them. Not here: what a pull does (flows/provider_pull.py)."""

import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NoReturn

from open401k import census
from open401k.base.db import ALL_TENANTS, Actor, Database, Tx
from open401k.flows import provider_webhooks
from open401k.flows.provider_push import pull_and_push
from open401k.flows.provider_round import pull_due
from open401k.kernel import ConnectionId, Open401kError, PlanId, Refused, SponsorId, day_of
from open401k.payroll import connections, runs
from open401k.payroll.connections import Connection
from open401k.payroll.providers import (
    Connector,
    Provider,
    ProviderError,
    Surroundings,
    TokenKeeper,
    finch,
    gusto,
    gusto_webhooks,
)
from open401k.recordkeeping import opening

HEARD = Actor(kind="system", id="webhook", why="a payroll provider tells of something")
#: Where a provider sends a browser back to.
RETURN_PATHS = {each: f"/connections/{each}/back" for each in Provider}


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """Our registrations at providers; without one a provider cannot be connected."""

    at_gusto: gusto.Application | None = None
    gusto_webhook_token: str = field(default="", repr=False)
    at_finch: finch.Application | None = None
    finch_webhook_secret: str = field(default="", repr=False)


class ConnectionStories:
    """Connections for pages, API and command line."""

    def __init__(self, db: Database, *, settings: ProviderSettings, around: Surroundings, origin: str) -> None:
        self._db, self._settings, self._around, self._origin = db, settings, around, origin

    def offered(self) -> Sequence[Provider]:
        """The providers that this installation is registered with."""
        known = {Provider.GUSTO: self._settings.at_gusto, Provider.FINCH: self._settings.at_finch}
        return [each for each, application in known.items() if application]

    def authorize_url(self, provider: Provider, *, state: str) -> str:
        """Where somebody who runs payroll lets us in."""
        back = self._back(provider)
        if provider is Provider.FINCH:
            return finch.authorize_url(self._finch(), redirect_uri=back, state=state)
        return gusto.authorize_url(self._gusto(), redirect_uri=back, state=state)

    def add(
        self,
        *,
        actor: Actor,
        tenant_id: SponsorId,
        plan_id: PlanId,
        provider: Provider,
        code: str,
        since: date | None,
        also: bool = False,
    ) -> Connection | Refused[Any]:
        """Connect what an authorization's code opens, from ``since`` on or from behind the last payroll on file.

        ``also``: it is another company of the plan beside those that are connected at this provider.
        """
        opened: dict[str, Any] = {"code": code, "redirect_uri": self._back(provider), "around": self._around}
        try:
            if provider is Provider.FINCH:
                company, tokens = finch.connect_by_code(self._finch(), **opened)
            else:
                company, tokens = gusto.connect_by_code(self._gusto(), **opened)
        except ProviderError as error:
            raise Open401kError(
                f"{provider.title()} did not let us in: {error}.", fix=error.fix or "Begin again."
            ) from None
        self._subscribe(actor, provider)
        with self._db.begin(actor, tenants=[tenant_id]) as tx:
            return connections.add(
                tx,
                tenant_id=tenant_id,
                plan_id=plan_id,
                provider=provider,
                company=company,
                tokens=tokens,
                since=since or behind_the_last(tx, tenant_id=tenant_id, plan_id=plan_id, ein=company.ein, also=also),
                also=also,
            )

    def pull(self, *, actor: Actor, tenant_id: SponsorId, connection_id: ConnectionId) -> Mapping[str, Any]:
        """Ask one provider now."""
        where: dict[str, Any] = {"tenant_id": tenant_id, "connection_id": connection_id}
        return pull_and_push(self._db, actor=actor, **where, connect=self._connect).as_json()

    def pull_due(self, *, actor: Actor, ends: Callable[[], bool] = lambda: False) -> Sequence[Mapping[str, Any]]:
        """Ask every provider with news, and everyone who was not asked today."""
        self.subscribe_again(actor)
        return [each.as_json() for each in pull_due(self._db, actor=actor, connect=self._connect, ends=ends)]

    def hear(self, provider: Provider, *, headers: Mapping[str, str], body: bytes) -> bool | None:
        """Keep a webhook: whether it was news. None: it is not the provider's.

        Gusto asks once whether an address is ours by posting a token there: the operator has set it here, or it is
        that of the subscription that we asked for.
        """
        of_gusto = provider is Provider.GUSTO
        secret = self._secret_of_gusto() if of_gusto else self._settings.finch_webhook_secret
        if of_gusto and gusto_webhooks.proof_in(body) is not None and not self._settings.gusto_webhook_token:
            at = self._address()
            return False if at and provider_webhooks.proven(self._db, actor=HEARD, at=at, body=body) else None
        if not secret:
            return None
        if of_gusto and _is_proof(body, secret):
            return False
        read = gusto.notice if of_gusto else finch.notice
        try:
            notice = read(headers=headers, body=body, secret=secret)
        except ProviderError:
            return None
        if notice is None:
            return None
        with self._db.begin(HEARD, tenants=ALL_TENANTS) as tx:
            return bool(connections.heard(tx, provider=provider, notice=notice))

    def subscribe_again(self, actor: Actor) -> None:
        """Try once more to subscribe where a company is connected and the last attempt came to nothing."""
        if self._address() is None:
            return
        with self._db.begin(actor, tenants=ALL_TENANTS) as tx:
            connected = {each.provider for each in connections.every(tx) if each.state == connections.State.CONNECTED}
        if Provider.GUSTO in connected:
            self._subscribe(actor, Provider.GUSTO, soon=False)

    def webhooks(self, *, actor: Actor) -> str:
        """How Gusto's webhooks come here, in words; empty where this installation is not registered with it."""
        if self._settings.at_gusto is None:
            return ""
        if self._settings.gusto_webhook_token:
            return "by the token that is set"
        if (at := self._address()) is None:
            return "none: the address of this installation is not https, so Gusto is asked once a day"
        known = provider_webhooks.known(self._db, actor=actor, url=at.url)
        return f"{known.state}{f': {known.detail}' if known.detail else ''}" if known else "not subscribed yet"

    def _subscribe(self, actor: Actor, provider: Provider, *, soon: bool = True) -> None:
        at = self._address()
        if provider is Provider.GUSTO and at is not None:
            provider_webhooks.subscribe(self._db, actor=actor, at=at, soon=soon)

    def _address(self) -> provider_webhooks.Address | None:
        """Where Gusto is to tell us of news; None where it could not, or a token is set by hand."""
        application = self._settings.at_gusto
        if application is None or self._settings.gusto_webhook_token:
            return None
        if application.url == gusto.PRODUCTION and not self._origin.startswith("https://"):
            return None
        return provider_webhooks.Address(application, f"{self._origin}/v1/webhooks/gusto", self._around)

    def _secret_of_gusto(self) -> str:
        if self._settings.gusto_webhook_token:
            return self._settings.gusto_webhook_token
        at = self._address()
        known = provider_webhooks.known(self._db, actor=HEARD, url=at.url) if at else None
        return known.token if known else ""

    def _back(self, provider: Provider) -> str:
        return self._origin + RETURN_PATHS[provider]

    def _gusto(self) -> gusto.Application:
        return self._settings.at_gusto or _not_registered(Provider.GUSTO)

    def _finch(self) -> finch.Application:
        return self._settings.at_finch or _not_registered(Provider.FINCH)

    @contextmanager
    def _connect(self, of: Connection, tokens: TokenKeeper) -> Iterator[Connector]:
        known: dict[str, Any] = {"tokens": tokens, "around": self._around, "since": of.since}
        known["company_id"] = of.company_id
        known["today"] = day_of(self._db.clock.now())
        made: finch.Finch | gusto.Gusto
        if Provider(of.provider) is Provider.FINCH:
            made = finch.Finch(application=self._finch(), **known)
        else:
            made = gusto.Gusto(application=self._gusto(), **known)
        with closing(made) as connector:
            yield connector


def _not_registered(provider: Provider) -> NoReturn:
    fix = f"Set OPEN401K_{provider.upper()}_CLIENT_ID and _CLIENT_SECRET (docs/howto/connect-a-provider.md)."
    raise Open401kError(f"This installation is not registered with {provider.title()}.", fix=fix)


def behind_the_last(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, ein: str = "", also: bool = False) -> date:
    """The day after the last that is counted here already; without any, the first day of the year.

    Counted are pay dates on file, and what was brought over: balances, and payrolls of a year begun elsewhere. What
    connected companies told says nothing of another one: each has pay dates of its own. ``ein``: of the company that is
    connected; what a connection that is paused now told of the same employer is counted, since it moved.
    ``also``: it is another company, as somebody said; then only an EIN says that it moved.
    """
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    moved = connections.moved_from(connections.of_plan(tx, **of), ein, also=also)
    posted = [run for run in runs.history(tx, **of) if run.status == runs.Status.POSTED]
    known = [run for run in posted if run.told is None or run.told.connection_id in moved]
    days = [run.pay_date for run in known if run.pay_date is not None]
    days += [each.end for each in census.brought_periods(tx, **of)]
    opened = opening.opened_on(tx, **of)
    days += [] if opened is None else [opened]
    return max(days) + timedelta(days=1) if days else date(day_of(tx.now).year, 1, 1)


def _is_proof(body: bytes, secret: str) -> bool:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return False
    token = said.get("verification_token") if isinstance(said, dict) else None
    return isinstance(token, str) and hmac.compare_digest(token.encode(), secret.encode())
