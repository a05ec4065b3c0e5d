"""A plan taken over within a year is tested, limited and matched as if it had been here since January 1."""

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from tests.flows.bookkeeping import Plan, assert_sound, books, traces
from tests.flows.year_to_date import (
    COLUMNS,
    LAST_DAY,
    HandedOver,
    brought,
    handed_over,
    payroll_file,
    since_january,
    since_july,
)
from tests.support.database import TESTER
from tests.support.flows import stop_points

from open401k import census, compliance, plan, recordkeeping
from open401k.base.db import Database
from open401k.base.faults import Stopped, stopping_at
from open401k.demo.people import PAY_DATES
from open401k.demo.setup import TERMS
from open401k.flows import correction
from open401k.flows.opening_balances import TakenBack, take_back_balances
from open401k.flows.year_to_date import Brought
from open401k.kernel import FixedClock, Money, Open401kError, Refused, RunId, Source
from open401k.ledger import ContributionTotal
from open401k.payroll import Findings
from open401k.views import people, plan_health, test_detail

BEFORE, AFTER = (1, 4, 7, 9, 11, 12), (13, 16, 19, 22, 24, 25)

OWN_TERMS: dict[str, Any] = {
    **TERMS,
    "adopted_on": date(2019, 1, 1),
    "eligibility": plan.Eligibility(21, 12, None, plan.EntryRule.MONTHLY),
}
TIERED = plan.Provisions(
    **OWN_TERMS
    | {
        "match": plan.Match(
            (plan.MatchTier(10_000, 300), plan.MatchTier(5_000, 500)), period=plan.MatchPeriod.PLAN_YEAR
        ),
        "nonelective": plan.Nonelective(1_000),
    }
)
#: Each pay date for itself, capped; service by hours, which Nora reaches just before May 12 and enters on June 1.
BY_HOURS = plan.Provisions(
    **OWN_TERMS
    | {
        "eligibility": plan.Eligibility(21, 12, 1_000, plan.EntryRule.MONTHLY),
        "match": plan.Match((plan.MatchTier(5_000, 600),), cap_cents=2_500_00),
    }
)
RAISED_ON = date(2026, 5, 1)
FROM_OCTOBER = replace(TIERED, plan_year_start=plan.provisions.MonthDay(10, 1))
ENTRY, FIRST_YEAR = date(2026, 6, 1), date(2026, 5, 12)
CASES: dict[str, tuple[plan.Provisions, tuple[int, ...], tuple[int, ...], dict[str, list[date]]]] = {
    "a tiered match of the year with true-up, and nonelective": (TIERED, BEFORE, AFTER, {"1098": [ENTRY]}),
    "a capped match of each pay date, entry by hours": (
        BY_HOURS, tuple(range(1, 13)), AFTER, {"1098": [FIRST_YEAR, ENTRY]},
    ),
    "a match raised in spring": (
        TIERED,
        tuple(range(1, 13)),
        AFTER,
        {str(last4): [RAISED_ON] for last4 in range(1001, 1099)} | {"1098": [RAISED_ON, ENTRY]},
    ),
    "a plan year from October": (FROM_OCTOBER, tuple(range(1, 13)), (13, 16, 19), {"1098": [ENTRY]}),
}  # fmt: skip


def facts(here: Plan, as_of: date) -> dict[str, dict[str, object]]:
    """Everything that tests read, person by person."""
    with here.db.begin(TESTER, tenants=[here.sponsor]) as tx:
        found = compliance.facts_for(tx, tenant_id=here.sponsor, plan_id=here.plan, as_of=as_of)
        last4 = {each.employee_id: each.ssn_last4 for each in census.roster(tx, tenant_id=here.sponsor)}
    arrays = (
        "compensation", "section_415", "pre_tax", "roth", "after_tax", "calendar_deferrals", "calendar_roth", "match",
        "nonelective", "qnec", "fica_prior", "prior_section_415", "prior_known", "balances_at_determination",
        "eligible_on", "eligible", "class_excluded",
    )  # fmt: skip
    return {
        last4[who]: {name: str(np.asarray(getattr(found, name))[place]) for name in arrays}
        for place, who in enumerate(found.employee_ids)
    }


def of_days_after(counted: Counter[tuple[Any, ...]], place: int) -> dict[tuple[Any, ...], int]:
    return {key: cents for key, cents in counted.items() if key[place] > LAST_DAY}


