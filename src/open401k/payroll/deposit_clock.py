"""By when withheld money must be in the plan: the employer's own pattern first. Not here: amounts (remittance.py)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from open401k.kernel import RunId
from open401k.law import deadlines
from open401k.law.lost_earnings import LatePart

from .remittance import Remittance

#: Fewer deposits than this show no pattern.
FEWEST_SHOWN = 3
#: Without a pattern, or with a slower one; for a plan of 100 or more a choice of ours and no safe harbor of the law.
BEFORE_A_PATTERN = 7
_YEAR = timedelta(days=365)


class Basis(StrEnum):
    """Where a target day comes from."""

    OWN_PATTERN = "own_pattern"
    SAFE_HARBOR = "safe_harbor"
    NO_PATTERN_YET = "no_pattern_yet"


@dataclass(frozen=True, slots=True)
class Clock:
    """The days of one payroll's deposit. ``outer_limit_on`` is a bound for the worst case, and never a target."""

    target_on: date
    late_after: date
    outer_limit_on: date
    basis: Basis
    business_days: int
    loss_on: date
    cite: str = "29 CFR 2510.3-102(a)(1), (a)(2), (b)"


def clock(due: Remittance, past: Iterable[tuple[date, date]]) -> Clock:
    """The clock of a payroll, from pay dates and days of receipt of this employer's other payrolls.

    Withheld pay is plan assets "as of the earliest date on which such contributions can reasonably be segregated"
    (29 CFR 2510.3-102(a)(1)): what this employer has usually needed within the year before shows that date. Seven
    business days are deemed soon enough for fewer than 100 participants at the start of the year ((a)(2)): late is
    only what comes after them, though the target stays the employer's own. The 15th business day of the following
    month "shall in no event" be passed ((b)) and is not a day to aim at. Only what came before the pay date counts,
    so the clock of a payroll never moves, and money that bounced is due again by the same clock.
    """
    usual = usual_business_days(due.pay_date, past)
    small = due.due_on < due.outer_limit_on
    days = BEFORE_A_PATTERN if usual is None else min(usual, BEFORE_A_PATTERN)
    target = min(deadlines.business_day_after(due.pay_date, days), due.due_on)
    basis = Basis.OWN_PATTERN if usual is not None else Basis.SAFE_HARBOR if small else Basis.NO_PATTERN_YET
    late_after = due.due_on if small else target
    loss_on = due.pay_date if usual is None else target
    return Clock(target, late_after, due.outer_limit_on, basis, days, loss_on)


def shown(dues: Iterable[Remittance], received: Mapping[RunId, tuple[int, date]]) -> list[tuple[date, date]]:
    """Pay date and day of the last money of each payroll whose money has all come; ``received``: cents, last day."""
    return [
        (due.pay_date, received[due.run_id][1])
        for due in dues
        if due.run_id in received and received[due.run_id][0] >= due.total_cents > 0
    ]


def shown_by(
    due: Remittance, dues: Iterable[Remittance], received: Mapping[RunId, tuple[int, date]]
) -> list[tuple[date, date]]:
    """The same of the company that owes this payroll's money: what another one needs shows nothing of it.

    Payrolls of which no company is known count for every one.
    """
    whose = (None, due.connection_id)
    own = dues if due.connection_id is None else [each for each in dues if each.connection_id in whose]
    return shown(own, received)


def usual_business_days(pay_date: date, past: Iterable[tuple[date, date]]) -> int | None:
    """How many business days the employer needed for half of its deposits of the past year; None: too few to tell.

    The middle one, the lower of two: one slow week does not excuse the next, and one fast transfer binds nobody.
    """
    lags = sorted(
        business_days_between(paid, came) for paid, came in past if came < pay_date and paid >= pay_date - _YEAR
    )
    return lags[(len(lags) - 1) // 2] if len(lags) >= FEWEST_SHOWN else None


def business_days_between(start: date, end: date) -> int:
    """Business days after ``start`` up to and with ``end``; none on the day or before, else at least one."""
    span = (end - start).days
    counted = sum(deadlines.is_business_day(start + timedelta(days=each)) for each in range(1, span + 1))
    return max(counted, int(span > 0))


@dataclass(frozen=True, slots=True)
class Funded:
    """What of a payroll's money has come, whose it is, and what is missing of each."""

    employee_cents: int
    loan_cents: int
    employer_cents: int
    missing_cents: int


def allocate(due: Remittance, received_cents: int) -> Funded:
    """Short money goes to employees first: what was withheld, then loan payments, then the employer's contributions.

    Withheld pay belongs to the employees since pay day (29 CFR 2510.3-102(a)); the employer's own contributions are a
    promise that may still be kept. Nothing is invested for the part that is missing.
    """
    left = max(0, min(received_cents, due.total_cents))
    parts = []
    for wanted in (due.employee_cents, due.loan_cents, due.employer_cents - due.forfeiture_cents):
        parts.append(min(left, wanted))
        left -= parts[-1]
    return Funded(parts[0], parts[1], parts[2], due.total_cents - sum(parts))


def late_parts(withheld_cents: int, came: Iterable[tuple[date, int]], late_after: date) -> tuple[list[LatePart], int]:
    """What of withheld money came late, each part on its own day; and what has not come.

    ``came``: day and cents of each deposit that stands. Money of a day goes to what was withheld first (allocate).
    """
    parts: dict[date, int] = {}
    missing = max(withheld_cents, 0)
    for on, cents in sorted(came):
        taken = min(max(cents, 0), missing)
        missing -= taken
        if taken and on > late_after:
            parts[on] = parts.get(on, 0) + taken
    return [LatePart(on, cents) for on, cents in parts.items()], missing


def allocate_among(owed_cents: Sequence[int], received_cents: int) -> list[int]:
    """Short money among people, in proportion to what each is owed, to the cent; the odd cents to the largest first.

    Nobody is preferred by the order of a list, and nobody receives more than is owed.
    """
    whole = sum(owed_cents)
    if received_cents >= whole:
        return list(owed_cents)
    parts = [owed * received_cents // whole for owed in owed_cents]
    rest = received_cents - sum(parts)
    by_size = sorted(range(len(owed_cents)), key=lambda at: (-(owed_cents[at] * received_cents % whole), at))
    for at in by_size[:rest]:
        parts[at] += 1
    return parts
