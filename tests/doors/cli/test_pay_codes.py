"""Pay codes by command: listed with what they count for, confirmed, refused where nothing can be meant."""

import pytest
from tests.doors.cli.conftest import Run

PLAN = ("--plan", "Acme")


def test_codes_are_confirmed_and_listed_with_what_they_count_for(run: Run) -> None:
    done = run("pay-codes", "confirm", "GTL=taxable_group_term_life", "--since", "2026-01-01", "--beside-gross", *PLAN)
    assert done.code == 0, done.err
    assert "Pay code GTL is taxable group term life from 2026-01-01 on." in done.out
    (line,) = run("pay-codes", "list", *PLAN, "--json").document["codes"]
    assert (line["code"], line["state"], line["in_gross"], line["since"]) == ("GTL", "confirmed", False, "2026-01-01")
    assert {cell["purpose"] for cell in line["cells"] if cell["counts"]} == {
        "w2", "fica", "section_415", "section_414s", "plan",
    }  # fmt: skip
    words = run("pay-codes", "list", *PLAN)
    assert "Taxable" in words.out
    assert "W-2 pay" in words.out


def test_a_deduction_says_which_wages_it_comes_off(run: Run) -> None:
    done = run("pay-codes", "confirm", "--deduction", "MED125=cafeteria_reduction", *PLAN)
    assert done.code == 0, done.err
    lines = {line["code"]: line for line in run("pay-codes", "list", *PLAN, "--json").document["codes"]}
    assert (lines["MED125"]["side"], lines["MED125"]["kind"]) == ("deduction", "cafeteria_reduction")
    assert "FICA wages (IRC 415(c)(3)(D), 125, 3121(a)(5)(G))" in lines["MED125"]["reduces"]
    assert "(deduct" in run("pay-codes", "list", *PLAN).out


@pytest.mark.parametrize(
    ("typed", "code", "told"),
    [
        (["GTL"], 2, "CODE=KIND"),
        (["GTL=gift"], 1, "There is no kind 'gift'"),
        (["GTL=bonus", "--since", "soon"], 2, "is not a day"),
        (["--certain"], 1, "nothing to confirm"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_fix(run: Run, typed: list[str], code: int, told: str) -> None:
    refused = run("pay-codes", "confirm", *typed, *PLAN)
    assert refused.code == code
    assert told in refused.err
    assert "Fix:" in refused.err
