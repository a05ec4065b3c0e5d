"""Safe harbor plans during the year: what may change, be reduced or be adopted late, and QACA contributions.

Reg. 1.401(k)-3(e)-(g), (k); Notices 2016-16 and 2020-86. Not here: formulas of 401(k)(12) (safe_harbor.py), default
percentages of a QACA, the contents of notices.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ..kernel import PlanYear
from .given import ImpossibleInput, check_facts
from .matching import MatchFormula, exact_rate
from .safe_harbor import Adoption, Shortcoming, adoptable, match_shortcomings, nonelective_shortcomings

#: 100 % of the first 1 % of pay and 50 % of the next 5 % (IRC 401(k)(13)(D)(i)(I)).
QACA_BASIC_MATCH = MatchFormula.of([(10_000, 100), (5_000, 600)])
#: Years of service after which QACA contributions are vested (IRC 401(k)(13)(D)(iii)(I)).
QACA_VESTING_YEARS = 2
_NOTICE_DAYS = 30
_NOTICE_DAYS_MOST = 90
_MONTHS_BEFORE_END = 3


class ChangeKind(StrEnum):
    """What a mid-year amendment of a safe harbor plan does."""

    QACA_VESTING_LONGER = "more_years_of_service_to_vest_in_qaca_contributions"
    NARROWER_GROUP = "fewer_employees_eligible_for_safe_harbor_contributions"
    OTHER_TYPE = "another_type_of_safe_harbor"
    MATCH_INCREASED = "match_increased_or_discretionary_match_added"
    MATCH_OR_NONELECTIVE_REDUCED = "safe_harbor_contribution_reduced_or_suspended"
    ELIGIBILITY_OF_NEWCOMERS = "service_or_entry_rules_for_those_not_yet_eligible"
    NONELECTIVE_INCREASED = "nonelective_increased"
    OTHER_IN_NOTICE = "other_content_that_the_notice_must_have"
    OTHER = "anything_else"


class Bar(StrEnum):
    """Why a change is not allowed as it is planned. Listed in order of precedence."""

    PROHIBITED = "prohibited_mid_year_change"
    BY_REDUCTION_RULE_ONLY = "only_as_reduction_or_suspension"
    LESS_THAN_THREE_MONTHS_LEFT = "adopted_less_than_three_months_before_the_end_of_the_plan_year"
    NOT_RETROACTIVE = "not_effective_for_the_whole_plan_year"
    NOTICE_MISSING = "updated_notice_missing"
    NOTICE_TOO_LATE = "updated_notice_too_late"
    NO_ELECTION_OPPORTUNITY = "no_opportunity_to_change_elections"
    NO_LOSS_AND_NO_STATEMENT = "no_economic_loss_and_no_statement_in_the_annual_notice"
    EFFECTIVE_TOO_EARLY = "effective_before_adoption_or_thirty_days_after_the_notice"
    NO_CURRENT_YEAR_TEST = "plan_not_amended_to_test_the_whole_year_by_current_year"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a change is allowed, why not, and from when it may be effective at the earliest where that is bound."""

    bars: tuple[Bar, ...]
    cite: str
    earliest: date | None = None
    notice_from: date | None = None
    notice_until: date | None = None

    @property
    def allowed(self) -> bool:
        return not self.bars


def qaca_shortcomings(formula: MatchFormula, *, last_day_or_hours_condition: bool = False) -> tuple[Shortcoming, ...]:
    """Why a match does not satisfy a QACA (IRC 401(k)(13)(D)(i)(I); Reg. 1.401(k)-3(k)(2)).

    As :func:`safe_harbor.match_shortcomings`, against the lower formula: 100 % of 1 % and 50 % of the next 5 %.
    """
    rates = sorted({tier.up_to_bps for tier in (*formula.tiers, *QACA_BASIC_MATCH.tiers)})
    below = any(exact_rate(formula, rate) < exact_rate(QACA_BASIC_MATCH, rate) for rate in rates)
    other = match_shortcomings(formula, last_day_or_hours_condition=last_day_or_hours_condition)
    found = (
        *((Shortcoming.BELOW_BASIC,) if below else ()),
        *(each for each in other if each is not Shortcoming.BELOW_BASIC),
    )
    return tuple(sorted(found, key=list(Shortcoming).index))


