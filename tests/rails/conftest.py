"""A founded network, and the database of a chain's operator, for tests."""

from __future__ import annotations

import psycopg
import pytest
from tests.rails.world import World, founded
from tests.support.database import Served

from open401k.rails.chain.durable import prepare


@pytest.fixture
def world() -> World:
    """A network with its members, their money and its first rules."""
    return founded()


@pytest.fixture
def database(postgres: Served) -> str:
    """An empty database of an operator."""
    with psycopg.connect(postgres.urls.superuser, autocommit=True) as conn:
        conn.execute("drop database if exists rails with (force)")
        conn.execute("create database rails")
    url = postgres.urls.superuser.replace("/postgres?", "/rails?")
    assert prepare(url) == ["0001_chain", "0002_empty_blocks"]
    assert prepare(url) == []
    return url
