"""Databases of nodes for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tests.support.database import Served

from open401k.base.secrets import MasterKeys
from open401k.kernel import SeededRandom
from open401k.rails.node.cases import Cases
from open401k.rails.node.kept import KeptCases, migrate
from open401k.rails.node.kept_deals import KeptDeals
from open401k.rails.node.sealing import Sealing

NUMBERS = count()
Kept = Callable[[str], Cases]
NewDatabase = Callable[[], str]


@pytest.fixture(scope="session")
def migrated(postgres: Served) -> str:
    """A database with the tables of a node, of which each test takes copies."""
    with psycopg.connect(postgres.urls.superuser, autocommit=True) as conn:
        # Where another folder takes this fixture too, the second finds what the first made.
        is_new = conn.execute("select 1 from pg_database where datname = 'node_empty'").fetchone() is None
        if is_new:
            conn.execute("create database node_empty")
    url = make_conninfo(postgres.urls.superuser, dbname="node_empty")
    if is_new:
        assert migrate(url)[:4] == ["0001_node", "0002_keys", "0003_off_rail", "0004_deals"]
    assert migrate(url) == []
    return url


@pytest.fixture
def another_database(postgres: Served, migrated: str) -> NewDatabase:
    """Each time another database of a node, by its address."""
    return lambda: new_database(postgres)


@pytest.fixture
def kept(postgres: Served, migrated: str) -> Iterator[Kept]:
    """Case files in a new database."""
    made: list[KeptCases] = []

    def make(_: str) -> Cases:
        made.append(KeptCases(new_database(postgres)))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def kept_deals(postgres: Served, migrated: str) -> Iterator[Callable[[str, Callable[[], int]], KeptDeals]]:
    """Deals in a new database."""
    made: list[KeptDeals] = []

    def make(_: str, now: Callable[[], int]) -> KeptDeals:
        random = SeededRandom(len(made))
        sealing = Sealing(MasterKeys.generate(random), random)
        made.append(KeptDeals(new_database(postgres), sealing=sealing, now=now))
        return made[-1]

    yield make
    for each in made:
        each.close()


def new_database(postgres: Served) -> str:
    """The address of a database with the tables of a node."""
    name = f"node_{next(NUMBERS)}"
    with psycopg.connect(postgres.urls.superuser, autocommit=True) as conn:
        conn.execute(f"create database {name} template node_empty")
    return make_conninfo(postgres.urls.superuser, dbname=name)
