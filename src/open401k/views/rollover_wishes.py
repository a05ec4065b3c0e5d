"""What participants of a plan wish of rollovers and nobody answered yet, for staff."""

from dataclasses import dataclass
from datetime import date

from open401k import census
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, PlanId, RolloverId, SponsorId, day_of
from open401k.recordkeeping import RolloverWay
from open401k.recordkeeping import rollover_wishes as wishes

from .wish_words import in_words


@dataclass(frozen=True, slots=True)
class WishLine:
    """One wish: whose, which way, in words; ``account`` as they named it at the other custodian."""

    rollover_id: RolloverId
    employee_id: EmployeeId
    name: str
    way: str
    words: str
    account: str
    asked_on: date
    end: str


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, waiting: bool = True) -> tuple[WishLine, ...]:
    """Those that wait, or all there ever were; the oldest first."""
    found = wishes.wishes_of(tx, tenant_id=tenant_id, plan_id=plan_id)
    mine = [each for each in found if not waiting or each.end is None]
    who = [each.employee_id for each in mine]
    people = (
        {each.employee_id: each for each in census.roster(tx, tenant_id=tenant_id, employee_ids=who)} if who else {}
    )
    return tuple(
        WishLine(
            each.rollover_id, each.employee_id,
            f"{people[each.employee_id].first_name} {people[each.employee_id].last_name}",
            "in" if each.way is RolloverWay.INTO else "out", in_words(each), each.wished.account,
            day_of(each.asked_at), each.end or "",
        )
        for each in mine
    )  # fmt: skip
