"""A figure without its source stops the build, with a message that names the file and the row."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from open401k import law
from open401k.law import figures, sourced, tables

ROW = """
excise:
  name: Excise tax
  cite: IRC 4979(a)
  level: A
  read_by: plan_year_ending_in
  unit: bps
  values: {1987: "1000"}
  checked_on: 2026-11-20
"""
TABLE = """
lives:
  name: A table of lives
  cite: Reg. 1.401(a)(9)-9(c)
  level: C
  unit: years
  checked_on: 2026-11-21
  editions:
    2022-01-01: {72: "27.4", 120: "2.0"}
"""


def read_figure(text: str) -> figures.Figure:
    ((figure_id, row),) = yaml.safe_load(text).items()
    return figures._row(figure_id, row, "mine.yaml")


def test_a_row_with_its_source_is_read() -> None:
    assert read_figure(ROW).values == {1987: 1000}
    assert tables._read("mine.yaml", TABLE)[0].id == "lives"


@pytest.mark.parametrize("key", ["name", "cite", "level", "read_by", "unit", "values", "checked_on"])
def test_a_row_that_lacks_a_part_names_file_row_and_part(key: str) -> None:
    lines = [line for line in ROW.splitlines() if not line.startswith(f"  {key}:")]
    with pytest.raises(sourced.UnsourcedError, match=f"^mine.yaml: excise: {key} is missing$"):
        read_figure("\n".join(lines))


@pytest.mark.parametrize(
    ("part", "instead", "said"),
    [
        ("cite: IRC 4979(a)", "cite: ''", "cite is '', which says nothing"),
        ("cite: IRC 4979(a)", "cite: common knowledge", "'common knowledge' names no section of law"),
        ("cite: IRC 4979(a)", "cite: 'IRC '", "names no section of law"),
        ("level: A", "level: E", "level 'E' is none of A, B, C, D"),
        ("checked_on: 2026-11-20", "checked_on: lately", "checked_on is 'lately', which says nothing"),
        ("unit: bps", "unit: bps\n  valid: yes", "valid is no part of a row"),
        ('"1000"', "0.1", "values are whole numbers, never fractions or floats"),
        ('"1000"', '"10.5"', "values are whole numbers, without commas or signs"),
        ('"1000"', '"1,000"', "values are whole numbers, without commas or signs"),
        ('"1000"', '"-1000"', "values are whole numbers, without commas or signs"),
        ('"1000"', '"\u0661"', "values are whole numbers"),
        ('"1000"', "true", "values are whole numbers, never fractions or floats"),
        ("1987:", "in 1987:", "'in 1987' is no year"),
        ('{1987: "1000"}', "{}", "values is {}, which says nothing"),
    ],
)
def test_a_row_that_cannot_be_meant_is_refused(part: str, instead: str, said: str) -> None:
    assert part in ROW
    with pytest.raises(sourced.UnsourcedError) as refused:
        read_figure(ROW.replace(part, instead))
    assert str(refused.value).startswith("mine.yaml: excise: ")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("part", "instead", "said"),
    [
        ("  cite: Reg. 1.401(a)(9)-9(c)\n", "", "cite is missing"),
        ('"27.4"', "27.4", "72 is 27.4; values are text, exactly as printed"),
        ("2022-01-01:", "since 2022:", "'since 2022' is no day from which an edition holds"),
        ('{72: "27.4", 120: "2.0"}', "{}", "there are no values"),
        ("unit: years", "units: years", "unit is missing"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(part: str, instead: str, said: str) -> None:
    assert part in TABLE
    with pytest.raises(sourced.UnsourcedError) as refused:
        tables._read("mine.yaml", TABLE.replace(part, instead))
    assert str(refused.value).startswith("mine.yaml: lives: ")
    assert said in str(refused.value)


@pytest.mark.parametrize("row", [None, [], "A", 1])
def test_a_row_that_is_none_is_refused(row: Any) -> None:
    with pytest.raises(sourced.UnsourcedError, match=r"mine\.yaml: excise: a row has name, cite"):
        sourced.check_figure("mine.yaml", "excise", row)


def test_the_build_reads_every_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why: a check that a file escapes holds nothing."""
    seen: list[tuple[str, str]] = []
    monkeypatch.setattr(sourced, "check_figure", lambda file, figure_id, row: seen.append((file, figure_id)))
    figures._table.__wrapped__()
    assert {each for _, each in seen} == {row.id for row in figures.all_figures()}
    assert {file for file, _ in seen} == {row.file for row in figures.all_figures()}


@pytest.mark.parametrize("file", sorted({row.file for row in figures.all_figures()}))
def test_the_fast_reader_reads_figures_as_the_one_of_python_does(file: str) -> None:
    text = (Path(law.__file__).parent / "figures" / file).read_text(encoding="utf-8")
    assert sourced.rows(text) == yaml.safe_load(text)


def test_a_year_typed_twice_is_refused() -> None:
    """Why: YAML keeps the last one, so that a slip of the row above would stand for the wrong year."""
    with pytest.raises(sourced.UnsourcedError, match=r"^line 3: 2025 stands there twice$"):
        sourced.rows("limit:\n  values:\n    2025: 23500\n    2024: 23000\n    2025: 24500\n")


def test_tables_are_read_by_libyaml_where_it_is_there() -> None:
    """Why: the joint life table alone takes Python's own reader longer than the rest of a calculation."""
    assert sourced._SAFE is (yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader)
    assert sourced.rows(TABLE) == yaml.safe_load(TABLE)
