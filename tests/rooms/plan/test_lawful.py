"""What cannot be adopted: each rule at its edge."""

from dataclasses import replace
from datetime import date

import pytest

from open401k.kernel import PlanYear, Source
from open401k.law.forfeitures import ForfeitureUse
from open401k.plan import (
    Arrangement,
    AutomaticEnrollment,
    Conditions,
    Deferrals,
    ElectionTerms,
    Eligibility,
    Forfeitures,
    Match,
    MatchPeriod,
    MatchTier,
    MonthDay,
    Nonelective,
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
    mandate_shortcomings,
    problems,
)
from open401k.plan.mandate import MandateStatus, automatic_enrollment

PLAIN = Provisions(date(2019, 1, 1))
BASIC = (MatchTier(10_000, 300), MatchTier(5_000, 500))


def safe_harbor_match(design: SafeHarbor, *tiers: tuple[int, int], cap_cents: int | None = None) -> Provisions:
    """A plan with that match as its safe harbor."""
    stacked = tuple(MatchTier(*tier) for tier in tiers)
    return replace(PLAIN, safe_harbor=design, match=Match(stacked, Source.SAFE_HARBOR_MATCH, cap_cents=cap_cents))


def retiring(normal: RetirementAge | None, early: RetirementAge | None) -> Provisions:
    """A plan with retirement ages of its own."""
    return replace(PLAIN, vesting=Vesting(normal_retirement=normal, early_retirement=early))


def vesting(source: Source, *percents: int) -> Provisions:
    """A plan with that schedule."""
    return replace(PLAIN, vesting=Vesting(((source, VestingSchedule(percents)),)))


def automatic(**changes: object) -> Provisions:
    """A plan that enrolls automatically."""
    terms = replace(AutomaticEnrollment(date(2026, 1, 1)), **changes)  # type: ignore[arg-type]
    return replace(PLAIN, elections=ElectionTerms(), automatic_enrollment=terms)


def qualified(*tiers: tuple[int, int], **changes: object) -> Provisions:
    """A plan with a qualified arrangement and that match."""
    matched = safe_harbor_match(SafeHarbor.ENHANCED_MATCH, *tiers)
    return replace(
        automatic(arrangement=Arrangement.QACA, **changes), match=matched.match, safe_harbor=SafeHarbor.ENHANCED_MATCH
    )


