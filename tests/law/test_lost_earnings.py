"""Lost earnings by the DOL's method, the excise tax, self-correction and the extension of a deposit deadline."""

from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given as prove
from hypothesis import strategies as st

from open401k.law import NotEnacted, deadlines, late_deposits, lost_earnings, tables
from open401k.law.given import ImpossibleInput
from open401k.law.late_deposits import SelfCorrectionBar
from tests.law.on_file import facts

# The underpayment rates typed a second time, by year and quarter, from the quarterly announcements.
TYPED_AGAIN = {
    1990: "11 11 11 11", 1991: "11 10 10 10", 1992: "9 8 8 7", 1993: "7 7 7 7", 1994: "7 7 8 9", 1995: "9 10 9 9",
    1996: "9 8 9 9", 1997: "9 9 9 9", 1998: "9 8 8 8", 1999: "7 8 8 8", 2000: "8 9 9 9", 2001: "9 8 7 7",
    2002: "6 6 6 6", 2003: "5 5 5 4", 2004: "4 5 4 5", 2005: "5 6 6 7", 2006: "7 7 8 8", 2007: "8 8 8 8",
    2008: "7 6 5 6", 2009: "5 4 4 4", 2010: "4 4 4 4", 2011: "3 4 4 3", 2012: "3 3 3 3", 2013: "3 3 3 3",
    2014: "3 3 3 3", 2015: "3 3 3 3", 2016: "3 4 4 4", 2017: "4 4 4 4", 2018: "4 5 5 5", 2019: "6 6 5 5",
    2020: "5 5 3 3", 2021: "3 3 3 3", 2022: "3 4 5 6", 2023: "7 7 7 8", 2024: "8 8 8 8", 2025: "7 7 7 7",
    2026: "7 6 7 7",
}  # fmt: skip

#: Amount, loss, recovery and payment day, and the result of the DOL's calculator, as a public workbook keeps them to
#: check itself (Exodar898/VFCP-Calculator). Its last row, paid in 2021, is left out: the workbook ends with 2020Q1.
CALCULATOR = [
    (5_000_000, "2015-01-01", "2015-03-31", "2015-03-31", 36_708),
    (5_000_000, "2018-04-16", "2018-05-30", "2018-05-30", 30_226),
    (5_000_000, "2018-04-16", "2018-09-30", "2018-09-30", 115_694),
    (5_000_000, "2018-11-15", "2019-01-30", "2019-01-30", 56_477),
    (5_000_000, "2002-01-01", "2002-05-23", "2002-05-23", 118_075),
    (5_000_000, "2005-08-20", "2005-12-15", "2005-12-15", 107_709),
    (5_000_000, "2006-01-01", "2006-01-15", "2006-01-15", 13_441),
    (5_000_000, "2005-12-31", "2006-01-15", "2006-01-15", 14_403),
    (5_000_000, "2006-01-01", "2006-03-25", "2006-03-25", 80_218),
    (5_000_000, "2005-10-20", "2005-12-30", "2005-12-30", 68_541),
    (5_000_000, "2005-11-15", "2006-01-30", "2006-01-30", 73_403),
    (5_000_000, "2005-11-15", "2006-03-30", "2006-03-30", 131_130),
    (5_000_000, "2005-11-15", "2006-03-31", "2006-03-31", 132_114),
    (5_000_000, "2005-11-15", "2009-04-01", "2009-04-01", 1_332_460),
    (5_000_000, "2017-04-01", "2018-05-06", "2019-04-01", 240_391),
    (5_000_000, "2005-11-15", "2017-04-01", "2017-04-10", 3_319_453),
    (5_000_000, "2005-11-15", "2017-04-01", "2017-04-01", 3_316_181),
    (6_000_000, "2005-11-15", "2017-04-01", "2017-04-01", 3_979_417),
    (11_481, "2019-07-15", "2020-01-09", "2020-01-09", 283),
    (11_481, "2019-07-30", "2020-01-09", "2020-01-09", 259),
    (11_481, "2019-08-15", "2020-01-09", "2020-01-09", 233),
    (11_481, "2019-08-30", "2020-01-09", "2020-01-09", 209),
    (11_481, "2019-12-30", "2020-01-09", "2020-01-09", 16),
]


