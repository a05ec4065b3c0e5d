"""The network for trying, put together and run: a chain, and for each company a core, a node and a database of its own.

Not here: how it is founded, who the companies are, what moves between them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from open401k.base.sandbox import SandboxClock
from open401k.base.settings import Settings
from open401k.kernel import Clock, Random
from open401k.rails.keys import Key
from open401k.rails.network.place import Place, write_place
from open401k.rails.node.process import Around
from open401k.rails.node.process import prepare as prepare_node
from open401k.rails.node.sealed import SealedKeys
from open401k.rails.node.staff import Entrances, Role
from open401k.rails.node.vault import Vault

from . import founding
from .companies import COMPANIES, Company
from .programs import Launch, Programs, free_ports, launch, programs

HOST = "127.0.0.1"
#: The token that every stand-in for a core takes; known to everybody.
TOKEN = "sandbox-core"  # noqa: S105
#: The file of the clock that the chain and all nodes share; a test or a story moves it.
CLOCK = "clock"
#: Seconds between two blocks of an idle chain, and between two nights of an overnight core: a sandbox's day is short.
TICK, NIGHT = 1, 1
MakeDatabase = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Seat:
    """One company's place on this machine."""

    company: Company
    folder: Path
    database: str
    port: int
    core_port: int
    account: Key = field(repr=False)
    signer: bytes = b""
    mailbox: bytes = b""
    #: An operator's, who may do everything at its node.
    token: str = field(default="", repr=False)

    @property
    def files(self) -> Path:
        """The folder that it shares with an overnight core."""
        return self.folder / "files"

    @property
    def url(self) -> str:
        """Where its node answers."""
        return f"http://localhost:{self.port}"

    @property
    def core_url(self) -> str:
        """Where its core answers, if it is one that does."""
        return f"http://{HOST}:{self.core_port}"

    @property
    def settings(self) -> Mapping[str, str]:
        """What its node is told by the environment."""
        return {
            "OPEN401K_DATA_DIR": str(self.folder / "data"),
            "OPEN401K_NODE_DATABASE_URL": self.database,
            "OPEN401K_RAILS_CLOCK": str(self.folder.parent / CLOCK),
            "CORE_TOKEN": TOKEN,
        }


@dataclass(frozen=True, slots=True)
class Trial:
    """A network that stands; its programs are started by name."""

    folder: Path
    place: Place
    clock: SandboxClock
    chain_url: str
    chain_port: int
    year: int
    keys: Mapping[str, Key] = field(repr=False)
    seats: tuple[Seat, ...]

    def seat(self, slug: str) -> Seat:
        """The place of a company."""
        return next(each for each in self.seats if each.company.slug == slug)

    def start(self, running: Programs) -> None:
        """Everything, and wait until all answer."""
        self.start_chain(running)
        for seat in self.seats:
            self.start_core(running, seat)
        running.wait_for("chain", f"http://{HOST}:{self.chain_port}/health")
        for seat in self.seats:
            self.start_node(running, seat)
        for seat in self.seats:
            running.wait_for(f"node-{seat.company.slug}", f"{seat.url}/health")

    def start_chain(self, running: Programs) -> None:
        """The chain's process."""
        settings = {
            "OPEN401K_DATA_DIR": str(self.folder / "data"), "OPEN401K_CHAIN_DATABASE_URL": self.chain_url,
            "OPEN401K_RAILS_CLOCK": str(self.folder / CLOCK),
        }  # fmt: skip
        running.start("chain", ["chain", "serve", "--port", str(self.chain_port), "--tick", str(TICK)], settings)

    def start_core(self, running: Programs, seat: Seat) -> None:
        """A company's core, with books of its own."""
        books, accounts = seat.folder / "core.db", seat.folder / "accounts.json"
        accounts.write_text(json.dumps(seat.company.books))
        told = ["--books", str(books), "--accounts", str(accounts)]
        if seat.company.core == "batch":
            told = ["sandbox", "core-batch", "--folder", str(seat.files), "--every", str(NIGHT), *told]
        else:
            told = ["sandbox", "core-rest", "--port", str(seat.core_port), *told]
        running.start(f"core-{seat.company.slug}", told, {"OPEN401K_DATA_DIR": str(seat.folder / "data")})

    def start_node(self, running: Programs, seat: Seat) -> None:
        """A company's node."""
        told = ["node", "serve", "--config", str(seat.folder / "node.toml")]
        running.start(f"node-{seat.company.slug}", told, seat.settings)


