"""The worked examples in tests/law/cases, each cited, and how their dollars and percentages are read.

A topic's examples are one file of cases/; the test of that topic's subject reads them by id.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from open401k.law.arrays import Cents

Case = dict[str, Any]
FOLDER = Path(__file__).parent / "cases"
CASES: dict[str, Case] = {
    case["id"]: case for path in sorted(FOLDER.glob("*.json")) for case in json.loads(path.read_text(encoding="utf-8"))
}


def facts(case_id: str) -> tuple[Case, Case]:
    """Inputs and expected results of a case."""
    return CASES[case_id]["inputs"], CASES[case_id]["expected"]


def cents(dollars: Sequence[float]) -> Cents:
    return np.array([round(amount * 100) for amount in dollars], dtype=np.int64)


def hundredths(percent: float) -> int:
    return round(percent * 100)
