"""The bad-input catalogue once more, through the whole flow: a refused file moves nothing, a hold only what it says.

Its numbers are those of the room's own tests (tests/rooms/payroll/test_catalogue.py), which has all 45; what a sender
says over HTTP of 2 and 45 is in tests/doors/api/test_said_of_payrolls.py. Not here: 42, until elections are kept.
"""

import csv
import io
from collections.abc import Callable, Mapping
from datetime import date

import pytest
from tests.flows.bookkeeping import Plan, acme, assert_sound, books, traces
from tests.support.database import START, TESTER, Served

from open401k import census
from open401k.base.db import Database
from open401k.demo.files import Mistakes
from open401k.demo.people import PAY_DATES, Person
from open401k.flows.payroll_intake import Taken, say_yes
from open401k.kernel import FixedClock
from open401k.payroll import Said

SSN, OTHER = "219-11-1003", "219-11-1004"
NEWCOMER = Person(
    "219-11-1099", "Nora", "Lund", date(1990, 2, 2), date(2025, 12, 8), 5_200_000, 500, pay_2025_cents=400_000
)


@pytest.fixture(scope="module")
def kept(postgres: Served) -> Plan:
    """A plan with one payroll posted, on the day of the second: refused files leave it as it is."""
    clock = FixedClock(START)
    postgres.db.clock = clock
    plan = acme(postgres.db, clock)
    plan.pay(1)
    plan.at(PAY_DATES[2])
    return plan


@pytest.fixture
def plan(postgres: Served, kept: Plan) -> Plan:
    postgres.db.clock = kept.clock
    return kept


@pytest.fixture
def fresh(db: Database, clock: FixedClock) -> Plan:
    """A plan of its own, on the day of the first payroll: for files that are posted."""
    plan = acme(db, clock)
    plan.at(PAY_DATES[1])
    return plan


def cells(plan: Plan, period: int, ssn: str = SSN, **cells: str) -> bytes:
    """The file with these cells in one person's row; ``_`` stands for a blank in a heading."""
    named = {(ssn, heading.replace("_", " ").replace("K401", "401k")): text for heading, text in cells.items()}
    return plan.file(period, Mistakes(cells=named))


def table(plan: Plan, period: int, more: Mapping[str, str], ssn: str = SSN) -> bytes:
    """The file with more columns: a value for one person, 0.00 or nothing for the others."""
    heading, *rows = csv.reader(io.StringIO(plan.file(period).decode()))
    out = io.StringIO()
    written = csv.writer(out)
    written.writerow([*heading, *more])
    for row in rows:
        mine = row[0] == ssn
        written.writerow(
            [*row, *(value if mine else ("0.00" if value[:1].isdigit() else "") for value in more.values())]
        )
    return out.getvalue().encode()


