"""By what groups, or by what points, profit sharing that the employer declares is allocated: typed terms of a plan.

Not here: what of them is lawful (lawful_sharing.py), what is declared for a year (recordkeeping/declaring.py).
"""

from dataclasses import dataclass
from typing import NamedTuple

from open401k.law.uniform_allocation import PointsFormula


@dataclass(frozen=True, slots=True)
class Points:
    """Points for each whole year of age and of service on the last day of the plan year, and for each unit of pay.

    A unit is ``unit_cents`` of pay of the plan year from entry on. ``most_years_of_service`` None: all of them count.
    """

    for_year_of_age: int = 0
    for_year_of_service: int = 0
    for_unit_of_pay: int = 0
    unit_cents: int = 20_000
    most_years_of_service: int | None = None

    @property
    def formula(self) -> PointsFormula:
        """As the law has it."""
        return PointsFormula(
            self.for_year_of_age,
            self.for_year_of_service,
            self.for_unit_of_pay,
            self.unit_cents,
            self.most_years_of_service,
        )


class AllocationGroup(NamedTuple):
    """Participants for whom the employer declares a share of their own: those of these employee classes.

    Without classes: everybody who is in none of the other groups. Which class counts is that of the last day of the
    plan year, or of the last day of employment in it.
    """

    name: str
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProfitSharing:
    """How declared profit sharing is allocated, in one of three ways (Reg. 1.401-1(b)(1)(ii); 1.401(a)(4)-8(b)).

    To named groups, to each participant as a group of one (``each_alone``), or by ``points``.
    """

    groups: tuple[AllocationGroup, ...] = ()
    each_alone: bool = False
    points: Points | None = None

    @property
    def by_groups(self) -> bool:
        """Whether each group has its own share."""
        return self.each_alone or bool(self.groups)

    def group_of(self, employee_class: str, alone: str) -> str:
        """The group of a participant of a class; ``alone`` is what they are called as a group of one."""
        if self.each_alone:
            return alone
        named = (each.name for each in self.groups if employee_class and employee_class in each.classes)
        return next(named, next((each.name for each in self.groups if not each.classes), ""))
