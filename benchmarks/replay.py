"""Years of one sponsor derived anew after a birth date was wrong. Not here: what a payroll costs (payroll.py)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from benchmarks.generated import Employer, Person, employer
from benchmarks.report import Held
from benchmarks.runs import canonical
from tests.support.database import TESTER, Served, connect

from open401k import census
from open401k.flows.correction import Correction, LateFact, correct
from open401k.kernel import EmployeeId, FixedClock, FlowId

PEOPLE, YEARS = 15, 5
DAYS = tuple(date(2021, 1, 8) + timedelta(days=14 * period) for period in range(26 * YEARS))
#: In turn: catch-up was open to this person and is not, and the other way round.
BORN = (date(1994, 7, 1), date(1958, 7, 1), date(1994, 7, 1), date(1958, 7, 1))


def measure(running: Served) -> Iterator[Held]:
    """The flow that the doors use: recorded, settled over every pay date, tested, projected, told."""
    clock = FixedClock(datetime(2021, 1, 4, 15, tzinfo=UTC))
    with connect(running.urls.app, clock) as db:
        plan = employer(db, clock, PEOPLE, days=DAYS)
        saver = replace(plan.people[2], pre_tax_percent=30)  # over 402(g) each year: catch-up, or held
        plan.people = [saver if each.ssn == saver.ssn else each for each in plan.people]
        for _ in DAYS:
            canonical(plan)
        taken = [_learned(plan, saver, born) for born in BORN]
        figure = f"{len(DAYS)} pay dates of {PEOPLE} people"
        yield Held(
            f"replay of {YEARS} years after a changed birth date: settled, tested, projected",
            figure,
            f"slowest of {len(taken)}",
            max(taken),
            "s",
            "<",
            1,
        )


def _learned(plan: Employer, saver: Person, born: date) -> float:
    learned = LateFact(_employee(plan, saver), census.BirthDate(born), date(2015, 6, 1))
    wanted = Correction(plan.tenant_id, plan.plan_id, plan.db.ids.new(FlowId), learned)
    start = time.perf_counter()
    result = correct(plan.db, actor=TESTER, correction=wanted)
    taken = time.perf_counter() - start
    assert result.halted is None, result.halted
    assert result["settle"]["entries"], "nothing was corrected"
    return taken


def _employee(plan: Employer, person: Person) -> EmployeeId:
    with plan.db.begin(TESTER, tenants=[plan.tenant_id]) as tx:
        roster = census.roster(tx, tenant_id=plan.tenant_id)
    return next(each.employee_id for each in roster if each.last_name == person.last_name)
