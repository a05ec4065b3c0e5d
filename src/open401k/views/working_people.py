"""The people of a test's working, with the payroll rows behind each number. Not here: the steps (working_steps)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from open401k import census, ledger, plan
from open401k.base.db import Tx
from open401k.census import PayLine
from open401k.compliance import COVERAGE, ComplianceRun, Status, TestId, TestResult
from open401k.kernel import CalendarYear, EmployeeId, Money, SponsorId

from .shown import Percent, Shown
from .working import PayrollRowLink, PersonWorking

#: More people than this nobody reads on a page; more than a hundred do not need their rows at once.
_MOST_PEOPLE, _MOST_WITH_ROWS = 500, 100

#: Title and stored column of each cell.
_COLUMNS: dict[TestId, tuple[tuple[str, str], ...]] = {
    TestId.ADP: (
        ("Deferred", "deferral_cents"), ("Counted", "contribution_cents"), ("Plan pay", "compensation_cents"),
        ("Ratio", "ratio_bps"),
    ),
    TestId.ACP: (
        ("Match", "match_cents"), ("After-tax", "after_tax_cents"), ("Plan pay", "compensation_cents"),
        ("Ratio", "ratio_bps"),
    ),
    TestId.ADP_STUDENT_LOANS: (
        ("Deferred", "deferral_cents"), ("Counted", "contribution_cents"), ("Plan pay", "compensation_cents"),
        ("Ratio", "ratio_bps"),
    ),
    TestId.DEFERRAL_LIMIT: (
        ("Deferred", "deferral_cents"), ("Limit", "regular_limit_cents"), ("Catch-up on top", "catch_up_limit_cents"),
        ("Over", "excess_cents"),
    ),
    TestId.ADDITIONS_LIMIT: (
        ("Added", "counted_cents"), ("Limit", "limit_cents"), ("Pay", "compensation_cents"), ("Over", "excess_cents"),
    ),
    TestId.COMPENSATION_LIMIT: (("Paid", "compensation_cents"), ("Counted", "counted_cents")),
    TestId.PAY_RATIO: (("Counts", "included_cents"), ("Pay", "total_cents"), ("Share", "share_bps")),
    TestId.TOP_HEAVY: (("Balance", "balance_cents"),),
    TestId.AMOUNTS: (("Allocated", "allocation_cents"), ("Pay", "compensation_cents")),
}  # fmt: skip
#: Where the first number is of all plans of the employer together, it says so.
_FIRST_OF_SEVERAL = {
    TestId.ADDITIONS_LIMIT: ("Added in all plans", "counted_cents"),
    TestId.TOP_HEAVY: ("Balance in all plans tested", "balance_cents"),
}
_ENTERED = COVERAGE
_EMPLOYER = (TestId.ACP, TestId.ADDITIONS_LIMIT, TestId.COMPENSATION_LIMIT)
_ADP = (TestId.ADP, TestId.ADP_STUDENT_LOANS)
_DEFERRED = (*_ADP, TestId.DEFERRAL_LIMIT, TestId.ADDITIONS_LIMIT)

#: What somebody's accounts gained by pay date, from the employer.
Credits = dict[tuple[EmployeeId, date], int]


@dataclass(frozen=True, slots=True)
class Listed:
    """The people of a test, and how many more it looked at."""

    columns: tuple[str, ...]
    people: tuple[PersonWorking, ...]
    left_out: int = 0


def listed(tx: Tx, *, tenant_id: SponsorId, run: ComplianceRun, result: TestResult) -> Listed:
    """Everybody in the working of a test; the highly compensated (or key) first, then the largest number."""
    if result.status not in (Status.PASS, Status.FAIL):
        return Listed((), ())
    working: Any = result.working.get("people", {})
    columns = _columns(result.test, working)
    everybody = _in_order(run, result, working)
    shown = everybody[:_MOST_PEOPLE]
    ids = {place: EmployeeId.parse(run.people["employee"][place]) for _, place in shown}
    rows = _rows(tx, tenant_id, run, result, list(ids.values())[:_MOST_WITH_ROWS])
    adopted_on = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=run.plan_id, on=run.as_of).adopted_on
    names = {each.employee_id: f"{each.first_name} {each.last_name}" for each in census.roster(tx, tenant_id=tenant_id)}
    entered = _entry_days(run, result.test)
    people = tuple(
        PersonWorking(
            employee_id=ids[place],
            name=names.get(ids[place], ""),
            group=_group(run, result, working, index, place),
            why_group=_why(run, result, place),
            values=_values(working, columns, index, entered[place], adopted_on),
            rows=rows.get(ids[place], ()),
            note=_note(result, working, index),
        )
        for index, place in shown
    )
    return Listed(tuple(title for title, _ in columns), people, len(everybody) - len(shown))


def _columns(test: TestId, working: Any) -> tuple[tuple[str, str], ...]:
    """The cells of each person; what stands in the sponsor's other plans, where it has any, beside the first."""
    columns = _COLUMNS.get(test, (("Entered the plan", ""),))
    if "elsewhere_cents" not in working:
        return columns
    first = _FIRST_OF_SEVERAL.get(test, columns[0])
    return (first, ("In other plans of the employer", "elsewhere_cents"), *columns[1:])


