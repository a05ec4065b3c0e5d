"""Catch-up of a year: by which limit, how much, and what is done where it had to be Roth."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import CalendarYear
from open401k.law import catch_up, figures
from open401k.law.catch_up import RothCorrection, RothCorrectionBar
from open401k.law.explain import explain
from tests.law.on_file import facts

YEAR = CalendarYear(2026)


def of_year(
    deferred: int, *, limit: int = 24_500_00, age_limit: int = 8_000_00, pay: int = 200_000_00, over_415: int = 0,
    adp: int = 0, elsewhere: int = 0,
) -> tuple[int, int, int, int]:  # fmt: skip
    found = catch_up.catch_up_of_year(
        deferrals=np.array([deferred]), deferral_limit=np.array([limit]), catch_up_limit=np.array([age_limit]),
        section_415_compensation=np.array([pay]), over_415=np.array([over_415]), adp_excess=np.array([adp]),
        used_elsewhere=np.array([elsewhere]),
    )  # fmt: skip
    return int(found.regular[0]), int(found.by_limits[0]), int(found.by_adp[0]), int(found.over[0])


def test_cat_2_above_the_402g_limit() -> None:
    given_, expected = facts("CAT-2")
    regular, by_limits, _, over = of_year(
        given_["deferrals_usd"] * 100, limit=given_["limit_402g_usd"] * 100,
        age_limit=given_["catch_up_limit_usd"] * 100,
    )  # fmt: skip
    assert (by_limits, over, regular) == (
        expected["catch_up_usd"] * 100, expected["excess_deferral_usd"] * 100, expected["adp_numerator_usd"] * 100,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ({"deferred": 24_500_00}, (24_500_00, 0, 0, 0)),
        ({"deferred": 32_500_00}, (24_500_00, 8_000_00, 0, 0)),
        ({"deferred": 32_500_01}, (24_500_00, 8_000_00, 0, 1)),
        # The plan's own limit of 10 % of 120,000, as in 2006: 17,000 deferred, 5,000 are catch-up.
        ({"deferred": 17_000_00, "limit": 12_000_00, "age_limit": 5_000_00}, (12_000_00, 5_000_00, 0, 0)),
        # Below the plan's limit nothing is catch-up, whatever was meant.
        ({"deferred": 8_500_00, "limit": 12_000_00, "age_limit": 5_000_00}, (8_500_00, 0, 0, 0)),
        # Over 415 by 3,000 and not over 402(g).
        ({"deferred": 20_000_00, "over_415": 3_000_00}, (17_000_00, 3_000_00, 0, 0)),
        # Over two limits is over once.
        ({"deferred": 26_500_00, "over_415": 2_000_00}, (24_500_00, 2_000_00, 0, 0)),
        # What the ADP test attributes uses up what the limits left.
        ({"deferred": 30_500_00, "adp": 5_000_00}, (22_500_00, 6_000_00, 2_000_00, 0)),
        # Another plan of the employer has used 6,000.
        ({"deferred": 28_500_00, "elsewhere": 6_000_00}, (24_500_00, 2_000_00, 0, 2_000_00)),
        # Below 50 nothing is.
        ({"deferred": 25_000_00, "age_limit": 0, "adp": 1_00}, (24_500_00, 0, 0, 500_00)),
    ],
)
def test_catch_up_at_its_edges(what: dict[str, int], expected: tuple[int, int, int, int]) -> None:
    assert of_year(**what) == expected


def test_catch_up_is_never_more_than_pay_leaves() -> None:
    """IRC 414(v)(2)(A)(ii); Reg. 1.414(v)-1(c)(1)."""
    assert of_year(30_000_00, pay=28_000_00) == (24_500_00, 3_500_00, 0, 2_000_00)
    assert of_year(30_000_00, pay=24_500_00) == (24_500_00, 0, 0, 5_500_00)


def test_a_limit_that_changes_is_summed_over_its_parts_or_weighted_by_time() -> None:
    """Reg. 1.414(v)-1(b)(2)(i): 10 % for nine months, 8 % for three, of pay that rises."""
    parts = catch_up.limit_of_parts(limits_bps=[1_000, 800], pay_of_parts_cents=[80_000_00, 40_000_00])
    assert parts == 11_200_00
    assert (
        catch_up.time_weighted_limit(limits_bps=[1_000, 800], months=[9, 3], compensation_cents=120_000_00) == 11_400_00
    )
    with pytest.raises(ValueError, match="limits_bps: 1 limits for 2 parts"):
        catch_up.limit_of_parts(limits_bps=[1_000], pay_of_parts_cents=[1, 2])
    with pytest.raises(ValueError, match="months"):
        catch_up.time_weighted_limit(limits_bps=[1_000], months=[0], compensation_cents=1)


def test_catch_up_is_told_by_its_reason() -> None:
    found = catch_up.catch_up_of_year(
        deferrals=np.array([33_000_00, 20_000_00]), deferral_limit=np.array([24_500_00, 24_500_00]),
        catch_up_limit=np.array([8_000_00, 8_000_00]), section_415_compensation=np.array([200_000_00, 200_000_00]),
        adp_excess=np.array([0, 1_000_00]),
    )  # fmt: skip
    assert found.total.tolist() == [8_000_00, 1_000_00]
    assert explain(found) == (
        "$8,000.00 are catch-up since they exceed a limit, $1,000.00 because of the ADP test (IRC 414(v)(3)(A); Reg. "
        "1.414(v)-1(b)(1)). $500.00 are over the limits and no catch-up: they must leave."
    )


def test_negative_deferrals_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="deferrals"):
        of_year(-1)


@given(
    deferred=st.integers(0, 50_000_00), limit=st.integers(0, 24_500_00),
    age_limit=st.sampled_from([0, 8_000_00, 11_250_00]),
    pay=st.integers(0, 60_000_00), adp=st.integers(0, 20_000_00), over=st.integers(0, 20_000_00),
)  # fmt: skip
def test_the_parts_add_up_and_catch_up_keeps_to_its_limits(
    deferred: int, limit: int, age_limit: int, pay: int, adp: int, over: int
) -> None:
    regular, by_limits, by_adp, too_much = of_year(
        deferred, limit=limit, age_limit=age_limit, pay=pay, adp=adp, over_415=over
    )
    assert regular + by_limits + by_adp + too_much == deferred
    assert min(regular, by_limits, by_adp, too_much) >= 0
    assert by_limits + by_adp <= age_limit
    assert by_limits == 0 or regular + by_adp + by_limits <= pay
    assert regular + by_adp <= limit


def test_the_figures_equal_the_second_typing() -> None:
    on_file = {row.id: row.values for row in figures.all_figures() if row.file == "deferral_rules.yaml"}
    assert on_file == {
        "roth_catchup_de_minimis": {2026: 250}, "deduction_404a3": {2002: 2_500}, "excise_4972": {1987: 1_000},
    }  # fmt: skip


def corrections(
    cents: int = 5_000_00, on: date = date(2027, 1, 15), w2: date | None = None, *, later_w2: bool = False,
    roth: bool = True, deemed: bool = True, procedures: bool = True,
) -> catch_up.RothCorrections:  # fmt: skip
    return catch_up.roth_corrections(
        pre_tax_cents=cents, earnings_cents=100_00, year=YEAR, corrected_on=on, plan_has_roth=roth,
        plan_deems_roth_election=deemed, practices_and_procedures=procedures, w2_filed_or_furnished_on=w2,
        shown_only_by_a_later_w2=later_w2,
    )  # fmt: skip


def test_before_the_w2_is_out_the_amount_goes_on_it_without_its_earnings() -> None:
    found = corrections()
    assert [each.method for each in found.options] == [
        RothCorrection.W2, RothCorrection.IN_PLAN_ROLLOVER, RothCorrection.DISTRIBUTION,
    ]  # fmt: skip
    on_w2, rollover, _ = found.options
    assert (on_w2.taxed_in, on_w2.taxed_cents, on_w2.moved_cents) == (YEAR, 5_000_00, 5_100_00)
    assert (rollover.taxed_in, rollover.taxed_cents) == (CalendarYear(2027), 5_100_00)


@pytest.mark.parametrize(
    ("on", "taxed_in", "taxed_cents", "when_paid"),
    [(date(2027, 4, 15), 2026, 5_000_00, 100_00), (date(2027, 4, 16), 2027, 5_100_00, 0)],
)
def test_a_timely_payment_above_402g_is_taxed_in_the_year_of_deferral(
    on: date, taxed_in: int, taxed_cents: int, when_paid: int
) -> None:
    """IRC 402(g)(2)(C): "included in gross income for the taxable year" of deferral; income "for the taxable year in
    which such income is distributed".
    """
    found = catch_up.roth_corrections(
        pre_tax_cents=5_000_00,
        earnings_cents=100_00,
        year=YEAR,
        corrected_on=on,
        plan_has_roth=False,
        plan_deems_roth_election=False,
        practices_and_procedures=False,
        w2_filed_or_furnished_on=None,
        over_the_402g_limit=True,
    )
    (paid,) = found.options
    assert (paid.taxed_in, paid.taxed_cents) == (CalendarYear(taxed_in), taxed_cents)
    assert paid.income_taxed_when_paid_cents == when_paid
    assert ("of income when paid" in explain(found)) is bool(when_paid)


def test_once_the_w2_is_out_only_the_rollover_keeps_the_money_as_roth() -> None:
    found = corrections(w2=date(2027, 1, 15))
    assert [each.method for each in found.options] == [RothCorrection.IN_PLAN_ROLLOVER, RothCorrection.DISTRIBUTION]
    assert found.bars == (RothCorrectionBar.W2_ALREADY_OUT,)
    assert "Not otherwise, since the Form W-2 is out." in explain(found)
    assert corrections(w2=date(2027, 1, 16)).options[0].method is RothCorrection.W2


@pytest.mark.parametrize(
    ("lacks", "bar"),
    [
        ("roth", RothCorrectionBar.NO_ROTH_IN_PLAN),
        ("deemed", RothCorrectionBar.NO_DEEMED_ELECTION),
        ("procedures", RothCorrectionBar.NO_PROCEDURES),
    ],
)
def test_a_plan_that_lacks_a_condition_pays_it_out(lacks: str, bar: RothCorrectionBar) -> None:
    found = corrections(**{lacks: False})  # type: ignore[arg-type]
    assert [each.method for each in found.options] == [RothCorrection.DISTRIBUTION]
    assert found.bars == (bar,)


def test_small_amounts_and_what_came_out_too_late_are_left_alone() -> None:
    for found in (corrections(250_00), corrections(later_w2=True)):
        assert found.options[0].method is RothCorrection.NOT_NEEDED
        assert explain(found) == "Nothing has to be corrected (Reg. 1.414(v)-2(c))."
    assert corrections(250_01).options[0].method is RothCorrection.W2


def test_years_without_the_requirement_are_refused() -> None:
    with pytest.raises(ValueError, match="year, corrected_on"):
        corrections(on=date(2025, 12, 31))
    with pytest.raises(ValueError, match="pre_tax_cents"):
        corrections(-1)
