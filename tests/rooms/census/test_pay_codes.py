"""What a code is for decides what its pay counts for, under the plan's definitions; what was known stays known."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.rooms.census.test_pay_lines import FIRST_PAY, SECOND_PAY, hire, lines_of, record, totals
from tests.support.database import TESTER, Begin, new_tenant

from open401k import census, plan
from open401k.base.db import Database, Tx
from open401k.census import CodeKind, DeductionKind, Side
from open401k.census.pay_proof import changed_lines
from open401k.kernel import FixedClock, PlanId, SponsorId
from open401k.law.pay_items import PayDefinition, PayKind

TERMS = plan.Provisions(date(2019, 1, 1))


def adopt(tx: Tx, tenant: SponsorId, terms: plan.Compensation) -> PlanId:
    """A plan with that definition of compensation."""
    plan.register_sponsor(tx, name="Sponsor", ein="12-3456789", established_on=date(2005, 1, 1), sponsor_id=tenant)
    return plan.adopt(tx, tenant_id=tenant, provisions=replace(TERMS, compensation=terms), name="Plan")


def say(tx: Tx, tenant: SponsorId, kind: PayKind, *, code: str = "X", on: date = FIRST_PAY, **how: Any) -> None:
    """A person says what a code is for."""
    census.set_code_kind(tx, tenant_id=tenant, said=CodeKind(Side.EARNING, code, kind, on, **how))


def paid(tx: Tx, tenant: SponsorId, plan_id: PlanId, cents: int, *, on: date = FIRST_PAY) -> None:
    """One person's 1,000.00, of which so much is of code X, and FICA wages of as much."""
    lines = replace(lines_of(hire(tx, tenant, 1)), fica_cents=[100_000], earnings=[(1, "X", cents)])
    record(tx, tenant, plan_id, lines, pay_date=on)


def counted(tx: Tx, tenant: SponsorId, plan_id: PlanId, known_at: datetime | None = None) -> tuple[int, int, int]:
    """Plan pay, 415 pay and FICA wages of everybody."""
    sums = totals(tx, tenant, plan_id, known_at=known_at)
    return int(sums.plan_cents.sum()), int(sums.section_415_cents.sum()), int(sums.fica_cents.sum())


@pytest.mark.parametrize(
    ("kind", "in_gross", "plan_415_fica"),
    [
        (PayKind.OVERTIME, True, (100_000, 100_000, 100_000)),
        (PayKind.ACCOUNTABLE_EXPENSES, True, (90_000, 90_000, 90_000)),
        (PayKind.ACCOUNTABLE_EXPENSES, False, (100_000, 100_000, 100_000)),
        (PayKind.SEVERANCE_PAY, True, (90_000, 90_000, 100_000)),
        (PayKind.DIFFERENTIAL_WAGE, True, (100_000, 100_000, 90_000)),
        # Imputed: no cash, so not in gross, and yet W-2 pay and FICA wages.
        (PayKind.TAXABLE_GROUP_TERM_LIFE, False, (110_000, 110_000, 110_000)),
    ],
)
def test_pay_counts_by_its_kind_under_w2_pay(
    begin: Begin, tenant: SponsorId, kind: PayKind, in_gross: bool, plan_415_fica: tuple[int, int, int]
) -> None:
    with begin() as tx:
        plan_id = adopt(tx, tenant, plan.Compensation())
        paid(tx, tenant, plan_id, 10_000)
        assert counted(tx, tenant, plan_id) == (100_000, 100_000, 100_000)
        say(tx, tenant, kind, in_gross=in_gross)
        assert counted(tx, tenant, plan_id) == plan_415_fica