def qaca_nonelective_shortcomings(
    rate_bps: int, *, vested_after_years: int, last_day_or_hours_condition: bool = False
) -> tuple[Shortcoming | str, ...]:
    """Why a nonelective does not satisfy a QACA: 3 % to every eligible NHCE, vested after two years of service.

    IRC 401(k)(13)(D)(i)(II), (iii)(I); Reg. 1.401(k)-3(k)(3).
    """
    check_facts(locals())
    late = ("vested_later_than_two_years",) if vested_after_years > QACA_VESTING_YEARS else ()
    return (*nonelective_shortcomings(rate_bps, last_day_or_hours_condition=last_day_or_hours_condition), *late)


def hce_rates_higher(*, hce: MatchFormula, nhce: MatchFormula) -> bool:
    """Whether HCEs have more match at some deferral rate (IRC 401(k)(12)(B)(ii); Reg. 1.401(k)-3(c)(4), (7))."""
    rates = sorted({tier.up_to_bps for tier in (*hce.tiers, *nhce.tiers)})
    return any(exact_rate(hce, rate) > exact_rate(nhce, rate) for rate in rates)


def mid_year_change(
    *,
    kind: ChangeKind,
    adopted_on: date,
    effective_on: date,
    plan_year: PlanYear,
    notice_on: date | None,
    election_opportunity: bool,
) -> Verdict:
    """Whether a safe harbor plan may be changed during the year (Notice 2016-16; Reg. 1.401(k)-3(e)(1)).

    Four changes are prohibited; a better match is not if adopted three months before the year ends and effective for
    all of it. What changes the required content of the notice takes an updated notice, 30 to 90 days before, which is
    deemed to be reasonable (for a change back to the beginning of the year, up to 30 days after adoption),
    and an opportunity to change elections.
    """
    check_facts(locals())
    if adopted_on not in plan_year or effective_on not in plan_year:
        raise ImpossibleInput("adopted_on, effective_on", f"a mid-year change lies within the plan year {plan_year}")
    retroactive = effective_on < adopted_on
    match_up = kind is ChangeKind.MATCH_INCREASED
    in_notice = kind not in (ChangeKind.OTHER, ChangeKind.ELIGIBILITY_OF_NEWCOMERS)
    prohibited = (ChangeKind.QACA_VESTING_LONGER, ChangeKind.NARROWER_GROUP, ChangeKind.OTHER_TYPE)
    until = adopted_on + timedelta(days=_NOTICE_DAYS) if retroactive else effective_on - timedelta(days=_NOTICE_DAYS)
    found = (
        (kind in prohibited, Bar.PROHIBITED),
        (kind is ChangeKind.MATCH_OR_NONELECTIVE_REDUCED, Bar.BY_REDUCTION_RULE_ONLY),
        (match_up and adopted_on > _months_before_end(plan_year), Bar.LESS_THAN_THREE_MONTHS_LEFT),
        (match_up and effective_on != plan_year.start, Bar.NOT_RETROACTIVE),
        (in_notice and notice_on is None, Bar.NOTICE_MISSING),
        (in_notice and notice_on is not None and notice_on > until, Bar.NOTICE_TOO_LATE),
        (in_notice and not election_opportunity, Bar.NO_ELECTION_OPPORTUNITY),
    )
    return Verdict(
        bars=tuple(bar for there, bar in found if there),
        cite="Notice 2016-16",
        notice_from=effective_on - timedelta(days=_NOTICE_DAYS_MOST) if in_notice and not retroactive else None,
        notice_until=until if in_notice else None,
    )


