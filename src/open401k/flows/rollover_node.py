"""What a plan asks of its custodian's node, and how it answers. Not here: any node (rails), reaching one (app)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from open401k.kernel import Open401kError
from open401k.rails.node.halves import ReceivingHalf, ReleasingHalf, Wanted
from open401k.rails.node.papers import Paper

#: States of a case file after which nothing more comes of it, but what was booked.
OVER = ("released", "off_rail")


class NodeRefusedError(Open401kError):
    """The node will not, or did not answer; nothing is lost: the same again goes on where it was."""


class NodeSilentError(NodeRefusedError):
    """It did not answer at all, or its chain did not: about no rollover, so whoever runs it is asked."""


@dataclass(frozen=True, slots=True)
class Us:
    """Our custodian as the network knows it."""

    member: bytes
    member_until: date | None


@dataclass(frozen=True, slots=True)
class WhyNot:
    """One reason of the preflight: its code, what it is about, who acts; ``unknown``: somebody has to tell it."""

    code: str
    detail: str
    owner: str
    unknown: bool


@dataclass(frozen=True, slots=True)
class Receives:
    """What one of several receivers asks for: its own name and account, the account that it was told of ours, and its
    address in the network."""

    custodian: str
    account: str
    source_account: str
    wanted: tuple[Wanted, ...]
    member: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands. ``reasons`` None: no preflight yet.

    ``wanted`` is what the receiving side asks for, which is to have it in its ``account``, and is named ``custodian``
    by itself; of several who leads. ``others`` are the rest in order, None where one did not join yet.
    """

    case: str
    state: str
    reasons: Sequence[WhyNot] | None = None
    source_account: str = ""
    wanted: tuple[Wanted, ...] = ()
    custodian: str = ""
    account: str = ""
    others: tuple[Receives | None, ...] = ()

    @property
    def awaited(self) -> int:
        """How many receivers did not join yet."""
        return sum(each is None for each in self.others)

    @property
    def receives(self) -> tuple[Receives, ...]:
        """Everybody who asks, who leads first; their legs come in this order."""
        lead = Receives(self.custodian, self.account, self.source_account, self.wanted)
        return (lead, *(each for each in self.others if each is not None))

    @property
    def all_wanted(self) -> tuple[Wanted, ...]:
        """What all of them ask for, leg by leg."""
        return tuple(wanted for each in self.receives for wanted in each.wanted)

    @property
    def over(self) -> bool:
        return self.state in OVER


class OwnNode(Protocol):
    """Our custodian's node. Each may raise :class:`NodeRefusedError`; each is harmless to do twice."""

    def us(self) -> Us:
        """Who we are in the network."""
        ...

    def ask(self, *, key: str, source: bytes, half: ReceivingHalf) -> Standing:
        """A rollover into our plan; the same key is the same case."""
        ...

    def put(self, case: str, *, half: ReceivingHalf | ReleasingHalf) -> Standing:
        """Our half of the facts, newer than before."""
        ...

    def standing(self, case: str) -> Standing:
        """Where it stands."""
        ...

    def explain(self, case: str, *, paper: Paper) -> None:
        """The explanation whose hash our half names, for the participant to read before they sign."""
        ...

    def codes(self, case: str) -> Mapping[str, str]:
        """By which code each other receiver joins, by its address in the network."""
        ...

    def withheld(self, case: str) -> int | None:
        """What the network withheld of it, by its final events; None: none of them says that it was committed."""
        ...

    def tracker(self, case: str, *, key: str) -> str:
        """The address of the participant's page of a case; the same key is the same address."""
        ...
