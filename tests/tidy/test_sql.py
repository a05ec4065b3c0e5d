"""Where SQL may be and what it may name."""

import re

from tests.tidy.tree import check, floors, height, is_sql, migrations, modules, strings, without_comments

NAMED = re.compile(r"(?<![\w.'\"])([a-z_]+)\.([a-z_][a-z0-9_]*)")
ALIAS = re.compile(
    r"(?:\bfrom|\bjoin|,)\s+(?:lateral\s+)?[\w.]+(?:\([^)]*\))?\s+(?:as\s+)?([a-z_]+)\b|\bas\s+([a-z_]+)\b"
)


def test_sql_lives_in_stores() -> None:
    """SQL stands in a room's ``_store.py`` (and in ``base``, which is the database).

    Why: a reviewer of a room's tables reads one file.
    Escape: move it there. Flows hold none: they call rooms.
    """
    violations = {
        f"{module.place}:{line}": "SQL outside a _store.py"
        for module in modules()
        if module.room != "base" and not module.is_store
        for line, text in strings(module)
        if is_sql(text)
    }
    check("sql", violations)


def test_flows_ask_rooms_not_tables() -> None:
    """A flow never calls ``tx.rows``, ``tx.one``, ``tx.maybe`` or ``tx.run``.

    Why: a story that reads tables knows too much.
    Escape: a verb of the room that owns the table.
    """
    asks = re.compile(r"\btx\.(rows|one|maybe|run|conn)\b")
    violations = {
        f"{module.place}:{number}": line.strip()
        for module in modules()
        if module.room == "flows"
        for number, line in enumerate(module.text.splitlines(), 1)
        if asks.search(line)
    }
    check("flow", violations)


def test_a_store_names_its_own_tables_and_views_of_lower_floors() -> None:
    """Own schema, or ``<lower room>.<noun>_v``. Why: a private table can be changed by its room alone.

    Escape: the owner publishes a view, with ``security_invoker``, in its migration.
    """
    violations = {}
    for module in modules():
        if not module.is_store:
            continue
        for line, text in strings(module):
            if is_sql(text):
                for schema, noun in _foreign(module.room, text):
                    violations[f"{module.place}:{line}:{schema}.{noun}"] = "not its own, not a view of a lower floor"
    check("store", violations)


def _foreign(room: str, sql: str) -> list[tuple[str, str]]:
    """What a statement of ``room`` names and should not."""
    sql = without_comments(sql)
    aliases = {name for pair in ALIAS.findall(sql) for name in pair if name}
    named = [(s, n) for s, n in NAMED.findall(sql) if s in floors() and s not in aliases]
    return [(s, n) for s, n in named if s != room and not (n.endswith("_v") and height(s) < height(room))]


def test_foreign_keys_point_down() -> None:
    """A table refers to its own room's tables or to lower floors. Why: a lower room must not wait for a higher one.

    Escape: none; keep the id without the key and say in a comment who owns it.
    """
    violations = {}
    for place, room, sql in migrations():
        for schema, table in re.findall(r"\breferences\s+([a-z_]+)\.([a-z_0-9]+)", sql):
            if schema != room and not (schema in floors() and height(schema) < height(room)):
                violations[f"{place}:{schema}.{table}"] = f"{room} stands below {schema}"
    check("foreign key", violations)


def test_a_migration_changes_its_own_schema() -> None:
    """A migration creates and alters tables and views of one room.

    Why: who owns a table is then told by the file's name, ``NNNN_<room>.sql``.
    Escape: a second file for the other room.
    """
    violations = {}
    made = re.compile(
        r"\b(?:create|alter)\s+(?:or replace\s+)?(?:table|view)\s+(?:if not exists\s+)?([a-z_]+)\.([a-z_0-9]+)"
    )
    for place, room, sql in migrations():
        for schema, table in made.findall(sql):
            if schema != room:
                violations[f"{place}:{schema}.{table}"] = f"this file is {room}'s"
    check("migration", violations)


