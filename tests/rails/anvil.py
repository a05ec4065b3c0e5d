"""Anvil for tests: an EVM network of another make, in a process of its own. Not here: what is tested on it."""

from __future__ import annotations

import contextlib
import queue
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bootstrap.anvil import path
from tests.rails.world import BEGUN, CHAIN_ID, Clock

from open401k.rails.chain.jsonrpc import Endpoint, Json
from open401k.rails.chain.rpc import Finality, RpcChain, Waiting
from open401k.rails.chain.wording import as_head


class AnvilClock(Clock):
    """Seconds since 1970 of the network's last block; between blocks its time goes on by itself."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @property
    def now(self) -> int:
        head = as_head(self._endpoint.ask("eth_getBlockByNumber", ["latest", False]))
        assert head is not None
        return head.time

    @now.setter
    def now(self, to: int) -> None:
        if to > self.now:
            self._endpoint.ask("evm_setTime", [to])


@dataclass
class Anvil:
    """A network that runs: its address, and what only it can do."""

    url: str
    endpoint: Endpoint
    clock: Clock
    until_then: contextlib.ExitStack

    def chain(self, *, finality: Finality = 0, through: Sequence[Endpoint] = (), **more: Any) -> RpcChain:
        """It, asked at one endpoint or through these."""
        endpoints = through or [Endpoint("anvil", self.url, wait=time.sleep)]
        waits: dict[str, Any] = {"wait": time.sleep, "waiting": Waiting(0.01, 300), **more}
        chain = RpcChain(endpoints, chain_id=CHAIN_ID, finality=finality, **waits)
        self.until_then.callback(chain.close)
        return chain

    def do(self, method: str, *params: Json) -> Json:
        return self.endpoint.ask(method, params)


@contextlib.contextmanager
def anvil(*flags: str, hardfork: str = "cancun") -> Iterator[Anvil]:
    """A fresh network without fees, its own clock, a block for each transaction."""
    command = [
        path(), "--port", "0", "--chain-id", str(CHAIN_ID), "--hardfork", hardfork, "--timestamp", str(BEGUN),
        "--block-base-fee-per-gas", "0", "--gas-price", "0", "--disable-min-priority-fee", "--gas-limit", "30000000",
        "--accounts", "1", *flags,
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_drain, args=(process, lines), daemon=True).start()
    try:
        url = f"http://127.0.0.1:{_port(lines)}"
        endpoint = Endpoint("anvil", url, wait=time.sleep)
        with contextlib.ExitStack() as stack:
            stack.callback(endpoint.close)
            yield Anvil(url, endpoint, AnvilClock(endpoint), stack)
    finally:
        process.terminate()
        process.wait(timeout=10)


def _drain(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    assert process.stdout is not None
    with process.stdout as told:
        for line in told:
            lines.put(line)


def _port(lines: queue.Queue[str]) -> int:
    said = ""
    while not (found := re.search(r"Listening on 127\.0\.0\.1:(\d+)", said)):
        said += lines.get(timeout=30)
    return int(found.group(1))
