"""Fixtures that every test may use: ``db``, ``clock``, ``tenant`` and ``begin``."""

import gc
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager

import pytest

from open401k.base.db import Database, Tx
from open401k.kernel import FixedClock, SponsorId
from tests.support.database import START, TESTER, Begin, Served, new_tenant, served


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nothing of what collecting eleven thousand tests makes is garbage before the end: none is looked for among it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Served]:
    """One embedded server for this test process (pytest-xdist: one for each worker)."""
    with served() as running:
        yield running


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at 5 January 2026, 15:00 UTC, and moves only when told to."""
    return FixedClock(START)


@pytest.fixture
def db(postgres: Served, clock: FixedClock) -> Database:
    """The database as the application's role, telling the time of ``clock``."""
    postgres.db.clock = clock
    return postgres.db


@pytest.fixture
def tenant(db: Database) -> SponsorId:
    """A fresh sponsor, its head open."""
    return new_tenant(db)


@pytest.fixture
def begin(db: Database, tenant: SponsorId) -> Begin:
    """``with begin() as tx:`` - a transaction that sees ``tenant``."""

    def start() -> AbstractContextManager[Tx]:
        return db.begin(TESTER, tenants=[tenant])

    return start
