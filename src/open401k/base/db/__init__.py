"""The database: the embedded server or any by URL, migrations, transactions with the tenants they may see."""

from .embedded import EmbeddedServer
from .kept import Kept
from .migrating import migrate, migrate_schema, pending
from .reaching import reach
from .roles import APP, Urls, adopt
from .transaction import ALL_TENANTS, MOST_KEPT, Actor, AllTenants, Database, Params, RolledBackError, Tx

__all__ = [
    "ALL_TENANTS",
    "APP",
    "MOST_KEPT",
    "Actor",
    "AllTenants",
    "Database",
    "EmbeddedServer",
    "Kept",
    "Params",
    "RolledBackError",
    "Tx",
    "Urls",
    "adopt",
    "migrate",
    "migrate_schema",
    "pending",
    "reach",
]
