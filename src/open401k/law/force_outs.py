"""Small accounts of those who left: paid without consent, in cash or into an IRA. Not here: rollovers, notices."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ..kernel import CalendarYear, anniversary
from . import figures, given
from .given import check_facts

#: After the later of this age and normal retirement age nobody's consent is needed (Reg. 1.411(a)-11(c)(4)).
CONSENT_UNTIL_AGE = 62


class ForceOut(StrEnum):
    """What happens with the account of somebody who left and says nothing."""

    #: Nothing is vested: treated as paid out (see forfeitures.py).
    DEEMED_PAID = "deemed_paid"
    #: More than the plan or the law pays out without consent.
    CONSENT_NEEDED = "consent_needed"
    #: No consent needed any more: past the later of 62 and normal retirement age, or after death.
    PAYABLE_WITHOUT_CONSENT = "payable_without_consent"
    PAID_IN_CASH = "paid_in_cash"
    ROLLED_TO_IRA = "rolled_to_ira"


@dataclass(frozen=True, slots=True)
class SmallAccount:
    """An account against both thresholds, and what follows."""

    outcome: ForceOut
    on: date
    vested_cents: int
    rollover_cents: int
    #: What is compared with the ceiling: without rollover money where the plan leaves it out.
    counted_cents: int
    ceiling_cents: int
    cash_up_to_cents: int


def small_account(
    *,
    on: date,
    vested_cents: int,
    rollover_cents: int = 0,
    leaves_rollovers_out: bool = False,
    plan_ceiling_cents: int | None = None,
    plan_pays_cash_up_to_cents: int | None = None,
    birth_date: date | None = None,
    normal_retirement_age: int = 65,
    died: bool = False,
) -> SmallAccount:
    """What a plan does with the vested account of a participant who left without an election.

    Up to $7,000 (or the plan's own lower ceiling) it pays without consent (IRC 411(a)(11)(A)); a plan may leave
    rollovers with their earnings out of that count ((D)). Above $1,000 the payment goes to an IRA (401(a)(31)(B)(i));
    for that amount rollovers do count (Notice 2005-5). A loan note is part of ``vested_cents``.
    """
    check_facts(locals())
    given.amounts(vested_cents=vested_cents, rollover_cents=rollover_cents, plan_ceiling_cents=plan_ceiling_cents or 0)
    given.counts(100, normal_retirement_age=normal_retirement_age)
    given.days(birth_date=birth_date, on=on)
    if rollover_cents > vested_cents:
        raise given.ImpossibleInput("rollover_cents", "is more than all that is vested.")
    year = CalendarYear(on.year)
    lawful = figures.cents("cashout_threshold", year)
    ceiling = lawful if plan_ceiling_cents is None else min(plan_ceiling_cents, lawful)
    lawful_cash = figures.cents("auto_rollover_threshold", year)
    cash = lawful_cash if plan_pays_cash_up_to_cents is None else min(plan_pays_cash_up_to_cents, lawful_cash)
    counted = vested_cents - (rollover_cents if leaves_rollovers_out else 0)
    age = max(CONSENT_UNTIL_AGE, normal_retirement_age)
    old_enough = birth_date is not None and on >= anniversary(birth_date, age)
    if not vested_cents:
        outcome = ForceOut.DEEMED_PAID
    elif died or old_enough:
        outcome = ForceOut.PAYABLE_WITHOUT_CONSENT
    elif counted > ceiling:
        outcome = ForceOut.CONSENT_NEEDED
    else:
        outcome = ForceOut.PAID_IN_CASH if vested_cents <= cash else ForceOut.ROLLED_TO_IRA
    return SmallAccount(outcome, on, vested_cents, rollover_cents, counted, ceiling, cash)
