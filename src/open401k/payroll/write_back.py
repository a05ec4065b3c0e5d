"""What payroll is told: deductions to start, change or stop, loans; what became of each instruction. Pure.

An instruction is what should be withheld minus what payroll was told last, so that deriving them twice gives none. Not
here: storing them (write_back_book.py), reaching a provider (providers/), the bytes of a file (formats/).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from open401k.kernel import ConnectionId, EmployeeId, InstructionId, Money, day_of

from .providers.connector import Trouble
from .providers.statements import Rate, ReceiptState
from .rows import Field

#: After so many days without a payroll that could have followed it, an instruction is over: somebody has to look.
LIVES_DAYS = 45
#: Minutes until the next attempt, after the first, the second, ...; the last one again and again until it expires.
_WAITS_MINUTES = (1, 5, 15, 60, 240, 720)
#: From so many pay dates follows when the next one is; one before eight tenths of the usual distance is off-cycle.
_LAST_PAID, _REGULAR_TENTHS, _WHOLE_TENTHS = 7, 8, 10
#: What fails with one instruction for these reasons would fail with every other one too.
ALL_OF_THEM = frozenset({Trouble.TRY_AGAIN, Trouble.ASK_A_PERSON})


class Slot(NamedTuple):
    """What one deduction of a person is; several loans of a person are several."""

    employee_id: EmployeeId
    means: Field
    loan_id: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What should be withheld from ``effective_on`` on; ``rate`` None: nothing any more. ``why`` in words.

    ``catch_up``: whether it goes on above the regular limit; None where payroll is not told so beside the deduction.
    """

    slot: Slot
    rate: Rate | None
    effective_on: date
    why: str
    catch_up: bool | None = None


class State(StrEnum):
    """How far an instruction came."""

    QUEUED = "queued"
    SENT = "sent"  # the provider has it, or a file with it was handed over
    ACKNOWLEDGED = "acknowledged"
    REFLECTED = "reflected"  # a payroll followed it
    NOT_REFLECTED = "not_reflected"  # a payroll that should have followed it did not
    REFUSED = "refused"  # understood and not accepted: a person has to look
    EXPIRED = "expired"  # not handed over in time
    REPLACED = "replaced"  # another one took its place before it was handed over

    @property
    def needs_a_person(self) -> bool:
        """Whether nothing more happens by itself."""
        return self in (State.NOT_REFLECTED, State.REFUSED, State.EXPIRED)


_NOT = {State.QUEUED: "Not handed over", State.SENT: "The provider's job did not end"}


@dataclass(frozen=True, slots=True)
class Instruction:
    """One on file, with its last event. ``number`` counts in the order of recording."""

    number: int
    instruction_id: InstructionId
    slot: Slot
    rate: Rate | None
    effective_on: date
    why: str
    recorded_at: datetime
    state: State
    state_at: datetime
    attempts: int = 0
    next_try_at: datetime | None = None
    job: str = ""
    detail: str = ""
    catch_up: bool = False
    at: ConnectionId | None = None  # whose job it waits for
    taken_by: frozenset[ConnectionId] = frozenset()  # companies that took it
    tried_at: frozenset[ConnectionId] = frozenset()  # companies that were told, whatever they said
    filed: bool = False  # it was handed over by no connection: in a file

    @property
    def key(self) -> str:
        """What makes handing it over twice harmless."""
        return f"write_back/{self.instruction_id}"

    @property
    def awaits_job(self) -> bool:
        """Whether the provider took it and has yet to carry it out."""
        return self.state is State.SENT and bool(self.job)

    @property
    def stops(self) -> bool:
        """Whether nothing is to be withheld any more."""
        return self.rate is None


def next_regular(paid: Collection[date]) -> date | None:
    """When the next regular payroll is, from the longest of the last distances; None before the second.

    A payroll that comes a good deal sooner than that after the one before it is off-cycle (a bonus, a final check): it
    moves nothing. Half months and holidays differ by less.
    """
    last = sorted(paid)[-_LAST_PAID:]
    if len(last) < 2:
        return None
    return _last_regular(last) + _usual(last)


def last_regular(paid: Collection[date]) -> date | None:
    """The last pay date that was no off-cycle one; None before the first."""
    last = sorted(paid)[-_LAST_PAID:]
    return _last_regular(last) if len(last) > 1 else last[0] if last else None


