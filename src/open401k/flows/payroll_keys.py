"""Keys of payrolls sent: each stands for one content, for ever. Not here: taking content in (payroll_intake.py)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from open401k.base.db import Actor, Database, Tx
from open401k.base.steps import kept_once
from open401k.kernel import FlowId, Refused, SponsorId, named_uuid


class KeyRefusal(StrEnum):
    """Why a repeated command was not carried out."""

    KEY_REUSED = "key_reused"


@dataclass(frozen=True, slots=True)
class Claim:
    """A key and what it is said to stand for."""

    key: str
    content: bytes


def claim_key(
    db: Database, *, actor: Actor, tenant_id: SponsorId, key: str, content: bytes
) -> Refused[KeyRefusal] | None:
    """A key stands for one content, for ever: the first to use it decides. Keyed hash: content may hold an SSN."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        return claimed(tx, tenant_id=tenant_id, claim=Claim(key, content))


def claimed(tx: Tx, *, tenant_id: SponsorId, claim: Claim) -> Refused[KeyRefusal] | None:
    """The same within a transaction: the key is claimed if that is committed."""
    digest = tx.keyring.blind_index("payroll key", hashlib.sha256(claim.content).hexdigest()).hex()
    flow_id = FlowId(named_uuid("payroll.key", str(tenant_id), claim.key))
    kept = kept_once(tx, flow="payroll.key", flow_id=flow_id, tenant_id=tenant_id, step="claim", result=digest)
    if kept == digest:
        return None
    message = "This key was used for another payroll; nothing was done."
    return Refused(KeyRefusal.KEY_REUSED, message, "Use a fresh key for new content, the old content to repeat.")


def content_of(body: Mapping[str, Any]) -> bytes:
    """The bytes that stand for the API's rows: canonical JSON, the same for the same body."""
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
