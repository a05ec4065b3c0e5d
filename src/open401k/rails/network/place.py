"""Where a network is: its chain's endpoints and its contracts, from ``network.toml`` or a node's own ``node.toml``.

Not here: what else a node's file sets, keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..chain.interface import Chain
from ..chain.jsonrpc import Endpoint
from ..chain.rpc import Finality, RpcChain
from ..network_file import chain_at, contracts_at, read_toml

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
    top = read_toml(path, missing=_FIX, fix=_FIX)
    chain, at = chain_at(top.table("chain")), contracts_at(top.table("contracts"))
    return Place(chain.chain_id, chain.endpoints, at.network, at.rollover, at.token, chain.agreeing, chain.finality)


def names(place: Place) -> Sequence[tuple[str, bytes]]:
    """The contracts by name."""
    return tuple(zip(CONTRACTS, (place.network, place.rollover, place.token), strict=True))
