"""Two payrolls of one pay date, the same person twice in one file, and plan compensation that the file says itself."""

import csv
import io
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.flows.bookkeeping import Plan, acme, assert_sound, books
from tests.support.database import TESTER

from open401k import census, payroll
from open401k.base.db import Database
from open401k.demo.people import ACME, PAY_DATES
from open401k.flows.payroll_intake import Taken, Upload, say_yes, take_in
from open401k.flows.payroll_keys import content_of
from open401k.kernel import FixedClock, Money
from open401k.law.pay_items import PayKind
from open401k.payroll import Finding, runs
from open401k.plan import amend, provisions_on
from open401k.views import payroll_history

SSN = "219-11-1003"


@pytest.fixture
def plan(db: Database, clock: FixedClock) -> Plan:
    """A plan on the day of its first payroll, in which 1003 is paid 3,400.00, saves 136.00 and is matched 68.00."""
    plan = acme(db, clock)
    plan.at(PAY_DATES[1])
    return plan


def rows_of(plan: Plan, *mine: dict[str, str], others: bool = True) -> bytes:
    """The file of the first pay date with these rows of 1003, and everybody else's if wanted."""
    heading, *rows = csv.reader(io.StringIO(plan.file(1).decode()))
    more = sorted({name for cells in mine for name in cells} - set(heading))
    out = io.StringIO()
    written = csv.DictWriter(out, [*heading, *more], restval="" if "EIN" in more or "Pay Group" in more else "0.00")
    written.writeheader()
    for row in rows:
        named = dict(zip(heading, row, strict=True))
        if row[0] == SSN:
            written.writerows(named | cells for cells in mine)
        elif others:
            written.writerow(named)
    return out.getvalue().encode()


def findings(plan: Plan, taken: Taken, *, strange_employers: bool = False) -> list[Finding]:
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        found = runs.findings_of_run(tx, tenant_id=plan.sponsor, run_id=taken.run.run_id)
    return [each for each in found if (each.code == "ein.strange") is strange_employers]


def post(plan: Plan, taken: Taken) -> None:
    """A person says yes to the employers, and it posts."""
    say_yes(plan.db, actor=TESTER, tenant_id=plan.sponsor, run_id=taken.run.run_id)
    assert plan.post(taken.run.run_id).halted is None


def sent(plan: Plan, data: bytes, **how: Any) -> Taken:
    plan.at(PAY_DATES[1])  # a minute later
    taken = plan.send(data, **how)
    assert isinstance(taken, Taken), taken
    return taken


def test_a_second_payroll_is_held_to_what_the_first_one_left(plan: Plan) -> None:
    plan.pay(1, rows_of(plan, {"Gross Pay": "40000.00", "401k Deferral": "20000.00", "Employer Match": "1200.00"}))
    bonus = {"Gross Pay": "10000.00", "401k Deferral": "9000.00", "Employer Match": "300.00"}
    taken = sent(plan, rows_of(plan, bonus, others=False), second_run_reason="a bonus")
    (found,) = findings(plan, taken)
    assert (found.code, dict(found.detail)) == (
        "limit.402g",
        {
            "limit_cents": "2450000",
            "before_cents": "2000000",
            "remaining_cents": "450000",
            "excess_cents": "450000",
        },
    )
    assert plan.post(taken.run.run_id).halted is None
    assert books(plan).held == {("1003", PAY_DATES[1], "pre_tax", "over_limit"): 4_500_00}
    assert_sound(plan)


@pytest.mark.parametrize(("match", "said"), [("136.00", []), ("102.00", ["$136.00"])])
def test_the_match_of_a_second_payroll_is_what_it_adds_to_the_day(plan: Plan, match: str, said: list[str]) -> None:
    # 50 % of deferrals to 6 % of pay. 272.00 of 3,400.00 are 8 % alone: matched 102.00 of 204.00. With the first
    # payroll 408.00 of 6,800.00 are 6 %: matched 204.00, of which 68.00 are there.
    plan.pay(1)
    taken = sent(
        plan, rows_of(plan, {"401k Deferral": "272.00", "Employer Match": match}, others=False), second_run_reason="b"
    )
    assert [each.reason.split()[-1].rstrip(".") for each in findings(plan, taken)] == said


def test_a_corrected_payroll_stands_beside_the_others_of_its_day_alone(plan: Plan) -> None:
    first = plan.pay(
        1, rows_of(plan, {"Gross Pay": "40000.00", "401k Deferral": "20000.00", "Employer Match": "1200.00"})
    )
    corrected = rows_of(plan, {"Gross Pay": "40000.00", "401k Deferral": "24000.00", "Employer Match": "1200.00"})
    taken = sent(plan, corrected, replaces=first.run.run_id)
    assert findings(plan, taken) == []
    assert plan.post(taken.run.run_id).halted is None
    assert books(plan).held == {}
    assert_sound(plan)