def _in_order(run: ComplianceRun, result: TestResult, working: Any) -> list[tuple[int, int]]:
    """Index in the working's columns, and place among the run's people."""
    if result.test in _ENTERED:
        days, as_of = _entry_days(run, result.test), run.as_of.isoformat()
        places = [place for place, entered in enumerate(days) if entered is not None and entered <= as_of]
    else:
        places = list(working["place"])
    sort_by = dict.fromkeys((*_ADP, TestId.ACP), "ratio_bps").get(result.test, _first_column(result.test))
    values = working.get(sort_by, [0] * len(places))
    flags = run.people.get(_flag(result.test), [0] * len(run.people["employee"]))
    return sorted(enumerate(places), key=lambda each: (-flags[each[1]], -values[each[0]], each[1]))


def _entry_days(run: ComplianceRun, test: TestId) -> Sequence[str | None]:
    """From which day the test counts each; the match is a plan of its own where people enter for it by themselves."""
    of_match = run.people.get("match_on") if test is TestId.COVERAGE_MATCH else None
    found: Sequence[str | None] = of_match or run.people.get("tested_on") or run.people["eligible_on"]
    return found


def _first_column(test: TestId) -> str:
    return _COLUMNS[test][0][1] if test in _COLUMNS else ""


def _flag(test: TestId) -> str:
    return "key" if test is TestId.TOP_HEAVY else "hce"


def _group(run: ComplianceRun, result: TestResult, working: Any, index: int, place: int) -> str:
    if result.test is TestId.DEFERRAL_LIMIT:
        return f"Age {working['age'][index]} at the year end"
    flags = run.people.get(_flag(result.test))
    if flags is None:
        return ""
    yes, no = (
        ("Key employee", "Not key") if result.test is TestId.TOP_HEAVY else ("Highly compensated", "Everyone else")
    )
    return yes if flags[place] else no


def _why(run: ComplianceRun, result: TestResult, place: int) -> str:
    """The reasons in the words of the Code; for everybody else, that none of them applies."""
    if result.test is TestId.DEFERRAL_LIMIT:
        return ""
    reasons = run.people.get(f"{_flag(result.test)}_reason")
    if reasons is None or reasons[place]:
        return "" if reasons is None else str(reasons[place])
    if result.test is TestId.TOP_HEAVY:
        return "no officer or owner of IRC 416(i)"
    return "no 5-percent owner, and not paid over the threshold in the year before"


def _values(
    working: Any,
    columns: tuple[tuple[str, str], ...],
    index: int,
    entered: str | None,
    adopted_on: date,
) -> tuple[Shown, ...]:
    """The cells of one person; nobody entered the plan before it was adopted."""
    if columns[0][1] == "":
        return (None if entered is None else max(date.fromisoformat(entered), adopted_on),)
    return tuple(_cell(name, working[name][index]) for _, name in columns)


def _cell(name: str, value: int) -> Shown:
    return Percent(value) if name.endswith("_bps") else Money(value)


