"""The SQL of connections to payroll providers: where they stand, tokens, what was pulled, webhooks."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from open401k.base.db import Tx
from open401k.kernel import ConnectionId, EmployeeId, PlanId, RunId, SponsorId


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """A connection as it stands."""

    tenant_id: SponsorId
    connection_id: ConnectionId
    plan_id: PlanId
    provider: str
    company_id: str
    company_name: str
    since: date
    recorded_at: datetime
    state: str
    cursor: str
    news: bool
    tried_at: datetime | None
    succeeded_at: datetime | None
    problem: dict[str, Any]
    waits: list[dict[str, Any]]
    employer_ein: str = ""  # of the company, nine digits; empty where it was never told
    tells_match: bool = False

    @property
    def ein_written(self) -> str:
        """As the IRS writes it; empty where it is not known."""
        return f"{self.employer_ein[:2]}-{self.employer_ein[2:]}" if self.employer_ein else ""


_CONNECTIONS: LiteralString = """
    select
        tenant_id, connection_id, plan_id, provider, company_id, company_name, since, recorded_at, state, cursor, news,
        tried_at, succeeded_at, problem, waits, employer_ein, tells_match
    from payroll.connection
"""


def _connection(row: tuple[Any, ...]) -> ConnectionRow:
    return ConnectionRow(SponsorId(row[0]), ConnectionId(row[1]), PlanId(row[2]), *row[3:])


def add(tx: Tx, row: ConnectionRow) -> None:
    """Insert a connection."""
    tx.run(
        """
        insert into payroll.connection (
            tenant_id, connection_id, plan_id, provider, company_id, company_name, since, recorded_at, recorded_by,
            state, cursor, news, problem, waits, employer_ein
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '{}', '[]', %s)
        """,
        [
            row.tenant_id,
            row.connection_id,
            row.plan_id,
            row.provider,
            row.company_id,
            row.company_name,
            row.since,
            tx.now,
            tx.actor.id,
            row.state,
            row.cursor,
            row.news,
            row.employer_ein,
        ],
    )


def get(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId) -> ConnectionRow | None:
    """One connection."""
    row = tx.maybe(
        _CONNECTIONS
        + """
        where tenant_id = %s and connection_id = %s
        """,
        [tenant_id, connection_id],
    )
    return _connection(row) if row else None


def in_sight(tx: Tx) -> list[ConnectionRow]:
    """Every connection of the tenants in sight, the oldest first."""
    found = tx.rows(
        _CONNECTIONS
        + """
        order by tenant_id, recorded_at, connection_id
        """
    )
    return [_connection(row) for row in found]


def of_plan(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[ConnectionRow]:
    """The connections of a plan, the oldest first."""
    found = tx.rows(
        _CONNECTIONS
        + """
        where tenant_id = %s and plan_id = %s
        order by recorded_at, connection_id
        """,
        [tenant_id, plan_id],
    )
    return [_connection(row) for row in found]


def of_company(tx: Tx, *, provider: str, company_id: str) -> list[ConnectionRow]:
    """Whose company it is, among the tenants in sight."""
    found = tx.rows(
        _CONNECTIONS
        + """
        where provider = %s and company_id = %s
        order by tenant_id, connection_id
        """,
        [provider, company_id],
    )
    return [_connection(row) for row in found]


def stand(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId, state: str, problem: dict[str, Any]) -> None:
    """Where it stands now."""
    tx.run(
        """
        update payroll.connection
        set state = %s, problem = %s, tried_at = %s
        where tenant_id = %s and connection_id = %s
        """,
        [state, Jsonb(problem), tx.now, tenant_id, connection_id],
    )


def go_on(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId, cursor: str) -> None:
    """How far it was asked."""
    tx.run(
        """
        update payroll.connection
        set cursor = %s
        where tenant_id = %s and connection_id = %s
        """,
        [cursor, tenant_id, connection_id],
    )


def succeed(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId, waits: list[dict[str, Any]]) -> None:
    """A pull came to its end; what of it waits for a person."""
    tx.run(
        """
        update payroll.connection
        set tried_at = %s, succeeded_at = %s, problem = '{}', waits = %s
        where tenant_id = %s and connection_id = %s
        """,
        [tx.now, tx.now, Jsonb(waits), tenant_id, connection_id],
    )


def set_tells_match(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId, tells: bool) -> None:
    """Whether the provider is told the match."""
    tx.run(
        """
        update payroll.connection
        set tells_match = %s
        where tenant_id = %s and connection_id = %s
        """,
        [tells, tenant_id, connection_id],
    )


def set_news(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId, news: bool) -> None:
    """Whether a webhook came that no pull has followed."""
    tx.run(
        """
        update payroll.connection
        set news = %s
        where tenant_id = %s and connection_id = %s
        """,
        [news, tenant_id, connection_id],
    )


def set_ein(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId, ein: str) -> None:
    """What the company's number was told to be."""
    tx.run(
        "update payroll.connection set employer_ein = %s where tenant_id = %s and connection_id = %s",
        [ein, tenant_id, connection_id],
    )


def tokens(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId) -> bytes | None:
    """The sealed tokens."""
    row = tx.maybe(
        "select sealed from payroll.connection_token where tenant_id = %s and connection_id = %s",
        [tenant_id, connection_id],
    )
    return bytes(row[0]) if row else None


def lock_tokens(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId) -> bytes:
    """The same, kept from everybody else until the transaction ends: a refresh token works once."""
    row = tx.maybe(
        """
        select sealed
        from payroll.connection_token
        where tenant_id = %s and connection_id = %s
        for update
        """,
        [tenant_id, connection_id],
    )
    if row is None:
        raise LookupError(f"{connection_id} has no tokens")
    return bytes(row[0])


