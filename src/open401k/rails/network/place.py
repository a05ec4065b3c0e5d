"""Where a network is: its chain's endpoints and its contracts, from ``network.toml`` or a node's own ``node.toml``.

Not here: what else a node's file sets, keys.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from open401k.kernel import Open401kError

from ..chain.interface import Chain
from ..chain.jsonrpc import Endpoint
from ..chain.rpc import Finality, RpcChain

CONTRACTS = ("network", "rollover", "deposit_token")
_FIX = "Write it as in docs/howto/run-a-network.md, or have it written: open401k chain init --network-file."


@dataclass(frozen=True, slots=True)
class Place:
    """A network's chain and its three contracts; ``agreeing`` of the endpoints must say alike."""

    chain_id: int
    endpoints: Mapping[str, str]
    network: bytes
    rollover: bytes
    token: bytes
    agreeing: int | None = None
    finality: Finality = "finalized"

    def connect(self, *, wait: Callable[[float], None]) -> RpcChain:
        """The chain, to be asked; close it after use."""
        endpoints = [Endpoint(name, url, wait=wait) for name, url in self.endpoints.items()]
        return RpcChain(endpoints, chain_id=self.chain_id, wait=wait, agreeing=self.agreeing, finality=self.finality)


@dataclass(frozen=True, slots=True)
class There:
    """A network and its chain, connected."""

    chain: Chain
    place: Place


def write_place(chain_id: int, url: str, contracts: Mapping[str, bytes]) -> str:
    """The text of ``network.toml`` for one endpoint."""
    lines = ["[chain]", f"id = {chain_id}", "", "[[chain.endpoints]]", 'name = "operator"', f'url = "{url}"', "",
             "[contracts]"]  # fmt: skip
    lines += [f'{name} = "0x{contracts[name].hex()}"' for name in CONTRACTS]
    return "\n".join(lines) + "\n"


def read_place(path: Path) -> Place:
    """The tables ``chain`` and ``contracts`` of a file; others are not for us."""
    try:
        told = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as why:
        raise Open401kError(f"{path} cannot be read: {why}.", fix=_FIX) from None
    chain, contracts = _table(path, told, "chain"), _table(path, told, "contracts")
    chain_id, agreeing, finality = chain.get("id"), chain.get("agreeing"), chain.get("finality", "finalized")
    if not _is_whole(chain_id, 1):
        raise _wrong(path, "chain.id", chain_id, "no whole number from 1 on")
    if agreeing is not None and not _is_whole(agreeing, 1):
        raise _wrong(path, "chain.agreeing", agreeing, "no whole number from 1 on")
    if finality != "finalized" and not _is_whole(finality, 0):
        raise _wrong(path, "chain.finality", finality, 'neither "finalized" nor a number of blocks')
    network, rollover, token = (_address(path, name, contracts.get(name)) for name in CONTRACTS)
    endpoints = _endpoints(path, chain.get("endpoints"))
    return Place(cast("int", chain_id), endpoints, network, rollover, token, agreeing, finality)


def _endpoints(path: Path, told: object) -> Mapping[str, str]:
    if not isinstance(told, list) or not told:
        raise _wrong(path, "chain.endpoints", told, "no list of endpoints")
    found: dict[str, str] = {}
    for place, each in enumerate(told, 1):
        name, url = (each.get("name"), each.get("url")) if isinstance(each, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(url, str) or name in found:
            raise _wrong(path, f"chain.endpoints {place}", each, "no endpoint with a name of its own and a url")
        found[name] = url
    return found


def _table(path: Path, told: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = told.get(key)
    if not isinstance(found, dict):
        raise _wrong(path, key, found, "no table")
    return found


def _address(path: Path, name: str, told: object) -> bytes:
    if not isinstance(told, str) or not re.fullmatch(r"0x[0-9a-fA-F]{40}", told):
        raise _wrong(path, f"contracts.{name}", told, "no address")
    return bytes.fromhex(told[2:])


def _is_whole(told: object, least: int) -> bool:
    return isinstance(told, int) and not isinstance(told, bool) and told >= least


def _wrong(path: Path, key: str, told: object, why: str) -> Open401kError:
    return Open401kError(f"{path}, {key}: {str(told)[:60]!r} is {why}.", fix=_FIX)


def names(place: Place) -> Sequence[tuple[str, bytes]]:
    """The contracts by name."""
    return tuple(zip(CONTRACTS, (place.network, place.rollover, place.token), strict=True))