def set_up(
    folder: Path, make_database: MakeDatabase, *, random: Random, wall: Clock, start: datetime | None = None,
    ports: Sequence[int] = (), companies: Sequence[Company] = COMPANIES,
) -> Trial:  # fmt: skip
    """Make databases, keys and settings, and found the network. Ports: the chain's, then a node's and a core's each.

    ``start`` is what the network's clock shows at first; without it that is ``wall``'s time.
    """
    clock = SandboxClock(folder / CLOCK, start=start or wall.now(), wall=wall)
    told = list(ports) or free_ports(1 + 2 * len(companies))
    keys = founding.keys(folder / "keys", companies, random)
    seats = tuple(
        _seat(folder / each.slug, each, make_database, keys, told[1 + 2 * place : 3 + 2 * place], random, clock)
        for place, each in enumerate(companies)
    )
    chain_url, shown_at = make_database("chain"), f"http://{HOST}:{told[0]}"
    joining = [founding.Joining(each.company, each.account, each.signer) for each in seats]
    now = int(clock.now().timestamp())
    place = founding.found_network(chain_url, shown_at=shown_at, now=now, keys=keys, joining=joining, random=random)
    contracts = {"network": place.network, "rollover": place.rollover, "deposit_token": place.token}
    (folder / "network.toml").write_text(write_place(place.chain_id, shown_at, contracts))
    trial = Trial(folder, place, clock, chain_url, told[0], founding.year_of(now), keys, seats)
    for seat in seats:
        (seat.folder / "node.toml").write_text(_node_toml(trial, seat))
    return trial


@contextmanager
def served(trial: Trial, start: Launch = launch) -> Iterator[Programs]:
    """The whole network as processes; stopped at the end."""
    with programs(trial.folder / "logs", start) as running:
        trial.start(running)
        yield running


def _seat(
    folder: Path, company: Company, make_database: MakeDatabase, keys: Mapping[str, Key], ports: Sequence[int],
    random: Random, clock: Clock,
) -> Seat:  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    database = make_database(company.slug)
    made = Seat(company, folder, database, ports[0], ports[1], keys[f"account-{company.slug}"])
    master = Settings.from_env(dict(made.settings)).master_keys(random)
    around = Around(master, random, clock)
    prepare_node(database, around)
    files = around.deals(database)
    try:
        (signer,) = SealedKeys(files, master, random).addresses()
        mailbox = Vault(files, around.sealing).mailboxes()[0].public
        token = Entrances(files, random).add("the sandbox", Role.OPERATOR, days=3_660, at=around.seconds()).secret
    finally:
        files.close()
    return replace(made, signer=signer, mailbox=mailbox, token=token)


def _node_toml(trial: Trial, seat: Seat) -> str:
    lines = [
        f'name = "{seat.company.name}"',
        f'member = "0x{seat.account.address.hex()}"',
        f'attestor = "0x{seat.account.address.hex()}"',
        f'host = "{HOST}"',
        f"port = {seat.port}",
        f'origin = "{seat.url}"',
        "",
        (trial.folder / "network.toml").read_text(),
        "[[rules]]",
        "number = 1",
        f"year = {trial.year}",
        f"most_total_cents = {founding.MOST_CENTS}",
        "",
        "[core]",
    ]
    if seat.company.core == "batch":
        lines += ['adapter = "batch"', f'folder = "{seat.files}"', f"file_every = {NIGHT}"]
    else:
        lines += ['adapter = "rest"', f'url = "{seat.core_url}"', 'token_env = "CORE_TOKEN"']
    for other in trial.seats:
        if other is not seat:
            lines += [
                "", "[[peers]]", f'name = "{other.company.name}"', f'member = "0x{other.account.address.hex()}"',
                f'url = "{other.url}"', f'mailbox = "0x{other.mailbox.hex()}"',
            ]  # fmt: skip
    return "\n".join(lines) + "\n"
