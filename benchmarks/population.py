"""Generated small plans after public statistics: whole plan years of pay and deferrals. Not here: measuring anything.

The truth is not the simulator's model: turnover, raises, bonuses, hours and attention to saving differ by firm,
leavers go in waves, raises come on the firm's own day, and owners save as owners do. Shares and rates are those of
public sources (JOLTS, How America Saves, QCEW); what no source gives is drawn wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np
import numpy.typing as npt

from open401k.compliance import Kin, PayHistory, PlanFacts, Span
from open401k.kernel import EmployeeId, PlanId, PlanYear, Source, SponsorId, anniversary
from open401k.law import matching
from open401k.plan import Deferrals, Eligibility, EntryRule, Match, MatchTier, Provisions

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# annual pay at the mean, separations a year: BLS QCEW 2024 and JOLTS 2023-2024
SECTORS = {
    "leisure": (30_700, 0.77),
    "other_services": (46_800, 0.45),
    "retail": (52_000, 0.50),
    "health": (61_400, 0.35),
    "construction": (77_000, 0.52),
    "manufacturing": (81_100, 0.32),
    "professional": (98_800, 0.55),
    "finance": (117_000, 0.26),
}
SECTOR_WEIGHTS = np.array([0.10, 0.12, 0.14, 0.20, 0.12, 0.09, 0.17, 0.06])
RATE_SPIKES = np.array([1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20]) * 100
MATCHES: tuple[tuple[tuple[int, int], ...] | None, ...] = (
    ((5_000, 600),),
    ((10_000, 300),),
    ((2_500, 600),),
    ((10_000, 400),),
    None,
)
MATCH_WEIGHTS = np.array([0.36, 0.15, 0.16, 0.12, 0.21])


@dataclass(frozen=True, slots=True, eq=False)
class Firm:
    """One firm's plan year as it turned out: people down, pay dates across; cents."""

    sector: str
    pay_dates: tuple[date, ...]
    birth_dates: tuple[date, ...]
    hired_on: tuple[date, ...]
    terminated_on: tuple[date | None, ...]
    entered_on: tuple[date, ...]
    ownership_bps: tuple[int, ...]
    spouses: tuple[tuple[int, int], ...]
    prior_pay: tuple[int, ...]
    compensation: Ints
    deferrals: Ints
    match: tuple[tuple[int, int], ...] | None
    service_months: int


@dataclass(frozen=True, slots=True)
class _Ways:
    """What makes this firm unlike the next."""

    year: int
    mean_pay: float
    separations: float
    raise_month: int
    raise_mean: float
    bonus_share: float
    bonus_month: int
    hours_noise: float
    attention: float
    auto: bool
    service_months: int


