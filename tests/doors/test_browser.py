"""Pages in a real Chromium: accessible, no wider than the window, a quiet console; live, and without JavaScript.

Screenshots of every page go to the folder in OPEN401K_SCREENSHOTS, if it is set: light and dark, wide and on a phone.
"""

import json
import os
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.doors import samples
from tests.doors.conftest import new_plan
from tests.doors.world import Sandbox, World
from tests.support.accessible import violations, violations_in_the_dark
from tests.support.database import TESTER

from open401k import doors
from open401k.base import messages, webhooks
from open401k.base.access import Role, make_participant_link
from open401k.base.db import Database
from open401k.base.webhooks import Answer
from open401k.calculators import example_of, find
from open401k.doors.provided import DoorSettings
from open401k.kernel import FixedClock, Money, PlanId, SponsorId, WebhookEndpointId
from open401k.views import alert, plan_health, test_detail
from open401k.views.shown import Percent

pytestmark = pytest.mark.browser
CHROMIUM = next((found for name in ("chromium", "google-chrome", "chrome") if (found := shutil.which(name))), None)
DOORS = Path(doors.__file__).parent
SHOTS = os.environ.get("OPEN401K_SCREENSHOTS")

PAGES = {
    "health": "",
    "people": "/people",
    "elections": "/elections",
    "instructions": "/instructions",
    "loans": "/loans",
    "loan": f"/loans/{samples.LOAN.line.loan_id}",
    "rollovers": "/rollovers",
    "rollover": f"/rollovers/{samples.ROLLOVER.line.rollover_id}",
    "person": f"/people/{samples.PERSON.person.employee_id}",
    "tests": "/tests",
    "test": "/tests/adp",
    "alert": f"/alerts/{samples.ALERT}",
    "payrolls": "/payrolls",
    "upload": "/payrolls/upload",
    "mapping": f"/payrolls/{samples.RUNS[15]}/mapping",
    "run": f"/payrolls/{samples.RUNS[15]}",
    "connections": "/connections",
    "pay-codes": "/pay-codes",
    "who-is-who": "/who-is-who",
    "census": "/census/2026",
    "deposits": "/deposits",
    "corrections": "/corrections",
    "forfeitures": "/forfeitures",
    "vesting": "/vesting",
    "declarations": "/declarations",
    "amendments": "/amendments",
    "student-loans": "/student-loans",
}
ADP = quote(json.dumps(example_of(find("adp-test"))))
TARGETS = "button:visible, .button:visible, input:visible, select:visible, nav[aria-label=Plan] a"
#: Width of the window, and what it is called in the dark.
LOOKS = {"light": (1280, "dark"), "phone": (390, "phone-dark")}


@dataclass(frozen=True)
class Site:
    """A server that runs, and who is signed in."""

    origin: str
    sponsor_id: SponsorId
    plan_id: PlanId
    world: World
    token: str
    endpoint_id: WebhookEndpointId | None = None
    mine: str = ""


def _told(world: World, sponsor_id: SponsorId, plan_id: PlanId) -> WebhookEndpointId:
    """A webhook endpoint that took one event, and not the next one."""
    at = world.wall.now()
    with world.db.begin(TESTER, tenants=[sponsor_id]) as tx:
        made = webhooks.add(tx, tenant_id=sponsor_id, url="https://payroll.example.com/hooks", at=at).endpoint
        for answer in (Answer(204), Answer(503)):
            messages.publish(tx, tenant_id=sponsor_id, kind="plan.tested", subject=plan_id, data={})
            delivery = webhooks.next_delivery(tx, tenant_id=sponsor_id, endpoint_id=made.endpoint_id, at=at)
            assert delivery is not None
            webhooks.mark(tx, of=delivery, answer=answer, at=at)
        webhooks.pause(tx, tenant_id=sponsor_id, endpoint_id=made.endpoint_id, at=at)
    return made.endpoint_id


def _participant(world: World, sponsor_id: SponsorId, plan_id: PlanId) -> str:
    """The link of somebody's own page."""
    of: dict[str, Any] = {"tenant_id": sponsor_id, "plan_id": plan_id, "employee_id": samples.EMPLOYEE}
    with world.db.begin(TESTER, tenants=[sponsor_id]) as tx:
        return make_participant_link(tx, **of, key="browser", days=7, at=world.wall.now())


