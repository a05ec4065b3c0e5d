"""After approval the employer's money comes: a person says so, or the bank shows it; bounced, it is owed again."""

from datetime import date, timedelta
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan, acme
from tests.flows.test_bank_statements import balances, statement
from tests.flows.test_bank_statements import of as file_of
from tests.flows.test_heal import SPONSOR, approve, assert_proved, not_followed, record
from tests.support.database import TESTER

from open401k import compliance, recordkeeping, wire
from open401k.base.db import Database
from open401k.compliance import Proposal
from open401k.demo.people import PAY_DATES
from open401k.flows.bank_statement import read_in
from open401k.flows.correction_money import deposited
from open401k.flows.day import begin_day
from open401k.flows.deposit import deposit_run
from open401k.flows.waiting_money import use_waiting
from open401k.kernel import FixedClock, Money, Open401kError, Refused
from open401k.views import deposit_page, deposits, plan_health


@pytest.fixture
def short(db: Database, clock: FixedClock) -> Plan:
    """Two payrolls whose money came; Helen's election was not followed."""
    made = acme(db, clock)
    for period in (1, 2):
        taken = made.pay(period)
        deposit_run(
            db, actor=TESTER, tenant_id=made.sponsor, plan_id=made.plan, run_id=taken.run.run_id, on=PAY_DATES[period]
        )
    made.at(date(2026, 2, 3))
    return made


def approved(plan: Plan) -> Proposal:
    done = approve(plan, record(plan, not_followed(plan)))
    assert not isinstance(done, Refused), done
    return done


def owed(plan: Plan) -> compliance.CorrectionOwed:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (one,) = compliance.corrections_owed(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    return one


def read(plan: Plan, on: date, amount: int, text: str) -> int:
    """Lines of the file that found their place."""
    result = read_in(plan.db, actor=TESTER, of=file_of(plan, statement((on, amount, text))))
    assert not isinstance(result, wire.Unreadable), str(result)
    return len(result["settle"])


def test_a_person_records_it_and_the_employer_owes_nothing_more(short: Plan) -> None:
    plan, waiting = short, approved(short)
    one = owed(plan)
    assert balances(plan)[1] == one.outstanding.cents > 12_000
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        assert [
            each.outstanding for each in deposit_page.load(tx, tenant_id=plan.sponsor, plan_id=plan.plan).corrections
        ]
    deposited(plan.db, actor=SPONSOR, tenant_id=plan.sponsor, proposal_id=waiting.proposal_id, on=date(2026, 2, 4))
    assert balances(plan)[1] == owed(plan).outstanding.cents == 0
    assert owed(plan).received_on == date(2026, 2, 4)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:  # its deposit is no payroll's
        assert len(deposits.deposits(tx, tenant_id=plan.sponsor, plan_id=plan.plan)) == 2
        deposit_page.load(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    begin_day(plan.db, actor=TESTER, tenant_id=plan.sponsor)
    assert_proved(plan)


def test_a_line_of_the_bank_with_its_very_sum_is_its_money_and_a_return_undoes_it(short: Plan) -> None:
    plan = short
    approved(plan)
    sum_of_it, on = owed(plan).outstanding.cents, date(2026, 2, 6)
    plan.at(date(2026, 2, 20))
    assert read(plan, on, sum_of_it - 1, "ACME") == 0  # another sum waits for a person
    assert read(plan, on, sum_of_it, "ACME") == 1
    assert read(plan, on, sum_of_it, "ACME") == 1  # the same bytes: nothing more
    assert balances(plan)[1] == 0
    assert read(plan, on + timedelta(days=3), -sum_of_it, "ACH RETURN R01") == 1
    assert balances(plan)[1] == owed(plan).outstanding.cents == sum_of_it
    assert read(plan, on + timedelta(days=6), sum_of_it, "ACME AGAIN") == 1
    assert balances(plan)[1] == 0
    assert_proved(plan)


def test_money_that_waits_pays_a_correction_by_a_persons_yes(short: Plan) -> None:
    plan = short
    correction = approved(plan)
    due = owed(plan).outstanding.cents
    of: dict[str, Any] = {"actor": TESTER, "tenant_id": plan.sponsor, "plan_id": plan.plan, "on": date(2026, 2, 5)}
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        for cents in (due - 1, 501):
            recordkeeping.record_employer_money(
                tx, tenant_id=plan.sponsor, plan_id=plan.plan, on=date(2026, 2, 4), amount=Money(cents),
                key=f"more/{cents}", reference=f"line {cents}",
            )  # fmt: skip
        waits = {each.cents: each for each in recordkeeping.waiting(tx, tenant_id=plan.sponsor, plan_id=plan.plan)}
    rest = use_waiting(plan.db, **of, entry_id=waits[due - 1].entry_id, proposal_id=correction.proposal_id)
    assert (rest, owed(plan).outstanding) == (Money(0), Money(1))
    rest = use_waiting(plan.db, **of, entry_id=waits[501].entry_id, proposal_id=correction.proposal_id)
    assert (rest, owed(plan).outstanding) == (Money(500), Money(0))
    with pytest.raises(Open401kError, match="does not wait any more"):
        use_waiting(plan.db, **of, entry_id=waits[501].entry_id, proposal_id=correction.proposal_id)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (left,) = recordkeeping.waiting(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    with pytest.raises(Open401kError, match="Nothing is due for that correction"):
        use_waiting(plan.db, **of, entry_id=left.entry_id, proposal_id=correction.proposal_id)
    assert balances(plan)[1] == -500, "what is left waits on"
    assert read(plan, date(2026, 2, 6), due, owed(plan).reference) == 0, "what had waited is shown by no line"
    assert_proved(plan)


def test_plan_health_shows_what_waits_for_the_employer(short: Plan) -> None:
    plan = short
    waiting = record(plan, not_followed(plan))
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        shown = plan_health.load(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    (line,) = [each for each in shown.duties if waiting.content.title in each.title]
    assert line.amount is not None
    assert line.amount.cents == waiting.content.total_cents
