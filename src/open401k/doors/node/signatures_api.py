"""The JSON API of what waits for the member's own wallet: a contract, or a passkey. Not here: whether it signed."""

from __future__ import annotations

from typing import Any

from open401k.rails.node import wallet_putting
from open401k.rails.node.deal import DealUnit
from open401k.rails.node.kept_deals import KeptDealUnit
from open401k.rails.node.once import Answer
from open401k.rails.node.staff import Role
from open401k.rails.node.wallet_putting import Shown, UnknownError

from ..problems import NOT_FOUND, ProblemError
from .access import Call, Operation
from .api import _object, _octets, _once

_READ = frozenset(Role)
_ACT = frozenset({Role.OPERATOR})


def signatures(call: Call) -> Answer:
    """What waits for our wallet, in words, with its digest; what ends first comes first."""
    return Answer(200, {"signatures": [_shown(each) for each in wallet_putting.waiting(call.doors.process)]})


def signature(call: Call) -> Answer:
    """One of them, with typed data (EIP-712), and what owners of a wallet with several sign."""
    process = call.doors.process
    one = _found(call)
    digest, typed = wallet_putting.owners_form(process, one)
    more = {"typed_data": one.told.typed, "owners_digest": digest.hex(), "owners_typed_data": typed}
    return Answer(200, _shown(one) | more)


def put(call: Call) -> Answer:
    """The wallet's signature; or, with ``owner``, one owner's of several. The chain is asked whether it holds."""
    body = _object(call.body, "signature", owner=None)
    given = _octets(body["signature"], None, "signature")
    owner = None if body["owner"] is None else _octets(body["owner"], 20, "owner")
    digest, process = _found(call).wanted.digest, call.doors.process

    def work(unit: DealUnit) -> Answer:
        if not isinstance(unit, KeptDealUnit):
            raise TypeError("answers are kept in the node's database")
        by = call.token.token_id
        done = wallet_putting.put_within(unit, process, digest, given, by=by, owner=owner)
        owners = [each.hex() for each in done.owners]
        return Answer(200, {"digest": digest.hex(), "complete": done.is_complete, "owners": owners})

    return _once(call, work)


_AT = "/v1/signatures"
SIGNATURES = (
    Operation("GET", _AT, _READ, "List what waits for our wallet", signatures),
    Operation("GET", f"{_AT}/{{digest}}", _READ, "Read what our wallet is to sign", signature),
    Operation("POST", f"{_AT}/{{digest}}", _ACT, "Bring our wallet's signature", put),
)


def _found(call: Call) -> Shown:
    try:
        digest = bytes.fromhex(call.names["digest"].removeprefix("0x"))
        return wallet_putting.shown(call.doors.process, digest)
    except (ValueError, UnknownError):
        raise ProblemError(NOT_FOUND) from None


def _shown(one: Shown) -> dict[str, Any]:
    wanted = one.wanted
    return {
        "digest": wanted.digest.hex(), "what": str(wanted.says), "case": wanted.case, "wallet": wanted.wallet.hex(),
        "until": wanted.until, "asked_at": wanted.asked_at, "due": one.told.due, "means": one.told.means,
        "words": [{"label": label, "said": said} for label, said in one.told.rows],
        "owners": [each.hex() for each in one.owners], "is_signed": wanted.signature is not None,
    }  # fmt: skip
