"""What people asked payroll to withhold: elections, which of them holds on a pay date, which the plan refuses. Pure.

Not here: storing them (election_book.py), what they come to on a paycheck (withholding.py), what holds for somebody
who never elected (defaults.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from open401k.kernel import EmployeeId, IdColumn, Refused, Source
from open401k.plan import Provisions

from .contributions import Cents, Flags

_WHOLE = 10_000


class Part(StrEnum):
    """Of what an election is: of pay as a whole, of bonuses alone, or catch-up that is elected by itself."""

    REGULAR = "regular"
    BONUS = "bonus"
    CATCH_UP = "catch_up"


class How(StrEnum):
    """How an election came about. The last two are derived here; on file they are of before a takeover only."""

    PARTICIPANT = "participant"
    ADMINISTRATOR = "administrator"
    PAYROLL = "payroll"
    STOP = "stop"
    AUTOMATIC = "automatic"
    ESCALATION = "escalation"

    @property
    def by_default(self) -> bool:
        """Whether nobody chose it."""
        return self in (How.AUTOMATIC, How.ESCALATION)


class Slot(NamedTuple):
    """What one election is about; a later one for the same slot takes its place."""

    source: Source
    part: Part = Part.REGULAR


#: The employee's sources, in the order in which pay is taken for them.
SOURCES = (Source.PRE_TAX, Source.ROTH, Source.AFTER_TAX)
SLOTS = tuple(
    Slot(source, part) for part in Part for source in SOURCES if part is not Part.CATCH_UP or source.is_deferral
)
_PLACE = {slot: place for place, slot in enumerate(SLOTS)}


@dataclass(frozen=True, slots=True)
class NewElection:
    """To be recorded: a percentage or an amount per paycheck of one slot; both 0 is nothing, from ``event_on`` on.

    ``made_on``: the day of the form or the click, the day of recording unless given.
    """

    employee_id: EmployeeId
    slot: Slot
    event_on: date
    how: How
    bps: int = 0
    cents: int = 0
    made_on: date | None = None
    stands: bool = True


@dataclass(frozen=True, slots=True)
class Election:
    """One on file, in the order in which they were recorded."""

    number: int
    employee_id: EmployeeId
    slot: Slot
    bps: int
    cents: int
    event_on: date
    made_on: date
    how: How
    stands: bool
    recorded_at: datetime
    recorded_by: str

    @property
    def is_nothing(self) -> bool:
        """Whether it asks for nothing to be withheld."""
        return not self.bps and not self.cents


class ElectionRefusal(StrEnum):
    """Why an election was not recorded. Checked, and listed, in order of precedence."""

    NOT_KEPT_HERE = "not_kept_here"
    NOT_AN_AMOUNT = "not_an_amount"
    SOURCE_NOT_IN_PLAN = "source_not_in_plan"
    CATCH_UP_NOT_APART = "catch_up_not_apart"
    NO_BONUS_CODES = "no_bonus_codes"
    DOLLARS_NOT_OFFERED = "dollars_not_offered"
    BELOW_MINIMUM = "below_minimum"
    ABOVE_MAXIMUM = "above_maximum"
    MADE_TOO_LATE = "made_too_late"
    NOT_MADE_YET = "not_made_yet"
    NOTHING_TO_TAKE_BACK = "nothing_to_take_back"
    UNKNOWN_PERSON = "unknown_person"


def elected_on(elections: Iterable[Election], on: date) -> dict[Slot, Election]:
    """Of one person's elections those that hold on a pay date, by slot.

    The one with the latest effective day up to the pay date; of one day the one recorded last; one that was taken back
    is as if it had never been made.
    """
    of_day: dict[tuple[Slot, date], Election] = {}
    for each in sorted(elections, key=lambda each: each.number):
        if each.event_on <= on:
            of_day[each.slot, each.event_on] = each
    found: dict[Slot, Election] = {}
    for (slot, _), each in sorted(of_day.items(), key=lambda item: item[0][1]):
        if each.stands:
            found[slot] = each
    return found


def refuse(
    new: NewElection, provisions: Provisions, others: Mapping[Slot, Election], today: date
) -> Refused[ElectionRefusal] | None:
    """Why the plan does not take an election; ``others`` are those of the same person that hold on its day.

    An election can only be of pay that the employee could not yet have had (Reg. 1.401(k)-1(a)(3)(iii)): it is made on
    or before the day from which it holds.
    """
    return _refuse_slot(new, provisions) or _refuse_amount(new, provisions, others) or _refuse_day(new, others, today)


def _refuse_slot(new: NewElection, provisions: Provisions) -> Refused[ElectionRefusal] | None:
    terms, slot = provisions.elections, new.slot
    if terms is None:
        return Refused(
            ElectionRefusal.NOT_KEPT_HERE,
            f"The plan has no terms of elections on {new.event_on}: they are kept elsewhere.",
            "Amend the plan with `elections`, from the day on which they are kept here.",
        )
    if not 0 <= new.bps <= _WHOLE or new.cents < 0 or (new.bps and new.cents):
        return Refused(
            ElectionRefusal.NOT_AN_AMOUNT,
            f"{new.bps} basis points and {new.cents} cents are not one share of pay or one amount.",
            "Give a percentage of pay from 0 to 100, or dollars for each paycheck, not both.",
        )
    if slot not in _PLACE or slot.source not in provisions.deferrals.sources:
        return Refused(
            ElectionRefusal.SOURCE_NOT_IN_PLAN,
            f"The plan takes no {slot.part.replace('_', '-')} contributions into {slot.source}.",
            f"Use one of {', '.join(provisions.deferrals.sources)}, or amend the plan.",
        )
    if slot.part is Part.CATCH_UP and not terms.catch_up_apart:
        return Refused(
            ElectionRefusal.CATCH_UP_NOT_APART,
            "Catch-up is not elected by itself: what is above a limit of the year is catch-up (IRC 414(v)(3)(A)).",
            "Elect the whole percentage, or amend elections.catch_up_apart.",
        )
    if slot.part is Part.BONUS and not terms.bonus_pay_codes:
        return Refused(
            ElectionRefusal.NO_BONUS_CODES,
            "The plan does not say which pay codes are bonuses, so none can be told from other pay.",
            "Amend elections.bonus_pay_codes, or elect for all pay.",
        )
    return None


def _refuse_amount(
    new: NewElection, provisions: Provisions, others: Mapping[Slot, Election]
) -> Refused[ElectionRefusal] | None:
    terms = provisions.elections
    if terms is None or not new.stands:
        return None
    if new.cents and not terms.dollars:
        return Refused(
            ElectionRefusal.DOLLARS_NOT_OFFERED,
            "The plan takes percentages of pay, no amounts for each paycheck.",
            "Elect a percentage.",
        )
    if 0 < new.bps < terms.minimum_bps:
        return Refused(
            ElectionRefusal.BELOW_MINIMUM,
            f"{new.bps / 100:g} % is {(terms.minimum_bps - new.bps) / 100:g} points below the plan's minimum.",
            f"Elect at least {terms.minimum_bps / 100:g} %, or 0.",
        )
    same_part = [each for slot, each in others.items() if slot.part is new.slot.part and slot != new.slot]
    together = new.bps + sum(each.bps for each in same_part)
    if new.bps and together > terms.maximum_bps:
        return Refused(
            ElectionRefusal.ABOVE_MAXIMUM,
            f"All sources together are {together / 100:g} % of pay; the plan takes {terms.maximum_bps / 100:g} %.",
            f"Elect at most {(terms.maximum_bps - together + new.bps) / 100:g} % here, or lower the others first.",
        )
    return None


def _refuse_day(new: NewElection, others: Mapping[Slot, Election], today: date) -> Refused[ElectionRefusal] | None:
    made = new.made_on or today
    if made > new.event_on:
        return Refused(
            ElectionRefusal.MADE_TOO_LATE,
            f"It was made on {made}, after {new.event_on}: pay of that day could no longer be deferred"
            " (Reg. 1.401(k)-1(a)(3)(iii)).",
            "Let it take effect later; if it was made earlier and arrived late, give the day it was made.",
        )
    if made > today:
        return Refused(ElectionRefusal.NOT_MADE_YET, f"{made} is in the future.", "Give the day it was made.")
    if not new.stands and (new.slot not in others or others[new.slot].event_on != new.event_on):
        return Refused(
            ElectionRefusal.NOTHING_TO_TAKE_BACK,
            f"No election of {new.slot.source} took effect on {new.event_on}.",
            "Give the effective day of the one to take back.",
        )
    return None


class Columns(NamedTuple):
    """Elections of many people as columns, in the order of their recording."""

    employee_id: IdColumn[EmployeeId]
    slot: Cents  # place in SLOTS
    event_on: NDArray[np.datetime64]
    bps: Cents
    cents: Cents
    by_default: Flags
    stands: Flags

    @classmethod
    def of(cls, elections: Sequence[Election]) -> "Columns":
        """The same elections in columns."""
        return cls(
            IdColumn.of(EmployeeId, [each.employee_id for each in elections]),
            np.array([_PLACE[each.slot] for each in elections], dtype=np.int64),
            np.array([each.event_on for each in elections], dtype="datetime64[D]"),
            np.array([each.bps for each in elections], dtype=np.int64),
            np.array([each.cents for each in elections], dtype=np.int64),
            np.array([each.how.by_default for each in elections], dtype=np.bool_),
            np.array([each.stands for each in elections], dtype=np.bool_),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Elected:
    """What holds on a pay date: SLOTS by N people. ``since`` is NaT where nothing of the slot is on file."""

    bps: Cents
    cents: Cents
    since: NDArray[np.datetime64]
    by_default: Flags

    @property
    def on_file(self) -> Flags:
        """Of each slot and person whether there is an election, also one of nothing."""
        found: Flags = ~np.isnat(self.since)
        return found

    def of(self, slot: Slot) -> "Elected":
        """One slot, N people."""
        place = _PLACE[slot]
        return Elected(self.bps[place], self.cents[place], self.since[place], self.by_default[place])


def elected_by_all(
    columns: Columns, ids: IdColumn[EmployeeId], on: date, *, not_before: NDArray[np.datetime64] | None = None
) -> Elected:
    """As :func:`elected_on`, of all these people at once, in their order.

    What took effect before ``not_before`` (NaT: no such day) ended with the employment it was made in.
    """
    shape = (len(SLOTS), len(ids))
    bps, cents = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    since = np.full(shape, np.datetime64("NaT", "D"), dtype="datetime64[D]")
    by_default = np.zeros(shape, dtype=np.bool_)
    who = columns.employee_id.places_in(ids)
    rows = np.flatnonzero((who >= 0) & (columns.event_on <= np.datetime64(on, "D")))
    if not_before is not None and len(rows):
        rows = rows[~(columns.event_on[rows] < not_before[who[rows]])]
    rows = rows[np.lexsort((rows, columns.event_on[rows], columns.slot[rows], who[rows]))]
    rows = rows[_last(who[rows], columns.slot[rows], columns.event_on[rows])]
    rows = rows[columns.stands[rows]]
    rows = rows[_last(who[rows], columns.slot[rows])]
    where = (columns.slot[rows], who[rows])
    bps[where], cents[where] = columns.bps[rows], columns.cents[rows]
    since[where], by_default[where] = columns.event_on[rows], columns.by_default[rows]
    return Elected(bps, cents, since, by_default)


def _last(*keys: NDArray[np.generic]) -> Flags:
    """The last of each run of equal keys."""
    last = np.ones(len(keys[0]), dtype=np.bool_)
    if len(last):
        last[:-1] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return last
