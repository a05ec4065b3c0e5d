"""What each person should have received, per pay date and source: entitlement, pure. Not here: posting (posting.py).

Shapes: N people by K pay dates of one plan year and calendar year, in date order; amounts are int64 cents.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from open401k.kernel import CalendarYear, EmployeeId, PlanYear, Source
from open401k.law import compensation, deferrals, matching
from open401k.plan import Match, MatchPeriod, Provisions

Cents = NDArray[np.int64]
Flags = NDArray[np.bool_]


class HeldReason(StrEnum):
    """Why money that payroll withheld is not credited but waits in suspense. Listed in order of precedence."""

    NOT_ENTERED = "not_entered"
    SOURCE_NOT_PERMITTED = "source_not_permitted"
    OVER_LIMIT = "over_limit"
    CATCH_UP_MUST_BE_ROTH = "catch_up_must_be_roth"


@dataclass(frozen=True, slots=True)
class People:
    """N people: the day each entered the plan, age reached by year end, and who may catch up only as Roth."""

    employee_ids: tuple[EmployeeId, ...]
    entered_on: tuple[date | None, ...]
    age_at_year_end: NDArray[np.int64]
    roth_catch_up_only: Flags


@dataclass(frozen=True, slots=True)
class Pay:
    """N x K cents of what payroll reported: plan compensation and what was withheld."""

    pay_dates: tuple[date, ...]
    compensation: Cents
    pre_tax: Cents
    roth: Cents
    after_tax: Cents


@dataclass(frozen=True, slots=True)
class Opening:
    """N cents before the first of the pay dates: of the calendar year (deferrals) and of the plan year (the rest).

    ``compensation`` and ``matched_deferrals`` count from entry into the plan.
    """

    deferrals: Cents
    roth_deferrals: Cents
    compensation: Cents
    matched_deferrals: Cents
    match: Cents

    @classmethod
    def zero(cls, people: int) -> "Opening":
        """The first day of a year."""
        nothing = np.zeros(people, dtype=np.int64)
        return cls(nothing, nothing, nothing, nothing, nothing)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """N x K cents that should stand in the books, per source, and what is held back, per source and reason."""

    credited: Mapping[Source, Cents]
    held: Mapping[tuple[Source, HeldReason], Cents]
    counted_compensation: Cents


def entitle(provisions: Provisions, people: People, pay: Pay, opening: Opening) -> Entitlement:
    """Everything each person should have received for these pay dates, as the provisions and the law have it.

    Deferrals stop at 402(g) plus catch-up (IRC 402(g)(1), 414(v)); match and nonelective count compensation from entry
    up to 401(a)(17). The pay dates must lie in one calendar year and one plan year.
    """
    plan_year = provisions.plan_year_of(pay.pay_dates[0])
    entered = _entered(people, pay)
    accepted = _deferrals(provisions, people, pay, entered, opening)
    counted_pay = _counted_compensation(plan_year, pay, entered, opening)
    after_tax = _after_tax(provisions, pay, entered)
    credited: dict[Source, Cents] = {
        Source.PRE_TAX: accepted.pre_tax,
        Source.ROTH: accepted.roth,
        Source.AFTER_TAX: after_tax,
    }
    held = dict(accepted.held)
    _hold(held, Source.AFTER_TAX, HeldReason.SOURCE_NOT_PERMITTED, pay.after_tax - after_tax)
    if provisions.match is not None:
        matched = accepted.pre_tax + accepted.roth
        credited[provisions.match.source] = _match(provisions.match, plan_year, counted_pay, matched, opening)
    if provisions.nonelective is not None:
        credited[provisions.nonelective.source] = matching.nonelective(counted_pay, provisions.nonelective.rate_bps)
    return Entitlement(credited, held, counted_pay)


@dataclass(frozen=True, slots=True)
class _Deferrals:
    pre_tax: Cents
    roth: Cents
    held: dict[tuple[Source, HeldReason], Cents]


def _entered(people: People, pay: Pay) -> Flags:
    """N x K: who was a participant on each pay date."""
    never = date.max.toordinal()
    entered = np.array([never if day is None else day.toordinal() for day in people.entered_on], dtype=np.int64)
    dates = np.array([day.toordinal() for day in pay.pay_dates], dtype=np.int64)
    return entered[:, None] <= dates[None, :]


def _counted_compensation(plan_year: PlanYear, pay: Pay, entered: Flags, opening: Opening) -> Cents:
    """N x K: pay from entry on, as far as 401(a)(17) lets it count."""
    earned = np.where(entered, pay.compensation, 0)
    after = opening.compensation[:, None] + earned.cumsum(axis=1)
    return compensation.period_share(before=after - earned, period=earned, cap=compensation.annual_cap(plan_year))


def _deferrals(provisions: Provisions, people: People, pay: Pay, entered: Flags, opening: Opening) -> _Deferrals:
    """What of the withheld deferrals may be credited, and what is held and why, pay date by pay date."""
    permitted = provisions.deferrals.sources
    held: dict[tuple[Source, HeldReason], Cents] = {}
    wanted = {}
    for source, withheld in ((Source.PRE_TAX, pay.pre_tax), (Source.ROTH, pay.roth)):
        _hold(held, source, HeldReason.NOT_ENTERED, np.where(entered, 0, withheld))
        inside = np.where(entered, withheld, 0)
        if source not in permitted:
            _hold(held, source, HeldReason.SOURCE_NOT_PERMITTED, inside)
            inside = np.zeros_like(inside)
        wanted[source] = inside
    accepted = _accept(provisions, people, pay, wanted, opening)
    for (source, reason), cents in accepted.held.items():
        _hold(held, source, reason, cents)
    return _Deferrals(accepted.pre_tax, accepted.roth, held)


def _accept(
    provisions: Provisions, people: People, pay: Pay, wanted: Mapping[Source, Cents], opening: Opening
) -> _Deferrals:
    """Stop at the limits, pay date by pay date, by what was credited before (IRC 402(g), 401(a)(30), 414(v))."""
    columns: dict[str, list[Cents]] = {"pre_tax": [], "roth": [], "over_pre_tax": [], "over_roth": [], "must": []}
    before, roth_before = opening.deferrals, opening.roth_deferrals
    for period in range(len(pay.pay_dates)):
        taken = deferrals.accept_by_source(
            before=before,
            roth_before=roth_before,
            pre_tax=wanted[Source.PRE_TAX][:, period],
            roth=wanted[Source.ROTH][:, period],
            limits=_limits(provisions, people, pay, opening, period),
            roth_required=people.roth_catch_up_only,
        )
        pre_tax = taken.pre_tax - taken.must_be_roth
        before, roth_before = before + pre_tax + taken.roth, roth_before + taken.roth
        for name, cents in zip(
            columns, (pre_tax, taken.roth, taken.excess_pre_tax, taken.excess_roth, taken.must_be_roth), strict=True
        ):
            columns[name].append(cents)
    whole = {name: np.stack(cents, axis=1) for name, cents in columns.items()}
    return _Deferrals(
        whole["pre_tax"],
        whole["roth"],
        {
            (Source.PRE_TAX, HeldReason.OVER_LIMIT): whole["over_pre_tax"],
            (Source.ROTH, HeldReason.OVER_LIMIT): whole["over_roth"],
            (Source.PRE_TAX, HeldReason.CATCH_UP_MUST_BE_ROTH): whole["must"],
        },
    )


def _limits(
    provisions: Provisions, people: People, pay: Pay, opening: Opening, period: int
) -> deferrals.DeferralLimits:
    """402(g) and catch-up, and the plan's own share of pay to date where it is lower."""
    terms = provisions.deferrals
    plan_limit = None
    if terms.max_bps_of_pay is not None:
        paid = opening.compensation + pay.compensation[:, : period + 1].sum(axis=1)
        plan_limit = paid * terms.max_bps_of_pay // 10_000
    return deferrals.deferral_limits(
        people.age_at_year_end,
        CalendarYear(pay.pay_dates[0].year),
        plan_allows_catch_up=terms.catch_up,
        higher_60_to_63=terms.higher_catch_up_60_63,
        roth_required=people.roth_catch_up_only,
        plan_has_roth=Source.ROTH in terms.sources,
        plan_limit=plan_limit,
    )


