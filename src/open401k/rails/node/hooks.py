"""Webhooks of a node: who is told of its cases, signed as base.webhooks has it, in order, until it is taken.

A body names a case, its state and where it stands among the events; whoever wants more asks the API.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from open401k.base.faults import fault
from open401k.base.webhooks import Send, Standing, State
from open401k.base.webhooks.addresses import checked
from open401k.base.webhooks.endpoints import BOTH_SIGN_FOR
from open401k.base.webhooks.schedule import after
from open401k.base.webhooks.signing import SECRET_BYTES, body, headers_of, written
from open401k.kernel import Clock, Open401kError, Random

from . import _doors_store
from ._doors_store import WebhookRow
from ._store import Connection
from .deal import DealEvent, Deals
from .kept import KeptCases
from .vault import Vault

MOST: Final = 10
#: Seconds between two looks.
LOOK: Final = 1.0
_UNTIL: Final = 8
#: So many that were replaced within a day sign along, the newest; a header has an end.
_MOST_BEFORE: Final = 20
BOUNDARIES: Final = ("hooks.before_send", "hooks.after_send")


@dataclass(frozen=True, slots=True)
class Hook:
    """An endpoint as it may be shown."""

    webhook_id: str
    url: str
    standing: Standing


@dataclass
class Hooks:
    """Endpoints in the node's database, their secrets in its vault. ``development``: addresses here are allowed."""

    files: KeptCases
    vault: Vault
    random: Random = field(repr=False)
    development: bool = False

    def add(self, conn: Connection, url: str, *, newest: int, at: int) -> tuple[Hook, bool]:
        """One that is told of what happens from now on: after the event ``newest``; False if it is told already."""
        url = checked(url, development=self.development)
        row = WebhookRow("whk_" + self.random.token(8).hex(), url, State.ACTIVE, newest, 0, None, None, "", None, at)
        secret = self.random.token(SECRET_BYTES)
        known = _doors_store.webhooks(conn)
        for each in known:
            if each.url == url:
                return _hook(each), False
        if len(known) >= MOST:
            raise Open401kError(f"A node has at most {MOST} endpoints.", fix="Remove one first.")
        self.vault.put_with(conn, _name(row.webhook_id), secret, at=at)
        _doors_store.insert_webhook(conn, row)
        return _hook(row), True

    def secret_of(self, webhook_id: str) -> str | None:
        """For who made it, as endpoints write it; None once it was removed."""
        found = self.vault.found(_name(webhook_id))
        return None if found is None else written(found)

    def rotate(self, conn: Connection, webhook_id: str, *, at: int) -> Hook | None:
        """A fresh secret; for a day what is sent is signed with those before, too. None if there is no such one."""
        row = _doors_store.locked_webhook(conn, webhook_id)
        if row is None:
            return None
        until = at + int(BOTH_SIGN_FOR.total_seconds())
        before = _still(self.vault.found(_before(webhook_id)) or b"", at)[: _MOST_BEFORE - 1]
        before = [until.to_bytes(_UNTIL, "big") + self.vault.needed(_name(webhook_id)), *before]
        self.vault.replace_with(conn, _before(webhook_id), b"".join(before), at=at)
        self.vault.replace_with(conn, _name(webhook_id), self.random.token(SECRET_BYTES), at=at)
        fault("hooks.before_rotate_commit")
        return _hook(row)

    def secrets(self, webhook_id: str, *, at: int) -> list[bytes]:
        """By what is signed now: the secret, and each that was replaced within a day."""
        now = self.vault.needed(_name(webhook_id))  # first: made anew in between, it is the one before, too
        return [now, *(each[_UNTIL:] for each in _still(self.vault.found(_before(webhook_id)) or b"", at))]

    def listed(self) -> Sequence[Hook]:
        """Those that were not removed, oldest first."""
        with self.files.connected() as conn:
            return [_hook(row) for row in _doors_store.webhooks(conn)]

    def remove(self, webhook_id: str) -> bool:
        """It is told nothing any more; False if there is none."""
        return self.stand(webhook_id, lambda standing: replace(standing, state=State.REMOVED))

    def resume(self, webhook_id: str) -> bool:
        """Go on where it stood, with fresh patience; False if there is none."""
        return self.stand(webhook_id, lambda standing: Standing(State.ACTIVE, standing.cursor))

    def stand(self, webhook_id: str, decide: Callable[[Standing], Standing]) -> bool:
        """Write where it stands, decided while it is locked; False if there is none."""
        with self.files.connected() as conn:
            row = _doors_store.locked_webhook(conn, webhook_id)
            if row is None:
                return False
            _doors_store.update_webhook(conn, _row(row, decide(_standing(row))))
        if decide(_standing(row)).state is State.REMOVED:
            self.vault.forget(_name(webhook_id))
            self.vault.forget(_before(webhook_id))
        return True


