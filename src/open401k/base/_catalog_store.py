"""The SQL that reads PostgreSQL's own catalog: settings, roles, grants, policies. Never a row of a tenant."""

from collections.abc import Sequence

from .db import Tx


def setting(tx: Tx, name: str) -> str:
    """The value in force."""
    return str(tx.one("select current_setting(%s)", [name])[0])


def role(tx: Tx) -> tuple[bool, bool, bool]:
    """Whether we are a superuser, bypass row security, own (or may become the owner of) a table of ours."""
    row = tx.one(
        """
        select
            self.rolsuper,
            self.rolbypassrls,
            exists (
                select
                from pg_class as relation
                join pg_namespace as room on room.oid = relation.relnamespace
                where room.nspname !~ '^(pg_|information_schema)' and pg_has_role(self.oid, relation.relowner, 'member')
            )
        from pg_roles as self
        where self.rolname = current_user
        """
    )
    return bool(row[0]), bool(row[1]), bool(row[2])


def loose_grants(tx: Tx, tables: Sequence[str]) -> list[tuple[str, str]]:
    """What we may do to facts and must not; TRUNCATE on any table, and DELETE on any that has a tenant."""
    rows = tx.rows(
        """
        select room.nspname || '.' || relation.relname as name, verb
        from pg_class as relation
        join pg_namespace as room on room.oid = relation.relnamespace
        cross join unnest(array['update', 'delete', 'truncate']) as verb
        where relation.relkind in ('r', 'p')
          and room.nspname !~ '^(pg_|information_schema)'
          and (verb = 'truncate' or room.nspname || '.' || relation.relname = any (%s))
          and (
              has_table_privilege(relation.oid, verb)
              or (verb = 'update' and has_any_column_privilege(relation.oid, 'update'))
          )
        order by 1, 2
        """,
        [list(tables)],
    )
    return [(name, verb) for name, verb in rows]


def tables_without_row_security(tx: Tx) -> list[str]:
    """Tables with a tenant_id, partitions included, where it is not enabled, not forced or has no policy."""
    rows = tx.rows(
        """
        select room.nspname || '.' || relation.relname as name
        from pg_class as relation
        join pg_namespace as room on room.oid = relation.relnamespace
        join pg_attribute as field on field.attrelid = relation.oid and field.attname = 'tenant_id'
        where relation.relkind in ('r', 'p')
          and not field.attisdropped
          and room.nspname !~ '^(pg_|information_schema)'
          and not (
              relation.relrowsecurity
              and relation.relforcerowsecurity
              and exists (select from pg_policy as policy where policy.polrelid = relation.oid)
          )
        order by 1
        """
    )
    return [row[0] for row in rows]


def views_with_owners_rights(tx: Tx) -> list[str]:
    """Views that are not security_invoker, and every materialized view."""
    rows = tx.rows(
        """
        select room.nspname || '.' || relation.relname as name
        from pg_class as relation
        join pg_namespace as room on room.oid = relation.relnamespace
        where room.nspname !~ '^(pg_|information_schema)'
          and (
              relation.relkind = 'm'
              or (
                  relation.relkind = 'v'
                  and not coalesce(relation.reloptions && array['security_invoker=true', 'security_invoker=on'], false)
              )
          )
        order by 1
        """
    )
    return [row[0] for row in rows]


def definer_functions(tx: Tx) -> list[str]:
    """Functions that run with their owner's rights."""
    rows = tx.rows(
        """
        select room.nspname || '.' || routine.proname as name
        from pg_proc as routine
        join pg_namespace as room on room.oid = routine.pronamespace
        where routine.prosecdef and room.nspname !~ '^(pg_|information_schema)'
        order by 1
        """
    )
    return [row[0] for row in rows]


def knows_our_signature(tx: Tx) -> bool:
    """Whether the database accepts a set of every tenant that we sign, for the rest of this transaction."""
    if tx.one("select to_regprocedure('base.allows_every_tenant()')") == (None,):
        return False
    tx.run("select set_config('open401k.tenants', %s, true)", [tx.keyring.sign_tenants("*")])
    return bool(tx.one("select base.allows_every_tenant()")[0])
