"""One plan's books as the core of a node: what it takes, what it pays, what follows a posting. ADR-0050.

Not here: the holds and entries themselves (rails/node/adapters/own_ledger.py), asking for a rollover (rollover.py).
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import date

from open401k import census, plan, recordkeeping
from open401k.base.db import ALL_TENANTS, Actor, Database, Tx
from open401k.kernel import EmployeeId, Open401kError, PlanId, Source, SponsorId, day_of
from open401k.law.form_1099r import EarlyException, Payee
from open401k.rails.kinds import Kind
from open401k.rails.node.adapters.own_ledger import Booked, OwnLedger
from open401k.rails.node.core import Order, Side
from open401k.recordkeeping import RolloverBooked, RolloverPart, RolloverRequest, RolloverWay

from .rollover_after_tax import WAY, earnings_along, request_of
from .rollover_taxed import PaidOn, booked_part, paid_on

NODE = Actor(kind="system", id="node", why="follows a rollover")


@dataclass(frozen=True, slots=True)
class PlanSays:
    """What one plan's terms and records say, each within the transaction of the order."""

    tenant_id: SponsorId
    plan_id: PlanId
    today: Callable[[], date]

    def takes(self, tx: Tx) -> Mapping[int, Source]:
        """Money that was not taxed yet lands in one rollover source, Roth money in the other."""
        terms = plan.provisions_on(tx, tenant_id=self.tenant_id, plan_id=self.plan_id, on=self.today())
        return lands(terms.rollovers)

    def payable(self, tx: Tx, employee_id: EmployeeId) -> Mapping[Source, int]:
        """Vested cash of sources that an event opened; of nobody who is not on file."""
        people = census.roster(tx, tenant_id=self.tenant_id, employee_ids=[employee_id])
        if not people:
            return {}
        found = recordkeeping.releasable(
            tx, tenant_id=self.tenant_id, plan_id=self.plan_id, person=people[0], on=self.today()
        )
        return found.payable()

    def earned(self, tx: Tx, order: Order) -> Mapping[Source, int]:
        """What goes along of earnings with the after-tax money of an order; nothing with what goes back as it came."""
        return earnings_along(tx, tenant_id=self.tenant_id, plan_id=self.plan_id, order=order, on=self.today())

    def refuses(self, tx: Tx, order: Order) -> str | None:
        """What came and was found invalid does not go back over the rails too."""
        if order.side is not Side.SOURCE:
            return None
        wanted = [(Kind(each.kind).name.lower(), each.cents) for each in order.parts]
        refused = recordkeeping.may_go_back(
            tx, tenant_id=self.tenant_id, plan_id=self.plan_id, account=order.account, wanted=wanted, is_held=True
        )
        return None if refused is None else f"{refused.message} {refused.fix}"

    def booked(self, tx: Tx, booked: Booked) -> None:
        """The fact of it, with basis and Roth clock as the transfer file has them; once, with its entry."""
        way = WAY[booked.order.side]
        requests = recordkeeping.rollover_requests(tx, tenant_id=self.tenant_id, plan_id=self.plan_id)
        request = request_of(requests, booked.order)
        (person,) = census.roster(tx, tenant_id=self.tenant_id, employee_ids=[booked.employee_id])
        terms = plan.provisions_on(tx, tenant_id=self.tenant_id, plan_id=self.plan_id, on=booked.on).rollovers
        paid = paid_on(person, request, on=booked.on, terms=terms)
        fact = RolloverBooked(
            rollover=booked.order.rollover,
            way=way,
            plan_id=self.plan_id,
            employee_id=booked.employee_id,
            entry_id=booked.entry_id,
            event_on=booked.on,
            parts=_parts(booked, request, paid),
            rollover_id=None if request is None else request.rollover_id,
            recorded_at=tx.now,
            payee=paid.payee if way is RolloverWay.OUT else Payee.PARTICIPANT,
            early=paid.early if way is RolloverWay.OUT else EarlyException.NONE,
            gives_back=recordkeeping.came_by(booked.order.account) if way is RolloverWay.OUT else None,
        )
        recordkeeping.book_rollover(tx, tenant_id=self.tenant_id, booked=fact)


def plan_core(db: Database, *, actor: Actor, plan_id: PlanId, today: Callable[[], date]) -> OwnLedger:
    """The books of a plan, for a node whose core it is; a plan that is not here is an error."""
    with db.begin(actor, tenants=ALL_TENANTS) as tx:
        tenant = next((owner for owner, each in plan.every_plan(tx) if each == plan_id), None)
    if tenant is None:
        raise Open401kError(f"There is no plan {plan_id} on this server.", fix="Take the id from: open401k plans list")
    says = PlanSays(tenant, plan_id, today)
    return OwnLedger(lambda: db.begin(actor, tenants=[tenant]), tenant, plan_id, {}, today, says)


def core_at(plan_id: str, opening: Callable[[], AbstractContextManager[Database]]) -> OwnLedger:
    """The core that ``node.toml`` names by a plan's id; its database is open as long as the core."""
    try:
        wanted = PlanId.parse(plan_id)
    except ValueError as error:
        raise Open401kError(f"core.plan: {error}.", fix="Take the id from: open401k plans list") from None
    with ExitStack() as stack:
        db = stack.enter_context(opening())
        core = plan_core(db, actor=NODE, plan_id=wanted, today=lambda: day_of(db.clock.now()))
        return replace(core, closing=stack.pop_all().close)


def lands(terms: plan.Rollovers | None) -> dict[int, Source]:
    """Which source takes which kind of money, by the plan's terms.

    After-tax amounts are accounted for apart, and what of them is not taxed apart from what is: their earnings come as
    pre-tax money (IRC 402(c)(2)(A)).
    """
    apart = {
        plan.RolloverKind.ROTH: Source.ROTH_ROLLOVER,
        plan.RolloverKind.AFTER_TAX: Source.AFTER_TAX_ROLLOVER,
    }
    kinds = () if terms is None else terms.takes
    return {int(kind_of(each)): apart.get(each, Source.ROLLOVER) for each in kinds}


def kind_of(kind: plan.RolloverKind) -> Kind:
    """What the rails call it."""
    return Kind[kind.name]


def _parts(booked: Booked, request: RolloverRequest | None, paid: PaidOn) -> tuple[RolloverPart, ...]:
    """What came in is kept as it is; of what was paid, where it went and what of it is taxed."""
    if booked.order.side is Side.RECEIVER:
        return tuple(
            RolloverPart(
                each.leg, Kind(each.kind).name.lower(), each.cents, booked.shares[each.leg], each.basis, each.roth_since
            )
            for each in booked.order.parts
        )
    wanted = [] if request is None or "wanted" not in request.told else request.told["wanted"].told
    return tuple(booked_part(each, booked.shares[each.leg], wanted, paid) for each in booked.order.parts)