REFUSED: dict[str, tuple[Callable[[Plan], bytes], str]] = {
    "01 empty": (lambda plan: b"", "file.empty"),
    "02 heading only": (lambda plan: plan.file(2).splitlines(keepends=True)[0], "file.no_rows"),
    "04 Windows-1252 byte": (lambda plan: plan.file(2).replace(b"Benitez", b"Ben\xedtez"), "file.encoding"),
    "08 narrow row": (lambda plan: plan.file(2).replace(b"Benitez,", b""), "row.width"),
    "09 thousands comma": (lambda plan: plan.file(2).replace(b",3400.00", b",3,400.00"), "row.width"),
    "10 grouped amount": (lambda plan: plan.file(2).replace(b",3400.00", b',"3,400.00"'), "amount.format"),
    "11 dollar sign": (lambda plan: cells(plan, 2, K401_Deferral="$200.00"), "amount.format"),
    "12 parentheses": (lambda plan: cells(plan, 2, K401_Deferral="(200.00)"), "amount.negative_not_allowed"),
    "13 minus": (lambda plan: cells(plan, 2, K401_Deferral="-200.00"), "amount.negative_not_allowed"),
    "14 NaN": (lambda plan: cells(plan, 2, K401_Deferral="NaN"), "amount.format"),
    "14 exponent": (lambda plan: cells(plan, 2, K401_Deferral="1e5"), "amount.format"),
    "16 three decimals": (lambda plan: cells(plan, 2, K401_Deferral="200.123"), "amount.precision"),
    "17 blank amount": (lambda plan: cells(plan, 2, K401_Deferral=""), "amount.missing"),
    "18 implausible": (lambda plan: cells(plan, 2, K401_Deferral="9999999999.00"), "amount.implausible"),
    "19 over pay": (lambda plan: cells(plan, 2, K401_Deferral="3400.01"), "amount.exceeds_pay"),
    "21 area 000": (lambda plan: cells(plan, 2, Employee_SSN="000-12-3456"), "ssn.invalid"),
    "21 ITIN": (lambda plan: cells(plan, 2, Employee_SSN="912-34-5678"), "ssn.invalid"),
    "22 known": (lambda plan: cells(plan, 2, Employee_SSN="078-05-1120"), "ssn.known_invalid"),
    "23 eight digits": (lambda plan: cells(plan, 2, Employee_SSN="21911100"), "ssn.length"),
    "24 twice": (lambda plan: plan.file(2, Mistakes(repeated=[SSN])), "row.duplicate"),
    "25 one number, two names": (lambda plan: cells(plan, 2, Employee_SSN=OTHER), "person.conflict"),
    "27 unknown": (
        lambda plan: cells(plan, 2, Employee_SSN="219-11-1098", Last_Name="Zorn", Hire_Date="", Date_of_Birth=""),
        "person.unknown",
    ),
    "27 wrong digit": (lambda plan: cells(plan, 2, Employee_SSN="219-11-1073"), "person.unknown"),
    "27 no hire date": (
        lambda plan: cells(
            plan, 2, Employee_SSN="219-11-1098", Last_Name="Zorn", Date_of_Birth="01/02/1991", Hire_Date=""
        ),
        "hire_date.missing",
    ),
    "29 born in the future": (lambda plan: cells(plan, 2, Date_of_Birth="01/05/2030"), "dob.range"),
    "30 no such day": (lambda plan: cells(plan, 2, Hire_Date="02/29/2025"), "date.invalid"),
    "31 other order": (lambda plan: cells(plan, 2, Hire_Date="2012-03-05"), "date.format"),
    "32 two-digit year": (lambda plan: cells(plan, 2, Hire_Date="3/5/12"), "date.format"),
    "33 hired after the pay date": (lambda plan: cells(plan, 2, Hire_Date="02/01/2026"), "date.order"),
    "34 left before hired": (lambda plan: cells(plan, 2, Term_Date="01/01/2010"), "date.order"),
    "36 pay date ahead": (lambda plan: plan.file(2).replace(b"01/30/2026", b"02/27/2026"), "pay_date.range"),
    "37 two pay dates": (lambda plan: cells(plan, 2, Check_Date="01/23/2026"), "pay_date.mixed"),
    "38 negative hours": (lambda plan: cells(plan, 2, Hours="-5"), "hours.range"),
    "38 hours of a month": (lambda plan: cells(plan, 2, Hours="900"), "hours.range"),
    "43 loan": (lambda plan: table(plan, 2, {"Loan ID": "L-9", "Loan Payment": "50.00"}), "loan.unknown"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_file_moves_nothing(plan: Plan, case: str) -> None:
    make, code = REFUSED[case]
    before = traces(plan)
    taken = plan.send(make(plan))
    assert isinstance(taken, Taken), taken
    assert plan.post(taken.run.run_id).halted == "rejected"
    assert plan.status(taken.run.run_id) == "rejected"
    assert code in plan.findings(taken.run.run_id)
    assert traces(plan) == before


@pytest.mark.parametrize(("heading", "as_sent"), [("Roth 401k", None), ("401k Deferral", "401k Defferal x")])
def test_05_06_a_heading_that_is_not_known_waits_for_a_person(plan: Plan, heading: str, as_sent: str | None) -> None:
    data = plan.file(2, Mistakes(headings={heading: as_sent})) if as_sent else without(plan.file(2), heading)
    before = traces(plan)
    taken = plan.send(data, settle=False)
    assert isinstance(taken, Taken)
    assert taken.run.status == "needs_mapping"
    assert plan.post(taken.run.run_id).halted == "needs_mapping"
    assert traces(plan) == before


def test_02_the_statement_that_nothing_is_contributed_is_a_payroll_without_rows(fresh: Plan) -> None:
    heading = fresh.file(1).splitlines(keepends=True)[0]
    taken = fresh.pay(1, heading, announced=PAY_DATES[1], said=Said(no_contributions=True))
    assert fresh.status(taken.run.run_id) == "posted"
    assert not books(fresh).by_date
    assert_sound(fresh)


@pytest.mark.parametrize("said", [{"rows": 4}, {"gross": 1}, {"pre_tax": 10_000_00}])
def test_45_rows_that_are_not_their_control_total_move_nothing(plan: Plan, said: dict[str, int]) -> None:
    before = traces(plan)
    taken = plan.send(plan.file(2), said=Said(said))
    assert isinstance(taken, Taken)
    assert plan.post(taken.run.run_id).halted == "rejected"
    assert "total.mismatch" in plan.findings(taken.run.run_id)
    assert traces(plan) == before


def without(data: bytes, heading: str) -> bytes:
    """The file without a column."""
    rows = list(csv.reader(io.StringIO(data.decode())))
    place = rows[0].index(heading)
    out = io.StringIO()
    csv.writer(out).writerows([row[:place] + row[place + 1 :] for row in rows])
    return out.getvalue().encode()


def test_a_refused_file_put_right_is_posted(fresh: Plan) -> None:
    refused = fresh.send(cells(fresh, 1, Employee_SSN="219-11-1073"))
    assert isinstance(refused, Taken)
    assert refused.run.status == "rejected"
    fresh.pay(1)
    assert_sound(fresh)


def test_the_same_bytes_are_posted_once_the_reason_of_their_refusal_is_gone(fresh: Plan) -> None:
    data = cells(fresh, 1, Employee_SSN="219-11-1098", Last_Name="Zorn", Date_of_Birth="", Hire_Date="")
    refused = fresh.send(data)
    assert isinstance(refused, Taken)
    assert fresh.post(refused.run.run_id).halted == "rejected"
    with fresh.db.begin(TESTER, tenants=[fresh.sponsor]) as tx:
        census.add_employee(
            tx,
            tenant_id=fresh.sponsor,
            ssn="219-11-1098",
            first_name="Rosa",
            last_name="Zorn",
            birth_date=date(1980, 5, 5),
            hired_on=date(2015, 5, 5),
        )
    fresh.at(PAY_DATES[1])
    again = fresh.send(data)
    assert isinstance(again, Taken)
    assert (again.run.run_id, again.run.status) == (refused.run.run_id, "received")
    assert fresh.post(again.run.run_id).halted is None
    assert_sound(fresh)


def accepted_03(plan: Plan) -> bytes:
    return b"\xef\xbb\xbf" + plan.file(1)


def accepted_07(plan: Plan) -> bytes:
    return plan.file(1).replace(b",", b";")


def accepted_15(plan: Plan) -> bytes:
    return cells(plan, 1, K401_Deferral="200.5")


def accepted_20(plan: Plan) -> bytes:
    return plan.file(1).replace(b"219-11-1003", b"219111003")


@pytest.mark.parametrize("make", [accepted_03, accepted_07, accepted_15, accepted_20])
def test_an_odd_file_that_is_clear_is_posted(fresh: Plan, make: Callable[[Plan], bytes]) -> None:
    fresh.pay(1, make(fresh))
    assert not books(fresh).held
    assert_sound(fresh)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ({"Last_Name": "Benitez-Ruiz"}, "person.name_changed"),
        ({"Date_of_Birth": "01/01/1980"}, "dob.placeholder"),
        ({"Date_of_Birth": "02/22/1979"}, "dob.changed"),
    ],
)
def test_26_28_what_may_be_right_waits_for_a_yes(fresh: Plan, cell: dict[str, str], code: str) -> None:
    before = traces(fresh)
    taken = fresh.send(cells(fresh, 1, **cell))
    assert isinstance(taken, Taken)
    assert code in fresh.findings(taken.run.run_id)
    assert fresh.post(taken.run.run_id).halted == "needs_confirmation"
    assert traces(fresh) == before
    say_yes(fresh.db, actor=TESTER, tenant_id=fresh.sponsor, run_id=taken.run.run_id)
    assert fresh.post(taken.run.run_id).halted is None
    assert_sound(fresh)
    fresh.at(PAY_DATES[2])
    again = fresh.send(cells(fresh, 2, **cell))
    assert isinstance(again, Taken)
    assert set(fresh.findings(again.run.run_id)) <= {"dob.placeholder"}  # it is on file now


