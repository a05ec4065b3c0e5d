"""Debits of what is due, from file to bank to return; and what a person decides about money."""

from dataclasses import replace
from datetime import date, timedelta
from importlib import resources
from typing import Any
from uuid import UUID

import psycopg
import pytest
from tests.flows.bookkeeping import Plan, acme
from tests.flows.test_bank_statements import assert_books_hold, balances, came_on, camt, cents, due, paid, told, told_by
from tests.support.database import TESTER, Served

from open401k import custody, recordkeeping
from open401k.base import audit
from open401k.base.db import Database
from open401k.custody import AchFileId, BankAccountId, StatementId
from open401k.custody.accounts import NewAccount, Purpose
from open401k.custody.ach import Debit, FileStatus
from open401k.flows.debit_file import Answered, make_file, take_answer
from open401k.flows.deposit_choices import place_line
from open401k.flows.waiting_money import use_waiting
from open401k.kernel import FixedClock, Open401kError, RunId
from open401k.views import deposit_page
from open401k.views.deposits import State
from open401k.wire import nacha
from open401k.wire.nacha.layouts import fields_of

NUMBER = "744567899012"


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    made = acme(db, clock)
    with db.begin(TESTER, tenants=[made.sponsor]) as tx:
        for account in (
            NewAccount(Purpose.EMPLOYER, "Acme Inc", "121042882", NUMBER),
            NewAccount(Purpose.PLAN, "Acme 401k Plan", "231380104", "55500011", bank_name="Custody Bank"),
        ):
            custody.accounts.add(tx, tenant_id=made.sponsor, plan_id=made.plan, account=account)
    return made


def made(plan: Plan, key: str = "k1") -> nacha.AchFile:
    file_id = make_file(plan.db, actor=TESTER, tenant_id=plan.sponsor, plan_id=plan.plan, key=key)
    assert file_id is not None
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        data = custody.ach.content(tx, tenant_id=plan.sponsor, plan_id=plan.plan, file_id=file_id)
    file = nacha.read(data)
    assert isinstance(file, nacha.AchFile), str(file)
    return file


def answer(file: nacha.AchFile, *, addenda: str, **said: str) -> bytes:
    """The bank's answer to the first debit of a file: a return (99), or a notice of change (98) in a batch COR."""
    entry = file.entries[0]
    told = {"type": "7", "addenda_type": addenda, "original_trace": entry.trace, "trace": "091000010000001"} | said
    layout = f"addenda_{addenda}"
    extra = nacha.Record(layout, tuple(told.get(f.name, "").ljust(f.width) for f in fields_of(layout)))
    zero = "0" * 10 if addenda == "98" else entry.record["cents"]
    record = _with(entry.record, code="26", addenda_indicator="1", cents=zero)
    batch = file.batches[0]
    assert batch.control is not None
    assert file.control is not None
    header = _with(batch.header, sec="COR", service_class="200") if addenda == "98" else batch.header
    sums = {"count": "000002", "hash": f"{int(entry.record['rdfi']):010}", "debit_cents": zero.rjust(12, "0")}
    control = _with(batch.control, **sums, service_class=header["service_class"])
    end = _with(file.control, **(sums | {"count": "00000002"}))
    whole = replace(batch, header=header, entries=(replace(entry, record=record, addenda=(extra,)),), control=control)
    return nacha.write(replace(file, batches=(whole,), control=end, filler=("9" * 94 + "\n",) * 4))


def _with(record: nacha.Record, **said: str) -> nacha.Record:
    values = [
        said.get(field.name, value).ljust(field.width)[: field.width]
        for field, value in zip(fields_of(record.layout), record.values, strict=True)
    ]
    return replace(record, values=tuple(values))


def sent_back(plan: Plan, data: bytes) -> Answered:
    result = take_answer(plan.db, actor=TESTER, tenant_id=plan.sponsor, plan_id=plan.plan, data=data)
    assert isinstance(result, Answered), str(result)
    return result


