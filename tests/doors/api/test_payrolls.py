"""Payrolls over HTTP: posted once for a key, refused whole, corrected late, their money arriving."""

import hashlib
import threading
from datetime import timedelta
from typing import Any

from starlette.testclient import TestClient
from tests.doors.api.conftest import PEOPLE, Desk
from tests.doors.world import ORIGIN

HEADINGS = "SSN,First Name,Last Name,Pay Date,Period Start,Period End,Gross Pay,Hours,Pre-tax 401k,Match"


def test_a_payroll_is_posted_and_can_be_read_to_the_last_row(desk: Desk) -> None:
    sent = desk.post("/v1/payroll-runs", desk.payroll(), "jan 9")
    assert sent.status_code == 201, sent.text
    assert sent.json()["posted"]
    detail = desk.get(sent.headers["location"])
    assert [row["pre_tax"] for row in detail["rows"]] == ["200.00"] * 3
    plan = f"/v1/plans/{desk.plan_id}"
    held = [each for each in desk.get(f"{plan}/balances")["items"] if each["source"] == "pre_tax"]
    assert [each["amount"] for each in held] == ["200.00"] * 3
    lines = [line for entry in desk.get(f"{plan}/journal")["items"] for line in entry["lines"]]
    assert {line["amount"] for line in lines} == {"200.00", "100.00"}
    assert desk.get(f"{plan}/tests/latest")["tests"]
    assert desk.get(f"{plan}/projection")["as_of"] == "2026-01-05"
    for path in ("alerts", "cures", "health", "deposits", "payroll-runs"):
        desk.get(f"{plan}/{path}")
    assert desk.get(f"/v1/sponsors/{desk.sponsor_id}/verification")["ok"]
    assert desk.get(f"/v1/sponsors/{desk.sponsor_id}/audit-trail", limit=2)["next"]


def test_the_same_key_and_body_give_the_first_answer_for_ever(desk: Desk) -> None:
    first = desk.post("/v1/payroll-runs", desk.payroll(), "once")
    again = desk.post("/v1/payroll-runs", desk.payroll(), "once")
    run_id = first.json()["run_id"]
    corrected = desk.payroll(replaces=run_id, confirmed=True)
    corrected["rows"][0]["pre_tax"] = "250.00"
    corrected["rows"][0]["match"] = "120.00"
    assert desk.post("/v1/payroll-runs", corrected, "corrected").json()["posted"]
    fresh = TestClient(desk.world.app(), base_url=ORIGIN, headers={"Authorization": f"Bearer {desk.key}"})
    after_restart = fresh.post("/v1/payroll-runs", json=desk.payroll(), headers={"Idempotency-Key": "once"})
    assert first.status_code == again.status_code == after_restart.status_code == 201
    assert first.json() == again.json() == after_restart.json()
    assert first.headers["location"] == after_restart.headers["location"]


def test_the_same_key_with_another_body_is_refused(desk: Desk) -> None:
    assert desk.post("/v1/payroll-runs", desk.payroll(), "one").status_code == 201
    other = desk.payroll(pay_date="2026-01-08")
    refused = desk.post("/v1/payroll-runs", other, "one")
    assert (refused.status_code, refused.json()["code"]) == (409, "key_reused")
    assert len(desk.get(f"/v1/plans/{desk.plan_id}/payroll-runs")["items"]) == 1
    person = {"ssn": "123456709", "first_name": "New", "last_name": "Hire"}
    path = f"/v1/sponsors/{desk.sponsor_id}/employees"
    assert desk.post(path, person, "two").status_code == 201
    refused = desk.post(path, {**person, "last_name": "Other"}, "two")
    assert (refused.status_code, refused.json()["code"]) == (409, "key_reused")


def test_twenty_at_once_with_one_key_have_one_effect_and_one_answer(desk: Desk) -> None:
    answers: list[Any] = []

    def send() -> None:
        answers.append(desk.post("/v1/payroll-runs", desk.payroll(), "parallel"))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}, {answer.text for answer in answers}
    assert len({answer.text for answer in answers}) == 1
    held = desk.get(f"/v1/plans/{desk.plan_id}/balances")["items"]
    assert [each["amount"] for each in held if each["source"] == "pre_tax"] == ["200.00"] * 3


def test_a_refused_file_is_a_problem_with_its_hash_and_every_finding(desk: Desk) -> None:
    rows = [f"{ssn},{first},{last},2026-01-09,2025-12-22,2026-01-04,4000.00,80,200.00,100.00"
            for ssn, first, last, *_ in PEOPLE]  # fmt: skip
    rows[0], rows[1] = rows[0].replace("200.00", "(200.00)"), rows[1].replace("123-45-6702", "000-45-6702")
    file = "\n".join([HEADINGS, *rows])
    body = {"plan_id": desk.plan_id, "provider": "Gusto"}
    sent: dict[str, Any] = {"files": {"file": ("bad.csv", file.encode())}, "data": body}
    first = desk.client.post("/v1/payroll-runs", headers={"Idempotency-Key": "bad"}, **sent)
    if first.status_code == 201:  # its columns are settled first
        run = f"/v1/plans/{desk.plan_id}/payroll-runs/{first.json()['run_id']}"
        columns = desk.get(f"{run}/mapping")["columns"]
        chosen = {"fields": {str(each["position"]): each["field"] for each in columns}}
        first = desk.post(f"{run}/mapping", chosen, "columns")
    problem = first.json()
    assert (first.status_code, problem["code"]) == (422, "payroll_rejected"), first.text
    assert problem["file_sha256"] == hashlib.sha256(file.encode()).hexdigest()
    assert problem["run_id"].startswith("run_")
    assert problem["rows_read"] == 1  # two could not be read
    assert problem["found"] >= len(problem["errors"]) >= 2
    assert {each["row"] for each in problem["errors"]} >= {2, 3}
    assert all(each["reason"] and each["fix"] and each["code"] for each in problem["errors"])
    assert "000-45-6702" not in first.text
    assert desk.get(f"/v1/plans/{desk.plan_id}/journal")["items"] == []


