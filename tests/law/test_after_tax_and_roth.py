"""Basis: pro rata, pre-1987, Notice 2014-54, employer securities; Roth: clocks, qualified payments, conversions."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import CalendarYear, Refused
from open401k.law import after_tax_basis as at
from open401k.law import roth
from open401k.law.after_tax_basis import Allocation, AllocationRefusal, Disbursement, LumpSumEvent
from open401k.law.given import ImpossibleInput
from open401k.law.rollover_matrix import Account
from open401k.law.rollovers import PaidBecause
from open401k.law.roth import QualifiedPath
from tests.law.on_file import facts

CENTS = st.integers(0, 10**11)
IRA, ROTH_IRA = Account.TRADITIONAL_IRA, Account.ROTH_IRA


def shared(pre_tax: int, after_tax: int, *direct: Disbursement, later: tuple[Disbursement, ...] = ()) -> Allocation:
    found = at.allocate_pre_tax(pre_tax_cents=pre_tax, after_tax_cents=after_tax, direct=direct, sixty_day=later)
    assert isinstance(found, Allocation), found
    return found


def notice_2014_54() -> at.BasisRecovery:
    """The facts of all its examples: $100,000 of $250,000, of which $50,000 is after-tax."""
    given_, _ = facts("ATX-2")
    return at.recover_basis(
        gross_cents=given_["distribution_usd"] * 100,
        account_cents=given_["account_usd"] * 100,
        basis_cents=given_["after_tax_usd"] * 100,
    )


def test_atx_2_a_direct_rollover_of_more_than_the_pre_tax_money() -> None:
    given_, expected = facts("ATX-2")
    paid = notice_2014_54()
    assert paid.taxable_cents == expected["pretax_in_distribution_usd"] * 100
    direct = Disbursement(IRA, given_["direct_rollovers_usd"]["traditional_ira"] * 100)
    found = shared(paid.taxable_cents, paid.basis_cents, direct)
    assert found.direct[0].pre_tax_cents == expected["pretax_in_direct_usd"] * 100
    assert found.direct[0].after_tax_cents == expected["after_tax_in_direct_usd"] * 100
    assert found.kept.pre_tax_cents == expected["pretax_paid_to_participant_usd"] * 100
    assert found.kept.after_tax_cents == expected["after_tax_paid_to_participant_usd"] * 100


def test_atx_4_the_recipient_sends_pre_tax_money_here_and_after_tax_money_there() -> None:
    given_, expected = facts("ATX-4")
    paid = notice_2014_54()
    to = {name: dollars * 100 for name, dollars in given_["direct_rollovers_usd"].items()}
    found = shared(
        paid.taxable_cents,
        paid.basis_cents,
        Disbursement(IRA, to["traditional_ira"], pre_tax_chosen_cents=to["traditional_ira"]),
        Disbursement(ROTH_IRA, to["roth_ira"], pre_tax_chosen_cents=0),
    )
    assert found.direct[0].pre_tax_cents == expected["pretax_in_traditional_ira_usd"] * 100
    assert found.direct[1].after_tax_cents == expected["after_tax_in_roth_ira_usd"] * 100
    assert found.taxed_now_cents == expected["taxable_now_usd"] * 100


def test_pre_tax_money_above_the_direct_rollover_goes_to_a_sixty_day_rollover_first() -> None:
    """Notice 2014-54 section III: $70,000 directly, then $12,000 of the $30,000 paid within 60 days."""
    found = shared(80_000_00, 20_000_00, Disbursement(IRA, 70_000_00), later=(Disbursement(IRA, 12_000_00),))
    assert [(each.pre_tax_cents, each.after_tax_cents) for each in (*found.direct, *found.sixty_day, found.kept)] == [
        (70_000_00, 0),
        (10_000_00, 2_000_00),
        (0, 18_000_00),
    ]
    without = shared(80_000_00, 20_000_00, Disbursement(IRA, 70_000_00))
    assert (without.kept.pre_tax_cents, without.kept.after_tax_cents) == (10_000_00, 20_000_00)
    assert without.taxed_now_cents == 10_000_00


def test_pre_tax_money_in_a_roth_ira_is_taxed_now() -> None:
    assert shared(80, 20, Disbursement(ROTH_IRA, 100)).taxed_now_cents == 80


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (None, None, AllocationRefusal.CHOICE_NEEDED),
        (60, None, AllocationRefusal.CHOICE_NEEDED),
        (71, 9, AllocationRefusal.CHOICE_IS_MORE_THAN_THE_PART),
        (60, 10, AllocationRefusal.CHOICE_DOES_NOT_ADD_UP),
    ],
)
def test_a_choice_that_is_missing_or_wrong_is_refused(
    first: int | None, second: int | None, reason: AllocationRefusal
) -> None:
    found = at.allocate_pre_tax(
        pre_tax_cents=80,
        after_tax_cents=20,
        direct=(Disbursement(IRA, 70, first), Disbursement(ROTH_IRA, 30, second)),
    )
    assert isinstance(found, Refused)
    assert found.reason is reason


@given(pre_tax=CENTS, after_tax=CENTS, direct=st.integers(0, 100), later=st.integers(0, 100))
def test_an_allocation_conserves_each_kind_of_money(pre_tax: int, after_tax: int, direct: int, later: int) -> None:
    total = pre_tax + after_tax
    first = total * direct // 200
    second = total * later // 200
    found = shared(pre_tax, after_tax, Disbursement(IRA, first), later=(Disbursement(IRA, second),))
    parts = (*found.direct, *found.sixty_day, found.kept)
    assert sum(each.pre_tax_cents for each in parts) == pre_tax
    assert sum(each.after_tax_cents for each in parts) == after_tax
    assert all(each.pre_tax_cents + each.after_tax_cents == each.cents for each in parts)
    assert all(min(each.pre_tax_cents, each.after_tax_cents) >= 0 for each in parts)
    assert found.taxed_now_cents == max(pre_tax - first - second, 0)


def test_contributions_before_1987_come_out_first_where_the_plan_let_them() -> None:
    """IRC 72(e)(8)(D): $4,000 of $10,000 is pre-1987; the other $6,000 bears 1/16 basis, as (8-4)/(68-4)."""
    terms: dict[str, Any] = {
        "gross_cents": 10_000_00,
        "account_cents": 68_000_00,
        "basis_cents": 8_000_00,
        "pre_1987_basis_cents": 4_000_00,
    }
    first = at.recover_basis(**terms, plan_allowed_withdrawals_on_may_5_1986=True)
    assert (first.pre_1987_basis_cents, first.pro_rata_basis_cents, first.taxable_cents) == (
        4_000_00,
        375_00,
        5_625_00,
    )
    assert (first.remaining_basis_cents, first.remaining_pre_1987_basis_cents) == (3_625_00, 0)
    pro_rata = at.recover_basis(**terms)
    assert (pro_rata.basis_cents, pro_rata.taxable_cents) == (1_176_47, 8_823_53)


@given(account=CENTS, share=st.integers(0, 100), basis=st.integers(0, 120), old=st.integers(0, 100), let=st.booleans())
def test_recovery_conserves_and_never_recovers_more_than_there_is(
    account: int, share: int, basis: int, old: int, let: bool
) -> None:
    gross, whole = account * share // 100, account * basis // 100
    before_1987 = min(whole * old // 100, account)
    found = at.recover_basis(
        gross_cents=gross,
        account_cents=account,
        basis_cents=whole,
        pre_1987_basis_cents=before_1987,
        plan_allowed_withdrawals_on_may_5_1986=let,
    )
    assert found.basis_cents + found.taxable_cents == gross
    assert found.basis_cents + found.remaining_basis_cents == whole
    assert min(found.taxable_cents, found.remaining_basis_cents, found.remaining_pre_1987_basis_cents) >= 0
    assert found.remaining_account_cents == account - gross
    if gross == account:
        assert found.basis_cents == min(whole, account)


def securities(event: LumpSumEvent, *, whole: bool = True, **more: int | bool) -> at.EmployerSecurities:
    return at.employer_securities(
        value_cents=100_000_00,
        cost_cents=20_000_00,
        event=event,
        whole_balance_in_one_year=whole,
        **more,  # type: ignore[arg-type]
    )


def test_appreciation_of_employer_securities_is_not_taxed_yet_in_a_lump_sum() -> None:
    """IRC 402(e)(4)(B), (D)."""
    found = securities(LumpSumEvent.SEVERANCE, basis_cents=5_000_00)
    assert (found.lump_sum, found.taxable_cents, found.appreciation_untaxed_cents, found.basis_recovered_cents) == (
        True,
        15_000_00,
        80_000_00,
        5_000_00,
    )
    assert securities(LumpSumEvent.SEVERANCE, taxed_in_full_elected=True).taxable_cents == 100_000_00
    assert not securities(LumpSumEvent.SEVERANCE, whole=False).lump_sum
    assert not securities(LumpSumEvent.SEVERANCE, self_employed=True).lump_sum
    assert securities(LumpSumEvent.DISABILITY, self_employed=True).lump_sum
    assert not securities(LumpSumEvent.DISABILITY).lump_sum
    assert not securities(LumpSumEvent.NONE).lump_sum
    part = securities(LumpSumEvent.NONE, appreciation_on_employee_contributions_cents=10_000_00)
    assert (part.appreciation_untaxed_cents, part.taxable_cents) == (10_000_00, 90_000_00)


@given(
    value=CENTS,
    cost=CENTS,
    basis=CENTS,
    event=st.sampled_from(LumpSumEvent),
    whole=st.booleans(),
    elected=st.booleans(),
)
def test_securities_conserve_their_value(
    value: int, cost: int, basis: int, event: LumpSumEvent, whole: bool, elected: bool
) -> None:
    found = at.employer_securities(
        value_cents=value,
        cost_cents=cost,
        event=event,
        whole_balance_in_one_year=whole,
        taxed_in_full_elected=elected,
        basis_cents=basis,
    )
    assert found.taxable_cents + found.basis_recovered_cents + found.appreciation_untaxed_cents == value
    assert min(found.taxable_cents, found.basis_recovered_cents, found.appreciation_untaxed_cents) >= 0


def test_rot_2_a_qualified_payment_recovers_basis_pro_rata() -> None:
    given_, expected = facts("ROT-2")
    found = roth.roth_payment(
        gross_cents=given_["distribution_usd"] * 100,
        basis_cents=given_["basis_before_usd"] * 100,
        income_cents=given_["income_before_usd"] * 100,
        qualified=given_["qualified"],
    )
    assert (found.basis_cents, found.income_cents) == (
        expected["basis_part_usd"] * 100,
        expected["income_part_usd"] * 100,
    )
    assert (found.remaining_basis_cents, found.remaining_income_cents) == (
        expected["basis_after_usd"] * 100,
        expected["income_after_usd"] * 100,
    )
    assert (found.taxable_cents, found.untaxed_income_cents) == (0, 600_00)


def test_employee_b_rolls_income_over_first() -> None:
    """Reg. 1.402A-1 A-5(d): $7,000 of $14,000 with $3,000 of income: nothing is taxed."""
    payment = roth.roth_payment(gross_cents=14_000_00, basis_cents=11_000_00, income_cents=3_000_00, qualified=False)
    found = roth.roth_rollover_part(payment=payment, rolled_cents=7_000_00)
    assert (found.rolled_income_cents, found.rolled_basis_cents, found.taxable_cents) == (3_000_00, 4_000_00, 0)
    assert roth.roth_rollover_part(payment=payment, rolled_cents=1_000_00).taxable_cents == 2_000_00


def over_59(year: int, period: roth.FiveYearPeriod) -> roth.QualifiedDistribution:
    return roth.qualified_distribution(on=date(year, 6, 1), employee_born_on=date(1940, 1, 1), period=period)


def test_rot_4_the_roth_iras_own_clock_has_run() -> None:
    given_, expected = facts("ROT-4")
    period = roth.five_year_period(first_contribution_year=given_["first_designated_roth_year"])
    year = given_["plan_distribution_year"]
    qualified = over_59(year, period)
    assert qualified.qualified is expected["plan_clock_satisfied_at_distribution"]
    payment = roth.roth_payment(gross_cents=100, basis_cents=80, income_cents=20, qualified=qualified.qualified)
    inside = roth.in_roth_ira(
        payment=payment,
        qualified=qualified.qualified,
        roth_ira_first_year=given_["roth_ira_first_year"],
        rolled_over_in=year,
    )
    later = date(year, 12, 31)
    assert inside.period.completed(later) is expected["roth_ira_clock_satisfied"]
    taxed = inside.earnings_taxed(on=later, event=given_["age_over_59_half"])
    assert taxed is expected["later_ira_distribution_of_rolled_amount_and_earnings_taxable"]


def test_rot_5_the_years_in_the_plan_do_not_count_in_a_new_roth_ira() -> None:
    given_, expected = facts("ROT-5")
    period = roth.five_year_period(first_contribution_year=given_["first_designated_roth_year"])
    year = given_["plan_distribution_year"]
    qualified = over_59(year, period).qualified
    assert qualified is expected["plan_clock_satisfied_at_distribution"]
    payment = roth.roth_payment(gross_cents=100, basis_cents=80, income_cents=20, qualified=qualified)
    inside = roth.in_roth_ira(
        payment=payment,
        qualified=qualified,
        roth_ira_first_year=given_["roth_ira_first_year"],
        rolled_over_in=year,
    )
    first = date.fromisoformat(expected["roth_ira_clock_first_satisfied_on"])
    assert inside.period.completed_on == first
    before = inside.earnings_taxed(on=date(2012, 12, 31), event=True)
    assert before is expected["earnings_taxable_if_distributed_before"]
    assert not inside.earnings_taxed(on=first, event=True)
    assert inside.basis_cents == payment.basis_cents == 80


def test_what_was_qualified_in_the_plan_is_basis_in_the_ira() -> None:
    payment = roth.roth_payment(gross_cents=100, basis_cents=80, income_cents=20, qualified=True)
    inside = roth.in_roth_ira(payment=payment, qualified=True, roth_ira_first_year=2026, rolled_over_in=2026)
    assert (inside.basis_cents, inside.earnings_cents) == (100, 0)


def test_what_the_ira_earned_after_a_qualified_rollover_is_taxed_before_its_five_years() -> None:
    """Reg. 1.408A-10 A-4(b) Example 3: "any amount of the distribution that exceeded the amount rolled in"."""
    qualified = over_59(2011, roth.five_year_period(first_contribution_year=2006)).qualified
    payment = roth.roth_payment(gross_cents=100, basis_cents=80, income_cents=20, qualified=qualified)
    inside = roth.in_roth_ira(payment=payment, qualified=qualified, roth_ira_first_year=2011, rolled_over_in=2011)
    assert (qualified, inside.basis_cents) == (True, 100)
    assert inside.earnings_taxed(on=date(2015, 12, 31), event=True)
    assert not inside.earnings_taxed(on=date(2016, 1, 1), event=True)


def test_a_part_that_is_rolled_over_brings_its_income_first_into_the_ira() -> None:
    """Reg. 1.402A-1 A-5(d), 1.408A-10 A-3(a): of $14,000 with $3,000 of income $7,000 are rolled over."""
    payment = roth.roth_payment(gross_cents=14_000_00, basis_cents=11_000_00, income_cents=3_000_00, qualified=False)
    told = {"payment": payment, "roth_ira_first_year": 2026, "rolled_over_in": 2026, "rolled_cents": 7_000_00}
    inside = roth.in_roth_ira(**told, qualified=False)  # type: ignore[arg-type]
    assert (inside.basis_cents, inside.earnings_cents) == (4_000_00, 3_000_00)
    in_full = roth.in_roth_ira(**told, qualified=True)  # type: ignore[arg-type]
    assert (in_full.basis_cents, in_full.earnings_cents) == (7_000_00, 0)


def test_the_basis_above_the_value_of_a_whole_account_goes_along_into_the_ira() -> None:
    """Reg. 1.408A-10 A-3(b), 1.402A-1 A-6(b)."""
    payment = roth.roth_payment(gross_cents=70, basis_cents=80, income_cents=-10, qualified=False)
    told = {"payment": payment, "qualified": False, "roth_ira_first_year": 2026, "rolled_over_in": 2026}
    whole = roth.in_roth_ira(**told, whole_account=True)  # type: ignore[arg-type]
    assert (whole.basis_cents, whole.earnings_cents) == (80, 0)
    assert roth.in_roth_ira(**told).basis_cents == 70  # type: ignore[arg-type]


def test_the_regulations_distributed_annuity_contract() -> None:
    """Reg. 1.402A-1 A-14: first contribution 2006 at 56, paid in 2011 at 60: qualified."""
    period = roth.five_year_period(first_contribution_year=2006)
    born = date(1950, 9, 1)
    paid = roth.qualified_distribution(on=date(2011, 1, 1), employee_born_on=born, period=period)
    assert (paid.qualified, paid.path) == (True, QualifiedPath.AGE_59_AND_A_HALF)
    early = roth.qualified_distribution(on=date(2010, 12, 31), employee_born_on=born, period=period)
    assert (early.qualified, early.path) == (False, QualifiedPath.PERIOD_NOT_COMPLETED)


def test_the_period_begins_with_the_earliest_year_that_counts() -> None:
    """Reg. 1.402A-1 A-4(b), A-5(c)."""
    assert roth.five_year_period(first_contribution_year=2024).completed_on == date(2029, 1, 1)
    direct = roth.five_year_period(first_contribution_year=2024, direct_rollovers_began_in=(2019,))
    indirect = roth.five_year_period(first_contribution_year=None, indirect_rollovers_accepted_in=(2025,))
    assert (direct.first_year.year, indirect.first_year.year) == (2019, 2025)
    with pytest.raises(ImpossibleInput, match="first_contribution_year: nothing"):
        roth.five_year_period(first_contribution_year=None)
    with pytest.raises(ImpossibleInput, match="2005 is before"):
        roth.five_year_period(first_contribution_year=2005)


@pytest.mark.parametrize(
    ("because", "died", "disabled", "path"),
    [
        (PaidBecause.ORDINARY, None, False, QualifiedPath.NO_EVENT),
        (PaidBecause.HARDSHIP, None, True, QualifiedPath.DISABILITY),
        (PaidBecause.ORDINARY, date(2026, 1, 1), False, QualifiedPath.DEATH),
        (PaidBecause.DEEMED_LOAN, None, True, QualifiedPath.NEVER_QUALIFIED),
        (PaidBecause.EXCESS_DEFERRAL, date(2026, 1, 1), True, QualifiedPath.NEVER_QUALIFIED),
    ],
)
def test_what_makes_a_payment_qualified(
    because: PaidBecause, died: date | None, disabled: bool, path: QualifiedPath
) -> None:
    found = roth.qualified_distribution(
        on=date(2026, 2, 2),
        employee_born_on=date(1990, 1, 1),
        period=roth.five_year_period(first_contribution_year=2015),
        because=because,
        employee_died_on=died,
        employee_disabled=disabled,
    )
    assert found.path is path
    assert found.qualified is (path in (QualifiedPath.DEATH, QualifiedPath.DISABILITY))


def test_basis_of_a_direct_rollover() -> None:
    """Reg. 1.402A-1 A-6: all of a qualified amount; of a whole account with a loss, the basis above its value too."""
    gain = roth.roth_payment(gross_cents=120, basis_cents=100, income_cents=20, qualified=False)
    assert roth.basis_received_directly(payment=gain, qualified=False, whole_account=True) == 100
    assert roth.basis_received_directly(payment=gain, qualified=True, whole_account=True) == 120
    loss = roth.roth_payment(gross_cents=70, basis_cents=100, income_cents=-30, qualified=False)
    assert (loss.basis_cents, loss.taxable_cents) == (70, 0)
    assert roth.basis_received_directly(payment=loss, qualified=False, whole_account=True) == 100
    assert roth.basis_received_directly(payment=loss, qualified=False, whole_account=False) == 70


def test_a_conversion_is_taxed_now_and_followed_up_for_five_years() -> None:
    found = roth.in_plan_conversion(on=date(2026, 8, 1), converted_cents=10_000_00, basis_cents=4_000_00)
    assert (found.taxable_cents, found.basis_added_cents, found.recapture_ends) == (
        6_000_00,
        10_000_00,
        date(2030, 12, 31),
    )
    made = (
        roth.ConvertedBefore(CalendarYear(2026), taxable_cents=6_000_00, untaxed_cents=4_000_00),
        roth.ConvertedBefore(CalendarYear(2020), taxable_cents=1_000_00, withdrawn_cents=400_00),
    )
    assert roth.recapture(on=date(2030, 12, 31), from_conversions_cents=2_600_00, conversions=made) == 2_000_00
    assert roth.recapture(on=date(2030, 12, 31), from_conversions_cents=10_600_00, conversions=made) == 6_000_00
    assert roth.recapture(on=date(2031, 1, 1), from_conversions_cents=2_600_00, conversions=made) == 0
    with pytest.raises(ImpossibleInput, match="from_conversions_cents: 1 more"):
        roth.recapture(on=date(2030, 1, 1), from_conversions_cents=10_600_01, conversions=made)


@given(basis=CENTS, income=st.integers(-(10**10), 10**11), share=st.integers(0, 100), qualified=st.booleans())
def test_roth_payments_conserve(basis: int, income: int, share: int, qualified: bool) -> None:
    value = max(basis + income, 0)
    income = value - basis
    found = roth.roth_payment(
        gross_cents=value * share // 100, basis_cents=basis, income_cents=income, qualified=qualified
    )
    assert found.basis_cents + found.income_cents == found.gross_cents
    assert found.basis_cents + found.remaining_basis_cents == basis
    assert found.income_cents + found.remaining_income_cents == income
    assert min(found.basis_cents, found.income_cents, found.remaining_basis_cents) >= 0
    assert found.taxable_cents == (0 if qualified else found.income_cents)


def test_facts_that_cannot_be_are_refused_by_their_field() -> None:
    with pytest.raises(ImpossibleInput, match="gross_cents: 2 is more than account_cents, 1"):
        at.recover_basis(gross_cents=2, account_cents=1, basis_cents=0)
    with pytest.raises(ImpossibleInput, match="pre_1987_basis_cents"):
        at.recover_basis(gross_cents=0, account_cents=1, basis_cents=0, pre_1987_basis_cents=1)
    with pytest.raises(ImpossibleInput, match=r"direct \+ sixty_day: 3 is more"):
        at.allocate_pre_tax(pre_tax_cents=1, after_tax_cents=1, direct=(Disbursement(IRA, 3),))
    with pytest.raises(ImpossibleInput, match="income_cents: a loss of 3"):
        roth.roth_payment(gross_cents=0, basis_cents=2, income_cents=-3, qualified=False)
    with pytest.raises(ImpossibleInput, match="basis_cents: 2 is more than converted_cents"):
        roth.in_plan_conversion(on=date(2026, 1, 1), converted_cents=1, basis_cents=2)
    with pytest.raises(ImpossibleInput, match="on: 2000-01-01 is before employee_born_on"):
        roth.qualified_distribution(
            on=date(2000, 1, 1),
            employee_born_on=date(2001, 1, 1),
            period=roth.five_year_period(first_contribution_year=2010),
        )
