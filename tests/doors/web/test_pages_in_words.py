"""What pages write: days in sentences, the year of a chart, formulas without stray marks, states that agree."""

from dataclasses import replace
from datetime import date

import pytest
from starlette.testclient import TestClient
from tests.doors import samples

from open401k.doors.assets import Assets
from open401k.doors.web.render import STATIC, TAGS, dated, environment, with_runs
from open401k.kernel import Money, PlanId, SponsorId
from open401k.views import advisor_book, alert, payroll_history, plan_health, test_detail
from open401k.views.shown import DutyLine, DutyState, Percent, Projection, RunState, Standing
from open401k.views.working import WorkingStep

WAITS = "The dollar limit of 2026-07-01 to 2027-06-30 is that of 2027 and is not known yet."
IN_WORDS = "The dollar limit of July 1, 2026 to June 30, 2027 is that of 2027 and is not known yet."
Seat = tuple[SponsorId, PlanId]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("top-heavy for 2026-07-01 to 2027-06-30: due", "top-heavy for July 1, 2026 to June 30, 2027: due"),
        ("The pay date 2026-08-28 is early.", "The pay date August 28, 2026 is early."),
        ("in acme-2026-08-14.csv and 2026-08-14.csv", "in acme-2026-08-14.csv and 2026-08-14.csv"),
        ("no day: 2026-02-30", "no day: 2026-02-30"),
        ("at 2026-08-14T09:00 and 12026-08-14", "at 2026-08-14T09:00 and 12026-08-14"),
    ],
)
def test_a_day_in_a_sentence_is_written_as_sentences_write_it(said: str, written: str) -> None:
    assert dated(said) == written
    assert with_runs(said, "/plans/x") == written


