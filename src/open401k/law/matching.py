"""Match (IRC 401(m)(4)(A)) and nonelective formulas on arrays of cents. Not here: eligibility, vesting, the tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from .arrays import Cents, Counts, half_up_quotient
from .given import ImpossibleInput, check_facts, check_fields

_WHOLE = 10_000
#: Forty million dollars of pay, hundred times the cap of 401(a)(17), and a match of 500 % are still exact in 64 bits.
_MOST_PAY_CENTS = 4_000_000_000
_HIGHEST_RATE_BPS = 50_000


@dataclass(frozen=True, slots=True)
class Tier:
    """``rate_bps`` of deferrals above the tier before, up to ``up_to_bps`` of pay (cumulative, so tiers stack)."""

    rate_bps: int
    up_to_bps: int

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class MatchFormula:
    """Stacked tiers and, where the plan has one, the most match of a year in cents."""

    tiers: tuple[Tier, ...]
    cap_cents: int | None = None

    def __post_init__(self) -> None:
        tops = [tier.up_to_bps for tier in self.tiers]
        if not tops or not tops[0] or tops != sorted(set(tops)):
            raise ImpossibleInput(
                "tiers", "tiers of a match go upward: each ends at a higher share of pay than the one before"
            )
        if tops[-1] > _WHOLE:
            raise ImpossibleInput("up_to_bps", f"{tops[-1]} is more than the whole of pay")
        if max(tier.rate_bps for tier in self.tiers) > _HIGHEST_RATE_BPS:
            raise ImpossibleInput("rate_bps", f"a match rate is not above {_HIGHEST_RATE_BPS}")
        check_fields(self)

    @classmethod
    def of(cls, tiers: Sequence[tuple[int, int]], cap_cents: int | None = None) -> "MatchFormula":
        """From pairs of (rate_bps, up_to_bps_of_pay), as provisions hold them."""
        return cls(tuple(Tier(*pair) for pair in tiers), cap_cents)


@dataclass(frozen=True, slots=True)
class ServiceBand:
    """The formula of who has at least so many whole years of service, up to those of the next band."""

    years: int
    formula: MatchFormula

    def __post_init__(self) -> None:
        check_fields(self)


def match(deferrals: Cents, compensation: Cents, formula: MatchFormula) -> Cents:
    """The match (IRC 401(m)(4)(A)) on these deferrals and this pay, to the cent, half-up once at the end.

    Pay under 401(a)(17). On one period's figures this is the match per pay period; on year-to-date figures it is the
    match of the year so far, and the difference to what was given is the true-up.

    >>> match(np.array([5_000]), np.array([100_000]), MatchFormula.of([(10_000, 300), (5_000, 500)])).tolist()
    [4000]
    """
    check_facts(locals(), signed=("deferrals", "compensation"), most=_MOST_PAY_CENTS)
    pay = np.maximum(compensation, 0)
    deferred = np.maximum(deferrals, 0) * _WHOLE
    total, bottom = np.zeros(np.broadcast(deferred, pay).shape, dtype=np.int64), 0
    for tier in formula.tiers:
        in_tier = np.clip(deferred - pay * bottom, 0, pay * (tier.up_to_bps - bottom))
        total = total + in_tier * tier.rate_bps
        bottom = tier.up_to_bps
    rounded = half_up_quotient(total, _WHOLE * _WHOLE)
    return rounded if formula.cap_cents is None else np.minimum(rounded, formula.cap_cents)


def match_by_service(
    *, deferrals: Cents, compensation: Cents, years_of_service: Counts, bands: tuple[ServiceBand, ...]
) -> Cents:
    """The match of each one's band of service; nothing below the first band (IRC 401(m)(4)(A)).

    Each rate is a right or feature of its own, which must be available without discrimination (Reg.
    1.401(a)(4)-4(e)(3)(iii)(G)).
    """
    check_facts(locals(), signed=("deferrals", "compensation"))
    starts = [band.years for band in bands]
    if not starts or starts != sorted(set(starts)):
        raise ImpossibleInput("bands", "bands of service go upward: each begins at more years than the one before")
    total = np.zeros(np.broadcast(deferrals, compensation, years_of_service).shape, dtype=np.int64)
    for band in bands:
        total = np.where(years_of_service >= band.years, match(deferrals, compensation, band.formula), total)
    return total


def match_still_due(
    *,
    match_to_date: Cents,
    matched_in_period: Cents,
    matched_before: Cents,
    cap_cents: int | None = None,
    cap_per_period_cents: int | None = None,
) -> Cents:
    """What the match of a period so far (IRC 401(m)(4)(A)) has more than was given of it, under both caps.

    ``matched_before`` is of the year, with what was given of the period. A cap of the year that was lowered takes
    nothing back that was earned before the period (IRC 411(d)(6)(A)).
    """
    check_facts(locals(), signed=("matched_in_period", "matched_before"))
    most = match_to_date if cap_per_period_cents is None else np.minimum(match_to_date, cap_per_period_cents)
    if cap_cents is not None:
        most = np.minimum(most, np.maximum(cap_cents - (matched_before - matched_in_period), 0))
    due: Cents = most - matched_in_period
    return due


def match_of_period(*, deferrals: Cents, compensation: Cents, matched_before: Cents, formula: MatchFormula) -> Cents:
    """The match of one pay period on that period alone; the cap of the year counts what was matched before."""
    check_facts(locals(), signed=("deferrals", "compensation", "matched_before"))
    alone = match(deferrals, compensation, formula)
    if formula.cap_cents is None:
        return alone
    return np.minimum(alone, np.maximum(formula.cap_cents - matched_before, 0))


def match_to_date(*, deferrals_to_date: Cents, compensation_to_date: Cents, formula: MatchFormula) -> Cents:
    """The match of the year so far under a formula that looks at the whole year."""
    check_facts(locals(), signed=("deferrals_to_date", "compensation_to_date"))
    return match(deferrals_to_date, compensation_to_date, formula)


def true_up(*, deferrals_of_year: Cents, compensation_of_year: Cents, matched: Cents, formula: MatchFormula) -> Cents:
    """What the formula of the whole year gives beyond what was matched per period; never takes match back."""
    check_facts(locals())
    missing: Cents = np.maximum(match(deferrals_of_year, compensation_of_year, formula) - matched, 0)
    return missing


def nonelective(compensation: Cents, rate_bps: int) -> Cents:
    """The same percentage of pay for everybody, to the cent, half-up; the design safe harbor of Reg.
    1.401(a)(4)-2(b)(2).
    """
    check_facts(locals(), signed=("compensation",), most=_MOST_PAY_CENTS)
    return half_up_quotient(np.maximum(compensation, 0) * rate_bps, _WHOLE)


def effective_rate_bps(formula: MatchFormula, deferral_bps: int) -> int:
    """Match as a share of pay, in basis points, for someone who defers this share of pay; half-up."""
    check_facts(locals())
    scale = 100_000
    plain = MatchFormula(formula.tiers)
    given = match(np.array([deferral_bps * scale]), np.array([_WHOLE * scale]), plain)
    return int(half_up_quotient(given, scale)[0])


def exact_rate(formula: MatchFormula, deferral_bps: int) -> Fraction:
    """Match as a share of pay, in basis points, unrounded: what is compared with the formula of a statute."""
    check_facts(locals())
    total, bottom = 0, 0
    for tier in formula.tiers:
        total += max(0, min(deferral_bps, tier.up_to_bps) - bottom) * tier.rate_bps
        bottom = tier.up_to_bps
    return Fraction(total, _WHOLE)
