"""What one person has forfeited, from employment, money and terms: pure. Not here: the books (forfeitures.py).

Absences of five one-year breaks part a person's money into eras: what came before such an absence never vests by
service after it (IRC 411(a)(6)(C)). Who comes back earlier goes on with the same account.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from open401k import census, plan
from open401k.kernel import Source
from open401k.law import forfeitures, vesting_years

from .full_vesting import Ages, ended_on, full_vesting
from .leaving import Leaving, leavings
from .plan_endings import Ending

_A_DAY = timedelta(days=1)
_WHOLE = 100


class ForfeitureCause(StrEnum):
    """Why money left an account for the plan's forfeitures, or came back from there."""

    #: Nothing at all was vested at the end of employment, and the plan deems it paid (Reg. 1.411(a)-7(d)(4)).
    DEEMED_CASH_OUT = "deemed_cash_out"
    #: IRC 411(a)(6)(C).
    FIVE_BREAKS = "five_breaks"
    #: Hired again before five breaks: as if the deemed payment had been repaid (IRC 411(a)(7)(C)).
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Credit:
    """What one source of a person gained or lost on a day, forfeitures left out."""

    source: Source
    on: date
    cents: int


@dataclass(frozen=True, slots=True)
class Forfeited:
    """What one source forfeits on a day; below zero it gets it back. ``vested_bps``: by service at the end of it."""

    source: Source
    on: date
    cents: int
    by: ForfeitureCause
    vested_bps: int


def forfeited(
    *,
    employment: Sequence[census.Employment],
    money: Sequence[Credit],
    spans: Sequence[plan.Span],
    on: date,
    ages: Ages | None = None,
    endings: Sequence[Ending] = (),
) -> tuple[Forfeited, ...]:
    """Everything that is forfeited and restored up to a day, in order of days.

    Nothing by who was vested in full on leaving (full_vesting.py), nor by anybody whose birth date is asked for and is
    not on file; and nothing from the end of the plan on.
    """
    found: list[Forfeited] = []
    since = date.min
    begun = [each for each in endings if each.starts_on <= on]
    until = min(on, ended_on(begun) - _A_DAY)
    for leaving in leavings(employment, spans=spans, on=on):
        unknown = ages is not None and ages.born_on is None
        if not unknown and full_vesting(leaving, spans=spans, ages=ages, endings=begun) is None:
            held_before = sum(each.cents for each in money if each.on < since) - sum(
                each.cents for each in found if each.on < since
            )
            found += _of_one(leaving, since, held_before, money, spans, on, until)
        if leaving.broken_on is not None and leaving.returned_on is not None:
            since = leaving.returned_on
    return tuple(sorted((each for each in found if each.cents), key=lambda each: (each.on, each.source)))


def vested_percent(source: Source, leaving: Leaving, spans: Sequence[plan.Span]) -> int:
    """By the schedule in force at the end of employment, and never less than an amendment left (IRC 411(a)(10)(A)).

    Who left before the plan was here is judged by its first terms.
    """
    under = leaving.under or tuple((each.provisions, leaving.years) for each in spans[:1])
    return max((terms.vesting.of(source).percent_after(years) for terms, years in under), default=_WHOLE)


def _of_one(
    leaving: Leaving,
    since: date,
    held_before: int,
    money: Sequence[Credit],
    spans: Sequence[plan.Span],
    on: date,
    until: date,
) -> Iterator[Forfeited]:
    """``until``: the last day on which anything is forfeited."""
    end = leaving.returned_on or on + _A_DAY
    mine = [each for each in money if since <= each.on < end]
    percents = {each.source: vested_percent(each.source, leaving, spans) for each in mine}
    # What is left of an era before this one is vested; so are deferrals: then there is something to be paid.
    if _deems_paid(leaving, spans) and held_before <= 0 and _nothing_vested(mine, percents):
        gone: dict[Source, int] = defaultdict(int)
        for each in mine:
            day = max(each.on, leaving.left_on)
            if day > until:
                continue
            gone[each.source] += each.cents
            yield Forfeited(each.source, day, each.cents, ForfeitureCause.DEEMED_CASH_OUT, 0)
        if leaving.returned_on is not None and leaving.broken_on is None:
            for source, cents in gone.items():
                yield Forfeited(source, leaving.returned_on, -cents, ForfeitureCause.RESTORED, 0)
        return
    lost_on = _lost_on(leaving, spans, on)
    if lost_on is None:
        return
    for source, percent in percents.items():
        held = 0
        days = {max(each.on, lost_on) for each in mine if each.source is source}
        for day in sorted(each for each in days if each <= until):
            # Money that still comes after the fifth break is of the same account: what is vested of the whole stays.
            total = sum(each.cents for each in mine if each.source is source and max(each.on, lost_on) <= day)
            lost = _unvested(total, percent)
            yield Forfeited(source, day, lost - held, ForfeitureCause.FIVE_BREAKS, percent * _WHOLE)
            held = lost


def _unvested(cents: int, percent: int) -> int:
    if cents <= 0:
        return 0
    return forfeitures.cash_out(
        account_cents=cents,
        vested_bps=percent * _WHOLE,
        paid_cents=0,
        consecutive_breaks=vesting_years.LONG_BREAK,
        plan_deems_paid=False,
    ).forfeited_cents


def _deems_paid(leaving: Leaving, spans: Sequence[plan.Span]) -> bool:
    """By the terms of the day of leaving: an amendment later takes nothing from who had left."""
    terms = next((each.provisions for each in spans if each.start <= leaving.left_on < each.end), None)
    return terms is not None and terms.forfeitures is not None and terms.forfeitures.deemed_cash_out


def _nothing_vested(money: Sequence[Credit], percents: dict[Source, int]) -> bool:
    held: dict[Source, int] = defaultdict(int)
    for each in money:
        held[each.source] += each.cents
    return not any(cents > 0 and percents[source] for source, cents in held.items())


def _lost_on(leaving: Leaving, spans: Sequence[plan.Span], on: date) -> date | None:
    """The first day from the fifth break on whose terms let what is not vested be forfeited."""
    if leaving.broken_on is None:
        return None
    after = [each for each in spans if each.provisions.forfeitures is not None and each.end > leaving.broken_on]
    first = max(after[0].start, leaving.broken_on) if after else None
    return first if first is not None and first <= on else None
