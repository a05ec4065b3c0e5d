"""The pages of deposits and corrections: what asks for somebody first, every state in words, every form."""

import re
from dataclasses import replace

import pytest
from starlette.testclient import TestClient
from tests.doors import samples_money
from tests.doors.samples_money import DEPOSITS, INBOX, STATES

from open401k.doors.web.render import TAGS
from open401k.kernel import PlanId, SponsorId
from open401k.views import deposit_page
from open401k.views.deposits import State

Seat = tuple[SponsorId, PlanId]


def _page(browser: TestClient, seat: Seat, path: str) -> str:
    answer = browser.get(f"/plans/{seat[1]}/{path}")
    assert answer.status_code == 200
    return answer.text


def test_what_waits_for_somebody_stands_before_the_payrolls(
    sample_pages: None, browser_of_sponsor: TestClient, sponsor_and_plan: Seat
) -> None:
    """Lines of the bank and money of corrections stood below a year of payrolls."""
    page = _page(browser_of_sponsor, sponsor_and_plan, "deposits")
    ids = re.findall(r'<h2 id="(h-[a-z]+)"', page)
    assert ids.index("h-lines") < ids.index("h-money") < ids.index("h-corrections") < ids.index("h-due")
    assert DEPOSITS.corrections[0].reference in page, "how its wire is to be called"
    for state in (*STATES, State.COVERED):
        assert TAGS[f"deposit:{state}"][0] in page


def test_money_of_corrections_that_came_stands_behind_the_payrolls(
    sample_pages: None, browser_of_sponsor: TestClient, sponsor_and_plan: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    came = replace(DEPOSITS, corrections=DEPOSITS.corrections[1:])
    monkeypatch.setattr(deposit_page, "load", lambda tx, **_: came)
    page = _page(browser_of_sponsor, sponsor_and_plan, "deposits")
    assert page.index('id="h-due"') < page.index('id="h-corrections"')


def test_settled_payrolls_and_files_are_folded_and_what_is_open_is_not() -> None:
    assert {each.state for each in DEPOSITS.earlier} <= {State.RECEIVED, State.COVERED}
    assert [each for each in DEPOSITS.recent if each.outstanding] == list(DEPOSITS.open_ones)
    undecided = next(each for each in DEPOSITS.deposits if each.late)
    assert undecided in DEPOSITS.recent, "what employees lost is to be decided"
    assert set(DEPOSITS.recent) | set(DEPOSITS.earlier) == set(DEPOSITS.deposits)


def test_every_form_of_overpaid_money_and_of_closed_corrections_is_there(
    sample_pages: None, browser_of_sponsor: TestClient, sponsor_and_plan: Seat
) -> None:
    page = _page(browser_of_sponsor, sponsor_and_plan, "corrections")
    assert page.count('action="/plans/') >= 2 + len(INBOX.overpaid)
    assert page.count("Say what became of it") == len(INBOX.overpaid)
    assert "Not closed yet." in page
    assert "Closed." in page
    assert INBOX.settled[0].reason in page
    assert samples_money.INBOX.done[0].title in page
