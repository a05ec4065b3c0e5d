"""A running plan comes over by HTTP alone, and is tested as if it had been loaded by the story of the demo."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.doors.api.conftest import PEOPLE, Desk, RealWorld
from tests.doors.takeover import balances_csv, roster_csv
from tests.doors.world import ORIGIN
from tests.flows.bookkeeping import Plan
from tests.flows.year_to_date import (
    COMPANY,
    LAST_DAY,
    LEAVES,
    TAKEN_OVER,
    accounts,
    brought,
    handed_over,
    payroll_file,
    since_january,
    since_july,
)

from open401k import plan
from open401k.base.access import ALLOWED, Permission, Role
from open401k.demo.people import PAY_DATES
from open401k.demo.setup import TERMS
from open401k.doors.api.v1 import models
from open401k.doors.api.v1.plans import said_of
from open401k.flows.year_to_date import Brought
from open401k.kernel import FixedClock, SponsorId

PROVISIONS = plan.Provisions(adopted_on=COMPANY.adopted_on, **TERMS)
FIRST_HERE = 13
HEADER = "ssn,source,balance"
ROWS = [f"{ssn},pre_tax,1000.00" for ssn, *_ in PEOPLE]
GOOD = "\n".join([HEADER, *ROWS, f"{PEOPLE[0][0]},rollover,0.01", "total,,3000.01"])
AS_OF = "2026-01-02"


class Caller:
    """A client that sends a minute after the last time, and answers with the document, or the test is wrong."""

    def __init__(self, client: TestClient, clock: FixedClock) -> None:
        self.client, self.clock = client, clock

    def made(self, path: str, key: str, **sent: Any) -> Any:
        """What a POST made."""
        headers = {"Idempotency-Key": key} | ({"Content-Type": "text/csv"} if "content" in sent else {})
        self.clock.advance_to(self.clock.now() + timedelta(minutes=1))
        answer = self.client.post(path, headers=headers, **sent)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def get(self, path: str) -> Any:
        """What a GET answers."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def twin(real: RealWorld, clock: FixedClock) -> Plan:
    """The plan as if it had been here since January, up to June."""
    found = since_january(real.db, clock, PROVISIONS)
    for period in (1, 7, 12):
        found.pay(period, payroll_file(found, period))
    return found


def test_a_whole_takeover_over_http_ends_as_the_demos_way_of_loading(
    real: RealWorld, operator: TestClient, twin: Plan
) -> None:
    loaded = since_july(twin, PROVISIONS)
    figures = handed_over(twin, year_start=PAY_DATES[0].replace(day=1), cuts={"1098": [ENTERS_ON]}).csv()
    assert isinstance(brought(loaded, figures), Brought)
    loaded.at(PAY_DATES[FIRST_HERE])
    content = payroll_file(loaded, FIRST_HERE)
    loaded.pay(FIRST_HERE, content, wait=True)

    api = Caller(operator, real.clock)
    plan_id = _taken_over(api, loaded, twin, figures)
    _paid(api, plan_id, content)

    here, there = (_tests(api, each) for each in (plan_id, str(loaded.plan)))
    assert here == there
    assert {each["key"] for each in here if each["measured"]} >= {"adp", "acp", "top_heavy"}
    health = [api.get(f"/v1/plans/{each}/health") for each in (plan_id, str(loaded.plan))]
    assert health[0]["plan_assets"] == health[1]["plan_assets"] != "0.00"
    assert health[0]["contributed_this_year"] == health[1]["contributed_this_year"]
    sponsor_id = api.get(f"/v1/plans/{plan_id}")["sponsor_id"]
    proof = api.get(f"/v1/sponsors/{sponsor_id}/verification")
    assert proof["ok"], proof["problems"]


#: Nora Lund, hired on May 12, 2025, enters on the July 1 that follows a year of service.
ENTERS_ON = TAKEN_OVER


