"""Who may come in by a node's doors: staff and systems by token, participants by link. Of secrets the hash is kept.

A slow hash protects passwords that people choose; these are 256 random bits, and every request checks one.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from open401k.kernel import Open401kError, Random

from ..messages import Role as VoterRole
from . import _doors_store
from ._doors_store import TokenRow
from .kept_deals import KeptDeals, KeptDealUnit
from .sealing import Sealing

DAY: Final = 86_400
_MARK, _BYTES = "o4kn_", 32


class Role(StrEnum):
    """What a token may do: operators act on cases, systems bring facts and read, auditors read."""

    OPERATOR = "operator"
    SYSTEM = "system"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it may be listed."""

    token_id: str
    name: str
    role: Role
    made_at: int
    ends_at: int
    revoked_at: int | None

    def holds(self, at: int) -> bool:
        """Whether it lets somebody in."""
        return self.revoked_at is None and at < self.ends_at


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; ``secret`` is shown once and never again."""

    token: Token
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class VoterLink:
    """A voter's link as it may be listed."""

    role: VoterRole
    made_at: int
    ends_at: int
    ended_at: int | None

    def holds(self, at: int) -> bool:
        """Whether it lets somebody in."""
        return self.ended_at is None and at < self.ends_at


@dataclass
class Entrances:
    """Tokens and links, in the node's database. ``at`` is the node's clock in seconds."""

    files: KeptDeals
    random: Random = field(repr=False)

    def add(self, name: str, role: Role, *, days: int, at: int) -> NewToken:
        """A token for somebody, or for a system, for so many days."""
        if not name.strip() or len(name) > 100 or not name.isprintable():
            raise Open401kError("A token is for somebody.", fix="Give a name of at most 100 letters.")
        if not 1 <= days <= 3_660:
            raise Open401kError(f"A token holds for 1 to 3,660 days, not {days}.", fix="Give another number of days.")
        secret = _MARK + _written(self.random.token(_BYTES))
        row = TokenRow("tok_" + self.random.token(8).hex(), name.strip(), role, at, at + days * DAY, None)
        with self.files.connected() as conn:
            _doors_store.insert_token(conn, row, hashed(secret))
        return NewToken(_token(row), secret)

    def tokens(self) -> Sequence[Token]:
        """All there ever were, oldest first."""
        with self.files.connected() as conn:
            return [_token(row) for row in _doors_store.tokens(conn)]

    def revoke(self, token_id: str, *, at: int) -> None:
        """End it at once."""
        with self.files.connected() as conn:
            if not _doors_store.revoke_token(conn, token_id, at):
                raise Open401kError(
                    f"There is no token {token_id} that holds.", fix="Look it up: open401k node token list"
                )

    def who(self, secret: str, *, at: int) -> Token | None:
        """Whose token it is; None for one that is unknown, revoked or over: nobody is told which."""
        with self.files.connected() as conn:
            row = _doors_store.token_by_hash(conn, hashed(secret))
        found = _token(row) if row else None
        return found if found and found.holds(at) else None

    def link_of(self, case: str, key: str) -> str:
        """The link that was made under this key."""
        return _link(self.files.sealing, case, key)

    def case_of(self, link: str, *, at: int) -> str | None:
        """Where a link leads while it holds; None for any other."""
        with self.files.connected() as conn:
            return _doors_store.case_of_link(conn, hashed(link), at)

    def voter_link_of(self, case: str, role: VoterRole, key: str) -> str:
        """The voter's link that was made under this key."""
        return _voter_link(self.files.sealing, case, role, key)

    def voter_of(self, link: str, *, at: int) -> tuple[str, VoterRole] | None:
        """The case and the role that a voter's link is for while it holds; None for any other."""
        with self.files.connected() as conn:
            found = _doors_store.voter_of_link(conn, hashed(link), at)
        return (found[0], VoterRole[found[1].upper()]) if found else None


def link_for(unit: KeptDealUnit, case: str, key: str, *, days: int, at: int) -> str:
    """A participant's way to a case: a capability. The same key gives the same link, which only we can work out."""
    secret = _link(unit.sealing, case, key)
    _doors_store.insert_link(unit.conn, hashed(secret), case, at, at + days * DAY)
    return secret


def voter_link_for(unit: KeptDealUnit, case: str, role: VoterRole, key: str, *, days: int, at: int) -> str:
    """A further voter's way to what they are asked: it opens nothing else."""
    secret, ends_at = _voter_link(unit.sealing, case, role, key), at + days * DAY
    _doors_store.insert_voter_link(unit.conn, hashed(secret), case, role.name.lower(), at, ends_at)
    return secret


def voter_links_of(unit: KeptDealUnit, case: str) -> list[VoterLink]:
    """Every link of a case's voters that was made, oldest first; of their secrets nothing is kept."""
    return [
        VoterLink(VoterRole[role.upper()], made_at, ends_at, ended_at)
        for role, made_at, ends_at, ended_at in _doors_store.voter_links(unit.conn, case)
    ]


def end_voter_links(unit: KeptDealUnit, case: str, role: VoterRole, *, at: int) -> int:
    """End those of one role that hold, at once; how many there were."""
    return _doors_store.end_voter_links(unit.conn, case, role.name.lower(), at)


def hashed(secret: str) -> bytes:
    """As it is kept."""
    return hashlib.sha256(secret.encode()).digest()


def _link(sealing: Sealing, case: str, key: str) -> str:
    return _written(sealing.keyed_hash(f"link|{case}|{key}".encode()))


def _voter_link(sealing: Sealing, case: str, role: VoterRole, key: str) -> str:
    return _written(sealing.keyed_hash(f"voter link|{case}|{role.name.lower()}|{key}".encode()))


def _written(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")


def _token(row: TokenRow) -> Token:
    return Token(row.token_id, row.name, Role(row.role), row.made_at, row.ends_at, row.revoked_at)