def _usual(last: Sequence[date]) -> timedelta:
    return max(later - before for before, later in pairwise(last))


def _last_regular(last: Sequence[date]) -> date:
    usual, regular = _usual(last), last[0]
    for day in last[1:]:
        if (day - regular) * _WHOLE_TENTHS >= usual * _REGULAR_TENTHS:
            regular = day
    return regular


@dataclass(frozen=True, slots=True)
class Difference:
    """What has to be told, and which waiting instructions it takes the place of."""

    tell: tuple[Wanted, ...]
    replaced: tuple[InstructionId, ...]


def to_tell(
    wanted: Sequence[Wanted], told: Iterable[Instruction], *, today: date, anew: Collection[Slot] = (),
    untold: Collection[Slot] = (),
) -> Difference:  # fmt: skip
    """What should be withheld minus what payroll was told last.

    ``wanted`` has one entry for each deduction that should be, stops where they are meant; a deduction that was told
    and is wanted no more is stopped from today on. What was refused, expired or was not followed is not told again by
    itself: it waits for a person, or for something else to be wanted. ``anew``: what another company has to be told;
    ``untold``: what payroll withholds though it was never told, so that a stop of it is news.
    """
    last: dict[Slot, Instruction] = {}
    waiting: dict[Slot, list[InstructionId]] = {}
    for before in sorted(told, key=lambda each: each.number):
        if before.state is not State.REPLACED:
            last[before.slot] = before
        if before.state is State.QUEUED:
            waiting.setdefault(before.slot, []).append(before.instruction_id)
    named = {each.slot for each in wanted}
    gone = [
        Wanted(slot, None, today, "Nothing more is to be withheld.")
        for slot, before in sorted(last.items())
        if slot not in named and not before.stops
    ]
    tell: list[Wanted] = []
    replaced: list[InstructionId] = []
    for each in (*sorted(wanted, key=lambda each: each.slot), *gone):
        unasked = each.slot in untold and each.slot not in last
        if unasked or _is_news(each, last.get(each.slot)) or (each.slot in anew and each.rate is not None):
            tell.append(each)
            replaced += waiting.get(each.slot, [])
    return Difference(tuple(tell), tuple(replaced))


def _is_news(wanted: Wanted, before: Instruction | None) -> bool:
    """Another rate, or another word on catch-up; or the same from an earlier day, while that one still waits."""
    if before is None:
        return wanted.rate is not None  # else there is nothing to stop
    if before.rate != wanted.rate:
        return True
    if wanted.rate is not None and wanted.catch_up is not None and wanted.catch_up != before.catch_up:
        return True
    return before.state is State.QUEUED and wanted.effective_on < before.effective_on


class Answer(NamedTuple):
    """What follows from one attempt: the state, and when to try again where it stays queued or waits for a job."""

    state: State
    next_try_at: datetime | None = None


def after_receipt(state: ReceiptState, *, attempts: int, now: datetime) -> Answer:
    """What a provider's receipt makes of an instruction; a job that is not done is asked for again."""
    match state:
        case ReceiptState.DONE:
            return Answer(State.ACKNOWLEDGED)
        case ReceiptState.WAITING:
            return Answer(State.SENT, now + _wait(attempts))
        case ReceiptState.REFUSED:
            return Answer(State.REFUSED)


def after_trouble(
    trouble: Trouble, *, attempts: int, now: datetime, retry_after: timedelta | None = None, sent: bool = False
) -> Answer:
    """What an error makes of it: tried again with growing waits, or a person has to look.

    A bug is tried again too, at the longest wait: the next release may mend it, and it expires visibly if not.
    """
    stays = State.SENT if sent else State.QUEUED
    match trouble:
        case Trouble.TRY_AGAIN | Trouble.CONFLICT:
            return Answer(stays, now + max(_wait(attempts), retry_after or timedelta()))
        case Trouble.ASK_A_PERSON | Trouble.BUG:
            return Answer(stays, now + timedelta(minutes=_WAITS_MINUTES[-1]))
        case Trouble.REFUSED:
            return Answer(State.REFUSED)


def _wait(attempts: int) -> timedelta:
    return timedelta(minutes=_WAITS_MINUTES[min(attempts, len(_WAITS_MINUTES)) - 1 if attempts else 0])


