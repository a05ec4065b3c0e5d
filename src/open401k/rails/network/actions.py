"""What a council can decide, in words and as the network's contract takes it. Not here: who signed it (motions.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntFlag
from typing import ClassVar, TypeAlias

from eth_abi.abi import encode
from eth_hash.auto import keccak

from open401k.kernel import Money

from ..calls import call_of, kinds_of
from ..kinds import Into, Kind
from ..preflight.rule_version import RuleVersion

#: The longest suspension of a version of the rules, in seconds (contracts/network.vy).
LONGEST_SUSPENSION = 14 * 86_400


class MemberRole(IntFlag):
    """What a member may be in a rollover (contracts/rollover.vy); a word of bits."""

    RELEASES = 1
    RECEIVES = 2
    ADMINISTERS = 4
    DEPOSITS = 8
    ATTESTS = 16
    WITHHOLDS = 32


@dataclass(frozen=True, slots=True)
class Admit:
    """Admit a member, or change what is on file of it. ``accounts`` are the types that it takes money into."""

    member: bytes
    valid_until: int
    roles: MemberRole
    accounts: frozenset[Into]
    signer: bytes

    waits: ClassVar[bool] = True
    call: ClassVar[str] = "set_member(address,(uint64,uint16,uint16,address))"

    @property
    def given(self) -> tuple[object, ...]:
        word = sum(1 << each for each in self.accounts)
        return (self.member, (self.valid_until, int(self.roles), word, self.signer))

    @property
    def words(self) -> Sequence[str]:
        accounts = ", ".join(each.name for each in sorted(self.accounts)) or "none"
        return (
            f"Admit member {shown(self.member)}, or change what is on file of it.",
            f"Its identity is proven until {moment(self.valid_until)}.",
            f"Its roles: {', '.join(str(each.name) for each in MemberRole if each in self.roles)}.",
            f"Types of account that it takes money into: {accounts}.",
            f"Its signing key: {shown(self.signer)}.",
        )


@dataclass(frozen=True, slots=True)
class Suspend:
    """From now on a member takes part in nothing, until it is admitted again."""

    member: bytes

    waits: ClassVar[bool] = False
    call: ClassVar[str] = "suspend_member(address)"

    @property
    def given(self) -> tuple[object, ...]:
        return (self.member,)

    @property
    def words(self) -> Sequence[str]:
        return (f"Suspend member {shown(self.member)}: it takes part in nothing until it is admitted again.",)


@dataclass(frozen=True, slots=True)
class Publish:
    """The next version of the rules: the one after ``follows``."""

    follows: int
    rules: RuleVersion

    waits: ClassVar[bool] = True
    call: ClassVar[str] = "publish((uint64,uint64,uint8,uint96,uint256,uint256,uint256,bytes32))"

    @property
    def given(self) -> tuple[object, ...]:
        return (self.rules.told,)

    @property
    def hashed(self) -> tuple[str, tuple[object, ...]]:
        """A motion names which version it follows, too: it is good for one place only."""
        inside = self.call.removeprefix("publish(")
        return f"publish(uint32,{inside}", (self.follows, *self.given)

    @property
    def words(self) -> Sequence[str]:
        rules = self.rules
        voters = [f"{kind.name}: {', '.join(sorted(role.name for role in roles))}"
                  for kind in Kind if (roles := rules.voters_for(kind))]  # fmt: skip
        return (
            f"Publish version {self.follows + 1} of the rules, made of the law for {rules.year}.",
            f"In force from {moment(rules.active_from)} until {moment(rules.active_until)}.",
            f"Identity level at least {rules.min_level}; one rollover at most {Money(rules.most_total_cents)}.",
            f"Besides participant and custodians approve: {'; '.join(voters) or 'nobody'}.",
            *matrix(rules),
            f"Hash of the long text: 0x{rules.document_hash.hex()}.",
        )


@dataclass(frozen=True, slots=True)
class SuspendRules:
    """Stop new votes and commits under a version; it goes on by itself."""

    version: int
    until: int

    waits: ClassVar[bool] = False
    call: ClassVar[str] = "suspend_rules(uint32,uint64)"

    @property
    def given(self) -> tuple[object, ...]:
        return (self.version, self.until)

    @property
    def words(self) -> Sequence[str]:
        return (f"Suspend version {self.version} of the rules until {moment(self.until)}: no new votes or commits.",)


@dataclass(frozen=True, slots=True)
class RetireRules:
    """End a version before its time, for good."""

    version: int

    waits: ClassVar[bool] = False
    call: ClassVar[str] = "retire_rules(uint32)"

    @property
    def given(self) -> tuple[object, ...]:
        return (self.version,)

    @property
    def words(self) -> Sequence[str]:
        return (f"Retire version {self.version} of the rules at once, for good.",)


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take back a motion that waits, by the hash of its action."""

    action: bytes

    waits: ClassVar[bool] = False
    call: ClassVar[str] = "withdraw(bytes32)"

    @property
    def given(self) -> tuple[object, ...]:
        return (self.action,)

    @property
    def words(self) -> Sequence[str]:
        return (f"Withdraw the motion that waits with the action 0x{self.action.hex()}.",)


@dataclass(frozen=True, slots=True)
class ChangeSeats:
    """Who sits in the council, and how many are enough."""

    joining: tuple[bytes, ...]
    leaving: tuple[bytes, ...]
    needed: int

    waits: ClassVar[bool] = True
    call: ClassVar[str] = "change_seats(address[],address[],uint256)"

    @property
    def given(self) -> tuple[object, ...]:
        return (list(self.joining), list(self.leaving), self.needed)

    @property
    def words(self) -> Sequence[str]:
        return (
            f"Seats that join: {', '.join(map(shown, self.joining)) or 'none'}.",
            f"Seats that leave: {', '.join(map(shown, self.leaving)) or 'none'}.",
            f"Enough seats for a motion from then on: {self.needed}.",
        )


Action: TypeAlias = Admit | Suspend | Publish | SuspendRules | RetireRules | Withdraw | ChangeSeats


def action_hash(action: Action) -> bytes:
    """What a motion names: the hash of the name and all arguments."""
    call, given = action.hashed if isinstance(action, Publish) else (action.call, action.given)
    return keccak(encode(["string", *kinds_of(call)], [call[: call.index("(")], *given]))


def call_data(action: Action) -> bytes:
    """The call that carries it out."""
    return call_of(action.call, *action.given)


def matrix(rules: RuleVersion) -> list[str]:
    """Into which types of account each kind of money may go, a line for each kind."""
    lines = []
    for kind in Kind:
        allowed = [into.name for into in Into if rules.allows(kind, into)]
        lines.append(f"{kind.name} may go into: {', '.join(allowed) or 'nothing'}.")
    return lines


def shown(address: bytes) -> str:
    """An address as people compare it."""
    return "0x" + address.hex()


def moment(seconds: int) -> str:
    """A time of the chain, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
