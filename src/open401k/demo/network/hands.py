"""What people and systems of a custodian do at its node: ask, tell facts, sign, have the cash. Not here: its work.

They act in the node's own database by the same verbs as its API; the node's process does the rest.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date

from eth_hash.auto import keccak

from open401k.base.sandbox import SandboxClock
from open401k.base.settings import Settings
from open401k.kernel import Open401kError, Random, SystemClock
from open401k.rails.keys import Key
from open401k.rails.node import deals
from open401k.rails.node.cases import Case
from open401k.rails.node.config import read_config
from open401k.rails.node.core import Account, Refused
from open401k.rails.node.deal import Deal
from open401k.rails.node.elections import attested_by, digest_of
from open401k.rails.node.halves import Half, ReceivingHalf
from open401k.rails.node.office import Office
from open401k.rails.node.process import Around, Process, opened

from .trial import CLOCK, Seat, Trial

Found = Callable[[], bool]


@dataclass
class Hand:
    """One custodian's."""

    seat: Seat
    process: Process
    office: Office

    @property
    def today(self) -> date:
        """The day of its desk."""
        return self.office.desk.today

    def ask(self, case: str, source: bytes, half: ReceivingHalf) -> Deal:
        """Somebody asks us to receive; the node carries the letter."""
        with self.process.files.begin() as unit:
            return deals.request(unit, self.office.desk, case, source=source, half=half)

    def put(self, case: str, half: Half) -> Deal:
        """Our half of the facts."""
        with self.process.files.begin() as unit:
            return deals.put_facts(unit, self.office.desk, case, half)

    def sign(self, case: str, participant: Key) -> Deal:
        """The participant signs the election; this custodian vouches for the key."""
        desk = self.office.desk
        with self.process.files.begin() as unit:
            election = deals.election_of(unit, desk, case)
            proof = unit.deal(case).receiving
        if proof is None or proof.proof is None:
            raise Open401kError(f"Nobody proved the person of case {case}.", fix="Put the proof into the facts.")
        attestation, attested = attested_by(
            self.process.key_in_use(), attestor=desk.us, participant=election.participant, proof=proof.proof,
            evidence=keccak(desk.random.token(32)), domain=desk.domain,
        )  # fmt: skip
        signature = participant.sign(digest_of(election, desk.domain))
        with self.process.files.begin() as unit:
            return deals.elect(unit, desk, case, signature=signature, attestation=attestation, attested=attested)

    def ready(self, case: str) -> None:
        """The cash is there: exact terms are made and sent."""
        with self.process.files.begin() as unit:
            deals.ready(unit, self.office.desk, case)

    def file(self, case: str) -> Case:
        """The case as it is on file."""
        with self.process.files.begin() as unit:
            return unit.case(case)

    def deal(self, case: str) -> Deal:
        """What is known of it."""
        with self.process.files.begin() as unit:
            return unit.deal(case)

    def case_of(self, reference: bytes) -> str | None:
        """Our case about what both sides call this."""
        with self.process.files.begin() as unit:
            return next((deal.case for deal in unit.deals() if deal.reference == reference), None)

    def core(self, account: str) -> Account | Refused:
        """What our core says of an account."""
        return self.process.node.core.look_up(account)


@contextmanager
def hands(trial: Trial, random: Random) -> Iterator[Mapping[str, Hand]]:
    """Those of every custodian, by its short name."""
    with ExitStack() as until_then:
        yield {seat.company.slug: until_then.enter_context(_hand(trial, seat, random)) for seat in trial.seats}


def wait_until(happened: Found, what: str, *, seconds: float = 30.0) -> float:
    """Look until it has happened; how many seconds that took."""
    start = time.monotonic()
    while not happened():
        if time.monotonic() - start > seconds:
            raise Open401kError(f"Not within {seconds:.0f} s: {what}.", fix="Look at the logs of the programs.")
        time.sleep(0.02)
    return time.monotonic() - start


@contextmanager
def _hand(trial: Trial, seat: Seat, random: Random) -> Iterator[Hand]:
    environment = os.environ | dict(seat.settings)
    clock = SandboxClock(trial.folder / CLOCK, start=trial.clock.now(), wall=SystemClock())
    around = Around(Settings.from_env(environment).master_keys(random), random, clock)
    with opened(read_config(seat.folder / "node.toml", environment), seat.database, around) as process:
        yield Hand(seat, process, Office(process))
