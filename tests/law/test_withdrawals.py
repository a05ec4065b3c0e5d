"""Withdrawals in service: hardship, those of IRC 72(t)(2)(G) to (N), and which source each event opens."""

from datetime import date

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from open401k.kernel import PlanYear, Source
from open401k.law import NotEnacted, distribution_events, figures, hardship, withdrawals
from open401k.law.distribution_events import Event, Why
from open401k.law.explain import explain
from open401k.law.given import ImpossibleInput
from open401k.law.hardship import HardshipProblem, Need, SourceBalance
from open401k.law.withdrawals import EarlierEmergency, WithdrawalProblem

YEAR_2018 = PlanYear.starting(date(2018, 1, 1))
YEAR_2022 = PlanYear.starting(date(2022, 1, 1))
YEAR_2026 = PlanYear.starting(date(2026, 1, 1))
ON = date(2026, 5, 4)
BALANCES = (
    SourceBalance(Source.PRE_TAX, 5_000_00, 1_000_00),
    SourceBalance(Source.ROTH, 2_000_00, -500_00),
    SourceBalance(Source.SAFE_HARBOR_MATCH, 1_000_00, 100_00),
    SourceBalance(Source.QNEC, 300_00),
    SourceBalance(Source.MATCH, 9_000_00),
)


def test_the_figures_of_withdrawals_are_those_of_the_statute() -> None:
    typed = {
        "emergency_expense_reserve": {2024: 1000},
        "domestic_abuse_share": {2024: 5000},
        "ltc_distribution_share": {2025: 1000},
    }
    assert {figure_id: figures.figure(figure_id).values for figure_id in typed} == typed


def asked(need_cents: int = 1_000_00, **other: object) -> hardship.Hardship:
    terms: dict[str, object] = {"on": ON, "plan_year": YEAR_2026, "need": Need.MEDICAL, "balances": BALANCES}
    return hardship.hardship(need_cents=need_cents, **terms | other)  # type: ignore[arg-type]


def test_hardship_takes_deferrals_and_qualified_money_with_earnings_since_2019() -> None:
    """IRC 401(k)(14)(A); before, deferrals alone and without earnings."""
    now = {each.source: each.available_cents for each in asked().available}
    assert now == {
        Source.PRE_TAX: 6_000_00,
        Source.ROTH: 1_500_00,
        Source.SAFE_HARBOR_MATCH: 1_100_00,
        Source.QNEC: 300_00,
    }
    before = hardship.hardship_sources(balances=BALANCES, plan_year=YEAR_2018)
    assert {each.source: each.available_cents for each in before} == {Source.PRE_TAX: 5_000_00, Source.ROTH: 1_500_00}


def test_the_amount_of_a_need_includes_the_taxes_on_it() -> None:
    """Reg. 1.401(k)-1(d)(3)(iii)(A)."""
    result = asked(5_000_00, tax_bps=2_500)
    assert (result.necessary_cents, result.taxes_cents, result.payable_cents) == (6_666_67, 1_666_67, 6_666_67)
    assert not result.problems


@pytest.mark.parametrize("need", [need for need in Need if need is not Need.OTHER])
def test_the_seven_needs_of_the_regulation_are_deemed_heavy(need: Need) -> None:
    assert not asked(need=need).problems


def test_another_need_takes_a_plan_that_weighs_facts() -> None:
    assert asked(need=Need.OTHER).problems == (HardshipProblem.NEED_NOT_DEEMED_HEAVY,)
    assert asked(need=Need.OTHER, plan_allows_other_needs=True).reliance is hardship.Reliance.FACTS_AND_CIRCUMSTANCES


def test_certification_is_enough_in_plan_years_from_30_december_2022() -> None:
    assert asked().reliance is hardship.Reliance.CERTIFICATION
    earlier = asked(on=date(2022, 5, 4), plan_year=YEAR_2022)
    assert earlier.reliance is hardship.Reliance.REPRESENTATION


@pytest.mark.parametrize(
    ("fact", "problem"),
    [
        ({"administrator_knows_otherwise": True}, HardshipProblem.ADMINISTRATOR_KNOWS_OTHERWISE),
        ({"certified_or_represented": False}, HardshipProblem.NO_REPRESENTATION),
        ({"other_distributions_available_cents": 1}, HardshipProblem.OTHER_DISTRIBUTIONS_FIRST),
    ],
)
def test_what_stands_against_a_hardship_pays_nothing(fact: dict[str, object], problem: HardshipProblem) -> None:
    result = asked(**fact)  # type: ignore[arg-type]
    assert (result.problems, result.payable_cents) == ((problem,), 0)


