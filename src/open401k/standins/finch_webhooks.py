"""Webhooks of the stand-in for Finch: signed as Finch documents, delivered, repeated or turned round when told to."""

import base64
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

import httpx2

from open401k.kernel import Clock, Random

from .misbehavior import Misbehavior

_OK = range(200, 300)


@dataclass(slots=True)
class FinchWebhooks:
    """Where events go. One that is not taken is kept under its id and sent again with the next."""

    wrong: Misbehavior
    clock: Clock
    random: Random
    url: str = ""
    secret: str = ""
    sent: int = 0
    failed: int = 0
    _waiting: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def happened(self, company: str, kind: str, data: dict[str, Any]) -> None:
        """Something to tell, under an id that stays the same however often it is sent."""
        event = {"company_id": company, "account_id": company, "event_type": kind, "data": data}
        self._waiting.append((f"event_{self.random.token(12).hex()}", event))

    async def deliver(self) -> None:
        """Send what waits."""
        if not self.url or self.wrong.webhooks_held or not self._waiting:
            return
        batch, self._waiting = self._waiting, []
        if self.wrong.webhooks_backwards:
            batch = batch[::-1]
        async with httpx2.AsyncClient(timeout=10) as client:
            for number, event in batch:
                for _ in range(self.wrong.webhook_copies):
                    if not await self._sent(client, number, event):
                        self._waiting.append((number, event))
                        break

    async def _sent(self, client: httpx2.AsyncClient, number: str, event: dict[str, Any]) -> bool:
        """``v1,`` and the HMAC-SHA256, in base64, of id, second and body, joined by points."""
        body, second = json.dumps(event).encode(), str(int(self.clock.now().timestamp()))
        key = base64.b64decode(self.secret)
        signed = base64.b64encode(hmac.digest(key, f"{number}.{second}.".encode() + body, "sha256")).decode()
        headers = {
            "content-type": "application/json",
            "finch-event-id": number,
            "finch-timestamp": second,
            "finch-signature": f"v1,{signed}",
        }
        try:
            answered = await client.post(self.url, content=body, headers=headers)
        except httpx2.TransportError:
            self.failed += 1
            return False
        self.sent += 1
        self.failed += answered.status_code not in _OK
        return answered.status_code in _OK
