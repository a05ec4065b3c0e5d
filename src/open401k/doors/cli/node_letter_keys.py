"""Commands about keys that sign a node's letters by its wallet's word. Not here: signing keys (node_running.py)."""

from datetime import UTC, datetime
from json import dumps
from typing import Annotated

import typer

from open401k.kernel import Open401kError

from .node_running import CONFIG, Config, process_of
from .say import BadInputError, Voice
from .wiring import Json

commands = typer.Typer(
    no_args_is_help=True, help="Keys that sign letters where the member's wallet is a contract or a passkey."
)
Key = Annotated[str, typer.Option("--key", help="A key of the node (open401k node key list); else the newest.")]
_MOST_DAYS = 3_660


@commands.command()
def ask(
    context: typer.Context,
    key: Key = "",
    days: Annotated[int, typer.Option(min=1, max=_MOST_DAYS, help="How long it is to hold.")] = 365,
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Print what the member's wallet is to sign (EIP-712), and its digest."""
    from open401k.rails.node.vouching import Vouched, typed_data

    with process_of(context, config) as process:
        named = _octets(key, "--key", 20) if key else process.hands.addresses()[-1]
        until = process.around.seconds() + days * 86_400
        member, domain = process.config.member, process.domain
    digest = Vouched(member, named, until, b"").digest(domain)
    typed = typed_data(member, named, until, domain)
    voice = Voice(json)
    voice.tell({"typed_data": typed, "digest": _hex(digest), "key": _hex(named), "until": until})
    voice.line(dumps(typed, indent=2))
    voice.line(f"Its digest is {_hex(digest)}.")
    voice.line(f"Then: open401k node letter-key put --key {_hex(named)} --until {until} --signature 0x...")


@commands.command()
def put(
    context: typer.Context,
    signature: Annotated[str, typer.Option(help="The wallet's signature, in hexadecimal.")],
    until: Annotated[int, typer.Option(min=1, help="As it was asked for: seconds since 1970.")],
    key: Annotated[str, typer.Option("--key", help="As it was asked for.")],
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Keep what the wallet signed; the network and the wallet are asked whether it holds. Letters go by it at once."""
    from open401k.rails.node.core import SilentError
    from open401k.rails.node.office import words_of
    from open401k.rails.node.vouching import Vouched, keep

    with process_of(context, config) as process:
        word = Vouched(process.config.member, _octets(key, "--key", 20), until, _octets(signature, "--signature"))
        try:
            keep(process.files, word, hands=process.hands, words=words_of(process), at=process.around.seconds())
        except SilentError as why:
            raise Open401kError(f"The network does not answer: {why}", fix="Try again when it does.") from why
    voice = Voice(json)
    voice.tell({"key": _hex(word.key), "until": until})
    voice.line(f"{_hex(word.key)} signs this member's letters until {_day(until)}.")


@commands.command("list")
def list_(context: typer.Context, config: Config = CONFIG, json: Json = False) -> None:
    """Every key that the wallet vouched for."""
    from open401k.rails.node.vouching import letter_keys

    with process_of(context, config) as process:
        found, now = letter_keys(process.files), process.around.seconds()
    voice = Voice(json)
    rows = [(_hex(each.key), _day(each.valid_until), "yes" if now < each.valid_until else "no") for each in found]
    voice.tell({"letter_keys": [dict(zip(("key", "until", "holds"), row, strict=True)) for row in rows]})
    voice.table(("Key", "Until", "Holds"), rows, empty="No wallet vouched for a key.")


def _octets(text: str, what: str, size: int | None = None) -> bytes:
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if not found or (size is not None and len(found) != size) or len(found) > 512:
        raise BadInputError(f"{what} is {size or 'up to 512'} bytes in hexadecimal.", fix=f"Say {what} 0x...")
    return found


def _day(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def _hex(told: bytes) -> str:
    return "0x" + told.hex()