def test_less_money_than_need_pays_what_is_there() -> None:
    result = asked(10_000_00)
    assert (result.problems, result.payable_cents) == ((HardshipProblem.NOT_ENOUGH_MONEY,), 8_900_00)


def test_a_hardship_before_2020_or_outside_its_plan_year_is_refused_by_its_field() -> None:
    with pytest.raises(ImpossibleInput, match="on: 2019-05-04"):
        asked(on=date(2019, 5, 4))
    with pytest.raises(ImpossibleInput, match="not in the plan year 2026"):
        asked(on=date(2025, 5, 4))
    with pytest.raises(ImpossibleInput, match="need_cents"):
        asked(-1)


@drawn(need=st.integers(0, 100_000_00), tax_bps=st.integers(0, 9_000))
def test_a_grossed_up_amount_is_the_smallest_that_leaves_the_need(need: int, tax_bps: int) -> None:
    def left(amount: int) -> int:
        return amount - (amount * tax_bps * 2 + 10_000) // 20_000

    amount = hardship.grossed_up(need_cents=need, tax_bps=tax_bps)
    assert left(amount) >= need
    assert not amount or left(amount - 1) < need


@pytest.mark.parametrize(
    ("vested", "most"),
    [(1_600_00, 600_00), (2_000_00, 1_000_00), (50_000_00, 1_000_00), (1_000_00, 0), (0, 0)],
)
def test_an_emergency_leaves_a_thousand_dollars(vested: int, most: int) -> None:
    """IRC 72(t)(2)(I)(iii); $1,600 vested: $600."""
    result = withdrawals.emergency_expense(on=ON, vested_cents=vested)
    assert result.available_cents == most
    assert result.repayable_until == (date(2029, 5, 4) if most else None)


@pytest.mark.parametrize(
    ("earlier", "problems"),
    [
        ([EarlierEmergency(date(2026, 1, 5), 100_00, 100_00)], [WithdrawalProblem.ONE_A_YEAR]),
        ([EarlierEmergency(date(2025, 12, 31), 1_000_00)], [WithdrawalProblem.EARLIER_ONE_NOT_REPAID]),
        ([EarlierEmergency(date(2024, 1, 5), 1_000_00)], [WithdrawalProblem.EARLIER_ONE_NOT_REPAID]),
        ([EarlierEmergency(date(2024, 1, 5), 1_000_00, 400_00, 599_99)], [WithdrawalProblem.EARLIER_ONE_NOT_REPAID]),
        ([EarlierEmergency(date(2024, 1, 5), 1_000_00, 400_00, 600_00)], []),
        ([EarlierEmergency(date(2024, 1, 5), 1_000_00, 1_000_00)], []),
    ],
)
def test_one_emergency_a_year_and_none_for_three_years_unless_made_up(
    earlier: list[EarlierEmergency], problems: list[WithdrawalProblem]
) -> None:
    """IRC 72(t)(2)(I)(ii), (vii)."""
    result = withdrawals.emergency_expense(on=ON, vested_cents=9_000_00, earlier=earlier)
    assert list(result.problems) == problems
    assert bool(result.available_cents) is not bool(problems)


def test_the_lock_after_an_emergency_ends_after_three_calendar_years() -> None:
    earlier = [EarlierEmergency(date(2024, 12, 31), 1_000_00)]
    for on, locked in ((date(2027, 12, 31), True), (date(2028, 1, 1), False)):
        result = withdrawals.emergency_expense(on=on, vested_cents=9_000_00, earlier=earlier)
        assert (WithdrawalProblem.EARLIER_ONE_NOT_REPAID in result.problems) is locked


def test_no_emergency_before_2024() -> None:
    result = withdrawals.emergency_expense(on=date(2023, 12, 31), vested_cents=9_000_00)
    assert result.problems == (WithdrawalProblem.BEFORE_LAW,)


@pytest.mark.parametrize(
    ("on", "vested", "before", "most"),
    [
        (date(2024, 6, 1), 100_000_00, 0, 10_000_00),
        (date(2025, 6, 1), 100_000_00, 0, 10_300_00),
        (date(2026, 6, 1), 100_000_00, 0, 10_500_00),
        (date(2026, 6, 1), 12_345_01, 0, 6_172_50),
        (date(2026, 6, 1), 100_000_00, 4_000_00, 6_500_00),
    ],
)
def test_abuse_opens_the_indexed_amount_or_half(on: date, vested: int, before: int, most: int) -> None:
    result = withdrawals.domestic_abuse(
        on=on, vested_cents=vested, abused_on=date(on.year, 1, 2), taken_before_cents=before
    )
    assert result.available_cents == most