def test_the_same_person_twice_is_told_once_and_each_row_judged_by_itself(plan: Plan) -> None:
    taken = sent(plan, rows_of(plan, {}, {}))
    assert [each.code for each in findings(plan, taken)] == ["row.duplicate"]
    other = {"Gross Pay": "1000.00", "401k Deferral": "60.00", "Employer Match": "31.00"}
    taken = sent(plan, rows_of(plan, {}, other, {}, other))
    told = [(each.row, each.code, dict(each.detail).get("computed_cents")) for each in findings(plan, taken)]
    assert told == [
        (5, "row.duplicate", None),
        (5, "match.mismatch", "3000"),
        (6, "row.duplicate", None),
        (7, "row.duplicate", None),
        (7, "match.mismatch", "3000"),
    ]


AT_BOTH = ({"EIN": "11-1111111"}, {"EIN": "22-2222222", "Gross Pay": "3400.00", "401k Deferral": "272.00"})


def test_one_person_paid_by_two_employers_in_one_file_is_one_pay_of_one_person(plan: Plan) -> None:
    """The figures of the test above: 8 % of the second pay is 6 % of both, so 136.00 of match are added to 68.00."""
    first, second = AT_BOTH
    taken = sent(plan, rows_of(plan, first, second | {"Employer Match": "102.00"}))
    told = [(each.row, each.code, dict(each.detail).get("computed_cents")) for each in findings(plan, taken)]
    assert told == [(5, "match.mismatch", "13600")]
    post(plan, taken)
    by_date = books(plan).by_date
    assert by_date["1003", "pre_tax", PAY_DATES[1]] == 408_00
    assert by_date["1003", "match", PAY_DATES[1]] == 204_00
    assert_sound(plan)


def test_employers_that_no_payroll_named_before_are_asked_about_once(plan: Plan) -> None:
    own, sister = {"EIN": ACME.ein}, {"EIN": "22-2222222", "Gross Pay": "100.00", "401k Deferral": "0.00"}
    data = rows_of(plan, own, sister)
    taken = sent(plan, data)
    (asked,) = findings(plan, taken, strange_employers=True)
    assert (asked.severity, asked.confirm) == ("note", True)
    assert asked.reason.startswith("1 row is of the employer with EIN 22-2222222, which is neither that of")
    post(plan, taken)
    again = sent(plan, data.replace(b"100.00", b"101.00"), replaces=taken.run.run_id)
    assert findings(plan, again, strange_employers=True) == []


def test_what_both_employers_withhold_is_held_to_one_limit(plan: Plan) -> None:
    # 24,500 in 2026, age below 50: 20,000 at the one and 6,000 at the other are 1,500 too much.
    first = {"EIN": "11-1111111", "Gross Pay": "40000.00", "401k Deferral": "20000.00", "Employer Match": "1200.00"}
    second = {"EIN": "22-2222222", "Gross Pay": "40000.00", "401k Deferral": "6000.00", "Employer Match": "1200.00"}
    taken = sent(plan, rows_of(plan, first, second))
    (found,) = findings(plan, taken)
    assert (found.row, found.code, dict(found.detail)["before_cents"]) == (5, "limit.402g", "2000000")
    assert dict(found.detail)["excess_cents"] == "150000"
    post(plan, taken)
    assert sum(books(plan).held.values()) == 1_500_00
    assert_sound(plan)


def test_somebody_new_at_two_employers_is_added_once_and_who_left_one_of_them_works_here_still(plan: Plan) -> None:
    new = {"Employee SSN": "219-11-1077", "Last Name": "Quill", "First Name": "Nadia", "401k Deferral": "0.00"}
    new |= {"Employer Match": "0.00", "Hire Date": "12/20/2025"}
    left = AT_BOTH[0] | {"Term Date": "01/10/2026"}
    rows = (left, AT_BOTH[1], AT_BOTH[0] | new, AT_BOTH[1] | new | {"Hire Date": "12/08/2025", "401k Deferral": "0.00"})
    taken = sent(plan, rows_of(plan, *rows))
    (note,) = [each for each in findings(plan, taken) if each.code == "person.unknown"]
    assert "hired on 2025-12-08" in note.reason
    post(plan, taken)
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        people = census.roster(tx, tenant_id=plan.sponsor)
    at_work = {each.ssn_last4: [(span.hired_on, span.terminated_on) for span in each.employment] for each in people}
    assert at_work["1077"] == [(date(2025, 12, 8), None)]
    assert at_work["1003"][-1][1] is None
    assert len(people) == len(at_work)
    assert_sound(plan)


