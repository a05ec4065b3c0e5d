"""What of a year's deferrals is catch-up, and how catch-up that had to be Roth is put right (IRC 414(v)).

Not here: limits by age and who must make it as Roth (deferrals.py); one person's excess over several employers
(excess_deferrals.py); the last day of the two Roth corrections, which depends on the limit that was exceeded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

import numpy as np

from ..kernel import CalendarYear, half_up
from . import deadlines, figures
from .arrays import Cents
from .deferrals import FIRST_ROTH_CATCH_UP_YEAR
from .given import ImpossibleInput, check_facts

_WHOLE = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class CatchUp:
    """Per employee a year's deferrals: below every limit, catch-up by a limit or by the ADP test, and what is neither.

    ``over`` must leave under the rule of the limit that it exceeds.
    """

    regular: Cents
    by_limits: Cents
    by_adp: Cents
    over: Cents
    limit: Cents

    @property
    def total(self) -> Cents:
        return self.by_limits + self.by_adp


class RothCorrection(StrEnum):
    """How pre-tax catch-up that had to be Roth is put right."""

    NOT_NEEDED = "not_needed"
    W2 = "transfer_to_roth_and_on_form_w2"
    IN_PLAN_ROLLOVER = "in_plan_roth_rollover_on_form_1099r"
    DISTRIBUTION = "distribution_on_form_1099r"


class RothCorrectionBar(StrEnum):
    """Why the two methods that keep the money in the plan are not open. Listed in order of precedence."""

    NO_ROTH_IN_PLAN = "plan_without_roth"
    NO_DEEMED_ELECTION = "plan_without_deemed_roth_election"
    NO_PROCEDURES = "no_practices_and_procedures"
    W2_ALREADY_OUT = "form_w2_filed_or_furnished"


@dataclass(frozen=True, slots=True)
class RothOption:
    """One lawful way: in which year what is taxed, and on which form; income taxed apart when it is paid."""

    method: RothCorrection
    moved_cents: int
    taxed_in: CalendarYear | None
    taxed_cents: int
    form: str
    income_taxed_when_paid_cents: int = 0


@dataclass(frozen=True, slots=True)
class RothCorrections:
    """Every way that is open, the first being the earliest taxed; and what bars the others."""

    options: tuple[RothOption, ...]
    bars: tuple[RothCorrectionBar, ...]


def catch_up_of_year(
    *,
    deferrals: Cents,
    deferral_limit: Cents,
    catch_up_limit: Cents,
    section_415_compensation: Cents,
    over_415: Cents | None = None,
    adp_excess: Cents | None = None,
    used_elsewhere: Cents | None = None,
) -> CatchUp:
    """What is catch-up when the year is over (IRC 414(v)(2)(A), (3); Reg. 1.414(v)-1(b), (c)).

    ``deferral_limit`` is the lower of 402(g) and the plan's own limit of the year (:func:`limit_of_parts`); a deferral
    over two limits is over once. ``over_415`` is what of the deferrals exceeds 415(c), ``adp_excess`` the excess
    contributions that the ADP test attributes: they come last. Catch-up is at most the amount of the age, less what
    another plan of the employer used ((f)), and never more than 415(c)(3) pay leaves beyond the other deferrals
    ((c)(1)). All zero for who is not 50 by the end of the year.
    """
    check_facts(locals())
    zero = np.zeros_like(deferrals)
    over = np.maximum(deferrals - deferral_limit, 0 if over_415 is None else over_415)
    over = np.clip(over, 0, deferrals)
    pay_left = np.maximum(section_415_compensation - (deferrals - over), 0)
    limit = np.maximum(catch_up_limit - (zero if used_elsewhere is None else used_elsewhere), 0)
    by_limits = np.minimum(over, np.minimum(limit, pay_left))
    excess = np.minimum(zero if adp_excess is None else adp_excess, deferrals - over)
    # Recharacterized deferrals are within pay already: only the dollar amount can run out.
    by_adp = np.minimum(excess, limit - by_limits)
    return CatchUp(
        regular=deferrals - over - by_adp, by_limits=by_limits, by_adp=by_adp, over=over - by_limits, limit=limit
    )


def limit_of_parts(*, limits_bps: Sequence[int], pay_of_parts_cents: Sequence[int]) -> int:
    """A plan's own limit where it changes in the year: the sum of the dollar limits of the parts.

    Reg. 1.414(v)-1(b)(2)(i)(A); the parts may be payroll periods.
    """
    check_facts(locals())
    _same_length(limits_bps, pay_of_parts_cents)
    return sum(half_up(Fraction(pay * bps, _WHOLE)) for bps, pay in zip(limits_bps, pay_of_parts_cents, strict=True))


def time_weighted_limit(*, limits_bps: Sequence[int], months: Sequence[int], compensation_cents: int) -> int:
    """The other way that a plan may count it: the limits' average weighted by time, of the pay of the year.

    Reg. 1.414(v)-1(b)(2)(i)(B)(1); months or days, as long as all are the same. ``compensation_cents`` is pay of the
    plan year, or that of the ADP test where the plan says so ((B)(2)).
    """
    check_facts(locals())
    _same_length(limits_bps, months)
    if not sum(months):
        raise ImpossibleInput("months", "the parts of a year have a length")
    weighted = sum(bps * length for bps, length in zip(limits_bps, months, strict=True))
    return half_up(Fraction(weighted * compensation_cents, sum(months) * _WHOLE))


def roth_corrections(
    *,
    pre_tax_cents: int,
    earnings_cents: int,
    year: CalendarYear,
    corrected_on: date,
    plan_has_roth: bool,
    plan_deems_roth_election: bool,
    practices_and_procedures: bool,
    w2_filed_or_furnished_on: date | None,
    shown_only_by_a_later_w2: bool = False,
    over_the_402g_limit: bool = False,
) -> RothCorrections:
    """How pre-tax catch-up of somebody who had to make it as Roth can be put right (Reg. 1.414(v)-2(c), TD 10033).

    Not more than $250, or known only from a W-2 corrected after the deadline: nothing is done ((c)(4)). Else it is
    paid out, or kept as Roth where the plan deems a Roth election, with an effective opportunity to elect otherwise,
    and has practices and procedures ((c)(3)): on the W-2 of the year, without the earnings, until that is filed or
    furnished; or by an in-plan rollover, amount and earnings taxed in the year of the rollover. Applies from 2026.
    ``over_the_402g_limit``: the catch-up is above that limit, so that a payment by April 15 leaves the amount in the
    income of the year of deferral, and only its earnings in that of the payment (IRC 402(g)(2)(C)).
    """
    check_facts(locals())
    if year.year < FIRST_ROTH_CATCH_UP_YEAR or corrected_on < year.start:
        raise ImpossibleInput(
            "year, corrected_on", f"Roth catch-up is required from 2026; {corrected_on} is before {year}"
        )
    de_minimis = pre_tax_cents <= figures.cents("roth_catchup_de_minimis", year)
    if de_minimis or shown_only_by_a_later_w2:
        return RothCorrections((RothOption(RothCorrection.NOT_NEEDED, 0, None, 0, "none"),), ())
    w2_out = w2_filed_or_furnished_on is not None and corrected_on >= w2_filed_or_furnished_on
    why = (
        (not plan_has_roth, RothCorrectionBar.NO_ROTH_IN_PLAN),
        (not plan_deems_roth_election, RothCorrectionBar.NO_DEEMED_ELECTION),
        (not practices_and_procedures, RothCorrectionBar.NO_PROCEDURES),
        (w2_out, RothCorrectionBar.W2_ALREADY_OUT),
    )
    bars = tuple(bar for there, bar in why if there)
    both, then = pre_tax_cents + earnings_cents, CalendarYear(corrected_on.year)
    options = [RothOption(RothCorrection.DISTRIBUTION, both, then, both, "1099-R")]
    if over_the_402g_limit and corrected_on <= deadlines.excess_deferral_deadlines(year).return_by:
        options = [RothOption(RothCorrection.DISTRIBUTION, both, year, pre_tax_cents, "1099-R", max(earnings_cents, 0))]
    if not set(bars) - {RothCorrectionBar.W2_ALREADY_OUT}:
        options.insert(0, RothOption(RothCorrection.IN_PLAN_ROLLOVER, both, then, both, "1099-R"))
        if not w2_out:
            options.insert(0, RothOption(RothCorrection.W2, both, year, pre_tax_cents, "W-2"))
    return RothCorrections(tuple(options), bars)


def _same_length(limits: Sequence[int], parts: Sequence[int]) -> None:
    if len(limits) != len(parts) or not limits:
        raise ImpossibleInput("limits_bps", f"{len(limits)} limits for {len(parts)} parts of the year")
