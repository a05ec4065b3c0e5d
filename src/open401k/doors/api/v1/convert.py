"""View-models and rooms' values as the API writes them. Not here: what they mean."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from open401k.flows.payroll_settle import PostingRefused
from open401k.kernel import Money
from open401k.payroll import Findings, Said, control_totals
from open401k.payroll.rows import PayrollRow
from open401k.views.shown import FindingLine, PayrollLine

from ...problems import FieldProblem, Problem, ProblemError
from ...provided import RunOutcome
from ...written import document
from .models import ControlTotals, Finding, NewPayrollRun, PayrollRun, PayrollRunLine
from .payroll_models import PayrollRowIn


def finding(line: FindingLine) -> Finding:
    """One finding."""
    return Finding(
        severity=line.severity,
        code=line.code,
        row=line.row,
        column=line.column,
        value=line.value_masked,
        reason=line.reason,
        fix=line.fix,
        confirm=line.confirm,
    )


def run(outcome: RunOutcome) -> PayrollRun:
    """A run as the story left it."""
    return PayrollRun(
        run_id=str(outcome.run_id),
        state=outcome.state,
        posted=outcome.posted,
        needs_confirmation=outcome.needs_confirmation,
        findings=[finding(each) for each in outcome.findings],
    )


def run_line(line: PayrollLine) -> PayrollRunLine:
    """A run in a list."""
    return PayrollRunLine.model_validate(document(line))


def rows(sent: NewPayrollRun) -> list[PayrollRow]:
    """Canonical rows; the first row of the body is row 2, as if there were a heading, so that findings agree."""
    return [_row(number, row, sent) for number, row in enumerate(sent.rows, start=1)]


def said(totals: ControlTotals | None, *, no_contributions: bool) -> Said:
    """What is said of the rows, besides them."""
    given = totals.model_dump(exclude_none=True) if totals is not None else {}
    return Said(control_totals({name: str(value) for name, value in given.items()}), no_contributions)


def rejected(findings: Findings, code: str, title: str) -> Problem:
    """A file of which nothing was recorded, every finding with its place."""
    places = [
        FieldProblem(each.reason, each.fix, str(each.code), None, each.row, each.column, each.value_masked)
        for each in findings.by_place()
    ]
    told, fix = "Nothing of it was recorded.", "Correct what errors names, and send the file again with a fresh key."
    return Problem(422, code, title, told, fix, places, {"found": findings.total})


@contextmanager
def told_if_refused() -> Iterator[None]:
    """What was learned is not recorded where the ledger refuses what follows from it: the problem says why."""
    try:
        yield
    except PostingRefused as error:
        refused = error.refused
        title = "The correction could not be posted."
        raise ProblemError(Problem(422, str(refused.reason), title, refused.message, refused.fix)) from None


def _row(number: int, row: PayrollRowIn, sent: NewPayrollRun) -> PayrollRow:
    return PayrollRow(
        row=number,
        line=number,
        ssn=row.ssn.replace("-", ""),
        employee_id=row.employee_id,
        first_name=row.first_name,
        last_name=row.last_name,
        birth_date=row.birth_date,
        hire_date=row.hire_date,
        rehire_date=row.rehire_date,
        termination_date=row.termination_date,
        pay_date=sent.pay_date,
        period_start=sent.period_start,
        period_end=sent.period_end,
        hours_hundredths=_cents(row.hours),
        gross_cents=_needed(row.gross),
        plan_compensation_cents=_cents(row.plan_compensation),
        fica_wages_cents=_cents(row.fica_wages),
        pre_tax_cents=_needed(row.pre_tax),
        roth_cents=_needed(row.roth),
        after_tax_cents=_needed(row.after_tax),
        pre_tax_catch_up_cents=_needed(row.pre_tax_catch_up),
        roth_catch_up_cents=_needed(row.roth_catch_up),
        match_cents=_cents(row.match),
        safe_harbor_match_cents=_cents(row.safe_harbor_match),
        nonelective_cents=_cents(row.nonelective),
        safe_harbor_nonelective_cents=_cents(row.safe_harbor_nonelective),
        profit_sharing_cents=_cents(row.profit_sharing),
        loan_payments=_added((each.loan_id, each.amount) for each in row.loans),
        earnings=_added((each.code, each.amount) for each in row.earnings),
        deductions=_added((each.code, each.amount) for each in row.deductions),
        earnings_hours=_added((each.code, each.hours) for each in row.earnings if each.hours is not None),
        employee_number=row.employee_number,
        employer_ein=row.employer_ein.replace("-", ""),
        pay_group=row.pay_group,
        employment_status=row.employment_status,
        leave_start=row.leave_start,
        leave_end=row.leave_end,
    )


def _added(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, int], ...]:
    """Cents by name, each name once."""
    found: dict[str, int] = {}
    for name, text in pairs:
        found[name] = found.get(name, 0) + _needed(text)
    return tuple(found.items())


def _needed(text: str) -> int:
    """Cents of what the pattern has already let through."""
    return Money.usd(text).cents


def _cents(text: str | None) -> int | None:
    return None if text is None else Money.usd(text).cents
