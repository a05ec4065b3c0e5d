"""A declaration over HTTP, on its page and at the terminal: who may, once, taken back until it is in accounts."""

from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.doors.api.conftest import PEOPLE, TERMS, Desk
from tests.doors.world import ORIGIN
from tests.support.database import TESTER

from open401k.base import access
from open401k.base.access import Permission, Role
from open401k.base.db import ALL_TENANTS
from open401k.doors import declaring
from open401k.doors.cli import declarations as terminal
from open401k.doors.cli.places import Place
from open401k.doors.cli.say import BadInputError, Voice
from open401k.doors.guard import SESSION_COOKIE, form_token
from open401k.doors.problems import ProblemError
from open401k.kernel import PlanId, Source, SponsorId
from open401k.plan import MatchTier

YEAR = "2026-12-31"


@pytest.fixture
def lets(desk: Desk) -> Desk:
    """A second plan, of which everybody was paid once; the employer may declare. It is February of the year after."""
    terms = {**TERMS, "may_declare": ["match", "profit_sharing"]}
    adopted = desk.post(
        f"/v1/sponsors/{desk.sponsor_id}/plans", {"name": "Second", "number": "002", "provisions": terms}, "second"
    )
    assert adopted.status_code == 201, adopted.text
    desk.plan_id = adopted.json()["plan_id"]
    desk.world.clock.advance_to(datetime(2026, 1, 9, 17, tzinfo=UTC))
    posted = desk.post("/v1/payroll-runs", {**desk.payroll(), "confirmed": True}, "pay")
    assert posted.json()["state"] == "posted", posted.text
    return desk


def three_percent(**changed: Any) -> dict[str, Any]:
    return {"plan_year_last_day": YEAR, "source": "profit_sharing", "rate_bps": 300, **changed}


def test_it_is_declared_once_taken_back_and_stays_once_it_is_in_accounts(lets: Desk) -> None:
    url = f"/v1/plans/{lets.plan_id}/declarations"
    assert lets.get(url) == {"may_declare": ["match", "profit_sharing"], "items": [], "not_given": []}
    early = lets.post(url, three_percent(rate_bps=0), "nothing")
    assert (early.status_code, early.json()["code"]) == (422, "nothing_declared")
    first = lets.post(url, three_percent(), "one")
    assert first.status_code == 201, first.text
    assert first.json() == lets.post(url, three_percent(), "one").json()
    assert lets.post(url, three_percent(rate_bps=400), "one").json()["code"] == "key_reused"
    (line,) = lets.get(url)["items"]
    assert (line["formula"], line["counts"], line["posted"]) == ("3 % of pay", True, "0.00")  # the year is not over
    lets.world.clock.advance_to(datetime(2026, 1, 10, 17, tzinfo=UTC))
    gone = lets.post(url, three_percent(rate_bps=0), "taken back")
    assert gone.status_code == 201, gone.text
    assert [each["counts"] for each in gone.json()["items"]] == [False, False]

    lets.world.clock.advance_to(datetime(2027, 2, 1, 17, tzinfo=UTC))
    done = lets.post(url, three_percent(), "two").json()["items"]
    everybody = 4_000 * len(PEOPLE) * 3 // 100
    assert (done[0]["counts"], done[0]["posted"]) == (True, f"{everybody}.00")
    lets.world.clock.advance_to(datetime(2027, 2, 2, 17, tzinfo=UTC))
    late = lets.post(url, three_percent(rate_bps=0), "too late")
    assert (late.status_code, late.json()["code"]) == (422, "less_than_before")
    ahead = lets.post(url, three_percent(declared_on="2027-03-01"), "ahead")
    assert (ahead.status_code, ahead.json()["code"]) == (422, "day_in_future")
    unknown = lets.post(url, three_percent(source="qnec"), "unknown")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "source_invalid")
    assert lets.client.post(url, json=three_percent()).json()["code"] == "idempotency_key_missing"

    key = lets.world.key(SponsorId.parse(lets.sponsor_id), Permission.PLAN_VIEW)
    with TestClient(lets.app, base_url=ORIGIN, headers={"Authorization": f"Bearer {key}"}) as reader:
        assert reader.get(url).status_code == 200
        assert reader.post(url, json=three_percent(), headers={"Idempotency-Key": "k"}).status_code == 403


