"""Give each calculator without an example one from the tests of its rule: ``python -m scripts.calculator_examples``.

The tests of the law run, what they hand to each rule is written as a calculator's input, and the most telling input
that answers is kept in src/open401k/calculators/examples. What is on file stays as it is.
"""

import inspect
import json
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from enum import Enum
from fractions import Fraction
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np
import pytest

from open401k.calculators import registry, units
from open401k.calculators.calculator import Calculator, Call
from open401k.calculators.problems import InputRefused
from open401k.kernel import CalendarYear, LimitationYear, PlanYear
from open401k.law.coverage import CoverageTest
from open401k.law.exact_rates import Rates

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "src" / "open401k" / "calculators" / "examples"
TESTS = str(ROOT / "tests" / "law")
MOST_KEPT, MOST_TEXT, BEST_TEXT = 60, 12_000, 1_200


class Watch:
    """What each rule was called with, while tests run."""

    def __init__(self) -> None:
        self.codes: dict[CodeType, str] = {function.__code__: rule for rule, function, _ in registry.rules()}
        self.calls: dict[str, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
        self.made: dict[int, tuple[Any, dict[str, Any]]] = {}
        self._open: dict[int, dict[str, Any]] = {}
        self._makers = {rule for rule, _ in registry.MAKERS.values()}

    def __call__(self, frame: FrameType, event: str, result: Any) -> None:
        rule = self.codes.get(frame.f_code)
        if rule is None:
            return
        if event == "call":
            given = dict(frame.f_locals)
            if rule in self._makers:
                self._open[id(frame)] = given
            if len(self.calls[rule]) < MOST_KEPT:
                self.calls[rule].append((_directness(frame), given))
        elif event == "return" and (given := self._open.pop(id(frame), {})):
            self.made[id(result)] = (result, given)


class UnwritableError(Exception):
    """An argument that no input stands for."""


def main() -> None:
    """Run the tests of the law and write what is missing."""
    watch = Watch()
    sys.setprofile(watch)
    pytest.main(["-q", "-x", "-p", "no:xdist", "-p", "no:cacheprovider", TESTS])
    sys.setprofile(None)
    without = []
    on_file = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
    for calculator in registry.calculators().values():
        if calculator.name in on_file.get(calculator.subject, {}):
            continue
        found = best(calculator, watch)
        if found is None:
            without.append(calculator.name)
        else:
            on_file.setdefault(calculator.subject, {})[calculator.name] = {"input": found}
    for subject, examples in on_file.items():
        text = json.dumps(dict(sorted(examples.items())), indent=1, ensure_ascii=False)
        (FOLDER / f"{subject}.json").write_text(text + "\n")
    sys.stdout.write(f"Without an example: {', '.join(without) or 'none'}\n")


def best(calculator: Calculator, watch: Watch) -> dict[str, Any] | None:
    """The most telling of the inputs that answer: from a test itself rather than from inside, rich but short."""
    found = []
    for directness, given in watch.calls[calculator.call.rule]:
        try:
            document = document_of(calculator, given, watch)
            calculator.calculate(document)
            size = len(json.dumps(document))
        except (UnwritableError, InputRefused, TypeError) as error:
            if "--why" in sys.argv:
                sys.stdout.write(f"{calculator.name}: {type(error).__name__} {str(error)[:300]}\n")
            continue
        if size <= MOST_TEXT:
            found.append((-directness, min(size, BEST_TEXT) - max(0, size - BEST_TEXT), document))
    return max(found, key=lambda each: each[:2])[2] if found else None


def document_of(calculator: Calculator, given: Mapping[str, Any], watch: Watch) -> dict[str, Any]:
    """What a rule was called with, as the input of its calculator."""
    values: dict[str, Any] = {}
    columns: dict[str, list[Any]] = {}
    _gather(calculator.call, given, watch, values, columns)
    if calculator.rows is not None:
        lengths = {len(column) for column in columns.values() if isinstance(column, list)} or {1}
        columns = {
            name: column if isinstance(column, list) else [column] * next(iter(lengths))
            for name, column in columns.items()
        }
        if len(lengths) != 1:
            raise UnwritableError(f"columns of {sorted(lengths)} people")
        rows = [{name: column[place] for name, column in columns.items()} for place in range(lengths.pop())]
        return {calculator.rows: rows} | values
    return values


def _gather(
    call: Call, given: Mapping[str, Any], watch: Watch, values: dict[str, Any], columns: dict[str, list[Any]]
) -> None:
    for argument in call.arguments:
        value = given[argument.parameter]
        if argument.made is not None:
            _gather(argument.made, _made(value, watch), watch, values, columns)
        elif value is not None or argument.name in call_required(call):
            told = _json(value, argument.name, watch)
            if argument.column and value is not None:
                columns[argument.name] = told
            elif not argument.column:
                values[argument.name] = told


def call_required(call: Call) -> set[str]:
    """Inputs that must be there, though they may be null."""
    signature = inspect.signature(call.function)
    return {
        each.name for each in call.arguments if signature.parameters[each.parameter].default is inspect.Parameter.empty
    }


def _made(value: Any, watch: Watch) -> Mapping[str, Any]:
    if isinstance(value, CoverageTest):
        names = ("nhce_nonexcludable", "nhce_benefiting", "hce_nonexcludable", "hce_benefiting")
        return {name: getattr(value, name) for name in names}
    if id(value) not in watch.made:
        raise UnwritableError(f"a {type(value).__name__} that no rule made")
    return watch.made[id(value)][1]


def _json(value: Any, name: str, watch: Watch) -> Any:
    match value:
        case None | bool() | int() | str() if not isinstance(value, Enum):
            return value
        case Enum():
            return value.value
        case Fraction():
            return str(value)
        case date():
            return value.isoformat()
        case CalendarYear():
            return value.year
        case PlanYear() | LimitationYear():
            if value == type(value).starting(date(value.start.year, 1, 1)):
                return value.start.year
            return {"start": value.start.isoformat(), "last_day": value.last_day.isoformat()}
        case Rates():
            return [str(value.exact(place)) for place in range(len(value))]
        case np.generic():
            return value.item()
        case np.ndarray():
            return _array(value)
        case tuple() if name in units.PAIRS and not isinstance(value[0] if value else (), tuple):
            return {each: _json(part, each, watch) for each, part in zip(units.PAIRS[name], value, strict=True)}
        case list() | tuple() | frozenset() | set() | range():
            return [_json(each, name, watch) for each in value]
        case Mapping():
            return {str(_json(key, "", watch)): _json(each, name, watch) for key, each in value.items()}
    if type(value) in registry.MAKERS:
        return document_of(_of(type(value)), _made(value, watch), watch)
    if hasattr(value, "__dataclass_fields__"):
        kind = type(value)
        told = {units.field_name(kind, each.name): getattr(value, each.name) for each in fields(value)}
        return {key: _json(each, key, watch) for key, each in told.items()}
    raise UnwritableError(f"{name}: a {type(value).__name__}")


def _of(kind: type) -> Calculator:
    rule = registry.MAKERS[kind][0]
    return next(each for each in registry.calculators().values() if each.call.rule == rule)


def _array(value: np.ndarray[Any, Any]) -> list[Any]:
    if value.ndim != 1:
        raise UnwritableError(f"an array of {value.ndim} dimensions")
    if value.dtype.kind == "M":
        return [None if np.isnat(day) else str(day.astype("datetime64[D]")) for day in value]
    if value.dtype.kind not in "biu":
        raise UnwritableError(f"an array of {value.dtype}")
    return list(value.tolist())


def _directness(frame: FrameType) -> int:
    """0: called by a test; 1: from inside the law; 2 more where hypothesis made the values up."""
    caller = frame.f_back
    direct = caller is not None and caller.f_code.co_filename.startswith(TESTS)
    found = 0 if direct else 1
    while caller is not None:
        if "hypothesis" in caller.f_code.co_filename:
            return found + 2
        caller = caller.f_back
    return found


if __name__ == "__main__":
    main()