def test_a_migration_begins_with_its_reason() -> None:
    """The first line of each migration says why. Why: in ten years it is the only witness. Escape: none."""
    from tests.tidy.tree import ROOT

    check("reason", {p: "no reason on top" for p, _, _ in migrations() if not (ROOT / p).read_text().startswith("--")})


def _tables() -> dict[str, tuple[str, str]]:
    """Table -> place and body of its definition, over all migrations."""
    made = re.compile(r"\bcreate\s+table\s+(?:if not exists\s+)?([a-z_]+\.[a-z_0-9]+)\s*\(([\s\S]*?)\n\)")
    return {name: (place, body) for place, _, sql in migrations() for name, body in made.findall(sql)}


def test_every_tenant_table_begins_with_its_tenant_and_is_walled() -> None:
    """tenant_id first in the table and its primary key; row security enabled, forced, with a policy.

    Why: rows of one sponsor live together (docs/decisions/0006), and one forgotten table shows everyone's.
    Escape: a global table has no ``tenant_id``; the few that exist are listed in ARCHITECTURE.md.
    """
    everything = "\n".join(sql for _, _, sql in migrations())
    violations = {}
    for table, (_place, body) in _tables().items():
        if not re.search(r"\btenant_id\s+uuid\b", body):
            continue
        if not re.match(r"\s*tenant_id\s+uuid\b", body):
            violations[f"{table}: first column"] = "is not tenant_id"
        key = re.search(r"primary key\s*\(\s*([a-z_]+)", body)
        if key is not None and key.group(1) != "tenant_id":
            violations[f"{table}: primary key"] = "does not begin with tenant_id"
        for needed in ("enable row level security", "force row level security"):
            if not re.search(rf"alter table\s+{re.escape(table)}\s[^;]*{needed}", everything):
                violations[f"{table}: {needed}"] = "missing"
        if not re.search(rf"create policy\s+\w+\s+on\s+{re.escape(table)}\b", everything):
            violations[f"{table}: policy"] = "missing"
    check("tenant", violations)


def test_views_for_other_rooms_keep_row_security() -> None:
    """``with (security_invoker = true)`` on each view.

    Why: a plain view runs with its owner's rights and shows every tenant.
    Escape: none.
    """
    view = re.compile(r"\bcreate\s+(?:or replace\s+)?view\s+([a-z_]+\.[a-z_0-9]+)\s*(.*?)\bas\b", re.DOTALL)
    violations = {
        name: "no security_invoker"
        for _, _, sql in migrations()
        for name, options in view.findall(sql)
        if not re.search(r"security_invoker\s*=\s*(true|on)", options)
    }
    check("view", violations)


def test_every_command_that_moves_money_has_a_key_in_the_table() -> None:
    """Journal entries and reservations are unique by (tenant_id, key).

    Why: a key that is only looked up is posted twice by two callers.
    Escape: none (docs/decisions/0011).
    """
    tables = {name: body for name, (_, body) in _tables().items()}
    unique = re.compile(
        r"(?:unique|primary key)\s*(?:nulls[a-z ]*)?\(\s*tenant_id\s*,\s*(?:\w+\s*,\s*)?(?:idempotency_)?key\b"
    )
    extra = {
        table
        for _, _, sql in migrations()
        for table, columns in re.findall(r"create unique index[\s\S]*?\bon\s+([a-z_.0-9]+)[^(]*\(([^)]*)\)", sql)
        if re.search(r"tenant_id[\s\S]*key", columns)
    }
    with_key = {name for name, body in tables.items() if re.search(r"\n\s*(idempotency_)?key\s+text", "\n" + body)}
    violations = {
        name: "its key is not unique" for name in with_key if not unique.search(tables[name]) and name not in extra
    }
    if any(name.startswith("ledger.") for name in tables) and not any(name.startswith("ledger.") for name in with_key):
        violations["ledger"] = "no table has a key"
    check("key", violations)
