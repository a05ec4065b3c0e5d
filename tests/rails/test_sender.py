"""Transactions on their way: a number for each purpose, whatever stops; again, dearer, after the chain went back."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus
from tests.rails.anvil import Anvil, anvil
from tests.rails.world import BANK, CHAIN_ID, RELAY, Clock
from tests.support.database import Served

from open401k.base import faults
from open401k.base.faults import Stopped
from open401k.kernel import Open401kError
from open401k.rails.chain.jsonrpc import Endpoint
from open401k.rails.chain.rpc import RpcChain
from open401k.rails.sender import Fees, Outcome, Sender, TakenError, prepare
from open401k.rails.sender._store import forms, open_tasks
from open401k.rails.transactions import NotSignedError, Unsigned, signed

Connection = psycopg.Connection[tuple[Any, ...]]
RICH = 10**18


@pytest.fixture
def conn(postgres: Served) -> Iterator[Connection]:
    with psycopg.connect(postgres.urls.superuser, autocommit=True) as first:
        first.execute("drop database if exists sending with (force)")
        first.execute("create database sending")
    url = postgres.urls.superuser.replace("/postgres?", "/sending?")
    assert prepare(url) == ["0001_sender", "0002_lost"]
    with psycopg.connect(url, autocommit=True) as found:
        yield found


@pytest.fixture
def network() -> Iterator[Anvil]:
    with anvil("--slots-in-an-epoch", "1") as running:
        running.do("anvil_setBalance", "0x" + RELAY.address.hex(), hex(RICH))
        yield running


def soon(what: Callable[[], object], wanted: object = True) -> bool:
    """Anvil answers before the block is there; a busy machine takes a while."""
    for _ in range(200):
        if what() == wanted:
            return True
        time.sleep(0.05)
    return False


def dsn_of(conn: Connection) -> str:
    """For another connection to the same database."""
    return make_conninfo(conn.info.dsn, password=conn.info.password)


def put(sender: Sender, key: str) -> int:
    return sender.put(key, to=BANK.address, data=key.encode(), gas=40_000)


def test_what_is_stopped_anywhere_is_sent_once(conn: Connection, network: Anvil) -> None:
    chain, clock = network.chain(finality="finalized"), Clock()
    settled: list[Outcome] = []
    sender = Sender(conn, chain, RELAY, now=lambda: clock.now)
    for place, point in enumerate(("after_signature", "before_commit", "after_commit", "after_offer")):
        with pytest.raises(Stopped), faults.stopping_at(f"rails.sender.{point}"):
            put(sender, point)
        again = Sender(conn, chain, RELAY, now=lambda: clock.now)  # another process
        assert put(again, point) == put(again, point) == place
        settled += again.round()
        assert soon(partial(chain.nonce, RELAY.address), place + 1)
    with pytest.raises(Open401kError, match="other contents"):
        sender.put("after_offer", to=BANK.address, data=b"more", gas=40_000)
    network.do("anvil_mine", hex(3))
    settled += sender.round()
    assert [(done.key, done.receipt.is_done) for done in settled] == [
        ("after_signature", True), ("before_commit", True), ("after_commit", True), ("after_offer", True),
    ]  # fmt: skip
    assert sender.round() == []


def test_after_the_chain_went_back_the_same_bytes_are_sent_again(conn: Connection, network: Anvil) -> None:
    chain = network.chain(finality="finalized")
    sender = Sender(conn, chain, RELAY, now=lambda: 0)
    put(sender, "it")
    (form,) = forms(conn, RELAY.address, 0)
    assert soon(lambda: chain.receipt(form.tx_hash) is not None)
    assert sender.round() == []  # in a block, not final
    network.do("anvil_reorg", 1, [])
    assert chain.receipt(form.tx_hash) is None
    assert sender.round() == []
    assert soon(lambda: chain.receipt(form.tx_hash) is not None)
    network.do("anvil_mine", hex(3))
    (done,) = sender.round()
    assert (done.key, done.receipt.tx_hash) == ("it", form.tx_hash)


def test_what_waits_for_long_is_made_dearer_under_its_number_up_to_a_limit(conn: Connection, network: Anvil) -> None:
    chain, clock = network.chain(), Clock()
    network.do("evm_setAutomine", False)
    chain.gas_price = lambda: 10**9  # type: ignore[method-assign]
    fees = Fees(most=1_500_000_000, patience=60)
    sender = Sender(conn, chain, RELAY, now=lambda: clock.now, fees=fees)
    put(sender, "it")
    for wait in (30, 31, 10, 61, 61, 61):
        clock.now += wait
        sender.round()
    prices = [form.gas_price for form in forms(conn, RELAY.address, 0)]
    assert prices == sorted(set(prices))
    assert prices[-1] <= fees.most
    assert len(prices) == 4  # after 61, 71, 61 and 61 seconds; then the last is dear enough
    network.do("evm_mine")
    (done,) = sender.round()
    assert done.receipt.tx_hash == forms(conn, RELAY.address, 0)[-1].tx_hash
    assert chain.nonce(RELAY.address) == 1


class Careful:
    """A relay that signs up to a price, as a signer with a policy does."""

    def __init__(self, most: int) -> None:
        self.address, self.most = RELAY.address, most

    def transaction(self, told: Unsigned) -> bytes:
        if told.gas_price > self.most:
            raise NotSignedError(f"{told.gas_price} is too dear")
        return RELAY.sign(told.digest)


def test_a_fee_that_is_not_signed_stops_no_other_transaction_and_is_told_to_who_asks(
    conn: Connection, network: Anvil
) -> None:
    chain, clock, relay = network.chain(), Clock(), Careful(10**9)
    network.do("evm_setAutomine", False)
    chain.gas_price = lambda: 10**9  # type: ignore[method-assign]
    sender = Sender(conn, chain, relay, now=lambda: clock.now, fees=Fees(most=2 * 10**9, patience=60))
    again = partial(sender.once_at_a_time, to=BANK.address, data=b"it", gas=40_000)
    assert (again("one"), again("two")) == (None, None)
    network.do("anvil_dropAllTransactions")
    clock.now += 61
    assert sender.round() == []
    for nonce in (0, 1):  # each as it was, and the network has it again
        (form,) = forms(conn, RELAY.address, nonce)
        assert form.gas_price == 10**9
    with pytest.raises(NotSignedError, match="too dear"):
        again("one")
    relay.most = 2 * 10**9
    assert again("one") is None
    assert [len(forms(conn, RELAY.address, nonce)) for nonce in (0, 1)] == [2, 1]
    network.do("evm_mine")
    assert [done.key for done in sender.round()] == ["one/0", "two/0"]


class Watched:
    """The network and the signer of a sender: neither is asked while a row of ours is locked."""

    def __init__(self, conn: Connection, network: Any) -> None:
        self.conn, self.network = conn, network
        self.address = RELAY.address

    def __getattr__(self, name: str) -> Any:
        assert self.conn.info.transaction_status is TransactionStatus.IDLE, name
        return getattr(self.network, name)

    def transaction(self, told: Unsigned) -> bytes:
        assert self.conn.info.transaction_status is TransactionStatus.IDLE
        return RELAY.sign(told.digest)


def test_nobody_is_asked_while_the_database_waits(conn: Connection, network: Anvil) -> None:
    network.do("evm_setAutomine", False)
    clock = Clock()
    chain = network.chain()
    chain.gas_price = lambda: 10**9  # type: ignore[method-assign]
    watched = Watched(conn, chain)
    sender = Sender(conn, watched, watched, now=lambda: clock.now, fees=Fees(most=2 * 10**9, patience=60))
    assert (put(sender, "one"), put(sender, "two"), put(sender, "one")) == (0, 1, 0)
    clock.now += 61
    chain.gas_price = lambda: 2 * 10**9  # type: ignore[method-assign]
    assert sender.round() == []
    assert [len(forms(conn, RELAY.address, nonce)) for nonce in (0, 1)] == [2, 2]


def test_two_processes_at_once_take_one_number_each_and_one_for_the_same_purpose(
    conn: Connection, network: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = network.chain()
    network.do("evm_setAutomine", False)
    other = Sender(conn, chain, RELAY, now=lambda: 0)
    with psycopg.connect(dsn_of(conn), autocommit=True) as mine:
        sender, taken = Sender(mine, chain, RELAY, now=lambda: 0), list[int]()

        def meanwhile(*keys: str) -> None:
            faults.disarm("rails.sender.after_signature")
            taken.extend(put(other, key) for key in keys)

        faults.arm("rails.sender.after_signature", lambda: meanwhile("theirs"))
        assert (put(sender, "ours"), taken) == (1, [0])
        faults.arm("rails.sender.after_signature", lambda: meanwhile("both"))
        assert (put(sender, "both"), taken) == (2, [0, 2])
        assert put(sender, "last") == 3
    for nonce in range(4):  # what was signed for a number that another took is nowhere
        assert len(forms(conn, RELAY.address, nonce)) == 1


def killed(dsn: str, url: str, point: str) -> None:
    """Another process: it puts one, and dies."""
    faults.arm(f"rails.sender.{point}", lambda: os.kill(os.getpid(), signal.SIGKILL))
    with psycopg.connect(dsn, autocommit=True) as mine:
        endpoint = Endpoint("one", url, wait=time.sleep)
        put(Sender(mine, RpcChain([endpoint], chain_id=CHAIN_ID, wait=time.sleep), RELAY, now=lambda: 0), point)


def test_a_process_that_is_killed_anywhere_leaves_its_number_to_the_next(conn: Connection, network: Anvil) -> None:
    points = ("after_signature", "after_commit")
    for point in points:
        process = multiprocessing.get_context("spawn").Process(target=killed, args=(dsn_of(conn), network.url, point))
        process.start()
        process.join(60)
        assert process.exitcode == -signal.SIGKILL
    chain = network.chain()
    sender = Sender(conn, chain, RELAY, now=lambda: 0)
    assert [put(sender, point) for point in points] == [1, 0]
    for nonce in range(2):
        assert len(forms(conn, RELAY.address, nonce)) == 1
    # While Anvil writes a block it answers for the one before from the new state: no block until both were sent.
    network.do("evm_setAutomine", False)
    sender.round()  # what nobody sent is sent
    network.do("evm_setAutomine", True)
    network.do("anvil_mine", hex(1))
    assert soon(partial(chain.nonce, RELAY.address), 2)


def test_a_number_that_somebody_else_used_is_told(conn: Connection, network: Anvil) -> None:
    chain = network.chain()
    sender = Sender(conn, chain, RELAY, now=lambda: 0)
    network.do("evm_setAutomine", False)
    put(sender, "it")
    network.do("anvil_dropAllTransactions")
    network.do("evm_setAutomine", True)
    other = signed(RELAY, chain_id=chain.chain_id, nonce=0, to=BANK.address, data=b"", gas=21_000)
    chain.send_raw([other])
    assert put(sender, "another") == 1
    (form,) = forms(conn, RELAY.address, 1)
    assert soon(lambda: chain.receipt(form.tx_hash) is not None)
    with pytest.raises(TakenError, match="Number 0 of 0x"):
        sender.round()
    assert open_tasks(conn, RELAY.address) == []  # who comes after it was looked after
    assert sender.round() == []  # told once


def test_a_backup_from_before_a_dearer_form_is_told_once_and_the_purpose_goes_on(
    conn: Connection, network: Anvil
) -> None:
    chain, clock = network.chain(), Clock()
    network.do("evm_setAutomine", False)
    chain.gas_price = lambda: 10**9  # type: ignore[method-assign]
    sender = Sender(conn, chain, RELAY, now=lambda: clock.now, fees=Fees(most=2 * 10**9, patience=60))
    again = partial(sender.once_at_a_time, to=BANK.address, data=b"it", gas=40_000)
    assert again("it") is None
    backup = conn.execute("select * from sender.form").fetchall()
    clock.now += 61
    assert sender.round() == []
    assert len(forms(conn, RELAY.address, 0)) == 2
    network.do("evm_mine")
    assert chain.nonce(RELAY.address) == 1
    conn.execute("delete from sender.form")
    for row in backup:
        conn.execute(f"insert into sender.form values ({', '.join(['%s'] * len(row))})", row)
    assert not sender.was_settled("it")
    with pytest.raises(TakenError, match="Number 0 of 0x"):
        sender.round()
    assert sender.is_idle()
    assert sender.round() == []
    assert sender.was_settled("it")  # who asks looks first whether it is still wanted
    assert again("it") is None
    assert len(forms(conn, RELAY.address, 1)) == 1
    network.do("evm_mine")
    assert [done.key for done in sender.round()] == ["it/1"]


def test_after_an_older_backup_no_number_is_taken_that_the_chain_has(conn: Connection, network: Anvil) -> None:
    chain = network.chain()
    sender = Sender(conn, chain, RELAY, now=lambda: 0)
    put(sender, "before the backup")
    tables = ("sender.form", "sender.task", "sender.account")
    backup = {name: conn.execute(f"select * from {name}").fetchall() for name in tables}
    assert [put(sender, "a vote"), put(sender, "a receipt")] == [1, 2]
    assert soon(partial(chain.nonce, RELAY.address), 3)
    for name in tables:
        conn.execute(f"delete from {name}")
    for name in reversed(tables):
        for row in backup[name]:
            conn.execute(f"insert into {name} values ({', '.join(['%s'] * len(row))})", row)
    again = Sender(conn, chain, RELAY, now=lambda: 0)
    assert put(again, "a vote") == 3
    assert soon(partial(chain.nonce, RELAY.address), 4)
    assert [done.key for done in again.round()] == ["before the backup", "a vote"]
