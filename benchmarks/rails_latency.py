"""From the last signature to both ledgers posted: a chain, two nodes and their cores as processes of their own.

The clock starts when the receiving node has signed its approval and kept it, before it is sent; it ends when both nodes
have noted what their cores booked. Not here: gas, rates (rails.py).
"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from open401k.base.db import EmbeddedServer
from open401k.base.settings import Settings
from open401k.demo.network._store import new_database
from open401k.demo.network.companies import EAST, NORTH
from open401k.demo.network.hands import Hand, hands, wait_until
from open401k.demo.network.people import NINA, receiving, releasing
from open401k.demo.network.trial import Trial, served, set_up
from open401k.kernel import SystemClock, SystemRandom
from open401k.rails.keys import Key
from open401k.rails.node.cases import State
from open401k.rails.node.kept_deals import KeptDeals
from open401k.rails.node.process import Around

RANDOM = SystemRandom()
#: A dollar of one kind, again and again.
MOVER = replace(NINA, account="E-2001", into="N-1001", pre_tax_cents=1_00, roth_cents=0)


def seconds_to_both_ledgers(rollovers: int) -> list[float]:
    """How long each took, one after the other."""
    with tempfile.TemporaryDirectory() as place, EmbeddedServer(Path(place) / "databases") as server:
        trial = set_up(
            Path(place), lambda name: new_database(server.urls, name), random=RANDOM, wall=SystemClock(),
            companies=(EAST, NORTH),
        )  # fmt: skip
        by = hands(trial, RANDOM)
        with served(trial):
            return [_one(trial, by["east"], by["north"]) for _ in range(rollovers)]


def median(told: list[float]) -> float:
    """Of the seconds."""
    return statistics.median(told)


def _one(trial: Trial, east: Hand, north: Hand) -> float:
    participant = Key(RANDOM.token(32))
    half = receiving(MOVER, NORTH, member=north.seat.account.address, on=north.today, key=participant.address)
    here, reference = north.ask(east.seat, half)
    wait_until(lambda: east.case_of(reference) is not None, "the request")
    there = str(east.case_of(reference))
    east.put(there, releasing(MOVER, EAST, on=east.today))
    wait_until(lambda: north.state(here) == "prevalidated", "both halves in order")
    north.sign(here, participant)
    wait_until(lambda: east.state(there) == "liquidating", "the election at the source")
    source, receiver = _files(trial, "east"), _files(trial, "north")
    try:
        east.ready(there)
        _until(receiver, here, State.VOTED, State.POSTED)
        signed = time.monotonic()
        _until(receiver, here, State.POSTED)
        _until(source, there, State.POSTED)
        return time.monotonic() - signed
    finally:
        source.close()
        receiver.close()


def _files(trial: Trial, slug: str) -> KeptDeals:
    seat = trial.seat(slug)
    master = Settings.from_env(dict(seat.settings)).master_keys(RANDOM)
    return Around(master, RANDOM, SystemClock()).deals(seat.database)


def _until(files: KeptDeals, case: str, *states: State) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with files.begin() as unit:
            if unit.case(case).state in states:
                return
        time.sleep(0.003)
    raise TimeoutError(f"{case} is not {states[0]} after a minute")
