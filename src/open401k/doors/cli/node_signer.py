"""Commands of who runs a signer: prepare it, serve it, its keys, its log. Not here: the node (node_running.py)."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .node_running import CONFIG as NODE
from .say import Voice, counted
from .wiring import Json, wiring_of

if TYPE_CHECKING:
    from open401k.rails.node.signer.keys import KeyFile
    from open401k.rails.node.signer.settings import SignerPlace

CONFIG = Path("signer.toml")
Config = Annotated[Path, typer.Option("--config", help="The signer's settings.")]
commands = typer.Typer(no_args_is_help=True, help="A node's signer: a process of its own with the keys and a policy.")


@commands.command()
def init(context: typer.Context, config: Config = CONFIG, json: Json = False) -> None:
    """Prepare a signer: its settings to fill in, then its keys and log. Again: what is there stays."""
    from open401k.rails.node.signer import log
    from open401k.rails.node.signer.settings import TEMPLATE

    voice = Voice(json)
    if not config.exists():
        config.write_text(TEMPLATE)
        voice.tell({"written": str(config)})
        voice.line(f"Wrote {config}. Fill it in, then again: open401k node signer init --config {config}")
        return
    place = wiring_of(context).signer_at(config)
    if not place.config.log.exists() and not place.config.keys.exists():
        log.begin(place.config.log)
        _file(place).begin(at=place.seconds())
    _say(voice, place)
    voice.line(f"Then: open401k node signer serve --config {config}; in node.toml: "
               f'signer = "socket:{place.config.socket}"')  # fmt: skip


@commands.command()
def serve(context: typer.Context, config: Config = CONFIG) -> None:
    """Sign for the node until interrupted: what the policy allows, and nothing else."""
    import contextlib

    from open401k.rails.node.signer.serving import listening

    place, voice = wiring_of(context).signer_at(config), Voice(as_json=False)
    with listening(place.config, place.sealing, place.clock) as run:
        voice.line(f"A signer on {place.config.socket}. Stop with Ctrl-C.")
        with contextlib.suppress(KeyboardInterrupt):
            run()


@commands.command("keys")
def keys_(context: typer.Context, config: Config = CONFIG, json: Json = False) -> None:
    """The addresses of the signer's keys. A new signing key is made through the node: open401k node key add."""
    _say(Voice(json), wiring_of(context).signer_at(config))


@commands.command()
def take(
    context: typer.Context,
    config: Config = CONFIG,
    node: Annotated[Path, typer.Option("--node", help="The settings of the node whose keys it takes.")] = NODE,
    json: Json = False,
) -> None:
    """Take a node's signing keys and relay over: they lie with the signer then, and no more in the node's database.

    Stop both first. Again: what was taken stays.
    """
    from open401k.rails.node.sealed import SealedKeys
    from open401k.rails.node.signer.taking import taken_over
    from open401k.rails.node.vault import Vault

    place, voice = wiring_of(context).signer_at(config), Voice(json)
    with wiring_of(context).node_at(node) as theirs:
        around, files = theirs.around, theirs.around.deals(theirs.url)
        try:
            keys = SealedKeys(files, around.master, around.random)
            found = taken_over(keys, Vault(files, around.sealing), _file(place), at=place.seconds())
        finally:
            files.close()
    voice.tell({"taken": ["0x" + each.hex() for each in found]})
    voice.line(f'{counted(len(found), "key")} taken over. Now say in {node}: signer = "socket:{place.config.socket}"')


@commands.command()
def rewrap(context: typer.Context, config: Config = CONFIG, json: Json = False) -> None:
    """Seal the keys under the current master key; the former one is in OPEN401K_PREVIOUS_MASTER_KEYS."""
    changed = _file(wiring_of(context).signer_at(config)).rewrap()
    voice = Voice(json)
    voice.tell({"sealed_anew": changed})
    voice.line(f"{counted(changed, 'key')} sealed anew.")


@commands.command("log")
def log_(
    context: typer.Context,
    config: Config = CONFIG,
    last: Annotated[int, typer.Option("--last", min=0, help="How many of the newest are shown.")] = 20,
    after: Annotated[int, typer.Option("--after", min=0, help="Files up to this line are kept elsewhere.")] = 0,
    json: Json = False,
) -> None:
    """Check every line of what was signed, in all files, its hash and its signature, and show the newest."""
    from open401k.rails.node.signer.keys import Use
    from open401k.rails.node.signer.log import checked

    place, voice = wiring_of(context).signer_at(config), Voice(json)
    lines = checked(
        place.config.log, next(row.address for row in _file(place).rows() if row.use is Use.LOG), after=after
    )
    shown = lines[-last:] if last else []
    voice.tell({"lines": len(lines), "shown": [
        {"number": each.number, "at": each.at, "what": each.what, "key": each.key, "digest": each.digest,
         "about": dict(each.about)} for each in shown
    ]})  # fmt: skip
    rows = [(str(each.number), f"{datetime.fromtimestamp(each.at, UTC):%Y-%m-%d %H:%M:%S}", each.what,
             ", ".join(f"{name} {told}" for name, told in each.about.items())) for each in shown]  # fmt: skip
    voice.table(("Number", "When (UTC)", "What", "About"), rows, empty="Nothing was signed yet.")
    voice.line(f"{counted(len(lines), 'line')}, unbroken and signed.")


def _file(place: "SignerPlace") -> "KeyFile":
    from open401k.rails.node.signer.keys import KeyFile

    return KeyFile(place.config.keys, place.sealing)


def _say(voice: Voice, place: "SignerPlace") -> None:
    rows = [(str(row.use), "0x" + row.address.hex()) for row in _file(place).rows()]
    voice.tell({"socket": str(place.config.socket), "keys": [{"use": use, "address": at} for use, at in rows]})
    voice.table(("Use", "Address"), rows, empty="")
