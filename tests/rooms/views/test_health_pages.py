"""What the pages of a plan say on August 14, when Acme passes ADP today and will not at the year end."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.rooms.views.august import AUGUST, Seat, acme_in_august, birch_in_august, taken_over
from tests.support.database import TESTER, Served

from open401k import compliance, fiduciary, ledger
from open401k.base.db import Tx
from open401k.compliance import ComplianceRun, TestId
from open401k.demo.people import ACME
from open401k.fiduciary import AlertEvent, AlertEventKind
from open401k.flows.day import begin_day
from open401k.kernel import AlertId, FixedClock, Money, PlanYear
from open401k.views import advisor_book, alert, plan_health, standings, test_detail
from open401k.views.payroll_lines import next_pay_date
from open401k.views.shown import DutyState, Percent, RunState, Standing, StandingLine


@pytest.fixture(scope="module")
def acme(postgres: Served) -> Seat:
    """Acme after its payroll of August 14."""
    return acme_in_august(postgres.db)


@pytest.fixture(scope="module")
def untested(postgres: Served) -> Seat:
    """Acme before its first payroll."""
    return taken_over(postgres.db, ACME)


@pytest.fixture(scope="module")
def new_year(postgres: Served) -> Seat:
    """Acme on January 4, 2027: nobody has loaded that year's figures."""
    seat = taken_over(postgres.db, ACME, FixedClock(datetime(2027, 1, 4, 20, tzinfo=UTC)))
    begin_day(seat.db, actor=TESTER, tenant_id=seat.plan.sponsor_id)
    return seat


@pytest.fixture
def health(acme: Seat) -> plan_health.PlanHealth:
    """The plan health page."""
    return _health(acme)


def _health(seat: Seat) -> plan_health.PlanHealth:
    with seat.begin() as tx:
        return plan_health.load(tx, tenant_id=seat.plan.sponsor_id, plan_id=seat.plan.plan_id)


def _detail(seat: Seat, key: str) -> test_detail.TestDetail:
    with seat.begin() as tx:
        found = test_detail.load(tx, tenant_id=seat.plan.sponsor_id, plan_id=seat.plan.plan_id, key=key)
    assert found is not None
    return found


def _alert(seat: Seat, alert_id: AlertId) -> alert.AlertDetail | None:
    with seat.begin() as tx:
        return alert.load(tx, tenant_id=seat.plan.sponsor_id, plan_id=seat.plan.plan_id, alert_id=alert_id)


def _test(health: plan_health.PlanHealth, key: str) -> StandingLine:
    return next(line for line in health.tests if line.key == key)


# --- plan health


def test_adp_passes_today_and_is_at_risk(health: plan_health.PlanHealth) -> None:
    adp = _test(health, "adp")
    assert (adp.measured, adp.limit) == (Percent(496), Percent(522))
    assert adp.standing is Standing.AT_RISK
    assert adp.projection is not None
    assert adp.projection.fails > Percent(9_000)
    assert isinstance(adp.projection.low, Percent)
    assert isinstance(adp.projection.limit_high, Percent)
    assert adp.projection.low > adp.projection.limit_high
    assert health.needs_somebody
    assert not health.refused


def test_the_alert_says_what_by_when_and_who(health: plan_health.PlanHealth) -> None:
    line, minimum = health.alerts
    assert minimum.title == "The plan is top-heavy for 2026: a minimum contribution is due"
    assert (minimum.decide_by, minimum.decided_by) == (date(2026, 11, 30), "The sponsor")
    assert line.title == "The ADP test of 2026 is likely to fail"
    assert "Today it stands at 4.96 % against 5.22 %." in line.sentence
    assert line.decide_by == date(2026, 8, 21)
    assert line.decided_by == "Each highly compensated employee"
    assert line.raised_at.date() == AUGUST


