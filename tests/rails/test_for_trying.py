"""What people type to see the rails at work, as processes: the demo's rollovers, the network for trying."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from open401k.demo.network.hands import wait_until
from open401k.demo.network.programs import free_ports
from open401k.demo.network.sandbox import PORTS, network_for_trying
from open401k.kernel import FixedClock, Open401kError, SeededRandom

_SECONDS = 240
_LINK = re.compile(r"http://localhost:\d+/r/[A-Za-z0-9_-]+")


def _settings(folder: Path) -> dict[str, str]:
    """A machine's own, and of ours nothing but where data lie."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("OPEN401K_")}
    return kept | {"OPEN401K_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1"}


def _still_running(folder: Path) -> Sequence[str]:
    """Processes of this machine that were told of the folder."""
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdigit() and int(each.name) != os.getpid():
            with suppress(OSError):
                told = (each / "cmdline").read_bytes() + (each / "environ").read_bytes()
                if str(folder).encode() in told:
                    found.append((each / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def _logs(folder: Path) -> Mapping[str, str]:
    return {each.name: each.read_text(errors="replace") for each in (folder / "network" / "logs").glob("*.log")}


def test_the_demo_plays_three_rollovers_and_every_book_holds(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "open401k", "demo", "--once", "--rollovers"],
        env=_settings(tmp_path), capture_output=True, text=True, timeout=_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout
    assert "Settled: $79,720.65 left Westlake Retirement and is in the plan's books, in one decision." in told
    assert "275 " in told
    assert "305 " in told
    assert "Expired: the money is back, and the account is free." in told
    assert "verify: ok" in told
    assert len(_LINK.findall(told)) == 3
    logs = _logs(tmp_path)
    assert {"chain.log", "node-east.log", "node-west.log", "node-plan.log"} < set(logs)
    wrong = ("Traceback", "not answered: Deadlock", "answered 503")  # 503 is "not now": here nothing was away
    assert not [line for text in logs.values() for line in text.splitlines() if any(each in line for each in wrong)]
    assert _still_running(tmp_path) == []


def _heeds_ctrl_c() -> None:
    """As at a terminal: whatever runs in the background of a shell has been told to ignore it, and hands that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def _network(folder: Path, port: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """It as a process, and what it said until it is ready; interrupted at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "open401k", "sandbox", "network", "--folder", str(folder), "--port", str(port)],
        env=_settings(folder.parent), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=_heeds_ctrl_c,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        said = ""
        while "Stop with Ctrl-C." not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        yield process, said
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=60)
        finally:
            process.kill()


def _read(url: str, token: str = "") -> str:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    with urlopen(Request(url, headers=headers), timeout=20) as answer:
        assert answer.status == 200
        return str(answer.read().decode())


def _free_run() -> int:
    """The first of as many ports in a row as a network takes, none of which is taken now."""
    while True:
        (first,) = free_ports(1)
        with suppress(OSError, OverflowError), ExitStack() as taken:
            for port in range(first, first + PORTS):
                taken.enter_context(socket.create_server(("127.0.0.1", port)))
            return first


def _listed(node: str, token: str) -> Sequence[Mapping[str, str]]:
    found: Sequence[Mapping[str, str]] = json.loads(_read(f"{node}/v1/rollovers", token))["rollovers"]
    return found


def test_a_network_for_trying_stands_until_it_is_interrupted(tmp_path: Path) -> None:
    folder, port = tmp_path / "network", _free_run()
    with _network(folder, port) as (process, said):
        page = _read(_LINK.findall(said)[0])
        assert {
            each for each in ("Northgate Plan Services", "$79,720.65", "Choose how to sign") if each not in page
        } == set()
        node, token = re.findall(r"Westlake Retirement: node (\S+),.*\n  its staff come in with the token (\S+)", said)[
            0
        ]
        wait_until(lambda: [each["state"] for each in _listed(node, token)] == ["prevalidated"], "it is in order")
        shown = subprocess.run(
            [sys.executable, "-m", "open401k", "network", "show", "--network", str(folder / "network.toml")],
            env=_settings(tmp_path), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (shown.returncode, shown.stderr) == (0, ""), shown.stdout
    assert process.returncode == 0
    assert _still_running(tmp_path) == []


_STARTER = """
import sys, time
from pathlib import Path
from open401k.demo.network.programs import Programs
running = Programs(Path(sys.argv[1]))
running.start("core", sys.argv[2:], {"OPEN401K_DATA_DIR": sys.argv[1]})
while "Stop with Ctrl-C" not in (Path(sys.argv[1]) / "core.log").read_text():
    running.must_live("core")
    time.sleep(0.05)
print("up", flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads who runs where Linux tells it")
def test_programs_end_when_who_started_them_is_killed(tmp_path: Path) -> None:
    port = str(free_ports(1)[0])
    (tmp_path / "accounts.json").write_text("{}")
    serves = ["sandbox", "core-rest", "--port", port, "--books", f"{tmp_path}/core.db"]
    told = [*serves, "--accounts", f"{tmp_path}/accounts.json"]
    with subprocess.Popen(
        [sys.executable, "-c", _STARTER, str(tmp_path), *told], stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "up\n"
        assert len(_still_running(tmp_path)) == 2
        starter.kill()
    wait_until(lambda: not _still_running(tmp_path), "the core has ended, too")


def test_a_network_whose_ports_are_taken_throws_nothing_away(tmp_path: Path) -> None:
    (tmp_path / "a-network-for-trying").touch()
    (tmp_path / "kept").touch()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports, said = [taken.getsockname()[1]], list[str]()
        made = network_for_trying(
            tmp_path, ports=ports, random=SeededRandom(1), wall=FixedClock(datetime(2026, 6, 1, tzinfo=UTC)),
            say=said.append,
        )  # fmt: skip
        with pytest.raises(Open401kError, match=f"Port {ports[0]} is in use"), made:
            pass
    assert ((tmp_path / "kept").exists(), said) == (True, [])


def test_the_demo_refuses_ports_of_its_custodians_that_are_taken_before_its_story(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        first = taken.getsockname()[1]
        ports = ["--port", str(_free_run()), "--rails-port", str(first)]
        told = subprocess.run(
            [sys.executable, "-m", "open401k", "demo", "--rollovers", *ports],
            env=_settings(tmp_path), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert (told.returncode, told.stdout) == (1, "")
    assert re.search(rf"Ports? {first}\b.* in use", told.stderr), told.stderr  # one beside it may be taken, too
    assert "--rails-port" in told.stderr
    assert list(tmp_path.iterdir()) == []
