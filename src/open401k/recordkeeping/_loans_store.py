"""SQL of loans: what was asked and decided, what payrolls withheld, what is posted. The money is the ledger's."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from open401k.base.db import Tx
from open401k.kernel import PlanId, RunId, SponsorId


class LoanRow(NamedTuple):
    """A request, and the decision on it where there is one."""

    loan_id: UUID
    plan_id: UUID
    employee_id: UUID
    reference: str
    amount_cents: int
    installments: int
    frequency: str
    residence: bool
    asked_at: datetime
    asked_by: str
    approved: bool | None
    reason: str | None
    loan_on: date | None
    prime_bps: int | None
    rate_bps: int | None
    sources: dict[str, int] | None
    decided_at: datetime | None
    decided_by: str | None
    events: list[dict[str, Any]]


class PostingRow(NamedTuple):
    """Principal and interest of one loan and source that one entry moved."""

    loan_id: UUID
    pay_date: date
    source: str
    principal_cents: int
    interest_cents: int


class PaymentRow(NamedTuple):
    """What one payroll withheld for a loan."""

    run_id: UUID
    row_no: int
    place_no: int
    loan_id: UUID
    pay_date: date
    cents: int


def insert_request(tx: Tx, *, tenant_id: SponsorId, row: tuple[Any, ...]) -> None:
    """Append what somebody asked for."""
    tx.send(
        """
        insert into recordkeeping.loan_request (
            tenant_id, loan_id, plan_id, employee_id, reference, amount_cents, installments, frequency, residence,
            recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, *row, tx.now, tx.actor.id],
    )


def insert_decision(tx: Tx, *, tenant_id: SponsorId, row: tuple[Any, ...]) -> None:
    """Append the answer to a request."""
    tx.send(
        """
        insert into recordkeeping.loan_decision (
            tenant_id, loan_id, approved, reason, loan_on, prime_bps, rate_bps, sources, entry_id,
            recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, *row, tx.now, tx.actor.id],
    )


def insert_event(tx: Tx, *, tenant_id: SponsorId, row: tuple[Any, ...]) -> None:
    """Append what happened to a loan."""
    tx.send(
        """
        insert into recordkeeping.loan_event (
            tenant_id, event_id, plan_id, loan_id, kind, event_on, until, military, details, entry_id,
            recorded_at, recorded_by
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, *row, tx.now, tx.actor.id],
    )


def has_event(tx: Tx, *, tenant_id: SponsorId, event_id: UUID) -> bool:
    """Whether it is on file."""
    found = tx.rows(
        "select 1 from recordkeeping.loan_event where tenant_id = %s and event_id = %s", [tenant_id, event_id]
    )
    return bool(found)


