"""A plan year is over and has forfeitures left: what the plan lets be done with them, and what one approval would do.

Pure. Not here: approving it (forfeiture_use.py); nothing is used by itself but where the plan names one use.
"""

from dataclasses import dataclass
from datetime import date

from open401k.kernel import Money
from open401k.law.forfeitures import ForfeitureUse

from .forfeiture_use import ForfeitureAccount


@dataclass(frozen=True, slots=True)
class YearEndUse:
    """What is left of plan years that are over, less what waits for payrolls already, and the first use that is open.

    ``used_for`` None: nothing can be approved without something more; ``words`` says what.
    """

    left_cents: int
    use_by: date
    used_for: ForfeitureUse | None
    cents: int
    reference: str
    words: str


def at_year_end(
    account: ForfeitureAccount,
    *,
    today: date,
    employer_cents: int,
    last_day: date,
    declared_cents: int,
) -> YearEndUse | None:
    """In the order of the plan's uses; None: nothing of a year that is over is left to decide on.

    ``employer_cents``: what the employer contributed for the plan year that ended on ``last_day``; ``declared_cents``:
    profit sharing declared for it that forfeitures have not paid.
    """
    over = [each for each in account.lots if each.year.end <= today and each.left_cents > 0]
    left = sum(each.left_cents for each in over) - account.waiting_cents
    if left <= 0 or account.terms is None:
        return None
    until, why = min(each.use_by for each in over), []
    if account.by_itself:
        words = f"Each payroll uses them by itself. The employer contributed {Money(employer_cents)} for the last year."
        return YearEndUse(left, until, None, 0, "", words)
    for use in account.terms.uses:
        cents = min(left, account.free_cents(use))
        if use is ForfeitureUse.PLAN_EXPENSES:
            why.append("an expense of the plan can be paid once it is named below")
        elif use is ForfeitureUse.EMPLOYER_CONTRIBUTIONS and cents > 0:
            words = (
                f"The next payrolls take {Money(cents)} off what the employer sends; people receive the same. The "
                f"employer contributed {Money(employer_cents)} for the last plan year"
            )
            words += "." if employer_cents >= cents else ": as much will not be used by then, so plan another use."
            return YearEndUse(left, until, use, cents, "", words)
        elif use is ForfeitureUse.ALLOCATION and min(cents, declared_cents) > 0:
            cents = min(cents, declared_cents)
            words = (
                f"{Money(cents)} pay profit sharing that was declared for the plan year to {last_day}: the employer "
                "sends that much less of it."
            )
            return YearEndUse(left, until, use, cents, last_day.isoformat(), words)
        elif use is ForfeitureUse.ALLOCATION:
            why.append(f"they can be allocated once profit sharing is declared for the plan year to {last_day}")
    words = f"{'; '.join(why)}." if why else "What is left only lowers contributions, which the plan does not name."
    return YearEndUse(left, until, None, 0, "", words[0].upper() + words[1:])
