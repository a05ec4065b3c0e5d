"""Annual additions and their limit (IRC 415(c)). Not here: what an employer contribution is, EPCRS."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from ..kernel import LimitationYear
from . import figures
from .arrays import Cents
from .compensation import months_in
from .given import ImpossibleInput, check_facts


@dataclass(frozen=True, slots=True, eq=False)
class AnnualAdditions:
    """Per employee: what counts, the limit, what became catch-up because of 415, what is over, what may still come."""

    counted: Cents
    limit: Cents
    catch_up_by_415: Cents
    excess: Cents
    room: Cents
    dollar_limit_cents: int


def dollar_limit(year: LimitationYear, *, on: date | None = None) -> int:
    """The dollar limit of the limitation year, in twelfths if it is short (IRC 415(c)(1)(A); Reg. 1.415(j)-1(d)(2)).

    It is that of the calendar year in which the limitation year ends, for all of it. Before that calendar year begins,
    additions may not exceed the limit then in force: the one on the day ``on`` (Reg. 1.415(d)-1(b)(2)(iii)). "Months
    (including any fractional parts of a month)" are read as: a started month counts whole.
    """
    check_facts(locals())
    of_year = year
    if on is not None and on.year < year.last_day.year:
        of_year = LimitationYear.starting(date(on.year, 1, 1))
    if of_year is year and (missing := not_known_yet(year)) is not None:
        raise missing
    return figures.cents("limit_415c", of_year) * months_in(year) // 12


def not_known_yet(year: LimitationYear) -> figures.NotEnacted | None:
    """Why the limit of a limitation year cannot be told; None where it is on file."""
    check_facts(locals())
    try:
        figures.cents("limit_415c", year)
    except figures.NotEnacted as missing:
        ends = year.last_day.year
        if year.start.year == ends:
            return missing
        return figures.NotEnacted(
            f"The dollar limit of the limitation year {year} is that of {ends} and is not known yet (IRC 415(c), (d)).",
            fix=missing.fix,
        )
    return None


def additions_limit(compensation: Cents, year: LimitationYear, *, on: date | None = None) -> Cents:
    """The lesser of the dollar limit and 100 % of 415(c)(3) pay (IRC 415(c)(1))."""
    check_facts(locals())
    return np.clip(compensation, 0, dollar_limit(year, on=on))


def annual_additions(
    *,
    year: LimitationYear,
    deferrals: Cents,
    catch_up: Cents,
    after_tax: Cents,
    employer: Cents,
    compensation: Cents,
    catch_up_room: Cents,
    on: date | None = None,
) -> AnnualAdditions:
    """Annual additions of the limitation year against their limit (IRC 415(c)(1)-(2)).

    ``deferrals`` include ``catch_up``, which does not count (414(v)(3)(A)); ``employer`` is match, nonelective and
    forfeitures. Deferrals over the 415 limit are catch-up too, as far as ``catch_up_room`` of the year lasts (Reg.
    1.414(v)-1(b)(1)(i)). ``on``: as :func:`dollar_limit`; left out, the end of the year.
    """
    check_facts(locals())
    if bool((catch_up > deferrals).any()):
        raise ImpossibleInput("catch_up", "is more than the deferrals, which include it")
    counted = deferrals - catch_up + after_tax + employer
    limit = additions_limit(compensation, year, on=on)
    over = np.maximum(counted - limit, 0)
    by_415 = np.minimum(over, np.minimum(np.maximum(catch_up_room, 0), deferrals - catch_up))
    return AnnualAdditions(
        counted=counted - by_415,
        limit=limit,
        catch_up_by_415=by_415,
        excess=over - by_415,
        room=np.maximum(limit - counted, 0),
        dollar_limit_cents=dollar_limit(year, on=on),
    )
