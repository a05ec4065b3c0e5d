"""Where a server of this machine listens, and by how much. Not here: what it serves (app.py, http.py)."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.types import ASGIApp

from open401k.kernel import Open401kError


@contextmanager
def on_a_port(application: ASGIApp) -> Iterator[str]:
    """Serve beside this process's work, on a free port of this machine; the address."""
    import uvicorn  # only a server needs it

    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="error", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise Open401kError("The stand-in could not be started.", fix="See what is said above, and try again.")
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=5)


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def recorded(file: Path) -> str | None:
    """What a running server wrote; one that was killed left it behind, and nobody listens there."""
    try:
        pid, origin = file.read_text().split(" ", 1)
        os.kill(int(pid), 0)
    except PermissionError:  # it runs, as somebody else
        return origin
    except (OSError, ValueError):
        return None
    return origin


def origin_of(host: str, port: int) -> str:
    """How a browser on this machine gets here: passkeys want a name, not the loopback's number."""
    return f"http://{'localhost' if host == '127.0.0.1' else host}:{port}"


def refuse_occupied(host: str, port: int) -> None:
    """Refuse an occupied port before anything is started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Open401kError(
                f"Port {port} on {host} cannot be used: {error.strerror}.",
                fix=f"Try another: --port {port + 1} (through make: ARGS=--port={port + 1})",
            ) from error
