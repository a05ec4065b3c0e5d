"""A node put together from its settings, its database and its keys. Not here: HTTP (doors/node), the work (worker)."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar, cast

from open401k.base.secrets import MasterKeys
from open401k.kernel import Clock, Open401kError, Random
from open401k.wire.mx import Party

from .. import sender
from ..chain.doubting import Doubts
from ..chain.jsonrpc import Endpoint, Patience
from ..chain.rpc import RpcChain, Waiting
from ..messages import NOBODY, Domain, rollover_domain
from ..network_file import ChainAt
from ..sender import Fees
from .adapters.bank import Banked, BankFiles
from .adapters.batch import BatchCore
from .adapters.layouts import Layout
from .adapters.rest import RestCore
from .batches import Batches
from .config import CoreAt, NodeConfig
from .core import CustodianCore
from .hands import Hand, Hands, OwnHands
from .kept import migrate
from .kept_deals import KeptDeals
from .pooled import PooledDeals
from .sealed import KeptApprovals, SealedKeys
from .sealing import Sealing
from .signer.client import SignerAt, SignerHands
from .signer.voting import AskedSigner
from .signing import PolicyError, PolicySigner
from .transmitting import Asked, NetworkCoordinator, Turn
from .vault import Vault
from .vouching import PenInUse
from .wallet_signing import BothSigner, MemberSigner, WalletSigner
from .wallets import is_agreed_by, is_contracts
from .worker import Node

H = TypeVar("H")
#: Makes a way into a core from its settings.
MakeCore = Callable[[CoreAt], CustodianCore]


@dataclass(frozen=True, slots=True)
class Around:
    """What a node is given besides its settings: secrets' keys, random numbers, the clock, ways into cores by name."""

    master: MasterKeys = field(repr=False)
    random: Random = field(repr=False)
    clock: Clock
    cores: Mapping[str, MakeCore] = field(default_factory=dict)

    def seconds(self) -> int:
        """Seconds since 1970: for what is shown, logged and retried, never for money."""
        return int(self.clock.now().timestamp())

    @property
    def sealing(self) -> Sealing:
        """What seals at rest."""
        return Sealing(self.master, self.random)

    def deals(self, url: str) -> KeptDeals:
        """Case files and deals of a database, for one thread."""
        return KeptDeals(url, sealing=self.sealing, now=self.seconds)


@dataclass(frozen=True, slots=True)
class KeyInUse(Generic[H]):
    """The key that the network names for a member now; :class:`PolicyError` if it is none of ours."""

    members: Asked | NetworkCoordinator
    hands: Hands[H]
    member: bytes

    def __call__(self) -> H:
        named = self.members.signer_of(self.member)
        found = self.hands.hand(named)
        if found is None:
            said = "no key for us" if named == NOBODY else f"0x{named.hex()}, which is no key of this node"
            raise PolicyError(f"the network names {said}")
        return found


@dataclass
class Process:
    """Everything of one node. ``node`` and ``coordinator`` are the worker's alone, the others for any thread."""

    config: NodeConfig
    around: Around
    files: PooledDeals
    keys: SealedKeys
    hands: Hands[Hand]
    vault: Vault
    chain: RpcChain
    turn: Turn
    coordinator: NetworkCoordinator
    node: Node
    domain: Domain
    asked: Asked
    pen: PenInUse


def prepare(url: str, around: Around, *, signer: Path | None = None) -> bool:
    """Make the tables and the secrets of a node, where they are not there; a first signing key, if it has no signer.

    True: it was new.
    """
    was_new = bool(migrate(url))
    sender.prepare(url)
    files = around.deals(url)
    try:
        Vault(files, around.sealing).prepare(at=around.seconds(), relays=signer is None)
        keys = SealedKeys(files, around.master, around.random)
        if signer is None and not keys.addresses():
            keys.make(at=around.seconds())
    finally:
        files.close()
    return was_new


@contextmanager
def opened(config: NodeConfig, url: str, around: Around) -> Iterator[Process]:
    """A node over a database that was prepared; closed at the end. Nothing is asked of anybody yet."""
    files, mine = PooledDeals(url, sealing=around.sealing, now=around.seconds), around.deals(url)
    turn, chain = Turn(url), chain_of(config.chain)
    core = core_of(config.core, around.cores, around.clock)
    try:
        yield _put_together(config, around, files, mine, turn, chain, core)
    finally:
        close = getattr(core, "close", None)
        if callable(close):
            close()
        for each in (chain, turn, mine, files):
            each.close()


