"""Cures before the year ends: elections that change, sized for nine in ten year-ends to pass. Not here: corrections."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np

from open401k import law
from open401k.kernel import Money

from .cure_case import Case, as_tested, not_available, outcome_after, rates_now, working
from .facts import Cents, Flags
from .results import CostItem, Cure, CureKind, Effect, Standing
from .simulation import Intervention

_SURE_ENOUGH = 0.90
_RATES = (300, 400, 500, 600, 800, 1_000, 1_500)


def lower_deferrals(case: Case) -> Cure:
    """The highest rate that the highly compensated may keep, from the first pay date on which it can change."""
    title = "The highly compensated defer less"
    kind = CureKind.LOWER_HCE_DEFERRALS
    if case.effective_on is None:
        return not_available(case, kind, title, "No pay date is left on which elections could still change.")
    rates = rates_now(case)
    hces = case.today.is_hce & as_tested(case, case.today).eligible & working(case) & (rates > 0)

    def capped(cap: int) -> Intervention:
        return Intervention(case.effective_on or case.facts.as_of, np.where(hces, np.minimum(rates, cap), -1))

    if not hces.any() or case.passes(case.after(capped(0))) < _SURE_ENOUGH:
        return not_available(
            case, kind, title, "Even without any further deferrals of theirs the test would fail: it comes too late."
        )
    cap = _largest(lambda bps: case.passes(case.after(capped(bps))) >= _SURE_ENOUGH, int(rates[hces].max()))
    after = case.after(capped(cap))
    change = _median_change(case.ends.deferrals, after.deferrals)
    measured, limit, passes = outcome_after(case, after)
    effects = _lowered(case, rates, cap, change, hces & (rates > cap))
    saved = int(_median_change(case.ends.match, after.match).sum())
    return Cure(
        kind=kind,
        test=case.measure.test,
        title=title,
        standing=Standing.PERMITTED,
        reason="",
        employer_cost_cents=min(saved, 0),
        cost=(CostItem("Match on the deferrals not made", min(saved, 0)),),
        effects=effects,
        decide_by=max(case.facts.as_of, case.effective_on - timedelta(days=7)),
        effective_on=case.effective_on,
        notices=("Tell each of them the new rate before the pay date; no notice is prescribed.",),
        decided_by="each highly compensated employee; the plan administrator where the plan lets it set a limit",
        median_after=measured,
        limit_after=limit,
        pass_probability_bps=passes,
        explanation=(
            f"From {case.effective_on:%B} {case.effective_on.day} on, at most {law.explain.percent(cap)} of pay. "
            f"The average of the highly compensated then ends near {law.explain.percent(measured)}, within "
            f"{law.explain.percent(limit)}. They give up {Money(-sum(e.cents for e in effects))} of deferrals."
        ),
    )


def _lowered(case: Case, rates: Cents, cap: int, change: Cents, who: Flags) -> tuple[Effect, ...]:
    return tuple(
        Effect(
            i,
            case.facts.labels[i],
            f"{law.explain.percent(int(rates[i]))} of pay becomes {law.explain.percent(min(int(rates[i]), cap))}",
            int(change[i]),
            min(int(rates[i]), cap),
        )
        for i in np.flatnonzero(who).tolist()
    )


def more_participation(case: Case) -> Cure:
    """How many others would have to save, and at which rate."""
    title = "More employees save"
    kind = CureKind.MORE_PARTICIPATION
    if case.prior_year:
        return not_available(case, kind, title, "The test looks at the others' average of last year, which is fixed.")
    if case.effective_on is None:
        return not_available(case, kind, title, "No pay date is left on which elections could still change.")
    rates = rates_now(case)
    able = as_tested(case, case.today).eligible & ~case.today.is_hce & working(case)
    found = _fewest_savers(case, rates, able)
    if found is None:
        return not_available(
            case,
            kind,
            title,
            "Even if everybody saved 15 % of pay from now on, the test would fail: it comes too late.",
        )
    chosen, rate = found
    after = case.after(_joined(case, rates, chosen, rate))
    added = _median_change(case.ends.deferrals, after.deferrals)
    match = int(_median_change(case.ends.match, after.match).sum())
    measured, limit, passes = outcome_after(case, after)
    return Cure(
        kind=kind,
        test=case.measure.test,
        title=title,
        standing=Standing.PERMITTED,
        reason="",
        employer_cost_cents=max(match, 0),
        cost=(CostItem("Match on the new deferrals", max(match, 0)),),
        effects=tuple(
            Effect(i, case.facts.labels[i], f"saves {law.explain.percent(rate)} of pay", int(added[i]), rate)
            for i in chosen
        ),
        decide_by=max(case.facts.as_of, case.effective_on - timedelta(days=7)),
        effective_on=case.effective_on,
        notices=("A reminder of the right to defer, with an election form; no notice is prescribed.",),
        decided_by="the employees themselves: it can be asked for, not ordered",
        median_after=measured,
        limit_after=limit,
        pass_probability_bps=passes,
        explanation=(
            f"{len(chosen)} more employees at {law.explain.percent(rate)} of pay from {case.effective_on:%B} "
            f"{case.effective_on.day} on lift the limit to about {law.explain.percent(limit)}."
        ),
    )


def _joined(case: Case, rates: Cents, chosen: list[int], rate: int) -> Intervention:
    ruled = np.full(len(rates), -1, dtype=np.int64)
    ruled[chosen] = np.maximum(rates[chosen], rate)
    return Intervention(case.effective_on or case.facts.as_of, ruled)


def _fewest_savers(case: Case, rates: Cents, able: Flags) -> tuple[list[int], int] | None:
    """The fewest people, lowest rates first, whose saving makes nine in ten year-ends pass, and their rate."""
    order = [int(i) for i in np.lexsort((case.today.compensation, rates)) if able[i]]
    for rate in _RATES:
        candidates = [i for i in order if rates[i] < rate]
        if not candidates:
            continue

        def enough(count: int, rate: int = rate, candidates: list[int] = candidates) -> bool:
            return case.passes(case.after(_joined(case, rates, candidates[:count], rate))) >= _SURE_ENOUGH

        if enough(len(candidates)):
            # Fewer people is better than a lower rate only at one rate: the lowest rate that can do it is taken.
            everybody = len(candidates)
            unneeded = _largest(lambda left: enough(everybody - left), everybody - 1)  # noqa: B023 (called at once)
            return candidates[: everybody - unneeded], rate
    return None


def _median_change(before: Cents, after: Cents) -> Cents:
    """What changes for each person, in the middle of the year-ends (the same draws lie behind both)."""
    change: Cents = np.rint(np.median(after - before, axis=0)).astype(np.int64)
    return change


def _largest(holds: Callable[[int], bool], top: int) -> int:
    """The largest number up to ``top`` for which it holds, given that it holds for zero."""
    low, high = 0, top
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low
