"""What the operator of a signer sets: ``signer.toml``, read once. Not here: keys, and what a node sets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from open401k.kernel import Clock

from ...network_file import Table, read_toml
from ..sealing import Sealing
from .log import USUAL_SIZE
from .policy import Known, Limits

TEMPLATE = """\
# The signer of a custodian's node (docs/howto/separate-signer.md). Nothing secret stands here.
# Our address in the network, as its council admitted us.
member = "0x0000000000000000000000000000000000000000"
# Where the node finds us: node.toml says signer = "socket:/that/path". Only this machine can.
socket = "signer.sock"
keys = "signer-keys.json"
log = "signer.log"
# A file of the log that is so large is put aside, and the next goes on from it.
# log_bytes = 16_777_216
# The user of the node's process (a number: id -u), where it is not ours.
# users = [1001]
# Whether our key also attests who participants are, as the network's attestor.
# attests = true

[chain]
id = 401
# most_gas_price = 0

# As open401k chain init printed them.
[contracts]
rollover = "0x0000000000000000000000000000000000000000"
deposit_token = "0x0000000000000000000000000000000000000000"

# [policy]
# most_cents = 100_000_000           # of one rollover
# cents_a_day = 2_000_000_000        # of any 24 hours
# approvals_an_hour = 1_000
# signatures_a_minute = 6_000
# attests_days = 400                 # how long ahead an attestation may hold
# contract_wallets = false           # participants whose wallet is a contract: only a chain can check them
"""
_PATHS: Final = (("socket", "signer.sock"), ("keys", "signer-keys.json"), ("log", "signer.log"))


@dataclass(frozen=True, slots=True)
class SignerConfig:
    """Everything that is set; paths are from the file's folder. ``users`` may ask besides our own user."""

    known: Known
    socket: Path
    keys: Path
    log: Path
    users: frozenset[int] = frozenset()
    log_bytes: int = USUAL_SIZE


@dataclass(frozen=True)
class SignerPlace:
    """What a signer runs on: its settings, what opens its keys, its clock."""

    config: SignerConfig
    sealing: Sealing
    clock: Clock

    def seconds(self) -> int:
        """Seconds since 1970."""
        return int(self.clock.now().timestamp())


def read_signer(path: Path) -> SignerConfig:
    """The settings; the first thing that cannot be meant is a error."""
    missing = f"Write one to fill in: open401k node signer init --config {path}"
    top = read_toml(path, missing=missing, fix="Write TOML (docs/howto/separate-signer.md).")
    here = path.resolve().parent
    paths = [here / top.text(name, usual) for name, usual in _PATHS]
    size = top.whole("log_bytes", USUAL_SIZE, least=4_096)
    found = SignerConfig(_known(top), paths[0], paths[1], paths[2], _users(top), size)
    top.nothing_else()
    return found


def _known(top: Table) -> Known:
    chain, contracts = top.table("chain"), top.table("contracts")
    known = Known(
        member=top.address("member"),
        chain_id=chain.whole("id", least=1, most=2**53 - 1),
        rollover=contracts.address("rollover"),
        token=contracts.address("deposit_token"),
        attests=top.flag("attests"),
        most_gas_price=chain.whole("most_gas_price", 0),
        limits=_limits(top.table("policy", needed=False)),
    )
    chain.nothing_else()
    contracts.nothing_else()
    return known


def _limits(table: Table) -> Limits:
    usual = Limits()
    found = Limits(
        most_cents=table.whole("most_cents", usual.most_cents, least=1),
        cents_a_day=table.whole("cents_a_day", usual.cents_a_day, least=1),
        approvals_an_hour=table.whole("approvals_an_hour", usual.approvals_an_hour, least=1),
        signatures_a_minute=table.whole("signatures_a_minute", usual.signatures_a_minute, least=1),
        attests_days=table.whole("attests_days", usual.attests_days, least=1, most=3_660),
        contract_wallets=table.flag("contract_wallets"),
    )
    table.nothing_else()
    return found


def _users(top: Table) -> frozenset[int]:
    found = top.value("users", "") if top.has("users") else []
    if not isinstance(found, list) or not all(isinstance(each, int) and each >= 0 for each in found):
        raise top.wrong("users", "is no list of users", "Write users = [1001], as id -u tells")
    return frozenset(found)
