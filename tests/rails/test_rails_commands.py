"""``open401k rails``: what is printed, and the exit code. No database."""

from __future__ import annotations

import json

import pytest

from open401k.app import Wiring
from open401k.base.settings import Settings
from open401k.doors import cli


def _run(capsys: pytest.CaptureFixture[str], *typed: str) -> tuple[int, str]:
    code = cli.run(Wiring(Settings.from_env()), ["rails", *typed])
    return code, capsys.readouterr().out


def test_the_model_is_told_with_its_bounds_its_bugs_and_what_it_rests_on(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = _run(capsys, "model", "--blocks", "1", "--reorgs", "1", "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["designed"]["violation"], told["designed"]["stuck"]) == (None, 0)
    assert told["bugs"]["two_of_three"]["violation"] == "I-R4 committed without all votes"
    assert (told["two_receivers"]["violation"], told["two_receivers"]["stuck"]) == (None, 0)
    assert len(told["bugs"]) == 28
    assert "no reorganization reaches a final block" in told["assumptions"]
    code, out = _run(capsys, "model", "--bug", "vote_before_hold", "--blocks", "1", "--reorgs", "1")
    assert code == 0
    assert "   1. the person takes the money out otherwise" in out


def test_a_simulation_answers_what_went_wrong_what_was_met_and_how_long_it_took(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out = _run(capsys, "simulate", "--seeds", "12", "--from", "1", "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["seeds"], told["violations"], told["stuck"]) == (12, 0, 0)
    assert set(told["coverage"]) == set(told["boundaries"])
    assert told["seconds"] > 0
    code, out = _run(capsys, "simulate", "--seed", "7")
    assert code == 0
    assert "nothing violated" in out
    again, same = _run(capsys, "simulate", "--seed", "7")
    assert (again, same) == (code, out)
