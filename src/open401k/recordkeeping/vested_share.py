"""The vested share by service, through every schedule that somebody was employed under. Pure.

Not here: what vests in full whatever the schedule says (full_vesting.py), what is forfeited (forfeited.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from open401k import plan
from open401k.kernel import Source
from open401k.law import vesting as law

from .leaving import Leaving, Under

_WHOLE = 100


@dataclass(frozen=True, slots=True)
class Credit:
    """What one source of a person gained or lost on a day, forfeitures left out."""

    source: Source
    on: date
    cents: int


def vested_percent(
    source: Source, credited_on: date, *, held_since: date, leaving: Leaving, spans: Sequence[plan.Span]
) -> int:
    """What is vested of money that came on a day, where the source had money since ``held_since``.

    By the schedule in force at the end of employment. An earlier one counts where the source was given by it or had
    money under it: a source that the amendment added was never vested by what was said before it (IRC 411(a)(10)(A)
    compares percentages of the same accrued benefit). Where it counts, money from before the amendment keeps the better
    of both schedules (Reg. 1.411(d)-3(a)(3)); so does later money of whoever has three years of service by the end of
    the election period, as if each had elected what is better for them (IRC 411(a)(10)(B)); later money of everybody
    else never falls below what was vested when the amendment took effect (IRC 411(a)(10)(A)).

    Who left before the plan was here is judged by its first terms.
    """
    if not leaving.under:
        return spans[0].provisions.vesting.of(source).percent_after(leaving.years) if spans else _WHOLE
    *earlier, last = leaving.under
    found = [last.terms.vesting.of(source).percent_after(leaving.years)]
    for each in earlier:
        if held_since >= each.end and not _gives(each, source):
            continue
        keeps = credited_on < each.end or each.years_to_elect >= law.ELECTION_YEARS
        found.append(each.terms.vesting.of(source).percent_after(leaving.years if keeps else each.years))
    return max(found)


def vested_percents(money: Sequence[Credit], leaving: Leaving, spans: Sequence[plan.Span]) -> dict[Credit, int]:
    """The vested percentage of each of these credits."""
    since: dict[Source, date] = {}
    for each in money:
        since[each.source] = min(each.on, since.get(each.source, each.on))
    return {
        each: vested_percent(each.source, each.on, held_since=since[each.source], leaving=leaving, spans=spans)
        for each in money
    }


def vested_fractions(money: Sequence[Credit], leaving: Leaving, spans: Sequence[plan.Span]) -> dict[Source, Fraction]:
    """The vested fraction of each source that these credits are of, each by its weight."""
    percents = vested_percents(money, leaving, spans)
    found = {}
    for source in {each.source for each in money}:
        mine = [each for each in money if each.source is source]
        of_source = {percents[each] for each in mine}
        total = sum(each.cents for each in mine)
        if len(of_source) == 1 or total <= 0:
            found[source] = Fraction(min(of_source), _WHOLE)
        else:
            weighed = Fraction(sum(each.cents * percents[each] for each in mine), total * _WHOLE)
            found[source] = min(max(weighed, Fraction(min(of_source), _WHOLE)), Fraction(max(of_source), _WHOLE))
    return found


def _gives(under: Under, source: Source) -> bool:
    """Whether the terms give the source, or say how it vests."""
    terms = under.terms
    given = {each.source for each in (terms.match, terms.nonelective) if each is not None}
    return source in given or source in terms.may_declare or source in dict(terms.vesting.schedules)