def test_the_rates_on_file_equal_the_second_typing() -> None:
    typed = {f"{year}Q{place}": rate for year, row in TYPED_AGAIN.items() for place, rate in enumerate(row.split(), 1)}
    on_file = tables.edition("underpayment_rate", date(1990, 1, 1))
    assert {quarter: str(rate) for quarter, rate in on_file.items()} == typed


def test_dep_4_a_quarter_of_the_manual() -> None:
    given, expected = facts("DEP-4")
    owed = Fraction(str(given["amount_owed_at_2004_06_30_usd"])) * 100
    (quarter,) = lost_earnings.grow(owed, after=date(2004, 6, 30), until=date(2004, 9, 30))
    assert (quarter.days, quarter.year_days, quarter.rate_percent) == (92, 366, given["rate_pct"])
    assert abs(float((quarter.owed - owed) / 100) - expected["interest_usd"]) < 1.5e-6
    assert abs(float(quarter.owed / 100) - expected["owed_at_2004_09_30_usd"]) < 1.5e-6


@pytest.mark.parametrize(
    ("rate", "days", "year_days", "printed"),
    [
        # Rev. Proc. 95-17, tables for 3 % (365 days) and 5 % (366 days, Table 63), and what the manual quotes.
        (3, 1, 365, "0.000082192"),
        (3, 10, 365, "0.000822222"),
        (3, 23, 365, "0.001892121"),
        (5, 5, 366, "0.000683247"),
        (5, 91, 365, "0.012542910"),
        (5, 90, 366, "0.012370127"),
    ],
)
def test_factors_are_those_of_the_printed_tables(rate: int, days: int, year_days: int, printed: str) -> None:
    assert lost_earnings.interest_factor(rate_percent=rate, days=days, year_days=year_days) == Fraction(printed)


def test_the_example_of_the_regulation_on_daily_compounding() -> None:
    """Reg. 301.6622-1(c)(2): $1,424.66 from 31 December 1982 to 1 March 1983 at 16 % is $1,462.62."""
    factor = lost_earnings.interest_factor(rate_percent=16, days=60, year_days=365)
    assert abs(142_466 * (1 + factor) - 146_262) < 2


def test_company_a_of_the_program_owes_65_69() -> None:
    """VFC Program section 5(b): $10,000 due on 16 March 2001 and deposited on 13 April 2001."""
    found = lost_earnings.lost_earnings(
        principal_cents=1_000_000, loss_on=date(2001, 3, 16), recovered_on=date(2001, 4, 13)
    )
    assert [(each.days, each.rate_percent) for each in found.until_recovery] == [(15, 9), (13, 8)]
    assert (found.lost_earnings_cents, found.interest_cents, found.large_loss) == (6_569, 0, False)


@pytest.mark.parametrize(("principal", "loss", "recovered", "paid", "due"), CALCULATOR)
def test_results_of_the_calculator_of_the_dol(principal: int, loss: str, recovered: str, paid: str, due: int) -> None:
    found = lost_earnings.lost_earnings(
        principal_cents=principal,
        loss_on=date.fromisoformat(loss),
        recovered_on=date.fromisoformat(recovered),
        paid_on=date.fromisoformat(paid),
    )
    assert found.total_cents == due


def test_a_large_loss_is_counted_at_the_rate_for_large_underpayments() -> None:
    def owed(principal: int) -> lost_earnings.LostEarnings:
        return lost_earnings.lost_earnings(
            principal_cents=principal, loss_on=date(2005, 12, 31), recovered_on=date(2006, 12, 31)
        )

    below, above = owed(120_000_000), owed(140_000_000)
    assert (below.large_loss, above.large_loss) == (False, True)
    assert [each.rate_percent for each in above.until_recovery] == [9, 9, 10, 10]
    assert [each.rate_percent for each in below.until_recovery] == [7, 7, 8, 8]


