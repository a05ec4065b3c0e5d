"""What a process keeps between transactions: for one edition, within a weight, the least asked for gone first."""

from contextlib import ExitStack

from tests.support.database import START, TESTER, Served, connect

from open401k.base.db import Kept
from open401k.kernel import FixedClock

FIRST, SECOND = 1, 2


def test_a_value_is_good_for_its_own_edition_only() -> None:
    kept = Kept(10)
    kept.put("roster", FIRST, "people", 1)
    assert kept.get("roster", FIRST) == "people"
    assert kept.get("roster", SECOND) is None
    kept.put("roster", SECOND, "other people", 1)
    assert kept.get("roster", FIRST) is None
    assert kept.get("roster", SECOND) == "other people"


def test_the_value_not_asked_for_longest_makes_room() -> None:
    kept = Kept(10)
    kept.put("a", FIRST, "a", 4)
    kept.put("b", FIRST, "b", 4)
    assert kept.get("a", FIRST) == "a"
    kept.put("c", FIRST, "c", 4)
    assert [kept.get(key, FIRST) for key in "abc"] == ["a", None, "c"]


def test_a_value_heavier_than_all_together_is_not_kept_and_its_older_edition_goes() -> None:
    kept = Kept(10)
    kept.put("a", FIRST, "a", 4)
    kept.put("a", SECOND, "larger", 11)
    assert kept.get("a", FIRST) is kept.get("a", SECOND) is None
    kept.put("b", FIRST, "b", 10)  # nothing of the one that went still counts
    assert kept.get("b", FIRST) == "b"


def test_a_new_connection_may_be_to_a_restored_server_so_everything_is_forgotten(postgres: Served) -> None:
    with connect(postgres.urls.app, FixedClock(START)) as db, db.begin(TESTER, tenants=[]) as tx:
        assert tx.kept is not None
        tx.kept.put("roster", FIRST, "people", 1)
        with ExitStack() as more:
            for _ in range(5):  # more at once than the pool begins with
                more.enter_context(db.begin(TESTER, tenants=[]))
        assert tx.kept.get("roster", FIRST) is None