LAWFUL = {
    "an eligible arrangement": automatic(),
    "an ordinary one at 1 %": automatic(arrangement=Arrangement.ACA, initial_bps=100, step_bps=0, withdrawal_days=0),
    "a qualified one": qualified((10_000, 400)),
    "the default": PLAIN,
    "age 21 and a year": replace(PLAIN, eligibility=Eligibility(21, 12, 1_000)),
    "at once": replace(PLAIN, eligibility=Eligibility(0, 0, None)),
    "three months of elapsed time": replace(PLAIN, eligibility=Eligibility(18, 3, None)),
    "a job class": replace(PLAIN, eligibility=Eligibility(excluded_classes=("union", "interns"))),
    "both kinds of deferral": replace(PLAIN, deferrals=Deferrals((Source.PRE_TAX, Source.ROTH, Source.AFTER_TAX))),
    "a tiered match": replace(PLAIN, match=Match(BASIC)),
    "a rising discretionary match": replace(PLAIN, match=Match((MatchTier(2_500, 200), MatchTier(10_000, 600)))),
    "a quarterly match, capped each quarter": replace(
        PLAIN, match=Match(BASIC, period=MatchPeriod.QUARTER, cap_per_period_cents=50_000)
    ),
    "a match per pay period, trued up": replace(PLAIN, match=Match(BASIC, true_up=True, cap_cents=100_000)),
    "profit sharing and match as declared": replace(PLAIN, may_declare=(Source.MATCH, Source.PROFIT_SHARING)),
    "a match on the last day, or after 501 hours": replace(
        PLAIN,
        match=Match(
            BASIC,
            period=MatchPeriod.PLAN_YEAR,
            conditions=Conditions(last_day=True, hours=501, either=True, waived=tuple(Waiver)),
        ),
    ),
    "catch-up that is not matched": replace(PLAIN, match=Match(BASIC, true_up=True, matches_catch_up=False)),
    "a safe harbor for the others alone": replace(
        safe_harbor_match(SafeHarbor.BASIC_MATCH, *BASIC), safe_harbor_hces=False
    ),
    "profit sharing after 1,000 hours": replace(
        PLAIN,
        may_declare=(Source.PROFIT_SHARING,),
        declared_conditions=((Source.PROFIT_SHARING, Conditions(hours=1_000)),),
    ),
    "more match after five years": replace(
        PLAIN, match=Match(BASIC, by_service=(ServiceTiers(5, (MatchTier(10_000, 600),)),))
    ),
    "a safe harbor match, trued up": replace(
        PLAIN,
        safe_harbor=SafeHarbor.BASIC_MATCH,
        match=Match(BASIC, Source.SAFE_HARBOR_MATCH, true_up=True),
    ),
    "basic match": safe_harbor_match(SafeHarbor.BASIC_MATCH, *BASIC),
    "100 % to 4 %": safe_harbor_match(SafeHarbor.ENHANCED_MATCH, (10_000, 400)),
    "100 % to 6 %": safe_harbor_match(SafeHarbor.ENHANCED_MATCH, (10_000, 600)),
    "3 % nonelective": replace(
        PLAIN, safe_harbor=SafeHarbor.NONELECTIVE, nonelective=Nonelective(300, Source.SAFE_HARBOR_NONELECTIVE)
    ),
    "three-year cliff": vesting(Source.MATCH, 0, 0, 0, 100),
    "two to six years": vesting(Source.MATCH, 0, 0, 20, 40, 60, 80, 100),
    "elections kept here": replace(PLAIN, elections=ElectionTerms(minimum_bps=100, maximum_bps=8_000)),
    "forfeitures as documents have them": replace(PLAIN, forfeitures=Forfeitures()),
    "forfeitures that are allocated": replace(
        PLAIN, may_declare=(Source.PROFIT_SHARING,), forfeitures=Forfeitures(uses=(ForfeitureUse.ALLOCATION,))
    ),
    "faster than graded": vesting(Source.PROFIT_SHARING, 20, 40, 60, 80, 100),
    "retirement at 65 after five years, early at 55": retiring(RetirementAge(65, 5), RetirementAge(55, 10)),
    "retirement at any age": retiring(RetirementAge(30), None),
}