def count_of_plan(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> int:
    """How many loans were ever asked for in a plan: the next reference follows."""
    (found,) = tx.one(
        "select count(*) from recordkeeping.loan_request where tenant_id = %s and plan_id = %s", [tenant_id, plan_id]
    )
    return int(found)


def loans(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId | None = None,
    employee_ids: Sequence[UUID] | None = None,
    loan_ids: Sequence[UUID] | None = None,
) -> list[LoanRow]:
    """Requests with their decisions, the oldest first; of a plan, of people or by id."""
    rows = tx.rows(
        """
        select
            r.loan_id, r.plan_id, r.employee_id, r.reference, r.amount_cents, r.installments, r.frequency, r.residence,
            r.recorded_at, r.recorded_by, d.approved, d.reason, d.loan_on, d.prime_bps, d.rate_bps, d.sources,
            d.recorded_at, d.recorded_by, coalesce(e.events, '[]'::jsonb)
        from recordkeeping.loan_request r
        left join recordkeeping.loan_decision d on d.tenant_id = r.tenant_id and d.loan_id = r.loan_id
        left join lateral (
            select
                jsonb_agg(
                    jsonb_build_object(
                        'kind', v.kind, 'on', v.event_on, 'until', v.until, 'military', v.military,
                        'details', v.details, 'by', v.recorded_by
                    )
                    order by v.recorded_at, v.event_id
                ) as events
            from recordkeeping.loan_event v
            where v.tenant_id = r.tenant_id
              and v.loan_id = r.loan_id
        ) e on true
        where r.tenant_id = %(tenant)s
          and (%(plan)s::uuid is null or r.plan_id = %(plan)s)
          and (%(people)s::uuid[] is null or r.employee_id = any (%(people)s::uuid[]))
          and (%(loans)s::uuid[] is null or r.loan_id = any (%(loans)s::uuid[]))
        order by r.recorded_at, r.loan_id
        """,
        {
            "tenant": tenant_id,
            "plan": plan_id,
            "people": None if employee_ids is None else list(employee_ids),
            "loans": None if loan_ids is None else list(loan_ids),
        },
    )
    return [LoanRow(*row) for row in rows]


def insert_payments(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, rows: Sequence[PaymentRow]) -> None:
    """Append what a payroll withheld, in one statement."""
    tx.run(
        """
        insert into recordkeeping.loan_payment (
            tenant_id, plan_id, recorded_at, recorded_by, run_id, row_no, place_no, loan_id, pay_date, cents
        )
        select %s, %s, %s, %s, each.*
        from unnest(%s::uuid[], %s::integer[], %s::integer[], %s::uuid[], %s::date[], %s::bigint[]) as each
        """,
        [tenant_id, plan_id, tx.now, tx.actor.id, *([row[place] for row in rows] for place in range(6))],
    )


def payments(tx: Tx, *, tenant_id: SponsorId, loan_ids: Sequence[UUID]) -> list[PaymentRow]:
    """What all payrolls withheld for these loans, replaced ones too."""
    rows = tx.rows(
        """
        select run_id, row_no, place_no, loan_id, pay_date, cents
        from recordkeeping.loan_payment
        where tenant_id = %s
          and loan_id = any (%s::uuid[])
        order by pay_date, run_id, row_no, place_no
        """,
        [tenant_id, list(loan_ids)],
    )
    return [PaymentRow(*row) for row in rows]


def payments_of_run(tx: Tx, *, tenant_id: SponsorId, run_id: RunId) -> list[PaymentRow]:
    """What one payroll withheld for loans."""
    rows = tx.rows(
        """
        select run_id, row_no, place_no, loan_id, pay_date, cents
        from recordkeeping.loan_payment
        where tenant_id = %s
          and run_id = %s
        order by row_no, place_no
        """,
        [tenant_id, run_id],
    )
    return [PaymentRow(*row) for row in rows]


def insert_postings(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, entry_id: UUID, rows: Sequence[PostingRow]
) -> None:
    """Remember what of which loan an entry moved."""
    tx.run(
        """
        insert into recordkeeping.loan_posting (
            tenant_id, plan_id, entry_id, recorded_at, loan_id, pay_date, source, principal_cents, interest_cents
        )
        select %s, %s, %s, %s, each.*
        from unnest(%s::uuid[], %s::date[], %s::text[], %s::bigint[], %s::bigint[]) as each
        """,
        [tenant_id, plan_id, entry_id, tx.now, *([row[place] for row in rows] for place in range(5))],
    )


def postings(tx: Tx, *, tenant_id: SponsorId, loan_ids: Sequence[UUID]) -> list[PostingRow]:
    """What of these loans is in the books, by pay date and source."""
    rows = tx.rows(
        """
        select loan_id, pay_date, source, sum(principal_cents)::bigint, sum(interest_cents)::bigint
        from recordkeeping.loan_posting
        where tenant_id = %s
          and loan_id = any (%s::uuid[])
        group by loan_id, pay_date, source
        """,
        [tenant_id, list(loan_ids)],
    )
    return [PostingRow(*row) for row in rows]


def entries_that_differ(tx: Tx, *, tenant_id: SponsorId) -> list[tuple[UUID, int, int]]:
    """Entries of loan payments whose movement of the employer's debt is not what is kept of them."""
    return tx.rows(
        """
        with kept as (
            select entry_id, sum(principal_cents + interest_cents)::bigint as cents
            from recordkeeping.loan_posting
            where tenant_id = %(tenant)s
            group by entry_id
        ),
        moved as (
            select
                l.entry_id,
                sum(case when l.debit_account = a.account_id then l.amount else -l.amount end)::bigint as cents
            from ledger.line_v l
            join ledger.entry_v e on e.tenant_id = l.tenant_id and e.entry_id = l.entry_id
            join ledger.account_v a
                on a.tenant_id = l.tenant_id and a.account_id in (l.debit_account, l.credit_account)
            where l.tenant_id = %(tenant)s and e.reason = 'loan_payment' and a.kind = 'employer_receivable'
            group by l.entry_id
        )
        select coalesce(k.entry_id, m.entry_id), coalesce(k.cents, 0), coalesce(m.cents, 0)
        from kept k
        full join moved m using (entry_id)
        where coalesce(k.cents, 0) <> coalesce(m.cents, 0)
        """,
        {"tenant": tenant_id},
    )
