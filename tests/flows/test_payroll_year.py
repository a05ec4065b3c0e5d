"""A year of payrolls through the stand-in for Gusto: payroll, bank and ledger agree to the cent, and all is proved."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from tests.support import standin
from tests.support.database import TESTER, Served

from open401k.base.faults import Stopped, stopping_at
from open401k.base.sandbox import SandboxClock
from open401k.demo import payroll_year
from open401k.demo.payroll_year import Script, Year
from open401k.demo.people import PAY_DATES
from open401k.demo.story import Sandbox
from open401k.demo.year_script import SCRIPT, a_debit_bounces, elect
from open401k.demo.year_totals import as_table, cash, three_ways
from open401k.flows.verify import verify
from open401k.kernel import SystemClock, SystemRandom
from open401k.payroll import Code, runs, write_back_book
from open401k.payroll.providers import Surroundings, gusto
from open401k.payroll.write_back import State
from open401k.standins.gusto_http import CLIENT_ID, CLIENT_SECRET


@pytest.fixture
def year(postgres: Served, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Year]:
    """Acme, taken over and connected on 2 January 2026."""
    clock = SandboxClock(tmp_path / "clock", start=payroll_year.STARTS_AT, wall=SystemClock())
    postgres.db.clock = clock
    with standin.gusto(payroll_year.STAND_IN_FROM) as running:
        yield payroll_year.set_up(
            Sandbox(postgres.db, clock, TESTER, world=f"a test of the year: {request.node.name}"),
            application=gusto.Application(CLIENT_ID, CLIENT_SECRET, running.url),
            around=Surroundings(SystemClock(), lambda _: None, SystemRandom()),
            say=print,
        )


def test_everybody_who_was_matched_is_told_of_at_the_provider(year: Year) -> None:
    with year.sandbox.db.begin(TESTER, tenants=[year.sponsor]) as tx:
        told = write_back_book.on_file(tx, **year.where)
    assert [each.state for each in told] == [State.ACKNOWLEDGED] * 10  # nobody had to say who they are


def test_a_payroll_of_a_period_before_the_first_day_is_pulled_by_its_pay_date(year: Year) -> None:
    year.at(PAY_DATES[0])  # January 2, for the two weeks to December 28
    year.pull()
    assert [run.pay_date for run in history(year)] == [PAY_DATES[0]]


def test_a_row_whose_pay_code_waits_is_not_told_to_be_withheld_otherwise(year: Year) -> None:
    year.at(PAY_DATES[0])
    year.pull()
    (run,) = history(year)
    with year.sandbox.db.begin(TESTER, tenants=[year.sponsor]) as tx:
        found = runs.findings_of_run(tx, tenant_id=year.sponsor, run_id=run.run_id)
    assert {each.code for each in found} == {Code.PAY_CODE_UNCONFIRMED}


def test_an_election_from_behind_the_next_payroll_does_not_touch_it(year: Year) -> None:
    for period in range(2):
        payroll_year.payday(year, period)
    year.at(date(2026, 1, 17))
    elect(year, "Benitez", date(2026, 1, 31), 600)  # 4 % until then, also in the payroll of January 30
    for period in (2, 3):
        payroll_year.payday(year, period)
    before, same, after = (sum(year.provider.totals(2026)[PAY_DATES[period]]) for period in (1, 2, 3))
    assert (same - before, after - before) == (0, 68_00 + 34_00)


def test_payroll_bank_and_ledger_agree_to_the_cent_after_a_year_of_everything(year: Year) -> None:
    said: list[str] = []
    year.say, year.events = said.append, SCRIPT
    payroll_year.play(year)
    told = "\n".join(said)
    places = [told.find(event) for event in EVENTS]
    assert -1 not in places, (EVENTS[places.index(-1)], told)
    assert places == sorted(places), told
    rows = three_ways(year)
    assert [each for each in rows if not each.agrees] == [], "\n".join(as_table(rows))
    assert (len(rows), rows[-1].payroll > 0) == (payroll_year.PERIODS + 2, True)
    assert cash(year) == (rows[-1].bank, rows[-1].ledger, 0)
    assert {run.status for run in history(year)} == {runs.Status.POSTED}
    assert verify(year.sandbox.db, actor=TESTER, tenants=[year.sponsor]).problems == []


#: What the year tells, in order.
EVENTS = (
    "Regular Hours is regular",
    "Kurt is hired",
    "Ivan leaves",
    "Farah has a raise",
    "Nora is 30",
    "proposed: 1 person not enrolled",
    "payroll 2026-05-22: $2,159.39",  # with Nora's first 3 %
    "2026-05-22 approved and paid",
    "payroll 2026-06-05: $2,235.89",  # with Kurt's
    "2026-06-19 waits: needs confirmation",
    "Spot Bonus is bonus",
    "the bank sends 1 debit back: R01",
    "returned -$2,235.89",
    "Deposit of 2026-07-17 came late: $4.87",
    "Ivan is back",
    "Marsh elects 4 %",
    "Benitez elects 6 %",
    "Gordon retires",
    "2026-12-23 statement",
)


@pytest.mark.parametrize(
    "point",
    [
        "provider_pull.keep_payrolls.after_commit",
        "payroll_run.post.before_commit",
        "provider_pull.posted",
        "bank_statement.settle.before_commit",
        "bank_statement.settle.after_commit",
        "day.review.before_commit",
    ],
)
def test_a_stop_and_everything_twice_come_to_the_same(year: Year, point: str) -> None:
    year.events = Script(at_the_bank={0: a_debit_bounces})
    steps = [
        partial(step, year, period) for period in range(2) for step in (payroll_year.payday, payroll_year.bank_day)
    ]
    stopped = [step for step in steps if _stops(point, step)]
    assert len(stopped) > 0, "the point was never reached"
    before = (three_ways(year), cash(year))
    for step in steps:
        step()
    assert (three_ways(year), cash(year)) == before
    assert [each for each in before[0] if not each.agrees] == []
    assert (before[0][-1].payroll, before[1][2]) == (2 * 2_146_91, 0)


def _stops(point: str, step: Callable[[], None]) -> bool:
    """Stopped there, and done again; False where the step does not get there."""
    try:
        with stopping_at(point):
            step()
    except Stopped:
        step()
        return True
    return False


def history(year: Year) -> list[runs.Run]:
    """Every run, the newest first."""
    with year.sandbox.db.begin(TESTER, tenants=[year.sponsor]) as tx:
        return list(runs.history(tx, **year.where))
