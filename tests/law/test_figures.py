"""The figures of the law: typed twice, cited, read by the right kind of year, refused where not enacted."""

import re
from datetime import date
from pathlib import Path

import pytest

from open401k import law
from open401k.kernel import CalendarYear, LimitationYear, PlanYear, Year
from open401k.law import NotEnacted, figures
from tests.law.limits_typed_again import COLUMNS

SOURCE = Path(law.__file__).parents[1]

# The second typing of what holds until it is changed, in its own unit.
STATUTORY: dict[str, dict[int, int]] = {
    "key_1pct_owner_comp": {1984: 150000},
    "excise_4979": {1987: 1000},
    "safe_harbor_nonelective": {1999: 300},
    "safe_harbor_nonelective_late": {2020: 400},
    "emergency_expense_limit": {2024: 1000},
    "birth_adoption_limit": {2020: 5000},
    "disaster_distribution_limit": {2021: 22000},
    "cashout_threshold": {2002: 5000, 2024: 7000},
    "auto_rollover_threshold": {2005: 1000},
}


def year_for(figure: figures.Figure, column: int) -> Year:
    """A year that reads this column."""
    if figure.read_by is figures.ReadBy.CALENDAR_YEAR:
        return CalendarYear(column)
    kind = LimitationYear if figure.read_by is figures.ReadBy.LIMITATION_YEAR_ENDING_IN else PlanYear
    return kind.starting(date(column, 1, 1))


def test_every_limit_equals_the_second_typing() -> None:
    assert {
        (row.id, year): value
        for row in figures.all_figures()
        if row.file == "limits.yaml"
        for year, value in row.values.items()
    } == {(figure_id, year): value for year, column in COLUMNS.items() for figure_id, value in column.items()}


def test_every_statutory_figure_equals_the_second_typing() -> None:
    """Of constants.yaml; a subject's own file is typed again in that subject's tests."""
    assert {row.id: row.values for row in figures.all_figures() if row.file == "constants.yaml"} == STATUTORY


@pytest.mark.parametrize("row", figures.all_figures(), ids=lambda row: row.id)
def test_a_figure_was_compared_with_its_source_lately_and_its_years_are_in_order(row: figures.Figure) -> None:
    """What a row must say at all is held where it is read (test_sourced.py)."""
    assert date(2026, 1, 1) <= row.checked_on
    assert list(row.values) == sorted(row.values)


@pytest.mark.parametrize("figure_id", [row.id for row in figures.all_figures() if not row.carries_forward])
def test_indexed_figures_have_every_year_from_their_first_to_the_latest(figure_id: str) -> None:
    row = figures.figure(figure_id)
    assert list(row.values) == list(range(min(row.values), max(row.values) + 1))
    assert row.from_year in (0, min(row.values))


def test_the_latest_year_is_open_for_every_figure_that_payrolls_and_plan_tests_read() -> None:
    """Why: a figure of IRAs that comes late, or one of 2027 that comes early, must not move the year of the plans."""
    rooms = [path for room in ("payroll", "recordkeeping", "compliance") for path in (SOURCE / room).rglob("*.py")]
    used = {
        name
        for path in rooms
        for name in re.findall(r"\blaw(?:\.| import )([\w, ]+)", path.read_text())
        for name in name.split(", ")
    }
    subjects = [path for path in (SOURCE / "law").glob("*.py") if path.stem in used]
    read = {
        figure_id
        for path in (*rooms, *subjects)
        for figure_id in re.findall(r'figures\.(?:cents|bps|count)\(\s*"(\w+)"', path.read_text())
    }
    # An integrated share that is declared asks for the wage base, and is refused by itself where it is not on file.
    indexed = {each for each in read if not figures.figure(each).carries_forward} - {"ss_wage_base"}
    assert indexed == {each.id for each in figures.opening_a_year()}
    for row in figures.opening_a_year():
        figures.cents(row.id, year_for(row, figures.latest_year()))


def test_a_year_opens_with_the_last_of_those_figures_and_not_with_another(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in figures.opening_a_year():
        assert figures.latest_year() == 2026
        monkeypatch.setitem(row.values, 2027, 1)
    assert figures.latest_year() == 2027
    assert 2027 not in figures.figure("ira_limit").values


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


def test_no_indexed_figure_is_guessed_for_the_year_after_its_last_column() -> None:
    for row in figures.all_figures():
        if not row.carries_forward:
            missing = max(row.values) + 1
            assert missing >= 2026
            with pytest.raises(NotEnacted, match=f"No figures on file for {missing}"):
                figures.cents(row.id, year_for(row, missing))


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
        "f34e87e7c6a58f0497e55bf1cc100640610df432be43f46ab2956009f5639bd1",
    )
