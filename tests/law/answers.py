"""What every public function answers to made-up facts, as text; ``python -m tests.law.answers`` keeps it anew.

Not a proof that an answer is right (the cases of the regulations are): a change of any answer is noticed, and has to be
meant. ``python -m tests.law.answers LABEL`` prints the answers of one function, to hold against those before a change.
"""

import dataclasses
import enum
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from open401k.kernel import Open401kError
from tests.law.impossible import Told, functions

KEPT = Path(__file__).parent / "answers.json"
_ATTEMPTS = 60


def answers(label: str, function: Any) -> Iterable[str]:
    """One line for each attempt; of a refusal what it names, not its words."""
    for attempt in range(_ATTEMPTS):
        try:
            yield _text(Told(f"{label} {attempt}").call(function))
        except Open401kError as refused:
            yield f"{type(refused).__name__} {getattr(refused, 'field', '')}"


def digest(label: str, function: Any) -> str:
    return hashlib.sha256("\n".join(answers(label, function)).encode()).hexdigest()[:16]


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return str(value.tolist())
    if isinstance(value, enum.Enum):
        return value.name
    if dataclasses.is_dataclass(value):
        told = ((each.name, getattr(value, each.name)) for each in dataclasses.fields(value))
        return f"{type(value).__name__}({', '.join(f'{name}={_text(part)}' for name, part in told)})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_text(key)}: {_text(part)}' for key, part in value.items())}}}"
    if isinstance(value, frozenset | set):
        return f"{{{', '.join(sorted(map(_text, value)))}}}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_text, value))}]"
    return "function" if callable(value) else str(value)


if __name__ == "__main__":
    if asked := sys.argv[1:]:
        for each, rule in functions():
            if each in asked:
                print(*answers(each, rule), sep="\n")
    else:
        KEPT.write_text(json.dumps({each: digest(each, rule) for each, rule in functions()}, indent=1) + "\n")