#: The match of the year is raised on May 1: what was earned before stays, and the new terms begin with nothing.
RAISED = replace(TIERED, match=plan.Match((plan.MatchTier(10_000, 600),), period=plan.MatchPeriod.PLAN_YEAR))


def raise_match(of: Plan) -> None:
    with of.db.begin(TESTER, tenants=[of.sponsor]) as tx:
        done = plan.amend(
            tx, tenant_id=of.sponsor, plan_id=of.plan, effective_on=RAISED_ON, provisions=RAISED, why="a test"
        )
        assert not isinstance(done, Refused), done


@pytest.mark.parametrize("case", CASES)
def test_a_plan_taken_over_on_july_1_is_as_if_it_had_been_here_since_january(
    db: Database, clock: FixedClock, case: str
) -> None:
    terms, before, after, cuts = CASES[case]
    saved = "1900.00" if len(before) > len(BEFORE) else "2100.00"
    amended = case == "a match raised in spring"
    here = since_january(db, clock, terms)
    for period in before:
        if amended and PAY_DATES[period - 1] < RAISED_ON <= PAY_DATES[period]:
            raise_match(here)
        here.pay(period, payroll_file(here, period, saved))
    there = since_july(here, terms)
    if amended:
        raise_match(there)
    year = terms.plan_year_of(LAST_DAY)
    told = brought(there, handed_over(here, year_start=year.start, cuts=cuts).csv())
    assert isinstance(told, Brought), told
    assert facts(there, LAST_DAY) == facts(here, LAST_DAY)
    opened = books(there).balances
    assert not of_days_after(books(there).by_date, 2)
    assert sum(cents for (_, kind, _), cents in opened.items() if kind == "employer_receivable") == 0
    for period in after:
        one = here.pay(period, payroll_file(here, period, saved))
        other = there.pay(period, payroll_file(there, period, saved))
        assert there.findings(other.run.run_id) == here.findings(one.run.run_id)
        assert books(there).tests == books(here).tests
    known, found = books(here), books(there)
    assert of_days_after(found.by_date, 2) == of_days_after(known.by_date, 2)
    assert of_days_after(found.held, 1) == of_days_after(known.held, 1)
    assert facts(there, year.last_day) == facts(here, year.last_day)
    assert {key: cents for key, cents in found.balances.items() if key[1] == "participant"} == {
        key: cents for key, cents in known.balances.items() if key[1] == "participant"
    }
    assert_sound(there)
    assert_sound(here)
    # Each of these counts the year before the takeover: without it they would come out otherwise.
    reasons = {reason for (_, _, _, reason) in of_days_after(found.held, 1)}
    assert "over_limit" in reasons
    assert traces(there).people == traces(here).people


@pytest.fixture
def twins(db: Database, clock: FixedClock) -> tuple[Plan, Plan]:
    """The plan that has been here since January, and the one just taken over."""
    here = since_january(db, clock, TIERED)
    for period in BEFORE:
        here.pay(period, payroll_file(here, period))
    return here, since_july(here, TIERED)


def of_june(here: Plan) -> HandedOver:
    return handed_over(here, year_start=date(2026, 1, 1), cuts={"1098": [ENTRY]})


TABLES = (
    "census.pay_run", "census.pay_line", "census.brought_amount", "payroll.file", "base.audit", "ledger.entry",
    "compliance.run",
)  # fmt: skip


def facts_on_file(there: Plan) -> Counter[str]:
    """How many rows hold what was brought, or follows from it."""
    with there.db.begin(TESTER, tenants=[there.sponsor]) as tx:
        counted: Counter[str] = Counter()
        for table in TABLES:
            found = tx.conn.execute(f"select count(*) from {table} where tenant_id = %s", [there.sponsor])
            counted[table] = (found.fetchone() or (0,))[0]
        return counted