def _taken_over(api: Caller, loaded: Plan, twin: Plan, figures: bytes) -> str:
    """Sponsor, plan, people, balances, figures: by requests alone."""
    body = {"name": COMPANY.name, "ein": COMPANY.ein, "established_on": str(COMPANY.established_on)}
    sponsor_id = api.made("/v1/sponsors", "s", json=body)["sponsor_id"]
    terms = plan.provisions_to_json(PROVISIONS)
    adopted = api.made(f"/v1/sponsors/{sponsor_id}/plans", "p", json={"name": "Acme 401(k)", "provisions": terms})
    path = f"/v1/plans/{adopted['plan_id']}"
    numbers = {each.ssn[-4:]: each.ssn for each in COMPANY.people}
    people = roster_csv(loaded.takeover, {LEAVES.ssn: str(LEAVES.terminated_on)})
    added = api.made(f"/v1/sponsors/{sponsor_id}/roster", "r", content=people)
    assert added == {"added": len(loaded.takeover.people), "already": 0}
    held = {(numbers[who], source): cents for (who, source), cents in accounts(twin, LAST_DAY).items()}
    opened = api.made(f"{path}/opening-balances?as_of={LAST_DAY}", "o", content=balances_csv(held))
    assert opened["total"] == f"{sum(held.values()) / 100:.2f}"
    assert opened["rows"] == len(held)
    api.made(f"{path}/year-to-date?as_of={LAST_DAY}", "y", content=figures)
    return str(adopted["plan_id"])


def _paid(api: Caller, plan_id: str, content: bytes) -> None:
    """The first payroll here, a provider's file: columns settled, findings confirmed, posted."""
    sent = {"plan_id": plan_id, "provider": "Summit Payroll"}
    run = api.made("/v1/payroll-runs", "f", data=sent, files={"file": ("first.csv", content, "text/csv")})
    path = f"/v1/plans/{plan_id}/payroll-runs/{run['run_id']}"
    if run["state"] == "mapping":
        run = api.made(f"{path}/mapping", "m", json={"fields": {}})
    if not run["posted"]:
        run = api.made(f"{path}/post", "c", json={"confirmed": True})
    assert run["posted"], run


def _tests(api: Caller, plan_id: str) -> list[dict[str, Any]]:
    """What was found, without ids and dates of computing."""
    found = api.get(f"/v1/plans/{plan_id}/tests/latest")["tests"]
    return [{name: each[name] for name in ("key", "title", "measured", "limit", "standing")} for each in found]


def send(desk: Desk, content: str, key: str, *, as_of: str = AS_OF, client: TestClient | None = None) -> Any:
    return (client or desk.client).post(
        f"/v1/plans/{desk.plan_id}/opening-balances",
        params={"as_of": as_of},
        content=content.encode(),
        headers={"Idempotency-Key": key, "Content-Type": "text/csv"},
    )


def test_balances_are_posted_once_and_put_right_only_through_a_reversal(desk: Desk) -> None:
    path = f"/v1/plans/{desk.plan_id}"
    first = send(desk, GOOD, "first")
    assert first.status_code == 201, first.text
    entry_id = first.json()["entry_id"]
    assert first.json() == {
        "already": False, "entry_id": entry_id, "as_of": AS_OF, "rows": 4, "people": 3, "total": "3000.01",
    }  # fmt: skip
    assert send(desk, GOOD, "first").json() == first.json()
    assert send(desk, GOOD + "\n", "first").json()["code"] == "key_reused"
    turned = "\n".join([HEADER, f"{PEOPLE[0][0]},rollover,0.01", *reversed(ROWS), "total,,3000.01"])
    assert send(desk, turned, "in another order").json() == {**first.json(), "already": True}
    assert desk.get(f"{path}/health")["plan_assets"] == "3000.01"

    right = GOOD.replace(f"{PEOPLE[1][0]},pre_tax,1000.00", f"{PEOPLE[1][0]},pre_tax,900.00").replace(
        "3000.01", "2900.01"
    )
    for content, as_of in ((right, AS_OF), (GOOD, "2026-01-01")):
        refused = send(desk, content, f"other {as_of}", as_of=as_of).json()
        assert [each["code"] for each in refused["errors"]] == ["opening.on_file"]
        assert entry_id in refused["errors"][0]["fix"]

    wrong = {"entry_id": entry_id, "why": "One balance was of another plan."}
    back = desk.post(f"{path}/opening-balances/reversal", wrong, "back")
    assert back.status_code == 201, back.text
    assert desk.post(f"{path}/opening-balances/reversal", wrong, "back").json() == back.json()
    assert desk.post(f"{path}/opening-balances/reversal", wrong, "again").json() == {**back.json(), "already": True}
    assert desk.get(f"{path}/health")["plan_assets"] == "0.00"
    second = send(desk, right, "second").json()
    assert (second["already"], second["total"]) == (False, "2900.01")
    assert desk.get(f"{path}/health")["plan_assets"] == "2900.01"
    listed = desk.get(f"{path}/opening-balances")["items"]
    assert [(each["total"], each["reversed_by"]) for each in listed] == [
        ("3000.01", back.json()["reversed_by"]),
        ("2900.01", None),
    ]
    trail = desk.get(f"/v1/sponsors/{desk.sponsor_id}/audit-trail", limit=50)["items"]
    said = [each["after"] for each in trail if each["action"] == "plan.opening_balances_reversed"]
    assert [each["why"] for each in said] == [wrong["why"]]
    assert desk.get(f"/v1/sponsors/{desk.sponsor_id}/verification")["ok"]


