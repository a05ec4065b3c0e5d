"""What payroll withheld, held against what was elected: the differences, derived each time, each with its kind.

Nothing of it is stored: a corrected payroll, an election or an entry date learned later takes a finding away. Not
here: what follows from one (missed_cases.py), the check before posting (payroll).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import numpy as np

from open401k import census, plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, Source
from open401k.plan import Provisions

from .case_relief import Standing
from .contributions import Cents, Flags, PayOfDate, entered_by, entitle_date, most_of_year
from .defaults import Defaults, Why
from .elected_now import elected_with_defaults, read_on_file
from .elections import SLOTS, SOURCES, Elected, Part
from .pay_apart import by_date_apart
from .scope import Scope, Segment, segments
from .settlement import opening_of, pay_of, people_of, read_before
from .withholding import as_elected

#: Rounding of a payroll provider that is not ours: a cent each way, of each source.
TOLERANCE_CENTS = 1
_REGULAR = [place for place, slot in enumerate(SLOTS) if slot.part is Part.REGULAR]


class Kind(StrEnum):
    """How withholding differs from the election. Looked at in this order; the first that holds."""

    BEFORE_ENTRY = "withheld_before_entry"
    STOPPED_LATE = "stopped_late"
    NOT_ELECTED = "withheld_though_nothing_was_elected"
    NOT_WITHHELD = "not_withheld_at_all"
    WRONG_SOURCE = "wrong_source"
    TOO_LITTLE = "too_little"
    TOO_MUCH = "too_much"


@dataclass(frozen=True, slots=True)
class Difference:
    """One person and pay date whose withholding is not what was to be withheld, by source in cents."""

    employee_id: EmployeeId
    pay_date: date
    kind: Kind
    expected: Mapping[Source, int]
    withheld: Mapping[Source, int]
    compensation_cents: int
    why: Why

    @property
    def by_default(self) -> bool:
        """Whether what was expected is the default of automatic enrollment."""
        return self.why in (Why.DEFAULT, Why.ESCALATED)

    @property
    def missed_cents(self) -> int:
        """Elective deferrals that were not withheld, in whichever source; 0 where more was."""
        return max(sum(self.expected[each] - self.withheld[each] for each in SOURCES if each.is_deferral), 0)

    @property
    def missed_after_tax_cents(self) -> int:
        """After-tax contributions that were not withheld."""
        return max(self.expected[Source.AFTER_TAX] - self.withheld[Source.AFTER_TAX], 0)

    @property
    def over_cents(self) -> int:
        """What was withheld beyond all that was to be."""
        return max(sum(self.withheld.values()) - sum(self.expected.values()), 0)


@dataclass(frozen=True, slots=True)
class Withheld:
    """All differences of some pay dates by pay date, when each person was paid, entered and left.

    ``room``, by calendar year: what the deferrals of the year left of 402(g) with catch-up, those that payroll withheld
    and the books hold back (catch-up that must be Roth, a code nobody has confirmed) among them.
    """

    differences: Sequence[Difference]
    pay_dates: Mapping[EmployeeId, Sequence[date]]
    standing: Mapping[EmployeeId, Standing] = field(default_factory=dict)
    room: Mapping[tuple[EmployeeId, int], int] = field(default_factory=dict)


def withheld_otherwise(tx: Tx, *, scope: Scope) -> Withheld:
    """Every difference of the scope's pay dates, as far as elections were kept here on them; else nothing is read."""
    spans = plan.provisions_between(
        tx, tenant_id=scope.tenant_id, plan_id=scope.plan_id, start=scope.since, end=scope.until
    )
    if all(span.provisions.elections is None for span in spans):
        return Withheld((), {})
    asked: dict[str, Any] = {"tenant_id": scope.tenant_id, "plan_id": scope.plan_id, "employees": scope.employees}
    asked |= {"start": scope.since, "end": scope.until}
    pay = census.pay_by_date(tx, **asked)
    apart = by_date_apart(tx, pay, **asked)
    dates: list[date] = sorted(np.unique(pay.pay_date).astype("datetime64[D]").tolist())
    if not dates:
        return Withheld((), {})
    found: list[Difference] = []
    in_turn = list(segments(tx, scope, dates))
    room: dict[tuple[EmployeeId, int], int] = {}
    waiting: dict[tuple[EmployeeId, int], int] = {}
    for segment in in_turn:
        if segment.provisions.elections is not None:
            found += _of_segment(tx, scope, segment, pay, apart, room, waiting)
    paid = _paid(pay, found)
    standing = _standing(tx, scope, in_turn[-1].provisions, tuple(paid))
    return Withheld(sorted(found, key=lambda each: (each.pay_date, each.employee_id)), paid, standing, room)


