"""The people of a plan, with what each has saved this year; Social Security numbers are masked."""

from dataclasses import dataclass
from datetime import date

from open401k.kernel import EmployeeId, Money

from .shown import Percent, PlanHeading


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One employee."""

    employee_id: EmployeeId
    name: str
    ssn_masked: str
    hired_on: date | None
    terminated_on: date | None
    participant_since: date | None
    highly_compensated: bool | None
    why_group: str
    deferral_rate: Percent | None
    deferred: Money
    employer: Money
    balance: Money


@dataclass(frozen=True, slots=True)
class People:
    """Everyone the sponsor has reported."""

    heading: PlanHeading
    people: tuple[PersonLine, ...]