def test_every_fault_of_balances_is_a_finding_and_nothing_is_posted(desk: Desk) -> None:
    bad = (
        GOOD.replace(PEOPLE[1][0], "123-45-6792").replace("rollover", "gold").replace("3000.01", "3000.00")
        + f"\n{PEOPLE[2][0]},pre_tax,-5.00"
    )
    problem = send(desk, bad, "bad", as_of="2026-02-01").json()
    assert (problem["status"], problem["code"]) == (422, "opening_balances_rejected")
    assert {(each.get("row"), each.get("column"), each["code"]) for each in problem["errors"]} == {
        (None, "as_of", "period.outside"),
        (3, "A ssn", "person.unknown"),
        (5, "B source", "source.unknown"),
        (7, "C balance", "amount.negative_not_allowed"),
    }
    assert all(each["reason"] and each["fix"] for each in problem["errors"])
    assert "123-45-6792" not in str(problem)
    twice = GOOD.replace("rollover", "pre_tax")
    assert [each["code"] for each in send(desk, twice, "twice").json()["errors"]] == ["row.duplicate"]
    cut = "\n".join(GOOD.split("\n")[:-1])
    assert [each["code"] for each in send(desk, cut, "cut").json()["errors"]] == ["total.mismatch"]
    assert desk.get(f"/v1/plans/{desk.plan_id}/opening-balances") == {"items": []}
    assert desk.get(f"/v1/plans/{desk.plan_id}/journal")["items"] == []


def test_money_that_is_here_already_is_not_brought_again(desk: Desk) -> None:
    assert desk.post("/v1/payroll-runs", desk.payroll("2026-01-02"), "jan 2").json()["posted"]
    covered = send(desk, GOOD, "covered").json()["errors"]
    assert [(each["column"], each["code"]) for each in covered] == [("as_of", "period.covered")]
    columns = "ssn,period_start,period_end,plan_compensation,section_415_compensation,fica_wages,hours,pre_tax,roth"
    row = f"{PEOPLE[0][0]},2026-01-01,2026-01-01,0.00,0.00,0.00,0,0.00,0.00,1000.00"
    told = f"{columns},prior_year_end_balance\n{row}\ntotal,,,0.00,0.00,0.00,0,0.00,0.00,1000.00"
    headers = {"Idempotency-Key": "ytd", "Content-Type": "text/csv"}
    path = f"/v1/plans/{desk.plan_id}/year-to-date?as_of=2026-01-01"
    assert desk.client.post(path, content=told, headers=headers).status_code == 201
    twice = send(desk, GOOD, "twice", as_of="2025-12-31").json()["errors"]
    assert [each["code"] for each in twice] == ["balance.known"]
    assert send(desk, GOOD, "later", as_of="2026-01-01").status_code == 201


@pytest.mark.parametrize("role", Role)
def test_only_who_may_change_a_plan_brings_balances(desk: Desk, role: Role) -> None:
    scopes = ALLOWED[role] & ALLOWED[Role.SPONSOR]
    key = desk.world.key(SponsorId.parse(desk.sponsor_id), *(scopes or {Permission.EVENT_VIEW}))
    with TestClient(desk.app, base_url=ORIGIN, headers={"Authorization": f"Bearer {key}"}) as client:
        loaded = send(desk, GOOD, f"by {role}", client=client)
        body = {"entry_id": loaded.json().get("entry_id", "ent_1"), "why": "A test."}
        path = f"/v1/plans/{desk.plan_id}/opening-balances"
        back = client.post(f"{path}/reversal", json=body, headers={"Idempotency-Key": "back"})
        roster = client.post(f"/v1/sponsors/{desk.sponsor_id}/roster", content=b"ssn", headers={"Idempotency-Key": "r"})
    may = role in (Role.OPERATIONS, Role.SPONSOR)
    assert (loaded.status_code, back.status_code) == ((201, 201) if may else (403, 403))
    assert roster.status_code == (422 if may else 403)


