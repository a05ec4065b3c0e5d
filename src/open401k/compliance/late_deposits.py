"""Lost earnings of a deposit that came after its day: who gets how much, and whether it is self-corrected. Pure.

Not here: when a deposit is due (payroll.remittance), the arithmetic (law.lost_earnings, law.late_deposits).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from open401k.kernel import EmployeeId, Money, RunId, Source
from open401k.law import NotEnacted
from open401k.law.late_deposits import SelfCorrection, SelfCorrectionBar, late_deposit_excise, self_correction
from open401k.law.lost_earnings import LatePart, LostEarnings, lost_earnings_in_parts

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
    """Withheld money of one payroll that reached the plan after the day it was due, in one part or several."""

    run_id: RunId
    pay_date: date
    due_on: date
    parts: tuple[LatePart, ...]
    year_start: date
    shares: tuple[LateShare, ...]

    @property
    def cents(self) -> int:
        """All that came late."""
        return sum(each.principal_cents for each in self.parts)

    @property
    def received_on(self) -> date:
        """When the last of it was there."""
        return max(each.recovered_on for each in self.parts)


@dataclass(frozen=True, slots=True)
class _Cost:
    """What it costs: earnings part by part, whether it is self-corrected, the employer's excise tax."""

    parts: tuple[LostEarnings, ...] = ()
    by_itself: SelfCorrection | None = None
    tax_cents: int = 0

    @property
    def cents(self) -> int:
        return sum(each.total_cents for each in self.parts)


def content_of_late_deposit(late: LateDeposit, *, on: date) -> Content:
    """Lost earnings, and interest on them until paid, person by person (DOL VFC Program sections 5(b), 7.1)."""
    try:
        return _content(late, on, _cost(late, on), "")
    except NotEnacted as missing:
        return _content(late, on, _Cost(), f"Lost earnings cannot be counted: {missing}")


def _cost(late: LateDeposit, on: date) -> _Cost:
    by_itself = _by_itself(late)
    # The component counts from the day of withholding; else from the day on which it should have come.
    since = late.pay_date if by_itself.available else late.due_on
    owed = lost_earnings_in_parts(parts=late.parts, loss_on=since, paid_on=max(on, late.received_on))
    taxes = [
        late_deposit_excise(
            principal_cents=each.principal_cents, loss_on=since, corrected_on=each.recovered_on
        ).tax_cents
        for each in late.parts
    ]
    return _Cost(owed, by_itself, sum(taxes))


def _by_itself(late: LateDeposit) -> SelfCorrection:
    """Whether all of it can be self-corrected: each part in time, the lost earnings of all within the limit."""
    found = [
        self_correction(principal_cents=each.principal_cents, withheld_on=late.pay_date, remitted_on=each.recovered_on)
        for each in late.parts
    ]
    bars = {bar for each in found for bar in each.bars}
    if sum(each.lost_earnings.total_cents for each in found) > found[-1].limit_cents:
        bars.add(SelfCorrectionBar.LOST_EARNINGS_TOO_HIGH)
    return replace(found[-1], bars=tuple(bar for bar in SelfCorrectionBar if bar in bars))


def _content(late: LateDeposit, on: date, cost: _Cost, why_not: str) -> Content:
    by_itself = cost.by_itself
    available = by_itself is not None and by_itself.available
    cite = "DOL VFC Program section 7.1 (90 FR 4192)" if available else "DOL VFC Program section 5(b)"
    return Content(
        kind=LATE_DEPOSIT,
        on=on,
        title=f"Deposit of {late.pay_date} came late: {Money(cost.cents)} of lost earnings",
        text=_text(late, on, cost),
        paragraph=f"{cite}; 29 CFR 2510.3-102; IRC 4975",
        decide_by=by_itself.remit_by if by_itself is not None and available and by_itself.remit_by >= on else None,
        credits=tuple(_credits(late, cost.cents)),
        not_ready=why_not,
        working=_working(late, cost),
    )


def _text(late: LateDeposit, on: date, cost: _Cost) -> str:
    days = (late.received_on - late.due_on).days
    by_itself = cost.by_itself
    told = [
        f"{Money(late.cents)} withheld on {late.pay_date} should have been in the plan by {late.due_on} and came "
        f"{_came(late)}, {days} {'day' if days == 1 else 'days'} late (29 CFR 2510.3-102). Lost earnings, with "
        f"interest if paid on {on} (more each day): {Money(cost.cents)}, shared out in proportion to what was withheld."
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
        f"Excise tax of the employer: {Money(cost.tax_cents)}, on Form 5330, unless PTE 2002-51 relieves it "
        "(IRC 4975(a))."
    )
    return " ".join(told)


def _came(late: LateDeposit) -> str:
    """On one day, or part by part: each counts until its own."""
    if len(late.parts) == 1:
        return f"on {late.received_on}"
    parts = [f"{Money(each.principal_cents)} on {each.recovered_on}" for each in late.parts]
    return f"in parts, {', '.join(parts[:-1])} and {parts[-1]}, the last"


def _credits(late: LateDeposit, cents: int) -> list[Credit]:
    if not cents or not sum(each.cents for each in late.shares):
        return []
    parts = Money(cents).split([each.cents for each in late.shares])
    return [
        Credit(each.employee_id, each.source, late.year_start, 0, part.cents)
        for each, part in zip(late.shares, parts, strict=True)
        if part.cents
    ]


def _working(late: LateDeposit, cost: _Cost) -> dict[str, Any]:
    return {
        "run_id": late.run_id,
        "pay_date": late.pay_date,
        "due_on": late.due_on,
        "received_on": late.received_on,
        "late_cents": late.cents,
        "bars": [] if cost.by_itself is None else [bar.value for bar in cost.by_itself.bars],
        "excise_cents": cost.tax_cents,
        "parts": [
            {
                "received_on": each.recovered_on,
                "late_cents": each.principal_cents,
                "lost_cents": each.lost_earnings_cents,
                "interest_cents": each.interest_cents,
                "periods": [
                    {"after": p.after, "last": p.last, "days": p.days, "rate_percent": p.rate_percent}
                    for p in (*each.until_recovery, *each.until_payment)
                ],
            }
            for each in cost.parts
        ],
    }
