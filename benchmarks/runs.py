"""Carrying one generated payroll through the flow, and what that took. Not here: peers, limits."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.generated import Employer, body, csv_file
from tests.support.database import TESTER

from open401k import payroll
from open401k.base.db import Database
from open401k.flows.payroll_intake import Upload, say_yes, settle_columns, take_in
from open401k.flows.payroll_run import Payroll, run_payroll
from open401k.kernel import PlanId, Refused, RunId, SponsorId


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of the wall and of processors (this process and the server's), until posted, tested and durable."""

    wall: float
    processor: float


def canonical(employer: Employer) -> Took:
    """The next payroll as canonical rows, from their bytes to posted and tested; intake and checks included."""
    content = json.dumps(body(employer.people, employer.next_pay_date())).encode()
    return carry(employer.db, employer.tenant_id, employer.plan_id, "rows.json", content, payroll.API_PROVIDER)


def from_file(employer: Employer) -> Took:
    """The next payroll as a provider's file; the first one has its columns confirmed, outside the clock."""
    day = employer.next_pay_date()
    content = csv_file(employer.people, day)
    return carry(employer.db, employer.tenant_id, employer.plan_id, f"{day}.csv", content, "Generated Payroll")


def carry(db: Database, tenant_id: SponsorId, plan_id: PlanId, name: str, content: bytes, provider: str) -> Took:
    """Bytes in, posted and tested out: take in (check every row), post, retest."""
    server = _server_of(db, tenant_id)
    clock = Stopwatch(server)
    run_id = receive(db, tenant_id, plan_id, name, content, provider)
    post(db, tenant_id, plan_id, run_id)
    return clock.took()


def receive(db: Database, tenant_id: SponsorId, plan_id: PlanId, name: str, content: bytes, provider: str) -> RunId:
    """Keep the bytes and check every row."""
    taken = take_in(db, actor=TESTER, upload=Upload(tenant_id, plan_id, name, content, provider))
    assert not isinstance(taken, Refused), taken
    if taken.run.status == payroll.runs.Status.NEEDS_MAPPING:
        settled = settle_columns(db, actor=TESTER, tenant_id=tenant_id, run_id=taken.run.run_id, fields={})
        assert not isinstance(settled, Refused), settled
        taken = settled
    assert not taken.run.counts.get("reject"), taken.run.counts
    if taken.run.status == payroll.runs.Status.NEEDS_CONFIRMATION:  # plans share a clock: a pay date may be long ago
        say_yes(db, actor=TESTER, tenant_id=tenant_id, run_id=taken.run.run_id)
    return taken.run.run_id


def post(db: Database, tenant_id: SponsorId, plan_id: PlanId, run_id: RunId) -> None:
    """Post and retest."""
    done = run_payroll(db, actor=TESTER, of=Payroll(tenant_id, plan_id, run_id), wait=False)
    assert done.halted is None, (done.halted, dict(done))


class Stopwatch:
    """Wall and processor time from its making on."""

    def __init__(self, server: int) -> None:
        self._server = server
        self._processor = self._processors()
        self._wall = time.perf_counter()

    def took(self) -> Took:
        return Took(time.perf_counter() - self._wall, self._processors() - self._processor)

    def _processors(self) -> float:
        return time.process_time() + _seconds_of_server(self._server)


def _server_of(db: Database, tenant_id: SponsorId) -> int:
    """The postmaster's process id, by one of its connections; 0 where it runs elsewhere."""
    with db.begin(TESTER, tenants=[tenant_id]) as tx:
        (backend,) = tx.one("select pg_backend_pid()")
    stat = Path(f"/proc/{backend}/stat")
    return int(stat.read_text().rpartition(")")[2].split()[1]) if stat.exists() else 0


def _seconds_of_server(postmaster: int) -> float:
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[1]) == postmaster:
            ticks += int(fields[11]) + int(fields[12])
        elif int(stat.parent.name) == postmaster:
            ticks += int(fields[13]) + int(fields[14])  # backends that have ended
    return ticks / 100
