"""Rollovers by commands: asked, listed, answered by a person, told more; what is wrong names its place."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.doors.cli.conftest import Run, Standing
from tests.doors.rolled import ROLLOVERS, WISH, MemoryNode

from open401k.doors.rolling import RolloverStories

PLAN, BY = ("--plan", "Acme Tool & Die 401(k) Plan"), ("--by", "roland@acme.example")


@pytest.fixture
def rolling(run: Run, wiring: Standing, tmp_path: Path) -> Iterator[Run]:
    """A plan that takes rollovers, and a node."""
    changes = tmp_path / "terms.json"
    changes.write_text(json.dumps({"rollovers": ROLLOVERS}))
    assert run("users", "add", BY[1], "--role", "sponsor", "--name", "Roland", "--sponsor", "Acme").code == 0
    amended = run("amend", changes, *PLAN, *BY, "--effective-on", "2026-01-01", "--why", "Rollovers.")
    assert amended.code == 0, amended.err
    wiring.given.rollovers = RolloverStories(wiring.given.db, MemoryNode())
    yield run
    wiring.given.rollovers = None


def test_a_rollover_is_asked_for_answered_and_told(rolling: Run, tmp_path: Path) -> None:
    wish, facts, more = (tmp_path / f"{name}.json" for name in ("wish", "facts", "more"))
    wish.write_text(json.dumps(WISH))
    facts.write_text(json.dumps({"payment_on": "2026-06-05"}))
    more.write_text(json.dumps({"approved": True}))
    lines = rolling("people", *PLAN, "--json").document["people"]
    one, other = lines[0]["employee_id"], lines[1]["employee_id"]
    asked = rolling("rollovers", "ask", one, "--facts", wish, "--key", "r1", *PLAN, "--json")
    assert asked.code == 0, asked.err
    assert asked.document["line"]["state"] == "data_requested"
    again = rolling("rollovers", "ask", one, "--facts", wish, "--key", "r1", *PLAN, "--json")
    assert again.document["line"]["rollover_id"] == asked.document["line"]["rollover_id"]
    sent = ("--facts", facts, "--key", "r2", "--case", "rlv_9", *BY)
    answered = rolling("rollovers", "release", other, *sent, *PLAN, "--json")
    assert answered.code == 0, answered.err
    which = answered.document["line"]["rollover_id"]
    assert "277 (source_plan tells)" in rolling("rollovers", "show", which, *PLAN).out
    told = rolling("rollovers", "tell", which, "--facts", more, *BY, *PLAN, "--json")
    assert told.code == 0, told.err
    assert told.document["line"]["state"] == "prevalidated"
    assert "Way" in rolling("rollovers", "follow", *PLAN).out
    listed = rolling("rollovers", "list", *PLAN, "--json").document
    assert {each["words"] for each in listed} == {
        "in order; the participant signs", "the other custodian is asked for its facts"
    }  # fmt: skip
    why = ("--why", "too_late", "--detail", "a letter", "--leg", "0=1.00")
    wrong = rolling("rollovers", "invalid", which, *why, *BY, *PLAN)
    assert "brought no money into the plan" in wrong.err
    assert "has no amount" in rolling("rollovers", "invalid", which, *why[:4], "--leg", "0", *BY, *PLAN).err
    paid = rolling("rollovers", "pay-back", which, "--withheld", "0.00", *BY, *PLAN)
    assert "Nobody determined" in paid.err
    wish.write_text("[1")
    assert "is not JSON" in rolling("rollovers", "ask", one, "--facts", wish, "--key", "r3", *PLAN).err
