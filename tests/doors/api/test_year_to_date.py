"""The year before a takeover over HTTP: whole or not at all, by who may change people, once for a key."""

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.doors.api.conftest import PEOPLE, Desk
from tests.doors.world import ORIGIN

from open401k.base.access import ALLOWED, Permission, Role
from open401k.kernel import SponsorId

HEADER = "ssn,period_start,period_end,plan_compensation,section_415_compensation,fica_wages,hours,pre_tax,roth,match"
ROWS = [f"{ssn},2026-01-01,2026-01-02,4000.00,4000.00,4000.00,80,200.00,0.00,100.00" for ssn, *_ in PEOPLE]
TOTAL = "total,,,12000.00,12000.00,12000.00,240,600.00,0.00,300.00"
GOOD = "\n".join([HEADER, *ROWS, TOTAL])


def send(desk: Desk, content: str, key: str, client: TestClient | None = None) -> Any:
    return (client or desk.client).post(
        f"/v1/plans/{desk.plan_id}/year-to-date",
        params={"as_of": "2026-01-02"},
        content=content.encode(),
        headers={"Idempotency-Key": key, "Content-Type": "text/csv"},
    )


def test_figures_are_brought_over_once_and_count_without_being_posted(desk: Desk) -> None:
    path = f"/v1/plans/{desk.plan_id}"
    assert desk.get(f"{path}/year-to-date") == {"periods": []}
    done = send(desk, GOOD, "first")
    assert done.status_code == 201, done.text
    assert done.json() == {
        "already": False, "as_of": "2026-01-02", "rows": 3, "people": 3, "plan_compensation": "12000.00",
        "employee": "600.00", "employer": "300.00", "prior_year_end_balances": "0.00", "corrected_entries": 0,
    }  # fmt: skip
    assert send(desk, GOOD, "first").json() == done.json()
    assert send(desk, GOOD + "\n", "first").json()["code"] == "key_reused"
    assert send(desk, GOOD, "second").json() == {**done.json(), "already": True}
    assert desk.get(f"{path}/year-to-date")["periods"] == [{"start": "2026-01-01", "end": "2026-01-02", "people": 3}]
    assert desk.get(f"{path}/journal")["items"] == []
    assert desk.get(f"{path}/health")["contributed_this_year"] == "900.00"
    trail = desk.get(f"/v1/sponsors/{desk.sponsor_id}/audit-trail", limit=50)["items"]
    assert {"census.brought_recorded", "plan.year_to_date_brought"} <= {each["action"] for each in trail}
    late = desk.post("/v1/payroll-runs", desk.payroll("2026-01-02"), "jan 2").json()
    assert (late["code"], late["errors"][0]["code"]) == ("payroll_rejected", "period.covered")
    assert desk.post("/v1/payroll-runs", desk.payroll(), "jan 9").json()["posted"]
    assert desk.get(f"/v1/sponsors/{desk.sponsor_id}/verification")["ok"]


def test_every_fault_is_a_finding_and_the_key_may_try_again(desk: Desk) -> None:
    bad = GOOD.replace("123-45-6702", "123-45-6792").replace("600.00", "599.00")
    refused = send(desk, bad, "bad")
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["found"]) == (422, "year_to_date_rejected", 2)
    assert [(each["row"], each["column"], each["code"]) for each in problem["errors"]] == [
        (3, "A ssn", "person.unknown"),
        (5, "H pre_tax", "total.mismatch"),
    ]
    assert "6792" in problem["errors"][0]["value"]
    assert "123-45-6792" not in refused.text
    assert desk.get(f"/v1/plans/{desk.plan_id}/year-to-date") == {"periods": []}


@pytest.mark.parametrize("role", Role)
def test_only_who_may_change_people_brings_figures(desk: Desk, role: Role) -> None:
    scopes = ALLOWED[role] & ALLOWED[Role.SPONSOR]
    key = desk.world.key(SponsorId.parse(desk.sponsor_id), *(scopes or {Permission.EVENT_VIEW}))
    with TestClient(desk.app, base_url=ORIGIN, headers={"Authorization": f"Bearer {key}"}) as client:
        status = send(desk, GOOD, f"by {role}", client).status_code
    assert status == (201 if role in (Role.OPERATIONS, Role.SPONSOR) else 403)
