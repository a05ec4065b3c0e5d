"""Instructions as a vendor's file says them, and a file that payroll sends back held against the one it got. Pure.

Not here: which instructions there are (write_back.py), keeping files (feedback_files.py), bytes (formats/).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from open401k.kernel import InstructionId, Source

from .formats.feedback import Action, Deduction, Dollars, LoanRepayment, Percent, Person
from .formats.feedback import Instruction as Said
from .providers.statements import Rate
from .rows import Field, masked_ssn
from .write_back import Instruction, Outcome, State

#: What a feedback file has a code for; contributions of the employer are none of it.
_KINDS: Mapping[Field, tuple[Source, bool]] = {
    Field.PRE_TAX: (Source.PRE_TAX, False),
    Field.ROTH: (Source.ROTH, False),
    Field.AFTER_TAX: (Source.AFTER_TAX, False),
    Field.PRE_TAX_CATCH_UP: (Source.PRE_TAX, True),
    Field.ROTH_CATCH_UP: (Source.ROTH, True),
}


def as_said(told: Instruction, *, plan: str, person: Person | None, sent_on: date) -> Said | str:
    """One instruction for a file; or, in words, why no file can say it. ``plan``: as payroll numbers plans."""
    if person is None:
        return "No Social Security number of this person is on file, and a feedback file names people by it."
    value = _value(told.rate)
    action = Action.STOP if value is None else Action.SET
    if told.slot.means is Field.LOAN_PAYMENT:
        if isinstance(value, Percent):
            return "A loan is repaid in dollars; this says a percentage."
        if not told.slot.loan_id:
            return "The loan has no number, and a file that leaves it out could credit another loan."
        return LoanRepayment(
            plan, person, told.slot.loan_id, value, action=action, effective_on=told.effective_on, sent_on=sent_on
        )
    kind = _KINDS.get(told.slot.means)
    if kind is None:
        return f"Feedback files have no code for {told.slot.means}: tell payroll yourself."
    source, catch_up = kind
    return Deduction(
        plan, person, source, value, catch_up=catch_up, action=action, effective_on=told.effective_on, sent_on=sent_on
    )


def _value(rate: Rate | None) -> Percent | Dollars | None:
    """None is nothing to withhold, whichever way it is said."""
    if rate is None:
        return None
    if rate.bps:
        return Percent(rate.bps)
    return Dollars(rate.cents) if rate.cents else None


@dataclass(frozen=True, slots=True)
class Answered:
    """What a file that came back says of the one that went out."""

    outcomes: tuple[Outcome, ...]
    unknown: tuple[str, ...]  # rows that answer nothing of the file, in words
    not_answered: int  # of these the next payroll is the proof


def answered(
    sent: Sequence[tuple[InstructionId, Said]], back: Sequence[Said], *, standing: Mapping[InstructionId, State]
) -> Answered:
    """Hold what payroll says it has against what it was told: the same is acknowledged, another value is refused.

    The day is not compared: a payroll writes the one from which it withholds. What a payroll has followed, or what
    waits for a person, stays as it is.
    """
    by_key = {_about(each): (number, each) for number, each in sent}
    outcomes, unknown, seen = [], [], set()
    for each in back:
        found = by_key.get(_about(each))
        if found is None:
            unknown.append(f"{masked_ssn(each.person.ssn)}: {_kind(each)} was not told with this file.")
            continue
        number, told = found
        seen.add(number)
        if standing.get(number) not in (State.SENT, State.ACKNOWLEDGED):
            continue
        if _amount(told) != _amount(each):
            detail = f"Payroll answered {_shown(each)}; {_shown(told)} was told."
            outcomes.append(Outcome(number, State.REFUSED, detail))
        elif standing[number] is State.SENT:
            outcomes.append(Outcome(number, State.ACKNOWLEDGED, "Payroll sent it back as it was told."))
    return Answered(tuple(outcomes), tuple(unknown), len(sent) - len(seen))


def _about(said: Said) -> tuple[object, ...]:
    who = (said.plan, said.person.ssn)
    if isinstance(said, LoanRepayment):
        return (*who, "loan", said.loan_number)
    return (*who, said.source, said.catch_up)


def _amount(said: Said) -> Percent | Dollars | None:
    return said.payment if isinstance(said, LoanRepayment) else said.value


def _kind(said: Said) -> str:
    if isinstance(said, LoanRepayment):
        return f"loan {said.loan_number}"
    return f"{said.source}{' catch-up' if said.catch_up else ''}"


def _shown(said: Said) -> str:
    value = _amount(said)
    return "nothing" if value is None else f"{value} percent" if isinstance(value, Percent) else f"{value} dollars"
