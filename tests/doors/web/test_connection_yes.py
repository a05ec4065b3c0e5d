"""A person's yes to what a provider told: on the page and by API, for who may, to what is asked and nothing else."""

from collections.abc import Iterator
from datetime import date

import pytest
from starlette.testclient import TestClient
from tests.doors.world import ORIGIN, World
from tests.support.database import TESTER

from open401k.base import audit
from open401k.base.access import Role
from open401k.doors.guard import SESSION_COOKIE
from open401k.kernel import PlanId, Refused, SponsorId
from open401k.payroll import connection_words, connections
from open401k.payroll.providers import Company, Provider, ProviderError, Tokens, Trouble

ROSTER = connection_words.asked_of_roster(["p-1", "p-2"])
TWICE = connection_words.asked_of("payment-1", 2)
Place = tuple[SponsorId, PlanId]


@pytest.fixture
def asking(world: World, sponsor_and_plan: Place) -> connections.Connection:
    """A connection that told a roster of nobody known, and somebody twice."""
    tenant_id, plan_id = sponsor_and_plan
    company, tokens = Company("c-1", "Acme", "12-3456789"), Tokens("token")
    waits = {"what": "payroll", "why": "in_doubt", "message": "It pays one person twice.", "fix": "", "asks": TWICE}
    with world.db.begin(TESTER, tenants=[tenant_id]) as tx:
        made = connections.add(
            tx,
            tenant_id=tenant_id,
            plan_id=plan_id,
            provider=Provider.FINCH,
            company=company,
            tokens=tokens,
            since=date(2026, 1, 1),
        )
        assert not isinstance(made, Refused)
        connections.succeeded(tx, of=made, waits=[waits])
        connections.failed(tx, of=made, error=ProviderError(Trouble.BUG, "None of them.", asks=ROSTER))
    return made


@pytest.fixture(params=[Role.SPONSOR, Role.ADVISOR], ids=str)
def browser(request: pytest.FixtureRequest, world: World, sponsor_and_plan: Place) -> Iterator[tuple[Role, TestClient]]:
    token = world.session(world.user("Somebody", sponsor_and_plan[0], request.param))
    with TestClient(world.app(), base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False) as client:
        client.cookies.set(SESSION_COOKIE, token)
        yield request.param, client


def test_who_may_says_yes_to_what_is_asked_and_to_nothing_else(
    browser: tuple[Role, TestClient], world: World, sponsor_and_plan: Place, asking: connections.Connection
) -> None:
    (role, client), base = browser, f"/plans/{sponsor_and_plan[1]}/connections"
    may = role is Role.SPONSOR
    page = client.get(base).text
    assert ("Both are real" in page, "They are this company’s people" in page) == (may, may)
    csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
    answers = [
        client.post(f"{base}/confirm", data={"csrf": csrf, "connection_id": str(asking.connection_id), "asks": asks})
        for asks in (ROSTER, TWICE, TWICE, "roster of others")
    ]
    assert [each.status_code for each in answers[:3]] == [303 if may else 403] * 3
    assert answers[3].status_code == (422 if may else 403)
    with world.db.begin(TESTER, tenants=[sponsor_and_plan[0]]) as tx:
        assert connection_words.said(tx, of=asking) == ({ROSTER, TWICE} if may else set())
        trail = [each for each in audit.entries(tx, tenant_id=sponsor_and_plan[0]) if "connection_yes" in each.action]
    assert len(trail) == (2 if may else 0)
