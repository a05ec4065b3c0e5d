"""Years of vesting service, breaks, full vesting, amended schedules, and what becomes of unvested money."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from open401k.kernel import CalendarYear, PlanYear, half_up
from open401k.law import forfeitures, vesting, vesting_years
from open401k.law.explain import explain
from open401k.law.forfeitures import ForfeitedBy
from open401k.law.given import ImpossibleInput
from open401k.law.vesting_years import ComputationPeriod, FullyVestedBy, LeftOut, PeriodKind


def years(*hours: int, first: int = 2010) -> list[ComputationPeriod]:
    return [ComputationPeriod(date(first + place, 1, 1), worked) for place, worked in enumerate(hours)]


def test_a_year_has_a_thousand_hours_and_a_break_not_more_than_500() -> None:
    """IRC 411(a)(5)(A), (6)(A)."""
    service = vesting_years.vesting_service(periods=years(1_000, 999, 501, 500, 0))
    assert [period.kind for period in service.periods] == [
        PeriodKind.YEAR_OF_SERVICE,
        PeriodKind.NEITHER,
        PeriodKind.NEITHER,
        PeriodKind.BREAK,
        PeriodKind.BREAK,
    ]
    assert (service.years, service.consecutive_breaks) == (1, 2)


def test_long_term_part_time_years_have_500_hours_and_500_are_no_break() -> None:
    """IRC 401(k)(15)(B)(iii)."""
    service = vesting_years.vesting_service(periods=years(500, 499, 1_200), long_term_part_time=True)
    assert service.years == 2
    assert service.periods[1].kind is PeriodKind.BREAK


def test_a_parental_absence_prevents_a_break_but_makes_no_year() -> None:
    """IRC 411(a)(6)(E): at most 501 hours, only to avoid the break."""
    for worked, parental, kind in ((0, 900, "neither"), (0, 500, "break"), (700, 501, "neither")):
        period = ComputationPeriod(date(2020, 1, 1), worked, parental)
        service = vesting_years.vesting_service(periods=[period])
        assert (service.periods[0].kind.value, service.years) == (kind, 0)


def test_service_before_18_and_before_the_plan_may_be_left_out() -> None:
    """IRC 411(a)(4)(A), (C): a year counts if 18 is reached, or the plan begins, within it."""
    service = vesting_years.vesting_service(
        periods=years(1_500, 1_500, 1_500, 1_500),
        birth_date=date(1993, 6, 1),  # 18 in 2011
        plan_maintained_from=date(2012, 7, 1),
    )
    assert [period.left_out for period in service.periods] == [
        LeftOut.BEFORE_AGE_18,
        LeftOut.BEFORE_THE_PLAN,
        None,
        None,
    ]
    assert service.years == 2


def test_service_after_five_breaks_does_not_vest_the_money_from_before() -> None:
    """IRC 411(a)(6)(C)."""
    five = vesting_years.vesting_service(periods=years(2_000, 2_000, 0, 0, 0, 0, 0, 2_000))
    assert (five.years, five.years_for_money_before_long_break) == (3, 2)
    assert five.long_break_ended == date(2016, 12, 31)
    four = vesting_years.vesting_service(periods=years(2_000, 2_000, 0, 0, 0, 0, 2_000))
    assert (four.years, four.years_for_money_before_long_break) == (3, None)


@pytest.mark.parametrize(
    ("before", "breaks", "vested", "counted"),
    [
        (2, 5, False, 1),  # parity: five breaks, two years
        (2, 4, False, 3),
        (6, 5, False, 7),  # fewer breaks than years
        (6, 6, False, 1),
        (2, 5, True, 3),  # anything vested, such as a deferral, keeps the years
    ],
)
def test_the_rule_of_parity_drops_years_of_the_nonvested(before: int, breaks: int, vested: bool, counted: int) -> None:
    """IRC 411(a)(6)(D)."""
    service = vesting_years.vesting_service(
        periods=years(*[1_000] * before, *[0] * breaks, 1_000), vested_before_breaks=vested
    )
    assert service.years == counted


def test_years_dropped_by_parity_do_not_count_in_a_later_comparison() -> None:
    """IRC 411(a)(6)(D)(ii)."""
    service = vesting_years.vesting_service(
        periods=years(*[1_000] * 4, *[0] * 5, *[1_000] * 2, *[0] * 5, 1_000), vested_before_breaks=False
    )
    assert service.years == 1


def test_a_plan_may_hold_years_back_until_one_after_the_return() -> None:
    """IRC 411(a)(6)(B)."""
    back = vesting_years.vesting_service(periods=years(1_000, 1_000, 0, 600), plan_holds_back=True)
    assert (back.years, back.periods[0].left_out) == (0, LeftOut.HELD_BACK)
    again = vesting_years.vesting_service(periods=years(1_000, 1_000, 0, 1_000), plan_holds_back=True)
    assert again.years == 3


@drawn(hours=st.lists(st.integers(0, 2_500), max_size=12), place=st.integers(0, 11), more=st.integers(1, 1_000))
def test_more_hours_never_mean_fewer_years_and_order_is_free(hours: list[int], place: int, more: int) -> None:
    for vested in (True, False):
        base = vesting_years.vesting_service(periods=years(*hours), vested_before_breaks=vested)
        turned = vesting_years.vesting_service(periods=years(*hours)[::-1], vested_before_breaks=vested)
        assert turned == base
        if place < len(hours):
            raised = [worked + (more if n == place else 0) for n, worked in enumerate(hours)]
            assert (
                vesting_years.vesting_service(periods=years(*raised), vested_before_breaks=vested).years >= base.years
            )


def test_periods_that_overlap_or_have_too_many_hours_are_refused() -> None:
    with pytest.raises(ImpossibleInput, match=r"periods\.1\.begins"):
        vesting_years.vesting_service(
            periods=[ComputationPeriod(date(2020, 1, 1), 1), ComputationPeriod(date(2020, 7, 1), 1)]
        )
    with pytest.raises(ImpossibleInput, match=r"periods\.0\.hours"):
        vesting_years.vesting_service(periods=years(9_000))


def test_normal_retirement_age_is_at_the_latest_65_or_five_years_of_participation() -> None:
    """IRC 411(a)(8)."""
    born = date(1960, 4, 2)
    for joined, plan_age, expected in (
        (date(2000, 1, 1), None, date(2025, 4, 2)),
        (date(2024, 1, 1), None, date(2029, 1, 1)),
        (date(2024, 1, 1), 62, date(2022, 4, 2)),
        (date(2000, 1, 1), 67, date(2025, 4, 2)),
    ):
        found = vesting_years.normal_retirement_date(birth_date=born, participates_from=joined, plan_age=plan_age)
        assert found == expected


def test_a_plans_own_age_may_ask_for_years_of_participation_and_never_more_than_the_law() -> None:
    """IRC 411(a)(8): (A) the plan's, or if earlier (B)."""
    for joined, plan_years, expected in (
        (date(2018, 1, 1), 3, date(2022, 4, 2)),
        (date(2024, 1, 1), 3, date(2027, 1, 1)),
        (date(2024, 1, 1), 9, date(2029, 1, 1)),
    ):
        found = vesting_years.normal_retirement_date(
            birth_date=date(1960, 4, 2), participates_from=joined, plan_age=62, plan_years=plan_years
        )
        assert found == expected


