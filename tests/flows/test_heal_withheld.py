"""An election that payroll did not follow proposes its own correction, follows the facts, and ends when they say so."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan
from tests.flows.test_elections import brought, pay_with
from tests.flows.test_elections import elect as elected
from tests.flows.test_heal import HELEN, SPONSOR, approve, assert_proved, credited, every, newest

from open401k import compliance
from open401k.base.db import Database
from open401k.compliance import Affected, Failure, FailureKind, FailureRefusal, ProposalState
from open401k.demo.people import PAY_DATES
from open401k.doors import corrections
from open401k.flows import heal, heal_approved
from open401k.flows.day import begin_day
from open401k.flows.election import elect
from open401k.kernel import FailureId, FixedClock, FlowId, Refused, Source
from open401k.plan import AutomaticEnrollment, Covered
from open401k.recordkeeping import How, NewElection, Slot
from open401k.views import elections

ELECTED_ON = date(2026, 1, 1)
UNTIL = 9  # pay dates of 2026 that were paid without it, through the first of May


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    """Helen elects 6 % from January on; payroll withholds nothing until May."""
    return not_followed(brought(db, clock))


def not_followed(made: Plan, until: int = UNTIL) -> Plan:
    elected(made, HELEN, 600, ELECTED_ON, made_on=date(2025, 12, 20))
    for period in range(1, until + 1):
        pay_with(made, period, {})
    return made


def morning(plan: Plan, day: date) -> None:
    plan.at(day)
    begin_day(plan.db, actor=SPONSOR, tenant_id=plan.sponsor)


def failures(plan: Plan) -> list[Failure]:
    with plan.db.begin(SPONSOR, tenants=[plan.sponsor]) as tx:
        known = compliance.failures(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    return [each.failure for each in known]


def say(plan: Plan, **days: Any) -> None:
    """What a person records with the failure: in the page's field, over the API, at the terminal."""
    (failure,) = failures(plan)
    plan.at(plan.clock.now().date())  # a minute later
    corrections.record_days(
        plan.db, actor=SPONSOR, tenant_id=plan.sponsor, plan_id=plan.plan, failure_id=failure.failure_id, days=days,
        key=str(days),
    )  # fmt: skip


def owed(plan: Plan) -> dict[Source, int]:
    return {each.source: each.cents for each in newest(plan).content.credits}


