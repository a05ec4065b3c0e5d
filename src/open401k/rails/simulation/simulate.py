"""Many seeds, and what they came to: violations, what is stuck, which fault was met where. Not here: a run."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, field

from .chance import Fault
from .mail import LETTERS
from .parties import Assembled, as_it_is
from .run import Outcome, Run

_CORE = (
    Fault.DROP, Fault.LOST_ANSWER, Fault.DELAY, Fault.DUPLICATE, Fault.CRASH_BEFORE, Fault.CRASH_AFTER,
    Fault.DISK_FULL,
)  # fmt: skip
_SENT = (
    Fault.DROP, Fault.LOST_ANSWER, Fault.DELAY, Fault.REORDER, Fault.DUPLICATE, Fault.CRASH_BEFORE, Fault.CRASH_AFTER,
    Fault.GAS, Fault.NONCE,
)  # fmt: skip
#: Which fault can be met where: a run of enough seeds meets each.
APPLICABLE: dict[str, tuple[Fault, ...]] = {
    "R3": _CORE,
    "R5": _CORE,
    "R6": (*_SENT, Fault.DISK_FULL),
    "R7": (*_SENT, Fault.DISK_FULL, Fault.FORGED),
    "R8": (Fault.LIE, Fault.LAG, Fault.DROP, Fault.PARTITION, Fault.SKEW),
    "R9": (Fault.REORG,),
    "R10": (*_SENT, Fault.RACE, Fault.FORGED, Fault.REPLAY, Fault.UNLAWFUL),
    "R11": _CORE,
    "R12": (Fault.DUPLICATE,),
    "R13": (Fault.DUPLICATE,),
    "R14": _CORE,
    "R15": _SENT,
    "R17": (*_SENT, Fault.DISK_FULL, Fault.RACE, Fault.EARLY),
    "R18": (Fault.CRASH_AFTER, Fault.OLDER_BACKUP, Fault.FORGOTTEN_TERMS),
    "R19": (Fault.SUSPEND, Fault.REVOKE),
    "B1": (Fault.DISK_FULL, Fault.CRASH_BEFORE, Fault.CRASH_AFTER),
    "B2": LETTERS,
    "W1": (Fault.DISK_FULL, Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.DUPLICATE),
    "W2": (Fault.DELAY, Fault.DROP, Fault.REVOKE),
}
#: What the figures rest on; printed beside them.
ASSUMPTIONS = (
    "the node's worker, decisions, messages and coordinator are the real ones; case files and cores are in memory",
    "each twentieth seed runs on the shipped contracts on the EVM, the others on a twin that is held equal to them",
    "no reorganization reaches a final block; of three endpoints at most one lies or lags, and two must agree",
    "an older backup is of the node's own files, also before exact terms or the case; its core forgets nothing",
    "terms that both custodians' files forgot before a vote was final are known to a core's list of orders alone",
    "letters that tell a file again what it forgot are played by their outcome; a request that comes again is not",
    "one receiver or two, and at most one further voter; letters about batches are the nodes' own, carried unsealed",
    "what was posted goes back of each receiver once, in part, without further voters; its files are opened at once",
    "a wallet is played by a key that no node has; whether a contract says yes is another test",
    "crashes end a process between its effects, not the machine: kills of real processes are another test",
)


_QUIET = logging.NullHandler()


@dataclass
class Simulated:
    """What so many seeds came to."""

    seeds: int = 0
    on_evm: int = 0
    safety: int = 0
    violating: list[tuple[int, str]] = field(default_factory=list)
    stuck: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    seen: Counter[tuple[str, Fault]] = field(default_factory=Counter)
    returned: int = 0  # rollovers by which what came went back, to their end
    by_wallet: int = 0  # rollovers that a wallet voted for and that were committed
    several: int = 0  # rollovers with two receivers that were committed
    batches: Counter[str] = field(default_factory=Counter)  # what became of them, and of what did not fit
    seconds: float = 0

    def add(self, told: Outcome) -> None:
        """One more."""
        self.seeds += 1
        self.on_evm += told.engine == "evm"
        self.safety += told.mode == "safety"
        if told.violation is not None:
            self.violating.append((told.seed, told.violation))
        if told.stuck:
            self.stuck.append((told.seed, told.stuck))
        self.ends.update(told.ends)
        self.returned += told.returned
        self.by_wallet += told.by_wallet
        self.several += told.several
        self.batches.update(told.batches)
        self.seen.update(told.seen)

    @property
    def is_good(self) -> bool:
        return not self.violating and not self.stuck

    def coverage(self) -> dict[str, dict[str, int]]:
        """How often each fault was met at each boundary where it can be."""
        return {
            boundary: {fault.value: self.seen[boundary, fault] for fault in faults}
            for boundary, faults in APPLICABLE.items()
        }

    def unmet(self) -> list[str]:
        """What no seed met."""
        return [f"{at}: {fault}" for at, faults in self.coverage().items() for fault, met in faults.items() if not met]


def simulate(
    seeds: range, *, evm: bool = False, evm_every: int = 20, assembled: Assembled = as_it_is, most_bad: int = 20
) -> Simulated:
    """Play these seeds, each ``evm_every``-th on the EVM, until so many went wrong."""
    begun, told = time.perf_counter(), Simulated()
    logging.getLogger("open401k.node").addHandler(_QUIET)  # what it warns of is what is played
    for seed in seeds:
        told.add(play(seed, evm=evm or (evm_every > 0 and seed % evm_every == 0), assembled=assembled))
        if len(told.violating) + len(told.stuck) >= most_bad:
            break
    told.seconds = time.perf_counter() - begun
    return told


def play(seed: int, *, evm: bool = False, assembled: Assembled = as_it_is) -> Outcome:
    """One seed: always the same."""
    return Run(seed, evm=evm, assembled=assembled).play()