UNLAWFUL = {
    "retirement after 65": (retiring(RetirementAge(66), None), "vesting.normal_retirement", "411(a)(8)"),
    "retirement after six years": (retiring(RetirementAge(65, 6), None), "vesting.normal_retirement", "411(a)(8)"),
    "early retirement later": (
        retiring(RetirementAge(60), RetirementAge(60)),
        "vesting.early_retirement",
        "411(a)(8)",
    ),
    "early retirement after a lifetime": (retiring(None, RetirementAge(55, 99)), "vesting.early_retirement", "411(a)"),
    "a default without elections": (
        replace(automatic(), elections=None),
        "automatic_enrollment.counted_from",
        "1.401(k)-1(a)(3)",
    ),
    "a default into a source that is not there": (
        automatic(source=Source.ROTH),
        "automatic_enrollment.source",
        "414(w)(3)(B)",
    ),
    "a default of nothing": (automatic(initial_bps=0), "automatic_enrollment.initial_bps", "1.401(k)-1(a)(3)(ii)"),
    "increases that lower": (automatic(top_bps=299), "automatic_enrollment.initial_bps", "1.401(k)-1(a)(3)(ii)"),
    "a notice of 29 days": (automatic(notice_days=29), "automatic_enrollment.notice_days", "1.414(w)-1(b)(3)(iii)"),
    "withdrawal after 91 days": (
        automatic(withdrawal_days=91),
        "automatic_enrollment.withdrawal_days",
        "414(w)(2)(B)",
    ),
    "withdrawals of an ordinary one": (
        automatic(arrangement=Arrangement.ACA),
        "automatic_enrollment.withdrawal_days",
        "414(w)(1)",
    ),
    "a qualified one at 2.99 %": (
        qualified((10_000, 400), initial_bps=299, step_bps=101),
        "automatic_enrollment.initial_bps",
        "401(k)(13)(C)(iii)",
    ),
    "a qualified one that never rises": (
        qualified((10_000, 400), step_bps=0),
        "automatic_enrollment.step_bps",
        "401(k)(13)(C)(iii)",
    ),
    "a qualified one to 16 %": (
        qualified((10_000, 400), top_bps=1_600),
        "automatic_enrollment.top_bps",
        "401(k)(13)(C)(iii)",
    ),
    "a qualified one without its contribution": (
        automatic(arrangement=Arrangement.QACA),
        "automatic_enrollment.arrangement",
        "401(k)(13)(D)(i)",
    ),
    "no election in between": (
        replace(PLAIN, elections=ElectionTerms(minimum_bps=600, maximum_bps=500)),
        "elections.maximum_bps",
        "401(k)(2)(A)",
    ),
    "into after-tax that is not there": (
        replace(PLAIN, elections=ElectionTerms(spill_over=SpillOver.AFTER_TAX)),
        "elections.spill_over",
        "401(m)(4)(A)",
    ),
    "catch-up apart without catch-up": (
        replace(
            PLAIN,
            deferrals=Deferrals(catch_up=False, higher_catch_up_60_63=False),
            elections=ElectionTerms(catch_up_apart=True),
        ),
        "elections.catch_up_apart",
        "414(v)(1)",
    ),
    "a bonus code twice": (
        replace(PLAIN, elections=ElectionTerms(bonus_pay_codes=("BON", "BON"))),
        "elections.bonus_pay_codes",
        "1.401(k)-1(a)(3)",
    ),
    "age 22": (replace(PLAIN, eligibility=Eligibility(22)), "eligibility.minimum_age", "410(a)(1)(A)(i)"),
    "13 months": (replace(PLAIN, eligibility=Eligibility(21, 13)), "eligibility.service_months", "410(a)(1)(A)(ii)"),
    "1,001 hours": (replace(PLAIN, eligibility=Eligibility(21, 12, 1_001)), "eligibility.hours_in_year", "410(a)(3)"),
    "hours in six months": (
        replace(PLAIN, eligibility=Eligibility(21, 6, 500)),
        "eligibility.hours_in_year",
        "410(a)(3)",
    ),
    "part-timers": (
        replace(PLAIN, eligibility=Eligibility(excluded_classes=("Part-time staff",))),
        "eligibility.excluded_classes",
        "1.410(a)-3(e)",
    ),
    "catch-up without deferrals": (
        replace(PLAIN, deferrals=Deferrals(())),
        "deferrals.catch_up",
        "414(v)(1)",
    ),
    "60 to 63 without catch-up": (
        replace(PLAIN, deferrals=Deferrals(catch_up=False)),
        "deferrals.higher_catch_up_60_63",
        "414(v)(2)(B)(i)",
    ),
    "Roth alone": (replace(PLAIN, deferrals=Deferrals((Source.ROTH,))), "deferrals.sources", "402A(b)(1)"),
    "deferring into match": (
        replace(PLAIN, deferrals=Deferrals((Source.PRE_TAX, Source.MATCH))),
        "deferrals.sources",
        "401(k)(2)(A)",
    ),
    "a limit of nothing": (replace(PLAIN, deferrals=Deferrals(max_bps_of_pay=0)), "deferrals.max_bps_of_pay", "401(k)"),
    "match without deferrals": (
        replace(PLAIN, deferrals=Deferrals((), None, False, False), match=Match(BASIC)),
        "match",
        "401(m)(4)(A)",
    ),
    "tiers downhill": (
        replace(PLAIN, match=Match((MatchTier(10_000, 500), MatchTier(5_000, 300)))),
        "match.tiers",
        "1.401-1",
    ),
    "a cap of nothing for each period": (
        replace(PLAIN, match=Match(BASIC, cap_per_period_cents=0)),
        "match.cap_per_period_cents",
        "1.401-1",
    ),
    "a cap of each period that the year undoes": (
        replace(PLAIN, match=Match(BASIC, cap_per_period_cents=100_00, true_up=True)),
        "match.cap_per_period_cents",
        "1.401-1",
    ),
    "a true-up of the whole year": (
        replace(PLAIN, match=Match(BASIC, period=MatchPeriod.PLAN_YEAR, true_up=True)),
        "match.true_up",
        "1.401-1",
    ),
    "forfeitures without a use": (
        replace(PLAIN, forfeitures=Forfeitures(uses=())),
        "forfeitures.uses",
        "1.401-7(b)(1)",
    ),
    "a use named twice": (
        replace(PLAIN, forfeitures=Forfeitures(uses=(ForfeitureUse.PLAN_EXPENSES,) * 2)),
        "forfeitures.uses",
        "1.401-7(b)(1)",
    ),
    "forfeitures allocated where nothing may be declared": (
        replace(PLAIN, forfeitures=Forfeitures(uses=(ForfeitureUse.ALLOCATION,))),
        "forfeitures.uses",
        "1.401-1(b)(1)(ii)",
    ),
    "more hours than a year of service has": (
        replace(PLAIN, nonelective=Nonelective(300, conditions=Conditions(hours=1_001))),
        "nonelective.conditions.hours",
        "410(a)(3)(A)",
    ),
    "conditions of a match of pay periods": (
        replace(PLAIN, match=Match(BASIC, conditions=Conditions(last_day=True))),
        "match.conditions",
        "1.401-1(b)(1)(i)",
    ),
    "a safe harbor nonelective on the last day": (
        replace(
            PLAIN,
            safe_harbor=SafeHarbor.NONELECTIVE,
            nonelective=Nonelective(300, Source.SAFE_HARBOR_NONELECTIVE, Conditions(last_day=True)),
        ),
        "nonelective.conditions",
        "1.401(k)-3(c)(7) Example 4",
    ),
    "a safe harbor match after 500 hours": (
        replace(
            PLAIN,
            safe_harbor=SafeHarbor.BASIC_MATCH,
            match=Match(BASIC, Source.SAFE_HARBOR_MATCH, MatchPeriod.PLAN_YEAR, conditions=Conditions(hours=500)),
        ),
        "match.conditions",
        "401(k)(12)",
    ),
    "a safe harbor match that leaves catch-up out": (
        replace(
            PLAIN,
            safe_harbor=SafeHarbor.BASIC_MATCH,
            match=Match(BASIC, Source.SAFE_HARBOR_MATCH, matches_catch_up=False),
        ),
        "match.matches_catch_up",
        "1.401(k)-3(c)(1)",
    ),
    "catch-up left out over quarters of a plan year from July": (
        replace(
            PLAIN,
            plan_year_start=MonthDay(7, 1),
            match=Match(BASIC, period=MatchPeriod.QUARTER, matches_catch_up=False),
        ),
        "match.matches_catch_up",
        "1.414(v)-1",
    ),
    "student loan payments in a plan year from July": (
        replace(PLAIN, plan_year_start=MonthDay(7, 1), match=Match(BASIC, student_loans=True)),
        "match.student_loans",
        "401(m)(4)(D)",
    ),
    "student loan payments with a cap of each period": (
        replace(PLAIN, match=Match(BASIC, cap_per_period_cents=100_00, student_loans=True)),
        "match.student_loans",
        "401(m)(13)",
    ),
    "student loan payments certified so soon after the year": (
        replace(PLAIN, match=Match(BASIC, student_loans=True, student_loan_months=2)),
        "match.student_loan_months",
        "Notice 2024-63",
    ),
    "student loan payments matched with each paycheck": (
        replace(PLAIN, match=Match(BASIC, student_loans=True, student_loan_period=MatchPeriod.PAY_PERIOD)),
        "match.student_loan_period",
        "Notice 2024-63",
    ),
    "student loan payments matched within the period of deferrals": (
        replace(
            PLAIN,
            match=Match(BASIC, period=MatchPeriod.QUARTER, student_loans=True, student_loan_period=MatchPeriod.MONTH),
        ),
        "match.student_loan_period",
        "401(m)(13)(A)(i)",
    ),
    "student loan payments matched by quarter under a true-up": (
        replace(
            PLAIN,
            match=Match(BASIC, true_up=True, student_loans=True, student_loan_period=MatchPeriod.QUARTER),
        ),
        "match.student_loan_period",
        "401(m)(13)(A)(i)",
    ),
    "an ADP test apart for student loans that are not matched": (
        replace(PLAIN, testing=Testing(student_loans_apart=True)),
        "testing.student_loans_apart",
        "401(m)(13)(B)(iv)",
    ),
    "an ADP test apart against the year before": (
        replace(
            PLAIN,
            match=Match(BASIC, student_loans=True),
            testing=Testing(TestingMethod.PRIOR_YEAR, student_loans_apart=True),
        ),
        "testing.student_loans_apart",
        "401(m)(13)(B)(iv)",
    ),
    "HCEs without a safe harbor that there is not": (
        replace(PLAIN, safe_harbor_hces=False),
        "safe_harbor_hces",
        "401(k)(12)",
    ),
    "HCEs without it by the top-paid group": (
        replace(
            safe_harbor_match(SafeHarbor.BASIC_MATCH, *BASIC),
            safe_harbor_hces=False,
            testing=Testing(top_paid_group=True),
        ),
        "safe_harbor_hces",
        "414(q)(3)",
    ),
    "conditions of what is not declared": (
        replace(PLAIN, declared_conditions=((Source.MATCH, Conditions(last_day=True)),)),
        "declared_conditions",
        "1.401-1(b)(1)(i)",
    ),
    "either of one condition": (
        replace(PLAIN, nonelective=Nonelective(300, conditions=Conditions(last_day=True, either=True))),
        "nonelective.conditions.either",
        "1.401-1(b)(1)(i)",
    ),
    "a waiver of nothing": (
        replace(PLAIN, nonelective=Nonelective(300, conditions=Conditions(waived=(Waiver.DEATH,)))),
        "nonelective.conditions.waived",
        "1.401-1(b)(1)(i)",
    ),
    "retirement at 66": (
        replace(PLAIN, nonelective=Nonelective(300, conditions=Conditions(last_day=True, retirement_age=66))),
        "nonelective.conditions.retirement_age",
        "411(a)(8)",
    ),
    "a declared QNEC": (replace(PLAIN, may_declare=(Source.QNEC,)), "may_declare", "401(a)(27)"),
    "profit sharing declared twice": (
        replace(PLAIN, may_declare=(Source.PROFIT_SHARING, Source.PROFIT_SHARING)),
        "may_declare",
        "401(a)(27)",
    ),
    "a declared match without deferrals": (
        replace(PLAIN, deferrals=Deferrals((), None, False, False), may_declare=(Source.MATCH,)),
        "may_declare",
        "401(m)(4)(A)",
    ),
    "service from the first day on": (
        replace(PLAIN, match=Match(BASIC, by_service=(ServiceTiers(0, BASIC),))),
        "match.by_service",
        "1.401-1",
    ),
    "tiers downhill after five years": (
        replace(
            PLAIN,
            match=Match(BASIC, by_service=(ServiceTiers(5, (MatchTier(10_000, 500), MatchTier(5_000, 300))),)),
        ),
        "match.tiers",
        "1.401-1",
    ),
    "a safe harbor match by service": (
        replace(
            PLAIN,
            safe_harbor=SafeHarbor.BASIC_MATCH,
            match=Match(BASIC, Source.SAFE_HARBOR_MATCH, by_service=(ServiceTiers(5, (MatchTier(10_000, 600),)),)),
        ),
        "match.by_service",
        "401(k)(12)(B)(ii)",
    ),
    "a cap of each period on the safe harbor": (
        replace(
            PLAIN,
            safe_harbor=SafeHarbor.BASIC_MATCH,
            match=Match(BASIC, Source.SAFE_HARBOR_MATCH, cap_per_period_cents=100_00),
        ),
        "match.cap_per_period_cents",
        "401(k)(12)(B)(i)",
    ),
    "basic match of 4 %": (
        safe_harbor_match(SafeHarbor.BASIC_MATCH, (10_000, 400)),
        "match.tiers",
        "401(k)(12)(B)(i)",
    ),
    "enhanced below basic in the middle": (
        safe_harbor_match(SafeHarbor.ENHANCED_MATCH, (9_900, 300), (9_900, 600)),
        "match.tiers",
        "401(k)(12)(B)(iii)(II)",
    ),
    "enhanced one cent short at 5 %": (
        safe_harbor_match(SafeHarbor.ENHANCED_MATCH, (10_000, 399)),
        "match.tiers",
        "401(k)(12)(B)(iii)(II)",
    ),
    "enhanced short by less than a basis point at 5 %": (
        safe_harbor_match(SafeHarbor.ENHANCED_MATCH, (10_000, 300), (4_999, 500)),
        "match.tiers",
        "401(k)(12)(B)(iii)(II)",
    ),
    "enhanced that rises": (
        safe_harbor_match(SafeHarbor.ENHANCED_MATCH, (10_000, 400), (12_000, 600)),
        "match.tiers",
        "401(k)(12)(B)(iii)(I)",
    ),
    "a cap on the safe harbor": (
        safe_harbor_match(SafeHarbor.BASIC_MATCH, *BASIC, cap_cents=100_000),
        "match.cap_cents",
        "401(k)(12)(B)(i)",
    ),
    "safe harbor match posted as plain match": (
        replace(PLAIN, safe_harbor=SafeHarbor.BASIC_MATCH, match=Match(BASIC)),
        "match.source",
        "401(k)(12)(B)",
    ),
    "safe harbor money without a safe harbor": (
        replace(PLAIN, match=Match(BASIC, Source.SAFE_HARBOR_MATCH)),
        "match.source",
        "401(k)(12)(B)",
    ),
    "2.99 % nonelective": (
        replace(
            PLAIN, safe_harbor=SafeHarbor.NONELECTIVE, nonelective=Nonelective(299, Source.SAFE_HARBOR_NONELECTIVE)
        ),
        "nonelective.rate_bps",
        "401(k)(12)(C)",
    ),
    "four-year cliff": (vesting(Source.MATCH, 0, 0, 0, 0, 100), "vesting.schedules.match", "411(a)(2)(B)"),
    "neither cliff nor graded": (
        vesting(Source.MATCH, 0, 0, 19, 99, 99, 99, 100),
        "vesting.schedules.match",
        "411(a)(2)(B)",
    ),
    "safe harbor money that vests": (
        vesting(Source.SAFE_HARBOR_MATCH, 0, 0, 0, 100),
        "vesting.schedules.safe_harbor_match",
        "401(k)(12)(E)(i)",
    ),
    "deferrals that vest": (vesting(Source.PRE_TAX, 0, 100), "vesting.schedules.pre_tax", "411(a)(1)"),
    "vesting that never ends": (vesting(Source.MATCH, 0, 50), "vesting.schedules.match", "411(a)(2)(B)"),
    "a leap-day plan year": (replace(PLAIN, plan_year_start=MonthDay(2, 29)), "plan_year_start", "ERISA 3(39)"),
}


