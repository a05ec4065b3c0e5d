"""The figures of one plan year as every test reads them: for the facts, and for thousands of simulated years alike.

The tests of today and the projection go through these same functions, and these call only ``law``. Not here: status
and explanation (registry.py), simulation (simulation.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from open401k import law
from open401k.kernel import CalendarYear, PlanYear
from open401k.law.nondiscrimination import RatioScenarios

from .facts import Cents, Flags, PlanFacts, PriorRatios


@dataclass(frozen=True, slots=True, eq=False)
class Year:
    """One plan year, people on the last axis; leading axes, where there are any, are simulated year-ends."""

    plan_year: PlanYear
    calendar_year: CalendarYear
    compensation: Cents
    section_415: Cents
    deferrals: Cents
    calendar_deferrals: Cents
    elected: Cents
    """Deferrals of the calendar year as elections ask for them, where nobody has stopped them at a limit."""
    after_tax: Cents
    match: Cents
    nonelective: Cents
    qnec: Cents
    eligible: Flags
    class_excluded: Flags
    is_hce: Flags
    is_key: Flags
    ages: Cents
    roth_required: Flags
    balances: Cents
    """At the top-heavy determination date."""
    roth: Cents
    """Designated Roth deferrals of the calendar year so far."""
    here: Flags
    """Employed on the last day (of a simulated year: its end)."""
    served_before: Flags
    """Worked in the year that ends on the determination date."""
    has_match: bool
    match_tiers: tuple[tuple[int, int], ...]
    nonelective_bps: int
    safe_harbor: str
    plan_has_roth: bool
    catch_up: bool
    higher_catch_up: bool
    max_bps_of_pay: int | None
    prior_adp_bps: int | None
    prior_acp_bps: int | None

    def counted_pay(self) -> Cents:
        """Plan compensation under the 401(a)(17) limit."""
        return law.compensation.capped(self.compensation, law.compensation.annual_cap(self.plan_year))

    def deferral_limits(self) -> law.deferrals.DeferralLimits:
        """402(g), the plan's own limit, and catch-up, per person."""
        own = None if self.max_bps_of_pay is None else self.compensation * self.max_bps_of_pay // 10_000
        return law.deferrals.deferral_limits(
            self.ages,
            self.calendar_year,
            plan_allows_catch_up=self.catch_up,
            higher_60_to_63=self.higher_catch_up,
            roth_required=self.roth_required,
            plan_has_roth=self.plan_has_roth,
            plan_limit=own,
        )

    def split(self) -> law.deferrals.DeferralSplit:
        """Deferrals of the calendar year as regular, catch-up and excess."""
        return law.deferrals.split(self.calendar_deferrals, self.deferral_limits())

    def adp_contributions(self) -> Cents:
        """Numerators of the ADP ratios."""
        split = self.split()
        return law.nondiscrimination.adp_numerator(
            deferrals=self.deferrals,
            catch_up=np.minimum(split.catch_up, self.deferrals),
            over_401a30=np.minimum(split.excess, self.deferrals),
            qualified=self.qnec,
            is_hce=self.is_hce,
        )

    def acp_contributions(self) -> Cents:
        """Numerators of the ACP ratios: match and after-tax (QNEC counts in the ADP test, and so not here)."""
        return self.match + self.after_tax

    def adp(self) -> RatioScenarios:
        """The ADP test of every year-end."""
        return law.nondiscrimination.ratio_scenarios(
            contributions=self.adp_contributions(),
            compensation=self.counted_pay(),
            is_hce=self.is_hce,
            eligible=self.eligible,
            prior_year_nhce_average=self.prior_adp_bps,
        )

    def acp(self) -> RatioScenarios:
        """The ACP test of every year-end."""
        return law.nondiscrimination.ratio_scenarios(
            contributions=self.acp_contributions(),
            compensation=self.counted_pay(),
            is_hce=self.is_hce,
            eligible=self.eligible,
            prior_year_nhce_average=self.prior_acp_bps,
        )


def year_of(facts: PlanFacts, *, is_hce: Flags, is_key: Flags) -> Year:
    """The year to date, as the facts have it."""
    provisions = facts.provisions
    births = np.array([born.year if born else 0 for born in facts.birth_dates], dtype=np.int64)
    prior = _prior(facts)
    return Year(
        plan_year=facts.plan_year,
        calendar_year=facts.calendar_year,
        compensation=facts.compensation,
        section_415=facts.section_415,
        deferrals=facts.deferrals,
        calendar_deferrals=facts.calendar_deferrals,
        elected=facts.calendar_deferrals,
        after_tax=facts.after_tax,
        match=facts.match,
        nonelective=facts.nonelective,
        qnec=facts.qnec,
        eligible=facts.eligible,
        class_excluded=facts.class_excluded,
        is_hce=is_hce,
        is_key=is_key,
        ages=law.deferrals.ages_at_year_end(births, facts.calendar_year),
        roth_required=law.deferrals.roth_catch_up_required(facts.fica_prior, facts.calendar_year),
        balances=facts.balances_at_determination,
        roth=facts.calendar_roth,
        here=np.array([any(e.terminated_on is None for e in spans) for spans in facts.employment], dtype=np.bool_),
        served_before=_served_before(facts),
        has_match=provisions.match is not None,
        match_tiers=() if provisions.match is None else tuple((t[0], t[1]) for t in provisions.match.tiers),
        nonelective_bps=0 if provisions.nonelective is None else provisions.nonelective.rate_bps,
        safe_harbor=provisions.safe_harbor.value,
        plan_has_roth=any(source.value == "roth" for source in provisions.deferrals.sources),
        catch_up=provisions.deferrals.catch_up,
        higher_catch_up=provisions.deferrals.higher_catch_up_60_63,
        max_bps_of_pay=provisions.deferrals.max_bps_of_pay,
        prior_adp_bps=None if prior is None else prior.adp_bps,
        prior_acp_bps=None if prior is None else prior.acp_bps,
    )


def _prior(facts: PlanFacts) -> PriorRatios | None:
    """Last year's averages, where the plan is tested by them; 3 % in its first year (IRC 401(k)(3)(E))."""
    if facts.provisions.testing.method.value != "prior_year":
        return None
    return PriorRatios(300, 300) if facts.first_plan_year else facts.prior_ratios


def _served_before(facts: PlanFacts) -> Flags:
    """Whose employment touches the year that ends on the determination date."""
    span = facts.plan_year if facts.first_plan_year else facts.plan_year.previous()
    return np.array(
        [
            any(e.hired_on < span.end and (e.terminated_on is None or e.terminated_on >= span.start) for e in spans)
            for spans in facts.employment
        ],
        dtype=np.bool_,
    )


def with_qnec(year: Year, qnec: Cents) -> Year:
    """The same year with a qualified nonelective contribution on top."""
    return replace(year, qnec=year.qnec + qnec)