def held_of(plan: Plan, data: bytes) -> dict[tuple[str, str, str], int]:
    """Post the file; what of it waits, by person, source and reason."""
    taken = plan.send(data)
    assert isinstance(taken, Taken), taken
    assert plan.post(taken.run.run_id).halted is None, plan.findings(taken.run.run_id)
    assert_sound(plan)
    return {(who, source, reason): cents for (who, _, source, reason), cents in books(plan).held.items()}


def test_27_money_of_someone_who_has_not_entered_waits(fresh: Plan) -> None:
    withheld = NEWCOMER.pay_cents(1) * 500 // 10_000
    assert held_of(fresh, fresh.file(1, joined=[NEWCOMER])) == {("1099", "pre_tax", "not_entered"): withheld}


def test_35_money_of_someone_who_left_long_ago_waits(fresh: Plan) -> None:
    with fresh.db.begin(TESTER, tenants=[fresh.sponsor]) as tx:
        employee_id, gone = fresh.employee("1003"), date(2025, 9, 30)
        census.record_fact(
            tx, tenant_id=fresh.sponsor, employee_id=employee_id, fact=census.Terminated(), event_on=gone
        )
    assert held_of(fresh, fresh.file(1)) == {("1003", "pre_tax", "left_long_ago"): 136_00}


