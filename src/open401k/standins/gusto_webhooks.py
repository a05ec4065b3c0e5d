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
