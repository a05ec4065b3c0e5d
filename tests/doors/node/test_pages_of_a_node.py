"""The pages of a real node, over its database and beside another node: a participant signs, a desk stops."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect
from tests.doors.node.conftest import Open, free_port, served, with_a_passkey
from tests.doors.node.test_api import Both, both, put_explanation  # noqa: F401 (a fixture)
from tests.rails.node.conftest import another_database, migrated  # noqa: F401 (fixtures)
from tests.rails.node.deal_nodes import PARTS
from tests.rails.node.halves import PAPER, receiving, releasing

from open401k.doors.node import pages
from open401k.doors.node.for_pages import NodePages
from open401k.doors.node.http import create_node_app
from open401k.kernel import SystemRandom
from open401k.rails.node.codec import told
from open401k.rails.node.staff import Role


class Here(NodePages):
    """A node's pages at the address of the test."""

    origin = ""


@pytest.mark.browser
def test_a_participant_signs_and_a_desk_stops_it(opened: Open, both: Both) -> None:  # noqa: F811
    source, receiver, port = both.source, both.receiver, free_port()
    here = Here(receiver.doors)
    here.origin = f"http://localhost:{port}"
    half = replace(receiving(*PARTS, member=both.nodes[1].identity.member), key=None)
    body = {"source": both.nodes[0].identity.member.hex(), "receiving": told(half)}
    case = receiver("POST", "/v1/rollovers", body).json()["case"]
    link = receiver("POST", f"/v1/rollovers/{case}/links", {"days": 30}).json()["url"].rpartition("/")[2]
    both.carry()
    (theirs,) = (each["case"] for each in source("GET", "/v1/rollovers").json()["rollovers"])
    source("PUT", f"/v1/rollovers/{theirs}/facts", told(releasing(*PARTS)))
    put_explanation(source, theirs, PAPER)
    both.carry()
    app = create_node_app(receiver.doors, receiver.doors.office.receiving(), pages.routes(here, SystemRandom()))
    with served(app, port), opened(expected="pubKeyCredParams") as page:
        with_a_passkey(page)
        page.goto(f"{here.origin}/r/{link}")
        page.get_by_role("link", name="Choose how to sign").click()
        page.get_by_label("I agree to get and sign").check()
        page.get_by_role("button", name="Make a passkey").click()
        expect(page.locator("h1")).to_have_text("Read and sign")
        expect(page.locator("#h-notice + p + .notice")).to_contain_text("You may move it")
        page.get_by_label("I have read this").check()
        page.get_by_role("button", name="Sign with your passkey").click()
        expect(page.locator("h1")).to_have_text("You have signed")
        both.carry()
        page.goto(f"{here.origin}/r/{link}")
        expect(page.locator("#where")).to_contain_text("is selling what you held")
        assert source("GET", f"/v1/rollovers/{theirs}").json()["state"] == "liquidating"
        desk = page.context.new_page()
        desk.goto(here.origin)
        desk.get_by_label("Your token").fill(receiver.tokens[Role.OPERATOR])
        desk.get_by_role("button", name="Sign in").click()
        desk.goto(f"{here.origin}/cases/{case}")
        desk.get_by_label("Why").select_option("501")
        desk.get_by_role("button", name="Stop the rollover").click()
        expect(desk.locator(".flash")).to_contain_text("It is to end.")
        expect(page.locator("h1")).to_have_text("The move was stopped; your money stayed yours")
        receiver.doors.happenings.end()