def test_a_quarter_that_is_not_announced_is_refused() -> None:
    with pytest.raises(NotEnacted, match="no entry for 2027Q1"):
        lost_earnings.lost_earnings(principal_cents=1, loss_on=date(2026, 12, 1), recovered_on=date(2027, 1, 2))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"principal_cents": -1}, "principal_cents"),
        ({"recovered_on": date(2026, 1, 1)}, "recovered_on"),
        ({"paid_on": date(2026, 2, 1)}, "paid_on"),
    ],
)
def test_impossible_facts_are_refused_by_field(change: dict[str, object], field: str) -> None:
    told = {"principal_cents": 1, "loss_on": date(2026, 1, 2), "recovered_on": date(2026, 3, 1)} | change
    with pytest.raises(ImpossibleInput, match=field):
        lost_earnings.lost_earnings(**told)  # type: ignore[arg-type]


def test_participants_share_the_whole_to_the_cent() -> None:
    whole, parts = lost_earnings.lost_earnings_by_person(
        principal=np.array([100_000, 0, 333_333, 66_667]), loss_on=date(2026, 1, 9), recovered_on=date(2026, 3, 9)
    )
    assert int(parts.sum()) == whole.total_cents > 0
    assert parts[1] == 0
    nothing, none = lost_earnings.lost_earnings_by_person(
        principal=np.array([], dtype=np.int64), loss_on=date(2026, 1, 9), recovered_on=date(2026, 3, 9)
    )
    assert (nothing.total_cents, none.size) == (0, 0)


@prove(
    principal=st.integers(0, 50_000_000),
    more=st.integers(0, 5_000_000),
    start=st.dates(date(1991, 1, 1), date(2025, 1, 1)),
    first=st.integers(0, 200),
    then=st.integers(0, 200),
)
def test_more_money_and_more_time_never_earn_less_and_a_stop_changes_nothing(
    principal: int, more: int, start: date, first: int, then: int
) -> None:
    middle, end = start + timedelta(days=first), start + timedelta(days=first + then)
    whole = lost_earnings.grow(Fraction(principal), after=start, until=end)
    owed = whole[-1].owed if whole else Fraction(principal)
    assert owed >= principal
    part = lost_earnings.grow(Fraction(principal), after=start, until=middle)
    assert owed >= (part[-1].owed if part else principal)
    larger = lost_earnings.grow(Fraction(principal + more), after=start, until=end)
    assert (larger[-1].owed if larger else principal + more) >= owed
    assert sum(each.days for each in whole) == first + then


def test_self_correction_is_open_up_to_1000_dollars_and_180_days() -> None:
    found = late_deposits.self_correction(
        principal_cents=2_000_000, withheld_on=date(2026, 1, 9), remitted_on=date(2026, 3, 2)
    )
    assert (found.available, found.limit_cents, found.remit_by) == (True, 100_000, date(2026, 7, 8))
    late = late_deposits.self_correction(
        principal_cents=10_000_000,
        withheld_on=date(2025, 3, 1),
        remitted_on=date(2025, 8, 29),
        under_investigation=True,
    )
    assert late.bars == (
        SelfCorrectionBar.UNDER_INVESTIGATION,
        SelfCorrectionBar.REMITTED_TOO_LATE,
        SelfCorrectionBar.LOST_EARNINGS_TOO_HIGH,
    )
    early = late_deposits.self_correction(
        principal_cents=100, withheld_on=date(2025, 3, 1), remitted_on=date(2025, 3, 16)
    )
    assert early.bars == (SelfCorrectionBar.NOT_YET,)


def test_the_excise_of_a_use_over_two_tax_years_taxes_the_first_interest_twice() -> None:
    """IRC 4975(a), (f)(2); Form 5330 instructions, Schedule C: each tax year begins a new transaction."""
    tax = late_deposits.late_deposit_excise(
        principal_cents=10_000_000, loss_on=date(2025, 12, 1), corrected_on=date(2026, 2, 1)
    )
    first, second = tax.years
    assert (first.year_ends_on, second.year_ends_on) == (date(2025, 12, 31), date(2026, 12, 31))
    assert second.amount_involved_cents == first.interest_cents + second.interest_cents
    assert first.tax_cents == round(first.interest_cents * 0.15)
    assert tax.tax_cents == first.tax_cents + second.tax_cents
    assert (first.form_5330_by, second.form_5330_by) == (date(2026, 7, 31), date(2027, 8, 2))
    assert tax.second_tier_cents == second.amount_involved_cents
    whole = lost_earnings.lost_earnings(
        principal_cents=10_000_000, loss_on=date(2025, 12, 1), recovered_on=date(2026, 2, 1)
    )
    assert abs(second.amount_involved_cents - whole.total_cents) <= 1
    assert (
        late_deposits.late_deposit_excise(
            principal_cents=1, loss_on=date(2026, 1, 1), corrected_on=date(2026, 1, 1)
        ).years
        == ()
    )


