"""The SQL of feedback files: the layout of a plan, files as they were made, the instruction of each row."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId


def terms(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> tuple[str, str] | None:
    """Layout and plan number that were chosen last."""
    row = tx.maybe(
        """
        select layout, plan_number
        from payroll.feedback_terms
        where tenant_id = %s and plan_id = %s
        order by terms_no desc
        limit 1
        """,
        [tenant_id, plan_id],
    )
    return None if row is None else (row[0], row[1])


def add_terms(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, layout: str, plan_number: str) -> None:
    """Append another choice."""
    tx.run(
        """
        insert into payroll.feedback_terms (tenant_id, plan_id, layout, plan_number, recorded_at, recorded_by)
        values (%s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, plan_id, layout, plan_number, tx.now, tx.actor.id],
    )


def last_number(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> int:
    """The number of the newest file; 0 where there is none."""
    (number,) = tx.one(
        "select coalesce(max(file_no), 0) from payroll.feedback_file where tenant_id = %s and plan_id = %s",
        [tenant_id, plan_id],
    )
    return int(number)


def add_file(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, file_id: UUID, columns: Sequence[Any]) -> None:
    """Insert a file: number, layout, name, hash, sealed bytes."""
    tx.run(
        """
        insert into payroll.feedback_file (
            tenant_id, feedback_file_id, plan_id, file_no, layout, name, sha256, sealed, recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, file_id, plan_id, *columns, tx.now, tx.actor.id],
    )


def add_lines(tx: Tx, *, tenant_id: SponsorId, file_id: UUID, instruction_ids: Sequence[UUID]) -> None:
    """Insert the instruction of each row, in the order of the file."""
    tx.run(
        """
        insert into payroll.feedback_line (tenant_id, feedback_file_id, line_no, instruction_id)
        select %s, %s, each.line_no, each.instruction_id
        from unnest(%s::uuid[]) with ordinality as each (instruction_id, line_no)
        """,
        [tenant_id, file_id, list(instruction_ids)],
    )


def files(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[tuple[Any, ...]]:
    """Files of a plan, the newest first: id, number, layout, name, rows, when, by whom."""
    return tx.rows(
        """
        select file.feedback_file_id, file.file_no, file.layout, file.name,
            (
                select count(*)
                from payroll.feedback_line as line
                where line.tenant_id = file.tenant_id and line.feedback_file_id = file.feedback_file_id
            ),
            file.recorded_at, file.recorded_by
        from payroll.feedback_file as file
        where file.tenant_id = %s and file.plan_id = %s
        order by file.file_no desc
        """,
        [tenant_id, plan_id],
    )


def sealed(tx: Tx, *, tenant_id: SponsorId, file_id: UUID) -> tuple[bytes, bytes]:
    """The hash of the bytes, and the bytes, sealed."""
    row = tx.one(
        "select sha256, sealed from payroll.feedback_file where tenant_id = %s and feedback_file_id = %s",
        [tenant_id, file_id],
    )
    return bytes(row[0]), bytes(row[1])


def lines(tx: Tx, *, tenant_id: SponsorId, file_id: UUID) -> list[UUID]:
    """The instruction of each row, in the order of the file."""
    rows = tx.rows(
        """
        select instruction_id
        from payroll.feedback_line
        where tenant_id = %s and feedback_file_id = %s
        order by line_no
        """,
        [tenant_id, file_id],
    )
    return [row[0] for row in rows]
