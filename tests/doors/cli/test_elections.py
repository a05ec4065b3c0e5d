"""Elections by commands: a plan comes over with them, one is set, one stopped, and the list says why."""

import json
from pathlib import Path

from tests.doors.cli.conftest import Run, Standing
from tests.doors.cli.test_takeover import TERMS
from tests.doors.takeover import roster_csv

from open401k.demo.people import ACME
from open401k.demo.setup import takeover_of

PLAN = ("--plan", "Birch 401(k)")
SPONSOR = ("--sponsor", "22-3456791")


def test_a_plan_comes_over_with_its_elections_and_they_change(run: Run, wiring: Standing, tmp_path: Path) -> None:
    loaded = takeover_of(ACME, wiring.given.ids)
    terms = TERMS | {"elections": {}, "automatic_enrollment": {"counted_from": "2019-01-01"}}
    (tmp_path / "terms.json").write_text(json.dumps(terms))
    (tmp_path / "people.csv").write_bytes(roster_csv(loaded))
    rows = [f"{each.ssn},pre_tax,{4 + place % 3},2025-12-01" for place, each in enumerate(loaded.people[1:])]
    (tmp_path / "elections.csv").write_text("\n".join(["ssn,source,percent,effective_on", *rows]))
    founded = ("--established-on", "2008-05-01", "--ein", "22-3456791")
    assert run("takeover", "sponsor", "Birch Works, LLC", *founded).code == 0
    adopted = run("takeover", "plan", tmp_path / "terms.json", "--name", "Birch 401(k)", *SPONSOR)
    assert adopted.code == 0, adopted.err
    assert run("takeover", "people", tmp_path / "people.csv", *SPONSOR).code == 0
    for recorded, already in ((len(rows), 0), (0, len(rows))):
        said = run("elections", "import", tmp_path / "elections.csv", *PLAN, "--json")
        assert said.document == {"recorded": recorded, "already": already, "people": len(rows)}, said.err
    people = run("elections", "list", *PLAN, "--json").document["people"]
    derived = [each for each in people if any(line["derived"] for line in each["elections"])]
    assert [each["name"] for each in derived] == ["Walter Aldrich"]
    who = derived[0]["employee_id"]
    wrong = run("elections", "set", who, "--percent", "101", "--effective-on", "2026-12-01", *PLAN)
    assert wrong.code != 0
    assert "not one share of pay" in wrong.err
    chosen = run("elections", "set", who, "--percent", "6.25", "--effective-on", "2026-12-01", *PLAN, "--json")
    assert chosen.document == {"recorded": 1}, chosen.err
    stop = run("elections", "set", who, "--stop", "--effective-on", "2026-12-15", *PLAN, "--json")
    assert stop.document == {"recorded": 1}, stop.err
    rates = [
        [line["percent"] for each in told["people"] if each["employee_id"] == who for line in each["elections"]]
        for told in (
            run("elections", "list", "--as-of", day, *PLAN, "--json").document for day in ("2026-12-01", "2026-12-15")
        )
    ]
    assert rates == [["6.25"], ["0.00"]]
    assert "stopped" in run("elections", "list", "--as-of", "2026-12-15", *PLAN).out


def test_a_command_that_says_no_amount_or_two_is_told_what_it_lacks(run: Run) -> None:
    for amounts in ((), ("--percent", "5", "--dollars", "5"), ("--percent", "5", "--stop")):
        said = run("elections", "set", "emp_x", *amounts, "--effective-on", "2026-12-01")
        assert said.code != 0
        assert "Give one of the three" in said.err