@pytest.fixture
def site(db: Database, clock: FixedClock, sample_pages: None) -> Iterator[Site]:
    """The application on a port of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = DoorSettings(origin=f"http://localhost:{port}", sandbox=True)
    world = World(db=db, clock=clock, wall=FixedClock(clock.now()), sandbox=Sandbox(clock), settings=settings)
    sponsor_id, plan_id = new_plan(world, "Acme Tool & Die, Inc.", samples.PLAN)
    token = world.session(world.user("The sponsor", sponsor_id, Role.SPONSOR))
    config = uvicorn.Config(world.app(), port=port, log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    mine = _participant(world, sponsor_id, plan_id)
    yield Site(settings.origin, sponsor_id, plan_id, world, token, _told(world, sponsor_id, plan_id), mine)
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module."""
    if CHROMIUM is None:
        pytest.fail("no Chromium: apt-get install -y chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(chromium: Browser, site: Site, look: str = "light", *, script: bool = True) -> Iterator[Page]:
    """A signed-in page in the light; whatever lands on the console fails the test at its end."""
    width, _ = LOOKS[look]
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="light",
        java_script_enabled=script,
        reduced_motion="reduce",
    )
    context.add_cookies([{"name": "open401k_session", "value": site.token, "url": site.origin}])
    said: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert said == []


@pytest.mark.parametrize("look", LOOKS)
def test_pages_are_accessible_and_fit(chromium: Browser, site: Site, look: str) -> None:
    with opened(chromium, site, look) as page:
        addresses = {name: f"/plans/{site.plan_id}{path}" for name, path in PAGES.items()} | {"account": "/account"}
        addresses |= {
            "webhook": f"/plans/{site.plan_id}/connections/webhooks/{site.endpoint_id}",
            "sign-in": "/sign-in",
            "participant": f"/mine/{site.mine}",
            "calculators": "/calculators",
            "calculator-loan": "/calculators/maximum-loan",
        }
        addresses |= {"calculator": "/calculators/adp-test", "calculation": f"/calculators/adp-test?input={ADP}"}
        for name, path in addresses.items():
            page.emulate_media(color_scheme="light")
            page.goto(site.origin + path)
            for summary in page.locator("main details > summary").all()[:3]:
                summary.click()
            assert violations(page) == [], (name, look)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{name} scrolls sideways by {wide} pixels"
            assert page.locator("h1").count() == 1, name
            shoot(page, f"{name}-{look}")
            assert violations_in_the_dark(page) == [], (name, look)
            shoot(page, f"{name}-{LOOKS[look][1]}")


def shoot(page: Page, name: str) -> None:
    """A picture of the whole page, where they are wanted."""
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_the_dark_scheme_is_other_colors_and_nothing_else() -> None:
    """What asks for no color is asked in the light alone; a scheme that does more has to be looked at as a whole."""
    files = [
        each for kind in ("css", "js", "html", "svg") for each in DOORS.rglob(f"*.{kind}") if "vendor" not in each.parts
    ]
    told = [each for each in files if "color-scheme: dark" in each.read_text()]
    assert [each.name for each in told] == ["app.css"]
    sheet = told[0].read_text()
    ((name, body),) = re.findall(r"@media \(prefers-color-scheme: dark\) \{\s*([^{]*) \{([^}]*)\}\s*\}", sheet)
    assert (name, sheet.count("color-scheme: dark")) == (":root", 1)
    assert [each for each in body.split(";") if not re.fullmatch(r"\s*(--[a-z0-9-]+: #[0-9a-f]{6})?\s*", each)] == []


@pytest.mark.parametrize("look", ["light", "phone"])
def test_no_column_is_cut_off(chromium: Browser, site: Site, monkeypatch: pytest.MonkeyPatch, look: str) -> None:
    """A column more, for other plans of the employer, put the ratio outside the card and the reasons in a strip."""
    other, why = "In other plans of the employer", "5-percent owner: 40.00% directly and 60.00% of a spouse (IRC 318)"
    money = (Money.usd("127000.00"), Money.usd("106295.35"), Money.usd("124500.00"), Money.usd("204461.52"))
    person = replace(
        samples.DETAIL.people[0],
        why_group=why,
        values=(*money, Percent(1198)),
        note="$8,795.35 of catch-up does not count",
    )
    columns = ("Deferred", other, "Counted", "Plan pay", "Ratio")
    monkeypatch.setattr(
        test_detail, "load", lambda tx, **_: replace(samples.DETAIL, columns=columns, people=(person,)), raising=False
    )
    with opened(chromium, site, look) as page:
        for path in ("/tests/adp", ""):
            page.goto(f"{site.origin}/plans/{site.plan_id}{path}")
            for summary in page.locator("main details > summary").all():
                summary.click()
            cut = "all => all.filter(each => each.scrollWidth > each.clientWidth).map(each => each.ariaLabel)"
            assert page.locator(".scroll").evaluate_all(cut) == []
            narrow = "all => all.filter(each => each.clientWidth < 120).length"
            assert page.locator(".people > tbody > tr > td:nth-child(2)").evaluate_all(narrow) == 0