class Outcome(NamedTuple):
    """What a payroll, or a day, makes of an instruction."""

    instruction_id: InstructionId
    state: State
    detail: str


def after_payroll(
    instructions: Iterable[Instruction],
    *,
    pay_date: date,
    expected: Mapping[Slot, int],
    withheld: Mapping[Slot, int],
    untold: Collection[InstructionId] = (),
) -> list[Outcome]:
    """What a posted payroll shows of the instructions that should have been followed in it.

    ``expected`` has cents for everybody with pay in it (limits of the year applied), ``withheld`` what was withheld. A
    person without pay shows nothing. Of a cent of rounding nothing is said. Of each deduction the last instruction
    counts; what a payroll run before it was handed over withheld says nothing of it. What was not followed, refused or
    too late is over once a payroll shows it. One that was to withhold nothing of a rate (the limit of the year is
    reached), or something of what was stopped (last pay), shows nothing; nor does ``untold``, what a connection is to
    hand over yet: that a payroll looks so says nothing of what the provider goes on with.
    """
    found = []
    for each in _in_force(instructions, pay_date):
        if each.slot not in expected:
            continue
        wanted, was = expected[each.slot], withheld.get(each.slot, 0)
        nothing_shown = wanted > 1 if each.stops else max(wanted, was) <= 1
        if nothing_shown or (each.instruction_id in untold and abs(wanted - was) <= 1):
            continue
        answer = _shown(each, pay_date, Money(wanted), Money(was))
        if answer != (each.state, each.detail):
            found.append(Outcome(each.instruction_id, *answer))
    return found


def _in_force(instructions: Iterable[Instruction], pay_date: date) -> Iterable[Instruction]:
    """The last instruction of each deduction that a payroll of this day has to follow."""
    open_ones = [each for each in instructions if each.effective_on <= pay_date and each.state is not State.REPLACED]
    return {each.slot: each for each in sorted(open_ones, key=lambda each: each.number)}.values()


def _shown(each: Instruction, pay_date: date, wanted: Money, was: Money) -> tuple[State, str]:
    if abs(wanted.cents - was.cents) <= 1:
        return State.REFLECTED, each.detail if each.state is State.REFLECTED else ""
    untold = each.state in (State.SENT, State.ACKNOWLEDGED) and day_of(each.state_at) >= pay_date
    if each.awaits_job or each.state in (State.REFUSED, State.EXPIRED):
        return each.state, each.detail
    if each.state is State.QUEUED or untold:
        return each.state, f"Payroll of {pay_date} was run before it was handed over."
    return State.NOT_REFLECTED, f"Payroll of {pay_date} withheld {was}; {wanted} were to be."


def expire(instructions: Iterable[Instruction], *, today: date) -> list[Outcome]:
    """Those that nothing came of for so long that somebody has to look."""
    return [
        Outcome(each.instruction_id, State.EXPIRED, f"{_NOT[each.state]} within {days} days of {each.effective_on}.")
        for each in instructions
        if _is_open(each) and today > each.effective_on + timedelta(days=(days := LIVES_DAYS * (1 + each.awaits_job)))
    ]


def behind(each: Instruction, known: Iterable[Instruction], at: ConnectionId | None = None) -> bool:
    """Whether an earlier one of the same enrolment waits for a job of the provider.

    What is in force there is not yet what that job makes of it: held against it, the later one would seem to be done
    already, and then the job would undo it. A match stands in the enrolment of its deduction.
    """
    return any(
        before.number < each.number
        and before.awaits_job
        and before.at in (at, None)
        and _enrolment(before.slot) == _enrolment(each.slot)
        for before in known
    )


def _enrolment(slot: Slot) -> Slot:
    return Slot(slot.employee_id, Field(slot.loan_id)) if slot.means is Field.MATCH else slot


def _is_open(each: Instruction) -> bool:
    return each.state is State.QUEUED or each.awaits_job


def due(instructions: Iterable[Instruction], *, now: datetime) -> list[Instruction]:
    """Those to hand over, or to ask about, now; the oldest first."""
    open_ones = [
        each for each in instructions if _is_open(each) and (each.next_try_at is None or each.next_try_at <= now)
    ]
    return sorted(open_ones, key=lambda each: each.number)
