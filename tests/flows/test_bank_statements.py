"""Bank statements against real payrolls: exact, several, short, over, returned, unknown; stopped and repeated."""

import hashlib
import re
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import pytest
from tests.flows.bookkeeping import Plan, acme
from tests.support.database import TESTER, Served
from tests.support.flows import each_step_twice, run_with_a_stop, stop_points

from open401k import custody, ledger, recordkeeping, wire
from open401k.base.db import Database, Tx
from open401k.base.steps import run_flow
from open401k.custody import StatementId
from open401k.custody.accounts import NewAccount, Purpose
from open401k.flows import bank_statement
from open401k.flows.bank_statement import StatementFile, read_in
from open401k.flows.day import begin_day
from open401k.flows.deposit import deposit_run
from open401k.flows.deposit_choices import place_line
from open401k.flows.deposit_doubles import settle_twice
from open401k.flows.overpaid_decided import decide_overpaid, undo_overpaid
from open401k.flows.verify import verify
from open401k.flows.waiting_money import use_waiting
from open401k.kernel import FixedClock, Money, Open401kError, Refused, Source
from open401k.law import lost_earnings
from open401k.recordkeeping._overpaid_store import add_decision
from open401k.recordkeeping.overpaid import Overpaid
from open401k.recordkeeping.overpaid_decided import Became, Decided, Decision, DecisionRefusal
from open401k.views import deposit_page
from open401k.views.deposit_page import late_money
from open401k.views.deposits import Deposit, State, deposits

FIRST, SECOND = 1, 2


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    return acme(db, clock)


def paid(plan: Plan, *periods: int) -> list[Deposit]:
    for period in periods:
        plan.pay(period)
    return due(plan)


def due(plan: Plan) -> list[Deposit]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return list(deposits(tx, tenant_id=plan.sponsor, plan_id=plan.plan))


