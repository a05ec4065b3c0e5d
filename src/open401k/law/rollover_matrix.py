"""From which account to which a rollover may go, and on what conditions. Not here: whether a payment is eligible.

IRC 402(c)(8), 402A(c)(3)-(4), 403(b)(8), 408(d)(3), 408(p)(1)(B), 408A, 457(e)(16), as the IRS rollover chart has them.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ..kernel import anniversary
from . import given
from .given import check_facts

#: A SIMPLE takes money from elsewhere if contributed after this day (IRC 408(p)(1)(B); PATH Act s. 306).
SIMPLE_TAKES_FROM = date(2015, 12, 18)
#: Years from the first participation in a SIMPLE (IRC 72(t)(6), 408(d)(3)(G)).
SIMPLE_YEARS = 2
#: From then on a plan that replaces the employer's SIMPLE takes its money within the two years too (SECURE 2.0 s. 332).
SIMPLE_REPLACED_FROM = date(2024, 1, 1)


class Account(StrEnum):
    """An account as rollovers see it; money of an employer's plan is split by its tax character."""

    PLAN_PRE_TAX = "plan_pre_tax"
    #: Employee contributions that were taxed, of a 401(a) or 403(b) plan, without their earnings.
    PLAN_AFTER_TAX = "plan_after_tax"
    PLAN_ROTH = "plan_roth"
    PLAN_403B_PRE_TAX = "plan_403b_pre_tax"
    GOVERNMENT_457B = "government_457b"
    TRADITIONAL_IRA = "traditional_ira"
    ROTH_IRA = "roth_ira"
    SIMPLE_IRA = "simple_ira"
    SEP_IRA = "sep_ira"
    #: Receives from nobody: it is no eligible retirement plan (IRC 402(c)(8)(B)(v)).
    TAX_EXEMPT_457B = "tax_exempt_457b"


class Condition(StrEnum):
    """What a permitted rollover is bound to."""

    INCLUDED_IN_INCOME = "included_in_income"
    ONE_IN_TWELVE_MONTHS = "one_in_twelve_months"
    SEPARATE_ACCOUNT = "separate_account"
    SAME_PLAN = "same_plan"
    BASIS_ONLY_DIRECTLY = "basis_only_directly"
    ONLY_WHAT_WOULD_BE_TAXED = "only_what_would_be_taxed"
    RECEIVING_PLAN_MUST_ACCEPT = "receiving_plan_must_accept"


class Obstacle(StrEnum):
    """Why a rollover cannot be made. Checked, and listed, in order of precedence."""

    NOT_BETWEEN_THESE = "not_between_these"
    ONLY_WITHIN_THE_PLAN = "only_within_the_plan"
    ONLY_DIRECTLY = "only_directly"
    SIMPLE_TWO_YEARS = "simple_two_years"
    SIMPLE_BEFORE_2016 = "simple_before_2016"
    RECEIVING_PLAN_DOES_NOT_ACCEPT = "receiving_plan_does_not_accept"


@dataclass(frozen=True, slots=True)
class Route:
    """Whether a rollover may be made, what stands against it, and what it is bound to."""

    source: Account
    destination: Account
    allowed: bool
    obstacle: Obstacle | None
    conditions: tuple[Condition, ...]
    cite: str

    @property
    def taxed_now(self) -> bool:
        return Condition.INCLUDED_IN_INCOME in self.conditions


_A = Account
_INCOME, _YEAR, _SEPARATE = Condition.INCLUDED_IN_INCOME, Condition.ONE_IN_TWELVE_MONTHS, Condition.SEPARATE_ACCOUNT
_SAME, _DIRECT, _TAXED = Condition.SAME_PLAN, Condition.BASIS_ONLY_DIRECTLY, Condition.ONLY_WHAT_WOULD_BE_TAXED
_Row = dict[Account, tuple[Condition, ...]]

