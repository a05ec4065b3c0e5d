"""IRC 415(d): the formula gives every limit that was published, and estimates what is not, marked as such."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import CalendarYear
from open401k.law import NotEnacted, explain, figures, indexing, tables
from tests.law.limits_typed_again import COLUMNS

# The second typing, from the sections: base amount, year of the base quarter, step.
INDEXED = {
    "limit_415b": (160_000, 2001, 5_000),  # 415(d)(1)(A), (3)(A), (4)(A)
    "limit_415c": (40_000, 2001, 1_000),  # 415(d)(1)(C), (3)(D), (4)(B)
    "limit_401a17": (200_000, 2001, 5_000),  # 401(a)(17)(B)
    "limit_402g": (15_000, 2005, 500),  # 402(g)(4)
    "limit_457e15": (15_000, 2005, 500),  # 457(e)(15)(B)
    "limit_414v_age50": (5_000, 2005, 500),  # 414(v)(2)(C)(i), first sentence
    "simple_catchup": (2_500, 2005, 500),
    "limit_414v_age60_63": (11_250, 2024, 500),  # 414(v)(2)(C)(i), second sentence
    "simple_catchup_60_63": (5_250, 2024, 500),
    "simple_catchup_higher": (3_850, 2023, 500),  # 414(v)(2)(C)(ii)
    "roth_catchup_wage_threshold": (145_000, 2023, 5_000),  # 414(v)(7)(E)
    "hce_comp_threshold": (80_000, 1996, 5_000),  # 414(q)(1): the quarter ending September 30, 1996; 415(d)(4)(A)
    "key_officer_comp": (130_000, 2001, 5_000),  # 416(i)(1)(A)
    "sep_min_comp": (450, 2001, 50),  # 408(k)(8), which names no base: that of 415(d) gives all that was published
    "simple_deferral": (10_000, 2004, 500),  # 408(p)(2)(E)(iii)(I)
    "simple_deferral_higher": (17_600, 2023, 500),  # 408(p)(2)(E)(iii)(II)
    "starter_401k_deferral": (6_000, 2023, 500),  # 401(k)(16)(D)(ii): as 402(g)(4), 2023 for 2005
    "plesa_balance_limit": (2_500, 2023, 100),  # 402A(e)(3)(A)(ii)
    "qlac_premium_limit": (200_000, 2022, 10_000),  # SECURE 2.0 s. 202(a)(2); before it, 125,000 from 2014
}
# CPI-U, not seasonally adjusted: July, August, September.
CPI_U = {
    1996: ("157.0", "157.3", "157.8"),
    2001: ("177.5", "177.5", "178.3"),
    2004: ("189.4", "189.5", "189.9"),
    2005: ("195.4", "196.4", "198.8"),
    2018: ("252.006", "252.146", "252.439"),
    2019: ("256.571", "256.558", "256.759"),
    2020: ("259.101", "259.918", "260.280"),
    2021: ("273.003", "273.567", "274.310"),
    2022: ("296.276", "296.171", "296.808"),
    2023: ("305.691", "307.026", "307.789"),
    2024: ("314.540", "314.796", "315.301"),
    2025: ("323.048", "323.976", "324.800"),
}
# Year by year: which average of July to September 2026 gives which limit of 2027 (of figures.yaml, three decimals).
TRIGGERS_2027 = {
    "limit_402g": {24_500: "321.549", 25_000: "328.111", 25_500: "334.673"},
    "limit_414v_age50": {8_000: "314.987", 8_500: "334.673"},
    "limit_414v_age60_63": {11_250: "314.879", 11_750: "328.874", 12_250: "342.868"},
    "limit_415c": {73_000: "324.424", 74_000: "328.868", 75_000: "333.312", 76_000: "337.757"},
    "limit_401a17": {365_000: "324.424", 370_000: "328.868", 375_000: "333.312", 380_000: "337.757"},
    "limit_415b": {295_000: "327.757", 300_000: "333.312", 305_000: "338.868"},
    "hce_comp_threshold": {165_000: "324.569", 170_000: "334.404"},
    "key_officer_comp": {240_000: "328.185", 245_000: "335.022"},
    "roth_catchup_wage_threshold": {155_000: "327.996", 160_000: "338.577"},
    "simple_deferral": {17_500: "331.800", 18_000: "341.280"},
}
NOT_YET = CalendarYear(2027)
ids = st.sampled_from(sorted(INDEXED))
indices = st.integers(min_value=300_000, max_value=900_000)


def test_the_settings_equal_the_second_typing() -> None:
    settings = [tables.edition(f"indexing_{part}", date(2026, 1, 1)) for part in ("base", "base_year", "step")]
    assert indexing.indexed_figures() == tuple(sorted(INDEXED))
    assert {each: tuple(int(rows[each]) for rows in settings) for each in INDEXED} == INDEXED
    assert all(set(rows) == set(INDEXED) for rows in settings)


def test_the_price_index_equals_the_second_typing() -> None:
    assert {key: str(value) for key, value in tables.edition("cpi_u", date(2026, 1, 1)).items()} == {
        f"{year}-{month:02}": value
        for year, months in CPI_U.items()
        for month, value in zip((7, 8, 9), months, strict=True)
    }


@pytest.mark.parametrize(
    ("figure_id", "year"),
    [
        (figure_id, y)
        for y, column in COLUMNS.items()
        for figure_id in column
        if figure_id in INDEXED and y > INDEXED[figure_id][1]
    ],
)
def test_a_published_limit_follows_from_the_formula(figure_id: str, year: int) -> None:
    base, base_year, step = INDEXED[figure_id]
    rise = base * (Fraction(indexing.index_of(year=year - 1), indexing.index_of(year=base_year)) - 1)
    assert COLUMNS[year][figure_id] == base + int(rise // step) * step
    found = indexing.by_formula(figure_id=figure_id, year=CalendarYear(year))
    assert found.by_formula_cents == COLUMNS[year][figure_id] * 100


def test_nothing_on_file_differs_from_its_formula() -> None:
    assert indexing.differing() == ()


def test_a_limit_typed_wrongly_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(figures.figure("limit_415c").values, 2024, 96_000)
    assert [(each.figure_id, each.year, each.by_formula_cents) for each in indexing.differing()] == [
        ("limit_415c", 2024, 6_900_000)
    ]


def test_the_limit_of_2026_from_its_averages() -> None:
    """The vector of figures.yaml: 15,000, 196.8667, 323.9413, 500."""
    found = indexing.by_formula(figure_id="limit_402g", year=CalendarYear(2026))
    assert (round(float(found.base_index), 4), round(float(found.index), 4)) == (196.8667, 323.9413)
    assert found.by_formula_cents == 2_450_000


@pytest.mark.parametrize(
    ("figure_id", "limit"), [(each, limit) for each in TRIGGERS_2027 for limit in TRIGGERS_2027[each]]
)
def test_the_index_from_which_a_limit_of_2027_holds(figure_id: str, limit: int) -> None:
    least = indexing.step_from_thousandths(figure_id=figure_id, limit_cents=limit * 100)
    told = int(TRIGGERS_2027[figure_id][limit].replace(".", ""))
    assert least - told in (0, 1)  # told is rounded to the nearest thousandth, the least is rounded up
    for index, expected in ((least, limit), (least - 1, limit - INDEXED[figure_id][2])):
        found = indexing.estimate(figure_id=figure_id, year=NOT_YET, index_thousandths=index)
        assert found.estimated_cents == max(expected * 100, found.last_cents)


def test_an_estimate_is_no_figure() -> None:
    found = indexing.estimate(figure_id="limit_402g", year=NOT_YET, index_thousandths=335_123)
    assert (found.estimated_cents, found.next_step_from_thousandths) == (2_550_000, 341_236)
    assert found.index_assumed
    with pytest.raises(NotEnacted):
        figures.cents("limit_402g", NOT_YET)
    for wrong in (int, float):
        with pytest.raises(TypeError):
            wrong(found)  # type: ignore[arg-type, call-overload]


def test_an_index_that_falls_lowers_no_limit() -> None:
    """Notice 2009-94: the index of 2009 was below that of 2008, and the limits of 2010 stayed."""
    found = indexing.estimate(figure_id="limit_415c", year=NOT_YET, index_thousandths=300_000)
    assert found.estimated_cents == found.last_cents == 7_200_000


def test_an_estimate_without_the_index_of_its_year_is_refused() -> None:
    with pytest.raises(NotEnacted, match="no entry for 2026-07"):
        indexing.estimate(figure_id="limit_402g", year=NOT_YET)


def test_an_estimate_reads_the_index_that_is_on_file(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {each: value for each, value in figures.figure("limit_402g").values.items() if each < 2026}
    monkeypatch.setattr(figures, "figure", lambda _: _row(values))
    found = indexing.estimate(figure_id="limit_402g", year=CalendarYear(2026))
    assert (found.estimated_cents, found.last_year, found.index_assumed) == (2_450_000, 2025, False)


def _row(values: dict[int, int]) -> figures.Figure:
    return figures.Figure(
        id="limit_402g", name="Limit", cite="IRC 402(g)", level="A", read_by=figures.ReadBy.CALENDAR_YEAR,
        unit=figures.Unit.USD, values=values, checked_on=date(2026, 1, 1), carries_forward=False, from_year=0,
        file="limits.yaml",
    )  # fmt: skip


def test_what_is_on_file_is_not_estimated() -> None:
    with pytest.raises(indexing.AlreadyOnFile, match="Elective deferral limit of 2026 is on file"):
        indexing.estimate(figure_id="limit_402g", year=CalendarYear(2026), index_thousandths=323_941)


@pytest.mark.parametrize("figure_id", ["ira_limit", "ss_wage_base", "key_1pct_owner_comp", "no_such_figure"])
def test_what_another_index_or_none_moves_is_refused_by_name(figure_id: str) -> None:
    with pytest.raises(ValueError, match=f"figure_id: {figure_id} is not indexed"):
        indexing.estimate(figure_id=figure_id, year=NOT_YET, index_thousandths=335_000)
    with pytest.raises(ValueError, match="figure_id"):
        indexing.step_from_thousandths(figure_id=figure_id, limit_cents=1)


def test_what_cannot_be_meant_is_refused_by_name() -> None:
    for index in (0, -1):
        with pytest.raises(ValueError, match="index_thousandths"):
            indexing.estimate(figure_id="limit_402g", year=NOT_YET, index_thousandths=index)
    with pytest.raises(ValueError, match=r"year: limit_402g is indexed from the third quarter of 2005"):
        indexing.by_formula(figure_id="limit_402g", year=CalendarYear(2005))
    with pytest.raises(ValueError, match="limit_cents"):
        indexing.step_from_thousandths(figure_id="limit_402g", limit_cents=1_400_000)


@given(figure_id=ids, lower=indices, higher=indices)
def test_a_higher_index_never_gives_a_lower_limit(figure_id: str, lower: int, higher: int) -> None:
    low, high = (
        indexing.estimate(figure_id=figure_id, year=NOT_YET, index_thousandths=index).estimated_cents
        for index in sorted((lower, higher))
    )
    assert low <= high


@given(figure_id=ids, index=indices)
def test_the_next_step_begins_where_the_estimate_says(figure_id: str, index: int) -> None:
    found = indexing.estimate(figure_id=figure_id, year=NOT_YET, index_thousandths=index)
    step = INDEXED[figure_id][2] * 100
    at, before = (
        indexing.estimate(
            figure_id=figure_id, year=NOT_YET, index_thousandths=found.next_step_from_thousandths - back
        ).estimated_cents
        for back in (0, 1)
    )
    assert (at, before) == (found.estimated_cents + step, found.estimated_cents)


def test_the_words_say_that_it_is_an_estimate() -> None:
    found = indexing.estimate(figure_id="limit_402g", year=NOT_YET, index_thousandths=335_123)
    assert explain.explain(found) == (
        "An estimate, not law: for 2027 the elective deferral limit would be $25,500.00, by an assumed average price "
        "index of July to September 2026 of 335.123; a step higher from 341.236. Announced is $24,500.00 for 2026 "
        "(IRC 415(d); IRC 402(g)(1)(B), (4); Notice 2025-67 (2026))."
    )
    simple = indexing.estimate(figure_id="simple_deferral", year=NOT_YET, index_thousandths=335_123)
    assert "the SIMPLE salary reduction limit would be $17,500.00" in explain.explain(simple)


def test_the_words_of_a_check_show_its_working() -> None:
    assert explain.explain(indexing.by_formula(figure_id="limit_415c", year=CalendarYear(2026))) == (
        "Annual additions dollar limit of 2026 by its formula: $40,000.00 risen with the price index from 177.766 "
        "(third quarter of 2001) to 323.941, the increase rounded down to whole $1,000.00: $72,000.00 (IRC 415(d); "
        "IRC 415(c)(1)(A), (d))."
    )
