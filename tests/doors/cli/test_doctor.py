"""The doctor finds what is wrong with a machine and says the fix."""

import json
import socket
from pathlib import Path

import pytest

from open401k.doors.cli import doctor


@pytest.fixture
def machine(tmp_path: Path) -> doctor.Machine:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return doctor.Machine(data_dir=tmp_path / "data", port=port, environment={})


def test_a_machine_that_runs_these_tests_is_healthy(machine: doctor.Machine) -> None:
    checks = doctor.examine(machine)
    assert doctor.healthy(checks), [check for check in checks if not check.ok]
    assert json.loads(json.dumps(doctor.as_json(checks)))["ok"] is True


def test_what_is_wrong_always_comes_with_its_fix(machine: doctor.Machine) -> None:
    assert all(bool(check.fix) != check.ok for check in doctor.examine(machine))
    assert all(check.name and check.what for check in doctor.examine(machine))


def test_a_port_in_use_is_named(machine: doctor.Machine) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = doctor.Machine(data_dir=machine.data_dir, port=other.getsockname()[1])
        found = doctor.port(taken)
    assert not found.ok
    assert str(taken.port) in found.what
    assert "--port" in found.fix


def test_a_data_directory_that_cannot_be_written_is_named(
    machine: doctor.Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_takes_files", lambda _: False)
    found = doctor.data_directory(machine)
    assert not found.ok
    assert "OPEN401K_DATA_DIR" in found.fix


@pytest.mark.parametrize("place", ["/proc/data", "/etc/passwd/data"])
def test_a_place_that_takes_no_files_is_named_to_root_too(place: str) -> None:
    found = doctor.data_directory(doctor.Machine(Path(place), 1, environment={}))
    assert not found.ok
    assert "OPEN401K_DATA_DIR" in found.fix


def test_a_stale_process_id_is_no_harm(machine: doctor.Machine) -> None:
    (machine.data_dir / "postgres").mkdir(parents=True)
    (machine.data_dir / "postgres" / "postmaster.pid").write_text("4194999\n")
    assert doctor.left_over_lock(machine).ok


def test_programs_that_are_missing_are_named(machine: doctor.Machine, tmp_path: Path) -> None:
    gone = doctor.Machine(data_dir=tmp_path, port=1, environment={"OPEN401K_POSTGRES_BIN": str(tmp_path)})
    assert not doctor.postgres_programs(gone).ok
    elsewhere = doctor.Machine(data_dir=tmp_path, port=1, database_url="postgresql://db/open401k", environment={})
    assert doctor.postgres_programs(elsewhere).ok


def test_a_missing_browser_stops_only_the_tests(machine: doctor.Machine) -> None:
    none = doctor.Machine(machine.data_dir, machine.port, environment={"OPEN401K_CHROMIUM": "/nowhere/chromium"})
    found = doctor.browser(none)
    assert not found.ok
    assert not found.needed
    assert doctor.healthy([found])
