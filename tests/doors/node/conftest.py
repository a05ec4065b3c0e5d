"""The pages of a node on a port of their own, and the browser that looks at them."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.applications import Starlette
from tests.doors.node.desk import Desk

from open401k.doors.node import pages
from open401k.kernel import SeededRandom

CHROMIUM = next((found for name in ("chromium", "google-chrome", "chrome") if (found := shutil.which(name))), None)
SHOTS = os.environ.get("OPEN401K_SCREENSHOTS")
#: Width of the window, and what a picture of it in the dark is called.
LOOKS = {"light": (1280, "dark"), "phone": (390, "phone-dark")}
Open = Callable[..., AbstractContextManager[Page]]


def free_port() -> int:
    """One that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(app: Starlette, port: int) -> Iterator[None]:
    """Answer there, beside the test."""
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A node in memory, served."""
    port = free_port()
    desk = Desk(origin=f"http://localhost:{port}")
    with served(Starlette(routes=pages.routes(desk, SeededRandom(7))), port):
        yield desk


def with_a_passkey(page: Page) -> None:
    """A device that checks its owner, in the browser."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options: dict[str, str | bool] = dict.fromkeys(("hasResidentKey", "hasUserVerification", "isUserVerified"), True)
    options |= {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the module."""
    if CHROMIUM is None:
        pytest.fail("no Chromium: apt-get install -y chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Browser) -> Open:
    """A window; whatever lands on its console, but what is expected there, fails the test at its end."""

    @contextmanager
    def window(look: str = "light", *, script: bool = True, expected: str = "\0") -> Iterator[Page]:
        context = chromium.new_context(
            viewport={"width": LOOKS[look][0], "height": 900},
            color_scheme="light",
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        said: list[str] = []
        page = context.new_page()
        page.on("console", lambda told: said.append(told.text) if told.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        yield page
        context.close()
        assert [each for each in said if expected not in each] == []

    return window


def shoot(page: Page, name: str) -> None:
    """A picture of the whole page, where they are wanted."""
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
