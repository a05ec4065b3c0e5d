"""A chain that does not answer holds nothing of ours: it is asked before a transaction begins, never within."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import psycopg
import pytest
from tests.doors.node.test_api import Both, Side, _receiving, both  # noqa: F401 (a fixture)
from tests.rails.node.conftest import another_database, migrated  # noqa: F401 (fixtures)
from tests.rails.node.deal_nodes import PARTICIPANT, PARTS
from tests.rails.node.halves import releasing

from open401k.rails.node.asking_first import AskFirstError, asking_first, first
from open401k.rails.node.cases import State
from open401k.rails.node.codec import told


@dataclass
class Watched:
    """A node's way to the chain: at each question, which of the node's connections are within a transaction."""

    side: Side
    answers: Event = field(default_factory=Event)
    hangs: Event = field(default_factory=Event)
    asked: int = 0
    held: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.answers.set()
        chain: Any = self.side.doors.process.chain
        chain.call, chain.call_all = self._watched(chain.call), self._watched(chain.call_all)

    def _watched(self, ask: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*given: Any, **more: Any) -> Any:
            self.asked += 1
            with psycopg.connect(self.side.doors.process.files.url) as conn:
                rows = conn.execute(
                    "select query from pg_stat_activity where datname = current_database()"
                    # the server's own autovacuum begins transactions here whenever it likes
                    " and backend_type = 'client backend' and pid <> pg_backend_pid() and xact_start is not null"
                ).fetchall()
            self.held += [str(row) for row in rows]
            self.hangs.set()
            assert self.answers.wait(60)
            return ask(*given, **more)

        return watched


def until_signed(both: Both) -> tuple[str, str, dict[str, str]]:  # noqa: F811
    """Both cases, and the participant's signature, which nobody was given yet."""
    source, receiver = both.source, both.receiver
    body = {"source": both.nodes[0].identity.member.hex(), "receiving": told(_receiving(both))}
    case = receiver("POST", "/v1/rollovers", body).json()["case"]
    both.carry()
    (theirs,) = (each["case"] for each in source("GET", "/v1/rollovers").json()["rollovers"])
    source("PUT", f"/v1/rollovers/{theirs}/facts", told(releasing(*PARTS)))
    both.carry()
    digest = bytes.fromhex(receiver("GET", f"/v1/rollovers/{case}/election").json()["digest"])
    return case, theirs, {"signature": PARTICIPANT.sign(digest).hex()}


def test_from_a_wish_to_terms_and_again_the_chain_is_asked_while_nothing_is_held(both: Both) -> None:  # noqa: F811
    source, receiver = both.source, both.receiver
    ways = Watched(source), Watched(receiver)
    case, theirs, signed = until_signed(both)
    before = ways[1].asked
    assert receiver("POST", f"/v1/rollovers/{case}/election", signed).json()["state"] == "liquidating"
    assert ways[1].asked > before  # who attests, and by which key
    before = ways[0].asked
    both.carry()  # the source looks at both signatures
    assert source("POST", f"/v1/rollovers/{theirs}/ready", {}).json()["cents"] == 3_800_00
    assert ways[0].asked > before
    before = ways[1].asked
    both.carry()  # the receiver works the transfer file out, with the keys of both
    with receiver.doors.process.files.begin() as unit:
        assert unit.case(case).agreed
    assert ways[1].asked > before
    receiver("POST", f"/v1/rollovers/{case}/stop", {"code": 501})
    with receiver.doors.process.files.begin() as unit:
        unit.change(unit.case(case), unit.case(case).to(State.RELEASED))
    before = ways[1].asked
    assert receiver("POST", f"/v1/rollovers/{case}/again", {}).status_code == 201
    assert ways[1].asked > before  # the verdict on the proposal before
    assert [way.held for way in ways] == [[], []]


def test_while_the_chain_hangs_others_work_on_the_case(both: Both) -> None:  # noqa: F811
    receiver, way = both.receiver, Watched(both.receiver)
    case, _, signed = until_signed(both)
    way.answers.clear()
    way.hangs.clear()
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(receiver, "POST", f"/v1/rollovers/{case}/election", signed)
        assert way.hangs.wait(60)
        assert (
            receiver("POST", f"/v1/rollovers/{case}/notes", {"words": "we are waiting"}, key="note").status_code == 200
        )
        assert not waits.done()
        way.answers.set()
        assert waits.result(60).json()["state"] == "liquidating"
    assert way.held == []


def test_work_begins_anew_with_each_answer_and_asks_for_nothing_twice() -> None:
    begun, asked = [], []

    def ask(name: str) -> int:
        asked.append(name)
        return len(name)

    def work() -> int:
        begun.append(len(asked))
        return sum(first(name, lambda name=name: ask(name)) for name in ("one", "three", "one"))  # type: ignore[misc]

    assert asking_first(lambda: asking_first(work)) == 11
    assert (begun, asked) == ([0, 1, 2], ["one", "three"])
    assert work() == 11  # outside of such work it is asked at once
    with pytest.raises(ZeroDivisionError):
        asking_first(lambda: first("bad", lambda: 1 // 0))
    with pytest.raises(AssertionError, match="more than"):
        asking_first(lambda: first(object(), object))
    assert first("after", lambda: 1) == 1
    assert issubclass(AskFirstError, Exception)