def _paid(pay: census.PayByDate, found: Sequence[Difference]) -> dict[EmployeeId, list[date]]:
    """The pay dates of those who have a difference."""
    who = list(dict.fromkeys(each.employee_id for each in found))
    places = pay.employee_id.places_in(IdColumn.of(EmployeeId, who))[pay.employee]
    days: list[date] = pay.pay_date.astype("datetime64[D]").tolist()
    paid: dict[EmployeeId, list[date]] = {each: [] for each in who}
    for row in np.flatnonzero(places >= 0).tolist():
        paid[who[places[row]]].append(days[row])
    return paid


def _standing(tx: Tx, scope: Scope, terms: Provisions, who: tuple[EmployeeId, ...]) -> Mapping[EmployeeId, Standing]:
    """When those who have a difference entered, and left for the last time; nothing is read where nobody has one."""
    if not who:
        return {}
    people = census.roster(tx, tenant_id=scope.tenant_id, employee_ids=who)
    entered = census.first_entries(
        tx, tenant_id=scope.tenant_id, provisions=terms, plan_id=scope.plan_id, employees=people
    )
    return {
        each.employee_id: Standing(day, each.employment[-1].terminated_on if each.employment else None)
        for each, day in zip(people, entered, strict=True)
    }


def _of_segment(
    tx: Tx,
    scope: Scope,
    segment: Segment,
    pay: census.PayByDate,
    apart: Mapping[plan.Kind, Cents],
    room: dict[tuple[EmployeeId, int], int],
    waiting: dict[tuple[EmployeeId, int], int],
) -> Iterator[Difference]:
    """Pay dates one by one, each after the year to date that the books have; ``room`` is what they leave.

    ``waiting`` grows, by person and calendar year: what was withheld and is not credited.
    """
    terms = segment.provisions
    before = read_before(tx, scope=scope, provisions=terms, on=segment.pay_dates[0])
    employees = census.roster(tx, tenant_id=scope.tenant_id, employee_ids=tuple(pay.employee_id))
    people = people_of(tx, scope, segment, employees, before)
    to_date = opening_of(tx, scope, segment, people, employees, before)
    ids = IdColumn.of(EmployeeId, people.employee_ids)
    reported = pay_of(segment, pay, ids, employees, apart=apart)
    bonus = _bonus(tx, scope, segment, ids)
    on_file = read_on_file(
        tx, tenant_id=scope.tenant_id, plan_id=scope.plan_id, provisions=terms, until=segment.pay_dates[-1]
    )
    if on_file is None:
        return
    held = np.zeros(len(ids), dtype=np.int64)
    for period, on in enumerate(segment.pay_dates):
        of_date = reported.of(period)
        elected, defaults = elected_with_defaults(
            on_file, terms, employees=employees, entered_on=people.entered_on, on=on
        )
        credited, _, after, _ = entitle_date(terms, people, of_date, to_date)
        own_bonus = np.minimum(bonus[:, period], of_date.compensation)
        expected = as_elected(terms, people, of_date, own_bonus, elected, to_date, credited).cents
        entered = entered_by(people, on) & ~of_date.kept_out
        yield from _differences(people.employee_ids, of_date, expected, elected, defaults, entered)
        held += of_date.pre_tax + of_date.roth - (after.deferrals - to_date.deferrals)
        to_date = after
    year = segment.pay_dates[-1].year
    left = most_of_year(terms, people, segment.pay_dates[-1]) - np.maximum(to_date.deferrals, 0)
    for who, cents, more in zip(people.employee_ids, left.tolist(), held.tolist(), strict=True):
        waiting[who, year] = waiting.get((who, year), 0) + more
        room[who, year] = max(cents - max(waiting[who, year], 0), 0)


