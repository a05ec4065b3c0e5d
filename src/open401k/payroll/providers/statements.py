"""What a payroll provider says, in one vocabulary: people, codes, payrolls, what is withheld. Not here: asking it.

Amounts are whole cents, percentages basis points, days dates. The provider's own ids, names and types stay beside what
they were read as: they are the evidence for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from ..rows import Field


@dataclass(frozen=True, slots=True)
class PaySchedule:
    """How often a group of people is paid."""

    provider_id: str
    name: str
    frequency: str


@dataclass(frozen=True, slots=True)
class Company:
    """The employer at the provider."""

    provider_id: str
    name: str
    ein: str = ""
    schedules: tuple[PaySchedule, ...] = ()


@dataclass(frozen=True, slots=True)
class Employed:
    """One employment, first and last day of work. ``ends_unknown``: it ended, since they were hired again after it, and
    the provider does not tell when any more.
    """

    hired_on: date
    terminated_on: date | None = None
    ends_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the provider's roster. ``ssn`` only where the provider gives it away; Gusto never does."""

    provider_id: str
    first_name: str
    last_name: str
    birth_date: date | None = None
    employment: tuple[Employed, ...] = ()  # oldest first
    ssn: str | None = field(default=None, repr=False)
    version: str = ""
    status: str = ""  # the provider's word: full_time, seasonal, ...
    department: str = ""
    employee_number: str = ""  # what the payroll system itself calls them, where the provider tells it


class CodeKind(StrEnum):
    """Which side of a pay statement a code stands on."""

    EARNING = "earning"
    DEDUCTION = "deduction"
    CONTRIBUTION = "contribution"  # the employer's


@dataclass(frozen=True, slots=True)
class PayCode:
    """An earnings, deduction or contribution code. ``means``: what the provider's own type makes of it, if anything.

    ``code`` is what statements name it by, and does not change while the code lives.
    """

    kind: CodeKind
    code: str
    name: str
    provider_id: str = ""
    provider_type: str = ""
    means: Field | None = None
    pre_tax: bool | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Earning:
    """Pay under one code."""

    code: str
    cents: int
    provider_type: str = ""
    hours_hundredths: int | None = None


@dataclass(frozen=True, slots=True)
class Withheld:
    """One line of deductions: what the person gave and what the employer added under the same code.

    Several loans of one person are several lines, each with its ``loan_id``. ``means`` is None where it is no money of
    a plan, or nobody knows yet.
    """

    code: str
    employee_cents: int
    employer_cents: int = 0
    provider_type: str = ""
    means: Field | None = None
    employer_means: Field | None = None
    loan_id: str = ""


