"""What must be true before anything is served: server, roles, grants, row security, migrations, secrets.

In production any failure refuses to serve. Not here: the machine the software is installed on (``open401k doctor``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from open401k.kernel import Open401kError

from . import _catalog_store as _store
from .db import Actor, Database, Tx, pending
from .settings import Settings

OLDEST_SERVER = 15
#: Never updated, deleted or truncated by the application.
FACTS = (
    "base.audit",
    "base.event",
    "base.migration",
    "base.step",
    "ledger.entry",
    "ledger.line",
    "ledger.reservation",
    "ledger.reservation_end",
    "ledger.reservation_line",
)
_DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: whether it is right, what was found, and what to do if not."""

    name: str
    ok: bool
    what: str
    fix: str = ""


def inspect(db: Database, settings: Settings) -> list[Check]:
    """Look at everything, and change nothing."""
    with db.begin(Actor(kind="system", id="selfcheck", why="start"), tenants=[]) as tx:
        found = [check(tx) for check in _DATABASE_CHECKS]
    return [*found, _master_key(settings), _transport(settings), _address(settings)]


def refuse_if_unsafe(checks: Sequence[Check], settings: Settings) -> None:
    """Stop a production start when a check failed, naming every failure and its fix."""
    failed = [check for check in checks if not check.ok]
    if settings.production and failed:
        told = "\n".join(f"- {check.name}: {check.what} {check.fix}" for check in failed)
        raise Open401kError(f"Not fit for production:\n{told}", fix="Then start again.")


def signature_known(tx: Tx) -> bool:
    """Whether the database verifies our signature; where it does not, it shows us no sponsor at all."""
    return _store.knows_our_signature(tx)


def _server_version(tx: Tx) -> Check:
    number = tx.conn.info.server_version
    shown = f"PostgreSQL {number // 10_000}.{number % 10_000}"
    return Check("server version", number >= OLDEST_SERVER * 10_000, shown, f"PostgreSQL {OLDEST_SERVER} or newer.")


def _durability(tx: Tx) -> Check:
    off = [name for name in _DURABLE if _store.setting(tx, name) != "on"]
    what = f"{', '.join(off)} off: a crash loses postings." if off else "Every commit is on disk before it is answered."
    return Check("durability", not off, what, "Set them on in postgresql.conf.")


def _checksums(tx: Tx) -> Check:
    on = _store.setting(tx, "data_checksums") == "on"
    what = "Damaged pages are noticed." if on else "off: a damaged page is read as if it were right."
    return Check("data checksums", on, what, "Stop the server and run pg_checksums --enable.")


def _role(tx: Tx) -> Check:
    superuser, bypasses, owns = _store.role(tx)
    bad = [
        what
        for what, is_so in (
            ("a superuser", superuser),
            ("free of row security", bypasses),
            ("an owner of tables", owns),
        )
        if is_so
    ]
    what = (
        f"The application's role is {' and '.join(bad)}." if bad else "The application's role has no more than grants."
    )
    return Check("role", not bad, what, "Connect as open401k_app.")


def _grants(tx: Tx) -> Check:
    loose = [f"{verb} on {table}" for table, verb in _store.loose_grants(tx, FACTS)]
    what = f"The application may {', '.join(loose)}." if loose else "Journal and audit trail are append-only."
    return Check("grants", not loose, what, "Revoke them from open401k_app.")


def _row_security(tx: Tx) -> Check:
    bare = _store.tables_without_row_security(tx)
    what = f"Missing or not forced on {', '.join(bare)}." if bare else "Forced on every table with a tenant."
    return Check("row security", not bare, what, "alter table ... enable, force row level security; create policy.")


def _views(tx: Tx) -> Check:
    loose = _store.views_with_owners_rights(tx)
    what = f"{', '.join(loose)} read with their owner's rights." if loose else "Every view reads as its caller."
    return Check("views", not loose, what, "alter view ... set (security_invoker = true); no materialized views.")


def _functions(tx: Tx) -> Check:
    extra = sorted(set(_store.definer_functions(tx)) - _MAY_DEFINE)
    what = (
        f"{', '.join(extra)} run with their owner's rights." if extra else "Only those that verify tenants (ADR-0006)."
    )
    return Check("functions", not extra, what, "Make them security invoker.")


def _migrations(tx: Tx) -> Check:
    waiting = pending(tx.conn)
    what = f"{len(waiting)} to apply, from {waiting[0]} on." if waiting else "All applied."
    return Check("migrations", not waiting, what, "Run: open401k migrate")


def _signing_key(tx: Tx) -> Check:
    known = _store.knows_our_signature(tx)
    what = "The database verifies our signature." if known else "The database does not know our signing key."
    return Check("tenant signature", known, what, "Run: open401k migrate")


def _master_key(settings: Settings) -> Check:
    if settings.key_is_given:
        return Check("master key", True, "Given by the operator.")
    what = f"{settings.key_file} lies beside the data it protects: who copies one copies both."
    return Check("master key", not settings.production, what, "Set OPEN401K_MASTER_KEY or OPEN401K_MASTER_KEY_FILE.")


def _transport(settings: Settings) -> Check:
    url = settings.database_url or ""
    safe = not settings.production or "sslmode=verify-full" in url or "host=/" in url or "host=%2F" in url
    what = "Over a socket or TLS." if safe else "The way to the database is not verified to be encrypted."
    return Check("connection", safe, what, "In production use your own server with sslmode=verify-full.")


def _address(settings: Settings) -> Check:
    """Passkeys belong to a host name, and cookies are marked for TLS by it."""
    safe = not settings.production or (settings.origin or "").startswith("https://")
    what = f"Browsers come by {settings.origin}." if settings.origin else "No address for browsers is set."
    return Check("address", safe, what, "Set OPEN401K_ORIGIN to the https address of the proxy in front.")


_MAY_DEFINE = {"base.signed_tenants", "base.allows_every_tenant", "base.allowed_tenants"}
_DATABASE_CHECKS: tuple[Callable[[Tx], Check], ...] = (
    _server_version,
    _durability,
    _checksums,
    _role,
    _grants,
    _row_security,
    _views,
    _functions,
    _migrations,
    _signing_key,
)
