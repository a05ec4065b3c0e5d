"""Basis and earnings of after-tax money that a plan pays: how much of each leaves, from which source. ADR-0076.

What was contributed after tax and what it earned are one contract apart from the rest of the account (IRC 72(d)(2)):
of what leaves of it the basis is in the ratio of basis to value (IRC 72(e)(8)(B)). The basis moves as after-tax money,
the earnings as pre-tax money. Not here: where either goes (Notice 2014-54; rails/preflight/checks_amount.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from open401k import census, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import Money, PlanId, Source, SponsorId, half_up
from open401k.law.after_tax_basis import recover_basis
from open401k.rails.kinds import Kind
from open401k.rails.node.adapters.own_ledger import holder_of
from open401k.rails.node.core import Order, Side
from open401k.rails.preflight.checks_amount import AFTER_TAX_SOURCES
from open401k.recordkeeping import Releasable, RolloverRequest, RolloverWay

WAY = {Side.SOURCE: RolloverWay.OUT, Side.RECEIVER: RolloverWay.INTO}


@dataclass(frozen=True, slots=True)
class AfterTaxPaid:
    """Cents by source: what leaves as basis, its earnings that go along, and all earnings that are in the balance.

    All three are empty where nobody knows the basis.
    """

    basis: Mapping[Source, int] = field(default_factory=dict)
    earnings: Mapping[Source, int] = field(default_factory=dict)
    grown: Mapping[Source, int] = field(default_factory=dict)


def after_tax_paid(releasable: Releasable, basis_cents: int | None, *, wanted_cents: int | None) -> AfterTaxPaid:
    """Of so much after-tax money (None: all that may be paid) what each source gives, drawn on in their order.

    What is asked for is basis; its share of the earnings goes along.
    """
    account = releasable.after_tax.account_cents
    if basis_cents is None or basis_cents < 0 or not account:
        return AfterTaxPaid()
    basis, payable = min(basis_cents, account), releasable.payable()
    cash = [payable.get(each, 0) for each in AFTER_TAX_SOURCES]
    most = recover_basis(gross_cents=sum(cash), account_cents=account, basis_cents=basis).basis_cents
    moved = most if wanted_cents is None else min(wanted_cents, most)
    along = half_up(Fraction(moved * (account - basis), basis)) if basis else 0
    if moved == most:
        along = sum(cash) - most if moved else 0
    drawn = _in_turn(moved + along, cash)
    earnings = _shared(along, drawn)
    held = {each.source: each.balance_cents for each in releasable.held}
    return AfterTaxPaid(
        basis=_by_source([cents - earned for cents, earned in zip(drawn, earnings, strict=True)]),
        earnings={source: cents for source, cents in _by_source(earnings).items() if cents},
        grown=_by_source(_shared(account - basis, [held.get(each, 0) for each in AFTER_TAX_SOURCES])),
    )


def earnings_along(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, order: Order, on: date) -> Mapping[Source, int]:
    """What goes along of earnings with the after-tax money of an order; nothing with what goes back as it came."""
    moved = sum(each.cents for each in order.parts if each.kind == Kind.AFTER_TAX)
    if order.side is not Side.SOURCE or not moved or recordkeeping.came_by(order.account) is not None:
        return {}
    (person,) = census.roster(tx, tenant_id=tenant_id, employee_ids=[holder_of(order.account)])
    found = recordkeeping.releasable(tx, tenant_id=tenant_id, plan_id=plan_id, person=person, on=on)
    basis = found.after_tax.basis_cents
    if basis is None:
        request = request_of(recordkeeping.rollover_requests(tx, tenant_id=tenant_id, plan_id=plan_id), order)
        told = None if request is None else request.told.get("after_tax_basis_cents")
        basis = None if told is None else int(told.told)
    return after_tax_paid(found, basis, wanted_cents=moved).earnings


def request_of(requests: Sequence[RolloverRequest], order: Order) -> RolloverRequest | None:
    """The open request that an order is of."""
    legs = [(Kind(each.kind).name.lower(), each.cents) for each in order.parts]
    who = holder_of(order.account)
    return recordkeeping.open_request_of(
        requests, employee_id=who, way=WAY[order.side], account=order.account, legs=legs
    )


def _in_turn(cents: int, cash: Sequence[int]) -> list[int]:
    found = []
    for each in cash:
        found.append(min(cents, each))
        cents -= found[-1]
    return found


def _shared(cents: int, weights: Sequence[int]) -> list[int]:
    return [share.cents for share in Money(cents).split(weights)] if any(weights) else [0] * len(weights)


def _by_source(cents: Sequence[int]) -> dict[Source, int]:
    return dict(zip(AFTER_TAX_SOURCES, cents, strict=True))