def test_a_file_with_faults_tells_them_all_and_leaves_nothing(twins: tuple[Plan, Plan]) -> None:
    here, there = twins
    file, before, said = of_june(here), traces(there), facts_on_file(there)
    first, _, *rest = [row for row in file.rows if row["ssn"].endswith("1098")]
    stranger, negative, before_year = file.of("1003"), file.of("1004"), file.of("1005")
    total = file.csv().decode().splitlines()[-1].split(",")
    assert not rest
    first["period_end"] = "2026-06-10"  # holds the day of entry, and overlaps with the second row
    stranger["ssn"] = "219-11-2003"
    negative["match"] = "-" + negative["match"]
    before_year["period_start"] = "2025-12-31"
    data = file.csv(total=dict(zip(COLUMNS[3:], total[3:], strict=True)))
    refused = brought(there, data)
    assert isinstance(refused, Findings)
    assert {(each.row, each.column, str(each.code)) for each in refused.listed} == {
        (file.number(first) + 1, "A ssn", "row.duplicate"),
        (file.number(first), "C period_end", "period.straddles"),
        (file.number(stranger), "A ssn", "person.unknown"),
        (file.number(negative), "K match", "amount.negative_not_allowed"),
        (file.number(before_year), "B period_start", "period.outside"),
    }
    assert (traces(there), facts_on_file(there)) == (before, said)
    assert isinstance(brought(there, of_june(here).csv(), as_of=date(2026, 7, 2)), Findings)
    assert (traces(there), facts_on_file(there)) == (before, said)
    with pytest.raises(Open401kError, match=r"takes effect on .*, after 1999-12-31") as early:
        brought(there, of_june(here).csv(), as_of=date(1999, 12, 31))
    assert "their periods may end before it" in early.value.fix
    assert (traces(there), facts_on_file(there)) == (before, said)


def test_the_same_figures_again_change_nothing_in_whatever_order(twins: tuple[Plan, Plan]) -> None:
    here, there = twins
    file = of_june(here)
    first = brought(there, file.csv())
    said = facts_on_file(there)
    file.rows.reverse()
    for row in file.rows:
        row["ssn"] = row["ssn"].replace("-", "")
    again = brought(there, file.csv(), name="again.csv")
    assert isinstance(first, Brought)
    assert isinstance(again, Brought)
    assert (first.already, again.already) == (False, True)
    assert replace(again, already=False) == first
    assert facts_on_file(there) - said == Counter({"payroll.file": 1})
    assert first.employee.cents == sum(
        cents for (_, source, _), cents in books(here).by_date.items() if source in ("pre_tax", "roth", "after_tax")
    )


def test_a_corrected_file_supersedes_and_the_difference_is_posted_with_its_origin(twins: tuple[Plan, Plan]) -> None:
    here, there = twins
    file = of_june(here)
    wrong = of_june(here)
    wrong.of("1003")["match"] = "0.00"  # so that the true-up gives it once more
    assert isinstance(brought(there, wrong.csv()), Brought)
    here.pay(13, payroll_file(here, 13))
    there.pay(13, payroll_file(there, 13))
    before, said = books(there), facts(there, LAST_DAY)
    own = books(here).by_date["1003", "match", PAY_DATES[13]]
    given = Money.usd(file.of("1003")["match"]).cents
    assert before.by_date["1003", "match", PAY_DATES[13]] == own + given
    known = there.clock.now()
    there.at(date(2026, 7, 6))
    corrected = brought(there, file.csv())
    assert isinstance(corrected, Brought)
    assert (corrected.already, corrected.entries) == (False, 1)
    assert books(there).by_date == books(here).by_date & books(there).by_date
    assert books(there).by_date["1003", "match", PAY_DATES[13]] == own
    assert facts(there, LAST_DAY) == facts(here, LAST_DAY) != said
    with there.db.begin(TESTER, tenants=[there.sponsor]) as tx:
        (entry,) = recordkeeping.corrections(tx, tenant_id=there.sponsor, plan_id=there.plan)
        where: dict[str, Any] = {"tenant_id": there.sponsor, "plan_id": there.plan}
        span: dict[str, Any] = {"start": date(2026, 1, 1), "end": date(2026, 7, 1)}
        then = census.contributed(tx, **where, **span, known_at=known).rows()
        now = census.contributed(tx, **where, **span).rows()
    assert "Year-to-date figures" in entry.origin
    assert entry.credited_cents == -given
    assert set(now) - set(then) == {ContributionTotal(there.employee("1003"), Source.MATCH, given)}
    assert_sound(there)
    # The wrong figures again are a correction like any other.
    assert isinstance(back := brought(there, wrong.csv()), Brought)
    assert not back.already
    assert books(there).by_date == before.by_date
    assert_sound(there)


