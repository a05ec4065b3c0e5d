"""Allocations by groups (new comparability), their gateway, and a solver: as much of a budget as may be to the favored.

Reg. 1.401(a)(4)-8(b)(1). Exact to the cent. Not here: whether the general test is passed on the benefits side
(cross-testing), which the result still needs; who is in which group.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from heapq import heapify, heapreplace

import numpy as np

from ..kernel import PlanYear
from . import figures
from .allocation import Allocation, counted_pay, fill, pro_rata, whole_cents
from .arrays import Cents, Counts, Flags
from .given import ImpossibleInput, check_facts

#: A third of the highest HCE rate opens the gateway, or the 5 % of pay on file (Reg. 1.401(a)(4)-8(b)(1)(vi)).
_PARTS_OF_HIGHEST = 3
_WHOLE = 10_000
#: What no budget pays: an NHCE has no room under 415(c) for the gateway.
_NEVER = 10**18


class GatewayPath(StrEnum):
    """What opens the minimum allocation gateway."""

    NOBODY_HIGHLY_COMPENSATED = "no_highly_compensated_employee_benefits"
    ONE_THIRD = "one_third_of_the_highest_rate"
    FIVE_PERCENT = "five_percent_of_pay"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, eq=False)
class Gateway:
    """The gateway of cross-testing; ``missing`` is what each NHCE lacks of the cheaper of the two ways."""

    path: GatewayPath
    highest_hce_rate_bps: Fraction
    needed_rate_bps: Fraction
    missing: Cents

    @property
    def open(self) -> bool:
        return self.path is not GatewayPath.CLOSED


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A solved allocation; ``unallocated_cents`` is what nobody had room for.

    ``one_cent_more`` is the smallest budget with which the favored would get another cent, None where none would do: at
    their 415(c) limits, or where an NHCE has no room under 415(c) for a higher gateway.
    """

    amounts: Cents
    budget_cents: int
    favored_cents: int
    gateway: Gateway
    gateway_cost_cents: int
    unallocated_cents: int
    one_cent_more: int | None


def by_groups(
    *,
    group_of_each: Counts,
    budget_of_group_cents: Sequence[int],
    compensation: Cents,
    plan_year: PlanYear,
    room: Cents | None = None,
) -> tuple[Allocation, ...]:
    """Each group its own contribution, shared by pay within the group (Reg. 1.401(a)(4)-8(b)(1)).

    Groups are numbered from 0; amounts stand at everybody's place, so the results of the groups add up.
    """
    check_facts(locals(), one_plan=True)
    if len(group_of_each) and int(group_of_each.max()) >= len(budget_of_group_cents):
        raise ImpossibleInput("group_of_each", f"groups are numbered from 0 to {len(budget_of_group_cents) - 1}")
    return tuple(
        pro_rata(
            budget_cents=budget,
            compensation=np.where(group_of_each == group, compensation, 0),
            plan_year=plan_year,
            room=room,
        )
        for group, budget in enumerate(budget_of_group_cents)
    )


def gateway(
    *,
    amounts: Cents,
    compensation: Cents,
    section_415_compensation: Cents,
    is_hce: Flags,
    benefits: Flags,
    plan_year: PlanYear,
) -> Gateway:
    """Whether every NHCE who benefits gets a third of the highest HCE rate, or 5 % of pay.

    Reg. 1.401(a)(4)-8(b)(1)(vi). Both compare exactly: rates are not rounded. ``amounts`` are all nonelective
    contributions and forfeitures of the tested plan, a safe harbor nonelective and a top-heavy minimum included, match
    and deferrals not. An NHCE who benefits by any of them is in.
    """
    check_facts(locals(), one_plan=True)
    pay, full_pay = counted_pay(compensation, plan_year), counted_pay(section_415_compensation, plan_year)
    nhces = benefits & ~is_hce
    highest = _highest_rate(amounts, pay, is_hce & benefits)
    needed = _needed(highest, pay, full_pay, nhces, plan_year)
    missing = [np.where(nhces, np.maximum(each - amounts, 0), 0) for each in needed]
    third, five = missing
    cheaper = third if int(third.sum()) <= int(five.sum()) else five
    if not highest:
        path = GatewayPath.NOBODY_HIGHLY_COMPENSATED
    elif not third.any():
        path = GatewayPath.ONE_THIRD
    else:
        path = GatewayPath.CLOSED if five.any() else GatewayPath.FIVE_PERCENT
    rate = min(Fraction(highest * _WHOLE, _PARTS_OF_HIGHEST), Fraction(figures.bps("gateway_deemed_rate", plan_year)))
    return Gateway(path, highest * _WHOLE, rate, cheaper if path is GatewayPath.CLOSED else np.zeros_like(cheaper))


