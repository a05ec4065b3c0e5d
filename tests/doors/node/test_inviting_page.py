"""The console's page of voters: their links are made, shown once, handed over and ended; by operators of who pays."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.doors.node.conftest import Open, free_port, served, shoot
from tests.doors.node.test_api import Both, Side, both  # noqa: F401 (a fixture)
from tests.doors.node.test_pages_of_a_node import Here
from tests.doors.node.test_records_page import Console
from tests.doors.node.test_voter_page import until_terms
from tests.rails.node.conftest import another_database, migrated  # noqa: F401 (fixtures)
from tests.support.accessible import violations, violations_in_the_dark

from open401k.doors.node import pages
from open401k.doors.node.for_pages import NodePages
from open401k.doors.node.for_voters import NodeVoters
from open401k.doors.node.http import create_node_app
from open401k.doors.node.inviting import NodeInviting
from open401k.kernel import SeededRandom, SystemRandom
from open401k.rails.node.staff import Role


def console(side: Side, role: Role) -> Console:
    doors = side.doors
    given, origin = NodePages(doors), doors.process.config.shown_at
    routes = pages.routes(given, SeededRandom(3), inviting=NodeInviting(given), voters=NodeVoters(given))
    client = TestClient(Starlette(routes=routes), base_url=origin)
    token = doors.entrances.add(f"a {role}", role, days=1, at=given.now()).secret
    client.post("/sign-in", data={"token": token}, headers={"origin": origin})
    return Console(client, origin)


def link_in(page: str) -> str:
    found = re.search(r'id="link">https?://[^/]+(/v/[^<]+)<', page)
    assert found is not None, page
    return found[1]


def test_a_spouses_link_is_made_once_handed_over_and_ended(both: Both) -> None:  # noqa: F811
    theirs, _ = until_terms(both)
    at, desk = f"/cases/{theirs}/voters", console(both.source, Role.OPERATOR)
    assert f'href="{at}"' in desk.get(f"/cases/{theirs}")
    shown = desk.get(at)
    assert "No link was made." in shown
    assert f'action="{at}/spouse/end"' not in shown  # nobody is offered what would do nothing
    sent: dict[str, Any] = {"on": at, "path": f"{at}/spouse/links", "days": "14", "key": "one form"}
    made = desk.send(**sent)
    assert (made.status_code, made.headers["cache-control"]) == (200, "no-store")
    link = link_in(made.text)
    assert link_in(desk.send(**sent).text) == link  # the same form again
    assert desk.client.get(link).status_code == 200
    assert "mailto:" in made.text
    listed = desk.get(at)
    assert listed.count("Holds</span>") == 1
    assert link not in listed  # it is shown once
    assert "a operator made a link for the spouse" in desk.get(f"/cases/{theirs}")
    ended = desk.send(at, f"{at}/spouse/end", key="end")
    assert "Every link of theirs is ended" in ended.text
    assert desk.client.get(link).status_code == 404
    assert "Ended</span>" in desk.get(at)


@pytest.mark.parametrize("days", ["0", "181", "two", "²", ""])
def test_days_that_cannot_be_meant_are_named(both: Both, days: str) -> None:  # noqa: F811
    theirs, _ = until_terms(both)
    at, desk = f"/cases/{theirs}/voters", console(both.source, Role.OPERATOR)
    answer = desk.send(at, f"{at}/spouse/links", days=days)
    assert answer.status_code == 422
    assert re.search(r'id="days-spouse"[^>]*aria-invalid="true"', answer.text)
    assert "No link was made." in desk.get(at)


def test_auditors_look_only_and_who_receives_invites_nobody(both: Both) -> None:  # noqa: F811
    theirs, case = until_terms(both)
    at = f"/cases/{theirs}/voters"
    desk, looks = console(both.source, Role.OPERATOR), console(both.source, Role.AUDITOR)
    assert "Spouse" in looks.get(at)
    assert "Make a link" not in looks.get(at)
    token = re.search(r'name="csrf" value="([^"]*)"', looks.get(at))
    assert token is not None
    for path in (f"{at}/spouse/links", f"{at}/spouse/end"):
        refused = looks.client.post(
            path, data={"csrf": token[1], "key": "k", "days": "3"}, headers={"origin": looks.origin}
        )
        assert refused.status_code == 403
        assert desk.client.get(path).url.path == at  # an answer loaded anew
    mine = re.search(r'name="csrf" value="([^"]*)"', desk.get(at))
    assert mine is not None
    for role, status in (("administrator", 422), ("nobody", 404)):  # nobody asks for the one, nobody is the other
        data = {"csrf": mine[1], "key": role, "days": "3"}
        answer = desk.client.post(f"{at}/{role}/links", data=data, headers={"origin": desk.origin})
        assert answer.status_code == status
    there = console(both.receiver, Role.OPERATOR)
    assert there.client.get(f"/cases/{case}/voters").status_code == 404
    assert f'href="/cases/{case}/voters"' not in there.get(f"/cases/{case}")


@pytest.mark.browser
def test_the_page_of_voters_is_read_and_used_in_a_browser(opened: Open, both: Both) -> None:  # noqa: F811
    theirs, _ = until_terms(both)
    here, port = Here(both.source.doors), free_port()
    here.origin = f"http://localhost:{port}"
    found = pages.routes(here, SystemRandom(), inviting=NodeInviting(here))
    app = create_node_app(both.source.doors, both.source.doors.office.receiving(), found)
    with served(app, port), opened() as page:
        page.goto(here.origin)
        page.get_by_label("Your token").fill(both.source.tokens[Role.OPERATOR])
        page.get_by_role("button", name="Sign in").click()
        page.goto(f"{here.origin}/cases/{theirs}")
        page.get_by_role("link", name="Who else approves, and their links").click()
        page.get_by_label("Days that it holds").fill("7")
        page.get_by_role("button", name="Make a link").click()
        expect(page.locator("#link")).to_contain_text("/v/")
        shoot(page, "voters-links")
        assert violations(page) == []
        assert violations_in_the_dark(page) == []
        page.get_by_role("button", name="End the links").click()
        expect(page.get_by_role("status")).to_contain_text("Every link of theirs is ended")
        both.source.doors.happenings.end()


def test_a_system_ends_the_links_of_a_role_by_the_api(both: Both) -> None:  # noqa: F811
    theirs, _ = until_terms(both)
    at = f"/v1/rollovers/{theirs}/voters/spouse/links"
    links = [both.source("POST", at, {"days": 3}).json()["url"].rpartition("/")[2] for _ in range(2)]
    entrances, now = both.source.doors.entrances, NodePages(both.source.doors).now()
    assert all(entrances.voter_of(link, at=now) for link in links)
    assert both.source("POST", f"{at}/end", {}, role=Role.SYSTEM).json()["ended"] == 2
    assert not any(entrances.voter_of(link, at=now) for link in links)
    assert both.source("POST", f"{at}/end", {}).json()["ended"] == 0
    assert both.source("POST", f"{at}/end", {}, role=Role.AUDITOR).status_code == 403
