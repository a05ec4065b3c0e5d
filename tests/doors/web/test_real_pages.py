"""Pages over a real plan in a real Chromium: taken over, paid, tested, projected, warned. No samples."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.doors.test_browser import LOOKS, Site, opened
from tests.doors.world import Sandbox, World
from tests.rooms.views.story import NEWCOMER, PROVIDER, Story, begun
from tests.support.accessible import violations, violations_in_the_dark
from tests.support.database import TESTER, Served

from open401k import census, fiduciary
from open401k.base.access import Role
from open401k.demo.files import NO_MISTAKES, Mistakes, file_name, payroll_csv
from open401k.demo.people import ACME
from open401k.doors.provided import DoorSettings
from open401k.doors.stories import PayrollStories
from open401k.flows.payroll_intake import settle_columns
from open401k.kernel import FixedClock, Refused
from open401k.law.pay_items import PayKind
from open401k.payroll import runs

pytestmark = pytest.mark.browser
CHROMIUM = next((found for name in ("chromium", "google-chrome", "chrome") if (found := shutil.which(name))), None)
#: Owners who save so much that the year will fail, with the match that follows.
SAVING = Mistakes(
    cells={
        ("219-11-1001", "401k Deferral"): "1800.00",
        ("219-11-1001", "Employer Match"): "286.15",
        ("219-11-1002", "401k Deferral"): "1300.00",
        ("219-11-1002", "Employer Match"): "203.08",
    }
)


@dataclass(frozen=True)
class Told:
    """A served site, its story, and the pages that a sponsor has."""

    site: Site
    story: Story
    pages: dict[str, str]


@pytest.fixture(scope="module")
def told(postgres: Served) -> Iterator[Told]:
    """Acme with an alert, a rejected file, one that asks, and one whose columns are new, behind a real server."""
    clock_before = postgres.db.clock
    story = _played(postgres)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    origin = f"http://localhost:{port}"
    payroll: Any = PayrollStories(postgres.db)
    world = World(
        db=postgres.db,
        clock=story.clock,
        wall=FixedClock(story.clock.now()),
        sandbox=Sandbox(story.clock),
        payroll=payroll,
        settings=DoorSettings(origin=origin, sandbox=True),
    )
    token = world.session(world.user("The sponsor", story.plan.sponsor_id, Role.SPONSOR))
    server = uvicorn.Server(uvicorn.Config(world.app(), port=port, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield Told(Site(origin, story.plan.sponsor_id, story.plan.plan_id, world, token), story, _pages(story))
    server.should_exit = True
    thread.join(timeout=10)
    postgres.db.clock = clock_before


def _played(postgres: Served) -> Story:
    story = begun(postgres.db)
    settled = settle_columns(
        postgres.db, actor=TESTER, tenant_id=story.plan.sponsor_id, run_id=story.run["first"], fields={}
    )
    assert not isinstance(settled, Refused), settled
    story.post(settled.run)
    paid = story.send(1, SAVING)
    story.run["posted"] = paid.run_id
    story.post(paid)
    story.run["rejected"] = story.send(2, Mistakes(repeated=("219-11-1005",))).run_id
    story.run["asking"] = story.send(4, Mistakes(cells={(NEWCOMER, "401k Deferral"): "85.00"})).run_id
    story.run["renamed"] = story.send(5, Mistakes(headings={"Gross Pay": "Total Gross"})).run_id
    return story


def _pages(story: Story) -> dict[str, str]:
    with story.begin() as tx:
        said = census.CodeKind(census.Side.EARNING, "BON", PayKind.BONUS, census.ALWAYS)
        census.set_code_kind(tx, tenant_id=story.plan.sponsor_id, said=said)
        alert = fiduciary.open_alerts(tx, tenant_id=story.plan.sponsor_id, plan_id=story.plan.plan_id)[0]
    pages = {
        "health": "",
        "people": "/people",
        "tests": "/tests",
        "payrolls": "/payrolls",
        "pay codes": "/pay-codes",
        "connections": "/connections",
        "who is who": "/who-is-who",
        "census": "/census/2026",
        "elections": "/elections",
        "instructions": "/instructions",
        "loans": "/loans",
        "rollovers": "/rollovers",
        "deposits": "/deposits",
        "corrections": "/corrections",
        "forfeitures": "/forfeitures",
        "vesting": "/vesting",
        "declarations": "/declarations",
        "student loans": "/student-loans",
        "upload": "/payrolls/upload",
    }
    pages |= {f"test {key}": f"/tests/{key}" for key in ("adp", "415c", "top_heavy")}
    pages |= {f"run {name}": f"/payrolls/{story.run[name]}" for name in ("posted", "rejected", "asking")}
    pages["upload"] = "/payrolls/upload"
    pages["correction"] = f"/payrolls/upload?replaces={story.run['posted']}"
    pages["columns"] = f"/payrolls/{story.run['renamed']}/mapping"
    pages["person"] = f"/people/{story.plan.people[0].employee_id}"
    pages["alert"] = f"/alerts/{alert.alert_id}"
    return {name: f"/plans/{story.plan.plan_id}{path}" for name, path in pages.items()}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module."""
    if CHROMIUM is None:
        pytest.fail("no Chromium: apt-get install -y chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def _audit(page: Page, name: str) -> None:
    for summary in page.locator("main details > summary").all()[:2]:
        summary.click()
    assert violations(page) == [], name
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} scrolls sideways by {wide} pixels"
    assert page.locator("h1").count() == 1, name


