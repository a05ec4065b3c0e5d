"""The preflight itself: facts in, every reason out, with what is withheld and what the forms will say. Pure.

Not here: gathering the facts (node), the contract's own refusals (rails/refusals.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from ...kernel import Refused
from ...law import NotEnacted
from ...law.form_1099r import Form1099R, FormRefusal
from ...law.given import ImpossibleInput
from ..messages import Role
from . import checks_amount, checks_people, checks_plan
from .facts import Facts
from .policy import Policy
from .reasons import Code, Owner, Reason, found, unknown
from .rule_version import RuleVersion, end_of
from .worked import WorkedPart, forms, work_out

_Check = Callable[[], Iterator[Reason]]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Preflight:
    """Whether everybody may sign; if not, every reason. ``parts`` is None while an amount is not known."""

    reasons: tuple[Reason, ...]
    parts: tuple[WorkedPart, ...] | None
    forms: tuple[Form1099R | Refused[FormRefusal], ...]
    voters: frozenset[Role]

    @property
    def lawful(self) -> bool:
        return not self.reasons

    @property
    def withheld_cents(self) -> int:
        return sum(each.withheld_cents for each in self.parts or ())

    def by_owner(self) -> Mapping[Owner, tuple[Reason, ...]]:
        """What each has to do."""
        owners = Counter(each.owner for each in self.reasons)
        return {owner: tuple(each for each in self.reasons if each.owner is owner) for owner in owners}


def preflight(facts: Facts, *, rules: RuleVersion, policy: Policy | None = None) -> Preflight:
    """Every reason at once, before anybody signs. What is not known is a reason, never a pass."""
    parts, in_the_way = _attempt(lambda: work_out(facts, rules))
    voters, wrong = _attempt(lambda: _voters(facts, rules))
    reasons = {*in_the_way, *wrong}
    for check in (*_checks(facts, rules, policy or Policy()), lambda: checks_amount.tax(facts, parts)):
        found_here, wrong = _attempt(partial(_all, check))
        reasons |= {*(found_here or ()), *wrong}
    if parts is None and not reasons:
        reasons.add(unknown(Code.WITHHOLDING_NOT_SETTLED, "whether the Roth money is paid as qualified"))
    told: tuple[Form1099R | Refused[FormRefusal], ...] | None = ()
    if parts is not None and not reasons:
        told, wrong = _attempt(lambda: forms(facts, parts))
        reasons |= set(wrong)
    in_order = tuple(sorted(reasons, key=lambda each: (each.code, each.detail)))
    return Preflight(in_order, parts, told or (), voters or frozenset())


def _checks(facts: Facts, rules: RuleVersion, policy: Policy) -> tuple[_Check, ...]:
    return (
        lambda: checks_people.identity(facts, rules),
        lambda: checks_people.screening(facts, policy),
        lambda: checks_people.members(facts),
        lambda: checks_people.explanation(facts),
        lambda: checks_people.spouse(facts),
        lambda: checks_people.authority(facts),
        lambda: checks_plan.event(facts),
        lambda: checks_plan.eligible(facts),
        lambda: checks_plan.routes(facts, rules),
        lambda: checks_plan.acceptance(facts),
        lambda: checks_amount.sums(facts, rules),
        lambda: checks_amount.basis(facts),
        lambda: checks_amount.minimum(facts),
        lambda: checks_amount.loan(facts),
        lambda: checks_people.delivery(facts),
        lambda: _times(facts, rules),
    )


def _all(check: _Check) -> tuple[Reason, ...]:
    return tuple(check())


def _attempt(do: Callable[[], Found]) -> tuple[Found | None, tuple[Reason, ...]]:
    """What it finds; a year without figures and a fact that cannot be are reasons too, by their own names."""
    try:
        return do(), ()
    except NotEnacted as missing:
        return None, (found(Code.FIGURES_NOT_ON_FILE, str(missing)),)
    except ImpossibleInput as wrong:
        return None, (found(Code.IMPOSSIBLE_FACT, str(wrong)),)


def _times(facts: Facts, rules: RuleVersion) -> Iterator[Reason]:
    """6xx: the rules are in force from now to the deadline, and the payment is of their year."""
    timing = facts.timing
    if end_of(timing.on) < rules.active_from:
        yield found(Code.RULES_NOT_IN_FORCE, f"the rules are those of {rules.year}")
    if end_of(timing.deadline) >= rules.active_until:
        yield found(Code.RULES_END_BEFORE, f"the rules of {rules.year} end before {timing.deadline}")
    if timing.payment_on.year != timing.deadline.year:
        yield found(Code.ACROSS_NEW_YEAR, f"paid on {timing.payment_on}, deadline {timing.deadline}")
    if not timing.on <= timing.payment_on <= timing.deadline:
        yield found(Code.PAYMENT_DAY, f"payment_on: {timing.payment_on} is not from {timing.on} to {timing.deadline}")


def _voters(facts: Facts, rules: RuleVersion) -> frozenset[Role]:
    """Who must approve besides participant and custodians: by the rules, and the spouse where consent is needed."""
    kinds = {part.kind for part in facts.parts}
    asked = frozenset(role for kind in kinds for role in rules.voters_for(kind))
    needs_spouse = bool(facts.plan_kinds) and facts.spouse is not None
    if needs_spouse and facts.spouse is not None and checks_people.consent_needed(facts, facts.spouse):
        return asked | {Role.SPOUSE}
    return asked
