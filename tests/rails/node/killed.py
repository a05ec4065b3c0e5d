"""A node as a process of its own: real database, real SIGKILL; the chain and its core answer over a connection."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Client, Connection, Listener
from threading import Thread
from typing import Any

from open401k.base import faults
from open401k.rails.keys import Key
from open401k.rails.messages import Domain
from open401k.rails.node.kept import KeptCases
from open401k.rails.node.signing import PolicySigner
from open401k.rails.node.worker import Node


class Far:
    """Whatever the other side of a connection serves under a name."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection, self._name = connection, name

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        def call(*given: object) -> Any:
            self._connection.send((self._name, verb, given))
            return self._connection.recv()

        return call


def serve(listener: Listener, **things: object) -> Thread:
    """Answer one process until it is gone."""

    def work() -> None:
        with listener.accept() as connection:
            while True:
                try:
                    name, verb, given = connection.recv()
                except (EOFError, ConnectionResetError):
                    return
                connection.send(getattr(things[name], verb)(*given))

    thread = Thread(target=work)
    thread.start()
    return thread


def main(address: str, url: str, key: str, chain_id: str, contract: str, boundary: str) -> None:
    """One pass, and the death of this process at the boundary."""
    faults.arm(boundary, lambda: os.kill(os.getpid(), signal.SIGKILL))
    with Client(address, authkey=b"node") as connection:
        domain = Domain("Open401k Rollover", int(chain_id), bytes.fromhex(contract))
        signer = PolicySigner(Key(bytes.fromhex(key)), domain)
        Node(KeptCases(url), Far(connection, "core"), Far(connection, "coordinator"), signer, b"source").run_once()


if __name__ == "__main__":
    main(*sys.argv[1:])
