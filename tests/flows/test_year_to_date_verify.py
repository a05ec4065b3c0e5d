"""Year-to-date figures changed behind the program's back are found, field by field."""

import pytest
from tests.flows.bookkeeping import Plan, assert_sound
from tests.flows.test_verify import damaged
from tests.flows.test_year_to_date import BEFORE, ENTRY, TIERED
from tests.flows.year_to_date import brought, handed_over, payroll_file, since_january, since_july
from tests.support.database import START, TESTER, Served

from open401k.flows.verify import verify
from open401k.flows.year_to_date import Brought
from open401k.kernel import FixedClock

LINE = "select line.ctid from census.pay_line as line join census.pay_run as run using (tenant_id, run_id)"
#: Of a period brought over, the line of somebody.
THAT_LINE = f"ctid = ({LINE} where run.brought and line.tenant_id = %(t)s order by run_id, line_no limit 1)"
PLANTED: dict[str, tuple[str, str]] = {
    "pay": ("census.pay_line", f"update census.pay_line set gross_cents = gross_cents + 1 where {THAT_LINE}"),
    "hours": ("census.pay_line", f"update census.pay_line set hours_hundredths = 1 where {THAT_LINE}"),
    "wages": ("census.pay_line", f"update census.pay_line set fica_cents = fica_cents - 1 where {THAT_LINE}"),
    "deferrals": ("census.pay_line", f"update census.pay_line set roth_cents = roth_cents + 1 where {THAT_LINE}"),
    "a person taken out": ("census.pay_line", f"delete from census.pay_line where {THAT_LINE}"),
    "a match": (
        "census.brought_amount",
        "update census.brought_amount set cents = cents + 1 where tenant_id = %(t)s and name = 'match'",
    ),
    "a match called something else": (
        "census.brought_amount",
        "update census.brought_amount set name = 'qmac' where tenant_id = %(t)s and name = 'match'",
    ),
    "balances of the year before": (
        "census.brought_amount",
        "delete from census.brought_amount where tenant_id = %(t)s and name = 'balance_before'",
    ),
    "the day that the figures count on": (
        "census.pay_run",
        "update census.pay_run set pay_date = pay_date - 200, period_end = period_end - 200,"
        " period_start = period_start - 200 where tenant_id = %(t)s and brought",
    ),
    "the first day of a period": (
        "census.pay_run",
        "update census.pay_run set period_start = period_start - 1 where tenant_id = %(t)s and brought",
    ),
    "figures made a payroll of ours": (
        "census.pay_run",
        "update census.pay_run set brought = false where tenant_id = %(t)s and brought",
    ),
}


@pytest.fixture(scope="module")
def kept(postgres: Served) -> Plan:
    """A plan taken over in July, with one payroll since."""
    clock = FixedClock(START)
    postgres.db.clock = clock
    here = since_january(postgres.db, clock, TIERED)
    for period in BEFORE:
        here.pay(period, payroll_file(here, period))
    there = since_july(here, TIERED)
    year_start = TIERED.plan_year_of(ENTRY).start
    assert isinstance(brought(there, handed_over(here, year_start=year_start, cuts={"1098": [ENTRY]}).csv()), Brought)
    there.pay(13, payroll_file(there, 13))
    return there


@pytest.mark.parametrize("what", PLANTED)
def test_changed_figures_are_found_and_named(postgres: Served, kept: Plan, what: str) -> None:
    postgres.db.clock = kept.clock
    table, statement = PLANTED[what]
    assert_sound(kept)
    with damaged(postgres, kept, [table], [statement]):
        proof = verify(kept.db, actor=TESTER, tenants=[kept.sponsor])
    assert ("census", "pay_line") in {(problem.room, str(problem.kind)) for problem in proof.problems}
    assert_sound(kept)
