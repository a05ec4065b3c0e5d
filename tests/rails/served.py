"""An app behind a port of this machine, and a chain that is asked there."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp
from tests.rails.world import CHAIN_ID

from open401k.rails.chain.jsonrpc import Endpoint
from open401k.rails.chain.rpc import RpcChain, Waiting


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Its address while the block lasts."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=5)


def asked_at(url: str) -> RpcChain:
    """The chain as a node of a custodian sees it; close it after use."""
    endpoint = Endpoint("operator", url, wait=time.sleep)
    return RpcChain([endpoint], chain_id=CHAIN_ID, wait=time.sleep, waiting=Waiting(0.01, 300))
