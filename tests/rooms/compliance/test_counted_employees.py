"""Who is counted under the top-paid group and the officers' cap, and who was key by pay in an earlier year."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.rooms.compliance.kept_plan import KeptPlan, open_plan
from tests.rooms.compliance.small_plan import PROVISIONS
from tests.support.database import Begin

from open401k import census, compliance, plan
from open401k.base.db import Tx
from open401k.compliance import PlanFacts, Status, TestId, TestResult, people_of
from open401k.compliance.gather import gather
from open401k.kernel import EmployeeId, RunId, SponsorId
from open401k.plan import Testing

ON = date(2026, 8, 31)


@pytest.fixture
def kept(begin: Begin, tenant: SponsorId) -> KeptPlan:
    """Twelve people: the first owns all of the sponsor, the second is married to the first; ten earned 50,000."""
    return open_plan(begin, tenant)


def elect(begin: Begin, kept: KeptPlan) -> None:
    with begin() as tx:
        terms = replace(PROVISIONS, testing=Testing(top_paid_group=True))
        plan.amend(
            tx,
            tenant_id=kept.tenant,
            plan_id=kept.plan_id,
            provisions=terms,
            effective_on=date(2025, 1, 1),
            why="a test",
        )


def record(begin: Begin, kept: KeptPlan, who: EmployeeId, fact: census.Fact, on: date) -> None:
    with begin() as tx:
        census.record_fact(tx, tenant_id=kept.tenant, employee_id=who, fact=fact, event_on=on)


def paid(begin: Begin, kept: KeptPlan, place: int, cents: int, year: int = 2025) -> None:
    fact = census.PayOfYear(year, census.AnnualPay(cents, cents, cents, 208_000))
    record(begin, kept, kept.employees[place], fact, date(year, 12, 31))


def hire(begin: Begin, kept: KeptPlan, count: int, **changed: Any) -> list[EmployeeId]:
    person: dict[str, Any] = {"birth_date": date(1985, 1, 1), "hired_on": date(2018, 1, 1)} | changed
    with begin() as tx:
        people = [census.NewEmployee("More", str(number), **person) for number in range(count)]
        return list(census.add_employees(tx, tenant_id=kept.tenant, people=people))


def gathered(begin: Begin, kept: KeptPlan, on: date = ON) -> PlanFacts:
    with begin() as tx:
        return gather(tx, tenant_id=kept.tenant, plan_id=kept.plan_id, as_of=on)


def places(kept: KeptPlan, facts: PlanFacts, flags: Any) -> list[int]:
    found = [who for who, flag in zip(facts.employee_ids, flags, strict=True) if flag]
    return [place for place, who in enumerate(kept.employees) if who in found]


def highly_paid(begin: Begin, kept: KeptPlan) -> list[int]:
    facts = gathered(begin, kept)
    return places(kept, facts, people_of(facts).hce.by_compensation)


def said(begin: Begin, kept: KeptPlan, test: TestId) -> TestResult:
    with begin() as tx:
        run = compliance.retest(tx, tenant_id=kept.tenant, plan_id=kept.plan_id, as_of=ON, cause="a test")
        assert compliance.verify_runs(tx, tenant_id=kept.tenant) == []
    return run.of(test)


def loaded(cents: int, hours: int = 208_000, year: int = 2025) -> dict[int, census.AnnualPay]:
    return {year: census.AnnualPay(cents, cents, cents, hours)}


def test_who_left_in_the_lookback_year_is_counted_and_takes_a_place_in_the_top_paid_group(
    begin: Begin, kept: KeptPlan
) -> None:
    """IRC 414(q)(1)(B)(ii), (3): the group of 2025 is 20 % of its 20 employees: 4, and two of these left in 2025."""
    elect(begin, kept)
    hire(begin, kept, 6, terminated_on=date(2025, 11, 28), annual_pay=loaded(3_000_000))
    hire(begin, kept, 2, terminated_on=date(2025, 6, 30), annual_pay=loaded(25_000_000))
    for place, cents in ((5, 17_000_000), (6, 16_500_000)):
        paid(begin, kept, place, cents)
    # 250,000 twice, the owner's 200,000, then 170,000: the one of 165,000 is fifth.
    assert highly_paid(begin, kept) == [0, 5]


def test_who_was_hired_this_year_is_not_counted_in_the_lookback_year(begin: Begin, kept: KeptPlan) -> None:
    elect(begin, kept)
    hire(begin, kept, 30, hired_on=date(2026, 2, 2))
    for place, cents in ((5, 17_000_000), (6, 16_500_000), (7, 16_400_000)):
        paid(begin, kept, place, cents)
    assert highly_paid(begin, kept) == [0, 5, 6]  # 20 % of 12, rounded up: 3; of 42 they would be 9


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"hired_on": date(2025, 7, 2)}, "8 with less than 6 months of service"),
        ({"birth_date": date(2005, 1, 1)}, "8 under 21"),
    ],
)
def test_the_working_says_who_was_left_out_of_the_count_and_why(
    begin: Begin, kept: KeptPlan, changed: dict[str, Any], why: str
) -> None:
    elect(begin, kept)
    hire(begin, kept, 8, **changed)
    for place, cents in ((5, 17_000_000), (6, 16_500_000), (7, 16_400_000)):
        paid(begin, kept, place, cents)
    assert highly_paid(begin, kept) == [0, 5, 6]  # 20 % of 12, not of 20
    told = said(begin, kept, TestId.ADP)
    assert "the 3 best paid: 20 % of 12 employees counted of 20 who worked in 2025" in told.explanation
    assert why in told.explanation


def test_what_is_not_on_file_leaves_nobody_out_and_is_told(begin: Begin, kept: KeptPlan) -> None:
    elect(begin, kept)
    hire(begin, kept, 8, birth_date=None)
    told = said(begin, kept, TestId.ADP)
    assert "the 4 best paid: 20 % of 20 employees counted of 20" in told.explanation
    assert "counted although 8 without a birth date, 8 without weekly hours" in told.explanation


def test_few_hours_of_a_whole_year_leave_nobody_out(begin: Begin, kept: KeptPlan) -> None:
    """Weeks without work are not considered (Temp. Reg. 1.414(q)-1T A-9(e)(1)): 400 hours may be ten full weeks."""
    elect(begin, kept)
    hire(begin, kept, 8, annual_pay=loaded(1_000_000, 40_000))
    told = said(begin, kept, TestId.ADP)
    assert "the 4 best paid: 20 % of 20 employees counted of 20" in told.explanation
    assert "counted although 8 without weekly hours" in told.explanation


def test_hours_of_single_payrolls_tell_who_normally_works_little(begin: Begin, kept: KeptPlan) -> None:
    """Under 17 1/2 hours in at least half of the weeks worked: 30 hours in two weeks of 2025, then 40."""
    elect(begin, kept)
    little = hire(begin, kept, 8)
    for number, hours in enumerate((3_000, 3_000, 4_000)):
        with begin() as tx:
            pay_hours(tx, kept, little, date(2025, 3, 7) + timedelta(days=14 * number), hours)
    facts = gathered(begin, kept)
    assert facts.lookback is not None
    assert facts.lookback.left_out == (("who normally work less than 17 1/2 hours a week", 8),)
    assert (facts.lookback.counted, facts.lookback.worked) == (12, 20)


def pay_hours(tx: Tx, kept: KeptPlan, people: list[EmployeeId], day: date, hours: int) -> None:
    zeros = [0] * len(people)
    census.record_run(
        tx, tenant_id=kept.tenant, plan_id=kept.plan_id, run_id=tx.ids.new(RunId), pay_date=day,
        period_start=day - timedelta(days=13), period_end=day, replaces=None,
        lines=census.PayLines(
            employee_id=people, line_no=list(range(2, len(people) + 2)), gross_cents=[100_000] * len(people),
            fica_cents=zeros, hours_hundredths=[hours] * len(people), pre_tax_cents=zeros, roth_cents=zeros,
            after_tax_cents=zeros, catch_up_pre_tax_cents=zeros, catch_up_roth_cents=zeros,
        ),
    )  # fmt: skip


def officers(begin: Begin, kept: KeptPlan, count: int, since: date = date(2019, 1, 1)) -> None:
    """Places 3 and on; the first of them is paid the most."""
    for place in range(3, 3 + count):
        record(begin, kept, kept.employees[place], census.Officer(True), since)
        paid(begin, kept, place, 26_000_000 - place * 100_000)


def test_the_cap_on_officers_counts_the_year_of_the_determination_date_without_who_is_excluded(
    begin: Begin, kept: KeptPlan
) -> None:
    """IRC 416(i)(1)(A): 10 % of 12 is 2, so 3; of the 40 with 28 people of 2026 it would be 4."""
    officers(begin, kept, 5)
    hire(begin, kept, 20, hired_on=date(2026, 2, 2))
    hire(begin, kept, 8, birth_date=date(2006, 1, 1))
    facts = gathered(begin, kept)
    people = people_of(facts)
    assert people.key is not None
    assert (people.key.officer_cap, places(kept, facts, people.key.by_office)) == (3, [3, 4, 5])
    told = said(begin, kept, TestId.TOP_HEAVY)
    assert "At most 3 officers of 2025 can be key, by 12 employees counted of 20" in told.explanation


def test_an_officer_who_left_in_that_year_takes_a_place_under_the_cap(begin: Begin, kept: KeptPlan) -> None:
    officers(begin, kept, 3)
    (gone,) = hire(begin, kept, 1, terminated_on=date(2025, 12, 1), officer=True, annual_pay=loaded(40_000_000))
    facts = gathered(begin, kept)
    assert gone not in facts.employee_ids
    key = people_of(facts).key
    assert key is not None
    assert places(kept, facts, key.by_office) == [3, 4]


def test_a_plan_without_the_election_or_former_officers_reads_nothing_more(
    begin: Begin, kept: KeptPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    officers(begin, kept, 3)

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("the tests of an ordinary plan ask for no more than they did")

    monkeypatch.setattr(census, "employer_pay_by_date", never)
    monkeypatch.setattr(census, "period_hours", never)
    facts = gathered(begin, kept)
    assert (facts.lookback, facts.determination) == (None, None)


def test_who_was_key_by_office_in_an_earlier_year_is_out_of_the_ratio(begin: Begin, kept: KeptPlan) -> None:
    """IRC 416(g)(4)(B): an officer paid 250,000 in 2023, over that year's 215,000, and no officer since."""
    record(begin, kept, kept.employees[3], census.Officer(True), date(2020, 1, 1))
    record(begin, kept, kept.employees[3], census.Officer(False), date(2024, 1, 1))
    for year in range(2020, 2024):
        paid(begin, kept, 3, 25_000_000 if year == 2023 else 10_000_000, year)
    told = said(begin, kept, TestId.TOP_HEAVY)
    # 80,000 of the two owners of 100,000, without the 2,000 of the former officer: of 98,000.
    assert (told.status, told.measured) == (Status.FAIL, 8_163)
    assert "Accounts of 1 who were key in an earlier year" in told.explanation
    assert told.working["former_key"] == 1
    assert "not known" not in told.explanation


