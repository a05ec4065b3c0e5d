"""Webhooks to somebody who receives them over HTTP: in order, at least once, through outages, slowness and crashes."""

import base64
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.database import TESTER, Begin, new_tenant
from tests.support.receiver import Receiver, certified, receiving, redirecting, trickling, verified

from open401k.base import messages, webhooks
from open401k.base.db import Database
from open401k.base.faults import Stopped, stopping_at
from open401k.base.webhooks import NewSecret, Sender, State, WebhookEndpoint
from open401k.flows.webhook_round import deliver_due, send_again, try_out
from open401k.kernel import EventId, FixedClock, Open401kError, SponsorId, WebhookEndpointId

SEND = Sender(development=True, seconds=0.3)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who takes everything until told otherwise."""
    with receiving() as running:
        yield running


@pytest.fixture
def added(begin: Begin, tenant: SponsorId, receiver: Receiver, clock: FixedClock) -> NewSecret:
    """The receiver, told of everything; alone in its sponsor."""
    return add(begin, tenant, receiver.url, clock)


@pytest.fixture(autouse=True)
def nobody_else(db: Database, tenant: SponsorId) -> Iterator[None]:
    """Endpoints of this test are told nothing in the next one: its receiver is gone."""
    yield
    with db.begin(TESTER, tenants=[tenant]) as tx:
        for each in webhooks.listed(tx, tenant_id=tenant, at=tx.now):
            webhooks.remove(tx, tenant_id=tenant, endpoint_id=each.endpoint_id, at=tx.now)


def add(begin: Begin, tenant: SponsorId, url: str, clock: FixedClock, *kinds: str) -> NewSecret:
    with begin() as tx:
        return webhooks.add(tx, tenant_id=tenant, url=url, kinds_wanted=kinds, at=clock.now(), development=True)


def publish(begin: Begin, tenant: SponsorId, kind: str = "plan.tested") -> str:
    with begin() as tx:
        return str(messages.publish(tx, tenant_id=tenant, kind=kind, subject="pln_1", data={}))


def one(begin: Begin, tenant: SponsorId, clock: FixedClock) -> WebhookEndpoint:
    with begin() as tx:
        (found,) = webhooks.listed(tx, tenant_id=tenant, at=clock.now())
    return found


def round_(db: Database, clock: FixedClock) -> int | None:
    return deliver_due(db, actor=TESTER, send=SEND, wall=clock)


def test_events_come_in_order_once_each_and_signed(
    db: Database, begin: Begin, tenant: SponsorId, receiver: Receiver, clock: FixedClock
) -> None:
    publish(begin, tenant)  # before there was an endpoint
    secret = add(begin, tenant, receiver.url, clock, "alert", "plan.tested").secret
    events = [publish(begin, tenant, kind) for kind in ("plan.tested", "deposit.late", "alert.raised")]
    assert round_(db, clock) == 2
    assert receiver.ids == [events[0], events[2]]
    assert [each["type"] for each in receiver.bodies] == ["plan.tested", "alert.raised"]
    assert all(verified(headers, body, secret) for headers, body in receiver.came)
    headers, body = receiver.came[0]
    assert not verified(headers, body + b" ", secret)
    publish(begin, tenant, "deposit.late")  # what it does not want is passed over, and not looked at again
    assert round_(db, clock) == 0
    with begin() as tx:
        assert webhooks.due(tx, at=clock.now()) == []


def test_one_that_fails_holds_up_what_is_behind_it_and_nobody_else(
    db: Database, begin: Begin, tenant: SponsorId, receiver: Receiver, added: NewSecret, clock: FixedClock
) -> None:
    receiver.answer = 503
    events = [publish(begin, tenant) for _ in range(3)]
    with receiving() as other:
        elsewhere = new_tenant(db)
        with db.begin(TESTER, tenants=[elsewhere]) as tx:
            webhooks.add(tx, tenant_id=elsewhere, url=other.url, at=clock.now(), development=True)
            messages.publish(tx, tenant_id=elsewhere, kind="plan.tested", subject="pln_2", data={})
        assert round_(db, clock) == 1
        assert len(other.came) == 1
        with db.begin(TESTER, tenants=[elsewhere]) as tx:
            (known,) = webhooks.listed(tx, tenant_id=elsewhere, at=clock.now())
            webhooks.remove(tx, tenant_id=elsewhere, endpoint_id=known.endpoint_id, at=clock.now())
    assert (receiver.ids, round_(db, clock)) == ([events[0]], 0)
    shown = one(begin, tenant, clock)
    assert (shown.failures, shown.problem) == (1, "Answered 503.")
    clock.advance(timedelta(seconds=5))
    receiver.answer = 200
    assert round_(db, clock) == 3
    assert receiver.ids == [events[0], *events]
    stamps = [headers["webhook-timestamp"] for headers, _ in receiver.came[:2]]
    assert int(stamps[1]) - int(stamps[0]) == 5
    assert receiver.came[0][1] == receiver.came[1][1]
    assert (one(begin, tenant, clock).problem, one(begin, tenant, clock).delivered_at) == ("", clock.now())


def again(db: Database, tenant: SponsorId, of: WebhookEndpoint, event: str, clock: FixedClock) -> webhooks.Answer:
    where: dict[str, Any] = {"tenant_id": tenant, "endpoint_id": of.endpoint_id, "wall": clock}
    return send_again(db, actor=TESTER, **where, event_id=EventId.parse(event), send=SEND)


def seen(begin: Begin, tenant: SponsorId, of: WebhookEndpoint) -> list[tuple[str, bool, bool, bool]]:
    """Of each try, newest first: its event, whether somebody asked for it, was it taken, does it hold up the others."""
    with begin() as tx:
        tries = webhooks.tries(tx, tenant_id=tenant, endpoint_id=of.endpoint_id)
    return [(str(each.event_id), each.again, each.taken, each.stands_before) for each in tries]


def test_the_event_that_is_not_taken_is_seen_left_out_and_sent_again_later(
    db: Database, begin: Begin, tenant: SponsorId, receiver: Receiver, added: NewSecret, clock: FixedClock
) -> None:
    of, (fine, poison, after) = added.endpoint, [publish(begin, tenant) for _ in range(3)]
    receiver.answers = {poison: 500}
    assert round_(db, clock) == 1
    assert seen(begin, tenant, of) == [(poison, False, False, True), (fine, False, True, False)]
    with begin() as tx:
        newest = webhooks.tries(tx, tenant_id=tenant, endpoint_id=of.endpoint_id)[0]
    assert (newest.kind, newest.status, newest.problem) == ("plan.tested", 500, "Answered 500.")
    assert newest.next_try_at == one(begin, tenant, clock).next_try_at == clock.now() + timedelta(seconds=5)
    # Somebody's try costs no patience; one that is behind already moves nothing.
    assert [again(db, tenant, of, each, clock).status for each in (poison, fine)] == [500, 204]
    assert (one(begin, tenant, clock).failures, len(seen(begin, tenant, of))) == (1, 4)
    with begin() as tx:
        webhooks.skip(tx, tenant_id=tenant, endpoint_id=of.endpoint_id, at=clock.now())
    assert round_(db, clock) == 1
    assert receiver.ids[-1] == after
    assert not any(before for *_, before in seen(begin, tenant, of))
    receiver.answers = {}
    assert again(db, tenant, of, poison, clock).taken
    assert seen(begin, tenant, of)[0] == (poison, True, True, False)
    assert (round_(db, clock), receiver.ids[-1]) == (0, poison)


def test_what_holds_up_the_others_and_is_taken_when_somebody_asks_lets_them_go_on(
    db: Database, begin: Begin, tenant: SponsorId, receiver: Receiver, added: NewSecret, clock: FixedClock
) -> None:
    receiver.answer = 500
    events = [publish(begin, tenant), publish(begin, tenant)]
    round_(db, clock)
    receiver.answer = 200
    with stopping_at("webhooks.after_resend"), pytest.raises(Stopped):  # it is told again: at least once
        again(db, tenant, added.endpoint, events[0], clock)
    assert again(db, tenant, added.endpoint, events[0], clock).taken
    assert (one(begin, tenant, clock).failures, round_(db, clock)) == (0, 1)
    assert receiver.ids == [events[0], events[0], events[0], events[1]]


def test_what_was_never_sent_or_is_thirty_days_old_is_not_sent_again(
    db: Database, begin: Begin, tenant: SponsorId, receiver: Receiver, added: NewSecret, clock: FixedClock
) -> None:
    of, old = added.endpoint, publish(begin, tenant)
    round_(db, clock)
    clock.advance(timedelta(days=31))
    publish(begin, tenant)
    round_(db, clock)
    assert len(seen(begin, tenant, of)) == 1
    for event in (old, str(EventId.parse("evt_" + "0" * 32))):
        with pytest.raises(Open401kError, match="was not sent to that endpoint within 30 days"):
            again(db, tenant, of, event, clock)
    with begin() as tx, pytest.raises(Open401kError, match="no such endpoint"):
        webhooks.tries(tx, tenant_id=tenant, endpoint_id=WebhookEndpointId.parse("whe_" + "0" * 32))


def test_after_five_days_it_is_stopped_said_and_goes_on_where_it_stood(
    db: Database, begin: Begin, tenant: SponsorId, receiver: Receiver, added: NewSecret, clock: FixedClock
) -> None:
    receiver.answer = 500
    event = publish(begin, tenant)
    while (shown := one(begin, tenant, clock)).state is State.ACTIVE:
        clock.advance_to(shown.next_try_at or clock.now())
        round_(db, clock)
    assert shown.state is State.FAILED
    with begin() as tx:
        assert webhooks.stopped(tx, tenant_id=tenant) == 1
        (*_, told) = messages.read_after(tx, tenant_id=tenant, cursor=0)
    assert (told.kind, told.subject) == ("webhook_endpoint.stopped", str(added.endpoint.endpoint_id))
    tried = len(receiver.came)
    clock.advance(timedelta(days=9))
    assert (round_(db, clock), len(receiver.came)) == (0, tried)
    receiver.answer = 200
    with begin() as tx:
        webhooks.resume(tx, tenant_id=tenant, endpoint_id=shown.endpoint_id, at=clock.now())
    assert round_(db, clock) == 2
    assert receiver.ids[tried:] == [event, str(told.event_id)]


@pytest.mark.parametrize(
    ("answer", "state", "problem"),
    [
        (410, State.GONE, "Answered 410."),
        (trickling, State.ACTIVE, "No answer within 0.3 seconds."),
        (redirecting("http://127.0.0.1:1/"), State.ACTIVE, "Answered 307."),
    ],
    ids=["gone", "slow", "redirect"],
)
def test_what_is_no_answer(
    db: Database, begin: Begin, tenant: SponsorId, receiver: Receiver, added: NewSecret, clock: FixedClock,
    answer: object, state: State, problem: str,
) -> None:  # fmt: skip
    receiver.answer = answer  # type: ignore[assignment]
    publish(begin, tenant)
    assert round_(db, clock) == 0
    shown = one(begin, tenant, clock)
    assert (shown.state, shown.problem, len(receiver.came)) == (state, problem, 1)


def test_a_stop_between_the_answer_and_its_being_kept_sends_the_same_again(
    db: Database, begin: Begin, tenant: SponsorId, receiver: Receiver, added: NewSecret, clock: FixedClock
) -> None:
    events = [publish(begin, tenant), publish(begin, tenant)]
    with stopping_at("webhooks.after_post"), pytest.raises(Stopped):
        round_(db, clock)
    assert receiver.ids == events[:1]
    assert round_(db, clock) == 2
    assert receiver.ids == [events[0], *events]
    assert len({body for headers, body in receiver.came if headers["webhook-id"] == events[0]}) == 1


def test_for_a_day_both_secrets_sign(
    db: Database, begin: Begin, tenant: SponsorId, receiver: Receiver, added: NewSecret, clock: FixedClock
) -> None:
    with begin() as tx:
        fresh = webhooks.rotate(tx, tenant_id=tenant, endpoint_id=added.endpoint.endpoint_id, at=clock.now())
    assert fresh.secret != added.secret
    for later in (timedelta(0), timedelta(days=1)):
        clock.advance(later)
        publish(begin, tenant)
        round_(db, clock)
    known = [[verified(*each, secret) for secret in (added.secret, fresh.secret)] for each in receiver.came]
    assert known == [[True, True], [False, True]]


def test_of_several_rotations_within_a_day_each_secret_signs_until_its_own_day_is_over(
    db: Database, begin: Begin, tenant: SponsorId, receiver: Receiver, added: NewSecret, clock: FixedClock
) -> None:
    at: dict[str, Any] = {"tenant_id": tenant, "endpoint_id": added.endpoint.endpoint_id}
    secrets = [added.secret]
    for _ in range(2):
        with begin() as tx:
            secrets.append(webhooks.rotate(tx, **at, at=clock.now()).secret)
        clock.advance(timedelta(hours=6))
    for later in (timedelta(0), timedelta(hours=12), timedelta(hours=6)):
        clock.advance(later)
        publish(begin, tenant)
        round_(db, clock)
    known = [[verified(*each, secret) for secret in secrets] for each in receiver.came]
    assert known == [[True, True, True], [False, True, True], [False, False, True]]


def test_a_fifth_secret_in_a_day_is_refused_and_drops_none(
    begin: Begin, tenant: SponsorId, added: NewSecret, clock: FixedClock
) -> None:
    at: dict[str, Any] = {"tenant_id": tenant, "endpoint_id": added.endpoint.endpoint_id}
    for _ in range(4):
        with begin() as tx:
            webhooks.rotate(tx, **at, at=clock.now())
    with begin() as tx, pytest.raises(Open401kError, match="sign along already"):
        webhooks.rotate(tx, **at, at=clock.now())
    clock.advance(timedelta(days=1))
    with begin() as tx:
        webhooks.rotate(tx, **at, at=clock.now())


def test_what_a_person_says_counts(
    db: Database, begin: Begin, tenant: SponsorId, receiver: Receiver, added: NewSecret, clock: FixedClock
) -> None:
    at: dict[str, Any] = {"tenant_id": tenant, "endpoint_id": added.endpoint.endpoint_id}
    with begin() as tx:
        webhooks.pause(tx, **at, at=clock.now())
    events = [publish(begin, tenant), publish(begin, tenant)]
    assert (round_(db, clock), receiver.came) == (0, [])
    with begin() as tx, pytest.raises(Open401kError, match="No event fails"):
        webhooks.skip(tx, **at, at=clock.now())
    with begin() as tx:
        webhooks.resume(tx, **at, at=clock.now())
    receiver.answer = 400
    round_(db, clock)
    with begin() as tx:
        webhooks.skip(tx, **at, at=clock.now())
    receiver.answer = 200
    assert (round_(db, clock), receiver.ids) == (1, events)
    with begin() as tx:
        webhooks.remove(tx, **at, at=clock.now())
        assert webhooks.listed(tx, tenant_id=tenant, at=clock.now()) == []
    publish(begin, tenant)
    assert (round_(db, clock), len(receiver.came)) == (0, 2)
    with begin() as tx, pytest.raises(Open401kError, match="no such endpoint"):
        webhooks.resume(tx, **at, at=clock.now())


def test_a_try_out_changes_nothing(
    db: Database, begin: Begin, tenant: SponsorId, receiver: Receiver, added: NewSecret, clock: FixedClock
) -> None:
    where: dict[str, Any] = {"tenant_id": tenant, "endpoint_id": added.endpoint.endpoint_id}
    assert try_out(db, actor=TESTER, **where, send=SEND, wall=clock).taken
    assert receiver.bodies[0]["type"] == "webhook_endpoint.test"
    assert verified(*receiver.came[0], added.secret)
    assert EventId.parse(receiver.ids[0])
    assert one(begin, tenant, clock) == added.endpoint


def test_outside_of_development_a_private_address_is_not_even_asked(receiver: Receiver) -> None:
    answer = Sender(development=False)(receiver.url, {}, b"{}")
    assert (answer.status, answer.taken, receiver.came) == (None, False, [])
    assert "not on the public network" in answer.problem
    for url, said in (("http://127.0.0.1:1/", "ConnectionRefused"), ("https://nobody.invalid/", "not found")):
        assert said in SEND(url, {}, b"{}").problem


def test_over_tls_the_certificate_has_to_hold_for_the_name(tmp_path: Path) -> None:
    file = certified(tmp_path)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(file)
    with receiving(served) as receiver:
        trusting = Sender(development=True, tls=ssl.create_default_context(cafile=file))
        assert trusting(receiver.url, {}, b"{}").status == 204
        assert receiver.came[0][0]["host"] == receiver.url.split("/")[2]
        by_number = trusting(receiver.url.replace("localhost", "127.0.0.1"), {}, b"{}")
        unknown = Sender(development=True)(receiver.url, {}, b"{}")
    for refused in (by_number, unknown):
        assert refused.problem.startswith("The certificate does not hold")
    assert len(receiver.came) == 1


def test_a_secret_is_sealed_and_of_its_endpoint(begin: Begin, tenant: SponsorId, added: NewSecret) -> None:
    with begin() as tx:
        row = tx.one("select sealed_secret, url from base.webhook_endpoint where tenant_id = %s", [tenant])
    assert base64.b64decode(added.secret.removeprefix("whsec_")) not in bytes(row[0])
    assert "secret" not in repr(added).lower().replace("newsecret", "").replace("previous_secret_until", "")