def test_what_vests_in_full() -> None:
    on, reached = date(2026, 5, 4), date(2026, 5, 4)
    assert vesting_years.fully_vested_by(on=on, employed=True) is None
    assert (
        vesting_years.fully_vested_by(on=on, employed=True, normal_retirement_on=reached)
        is FullyVestedBy.NORMAL_RETIREMENT_AGE
    )
    assert vesting_years.fully_vested_by(on=on, employed=False, normal_retirement_on=reached) is None
    assert vesting_years.fully_vested_by(on=on, employed=False, died=True) is None
    early = FullyVestedBy.EARLY_RETIREMENT_AGE
    assert vesting_years.fully_vested_by(on=on, employed=True, early_retirement_on=reached) is early
    assert vesting_years.fully_vested_by(on=on, employed=False, early_retirement_on=reached) is None
    for fact, reason in (
        ({"plan_terminated": True}, FullyVestedBy.PLAN_TERMINATION),
        ({"affected_by_partial_termination": True}, FullyVestedBy.PARTIAL_TERMINATION),
        ({"contributions_discontinued": True}, FullyVestedBy.CONTRIBUTIONS_DISCONTINUED),
        ({"died": True, "plan_vests_on_death": True}, FullyVestedBy.DEATH),
        ({"disabled": True, "plan_vests_on_disability": True}, FullyVestedBy.DISABILITY),
    ):
        assert vesting_years.fully_vested_by(on=on, employed=False, **fact) is reason  # type: ignore[arg-type]