_FROM_PRE_TAX: _Row = {
    _A.ROTH_IRA: (_INCOME,),
    _A.TRADITIONAL_IRA: (),
    _A.SIMPLE_IRA: (),
    _A.SEP_IRA: (),
    _A.GOVERNMENT_457B: (_SEPARATE,),
    _A.PLAN_PRE_TAX: (),
    _A.PLAN_403B_PRE_TAX: (),
    _A.PLAN_ROTH: (_INCOME, _SAME),
}
_FROM_IRA: _Row = {
    _A.ROTH_IRA: (_INCOME,),
    _A.TRADITIONAL_IRA: (_YEAR,),
    _A.SIMPLE_IRA: (_YEAR,),
    _A.SEP_IRA: (_YEAR,),
    _A.GOVERNMENT_457B: (_SEPARATE, _TAXED),
    _A.PLAN_PRE_TAX: (_TAXED,),
    _A.PLAN_403B_PRE_TAX: (_TAXED,),
}
_ROWS: dict[Account, _Row] = {
    _A.PLAN_PRE_TAX: _FROM_PRE_TAX,
    _A.PLAN_403B_PRE_TAX: _FROM_PRE_TAX,
    _A.GOVERNMENT_457B: {**_FROM_PRE_TAX, _A.GOVERNMENT_457B: ()},
    _A.PLAN_AFTER_TAX: {
        _A.ROTH_IRA: (),
        _A.TRADITIONAL_IRA: (),
        _A.SIMPLE_IRA: (),
        _A.SEP_IRA: (),
        _A.PLAN_AFTER_TAX: (_DIRECT, _SEPARATE),
        _A.PLAN_ROTH: (_SAME,),
    },
    _A.PLAN_ROTH: {_A.ROTH_IRA: (), _A.PLAN_ROTH: (_DIRECT,)},
    _A.TRADITIONAL_IRA: _FROM_IRA,
    _A.SEP_IRA: _FROM_IRA,
    _A.SIMPLE_IRA: _FROM_IRA,
    _A.ROTH_IRA: {_A.ROTH_IRA: (_YEAR,)},
}
_CITES: dict[Account, str] = {
    _A.PLAN_PRE_TAX: "IRC 402(c)(8)(B); Reg. 1.402(c)-2(a), (b)",
    _A.PLAN_AFTER_TAX: "IRC 402(c)(2); Reg. 1.402(c)-2(b)(3)",
    _A.PLAN_ROTH: "IRC 402A(c)(3); Reg. 1.402A-1 A-5",
    _A.PLAN_403B_PRE_TAX: "IRC 403(b)(8)",
    _A.GOVERNMENT_457B: "IRC 457(e)(16)",
    _A.TRADITIONAL_IRA: "IRC 408(d)(3)",
    _A.SEP_IRA: "IRC 408(d)(3)",
    _A.SIMPLE_IRA: "IRC 408(d)(3)(G), 408(p)(1)(B)",
    _A.ROTH_IRA: "IRC 408A(c)(3), (e)",
    _A.TAX_EXEMPT_457B: "IRC 402(c)(8)(B)(v), 457(e)(16)",
}
_EMPLOYERS = {_A.PLAN_PRE_TAX, _A.PLAN_AFTER_TAX, _A.PLAN_ROTH, _A.PLAN_403B_PRE_TAX, _A.GOVERNMENT_457B}


def rollover_route(
    *,
    source: Account,
    destination: Account,
    on: date,
    direct: bool,
    same_plan: bool = False,
    receiving_plan_accepts: bool = True,
    simple_participation_began_on: date | None = None,
    plan_replaces_simple_of_employer: bool = False,
) -> Route:
    """Whether money of one kind may be rolled over to another account (IRC 402(c)(8)(B), 402A(c)(3), 408(d)(3)).

    ``direct`` is a direct rollover or trustee-to-trustee transfer, otherwise within 60 days. Between IRAs only an
    indirect one counts toward one in twelve months (408(d)(3)(B)). Into or out of a SIMPLE,
    ``simple_participation_began_on`` is the first day of participation in it; its two years do not matter for a 401(k)
    or 403(b) plan that the employer "establishes" as it "terminates" the SIMPLE (72(t)(6)(B)), which keeps the money
    under 401(k)(2)(B). The part of a designated Roth account that would be taxed may go to another one within 60 days;
    the rest only directly (Reg. 1.402A-1 A-5(a)).
    """
    check_facts(locals())
    conditions = _ROWS.get(source, {}).get(destination)
    replaced = plan_replaces_simple_of_employer and on >= SIMPLE_REPLACED_FROM and source is _A.SIMPLE_IRA
    replaced = replaced and destination in (_A.PLAN_PRE_TAX, _A.PLAN_403B_PRE_TAX)
    obstacle = None
    if conditions is None:
        obstacle, conditions = Obstacle.NOT_BETWEEN_THESE, ()
    elif _SAME in conditions and not (same_plan and direct):
        obstacle = Obstacle.ONLY_WITHIN_THE_PLAN
    elif source is _A.PLAN_AFTER_TAX and _DIRECT in conditions and not direct:
        obstacle = Obstacle.ONLY_DIRECTLY
    elif not replaced and _too_early_for_simple(source, destination, on, simple_participation_began_on):
        obstacle = Obstacle.SIMPLE_TWO_YEARS
    elif destination is _A.SIMPLE_IRA and source is not _A.SIMPLE_IRA and on <= SIMPLE_TAKES_FROM:
        obstacle = Obstacle.SIMPLE_BEFORE_2016
    elif destination in _EMPLOYERS and not receiving_plan_accepts:
        obstacle = Obstacle.RECEIVING_PLAN_DOES_NOT_ACCEPT
    if direct:
        conditions = tuple(each for each in conditions if each not in (_YEAR, _DIRECT))
    if destination in _EMPLOYERS and not same_plan and obstacle is None:
        conditions = (*conditions, Condition.RECEIVING_PLAN_MUST_ACCEPT)
    return Route(source, destination, obstacle is None, obstacle, conditions, _CITES[source])


def _too_early_for_simple(source: Account, destination: Account, on: date, began_on: date | None) -> bool:
    # Within the two years money moves only from one SIMPLE to another (IRC 408(d)(3)(G)).
    if (source is _A.SIMPLE_IRA) == (destination is _A.SIMPLE_IRA):
        return False
    if began_on is None:
        return True
    given.days(simple_participation_began_on=began_on, on=on)
    return on < anniversary(began_on, SIMPLE_YEARS)