def _after_tax(provisions: Provisions, pay: Pay, entered: Flags) -> Cents:
    if Source.AFTER_TAX not in provisions.deferrals.sources:
        return np.zeros_like(pay.after_tax)
    return np.where(entered, pay.after_tax, 0)


def _match(match: Match, plan_year: PlanYear, counted_pay: Cents, matched: Cents, opening: Opening) -> Cents:
    """N x K match: of each pay period by itself, or of the year to date less what the periods before had (true-up)."""
    formula = matching.MatchFormula.of(match.tiers)
    if match.period is MatchPeriod.PAY_PERIOD:
        each = matching.match(matched, counted_pay, formula)
        to_date = opening.match[:, None] + each.cumsum(axis=1)
    else:
        counted = compensation.capped(opening.compensation, compensation.annual_cap(plan_year))
        year_pay = counted[:, None] + counted_pay.cumsum(axis=1)
        year_deferrals = opening.matched_deferrals[:, None] + matched.cumsum(axis=1)
        to_date = matching.match(year_deferrals, year_pay, formula)
    if match.cap_cents is not None:
        to_date = np.minimum(to_date, match.cap_cents)
    before = np.concatenate([opening.match[:, None], to_date[:, :-1]], axis=1)
    each_period: Cents = to_date - before
    return each_period


def _hold(held: dict[tuple[Source, HeldReason], Cents], source: Source, reason: HeldReason, cents: Cents) -> None:
    if cents.any():
        held[source, reason] = held[source, reason] + cents if (source, reason) in held else cents
