"""A core in memory that keeps its promises, for the nodes of tests. Not here: stand-ins that run by themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

from open401k.rails.node.core import Account, Answer, Done, HoldState, Order, Refused, Side, Status, parts_by_kind


@dataclass
class MemoryCore:
    """Accounts with cents by kind of money; what is held cannot be held again."""

    balances: dict[str, dict[int, int]] = field(default_factory=dict)
    orders: dict[tuple[bytes, Side], tuple[HoldState, Order | None]] = field(default_factory=dict)
    booked: list[tuple[bytes, Side, int]] = field(default_factory=list)

    def look_up(self, account: str) -> Account | Refused:
        if account not in self.balances:
            return Refused(351, f"no account {account}")
        return Account(account, True, dict(self.balances[account]), self._held(account))

    def hold(self, order: Order) -> Answer:
        state, known = self.orders.get((order.rollover, order.side), (HoldState.UNKNOWN, None))
        if state is HoldState.RELEASED:
            return Refused(657, "it was released")
        if known is not None:
            return Done("hold", order.cents, again=True) if known == order else Refused(452, "another order")
        if order.account not in self.balances:
            return Refused(351, f"no account {order.account}")
        free, held = self.balances[order.account], self._held(order.account)
        if order.side is Side.SOURCE:
            for kind, cents in parts_by_kind(order.parts).items():
                if free.get(kind, 0) - held.get(kind, 0) < cents:
                    return Refused(451, f"too little of kind {kind}")
        self.orders[order.rollover, order.side] = HoldState.HELD, order
        return Done("hold", order.cents)

    def release(self, rollover: bytes, side: Side) -> Answer:
        state, known = self.orders.get((rollover, side), (HoldState.UNKNOWN, None))
        if state is HoldState.POSTED:
            return Refused(658, "it was posted")
        self.orders[rollover, side] = HoldState.RELEASED, known
        return Done("released", known.cents if known else 0, again=state is HoldState.RELEASED)

    def post(self, order: Order) -> Answer:
        state, known = self.orders.get((order.rollover, order.side), (HoldState.UNKNOWN, None))
        if known != order or state is HoldState.RELEASED:
            return Refused(452, "not what was held")
        if state is HoldState.HELD:
            sign = -1 if order.side is Side.SOURCE else 1
            for kind, cents in parts_by_kind(order.parts).items():
                self.balances[order.account][kind] = self.balances[order.account].get(kind, 0) + sign * cents
            self.booked.append((order.rollover, order.side, sign * order.cents))
            self.orders[order.rollover, order.side] = HoldState.POSTED, order
        return Done("posted", order.cents, again=state is HoldState.POSTED)

    def status(self, rollover: bytes, side: Side) -> Status:
        state, known = self.orders.get((rollover, side), (HoldState.UNKNOWN, None))
        return Status(state, known.cents if known else 0, "posted", int(state is HoldState.POSTED))

    def _held(self, account: str) -> dict[int, int]:
        found: dict[int, int] = {}
        for state, order in self.orders.values():
            if state is HoldState.HELD and order and order.account == account and order.side is Side.SOURCE:
                for kind, cents in parts_by_kind(order.parts).items():
                    found[kind] = found.get(kind, 0) + cents
        return found