def put_tokens(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId, sealed: bytes) -> None:
    """Insert or replace tokens."""
    tx.run(
        """
        insert into payroll.connection_token (tenant_id, connection_id, sealed)
        values (%s, %s, %s)
        on conflict (tenant_id, connection_id) do update set sealed = excluded.sealed
        """,
        [tenant_id, connection_id, sealed],
    )


def newest(
    tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId, kind: str
) -> dict[str, tuple[int, bytes, int | None]]:
    """By the provider's id: the newest version, what it says as a keyed hash, and the newest that is done with."""
    found = tx.rows(
        """
        select distinct on (pulled.provider_id)
            pulled.provider_id, pulled.version_no, pulled.content_index, done.version_no
        from payroll.pulled
        left join lateral (
            select max(version_no) as version_no
            from payroll.pulled_done
            where tenant_id = pulled.tenant_id
                and connection_id = pulled.connection_id
                and kind = pulled.kind
                and provider_id = pulled.provider_id
        ) as done on true
        where pulled.tenant_id = %s and pulled.connection_id = %s and pulled.kind = %s
        order by pulled.provider_id, pulled.version_no desc
        """,
        [tenant_id, connection_id, kind],
    )
    return {provider_id: (number, bytes(index), done) for provider_id, number, index, done in found}


def add_pulled(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    connection_id: ConnectionId,
    kind: str,
    provider_id: str,
    version_no: int,
    content_index: bytes,
    sealed: bytes,
) -> None:
    """Insert what was told."""
    tx.send(
        """
        insert into payroll.pulled (
            tenant_id, connection_id, kind, provider_id, version_no, content_index, sealed, recorded_at
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [tenant_id, connection_id, kind, provider_id, version_no, content_index, sealed, tx.now],
    )


def sealed_pulled(
    tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId, kind: str, provider_id: str, version_no: int
) -> bytes:
    """What was told, sealed."""
    row = tx.maybe(
        """
        select sealed
        from payroll.pulled
        where tenant_id = %s and connection_id = %s and kind = %s and provider_id = %s and version_no = %s
        """,
        [tenant_id, connection_id, kind, provider_id, version_no],
    )
    if row is None:
        raise LookupError(f"{connection_id} told no version {version_no} of {provider_id}")
    return bytes(row[0])


def add_done(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    connection_id: ConnectionId,
    kind: str,
    provider_id: str,
    version_no: int,
    employee_id: EmployeeId | None,
    run_id: RunId | None,
) -> None:
    """Insert what became of a version, once."""
    tx.send(
        """
        insert into payroll.pulled_done (
            tenant_id, connection_id, kind, provider_id, version_no, employee_id, run_id, recorded_at
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (tenant_id, connection_id, kind, provider_id, version_no) do nothing
        """,
        [tenant_id, connection_id, kind, provider_id, version_no, employee_id, run_id, tx.now],
    )


def became(
    tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId, kind: str
) -> dict[str, tuple[UUID | None, UUID | None]]:
    """By the provider's id, the last told last: employee and run of the newest version that is done with."""
    found = tx.rows(
        """
        select provider_id, employee_id, run_id
        from (
            select distinct on (provider_id) provider_id, employee_id, run_id, recorded_at
            from payroll.pulled_done
            where tenant_id = %s and connection_id = %s and kind = %s
            order by provider_id, version_no desc
        ) as newest
        order by recorded_at, provider_id
        """,
        [tenant_id, connection_id, kind],
    )
    return {provider_id: (employee_id, run_id) for provider_id, employee_id, run_id in found}


def add_link(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    connection_id: ConnectionId,
    provider_id: str,
    employee_id: EmployeeId | None,
) -> None:
    """Append somebody's word for who this is."""
    tx.run(
        """
        insert into payroll.connection_link (
            tenant_id, connection_id, provider_id, link_no, employee_id, recorded_at, recorded_by
        )
        select %(tenant)s, %(connection)s, %(person)s, coalesce(max(link_no), 0) + 1, %(employee)s, %(now)s, %(by)s
        from payroll.connection_link
        where tenant_id = %(tenant)s and connection_id = %(connection)s and provider_id = %(person)s
        """,
        {
            "tenant": tenant_id,
            "connection": connection_id,
            "person": provider_id,
            "employee": employee_id,
            "now": tx.now,
            "by": tx.actor.id,
        },
    )


def links(tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId) -> dict[str, EmployeeId | None]:
    """The newest word for each; None says that it is somebody new."""
    found = tx.rows(
        """
        select distinct on (provider_id) provider_id, employee_id
        from payroll.connection_link
        where tenant_id = %s and connection_id = %s
        order by provider_id, link_no desc
        """,
        [tenant_id, connection_id],
    )
    return {provider_id: EmployeeId(found_id) if found_id else None for provider_id, found_id in found}


def add_webhook(
    tx: Tx, *, tenant_id: SponsorId, connection_id: ConnectionId, event_id: str, kind: str, entity_id: str
) -> bool:
    """Insert a webhook; False if it came before."""
    done = tx.run(
        """
        insert into payroll.webhook (tenant_id, connection_id, event_id, kind, entity_id, recorded_at)
        values (%s, %s, %s, %s, %s, %s)
        on conflict (tenant_id, connection_id, event_id) do nothing
        """,
        [tenant_id, connection_id, event_id, kind, entity_id, tx.now],
    )
    return done == 1