def test_a_person_comes_with_the_pay_of_years_before_and_relatives(desk: Desk) -> None:
    path = f"/v1/sponsors/{desk.sponsor_id}/employees"
    pay = {
        "year": 2025,
        "plan_compensation": "90000.00",
        "section_415_compensation": "91000.00",
        "fica_wages": "90500.00",
    }
    sent = {
        "ssn": "123-45-6709", "first_name": "Owner's", "last_name": "Child", "birth_date": "1999-01-02",
        "hired_on": "2020-01-01", "terminated_on": "2025-12-31", "annual_pay": [{**pay, "hours": "2080.5"}],
        "family": [{"employee_id": desk.employees[0], "relation": "parent"}],
    }  # fmt: skip
    made = desk.post(path, sent, "child")
    assert made.status_code == 201, made.text
    shown = made.json()
    assert (shown["annual_pay"], shown["terminated_on"]) == ([2025], "2025-12-31")
    assert shown["family"] == [desk.employees[0]]
    assert desk.get(f"{path}/{desk.employees[0]}")["family"] == [shown["employee_id"]]
    twice = desk.post(path, {**sent, "ssn": "123-45-6708", "annual_pay": [pay, pay]}, "twice")
    assert [each["pointer"] for each in twice.json()["errors"]] == ["/annual_pay"]


def test_a_key_of_before_there_were_years_of_pay_stands_for_what_it_stood_for() -> None:
    sent = models.NewEmployee(ssn="123-45-6709", first_name="New", last_name="Hire")
    assert said_of(sent) == (
        b'{"ssn":"123-45-6709","first_name":"New","last_name":"Hire","birth_date":null,"hired_on":null,'
        b'"employee_class":"","ownership_bps":0,"officer":false}'
    )
    before = {"employee_id": "emp_1", "first_name": "New", "last_name": "Hire", "ssn": "***-**-6709"}
    kept = {**before, "birth_date": None, "hired_on": None, "terminated_on": None, "employee_class": ""}
    assert models.Employee.model_validate(kept).annual_pay is None
    assert said_of(sent.model_copy(update={"terminated_on": LAST_DAY})) != said_of(sent)


def test_a_file_of_a_large_plan_is_not_too_large(desk: Desk) -> None:
    content = b"ssn,source,balance\n" + b"123-45-6701,pre_tax,1.00\n" * 60_000
    headers = {"Content-Type": "text/csv"}
    assert len(content) > desk.world.settings.largest_body_bytes
    of_plan = (f"plans/{desk.plan_id}/{name}?as_of={AS_OF}" for name in ("opening-balances", "year-to-date"))
    for path in (*of_plan, f"sponsors/{desk.sponsor_id}/roster"):
        answer = desk.client.post(f"/v1/{path}", content=content, headers={**headers, "Idempotency-Key": path})
        assert answer.status_code == 422, path


def test_a_roster_is_whole_or_not_at_all_and_known_people_stay_as_they_are(desk: Desk) -> None:
    ssn, first, last, born, hired, _ = PEOPLE[1]
    columns = "ssn,first_name,last_name,birth_date,hired_on,relative,relation,pay_year,plan_compensation"
    known = f"{ssn},{first},{last},{born},{hired},,,,"
    new = f"123-45-6708,New,One,1990-01-01,2024-01-01,{ssn},spouse,2025,50000.00"
    path = f"/v1/sponsors/{desk.sponsor_id}/roster"

    def bring(key: str, *rows: str, total: str = "50000.00") -> Any:
        content = "\n".join([columns, *rows, f"total,,,,,,,,{total}"])
        return desk.client.post(path, content=content, headers={"Idempotency-Key": key, "Content-Type": "text/csv"})

    other = bring("other", known.replace(hired, "2018-01-02"), new.replace("1990-01-01", "2025-01-01"), total="1.00")
    problem = other.json()
    assert problem["code"] == "roster_rejected"
    assert [(each["row"], each["code"]) for each in problem["errors"]] == [
        (2, "person.on_file"), (3, "date.order"), (4, "total.mismatch"),
    ]  # fmt: skip
    assert len(desk.get(f"/v1/sponsors/{desk.sponsor_id}/employees")["items"]) == 3
    done = bring("good", known, new)
    assert done.json() == {"added": 1, "already": 1}, done.text
    assert bring("again", known, new).json() == {"added": 0, "already": 2}
    items = desk.get(f"/v1/sponsors/{desk.sponsor_id}/employees")["items"]
    (shown,) = [each for each in items if each["ssn"].endswith("6708")]
    assert (shown["annual_pay"], shown["family"]) == ([2025], [desk.employees[1]])
