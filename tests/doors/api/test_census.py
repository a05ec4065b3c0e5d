"""The year-end census over HTTP: read, confirmed once for a key, changed since; and what is derived of a person."""

from datetime import UTC, datetime

from tests.doors.api.conftest import Desk


def test_the_census_is_read_by_the_page_and_confirmed_as_it_was_shown(desk: Desk) -> None:
    assert desk.post("/v1/payroll-runs", desk.payroll(), "jan 9").status_code == 201
    path = f"/v1/plans/{desk.plan_id}/census/2026"
    early = desk.get(path)
    assert (early["over"], early["people"], early["confirmation"]) == (False, 3, None)
    refused = desk.post(f"{path}/confirm", {"sha256": early["sha256"], "signed_as": "Olive Owner"}, "early")
    assert (refused.status_code, refused.json()["code"]) == (422, "year_not_over")

    desk.world.clock.advance_to(datetime(2027, 1, 4, 15, tzinfo=UTC))
    first = desk.get(path, limit=2)
    rest = desk.get(path, limit=2, after=first["next"])
    people = {each["employee_id"]: each for each in [*first["items"], *rest["items"]]}
    assert (len(people), rest["next"]) == (3, None)
    owner = people[desk.employees[0]]
    assert (owner["plan_compensation"], owner["pre_tax"], owner["match"], owner["hours"]) == (
        "4000.00", "200.00", "100.00", "80.00",
    )  # fmt: skip
    assert (owner["highly_compensated"], owner["ssn"]) == (True, "***-**-6701")
    assert "414(q)" in owner["why_highly_compensated"]

    body = {"sha256": first["sha256"], "signed_as": "Olive Owner"}
    kept = desk.post(f"{path}/confirm", body, "sign")
    assert kept.status_code == 201, kept.text
    assert desk.post(f"{path}/confirm", body, "sign").json() == kept.json()
    assert desk.post(f"{path}/confirm", {**body, "signed_as": "Other"}, "sign").status_code == 409

    desk.world.clock.advance_to(datetime(2027, 1, 5, 15, tzinfo=UTC))
    fact = {"kind": "officer", "employee_id": desk.employees[1], "event_on": "2026-02-01", "officer": True}
    assert desk.post(f"/v1/plans/{desk.plan_id}/corrections", fact, "officer").status_code == 201
    (changed,) = desk.get(path)["changed_since"]
    assert (changed["field"], changed["before"], changed["now"]) == ("officer", "False", "True")
    stale = desk.post(f"{path}/confirm", body, "stale")
    assert (stale.status_code, stale.json()["code"]) == (422, "changed_meanwhile")


def test_as_what_a_year_was_filed_is_stated_once_it_is_over_and_counts_for_the_next(desk: Desk) -> None:
    path = f"/v1/plans/{desk.plan_id}/census"
    early = desk.post(f"{path}/2026/filed", {"filed_as": "small"}, "early")
    assert (early.status_code, early.json()["code"]) == (422, "year_not_over")
    assert desk.post(f"{path}/2026/filed", {"filed_as": "tiny"}, "tiny").status_code == 422
    desk.world.clock.advance_to(datetime(2027, 1, 4, 15, tzinfo=UTC))
    assert desk.get(f"{path}/2027")["counts"]["filed_as_small_before"] is None
    told = [("small", True), ("small", True), ("large", False)]
    for number, (size, on_file) in enumerate(told):
        kept = desk.post(f"{path}/2026/filed", {"filed_as": size}, f"filed {number}")
        assert (kept.status_code, kept.json()) == (201, {"year": 2026, "filed_as": size})
        assert desk.get(f"{path}/2027")["counts"]["filed_as_small_before"] is on_file


def test_a_year_that_has_not_begun_has_no_census(desk: Desk) -> None:
    answer = desk.client.get(f"/v1/plans/{desk.plan_id}/census/2028")
    assert answer.status_code == 422
    assert "2028-01-01" in answer.text


def test_what_is_derived_of_a_person_says_why(desk: Desk) -> None:
    assert desk.post("/v1/payroll-runs", desk.payroll(), "jan 9").status_code == 201
    path = f"/v1/plans/{desk.plan_id}/people"
    found = {each["key"]: each for each in desk.get(f"{path}/{desk.employees[0]}/derived")["items"]}
    assert found["hce"]["value"] == "yes"
    assert (found["roth_catch_up"]["value"], "$0.00" in found["roth_catch_up"]["why"]) == ("no", True)
    assert found["vesting_years"]["value"] == 11
    assert "age 21 and 12 months" in found["entry"]["why"]
    assert desk.client.get(f"{path}/emp_{'0' * 32}/derived").status_code == 404
