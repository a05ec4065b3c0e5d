"""A server tells endpoints by itself, in a thread of its own, and ends it."""

import threading
import time

from tests.doors.world import World
from tests.support.database import TESTER
from tests.support.receiver import receiving

from open401k.base import messages, webhooks
from open401k.base.webhooks import Sender
from open401k.doors.outward import Webhooks
from open401k.kernel import PlanId, SponsorId


def test_what_waits_is_told_when_a_server_starts(world: World, sponsor_and_plan: tuple[SponsorId, PlanId]) -> None:
    tenant_id, at = sponsor_and_plan[0], world.wall.now()
    told = Webhooks(world.db, world.wall, Sender(development=True))
    with receiving() as receiver:
        with world.db.begin(TESTER, tenants=[tenant_id]) as tx:
            known = webhooks.add(tx, tenant_id=tenant_id, url=receiver.url, at=at, development=True).endpoint
            event = messages.publish(tx, tenant_id=tenant_id, kind="plan.tested", subject=sponsor_and_plan[1], data={})
        told.start()
        gives_up_at = time.monotonic() + 20
        while not receiver.came and time.monotonic() < gives_up_at:
            time.sleep(0.01)
        told.stop()
        with world.db.begin(TESTER, tenants=[tenant_id]) as tx:
            webhooks.remove(tx, tenant_id=tenant_id, endpoint_id=known.endpoint_id, at=at)
    assert receiver.ids == [str(event)]
    assert "webhooks" not in {each.name for each in threading.enumerate()}
