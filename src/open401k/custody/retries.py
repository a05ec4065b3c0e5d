"""Whether a debit that came back may be sent again, and what comes first. Pure. Not here: making files (ach.py).

Nacha Operating Rules, 2.12.4 (Reinitiation), as banks tell it: an entry returned for insufficient or uncollected funds
may be sent again twice within 180 days, with the same amount, in a batch of its own called RETRY PYMT; any other one
only once its reason was remedied. A corrected account, or a new authorization, makes it a new entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from open401k.wire.nacha import RETURNS

from .ach import Debit
from .ids import BankAccountId

#: Insufficient or uncollected funds; AM04 is what ISO 20022 calls the first.
FUNDS = frozenset({"R01", "R09", "AM04"})
MOST_RETRIES = 2
LONGEST = timedelta(days=180)
_ACCOUNT = frozenset({"R02", "R03", "R04", "R12", "R13", "R16", "R20", "R28"})
_ACCOUNT_WORDS = "The employer names an account that can be debited; put it on file, then debit again."
_ALLOWED_WORDS = "The employer has to allow the debit; put the account on file again once it has, then debit again."
_SPENT_WORDS = "It may not be tried again: the employer sends the money itself, or allows a new debit of its account."


@dataclass(frozen=True, slots=True)
class Again:
    """Whether money may be debited; ``retry``: as an entry that is sent again. ``words`` say who does what first."""

    allowed: bool
    retry: bool = False
    words: str = ""


def again(debits: Sequence[Debit], *, account: BankAccountId | None, cents: int, on: date) -> Again:
    """What follows from the debits of one payroll that came back from the account on file; ``cents`` are still due."""
    back = [each for each in debits if each.return_code and _concerns(each, account)]
    if not back:
        return Again(allowed=True)
    last = back[-1]
    told = f"{back_words(last)}."
    if last.return_code not in FUNDS:
        return Again(False, words=f"{told} {_ACCOUNT_WORDS if last.return_code in _ACCOUNT else _ALLOWED_WORDS}")
    until = back[0].effective_on + LONGEST
    left = MOST_RETRIES + 1 - sum(each.return_code in FUNDS for each in back)
    if left < 1 or on > until or cents != last.cents:
        return Again(False, words=f"{told} {_SPENT_WORDS}")
    times = "once" if left == 1 else "twice"
    words = f"{told} The employer sees to the funds; then debit again, {times} at most, until {until}."
    return Again(True, retry=True, words=words)


def _concerns(debit: Debit, account: BankAccountId | None) -> bool:
    """Whether a return says something of the account: it was debited; or a no came, and it was on file by then."""
    about_it = debit.return_code in FUNDS | _ACCOUNT
    return account == (debit.bank_account_id if about_it else debit.account_then or debit.bank_account_id)


def back_words(debit: Debit) -> str:
    """How a debit came back.

    >>> from open401k.kernel import RunId; from uuid import UUID; from .ids import AchFileId
    >>> day, name = date(2026, 3, 16), UUID(int=1)
    >>> back_words(Debit(AchFileId(name), "1", RunId(name), 5, day, "R02", day, False, None))
    'The bank sent it back on 2026-03-16: R02, account closed'
    """
    on = f" on {debit.returned_on}" if debit.returned_on else ""
    return f"The bank sent it back{on}: {reason(debit)}"


def reason(debit: Debit) -> str:
    """Why a debit came back, in words."""
    code = debit.return_code or ""
    meaning = RETURNS.get("R01" if code == "AM04" else code)
    return f"{code}, {meaning}" if meaning else "its statement does not say why"
