"""Rollovers over HTTP: asked for once, answered, told, shown, refused with reason, and not without a node."""

import base64
from typing import Any

import pytest
from tests.doors.api import conftest
from tests.doors.api.conftest import Desk
from tests.doors.rolled import ROLLOVERS, WISH, MemoryNode
from tests.support.database import TESTER

from open401k.doors.rolling import RolloverStories
from open401k.flows.rollover_core import plan_core
from open401k.kernel import PlanId, day_of
from open401k.rails.node.core import Order, Part, Side
from open401k.rails.node.halves import ReceivingHalf, ReleasingHalf

Rolling = tuple[Desk, MemoryNode]


@pytest.fixture
def rolling(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Rolling:
    """A desk whose plan takes rollovers, with a node."""
    monkeypatch.setitem(conftest.TERMS, "rollovers", ROLLOVERS)
    desk: Desk = request.getfixturevalue("desk")
    node = MemoryNode()
    desk.world.rollovers = RolloverStories(desk.world.db, node)  # type: ignore[assignment]
    return desk, node


def asked(desk: Desk, key: str = "ask", **changed: Any) -> Any:
    sent = {"employee_id": desk.employees[1], "facts": WISH | changed}
    return desk.post(f"/v1/plans/{desk.plan_id}/rollovers", sent, key)


def test_a_rollover_is_asked_for_once_and_shown(rolling: Rolling) -> None:
    desk, node = rolling
    first = asked(desk)
    assert first.status_code == 201, first.text
    assert asked(desk).json() == first.json()
    (half,) = node.halves.values()
    assert isinstance(half, ReceivingHalf)
    assert half.identity is not None
    assert (half.identity.legal_name, half.identity.tax_number) == ("Machinist One", "123456702")
    assert half.letter is not None
    assert half.letter.account_title == "Trustee of Acme 401(k) Trust FBO Machinist One"
    line = first.json()["line"]
    assert (line["way"], line["state"], line["amount"]) == ("in", "data_requested", None)
    shown = desk.get(f"/v1/plans/{desk.plan_id}/rollovers/{line['rollover_id']}")
    assert {each["name"] for each in shown["told"]} >= {"source_account", "key", "deadline", "case"}
    assert "S-1001" not in str(shown)
    followed = desk.post(f"/v1/plans/{desk.plan_id}/rollovers/followed", {}, "look")
    assert [each["rollover_id"] for each in followed.json()["items"]] == [line["rollover_id"]]


def test_a_request_to_pay_is_answered_and_told_more_until_it_is_in_order(rolling: Rolling) -> None:
    desk, _ = rolling
    sent = {"employee_id": desk.employees[2], "case": "rlv_1", "facts": {"payment_on": "2026-06-05"}}
    answered = desk.post(f"/v1/plans/{desk.plan_id}/rollovers/released", sent, "answer")
    assert answered.status_code == 201, answered.text
    line = answered.json()["line"]
    assert (line["state"], [each["code"] for each in line["missing"]]) == ("nigo", ["277"])
    more = f"/v1/plans/{desk.plan_id}/rollovers/{line['rollover_id']}/facts"
    told = desk.post(more, {"facts": {"approved": True}}, "more")
    assert (told.status_code, told.json()["line"]["state"]) == (200, "prevalidated")
    wrong = desk.post(more, {"facts": {"approved": "perhaps", "colour": "red"}}, "wrong")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "facts_wrong")
    assert "approved: is true or false" in wrong.json()["detail"]


def test_what_is_not_taken_who_is_not_there_and_a_node_that_is_away_say_why(rolling: Rolling) -> None:
    desk, node = rolling
    assert asked(desk, "ira", wanted=[{"kind": "sep_ira", "into": "plan"}]).json()["code"] == "kind_not_taken"
    nobody = {"employee_id": "emp_" + "0" * 32, "facts": WISH}
    assert desk.post(f"/v1/plans/{desk.plan_id}/rollovers", nobody, "who").json()["code"] == "person_unknown"
    unknown = f"/v1/plans/{desk.plan_id}/rollovers/rol_{'0' * 32}"
    assert desk.client.get(unknown).status_code == 404
    assert desk.post(f"{unknown}/facts", {"facts": {}}, "none").status_code == 404
    node.away = True
    away = asked(desk, "away")
    assert (away.status_code, away.json()["code"]) == (502, "node_refused")
    node.away = False
    assert asked(desk, "away").status_code == 201  # the same again goes on where it was
    desk.world.rollovers = None  # type: ignore[assignment]
    without = asked(desk, "without")
    assert (without.status_code, without.json()["code"]) == (409, "no_node")


