"""A plan of twelve, small enough to compute by hand: two owners who are married, and ten others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from open401k.compliance import Kin, PayHistory, PlanFacts, Span
from open401k.kernel import EmployeeId, PlanId, PlanYear, Source, SponsorId
from open401k.plan import Deferrals, Eligibility, EntryRule, Match, MatchTier, Provisions

#: Biweekly from 9 January 2026; the seventeenth is 21 August.
PAY_DATES = tuple(date(2026, 1, 9) + timedelta(days=14 * k) for k in range(26))
AUGUST = date(2026, 8, 31)
#: Pay of one date in cents, and deferral in hundredths of a percent.
OWNER_PAY, SPOUSE_PAY, STAFF_PAY = 800_000, 400_000, 200_000
RATES = (1_000, 800, 0, 0, 0, 0, 500, 500, 500, 500, 600, 600)
#: The averages of these rates: owners 9.00 %, the others 3.20 %, hence a limit of 5.20 %.
HCE_AVERAGE, NHCE_AVERAGE, LIMIT = 900, 320, 520

PROVISIONS = Provisions(
    adopted_on=date(2019, 1, 1),
    eligibility=Eligibility(service_months=0, hours_in_year=None, entry=EntryRule.IMMEDIATE),
    deferrals=Deferrals(sources=(Source.PRE_TAX, Source.ROTH)),
    match=Match((MatchTier(5_000, 600),)),
)


def pay_of(place: int) -> int:
    """What one person is paid on a date."""
    return (OWNER_PAY, SPOUSE_PAY)[place] if place < 2 else STAFF_PAY


def twelve(
    *,
    as_of: date = AUGUST,
    rates: tuple[int, ...] = RATES,
    provisions: Provisions = PROVISIONS,
    balances: tuple[int, ...] | None = None,
    **changed: Any,
) -> PlanFacts:
    """The facts of the plan on a day; any column can be given instead."""
    dates = tuple(day for day in PAY_DATES if day <= as_of)
    people = len(rates)
    pay = np.array([[pay_of(i)] * len(dates) for i in range(people)], dtype=np.int64)
    deferred = pay * np.array(rates, dtype=np.int64)[:, None] // 10_000
    match = np.minimum(deferred, pay * 600 // 10_000).sum(axis=1) // 2 if provisions.match else pay.sum(axis=1) * 0
    zeros = np.zeros(people, dtype=np.int64)
    no = np.zeros(people, dtype=np.bool_)
    held = np.array(balances or (60_000_00, 20_000_00, *(2_000_00,) * (people - 2)), dtype=np.int64)
    prior = np.array([20_000_000, 10_000_000, *(5_000_000,) * (people - 2)], dtype=np.int64)
    facts = PlanFacts(
        tenant_id=SponsorId(UUID(int=1)),
        plan_id=PlanId(UUID(int=2)),
        plan_year=PlanYear.starting(date(2026, 1, 1)),
        as_of=as_of,
        known_at=datetime(2026, 8, 31, tzinfo=UTC),
        provisions=provisions,
        employee_ids=tuple(EmployeeId(UUID(int=100 + i)) for i in range(people)),
        labels=("the owner", "the spouse", *(f"employee {i}" for i in range(2, people))),
        birth_dates=tuple(date(1985, 1, 1) for _ in range(people)),
        employment=tuple((Span(date(2018, 1, 1), None),) for _ in range(people)),
        eligible_on=tuple(date(2019, 1, 1) for _ in range(people)),
        class_excluded=no,
        compensation=pay.sum(axis=1),
        section_415=pay.sum(axis=1),
        pre_tax=deferred.sum(axis=1),
        roth=zeros,
        after_tax=zeros,
        calendar_deferrals=deferred.sum(axis=1),
        calendar_roth=zeros,
        match=match,
        nonelective=zeros,
        qnec=zeros,
        fica_prior=prior,
        prior_section_415=prior,
        prior_known=prior > 0,
        balances_at_determination=held,
        ownership_bps=np.array([10_000, *(0,) * (people - 1)], dtype=np.int64),
        officer=no,
        kin=(Kin(0, 1, "spouse"), Kin(1, 0, "spouse")),
        history=PayHistory(
            pay_dates=dates,
            compensation=pay,
            section_415=pay,
            pre_tax=deferred,
            roth=np.zeros_like(pay),
            after_tax=np.zeros_like(pay),
        ),
    )
    return replace(facts, **changed)


def column(facts: PlanFacts, values: dict[int, int], base: str) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """A column of the facts with some places changed."""
    changed: np.ndarray[tuple[int, ...], np.dtype[np.int64]] = getattr(facts, base).copy()
    for place, value in values.items():
        changed[place] = value
    return changed