def test_an_election_of_january_that_was_never_withheld_proposes_itself_in_may(plan: Plan) -> None:
    assert every(plan) == []
    morning(plan, date(2026, 5, 11))
    (found,) = failures(plan)
    (person,) = found.people
    pay = 2_000_00  # each of nine pay dates, from which 6 % is 120.00
    assert found.kind is FailureKind.ELECTION_NOT_FOLLOWED
    assert person.rate_bps == 600
    assert [(each.on, each.cents) for each in person.missed or ()] == [
        (day, pay * 6 // 100) for day in PAY_DATES[1 : UNTIL + 1]
    ]
    assert not found.automatic
    (waiting,) = every(plan)
    missed = pay * 6 // 100 * UNTIL
    # Half of 6 % is matched. Three months from 9 January are over: 25 % while deferrals begin in three years.
    assert owed(plan) == {Source.QNEC: missed // 4, Source.MATCH: missed // 2}
    assert "when correct deferrals begin" in waiting.content.not_ready
    assert "Rev. Proc. 2021-30" in waiting.content.paragraph

    morning(plan, date(2026, 5, 12))
    assert len(every(plan)) == len(failures(plan)) == 1  # once, however often it is looked at

    pay_with(plan, 10, {("219-11-1009", "401k Deferral"): "120.00"})  # payroll has it right from 22 May on
    morning(plan, date(2026, 5, 23))
    assert failures(plan)[0].begin_on == PAY_DATES[10]
    assert "the notice was given" in newest(plan).content.not_ready
    say(plan, notice_on=date(2026, 5, 22))
    assert newest(plan).content.not_ready == ""
    approved = approve(plan, newest(plan))
    assert not isinstance(approved, Refused), approved
    posted = approved.as_approved
    assert posted is not None
    assert posted.earnings_cents > 0
    amounts = {each.source: each.cents + each.earnings_cents for each in posted.credits}
    assert credited(plan, HELEN, Source.QNEC) == amounts[Source.QNEC]
    assert_proved(plan)

    elected(plan, HELEN, 400, ELECTED_ON, made_on=date(2025, 12, 20))  # the form said 4 %, as is found in June
    morning(plan, date(2026, 6, 2))
    back = newest(plan)
    assert back.state is ProposalState.PROPOSED
    assert back.content.title.startswith("Difference")
    assert owed(plan) == {Source.QNEC: -missed // 4 // 3, Source.MATCH: -missed // 2 // 3}
    assert [each.failure_id for each in failures(plan)] == [found.failure_id]
    assert_proved(plan)


def test_an_election_on_file_late_proposes_what_was_missed_at_once_and_ends_it_when_it_was_a_slip(
    db: Database, clock: FixedClock
) -> None:
    plan = brought(db, clock)
    for period in (1, 2, 3):
        pay_with(plan, period, {})
    plan.at(date(2026, 3, 2))

    def told(bps: int) -> None:
        on_paper = NewElection(
            plan.employee(HELEN), Slot(Source.PRE_TAX), ELECTED_ON, How.ADMINISTRATOR, bps=bps, made_on=ELECTED_ON
        )
        with plan.db.begin(SPONSOR, tenants=[plan.sponsor]) as tx:
            assert elect(tx, tenant_id=plan.sponsor, plan_id=plan.plan, elections=[on_paper]) == 1

    told(600)
    (person,) = failures(plan)[0].people
    assert [each.cents for each in person.missed or ()] == [2_000_00 * 6 // 100] * 3
    assert newest(plan).state is ProposalState.PROPOSED
    plan.at(date(2026, 3, 3))
    told(0)
    assert failures(plan)[0].people[0].missed == ()
    assert [each.state for each in every(plan)] == [ProposalState.REPLACED]
    assert_proved(plan)


def by_hand(plan: Plan) -> heal.Found:
    """The same, as somebody finds it: from January on, put right on 22 May."""
    found = Failure(
        FailureId(plan.db.ids.new(FlowId).uuid), plan.plan, FailureKind.ELECTION_NOT_FOLLOWED,
        (Affected(plan.employee(HELEN), 600),), date(2026, 5, 11), "She asked.", first_on=PAY_DATES[1],
        begin_on=PAY_DATES[10],
    )  # fmt: skip
    return heal.Found(plan.sponsor, plan.db.ids.new(FlowId), found)


def test_what_payroll_shows_is_not_recorded_by_a_person_once_more(plan: Plan) -> None:
    morning(plan, date(2026, 5, 11))
    (shown,) = failures(plan)
    refused = heal.heal(plan.db, actor=SPONSOR, found=by_hand(plan))
    assert isinstance(refused, Refused)
    assert refused.reason is FailureRefusal.ON_FILE
    assert str(shown.failure_id) in refused.fix
    assert failures(plan) == [shown]
    assert len(every(plan)) == 1


def test_what_a_person_recorded_is_not_found_in_payroll_once_more(plan: Plan) -> None:
    plan.at(date(2026, 5, 11))
    recorded = by_hand(plan)
    assert not isinstance(heal.heal(plan.db, actor=SPONSOR, found=recorded), Refused)
    morning(plan, date(2026, 5, 12))
    assert failures(plan) == [recorded.failure]
    assert len(every(plan)) == 1
    pay_with(plan, 10, {("219-11-1009", "401k Deferral"): "120.00"})
    pay_with(plan, 11, {})  # and forgotten again: that is another one
    morning(plan, date(2026, 6, 6))
    shown = next(each for each in failures(plan) if each.from_payroll)
    assert [each.on for each in shown.people[0].missed or ()] == [PAY_DATES[11]]
    morning(plan, date(2026, 6, 7))
    assert len(failures(plan)) == len({each.about for each in every(plan)}) == 2
    assert_proved(plan)


def test_a_notice_that_is_late_or_missing_doubles_what_is_owed(plan: Plan) -> None:
    pay_with(plan, 10, {("219-11-1009", "401k Deferral"): "120.00"})
    morning(plan, date(2026, 5, 23))
    quarter = owed(plan)[Source.QNEC]
    morning(plan, date(2026, 7, 7))  # 46 days after correct deferrals began on 22 May (App. A .05(9)(c))
    assert owed(plan)[Source.QNEC] == 2 * quarter
    say(plan, notice_on=date(2026, 7, 6))
    assert owed(plan)[Source.QNEC] == quarter
    assert_proved(plan)


def test_what_goes_away_before_anybody_decided_ends_as_replaced(plan: Plan) -> None:
    morning(plan, date(2026, 5, 11))
    elected(plan, HELEN, 0, ELECTED_ON, made_on=date(2025, 12, 20))  # she had taken it back in December
    morning(plan, date(2026, 5, 12))
    (ended,) = every(plan)
    assert ended.state is ProposalState.REPLACED
    assert ended.ended_with == {"by": None}
    (gone,) = failures(plan)
    assert gone.people[0].missed == ()
    morning(plan, date(2026, 5, 13))
    assert failures(plan) == [gone]
    elected(plan, HELEN, 600, ELECTED_ON, made_on=date(2025, 12, 20))  # and it was another Helen after all
    morning(plan, date(2026, 5, 14))
    assert [each.failure_id for each in failures(plan)] == [gone.failure_id]
    assert [each.state for each in every(plan)] == [ProposalState.REPLACED, ProposalState.PROPOSED]
    assert_proved(plan)


def test_a_person_may_dismiss_it_and_it_does_not_come_back(plan: Plan) -> None:
    pay_with(plan, 10, {("219-11-1009", "401k Deferral"): "120.00"})
    morning(plan, date(2026, 5, 23))
    say(plan, notice_on=date(2026, 5, 22))
    heal_approved.decline(
        plan.db, actor=SPONSOR, tenant_id=plan.sponsor, proposal_id=newest(plan).proposal_id, reason="Paid by check."
    )
    morning(plan, date(2026, 5, 25))
    assert newest(plan).state is ProposalState.DECLINED


@pytest.mark.parametrize(("covers", "automatic"), [(Covered.WITHOUT_ELECTION, True), (Covered.NEW_ENTRANTS, False)])
def test_414cc_is_for_those_whom_automatic_enrollment_covers(
    db: Database, clock: FixedClock, covers: Covered, automatic: bool
) -> None:
    """IRC 414(cc)(2)(A)(i): an affirmative election made by an eligible employee covered by such feature."""
    terms = AutomaticEnrollment(counted_from=date(2026, 1, 1), covers=covers)
    made = not_followed(brought(db, clock, automatic_enrollment=terms), 3)
    morning(made, date(2026, 2, 10))
    of_helen = [each for each in failures(made) if each.people[0].employee_id == made.employee(HELEN)]
    assert [(each.kind, each.automatic) for each in of_helen] == [(FailureKind.ELECTION_NOT_FOLLOWED, automatic)]


def test_the_elections_page_says_what_the_correction_says(db: Database, clock: FixedClock) -> None:
    terms = AutomaticEnrollment(counted_from=date(2026, 1, 1), covers=Covered.NEW_ENTRANTS)
    made = not_followed(brought(db, clock, automatic_enrollment=terms))
    morning(made, date(2026, 5, 11))
    told_on_page = on_page(made)
    assert told_on_page == {owed(made)[Source.QNEC]} == {120_00 * UNTIL // 4}
    pay_with(made, 10, {("219-11-1009", "401k Deferral"): "120.00"})
    morning(made, date(2026, 7, 7))  # the notice was to be given by the day before
    assert on_page(made) == {owed(made)[Source.QNEC]} == {120_00 * UNTIL // 2}
    say(made, notice_on=date(2026, 7, 6))
    assert on_page(made) == {owed(made)[Source.QNEC]} == {120_00 * UNTIL // 4}


def on_page(plan: Plan) -> set[int]:
    """What the elections page says that the employer owes for Helen."""
    with plan.db.begin(SPONSOR, tenants=[plan.sponsor]) as tx:
        found = elections.load_cases(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    return {each.qnec.cents for each in found if each.qnec and each.employee_id == plan.employee(HELEN)}


def test_too_much_stays_a_case_in_words(db: Database, clock: FixedClock) -> None:
    made = brought(db, clock)
    pay_with(made, 1, {("219-11-1003", "401k Deferral"): "500.00"})
    morning(made, date(2026, 1, 12))
    assert failures(made) == []
    assert every(made) == []


def test_versions_keep_what_people_recorded(plan: Plan) -> None:
    morning(plan, date(2026, 5, 11))
    say(plan, told_on=date(2026, 5, 10), begin_on=PAY_DATES[11])
    pay_with(plan, 10, {})
    morning(plan, date(2026, 5, 23))
    (found,) = failures(plan)
    assert (found.told_on, found.begin_on) == (date(2026, 5, 10), PAY_DATES[11])
    assert len(found.people[0].missed or ()) == UNTIL + 1
    assert found == replace(found, failure_id=FailureId.parse(str(found.failure_id)))
