"""Databases of the programs of a network for trying, on one server."""

from __future__ import annotations

import psycopg
from psycopg import sql

from open401k.base.db import Urls


def new_database(urls: Urls, name: str) -> str:
    """A database that nothing else uses; how its program connects."""
    with psycopg.connect(urls.superuser, autocommit=True) as conn:
        conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        conn.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    place, _, rest = urls.superuser.rpartition("/")
    return f"{place}/{name}?{rest.partition('?')[2]}"