@pytest.mark.parametrize("look", LOOKS)
def test_real_pages_are_accessible_and_fit(chromium: Browser, told: Told, look: str) -> None:
    with opened(chromium, told.site, look) as page:
        for name, path in told.pages.items():
            page.emulate_media(color_scheme="light")
            answer = page.goto(told.site.origin + path)
            assert answer is not None
            assert answer.status == 200, name
            _audit(page, f"{name}, {look}")
            assert violations_in_the_dark(page) == [], (name, look)


def test_an_alert_compares_the_ways_to_pass(chromium: Browser, told: Told) -> None:
    with opened(chromium, told.site) as page:
        page.goto(told.site.origin + told.pages["health"])
        adp = page.get_by_role("region", name="The ADP test of 2026 is likely to fail")
        adp.get_by_role("link", name="Show ways to fix").click()
        table = page.get_by_role("region", name="Ways out, table")
        expect(table.get_by_role("row")).not_to_have_count(1)
        for row in table.locator("tbody tr").all():
            expect(row.locator(".tag")).to_have_count(1)
        table.locator("tbody a").first.click()
        expect(page.locator(".cure:target")).to_be_visible()


def test_a_limit_leads_down_to_payroll_rows(chromium: Browser, told: Told) -> None:
    with opened(chromium, told.site) as page:
        page.goto(told.site.origin + told.pages["test adp"])
        expect(page.locator("#h-working")).to_contain_text("Why")
        page.locator("#h-people ~ .scroll summary").first.click()
        page.locator("#h-people ~ .scroll details[open] a").first.click()
        expect(page.locator("tr:target")).to_contain_text("***-**-")


def test_what_waits_leads_to_the_payroll_and_its_finding_to_the_row(chromium: Browser, told: Told) -> None:
    with opened(chromium, told.site, "phone") as page:
        page.goto(told.site.origin + told.pages["health"])
        page.get_by_role("region", name="Waits for your decision").get_by_role("link", name="payroll").click()
        page.goto(told.site.origin + told.pages["run asking"])
        expect(page.locator("#belt li")).to_have_count(6)
        page.locator("#belt .asks a").first.click()
        page.get_by_role("link", name="See the row").first.click()
        expect(page.locator("tr:target")).to_contain_text("***-**-1012")


def test_a_file_that_cannot_be_read_is_named_and_posts_nothing(chromium: Browser, told: Told) -> None:
    with opened(chromium, told.site) as page:
        page.goto(told.site.origin + told.pages["upload"])
        page.set_input_files("#file", {"name": "scan.csv", "mimeType": "text/csv", "buffer": b"%PDF-1.4 scanned"})
        page.get_by_role("button", name="Read the file").click()
        expect(page.locator("h1")).to_have_text("scan.csv could not be read")
        expect(page.locator("main")).to_contain_text("Nothing was posted.")
        _audit(page, "a file that was not read")


def test_columns_that_do_not_fit_are_asked_again_as_they_were_chosen(chromium: Browser, told: Told) -> None:
    context = chromium.new_context()  # the answer is a 422, which Chromium tells the console
    context.add_cookies([{"name": "open401k_session", "value": told.site.token, "url": told.site.origin}])
    page = context.new_page()
    page.goto(told.site.origin + told.pages["columns"])
    page.locator("select[name=column-10]").select_option("")
    page.get_by_role("button", name="Confirm and check every row").click()
    expect(page.locator("#problem")).to_contain_text("Not settled yet.")
    expect(page.locator("select[name=column-10]")).to_have_value("")
    context.close()


def test_a_year_without_figures_is_said_on_every_page(chromium: Browser, told: Told) -> None:
    clock, today = told.story.clock, told.story.clock.now()
    told.site.world.clock = FixedClock(datetime(2027, 1, 15, 14, tzinfo=UTC))
    try:
        with opened(chromium, told.site) as page:
            for name, path in told.pages.items():
                page.goto(told.site.origin + path)
                expect(page.locator("main"), name).to_contain_text("No figures on file for 2027.")
    finally:
        told.site.world.clock = clock
    assert clock.now() == today


