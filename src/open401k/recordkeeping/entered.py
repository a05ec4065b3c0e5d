"""What counts for the match and for nonelective money: of who enters for it on a later day than for deferrals, and of
plans whose terms have other pay count for it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from open401k.kernel import Source
from open401k.plan import Kind

Cents: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ToDate:
    """N cents before a pay date that count for one kind of money, named as in ``YearToDate``."""

    compensation: Cents
    plan_year_deferrals: Cents
    matched_deferrals: Cents
    compensation_before_terms: Cents


@dataclass(frozen=True, slots=True)
class Counted:
    """Pay of a pay date and what was before it, as one kind of money counts them; ``entered`` None: all of it."""

    earned: Cents
    before: ToDate
    entered: Flags | None = None

    def deferrals(self, credited: Mapping[Source, Cents]) -> Cents:
        """Deferrals of the pay date by who has entered for the kind."""
        found: Cents = credited[Source.PRE_TAX] + credited[Source.ROTH]
        return found if self.entered is None else np.where(self.entered, found, 0)

    def after(self, credited: Mapping[Source, Cents]) -> ToDate | None:
        """What counts before the next pay date; None where it is what counts for deferrals."""
        if self.entered is None:
            return None
        deferred, before = self.deferrals(credited), self.before
        return ToDate(
            compensation=before.compensation + self.earned,
            plan_year_deferrals=before.plan_year_deferrals + deferred,
            matched_deferrals=before.matched_deferrals + deferred,
            compensation_before_terms=before.compensation_before_terms,
        )


def earned_by_kind(counts: Flags, compensation: Cents, apart: Mapping[Kind, Cents]) -> tuple[Cents, Cents, Cents]:
    """Pay of a pay date as deferrals count it, the match, and nonelective money; ``apart`` holds what differs."""

    def of(kind: Kind) -> Cents:
        return np.where(counts, apart.get(kind, compensation), 0)

    return of(Kind.DEFERRALS), of(Kind.MATCH), of(Kind.NONELECTIVE)


def counted_for(
    entered_on: Sequence[date | None] | None,
    on: date,
    earned: Cents,
    whole: ToDate,
    apart: ToDate | None,
    out: Flags | None = None,
) -> Counted:
    """What one kind of money counts; ``entered_on`` None: it is entered with deferrals, and the whole counts.

    ``apart`` is what counted before; None is nothing, on the first day of a year. ``out``: who is out of it by class.
    """
    if entered_on is None:
        return Counted(earned, whole)
    nothing = np.zeros_like(earned)
    entered = entered_by_day(entered_on, on)
    if out is not None:
        entered &= ~out
    return Counted(np.where(entered, earned, 0), apart or ToDate(nothing, nothing, nothing, nothing), entered)


def entered_by_day(entered_on: Sequence[date | None], on: date) -> Flags:
    """Who has entered by a day."""
    never = date.max.toordinal()
    days = np.array([never if day is None else day.toordinal() for day in entered_on], dtype=np.int64)
    flags: Flags = days <= on.toordinal()
    return flags
