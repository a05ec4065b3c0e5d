"""Lost earnings of a deposit that came after its day: who gets how much, and whether it is self-corrected. Pure.

Not here: when a deposit is due (payroll.remittance), the arithmetic (law.lost_earnings, law.late_deposits).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from open401k.kernel import EmployeeId, Money, RunId, Source
from open401k.law import NotEnacted
from open401k.law.late_deposits import SelfCorrection, SelfCorrectionBar, late_deposit_excise, self_correction
from open401k.law.lost_earnings import LostEarnings, lost_earnings

from .proposal_content import Content, Credit

#: What such a proposal is called.
LATE_DEPOSIT = "late_deposit"
_BARS = {
    SelfCorrectionBar.NOT_YET: "it was remitted before the component existed",
    SelfCorrectionBar.UNDER_INVESTIGATION: "the plan is under investigation",
    SelfCorrectionBar.REMITTED_TOO_LATE: "it was remitted more than 180 days after withholding",
    SelfCorrectionBar.LOST_EARNINGS_TOO_HIGH: "its lost earnings are over the limit of the component",
}


@dataclass(frozen=True, slots=True)
class LateShare:
    """What was withheld from one person for one source on the pay date."""

    employee_id: EmployeeId
    source: Source
    cents: int


@dataclass(frozen=True, slots=True)
class LateDeposit:
    """Withheld money of one payroll that reached the plan after the day it was due."""

    run_id: RunId
    pay_date: date
    due_on: date
    received_on: date
    cents: int
    year_start: date
    shares: tuple[LateShare, ...]


def content_of_late_deposit(late: LateDeposit, *, on: date) -> Content:
    """Lost earnings, and interest on them until paid, person by person (DOL VFC Program sections 5(b), 7.1)."""
    try:
        by_itself = self_correction(principal_cents=late.cents, withheld_on=late.pay_date, remitted_on=late.received_on)
        # The component counts from the day of withholding; else from the day on which it should have come.
        since = late.pay_date if by_itself.available else late.due_on
        owed = lost_earnings(
            principal_cents=late.cents, loss_on=since, recovered_on=late.received_on, paid_on=max(on, late.received_on)
        )
        tax = late_deposit_excise(principal_cents=late.cents, loss_on=since, corrected_on=late.received_on).tax_cents
    except NotEnacted as missing:
        return _content(late, on, None, None, 0, f"Lost earnings cannot be counted: {missing}")
    return _content(late, on, owed, by_itself, tax, "")


def _content(
    late: LateDeposit, on: date, owed: LostEarnings | None, by_itself: SelfCorrection | None, tax: int, why_not: str
) -> Content:
    cents = 0 if owed is None else owed.total_cents
    available = by_itself is not None and by_itself.available
    cite = "DOL VFC Program section 7.1 (90 FR 4192)" if available else "DOL VFC Program section 5(b)"
    return Content(
        kind=LATE_DEPOSIT,
        on=on,
        title=f"Deposit of {late.pay_date} came late: {Money(cents)} of lost earnings",
        text=_text(late, on, cents, by_itself, tax),
        paragraph=f"{cite}; 29 CFR 2510.3-102; IRC 4975",
        decide_by=by_itself.remit_by if by_itself is not None and available and by_itself.remit_by >= on else None,
        credits=tuple(_credits(late, cents)),
        not_ready=why_not,
        working=_working(late, owed, by_itself, tax),
    )


def _text(late: LateDeposit, on: date, cents: int, by_itself: SelfCorrection | None, tax: int) -> str:
    days = (late.received_on - late.due_on).days
    told = [
        f"{Money(late.cents)} withheld on {late.pay_date} should have been in the plan by {late.due_on} and came on "
        f"{late.received_on}, {days} {'day' if days == 1 else 'days'} late (29 CFR 2510.3-102). Lost earnings, with "
        f"interest if paid on {on} (more each day): {Money(cents)}, shared out in proportion to what was withheld."
    ]
    if by_itself is not None and by_itself.available:
        told.append(
            "It can be self-corrected without an application: notify the DOL by its web tool and keep the record "
            "(VFC Program section 7.1); lost earnings count from the day of withholding."
        )
    elif by_itself is not None:
        why = "; ".join(_BARS[bar] for bar in by_itself.bars)
        told.append(f"It cannot be self-corrected: {why}. It needs an application to the VFC Program (section 6).")
    told.append(
        f"Excise tax of the employer: {Money(tax)}, on Form 5330, unless PTE 2002-51 relieves it (IRC 4975(a))."
    )
    return " ".join(told)


def _credits(late: LateDeposit, cents: int) -> list[Credit]:
    if not cents or not sum(each.cents for each in late.shares):
        return []
    parts = Money(cents).split([each.cents for each in late.shares])
    return [
        Credit(each.employee_id, each.source, late.year_start, 0, part.cents)
        for each, part in zip(late.shares, parts, strict=True)
        if part.cents
    ]


def _working(
    late: LateDeposit, owed: LostEarnings | None, by_itself: SelfCorrection | None, tax: int
) -> dict[str, Any]:
    periods: Sequence[Any] = () if owed is None else (*owed.until_recovery, *owed.until_payment)
    return {
        "run_id": late.run_id,
        "pay_date": late.pay_date,
        "due_on": late.due_on,
        "received_on": late.received_on,
        "late_cents": late.cents,
        "bars": [] if by_itself is None else [bar.value for bar in by_itself.bars],
        "excise_cents": tax,
        "periods": [
            {"after": p.after, "last": p.last, "days": p.days, "rate_percent": p.rate_percent} for p in periods
        ],
    }
