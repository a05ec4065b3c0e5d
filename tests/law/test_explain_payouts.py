"""What leaves a plan, in plain words: amounts, days and citations are those of the result."""

from datetime import date

from open401k.kernel import CalendarYear
from open401k.law import after_tax_basis as at
from open401k.law import beneficiary_distributions as bd
from open401k.law import form_1099r as fr
from open401k.law import minimum_distributions as md
from open401k.law import rollovers as ro
from open401k.law import roth
from open401k.law import withholding as wh
from open401k.law.explain import explain
from open401k.law.rollover_matrix import Account, rollover_route

ON = date(2026, 6, 1)


def minimum(**more: object) -> str:
    facts: dict[str, object] = {
        "year": CalendarYear(2026),
        "born_on": date(1952, 3, 3),
        "retired_on": date(2020, 1, 1),
        "balance_cents": 20_500_000,
    }
    return explain(md.lifetime_minimum(**{**facts, **more}))  # type: ignore[arg-type]


def test_a_minimum_is_told_with_its_division_and_its_day() -> None:
    assert minimum() == (
        "For 2026 at least $8,039.22 must be paid by 2026-12-31: $205,000.00 divided by 25.5, the Uniform Lifetime "
        "Table at age 74 (IRC 401(a)(9)(A); Reg. 1.401(a)(9)-5(a), (c), -9(c), (d))."
    )
    assert "the Joint and Last Survivor Table at ages 74 and 56" in minimum(spouse_born_on=date(1970, 1, 1))
    assert minimum(retired_on=None) == (
        "No minimum is required for 2026 yet. No minimum is required while the employee works for the employer (IRC "
        "401(a)(9)(C); Reg. 1.401(a)(9)-2(b))."
    )
    assert "The first minimum is that of 2027, due by 2028-04-01: retirement came after the age" in minimum(
        retired_on=date(2027, 1, 1)
    )
    assert minimum(year=CalendarYear(2020), born_on=date(1940, 1, 1)).startswith("No minimum was required for 2020")


def test_an_age_that_is_not_settled_says_so() -> None:
    assert explain(md.applicable_age(born_on=date(1959, 5, 5))) == (
        "Minimum distributions begin with age 73, reached on 2032-05-05 (Prop. Reg. 1.401(a)(9)-2(b)(2)(v)). The "
        "statute names 73 and 75 for a birth in 1959, and the final regulation leaves the question open."
    )
    assert "age 70 1/2, reached on 2018-07-01" in explain(md.applicable_age(born_on=date(1948, 1, 1)))


def test_excise_says_who_owes_what_and_how_it_falls() -> None:
    facts = {"due_by": date(2026, 12, 31), "required_cents": 100_00, "paid_in_time_cents": 0}
    assert explain(md.excise_on_shortfall(**facts)) == (  # type: ignore[arg-type]
        "$100.00 of the minimum was not paid in time: 25.00 % tax, $25.00, owed by the payee (IRC 4974(a), (d), (e)). "
        "Paid by 2028-12-31, the rate is 10 %."
    )
    corrected = md.excise_on_shortfall(**facts, shortfall_paid_on=date(2027, 2, 1))  # type: ignore[arg-type]
    assert explain(corrected).endswith("10.00 % tax, $10.00, owed by the payee (IRC 4974(a), (d), (e)).")
    assert "waived" in explain(md.excise_on_shortfall(**facts, waived=True))  # type: ignore[arg-type]
    assert explain(md.excise_on_shortfall(due_by=ON, required_cents=0, paid_in_time_cents=0)).endswith("in time.")


def test_an_inherited_minimum_names_its_rule() -> None:
    case = bd.Inheritance(
        employee_born_on=date(1945, 3, 1),
        died_on=date(2023, 5, 5),
        required_beginning_on=date(2016, 4, 1),
        beneficiary=bd.Beneficiary.OTHER_PERSON,
        beneficiary_born_on=date(1974, 9, 9),
    )

    def told(year: int) -> str:
        found = bd.beneficiary_minimum(year=CalendarYear(year), inheritance=case, balance_cents=1_000_000_00)
        assert isinstance(found, bd.InheritedMinimum)
        return explain(found)

    rule = (
        "The 10-year rule, and annual amounts from 2024. Everything is paid by the end of 2033 (IRC 401(a)(9)(B), "
        "(E), (H); Reg. 1.401(a)(9)-3(c)-(d), -5(d)-(e))."
    )
    assert told(2025) == (
        f"For 2025 at least $28,409.09 must be paid by 2025-12-31: $1,000,000.00 divided by 35.2. {rule}"
    )
    assert "the whole balance" in told(2033)
    assert told(2024).endswith("No excise is due on it (Notices 2022-53, 2023-54 and 2024-35).")


