"""Which source of money may be paid at which event. Not here: amounts and proofs of each event, what a plan offers."""

from dataclasses import dataclass
from enum import StrEnum

from ..kernel import Source
from . import given
from .given import check_facts

#: Employer money of a profit-sharing plan may be paid once it has been in the plan for two years (Rev. Rul. 71-295),
#: or to participants of five years (Rev. Rul. 68-24), both under Reg. 1.401-1(b)(1)(ii).
MONTHS_IN_PLAN = 24
MONTHS_OF_PARTICIPATION = 60


class Event(StrEnum):
    """What may open an account."""

    SEVERANCE = "severance"
    DEATH = "death"
    DISABILITY = "disability"
    PLAN_TERMINATION = "plan_termination"
    AGE_59_5 = "age_59_5"
    HARDSHIP = "hardship"
    RESERVIST = "reservist"
    BIRTH_OR_ADOPTION = "birth_or_adoption"
    EMERGENCY_EXPENSE = "emergency_expense"
    DOMESTIC_ABUSE = "domestic_abuse"
    DISASTER = "disaster"
    LONG_TERM_CARE = "long_term_care"
    LIFETIME_INCOME_ENDS = "lifetime_income_ends"
    PERMISSIBLE_WITHDRAWAL = "permissible_withdrawal"
    QDRO = "qdro"
    TERMINAL_ILLNESS = "terminal_illness"
    STATED_AGE = "stated_age"
    YEARS_IN_PLAN = "years_in_plan"
    NO_EVENT = "no_event"