def record_a_run(there: Plan) -> None:
    with there.db.begin(TESTER, tenants=[there.sponsor]) as tx:
        nothing: list[int] = []
        census.record_run(
            tx,
            tenant_id=there.sponsor,
            plan_id=there.plan,
            run_id=tx.ids.new(RunId),
            pay_date=PAY_DATES[12],
            period_start=PAY_DATES[11],
            period_end=PAY_DATES[12],
            replaces=None,
            lines=census.PayLines([], *[nothing] * 9),  # type: ignore[arg-type]
        )


def test_a_payroll_of_days_that_were_brought_over_is_refused(twins: tuple[Plan, Plan]) -> None:
    here, there = twins
    assert isinstance(brought(there, of_june(here).csv()), Brought)
    taken = there.receive(12, payroll_file(there, 12))
    assert "period.covered" in there.findings(taken.run.run_id)
    assert there.status(taken.run.run_id) == "rejected"
    # Nor may figures be brought over of days that were paid here.
    there.pay(13, payroll_file(there, 13))
    late = of_june(here)
    late.of("1003")["period_end"] = str(PAY_DATES[13])
    refused = brought(there, late.csv(), as_of=PAY_DATES[13])
    assert isinstance(refused, Findings)
    assert [(str(each.code), each.row) for each in refused.listed] == [("period.covered", late.number(late.of("1003")))]
    # A file that was checked before the figures came is not recorded after them.
    with pytest.raises(Open401kError, match="were brought over"):
        record_a_run(there)


def test_figures_that_end_earlier_leave_the_days_after_to_payrolls_here(twins: tuple[Plan, Plan]) -> None:
    here, there = twins
    assert isinstance(brought(there, of_june(here).csv()), Brought)
    there.at(date(2026, 7, 2))
    may = handed_over(here, year_start=date(2026, 1, 1), cuts={}, until=date(2026, 5, 31))
    assert isinstance(brought(there, may.csv(), as_of=date(2026, 5, 31)), Brought)
    with there.db.begin(TESTER, tenants=[there.sponsor]) as tx:
        periods = census.brought_periods(tx, tenant_id=there.sponsor, plan_id=there.plan)
    assert [(each.start, each.end) for each in periods] == [(date(2026, 1, 1), date(2026, 5, 31))]
    taken = there.receive(12, payroll_file(there, 12))
    assert "period.covered" in there.findings(taken.run.run_id), "the balances of June's end have its money in them"
    with there.db.begin(TESTER, tenants=[there.sponsor]) as tx:
        (opened,) = recordkeeping.openings(tx, tenant_id=there.sponsor, plan_id=there.plan)
    who: dict[str, Any] = {"actor": TESTER, "tenant_id": there.sponsor, "plan_id": there.plan}
    assert isinstance(take_back_balances(there.db, **who, entry_id=opened.entry_id, why="Of May's end."), TakenBack)
    there.pay(12, payroll_file(there, 12))  # of June: the run that June's figures were in is on file, and empty
    assert_sound(there)


def test_a_story_stopped_after_the_figures_goes_on_with_the_same_file(twins: tuple[Plan, Plan]) -> None:
    here, there = twins
    wrong = of_june(here)
    wrong.of("1003")["match"] = "0.00"
    assert isinstance(brought(there, wrong.csv()), Brought)
    there.pay(13, payroll_file(there, 13))
    points = ["base.before_commit", "base.after_commit", *stop_points("correction", correction.STEPS)]
    for point in points:
        with stopping_at(point), pytest.raises(Stopped):
            brought(there, of_june(here).csv())
        assert_sound(there)  # figures are never on file without what follows from them in the books
    done = brought(there, of_june(here).csv())
    assert isinstance(done, Brought)
    assert (done.already, done.entries) == (True, 1)
    here.pay(13, payroll_file(here, 13))
    assert of_days_after(books(there).by_date, 2) == of_days_after(books(here).by_date, 2)
    assert_sound(there)


def test_the_projection_begins_with_the_year_before_the_takeover(twins: tuple[Plan, Plan]) -> None:
    here, there = twins
    assert isinstance(brought(there, of_june(here).csv()), Brought)
    for each in twins:
        for period in (13, 14):
            each.pay(period, payroll_file(each, period), wait=True)
    told = []
    for each in twins:
        with each.db.begin(TESTER, tenants=[each.sponsor]) as tx:
            run = compliance.latest(tx, tenant_id=each.sponsor, plan_id=each.plan)
            assert run is not None
            forecast = compliance.foresee(tx, tenant_id=each.sponsor, run_id=run.run_id)
        assert forecast is not None
        told.append({each.test: (each.today, each.today_limit, each.median) for each in forecast.projection.tests})
    known, found = told
    assert {test: each[:2] for test, each in found.items()} == {test: each[:2] for test, each in known.items()}
    # Two pay dates tell less of pay and habits than eight, but the year is the same one.
    assert found[compliance.TestId.ADP][2] is not None
    assert found[compliance.TestId.ADP][2] == pytest.approx(known[compliance.TestId.ADP][2], rel=0.15)


