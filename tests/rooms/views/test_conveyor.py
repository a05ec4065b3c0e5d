"""A payroll as a conveyor, each finding's way to its fix, and what waits for a decision, on real data."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.rooms.views.story import Story
from tests.rooms.views.test_payroll_pages import detail
from tests.support.database import TESTER

from open401k import census
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, RunId
from open401k.payroll import Code, Finding, Severity
from open401k.views import plan_health
from open401k.views.conveyor import StageState
from open401k.views.fix_links import Places, code_anchor, way
from open401k.views.waiting import WaitingLine

DONE, _, ASKS, STOPPED, AHEAD = StageState
ORDER = ("received", "checked", "held", "posted", "funded", "told_back")
WHO = EmployeeId.parse("emp_" + "1" * 32)
AT = Places(RunId.parse("run_" + "2" * 32), columns=True, people={9: WHO}, shown={9, 11})


@pytest.mark.parametrize(
    ("run", "states"),
    [
        ("first", (DONE, DONE, DONE, DONE, DONE, DONE)),
        ("rejected", (DONE, STOPPED, AHEAD, AHEAD, AHEAD, AHEAD)),
        ("after the rejected", (DONE, DONE, DONE, DONE, STOPPED, DONE)),  # its deposit is late
        ("held", (DONE, DONE, ASKS, DONE, STOPPED, DONE)),
        ("renamed", (DONE, ASKS, AHEAD, AHEAD, AHEAD, AHEAD)),
    ],
)
def test_a_run_says_where_it_stands(story: Story, run: str, states: tuple[StageState, ...]) -> None:
    shown = detail(story, run).stages
    assert tuple(stage.key for stage in shown) == ORDER
    assert tuple(stage.state for stage in shown) == states


def test_each_stage_says_the_amount_and_leads_on(story: Story) -> None:
    stages = {stage.key: stage for stage in detail(story, "held").stages}
    assert stages["checked"].detail == "1 held, 1 note"
    assert (stages["held"].detail, stages["held"].way) == ("$85.00 waits in suspense", "#h-findings")
    assert stages["posted"].detail == "$2,231.91 to the books"
    assert re.fullmatch(r"\$2,231\.91 late, was due 2026-03-\d\d", stages["funded"].detail)
    assert stages["funded"].way == "/deposits"
    assert stages["told_back"].detail == "no change to tell payroll"
    asks = {stage.key: stage for stage in detail(story, "renamed").stages}
    assert asks["checked"].way == f"/payrolls/{story.run['renamed']}/mapping"


def test_a_question_of_a_finding_is_one_click_away(story: Story) -> None:
    (finding,) = detail(story, "rejected").findings
    with _tenant(story) as tx:
        asked = {each.question_id for each in census.questions(tx, tenant_id=story.plan.sponsor_id)}
    assert finding.way_words == "Say who it is"
    assert finding.way in {f"/who-is-who#h-{each}" for each in asked}


@pytest.mark.parametrize(
    ("found", "path"),
    [
        (
            Finding(Severity.HOLD, Code.PAY_CODE_UNCONFIRMED, "", detail=(("code", "BON 2"),)),
            "/pay-codes#code-BON_20_2",
        ),
        (Finding(Severity.NOTE, Code.ELECTION_MISMATCH, "", row=9), f"/elections#person-{WHO}"),
        (Finding(Severity.NOTE, Code.ELECTION_MISMATCH, "", row=10), "/elections"),
        (Finding(Severity.HOLD, Code.LIMIT_402G, "", row=9), f"/people/{WHO}"),
        (Finding(Severity.HOLD, Code.LIMIT_402G, "", row=10), f"/payrolls/{AT.run_id}?after_row=9#row-10"),
        (Finding(Severity.HOLD, Code.HIRE_DATE_MISSING, "", row=11), f"/payrolls/{AT.run_id}#row-11"),  # nobody on file
        (Finding(Severity.HOLD, Code.LIMIT_402G, ""), ""),
        (Finding(Severity.REJECT, Code.HEADER_MISSING, ""), f"/payrolls/{AT.run_id}/mapping"),
        (Finding(Severity.REJECT, Code.PERSON_UNKNOWN, "", row=9), "/who-is-who"),
        (Finding(Severity.REJECT, Code.AMOUNT_NEGATIVE, "", row=9), ""),  # only the file can be repaired
    ],
)
def test_a_finding_leads_to_the_page_of_its_fix(found: Finding, path: str) -> None:
    found_way, words = way(found, AT)
    assert found_way == path
    assert bool(words) == bool(path)


def test_the_place_of_a_code_is_one_word_and_no_other_codes() -> None:
    codes = ["BON 2", "BON_20_2", "BON-2", "bon 2", "Überstunden", "", "a/b#c?d"]
    places = [code_anchor(code) for code in codes]
    assert len(set(places)) == len(codes)
    assert all(re.fullmatch(r"code-[A-Za-z0-9_]*", place) for place in places)


def test_what_waits_is_counted_with_its_page(story: Story) -> None:
    with _tenant(story) as tx:
        shown = plan_health.load(tx, tenant_id=story.plan.sponsor_id, plan_id=story.plan.plan_id)
    waits = {line.key: line for line in shown.waiting}
    assert waits["payrolls"].path == f"/payrolls/{story.run['renamed']}"
    assert (waits["payrolls"].count, waits["payrolls"].words) == (1, "payroll to look at and post")
    assert waits["deposits"].count == 4  # all but the first, whose money came
    assert waits["deposits"].words == "deposits that are late, short or came back"
    assert (waits["who_is_who"].count, waits["who_is_who"].path) == (1, "/who-is-who")
    assert shown.needs_somebody


def test_one_is_said_as_one() -> None:
    assert WaitingLine("corrections", 1, "correction", "corrections", "/corrections").words == "correction"
    assert WaitingLine("corrections", 2, "correction", "corrections", "/corrections").words == "corrections"


@contextmanager
def _tenant(story: Story) -> Iterator[Tx]:
    with story.db.begin(TESTER, tenants=[story.plan.sponsor_id]) as tx:
        yield tx