class Why(StrEnum):
    """Which rule decided."""

    LISTED_EVENT = "listed_event"
    TREATED_AS_LISTED = "treated_as_listed"
    NOT_A_LISTED_EVENT = "not_a_listed_event"
    EXCEPTION_TO_TAX_ONLY = "exception_to_tax_only"
    OTHER_PLAN_EXISTS = "other_plan_exists"
    NOT_A_LUMP_SUM = "not_a_lump_sum"
    PROFIT_SHARING_EVENT = "profit_sharing_event"
    TOO_EARLY_IN_PLAN = "too_early_in_plan"
    OWN_MONEY = "own_money"
    NOT_THIS_MONEY = "not_this_money"


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a source may be paid at an event, and under which rule."""

    source: Source
    event: Event
    allowed: bool
    why: Why
    cite: str


#: Deferrals, and what borrows their restrictions (IRC 401(k)(3)(D)(ii), (12)(E)(i), (13)(D)(iii)(II); 401(m)(4)(C)).
RESTRICTED = frozenset(
    {
        Source.PRE_TAX,
        Source.ROTH,
        Source.QNEC,
        Source.QMAC,
        Source.SAFE_HARBOR_MATCH,
        Source.SAFE_HARBOR_NONELECTIVE,
    }
)
_DEFERRALS = frozenset({Source.PRE_TAX, Source.ROTH})
_OWN = frozenset({Source.AFTER_TAX, Source.ROLLOVER, Source.ROTH_ROLLOVER, Source.AFTER_TAX_ROLLOVER})

_LISTED = {
    Event.SEVERANCE: "IRC 401(k)(2)(B)(i)(I)",
    Event.DEATH: "IRC 401(k)(2)(B)(i)(I)",
    Event.DISABILITY: "IRC 401(k)(2)(B)(i)(I)",
    Event.PLAN_TERMINATION: "IRC 401(k)(2)(B)(i)(II), (10)",
    Event.AGE_59_5: "IRC 401(k)(2)(B)(i)(III)",
    Event.HARDSHIP: "IRC 401(k)(2)(B)(i)(IV), (14)",
    Event.LIFETIME_INCOME_ENDS: "IRC 401(k)(2)(B)(i)(VI), 401(a)(38)",
    Event.LONG_TERM_CARE: "IRC 401(k)(2)(B)(i)(VII), 401(a)(39)",
}
_TREATED = {
    Event.BIRTH_OR_ADOPTION: "IRC 72(t)(2)(H)(vi)(IV)",
    Event.EMERGENCY_EXPENSE: "IRC 72(t)(2)(I)(viii)",
    Event.DOMESTIC_ABUSE: "IRC 72(t)(2)(K)(vi)(III)",
    Event.DISASTER: "IRC 72(t)(11)(G)(ii)(I)",
    Event.QDRO: "IRC 414(p)(10)",
}


def may_distribute(
    *,
    source: Source,
    event: Event,
    months_in_plan: int = 0,
    months_of_participation: int = 0,
    other_plan_exists: bool = False,
    paid_as_lump_sum: bool = True,
) -> Permission:
    """Whether money of a source may be paid at an event, in a profit-sharing or stock bonus plan that provides for it.

    Deferrals and money that borrows their rules: the events of IRC 401(k)(2)(B) alone, never a number of years.
    Match and profit sharing: after a fixed number of years, at a stated age or on another event (Reg.
    1.401-1(b)(1)(ii)): two years in the plan, or five of participation. Rollovers and after-tax money: at any time.
    ``other_plan_exists``: a plan that ends pays out only where the employer has no other defined contribution plan
    (401(k)(10)(A); Reg. 1.401(k)-1(d)(4)(i)), and "only if it is a lump sum distribution" ((d)(4)(ii)).
    """
    check_facts(locals())
    given.counts(1_200, months_in_plan=months_in_plan, months_of_participation=months_of_participation)
    if source in _OWN:
        return Permission(source, event, True, Why.OWN_MONEY, "Rev. Rul. 2004-12; Reg. 1.401-1(b)(1)(ii)")
    if source in RESTRICTED:
        return _restricted(source, event, other_plan_exists, paid_as_lump_sum)
    if event is Event.NO_EVENT:
        return Permission(source, event, False, Why.NOT_A_LISTED_EVENT, "Reg. 1.401-1(b)(1)(ii)")
    if event is Event.PERMISSIBLE_WITHDRAWAL:
        return Permission(source, event, False, Why.NOT_THIS_MONEY, "IRC 414(w)(2)(B)")
    if event is Event.YEARS_IN_PLAN:
        long_enough = months_in_plan >= MONTHS_IN_PLAN or months_of_participation >= MONTHS_OF_PARTICIPATION
        why = Why.PROFIT_SHARING_EVENT if long_enough else Why.TOO_EARLY_IN_PLAN
        return Permission(source, event, long_enough, why, "Rev. Rul. 71-295; Rev. Rul. 68-24")
    return Permission(source, event, True, Why.PROFIT_SHARING_EVENT, "Reg. 1.401-1(b)(1)(ii)")


def _restricted(source: Source, event: Event, other_plan_exists: bool, lump_sum: bool) -> Permission:
    if event is Event.PLAN_TERMINATION and other_plan_exists:
        return Permission(source, event, False, Why.OTHER_PLAN_EXISTS, "IRC 401(k)(10)(A)")
    if event is Event.PLAN_TERMINATION and not lump_sum:
        return Permission(source, event, False, Why.NOT_A_LUMP_SUM, "IRC 401(k)(10)(B); Reg. 1.401(k)-1(d)(4)(ii)")
    if event in _LISTED:
        return Permission(source, event, True, Why.LISTED_EVENT, _LISTED[event])
    if event in _TREATED:
        return Permission(source, event, True, Why.TREATED_AS_LISTED, _TREATED[event])
    if event in (Event.RESERVIST, Event.PERMISSIBLE_WITHDRAWAL):
        own = source in _DEFERRALS
        cite = "IRC 401(k)(2)(B)(i)(V)" if event is Event.RESERVIST else "IRC 414(w)(2)(B)"
        return Permission(source, event, own, Why.LISTED_EVENT if own else Why.NOT_THIS_MONEY, cite)
    if event is Event.TERMINAL_ILLNESS:
        return Permission(source, event, False, Why.EXCEPTION_TO_TAX_ONLY, "IRC 72(t)(2)(L)")
    return Permission(source, event, False, Why.NOT_A_LISTED_EVENT, "IRC 401(k)(2)(B)(ii)")
