"""Commands of who runs a chain of the rails: begin it, serve it. Not here: the chain (rails/chain), what it answers."""

from pathlib import Path
from typing import Annotated

import typer

from open401k.kernel import SystemClock, SystemRandom

from .say import BadInputError, Voice
from .wiring import HOST, Host, Json, wiring_of

PORT = 4011
commands = typer.Typer(no_args_is_help=True, help="A chain of the rollover rails, as its operator runs it.")
Port = Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")]


@commands.command()
def init(
    context: typer.Context,
    council: Annotated[Path, typer.Option(help="A file with the council: seats, of, delay_days, bank.")],
    chain_id: Annotated[int, typer.Option(min=1, max=2**53 - 1, help="The chain's number, for good.")] = 401,
    json: Json = False,
) -> None:
    """Begin a chain, with the contracts of a network. Again: go on where it stopped; what is there stays."""
    from open401k.rails.chain.durable import durable_chain, prepare
    from open401k.rails.chain.founding import found, read_charter

    try:
        charter = read_charter(council.read_text())
    except (OSError, UnicodeDecodeError) as why:
        raise BadInputError(f"{council} cannot be read: {why}.", fix="Name the council's file.") from None
    now = int(SystemClock().now().timestamp())
    with wiring_of(context).chain_url() as url:
        prepare(url)
        with durable_chain(url, now=lambda: now, chain_id=chain_id, begun_at=now) as chain:
            was_there = bool(chain.kept.contracts())
            found_at = found(chain, charter, secret=SystemRandom().token(32))
            head = chain.head()
    told = {name: "0x" + address.hex() for name, address in found_at.items()}
    voice = Voice(json)
    voice.tell({"chain_id": chain_id, "block": head.number, "was_there": was_there, "contracts": told})
    voice.table(("Contract", "Address"), list(told.items()), empty="No contract.")
    voice.line(f"Chain {chain_id} {'was begun before' if was_there else 'is begun'}. Serve it: open401k chain serve")


@commands.command()
def serve(
    context: typer.Context,
    host: Host = HOST,
    port: Port = PORT,
    allow_deployments: Annotated[
        bool, typer.Option("--allow-deployments", help="Take contracts of others, too; for trying.")
    ] = False,
) -> None:
    """Serve the chain over JSON-RPC. Put the port where only members of the network reach it."""
    wiring_of(context).serve_chain(host=host, port=port, voice=Voice(as_json=False), deployments=allow_deployments)
