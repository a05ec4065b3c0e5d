"""Payroll is told what elections, defaults and stops come to a few days ahead, minus what it was told last.

Not here: which instruction is needed (payroll/write_back.py), handing it over (write_back_send.py), whether a payroll
followed it (write_back_heed.py).
"""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from open401k import census, payroll, plan, recordkeeping
from open401k.base import heads
from open401k.base.db import Tx
from open401k.kernel import InstructionId, PlanId, Source, SponsorId, day_of
from open401k.payroll import runs, write_back, write_back_book
from open401k.payroll.providers import Rate

from .write_back_catch_up import as_provider_keeps
from .write_back_companies import LEAD_DAYS, ahead, all_paid, by_company, histories, told_anew, where_only, where_told
from .write_back_leavers import going_on, paid_yet
from .write_back_loans import loans_wanted, repaying
from .write_back_match import instruct_match
from .write_back_untold import withheld_untold

_FIELDS = {
    (Source.PRE_TAX, recordkeeping.Part.REGULAR): payroll.Field.PRE_TAX,
    (Source.ROTH, recordkeeping.Part.REGULAR): payroll.Field.ROTH,
    (Source.AFTER_TAX, recordkeeping.Part.REGULAR): payroll.Field.AFTER_TAX,
    (Source.PRE_TAX, recordkeeping.Part.CATCH_UP): payroll.Field.PRE_TAX_CATCH_UP,
    (Source.ROTH, recordkeeping.Part.CATCH_UP): payroll.Field.ROTH_CATCH_UP,
}  # an election for bonuses alone is none: payroll providers have no deduction of bonus pay only
SOURCES = {field: source for (source, _), field in _FIELDS.items()}


def keep_told(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[str]:
    """Queue what has to be told by now, and end what nothing came of for too long; asked again, nothing."""
    queued = instruct(tx, tenant_id=tenant_id, plan_id=plan_id)
    if write_back_book.ever_told(tx, tenant_id=tenant_id, plan_id=plan_id):
        known = write_back_book.on_file(tx, tenant_id=tenant_id, plan_id=plan_id)
        write_back_book.came_of(tx, tenant_id=tenant_id, outcomes=write_back.expire(known, today=day_of(tx.now)))
    return [str(each) for each in queued]


def instruct(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[InstructionId]:
    """Queue what payroll has to be told by now; asked again, nothing. None where elections and loans are elsewhere."""
    today = day_of(tx.now)
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    lead = today + timedelta(days=LEAD_DAYS + 1)
    soon = plan.provisions_between(tx, **of, start=today, end=lead)
    if all(each.provisions.elections is None and each.provisions.loans is None for each in soon):
        return []
    history = runs.history(tx, **of)
    at = where_told(tx, **of)
    on = ahead(histories(history, at).values(), today)
    spans = plan.provisions_between(tx, **of, start=on, end=on + timedelta(days=1))
    if not spans:
        return []
    heads.lock(tx, tenant_id=tenant_id)
    terms, told = spans[0].provisions, write_back_book.on_file(tx, **of)
    wanted: list[write_back.Wanted] = []
    kinds: set[payroll.Field] = set()
    if terms.elections is not None:
        wanted += _wanted(tx, tenant_id, plan_id, terms, told, on=on, today=today)
        kinds |= set(SOURCES)
    if terms.loans is not None or repaying(told):
        wanted += by_company(
            lambda part: loans_wanted(tx, **of, days=_days_between(part), on=on, today=today), history, at
        )
        kinds.add(payroll.Field.LOAN_PAYMENT)
    of_kinds = [each for each in told if each.slot.means in kinds]  # what is kept elsewhere is not stopped from here
    untold = withheld_untold(tx, **of, wanted=wanted, told=told, paid=all_paid(history))
    anew = told_anew(of_kinds, at or where_only(tx, **of))
    queued = write_back_book.queue(tx, **of, wanted=wanted, told=of_kinds, anew=anew, untold=untold)
    if terms.elections is not None:
        queued += instruct_match(tx, **of, provisions=terms, paid=all_paid(history), today=today)
    return queued


def _paid(history: Sequence[runs.Run]) -> list[date]:
    return sorted(all_paid(history))[-5:]


def _days_between(history: Sequence[runs.Run]) -> int | None:
    """Days from paycheck to paycheck, as mostly of late; None before there are two."""
    found = sorted((later - before).days for before, later in pairwise(_paid(history)))
    return found[len(found) // 2] if found else None


def _wanted(
    tx: Tx,
    tenant_id: SponsorId,
    plan_id: PlanId,
    provisions: plan.Provisions,
    told: Sequence[write_back.Instruction],
    *,
    on: date,
    today: date,
) -> Sequence[write_back.Wanted]:
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "provisions": provisions}
    known = recordkeeping.read_on_file(tx, **of, until=on)
    if known is None:
        return []
    people = paid_yet(census.roster(tx, tenant_id=tenant_id), on)
    entered = census.first_entries(tx, **of, employees=people)
    elected, _ = recordkeeping.elected_with_defaults(known, provisions, employees=people, entered_on=entered, on=on)
    found = []
    for slot, field in _FIELDS.items():
        mine = elected.of(recordkeeping.Slot(*slot))
        for place in mine.on_file.nonzero()[0].tolist():
            bps, cents = int(mine.bps[place]), int(mine.cents[place])
            rate = Rate(cents=cents) if cents else Rate(bps=bps) if bps else None
            since: date = mine.since[place].astype("datetime64[D]").item()
            why = "Automatic enrollment." if mine.by_default[place] else "Elected."
            slot_of = write_back.Slot(people[place].employee_id, field)
            found.append(write_back.Wanted(slot_of, rate, max(since, today), why))
    kept = as_provider_keeps(tx, **of, people=people, wanted=found, today=today)
    return going_on(kept, people, told, on)
