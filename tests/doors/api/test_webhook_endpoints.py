"""Webhook endpoints over HTTP: made, tried, changed, by whom, and a secret that is shown once."""

import re
from typing import Any

from tests.doors.api.conftest import Desk
from tests.support.receiver import receiving, verified

from open401k.base.access import ALLOWED, Permission, Role
from open401k.base.webhooks import Sender
from open401k.doors.outward import TELLER
from open401k.flows.webhook_round import deliver_due
from open401k.kernel import SponsorId


def at(desk: Desk, *rest: str) -> str:
    return "/".join((f"/v1/sponsors/{desk.sponsor_id}/webhook-endpoints", *rest))


def test_an_endpoint_is_told_of_a_payroll(desk: Desk) -> None:
    with receiving() as receiver:
        made = desk.post(at(desk), {"url": receiver.url, "kinds": ["payroll.posted"]}, "hook")
        assert made.status_code == 201, made.text
        secret, endpoint = made.json()["secret"], made.json()["endpoint"]
        assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
        assert (endpoint["state"], endpoint["kinds"]) == ("active", ["payroll.posted"])
        posted = desk.post("/v1/payroll-runs", desk.payroll(), "jan 9").json()
        deliver_due(desk.world.db, actor=TELLER, send=Sender(development=True), wall=desk.world.wall)
        (came,), (said,) = receiver.came, receiver.bodies
        assert verified(*came, secret)
        assert said["type"] == "payroll.posted"
        assert said["data"] == {
            "sponsor_id": desk.sponsor_id,
            "id": posted["run_id"],
            "sequence": said["data"]["sequence"],
        }
        tried = desk.post(at(desk, endpoint["endpoint_id"], "test"), None, "try").json()
        assert tried == {"taken": True, "status": 204, "problem": ""}
    again = desk.post(at(desk, endpoint["endpoint_id"], "test"), None, "try anew").json()
    assert (again["taken"], again["problem"]) == (False, "No answer: ConnectionRefusedError.")
    (line,) = desk.get(at(desk))["items"]
    assert line["delivered_at"] is not None
    assert "secret" not in set(line)
    assert desk.post(at(desk, endpoint["endpoint_id"], "remove"), None, "away").status_code == 200


def test_what_was_sent_is_listed_and_sent_again_once_for_a_key(desk: Desk) -> None:
    with receiving() as receiver:
        of = desk.post(at(desk), {"url": receiver.url, "kinds": ["payroll.posted"]}, "hook").json()["endpoint"]
        assert desk.get(at(desk, of["endpoint_id"], "deliveries")) == {"items": []}
        receiver.answer = 500
        desk.post("/v1/payroll-runs", desk.payroll(), "jan 9")
        deliver_due(desk.world.db, actor=TELLER, send=Sender(development=True), wall=desk.world.wall)
        (tried,) = desk.get(at(desk, of["endpoint_id"], "deliveries"))["items"]
        assert (tried["kind"], tried["taken"], tried["problem"]) == ("payroll.posted", False, "Answered 500.")
        assert (tried["stands_before"], tried["next_try_at"] is None) == (True, False)
        receiver.answer = 204
        resend = at(desk, of["endpoint_id"], "deliveries", tried["event_id"], "resend")
        for _ in range(2):
            assert desk.post(resend, None, "again").json() == {"taken": True, "status": 204, "problem": ""}
        assert receiver.ids == [tried["event_id"]] * 2
        newest = desk.get(at(desk, of["endpoint_id"], "deliveries"))["items"][0]
        assert (newest["again"], newest["taken"], newest["stands_before"]) == (True, True, False)
    never = at(desk, of["endpoint_id"], "deliveries", "evt_" + "0" * 32, "resend")
    assert desk.post(never, None, "never").status_code == 422
    assert desk.post(at(desk, of["endpoint_id"], "remove"), None, "away").status_code == 200


def test_a_secret_is_shown_once_and_an_endpoint_is_paused_resumed_and_removed(desk: Desk) -> None:
    sent = {"url": "https://example.com/hooks"}
    first, second = (desk.post(at(desk), sent, "hook").json() for _ in range(2))
    assert first["secret"].startswith("whsec_")
    assert second == {**first, "secret": None}
    of = first["endpoint"]["endpoint_id"]
    rotated = desk.post(at(desk, of, "rotate"), None, "turn").json()
    assert rotated["secret"] not in (None, first["secret"])
    assert rotated["endpoint"]["previous_secret_until"] is not None
    with desk.world.db.begin(TELLER, tenants=[SponsorId.parse(desk.sponsor_id)]) as tx:
        kept = str(tx.rows("select result from base.step union all select after from base.audit"))
    for secret in (first["secret"], rotated["secret"]):
        assert secret not in kept
    for change, state in (("pause", "paused"), ("resume", "active"), ("remove", "removed")):
        assert desk.post(at(desk, of, change), None, change).json()["state"] == state
    assert desk.get(at(desk))["items"] == []
    gone = desk.post(at(desk, of, "pause"), None, "once more")
    assert (gone.status_code, gone.json()["title"]) == (422, "The sponsor has no such endpoint.")


def test_what_cannot_be_meant_or_may_not_be_done_is_refused(desk: Desk) -> None:
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"url": "http://example.com/hooks"}, "not reached over TLS"),
        ({"url": "https://169.254.169.254/latest"}, "not on the public network"),
        ({"url": "https://example.com/hooks", "kinds": ["payroll.pasted"]}, "no kind of event payroll.pasted"),
    ]
    for sent, said in refusals:
        refused = desk.post(at(desk), sent, "hook")
        assert refused.status_code == 422
        assert said in refused.json()["title"]
        assert refused.json()["fix"]
    assert desk.get(at(desk))["items"] == []
    without = ALLOWED[Role.SPONSOR] - {Permission.ACCESS_MANAGE}
    key = desk.world.key(SponsorId.parse(desk.sponsor_id), *without)
    assert desk.client.get(at(desk), headers={"Authorization": f"Bearer {key}"}).status_code == 403
