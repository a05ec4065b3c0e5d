"""Breaks, vesting years, elapsed time, filing days and Roth payments against a second, naive implementation."""

import random
from datetime import date, timedelta

import pytest

from open401k.kernel import CalendarYear, PlanYear
from open401k.law import breaks, elapsed_time, filings, roth, vesting_years
from open401k.law.breaks import ComputationPeriod, PlanBreakRules
from open401k.law.elapsed_time import Stint
from open401k.law.roth import ConvertedBefore
from tests.law import naive_events as naive
from tests.law.naive_events import Converted, Document, Hours

PLAN = PlanYear.starting(date(2026, 1, 1))
#: Both lines, the hour before each, and nothing.
WORKED = (0, 0, 0, 499, 500, 501, 999, 1_000, 2_080)


def worked(rng: random.Random, first_year: int) -> list[Hours]:
    """Up to fourteen years, some of them alike in a row, so that breaks are long."""
    alike = [
        [(rng.choice(WORKED), rng.choice((0, 0, 0, 1, 501, 600)))] * rng.choice((1, 1, 2, 4, 5, 6)) for _ in range(7)
    ]
    rows = []
    for place, (hours, parental) in enumerate([row for stretch in alike for row in stretch][: rng.randint(0, 14)]):
        duty = date(first_year + place, rng.randint(1, 12), rng.randint(1, 28))
        rows.append(Hours(hours, parental, duty if hours and rng.random() < 0.8 else None))
    return rows


def test_breaks_in_service() -> None:
    rng, seen = random.Random(1), set()  # noqa: S311
    for _ in range(1_500):
        rows = worked(rng, 2005)
        plan = Document(rng.random() < 0.5, rng.random() < 0.5, rng.choice((1, 1, 2, 3)), rng.random() < 0.7)
        periods = tuple(
            ComputationPeriod(date(2005 + place, 1, 1), row.worked, row.parental, row.duty)
            for place, row in enumerate(rows)
        )
        found = breaks.service_counted(
            periods=periods,
            rules=PlanBreakRules(plan.parity, plan.hold_out, plan.required),
            nonvested=plan.nonvested,
            plan_year=PLAN,
        )
        told = naive.judged(rows, plan)
        ours = [
            (each.result.value, each.years_counted, each.consecutive_breaks, each.lost and each.lost.value)
            for each in found.periods
        ]
        assert ours == told
        assert found.years == (told[-1][1] if told else 0)
        met = [date(2005 + place, 1, 1) for place, row in enumerate(told) if row[1] >= plan.required]
        assert found.requirement_met_in == (met[0] if met else None)
        assert breaks.reemployment_commencement(periods=periods, plan_year=PLAN) == naive.reemployed(rows)
        seen |= {row[3] for row in told}
    assert len(seen) == 4


def test_years_of_vesting_service() -> None:
    rng, seen = random.Random(2), set()  # noqa: S311
    for _ in range(1_500):
        rows = worked(rng, 2005)
        parity, hold_back, part_time = (rng.random() < 0.5 for _ in range(3))
        born = date(rng.randint(1985, 1993), 12, rng.choice((30, 31)))
        plan_from = date(rng.randint(2003, 2008), 12, rng.choice((30, 31))) + timedelta(days=rng.randint(0, 1))
        early: list[str | None] = []
        for place in range(len(rows)):
            last = date(2005 + place, 12, 31)
            young = last < naive.same_day(born.year + 18, born.month, born.day)
            early.append("before_age_18" if young else "before_the_plan" if last < plan_from else None)
        found = vesting_years.vesting_service(
            periods=[
                vesting_years.ComputationPeriod(date(2005 + place, 1, 1), row.worked, row.parental)
                for place, row in enumerate(rows)
            ],
            birth_date=born,
            plan_maintained_from=plan_from,
            vested_before_breaks=False,
            plan_holds_back=hold_back,
            plan_uses_parity=parity,
            long_term_part_time=part_time,
        )
        told = naive.vesting_years(rows, early, parity=parity, hold_back=hold_back, part_time=part_time)
        assert (found.years, found.years_for_money_before_long_break) == (told.years, told.before_long_break)
        assert found.consecutive_breaks == told.breaks
        assert [each.left_out and each.left_out.value for each in found.periods] == told.left_out
        assert (found.long_break_ended is None) == (told.before_long_break is None)
        seen |= set(told.left_out)
    assert len(seen) == 5


@pytest.mark.parametrize("year", [2005, 2017, 2020, 2021, 2022, 2023, 2025, 2026, 2027, 2028, 2029, 2033, 2037])
def test_every_day_of_a_year_and_the_day_it_is_filed(year: int) -> None:
    """Holidays on each weekday, 19 June before and after it was one, inaugurations on a Friday, Saturday, Sunday."""
    for place in range(365):
        day = date(year, 1, 1) + timedelta(days=place)
        assert filings.next_filing_day(day) == naive.open_day(day), day


@pytest.mark.parametrize("month", range(1, 13))
def test_filings_after_a_year_that_ends_in_any_month(month: int) -> None:
    for year in (2023, 2025, 2026):
        plan_year = PlanYear.starting(date(year, month, 1))
        last = naive.end_of_month_after(date(year, month, 1), 11)
        assert plan_year.last_day == last
        returned = naive.end_of_month_after(last, 7)
        later = naive.end_of_month_after(last, 10).replace(day=15)
        for found in (filings.form_5500(plan_year), filings.form_8955_ssa(plan_year)):
            assert (found.named, found.due) == (returned, naive.open_day(returned))
            assert found.extended == naive.open_day(later)
        assert filings.form_5330_for_4979(plan_year).named == naive.end_of_month_after(last, 15)
        prohibited = filings.form_5330_for_4975(tax_year_ends_on=last)
        assert (prohibited.named, prohibited.due) == (returned, naive.open_day(returned))


