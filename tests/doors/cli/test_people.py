"""Who a row is, and the year-end census, by commands."""

from pathlib import Path

import pytest
from tests.doors.cli.conftest import Run

from open401k.demo.files import Mistakes, payroll_csv
from open401k.demo.people import BIRCH

PLAN = ("--plan", "Birch")


@pytest.fixture(scope="module")
def slipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the bakery with one wrong digit."""
    file = tmp_path_factory.mktemp("birch") / "slip.csv"
    number = BIRCH.people[1].ssn
    wrong = number[:-4] + str((int(number[-4]) + 1) % 10) + number[-3:]
    file.write_bytes(payroll_csv(BIRCH, 3, Mistakes(cells={(number, "Employee SSN"): wrong})))
    return file


def test_a_row_in_doubt_is_answered_and_taken_back(run: Run, slipped: Path) -> None:
    refused = run("payroll", "upload", slipped, *PLAN, "--accept-columns")
    assert refused.code != 0
    (question,) = run("people", "questions", *PLAN, "--json").document["asked"]
    assert question["ssn_masked"].startswith("***-**-")
    who = question["candidates"][0]["employee_id"]
    assert run("people", "answer", question["question_id"], *PLAN).code == 2
    said = run("people", "answer", question["question_id"], "--employee", who, *PLAN, "--json")
    assert said.code == 0, said.err
    assert len(said.document["checked"]) == 1
    (answered,) = run("people", "questions", *PLAN, "--json").document["answered"]
    assert answered["answer"] == question["candidates"][0]["name"]
    assert run("people", "answer", question["question_id"], "--undo", *PLAN).code == 0
    assert "slip" in run("people", "questions", *PLAN).out
    assert run("people", "answer", "qst_none", "--new", *PLAN).code == 2


def test_the_census_is_shown_exported_and_not_confirmed_before_the_year_is_over(run: Run, tmp_path: Path) -> None:
    shown = run("census", "show", "2026", *PLAN, "--json")
    assert shown.code == 0, shown.err
    assert shown.document["people"] == len(shown.document["lines"])
    assert "Not confirmed." in run("census", "show", "2026", *PLAN).out
    sha256 = shown.document["sha256"]
    early = run("census", "confirm", "2026", "--sha256", sha256, "--signed-as", "Olive Owner", *PLAN)
    assert early.code == 2
    assert "runs to" in early.err
    assert "no report was filed" in run("census", "filed", "2026", "small", *PLAN).err
    assert "2025 was filed as small" in run("census", "filed", "2025", "small", *PLAN).out
    assert run("census", "show", "2026", *PLAN, "--json").document["counts"]["filed_as_small_before"] is True
    file = tmp_path / "census.csv"
    assert run("census", "export", "2026", file, *PLAN).code == 0
    assert len(file.read_text().splitlines()) == shown.document["people"] + 1


def test_what_vests_in_full_is_shown_and_stated_by_a_person(run: Run) -> None:
    by = ("--by", "olive@birch.example")
    assert run("users", "add", by[1], "--role", "sponsor", "--name", "Olive", "--sponsor", "Birch").code == 0
    shown = run("vesting", "show", "--json", *PLAN)
    assert shown.code == 0, shown.err
    assert shown.document["turnover"]["starts_on"] == "2026-01-01"
    assert "Turnover 2026-01-01 to 2026-12-31" in run("vesting", "show", *PLAN).out
    assert "twelve months" in run("vesting", "show", "--from", "2026-01-01", "--to", "2026-06-30", *PLAN).err
    of = ("--from", "2026-01-01", "--to", "2026-12-31", "--reason", "as in every year")
    nobody = run("vesting", "state", "no_partial_termination", *of, "--by", "nobody@birch.example", *PLAN)
    assert nobody.code == 2
    said = run("vesting", "state", "no_partial_termination", *of, *by, "--key", "one", "--json", *PLAN)
    assert (said.code, said.document["counts"]) == (0, True), said.err
    again = run("vesting", "state", "no_partial_termination", *of, *by, "--key", "one", "--json", *PLAN)
    assert again.document == said.document
    ahead = run("vesting", "state", "plan_termination", "--from", "2027-06-30", "--reason", "x", *by, *PLAN)
    assert "still to come" in ahead.err
    assert "vesting show" in run("vesting", "left-by", "emp_x", "death", "--on", "2026-01-05", *by, *PLAN).err
    unknown = run("vesting", "left-by", "emp_" + "0" * 32, "death", "--on", "2026-01-05", *by, *PLAN)
    assert "There is no employee" in unknown.err
    back = run("vesting", "state", "no_partial_termination", *of, *by, "--take-back", *PLAN)
    assert "Taken back" in back.out


def test_a_late_fact_and_a_failure_are_recorded_by_a_person(run: Run) -> None:
    by = ("--by", "fay@birch.example", *PLAN)
    assert run("users", "add", by[1], "--role", "sponsor", "--name", "Fay", "--sponsor", "Birch").code == 0
    who = run("people", *PLAN, "--json").document["people"][1]["employee_id"]
    told = ("people", "fact", who, "birth_date", "birth_date=1990-02-04", "--on", "2020-01-01", "--key", "one", *by)
    first = run(*told)
    assert first.code == 0, first.err
    assert first.out.startswith("On file.")
    assert run(*told).out == first.out
    other = ("birth_date=1991-02-04", "--on", "2020-01-01", "--key", "one", *by)
    assert run("people", "fact", who, "birth_date", *other).code != 0
    assert "birth_date" in run("people", "fact", who, "birth_date", "birth_date=1990", "--on", "2020-01-01", *by).err
    assert run("people", "fact", who, "birth_date", "1990-02-04", "--on", "2020-01-01", *by).code == 2
    assert run("people", "fact", who, "officer", "officer=yes", "--on", "2020-01-01", *by).code == 0
    failure = ("corrections", "failure", "left_out", who, "--found-on", "2026-01-02", "--how-found", "An audit", *by)
    found = run(*failure, "--first-on", "2026-01-02", "--json")
    assert found.code == 0, found.err
    assert run(*failure[:3], "emp_none", *failure[4:]).code == 2
