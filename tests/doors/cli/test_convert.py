"""One layout into another in a terminal: what is lost is said, and money is never lost unasked."""

from pathlib import Path

import pytest
from tests.doors.cli.conftest import Run
from tests.rooms.payroll.test_catalogue import GOOD, NAMES, lines

from open401k.payroll import open_upload

LOAN = GOOD | {"loan_id": "L-1", "loan_payment": "25.00"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A payroll of one person in our own layout."""
    path = tmp_path / "march.csv"
    path.write_bytes(lines(LOAN))
    return path


def test_a_file_is_written_in_another_layout_and_what_is_lost_is_said(run: Run, file: Path) -> None:
    said = run("payroll", "convert", file, "--to", "ascensus")
    assert said.code == 0, said.err
    assert "pay_date (1 row)" in " ".join(said.out.split())
    written = file.with_name("march.ascensus.csv")
    (row,) = next(iter(open_upload(written.read_bytes()).chunks()))
    assert (row.ssn, row.pre_tax_cents, row.loan_payments) == ("123456789", 200_00, (("LOAN PAYMENT AMOUNT", 25_00),))
    assert written.stat().st_mode & 0o777 == 0o600
    assert run("payroll", "convert", file, "--to", "ascensus").code == 2


def test_it_comes_back_with_the_pay_date_that_the_layout_lacked(run: Run, file: Path) -> None:
    run("payroll", "convert", file, "--to", "ascensus")
    ascensus = file.with_name("march.ascensus.csv")
    refused = run("payroll", "convert", ascensus, "--to", "open401k")
    assert (refused.code, "pay date" in refused.err) == (1, True)
    back = run("payroll", "convert", ascensus, "--to", "open401k", "--pay-date", "2026-03-13", "--json")
    assert back.code == 0, back.err
    assert back.document["rows"] == 1
    assert open_upload(Path(back.document["file"]).read_bytes()).findings.total == 0


def test_money_is_never_lost_unasked(run: Run, file: Path) -> None:
    refused = run("payroll", "convert", file, "--to", "vestwell")
    assert refused.code == 2
    assert "match (1 row, $100.00)" in refused.err
    assert not file.with_name("march.vestwell.csv").exists()
    assert run("payroll", "convert", file, "--to", "vestwell", "--lossy").code == 0


def test_a_file_that_cannot_be_read_names_its_findings(run: Run, file: Path) -> None:
    file.write_bytes(lines(GOOD | {"pre_tax": "(200.00)"}))
    said = run("payroll", "convert", file, "--to", "ascensus", "--json")
    assert said.code == 2
    assert [each["code"] for each in said.document] == ["amount.negative_not_allowed"]


def test_columns_of_nobody_are_taken_only_when_accepted(run: Run, file: Path) -> None:
    named = ",".join(NAMES).replace("pre_tax", "401k Deferral")
    file.write_bytes(lines(GOOD, header=named))
    asked = run("payroll", "convert", file, "--to", "detamoov")
    assert (asked.code, "401k Deferral is pre_tax" in asked.err) == (1, True)
    assert run("payroll", "convert", file, "--to", "detamoov", "--accept-columns").code == 0


def test_an_encoding_is_declared(run: Run, file: Path) -> None:
    file.write_bytes(lines(GOOD | {"first_name": "Zoë"}).decode().encode("cp1252"))
    assert run("payroll", "convert", file, "--to", "open401k").code == 2
    said = run("payroll", "convert", file, "--to", "open401k", "--encoding", "cp1252")
    assert said.code == 0, said.err
    assert "Zoë".encode() in file.with_name("march.open401k.csv").read_bytes()


def test_a_census_part_is_written_and_read_by_its_positions(run: Run, file: Path) -> None:
    said = run("payroll", "convert", file, "--to", "voya_fixed", "--lossy", "--set", "employer id=E12345")
    assert said.code == 0, said.err
    census = file.with_name("march.voya_fixed.txt")
    assert census.read_bytes().startswith(b"INGWIN6E12345 20260313    123456789")
    assert run("payroll", "convert", census, "--records", "voya_fixed", "--to", "employee_fiduciary").code == 0


def test_a_layout_of_records_is_taken_from_a_file_and_refused_without_positions(run: Run, file: Path) -> None:
    layout = file.with_name("spark.yaml")
    layout.write_text("name: spark\nsource: RC2.0\nparts: {}\n")
    said = run("payroll", "convert", file, "--records", layout, "--to", "open401k")
    assert said.code == 1
    assert "no positions" in said.err


@pytest.mark.parametrize(
    "wrong", [("--to", "fidelity"), ("--to", "ascensus", "--records", "spark"), ("--to", "ascensus", "--set", "x")]
)
def test_what_cannot_be_meant_is_said(run: Run, file: Path, wrong: tuple[str, ...]) -> None:
    said = run("payroll", "convert", file, *wrong)
    assert said.code in (1, 2)
    assert "Fix:" in said.err or "Error:" in said.err
    assert not list(file.parent.glob("march.*.csv"))


def test_a_name_beyond_ascii_goes_into_records_in_the_encoding_that_is_said_of_them(run: Run, file: Path) -> None:
    file.write_bytes(lines(GOOD | {"first_name": "Zoë", "last_name": "Müller"}))
    refused = run("payroll", "convert", file, "--to", "empower_fixed", "--lossy", "--json")
    assert (refused.code, "cp1252" in refused.document[0]["fix"]) == (2, True)
    said = run("payroll", "convert", file, "--to", "empower_fixed", "--lossy", "--out-encoding", "cp1252")
    assert said.code == 0, said.err
    written = file.with_name("march.empower_fixed.txt").read_bytes()
    assert "Müller".encode("cp1252") in written
    assert "Zoë".encode("cp1252") in written
    csv = run("payroll", "convert", file, "--to", "ascensus", "--lossy", "--out-encoding", "cp1252")
    assert (csv.code, "written as UTF-8" in csv.err) == (1, True)