@dataclass(frozen=True, slots=True)
class PayStatement:
    """One person in one payroll. Amounts of a reversal are below zero."""

    person_id: str
    gross_cents: int
    earnings: tuple[Earning, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    hours_hundredths: int | None = None
    net_cents: int | None = None


class PayrollKind(StrEnum):
    """What sort of payroll it is."""

    REGULAR = "regular"
    OFF_CYCLE = "off_cycle"
    REVERSAL = "reversal"
    EXTERNAL = "external"  # run elsewhere, told to the provider afterwards
    WITHDRAWN = "withdrawn"  # it was there, and is no more: deleted, or its processing was canceled


@dataclass(frozen=True, slots=True)
class Totals:
    """What the provider says the statements add up to; None where it does not say."""

    gross_cents: int | None = None
    employee_cents: int | None = None
    employer_cents: int | None = None


@dataclass(frozen=True, slots=True)
class ProviderPayroll:
    """A payroll that the provider has processed.

    ``reverses`` names the payroll that this one takes back, in whole or in part; ``reversed_by`` those that do so to
    this one. ``doubts``: in what the answer contradicts itself, in words; nothing of it is posted while there are any.
    """

    provider_id: str
    pay_date: date
    period_start: date | None
    period_end: date | None
    kind: PayrollKind
    statements: tuple[PayStatement, ...]
    totals: Totals = Totals()
    processed_on: date | None = None
    reverses: str = ""
    reversed_by: tuple[str, ...] = ()
    reason: str = ""  # the provider's word for an off-cycle payroll
    pay_group: str = ""  # the provider's id of the schedule or group, where there is one
    doubts: tuple[str, ...] = ()

    def differences(self) -> list[tuple[str, int, int]]:
        """Where the statements do not add up to what the provider says: what, said, added."""
        added = {
            "gross pay": (self.totals.gross_cents, sum(each.gross_cents for each in self.statements)),
            "employee deductions": (self.totals.employee_cents, self._withheld("employee_cents")),
            "company contributions": (self.totals.employer_cents, self._withheld("employer_cents")),
        }
        return [(what, said, found) for what, (said, found) in added.items() if said is not None and said != found]

    def _withheld(self, side: str) -> int:
        return sum(getattr(line, side) for each in self.statements for line in each.withheld)


@dataclass(frozen=True, slots=True)
class Unread:
    """One person or payroll that is not told as described; others are taken without it. ``why``: with its path."""

    provider_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Pulled:
    """Payrolls since a cursor, oldest first, and the cursor for the next time. ``more``: ask again at once.

    ``gone``: ids that were listed before and are no more, though everything paid from ``looked_from`` on was listed.
    """

    payrolls: Sequence[ProviderPayroll]
    cursor: str
    unread: Sequence[Unread] = ()
    more: bool = False
    gone: tuple[str, ...] = ()
    looked_from: date | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """An amount or a share of pay; exactly one of them. Never told apart by comparing texts."""

    cents: int | None = None
    bps: int | None = None

    def __post_init__(self) -> None:
        if (self.cents is None) == (self.bps is None) or min(self.cents or 0, self.bps or 0) < 0:
            raise ValueError("a rate is an amount or a share of pay, not below zero")


@dataclass(frozen=True, slots=True)
class Tier:
    """The employer matches ``match_bps`` of what is deferred, up to ``up_to_bps`` of pay; tiers follow each other."""

    match_bps: int
    up_to_bps: int


@dataclass(frozen=True, slots=True)
class Instruction:
    """What the provider shall withhold or contribute for one person from a day on. ``key`` makes a repeat harmless.

    ``means`` is the money: a deferral source, a loan payment (then ``loan_id``), after-tax money. No employee rate and
    no employer rate stops it. ``version`` is the provider's token of what it replaces, as :class:`InForce` had it.
    """

    key: str
    person_id: str
    means: Field
    effective_on: date
    employee: Rate | None = None
    employer: Rate | tuple[Tier, ...] | None = None
    annual_maximum_cents: int | None = None
    catch_up: bool = False
    loan_id: str = ""
    version: str = ""

    @property
    def stops(self) -> bool:
        """Whether nothing is to be withheld or contributed any more."""
        return self.employee is None and not self.employer


@dataclass(frozen=True, slots=True)
class InForce:
    """What the provider withholds for one person now, or from a day to come."""

    provider_id: str
    person_id: str
    means: Field | None
    version: str
    active: bool
    employee: Rate
    employer: Rate | tuple[Tier, ...] | None = None
    annual_maximum_cents: int | None = None
    catch_up: bool = False
    loan_id: str = ""
    effective_on: date | None = None


class ReceiptState(StrEnum):
    """How far an instruction came. Providers that answer by a job leave it waiting until the job is done."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the provider answered: ``job`` to ask again with, the enrolment it made, and why if it refused."""

    state: ReceiptState
    provider_id: str = ""
    version: str = ""
    job: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A webhook whose signature holds: that something happened, never what; what it is, is pulled."""

    provider_id: str  # of the event: the same one again is no news
    kind: str
    company_id: str
    entity_id: str = ""
    at_seconds: int | None = None


def stands_with(wanted: Instruction, there: Sequence[InForce]) -> InForce | Receipt:
    """The deduction that a match is entered with, if something is left to do; ``there``: active ones of the plan.

    Refused where it is not there, or where another one has a contribution of the company's own: that would be drawn
    beside ours.
    """
    means = Field(wanted.loan_id)
    mine = [each for each in there if each.means is means]
    none = Rate(cents=0)
    others = [each for each in there if each.means is not means and each.employer not in (None, none, Rate(bps=0), ())]
    if others and not wanted.stops:
        reason = f"The {others[0].means} deduction has a contribution of the company's own there: take it off first."
        return Receipt(ReceiptState.REFUSED, others[0].provider_id, reason=reason)
    if not mine:
        if wanted.stops:
            return Receipt(ReceiptState.DONE)
        return Receipt(ReceiptState.REFUSED, reason=f"The person has no {means} deduction there to enter a match with.")
    if (mine[0].employer or none) == (wanted.employer or none):
        return Receipt(ReceiptState.DONE, mine[0].provider_id, mine[0].version)
    return mine[0]
