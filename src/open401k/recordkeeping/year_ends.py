"""Plan years that are over, as facts, and the matches of such a year. Not here: the formulas (contributions.py).

What the end of a year gives stands in the books on its last day, whether or not that is a pay date.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from open401k import census, plan
from open401k.base import audit, heads
from open401k.base.db import Tx
from open401k.kernel import PlanId, PlanYear, SponsorId

from . import _store

_FIRST = date(1990, 1, 1)  # no payroll is older


def gives_at_year_end(terms: plan.Provisions) -> bool:
    """Whether the end of a plan year adds something."""
    match, nonelective = terms.match, terms.nonelective
    of_match = match is not None and (match.true_up or match.conditions.asks or match.student_loans)
    return bool(terms.may_declare) or of_match or (nonelective is not None and nonelective.conditions.asks)


def on_file(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, start: date, end: date, known_at: datetime | None = None
) -> frozenset[date]:
    """Last days from ``start`` up to ``end`` of years that are over; no statement where no terms ask for them."""
    if not any(gives_at_year_end(span.provisions) for span in _spans(tx, tenant_id, plan_id, known_at)):
        return frozenset()
    ends = [each for each in _store.year_ends(tx, tenant_id=tenant_id) if known_at is None or each[2] <= known_at]
    return frozenset(last for of, last, _ in ends if of == plan_id.uuid and start <= last < end)


def end_year(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year: PlanYear) -> None:
    """A plan year is over: from now on the books hold what its end gives."""
    end_period(tx, tenant_id=tenant_id, plan_id=plan_id, last_day=year.last_day)


def end_period(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, last_day: date) -> None:
    """The same of a part of a plan year: a month or quarter whose student loan payments are matched."""
    heads.lock(tx, tenant_id=tenant_id)
    _store.insert_year_end(tx, tenant_id=tenant_id, plan_id=plan_id, last_day=last_day)
    audit.record(
        tx,
        tenant_id=tenant_id,
        action="recordkeeping.year_ended",
        subject=str(plan_id),
        after={"last_day": last_day.isoformat()},
    )


def years_to_end(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, today: date) -> list[PlanYear]:
    """Plan years with payrolls that are over by today, whose end gives something and is not on file yet."""
    spans = [each for each in _spans(tx, tenant_id, plan_id) if gives_at_year_end(each.provisions)]
    if not spans:
        return []
    runs = census.pay_runs(tx, tenant_id=tenant_id, plan_id=plan_id)
    paid = {year for run in runs for span in spans if (year := span.provisions.plan_year_of(run.pay_date)).end <= today}
    known = on_file(tx, tenant_id=tenant_id, plan_id=plan_id, start=_FIRST, end=today)
    inside = [year for year in paid if any(each.start < year.end and year.start < each.end for each in spans)]
    return sorted((year for year in inside if year.last_day not in known), key=lambda year: year.start)


def periods_to_end(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, today: date) -> list[date]:
    """Last days before today of months or quarters, not of a plan year, whose student loan payments are to be matched.

    Of years with payrolls; no statement where no terms match them more often than yearly.
    """
    spans = [
        each
        for each in _spans(tx, tenant_id, plan_id)
        if (match := each.provisions.match) is not None and match.loans_by_period
    ]
    if not spans:
        return []
    paid = [run.pay_date for run in census.pay_runs(tx, tenant_id=tenant_id, plan_id=plan_id)]
    ends = {day for span in spans for each in paid for day in _ends_within(span.provisions, each)}
    inside = {day for day in ends for span in spans if span.start <= day < span.end and day < today}
    return sorted(inside - on_file(tx, tenant_id=tenant_id, plan_id=plan_id, start=_FIRST, end=today))


def _ends_within(terms: plan.Provisions, day: date) -> tuple[date, ...]:
    """Of the plan year of a day; its own last day is the year's."""
    return () if terms.match is None else terms.period_ends(terms.match.student_loan_period, day)[:-1]


def turns(tx: Tx, *, tenant_id: SponsorId, plans: Sequence[PlanId]) -> list[census.Turn]:
    """Every plan's pay dates in their order, and the last days of years that are over among them."""
    paid = census.turns(tx, tenant_id=tenant_id)
    asked = {each for each in plans if any(gives_at_year_end(span.provisions) for span in _spans(tx, tenant_id, each))}
    if not asked:
        return paid
    known = {(turn.plan_id, turn.pay_date) for turn in paid}
    ends = [census.Turn(last, at, PlanId(of)) for of, last, at in _store.year_ends(tx, tenant_id=tenant_id)]
    return sorted(
        [*paid, *(each for each in ends if each.plan_id in asked and (each.plan_id, each.pay_date) not in known)]
    )


def _spans(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, known_at: datetime | None = None) -> tuple[plan.Span, ...]:
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id, "known_at": known_at}
    return plan.provisions_between(tx, **of, start=date.min, end=date.max)
