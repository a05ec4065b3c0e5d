"""What a node runs on, on this machine: its settings, its database (its own or an embedded one), its keys' keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from open401k.base.db import EmbeddedServer, reach
from open401k.base.settings import Settings
from open401k.kernel import Clock, Open401kError, Random

from .config import DATABASE, NodeConfig, read_config
from .process import Around, MakeCore


@dataclass(frozen=True, slots=True)
class Place:
    """A node's settings, its database, and what else it is given."""

    config: NodeConfig
    url: str
    around: Around


@contextmanager
def placed(
    settings: Settings,
    config: Path,
    environment: Mapping[str, str],
    *,
    random: Random,
    clock: Clock,
    cores: Mapping[str, MakeCore] | None = None,
) -> Iterator[Place]:
    """An embedded database is started and stopped; production wants one of the node's own."""
    told = read_config(config, environment, production=settings.production)
    around = Around(settings.master_keys(random), random, clock, cores or {})
    if told.database_url is not None:
        reach(told.database_url, setting=DATABASE)
        yield Place(told, told.database_url, around)
        return
    if settings.production:
        raise Open401kError(
            "This is production, and the embedded server is for trying.",
            fix=f"Set {DATABASE} to a database of the node's own (docs/howto/rails-node.md).",
        )
    with EmbeddedServer(settings.data_dir / "node") as server:
        yield Place(told, server.urls.owner, around)
