"""Damage planted behind the software's back, as somebody with all rights could: verification finds and names each."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import psycopg
import pytest
from tests.flows.bookkeeping import Plan, acme, assert_sound
from tests.support.database import START, TESTER, Served

from open401k.demo.people import PAY_DATES, Person
from open401k.flows.verify import verify
from open401k.kernel import FixedClock

#: Hired too late to be a participant: what payroll withholds waits in suspense.
NEWCOMER = Person(
    "219-11-1099", "Nils", "Tamm", date(1990, 2, 2), date(2025, 12, 1), 5_200_000, 500, pay_2025_cents=400_000
)


@pytest.fixture(scope="module")
def kept(postgres: Served) -> Plan:
    """A plan with two payrolls, money in suspense, tests, a forecast and an alert."""
    clock = FixedClock(START)
    postgres.db.clock = clock
    plan = acme(postgres.db, clock)
    plan.pay(15, plan.file(15, joined=[NEWCOMER]))
    plan.pay(16, plan.file(16, joined=[NEWCOMER]), wait=True)
    plan.at(PAY_DATES[16] + timedelta(days=1))
    return plan


@pytest.fixture
def plan(postgres: Served, kept: Plan) -> Plan:
    postgres.db.clock = kept.clock
    return kept


# What is done to the tables named, and the rooms and kinds of what must be found, whatever else follows from it.
PLANTED: dict[str, tuple[list[str], list[str], set[tuple[str, str]]]] = {
    "the amount of a journal line": (
        ["ledger.line"],
        ["update ledger.line set amount = amount + 1 where tenant_id = %(t)s and ref = 'match' and line_no = %(line)s"],
        {("ledger", "body_changed"), ("ledger", "balance_differs"), ("recordkeeping", "entitlement")},
    ),
    "a journal line deleted": (
        ["ledger.line"],
        ["delete from ledger.line where tenant_id = %(t)s and ref = 'match' and line_no = %(line)s"],
        {("ledger", "lines_miscounted"), ("recordkeeping", "entitlement")},
    ),
    "a journal line inserted": (
        ["ledger.line"],
        [
            "insert into ledger.line select tenant_id, entry_id, 999, debit_account, credit_account, 5, ref"
            " from ledger.line where tenant_id = %(t)s and ref = 'match' and line_no = %(line)s"
        ],
        {("ledger", "lines_miscounted"), ("recordkeeping", "entitlement")},
    ),
    "an entry deleted with its lines": (
        ["ledger.line", "ledger.entry"],
        [
            "delete from ledger.line where tenant_id = %(t)s and entry_id = %(entry)s",
            "delete from ledger.entry where tenant_id = %(t)s and entry_id = %(entry)s",
        ],
        {("ledger", "entry_missing"), ("recordkeeping", "entitlement")},
    ),
    "the day of an entry": (
        ["ledger.entry"],
        ["update ledger.entry set event_on = event_on - 1 where tenant_id = %(t)s and entry_id = %(entry)s"],
        {("ledger", "body_changed"), ("recordkeeping", "entitlement")},
    ),
    "the idempotency key of an entry": (
        ["ledger.entry"],
        ["update ledger.entry set key = 'another' where tenant_id = %(t)s and entry_id = %(entry)s"],
        {("ledger", "seal_broken")},
    ),
    "a running balance": (
        ["ledger.balance"],
        ["update ledger.balance set balance = balance + 100 where tenant_id = %(t)s and account_id = %(account)s"],
        {("ledger", "balance_differs")},
    ),
    "an audit record edited": (
        ["base.audit"],
        ["update base.audit set actor_id = 'nobody' where tenant_id = %(t)s and audit_no = 3"],
        {("audit", "altered")},
    ),
    "an audit record taken out": (
        ["base.audit"],
        ["delete from base.audit where tenant_id = %(t)s and audit_no = 3"],
        {("audit", "missing")},
    ),
    "the end of the audit trail cut off": (
        ["base.audit"],
        [
            "delete from base.audit where tenant_id = %(t)s"
            " and audit_no = (select max(audit_no) from base.audit where tenant_id = %(t)s)"
        ],
        {("audit", "tail_lost")},
    ),
    "a pay line": (
        ["census.pay_line"],
        ["update census.pay_line set pre_tax_cents = pre_tax_cents + 1 where tenant_id = %(t)s and line_no = 3"],
        {("recordkeeping", "entitlement"), ("compliance", "test")},
    ),
    "the hours of a pay line": (
        ["census.pay_line"],
        ["update census.pay_line set hours_hundredths = hours_hundredths + 1 where tenant_id = %(t)s and line_no = 3"],
        {("census", "pay_line")},
    ),
    "the FICA wages of a pay line": (
        ["census.pay_line"],
        ["update census.pay_line set fica_cents = fica_cents - 100 where tenant_id = %(t)s and line_no = 3"],
        {("census", "pay_line")},
    ),
    "what a remittance says": (
        ["payroll.remittance"],
        ["update payroll.remittance set employer_cents = employer_cents - 1 where tenant_id = %(t)s"],
        {("payroll", "remittance")},
    ),
    "a remittance deleted": (
        ["payroll.remittance"],
        ["delete from payroll.remittance where tenant_id = %(t)s"],
        {("payroll", "remittance")},
    ),
    "the day by which money is due": (
        ["payroll.remittance"],
        ["update payroll.remittance set due_on = due_on - 1 where tenant_id = %(t)s"],
        {("payroll", "remittance")},
    ),
    "what an event told": (
        ["base.event"],
        ["update base.event set data = data || '{\"rows\": 1}' where tenant_id = %(t)s and kind = 'payroll.posted'"],
        {("base", "event")},
    ),
    "an event taken out": (
        ["base.event"],
        ["delete from base.event where tenant_id = %(t)s and event_no = 2"],
        {("base", "event")},
    ),
    "the last event cut off": (
        ["base.event"],
        [
            "delete from base.event where tenant_id = %(t)s"
            " and event_no = (select max(event_no) from base.event where tenant_id = %(t)s)"
        ],
        {("base", "event")},
    ),
    "a pay line taken out": (
        ["census.pay_line"],
        ["delete from census.pay_line where tenant_id = %(t)s and line_no = 3"],
        {("recordkeeping", "entitlement"), ("compliance", "test")},
    ),
    "a birth date": (
        ["census.fact"],
        [
            "update census.fact set value = jsonb_build_object('birth_date', '1950-01-01')"
            " where tenant_id = %(t)s and kind = 'birth_date'"
        ],
        {("compliance", "test")},
    ),
    "a test result": (
        ["compliance.result"],
        ["update compliance.result set measured = measured - 1 where tenant_id = %(t)s and test = 'adp'"],
        {("compliance", "test")},
    ),
    "the working of a test": (
        ["compliance.result"],
        ["update compliance.result set working = '{}' where tenant_id = %(t)s and test = 'adp'"],
        {("compliance", "test")},
    ),
    "a forecast": (
        ["compliance.projection"],
        ["update compliance.projection set cures = '[]' where tenant_id = %(t)s"],
        {("compliance", "forecast")},
    ),
    "an alert": (
        ["fiduciary.alert_event"],
        [
            "update fiduciary.alert_event set content = content || jsonb_build_object('cheapest_cost_cents', 1)"
            " where tenant_id = %(t)s"
        ],
        {("fiduciary", "alert")},
    ),
    "why money is held": (
        ["recordkeeping.held"],
        ["update recordkeeping.held set reason = 'over_limit' where tenant_id = %(t)s"],
        {("recordkeeping", "entitlement")},
    ),
    "how much is held": (
        ["recordkeeping.held"],
        ["delete from recordkeeping.held where tenant_id = %(t)s"],
        {("recordkeeping", "suspense"), ("recordkeeping", "entitlement")},
    ),
    "the bytes of two files exchanged": (
        ["payroll.file"],
        [
            "update payroll.file as one set sealed = other.sealed from payroll.file as other"
            " where one.tenant_id = %(t)s and other.tenant_id = %(t)s and other.file_id <> one.file_id"
        ],
        {("payroll", "file")},
    ),
    "the hash of a file": (
        ["payroll.file"],
        ["update payroll.file set sha256 = sha256(sha256) where tenant_id = %(t)s"],
        {("payroll", "file")},
    ),
}


@contextmanager
def damaged(postgres: Served, plan: Plan, tables: list[str], statements: list[str]) -> Iterator[None]:
    """As a superuser, with triggers and foreign keys asleep; put back as it was afterwards."""
    url = postgres.urls.superuser.replace("/postgres?", "/open401k?")
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("set session_replication_role = replica")
        tenant = plan.sponsor.uuid
        entry, line, account = conn.execute(
            """
            select line.entry_id, line.line_no, line.credit_account
            from ledger.line
            join ledger.entry using (tenant_id, entry_id)
            where tenant_id = %s and ref = 'match'
            order by entry.number, line_no
            limit 1
            """,
            [tenant],
        ).fetchone() or (None, None, None)
        values = {"t": tenant, "entry": entry, "line": line, "account": account}
        for table in tables:
            name = table.replace(".", "_")
            conn.execute(f"create temp table {name} as select * from {table} where tenant_id = '{tenant}'".encode())
        for statement in statements:
            assert conn.execute(statement.encode(), values).rowcount > 0, statement
        try:
            yield
        finally:
            for table in tables:
                conn.execute(f"delete from {table} where tenant_id = '{tenant}'".encode())
                conn.execute(f"insert into {table} select * from {table.replace('.', '_')}".encode())


def test_an_untouched_plan_is_proved_with_counts(plan: Plan) -> None:
    assert_sound(plan)
    proof = verify(plan.db, actor=TESTER, tenants=[plan.sponsor])
    assert proof.as_json()["ok"] is True
    assert {"accounts", "entries", "lines", "entitlements", "files", "plans", "sponsors"} <= set(proof.counts)
    assert all(count > 0 for count in proof.counts.values())


@pytest.mark.parametrize("what", PLANTED)
def test_damage_is_found_and_named(postgres: Served, plan: Plan, what: str) -> None:
    tables, statements, wanted = PLANTED[what]
    with damaged(postgres, plan, tables, statements):
        proof = verify(plan.db, actor=TESTER, tenants=[plan.sponsor])
    assert not proof.ok
    found = {(problem.room, str(problem.kind)) for problem in proof.problems}
    assert wanted <= found
    assert all(problem.where and problem.message for problem in proof.problems)


def test_a_plan_put_back_is_proved_again(plan: Plan) -> None:
    assert_sound(plan)
