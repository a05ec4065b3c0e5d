"""Generated books: many plans' people of one year as columns, the same for a seed. Not here: measuring, whole firms.

Owners are the first people of a plan, HCE and key; savers choose rates as they do (population.py has the sources).
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from open401k.kernel import CalendarYear, LimitationYear, PlanYear
from open401k.law import book
from open401k.law.arrays import Counts, Flags

Ints = npt.NDArray[np.int64]

YEAR = date(2026, 1, 1)
YEARS = book.Years(
    plan_year=PlanYear.starting(YEAR),
    limitation_year=LimitationYear.starting(YEAR),
    calendar_year=CalendarYear(2026),
    higher_60_to_63=True,
)
_RATES = np.array([0, 100, 200, 300, 400, 500, 600, 800, 1_000, 1_200, 1_500])
_OWNERS_RATES = np.array([0, 0, 300, 300, 400, 500, 600, 800, 1_000, 1_500])
_GIVEN = np.array([300, 300, 400, 500])
_AT_ONCE = 500_000


def book_of(plans: int, width: int, *, seed: int) -> book.People:
    """Plans of one size, people on the last axis."""
    flat: dict[str, Any] = _people(plans * width, np.arange(plans * width) % width, width, seed)
    return book.People(**{name: column.reshape(plans, width) for name, column in flat.items()})


def book_of_sizes(people: int, plans: int, *, seed: int) -> book.People:
    """About as many plans of all sizes, so many people together."""
    rng = np.random.default_rng(seed)
    starts = np.unique(np.concatenate(([0, people], rng.integers(0, people, plans))))
    place = np.arange(people) - np.repeat(starts[:-1], np.diff(starts))
    flat: dict[str, Any] = _people(people, place, 15, seed)
    return book.People(**flat, starts=starts)


def of_testing_group(people: book.People) -> Ints:
    """All employer money of each person in the only plan there is."""
    return people.deferrals + people.match + people.nonelective


def _people(count: int, place: Counts, width: int, seed: int) -> dict[str, Ints | Flags]:
    rng = np.random.default_rng(seed)
    columns: dict[str, Ints | Flags] = {name: np.empty(count, dtype=np.int64) for name in _NUMBERS}
    columns |= {name: np.empty(count, dtype=np.bool_) for name in _FLAGS}
    for first in range(0, count, _AT_ONCE):
        here = slice(first, min(first + _AT_ONCE, count))
        for name, made in _some(rng, place[here], width).items():
            columns[name][here] = made
    return columns


_NUMBERS = ("deferrals", "match", "after_tax", "nonelective", "compensation", "section_415", "balances", "ages")
_FLAGS = ("is_hce", "is_key", "eligible", "excluded", "counted")


def _some(rng: np.random.Generator, place: Counts, width: int) -> dict[str, Ints | Flags]:
    count = len(place)
    owner = place < 1 + rng.integers(0, 3, count) * (width > 3)
    gross = rng.lognormal(np.log(np.where(owner, 190_000, 62_000)), 0.42).clip(9_000, 900_000)
    pay_415 = (gross * 100).astype(np.int64)
    pay = np.minimum(pay_415, 36_000_000)
    hce = owner | (pay_415 > 16_000_000)
    eligible = rng.random(count) < 0.92
    ages = rng.integers(21, 70, count)
    wanted = pay * np.where(owner, rng.choice(_OWNERS_RATES, count), rng.choice(_RATES, count)) // 10_000
    most = 2_450_000 + np.where(ages >= 50, 800_000, 0) + np.where(rng.random(count) < 0.01, 50_000, 0)
    deferrals = np.minimum(wanted, most) * eligible
    return {
        "deferrals": deferrals,
        "match": np.minimum(deferrals, pay // 25) // 2,
        "after_tax": np.zeros(count, dtype=np.int64),
        "nonelective": pay * np.where(owner, 900, rng.choice(_GIVEN, count)) // 10_000 * eligible,
        "compensation": pay,
        "section_415": pay_415,
        "balances": (pay * rng.gamma(1.2, np.where(owner, 4.0, 1.1))).astype(np.int64) * eligible,
        "ages": ages,
        "is_hce": hce,
        "is_key": owner,
        "eligible": eligible,
        "excluded": rng.random(count) < 0.05,
        "counted": rng.random(count) < 0.97,
    }
