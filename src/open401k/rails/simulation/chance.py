"""What goes wrong in a run, thrown from its seed and counted by boundary. Not here: what each fault does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from open401k.kernel.random import SeededRandom

T = TypeVar("T")


class Fault(StrEnum):
    """What may happen at a boundary."""

    DROP = "drop"
    LOST_ANSWER = "lost answer"
    DELAY = "delay"
    REORDER = "reorder"
    DUPLICATE = "duplicate"
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    DISK_FULL = "disk full"
    PARTITION = "partition"
    LIE = "lie"
    LAG = "lag"
    REORG = "reorg"
    GAS = "gas"
    NONCE = "nonce"
    SKEW = "skew"
    OLDER_BACKUP = "older backup"
    FORGOTTEN_TERMS = "forgotten terms"
    RACE = "race"
    SUSPEND = "suspend"
    REVOKE = "revoke"
    FORGED = "forged"
    REPLAY = "replay"
    EARLY = "early"
    UNLAWFUL = "unlawful"


#: The boundaries of a rollover that exist in this code; B1 and B2 are of batches, W1 and W2 of wallets.
BOUNDARIES = {
    "R3": "the source's core holds",
    "R5": "the receiver's core expects",
    "R6": "the proposal goes to the chain",
    "R7": "a vote goes to the chain",
    "R8": "a node reads the chain",
    "R9": "blocks become final",
    "R10": "the vote that commits goes to the chain",
    "R11": "the source debits",
    "R12": "a custodian redeems deposits: money goes to its bank",
    "R13": "the settlement bank mints deposits: money came",
    "R14": "the receiver credits",
    "R15": "a receipt goes to the chain",
    "R17": "aborts, expiries, releases",
    "R18": "a process starts again",
    "R19": "rules are suspended, an identity is revoked while votes are open",
    "B1": "a batch is signed, declined, over",
    "B2": "a letter about a batch goes to the other custodian",
    "W1": "a wallet is asked, and what it signed is put in",
    "W2": "a wallet signs late or never, or there is another in its place",
}
#: Those that do not: said with the results.
MISSING = {
    "R1": "the participant's request (before the case file)",
    "R2": "preflight at the source (before the case file)",
    "R4": "preflight at the receiver (before the case file)",
    "R16": "notices and tax facts (the core's own)",
    "R20": "the same stop as R19",
}


@dataclass
class Dice:
    """Numbers from one seed."""

    seed: int
    _random: SeededRandom = field(init=False)

    def __post_init__(self) -> None:
        self._random = SeededRandom(self.seed)

    def below(self, most: int) -> int:
        """0 to most - 1."""
        return self._random.bits(32) * most >> 32

    def percent(self, chance: int) -> bool:
        """True so often of a hundred times."""
        return self.below(100) < chance

    def one_of(self, given: Sequence[T]) -> T:
        """One of them."""
        return given[self.below(len(given))]

    def weighted(self, given: Sequence[tuple[int, T]]) -> T:
        """One of them, by weight."""
        at = self.below(sum(weight for weight, _ in given))
        for weight, one in given:
            at -= weight
            if at < 0:
                return one
        raise AssertionError("weights were counted wrongly")


@dataclass
class Faults:
    """Whether something goes wrong here and now; off from the moment when all is healed."""

    dice: Dice
    percent: int
    is_on: bool = True
    seen: Counter[tuple[str, Fault]] = field(default_factory=Counter)

    def at(self, boundary: str, *kinds: Fault, times: int = 1) -> Fault | None:
        """One of these, or mostly none; ``times`` as often where there are few occasions."""
        if not self.is_on or not self.dice.percent(min(self.percent * times, 75)):
            return None
        kind = self.dice.one_of(kinds)
        self.seen[boundary, kind] += 1
        return kind

    def note(self, boundary: str, kind: Fault) -> None:
        """One that was thrown elsewhere."""
        self.seen[boundary, kind] += 1