def test_every_other_test_stands_as_it_is(health: plan_health.PlanHealth) -> None:
    standings = {line.key: line.standing for line in health.tests}
    assert standings == {
        "adp": Standing.AT_RISK,
        "acp": Standing.PASSES,
        "402g": Standing.PASSES,
        "415c": Standing.PASSES,
        "401a17": Standing.PASSES,
        "410b_401k": Standing.PASSES,
        "410b_401m": Standing.PASSES,
        "top_heavy": Standing.TOP_HEAVY,
    }


def test_to_be_top_heavy_is_no_failure_and_tells_what_is_still_owed(health: plan_health.PlanHealth) -> None:
    line = _test(health, "top_heavy")
    assert (line.measured, line.limit) == (Percent(7_480), Percent(6_000))
    assert "short by $4,838.50 together" in line.sentence
    assert line.projection is not None
    assert line.projection.outcome == "make the plan top-heavy next year"


def test_figures_come_from_the_books(acme: Seat, health: plan_health.PlanHealth) -> None:
    with acme.begin() as tx:
        held = ledger.balances(tx, tenant_id=acme.plan.sponsor_id, plan_id=acme.plan.plan_id)
    opening = sum(each.amount.cents for each in acme.plan.balances)
    assert health.plan_assets == Money(held.total(ledger.Kind.PARTICIPANT))
    assert health.plan_assets == Money(opening) + health.contributed_this_year
    assert (health.saving, health.heading.eligible) == (10, 11)
    assert health.participation == Percent(9_091)


def test_only_the_last_deposit_is_still_due(acme: Seat, health: plan_health.PlanHealth) -> None:
    assert health.deposits_due == health.payrolls[0].employee + health.payrolls[0].employer
    assert health.next_deposit_on == AUGUST  # all sixteen before came on their pay date: the employer can
    duty = next(line for line in health.duties if line.run_id == acme.run_ids[-1])
    assert (duty.title, duty.state, duty.amount) == (
        "Deposit of the August 14 payroll",
        DutyState.SOON,
        health.deposits_due,
    )
    assert duty.detail.startswith("this employer usually sends it on the pay date (29 CFR 2510.3-102(a)(1)")
    assert "September" not in duty.detail, "the outer bound is nothing to aim at"
    done = next(line for line in health.duties if line.state is DutyState.DONE)
    assert (done.run_id, done.detail) == (acme.run_ids[-2], "received July 31")


def test_duties_are_told_by_their_day_with_what_is_done_last(health: plan_health.PlanHealth) -> None:
    told = [(line.due_on, line.title) for line in health.duties]
    assert told[:4] == [
        (AUGUST, "Deposit of the August 14 payroll"),
        (date(2026, 8, 21), "Decide how to pass the ADP test"),
        (date(2026, 8, 28), "Next payroll"),
        (date(2026, 11, 30), "Last day to amend for a 3 % safe harbor"),
    ]
    assert (date(2027, 3, 15), "Last day to refund without excise tax") in told
    assert health.duties[-1].state is DutyState.DONE


def test_both_averages_are_drawn_for_every_pay_date(health: plan_health.PlanHealth) -> None:
    assert len(health.averages) == 17
    first, last = health.averages[0], health.averages[-1]
    assert first == plan_health.AveragePoint(date(2026, 1, 2), Percent(450), Percent(322), Percent(522))
    assert last == plan_health.AveragePoint(AUGUST, Percent(496), Percent(322), Percent(522))


def test_the_last_payrolls_are_told_newest_first(health: plan_health.PlanHealth) -> None:
    assert [line.pay_date for line in health.payrolls[:2]] == [AUGUST, date(2026, 7, 31)]
    assert {line.state for line in health.payrolls} == {RunState.POSTED}
    assert health.next_payroll_on == date(2026, 8, 28)


