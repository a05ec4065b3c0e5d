"""What a payroll tells late of past pay dates: posted at once, and paid by decision, as any other late fact."""

from dataclasses import replace
from datetime import date

import pytest
from tests.flows.bookkeeping import Plan, assert_conserved
from tests.flows.test_heal import approve, assert_proved, credited, every, receivable
from tests.flows.test_heal_late_facts import waiting
from tests.support.database import TESTER
from tests.support.flows import run_with_a_stop

from open401k import compliance, payroll
from open401k.base.db import Database
from open401k.base.steps import FlowResults
from open401k.compliance import ProposalState
from open401k.demo.files import NO_MISTAKES, Mistakes
from open401k.demo.people import ACME, PAY_DATES, Person
from open401k.demo.setup import takeover_of
from open401k.flows.correction_money import deposited
from open401k.flows.day import begin_day
from open401k.flows.payroll_intake import say_yes
from open401k.flows.plan_takeover import take_over
from open401k.kernel import FixedClock, Refused, RunId, Source
from open401k.law.lost_earnings import lost_earnings
from open401k.plan import EntryRule, MatchPeriod
from open401k.recordkeeping.contributions import HeldReason
from open401k.recordkeeping.late_owed import waits
from open401k.recordkeeping.posting import Settled

JUNE, JULY = 12, 13
#: Twenty until 2027 by the first files; born a year sooner, as the payroll of June says, she is 21 in February.
NORA = Person(
    "219-11-1099", "Nora", "Lund", date(2006, 2, 10), date(2024, 3, 4), 5_200_000, 500, pay_2025_cents=400_000
)
BORN = Mistakes(cells={(NORA.ssn, "Date of Birth"): "02/10/2005"})


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    """Entry on the first of each month; paid in January and three times in March."""
    takeover = takeover_of(ACME, db.ids)
    asked = replace(takeover.provisions.eligibility, entry=EntryRule.MONTHLY)
    takeover = replace(takeover, provisions=replace(takeover.provisions, eligibility=asked))
    take_over(db, actor=TESTER, takeover=takeover)
    made = Plan(db, clock, takeover)
    for period in (1, 5, 6):
        made.pay(period, file(made, period))
    return made


def file(plan: Plan, period: int, mistakes: Mistakes = NO_MISTAKES) -> bytes:
    return plan.file(period, mistakes, joined=[NORA])


def paid(plan: Plan, data: bytes, *, replaces: RunId | None = None, stop_at: str = "") -> RunId:
    """Taken in, confirmed where that is asked, posted to its end; killed on the way, and sent on again."""
    taken = plan.send(data, replaces=replaces)
    assert not isinstance(taken, Refused), taken
    run_id = taken.run.run_id
    if plan.status(run_id) == "needs_confirmation":
        say_yes(plan.db, actor=TESTER, tenant_id=plan.sponsor, run_id=run_id)

    def post() -> FlowResults:
        return plan.post(run_id, wait=True)

    done = run_with_a_stop(stop_at, post) if stop_at else post()
    assert done.halted is None, (done, plan.findings(run_id))
    return run_id


