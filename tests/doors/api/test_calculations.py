"""Calculators over HTTP: for anyone, strict, limited in size and rate; and the same answers as in the terminal."""

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.doors.api.conftest import RealWorld
from tests.doors.world import ORIGIN

from open401k.calculators import calculators
from open401k.doors.limits import CALCULATED


@pytest.fixture
def stranger(real: RealWorld) -> TestClient:
    """Somebody without a credential."""
    return TestClient(real.app(), base_url=ORIGIN)


def test_a_stranger_finds_a_calculator_its_schema_and_an_example_that_answers(stranger: TestClient) -> None:
    listed = stranger.get("/v1/calculations").json()["items"]
    assert [each["name"] for each in listed] == list(calculators())
    shown = stranger.get("/v1/calculations/adp-test").json()
    assert shown["input_schema"]["required"] == ["participants"]
    answer = stranger.post("/v1/calculations/adp-test", json=shown["example"])
    assert answer.status_code == 200
    assert answer.json() == calculators()["adp-test"].calculate(shown["example"])


def test_every_calculator_answers_its_example(stranger: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(calculators())[::25]:
        shown = stranger.get(f"/v1/calculations/{name}").json()
        assert stranger.post(f"/v1/calculations/{name}", json=shown["example"]).status_code == 200, name


def test_what_is_wrong_is_told_all_at_once_by_pointer(stranger: TestClient) -> None:
    people = [{"hce": "yes", "compensation_cents": 1.5, "deferral": 3}]
    answer = stranger.post("/v1/calculations/adp-test", json={"participants": people})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    problem = answer.json()
    assert (problem["code"], problem["found"]) == ("input_refused", 4)
    assert {each["pointer"] for each in problem["errors"]} == {
        "/participants/0/hce", "/participants/0/compensation_cents",
        "/participants/0/deferral", "/participants/0/deferrals_cents",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"year": NaN, "age_at_year_end": 40}', 422, "input_refused"),
        (b"", 422, "input_refused"),
        (b"\xff", 422, "input_refused"),
        (b'{"age_at_year_end": 40, "year": 2031}', 422, "input_refused"),
        (b"[" * 200_000, 422, "input_refused"),
        (b" " * 1_100_000, 413, "too_large"),
    ],
)
def test_what_cannot_be_read_is_a_problem_document(stranger: TestClient, body: bytes, status: int, code: str) -> None:
    answer = stranger.post("/v1/calculations/deferral-limit", content=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_unknown_name_is_404_and_tells_the_nearest(stranger: TestClient) -> None:
    for answer in (stranger.get("/v1/calculations/adp"), stranger.post("/v1/calculations/adp", json={})):
        problem: dict[str, Any] = answer.json()
        assert (answer.status_code, problem["code"]) == (404, "unknown_calculator")
        assert "adp-test" in problem["fix"]


def test_who_calculates_too_often_waits(stranger: TestClient) -> None:
    given = {"age_at_year_end": 40, "year": 2026}
    for _ in range(CALCULATED.most):
        assert stranger.post("/v1/calculations/deferral-limit", json=given).status_code == 200
    answer = stranger.post("/v1/calculations/deferral-limit", json=given)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_calculations")
    assert int(answer.headers["retry-after"]) <= 60
    assert stranger.get("/v1/calculations").status_code == 200
