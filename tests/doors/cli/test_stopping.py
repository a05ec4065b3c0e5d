"""A server that is told to stop takes its embedded PostgreSQL along; one that was killed leaves it to the next."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from open401k.base.db import EmbeddedServer

PROGRAM = Path(sys.executable).with_name("open401k")
PATIENCE_SECONDS = 90


@pytest.fixture
def place() -> Iterator[Path]:
    """A data directory that PostgreSQL's user can reach."""
    with tempfile.TemporaryDirectory(prefix="o4k-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "data"
        EmbeddedServer(Path(folder) / "data" / "database").stop()


def environment(place: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "OPEN401K_DATA_DIR": str(place)}


def serving(place: Path, *options: str) -> "subprocess.Popen[bytes]":
    """``open401k serve``, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [PROGRAM, "serve", "--port", str(port), *options],
        env=environment(place),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return process
    process.kill()
    raise AssertionError("the server did not answer")


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 128 + signal.SIGTERM)], ids=str)
def test_a_server_told_to_stop_stops_its_postgresql(place: Path, how: signal.Signals, code: int) -> None:
    with serving(place) as process:
        assert EmbeddedServer(place / "database").running
        process.send_signal(how)
        assert process.wait(timeout=PATIENCE_SECONDS) == code
    assert not EmbeddedServer(place / "database").running


def test_a_killed_server_leaves_its_postgresql_to_the_next(place: Path) -> None:
    with serving(place) as process:
        process.kill()
    left = EmbeddedServer(place / "database").pid
    assert left is not None
    with serving(place) as process:
        assert EmbeddedServer(place / "database").pid == left, "found and used"
        process.kill()
    done = subprocess.run([PROGRAM, "clock", "show"], env=environment(place), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not EmbeddedServer(place / "database").running, "the last one to leave stops it"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads who belongs to whom where Linux tells it")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=str)
def test_workers_end_with_their_parent_however_it_ends(place: Path, how: signal.Signals) -> None:
    with serving(place, "--workers", "2") as process:
        workers = [pid for pid in children(process.pid) if "spawn_main" in command_of(pid)]
        assert len(workers) == 2
        process.send_signal(how)
        process.wait(timeout=PATIENCE_SECONDS)
    end = time.monotonic() + PATIENCE_SECONDS
    while any("spawn_main" in command_of(pid) for pid in workers) and time.monotonic() < end:
        time.sleep(0.05)
    assert [pid for pid in workers if "spawn_main" in command_of(pid)] == []


def children(of: int) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(place.read_text().rpartition(")")[2].split()[1]) == of:
                found.append(int(place.parent.name))
    return found


def command_of(pid: int) -> str:
    """What it was started with; nothing where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def test_an_interrupt_while_the_command_loads_is_said_in_words(tmp_path: Path) -> None:
    """The first second goes into loading packages; Ctrl-C in it was answered with a traceback."""
    (tmp_path / "psycopg.py").write_text("raise KeyboardInterrupt\n")
    done = subprocess.run(
        [sys.executable, "-m", "open401k", "demo"],
        env=environment(tmp_path) | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 130
    assert done.stderr.strip() == "Stopped. What was done stays done; run the command again to go on."


def test_a_package_that_is_missing_is_said_with_its_fix(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise ModuleNotFoundError(\"No module named 'typer'\")\n")
    done = subprocess.run(
        [PROGRAM, "plans"],
        env=environment(tmp_path) | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "No module named 'typer'" in done.stderr
    assert "make setup" in done.stderr
    assert "Traceback" not in done.stderr