QACA_TIERS = (MatchTier(10_000, 100), MatchTier(5_000, 600))
QACA = safe_harbor_match(SafeHarbor.QACA_MATCH, *QACA_TIERS)


def vests(provisions: Provisions, source: Source, *percents: int) -> Provisions:
    return replace(provisions, vesting=Vesting(((source, VestingSchedule(percents)),)))


@pytest.mark.parametrize(
    ("provisions", "beyond"),
    [
        (QACA, []),
        (safe_harbor_match(SafeHarbor.QACA_MATCH, *BASIC), []),
        (vests(QACA, Source.SAFE_HARBOR_MATCH, 0, 0, 100), []),
        (vests(QACA, Source.SAFE_HARBOR_MATCH, 0, 50, 100), []),
        (safe_harbor_match(SafeHarbor.QACA_MATCH, (10_000, 100), (5_000, 599)), ["match.tiers"]),
        (safe_harbor_match(SafeHarbor.QACA_MATCH, (9_999, 100), (5_000, 700)), ["match.tiers"]),
        (safe_harbor_match(SafeHarbor.QACA_MATCH, (10_000, 300), (12_000, 600)), ["match.tiers"]),
        (safe_harbor_match(SafeHarbor.QACA_MATCH, *QACA_TIERS, cap_cents=1_000_00), ["match.cap_cents"]),
        (vests(QACA, Source.SAFE_HARBOR_MATCH, 0, 0, 99, 100), ["vesting.schedules.safe_harbor_match"]),
        (
            replace(
                PLAIN,
                safe_harbor=SafeHarbor.QACA_NONELECTIVE,
                nonelective=Nonelective(299, Source.SAFE_HARBOR_NONELECTIVE),
            ),
            ["nonelective.rate_bps"],
        ),
    ],
)
def test_what_a_qaca_gives_is_lawful_only_where_everybody_is_enrolled(
    provisions: Provisions, beyond: list[str]
) -> None:
    """Each of these enrolls nobody, so that is the first thing named; the rest is of the contribution itself."""
    assert sorted(each.field for each in problems(provisions)) == sorted(["safe_harbor", *beyond])


