"""The same payroll sent again: at once, in other bytes, as a second run, or corrected; it counts once, or as said."""

import csv
import io
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.flows.bookkeeping import Books, Plan, TickingClock, acme, assert_sound, at_once, books
from tests.support.database import START, TESTER, Served

from open401k import compliance, recordkeeping
from open401k.base.db import Database
from open401k.base.faults import arm, disarm
from open401k.demo.files import Mistakes
from open401k.demo.people import PAY_DATES
from open401k.flows.payroll_intake import Taken, say_yes, settle_columns
from open401k.kernel import FixedClock, Refused, RunId
from open401k.payroll import runs


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    return acme(db, clock)


@pytest.fixture(scope="module")
def undisturbed(postgres: Served) -> Books:
    """The books after the first two payrolls, one after the other."""
    clock = FixedClock(START)
    postgres.db.clock = clock
    plan = acme(postgres.db, clock)
    plan.pay(1)
    plan.pay(2)
    return books(plan)


def money(found: Books) -> tuple[object, ...]:
    """The books without the tests, which know as of when they ran."""
    return found.balances, found.by_date, found.held, found.pay, found.remitted


def ticking(plan: Plan) -> None:
    """From now on no two readings of the clock agree."""
    plan.clock = TickingClock(plan.clock.now())
    plan.db.clock = plan.clock


def turned(data: bytes) -> bytes:
    """The same people and amounts in other bytes: rows upside down, every cell in quotes."""
    heading, *rows = csv.reader(io.StringIO(data.decode()))
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([heading, *reversed(rows)])
    return out.getvalue().encode()


def sent(plan: Plan, data: bytes, **how: Any) -> RunId:
    taken = plan.send(data, **how)
    assert isinstance(taken, Taken), taken
    return taken.run.run_id


def test_one_file_sent_twice_at_once_posts_once(plan: Plan, undisturbed: Books) -> None:
    plan.pay(1)
    plan.at(PAY_DATES[2])
    ticking(plan)

    def send_and_post() -> RunId:
        run_id = sent(plan, plan.file(2))
        assert plan.post(run_id).halted is None
        return run_id

    first, *others = at_once(*[send_and_post] * 4)
    assert others == [first] * 3
    assert money(books(plan)) == money(undisturbed)
    assert_sound(plan)


def test_one_file_sent_again_later_is_the_first_run(plan: Plan) -> None:
    first = plan.pay(1)
    before = books(plan)
    plan.at(PAY_DATES[2])
    again = plan.send(plan.file(1), name="another name.csv")
    assert isinstance(again, Taken)
    assert (again.run.run_id, again.already, again.run.status) == (first.run.run_id, True, "posted")
    plan.post(again.run.run_id)
    assert books(plan) == before


def test_two_runs_of_one_plan_at_once_give_the_books_of_one_after_the_other(plan: Plan, undisturbed: Books) -> None:
    first, second = plan.receive(1).run.run_id, plan.receive(2).run.run_id
    ticking(plan)
    for result in at_once(lambda: plan.post(first, wait=True), lambda: plan.post(second, wait=True)):
        assert result.halted is None
    assert money(books(plan)) == money(undisturbed)
    assert_sound(plan)


def test_a_checked_file_is_not_posted_by_columns_that_another_file_settled_since(plan: Plan) -> None:
    """A provider changes how it writes a day: of two files at hand each is read as it was confirmed, or waits."""
    plan.at(PAY_DATES[2])
    ticking(plan)
    first = sent(plan, plan.file(1))
    other = sent(plan, re.sub(rb"(\d\d)/(\d\d)/(\d{4})", rb"\3-\1-\2", plan.file(2)))  # and is confirmed
    stopped = plan.post(first)
    assert stopped.halted == "needs_mapping"
    assert not books(plan).pay
    assert plan.post(other).halted is None, plan.findings(other)
    again = settle_columns(plan.db, actor=TESTER, tenant_id=plan.sponsor, run_id=first, fields={})
    assert isinstance(again, Taken), again
    assert plan.post(first).halted is None
    assert {plan.status(first), plan.status(other)} == {"posted"}
    assert_sound(plan)