def _put_together(
    config: NodeConfig, around: Around, files: PooledDeals, mine: KeptDeals, turn: Turn, chain: RpcChain,
    core: CustodianCore,
) -> Process:  # fmt: skip
    keys, vault = SealedKeys(files, around.master, around.random), Vault(files, around.sealing)
    domain = rollover_domain(chain.chain_id, config.contracts.rollover)
    own, asked_of = OwnHands(keys, vault, domain), SignerHands(SignerAt(config.signer or Path()), domain)
    hands: Hands[Hand] = own if config.signer is None else asked_of
    coordinator = NetworkCoordinator(
        chain, rollover=config.contracts.rollover, network=config.contracts.network, relay=hands.relay(), turn=turn,
        now=around.seconds, fees=Fees(most=config.chain.most_gas_price),
    )  # fmt: skip
    asked = Asked(chain, rollover=config.contracts.rollover, network=config.contracts.network)
    signer: PolicySigner | AskedSigner = AskedSigner(KeyInUse(coordinator, asked_of, config.member))
    if config.signer is None:
        in_use = KeyInUse(coordinator, own, config.member)
        signer = PolicySigner(lambda: in_use().key, domain, config.policy, KeptApprovals(files))
    voting: BothSigner = signer
    wallets: MemberSigner | None = None
    if config.by_wallet:
        wallet = WalletSigner(
            lambda: coordinator.signer_of(config.member), domain, files, config.member,
            lambda *given: is_agreed_by(chain, *given), around.seconds,
        )  # fmt: skip
        voting = wallets = MemberSigner(signer, wallet, lambda named: hands.hand(named) is not None)
    batches = Batches(  # also without settings: what was begun is brought to its end
        mine, core, coordinator, voting, around.random, config.member, domain, config.batches, around.seconds,
        lambda *given: is_contracts(chain, *given), lambda: wallets is not None and wallets.asks(),
    )  # fmt: skip
    node = Node(mine, core, coordinator, voting, vault.salt(), batches, config.member)
    pen = PenInUse(asked, hands, files, config.member, around.seconds)
    return Process(
        config, around, files, keys, hands, vault, chain, turn, coordinator, node, domain, asked, pen
    )  # fmt: skip


def chain_of(at: ChainAt, *, patience: Patience | None = None) -> RpcChain:
    """The network's chain, asked at its endpoints."""
    usual = patience or Patience(timeout=5.0, tries=2, between=0.2)
    endpoints = [Endpoint(name, url, wait=time.sleep, patience=usual) for name, url in at.endpoints.items()]
    return RpcChain(
        endpoints, chain_id=at.chain_id, wait=time.sleep, agreeing=at.agreeing, finality=at.finality,
        waiting=Waiting(0.2, 50), tell=Doubts(time.monotonic),
    )  # fmt: skip


def core_of(at: CoreAt, cores: Mapping[str, MakeCore], clock: Clock) -> CustodianCore:
    """The way into the custodian's core, with its bank; one that is not there is refused with what to write."""
    core = _core_alone(at, cores, clock)
    if at.bank is None:
        return core
    bank = at.bank
    us, them = Party(bank.name, bank.account, bank.bank), Party(bank.to_name, bank.to_account, bank.to_bank)
    return Banked(core, BankFiles(bank.folder, clock, us, them))


def _core_alone(at: CoreAt, cores: Mapping[str, MakeCore], clock: Clock) -> CustodianCore:
    if at.adapter in cores:
        return cores[at.adapter](at)
    if at.adapter == "rest":
        return RestCore(at.url, token=at.token, seconds=at.seconds)
    if at.adapter == "batch":
        return BatchCore(at.folder, Layout(at.layout), clock)
    module, _, name = at.adapter.partition(":")
    try:
        made = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise Open401kError(
            f"core.adapter: there is no {at.adapter!r}: {error}.",
            fix="Name package.module:function of a function without arguments that answers a core.",
        ) from error
    return cast("Callable[[], CustodianCore]", made)()
