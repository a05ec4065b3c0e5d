"""Which amount of the match is told to a provider, and what a payroll shows of it: pure."""

from datetime import UTC, date, datetime
from uuid import UUID

from open401k.kernel import EmployeeId, InstructionId
from open401k.payroll.providers import Rate
from open401k.payroll.rows import Field
from open401k.payroll.write_back import Instruction, Slot, State, last_regular, to_tell
from open401k.payroll.write_back_match import deductions_told, match_shown, match_wanted

WHO, OTHER = EmployeeId(UUID(int=1)), EmployeeId(UUID(int=2))
PAID, TODAY = date(2026, 1, 16), date(2026, 1, 15)
NOW = datetime(2026, 1, 15, tzinfo=UTC)


def told(
    number: int, means: Field, *, under: str = "", cents: int | None = 10_000, who: EmployeeId = WHO
) -> Instruction:
    rate = None if cents is None else Rate(cents=cents)
    slot = Slot(who, means, under)
    return Instruction(number, InstructionId(UUID(int=number)), slot, rate, PAID, "", NOW, State.ACKNOWLEDGED, NOW)


def test_the_amount_stands_with_pre_tax_money_and_begins_after_the_payroll_it_is_of() -> None:
    known = [told(1, Field.ROTH), told(2, Field.PRE_TAX)]
    (wanted,) = match_wanted(known, {WHO: 5_000, OTHER: 700}, of=PAID, today=TODAY)
    assert wanted.slot == Slot(WHO, Field.MATCH, "pre_tax")  # the other one has no deduction to stand with
    assert (wanted.rate, wanted.effective_on) == (Rate(cents=5_000), date(2026, 1, 17))
    assert match_wanted(known, {WHO: 0}, of=PAID, today=TODAY) == []


def test_it_stays_with_its_deduction_until_that_ends_so_that_none_is_drawn_twice() -> None:
    roth, match = told(1, Field.ROTH), told(2, Field.MATCH, under="roth", cents=5_000)
    both = [roth, match, told(3, Field.PRE_TAX)]
    assert deductions_told(both) == {WHO: Field.ROTH}
    ended = [*both, told(4, Field.ROTH, cents=None)]
    assert deductions_told(ended) == {WHO: Field.PRE_TAX}
    wanted = match_wanted(ended, {WHO: 5_000}, of=PAID, today=TODAY)
    news = to_tell(wanted, [match], today=TODAY).tell
    assert [(each.slot.loan_id, each.rate) for each in news] == [("pre_tax", Rate(cents=5_000)), ("roth", None)]


def test_what_a_payroll_showed_is_held_against_the_one_that_goes_on() -> None:
    known = [
        told(1, Field.MATCH, under="roth", cents=4_000),
        told(2, Field.MATCH, under="roth", cents=None),
        told(3, Field.MATCH, under="pre_tax", cents=5_000),
        told(4, Field.MATCH, under="pre_tax", cents=None, who=OTHER),
    ]
    expected, shown = match_shown(known, {WHO: 5_000, OTHER: 60}, paid=[WHO, OTHER], pay_date=PAID)
    mine, before, other = (
        Slot(WHO, Field.MATCH, "pre_tax"),
        Slot(WHO, Field.MATCH, "roth"),
        Slot(OTHER, Field.MATCH, "pre_tax"),
    )
    assert expected == {mine: 5_000, before: 0, other: 0}
    assert shown == {mine: 5_000, before: 0, other: 60}  # stopped, and shown all the same
    assert match_shown(known, {}, paid=[], pay_date=PAID) == ({}, {})
    assert match_shown(known, {}, paid=[WHO], pay_date=date(2026, 1, 15)) == ({}, {})


def test_the_last_regular_payroll_is_no_bonus_payroll() -> None:
    paid = [date(2026, 1, 16), date(2026, 1, 30), date(2026, 2, 13), date(2026, 2, 18)]
    assert last_regular(paid) == date(2026, 2, 13)
    assert (last_regular(paid[:1]), last_regular([])) == (PAID, None)
