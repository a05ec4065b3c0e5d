"""Who was let in late, because a fact was learned late, is recorded as left out, for a person to decide on.

By what is known now they had entered on days whose payrolls were made as if they had not: they were not offered to
defer (Rev. Proc. 2021-30 App. A .05(2)). Whoever was offered it all the same was not left out: that proposal is
declined. Not here: what a plan that enrolls by itself, or an election on file, owes (failures_withheld.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from open401k import census, ledger, plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, FailureId, Open401kError, PlanId, Refused, SponsorId, day_of

from .failure_proposals import failure_content
from .failures import Affected, Failure, FailureKind, failures, left_out_id, record_failure

#: By plan, the day on which one person enters it, as a text: so a story keeps it; None: not in sight.
EntryByPlan = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class LetIn:
    """One person's entry as the books had it, and as they have it now; ``deferred_on``: first deferrals since then."""

    employee_id: EmployeeId
    was_on: date | None
    is_on: date | None
    deferred_on: date | None = None


def left_out(of: LetIn, *, plan_id: PlanId, known: Sequence[Failure], today: date) -> Failure | None:
    """What is to be recorded now; None: nothing, or another failure has these days already. Pure."""
    failure_id = left_out_id(plan_id, of.employee_id)
    before = next((each for each in known if each.failure_id == failure_id), None)
    if before is not None and before.first_on is not None and before.until != before.first_on:
        if of.is_on is not None and of.is_on < min(before.ends_on, today):
            return replace(before, first_on=of.is_on)
        return replace(before, until=before.first_on, begin_on=None)  # by what is known now nothing was missed
    if of.is_on is None or of.is_on >= min(of.was_on or today, today):
        return None
    ends = [day for day in (of.was_on, of.deferred_on) if day is not None and day <= today]
    until = min(ends, default=None)
    if until == of.is_on or any(_has(each, of, until or today) for each in known if each.failure_id != failure_id):
        return None
    as_if = "had not" if of.was_on is None else f"entered on {of.was_on}"
    return Failure(
        failure_id=failure_id,
        plan_id=plan_id,
        kind=FailureKind.LEFT_OUT,
        people=(Affected(of.employee_id),),
        found_on=today,
        how_found=f"By what was learned on {today} they entered on {of.is_on}; payrolls were made as if they {as_if}. "
        "Whoever was offered to defer all the same was not left out: then decline this.",
        first_on=of.is_on,
        until=until,
    )


def _has(known: Failure, of: LetIn, end: date) -> bool:
    """Whether a failure on file is about this person's deferrals on some of these days."""
    if of.is_on is None:
        return False
    told = known.missed_of(of.employee_id) or ()
    return known.by_hand_between(of.employee_id, of.is_on, end) or any(of.is_on <= each.on < end for each in told)


def entry_by_plan(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId) -> EntryByPlan:
    """When somebody enters each plan of the sponsor, as is known now."""
    plans = (plan_id, *plan.other_plans(tx, tenant_id=tenant_id, plan_id=plan_id))
    days = {each: _entered(tx, tenant_id, each, employee_id) for each in plans}
    return {str(each): None if day is None else day.isoformat() for each, day in days.items()}


def keep_left_out(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId, were: EntryByPlan
) -> FailureId | None:
    """Record, or end, that somebody was left out of a plan; ``were``: when they entered before the fact."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    told, is_on, today = were[str(plan_id)], _entered(tx, tenant_id, plan_id, employee_id), day_of(tx.now)
    was_on = None if told is None else date.fromisoformat(told)
    if is_on == was_on or _enrolls(tx, of, today):
        return None
    deferred_on = None if is_on is None else _deferred_on(tx, of, employee_id, is_on, today)
    known = [each.failure for each in failures(tx, **of)]
    failure = left_out(LetIn(employee_id, was_on, is_on, deferred_on), plan_id=plan_id, known=known, today=today)
    if failure is None or not _costs(tx, tenant_id, failure, known, today):
        return None
    recorded = record_failure(tx, tenant_id=tenant_id, failure=failure, known=frozenset((employee_id,)))
    if isinstance(recorded, Refused):
        raise Open401kError(recorded.message, fix=recorded.fix)
    return failure.failure_id


def _entered(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId) -> date | None:
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    today = day_of(tx.now)
    people = census.roster(tx, tenant_id=tenant_id, employee_ids=(employee_id,))
    if not people or not plan.in_effect(tx, **of, on=today):
        return None
    terms = plan.provisions_on(tx, **of, on=today)
    return census.first_entries(tx, **of, provisions=terms, employees=people)[0]


def _enrolls(tx: Tx, of: dict[str, Any], today: date) -> bool:
    """Whether its defaults say what was missed; a plan that is not in effect has nothing to miss."""
    if not plan.in_effect(tx, **of, on=today):
        return True
    return plan.provisions_on(tx, **of, on=today).automatic_enrollment is not None


def _deferred_on(tx: Tx, of: dict[str, Any], employee_id: EmployeeId, since: date, today: date) -> date | None:
    days = [
        each.event_on
        for each in ledger.contributions(tx, **of, start=since, end=today)
        if each.employee_id == employee_id and each.source.is_deferral and each.cents > 0
    ]
    return min(days, default=None)


def _costs(tx: Tx, tenant_id: SponsorId, failure: Failure, known: Sequence[Failure], today: date) -> bool:
    """What is on file already follows the facts; a new one is told only where something is owed."""
    if any(each.failure_id == failure.failure_id for each in known):
        return True
    return bool(failure_content(tx, tenant_id=tenant_id, failure=failure, on=today).credits)