def most_to_the_favored(
    *,
    budget_cents: int,
    favored: Flags,
    is_hce: Flags,
    benefits: Flags,
    compensation: Cents,
    section_415_compensation: Cents,
    given: Cents,
    room: Cents,
    plan_year: PlanYear,
) -> Design:
    """Share a budget so that the favored get as much as the gateway and 415(c) allow, and every cent is used.

    The favored are paid at one rate of pay as far as their room goes, the gateway (Reg. 1.401(a)(4)-8(b)(1)(vi)) is
    paid to all NHCEs who benefit, and what then is left goes to these by pay. ``given`` is nonelective money that
    everybody has already (a safe harbor 3 %, the amounts of other HCEs): it counts for the gateway and not in the
    budget. ``room`` from allocation.room_under_415, after what was given. A smaller budget than the gateway of what
    HCEs were given costs is refused.
    """
    check_facts(locals(), one_plan=True)
    plan = _Sides.of(favored, is_hce, benefits, compensation, section_415_compensation, given, room, plan_year)
    if plan.cost(0) > budget_cents:
        raise ImpossibleInput("budget_cents", f"{budget_cents} does not pay the gateway of what HCEs were given")
    most = int(plan.favored_room.sum())
    low, high = 0, min(budget_cents, most)
    while low < high:
        middle = (low + high + 1) // 2
        if plan.cost(middle) <= budget_cents:
            low = middle
        else:
            high = middle - 1
    return _design(plan, low, budget_cents, plan.cost(low + 1) if low < most else None)


def budget_needed(
    *,
    favored_cents: int,
    favored: Flags,
    is_hce: Flags,
    benefits: Flags,
    compensation: Cents,
    section_415_compensation: Cents,
    given: Cents,
    room: Cents,
    plan_year: PlanYear,
) -> Design:
    """The smallest budget with which the favored together get an amount: the amount and its gateway.

    The inverse of :func:`most_to_the_favored` (Reg. 1.401(a)(4)-8(b)(1)(vi)); an amount above their 415(c) room is
    refused.
    """
    check_facts(locals(), one_plan=True)
    plan = _Sides.of(favored, is_hce, benefits, compensation, section_415_compensation, given, room, plan_year)
    most = int(plan.favored_room.sum())
    if favored_cents > most:
        raise ImpossibleInput(
            "favored_cents", f"from 0 to {most}, the room of the favored under 415(c), not {favored_cents}"
        )
    more = plan.cost(favored_cents + 1) if favored_cents < most else None
    return _design(plan, favored_cents, plan.cost(favored_cents), more)


