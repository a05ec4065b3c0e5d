"""The auditor's page: evidence is checked statement by statement, kept nowhere, and shown to nobody else."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.doors.node.conftest import LOOKS, Open, shoot
from tests.doors.node.desk import Desk
from tests.doors.node.test_console import ORIGIN, TOKENS
from tests.rails.evidence import Moved, moved
from tests.support.accessible import violations, violations_in_the_dark

from open401k.doors.node import evidence_page, pages
from open401k.kernel import SeededRandom
from open401k.rails.evidence.file import write
from open401k.rails.evidence.findings import Report, missing
from open401k.rails.evidence.wording import NOT_BY_THESE_BLOCKS


@pytest.fixture(scope="module")
def done() -> Moved:
    return moved()


@pytest.fixture(scope="module")
def mine(done: Moved) -> str:
    return write(done.by(done.both.receiver))


class Auditor:
    """Somebody at a browser, signed in by a token that only looks."""

    def __init__(self, by: str = "look", hands_out: Callable[[str], str | None] | None = None) -> None:
        desk = Desk(origin=ORIGIN, tokens=dict(TOKENS))
        app = Starlette(routes=pages.routes(desk, SeededRandom(7), hands_out=hands_out))
        self.client = TestClient(app, base_url=ORIGIN, follow_redirects=False)
        self.headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
        self.client.post("/sign-in", data={"token": by}, headers=self.headers)

    def sends(self, *, csrf: str | None = None, head: str = "", **files: str | bytes) -> Any:
        text = self.client.get("/evidence").text
        found = re.search(r'action="/evidence".*?name="csrf" value="([^"]+)"', text, re.S)
        told = {"csrf": found[1] if found and csrf is None else csrf or "", "head": head}
        sent = {name: (f"{name}.json", content, "application/json") for name, content in files.items()}
        return self.client.post("/evidence", data=told, files=sent, headers=self.headers)


def said(answer: Any) -> str:
    return re.sub(r"<[^>]+>|\s+", " ", html.unescape(answer.text).partition("<main")[2])


def test_each_statement_is_shown_with_how_far_it_goes(done: Moved, mine: str) -> None:
    auditor = Auditor()
    theirs, head = write(done.by(done.both.source)), "0x" + done.world.chain.head().hash.hex()
    alone = auditor.sends(file=mine)
    assert alone.status_code == 200
    assert alone.headers["cache-control"] == "no-store"
    for words in ("Nothing in it is broken.", "compare its hash", "The verdict", "CLOSED", "Missing", "join the files"):
        assert words in said(alone)
    both = auditor.sends(file=mine, other=theirs, head=head)
    assert "All of it stands under the block that you know." in said(both)
    assert re.search(r"Proved\s+\d\d\s+Stated\s+3\s+Missing\s+0\s+Broken\s+0", said(both))
    assert "$1,434.56 debited, $1,434.56 credited" in said(both)


def test_what_a_wallets_chain_does_not_confirm_is_said_first(mine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Report([missing("books", f"Whether the wallet signed: {NOT_BY_THESE_BLOCKS}")])
    monkeypatch.setattr(evidence_page, "check", lambda *_, **__: found)
    assert "their chain does not confirm 1: do not rely on that" in said(Auditor().sends(file=mine))


def test_what_is_broken_is_said_first(mine: str) -> None:
    auditor = Auditor()
    for told in (mine.replace('"chain_id": 401', '"chain_id": 402'), "{}", "[" * 5_000):
        answer = auditor.sends(file=told)
        assert answer.status_code == 200
        assert "This evidence does not hold." in said(answer)
    other = auditor.sends(file=mine, head="0x" + "11" * 32)
    assert "which is not the hash" in said(other)


def test_what_cannot_be_meant_is_refused_with_its_field(mine: str, done: Moved) -> None:
    auditor = Auditor()
    for sent, words in (
        ({}, "No file was chosen."),
        ({"file": mine, "head": "soon"}, "That is no hash."),
        ({"file": b"\xff\xfe"}, "That file is no text."),
        ({"file": mine, "other": "{}"}, "cannot be read"),
    ):
        answer = auditor.sends(**sent)
        assert answer.status_code == 422, words
        assert words in said(answer)
        assert 'aria-invalid="true"' in answer.text


def test_only_staff_come_in_and_only_by_our_form(mine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for token in ("", "machine"):
        nobody = Auditor(token)
        assert nobody.client.get("/evidence").headers["location"] == "/sign-in"
        assert nobody.sends(file=mine).status_code == 401
    auditor = Auditor()
    assert auditor.sends(csrf="another", file=mine).status_code == 403
    assert auditor.client.get("/cases/case-1/evidence").status_code == 404  # this node hands nothing out
    monkeypatch.setattr(evidence_page, "_MOST_SENT", 1_000)
    assert auditor.sends(file=mine).status_code == 413


def test_the_evidence_of_our_own_case_is_opened_and_downloaded(mine: str) -> None:
    auditor = Auditor(hands_out={"case-1": mine}.get)
    page = auditor.client.get("/cases/case-1/evidence")
    assert "Nothing in it is broken." in said(page)
    assert "Download the file" in said(page)
    file = auditor.client.get("/cases/case-1/evidence.json")
    assert (file.text, file.headers["cache-control"]) == (mine, "no-store")
    assert "attachment" in file.headers["content-disposition"]
    for path in ("/cases/none/evidence", "/cases/none/evidence.json"):
        assert auditor.client.get(path).status_code == 404
    nobody = Auditor("machine", hands_out={"case-1": mine}.get)
    for path in ("/cases/case-1/evidence", "/cases/case-1/evidence.json"):
        assert nobody.client.get(path).status_code == 303


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS)
def test_it_is_accessible_and_fits(opened: Open, desk: Desk, look: str, mine: str) -> None:
    desk.tokens.update(TOKENS)
    with opened(look) as page:
        page.goto(f"{desk.origin}/sign-in")
        page.get_by_label("Token").fill("look")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("link", name="Evidence").click()
        for name in ("form", "checked"):
            page.emulate_media(color_scheme="light")
            assert violations(page) == [], name
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{name} scrolls sideways by {wide} pixels"
            shoot(page, f"evidence-{name}-{look}")
            assert violations_in_the_dark(page) == [], name
            if name == "form":
                page.set_input_files(
                    "#file", {"name": "evidence.json", "mimeType": "application/json", "buffer": mine.encode()}
                )
                page.get_by_role("button", name="Check it").click()
                page.wait_for_selector("text=Nothing in it is broken.")
