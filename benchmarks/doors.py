"""Twelve rows through the HTTP API of a real server on the loopback: answers timed by a client. Not here: limits."""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from http.client import HTTPConnection
from typing import Any

import uvicorn
from benchmarks.generated import PAY_DATES, Employer, body
from tests.support.database import TESTER, connect

from open401k.app import Services
from open401k.base import access
from open401k.base.access import Permission
from open401k.base.db import Database
from open401k.doors.connecting import ConnectionStories, ProviderSettings
from open401k.doors.daily import DayStories
from open401k.doors.http import create_app
from open401k.doors.provided import DoorSettings
from open401k.doors.stories import AfterPosting, PayrollStories, VerifyStories
from open401k.kernel import SystemRandom
from open401k.payroll.providers import Surroundings


@dataclass(frozen=True, slots=True)
class Answers:
    """Seconds: the median and the slowest answer, and how long projection and alert took to follow the slowest time."""

    p50: float
    slowest: float
    followed: float
    requests: int


#: Pay dates that go before, unmeasured: a server has its statements planned and its caches filled.
WARM_UP = 8


def twelve_rows(employer: Employer) -> Answers:
    """Post the payrolls of a year through the API, one after the other, and wait for what follows each."""
    taken, followed = [], []
    with serving(employer) as port, connect(employer.db.url, employer.clock) as beside:
        secret = key_of(employer)
        connection = HTTPConnection("127.0.0.1", port)
        for number in range(len(PAY_DATES)):
            start = time.perf_counter()
            _send(connection, employer, secret, f"bench-{number}")
            taken.append(time.perf_counter() - start)
            followed.append(_until_projected(beside, employer, start, number))
    taken, followed = taken[WARM_UP:], followed[WARM_UP:]
    return Answers(statistics.median(taken), max(taken), max(followed), len(taken))


def _send(connection: HTTPConnection, plan: Employer, secret: str, key: str) -> None:
    sent = json.dumps(request_of(plan, plan.next_pay_date())).encode()
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json", "Idempotency-Key": key}
    connection.request("POST", "/v1/payroll-runs", sent, headers)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    assert answer.status == 201, (answer.status, told)
    assert told["state"] == "posted", told


def _until_projected(beside: Database, plan: Employer, start: float, number: int) -> float:
    """Seconds from the sending of a payroll until projection and alerts of it are stored."""
    while time.perf_counter() - start < 60:
        with beside.begin(TESTER, tenants=[plan.tenant_id]) as tx:
            (done,) = tx.one("select count(*) from base.step where tenant_id = %s and step = 'warn'", [plan.tenant_id])
        if done > number:
            return time.perf_counter() - start
        time.sleep(0.01)
    raise AssertionError("no projection within a minute")


@contextmanager
def serving(employer: Employer) -> Iterator[int]:
    """A server on the employer's database, at the port that is given."""
    db = employer.db
    after = AfterPosting(db)
    after.start()
    settings = DoorSettings(origin="http://127.0.0.1")
    wall = employer.clock
    payroll, verifier, day = PayrollStories(db, after), VerifyStories(db), DayStories(db, wall)
    around = Surroundings(wall, lambda _: None, SystemRandom())
    providers = ConnectionStories(db, settings=ProviderSettings(), around=around, origin="")
    services = Services(db, employer.clock, wall, db.ids, settings, payroll, None, verifier, day, providers)
    server = uvicorn.Server(uvicorn.Config(create_app(services), host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        after.stop()


def key_of(plan: Employer) -> str:
    """A key with which the plan's payrolls may be sent."""
    at = plan.clock.now()
    with plan.db.begin(TESTER, tenants=[plan.tenant_id]) as tx:
        key = access.create_key(
            tx,
            tenant_id=plan.tenant_id,
            label="bench",
            scopes=[Permission.PAYROLL_SUBMIT],
            at=at,
            expires_at=at + timedelta(days=365),
        )
    return key.secret


def request_of(employer: Employer, day: date) -> dict[str, Any]:
    """The body of the payroll of a day, as the API takes it."""
    said = body(employer.people, day)
    rows = [
        {
            "ssn": person.ssn,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "hours": "80.00",
            **{name: _dollars(getattr(person, name)) for name in ("gross", "pre_tax", "roth", "match")},
        }
        for person in employer.people
    ]
    period = {name: said[name] for name in ("pay_date", "period_start", "period_end")}
    return {"plan_id": str(employer.plan_id), **period, "rows": rows}


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
