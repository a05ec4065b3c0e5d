"""Two transactions on one family of cases, over two connections; and the order that a transaction keeps."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from threading import Thread

import psycopg
import pytest
from tests.rails.node.deal_nodes import both
from tests.rails.world import founded

from open401k.rails.node.core import Side, SilentError
from open401k.rails.node.kept_deals import KeptDeals
from open401k.rails.node.lineage import newest_of, next_reference
from open401k.rails.node.locking import Locked, LockOrderWarning, in_order
from open401k.rails.node.opening import given_back, open_case, stands_for

NewDeals = Callable[[str, Callable[[], int]], KeptDeals]
WAITS = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"


@pytest.fixture
def files(kept_deals: NewDeals) -> KeptDeals:
    """A case, and its next proposal."""
    two = both(founded(), kept_deals)
    two.ask()
    found = two.receiver.files
    assert isinstance(found, KeptDeals)
    with found.begin() as unit:
        first = unit.deal("case")
        open_case(unit, "next", side=Side.RECEIVER, account="account at receiver", parent="case")
        unit.add_deal(replace(first, case="next", reference=next_reference(first)))
    return found


def test_who_stops_the_first_proposal_and_who_agrees_on_the_next_do_not_wait_each_for_the_other(
    files: KeptDeals,
) -> None:
    other = KeptDeals(files.url, sealing=files.sealing, now=files.now)
    done: list[object] = []

    def agrees() -> None:
        try:
            with other.begin() as unit:
                case = unit.case("next")
                done.append("has the next")
                done.append(given_back(unit, case, bytes(32)))  # looks at all before it
        except SilentError as why:  # of two that wait for each other the database stops one
            done.append(why)

    thread = Thread(target=agrees)
    with files.begin() as unit, psycopg.connect(files.url, autocommit=True) as beside:
        first = unit.deal("case")
        thread.start()
        while not done and not beside.execute(WAITS).fetchall():
            assert thread.is_alive()
        assert newest_of(unit, first).case == "next"
    thread.join()
    other.close()
    assert done == ["has the next", None]


def test_two_who_hold_the_same_cases_lock_them_in_one_order(files: KeptDeals) -> None:
    with files.begin() as unit:
        for name in ("b", "a"):
            open_case(unit, name, side=Side.RECEIVER, account="account at receiver")
        open_case(unit, "0 follows b", side=Side.RECEIVER, account="account at receiver", parent="b")
    with files.begin() as unit, psycopg.connect(files.url) as conn:
        unit.hold("0 follows b", "a", "not there")
        assert _locked(conn) == {"a", "b"}
        unit.put_event("a", "told")
        unit.put_event("0 follows b", "told")


def test_whoever_takes_a_family_out_of_order_or_after_an_event_is_told(files: KeptDeals) -> None:
    with files.begin() as unit:
        for name in ("b", "a"):
            open_case(unit, name, side=Side.RECEIVER, account="account at receiver")
    with files.begin() as unit:
        unit.case("b")
        with pytest.raises(LockOrderWarning, match="the family of a was locked after the family of b"):
            unit.case("a")
    with files.begin() as unit:
        unit.put_event("a", "told")
        with pytest.raises(LockOrderWarning, match="after the turn to write events"):
            unit.case("b")


def test_what_stands_for_a_forgotten_one_comes_last() -> None:
    forgotten = stands_for(bytes(32))
    assert in_order([forgotten, "source-2", "receiver-1", "source-2"]) == ["receiver-1", "source-2", forgotten]
    locked = Locked()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for each in ("receiver-1", "source-2", forgotten):
            locked.note(each, each)


def _locked(conn: psycopg.Connection[tuple[object, ...]]) -> set[object]:
    """Files that somebody else has locked."""
    names = {name for (name,) in conn.execute("select case_id from node.case_file").fetchall()}
    free = conn.execute("select case_id from node.case_file for update skip locked").fetchall()
    conn.rollback()
    return names - {name for (name,) in free}
