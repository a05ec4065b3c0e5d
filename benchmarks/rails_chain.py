"""How fast is a durable chain of our own? Rollovers a second, each in a block that is on disk, memory, disk, restart.

``python -m benchmarks rails-chain --settled 100000`` settles that many more and, each ``--every``, measures the same
again beside a fresh chain. ``--minutes`` ends it before: what was reached is a figure.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from benchmarks.memory import MIB, status
from benchmarks.report import Held, show
from benchmarks.runs import Stopwatch, Took
from tests.rails.world import BEGUN, CHAIN_ID, PRE_TAX, RELAY, Clock, World, found_on, leg
from tests.support.database import served

from open401k.rails.calls import call_of
from open401k.rails.chain import _store
from open401k.rails.chain.durable import durable_chain, prepare
from open401k.rails.chain.embedded import EmbeddedChain
from open401k.rails.transactions import signed

AT_ONCE = 250  # signed at once, outside the clock


@dataclass(frozen=True, slots=True)
class Rate:
    """Rollovers of one leg, each durable before the next: by the wall, and by the processors of both processes."""

    number: int
    wall: float
    processor: float

    @property
    def a_second(self) -> float:
        return self.number / self.wall

    @property
    def a_core_second(self) -> float:
        """What one core would do that has both the chain's process and its server."""
        return self.number / self.processor


@dataclass(frozen=True, slots=True)
class Growth:
    """So many more, measured again each so many; ended after so many seconds."""

    settled: int
    every: int
    seconds: float


@dataclass(slots=True)
class Settled:
    """A chain in a database, and what is settled on it."""

    world: World
    chain: EmbeddedChain
    url: str
    server: int
    settled: int = 0

    def signed(self, number: int) -> list[bytes]:
        first, told = self.chain.nonce(RELAY.address), []
        for place in range(number):
            case = self.world.case(leg(PRE_TAX, 1_00))
            data = call_of("settle(bytes,bytes)", case.encoded, self.world.encoded_approvals(case))
            to = self.world.rollover
            told.append(signed(RELAY, chain_id=CHAIN_ID, nonce=first + place, to=to, data=data, gas=1_000_000))
        return told

    def settle(self, number: int) -> Rate:
        wall = processor = 0.0
        for start in range(0, number, AT_ONCE):
            raws = self.signed(min(AT_ONCE, number - start))
            took = self._timed(raws)
            wall, processor = wall + took.wall, processor + took.processor
        self.settled += number
        return Rate(number, wall, processor)

    def grow(self, grows: Growth) -> Iterator[int]:
        """Settle more; how many more it has, each time that it is to be measured."""
        begun, past = time.monotonic(), 0
        while past < grows.settled and time.monotonic() - begun < grows.seconds:
            step = min(AT_ONCE, grows.settled - past)
            self.settle(step)
            past += step
            if past % grows.every < AT_ONCE or past == grows.settled or time.monotonic() - begun >= grows.seconds:
                yield past

    def _timed(self, raws: list[bytes]) -> Took:
        watch = Stopwatch(self.server)
        receipts = self.chain.send_raw(raws)
        took = watch.took()
        assert all(receipt.is_done for receipt in receipts)
        return took

    def disk(self) -> int:
        with psycopg.connect(self.url) as conn:
            return _store.disk_bytes(conn)


def measured(*, number: int, grows: Growth) -> Iterator[Held]:
    """The figures, with their limits."""
    clock = Clock()
    with served(durable=True) as running:
        url = _database(running.urls.superuser, "rails")
        with durable_chain(url, now=lambda: clock.now, chain_id=CHAIN_ID, begun_at=BEGUN) as chain:
            on = Settled(found_on(chain, clock), chain, url, running.server.pid or 0)
            on.settle(min(number, 25))  # code is read, statements are prepared
            before, memory, on.settled = on.disk(), status("VmRSS"), 0
            first = on.settle(number)
            yield _rate(first, "one-shot rollovers, one leg, each durable")
            grown = (status("VmHWM") - memory) / MIB
            yield Held("memory", f"{status('VmHWM') / MIB:.0f} MiB at most", f"{memory / MIB:.0f} MiB before", grown,
                       "MiB more", "<=", 96.0)  # fmt: skip
            each = (on.disk() - before) / number
            yield Held("disk", f"of {number:,} rollovers, history kept", "", each / 1_024, "KiB each", "<=", 32.0)
            for past in on.grow(grows):
                fresh_url = _database(running.urls.superuser, f"fresh_{past}")
                with durable_chain(fresh_url, now=lambda: clock.now, chain_id=CHAIN_ID, begun_at=BEGUN) as other:
                    yield _growth(on, Settled(found_on(other, clock), other, fresh_url, on.server), number, past)
                yield Held(f"memory after {past:,}", "", f"{memory / MIB:.0f} MiB before",
                           (status("VmHWM") - memory) / MIB, "MiB more", "<=", 96.0)  # fmt: skip
                each = (on.disk() - before) / on.settled
                figure = f"of {on.settled:,} rollovers, history kept"
                yield Held(f"disk after {past:,}", figure, "", each / 1_024, "KiB each", "<=", 32.0)
            head = chain.head(), chain.state_root()
        start = time.perf_counter()
        with durable_chain(url, now=lambda: clock.now) as again:
            assert (again.head(), again.state_root()) == head
            took = time.perf_counter() - start
        figure = "to the same head and state root, nothing replayed"
        yield Held("restart", figure, "", took * 1_000, "ms", "<=", 100.0)


def _database(superuser: str, name: str) -> str:
    with psycopg.connect(superuser, autocommit=True) as conn:
        conn.execute(f"create database {name}".encode())
    url = superuser.replace("/postgres?", f"/{name}?")
    prepare(url)
    return url


def _growth(old: Settled, fresh: Settled, number: int, settled: int) -> Held:
    """A chain with a past against one without, in turn: what else the machine does weighs on both."""
    fresh.settle(25)
    spent = {"old": 0.0, "fresh": 0.0}
    for _ in range(8):
        for name, each in (("old", old), ("fresh", fresh)):
            spent[name] += each.settle(max(1, number // 8)).processor
    figure, peer = (f"{spent[name] / (number // 8 * 8) * 1_000:.1f} ms of processors each" for name in spent)
    ratio = spent["old"] / spent["fresh"]
    return Held(f"after {settled:,} more", figure, f"a fresh chain, in turn: {peer}", ratio, "x", "<=", 1.3)


def _rate(rate: Rate, what: str) -> Held:
    figure = f"{what}: {rate.a_second:.1f}/s by the wall"
    return Held("rate on one core", figure, "", rate.a_core_second, "/s of both processes", ">=", 20.0)


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks rails-chain", description=__doc__)
    parser.add_argument("--number", type=int, default=500, help="rollovers to measure by")
    parser.add_argument("--settled", type=int, default=0, help="rollovers to settle before measuring again")
    parser.add_argument("--every", type=int, default=20_000, help="of these, measure again each so many")
    parser.add_argument("--minutes", type=float, default=600, help="settle no longer than that, measure what there is")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    grows = Growth(chosen.settled, chosen.every, chosen.minutes * 60)
    return show(measured(number=chosen.number, grows=grows), as_json=chosen.json)
