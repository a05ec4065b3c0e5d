"""Whether somebody who may defer and is not highly compensated can be without the match. Not here: the ACP test."""

from __future__ import annotations

import numpy as np

from open401k.kernel import Source
from open401k.plan import Kind

from .facts import Flags, PlanFacts


def leaves_some_without(facts: PlanFacts, is_hce: Flags) -> bool:
    """By a condition of the match, or by class: an HCE who defers as much has a higher rate (IRC 401(m)(11)(B)(iii)).

    A condition counts whether or not it kept anybody from the match: the terms decide (Reg. 1.401(m)-3(d)(4)). The day
    of entry does not: who is too early for the match is tested apart (IRC 410(b)(4)(B)).
    """
    terms, match = facts.provisions, facts.provisions.match
    asks = match is not None and match.conditions.asks
    if any(each.tiers for each in facts.declared):
        asks |= terms.conditions_of_declared(Source.MATCH).asks
    return asks or bool((_out_by_class(facts) & facts.tested & ~is_hce).any())


def _out_by_class(facts: PlanFacts) -> Flags:
    """Of a class that is out of the match and not of the plan: now, or on all days of the year so far."""
    terms, out = facts.provisions, np.zeros(len(facts), dtype=np.bool_)
    if facts.match_kept_out is not None:
        out |= facts.match_kept_out & ~facts.class_excluded
    if facts.classes and terms.classes_apart(Kind.MATCH):
        apart = set(terms.eligibility_of(Kind.MATCH).excluded_classes) - set(terms.eligibility.excluded_classes)
        out |= np.isin(facts.classes, sorted(apart))
    return out
