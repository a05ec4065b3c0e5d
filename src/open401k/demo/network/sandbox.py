"""The network for trying in one command: everything new, in a folder of its own, until it is interrupted."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from open401k.base.db import EmbeddedServer
from open401k.kernel import Clock, Open401kError, Random

from . import founding
from ._store import new_database
from .companies import COMPANIES, NORTH, WEST, Company
from .hands import Hand, hands, wait_until
from .people import EXPLANATION, NINA, receiving, releasing
from .programs import Programs
from .trial import Trial, served, set_up

#: How many: the chain's, then a node's and a core's for each company.
PORTS = 7
_MARK = "a-network-for-trying"
Say = Callable[[str], None]


def run_network(folder: Path, *, first_port: int, random: Random, wall: Clock, say: Say) -> None:
    """Until it is interrupted, or one of its programs ends."""
    ports = range(first_port, first_port + PORTS)
    with network_for_trying(folder, ports=ports, random=random, wall=wall, say=say) as (trial, running):
        by = hands(trial, random)
        with suppress(KeyboardInterrupt):
            theirs = _begun(by, say)
            say("Stop with Ctrl-C.")
            while True:
                time.sleep(1)
                for name in running.names():
                    running.must_live(name)
                if by[WEST.slug].state(theirs) == "liquidating":
                    by[WEST.slug].ready(theirs)  # a sandbox sells at once


@contextmanager
def network_for_trying(
    folder: Path, *, ports: Sequence[int], random: Random, wall: Clock, say: Say, start: datetime | None = None,
    companies: Sequence[Company] = COMPANIES, plan_data: Path | None = None,
) -> Iterator[tuple[Trial, Programs]]:  # fmt: skip
    """A new network that runs; what was in the folder of an earlier one is thrown away.

    Without ``ports`` it takes free ones. ``start`` is the time that its clock begins with; ``plan_data`` is where the
    books of a company that is a plan are.
    """
    refuse_busy(ports)  # before anything is thrown away: programs of a network that was killed may still use it
    if _emptied(folder):
        say("The network of an earlier run is thrown away: this one begins anew.")
    with EmbeddedServer(folder / "databases") as server:
        say("Founding a network: council, rules, custodians, deposits ...")
        made = set_up(
            folder, lambda name: new_database(server.urls, name), random=random, wall=wall, ports=ports, start=start,
            companies=companies, plan_data=plan_data,
        )  # fmt: skip
        say("Starting its chain, three cores and three nodes ...")
        with served(made) as running:
            tell(made, say)
            yield made, running


def _begun(by: Mapping[str, Hand], say: Say) -> str:
    """Somebody's move that waits for their passkey; the case at its source."""
    west, north = by[WEST.slug], by[NORTH.slug]
    mine, reference = north.ask(
        west.seat, receiving(NINA, NORTH, member=north.seat.account.address, on=north.today)
    )  # fmt: skip
    wait_until(lambda: west.case_of(reference) is not None, "the request reaches the source", seconds=60)
    theirs = str(west.case_of(reference))
    west.put(theirs, releasing(NINA, WEST, on=west.today))
    west.explain(theirs, EXPLANATION)
    say(f"A participant's page: {north.link(mine)}")
    say(f"  {NINA.name} moves {NINA.account} at {WEST.name} to {NORTH.name}: choose a passkey there, read, and sign.")
    return theirs


def tell(trial: Trial, say: Say) -> None:
    """What runs where, and what to try."""
    folder = trial.folder
    say(f"Chain {trial.place.chain_id}: http://127.0.0.1:{trial.chain_port}")
    for seat in trial.seats:
        books = {"batch": f"files in {seat.files}", "plan": "the books of the plan here"}
        core = books.get(seat.company.core, seat.core_url)
        accounts = f", accounts {', '.join(seat.company.books)}" if seat.company.books else ""
        say(f"{seat.company.name}: node {seat.url}, core: {core}{accounts}")
        say(f"  its staff come in with the token {seat.token}")
    say(f"Keys of the council, the bank and the custodians: {folder / 'keys'}, passphrase: {founding.PASSPHRASE}")
    say(f"Try: open401k network show --network {folder / 'network.toml'}")
    say(f"     open401k network deposit show --network {folder / 'network.toml'}")


def refuse_busy(ports: Sequence[int]) -> None:
    """Refuse ports that somebody listens on, all at once."""
    busy = []
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                busy.append(str(port))
    if busy:
        raise Open401kError(
            f"{'Port' if len(busy) == 1 else 'Ports'} {', '.join(busy)} {'is' if len(busy) == 1 else 'are'} in use: "
            "by another network, or by what is left of one that was killed.",
            fix=f"Stop it with Ctrl-C where it runs, or end its programs (lsof -i :{busy[0]} names one); then again. "
            "Or name other ports: --rails-port of the demo, --port of the sandbox.",
        )


def _emptied(folder: Path) -> bool:
    """Make it a new folder; whether an earlier network was in it."""
    known = folder.exists() and any(folder.iterdir())
    if known:
        if not (folder / _MARK).exists():
            raise Open401kError(f"{folder} holds something else.", fix="Name an empty folder: --folder.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()
    return known