def test_the_rows_behind_a_test_add_up_to_its_figure_with_days_before_the_takeover(
    twins: tuple[Plan, Plan],
) -> None:
    here, there = twins
    assert isinstance(brought(there, of_june(here).csv()), Brought)
    there.pay(13, payroll_file(there, 13))
    with there.db.begin(TESTER, tenants=[there.sponsor]) as tx:
        shown = test_detail.load(tx, tenant_id=there.sponsor, plan_id=there.plan, key="402g")
        page = people.load(tx, tenant_id=there.sponsor, plan_id=there.plan)
        health = plan_health.load(tx, tenant_id=there.sponsor, plan_id=there.plan)
    assert shown is not None
    for each in shown.people:
        counted = sum(row.counted_amount.cents for row in each.rows)
        assert counted == getattr(each.values[0], "cents", None), each.name
    nora = next(each for each in shown.people if each.name == "Nora Lund")
    assert [(row.since, row.pay_date, row.run_id is None) for row in nora.rows[:2]] == [
        (date(2026, 1, 1), date(2026, 5, 31), True),
        (ENTRY, LAST_DAY, True),
    ]
    before = sum(books(here).by_date.values())
    july = sum(of_days_after(books(there).by_date, 2).values())
    assert health.contributed_this_year.cents == before + july
    rosa = next(each for each in page.people if each.name == "Rosa Benitez")
    assert isinstance(rosa.deferred, Money)
    assert rosa.deferred.cents == 210_000 * (len(BEFORE) + 1)


def test_a_period_is_cut_at_new_years_the_plan_year_an_amendment_and_a_year_of_service(
    db: Database, clock: FixedClock
) -> None:
    terms = replace(FROM_OCTOBER, eligibility=plan.Eligibility(21, 12, 1_000, plan.EntryRule.MONTHLY))
    here = since_january(db, clock, terms)
    with here.db.begin(TESTER, tenants=[here.sponsor]) as tx:
        raised = replace(terms, match=RAISED.match)
        plan.amend(tx, tenant_id=here.sponsor, plan_id=here.plan, effective_on=RAISED_ON, provisions=raised, why="t")
    here.at(date(2026, 7, 1))
    nothing = dict.fromkeys(COLUMNS[3:], "0.00") | {"prior_year_end_balance": ""}
    spans = {
        "1003": ("2025-12-01", "2026-01-31", date(2026, 1, 1)),
        "1004": ("2025-09-01", "2025-10-31", date(2025, 10, 1)),
        "1005": ("2026-04-30", "2026-05-01", RAISED_ON),
        "1098": ("2026-05-02", "2026-05-31", FIRST_YEAR),
        "1006": ("2024-12-31", "2025-06-30", date(2025, 1, 1)),
        "1007": ("2025-01-01", "2025-09-30", None),
        "1008": ("2026-05-01", "2026-06-30", None),
    }
    rows = [
        {"ssn": f"219-11-{last4}", "period_start": start, "period_end": end, **nothing}
        for last4, (start, end, _) in spans.items()
    ]
    refused = brought(here, HandedOver(rows).csv())
    assert isinstance(refused, Findings)
    assert [(each.row, str(each.code)) for each in refused.by_place()] == [
        (2, "period.straddles"), (3, "period.straddles"), (4, "period.straddles"), (5, "period.straddles"),
        (6, "period.outside"),
    ]  # fmt: skip
    for each, (_, _, cut) in zip(refused.by_place(), spans.values(), strict=False):
        assert str(cut) in each.fix
    # The books hold the balances of the end of 2025, which is no determination date of a year that began in October.
    sound = brought(here, HandedOver([rows[5] | {"prior_year_end_balance": "5.00"}, rows[6]]).csv())
    assert isinstance(sound, Brought)
    assert sound.balances_before.cents == 500