def test_a_late_file_of_an_earlier_pay_date_settles_the_later_ones(plan: Plan, undisturbed: Books) -> None:
    late = plan.file(1)
    plan.pay(2)
    plan.at(PAY_DATES[3])
    assert plan.post(sent(plan, late)).halted is None
    assert money(books(plan)) == money(undisturbed)
    assert_sound(plan)


def test_the_same_content_in_other_bytes_stops(plan: Plan) -> None:
    first = plan.pay(1)
    before = books(plan)
    again = plan.send(turned(plan.file(1)))
    assert isinstance(again, Refused)
    assert again.reason == runs.Refusal.LOOKS_LIKE
    assert str(first.run.run_id) in again.message
    assert books(plan) == before


def test_the_same_content_posts_again_only_with_a_reason(plan: Plan) -> None:
    plan.pay(1)
    once = books(plan)
    plan.at(PAY_DATES[1])
    assert (
        plan.post(sent(plan, turned(plan.file(1)), second_run_reason="Everybody got a bonus of a pay.")).halted is None
    )
    twice = books(plan)
    assert twice.pay["1003", PAY_DATES[1], "pre_tax_cents"] == 2 * once.pay["1003", PAY_DATES[1], "pre_tax_cents"]
    assert_sound(plan)


def test_the_same_content_checked_before_the_first_posts_is_stopped_at_posting(plan: Plan) -> None:
    run_id = plan.receive(1).run.run_id
    twin = sent(plan, turned(plan.file(1)))

    def other_posts_first() -> None:
        disarm("payroll_run.check.after_commit")
        plan.post(run_id)

    arm("payroll_run.check.after_commit", other_posts_first)
    result = plan.post(twin)
    assert result.halted == "looks_like"
    assert plan.status(twin) == "rejected"
    assert len({day for _, day, _ in books(plan).pay}) == 1
    assert_sound(plan)


def test_content_that_looks_alike_may_be_sent_again_as_what_it_is(plan: Plan) -> None:
    first = plan.pay(1)
    before = books(plan)
    assert isinstance(plan.send(turned(plan.file(1))), Refused)
    plan.at(PAY_DATES[1])
    assert plan.post(sent(plan, turned(plan.file(1)), replaces=first.run.run_id)).halted is None
    assert money(books(plan)) == money(before)
    assert_sound(plan)


def without(data: bytes, ssn: str) -> bytes:
    return b"".join(line for line in data.splitlines(keepends=True) if ssn.encode() not in line)


def changed(ssn: str, **cells: str) -> Mistakes:
    """The file with other cells in one person's row."""
    return Mistakes(cells={(ssn, heading.replace("_", " ")): text for heading, text in cells.items()})


def corrected(plan: Plan, how: str) -> bytes:
    """The first file as it should have been."""
    match how:
        case "leaves a person out":
            return without(plan.file(1), "219-11-1004")
        case "withholds less":
            return plan.file(1, Mistakes(cells={("219-11-1003", "401k Deferral"): "20.00"}))
        case "withholds more":
            return plan.file(1, Mistakes(cells={("219-11-1003", "Roth 401k"): "500.00"}))
        case "pays more":
            return plan.file(1, Mistakes(cells={("219-11-1005", "Gross Pay"): "9000.00"}))
        case "pays everybody a week later":
            return plan.file(1).replace(b"01/16/2026", b"01/23/2026")
        case "pays everybody a week earlier":
            return plan.file(1).replace(b"01/16/2026", b"01/09/2026")
    raise AssertionError(how)


