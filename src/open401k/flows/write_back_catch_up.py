"""Who goes on as catch-up, as a connected provider is told. Not here: how a deduction says it (payroll/)."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from open401k import census, plan
from open401k.base.db import Tx
from open401k.kernel import CalendarYear, PlanId, Source, SponsorId
from open401k.law import deferrals
from open401k.payroll import connections, write_back, write_back_catch_up


def as_provider_keeps(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    provisions: plan.Provisions,
    people: Sequence[census.Employee],
    wanted: Sequence[write_back.Wanted],
    today: date,
) -> Sequence[write_back.Wanted]:
    """What is wanted, in the provider's shape while the plan has one that is asked; else as it is.

    By the age and the wages that decide in this year: of those that decide in the next one it is told when that begins.
    """
    of = connections.of_plan(tx, tenant_id=tenant_id, plan_id=plan_id)
    if all(each.state == connections.State.PAUSED for each in of):
        return wanted
    terms = provisions.elections or plan.ElectionTerms()
    year = CalendarYear(today.year)
    births = np.array([each.birth_date.year if each.birth_date else 0 for each in people], dtype=np.int64)
    allowed = provisions.deferrals.catch_up and (terms.catch_up_apart or terms.spill_over.to_catch_up)
    may = deferrals.catch_up_limits(deferrals.ages_at_year_end(births, year), year, plan_allows=allowed) > 0
    older = [each for each, is_so in zip(people, may.tolist(), strict=True) if is_so]
    deemed = terms.deemed_roth_catch_up and Source.ROTH in provisions.deferrals.sources
    must: list[bool] = []
    if older and not deemed:
        before = CalendarYear(year.year - 1)
        wages = census.fica_wages(
            tx, tenant_id=tenant_id, plan_id=plan_id, terms=provisions.deferrals, employees=older, year=before
        )
        must = deferrals.roth_catch_up_required(wages, year).tolist()
    return write_back_catch_up.for_provider(
        wanted,
        may={each.employee_id for each in older},
        apart=terms.catch_up_apart,
        roth_only={each.employee_id for each, is_so in zip(older, must, strict=False) if is_so},
    )
