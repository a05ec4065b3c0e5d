"""Federal withholding of one payment, and the boxes and codes of its Form 1099-R."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open401k.kernel import CalendarYear, Refused
from open401k.law import form_1099r as fr
from open401k.law import withholding as wh
from open401k.law.form_1099r import EarlyException, Event, FormRefusal, Payee, Reported
from open401k.law.given import ImpossibleInput
from open401k.law.withholding import EarlierThisYear, Paid, PaymentClass, WithholdingPath, WithholdingRefusal

ON = date(2026, 6, 1)
CENTS = st.integers(0, 10**10)


def withheld(paid: Paid, kind: PaymentClass = PaymentClass.ELIGIBLE_ROLLOVER, **more: Any) -> wh.Withholding:
    found = wh.withholding(on=ON, payment_class=kind, paid=paid, **more)
    assert isinstance(found, wh.Withholding), found
    return found


def test_twenty_percent_of_what_is_taxable() -> None:
    found = withheld(Paid(cash_cents=10_000_00, not_taxable_cents=4_000_00))
    assert (found.base_cents, found.withheld_cents, found.net_cents) == (6_000_00, 1_200_00, 8_800_00)
    assert found.path is WithholdingPath.MANDATORY_RATE


def test_nobody_lowers_the_mandatory_rate_and_everybody_may_raise_it() -> None:
    """Reg. 31.3405(c)-1 A-2, A-3."""
    more = withheld(Paid(cash_cents=1_000_00), chosen_rate_bps=3_500)
    assert (more.withheld_cents, more.path) == (350_00, WithholdingPath.CHOSEN_RATE)
    less = wh.withholding(
        on=ON,
        payment_class=PaymentClass.ELIGIBLE_ROLLOVER,
        paid=Paid(cash_cents=1_000_00),
        chosen_rate_bps=1_900,
    )
    assert isinstance(less, Refused)
    assert less.reason is WithholdingRefusal.RATE_BELOW_MANDATORY


def test_below_two_hundred_in_a_year_nothing_is_withheld_and_then_it_is_made_up() -> None:
    """Reg. 31.3405(c)-1 A-14: the sum of all payments decides on what is withheld from the later ones."""
    first = withheld(Paid(cash_cents=150_00))
    assert (first.withheld_cents, first.path) == (0, WithholdingPath.BELOW_THE_SMALL_AMOUNT)
    assert withheld(Paid(cash_cents=199_99)).withheld_cents == 0
    assert withheld(Paid(cash_cents=200_00)).withheld_cents == 40_00
    second = withheld(Paid(cash_cents=100_00), earlier=EarlierThisYear(150_00, 0))
    assert second.withheld_cents == 50_00
    third = withheld(Paid(cash_cents=100_00), earlier=EarlierThisYear(250_00, 50_00))
    assert third.withheld_cents == 20_00
    after_more = withheld(Paid(cash_cents=100_00), earlier=EarlierThisYear(250_00, 200_00))
    assert after_more.withheld_cents == 20_00


def test_a_direct_rollover_and_dividends_are_not_withheld_from() -> None:
    for kind in (PaymentClass.DIRECT_ROLLOVER, PaymentClass.DIVIDEND_404K):
        assert withheld(Paid(cash_cents=1_000_00), kind).withheld_cents == 0


def test_other_payments_ten_percent_or_what_the_payee_chooses() -> None:
    paid, kind = Paid(cash_cents=1_000_00), PaymentClass.NONPERIODIC
    assert withheld(paid, kind).withheld_cents == 100_00
    assert withheld(paid, kind, chosen_rate_bps=0).withheld_cents == 0
    assert withheld(paid, kind, chosen_rate_bps=10_000).cash_paid_cents == 0


def test_a_deemed_loan_without_cash_is_not_withheld_from() -> None:
    found = withheld(Paid(loan_offset_cents=5_000_00), PaymentClass.NONPERIODIC)
    assert (found.required_cents, found.withheld_cents) == (500_00, 0)


def test_employer_securities_and_cash_for_fractional_shares() -> None:
    """Reg. 31.3405(c)-1 A-11."""
    alone = withheld(Paid(cash_cents=200_00, employer_securities_cents=5_000_00))
    assert (alone.withheld_cents, alone.path) == (0, WithholdingPath.ONLY_SECURITIES_AND_FRACTIONAL_SHARES)
    more = withheld(Paid(cash_cents=200_01, employer_securities_cents=5_000_00))
    assert (more.withheld_cents, more.limited) == (200_01, True)


def test_appreciation_that_is_not_taxed_is_not_withheld_from() -> None:
    """Reg. 31.3405(c)-1 A-12."""
    paid = Paid(cash_cents=10_000_00, employer_securities_cents=90_000_00, not_taxable_cents=80_000_00)
    assert withheld(paid).withheld_cents == 4_000_00


def test_other_property_pays_what_the_cash_does_not() -> None:
    found = withheld(Paid(cash_cents=1_000_00, other_property_cents=9_000_00))
    assert (found.withheld_cents, found.from_property_cents, found.cash_paid_cents) == (2_000_00, 1_000_00, 0)


@pytest.mark.parametrize(
    ("kind", "facts", "reason"),
    [
        (PaymentClass.ELIGIBLE_ROLLOVER, {"nonresident_alien": True}, WithholdingRefusal.NONRESIDENT_ALIEN),
        (PaymentClass.PERIODIC, {}, WithholdingRefusal.PERIODIC_PAYMENT),
        (PaymentClass.NONPERIODIC, {"chosen_rate_bps": 1_050}, WithholdingRefusal.RATE_NOT_WHOLE_PERCENT),
        (PaymentClass.NONPERIODIC, {"chosen_rate_bps": -100}, WithholdingRefusal.RATE_NOT_WHOLE_PERCENT),
        (PaymentClass.NONPERIODIC, {"chosen_rate_bps": 10_100}, WithholdingRefusal.RATE_NOT_WHOLE_PERCENT),
        (
            PaymentClass.NONPERIODIC,
            {"chosen_rate_bps": 0, "tin_given": False},
            WithholdingRefusal.RATE_BELOW_DEFAULT_NOT_OPEN,
        ),
        (
            PaymentClass.NONPERIODIC,
            {"chosen_rate_bps": 900, "delivered_outside_us": True},
            WithholdingRefusal.RATE_BELOW_DEFAULT_NOT_OPEN,
        ),
    ],
)
def test_what_is_not_withheld_here_says_why(
    kind: PaymentClass, facts: dict[str, Any], reason: WithholdingRefusal
) -> None:
    found = wh.withholding(on=ON, payment_class=kind, paid=Paid(cash_cents=100), **facts)
    assert isinstance(found, Refused)
    assert found.reason is reason


@given(
    cash=CENTS,
    other=CENTS,
    securities=CENTS,
    loan=CENTS,
    part=st.integers(0, 100),
    rate=st.integers(20, 100),
    kind=st.sampled_from([PaymentClass.ELIGIBLE_ROLLOVER, PaymentClass.NONPERIODIC]),
)
def test_withholding_conserves_and_takes_only_what_is_within_reach(
    cash: int, other: int, securities: int, loan: int, part: int, rate: int, kind: PaymentClass
) -> None:
    gross = cash + other + securities + loan
    paid = Paid(cash, other, securities, loan, gross * part // 100)
    found = withheld(paid, kind, chosen_rate_bps=rate * 100)
    assert found.gross_cents == found.net_cents + found.withheld_cents == gross
    assert 0 <= found.withheld_cents <= min(found.required_cents, cash + other)
    assert cash - found.cash_paid_cents + found.from_property_cents == found.withheld_cents
    assert 0 <= found.from_property_cents <= other
    assert found.withheld_cents <= withheld(paid, kind, chosen_rate_bps=10_000).withheld_cents


YOUNG, OLD = date(1990, 1, 1), date(1960, 1, 1)


def reported(event: Event = Event.PAID, gross: int = 10_000_00, **more: Any) -> Reported:
    direct = event is Event.DIRECT_ROLLOVER or (event is Event.DIRECT_ROLLOVER_TO_ROTH_IRA and more.get("roth", False))
    parts = {"untaxed_cents": gross, "taxable_cents": 0} if direct else {"taxable_cents": gross}
    facts: dict[str, Any] = {**parts, "taxpayer_born_on": OLD, **more}
    return Reported(event=event, on=ON, gross_cents=gross, **facts)


def forms(told: Reported) -> tuple[fr.Form1099R, ...]:
    found = fr.form_1099r(reported=told)
    assert not isinstance(found, Refused), found.message
    return found


def code(told: Reported) -> str:
    (form,) = forms(told)
    return form.box_7_codes


ROTH: dict[str, Any] = {"roth": True, "roth_first_year": 2020}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (reported(), "7"),
        (reported(taxpayer_born_on=YOUNG), "1"),
        (reported(taxpayer_born_on=YOUNG, early_exception=EarlyException.SEVERANCE_AT_55), "2"),
        (reported(taxpayer_born_on=YOUNG, early_exception=EarlyException.EQUAL_PAYMENTS), "2"),
        (reported(taxpayer_born_on=YOUNG, early_exception=EarlyException.LEVY), "2"),
        (reported(taxpayer_born_on=YOUNG, early_exception=EarlyException.MEDICAL_EXPENSES), "1"),
        (reported(taxpayer_born_on=YOUNG, early_exception=EarlyException.BIRTH_OR_ADOPTION), "1"),
        (reported(taxpayer_born_on=YOUNG, early_exception=EarlyException.DISABILITY), "3"),
        (reported(taxpayer_born_on=date(1966, 12, 1)), "7"),
        (reported(taxpayer_born_on=date(1966, 12, 2)), "1"),
        (reported(payee=Payee.BENEFICIARY, taxpayer_born_on=None), "4"),
        (reported(payee=Payee.ALTERNATE_PAYEE_SPOUSE, taxpayer_born_on=YOUNG), "2"),
        (reported(payee=Payee.ALTERNATE_PAYEE_SPOUSE), "7"),
        (reported(Event.AUTOMATIC_ENROLMENT_WITHDRAWAL, taxpayer_born_on=YOUNG), "2"),
        (reported(**ROTH), "7B"),
        (reported(payee=Payee.BENEFICIARY, **ROTH), "4B"),
        (reported(Event.DIRECT_ROLLOVER), "G"),
        (reported(Event.DIRECT_ROLLOVER, **ROTH), "BG"),
        (reported(Event.DIRECT_ROLLOVER, payee=Payee.BENEFICIARY), "4G"),
        (reported(Event.DIRECT_ROLLOVER_TO_ROTH_IRA), "G"),
        (reported(Event.DIRECT_ROLLOVER_TO_ROTH_IRA, **ROTH), "H"),
        (reported(Event.DIRECT_ROLLOVER_TO_ROTH_IRA, payee=Payee.BENEFICIARY, **ROTH), "4H"),
        (reported(Event.IN_PLAN_ROTH_ROLLOVER), "G"),
        (reported(Event.REFUND_OF_EXCESS_CONTRIBUTION, taxpayer_born_on=YOUNG), "8"),
        (reported(Event.REFUND_OF_EXCESS_CONTRIBUTION, **ROTH), "8B"),
        (reported(Event.RETURN_FOR_415), "E"),
        (reported(Event.DEEMED_LOAN, taxpayer_born_on=YOUNG), "1L"),
        (reported(Event.DEEMED_LOAN), "7L"),
        (reported(Event.QUALIFIED_LOAN_OFFSET, taxpayer_born_on=YOUNG), "1M"),
        (
            reported(
                Event.QUALIFIED_LOAN_OFFSET, taxpayer_born_on=YOUNG, early_exception=EarlyException.SEVERANCE_AT_55
            ),
            "2M",
        ),
        (reported(Event.DIVIDEND_404K), "U"),
        (reported(Event.DIVIDEND_404K, **ROTH), "UB"),
    ],
)
def test_distribution_codes(told: Reported, expected: str) -> None:
    assert code(told) == expected
    if len(expected) == 2:
        assert expected[0] in fr.PAIRS[expected[1]] or expected[1] in fr.PAIRS[expected[0]]


def test_pairs_of_codes_are_mutual() -> None:
    for first, seconds in fr.PAIRS.items():
        for second in seconds & set(fr.PAIRS):
            assert first in fr.PAIRS[second], (first, second)


def test_an_excess_deferral_after_its_year_takes_two_forms() -> None:
    """Reg. 1.402(g)-1(e)(8): the deferral in the year before, its income in the year paid."""
    told = replace(
        reported(
            Event.REFUND_OF_EXCESS_DEFERRAL,
            1_100_00,
            earnings_cents=100_00,
            deferred_in=CalendarYear(2025),
            withheld_cents=110_00,
        ),
        on=date(2026, 4, 15),
    )
    first, second = forms(told)
    assert (first.box_7_codes, first.box_1_gross_cents, first.box_2a_taxable_cents) == ("P", 1_000_00, 1_000_00)
    assert (second.box_7_codes, second.box_1_gross_cents, second.box_2a_taxable_cents) == ("8", 100_00, 100_00)
    assert first.box_4_withheld_cents + second.box_4_withheld_cents == 110_00
    roth = replace(told, taxable_cents=100_00, basis_cents=1_000_00, **ROTH)
    first, second = forms(roth)
    assert (first.box_7_codes, first.box_2a_taxable_cents, first.box_5_basis_cents) == ("PB", 0, 1_000_00)
    assert (second.box_7_codes, second.box_2a_taxable_cents) == ("8B", 100_00)


def test_an_excess_deferral_within_its_year_or_with_a_loss_takes_one_form() -> None:
    same_year = reported(
        Event.REFUND_OF_EXCESS_DEFERRAL, 1_100_00, earnings_cents=100_00, deferred_in=CalendarYear(2026)
    )
    assert code(same_year) == "8"
    loss = replace(
        reported(Event.REFUND_OF_EXCESS_DEFERRAL, 900_00, deferred_in=CalendarYear(2025)), on=date(2026, 3, 1)
    )
    assert code(loss) == "P"
    late = replace(loss, on=date(2026, 4, 16))
    with pytest.raises(ImpossibleInput, match="on: 2026-04-16 is not from 2025 to 2026-04-15"):
        fr.form_1099r(reported=late)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (
            reported(taxpayer_born_on=YOUNG, early_exception=EarlyException.TERMINAL_ILLNESS),
            FormRefusal.CODE_NOT_SETTLED,
        ),
        (reported(taxpayer_born_on=YOUNG, early_exception=EarlyException.DOMESTIC_ABUSE), FormRefusal.CODE_NOT_SETTLED),
        (
            reported(taxpayer_born_on=YOUNG, early_exception=EarlyException.DISABILITY, **ROTH),
            FormRefusal.CODES_CANNOT_STAND_TOGETHER,
        ),
        (reported(Event.DEEMED_LOAN, **ROTH), FormRefusal.CODES_CANNOT_STAND_TOGETHER),
        (reported(Event.QUALIFIED_LOAN_OFFSET, **ROTH), FormRefusal.CODES_CANNOT_STAND_TOGETHER),
        (reported(Event.DIRECT_ROLLOVER, payee=Payee.BENEFICIARY, **ROTH), FormRefusal.CODES_CANNOT_STAND_TOGETHER),
    ],
)
def test_what_the_instructions_did_not_settle_for_us_is_refused(told: Reported, reason: FormRefusal) -> None:
    found = fr.form_1099r(reported=told)
    assert isinstance(found, Refused)
    assert found.reason is reason


def test_boxes_of_a_payment_with_basis_and_appreciation() -> None:
    told = reported(
        taxable_cents=3_000_00,
        basis_cents=2_000_00,
        appreciation_cents=5_000_00,
        withheld_cents=600_00,
        total_distribution=True,
    )
    (form,) = forms(told)
    assert (form.box_1_gross_cents, form.box_2a_taxable_cents, form.box_5_basis_cents) == (
        10_000_00,
        3_000_00,
        2_000_00,
    )
    assert (form.box_6_appreciation_cents, form.box_4_withheld_cents, form.box_2b_total_distribution) == (
        5_000_00,
        600_00,
        True,
    )
    assert form.required
    assert not forms(reported(gross=9_99))[0].required


def test_boxes_10_and_11_of_a_roth_payment() -> None:
    told = reported(taxable_cents=0, basis_cents=8_000_00, untaxed_cents=2_000_00, recapture_cents=500_00, **ROTH)
    (form,) = forms(told)
    assert (form.box_2a_taxable_cents, form.box_10_recapture_cents, form.box_11_roth_first_year) == (0, 500_00, 2020)


def test_a_childs_payment_under_a_qdro_is_the_participants() -> None:
    """IRC 402(e)(1)(A): only a spouse or former spouse is taxed instead of the participant."""
    (child,) = forms(reported(payee=Payee.ALTERNATE_PAYEE_OTHER, taxpayer_born_on=YOUNG))
    assert (child.payee, child.box_7_codes) == (Payee.PARTICIPANT, "2")
    (spouse,) = forms(reported(payee=Payee.ALTERNATE_PAYEE_SPOUSE, taxpayer_born_on=YOUNG))
    assert spouse.payee is Payee.ALTERNATE_PAYEE_SPOUSE


@given(
    event=st.sampled_from([each for each in Event if each is not Event.REFUND_OF_EXCESS_DEFERRAL]),
    taxable=CENTS,
    basis=CENTS,
    appreciation=CENTS,
    untaxed=CENTS,
    payee=st.sampled_from(Payee),
    roth=st.booleans(),
)
def test_the_boxes_of_all_forms_add_up_to_what_was_paid(
    event: Event, taxable: int, basis: int, appreciation: int, untaxed: int, payee: Payee, roth: bool
) -> None:
    gross = taxable + basis + appreciation + untaxed
    if event is Event.DIRECT_ROLLOVER or (roth and event is Event.DIRECT_ROLLOVER_TO_ROTH_IRA):
        taxable, untaxed = 0, taxable + untaxed
    told = Reported(
        event=event,
        on=ON,
        gross_cents=gross,
        taxable_cents=taxable,
        basis_cents=basis,
        appreciation_cents=appreciation,
        untaxed_cents=untaxed,
        payee=payee,
        roth=roth,
        roth_first_year=2020 if roth else None,
        taxpayer_born_on=YOUNG,
    )
    found = fr.form_1099r(reported=told)
    if isinstance(found, Refused):
        return
    assert sum(form.box_1_gross_cents for form in found) == gross
    for form in found:
        parts = form.box_2a_taxable_cents + form.box_5_basis_cents + form.box_6_appreciation_cents
        assert form.box_1_gross_cents == parts + form.untaxed_cents


@given(deferral=CENTS, earnings=CENTS, roth=st.booleans(), same_year=st.booleans())
def test_the_two_forms_of_an_excess_deferral_add_up_too(
    deferral: int, earnings: int, roth: bool, same_year: bool
) -> None:
    told = Reported(
        event=Event.REFUND_OF_EXCESS_DEFERRAL,
        on=date(2026, 3, 3),
        gross_cents=deferral + earnings,
        taxable_cents=earnings if roth else deferral + earnings,
        basis_cents=deferral if roth else 0,
        earnings_cents=earnings,
        deferred_in=CalendarYear(2026 if same_year else 2025),
        roth=roth,
        roth_first_year=2025 if roth else None,
    )
    found = forms(told)
    assert sum(form.box_1_gross_cents for form in found) == told.gross_cents
    assert sum(form.box_2a_taxable_cents for form in found) == told.taxable_cents
    assert sum(form.box_5_basis_cents for form in found) == told.basis_cents


def test_facts_that_cannot_be_are_refused_by_their_field() -> None:
    with pytest.raises(ImpossibleInput, match="gross_cents: 1000000 is not the sum of its parts, 5"):
        fr.form_1099r(reported=reported(taxable_cents=5))
    with pytest.raises(ImpossibleInput, match="roth_first_year"):
        fr.form_1099r(reported=reported(roth=True))
    with pytest.raises(ImpossibleInput, match="taxpayer_born_on: the birth date"):
        fr.form_1099r(reported=reported(taxpayer_born_on=None))
    with pytest.raises(ImpossibleInput, match="on: 2026-06-01 is before taxpayer_born_on"):
        fr.form_1099r(reported=reported(taxpayer_born_on=date(2026, 7, 1)))
    with pytest.raises(ImpossibleInput, match="withheld_cents"):
        fr.form_1099r(reported=reported(withheld_cents=10_000_01))
    with pytest.raises(ImpossibleInput, match="deferred_in"):
        fr.form_1099r(reported=reported(Event.REFUND_OF_EXCESS_DEFERRAL))
    told = reported(Event.REFUND_OF_EXCESS_DEFERRAL, deferred_in=CalendarYear(2026), **ROTH)
    with pytest.raises(ImpossibleInput, match="taxable_cents: 1000000, while 0 of it is taxed"):
        fr.form_1099r(reported=told)
    with pytest.raises(ImpossibleInput, match="taxable_cents: nothing of such a direct rollover"):
        fr.form_1099r(reported=reported(Event.DIRECT_ROLLOVER, taxable_cents=10_000_00, untaxed_cents=0))
    with pytest.raises(ImpossibleInput, match="not_taxable_cents: 2 is more than the payment"):
        withheld(Paid(cash_cents=1, not_taxable_cents=2))
    with pytest.raises(ImpossibleInput, match="withheld_cents: 2 is more than taxable_cents"):
        withheld(Paid(cash_cents=1), earlier=EarlierThisYear(1, 2))
