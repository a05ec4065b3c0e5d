"""What waits for a member's own wallet, on the console: a passkey made and used there, a contract's owners by form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from starlette.testclient import TestClient
from tests.doors.node.conftest import LOOKS, Open, served, shoot, with_a_passkey
from tests.rails.node.conftest import NewDatabase, another_database, migrated  # noqa: F401 (fixtures)
from tests.rails.node.processes import NodeProcess, network
from tests.rails.node.test_node_commands import name_signer
from tests.rails.node.test_wallet_votes import OWNERS, by_wallet, passes, wallet_of
from tests.rails.node.two_nodes import rollover
from tests.rails.world import founded
from tests.support.accessible import violations, violations_in_the_dark

from open401k.doors.node import pages
from open401k.doors.node.desk import Doors
from open401k.doors.node.for_pages import NodePages
from open401k.doors.node.for_signatures import NodeSignatures
from open401k.doors.node.http import create_node_app
from open401k.kernel import SeededRandom
from open401k.rails.node.cases import State
from open401k.rails.node.staff import Role


@contextmanager
def console(node: NodeProcess) -> Iterator[tuple[Any, dict[Role, str]]]:
    """The application of a node that asks a wallet, and a token of each role."""
    with node.office() as office:
        doors = Doors(office, lambda: None, dict)
        given = NodePages(doors)
        found = pages.routes(given, SeededRandom(7), signatures=NodeSignatures(given))
        at = office.process.around.seconds()
        tokens = {role: doors.entrances.add(role, role, days=1, at=at).secret for role in Role}
        yield create_node_app(doors, office.receiving(), found), tokens


@pytest.mark.browser
def test_a_passkey_is_made_on_the_console_and_votes_there(
    opened: Open,
    another_database: NewDatabase,  # noqa: F811
    tmp_path: Path,
) -> None:
    # Money flow: source 1,434.56 -> receiver 1,434.56
    world = founded()
    with network(world, another_database, tmp_path) as net:
        receiver = net.nodes[1]
        receiver.config.write_text('votes_by = "wallet"\n' + receiver.config.read_text())
        window = opened(expected="pubKeyCredParams")
        with console(receiver) as (app, tokens), served(app, receiver.port), window as page:
            with_a_passkey(page)
            page.goto(f"http://localhost:{receiver.port}/sign-in")
            page.get_by_label("Your token").fill(tokens[Role.OPERATOR])
            page.get_by_role("button", name="Sign in").click()
            page.get_by_role("link", name="To sign").click()
            expect(page.locator("#list")).to_contain_text("Nothing waits")
            page.get_by_role("link", name="Our wallet").click()
            page.get_by_label("This device is one").check()
            page.get_by_role("button", name="Make a passkey").click()
            made = page.locator("li", has_text="0x").first
            expect(made).to_be_visible()
            name_signer(world, "receiver", bytes.fromhex(made.inner_text().split("0x")[1][:40]))
            page.reload()
            expect(made).to_contain_text("Signs for us")
            assert violations(page) == []
            shoot(page, "wallet-light")
            net.open(case := rollover(world))
            passes(net, 2)
            page.get_by_role("link", name="To sign").first.click()
            shoot(page, "signatures-light")
            page.get_by_role("link", name="Approve the exact terms").click()
            expect(page.locator("main")).to_contain_text("$1,234.56: Money that was not taxed yet")
            for look, (width, dark) in LOOKS.items():
                page.set_viewport_size({"width": width, "height": 900})
                page.emulate_media(color_scheme="light")
                assert violations(page) == []
                shoot(page, f"signature-{look}")
                assert violations_in_the_dark(page) == []
                shoot(page, f"signature-{dark}")
            page.get_by_label("I have read this").check()
            page.get_by_role("button", name="Sign with the passkey").click()
            expect(page.get_by_role("status")).to_contain_text("The wallet signed it.")
            passes(net)
            assert world.state(case) == "committed"
            assert net.states() == (State.POSTED, State.POSTED)


def test_owners_of_a_contract_sign_by_form_and_who_only_looks_cannot(
    another_database: NewDatabase,  # noqa: F811
    tmp_path: Path,
) -> None:
    world = founded()
    with network(world, another_database, tmp_path) as net:
        source = net.nodes[0]
        by_wallet(source, world, wallet_of(world, *OWNERS))
        net.open(rollover(world))
        passes(net, 1)
        with console(source) as (app, tokens):
            client = TestClient(app, base_url=f"http://localhost:{source.port}", follow_redirects=False)
            headers = {"Origin": f"http://localhost:{source.port}", "Sec-Fetch-Site": "same-origin"}

            def signed_in(role: Role) -> dict[str, str]:
                client.post("/sign-in", data={"token": tokens[role]}, headers=headers)
                text = client.get("/signatures").text
                found = re.search(r"/signatures/([0-9a-f]{64})", text)
                assert found
                token = re.search(r'name="csrf" value="([^"]+)"', text)
                assert token
                return {"at": f"/signatures/{found[1]}", "csrf": token[1]}

            assert client.get("/signatures").headers["location"] == "/sign-in"
            looks = signed_in(Role.AUDITOR)
            assert 'name="signature"' not in client.get(looks["at"]).text
            assert client.get("/wallet").status_code == 403
            for path in (looks["at"], f"{looks['at']}/passkey", "/wallet"):
                body = {"data": looks} if path == looks["at"] else {"json": {"agreed": True}}
                assert client.post(path, headers=headers, **body).status_code == 403
            acts = signed_in(Role.OPERATOR)
            digest = bytes.fromhex(acts["at"][-64:])

            def sends(**typed: str) -> Any:
                return client.post(acts["at"], data={"csrf": acts["csrf"]} | typed, headers=headers)

            assert client.get("/signatures/00").status_code == 404
            assert "This is no signature." in sends(signature="words").text
            assert "This is no address." in sends(signature="0x11", owner="0x22").text
            refused = sends(signature=OWNERS[0].sign(digest).hex())
            assert (refused.status_code, "is not that of the wallet" in refused.text) == (422, True)
            for place, owner in enumerate(OWNERS[:2]):
                done = sends(signature=owner.sign(digest).hex(), owner=f"0x{owner.address.hex()}")
                assert done.headers["location"] == "/signatures?did=part"
                assert (f"0x{owner.address.hex()}" in client.get(acts["at"]).text) is (place == 0)
            assert "It is signed." in client.get(acts["at"]).text
            assert sends(signature="0x11").headers["location"] == "/signatures?did=signed"  # nothing new
