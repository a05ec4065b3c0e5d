"""The SQL of remembered answers about who a row is."""

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, SponsorId


def add_answer(tx: Tx, *, tenant_id: SponsorId, evidence_hash: bytes, employee_id: EmployeeId | None) -> None:
    """Append an answer; none takes back the one before."""
    tx.run(
        """
        insert into census.match_answer
            (tenant_id, evidence_hash, recorded_at, ordinal, employee_id, recorded_by)
        select %(tenant_id)s, %(evidence_hash)s, %(now)s, count(*), %(employee_id)s, %(by)s
        from census.match_answer
        where tenant_id = %(tenant_id)s and evidence_hash = %(evidence_hash)s and recorded_at = %(now)s
        """,
        {
            "tenant_id": tenant_id,
            "evidence_hash": evidence_hash,
            "now": tx.now,
            "employee_id": employee_id,
            "by": tx.actor.id,
        },
    )


def answers(tx: Tx, *, tenant_id: SponsorId) -> dict[bytes, EmployeeId]:
    """The answers that stand, by hash of their evidence."""
    rows = tx.rows(
        """
        select newest.evidence_hash, newest.employee_id
        from (
            select distinct on (evidence_hash) evidence_hash, employee_id
            from census.match_answer
            where tenant_id = %s
            order by evidence_hash, recorded_at desc, ordinal desc
        ) as newest
        where newest.employee_id is not null
        """,
        [tenant_id],
    )
    return {bytes(evidence_hash): EmployeeId(employee_id) for evidence_hash, employee_id in rows}