@pytest.mark.parametrize("provisions", LAWFUL.values(), ids=LAWFUL.keys())
def test_lawful_provisions_have_no_problem(provisions: Provisions) -> None:
    assert problems(provisions) == []


@pytest.mark.parametrize(("provisions", "field", "citation"), UNLAWFUL.values(), ids=UNLAWFUL.keys())
def test_a_provision_that_cannot_stand_is_named_with_its_rule(
    provisions: Provisions, field: str, citation: str
) -> None:
    found = problems(provisions)

    assert [each.field for each in found] == [field]
    assert citation in found[0].citation
    assert found[0].fix.endswith(".")


def test_all_problems_are_told_at_once() -> None:
    several = replace(
        vesting(Source.MATCH, 0, 0, 0, 0, 100), eligibility=Eligibility(25, 24), deferrals=Deferrals((Source.ROTH,))
    )

    assert {each.field for each in problems(several)} == {
        "eligibility.minimum_age",
        "eligibility.service_months",
        "deferrals.sources",
        "vesting.schedules.match",
    }


@pytest.mark.parametrize(
    ("adopted_on", "established_on", "employees", "plan_year_start", "status"),
    [
        (date(2022, 12, 28), date(2000, 1, 1), 50, date(2026, 1, 1), MandateStatus.ADOPTED_BEFORE_ENACTMENT),
        (date(2022, 12, 29), date(2000, 1, 1), 50, date(2024, 12, 31), MandateStatus.NOT_YET_IN_FORCE),
        (date(2022, 12, 29), date(2000, 1, 1), 50, date(2025, 1, 1), MandateStatus.APPLIES),
        (date(2024, 1, 1), date(2023, 1, 2), 50, date(2026, 1, 1), MandateStatus.NEW_EMPLOYER),
        (date(2024, 1, 1), date(2023, 1, 1), 50, date(2026, 1, 1), MandateStatus.APPLIES),
        (date(2024, 1, 1), date(2000, 1, 1), 10, date(2026, 1, 1), MandateStatus.SMALL_EMPLOYER),
        (date(2024, 1, 1), date(2000, 1, 1), 11, date(2026, 1, 1), MandateStatus.APPLIES),
        (date(2024, 1, 1), date(2000, 1, 1), None, date(2026, 1, 1), MandateStatus.APPLIES),
    ],
)
def test_the_automatic_enrollment_mandate_at_each_edge(
    adopted_on: date, established_on: date, employees: int | None, plan_year_start: date, status: MandateStatus
) -> None:
    answer = automatic_enrollment(
        adopted_on=adopted_on, established_on=established_on, employees=employees, plan_year_start=plan_year_start
    )

    assert answer.status is status
    assert answer.exempt == (status is not MandateStatus.APPLIES)


