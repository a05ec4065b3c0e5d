"""Webhooks of the stand-in for Gusto: signed, delivered, and repeated or turned round when told to."""

import hmac
import json
from dataclasses import dataclass, field
from typing import Any

import httpx2

from .misbehavior import Misbehavior

_OK = range(200, 300)


@dataclass(slots=True)
class Webhooks:
    """Where events go. One that is not taken is kept and sent again with the next."""

    wrong: Misbehavior
    url: str = ""
    secret: str = ""
    sent: int = 0
    failed: int = 0
    told: list[dict[str, Any]] = field(default_factory=list)
    subscriptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    system: set[str] = field(default_factory=set)  # tokens of system access that were granted
    _waiting: list[dict[str, Any]] = field(default_factory=list)

    async def deliver(self, events: list[dict[str, Any]]) -> None:
        """Send what happened; ``events`` is emptied."""
        self.told += events
        self._waiting += events
        events.clear()
        if not self.url or self.wrong.webhooks_held or not self._waiting:
            return
        batch, self._waiting = self._waiting, []
        if self.wrong.webhooks_backwards:
            batch = batch[::-1]
        async with httpx2.AsyncClient(timeout=10) as client:
            for event in batch:
                for _ in range(self.wrong.webhook_copies):
                    if not await self._sent(client, event):
                        self._waiting.append(event)
                        break

    async def prove(self, uuid: str) -> None:
        """Post a subscription's verification token to its address, as Gusto does when one is made, or asked to."""
        said = {"verification_token": self.tokens[uuid], "webhook_subscription_uuid": uuid}
        async with httpx2.AsyncClient(timeout=10) as client:
            try:
                await client.post(self.subscriptions[uuid]["url"], json=said)
            except httpx2.TransportError:
                self.failed += 1

    def verify(self, uuid: str, token: str) -> bool:
        """Whether the token is the one that was posted: from now on events go there, signed with it."""
        if not hmac.compare_digest(self.tokens[uuid].encode(), token.encode()):
            return False
        self.subscriptions[uuid]["status"] = "verified"
        self.url, self.secret = self.subscriptions[uuid]["url"], token
        return True

    async def _sent(self, client: httpx2.AsyncClient, event: dict[str, Any]) -> bool:
        body = json.dumps(event).encode()
        signed = hmac.digest(self.secret.encode(), body, "sha256").hex()
        headers = {"content-type": "application/json", "x-gusto-signature": signed}
        try:
            answered = await client.post(self.url, content=body, headers=headers)
        except httpx2.TransportError:
            self.failed += 1
            return False
        self.sent += 1
        self.failed += answered.status_code not in _OK
        return answered.status_code in _OK
