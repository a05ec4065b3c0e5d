"""Whom a file pays, beside the payrolls before it: who has no row, who was paid already. Not here: elections."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from open401k import census
from open401k.kernel import EmployeeId, IdColumn

from .findings import Code, Finding, Severity
from .gathering import ToDate
from .rows import PayrollRow
from .standing import Cents, Standing

_FIX = "Say the last day if they left, and nothing if they had no pay; else send a corrected file with their row."


@dataclass(slots=True)
class RowsWatch:
    """Whom a file names of those paid shortly before, and on its day: :meth:`look` for each chunk, then the answers."""

    to_date: ToDate
    _here: NDArray[np.bool_] = field(init=False)
    _again: NDArray[np.bool_] = field(init=False)
    _paid: list[tuple[IdColumn[EmployeeId], Cents]] = field(default_factory=list)

    def __post_init__(self) -> None:
        recent, same_day = self.to_date.recent, self.to_date.same_day
        self._here = np.zeros(len(recent.employee_id), dtype=np.bool_)
        self._again = np.zeros(0 if same_day is None else len(same_day.employee_id), dtype=np.bool_)
        if same_day is not None:  # whoever another payroll of the day paid needs no row
            _mark(self._here, same_day.employee_id, recent.employee_id)

    def look(self, standing: Standing, rows: Sequence[PayrollRow]) -> None:
        """The people of some rows, and what these pay them."""
        people = IdColumn.of(EmployeeId, [standing.employee_id[place] for place in standing.place.values()])
        _mark(self._here, people, self.to_date.recent.employee_id)
        if self.to_date.same_day is not None:
            _mark(self._again, people, self.to_date.same_day.employee_id)
        known = [(place, row.gross_cents) for row in rows if (place := standing.place.get(row.key)) is not None]
        gross = np.zeros(len(standing), dtype=np.int64)
        np.add.at(gross, [place for place, _ in known], [cents for _, cents in known])
        self._paid.append((IdColumn.of(EmployeeId, standing.employee_id), gross))

    @property
    def paid(self) -> tuple[IdColumn[EmployeeId], Cents]:
        """Everybody of the file who is on file, and their gross pay; nobody twice but of rows far apart."""
        people, gross = zip(*self._paid, strict=True) if self._paid else ((), ())
        raw = np.concatenate([np.zeros(0, dtype="S16"), *(each.raw for each in people)])
        return IdColumn(EmployeeId, raw), np.concatenate([np.zeros(0, dtype=np.int64), *gross])

    @property
    def again(self) -> int:
        """How many people of the file another payroll of its day paid."""
        return int(self._again.sum())

    def absent(self) -> tuple[date, list[EmployeeId]] | None:
        """The last pay date of anybody with a row, and who was paid last on that day and has none; None: nobody."""
        recent = self.to_date.recent
        here = self._here[recent.employee]
        if not here.any():
            return None
        last = recent.pay_date[here].max()
        without = recent.employee[~here & (recent.pay_date == last)]
        return (last.astype(date), [recent.employee_id[int(place)] for place in without]) if len(without) else None


def _mark(marks: NDArray[np.bool_], people: IdColumn[EmployeeId], among: IdColumn[EmployeeId]) -> None:
    places = people.places_in(among)
    marks[places[places >= 0]] = True


def not_paid(
    paid_together: Iterable[census.PaidTogether], people: Iterable[census.Employee], *, before: date, on: date
) -> Iterator[Finding]:
    """A note about each of these who is employed on the pay date ``on``, and was paid ``before`` with most of the file.

    A payroll of that day counts of which at least half of the people have a row: a bonus for a few, or the file of
    another pay group, says nothing of the others. It is told once: a payroll later they are not of the one before.
    """
    alike = [each for each in paid_together if 2 * len(each.absent) <= each.people]
    asked = {who for each in alike for who in each.absent}
    for person in people:
        if person.employee_id not in asked or not census.employed_on(person.employment, on):
            continue
        name = f"{person.first_name} {person.last_name}"
        reason = f"{name}, paid on {before} with people of this file, has no row in it and is not known to have left."
        detail = (("employee_id", str(person.employee_id)),)
        yield Finding(Severity.NOTE, Code.PERSON_NOT_PAID, reason, _FIX, detail=detail)
