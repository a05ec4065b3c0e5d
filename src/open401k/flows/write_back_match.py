"""The match told to a connected provider, where somebody wants it told. Off by default. ADR-0039.

The books alone say what is due: what a payroll reports of the match is held against them and posted nowhere. Not here:
which amount (payroll/write_back_match.py), handing it over (write_back_send.py).
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any

from open401k import census, ledger, plan
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, InstructionId, PlanId, Source, SponsorId
from open401k.payroll import connections, write_back, write_back_book, write_back_match

_MATCH = (Source.MATCH, Source.SAFE_HARBOR_MATCH)


def instruct_match(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    provisions: plan.Provisions,
    paid: Collection[date],
    today: date,
) -> list[InstructionId]:
    """Queue the match of the last regular payroll where a connection tells it; switched off, its end."""
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    asked = [each for each in connections.of_plan(tx, **of) if each.state != connections.State.PAUSED]
    if not asked:
        return []
    known = write_back_book.on_file(tx, **of)
    told = [each for each in known if write_back_match.is_match(each)]
    tells = all(each.tells_match for each in asked)  # of several companies the one that is told has to want it
    if not tells and not told:
        return []
    wanted: list[write_back.Wanted] = []
    if tells and _by_paycheck(provisions):
        day = write_back.last_regular([each for each in paid if not _ends_period(provisions, each)])
        if day is None:
            return []
        wanted = write_back_match.match_wanted(known, _credited(tx, tenant_id, plan_id, day), of=day, today=today)
    return write_back_book.queue(tx, **of, wanted=wanted, told=told)


def _by_paycheck(provisions: plan.Provisions) -> bool:
    """Whether each payroll has its own match: one of months or of the year is no amount for a next paycheck."""
    match = provisions.match
    if match is None or match.period is not plan.MatchPeriod.PAY_PERIOD:
        return False
    return match.conditions == plan.UNCONDITIONAL


def _ends_period(provisions: plan.Provisions, day: date) -> bool:
    """Beside the match of the payroll a true-up may stand on the last day of a year, a match of loans on a period's."""
    match = provisions.match
    if match is not None and match.loans_by_period and day in provisions.period_ends(match.student_loan_period, day):
        return True
    return provisions.plan_year_of(day).end == day + timedelta(days=1)


def _credited(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, day: date) -> dict[EmployeeId, int]:
    found: Counter[EmployeeId] = Counter()
    until = day + timedelta(days=1)
    for each in ledger.contributions(tx, tenant_id=tenant_id, plan_id=plan_id, start=day, end=until):
        if each.source in _MATCH:
            found[each.employee_id] += each.cents
    return dict(found)


def shown_match(
    instructions: Sequence[write_back.Instruction], pay: census.PayByDate, pay_date: date
) -> tuple[dict[write_back.Slot, int], dict[write_back.Slot, int]]:
    """What a payroll was to show of the match, and what it reported."""
    if not any(write_back_match.is_match(each) for each in instructions):
        return {}, {}
    reported: Counter[EmployeeId] = Counter()
    for place, cents in zip(pay.employee.tolist(), pay.match_cents.tolist(), strict=True):
        reported[pay.employee_id[place]] += cents
    return write_back_match.match_shown(instructions, reported, paid=set(pay.employee_id), pay_date=pay_date)