def test_abuse_opens_the_account_for_a_year_and_not_in_a_plan_with_annuities() -> None:
    """IRC 72(t)(2)(K)(iii)(I), (vi)(I)."""
    for on, open_ in ((date(2025, 6, 1), True), (date(2026, 5, 31), True), (date(2026, 6, 1), False)):
        result = withdrawals.domestic_abuse(on=on, vested_cents=9_000_00, abused_on=date(2025, 6, 1))
        assert bool(result.available_cents) is open_
    with_annuities = withdrawals.domestic_abuse(on=ON, vested_cents=9_000_00, abused_on=ON, plan_has_annuities=True)
    assert with_annuities.problems == (WithdrawalProblem.PLAN_WITH_ANNUITIES,)


def test_birth_or_adoption_opens_5000_dollars_for_a_year() -> None:
    """IRC 72(t)(2)(H)(ii), (iii)."""
    for on, most in ((date(2026, 1, 10), 5_000_00), (date(2027, 1, 9), 5_000_00), (date(2027, 1, 10), 0)):
        result = withdrawals.birth_or_adoption(on=on, vested_cents=80_000_00, born_or_adopted_on=date(2026, 1, 10))
        assert result.available_cents == most
    second = withdrawals.birth_or_adoption(
        on=ON, vested_cents=80_000_00, born_or_adopted_on=date(2026, 1, 10), taken_before_cents=3_000_00
    )
    assert (second.available_cents, second.repayable_until) == (2_000_00, date(2029, 5, 4))


@pytest.mark.parametrize(
    ("fact", "eligible"),
    [
        ({"adoptee_birth_date": date(2008, 1, 11)}, True),  # 17 on the day
        ({"adoptee_birth_date": date(2008, 1, 10)}, False),
        ({"adoptee_birth_date": date(1990, 1, 1), "adoptee_incapable_of_self_support": True}, True),
        ({"adoptee_is_child_of_spouse": True}, False),
    ],
)
def test_who_is_adopted(fact: dict[str, object], eligible: bool) -> None:
    result = withdrawals.birth_or_adoption(
        on=ON,
        vested_cents=80_000_00,
        born_or_adopted_on=date(2026, 1, 10),
        **fact,  # type: ignore[arg-type]
    )
    assert (WithdrawalProblem.NOT_ELIGIBLE not in result.problems) is eligible


def test_a_disaster_opens_22000_dollars_until_the_180th_day() -> None:
    """IRC 72(t)(11)(A), (B), (F)(iii)."""
    for on, open_ in ((date(2026, 1, 5), True), (date(2026, 7, 18), True), (date(2026, 7, 19), False)):
        result = withdrawals.disaster_recovery(
            on=on,
            vested_cents=80_000_00,
            incident_begins=date(2026, 1, 5),
            declared_on=date(2026, 1, 20),
            lives_in_area_with_loss=True,
            taken_before_cents=1_00,
        )
        assert result.available_cents == (21_999_00 if open_ else 0)


def test_disasters_from_before_the_enactment_stay_open_180_days_from_it() -> None:
    result = withdrawals.disaster_recovery(
        on=date(2023, 6, 26),
        vested_cents=80_000_00,
        incident_begins=date(2021, 2, 1),
        declared_on=date(2021, 2, 2),
        lives_in_area_with_loss=True,
    )
    assert result.available_cents == 22_000_00


@pytest.mark.parametrize(("begins", "open_"), [(date(2021, 1, 25), False), (date(2021, 1, 26), True)])
def test_the_incident_of_a_disaster_begins_30_days_after_the_act_of_2020_or_later(begins: date, open_: bool) -> None:
    """SECURE 2.0 s. 331(d): "for which begins on or after the date which is 30 days after" 27 December 2020."""
    result = withdrawals.disaster_recovery(
        on=date(2023, 1, 10),
        vested_cents=80_000_00,
        incident_begins=begins,
        declared_on=date(2021, 2, 2),
        lives_in_area_with_loss=True,
    )
    assert result.problems == (() if open_ else (WithdrawalProblem.BEFORE_LAW,))


