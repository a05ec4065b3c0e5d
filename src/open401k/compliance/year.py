"""The figures of one plan year as every test reads them: for the facts, and for thousands of simulated years alike.

The tests of today and the projection go through these same functions, and these call only ``law``. Not here: status
and explanation (registry.py), simulation (simulation.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeVar

import numpy as np

from open401k import law
from open401k.kernel import CalendarYear, LimitationYear, PlanYear
from open401k.law import NotEnacted
from open401k.law.additions import AnnualAdditions
from open401k.law.deferrals import DeferralLimits, DeferralSplit
from open401k.law.nondiscrimination import RatioScenarios
from open401k.recordkeeping import Declared

from .elsewhere import Elsewhere
from .facts import Cents, Flags, Receiving
from .pay_fairness import Fairness

Answer = TypeVar("Answer")
#: Of more numbers than these the memory is worth more than the time of working them out again.
_MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Year:
    """One plan year, people on the last axis; leading axes, where there are any, are simulated year-ends."""

    plan_year: PlanYear
    calendar_year: CalendarYear
    """That of 402(g) and catch-up: a plan year that begins in July lies in two, and this is the one of the facts."""
    as_of: date
    """The day of the facts; of simulated year-ends the last one of the plan year."""
    compensation: Cents
    section_415: Cents
    deferrals: Cents
    """Of the plan year."""
    calendar_deferrals: Cents
    calendar_before: Cents
    """Deferrals of the calendar year before the plan year began."""
    calendar_after: Cents
    """Deferrals of the calendar year after the plan year ended (simulated)."""
    earlier: DeferralSplit
    """Deferrals of the plan year in the calendar year before."""
    later: Cents
    """Deferrals of the plan year in the calendar year after (simulated)."""
    elected: Cents
    """Deferrals of the calendar year as elections ask for them, where nobody has stopped them at a limit."""
    after_tax: Cents
    match: Cents
    nonelective: Cents
    qnec: Cents
    eligible: Flags
    class_excluded: Flags
    is_hce: Flags
    is_key: Flags
    ages: Cents
    """On the last day of the calendar year."""
    fica_prior: Cents
    balances: Cents
    """At the top-heavy determination date, in the plan and in those that it is tested with."""
    roth: Cents
    """Designated Roth deferrals of the calendar year so far."""
    here: Flags
    """Employed on the last day (of a simulated year: its end)."""
    served_before: Flags
    """Worked in the year that ends on the determination date."""
    former_key: Flags
    """Key in an earlier year and not now: out of the top-heavy ratio (IRC 416(g)(4)(B))."""
    has_match: bool
    match_tiers: tuple[tuple[int, int], ...]
    nonelective_bps: int
    safe_harbor: str
    gives_more_than_safe_harbor: bool
    """A nonelective that is no safe harbor contribution, by the terms or in the books of the year."""
    plan_has_roth: bool
    catch_up: bool
    higher_catch_up: bool
    max_bps_of_pay: int | None
    prior_adp_bps: int | None
    prior_acp_bps: int | None
    match_by_service: tuple[tuple[tuple[int, int], ...], ...] = ()
    """Tiers of who has more years of service, in place of ``match_tiers``."""
    match_leaves_some: bool = False
    """Whether a condition or a class leaves somebody who defers and is no HCE without the match."""
    in_match: Flags | None = None
    """Who has entered for the match; None: everybody eligible."""
    in_nonelective: Flags | None = None
    """Who has entered for nonelective money; None: everybody eligible."""
    match_kept_out: Flags | None = None
    """Whom class alone keeps out of the match; None: as of the plan."""
    nonelective_kept_out: Flags | None = None
    """Whom class alone keeps out of nonelective money; None: as of the plan."""
    declared: tuple[Declared, ...] = ()
    """What the employer declared for the year: of match and of profit sharing."""
    elsewhere: Elsewhere | None = None
    """What the same people have in the sponsor's other plans; None for a sponsor of one plan."""
    corrective: Cents | None = None
    """What corrects failures of this limitation year: it counts in 415(c) and in nothing else."""
    safe_harbor_hces: bool = True
    """Whether the highly compensated receive the safe harbor contribution, too."""
    receiving: Receiving | None = None
    """Whom conditions keep from employer money of the year; None where there are no conditions."""
    loan_matched: Flags | None = None
    """Who received a match of student loan payments and is tested apart; None: nobody is."""
    fairness: tuple[Fairness, ...] = ()
    """Definitions of pay that only the ratio test shows fair; a simulated year end has the shares of today."""
    known: dict[str, Any] = field(default_factory=dict, init=False, repr=False)
    """What several tests ask of the year, worked out once."""

    @property
    def whole(self) -> bool:
        """Whether plan year and calendar year are the same twelve months."""
        return (self.plan_year.start, self.plan_year.end) == (self.calendar_year.start, self.calendar_year.end)

    @property
    def roth_required(self) -> Flags:
        """Whose catch-up of the calendar year must be Roth (IRC 414(v)(7)(A))."""
        return law.deferrals.roth_catch_up_required(self.fica_prior, self.calendar_year)

    def counted_pay(self) -> Cents:
        """Plan compensation under the 401(a)(17) limit."""
        return law.compensation.capped(self.compensation, law.compensation.annual_cap(self.plan_year))

    def tested_pay(self) -> Cents:
        """Pay under the ratios: an HCE's from the employer, as the deferrals are (Reg. 1.401(k)-2(a)(3)(ii))."""
        if self.elsewhere is None:
            return self.counted_pay()
        pay = self.compensation + np.where(self.is_hce, self.elsewhere.pay, 0)
        return law.compensation.capped(pay, law.compensation.annual_cap(self.plan_year))

    def own_limit(self) -> Cents | None:
        """The plan's own limit, a share of the plan year's pay."""
        return None if self.max_bps_of_pay is None else self.compensation * self.max_bps_of_pay // 10_000

    def deferral_limits(self) -> DeferralLimits:
        """What other plans leave of 402(g) and catch-up of the calendar year.

        And the plan's own limit, where that is one of the same months.
        """

        def limits() -> DeferralLimits:
            elsewhere = None if self.elsewhere is None else self.elsewhere.deferrals
            return self._limits(self.calendar_year, self.ages, self.own_limit() if self.whole else None, elsewhere)

        return self._once("deferral_limits", limits)

    def _once(self, name: str, work: Callable[[], Answer]) -> Answer:
        if self.deferrals.size > _MOST_KEPT:
            return work()
        if name not in self.known:
            self.known[name] = work()
        found: Answer = self.known[name]
        return found

    def whole_limits(self) -> DeferralLimits:
        """402(g) and catch-up of the calendar year, whatever was deferred in other plans."""
        return self._limits(self.calendar_year, self.ages, None)

    def catch_up_elsewhere(self) -> Cents:
        """What of the deferrals in other plans is catch-up, where this plan's come after them."""
        if self.elsewhere is None:
            return np.zeros(self.ages.shape, dtype=np.int64)
        return law.deferrals.split(self.elsewhere.deferrals, self.whole_limits()).catch_up

    def next_limits(self) -> DeferralLimits:
        """402(g) and catch-up of the next calendar year; who must catch up as Roth is expected to be as in this one."""
        return self._limits(self._next_year, self.ages + 1, None)

    @property
    def _next_year(self) -> CalendarYear:
        return CalendarYear(self.calendar_year.year + 1)

    def _limits(
        self, year: CalendarYear, ages: Cents, own: Cents | None, elsewhere: Cents | None = None
    ) -> DeferralLimits:
        return law.deferrals.deferral_limits(
            ages,
            year,
            plan_allows_catch_up=self.catch_up,
            higher_60_to_63=self.higher_catch_up,
            roth_required=None if self.plan_has_roth else self.roth_required,
            plan_has_roth=self.plan_has_roth,
            plan_limit=own,
            elsewhere=elsewhere,
        )

    def split(self) -> DeferralSplit:
        """Deferrals of the calendar year as regular, catch-up and excess.

        That catch-up is within 415(c)(3) pay too (Reg. 1.414(v)-1(c)(1)) is not asked here: pay to date is not that of
        the year, and no payroll posts more of a row than its pay (``amount.exceeds_pay``).
        """
        return self._once("split", lambda: law.deferrals.split(self.calendar_deferrals, self.deferral_limits()))

    def plan_split(self) -> DeferralSplit:
        """Deferrals of the plan year as regular, catch-up, and over a limit.

        Over 402(g) they are catch-up of the calendar year in which they were made; over the plan's own limit they are
        on the last day of the plan year, as far as the catch-up limit of that day's calendar year lasts (Reg.
        1.414(v)-1(c)(3)).
        """
        return self._once("plan_split", self._plan_split)

    def _plan_split(self) -> DeferralSplit:
        if self.whole:
            split = self.split()
            catch_up, excess = np.minimum(split.catch_up, self.deferrals), np.minimum(split.excess, self.deferrals)
            return DeferralSplit(self.deferrals - catch_up - excess, catch_up, excess)
        catch_up, excess = self._over_402g()
        own = self.own_limit()
        over = np.zeros_like(catch_up) if own is None else np.maximum(self.deferrals - catch_up - excess - own, 0)
        if over.any():
            by_plan = np.minimum(over, self._catch_up_left())
            catch_up, excess = catch_up + by_plan, excess + over - by_plan
        return DeferralSplit(self.deferrals - catch_up - excess, catch_up, excess)

    def additions_room(self) -> Cents:
        """The same by reason of 415(c): of who may catch up only as Roth, Roth deferrals that are not catch-up yet (IRC
        414(v)(7)(A)); that is not counted where the plan year is not the calendar year."""
        room = self.catch_up_room()
        if not self.whole:
            return room
        left = np.maximum(self.roth - self.split().catch_up, 0)
        return np.where(self.roth_required, np.minimum(room, left), room)

    def catch_up_room(self) -> Cents:
        """How much more of the plan year may become catch-up: what the last day's calendar year has left.

        Of who may catch up only as Roth, it may be money that has to be made Roth first: a refund tells so.
        """
        if self.whole:
            return self.deferral_limits().catch_up - self.split().catch_up
        catch_up, _ = self._over_402g()
        return self._catch_up_left() - (self.plan_split().catch_up - catch_up)

    def _over_402g(self) -> tuple[Cents, Cents]:
        """Catch-up and excess by 402(g) of the plan year's dates, each in its calendar year."""
        here = split_or_below(self.calendar_deferrals - self.calendar_after, self.calendar_year, self.deferral_limits)
        before = split_or_below(self.calendar_before, self.calendar_year, self.deferral_limits)
        later = split_or_below(self.later, self._next_year, self.next_limits)
        return (
            self.earlier.catch_up + here.catch_up - before.catch_up + later.catch_up,
            self.earlier.excess + here.excess - before.excess + later.excess,
        )

    def _catch_up_left(self) -> Cents:
        """What 402(g) has left of the catch-up limit of the calendar year of the last day."""
        if self.as_of.year > self.calendar_year.year:
            limits, made = self.next_limits(), self.later
        else:
            limits, made = self.deferral_limits(), self.calendar_deferrals - self.calendar_after
        left: Cents = limits.catch_up - law.deferrals.split(made, limits).catch_up
        return left

    @property
    def limitation_year(self) -> LimitationYear:
        """The year of 415(c): the plan year."""
        return LimitationYear(self.plan_year.start, self.plan_year.end)

    def annual_additions(self) -> AnnualAdditions:
        """Annual additions of everybody against the limit of 415(c) that is in force on the day of the facts."""
        return self._once("annual_additions", self._annual_additions)

    def _annual_additions(self) -> AnnualAdditions:
        law.additions.dollar_limit(self.limitation_year, on=self.as_of)  # missing, it is named before anything else is
        employer = self.match + self.nonelective + self.qnec
        corrective = np.zeros_like(employer) if self.corrective is None else self.corrective
        own = self.deferrals + self.after_tax + np.maximum(employer + corrective, 0)
        # corrections are those of all plans: what they took may have been of another one
        employer = np.maximum(employer + corrective + self.additions_elsewhere(own), 0)
        return law.additions.annual_additions(
            year=self.limitation_year,
            on=self.as_of,
            deferrals=self.deferrals,
            catch_up=self.plan_split().catch_up,
            after_tax=self.after_tax,
            employer=employer,
            compensation=self.section_415,
            catch_up_room=self.additions_room(),
        )

    def additions_elsewhere(self, own: Cents) -> Cents:
        """What other plans of the employer add, for who has anything here (IRC 415(f)(1)(B)): catch-up left out."""
        if self.elsewhere is None:
            return np.zeros_like(own)
        there = self.elsewhere
        return np.where(own > 0, there.additions - np.minimum(self.catch_up_elsewhere(), there.plan_year_deferrals), 0)

    def catch_up_by_415(self) -> Cents:
        """Deferrals that are catch-up because they are above 415(c); none where its figure is not on file yet."""
        try:
            if (self.additions_room() > 0).any():
                return self.annual_additions().catch_up_by_415
        except NotEnacted:
            pass
        return np.zeros_like(self.deferrals)

    def adp_catch_up(self) -> Cents:
        """Of this plan's deferrals of the year, what the ADP test leaves out."""
        return self.plan_split().catch_up + self.catch_up_by_415()

    def adp_contributions(self) -> Cents:
        """Numerators of the ADP ratios; an HCE's under all plans of the employer count (IRC 401(k)(3)(A)).

        Catch-up above 402(g), the plan's own limit or 415(c) is out (Reg. 1.414(v)-1(d)(2)(i)).
        """
        split = self.plan_split()
        deferrals, catch_up = self.deferrals, self.adp_catch_up()
        if self.elsewhere is not None:
            there = self.elsewhere.plan_year_deferrals
            deferrals = deferrals + np.where(self.is_hce, there, 0)
            catch_up = catch_up + np.where(self.is_hce, np.minimum(self.catch_up_elsewhere(), there), 0)
        return law.nondiscrimination.adp_numerator(
            deferrals=deferrals,
            catch_up=catch_up,
            over_401a30=split.excess,
            qualified=self.qnec,
            is_hce=self.is_hce,
        )

    def acp_contributions(self) -> Cents:
        """Numerators of the ACP ratios: match and after-tax (QNEC counts in the ADP test, and so not here).

        An HCE's under all plans of the employer count (IRC 401(m)(2)(B)).
        """
        if self.elsewhere is None:
            return self.match + self.after_tax
        there = np.where(self.is_hce, self.elsewhere.match + self.elsewhere.after_tax, 0)
        return self.match + self.after_tax + there

    def of_match(self) -> Year:
        """The year as the match has it: eligible is who has entered for it, left out by class who would have."""
        if self.in_match is None:
            return self
        out = self.class_excluded if self.match_kept_out is None else self.match_kept_out
        return replace(self, eligible=self.eligible & self.in_match, class_excluded=out)

    def of_nonelective(self) -> Year:
        """The year as nonelective money has it, in the same way."""
        if self.in_nonelective is None:
            return self
        out = self.class_excluded if self.nonelective_kept_out is None else self.nonelective_kept_out
        return replace(self, eligible=self.eligible & self.in_nonelective, class_excluded=out)

    @property
    def in_safe_harbor(self) -> Flags | None:
        """Who has entered for the contribution that makes the plan a safe harbor; None: everybody, or it is none."""
        if self.safe_harbor == "none":
            return None
        return self.in_nonelective if self.safe_harbor.endswith("nonelective") else self.in_match

    def of_adp(self) -> Year:
        """The year as the ADP test has it: of a safe harbor plan who has not entered for its contribution yet.

        Who has not completed age 21 and a year of service is a plan of its own then (Reg. 1.401(k)-3(h)(3)).
        """
        inside = self.in_safe_harbor
        year = self if inside is None else replace(self, eligible=self.eligible & ~inside)
        return year if self.loan_matched is None else replace(year, eligible=year.eligible & ~self.loan_matched)

    def of_loan_matched(self) -> Year:
        """The year as the ADP test has it of who received a match of student loan payments (IRC 401(m)(13)(B)(iv))."""
        apart = np.zeros_like(self.is_hce) if self.loan_matched is None else self.loan_matched
        rest = replace(self, loan_matched=None).of_adp()
        return replace(rest, eligible=rest.eligible & apart, loan_matched=None, safe_harbor="none")

    @property
    def acp_eligible(self) -> Flags:
        """Who could have a match: not who a condition keeps from all of it (Reg. 1.401(m)-5 "eligible employee")."""
        return self.eligible if self.receiving is None else self.eligible & ~self.receiving.no_match

    def adp(self) -> RatioScenarios:
        """The ADP test of every year-end."""
        return law.nondiscrimination.ratio_scenarios(
            contributions=self.adp_contributions(),
            compensation=self.tested_pay(),
            is_hce=self.is_hce,
            eligible=self.of_adp().eligible,
            prior_year_nhce_average=self.prior_adp_bps,
        )

    def acp(self) -> RatioScenarios:
        """The ACP test of every year-end."""
        return law.nondiscrimination.ratio_scenarios(
            contributions=self.acp_contributions(),
            compensation=self.tested_pay(),
            is_hce=self.is_hce,
            eligible=self.of_match().acp_eligible,
            prior_year_nhce_average=self.prior_acp_bps,
        )


def split_or_below(made: Cents, year: CalendarYear, limits: Callable[[], DeferralLimits]) -> DeferralSplit:
    """As the limits have it; where they are not on file, only what could not reach any that is to come."""
    try:
        return law.deferrals.split(made, limits())
    except NotEnacted as missing:
        if law.deferrals.below_any_limit(made, year):
            return DeferralSplit(made, np.zeros_like(made), np.zeros_like(made))
        raise NotEnacted(
            f"The deferral limit of {year} is not known yet, and deferrals of the plan year may reach it (IRC 402(g)).",
            fix=missing.fix,
        ) from missing


def with_qnec(year: Year, qnec: Cents) -> Year:
    """The same year with a qualified nonelective contribution on top."""
    return replace(year, qnec=year.qnec + qnec)