def test_who_was_key_by_a_one_percent_share_is_too(begin: Begin, kept: KeptPlan) -> None:
    record(begin, kept, kept.employees[4], census.Ownership(200), date(2020, 1, 1))
    record(begin, kept, kept.employees[4], census.Ownership(0), date(2022, 6, 1))
    for year, cents in ((2020, 15_000_000), (2021, 15_000_001), (2022, 10_000_000)):
        paid(begin, kept, 4, cents, year)
    assert said(begin, kept, TestId.TOP_HEAVY).measured == 8_163


def test_an_officer_paid_no_more_than_the_limit_of_that_year_stays_in(begin: Begin, kept: KeptPlan) -> None:
    record(begin, kept, kept.employees[3], census.Officer(True), date(2023, 1, 1))
    record(begin, kept, kept.employees[3], census.Officer(False), date(2024, 1, 1))
    paid(begin, kept, 3, 21_500_000, 2023)
    told = said(begin, kept, TestId.TOP_HEAVY)
    assert told.measured == 8_000
    assert "former" not in str(told.working.keys())


def test_an_officer_who_is_still_one_and_paid_less_now_was_key(begin: Begin, kept: KeptPlan) -> None:
    record(begin, kept, kept.employees[3], census.Officer(True), date(2023, 1, 1))
    paid(begin, kept, 3, 25_000_000, 2023)
    paid(begin, kept, 3, 12_000_000, 2024)
    assert said(begin, kept, TestId.TOP_HEAVY).measured == 8_163


