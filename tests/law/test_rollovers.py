"""Eligible rollover distributions, loan offsets, deadlines, and from which account to which money may go."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.law import rollovers as ro
from open401k.law.given import ImpossibleInput
from open401k.law.rollover_matrix import Account, Condition, Obstacle, rollover_route
from open401k.law.rollovers import Distributee, NotEligible, OffsetPath, PaidBecause
from open401k.law.withholding import Paid, PaymentClass, Withholding, withholding
from tests.law.on_file import facts

CENTS = st.integers(0, 10**11)
IN_2026 = date(2026, 6, 1)


def withheld(paid: Paid, on: date) -> Withholding:
    found = withholding(on=on, payment_class=PaymentClass.ELIGIBLE_ROLLOVER, paid=paid)
    assert isinstance(found, Withholding)
    return found


def test_rol_1_direct_rollover_of_the_rest_and_a_qualified_offset() -> None:
    given_, expected = facts("ROL-1")
    balance, loan = given_["account_balance_usd"] * 100, given_["of_which_loan_note_usd"] * 100
    offset = ro.loan_offset(
        offset_cents=loan,
        offset_on=date.fromisoformat(given_["offset_date"]),
        severed_on=date.fromisoformat(given_["severance_date"]),
    )
    assert (offset.qualified, offset.path) == (expected["is_qplo"], OffsetPath.SEVERANCE)
    assert (offset.without_extension, offset.roll_over_by) == (date(2026, 4, 15), date(2026, 10, 15))
    assert balance - loan == expected["direct_rollover_usd"] * 100
    tax = withheld(Paid(loan_offset_cents=loan), offset.offset_on)
    assert (tax.withheld_cents, tax.gross_cents) == (
        expected["withholding_usd"] * 100,
        expected["plan_loan_offset_usd"] * 100,
    )


def test_examples_2_and_3_of_the_regulation_on_the_twelve_months() -> None:
    """Reg. 1.402(c)-2(g)(5)(ii)-(iii): July 1, 2026 is over a year after June 15, 2025; the day itself is within."""
    severed = date(2025, 6, 15)
    late = ro.loan_offset(offset_cents=3_000_00, offset_on=date(2026, 7, 1), severed_on=severed)
    assert (late.qualified, late.path) == (False, OffsetPath.LATER_THAN_A_YEAR_AFTER_SEVERANCE)
    assert late.roll_over_by == late.without_extension == date(2026, 8, 30)
    same_day = ro.loan_offset(offset_cents=3_000_00, offset_on=severed, severed_on=severed)
    assert same_day.qualified
    assert ro.loan_offset(offset_cents=1, offset_on=date(2026, 6, 15), severed_on=severed).qualified
    assert not ro.loan_offset(offset_cents=1, offset_on=date(2026, 6, 16), severed_on=severed).qualified


def test_examples_4_and_5_of_the_regulation_on_withholding_beside_an_offset() -> None:
    """Reg. 1.402(c)-2(g)(5)(iv)-(v): 20 % of $10,000 from the $7,000 of cash; nothing from employer securities."""
    on = date(2025, 9, 18)
    cash = withheld(Paid(cash_cents=7_000_00, loan_offset_cents=3_000_00), on)
    assert (cash.base_cents, cash.withheld_cents, cash.cash_paid_cents) == (10_000_00, 2_000_00, 5_000_00)
    shares = withheld(Paid(employer_securities_cents=7_000_00, loan_offset_cents=3_000_00), on)
    assert (shares.required_cents, shares.withheld_cents, shares.limited) == (2_000_00, 0, True)


def test_rol_6_a_deemed_distribution_is_no_offset_and_cannot_be_rolled_over() -> None:
    _, expected = facts("ROL-6")
    found = ro.eligible_rollover(gross_cents=3_000_00, because=PaidBecause.DEEMED_LOAN)
    assert bool(found.eligible_cents) is expected["eligible_rollover_distribution"]
    assert found.withheld_as_eligible is expected["plan_loan_offset_occurs"]
    assert found.cite == "Reg. 1.402(c)-2(c)(3)(iv)"


@pytest.mark.parametrize(
    ("because", "minimum"),
    [
        (PaidBecause.DEEMED_LOAN, 0),
        (PaidBecause.EXCESS_DEFERRAL, 0),
        (PaidBecause.EXCESS_CONTRIBUTION, 0),
        (PaidBecause.RETURN_FOR_415, 0),
        (PaidBecause.DIVIDEND_404K, 0),
        (PaidBecause.HARDSHIP, 2_000_00),
        (PaidBecause.LOAN_OFFSET, 2_000_00),
    ],
)
def test_what_is_returned_or_only_deemed_paid_is_no_part_of_the_minimum(because: PaidBecause, minimum: int) -> None:
    """Reg. 1.401(a)(9)-5 A-9(b) (before 2025): "not taken into account in determining whether" it has been paid."""
    found = ro.eligible_rollover(gross_cents=3_000_00, because=because, required_minimum_due_cents=2_000_00)
    assert found.required_minimum_cents == minimum


@pytest.mark.parametrize(
    ("offset_on", "due", "extended"),
    [
        (date(2021, 6, 1), date(2022, 4, 18), date(2022, 10, 17)),
        (date(2022, 6, 1), date(2023, 4, 18), date(2023, 10, 16)),
        (date(2025, 6, 1), date(2026, 4, 15), date(2026, 10, 15)),
    ],
)
def test_the_return_is_due_after_weekend_and_emancipation_day(offset_on: date, due: date, extended: date) -> None:
    """IRC 402(c)(3)(C), 7503; Rev. Rul. 2015-13: those were the due dates of Form 1040."""
    found = ro.loan_offset(offset_cents=1, offset_on=offset_on, severed_on=offset_on)
    assert (found.without_extension, found.roll_over_by) == (due, extended)


def test_rol_7_a_loan_that_failed_before_has_sixty_days() -> None:
    given_, expected = facts("ROL-7")
    found = ro.loan_offset(
        offset_cents=3_000_00,
        offset_on=date.fromisoformat(given_["offset_date"]),
        severed_on=date.fromisoformat(given_["severance_date"]),
        loan_met_72p=False,
    )
    assert (found.qualified, found.path) == (expected["is_qplo"], OffsetPath.LOAN_FAILED_BEFORE)
    assert found.roll_over_by == date.fromisoformat(expected["offset_rollover_last_day"])
    assert (found.roll_over_by - found.offset_on).days == expected["offset_rollover_deadline_days"]


def test_rol_8_what_is_withheld_is_made_up_or_taxed() -> None:
    given_, expected = facts("ROL-8")
    gross = given_["taxable_distribution_paid_to_participant_usd"] * 100
    tax = withheld(Paid(cash_cents=gross), date(2002, 6, 1))
    assert (tax.withheld_cents, tax.net_cents) == (
        expected["withholding_usd"] * 100,
        expected["net_cash_usd"] * 100,
    )
    whole = ro.roll_over_part(taxable_cents=gross, basis_cents=0, rolled_cents=gross)
    assert whole.kept_taxable_cents == expected["to_roll_over_all"]["taxable_usd"]
    assert gross - tax.net_cents == expected["to_roll_over_all"]["own_money_needed_usd"] * 100
    net = ro.roll_over_part(taxable_cents=gross, basis_cents=0, rolled_cents=tax.net_cents)
    assert net.kept_taxable_cents == expected["roll_over_only_net"]["taxable_usd"] * 100
    assert net.rolled_taxable_cents == expected["roll_over_only_net"]["rolled_usd"] * 100


@pytest.mark.parametrize(
    ("terminated", "severed", "failed", "path"),
    [
        (True, None, False, OffsetPath.PLAN_TERMINATION),
        (False, None, True, OffsetPath.NO_SEVERANCE_OR_TERMINATION),
        (False, date(2026, 1, 5), False, OffsetPath.NOT_FOR_FAILING_TO_REPAY),
    ],
)
def test_other_offsets(terminated: bool, severed: date | None, failed: bool, path: OffsetPath) -> None:
    found = ro.loan_offset(
        offset_cents=1, offset_on=IN_2026, severed_on=severed, plan_terminated=terminated, failed_to_repay=failed
    )
    assert found.path is path


def test_the_due_date_of_a_return_moves_over_a_weekend() -> None:
    """IRC 7503: April 15, 2028 is a Saturday, October 15, 2028 a Sunday."""
    found = ro.loan_offset(offset_cents=1, offset_on=date(2027, 3, 1), severed_on=date(2027, 2, 1))
    assert (found.without_extension, found.roll_over_by) == (date(2028, 4, 18), date(2028, 10, 16))


def test_the_first_money_of_a_year_is_the_required_minimum() -> None:
    """Reg. 1.402(c)-2(f)(1): $5,000 required, $7,200 paid, $2,200 eligible."""
    found = ro.eligible_rollover(gross_cents=7_200_00, required_minimum_due_cents=5_000_00)
    assert (found.eligible_cents, found.not_eligible_cents, found.why_not) == (
        2_200_00,
        5_000_00,
        NotEligible.REQUIRED_MINIMUM,
    )


ELIGIBLE = {PaidBecause.ORDINARY, PaidBecause.LOAN_OFFSET}


@pytest.mark.parametrize("because", [each for each in PaidBecause if each is not PaidBecause.SERIES_FOR_YEARS])
def test_what_cannot_be_rolled_over_by_its_kind(because: PaidBecause) -> None:
    """Reg. 1.402(c)-2(c)(2)-(3), and what IRC 72(t)(2) lets be repaid instead."""
    found = ro.eligible_rollover(gross_cents=100, because=because)
    assert found.eligible_cents == (100 if because in ELIGIBLE else 0)
    assert found.withheld_as_eligible is (because in ELIGIBLE)
    assert found.cite


@pytest.mark.parametrize(("years", "eligible"), [(9, 100), (10, 0), (30, 0)])
def test_a_series_of_ten_years_or_more_cannot_be_rolled_over(years: int, eligible: int) -> None:
    found = ro.eligible_rollover(gross_cents=100, because=PaidBecause.SERIES_FOR_YEARS, series_years=years)
    assert found.eligible_cents == eligible


@pytest.mark.parametrize(
    ("yearly", "return_bps", "years"),
    [(12_000_00, 500, 12), (10_000_00, 0, 10), (10_000_00, 1, 11), (5_000_00, 500, 200), (12_000_00, 0, 9)],
)
def test_installments_of_a_fixed_amount(yearly: int, return_bps: int, years: int) -> None:
    """Reg. 1.402(c)-2(d)(4)(ii): $12,000 a year of $100,000 at 5 % lasts 12 years; $10,000 never less than 10."""
    assert (
        ro.installments_last_years(balance_cents=100_000_00, yearly_cents=yearly, assumed_return_bps=return_bps)
        == years
    )


@pytest.mark.parametrize(
    ("who", "eligible", "direct_only", "withheld"),
    [
        (Distributee.EMPLOYEE, 100, False, True),
        (Distributee.SURVIVING_SPOUSE, 100, False, True),
        (Distributee.ALTERNATE_PAYEE_SPOUSE, 100, False, True),
        (Distributee.DESIGNATED_BENEFICIARY, 100, True, True),
        (Distributee.ALTERNATE_PAYEE_OTHER, 0, False, False),
        (Distributee.OTHER_BENEFICIARY, 0, False, False),
    ],
)
def test_who_may_roll_over(who: Distributee, eligible: int, direct_only: bool, withheld: bool) -> None:
    """Reg. 1.402(c)-2(j): a designated beneficiary only by transfer, but withheld from at 20 % if paid."""
    found = ro.eligible_rollover(gross_cents=100, distributee=who)
    assert (found.eligible_cents, found.direct_only, found.withheld_as_eligible) == (eligible, direct_only, withheld)


@pytest.mark.parametrize(
    ("distribution", "year", "part", "offer", "of_part"),
    [
        (199_99, 199_99, None, False, False),
        (200_00, 200_00, None, True, True),
        (150_00, 200_00, None, True, True),
        (500_00, 500_00, 499_99, True, False),
        (500_00, 500_00, 500_00, True, True),
        (501_00, 501_00, 500_00, True, True),
        (501_00, 501_00, 499_99, True, False),
    ],
)
def test_small_direct_rollovers(distribution: int, year: int, part: int | None, offer: bool, of_part: bool) -> None:
    found = ro.direct_rollover_offer(
        on=IN_2026, distribution_cents=distribution, expected_in_year_cents=year, part_cents=part
    )
    assert (found.must_offer, found.must_allow_part) == (offer, of_part)


def test_sixty_days_after_the_day_of_receipt() -> None:
    assert ro.sixty_day_deadline(received_on=date(2026, 11, 1)) == date(2026, 12, 31)
    assert ro.sixty_day_deadline(received_on=date(2026, 11, 1), frozen_days=10) == date(2027, 1, 10)
    # Frozen from the 55th day to the 100th: five days would be left, and ten are.
    frozen = ro.sixty_day_deadline(received_on=date(2026, 1, 1), frozen_days=45, unfrozen_on=date(2026, 4, 11))
    assert frozen == date(2026, 4, 21) > date(2026, 4, 16)
    early = ro.sixty_day_deadline(received_on=date(2026, 1, 1), frozen_days=45, unfrozen_on=date(2026, 2, 15))
    assert early == date(2026, 4, 16)
    with pytest.raises(ImpossibleInput, match="unfrozen_on: 45 frozen days do not lie between"):
        ro.sixty_day_deadline(received_on=date(2026, 1, 1), frozen_days=45, unfrozen_on=date(2026, 2, 14))


@given(taxable=CENTS, basis=CENTS, share=st.integers(0, 100))
def test_rolling_a_part_over_conserves_and_taxes_the_least(taxable: int, basis: int, share: int) -> None:
    rolled = (taxable + basis) * share // 100
    found = ro.roll_over_part(taxable_cents=taxable, basis_cents=basis, rolled_cents=rolled)
    assert found.rolled_taxable_cents + found.rolled_basis_cents == rolled
    assert found.rolled_taxable_cents + found.kept_taxable_cents == taxable
    assert found.rolled_basis_cents + found.kept_basis_cents == basis
    assert found.kept_taxable_cents == max(taxable - rolled, 0)


def route(source: Account, destination: Account, direct: bool = True, **more: object) -> tuple[bool, Obstacle | None]:
    found = rollover_route(source=source, destination=destination, on=IN_2026, direct=direct, **more)  # type: ignore[arg-type]
    return found.allowed, found.obstacle


#: The IRS rollover chart, rows and columns; Y: yes, T: yes and taxed, I: taxed and within the plan, N: no.
CHART = {
    Account.ROTH_IRA: "Y N N N N N N N",
    Account.TRADITIONAL_IRA: "T Y Y Y Y Y Y N",
    Account.SIMPLE_IRA: "T Y Y Y Y Y Y N",
    Account.SEP_IRA: "T Y Y Y Y Y Y N",
    Account.GOVERNMENT_457B: "T Y Y Y Y Y Y I",
    Account.PLAN_PRE_TAX: "T Y Y Y Y Y Y I",
    Account.PLAN_403B_PRE_TAX: "T Y Y Y Y Y Y I",
    Account.PLAN_ROTH: "Y N N N N N N Y",
}
COLUMNS = (
    Account.ROTH_IRA,
    Account.TRADITIONAL_IRA,
    Account.SIMPLE_IRA,
    Account.SEP_IRA,
    Account.GOVERNMENT_457B,
    Account.PLAN_PRE_TAX,
    Account.PLAN_403B_PRE_TAX,
    Account.PLAN_ROTH,
)


@pytest.mark.parametrize(
    ("source", "destination", "cell"),
    [
        (source, destination, cell)
        for source, row in CHART.items()
        for destination, cell in zip(COLUMNS, row.split(), strict=True)
    ],
)
def test_the_rollover_chart(source: Account, destination: Account, cell: str) -> None:
    found = rollover_route(
        source=source,
        destination=destination,
        on=IN_2026,
        direct=True,
        same_plan=cell == "I",
        simple_participation_began_on=date(2020, 1, 1),
    )
    assert found.allowed is (cell != "N")
    assert found.taxed_now is (cell in "TI")
    if cell == "I":
        assert route(source, destination)[1] is Obstacle.ONLY_WITHIN_THE_PLAN


def test_after_tax_money_goes_to_iras_any_way_to_plans_directly_and_to_457b_never() -> None:
    """Reg. 1.402(c)-2(b)(3)."""
    source = Account.PLAN_AFTER_TAX
    for direct in (True, False):
        assert route(source, Account.TRADITIONAL_IRA, direct) == (True, None)
        assert route(source, Account.ROTH_IRA, direct) == (True, None)
    assert route(source, Account.PLAN_AFTER_TAX, True) == (True, None)
    assert route(source, Account.PLAN_AFTER_TAX, False) == (False, Obstacle.ONLY_DIRECTLY)
    assert route(source, Account.GOVERNMENT_457B) == (False, Obstacle.NOT_BETWEEN_THESE)
    assert route(source, Account.PLAN_ROTH, same_plan=True) == (True, None)


def test_within_sixty_days_only_the_taxed_part_of_roth_money_goes_to_another_plan() -> None:
    """Reg. 1.402A-1 A-5(a)."""
    found = rollover_route(source=Account.PLAN_ROTH, destination=Account.PLAN_ROTH, on=IN_2026, direct=False)
    assert found.conditions == (Condition.BASIS_ONLY_DIRECTLY, Condition.RECEIVING_PLAN_MUST_ACCEPT)


@pytest.mark.parametrize(
    ("destination", "on", "replaces", "obstacle"),
    [
        (Account.PLAN_PRE_TAX, date(2024, 6, 3), True, None),
        (Account.PLAN_403B_PRE_TAX, date(2024, 6, 3), True, None),
        (Account.PLAN_PRE_TAX, date(2024, 6, 3), False, Obstacle.SIMPLE_TWO_YEARS),
        (Account.PLAN_PRE_TAX, date(2023, 12, 31), True, Obstacle.SIMPLE_TWO_YEARS),
        (Account.TRADITIONAL_IRA, date(2024, 6, 3), True, Obstacle.SIMPLE_TWO_YEARS),
    ],
)
def test_a_plan_that_replaces_a_simple_takes_its_money_within_the_two_years(
    destination: Account, on: date, replaces: bool, obstacle: Obstacle | None
) -> None:
    """IRC 72(t)(6)(B): "paid in a rollover contribution" to the plan that the employer establishes instead."""
    found = rollover_route(
        source=Account.SIMPLE_IRA,
        destination=destination,
        on=on,
        direct=True,
        simple_participation_began_on=date(2023, 6, 1),
        plan_replaces_simple_of_employer=replaces,
    )
    assert (found.allowed, found.obstacle) == (obstacle is None, obstacle)


def test_a_simple_keeps_its_money_for_two_years() -> None:
    began = date(2024, 6, 2)
    for pair in ((Account.SIMPLE_IRA, Account.PLAN_PRE_TAX), (Account.PLAN_PRE_TAX, Account.SIMPLE_IRA)):
        assert route(*pair, simple_participation_began_on=began) == (False, Obstacle.SIMPLE_TWO_YEARS)
        assert route(*pair, simple_participation_began_on=date(2024, 6, 1)) == (True, None)
        assert route(*pair) == (False, Obstacle.SIMPLE_TWO_YEARS)
    assert route(Account.SIMPLE_IRA, Account.SIMPLE_IRA, simple_participation_began_on=began) == (True, None)
    before = rollover_route(
        source=Account.TRADITIONAL_IRA,
        destination=Account.SIMPLE_IRA,
        on=date(2015, 12, 18),
        direct=True,
        simple_participation_began_on=date(2010, 1, 1),
    )
    assert before.obstacle is Obstacle.SIMPLE_BEFORE_2016


def test_a_receiving_plan_may_refuse_and_a_tax_exempt_457b_is_no_destination() -> None:
    """Reg. 1.401(a)(31)-1 A-13; IRC 402(c)(8)(B)(v)."""
    refused = route(Account.PLAN_PRE_TAX, Account.PLAN_PRE_TAX, receiving_plan_accepts=False)
    assert refused == (False, Obstacle.RECEIVING_PLAN_DOES_NOT_ACCEPT)
    assert not any(route(source, Account.TAX_EXEMPT_457B)[0] for source in Account)
    assert not any(route(Account.TAX_EXEMPT_457B, destination)[0] for destination in Account)


def test_once_in_twelve_months_is_for_indirect_rollovers_between_iras() -> None:
    pair = {"source": Account.TRADITIONAL_IRA, "destination": Account.SEP_IRA, "on": IN_2026}
    assert rollover_route(**pair, direct=False).conditions == (Condition.ONE_IN_TWELVE_MONTHS,)  # type: ignore[arg-type]
    assert rollover_route(**pair, direct=True).conditions == ()  # type: ignore[arg-type]


def test_facts_that_cannot_be_are_refused_by_their_field() -> None:
    with pytest.raises(ImpossibleInput, match="gross_cents: -5 is negative"):
        ro.eligible_rollover(gross_cents=-5)
    with pytest.raises(ImpossibleInput, match="series_years"):
        ro.eligible_rollover(gross_cents=1, because=PaidBecause.SERIES_FOR_YEARS)
    with pytest.raises(ImpossibleInput, match="offset_on: 2026-06-01 is before severed_on, 2026-07-01"):
        ro.loan_offset(offset_cents=1, offset_on=IN_2026, severed_on=date(2026, 7, 1))
    with pytest.raises(ImpossibleInput, match="rolled_cents: 3 is more than taxable_cents"):
        ro.roll_over_part(taxable_cents=1, basis_cents=1, rolled_cents=3)
    with pytest.raises(ImpossibleInput, match="yearly_cents: nothing is paid"):
        ro.installments_last_years(balance_cents=1, yearly_cents=0, assumed_return_bps=0)
    with pytest.raises(ImpossibleInput, match="frozen_days"):
        ro.sixty_day_deadline(received_on=IN_2026, frozen_days=-1)
    with pytest.raises(ImpossibleInput, match=r"gross_cents: True is not a whole number"):
        ro.eligible_rollover(gross_cents=True)
