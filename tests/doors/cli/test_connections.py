"""Connections in a terminal, against the stand-in."""

from collections.abc import Iterator

import httpx2
import pytest
from tests.doors.cli.conftest import Run, Standing
from tests.support import standin
from tests.support.standin import StandIn

from open401k.doors.connecting import ConnectionStories, ProviderSettings
from open401k.kernel import SeededRandom
from open401k.payroll.providers import Surroundings, gusto
from open401k.standins.gusto_http import CLIENT_ID, CLIENT_SECRET


@pytest.fixture
def server(wiring: Standing) -> Iterator[StandIn]:
    """A stand-in with one company, and commands that are registered with it."""
    with standin.gusto() as running:
        running.tell("/companies", {"name": "Acme", "ein": "12-3456789", "first_check": "2026-12-25"})
        known = ProviderSettings(gusto.Application(CLIENT_ID, CLIENT_SECRET, running.url))
        around = Surroundings(wiring.given.wall, lambda _: None, SeededRandom(1))
        origin = wiring.given.settings.origin
        wiring.given.connections = ConnectionStories(wiring.given.db, settings=known, around=around, origin=origin)
        yield running


def test_a_provider_is_connected_and_asked_in_a_terminal(run: Run, server: StandIn) -> None:
    at = ("--plan", "acme")
    url = run("connections", "add", *at, "--json").document["authorize"]
    assert url.startswith(server.url)
    back = httpx2.get(url, follow_redirects=False).headers["location"]
    code = back.partition("code=")[2].partition("&")[0]
    made = run("connections", "add", "--code", code, "--since", "2026-12-01", *at, "--json")
    assert made.document["connection"]["company_name"] == "Acme"
    pulled = run("connections", "pull", *at, "--json")
    assert (pulled.code, pulled.document["ok"]) == (0, True), pulled
    (line,) = run("connections", "list", *at, "--json").document["connections"]
    assert (line["state"], line["since"]) == ("connected", "2026-12-01")
    server.tell("/tokens", {"revoke": _company(server)})
    failed = run("connections", "pull", *at)
    assert failed.code == 1
    assert "connects again" in failed.out
    assert "needs_a_person" in run("connections", "list", *at).out


def _company(server: StandIn) -> str:
    told = httpx2.get(f"{server.url}/_sandbox/companies").json()
    return str(told["companies"][0])


@pytest.mark.parametrize(
    "typed",
    [
        ("connections", "add", "--since", "soon", "--code", "x", "--plan", "acme"),
        ("connections", "pull", "--plan", "birch"),
        ("connections", "add", "--provider", "nobody"),
    ],
)
def test_what_cannot_be_meant_is_said(run: Run, server: StandIn, typed: tuple[str, ...]) -> None:
    assert run(*typed).code == 2, server