@pytest.mark.parametrize(
    "how",
    [
        "leaves a person out",
        "withholds less",
        "withholds more",
        "pays more",
        "pays everybody a week later",
        "pays everybody a week earlier",
    ],
)
def test_a_corrected_file_leaves_the_books_of_a_plan_that_only_ever_got_it(
    db: Database, clock: FixedClock, plan: Plan, how: str
) -> None:
    first = plan.pay(1)
    plan.pay(2)
    with db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        then = compliance.latest(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    plan.at(date(2026, 2, 5))
    run_id = sent(plan, corrected(plan, how), replaces=first.run.run_id)
    if plan.status(run_id) == "needs_confirmation":
        say_yes(db, actor=TESTER, tenant_id=plan.sponsor, run_id=run_id)
    result = plan.post(run_id)
    assert result.halted is None, plan.findings(run_id)
    after = books(plan)
    with db.begin(TESTER, tenants=[plan.sponsor]) as tx:  # the money of January was due: what of it is late waits apart
        late = sum(each.cents for each in recordkeeping.late_owed(tx, tenant_id=plan.sponsor, plan_id=plan.plan))
    after = replace(after, remitted=after.remitted + late)
    assert after.remitted == after.balances["", "employer_receivable", "None"]
    assert_sound(plan)
    with db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        assert then is not None
        assert compliance.get(tx, tenant_id=plan.sponsor, run_id=then.run_id) == then

    db.clock = fresh = FixedClock(START)
    only = acme(db, fresh)
    only.pay(1, corrected(only, how))
    only.pay(2)
    assert money(after) == money(books(only))


def test_a_corrected_file_of_a_corrected_file_replaces_that_one(plan: Plan) -> None:
    first = plan.pay(1)
    before = books(plan)
    plan.at(date(2026, 1, 20))
    less = corrected(plan, "withholds less")
    second = sent(plan, less, replaces=first.run.run_id)
    plan.post(second)
    refused = plan.send(without(less, "219-11-1006"), replaces=first.run.run_id)
    assert isinstance(refused, Refused)
    assert refused.reason == runs.Refusal.ALREADY_REPLACED
    plan.at(date(2026, 1, 21))
    assert plan.post(sent(plan, plan.file(1), replaces=second)).halted is None
    assert money(books(plan)) == money(before)
    assert_sound(plan)


def test_a_correction_before_its_original_is_refused_by_name(plan: Plan) -> None:
    missing = plan.db.ids.new(RunId)
    plan.at(PAY_DATES[1])
    refused = plan.send(plan.file(1), replaces=missing)
    assert isinstance(refused, Refused)
    assert refused.reason == runs.Refusal.ORIGINAL_MISSING
    assert str(missing) in refused.message
    received = plan.receive(1).run.run_id
    refused = plan.send(corrected(plan, "withholds less"), replaces=received)
    assert isinstance(refused, Refused)
    assert refused.reason == runs.Refusal.ORIGINAL_NOT_POSTED


def test_a_payroll_whose_people_were_paid_that_day_asks_whether_it_is_a_second_one(plan: Plan) -> None:
    plan.pay(1)
    before = books(plan)
    plan.at(PAY_DATES[1])
    run_id = sent(plan, corrected(plan, "withholds less"))
    assert plan.post(run_id).halted == "needs_confirmation"
    assert "pay_date.again" in plan.findings(run_id)
    assert books(plan) == before
    say_yes(plan.db, actor=TESTER, tenant_id=plan.sponsor, run_id=run_id)
    assert plan.post(run_id).halted is None
    assert_sound(plan)


def test_a_run_that_waits_is_posted_once_it_is_confirmed(plan: Plan) -> None:
    renamed = plan.file(1, changed("219-11-1003", Last_Name="Benitez-Ruiz"))
    run_id = plan.receive(1, renamed).run.run_id
    assert plan.post(run_id).halted == "needs_confirmation"
    say_yes(plan.db, actor=TESTER, tenant_id=plan.sponsor, run_id=run_id)
    assert plan.post(run_id).halted is None
    assert_sound(plan)
