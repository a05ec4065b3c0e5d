"""The console's page that asks back what was paid: what is left, a preview, the yes; one cent too much is refused."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.doors.node.conftest import Open, free_port, served, shoot
from tests.doors.node.test_api import Both, Side, both  # noqa: F401 (a fixture)
from tests.doors.node.test_pages_of_a_node import Here
from tests.doors.node.test_records_page import Console
from tests.rails.node.conftest import another_database, migrated  # noqa: F401 (fixtures)
from tests.rails.node.deal_nodes import PARTICIPANT, PARTS
from tests.rails.node.halves import receiving, releasing
from tests.support.accessible import violations, violations_in_the_dark

from open401k.doors.node import pages
from open401k.doors.node.asking_back import NodeAskingBack
from open401k.doors.node.for_pages import NodePages
from open401k.doors.node.http import create_node_app
from open401k.kernel import SeededRandom, SystemRandom
from open401k.rails.kinds import Into, Kind
from open401k.rails.node.cases import State
from open401k.rails.node.codec import told
from open401k.rails.node.halves import Wanted
from open401k.rails.node.staff import Role

UNTIL = "2026-08-14"


def posted(both: Both) -> tuple[str, str]:  # noqa: F811
    """$3,000.00 pre-tax and $800.00 Roth went to the receiver, and both booked it: the cases at source and receiver."""
    source, receiver = both.source, both.receiver
    half = told(receiving(*PARTS, member=both.nodes[1].identity.member))
    body = {"source": both.nodes[0].identity.member.hex(), "receiving": half}
    case = receiver("POST", "/v1/rollovers", body).json()["case"]
    both.carry()
    (theirs,) = (each["case"] for each in source("GET", "/v1/rollovers").json()["rollovers"])
    source("PUT", f"/v1/rollovers/{theirs}/facts", told(releasing(*PARTS)))
    both.carry()
    digest = bytes.fromhex(receiver("GET", f"/v1/rollovers/{case}/election").json()["digest"])
    receiver("POST", f"/v1/rollovers/{case}/election", {"signature": PARTICIPANT.sign(digest).hex()})
    both.carry()
    assert source("POST", f"/v1/rollovers/{theirs}/ready", {}).json()["cents"] == 3_800_00
    both.carry()
    for _ in range(6):
        for side in (source, receiver):
            side.doors.process.node.run_once()
    assert [state(source, theirs), state(receiver, case)] == [State.POSTED, State.POSTED]
    return theirs, case


def state(side: Side, case: str) -> State:
    return State(side("GET", f"/v1/rollovers/{case}").json()["state"])


def console(side: Side, role: Role) -> Console:
    doors = side.doors
    given, origin = NodePages(doors), doors.process.config.shown_at
    routes = pages.routes(given, SeededRandom(3), asking_back=NodeAskingBack(given))
    client = TestClient(Starlette(routes=routes), base_url=origin)
    token = doors.entrances.add(f"a {role}", role, days=1, at=given.now()).secret
    client.post("/sign-in", data={"token": token}, headers={"origin": origin})
    return Console(client, origin)


def sent(at: Console, path: str, step: str, **typed: str) -> Any:
    """The form of the page, with what is typed."""
    fields = {"cents-pre_tax": "3000.00", "cents-roth": "800.00", "into": "plan", "deadline": UNTIL,
              "why": "paid for the wrong account"} | typed  # fmt: skip
    token = re.search(r'name="csrf" value="([^"]*)"', at.get(path))
    assert token is not None
    form = {"csrf": token[1], "key": "a key", "step": step} | fields
    return at.client.post(path, data=form, headers={"origin": at.origin})


def asked(both: Both) -> int:  # noqa: F811
    """How many cases the source has."""
    return len(both.source("GET", "/v1/rollovers").json()["rollovers"])


def test_what_was_paid_is_asked_back_once_it_was_looked_at(both: Both) -> None:  # noqa: F811
    theirs, _ = posted(both)
    path, at = f"/cases/{theirs}/return", console(both.source, Role.OPERATOR)
    assert f'href="{path}"' in at.get(f"/cases/{theirs}")
    empty = at.get(path)
    assert "At most $3,000.00" in empty
    assert 'value="800.00"' in empty  # all that is left stands there already
    seen = sent(at, path, "look", **{"cents-roth": "1.50"})
    assert "What will be asked" in seen.text
    for said in ("$3,000.00", "$1.50", "$798.50 stays there", "$3,001.50", "account at receiver", "account at source"):
        assert said in seen.text, said
    assert asked(both) == 1  # looking asks for nothing
    done = sent(at, path, "ask", key="one form", **{"cents-roth": "1.50"})
    assert "It is asked back." in done.text
    again = sent(at, path, "ask", key="one form", **{"cents-roth": "1.50"})
    assert again.url == done.url  # the same form again
    assert asked(both) == 2
    new = str(done.url).rpartition("/")[2].partition("?")[0]
    made = both.source.doors.process.files
    with made.begin() as unit:
        half = unit.deal(new).receiving
        assert unit.deal(new).parent == unit.case(theirs).agreed.rollover  # type: ignore[union-attr]
    assert half is not None
    assert half.wanted == (Wanted(Kind.PRE_TAX, Into.PLAN, 3_000_00), Wanted(Kind.ROTH, Into.PLAN, 1_50))
    assert half.deadline == date(2026, 8, 14)
    page = at.get(f"/cases/{theirs}")
    assert f"a operator asked it back as case {new}: paid for the wrong account" in page
    assert "is asked back by case" in at.get(path)
    other = sent(at, path, "ask", key="another form")
    assert (other.status_code, f"is asked back by case {new}" in other.text) == (422, True)
    both.carry()
    gives = [each["gives_back"] for each in both.receiver("GET", "/v1/rollovers").json()["rollovers"]]
    assert len([each for each in gives if each is not None]) == 1


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("cents-pre_tax", "3000.01", "$3,000.01 is $0.01 more than is left of what came, $3,000.00."),
        ("cents-roth", "much", "It is no amount in dollars and cents."),
        ("cents-roth", "-1.00", "It is below zero."),
        ("into", "person", "Nobody said which account it goes back to."),
        ("deadline", "2020-01-01", "It is no day that is still to come."),
        ("why", "", "It is empty"),
    ],
)
@pytest.mark.parametrize("step", ["look", "ask"])
def test_what_cannot_go_back_is_named_at_its_place(
    both: Both,  # noqa: F811
    step: str,
    field: str,
    typed: str,
    said: str,
) -> None:
    theirs, _ = posted(both)
    path, at = f"/cases/{theirs}/return", console(both.source, Role.OPERATOR)
    answer = sent(at, path, step, **{field: typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert re.search(rf'id="{field}"[^>]*aria-invalid="true"', answer.text)
    assert "1 place below is to be corrected" in answer.text
    assert asked(both) == 1


def test_nothing_at_all_is_no_return(both: Both) -> None:  # noqa: F811
    theirs, _ = posted(both)
    path, at = f"/cases/{theirs}/return", console(both.source, Role.OPERATOR)
    answer = sent(at, path, "look", **{"cents-pre_tax": "", "cents-roth": "0"})
    assert (answer.status_code, "Nothing is asked back." in answer.text) == (422, True)


def test_only_an_operator_of_who_paid_asks_back_what_is_booked(both: Both) -> None:  # noqa: F811
    theirs, case = posted(both)
    path, looks = f"/cases/{theirs}/return", console(both.source, Role.AUDITOR)
    assert f'href="{path}"' not in looks.get(f"/cases/{theirs}")
    assert looks.client.get(path).status_code == 403
    there = console(both.receiver, Role.OPERATOR)
    assert f"/cases/{case}/return" not in there.get(f"/cases/{case}")
    assert there.client.get(f"/cases/{case}/return").status_code == 404
    assert there.client.get("/cases/nobody/return").status_code == 404


@pytest.mark.browser
def test_the_page_is_read_and_used_in_a_browser(opened: Open, both: Both) -> None:  # noqa: F811
    theirs, _ = posted(both)
    here, port = Here(both.source.doors), free_port()
    here.origin = f"http://localhost:{port}"
    found = pages.routes(here, SystemRandom(), asking_back=NodeAskingBack(here))
    app = create_node_app(both.source.doors, both.source.doors.office.receiving(), found)
    with served(app, port), opened(expected="422") as page:
        page.goto(here.origin)
        page.get_by_label("Your token").fill(both.source.tokens[Role.OPERATOR])
        page.get_by_role("button", name="Sign in").click()
        page.goto(f"{here.origin}/cases/{theirs}")
        page.get_by_role("link", name="Ask back what was paid by mistake").click()
        page.get_by_label("Last day of the move").fill(UNTIL)
        page.get_by_label("Why").fill("paid for the wrong account")
        page.get_by_label("Roth money").fill("800.01")
        page.get_by_role("button", name="Look at it first").click()
        expect(page.locator("#cents-roth-hint")).to_contain_text("$0.01 more than is left")
        shoot(page, "asking-back-wrong")
        page.get_by_label("Roth money").fill("800.00")
        page.get_by_role("button", name="Look at it first").click()
        expect(page.locator("#preview")).to_contain_text("$3,800.00")
        shoot(page, "asking-back-preview")
        assert violations(page) == []
        assert violations_in_the_dark(page) == []
        page.get_by_role("button", name="Change something").click()
        expect(page.get_by_label("Why")).to_have_value("paid for the wrong account")
        shoot(page, "asking-back-form")
        assert violations(page) == []
        page.get_by_role("button", name="Look at it first").click()
        page.get_by_role("button", name="Ask it back").click()
        expect(page.get_by_role("status")).to_contain_text("It is asked back.")
        both.source.doors.happenings.end()
