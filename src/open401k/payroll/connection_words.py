"""A person's yes to what a provider told and nothing else can decide: who said it and when is kept.

That two checks alike are both real, or that a roster of nobody known before is this company's. Each yes is to one
telling alone: told otherwise, it is asked anew. Not here: who somebody is (connections.link).
"""

import hashlib
from collections.abc import Collection

from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import Open401kError

from . import _connection_words_store as _store
from . import _connections_store
from .connections import Connection

TWICE = "If both are real, say yes to it."


def asked_of(provider_id: str, version_no: int) -> str:
    """How a telling of a payroll is named in a yes."""
    return f"twice {provider_id} {version_no}"


def asked_of_roster(told: Collection[str]) -> str:
    """How a roster is named in a yes: by who is on it."""
    return f"roster {hashlib.sha256(chr(10).join(sorted(told)).encode()).hexdigest()[:32]}"


def said(tx: Tx, *, of: Connection) -> frozenset[str]:
    """Everything that a person said yes to."""
    return _store.words(tx, tenant_id=of.tenant_id, connection_id=of.connection_id)


def say_yes(tx: Tx, *, of: Connection, asks: str) -> None:
    """Keep a person's yes to what is asked now; said again, nothing. The next pull goes by it."""
    heads.lock(tx, tenant_id=of.tenant_id)
    if asks in said(tx, of=of):
        return
    if asks not in {str(of.problem.get("asks", "")), *(str(each.get("asks", "")) for each in of.waits)} - {""}:
        raise Open401kError(
            "Nothing of this connection asks for that yes.", fix="Ask the provider now, and look again."
        )
    _store.add(tx, tenant_id=of.tenant_id, connection_id=of.connection_id, asked=asks)
    _connections_store.set_news(tx, tenant_id=of.tenant_id, connection_id=of.connection_id, news=True)
    after = {"yes_to": asks}
    audit.record(tx, tenant_id=of.tenant_id, action="payroll.connection_yes", subject=of.connection_id, after=after)