def test_35_a_termination_that_the_file_tells_counts_like_one_on_file(fresh: Plan) -> None:
    held = held_of(fresh, cells(fresh, 1, Term_Date="09/30/2025"))
    assert held == {("1003", "pre_tax", "left_long_ago"): 136_00}
    with fresh.db.begin(TESTER, tenants=[fresh.sponsor]) as tx:
        (span,) = census.employee(tx, tenant_id=fresh.sponsor, employee_id=fresh.employee("1003")).employment
    assert span.terminated_on == date(2025, 9, 30)


def test_39_money_over_402g_waits(fresh: Plan) -> None:
    held = held_of(fresh, cells(fresh, 1, Gross_Pay="60000.00", K401_Deferral="30000.00"))
    assert held == {("1003", "pre_tax", "over_limit"): 5_500_00}


def test_40_catch_up_before_50_waits(fresh: Plan) -> None:
    assert held_of(fresh, table(fresh, 1, {"pre_tax_catch_up": "50.00"})) == {
        ("1003", "pre_tax", "catch_up_too_young"): 50_00
    }


def test_41_pre_tax_catch_up_of_a_high_earner_waits(fresh: Plan) -> None:
    held = held_of(fresh, cells(fresh, 1, "219-11-1001", Gross_Pay="60000.00", K401_Deferral="30000.00"))
    assert held == {("1001", "pre_tax", "catch_up_must_be_roth"): 5_500_00}


def test_money_of_a_source_that_the_plan_has_not_waits(fresh: Plan) -> None:
    assert held_of(fresh, table(fresh, 1, {"after_tax": "75.00"})) == {
        ("1003", "after_tax", "source_not_permitted"): 75_00
    }


def test_44_a_match_that_is_not_the_formula_is_told_and_the_formula_posts(fresh: Plan) -> None:
    taken = fresh.send(cells(fresh, 1, Employer_Match="999.00"))
    assert isinstance(taken, Taken)
    assert fresh.findings(taken.run.run_id) == ["match.mismatch"]
    assert fresh.post(taken.run.run_id).halted is None
    assert books(fresh).by_date["1003", "match", PAY_DATES[1]] == 68_00
    assert_sound(fresh)
