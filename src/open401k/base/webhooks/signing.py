"""What a webhook says and how it is signed: Standard Webhooks (standardwebhooks.com), symmetric. Pure."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from open401k.kernel import Open401kError, SponsorId

from ..messages import Event

SECRET_BYTES = 32
#: Secrets that were replaced and sign along still; the headers of a try have room for so many.
MOST_BEFORE = 4
_UNTIL_BYTES = 8
_MARK = "whsec_"
_AN_ID = re.compile(r"[a-z]{3}_[0-9a-f]{32}")


def written(secret: bytes) -> str:
    """A secret as receivers are given it."""
    return _MARK + base64.b64encode(secret).decode()


def still_signing(kept: bytes, *, at: int) -> list[bytes]:
    """Of the secrets that were replaced, each kept behind the second until which it signs, those that do yet."""
    size = _UNTIL_BYTES + SECRET_BYTES
    each_kept = (kept[start : start + size] for start in range(0, len(kept), size))
    return [one[_UNTIL_BYTES:] for one in each_kept if int.from_bytes(one[:_UNTIL_BYTES], "big") > at]


def replaced(kept: bytes, secret: bytes, *, until: int, at: int) -> bytes:
    """What is kept once another secret was replaced: none that signs yet is dropped; refused where there are many."""
    size = _UNTIL_BYTES + SECRET_BYTES
    each_kept = [kept[start : start + size] for start in range(0, len(kept), size)]
    known = [one for one in each_kept if int.from_bytes(one[:_UNTIL_BYTES], "big") > at]
    if len(known) >= MOST_BEFORE:
        message = f"{MOST_BEFORE} secrets that were replaced within a day sign along already."
        raise Open401kError(message, fix="Wait until the first of them ends, or remove the endpoint and add it anew.")
    return b"".join([until.to_bytes(_UNTIL_BYTES, "big") + secret, *known])


def body_of(event: Event, *, tenant_id: SponsorId) -> bytes:
    """What is sent of an event: which it was and the ids in it, to be asked about; never what it says of anybody."""
    ids = {"sponsor_id": str(tenant_id), "id": event.subject, "sequence": event.cursor}
    return body(event.kind, at=event.recorded_at, data=ids | _ids_in(event.data))


def body(kind: str, *, at: datetime, data: Mapping[str, Any]) -> bytes:
    """Type, time and data: the same bytes at each try."""
    said = {"type": kind, "timestamp": at.isoformat().replace("+00:00", "Z"), "data": data}
    return json.dumps(said, separators=(",", ":"), ensure_ascii=True).encode()


def headers_of(message_id: str, sent: bytes, *, at: datetime, secrets: Sequence[bytes]) -> dict[str, str]:
    """The headers of one try: signed with every secret that holds, so that a receiver may change over in its time."""
    seconds = str(int(at.timestamp()))
    signed = b".".join((message_id.encode(), seconds.encode(), sent))
    signatures = (base64.b64encode(hmac.digest(each, signed, hashlib.sha256)).decode() for each in secrets)
    return {
        "content-type": "application/json",
        "user-agent": "open401k-webhooks",
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{each}" for each in signatures),
    }


def _ids_in(data: Any) -> dict[str, str]:
    """Members that are called an id and are one of ours."""
    members = data.items() if isinstance(data, dict) else ()
    return {
        name: value
        for name, value in members
        if name.endswith("_id") and isinstance(value, str) and _AN_ID.fullmatch(value)
    }