@pytest.mark.parametrize(
    ("pay_dates", "expected"),
    [
        ([], None),
        ([date(2026, 1, 2)], None),
        ([date(2026, 1, 2), date(2026, 1, 9)], date(2026, 1, 16)),
        # A bonus run between two usual ones does not change the rhythm.
        (
            [date(2026, 1, 2), date(2026, 1, 16), date(2026, 1, 20), date(2026, 1, 30), date(2026, 2, 13)],
            date(2026, 2, 23),
        ),
        ([date(2026, 1, 2), date(2026, 1, 2), date(2026, 1, 16)], date(2026, 1, 30)),
    ],
)
def test_the_next_payroll_follows_the_usual_gap(pay_dates: list[date], expected: date | None) -> None:
    assert next_pay_date(pay_dates) == expected


# --- a test with its working


def test_why_the_limit_is_what_it_is(acme: Seat) -> None:
    steps = {step.key: step for step in _detail(acme, "adp").steps}
    assert steps["hce"].value == Percent(496)
    assert steps["nhce"].value == Percent(322)
    assert steps["nhce"].formula.startswith("29.00% divided by 9 people")
    assert steps["plus"].formula == "the lesser of 3.22% × 2 = 6.44% and 3.22% + 2 points = 5.22%"
    assert steps["limit"].value == Percent(522)
    assert (steps["room"].label, steps["room"].value) == ("Room left", Percent(26))


def test_steps_refer_to_steps_that_are_there(acme: Seat) -> None:
    for key in ("adp", "acp", "402g", "415c", "401a17", "410b_401k", "410b_401m", "top_heavy"):
        steps = _detail(acme, key).steps
        known = {"people", *(step.key for step in steps)}
        assert steps
        assert all(name in known for step in steps for name in step.inputs), key


def test_every_ratio_goes_down_to_payroll_rows(acme: Seat) -> None:
    detail = _detail(acme, "adp")
    assert detail.columns == ("Deferred", "Counted", "Plan pay", "Ratio")
    assert [person.group for person in detail.people] == ["Highly compensated"] * 2 + ["Everyone else"] * 9
    assert "5-percent owner" in detail.people[0].why_group
    for person in detail.people:
        deferred, _, pay, ratio = person.values
        assert isinstance(deferred, Money)
        assert isinstance(pay, Money)
        assert isinstance(ratio, Percent)
        assert sum(row.counted_amount.cents for row in person.rows) == deferred.cents
        assert sum(row.counted_pay.cents for row in person.rows) == pay.cents
        assert ratio.bps == (deferred.cents * 20_000 + pay.cents) // (2 * pay.cents)
        assert {row.run_id for row in person.rows} <= set(acme.run_ids)


def test_nobody_entered_the_plan_before_it_was_adopted(acme: Seat) -> None:
    """Somebody hired in 2008 stood in the coverage test as a participant since 2009, of a plan of 2019."""
    entered = {person.values[0] for person in _detail(acme, "410b_401k").people}
    assert min(day for day in entered if isinstance(day, date)) == date(2019, 1, 1)


def test_match_goes_down_to_the_rows_it_was_given_for(acme: Seat) -> None:
    for person in _detail(acme, "acp").people:
        match = person.values[0]
        assert isinstance(match, Money)
        assert sum(row.counted_amount.cents for row in person.rows) == match.cents


def test_a_detail_tells_its_history_and_what_its_projection_assumes(acme: Seat) -> None:
    detail = _detail(acme, "adp")
    assert [point.measured for point in detail.history][-2:] == [Percent(450), Percent(496)]
    assert detail.history[-1].others == Percent(322)
    assert dict(detail.assumptions)["Leave in a later year"] == Percent(1_200)
    assert detail.projection == detail.line.projection


def test_top_heavy_tells_the_minimum_and_who_is_key(acme: Seat) -> None:
    detail = _detail(acme, "top_heavy")
    steps = {step.key: step.value for step in detail.steps}
    assert steps["key"] == Money.usd("1001520.58")
    assert steps["owed"] == Money.usd("4838.50")
    assert [person.group for person in detail.people[:3]] == ["Key employee", "Key employee", "Not key"]


def test_no_test_of_another_name_is_found(acme: Seat) -> None:
    with acme.begin() as tx:
        assert test_detail.load(tx, tenant_id=acme.plan.sponsor_id, plan_id=acme.plan.plan_id, key="adq") is None


