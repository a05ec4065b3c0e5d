"""Every route states whom it answers, and answers nobody else: route by role, at one's own sponsor and at another's."""

import pytest
from fastapi import FastAPI
from fastapi.routing import RouteContext
from starlette.testclient import TestClient
from tests.doors import samples
from tests.doors.world import ORIGIN, World

from open401k.base.access import ALLOWED, Permission, Role
from open401k.doors.guard import SESSION_COOKIE, Needs, Open, guards_of, routes_of, unguarded
from open401k.kernel import PlanId, SponsorId

Place = tuple[SponsorId, PlanId]
STREAMS = {"/plans/{plan_id}/events", "/v1/plans/{plan_id}/events"}


def routes(app: FastAPI) -> list[RouteContext]:
    """Every route but streams, which do not end."""
    return [route for route in _all(app) if route.path not in STREAMS]


def _all(app: FastAPI) -> list[RouteContext]:
    return [route for route in routes_of(app) if route.name != "static"]


def url(route: RouteContext, place: Place) -> str:
    """The route's address at a sponsor and a plan."""
    names = {
        "sponsor_id": str(place[0]),
        "plan_id": str(place[1]),
        "run_id": str(samples.RUNS[15]),
        "alert_id": str(samples.ALERT),
        "employee_id": str(samples.EMPLOYEE),
        "question_id": "qst_" + "0" * 32,
        "instruction_id": "ins_" + "0" * 32,
        "feedback_file_id": "fbf_" + "0" * 32,
        "year": "2026",
        "key": "adp",
        "ach_file_id": "ach_" + "0" * 32,
        "connection_id": "con_" + "0" * 32,
        "endpoint_id": "whe_" + "0" * 32,
        "event_id": "evt_" + "0" * 32,
        "change": "pause",
        "provider": "gusto",
        "token": "nothing",
        "name": "match",
        "loan_id": f"lon_{samples.EMPLOYEE.uuid.hex}",
        "rollover_id": f"rol_{samples.EMPLOYEE.uuid.hex}",
        "fingerprint": "ab" * 32,
        "proposal_id": f"prp_{samples.EMPLOYEE.uuid.hex}",
        "failure_id": f"flr_{samples.EMPLOYEE.uuid.hex}",
        "decision_id": str(samples.EMPLOYEE.uuid),
    }
    return str(route.path).format(**names)


def needs_of(route: RouteContext) -> Needs | None:
    """What the route asks for; None when it answers anyone."""
    guards = guards_of(route)
    assert len(guards) == 1, f"{route.path} names {len(guards)} guards"
    return guards[0] if isinstance(guards[0], Needs) else None


def ask(client: TestClient, route: RouteContext, place: Place) -> int:
    """The status of an answer; bodies are empty, so who is let in may get 400, 403 (form token) or 422."""
    return client.request(next(iter(route.methods or ())), url(route, place)).status_code


def test_a_route_without_a_guard_stops_the_application(world: World) -> None:
    app = world.app()
    assert unguarded(app) == []

    @app.get("/forgotten")
    def forgotten() -> None:
        """Names no permission."""

    assert unguarded(app) == ["/forgotten"]


def test_open_routes_are_few_and_say_why(world: World) -> None:
    guards = [(route.path, guard) for route in _all(world.app()) for guard in guards_of(route)]
    answered = {(path, guard.because) for path, guard in guards if isinstance(guard, Open)}
    assert {path for path, _ in answered} == {
        "/sign-in", "/enter/{token}", "/sign-in/link", "/sign-in/passkey/options", "/sign-in/passkey",
        "/docs", "/openapi.json", "/healthz", "/readyz",
        "/v1/calculations", "/v1/calculations/{name}", "/calculators", "/calculators/{name}",
        "/v1/webhooks/gusto", "/v1/webhooks/finch",
        "/mine/{link}", "/mine/{link}/rollovers", "/mine/{link}/rollovers/{rollover_id}/withdrawn",
        "/mine/{link}/rollovers/{rollover_id}/tracker", "/mine/{link}/explanation/{fingerprint}",
    }  # fmt: skip
    assert all(because for _, because in answered)