def _note(result: TestResult, working: Any, index: int) -> str:
    if result.test in _ADP and working["catch_up_cents"][index]:
        return f"{Money(working['catch_up_cents'][index])} of catch-up does not count"
    if result.test in _ADP and working["qnec_cents"][index]:
        return f"with a QNEC of {Money(working['qnec_cents'][index])}"
    if result.test is TestId.DEFERRAL_LIMIT and working["must_be_roth_cents"][index]:
        return f"{Money(working['must_be_roth_cents'][index])} of catch-up must be Roth"
    return ""


def _rows(
    tx: Tx, tenant_id: SponsorId, run: ComplianceRun, result: TestResult, people: list[EmployeeId]
) -> dict[EmployeeId, tuple[PayrollRowLink, ...]]:
    """The payroll rows of these people as they were known to the run, with what of each the test counts."""
    if result.test not in (*_EMPLOYER, *_DEFERRED) or not people:
        return {}
    start, end = _span(run, result)
    lines = census.current_lines(
        tx, tenant_id=tenant_id, plan_id=run.plan_id, start=start, end=end, known_at=run.known_at, employees=people
    )
    given = _credits(tx, tenant_id, run, result, start, end)
    found: dict[EmployeeId, list[PayrollRowLink]] = defaultdict(list)
    for each in census.brought_pay(
        tx, tenant_id=tenant_id, plan_id=run.plan_id, known_at=run.known_at, employees=people
    ):
        if start <= each.end < end:
            found[each.employee_id].append(_elsewhere(result.test, each))
    for line in lines:
        # Two rows of one pay date share what was credited for it: it stands with the first.
        credited = given.pop((line.employee_id, line.pay_date), 0)
        found[line.employee_id].append(_link(result.test, line, credited))
    return {who: tuple(links) for who, links in found.items()}


def _span(run: ComplianceRun, result: TestResult) -> tuple[date, date]:
    """402(g) counts by calendar year, the other tests by plan year; both up to the day of the run."""
    after = run.as_of + timedelta(days=1)
    if result.test is TestId.DEFERRAL_LIMIT:
        year = CalendarYear(result.working["calendar_year"])  # type: ignore[arg-type]
        return year.start, min(after, year.end)
    return run.plan_year.start, min(after, run.plan_year.end)


def _credits(tx: Tx, tenant_id: SponsorId, run: ComplianceRun, result: TestResult, start: date, end: date) -> Credits:
    if result.test not in _EMPLOYER:
        return {}
    found: Credits = defaultdict(int)
    for each in ledger.contributions(
        tx, tenant_id=tenant_id, plan_id=run.plan_id, start=start, end=end, known_at=run.known_at
    ):
        if not each.source.is_deferral and each.source.value not in ("after_tax", "rollover"):
            found[each.employee_id, each.event_on] += each.cents
    return found


def _elsewhere(test: TestId, paid: census.BroughtPay) -> PayrollRowLink:
    counted = sum(cents for _, cents in paid.employer) if test in _EMPLOYER else 0
    counted += paid.pre_tax_cents + paid.roth_cents if test in _DEFERRED else 0
    counted += paid.after_tax_cents if test in (TestId.ACP, TestId.ADDITIONS_LIMIT) else 0
    pay = paid.section_415_cents if test is TestId.ADDITIONS_LIMIT else paid.plan_cents
    return PayrollRowLink(None, 0, paid.end, Money(pay), Money(counted), since=paid.start)


def _link(test: TestId, line: PayLine, credited: int) -> PayrollRowLink:
    deferred = line.pre_tax_cents + line.roth_cents + line.catch_up_pre_tax_cents + line.catch_up_roth_cents
    counted = credited if test in _EMPLOYER else 0
    counted += deferred if test in _DEFERRED else 0
    counted += line.after_tax_cents if test in (TestId.ACP, TestId.ADDITIONS_LIMIT) else 0
    pay = line.section_415_cents if test is TestId.ADDITIONS_LIMIT else line.plan_cents
    return PayrollRowLink(line.run_id, line.line_no, line.pay_date, Money(pay), Money(counted))
