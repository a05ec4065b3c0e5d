"""Who is who and the year-end census in a browser: forms that answer, take back, tell a fact, confirm and export."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient
from tests.doors.api.conftest import Desk, desk, operator, real  # noqa: F401 (fixtures)
from tests.doors.api.test_who_is_who import slipped
from tests.doors.world import ORIGIN

from open401k.base.access import Role
from open401k.doors.guard import SESSION_COOKIE
from open401k.kernel import SponsorId


@pytest.fixture
def browser(desk: Desk) -> Iterator[TestClient]:  # noqa: F811
    """The sponsor's, at the plan of the desk."""
    world = desk.world
    token = world.session(world.user("Olive Owner", SponsorId.parse(desk.sponsor_id), Role.SPONSOR))
    with TestClient(desk.app, base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=True) as client:
        client.cookies.set(SESSION_COOKIE, token)
        yield client


def token_of(text: str) -> str:
    return text.split('name="csrf" value="')[1].split('"')[0]


def test_a_question_is_answered_and_taken_back_on_its_page(desk: Desk, browser: TestClient) -> None:  # noqa: F811
    refused = desk.post("/v1/payroll-runs", slipped(desk), "jan 9").json()
    run_page = browser.get(f"/plans/{desk.plan_id}/payrolls/{refused['run_id']}").text
    assert "Is it the same person?" in run_page
    here = f"/plans/{desk.plan_id}/who-is-who"
    asked = browser.get(here).text
    assert "***-**-6762" in asked
    assert "SSN one slip apart (+40)" in asked
    (question,) = desk.get(f"/v1/plans/{desk.plan_id}/questions")["items"]
    at, csrf = f"{here}/{question['question_id']}", token_of(asked)
    refused = browser.post(f"{at}/answer", data={"csrf": csrf}, headers={"Referer": f"{browser.base_url}{here}"})
    assert refused.status_code == 422
    assert f'href="{here}" data-back>Back to the form' in refused.text
    strange = browser.post(f"{at}/answer", data={"csrf": csrf}, headers={"Referer": f"https://elsewhere.test{here}"})
    assert "Back to the form" not in strange.text
    said = browser.post(f"{at}/answer", data={"csrf": csrf, "who": desk.employees[1]})
    assert "Remembered. 1 payroll checked anew." in said.text
    assert "Take it back" in said.text
    undone = browser.post(f"{at}/undo", data={"csrf": csrf})
    assert "Remember this answer" in undone.text
    assert browser.post(f"{at}/answer", data={"who": "new"}).status_code == 403


def test_the_census_is_completed_confirmed_and_exported(desk: Desk, browser: TestClient) -> None:  # noqa: F811
    assert desk.post("/v1/payroll-runs", desk.payroll(), "jan 9").status_code == 201
    desk.world.clock.advance_to(datetime(2027, 1, 4, 15, tzinfo=UTC))
    here = f"/plans/{desk.plan_id}/census/2026"
    page = browser.get(here).text
    csrf, key = token_of(page), page.split('name="key" value="')[1].split('"')[0]
    fact = {"csrf": csrf, "key": key, "who": desk.employees[1], "kind": "ownership", "since": "2026-01-01"}
    assert browser.post(f"{here}/fact", data=fact | {"value": "five"}).status_code == 422
    told = browser.post(f"{here}/fact", data=fact | {"value": "7.5"})
    assert "On file." in told.text
    assert "5-percent owner: 7.50% directly" in told.text
    assert '<span class="note">now owns 7.50%</span>' in told.text  # and not in the year by which key is decided
    small = {**fact, "key": key[:-1] + ("4" if key[-1] != "4" else "5"), "who": desk.employees[2], "value": "3"}
    assert '<span class="note">now owns 3.00%</span>' in browser.post(f"{here}/fact", data=small).text
    assert "key by shares, offices and pay of the year that ended on" in told.text
    assert "Form 5500 of 2025" not in told.text  # three people: no year before decides it
    cannot = {**fact, "key": key[:-1] + ("2" if key[-1] != "2" else "3"), "relative": desk.employees[2]}
    refused = [browser.post(f"{here}/fact", data=cannot | {"kind": kind}) for kind in ("grandparent", "grandchild")]
    assert 422 in {each.status_code for each in refused}
    assert any("would not be older than" in each.text for each in refused)
    related = {**fact, "key": key[:-1] + ("0" if key[-1] != "0" else "1"), "kind": "spouse"}
    assert "On file." in browser.post(f"{here}/fact", data=related | {"relative": desk.employees[2]}).text
    assert "7.50% of a spouse" in browser.get(here).text

    sha256 = browser.get(here).text.split('name="sha256" value="')[1].split('"')[0]
    assert browser.post(f"{here}/confirm", data={"csrf": csrf, "sha256": sha256}).status_code == 422
    done = browser.post(f"{here}/confirm", data={"csrf": csrf, "sha256": sha256, "signed_as": "Olive Owner"})
    assert "Confirmed by Olive Owner." in done.text
    assert "Olive Owner confirmed it on" in done.text
    export = browser.get(f"{here}/export.csv")
    assert export.headers["content-type"] == "text/csv; charset=utf-8"
    assert len(export.text.splitlines()) == 4
    assert "123-45-6702" not in export.text
    assert browser.post(f"{here}/filed", data={"csrf": csrf, "filed_as": "tiny"}).status_code == 422
    filed = browser.post(f"{here}/filed", data={"csrf": csrf, "filed_as": "large"}).text
    assert "On file: 2026 was filed as large." in filed
    assert "Filed as that of a large plan." in filed


def test_a_person_page_says_what_is_derived_and_why(desk: Desk, browser: TestClient) -> None:  # noqa: F811
    assert desk.post("/v1/payroll-runs", desk.payroll(), "jan 9").status_code == 201
    text = browser.get(f"/plans/{desk.plan_id}/people/{desk.employees[1]}").text
    assert "Derived, not asked" in text
    assert "FICA wages of 2025 from one employer" in text
    assert "it must be above $150,000.00 (IRC 414(v)(7)(A))" in text
