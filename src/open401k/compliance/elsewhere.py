"""What the sponsor's other plans mean for the tests of one plan: limits, ratios, top-heavy groups. Pure. Not here:
reading it (gather_elsewhere.py)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from open401k.kernel import Money

from .facts import Cents, Flags, OtherPlan, PlanFacts, at_least_nothing


@dataclass(frozen=True, slots=True, eq=False)
class Elsewhere:
    """All other plans together, people on the only axis: as of today, in simulated year-ends too."""

    deferrals: Cents
    """Of the calendar year: they fill the limits of 402(g) and 414(v)."""
    roth: Cents
    plan_year_deferrals: Cents
    after_tax: Cents
    match: Cents
    employer: Cents
    pay: Cents
    """Plan compensation that only their payrolls told."""

    @property
    def additions(self) -> Cents:
        """What 415(c) counts, catch-up included."""
        return self.plan_year_deferrals + self.after_tax + self.employer

    def padded(self, extra: int) -> Elsewhere:
        """Room for people not hired yet, who have nothing there."""
        nothing = np.zeros(extra, dtype=np.int64)
        return Elsewhere(
            *[
                np.append(each, nothing)
                for each in (
                    self.deferrals,
                    self.roth,
                    self.plan_year_deferrals,
                    self.after_tax,
                    self.match,
                    self.employer,
                    self.pay,
                )
            ]
        )


def elsewhere_of(facts: PlanFacts) -> Elsewhere | None:
    """What the other plans have of everybody; None for a sponsor of one plan."""
    if not facts.others:
        return None
    nothing = np.zeros(len(facts), dtype=np.int64)

    def of(name: str) -> Cents:
        return at_least_nothing(sum((getattr(each, name) for each in facts.others), nothing))

    return Elsewhere(
        deferrals=of("deferrals"),
        roth=of("roth"),
        plan_year_deferrals=of("plan_year_deferrals"),
        after_tax=of("after_tax"),
        match=of("match"),
        employer=of("employer"),
        pay=nothing if facts.pay_elsewhere is None else at_least_nothing(facts.pay_elsewhere),
    )


@dataclass(frozen=True, slots=True, eq=False)
class TopHeavyGroup:
    """The plans that are tested for top-heaviness together, and those that are not, by name."""

    balances: Cents
    """Of the tested plan and of those with it."""
    together: tuple[OtherPlan, ...]
    apart: tuple[OtherPlan, ...]
    why_apart: str


def top_heavy_group(facts: PlanFacts, is_key: Flags) -> TopHeavyGroup:
    """The required aggregation group, as far as key employees make it (IRC 416(g)(2)(A)(i)(I); Reg. 1.416-1 T-6).

    Plans that a plan with a key employee needs to meet 401(a)(4) or 410 belong to it too; these are not looked for.
    """
    own = facts.balances_at_determination
    entered = np.array([on is not None and on <= facts.as_of for on in facts.eligible_on], dtype=np.bool_)
    if not (is_key & (entered | (own != 0))).any():
        return TopHeavyGroup(own, (), facts.others, "no key employee is in this plan")
    together = tuple(each for each in facts.others if (is_key & each.participates).any())
    apart = tuple(each for each in facts.others if each not in together)
    return TopHeavyGroup(
        sum((each.balances for each in together), own), together, apart, "no key employee was in it then"
    )


def told_group(group: TopHeavyGroup) -> str:
    """Which plans were tested together, and which were not: a sentence for each, none for a sponsor of one plan."""
    said = ""
    if group.together:
        said += f" Tested together with {_names(group.together)}, as a required aggregation group (IRC 416(g)(2)(A))."
        said += " The minimum contribution is that of this plan alone: what another plan of the group gives may count."
    if group.apart:
        said += f" Tested without {_names(group.apart)}: {group.why_apart}."
    return said


def told_amounts(facts: PlanFacts, columns: tuple[str, ...], people: Flags) -> str:
    """How much of these people is in which other plan, for the sentence of a result; nothing if nothing is."""
    sums = [(each.name, sum(int(getattr(each, name)[people].sum()) for name in columns)) for each in facts.others]
    named = [f"{Money(cents)} in {plan}" for plan, cents in sums if cents]
    return f" Of these people, in other plans of the employer: {', '.join(named)}." if named else ""


def _names(plans: tuple[OtherPlan, ...]) -> str:
    return ", ".join(each.name for each in plans)
