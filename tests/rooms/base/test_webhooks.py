"""Webhooks: the signature as others compute it, when an event is tried again, and where none is sent."""

import base64
import hashlib
import hmac
import ipaddress
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from scripts.reference import words

from open401k.base.messages import Event
from open401k.base.webhooks import KINDS, Answer, State, addresses, kinds, signing
from open401k.base.webhooks.schedule import GIVES_UP_AFTER, WAITS, Standing, after
from open401k.kernel import EventId, Open401kError, SponsorId

AT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


def test_a_signature_is_the_published_one() -> None:
    """The example of docs.svix.com, receiving/verifying-payloads/how-manual: the same scheme under older names."""
    at = datetime.fromtimestamp(1731705121, UTC)
    sent = b'{"event_type":"ping","data":{"success":true}}'
    secret = base64.b64decode("plJ3nmyCDGBKInavdOK15jsl")
    headers = signing.headers_of("msg_loFOjxBNrRLzqYUf", sent, at=at, secrets=[secret])
    assert headers["webhook-signature"] == "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="
    assert headers["webhook-timestamp"] == "1731705121"
    assert signing.written(secret) == "whsec_plJ3nmyCDGBKInavdOK15jsl"


def test_two_secrets_make_two_signatures_over_the_same_bytes() -> None:
    headers = signing.headers_of("evt_1", b"{}", at=AT, secrets=[b"new" * 8, b"old" * 8])
    signed = f"evt_1.{int(AT.timestamp())}.{{}}".encode()
    wanted = [
        base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in (b"new" * 8, b"old" * 8)
    ]
    assert headers["webhook-signature"] == f"v1,{wanted[0]} v1,{wanted[1]}"


def test_what_is_sent_holds_ids_and_nothing_of_anybody() -> None:
    plan_id = "pln_" + "1" * 32
    data: dict[str, Any] = {
        "plan_id": plan_id,
        "employee_id": "Ann Weller",
        "message": "123-45-6789",
        "cents": 120_00,
        "x": {"a_id": 1},
    }
    event = Event(7, EventId(UUID(int=1)), AT, "payroll.posted", "run_" + "2" * 32, data)
    said = json.loads(signing.body_of(event, tenant_id=SponsorId(UUID(int=3))))
    assert said == {
        "type": "payroll.posted",
        "timestamp": "2026-01-05T15:00:00Z",
        "data": {"sponsor_id": "spn_" + f"{3:032x}", "id": "run_" + "2" * 32, "sequence": 7, "plan_id": plan_id},
    }


def test_waits_grow_until_it_is_given_up_after_five_days() -> None:
    standing, at, tried = Standing(State.ACTIVE, 4), AT, []
    while standing.state is State.ACTIVE:
        standing = after(standing, Answer(500), event_no=5, at=at)
        tried.append(at - AT)
        if standing.next_at is None:
            break
        assert not standing.due(standing.next_at - timedelta(microseconds=1))
        assert standing.due(standing.next_at)
        at = standing.next_at
    assert [later - sooner for sooner, later in pairwise(tried)][: len(WAITS)] == list(WAITS)
    assert tried[-1] == GIVES_UP_AFTER
    assert (standing.state, standing.cursor, standing.problem) == (State.FAILED, 4, "Answered 500.")


@pytest.mark.parametrize(
    ("status", "state", "cursor", "again"),
    [
        (200, State.ACTIVE, 5, None),
        (299, State.ACTIVE, 5, None),
        (301, State.ACTIVE, 4, AT + WAITS[0]),
        (404, State.ACTIVE, 4, AT + WAITS[0]),
        (410, State.GONE, 4, None),
        (None, State.ACTIVE, 4, AT + WAITS[0]),
    ],
)
def test_what_an_answer_leads_to(status: int | None, state: State, cursor: int, again: datetime | None) -> None:
    standing = after(Standing(State.ACTIVE, 4), Answer(status, "" if status else "No answer."), event_no=5, at=AT)
    assert (standing.state, standing.cursor, standing.next_at) == (state, cursor, again)


def test_success_ends_the_failures_and_a_pause_said_meanwhile_stays() -> None:
    failing = after(Standing(State.ACTIVE, 4), Answer(500), event_no=5, at=AT)
    assert after(failing, Answer(204), event_no=5, at=AT) == Standing(State.ACTIVE, 5, delivered_at=AT)
    paused = Standing(State.PAUSED, 4)
    assert after(paused, Answer(410), event_no=5, at=AT).state is State.PAUSED
    assert not paused.due(AT)


@pytest.mark.parametrize(
    ("address", "reached", "in_development"),
    [
        ("93.184.215.14", True, True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True, True),
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("10.1.2.3", False, True),
        ("192.168.0.9", False, True),
        ("fd00::1", False, True),
        ("::ffff:10.0.0.1", False, True),
        ("64:ff9b::a00:1", False, True),  # 10.0.0.1 through a translator
        ("2002:a00:1::1", False, True),  # 10.0.0.1 through a tunnel
        ("100.64.0.1", False, False),  # shared by a carrier's customers
        ("169.254.169.254", False, False),  # where clouds hand out credentials
        ("fe80::1", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("0.0.0.0", False, False),  # noqa: S104 (an address that is judged)
        ("224.0.0.1", False, False),
    ],
)
def test_only_the_public_network_is_reached(address: str, reached: bool, in_development: bool) -> None:
    found = ipaddress.ip_address(address)
    assert addresses.may_reach(found, development=False) is reached
    assert addresses.may_reach(found, development=True) is in_development


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.com/hooks", "http://example.com/hooks", "ftp://example.com", "https://", "https://exa mple.com"),
        *("https://user:pass@example.com/", "https://example.com/#part", "https://example.com:99999/"),
        *(
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://localhost/",
            "https://10.0.0.1/",
            "https://169.254.169.254/",
        ),
        *("http://localhost:8000/", "https://exämple.com/", "https://example.com/" + "a" * 500, "https://a\r\nb.com/"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(url: str) -> None:
    with pytest.raises(Open401kError, match="The address of the endpoint"):
        addresses.checked(url, development=False)


def test_in_development_this_machine_is_told_without_tls() -> None:
    for url in ("http://localhost:8000/hooks", "http://127.0.0.1:8000/", "https://example.com/hooks?from=us"):
        assert addresses.checked(url, development=True) == url
    with pytest.raises(Open401kError, match="not reached over TLS"):
        addresses.checked("http://10.0.0.1/", development=True)


def test_kinds_are_those_that_are_published() -> None:
    assert set(KINDS) == set(words.EVENTS)
    assert kinds.checked(["payroll.posted", "alert", "alert"]) == ("alert", "payroll.posted")
    with pytest.raises(Open401kError, match=r"payrol\.posted"):
        kinds.checked(["payrol.posted"])
    assert kinds.wants((), "plan.tested")
    assert kinds.wants(("alert",), "alert.raised")
    assert not kinds.wants(("alert",), "plan.tested")
