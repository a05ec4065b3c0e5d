"""What payroll was told of each person's deductions, and what became of it: what needs a person first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from open401k import census
from open401k.base.db import Tx
from open401k.kernel import InstructionId, Money, PlanId, SponsorId
from open401k.payroll import write_back_book
from open401k.payroll.write_back import Instruction, Slot
from open401k.payroll.write_back_match import is_match

from .heading import heading
from .shown import Percent, PlanHeading


@dataclass(frozen=True, slots=True)
class InstructionLine:
    """One instruction: start or change (a percentage or an amount for each paycheck) or stop, and how far it came."""

    instruction_id: InstructionId
    employee_id: str
    name: str
    ssn_masked: str
    deduction: str
    loan_id: str
    percent: Percent | None
    dollars: Money | None
    stops: bool
    effective_on: date
    why: str
    state: str
    state_at: datetime
    attempts: int
    detail: str
    needs_a_person: bool
    catch_up: bool = False


@dataclass(frozen=True, slots=True)
class Instructions:
    """All of a plan; those that need a person first, then the newest."""

    heading: PlanHeading
    lines: tuple[InstructionLine, ...]

    @property
    def open_ones(self) -> int:
        """How many wait for a person."""
        return sum(each.needs_a_person for each in self.lines)


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Instructions:
    """Every instruction, replaced ones too."""
    told = write_back_book.on_file(tx, tenant_id=tenant_id, plan_id=plan_id)
    people = sorted({each.slot.employee_id for each in told})
    known = {each.employee_id: each for each in census.roster(tx, tenant_id=tenant_id, employee_ids=people)}
    latest = _latest(told)
    in_order = sorted(told, key=lambda each: (not _waits(each, latest[each.slot]), -each.number))
    lines = [_line(each, known[each.slot.employee_id], latest[each.slot]) for each in in_order]
    return Instructions(heading(tx, tenant_id=tenant_id, plan_id=plan_id), tuple(lines))


def needing_a_person(told: Sequence[Instruction]) -> list[Instruction]:
    """Of all instructions of a plan, in the order of recording, those that a person has to look at."""
    latest = _latest(told)
    return [each for each in told if _waits(each, latest[each.slot])]


def _latest(told: Sequence[Instruction]) -> dict[Slot, int]:
    """The last instruction of each deduction."""
    return {each.slot: each.number for each in told}


def _waits(told: Instruction, latest: int) -> bool:
    """Whether a person has to look; what a later one of the same deduction followed is over."""
    return told.state.needs_a_person and told.number == latest


def _line(told: Instruction, who: census.Employee, latest: int) -> InstructionLine:
    rate = told.rate
    return InstructionLine(
        instruction_id=told.instruction_id,
        employee_id=str(who.employee_id),
        name=f"{who.first_name} {who.last_name}",
        ssn_masked=census.mask_ssn(who.ssn_last4) if who.ssn_last4 else "",
        deduction=str(told.slot.means),
        loan_id="" if is_match(told) else told.slot.loan_id,
        percent=None if rate is None or rate.bps is None else Percent(rate.bps),
        dollars=None if rate is None or rate.cents is None else Money(rate.cents),
        stops=told.stops,
        effective_on=told.effective_on,
        why=told.why,
        state=str(told.state),
        state_at=told.state_at,
        attempts=told.attempts,
        detail=told.detail,
        needs_a_person=_waits(told, latest),
        catch_up=told.catch_up,
    )
