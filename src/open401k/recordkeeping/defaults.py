"""What is withheld from whom nobody heard: automatic enrollment and its increases, derived each time. Pure.

Nothing of it is stored: who elects, enters or is hired on another day than was known has another default at once. Not
here: the schedule's law (law/automatic_enrollment.py), notices (enrollment_notices.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from open401k import census
from open401k.kernel import Source
from open401k.law import automatic_enrollment as law
from open401k.plan import AutomaticEnrollment, Covered, Escalates, Provisions, schedule_of

from .contributions import Cents, Flags
from .elections import SLOTS, Elected, Part, Slot

Days = NDArray[np.datetime64]
_REGULAR = [place for place, slot in enumerate(SLOTS) if slot.part is Part.REGULAR]


class Why(StrEnum):
    """Why somebody has a default or none. Looked at in this order; the first that holds."""

    NO_ARRANGEMENT = "no_arrangement"
    ELECTED = "elected"
    NOT_ENTERED = "not_entered"
    NOT_COVERED = "not_covered"
    NOT_YET = "not_yet"
    ESCALATED = "escalated"
    DEFAULT = "default"


_CODES = {why: code for code, why in enumerate(Why)}


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """Of N people: when they were hired again and had left before (NaT: never), and what was on file until then.

    ``lapsed``: an election of their own ended with the employment it was made in. ``default_since``: the first default
    that was brought from elsewhere (NaT: none).
    """

    rehired_on: Days
    left_on: Days
    lapsed: Flags
    default_since: Days


@dataclass(frozen=True, slots=True, eq=False)
class Defaults:
    """Of N people on a pay date: why, since when, the first default contribution, increases so far, the rate."""

    why: Cents  # place in Why
    starts_on: Days
    first_on: Days
    increases: Cents
    bps: Cents
    source: Source
    next_increase: date | None
    cite: str

    @property
    def applies(self) -> Flags:
        """Whose withholding is the default."""
        found: Flags = np.isin(self.why, [_CODES[Why.DEFAULT], _CODES[Why.ESCALATED]])
        return found

    def why_of(self, place: int) -> Why:
        """In one word, of one person."""
        return list(Why)[int(self.why[place])]


def rehires(employees: Sequence[census.Employee], on: date) -> tuple[Days, Days]:
    """When the employment of a day began for whom had one before, and when that one had ended."""
    again = np.full(len(employees), np.datetime64("NaT", "D"), dtype="datetime64[D]")
    left = again.copy()
    for place, employee in enumerate(employees):
        if len(employee.employment) < 2:
            continue
        for earlier, later in zip(employee.employment, employee.employment[1:], strict=False):
            if later.hired_on <= on:
                again[place], left[place] = later.hired_on, earlier.terminated_on or later.hired_on
    return again, left


def defaults_on(
    provisions: Provisions, *, on: date, elected: Elected, entered_on: Days, past: Past, pay_dates: Days
) -> Defaults:
    """Whose withholding on a pay date is the default, and at which rate (IRC 414(w)(3), 401(k)(13)(C), 414A(b)(3)).

    The default begins with the first pay date on or after the day of entry, the day from which the arrangement is
    counted, and the day of rehire, each ``wait_days`` later; it ends with an election of one's own, also of nothing.
    ``pay_dates``: of the plan, in order; the first of them is the first default contribution, from which increases are
    counted. Who came back after a whole plan year without any is treated as new, as the plan may (Reg.
    1.401(k)-3(j)(2), 1.414(w)-1(c)(2)).
    """
    terms = provisions.automatic_enrollment
    nobody = np.zeros(len(entered_on), dtype=np.int64)
    never = np.full(len(entered_on), np.datetime64("NaT", "D"), dtype="datetime64[D]")
    if terms is None or on < terms.counted_from:
        return Defaults(nobody, never, never, nobody, nobody, Source.PRE_TAX, None, "")
    today = np.datetime64(on, "D")
    entered = entered_on <= today
    brought = ~np.isnat(past.default_since)
    covered = brought | (terms.covers is Covered.WITHOUT_ELECTION) | (entered_on >= np.datetime64(terms.counted_from))
    own = (elected.on_file[_REGULAR] & ~elected.by_default[_REGULAR]).any(axis=0)
    starts = _starts(terms, np.fmax(entered_on, past.rehired_on))
    starts = np.where(brought & np.isnat(past.rehired_on), past.default_since, starts)
    begun = _first_contribution(np.minimum(starts, _starts(terms, entered_on)), pay_dates, today)
    anew = _begins_anew(provisions, past)
    first = np.where(anew, _first_contribution(starts, pay_dates, today), np.fmin(begun, past.default_since))
    rates = (law.mandated_rates if terms.escalates is Escalates.AFTER_A_YEAR else law.qaca_rates)(
        schedule_of(terms), first_contribution=first, plan_year=provisions.plan_year_of(on)
    )
    code = np.select(
        [own, ~entered, ~covered, ~(starts <= today), rates.increases > 0],
        [_CODES[each] for each in (Why.ELECTED, Why.NOT_ENTERED, Why.NOT_COVERED, Why.NOT_YET, Why.ESCALATED)],
        _CODES[Why.DEFAULT],
    ).astype(np.int64)
    applies = np.isin(code, [_CODES[Why.DEFAULT], _CODES[Why.ESCALATED]])
    kept = np.where(elected.by_default[_REGULAR], elected.bps[_REGULAR], 0).max(axis=0)
    rate = np.where(applies, np.maximum(rates.rate_bps, kept), 0)
    later = rates.next_increase if terms.step_bps else None
    return Defaults(code, starts, first, np.where(applies, rates.increases, 0), rate, terms.source, later, rates.cite)


def with_defaults(elected: Elected, defaults: Defaults) -> Elected:
    """What is to be withheld: each election, and the default where nobody made one."""
    applies = defaults.applies
    if not applies.any():
        return elected
    bps, cents = elected.bps.copy(), elected.cents.copy()
    since, by_default = elected.since.copy(), elected.by_default.copy()
    mine = SLOTS.index(Slot(defaults.source))
    for place in _REGULAR:
        out = applies & (by_default[place] | (place == mine))
        bps[place, out], cents[place, out] = 0, 0
    bps[mine, applies], by_default[mine, applies] = defaults.bps[applies], True
    since[mine, applies] = defaults.starts_on[applies]
    return Elected(bps, cents, since, by_default)


def _starts(terms: AutomaticEnrollment, begun: Days) -> Days:
    """The day from which the default would hold."""
    since: Days = np.maximum(begun + np.timedelta64(terms.wait_days, "D"), np.datetime64(terms.counted_from, "D"))
    return since


def _first_contribution(starts: Days, pay_dates: Days, today: np.datetime64) -> Days:
    """The first pay date on or after each day; today, where that is none of those on file yet."""
    known = np.append(pay_dates[pay_dates < today], today)
    places = np.searchsorted(known, starts)
    found = known[np.minimum(places, len(known) - 1)]
    return np.where(np.isnat(starts) | (starts > today), np.datetime64("NaT", "D"), found)


def _begins_anew(provisions: Provisions, past: Past) -> Flags:
    """Who came back after a whole plan year away, or had elected before, so that the default never reached them."""
    anew = past.lapsed.copy()
    for place in np.flatnonzero(~np.isnat(past.rehired_on)).tolist():
        left, back = (provisions.plan_year_of(day[place].item()) for day in (past.left_on, past.rehired_on))
        anew[place] |= back.start > left.end
    return anew