# --- an alert with its cures


def test_every_cure_has_its_price_or_its_reason(acme: Seat, health: plan_health.PlanHealth) -> None:
    detail = _alert(acme, health.alerts[0].alert_id)
    assert detail is not None
    assert len(detail.cures) == 6
    for cure in detail.cures:
        assert cure.what
        if cure.offered:
            assert cure.employer_cost is not None
            assert cure.decide_by is not None
            assert cure.decided_by
            assert cure.measured_after is not None
            assert (cure.limit_after is None) == cure.key.startswith("safe_harbor")
            assert cure.employer_cost == Money(sum(amount.cents for _, amount in cure.costs if amount))
            assert cure.fails_after is not None
            assert cure.fails_after <= Percent(1_000)
            assert bool(cure.amendment) == cure.needs_amendment
        else:
            assert cure.why_not


def test_a_three_percent_safe_harbor_counts_the_top_heavy_minimum_that_it_meets(
    acme: Seat, health: plan_health.PlanHealth
) -> None:
    detail = _alert(acme, health.alerts[0].alert_id)
    assert detail is not None
    cure = next(each for each in detail.cures if each.key == "safe_harbor_nonelective_3")
    assert cure.needs_amendment
    assert cure.decide_by == date(2026, 11, 30)
    assert "November 30, 2026" in cure.amendment
    ((words, amount),) = cure.costs
    assert "of it is owed in any case, as top-heavy minimum" in words
    by_balances = next(each for each in health.alerts if "top-heavy" in each.title)
    other = _alert(acme, by_balances.alert_id)
    assert other is not None
    (same,) = [each for each in other.cures if each.key == cure.key]
    assert (same.employer_cost, same.costs, same.effects) == (amount, cure.costs, cure.effects)
    minimum = next(each for each in other.cures if each.key == "top_heavy_minimum")
    assert words.partition("(")[2].startswith(f"{minimum.employer_cost} of it")


def test_an_alert_tells_its_projection_and_how_it_came(acme: Seat, health: plan_health.PlanHealth) -> None:
    detail = _alert(acme, health.alerts[0].alert_id)
    assert detail is not None
    assert detail.alert == health.alerts[0]
    assert detail.projection == _test(health, "adp").projection
    assert [on for on, _ in detail.history] == [AUGUST]
    # the same facts always give the same digits; a fact more in Acme's story, and chance draws others
    assert re.match(r"Alert raised: (99\.\d\d|100\.00)% of the simulated year ends fail", detail.history[0][1])


def test_an_alert_of_another_plan_is_not_found(acme: Seat, untested: Seat, health: plan_health.PlanHealth) -> None:
    with acme.begin() as tx:
        sponsor, elsewhere = acme.plan.sponsor_id, untested.plan.plan_id
        assert alert.load(tx, tenant_id=sponsor, plan_id=elsewhere, alert_id=health.alerts[0].alert_id) is None
    assert _alert(acme, acme.db.ids.new(AlertId)) is None


# --- the advisor's book


def test_the_book_begins_with_the_plan_that_needs_somebody(acme: Seat, postgres: Served) -> None:
    birch = birch_in_august(postgres.db, acme.clock)
    with acme.begin(birch) as tx:
        book = advisor_book.load(tx)
    first, second = book.plans
    assert (first.heading.plan_id, first.alerts, first.worst) == (acme.plan.plan_id, 2, Standing.AT_RISK)
    assert (first.worst_test, first.last_payroll_on) == ("ADP test", AUGUST)
    assert first.adp is not None
    assert first.adp.measured == Percent(496)
    assert first.next_duty is not None
    assert first.next_duty.title == "Deposit of the August 14 payroll"
    assert (second.alerts, second.worst) == (0, Standing.PASSES)
    assert second.adp is not None
    assert second.adp.measured == Percent(550)
    assert second.next_duty is not None
    assert second.next_duty.title == "Deposit of the July 31 payroll"


