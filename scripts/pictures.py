"""Take the pictures of the documents anew, from the demo as it stands in August; then of what asks for somebody.

For the second half the clock of the demo moves on, and two files, one with a wrong number and one with new pay codes,
and a failure are put into it: start it anew afterwards. What is told to a provider is pictured from the payroll year.

    open401k demo --reset                                                      # in one terminal
    OPEN401K_DATA_DIR=year open401k demo --story payroll-year --port 4011      # in another
    python -m scripts.pictures http://localhost:4010/enter/...                 # with the sponsor's link
    python -m scripts.pictures --year http://localhost:4011/enter/...          # with that of the year
    python -m scripts.pictures --terms http://localhost:4010/enter/...         # once Acme lends

For the last, amend Acme (docs/howto/amend-a-plan.md), ask for two loans and approve one, certify student loan
payments, declare a match and profit sharing: each with its command.

Not here: judging them. Look at each before it is committed.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, FloatRect, Page, sync_playwright

from open401k.demo.files import Mistakes, payroll_csv
from open401k.demo.people import ACME

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
DESK, PHONE = 1280, 390
Picture: TypeAlias = tuple[str, str, int, int, str]
#: File name, color scheme, width, most height, and the path: below the plan; from the root after a ``~``; below what
#: was found (an alert, a payroll, a person) after a ``+``.
PICTURES = (
    ("health-light", "light", DESK, 1710, ""),
    ("health-dark", "dark", DESK, 1710, ""),
    ("health-phone", "light", PHONE, 2600, ""),
    ("upload-light", "light", DESK, 1430, "/payrolls/upload"),
    ("test-light", "light", DESK, 1854, "/tests/adp"),
    ("alert-light", "light", DESK, 1765, "+"),
    ("tests-light", "light", DESK, 1300, "/tests"),
    ("people-light", "light", DESK, 1100, "/people"),
    ("people-phone", "light", PHONE, 1500, "/people"),
    ("payrolls-light", "light", DESK, 1100, "/payrolls"),
    ("deposits-light", "light", DESK, 900, "/deposits"),
    ("deposits-dark", "dark", DESK, 900, "/deposits"),
    ("census-light", "light", DESK, 1100, "/census/2026"),
    ("account-light", "light", DESK, 1000, "~/account"),
    ("calculators-light", "light", DESK, 1000, "~/calculators"),
    ("calculator-light", "light", DESK, 1300, "~/calculators/maximum-loan"),
    ("calculator-phone", "light", PHONE, 1300, "~/calculators/maximum-loan"),
)
#: The same of the demo once something asks for somebody; the payroll that waits is found on the plan's payrolls.
ASKING = (
    ("waiting-light", "light", DESK, 830, ""),
    ("run-light", "light", DESK, 1560, "+"),
    ("run-dark", "dark", DESK, 1560, "+"),
    ("run-phone", "light", PHONE, 1500, "+"),
    ("columns-light", "light", DESK, 1300, "+/mapping"),
    ("pay-codes-light", "light", DESK, 1300, "/pay-codes"),
    ("who-is-who-light", "light", DESK, 780, "/who-is-who"),
    ("corrections-light", "light", DESK, 1400, "/corrections"),
)
#: Of a plan that keeps elections and is connected to its provider; a person is found among its people.
YEAR = (
    ("elections-light", "light", DESK, 1300, "/elections"),
    ("elections-phone", "light", PHONE, 1500, "/elections"),
    ("told-to-payroll-light", "light", DESK, 1300, "/instructions"),
    ("told-to-payroll-phone", "light", PHONE, 1500, "/instructions"),
    ("connections-light", "light", DESK, 1300, "/connections"),
    ("connections-phone", "light", PHONE, 1500, "/connections"),
    ("person-light", "light", DESK, 1500, "+"),
    ("amendments-light", "light", DESK, 1300, "/amendments"),
    ("vesting-light", "light", DESK, 1100, "/vesting"),
    ("forfeitures-light", "light", DESK, 800, "/forfeitures"),
    ("corrections-decided-light", "light", DESK, 1100, "/corrections"),
)
#: Of a plan that lends, lets the employer declare, and matches student loan payments.
TERMS = (
    ("loans-light", "light", DESK, 1100, "/loans"),
    ("loans-phone", "light", PHONE, 1300, "/loans"),
    ("declarations-light", "light", DESK, 1100, "/declarations"),
    ("student-loans-light", "light", DESK, 1000, "/student-loans"),
)
#: The next payroll after August 14, and a day on which its file may come.
NEXT, ON = 17, "2026-08-25"


def take(browser: Browser, link: str) -> None:
    """Sign in once, then each picture in a window of its own."""
    first = browser.new_context()
    page = first.new_page()
    page.goto(link)
    plan = page.url
    alert = page.locator("a.button[href*='/alerts/']").first.get_attribute("href") or ""
    _shoot(browser, first, plan, PICTURES, found=alert)
    waits = _ask(page, plan)
    _shoot(browser, first, plan, ASKING, found=urlsplit(waits).path)


def take_terms(browser: Browser, link: str) -> None:
    """The pages of a plan with more terms than the demo has."""
    first = browser.new_context()
    page = first.new_page()
    page.goto(link)
    _shoot(browser, first, page.url, TERMS, found="")


def take_year(browser: Browser, link: str) -> None:
    """The pages of a plan that tells its provider."""
    first = browser.new_context()
    page = first.new_page()
    page.goto(link)
    plan = page.url
    page.goto(f"{plan}/people")
    person = page.get_by_role("link", name="Quill").first.get_attribute("href") or ""
    _shoot(browser, first, plan, YEAR, found=person)


def _shoot(browser: Browser, first: BrowserContext, plan: str, pictures: Sequence[Picture], *, found: str) -> None:
    origin = f"{urlsplit(plan).scheme}://{urlsplit(plan).netloc}"
    for name, scheme, width, most, path in pictures:
        context = browser.new_context(
            storage_state=first.storage_state(),
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        shown = context.new_page()
        start = {"~": origin, "+": origin + found}.get(path[:1], plan)
        shown.goto(start + path.lstrip("~+"))
        height = min(most, int(shown.evaluate("document.documentElement.scrollHeight")))
        clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": height}
        shown.screenshot(path=IMAGES / f"{name}.png", full_page=True, clip=clip)
        context.close()


def _ask(page: Page, plan: str) -> str:
    """A question who is who, two pay codes and a failure; answers with the address of the payroll that waits."""
    page.locator(".badge summary").click()
    page.fill("#clock-to", ON)
    page.get_by_role("button", name="Advance clock").click()
    page.wait_for_url("**said=**")
    page.goto(f"{plan}/corrections")
    page.click("#h-record")
    page.select_option("select[name=kind]", "election_not_followed")
    page.select_option("select[name=employee]", label="Helen Ochoa")
    for name, value in (
        ("rate", "6"),
        ("first_on", "2026-04-24"),
        ("how_found", "She asked why nothing was withheld."),
    ):
        page.fill(f"[name={name}]", value)
    page.get_by_role("button", name="Record, and count what it costs").click()
    slip = Mistakes(cells={("219-11-1008", "Employee SSN"): "219-11-1088"})
    _upload(page, plan, "acme-2026-08-28.csv", payroll_csv(ACME, NEXT, slip))
    heading, *rows = payroll_csv(ACME, NEXT).decode().splitlines()
    paid = [f"{row},{'500.00,120.00' if place in (2, 4) else ','}" for place, row in enumerate(rows)]
    _upload(page, plan, "acme-2026-08-28-pay.csv", "\r\n".join([f"{heading},Bonus,Truck Allowance", *paid]).encode())
    for column in page.locator("select[name^=column-]").all()[-2:]:
        column.select_option("earnings")
    page.get_by_role("button", name="Confirm and check every row").click()
    page.wait_for_selector("#h-findings")
    return page.url


def _upload(page: Page, plan: str, name: str, content: bytes) -> None:
    page.goto(f"{plan}/payrolls/upload")
    page.set_input_files("#file", {"name": name, "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Read the file").click()


def main() -> None:
    """Find a browser as the tests do, and take every picture."""
    links = [each for each in sys.argv[1:] if not each.startswith("--")]
    only = {"--year": take_year, "--terms": take_terms}
    takes = tuple(only[each] for each in sys.argv[1:] if each in only) or (take, take_year)
    if not 0 < len(links) <= len(takes):
        sys.exit("Usage: python -m scripts.pictures LINK [LINK] (the sponsors', of the running demos)")
    chromium = subprocess.check_output([sys.executable, ROOT / "bootstrap" / "browser.py"], text=True).strip()  # noqa: S603
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for each, link in zip(takes, links, strict=False):
            each(browser, link)
        browser.close()


if __name__ == "__main__":
    main()
