"""A custodian's core in memory that keeps its promises; what it booked is what is checked. Not here: faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..node.codes import ACCOUNT_UNKNOWN, BALANCE_TOO_LOW, OTHER_ORDER, POSTED_BEFORE, RELEASED_BEFORE
from ..node.core import Account, Answer, Done, HoldState, Order, Refused, Side, Status, parts_by_kind

Seen = Callable[[str, bytes, Side], None]


@dataclass
class Core:
    """Accounts with cents by kind; ``seen`` is told of each debit, credit and release as it becomes durable."""

    balances: dict[str, dict[int, int]]
    seen: Seen
    orders: dict[tuple[bytes, Side], tuple[HoldState, Order | None]] = field(default_factory=dict)

    @property
    def cents(self) -> int:
        """Everything that people have here."""
        return sum(sum(kinds.values()) for kinds in self.balances.values())

    def look_up(self, account: str) -> Account | Refused:
        if account not in self.balances:
            return Refused(ACCOUNT_UNKNOWN, f"no account {account}")
        return Account(account, True, dict(self.balances[account]), self._held(account))

    def hold(self, order: Order) -> Answer:
        state, known = self.orders.get((order.rollover, order.side), (HoldState.UNKNOWN, None))
        if state is HoldState.RELEASED:
            return Refused(RELEASED_BEFORE, "it was released")
        if known is not None:
            return Done("hold", order.cents, again=True) if known == order else Refused(OTHER_ORDER, "another order")
        if order.account not in self.balances:
            return Refused(ACCOUNT_UNKNOWN, f"no account {order.account}")
        if order.side is Side.SOURCE and not self._is_free(order):
            return Refused(BALANCE_TOO_LOW, "too little money")
        self.orders[order.rollover, order.side] = HoldState.HELD, order
        return Done("hold", order.cents)

    def release(self, rollover: bytes, side: Side) -> Answer:
        state, known = self.orders.get((rollover, side), (HoldState.UNKNOWN, None))
        if state is HoldState.POSTED:
            return Refused(POSTED_BEFORE, "it was posted")
        self.orders[rollover, side] = HoldState.RELEASED, known
        if state is not HoldState.RELEASED:
            self.seen("release", rollover, side)
        return Done("released", known.cents if known else 0, again=state is HoldState.RELEASED)

    def post(self, order: Order) -> Answer:
        state, known = self.orders.get((order.rollover, order.side), (HoldState.UNKNOWN, None))
        if known != order or state is HoldState.RELEASED:
            return Refused(OTHER_ORDER, "not what was held")
        if state is HoldState.HELD:
            self.book(order)
            self.orders[order.rollover, order.side] = HoldState.POSTED, order
        return Done(_entry(order), order.cents, again=state is HoldState.POSTED)

    def book(self, order: Order) -> None:
        """The entry itself."""
        sign = -1 if order.side is Side.SOURCE else 1
        account = self.balances[order.account]
        for kind, cents in parts_by_kind(order.parts).items():
            account[kind] = account.get(kind, 0) + sign * cents
        self.seen("post", order.rollover, order.side)

    def status(self, rollover: bytes, side: Side) -> Status:
        state, known = self.orders.get((rollover, side), (HoldState.UNKNOWN, None))
        return Status(state, known.cents, _entry(known), int(state is HoldState.POSTED)) if known else Status(state)

    def spend(self, account: str, kind: int, cents: int) -> bool:
        """The person takes money out otherwise; what is held stays."""
        free = self.balances[account].get(kind, 0) - self._held(account).get(kind, 0)
        if cents > free:
            return False
        self.balances[account][kind] -= cents
        return True

    def _is_free(self, order: Order) -> bool:
        has, held = self.balances[order.account], self._held(order.account)
        wanted = parts_by_kind(order.parts).items()
        return all(has.get(kind, 0) - held.get(kind, 0) >= cents for kind, cents in wanted)

    def _held(self, account: str) -> dict[int, int]:
        found: dict[int, int] = {}
        for state, order in self.orders.values():
            if state is HoldState.HELD and order and order.account == account and order.side is Side.SOURCE:
                for kind, cents in parts_by_kind(order.parts).items():
                    found[kind] = found.get(kind, 0) + cents
        return found


def _entry(order: Order) -> str:
    """What this core calls an entry: it names the person's account, as those of others may."""
    return f"{order.account}, posted"