def test_a_login_sees_only_its_own_plans_in_the_book(acme: Seat, untested: Seat) -> None:
    with untested.begin() as tx:
        book = advisor_book.load(tx)
    assert [line.heading.plan_id for line in book.plans] == [untested.plan.plan_id]
    assert (book.plans[0].worst_test, book.plans[0].last_payroll_on) == ("No payroll yet", None)


# --- before the first payroll, and in a year without figures


def test_a_plan_without_payrolls_has_pages_without_figures(untested: Seat) -> None:
    page = _health(untested)
    assert not any((page.tests, page.alerts, page.averages, page.payrolls, page.duties))
    assert page.plan_assets == Money(sum(each.amount.cents for each in untested.plan.balances))
    assert page.heading.eligible == 11
    assert (page.next_payroll_on, page.next_deposit_on) == (None, None)
    with untested.begin() as tx:
        sponsor, plan_id = untested.plan.sponsor_id, untested.plan.plan_id
        assert test_detail.load(tx, tenant_id=sponsor, plan_id=plan_id, key="adp") is None
        assert test_detail.load_overview(tx, tenant_id=sponsor, plan_id=plan_id).tests == ()


def test_a_year_without_figures_is_said_plainly_with_what_to_do(new_year: Seat) -> None:
    page = _health(new_year)
    assert page.refused == (
        "No figures on file for 2027. Whoever runs this server installs a version of Open401k that has them; in a "
        "checkout, adds the column to src/open401k/law/figures/limits.yaml from the IRS notice "
        "(docs/howto/add-a-year.md)."
    )
    assert page.heading.plan_year_last_day == date(2027, 12, 31)
    assert {line.standing for line in page.tests} == {Standing.NOT_ENACTED}
    assert all(line.measured is None and line.projection is None for line in page.tests)


def test_the_detail_of_a_test_that_was_refused_has_a_reason_and_no_working(new_year: Seat) -> None:
    detail = _detail(new_year, "adp")
    assert detail.line.sentence.startswith("No figures on file for 2027.")
    assert not any((detail.steps, detail.people, detail.history))


def test_an_alert_outlives_the_year_of_its_test(acme: Seat) -> None:
    """In the new year nobody can lower deferrals any more: the days that are left are those of the corrections."""
    later = Seat(acme.db, FixedClock(datetime(2027, 1, 4, 20, tzinfo=UTC)), acme.plan, acme.run_ids)
    page = _health(later)
    with later.begin() as tx:
        still_open = fiduciary.open_alerts(tx, tenant_id=acme.plan.sponsor_id)
    assert [each.test for each in still_open] == ["adp", "top_heavy"]
    assert [line.alert_id for line in page.alerts] == [each.alert_id for each in still_open]
    assert page.alerts[0].title == "The ADP test of 2026 is likely to fail, as told on August 14"
    decide = next(line for line in page.duties if line.title == "Decide how to pass the ADP test")
    assert (decide.due_on, decide.state) == (date(2027, 3, 15), DutyState.AHEAD)
    assert next(line for line in page.duties if line.run_id == acme.run_ids[-1]).state is DutyState.LATE


