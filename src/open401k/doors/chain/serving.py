"""A chain's process: its writer, its door, the time that it tells, until it is told to stop. Not here: routes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import uvicorn

from open401k.kernel import Clock
from open401k.rails.chain.durable import durable_chain, prepare

from .http import create_chain_app
from .methods import Limits, Node
from .ticking import telling_time


def serve(
    url: str, *, host: str, port: int, clock: Clock, tick: int, deployments: bool, say: Callable[[str], None]
) -> None:
    """Serve the chain of a database until interrupted."""
    prepare(url)
    with durable_chain(url, now=lambda: int(clock.now().timestamp())) as chain:
        head = chain.head()
        say(f"Chain {chain.chain_id} at block {head.number} on http://{host}:{port}. Stop with Ctrl-C.")
        node = Node(chain, Limits(deployments=deployments), log=lambda said: say(f"refused: {said}"))
        config = uvicorn.Config(create_chain_app(node), host=host, port=port, log_level="warning", server_header=False)
        with telling_time(node, tick, clock), contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run()
