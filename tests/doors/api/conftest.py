"""A plan set up over HTTP, with the real stories behind the door."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.doors.world import ORIGIN, Payroll, Sandbox, Verifier, World

from open401k.base.access import ALLOWED, Role
from open401k.base.db import Database
from open401k.doors.guard import SESSION_COOKIE
from open401k.doors.stories import PayrollStories, VerifyStories
from open401k.kernel import FixedClock, PlanId, SponsorId

TERMS: dict[str, Any] = {
    "adopted_on": "2019-01-01",
    "eligibility": {"minimum_age": 21, "service_months": 12, "hours_in_year": None},
    "deferrals": {"sources": ["pre_tax", "roth"]},
    "match": {"tiers": [[5000, 600]]},
}
PEOPLE = (
    ("123-45-6701", "Owner", "One", "1970-02-03", "2015-01-01", 6_000),
    ("123-45-6702", "Machinist", "One", "1985-02-03", "2018-01-01", 0),
    ("123-45-6703", "Machinist", "Two", "1990-02-03", "2020-01-01", 0),
)


@dataclass
class RealWorld(World):
    """The application over the stories themselves."""

    payroll: Any = field(default_factory=Payroll)
    verifier: Any = field(default_factory=Verifier)


@dataclass
class Desk:
    """A sponsor's API client, with the plan and people it was set up with."""

    world: RealWorld
    app: FastAPI
    client: TestClient
    sponsor_id: str
    plan_id: str
    employees: list[str]
    key: str

    def post(self, path: str, body: Any, key: str) -> Any:
        """POST with an idempotency key."""
        return self.client.post(path, json=body, headers={"Idempotency-Key": key})

    def get(self, path: str, **query: Any) -> Any:
        """The document of an answer that is 200."""
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def payroll(self, pay_date: str = "2026-01-09", **changed: Any) -> dict[str, Any]:
        """A payroll of all three."""
        rows = [
            {"ssn": ssn, "gross": "4000.00", "hours": "80.00", "pre_tax": "200.00", "match": "100.00"}
            for ssn, *_ in PEOPLE
        ]
        body = {"plan_id": self.plan_id, "pay_date": pay_date, "period_start": "2025-12-22"}
        return {**body, "period_end": "2026-01-04", "rows": rows, **changed}


@pytest.fixture
def real(db: Database, clock: FixedClock) -> RealWorld:
    """Services with the real stories; projections are made before the answer, so that tests need not wait."""
    return RealWorld(
        db=db,
        clock=clock,
        wall=FixedClock(clock.now()),
        sandbox=Sandbox(clock),
        payroll=PayrollStories(db),
        verifier=VerifyStories(db),
    )


@pytest.fixture
def operator(real: RealWorld) -> Iterator[TestClient]:
    """Signed in as operations, which registers sponsors."""
    token = real.session(real.user("Operations", SponsorId(real.ids.new(SponsorId).uuid), None))
    with TestClient(real.app(), base_url=ORIGIN, headers={"Origin": ORIGIN}) as client:
        client.cookies.set(SESSION_COOKIE, token)
        yield client


@pytest.fixture
def desk(real: RealWorld, operator: TestClient) -> Iterator[Desk]:
    """A sponsor, its plan and three people, all made through the API."""
    sponsor = operator.post(
        "/v1/sponsors",
        json={"name": "Acme Tool & Die", "ein": "12-3456789", "established_on": "2015-01-01"},
        headers={"Idempotency-Key": "register"},
    ).json()
    key = real.key(SponsorId.parse(sponsor["sponsor_id"]), *ALLOWED[Role.SPONSOR])
    app = real.app()
    with TestClient(app, base_url=ORIGIN, headers={"Authorization": f"Bearer {key}"}) as client:
        made = Desk(real, app, client, sponsor["sponsor_id"], "", [], key)
        adopted = made.post(f"/v1/sponsors/{made.sponsor_id}/plans", {"name": "Acme 401(k)", "provisions": TERMS}, "a")
        assert adopted.status_code == 201, adopted.text
        made = replace(made, plan_id=adopted.json()["plan_id"])
        for ssn, first, last, born, hired, bps in PEOPLE:
            sent = {"ssn": ssn, "first_name": first, "last_name": last, "birth_date": born, "hired_on": hired}
            added = made.post(f"/v1/sponsors/{made.sponsor_id}/employees", {**sent, "ownership_bps": bps}, ssn)
            assert added.status_code == 201, added.text
            made.employees.append(added.json()["employee_id"])
        PlanId.parse(made.plan_id)
        yield made