def test_rows_that_cannot_be_read_are_named_by_row_and_column_without_their_values(desk: Desk) -> None:
    body = desk.payroll()
    body["rows"][1]["pre_tax"] = "1e5"
    refused = desk.post("/v1/payroll-runs", body, "unread")
    assert refused.status_code == 422
    assert [(each["row"], each["column"]) for each in refused.json()["errors"]] == [(2, "rows[1].pre_tax")]
    assert PEOPLE[1][0] not in refused.text


def test_a_fact_learned_late_is_appended_and_what_it_changes_is_posted(desk: Desk) -> None:
    assert desk.post("/v1/payroll-runs", desk.payroll(), "jan 9").json()["posted"]
    plan = f"/v1/plans/{desk.plan_id}"
    desk.world.clock.advance(timedelta(days=1))
    fact = {"kind": "hired", "employee_id": desk.employees[2], "event_on": "2025-06-02", "instead_of": "2020-01-01"}
    done = desk.post(f"{plan}/corrections", fact, "late")
    assert done.status_code == 201, done.text
    assert "learned late" in done.json()["origin"]
    assert desk.post(f"{plan}/corrections", fact, "late").json() == done.json()
    refused = desk.post(f"{plan}/corrections", {**fact, "event_on": "2025-07-01"}, "late")
    assert (refused.status_code, refused.json()["code"]) == (409, "key_reused")
    person = desk.get(f"/v1/sponsors/{desk.sponsor_id}/employees/{desk.employees[2]}")
    assert person["hired_on"] == "2025-06-02"
    assert desk.get(f"/v1/sponsors/{desk.sponsor_id}/verification")["ok"]


def test_a_deposit_is_recorded_once(desk: Desk) -> None:
    run_id = desk.post("/v1/payroll-runs", desk.payroll(), "jan 9").json()["run_id"]
    path = f"/v1/plans/{desk.plan_id}/deposits"
    sent = {"run_id": run_id, "received_on": "2026-01-05"}
    done = desk.post(path, sent, "arrived")
    assert done.status_code == 201, done.text
    assert done.json()["received"] == done.json()["due"] == "900.00"
    assert desk.post(path, sent, "arrived").json() == done.json()
    assert desk.post(path, sent, "arrived again").json() == done.json()
    other = desk.post(path, {**sent, "received_on": "2026-01-04"}, "another day")
    assert (other.status_code, other.json()["code"]) == (409, "deposit_recorded")
    ahead = desk.post(path, {**sent, "received_on": "2026-03-01"}, "ahead")
    assert ahead.json()["errors"][0]["pointer"] == "/received_on"
    assert desk.get(path)["items"] == [done.json()]


def test_a_second_payroll_of_the_same_amounts_needs_a_reason(desk: Desk) -> None:
    first = desk.post("/v1/payroll-runs", desk.payroll(), "first").json()
    # One more row order is other bytes of the same content.
    turned = desk.payroll()
    turned["rows"].reverse()
    refused = desk.post("/v1/payroll-runs", turned, "second")
    assert (refused.status_code, refused.json()["code"]) == (422, "looks_like")
    assert refused.json()["run_id"] == first["run_id"]
    meant = desk.post("/v1/payroll-runs", {**turned, "second_run_reason": "a bonus for everybody"}, "meant")
    assert meant.status_code == 201, meant.text
    again = desk.post("/v1/payroll-runs", {**turned, "second_run_reason": "a bonus for everybody"}, "meant")
    assert again.json() == meant.json()
    held = desk.get(f"/v1/plans/{desk.plan_id}/balances")["items"]
    assert [each["amount"] for each in held if each["source"] == "pre_tax"] == ["400.00"] * 3
    assert desk.get(meant.headers["location"])["reason"] == "a bonus for everybody"


def test_a_reason_makes_a_second_payroll_of_the_very_same_file(desk: Desk) -> None:
    body = desk.payroll()
    first = desk.post("/v1/payroll-runs", body, "first").json()
    silent = desk.post("/v1/payroll-runs", body, "again")
    assert silent.json()["run_id"] == first["run_id"]
    meant = desk.post("/v1/payroll-runs", {**body, "second_run_reason": "bonus"}, "meant").json()
    assert meant["run_id"] != first["run_id"]
    assert meant["posted"]


def test_every_row_of_a_run_is_reached_by_the_page(desk: Desk) -> None:
    path = desk.post("/v1/payroll-runs", desk.payroll(), "rows").headers["location"]
    whole = desk.get(path)["rows"]
    seen: list[Any] = []
    after: dict[str, Any] = {}
    for _ in whole:
        answer = desk.get(f"{path}/rows", limit=1, **after)
        seen += answer["items"]
        after = {"after": answer["next"]}
    assert seen == whole
    assert after == {"after": None}
    assert desk.client.get(f"{path}/rows", params={"after": "x"}).status_code == 422
