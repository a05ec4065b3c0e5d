"""The yearly indexing of limits (IRC 415(d)): a check of what is typed in, an estimate of what is not announced.

Not here: the limits themselves (figures.py); those indexed by section 1(f)(3) (IRAs, the saver's credit), by the wage
index (the wage base) or not at all. An estimate is a type of its own: nothing that reads a figure can read it.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ..kernel import CalendarYear, Open401kError
from . import figures, tables
from .given import ImpossibleInput, check_facts

#: The months whose average is the index of a year (IRC 415(d)(2)(A): the quarter ending September 30).
_QUARTER = (7, 8, 9)


class AlreadyOnFile(Open401kError):  # noqa: N818 (the field's word: a figure is on file or it is not)
    """The figure is announced and on file: it is read, never estimated."""


@dataclass(frozen=True, slots=True)
class Indexing:
    """One limit of one year by the formula: the statute's amount and step, both averages of the index, the result."""

    figure_id: str
    year: int
    base_cents: int
    step_cents: int
    base_year: int
    base_index: Fraction
    index: Fraction
    by_formula_cents: int
    cite: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a limit that is not announced would be. Not law: nothing may be withheld, posted or tested by it."""

    figure_id: str
    name: str
    year: int
    estimated_cents: int
    #: The last one announced, below which a limit does not fall.
    last_cents: int
    last_year: int
    index_thousandths: int
    #: The average of July to September from which the limit would be one step higher.
    next_step_from_thousandths: int
    #: Whether the average was given by whoever asked, because that of the year is not on file.
    index_assumed: bool
    cite: str


def indexed_figures() -> tuple[str, ...]:
    """The ids of the limits that are indexed by IRC 415(d) or in its manner, in order."""
    return tuple(sorted(tables.edition("indexing_base", date.max)))


def index_of(*, year: int) -> Fraction:
    """Average CPI-U of July, August and September (IRC 415(d)(2)(A); 42 USC 415(i)(1)(D)); refused if not on file.

    >>> float(index_of(year=2001))
    177.76666666666668
    """
    check_facts(locals())
    months = [tables.value("cpi_u", f"{year}-{month:02}", date.max) for month in _QUARTER]
    return Fraction(sum(Fraction(each) for each in months), len(_QUARTER))


def by_formula(*, figure_id: str, year: CalendarYear) -> Indexing:
    """The limit announced for a year by its formula: the base, and its rise since the base quarter in whole steps.

    IRC 415(d)(2): the index of the third quarter before the year over that of the base quarter; (4): the increase is
    rounded down. For the HCE threshold the year is the lookback year, for the Roth threshold that of the contribution.
    """
    check_facts(locals())
    return _indexing(figure_id, year.year, index_of(year=year.year - 1))


def differing() -> tuple[Indexing, ...]:
    """Every limit on file that its formula does not give: typed wrongly, or the law has changed (IRC 415(d)).

    Years up to the base quarter have no formula here: the statute set the amount anew in it (QLACs, 2023).
    """
    found = (
        (by_formula(figure_id=figure_id, year=CalendarYear(year)), dollars)
        for figure_id in indexed_figures()
        for year, dollars in figures.figure(figure_id).values.items()
        if year > _setting("indexing_base_year", figure_id)
    )
    return tuple(each for each, dollars in found if each.by_formula_cents != dollars * 100)


def estimate(*, figure_id: str, year: CalendarYear, index_thousandths: int | None = None) -> Estimate:
    """A limit that is not announced yet, from the index of the third quarter before the year or from an assumed one.

    A limit does not fall when the index does (IRC 415(d)(1), (2)(B): adjusted for increases, in the manner of Social
    Security benefits; Notice 2009-94, for 2010).
    """
    check_facts(locals())
    row = figures.figure(_known(figure_id))
    if year.year <= (last := max(row.values)):
        raise AlreadyOnFile(
            f"figure_id: {row.name} of {year.year} is on file ({row.cite}).",
            fix="Read the figure; an estimate is for a year that is not announced.",
        )
    if index_thousandths == 0:
        raise ImpossibleInput("index_thousandths", "an index is more than zero")
    index = index_of(year=year.year - 1) if index_thousandths is None else Fraction(index_thousandths, 1000)
    found = _indexing(figure_id, year.year, index)
    estimated = max(found.by_formula_cents, row.values[last] * 100)
    return Estimate(
        figure_id=figure_id,
        name=row.name,
        year=year.year,
        estimated_cents=estimated,
        last_cents=row.values[last] * 100,
        last_year=last,
        index_thousandths=int(index * 1000),
        next_step_from_thousandths=_from_thousandths(found, estimated + found.step_cents),
        index_assumed=index_thousandths is not None,
        cite=row.cite,
    )


def step_from_thousandths(*, figure_id: str, limit_cents: int) -> int:
    """The least average index, in thousandths, at which a limit is this high or higher (IRC 415(d)(2), (4)).

    >>> step_from_thousandths(figure_id="limit_402g", limit_cents=25_000_00)
    328112
    """
    check_facts(locals())
    base_year = _setting("indexing_base_year", _known(figure_id))
    found = _indexing(figure_id, base_year + 1, index_of(year=base_year))
    if limit_cents < found.base_cents:
        raise ImpossibleInput("limit_cents", f"{figure_id} is never below {found.base_cents}, so not {limit_cents}")
    steps = -(-(limit_cents - found.base_cents) // found.step_cents)
    return _from_thousandths(found, found.base_cents + steps * found.step_cents)


def _indexing(figure_id: str, year: int, index: Fraction) -> Indexing:
    base, step = (_setting(each, _known(figure_id)) for each in ("indexing_base", "indexing_step"))
    base_year = _setting("indexing_base_year", figure_id)
    if year <= base_year:
        raise ImpossibleInput(
            "year", f"{figure_id} is indexed from the third quarter of {base_year}, so not for {year}"
        )
    base_index = index_of(year=base_year)
    rise = max(base * (Fraction(index, base_index) - 1), Fraction(0))
    return Indexing(
        figure_id=figure_id,
        year=year,
        base_cents=base * 100,
        step_cents=step * 100,
        base_year=base_year,
        base_index=base_index,
        index=index,
        by_formula_cents=(base + rise // step * step) * 100,
        cite=figures.figure(figure_id).cite,
    )


def _from_thousandths(found: Indexing, limit_cents: int) -> int:
    exact = Fraction(found.base_index * 1000 * limit_cents, found.base_cents)
    return -(-exact.numerator // exact.denominator)


def _setting(table_id: str, figure_id: str) -> int:
    return int(tables.value(table_id, figure_id, date.max))


def _known(figure_id: str) -> str:
    if figure_id not in indexed_figures():
        raise ImpossibleInput(
            "figure_id", f"{figure_id} is not indexed by section 415(d); these are: {indexed_figures()}"
        )
    return figure_id
