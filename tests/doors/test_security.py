"""What every answer carries, and which requests of other sites are turned away."""

import re

import pytest
from starlette.testclient import TestClient
from tests.doors import samples
from tests.doors.world import ORIGIN, World

from open401k.base.access import Role
from open401k.doors.guard import SESSION_COOKIE
from open401k.kernel import PlanId, SponsorId

Place = tuple[SponsorId, PlanId]


def token_in(page: str) -> str:
    """The form token of a page."""
    return page.split('name="csrf" value="')[1].split('"')[0]


@pytest.mark.parametrize("path", ["/sign-in", "/docs", "/healthz", "/openapi.json", "/nowhere", "/v1/nowhere"])
def test_every_answer_carries_the_headers(browser_of_sponsor: TestClient, path: str) -> None:
    headers = browser_of_sponsor.get(path).headers
    policy = headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["", "/people", "/tests", "/payrolls", "/payrolls/upload", f"/alerts/{samples.ALERT}"])
def test_pages_hold_nothing_inline(browser_of_sponsor: TestClient, sponsor_and_plan: Place, path: str) -> None:
    page = browser_of_sponsor.get(f"/plans/{sponsor_and_plan[1]}{path}").text
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    assert all("integrity=" in tag for tag in re.findall(r"<script[^>]*>|<link rel=\"stylesheet\"[^>]*>", page))
    assert "https://" not in page.replace("https://www.w3.org", "")


def test_a_session_cookie_is_out_of_reach_of_scripts_and_other_sites(world: World, sponsor_and_plan: Place) -> None:
    link = world.link(world.user("The sponsor", sponsor_and_plan[0], Role.SPONSOR))
    with TestClient(world.app(), base_url=ORIGIN, follow_redirects=False) as client:
        answer = client.get(f"/enter/{link}")
        assert answer.status_code == 303
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert client.get(f"/enter/{link}").status_code == 401  # once


def test_a_form_without_its_token_does_nothing(
    browser_of_sponsor: TestClient, world: World, sponsor_and_plan: Place
) -> None:
    url = f"/plans/{sponsor_and_plan[1]}/payrolls/{samples.RUNS[15]}/post"
    assert browser_of_sponsor.post(url, data={"confirmed": "yes"}).status_code == 403
    assert browser_of_sponsor.post(url, data={"csrf": "0" * 64}).status_code == 403
    assert world.payroll.asked == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": ORIGIN},
    ],
)
def test_a_form_of_another_site_is_refused_even_with_the_token(
    browser_of_sponsor: TestClient, world: World, sponsor_and_plan: Place, headers: dict[str, str]
) -> None:
    base = f"/plans/{sponsor_and_plan[1]}"
    token = token_in(browser_of_sponsor.get(base).text)
    url = f"{base}/payrolls/{samples.RUNS[15]}/post"
    assert browser_of_sponsor.post(url, data={"csrf": token}, headers=headers).status_code == 403
    assert world.payroll.asked == []
    same = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
    assert browser_of_sponsor.post(url, data={"csrf": token}, headers=same).status_code == 303


def test_a_token_of_another_session_is_refused(
    browser_of_sponsor: TestClient, world: World, sponsor_and_plan: Place
) -> None:
    base = f"/plans/{sponsor_and_plan[1]}"
    token = token_in(browser_of_sponsor.get(base).text)
    browser_of_sponsor.cookies.clear()
    browser_of_sponsor.cookies.set(
        SESSION_COOKIE, world.session(world.user("Another", sponsor_and_plan[0], Role.SPONSOR))
    )
    assert browser_of_sponsor.post(f"{base}/payrolls/{samples.RUNS[15]}/post", data={"csrf": token}).status_code == 403


def test_what_a_person_typed_is_never_markup(browser_of_sponsor: TestClient) -> None:
    page = browser_of_sponsor.get("/account", params={"said": "<script>alert(1)</script>"}).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize("back", ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example"])
def test_the_clock_form_leads_back_to_us_only(
    browser_of_sponsor: TestClient, sponsor_and_plan: Place, back: str
) -> None:
    token = token_in(browser_of_sponsor.get(f"/plans/{sponsor_and_plan[1]}").text)
    answer = browser_of_sponsor.post("/clock/advance", data={"csrf": token, "to": "2026-08-14", "next": back})
    assert answer.headers["location"].startswith("/?said=")


def test_a_body_above_the_limit_is_refused(browser_of_sponsor: TestClient) -> None:
    answer = browser_of_sponsor.post(
        "/v1/payroll-runs", content=b"x" * (34 * 1024 * 1024), headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    page = browser_of_sponsor.post("/plans/x/deposits/statement", content=b"x" * (34 * 1024 * 1024), headers=form)
    assert page.status_code == 413
    assert "It has 35,651,584 bytes, at most 34,603,008 are read." in page.text
    assert "Send a shorter period" in page.text


def test_a_statement_of_a_bank_may_be_large(browser_of_sponsor: TestClient) -> None:
    for address in ("bank-statements", "ach-answers"):
        assert browser_of_sponsor.post(f"/v1/plans/x/{address}", content=b"x" * 2_000_000).status_code != 413
