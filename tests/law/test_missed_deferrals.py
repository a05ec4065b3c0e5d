"""Employees left out: what they missed, which relief is open, what the employer contributes; self-correction."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given as prove
from hypothesis import strategies as st

from open401k.kernel import LimitationYear, PlanYear
from open401k.law import missed_deferrals as md
from open401k.law import self_correction as sc
from open401k.law.given import ImpossibleInput
from open401k.law.matching import MatchFormula
from open401k.law.missed_deferrals import Basis, Lacking, Relief
from open401k.law.self_correction import Bar, PracticeBar
from tests.law.on_file import facts

YEAR = PlanYear.starting(date(2026, 1, 1))


def biweekly(start: date, count: int = 120) -> tuple[date, ...]:
    return tuple(start + timedelta(days=14 * place) for place in range(count))


def missed(pay: int, **change: Any) -> md.MissedDeferral:
    told: dict[str, Any] = {"basis": Basis.GROUP_AVERAGE, "compensation": np.array([pay]), "plan_year": YEAR}
    return md.missed_deferrals(**(told | change))


def test_epc_3_an_employee_left_out_for_a_year() -> None:
    given, expected = facts("EPC-3")
    pay = np.array([given["compensation_usd"] * 100])
    found = missed(int(pay[0]), rate_bps=given["adp_group_pct"] * 100)
    assert found.missed.tolist() == [expected["missed_deferral_usd"] * 100]
    formula = MatchFormula.of([(10_000, 400)])
    for relief, key in (
        (Relief.HALF, "qnec_50pct_usd"),
        (Relief.QUARTER, "qnec_25pct_usd"),
        (Relief.THREE_MONTHS, "qnec_if_corrected_within_3_months_usd"),
    ):
        owed = md.missed_contributions(found, relief=relief, plan_year=YEAR, formula=formula, compensation=pay)
        assert owed.qnec.tolist() == [expected[key] * 100]
        assert owed.match.tolist() == [expected["missed_match_usd"] * 100]


@pytest.mark.parametrize(
    ("change", "rate", "amount"),
    [
        ({"basis": Basis.SAFE_HARBOR_NONELECTIVE}, 300, 150_000),
        # The basic match is 100 % up to 3 %, the enhanced one up to 4 %: the greater of that and 3 %.
        ({"basis": Basis.SAFE_HARBOR_MATCH, "fully_matched_up_to_bps": 300}, 300, 150_000),
        ({"basis": Basis.SAFE_HARBOR_MATCH, "fully_matched_up_to_bps": 400}, 400, 200_000),
        ({"basis": Basis.SAFE_HARBOR_MATCH, "fully_matched_up_to_bps": 100}, 300, 150_000),
        ({"basis": Basis.ELECTION, "rate_bps": 1_000}, 1_000, 500_000),
        ({"basis": Basis.DEFAULT, "rate_bps": 600}, 600, 300_000),
        ({"rate_bps": np.array([521])}, 521, 260_500),
    ],
)
def test_at_which_rate_somebody_would_have_deferred(change: dict[str, Any], rate: int, amount: int) -> None:
    """Rev. Proc. 2021-30 App. A .05(2)(b), (2)(d), (5)."""
    found = missed(5_000_000, **change)
    assert (found.rate_bps.tolist(), found.missed.tolist()) == ([rate], [amount])


def test_a_limit_takes_away_what_could_not_have_been_deferred() -> None:
    found = missed(
        30_000_000, basis=Basis.ELECTION, rate_bps=500, deferred=np.array([2_000_000]), limit=np.array([2_450_000])
    )
    assert (found.missed.tolist(), found.over_limit.tolist()) == ([450_000], [1_050_000])


def test_after_tax_contributions_are_owed_at_40_percent_and_catch_up_by_half_of_the_limit() -> None:
    owed = md.missed_contributions(
        missed(0), relief=Relief.AUTOMATIC, plan_year=YEAR, missed_after_tax=np.array([100_000])
    )
    assert (owed.after_tax_qnec.tolist(), owed.total_cents) == ([40_000], 40_000)
    assert md.missed_catch_up_cents(catch_up_limit_cents=800_000) == 400_000
    assert md.missed_catch_up_cents(catch_up_limit_cents=800_000, deferred_catch_up_cents=700_000) == 100_000


def test_the_windows_of_a_failure() -> None:
    found = md.correction_windows(plan_year=YEAR, failure_began_on=date(2026, 2, 13))
    assert (found.three_months, found.automatic, found.quarter) == (
        date(2026, 5, 12),
        date(2027, 10, 15),
        date(2029, 12, 31),
    )
    told = md.correction_windows(plan_year=YEAR, failure_began_on=date(2026, 2, 13), notified_on=date(2026, 3, 2))
    assert {told.three_months, told.automatic, told.quarter} == {date(2026, 4, 30)}


def relief(begins: date | None, **change: Any) -> md.ReliefFound:
    told: dict[str, Any] = {
        "windows": md.correction_windows(plan_year=YEAR, failure_began_on=date(2026, 2, 13)),
        "pay_dates": biweekly(date(2026, 2, 13)),
        "correct_deferrals_begin_on": begins,
        "notice_given_on": None if begins is None else begins + timedelta(days=45),
        "automatic": False,
    }
    return md.relief(**(told | change))


@pytest.mark.parametrize(
    ("begins", "automatic", "expected"),
    [
        (date(2026, 5, 22), False, Relief.THREE_MONTHS),  # the first pay date on or after 12 May
        (date(2026, 6, 5), False, Relief.QUARTER),
        (date(2026, 6, 5), True, Relief.AUTOMATIC),
        (date(2027, 10, 22), True, Relief.AUTOMATIC),  # the first pay date on or after 15 October
        (date(2027, 11, 5), True, Relief.QUARTER),
        (date(2030, 1, 11), True, Relief.QUARTER),
        (date(2030, 1, 25), True, Relief.HALF),
        (None, True, Relief.HALF),
    ],
)
def test_which_relief_is_open(begins: date | None, automatic: bool, expected: Relief) -> None:
    found = relief(begins, automatic=automatic)
    assert found.relief is expected
    assert found.qnec_bps == {Relief.QUARTER: 2_500, Relief.HALF: 5_000}.get(expected, 0)
    assert found.owes_qnec is (expected in (Relief.QUARTER, Relief.HALF))


def test_without_notice_in_45_days_half_is_owed() -> None:
    late = relief(date(2026, 3, 13), notice_given_on=date(2026, 4, 28))
    assert late.relief is Relief.HALF
    assert late.shut == (
        (Relief.AUTOMATIC, Lacking.NOT_AUTOMATIC),
        (Relief.THREE_MONTHS, Lacking.NOTICE_TOO_LATE),
        (Relief.QUARTER, Lacking.NOTICE_TOO_LATE),
    )


def test_who_left_before_the_correction_has_the_relief_of_414cc_only() -> None:
    """IRC 414(cc)(2): "before or after the participant has terminated employment"."""
    gone: dict[str, Any] = {"would_begin_on": date(2026, 3, 27), "notice_given_on": date(2026, 4, 1)}
    assert relief(None, automatic=True, **gone).relief is Relief.AUTOMATIC
    assert relief(None, automatic=False, **gone).relief is Relief.HALF
    assert relief(date(2026, 3, 27), automatic=True, uniform=False).relief is Relief.THREE_MONTHS


def test_the_match_of_an_automatic_error_is_due_in_six_months_of_others_in_three_years() -> None:
    assert relief(date(2026, 3, 27), automatic=True).match_by == date(2026, 9, 30)
    assert relief(date(2026, 3, 27)).match_by == date(2029, 12, 31)


def test_errors_before_414cc_have_none_of_it() -> None:
    year = PlanYear.starting(date(2022, 1, 1))
    windows = md.correction_windows(plan_year=year, failure_began_on=date(2022, 3, 1))
    found = relief(date(2023, 1, 6), windows=windows, pay_dates=biweekly(date(2022, 3, 4)), automatic=True)
    assert found.shut[0] == (Relief.AUTOMATIC, Lacking.BEFORE_414CC)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: missed(-1), "compensation"),
        (lambda: missed(1, rate_bps=10_001), "rate_bps"),
        (lambda: missed(1, rate_bps=np.array([-5])), "rate_bps"),
        (lambda: md.correction_windows(plan_year=YEAR, failure_began_on=date(2027, 1, 1)), "failure_began_on"),
        (
            lambda: md.missed_contributions(
                missed(1), relief=Relief.HALF, plan_year=YEAR, formula=MatchFormula.of([(1, 1)])
            ),
            "compensation",
        ),
    ],
)
def test_impossible_facts_are_refused_by_field(call: Any, field: str) -> None:
    with pytest.raises(ImpossibleInput, match=field):
        call()


@prove(
    pay=st.lists(st.integers(0, 40_000_000), min_size=1, max_size=8),
    rate=st.integers(0, 10_000),
    limit=st.integers(0, 3_000_000),
)
def test_what_is_missed_never_passes_pay_or_limit_and_reliefs_go_down(pay: list[int], rate: int, limit: int) -> None:
    column = np.array(pay)
    found = md.missed_deferrals(
        basis=Basis.ELECTION, compensation=column, rate_bps=rate, limit=np.full(len(pay), limit), plan_year=YEAR
    )
    assert (found.missed <= np.minimum(column, limit)).all()
    formula = MatchFormula.of([(10_000, 300), (5_000, 500)])
    totals = []
    for each in (Relief.AUTOMATIC, Relief.QUARTER, Relief.HALF):
        owed = md.missed_contributions(found, relief=each, plan_year=YEAR, formula=formula, compensation=column)
        totals.append(int(owed.qnec.sum()))
        assert (owed.match >= 0).all()
    assert totals == sorted(totals)


# --- self-correction


def test_a_failure_is_corrected_by_the_end_of_the_18th_month_after_it_was_found() -> None:
    """Notice 2023-43, as practitioners tell it."""
    found = sc.self_correction_period(plan_year=YEAR, identified_on=date(2027, 3, 10))
    assert (found.available, found.last_day, found.significant_rule_until) == (
        True,
        date(2028, 9, 30),
        date(2029, 12, 31),
    )
    ineligible = sc.self_correction_period(
        plan_year=YEAR, identified_on=date(2027, 3, 10), employer_may_not_have_the_plan=True
    )
    assert ineligible.last_day == date(2027, 9, 30)


@pytest.mark.parametrize(
    ("change", "bars"),
    [
        ({"egregious": True}, (Bar.EGREGIOUS,)),
        ({"established_practices": False}, (Bar.NO_PRACTICES,)),
        ({"no_written_plan": True}, (Bar.NO_WRITTEN_PLAN,)),
        ({"orphan_plan": True}, (Bar.ORPHAN_PLAN,)),
        ({"plan_terminated": True}, (Bar.SIGNIFICANT_IN_TERMINATED_PLAN,)),
        ({"plan_terminated": True, "significant": False}, ()),
        ({"found_by_irs_on": date(2027, 4, 1)}, (Bar.FOUND_BY_THE_IRS,)),
        ({"found_by_irs_on": date(2027, 4, 1), "significant": False}, ()),
        ({"found_by_irs_on": date(2027, 4, 1), "specific_commitment_on": date(2027, 3, 31)}, ()),
        ({"found_by_irs_on": date(2027, 4, 1), "specific_commitment_on": date(2027, 4, 1)}, (Bar.FOUND_BY_THE_IRS,)),
        ({"corrected_on": date(2028, 9, 30)}, ()),
        ({"corrected_on": date(2028, 10, 1)}, (Bar.TOO_LATE,)),
    ],
)
def test_what_keeps_a_failure_from_self_correction(change: dict[str, Any], bars: tuple[Bar, ...]) -> None:
    """Notice 2023-43; SECURE 2.0 s. 305."""
    told: dict[str, Any] = {"plan_year": YEAR, "identified_on": date(2027, 3, 10)}
    assert sc.self_correction_period(**(told | change)).bars == bars


@pytest.mark.parametrize(
    ("deferrals", "nonelective", "on", "bars"),
    [
        (True, True, date(2027, 10, 15), ()),
        (True, True, date(2027, 10, 16), (PracticeBar.TOO_LATE,)),
        (True, False, None, (PracticeBar.NO_NONELECTIVE,)),
        (False, True, None, (PracticeBar.NO_DEFERRALS,)),
    ],
)
def test_returning_deferrals_over_415c_is_a_practice_only_beside_nonelective_contributions(
    deferrals: bool, nonelective: bool, on: date | None, bars: tuple[PracticeBar, ...]
) -> None:
    """Rev. Proc. 2021-30 section 4.04."""
    found = sc.excess_additions_practice(
        limitation_year=LimitationYear.starting(date(2026, 1, 1)),
        returned_on=on,
        has_elective_deferrals=deferrals,
        has_nonelective_besides_match=nonelective,
    )
    assert (found.bars, found.return_by) == (bars, date(2027, 10, 15))


@prove(amount=st.integers(0, 10_000_000), pay=st.lists(st.integers(0, 30_000_000), min_size=2, max_size=10))
def test_one_to_one_shares_every_cent_among_the_others(amount: int, pay: list[int]) -> None:
    hce = np.arange(len(pay)) == 0
    told: dict[str, Any] = {"distributed_cents": amount, "compensation": np.array(pay), "is_hce": hce}
    if not any(pay[1:]):
        with pytest.raises(ImpossibleInput, match="eligible"):
            sc.one_to_one(**told, eligible=~hce)
        return
    found = sc.one_to_one(**told, eligible=np.ones(len(pay), dtype=np.bool_))
    assert (int(found.shares.sum()), int(found.shares[0])) == (amount, 0)


def test_an_overpayment_may_be_left_but_not_over_the_limits() -> None:
    """IRC 414(aa)(1), (4)."""
    assert sc.overpayment_choices(inadvertent=True, over_401a17_or_415=False).may_leave_it
    over = sc.overpayment_choices(inadvertent=True, over_401a17_or_415=True)
    assert (over.may_leave_it, over.limits_still_hold) == (False, True)
    assert not sc.overpayment_choices(inadvertent=False, over_401a17_or_415=False).may_amend
