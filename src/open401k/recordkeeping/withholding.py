"""What a paycheck should have had withheld: elections put to pay, within the limits of the year. Pure, in arrays.

Each source is rounded once, half up to the cent, over the percentages of regular pay and of bonuses together. Not
here: which election holds (elections.py), what became of the money (contributions.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from open401k.kernel import LimitationYear, Source
from open401k.law import additions, deferrals
from open401k.law.arrays import half_up_quotient
from open401k.plan import ElectionTerms, Provisions

from .additions_limit import take_above
from .contributions import Cents, Flags, PayOfDate, People, YearToDate, entered_by, limits_on
from .elections import SOURCES, Elected, Part, Slot

_WHOLE = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Withholding:
    """N cents by source, and what became of the rest of what the elections ask for.

    ``asked`` is before any limit; ``to_catch_up`` is in ``cents`` and above the regular limit; ``to_after_tax`` went on
    there; ``to_roth`` is catch-up that had to be Roth; ``stopped`` is withheld nowhere.
    """

    cents: Mapping[Source, Cents]
    asked: Mapping[Source, Cents]
    to_catch_up: Cents
    to_after_tax: Cents
    to_roth: Cents
    stopped: Cents

    @property
    def total(self) -> Cents:
        """All sources together."""
        return sum(self.cents.values(), np.zeros_like(self.stopped))


def withheld_as_elected(
    provisions: Provisions,
    *,
    people: People,
    pay: PayOfDate,
    bonus: Cents,
    elected: Elected,
    before: YearToDate,
    employer: Cents | None = None,
) -> Withholding:
    """What each of these people should have had withheld on a pay date, by their elections.

    ``bonus`` is the part of ``pay.compensation`` that came under the plan's bonus codes; ``employer`` is what the
    employer adds for the pay date, which fills the limit of 415(c) too. Deferrals stop at 402(g) and the plan's own
    limit, go on as catch-up (414(v)) and as after-tax contributions as far as the plan provides, and catch-up that must
    be Roth is (414(v)(7); Reg. 1.414(v)-2(a)(2), a deemed election) or is not withheld.
    """
    terms = provisions.elections or ElectionTerms()
    entered = entered_by(people, pay.on) & ~pay.kept_out & ~pay.left_long_ago
    asked = {source: np.where(entered, cents, 0) for source, cents in _asked(elected, pay.compensation, bonus).items()}
    limits = _limits(provisions, terms, people, pay, before, elected)
    taken = deferrals.accept_by_source(
        before=before.deferrals,
        roth_before=before.roth_deferrals,
        pre_tax=asked[Source.PRE_TAX],
        roth=asked[Source.ROTH],
        limits=limits,
        roth_required=people.roth_catch_up_only,
    )
    deemed = terms.deemed_roth_catch_up and Source.ROTH in provisions.deferrals.sources
    to_roth = taken.must_be_roth if deemed else np.zeros_like(taken.must_be_roth)
    excess = np.maximum(taken.excess_pre_tax + taken.excess_roth, 0)
    to_after_tax = excess if terms.spill_over.to_after_tax else np.zeros_like(excess)
    cents = {
        Source.PRE_TAX: taken.pre_tax - taken.must_be_roth,
        Source.ROTH: taken.roth + to_roth,
        Source.AFTER_TAX: asked[Source.AFTER_TAX] + to_after_tax,
    }
    over = _within_additions(provisions, pay, limits, before, cents, employer, people.roth_catch_up_only)
    return Withholding(
        cents=cents,
        asked=asked,
        to_catch_up=taken.catch_up,
        to_after_tax=to_after_tax,
        to_roth=to_roth,
        stopped=excess - to_after_tax + taken.must_be_roth - to_roth + over,
    )


def as_elected(
    provisions: Provisions,
    people: People,
    pay: PayOfDate,
    bonus: Cents | int,
    elected: Elected,
    before: YearToDate,
    credited: Mapping[Source, Cents],
) -> Withholding:
    """The same beside what the books credit for the pay date, of which the employer's part fills 415(c) too."""
    nothing = np.zeros_like(pay.compensation)
    employer = sum((cents for source, cents in credited.items() if not source.from_employee), nothing)
    found = withheld_as_elected(
        provisions,
        people=people,
        pay=pay,
        bonus=nothing + bonus,
        elected=elected,
        before=before,
        employer=employer,
    )
    return _split_as_sent(found, people, pay)


