"""Who a row is, over HTTP: asked with the evidence, answered once for a key, taken back."""

from typing import Any

from tests.doors.api.conftest import Desk


def slipped(desk: Desk, **more: Any) -> dict[str, Any]:
    """A payroll in which the second row has one wrong digit in its number."""
    sent = desk.payroll(**more)
    sent["rows"][1] |= {
        "ssn": "123-45-6762", "first_name": "Machinist", "last_name": "One", "birth_date": "1985-02-03",
        "hire_date": "2018-01-01",
    }  # fmt: skip
    sent["rows"][1].pop("employee_id", None)
    return sent


def test_a_row_in_doubt_is_asked_about_answered_and_taken_back(desk: Desk) -> None:
    refused = desk.post("/v1/payroll-runs", slipped(desk), "jan 9")
    assert refused.status_code == 422, refused.text
    run_id = refused.json()["run_id"]
    path = f"/v1/plans/{desk.plan_id}/questions"
    (question,) = desk.get(path)["items"]
    assert (question["ssn"], question["answer"], question["row"]) == (
        "***-**-6762",
        None,
        refused.json()["errors"][0]["row"],
    )
    (candidate,) = [each for each in question["candidates"] if each["employee_id"] == desk.employees[1]]
    assert {each["trait"] for each in candidate["evidence"]} >= {"SSN", "Last name", "Birth date"}
    assert sum(each["points"] for each in candidate["evidence"]) == candidate["score"]

    answer = f"{path}/{question['question_id']}/answer"
    assert desk.post(answer, {}, "nobody").status_code == 422
    both = {"employee_id": desk.employees[1], "new_hire": True}
    assert desk.post(answer, both, "both").status_code == 422
    said = desk.post(answer, {"employee_id": desk.employees[1]}, "said")
    assert said.status_code == 200, said.text
    assert said.json() == {"question_id": question["question_id"], "checked": [run_id], "moved": [], "waiting": []}
    assert desk.post(answer, {"employee_id": desk.employees[1]}, "said").json() == said.json()
    assert desk.get(path)["items"][0]["answer"] == "Machinist One"

    undone = desk.post(f"{path}/{question['question_id']}/undo", None, "undone")
    assert undone.json()["checked"] == [run_id]
    assert desk.get(path)["items"][0]["answer"] is None
    again = desk.post(f"{path}/{question['question_id']}/undo", None, "once more")
    assert (again.status_code, again.json()["code"]) == (422, "not_answered")


def test_a_question_of_nobody_is_not_found(desk: Desk) -> None:
    answer = f"/v1/plans/{desk.plan_id}/questions/qst_{'0' * 32}/answer"
    assert desk.post(answer, {"new_hire": True}, "one").status_code == 404
