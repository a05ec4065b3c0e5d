"""Student loan payments through the real flows: certified in the year and after it, repeated, corrected, late."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from tests.flows.test_accounts_above_zero import assert_above_zero, leaves, match_by_day, overpaid
from tests.flows.test_declaration import on_last_day
from tests.flows.test_match_forms import DAYS, LAST, NOTHING, SAVED, assert_proven, day_begins, matched, paid
from tests.flows.test_random_years import Machine, Row
from tests.support.database import TESTER

from open401k import compliance, custody, ledger, plan, recordkeeping
from open401k.base import messages
from open401k.base.db import Database
from open401k.base.steps import FlowResults
from open401k.flows.bank_statement import StatementFile, read_in
from open401k.flows.overpaid_decided import decide_overpaid, undo_overpaid
from open401k.flows.student_loans import Certified, certify
from open401k.flows.waiting_money import use_waiting
from open401k.kernel import EmployeeId, FlowId, Open401kError, Refused, Source
from open401k.recordkeeping.overpaid_decided import Became, Decided, Decision, DecisionRefusal
from open401k.views import corrections, student_loans
from open401k.wire import Unreadable


def asked(made: Machine, who: EmployeeId, paid_on: date, cents: int, loan: str = "") -> Certified:
    payment = recordkeeping.StudentLoanPayment(who, paid_on, cents, made.clock.now().date(), loan)
    return Certified(made.sponsor, made.plan_id, made.db.ids.new(FlowId), payment)


def put(made: Machine, who: EmployeeId, paid_on: date, cents: int, loan: str = "") -> Any:
    return certify(made.db, actor=TESTER, certified=asked(made, who, paid_on, cents, loan))


def certified(made: Machine, who: EmployeeId, paid_on: date, cents: int) -> None:
    assert isinstance(put(made, who, paid_on, cents), FlowResults)


def test_payments_are_matched_once_when_the_year_is_over(db: Database) -> None:
    made, who = paid(db, matched(student_loans=True), NOTHING, NOTHING)
    made.at(date(2025, 11, 3))
    assert isinstance(put(made, who, date(2025, 3, 3), 500_00), FlowResults)
    assert isinstance(put(made, who, date(2025, 3, 3), 100_00, "the second loan"), FlowResults)
    assert on_last_day(made) == {}
    day_begins(made, date(2026, 1, 2))
    assert on_last_day(made) == {Source.MATCH: 300_00}
    made.at(date(2026, 3, 2))  # half of at most 6 % of 20,000.00
    once = asked(made, who, date(2025, 12, 31), 1_000_00)
    for _ in range(2):
        assert isinstance(certify(made.db, actor=TESTER, certified=once), FlowResults)
        assert on_last_day(made) == {Source.MATCH: 600_00}
    made.at(date(2026, 3, 3))
    put(made, who, date(2025, 3, 3), 0)  # the first one was not theirs
    made.at(date(2026, 3, 4))
    put(made, who, date(2025, 12, 31), 700_00)
    assert on_last_day(made) == {Source.MATCH: 400_00}
    made.send(DAYS[2], {who: NOTHING}, told="a late payroll")
    assert on_last_day(made) == {Source.MATCH: 400_00}
    made.at(date(2026, 4, 1))
    late = put(made, who, date(2025, 6, 2), 100_00)
    assert isinstance(late, Refused)
    assert late.reason is recordkeeping.StudentLoanRefusal.TOO_LATE
    assert_proven(made)


def _tested(facts: compliance.PlanFacts) -> dict[str, list[EmployeeId]]:
    """Who is in each ADP test."""
    results, _ = compliance.run_tests(facts)
    told: dict[str, Any] = {each.test.value: each.working.get("people") for each in results}
    ratios = {test: people["place"] for test, people in told.items() if test.startswith("adp")}
    return {test: [facts.employee_ids[place] for place in places] for test, places in ratios.items()}


def test_payments_are_matched_when_each_quarter_is_over(db: Database) -> None:
    """Half of up to 6 % of pay of 10,000.00 a pay date, two of them in the first quarter."""
    by_quarter = matched(student_loans=True, student_loan_period=plan.MatchPeriod.QUARTER)
    made, who = paid(db, replace(by_quarter, testing=plan.Testing(student_loans_apart=True)), SAVED)
    made.send(DAYS[1], {who: NOTHING}, told="payroll")
    made.at(date(2025, 2, 20))
    certified(made, who, date(2025, 2, 20), 900_00)
    day_begins(made, date(2025, 3, 31))
    assert match_by_day(made) == {DAYS[0]: 300_00}
    for day in (date(2025, 4, 1), date(2025, 4, 2)):
        day_begins(made, day)  # deferrals are 1,200.00, all that the formula counts of 20,000.00; its rest is 300.00
        assert match_by_day(made) == {DAYS[0]: 300_00}
    made.send(DAYS[2], {who: NOTHING}, told="payroll")
    made.at(date(2025, 5, 2))
    certified(made, who, date(2025, 5, 2), 500_00)
    day_begins(made, date(2025, 7, 1))
    second = {DAYS[0]: 300_00, date(2025, 6, 30): 250_00}
    assert match_by_day(made) == second
    made.at(date(2025, 9, 2))
    certified(made, who, date(2025, 6, 30), 700_00)  # learned late: at most 6 % of 10,000.00 are matched
    second[date(2025, 6, 30)] = 300_00
    assert match_by_day(made) == second
    made.send(DAYS[3], {who: NOTHING}, told="payroll")
    made.at(date(2025, 10, 16))
    certified(made, who, date(2025, 10, 1), 400_00)
    day_begins(made, date(2026, 1, 2))
    assert match_by_day(made) == {**second, LAST: 200_00}
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        of: dict[str, Any] = {"tenant_id": made.sponsor, "plan_id": made.plan_id}
        received = recordkeeping.student_loan_matches(tx, **of, start=date(2025, 1, 1), end=date(2026, 1, 1))
        facts = compliance.facts_for(tx, **of, as_of=LAST)
    assert received == {who: 500_00}
    apart, together = _tested(facts), _tested(replace(facts, loan_matched=None))
    assert (apart["adp"], apart["adp_student_loans"], together["adp"]) == ([], [who], [who])
    assert "adp_student_loans" not in together
    made.at(date(2026, 1, 3))
    certified(made, who, date(2025, 5, 2), 0)
    made.at(date(2026, 1, 4))
    certified(made, who, date(2025, 6, 30), 0)
    assert match_by_day(made) == {DAYS[0]: 300_00, LAST: 200_00}
    assert_proven(made)


QUARTERLY = replace(
    matched(student_loans=True, student_loan_period=plan.MatchPeriod.QUARTER),
    deferrals=plan.Deferrals((Source.PRE_TAX,), catch_up=False, higher_catch_up_60_63=False),
)


def above_the_limit(made: Machine) -> dict[EmployeeId, int]:
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        of: dict[str, Any] = {"tenant_id": made.sponsor, "plan_id": made.plan_id}
        return recordkeeping.loan_matches_over(tx, **of, year=QUARTERLY.plan_year_of(LAST))


@pytest.mark.parametrize(
    ("saved_later", "taken_back"),
    [
        (21_600_00, 0),  # 1,000.00 are left of the limit of 2025, 23,500.00, and 900.00 were paid
        (23_000_00, 200_00),  # 500.00 are left: half of 400.00 was given for payments above it
        (23_500_00, 450_00),
    ],
)
def test_a_quarters_match_is_taken_back_as_far_as_later_deferrals_used_the_limit(
    db: Database, saved_later: int, taken_back: int
) -> None:
    """IRC 401(m)(4)(D)(i): payments count up to the limit of 402(g) less the deferrals of the year."""
    made, who = paid(db, QUARTERLY, NOTHING, NOTHING)
    made.at(date(2025, 2, 20))
    certified(made, who, date(2025, 2, 20), 900_00)
    day_begins(made, date(2025, 4, 1))
    quarter = date(2025, 3, 31)
    assert match_by_day(made) == {quarter: 450_00}
    made.send(DAYS[2], {who: Row(30_000_00, saved_later)}, told="payroll")
    given = {quarter: 450_00, DAYS[2]: 900_00}
    assert above_the_limit(made) == ({who: taken_back} if taken_back else {})
    for day in (date(2025, 7, 1), date(2025, 10, 1)):
        day_begins(made, day)
        assert match_by_day(made) == given
    for day in (date(2026, 1, 2), date(2026, 1, 3)):
        day_begins(made, day)
        assert match_by_day(made) == given | ({LAST: -taken_back} if taken_back else {})
        assert above_the_limit(made) == ({who: taken_back} if taken_back else {})
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        shown = student_loans.load(tx, tenant_id=made.sponsor, plan_id=made.plan_id)
        of: dict[str, Any] = {"tenant_id": made.sponsor, "plan_id": made.plan_id}
        received = recordkeeping.student_loan_matches(tx, **of, start=date(2025, 1, 1), end=date(2026, 1, 1))
    told = [(each.amount.cents, each.on, each.taken_back) for each in shown.over]
    assert told == ([(taken_back, LAST, True)] if taken_back else [])
    assert received == ({who: 450_00 - taken_back} if taken_back < 450_00 else {})
    assert_proven(made)


def test_what_left_before_it_is_taken_back_is_told_as_overpaid_and_the_round_goes_on(db: Database) -> None:
    """Of a match of 1,350.00 the account has 50.00 when 450.00 of it are above the limit: 400.00 are overpaid."""
    made, who = paid(db, QUARTERLY, NOTHING, NOTHING)
    made.at(date(2025, 2, 20))
    certified(made, who, date(2025, 2, 20), 900_00)
    day_begins(made, date(2025, 4, 1))
    made.send(DAYS[2], {who: Row(30_000_00, 23_500_00)}, told="payroll")
    made.at(date(2025, 5, 2))
    leaves(made, who, 1_300_00)
    for day in (date(2026, 1, 2), date(2026, 1, 3)):
        day_begins(made, day)
        assert match_by_day(made)[LAST] == -450_00  # what it should have had, as every test counts it
        assert overpaid(made) == [(Source.MATCH, 400_00)]
        assert_above_zero(made)
        assert_proven(made)
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        events = messages.read_after(tx, tenant_id=made.sponsor, cursor=0)
        held = ledger.balances(tx, tenant_id=made.sponsor, plan_id=made.plan_id)
        (told,) = corrections.load(tx, tenant_id=made.sponsor, plan_id=made.plan_id).overpaid
    said = [(each.kind, each.data) for each in events if isinstance(each.data, dict)]
    assert [data["employer_cents"] for kind, data in said if kind == "plan.year_ended"] == [-50_00]
    assert [data["cents"] for kind, data in said if kind == "overpaid.found"] == [400_00]
    assert (told.amount.cents, told.act_by) == (400_00, date(2027, 7, 31))
    assert held.total(ledger.Kind.PARTICIPANT, source=Source.MATCH) == 0
    made.at(date(2026, 1, 4))  # the payments were not theirs: nothing was to be matched, and nothing is above a limit
    certified(made, who, date(2025, 2, 20), 0)
    assert overpaid(made) == [(Source.MATCH, 400_00)]
    assert_proven(made)
    made.send(DAYS[3], {who: NOTHING}, told="a late payroll")
    assert overpaid(made) == [(Source.MATCH, 400_00)]
    assert_proven(made)
    assert_it_is_settled(made, who)
    assert_what_was_wrong_is_taken_back(made, who)


def assert_it_is_settled(made: Machine, who: EmployeeId) -> None:
    """150.00 come back and wait as the employer's; 250.00 are left, which needs the word that they may be."""
    on = date(2026, 1, 4)

    def say(became: Became, cents: int, number: int, **more: Any) -> Decided | Refused[DecisionRefusal]:
        said = Decision(UUID(int=number), who, Source.MATCH, became, cents, on, "the board", **more)
        return decide_overpaid(made.db, actor=TESTER, tenant_id=made.sponsor, plan_id=made.plan_id, decision=said)

    def refused(answer: Decided | Refused[DecisionRefusal]) -> DecisionRefusal:
        assert isinstance(answer, Refused)
        return answer.reason

    first = say(Became.PAID_BACK, 100_00, 1)
    assert isinstance(first, Decided)
    assert say(Became.PAID_BACK, 100_00, 1) == first
    assert refused(say(Became.LEFT, 100_00, 1)) is DecisionRefusal.KEY_REUSED
    assert refused(say(Became.RESTORED, 300_01, 2)) is DecisionRefusal.MORE_THAN_OVERPAID
    assert refused(say(Became.LEFT, 300_00, 2)) is DecisionRefusal.NOT_LEFT
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        of: dict[str, Any] = {"tenant_id": made.sponsor, "plan_id": made.plan_id}
        (waits,) = recordkeeping.waiting(tx, **of)
        (open_one,) = corrections.load(tx, **of).overpaid
    assert (waits.entry_id, waits.cents, open_one.amount.cents) == (first.entry_id, 100_00, 300_00)
    with pytest.raises(Open401kError, match="stays"):
        use_waiting(made.db, actor=TESTER, **of, entry_id=waits.entry_id, run_id=None, on=on)
    bank = StatementFile(made.sponsor, made.plan_id, "b.csv", f"Date,Amount,Description\n{on},100.00,CHECK\n".encode())
    shown = read_in(made.db, actor=TESTER, of=bank)
    assert not isinstance(shown, Unreadable)
    assert [each["kind"] for each in shown["settle"]] == ["seen_before"], "it is in the books already"
    early = StatementFile(made.sponsor, made.plan_id, "c.csv", f"Date,Amount,Description\n{on},50.00,CHECK\n".encode())
    read_in(made.db, actor=TESTER, of=early)
    assert isinstance(say(Became.RESTORED, 50_00, 4), Decided)
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        assert custody.statements.lines(tx, **of) == [], "a person who placed it would book it again"
    assert isinstance(say(Became.LEFT, 250_00, 2, within_limits=True), Decided)
    assert refused(say(Became.LEFT, 1, 3, within_limits=True)) is DecisionRefusal.NOTHING_OVERPAID
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        inbox = corrections.load(tx, **of)
    assert (inbox.overpaid, len(inbox.settled)) == ((), 3)
    assert_proven(made)


