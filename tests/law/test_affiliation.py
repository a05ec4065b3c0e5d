"""Affiliated service groups, significance, leased employees; the figures of who counts, typed a second time."""

from datetime import date
from fractions import Fraction

import pytest

from open401k.kernel import PlanYear
from open401k.law import figures
from open401k.law.affiliation import (
    AffiliatedRole,
    NotAffiliated,
    NotLeased,
    ReceiptsOfYear,
    Significance,
    a_organization,
    affiliated_groups,
    b_organization,
    leased_employee,
    management_organization,
    significant_portion,
)
from open401k.law.explain import explain
from open401k.law.given import ImpossibleInput
from open401k.law.hours import HoursBasis, year_credited

PLAN = PlanYear.starting(date(2026, 1, 1))

# The second typing, from the sections that each is cited with.
FIGURES: dict[str, dict[int, int]] = {
    "hours_year_of_service": {1976: 1000},
    "hours_no_break": {1976: 500},
    "hours_parental_absence": {1985: 501},
    "hours_day_of_parental_absence": {1985: 8},
    "hours_no_duties": {1976: 501},
    "equivalent_day": {1976: 10},
    "equivalent_week": {1976: 45},
    "equivalent_semi_month": {1976: 95},
    "equivalent_month": {1976: 190},
    "equivalent_hours_worked": {1976: 870},
    "equivalent_regular_hours": {1976: 750},
    "breaks_of_parity": {1985: 5},
    "ltpt_hours": {2021: 500},
    "ltpt_consecutive_years": {2021: 3, 2025: 2},
    "top_paid_share": {1987: 2000},
    "controlling_interest": {1976: 8000},
    "effective_control": {1976: 5000},
    "excluded_stock_owner": {1976: 5000},
    "attribution_through_entity": {1976: 500},
    "attribution_through_corporation_416": {1984: 500},
    "attribution_through_corporation_318": {1954: 5000},
    "b_organization_interest": {1981: 1000},
    "significant_service_receipts": {1983: 500},
    "significant_total_receipts": {1983: 1000},
    "leased_safe_harbor_contribution": {1987: 1000},
    "leased_safe_harbor_share": {1987: 2000},
    "self_employment_oasdi": {2013: 1240},
    "self_employment_medicare": {1990: 290},
}


def test_every_figure_equals_the_second_typing() -> None:
    assert {row.id: row.values for row in figures.all_figures() if row.file == "who_counts.yaml"} == FIGURES


def attorney(**changed: bool) -> tuple[AffiliatedRole, tuple[NotAffiliated, ...]]:
    facts = {
        "first_is_service_organization": True,
        "first_is_ordinary_corporation": False,
        "is_service_organization": True,
        "owns_part_of_first": True,
        "regularly_serves_first": False,
        "regularly_associated_in_serving_others": True,
    }
    found = a_organization(**{**facts, **changed})
    return found.role, found.failed


def test_the_incorporated_attorney_who_is_a_partner_of_a_law_firm() -> None:
    """Prop. Reg. 1.414(m)-2(b)(3) Example 1: partner in the firm, and regularly associated with it for clients."""
    assert attorney() == (AffiliatedRole.A_ORGANIZATION, ())


def test_an_ordinary_corporation_is_no_first_organization_for_its_shareholder() -> None:
    """Prop. Reg. 1.414(m)-2(b)(3) Example 2, 1.414(m)-1(c): neither is a professional service corporation."""
    found = attorney(first_is_ordinary_corporation=True)
    assert found == (AffiliatedRole.NOT_AFFILIATED, (NotAffiliated.FIRST_IS_ORDINARY_CORPORATION,))


@pytest.mark.parametrize(
    ("fact", "value", "reason"),
    [
        ("first_is_service_organization", False, NotAffiliated.FIRST_IS_NOT_SERVICE),
        ("is_service_organization", False, NotAffiliated.NOT_SERVICE),
        ("owns_part_of_first", False, NotAffiliated.NO_OWNER_OF_FIRST),
        ("regularly_associated_in_serving_others", False, NotAffiliated.NO_REGULAR_SERVICES),
    ],
)
def test_each_condition_of_an_a_organization(fact: str, value: bool, reason: NotAffiliated) -> None:
    assert attorney(**{fact: value}) == (AffiliatedRole.NOT_AFFILIATED, (reason,))


@pytest.mark.parametrize(
    ("held", "role"), [(1_100, "b_organization"), (1_000, "b_organization"), (999, "not_affiliated")]
)
def test_eleven_partners_with_one_percent_each_hold_a_b_organization(held: int, role: str) -> None:
    """Prop. Reg. 1.414(m)-2(c)(8) Example 1 in kind: eleven partners own one percent each of a serving corporation."""
    found = b_organization(
        first_is_service_organization=True,
        significant=Significance.SIGNIFICANT,
        historically_by_employees=True,
        held_by_hces_bps=held,
        plan_year=PLAN,
    )
    assert found.role == role


