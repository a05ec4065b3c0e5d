"""The SQL of wrapped data keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString, Protocol
from uuid import UUID


class _Rows(Protocol):
    now: datetime

    def rows(self, sql: LiteralString, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...
    def run(self, sql: LiteralString, params: Sequence[Any] = ()) -> int: ...


def data_keys(tx: _Rows, tenant_id: UUID) -> list[tuple[int, str, bytes]]:
    """Every data key of the tenant: number, id of the master key that wraps it, wrapped bytes."""
    rows = tx.rows(
        """
        select key_no, kek_id, wrapped
        from base.data_key
        where tenant_id = %s
        order by key_no
        """,
        [tenant_id],
    )
    return [(key_no, kek_id, wrapped) for key_no, kek_id, wrapped in rows]


def wrapping_keys(tx: _Rows) -> list[str]:
    """The id of every master key that wraps a data key in sight."""
    return [row[0] for row in tx.rows("select distinct kek_id from base.data_key order by kek_id")]


def add_data_key(tx: _Rows, tenant_id: UUID, key_no: int, kek_id: str, wrapped: bytes) -> None:
    """Add a key unless a concurrent transaction was first."""
    tx.run(
        """
        insert into base.data_key (tenant_id, key_no, kek_id, wrapped, created_at)
        values (%s, %s, %s, %s, %s)
        on conflict do nothing
        """,
        [tenant_id, key_no, kek_id, wrapped, tx.now],
    )


def rewrap(tx: _Rows, tenant_id: UUID, key_no: int, kek_id: str, wrapped: bytes) -> None:
    """Replace the wrapping of one key; the key inside stays the same."""
    tx.run(
        """
        update base.data_key
        set kek_id = %s, wrapped = %s
        where tenant_id = %s and key_no = %s
        """,
        [kek_id, wrapped, tenant_id, key_no],
    )