@pytest.mark.parametrize(
    ("provisions", "wrong"),
    [
        (automatic(), []),
        (PLAIN, ["automatic_enrollment"]),
        (automatic(initial_bps=299), ["automatic_enrollment.initial_bps"]),
        (automatic(initial_bps=1_000, step_bps=0), []),
        (automatic(step_bps=50), ["automatic_enrollment.step_bps"]),
        (automatic(top_bps=900), ["automatic_enrollment.top_bps"]),
        (automatic(top_bps=1_501), ["automatic_enrollment.top_bps"]),
        (automatic(withdrawal_days=0), ["automatic_enrollment.withdrawal_days"]),
    ],
)
def test_a_plan_that_must_enroll_automatically_does_as_414a_asks(provisions: Provisions, wrong: list[str]) -> None:
    mandate = automatic_enrollment(
        adopted_on=date(2023, 6, 1),
        established_on=date(2001, 1, 1),
        employees=11,
        plan_year_start=date(2026, 1, 1),
    )
    found = mandate_shortcomings(provisions, mandate, plan_year=PlanYear.starting(date(2026, 1, 1)))
    assert [each.field for each in found] == wrong
    exempt = replace(mandate, status=MandateStatus.SMALL_EMPLOYER)
    assert not mandate_shortcomings(provisions, exempt, plan_year=PlanYear.starting(date(2026, 1, 1)))
