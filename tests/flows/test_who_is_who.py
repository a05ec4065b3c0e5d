"""Who a row is: a person is asked once, the answer is remembered, and an answer taken back moves what was posted."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from tests.flows.bookkeeping import Books, Plan, TickingClock, acme, assert_sound, books
from tests.support.database import START, TESTER

from open401k import census
from open401k.base.db import Database
from open401k.demo.files import Mistakes
from open401k.demo.people import ACME, PAY_DATES
from open401k.flows import who_is_who_moved
from open401k.flows.who_is_who import Followed, Refusal, Word, answer, take_back
from open401k.kernel import EmployeeId, FixedClock, Refused
from open401k.payroll import runs
from open401k.views import who_is_who

#: 1003 with one wrong digit, and what the provider calls nobody else.
RIGHT, WRONG = "219-11-1003", "219-11-7003"


@pytest.fixture
def clock() -> FixedClock:
    """What follows from a word is known after it: no two readings agree."""
    return TickingClock(START)


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    return acme(db, clock)


def slipped(plan: Plan, period: int) -> bytes:
    """The file of a pay date with a wrong digit in the number of 1003, every time the same."""
    return plan.file(period, Mistakes(cells={(RIGHT, "Employee SSN"): WRONG}))


def asked(plan: Plan) -> list[census.Question]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return census.questions(tx, tenant_id=plan.sponsor)


def say(plan: Plan, who: EmployeeId | None, *, number_is_right: bool = False) -> Followed:
    (question,) = asked(plan)
    word = Word(plan.sponsor, question.question_id, who, number_is_right)
    plan.clock.advance(timedelta(minutes=1))
    followed = answer(plan.db, actor=TESTER, word=word)
    assert isinstance(followed, Followed), followed
    return followed


def undo(plan: Plan) -> None:
    (question,) = asked(plan)
    plan.clock.advance(timedelta(minutes=1))
    followed = take_back(plan.db, actor=TESTER, tenant_id=plan.sponsor, question_id=question.question_id)
    assert isinstance(followed, Followed), followed


@dataclass
class Straight:
    """What the books are where the files were right from the start."""

    books: Books


@pytest.fixture
def straight(db: Database, clock: FixedClock) -> Straight:
    plan = acme(db, clock)
    for period in (1, 2):
        plan.pay(period)
    return Straight(books(plan))


def test_a_wrong_digit_is_asked_about_once_and_then_posts_by_itself(plan: Plan, straight: Straight) -> None:
    taken = plan.receive(1, slipped(plan, 1))
    assert taken.run.status == runs.Status.REJECTED
    (question,) = asked(plan)
    assert question.why is census.Why.SSN_ONE_SLIP_OFF
    assert [each.employee_id for each in question.candidates] == [plan.employee("1003")]
    assert (
        question.candidates[0].likeness.score == 27 + 20 + 41 + 20 + 40
    )  # names, birthday, hire date, one slip in the number
    assert (question.ssn_last4, question.reply) == ("7003", None)

    followed = say(plan, plan.employee("1003"))
    assert followed.checked == (taken.run.run_id,)
    assert plan.status(taken.run.run_id) == runs.Status.RECEIVED
    assert plan.post(taken.run.run_id).halted is None

    plan.pay(2, slipped(plan, 2))
    assert len(asked(plan)) == 1
    assert books(plan) == straight.books
    assert_sound(plan)


def test_the_right_number_of_a_row_is_taken_over(plan: Plan) -> None:
    taken = plan.receive(1, slipped(plan, 1))
    who = plan.employee("1003")
    say(plan, who, number_is_right=True)
    assert plan.employee("7003") == who
    assert plan.post(taken.run.run_id).halted is None
    assert_sound(plan)


def test_a_word_taken_back_moves_pay_and_money_by_corrections(plan: Plan, straight: Straight) -> None:
    first = plan.receive(1, slipped(plan, 1))
    who = plan.employee("1003")
    say(plan, None)
    assert plan.post(first.run.run_id).halted is None
    second = plan.pay(2, slipped(plan, 2))
    stranger = plan.employee("7003")
    assert stranger != who
    wrong = books(plan)
    assert wrong.by_date["7003", "pre_tax", PAY_DATES[1]] == straight.books.by_date["1003", "pre_tax", PAY_DATES[1]]

    undo(plan)
    assert asked(plan)[0].reply is None
    assert books(plan) == wrong
    followed = say(plan, who)

    assert [was for was, _ in followed.moved] == [first.run.run_id, second.run.run_id]
    assert followed.waiting == ()
    after = books(plan)
    assert after.by_date == straight.books.by_date
    assert {key: cents for key, cents in after.balances.items() if cents} == straight.books.balances
    assert after.pay == straight.books.pay
    assert after.remitted == straight.books.remitted
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        assert census.employee(tx, tenant_id=plan.sponsor, employee_id=stranger).employment == ()
    assert_sound(plan)

    again = say(plan, who)  # nothing is left to move
    assert (again.moved, again.waiting) == ((), ())
    assert books(plan) == after
    plan.pay(3, slipped(plan, 3))
    assert ("7003", "pre_tax", PAY_DATES[3]) not in books(plan).by_date
    assert_sound(plan)


def test_a_move_that_was_stopped_half_way_goes_on_with_the_same_word(
    plan: Plan, straight: Straight, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = plan.receive(1, slipped(plan, 1))
    say(plan, None)
    assert plan.post(first.run.run_id).halted is None
    plan.pay(2, slipped(plan, 2))
    moves: list[str] = []

    def dies(*args: Any, **named: Any) -> Any:
        if moves:
            raise RuntimeError("the machine died")
        moves.append("one")
        return who_is_who_moved.move(*args, **named)

    with monkeypatch.context() as patched:
        patched.setattr("open401k.flows.who_is_who.move", dies)
        with pytest.raises(RuntimeError, match="died"):
            say(plan, plan.employee("1003"))
    followed = say(plan, plan.employee("1003"))
    assert len(followed.moved) == 1
    assert books(plan).by_date == straight.books.by_date
    assert_sound(plan)


def test_a_word_is_changed_in_one_go(plan: Plan, straight: Straight) -> None:
    taken = plan.receive(1, slipped(plan, 1))
    say(plan, plan.employee("1004"))
    assert plan.post(taken.run.run_id).halted is None
    assert books(plan).by_date != straight.books.by_date
    followed = say(plan, plan.employee("1003"))
    assert len(followed.moved) == 1
    plan.pay(2)
    after = books(plan)
    assert after.by_date == straight.books.by_date
    assert_sound(plan)


def test_nobody_new_has_the_number_of_somebody_on_file(plan: Plan) -> None:
    spouse = next(each for each in ACME.people if each.ssn == RIGHT)
    cells = {(RIGHT, "Last Name"): "Zimmer", (RIGHT, "First Name"): "Quentin", (RIGHT, "Date of Birth"): "01/02/1985"}
    taken = plan.receive(1, plan.file(1, Mistakes(cells=cells)))
    assert plan.findings(taken.run.run_id)[0] == "person.conflict"
    (question,) = asked(plan)
    assert question.why is census.Why.SSN_OF_ANOTHER_NAME
    refused = answer(plan.db, actor=TESTER, word=Word(plan.sponsor, question.question_id, None))
    assert isinstance(refused, Refused)
    assert refused.reason is Refusal.NUMBER_TAKEN
    assert spouse.ssn.replace("-", "") not in refused.message
    say(plan, plan.employee("1003"))  # it is her all the same, by a name that she never told
    assert plan.status(taken.run.run_id) == runs.Status.RECEIVED


def test_what_nobody_answered_cannot_be_taken_back(plan: Plan) -> None:
    plan.receive(1, slipped(plan, 1))
    (question,) = asked(plan)
    refused = take_back(plan.db, actor=TESTER, tenant_id=plan.sponsor, question_id=question.question_id)
    assert isinstance(refused, Refused)
    assert refused.reason is Refusal.NOT_ANSWERED


def test_a_question_says_no_more_of_a_number_than_four_digits(plan: Plan) -> None:
    taken = plan.receive(1, slipped(plan, 1))
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        kept = tx.rows("select said::text || candidates::text || why from census.match_question", [])
        found = runs.findings_of_run(tx, tenant_id=plan.sponsor, run_id=taken.run.run_id)
    told = str(kept) + str(found)
    assert "7003" in told
    assert "219117003" not in told
    assert WRONG not in told


def test_a_question_of_a_file_that_was_corrected_is_nobodys_any_more(plan: Plan) -> None:
    plan.receive(1, slipped(plan, 1))
    assert len(waiting(plan)) == 1
    plan.pay(1)
    assert waiting(plan) == []
    plan.receive(2, slipped(plan, 2))  # the next one waits for the same word
    assert len(waiting(plan)) == 1


def waiting(plan: Plan) -> list[census.Question]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return who_is_who.open_questions(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
