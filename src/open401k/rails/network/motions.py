"""A motion as a file that goes from seat to seat: what it decides, for which network, and who signed it.

Whoever signs reads it in words that are made of what is signed, here, and not of what the writer claims. Rules are made
of the law again and compared. Not here: the chain (council.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from open401k.kernel import Open401kError

from ..keys import Key, signer_of
from ..kinds import Into, Kind
from ..messages import Role, motion_hash, network_domain
from ..preflight.rule_version import RuleVersion, rule_version
from . import fields
from .actions import (
    Action,
    Admit,
    ChangeSeats,
    MemberRole,
    Publish,
    RetireRules,
    Suspend,
    SuspendRules,
    Withdraw,
    action_hash,
)
from .fields import Fields

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Motion:
    """An action, the network that decides on it, the number it will have there, and signatures by seat."""

    chain_id: int
    network: bytes
    number: int
    action: Action
    signatures: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def digest(self) -> bytes:
        """What each seat signs."""
        return network_domain(self.chain_id, self.network).digest(motion_hash(action_hash(self.action), self.number))

    def signed(self, key: Key) -> Motion:
        """With the signature of this seat."""
        return self.with_signature(key.address, key.sign(self.digest))

    def with_signature(self, seat: bytes, signature: bytes) -> Motion:
        """With a signature made elsewhere; that of a key is checked, that of a contract only the network can check."""
        if len(signature) == 65 and signer_of(self.digest, signature) != seat:
            raise Open401kError(
                f"That is not a signature of 0x{seat.hex()} over this motion.",
                fix=f"Sign the digest 0x{self.digest.hex()} with the key of that seat.",
            )
        others = {who: told for who, told in self.signatures if who != seat}
        return replace(self, signatures=tuple(sorted((others | {seat: signature}).items())))


def write(motion: Motion) -> str:
    """The file's text."""
    told = {
        "motion": _VERSION, "chain_id": motion.chain_id, "network": _hex(motion.network), "number": motion.number,
        "action": _told(motion.action),
        "signatures": [{"seat": _hex(seat), "signature": _hex(signature)} for seat, signature in motion.signatures],
    }  # fmt: skip
    return json.dumps(told, indent=2) + "\n"


def read(text: str) -> Motion:
    """A motion from its file; what cannot be meant is refused with its place."""
    top = fields.read(text, what="motion")
    if top.whole("motion", least=0, most=2**31) != _VERSION:
        raise top.wrong("motion", f"it is of a version other than {_VERSION}", "Use the version that wrote it.")
    inside = top.inside("action")
    name = inside.text("name")
    if name not in _READ:
        raise inside.wrong("name", f"{name[:60]!r} is no action", f"Write one of: {', '.join(_READ)}.")
    action = _READ[name](inside)
    inside.nothing_else()
    motion = Motion(
        top.whole("chain_id", least=1, most=2**53 - 1), top.address("network"),
        top.whole("number", least=0, most=2**64), action,
    )  # fmt: skip
    for each in top.each("signatures"):
        seat, signature = each.address("seat"), each.data("signature", None)
        each.nothing_else()
        try:
            motion = motion.with_signature(seat, signature)
        except Open401kError as why:
            raise each.wrong("signature", why.message.rstrip("."), why.fix) from None
    top.nothing_else()
    return motion


def _told(action: Action) -> dict[str, object]:
    match action:
        case Admit():
            return {
                "name": "admit", "member": _hex(action.member), "valid_until": action.valid_until,
                "roles": [str(each.name).lower() for each in MemberRole if each in action.roles],
                "accounts": [each.name.lower() for each in sorted(action.accounts)], "signer": _hex(action.signer),
            }  # fmt: skip
        case Suspend():
            return {"name": "suspend", "member": _hex(action.member)}
        case Publish():
            rules = action.rules
            voters = {kind.name.lower(): sorted(role.name.lower() for role in rules.voters_for(kind)) for kind in Kind}
            return {
                "name": "publish", "follows": action.follows, "year": rules.year, "min_level": rules.min_level,
                "most_total_cents": rules.most_total_cents, "voters": {k: v for k, v in voters.items() if v},
                "document_hash": _hex(rules.document_hash), "document": rules.document,
            }  # fmt: skip
        case SuspendRules():
            return {"name": "suspend_rules", "version": action.version, "until": action.until}
        case RetireRules():
            return {"name": "retire_rules", "version": action.version}
        case Withdraw():
            return {"name": "withdraw", "action": _hex(action.action)}
        case ChangeSeats():
            return {
                "name": "change_seats", "joining": [_hex(each) for each in action.joining],
                "leaving": [_hex(each) for each in action.leaving], "of": action.needed,
            }  # fmt: skip


