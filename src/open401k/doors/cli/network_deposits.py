"""Commands of a settlement bank and of who holds its deposits. Not here: rollovers, the bank's own books."""

from typing import Annotated

import typer

from open401k.kernel import Money

from .networks import NETWORK, KeyFile, NetworkFile, address, connected, key_of
from .say import BadInputError, Voice
from .wiring import Json

commands = typer.Typer(no_args_is_help=True, help="Deposits at the settlement bank, in cents.")
Holder = Annotated[
    str, typer.Argument(help="The holder's address, or coordinator: what holds money between two votes.")
]
Amount = Annotated[str, typer.Argument(help="Dollars and cents: 1234.50.")]
Reference = Annotated[str, typer.Option(help="The bank's own reference; each is used once.")]


@commands.command()
def admit(key: KeyFile, holder: Holder, network: NetworkFile = NETWORK, json: Json = False) -> None:
    """Let somebody hold deposits, or thaw them. By the bank's key."""
    from open401k.rails.network import deposits

    with connected(network) as there:
        is_new = deposits.admit(there, key_of(key), _holder(holder, there.place.rollover))
    _told({"admitted": True, "was_admitted": not is_new}, "Admitted." if is_new else "Admitted before.", json)


@commands.command()
def freeze(key: KeyFile, holder: Holder, network: NetworkFile = NETWORK, json: Json = False) -> None:
    """Stop a holder from paying and being paid; its balance stays. By the bank's key."""
    from open401k.rails.network import deposits

    with connected(network) as there:
        is_new = deposits.freeze(there, key_of(key), _holder(holder, there.place.rollover))
    _told({"frozen": True, "was_frozen": not is_new}, "Frozen." if is_new else "It may not hold anything anyway.", json)


@commands.command()
def mint(
    key: KeyFile,
    holder: Holder,
    amount: Amount,
    reference: Reference,
    network: NetworkFile = NETWORK,
    json: Json = False,
) -> None:
    """The bank has received this money for a holder. Again under the same reference: nothing happens."""
    from open401k.rails.network import deposits

    with connected(network) as there:
        to = _holder(holder, there.place.rollover)
        is_new = deposits.mint(there, key_of(key), to, _money(amount), reference)
    _told({"minted": True, "was_minted": not is_new}, "Minted." if is_new else "Minted before.", json)


@commands.command()
def redeem(
    key: KeyFile, amount: Amount, reference: Reference, network: NetworkFile = NETWORK, json: Json = False
) -> None:
    """Give up a claim, which the bank pays out. By the holder's key. Again: nothing happens."""
    from open401k.rails.network import deposits

    with connected(network) as there:
        is_new = deposits.redeem(there, key_of(key), _money(amount), reference)
    _told({"redeemed": True, "was_redeemed": not is_new}, "Redeemed." if is_new else "Redeemed before.", json)


@commands.command()
def allow(
    key: KeyFile,
    amount: Annotated[str, typer.Argument(help="Dollars and cents, or any.")] = "any",
    network: NetworkFile = NETWORK,
    json: Json = False,
) -> None:
    """Let the coordinator take what this wallet's owner has voted to release. By the holder's key."""
    from open401k.rails.network import deposits

    most = None if amount == "any" else _money(amount)
    with connected(network) as there:
        is_new = deposits.allow(there, key_of(key), most)
    _told({"allowed": most, "was_allowed": not is_new}, "Allowed." if is_new else "Allowed before.", json)


@commands.command()
def show(network: NetworkFile = NETWORK, json: Json = False) -> None:
    """Who holds how much, and that it is all there is."""
    from open401k.rails.network import deposits

    with connected(network) as there:
        found, supply = deposits.holders(there)
        coordinator = there.place.rollover
    voice = Voice(json)
    total = sum((each.balance for each in found), Money(0))
    voice.tell({"supply": supply, "held": total, "holders": [
        {"holder": "0x" + each.address.hex(), "balance": each.balance, "may_hold": each.may_hold,
         "allowed": "any" if each.allowed is None else each.allowed} for each in found]})  # fmt: skip
    rows = [
        ("coordinator" if each.address == coordinator else "0x" + each.address.hex(), each.balance,
         "yes" if each.may_hold else "NO", "any" if each.allowed is None else str(each.allowed)) for each in found
    ]  # fmt: skip
    voice.table(("Holder", "Balance", "May hold", "Allowed"), rows, empty="No holder yet.")
    voice.line(f"All claims on the bank: {supply}; held: {total}.")
    if supply != total:
        raise typer.Exit(1)


def _holder(text: str, coordinator: bytes) -> bytes:
    return coordinator if text == "coordinator" else address(text, "the holder")


def _money(text: str) -> Money:
    try:
        return Money.usd(text)
    except ValueError as why:
        raise BadInputError(f"The amount: {why}.", fix="Write it like 1234.50.") from None


def _told(value: dict[str, object], words: str, as_json: bool) -> None:
    voice = Voice(as_json)
    voice.tell(value)
    voice.line(words)