def test_an_alert_has_no_working_once_the_test_has_run_for_another_year(
    acme: Seat, health: plan_health.PlanHealth, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page of a test is of the newest run: "See the working" of 2026 led to "No figures on file for 2027"."""
    alert_id = health.alerts[0].alert_id
    found = _alert(acme, alert_id)
    assert found is not None
    assert found.has_working
    latest = compliance.latest

    def of_next_year(tx: Tx, **where: Any) -> ComplianceRun | None:
        run = latest(tx, **where)
        return None if run is None else replace(run, plan_year=PlanYear.starting(date(2027, 1, 1)))

    monkeypatch.setattr(compliance, "latest", of_next_year)
    found = _alert(acme, alert_id)
    assert found is not None
    assert not found.has_working


def test_reviews_of_an_alert_are_told_once_with_their_number() -> None:
    def event(kind: AlertEventKind, day: int, cents: int) -> AlertEvent:
        return AlertEvent(kind, datetime(2026, 1, day, 17, tzinfo=UTC), "system:payroll", 10_000, "", cents)

    events = [
        event(AlertEventKind.RAISED, 2, 660_000),
        *(event(AlertEventKind.UPDATED, day, 700_000 + day) for day in (3, 4, 5)),
        event(AlertEventKind.ACKNOWLEDGED, 6, 700_005),
        event(AlertEventKind.UPDATED, 7, 740_000),
    ]
    year = {"last_day": date(2026, 12, 31)}
    assert alert.history_of(events, TestId.TOP_HEAVY, **year) == (
        (date(2026, 1, 2), "Alert raised: the cheapest answer costs $6,600.00."),
        (date(2026, 1, 5), "Reviewed 3 times, last: the cheapest answer costs $7,000.05."),
        (date(2026, 1, 6), "Taken on by payroll."),
        (date(2026, 1, 7), "Reviewed: the cheapest answer costs $7,400.00."),
    )
    assert (
        alert.history_of(events[:1], TestId.ADP, **year)[0][1]
        == "Alert raised: 100.00% of the simulated year ends fail."
    )


def test_a_year_that_is_over_has_a_result_and_no_simulated_year_ends(
    acme: Seat, health: plan_health.PlanHealth
) -> None:
    """ "10,000 of 10,000 simulated year ends fail", of a year that had ended."""
    with acme.begin() as tx:
        told = compliance.latest_forecast(tx, tenant_id=acme.plan.sponsor_id, plan_id=acme.plan.plan_id)
    assert told is not None
    ahead = standings.projection_of(told, TestId.ADP)
    assert ahead is not None
    assert (ahead.ended_on, ahead.ended) == (None, "")
    adp = told.projection.of(TestId.ADP)
    tests = tuple(replace(adp, fail_probability_bps=10_000) if each is adp else each for each in told.projection.tests)
    over = replace(
        told, recorded_at=datetime(2027, 1, 15, 20, tzinfo=UTC), projection=replace(told.projection, tests=tests)
    )
    ended = standings.projection_of(over, TestId.ADP)
    assert ended is not None
    assert ended.ended_on == date(2026, 12, 31)
    by = Percent((adp.median or 0) - (adp.limit_median or 0))
    assert ended.ended == f"{by} over: the test failed"
    early = standings.projection_of(replace(over, recorded_at=datetime(2027, 1, 14, 20, tzinfo=UTC)), TestId.ADP)
    assert early is not None
    assert early.ended == f"{by} over: the test failed, with the payrolls of the year that may come yet"
    heavy = standings.projection_of(over, TestId.TOP_HEAVY)
    assert heavy is not None
    assert heavy.ended == "The plan is top-heavy for the year that follows"
    explanations = {cure.explanation for cure in alert._cures(over, TestId.ADP) if cure.offered}
    assert explanations == {"Computed from the year as it ended, on what is known of it now."}


def test_the_history_of_an_alert_tells_results_of_a_year_that_is_over() -> None:
    def event(kind: AlertEventKind, on: datetime, bps: int) -> AlertEvent:
        return AlertEvent(kind, on, "system:payroll", bps, "", None)

    events = [
        event(AlertEventKind.RAISED, datetime(2026, 8, 14, 17, tzinfo=UTC), 9_900),
        event(AlertEventKind.UPDATED, datetime(2027, 1, 4, 17, tzinfo=UTC), 10_000),
        event(AlertEventKind.RESOLVED, datetime(2027, 1, 5, 17, tzinfo=UTC), 0),
    ]
    assert [words for _, words in alert.history_of(events, TestId.ADP, last_day=date(2026, 12, 31))] == [
        "Alert raised: 99.00% of the simulated year ends fail.",
        "Reviewed: the year ended, and the test failed.",
        "Resolved: the year ended, and the test passed.",
    ]
