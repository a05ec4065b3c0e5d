"""What a rollover costs in gas, beside a transfer, a Safe of three and a swap by hashed time locks; rollovers a second.

All in one run, on the embedded chain in memory, by the shipped contracts, in the steady state: every contract and word
of balances was used before.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import rails_latency
from benchmarks.report import Held, show
from eth_abi.abi import encode
from eth_hash.auto import keccak
from tests.rails.world import BANK, CHAIN_ID, DAY, PERSON, PRE_TAX, RELAY, ROTH, World, founded, key, leg

from open401k.rails.calls import call_of
from open401k.rails.keys import Key
from open401k.rails.messages import NOBODY
from open401k.rails.transactions import signed

HERE = Path(__file__).parent
FETCHED = HERE.parent / ".bootstrap" / "benchmarks"
ARTIFACTS = FETCHED / "node_modules/@safe-global/safe-smart-account/build/artifacts/contracts"
#: Numbers that share one word; a batch that begins a word pays for it.
NUMBERS_IN_A_WORD = 256
TX = "address,uint256,bytes,uint8,uint256,uint256,uint256,address,address"


@dataclass(frozen=True, slots=True)
class Gas:
    """What each costs; None where the peer could not be had."""

    transfer: int
    safe: int | None
    swap: int
    one_leg: int
    three_legs: int
    batch_of_8: float
    batch_of_32: float
    two_phases: int


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks rails", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--rounds", type=int, default=100, help="rollovers of which the rate is taken")
    parser.add_argument("--through-nodes", type=int, default=15, help="rollovers through nodes; 0: none")
    given = parser.parse_args(arguments)
    return show(_measured(given.rounds, given.through_nodes), as_json=given.json)


def _measured(rounds: int, through_nodes: int) -> Iterator[Held]:
    gas = _gas()
    peer = "Safe 1.5.0, 3-of-3 execTransaction of one transfer"
    if gas.safe is not None:
        peer += f": {gas.safe:,} gas"
    for name, cost, most in (("one leg", gas.one_leg, 1.5), ("three legs, one withheld from", gas.three_legs, 1.75)):
        value = cost / gas.safe if gas.safe else None
        yield Held(f"one-shot, {name}", f"{cost:,} gas", peer, value, "x", "<=", most)
    plain = f"a plain transfer: {gas.transfer:,} gas"
    for many, each in ((8, gas.batch_of_8), (32, gas.batch_of_32)):
        note = "" if many == 32 else "the limit is ours: the one that was set is for 32"
        most = 1.0 if many == 32 else 2.0
        yield Held(f"batch of {many}, each", f"{each:,.0f} gas", plain, each / gas.transfer, "x", "<=", most, note)
    swap = f"swap by hashed time locks (4 transactions): {gas.swap:,} gas"
    yield Held("two phases with escrow, 2 transactions", f"{gas.two_phases:,} gas", swap, gas.two_phases / gas.swap,
               "x", "<=", 1.0)  # fmt: skip
    rate, transfers = _rates(rounds)
    yield Held("one-shots a second, in memory", f"median of {rounds}", f"transfers: {transfers:,.0f}/s", rate,
               "/s", ">=", 20, "by processor time of one core; each a block of its own")  # fmt: skip
    if through_nodes:
        told = rails_latency.seconds_to_both_ledgers(through_nodes)
        yield Held("last signature to both ledgers, p50", f"{through_nodes} rollovers, one after the other",
                   f"slowest {max(told):.2f} s", rails_latency.median(told), "s", "<=", 1.0,
                   "chain, two nodes, two cores: five processes, three databases, fsync on")  # fmt: skip


def _gas() -> Gas:
    world = founded()
    source, receiver = world.members["source"], world.members["receiver"].address
    withholder = world.members["withholder"].address
    ours, htlc = {}, _locks(world)
    for _ in range(2):  # the second counts
        transfer = world.send(source, world.token, call_of("transfer(address,uint256)", receiver, 1_000_00)).gas
        ours["one"] = world.settle(world.case(leg(PRE_TAX, 123_45))).gas
        legs = leg(PRE_TAX, 123_45), leg(ROTH, 5_55), leg(2, 7_77, into=PERSON, taxable=5_00)
        ours["three"] = world.settle(world.case(*legs, withholder=withholder)).gas
        case = world.case(leg(PRE_TAX, 123_45))
        ours["two phases"] = world.propose(case).gas + world.approve(case, 1).gas
        swap = _swap(world, htlc)
    return Gas(
        transfer, _safe(world), swap, ours["one"], ours["three"], _batches(world, 8), _batches(world, 32),
        ours["two phases"],
    )  # fmt: skip


def _batches(world: World, many: int) -> float:
    """Each one's mean over as many batches as fill a word of numbers, so that its first cost is in it."""
    world.last_number += NUMBERS_IN_A_WORD - world.last_number % NUMBERS_IN_A_WORD - 1
    found = []
    for _ in range(NUMBERS_IN_A_WORD // many):
        found.append(world.batch([world.case(leg(PRE_TAX, 10_00 + each)) for each in range(many)]).gas / many)
    return statistics.mean(found)


def _rates(rounds: int) -> tuple[float, float]:
    """One-shots and plain transfers a second; they are made and signed before."""
    world = founded()
    source, receiver = world.members["source"], world.members["receiver"].address
    told = []
    for _ in range(rounds):
        case = world.case(leg(PRE_TAX, 1_00))
        told.append((world.rollover, call_of("settle(bytes,bytes)", case.encoded, world.encoded_approvals(case))))
    transfers = [(world.token, call_of("transfer(address,uint256)", receiver, 100 + each)) for each in range(rounds)]
    return _rate(world, RELAY, told), _rate(world, source, transfers)


def _rate(world: World, by: Key, told: Sequence[tuple[bytes, bytes]]) -> float:
    nonce, took = world.chain.nonce(by.address), []
    raws = [
        signed(by, chain_id=CHAIN_ID, nonce=nonce + at, to=to, data=data, gas=12_000_000)
        for at, (to, data) in enumerate(told)
    ]
    for raw in raws:
        begun = time.process_time()
        (receipt,) = world.chain.send_raw([raw])
        took.append(time.process_time() - begun)
        assert receipt.is_done
    return 1 / statistics.median(took)


def _deployed(world: World, code: bytes) -> bytes:
    contract = world.send(RELAY, None, code).contract
    assert contract is not None
    return contract


# ---- peers


def _safe(world: World) -> int | None:
    """execTransaction of one transfer by three owners of three; None without npm."""
    if not ARTIFACTS.exists() and not _fetch():
        return None
    code = {path.stem: bytes.fromhex(json.loads(path.read_text())["bytecode"][2:]) for path in (
        ARTIFACTS / "Safe.sol/Safe.json", ARTIFACTS / "proxies/SafeProxyFactory.sol/SafeProxyFactory.json",
    )}  # fmt: skip
    owners = sorted((key(f"owner {each}") for each in range(3)), key=lambda each: each.address)
    setup = call_of(
        "setup(address[],uint256,address,bytes,address,address,uint256,address)",
        [each.address for each in owners], 3, NOBODY, b"", NOBODY, NOBODY, 0, NOBODY,
    )  # fmt: skip
    single, factory = _deployed(world, code["Safe"]), _deployed(world, code["SafeProxyFactory"])
    made = world.send(RELAY, factory, call_of("createProxyWithNonce(address,bytes,uint256)", single, setup, 0))
    safe = made.logs[-1].topics[1][12:]
    _money(world, safe)
    gas = 0
    for _ in range(2):
        data = call_of("transfer(address,uint256)", world.members["receiver"].address, 1_000_00)
        what = (world.token, 0, data, 0, 0, 0, 0, NOBODY, NOBODY)
        (nonce,) = world.ask(safe, "nonce()", ["uint256"])
        (digest,) = world.ask(safe, f"getTransactionHash({TX},uint256)", ["bytes32"], *what, nonce)
        assert isinstance(digest, bytes)
        signatures = b"".join(each.sign(digest) for each in owners)
        gas = world.send(RELAY, safe, call_of(f"execTransaction({TX},bytes)", *what, signatures)).gas
    return gas


def _fetch() -> bool:
    npm = shutil.which("npm")
    if npm is None:
        return False
    FETCHED.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "package.json", FETCHED)
    subprocess.run([npm, "install", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=FETCHED, check=True,
                   stdout=sys.stderr)  # fmt: skip
    return ARTIFACTS.exists()


def _locks(world: World) -> bytes:
    htlc = _deployed(world, _compiled("htlc.vy"))
    world.send(BANK, world.token, call_of("admit(address)", htlc))
    for name in ("source", "receiver"):
        world.send(world.members[name], world.token, call_of("approve(address,uint256)", htlc, 2**256 - 1))
    return htlc


def _swap(world: World, htlc: bytes) -> int:
    """Source and receiver each lock under one hash, and each claims: four transactions."""
    source, receiver = world.members["source"], world.members["receiver"]
    secret = keccak(b"secret %d" % world.chain.head().number)
    gas = 0
    for payer, payee, days in ((source, receiver, 2), (receiver, source, 1)):
        lock = keccak(encode(["bytes32", "address"], [keccak(secret), payee.address]))
        given = (lock, world.token, payee.address, 1_000_00, world.clock.now + days * DAY)
        gas += world.send(payer, htlc, call_of("lock(bytes32,address,address,uint256,uint256)", *given)).gas
    for payee in (source, receiver):
        gas += world.send(payee, htlc, call_of("claim(bytes32,address)", secret, payee.address)).gas
    return gas


def _money(world: World, holder: bytes) -> None:
    world.send(BANK, world.token, call_of("admit(address)", holder))
    world.send(BANK, world.token, call_of("mint(address,uint256,bytes32)", holder, 1_000_000_00, keccak(holder)))


def _compiled(name: str) -> bytes:
    vyper = Path(sys.executable).parent / "vyper"
    told = subprocess.run([vyper, "--optimize", "gas", "-f", "bytecode", name], cwd=HERE, capture_output=True,
                          text=True, check=True)  # fmt: skip
    return bytes.fromhex(told.stdout.strip()[2:])