def test_rows_of_one_person_that_do_not_name_two_employers_are_refused(plan: Plan) -> None:
    for cells in ({"EIN": ""}, {"EIN": "11-1111111"}):
        taken = sent(plan, rows_of(plan, AT_BOTH[0], cells))
        assert [each.code for each in findings(plan, taken)] == ["row.duplicate"], cells
    groups = rows_of(
        plan, {"Pay Group": "Weekly", "401k Deferral": "0.00", "Employer Match": "0.00"}, {"Pay Group": "Monthly"}
    )
    assert "row.duplicate" not in [each.code for each in findings(plan, sent(plan, groups))]


def test_plan_compensation_that_the_file_says_is_held_against_all_of_the_pay(plan: Plan) -> None:
    said = {"Plan Compensation": "3000.00"}
    data = rows_of(plan, said, others=False)
    taken = sent(plan, data)
    (found,) = findings(plan, taken)
    assert (found.severity, found.code, found.row) == ("note", "plan_compensation.mismatch", 2)
    assert "$400.00 less than counts" in found.reason
    assert "does not split pay by code" in found.reason
    assert "$3,400.00 is used" in found.fix
    assert plan.post(taken.run.run_id).halted is None
    assert books(plan).pay["1003", PAY_DATES[1], "plan_cents"] == 3_400_00


def test_plan_compensation_is_held_against_the_pay_codes_that_count(plan: Plan) -> None:
    where: dict[str, Any] = {"tenant_id": plan.sponsor, "plan_id": plan.plan}
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        before = provisions_on(tx, **where, on=date(2026, 1, 2))
        counted = replace(before, compensation=replace(before.compensation, excluded_pay_codes=("BONUS",)))
        amend(tx, **where, effective_on=date(2026, 1, 10), provisions=counted, why="a test")
        said = census.CodeKind(census.Side.EARNING, "REG", PayKind.REGULAR, date.min)
        census.set_code_kind(tx, tenant_id=plan.sponsor, said=said)

    def told(plan_pay: int) -> tuple[list[Finding], Money]:
        """What is found, and what the page shows as plan pay before it is posted."""
        line = {
            "employee_id": str(plan.employee("1003")),
            "gross_cents": 3_400_00,
            "plan_compensation_cents": plan_pay,
            "hours": "80.00",
            "earnings": [{"code": "REG", "cents": 3_000_00}, {"code": "BONUS", "cents": 400_00}],
        }
        content = content_of({"pay_date": PAY_DATES[1].isoformat(), "lines": [line]})
        upload = Upload(plan.sponsor, plan.plan, "api.json", content, payroll.API_PROVIDER)
        taken = take_in(plan.db, actor=TESTER, upload=upload)
        assert isinstance(taken, Taken), taken
        run: dict[str, Any] = {**where, "run_id": taken.run.run_id}
        with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
            shown = payroll_history.load_run(tx, **run)
        assert shown is not None
        return findings(plan, taken), shown.rows[0].plan_compensation

    assert told(3_000_00) == ([], Money(3_000_00))
    (found,), shown = told(3_400_00)
    assert shown == Money(3_000_00)
    assert found.code == "plan_compensation.mismatch"
    assert "gross pay of $3,400.00 less BONUS ($400.00), which the plan does not count, is $3,000.00" in found.reason
    assert dict(found.detail)["difference_cents"] == "40000"


def test_a_file_without_a_pay_date_is_another_payroll_on_another_pay_date(plan: Plan) -> None:
    heading, *rows = csv.reader(io.StringIO(plan.file(1).decode()))
    dates = ("Check Date", "Period Begin", "Period End")
    kept = [place for place, name in enumerate(heading) if name not in dates]
    salaries = "".join(",".join(cells[place] for place in kept) + "\r\n" for cells in (heading, *rows)).encode()
    for day in (PAY_DATES[1], PAY_DATES[2]):
        plan.at(day)
        taken = sent_on(plan, salaries, day)
        assert not taken.already
        assert plan.post(taken.run.run_id).halted is None
        plan.at(day)
        assert sent_on(plan, salaries, day).already  # twice on one pay date is once
    assert [books(plan).by_date["1003", "pre_tax", day] for day in PAY_DATES[1:3]] == [136_00, 136_00]
    assert_sound(plan)


def sent_on(plan: Plan, data: bytes, day: date) -> Taken:
    """A file whose pay date is told beside it."""
    taken = plan.send(data, announced=day)
    assert isinstance(taken, Taken), taken
    return taken
