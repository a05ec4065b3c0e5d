"""How long a case that ended is kept, why it is kept still, and what is left of its deal afterwards. Pure. ADR-0066.

Not here: erasing it (erasing), what a plan keeps of its participants (law/retention; rooms of the plan side).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from open401k.kernel import PlanYear, anniversary
from open401k.law.filings import form_5500
from open401k.law.retention import Record, retention

from .cases import Case, State
from .deal import Deal

#: Where a case has ended.
ENDED: Final = (State.POSTED, State.RELEASED, State.OFF_RAIL)
#: Nothing moved: so long somebody may still say that it should have (ERISA 413, 29 USC 1113(1)).
CLAIM_YEARS: Final = 6
GOES_ON: Final = "goes on, or a case that it followed from or that followed from it does: only what ended is erased"
#: In place of an account's number.
ERASED: Final = "erased {case}"


@dataclass(frozen=True, slots=True)
class Kept:
    """The last day on which a case must be there, by which rule."""

    through: date
    cite: str


@dataclass(frozen=True, slots=True)
class Ending:
    """What decides whether a case may be erased. All but ``is_erased`` is of its whole lineage: what it followed from,
    and what followed from it (residuals, returns, second tries). ``ended_on`` is the newest end in it.

    ``moved``: money moved, on the rails or by check or wire. ``is_open``: something of it goes on.
    """

    is_open: bool
    ended_on: date
    moved: bool
    exceptions: int = 0
    unsent: int = 0
    on_hold: bool = False
    is_erased: bool = False


def kept_through(*, ended_on: date, moved: bool, more_years: int = 0) -> Kept:
    """The day through which its records are kept at least; ``more_years`` is what the custodian adds.

    What moved stands behind a Form 5500: six years from its filing (ERISA 107). A node knows no plan years, so it takes
    the latest that there may be: of a plan year that began on that very day, filed with its extension. The records of
    banks on transfers, and of tax withheld, end before (31 CFR 1010.430(d): five years; Reg. 31.6001-1(e)(2): four).

    >>> kept_through(ended_on=date(2026, 12, 1), moved=True).through
    datetime.date(2034, 9, 15)
    """
    if not moved:
        return Kept(anniversary(ended_on, CLAIM_YEARS + more_years), "ERISA 413 (29 USC 1113)")
    filing = form_5500(PlanYear.starting(ended_on))
    found = retention(record=Record.BEHIND_A_FILING, filed_or_due_on=filing.extended or filing.due)
    if found.keep_through is None:
        raise AssertionError("what is behind a filing has its day")
    return Kept(anniversary(found.keep_through, more_years), found.cite)


def why_kept(ending: Ending, kept: Kept, *, on: date) -> str | None:
    """Why it may not be erased on this day; None where it may."""
    if ending.is_erased:
        return "is erased already"
    if ending.is_open:
        return GOES_ON
    if ending.on_hold:
        return "is, or a case of its lineage is, under a legal hold: let it go first, if counsel says so"
    if ending.exceptions or ending.unsent:
        return "has, or a case of its lineage has, open exceptions or messages that are not through: close them first"
    if on <= kept.through:
        return f"is kept through {kept.through} ({kept.cite})"
    return None


def is_erased(case: Case) -> bool:
    """Whether nothing of its person is here any more."""
    return case.account == ERASED.format(case=case.id)


def without_person(deal: Deal, *, reference: bytes) -> Deal:
    """What stays of a deal: who signed what, the exact terms, when. Nothing of halves, file, notes; no salt.

    The commitments on chain are hashes whose salts follow from the reference: it goes, too, and ``reference`` takes its
    place, so that nobody can try out numbers against them any more.
    """
    others = tuple(replace(each, half=None, code=None, hidden=None) for each in deal.others)
    return replace(
        deal, reference=reference, releasing=None, receiving=None, reasons=None, file=None, notes=(), others=others,
        hidden=None, signed_under=None,
    )  # fmt: skip
