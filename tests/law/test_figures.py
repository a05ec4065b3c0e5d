"""The figures of the law: typed twice, cited, read by the right kind of year, refused where not enacted."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from open401k import law
from open401k.kernel import CalendarYear, LimitationYear, PlanYear, Year
from open401k.law import NotEnacted, figures

# The second typing, year by year from 2019, in whole dollars.
TABLE: dict[str, dict[int, int]] = {
    "limit_402g": dict(zip(range(2019, 2027), [19000, 19500, 19500, 20500, 22500, 23000, 23500, 24500], strict=True)),
    "limit_414v_age50": dict(zip(range(2019, 2027), [6000, 6500, 6500, 6500, 7500, 7500, 7500, 8000], strict=True)),
    "limit_414v_age60_63": {2025: 11250, 2026: 11250},
    "roth_catchup_wage_threshold": {2026: 150000},
    "limit_415c": dict(zip(range(2019, 2027), [56000, 57000, 58000, 61000, 66000, 69000, 70000, 72000], strict=True)),
    "limit_401a17": dict(
        zip(range(2019, 2027), [280000, 285000, 290000, 305000, 330000, 345000, 350000, 360000], strict=True)
    ),
    "hce_comp_threshold": dict(
        zip(range(2019, 2027), [125000, 130000, 130000, 135000, 150000, 155000, 160000, 160000], strict=True)
    ),
    "key_officer_comp": dict(
        zip(range(2019, 2027), [180000, 185000, 185000, 200000, 215000, 220000, 230000, 235000], strict=True)
    ),
    "key_1pct_owner_comp": {1984: 150000},
    "ss_wage_base": dict(
        zip(range(2019, 2027), [132900, 137700, 142800, 147000, 160200, 168600, 176100, 184500], strict=True)
    ),
}

# 415(d): base amount, base quarter's year, step; and the average CPI-U (NSA) of July, August and September, in
# thousandths summed.
COLA = {
    "limit_402g": (15000, 2005, 500),
    "limit_414v_age50": (5000, 2005, 500),
    "limit_414v_age60_63": (11250, 2024, 500),
    "limit_415c": (40000, 2001, 1000),
    "limit_401a17": (200000, 2001, 5000),
    "hce_comp_threshold": (80000, 1996, 5000),
    "key_officer_comp": (130000, 2001, 5000),
    "roth_catchup_wage_threshold": (145000, 2023, 5000),
}
Q3_CPI_U = {
    1996: 157_000 + 157_300 + 157_800,
    2001: 177_500 + 177_500 + 178_300,
    2005: 195_400 + 196_400 + 198_800,
    2018: 252_006 + 252_146 + 252_439,
    2019: 256_571 + 256_558 + 256_759,
    2020: 259_101 + 259_918 + 260_280,
    2021: 273_003 + 273_567 + 274_310,
    2022: 296_276 + 296_171 + 296_808,
    2023: 305_691 + 307_026 + 307_789,
    2024: 314_540 + 314_796 + 315_301,
    2025: 323_048 + 323_976 + 324_800,
}


def year_for(figure: figures.Figure, column: int) -> Year:
    """A year that reads this column."""
    if figure.read_by is figures.ReadBy.CALENDAR_YEAR:
        return CalendarYear(column)
    kind = LimitationYear if figure.read_by is figures.ReadBy.LIMITATION_YEAR_ENDING_IN else PlanYear
    return kind.starting(date(column, 1, 1))


def test_every_dollar_figure_equals_the_second_typing() -> None:
    """Of limits.yaml and constants.yaml; a subject's own file is typed again in that subject's tests."""
    on_file = {
        row.id: row.values
        for row in figures.all_figures()
        if row.unit is figures.Unit.USD and row.file in ("limits.yaml", "constants.yaml")
    }
    assert on_file == TABLE


@pytest.mark.parametrize("row", figures.all_figures(), ids=lambda row: row.id)
def test_every_figure_says_where_it_comes_from_and_how_it_is_read(row: figures.Figure) -> None:
    assert row.cite.startswith(("IRC", "42 USC"))
    assert row.level in ("A", "B", "C")
    assert row.read_by in figures.ReadBy
    assert date(2026, 1, 1) <= row.checked_on
    assert row.name
    assert list(row.values) == sorted(row.values)


@pytest.mark.parametrize("figure_id", [row.id for row in figures.all_figures() if not row.carries_forward])
def test_indexed_figures_have_every_year_from_their_first_to_the_latest(figure_id: str) -> None:
    row = figures.figure(figure_id)
    assert set(row.values) == set(range(max(row.from_year, 2019), figures.latest_year() + 1))


@pytest.mark.parametrize(("figure_id", "column"), [(f, y) for f in COLA for y in TABLE[f]])
def test_published_figures_follow_from_the_indexing_formula_of_415d(figure_id: str, column: int) -> None:
    base, base_year, step = COLA[figure_id]
    # The HCE threshold's column is the lookback year it is published for; every other column likewise reads the Q3
    # before it.
    rise = base * (Fraction(Q3_CPI_U[column - 1], Q3_CPI_U[base_year]) - 1)
    assert TABLE[figure_id][column] == base + int(rise // step) * step


def test_a_figure_is_in_cents() -> None:
    assert figures.cents("limit_402g", CalendarYear(2026)) == 2_450_000


def test_another_kind_of_year_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="read by calendar_year, so it needs a CalendarYear"):
        figures.cents("limit_402g", PlanYear.starting(date(2026, 1, 1)))
    with pytest.raises(TypeError, match="limitation_year_ending_in"):
        figures.cents("limit_415c", CalendarYear(2026))


def test_plan_years_read_the_year_they_begin_in_and_limitation_years_the_one_they_end_in() -> None:
    assert figures.cents("limit_401a17", PlanYear.starting(date(2025, 7, 1))) == 35_000_000
    assert figures.cents("limit_415c", LimitationYear.starting(date(2025, 7, 1))) == 7_200_000
    assert figures.cents("key_officer_comp", PlanYear.starting(date(2025, 7, 1))) == 23_500_000


def test_a_year_that_is_not_on_file_is_refused_with_what_to_do() -> None:
    with pytest.raises(NotEnacted) as refusal:
        figures.cents("limit_402g", CalendarYear(2031))
    assert str(refusal.value) == (
        "No figures on file for 2031. Whoever runs this server installs a version of Open401k that has them; in a "
        "checkout, adds the column to src/open401k/law/figures/limits.yaml from the IRS notice "
        "(docs/howto/add-a-year.md)."
    )


def test_the_file_that_a_refusal_names_is_there() -> None:
    with pytest.raises(NotEnacted) as refusal:
        figures.cents("limit_402g", CalendarYear(2031))
    named = next(word for word in refusal.value.fix.split() if word.endswith(".yaml"))
    assert (Path(__file__).resolve().parents[2] / named).is_file()
    howto = refusal.value.fix.rsplit("(", 1)[1].removesuffix(").")
    assert (Path(__file__).resolve().parents[2] / howto).is_file()


def test_no_indexed_figure_is_guessed_for_2027() -> None:
    for row in figures.all_figures():
        if not row.carries_forward:
            with pytest.raises(NotEnacted, match="No figures on file for 2027"):
                figures.cents(row.id, year_for(row, 2027))


def test_a_figure_that_did_not_exist_yet_says_since_when_it_does() -> None:
    with pytest.raises(NotEnacted, match="begins in 2025"):
        figures.cents("limit_414v_age60_63", CalendarYear(2024))


def test_statutory_constants_carry_forward() -> None:
    assert figures.cents("key_1pct_owner_comp", PlanYear.starting(date(2040, 1, 1))) == 15_000_000
    assert figures.bps("safe_harbor_nonelective", PlanYear.starting(date(2040, 1, 1))) == 300


def test_units_are_not_mixed() -> None:
    with pytest.raises(TypeError, match="is in bps"):
        figures.cents("excise_4979", PlanYear.starting(date(2026, 1, 1)))


def test_the_version_changes_with_the_figures() -> None:
    # A new hash with an old version would let two parties believe that they calculate with the same law.
    assert (law.version(), law.sha256()) == (
        "2026.2",
        "7d9dceba0af5f4a64705701e3b8ec06e883c020aec40301661239f71321e3d3c",
    )
