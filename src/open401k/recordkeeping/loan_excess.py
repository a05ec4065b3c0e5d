"""What of a month's or quarter's match of student loan payments later deferrals have used up. Pure amounts of people.

A payment is a qualified one as far as the payments of the year are not above the limit of 402(g) less all deferrals of
that year (IRC 401(m)(4)(D)(i)): those of December count against a match given in March. Not here: the facts
(year_end_facts.py), what is told of it (loan_matched.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from open401k.kernel import Source
from open401k.law import compensation
from open401k.plan import Match

from .matched import matched_deferrals, matched_loans

Cents = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LoanPeriod:
    """N cents of a month or quarter that is over, its last day included, or of its days under one match."""

    match: Match
    saved: Cents  # all deferrals of the year up to the last day of the month or quarter
    earlier: Cents  # those before these days
    deferrals: Cents  # those of these days that the match counts
    compensation_before: Cents
    compensation: Cents
    matched: Cents
    match_to_date: Cents  # of the year, up to the last day of the month or quarter
    loans: Cents


class LoanLimits(NamedTuple):
    """Up to what payments and deferrals count: with catch-up, without it; and the pay that counts."""

    most: Cents
    regular: Cents
    pay_cap: int


#: What a match gives on amounts, over pay.
ByFormula = Callable[[Match, Cents, Cents], Cents]


def take_back(
    credited: dict[Source, Cents],
    periods: Sequence[LoanPeriod],
    saved: Cents,
    limits: LoanLimits,
    by_formula: ByFormula,
) -> None:
    """Credit that much less on the last day of the year; ``saved``: deferrals of the year before that day."""
    if not periods:
        return
    deferred = saved + credited[Source.PRE_TAX] + credited[Source.ROTH]
    for source, back in taken_back(periods, deferred, limits, by_formula).items():
        credited[source] = credited.get(source, np.zeros_like(back)) - back


def taken_back(
    periods: Sequence[LoanPeriod], deferred: Cents, limits: LoanLimits, by_formula: ByFormula
) -> dict[Source, Cents]:
    """What the periods gave for payments that are above the limit by ``deferred``, all deferrals of the year.

    By the source into which each period's match went: an amendment may name another one within the year.

    The payments made first count first. Who has reached the cap of the year keeps it: without the payments, deferrals
    would have had that room.
    """
    paid, found = np.zeros_like(deferred), dict[Source, Cents]()
    for each in periods:

        def counted(saved: Cents, each: LoanPeriod = each, paid: Cents = paid) -> Cents:
            return matched_loans(
                each.match, each.loans, most=limits.most, regular_limit=limits.regular, deferred=saved + paid
            )

        then, now = counted(each.saved), counted(np.maximum(deferred, each.saved))
        paid = paid + each.loans
        pay = compensation.period_share(before=each.compensation_before, period=each.compensation, cap=limits.pay_cap)
        own = matched_deferrals(each.match, regular_limit=limits.regular, before=each.earlier, deferred=each.deferrals)
        more = by_formula(each.match, own + then, pay) - by_formula(each.match, own + now, pay)
        if each.match.cap_cents is not None:
            more = np.where(each.match_to_date >= each.match.cap_cents, 0, more)
        back = np.minimum(np.maximum(more, 0), np.maximum(each.matched, 0))
        found[each.match.source] = found.get(each.match.source, np.zeros_like(back)) + back
    return found