@pytest.mark.parametrize(
    ("on", "until"),
    [
        (date(2020, 3, 2), date(2025, 12, 31)),
        (date(2022, 12, 29), date(2025, 12, 31)),
        (date(2022, 12, 30), date(2025, 12, 30)),
    ],
)
def test_what_was_taken_for_a_birth_before_the_enactment_may_go_back_until_2026(on: date, until: date) -> None:
    """SECURE 2.0 s. 311(b)(2): "after such distribution and before January 1, 2026" in the place of three years."""
    result = withdrawals.birth_or_adoption(on=on, vested_cents=80_000_00, born_or_adopted_on=on)
    assert result.repayable_until == until


def test_a_terminal_illness_is_no_event_of_its_own() -> None:
    asked_for = {"on": ON, "vested_cents": 9_000_00, "certified_on": ON, "expected_months": 84}
    alone = withdrawals.terminal_illness(**asked_for, event_opens_plan=False)  # type: ignore[arg-type]
    assert alone.problems == (WithdrawalProblem.NO_EVENT_OPENS_PLAN,)
    opened = withdrawals.terminal_illness(**asked_for, event_opens_plan=True)  # type: ignore[arg-type]
    assert opened.available_cents == 9_000_00
    longer = withdrawals.terminal_illness(**asked_for | {"expected_months": 85}, event_opens_plan=True)  # type: ignore[arg-type]
    assert longer.problems == (WithdrawalProblem.NOT_ELIGIBLE,)


@pytest.mark.parametrize(
    ("vested", "premiums", "taken", "most"),
    [
        (100_000_00, 3_000_00, 0, 2_600_00),
        (100_000_00, 1_800_00, 0, 1_800_00),
        (20_000_00, 3_000_00, 0, 2_000_00),
        (100_000_00, 3_000_00, 2_000_00, 600_00),
    ],
)
def test_long_term_care_takes_the_least_of_three(vested: int, premiums: int, taken: int, most: int) -> None:
    """IRC 401(a)(39)(B)(i); $2,600 in 2026 (Notice 2026-33)."""
    result = withdrawals.long_term_care(
        on=ON,
        vested_cents=vested,
        premiums_of_year_cents=premiums,
        statement_filed=True,
        taken_this_year_cents=taken,
    )
    assert (result.available_cents, result.repayable_until) == (most, None)


def cared_for(on: date, *, filed: bool = True, apart: bool = False) -> withdrawals.Withdrawal:
    return withdrawals.long_term_care(
        on=on,
        vested_cents=100_000_00,
        premiums_of_year_cents=3_000_00,
        statement_filed=filed,
        spouse_covered_and_separate_returns=apart,
    )


def test_long_term_care_begins_on_30_december_2025_and_needs_the_statement() -> None:
    assert cared_for(date(2025, 12, 29)).problems == (WithdrawalProblem.BEFORE_LAW,)
    assert cared_for(ON, filed=False).problems == (WithdrawalProblem.NO_STATEMENT,)
    assert cared_for(ON, apart=True).problems == (WithdrawalProblem.NOT_ELIGIBLE,)
    with pytest.raises(NotEnacted):
        cared_for(date(2040, 1, 5))


@pytest.mark.parametrize(("days", "open_"), [(179, False), (180, True), (None, True)])
def test_a_reservist_is_called_for_more_than_179_days(days: int | None, open_: bool) -> None:
    result = withdrawals.reservist(
        on=ON, deferrals_cents=4_000_00, ordered_on=date(2026, 3, 1), ordered_for_days=days, duty_ended_on=None
    )
    assert bool(result.available_cents) is open_
    over = withdrawals.reservist(
        on=ON,
        deferrals_cents=4_000_00,
        ordered_on=date(2026, 3, 1),
        ordered_for_days=None,
        duty_ended_on=date(2026, 6, 1),
    )
    assert over.repayable_until == date(2028, 6, 1)


def test_emergency_savings_are_capped_by_what_was_contributed() -> None:
    """IRC 402A(e)(3)(A); $2,600 in 2026."""
    assert (
        withdrawals.plesa_room(on=ON, attributable_to_contributions_cents=2_000_00, highly_compensated=False).room_cents
        == 600_00
    )
    hce = withdrawals.plesa_room(on=ON, attributable_to_contributions_cents=0, highly_compensated=True)
    assert (hce.room_cents, hce.problems) == (0, (WithdrawalProblem.HIGHLY_COMPENSATED,))
    assert [withdrawals.plesa_withdrawal_is_free(earlier_this_plan_year=n) for n in (0, 3, 4)] == [True, True, False]


@drawn(cents=st.integers(0, 22_000_00))
def test_income_spread_over_three_years_loses_no_cent(cents: int) -> None:
    """IRC 72(t)(11)(D)."""
    parts = withdrawals.spread_over_three_years(taxable_cents=cents)
    assert sum(parts) == cents
    assert max(parts) - min(parts) <= 1