def _split_as_sent(found: Withholding, people: People, pay: PayOfDate) -> Withholding:
    """Where a limit lets less through than was elected, the split of it that payroll made, if it is right in all.

    Nobody elected whether pre-tax or Roth stops first. Who may catch up only as Roth is left as the law has it.
    """
    pre_tax, roth = found.cents[Source.PRE_TAX], found.cents[Source.ROTH]
    asked_pre_tax, asked_roth = found.asked[Source.PRE_TAX], found.asked[Source.ROTH]
    as_sent = (pay.pre_tax + pay.roth == pre_tax + roth) & (asked_pre_tax + asked_roth > pre_tax + roth)
    as_sent &= (pay.pre_tax >= 0) & (pay.pre_tax <= asked_pre_tax) & (pay.roth >= 0) & (pay.roth <= asked_roth)
    as_sent &= ~people.roth_catch_up_only
    split = {
        Source.PRE_TAX: np.where(as_sent, pay.pre_tax, pre_tax),
        Source.ROTH: np.where(as_sent, pay.roth, roth),
    }
    return replace(found, cents={**found.cents, **split})


def _asked(elected: Elected, pay: Cents, bonus: Cents) -> dict[Source, Cents]:
    """Before any limit, by source: percentages of pay, amounts of a paycheck with pay, never more than the pay.

    Who has an election for bonuses, of whichever source, has bonuses under it alone.
    """
    apart = np.zeros(len(pay), dtype=np.bool_)
    for source in SOURCES:
        apart |= elected.of(Slot(source, Part.BONUS)).on_file
    of_bonus = np.where(apart, bonus, 0)
    regular = pay - of_bonus
    left = np.maximum(pay, 0)
    found: dict[Source, Cents] = {}
    for source in SOURCES:
        general, extra = elected.of(Slot(source)), elected.of(Slot(source, Part.BONUS))
        share = half_up_quotient(general.bps * regular + extra.bps * of_bonus, _WHOLE)
        whole = share + np.where(pay > 0, general.cents, 0) + np.where(of_bonus > 0, extra.cents, 0)
        if source.is_deferral:
            catch_up = elected.of(Slot(source, Part.CATCH_UP))
            whole = whole + half_up_quotient(catch_up.bps * pay, _WHOLE) + np.where(pay > 0, catch_up.cents, 0)
        found[source] = np.minimum(whole, left)
        left = left - np.maximum(found[source], 0)
    return found


def _limits(
    provisions: Provisions,
    terms: ElectionTerms,
    people: People,
    pay: PayOfDate,
    before: YearToDate,
    elected: Elected,
) -> deferrals.DeferralLimits:
    """The limits of the year, with catch-up only for whom an election goes on into it."""
    limits = limits_on(provisions, people, pay, before)
    if terms.catch_up_apart:
        mine = [elected.of(Slot(source, Part.CATCH_UP)) for source in SOURCES if source.is_deferral]
        wanted = sum((each.bps + each.cents for each in mine), np.zeros_like(limits.catch_up)) > 0
        return replace(limits, catch_up=np.where(wanted, limits.catch_up, 0))
    return limits if terms.spill_over.to_catch_up else replace(limits, catch_up=np.zeros_like(limits.catch_up))


def _within_additions(
    provisions: Provisions,
    pay: PayOfDate,
    limits: deferrals.DeferralLimits,
    before: YearToDate,
    cents: dict[Source, Cents],
    employer: Cents | None,
    roth_only: Flags,
) -> Cents:
    """Take what is over 415(c) out of ``cents``, in the order of the books, and tell how much that is."""
    year = provisions.plan_year_of(pay.on)
    most = additions.dollar_limit(LimitationYear(year.start, year.end), on=pay.on)
    together = dict(cents) if employer is None else {**cents, Source.NONELECTIVE: employer}
    above = take_above(most, limits, before.so_far, together, roth_only=roth_only)
    cents.update({source: together[source] for source in SOURCES})
    return sum(above.own.values(), np.zeros_like(before.deferrals))
