"""Affiliated service groups, management organizations and leased employees (IRC 414(m), (n); Prop. Reg. 1.414(m)-2).

The proposed regulation of 1983 was never made final; taxpayers may rely on it, and the Code goes before it. Ownership
by attribution (318) is holdings.py. Not here: whether services are of a type historically performed by employees, and
primary direction or control, which are facts; 414(o).
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from ..kernel import PlanYear
from . import figures
from .given import ImpossibleInput, amounts, check_facts, check_fields

_WHOLE = 10_000


class AffiliatedRole(StrEnum):
    """What an organization is to a first service organization."""

    A_ORGANIZATION = "a_organization"
    B_ORGANIZATION = "b_organization"
    MANAGEMENT = "management"
    NOT_AFFILIATED = "not_affiliated"


class NotAffiliated(StrEnum):
    """Which condition fails, in order of precedence."""

    FIRST_IS_NOT_SERVICE = "first_is_not_a_service_organization"
    #: A corporation that is not a professional one is no first service organization for A (Prop. Reg. 1.414(m)-1(c)).
    FIRST_IS_ORDINARY_CORPORATION = "first_is_an_ordinary_corporation"
    NOT_SERVICE = "not_a_service_organization"
    NO_OWNER_OF_FIRST = "no_owner_of_the_first_organization"
    NO_REGULAR_SERVICES = "no_regular_services_or_association"
    NOT_SIGNIFICANT = "services_not_significant"
    NOT_HISTORICAL = "not_of_a_type_performed_by_employees"
    BELOW_TEN_PERCENT = "held_to_less_than_10_percent"
    NOT_PRINCIPAL_BUSINESS = "management_is_not_the_principal_business"
    NOT_CONTINUING = "not_on_a_regular_and_continuing_basis"


class Significance(StrEnum):
    """Whether services for the group are a significant portion of the business."""

    NOT_SIGNIFICANT = "not_significant"
    SIGNIFICANT = "significant"
    FACTS_AND_CIRCUMSTANCES = "facts_and_circumstances"


class NotLeased(StrEnum):
    """Why somebody is no leased employee, in order of precedence (IRC 414(n)(2), (5))."""

    COMMON_LAW_EMPLOYEE = "common_law_employee"
    NO_AGREEMENT = "no_agreement_with_a_leasing_organization"
    NOT_FULL_TIME_FOR_A_YEAR = "not_substantially_full_time_for_a_year"
    NOT_DIRECTED = "not_under_primary_direction_or_control"
    SAFE_HARBOR = "covered_by_the_leasing_organizations_safe_harbor_plan"


@dataclass(frozen=True, slots=True)
class Affiliation:
    """The role of an organization, or the first condition that fails for each role that was looked at."""

    role: AffiliatedRole
    failed: tuple[NotAffiliated, ...]


@dataclass(frozen=True, slots=True)
class SignificantPortion:
    """The larger of the year's and the three years' shares of receipts, and what they say."""

    verdict: Significance
    service_receipts: Fraction
    total_receipts: Fraction


@dataclass(frozen=True, slots=True)
class ReceiptsOfYear:
    """Gross receipts of an organization in one of its years, the first one being the year that is looked at."""

    from_group_services_cents: int
    from_services_cents: int
    total_cents: int

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class LeasedEmployee:
    """Whether somebody counts as an employee of the recipient, and if not, why."""

    counts: bool
    failed: NotLeased | None


def a_organization(
    *,
    first_is_service_organization: bool,
    first_is_ordinary_corporation: bool,
    is_service_organization: bool,
    owns_part_of_first: bool,
    regularly_serves_first: bool,
    regularly_associated_in_serving_others: bool,
) -> Affiliation:
    """A service organization that is an owner of the first one and works for or with it (IRC 414(m)(2)(A)).

    Any share will do, owned by attribution too (Prop. Reg. 1.414(m)-2(b), (d)). A corporation other than a
    professional service corporation is not treated as a first service organization here (1.414(m)-1(c)).
    """
    failed = (
        (not first_is_service_organization, NotAffiliated.FIRST_IS_NOT_SERVICE),
        (first_is_ordinary_corporation, NotAffiliated.FIRST_IS_ORDINARY_CORPORATION),
        (not is_service_organization, NotAffiliated.NOT_SERVICE),
        (not owns_part_of_first, NotAffiliated.NO_OWNER_OF_FIRST),
        (
            not (regularly_serves_first or regularly_associated_in_serving_others),
            NotAffiliated.NO_REGULAR_SERVICES,
        ),
    )
    return _affiliation(AffiliatedRole.A_ORGANIZATION, failed)


def b_organization(
    *,
    first_is_service_organization: bool,
    significant: Significance,
    historically_by_employees: bool,
    held_by_hces_bps: int,
    plan_year: PlanYear,
) -> Affiliation:
    """An organization whose significant business is work for the group, held to 10 % by its HCEs (IRC 414(m)(2)(B)).

    ``held_by_hces_bps``: together, by highly compensated employees of the first organization or an A-organization, by
    attribution under 318; Prop. Reg. 1.414(m)-2(c)(4) speaks of officers and owners, for whom the Code put HCEs.
    Significance that is for facts and circumstances is the caller's to settle first, and is refused.
    """
    check_facts(locals())
    if held_by_hces_bps > _WHOLE:
        raise ImpossibleInput("held_by_hces_bps", f"{held_by_hces_bps} is not between 0 and {_WHOLE}.")
    if significant is Significance.FACTS_AND_CIRCUMSTANCES:
        raise ImpossibleInput("significant", "facts and circumstances decide between 5 % and 10 %; say which.")
    least = figures.bps("b_organization_interest", plan_year)
    failed = (
        (not first_is_service_organization, NotAffiliated.FIRST_IS_NOT_SERVICE),
        (significant is Significance.NOT_SIGNIFICANT, NotAffiliated.NOT_SIGNIFICANT),
        (not historically_by_employees, NotAffiliated.NOT_HISTORICAL),
        (held_by_hces_bps < least, NotAffiliated.BELOW_TEN_PERCENT),
    )
    return _affiliation(AffiliatedRole.B_ORGANIZATION, failed)


def management_organization(*, principal_business_is_management: bool, regular_and_continuing: bool) -> Affiliation:
    """Whose principal business is managing one organization or its affiliates; nobody need own it (IRC 414(m)(5))."""
    failed = (
        (not principal_business_is_management, NotAffiliated.NOT_PRINCIPAL_BUSINESS),
        (not regular_and_continuing, NotAffiliated.NOT_CONTINUING),
    )
    return _affiliation(AffiliatedRole.MANAGEMENT, failed)


def significant_portion(*, receipts: tuple[ReceiptsOfYear, ...], plan_year: PlanYear) -> SignificantPortion:
    """Whether services for the group are significant (Prop. Reg. 1.414(m)-2(c)(2)).

    Not, if they bring less than 5 % of receipts from services; yes, from 10 % of all receipts; between, facts and
    circumstances. Each percentage is the greater of the year's and of the three years' that end with it.
    """
    check_facts(locals())
    if not 1 <= len(receipts) <= 3:
        raise ImpossibleInput("receipts", "are of the year, or of it and the one or two before.")
    for year in receipts:
        amounts(
            from_group_services_cents=year.from_group_services_cents,
            from_services_cents=year.from_services_cents,
            total_cents=year.total_cents,
        )
        if not year.from_group_services_cents <= year.from_services_cents <= year.total_cents:
            raise ImpossibleInput("receipts", "from the group are part of those from services, and these of all.")
    of_services = _greater([(y.from_group_services_cents, y.from_services_cents) for y in receipts])
    of_total = _greater([(y.from_group_services_cents, y.total_cents) for y in receipts])
    verdict = Significance.FACTS_AND_CIRCUMSTANCES
    if of_services < Fraction(figures.bps("significant_service_receipts", plan_year), _WHOLE):
        verdict = Significance.NOT_SIGNIFICANT
    elif of_total >= Fraction(figures.bps("significant_total_receipts", plan_year), _WHOLE):
        verdict = Significance.SIGNIFICANT
    return SignificantPortion(verdict, of_services, of_total)


def leased_employee(
    *,
    common_law_employee: bool,
    agreement_with_leasing_organization: bool,
    substantially_full_time_for_a_year: bool,
    primary_direction_or_control: bool,
    leasing_plan_contribution_bps: int = 0,
    leasing_plan_immediate_and_vested: bool = False,
    leased_share_of_nhces_bps: int = _WHOLE,
    plan_year: PlanYear,
) -> LeasedEmployee:
    """Whether a leased person counts as the recipient's employee (IRC 414(n)(2), (5)).

    The safe harbor is a money purchase plan of the leasing organization with 10 % of pay, immediate participation and
    full vesting, while leased employees are at most 20 % of the recipient's nonhighly compensated workforce.
    """
    check_facts(locals())
    enough = leasing_plan_contribution_bps >= figures.bps("leased_safe_harbor_contribution", plan_year)
    few = leased_share_of_nhces_bps <= figures.bps("leased_safe_harbor_share", plan_year)
    failed = (
        (common_law_employee, NotLeased.COMMON_LAW_EMPLOYEE),
        (not agreement_with_leasing_organization, NotLeased.NO_AGREEMENT),
        (not substantially_full_time_for_a_year, NotLeased.NOT_FULL_TIME_FOR_A_YEAR),
        (not primary_direction_or_control, NotLeased.NOT_DIRECTED),
        (enough and few and leasing_plan_immediate_and_vested, NotLeased.SAFE_HARBOR),
    )
    first = next((reason for holds, reason in failed if holds), None)
    return LeasedEmployee(first in (None, NotLeased.COMMON_LAW_EMPLOYEE), first)


def affiliated_groups(links: tuple[tuple[str, str], ...]) -> tuple[tuple[str, ...], ...]:
    """The groups of (first organization, A- or B-organization) links (Prop. Reg. 1.414(m)-2(g)).

    All that belong to one first organization are one group; groups are not joined because an organization is an A- or
    B-organization of two.
    """
    firsts = sorted({first for first, _ in links})
    return tuple(tuple(sorted({first, *(other for f, other in links if f == first)})) for first in firsts)


def _affiliation(role: AffiliatedRole, conditions: tuple[tuple[bool, NotAffiliated], ...]) -> Affiliation:
    failed = tuple(reason for broken, reason in conditions if broken)
    return Affiliation(AffiliatedRole.NOT_AFFILIATED if failed else role, failed)


def _greater(years: list[tuple[int, int]]) -> Fraction:
    part, whole = sum(p for p, _ in years), sum(w for _, w in years)
    shares = [Fraction(p, w) if w else Fraction(0) for p, w in (years[0], (part, whole))]
    return max(shares)
