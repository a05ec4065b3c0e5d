"""Elections over HTTP: recorded once for a key, refused with their reason, listed with why, held against payroll."""

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.doors.api import conftest
from tests.doors.api.conftest import PEOPLE, Desk
from tests.doors.world import ORIGIN

from open401k.base.access import ALLOWED, Permission, Role
from open401k.kernel import SponsorId

HEADER = "ssn,source,percent,dollars,effective_on,made_on,how"
ROWS = [f"{ssn},pre_tax,5,,2025-12-01,2025-11-15,participant" for ssn, *_ in PEOPLE]
TABLE = "\n".join([HEADER, *ROWS])
AUTOMATIC = {"counted_from": "2026-01-01", "initial_bps": 600}


@pytest.fixture
def elective(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Desk:
    """The desk of a plan whose elections are kept here, and which enrolls automatically."""
    monkeypatch.setitem(conftest.TERMS, "elections", {})
    monkeypatch.setitem(conftest.TERMS, "automatic_enrollment", AUTOMATIC)
    found: Desk = request.getfixturevalue("desk")
    return found


def table(desk: Desk, content: str, key: str, client: TestClient | None = None) -> Any:
    return (client or desk.client).post(
        f"/v1/plans/{desk.plan_id}/elections-table",
        content=content.encode(),
        headers={"Idempotency-Key": key, "Content-Type": "text/csv"},
    )


def elect(desk: Desk, key: str, *elections: dict[str, Any], **more: Any) -> Any:
    body = {"employee_id": desk.employees[1], "effective_on": "2026-02-01", "elections": list(elections), **more}
    return desk.post(f"/v1/plans/{desk.plan_id}/elections", body, key)


def listed(desk: Desk, **query: Any) -> dict[str, list[tuple[Any, ...]]]:
    found = desk.get(f"/v1/plans/{desk.plan_id}/elections", **query)
    assert found["kept_here"]
    return {
        each["employee_id"]: [(e["source"], e["percent"] or e["dollars"], e["derived"]) for e in each["elections"]]
        for each in found["people"]
    }


def test_a_table_is_brought_once_and_payroll_is_held_against_it(elective: Desk) -> None:
    by_default = {who: [("pre_tax", "6.00", True)] for who in elective.employees}
    assert listed(elective) == by_default
    done = table(elective, TABLE, "first")
    assert (done.status_code, done.json()) == (201, {"recorded": 3, "already": 0, "people": 3})
    assert table(elective, TABLE, "first").json() == done.json()
    assert table(elective, TABLE + "\n", "first").json()["code"] == "key_reused"
    assert table(elective, TABLE, "second").json() == {"recorded": 0, "already": 3, "people": 3}
    assert listed(elective) == {who: [("pre_tax", "5.00", False)] for who in elective.employees}
    first = elective.payroll("2026-01-02", period_start="2025-12-15", period_end="2025-12-28")
    assert elective.post("/v1/payroll-runs", first, "jan 2").json()["posted"]
    rows = elective.payroll()["rows"]
    rows[1] = rows[1] | {"pre_tax": "0.00", "match": "0.00"}
    second = elective.payroll(rows=rows)
    asked = elective.post("/v1/payroll-runs", second, "jan 9").json()
    assert (asked["posted"], asked["needs_confirmation"]) == (False, True)
    assert [each["code"] for each in asked["findings"]] == ["election.mismatch"]
    path = f"/v1/plans/{elective.plan_id}/payroll-runs/{asked['run_id']}/post"
    said = elective.post(path, {"confirmed": True}, "yes")
    assert said.json()["posted"], said.text
    (case,) = elective.get(f"/v1/plans/{elective.plan_id}/withholding-cases")["items"]
    assert (case["employee_id"], case["kinds"], case["missed"]) == (
        elective.employees[1],
        ["not withheld at all"],
        "200.00",
    )
    assert elective.get(f"/v1/sponsors/{elective.sponsor_id}/verification")["ok"]


def test_one_person_elects_and_a_day_shows_what_held_on_it(elective: Desk) -> None:
    done = elect(elective, "raise", {"source": "pre_tax", "percent": "8.00"}, {"source": "roth", "dollars": "50.00"})
    assert (done.status_code, done.json()) == (201, {"recorded": 2})
    assert elect(elective, "raise", {"source": "pre_tax", "percent": "9.00"}).json()["code"] == "key_reused"
    who = elective.employees[1]
    assert listed(elective, as_of="2026-01-31")[who] == [("pre_tax", "6.00", True)]
    assert listed(elective, as_of="2026-02-01")[who] == [("pre_tax", "8.00", False), ("roth", "50.00", False)]
    assert elect(elective, "back", {"source": "pre_tax", "taken_back": True}).status_code == 201
    assert listed(elective, as_of="2026-02-01")[who] == [("roth", "50.00", False)]


@pytest.mark.parametrize(
    ("election", "more", "code"),
    [
        ({"source": "after_tax", "percent": "1.00"}, {}, "source_not_in_plan"),
        ({"source": "pre_tax", "percent": "100.01"}, {}, "not_an_amount"),
        ({"source": "pre_tax", "percent": "-1.00"}, {}, "not_an_amount"),
        ({"source": "pre_tax"}, {}, "not_an_amount"),
        ({"source": "pre_tax", "percent": "5.00"}, {"effective_on": "2026-01-01"}, "made_too_late"),
        ({"source": "pre_tax", "percent": "5.00"}, {"employee_id": "emp_nobody"}, "not_found"),
    ],
)
def test_what_the_plan_does_not_take_is_a_problem_with_its_reason(
    elective: Desk, election: dict[str, Any], more: dict[str, Any], code: str
) -> None:
    refused = elect(elective, "x", election, **more)
    assert refused.status_code in (404, 422)
    assert refused.json()["code"] == code
    assert listed(elective)[elective.employees[1]] == [("pre_tax", "6.00", True)]


def test_every_fault_of_a_table_is_told_by_row_and_column(elective: Desk) -> None:
    rows = [
        "123-45-6701,pre_tax,5,,2026-02-01,,",
        "123-45-6792,pre_tax,5,,2026-02-01,,",
        "123-45-6702,after_tax,5,,2026-02-01,,",
        "123-45-6702,roth,,,2026-02-01,,",
        "123-45-6702,roth,101,,2026-02-01,,",
        "123-45-6703,fun,5,,2026-02-01,,",
        "123-45-6701,pre_tax,6,,2026-02-01,,",
        "123-45-6703,pre_tax,5,,,,",
    ]
    refused = table(elective, "\n".join([HEADER, *rows]), "bad")
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (422, "elections_rejected")
    assert [(each["row"], each["column"], each["code"]) for each in problem["errors"]] == [
        (3, "A ssn", "person.unknown"),
        (4, "B source", "election.refused"),
        (5, "C percent", "election.format"),
        (6, "C percent", "election.format"),
        (7, "B source", "election.format"),
        (8, "A ssn", "row.duplicate"),
        (9, "E effective_on", "election.format"),
    ]
    assert "123-45-6792" not in refused.text
    assert listed(elective)[elective.employees[0]] == [("pre_tax", "6.00", True)]


def test_a_day_on_which_the_plan_has_no_terms_is_a_problem(elective: Desk) -> None:
    answer = elective.client.get(f"/v1/plans/{elective.plan_id}/elections", params={"as_of": "1990-01-01"})
    assert 400 <= answer.status_code < 500
    assert answer.json()["code"]


def test_a_plan_that_must_enroll_automatically_is_told_so(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setitem(conftest.TERMS, "adopted_on", "2023-06-01")
    desk: Desk = request.getfixturevalue("desk")
    (told,) = desk.get(f"/v1/plans/{desk.plan_id}/elections")["shortcomings"]
    assert "IRC 414A(a)" in told


def test_a_plan_that_keeps_its_elections_elsewhere_says_so(desk: Desk) -> None:
    found = desk.get(f"/v1/plans/{desk.plan_id}/elections")
    assert (found["kept_here"], found["people"]) == (False, [])
    assert elect(desk, "x", {"source": "pre_tax", "percent": "5.00"}).json()["code"] == "not_kept_here"
    assert desk.get(f"/v1/plans/{desk.plan_id}/withholding-cases") == {"items": []}


@pytest.mark.parametrize("role", Role)
def test_only_who_may_change_people_brings_elections(elective: Desk, role: Role) -> None:
    scopes = ALLOWED[role] & ALLOWED[Role.SPONSOR]
    key = elective.world.key(SponsorId.parse(elective.sponsor_id), *(scopes or {Permission.EVENT_VIEW}))
    with TestClient(elective.app, base_url=ORIGIN, headers={"Authorization": f"Bearer {key}"}) as client:
        status = table(elective, TABLE, f"by {role}", client).status_code
    assert status == (201 if role in (Role.OPERATIONS, Role.SPONSOR) else 403)
