"""Every SQL statement about elections: appended, never changed."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, PlanId, SponsorId

#: What array_send writes: 20 bytes of header, then each element after the four bytes of its length.
_HEADER = 20


class ElectionRow(NamedTuple):
    """A row of ``recordkeeping.election``."""

    election_no: int
    employee_id: UUID
    source: str
    part: str
    bps: int
    cents: int
    event_on: date
    made_on: date
    how: str
    stands: bool
    recorded_at: datetime
    recorded_by: str


class RawColumns(NamedTuple):
    """Elections in the order of their recording; ``slot`` counts into the slots that were asked for."""

    employee_id: IdColumn[EmployeeId]
    slot: NDArray[np.int64]
    event_on: NDArray[np.datetime64]
    bps: NDArray[np.int64]
    cents: NDArray[np.int64]
    by_default: NDArray[np.bool_]
    stands: NDArray[np.bool_]


def add(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, rows: Sequence[Sequence[Any]]) -> None:
    """Append elections: employee, source, part, bps, cents, effective on, made on, how, stands."""
    tx.run(
        """
        insert into recordkeeping.election
            (tenant_id, plan_id, employee_id, source, part, bps, cents, event_on, made_on, how, stands,
             recorded_at, recorded_by)
        select %s, %s, each.employee_id, each.source, each.part, each.bps, each.cents, each.event_on, each.made_on,
            each.how, each.stands, %s, %s
        from unnest(
            %s::uuid[], %s::text[], %s::text[], %s::integer[], %s::bigint[], %s::date[], %s::date[], %s::text[],
            %s::boolean[]
        ) with ordinality as each
            (employee_id, source, part, bps, cents, event_on, made_on, how, stands, place)
        order by each.place
        """,
        (tenant_id, plan_id, tx.now, tx.actor.id, *([row[place] for row in rows] for place in range(9))),
    )


_ELECTIONS: LiteralString = """
        select
            election_no, employee_id, source, part, bps, cents, event_on, made_on, how, stands, recorded_at, recorded_by
        from recordkeeping.election
        where tenant_id = %(tenant_id)s
            and plan_id = %(plan_id)s
            and recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
            and employee_id = any (coalesce(%(employees)s::uuid[], array[employee_id]))
        order by election_no
"""


def elections(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    employees: Sequence[EmployeeId] | None,
    known_at: datetime | None,
) -> list[ElectionRow]:
    """Elections of a plan in the order of their recording; of everybody, or of these people."""
    wanted = {
        "tenant_id": tenant_id,
        "plan_id": plan_id,
        "known_at": known_at,
        "employees": None if employees is None else [each.uuid for each in employees],
    }
    return [ElectionRow(*row) for row in tx.rows(_ELECTIONS, wanted)]


def columns(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    until: date,
    known_at: datetime | None,
    slots: Sequence[str],
    defaults: Sequence[str],
) -> RawColumns:
    """Elections that take effect up to a day, whole columns at once; ``slots`` are ``source/part``."""
    sent = tx.one(
        """
        select
            array_send(array_agg(employee_id order by election_no)),
            array_send(array_agg(array_position(%(slots)s::text[], source || '/' || part) - 1 order by election_no)),
            array_send(array_agg(event_on - date '1970-01-01' order by election_no)),
            array_send(array_agg(bps order by election_no)),
            array_send(array_agg(cents order by election_no)),
            array_send(array_agg((how = any (%(defaults)s::text[]))::integer order by election_no)),
            array_send(array_agg(stands::integer order by election_no))
        from recordkeeping.election
        where tenant_id = %(tenant_id)s
            and plan_id = %(plan_id)s
            and event_on <= %(until)s
            and recorded_at <= coalesce(%(known_at)s, 'infinity'::timestamptz)
        """,
        {
            "tenant_id": tenant_id,
            "plan_id": plan_id,
            "until": until,
            "known_at": known_at,
            "slots": list(slots),
            "defaults": list(defaults),
        },
        binary=True,
    )
    if sent[0] is None:
        none = np.zeros(0, dtype=np.int64)
        nobody: IdColumn[EmployeeId] = IdColumn.of(EmployeeId, ())
        return RawColumns(nobody, none, none.astype("datetime64[D]"), none, none, none.astype(bool), none.astype(bool))
    ids = np.frombuffer(sent[0], dtype=[("length", ">i4"), ("value", "S16")], offset=_HEADER)["value"]
    slot, days, bps, cents, by_default, stands = (
        _ints(column, ">i8" if place == 3 else ">i4") for place, column in enumerate(sent[1:])
    )
    return RawColumns(
        IdColumn(EmployeeId, ids), slot, days.astype("datetime64[D]"), bps, cents, by_default > 0, stands > 0
    )


def _ints(column: bytes, element: str) -> NDArray[np.int64]:
    found = np.frombuffer(column, dtype=[("length", ">i4"), ("value", element)], offset=_HEADER)["value"]
    return found.astype(np.int64)
