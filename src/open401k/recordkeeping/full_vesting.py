"""Who is vested in full whatever the schedule says: by age, death, disability, the end of the plan. Pure.

Not here: the schedules (forfeited.py); stating an end (plan_endings.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from open401k import census, plan
from open401k.kernel import anniversary
from open401k.law import vesting_years
from open401k.law.vesting_years import FullyVestedBy

from .leaving import Leaving, leavings
from .plan_endings import Ending, EndingKind

_OF_EVERYBODY = (EndingKind.PLAN_TERMINATION, EndingKind.CONTRIBUTIONS_DISCONTINUED)


@dataclass(frozen=True, slots=True)
class Ages:
    """Whose retirement age may have been reached in service; without a birth date nobody can say."""

    born_on: date | None
    participates_from: date


def full_vesting(
    leaving: Leaving, *, spans: Sequence[plan.Span], ages: Ages | None, endings: Sequence[Ending]
) -> FullyVestedBy | None:
    """What vested somebody in full who left; None: the schedule decides.

    By any terms they were employed under: an amendment takes it from nobody (IRC 411(d)(6); Reg. 1.411(d)-3(a)(3)). A
    partial termination vests everybody who left in its period, for whatever reason (Rev. Rul. 2007-43).
    """
    under = [terms.vesting for terms, _ in leaving.under] or [each.provisions.vesting for each in spans[:1]]
    left_on = leaving.left_on
    begun = {each.kind for each in endings if each.starts_on <= left_on}
    early = ages is not None and any(_early(each, leaving, ages) for each in under)
    return vesting_years.fully_vested_by(
        on=left_on,
        employed=True,
        normal_retirement_on=None if ages is None else normal_retirement(under, ages, by=left_on),
        early_retirement_on=left_on if early else None,
        plan_terminated=EndingKind.PLAN_TERMINATION in begun,
        affected_by_partial_termination=any(
            each.kind is EndingKind.PARTIAL_TERMINATION and each.starts_on <= left_on <= each.ends_on
            for each in endings
        ),
        contributions_discontinued=EndingKind.CONTRIBUTIONS_DISCONTINUED in begun,
        died=leaving.left_by is census.LeftBy.DEATH,
        disabled=leaving.left_by is census.LeftBy.DISABILITY,
        plan_vests_on_death=any(each.on_death for each in under),
        plan_vests_on_disability=any(each.on_disability is not None for each in under),
    )


def full_vesting_on(
    employment: Sequence[census.Employment],
    *,
    spans: Sequence[plan.Span],
    ages: Ages | None,
    endings: Sequence[Ending],
    on: date,
) -> FullyVestedBy | None:
    """What vests somebody in full on a day: who is still employed as if it were the last one.

    A partial termination vests nobody who stays.
    """
    begun = [each for each in employment if each.hired_on <= on]
    here = census.employed_on(begun, on)
    until_now = [replace(each, terminated_on=on, left_by=None) if on in each else each for each in begun]
    if here:
        endings = [each for each in endings if each.kind in _OF_EVERYBODY]
    last = list(leavings(until_now, spans=spans, on=on))[-1:]
    held = [by for each in last if (by := full_vesting(each, spans=spans, ages=ages, endings=endings)) is not None]
    # Who left before the plan ended and had not forfeited by then is vested by its end.
    return held[0] if held else _by_the_end(endings, on)


def ended_on(endings: Iterable[Ending]) -> date:
    """From which day on nobody forfeits anything; the last day there is while the plan goes on.

    Who had forfeited before that day, for five breaks or as deemed paid, is not affected by it.
    """
    return min((each.starts_on for each in endings if each.kind in _OF_EVERYBODY), default=date.max)


def normal_retirement(under: Iterable[plan.Vesting], ages: Ages, *, by: date) -> date | None:
    """The earliest day of normal retirement age under any of these terms, if there is one by a day (IRC 411(a)(8))."""
    if ages.born_on is None:
        return None
    found = []
    for each in under:
        own = each.normal_retirement
        if anniversary(ages.born_on, vesting_years.NORMAL_RETIREMENT_AGE if own is None else own.age) > by:
            continue
        day = vesting_years.normal_retirement_date(
            birth_date=ages.born_on,
            participates_from=ages.participates_from,
            plan_age=None if own is None else own.age,
            plan_years=0 if own is None else own.years,
        )
        found.append(day)
    return min((day for day in found if day <= by), default=None)


def lowest_age(spans: Iterable[plan.Span]) -> int:
    """The lowest normal retirement age that any terms have: below it the years of participation need not be known."""
    own = [each.provisions.vesting.normal_retirement for each in spans]
    return min((each.age for each in own if each is not None), default=vesting_years.NORMAL_RETIREMENT_AGE)


def _early(vesting: plan.Vesting, leaving: Leaving, ages: Ages) -> bool:
    asked = vesting.early_retirement
    if asked is None or ages.born_on is None:
        return False
    return anniversary(ages.born_on, asked.age) <= leaving.left_on and leaving.years >= asked.years


def _by_the_end(endings: Sequence[Ending], on: date) -> FullyVestedBy | None:
    first = min((each for each in endings if each.kind in _OF_EVERYBODY), key=lambda each: each.starts_on, default=None)
    return None if first is None or first.starts_on > on else FullyVestedBy(first.kind.value)