def test_the_page_and_the_terminal_declare_and_take_back(lets: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    sponsor = SponsorId.parse(lets.sponsor_id)
    user = lets.world.user("The sponsor", sponsor, Role.SPONSOR)
    token = lets.world.session(user)
    url, form = f"/plans/{lets.plan_id}/declarations", {"csrf": form_token(token), "last_day": YEAR}
    with TestClient(lets.app, base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False) as browser:
        browser.cookies.set(SESSION_COOKIE, token)
        assert "Nothing has been declared" in browser.get(url).text
        sent = {**form, "key": "a", "source": "match", "tiers": "100 to 3, 50 to 5", "cap": "2,500.00"}
        assert browser.post(url, data=sent).status_code == 303
        assert browser.post(url, data=sent).status_code == 303  # sent twice by a double click
        page = browser.get(url).text
        assert page.count("100% of deferrals to 3% of pay, 50% of deferrals from 3% to 5% of pay, at most") == 1
        lets.world.clock.advance_to(datetime(2026, 1, 10, 17, tzinfo=UTC))
        back = browser.post(f"{url}/taken-back", data={**form, "key": "b", "source": "match"})
        assert back.status_code == 303
        assert ">taken back<" in browser.get(url).text

    place = Place(lets.world, TESTER, sponsor, PlanId.parse(lets.plan_id), "Second")
    with lets.world.db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        email = access.get_user(tx, user_id=user).email
    lets.world.clock.advance_to(datetime(2026, 1, 11, 17, tzinfo=UTC))
    integrated = {
        "plan_year_last_day": YEAR,
        "source": "profit_sharing",
        "rate_bps": 300,
        "integration_cents": 184_500_00,
    }
    beyond = lets.post(f"/v1/plans/{lets.plan_id}/declarations", integrated | {"excess_bps": 601}, "beyond")
    assert (beyond.status_code, beyond.json()["code"]) == (422, "too_much_disparity")
    told = lets.post(f"/v1/plans/{lets.plan_id}/declarations", integrated | {"excess_bps": 600}, "integrated").json()
    assert told["items"][0]["formula"] == "3 % of pay to $184,500.00, 6 % above"
    lets.world.clock.advance_to(datetime(2026, 1, 12, 17, tzinfo=UTC))
    formula = declaring.formula_of("profit_sharing", amount="750")
    terminal._put(place, email, "declarations declare", YEAR, formula, "", "")
    terminal._tell(place, Voice(False))
    assert "$750.00 for" in capsys.readouterr().out
    with pytest.raises(BadInputError):
        terminal._put(place, "nobody@example.com", "declarations declare", YEAR, formula, "", "")


def test_a_formula_is_read_as_people_write_it() -> None:
    assert declaring.tiers_of("100 to 3, 50% of 5.5 %") == (MatchTier(10_000, 300), MatchTier(5_000, 550))
    found = declaring.formula_of("profit_sharing", rate="3.25 %")
    assert (found.source, found.rate_bps, found.cap_cents) == (Source.PROFIT_SHARING, 325, None)
    integrated = declaring.formula_of("profit_sharing", rate="3", excess="5.7", level="$100,000.00")
    assert (integrated.rate_bps, integrated.excess_bps, integrated.integration_cents) == (300, 570, 100_000_00)
    assert declaring.formula_of("match", tiers="50 to 6", cap="$1,250.50").cap_cents == 1_250_50


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"source": "gift"}, "source_invalid"),
        ({"source": "match", "tiers": "half"}, "tiers_invalid"),
        ({"source": "match", "tiers": "50 to 6,"}, "tiers_invalid"),
        ({"source": "profit_sharing", "rate": "3.255"}, "rate_invalid"),
        ({"source": "profit_sharing", "amount": "12,34"}, "amount_invalid"),
        ({"source": "profit_sharing", "shares": "Owners 20 %"}, "shares_invalid"),
        ({"source": "profit_sharing", "shares": "Owners = many"}, "amount_invalid"),
    ],
)
def test_what_cannot_be_read_names_its_fix(given: dict[str, str], code: str) -> None:
    with pytest.raises(ProblemError) as refused:
        declaring.formula_of(**given)
    assert refused.value.problem.code == code
    assert refused.value.problem.fix


