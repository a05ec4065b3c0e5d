"""The published description: valid, complete, and true of what the routes answer."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.core.result import Ok
from tests.doors.api.conftest import Desk, RealWorld

#: Streams do not end; a clock that moves would carry every later example into another year.
LEFT_OUT = "/(events|clock/advance)$"


def described(world: RealWorld) -> dict[str, Any]:
    return world.app().openapi()


#: Nothing is made by them, the sender is a provider with a signature and a number of its own, or the key has its name.
KEYLESS = (
    *("/v1/clock/advance", "/v1/calculations/{name}", "/v1/webhooks/gusto", "/v1/webhooks/finch"),
    "/v1/401go/companies/{plan_id}/submit-payroll/",
)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from ([value["$ref"]] if "$ref" in value else [])
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def test_the_description_is_valid_openapi_of_its_version(real: RealWorld) -> None:
    found = described(real)
    assert found["openapi"].startswith("3.1.")
    schemas = found["components"]["schemas"]
    assert {each for each in _references(found) if each.removeprefix("#/components/schemas/") not in schemas} == set()
    for name, schema in schemas.items():
        assert jsonschema_rs.meta.is_valid(schema), name
    names = [each["operationId"] for path in found["paths"].values() for each in path.values()]
    assert len(names) == len(set(names))
    assert all(path.startswith(("/v1/", "/healthz", "/readyz")) for path in found["paths"])


def test_every_answer_has_a_schema_and_every_command_a_key(real: RealWorld) -> None:
    for path, routes in described(real)["paths"].items():
        for method, route in routes.items():
            assert route["summary"], path
            if path.endswith(("/events", "/healthz", "/readyz")):
                continue
            good = next(answer for code, answer in route["responses"].items() if code.startswith("2"))
            schema = good["content"]["application/json"]["schema"]
            assert schema not in ({}, {"type": "object", "additionalProperties": True}), path
            assert "4XX" in route["responses"], path
            if method == "post" and path not in KEYLESS:
                assert any(each["name"] == "idempotency-key" for each in route["parameters"]), path


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
def test_routes_answer_as_described(desk: Desk, mode: GenerationMode) -> None:
    """Examples of what the description allows, and of what it does not: no 500, no answer outside of its schema.

    All are about what exists, so that no time goes into drawing ids; a route that takes an id alone is asked rightly.
    """
    assert desk.post("/v1/payroll-runs", desk.payroll(), "jan 9").status_code == 201
    schema = schemathesis.openapi.from_dict(desk.app.openapi())
    schema.app = desk.app
    run_id = desk.get(f"/v1/plans/{desk.plan_id}/payroll-runs")["items"][0]["run_id"]
    known = {"plan_id": desk.plan_id, "sponsor_id": desk.sponsor_id, "employee_id": desk.employees[0], "key": "adp"}
    known |= {
        "run_id": run_id,
        "alert_id": "alt_" + "0" * 32,
        "proposal_id": "prp_" + "0" * 32,
        "name": "deferral-limit",
        "ach_file_id": "ach_" + "0" * 32,
        "instruction_id": "ins_" + "0" * 32,
        "feedback_file_id": "fbf_" + "0" * 32,
        "loan_id": "lon_" + "0" * 32,
        "rollover_id": "rol_" + "0" * 32,
        "connection_id": "con_" + "0" * 32,
        "endpoint_id": "whe_" + "0" * 32,
        "event_id": "evt_" + "0" * 32,
        "change": "pause",
        "decision_id": "00000000-0000-7000-8000-000000000000",
    }
    known |= {"question_id": "qst_" + "0" * 32, "year": "2026"}
    answered: set[tuple[str, int]] = set()
    for found in schema.exclude(path_regex=LEFT_OUT).get_all_operations():
        operation: Any = found.ok() if isinstance(found, Ok) else None
        with contextlib.suppress(Unsatisfiable):  # a route that takes nothing cannot be asked wrongly
            # Commands need more until one of them is a whole command; what is wrong is wrong at once.
            examples = 10 if operation.method.upper() == "POST" and mode is GenerationMode.POSITIVE else 4
            place = {each.name: known[each.name] for each in operation.path_parameters}
            cases = operation.as_strategy(generation_mode=mode, path_parameters=place or None)
            given(case=cases)(_ask(desk, known, answered, examples))()
    commands = {status for path, status in answered if path.startswith("POST")}
    if mode is GenerationMode.POSITIVE:
        assert len({path for path, status in answered if status < 400}) > 25
        assert 201 in commands
    else:
        assert 422 in commands
    assert not {status for _, status in answered if status >= 500}


def _ask(desk: Desk, known: dict[str, str], answered: set[tuple[str, int]], examples: int) -> Callable[[Any], None]:
    """Ask with an example, about what exists; the credential is right, so that routes are reached."""
    checks = CHECKS.get_by_names(["not_a_server_error", "response_schema_conformance", "content_type_conformance"])

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        if isinstance(case.body, dict) and "/calculations/" not in case.path:
            case.body |= {name: value for name, value in known.items() if name in case.body}
        answer = case.call(headers={"Authorization": f"Bearer {desk.key}"})
        case.validate_response(answer, checks=checks)
        answered.add((f"{case.method} {case.path}", answer.status_code))

    return ask
