"""Commands of who runs a custodian's node: prepare it, its keys, serve it, how it stands. Not here: cores (node.py)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .say import FAILED, BadInputError, Voice, counted
from .wiring import Json, wiring_of

if TYPE_CHECKING:
    from open401k.rails.node.process import Process
    from open401k.rails.node.report import Identity
    from open401k.rails.node.staff import Entrances

CONFIG = Path("node.toml")
Config = Annotated[Path, typer.Option("--config", help="The node's settings.")]
commands = typer.Typer()
keys = typer.Typer(no_args_is_help=True, help="Keys of a node: they lie sealed in its database.")
commands.add_typer(keys, name="key")
tokens = typer.Typer(no_args_is_help=True, help="Who may come in by a node's doors: staff and systems, by token.")
commands.add_typer(tokens, name="token")

TEMPLATE = """\
# A custodian's node (docs/howto/rails-node.md). Nothing secret stands here.
name = "Our Trust Company"
# Our address in the network, as its council admitted us.
member = "0x0000000000000000000000000000000000000000"
# Where this node answers, and how browsers and other nodes reach it.
host = "127.0.0.1"
port = 4012
# origin = "https://node.example.org"
# What participants read: whom they may ask, and how they get everything on paper.
contact = "800 555 0100"
paper = "Call 800 555 0100. Paper costs nothing."
# The member as which this node attests who its participants are, where it is the receiver.
# attestor = "0x..."
# A database of the node's own; or set OPEN401K_NODE_DATABASE_URL. Without either, an embedded one for trying.
# database_url = "postgresql://node@localhost/node"
# Who signs: keys in this node's database, for trying; or a signer in a process of its own (open401k node signer).
# signer = "socket:/run/open401k/signer.sock"
# Where the network names a contract wallet or a passkey for us, and no key of ours: votes wait for what it signs.
# votes_by = "wallet"

[chain]
id = 401
# With several endpoints, more than half must say alike; "agreeing" asks for more.
[[chain.endpoints]]
name = "operator"
url = "http://127.0.0.1:4011"

# As open401k chain init printed them.
[contracts]
network = "0x0000000000000000000000000000000000000000"
rollover = "0x0000000000000000000000000000000000000000"
deposit_token = "0x0000000000000000000000000000000000000000"

# The way into our core: "rest", "batch", or "package.module:function".
[core]
adapter = "rest"
url = "http://127.0.0.1:4022"
# The environment variable that holds the core's token.
token_env = "CORE_TOKEN"

# The versions of the network's rules, as its council published them.
[[rules]]
number = 1
year = 2026

# To settle several rollovers with one custodian in one transaction, if it is set there, too: seconds that one waits for
# others, and in which an offer is answered.
# [batches]
# window = 60
# answer = 600

# E-mail at each state to participants whose address our systems put, and to our desk; off without this table.
# A mail names nobody and carries no link. The password stands in the environment variable that is named.
# [mail]
# host = "smtp.example.org"
# port = 587
# tls = "starttls"              # or "tls"; "none" for a server on this very machine
# from = "rollovers@example.org"
# username = "node"
# password_env = "MAIL_PASSWORD"
# desk = "desk@example.org"     # several, with commas between them; or leave it out
# Each custodian with whom we exchange: what its "open401k node status" tells.
# [[peers]]
# name = "The Other Company"
# member = "0x..."
# url = "https://node.other.example"
# mailbox = "0x..."
"""


@commands.command()
def init(context: typer.Context, config: Config = CONFIG, json: Json = False) -> None:
    """Prepare a node: its settings to fill in, then its database and keys. Again: what is there stays."""
    voice = Voice(json)
    if not config.exists():
        config.write_text(TEMPLATE)
        voice.tell({"written": str(config)})
        voice.line(f"Wrote {config}. Fill it in, then again: open401k node init --config {config}")
        return
    with process_of(context, config) as process:
        from open401k.rails.node.report import identity_of

        _say(voice, identity_of(process))
    voice.line("Have the council admit the member with a signing key, and give the mailbox to other custodians.")
    voice.line(f"Then: open401k node serve --config {config}")


@commands.command()
def serve(context: typer.Context, config: Config = CONFIG) -> None:
    """Run the node until interrupted: follow its cases, exchange letters, answer its API. One process a node."""
    wiring_of(context).serve_node(config, voice=Voice(as_json=False))


@commands.command()
def status(context: typer.Context, config: Config = CONFIG, json: Json = False) -> None:
    """How the node stands: its keys, the network's word about it, what waits. Exit code 1 if it cannot sign."""
    from open401k.rails.node.report import report

    with process_of(context, config) as process:
        told = report(process)
    voice, at = Voice(json), told.network
    network = None
    if at is not None:
        network = {"block": at.block.number, "block_time": at.block.time, "member_until": at.until, "roles": at.roles,
                   "signer": _hex(at.signer)}  # fmt: skip
    voice.tell(
        _shown(told.identity)
        | {"can_sign": told.can_sign, "network": network, "silence": told.silence, "cases": told.cases,
           "acted_on": told.acted_on.number if told.acted_on else None, "exceptions": told.exceptions,
           "calls_waiting": told.calls, "transactions_waiting": told.transactions,
           "rules_published": {str(number): is_so for number, is_so in told.rules.items()}}
    )  # fmt: skip
    voice.table(("What", "Value"), list(_shown(told.identity).items()), empty="")
    if at is None:
        voice.line(f"The network does not answer: {told.silence}")
    else:
        until = datetime.fromtimestamp(at.until, UTC)
        voice.line(f"Final block {at.block.number}; member until {until:%Y-%m-%d}; signs by {_hex(at.signer)}")
        if not told.can_sign and not told.identity.signer_silence:
            voice.line("THIS NODE CANNOT SIGN: the network names no key of it, or the membership has ended.")
    for number in [number for number, is_so in told.rules.items() if not is_so]:
        voice.line(f"RULES {number} ARE NOT WHAT THE NETWORK PUBLISHED: compare [[rules]] with its motions.")
    if told.identity.signer_silence:
        voice.line(f"THIS NODE CANNOT SIGN: {told.identity.signer_silence}")
    voice.line(f"{counted(sum(told.cases.values()), 'case')}, {counted(told.exceptions, 'open exception')}.")
    if not told.can_sign:
        raise typer.Exit(FAILED)


