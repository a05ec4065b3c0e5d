"""Control totals and periods of no contributions by command: refused with both figures, posted, on file, once."""

from pathlib import Path
from typing import Any

import pytest
from tests.doors.cli.conftest import Run

from open401k.demo.files import payroll_csv
from open401k.demo.people import ACME

PLAN = ("--plan", "Acme")
TAKEN = ("--provider", "Summit", "--accept-columns", "--confirm")


def upload(run: Run, file: Path, *more: str) -> Any:
    return run("payroll", "upload", file, *PLAN, *TAKEN, *more, "--json")


def listed(run: Run) -> list[Any]:
    return list(run("payroll", "list", *PLAN, "--json").document["payrolls"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The first payroll of Acme."""
    made = tmp_path / "acme.csv"
    made.write_bytes(payroll_csv(ACME, 0))
    return made


def test_control_totals_refuse_a_file_until_they_are_right_and_stay_with_its_run(run: Run, file: Path) -> None:
    wrong = upload(run, file, "--control-total", "rows=12", "--control-total", "employee_money=1.00")
    assert wrong.code == 2, wrong.out
    found = {each["column"]: each["reason"] for each in wrong.document["findings"] if each["code"] == "total.mismatch"}
    assert found["rows"] == "The control total of rows is 12, the rows add up to 11: 1 missing."
    assert "is $1.00, the rows add up to $" in found["employee_money"]
    assert not [each for each in listed(run) if each["state"].startswith("posted")]
    right = upload(run, file, "--control-total", "rows=11")
    assert right.code == 0, right.err
    again = upload(run, file, "--control-total", "rows=11")
    assert (again.document["run_id"], again.document["already"]) == (right.document["run_id"], True)
    shown = run("payroll", "show", right.document["run_id"], *PLAN)
    assert "Control totals given: 11 rows." in shown.out
    assert run("verify").code == 0


@pytest.mark.parametrize(
    ("totals", "words"),
    [
        (("rows=many",), "whole number"),
        (("gross=12,000",), "dollars and cents"),
        (("grosss=1.00",), "no control total 'grosss'"),
        (("rows",), "is no control total"),
        (("rows=11", "rows=12"), "given twice"),
    ],
)
def test_a_control_total_that_is_none_ends_with_2_and_sends_nothing(
    run: Run, file: Path, totals: tuple[str, ...], words: str
) -> None:
    before = len(listed(run))
    said = run("payroll", "upload", file, *PLAN, *(part for each in totals for part in ("--control-total", each)))
    assert said.code == 2
    assert words in said.err
    assert len(listed(run)) == before


def test_nothing_to_contribute_is_on_file_once_and_can_be_said_with_headings_alone(run: Run, tmp_path: Path) -> None:
    told = run("payroll", "no-contributions", "2026-01-03", *PLAN, "--json")
    assert told.code == 0, told.err
    again = run("payroll", "no-contributions", "2026-01-03", *PLAN, "--json")
    assert (again.code, again.document["run_id"]) == (0, told.document["run_id"])
    shown = run("payroll", "show", told.document["run_id"], *PLAN)
    assert "nothing is contributed this period" in shown.out
    bare = tmp_path / "bare.csv"
    bare.write_bytes(payroll_csv(ACME, 0).splitlines(keepends=True)[0])
    assert upload(run, bare, "--pay-date", "2026-01-04").code == 2
    said = upload(run, bare, "--pay-date", "2026-01-04", "--no-contributions")
    assert said.code == 0, said.err
    both = [(each["pay_date"], each["rows"]) for each in listed(run) if each["rows"] == 0]
    assert {("2026-01-03", 0), ("2026-01-04", 0)} <= set(both)
    assert run("verify").code == 0


def test_a_file_refused_for_want_of_its_pay_date_is_taken_with_it(run: Run, tmp_path: Path) -> None:
    text = payroll_csv(ACME, 1).decode()
    heading, *rows = [line.split(",") for line in text.splitlines()]
    at = heading.index("Check Date")
    bare = tmp_path / "undated.csv"
    bare.write_text("".join(",".join(cells[:at] + cells[at + 1 :]) + "\n" for cells in (heading, *rows)))
    refused = upload(run, bare)
    assert refused.code == 2
    assert "pay_date.missing" in [each["code"] for each in refused.document["findings"]]
    dated = upload(run, bare, "--pay-date", "2026-01-05")
    assert dated.code == 0, dated.out + dated.err
    assert dated.document["run_id"] != refused.document["run_id"]


def test_letters_that_are_not_utf_8_are_named_and_read_once_their_encoding_is_declared(run: Run, file: Path) -> None:
    file.write_bytes(payroll_csv(ACME, 1).replace(b"Rosa", "Ros\xe1".encode("cp1252")))
    own = ("--provider", "Letters")  # whose columns no other test settled
    refused = upload(run, file, *own)
    assert refused.code == 2, refused.out
    (found,) = [each for each in refused.document["findings"] if each["code"] == "file.encoding"]
    assert found["row"] > 1
    assert "Byte 0xE1" in found["reason"]
    assert "--encoding" not in found["fix"]
    assert "declare its encoding" in found["fix"]
    wrong = upload(run, file, *own, "--encoding", "cp1253")
    assert (wrong.code, "there are utf-8, cp1252" in wrong.err + wrong.out) == (2, True)
    read = upload(run, file, *own, "--encoding", "Windows-1252")
    told = {each["code"]: each["reason"] for each in read.document["findings"]}
    assert "file.encoding" not in told  # what is wrong with it now is what it says: a payday to come, another name
    assert "Rosá Benitez" in told.get("person.name_changed", ""), told
    assert run("verify").code == 0
