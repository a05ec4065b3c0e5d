"""Dated figures of the law, read from figures/*.yaml. Not here: rules, and what a plan chooses."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, assert_never

from ..kernel import CalendarYear, LimitationYear, Open401kError, PlanYear, Year
from . import sourced

#: The one file whose figures need an entry for each year; those of every other file hold until they are changed.
_INDEXED = "limits.yaml"

#: The indexed figures that payrolls and plan tests read: a year is open when these are on file, whatever else of that
#: year is still to be announced (a test compares this with what those rooms read).
_OPEN_A_YEAR = (
    "hce_comp_threshold",
    "key_officer_comp",
    "limit_401a17",
    "limit_402g",
    "limit_414v_age50",
    "limit_414v_age60_63",
    "limit_415c",
    "roth_catchup_wage_threshold",
)


class NotEnacted(Open401kError):  # noqa: N818 (the field's word: a figure is enacted or it is not)
    """The figure has no value for that very year; the law is refused, never guessed."""


class ReadBy(StrEnum):
    """Which year of the plan or the person picks the column of a figure."""

    CALENDAR_YEAR = "calendar_year"
    PLAN_YEAR_BEGINNING_IN = "plan_year_beginning_in"
    PLAN_YEAR_ENDING_IN = "plan_year_ending_in"
    LIMITATION_YEAR_ENDING_IN = "limitation_year_ending_in"
    LOOKBACK_YEAR_BEGINNING_IN = "lookback_year_beginning_in"


class Unit(StrEnum):
    """What the values of a figure count."""

    USD = "USD"
    BPS = "bps"
    #: Ages, years, months, days or people, as the name says.
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: a figure, its source, which year reads it, and its values (whole dollars, basis points, counts)."""

    id: str
    name: str
    cite: str
    level: str
    read_by: ReadBy
    unit: Unit
    values: dict[int, int]
    checked_on: date
    carries_forward: bool
    from_year: int
    file: str


def cents(figure_id: str, year: Year) -> int:
    """The dollar figure of that year, in cents; another kind of year than the figure is read by is a TypeError.

    >>> cents("limit_402g", CalendarYear(2026))
    2450000
    """
    return _value(figure_id, Unit.USD, year) * 100


def bps(figure_id: str, year: Year) -> int:
    """The statutory percentage of that year, in basis points.

    >>> bps("excise_4979", PlanYear.starting(date(2026, 1, 1)))
    1000
    """
    return _value(figure_id, Unit.BPS, year)


def count(figure_id: str, year: Year) -> int:
    """The age, number of years, months, days or people that the law sets for that year."""
    return _value(figure_id, Unit.COUNT, year)


def figure(figure_id: str) -> Figure:
    """The whole row, for pages that show a figure with its citation."""
    return _table()[figure_id]


def all_figures() -> tuple[Figure, ...]:
    """Every figure on file, in order of id."""
    return tuple(row for _, row in sorted(_table().items()))


def opening_a_year() -> tuple[Figure, ...]:
    """The indexed figures that payrolls and plan tests need of each year."""
    return tuple(figure(each) for each in _OPEN_A_YEAR)


def latest_year() -> int:
    """The last year for which payrolls and plan tests have every figure.

    A figure that only some people or other plans need (IRAs, SIMPLE plans, the saver's match) opens no year, and
    closes none.

    >>> latest_year()
    2026
    """
    return min(max(row.values) for row in opening_a_year())


def _value(figure_id: str, unit: Unit, year: Year) -> int:
    row = _table()[figure_id]
    if row.unit is not unit:
        raise TypeError(f"{figure_id} is in {row.unit}, not in {unit}")
    column = _column(row, year)
    if column < row.from_year:
        raise NotEnacted(f"{row.name} does not exist for {column}: it begins in {row.from_year} ({row.cite}).")
    if row.carries_forward:
        return row.values[max(known for known in row.values if known <= column)]
    if column not in row.values:
        raise NotEnacted(
            f"No figures on file for {column}.",
            fix=(
                "Whoever runs this server installs a version of Open401k that has them; in a checkout, adds the column "
                f"to src/open401k/law/figures/{row.file} from the IRS notice (docs/howto/add-a-year.md)."
            ),
        )
    return row.values[column]


def _column(row: Figure, year: Year) -> int:
    match row.read_by:
        case ReadBy.CALENDAR_YEAR:
            expected: type[Year] = CalendarYear
        case ReadBy.PLAN_YEAR_BEGINNING_IN | ReadBy.PLAN_YEAR_ENDING_IN | ReadBy.LOOKBACK_YEAR_BEGINNING_IN:
            expected = PlanYear
        case ReadBy.LIMITATION_YEAR_ENDING_IN:
            expected = LimitationYear
        case _:
            assert_never(row.read_by)
    if not isinstance(year, expected):
        raise TypeError(f"{row.id} is read by {row.read_by}, so it needs a {expected.__name__}, not {year!r}")
    return year.last_day.year if row.read_by is ReadBy.PLAN_YEAR_ENDING_IN else year.figure_year


@cache
def _table() -> dict[str, Figure]:
    names = sorted(file.name for file in (files(__package__) / "figures").iterdir() if file.name.endswith(".yaml"))
    rows = [row for name in names for row in _rows(name)]
    found = {row.id: row for row in rows}
    if len(found) < len(rows):
        raise ValueError(f"an id of a figure stands in two of {', '.join(names)}")
    return found


def _rows(name: str) -> list[Figure]:
    text = (files(__package__) / "figures" / name).read_text(encoding="utf-8")
    return [_row(figure_id, row, name) for figure_id, row in sourced.rows(text).items()]


def _row(figure_id: str, row: dict[str, Any], name: str) -> Figure:
    sourced.check_figure(name, figure_id, row)
    values = {int(year): int(value) for year, value in row["values"].items()}
    return Figure(
        id=figure_id,
        name=row["name"],
        cite=row["cite"],
        level=row["level"],
        read_by=ReadBy(row["read_by"]),
        unit=Unit(row["unit"]),
        values=values,
        checked_on=row["checked_on"],
        carries_forward=name != _INDEXED,
        from_year=int(row.get("from_year", 0 if name == _INDEXED else min(values))),
        file=name,
    )