@keys.command("list")
def list_(context: typer.Context, config: Config = CONFIG, json: Json = False) -> None:
    """The addresses of the node's keys, and its mailbox."""
    from open401k.rails.node.report import identity_of

    with process_of(context, config) as process:
        _say(Voice(json), identity_of(process))


@keys.command()
def add(
    context: typer.Context,
    config: Config = CONFIG,
    mailbox: Annotated[bool, typer.Option("--mailbox", help="A mailbox instead of a signing key.")] = False,
    json: Json = False,
) -> None:
    """Make one more key. A signing key is in use once the network names it, a mailbox once peers know it."""
    voice = Voice(json)
    with process_of(context, config) as process:
        at = process.around.seconds()
        made = process.vault.new_mailbox(at=at).public if mailbox else process.hands.make(at=at)
    voice.tell({"mailbox" if mailbox else "signing_key": _hex(made)})
    voice.line(_hex(made))


@keys.command()
def rewrap(context: typer.Context, config: Config = CONFIG, json: Json = False) -> None:
    """Seal everything under the current master key; the former one is in OPEN401K_PREVIOUS_MASTER_KEYS."""
    with process_of(context, config) as process:
        changed = process.keys.rewrap() + process.vault.rewrap() + process.files.rewrap()
    voice = Voice(json)
    voice.tell({"sealed_anew": changed})
    voice.line(f"{counted(changed, 'secret')} sealed anew.")


@tokens.command("add")
def add_token(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Whose it is: a person, or a system.")],
    role: Annotated[str, typer.Option(help="operator, system or auditor.")],
    days: Annotated[int, typer.Option(help="How long it holds.")] = 90,
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Make a token; it is shown once. Operators act, systems bring facts and read, auditors read."""
    from open401k.rails.node.staff import Role

    if role not in set(Role):
        raise BadInputError(f"There is no role {role!r}.", fix=f"Say one of: {', '.join(Role)}.")
    with process_of(context, config) as process:
        made = _entrances(process).add(name, Role(role), days=days, at=process.around.seconds())
    voice = Voice(json)
    voice.tell({"token_id": made.token.token_id, "name": made.token.name, "role": str(role), "secret": made.secret})
    voice.line(f"{made.token.token_id}, {role}, for {days} days. It is not shown again:")
    voice.line(made.secret)


@tokens.command("list")
def list_tokens(context: typer.Context, config: Config = CONFIG, json: Json = False) -> None:
    """Every token there was, without its secret."""
    with process_of(context, config) as process:
        found, now = _entrances(process).tokens(), process.around.seconds()
    voice = Voice(json)
    rows = [(each.token_id, each.name, str(each.role), _day(each.ends_at), "yes" if each.holds(now) else "no")
            for each in found]  # fmt: skip
    voice.tell({"tokens": [dict(zip(("token_id", "name", "role", "ends", "holds"), row, strict=True)) for row in rows]})
    voice.table(("Token", "Name", "Role", "Ends", "Holds"), rows, empty="No token yet.")


@tokens.command("revoke")
def revoke_token(
    context: typer.Context,
    token_id: Annotated[str, typer.Argument(help="As the list names it.")],
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """End a token at once."""
    with process_of(context, config) as process:
        _entrances(process).revoke(token_id, at=process.around.seconds())
    voice = Voice(json)
    voice.tell({"revoked": token_id})
    voice.line(f"{token_id} lets nobody in any more.")


def _entrances(process: "Process") -> "Entrances":
    from open401k.rails.node.staff import Entrances

    return Entrances(process.files, process.around.random)


def _day(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


@contextmanager
def process_of(context: typer.Context, config: Path) -> "Iterator[Process]":
    """A node over its database, prepared; closed at the end."""
    from open401k.rails.node.process import opened, prepare

    with wiring_of(context).node_at(config) as place:
        prepare(place.url, place.around, signer=place.config.signer)
        with opened(place.config, place.url, place.around) as process:
            yield process


def _say(voice: Voice, identity: "Identity") -> None:
    voice.tell(_shown(identity))
    voice.table(("What", "Value"), list(_shown(identity).items()), empty="")


def _shown(identity: "Identity") -> dict[str, Any]:
    found = [_hex(each) for each in identity.signing_keys]
    silence = {"signer_silence": identity.signer_silence} if identity.signer_silence else {}
    return silence | {
        "member": _hex(identity.member), "signing_keys": found, "relay": _hex(identity.relay),
        "mailbox": _hex(identity.mailbox),
    }  # fmt: skip


def _hex(told: bytes) -> str:
    return "0x" + told.hex()
