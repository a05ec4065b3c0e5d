"""A node's process: its work in threads, its doors in front, until it is told to stop. Not here: routes, the work."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import uvicorn

from open401k.rails.node.config import NodeConfig
from open401k.rails.node.office import Office
from open401k.rails.node.process import Around, opened, prepare
from open401k.rails.node.running import Passes, Running

from .http import create_node_app


def serve(config: NodeConfig, url: str, around: Around, *, say: Callable[[str], None]) -> None:
    """Serve until interrupted or asked to stop; what is under way is finished first."""
    prepare(url, around)
    with opened(config, url, around) as process:
        process.turn.wait(time.sleep)  # one process a node: said now, and not by a log line
        office = Office(process)
        passes = Passes(process.node, process.coordinator, on_passed=lambda: running.wake())
        running = Running([passes, office.sending()])
        app = create_node_app(process, running, office.receiving())
        server = uvicorn.Server(
            uvicorn.Config(
                app, host=config.host, port=config.port, log_level="warning", server_header=False,
                timeout_graceful_shutdown=2, lifespan="off", ws="none",
            )
        )  # fmt: skip
        running.start()
        say(f"{config.name}: a node of chain {config.chain.chain_id} on {config.shown_at}. Stop with Ctrl-C.")
        try:
            with contextlib.suppress(KeyboardInterrupt):
                server.run()
        finally:
            running.stop()
