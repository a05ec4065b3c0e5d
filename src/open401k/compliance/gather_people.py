"""The people of a plan year, from rosters to columns, slice by slice. Not here: money (gather.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from open401k import census, recordkeeping
from open401k.kernel import EmployeeId, IdColumn, PlanYear

from .facts import Cents, Flags, Kin, Span
from .gather_entries import Entered, together
from .labels import Labels


class Places:
    """Ids, each once, and the place of each: a few are looked up, so that there is no object for each."""

    def __init__(self, ids: IdColumn[EmployeeId]) -> None:
        self.ids = ids
        self._order = np.argsort(ids.raw, kind="stable")

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[EmployeeId]:
        return iter(self.ids)

    def get(self, who: EmployeeId) -> int | None:
        """The place of somebody, if they are there."""
        raw = np.array([who.uuid.bytes], dtype=self.ids.raw.dtype)
        at = int(np.searchsorted(self.ids.raw, raw, sorter=self._order)[0])
        if at == len(self._order) or self.ids.raw[self._order[at]] != raw[0]:
            return None
        return int(self._order[at])

    def __contains__(self, who: EmployeeId) -> bool:
        return self.get(who) is not None

    def __getitem__(self, who: EmployeeId) -> int:
        place = self.get(who)
        if place is None:
            raise KeyError(who)
        return place


class Loaded(NamedTuple):
    """Pay of a year as loaded from before the first payroll, and whether there is any."""

    section_415: Cents
    fica: Cents
    known: Flags


class Concerned:
    """Who has pay, money or work in the year; owners who do not work here too, since their share counts for others."""

    def __init__(
        self,
        *,
        year: PlanYear,
        as_of: date,
        until: date,
        with_money: Sequence[IdColumn[EmployeeId]],
        years_loaded: Iterable[int],
        entries: Callable[[Sequence[census.Employee]], Entered],
        whole: bool,
    ) -> None:
        self._year, self._as_of, self._until = year, as_of, until
        self._with_money, self._entries, self._whole = with_money, entries, whole
        self._ids: list[IdColumn[EmployeeId]] = []
        self._loaded: dict[int, list[Loaded]] = {each: [] for each in years_loaded}
        self._ownership: list[Cents] = []
        self._officer: list[Flags] = []
        self._family: list[tuple[int, EmployeeId, str]] = []
        self._entered: list[Entered] = []
        self.labels = Labels()
        self.birth_dates: list[date | None] = []
        self.employment: list[tuple[Span, ...]] = []
        self.classes: list[str] = []
        #: Shares of owners who never worked here.
        self.undated_owners: dict[EmployeeId, int] = {}
        #: Who left in an earlier year.
        self.gone: list[census.Employee] = []
        #: Everybody, where somebody will ask for more than columns.
        self.people: list[census.Employee] = []

    def add(self, everybody: Sequence[census.Employee]) -> None:
        """Take in the next people of the roster."""
        people = self._those(everybody)
        start = len(self.labels)
        self._ids.append(IdColumn.of(EmployeeId, [each.employee_id for each in people]))
        self.labels.add(f"{each.first_name} {each.last_name}" for each in people)
        self.birth_dates += [each.birth_date for each in people]
        self.employment += [_spans(each, self._as_of) for each in people]
        self.classes += [census.class_on(each, self._as_of) for each in people]
        self._ownership.append(np.array([each.ownership_bps for each in people], dtype=np.int64))
        self.undated_owners |= {
            each.employee_id: each.ownership_bps for each in people if each.ownership_bps and not each.employment
        }
        self._officer.append(np.array([each.officer for each in people], dtype=np.bool_))
        self._family += [
            (start + place, who, relation.value) for place, each in enumerate(people) for who, relation in each.family
        ]
        self.gone += [each for each in people if recordkeeping.left_long_ago(each, self._until, self._year)]
        for year, parts in self._loaded.items():
            parts.append(_loaded(people, year))
        self._entered.append(self._entries(people))
        if self._whole:
            self.people += people

    def _those(self, everybody: Sequence[census.Employee]) -> list[census.Employee]:
        ids = IdColumn.of(EmployeeId, [each.employee_id for each in everybody])
        has_money = np.zeros(len(ids), dtype=np.bool_)
        for some in self._with_money:
            has_money |= ids.places_in(some) >= 0
        return [
            each
            for each, has in zip(everybody, has_money.tolist(), strict=True)
            if has or each.ownership_bps or _works_in(each, self._year)
        ]

    def places(self) -> Places:
        """The place of each."""
        raw = [each.raw for each in self._ids]
        return Places(IdColumn(EmployeeId, np.concatenate(raw)) if raw else IdColumn.of(EmployeeId, ()))

    def loaded(self, year: int) -> Loaded:
        """What was loaded of a year."""
        parts = self._loaded[year]
        return Loaded(*map(np.concatenate, zip(*parts, strict=True))) if parts else _loaded((), year)

    @property
    def entered(self) -> Entered:
        """From which day each takes part, and since when class alone keeps people out."""
        return together(self._entered)

    @property
    def ownership_bps(self) -> Cents:
        """Each one's own share."""
        return np.concatenate([np.zeros(0, dtype=np.int64), *self._ownership])

    @property
    def officer(self) -> Flags:
        """Who is an officer."""
        return np.concatenate([np.zeros(0, dtype=np.bool_), *self._officer])

    def kin(self, place: Places) -> tuple[Kin, ...]:
        """Families within them."""
        found = ((person, place.get(who), relation) for person, who, relation in self._family)
        return tuple(Kin(person, relative, relation) for person, relative, relation in found if relative is not None)


def _loaded(people: Sequence[census.Employee], year: int) -> Loaded:
    told = [each.annual_pay.get(year) for each in people]
    return Loaded(
        np.array([0 if each is None else each.section_415_cents for each in told], dtype=np.int64),
        np.array([0 if each is None else each.fica_cents for each in told], dtype=np.int64),
        np.array([each is not None for each in told], dtype=np.bool_),
    )


def _works_in(employee: census.Employee, year: PlanYear) -> bool:
    return census.employed_between(employee.employment, start=year.start, end=year.end)


def _spans(employee: census.Employee, as_of: date) -> tuple[Span, ...]:
    spans = employee.employment
    if len(spans) == 1 and _by(spans[0].terminated_on, as_of) is None:
        return _since(spans[0].hired_on)
    return tuple(Span(span.hired_on, _by(span.terminated_on, as_of)) for span in spans)


@lru_cache(maxsize=65_536)
def _since(day: date) -> tuple[Span, ...]:
    """The employment since a day that most have: once for all who were hired on it."""
    return (Span(day, None),)


def _by(day: date | None, as_of: date) -> date | None:
    """A termination still to come is not one yet."""
    return day if day is not None and day <= as_of else None
