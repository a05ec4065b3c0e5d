"""Reservations: what is set aside is not available, and ends once."""

from tests.rooms.ledger.books import PAY_DATE, Books
from tests.support.database import Begin

from open401k import ledger
from open401k.base.db import Tx
from open401k.kernel import Refused, ReservationId
from open401k.ledger import Posted, Refusal, Reserved, Voided

OUT = ("one pre-tax", "cash", 60)


def reserved(books: Books, tx: Tx, key: str = "hold") -> ReservationId:
    """Fund the account with 100 and set 60 aside."""
    assert isinstance(books.post(tx, "run", ("receivable", "one pre-tax", 100)), Posted)
    answer = books.reserve(tx, key, OUT)
    assert isinstance(answer, Reserved)
    return answer.reservation_id


def set_aside(books: Books, tx: Tx) -> dict[str, int]:
    found = ledger.balances(tx, tenant_id=books.tenant_id, plan_id=books.plan_id)
    names = {account.uuid: name for name, account in books.accounts.items()}
    return {names[account]: held for account, held in zip(found.account_id, found.reserved, strict=True) if held}


def post_reserved(books: Books, tx: Tx, reservation_id: ReservationId, key: str) -> Posted | Refused[Refusal]:
    return ledger.post_reserved(
        tx, tenant_id=books.tenant_id, reservation_id=reservation_id, key=key, event_on=PAY_DATE
    )


def void(books: Books, tx: Tx, reservation_id: ReservationId, key: str) -> Voided | Refused[Refusal]:
    return ledger.void(tx, tenant_id=books.tenant_id, reservation_id=reservation_id, key=key, reason="expired")


def reason_of(answer: object) -> Refusal:
    assert isinstance(answer, Refused)
    assert isinstance(answer.reason, Refusal)
    return answer.reason


def test_what_is_reserved_is_not_available(books: Books, begin: Begin) -> None:
    with begin() as tx:
        reserved(books, tx)
        assert set_aside(books, tx) == {"one pre-tax": 60, "cash": 60}
        assert books.balances(tx) == {"receivable": 100, "one pre-tax": 100}
        assert reason_of(books.post(tx, "out", ("one pre-tax", "cash", 41))) is Refusal.BALANCE_TOO_LOW
        assert reason_of(books.reserve(tx, "more", ("one pre-tax", "cash", 41))) is Refusal.BALANCE_TOO_LOW
        assert isinstance(books.post(tx, "out", ("one pre-tax", "cash", 40)), Posted)
        assert books.verify(tx).ok


def test_posting_takes_exactly_what_was_reserved_once(books: Books, begin: Begin) -> None:
    with begin() as tx:
        found = reserved(books, tx)
    with begin() as tx:
        first = post_reserved(books, tx, found, "settle")
        assert isinstance(first, Posted)
        assert set_aside(books, tx) == {}
        assert books.balances(tx) == {"receivable": 100, "one pre-tax": 40, "cash": -60}
    with begin() as tx:
        assert post_reserved(books, tx, found, "settle") == Posted(first.entry_id, already=True)
        assert reason_of(post_reserved(books, tx, found, "settle again")) is Refusal.RESERVATION_ENDED
        assert reason_of(void(books, tx, found, "void")) is Refusal.RESERVATION_ENDED
        assert reason_of(void(books, tx, found, "settle")) is Refusal.KEY_REUSED
        assert books.balances(tx)["one pre-tax"] == 40
        assert books.verify(tx).ok


def test_voiding_gives_everything_back_once(books: Books, begin: Begin) -> None:
    with begin() as tx:
        found = reserved(books, tx)
        assert void(books, tx, found, "void") == Voided(found)
        assert void(books, tx, found, "void") == Voided(found, already=True)
        assert set_aside(books, tx) == {}
        assert reason_of(post_reserved(books, tx, found, "settle")) is Refusal.RESERVATION_ENDED
        assert reason_of(void(books, tx, found, "void again")) is Refusal.RESERVATION_ENDED
        assert isinstance(books.post(tx, "out", ("one pre-tax", "cash", 100)), Posted)
        assert books.verify(tx).ok


def test_reserving_twice_with_one_key_reserves_once(books: Books, begin: Begin) -> None:
    with begin() as tx:
        found = reserved(books, tx)
    with begin() as tx:
        assert books.reserve(tx, "hold", OUT) == Reserved(found, already=True)
        assert reason_of(books.reserve(tx, "hold", ("one pre-tax", "cash", 61))) is Refusal.KEY_REUSED
        assert set_aside(books, tx)["one pre-tax"] == 60


def test_the_first_answer_stays_after_the_reservation_ended(books: Books, begin: Begin) -> None:
    with begin() as tx:
        found = reserved(books, tx)
        void(books, tx, found, "void")
        assert books.reserve(tx, "hold", OUT) == Reserved(found, already=True)
        assert set_aside(books, tx) == {}


def test_an_unknown_reservation_is_refused(books: Books, begin: Begin) -> None:
    with begin() as tx:
        stranger = tx.ids.new(ReservationId)
        assert reason_of(post_reserved(books, tx, stranger, "settle")) is Refusal.RESERVATION_UNKNOWN
        assert reason_of(void(books, tx, stranger, "void")) is Refusal.RESERVATION_UNKNOWN


def test_a_refused_reservation_leaves_nothing(books: Books, begin: Begin) -> None:
    with begin() as tx:
        assert reason_of(books.reserve(tx, "hold", OUT)) is Refusal.BALANCE_TOO_LOW
        assert reason_of(books.reserve(tx, "hold", ("cash", "one units", 5))) is Refusal.ASSET_MISMATCH
        checked = books.verify(tx)
        assert (checked.reservations, checked.ok) == (0, True)
