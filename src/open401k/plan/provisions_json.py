"""Provisions as JSON and back, exactly. Not here: what they mean (provisions.py)."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from open401k.kernel import Source
from open401k.law.forfeitures import ForfeitureUse
from open401k.law.pay_items import PayDefinition, PayKind

from .full_vesting import Disability, RetirementAge
from .loan_terms import Loans
from .pay_terms import PayTerms
from .provisions import (
    UNCONDITIONAL,
    Arrangement,
    AutomaticEnrollment,
    Compensation,
    Conditions,
    Covered,
    Deferrals,
    ElectionTerms,
    Eligibility,
    EntryRule,
    EntryTerms,
    Escalates,
    Forfeitures,
    Match,
    MatchPeriod,
    MatchTier,
    MonthDay,
    Nonelective,
    Provisions,
    SafeHarbor,
    ServiceTiers,
    SpillOver,
    Testing,
    TestingMethod,
    Vesting,
    VestingSchedule,
    Waiver,
)
from .rollover_terms import QualifiedBy, RolloverKind, Rollovers
from .sharing import AllocationGroup, Points, ProfitSharing

#: Terms that came later are written only where a plan has them: what was recorded before, and every hash of it (of the
#: facts of a test, of a seed), stays the same to the letter.
_LATER: Mapping[type, frozenset[str]] = {
    Provisions: frozenset(
        {
            "elections",
            "automatic_enrollment",
            "may_declare",
            "declared_conditions",
            "safe_harbor_hces",
            "match_eligibility",
            "nonelective_eligibility",
            "forfeitures",
            "loans",
            "profit_sharing",
            "rollovers",
        }
    ),
    EntryTerms: frozenset({"excluded_classes"}),
    Eligibility: frozenset({"part_time_shares", "part_time_tested"}),
    Match: frozenset(
        {
            "cap_per_period_cents",
            "true_up",
            "by_service",
            "conditions",
            "matches_catch_up",
            "student_loans",
            "student_loan_months",
            "student_loan_period",
        }
    ),
    Nonelective: frozenset({"conditions"}),
    Testing: frozenset({"student_loans_apart"}),
    Compensation: frozenset({"definition", "excluded_kinds", "included_kinds", "section_415", "match", "nonelective"}),
    Loans: frozenset({"pauses_on_leave", "pauses_in_service"}),
    Vesting: frozenset({"on_death", "on_disability", "normal_retirement", "early_retirement"}),
}


def provisions_to_json(provisions: Provisions) -> dict[str, Any]:
    """Plain JSON; :func:`provisions_from_json` gives back an equal value."""
    plain: dict[str, Any] = _plain(provisions)
    return plain


def provisions_from_json(data: dict[str, Any]) -> Provisions:
    """Read what :func:`provisions_to_json` wrote; an unknown or missing key is an error, never dropped or guessed."""
    rest = dict(data)
    match, nonelective = rest.pop("match"), rest.pop("nonelective")
    elections, automatic = rest.pop("elections", None), rest.pop("automatic_enrollment", None)
    forfeitures = rest.pop("forfeitures", None)
    of_match, of_nonelective = rest.pop("match_eligibility", None), rest.pop("nonelective_eligibility", None)
    loans = rest.pop("loans", None)
    sharing = rest.pop("profit_sharing", None)
    rollovers = rest.pop("rollovers", None)
    provisions = Provisions(
        adopted_on=date.fromisoformat(rest.pop("adopted_on")),
        plan_year_start=MonthDay(*rest.pop("plan_year_start")),
        eligibility=_eligibility(**rest.pop("eligibility")),
        deferrals=_deferrals(**rest.pop("deferrals")),
        match=None if match is None else _match(**match),
        nonelective=None if nonelective is None else _nonelective(**nonelective),
        safe_harbor=SafeHarbor(rest.pop("safe_harbor")),
        vesting=_vesting(**rest.pop("vesting")),
        testing=_testing(**rest.pop("testing")),
        compensation=_compensation(**rest.pop("compensation")),
        elections=None if elections is None else _elections(**elections),
        automatic_enrollment=None if automatic is None else _automatic(**automatic),
        may_declare=tuple(map(Source, rest.pop("may_declare", ()))),
        forfeitures=None if forfeitures is None else _forfeitures(**forfeitures),
        match_eligibility=None if of_match is None else _entry_terms(**of_match),
        nonelective_eligibility=None if of_nonelective is None else _entry_terms(**of_nonelective),
        safe_harbor_hces=rest.pop("safe_harbor_hces", True),
        declared_conditions=tuple(
            (Source(source), _conditions(told)) for source, told in rest.pop("declared_conditions", ())
        ),
        loans=None if loans is None else _loans(**loans),
        profit_sharing=None if sharing is None else _sharing(**sharing),
        rollovers=None if rollovers is None else _rollovers(**rollovers),
    )
    if rest:
        raise ValueError(f"provisions do not have {', '.join(sorted(rest))}")
    return provisions


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        later = _LATER.get(type(value), frozenset())
        told = [each for each in fields(value) if each.name not in later or getattr(value, each.name) != each.default]
        return {each.name: _plain(getattr(value, each.name)) for each in told}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    return value


def _eligibility(
    *,
    minimum_age: int,
    service_months: int,
    hours_in_year: int | None,
    entry: str,
    excluded_classes: list[str],
    part_time_shares: bool = False,
    part_time_tested: bool = False,
) -> Eligibility:
    of_classes = tuple(excluded_classes)
    return Eligibility(
        minimum_age, service_months, hours_in_year, EntryRule(entry), of_classes, part_time_shares, part_time_tested
    )


def _entry_terms(
    *,
    minimum_age: int,
    service_months: int,
    hours_in_year: int | None,
    entry: str,
    excluded_classes: Sequence[str] = (),
) -> EntryTerms:
    return EntryTerms(minimum_age, service_months, hours_in_year, EntryRule(entry), tuple(excluded_classes))


def _deferrals(
    *,
    sources: list[str],
    max_bps_of_pay: int | None,
    catch_up: bool,
    higher_catch_up_60_63: bool,
    roth_catch_up_by_all_wages: bool = False,  # terms recorded before there was this one are without
) -> Deferrals:
    return Deferrals(
        tuple(map(Source, sources)), max_bps_of_pay, catch_up, higher_catch_up_60_63, roth_catch_up_by_all_wages
    )


def _match(
    *,
    tiers: list[list[int]],
    source: str,
    period: str,
    cap_cents: int | None,
    cap_per_period_cents: int | None = None,  # terms recorded before there was this one, or those below, are without
    true_up: bool = False,
    by_service: Sequence[tuple[int, list[list[int]]]] = (),
    conditions: Mapping[str, Any] | None = None,
    matches_catch_up: bool = True,
    student_loans: bool = False,
    student_loan_months: int = 3,
    student_loan_period: str = MatchPeriod.PLAN_YEAR,
) -> Match:
    return Match(
        _tiers(tiers),
        Source(source),
        MatchPeriod(period),
        cap_cents,
        cap_per_period_cents,
        true_up,
        tuple(ServiceTiers(years, _tiers(of_years)) for years, of_years in by_service),
        _conditions(conditions),
        matches_catch_up,
        student_loans,
        student_loan_months,
        MatchPeriod(student_loan_period),
    )


def _conditions(told: Mapping[str, Any] | None) -> Conditions:
    return UNCONDITIONAL if told is None else _asked(**told)


def _asked(*, last_day: bool, hours: int | None, either: bool, waived: list[str], retirement_age: int) -> Conditions:
    return Conditions(last_day, hours, either, tuple(map(Waiver, waived)), retirement_age)


def _tiers(tiers: list[list[int]]) -> tuple[MatchTier, ...]:
    return tuple(MatchTier(*tier) for tier in tiers)


def _nonelective(*, rate_bps: int, source: str, conditions: Mapping[str, Any] | None = None) -> Nonelective:
    return Nonelective(rate_bps, Source(source), _conditions(conditions))


def _vesting(
    *,
    schedules: list[tuple[str, dict[str, list[int]]]],
    on_death: bool = False,
    on_disability: str | None = None,
    normal_retirement: Mapping[str, int] | None = None,
    early_retirement: Mapping[str, int] | None = None,
) -> Vesting:
    return Vesting(
        tuple((Source(source), _schedule(**schedule)) for source, schedule in schedules),
        on_death,
        None if on_disability is None else Disability(on_disability),
        None if normal_retirement is None else _retirement_age(**normal_retirement),
        None if early_retirement is None else _retirement_age(**early_retirement),
    )


def _retirement_age(*, age: int, years: int = 0) -> RetirementAge:
    return RetirementAge(age, years)


def _schedule(*, percents: list[int]) -> VestingSchedule:
    return VestingSchedule(tuple(percents))


def _forfeitures(*, deemed_cash_out: bool, uses: list[str]) -> Forfeitures:
    return Forfeitures(deemed_cash_out, tuple(map(ForfeitureUse, uses)))


def _testing(*, method: str, top_paid_group: bool, student_loans_apart: bool = False) -> Testing:
    return Testing(TestingMethod(method), top_paid_group, student_loans_apart)


_USUAL = Compensation()


def _compensation(
    *,
    excluded_pay_codes: list[str],
    definition: str = _USUAL.definition,
    excluded_kinds: Sequence[str] = (),
    included_kinds: Sequence[str] = (),
    section_415: str = _USUAL.section_415,
    match: Mapping[str, Any] | None = None,
    nonelective: Mapping[str, Any] | None = None,
) -> Compensation:
    return Compensation(
        tuple(excluded_pay_codes),
        PayDefinition(definition),
        tuple(map(PayKind, excluded_kinds)),
        tuple(map(PayKind, included_kinds)),
        PayDefinition(section_415),
        None if match is None else _pay_terms(**match),
        None if nonelective is None else _pay_terms(**nonelective),
    )


def _pay_terms(
    *, definition: str, excluded_kinds: list[str], included_kinds: list[str], excluded_pay_codes: list[str]
) -> PayTerms:
    kinds = tuple(map(PayKind, excluded_kinds)), tuple(map(PayKind, included_kinds))
    return PayTerms(PayDefinition(definition), *kinds, tuple(excluded_pay_codes))


def _elections(
    *,
    minimum_bps: int,
    maximum_bps: int,
    dollars: bool,
    catch_up_apart: bool,
    deemed_roth_catch_up: bool,
    spill_over: str,
    bonus_pay_codes: list[str],
) -> ElectionTerms:
    return ElectionTerms(
        minimum_bps,
        maximum_bps,
        dollars,
        catch_up_apart,
        deemed_roth_catch_up,
        SpillOver(spill_over),
        tuple(bonus_pay_codes),
    )


def _automatic(
    *, counted_from: str, arrangement: str, escalates: str, source: str, covers: str, **numbers: int
) -> AutomaticEnrollment:
    return AutomaticEnrollment(
        counted_from=date.fromisoformat(counted_from),
        arrangement=Arrangement(arrangement),
        escalates=Escalates(escalates),
        source=Source(source),
        covers=Covered(covers),
        **{name: numbers.pop(name) for name in _NUMBERS},
        **numbers,
    )


def _loans(
    *,
    minimum_cents: int,
    most_at_once: int,
    over_prime_bps: int,
    residence_years: int | None,
    cure_months: int | None,
    pauses_on_leave: bool = False,
    pauses_in_service: bool = False,
) -> Loans:
    known = (minimum_cents, most_at_once, over_prime_bps, residence_years, cure_months)
    return Loans(*known, pauses_on_leave, pauses_in_service)


def _rollovers(
    *,
    takes: list[str],
    trustee: str,
    letter_days: int,
    before_entry: bool,
    paid_from_59_5: bool,
    rolled_in_paid_any_time: bool,
    spouse_takes_all_on_death: bool | None,
    holds_annuity_money: bool | None,
    qualified_by: str | None,
) -> Rollovers:
    return Rollovers(
        tuple(map(RolloverKind, takes)),
        trustee,
        letter_days,
        before_entry,
        paid_from_59_5,
        rolled_in_paid_any_time,
        spouse_takes_all_on_death,
        holds_annuity_money,
        None if qualified_by is None else QualifiedBy(qualified_by),
    )


def _sharing(
    *, groups: list[tuple[str, list[str]]], each_alone: bool, points: Mapping[str, Any] | None
) -> ProfitSharing:
    named = tuple(AllocationGroup(name, tuple(classes)) for name, classes in groups)
    return ProfitSharing(named, each_alone, None if points is None else _points(**points))


def _points(
    *,
    for_year_of_age: int,
    for_year_of_service: int,
    for_unit_of_pay: int,
    unit_cents: int,
    most_years_of_service: int | None,
) -> Points:
    return Points(for_year_of_age, for_year_of_service, for_unit_of_pay, unit_cents, most_years_of_service)


_NUMBERS = ("initial_bps", "step_bps", "top_bps", "wait_days", "notice_days", "withdrawal_days")