def remitted(plan: Plan, run_id: RunId) -> payroll.remittance.Remittance:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        owed = payroll.remittance.recorded(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    return next(each for each in owed if each.run_id == run_id)


def match_of(person: Person, period: int) -> int:
    """Half of what is deferred up to 6 % of pay."""
    return person.pay_cents(period) * person.pre_tax_bps // 10_000 // 2


@pytest.mark.parametrize(
    "stop_at",
    [
        "",
        "payroll_run.post.before_commit",
        "payroll_run.post.after_commit",
        "payroll_run.warn.before_commit",
        "payroll_run.warn.after_commit",
    ],
)
def test_a_birth_date_that_june_tells_makes_the_match_since_march_wait_with_earnings(plan: Plan, stop_at: str) -> None:
    plan.at(PAY_DATES[JUNE])
    undisturbed, before = credited(plan, NORA.ssn[-4:], Source.MATCH), receivable(plan)
    assert undisturbed == 0
    run_id = paid(plan, file(plan, JUNE, BORN), stop_at=stop_at)

    march = [match_of(NORA, 5), match_of(NORA, 6)]
    (found,) = waiting(plan)
    content = found.content
    told = content.working["dates"]
    assert [each["on"] for each in told] == [PAY_DATES[5].isoformat(), PAY_DATES[6].isoformat()]
    assert all(abs(each["cents"] - naive) <= 1 for each, naive in zip(told, march, strict=True))
    assert [each["earnings_cents"] for each in told] == [
        lost_earnings(
            principal_cents=each["cents"], loss_on=date.fromisoformat(each["on"]), recovered_on=content.on
        ).total_cents
        for each in told
    ]
    assert content.earnings_cents > 0
    assert content.decide_by == date(2027, 12, 31)  # the end of the 18th month after it was learned (Notice 2023-43)
    assert "told a termination or another birth date" in content.text
    assert [each.employee_id for each in content.notices] == [plan.employee(NORA.ssn[-4:])]
    late = sum(each["cents"] for each in told)
    asked = remitted(plan, run_id)
    assert asked.total_cents == receivable(plan) - before - late
    assert sum(asked.sources.values()) == asked.total_cents
    assert_conserved(plan)
    if stop_at:
        assert_proved(plan)
        return

    approved = approve(plan, found)
    assert not isinstance(approved, Refused), approved
    assert compliance.due_of(approved).cents == late + approved.told.earnings_cents
    paid_on = plan.clock.now().date()
    deposited(plan.db, actor=TESTER, tenant_id=plan.sponsor, proposal_id=found.proposal_id, on=paid_on)
    assert receivable(plan) - before == asked.total_cents
    plan.at(PAY_DATES[JULY])
    paid(plan, file(plan, JULY, BORN))
    begin_day(plan.db, actor=TESTER, tenant_id=plan.sponsor)
    assert waiting(plan) == []
    assert_proved(plan)


#: Whose pay a corrected file of the third pay date doubles.
MORE = ("219-11-1003", "Gross Pay"), ("219-11-1003", "401k Deferral")


def raised(plan: Plan) -> bytes:
    """1003 was paid, and saved, twice of what the first file said."""
    person = next(each for each in ACME.people if each.ssn == MORE[0][0])
    gross = person.pay_cents(6)
    saved = gross * person.pre_tax_bps // 10_000
    cells = {MORE[0]: f"{2 * gross / 100:.2f}", MORE[1]: f"{2 * saved / 100:.2f}"}
    return file(plan, 6, Mistakes(cells=cells))


def last_run(plan: Plan) -> RunId:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return max(
            payroll.remittance.recorded(tx, tenant_id=plan.sponsor, plan_id=plan.plan),
            key=lambda each: (each.pay_date, each.run_id.uuid),
        ).run_id


def test_a_corrected_file_that_comes_months_late_waits_and_one_that_takes_it_back_ends_it(plan: Plan) -> None:
    first, before = last_run(plan), receivable(plan)
    plan.at(date(2026, 6, 1))
    second = paid(plan, raised(plan), replaces=first)
    (found,) = waiting(plan)
    owed = found.content.principal_cents
    assert owed > 0
    assert found.content.earnings_cents > 0
    asked = remitted(plan, second)
    assert (asked.employer_cents, asked.employee_cents) == (0, receivable(plan) - before - owed)
    assert_conserved(plan)
    plan.at(date(2026, 6, 2))
    third = paid(plan, file(plan, 6), replaces=second)
    assert waiting(plan) == []
    assert [each.state for each in every(plan)] == [ProposalState.REPLACED]
    assert (remitted(plan, third).employer_cents, receivable(plan)) == (0, before)
    assert_proved(plan)


def test_a_corrected_file_before_the_money_is_due_is_in_its_own_remittance(plan: Plan) -> None:
    first, before = last_run(plan), receivable(plan)
    plan.at(date(2026, 3, 30))
    second = paid(plan, raised(plan), replaces=first)
    assert waiting(plan) == []
    assert remitted(plan, second).total_cents == receivable(plan) - before > 0
    assert remitted(plan, second).employer_cents > 0
    assert_proved(plan)


def test_what_a_payroll_tells_late_that_makes_the_employer_owe_less_lowers_its_remittance(plan: Plan) -> None:
    before = receivable(plan)
    plan.at(PAY_DATES[JUNE])
    left = Mistakes(cells={("219-11-1003", "Term Date"): "11/10/2025"})  # pay of March came long after
    run_id = paid(plan, file(plan, JUNE, left))
    assert waiting(plan) == []
    assert remitted(plan, run_id).total_cents == receivable(plan) - before
    assert credited(plan, "1003", Source.MATCH) < sum(match_of(ACME.people[2], each) for each in (1, 5, 6))
    assert_proved(plan)


@pytest.fixture
def by_year(db: Database, clock: FixedClock) -> Plan:
    """The match counts the year to date; paid in March, the payroll of January is not here yet."""
    takeover = takeover_of(ACME, db.ids)
    match = takeover.provisions.match
    assert match is not None
    takeover = replace(
        takeover, provisions=replace(takeover.provisions, match=replace(match, period=MatchPeriod.PLAN_YEAR))
    )
    take_over(db, actor=TESTER, takeover=takeover)
    made = Plan(db, clock, takeover)
    for period in (5, 6):
        made.pay(period, saves(made, period, 1_000))
    return made


SAVER = next(each for each in ACME.people if each.ssn == MORE[0][0])


def saves(plan: Plan, period: int, bps: int) -> bytes:
    """1003 saves that share of pay."""
    cents = SAVER.pay_cents(period) * bps // 10_000
    return file(plan, period, Mistakes(cells={(SAVER.ssn, "401k Deferral"): f"{cents / 100:.2f}"}))


@pytest.mark.parametrize(
    ("on", "late"), [(PAY_DATES[6], [5]), (date(2026, 6, 1), [5, 6])], ids=["one of them was due", "both were due"]
)
def test_what_a_payroll_changes_of_later_ones_posted_before_it_waits_once_these_were_due(
    by_year: Plan, on: date, late: list[int]
) -> None:
    """1003 saves 10 % in March, matched up to 6 % of pay: pay of January without savings lets more of it be matched."""
    before, own = receivable(by_year), credited(by_year, "1003", Source.MATCH)
    by_year.at(on)
    run_id = paid(by_year, saves(by_year, 1, 0))
    more = credited(by_year, "1003", Source.MATCH) - own
    assert more > 0
    asked, (found,) = remitted(by_year, run_id), waiting(by_year)
    assert sum(asked.sources.values()) == asked.total_cents
    dates = {each["on"] for each in found.content.working["dates"]}
    assert dates == {PAY_DATES[each].isoformat() for each in late}
    assert found.content.principal_cents == receivable(by_year) - before - asked.total_cents > 0
    assert found.content.earnings_cents > 0
    assert_proved(by_year)


def test_the_employers_money_of_other_days_is_told_day_by_day_and_taken_off_whole() -> None:
    one, other, third = date(2026, 1, 9), date(2026, 1, 23), date(2026, 2, 6)
    over = HeldReason.OVER_LIMIT
    settled = Settled(
        credited_cents={Source.PRE_TAX: 900, Source.MATCH: 500},
        held_cents={(Source.MATCH, over): 70},
        other_days={
            (one, (Source.MATCH, None)): 200,
            (one, (Source.MATCH, over)): 70,
            (one, (Source.PRE_TAX, None)): -40,
            (other, (Source.MATCH, None)): 100,
            (third, (Source.MATCH, None)): 30,
            (third, (Source.NONELECTIVE, None)): -30,
        },
    )
    assert settled.employer_on({one, other, third}) == {one: 270, other: 100}
    assert settled.employer_on(set()) == {}
    left = settled.without_employer_on({one, other})
    assert (dict(left.credited_cents), dict(left.held_cents)) == (
        {Source.PRE_TAX: 900, Source.MATCH: 200},
        {(Source.MATCH, over): 0},
    )
    assert (settled + settled).employer_on({one}) == {one: 540}


@pytest.mark.parametrize(
    ("moved", "standing", "expected"),
    [(1, 0, True), (0, 0, False), (0, 500, False), (-1, 0, False), (-1, -5, False), (-1, 1, True), (-900, 1, True)],
)
def test_more_waits_and_less_does_where_it_takes_back_what_waited(moved: int, standing: int, expected: bool) -> None:
    assert waits(moved_cents=moved, standing_cents=standing) is expected
