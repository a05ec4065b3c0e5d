"""Tables of the law: the edition in force on a day, values as printed, refused where nothing is on file."""

from datetime import date
from decimal import Decimal

import pytest

from open401k.law import NotEnacted, tables


@pytest.fixture
def life(monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
life:
  name: A table of lives
  cite: Reg. 1.401(a)(9)-9(c)
  level: C
  unit: years
  checked_on: 2026-11-21
  editions:
    2003-01-01: {72: "25.6"}
    2022-01-01: {72: "27.4", 120: "2.0"}
"""
    found = {each.id: each for each in tables._read("lives.yaml", text)}
    monkeypatch.setattr(tables, "_tables", lambda: found)


@pytest.mark.usefixtures("life")
def test_the_edition_in_force_on_the_day_answers_as_printed() -> None:
    assert tables.value("life", 72, date(2021, 12, 31)) == Decimal("25.6")
    assert str(tables.value("life", 120, date(2022, 1, 1))) == "2.0"


@pytest.mark.usefixtures("life")
def test_what_is_not_on_file_is_refused_by_name() -> None:
    with pytest.raises(NotEnacted, match=r"A table of lives has no entry for 120 .*figures/tables/lives.yaml"):
        tables.value("life", 120, date(2021, 12, 31))
    with pytest.raises(NotEnacted, match="begins on 2003-01-01"):
        tables.value("life", 72, date(2002, 12, 31))
