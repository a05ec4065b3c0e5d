"""Forfeitures over HTTP, on their page and at the terminal: shown with the last day, used once, by who may."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.doors.api.conftest import TERMS, Desk
from tests.doors.world import ORIGIN
from tests.support.database import TESTER

from open401k import census, recordkeeping
from open401k.base.access import ALLOWED, Permission, Role
from open401k.doors.guard import SESSION_COOKIE, form_token
from open401k.flows.day import begin_day
from open401k.kernel import EmployeeId, Money, PlanId, Source, SponsorId

KEEPS = {
    **TERMS,
    "vesting": {"schedules": [["match", {"percents": [0, 0, 20, 40, 60, 80, 100]}]]},
    "forfeitures": {"deemed_cash_out": True, "uses": ["plan_expenses", "employer_contributions"]},
}


@pytest.fixture
def left(desk: Desk) -> Desk:
    """A second plan holds 400.00 of match of a machinist who left in 2020 with two years: a fifth is vested."""
    adopted = desk.post(
        f"/v1/sponsors/{desk.sponsor_id}/plans", {"name": "Kept", "number": "002", "provisions": KEEPS}, "k"
    )
    assert adopted.status_code == 201, adopted.text
    made, sponsor = replace(desk, plan_id=adopted.json()["plan_id"]), SponsorId.parse(desk.sponsor_id)
    who = EmployeeId.parse(desk.employees[1])
    with desk.world.db.begin(TESTER, tenants=[sponsor]) as tx:
        census.record_fact(tx, tenant_id=sponsor, employee_id=who, fact=census.Terminated(), event_on=date(2020, 6, 30))
        recordkeeping.load_opening_balances(
            tx,
            tenant_id=sponsor,
            plan_id=PlanId.parse(made.plan_id),
            on=date(2025, 12, 31),
            balances=[recordkeeping.OpeningBalance(who, Source.MATCH, Money(400_00))],
            key="opening",
        )
    desk.world.clock.advance_to(datetime(2026, 1, 21, 17, tzinfo=UTC))
    begin_day(desk.world.db, actor=TESTER, tenant_id=sponsor)
    return made


def test_what_was_forfeited_is_shown_with_its_reason_and_last_day_and_used_once(left: Desk) -> None:
    url = f"/v1/plans/{left.plan_id}"
    shown = left.get(f"{url}/forfeitures")
    assert (shown["kept"], shown["balance"]) == (True, "320.00")
    (lot,), (person,) = shown["lots"], shown["people"]
    assert (lot["incurred"], lot["left"], lot["use_by"]) == ("320.00", "320.00", "2026-12-31")
    assert (person["amount"], person["on"], "411(a)(6)(C)" in person["why"]) == ("320.00", "2025-12-31", True)
    asked: dict[str, Any] = {"used_for": "plan_expenses", "cents": 120_00, "reference": "Audit of 2025"}
    first = left.post(f"{url}/forfeiture-uses", asked, "one")
    assert first.status_code == 201, first.text
    assert left.post(f"{url}/forfeiture-uses", asked, "one").json() == first.json()
    over = left.post(f"{url}/forfeiture-uses", {**asked, "cents": 200_01}, "two")
    assert (over.status_code, over.json()["code"]) == (422, "more_than_there_is")
    wrong = left.post(f"{url}/forfeiture-uses", {**asked, "used_for": "allocation"}, "three")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "not_provided")
    shown = left.get(f"{url}/forfeitures")
    assert (shown["balance"], [each["amount"] for each in shown["uses"]]) == ("200.00", ["120.00"])


def test_what_a_year_that_is_over_left_is_used_by_the_one_form_of_the_page(left: Desk) -> None:
    """Forfeited at the end of 2025: the form holds the use, the amount and the key; nothing is typed."""
    url, sponsor = f"/plans/{left.plan_id}/forfeitures", SponsorId.parse(left.sponsor_id)
    told = left.get(f"/v1/plans/{left.plan_id}/forfeitures")["year_end"]
    assert (told["left"], told["use_by"], told["used_for"]) == ("320.00", "2026-12-31", "employer_contributions")
    with TestClient(left.app, base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False) as browser:
        browser.cookies.set(SESSION_COOKIE, left.world.session(left.world.user("An advisor", sponsor, Role.ADVISOR)))
        seen = browser.get(url).text
        assert "$320.00 are left, to be used by" in seen
        assert "Use $320.00 so" not in seen
        browser.cookies.set(SESSION_COOKIE, left.world.session(left.world.user("The sponsor", sponsor, Role.SPONSOR)))
        shown = browser.get(url).text
        ended = shown[shown.index("Of plan years that are over") :]
        form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', ended[: ended.index("</form>")]))
        assert sorted(form) == ["amount", "csrf", "key", "reference", "used_for"]
        for _ in range(2):
            assert browser.post(url, data=form).status_code == 303
        assert "Of plan years that are over" not in browser.get(url).text
    after = left.get(f"/v1/plans/{left.plan_id}/forfeitures")
    assert (after["waiting"], after["year_end"]) == ("320.00", None)


def test_the_page_shows_and_approves(left: Desk) -> None:
    sponsor = SponsorId.parse(left.sponsor_id)
    url = f"/plans/{left.plan_id}/forfeitures"
    with TestClient(left.app, base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False) as browser:
        browser.cookies.set(SESSION_COOKIE, left.world.session(left.world.user("An advisor", sponsor, Role.ADVISOR)))
        assert "Approve a use" not in browser.get(url).text
        token = left.world.session(left.world.user("The sponsor", sponsor, Role.SPONSOR))
        browser.cookies.set(SESSION_COOKIE, token)
        assert "$320.00 in the account" in browser.get(url).text
        form = {"csrf": form_token(token), "key": "one", "used_for": "employer_contributions"}
        assert browser.post(url, data={**form, "amount": "a lot"}).status_code == 422
        done = browser.post(url, data={**form, "amount": "$300.00"})
        assert done.status_code == 303
        assert browser.post(url, data={**form, "amount": "$300.00"}).status_code == 303
        page = browser.get(done.headers["location"]).text
        assert "Approved: $300.00 for employer contributions." in page
        assert "$300.00 of it are approved" in page
    assert left.get(f"/v1/plans/{left.plan_id}/forfeitures")["waiting"] == "300.00"


def test_names_and_reasons_are_for_who_may_see_the_census(left: Desk) -> None:
    """The custodian sees the ledger and not the census: amounts by account, without a name or a reason."""
    sponsor, url = SponsorId.parse(left.sponsor_id), f"/plans/{left.plan_id}/forfeitures"
    known = left.get(f"/v1/sponsors/{left.sponsor_id}/employees/{left.employees[1]}")
    person = f"{known['first_name']} {known['last_name']}"
    seen = {}
    with TestClient(left.app, base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False) as browser:
        for role in Role:
            user = left.world.user(f"As {role}", sponsor, None if role is Role.OPERATIONS else role)
            browser.cookies.set(SESSION_COOKIE, left.world.session(user))
            pages = [browser.get(url), browser.get(f"/v1{url}")]
            assert len({each.status_code for each in pages}) == 1
            if pages[0].status_code != 200:
                continue
            (line,) = pages[1].json()["people"]
            named = {person in each.text and "five one-year breaks" in each.text for each in pages}
            assert named == {line["name"] == person} == {line["why"] != ""}
            assert all("320.00" in each.text for each in pages)
            assert named == {True} or not any(word in each.text for word in (person, "breaks") for each in pages)
            seen[role] = named == {True}
    everybody = {role: True for role in Role if Permission.CENSUS_VIEW in ALLOWED[role]}
    assert seen == {**everybody, Role.CUSTODIAN: False}
