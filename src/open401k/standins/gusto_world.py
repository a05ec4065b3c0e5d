"""The companies behind the stand-in for Gusto: people, benefits, payrolls that run by a day that the caller moves.

Not here: HTTP, tokens (gusto_http.py). Amounts are cents; what the API writes as numbers is made of them at its edge.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from open401k.kernel import Random

PERIODS = 26  # of a year's pay: every other week
BENEFITS = {5: "401(k)", 105: "Roth 401(k)"}
#: A payroll is processed two days before its check date, for the two weeks that end five days before it.
PROCESSED_BEFORE, ENDS_BEFORE, FORTNIGHT = timedelta(days=2), timedelta(days=5), timedelta(days=14)
FICA_BPS = 765


@dataclass(slots=True)
class Span:
    """One employment."""

    hired_on: date
    terminated_on: date | None = None


@dataclass(slots=True)
class Employee:
    """Somebody at a company."""

    uuid: str
    first_name: str
    last_name: str
    born_on: date | None
    salary_cents: int
    spans: list[Span]
    version: str
    title: str = "Employee"

    def at_work(self, start: date, end: date) -> bool:
        """Whether they worked on any day of a period."""
        return any(span.hired_on <= end and (span.terminated_on or end) >= start for span in self.spans)


@dataclass(slots=True)
class Enrolment:
    """What is withheld for one person: in a benefit, or as a deduction of its own where ``description`` is set."""

    uuid: str
    employee_uuid: str
    fields: dict[str, Any]
    version: str
    company_benefit_uuid: str = ""


@dataclass(slots=True)
class Payroll:
    """One payroll that was run. ``lines`` are as the API gives them, with amounts in cents."""

    uuid: str
    check_date: date
    start: date
    end: date
    processed_on: date
    lines: list[dict[str, Any]]
    off_cycle_reason: str | None = None
    reversal_uuids: list[str] = field(default_factory=list)
    paid: bool = False


@dataclass(slots=True)
class CompanyState:
    """One employer."""

    uuid: str
    name: str
    ein: str
    schedule_uuid: str
    first_check: date
    benefits: dict[str, int]  # company benefit to its type
    employees: dict[str, Employee] = field(default_factory=dict)
    enrolments: dict[str, Enrolment] = field(default_factory=dict)
    deductions: dict[str, Enrolment] = field(default_factory=dict)
    payrolls: dict[str, Payroll] = field(default_factory=dict)
    canceled: dict[str, Payroll] = field(default_factory=dict)
    extra_pay: dict[tuple[str, date], dict[str, int]] = field(default_factory=dict)
    #: What the employer adds to every enrolment that says nothing of it: an administrator sets it there once.
    contribution: dict[str, Any] | None = None


class GustoWorld:
    """Every company of one stand-in, and the day it is there."""

    def __init__(self, *, today: date, random: Random) -> None:
        self.today = today
        self._random = random
        self.companies: dict[str, CompanyState] = {}
        self.events: list[dict[str, Any]] = []

    def new_uuid(self) -> str:
        """A fresh one, of the given chance."""
        return str(UUID(int=self._random.bits(128)))

    def new_version(self) -> str:
        """A fresh token for optimistic locking."""
        return self._random.token(16).hex()

    def add_company(self, *, name: str, ein: str, first_check: date) -> CompanyState:
        """An employer that pays every other week from ``first_check`` on, with both kinds of 401(k) benefit."""
        benefits = {self.new_uuid(): kind for kind in BENEFITS}
        made = CompanyState(self.new_uuid(), name, ein, self.new_uuid(), first_check, benefits)
        self.companies[made.uuid] = made
        self.emit(made, "company.provisioned", "Company", made.uuid)
        return made

    def hire(
        self,
        company: CompanyState,
        *,
        first_name: str,
        last_name: str,
        born_on: date | None,
        on: date,
        salary_cents: int,
    ) -> Employee:
        """Somebody new."""
        made = Employee(self.new_uuid(), first_name, last_name, born_on, salary_cents, [Span(on)], self.new_version())
        company.employees[made.uuid] = made
        self.emit(company, "employee.created", "Employee", made.uuid)
        return made

    def change(self, company: CompanyState, employee: Employee, **fields: Any) -> None:
        """Another name, birth date, salary."""
        for name, value in fields.items():
            setattr(employee, name, value)
        employee.version = self.new_version()
        self.emit(company, "employee.updated", "Employee", employee.uuid)

    def terminate(self, company: CompanyState, employee: Employee, *, on: date) -> None:
        """The last day of work."""
        employee.spans[-1].terminated_on = on
        employee.version = self.new_version()
        self.emit(company, "employee.terminated", "Employee", employee.uuid)

    def rehire(self, company: CompanyState, employee: Employee, *, on: date) -> None:
        """Back at work."""
        employee.spans.append(Span(on))
        employee.version = self.new_version()
        self.emit(company, "employee.rehired", "Employee", employee.uuid)

    def move_to(self, day: date) -> list[Payroll]:
        """Move the day on; every payroll that falls due is run and paid on the way."""
        ran: list[Payroll] = []
        while self.today < day:
            self.today += timedelta(days=1)
            for company in self.companies.values():
                check = self.today + PROCESSED_BEFORE
                if check >= company.first_check and (check - company.first_check).days % FORTNIGHT.days == 0:
                    ran.append(self.run_payroll(company, check_date=check))
                self._pay(company)
        return ran

    def _pay(self, company: CompanyState) -> None:
        for payroll in company.payrolls.values():
            if not payroll.paid and payroll.check_date <= self.today:
                payroll.paid = True
                self.emit(company, "payroll.paid", "Payroll", payroll.uuid)

    def run_payroll(self, company: CompanyState, *, check_date: date) -> Payroll:
        """The regular payroll of one check date, from salaries and from what is withheld now."""
        end = check_date - ENDS_BEFORE
        start = end - FORTNIGHT + timedelta(days=1)
        lines = [
            self._line(company, each, check_date) for each in company.employees.values() if each.at_work(start, end)
        ]
        made = Payroll(self.new_uuid(), check_date, start, end, self.today, lines)
        company.payrolls[made.uuid] = made
        self.emit(company, "payroll.processed", "Payroll", made.uuid)
        return made

    def reverse(self, company: CompanyState, payroll: Payroll, *, employees: list[str]) -> Payroll:
        """Take a payroll back for some of its people, or for all: a payroll of its own, below zero."""
        lines = [_negated(line) for line in payroll.lines if not employees or line["employee_uuid"] in employees]
        made = Payroll(
            self.new_uuid(), payroll.check_date, payroll.start, payroll.end, self.today, lines, "Reversal", paid=True
        )
        company.payrolls[made.uuid] = made
        payroll.reversal_uuids.append(made.uuid)
        self.emit(company, "payroll.reversed", "Payroll", payroll.uuid)
        return made

    def cancel(self, company: CompanyState, payroll_id: str, *, undo: bool = False) -> None:
        """Its processing is canceled, or the payroll is processed again as it was."""
        here, there = (company.canceled, company.payrolls) if undo else (company.payrolls, company.canceled)
        there[payroll_id] = here.pop(payroll_id)
        self.emit(company, "payroll.processed" if undo else "payroll.cancelled", "Payroll", payroll_id)

    def _line(self, company: CompanyState, employee: Employee, check_date: date) -> dict[str, Any]:
        regular = employee.salary_cents // PERIODS
        fixed = company.extra_pay.get((employee.uuid, check_date), {})
        gross = regular + sum(fixed.values())
        benefits = [
            {"name": BENEFITS[company.benefits[each.company_benefit_uuid]], **self._withheld(company, each, gross)}
            for each in company.enrolments.values()
            if each.employee_uuid == employee.uuid and _holds(each, check_date)
        ]
        deductions = [
            {"name": each.fields["description"], "amount": _amount(each.fields, "amount", gross)}
            for each in company.deductions.values()
            if each.employee_uuid == employee.uuid and each.fields.get("active", True)
        ]
        taken = sum(each["employee_deduction"] for each in benefits) + sum(each["amount"] for each in deductions)
        return {
            "employee_uuid": employee.uuid,
            "gross_pay": gross,
            "net_pay": gross - taken - gross * FICA_BPS // 10_000,
            "regular": regular,
            "fixed": dict(fixed),
            "benefits": benefits,
            "deductions": deductions,
        }

    def _withheld(self, company: CompanyState, enrolment: Enrolment, gross: int) -> dict[str, Any]:
        cents = _amount(enrolment.fields, "employee_deduction", gross)
        maximum = enrolment.fields.get("employee_deduction_annual_maximum")
        if maximum is not None:
            cents = min(cents, max(_cents(maximum) - self._so_far(company, enrolment), 0))
        return {
            "employee_deduction": cents,
            "company_contribution": _contribution(enrolment.fields, gross, cents, company.contribution),
            "imputed": False,
        }

    def _so_far(self, company: CompanyState, enrolment: Enrolment) -> int:
        name = BENEFITS[company.benefits[enrolment.company_benefit_uuid]]
        return sum(
            benefit["employee_deduction"]
            for payroll in company.payrolls.values()
            if payroll.check_date.year == self.today.year
            for line in payroll.lines
            if line["employee_uuid"] == enrolment.employee_uuid
            for benefit in line["benefits"]
            if benefit["name"] == name
        )

    def emit(self, company: CompanyState, kind: str, entity: str, uuid: str) -> None:
        """Something happened that a webhook tells of."""
        made = {"uuid": self.new_uuid(), "event_type": kind, "resource_type": "Company", "resource_uuid": company.uuid}
        seconds = (self.today - date(1970, 1, 1)).days * 86_400
        self.events.append({**made, "entity_type": entity, "entity_uuid": uuid, "timestamp": seconds})


def _holds(enrolment: Enrolment, on: date) -> bool:
    starts = str(enrolment.fields.get("effective_date") or "1970-01-01")
    return bool(enrolment.fields.get("active", True)) and date.fromisoformat(starts) <= on


def _cents(text: str) -> int:
    """``"12.5"`` as 1250; Gusto rounds nothing that has two digits."""
    whole, _, rest = str(text).partition(".")
    return int(whole) * 100 + int((rest + "00")[:2])


def _share(gross: int, bps: int) -> int:
    return (gross * bps + 5_000) // 10_000  # half a cent up


def _amount(fields: dict[str, Any], key: str, gross: int) -> int:
    value = _cents(fields.get(key, "0.00"))
    return _share(gross, value) if fields.get("deduct_as_percentage") else min(value, gross)


def _contribution(fields: dict[str, Any], gross: int, deferred: int, otherwise: dict[str, Any] | None) -> int:
    said = fields.get("contribution") or otherwise
    if not said:
        return 0
    if said["type"] == "amount":
        return _cents(said["value"])
    if said["type"] == "percentage":
        return _share(gross, _cents(said["value"]))
    matched, before = 0, 0
    tiers = said["value"]["tiers"] if isinstance(said["value"], dict) else said["value"]
    for tier in tiers:
        upper = _share(gross, _cents(tier["threshold"]))
        matched += _share(max(min(deferred, upper) - before, 0), _cents(tier["rate"]))
        before = upper
    return matched


def _negated(line: dict[str, Any]) -> dict[str, Any]:
    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(each) for key, each in value.items()}
        if isinstance(value, list):
            return [turned(each) for each in value]
        return -value if isinstance(value, int) and not isinstance(value, bool) else value

    made: dict[str, Any] = turned(line)
    return made
