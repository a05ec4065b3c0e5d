"""What app.py knows how to do, as commands ask for it; and the options that commands share."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, cast

import typer

from open401k.base.selfcheck import Check

from ..provided import Services
from .say import Voice

if TYPE_CHECKING:
    from open401k.rails.node.placing import Place
    from open401k.rails.node.signer.settings import SignerPlace

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Port = Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")]
Host = Annotated[str, typer.Option(help="Address to listen on.")]
PORT = 4010
RAILS_PORT = 4030
HOST = "127.0.0.1"


class Wiring(Protocol):
    """What app.py knows how to do."""

    def open(self) -> AbstractContextManager[Services]:
        """Services over the configured database; an embedded one is started and stopped."""
        ...

    def serve(self, *, host: str, port: int, voice: Voice, day: bool, workers: int | None) -> None:
        """Serve until interrupted, and with ``day`` do the daily round beside it."""
        ...

    def demo(
        self, *, once: bool, reset: bool, host: str, port: int, voice: Voice, of_payrolls: bool = False,
        rollovers: bool = False, rails_port: int = 0,
    ) -> Any:  # fmt: skip
        """Play the demo; with ``once`` only play it, else serve afterwards."""
        ...

    def hand_out(self, folder: Path) -> Sequence[Path]:
        """Write the payroll files of the demo into a folder."""
        ...

    def chain_url(self) -> AbstractContextManager[str]:
        """The database of a chain of the rails; an embedded one is started and stopped."""
        ...

    def serve_chain(self, *, host: str, port: int, voice: Voice, deployments: bool, tick: int) -> None:
        """Serve that chain over JSON-RPC until interrupted; a block at least every so many seconds, 0: never."""
        ...

    def node_at(self, config: Path) -> AbstractContextManager["Place"]:
        """What a custodian's node runs on, as its settings say; an embedded database is started and stopped."""
        ...

    def signer_at(self, config: Path) -> "SignerPlace":
        """What a node's signer runs on, as its settings say."""
        ...

    def serve_node(self, config: Path, *, voice: Voice) -> None:
        """Run that node until interrupted."""
        ...

    def sandbox_network(self, folder: Path, *, first_port: int, voice: Voice) -> None:
        """Run a network for trying until interrupted; never in production."""
        ...

    def migrate(self) -> Sequence[str]:
        """Apply what is pending; the names of what was applied."""
        ...

    def inspect(self) -> Sequence[Check]:
        """What a server looks at before it serves, of a database of one's own; else nothing."""
        ...

    def address(self) -> str | None:
        """Where browsers come, as set or as a running server of this data directory says."""
        ...

    @property
    def production(self) -> bool:
        """Whether real people's money is meant."""
        ...

    @property
    def data_dir(self) -> Path:
        """Where an embedded server and its keys lie."""
        ...

    @property
    def database_url(self) -> str | None:
        """A server of one's own."""
        ...


def wiring_of(context: typer.Context) -> Wiring:
    """What ``run`` handed to the command."""
    return cast("Wiring", context.obj)