@dataclass
class Telling:
    """Telling every endpoint what it was not told yet: a job of the node's process."""

    hooks: Hooks
    deals: Deals
    send: Send
    clock: Clock
    name: str = "webhooks"

    def once(self, *, at: float) -> float:  # noqa: ARG002 (tries have the node's clock: they outlive a process)
        """One event for each that may be told; seconds until the next look."""
        told = [self._tell(hook) for hook in self.hooks.listed() if hook.standing.due(self.clock.now())]
        return 0.0 if any(told) else LOOK

    def _tell(self, hook: Hook) -> bool:
        """Whether it took something: then there may be more."""
        with self.deals.begin() as unit:
            events = unit.events(hook.standing.cursor, limit=1)
        if not events:
            return False
        (event,) = events
        sent = body_of(event)
        at = self.clock.now()
        secrets = self.hooks.secrets(hook.webhook_id, at=int(at.timestamp()))
        message = f"evt_{event.seq}"
        fault("hooks.before_send")
        answer = self.send(hook.url, headers_of(message, sent, at=at, secrets=secrets), sent)
        fault("hooks.after_send")
        now = self.clock.now()

        def decide(standing: Standing) -> Standing:
            return after(standing, answer, event_no=event.seq, at=now) if standing.cursor < event.seq else standing

        return self.hooks.stand(hook.webhook_id, decide) and answer.taken


def body_of(event: DealEvent) -> bytes:
    """What is sent of an event: the same bytes at each try."""
    data = {"case": event.case, "state": str(event.state), "sequence": event.seq}
    return body(f"rollover.{event.state}", at=datetime.fromtimestamp(event.at, UTC), data=data)


def _name(webhook_id: str) -> str:
    return f"webhook/{webhook_id}"


def _before(webhook_id: str) -> str:
    """Of the secrets that were replaced, newest first: until when each signs along, then itself."""
    return f"webhook-before/{webhook_id}"


def _still(before: bytes, at: int) -> list[bytes]:
    """Those that sign along now, each with its time."""
    size = _UNTIL + SECRET_BYTES
    each = [before[place : place + size] for place in range(0, len(before), size)]
    return [one for one in each if int.from_bytes(one[:_UNTIL], "big") > at]


def _hook(row: WebhookRow) -> Hook:
    return Hook(row.webhook_id, row.url, _standing(row))


def _standing(row: WebhookRow) -> Standing:
    return Standing(
        State(row.state), row.cursor, row.failures, row.first_failed_at, row.next_at, row.problem, row.delivered_at
    )  # fmt: skip


def _row(row: WebhookRow, to: Standing) -> WebhookRow:
    return replace(
        row, state=to.state, cursor=to.cursor, failures=to.failures, first_failed_at=to.first_failed_at,
        next_at=to.next_at, problem=to.problem, delivered_at=to.delivered_at or row.delivered_at,
    )  # fmt: skip
