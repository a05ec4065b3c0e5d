"""Amounts as people type them: a comma parts thousands or is refused, never read away."""

import pytest

from open401k.doors.node.provided import Refusal
from open401k.doors.node.rest_form import came_of
from open401k.kernel import Money


@pytest.mark.parametrize(
    ("text", "cents"), [("1250", 125000), ("$1,250.00", 125000), (" 12.5 ", 1250), ("1,000,000", 100000000)]
)
def test_what_a_person_types_is_read(text: str, cents: int) -> None:
    assert Money.typed(text).cents == cents


@pytest.mark.parametrize(
    "text", ["12,50", "1,25", "1,2500.00", ",100", "1250,", "1.250,00", "$", "", "1,000.000", "--1"]
)
def test_what_may_mean_two_sums_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount"):
        Money.typed(text)


def test_a_form_refuses_it_at_its_field() -> None:
    found = came_of({"payment_on": "2026-06-01", "came-0": "12,50"}, 1)
    assert isinstance(found, Refusal)
    assert "no amount" in str(found)
