"""Full vesting over HTTP, on its page and at the terminal: turnover with its inputs, what ended, how somebody left."""

from datetime import date
from typing import Any

from starlette.testclient import TestClient
from tests.doors.api.conftest import Desk
from tests.doors.api.test_forfeitures import left as left
from tests.doors.world import ORIGIN
from tests.support.database import TESTER

from open401k import census
from open401k.base.access import Role
from open401k.doors.guard import SESSION_COOKIE, form_token
from open401k.kernel import EmployeeId, SponsorId

GONE_ON = date(2026, 1, 14)


def leaves(desk: Desk, who: str) -> None:
    sponsor = SponsorId.parse(desk.sponsor_id)
    with desk.world.db.begin(TESTER, tenants=[sponsor]) as tx:
        fact = census.Terminated()
        census.record_fact(tx, tenant_id=sponsor, employee_id=EmployeeId.parse(who), fact=fact, event_on=GONE_ON)


def test_turnover_is_shown_with_its_inputs_and_the_end_of_the_plan_gives_back(left: Desk) -> None:
    leaves(left, left.employees[0])
    url = f"/v1/plans/{left.plan_id}"
    shown = left.get(f"{url}/vesting")
    assert (shown["takes_time"], shown["turnover"]["severed"], shown["turnover"]["presumed"]) == (True, 1, True)
    (severed,) = shown["turnover"]["severances"]
    assert (severed["left_on"], severed["counted_as"]) == ("2026-01-14", "employer_initiated")
    told = {"kind": "terminated", "employee_id": left.employees[0], "event_on": "2026-01-14", "by": "voluntary"}
    assert left.post(f"{url}/corrections", told, "left").status_code == 201
    (severed,) = left.get(f"{url}/vesting", starts_on="2025-01-01", ends_on="2026-12-31")["turnover"]["severances"]
    assert severed["counted_as"] == "voluntary"
    for wrong in ({"starts_on": "2026-01-01"}, {"starts_on": "2026-01-01", "ends_on": "2026-06-30"}):
        refused = left.client.get(f"{url}/vesting", params=wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "days_wrong")
    ended: dict[str, Any] = {"kind": "plan_termination", "starts_on": "2025-12-31", "reason": "Resolution of the board"}
    first = left.post(f"{url}/plan-endings", ended, "one")
    assert (first.status_code, first.json()["counts"]) == (201, True), first.text
    assert left.post(f"{url}/plan-endings", ended, "one").json() == first.json()
    assert left.get(f"{url}/forfeitures")["balance"] == "0.00"  # it ended on the day of the fifth break
    page = left.get(f"{url}/vesting")
    assert page["endings"] == [first.json()]
    assert [each["why"] for each in page["vested"]] == ["the plan was terminated (IRC 411(d)(3))"]
    back = left.post(f"{url}/plan-endings", {**ended, "stands": False}, "two")
    assert (back.status_code, back.json()["counts"]) == (201, False)
    assert left.get(f"{url}/forfeitures")["balance"] == "320.00"
    again = left.post(f"{url}/plan-endings", {**ended, "stands": False}, "three")
    assert (again.status_code, again.json()["code"]) == (422, "not_on_file")


def test_the_page_shows_and_records_for_who_may(left: Desk) -> None:
    leaves(left, left.employees[0])
    sponsor, url = SponsorId.parse(left.sponsor_id), f"/plans/{left.plan_id}/vesting"
    with TestClient(left.app, base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False) as browser:
        advisor = left.world.session(left.world.user("An advisor", sponsor, Role.ADVISOR))
        browser.cookies.set(SESSION_COOKIE, advisor)
        seen = browser.get(url).text
        assert "State what ended" not in seen
        assert "How somebody left" not in seen
        said = {"csrf": form_token(advisor), "key": "0", "kind": "partial_termination", "starts_on": "2026-01-01"}
        assert browser.post(url, data={**said, "ends_on": "2026-12-31", "reason": "x"}).status_code == 403
        token = left.world.session(left.world.user("The sponsor", sponsor, Role.SPONSOR))
        browser.cookies.set(SESSION_COOKIE, token)
        form = {"csrf": form_token(token), "key": "one"}
        who = f"{left.employees[0]}/{GONE_ON}"
        assert browser.post(f"{url}/left", data={**form, "who": who, "by": "sleep"}).status_code == 422
        assert browser.post(f"{url}/left", data={**form, "who": f"{who[:-2]}13", "by": "death"}).status_code == 422
        assert browser.post(f"{url}/left", data={**form, "who": who, "by": "death"}).status_code == 303
        assert "does not count: by death" in browser.get(url).text
        ended = {**form, "kind": "no_partial_termination", "starts_on": "2026-01-01", "ends_on": "2026-12-31"}
        assert browser.post(url, data=ended).status_code == 422
        assert browser.post(url, data={**ended, "kind": "sleep"}).status_code == 422
        done = browser.post(url, data={**ended, "reason": "one of two died"})
        assert done.status_code == 303
        page = browser.get(done.headers["location"]).text
        assert "On file: no partial termination." in page
        assert "one of two died" in page
