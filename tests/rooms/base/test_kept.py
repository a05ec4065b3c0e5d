"""What a process keeps between transactions: within a weight, the least asked for gone first."""

from contextlib import ExitStack

from tests.support.database import START, TESTER, Served, connect

from open401k.base.db import Kept
from open401k.kernel import FixedClock


def test_a_value_takes_the_place_of_the_one_before() -> None:
    kept = Kept(10)
    kept.put("roster", "people", 1)
    assert kept.get("roster") == "people"
    kept.put("roster", "other people", 1)
    assert kept.get("roster") == "other people"
    assert kept.get("wages") is None


def test_the_value_not_asked_for_longest_makes_room() -> None:
    kept = Kept(10)
    kept.put("a", "a", 4)
    kept.put("b", "b", 4)
    assert kept.get("a") == "a"
    kept.put("c", "c", 4)
    assert [kept.get(key) for key in "abc"] == ["a", None, "c"]


def test_a_value_heavier_than_all_together_is_not_kept_and_the_one_before_goes() -> None:
    kept = Kept(10)
    kept.put("a", "a", 4)
    kept.put("a", "larger", 11)
    assert kept.get("a") is None
    kept.put("b", "b", 10)  # nothing of the one that went still counts
    assert kept.get("b") == "b"


def test_a_new_connection_may_be_to_a_restored_server_so_everything_is_forgotten(postgres: Served) -> None:
    with connect(postgres.urls.app, FixedClock(START)) as db, db.begin(TESTER, tenants=[]) as tx:
        assert tx.kept is not None
        tx.kept.put("roster", "people", 1)
        with ExitStack() as more:
            for _ in range(5):  # more at once than the pool begins with
                more.enter_context(db.begin(TESTER, tenants=[]))
        assert tx.kept.get("roster") is None