@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    """The favored and the others, in columns by place."""

    favored: Flags
    is_hce: Flags
    benefits: Flags
    nhces: Flags
    compensation: Cents
    section_415_compensation: Cents
    pay: Cents
    full_pay: Cents
    given: Cents
    room: Cents
    favored_room: Cents
    plan_year: PlanYear

    @classmethod
    def of(
        cls,
        favored: Flags,
        is_hce: Flags,
        benefits: Flags,
        compensation: Cents,
        section_415_compensation: Cents,
        given: Cents,
        room: Cents,
        plan_year: PlanYear,
    ) -> "_Sides":
        pay = counted_pay(compensation, plan_year)
        if not (favored & benefits & (pay > 0)).any():
            raise ImpossibleInput("favored", "nobody of the favored benefits and has pay")
        if (favored & ~is_hce).any():
            raise ImpossibleInput(
                "favored", "only highly compensated employees are; an NHCE is paid by the gateway and the rest"
            )
        return cls(
            favored=favored,
            is_hce=is_hce,
            benefits=benefits,
            nhces=benefits & ~is_hce,
            compensation=compensation,
            section_415_compensation=section_415_compensation,
            pay=pay,
            full_pay=counted_pay(section_415_compensation, plan_year),
            given=given,
            room=np.maximum(room, 0),
            favored_room=np.where(favored & benefits & (pay > 0), np.maximum(room, 0), 0),
            plan_year=plan_year,
        )

    def cost(self, favored_cents: int) -> int:
        """What the favored get, and the gateway it takes: never less for more, as :meth:`seated` gives cents."""
        owed = self.owed(self.seated(favored_cents))
        return _NEVER if owed is None else favored_cents + int(owed.sum())

    def owed(self, to_favored: Cents) -> Cents | None:
        """The gateway of the NHCEs beyond what they have, by the cheaper way with room under 415(c), if any."""
        highest = _highest_rate(to_favored + self.given, self.pay, self.is_hce & self.benefits)
        ways = [
            np.where(self.nhces, np.maximum(each - self.given, 0), 0)
            for each in _needed(highest, self.pay, self.full_pay, self.nhces, self.plan_year)
        ]
        return min((way for way in ways if (way <= self.room).all()), key=lambda way: int(way.sum()), default=None)

    def seated(self, favored_cents: int) -> Cents:
        """The favored's amount cent by cent to whoever's rate is then lowest, so the highest rate is as low as can be.

        The shares by pay, rounded down, and their last cents; unlike largest remainder nobody loses when the sum rises.
        """
        places = [int(place) for place in np.flatnonzero(self.favored_room)]
        top = [Fraction(int(self.favored_room[place])) for place in places]
        weights = [int(self.pay[place]) for place in places]
        shares = fill(Fraction(favored_cents), weights, [Fraction(0)] * len(places), top)
        cents = {place: int(share) for place, share in zip(places, shares, strict=True)}
        queue = [
            (Fraction(cents[place] + 1, int(self.pay[place])), place)
            for place in places
            if cents[place] < int(self.favored_room[place])
        ]
        heapify(queue)
        for _ in range(favored_cents - sum(cents.values())):
            place = queue[0][1]
            cents[place] += 1
            full = cents[place] >= int(self.favored_room[place])
            heapreplace(queue, (Fraction(_WHOLE) if full else Fraction(cents[place] + 1, int(self.pay[place])), place))
        amounts = np.zeros_like(self.pay)
        for place, amount in cents.items():
            amounts[place] = amount
        return amounts


def _design(plan: _Sides, favored_cents: int, budget_cents: int, one_cent_more: int | None) -> Design:
    to_favored = plan.seated(favored_cents)
    owed = plan.owed(to_favored)
    if owed is None:
        raise ImpossibleInput("favored_cents", "an NHCE has no room under 415(c) for the gateway of this amount")
    left = budget_cents - favored_cents
    shares = fill(
        Fraction(left),
        [int(pay) if of_them else 0 for pay, of_them in zip(plan.pay, plan.nhces, strict=True)],
        [Fraction(int(each)) for each in owed],
        [Fraction(int(each)) for each in plan.room],
    )
    amounts = to_favored + whole_cents(shares)
    return Design(
        amounts=amounts,
        budget_cents=budget_cents,
        favored_cents=favored_cents,
        gateway=gateway(
            amounts=amounts + plan.given,
            compensation=plan.compensation,
            section_415_compensation=plan.section_415_compensation,
            is_hce=plan.is_hce,
            benefits=plan.benefits,
            plan_year=plan.plan_year,
        ),
        gateway_cost_cents=int(owed.sum()),
        unallocated_cents=budget_cents - int(amounts.sum()),
        one_cent_more=None if one_cent_more is None or one_cent_more >= _NEVER else one_cent_more,
    )


def _highest_rate(amounts: Cents, pay: Cents, hces: Flags) -> Fraction:
    """The highest rate of an HCE; who has an amount and no pay contradicts the facts and is refused."""
    if (hces & (amounts > 0) & (pay == 0)).any():
        raise ImpossibleInput("compensation", "a highly compensated employee has an allocation and no pay")
    return max(
        (Fraction(int(amounts[place]), int(pay[place])) for place in np.flatnonzero(hces & (pay > 0))),
        default=Fraction(0),
    )


def _needed(highest: Fraction, pay: Cents, full_pay: Cents, nhces: Flags, plan_year: PlanYear) -> tuple[Cents, Cents]:
    """What each NHCE must have: a third of the highest rate of pay, or 5 % of 415 pay, rounded up to a cent."""
    third, five = np.zeros_like(pay), np.zeros_like(pay)
    rate, of_full_pay = Fraction(highest, _PARTS_OF_HIGHEST), figures.bps("gateway_deemed_rate", plan_year)
    for place in np.flatnonzero(nhces):
        third[place] = -(-int(pay[place]) * rate.numerator // rate.denominator)
        five[place] = -(-int(full_pay[place]) * of_full_pay // _WHOLE)
    return third, five