def test_what_a_withdrawal_takes_of_conversions() -> None:
    rng, seen = random.Random(3), set()  # noqa: S311
    for _ in range(1_500):
        rows = []
        for year in rng.sample(range(2015, 2027), rng.randint(1, 4)):
            taxable, untaxed = rng.randint(0, 4), rng.randint(0, 3)
            rows.append(Converted(year, taxable, untaxed, rng.randint(0, taxable + untaxed)))
        left = sum(row.taxable + row.untaxed - row.withdrawn for row in rows)
        amount, on = rng.randint(0, left), date(2026, rng.choice((1, 12)), 31)
        found = roth.recapture(
            on=on,
            from_conversions_cents=amount,
            conversions=[
                ConvertedBefore(CalendarYear(row.year), row.taxable, row.untaxed, row.withdrawn) for row in rows
            ],
        )
        assert found == naive.early_cents(amount, on, rows)
        seen.add(found)
    assert len(seen) > 5


def test_roth_payments_and_what_is_rolled_over() -> None:
    for basis in range(6):
        for income in range(-basis, 7):
            for gross in range(basis + income + 1):
                for qualified in (True, False):
                    found = roth.roth_payment(
                        gross_cents=gross, basis_cents=basis, income_cents=income, qualified=qualified
                    )
                    of_basis, of_income = naive.roth_parts(gross, basis, income)
                    assert (found.basis_cents, found.income_cents) == (of_basis, of_income)
                    assert found.taxable_cents == of_income * (not qualified)
                    assert found.untaxed_income_cents == of_income * qualified
                    left = (found.remaining_basis_cents, found.remaining_income_cents)
                    assert left == (basis - of_basis, income - of_income)
                    for rolled in range(gross + 1):
                        part = roth.roth_rollover_part(payment=found, rolled_cents=rolled)
                        cents = ["income"] * of_income + ["basis"] * of_basis
                        gone, kept = cents[:rolled], cents[rolled:]
                        assert (part.rolled_income_cents, part.rolled_basis_cents) == (
                            gone.count("income"), gone.count("basis"),
                        )  # fmt: skip
                        assert (part.kept_income_cents, part.kept_basis_cents) == (
                            kept.count("income"), kept.count("basis"),
                        )  # fmt: skip
                        assert part.taxable_cents == kept.count("income") * (not qualified)


def test_one_employment_by_elapsed_time_is_counted_as_birthdays_are() -> None:
    """Reg. 1.410(a)-7(c)(2)(i): whole months from day to day, to the last of a month that is shorter."""
    rng = random.Random(4)  # noqa: S311
    for _ in range(400):
        began = date(2016, 1, 1) + timedelta(days=rng.randint(0, 500))
        on = began + timedelta(days=rng.choice((0, 1, 30, 31, 364, 365, 366, rng.randint(0, 1_500))))
        found = elapsed_time.elapsed_service(stints=(Stint(began),), on=on)
        assert found.months == found.whole_years * 12 + found.months % 12
        months = 0
        year, month = began.year, began.month
        while True:
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)
            last = naive.end_of_month_after(date(year, month, 1), 0)
            if date(year, month, min(began.day, last.day)) > on:
                break
            months += 1
        assert found.months == months
        assert found.severed_on is None


def months_of(spans: list[tuple[date, date]]) -> int:
    """Reg. 1.410(a)-7(d)(1)(ii): whole months; 30 days are one where parts of months of several spans are added up."""
    months = days = earlier = 0
    for start, end in spans:
        day, after, earlier = start, 1, days
        while (following := plus_months(start, after)) <= end:
            day, after, months = following, after + 1, months + 1
        days += (end - day).days
    return months + (days // 30 if earlier else 0)


def plus_months(day: date, months: int) -> date:
    last = naive.end_of_month_after(day, months)
    return last.replace(day=min(day.day, last.day))


def test_the_day_a_year_of_elapsed_time_is_complete() -> None:
    """Stints more than a year apart, so that nothing is spanned, and the first day on which the months are twelve."""
    rng, seen = random.Random(5), set()  # noqa: S311
    for _ in range(400):
        stints, began = [], date(2016, 1, 1) + timedelta(days=rng.randint(0, 400))
        for _ in range(rng.randint(1, 3)):
            ended = began + timedelta(days=rng.choice((0, 29, 30, 31, 334, 364, 365, 366, rng.randint(1, 380))))
            stints.append(Stint(began, None, ended))
            began = ended + timedelta(days=rng.randint(368, 800))
        spans = [(each.began, each.ended + timedelta(days=1)) for each in stints if each.ended]
        found = elapsed_time.elapsed_service(stints=tuple(stints), on=stints[-1].ended or began)
        assert (found.months, found.whole_years) == (months_of(spans), months_of(spans) // 12)
        done = None
        for place, (start, end) in enumerate(spans):
            for days in range((end - start).days + 1):
                day = start + timedelta(days=days)
                if done is None and months_of([*spans[:place], (start, day)]) >= 12:
                    done = day
        assert found.year_completed_on == done
        seen.add(len(spans) if done else 0)
    assert seen == {0, 1, 2, 3}