def test_the_other_conditions_of_a_b_organization() -> None:
    found = b_organization(
        first_is_service_organization=True,
        significant=Significance.NOT_SIGNIFICANT,
        historically_by_employees=False,
        held_by_hces_bps=0,
        plan_year=PLAN,
    )
    assert found.failed == (
        NotAffiliated.NOT_SIGNIFICANT,
        NotAffiliated.NOT_HISTORICAL,
        NotAffiliated.BELOW_TEN_PERCENT,
    )
    assert explain(found) == "Not affiliated: services not significant (IRC 414(m))."
    for significant, held, field in (("facts_and_circumstances", 0, "significant"), ("significant", -1, "held_by")):
        with pytest.raises(ImpossibleInput, match=field):
            b_organization(
                first_is_service_organization=True,
                significant=Significance(significant),
                historically_by_employees=True,
                held_by_hces_bps=held,
                plan_year=PLAN,
            )


def receipts(*years: tuple[int, int, int]) -> tuple[ReceiptsOfYear, ...]:
    return tuple(ReceiptsOfYear(*year) for year in years)


@pytest.mark.parametrize(
    ("years", "verdict"),
    [
        (receipts((4_999, 100_000, 100_000)), "not_significant"),
        (receipts((5_000, 100_000, 100_000)), "facts_and_circumstances"),
        (receipts((9_999, 99_999, 100_000)), "facts_and_circumstances"),
        (receipts((10_000, 100_000, 100_000)), "significant"),
        # The greater of the year and of the three years.
        (receipts((0, 100_000, 100_000), (30_000, 100_000, 100_000), (0, 100_000, 100_000)), "significant"),
        (receipts((10_000, 100_000, 100_000), (0, 100_000, 100_000), (0, 100_000, 100_000)), "significant"),
        (receipts((0, 0, 0)), "not_significant"),
    ],
)
def test_5_percent_of_services_and_10_percent_of_all(years: tuple[ReceiptsOfYear, ...], verdict: str) -> None:
    """Prop. Reg. 1.414(m)-2(c)(2)(ii)-(v)."""
    assert significant_portion(receipts=years, plan_year=PLAN).verdict == verdict


def test_receipts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ImpossibleInput, match="from_group_services_cents"):
        receipts((-1, 0, 0))
    for bad in (receipts((2, 1, 3)), receipts((0, 2, 1)), ()):
        with pytest.raises(ImpossibleInput):
            significant_portion(receipts=bad, plan_year=PLAN)
    told = significant_portion(receipts=receipts((10, 100, 100)), plan_year=PLAN)
    assert told.service_receipts == Fraction(1, 10)
    assert explain(told).startswith("Services for the group bring 10.00 % of receipts from services and 10.00 % of all")


def test_a_management_organization_needs_no_owner() -> None:
    """IRC 414(m)(5)."""
    assert (
        management_organization(principal_business_is_management=True, regular_and_continuing=True).role
        is AffiliatedRole.MANAGEMENT
    )
    failed = management_organization(principal_business_is_management=False, regular_and_continuing=True)
    assert failed.failed == (NotAffiliated.NOT_PRINCIPAL_BUSINESS,)


def test_all_of_one_first_organization_are_one_group_and_shared_ones_join_none() -> None:
    """Prop. Reg. 1.414(m)-2(g)."""
    assert affiliated_groups((("F", "A"), ("F", "B"), ("G", "B"))) == (("A", "B", "F"), ("B", "G"))


def leased(**changed: object) -> tuple[bool, NotLeased | None]:
    facts: dict[str, object] = {
        "common_law_employee": False,
        "agreement_with_leasing_organization": True,
        "substantially_full_time_for_a_year": True,
        "primary_direction_or_control": True,
    }
    found = leased_employee(**{**facts, **changed}, plan_year=PLAN)  # type: ignore[arg-type]
    return found.counts, found.failed


def test_leased_employees_and_their_safe_harbor() -> None:
    """IRC 414(n)(2), (5)."""
    plan = {"leasing_plan_contribution_bps": 1_000, "leasing_plan_immediate_and_vested": True}
    assert leased() == (True, None)
    assert leased(common_law_employee=True) == (True, NotLeased.COMMON_LAW_EMPLOYEE)
    assert leased(substantially_full_time_for_a_year=False) == (False, NotLeased.NOT_FULL_TIME_FOR_A_YEAR)
    assert leased(**plan, leased_share_of_nhces_bps=2_000) == (False, NotLeased.SAFE_HARBOR)
    assert leased(**plan, leased_share_of_nhces_bps=2_001) == (True, None)
    assert leased(**{**plan, "leasing_plan_contribution_bps": 999}, leased_share_of_nhces_bps=0) == (True, None)


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (1_000, "A year of service: at least 1000 hours (IRC 410(a)(3)(A); 29 CFR 2530.200b-3)."),
        (500, "A one-year break: not more than 500 hours (IRC 411(a)(6)(A))."),
        (501, "Neither a year of service, for which 1000 hours are needed, nor a break, which is up to 500 "),
    ],
)
def test_hours_in_words(hours: int, told: str) -> None:
    found = year_credited(hours=hours, basis=HoursBasis.HOURS_OF_SERVICE, plan_year=PLAN)
    assert explain(found).startswith(told)
