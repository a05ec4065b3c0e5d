"""Sponsors, plans and people over HTTP: what is made, what is refused and where, pages of lists."""

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.doors.api.conftest import PEOPLE, TERMS, Desk


def test_what_was_made_is_where_its_location_says(desk: Desk, operator: TestClient) -> None:
    sponsor = operator.post(
        "/v1/sponsors",
        json={"name": "Birch", "ein": "12-3456788", "established_on": "2016-01-01"},
        headers={"Idempotency-Key": "birch"},
    )
    assert operator.get(sponsor.headers["location"]).json() == sponsor.json()
    plan = desk.post(
        f"/v1/sponsors/{desk.sponsor_id}/plans", {"name": "Second", "number": "002", "provisions": TERMS}, "002"
    )
    assert desk.get(plan.headers["location"]) == plan.json()
    person = desk.post(
        f"/v1/sponsors/{desk.sponsor_id}/employees",
        {"ssn": "123456709", "first_name": "New", "last_name": "Hire", "hired_on": "2026-01-02"},
        "new",
    )
    assert desk.get(person.headers["location"]) == person.json()
    assert person.json()["ssn"] == "***-**-6709"


def test_what_is_left_out_of_provisions_has_its_usual_value(desk: Desk) -> None:
    kept = desk.get(f"/v1/plans/{desk.plan_id}")["provisions"]
    assert kept["testing"] == {"method": "current_year", "top_paid_group": False}
    assert kept["eligibility"]["entry"] == "semiannual"
    assert kept["match"]["tiers"] == [[5000, 600]]


@pytest.mark.parametrize(
    ("changed", "pointers"),
    [
        ({"eligibility": {"minimum_age": 25, "service_months": 24}}, ["/provisions/eligibility/minimum_age"]),
        ({"eligibility": {"minimum_age": "old"}}, ["/provisions/eligibility/minimum_age"]),
        ({"invented": 1}, ["/provisions/invented"]),
        ({"safe_harbor": "basic"}, ["/provisions/safe_harbor"]),
        ({"match": {"tiers": [[1]]}}, ["/provisions/match/tiers/0/1"]),
    ],
)
def test_provisions_that_cannot_stand_are_named_by_their_place(
    desk: Desk, changed: dict[str, Any], pointers: list[str]
) -> None:
    body = {"name": "Wrong", "number": "009", "provisions": {**TERMS, **changed}}
    refused = desk.post(f"/v1/sponsors/{desk.sponsor_id}/plans", body, "wrong")
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    named = [each["pointer"] for each in refused.json()["errors"]]
    assert set(pointers) <= set(named)
    assert all(each["reason"] and each["fix"] for each in refused.json()["errors"])
    assert [each["number"] for each in desk.get("/v1/plans")["items"]] == ["001"]


def test_a_number_on_file_already_is_refused_and_not_repeated(desk: Desk) -> None:
    ssn = PEOPLE[0][0]
    sent = {"ssn": ssn, "first_name": "Somebody", "last_name": "Else"}
    refused = desk.post(f"/v1/sponsors/{desk.sponsor_id}/employees", sent, "again")
    assert refused.status_code == 422
    assert ssn not in refused.text
    assert ssn.replace("-", "") not in refused.text
    assert refused.json()["fix"]


def test_every_list_comes_in_pages_that_add_up(desk: Desk) -> None:
    path = f"/v1/sponsors/{desk.sponsor_id}/employees"
    whole = desk.get(path)
    assert whole["next"] is None
    first = desk.get(path, limit=2)
    rest = desk.get(path, limit=2, after=first["next"])
    assert len(first["items"]) == 2
    assert first["items"] + rest["items"] == whole["items"]
    assert rest["next"] is None


def test_the_body_of_a_command_has_a_limit(desk: Desk) -> None:
    body = {"name": "x" * 2_000_000, "ein": "12-3456789", "established_on": "2015-01-01"}
    refused = desk.post("/v1/sponsors", body, "large")
    assert refused.status_code == 413
    assert refused.json()["code"] == "too_large"

    def pieces() -> Any:
        for _ in range(3):
            yield b"x" * 700_000

    headers = {"Content-Type": "application/json", "Idempotency-Key": "unstated"}
    assert desk.client.post("/v1/clock/advance", content=pieces(), headers=headers).status_code == 413
