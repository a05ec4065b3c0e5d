"""An input of each calculator that works: the regulation's example where it has one. Not here: what comes out of it."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from .calculator import Calculator


def example_of(calculator: Calculator) -> dict[str, Any]:
    """An input of this calculator that works."""
    given: dict[str, Any] = _on_file(calculator.subject)[calculator.name]["input"]
    return given


def source_of(calculator: Calculator) -> str:
    """Where the example is from, if it is from the law's own text; else empty."""
    return str(_on_file(calculator.subject)[calculator.name].get("source", ""))


@cache
def _on_file(subject: str) -> dict[str, dict[str, Any]]:
    text = files(__package__).joinpath("examples", f"{subject}.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = json.loads(text)
    return found