@pytest.mark.parametrize("source", sorted(distribution_events.RESTRICTED))
def test_deferrals_and_what_borrows_their_rules_open_only_at_listed_events(source: Source) -> None:
    """IRC 401(k)(2)(B); Reg. 1.401(k)-1(d)(6) Example (i): not after two years."""

    def allowed(event: Event) -> bool:
        return distribution_events.may_distribute(
            source=source, event=event, months_in_plan=600, months_of_participation=600
        ).allowed

    assert not any(allowed(event) for event in (Event.YEARS_IN_PLAN, Event.STATED_AGE, Event.NO_EVENT))
    assert not allowed(Event.TERMINAL_ILLNESS)
    assert all(allowed(event) for event in (Event.SEVERANCE, Event.AGE_59_5, Event.HARDSHIP, Event.QDRO))
    assert allowed(Event.RESERVIST) is source.is_deferral
    assert allowed(Event.PERMISSIBLE_WITHDRAWAL) is source.is_deferral


def test_the_end_of_a_plan_opens_deferrals_only_without_another_plan() -> None:
    """IRC 401(k)(10)(A); Reg. 1.401(k)-1(d)(4)(i)."""
    for other in (True, False):
        permission = distribution_events.may_distribute(
            source=Source.PRE_TAX, event=Event.PLAN_TERMINATION, other_plan_exists=other
        )
        assert permission.allowed is not other
    installments = {"event": Event.PLAN_TERMINATION, "paid_as_lump_sum": False}
    restricted, match = (
        distribution_events.may_distribute(source=source, **installments)  # type: ignore[arg-type]
        for source in (Source.QNEC, Source.MATCH)
    )
    assert (restricted.allowed, restricted.why, match.allowed) == (False, Why.NOT_A_LUMP_SUM, True)


@pytest.mark.parametrize(("in_plan", "participation", "open_"), [(23, 59, False), (24, 0, True), (0, 60, True)])
def test_profit_sharing_opens_after_two_years_or_five_of_participation(
    in_plan: int, participation: int, open_: bool
) -> None:
    permission = distribution_events.may_distribute(
        source=Source.PROFIT_SHARING,
        event=Event.YEARS_IN_PLAN,
        months_in_plan=in_plan,
        months_of_participation=participation,
    )
    assert permission.allowed is open_


def test_match_opens_at_events_but_not_without_and_own_money_always() -> None:
    assert distribution_events.may_distribute(source=Source.MATCH, event=Event.STATED_AGE).allowed
    assert not distribution_events.may_distribute(source=Source.MATCH, event=Event.NO_EVENT).allowed
    assert not distribution_events.may_distribute(source=Source.MATCH, event=Event.PERMISSIBLE_WITHDRAWAL).allowed
    for source in (Source.ROLLOVER, Source.AFTER_TAX):
        permission = distribution_events.may_distribute(source=source, event=Event.NO_EVENT)
        assert (permission.allowed, permission.why) == (True, Why.OWN_MONEY)


@pytest.mark.parametrize("event", list(Event))
@pytest.mark.parametrize("source", list(Source))
def test_every_source_and_event_has_an_answer_with_its_section(source: Source, event: Event) -> None:
    permission = distribution_events.may_distribute(source=source, event=event)
    assert permission.cite
    assert permission.cite in explain(permission)


def test_withdrawals_are_told_in_plain_words() -> None:
    assert explain(withdrawals.emergency_expense(on=ON, vested_cents=1_600_00)) == (
        "$600.00 may be taken as emergency expense withdrawal: the least of most a year $1,000.00, vested above "
        "reserve $600.00 (IRC 72(t)(2)(I)). It may be paid back until 2029-05-04."
    )
    assert explain(withdrawals.emergency_expense(on=ON, vested_cents=0)) == (
        "No emergency expense withdrawal: nothing is left under the limits (IRC 72(t)(2)(I))."
    )
    assert explain(asked(5_000_00, tax_bps=2_500)) == (
        "The need of $5,000.00 takes $6,666.67 with $1,666.67 of taxes on it; all of it may be paid: the employee's "
        "written certification is enough (IRC 401(k)(14)(C))."
    )
    assert "other distributions are available" in explain(asked(other_distributions_available_cents=1))
    room = withdrawals.plesa_room(on=ON, attributable_to_contributions_cents=2_000_00, highly_compensated=False)
    assert explain(room).endswith("$600.00 may be contributed (IRC 402A(e)(3)).")
