"""Arguments for any public function of the law by its type hints, and one of them made impossible."""

import dataclasses
import enum
import importlib
import pkgutil
import random
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from inspect import Parameter, isfunction, signature
from typing import Any

import numpy as np

from open401k import law
from open401k.kernel import CalendarYear, LimitationYear, PlanYear

#: Words about results, what reads the files, and helpers that are told by other functions of the law alone.
_ASIDE = {"amounts", "arrays", "edition", "exact_rates", "explain", "figures", "given", "holdings", "sourced", "tables"}
_HELPERS = {
    "allocation.fill",
    "allocation.whole_cents",
    "corrections.level_dollars",
    "lost_earnings.grow",
    "minimum_distributions.life_table",
}
_YEARS = (CalendarYear, PlanYear, LimitationYear)
_CENTS = (0, 1, 100, 500_000, 2_000_000, 10_000_000, 34_500_000)
#: Results that another rule begins with: made by the function that makes them.
_MADE_BY: dict[str, Callable[..., object]] = {
    "RatioTest": law.nondiscrimination.adp_test,
    "CoverageTest": law.coverage.coverage_test,
    "AverageBenefitPercentage": law.average_benefit.average_benefit_percentage,
    "Rates": law.general_test.allocation_rates,
    "IntegrationLevel": law.permitted_disparity.integration_level,
    "LoanLimit": law.loans.maximum_loan,
    "LoanSchedule": law.loan_schedules.loan_schedule,
    "DeferralLimits": law.deferrals.deferral_limits,
    "ExcessDeferral": law.excess_deferrals.excess_deferral,
    "MissedDeferral": law.missed_deferrals.missed_deferrals,
    "CorrectionWindows": law.missed_deferrals.correction_windows,
    "FiveYearPeriod": law.roth.five_year_period,
    "RothPayment": law.roth.roth_payment,
    "Bond": law.bond.bond,
    "Working": law.book.working,
    "CompensationRatioTest": law.compensation_ratio.compensation_ratio_test,
}


class Attack(enum.StrEnum):
    NEGATIVE = "negative"
    HUGE = "huge"
    FLOAT = "float"
    FAR_DAY = "far_day"
    FAR_YEAR = "far_year"
    EMPTY = "empty"
    SCENARIOS = "scenarios"
    OTHER_LENGTH = "other_length"


def functions() -> Iterable[tuple[str, Callable[..., object]]]:
    """Every public function of a rule, by module and name."""
    for found in pkgutil.iter_modules(law.__path__):
        if found.name.startswith("explain_") or found.name in _ASIDE:
            continue
        module = importlib.import_module(f"open401k.law.{found.name}")
        for name, value in sorted(vars(module).items()):
            label = f"{found.name}.{name}"
            if isfunction(value) and value.__module__ == module.__name__ and name[0] != "_" and label not in _HELPERS:
                yield label, value


def targets(function: Callable[..., object]) -> list[tuple[str, Attack]]:
    """What can be made impossible: the way to a value (dots into dataclasses) and how."""
    hints = typing.get_type_hints(function)
    return [each for name in signature(function).parameters for each in _inside(hints[name], name, 0)]


def _inside(hint: Any, path: str, depth: int) -> list[tuple[str, Attack]]:
    if _is_array(hint):
        return [(path, attack) for attack in _of_array(hint)]
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return [found for part in typing.get_args(hint) for found in _inside(part, path, depth)]
    if hint in (int, Fraction):
        return [(path, Attack.NEGATIVE), (path, Attack.HUGE), (path, Attack.FLOAT)]
    if hint is date:
        return [(path, Attack.FAR_DAY)]
    if hint in _YEARS:
        return [(path, Attack.FAR_YEAR)]
    if depth > 2:
        return []
    if (parts := _parts(hint)) is not None:
        return [(path, Attack.EMPTY), *_inside(parts, path, depth + 1)]
    if dataclasses.is_dataclass(hint) and hint.__name__ not in _MADE_BY:  # type: ignore[union-attr]
        hints = typing.get_type_hints(hint)
        return [
            found
            for field in dataclasses.fields(hint)
            for found in _inside(hints[field.name], f"{path}.{field.name}", depth + 1)
        ]
    return []


def _of_array(hint: Any) -> tuple[Attack, ...]:
    kind = str(hint)
    if "datetime64" in kind:
        return (Attack.FAR_DAY,)
    return () if "bool" in kind else (Attack.NEGATIVE, Attack.HUGE, Attack.FLOAT)


def _is_array(hint: Any) -> bool:
    return typing.get_origin(hint) is np.ndarray or hint is np.ndarray