def test_a_second_payroll_of_the_same_amounts_is_asked_about_and_taken_with_a_reason(
    chromium: Browser, told: Told
) -> None:
    """The very file of a posted payroll again: the page asks which of three things it is."""
    name = file_name(ACME, 0)
    content = payroll_csv(ACME, 0, NO_MISTAKES)
    with opened(chromium, told.site) as page:
        page.goto(f"{told.site.origin}/plans/{told.site.plan_id}/payrolls/upload")
        page.get_by_label("Payroll file").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
        page.get_by_label("Provider").fill(PROVIDER)
        page.get_by_role("button", name="Read the file").click()
        expect(page.get_by_role("heading", name="This file was posted before")).to_be_visible()
        _audit(page, "a file sent again")
        page.get_by_label("Why it is meant a second time").fill("A bonus of one pay for everybody")
        page.get_by_role("button", name="It is a second payroll: check it").click()
        expect(page.get_by_text("A payroll of its own although another looks the same")).to_be_visible()
        expect(page.get_by_role("button", name="Post 1")).to_be_visible()


def _posted_runs(told: Told) -> list[runs.Run]:
    with told.story.begin() as tx:
        history = runs.history(tx, tenant_id=told.story.plan.sponsor_id, plan_id=told.story.plan.plan_id)
    return [run for run in history if run.status == runs.Status.POSTED]


def test_control_totals_that_the_file_is_not_are_shown_beside_what_it_is(chromium: Browser, told: Told) -> None:
    posted = len(_posted_runs(told))
    with opened(chromium, told.site) as page:
        page.goto(told.site.origin + told.pages["upload"])
        content = payroll_csv(ACME, 3, NO_MISTAKES)
        page.get_by_label("Payroll file").set_input_files(
            {"name": "totals.csv", "mimeType": "text/csv", "buffer": content}
        )
        page.get_by_label("Provider").fill(PROVIDER)
        page.get_by_text("Control totals").click()
        page.get_by_label("Number of rows").fill("1,200")
        page.get_by_label("Gross pay").fill("$1,000,000.00")
        _audit(page, "control totals unfolded")
        page.get_by_text("Control totals").click()
        page.get_by_role("button", name="Read the file").click()
        expect(page.locator("main")).to_contain_text("Nothing was posted.")
        expect(page.locator("main")).to_contain_text("Control totals that came with it: 1,200 rows; Gross pay")
        findings = page.get_by_role("region", name="Findings, table")
        expect(findings).to_contain_text("The control total of rows is 1200, the rows add up to")
        expect(findings).to_contain_text("The control total of gross is $1,000,000.00, the rows add up to $")
        _audit(page, "control totals that are not met")
    assert len(_posted_runs(told)) == posted


def test_a_control_total_that_is_none_is_asked_again_as_it_was_written(chromium: Browser, told: Told) -> None:
    context = chromium.new_context()  # the answer is a 422, which Chromium tells the console
    context.add_cookies([{"name": "open401k_session", "value": told.site.token, "url": told.site.origin}])
    page = context.new_page()
    page.goto(told.site.origin + told.pages["upload"])
    page.get_by_label("Payroll file").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"a,b"})
    page.get_by_text("Control totals").click()
    page.get_by_label("Gross pay").fill("about 5,000")
    page.get_by_role("button", name="Read the file").click()
    expect(page.locator("#problem")).to_contain_text("The control total gross is dollars and cents")
    expect(page.get_by_label("Gross pay")).to_have_value("about 5,000")
    _audit(page, "a control total that is none")
    context.close()


def test_nothing_to_contribute_this_period_is_put_on_file_by_its_pay_date(chromium: Browser, told: Told) -> None:
    day = told.story.clock.now().date()
    before = _posted_runs(told)
    for _ in range(2):  # whoever says it twice means it once
        with opened(chromium, told.site) as page:
            page.goto(told.site.origin + told.pages["upload"])
            page.get_by_label("Pay date without contributions").fill(day.isoformat())
            page.get_by_role("button", name="Nothing to contribute").click()
            expect(page.locator("main")).to_contain_text("It was said that nothing is contributed this period.")
            expect(page.locator("main")).to_contain_text("There are none: nothing is contributed.")
            expect(page.locator("#h-entries ~ .empty")).to_have_text("Nothing has been posted.")
            _audit(page, "nothing to contribute")
    (made,) = [run for run in _posted_runs(told) if run.run_id not in {each.run_id for each in before}]
    assert (made.pay_date, made.rows, made.said.no_contributions) == (day, 0, True)
