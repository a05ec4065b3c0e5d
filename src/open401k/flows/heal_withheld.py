"""What payroll withheld less than elected, or than the plan's default, is recorded as failures, and kept as it changes.

What follows from them, a proposal that a person decides on, is as for every failure (heal.py). What was withheld too
much, or for another source, stays a case in words on the elections page: how it is undone is payroll's.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from open401k import compliance, plan, recordkeeping
from open401k.base import heads
from open401k.base.db import Tx
from open401k.kernel import FailureId, Open401kError, PlanId, Refused, SponsorId, day_of


def keep_withheld(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[FailureId]:
    """Record what is new, changed or gone of missed deferrals; a plan whose elections are not kept here has none."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    today = day_of(tx.now)
    if not plan.in_effect(tx, **of, on=today):
        return []
    terms = plan.provisions_on(tx, **of, on=today)
    known = [each.failure for each in compliance.failures(tx, **of)]
    ours = [each for each in known if each.from_payroll]
    if terms.elections is None and not ours:
        return []
    heads.lock(tx, tenant_id=tenant_id)  # a payroll posted between reading and recording would seem to be followed
    scope = recordkeeping.Scope(tenant_id, plan_id, _since(terms, ours, today), terms.plan_year_of(today).end)
    withheld = recordkeeping.withheld_otherwise(tx, scope=scope)
    cases = recordkeeping.cases_of(withheld, provisions=terms, today=today)
    told = compliance.failures_withheld(cases, known=known, plan_id=plan_id, today=today)
    return [_record(tx, tenant_id, each) for each in told]


def _since(terms: plan.Provisions, known: Sequence[compliance.Failure], today: date) -> date:
    """This plan year and the one before, and as far back as what is on file goes: a case is never cut in two."""
    years = [terms.plan_year_of(each.first_on) for each in known if each.first_on is not None]
    return min([terms.plan_year_of(today).previous().start, *(year.start for year in years)])


def _record(tx: Tx, tenant_id: SponsorId, failure: compliance.Failure) -> FailureId:
    known = frozenset(each.employee_id for each in failure.people)  # the roster is where they come from
    recorded = compliance.record_failure(tx, tenant_id=tenant_id, failure=failure, known=known)
    if isinstance(recorded, Refused):
        raise Open401kError(recorded.message, fix=recorded.fix)
    return failure.failure_id
