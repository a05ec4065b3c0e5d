"""Where a chain's database is, on this machine: the operator's own, or an embedded one for trying."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from open401k.base.db import EmbeddedServer, reach
from open401k.base.settings import Settings
from open401k.kernel import Open401kError


@contextmanager
def placed(settings: Settings) -> Iterator[str]:
    """How its owner connects; an embedded one is started and stopped."""
    own = settings.chain_database_url
    if own is not None:
        reach(own, setting="OPEN401K_CHAIN_DATABASE_URL")
        yield own
        return
    if settings.production:
        raise Open401kError(
            "This is production, and the embedded server is for trying.",
            fix="Set OPEN401K_CHAIN_DATABASE_URL to a database of the chain's own (docs/howto/rails-chain.md).",
        )
    with EmbeddedServer(settings.data_dir / "chain") as server:
        yield server.urls.owner