def test_an_earlier_year_without_pay_on_file_is_told_and_not_guessed(begin: Begin, kept: KeptPlan) -> None:
    record(begin, kept, kept.employees[3], census.Officer(True), date(2022, 1, 1))
    record(begin, kept, kept.employees[3], census.Officer(False), date(2023, 1, 1))
    told = said(begin, kept, TestId.TOP_HEAVY)
    assert told.measured == 8_000
    assert "is not known of 2022 (the pay of 1 is not on file)" in told.explanation
    assert told.working["former_key_not_on_file"] == ["2022 (the pay of 1 is not on file)"]


def test_of_more_officers_than_can_be_key_only_the_best_paid_were(begin: Begin, kept: KeptPlan) -> None:
    """Five officers of 2023 of twelve employees: three were key then (IRC 416(i)(1)(A))."""
    for place in range(3, 8):
        record(begin, kept, kept.employees[place], census.Officer(True), date(2023, 1, 1))
        record(begin, kept, kept.employees[place], census.Officer(False), date(2024, 1, 1))
        paid(begin, kept, place, 26_000_000 - place * 100_000, 2023)
    facts = gathered(begin, kept)
    assert facts.key_facts is not None
    assert places(kept, facts, facts.key_facts.formerly) == [0, 1, 3, 4, 5]  # the owners were, and are
