"""``open401k calc`` as the bare install has it: numpy and PyYAML, and none of the server's packages."""

import io
import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from open401k.calculators import calculators
from open401k.doors import calc

#: Everything but the bare install is missing, as in a fresh environment after ``pip install open401k``.
BARE = textwrap.dedent(
    """
    import sys
    from importlib.abc import MetaPathFinder

    allowed = {"open401k", "numpy", "yaml", "_yaml", "_distutils_hack", *sys.stdlib_module_names}

    class OnlyTheBareInstall(MetaPathFinder):
        def find_spec(self, name, path, target=None):
            if name.split(".")[0] not in allowed and not name.startswith("_sysconfigdata"):
                raise ModuleNotFoundError(f"the bare install has no {name}", name=name)
            return None

    sys.meta_path.insert(0, OnlyTheBareInstall())
    from open401k.__main__ import main
    main()
    """
)


def bare(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-c", BARE, *arguments],
        input=stdin, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_the_bare_install_pipes_an_example_into_its_calculator() -> None:
    example = bare("calc", "adp-test", "--example")
    assert (example.returncode, example.stderr) == (0, "")
    answered = bare("calc", "adp-test", stdin=example.stdout)
    assert (answered.returncode, answered.stderr) == (0, "")
    assert "HCE average        4.34 %" in answered.stdout
    assert "is within the limit of 5.78 %" in answered.stdout.replace("\n", " ")
    as_json = bare("calc", "adp-test", "--json", stdin=example.stdout)
    assert json.loads(as_json.stdout)["result"]["verdict"] == "passed"


def test_the_bare_install_says_what_the_other_commands_need() -> None:
    done = bare("demo")
    assert done.returncode == 1
    assert "pip install 'open401k[server]'" in done.stderr


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = calc.main(arguments)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_list_names_every_calculator_with_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--list", "--json")
    listed = json.loads(out)
    assert code == 0
    assert [each["name"] for each in listed] == list(calculators())
    assert all(each["title"] and each["citation"] and each["schema"]["type"] == "object" for each in listed)
    assert len(run(capsys, "--list")[1].splitlines()) == len(listed)


def test_a_calculator_answers_from_a_file_from_fields_and_from_both(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "input.json"
    file.write_text('{"age_at_year_end": 40, "year": 2026}')
    for typed in (["--input", str(file)], ["--set", "age_at_year_end=40", "--set", "year=2026"]):
        code, out, _ = run(capsys, "deferral-limit", *typed, "--json")
        assert (code, json.loads(out)["result"]["total_cents"]) == (0, 2_450_000)
    out = run(capsys, "deferral-limit", "--input", str(file), "--set", "age_at_year_end=50")[1]
    assert "$32,500.00" in out


def test_bad_input_ends_with_2_and_names_every_problem(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = run(capsys, "deferral-limit", "--set", "age=40", "--set", "year=2026.5")
    assert (code, out) == (2, "")
    assert {line.split(":")[1].strip() for line in err.splitlines()} == {"age", "age_at_year_end", "year"}
    monkeypatch.setattr("sys.stdin", io.StringIO('{"age_at_year_end": 40, "year": NaN}'))
    code, out, _ = run(capsys, "deferral-limit", "--json")
    assert (code, json.loads(out)["problems"][0]["message"]) == (2, "NaN is no number that JSON or the law knows")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["adp_tset"], "adp-test"),
        ([], "calc --list"),
        (["match", "--input", "/no/such/file"], "cannot be read"),
    ],
)
def test_what_cannot_be_meant_ends_with_2_and_a_way_on(
    typed: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, *typed)
    assert code == 2
    assert told in err


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    schema: dict[str, Any] = json.loads(run(capsys, "maximum-loan", "--schema")[1])
    assert "vested_cents" in schema["required"]
