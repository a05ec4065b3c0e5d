"""A payroll that works by files is told in its vendor's file: numbered, each instruction once, the same bytes again."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.flows.bookkeeping import Plan
from tests.flows.test_write_back import JANUARY_16, OTHER, SAVER, AtGusto, at_gusto, elect, on_file, plan, queue, send
from tests.support.database import TESTER

from open401k.demo.people import ACME, Person
from open401k.doors.provided import Order
from open401k.doors.stories import PayrollStories
from open401k.flows.write_back import keep_told
from open401k.flows.write_back_files import Made, make_file, take_answer
from open401k.kernel import Open401kError, Source
from open401k.payroll import Field, Findings, connections, feedback_files, write_back_book
from open401k.payroll.feedback_files import FeedbackFileId
from open401k.payroll.formats.feedback import Deduction, Percent
from open401k.payroll.formats.feedback_ascensus import read_ascensus
from open401k.payroll.formats.feedback_layouts import FEEDBACK_LAYOUTS
from open401k.payroll.providers import Company, Provider, Rate, Tokens
from open401k.payroll.write_back import State
from open401k.payroll.write_back_said import Answered

__all__ = ["at_gusto", "plan"]


def choose(plan: Plan, layout: str = "ascensus", number: str = "4711-01") -> None:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        feedback_files.choose(tx, tenant_id=plan.sponsor, plan_id=plan.plan, layout=layout, plan_number=number)


def make(plan: Plan) -> Made | None:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return make_file(tx, tenant_id=plan.sponsor, plan_id=plan.plan)


def data_of(plan: Plan, file_id: FeedbackFileId | None) -> bytes:
    assert file_id is not None
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return feedback_files.content(tx, tenant_id=plan.sponsor, plan_id=plan.plan, file_id=file_id)[1]


def answer(plan: Plan, file_id: FeedbackFileId | None, data: bytes) -> Answered | Findings:
    assert file_id is not None
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return take_answer(tx, tenant_id=plan.sponsor, plan_id=plan.plan, file_id=file_id, data=data)


def number_of(person: Person) -> str:
    return person.ssn.replace("-", "")


def names(plan: Plan) -> list[str]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return [each.name for each in feedback_files.made(tx, tenant_id=plan.sponsor, plan_id=plan.plan)]


def test_each_change_goes_out_in_one_file_and_an_answer_and_a_payroll_say_what_came_of_it(plan: Plan) -> None:
    with pytest.raises(Open401kError, match="No layout of feedback files is chosen"):
        make(plan)
    choose(plan)
    assert make(plan) is None
    elect(plan, SAVER.ssn[-4:], on=JANUARY_16, bps=600)
    elect(plan, OTHER.ssn[-4:], on=JANUARY_16, source=Source.ROTH, cents=5_000)
    first = make(plan)
    assert first is not None
    assert (first.told, first.refused) == (2, 0)
    assert make(plan) is None
    data = data_of(plan, first.file_id)
    assert data == data_of(plan, first.file_id)
    said = {(each.person.ssn, each.plan) for each in read_ascensus(data).instructions}
    assert said == {(number_of(each), "4711-01") for each in (SAVER, OTHER)}
    assert {each.state for each in on_file(plan)} == {State.SENT}

    back = [each for each in read_ascensus(data).instructions if isinstance(each, Deduction)]
    mine = [replace(each, value=Percent(500)) if each.person.ssn == number_of(SAVER) else each for each in back]
    layout = FEEDBACK_LAYOUTS["ascensus"]
    found = answer(plan, first.file_id, layout.write(mine))
    assert isinstance(found, Answered)
    assert len(found.outcomes) == 2
    standing = {each.slot.employee_id: each.state for each in on_file(plan)}
    assert standing[plan.employee(SAVER.ssn[-4:])] is State.REFUSED
    assert standing[plan.employee(OTHER.ssn[-4:])] is State.ACKNOWLEDGED
    again = answer(plan, first.file_id, layout.write(mine))
    assert isinstance(again, Answered)
    assert again.outcomes == ()
    assert isinstance(answer(plan, first.file_id, b"RecordType,PlanId\r\n"), Findings)

    plan.at(date(2026, 1, 15))
    elect(plan, OTHER.ssn[-4:], on=date(2026, 1, 23), source=Source.ROTH, bps=0)
    second = make(plan)
    assert second is not None
    assert (second.told, second.refused) == (1, 0)
    assert names(plan) == ["ascensus_4711-01_0002_20260115.csv", "ascensus_4711-01_0001_20260105.csv"]


def test_stopped_before_its_end_nothing_was_told_and_the_same_is_told_once(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(plan, "paykonnect")
    elect(plan, SAVER.ssn[-4:], on=JANUARY_16, bps=600)

    class Killed(BaseException):
        pass

    keep, hand_over = feedback_files.keep, write_back_book.handed_over

    def dies(*args: object, **how: object) -> None:
        raise Killed

    for room, step in ((feedback_files, "keep"), (write_back_book, "handed_over")):
        monkeypatch.setattr(room, step, dies)
        with pytest.raises(Killed):
            make(plan)
        monkeypatch.setattr(feedback_files, "keep", keep)
        monkeypatch.setattr(write_back_book, "handed_over", hand_over)
        assert names(plan) == []
        assert {each.state for each in on_file(plan)} <= {State.QUEUED}
    made = make(plan)
    assert made is not None
    assert made.told == 1
    assert make(plan) is None  # killed after its end: what was told is told, and the file is there to be had
    assert names(plan) == ["paykonnect_4711-01_0001_20260105.csv"]


def test_the_next_payroll_is_the_proof_and_what_is_in_no_file_expires(plan: Plan) -> None:
    choose(plan)
    elect(plan, SAVER.ssn[-4:], on=JANUARY_16, bps=600)
    assert make(plan) is not None
    taken = plan.receive(1)  # the demo's payroll withholds what everybody had before
    order = Order(TESTER, plan.sponsor, plan.plan, "second")
    PayrollStories(plan.db).post(order, run_id=taken.run.run_id, confirmed=True)
    assert [each.state for each in on_file(plan)] == [State.NOT_REFLECTED]
    elect(plan, OTHER.ssn[-4:], on=date(2026, 2, 6), bps=300)
    plan.at(date(2026, 2, 1))
    for _ in range(2):
        with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
            keep_told(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
        plan.clock.advance(timedelta(days=60))
    assert [each.state for each in on_file(plan)] == [State.NOT_REFLECTED, State.EXPIRED]


def connect(plan: Plan) -> connections.Connection:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        made = connections.add(
            tx,
            tenant_id=plan.sponsor,
            plan_id=plan.plan,
            provider=Provider.GUSTO,
            company=Company("a-company", ACME.name, ACME.ein),
            tokens=Tokens("access", "refresh", None),
            since=date(2026, 1, 1),
        )
    assert isinstance(made, connections.Connection)
    return made


def test_what_a_file_told_is_told_to_a_provider_that_is_connected_later_once(plan: Plan, at_gusto: AtGusto) -> None:
    choose(plan)
    elect(plan, SAVER.ssn[-4:], on=JANUARY_16, bps=600)
    elect(plan, OTHER.ssn[-4:], on=JANUARY_16, bps=300)
    made = make(plan)
    assert made is not None
    assert queue(plan) == 0
    of = connect(plan)
    assert queue(plan) == 2  # nothing is withheld there of what the files said
    assert queue(plan) == 0
    at_gusto.who.pop(plan.employee(OTHER.ssn[-4:]))
    sent = send(plan, at_gusto, company=of.connection_id)
    assert (sent.acknowledged, sent.refused) == (1, 1)
    assert at_gusto.withheld(plan.employee(SAVER.ssn[-4:])) == {Field.PRE_TAX: Rate(bps=600)}
    assert queue(plan) == 0  # what was refused waits for a person, who may enter it by hand there
    assert isinstance(answer(plan, made.file_id, data_of(plan, made.file_id)), Answered)
    assert queue(plan) == 0
