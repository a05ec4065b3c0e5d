"""The part of the providers' page that says who else is told; the first page says when somebody no longer is."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient
from tests.doors.world import ORIGIN, World
from tests.support.database import TESTER

from open401k.base import messages, webhooks
from open401k.base.access import Role
from open401k.base.webhooks import Answer, WebhookEndpoint
from open401k.doors.guard import SESSION_COOKIE
from open401k.doors.web import webhook_pages
from open401k.kernel import PlanId, SponsorId

Place = tuple[SponsorId, PlanId]


@pytest.fixture
def stopped(world: World, sponsor_and_plan: Place) -> WebhookEndpoint:
    """An endpoint that asked for no more."""
    tenant_id, at = sponsor_and_plan[0], world.wall.now()
    with world.db.begin(TESTER, tenants=[tenant_id]) as tx:
        made = webhooks.add(tx, tenant_id=tenant_id, url="https://example.com/hooks/k3y", at=at).endpoint
        messages.publish(tx, tenant_id=tenant_id, kind="plan.tested", subject=sponsor_and_plan[1], data={})
        delivery = webhooks.next_delivery(tx, tenant_id=tenant_id, endpoint_id=made.endpoint_id, at=at)
        assert delivery is not None
        webhooks.mark(tx, of=delivery, answer=Answer(410), at=at)
    return made


@pytest.fixture(params=[Role.SPONSOR, Role.ADVISOR], ids=str)
def browser(request: pytest.FixtureRequest, world: World, sponsor_and_plan: Place) -> Iterator[tuple[Role, TestClient]]:
    token = world.session(world.user("Somebody", sponsor_and_plan[0], request.param))
    with TestClient(world.app(), base_url=ORIGIN, headers={"Origin": ORIGIN}, follow_redirects=False) as client:
        client.cookies.set(SESSION_COOKIE, token)
        yield request.param, client


def test_who_is_told_is_shown_and_who_may_goes_on(
    browser: tuple[Role, TestClient], world: World, sponsor_and_plan: Place, stopped: WebhookEndpoint
) -> None:
    (role, client), base = browser, f"/plans/{sponsor_and_plan[1]}"
    first = client.get(base).text
    assert "webhook endpoint that takes nothing any more" in first
    assert f"{base}/connections#h-webhooks" in first
    page = client.get(f"{base}/connections").text
    part = page.partition('id="h-webhooks"')[2]
    assert "stopped, since it asked for no more" in part
    assert "Answered 410." in part
    assert "k3y" not in page  # the rest of an address may be a secret of the receiver's
    assert ("<button" in part.partition("</section>")[0]) is (role is Role.SPONSOR)
    csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
    for to, state in (("resume", webhooks.State.ACTIVE), ("pause", webhooks.State.PAUSED)):
        sent = {"csrf": csrf, "endpoint_id": str(stopped.endpoint_id), "to": to}
        answer = client.post(f"{base}/connections/webhooks", data=sent)
        assert answer.status_code == (303 if role is Role.SPONSOR else 403)
        with world.db.begin(TESTER, tenants=[sponsor_and_plan[0]]) as tx:
            (now,) = webhooks.listed(tx, tenant_id=sponsor_and_plan[0], at=world.wall.now())
        assert now.state is (state if role is Role.SPONSOR else webhooks.State.GONE)


def test_the_page_of_an_endpoint_shows_what_was_not_taken_and_who_may_sends_it_again_or_leaves_it_out(
    browser: tuple[Role, TestClient],
    sponsor_and_plan: Place,
    stopped: WebhookEndpoint,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(webhook_pages, "Sender", lambda **_: lambda url, headers, body: Answer(503))
    (role, client), here = browser, f"/plans/{sponsor_and_plan[1]}/connections/webhooks"
    page = client.get(f"{here}/{stopped.endpoint_id}").text
    assert "plan.tested (number" in page
    assert "not taken: Answered 410." in page
    assert "k3y" not in page
    assert ("Send again" in page) is ("Leave that event out" in page) is (role is Role.SPONSOR)
    csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
    event = page.partition('name="event_id" value="')[2].partition('"')[0]
    sent = {"csrf": csrf, "event_id": event}
    answer = client.post(f"{here}/{stopped.endpoint_id}/resend", data=sent)
    if role is not Role.SPONSOR:
        assert answer.status_code == 403
        return
    assert (answer.status_code, "said=Not%20taken%3A%20Answered%20503." in answer.headers["location"]) == (303, True)
    for to, said in (("resume", "goes%20on"), ("pause", "told%20nothing")):
        sent = {"csrf": csrf, "endpoint_id": str(stopped.endpoint_id), "to": to, "from": "endpoint"}
        answer = client.post(here, data=sent)
        assert said in answer.headers["location"]
    assert client.get(f"{here}/whe_{'0' * 32}").status_code == 422
