"""Which companies of a plan are told of a person: those that pay them. Pure; writes nothing.

A percentage holds of the pay of each company. A loan is repaid at one of them. An amount for each paycheck is nobody's
to divide: a person has to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from open401k.kernel import ConnectionId, EmployeeId

from .providers import Person
from .providers.statements import Rate
from .rows import Field
from .write_back import Slot

#: What a company told of people last, by who they are here.
Told = Mapping[EmployeeId, Sequence[Person]]


@dataclass(frozen=True, slots=True)
class Where:
    """Who pays whom, the company where somebody has worked longest first; ``only`` where there is one company."""

    paid_by: Mapping[EmployeeId, tuple[ConnectionId, ...]]
    only: ConnectionId | None = None

    def of(self, slot: Slot, rate: Rate | None) -> tuple[ConnectionId, ...]:
        """To which companies something is told; none where nobody is matched to the person."""
        if self.only is not None:
            return (self.only,)
        paid_by = self.paid_by.get(slot.employee_id, ())
        return paid_by[:1] if slot.means is Field.LOAN_PAYMENT and rate is not None else paid_by

    def refuses(self, slot: Slot, rate: Rate | None) -> str:
        """Why nobody may be told."""
        several = len(self.of(slot, rate)) > 1
        if several and rate is not None and rate.cents is not None:
            return (
                "Several companies pay this person, and an amount for each paycheck would be withheld by each of them: "
                "elect a percentage, or enter it at one of them by hand."
            )
        return ""


def where(told: Mapping[ConnectionId, Told], *, today: date) -> Where:
    """Who pays whom as told last, companies in the order in which they were connected.

    Who works nowhere any more is told of where they worked last: pay may follow.
    """
    if len(told) == 1:
        return Where({}, only=next(iter(told)))
    since: dict[EmployeeId, list[tuple[date, int, ConnectionId]]] = {}
    until: dict[EmployeeId, list[tuple[date, int, ConnectionId]]] = {}
    for place, (company, people) in enumerate(told.items()):
        for employee_id, persons in people.items():
            spans = [span for person in persons for span in person.employment]
            working = [each.hired_on for each in spans if _works(each.terminated_on, each.ends_unknown, today)]
            left = [each.terminated_on for each in spans if each.terminated_on is not None]
            if working or not spans:
                since.setdefault(employee_id, []).append((min(working, default=date.max), place, company))
            elif left:
                until.setdefault(employee_id, []).append((max(left), -place, company))
    paid_by = {employee_id: (max(gone)[2],) for employee_id, gone in until.items()}
    return Where({**paid_by, **{who: tuple(each[2] for each in sorted(found)) for who, found in since.items()}})


def _works(terminated_on: date | None, ends_unknown: bool, today: date) -> bool:
    return not ends_unknown and (terminated_on is None or terminated_on >= today)
