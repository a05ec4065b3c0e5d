"""Money that left an account before it was taken back: told once, who acts, by when, what may be done. ADR-0067.

What is open follows from the books (recordkeeping/overpaid.py), so it cannot say anything else. Not here: the taking.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from open401k import plan, recordkeeping
from open401k.base import audit, heads, messages
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, Money, PlanId, PlanYear, Source, SponsorId, day_of
from open401k.law.self_correction import overpayment_choices, self_correction_period
from open401k.recordkeeping import overpaid_decided
from open401k.recordkeeping.overpaid_decided import Beyond

OVERPAID_FOUND, OVERPAID_BEYOND = "overpaid.found", "overpaid.beyond"
_CITE = "Rev. Proc. 2021-30 section 6.06, with IRC 414(aa) and Notice 2024-77"


@dataclass(frozen=True, slots=True)
class OverpaidOpen:
    """What one person's source paid out beyond what it should have had; ``act_by`` None: whether in time is judged."""

    employee_id: EmployeeId
    source: Source
    cents: int
    since: date
    found_on: date
    act_by: date | None
    words: str
    found_cents: int
    acts: str = "the plan administrator, on behalf of the employer"
    cite: str = _CITE


def overpaid_open(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> tuple[OverpaidOpen, ...]:
    """Everything that is overpaid by now and not decided on, the one found first first."""
    found = recordkeeping.overpaid.outstanding(tx, tenant_id=tenant_id, plan_id=plan_id)
    if not found:
        return ()
    settled: dict[tuple[EmployeeId, Source], int] = {}
    for each in overpaid_decided.decided(tx, tenant_id=tenant_id, plan_id=plan_id):
        key = each.employee_id, each.source
        settled[key] = settled.get(key, 0) + each.cents
    year_of = plan.get(tx, tenant_id=tenant_id, plan_id=plan_id).plan_year_of
    left = [(each, each.cents - settled.get((each.employee_id, each.source), 0)) for each in found]
    return tuple(_open(each, year_of(each.since), cents) for each, cents in left if cents > 0)


def overpaid_beyond(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[Beyond]:
    """Money that came again though it was due after all: a later fact made less overpaid than was decided."""
    known = overpaid_decided.decided(tx, tenant_id=tenant_id, plan_id=plan_id)
    found = recordkeeping.overpaid.outstanding(tx, tenant_id=tenant_id, plan_id=plan_id) if known else []
    return overpaid_decided.beyond(found, known)


def tell_overpaid(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Sequence[OverpaidOpen]:
    """The outside hears once of each amount, and of what came again though it was due; returns the first told now."""
    found = {
        f"{plan_id}/{each.employee_id}/{each.source}/{each.found_cents}": each
        for each in overpaid_open(tx, tenant_id=tenant_id, plan_id=plan_id)
    }
    said: dict[str, dict[str, Any]] = {
        subject: {
            "employee_id": str(each.employee_id), "source": each.source.value, "cents": each.cents,
            "act_by": None if each.act_by is None else each.act_by.isoformat(), "acts": each.acts, "cite": each.cite,
        }
        for subject, each in found.items()
    }  # fmt: skip
    fresh = _once(tx, tenant_id, OVERPAID_FOUND, said)
    for subject in fresh:
        messages.publish(tx, tenant_id=tenant_id, kind="overpaid.found", subject=plan_id, data=said[subject])
    over = {
        f"{plan_id}/{each.employee_id}/{each.source}/{each.cents}": {
            "employee_id": str(each.employee_id), "source": each.source.value, "cents": each.cents,
        }
        for each in overpaid_beyond(tx, tenant_id=tenant_id, plan_id=plan_id)
    }  # fmt: skip
    for subject in _once(tx, tenant_id, OVERPAID_BEYOND, over):
        messages.publish(tx, tenant_id=tenant_id, kind="overpaid.beyond", subject=plan_id, data=over[subject])
    return [found[subject] for subject in fresh]


def _once(tx: Tx, tenant_id: SponsorId, kind: str, said: Mapping[str, dict[str, Any]]) -> list[str]:
    """On file of each subject that was not told of before; returns those."""
    if not said:
        return []
    heads.lock(tx, tenant_id=tenant_id)
    known = audit.recorded(tx, tenant_id=tenant_id, action=kind, subjects=said)
    fresh = [subject for subject in said if subject not in known]
    for subject in fresh:
        audit.record(tx, tenant_id=tenant_id, action=kind, subject=subject, after=said[subject])
    return fresh


def _open(found: recordkeeping.overpaid.Overpaid, year: PlanYear, cents: int) -> OverpaidOpen:
    found_on = day_of(found.found_at)
    until = self_correction_period(plan_year=year, identified_on=found_on).last_day
    name = (found.employee_id, found.source, cents, found.since, found_on, until)
    return OverpaidOpen(*name, words_of(found), found.cents)


def words_of(found: recordkeeping.overpaid.Overpaid) -> str:
    """What happened, and what is open to whom."""
    may = overpayment_choices(inadvertent=True, over_401a17_or_415=False)
    left = f" A plan stays qualified that leaves it, unless it is above 401(a)(17) or 415: {may.cite}."
    return (
        f"{Money(found.cents)} of {found.source.replace('_', ' ')} had left the account, paid out or lent, when the "
        "books took it back. What was still there went back; the employer is not credited with this. Decide whether it "
        f"is asked back from the person, made up by somebody else, or left.{left if may.may_leave_it else ''}"
    )
