"""What the stand-in for Gusto answers, in the shapes of Gusto's OpenAPI description. Not here: routes, state."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from .gusto_world import BENEFITS, CompanyState, Employee, Enrolment, Payroll

_EVERY_OTHER_WEEK = "Every other week"
_AT = "T12:00:00Z"


def dollars(cents: int) -> str:
    """Amounts that Gusto writes as text."""
    return f"{Decimal(cents) / 100:.2f}"


def number(cents: int) -> float:
    """Amounts that Gusto writes as a number."""
    return float(dollars(cents))


def company(of: CompanyState) -> dict[str, Any]:
    """``GET /v1/companies/{uuid}``."""
    names = {"hourly": ["Regular Hours"], "fixed": ["Bonus", "Commission", "Reimbursement"], "paid_time_off": []}
    rates: dict[str, Any] = {kind: [{"name": name} for name in each] for kind, each in names.items()}
    rates["hourly"][0]["multiple"] = 1
    return {
        "uuid": of.uuid,
        "name": of.name,
        "ein": of.ein,
        "entity_type": "C-Corporation",
        "company_status": "Approved",
        "pay_schedule_type": "single",
        "compensations": rates,
    }


def schedule(of: CompanyState) -> dict[str, Any]:
    """The one pay schedule."""
    return {
        "uuid": of.schedule_uuid,
        "version": of.schedule_uuid,
        "frequency": _EVERY_OTHER_WEEK,
        "anchor_pay_date": of.first_check.isoformat(),
        "name": _EVERY_OTHER_WEEK,
        "auto_pilot": True,
        "active": True,
    }


def employee(of: CompanyState, who: Employee, today: date) -> dict[str, Any]:
    """An element of ``GET /v1/companies/{uuid}/employees``."""
    job = f"job-{who.uuid}"
    rate = {"rate": dollars(who.salary_cents), "payment_unit": "Year"}
    last = who.spans[-1]
    left = last.terminated_on
    ended = [span for span in who.spans if span.terminated_on is not None]
    return {
        "uuid": who.uuid,
        "first_name": who.first_name,
        "middle_initial": None,
        "last_name": who.last_name,
        "email": None,
        "company_uuid": of.uuid,
        "version": who.version,
        "terminated": left is not None and left <= today,
        "onboarded": True,
        "onboarding_status": "onboarding_completed",
        "current_employment_status": "full_time",
        "has_ssn": True,
        "ssn": "",
        "date_of_birth": who.born_on.isoformat() if who.born_on else None,
        "payment_method": "Direct Deposit",
        "jobs": [
            {
                "uuid": job,
                "version": who.version,
                "employee_uuid": who.uuid,
                "hire_date": last.hired_on.isoformat(),
                "title": who.title,
                "primary": True,
                **rate,
            }
        ],
        "terminations": [
            {
                "uuid": f"end-{who.uuid}-{number_of}",
                "version": who.version,
                "employee_uuid": who.uuid,
                "active": span.terminated_on is not None and span.terminated_on <= today,
                "effective_date": span.terminated_on.isoformat() if span.terminated_on else "",
                "run_termination_payroll": False,
            }
            for number_of, span in enumerate(ended)
        ],
        "garnishments": [],
        "eligible_paid_time_off": [],
    }


def history(who: Employee) -> list[dict[str, Any]]:
    """``GET /v1/employees/{uuid}/employment_history``."""
    return [
        {
            "hire_date": span.hired_on.isoformat(),
            "termination_date": span.terminated_on.isoformat() if span.terminated_on else None,
            "file_new_hire_report": False,
            "two_percent_shareholder": False,
            "employment_status": "full_time",
        }
        for span in who.spans
    ]


def company_benefit(of: CompanyState, uuid: str) -> dict[str, Any]:
    """A 401(k) benefit of the company."""
    kind = of.benefits[uuid]
    return {
        "uuid": uuid,
        "version": uuid,
        "company_uuid": of.uuid,
        "benefit_type": kind,
        "active": True,
        "description": BENEFITS[kind],
        "source": "external",
        "partner_name": None,
        "deletable": False,
        "supports_percentage_amounts": True,
        "catch_up_type": None,
    }


def enrolment(each: Enrolment) -> dict[str, Any]:
    """An employee's benefit."""
    defaults = {
        "active": True,
        "employee_deduction": "0.00",
        "deduct_as_percentage": False,
        "employee_deduction_annual_maximum": None,
        "elective": False,
        "company_contribution_annual_maximum": None,
        "limit_option": None,
        "catch_up": False,
        "retirement_loan_identifier": None,
        "coverage_amount": None,
        "deduction_reduces_taxable_income": None,
        "coverage_salary_multiplier": "0.00",
        "contribution": {"type": "amount", "value": "0.00"},
        "effective_date": "1970-01-01",
        "expiration_date": None,
    }
    fields = {**defaults, **each.fields}
    given = fields["contribution"]
    if given["type"] == "tiered" and isinstance(given["value"], list):  # asked for as a list, answered as an object
        fields["contribution"] = {"type": "tiered", "value": {"tiers": given["value"]}}
    who = {"employee_uuid": each.employee_uuid, "company_benefit_uuid": each.company_benefit_uuid}
    return {"uuid": each.uuid, "version": each.version, **who, **fields}