def amended(at: int, now: int, *, elected: bool = False) -> vesting.AmendedVesting:
    return vesting.amended_vesting(
        before=vesting.GRADED_2_TO_6,
        after=vesting.CLIFF_3,
        years_at_amendment=at,
        years_of_service=now,
        elected_former=elected,
    )


def test_an_amendment_takes_nothing_that_was_vested() -> None:
    """IRC 411(a)(10)(A); Reg. 1.411(d)-3(a)(3)(i): money from before keeps the better of both schedules."""
    two = amended(2, 2)
    assert (two.after_bps, two.protected_bps, two.vested_bps) == (0, 2_000, 2_000)
    assert not two.may_elect_former
    one = amended(1, 2)
    assert (one.vested_bps, one.vested_bps_of_earlier_money) == (0, 2_000)
    assert amended(2, 3).vested_bps == 10_000


@pytest.mark.parametrize(("all_years", "offered"), [(None, False), (2, False), (3, True)])
def test_the_three_years_of_the_election_are_all_years_until_its_end(all_years: int | None, offered: bool) -> None:
    """Reg. 1.411(a)-8(b)(3): completed "whether or not consecutive, without regard to the exceptions of section
    411(a)(4) prior to the expiration of the election period".
    """
    found = vesting.amended_vesting(
        before=vesting.GRADED_2_TO_6,
        after=vesting.CLIFF_3,
        years_at_amendment=2,
        years_of_service=2,
        all_years_by_end_of_election=all_years,
    )
    assert found.may_elect_former is offered
    with pytest.raises(ImpossibleInput, match="all_years_by_end_of_election"):
        vesting.amended_vesting(
            before=vesting.GRADED_2_TO_6,
            after=vesting.CLIFF_3,
            years_at_amendment=2,
            years_of_service=2,
            all_years_by_end_of_election=1,
        )


def test_three_years_may_keep_the_former_schedule() -> None:
    """IRC 411(a)(10)(B)."""
    slower = vesting.amended_vesting(
        before=vesting.IMMEDIATE,
        after=vesting.GRADED_2_TO_6,
        years_at_amendment=3,
        years_of_service=4,
        elected_former=True,
    )
    assert (slower.may_elect_former, slower.vested_bps) == (True, 10_000)
    with pytest.raises(ImpossibleInput, match="elected_former"):
        amended(2, 3, elected=True)
    faster = vesting.amended_vesting(
        before=vesting.GRADED_2_TO_6, after=vesting.IMMEDIATE, years_at_amendment=5, years_of_service=5
    )
    assert not faster.may_elect_former
    with pytest.raises(ImpossibleInput, match="years_of_service"):
        amended(3, 2)


def test_the_election_is_open_sixty_days_from_the_last_of_three() -> None:
    """Reg. 1.411(a)-8T(b)(2)."""
    ends = vesting.former_schedule_election_ends(
        adopted_on=date(2026, 1, 5), effective_on=date(2026, 3, 1), notice_on=date(2026, 2, 1)
    )
    assert ends == date(2026, 4, 30)


def test_paying_all_that_is_vested_forfeits_the_rest() -> None:
    """IRC 411(a)(7)(B); Reg. 1.411(a)-7(d)(4)(v): 25 % of $1,000."""
    result = forfeitures.cash_out(account_cents=1_000_00, vested_bps=2_500, paid_cents=250_00)
    assert (result.forfeited_by, result.forfeited_cents) == (ForfeitedBy.CASH_OUT, 750_00)
    back = forfeitures.buy_back(
        repaid_on=date(2026, 5, 4),
        repaid_cents=250_00,
        paid_cents=250_00,
        forfeited_cents=result.forfeited_cents,
        rehired_on=date(2025, 5, 4),
    )
    # Even if the account would by now have fallen to $500.
    assert (back.restored_cents, back.account_at_least_cents) == (750_00, 1_000_00)


def test_paying_a_part_forfeits_in_proportion() -> None:
    """Reg. 1.411(a)-7(d)(4)(iii), read at the source: $250 of $500 vested in $1,000 closes $500 of the account."""
    closed = forfeitures.disregarded_by_partial_cash_out(account_cents=1_000_00, vested_cents=500_00, paid_cents=250_00)
    assert closed == 500_00
    result = forfeitures.cash_out(account_cents=1_000_00, vested_bps=5_000, paid_cents=250_00)
    assert (result.forfeited_cents, result.kept_unvested_cents) == (250_00, 250_00)


