"""Provisions as data: JSON and back, plan years, vesting."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k import plan
from open401k.kernel import PlanYear, Source
from open401k.law.forfeitures import ForfeitureUse
from open401k.law.pay_items import PayDefinition, PayKind
from open401k.plan import (
    Arrangement,
    AutomaticEnrollment,
    Compensation,
    Conditions,
    Covered,
    Deferrals,
    Disability,
    ElectionTerms,
    Eligibility,
    EntryRule,
    Escalates,
    Forfeitures,
    Match,
    MatchPeriod,
    MatchTier,
    MonthDay,
    Nonelective,
    PayTerms,
    Provisions,
    RetirementAge,
    SafeHarbor,
    ServiceTiers,
    SpillOver,
    Testing,
    TestingMethod,
    Vesting,
    VestingSchedule,
    Waiver,
)

days = st.dates(date(1990, 1, 1), date(2040, 12, 31))
sources = st.sampled_from(Source)
schedules = st.lists(st.integers(0, 100), min_size=1, max_size=8).map(lambda each: VestingSchedule(tuple(each)))
tiers = st.lists(st.builds(MatchTier, st.integers(0, 20_000), st.integers(0, 1_000)), max_size=3).map(tuple)
conditions = st.builds(
    Conditions,
    last_day=st.booleans(),
    hours=st.none() | st.integers(-1, 1_001),
    either=st.booleans(),
    waived=st.lists(st.sampled_from(Waiver), max_size=2).map(tuple),
    retirement_age=st.integers(0, 70),
)
pay_terms = st.builds(
    PayTerms,
    definition=st.sampled_from(PayDefinition),
    excluded_kinds=st.lists(st.sampled_from(PayKind), max_size=3).map(tuple),
    included_kinds=st.lists(st.sampled_from(PayKind), max_size=3).map(tuple),
    excluded_pay_codes=st.lists(st.text(max_size=6), max_size=3).map(tuple),
)
any_provisions = st.builds(
    Provisions,
    adopted_on=days,
    plan_year_start=st.builds(MonthDay, st.integers(1, 12), st.integers(1, 28)),
    eligibility=st.builds(
        Eligibility,
        minimum_age=st.integers(0, 30),
        service_months=st.integers(0, 30),
        hours_in_year=st.none() | st.integers(1, 2_000),
        entry=st.sampled_from(EntryRule),
        excluded_classes=st.lists(st.text(max_size=8), max_size=3).map(tuple),
    ),
    deferrals=st.builds(
        Deferrals,
        sources=st.lists(sources, max_size=3).map(tuple),
        max_bps_of_pay=st.none() | st.integers(0, 10_000),
        catch_up=st.booleans(),
        higher_catch_up_60_63=st.booleans(),
        roth_catch_up_by_all_wages=st.booleans(),
    ),
    match=st.none()
    | st.builds(
        Match,
        tiers=tiers,
        source=sources,
        period=st.sampled_from(MatchPeriod),
        cap_cents=st.none() | st.integers(0, 10_000_000),
        cap_per_period_cents=st.none() | st.integers(0, 10_000_000),
        true_up=st.booleans(),
        by_service=st.lists(st.builds(ServiceTiers, st.integers(0, 40), tiers), max_size=2).map(tuple),
        conditions=conditions,
        matches_catch_up=st.booleans(),
        student_loans=st.booleans(),
        student_loan_months=st.integers(1, 12),
        student_loan_period=st.sampled_from(MatchPeriod),
    ),
    nonelective=st.none()
    | st.builds(Nonelective, rate_bps=st.integers(0, 2_500), source=sources, conditions=conditions),
    safe_harbor=st.sampled_from(SafeHarbor),
    vesting=st.builds(
        Vesting,
        schedules=st.dictionaries(sources, schedules, max_size=3).map(lambda each: tuple(each.items())),
        on_death=st.booleans(),
        on_disability=st.none() | st.sampled_from(Disability),
        normal_retirement=st.none() | st.builds(RetirementAge, st.integers(1, 65), st.integers(0, 5)),
        early_retirement=st.none() | st.builds(RetirementAge, st.integers(1, 65), st.integers(0, 30)),
    ),
    testing=st.builds(Testing, method=st.sampled_from(TestingMethod), top_paid_group=st.booleans()),
    compensation=st.builds(
        Compensation,
        excluded_pay_codes=st.lists(st.text(max_size=6), max_size=3).map(tuple),
        definition=st.sampled_from(PayDefinition),
        excluded_kinds=st.lists(st.sampled_from(PayKind), max_size=3).map(tuple),
        included_kinds=st.lists(st.sampled_from(PayKind), max_size=3).map(tuple),
        section_415=st.sampled_from(PayDefinition),
        match=st.none() | pay_terms,
        nonelective=st.none() | pay_terms,
    ),
    elections=st.none()
    | st.builds(
        ElectionTerms,
        minimum_bps=st.integers(-1, 10_001),
        maximum_bps=st.integers(-1, 10_001),
        dollars=st.booleans(),
        catch_up_apart=st.booleans(),
        deemed_roth_catch_up=st.booleans(),
        spill_over=st.sampled_from(SpillOver),
        bonus_pay_codes=st.lists(st.text(max_size=6), max_size=3).map(tuple),
    ),
    automatic_enrollment=st.none()
    | st.builds(
        AutomaticEnrollment,
        counted_from=days,
        arrangement=st.sampled_from(Arrangement),
        initial_bps=st.integers(0, 10_000),
        step_bps=st.integers(0, 1_000),
        top_bps=st.integers(0, 10_000),
        escalates=st.sampled_from(Escalates),
        source=sources,
        covers=st.sampled_from(Covered),
        wait_days=st.integers(0, 400),
        notice_days=st.integers(0, 400),
        withdrawal_days=st.integers(0, 400),
    ),
    may_declare=st.lists(sources, max_size=3).map(tuple),
    forfeitures=st.none()
    | st.builds(
        Forfeitures,
        deemed_cash_out=st.booleans(),
        uses=st.lists(st.sampled_from(ForfeitureUse), max_size=3).map(tuple),
    ),
    safe_harbor_hces=st.booleans(),
    declared_conditions=st.lists(st.tuples(sources, conditions), max_size=2).map(tuple),
    profit_sharing=st.none()
    | st.builds(
        plan.ProfitSharing,
        groups=st.lists(
            st.builds(plan.AllocationGroup, st.text(max_size=5), st.lists(st.text(max_size=3), max_size=2).map(tuple)),
            max_size=3,
        ).map(tuple),
        each_alone=st.booleans(),
        points=st.none() | st.builds(plan.Points, *[st.integers(0, 9)] * 4, st.none() | st.integers(1, 30)),
    ),
)


@given(any_provisions)
def test_provisions_survive_json_exactly(provisions: Provisions) -> None:
    text = json.dumps(plan.provisions_to_json(provisions))

    assert plan.provisions_from_json(json.loads(text)) == provisions


@given(any_provisions)
def test_problems_of_any_provisions_are_told_and_never_raised(provisions: Provisions) -> None:
    for problem in plan.problems(provisions):
        assert problem.field
        assert problem.reason
        assert problem.citation
        assert problem.fix


def test_an_unknown_or_missing_provision_is_an_error_and_never_dropped() -> None:
    written = plan.provisions_to_json(Provisions(date(2019, 1, 1)))

    with pytest.raises(ValueError, match="auto_enrollment"):
        plan.provisions_from_json(written | {"auto_enrollment": {"rate_bps": 300}})
    with pytest.raises(TypeError, match="rate"):
        plan.provisions_from_json(written | {"nonelective": {"rate": 3, "source": "nonelective"}})
    with pytest.raises(KeyError):
        plan.provisions_from_json({key: value for key, value in written.items() if key != "match"})


def test_a_plain_match_is_written_as_it_was_before_there_were_other_terms() -> None:
    """Hashes of facts and seeds of projections that are on file are made of this."""
    plain = Match((MatchTier(5_000, 600),), cap_cents=1_000_00)
    written = plan.provisions_to_json(Provisions(date(2019, 1, 1), match=plain))

    assert written["match"] == {
        "tiers": [[5_000, 600]],
        "source": "match",
        "period": "pay_period",
        "cap_cents": 1_000_00,
    }
    assert "may_declare" not in written
    assert "forfeitures" not in written
    assert plan.provisions_from_json(written).match == plain


@pytest.mark.parametrize(
    ("period", "day", "start"),
    [
        (MatchPeriod.PAY_PERIOD, date(2026, 2, 1), None),
        (MatchPeriod.MONTH, date(2026, 2, 28), date(2026, 2, 28)),
        (MatchPeriod.MONTH, date(2026, 3, 30), date(2026, 2, 28)),
        (MatchPeriod.QUARTER, date(2026, 1, 30), date(2025, 10, 31)),
        (MatchPeriod.QUARTER, date(2026, 1, 31), date(2026, 1, 31)),
        (MatchPeriod.PLAN_YEAR, date(2026, 1, 30), date(2025, 7, 31)),
    ],
)
def test_months_and_quarters_of_a_match_are_those_of_the_plan_year(
    period: MatchPeriod, day: date, start: date | None
) -> None:
    terms = Provisions(
        date(2019, 7, 31), plan_year_start=MonthDay(7, 31), match=Match((MatchTier(5_000, 600),), period=period)
    )

    assert terms.match_period_start(day) == start


def test_equal_terms_are_equal_values_whatever_the_order_of_the_schedules() -> None:
    forth = Vesting(((Source.MATCH, plan.CLIFF_3), (Source.PROFIT_SHARING, plan.GRADED_6)))
    back = Vesting(((Source.PROFIT_SHARING, plan.GRADED_6), (Source.MATCH, plan.CLIFF_3)))

    assert forth == back


@pytest.mark.parametrize(
    ("day", "start"),
    [
        (date(2026, 6, 30), date(2025, 7, 1)),
        (date(2026, 7, 1), date(2026, 7, 1)),
        (date(2027, 1, 1), date(2026, 7, 1)),
    ],
)
def test_a_day_falls_in_the_plan_year_that_began_last(day: date, start: date) -> None:
    provisions = Provisions(date(2019, 7, 1), plan_year_start=MonthDay(7, 1))

    assert provisions.plan_year_of(day) == PlanYear.starting(start)


@pytest.mark.parametrize(("years", "percent"), [(0, 0), (1, 0), (2, 20), (5, 80), (6, 100), (40, 100)])
def test_graded_vesting_at_each_edge(years: int, percent: int) -> None:
    assert Vesting(((Source.MATCH, plan.GRADED_6),)).of(Source.MATCH).percent_after(years) == percent


def test_a_source_without_a_schedule_is_vested_at_once() -> None:
    assert Vesting(((Source.MATCH, plan.GRADED_6),)).of(Source.PRE_TAX).percent_after(0) == 100


def test_terms_without_elections_are_the_same_text_as_before_there_were_any() -> None:
    plain = plan.provisions_to_json(Provisions(adopted_on=date(2019, 1, 1)))

    assert not {"elections", "automatic_enrollment"} & plain.keys()
    assert plan.provisions_from_json(plain).elections is None