def deduction(each: Enrolment) -> dict[str, Any]:
    """A deduction that is no benefit, which Gusto calls a garnishment whether or not a court ordered it."""
    defaults = {
        "active": True,
        "times": None,
        "annual_maximum": None,
        "total_amount": None,
        "pay_period_maximum": None,
        "garnishment_type": None,
    }
    return {**defaults, **each.fields, "uuid": each.uuid, "version": each.version, "employee_uuid": each.employee_uuid}


def payroll(of: CompanyState, each: Payroll, *, lies: bool, include: set[str]) -> dict[str, Any]:
    """An element of ``GET /v1/companies/{uuid}/payrolls``."""
    deadline = f"{each.processed_on}{_AT}"
    made: dict[str, Any] = {
        "uuid": each.uuid,
        "payroll_uuid": each.uuid,
        "company_uuid": of.uuid,
        "off_cycle": each.off_cycle_reason is not None,
        "off_cycle_reason": each.off_cycle_reason,
        "auto_pilot": False,
        "processed": True,
        "processed_date": each.processed_on.isoformat(),
        "calculated_at": deadline,
        "external": False,
        "check_date": each.check_date.isoformat(),
        "payroll_deadline": deadline,
        "pay_period": {
            "start_date": each.start.isoformat(),
            "end_date": each.end.isoformat(),
            "pay_schedule_uuid": of.schedule_uuid,
        },
        "created_at": deadline,
    }
    if "totals" in include:
        made["totals"] = totals(each, lies=lies)
    if "reversals" in include:
        made["reversal_payroll_uuids"] = list(each.reversal_uuids)
    return made


def otherwise(line: dict[str, Any], change: Callable[[int], int]) -> dict[str, Any]:
    """One employee with other amounts of pay and of what is withheld; net pay is as it was."""
    made = {**line, "fixed": {name: change(cents) for name, cents in line["fixed"].items()}}
    made |= {"regular": change(line["regular"])}
    made["gross_pay"] = made["regular"] + sum(made["fixed"].values())
    both = ("employee_deduction", "company_contribution")
    made["benefits"] = [{**each, **{key: change(each[key]) for key in both}} for each in line["benefits"]]
    return made


def totals(each: Payroll, *, lies: bool) -> dict[str, str]:
    """The sums of a payroll; a liar's are a dollar off."""
    gross = sum(line["gross_pay"] for line in each.lines) + (100 if lies else 0)
    given = sum(benefit["employee_deduction"] for line in each.lines for benefit in line["benefits"])
    added = sum(benefit["company_contribution"] for line in each.lines for benefit in line["benefits"])
    other = sum(deducted["amount"] for line in each.lines for deducted in line["deductions"])
    net = sum(line["net_pay"] for line in each.lines)
    sums = {"gross_pay": gross, "net_pay": net, "employee_benefits_deductions": given, "benefits": added}
    return {name: dollars(cents) for name, cents in (sums | {"other_deductions": other}).items()}


def compensation(of: CompanyState, line: dict[str, Any]) -> dict[str, Any]:
    """One employee in a payroll."""
    who = of.employees[line["employee_uuid"]]
    fixed = [
        {"name": name, "amount": dollars(cents), "job_uuid": f"job-{who.uuid}"} for name, cents in line["fixed"].items()
    ]
    regular = {
        "name": "Regular Hours",
        "hours": "80.000",
        "amount": dollars(line["regular"]),
        "job_uuid": f"job-{who.uuid}",
    }
    return {
        "employee_uuid": who.uuid,
        "excluded": False,
        "first_name": who.first_name,
        "last_name": who.last_name,
        "gross_pay": number(line["gross_pay"]),
        "net_pay": number(line["net_pay"]),
        "check_amount": number(line["net_pay"]),
        "payment_method": "Direct Deposit",
        "memo": None,
        "fixed_compensations": fixed,
        "hourly_compensations": [{**regular, "compensation_multiplier": 1.0, "flsa_status": "Exempt"}],
        "paid_time_off": [],
        "reimbursements": [],
        "benefits": [
            {
                "name": each["name"],
                "employee_deduction": number(each["employee_deduction"]),
                "company_contribution": number(each["company_contribution"]),
                "imputed": each["imputed"],
            }
            for each in line["benefits"]
        ],
        "deductions": [{"name": each["name"], "amount": number(each["amount"])} for each in line["deductions"]],
    }
