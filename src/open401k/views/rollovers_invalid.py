"""A rollover that was found invalid, as its page shows it: what, why, with which earnings, paid back or waiting."""

from dataclasses import dataclass
from datetime import date

from open401k import recordkeeping
from open401k.base.db import Tx
from open401k.kernel import Money, PlanId, RolloverId, SponsorId, day_of
from open401k.recordkeeping import INVALID_CITE, InvalidRollover

from .shown import DutyLine, DutyState


@dataclass(frozen=True, slots=True)
class InvalidLine:
    """Of one source what was invalid, and the earnings on it: as paid, or as the books attribute them today."""

    source: str
    amount: Money
    earnings: Money


@dataclass(frozen=True, slots=True)
class InvalidShown:
    """``paid_on`` None: it waits for somebody's approval, for so many days."""

    why: str
    detail: str
    determined_on: date
    determined_by: str
    waits_days: int
    lines: tuple[InvalidLine, ...]
    total: Money
    paid_on: date | None
    paid_by: str
    withheld: Money
    cite: str = INVALID_CITE


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, rollover_id: RolloverId) -> InvalidShown | None:
    """What was determined of one rollover; None: nothing."""
    known = recordkeeping.invalid_rollovers(tx, tenant_id=tenant_id, plan_id=plan_id)
    found = next((each for each in known if each.rollover_id == rollover_id), None)
    if found is None:
        return None
    if found.paid is not None:
        earnings = dict(found.paid.earnings)
    else:
        earnings = recordkeeping.invalid_earnings(tx, tenant_id=tenant_id, plan_id=plan_id, invalid=found)
    lines = tuple(InvalidLine(s.value, Money(cents), Money(earnings[s])) for s, cents in found.cents.items())
    return InvalidShown(
        why=found.why.value,
        detail=found.detail,
        determined_on=found.determined_on,
        determined_by=found.by,
        waits_days=0 if found.paid is not None else (day_of(tx.now) - found.determined_on).days,
        lines=lines,
        total=sum((each.amount + each.earnings for each in lines), Money(0)),
        paid_on=None if found.paid is None else found.paid.on,
        paid_by="" if found.paid is None else found.paid.by,
        withheld=Money(0) if found.paid is None else Money(found.paid.withheld_cents),
    )


def waiting(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[InvalidRollover]:
    """What was determined and not paid back yet."""
    known = recordkeeping.invalid_rollovers(tx, tenant_id=tenant_id, plan_id=plan_id)
    return [each for each in known if each.paid is None]


def duties(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> list[DutyLine]:
    """The regulation asks for a reasonable time and names no day: it is due, since the day it was determined."""
    return [
        DutyLine(
            each.determined_on,
            "Pay back a rollover that was invalid, with its earnings",
            f"by the plan administrator, within a reasonable time after it was determined ({INVALID_CITE})",
            DutyState.SOON,
            amount=Money(sum(each.cents.values())),
        )
        for each in waiting(tx, tenant_id=tenant_id, plan_id=plan_id)
    ]
