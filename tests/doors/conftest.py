"""Fixtures of the doors' tests: a sponsor with a plan, an application, sample pages."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from starlette.testclient import TestClient
from tests.doors import samples
from tests.doors.world import ORIGIN, SAMPLE_LOADERS, Sandbox, World
from tests.support import foretold
from tests.support.database import TESTER

from open401k import census, plan
from open401k.base.access import Role
from open401k.base.db import ALL_TENANTS, Database
from open401k.doors.guard import SESSION_COOKIE
from open401k.kernel import FixedClock, PlanId, SponsorId
from open401k.payroll import connections

PROVISIONS = plan.Provisions(date(2019, 1, 1))


@pytest.fixture(scope="module", autouse=True)
def foretold_once() -> Iterator[None]:
    """What is foreseen of the same facts is computed once."""
    with foretold.once(most=foretold.A_STORY):
        yield


@pytest.fixture
def world(db: Database, clock: FixedClock) -> World:
    """Services over the test's database; the wall clock stands where the business clock begins."""
    return World(db=db, clock=clock, wall=FixedClock(clock.now()), sandbox=Sandbox(clock))


@pytest.fixture
def sponsor_and_plan(world: World) -> tuple[SponsorId, PlanId]:
    """A registered sponsor and its plan."""
    return new_plan(world, "Acme Tool & Die, Inc.")


@pytest.fixture
def other_plan(world: World) -> tuple[SponsorId, PlanId]:
    """Another sponsor's plan, which the first has nothing to do with."""
    return new_plan(world, "Other Works, LLC")


@pytest.fixture
def sample_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every loader answers with its sample."""
    for name, sample in SAMPLE_LOADERS.items():
        module, _, function = name.partition(".")
        found = importlib.import_module(f"open401k.views.{module}")
        monkeypatch.setattr(found, function, lambda tx, *, sample=sample, **_: sample, raising=False)


@pytest.fixture
def browser_of_sponsor(
    world: World, sponsor_and_plan: tuple[SponsorId, PlanId], sample_pages: None
) -> Iterator[TestClient]:
    """A client that is signed in as the sponsor."""
    token = world.session(world.user("The sponsor", sponsor_and_plan[0], Role.SPONSOR))
    with TestClient(world.app(), base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False) as client:
        client.cookies.set(SESSION_COOKIE, token)
        yield client


@contextmanager
def connecting_plan(world: World) -> Iterator[tuple[SponsorId, PlanId]]:
    """A plan that connects a provider, whose server is gone afterwards: no later round asks for it."""
    made = new_plan(world, "Acme Tool & Die, Inc.")
    yield made
    with world.db.begin(TESTER, tenants=[made[0]]) as tx:
        for each in connections.of_plan(tx, tenant_id=made[0], plan_id=made[1]):
            connections.pause(tx, tenant_id=made[0], connection_id=each.connection_id)


def new_plan(world: World, name: str, plan_id: PlanId | None = None) -> tuple[SponsorId, PlanId]:
    """Register a sponsor and adopt a plan without a match; one person works there."""
    with world.db.begin(TESTER, tenants=ALL_TENANTS) as tx:
        sponsor_id = plan.register_sponsor(tx, name=name, ein="12-3456789", established_on=date(2015, 1, 1))
    with world.db.begin(TESTER, tenants=[sponsor_id]) as tx:
        adopted = plan.adopt(
            tx, tenant_id=sponsor_id, provisions=PROVISIONS, name=f"{name} 401(k) Plan", plan_id=plan_id
        )
        census.add_employee(
            tx,
            tenant_id=sponsor_id,
            ssn=None,
            first_name="Machinist",
            last_name="One",
            birth_date=date(1980, 5, 6),
            hired_on=date(2019, 3, 4),
            employee_id=samples.EMPLOYEE,
        )
    return sponsor_id, adopted
