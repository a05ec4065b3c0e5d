"""What parties sign as typed data (EIP-712), for wallets and signing tools that show what they sign. Pure.

Made of the same type strings whose hashes the contracts have (messages). Not here: signing it.
"""

from __future__ import annotations

from dataclasses import fields

from .messages import APPROVAL, DOMAIN, Domain, Leg, Role, Terms, Voter

Typed = dict[str, object]


def approval_typed(domain: Domain, election: bytes, terms: Terms, *, role: Role, evidence: bytes) -> Typed:
    """What ``eth_signTypedData_v4`` takes: one party's approval of these terms under this election's hash."""
    names = [_camel(each.name) for each in fields(Terms)]
    values = [getattr(terms, each.name) for each in fields(Terms)]
    rollover = {"election": _hex(election)} | dict(zip(names, map(_told, values), strict=True))
    return typed_as(APPROVAL, domain, {"rollover": rollover, "role": int(role), "evidence": _hex(evidence)})


def typed_as(text: str, domain: Domain, message: Typed) -> Typed:
    """What ``eth_signTypedData_v4`` takes, of the type that is written first in ``text`` (messages)."""
    return {
        "types": _types(DOMAIN, text),
        "primaryType": text.partition("(")[0],
        "domain": {
            "name": domain.name, "version": "1", "chainId": domain.chain_id, "verifyingContract": _hex(domain.contract),
        },
        "message": message,
    }  # fmt: skip


def _types(*texts: str) -> dict[str, list[dict[str, str]]]:
    """``Leg(uint8 kind,...)`` and others in a row, each by its name."""
    found = {}
    for each in "".join(texts).split(")")[:-1]:
        name, _, told = each.partition("(")
        pairs = [field.split(" ") for field in told.split(",")]
        found[name] = [{"name": field, "type": kind} for kind, field in pairs]
    return found


def _told(value: object) -> object:
    if isinstance(value, tuple):
        return [_told(each) for each in value]
    if isinstance(value, Leg | Voter):
        return {each.name: _told(getattr(value, each.name)) for each in fields(value)}
    match value:
        case bytes():
            return _hex(value)
        case int():
            return int(value)
        case _:
            raise TypeError(f"{type(value).__name__} is no field of terms")


def _hex(value: bytes) -> str:
    return f"0x{value.hex()}"


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.title() for each in others)
