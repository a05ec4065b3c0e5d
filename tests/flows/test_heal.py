"""A missed enrollment found in May is healed: recorded, proposed, approved, posted; and nothing takes it back."""

from dataclasses import replace
from datetime import date
from typing import Any

import psycopg
import pytest
from tests.flows.bookkeeping import Plan, acme
from tests.support.database import TESTER, Served
from tests.support.flows import stop_points

from open401k import census, compliance, custody, ledger, payroll, recordkeeping
from open401k.base import messages
from open401k.base.db import Actor, Database
from open401k.base.faults import Stopped, stopping_at
from open401k.compliance import Affected, Failure, FailureKind, Proposal, ProposalRefusal, ProposalState, failure_words
from open401k.flows import correction, correction_money, heal, heal_approved
from open401k.flows.bank_statement import StatementFile, read_in
from open401k.flows.correction import Correction, LateFact, correct
from open401k.flows.day import begin_day
from open401k.flows.debit_file import to_debit
from open401k.flows.deposit import deposit_run
from open401k.flows.verify import verify
from open401k.kernel import ComplianceRunId, FailureId, FixedClock, FlowId, Money, Refused, Source
from open401k.law.lost_earnings import lost_earnings
from open401k.views import corrections, people

SPONSOR = Actor(kind="user", id="usr_of_the_sponsor", why="a test")


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    """Paid up to the first date of May 2026."""
    made = acme(db, clock)
    for period in range(1, 10):
        made.pay(period)
    return made


def failure(plan: Plan, who: str, **known: Any) -> Failure:
    """Left out from the first payroll here (what was paid on January 2, elsewhere, is not on file), found in May."""
    found = Failure(
        FailureId(plan.db.ids.new(FlowId).uuid), plan.plan, FailureKind.LEFT_OUT, (Affected(plan.employee(who)),),
        date(2026, 5, 11), "The auditor compared payroll with the roster.", first_on=date(2026, 1, 5),
    )  # fmt: skip
    return replace(found, **known)


def record(plan: Plan, found: Failure) -> Proposal:
    told = heal.heal(plan.db, actor=SPONSOR, found=heal.Found(plan.sponsor, plan.db.ids.new(FlowId), found))
    assert not isinstance(told, Refused), told
    return newest(plan)


def every(plan: Plan) -> list[Proposal]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return compliance.proposals(tx, tenant_id=plan.sponsor, plan_id=plan.plan)


def newest(plan: Plan) -> Proposal:
    return every(plan)[-1]


def approve(plan: Plan, proposal: Proposal) -> Proposal | Refused[Any]:
    plan.at(plan.clock.now().date())  # a minute later, as behind every test
    return heal_approved.approve(
        plan.db, actor=SPONSOR, tenant_id=plan.sponsor, proposal_id=proposal.proposal_id, why="owed"
    )


