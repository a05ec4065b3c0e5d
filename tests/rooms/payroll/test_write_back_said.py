"""What a feedback file says of an instruction, and what one that comes back says of those that went out."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from tests.support.database import START

from open401k.kernel import EmployeeId, InstructionId, Source
from open401k.payroll.formats.feedback import Action, Deduction, Dollars, LoanRepayment, Percent, Person
from open401k.payroll.formats.feedback import Instruction as Said
from open401k.payroll.formats.feedback_layouts import FEEDBACK_LAYOUTS, FeedbackLayout
from open401k.payroll.providers.statements import Rate
from open401k.payroll.rows import Field
from open401k.payroll.write_back import Instruction, Slot, State
from open401k.payroll.write_back_said import answered, as_said

DAY = date(2026, 1, 16)
SAVER = Person("123456789", "Machinist", "One")
FIRST, SECOND = InstructionId(UUID(int=1)), InstructionId(UUID(int=2))


def told(rate: Rate | None, means: Field = Field.PRE_TAX, loan_id: str = "") -> Instruction:
    slot = Slot(EmployeeId(UUID(int=1)), means, loan_id)
    return Instruction(1, FIRST, slot, rate, DAY, "Elected.", START, State.QUEUED, START)


def said(
    rate: Rate | None, means: Field = Field.PRE_TAX, loan_id: str = "", person: Person | None = SAVER
) -> Said | str:
    return as_said(told(rate, means, loan_id), plan="4711", person=person, sent_on=DAY)


@pytest.mark.parametrize(
    ("means", "kind"),
    [
        (Field.PRE_TAX, (Source.PRE_TAX, False)),
        (Field.ROTH, (Source.ROTH, False)),
        (Field.AFTER_TAX, (Source.AFTER_TAX, False)),
        (Field.PRE_TAX_CATCH_UP, (Source.PRE_TAX, True)),
        (Field.ROTH_CATCH_UP, (Source.ROTH, True)),
    ],
)
def test_each_kind_of_deduction_is_said_in_its_own_unit(means: Field, kind: tuple[Source, bool]) -> None:
    for rate, value in ((Rate(bps=625), Percent(625)), (Rate(cents=12_550), Dollars(12_550))):
        found = said(rate, means)
        assert isinstance(found, Deduction)
        assert ((found.source, found.catch_up), found.value, found.action) == (kind, value, Action.SET)


@pytest.mark.parametrize("rate", [None, Rate(bps=0), Rate(cents=0)], ids=str)
def test_nothing_to_withhold_is_a_stop(rate: Rate | None) -> None:
    found = said(rate)
    assert isinstance(found, Deduction)
    assert (found.value, found.action) == (None, Action.STOP)


def test_a_loan_keeps_its_number() -> None:
    found = said(Rate(cents=5_500), Field.LOAN_PAYMENT, "L-1")
    assert isinstance(found, LoanRepayment)
    assert (found.loan_number, found.payment) == ("L-1", Dollars(5_500))


@pytest.mark.parametrize(
    ("rate", "means", "loan_id", "person", "why"),
    [
        (Rate(bps=300), Field.MATCH, "", SAVER, "no code for match"),
        (Rate(cents=5_500), Field.LOAN_PAYMENT, "", SAVER, "no number"),
        (Rate(bps=500), Field.LOAN_PAYMENT, "L-1", SAVER, "in dollars"),
        (Rate(bps=500), Field.PRE_TAX, "", None, "Social Security number"),
    ],
)
def test_what_no_file_can_say_is_told_in_words(
    rate: Rate, means: Field, loan_id: str, person: Person | None, why: str
) -> None:
    found = said(rate, means, loan_id, person)
    assert isinstance(found, str)
    assert why in found


@pytest.mark.parametrize("layout", FEEDBACK_LAYOUTS.values(), ids=lambda layout: layout.name)
def test_every_layout_reads_back_what_it_says(layout: FeedbackLayout) -> None:
    kinds = [said(Rate(bps=600)), said(Rate(cents=5_000), Field.ROTH), said(None, Field.AFTER_TAX)]
    loans = [said(Rate(cents=100), Field.LOAN_PAYMENT, "L-1"), said(None, Field.LOAN_PAYMENT, "L-2")]
    sent = {InstructionId(UUID(int=number)): each for number, each in enumerate([*kinds, *loans])}
    instructions = [each for each in sent.values() if not isinstance(each, str)]
    back = layout.read(layout.write(instructions)).instructions
    standing = dict.fromkeys(sent, State.SENT)
    found = answered(list(zip(sent, instructions, strict=True)), back, standing=standing)
    assert [each.state for each in found.outcomes] == [State.ACKNOWLEDGED] * 5


PRE_TAX = Deduction("4711", SAVER, Source.PRE_TAX, Percent(600), effective_on=DAY)
LOAN = LoanRepayment("4711", SAVER, "L-1", Dollars(5_500), effective_on=DAY)
SENT: list[tuple[InstructionId, Said]] = [(FIRST, PRE_TAX), (SECOND, LOAN)]
BOTH_SENT = {FIRST: State.SENT, SECOND: State.SENT}


def test_another_day_is_the_payrolls_own_and_another_value_is_refused() -> None:
    back: list[Said] = [replace(PRE_TAX, effective_on=date(2026, 1, 23)), replace(LOAN, payment=Dollars(5_000))]
    found = answered(SENT, back, standing=BOTH_SENT)
    assert [(each.instruction_id, each.state) for each in found.outcomes] == [
        (FIRST, State.ACKNOWLEDGED),
        (SECOND, State.REFUSED),
    ]
    assert found.outcomes[1].detail == "Payroll answered 50.00 dollars; 55.00 dollars was told."
    assert (found.unknown, found.not_answered) == ((), 0)


def test_percent_and_dollars_of_one_number_are_not_the_same() -> None:
    (found,) = answered(SENT[:1], [replace(PRE_TAX, value=Dollars(600))], standing=BOTH_SENT).outcomes
    assert found.state is State.REFUSED


def test_what_was_not_told_is_named_without_its_number_and_what_is_missing_is_counted() -> None:
    other = replace(PRE_TAX, source=Source.ROTH)
    found = answered(SENT, [other], standing=BOTH_SENT)
    assert found.outcomes == ()
    assert found.not_answered == 2
    assert found.unknown == ("***-**-6789: roth was not told with this file.",)


def test_what_was_answered_or_followed_already_stays_as_it_is() -> None:
    standing = {FIRST: State.ACKNOWLEDGED, SECOND: State.REFLECTED}
    back: list[Said] = [PRE_TAX, replace(LOAN, payment=Dollars(1))]
    assert answered(SENT, back, standing=standing).outcomes == ()