def reduction(
    *,
    adopted_on: date,
    effective_on: date,
    supplemental_notice_on: date | None,
    economic_loss: bool,
    statement_in_annual_notice: bool,
    election_opportunity: bool,
    tested_by_current_year: bool,
    plan_year: PlanYear,
) -> Verdict:
    """Whether safe harbor contributions may be reduced or suspended mid-year (Reg. 1.401(k)-3(g), 1.401(m)-3(h)).

    With an economic loss (412(c)(2)(A)) or the statement in the notice of the year; effective no earlier than adoption
    and 30 days after a supplemental notice; elections may change before; the ADP (and ACP) test is met for the whole
    year by current-year testing. Contributions are owed until it is effective.
    """
    check_facts(locals())
    if effective_on not in plan_year:
        raise ImpossibleInput("effective_on", f"{effective_on} is not within the plan year {plan_year}")
    after_notice = None if supplemental_notice_on is None else supplemental_notice_on + timedelta(days=_NOTICE_DAYS)
    earliest = None if after_notice is None else max(adopted_on, after_notice)
    found = (
        (supplemental_notice_on is None, Bar.NOTICE_MISSING),
        (not election_opportunity, Bar.NO_ELECTION_OPPORTUNITY),
        (not economic_loss and not statement_in_annual_notice, Bar.NO_LOSS_AND_NO_STATEMENT),
        (earliest is not None and effective_on < earliest, Bar.EFFECTIVE_TOO_EARLY),
        (not tested_by_current_year, Bar.NO_CURRENT_YEAR_TEST),
    )
    return Verdict(tuple(bar for there, bar in found if there), "Reg. 1.401(k)-3(g)(1), 1.401(m)-3(h)(1)", earliest)


class AdoptionBar(StrEnum):
    """Why a safe harbor nonelective cannot be adopted for a year that has begun. Listed in order of precedence."""

    MATCH_SAFE_HARBOR = "match_safe_harbor_at_any_time_in_the_year"
    TOO_LATE = "after_the_last_day"
    RATE_TOO_LOW = "rate_too_low_for_the_day"


@dataclass(frozen=True, slots=True)
class LateAdoption:
    """Whether a nonelective safe harbor can be adopted on a day for a year that has begun; the offer of that day."""

    bars: tuple[AdoptionBar, ...]
    offer: Adoption | None
    cite: str = "IRC 401(k)(12)(F), (13)(F); Notice 2020-86"

    @property
    def allowed(self) -> bool:
        return not self.bars


def late_adoption(
    *, plan_year: PlanYear, on: date, rate_bps: int, match_safe_harbor_in_year: bool = False
) -> LateAdoption:
    """Adopt a 3 % or 4 % nonelective for a year that has begun (IRC 401(k)(12)(F), (13)(F); Notice 2020-86).

    3 % until before the 30th day before the year closes, then 4 % until before the last day for distributing excess
    contributions; no notice is needed for it. Not where the plan was a match safe harbor at any time in the year.
    """
    check_facts(locals())
    if on < plan_year.start:
        raise ImpossibleInput("on", f"{on} is before the plan year {plan_year}: no late adoption")
    offer = adoptable(plan_year, on=on)
    found = (
        (match_safe_harbor_in_year, AdoptionBar.MATCH_SAFE_HARBOR),
        (offer is None, AdoptionBar.TOO_LATE),
        (offer is not None and rate_bps < offer.rate_bps, AdoptionBar.RATE_TOO_LOW),
    )
    return LateAdoption(tuple(bar for there, bar in found if there), offer)


def plan_year_long_enough(
    *,
    plan_year: PlanYear,
    new_plan: bool,
    successor: bool = False,
    deferrals_added_on: date | None = None,
    new_employer: bool = False,
) -> bool:
    """Whether a plan year is long enough for a safe harbor (Reg. 1.401(k)-3(e)(1)-(2)).

    Twelve months; a new plan's first year three months, and deferrals added to an existing profit-sharing plan three
    months before the year ends; never a successor plan's. ``new_employer``: one that begins its plan as soon as is
    feasible after it came into existence may have a shorter first year. A changed or final plan year has its own rules
    ((e)(3)-(4)).
    """
    check_facts(locals())
    three_months = _months_before_end(plan_year)
    if deferrals_added_on is not None:
        return not successor and deferrals_added_on <= three_months
    if new_plan and not successor:
        return new_employer or plan_year.start <= three_months
    return PlanYear.starting(plan_year.start) == plan_year


def _months_before_end(plan_year: PlanYear) -> date:
    """The day from which three months are left: 1 October of a calendar year."""
    end = plan_year.end
    years, month = divmod(end.year * 12 + end.month - 1 - _MONTHS_BEFORE_END, 12)
    return date(years, month + 1, min(end.day, 28))
