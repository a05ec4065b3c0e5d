"""Limitation years that change or end, what is an annual addition, one employer, and the order of a correction."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import LimitationYear
from open401k.law import additions
from open401k.law import limitation_years as ly
from open401k.law.explain import explain
from open401k.law.given import ImpossibleInput
from open401k.law.limitation_years import AccountAdditions, AdditionKind, CorrectionStep
from tests.law.on_file import facts

YEAR = LimitationYear.starting(date(2026, 1, 1))
Kind = AdditionKind


def test_lim_1_a_change_leaves_a_short_period_with_its_twelfths() -> None:
    """Reg. 1.415(j)-1(d)(2); the dollar limit of 2008 is not on file: the same months of 2026, of $72,000."""
    given_, expected = facts("LIM-1")
    changed = ly.change_limitation_year(current=YEAR, new_start=date(2026, 7, 1))
    assert changed.short_period is not None
    assert (changed.short_period.last_day, changed.months) == (date(2026, 6, 30), 6)
    assert changed.dollar_limit_cents * given_["dollar_limit_usd"] == 72_000_00 * expected["prorated_dollar_limit_usd"]
    assert changed.new_year == LimitationYear.starting(date(2026, 7, 1))
    assert "$36,000.00, 6 twelfths" in explain(changed)


def test_a_started_month_counts() -> None:
    """A calendar year plan that ends on 7 July has seven twelfths: "including any fractional parts of a month"."""
    final = ly.final_limitation_year(current=YEAR, terminated_on=date(2026, 7, 7))
    assert additions.dollar_limit(final) == 42_000_00
    assert additions.dollar_limit(ly.final_limitation_year(current=YEAR, terminated_on=date(2026, 6, 30))) == 36_000_00
    assert ly.final_limitation_year(current=YEAR, terminated_on=date(2026, 12, 31)) == YEAR


def test_the_short_period_reads_the_limit_of_the_year_it_ends_in() -> None:
    fiscal = LimitationYear.starting(date(2025, 7, 1))
    assert ly.change_limitation_year(current=fiscal, new_start=date(2026, 1, 1)).dollar_limit_cents == 35_000_00
    assert ly.change_limitation_year(current=fiscal, new_start=date(2026, 2, 1)).dollar_limit_cents == 42_000_00


def test_a_change_begins_within_the_current_year() -> None:
    for day in (date(2025, 12, 31), date(2027, 1, 1)):
        with pytest.raises(ValueError, match="new_start"):
            ly.change_limitation_year(current=YEAR, new_start=day)
    with pytest.raises(ValueError, match="terminated_on"):
        ly.final_limitation_year(current=YEAR, terminated_on=date(2027, 1, 1))
    assert "Nothing changes" in explain(ly.change_limitation_year(current=YEAR, new_start=YEAR.start))


@pytest.mark.parametrize(
    ("kind", "contributed_on", "last_day", "year_ends"),
    [
        # The return of 2026 is due on 15 October 2027 as extended: 30 days later is 14 November.
        (Kind.NONELECTIVE, date(2027, 11, 14), date(2027, 11, 14), 2026),
        (Kind.NONELECTIVE, date(2027, 11, 15), date(2027, 11, 14), 2027),
        (Kind.PRE_TAX_OR_ROTH_DEFERRAL, date(2028, 1, 5), date(2027, 11, 14), 2028),
        (Kind.AFTER_TAX, date(2027, 1, 30), date(2027, 1, 30), 2026),
        (Kind.AFTER_TAX, date(2027, 1, 31), date(2027, 1, 30), 2027),
        (Kind.FORFEITURE, date(2028, 1, 1), None, 2026),
    ],
)
def test_the_limitation_year_that_money_counts_in(
    kind: AdditionKind, contributed_on: date, last_day: date | None, year_ends: int
) -> None:
    """Reg. 1.415(c)-1(b)(6)(i)(B): "no later than 30 days after the end of the period described in section 404(a)(6)";
    later money is "credited ... for the limitation year during which those contributions are made"; (C), (D).
    """
    found = ly.credited_limitation_year(
        kind=kind, limitation_year=YEAR, contributed_on=contributed_on, tax_return_due=date(2027, 10, 15)
    )
    assert (found.last_day, found.limitation_year.last_day.year) == (last_day, year_ends)
    assert found.in_time is (year_ends == 2026)
    assert f"ends on {year_ends}-12-31" in explain(found)


def test_an_employer_exempt_from_tax_has_until_the_fifteenth_of_the_tenth_month() -> None:
    """Reg. 1.415(c)-1(b)(6)(i)(B): "the 15th day of the tenth calendar month following the end of the ... year"."""
    for ended, last in ((date(2026, 12, 31), date(2027, 10, 15)), (date(2027, 6, 30), date(2028, 4, 15))):
        found = ly.credited_limitation_year(
            kind=Kind.MATCH, limitation_year=YEAR, contributed_on=last, tax_exempt_employers_year_ended=ended
        )
        assert (found.last_day, found.in_time) == (last, True)


def test_what_makes_good_an_earlier_year_counts_in_that_year() -> None:
    """Reg. 1.415(c)-1(b)(6)(ii)(A), (D): a wrong forfeiture, back pay, military service."""
    found = ly.credited_limitation_year(
        kind=Kind.NONELECTIVE,
        limitation_year=YEAR,
        contributed_on=date(2030, 1, 1),
        restores_what_was_owed_for_the_year=True,
    )
    assert (found.limitation_year, found.in_time) == (YEAR, True)


@pytest.mark.parametrize(
    ("kind", "facts_", "field"),
    [
        (Kind.ROLLOVER, {}, "kind"),
        (Kind.MATCH, {}, "tax_return_due"),
        (Kind.MATCH, {"tax_return_due": date(2026, 4, 15)}, "tax_return_due"),
        (Kind.MATCH, {"tax_exempt_employers_year_ended": date(2028, 1, 1)}, "tax_exempt_employers_year_ended"),
    ],
)
def test_a_credited_year_needs_the_days_it_is_counted_from(
    kind: AdditionKind, facts_: dict[str, date], field: str
) -> None:
    with pytest.raises(ImpossibleInput) as refusal:
        ly.credited_limitation_year(kind=kind, limitation_year=YEAR, contributed_on=date(2027, 1, 1), **facts_)  # type: ignore[arg-type]
    assert refusal.value.field == field


def test_what_is_an_annual_addition() -> None:
    counting = {kind for kind in AdditionKind if ly.addition_rule(kind).counts}
    assert counting == {
        Kind.PRE_TAX_OR_ROTH_DEFERRAL, Kind.MATCH, Kind.NONELECTIVE, Kind.FORFEITURE, Kind.AFTER_TAX,
        Kind.EXCESS_CONTRIBUTION_REFUNDED,
    }  # fmt: skip
    assert explain(ly.addition_rule(Kind.CATCH_UP)) == "Catch up is not an annual addition (IRC 414(v)(3)(A)(i))."


def test_more_than_half_makes_one_employer() -> None:
    assert ly.one_employer(parent="P", owned_bps=[("A", 5_001), ("B", 5_000), ("C", 10_000)]) == ("P", "A", "C")
    with pytest.raises(ValueError, match="owned_bps"):
        ly.one_employer(parent="P", owned_bps=[("A", 10_001)])


def account(*cents: int) -> AccountAdditions:
    return AccountAdditions(*(each * 100 for each in cents))


def test_unmatched_money_leaves_before_matched_and_match_goes_with_it() -> None:
    # 2,000 after-tax, 4,500 unmatched and 20,000 matched deferrals with 10,000 of match, 45,500 nonelective: 82,000.
    found = ly.correct_excess_additions(account=account(2_000, 4_500, 20_000, 0, 10_000, 45_500), limit_cents=72_000_00)
    assert [(part.step, part.returned_cents, part.forfeited_cents) for part in found.parts] == [
        (CorrectionStep.UNMATCHED_AFTER_TAX, 2_000_00, 0),
        (CorrectionStep.UNMATCHED_DEFERRAL, 4_500_00, 0),
        # 3,500 are left: two thirds returned, a third of match forfeited.
        (CorrectionStep.MATCHED_DEFERRAL, 2_333_34, 1_166_66),
    ]
    assert explain(found).startswith("$10,000.00 are over IRC 415(c). unmatched after-tax contributions: $2,000.00")


def test_employer_money_is_forfeited_last() -> None:
    found = ly.correct_excess_additions(account=account(0, 0, 1_000, 0, 0, 80_000), limit_cents=72_000_00)
    assert [(part.step, part.returned_cents, part.forfeited_cents) for part in found.parts] == [
        (CorrectionStep.MATCHED_DEFERRAL, 1_000_00, 0), (CorrectionStep.NONELECTIVE, 0, 8_000_00),
    ]  # fmt: skip
    within = ly.correct_excess_additions(account=account(0, 0, 1_000, 0, 0, 0), limit_cents=72_000_00)
    assert explain(within).startswith("Annual additions are within the limit")


def test_negative_additions_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="unmatched_after_tax_cents"):
        ly.correct_excess_additions(account=account(-1, 0, 0, 0, 0, 0), limit_cents=0)
    with pytest.raises(ValueError, match="limit_cents"):
        ly.correct_excess_additions(account=account(0, 0, 0, 0, 0, 0), limit_cents=-1)


@given(st.lists(st.integers(0, 30_000_00), min_size=6, max_size=6), st.integers(0, 72_000_00))
def test_a_correction_takes_exactly_the_excess_in_order(cents: list[int], limit: int) -> None:
    found = ly.correct_excess_additions(account=AccountAdditions(*cents), limit_cents=limit)
    assert found.returned_cents + found.forfeited_cents == found.excess_cents == max(0, sum(cents) - limit)
    steps = [part.step for part in found.parts]
    assert steps == sorted(steps, key=list(CorrectionStep).index)
    if any(part.step is CorrectionStep.NONELECTIVE for part in found.parts):
        assert found.returned_cents == sum(cents[:4])
