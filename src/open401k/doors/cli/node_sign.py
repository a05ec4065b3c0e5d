"""Commands about what waits for the member's own wallet: a contract, or a passkey. Not here: letters."""

from datetime import UTC, datetime
from json import dumps
from typing import TYPE_CHECKING, Annotated

import typer

from open401k.kernel import Open401kError

from .node_letter_keys import _hex, _octets
from .node_running import CONFIG, Config, process_of
from .say import BadInputError, Voice
from .wiring import Json

if TYPE_CHECKING:
    from open401k.rails.node.wallet_putting import Shown

commands = typer.Typer(
    no_args_is_help=True, help="What waits for the member's own wallet, where that is a contract or a passkey."
)
Digest = Annotated[str, typer.Argument(help="The digest, or how it begins (8 digits or more).")]


@commands.command("list")
def list_(context: typer.Context, config: Config = CONFIG, json: Json = False) -> None:
    """What waits for the wallet, what ends first first."""
    from open401k.rails.node.wallet_putting import waiting

    with process_of(context, config) as process:
        found = waiting(process)
    voice = Voice(json)
    voice.tell({"waiting": [_record(each) for each in found]})
    rows = [(_hex(each.wanted.digest)[:18], each.told.what, each.wanted.case, each.told.due) for each in found]
    voice.table(("Digest", "What", "Case", "When"), rows, empty="Nothing waits for the wallet.")


@commands.command()
def show(context: typer.Context, digest: Digest, config: Config = CONFIG, json: Json = False) -> None:
    """What is to be signed, in words and as typed data (EIP-712), and what owners of a wallet with several sign."""
    from open401k.rails.node.core import SilentError
    from open401k.rails.node.wallet_putting import named, owners_form, shown

    with process_of(context, config) as process:
        one = shown(process, named(process, digest))
        try:
            owners_digest, owners_typed = owners_form(process, one)
        except SilentError as why:
            raise Open401kError(f"The network does not answer: {why}", fix="Try again when it does.") from why
    voice, wanted = Voice(json), one.wanted
    voice.tell(
        _record(one) | {"typed_data": one.told.typed, "owners_digest": _hex(owners_digest),
                        "owners_typed_data": owners_typed}
    )  # fmt: skip
    voice.line(f"{one.told.what}. {one.told.means}")
    voice.table(("What", "Value"), [*one.told.rows, ("When", one.told.due)], empty="")
    voice.line(f"The wallet 0x{wanted.wallet.hex()} signs this (EIP-712):")
    voice.line(dumps(one.told.typed, indent=2))
    if owners_typed is not None:
        voice.line("Each owner of this Safe signs this over it (EIP-712), and puts it in with --owner:")
        voice.line(dumps(owners_typed, indent=2))
    if wanted.signature is not None:
        voice.line("It is signed.")
        return
    voice.line(f"Owners who signed: {', '.join(map(_hex, one.owners)) or 'none'}.")
    voice.line(f"Then: open401k node sign put {_hex(wanted.digest)} --signature 0x...")


@commands.command()
def put(
    context: typer.Context,
    digest: Digest,
    signature: Annotated[str, typer.Option(help="The wallet's signature, or one owner's, in hexadecimal.")],
    owner: Annotated[str, typer.Option(help="The owner whose signature it is, of a wallet with several.")] = "",
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Put in what was signed; the network and the wallet are asked whether it holds. The node then goes on."""
    from open401k.rails.node import codec
    from open401k.rails.node.core import SilentError
    from open401k.rails.node.judging import NotNowError
    from open401k.rails.node.wallet_putting import named, put

    given = _octets(signature, "--signature")
    by = _octets(owner, "--owner", 20) if owner else None
    with process_of(context, config) as process:
        found = named(process, digest)
        try:
            done = put(process, found, given, by="command", owner=by)
        except codec.BadInputError as why:
            raise BadInputError(f"{why}.", fix=f"See what is signed: open401k node sign show {_hex(found)}") from why
        except NotNowError as why:
            raise Open401kError(f"{why}.", fix="See what waits: open401k node sign list") from why
        except SilentError as why:
            raise Open401kError(f"The network does not answer: {why}", fix="Try again when it does.") from why
    voice = Voice(json)
    voice.tell({"digest": _hex(found), "complete": done.is_complete, "owners": [_hex(each) for each in done.owners]})
    if done.is_complete:
        voice.line("The wallet signed it. The node goes on.")
    else:
        voice.line(f"Kept. Owners so far: {', '.join(map(_hex, done.owners))}; the wallet asks for more.")


def _record(one: "Shown") -> dict[str, object]:
    wanted = one.wanted
    until = None if wanted.until is None else datetime.fromtimestamp(wanted.until, UTC).isoformat()
    return {
        "digest": _hex(wanted.digest), "what": str(wanted.says), "case": wanted.case, "wallet": _hex(wanted.wallet),
        "until": until, "due": one.told.due, "words": [list(row) for row in one.told.rows],
        "means": one.told.means, "owners": [_hex(each) for each in one.owners],
        "is_signed": wanted.signature is not None,
    }  # fmt: skip