def test_costs_in_words_are_not_cut_off_on_a_phone(
    chromium: Browser, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "Top-heavy minimum no longer owed (as it would be owed on this year's pay)"
    cure = replace(samples.ALERT_DETAIL.cures[1], costs=((words, Money.usd("-7402.74")),))
    monkeypatch.setattr(alert, "load", lambda tx, **_: replace(samples.ALERT_DETAIL, cures=(cure,)), raising=False)
    with opened(chromium, site, "phone") as page:
        page.goto(f"{site.origin}/plans/{site.plan_id}/alerts/{samples.ALERT}")
        page.locator(".cure summary").click()
        cut = "all => all.filter(each => each.scrollWidth > each.clientWidth).map(each => each.ariaLabel)"
        assert page.locator(".scroll").evaluate_all(cut) == []


@pytest.mark.parametrize("look", ["light", "phone"])
def test_the_panel_of_the_clock_lies_inside_the_window(chromium: Browser, site: Site, look: str) -> None:
    """On a phone it hung out of the window on the left, where no scrolling reaches it."""
    with opened(chromium, site, look) as page:
        page.goto(f"{site.origin}/plans/{site.plan_id}")
        page.locator(".badge summary").click()
        box = page.locator(".badge .panel").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= LOOKS[look][0]


def test_targets_can_be_hit_with_a_thumb(chromium: Browser, site: Site) -> None:
    with opened(chromium, site, "phone") as page:
        page.goto(f"{site.origin}/plans/{site.plan_id}/payrolls/upload")
        for target in page.locator(
            "button:visible, .button:visible, input:visible, select:visible, nav[aria-label=Plan] a"
        ).all():
            box = target.bounding_box()
            assert box is not None
            assert box["height"] >= 44 or target.get_attribute("type") in ("checkbox", "radio"), target.inner_text()


def test_a_keyboard_reaches_the_content_first(chromium: Browser, site: Site) -> None:
    with opened(chromium, site) as page:
        page.goto(f"{site.origin}/plans/{site.plan_id}")
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Skip to content")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_the_health_page_follows_what_happens(chromium: Browser, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:

    with opened(chromium, site) as page:
        with page.expect_response(lambda answer: "/events?after=" in answer.url):
            page.goto(f"{site.origin}/plans/{site.plan_id}")
        changed = replace(samples.HEALTH, plan_assets=Money.usd("1292995.97"))
        monkeypatch.setattr(plan_health, "load", lambda tx, **_: changed, raising=False)
        with site.world.db.begin(TESTER, tenants=[site.sponsor_id]) as tx:
            messages.publish(tx, tenant_id=site.sponsor_id, kind="payroll.posted", subject=site.plan_id, data={})
        expect(page.locator("#health")).to_contain_text("$1,292,995.97", timeout=10_000)
        assert page.locator("#health").count() == 1


def test_pages_and_forms_work_without_javascript(chromium: Browser, site: Site, tmp_path: Path) -> None:
    with opened(chromium, site, script=False) as page:
        page.goto(f"{site.origin}/plans/{site.plan_id}")
        expect(page.locator("h1")).to_have_text(samples.HEADING.plan_name)
        file = tmp_path / "acme.csv"
        file.write_text("SSN,Gross\n123-45-6789,100.00\n")
        page.goto(f"{site.origin}/plans/{site.plan_id}/payrolls/upload")
        page.set_input_files("#file", file)
        page.get_by_role("button", name="Read the file").click()
        expect(page.locator("h1")).to_contain_text("Is this how to read")
        page.get_by_role("button", name="Confirm and check every row").click()
        expect(page.locator("h1")).to_contain_text("Payroll of")
        page.locator("[name=confirmed]").check()
        page.get_by_role("button", name="Post 12 rows").click()
        asked = [name for name, _, _ in site.world.payroll.asked]
        assert asked == ["receive_file", "confirm_mapping", "post"]
        assert site.world.payroll.asked[0][2]["content"] == file.read_bytes()
        assert site.world.payroll.asked[2][2]["confirmed"] is True


def test_forms_work_with_javascript_and_the_clock_moves(chromium: Browser, site: Site) -> None:
    with opened(chromium, site) as page:
        page.goto(f"{site.origin}/plans/{site.plan_id}/payrolls/{samples.RUNS[15]}/mapping")
        page.get_by_role("button", name="Confirm and check every row").click()
        expect(page.locator("h1")).to_contain_text("Payroll of")
        page.locator(".badge summary").click()
        page.locator("#clock-to").fill("2026-08-14")
        page.get_by_role("button", name="Advance clock").click()
        expect(page.locator(".badge summary")).to_contain_text("Aug 14, 2026")
        expect(page.locator(".flash")).to_contain_text("August 14, 2026")


def test_a_passkey_is_added_and_signs_in(chromium: Browser, site: Site) -> None:
    with opened(chromium, site) as page:
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        options: dict[str, str | bool] = dict.fromkeys(
            ("hasResidentKey", "hasUserVerification", "isUserVerified"), True
        )
        options |= {"protocol": "ctap2", "transport": "internal"}
        session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        page.goto(f"{site.origin}/account")
        page.get_by_role("button", name="Add a passkey to this device").click()
        expect(page.locator(".flash")).to_have_text("The passkey was added.")
        page.get_by_role("button", name="Sign out").click()
        expect(page.locator("h1")).to_have_text("Sign in")
        page.get_by_role("button", name="Use a passkey").click()
        expect(page).to_have_url(f"{site.origin}/plans/{samples.PLAN}")


def test_the_reference_page_works_offline_under_the_policy(chromium: Browser, site: Site) -> None:
    with opened(chromium, site) as page:
        elsewhere: list[str] = []
        page.on("request", lambda request: elsewhere.append(request.url) if site.origin not in request.url else None)
        page.goto(f"{site.origin}/docs")
        expect(page.locator(".opblock-summary-path").first).to_be_visible(timeout=15_000)
        assert [url for url in elsewhere if not url.startswith("data:")] == []
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/docs.png")


@pytest.mark.parametrize("script", [True, False])
def test_a_stranger_fills_in_a_calculator_and_adds_a_person(chromium: Browser, site: Site, script: bool) -> None:
    nobody = replace(site, token="nobody")
    with opened(chromium, nobody, "phone", script=script) as page:
        page.goto(f"{site.origin}/sign-in")
        page.get_by_role("link", name="calculators", exact=True).click()
        page.get_by_label("Search by word or section").fill("ADP test")
        page.keyboard.press("Enter")
        page.get_by_role("link", name="The ADP test of a year, with everybody's ratio").first.click()
        page.get_by_role("button", name="Add a row").click()
        page.get_by_label("Name, row 4").fill("Driver")
        page.get_by_label("HCE, row 4").select_option("no")
        page.get_by_label("Compensation ($), row 4").fill("30,000")
        page.get_by_label("Deferrals ($), row 4").fill("$300")
        page.get_by_role("button", name="Compute", exact=True).last.click()
        answer = page.get_by_role("region", name="Answer", exact=True)
        expect(answer).to_contain_text("within the limit of")
        expect(answer).to_contain_text("Driver")
        assert (violations(page) if script else []) == []


def test_an_amendment_is_previewed_and_adopted_without_javascript(chromium: Browser, site: Site) -> None:
    with opened(chromium, site, "phone", script=False) as page:
        page.goto(f"{site.origin}/plans/{site.plan_id}/amendments")
        page.locator("summary", has_text="Loans").click()
        loans = page.get_by_role("group", name="Loans")
        expect(loans.get_by_label("Least amount")).to_be_hidden()
        loans.get_by_label("The plan has this").check()
        loans.get_by_label("Least amount").fill("500")
        page.get_by_label("In force from").fill("2030-01-01")
        page.get_by_label("Why").fill("Loans, as the employees asked for.")
        page.get_by_role("button", name="Preview").click()
        expect(page.locator("#h-preview")).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0
        shoot(page, "amendment-preview")
        page.get_by_role("button", name="Adopt this amendment").click()
        expect(page.locator(".flash")).to_contain_text("the plan is amended from January 1, 2030 on")
        expect(page.locator("main")).to_contain_text("Loans, as the employees asked for.")
    with opened(chromium, site) as page:
        page.goto(f"{site.origin}/plans/{site.plan_id}/amendments")
        page.locator("summary", has_text="Who takes part").click()
        page.get_by_label("Age, at least").first.fill("25")
        page.get_by_label("Why").fill("Another age.")
        page.get_by_role("button", name="Preview").click()
        expect(page.locator(".alert.bad")).to_contain_text("It cannot be adopted")
        assert violations(page) == []
        assert violations_in_the_dark(page) == []
        shoot(page, "amendment-refused")
