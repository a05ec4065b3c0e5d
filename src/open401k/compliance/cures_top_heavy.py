"""What a top-heavy plan can do (IRC 416): pay the minimum, stay below 60 %, be exempt. Not here: the test (law)."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from open401k import law
from open401k.kernel import Money, day_of

from .cure_case import WHOLE, Case, at_year_end, day_text, not_available, outcome_after, rates_now
from .cures_priced import VESTED, given, minimum, nonelective
from .measures import owed_as_top_heavy
from .results import CostItem, Cure, CureKind, Effect, Standing
from .simulation import Intervention

_SURE_ENOUGH = 0.90


def top_heavy_cures(case: Case) -> list[Cure]:
    """For this year the minimum, or the safe harbor that meets it; for the next one to stay below, or to be exempt."""
    return [_minimum(case), _safe_harbor_now(case), _lower_keys(case), _safe_harbor_next(case)]


def _minimum(case: Case) -> Cure:
    """What the plan owes for this year, at the median year-end."""
    kind, title = CureKind.TOP_HEAVY_MINIMUM, "Contribute the top-heavy minimum"
    if not owed_as_top_heavy(case.today):
        return not_available(case, kind, title, "The plan is not top-heavy for this year: nothing is owed for it.")
    owed = minimum(case)
    total = owed.cents
    if not total:
        return not_available(case, kind, title, "What is contributed anyway meets the minimum (IRC 416(c)(2)).")
    last = case.facts.plan_year.last_day
    # Who gets it is settled on the last day; that it is owed does not end then, nor is it anybody's choice.
    over = day_of(case.facts.known_at) > last
    count, rate = int((owed.amounts > 0).sum()), law.explain.percent(owed.rate_bps)
    return Cure(
        kind=kind, test=case.measure.test, title=title, standing=Standing.PERMITTED, reason="",
        employer_cost_cents=total,
        cost=(CostItem(f"Minimum of {rate} of pay, less match and nonelective given", total),),
        effects=given(case, owed.amounts, "receives {}, as top-heavy minimum"),
        decide_by=None if over else last, effective_on=last, notices=(),
        decided_by="the sponsor; the plan owes it (IRC 416(c)(2))",
        median_after=None, limit_after=None, pass_probability_bps=WHOLE,
        explanation=(
            f"{count} employees who are not key and {'were' if over else 'are'} employed on {day_text(last)} are "
            f"short of {rate} of pay; match counts toward it, their own savings do not. {at_year_end(case)} "
            f"{Money(total)} is owed, deductible for the year if paid by the due date of the sponsor's tax return, "
            f"extensions included (IRC 404(a)(6))."
        ),
    )  # fmt: skip


def _safe_harbor_now(case: Case) -> Cure:
    """The 3 % nonelective of this year meets the minimum and ends the ADP test."""
    kind, title = CureKind.SAFE_HARBOR_3, "Safe harbor nonelective of 3 % for this year"
    offer = law.safe_harbor.adoptions(case.facts.plan_year)[0]
    if not owed_as_top_heavy(case.today):
        return not_available(case, kind, title, "The plan is not top-heavy for this year: nothing is owed for it.")
    if case.facts.provisions.safe_harbor.value != "none":
        return not_available(case, kind, title, "The plan has a safe harbor design already.")
    if case.facts.as_of > offer.last_day:
        return not_available(
            case, kind, title, f"The amendment had to be adopted by {day_text(offer.last_day)} ({offer.cite})."
        )
    price = nonelective(case, offer.rate_bps)
    left = price.still_owed_cents
    return Cure(
        kind=kind, test=case.measure.test, title=title, standing=Standing.NEEDS_AMENDMENT,
        reason=f"Amend the plan by {day_text(offer.last_day)} ({offer.cite}).",
        employer_cost_cents=price.cents, cost=price.cost, effects=given(case, price.amounts, VESTED),
        decide_by=offer.last_day, effective_on=case.facts.plan_year.start,
        notices=("A summary of material modifications.",),
        decided_by="the sponsor",
        median_after=None, limit_after=None, pass_probability_bps=WHOLE,
        explanation=(
            f"It meets the minimum {'but for ' + str(Money(left)) if left else 'whole'}, and the ADP test of the year "
            f"is deemed passed as well (IRC 401(k)(12)), so the owners need not save less."
        ),
    )  # fmt: skip


def _lower_keys(case: Case) -> Cure:
    """Less deferred by the key employees for the rest of the year, so that the balances end below 60 %."""
    kind, title = CureKind.LOWER_KEY_DEFERRALS, "The key employees defer less, for next year's sake"
    if case.effective_on is None:
        return not_available(case, kind, title, "No pay date is left on which elections could still change.")
    rates, on = rates_now(case), case.effective_on
    keys = case.today.is_key & case.today.here & (rates > 0)

    def none() -> Intervention:
        return Intervention(on, np.where(keys, 0, -1))

    after = case.after(none()) if keys.any() else case.ends
    if case.passes(case.ends) >= _SURE_ENOUGH:
        return not_available(case, kind, title, "The plan is not expected to be top-heavy next year.")
    if case.passes(after) < _SURE_ENOUGH:
        return not_available(
            case, kind, title, "Even without any further deferrals of theirs the plan would be top-heavy next year."
        )
    low, high = 0, int(rates[keys].max())
    while low < high:
        middle = (low + high + 1) // 2
        capped = case.after(Intervention(on, np.where(keys, np.minimum(rates, middle), -1)))
        low, high = (middle, high) if case.passes(capped) >= _SURE_ENOUGH else (low, middle - 1)
    after = case.after(Intervention(on, np.where(keys, np.minimum(rates, low), -1)))
    change = np.rint(np.median(np.atleast_2d(after.deferrals - case.ends.deferrals), axis=0)).astype(np.int64)
    saved = min(int(np.rint(np.median(np.atleast_2d(after.match - case.ends.match), axis=0)).sum()), 0)
    measured, limit, passes = outcome_after(case, after)
    kept = law.explain.percent(low)
    return Cure(
        kind=kind, test=case.measure.test, title=title, standing=Standing.PERMITTED, reason="",
        employer_cost_cents=saved, cost=(CostItem("Match on the deferrals not made", saved),) if saved else (),
        effects=tuple(
            Effect(i, case.facts.labels[i], f"{law.explain.percent(now)} of pay becomes {kept}", cents, low)
            for i, (now, cents) in enumerate(zip(rates.tolist(), change.tolist(), strict=False))
            if keys[i] and now > low
        ),
        decide_by=max(case.facts.as_of, on - timedelta(days=7)), effective_on=on,
        notices=("Tell each of them before the pay date; no notice is prescribed.",),
        decided_by="each key employee",
        median_after=measured, limit_after=limit, pass_probability_bps=passes,
        explanation=(
            f"From {day_text(on)} on at most {law.explain.percent(low)} of pay. Their part of the balances then ends "
            f"near {law.explain.percent(measured)}, and the plan is not top-heavy next year."
        ),
    )  # fmt: skip


def _safe_harbor_next(case: Case) -> Cure:
    """From next year on only deferrals and safe harbor contributions: exempt (IRC 416(g)(4)(H))."""
    kind, title = CureKind.SAFE_HARBOR_NEXT_YEAR, "Safe harbor plan from next year on"
    facts = case.facts
    last = facts.plan_year.last_day
    if facts.provisions.safe_harbor.value != "none":
        return not_available(case, kind, title, "The plan has a safe harbor design already.")
    if facts.as_of > last:
        return not_available(case, kind, title, "The next year has begun.")
    if case.passes(case.ends) >= _SURE_ENOUGH:
        return not_available(case, kind, title, "The plan is not expected to be top-heavy next year.")
    amounts = nonelective(case, law.safe_harbor.adoptions(facts.plan_year)[0].rate_bps).amounts
    total, instead = int(amounts.sum()), minimum(case).cents
    return Cure(
        kind=kind, test=case.measure.test, title=title, standing=Standing.NEEDS_AMENDMENT,
        reason=f"Amend the plan by {day_text(last)}, for the year that follows.",
        employer_cost_cents=total - instead,
        cost=(
            CostItem("3 % of a year's pay, as paid this year", total),
            CostItem("Top-heavy minimum no longer owed", -instead, "as it would be owed on this year's pay"),
        ),
        effects=given(case, amounts, "would receive {} a year, vested at once"),
        decide_by=last, effective_on=facts.plan_year.end,
        notices=("A summary of material modifications; no safe harbor notice for a nonelective.",),
        decided_by="the sponsor",
        median_after=None, limit_after=None, pass_probability_bps=WHOLE,
        explanation=(
            "A plan of deferrals and safe harbor contributions alone, with no other match or nonelective, is never "
            "top-heavy (IRC 416(g)(4)(H)), and passes the ADP test each year. A match beyond the limits of 401(m)(11) "
            "would end that. The cost is a year's, on this year's pay."
        ),
    )  # fmt: skip