def assert_what_was_wrong_is_taken_back(made: Machine, who: EmployeeId) -> None:
    """100.00 and 50.00 came, 250.00 were left: each is taken back once, and is open again."""
    of: dict[str, Any] = {"tenant_id": made.sponsor, "plan_id": made.plan_id}
    made.at(date(2026, 1, 5))

    def undo(number: int) -> Decided | Refused[DecisionRefusal]:
        return undo_overpaid(made.db, actor=TESTER, **of, decision_id=UUID(int=number), reason="the wrong person")

    def say(cents: int, number: int) -> Decided | Refused[DecisionRefusal]:
        said = Decision(UUID(int=number), who, Source.MATCH, Became.PAID_BACK, cents, date(2026, 1, 5), "a check")
        return decide_overpaid(made.db, actor=TESTER, **of, decision=said)

    def stands() -> tuple[int, list[int]]:
        with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
            shown = corrections.load(tx, **of).overpaid
            return sum(each.amount.cents for each in shown), [each.cents for each in recordkeeping.waiting(tx, **of)]

    assert stands() == (0, [100_00, 50_00])
    done = undo(2)  # what was left moved nothing
    assert isinstance(done, Decided)
    assert (done.undone_on, undo(2)) == (date(2026, 1, 5), done)
    assert stands() == (250_00, [100_00, 50_00])
    assert isinstance(undo(1), Decided)  # a bank shows it: it stays, and may be given back
    assert stands() == (350_00, [100_00, 50_00])
    with made.db.begin(TESTER, tenants=[made.sponsor]) as tx:
        waits = next(each for each in recordkeeping.waiting(tx, **of) if each.cents == 100_00)
    use_waiting(made.db, actor=TESTER, **of, entry_id=waits.entry_id, run_id=None, on=date(2026, 1, 5))
    assert isinstance(say(300_00, 7), Decided)
    assert stands() == (50_00, [50_00, 300_00])
    assert isinstance(undo(7), Decided)  # no bank ever showed it: it leaves the books
    assert stands() == (350_00, [50_00])
    again = say(300_00, 7)
    assert isinstance(again, Refused)
    assert again.reason is DecisionRefusal.KEY_REUSED
    missing = undo(99)
    assert isinstance(missing, Refused)
    assert missing.reason is DecisionRefusal.NO_SUCH_DECISION
    assert_proven(made)