def came(desk: Desk) -> str:
    """A rollover that was asked for, and what came of it in the books."""
    rollover_id: str = asked(desk).json()["line"]["rollover_id"]
    db, plan_id = desk.world.db, PlanId.parse(desk.plan_id)
    core = plan_core(db, actor=TESTER, plan_id=plan_id, today=lambda: day_of(db.clock.now()))
    order = Order(bytes([1]) * 32, Side.RECEIVER, f"{desk.employees[1]}/{rollover_id}", (Part(0, 0, 300_00),))
    core.hold(order)
    core.post(order)
    return rollover_id


def test_what_should_not_have_come_is_determined_and_paid_back_once(rolling: Rolling) -> None:
    desk, _ = rolling
    at = f"/v1/plans/{desk.plan_id}/rollovers/{came(desk)}"
    early = desk.post(f"{at}/paid-back", {"withheld": "0.00"}, "early")
    assert (early.status_code, early.json()["code"]) == (422, "not_determined")
    wrong = desk.post(f"{at}/invalid", {"why": "mood", "detail": "-", "legs": {"0": "1.00"}}, "wrong")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "facts_wrong")
    said = {"why": "required_minimum", "detail": "the payer's letter", "legs": {"0": "100.00"}}
    found = desk.post(f"{at}/invalid", said, "found")
    assert found.status_code == 200, found.text
    invalid = found.json()["invalid"]
    assert (invalid["total"], invalid["paid_on"], invalid["waits_days"]) == ("100.00", None, 0)
    odd = desk.post(f"{at}/paid-back", {"withheld": "0.00", "earnings": {"gold": "1.00"}}, "odd")
    assert odd.json()["code"] == "facts_wrong"
    paid = desk.post(f"{at}/paid-back", {"withheld": "10.00"}, "pay")
    assert (paid.status_code, paid.json()["invalid"]["withheld"]) == (200, "10.00")
    assert desk.post(f"{at}/paid-back", {"withheld": "10.00"}, "pay").json() == paid.json()
    unknown = f"/v1/plans/{desk.plan_id}/rollovers/rol_{'0' * 32}/invalid"
    assert desk.post(unknown, said, "none").status_code == 404


def test_an_explanation_is_put_once_listed_and_goes_along_with_what_is_paid(rolling: Rolling) -> None:
    desk, node = rolling
    at = f"/v1/plans/{desk.plan_id}/rollover-explanations"
    words = b"Your rollover options, in plain text."
    sent = {"title": "Your rollover options", "version": "2026", "of_roth": True, "of_other": True}
    made = desk.post(at, sent | {"content": base64.b64encode(words).decode()}, "paper")
    assert made.status_code == 201, made.text
    assert desk.post(at, sent | {"content": base64.b64encode(words).decode()}, "paper").json() == made.json()
    for content, code in (("no base64!", "invalid"), (base64.b64encode(b"<p>HTML").decode(), "facts_wrong")):
        wrong = desk.post(at, sent | {"content": content}, f"wrong {code}")
        assert (wrong.status_code, wrong.json()["code"]) == (422, code)
    assert [each["given_now"] for each in desk.get(at)["items"]] == [True]
    answer = {"employee_id": desk.employees[2], "case": "rlv_1", "facts": {"payment_on": "2026-06-05"}}
    desk.post(f"/v1/plans/{desk.plan_id}/rollovers/released", answer, "answer")
    assert node.papers["rlv_1"].content == words
    half = node.halves["rlv_1"]
    assert isinstance(half, ReleasingHalf)
    assert half.explanation_hash == bytes.fromhex(made.json()["fingerprint"])
