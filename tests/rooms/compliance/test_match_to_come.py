"""The match of a projection in each of its forms, date by date and as the end of the year leaves it."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from open401k.compliance.match_to_come import MatchToCome
from open401k.kernel import PlanYear
from open401k.plan import Match, MatchPeriod, MatchTier, Provisions, ServiceTiers

DATES = [date(2026, 1, 15), date(2026, 2, 13), date(2026, 4, 15), date(2026, 5, 15)]
SAVED = [1_200_00, 0, 1_200_00, 0]
PAID = 10_000_00
HALF_OF_SIX = (MatchTier(5_000, 600),)


def to_come(**form: Any) -> MatchToCome:
    year = PlanYear.starting(date(2026, 1, 1))
    facts: Any = SimpleNamespace(
        provisions=Provisions(date(2019, 1, 1), match=Match(HALF_OF_SIX, **form)), as_of=year.start, plan_year=year
    )
    begin: Any = SimpleNamespace(tenure=np.array([4.9, 5.1]), early_deferred=None, early_paid=None)
    return MatchToCome(facts, begin)


def by_date(match: MatchToCome) -> list[list[int]]:
    """Two people with the same pay and deferrals, one of whom has served five years."""
    given, found = np.zeros((1, 2), dtype=np.int64), []
    for day, saved in zip(DATES, SAVED, strict=True):
        amounts = {"deferred": np.full((1, 2), saved), "counted": np.full((1, 2), PAID)}
        due = match.due(day, matched_before=given, **amounts)
        given = given + due
        found.append(due[0].tolist())
    return found


@pytest.mark.parametrize(
    ("form", "first", "second"),
    [
        ({}, [300_00, 0, 300_00, 0], [300_00, 0, 300_00, 0]),
        ({"period": MatchPeriod.QUARTER}, [300_00] * 4, [300_00] * 4),
        ({"cap_cents": 400_00}, [300_00, 0, 100_00, 0], [300_00, 0, 100_00, 0]),
        ({"period": MatchPeriod.QUARTER, "cap_per_period_cents": 350_00}, [300_00, 50_00] * 2, [300_00, 50_00] * 2),
        (
            {"by_service": (ServiceTiers(5, (MatchTier(10_000, 600),)),)},
            [300_00, 0, 300_00, 0],
            [600_00, 0, 600_00, 0],
        ),
    ],
)
def test_each_form_gives_what_the_books_would_have(form: dict[str, Any], first: list[int], second: list[int]) -> None:
    assert by_date(to_come(**form)) == [list(pair) for pair in zip(first, second, strict=True)]


def test_the_end_of_the_year_trues_up_only_where_the_plan_does() -> None:
    year = {"deferrals": np.array([[2_400_00, 2_400_00]]), "counted": np.array([[40_000_00, 40_000_00]])}
    matched = np.array([[600_00, 1_300_00]])
    assert to_come().trued_up(matched, **year).tolist() == [[600_00, 1_300_00]]
    assert to_come(true_up=True).trued_up(matched, **year).tolist() == [[1_200_00, 1_300_00]]
    assert to_come(true_up=True, cap_cents=900_00).trued_up(matched, **year).tolist() == [[900_00, 1_300_00]]
    assert to_come(period=MatchPeriod.PLAN_YEAR).trued_up(matched, **year).tolist() == [[1_200_00, 1_300_00]]
