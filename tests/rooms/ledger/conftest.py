"""``books``: the accounts of a small plan; ``begin``: a transaction of its tenant."""

from contextlib import AbstractContextManager

import pytest
from tests.rooms.ledger.books import Books, open_books
from tests.support.database import TESTER, Begin

from open401k.base.db import Database, Tx


@pytest.fixture
def books(db: Database) -> Books:
    """A small plan's books, empty."""
    return open_books(db)


@pytest.fixture
def begin(db: Database, books: Books) -> Begin:
    """A transaction that sees the books' tenant."""

    def start() -> AbstractContextManager[Tx]:
        return db.begin(TESTER, tenants=[books.tenant_id])

    return start
