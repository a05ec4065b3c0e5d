"""An engineer tries an adapter from a terminal, against stand-ins that are processes of their own."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.rails.node.cores import MemoryCore

from open401k.app import Wiring
from open401k.base.settings import Settings
from open401k.doors import cli
from open401k.doors.cli.nights import nights
from open401k.doors.cli.say import BadInputError
from open401k.rails.node.core import CustodianCore
from open401k.standins.core_rest import TOKEN

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def go(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = cli.run(Wiring(Settings.from_env({"OPEN401K_DATA_DIR": str(tmp_path)})), list(arguments))
        said = capsys.readouterr()
        return code, said.out + said.err

    return go


@contextmanager
def core_over_http(folder: Path) -> Iterator[str]:
    """The address of a stand-in that runs as a process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    typed = [sys.executable, "-m", "open401k", "sandbox", "core-rest", "--port", port]
    with subprocess.Popen(typed, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert port in process.stdout.readline()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def checks(out: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for each in json.loads(out)["checks"]:
        found.setdefault(each["result"], []).append(each)
    return found


def test_a_core_that_is_a_process_of_its_own_is_certified(run: Run, tmp_path: Path) -> None:
    with core_over_http(tmp_path) as url:
        code, out = run("node", "certify", "--url", url, "--token", TOKEN, "--stand-in", "--seconds", "0.2", "--json")
    assert (code, list(checks(out))) == (0, ["passed"])


def broken() -> CustodianCore:
    """A way without a memory."""
    return MemoryCore({"S-1001": {0: 100_00, 1: 100_00}, "R-1001": {}})


def test_an_adapter_of_somebody_else_is_found_broken(run: Run) -> None:
    code, out = run("node", "certify", "--adapter", "tests.rails.node.test_commands:broken", "--json")
    assert code == 1
    assert {"R11", "R18"} <= {each["boundary"] for each in checks(out)["FAILED"]}


def test_an_account_that_the_core_does_not_know_is_one_word(run: Run) -> None:
    way = ("node", "certify", "--adapter", "tests.rails.node.test_commands:broken")
    code, out = run(*way, "--receiver", "R-9999")
    assert (code, "--receiver R-9999: 351, " in out, "FAILED" in out) == (2, True, False)
    assert "--source S-9" in run(*way, "--source", "S-9")[1]


def test_what_cannot_be_meant_is_said(run: Run) -> None:
    assert run("node", "certify", "--adapter", "nobody:nothing")[0] == 2
    assert run("node", "certify", "--adapter", "batch", "--layout", "morse")[0] == 2
    assert run("sandbox", "core-batch", "--layout", "morse")[0] == 2


def test_a_core_that_stays_has_a_night_for_each_line(tmp_path: Path) -> None:
    typed = f"{sys.executable} -m open401k sandbox core-iso --stays --folder {tmp_path} --books {tmp_path}/core.db"
    with nights(lambda: None, f"{typed} --bank {tmp_path}/bank", stays=True) as night:
        night()
        night()
    assert sorted(path.name for path in (tmp_path / "in").iterdir()) == [
        "positions-000001.xml", "positions-000002.xml",
    ]  # fmt: skip
    with nights(lambda: None, "true", stays=True) as night, pytest.raises(BadInputError, match="'true' ended"):
        night()


def test_a_night_of_the_core_that_works_by_files(run: Run, tmp_path: Path) -> None:
    assert run("sandbox", "core-batch") == (0, "")
    assert [path.name for path in (tmp_path / "core-files" / "in").iterdir()] == ["positions-000001.txt"]
