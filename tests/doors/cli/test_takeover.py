"""A running plan comes over by commands alone, and is tested as if it had been loaded by the story of the demo."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.doors.cli.conftest import Run, Said, Standing
from tests.doors.takeover import balances_csv, roster_csv

from open401k.demo.files import payroll_csv
from open401k.demo.people import ACME
from open401k.demo.setup import takeover_of
from open401k.kernel import FixedClock

PLAN = ("--plan", "Cedar 401(k)")
SPONSOR = ("--sponsor", "22-3456780")
EMPLOYER = ("takeover", "sponsor", "Cedar Works, LLC", "--ein", "22-3456780")
REGISTER = (*EMPLOYER, "--established-on", "2008-05-01", "--json")
TERMS = {
    "adopted_on": "2019-01-01",
    "eligibility": {"minimum_age": 21, "service_months": 12, "hours_in_year": None},
    "deferrals": {"sources": ["pre_tax", "roth"]},
    "match": {"tiers": [[5000, 600]]},
    "vesting": {"schedules": [["match", {"percents": [0, 0, 20, 40, 60, 80, 100]}]]},
}


@pytest.fixture(scope="module")
def files(wiring: Standing, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Terms, roster, balances and the first payroll of a company that is Acme but for its name."""
    folder = tmp_path_factory.mktemp("cedar")
    loaded = takeover_of(replace(ACME, name="Cedar"), wiring.given.ids)
    numbers = {each.employee_id: each.ssn or "" for each in loaded.people}
    held = {(numbers[each.employee_id], each.source): each.amount.cents for each in loaded.balances}
    (folder / "terms.json").write_text(json.dumps(TERMS))
    (folder / "people.csv").write_bytes(roster_csv(loaded))
    (folder / "balances.csv").write_bytes(balances_csv(held))
    (folder / "first.csv").write_bytes(payroll_csv(ACME, 0))
    return folder


@pytest.fixture
def run(run: Run, wiring: Standing) -> Run:
    """Run commands a second apart, as a person does."""

    def go(*arguments: str | Path) -> Said:
        assert isinstance(wiring.given.wall, FixedClock)
        wiring.given.wall.advance_to(wiring.given.wall.now() + timedelta(seconds=1))
        return run(*arguments)

    return go


def test_a_whole_takeover_by_commands_ends_as_the_demos_way_of_loading(run: Run, files: Path) -> None:
    for already in (False, True):  # each step may be repeated
        registered = run(*REGISTER)
        assert registered.document["already"] is already, registered.err
        adopted = run("takeover", "plan", files / "terms.json", "--name", "Cedar 401(k)", *SPONSOR, "--json")
        assert adopted.document["already"] is already, adopted.err
        people = run("takeover", "people", files / "people.csv", *SPONSOR, "--json")
        assert (people.document["added"] == 0) is already, people.err
        opened = run("takeover", "balances", files / "balances.csv", "--as-of", "2025-12-31", *PLAN, "--json")
        assert opened.document["already"] is already, opened.err
        assert "already" not in run("keys", "create", *SPONSOR, "--json").document
    order = ("--provider", "Summit", "--accept-columns", "--confirm", "--json")
    for name in ("Cedar", "Acme"):
        assert run("payroll", "upload", files / "first.csv", "--plan", name, *order).code == 0
    here, there = (run("tests", "--plan", name, "--json").document["tests"] for name in ("Cedar", "Acme"))
    same = ("key", "measured", "limit", "standing")
    assert [[each[name] for name in same] for each in here] == [[each[name] for name in same] for each in there]
    assert any(each["measured"] not in (None, "0.00") for each in here)
    found = run("verify", "--json").document
    assert found["ok"], found["problems"]


def test_wrong_balances_are_taken_back_and_the_right_ones_brought(run: Run, files: Path, tmp_path: Path) -> None:
    assert run(*REGISTER).code == 0
    name = ("--name", "Cedar Second", "--number", "002")
    assert run("takeover", "plan", files / "terms.json", *name, *SPONSOR).code == 0
    run("takeover", "people", files / "people.csv", *SPONSOR)
    order = ("--as-of", "2025-12-31", "--plan", "Cedar Second")
    first = run("takeover", "balances", files / "balances.csv", *order, "--json").document
    other = tmp_path / "other.csv"
    other.write_text(f"ssn,source,balance\n{ACME.people[0].ssn},match,10.00\ntotal,,10.00\n")
    refused = run("takeover", "balances", other, *order, "--json")
    assert (refused.code, [each["code"] for each in refused.document]) == (2, ["opening.on_file"])
    back = run("takeover", "reverse-balances", first["entry_id"], "--reason", "Another plan's.", *order[2:], "--json")
    assert back.document["total"] == first["total"], back.err
    assert run("takeover", "balances", other, *order, "--json").document["total"] == "10.00"
    found = run("verify", "--json").document
    assert found["ok"], found["problems"]


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ((*EMPLOYER, "--established-on", "2009-05-01"), "Cedar Works"),
        (("takeover", "sponsor", "Nobody", "--ein", "00-1", "--established-on", "2009-05-01"), "CP 575"),
        (("takeover", "plan", "terms.json", "--name", "Cedar 401(k)", "--number", "2", *SPONSOR), "three digits"),
        (("takeover", "plan", "wrong.json", "--name", "Wrong", "--number", "009", *SPONSOR), "minimum_age"),
        (("takeover", "plan", "unlawful.json", "--name", "Wrong", "--number", "009", *SPONSOR), "minimum_age"),
        (("takeover", "plan", "terms.json", "--name", "Another", *SPONSOR), "amend"),
        (("takeover", "people", "people.csv", "--sponsor", "Nobody"), "--sponsor"),
        (("takeover", "people", "people.csv"), "several sponsors"),
        (("takeover", "people", "cut.csv", *SPONSOR), "Nothing was recorded"),
        (("takeover", "reverse-balances", "ent_1", "--reason", "x", "--plan", "Acme"), "loading answered"),
        (("keys", "create", *SPONSOR, "--plan", "Acme"), "Give one"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_what_cannot_be_meant_says_what_can(run: Run, files: Path, command: tuple[str, ...], word: str) -> None:
    assert run(*REGISTER).code == 0
    run("takeover", "plan", files / "terms.json", "--name", "Cedar 401(k)", *SPONSOR)
    old = {"minimum_age": "old"}
    (files / "wrong.json").write_text(json.dumps({**TERMS, "eligibility": old}))
    (files / "unlawful.json").write_text(json.dumps({**TERMS, "eligibility": {"minimum_age": 25}}))
    (files / "cut.csv").write_bytes(b"\n".join((files / "people.csv").read_bytes().splitlines()[:-1]))
    said = run(*((files / each) if each.endswith((".json", ".csv")) else each for each in command))
    assert said.code in (1, 2)
    assert word in said.err
    assert "Traceback" not in said.err
