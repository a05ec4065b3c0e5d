"""Take the pictures of the documents anew, from the demo as it stands in August.

    open401k demo --reset                                        # in one terminal
    python -m scripts.pictures http://localhost:4010/enter/...   # in another, with the sponsor's link

Not here: judging them. Look at each before it is committed.
"""

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, FloatRect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
DESK, PHONE = 1280, 390
#: File name, color scheme, width, most height, and the path below the plan; an alert's is found on the plan's page.
PICTURES = (
    ("health-light", "light", DESK, 1710, ""),
    ("health-dark", "dark", DESK, 1710, ""),
    ("health-phone", "light", PHONE, 2600, ""),
    ("upload-light", "light", DESK, 1430, "/payrolls/upload"),
    ("test-light", "light", DESK, 1854, "/tests/adp"),
    ("alert-light", "light", DESK, 1765, None),
)


def take(browser: Browser, link: str) -> None:
    """Sign in once, then each picture in a window of its own."""
    first = browser.new_context()
    page = first.new_page()
    page.goto(link)
    plan = page.url
    origin = f"{urlsplit(plan).scheme}://{urlsplit(plan).netloc}"
    alert = page.locator("a.button[href*='/alerts/']").first.get_attribute("href") or ""
    for name, scheme, width, most, path in PICTURES:
        context = browser.new_context(
            storage_state=first.storage_state(),
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        shown = context.new_page()
        shown.goto(origin + alert if path is None else plan + path)
        height = min(most, int(shown.evaluate("document.documentElement.scrollHeight")))
        clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": height}
        shown.screenshot(path=IMAGES / f"{name}.png", full_page=True, clip=clip)
        context.close()


def main() -> None:
    """Find a browser as the tests do, and take every picture."""
    if len(sys.argv) != 2:
        sys.exit("Usage: python -m scripts.pictures LINK (the sponsor's, of a running demo)")
    chromium = subprocess.check_output([sys.executable, ROOT / "bootstrap" / "browser.py"], text=True).strip()  # noqa: S603
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        take(browser, sys.argv[1])
        browser.close()


if __name__ == "__main__":
    main()
