"""Many sessions at once, and connections that die when it hurts most."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from tests.rooms.ledger.books import Books
from tests.support.database import TESTER, Begin

from open401k.base import faults
from open401k.base.db import Tx
from open401k.kernel import Refused
from open401k.ledger import Posted, Refusal

SESSIONS = 8


def at_once(work: Callable[[int], object]) -> list[object]:
    """Run it in eight threads that start together."""
    start = threading.Barrier(SESSIONS)

    def one(number: int) -> object:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(SESSIONS) as pool:
        return list(pool.map(one, range(SESSIONS)))


def test_eight_sessions_with_one_key_have_one_effect(books: Books, begin: Begin) -> None:
    def work(_: int) -> object:
        with begin() as tx:
            return books.post(tx, "run", ("receivable", "one pre-tax", 100))

    answers = at_once(work)
    assert all(isinstance(answer, Posted) for answer in answers)
    assert len({answer.entry_id for answer in answers if isinstance(answer, Posted)}) == 1
    assert [answer.already for answer in answers if isinstance(answer, Posted)].count(False) == 1
    with begin() as tx:
        assert books.balances(tx) == {"receivable": 100, "one pre-tax": 100}
        assert books.verify(tx).ok


def test_eight_sessions_that_want_the_same_money_share_what_there_is(books: Books, begin: Begin) -> None:
    with begin() as tx:
        books.post(tx, "run", ("receivable", "one pre-tax", 100))

    def work(number: int) -> object:
        with begin() as tx:
            return books.post(tx, f"out {number}", ("one pre-tax", "cash", 30), reason="distribution")

    answers = at_once(work)
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert len(refused) == SESSIONS - 3
    assert {answer.reason for answer in refused} == {Refusal.BALANCE_TOO_LOW}
    with begin() as tx:
        assert books.balances(tx)["one pre-tax"] == 10
        assert books.verify(tx).ok


def test_sessions_that_touch_the_same_accounts_in_any_order_do_not_deadlock(books: Books, begin: Begin) -> None:
    forth = [("receivable", "one pre-tax", 1), ("cash", "one match", 1), ("opening", "two pre-tax", 1)]

    def work(number: int) -> object:
        for turn in range(5):
            with begin() as tx:
                moves = forth if number % 2 else forth[::-1]
                assert isinstance(books.post(tx, f"{number}/{turn}", *moves), Posted)
        return None

    at_once(work)
    with begin() as tx:
        checked = books.verify(tx)
        assert (checked.ok, checked.entries) == (True, 5 * SESSIONS)


class LostAnswerError(Exception):
    """The connection went away after the commit."""


def test_a_commit_whose_answer_is_lost_is_answered_on_repeat(books: Books, begin: Begin) -> None:
    def lose() -> None:
        raise LostAnswerError

    seen: list[Posted] = []

    def post(tx: Tx) -> None:
        answer = books.post(tx, "run", ("receivable", "one pre-tax", 100))
        assert isinstance(answer, Posted)
        seen.append(answer)

    faults.arm("base.after_commit", lose)
    try:
        with pytest.raises(LostAnswerError), begin() as tx:
            post(tx)
    finally:
        faults.disarm("base.after_commit")
    with begin() as tx:
        post(tx)
        assert seen[1] == Posted(seen[0].entry_id, already=True)
        assert books.balances(tx) == {"receivable": 100, "one pre-tax": 100}


@pytest.mark.parametrize("point", ["ledger.after_lines_before_balances", "base.before_commit"])
def test_a_connection_killed_before_the_commit_leaves_nothing(books: Books, begin: Begin, point: str) -> None:
    backend: list[int] = []

    def kill() -> None:
        with psycopg.connect(books.db.url, autocommit=True) as other:
            other.execute("select pg_terminate_backend(%s)", [backend[0]])

    def post() -> None:
        with books.db.begin(TESTER, tenants=[books.tenant_id]) as tx:
            backend.append(tx.conn.info.backend_pid)
            books.post(tx, "run", ("receivable", "one pre-tax", 100))

    faults.arm(point, kill)
    try:
        with pytest.raises(psycopg.OperationalError):
            post()
    finally:
        faults.disarm(point)
    with begin() as tx:
        assert books.balances(tx) == {}
        again = books.post(tx, "run", ("receivable", "one pre-tax", 100))
        assert isinstance(again, Posted)
        assert not again.already
        assert books.balances(tx) == {"receivable": 100, "one pre-tax": 100}
        assert books.verify(tx).ok