def adopted(desk: Desk, sharing: dict[str, Any]) -> str:
    """A plan that allocates so, of which everybody was paid once; it is February of the year after."""
    terms = {**TERMS, "may_declare": ["profit_sharing"], "profit_sharing": sharing}
    made = desk.post(f"/v1/sponsors/{desk.sponsor_id}/plans", {"name": "2", "number": "002", "provisions": terms}, "2")
    assert made.status_code == 201, made.text
    desk.plan_id = made.json()["plan_id"]
    desk.world.clock.advance_to(datetime(2026, 1, 9, 17, tzinfo=UTC))
    assert desk.post("/v1/payroll-runs", {**desk.payroll(), "confirmed": True}, "pay").json()["state"] == "posted"
    desk.world.clock.advance_to(datetime(2027, 2, 1, 17, tzinfo=UTC))
    return f"/v1/plans/{desk.plan_id}/declarations"


def test_groups_and_points_are_declared_at_every_door(desk: Desk) -> None:
    url = adopted(desk, {"groups": [["Owners", ["owner"]], ["Staff", []]]})
    wrong = desk.post(url, three_percent(), "rate")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "no_formula")
    nobody = desk.post(url, three_percent(rate_bps=0, shares=[["Owners", 0, 100_00]]), "nobody")
    assert (nobody.status_code, nobody.json()["code"]) == (422, "nobody_to_share")
    user = desk.world.user("The sponsor", SponsorId.parse(desk.sponsor_id), Role.SPONSOR)
    token = desk.world.session(user)
    with TestClient(desk.app, base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False) as browser:
        browser.cookies.set(SESSION_COOKIE, token)
        page = f"/plans/{desk.plan_id}/declarations"
        assert 'name="share:Staff"' in browser.get(page).text
        form = {"csrf": form_token(token), "last_day": YEAR, "key": "a", "source": "profit_sharing"}
        assert browser.post(page, data={**form, "share:Owners": "", "share:Staff": "5 %"}).status_code == 303
    (line,) = desk.get(url)["items"]
    assert (line["formula"], line["posted"]) == ("Staff 5 % of pay", f"{4_000 * len(PEOPLE) * 5 // 100}.00")


def test_a_total_is_shared_out_by_points(desk: Desk) -> None:
    url = adopted(desk, {"points": {"for_year_of_age": 1, "for_unit_of_pay": 1, "unit_cents": 20_000}})
    done = desk.post(url, three_percent(rate_bps=0, total_cents=1_234_57), "points")
    assert done.status_code == 201, done.text
    assert (done.json()["items"][0]["formula"], done.json()["items"][0]["posted"]) == ("$1,234.57 by points", "1234.57")


def test_shares_are_read_as_people_write_them() -> None:
    found = declaring.formula_of("profit_sharing", shares="Owners = 20 %; Staff, = 3,000.00")
    assert [tuple(each) for each in found.shares] == [("Owners", 2_000, 0), ("Staff,", 0, 3_000_00)]
    assert declaring.formula_of("profit_sharing", total="50,000").total_cents == 50_000_00