def test_a_test_that_waits_says_so_once_and_does_not_deny_that_other_figures_are_here(
    browser_of_sponsor: TestClient, sponsor_and_plan: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tag said "No figures on file" beside "is not known yet", and the reason stood there three times."""
    line = replace(samples.DETAIL.line, standing=Standing.NOT_ENACTED, sentence=WAITS, measured=None, limit=None)
    ahead = None if samples.DETAIL.projection is None else replace(samples.DETAIL.projection, refused=WAITS)
    shown = replace(samples.DETAIL, line=line, steps=(), people=(), history=(), projection=ahead)
    monkeypatch.setattr(test_detail, "load", lambda tx, **_: shown)
    page = browser_of_sponsor.get(f"/plans/{sponsor_and_plan[1]}/tests/415c").text
    assert page.count(IN_WORDS) == 1
    assert WAITS not in page
    assert TAGS[f"standing:{Standing.NOT_ENACTED}"][0] in page
    assert "No figures on file" not in page
    assert "Why –?" not in page


@pytest.mark.parametrize(
    ("last_day", "told"),
    [(date(2026, 12, 31), "payroll, 2026<"), (date(2027, 6, 30), "payroll, plan year to Jun 30, 2027<")],
)
def test_the_chart_names_the_plan_year_that_it_shows(
    browser_of_sponsor: TestClient,
    sponsor_and_plan: Seat,
    monkeypatch: pytest.MonkeyPatch,
    last_day: date,
    told: str,
) -> None:
    """Payrolls of July 2026 stood under the heading 2027."""
    shown = replace(samples.HEALTH, heading=replace(samples.HEALTH.heading, plan_year_last_day=last_day))
    monkeypatch.setattr(plan_health, "load", lambda tx, **_: shown)
    assert told in browser_of_sponsor.get(f"/plans/{sponsor_and_plan[1]}").text


def test_a_step_without_a_formula_begins_with_its_section(
    browser_of_sponsor: TestClient, sponsor_and_plan: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = (
        WorkingStep("dollars", "Dollar limit of the year", Money.usd("72000.00"), "", "IRC 415(c)(1)(A)"),
        WorkingStep("used", "Used", Money.usd("1.00")),
        WorkingStep("room", "Room left", Money.usd("1.00"), "", "", ("dollars", "used")),
    )
    monkeypatch.setattr(test_detail, "load", lambda tx, **_: replace(samples.DETAIL, steps=steps))
    page = browser_of_sponsor.get(f"/plans/{sponsor_and_plan[1]}/tests/415c").text
    assert '<p> <span class="nowrap">IRC 415(c)(1)(A)</span></p>' in page
    assert 'dollar limit of the year</a> and <a class="reach" href="#step-used">used</a>.' in page


def test_year_ends_that_all_agree_are_not_told_as_a_range() -> None:
    def block(low: str, high: str) -> str:
        least, most, limit = Money.usd(low), Money.usd(high), Percent(6000)
        ahead = Projection(
            "top_heavy", "Share", Percent(10_000), low=least, middle=least, high=most, limit=limit, limit_low=limit,
            limit_high=limit, simulated=100, owed=least, owed_low=least, owed_high=most,
        )  # fmt: skip
        macro = environment(Assets(STATIC)).get_template("parts/projection.html").module
        return str(macro.projection_block(ahead, "x"))  # type: ignore[attr-defined]

    assert "between <b>$7.00</b> and <b>$9.00</b>" in block("7.00", "9.00")
    certain = block("7.00", "7.00")
    assert "They end at <b>$7.00</b>; the limit is <b>60.00%</b>." in certain
    assert "between" not in certain


@pytest.mark.parametrize("has_working", [True, False])
def test_an_alert_of_a_year_that_is_over_does_not_lead_to_the_test_of_the_next(
    browser_of_sponsor: TestClient, sponsor_and_plan: Seat, monkeypatch: pytest.MonkeyPatch, has_working: bool
) -> None:
    monkeypatch.setattr(alert, "load", lambda tx, **_: replace(samples.ALERT_DETAIL, has_working=has_working))
    page = browser_of_sponsor.get(f"/plans/{sponsor_and_plan[1]}/alerts/{samples.ALERT}").text
    assert ("See the working" in page) is has_working


def test_days_in_what_just_happened_are_written_out(browser_of_sponsor: TestClient, sponsor_and_plan: Seat) -> None:
    page = browser_of_sponsor.get(f"/plans/{sponsor_and_plan[1]}?said=The clock now says 2026-12-31.").text
    assert "The clock now says December 31, 2026." in page


def test_participation_before_the_first_payroll_of_a_year_is_not_called_zero(
    browser_of_sponsor: TestClient, sponsor_and_plan: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = replace(samples.HEALTH, averages=(), saving=0)
    monkeypatch.setattr(plan_health, "load", lambda tx, **_: shown)
    page = browser_of_sponsor.get(f"/plans/{sponsor_and_plan[1]}").text
    assert "no payroll of this plan year yet" in page
    assert "eligible save" not in page


def test_a_file_whose_columns_wait_has_no_people_and_no_rejections_yet(
    browser_of_sponsor: TestClient, sponsor_and_plan: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stood in the list as a payroll of 0 people and $0.00 with "3 rejected"."""
    waits = replace(
        samples.PAYROLLS[0], rows=0, employee=Money(0), employer=Money(0), rejects=3, state=RunState.MAPPING
    )
    monkeypatch.setattr(payroll_history, "load", lambda tx, **_: replace(samples.HISTORY, payrolls=(waits,)))
    page = browser_of_sponsor.get(f"/plans/{sponsor_and_plan[1]}/payrolls").text
    assert "not read yet" in page
    assert "$0.00" not in page
    assert "rejected" not in page


def test_a_limit_that_nobody_is_over_lists_nobody_and_offers_nothing_to_open(
    browser_of_sponsor: TestClient, sponsor_and_plan: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = replace(samples.DETAIL.line, key="401a17")
    monkeypatch.setattr(test_detail, "load", lambda tx, **_: replace(samples.DETAIL, line=line, people=()))
    page = browser_of_sponsor.get(f"/plans/{sponsor_and_plan[1]}/tests/401a17").text
    assert "Nobody is over the limit, so there is nobody to show." in page
    closed = replace(samples.DETAIL.people[0], rows=())
    monkeypatch.setattr(test_detail, "load", lambda tx, **_: replace(samples.DETAIL, people=(closed,)))
    assert "Open a person" not in browser_of_sponsor.get(f"/plans/{sponsor_and_plan[1]}/tests/adp").text


def test_a_book_marks_what_is_late_and_counts_no_plans_that_are_not_there(
    browser_of_sponsor: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = DutyLine(date(2026, 2, 25), "Deposit", "", DutyState.LATE)
    line = replace(samples.BOOK.plans[0], next_duty=late)
    monkeypatch.setattr(advisor_book, "load", lambda tx, **_: replace(samples.BOOK, plans=(line, line)))
    assert '<span class="tag bad">Late</span> Feb 25, 2026' in browser_of_sponsor.get("/").text
    monkeypatch.setattr(advisor_book, "load", lambda tx, **_: replace(samples.BOOK, plans=()))
    page = browser_of_sponsor.get("/").text
    assert "No plan has been shared with this login." in page
    assert "0 plans" not in page


def test_a_person_who_failed_too_often_is_told_the_minutes(browser_of_sponsor: TestClient) -> None:
    """The page named a header, which no person sees, and a command in backquotes."""
    browser_of_sponsor.cookies.clear()
    for attempt in range(60):
        answer = browser_of_sponsor.get(f"/enter/wrong-{attempt}", headers={"Accept": "text/html"})
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    minutes = (int(answer.headers["Retry-After"]) + 59) // 60
    assert f"Wait {minutes} minutes, then sign in" in answer.text
    assert "Retry-After" not in answer.text
    assert "`" not in answer.text.split("<main")[1].split("</main>")[0]


def test_the_alert_of_a_year_that_is_over_tells_how_it_ended(
    browser_of_sponsor: TestClient, sponsor_and_plan: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = samples.ALERT_DETAIL.projection
    assert ahead is not None
    ended = replace(ahead, ended_on=date(2026, 12, 31), ended="2.28% over: the test failed")
    where = f"/plans/{sponsor_and_plan[1]}/alerts/{samples.ALERT}"
    assert "simulated year ends" in browser_of_sponsor.get(where).text
    monkeypatch.setattr(alert, "load", lambda tx, **_: replace(samples.ALERT_DETAIL, projection=ended))
    page = browser_of_sponsor.get(where).text
    assert "How the year ended" in page
    assert "2.28% over: the test failed." in page
    assert "simulated" not in page
    assert "of 100" not in page


def test_the_number_of_rows_of_a_payroll_is_called_so(
    browser_of_sponsor: TestClient, sponsor_and_plan: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody with two rows made "People" one too many."""
    page = browser_of_sponsor.get(f"/plans/{sponsor_and_plan[1]}/payrolls").text
    assert '<td class="num" data-label="Rows">12</td>' in page
    assert 'data-label="People"' not in page
    run = browser_of_sponsor.get(f"/plans/{sponsor_and_plan[1]}/payrolls/{samples.PAYROLLS[1].run_id}").text
    assert "People paid" not in run
    assert "<dt>Rows</dt><dd>12</dd>" in run


def test_the_heading_of_a_column_stands_over_what_it_holds(
    browser_of_sponsor: TestClient, sponsor_and_plan: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Days stand to the left, and "Entered the plan" stood to the right of them."""
    person = replace(samples.DETAIL.people[0], values=(date(2019, 1, 1), Money(100)))
    shown = replace(samples.DETAIL, people=(person,), columns=("Entered the plan", "Pay"))
    monkeypatch.setattr(test_detail, "load", lambda tx, **_: shown)
    page = browser_of_sponsor.get(f"/plans/{sponsor_and_plan[1]}/tests/410b_401m").text
    assert '<th scope="col" class="">Entered the plan</th>' in page
    assert '<th scope="col" class="num">Pay</th>' in page


def test_a_limit_that_is_known_is_not_called_likely(
    browser_of_sponsor: TestClient, sponsor_and_plan: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = samples.DETAIL.projection
    assert ahead is not None
    shown = replace(samples.DETAIL, projection=replace(ahead, limit_low=ahead.limit, limit_high=ahead.limit))
    where = f"/plans/{sponsor_and_plan[1]}/tests/410b_401m"
    assert "Most likely limit" in browser_of_sponsor.get(where).text
    monkeypatch.setattr(test_detail, "load", lambda tx, **_: shown)
    page = browser_of_sponsor.get(where).text
    assert "ikely limit" not in page
    assert "</i>Limit</li>" in page
