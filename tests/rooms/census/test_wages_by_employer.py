"""Whose catch-up must be Roth follows from the wages of one employer, by its EIN (Reg. 1.414(v)-2(a)(2), (b)(4))."""

from dataclasses import replace
from datetime import date

import pytest
from tests.rooms.census.test_pay_codes import TERMS
from tests.rooms.census.test_pay_lines import hire, lines_of, record
from tests.support.database import Begin

from open401k import census, plan
from open401k.base.db import Tx
from open401k.census.pay_proof import changed_lines
from open401k.kernel import CalendarYear, EmployeeId, Money, PlanId, SponsorId
from open401k.law import deferrals

OWN, SISTER, PAYMASTER = "123456789", "987654321", "555555555"
FIRST, LATER = date(2025, 1, 10), date(2025, 7, 11)
APART, TOGETHER = plan.Deferrals(), plan.Deferrals(roth_catch_up_by_all_wages=True)


@pytest.fixture
def sponsored(begin: Begin, tenant: SponsorId) -> PlanId:
    with begin() as tx:
        plan.register_sponsor(tx, name="Sponsor", ein=OWN, established_on=date(2005, 1, 1), sponsor_id=tenant)
        return plan.adopt(tx, tenant_id=tenant, provisions=TERMS, name="Plan")


def paid(tx: Tx, tenant: SponsorId, plan_id: PlanId, who: EmployeeId, wages: str, ein: str, on: date = FIRST) -> None:
    cents = Money.usd(wages).cents
    lines = replace(lines_of([who]), gross_cents=[cents], fica_cents=[cents], employers=[(1, ein)] if ein else [])
    record(tx, tenant, plan_id, lines, pay_date=on)


def wages(tx: Tx, tenant: SponsorId, plan_id: PlanId, terms: plan.Deferrals = APART) -> tuple[int, bool]:
    """Of 2025, and whether catch-up of 2026 must be Roth."""
    of_year = census.fica_wages(
        tx, tenant_id=tenant, plan_id=plan_id, terms=terms, employees=census.roster(tx, tenant_id=tenant),
        year=CalendarYear(2025),
    )  # fmt: skip
    return int(of_year[0]), bool(deferrals.roth_catch_up_required(of_year, CalendarYear(2026))[0])


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (("90000", OWN), ("70000", SISTER), (9_000_000, False)),
        (("80000", SISTER), ("80000", PAYMASTER), (8_000_000, False)),  # two hospitals of one controlled group
        (("80000", PAYMASTER), ("80000", PAYMASTER), (16_000_000, True)),  # a common paymaster is one employer
        (("90000", ""), ("70000", OWN), (16_000_000, True)),  # who names none is the sponsor's own
        (("1000", OWN), ("150000", SISTER), (15_000_000, False)),  # strictly more than the threshold
        (("1000", OWN), ("150000.01", SISTER), (15_000_001, True)),
    ],
)
def test_wages_of_several_employers_are_not_put_together(
    begin: Begin,
    tenant: SponsorId,
    sponsored: PlanId,
    one: tuple[str, str],
    other: tuple[str, str],
    apart: tuple[int, bool],
) -> None:
    with begin() as tx:
        (who,) = hire(tx, tenant, 1)
        paid(tx, tenant, sponsored, who, *one)
        paid(tx, tenant, sponsored, who, *other, on=LATER)
        assert wages(tx, tenant, sponsored) == apart
        both = sum(Money.usd(each).cents for each, _ in (one, other))
        assert wages(tx, tenant, sponsored, TOGETHER) == (both, True)
        assert list(changed_lines(tx, tenant_id=tenant)) == []


def test_what_was_loaded_is_of_one_employer(begin: Begin, tenant: SponsorId, sponsored: PlanId) -> None:
    with begin() as tx:
        loaded = {2025: census.AnnualPay(section_415_cents=0, plan_cents=0, fica_cents=16_000_000, hours_hundredths=0)}
        (who,) = census.add_employees(
            tx, tenant_id=tenant, people=[census.NewEmployee("First", "Last", annual_pay=loaded)]
        )
        paid(tx, tenant, sponsored, who, "90000", OWN)
        paid(tx, tenant, sponsored, who, "90000", SISTER)
        assert wages(tx, tenant, sponsored) == (16_000_000, True)


def test_a_changed_employer_of_a_line_shows(begin: Begin, tenant: SponsorId, sponsored: PlanId) -> None:
    with begin() as tx:
        (who,) = hire(tx, tenant, 1)
        paid(tx, tenant, sponsored, who, "90000", SISTER)
        run = census.pay_runs(tx, tenant_id=tenant, plan_id=sponsored)[0].run_id
        tx.run("insert into census.pay_employer values (%s, %s, 2, %s)", [tenant, run, OWN])
        assert list(changed_lines(tx, tenant_id=tenant)) == []  # of no line
    with begin() as tx:
        lines = replace(lines_of([who]), gross_cents=[1_000], fica_cents=[1_000])
        second = record(tx, tenant, sponsored, lines, pay_date=LATER)
        tx.run("insert into census.pay_employer values (%s, %s, 1, %s)", [tenant, second, OWN])
        assert [run for run, _ in changed_lines(tx, tenant_id=tenant)] == [second]