def firm(rng: np.random.Generator, *, year: int = 2026) -> Firm:
    """One firm, from its own draws: size, sector, ways, people, and the year as it went."""
    sector = str(rng.choice(list(SECTORS), p=SECTOR_WEIGHTS))
    pay, turnover = SECTORS[sector]
    size = int(np.clip(rng.lognormal(np.log(11), 0.8), 4, 60))
    ways = _Ways(
        year=year,
        mean_pay=pay * 0.80 * rng.lognormal(0, 0.25),
        separations=turnover * rng.lognormal(-0.1, 0.45),
        raise_month=int(rng.choice([1, 1, 1, 3, 4, 7, 9, 10, 11])),
        raise_mean=float(rng.normal(0.035, 0.012)),
        bonus_share=float(rng.choice([0.0, 0.05, 0.3, 0.8], p=[0.55, 0.2, 0.15, 0.1])),
        bonus_month=int(rng.choice([1, 2, 3, 10, 11, 12])),
        hours_noise=float(rng.choice([0.0, 0.03, 0.10])),
        attention=float(rng.gamma(2.0, 0.09)),
        auto=bool(rng.random() < 0.3),
        service_months=int(rng.choice([0, 3, 6, 12], p=[0.25, 0.20, 0.15, 0.40])),
    )
    owners = int(rng.choice([1, 2, 3], p=[0.55, 0.25, 0.20]))
    return _year(rng, ways, sector, size, min(owners, max(1, size // 3)))


def _pay_dates(rng: np.random.Generator, year: int) -> tuple[date, ...]:
    kind = rng.choice(["biweekly", "weekly", "semimonthly", "monthly"], p=[0.43, 0.27, 0.20, 0.10])
    if kind == "monthly":
        return tuple(date(year, month, 28) for month in range(1, 13))
    if kind == "semimonthly":
        return tuple(date(year, month, day) for month in range(1, 13) for day in (15, 28))
    step = 7 if kind == "weekly" else 14
    first = date(year, 1, 2) + timedelta(days=int(rng.integers(0, step)))
    return tuple(first + timedelta(days=step * k) for k in range(54) if (first + timedelta(days=step * k)).year == year)


def _year(rng: np.random.Generator, ways: _Ways, sector: str, size: int, owners: int) -> Firm:
    dates = _pay_dates(rng, ways.year)
    hires = int(rng.poisson(ways.separations * size))
    people = size + hires
    is_owner = np.arange(people) < owners
    births = _births(rng, ways.year, people, is_owner)
    hired, left = _careers(rng, ways, size, people, is_owner)
    salary = np.maximum(ways.mean_pay * rng.lognormal(-0.07, 0.38, people), 24_000.0)
    staff_median = float(np.median(salary))
    salary[is_owner] = staff_median * rng.uniform(2.0, 4.5, owners)
    compensation = _pay(rng, ways, dates, hired, left, salary, is_owner)
    entered = tuple(_entry(day, births[i], ways.service_months) for i, day in enumerate(hired))
    deferrals = _save(rng, ways, dates, compensation, births, entered, salary, is_owner)
    prior = tuple(
        0 if day.year >= ways.year else int(salary[i] * rng.uniform(0.9, 1.0) * 100) for i, day in enumerate(hired)
    )
    stakes = rng.dirichlet(np.full(owners, 8.0)) if owners else np.array([])
    married = ((0, 1),) if owners == 2 and rng.random() < 0.6 else ()
    return Firm(
        sector=sector,
        pay_dates=dates,
        birth_dates=births,
        hired_on=hired,
        terminated_on=left,
        entered_on=entered,
        ownership_bps=tuple(int(stakes[i] * 10_000) if i < owners else 0 for i in range(people)),
        spouses=married,
        prior_pay=prior,
        compensation=compensation,
        deferrals=deferrals,
        match=MATCHES[int(rng.choice(len(MATCHES), p=MATCH_WEIGHTS))],
        service_months=ways.service_months,
    )


def _births(rng: np.random.Generator, year: int, people: int, is_owner: npt.NDArray[np.bool_]) -> tuple[date, ...]:
    ages = np.clip(rng.gamma(9.0, 4.7, people), 18, 72)
    ages[is_owner] = rng.uniform(38, 66, int(is_owner.sum()))
    return tuple(date(year, 12, 31) - timedelta(days=int(age * 365.25)) for age in ages)


def _careers(
    rng: np.random.Generator, ways: _Ways, size: int, people: int, is_owner: npt.NDArray[np.bool_]
) -> tuple[tuple[date, ...], tuple[date | None, ...]]:
    """Hire days from the tenure table; leaving by a hazard that falls with tenure, in waves of the firm's own."""
    wave = rng.uniform(0.4, 1.8, 12)
    hired: list[date] = []
    left: list[date | None] = []
    for i in range(people):
        years = rng.exponential(6.0) + 4 if is_owner[i] else rng.exponential(4.2)
        start = date(ways.year, 1, 1) - timedelta(days=1 + int(years * 365))
        if i >= size:
            start = date(ways.year, 1, 1) + timedelta(days=int(rng.integers(0, 364)))
        gone: date | None = None
        for month in range(start.month if start.year == ways.year else 1, 13):
            tenure = (date(ways.year, month, 1) - start).days / 365
            relative = 1.6 if tenure < 1 else 0.9 if tenure < 3 else 0.45
            if not is_owner[i] and rng.random() < ways.separations * relative * wave[month - 1] / 12:
                gone = max(date(ways.year, month, int(rng.integers(1, 28))), start + timedelta(days=5))
                break
        hired.append(start)
        left.append(gone if gone is None or gone.year == ways.year else None)
    return tuple(hired), tuple(left)


def _entry(hired: date, born: date, service_months: int) -> date:
    """First day of the month on or after the age of 21 and the service asked for."""
    month = hired.month - 1 + service_months
    day = max(date(hired.year + month // 12, month % 12 + 1, 1 if service_months else hired.day), anniversary(born, 21))
    if day.day == 1 or not service_months:
        return day
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _pay(
    rng: np.random.Generator,
    ways: _Ways,
    dates: tuple[date, ...],
    hired: tuple[date, ...],
    left: tuple[date | None, ...],
    salary: Floats,
    is_owner: npt.NDArray[np.bool_],
) -> Ints:
    """Pay of each date: salary, the firm's raise, hours that wander, leave, and bonuses where the firm pays them."""
    people, count = len(hired), len(dates)
    hourly = (rng.random(people) < 0.6) & ~is_owner
    pay = np.zeros((people, count))
    for i in range(people):
        wander = 0.0
        bump = 1 + max(0.0, rng.normal(ways.raise_mean, 0.015)) + (0.10 if rng.random() < 0.04 else 0.0)
        leave_at = rng.integers(0, count) if rng.random() < 0.03 else count
        gets_bonus = rng.random() < (ways.bonus_share if not is_owner[i] else ways.bonus_share * 0.7)
        bonus_paid = False
        for k, day in enumerate(dates):
            last = left[i]
            if day < hired[i] + timedelta(days=10) or (last is not None and day > last + timedelta(days=10)):
                continue
            wander = 0.8 * wander + rng.normal(0, ways.hours_noise) if hourly[i] else 0.0
            amount = salary[i] / count * (bump if day.month >= ways.raise_month else 1.0) * max(0.2, 1 + wander)
            if leave_at <= k < leave_at + max(2, count // 9):
                amount = 0.0
            if gets_bonus and not bonus_paid and day.month >= ways.bonus_month:
                amount += salary[i] * rng.uniform(0.02, 0.15)
                bonus_paid = True
            pay[i, k] = amount
    return np.rint(pay * 100).astype(np.int64)


def _rates(rng: np.random.Generator, salary: Floats, ages: Floats, auto: bool, firm_level: float) -> Floats:
    """Deferral rates of How America Saves by pay, snapped to the spikes people choose; 0 for those who do not save."""
    lift = (1.9 if auto else 0.0) + firm_level
    odds = 0.35 + 0.9 * np.log(salary / 50_000) + 0.012 * (ages - 42) + lift
    saves = rng.random(len(salary)) < 1 / (1 + np.exp(-odds))
    mean = 0.050 + 0.03 * np.clip(np.log(salary / 30_000), 0, 1.3) + 0.0006 * (ages - 42)
    drawn = rng.gamma(2.2, np.clip(mean, 0.03, 0.12) / 2.2) * 10_000
    snapped = RATE_SPIKES[np.abs(RATE_SPIKES[None, :] - drawn[:, None]).argmin(axis=1)]
    return np.where(saves, snapped, 0).astype(np.float64)


def _save(
    rng: np.random.Generator,
    ways: _Ways,
    dates: tuple[date, ...],
    pay: Ints,
    births: tuple[date, ...],
    entered: tuple[date, ...],
    salary: Floats,
    is_owner: npt.NDArray[np.bool_],
) -> Ints:
    """Deferrals: elections that change when this firm's people attend to them; owners aim at the limit of the Code."""
    ages = np.array([ways.year - born.year for born in births], dtype=np.float64)
    rates = _rates(rng, salary, ages, ways.auto, float(rng.normal(0, 0.5)))
    limit = 2_450_000
    # Two in three plans are safe harbor: those that are not are mostly the ones whose owners save with restraint.
    at_limit = is_owner & (rng.random(len(births)) < 0.12)
    catches_up = rng.random(len(births)) < np.where(is_owner, 0.6, 0.16)
    caps = limit + np.where((ages >= 50) & catches_up, np.where((ages >= 60) & (ages <= 63), 1_125_000, 800_000), 0)
    spread = rng.random(len(births)) < 0.5
    rates = np.where(at_limit, np.where(spread, caps / salary / 100 * 10_000 * 1.01, 1_500), rates)
    rates = np.where(is_owner & ~at_limit, np.rint(rates * 0.6 / 100) * 100, rates)
    rates = np.minimum(rates, 8_000)
    fresh = _rates(rng, salary, ages, ways.auto, 0.0)
    out = np.zeros_like(pay)
    total = np.zeros(len(births), dtype=np.int64)
    for k, day in enumerate(dates):
        attention = ways.attention * (2.5 if day.month in (1, 11, 12) else 0.75) / len(dates)
        for i in np.flatnonzero(rng.random(len(births)) < attention):
            moved = rates[i] + float(rng.choice([-300, -200, -100, 100, 100, 200, 300, 500]))
            changed = max(0.0, moved) if rates[i] else float(fresh[i])
            rates[i] = 0.0 if rates[i] and rng.random() < 0.15 else min(changed, 8_000.0)
        may = np.array([day >= on for on in entered])
        want = np.where(may, (pay[:, k] * np.rint(rates).astype(np.int64) + 5_000) // 10_000, 0)
        out[:, k] = np.minimum(want, np.maximum(caps - total, 0))
        total += out[:, k]
    return out


def provisions_of(firm: Firm) -> Provisions:
    """The plan's terms: no safe harbor, current-year testing, the firm's own match."""
    return Provisions(
        adopted_on=date(2019, 1, 1),
        eligibility=Eligibility(service_months=firm.service_months, hours_in_year=None, entry=EntryRule.MONTHLY),
        deferrals=Deferrals(sources=(Source.PRE_TAX, Source.ROTH)),
        match=None if firm.match is None else Match(tuple(MatchTier(*tier) for tier in firm.match)),
    )


def facts_of(firm: Firm, as_of: date) -> PlanFacts:
    """What was known of the firm on a day: pay dates up to it, leavers up to it, people hired up to it."""
    here = [i for i, day in enumerate(firm.hired_on) if day <= as_of]
    dates = [k for k, day in enumerate(firm.pay_dates) if day <= as_of]
    cells = np.ix_(here, dates)
    pay, deferred = firm.compensation[cells], firm.deferrals[cells]
    match = np.zeros_like(pay)
    if firm.match is not None:
        match = matching.match(deferred, pay, matching.MatchFormula.of(firm.match))
    zeros = np.zeros(len(here), dtype=np.int64)
    start = date(firm.pay_dates[0].year, 1, 1)
    place = {i: at for at, i in enumerate(here)}
    spouses = [(place[a], place[b]) for a, b in firm.spouses if a in place and b in place]
    prior = np.array([firm.prior_pay[i] for i in here], dtype=np.int64)
    return PlanFacts(
        tenant_id=SponsorId(UUID(int=1)),
        plan_id=PlanId(UUID(int=2)),
        plan_year=PlanYear.starting(start),
        as_of=as_of,
        known_at=datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC),
        provisions=provisions_of(firm),
        employee_ids=tuple(EmployeeId(UUID(int=1000 + i)) for i in here),
        labels=tuple(f"Employee {i}" for i in here),
        birth_dates=tuple(firm.birth_dates[i] for i in here),
        employment=tuple((Span(firm.hired_on[i], _known(firm.terminated_on[i], as_of)),) for i in here),
        eligible_on=tuple(_entered(firm, i) for i in here),
        class_excluded=np.zeros(len(here), dtype=np.bool_),
        compensation=pay.sum(axis=1),
        section_415=pay.sum(axis=1),
        pre_tax=deferred.sum(axis=1),
        roth=zeros,
        after_tax=zeros,
        calendar_deferrals=deferred.sum(axis=1),
        calendar_roth=zeros,
        match=match.sum(axis=1),
        nonelective=zeros,
        qnec=zeros,
        fica_prior=prior,
        prior_section_415=prior,
        prior_known=prior > 0,
        balances_at_determination=zeros,
        ownership_bps=np.array([firm.ownership_bps[i] for i in here], dtype=np.int64),
        officer=np.zeros(len(here), dtype=np.bool_),
        kin=tuple(Kin(a, b, "spouse") for pair in spouses for a, b in (pair, pair[::-1])),
        history=PayHistory(
            pay_dates=tuple(firm.pay_dates[k] for k in dates),
            compensation=pay,
            section_415=pay,
            pre_tax=deferred,
            roth=np.zeros_like(pay),
            after_tax=np.zeros_like(pay),
        ),
    )


def _entered(firm: Firm, i: int) -> date | None:
    """The entry date, unless the person had left before it."""
    left = firm.terminated_on[i]
    return None if left is not None and left < firm.entered_on[i] else firm.entered_on[i]


def _known(day: date | None, as_of: date) -> date | None:
    return day if day is not None and day <= as_of else None
