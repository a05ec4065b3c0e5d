"""What the operator of a node sets: ``node.toml``, read once. Not here: keys (they lie sealed in the node's database).

An error names the file, the key, the reason and what to write. Nothing secret stands in the file: the core's token and
the database's address may come from the environment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from ..kinds import Kind
from ..messages import NOBODY, Role
from ..network_file import ChainAt, Contracts, Table, chain_at, contracts_at, read_toml
from .ballots import FURTHER
from .batching import MOST_BATCHED, Settings
from .codec import BadInputError
from .mail import MailAt, address
from .signing import Policy

HERE = ("localhost", "127.0.0.1", "::1")
DATABASE = "OPEN401K_NODE_DATABASE_URL"


@dataclass(frozen=True, slots=True)
class BankAt:
    """The bank behind the core, by files: we pay as the first three to the last three, the settlement bank."""

    folder: Path
    name: str
    account: str
    bank: str
    to_name: str
    to_account: str
    to_bank: str


@dataclass(frozen=True, slots=True)
class CoreAt:
    """The way into the custodian's core: ``rest``, ``batch``, ``plan``, or a function of somebody's package."""

    adapter: str
    url: str = ""
    token: str = field(default="", repr=False)
    seconds: int | float = 10
    folder: Path = Path("core-files")
    layout: str = "fixed"
    plan: str = ""
    #: Seconds between two files with orders.
    file_every: int = 3_600
    bank: BankAt | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """Another custodian's node: the member as the network knows it, where it answers, its mailbox's public key."""

    name: str
    member: bytes
    url: str
    mailbox: bytes
    contact: str = ""


@dataclass(frozen=True, slots=True)
class RulesAt:
    """A version of the network's rules: its number there, and what of it the law does not say."""

    number: int
    year: int
    min_level: int = 2
    most_total_cents: int = 10_000_000_00
    voters: Mapping[Kind, frozenset[Role]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """Everything that is set. ``attestor`` is the member as which this node attests identities, if it does;
    ``withholder`` takes the tax that is withheld, ``voters`` approve besides the custodians where the rules ask.
    """

    name: str
    member: bytes
    chain: ChainAt
    contracts: Contracts
    core: CoreAt
    rules: tuple[RulesAt, ...]
    policy: Policy = field(default_factory=Policy)
    batches: Settings | None = None
    peers: tuple[Peer, ...] = ()
    host: str = "127.0.0.1"
    port: int = 4012
    origin: str = ""
    database_url: str | None = field(default=None, repr=False)
    attestor: bytes | None = None
    #: For participants: whom they may ask, and how they get everything on paper.
    contact: str = ""
    paper: str = ""
    withholder: bytes = NOBODY
    voters: Mapping[Role, bytes] = field(default_factory=dict)
    #: Off unless it is set.
    mail: MailAt | None = None
    #: The socket of a signer in a process of its own; None: keys lie in the node's database.
    signer: Path | None = None
    #: Whether votes wait for a wallet of ours, where the network names a contract or a passkey and no key of the node.
    by_wallet: bool = False
    #: How many years records are kept beyond what the law asks, before they are erased; None: nothing is erased.
    more_years: int | None = None

    @property
    def shown_at(self) -> str:
        """Where browsers and peers come."""
        return self.origin or f"http://{'localhost' if self.host == '127.0.0.1' else self.host}:{self.port}"


def read_config(path: Path, environment: Mapping[str, str], *, production: bool = False) -> NodeConfig:
    """The settings of a node; the first thing that cannot be meant is a :class:`ConfigError`."""
    missing = f"Write one to fill in: open401k node init --config {path}"
    top = read_toml(path, missing=missing, fix="Write TOML (docs/howto/rails-node.md).")
    config = NodeConfig(
        name=top.text("name"),
        member=top.address("member"),
        chain=chain_at(top.table("chain")),
        contracts=contracts_at(top.table("contracts")),
        core=_core(top.table("core"), environment),
        rules=_rules(top),
        policy=_policy(top.table("policy", needed=False)),
        batches=_batches(top.table("batches")) if top.has("batches") else None,
        peers=_peers(top),
        contact=top.text("contact", ""),
        paper=top.text("paper", ""),
        voters=_voters(top.table("voters", needed=False)),
        mail=mail_at(top.table("mail"), environment) if top.has("mail") else None,
        host=top.text("host", "127.0.0.1"),
        port=top.whole("port", 4012, least=1, most=65_535),
        origin=top.origin("origin"),
        signer=_signer(top, path),
        by_wallet=_by_wallet(top),
        more_years=_more_years(top.table("retention")) if top.has("retention") else None,
        database_url=top.text("database_url", "") or None,
    )
    if top.has("attestor"):
        config = replace(config, attestor=top.address("attestor"))
    if top.has("withholder"):
        config = replace(config, withholder=top.address("withholder"))
    if environment.get(DATABASE):
        config = replace(config, database_url=environment[DATABASE])
    top.nothing_else()
    _refuse_twins(top, config)
    if production:
        _refuse_unsafe(top, config)
    return config


def _signer(top: Table, path: Path) -> Path | None:
    found = top.text("signer", "in-process")
    kind, _, place = found.partition(":")
    if found == "in-process":
        return None
    if kind != "socket" or not place:
        raise top.wrong("signer", f"{found[:60]!r} is none", 'Write "in-process", or "socket:/path" of a signer')
    return path.resolve().parent / place


def _by_wallet(top: Table) -> bool:
    found = top.text("votes_by", "key")
    if found not in ("key", "wallet"):
        fix = 'Write "key", or "wallet" where the network names a contract or a passkey for us'
        raise top.wrong("votes_by", f"{found[:60]!r} is none", fix)
    return found == "wallet"


def _bank(table: Table) -> BankAt:
    names = ("name", "account", "bank", "to_name", "to_account", "to_bank")
    found = BankAt(Path(table.text("folder")), *(table.text(name) for name in names))
    table.nothing_else()
    return found


def _core(table: Table, environment: Mapping[str, str]) -> CoreAt:
    adapter = table.text("adapter")
    found = CoreAt(adapter)
    if adapter == "rest":
        seconds = table.whole("seconds", 10, least=1, most=300)
        found = CoreAt(adapter, table.url("url"), _token(table, environment), seconds)
    elif adapter == "batch":
        layout = table.text("layout", "fixed")
        if layout not in ("fixed", "csv", "iso"):
            raise table.wrong("layout", f"{layout!r} is none", 'Write "fixed", "csv" or "iso"')
        every = table.whole("file_every", 3_600, least=1, most=86_400)
        found = CoreAt(adapter, folder=Path(table.text("folder")), layout=layout, file_every=every)
    elif adapter == "plan":
        found = CoreAt(adapter, plan=table.text("plan"))
    elif not re.fullmatch(r"[\w.]+:\w+", adapter):
        fix = 'Write "rest", "batch", "plan", or "package.module:function" of a function that answers a core'
        raise table.wrong("adapter", f"{adapter[:60]!r} is none", fix)
    if table.has("bank"):
        found = replace(found, bank=_bank(table.table("bank")))
    table.nothing_else()
    return found


def _token(table: Table, environment: Mapping[str, str]) -> str:
    name = table.text("token_env")
    if not environment.get(name):
        raise table.wrong("token_env", f"the environment has no {name}", f"Set {name} to the core's token")
    return environment[name]


def mail_at(table: Table, environment: Mapping[str, str]) -> MailAt:
    """Where mail goes, and as whom."""
    tls = table.text("tls", "starttls")
    if tls not in ("starttls", "tls", "none"):
        raise table.wrong("tls", f"{tls[:20]!r} is none", 'Write "starttls", "tls", or "none" for this very machine')
    username, password = table.text("username", ""), ""
    if username:
        name = table.text("password_env")
        password = environment.get(name, "")
        if not password:
            raise table.wrong("password_env", f"the environment has no {name}", f"Set {name} to the password")
        if tls == "none":
            raise table.wrong("tls", "a password would go in clear", 'Write "starttls" or "tls"')
    found = MailAt(
        table.text("host"),
        table.whole("port", 587, least=1, most=65_535),
        tls,
        _written(table, "from", table.text("from")),
        username,
        password,
        tuple(_written(table, "desk", each) for each in table.text("desk", "").split(",") if each.strip()),
        table.whole("seconds", 15, least=1, most=120),
    )
    table.nothing_else()
    return found


def _written(table: Table, key: str, given: str) -> str:
    try:
        return address(given)
    except BadInputError:
        raise table.wrong(key, f"{given[:60]!r} is no address", 'Write "name@example.org"') from None


def _policy(table: Table) -> Policy:
    usual = Policy()
    found = Policy(
        table.whole("most_cents", usual.most, least=1),
        table.whole("an_hour", usual.an_hour, least=1),
        table.whole("cents_an_hour", usual.cents_an_hour, least=1),
    )
    table.nothing_else()
    return found


def _batches(table: Table) -> Settings:
    usual = Settings(60)
    found = Settings(
        table.whole("window", usual.window, most=86_400),
        table.whole("answer", usual.answer, least=30, most=86_400),
        table.whole("least", usual.least, least=2, most=MOST_BATCHED),
        table.whole("most", usual.most, least=2, most=MOST_BATCHED),
    )
    if found.least > found.most:
        raise table.wrong("least", "is more than most", "Write least = 2, or a larger most")
    table.nothing_else()
    return found


def _more_years(table: Table) -> int:
    found = table.whole("more_years", 0, most=100)
    table.nothing_else()
    return found


def _rules(top: Table) -> tuple[RulesAt, ...]:
    found = []
    for each in top.tables("rules"):
        usual = RulesAt(0, 0)
        found.append(
            RulesAt(
                each.whole("number", least=1, most=2**32 - 1),
                each.whole("year", least=2026, most=2100),
                each.whole("min_level", usual.min_level, most=255),
                each.whole("most_total_cents", usual.most_total_cents, least=1),
                _asked(each.table("voters", needed=False)),
            )
        )
        each.nothing_else()
    if not found:
        raise top.wrong("rules", "there is none", "Write [[rules]] with number = 1 and year = 2026, as published")
    return tuple(found)


def _asked(table: Table) -> Mapping[Kind, frozenset[Role]]:
    """Who else approves of each kind of money, as the version was published: pre_tax = ["administrator"]."""
    names = {role.name.lower(): role for role in FURTHER}
    found: dict[Kind, frozenset[Role]] = {}
    for kind in Kind:
        if table.has(name := kind.name.lower()):
            told = table.told[name]
            if not isinstance(told, list) or not told or any(each not in names for each in told):
                raise table.wrong(name, "is no list of voters", f"Write {name} = [...] of: {', '.join(names)}")
            found[kind] = frozenset(names[each] for each in told)
    table.nothing_else()
    return found


def _voters(table: Table) -> Mapping[Role, bytes]:
    named = {role: role.name.lower() for role in (Role.ADMINISTRATOR, Role.DEPOSITORY)}
    found = {role: table.address(name) for role, name in named.items() if table.has(name)}
    table.nothing_else()
    return found


def _peers(top: Table) -> tuple[Peer, ...]:
    found = []
    for each in top.tables("peers"):
        mailbox = each.data("mailbox", 32, "mailbox's public key")
        found.append(
            Peer(each.text("name"), each.address("member"), each.url("url"), mailbox, each.text("contact", ""))
        )
        each.nothing_else()
    return tuple(found)


def _refuse_twins(top: Table, config: NodeConfig) -> None:
    members = [config.member, *(peer.member for peer in config.peers)]
    for member in members:
        if members.count(member) > 1:
            fix = "Name every member once; this node itself is no peer of its own"
            raise top.wrong("peers", f"0x{member.hex()} is named twice", fix)


def _refuse_unsafe(top: Table, config: NodeConfig) -> None:
    """In production nothing of a person goes over a wire in clear, but for this very machine."""
    urls = [(f"peers {place}.url", peer.url) for place, peer in enumerate(config.peers, 1)]
    urls += [("origin", config.shown_at), *([("core.url", config.core.url)] if config.core.url else [])]
    for key, url in urls:
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in HERE:
            raise top.wrong(key, "this is production, and it is not reached over TLS", "Write https://")
    if config.mail is not None and config.mail.tls == "none" and config.mail.host not in HERE:
        raise top.wrong("mail.tls", "this is production, and mail would go in clear", 'Write "starttls" or "tls"')
