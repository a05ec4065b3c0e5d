"""The year to date as the facts have it. Not here: what tests read of it (year.py), gathering facts (gather.py)."""

from __future__ import annotations

from typing import Any

import numpy as np

from open401k import law
from open401k.kernel import CalendarYear, Source
from open401k.law.deferrals import DeferralSplit
from open401k.plan import Provisions

from .elsewhere import elsewhere_of, top_heavy_group
from .facts import Cents, Flags, PlanFacts, PriorRatios, at_least_nothing
from .match_to_all import leaves_some_without
from .pay_fairness import fairness_of
from .year import Year


def year_of(facts: PlanFacts, *, is_hce: Flags, is_key: Flags) -> Year:
    """The year to date, as the facts have it; refused where the plan year begins in a year without figures."""
    law.compensation.annual_cap(facts.plan_year)
    provisions, prior, bands = facts.provisions, _prior(facts), _bands(facts.provisions)
    births = np.array([born.year if born else 0 for born in facts.birth_dates], dtype=np.int64)
    return Year(
        plan_year=facts.plan_year,
        calendar_year=facts.calendar_year,
        as_of=facts.as_of,
        compensation=at_least_nothing(facts.compensation),
        section_415=at_least_nothing(facts.section_415),
        deferrals=at_least_nothing(facts.deferrals),
        calendar_deferrals=facts.calendar_deferrals,
        calendar_before=facts.calendar_before,
        calendar_after=np.zeros_like(facts.calendar_deferrals),
        earlier=_earlier(facts, births),
        later=np.zeros_like(facts.calendar_deferrals),
        elected=facts.calendar_deferrals,
        after_tax=at_least_nothing(facts.after_tax),
        match=at_least_nothing(facts.match),
        nonelective=at_least_nothing(facts.nonelective),
        qnec=at_least_nothing(facts.qnec),
        **_eligible(facts),
        is_hce=is_hce,
        is_key=is_key,
        ages=law.deferrals.ages_at_year_end(births, facts.calendar_year),
        fica_prior=facts.fica_prior,
        balances=top_heavy_group(facts, is_key).balances if facts.others else facts.balances_at_determination,
        roth=facts.calendar_roth,
        here=np.array([any(e.terminated_on is None for e in spans) for spans in facts.employment], dtype=np.bool_),
        served_before=_served_before(facts),
        former_key=np.zeros_like(is_key) if facts.key_facts is None else facts.key_facts.formerly & ~is_key,
        has_match=provisions.match is not None or any(each.tiers for each in facts.declared),
        match_tiers=bands[0],
        match_by_service=bands[1:],
        match_leaves_some=leaves_some_without(facts, is_hce),
        declared=facts.declared,
        receiving=facts.receiving,
        loan_matched=facts.loan_matched,
        nonelective_bps=0 if provisions.nonelective is None else provisions.nonelective.rate_bps,
        safe_harbor=provisions.safe_harbor.value,
        gives_more_than_safe_harbor=_gives_more(facts),
        plan_has_roth=facts.plan_has_roth,
        **_of_terms(provisions),
        prior_adp_bps=None if prior is None else prior.adp_bps,
        prior_acp_bps=None if prior is None else prior.acp_bps,
        elsewhere=elsewhere_of(facts),
        corrective=facts.corrective,
        fairness=fairness_of(facts, is_hce),
    )


def _eligible(facts: PlanFacts) -> dict[str, Any]:
    return {
        "eligible": facts.tested,
        "class_excluded": facts.class_excluded,
        "in_match": facts.in_match,
        "in_nonelective": facts.in_nonelective,
        "match_kept_out": facts.match_kept_out,
        "nonelective_kept_out": facts.nonelective_kept_out,
    }


def _of_terms(provisions: Provisions) -> dict[str, Any]:
    return {
        "catch_up": provisions.deferrals.catch_up,
        "higher_catch_up": provisions.deferrals.higher_catch_up_60_63,
        "max_bps_of_pay": provisions.deferrals.max_bps_of_pay,
        "safe_harbor_hces": provisions.safe_harbor_hces,
    }


def _bands(provisions: Provisions) -> tuple[tuple[tuple[int, int], ...], ...]:
    """The tiers of the match by service, those of the first years first; one without tiers where there is no match."""
    if provisions.match is None:
        return ((),)
    return tuple(tuple((tier[0], tier[1]) for tier in tiers) for _, tiers in provisions.match.bands)


def _earlier(facts: PlanFacts, births: Cents) -> DeferralSplit:
    """Catch-up and excess of a plan year's dates in the calendar year before the one of the facts."""
    if facts.earlier is None:
        nothing = np.zeros_like(facts.calendar_deferrals)
        return DeferralSplit(nothing, nothing, nothing)
    year, terms = CalendarYear(facts.calendar_year.year - 1), facts.provisions.deferrals
    limits = law.deferrals.deferral_limits(
        law.deferrals.ages_at_year_end(births, year),
        year,
        plan_allows_catch_up=terms.catch_up,
        higher_60_to_63=terms.higher_catch_up_60_63,
        roth_required=law.deferrals.roth_catch_up_required(facts.earlier.fica_prior, year),
        plan_has_roth=facts.plan_has_roth,
    )
    inside = facts.deferrals - facts.calendar_deferrals
    before, after = (
        law.deferrals.split(made, limits) for made in (facts.earlier.deferrals, facts.earlier.deferrals + inside)
    )
    return DeferralSplit(after.regular - before.regular, after.catch_up - before.catch_up, after.excess - before.excess)


def _prior(facts: PlanFacts) -> PriorRatios | None:
    """Last year's averages, where the plan is tested by them."""
    if not facts.by_prior_year:
        return None
    first = law.prior_year.FIRST_YEAR_NHCE_AVERAGE
    return PriorRatios(first, first) if facts.first_year_average else facts.prior_ratios


def _gives_more(facts: PlanFacts) -> bool:
    terms = facts.provisions.nonelective
    return facts.other_nonelective or (terms is not None and terms.source is not Source.SAFE_HARBOR_NONELECTIVE)


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
