"""What axe finds on a page that is open. Not here: which pages there are, and in which widths they are looked at."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

_OPTIONS: dict[str, Any] = {"resultTypes": ["violations"]}
#: The rules that look at colors. The others ask what is there and where, which the dark scheme does not change
#: (test_the_dark_scheme_is_other_colors_and_nothing_else).
_COLORS = _OPTIONS | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
_BROKEN = "options => axe.run(options).then(all => all.violations.map(rule => [rule.id, rule.nodes[0].html]))"


def violations(page: Page, *, colors_alone: bool = False) -> list[list[str]]:
    """Each rule that is broken, with the first place where it is."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    found: list[list[str]] = page.evaluate(_BROKEN, _COLORS if colors_alone else _OPTIONS)
    return found


def violations_in_the_dark(page: Page) -> list[list[str]]:
    """The same of a page that was looked at in the light, switched over; it stays dark."""
    page.emulate_media(color_scheme="dark")
    return violations(page, colors_alone=True)