def credited(plan: Plan, who: str, source: Source) -> int:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        found = ledger.balances(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    rows = zip(found.kind, found.employee_id, found.source, found.amount, strict=True)
    mine = plan.employee(who).uuid
    return sum(cents for kind, e, s, cents in rows if (kind, e, s) == ("participant", mine, source.value))


def assert_proved(plan: Plan) -> None:
    plan.at(plan.clock.now().date())
    proof = verify(plan.db, actor=TESTER, tenants=[plan.sponsor])
    assert proof.problems == [], proof.problems


def learn(plan: Plan, who: str, fact: census.Fact, on: date) -> None:
    plan.at(plan.clock.now().date())  # a minute later: what is learned is behind the last test
    known = Correction(plan.sponsor, plan.plan, plan.db.ids.new(FlowId), LateFact(plan.employee(who), fact, on))
    correct(plan.db, actor=TESTER, correction=known)


def runs(plan: Plan) -> list[Any]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        rows = tx.rows("select run_id from compliance.run where tenant_id = %s order by recorded_at", [plan.sponsor])
        found = [compliance.get(tx, tenant_id=plan.sponsor, run_id=ComplianceRunId(row[0])) for row in rows]
    return [each.results for each in found]


HELEN = "1009"
HIRED, NEXT = date(2021, 9, 20), date(2026, 5, 22)


@pytest.fixture
def left_out(plan: Plan) -> Plan:
    """Helen was hired in December 2024, so that she entered on 1 January 2026; nothing was ever withheld."""
    plan.at(date(2026, 5, 10))
    learn(plan, HELEN, census.Hired(instead_of=HIRED), date(2024, 12, 2))
    plan.at(date(2026, 5, 11))
    return plan


def healed(plan: Plan, found: Failure) -> Proposal:
    """Deferrals begin on the next pay date, the notice is given on it, the employer approves."""
    plan.at(NEXT)
    waiting = record(plan, replace(found, begin_on=NEXT, notice_on=NEXT))
    assert waiting.content.not_ready == ""
    approved = approve(plan, waiting)
    assert not isinstance(approved, Refused), approved
    return approved


def test_found_in_may_healed_in_may_and_changed_by_a_hire_date_in_august(left_out: Plan) -> None:
    plan = left_out
    found = failure(plan, HELEN)
    first = record(plan, found)
    # 9 dates at the group's average; three months are over, deferrals can begin until the end of the third year: 25 %.
    (year,) = first.content.working["people"]
    assert year["missed_cents"] == year["compensation_cents"] * year["rate_bps"] // 10_000 == 65_340
    qnec, half = [each.cents for each in first.content.waiting]
    match = next(each.cents for each in first.content.credits if each.source is Source.MATCH)
    assert (qnec - match) * 2 == half - match
    assert first.content.not_ready
    refused = approve(plan, first)
    assert isinstance(refused, Refused)
    assert refused.reason is ProposalRefusal.NOT_READY

    approved = healed(plan, found)
    assert [each.state for each in every(plan)] == [ProposalState.REPLACED, ProposalState.APPROVED]
    assert every(plan)[0].ended_with == {"by": str(approved.proposal_id)}
    posted = approved.as_approved
    assert posted is not None
    assert posted.principal_cents == qnec
    assert posted.earnings_cents > 0
    (notice,) = posted.notices  # what was given stays with what was decided
    assert (notice.employee_id, notice.given_on) == (plan.employee(HELEN), NEXT)
    assert "Correct deductions began on" in notice.text
    amounts = {each.source: each.cents + each.earnings_cents for each in posted.credits}
    assert credited(plan, HELEN, Source.QNEC) == amounts[Source.QNEC]
    assert credited(plan, HELEN, Source.MATCH) == amounts[Source.MATCH]
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        shown = people.load_person(tx, tenant_id=plan.sponsor, plan_id=plan.plan, employee_id=plan.employee(HELEN))
    assert shown is not None
    told = {line.source: (line.this_year.cents, line.corrective.cents, line.earnings.cents) for line in shown.sources}
    wanted = {each.source.value: (each.cents, each.cents, each.earnings_cents) for each in posted.credits}
    assert {source: told[source] for source in wanted} == wanted
    assert shown.person.employer == shown.person.corrective == Money(posted.principal_cents)
    assert_proved(plan)

    before = runs(plan)
    plan.at(date(2026, 8, 3))
    learn(plan, HELEN, census.Hired(instead_of=date(2024, 12, 2)), date(2025, 2, 3))  # enters on 1 July instead
    back = newest(plan)
    assert back.state is ProposalState.PROPOSED
    assert {each.source: each.cents + each.earnings_cents for each in back.content.credits} == {
        source: -cents for source, cents in amounts.items()
    }
    assert "section 6.06(2)" in back.content.text
    assert "section 6.06(2)" in back.content.paragraph
    assert credited(plan, HELEN, Source.QNEC) == amounts[Source.QNEC]  # nothing moves before a person says so
    approved_back = approve(plan, back)
    assert not isinstance(approved_back, Refused)
    assert credited(plan, HELEN, Source.QNEC) == credited(plan, HELEN, Source.MATCH) == 0
    assert every(plan)[1].as_approved == posted  # what was approved stays as it was approved
    assert runs(plan)[: len(before)] == before  # what tests said then, they said
    assert_proved(plan)


@pytest.fixture
def short(db: Database, clock: FixedClock) -> Plan:
    """Two payrolls in January; Helen's election of 10 % from 1 January was not followed, and she told so in May."""
    made = acme(db, clock)
    made.pay(1)
    made.pay(2)
    made.at(date(2026, 2, 3))
    return made


def not_followed(plan: Plan, **known: Any) -> Failure:
    """Correct deferrals begin on 2 February, and the notice is given on the 3rd: too late for nothing at all."""
    told: dict[str, Any] = {
        "kind": FailureKind.ELECTION_NOT_FOLLOWED, "people": (Affected(plan.employee(HELEN), 1_000),),
        "first_on": date(2026, 1, 5), "found_on": date(2026, 2, 1), "begin_on": date(2026, 2, 2),
        "notice_on": date(2026, 2, 3),
    }  # fmt: skip
    return failure(plan, HELEN, **(told | known))


def test_within_three_months_the_match_alone_is_owed_and_no_replay_takes_it_back(short: Plan) -> None:
    plan = short
    waiting = record(plan, not_followed(plan))
    (year,) = waiting.content.working["people"]
    assert (year["missed_cents"], year["qnec_cents"]) == (40_000, 0)
    (credit,) = waiting.content.credits
    assert (credit.source, credit.cents) == (Source.MATCH, 12_000)  # half of 6 % of $2,000, twice
    approved = approve(plan, waiting)
    assert not isinstance(approved, Refused)
    money = credited(plan, HELEN, Source.MATCH)
    assert money == 12_000 + credit.earnings_cents > 12_000
    plan.pay(3)
    plan.at(date(2026, 2, 14))
    learn(plan, HELEN, census.BirthDate(date(1994, 5, 27)), date(1994, 5, 27))
    learn(plan, "1006", census.Terminated(), date(2025, 7, 31))
    assert credited(plan, HELEN, Source.MATCH) == money
    assert_proved(plan)


def test_a_repeat_is_the_same_answer_and_the_system_never_approves(short: Plan) -> None:
    plan = short
    waiting = record(plan, not_followed(plan))
    again = heal.heal(
        plan.db,
        actor=SPONSOR,
        found=heal.Found(plan.sponsor, plan.db.ids.new(FlowId), not_followed_again(waiting, plan)),
    )
    assert not isinstance(again, Refused)
    assert again["know"]["already"] is True
    assert [each.proposal_id for each in every(plan)] == [waiting.proposal_id]
    refused = heal_approved.approve(
        plan.db, actor=TESTER, tenant_id=plan.sponsor, proposal_id=waiting.proposal_id, why=""
    )
    assert isinstance(refused, Refused)
    assert refused.reason is ProposalRefusal.NOT_A_PERSON
    first, second = approve(plan, waiting), approve(plan, waiting)
    assert first == second
    money = credited(plan, HELEN, Source.MATCH)
    plan.at(date(2026, 2, 20))
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        assert heal.review(tx, tenant_id=plan.sponsor, plan_id=plan.plan) == []
        told = [each.kind for each in messages.read_after(tx, tenant_id=plan.sponsor, cursor=0, limit=1_000)]
    assert credited(plan, HELEN, Source.MATCH) == money
    assert told.count("correction.proposed") == told.count("correction.approved") == 1


def not_followed_again(waiting: Proposal, plan: Plan) -> Failure:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return compliance.get_failure(tx, tenant_id=plan.sponsor, failure_id=FailureId.parse(waiting.about)).failure


def test_what_is_declined_has_a_reason_and_is_proposed_again_only_when_facts_change(short: Plan) -> None:
    plan = short
    found = not_followed(plan)
    waiting = record(plan, found)
    of: dict[str, Any] = {"actor": SPONSOR, "tenant_id": plan.sponsor, "proposal_id": waiting.proposal_id}
    without = heal_approved.decline(plan.db, **of, reason=" ")
    assert isinstance(without, Refused)
    assert without.reason is ProposalRefusal.REASON_MISSING
    declined = heal_approved.decline(plan.db, **of, reason="Paid by check in January.")
    assert not isinstance(declined, Refused)
    assert declined.ended_with == {"reason": "Paid by check in January."}
    plan.at(date(2026, 2, 10))
    record(plan, found)
    assert len(every(plan)) == 1
    refused = approve(plan, waiting)
    assert isinstance(refused, Refused)
    assert refused.reason is ProposalRefusal.ENDED
    plan.at(date(2026, 2, 11))
    record(plan, replace(found, people=(Affected(plan.employee(HELEN), 500),)))
    assert [each.state for each in every(plan)] == [ProposalState.DECLINED, ProposalState.PROPOSED]
    assert_proved(plan)


def test_more_that_is_missed_later_is_a_difference_of_its_own(short: Plan) -> None:
    plan = short
    found = not_followed(plan, begin_on=date(2026, 1, 20), notice_on=date(2026, 1, 20))
    first = approve(plan, record(plan, found))
    assert not isinstance(first, Refused)
    plan.at(date(2026, 2, 5))
    more = record(plan, replace(found, begin_on=date(2026, 2, 2)))
    (credit,) = more.content.credits
    assert credit.cents == 6_000  # the second pay date alone
    assert more.content.title.startswith("Difference")
    assert not isinstance(approve(plan, more), Refused)
    assert_proved(plan)
    plan.at(date(2026, 2, 6))
    record(plan, replace(found, begin_on=date(2026, 2, 2)))
    assert len(every(plan)) == 2


def test_it_counts_in_415_for_its_year_and_in_no_ratio(short: Plan) -> None:
    plan = short
    before = facts(plan)
    adp = outcome_of(plan, "adp")
    found = not_followed(plan, begin_on=date(2026, 2, 2), notice_on=None, told_on=date(2026, 1, 2))
    plan.at(date(2026, 4, 1))  # without a notice 45 days after deferrals began: 50 %
    waiting = record(plan, found)
    assert {each.source: each.cents for each in waiting.content.credits} == {Source.QNEC: 20_000, Source.MATCH: 12_000}
    assert before.corrective is None
    assert not isinstance(approve(plan, waiting), Refused)
    after = facts(plan)
    assert after.corrective is not None
    place = list(after.employee_ids).index(plan.employee(HELEN))
    assert int(after.corrective[place]) == int(after.corrective.sum()) == 32_000  # earnings are no addition
    assert after.qnec.tolist() == before.qnec.tolist()
    assert after.match.tolist() == before.match.tolist()
    assert outcome_of(plan, "adp") == adp
    assert compliance.facts_hash(replace(before, corrective=after.corrective)) != compliance.facts_hash(before)
    assert_proved(plan)


def facts(plan: Plan) -> compliance.PlanFacts:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return compliance.gather(tx, tenant_id=plan.sponsor, plan_id=plan.plan, as_of=date(2026, 2, 3))


def outcome_of(plan: Plan, test: str) -> tuple[Any, ...]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        run = compliance.latest(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    assert run is not None
    (found,) = [each for each in run.results if each.test.value == test]
    return found.status, found.measured, found.limit


POINTS = [*stop_points(heal.FLOW, heal.STEPS)]
LATER = [*stop_points(correction.FLOW, correction.STEPS[1:]), "ledger.after_lines_before_balances"]


@pytest.mark.parametrize("point", POINTS)
def test_a_recording_that_stopped_is_carried_on_by_sending_it_again(short: Plan, point: str) -> None:
    plan, flow_id = short, short.db.ids.new(FlowId)
    found = heal.Found(plan.sponsor, flow_id, not_followed(plan))
    with stopping_at(point), pytest.raises(Stopped):
        heal.heal(plan.db, actor=SPONSOR, found=found)
    assert_proved(plan)
    heal.heal(plan.db, actor=SPONSOR, found=found)
    assert [each.state for each in every(plan)] == [ProposalState.PROPOSED]
    assert_proved(plan)


@pytest.mark.parametrize("point", LATER)
def test_an_approval_that_stopped_is_in_the_books_whole_or_not_at_all(short: Plan, point: str) -> None:
    plan = short
    waiting = record(plan, not_followed(plan))
    with stopping_at(point), pytest.raises(Stopped):
        approve(plan, waiting)
    assert_proved(plan)
    posted = credited(plan, HELEN, Source.MATCH) > 0
    assert posted == (newest(plan).state is ProposalState.APPROVED)
    assert posted == (point != "ledger.after_lines_before_balances")
    approve(plan, waiting)
    assert credited(plan, HELEN, Source.MATCH) > 12_000
    assert newest(plan).state is ProposalState.APPROVED
    assert_proved(plan)


def _superuser(postgres: Served) -> str:
    return postgres.urls.superuser.replace("/postgres?", "/open401k?")


def test_words_that_got_better_since_are_no_damage(short: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    approved = approve(short, record(short, not_followed(short)))
    assert not isinstance(approved, Refused)
    kinds: list[dict[Any, str]] = [failure_words._LACKING, failure_words._RELIEFS, failure_words._BASIS_CITES]
    for words in kinds:
        for kind in words:
            monkeypatch.setitem(words, kind, "said otherwise")
    monkeypatch.setattr(failure_words, "EARNINGS", "said otherwise")
    assert_proved(short)


def test_verify_names_a_proposal_that_somebody_changed(short: Plan, postgres: Served) -> None:
    plan = short
    waiting = record(plan, not_followed(plan))
    with psycopg.connect(_superuser(postgres), autocommit=True) as conn:
        conn.execute(
            "update compliance.proposal set content = jsonb_set(content, '{credits,0,cents}', '1') "
            "where proposal_id = %s",
            [waiting.proposal_id.uuid],
        )
    proof = verify(plan.db, actor=TESTER, tenants=[plan.sponsor])
    assert {each.kind for each in proof.problems} == {"correction"}
    assert len(proof.problems) == 2  # neither what was said, nor what follows from the facts


def test_money_for_a_correction_is_a_remittance_of_its_own(short: Plan) -> None:
    plan = short
    waiting = record(plan, not_followed(plan))
    of: dict[str, Any] = {"actor": SPONSOR, "tenant_id": plan.sponsor, "proposal_id": waiting.proposal_id}
    assert correction_money.deposited(plan.db, **of) is None  # nothing is due before it is approved
    approved = approve(plan, waiting)
    assert not isinstance(approved, Refused)
    due = compliance.due_of(approved)
    owed = receivable(plan)
    first, second = correction_money.deposited(plan.db, **of), correction_money.deposited(plan.db, **of)
    assert isinstance(first, ledger.Posted)
    assert isinstance(second, ledger.Posted)
    assert (first.already, second.already) == (False, True)
    assert owed - receivable(plan) == due.cents > 12_000
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:  # what reads deposits of payrolls does not trip over it
        where: dict[str, Any] = {"tenant_id": plan.sponsor, "plan_id": plan.plan}
        assert recordkeeping.deposits(tx, **where) == []
        assert [each.cents for each in recordkeeping.correction_deposits(tx, **where)] == [due.cents]
        assert [each.cents for each in to_debit(tx, **where)[0]] != []
    begin_day(plan.db, actor=TESTER, tenant_id=plan.sponsor)


@pytest.mark.parametrize("recorded_before", [False, True])
def test_a_line_that_names_a_correction_pays_it_once(short: Plan, recorded_before: bool) -> None:
    # Money flow: employer receivable -> cash clearing, once, whoever records it first.
    plan = short
    approved = approve(plan, record(plan, not_followed(plan)))
    assert not isinstance(approved, Refused)
    due, owed, on = compliance.due_of(approved).cents, receivable(plan), plan.clock.now().date()
    if recorded_before:
        correction_money.deposited(plan.db, actor=SPONSOR, tenant_id=plan.sponsor, proposal_id=approved.proposal_id)
    name = compliance.correction_reference(approved.proposal_id)
    lines = [f"{on},{due // 100}.{due % 100:02},WIRE {name}", f"{on},1.00,WIRE {name}"]
    data = "\n".join(["Date,Amount,Description", *lines, ""]).encode()
    for _ in range(2):
        read_in(plan.db, actor=TESTER, of=StatementFile(plan.sponsor, plan.plan, "bank.csv", data))
        assert owed - receivable(plan) == due
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        where: dict[str, Any] = {"tenant_id": plan.sponsor, "plan_id": plan.plan}
        assert [each.line.cents for each in custody.statements.lines(tx, **where)] == [100]  # another sum waits
        (found,) = custody.statements.findings(tx, **where)
    assert (found.kind, found.rule) == ("seen_before" if recorded_before else "deposit", "correction")
    assert_proved(plan)


def test_less_than_a_correction_owes_is_taken_and_more_waits_as_the_employers(short: Plan) -> None:
    plan = short
    approved = approve(plan, record(plan, not_followed(plan)))
    assert not isinstance(approved, Refused)
    due, owed, on = compliance.due_of(approved).cents, receivable(plan), plan.clock.now().date()
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (waiting,) = compliance.corrections_owed(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    name = waiting.reference
    rest = due - 50_00 + 25

    def came(cents: int) -> None:
        data = f"Date,Amount,Description\n{on},{cents // 100}.{cents % 100:02},WIRE {name}\n".encode()
        for _ in range(2):
            read_in(plan.db, actor=TESTER, of=StatementFile(plan.sponsor, plan.plan, "bank.csv", data))

    where: dict[str, Any] = {"tenant_id": plan.sponsor, "plan_id": plan.plan}
    came(50_00)
    assert owed - receivable(plan) == 50_00
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (asked,) = compliance.corrections_owed(tx, **where)
        (page,) = [each for each in corrections.load(tx, **where).done if each.approved]
    assert (asked.outstanding, asked.received) == (Money(due - 50_00), Money(50_00))
    assert page.since[0].startswith(f"Open: {Money(due - 50_00)} is asked")
    came(rest)
    assert owed - receivable(plan) == due + 25
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        assert not compliance.corrections_owed(tx, **where)[0].outstanding
        assert [each.cents for each in recordkeeping.waiting(tx, **where)] == [25]
        rules = [each.rule for each in custody.statements.findings(tx, **where)]
    assert sorted(rules) == ["correction", "correction, over", "correction, short"]
    assert_proved(plan)


def receivable(plan: Plan) -> int:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        found = ledger.balances(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    return found.total(ledger.Kind.EMPLOYER_RECEIVABLE)


def test_a_deposit_that_came_late_proposes_its_lost_earnings_person_by_person(short: Plan) -> None:
    plan = short
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        late, *_ = payroll.remittance.recorded(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
        assert heal.review(tx, tenant_id=plan.sponsor, plan_id=plan.plan) == []
    of: dict[str, Any] = {"actor": TESTER, "tenant_id": plan.sponsor, "plan_id": plan.plan}
    plan.at(date(2026, 3, 2))
    deposit_run(plan.db, **of, run_id=late.run_id, on=date(2026, 3, 2))
    plan.at(date(2026, 3, 3))
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        heal.review(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    waiting = newest(plan)
    content = waiting.content
    owed = lost_earnings(
        principal_cents=late.employee_cents, loss_on=late.pay_date, recovered_on=date(2026, 3, 2),
        paid_on=date(2026, 3, 3),
    )  # fmt: skip
    assert (content.principal_cents, content.earnings_cents) == (0, owed.total_cents)
    assert "without an application" in content.text
    plan.at(date(2026, 3, 4))
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        heal.review(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    assert newest(plan) == waiting  # interest alone is no other decision
    approved = approve(plan, waiting)
    assert not isinstance(approved, Refused)
    assert compliance.due_of(approved).cents >= owed.total_cents
    assert {each.source.from_employee for each in approved.told.credits} == {True}
    assert_proved(plan)
    plan.at(date(2026, 3, 9))
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        assert heal.review(tx, tenant_id=plan.sponsor, plan_id=plan.plan) == []


FACTS: dict[str, tuple[str, census.Fact, date, bool]] = {
    # Who, what, of which day, and whether the employer's money changes. Elliot (1006) defers and is matched.
    "a termination": ("1006", census.Terminated(), date(2025, 7, 31), True),
    "a hire": ("1006", census.Hired(instead_of=date(2010, 10, 4)), date(2025, 12, 1), True),
    "a class": ("1006", census.EmployeeClass("leased"), date(2026, 1, 1), False),
    "a birth date": ("1006", census.BirthDate(date(1972, 3, 1)), date(1972, 3, 1), False),
    "ownership": ("1006", census.Ownership(600), date(2026, 1, 1), False),
}


@pytest.mark.parametrize("name", FACTS)
def test_a_late_fact_says_what_it_changed_for_whom_and_whose_money_it_is(short: Plan, name: str) -> None:
    plan, (who, fact, on, moves) = short, FACTS[name]
    before = {source: credited(plan, who, source) for source in Source}
    owed = receivable(plan)
    learned = LateFact(plan.employee(who), fact, on)
    told = correct(
        plan.db, actor=TESTER, correction=Correction(plan.sponsor, plan.plan, plan.db.ids.new(FlowId), learned)
    )["settle"]
    moved = {source: credited(plan, who, source) - cents for source, cents in before.items()}
    said = {Source(each["source"]): each["credited_cents"] for each in told["changed"] if each["credited_cents"]}
    assert said == {source: cents for source, cents in moved.items() if cents}
    assert {each["employee_id"] for each in told["changed"]} <= {str(plan.employee(who))}
    assert bool(said) == moves
    assert told["employer_cents"] == sum(cents for source, cents in moved.items() if not source.from_employee)
    # What was withheld stays owed, credited or held; only the employer's own promise changes what it sends.
    assert receivable(plan) - owed == told["employer_cents"]
    assert bool(told["entries"]) == moves
    assert "section 6.02(1)" in told["paragraph"]
