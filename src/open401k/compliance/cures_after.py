"""Cures after the year end: refund, QNEC, late safe harbor, priced at the median year-end. Not here: formulas (law)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from open401k import law
from open401k.kernel import Money
from open401k.law import NotEnacted

from .cure_case import EARNINGS_UNKNOWN, WHOLE, Case, as_tested, at_year_end, day_text, not_available, of_deferrals
from .cures_priced import VESTED, given, met, nonelective, owed_anyway
from .facts import Cents, Flags
from .results import CostItem, Cure, CureKind, Effect, Standing
from .year import Year

_REFUND = "Refund after the year end"


def _tested(case: Case) -> Year:
    """The median year-end as the test has it."""
    if of_deferrals(case):
        return as_tested(case, case.median)
    year = case.median.of_match()
    return replace(year, eligible=year.acp_eligible)


def _ratio_test(case: Case) -> law.nondiscrimination.RatioTest:
    year, is_adp = _tested(case), of_deferrals(case)
    run = law.nondiscrimination.adp_test if is_adp else law.nondiscrimination.acp_test
    return run(
        contributions=year.adp_contributions() if is_adp else year.acp_contributions(),
        compensation=year.tested_pay(),
        is_hce=year.is_hce,
        eligible=year.eligible,
        prior_year_nhce_average=year.prior_adp_bps if is_adp else year.prior_acp_bps,
    )


def refund(case: Case) -> Cure:
    """Who gets how much back by the day without excise tax, after what may stay as catch-up."""
    deadlines = law.deadlines.correction_deadlines(case.facts.plan_year)
    test = _ratio_test(case)
    year = case.median
    is_adp = of_deferrals(case)
    try:
        room = (
            np.maximum(year.catch_up_room() - year.catch_up_by_415(), 0)
            if is_adp and _old_enough(year)
            else np.zeros_like(year.ages)
        )
    except NotEnacted as missing:
        return not_available(case, CureKind.REFUND, _REFUND, f"What may stay as catch-up is not known yet. {missing}")
    back = law.corrections.refund(test, catch_up_room=room.tolist() if is_adp else None)
    effects = tuple(_refunded(case, share) for share in back.shares if share.attributed_cents)
    by = day_text(deadlines.without_excise)
    paid = (
        f"Form 1099-R (code 8) to each of them; taxable in the year it is paid ({deadlines.without_excise.year}).",
        f"After {by}: 10 % excise tax (IRC 4979), Form 5330; last day {day_text(deadlines.last_day)}.",
    )
    return Cure(
        kind=CureKind.REFUND,
        test=case.measure.test,
        title="Count what is too much as catch-up" if back.catch_up_cents and not back.refund_cents else _REFUND,
        standing=Standing.PERMITTED,
        reason="",
        employer_cost_cents=0,
        cost=(CostItem("Earnings on the refunds", None, EARNINGS_UNKNOWN),) if back.refund_cents else (),
        effects=effects,
        decide_by=deadlines.without_excise,
        effective_on=deadlines.without_excise,
        notices=(*(paid if back.refund_cents else ()), *_roth_notice(case, back)),
        decided_by="the plan administrator; nobody else has to agree",
        median_after=test.limit.limit,
        limit_after=test.limit.limit,
        pass_probability_bps=WHOLE,
        explanation=f"{at_year_end(case)} {Money(back.total_cents)} is too much. {_kept_and_paid(back, by)}".strip(),
    )


def _old_enough(year: Year) -> bool:
    """Whether anybody whose deferrals may go back could have them as catch-up instead (IRC 414(v)(5)(A))."""
    return year.catch_up and bool((year.is_hce & (year.ages >= 49)).any())


def _kept_and_paid(back: law.corrections.Refund, by: str) -> str:
    if not back.total_cents:
        return ""
    if not back.refund_cents:
        return f"All of it may stay as catch-up: nothing goes back, and the test is settled by {by}."
    kept = f"{Money(back.catch_up_cents)} may stay as catch-up; " if back.catch_up_cents else ""
    paid = f"{Money(back.refund_cents)} goes back with earnings by {by}, and match on it is forfeited."
    return kept + paid


def _roth_notice(case: Case, back: law.corrections.Refund) -> tuple[str, ...]:
    """Catch-up of people with high wages must be Roth, also what becomes catch-up only now (IRC 414(v)(7)(A))."""
    year = case.median
    if not back.catch_up_cents:
        return ()
    if year.as_of.year > year.calendar_year.year:  # the wages that decide are still being earned
        return (
            f"What stays as catch-up is that of {year.as_of.year}: it must be Roth for whose wages of "
            f"{year.calendar_year} end over the threshold (IRC 414(v)(7)(A)).",
        )
    had = year.split().catch_up
    who = [
        case.facts.labels[share.place]
        for share in back.shares
        if share.catch_up_cents
        and share.place < len(case.facts)
        and year.roth_required[share.place]
        and int(np.atleast_1d(year.roth)[share.place]) < int(had[share.place]) + share.catch_up_cents
    ]
    if not who:
        return ()
    return (
        f"What stays as catch-up of {', '.join(who)} must be Roth: last year's wages were over the threshold (IRC "
        "414(v)(7)(A)). Move it to Roth and report it, or refund it.",
    )


def _refunded(case: Case, share: law.corrections.RefundShare) -> Effect:
    label = case.facts.labels[share.place] if share.place < len(case.facts) else "an employee hired later"
    kept = f"{Money(share.catch_up_cents)} stays as catch-up" if share.catch_up_cents else ""
    paid = f"{Money(share.refund_cents)} is refunded, with earnings" if share.refund_cents else ""
    return Effect(share.place, label, "; ".join(part for part in (kept, paid) if part), -share.refund_cents)


def qnec(case: Case) -> Cure:
    """The cheapest contribution for the others with which the test passes."""
    title, kind, facts = "Qualified nonelective contribution", CureKind.QNEC, case.facts
    if case.prior_year:
        return not_available(
            case, kind, title, "The others' average of last year is fixed; a QNEC comes too late for it."
        )
    if facts.as_of > facts.plan_year.last_day:
        return not_available(
            case, kind, title, "The plan does not provide for it and the year in which to amend is over."
        )
    year = _tested(case)
    is_adp = of_deferrals(case)
    contributions = year.adp_contributions() if is_adp else year.acp_contributions()
    amounts = _cheapest_qnec(contributions, year)
    if amounts is None:
        return not_available(case, kind, title, "No contribution that the regulation lets count is enough.")
    total = int(amounts.sum())
    after = law.nondiscrimination.ratio_scenarios(
        contributions=contributions + amounts,
        compensation=year.tested_pay(),
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
        employer_cost_cents=total,
        cost=(
            CostItem(f"Contribution for {int((amounts > 0).sum())} employees", total, owed_anyway(met(case, amounts))),
        ),
        effects=given(case, amounts, VESTED),
        decide_by=facts.plan_year.last_day,
        effective_on=deadlines.qnec,
        notices=("A summary of material modifications for the amendment.",),
        decided_by="the sponsor",
        median_after=int(after.hce_average),
        limit_after=int(after.limit),
        pass_probability_bps=WHOLE,
        explanation=(
            f"{Money(total)}, vested at once, for {int((amounts > 0).sum())} employees lifts the limit to "
            f"{law.explain.percent(int(after.limit))}. Amend by {day_text(facts.plan_year.last_day)}, pay by "
            f"{day_text(deadlines.qnec)}; the amount is final only after the year end."
        ),
    )


def _cheapest_qnec(contributions: Cents, year: Year) -> Cents | None:
    """The same rate for everybody, or 5 % of pay and less for the lowest paid, whichever costs less."""
    pay, nhces = year.tested_pay(), year.eligible & ~year.is_hce
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


def safe_harbor(case: Case, which: int) -> Cure:
    """The nonelective of 3 % (0) or, later, of 4 % (1) that ends the ADP test for the year."""
    offer = law.safe_harbor.adoptions(case.facts.plan_year)[which]
    kind = (CureKind.SAFE_HARBOR_3, CureKind.SAFE_HARBOR_4)[which]
    rate = law.explain.percent(offer.rate_bps)
    title = f"Safe harbor nonelective of {offer.rate_bps // 100} %"
    if not of_deferrals(case):
        return not_available(
            case,
            kind,
            title,
            "It replaces the ADP test only; match and after-tax money still have to pass the ACP test.",
        )
    if case.facts.provisions.safe_harbor.is_match:
        return not_available(
            case, kind, title, "A plan with a safe harbor match in the year may not add it (401(k)(12)(F))."
        )
    if case.facts.as_of > offer.last_day:
        return not_available(
            case, kind, title, f"The amendment had to be adopted by {day_text(offer.last_day)} ({offer.cite})."
        )
    price = nonelective(case, offer.rate_bps)
    outcome = case.measure.of(case.median)
    return Cure(
        kind=kind,
        test=case.measure.test,
        title=title,
        standing=Standing.NEEDS_AMENDMENT,
        reason=f"Amend the plan by {day_text(offer.last_day)} ({offer.cite}).",
        employer_cost_cents=price.cents,
        cost=price.cost,
        effects=given(case, price.amounts, VESTED),
        decide_by=offer.last_day,
        effective_on=case.facts.plan_year.start,
        notices=(
            "No safe harbor notice is needed for a nonelective (SECURE Act section 103); a summary of material "
            "modifications is.",
        ),
        decided_by="the sponsor",
        median_after=int(outcome.measured),
        limit_after=int(outcome.limit),
        pass_probability_bps=WHOLE,
        explanation=(
            f"The ADP test is deemed passed for the whole year, whatever the averages, and nobody's savings change. "
            f"{rate} of the year's pay is due for every eligible employee who is not highly compensated, vested at "
            f"once; amend by {day_text(offer.last_day)}."
        ),
    )
