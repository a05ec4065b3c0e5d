"""What people were credited, before and after a change of terms: what they have less. Pure; not here: the change."""

from dataclasses import dataclass

import numpy as np

from open401k import ledger
from open401k.kernel import EmployeeId, IdColumn, Money, Source

#: What people withheld stays in the source they chose; an employer's contribution may move to one that vests as fast.
_APART = tuple((source,) for source in Source if source.from_employee)
_EMPLOYER = tuple(source for source in Source if not source.from_employee and not source.is_rollover)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """How many people would have less in their accounts than before, how much in all, and who loses most."""

    people: int
    cents: int
    most_cents: int
    most_of: EmployeeId

    @property
    def words(self) -> str:
        """How much out of whose accounts."""
        if self.people == 1:
            return f"{Money(self.cents)} out of the account of {self.most_of}"
        most = f"most of it, {Money(self.most_cents)}, out of that of {self.most_of}"
        return f"{Money(self.cents)} out of the accounts of {self.people} people, {most}"


def taken_back(before: ledger.Contributed, after: ledger.Contributed) -> TakenBack | None:
    """What a change took from accounts, over all pay dates of a person together; None where nobody has less.

    An account is the accrued benefit of a participant (IRC 411(a)(7)(A)(ii)), which no amendment may decrease
    (411(d)(6)(A)). One pay date may lose what another gains: a match over the year is one contribution.
    """
    ids = IdColumn(EmployeeId, np.union1d(before.employee_id.raw, after.employee_id.raw))
    had, has = before.of(ids), after.of(ids)
    nothing = np.zeros(len(ids), dtype=np.int64)
    less = nothing
    for sources in (*_APART, _EMPLOYER):
        gained = sum((has.get(each, nothing) - had.get(each, nothing) for each in sources), nothing)
        less = less + np.maximum(-gained, 0)
    if not less.any():
        return None
    most = int(less.argmax())
    return TakenBack(int((less > 0).sum()), int(less.sum()), int(less[most]), ids[most])
