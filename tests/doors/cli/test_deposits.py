"""Deposits by commands: read a statement, list, make a debit file."""

from pathlib import Path

from tests.doors.cli.conftest import Run

ACCOUNTS = (
    ("employer", "121042882", "744567899012"),
    ("plan", "231380104", "55500011"),
)


def test_a_statement_is_read_and_what_it_does_not_explain_waits(run: Run, tmp_path: Path) -> None:
    plan = ("--plan", "Acme")
    file = tmp_path / "bank.csv"
    file.write_text("Date,Amount,Description\n2026-01-12,31.07,WIRE 98765432101\n")
    assert run("deposits", "statement", file, *plan).code == 0
    assert run("deposits", "statement", file, *plan).code == 0, "the same file again"
    listed = run("deposits", "list", *plan)
    assert listed.code == 0
    assert listed.out.count("WIRE ****2101") == 1
    document = run("deposits", "list", *plan, "--json").document
    line = next(each for each in document["lines"] if each["text"] == "WIRE ****2101")
    assert run("deposits", "place", line["statement_id"], str(line["line_no"]), *plan).code == 0
    assert "WIRE" not in run("deposits", "list", *plan).out


def test_a_file_that_is_none_ends_with_2_and_says_where(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "bank.csv"
    file.write_text("Date,Amount\n2026-01-12,1.0.0\n")
    refused = run("deposits", "statement", file, "--plan", "Acme")
    assert refused.code == 2
    assert "line 2, amount" in refused.err
    wrong = run("deposits", "answer", file, "--plan", "Acme")
    assert wrong.code == 2
    assert "record 1" in wrong.err


def test_accounts_go_on_file_without_their_number_being_said(run: Run) -> None:
    for purpose, routing, number in ACCOUNTS:
        told = run(
            "deposits", "account", purpose, "--name", "Acme", "--routing", routing, "--number", number, "--plan", "Acme"
        )
        assert told.code == 0
        assert number not in told.out
        assert number[-4:] in told.out
