"""A plan amended over HTTP and at the terminal: what is named changes, the past is settled, a repeat is once."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.doors.api.conftest import Desk
from tests.doors.world import ORIGIN

from open401k.base.access import Permission
from open401k.doors.amending import ProvisionsChanges
from open401k.doors.cli.found import provisions_in
from open401k.doors.cli.say import BadInputError
from open401k.kernel import SponsorId


@pytest.fixture
def paid(desk: Desk) -> Desk:
    """Everybody was paid on 9 January; it is the 21st."""
    desk.world.clock.advance_to(datetime(2026, 1, 9, 17, tzinfo=UTC))
    posted = desk.post("/v1/payroll-runs", {**desk.payroll(), "confirmed": True}, "pay")
    assert posted.json()["state"] == "posted", posted.text
    desk.world.clock.advance_to(datetime(2026, 1, 21, 17, tzinfo=UTC))
    return desk


def more_match(**changed: Any) -> dict[str, Any]:
    """All of 6 % instead of half of it, from the first of the year."""
    changes = {"match": {"tiers": [[10000, 600]]}}
    return {"effective_on": "2026-01-01", "why": "A better match.", "provisions": changes, **changed}


def test_what_is_named_changes_and_the_past_is_settled_once(paid: Desk) -> None:
    url = f"/v1/plans/{paid.plan_id}/amendments"
    first = paid.post(url, more_match(), "one")
    assert first.status_code == 201, first.text
    assert first.json()["credited"] == "300.00"  # each of three had 100.00 of 200.00, and has 200.00
    assert "A better match." in first.json()["origin"]
    assert paid.post(url, more_match(), "one").json() == first.json()
    assert paid.post(url, more_match(why="Another."), "one").json()["code"] == "key_reused"
    now = paid.get(f"/v1/plans/{paid.plan_id}")["provisions"]
    assert now["match"]["tiers"] == [[10000, 600]]
    assert now["eligibility"]["service_months"] == 12  # not named: as it was
    paid.world.clock.advance_to(datetime(2026, 1, 22, 17, tzinfo=UTC))
    lends = {"effective_on": "2026-01-22", "why": "Loans.", "provisions": {"loans": {"most_at_once": 2}}}
    assert paid.post(url, lends, "two").status_code == 201
    assert paid.get(f"/v1/plans/{paid.plan_id}")["provisions"]["loans"]["most_at_once"] == 2
    items = paid.get(url)["items"]
    assert [each["why"] for each in items] == ["adopted", "A better match.", "Loans."]
    assert any(each.startswith("loans") for each in items[-1]["changed"])


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"provisions": {"match": {"tiers": [[5000, 600]]}}}, "nothing_changes"),
        ({"provisions": {"match": {"tiers": [[1000, 600]]}}}, "cuts_contributions"),
        ({"provisions": {"eligibility": {"minimum_age": 25}}}, "not_allowed"),
        ({"provisions": {"adopted_on": "2020-01-01"}}, "invalid"),
        ({"provisions": {"maching": {}}}, "invalid"),
    ],
)
def test_what_may_not_be_amended_says_why_and_changes_nothing(paid: Desk, changed: dict[str, Any], code: str) -> None:
    url = f"/v1/plans/{paid.plan_id}/amendments"
    refused = paid.post(url, more_match(**changed), "x")
    assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
    assert [each["why"] for each in paid.get(url)["items"]] == ["adopted"]


def test_only_who_may_change_the_plan_amends_it(paid: Desk) -> None:
    key = paid.world.key(SponsorId.parse(paid.sponsor_id), Permission.PLAN_VIEW)
    url = f"/v1/plans/{paid.plan_id}/amendments"
    with TestClient(paid.app, base_url=ORIGIN, headers={"Authorization": f"Bearer {key}"}) as reader:
        assert reader.get(url).status_code == 200
        assert reader.post(url, json=more_match(), headers={"Idempotency-Key": "k"}).status_code == 403


def test_the_file_of_the_terminal_is_refused_by_its_place(tmp_path: Path) -> None:
    file = tmp_path / "changes.json"
    file.write_text(json.dumps({"match": {"tiers": "half"}}))
    with pytest.raises(BadInputError, match=r"match\.tiers"):
        provisions_in(file, ProvisionsChanges)
    file.write_text(json.dumps({"loans": {}}))
    assert provisions_in(file, ProvisionsChanges).model_fields_set == {"loans"}
