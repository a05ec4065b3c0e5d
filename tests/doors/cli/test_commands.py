"""Every command over a sandbox: JSON that a script can read, exit codes, and errors that say what to do."""

import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from tests.doors.cli.conftest import Run, Standing

from open401k.app import Wiring
from open401k.base.settings import Settings
from open401k.demo.files import payroll_csv
from open401k.demo.people import ACME, BIRCH
from open401k.doors import cli

PLAN = ("--plan", "Acme")

READS: list[tuple[tuple[str, ...], type]] = [
    (("plans",), dict),
    (("tests", *PLAN), dict),
    (("tests", "--test", "adp", *PLAN), dict),
    (("alerts", *PLAN), list),
    (("people", *PLAN), dict),
    (("payroll", "list", *PLAN), dict),
    (("verify",), dict),
    (("day",), dict),
    (("audit", "--limit", "3", *PLAN), list),
    (("clock", "show"), dict),
    (("keys", "create", *PLAN), dict),
]


@pytest.fixture(scope="module")
def january(wiring: Standing, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The first payroll of the year, posted by command; its outcome."""
    file = tmp_path_factory.mktemp("files") / "acme-2026-01-02.csv"
    file.write_bytes(payroll_csv(ACME, 0))
    code = cli.run(
        wiring, ["payroll", "upload", str(file), *PLAN, "--provider", "Summit", "--accept-columns", "--confirm"]
    )
    assert code == 0
    return file


@pytest.mark.parametrize(("command", "kind"), READS, ids=lambda each: " ".join(each) if isinstance(each, tuple) else "")
def test_a_command_speaks_json_and_words(run: Run, january: Path, command: tuple[str, ...], kind: type) -> None:
    said = run(*command, "--json")
    assert said.code == 0, said.err
    assert isinstance(said.document, kind)
    assert "123-45" not in said.out
    words = run(*command)
    assert words.code == 0
    assert words.out.strip()
    with pytest.raises(json.JSONDecodeError):
        json.loads(words.out)


def test_the_same_file_again_is_the_first_run(run: Run, january: Path) -> None:
    again = run("payroll", "upload", january, *PLAN, "--provider", "Summit", "--json")
    assert again.code == 0, again.err
    assert again.document["state"].startswith("posted")
    assert again.document["already"]
    shown = run("payroll", "show", again.document["run_id"], *PLAN, "--json")
    assert len(shown.document["rows"]) == 11
    assert len(run("payroll", "list", *PLAN, "--json").document["payrolls"]) == 1


def test_a_file_of_unknown_columns_waits_for_a_yes(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "birch.csv"
    file.write_bytes(payroll_csv(ACME, 1).replace(b"401k Deferral", b"Retire 1"))
    waits = run("payroll", "upload", file, *PLAN, "--provider", "Other")
    assert waits.code == 2
    assert "--accept-columns" in waits.err


def test_a_file_that_cannot_be_posted_ends_with_2_and_names_every_row(run: Run, january: Path, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(payroll_csv(ACME, 1).replace(ACME.people[0].ssn.encode(), b"000-12-3456"))
    refused = run("payroll", "upload", file, *PLAN, "--provider", "Summit", "--json")
    assert refused.code == 2
    assert refused.document["state"] == "rejected"
    assert any(each["code"].startswith("ssn.") for each in refused.document["findings"])
    assert "000-12-3456" not in refused.out + refused.err


def test_verify_answers_ok_with_counts(run: Run, january: Path) -> None:
    found = run("verify", "--json").document
    assert found["ok"] is True
    assert found["counts"]["entries"] > 0
    assert found["problems"] == []


def test_verify_ends_with_1_where_the_books_do_not_hold(
    run: Run, wiring: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Finder:
        def verify(self, **_: Any) -> dict[str, Any]:
            damage = {"room": "ledger", "kind": "balance", "where": "acc_1", "message": "found 1, expected 2"}
            return {"ok": False, "counts": {}, "problems": [damage]}

    monkeypatch.setattr(wiring.given, "verifier", Finder())
    assert run("verify", "--json").code == 1
    words = run("verify")
    assert words.code == 1
    assert "found 1, expected 2" in words.out


def test_the_clock_moves_forward_only(run: Run, january: Path) -> None:
    moved = run("clock", "advance", "2026-01-03", "--json")
    assert moved.code == 0, moved.err
    assert moved.document["at"].startswith("2026-01-03T14:00")


@pytest.mark.parametrize(
    ("command", "code", "word"),
    [
        (("tests", "--plan", "Nobody's"), 2, "--plan"),
        (("tests",), 2, "--plan"),
        (("tests", "--test", "nothing", *PLAN), 2, "open401k tests"),
        (("payroll", "show", "run_1", *PLAN), 2, "payroll list"),
        (("payroll", "upload", "/nowhere.csv", *PLAN), 2, "Check the path"),
        (("clock", "advance", "tomorrow"), 2, "2026-08-14"),
        (("keys", "create", "--scope", "everything", *PLAN), 2, "plan.view"),
        (("keys", "link", "nobody@example.com"), 2, "spelling"),
        (("payroll", "upload"), 2, "open401k payroll upload"),
        (("nonsense",), 2, "nonsense"),
        (("serve", "--port", "0"), 2, "port"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_what_cannot_be_meant_ends_with_2_and_says_what_can(
    run: Run, command: tuple[str, ...], code: int, word: str
) -> None:
    said = run(*command)
    assert said.code == code, said.err
    assert word in said.err
    assert said.out == ""


@pytest.mark.parametrize("command", [("serve",), ("demo",)], ids=str)
def test_an_occupied_port_is_refused_before_anything_starts(run: Run, command: tuple[str, ...]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = run(*command, "--port", str(port))
    assert said.code == 1
    assert f"Port {port}" in said.err
    assert f"--port {port + 1}" in said.err


def test_a_data_directory_that_cannot_be_written_is_said_with_its_fix(capsys: pytest.CaptureFixture[str]) -> None:
    wiring = Wiring(Settings.from_env({"OPEN401K_DATA_DIR": "/proc/open401k"}))
    code = cli.run(wiring, ["plans"])
    said = capsys.readouterr()
    assert code == 1
    assert "OPEN401K_DATA_DIR" in said.err
    assert "Traceback" not in said.err


def test_help_names_every_command(run: Run) -> None:
    listed = run("--help")
    assert listed.code == 0
    for name in ("serve", "demo", "doctor", "migrate", "plans", "tests", "alerts", "people", "verify", "audit", "day",
                 "payroll", "takeover", "clock", "keys", "users"):  # fmt: skip
        assert f" {name} " in listed.out
        assert run(name, "--help").code == 0


def test_the_doctor_answers_in_json_and_ends_with_1_where_something_is_wrong(run: Run) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = run("doctor", "--json", "--port", str(other.getsockname()[1]))
    assert taken.code == 1
    assert taken.document["ok"] is False
    assert [each["name"] for each in taken.document["checks"] if not each["ok"] and each["needed"]] == ["port"]


def test_the_installed_command_refuses_a_setting_that_cannot_be_meant() -> None:
    program = Path(sys.executable).with_name("open401k")
    done = subprocess.run(
        [str(program), "plans"], env={"OPEN401K_MODE": "prod"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "sandbox or production" in done.stderr


def test_migrations_are_applied_once(capsys: pytest.CaptureFixture[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="o4k-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        wiring = Wiring(Settings.from_env({"OPEN401K_DATA_DIR": f"{folder}/data"}))
        applied = []
        for _ in range(2):
            assert cli.run(wiring, ["migrate", "--json"]) == 0
            applied.append(json.loads(capsys.readouterr().out)["applied"])
    assert applied[0]
    assert applied[1] == []


def test_figures_of_the_year_before_a_takeover_are_brought_over_whole_or_not_at_all(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "ytd.csv"
    heading = "ssn,period_start,period_end,plan_compensation,section_415_compensation,fica_wages,hours,pre_tax,roth"
    row = f"{BIRCH.people[0].ssn},2026-01-01,2026-01-01,4000.00,4000.00,4000.00,80,200.00,0.00"
    order = ("payroll", "year-to-date", file, "--as-of", "2026-01-01", "--plan", BIRCH.plan_name)
    file.write_text("\n".join([heading, row, "total,,,4000.00,4000.00,4000.00,80,200.00,1.00"]))
    refused = run(*order, "--json")
    assert refused.code == 2
    assert [(each["row"], each["code"]) for each in refused.document] == [(3, "total.mismatch")]
    assert "Nothing was recorded" in refused.err
    file.write_text("\n".join([heading, row, "total,,,4000.00,4000.00,4000.00,80,200.00,0.00"]))
    done = run(*order, "--json")
    assert done.code == 0, done.err
    assert (done.document["people"], done.document["employee"], done.document["already"]) == (1, "200.00", False)
    assert "on file already" in run(*order).out
    assert run("payroll", "year-to-date", tmp_path / "no.csv", "--as-of", "2026-01-01").code == 2
