"""A year of payrolls through the stand-in for Gusto: payroll, bank and ledger agree to the cent, and all is proved."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import standin
from tests.support.database import TESTER, Served

from open401k.base.sandbox import SandboxClock
from open401k.demo import payroll_year
from open401k.demo.payroll_year import Year
from open401k.demo.people import PAY_DATES
from open401k.demo.story import Sandbox
from open401k.demo.year_script import SCRIPT
from open401k.demo.year_totals import as_table, three_ways
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


def test_payroll_bank_and_ledger_agree_to_the_cent(year: Year) -> None:
    year.events = SCRIPT
    payroll_year.play(year)
    rows = three_ways(year)
    assert [each for each in rows if not each.agrees] == [], "\n".join(as_table(rows))
    assert (len(rows), rows[-1].payroll > 0) == (payroll_year.PERIODS + 1, True)
    assert verify(year.sandbox.db, actor=TESTER, tenants=[year.sponsor]).problems == []


def history(year: Year) -> list[runs.Run]:
    """Every run, the newest first."""
    with year.sandbox.db.begin(TESTER, tenants=[year.sponsor]) as tx:
        return list(runs.history(tx, **year.where))
