"""What commands about a network share: which network, whose key, what is read from a file or typed."""

import getpass
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .say import BadInputError

if TYPE_CHECKING:
    from open401k.rails.keys import Key
    from open401k.rails.network.place import There

PASSPHRASE = "OPEN401K_KEY_PASSPHRASE"  # noqa: S105 (the name of a setting)
NetworkFile = Annotated[Path, typer.Option("--network", help="The network's file, or a node's: chain and contracts.")]
NETWORK = Path("network.toml")
KeyFile = Annotated[Path, typer.Option("--key", help=f"The key's file; its passphrase is asked for, or {PASSPHRASE}.")]


@contextmanager
def connected(network: Path) -> Iterator["There"]:
    """The network of a file, asked at its endpoints."""
    from open401k.rails.network.place import There, read_place

    place = read_place(network)
    chain = place.connect(wait=time.sleep)
    try:
        yield There(chain, place)
    finally:
        chain.close()


def key_of(path: Path) -> "Key":
    """The key of a file."""
    from open401k.rails.network.keyfile import read

    return read(path, passphrase_for(path))


def passphrase_for(path: Path) -> str:
    """From the environment, or typed where somebody can."""
    told = os.environ.get(PASSPHRASE)
    if told is not None:
        return told
    if not sys.stdin.isatty():
        raise BadInputError(f"No passphrase for {path}.", fix=f"Set {PASSPHRASE}, or run it in a terminal.")
    return getpass.getpass(f"Passphrase of {path}: ")


def address(text: str, what: str) -> bytes:
    """An address that was typed."""
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", text) or not int(text, 16):
        raise BadInputError(f"{what}: {text!r} is no address.", fix="Write 0x and 40 digits.")
    from open401k.rails.keys import is_precompile

    if is_precompile(found := bytes.fromhex(text[2:])):
        raise BadInputError(
            f"{what}: {text} is nobody's, the chain itself answers there.", fix="Write the address of a key or wallet."
        )
    return found


def digest(text: str, what: str) -> bytes:
    """Thirty-two bytes that were typed."""
    if not re.fullmatch(r"0x[0-9a-fA-F]{64}", text):
        raise BadInputError(f"{what}: {text!r} is no id.", fix="Write 0x and 64 digits.")
    return bytes.fromhex(text[2:])


def text_of(path: Path) -> str:
    """What a file holds."""
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as why:
        raise BadInputError(f"{path} cannot be read: {why}.", fix="Name the file.") from None


def written(path: Path, text: str, *, anew: bool) -> None:
    """Write a file whole or not at all; ``anew`` refuses one that is there."""
    if anew and path.exists():
        raise BadInputError(f"There is a {path} already.", fix="Name another file, or remove that one.")
    beside = path.with_name(path.name + ".part")
    try:
        beside.write_text(text)
        beside.replace(path)
    except OSError as why:
        raise BadInputError(f"{path} cannot be written: {why}.", fix="Name a file in a folder that is there.") from None


def day(text: str, what: str) -> date:
    """A day that was typed."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInputError(f"{what}: {text!r} is no day.", fix="Write it as 2027-12-31.") from None