def test_fica_wages_that_payroll_told_are_changed_by_no_kind(begin: Begin, tenant: SponsorId) -> None:
    """And the hash of the lines holds which ones were told."""
    with begin() as tx:
        plan_id = adopt(tx, tenant, plan.Compensation())
        told = replace(lines_of(hire(tx, tenant, 1)), fica_cents=[70_000], fica_told=[1], earnings=[(1, "X", 10_000)])
        record(tx, tenant, plan_id, told, pay_date=FIRST_PAY)
        say(tx, tenant, PayKind.ACCOUNTABLE_EXPENSES)
        assert counted(tx, tenant, plan_id) == (90_000, 90_000, 70_000)
        assert list(changed_lines(tx, tenant_id=tenant)) == []


def test_a_plan_that_leaves_a_kind_out_still_counts_it_for_415(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        plan_id = adopt(tx, tenant, plan.Compensation(excluded_kinds=(PayKind.BONUS,)))
        paid(tx, tenant, plan_id, 10_000)
        say(tx, tenant, PayKind.BONUS)
        assert counted(tx, tenant, plan_id) == (90_000, 100_000, 100_000)
        say(tx, tenant, PayKind.OVERTIME)
        assert counted(tx, tenant, plan_id) == (100_000, 100_000, 100_000)


def test_an_amendment_of_the_definition_counts_from_its_day_on(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        plan_id = adopt(tx, tenant, plan.Compensation())
        without = replace(TERMS, compensation=plan.Compensation(excluded_kinds=(PayKind.BONUS,)))
        plan.amend(tx, tenant_id=tenant, plan_id=plan_id, effective_on=SECOND_PAY, provisions=without, why="a test")
        for day in (FIRST_PAY, SECOND_PAY):
            paid(tx, tenant, plan_id, 10_000, on=day)
        say(tx, tenant, PayKind.BONUS)
        assert counted(tx, tenant, plan_id) == (190_000, 200_000, 200_000)


def test_the_word_of_the_later_day_goes_first_whoever_said_it(
    begin: Begin, tenant: SponsorId, clock: FixedClock
) -> None:
    with begin() as tx:
        plan_id = adopt(tx, tenant, plan.Compensation(excluded_kinds=(PayKind.BONUS,)))
        paid(tx, tenant, plan_id, 10_000)
        census.set_pay_code(tx, tenant_id=tenant, plan_id=plan_id, code="X", counts=True)
    then = clock.now()
    clock.advance(timedelta(days=9))
    with begin() as tx:
        say(tx, tenant, PayKind.BONUS)
        assert counted(tx, tenant, plan_id)[0] == 90_000
        word = census.words_on(tx, tenant_id=tenant, plan_id=plan_id, on=FIRST_PAY)["X"]
        assert (word.counts, word.kind) == (None, PayKind.BONUS)
        # Said of all days, it does not change what was said of this one ...
        census.set_pay_code(tx, tenant_id=tenant, plan_id=plan_id, code="X", counts=True)
        assert counted(tx, tenant, plan_id)[0] == 90_000
        # ... but said of this day, it does, and 415 pay is as the kind has it all the same.
        say(tx, tenant, PayKind.SEVERANCE_PAY)
        census.set_pay_code(tx, tenant_id=tenant, plan_id=plan_id, code="X", counts=True, event_on=SECOND_PAY)
        assert counted(tx, tenant, plan_id) == (90_000, 90_000, 100_000)
        assert counted(tx, tenant, plan_id, known_at=then) == (100_000, 100_000, 100_000)


def test_a_kind_is_of_its_side(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        for side, kind in (
            (Side.DEDUCTION, PayKind.BONUS),
            (Side.EARNING, DeductionKind.LOAN_PAYMENT),
            (Side.EARNING, PayKind.PRE_TAX_DEFERRAL),
        ):
            with pytest.raises(ValueError, match="no kind of"):
                census.set_code_kind(tx, tenant_id=tenant, said=CodeKind(side, "X", kind, FIRST_PAY))
        said = CodeKind(Side.DEDUCTION, "X", DeductionKind.LOAN_PAYMENT, FIRST_PAY, evidence={"name": "Loan"})
        census.set_code_kind(tx, tenant_id=tenant, said=said)
        (known,) = census.code_kinds(tx, tenant_id=tenant)
        assert (known.said, known.recorded_by) == (said, tx.actor.id)


KINDS = [PayKind.BONUS, PayKind.SEVERANCE_PAY, PayKind.REGULAR, PayKind.TAXABLE_FRINGE, PayKind.ACCOUNTABLE_EXPENSES]
facts = st.lists(
    st.tuples(
        st.sampled_from(["A", "B"]),
        st.sampled_from([date.min, FIRST_PAY, SECOND_PAY]),
        st.sampled_from(KINDS) | st.booleans(),
        st.booleans(),
    ),
    max_size=5,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=facts, excluded=st.sets(st.sampled_from(["A", "B"])), definition=st.sampled_from(PayDefinition))
def test_any_facts_give_what_the_words_of_each_pay_date_give(
    db: Database, clock: FixedClock, facts: list[Any], excluded: set[str], definition: PayDefinition
) -> None:
    """The statement against the pure functions that a payroll is checked by, at every instant that was."""
    terms = plan.Compensation(tuple(sorted(excluded)), definition, (PayKind.BONUS,))
    tenant = new_tenant(db)
    parts = {"A": 10_000, "B": 700}
    told: list[tuple[datetime, tuple[int, int, int]]] = []
    with db.begin(TESTER, tenants=[tenant]) as tx:
        plan_id = adopt(tx, tenant, terms)
        for day in (FIRST_PAY, SECOND_PAY):
            lines = replace(lines_of(hire(tx, tenant, 1)), earnings=[(1, code, cents) for code, cents in parts.items()])
            record(tx, tenant, plan_id, lines, pay_date=day)
    for code, day, meant, in_gross in facts:
        clock.advance(timedelta(seconds=1))
        with db.begin(TESTER, tenants=[tenant]) as tx:
            if isinstance(meant, bool):
                census.set_pay_code(tx, tenant_id=tenant, plan_id=plan_id, code=code, counts=meant, event_on=day)
            else:
                say(tx, tenant, meant, code=code, on=day, in_gross=in_gross)
            told.append((tx.now, counted(tx, tenant, plan_id)))
            assert told[-1][1] == _expected(tx, tenant, plan_id, terms, parts)
            for known_at, then in told:
                assert counted(tx, tenant, plan_id, known_at=known_at) == then


def _expected(
    tx: Tx, tenant: SponsorId, plan_id: PlanId, terms: plan.Compensation, parts: dict[str, int]
) -> tuple[int, int, int]:
    pay = section_415 = fica = 0
    for day in (FIRST_PAY, SECOND_PAY):
        words = census.words_on(tx, tenant_id=tenant, plan_id=plan_id, on=day)
        pay, section_415, fica = pay + 100_000, section_415 + 100_000, fica + 99_500
        for code, cents in parts.items():
            word = words.get(code)
            counts = code not in terms.excluded_pay_codes
            by_kind = dict.fromkeys(plan.Purpose, True)
            if word is not None and word.kind is not None:
                by_kind = {each: cell.counts for each, cell in plan.meaning_of(word.kind, terms).items()}
                counts = counts and by_kind[plan.Purpose.PLAN]
            if word is not None and word.counts is not None:
                counts = word.counts
            in_gross = word is None or word.in_gross
            pay += cents * (counts - in_gross)
            section_415 += cents * (by_kind[plan.Purpose.SECTION_415] - in_gross)
            fica += cents * (by_kind[plan.Purpose.FICA] - in_gross)
    return pay, section_415, fica


@pytest.mark.parametrize(
    ("kind", "fica"),
    [
        # "any payment to, or on behalf of, an employee under a cafeteria plan" is no wages: IRC 3121(a)(5)(G); health
        # premiums and HSA deferrals made through one are such payments.
        (DeductionKind.CAFETERIA_REDUCTION, 88_000),
        # IRC 3121(a)(20), 132(f)(4)
        (DeductionKind.TRANSPORTATION_REDUCTION, 88_000),
        # IRC 3121(v)(1)(A): elective deferrals are wages; what came off taxed pay stays wages as well.
        (DeductionKind.PRE_TAX_DEFERRAL, 100_000),
        (DeductionKind.OTHER_AFTER_TAX, 100_000),
    ],
)
def test_a_deduction_comes_off_fica_wages_by_its_kind_and_off_no_other_pay(
    begin: Begin, tenant: SponsorId, kind: DeductionKind, fica: int
) -> None:
    """IRC 415(c)(3)(D) adds amounts not included in income under 125 and 132(f)(4) to pay, and so does Form W-2 pay."""
    with begin() as tx:
        plan_id = adopt(tx, tenant, plan.Compensation())
        taken = replace(lines_of(hire(tx, tenant, 1)), fica_cents=[100_000], deductions=[(1, "MED", 12_000)])
        record(tx, tenant, plan_id, taken, pay_date=FIRST_PAY)
        # Until a person says what it is, nothing follows from it and nothing waits.
        assert counted(tx, tenant, plan_id) == (100_000, 100_000, 100_000)
        say(tx, tenant, PayKind.BONUS, code="MED")  # of earnings, a code of the same letters is another
        assert counted(tx, tenant, plan_id) == (100_000, 100_000, 100_000)
        assert census.lines_in_doubt(tx, tenant_id=tenant, plan_id=plan_id) == []
        census.set_code_kind(tx, tenant_id=tenant, said=CodeKind(Side.DEDUCTION, "MED", kind, FIRST_PAY))
        assert counted(tx, tenant, plan_id) == (100_000, 100_000, fica)
        assert list(changed_lines(tx, tenant_id=tenant)) == []
        (on_file,) = census.codes_on_file(tx, tenant_id=tenant, plan_id=plan_id, side=Side.DEDUCTION)
        assert (on_file.code, on_file.people, on_file.cents) == ("MED", 1, 12_000)


def test_told_fica_wages_go_before_deductions_and_what_was_known_stays_known(
    begin: Begin, tenant: SponsorId, clock: FixedClock
) -> None:
    with begin() as tx:
        plan_id = adopt(tx, tenant, plan.Compensation())
        people = hire(tx, tenant, 2)
        lines = replace(lines_of(people), fica_cents=[95_000, 100_000], fica_told=[1])
        off = [(1, "MED", 12_000), (2, "MED", 10_000), (2, "MED", 2_000)]
        record(tx, tenant, plan_id, replace(lines, deductions=off), pay_date=FIRST_PAY)
        then = clock.now()
        assert counted(tx, tenant, plan_id)[2] == 195_000
    clock.advance(timedelta(days=1))
    with begin() as tx:
        kind = DeductionKind.CAFETERIA_REDUCTION
        census.set_code_kind(tx, tenant_id=tenant, said=CodeKind(Side.DEDUCTION, "MED", kind, FIRST_PAY))
        assert counted(tx, tenant, plan_id)[2] == 95_000 + 88_000
        assert counted(tx, tenant, plan_id, known_at=then)[2] == 195_000
        assert list(changed_lines(tx, tenant_id=tenant)) == []


def test_a_deduction_that_was_added_does_not_fit_the_hash(begin: Begin, tenant: SponsorId) -> None:
    with begin() as tx:
        plan_id = adopt(tx, tenant, plan.Compensation())
        taken = replace(lines_of(hire(tx, tenant, 1)), deductions=[(1, "MED", 12_000)])
        run_id = record(tx, tenant, plan_id, taken)
        tx.run(
            "insert into census.pay_deduction (tenant_id, run_id, line_no, code, cents) values (%s, %s, 1, 'FSA', 1)",
            [tenant, run_id],
        )
        assert [found for found, _ in changed_lines(tx, tenant_id=tenant)] == [run_id]
