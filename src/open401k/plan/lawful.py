"""What the law or the engine does not allow in provisions. Not here: tests of real people (compliance)."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from open401k.kernel import Source
from open401k.law import vesting
from open401k.law.automatic_enrollment import qaca_match_shortcomings
from open401k.law.matching import MatchFormula, exact_rate
from open401k.law.safe_harbor import Shortcoming, match_shortcomings, nonelective_shortcomings

from .lawful_automatic import automatic_enrollment
from .lawful_conditions import conditions
from .lawful_elections import elections
from .lawful_eligibility import eligibility
from .lawful_forfeitures import forfeitures
from .lawful_loans import loans
from .lawful_match import counted, receiving, student_loans
from .lawful_pay import definitions_of_pay
from .lawful_rollovers import rollovers
from .lawful_sharing import sharing
from .lawful_vesting import full_vesting
from .problem import ProvisionProblem
from .provisions import (
    CLIFF_2,
    IMMEDIATE_VESTING,
    Arrangement,
    Match,
    MatchPeriod,
    MatchTier,
    Provisions,
    SafeHarbor,
    VestingSchedule,
)

BASIC_TIERS = (MatchTier(10_000, 300), MatchTier(5_000, 500))
_EMPLOYEE_SOURCES = (Source.PRE_TAX, Source.ROTH, Source.AFTER_TAX)
_NONELECTIVE_SOURCES = (Source.NONELECTIVE, Source.SAFE_HARBOR_NONELECTIVE, Source.PROFIT_SHARING, Source.QNEC)
_SAFE_HARBOR_SOURCES = (Source.SAFE_HARBOR_MATCH, Source.SAFE_HARBOR_NONELECTIVE)
_MAY_VEST_LATER = (Source.MATCH, Source.NONELECTIVE, Source.PROFIT_SHARING)
_DECLARED = (Source.MATCH, Source.PROFIT_SHARING)
_MATCHED = (Source.MATCH, Source.SAFE_HARBOR_MATCH)
#: Which sources a provision may name, by its path: what a form offers, and no other is lawful.
SOURCES_OF: Mapping[str, tuple[Source, ...]] = {
    "deferrals.sources": _EMPLOYEE_SOURCES,
    "automatic_enrollment.source": (Source.PRE_TAX, Source.ROTH),
    "match.source": _MATCHED,
    "nonelective.source": _NONELECTIVE_SOURCES,
    "may_declare": _DECLARED,
    "declared_conditions.source": _DECLARED,
    "vesting.schedules.source": _MAY_VEST_LATER,
}
_DEFINITE = "Reg. 1.401-1(b)(1)(i)"


def problems(provisions: Provisions) -> list[ProvisionProblem]:
    """Everything that the law or the engine does not allow, all at once; an empty list can be adopted."""
    return [problem for check in _CHECKS for problem in check(provisions)]


def match_on(tiers: tuple[MatchTier, ...], deferral_bps: int) -> Fraction:
    """The match on deferrals of this share of pay, in basis points of pay, exact: as the law compares formulas."""
    return exact_rate(MatchFormula.of(tiers), deferral_bps) if tiers else Fraction(0)


def slower_than(schedule: VestingSchedule, other: VestingSchedule) -> bool:
    """Whether after some number of years less is vested than under the other schedule."""
    years = range(max(len(schedule.percents), len(other.percents)))
    return any(schedule.percent_after(year) < other.percent_after(year) for year in years)


def _calendar(provisions: Provisions) -> Iterator[ProvisionProblem]:
    try:
        provisions.plan_year_start.in_year(2001)
    except ValueError:
        yield ProvisionProblem(
            "plan_year_start",
            "The plan year does not begin on a day that every year has.",
            "ERISA 3(39)",
            "Choose a day that every year has, such as January 1.",
        )


def _deferrals(provisions: Provisions) -> Iterator[ProvisionProblem]:
    terms = provisions.deferrals
    odd = [source for source in terms.sources if source not in _EMPLOYEE_SOURCES]
    if odd or len(set(terms.sources)) < len(terms.sources):
        yield ProvisionProblem(
            "deferrals.sources",
            "Employees defer into pre_tax, roth and after_tax, each named once.",
            "IRC 401(k)(2)(A), 401(m), 402A",
            "Name only those.",
        )
    if Source.ROTH in terms.sources and Source.PRE_TAX not in terms.sources:
        yield ProvisionProblem(
            "deferrals.sources",
            "Designated Roth contributions are made in lieu of pre-tax deferrals, so the plan must offer both.",
            "IRC 402A(b)(1)",
            "Add pre_tax.",
        )
    if terms.catch_up and not any(source.is_deferral for source in terms.sources):
        yield ProvisionProblem(
            "deferrals.catch_up",
            "Catch-up is a deferral above a limit; without deferrals there is none.",
            "IRC 414(v)(1)",
            "Allow pre_tax deferrals, or take catch-up out.",
        )
    if terms.higher_catch_up_60_63 and not terms.catch_up:
        yield ProvisionProblem(
            "deferrals.higher_catch_up_60_63",
            "The higher amount at 60 to 63 is a catch-up, and the plan has none.",
            "IRC 414(v)(2)(B)(i)",
            "Allow catch-up, or take the higher amount out.",
        )
    if terms.max_bps_of_pay is not None and not 0 < terms.max_bps_of_pay <= 10_000:
        yield ProvisionProblem(
            "deferrals.max_bps_of_pay",
            f"A limit of {terms.max_bps_of_pay} basis points is not a share of pay.",
            "IRC 401(k)(2)(A)",
            "Set it between 1 and 10,000, or leave it out.",
        )


def _match(provisions: Provisions) -> Iterator[ProvisionProblem]:
    match = provisions.match
    if match is None:
        return
    if not any(source.is_deferral for source in provisions.deferrals.sources):
        yield ProvisionProblem(
            "match", "There is nothing to match without deferrals.", "IRC 401(m)(4)(A)", "Allow pre_tax deferrals."
        )
    if not all(_upward(of_years) for _, of_years in match.bands):
        yield ProvisionProblem(
            "match.tiers",
            "Each tier ends at a higher share of pay than the one before, and no rate is negative.",
            _DEFINITE,
            "Write 100 % to 3 % and 50 % to 5 % as ((10000, 300), (5000, 500)).",
        )
    if match.cap_cents is not None and match.cap_cents <= 0:
        yield ProvisionProblem(
            "match.cap_cents", "A cap is an amount above zero.", _DEFINITE, "Set one, or leave it out."
        )
    yield from _match_of_periods(match)
    if match.source not in _MATCHED:
        yield ProvisionProblem(
            "match.source",
            f"A match is not posted to {match.source}.",
            "IRC 401(m)(4)(A)",
            "Use match or safe_harbor_match.",
        )


def _match_of_periods(match: Match) -> Iterator[ProvisionProblem]:
    """Periods, caps and years of service that do not go together: a formula has to say one amount."""
    per_period = match.cap_per_period_cents
    if per_period is not None and per_period <= 0:
        yield ProvisionProblem(
            "match.cap_per_period_cents",
            "A cap is an amount above zero.",
            _DEFINITE,
            "Set one, or leave it out.",
        )
    if per_period is not None and (match.true_up or match.period is MatchPeriod.PLAN_YEAR):
        yield ProvisionProblem(
            "match.cap_per_period_cents",
            "Over the whole year there is no cap of a period: what it keeps back the year would give.",
            _DEFINITE,
            "Set cap_cents for the year, or take the true-up out.",
        )
    if match.true_up and match.period is MatchPeriod.PLAN_YEAR:
        yield ProvisionProblem(
            "match.true_up",
            "A match over the plan year is that of the whole year as it is: nothing is left to true up.",
            _DEFINITE,
            "Choose a shorter period, or take the true-up out.",
        )
    years = [each.years for each in match.by_service]
    if years and (years[0] <= 0 or years != sorted(set(years))):
        yield ProvisionProblem(
            "match.by_service",
            "Tiers by service begin after one year or more, each later than the ones before.",
            _DEFINITE,
            "Name each number of years once, the lowest first; tiers holds below it.",
        )


def _safe_harbor(provisions: Provisions) -> Iterator[ProvisionProblem]:
    match, nonelective, design = provisions.match, provisions.nonelective, provisions.safe_harbor
    has_match = match is not None and match.source is Source.SAFE_HARBOR_MATCH
    has_nonelective = nonelective is not None and nonelective.source is Source.SAFE_HARBOR_NONELECTIVE
    if design.is_match != has_match:
        yield ProvisionProblem(
            "match.source",
            "A safe harbor match design and a match posted as safe_harbor_match come together.",
            "IRC 401(k)(12)(B)",
            "Set safe_harbor and the source of the match to agree.",
        )
    if design.is_nonelective != has_nonelective:
        yield ProvisionProblem(
            "nonelective.source",
            "The nonelective safe harbor and a contribution posted as safe_harbor_nonelective come together.",
            "IRC 401(k)(12)(C)",
            "Set safe_harbor and the source of the nonelective contribution to agree.",
        )
    if match is not None and design.is_match and _upward(match.tiers):
        yield from _safe_harbor_match(match, design)
    yield from _arranged(provisions)
    if nonelective is not None and design.is_nonelective and nonelective_shortcomings(nonelective.rate_bps):
        yield ProvisionProblem(
            "nonelective.rate_bps",
            f"{nonelective.rate_bps / 100:g} % is less than the 3 % of the safe harbor.",
            "IRC 401(k)(13)(D)(i)(II)" if design.is_qaca else "IRC 401(k)(12)(C)",
            "Set it to at least 300.",
        )


def _arranged(provisions: Provisions) -> Iterator[ProvisionProblem]:
    """The designs of a QACA ask for less match and later vesting, in exchange for enrolling everybody."""
    enrolls = provisions.automatic_enrollment
    if provisions.safe_harbor.is_qaca and (enrolls is None or enrolls.arrangement is not Arrangement.QACA):
        yield ProvisionProblem(
            "safe_harbor",
            "This design is that of a qualified automatic contribution arrangement, which the plan does not have.",
            "IRC 401(k)(13)(A), (B)",
            "Enroll automatically as a qaca, or choose another safe harbor.",
        )


def _upward(tiers: tuple[MatchTier, ...]) -> bool:
    """Whether the tiers can be computed at all."""
    tops = [tier.up_to_bps_of_pay for tier in tiers]
    return bool(tops) and tops[0] > 0 and tops == sorted(set(tops)) and all(tier.rate_bps >= 0 for tier in tiers)


def _safe_harbor_match(match: Match, design: SafeHarbor) -> Iterator[ProvisionProblem]:
    formula = MatchFormula.of(match.tiers, match.cap_cents)
    lacks = qaca_match_shortcomings(formula) if design.is_qaca else match_shortcomings(formula)
    if match.by_service:
        yield ProvisionProblem(
            "match.by_service",
            "Years of service could give an HCE a higher rate of match than an NHCE who defers as much.",
            "IRC 401(k)(12)(B)(ii)",
            "Give the same tiers to everybody, or give the rest as another match.",
        )
    if Shortcoming.CAPPED_IN_DOLLARS in lacks or match.cap_per_period_cents is not None:
        yield ProvisionProblem(
            "match.cap_cents" if match.cap_cents is not None else "match.cap_per_period_cents",
            "A cap in dollars gives some people less than the safe harbor match.",
            "IRC 401(k)(12)(B)(i)",
            "Take the cap out.",
        )
    if design is SafeHarbor.BASIC_MATCH and match.tiers != BASIC_TIERS:
        yield ProvisionProblem(
            "match.tiers",
            "The basic match is 100 % of deferrals to 3 % of pay and 50 % to 5 %.",
            "IRC 401(k)(12)(B)(i)",
            "Use ((10000, 300), (5000, 500)), or call it an enhanced match.",
        )
    if design is SafeHarbor.QACA_MATCH and Shortcoming.BELOW_BASIC in lacks:
        yield ProvisionProblem(
            "match.tiers",
            "The match is below that of a QACA: 100 % of deferrals to 1 % of pay and 50 % to 6 %.",
            "IRC 401(k)(13)(D)(i)(I)",
            "Use ((10000, 100), (5000, 600)) or more at every rate of deferral.",
        )
    if design is not SafeHarbor.BASIC_MATCH and Shortcoming.RATE_RISES in lacks:
        yield ProvisionProblem(
            "match.tiers",
            "The rate of a safe harbor match may not rise with deferrals.",
            "IRC 401(k)(12)(B)(iii)(I)",
            "Order the tiers so that the rate falls.",
        )
    if design is SafeHarbor.ENHANCED_MATCH:
        edges = sorted({300, 500, *(tier.up_to_bps_of_pay for tier in match.tiers)})
        short = [at for at in edges if match_on(match.tiers, at) < match_on(BASIC_TIERS, at)]
        if short:
            yield ProvisionProblem(
                "match.tiers",
                f"At deferrals of {short[0] / 100:g} % of pay the match is below the basic match.",
                "IRC 401(k)(12)(B)(iii)(II)",
                "Give at least 100 % to 3 % of pay and 50 % to 5 %, or 100 % to 4 %.",
            )


def _nonelective(provisions: Provisions) -> Iterator[ProvisionProblem]:
    terms = provisions.nonelective
    if terms is None:
        return
    if not 0 < terms.rate_bps <= 10_000:
        yield ProvisionProblem(
            "nonelective.rate_bps",
            f"{terms.rate_bps} basis points are not a share of pay.",
            "IRC 415(c)(1)(B)",
            "Set it between 1 and 10,000.",
        )
    if terms.source not in _NONELECTIVE_SOURCES:
        yield ProvisionProblem(
            "nonelective.source",
            f"A nonelective contribution is not posted to {terms.source}.",
            "IRC 401(k)(12)(C), 401(m)(4)(C)",
            "Use nonelective, profit_sharing, qnec or safe_harbor_nonelective.",
        )


def _vesting(provisions: Provisions) -> Iterator[ProvisionProblem]:
    sources = [source for source, _ in provisions.vesting.schedules]
    if len(set(sources)) < len(sources):
        yield ProvisionProblem(
            "vesting.schedules", "A source has more than one schedule.", "IRC 411(a)(2)", "Keep one for each source."
        )
    for source, schedule in provisions.vesting.schedules:
        where = f"vesting.schedules.{source}"
        percents = schedule.percents
        if not percents or percents[-1] != 100 or list(percents) != sorted(percents) or percents[0] < 0:
            yield ProvisionProblem(
                where,
                "A schedule rises from year to year and ends at 100 %.",
                "IRC 411(a)(2)(B)",
                "Write a three-year cliff as (0, 0, 0, 100).",
            )
        elif provisions.safe_harbor.is_qaca and source in _SAFE_HARBOR_SOURCES:
            if slower_than(schedule, CLIFF_2):
                yield ProvisionProblem(
                    where,
                    f"{source} of a QACA is vested after two years of service.",
                    "IRC 401(k)(13)(D)(iii)(I)",
                    "Write the two-year cliff as (0, 0, 100), or vest sooner.",
                )
        elif source not in _MAY_VEST_LATER and slower_than(schedule, IMMEDIATE_VESTING):
            yield ProvisionProblem(
                where,
                f"{source} belongs to the participant at once.",
                "IRC 411(a)(1), 401(k)(2)(C), 401(k)(12)(E)(i)",
                "Take its schedule out.",
            )
        elif not vesting.fast_enough(vesting.Schedule(tuple(percent * 100 for percent in percents))):
            yield ProvisionProblem(
                where,
                "The schedule is slower than both the three-year cliff and the two-to-six-year schedule.",
                "IRC 411(a)(2)(B)",
                "Vest 100 % after 3 years, or at least 20, 40, 60, 80, 100 % after 2 to 6 years.",
            )


def _declared(provisions: Provisions) -> Iterator[ProvisionProblem]:
    named = provisions.may_declare
    if len(set(named)) < len(named) or any(each not in _DECLARED for each in named):
        yield ProvisionProblem(
            "may_declare",
            "An employer declares match and profit_sharing, each named once.",
            "IRC 401(a)(27), 401(m)(4)(A)",
            "Name only those.",
        )
    if Source.MATCH in named and not any(source.is_deferral for source in provisions.deferrals.sources):
        yield ProvisionProblem(
            "may_declare", "There is nothing to match without deferrals.", "IRC 401(m)(4)(A)", "Take match out."
        )


_CHECKS = (
    _calendar,
    eligibility,
    _deferrals,
    _match,
    _safe_harbor,
    _nonelective,
    _vesting,
    definitions_of_pay,
    full_vesting,
    _declared,
    sharing,
    conditions,
    counted,
    receiving,
    student_loans,
    elections,
    automatic_enrollment,
    forfeitures,
    loans,
    rollovers,
)