@pytest.mark.parametrize(
    ("terms", "by", "forfeited"),
    [
        ({"vested_bps": 0, "paid_cents": 0}, ForfeitedBy.DEEMED_CASH_OUT, 1_000_00),
        ({"vested_bps": 0, "paid_cents": 0, "plan_deems_paid": False}, ForfeitedBy.NOT_YET, 0),
        ({"vested_bps": 4_000, "paid_cents": 0, "consecutive_breaks": 4}, ForfeitedBy.NOT_YET, 0),
        ({"vested_bps": 4_000, "paid_cents": 0, "consecutive_breaks": 5}, ForfeitedBy.FIVE_BREAKS, 600_00),
        ({"vested_bps": 4_000, "paid_cents": 400_00, "participation_ended": False}, ForfeitedBy.NOT_YET, 0),
        (
            {"vested_bps": 4_000, "paid_cents": 400_00, "paid_by_end_of_second_plan_year": False},
            ForfeitedBy.NOT_YET,
            0,
        ),
    ],
)
def test_when_unvested_money_is_forfeited(terms: dict[str, object], by: ForfeitedBy, forfeited: int) -> None:
    result = forfeitures.cash_out(account_cents=1_000_00, **terms)  # type: ignore[arg-type]
    assert (result.forfeited_by, result.forfeited_cents) == (by, forfeited)
    assert result.vested_cents + result.forfeited_cents + result.kept_unvested_cents == 1_000_00


