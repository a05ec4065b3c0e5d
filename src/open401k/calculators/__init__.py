"""Every rule of the law as a calculator: JSON in, JSON out, typed and explained. No I/O but its own examples."""

from .calculator import Calculator
from .documents import parsed, set_fields
from .examples import example_of, source_of
from .problems import InputRefused, Problem
from .registry import UnknownCalculator, calculators, find, nearest
from .telling import Pairs, Table, in_words, label, told

__all__ = [
    "Calculator",
    "InputRefused",
    "Pairs",
    "Problem",
    "Table",
    "UnknownCalculator",
    "calculators",
    "example_of",
    "find",
    "in_words",
    "label",
    "nearest",
    "parsed",
    "set_fields",
    "source_of",
    "told",
]