def test_rollovers_say_what_can_go_where_and_until_when() -> None:
    assert explain(ro.eligible_rollover(gross_cents=7_200_00, required_minimum_due_cents=5_000_00)) == (
        "Of $7,200.00, $5,000.00 of it is the required minimum; the other $2,200.00 can be rolled over (IRC "
        "402(c)(4)(B); Reg. 1.402(c)-2(f)(1))."
    )
    hardship = ro.eligible_rollover(gross_cents=100, because=ro.PaidBecause.HARDSHIP)
    assert "a payment of this kind cannot be rolled over (IRC 402(c)(4)(C)" in explain(hardship)
    late = ro.loan_offset(offset_cents=3_000_00, offset_on=date(2026, 7, 1), severed_on=date(2025, 6, 15))
    assert explain(late) == (
        "The loan offset of $3,000.00 is not a qualified one, since it came more than a year after the severance; it "
        "can be rolled over until 2026-08-30, within 60 days (IRC 402(c)(3)(C); Reg. 1.402(c)-2(g))."
    )
    in_time = ro.loan_offset(offset_cents=3_000_00, offset_on=date(2025, 9, 18), severed_on=date(2025, 6, 15))
    assert "is due, 2026-04-15, with an extension 2026-10-15" in explain(in_time)
    part = ro.roll_over_part(taxable_cents=1_000, basis_cents=0, rolled_cents=800)
    assert explain(part).endswith("$2.00 of what is kept is taxed (IRC 402(c)(2)).")
    allowed = rollover_route(source=Account.PLAN_PRE_TAX, destination=Account.ROTH_IRA, on=ON, direct=True)
    assert explain(allowed).startswith("From plan pre tax to roth ira: allowed, it is taxed now (IRC 402(c)(8)(B)")
    not_allowed = rollover_route(source=Account.ROTH_IRA, destination=Account.PLAN_ROTH, on=ON, direct=True)
    assert explain(not_allowed) == "From roth ira to plan roth: no rollover is possible (IRC 408A(c)(3), (e))."


def test_basis_and_roth_say_what_is_taxed() -> None:
    assert explain(at.recover_basis(gross_cents=100_00, account_cents=250_00, basis_cents=50_00)) == (
        "Of $100.00, $20.00 was taxed before and $80.00 is taxable; $30.00 of basis is left (IRC 72(e)(8)(B))."
    )
    shared = at.allocate_pre_tax(
        pre_tax_cents=80_00, after_tax_cents=20_00, direct=(at.Disbursement(Account.TRADITIONAL_IRA, 82_00),)
    )
    assert isinstance(shared, at.Allocation)
    assert explain(shared).startswith(
        "$80.00 pre-tax and $2.00 after-tax to traditional ira; $0.00 pre-tax and $18.00 after-tax to the payee. $0.00 "
        "is taxed now"
    )
    securities = at.employer_securities(
        value_cents=100_00, cost_cents=20_00, event=at.LumpSumEvent.DEATH, whole_balance_in_one_year=True
    )
    assert "$20.00 is taxed now; $80.00 of appreciation is taxed when they are sold" in explain(securities)
    period = roth.five_year_period(first_contribution_year=2024)
    early = roth.qualified_distribution(on=ON, employee_born_on=date(1950, 1, 1), period=period)
    assert "not a qualified distribution: the five taxable years from 2024 end before 2029-01-01" in explain(early)
    paid = roth.roth_payment(gross_cents=12_000_00, basis_cents=21_850_00, income_cents=1_150_00, qualified=True)
    assert "$11,400.00 is contributions and $600.00 income; $0.00 is taxable" in explain(paid)
    made = roth.in_plan_conversion(on=ON, converted_cents=100_00, basis_cents=0)
    assert "which can follow a withdrawal until 2030-12-31" in explain(made)


def test_withholding_says_what_limits_it_and_that_states_are_left_out() -> None:
    found = wh.withholding(
        on=ON,
        payment_class=wh.PaymentClass.ELIGIBLE_ROLLOVER,
        paid=wh.Paid(cash_cents=1_000_00, loan_offset_cents=9_000_00),
    )
    assert isinstance(found, wh.Withholding)
    assert explain(found) == (
        "$1,000.00 of federal tax is withheld, 20.00 % of $10,000.00, limited from $2,000.00 to the cash and other "
        "property there is; $0.00 is paid in cash (IRC 3405(c)(1)(B); Reg. 31.3405(c)-1). State withholding is not "
        "computed."
    )
    for paid, kind, words in (
        (wh.Paid(cash_cents=1), wh.PaymentClass.DIRECT_ROLLOVER, "not one that tax is withheld from"),
        (wh.Paid(cash_cents=1), wh.PaymentClass.ELIGIBLE_ROLLOVER, "stay below $200"),
        (wh.Paid(employer_securities_cents=1), wh.PaymentClass.NONPERIODIC, "cash for fractional shares"),
    ):
        nothing = wh.withholding(on=ON, payment_class=kind, paid=paid)
        assert words in explain(nothing)


def test_a_form_is_told_with_its_code_and_name() -> None:
    told = fr.Reported(
        event=fr.Event.PAID,
        on=ON,
        gross_cents=100_00,
        taxable_cents=100_00,
        withheld_cents=20_00,
        payee=fr.Payee.BENEFICIARY,
    )
    found = fr.form_1099r(reported=told)
    assert isinstance(found, tuple)
    assert explain(found[0]) == (
        "Form 1099-R for 2026: $100.00 gross, $100.00 taxable, $20.00 withheld, code 4, in the name of the beneficiary "
        "(IRC 6047(d); Instructions for Forms 1099-R and 5498)."
    )