def _parts(hint: Any) -> Any:
    """What a sequence of any length is made of; None of anything else."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return inside[0] if len(inside) == 2 and inside[1] is Ellipsis else None
    if origin in (Sequence, Iterable, list):
        return inside[0]
    return inside[1] if origin is Mapping else None


class Told:
    """Arguments by hint and name, drawn from ordinary values; one of them attacked, or just this number."""

    def __init__(self, seed: str, attacked: tuple[str, Attack | int] | None = None) -> None:
        self._draw = random.Random(seed)  # noqa: S311 (made-up facts)
        self._attacked = attacked
        self._people = self._draw.choice((1, 2, 4))

    def call(self, function: Callable[..., object], prefix: str = "", depth: int = 0) -> object:
        hints = typing.get_type_hints(function)
        plain, named = [], {}
        for name, parameter in signature(function).parameters.items():
            path = prefix + name
            if parameter.default is not Parameter.empty and not self._leads_to(path) and self._draw.random() < 0.4:
                continue
            value = self._value(hints[name], path, depth)
            if parameter.kind is Parameter.KEYWORD_ONLY:
                named[name] = value
            else:
                plain.append(value)
        return function(*plain, **named)

    def _leads_to(self, path: str) -> bool:
        return self._attacked is not None and self._attacked[0].split(".")[0] == path.split(".")[0]

    def _mode(self, path: str) -> Attack | int | None:
        return self._attacked[1] if self._attacked is not None and self._attacked[0] == path else None

    def _value(self, hint: Any, path: str, depth: int) -> Any:
        origin, mode, draw = typing.get_origin(hint), self._mode(path), self._draw
        if _is_array(hint):
            return self._array(hint, path, mode)
        if origin in (typing.Union, types.UnionType):
            parts = [part for part in typing.get_args(hint) if part is not type(None)]
            if len(parts) < len(typing.get_args(hint)) and not self._leads_to(path) and draw.random() < 0.3:
                return None
            return self._value(parts[0] if mode is not None else draw.choice(parts), path, depth)
        if hint is bool:
            return draw.random() < 0.5
        if hint is str:
            return draw.choice("ABC")
        if hint in (int, Fraction, Decimal, np.int64):
            return self._number(hint, path, mode)
        if hint is date:
            return date(9999, 12, 31) if mode is not None else self._day()
        if hint in _YEARS:
            return self._year(hint, mode)
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return draw.choice(list(hint))
        return self._many(hint, path, mode, depth)

    def _many(self, hint: Any, path: str, mode: Attack | int | None, depth: int) -> Any:
        origin, inside = typing.get_origin(hint), typing.get_args(hint)
        if origin is frozenset:
            return frozenset(self._draw.sample(list(inside[0]), 2))
        if origin is Mapping:
            keys = list(inside[0]) if issubclass(inside[0], enum.Enum) else [self._value(inside[0], "?", depth)]
            return {key: self._value(inside[1], path, depth) for key in ([] if mode is Attack.EMPTY else keys)}
        if (part := _parts(hint)) is not None:
            count = 0 if mode is Attack.EMPTY else self._draw.randint(1, 3)
            if path.endswith("steps_bps") and mode is None:
                return (*sorted(self._draw.choices((0, 2_000, 5_000, 9_999), k=count)), 10_000)
            return tuple(self._value(part, path, depth + 1) for _ in range(count))
        if origin is tuple:
            return tuple(self._value(part, path, depth) for part in inside)
        if hint.__name__ in _MADE_BY:
            return self.call(_MADE_BY[hint.__name__], f"{path}.", depth + 1)
        hints = typing.get_type_hints(hint)
        return hint(
            **{
                field.name: self._value(hints[field.name], f"{path}.{field.name}", depth + 1)
                for field in dataclasses.fields(hint)
                if field.default is dataclasses.MISSING or self._leads_to(path) or self._draw.random() < 0.5
            }
        )

    def _number(self, hint: Any, path: str, mode: Attack | int | None) -> Any:
        if mode is Attack.FLOAT:
            return float("nan")
        if isinstance(mode, int):
            return hint(mode)
        if mode is not None:
            return hint(-1 if mode is Attack.NEGATIVE else self._draw.choice((10**15, 2**62, 10**30)))
        name = path.rpartition(".")[2]
        if "cents" in name:
            return hint(self._draw.choice(_CENTS))
        if "bps" in name:
            return hint(self._draw.choice((0, 1, 50, 100, 300, 600, 850, 10_000)))
        if "age" in name.split("_"):
            return hint(self._draw.choice((21, 45, 59, 65, 73, 90)))
        if name.endswith(("_year", "_in")) or "_year_" in name:
            return hint(self._draw.choice((2008, 2015, 2020, 2024)))
        return hint(self._draw.choice((0, 1, 2, 3, 5, 12, 60, 500)))

    def _day(self) -> date:
        year = self._draw.choice((1950, 1958, 1960, 1966, 1980, 1999, 2010, 2020, 2022, 2024, 2025, 2025, 2026))
        return date(year, self._draw.randint(1, 12), self._draw.randint(1, 28))

    def _year(self, hint: Any, mode: Attack | int | None) -> Any:
        year = self._draw.choice((1, 1000, 9998) if mode is not None else (2023, 2024, 2025, 2026))
        return hint(year) if hint is CalendarYear else hint.starting(date(year, 1, 1))

    def _array(self, hint: Any, path: str, mode: Attack | int | None) -> Any:
        kind, draw, words = str(hint), self._draw, path.rpartition(".")[2].split("_")
        if "bool" in kind:
            flags = np.array([draw.random() < 0.5 for _ in range(self._people)])
            return np.array([flags, flags]) if mode is Attack.SCENARIOS else flags
        if "datetime64" in kind:
            days = [date(9999, 12, 31) if mode is not None else self._day() for _ in range(self._people)]
            return np.array(days, dtype="datetime64[D]")
        if "birth" in words:
            values = [draw.randint(1940, 2005) for _ in range(self._people)]
        elif "ages" in words or "age" in words:
            values = [draw.randint(18, 80) for _ in range(self._people)]
        elif {"years", "months", "component", "plan", "group", "hours", "periods", "points"} & set(words):
            values = sorted(draw.randrange(3) for _ in range(self._people))
        else:
            values = [draw.choice(_CENTS) for _ in range(self._people)]
        if mode is Attack.FLOAT:
            return np.array([float("nan")] * self._people)
        if mode is Attack.SCENARIOS:
            return np.array([values, values], dtype=np.int64)
        if isinstance(mode, int):
            return np.full(self._people, mode, dtype=np.int64)
        if mode is not None:
            values[draw.randrange(self._people)] = -1 if mode is Attack.NEGATIVE else draw.choice((10**15, 2**62))
        return np.array(values, dtype=np.int64)
