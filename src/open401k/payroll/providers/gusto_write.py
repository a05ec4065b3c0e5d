"""Instructions as Gusto's request bodies: amounts and percentages as texts. Not here: sending them."""

from typing import Any

from .statements import Instruction, Rate, Tier


def enrolment(wanted: Instruction) -> dict[str, Any]:
    """The fields of an employee benefit that an instruction sets, and no others."""
    if wanted.stops:
        return {"active": False, **_amount(Rate(cents=0))}
    body = {"active": True, "catch_up": wanted.catch_up, "effective_date": wanted.effective_on.isoformat()}
    body |= _amount(wanted.employee or Rate(cents=0))
    body["employee_deduction_annual_maximum"] = (
        None if wanted.annual_maximum_cents is None else text(wanted.annual_maximum_cents)
    )
    if wanted.employer is not None:
        body |= _contribution(wanted.employer)
    return body


def match(wanted: Instruction) -> dict[str, Any]:
    """The company's contribution of an employee benefit: an amount for each payroll, nothing where it stops."""
    return _contribution(wanted.employer or Rate(cents=0))


def loan(wanted: Instruction) -> dict[str, Any]:
    """A deduction after tax that repays one loan, in every payroll until it is stopped."""
    if wanted.stops:
        return {"active": False}
    if wanted.employee is None or wanted.employee.cents is None or not wanted.loan_id:
        raise ValueError("a loan is repaid by an amount, and has an id")
    return {
        "active": True,
        "amount": text(wanted.employee.cents),
        "description": loan_name(wanted.loan_id),
        "court_ordered": False,
        "recurring": True,
        "deduct_as_percentage": False,
    }


def loan_name(loan_id: str) -> str:
    """What the deduction of a loan is called: payrolls tell it by nothing else, so each loan has its own."""
    return f"401(k) loan {loan_id}"


def text(hundredths: int) -> str:
    """``123456`` as ``1234.56``."""
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _amount(rate: Rate) -> dict[str, Any]:
    hundredths = rate.cents if rate.bps is None else rate.bps
    return {"employee_deduction": text(hundredths or 0), "deduct_as_percentage": rate.bps is not None}


def _contribution(employer: Rate | tuple[Tier, ...]) -> dict[str, Any]:
    if isinstance(employer, Rate):
        kind = "amount" if employer.bps is None else "percentage"
        hundredths = employer.cents if employer.bps is None else employer.bps
        return {"contribution": {"type": kind, "value": text(hundredths or 0)}, "elective": False}
    tiers = [{"rate": text(tier.match_bps), "threshold": text(tier.up_to_bps)} for tier in employer]
    return {"contribution": {"type": "tiered", "value": tiers}, "elective": True}
