"""The fidelity bond of whoever handles a plan's money (ERISA 412). Not here: fiduciary insurance, the audit waiver
itself.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from ..kernel import PlanYear, half_up
from . import figures, given
from .given import check_facts, check_fields


class BondBound(StrEnum):
    """Which bound decides the amount for one plan."""

    TEN_PERCENT = "ten_percent_of_funds_handled"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"


@dataclass(frozen=True, slots=True)
class HandledFunds:
    """What one person handled of one plan in its preceding year; for a first year, what is expected in it."""

    plan: str
    handled_cents: int
    employer_securities_or_pooled_employer_plan: bool = False

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class PlanBond:
    """The least bond for one plan, and what decided it."""

    plan: str
    handled_cents: int
    required_cents: int
    bound: BondBound


@dataclass(frozen=True, slots=True)
class Bond:
    """The least amount of one bond that covers several plans."""

    plans: tuple[PlanBond, ...]
    required_cents: int
    cite: str = "ERISA 412(a); 29 CFR 2580.412-11, -14, -16"


@dataclass(frozen=True, slots=True)
class AuditWaiver:
    """Whether a small plan needs no auditor: enough qualifying assets, or a bond for all of the others."""

    waived: bool
    qualifying_bps: int
    bond_needed_cents: int
    short_by_cents: int
    cite: str = "29 CFR 2520.104-46(b)(1)(i)"

    @property
    def by_bond(self) -> bool:
        """Waived only because of the bond, which does not open Form 5500-SF (29 CFR 2520.103-1(c)(2)(ii)(B))."""
        return self.waived and self.bond_needed_cents > 0


#: At least so much of the assets are qualifying plan assets (29 CFR 2520.104-46(b)(1)(i)(A)(1)).
QUALIFYING_BPS = 9_500
_WHOLE = 10_000


def bond(*, funds: tuple[HandledFunds, ...], plan_year: PlanYear) -> Bond:
    """The least bond for one person over all plans it covers (ERISA 412(a); 29 CFR 2580.412-16(c), (e)).

    For each plan 10 % of what was handled in its preceding reporting year, at least $1,000, at most $500,000
    ($1,000,000 with employer securities or in a pooled employer plan); a bond for several plans is the sum.
    """
    check_facts(locals())
    if not funds:
        raise given.ImpossibleInput("funds", "no plan is named.")
    plans = tuple(_one(each, plan_year) for each in funds)
    return Bond(plans, sum(each.required_cents for each in plans))


def audit_waiver(
    *, total_assets_cents: int, non_qualifying_cents: int, bond_cents: int, bond_required: Bond | None = None
) -> AuditWaiver:
    """Whether assets or bond let a small plan do without an audit (29 CFR 2520.104-46(b)(1)(i)(A)).

    At least 95 % qualifying plan assets, or whoever handles the others is bonded for no less than their value. The
    summary annual report says so ((B)), and documents are shown on request ((C)). Assets at the beginning of the plan
    year.
    """
    check_facts(locals())
    given.amounts(
        total_assets_cents=total_assets_cents, non_qualifying_cents=non_qualifying_cents, bond_cents=bond_cents
    )
    if non_qualifying_cents > total_assets_cents:
        raise given.ImpossibleInput("non_qualifying_cents", "more than all assets of the plan.")
    qualifying = total_assets_cents - non_qualifying_cents
    enough = qualifying * _WHOLE >= total_assets_cents * QUALIFYING_BPS
    needed = 0 if enough else max(non_qualifying_cents, 0 if bond_required is None else bond_required.required_cents)
    share = _WHOLE if not total_assets_cents else qualifying * _WHOLE // total_assets_cents
    return AuditWaiver(enough or bond_cents >= needed, share, needed, max(needed - bond_cents, 0))


def _one(funds: HandledFunds, plan_year: PlanYear) -> PlanBond:
    given.amounts(handled_cents=funds.handled_cents)
    special = funds.employer_securities_or_pooled_employer_plan
    most = figures.cents("bond_maximum_employer_securities" if special else "bond_maximum", plan_year)
    least = figures.cents("bond_minimum", plan_year)
    tenth = half_up(Fraction(funds.handled_cents * figures.bps("bond_rate", plan_year), _WHOLE))
    if tenth < least:
        return PlanBond(funds.plan, funds.handled_cents, least, BondBound.MINIMUM)
    if tenth > most:
        return PlanBond(funds.plan, funds.handled_cents, most, BondBound.MAXIMUM)
    return PlanBond(funds.plan, funds.handled_cents, tenth, BondBound.TEN_PERCENT)
