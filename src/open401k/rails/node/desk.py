"""What the verbs of deals need to know of our custodian and its network. Not here: keys of the chain (signing)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final, Protocol

from open401k.kernel import Random

from ..messages import NOBODY, Domain, Role
from ..preflight.policy import Policy
from ..preflight.rule_version import EAST, RuleVersion

DAY: Final = 86_400


class Network(Protocol):
    """What the chain's newest final block says of members."""

    def signer_of(self, member: bytes) -> bytes:
        """The address that signs for a member; 20 zeros for who is none."""
        ...


@dataclass(frozen=True)
class Desk:
    """Our custodian: its address ``us``, where signatures count, the money, the rules in force by their number.

    ``voters`` names who approves besides the custodians, by role, where the rules ask for one; ``withholder`` is who
    takes the tax that is withheld. ``terms_days`` is how long exact terms stand, within the election.
    """

    us: bytes
    network: Network
    domain: Domain
    token: bytes
    rules: Mapping[int, RuleVersion]
    rule_number: int
    random: Random = field(repr=False)
    #: Seconds since 1970 by the node's clock: days of preflight and of what lapses before anything is promised.
    now: Callable[[], int]
    withholder: bytes = NOBODY
    voters: Mapping[Role, bytes] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    terms_days: int = 5
    #: Whether batches that others offer are looked at.
    takes_batches: bool = False
    #: Whether our core passes on to the person what is paid to them; the books of one plan hold its assets alone.
    pays_persons: bool = True
    #: Whether a wallet that is a contract signed this digest: (address, digest, signature).
    wallet: Callable[[bytes, bytes, bytes], bool] | None = None

    @property
    def in_force(self) -> RuleVersion:
        """The rules under which a new election is made."""
        return self.rules[self.rule_number]

    @property
    def today(self) -> date:
        """The day in the East, as the rules count days."""
        return (datetime.fromtimestamp(self.now(), UTC) - EAST).date()
