"""The SQL of who a row is: questions, remembered answers, and what providers call people."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, SponsorId


class QuestionRow(NamedTuple):
    """The newest row of a question with the answer that stands, if any."""

    question_id: UUID
    evidence_hash: bytes
    plan_id: UUID
    run_id: UUID
    row_no: int
    said: dict[str, Any]
    why: str
    candidates: list[dict[str, Any]]
    asked_at: datetime
    employee_id: UUID | None
    is_new: bool
    answered_at: datetime | None
    answered_by: str


def add_answer(
    tx: Tx, *, tenant_id: SponsorId, evidence_hash: bytes, employee_id: EmployeeId | None, is_new: bool = False
) -> None:
    """Append an answer; nobody who is not new either takes back the one before."""
    tx.run(
        """
        insert into census.match_answer
            (tenant_id, evidence_hash, recorded_at, ordinal, employee_id, is_new, recorded_by)
        select %(tenant_id)s, %(evidence_hash)s, %(now)s, count(*), %(employee_id)s, %(is_new)s, %(by)s
        from census.match_answer
        where tenant_id = %(tenant_id)s and evidence_hash = %(evidence_hash)s and recorded_at = %(now)s
        """,
        {
            "tenant_id": tenant_id,
            "evidence_hash": evidence_hash,
            "now": tx.now,
            "employee_id": employee_id,
            "is_new": is_new,
            "by": tx.actor.id,
        },
    )


def owners_and_answers(
    tx: Tx, *, tenant_id: SponsorId, blind_indexes: Sequence[bytes]
) -> tuple[dict[bytes, EmployeeId], dict[bytes, EmployeeId | None]]:
    """Who has these numbers now, and every answer that stands by its evidence (None: somebody new); one statement."""
    rows = tx.rows_by_hashing(
        """
        select ssn.blind_index, ssn.employee_id, false as is_answer
        from census.ssn
        join unnest(%(blind_indexes)s::bytea[]) as wanted (blind_index) using (blind_index)
        where ssn.tenant_id = %(tenant_id)s
            and not exists (
                select 1
                from census.ssn as newer
                where newer.tenant_id = %(tenant_id)s
                    and newer.employee_id = ssn.employee_id
                    and (newer.recorded_at, newer.ordinal) > (ssn.recorded_at, ssn.ordinal)
            )
        union all
        select newest.evidence_hash, newest.employee_id, true as is_answer
        from (
            select distinct on (evidence_hash) evidence_hash, employee_id, is_new
            from census.match_answer
            where tenant_id = %(tenant_id)s
            order by evidence_hash, recorded_at desc, ordinal desc
        ) as newest
        where newest.employee_id is not null or newest.is_new
        """,
        {"tenant_id": tenant_id, "blind_indexes": list(blind_indexes)},
    )
    owners = {bytes(key): EmployeeId(who) for key, who, is_answer in rows if not is_answer}
    return owners, {bytes(key): None if who is None else EmployeeId(who) for key, who, is_answer in rows if is_answer}


def add_question(tx: Tx, *, tenant_id: SponsorId, row: QuestionRow) -> None:
    """Append a question as it is asked now."""
    tx.run(
        """
        insert into census.match_question (
            tenant_id, question_id, recorded_at, ordinal, evidence_hash, plan_id, run_id, row_no, said, why, candidates,
            recorded_by
        )
        select
            %(tenant_id)s, %(question_id)s, %(now)s, count(*), %(evidence_hash)s, %(plan_id)s, %(run_id)s, %(row_no)s,
            %(said)s, %(why)s, %(candidates)s, %(by)s
        from census.match_question
        where tenant_id = %(tenant_id)s and question_id = %(question_id)s and recorded_at = %(now)s
        """,
        {
            "tenant_id": tenant_id,
            "question_id": row.question_id,
            "now": tx.now,
            "evidence_hash": row.evidence_hash,
            "plan_id": row.plan_id,
            "run_id": row.run_id,
            "row_no": row.row_no,
            "said": Jsonb(row.said),
            "why": row.why,
            "candidates": Jsonb(row.candidates),
            "by": tx.actor.id,
        },
    )


def questions(tx: Tx, *, tenant_id: SponsorId, question_ids: Sequence[UUID] | None = None) -> list[QuestionRow]:
    """Each question as it was asked last, newest first; all of them without a list."""
    rows = tx.rows(
        """
        select
            asked.question_id, asked.evidence_hash, asked.plan_id, asked.run_id, asked.row_no, asked.said, asked.why,
            asked.candidates, asked.recorded_at, answer.employee_id, coalesce(answer.is_new, false),
            answer.recorded_at, coalesce(answer.recorded_by, '')
        from (
            select distinct on (question_id) *
            from census.match_question
            where tenant_id = %(tenant_id)s
                and (%(every)s or question_id = any (%(question_ids)s::uuid[]))
            order by question_id, recorded_at desc, ordinal desc
        ) as asked
        left join lateral (
            select said.employee_id, said.is_new, said.recorded_at, said.recorded_by
            from census.match_answer as said
            where said.tenant_id = %(tenant_id)s and said.evidence_hash = asked.evidence_hash
            order by said.recorded_at desc, said.ordinal desc
            limit 1
        ) as answer on true
        order by asked.recorded_at desc, asked.row_no, asked.question_id
        """,
        {
            "tenant_id": tenant_id,
            "every": question_ids is None,
            "question_ids": list(question_ids or ()),
        },
    )
    return [QuestionRow(row[0], bytes(row[1]), *row[2:]) for row in rows]


def answers_ever(tx: Tx, *, tenant_id: SponsorId, evidence_hash: bytes) -> list[EmployeeId | None]:
    """Every word that was given of the evidence, taken back or not, oldest first; None: somebody new."""
    rows = tx.rows(
        """
        select employee_id
        from census.match_answer
        where tenant_id = %s and evidence_hash = %s and (employee_id is not null or is_new)
        order by recorded_at, ordinal
        """,
        [tenant_id, evidence_hash],
    )
    return [None if who is None else EmployeeId(who) for (who,) in rows]


def add_numbers(tx: Tx, *, tenant_id: SponsorId, numbers: Sequence[tuple[str, str, EmployeeId]]) -> None:
    """Append whose each number is from now on: system, number, employee; each number once."""
    tx.run(
        """
        insert into census.employee_number (tenant_id, system, number, recorded_at, ordinal, employee_id, recorded_by)
        select
            %(tenant_id)s, told.system, told.number, %(now)s,
            (
                select count(*)
                from census.employee_number as before
                where before.tenant_id = %(tenant_id)s
                    and before.system = told.system
                    and before.number = told.number
                    and before.recorded_at = %(now)s
            ),
            told.employee_id, %(by)s
        from unnest(%(systems)s::text[], %(numbers)s::text[], %(employees)s::uuid[])
            as told (system, number, employee_id)
        """,
        {
            "tenant_id": tenant_id,
            "systems": [system for system, _, _ in numbers],
            "numbers": [number for _, number, _ in numbers],
            "employees": [employee_id.uuid for _, _, employee_id in numbers],
            "now": tx.now,
            "by": tx.actor.id,
        },
    )


def owners_of_numbers(
    tx: Tx, *, tenant_id: SponsorId, numbers: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], EmployeeId]:
    """Whose these numbers (system, number) are; one that nobody had is not there."""
    rows = tx.rows(
        """
        select distinct on (system, number) system, number, employee_id
        from census.employee_number
        join unnest(%(systems)s::text[], %(numbers)s::text[]) as wanted (system, number) using (system, number)
        where tenant_id = %(tenant_id)s
        order by system, number, recorded_at desc, ordinal desc
        """,
        {
            "tenant_id": tenant_id,
            "systems": [system for system, _ in numbers],
            "numbers": [number for _, number in numbers],
        },
    )
    return {(system, number): EmployeeId(who) for system, number, who in rows}


def numbers(tx: Tx, *, tenant_id: SponsorId) -> list[tuple[str, str, EmployeeId]]:
    """What each system calls whom, as it stands."""
    rows = tx.rows(
        """
        select distinct on (system, number) system, number, employee_id
        from census.employee_number
        where tenant_id = %s
        order by system, number, recorded_at desc, ordinal desc
        """,
        [tenant_id],
    )
    return [(system, number, EmployeeId(employee_id)) for system, number, employee_id in rows]