@pytest.mark.usefixtures("sample_pages")
def test_nobody_comes_in_without_a_credential(world: World, sponsor_and_plan: Place) -> None:
    with TestClient(world.app(), base_url=ORIGIN, follow_redirects=False) as client:
        for route in routes(client.app):  # type: ignore[arg-type]
            if needs_of(route) is None:
                continue
            answer = client.request(next(iter(route.methods or ())), url(route, sponsor_and_plan))
            signed_out_page = answer.status_code == 303 and answer.headers["location"] == "/sign-in"
            assert answer.status_code == 401 or signed_out_page, route.path
            if str(route.path).startswith("/v1"):
                assert answer.json()["code"] == "unauthenticated"
                assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.usefixtures("sample_pages")
@pytest.mark.parametrize("role", list(Role), ids=str)
def test_a_role_reaches_what_it_may_at_its_own_sponsor_and_nothing_elsewhere(
    world: World, sponsor_and_plan: Place, other_plan: Place, role: Role
) -> None:
    app = world.app()
    browser = {"Origin": ORIGIN}
    with TestClient(app, base_url=ORIGIN, headers=browser, follow_redirects=False) as client:
        for route in routes(app):
            needs = needs_of(route)
            if needs is None:
                continue
            client.cookies.clear()
            client.cookies.set(SESSION_COOKIE, world.session(world.user(f"A {role}", sponsor_and_plan[0], role)))
            allowed = needs.permission is None or needs.permission in ALLOWED[role]
            status = ask(client, route, sponsor_and_plan)
            assert (status not in (401, 404)) if allowed else (status == 403), (role, route.path, status)
            if allowed and status == 403:
                assert "POST" in (route.methods or ()), (role, route.path)  # a form without its token
            if "{plan_id}" in str(route.path) or "{sponsor_id}" in str(route.path):
                elsewhere = ask(client, route, other_plan)
                everywhere = role is Role.OPERATIONS
                right = elsewhere not in (401, 404) if everywhere and allowed else elsewhere in (403, 404)
                assert right, (role, route.path, elsewhere)
                assert everywhere or elsewhere == 404, (role, route.path, elsewhere)


@pytest.mark.usefixtures("sample_pages")
def test_a_key_reaches_only_its_scopes_and_its_sponsor(
    world: World, sponsor_and_plan: Place, other_plan: Place
) -> None:
    key = world.key(sponsor_and_plan[0], Permission.COMPLIANCE_VIEW)
    with TestClient(world.app(), base_url=ORIGIN, headers={"Authorization": f"Bearer {key}"}) as client:
        assert client.get(f"/v1/plans/{sponsor_and_plan[1]}/tests/latest").status_code == 200
        assert client.get(f"/v1/plans/{sponsor_and_plan[1]}/journal").status_code == 403
        assert client.get(f"/v1/plans/{other_plan[1]}/tests/latest").status_code == 404
        assert client.get("/v1/plans").status_code == 403


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer", "Basic YTpi", ""])
def test_a_wrong_key_is_refused_even_beside_a_session(browser_of_sponsor: TestClient, header: str) -> None:
    assert browser_of_sponsor.get("/v1/clock").status_code == 200
    assert browser_of_sponsor.get("/v1/clock", headers={"Authorization": header}).status_code == 401


def test_an_ended_session_is_nobody(browser_of_sponsor: TestClient) -> None:
    page = browser_of_sponsor.get("/account").text
    token = page.split('name="csrf" value="')[1].split('"')[0]
    assert browser_of_sponsor.post("/sign-out", data={"csrf": token}).status_code == 303
    assert browser_of_sponsor.get("/account").headers["location"] == "/sign-in"
