"""What payroll is told: the difference to what it was told last, and what becomes of each instruction."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.database import START, TESTER, Begin, connect

from open401k.base.db import Database
from open401k.kernel import EmployeeId, FixedClock, InstructionId, Open401kError, PlanId, SponsorId
from open401k.payroll import write_back, write_back_book
from open401k.payroll.providers.connector import Trouble
from open401k.payroll.providers.statements import Rate, ReceiptState
from open401k.payroll.rows import Field
from open401k.payroll.write_back import Instruction, Slot, State, Wanted

TODAY = date(2026, 1, 5)
PAY_DATE = date(2026, 1, 16)
SAVER, OTHER = EmployeeId(UUID(int=1)), EmployeeId(UUID(int=2))
PRE_TAX, ROTH = Slot(SAVER, Field.PRE_TAX), Slot(SAVER, Field.ROTH)
FIVE, SIX = Rate(bps=500), Rate(bps=600)


def told(number: int, rate: Rate | None, state: State, slot: Slot = PRE_TAX, on: date = PAY_DATE) -> Instruction:
    return Instruction(number, InstructionId(UUID(int=number)), slot, rate, on, "elected", START, state, START)


def want(rate: Rate | None, slot: Slot = PRE_TAX, on: date = PAY_DATE) -> Wanted:
    return Wanted(slot, rate, on, "elected")


@pytest.mark.parametrize("state", [state for state in State if state is not State.REPLACED])
def test_the_same_again_is_no_news_whatever_came_of_it(state: State) -> None:
    assert write_back.to_tell([want(FIVE)], [told(1, FIVE, state)], today=TODAY).tell == ()


def test_another_rate_is_told_and_takes_the_place_of_one_that_still_waits() -> None:
    found = write_back.to_tell([want(SIX)], [told(1, FIVE, State.QUEUED)], today=TODAY)
    assert found.tell == (want(SIX),)
    assert found.replaced == (InstructionId(UUID(int=1)),)


def test_one_that_was_handed_over_is_changed_by_another_one() -> None:
    found = write_back.to_tell([want(SIX)], [told(1, FIVE, State.SENT)], today=TODAY)
    assert found.tell == (want(SIX),)
    assert found.replaced == ()


def test_an_amount_is_not_the_percentage_of_the_same_number() -> None:
    found = write_back.to_tell([want(Rate(cents=500))], [told(1, Rate(bps=500), State.ACKNOWLEDGED)], today=TODAY)
    assert found.tell == (want(Rate(cents=500)),)


def test_what_is_wanted_no_more_is_stopped_once() -> None:
    found = write_back.to_tell([], [told(1, FIVE, State.REFLECTED)], today=TODAY)
    assert found.tell == (Wanted(PRE_TAX, None, TODAY, "Nothing more is to be withheld."),)
    assert write_back.to_tell([], [told(1, FIVE, State.REFLECTED), told(2, None, State.QUEUED)], today=TODAY).tell == ()


def test_a_stop_of_what_was_never_told_is_nothing() -> None:
    assert write_back.to_tell([want(None)], [], today=TODAY).tell == ()


def test_two_loans_of_a_person_are_two_instructions() -> None:
    first, second = Slot(SAVER, Field.LOAN_PAYMENT, "L-1"), Slot(SAVER, Field.LOAN_PAYMENT, "L-2")
    wanted = [want(Rate(cents=10_000), first), want(Rate(cents=5_000), second)]
    assert write_back.to_tell(wanted, [], today=TODAY).tell == tuple(wanted)
    found = write_back.to_tell(wanted[1:], [told(1, Rate(cents=10_000), State.REFLECTED, first)], today=TODAY)
    assert [(each.slot, each.rate) for each in found.tell] == [(second, Rate(cents=5_000)), (first, None)]


rates = st.one_of(
    st.none(), st.builds(lambda bps: Rate(bps=bps), st.integers(1, 3)), st.builds(lambda c: Rate(cents=c), st.just(2))
)
slots = st.sampled_from([PRE_TAX, ROTH, Slot(OTHER, Field.PRE_TAX), Slot(OTHER, Field.LOAN_PAYMENT, "L-1")])


@settings(deadline=None)
@given(changes=st.lists(st.tuples(st.dictionaries(slots, rates), st.sampled_from([State.QUEUED, State.SENT]))))
def test_payroll_ends_up_told_exactly_what_is_wanted_however_often_it_changed(
    changes: list[tuple[dict[Slot, Rate | None], State]],
) -> None:
    on_file: dict[InstructionId, Instruction] = {}
    for wanted, becomes in changes:
        asked = [want(rate, slot) for slot, rate in wanted.items()]
        found = write_back.to_tell(asked, on_file.values(), today=TODAY)
        for number in found.replaced:
            on_file[number] = replace(on_file[number], state=State.REPLACED)
        for each in found.tell:
            made = told(len(on_file) + 1, each.rate, becomes, each.slot)
            on_file[made.instruction_id] = made
        in_payroll = {
            each.slot: each.rate
            for each in sorted(on_file.values(), key=lambda each: each.number)
            if each.state is not State.REPLACED
        }
        assert {slot: rate for slot, rate in in_payroll.items() if rate} == {s: r for s, r in wanted.items() if r}
        assert write_back.to_tell(asked, on_file.values(), today=TODAY).tell == ()
        waiting = [each.slot for each in on_file.values() if each.state is State.QUEUED]
        assert len(waiting) == len(set(waiting))


def test_a_provider_that_is_down_is_tried_again_after_growing_waits_and_never_before_it_says() -> None:
    waits = []
    for attempts in range(1, 9):
        answer = write_back.after_trouble(Trouble.TRY_AGAIN, attempts=attempts, now=START)
        assert answer.state is State.QUEUED
        assert answer.next_try_at is not None
        waits.append(answer.next_try_at - START)
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)
    assert waits[-1] == timedelta(hours=12)
    later = write_back.after_trouble(Trouble.TRY_AGAIN, attempts=1, now=START, retry_after=timedelta(hours=2))
    assert later.next_try_at == START + timedelta(hours=2)


def test_what_is_refused_waits_for_a_person_and_a_revoked_token_loses_nothing() -> None:
    assert write_back.after_trouble(Trouble.REFUSED, attempts=1, now=START).state is State.REFUSED
    assert State.REFUSED.needs_a_person
    assert write_back.after_trouble(Trouble.ASK_A_PERSON, attempts=1, now=START).state is State.QUEUED


def test_a_job_that_is_not_done_is_asked_for_again() -> None:
    answer = write_back.after_receipt(ReceiptState.WAITING, attempts=1, now=START)
    waits = replace(told(1, FIVE, answer.state), next_try_at=answer.next_try_at, job="job-1")
    assert write_back.due([waits], now=START) == []
    assert write_back.due([waits], now=START + timedelta(minutes=2)) == [waits]
    assert write_back.due([replace(waits, job="")], now=START + timedelta(days=2)) == []  # in a file: nobody to ask


def seen(*on_file: Instruction, withheld: int, on: date = PAY_DATE) -> list[tuple[int, State]]:
    found = write_back.after_payroll(on_file, pay_date=on, expected={PRE_TAX: 10_000}, withheld={PRE_TAX: withheld})
    return [(each.instruction_id.uuid.int, each.state) for each in found]


@pytest.mark.parametrize(
    ("state", "withheld", "becomes"),
    [
        (State.QUEUED, 0, State.QUEUED),  # told still, and it says that a payroll came before
        (State.QUEUED, 10_000, State.REFLECTED),  # somebody typed it in
        (State.SENT, 10_001, State.REFLECTED),  # a cent of rounding
        (State.SENT, 10_002, State.NOT_REFLECTED),
        (State.ACKNOWLEDGED, 0, State.NOT_REFLECTED),
        (State.REFLECTED, 10_000, None),
        (State.REFLECTED, 0, State.NOT_REFLECTED),  # a later payroll dropped it again
        (State.NOT_REFLECTED, 10_000, State.REFLECTED),  # and took it up again: nobody has to look any more
        (State.REFUSED, 0, None),
        (State.REFUSED, 10_000, State.REFLECTED),  # somebody typed it in
        (State.EXPIRED, 10_000, State.REFLECTED),
    ],
)
def test_a_payroll_shows_what_became_of_an_instruction(state: State, withheld: int, becomes: State | None) -> None:
    assert seen(told(1, FIVE, state), withheld=withheld) == ([] if becomes is None else [(1, becomes)])


def test_a_payroll_shows_nothing_of_what_was_handed_over_after_it_was_run() -> None:
    that_day = replace(told(1, FIVE, State.ACKNOWLEDGED), state_at=START + (PAY_DATE - START.date()))
    assert seen(that_day, withheld=0) == [(1, State.ACKNOWLEDGED)]
    said = "Payroll of 2026-01-16 was run before it was handed over."
    assert seen(replace(that_day, detail=said), withheld=0) == []  # said once
    assert seen(that_day, withheld=0, on=PAY_DATE + timedelta(days=14)) == [(1, State.NOT_REFLECTED)]
    waits = replace(told(1, FIVE, State.SENT), job="job_1")
    assert seen(waits, withheld=0) == []  # the provider is at it still


def test_of_several_instructions_a_payroll_shows_the_last_alone() -> None:
    both = [told(1, FIVE, State.ACKNOWLEDGED), told(2, SIX, State.ACKNOWLEDGED)]
    assert seen(*both, withheld=10_000) == [(2, State.REFLECTED)]
    assert seen(*both, withheld=0) == [(2, State.NOT_REFLECTED)]


def test_a_payroll_before_its_day_or_without_pay_for_the_person_shows_nothing() -> None:
    early = told(1, FIVE, State.SENT, on=PAY_DATE + timedelta(days=1))
    nobody = told(2, FIVE, State.SENT, Slot(OTHER, Field.PRE_TAX))
    assert write_back.after_payroll([early, nobody], pay_date=PAY_DATE, expected={PRE_TAX: 1}, withheld={}) == []


def test_one_that_nothing_came_of_expires_after_its_time_and_not_a_day_before() -> None:
    waits = told(1, FIVE, State.QUEUED)
    last = PAY_DATE + timedelta(days=write_back.LIVES_DAYS)
    assert write_back.expire([waits], today=last) == []
    assert [each.state for each in write_back.expire([waits], today=last + timedelta(days=1))] == [State.EXPIRED]


@pytest.fixture
def plan_id(db: Database) -> PlanId:
    return db.ids.new(PlanId)


def test_queued_twice_is_queued_once_and_a_change_is_on_file_with_its_past(
    begin: Begin, tenant: SponsorId, plan_id: PlanId
) -> None:
    of: dict[str, Any] = {"tenant_id": tenant, "plan_id": plan_id}
    with begin() as tx:
        first = write_back_book.queue(tx, **of, wanted=[want(FIVE), want(SIX, ROTH)])
        assert len(first) == 2
        assert write_back_book.queue(tx, **of, wanted=[want(FIVE), want(SIX, ROTH)]) == []
    with begin() as tx:
        (second,) = write_back_book.queue(tx, **of, wanted=[want(Rate(cents=12_345)), want(SIX, ROTH)])
        on_file = {each.instruction_id: each for each in write_back_book.on_file(tx, **of)}
        assert on_file[second].rate == Rate(cents=12_345)
        states = sorted(each.state for each in on_file.values())
        assert states == sorted([State.REPLACED, State.QUEUED, State.QUEUED])
        past = write_back_book.history(tx, tenant_id=tenant, instruction_id=first[0])
        assert [each.state for each in past] == [State.QUEUED, State.REPLACED]


def test_a_person_has_a_refused_one_told_again_and_no_other(begin: Begin, tenant: SponsorId, plan_id: PlanId) -> None:
    of: dict[str, Any] = {"tenant_id": tenant, "plan_id": plan_id}
    with begin() as tx:
        (number,) = write_back_book.queue(tx, **of, wanted=[want(FIVE)])
        (waits,) = write_back_book.on_file(tx, **of)
        refused = write_back.after_trouble(Trouble.REFUSED, attempts=1, now=tx.now)
        write_back_book.attempted(tx, tenant_id=tenant, instruction=waits, answer=refused, detail="no such code")
        assert write_back_book.queue(tx, **of, wanted=[want(FIVE)]) == []
        new = write_back_book.tell_again(tx, **of, instruction_id=number)
        before, again = write_back_book.on_file(tx, **of)
        assert (before.state, again.state, again.instruction_id) == (State.REFUSED, State.QUEUED, new)
        assert write_back_book.tell_again(tx, **of, instruction_id=number) == new  # a second click
        write_back_book.handed_over(tx, tenant_id=tenant, instructions=[again], how="in a file")
        with pytest.raises(Open401kError, match="nothing is to be told again"):
            write_back_book.tell_again(tx, **of, instruction_id=new)
        with pytest.raises(Open401kError, match="was followed by"):
            write_back_book.tell_again(tx, **of, instruction_id=number)


def test_one_told_again_long_after_its_day_has_its_time_before_it_expires(
    db: Database, clock: FixedClock, tenant: SponsorId, plan_id: PlanId
) -> None:
    of: dict[str, Any] = {"tenant_id": tenant, "plan_id": plan_id}
    with db.begin(TESTER, tenants=[tenant]) as tx:
        (number,) = write_back_book.queue(tx, **of, wanted=[want(FIVE)])
        late = write_back.Outcome(number, State.NOT_REFLECTED, "withheld nothing")
        write_back_book.came_of(tx, tenant_id=tenant, outcomes=[late])
    clock.advance(timedelta(days=80))
    with db.begin(TESTER, tenants=[tenant]) as tx:
        write_back_book.tell_again(tx, **of, instruction_id=number)
        again = write_back_book.on_file(tx, **of)[-1]
        assert again.effective_on == TODAY + timedelta(days=80)
        assert write_back.expire([again], today=again.effective_on) == []


def test_another_sponsor_sees_none_of_them(
    begin: Begin, db: Database, clock: FixedClock, tenant: SponsorId, plan_id: PlanId
) -> None:
    with begin() as tx:
        write_back_book.queue(tx, tenant_id=tenant, plan_id=plan_id, wanted=[want(FIVE)])
    other = db.ids.new(SponsorId)
    with connect(db.url, clock) as beside, beside.begin(TESTER, tenants=[other]) as tx:
        assert write_back_book.on_file(tx, tenant_id=tenant, plan_id=plan_id) == []


EVERY_OTHER_FRIDAY = [date(2026, 1, 9) + timedelta(days=14 * each) for each in range(6)]
HALF_MONTHS = [date(2026, 1, 15), date(2026, 1, 30), date(2026, 2, 13), date(2026, 2, 27), date(2026, 3, 13)]


@pytest.mark.parametrize(
    ("paid", "following"),
    [
        ([], None),
        (EVERY_OTHER_FRIDAY[:1], None),
        (EVERY_OTHER_FRIDAY, date(2026, 4, 3)),
        ([*EVERY_OTHER_FRIDAY[:3], date(2026, 2, 10)], date(2026, 2, 20)),  # a bonus: February 20 is the next one still
        ([*EVERY_OTHER_FRIDAY[:4], date(2026, 2, 10)], date(2026, 3, 6)),
        ([*EVERY_OTHER_FRIDAY[:4], date(2026, 2, 10), date(2026, 2, 24), date(2026, 2, 26)], date(2026, 3, 6)),
        ([*EVERY_OTHER_FRIDAY[:3], date(2026, 2, 19)], date(2026, 3, 5)),  # a day early, for a holiday
        (HALF_MONTHS, date(2026, 3, 28)),
        ([date(2026, month, 28) for month in range(1, 6)], date(2026, 6, 28)),
    ],
)
def test_an_off_cycle_payroll_moves_no_regular_pay_date(paid: list[date], following: date | None) -> None:
    assert write_back.next_regular(paid) == following


def seen_of(each: Instruction, *, wanted: int, was: int, untold: bool = False) -> list[State]:
    outcomes = write_back.after_payroll(
        [each],
        pay_date=PAY_DATE,
        expected={each.slot: wanted},
        withheld={each.slot: was},
        untold=[each.instruction_id] if untold else [],
    )
    return [outcome.state for outcome in outcomes]


@pytest.mark.parametrize("state", [State.QUEUED, State.ACKNOWLEDGED, State.EXPIRED])
def test_a_payroll_of_somebody_at_the_limit_shows_nothing_of_a_rate_that_begins_again_next_year(state: State) -> None:
    assert seen_of(told(1, SIX, state), wanted=0, was=0) == []


def test_what_a_connection_has_to_hand_over_yet_is_handed_over_though_a_payroll_looks_so_by_chance() -> None:
    queued = told(1, Rate(cents=10_000), State.QUEUED)  # before: a percentage that came to the same
    assert seen_of(queued, wanted=10_000, was=10_000, untold=True) == []
    assert seen_of(queued, wanted=10_000, was=10_000) == [State.REFLECTED]  # told by hand: typed in


def test_a_stop_is_not_followed_by_a_last_pay_that_withheld_as_elected() -> None:
    assert seen_of(told(1, None, State.QUEUED), wanted=10_000, was=10_000) == []
    assert seen_of(told(1, None, State.ACKNOWLEDGED), wanted=0, was=10_000) == [State.NOT_REFLECTED]


def test_a_job_that_never_ends_is_a_persons_turn_in_the_end() -> None:
    waits = replace(told(1, FIVE, State.SENT), job="j-1")
    after = PAY_DATE + timedelta(days=2 * write_back.LIVES_DAYS)
    assert write_back.expire([waits], today=after) == []
    (outcome,) = write_back.expire([waits], today=after + timedelta(days=1))
    assert (outcome.state, "job did not end" in outcome.detail) == (State.EXPIRED, True)


def test_one_waits_behind_an_earlier_job_of_the_same_enrolment_and_of_no_other() -> None:
    job = replace(told(1, FIVE, State.SENT), job="j-1")
    match = told(2, Rate(cents=5_000), State.QUEUED, Slot(SAVER, Field.MATCH, str(Field.PRE_TAX)))
    assert write_back.behind(told(2, SIX, State.QUEUED), [job])
    assert write_back.behind(match, [job])
    assert not write_back.behind(told(2, SIX, State.QUEUED, ROTH), [job])
    assert not write_back.behind(job, [job])
    assert not write_back.behind(told(2, SIX, State.QUEUED), [told(1, FIVE, State.SENT)])  # in a file