@drawn(account=st.integers(0, 10**9), bps=st.integers(0, 10_000), part=st.integers(0, 10_000))
def test_a_cash_out_loses_no_cent(account: int, bps: int, part: int) -> None:
    vested = half_up(Fraction(account * bps, 10_000))
    result = forfeitures.cash_out(account_cents=account, vested_bps=bps, paid_cents=vested * part // 10_000)
    assert result.vested_cents + result.forfeited_cents + result.kept_unvested_cents == account
    assert min(result.forfeited_cents, result.kept_unvested_cents) >= 0


def test_more_than_vested_is_not_paid() -> None:
    with pytest.raises(ImpossibleInput, match="paid_cents"):
        forfeitures.cash_out(account_cents=100, vested_bps=5_000, paid_cents=51)


@pytest.mark.parametrize(
    ("repaid_on", "cents", "breaks_ended", "restored"),
    [
        (date(2031, 5, 3), 250_00, None, 750_00),
        (date(2031, 5, 4), 250_00, None, 0),  # five years after 4 May 2026 have passed
        (date(2027, 5, 3), 249_99, None, 0),
        (date(2028, 1, 1), 250_00, date(2027, 12, 31), 0),
        (date(2027, 12, 31), 250_00, date(2027, 12, 31), 750_00),
    ],
)
def test_buying_back_takes_all_and_in_time(
    repaid_on: date, cents: int, breaks_ended: date | None, restored: int
) -> None:
    """IRC 411(a)(7)(C)(I)."""
    result = forfeitures.buy_back(
        repaid_on=repaid_on,
        repaid_cents=cents,
        paid_cents=250_00,
        forfeited_cents=750_00,
        rehired_on=date(2026, 5, 4),
        five_breaks_ended_on=breaks_ended,
    )
    assert result.restored_cents == restored


def test_the_formula_of_a_withdrawal_before_full_vesting() -> None:
    """Reg. 1.411(a)-7(d)(5)(iii)(A), (B): 40 % of $10,000, $2,000 paid; the rest grows to $12,000, 60 % vested.

    X = 60 % x (12,000 + 1.5 x 2,000) - 1.5 x 2,000; without a separate account 60 % x (12,000 + 2,000) - 2,000.
    """

    def formula(*, separate_account: bool) -> forfeitures.VestedAfterWithdrawal:
        return forfeitures.vested_after_withdrawal(
            vested_bps=6_000,
            balance_cents=12_000_00,
            withdrawn_cents=2_000_00,
            balance_after_withdrawal_cents=8_000_00,
            separate_account=separate_account,
        )

    assert formula(separate_account=True).vested_cents == 6_000_00
    assert formula(separate_account=True).ratio == Fraction(3, 2)
    assert formula(separate_account=False).vested_cents == 6_400_00


@drawn(
    account=st.integers(1, 10**8),
    at_withdrawal=st.integers(0, 10_000),
    later=st.integers(0, 10_000),
    growth=st.integers(0, 30_000),
)
def test_the_formula_vests_what_would_be_vested_had_nothing_been_paid(
    account: int, at_withdrawal: int, later: int, growth: int
) -> None:
    """With a separate account X is P of all money, grown, less what was paid, grown alike: never above the balance."""
    paid = account * at_withdrawal // 10_000
    left = account - paid
    if not left or not growth:
        return
    balance = left * growth // 10_000
    result = forfeitures.vested_after_withdrawal(
        vested_bps=max(at_withdrawal, later),
        balance_cents=balance,
        withdrawn_cents=paid,
        balance_after_withdrawal_cents=left,
    )
    assert 0 <= result.vested_cents <= balance
    full = forfeitures.vested_after_withdrawal(
        vested_bps=10_000, balance_cents=balance, withdrawn_cents=paid, balance_after_withdrawal_cents=left
    )
    assert full.vested_cents == balance


@pytest.mark.parametrize(
    ("gone", "start", "joined", "presumed"),
    [(23, 100, 0, True), (20, 90, 10, True), (19, 90, 10, False), (0, 0, 0, False), (1_999, 9_999, 0, False)],
)
def test_a_partial_termination_is_presumed_from_twenty_percent(
    gone: int, start: int, joined: int, presumed: bool
) -> None:
    """Rev. Rul. 2007-43: 23 % in its facts."""
    result = forfeitures.partial_termination(
        employer_initiated=gone, participants_at_start=start, became_participants=joined, year=CalendarYear(2026)
    )
    assert result.presumed is presumed


def test_more_leavers_than_participants_are_refused() -> None:
    with pytest.raises(ImpossibleInput, match="employer_initiated"):
        forfeitures.partial_termination(
            employer_initiated=2, participants_at_start=1, became_participants=0, year=CalendarYear(2026)
        )


@pytest.mark.parametrize(
    ("starts", "last"),
    [
        (date(2026, 1, 1), date(2027, 12, 31)),
        (date(2026, 7, 1), date(2028, 6, 30)),
        (date(2019, 1, 1), date(2025, 12, 31)),  # as if incurred in 2024
        (date(2023, 7, 1), date(2026, 6, 30)),
    ],
)
def test_forfeitures_are_used_within_twelve_months_after_their_plan_year(starts: date, last: date) -> None:
    """Prop. Reg. 1.401-7(b)(2), (3)."""
    deadline = forfeitures.use_by(incurred_in=PlanYear.starting(starts))
    assert (deadline.last_day, deadline.proposed_only) == (last, True)
    assert f"by {last}, as proposed" in explain(deadline)


def test_vesting_is_told_in_plain_words() -> None:
    service = vesting_years.vesting_service(periods=years(2_000, 2_000, 0, 0, 0, 0, 0, 2_000))
    assert explain(service) == (
        "3 years of service count for vesting (IRC 411(a)(4), (5)). For money from before the five breaks that ended "
        "on 2016-12-31 only 2 count (IRC 411(a)(6)(C))."
    )
    held = vesting_years.vesting_service(periods=years(1_000, 0), plan_holds_back=True)
    assert "1 more are left out" in explain(held)
    assert explain(amended(2, 2)).startswith("20.00 % are vested under the amended schedule")
    keep = vesting.amended_vesting(
        before=vesting.IMMEDIATE, after=vesting.CLIFF_3, years_at_amendment=3, years_of_service=3
    )
    assert not keep.may_elect_former or "may keep the former schedule" in explain(keep)
    paid = forfeitures.cash_out(account_cents=1_000_00, vested_bps=5_000, paid_cents=250_00)
    assert explain(paid) == (
        "$250.00 of $500.00 vested are paid; $250.00 are forfeited, $250.00 stay (IRC 411(a)(7)(B))."
    )
    later = forfeitures.cash_out(account_cents=1_000_00, vested_bps=5_000, paid_cents=0)
    assert "before five breaks" in explain(later)
    back = forfeitures.buy_back(
        repaid_on=date(2026, 5, 4),
        repaid_cents=250_00,
        paid_cents=250_00,
        forfeited_cents=750_00,
        rehired_on=date(2025, 5, 4),
    )
    assert "$750.00 are restored, so the account is at least $1,000.00" in explain(back)
    formula = forfeitures.vested_after_withdrawal(
        vested_bps=6_000, balance_cents=100, withdrawn_cents=0, balance_after_withdrawal_cents=100
    )
    assert explain(formula).startswith("$0.60 are vested")
    gone = forfeitures.partial_termination(
        employer_initiated=23, participants_at_start=100, became_participants=0, year=CalendarYear(2026)
    )
    assert explain(gone).startswith("23 of 100 participants were let go, 23.00 %: a partial termination is presumed")
