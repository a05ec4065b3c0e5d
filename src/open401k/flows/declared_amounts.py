"""Profit sharing by groups or points is tested before it is posted: who declares it hears what it lacks.

Not here: the test (compliance/amounts.py), recording and posting (declaration.py).
"""

from datetime import date
from typing import Any

from open401k import compliance, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import Money, PlanId, Refused, SponsorId, day_of
from open401k.law import ImpossibleInput, NotEnacted

Refusal = recordkeeping.DeclarationRefusal
_FIX = (
    "Declare more for the others or less for the highly compensated; or declare it all the same, where the plan will "
    "be amended in time (Reg. 1.401(a)(4)-11(g))."
)


def refuse_amounts(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, declaration: recordkeeping.Declaration
) -> Refused[Refusal] | None:
    """Why what was declared should not be posted; the books of the transaction hold it, where the year is over.

    Of a year that goes on it is tested on pay to date, and again with all of it when the year has ended.
    """
    formula, last = declaration.formula, declaration.last_day
    if not formula.is_shared or declaration.takes_back:
        return None
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    on = min(day_of(tx.now), last)
    terms = plan.provisions_on(tx, **of, on=on)
    shared = recordkeeping.read_shared(tx, **of, terms=terms, on=on, declared=[formula])
    over = day_of(tx.now) > last
    if shared is None or (over and shared.to_nobody_cents):
        left = Money(0 if shared is None else shared.to_nobody_cents)
        return Refused(
            Refusal.NOBODY_TO_SHARE,
            f"Nobody was paid, or has a point, for {left} of it: it would be in no account.",
            "Declare it for a group with somebody in it.",
        )
    return None if declaration.despite_test else _tested(tx, of, on, None if over else shared)


def _tested(tx: Tx, of: dict[str, Any], on: date, to_come: recordkeeping.SharedOut | None) -> Refused[Refusal] | None:
    facts = compliance.gather(tx, **of, as_of=on)
    try:
        test = compliance.judge(facts, more=None if to_come is None else to_come.of_people(facts.employee_ids))
    except (NotEnacted, ImpossibleInput) as missing:
        return Refused(Refusal.DISCRIMINATES, f"It cannot be tested (IRC 401(a)(4)): {missing}", missing.fix or _FIX)
    if test.passed:
        return None
    when = "" if to_come is None else " on pay to date"
    return Refused(Refusal.DISCRIMINATES, f"It fails the test of amounts{when} (IRC 401(a)(4)). {test.words}", _FIX)