def dollars(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def statement(*lines: tuple[date, int, str]) -> bytes:
    rows = [f"{on},{dollars(cents)},{text}" for on, cents, text in lines]
    return "\n".join(["Date,Amount,Description", *rows, ""]).encode()


def told(plan: Plan, *lines: tuple[date, int, str]) -> list[tuple[str, int]]:
    """Read a statement in; kind and cents of each part of its lines."""
    result = read_in(plan.db, actor=TESTER, of=of(plan, statement(*lines)))
    assert not isinstance(result, wire.Unreadable), str(result)
    return [(each["kind"], each["cents"]) for each in result["settle"]]


def of(plan: Plan, data: bytes) -> StatementFile:
    return StatementFile(plan.sponsor, plan.plan, "bank.csv", data)


def came_on(deposit: Deposit, days: int = 3) -> date:
    return deposit.remittance.pay_date + timedelta(days=days)


def cents(deposit: Deposit) -> int:
    return deposit.remittance.total_cents


def balances(plan: Plan) -> tuple[int, int]:
    """Cash clearing, and what the employer owes."""
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        found = ledger.balances(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
        return found.total(ledger.Kind.CASH_CLEARING), found.total(ledger.Kind.EMPLOYER_RECEIVABLE)


def assert_books_hold(plan: Plan) -> None:
    plan.at(plan.clock.now().date())
    proof = verify(plan.db, actor=TESTER, tenants=[plan.sponsor])
    assert proof.problems == [], proof.problems


def open_lines(plan: Plan) -> list[int]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return [each.line.cents for each in custody.statements.lines(tx, tenant_id=plan.sponsor, plan_id=plan.plan)]


def test_the_sum_of_a_payroll_is_its_deposit_and_payroll_bank_and_ledger_agree(plan: Plan) -> None:
    (one,) = paid(plan, FIRST)
    assert told(plan, (came_on(one), cents(one), "ACH ACME")) == [("deposit", cents(one))]
    (after,) = due(plan)
    assert (after.received.cents, after.received_on) == (cents(one), came_on(one))
    assert after.state_on(came_on(one)) is State.RECEIVED
    assert balances(plan) == (cents(one), 0)
    assert sum(one.remittance.sources.values()) == cents(one), "told by source as posted"
    assert_books_hold(plan)


def test_the_same_statement_again_changes_nothing(plan: Plan) -> None:
    (one,) = paid(plan, FIRST)
    first = told(plan, (came_on(one), cents(one), ""))
    before = balances(plan)
    assert told(plan, (came_on(one), cents(one), "")) == first
    assert balances(plan) == before


def test_a_statement_kept_under_its_bare_hash_is_found_as_the_same(plan: Plan, postgres: Served) -> None:
    """Statements of before the hash was keyed lie under that of their number and bytes alone."""
    (one,) = paid(plan, FIRST)
    data = statement((came_on(one), cents(one), ""))
    told(plan, (came_on(one), cents(one), ""))
    bare = hashlib.sha256(b"0\0" + data).digest()
    with psycopg.connect(postgres.urls.superuser.replace("/postgres?", "/open401k?")) as conn:
        conn.execute("set session_replication_role = replica")
        changed = conn.execute("update custody.statement set sha256 = %s where plan_id = %s", [bare, plan.plan.uuid])
    assert changed.rowcount == 1
    read = wire.read_statement(data)
    assert not isinstance(read, wire.Unreadable)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (first,) = custody.statements.kept(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
        again = custody.statements.keep(
            tx, tenant_id=plan.sponsor, plan_id=plan.plan, name="again.csv", data=data, read=dict(enumerate(read))
        )
        assert again == [first.statement_id]
        assert len(custody.statements.kept(tx, tenant_id=plan.sponsor, plan_id=plan.plan)) == 1


def test_one_deposit_for_two_payrolls_pays_both(plan: Plan) -> None:
    one, two = paid(plan, FIRST, SECOND)
    assert told(plan, (came_on(two), cents(one) + cents(two), "")) == [
        ("deposit", cents(one)),
        ("deposit", cents(two)),
    ]
    assert [each.outstanding.cents for each in due(plan)] == [0, 0]


def test_short_money_is_taken_and_the_rest_is_still_due(plan: Plan) -> None:
    (one,) = paid(plan, FIRST)
    name = custody.ach.reference(one.run_id)
    assert told(plan, (came_on(one), cents(one) - 100, name)) == [("deposit", cents(one) - 100)]
    (short,) = due(plan)
    assert (short.outstanding.cents, short.state_on(came_on(one))) == (100, State.SHORT)
    assert told(plan, (came_on(one, 4), 100, name)) == [("deposit", 100)]
    (done,) = due(plan)
    assert (done.outstanding.cents, done.received_on) == (0, came_on(one, 4))
    assert_books_hold(plan)


def test_money_over_waits_and_nothing_is_invested_of_it(plan: Plan) -> None:
    (one,) = paid(plan, FIRST)
    parts = told(plan, (came_on(one), cents(one) + 250, custody.ach.reference(one.run_id)))
    assert parts == [("deposit", cents(one)), ("employer_money", 250)]
    assert balances(plan) == (cents(one) + 250, -250), "the plan owes it to the employer"
    assert_books_hold(plan)


def test_returned_money_is_undone_and_due_again_by_its_old_clock(plan: Plan) -> None:
    (one,) = paid(plan, FIRST)
    told(plan, (came_on(one), cents(one), ""))
    assert told(plan, (came_on(one, 5), -cents(one), "ACH RETURN R01")) == [("returned", -cents(one))]
    (back,) = due(plan)
    assert (back.received.cents, back.clock) == (0, one.clock)
    assert back.state_on(came_on(one, 5)) is State.RETURNED
    assert balances(plan) == (0, cents(one))
    assert told(plan, (came_on(one, 7), cents(one), "")) == [("deposit", cents(one))]
    assert balances(plan) == (cents(one), 0)
    assert_books_hold(plan)


def test_money_nobody_expects_waits_for_a_person(plan: Plan) -> None:
    (one,) = paid(plan, FIRST)
    assert told(plan, (came_on(one), 12_345, "WIRE"), (came_on(one), -500, "SERVICE CHARGE")) == []
    assert open_lines(plan) == [12_345, -500]
    assert balances(plan) == (0, cents(one))


def test_a_deposit_recorded_by_hand_is_seen_and_not_posted_twice(plan: Plan) -> None:
    (one,) = paid(plan, FIRST)
    deposit_run(plan.db, actor=TESTER, tenant_id=plan.sponsor, plan_id=plan.plan, run_id=one.run_id, on=came_on(one))
    assert told(plan, (came_on(one, 4), cents(one), "")) == [("seen_before", cents(one))]
    assert balances(plan) == (cents(one), 0)


def test_a_deposit_recorded_by_hand_may_have_come_in_parts(plan: Plan) -> None:
    """Each part names its payroll; more than was recorded is the employer's."""
    (one,) = paid(plan, FIRST)
    deposit_run(plan.db, actor=TESTER, tenant_id=plan.sponsor, plan_id=plan.plan, run_id=one.run_id, on=came_on(one))
    name, rest = custody.ach.reference(one.run_id), cents(one) - 1_000
    assert told(plan, (came_on(one), 1_000, name)) == [("seen_before", 1_000)]
    assert told(plan, (came_on(one, 12), rest, name)) == [("seen_before", rest)]
    assert told(plan, (came_on(one, 13), 7, name)) == [("employer_money", 7)]
    assert balances(plan) == (cents(one) + 7, -7)
    assert_books_hold(plan)


def test_by_hand_after_the_statement_nothing_is_posted_again(plan: Plan) -> None:
    (one,) = paid(plan, FIRST)
    told(plan, (came_on(one), cents(one), ""))
    again = deposit_run(
        plan.db, actor=TESTER, tenant_id=plan.sponsor, plan_id=plan.plan, run_id=one.run_id, on=came_on(one)
    )
    assert isinstance(again, ledger.Posted)
    assert again.already
    assert balances(plan) == (cents(one), 0)


def test_a_statement_that_does_not_add_up_is_refused_whole(plan: Plan) -> None:
    (one,) = paid(plan, FIRST)
    data = statement((came_on(one), cents(one), ""))
    wrong = StatementFile(plan.sponsor, plan.plan, "bank.csv", data, opening_cents=0, closing_cents=cents(one) + 1)
    assert isinstance(read_in(plan.db, actor=TESTER, of=wrong), wire.Unreadable)
    assert balances(plan) == (0, cents(one))
    assert open_lines(plan) == []


INSIDE = ["ledger.after_lines_before_balances"]


@pytest.mark.parametrize("point", [*stop_points(bank_statement.FLOW, bank_statement.STEPS), *INSIDE])
def test_a_statement_survives_a_stop_at_every_step(plan: Plan, point: str) -> None:
    one, two = paid(plan, FIRST, SECOND)
    data = statement((came_on(one), cents(one), ""), (came_on(two), cents(two) + 7, custody.ach.reference(two.run_id)))
    result = run_with_a_stop(point, lambda: read_in(plan.db, actor=TESTER, of=of(plan, data)))
    assert not isinstance(result, wire.Unreadable)
    assert [each["kind"] for each in result["settle"]] == ["deposit", "deposit", "employer_money"]
    assert balances(plan) == (cents(one) + cents(two) + 7, -7)
    assert_books_hold(plan)


def test_every_step_of_a_statement_twice_posts_once(plan: Plan) -> None:
    (one,) = paid(plan, FIRST)
    file = of(plan, statement((came_on(one), cents(one), "")))
    run_flow(
        plan.db,
        flow=bank_statement.FLOW,
        flow_id=file.flow_id(plan.db.keyring),
        tenant_id=plan.sponsor,
        actor=TESTER,
        steps=each_step_twice(bank_statement.STEPS),
        ctx=file,
    )
    assert balances(plan) == (cents(one), 0)
    assert_books_hold(plan)


def test_late_money_costs_what_the_dols_calculator_says_and_nothing_is_posted_of_it(plan: Plan) -> None:
    (one,) = paid(plan, FIRST)
    in_time, late = one.clock.late_after, one.clock.late_after + timedelta(days=30)
    assert late_money(one, in_time) is None
    assert one.state_on(late) is State.LATE
    told(plan, (late, cents(one), custody.ach.reference(one.run_id)))
    (came,) = due(plan)
    cost = late_money(came, late + timedelta(days=90))
    assert cost is not None
    expected = lost_earnings.lost_earnings(
        principal_cents=one.remittance.employee_cents, loss_on=one.remittance.pay_date, recovered_on=late
    )
    assert cost.owed == Money(expected.total_cents)
    assert expected.total_cents > 0
    assert cost.until == late, "it ends with the money's arrival"
    assert "compounded daily" in cost.working
    assert balances(plan) == (cents(one), 0)


def test_a_line_that_came_before_its_payroll_finds_it_on_the_next_day(plan: Plan) -> None:
    (one,) = paid(plan, FIRST)
    on = came_on(one)
    told(plan, (on, cents(one) * 2, ""))
    assert open_lines(plan) == [cents(one) * 2]
    plan.pay(SECOND)
    assert [cents(each) for each in due(plan)] == [cents(one)] * 2, "two payrolls of one sum"
    begin_day(plan.db, actor=TESTER, tenant_id=plan.sponsor)
    assert open_lines(plan) == [cents(one) * 2], "money that came before a pay date is not taken for it unseen"
    told(plan, (came_on(due(plan)[1]), cents(one) * 2, ""))
    assert [each.outstanding.cents for each in due(plan)] == [0, 0]


CAMT = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.08"><M><{part}>
<Acct><Id><Othr><Id>{account}</Id></Othr></Id></Acct>{balances}{entries}</{part}></M></Document>"""
ENTRY = """<Ntry><Amt Ccy="USD">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><RvslInd>{back}</RvslInd><Sts>BOOK</Sts>
<BookgDt><Dt>{on}</Dt></BookgDt>
<NtryDtls><TxDtls><Refs><EndToEndId>{name}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"""
BALANCE = """<Bal><Tp><CdOrPrtry><Cd>{of}</Cd></CdOrPrtry></Tp><Amt Ccy="USD">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>{on}</Dt></Dt></Bal>"""


def camt(
    *lines: tuple[date, int, str], kind: str = "053", account: str = "55500011", opening: int = 1_000_000
) -> bytes:
    """A camt.053 that adds up, or a camt.054; money that went is a reversal."""
    sides = [("CRDT", "false") if each[1] > 0 else ("DBIT", "true") for each in lines]
    entries = "".join(
        ENTRY.format(amount=dollars(abs(cents)), side=side, back=back, on=on, name=name)
        for (on, cents, name), (side, back) in zip(lines, sides, strict=True)
    )
    sums = {"OPBD": opening, "CLBD": opening + sum(each[1] for each in lines)} if kind == "053" else {}
    balances = "".join(BALANCE.format(of=of, amount=dollars(cents), on=lines[0][0]) for of, cents in sums.items())
    part = "Stmt" if kind == "053" else "Ntfctn"
    return CAMT.format(kind=kind, part=part, account=account, balances=balances, entries=entries).encode()


def told_by(plan: Plan, data: bytes) -> list[tuple[str, int]]:
    result = read_in(plan.db, actor=TESTER, of=of(plan, data))
    assert not isinstance(result, wire.Unreadable), str(result)
    return [(each["kind"], each["cents"]) for each in result["settle"]]


def together(*files: bytes) -> bytes:
    """What several messages tell, in one."""
    parts = [re.findall(b"<(?:Stmt|Ntfctn)>.*</(?:Stmt|Ntfctn)>", each, re.DOTALL)[0] for each in files]
    return files[0].replace(parts[0], b"".join(parts))


def came_back(plan: Plan, number: int, sum_cents: int, on: date, *, line: str = "") -> Decided:
    """Somebody says that overpaid money came back on a day; that much is overpaid."""
    who = plan.employee("1009")
    found = Overpaid(who, Source.MATCH, 10_000_00, date(2026, 1, 2), plan.clock.now())
    said = Decision(UUID(int=number), who, Source.MATCH, Became.PAID_BACK, sum_cents, on, "a check", line=line)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(recordkeeping.overpaid, "outstanding", lambda tx, **_: [found])
        done = decide_overpaid(plan.db, actor=TESTER, tenant_id=plan.sponsor, plan_id=plan.plan, decision=said)
    assert isinstance(done, Decided), done
    return done


def test_a_line_may_be_a_payrolls_money_or_overpaid_money_that_came_again(plan: Plan) -> None:
    """A payroll owes the very sum that somebody said came back: nothing is booked until a person says which it is."""
    (one,) = paid(plan, FIRST)
    on = came_on(one)
    plan.at(on)
    came_back(plan, 1, cents(one), on)
    assert told(plan, (on, cents(one), "CHECK")) == []
    assert balances(plan) == (cents(one), 0), "the decision alone is in the books"
    came_back(plan, 1, cents(one), on)
    assert open_lines(plan) == [cents(one)], "said again it changes nothing"
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (line,) = deposit_page.load(tx, tenant_id=plan.sponsor, plan_id=plan.plan).lines
    assert line.came_again
    where: Any = {"tenant_id": plan.sponsor, "plan_id": plan.plan, "line_no": line.line_no}
    where |= {"statement_id": StatementId.parse(line.statement_id)}
    for _ in range(2):
        place_line(plan.db, actor=TESTER, **where, run_id=None)
    assert (balances(plan), open_lines(plan)) == ((cents(one), 0), [])
    assert due(plan)[0].outstanding == Money(cents(one)), "the payroll is still owed"
    name = custody.ach.reference(one.run_id)
    assert told(plan, (on, cents(one), name)) == [("deposit", cents(one))], "who names a payroll pays it"
    assert_books_hold(plan)


@pytest.mark.parametrize("line", ["same", "other"])
def test_a_line_that_paid_a_payroll_by_its_sum_may_be_overpaid_money_as_a_person_says(plan: Plan, line: str) -> None:
    """It was booked as the payroll's, and the decision booked it once more: the plan had twice what came."""
    (one,) = paid(plan, FIRST)
    on = came_on(one)
    plan.at(on)
    assert told(plan, (on, cents(one), "CHECK")) == [("deposit", cents(one))]
    with pytest.raises(AssertionError, match="line_not_said"):
        came_back(plan, 1, cents(one), on)
    assert balances(plan) == (cents(one), 0), "nothing was done"
    for _ in range(2):
        came_back(plan, 1, cents(one), on, line=line)
    came = 1 if line == "same" else 2
    assert balances(plan)[0] == came * cents(one)
    (after,) = due(plan)
    assert after.outstanding.cents == (cents(one) if line == "same" else 0)
    assert after.state_on(on) is (State.DUE if line == "same" else State.RECEIVED), "no bank returned anything"
    assert open_lines(plan) == []
    assert_books_hold(plan)


def test_what_is_left_of_money_that_came_again_is_not_another_ones(plan: Plan) -> None:
    """Two people pay back; what is left of the first one's money, of the second one's sum, is not the second's."""
    (one,) = paid(plan, FIRST)
    on = came_on(one)
    plan.at(on)
    first = came_back(plan, 1, cents(one) + 300_00, on)
    assert first.entry_id is not None
    of: dict[str, Any] = {"tenant_id": plan.sponsor, "plan_id": plan.plan}
    assert use_waiting(plan.db, actor=TESTER, **of, entry_id=first.entry_id, run_id=one.run_id, on=on) == Money(300_00)
    came_back(plan, 2, 300_00, on)
    assert balances(plan)[0] == cents(one) + 600_00
    wrong = undo_overpaid(plan.db, actor=TESTER, **of, decision_id=UUID(int=1), reason="it never came")
    assert isinstance(wrong, Refused)
    assert wrong.reason is DecisionRefusal.MONEY_USED
    assert_books_hold(plan)


def test_a_repeat_that_a_person_dismissed_is_no_payment_more(plan: Plan) -> None:
    """A third file tells of the one payment, and of a second: what was dismissed was the first one told again."""
    one, two = paid(plan, FIRST, FIRST + 1)
    came = (came_on(two), cents(one), "401K")
    assert told(plan, came) == [("deposit", cents(one))]
    assert told_by(plan, camt(came, kind="054")) == [], "a person says which it is"
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (line,) = custody.statements.lines(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    place_line(
        plan.db, actor=TESTER, tenant_id=plan.sponsor, plan_id=plan.plan, statement_id=line.statement_id,
        line_no=line.line_no, run_id=None,
    )  # fmt: skip
    told(plan, came, came)
    assert [each.outstanding.cents for each in due(plan)] == [0, 0], "the second one is the other payroll's"
    assert_books_hold(plan)


def test_two_notices_of_one_file_are_two_payments(plan: Plan) -> None:
    (one,) = paid(plan, FIRST)
    came = camt((came_on(one), cents(one), custody.ach.reference(one.run_id)), kind="054")
    assert told_by(plan, together(came, came)) == [("deposit", cents(one)), ("employer_money", cents(one))]
    assert told_by(plan, came) == [("seen_before", cents(one))]
    assert balances(plan) == (cents(one) * 2, -cents(one))
    assert_books_hold(plan)


def test_what_was_set_aside_as_told_before_may_be_a_payment_of_its_own(plan: Plan) -> None:
    (one,) = paid(plan, FIRST)
    came = (came_on(one, 20), cents(one), "401K")
    told(plan, came)
    assert told_by(plan, camt(came)) == [("seen_before", cents(one))]
    two = paid(plan, FIRST + 1)[1]
    plan.at(came[0])
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        page = deposit_page.load(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    (aside,), where = page.set_aside, {"tenant_id": plan.sponsor, "plan_id": plan.plan}
    assert [each.run_id for each in aside.choices] == [two.run_id]
    line: Any = where | {"statement_id": StatementId.parse(aside.statement_id), "line_no": aside.line_no}
    place_line(plan.db, actor=TESTER, **line, run_id=None)
    assert balances(plan) == (cents(one), cents(two)), "it stays set aside"
    for _ in range(2):
        place_line(plan.db, actor=TESTER, **line, run_id=two.run_id)
    assert balances(plan) == (cents(one) * 2, 0)
    assert told(plan, came, came) == [("seen_before", cents(one))] * 2, "a third file tells of both"
    assert_books_hold(plan)


def test_what_was_booked_twice_before_is_found_and_taken_back_by_a_person(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = paid(plan, FIRST, FIRST + 1)
    came = (came_on(one), cents(one), custody.ach.reference(one.run_id))
    told(plan, came, (came_on(two), cents(two), custody.ach.reference(two.run_id)))
    plan.at(came_on(two, 1))
    with monkeypatch.context() as before:  # as statements were read then
        before.setattr(bank_statement, "told_before", lambda *_: frozenset())
        assert told_by(plan, camt(came)) == [("employer_money", cents(one))]
    assert balances(plan) == (cents(one) * 3, -cents(one))
    (double,) = now(plan).twice
    assert double.booked_as == f"{Money(cents(one))} as the employer's money"
    assert double.first_booked_as == f"{Money(cents(one))} for the payroll of {one.remittance.pay_date}"
    line: Any = {"statement_id": StatementId.parse(double.line.statement_id), "line_no": double.line.line_no}
    for _ in range(2):
        settle_twice(plan.db, actor=TESTER, tenant_id=plan.sponsor, plan_id=plan.plan, **line, same_money=True)
        assert (balances(plan), now(plan).twice) == ((cents(one) * 2, 0), ())
    with pytest.raises(Open401kError, match="not among those"):
        settle_twice(plan.db, actor=TESTER, tenant_id=plan.sponsor, plan_id=plan.plan, **line, same_money=False)
    place_line(plan.db, actor=TESTER, tenant_id=plan.sponsor, plan_id=plan.plan, **line, run_id=None, employers=True)
    assert (balances(plan), now(plan).twice) == ((cents(one) * 3, -cents(one)), ()), "a person thought again"
    assert_books_hold(plan)


def now(plan: Plan) -> deposit_page.DepositsPage:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return deposit_page.load(tx, tenant_id=plan.sponsor, plan_id=plan.plan)


def test_money_that_three_statements_tell_of_is_posted_once_and_a_second_payment_waits(plan: Plan) -> None:
    """A notice at noon, the statement of the day, an export of the month; the employer paid twice on one day."""
    (one,) = paid(plan, FIRST)
    name = custody.ach.reference(one.run_id)
    came = (came_on(one), cents(one), name)
    assert told_by(plan, camt(came, kind="054")) == [("deposit", cents(one))]
    assert told_by(plan, camt(came)) == [("seen_before", cents(one))]
    assert told(plan, came, came) == [("seen_before", cents(one)), ("employer_money", cents(one))]
    back = (came_on(one, 4), -cents(one), "")
    assert told_by(plan, camt(back)) == [("returned", -cents(one))], "RvslInd: the bank takes an entry back"
    assert balances(plan) == (cents(one), 0), "of two one stands, and it waits"
    assert_books_hold(plan)


def test_a_statement_of_another_account_is_refused_and_its_debit_takes_nothing_back(plan: Plan) -> None:
    """In a file of several accounts it is left out, and named."""
    (one,) = paid(plan, FIRST)
    name = custody.ach.reference(one.run_id)
    came, back = (came_on(one), cents(one), name), (came_on(one), -cents(one), name)
    both = together(camt(back, account="744567899012"), camt(came))
    with pytest.raises(Open401kError, match="several accounts, and none is on file"):
        told_by(plan, both)
    mine = NewAccount(Purpose.PLAN, "Acme 401k Plan", "231380104", "055500011")
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        custody.accounts.add(tx, tenant_id=plan.sponsor, plan_id=plan.plan, account=mine)
    result = read_in(plan.db, actor=TESTER, of=of(plan, both))
    assert not isinstance(result, wire.Unreadable)
    assert (result["sort_out"], len(result["keep"])) == ({"ours": [1], "others": ["9012"]}, 1)
    assert told_by(plan, both) == [("deposit", cents(one))]
    with pytest.raises(Open401kError, match="ends in 9012, the plan's in 0011"):
        told_by(plan, camt(back, account="744567899012"))
    assert balances(plan) == (cents(one), 0)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        custody.accounts.add(
            tx, tenant_id=plan.sponsor, plan_id=plan.plan, account=replace(mine, number="744567899012")
        )
    again = told_by(plan, both)
    assert sorted(again) == [("deposit", cents(one)), ("returned", -cents(one))], "it is the plan's too, by now"
    assert told_by(plan, both) == again


def test_a_file_taken_in_whole_before_files_were_sorted_out_is_still_the_same(plan: Plan) -> None:
    (one,) = paid(plan, FIRST)
    came = (came_on(one), cents(one), custody.ach.reference(one.run_id))
    both = of(plan, together(camt(came), camt((came_on(one, 1), 7, "interest"), account="744567899012")))

    def keep(tx: Tx, file: StatementFile, _: dict[str, Any]) -> list[str]:
        return bank_statement.keep(tx, file, {"sort_out": {"ours": [0, 1]}})

    of_then: dict[str, Any] = {"tenant_id": plan.sponsor, "actor": TESTER, "steps": (keep, bank_statement.settle)}
    before = run_flow(
        plan.db, flow=bank_statement.FLOW, flow_id=both.flow_id(plan.db.keyring), ctx=both, **of_then
    )  # fmt: skip
    again = read_in(plan.db, actor=TESTER, of=both)
    assert not isinstance(again, wire.Unreadable)
    assert (again["keep"], again["settle"]) == (before["keep"], before["settle"])


def test_money_told_twice_waits_while_another_payroll_owes_as_much(plan: Plan) -> None:
    """The statement of the day may tell of the notice's money again, or of a payment for the other payroll."""
    one, two = paid(plan, FIRST, FIRST + 1)
    name = custody.ach.reference(one.run_id)
    assert cents(one) == cents(two)
    came = (came_on(two), cents(one), name)
    assert told_by(plan, camt(came, kind="054")) == [("deposit", cents(one))]
    assert told_by(plan, camt(came)) == [], "a person says which it is"
    other = (came_on(two, 1), cents(two), custody.ach.reference(two.run_id))
    assert ("deposit", cents(two)) in told_by(plan, camt(other))
    assert balances(plan) == (cents(one) + cents(two), 0), "the line that waited is told before now"
    assert_books_hold(plan)


def test_a_payment_after_waiting_money_was_used_is_money_of_its_own(plan: Plan) -> None:
    """What waited had its own line; the employer's next payment for the same payroll is no second telling of it."""
    one, two = paid(plan, FIRST, SECOND)
    assert told(plan, (came_on(two), cents(one) + cents(two), custody.ach.reference(one.run_id)))[1][0] == (
        "employer_money"
    )
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (waits,) = recordkeeping.waiting(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    use_waiting(
        plan.db, actor=TESTER, tenant_id=plan.sponsor, plan_id=plan.plan, entry_id=waits.entry_id, run_id=two.run_id,
        on=came_on(two),
    )  # fmt: skip
    again = (came_on(two, 2), cents(two), custody.ach.reference(two.run_id))
    assert told(plan, again) == [("employer_money", cents(two))]
    assert balances(plan) == (cents(one) + 2 * cents(two), -cents(two))
    assert_books_hold(plan)


def test_what_is_left_of_overpaid_money_that_a_statement_told_is_not_given_back(plan: Plan) -> None:
    one, two = paid(plan, FIRST, SECOND)
    told(plan, (came_on(two), cents(one) + cents(two) + 700, custody.ach.reference(one.run_id)))
    of: dict[str, Any] = {"tenant_id": plan.sponsor, "plan_id": plan.plan}
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (waits,) = recordkeeping.waiting(tx, **of)
        columns = (UUID(int=1), "match", "restored", waits.cents, waits.on, waits.entry_id, "the board")
        add_decision(tx, **of, decision_id=UUID(int=2), columns=columns)
    use = partial(use_waiting, plan.db, actor=TESTER, **of, on=came_on(two))
    assert use(entry_id=waits.entry_id, run_id=two.run_id) == Money(700)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (rest,) = recordkeeping.waiting(tx, **of)
    with pytest.raises(Open401kError, match="stays"):
        use(entry_id=rest.entry_id, run_id=None)
