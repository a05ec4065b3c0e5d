"""What payroll is told, over HTTP: listed with what became of it, told again by a person, walled off from others."""

from typing import Any

import pytest
from tests.doors.api import conftest
from tests.doors.api.conftest import Desk
from tests.support.database import TESTER

from open401k.flows.write_back import instruct
from open401k.kernel import PlanId, SponsorId
from open401k.payroll import write_back_book
from open401k.payroll.write_back import Outcome, State


@pytest.fixture
def telling(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Desk:
    """A desk whose plan keeps elections here; one person elected, and payroll has to be told."""
    monkeypatch.setitem(conftest.TERMS, "elections", {})
    found: Desk = request.getfixturevalue("desk")
    sent = {
        "employee_id": found.employees[1],
        "effective_on": "2026-01-16",
        "elections": [{"source": "pre_tax", "percent": "6.00"}],
    }
    assert found.post(f"/v1/plans/{found.plan_id}/elections", sent, "elect").status_code == 201
    tenant, plan = SponsorId.parse(found.sponsor_id), PlanId.parse(found.plan_id)
    with found.world.db.begin(TESTER, tenants=[tenant]) as tx:
        assert len(instruct(tx, tenant_id=tenant, plan_id=plan)) == 1
    return found


def listed(desk: Desk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.get(f"/v1/plans/{desk.plan_id}/instructions")["items"]
    return found


def test_what_has_to_be_told_is_listed_and_what_was_refused_is_told_again_once(telling: Desk) -> None:
    (line,) = listed(telling)
    said = {name: line[name] for name in ("deduction", "percent", "dollars", "stops", "state", "needs_a_person")}
    assert said == {
        "deduction": "pre_tax", "percent": "6.00", "dollars": None, "stops": False, "state": "queued",
        "needs_a_person": False,
    }  # fmt: skip
    tenant, plan = SponsorId.parse(telling.sponsor_id), PlanId.parse(telling.plan_id)
    with telling.world.db.begin(TESTER, tenants=[tenant]) as tx:
        (told,) = write_back_book.on_file(tx, tenant_id=tenant, plan_id=plan)
        refused = Outcome(told.instruction_id, State.REFUSED, "no such deduction")
        write_back_book.came_of(tx, tenant_id=tenant, outcomes=[refused])
    (line,) = listed(telling)
    assert (line["state"], line["needs_a_person"], line["detail"]) == ("refused", True, "no such deduction")
    again = f"/v1/plans/{telling.plan_id}/instructions/{line['instruction_id']}/again"
    first = telling.post(again, {}, "again")
    assert (first.status_code, first.json()["state"]) == (202, "queued")
    assert telling.post(again, {}, "again").json() == first.json()
    assert telling.post(again, {}, "another key").json() == first.json()
    new, before = listed(telling)
    assert (new["instruction_id"], new["state"], before["state"]) == (
        first.json()["instruction_id"],
        "queued",
        "refused",
    )
    assert not new["needs_a_person"]
    assert not before["needs_a_person"]


def test_an_instruction_that_does_not_exist_is_a_problem_that_says_so(telling: Desk) -> None:
    unknown = f"/v1/plans/{telling.plan_id}/instructions/ins_{'0' * 32}/again"
    answered = telling.post(unknown, {}, "nobody")
    assert answered.status_code in (404, 422)
    assert "There is no instruction ins_0000" in answered.text


def test_a_file_is_made_once_for_a_key_downloaded_again_and_answered(telling: Desk) -> None:
    files = f"/v1/plans/{telling.plan_id}/feedback-files"
    refused = telling.post(files, {}, "early")
    assert (refused.status_code, refused.json()["code"]) == (422, "not_done")
    chosen = telling.client.put(f"{files}/layout", json={"layout": "paykonnect", "plan_number": "4711"})
    assert (chosen.status_code, chosen.json()["waiting"]) == (200, 1)
    made = telling.post(files, {}, "file").json()
    assert (made["told"], made["refused"]) == (1, 0)
    assert telling.post(files, {}, "file").json() == made
    assert telling.post(files, {}, "another").json()["feedback_file_id"] is None
    (line,) = telling.get(files)["files"]
    assert (line["number"], line["instructions"], line["feedback_file_id"]) == (1, 1, made["feedback_file_id"])
    content = telling.get(f"{files}/{made['feedback_file_id']}")["content"]
    assert content == telling.get(f"{files}/{made['feedback_file_id']}")["content"]
    assert content.splitlines()[1].endswith(",401K,Percent,6.00,,")