def _bonus(tx: Tx, scope: Scope, segment: Segment, ids: IdColumn[EmployeeId]) -> Cents:
    """People by pay dates: what came under the plan's bonus codes."""
    terms: Provisions = segment.provisions
    grid = np.zeros((len(ids), len(segment.pay_dates)), dtype=np.int64)
    rows = census.pay_under_codes(
        tx,
        tenant_id=scope.tenant_id,
        plan_id=scope.plan_id,
        codes=() if terms.elections is None else terms.elections.bonus_pay_codes,
        terms=terms.compensation,
        start=segment.pay_dates[0],
        end=segment.pay_dates[-1] + timedelta(days=1),
    )
    periods = {day: period for period, day in enumerate(segment.pay_dates)}
    places = IdColumn.of(EmployeeId, [each.employee_id for each in rows]).places_in(ids).tolist()
    for place, each in zip(places, rows, strict=True):
        if place >= 0 and each.pay_date in periods:
            grid[place, periods[each.pay_date]] += each.cents
    return grid


def _differences(
    ids: Sequence[EmployeeId],
    pay: PayOfDate,
    expected: Mapping[Source, Cents],
    elected: Elected,
    defaults: Defaults,
    entered: Flags,
) -> Iterator[Difference]:
    withheld = {Source.PRE_TAX: pay.pre_tax, Source.ROTH: pay.roth, Source.AFTER_TAX: pay.after_tax}
    beyond = [np.abs(withheld[source] - expected[source]) > TOLERANCE_CENTS for source in SOURCES]
    differs = np.flatnonzero(np.logical_or.reduce(beyond))
    if not len(differs):
        return
    kinds = _kinds(expected, withheld, elected, entered)
    for place in differs.tolist():
        yield Difference(
            employee_id=ids[place],
            pay_date=pay.on,
            kind=list(Kind)[int(kinds[place])],
            expected={source: int(expected[source][place]) for source in SOURCES},
            withheld={source: int(withheld[source][place]) for source in SOURCES},
            compensation_cents=int(pay.compensation[place]),
            why=defaults.why_of(place),
        )


def _kinds(
    expected: Mapping[Source, Cents], withheld: Mapping[Source, Cents], elected: Elected, entered: Flags
) -> Cents:
    """Of each person the place in Kind, if anything differs at all."""
    nothing = np.zeros_like(withheld[Source.PRE_TAX])
    wanted, sent = sum(expected.values(), nothing), sum(withheld.values(), nothing)
    on_file = elected.on_file[_REGULAR].any(axis=0)
    asks = (elected.bps[_REGULAR] + elected.cents[_REGULAR]).any(axis=0)
    some = sent > TOLERANCE_CENTS
    over = sent - wanted
    each = [withheld[source] - expected[source] for source in SOURCES]
    moved = np.logical_or.reduce([one > TOLERANCE_CENTS for one in each])
    moved &= np.logical_or.reduce([one < -TOLERANCE_CENTS for one in each])
    kinds: Cents = np.select(
        [
            some & ~entered,
            some & on_file & ~asks,
            some & ~on_file,
            (wanted > TOLERANCE_CENTS) & ~some,
            moved & (np.abs(over) <= TOLERANCE_CENTS * len(SOURCES)),
            over < 0,
        ],
        list(range(len(Kind) - 1)),
        len(Kind) - 1,
    )
    return kinds