def test_a_file_debits_each_payroll_once_and_is_not_made_twice(plan: Plan) -> None:
    one, two = paid(plan, 1, 2)
    file = made(plan)
    assert [(each.cents, each.record["individual_id"]) for each in file.entries] == [
        (cents(each), custody.ach.reference(each.run_id)) for each in (one, two)
    ]
    assert (file.batches[0].sec, file.entries[0].record["account"]) == ("CCD", NUMBER)
    assert file.batches[0].header["effective_on"] == "260202", "the next business day after Friday, January 30"
    assert made(plan) == file, "the same key is the same file"
    again = make_file(plan.db, actor=TESTER, tenant_id=plan.sponsor, plan_id=plan.plan, key="k2")
    assert again is None, "everything is under way"
    assert {each.state_on(date(2026, 1, 20)) for each in due(plan)} == {State.ON_ITS_WAY}


def test_the_sum_of_a_file_on_the_statement_pays_its_payrolls(plan: Plan) -> None:
    one, two = paid(plan, 1, 2)
    made(plan)
    parts = told(plan, (date(2026, 1, 21), cents(one) + cents(two), "CCD SETTLEMENT"))
    assert parts == [("deposit", cents(one)), ("deposit", cents(two))]
    assert_books_hold(plan)


@pytest.mark.parametrize("code", ["R01", "R02", "R10", "R29"])
def test_a_return_undoes_the_deposit_and_its_reason_says_what_comes_first(plan: Plan, code: str) -> None:
    """For want of funds it is sent again, marked as such; a closed account or a no waits for the employer's account."""
    (one,) = paid(plan, 1)
    file = made(plan)
    told(plan, (date(2026, 1, 21), cents(one), "SETTLEMENT"))
    plan.at(date(2026, 1, 23))
    data = answer(file, addenda="99", return_code=code, original_rdfi="12104288")
    assert sent_back(plan, data) == Answered((one.run_id,), 0, ())
    assert sent_back(plan, data) == Answered((one.run_id,), 0, ())
    assert balances(plan) == (0, cents(one))
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (known,) = custody.ach.files(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
        assert known.status is FileStatus.SENT, "what came back was at the bank, whether or not somebody said so"
    (back,) = due(plan)
    assert (back.state_on(date(2026, 1, 23)), back.clock) == (State.RETURNED, one.clock)
    assert told(plan, (date(2026, 1, 23), -cents(one), f"RETURN {code}")) == [("seen_before", -cents(one))]
    if code != "R01":
        with pytest.raises(Open401kError, match="came back") as refused:
            made(plan, "again")
        assert ("names an account" if code == "R02" else "has to allow") in refused.value.fix
        with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
            assert not deposit_page.load(tx, tenant_id=plan.sponsor, plan_id=plan.plan).can_debit
            new = NewAccount(Purpose.EMPLOYER, "Acme Inc", "121042882", "99")
            custody.accounts.add(tx, tenant_id=plan.sponsor, plan_id=plan.plan, account=new)
    two = paid(plan, 2)[1]
    again = made(plan, "again")
    assert {each.cents for each in again.entries} == {cents(one), cents(two)}
    retried = {"RETRY PYMT": [cents(one)]} if code == "R01" else {}
    batches = {each.header["description"]: [entry.cents for entry in each.entries] for each in again.batches}
    batches.pop("401K DEP")
    assert batches == retried
    assert nacha.read(nacha.write(again)) == again
    assert_books_hold(plan)


def test_the_reason_that_comes_after_the_statement_decides_whether_it_is_tried_again(plan: Plan) -> None:
    (one,) = paid(plan, 1)
    file = made(plan)
    told(plan, (date(2026, 1, 21), cents(one), "SETTLEMENT"))
    assert told_by(plan, camt((date(2026, 1, 23), -cents(one), ""))) == [("returned", -cents(one))]
    with pytest.raises(Open401kError, match="came back"):
        made(plan, "why")
    plan.at(date(2026, 1, 26))
    data = answer(file, addenda="99", return_code="R01", original_rdfi="12104288")
    for _ in range(2):
        assert sent_back(plan, data) == Answered((one.run_id,), 0, ())
        with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
            (debit,) = custody.ach.debits(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
            said = audit.recorded(
                tx, tenant_id=plan.sponsor, action="custody.return_reason_told", subjects=[one.run_id]
            )
        assert (debit.return_code, debit.returned_on, len(said)) == ("R01", date(2026, 1, 23), 1)
    assert balances(plan) == (0, cents(one))
    assert made(plan, "again").batches[0].header["description"] == "RETRY PYMT"
    assert_books_hold(plan)


@pytest.mark.parametrize(
    ("codes", "on", "due_cents", "retry", "said"),
    [
        (("R01",), "2026-02-01", 500, True, "twice at most, until 2026-07-15"),
        (("R09", "R01"), "2026-02-01", 500, True, "once at most"),
        (("R01", "R01", "R01"), "2026-02-01", 500, False, "may not be tried again"),
        (("R01",), "2026-07-16", 500, False, "may not be tried again"),
        (("R01",), "2026-02-01", 499, False, "may not be tried again"),
        (("R03",), "2026-02-01", 500, False, "R03, no account, or the account cannot be found. The employer names"),
        (("reversed",), "2026-02-01", 500, False, "does not say why. The employer has to allow"),
    ],
)
def test_what_came_back_is_tried_again_as_the_rules_of_nacha_say(
    codes: tuple[str, ...], on: str, due_cents: int, retry: bool, said: str
) -> None:
    """Twice within 180 days of the first, the same amount; another account starts anew."""
    start, account, run_id = date(2026, 1, 16), BankAccountId(UUID(int=1)), RunId(UUID(int=2))
    back = [
        Debit(AchFileId(UUID(int=9)), "1", run_id, 500, start + timedelta(days=at), code, start, False, account)
        for at, code in enumerate(codes)
    ]
    found = custody.retries.again(back, account=account, cents=due_cents, on=date.fromisoformat(on))
    assert (found.allowed, found.retry) == (retry, retry)
    assert said in found.words
    other = custody.retries.again(back, account=BankAccountId(UUID(int=3)), cents=due_cents, on=date.fromisoformat(on))
    assert other == custody.retries.Again(allowed=True)


def test_a_no_is_not_outdated_by_a_change_of_the_account_before_it() -> None:
    """A bank's change of the account was taken over while the debit was under way; then the employer's no came."""
    on, first, second = date(2026, 1, 16), BankAccountId(UUID(int=1)), BankAccountId(UUID(int=3))
    name = (AchFileId(UUID(int=9)), "1", RunId(UUID(int=2)), 500, on)
    no, closed = (Debit(*name, code, on, False, first, second) for code in ("R10", "R02"))
    assert not custody.retries.again([no], account=second, cents=500, on=on).allowed
    assert custody.retries.again([closed], account=second, cents=500, on=on).allowed, "the change named a good one"


def test_a_return_of_somebody_elses_debit_is_told_and_changes_nothing(plan: Plan) -> None:
    paid(plan, 1)
    file = made(plan)
    strange = sent_back(plan, answer(file, addenda="99", return_code="R01", original_trace="099999990000001"))
    assert strange.returned == ()
    assert "R01" in strange.unknown[0]


def test_the_return_of_another_company_with_the_same_trace_and_amount_is_not_ours(plan: Plan) -> None:
    """Traces are numbered by each company: in a file of all that came back to a bank two of them are alike."""
    (one,) = paid(plan, 1)
    file = made(plan)
    told(plan, (date(2026, 1, 21), cents(one), "SETTLEMENT"))
    before = balances(plan)
    (batch,) = file.batches
    (mine,) = batch.entries
    theirs = replace(mine, record=_with(mine.record, individual_id="K999999999999"))
    other = replace(file, batches=(replace(batch, entries=(theirs,)),))
    for kind, said in (("99", {"return_code": "R01"}), ("98", {"change_code": "C01", "corrected": "99887766554"})):
        strange = sent_back(plan, answer(other, addenda=kind, original_rdfi="12104288", **said))
        assert (strange.returned, strange.changes, len(strange.unknown)) == ((), 0, 1)
    assert balances(plan) == before
    unnamed = replace(mine, record=_with(mine.record, individual_id=""))
    blank = replace(file, batches=(replace(batch, entries=(unnamed,)),))
    assert sent_back(plan, answer(blank, addenda="99", return_code="R01")).returned == (one.run_id,)


@pytest.mark.parametrize("code", ["R61", "R67", "R70", "R73", "R77"])
def test_what_banks_tell_each_other_about_a_return_moves_nothing(plan: Plan, code: str) -> None:
    (one,) = paid(plan, 1)
    file = made(plan)
    told(plan, (date(2026, 1, 21), cents(one), "SETTLEMENT"))
    before = balances(plan)
    about = answer(file, addenda="99", return_code=code)
    read = sent_back(plan, about)
    assert (read.returned, code in read.unknown[0], "ask the bank" in read.unknown[0]) == ((), True, True)
    assert balances(plan) == before
    assert sent_back(plan, answer(file, addenda="99", return_code="R01")).returned == (one.run_id,)
    sent_back(plan, about)
    (debit,) = debits(plan)
    assert debit.return_code == "R01", "the reason of the return decides what comes next, not what is said about it"


NOTICES = {
    "C01": ("99887766554", "ending in 6554", ("121042882", "99887766554", "checking", "Acme Inc")),
    "C02": ("231380104", "Routing number 231380104", ("231380104", NUMBER, "checking", "Acme Inc")),
    "C03": ("231380104   4455", "ending in 4455", ("231380104", "4455", "checking", "Acme Inc")),
    "C04": (
        "ACME TOOL AND DIE",
        "should say: ACME TOOL AND DIE",
        ("121042882", NUMBER, "checking", "ACME TOOL AND DIE"),
    ),
    "C05": ("37", "It is a savings account", ("121042882", NUMBER, "savings", "Acme Inc")),
}


@pytest.mark.parametrize("code", NOTICES)
def test_a_notice_of_change_waits_for_a_person(plan: Plan, code: str) -> None:
    corrected, shown, after = NOTICES[code]
    paid(plan, 1)
    file = made(plan)
    data = answer(file, addenda="98", change_code=code, corrected=corrected, original_rdfi="12104288")
    assert sent_back(plan, data).changes == 1
    sent_back(plan, data)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        where: dict[str, Any] = {"tenant_id": plan.sponsor, "plan_id": plan.plan}
        (change,) = custody.accounts.changes(tx, **where)
        assert (change.code, change.accepted) == (code, None)
        assert shown in change.shown
        assert "99887766554" not in change.shown
        (asked,) = (each for each in nacha.changes(_read(data)))
        other = replace(asked, trace="121042880000099")
        assert custody.accounts.propose(tx, **where, change=other) is None, "the same of another debit is no news"
        before = custody.accounts.on_file(tx, **where)[Purpose.EMPLOYER]
        assert custody.accounts.number_of(tx, tenant_id=plan.sponsor, account=before) == NUMBER
        custody.accounts.decide(tx, **where, change_id=change.account_change_id, accepted=True)
        now = custody.accounts.on_file(tx, **where)[Purpose.EMPLOYER]
        number = custody.accounts.number_of(tx, tenant_id=plan.sponsor, account=now)
        assert (now.routing, number, now.kind, now.name) == after


@pytest.mark.parametrize(
    ("code", "corrected", "why"),
    [("C10", "ACME", "no change of the account"), ("C06", f"{'99887766554':20}52", "neither checking nor savings")],
)
def test_a_change_that_cannot_be_the_accounts_is_told_and_not_taken_over(
    plan: Plan, code: str, corrected: str, why: str
) -> None:
    """Of our own name, and of a loan account."""
    paid(plan, 1)
    data = answer(made(plan), addenda="98", change_code=code, corrected=corrected, original_rdfi="12104288")
    assert sent_back(plan, data).changes == 1
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        where: dict[str, Any] = {"tenant_id": plan.sponsor, "plan_id": plan.plan}
        (change,) = custody.accounts.changes(tx, **where)
        with pytest.raises(Open401kError, match=why):
            custody.accounts.decide(tx, **where, change_id=change.account_change_id, accepted=True)
        custody.accounts.decide(tx, **where, change_id=change.account_change_id, accepted=False)


def test_debits_of_before_accounts_were_kept_beside_them_get_those_of_their_day(plan: Plan, postgres: Served) -> None:
    """Migration 0251: the account on file when the file was made, and when the return came."""
    (one,) = paid(plan, 1)
    file = made(plan)
    plan.at(date(2026, 2, 2))
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        new = NewAccount(Purpose.EMPLOYER, "Acme Inc", "121042882", "99")
        second = custody.accounts.add(tx, tenant_id=plan.sponsor, plan_id=plan.plan, account=new)
    plan.at(date(2026, 2, 3))
    sent_back(plan, answer(file, addenda="99", return_code="R10", original_rdfi="12104288"))
    before = debits(plan)
    assert [(each.run_id, each.account_then) for each in before] == [(one.run_id, second)]
    assert before[0].bank_account_id not in (None, second)
    sql = resources.files("open401k.base.db.migrations").joinpath("0251_custody_debited_before.sql").read_bytes()
    with psycopg.connect(postgres.urls.superuser.replace("/postgres?", "/open401k?")) as conn:
        for table in ("ach_file", "ach_return"):
            conn.execute(f"update custody.{table} set bank_account_id = null where tenant_id = %s", [plan.sponsor.uuid])
        conn.execute(sql)
    assert debits(plan) == before


def debits(plan: Plan) -> list[Debit]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        return custody.ach.debits(tx, tenant_id=plan.sponsor, plan_id=plan.plan)


def _read(data: bytes) -> nacha.AchFile:
    file = nacha.read(data)
    assert isinstance(file, nacha.AchFile), str(file)
    return file


def test_account_numbers_are_sealed_and_in_no_audit_record(plan: Plan) -> None:
    paid(plan, 1)
    made(plan)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        for table in ("custody.bank_account", "custody.ach_file", "base.audit"):
            rows = tx.conn.execute(f"select t::text from {table} t where tenant_id = %s", [plan.sponsor]).fetchall()
            assert rows
            assert not [row for row in rows if NUMBER in row[0] or NUMBER.encode().hex() in row[0]]


def test_a_file_needs_both_accounts_and_a_business_day(db: Database, clock: FixedClock, plan: Plan) -> None:
    bare = acme(db, clock)
    bare.pay(1)
    with pytest.raises(Open401kError, match="no bank account of the employer and the plan"):
        make_file(db, actor=TESTER, tenant_id=bare.sponsor, plan_id=bare.plan, key="k")
    paid(plan, 1)
    with pytest.raises(Open401kError, match="not a business day"):
        make_file(db, actor=TESTER, tenant_id=plan.sponsor, plan_id=plan.plan, key="k", effective_on=date(2026, 1, 19))


def test_a_file_at_the_bank_is_not_withdrawn(plan: Plan) -> None:
    paid(plan, 1)
    made(plan)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (file,) = custody.ach.files(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
        where: dict[str, Any] = {"tenant_id": plan.sponsor, "plan_id": plan.plan, "file_id": file.ach_file_id}
        custody.ach.mark(tx, **where, status=FileStatus.SENT)
        custody.ach.mark(tx, **where, status=FileStatus.SENT)
        with pytest.raises(Open401kError, match="at the bank already"):
            custody.ach.mark(tx, **where, status=FileStatus.WITHDRAWN)


def test_a_person_places_a_line_and_the_rest_waits(plan: Plan) -> None:
    (one,) = paid(plan, 1)
    told(plan, (came_on(one), cents(one) + 40, "WIRE WITHOUT A NAME"))
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (line,) = custody.statements.lines(tx, tenant_id=plan.sponsor, plan_id=plan.plan)
    where: dict[str, Any] = {"tenant_id": plan.sponsor, "plan_id": plan.plan}
    for _ in range(2):
        place_line(
            plan.db, actor=TESTER, **where, statement_id=line.statement_id, line_no=line.line_no, run_id=one.run_id
        )
    assert balances(plan) == (cents(one) + 40, -40)
    two = paid(plan, 2)[1]
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (waits,) = recordkeeping.waiting(tx, **where)
    on = came_on(two) + timedelta(days=1)
    use_waiting(plan.db, actor=TESTER, **where, entry_id=waits.entry_id, run_id=two.run_id, on=on)
    assert due(plan)[1].received.cents == 40
    with pytest.raises(Open401kError, match="does not wait any more"):
        use_waiting(plan.db, actor=TESTER, **where, entry_id=waits.entry_id, run_id=None, on=on)
    assert_books_hold(plan)


def test_money_that_came_twice_waits_pays_what_is_owed_and_waits_on(plan: Plan) -> None:
    """No reference: the bank cannot say what the second payment is for, the employer can."""
    (one,) = paid(plan, 1)
    told(plan, (came_on(one), cents(one), "WIRE"), (came_on(one, 4), cents(one), "WIRE AGAIN"))
    where: dict[str, Any] = {"tenant_id": plan.sponsor, "plan_id": plan.plan}
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        page = deposit_page.load(tx, **where)
    assert page.lines[0].choices == (), "no payroll waits for money"
    line: dict[str, Any] = {"statement_id": StatementId.parse(page.lines[0].statement_id), "line_no": 2}
    for _ in range(2):
        place_line(plan.db, actor=TESTER, **where, **line, run_id=None, employers=True)
    with pytest.raises(Open401kError, match="has its place already"):
        place_line(plan.db, actor=TESTER, **where, **line, run_id=None)
    two = paid(plan, 2)[1]
    told(plan, (came_on(two), cents(two) - 60, custody.ach.reference(two.run_id)))
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (waits,) = recordkeeping.waiting(tx, **where)
    use: dict[str, Any] = {"run_id": two.run_id, "on": came_on(two)}
    rest = use_waiting(plan.db, actor=TESTER, **where, entry_id=waits.entry_id, **use)
    assert (rest.cents, due(plan)[1].outstanding.cents) == (cents(one) - 60, 0)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (still,) = recordkeeping.waiting(tx, **where)
    with pytest.raises(Open401kError, match="Nothing is due"):
        use_waiting(plan.db, actor=TESTER, **where, entry_id=still.entry_id, **use)
    assert_books_hold(plan)


def test_money_that_waits_is_given_back(plan: Plan) -> None:
    (one,) = paid(plan, 1)
    told(plan, (came_on(one), cents(one) + 40, custody.ach.reference(one.run_id)))
    where: dict[str, Any] = {"tenant_id": plan.sponsor, "plan_id": plan.plan}
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        (waits,) = recordkeeping.waiting(tx, **where)
    use_waiting(plan.db, actor=TESTER, **where, entry_id=waits.entry_id, run_id=None, on=came_on(one, 5))
    assert balances(plan) == (cents(one), 0)
    assert_books_hold(plan)
