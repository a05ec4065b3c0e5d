"""Ways out of a projected ADP or ACP failure, each computed by the engine that projects and tests.

What is chosen in advance (lower deferrals, more savers) is sized so that nine in ten simulated year-ends pass. What is
computed after the year end (QNEC, refund, late safe harbor) fits whatever came, and is priced at the median year-end.
Not here: the correction formulas and deadlines (law).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta

import numpy as np

from open401k import law
from open401k.kernel import Money

from .facts import Cents, Flags, PlanFacts
from .measures import MEASURES, Measure
from .projection import quantiles, year_ends
from .results import CostItem, Cure, CureKind, Effect, Standing, TestId
from .simulation import Intervention, coming_dates
from .year import Year, year_of

_SURE_ENOUGH = 0.90
_NOTICE_DAYS = 14
_SCENARIOS = 1_000
_RATES = (300, 400, 500, 600, 800, 1_000, 1_500)
_WHOLE = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """One projected failure: the facts, today, the simulated year-ends, and the median one of them."""

    facts: PlanFacts
    measure: Measure
    today: Year
    ends: Year
    median: Year
    seed: int
    effective_on: date | None
    """First pay date by which an election can still change; None when the year is over."""

    def after(self, intervention: Intervention) -> Year:
        """The same year-ends with different elections."""
        count = len(self.ends.deferrals)
        return year_ends(self.facts, self.today, seed=self.seed, scenarios=count, intervention=intervention)

    def passes(self, ends: Year) -> float:
        """Share of year-ends that pass."""
        return float(self.measure.of(ends).passed.mean())

    @property
    def prior_year(self) -> bool:
        return self.today.prior_adp_bps is not None


def cures(facts: PlanFacts, *, is_hce: Flags, is_key: Flags, seed: int, test: TestId = TestId.ADP) -> tuple[Cure, ...]:
    """Every cure of a projected failure, the cheapest lawful one first, those not available last with the reason."""
    today = year_of(facts, is_hce=is_hce, is_key=is_key)
    measure = next(each for each in MEASURES if each.test is test)
    # A search runs the engine some fifty times: large plans, whose averages move little, get fewer year-ends.
    count = max(20, min(_SCENARIOS, 200_000 // max(len(facts), 1)))
    ends = year_ends(facts, today, seed=seed, scenarios=count)
    case = _Case(facts, measure, today, ends, _median(measure, ends), seed, _first_change(facts))
    offers = [
        _lower_deferrals(case),
        _more_participation(case),
        _refund(case),
        _qnec(case),
        _safe_harbor(case, 0),
        _safe_harbor(case, 1),
    ]
    return tuple(sorted(offers, key=_order))


def _order(cure: Cure) -> tuple[bool, int]:
    cost = cure.employer_cost_cents
    return cure.standing is Standing.NOT_AVAILABLE, 2**62 if cost is None else cost


def _median(measure: Measure, ends: Year) -> Year:
    """The simulated year-end whose room to the limit is in the middle, as a year of its own."""
    outcome = measure.of(ends)
    room = np.atleast_1d(outcome.limit - outcome.measured)
    place = int(np.argsort(room, kind="stable")[len(room) // 2])
    return _year_end(ends, place)


def _year_end(ends: Year, place: int) -> Year:
    picked = {
        field.name: getattr(ends, field.name)[place]
        for field in fields(ends)
        if isinstance(getattr(ends, field.name), np.ndarray) and getattr(ends, field.name).ndim > 1
    }
    return replace(ends, **picked)


def _first_change(facts: PlanFacts) -> date | None:
    if facts.history is None or not facts.history.pay_dates:
        return None
    earliest = facts.as_of + timedelta(days=_NOTICE_DAYS)
    return next((day for day in coming_dates(facts.history, facts.plan_year.last_day) if day >= earliest), None)


def _not_available(case: _Case, kind: CureKind, title: str, reason: str) -> Cure:
    return Cure(
        kind, case.measure.test, title, Standing.NOT_AVAILABLE, reason, None, (), (), None, None, (), "", None, None,
        None, reason,
    )  # fmt: skip


def _outcome(case: _Case, ends: Year) -> tuple[int, int, int]:
    """Median measured, median limit and share of passes after a cure."""
    then = case.measure.of(ends)
    passes = int(np.atleast_1d(then.passed).mean() * _WHOLE)
    return quantiles(then.measured)[1], quantiles(then.limit)[1], passes


def _rates_now(case: _Case) -> Cents:
    """Deferral rate of each person on the last date with pay, in basis points."""
    history = case.facts.history
    assert history is not None  # noqa: S101 (a cure that changes elections is asked for only with a history)
    pay, deferred = history.compensation, history.deferrals
    last = pay.shape[1] - 1 - (pay[:, ::-1] > 0).argmax(axis=1)
    rows = np.arange(len(pay))
    paid = pay[rows, last]
    return np.where(paid > 0, (deferred[rows, last] * _WHOLE + paid // 2) // np.maximum(paid, 1), 0)


def _working(case: _Case) -> Flags:
    return np.array([any(e.terminated_on is None for e in spans) for spans in case.facts.employment], dtype=np.bool_)


# --- elections that change before the year ends


def _lower_deferrals(case: _Case) -> Cure:
    title = "The highly compensated defer less"
    kind = CureKind.LOWER_HCE_DEFERRALS
    if case.effective_on is None:
        return _not_available(case, kind, title, "No pay date is left on which elections could still change.")
    rates = _rates_now(case)
    hces = case.today.is_hce & case.today.eligible & _working(case) & (rates > 0)

    def capped(cap: int) -> Intervention:
        return Intervention(case.effective_on or case.facts.as_of, np.where(hces, np.minimum(rates, cap), -1))

    if not hces.any() or case.passes(case.after(capped(0))) < _SURE_ENOUGH:
        return _not_available(
            case, kind, title, "Even without any further deferrals of theirs the test would fail: it comes too late."
        )
    cap = _largest(lambda bps: case.passes(case.after(capped(bps))) >= _SURE_ENOUGH, int(rates[hces].max()))
    after = case.after(capped(cap))
    change = _median_change(case.ends.deferrals, after.deferrals)
    measured, limit, passes = _outcome(case, after)
    effects = tuple(
        Effect(
            i,
            case.facts.labels[i],
            f"{law.explain.percent(int(rates[i]))} of pay becomes {law.explain.percent(min(int(rates[i]), cap))}",
            int(change[i]),
            min(int(rates[i]), cap),
        )
        for i in np.flatnonzero(hces & (rates > cap)).tolist()
    )
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


def _more_participation(case: _Case) -> Cure:
    title = "More employees save"
    kind = CureKind.MORE_PARTICIPATION
    if case.prior_year:
        return _not_available(case, kind, title, "The test looks at the others' average of last year, which is fixed.")
    if case.effective_on is None:
        return _not_available(case, kind, title, "No pay date is left on which elections could still change.")
    rates = _rates_now(case)
    able = case.today.eligible & ~case.today.is_hce & _working(case)
    found = _fewest_savers(case, rates, able)
    if found is None:
        return _not_available(
            case,
            kind,
            title,
            "Even if everybody saved 15 % of pay from now on, the test would fail: it comes too late.",
        )
    chosen, rate = found
    after = case.after(_joined(case, rates, chosen, rate))
    added = _median_change(case.ends.deferrals, after.deferrals)
    match = int(_median_change(case.ends.match, after.match).sum())
    measured, limit, passes = _outcome(case, after)
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


def _joined(case: _Case, rates: Cents, chosen: list[int], rate: int) -> Intervention:
    ruled = np.full(len(rates), -1, dtype=np.int64)
    ruled[chosen] = np.maximum(rates[chosen], rate)
    return Intervention(case.effective_on or case.facts.as_of, ruled)


def _fewest_savers(case: _Case, rates: Cents, able: Flags) -> tuple[list[int], int] | None:
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


# --- corrections after the year end


def _ratio_test(case: _Case) -> law.nondiscrimination.RatioTest:
    year, is_adp = case.median, case.measure.test is TestId.ADP
    run = law.nondiscrimination.adp_test if is_adp else law.nondiscrimination.acp_test
    return run(
        contributions=year.adp_contributions() if is_adp else year.acp_contributions(),
        compensation=year.counted_pay(),
        is_hce=year.is_hce,
        eligible=year.eligible,
        prior_year_nhce_average=year.prior_adp_bps if is_adp else year.prior_acp_bps,
    )


def _refund(case: _Case) -> Cure:
    deadlines = law.deadlines.correction_deadlines(case.facts.plan_year)
    test = _ratio_test(case)
    year = case.median
    room = np.maximum(year.deferral_limits().catch_up - year.split().catch_up, 0)
    is_adp = case.measure.test is TestId.ADP
    back = law.corrections.refund(test, catch_up_room=room.tolist() if is_adp else None)
    effects = tuple(_refunded(case, share) for share in back.shares if share.attributed_cents)
    return Cure(
        kind=CureKind.REFUND,
        test=case.measure.test,
        title="Refund after the year end",
        standing=Standing.PERMITTED,
        reason="",
        employer_cost_cents=0,
        cost=(CostItem("Earnings on the refunds", 0, "paid out of the accounts, up to the end of the plan year"),),
        effects=effects,
        decide_by=deadlines.without_excise,
        effective_on=deadlines.without_excise,
        notices=(
            f"Form 1099-R (code 8) to each of them; taxable in the year it is paid ({deadlines.without_excise.year}).",
            f"After {_day(deadlines.without_excise)}: 10 % excise tax (IRC 4979), Form 5330; last day "
            f"{_day(deadlines.last_day)}.",
        ),
        decided_by="the plan administrator; nobody else has to agree",
        median_after=test.limit.limit,
        limit_after=test.limit.limit,
        pass_probability_bps=_WHOLE,
        explanation=(
            f"At the median year-end {Money(back.total_cents)} is too much. {Money(back.catch_up_cents)} may stay as "
            f"catch-up; {Money(back.refund_cents)} goes back with its earnings by {_day(deadlines.without_excise)}, "
            f"and match on it is forfeited."
        ),
    )


def _refunded(case: _Case, share: law.corrections.RefundShare) -> Effect:
    label = case.facts.labels[share.place] if share.place < len(case.facts) else "an employee hired later"
    kept = f"{Money(share.catch_up_cents)} stays as catch-up" if share.catch_up_cents else ""
    paid = f"{Money(share.refund_cents)} is refunded, with earnings" if share.refund_cents else ""
    return Effect(share.place, label, "; ".join(part for part in (kept, paid) if part), -share.refund_cents)


def _qnec(case: _Case) -> Cure:
    title, kind, facts = "Qualified nonelective contribution", CureKind.QNEC, case.facts
    if case.prior_year:
        return _not_available(
            case, kind, title, "The others' average of last year is fixed; a QNEC comes too late for it."
        )
    if facts.as_of > facts.plan_year.last_day:
        return _not_available(
            case, kind, title, "The plan does not provide for it and the year in which to amend is over."
        )
    year = case.median
    is_adp = case.measure.test is TestId.ADP
    contributions = year.adp_contributions() if is_adp else year.acp_contributions()
    amounts = _cheapest_qnec(contributions, year)
    if amounts is None:
        return _not_available(case, kind, title, "No contribution that the regulation lets count is enough.")
    cost, parts = _priced(case, amounts, f"Contribution for {int((amounts > 0).sum())} employees")
    after = law.nondiscrimination.ratio_scenarios(
        contributions=contributions + amounts,
        compensation=year.counted_pay(),
        is_hce=year.is_hce,
        eligible=year.eligible,
    )
    deadlines = law.deadlines.correction_deadlines(facts.plan_year)
    return Cure(
        kind=kind,
        test=case.measure.test,
        title=title,
        standing=Standing.NEEDS_AMENDMENT,
        reason="The provisions do not provide for QNECs: amend the plan before its year ends.",
        employer_cost_cents=cost,
        cost=parts,
        effects=_given(case, amounts),
        decide_by=facts.plan_year.last_day,
        effective_on=deadlines.qnec,
        notices=("A summary of material modifications for the amendment.",),
        decided_by="the sponsor",
        median_after=int(after.hce_average),
        limit_after=int(after.limit),
        pass_probability_bps=_WHOLE,
        explanation=(
            f"{Money(int(amounts.sum()))}, vested at once, for {int((amounts > 0).sum())} employees lifts the limit to "
            f"{law.explain.percent(int(after.limit))}. Amend by {_day(facts.plan_year.last_day)}, pay by "
            f"{_day(deadlines.qnec)}; the amount is final only after the year end."
        ),
    )


def _cheapest_qnec(contributions: Cents, year: Year) -> Cents | None:
    """The same rate for everybody, or 5 % of pay and less for the lowest paid, whichever costs less."""
    pay, nhces = year.counted_pay(), year.eligible & ~year.is_hce
    uniform = law.corrections.qnec_needed(
        contributions=contributions, compensation=pay, is_hce=year.is_hce, eligible=year.eligible
    )
    offers = [uniform.amounts] if uniform.possible else []
    members = nhces & (pay > 0)
    order = np.argsort(np.where(members, pay, np.iinfo(np.int64).max), kind="stable")[: int(members.sum())]
    if len(order) <= 400:
        offers += _aimed(contributions, year, pay, order)
    return min(offers, key=lambda amounts: int(amounts.sum()), default=None)


def _aimed(contributions: Cents, year: Year, pay: Cents, order: Cents) -> list[Cents]:
    """The lowest paid get up to 5 % of pay, which always counts (Reg. 1.401(k)-2(a)(6)(iv))."""
    rank = np.full(len(pay), len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))

    def passed(amounts: Cents) -> Flags:
        return law.nondiscrimination.ratio_scenarios(
            contributions=contributions + amounts,
            compensation=pay,
            is_hce=year.is_hce,
            eligible=year.eligible,
        ).passed

    counts = np.arange(len(order) + 1)
    whole = np.where(rank[None, :] < counts[:, None], law.matching.nonelective(pay, 500), 0)
    enough = np.flatnonzero(passed(whole))
    if not len(enough):
        return []
    group = rank < enough[0]
    rates = np.arange(501)
    graded = np.stack([np.where(group, law.matching.nonelective(pay, int(rate)), 0) for rate in rates])
    least = int(np.flatnonzero(passed(graded))[0])
    return [graded[least]]


def _safe_harbor(case: _Case, which: int) -> Cure:
    offer = law.safe_harbor.adoptions(case.facts.plan_year)[which]
    kind = (CureKind.SAFE_HARBOR_3, CureKind.SAFE_HARBOR_4)[which]
    rate = law.explain.percent(offer.rate_bps)
    title = f"Safe harbor nonelective of {offer.rate_bps // 100} %"
    if case.measure.test is not TestId.ADP:
        return _not_available(
            case, kind, title, "It replaces the ADP test only; the match still has to pass the ACP test."
        )
    if case.facts.provisions.safe_harbor.is_match:
        return _not_available(
            case, kind, title, "A plan with a safe harbor match in the year may not add it (401(k)(12)(F))."
        )
    if case.facts.as_of > offer.last_day:
        return _not_available(
            case, kind, title, f"The amendment had to be adopted by {_day(offer.last_day)} ({offer.cite})."
        )
    year = case.median
    owed = year.eligible & ~year.is_hce
    amounts = np.where(owed, law.matching.nonelective(year.counted_pay(), offer.rate_bps), 0)
    cost, parts = _priced(case, amounts, f"{rate} of pay for {int(owed.sum())} employees")
    outcome = case.measure.of(year)
    return Cure(
        kind=kind,
        test=case.measure.test,
        title=title,
        standing=Standing.NEEDS_AMENDMENT,
        reason=f"Amend the plan by {_day(offer.last_day)} ({offer.cite}).",
        employer_cost_cents=cost,
        cost=parts,
        effects=_given(case, amounts),
        decide_by=offer.last_day,
        effective_on=case.facts.plan_year.start,
        notices=(
            "No safe harbor notice is needed for a nonelective (SECURE Act section 103); a summary of material "
            "modifications is.",
        ),
        decided_by="the sponsor",
        median_after=int(outcome.measured),
        limit_after=int(outcome.limit),
        pass_probability_bps=_WHOLE,
        explanation=(
            f"The ADP test is deemed passed for the whole year, whatever the averages, and nobody's savings change. "
            f"{rate} of the year's pay is due for every eligible employee who is not highly compensated, vested at "
            f"once; amend by {_day(offer.last_day)}."
        ),
    )


def _priced(case: _Case, amounts: Cents, name: str) -> tuple[int, tuple[CostItem, ...]]:
    """What it costs beyond the top-heavy minimum that the employer would owe anyway: it meets both."""
    total = int(amounts.sum())
    saved = _top_heavy_saving(case, amounts)
    parts = [CostItem(name, total)]
    if saved:
        parts.append(
            CostItem(
                "Top-heavy minimum that it meets", -saved, "owed in any case (IRC 416(c)(2)), so not an extra cost"
            )
        )
    return total - saved, tuple(parts)


def _top_heavy_saving(case: _Case, amounts: Cents) -> int:
    """The top-heavy minimum owed at the median year-end, as far as these amounts meet it."""
    year = case.median
    people = len(case.facts)
    test = law.top_heavy.top_heavy_test(
        balances=case.today.balances, is_key=case.today.is_key, served_in_year=case.today.served_before
    )
    if not test.top_heavy:
        return 0
    stays = np.append(_working(case), np.ones(len(year.compensation) - people, dtype=np.bool_))

    def short(extra: Cents) -> int:
        return law.top_heavy.minimum_contribution(
            is_key=year.is_key,
            owed_to=year.eligible & ~year.is_key & stays,
            compensation=law.compensation.top_heavy_or_415_pay(
                year.section_415, law.compensation.annual_cap(year.plan_year)
            ),
            deferrals=year.deferrals,
            match=year.match,
            nonelective=year.nonelective + year.qnec + extra,
        ).total_shortfall_cents

    return short(np.zeros_like(amounts)) - short(amounts)


def _given(case: _Case, amounts: Cents) -> tuple[Effect, ...]:
    return tuple(
        Effect(i, case.facts.labels[i], f"receives {Money(int(amounts[i]))}, vested at once", int(amounts[i]))
        for i in np.flatnonzero(amounts[: len(case.facts)] > 0).tolist()
    )


def _day(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"
