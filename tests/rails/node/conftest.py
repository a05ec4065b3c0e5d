"""Databases of nodes for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tests.support.database import Served

from open401k.rails.node.cases import Cases
from open401k.rails.node.kept import KeptCases, migrate

NUMBERS = count()
Kept = Callable[[str], Cases]
NewDatabase = Callable[[], str]


@pytest.fixture(scope="session")
def migrated(postgres: Served) -> str:
    """A database with the tables of a node, of which each test takes copies."""
    with psycopg.connect(postgres.urls.superuser, autocommit=True) as conn:
        conn.execute("create database node_empty")
    url = make_conninfo(postgres.urls.superuser, dbname="node_empty")
    assert migrate(url)[:3] == ["0001_node", "0002_keys", "0003_off_rail"]
    assert migrate(url) == []
    return url


@pytest.fixture
def new_database(postgres: Served, migrated: str) -> NewDatabase:
    """Another database of a node, by its address."""

    def make() -> str:
        name = f"node_{next(NUMBERS)}"
        with psycopg.connect(postgres.urls.superuser, autocommit=True) as conn:
            conn.execute(f"create database {name} template node_empty")
        return postgres.urls.superuser.replace("/postgres?", f"/{name}?")

    return make


@pytest.fixture
def kept(new_database: NewDatabase) -> Iterator[Kept]:
    """Case files in a new database."""
    made: list[KeptCases] = []

    def make(_: str) -> Cases:
        made.append(KeptCases(new_database()))
        return made[-1]

    yield make
    for each in made:
        each.close()
