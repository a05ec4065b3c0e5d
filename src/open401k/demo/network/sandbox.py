"""The network for trying in one command: everything new, in a folder of its own, until it is interrupted."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from open401k.base.db import EmbeddedServer
from open401k.kernel import Clock, Open401kError, Random

from . import founding
from ._store import new_database
from .programs import Programs
from .trial import Trial, served, set_up

#: The chain's, then a node's and a core's for each company.
FIRST_PORT = 4030
_MARK = "a-network-for-trying"
Say = Callable[[str], None]


@contextmanager
def network_for_trying(
    folder: Path, *, first_port: int, random: Random, wall: Clock, say: Say
) -> Iterator[tuple[Trial, Programs]]:
    """A new network that runs; what was in the folder of an earlier one is thrown away."""
    _emptied(folder)
    with EmbeddedServer(folder / "databases") as server:
        say("Founding a network: council, rules, custodians, deposits ...")
        ports = range(first_port, first_port + 7)
        made = set_up(folder, lambda name: new_database(server.urls, name), random=random, wall=wall, ports=ports)
        say("Starting its chain, three cores and three nodes ...")
        with served(made) as running:
            tell(made, say)
            yield made, running


def tell(trial: Trial, say: Say) -> None:
    """What runs where, and what to try."""
    folder = trial.folder
    say(f"Chain {trial.place.chain_id}: http://127.0.0.1:{trial.chain_port}")
    for seat in trial.seats:
        core = f"files in {seat.folder / 'files'}" if seat.company.core == "batch" else seat.core_url
        accounts = ", ".join(seat.company.books)
        say(f"{seat.company.name}: node {seat.url}, core {core}, accounts {accounts}")
        say(f"  its staff come in with the token {seat.token}")
    say(f"Keys of the council, the bank and the custodians: {folder / 'keys'}, passphrase: {founding.PASSPHRASE}")
    say(f"Try: open401k network show --network {folder / 'network.toml'}")
    say(f"     open401k network deposit show --network {folder / 'network.toml'}")


def _emptied(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARK).exists():
            raise Open401kError(f"{folder} holds something else.", fix="Name an empty folder: --folder.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()
