"""Who is key or highly compensated by what was owned, or which office was held, in the very year that the law names."""

from __future__ import annotations

from datetime import date

import pytest
from tests.rooms.compliance.kept_plan import KeptPlan, open_plan
from tests.support.database import Begin

from open401k import census, compliance
from open401k.base.db import Tx
from open401k.compliance import Status, TestId, people_of
from open401k.compliance.gather import gather
from open401k.kernel import EmployeeId, SponsorId

ON = date(2026, 8, 31)


@pytest.fixture
def kept(begin: Begin, tenant: SponsorId) -> KeptPlan:
    """Twelve people: the first owns all of the sponsor since 2018, the second is married to the first."""
    return open_plan(begin, tenant)


def record(begin: Begin, kept: KeptPlan, who: EmployeeId, fact: census.Fact, on: date) -> None:
    with begin() as tx:
        census.record_fact(tx, tenant_id=kept.tenant, employee_id=who, fact=fact, event_on=on)


def standing(tx: Tx, kept: KeptPlan) -> tuple[list[int], list[int]]:
    """Places of the highly compensated and of the key."""
    facts = gather(tx, tenant_id=kept.tenant, plan_id=kept.plan_id, as_of=ON)
    people = people_of(facts)
    place = {who: facts.employee_ids.index(who) for who in kept.employees if who in facts.employee_ids}
    hce = [i for i, who in enumerate(kept.employees) if who in place and people.is_hce[place[who]]]
    return hce, [i for i, who in enumerate(kept.employees) if who in place and people.is_key[place[who]]]


def test_who_sold_this_year_was_key_at_any_time_in_the_year_of_the_determination_date(
    begin: Begin, kept: KeptPlan
) -> None:
    record(begin, kept, kept.employees[0], census.Ownership(0), date(2026, 3, 1))
    with begin() as tx:
        hce, key = standing(tx, kept)
    # IRC 416(i)(1)(A): 2025 counts for 2026, and they owned all of it then; 414(q)(1)(A): this year or the last.
    assert (hce, key) == ([0, 1], [0, 1])


def test_who_bought_this_year_is_highly_compensated_and_key_only_next_year(begin: Begin, kept: KeptPlan) -> None:
    record(begin, kept, kept.employees[7], census.Ownership(2_000), date(2026, 3, 1))
    with begin() as tx:
        hce, key = standing(tx, kept)
    assert (hce, key) == ([0, 1, 7], [0, 1])


def test_who_sold_before_the_determination_year_is_neither_and_out_of_the_ratio(begin: Begin, kept: KeptPlan) -> None:
    record(begin, kept, kept.employees[0], census.Ownership(0), date(2024, 6, 1))
    record(begin, kept, kept.employees[2], census.Ownership(10_000), date(2024, 6, 1))
    with begin() as tx:
        hce, key = standing(tx, kept)
        run = compliance.retest(tx, tenant_id=kept.tenant, plan_id=kept.plan_id, as_of=ON, cause="a test")
    assert (hce, key) == ([0, 2], [2])  # the first one by pay: 200,000 in 2025
    told = next(each for each in run.results if each.test is TestId.TOP_HEAVY)
    # 60,000 and 20,000 of former key employees are in neither part: 2,000 of the new owner of 20,000 of all others.
    assert (told.status, told.measured) == (Status.PASS, 1_000)


def test_an_office_that_was_given_up_this_year_was_held_in_the_last(begin: Begin, kept: KeptPlan) -> None:
    officer = kept.employees[3]
    record(begin, kept, officer, census.Officer(True), date(2020, 1, 1))
    record(begin, kept, officer, census.Officer(False), date(2026, 2, 1))
    paid = census.PayOfYear(2025, census.AnnualPay(24_000_000, 24_000_000, 24_000_000, 208_000))
    record(begin, kept, officer, paid, date(2025, 12, 31))
    with begin() as tx:
        _, key = standing(tx, kept)
    assert key == [0, 1, 3]


def test_the_share_of_a_relative_who_sold_and_never_worked_here_counts_for_the_days_of_it(
    begin: Begin, kept: KeptPlan
) -> None:
    with begin() as tx:
        (parent,) = census.add_employees(
            tx, tenant_id=kept.tenant,
            people=[census.NewEmployee("Old", "Owner", ownership_bps=9_000, event_on=date(2018, 1, 1))],
        )  # fmt: skip
    record(begin, kept, kept.employees[5], census.Family(parent, census.Relation.PARENT), date(2018, 1, 1))
    record(begin, kept, parent, census.Ownership(0), date(2026, 2, 1))
    with begin() as tx:
        hce, key = standing(tx, kept)
    assert (hce, key) == ([0, 1, 5], [0, 1, 5])