def test_a_fiscal_year_ends_where_the_employer_s_does() -> None:
    tax = late_deposits.late_deposit_excise(
        principal_cents=10_000_000, loss_on=date(2026, 6, 1), corrected_on=date(2026, 8, 1), tax_year_start=(7, 1)
    )
    assert [year.year_ends_on for year in tax.years] == [date(2026, 6, 30), date(2027, 6, 30)]


def test_the_large_employer_of_the_regulation_has_no_safe_harbor() -> None:
    """29 CFR 2510.3-102(f) Examples (1), (2): 30 participants have seven business days, 600 as long as it takes."""
    small = deadlines.deposit_deadline(date(2026, 3, 6), participants_at_start_of_year=30)
    large = deadlines.deposit_deadline(date(2026, 3, 6), participants_at_start_of_year=600)
    assert (small.safe_harbor, large.safe_harbor) == (date(2026, 3, 17), None)
    assert large.outer_limit == date(2026, 4, 21)


def test_a_month_may_be_extended_by_ten_business_days() -> None:
    """29 CFR 2510.3-102(d)(1), (3)(i)."""
    found = late_deposits.deposit_extension(pay_date=date(2026, 6, 26))
    assert (found.outer_limit, found.extended_to, found.tell_by) == (
        date(2026, 7, 21),
        date(2026, 8, 4),
        date(2026, 8, 11),
    )
    assert not found.interest_due
    assert late_deposits.deposit_extension(pay_date=date(2026, 6, 26), extensions_before_in_plan_year=2).interest_due


EARLY = date(2025, 1, 10)
part = st.tuples(st.integers(1, 5_000_000), st.integers(0, 400))


@prove(st.lists(part, min_size=1, max_size=6), st.integers(0, 60))
def test_money_that_came_in_parts_lost_what_each_part_lost_until_its_own_day(
    parts: list[tuple[int, int]], later: int
) -> None:
    """The naive sum: each part alone, and never more than if all of it had come on the last day."""
    came = tuple(lost_earnings.LatePart(EARLY + timedelta(days=late), cents) for cents, late in parts)
    last_day = max(each.recovered_on for each in came)
    paid = last_day + timedelta(days=later)
    found = lost_earnings.lost_earnings_in_parts(parts=came, loss_on=EARLY, paid_on=paid)
    alone = [
        lost_earnings.lost_earnings(
            principal_cents=each.principal_cents, loss_on=EARLY, recovered_on=each.recovered_on, paid_on=paid
        ).total_cents
        for each in came
    ]
    assert [each.total_cents for each in found] == alone
    whole = lost_earnings.lost_earnings(
        principal_cents=sum(cents for cents, _ in parts), loss_on=EARLY, recovered_on=last_day, paid_on=paid
    )
    assert sum(alone) <= whole.total_cents + len(parts)


def test_the_rule_for_large_losses_looks_at_all_parts_together() -> None:
    """VFC Program section 5(b): above $100,000 the rate of IRC 6621(c)(1), whichever part it is."""
    parts = tuple(lost_earnings.LatePart(date(2025, 12, day), 100_000_000) for day in (30, 31))
    found = lost_earnings.lost_earnings_in_parts(parts=parts, loss_on=EARLY)
    alone = [
        lost_earnings.lost_earnings(
            principal_cents=100_000_000, loss_on=EARLY, recovered_on=each.recovered_on, paid_on=date(2025, 12, 31)
        )
        for each in parts
    ]
    assert [each.large_loss for each in alone] == [False, False]
    assert sum(each.total_cents for each in alone) > lost_earnings.LARGE_LOSS_CENTS
    assert [each.large_loss for each in found] == [True, True]
    with pytest.raises(ImpossibleInput, match="at least one part"):
        lost_earnings.lost_earnings_in_parts(parts=(), loss_on=EARLY)
