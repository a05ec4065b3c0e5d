"""The payroll pages on real data: history, one run, upload, columns."""

import re
from typing import Any

import pytest
from tests.rooms.views.story import Story, begun

from open401k.base.db import Database
from open401k.demo.people import ACME, PAY_DATES
from open401k.kernel import Money, RunId
from open401k.views import payroll_history, payroll_upload
from open401k.views.payroll_history import RunDetail
from open401k.views.payroll_rows import RunRow, shared
from open401k.views.payroll_upload import PayrollMapping
from open401k.views.shown import DutyState, RunState

#: The story's clock stands still on a pay date: then the file that counts comes first.
RUNS = ("first", "rejected", "after the rejected", "replaced", "correcting", "held", "renamed")


def detail(story: Story, name: str, after_row: int = 0) -> RunDetail:
    with story.begin() as tx:
        shown = payroll_history.load_run(
            tx,
            tenant_id=story.plan.sponsor_id,
            plan_id=story.plan.plan_id,
            run_id=story.run[name],
            after_row=after_row,
        )
    assert shown is not None
    return shown


def mapping(story: Story, name: str) -> PayrollMapping:
    with story.begin() as tx:
        shown = payroll_upload.load_mapping(
            tx, tenant_id=story.plan.sponsor_id, plan_id=story.plan.plan_id, run_id=story.run[name]
        )
    assert shown is not None
    return shown


def row_of(shown: RunDetail, name: str) -> RunRow:
    return next(row for row in shown.rows if row.name == name)


def test_history_lists_every_run_newest_first_with_its_state(story: Story) -> None:
    with story.begin() as tx:
        shown = payroll_history.load(tx, tenant_id=story.plan.sponsor_id, plan_id=story.plan.plan_id)
    by_id = {line.run_id: line.state for line in shown.payrolls}
    assert {name: by_id[run_id] for name, run_id in story.run.items()} == {
        "first": RunState.POSTED,
        "rejected": RunState.REJECTED,
        "after the rejected": RunState.POSTED,
        "replaced": RunState.REPLACED,
        "correcting": RunState.POSTED,
        "held": RunState.POSTED_WITH_HOLDS,
        "renamed": RunState.MAPPING,
    }
    names = {run_id: name for name, run_id in story.run.items()}
    assert [names[line.run_id] for line in shown.payrolls] == list(reversed(RUNS))
    assert shown.older is None
    assert shown.heading.plan_name == ACME.plan_name


def test_history_comes_by_the_page_and_the_cursor_continues_it(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payroll_history, "_PAGE", 3)
    seen: list[RunId] = []
    after: str | None = None
    for _ in range(9):
        with story.begin() as tx:
            page = payroll_history.load(tx, tenant_id=story.plan.sponsor_id, plan_id=story.plan.plan_id, after=after)
        seen += [line.run_id for line in page.payrolls]
        after = page.older
        if after is None:
            break
    assert len(seen) == len(set(seen)) == len(story.run)
    assert set(seen) == set(story.run.values())


def test_a_cursor_of_nowhere_shows_nothing(story: Story) -> None:
    with story.begin() as tx:
        page = payroll_history.load(tx, tenant_id=story.plan.sponsor_id, plan_id=story.plan.plan_id, after="2026-01-01")
    assert page.payrolls == ()
    assert page.older is None


def test_a_posted_run_shows_what_the_books_have_of_each_row(story: Story) -> None:
    shown = detail(story, "first")
    owner = row_of(shown, "Walter Aldrich")
    assert (owner.plan_compensation, owner.pre_tax, owner.match) == (Money(953_846), Money(41_969), Money(20_985))
    assert (owner.held, owner.ssn_masked) == (Money(0), "***-**-1001")
    assert [row.line_no for row in shown.rows] == list(range(2, 13))
    assert sum(row.pre_tax.cents + row.roth.cents for row in shown.rows) == shown.run.employee.cents
    assert sum(row.match.cents for row in shown.rows) == shown.run.employer.cents
    assert [entry.reason for entry in shown.entries] == ["contribution", "deposit"]
    assert shown.entries[0].amount == shown.run.employee + shown.run.employer


def test_a_deposit_that_came_is_done_and_one_that_did_not_is_late(story: Story) -> None:
    came, late = detail(story, "first").deposit, detail(story, "after the rejected").deposit
    assert came is not None
    assert late is not None
    assert (came.state, came.received_on) == (DutyState.DONE, PAY_DATES[0])
    assert (late.state, late.received_on) == (DutyState.LATE, None)
    assert late.due_on <= late.latest_on
    assert late.rule.startswith("29 CFR 2510.3-102")


def test_steps_say_when_each_was_done_and_what_it_came_to(story: Story) -> None:
    posted = {step.name: step for step in detail(story, "held").steps}
    assert all(step.done_at is not None for step in posted.values())
    assert posted["receive"].detail == "12 rows"
    assert posted["check"].detail == "1 held, 1 noted"
    assert posted["post"].detail == "$1,516.27 of employees, $715.64 of the employer, $85.00 held"
    refused = {step.name: step for step in detail(story, "rejected").steps}
    assert refused["check"].done_at is not None
    assert refused["post"].done_at is None
    assert refused["warn"].done_at is None


def test_a_rejected_run_shows_its_findings_with_the_person_and_posts_nothing(story: Story) -> None:
    shown = detail(story, "rejected")
    (finding,) = shown.findings
    assert (finding.severity, finding.row, finding.person) == ("reject", 9, "Gordon Pike")
    assert finding.value_masked == "***-**-1088"
    assert finding.fix
    assert row_of(shown, "Gordon Pike").findings == 1
    assert len(shown.rows) == 11
    assert shown.entries == ()
    assert shown.deposit is None


