"""No answer of the law changes unnoticed: made-up facts, and the digest of what each public function said to them."""

import json

import pytest

from tests.law.answers import KEPT, digest
from tests.law.impossible import functions

_KEPT = json.loads(KEPT.read_text()) if KEPT.exists() else {}
_FUNCTIONS = dict(functions())


@pytest.mark.parametrize("label", _FUNCTIONS)
def test_answers_are_those_that_were_kept(label: str) -> None:
    told = f"answers of {label} changed: if that is meant, python -m tests.law.answers keeps them anew"
    assert digest(label, _FUNCTIONS[label]) == _KEPT.get(label), told


def test_no_answers_are_kept_of_a_function_that_is_gone() -> None:
    assert set(_KEPT) == set(_FUNCTIONS)