def _admit(told: Fields) -> Admit:
    roles = MemberRole(0)
    for name in told.names("roles", [str(each.name).lower() for each in MemberRole]):
        roles |= MemberRole[name.upper()]
    if not roles:
        raise told.wrong("roles", "a member without a role takes part in nothing", "Name a role, or suspend it.")
    accounts = frozenset(Into[name.upper()] for name in told.names("accounts", [each.name.lower() for each in Into]))
    if (MemberRole.RECEIVES in roles) != bool(accounts):
        raise told.wrong(
            "accounts", "who receives names types of account, and nobody else does", "Correct one of both."
        )
    return Admit(told.address("member"), told.whole("valid_until", least=1, most=2**34 - 1), roles, accounts,
                 told.address("signer"))  # fmt: skip


def _publish(told: Fields) -> Publish:
    """The numbers are never taken from the file: they are made of the law here, and the text must be the same."""
    asked = told.inside("voters")
    voters = {
        Kind[kind.upper()]: frozenset(Role[name.upper()] for name in asked.names(kind, [r.name.lower() for r in Role]))
        for kind in asked.keys_among([each.name.lower() for each in Kind])
    }
    rules = rule_version(
        told.whole("year", least=2000, most=2200),
        min_level=told.whole("min_level", least=0, most=255),
        most_total_cents=told.whole("most_total_cents", least=1, most=2**48 - 1),
        voters=voters,
    )
    document, hashed = told.text("document"), told.data("document_hash", 32)
    if (document, hashed) != (rules.document, rules.document_hash):
        raise told.wrong(
            "document", "it is not what the law on file here makes of this year",
            "Compare the edition of the law that it names with yours; sign with the version that wrote it.",
        )  # fmt: skip
    return Publish(told.whole("follows", least=0, most=2**32 - 2), rules)


def publish(year: int, *, follows: int, voters: Mapping[Kind, frozenset[Role]], level: int, most_cents: int) -> Publish:
    """The rules of a year, of the law on file."""
    return Publish(follows, _rules(year, voters, level, most_cents))


def _rules(year: int, voters: Mapping[Kind, frozenset[Role]], level: int, most_cents: int) -> RuleVersion:
    return rule_version(year, min_level=level, most_total_cents=most_cents, voters=voters)


def _seats(told: Fields) -> ChangeSeats:
    joining, leaving = told.addresses("joining"), told.addresses("leaving")
    twice = set(joining) & set(leaving)
    if twice or len(set(joining)) != len(joining) or len(set(leaving)) != len(leaving):
        raise told.wrong("joining", "a seat is named twice", "Name each seat once.")
    return ChangeSeats(joining, leaving, told.whole("of", least=1, most=16))


_READ: Mapping[str, Callable[[Fields], Action]] = {
    "admit": _admit,
    "suspend": lambda told: Suspend(told.address("member")),
    "publish": _publish,
    "suspend_rules": lambda told: SuspendRules(
        told.whole("version", least=1, most=2**32 - 1), told.whole("until", least=1, most=2**34 - 1)
    ),
    "retire_rules": lambda told: RetireRules(told.whole("version", least=1, most=2**32 - 1)),
    "withdraw": lambda told: Withdraw(told.data("action", 32)),
    "change_seats": _seats,
}


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def names() -> Sequence[str]:
    """Every action by its name in files."""
    return tuple(_READ)