def test_a_held_row_shows_what_waits_and_what_was_credited(story: Story) -> None:
    newcomer = row_of(detail(story, "held"), "Kurt Weller")
    assert (newcomer.held, newcomer.pre_tax, newcomer.match) == (Money(8_500), Money(0), Money(0))
    assert newcomer.findings == 2


def test_a_corrected_run_shows_the_whole_and_its_entry_the_difference(story: Story) -> None:
    before, after = detail(story, "replaced"), detail(story, "correcting")
    assert (row_of(before, "Rosa Benitez").pre_tax, row_of(before, "Rosa Benitez").match) == (
        Money(10_000),
        Money(5_000),
    )
    assert (row_of(after, "Rosa Benitez").pre_tax, row_of(after, "Rosa Benitez").match) == (Money(13_600), Money(6_800))
    assert before.replaced_by == after.run.run_id
    assert after.replaces == before.run.run_id
    assert not before.may_be_corrected
    assert after.may_be_corrected
    (entry,) = after.entries
    assert (entry.reason, entry.amount) == ("correction", Money(5_400))
    assert "corrected file" in entry.why
    assert "$54.00" in entry.why
    assert "1 person" in entry.why
    assert after.run.employee == detail(story, "first").run.employee
    assert after.deposit is not None
    assert after.deposit.amount == Money(5_400)


def test_rows_of_a_run_come_by_the_page(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payroll_history, "_MOST_ROWS", 5)
    for name in ("first", "rejected"):
        first = detail(story, name)
        assert [row.line_no for row in first.rows] == [2, 3, 4, 5, 6]
        assert first.more_rows == 6
        last = detail(story, name, after_row=11)
        assert [row.line_no for row in last.rows] == [12]
        assert last.more_rows is None


def test_a_run_of_nowhere_is_not_shown(story: Story, db: Database) -> None:
    with story.begin() as tx:
        keys: dict[str, Any] = {
            "tenant_id": story.plan.sponsor_id,
            "plan_id": story.plan.plan_id,
            "run_id": db.ids.new(RunId),
        }
        assert payroll_history.load_run(tx, **keys) is None
        assert payroll_upload.load_mapping(tx, **keys) is None


@pytest.mark.parametrize(
    ("cents", "reported", "parts"),
    [
        (300, [100, 200], [100, 200]),
        (250, [100, 100, 0], [100, 100, 50]),
        (80, [100, 50], [80, 0]),
        (0, [100, 50], [0, 0]),
        (70, [0], [70]),
    ],
)
def test_what_a_person_got_is_shared_over_the_rows_as_reported(
    cents: int, reported: list[int], parts: list[int]
) -> None:
    assert shared(cents, reported) == parts


def test_the_first_file_shows_a_proposal_with_masked_samples(db: Database) -> None:
    shown = mapping(begun(db), "first")
    assert (shown.rows, shown.pay_date, shown.remembered, shown.missing) == (11, PAY_DATES[0], False, ())
    ssn = shown.columns[0]
    assert (ssn.heading, ssn.field, ssn.sure) == ("Employee SSN", "ssn", True)
    assert ssn.samples == ("***-**-1001", "***-**-1002", "***-**-1003")
    assert {column.field for column in shown.columns} <= {choice.key for choice in shown.fields}
    assert next(choice.label for choice in shown.fields if choice.required) == "Social Security number"


def test_a_renamed_heading_is_told_against_what_was_remembered(story: Story) -> None:
    shown = mapping(story, "renamed")
    assert shown.changed == ("Column K: 'Gross Pay' is now 'Total Gross'.",)
    (unsure,) = [column for column in shown.columns if not column.sure]
    assert (unsure.position, unsure.heading, unsure.field) == (10, "Total Gross", "gross")
    assert "it was 'Gross Pay'" in unsure.why
    assert not shown.remembered
    assert (shown.rows, shown.pay_date) == (12, PAY_DATES[5])


def test_a_settled_file_shows_its_columns_as_remembered(story: Story) -> None:
    shown = mapping(story, "held")
    assert shown.remembered
    assert all(column.sure for column in shown.columns)


def test_the_upload_page_knows_providers_rhythm_and_what_may_be_replaced(story: Story) -> None:
    with story.begin() as tx:
        keys: dict[str, Any] = {"tenant_id": story.plan.sponsor_id, "plan_id": story.plan.plan_id}
        plain = payroll_upload.load(tx, **keys)
        standing = payroll_upload.load(tx, **keys, replaces=story.run["first"])
        replaced = payroll_upload.load(tx, **keys, replaces=story.run["replaced"])
        rejected = payroll_upload.load(tx, **keys, replaces=story.run["rejected"])
    assert plain.providers == ("Summit Payroll",)
    assert plain.next_payroll_on == PAY_DATES[5]
    assert [line.run_id for line in plain.recent][:2] == [story.run["renamed"], story.run["held"]]
    assert standing.replaces == story.run["first"]
    assert replaced.replaces == story.run["correcting"]
    assert plain.replaces is None
    assert rejected.replaces is None


def test_no_page_shows_a_whole_social_security_number(story: Story) -> None:
    numbers = [person.ssn for person in ACME.people] + ["219-11-1088"]
    with story.begin() as tx:
        keys: dict[str, Any] = {"tenant_id": story.plan.sponsor_id, "plan_id": story.plan.plan_id}
        texts = [repr(payroll_history.load(tx, **keys)), repr(payroll_upload.load(tx, **keys))]
    texts += [repr(detail(story, name)) for name in RUNS]
    texts += [repr(mapping(story, name)) for name in RUNS]
    for text in texts:
        assert not any(number in text or number.replace("-", "") in text for number in numbers)
        assert not re.search(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])", text)
