"""What a posted payroll shows of the instructions that it was to follow. Not here: which there are (write_back.py)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from open401k import census, recordkeeping
from open401k.base import heads
from open401k.base.db import Tx
from open401k.kernel import PlanId, SponsorId
from open401k.payroll import connections, runs, write_back, write_back_book

from .write_back import SOURCES
from .write_back_companies import all_paid, histories, judged, where_told
from .write_back_loans import loans_shown
from .write_back_match import shown_match
from .write_back_untold import withheld_of


def heed(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, pay_date: date, by: runs.Telling | None = None
) -> Sequence[write_back.Outcome]:
    """What a posted payroll shows of the instructions that were to be followed in it; ``by`` whom it was told.

    One that a later payroll followed already shows nothing of what payroll does now.
    """
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    if not write_back_book.ever_told(tx, **of):
        return []
    heads.lock(tx, tenant_id=tenant_id)
    at = where_told(tx, **of)
    mine = histories(runs.history(tx, **of), at).get(by.connection_id if at is not None and by else None, ())
    if any(day > pay_date for day in all_paid(mine)):
        return []
    instructions = [each for each in write_back_book.on_file(tx, **of) if judged(at, by, each)]
    day_after = pay_date + timedelta(days=1)
    pay = census.pay_by_date(tx, **of, start=pay_date, end=day_after)
    scope = recordkeeping.Scope(tenant_id, plan_id, pay_date, day_after)
    differing = {each.employee_id: each for each in recordkeeping.withheld_otherwise(tx, scope=scope).differences}
    paid, amounts = set(pay.employee_id), withheld_of(pay)
    expected, withheld = loans_shown(tx, **of, instructions=instructions, paid=paid, pay_date=pay_date)
    for each in instructions:
        source = SOURCES.get(each.slot.means)
        if source is None or each.slot.employee_id not in paid:
            continue
        found = differing.get(each.slot.employee_id)
        withheld[each.slot] = amounts[each.slot.employee_id, source]
        expected[each.slot] = withheld[each.slot] if found is None else found.expected[source]
    of_match, shown = shown_match(instructions, pay, pay_date)
    expected, withheld = expected | of_match, withheld | shown
    untold = {each.instruction_id for each in instructions if each.state is write_back.State.QUEUED}
    outcomes = write_back.after_payroll(
        instructions,
        pay_date=pay_date,
        expected=expected,
        withheld=withheld,
        untold=untold if connections.companies(tx, **of) else (),
    )
    write_back_book.came_of(tx, tenant_id=tenant_id, outcomes=outcomes)
    return outcomes
