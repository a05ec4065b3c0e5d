"""A visitor of the demo gets files to upload: the provider's own, with the mistakes that the story tells of."""

import json
from pathlib import Path

import pytest

from open401k.app import Wiring
from open401k.base.settings import Settings
from open401k.doors import cli


def test_files_with_mistakes_lie_beside_the_corrected_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "files"
    assert cli.run(Wiring(Settings.from_env()), ["demo", "--files", str(folder), "--json"]) == 0
    written = [Path(name) for name in json.loads(capsys.readouterr().out)["files"]]
    assert sorted(written) == sorted(folder.iterdir())
    wrong, right = (folder / f"acme-2026-03-27{end}.csv" for end in ("", "-corrected"))
    assert "219-11-1088" in wrong.read_text()
    assert "219-11-1088" not in right.read_text()
    assert not (folder / "acme-2026-01-02-corrected.csv").exists()


def test_a_folder_that_cannot_be_written_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(Wiring(Settings.from_env()), ["demo", "--files", "/proc/files"]) == 1
    assert "/proc/files cannot be written" in capsys.readouterr().err
