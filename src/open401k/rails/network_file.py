"""What an operator's TOML files say of a network alike: its chain's endpoints, its contracts. Read by hand (strict).

Each of node.toml, signer.toml and network.toml is read so. Not here: what each says besides.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from open401k.kernel import Open401kError

from .chain.rpc import Finality
from .strict import Strict


@dataclass(frozen=True, slots=True)
class ChainAt:
    """The network's chain: ``agreeing`` of the endpoints must say alike, by default more than half."""

    chain_id: int
    endpoints: Mapping[str, str]
    agreeing: int | None = None
    finality: Finality = "finalized"
    #: The most that is paid for a unit of gas; nothing on chains of members.
    most_gas_price: int = 0


@dataclass(frozen=True, slots=True)
class Contracts:
    """The network's three addresses."""

    network: bytes
    rollover: bytes
    token: bytes


class ConfigError(Open401kError):
    """A file that cannot be meant: where, why, and what to write."""


@dataclass
class Table(Strict):
    """A table of the file."""

    error: ClassVar[type[Open401kError]] = ConfigError

    def url(self, key: str) -> str:
        """An address over HTTP."""
        found = self.text(key).rstrip("/")
        parts = urlsplit(found)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise self.wrong(key, f"{found[:60]!r} is no address", f'Write {key} = "https://host:port"')
        return found

    def origin(self, key: str) -> str:
        """Scheme and host alone, or nothing."""
        found = self.text(key, "")
        parts = urlsplit(found)
        if found and (parts.scheme not in ("http", "https") or found != f"{parts.scheme}://{parts.netloc}"):
            raise self.wrong(key, f"{found[:60]!r} is no origin", "Write scheme and host: https://node.example.org")
        return found

    def table(self, key: str, *, needed: bool = True) -> Table:
        """A table inside."""
        return self.inside(key, needed=needed)

    def tables(self, key: str) -> Sequence[Table]:
        """A list of tables; none where there is none."""
        return self.objects(key, self.told.get(key, []), f"Write [[{self.place}{key}]] before each")


def read_toml(path: Path, *, missing: str, fix: str) -> Table:
    """All of a file; ``missing`` is what to do where there is none, ``fix`` where it is no TOML."""
    try:
        return Table(path, "", tomllib.loads(path.read_text()))
    except FileNotFoundError:
        raise ConfigError(f"There is no {path}.", fix=missing) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as why:
        raise ConfigError(f"{path} cannot be read: {why}.", fix=fix) from None


def chain_at(table: Table) -> ChainAt:
    """The table ``chain``."""
    endpoints: dict[str, str] = {}
    for each in table.tables("endpoints"):
        name = each.text("name")
        if name in endpoints:
            raise each.wrong("name", f"{name!r} is named twice", "Give each endpoint its own name")
        endpoints[name] = each.url("url")
        each.nothing_else()
    if not endpoints:
        raise table.wrong("endpoints", "there is none", 'Write [[chain.endpoints]] with name = "..." and url = "..."')
    found = ChainAt(
        table.whole("id", least=1, most=2**53 - 1),
        endpoints,
        table.whole("agreeing", least=len(endpoints) // 2 + 1, most=len(endpoints)) if table.has("agreeing") else None,
        table.whole("finality", least=0, most=10_000) if isinstance(table.told.get("finality"), int) else _tag(table),
        table.whole("most_gas_price", 0),
    )
    table.nothing_else()
    return found


def _tag(table: Table) -> Finality:
    if table.text("finality", "finalized") != "finalized":
        raise table.wrong("finality", "is neither a tag nor a depth", 'Write "finalized", or a number of blocks')
    return "finalized"


def contracts_at(table: Table) -> Contracts:
    """The table ``contracts``."""
    found = Contracts(table.address("network"), table.address("rollover"), table.address("deposit_token"))
    table.nothing_else()
    return found
