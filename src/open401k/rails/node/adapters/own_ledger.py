"""The books of this system as a core: a hold is a reservation, a posting its entry. Not here: selling holdings.

Whoever runs plans here needs no other core. Only cash moves; holdings are sold before terms are agreed. Which source
takes which kind of money, what may be paid of each, and what follows a posting is the plan's to say (:class:`Says`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

import psycopg

from open401k import ledger
from open401k.base.db import Tx
from open401k.kernel import AccountId, EmployeeId, EntryId, PlanId, Source, SponsorId
from open401k.kernel import Refused as RefusedByBooks
from open401k.ledger import USD, AccountKey, Held, Kind, Line

from ...kinds import UNTAXED
from ..codes import (
    ACCOUNT_UNKNOWN,
    BALANCE_TOO_LOW,
    CORE_REFUSED,
    KIND_NOT_TAKEN,
    OTHER_ORDER,
    POSTED_BEFORE,
    RELEASED_BEFORE,
    RETURN_UNFIT,
)
from ..core import Account, Answer, Done, HoldState, Order, Part, Refused, Side, SilentError, Status

#: Which sources are of which kind, in the order in which they are drawn on: pre-tax, Roth, after-tax.
SOURCES: Final[Sequence[Sequence[Source]]] = (
    (
        Source.ROLLOVER, Source.PRE_TAX, Source.MATCH, Source.SAFE_HARBOR_MATCH, Source.NONELECTIVE,
        Source.SAFE_HARBOR_NONELECTIVE, Source.PROFIT_SHARING, Source.QNEC, Source.QMAC,
    ),
    (Source.ROTH_ROLLOVER, Source.ROTH),
    (Source.AFTER_TAX_ROLLOVER, Source.AFTER_TAX),
)  # fmt: skip
_NEVER = "released before anything was held"


@dataclass(frozen=True, slots=True)
class Booked:
    """An order that was just posted: by which entry, on which day, and which sources gave or took each leg's cents."""

    order: Order
    employee_id: EmployeeId
    entry_id: EntryId
    on: date
    shares: Mapping[int, Mapping[Source, int]]


class Says(Protocol):
    """What the plan says, each asked within the transaction of the order."""

    def takes(self, tx: Tx) -> Mapping[int, Source]:
        """Which source takes which kind of money."""
        ...

    def payable(self, tx: Tx, employee_id: EmployeeId) -> Mapping[Source, int]:
        """Cents that may be paid of each source: what is not vested is not among them."""
        ...

    def earned(self, tx: Tx, order: Order) -> Mapping[Source, int]:
        """What after-tax money of an order earned, by the source it is in: pre-tax parts draw on it first."""
        ...

    def refuses(self, tx: Tx, order: Order) -> str | None:
        """Why an order is not held though the money is there; None where nothing stands against it."""
        ...

    def booked(self, tx: Tx, booked: Booked) -> None:
        """What follows a posting: kept with it, or neither is."""
        ...


@dataclass(frozen=True, slots=True)
class OwnLedger:
    """One plan's books. ``into`` says which source takes which kind; ``today`` the day on which things are booked.

    With ``says`` the plan is asked each time, and ``into`` does not count.
    """

    begin: Callable[[], AbstractContextManager[Tx]]
    tenant_id: SponsorId
    plan_id: PlanId
    into: Mapping[int, Source]
    today: Callable[[], date]
    says: Says | None = None
    closing: Callable[[], None] | None = None

    def close(self) -> None:
        """Let go of the database, where it was opened for this core alone."""
        if self.closing is not None:
            self.closing()

    def look_up(self, account: str) -> Account | Refused:
        with self._begun() as tx:
            found = self._cash(tx, account)
        if not found:
            return Refused(ACCOUNT_UNKNOWN, f"no cash account of {account} in these books")
        balance, held = dict.fromkeys(range(len(SOURCES)), 0), dict.fromkeys(range(len(SOURCES)), 0)
        for source, (amount, reserved) in found.items():
            balance[_kind_of(source)] += amount
            held[_kind_of(source)] += reserved
        return Account(account, True, balance, held)

    def hold(self, order: Order) -> Answer:
        with self._begun() as tx:
            known = ledger.held(tx, tenant_id=self.tenant_id, key=_key(order.rollover, order.side, "hold"))
            if known is not None:
                return _again(known, order) or Done(str(known.reservation_id), order.cents, again=True)
            if self.says is not None and (why := self.says.refuses(tx, order)) is not None:
                return Refused(RETURN_UNFIT, why)
            lines = self._lines(tx, order)
            if isinstance(lines, Refused):
                return lines
            key = _key(order.rollover, order.side, "hold")
            made = ledger.reserve(
                tx, tenant_id=self.tenant_id, key=key, event_on=self.today(), reason=f"rollover: {order.side}",
                cause=_cause(order), lines=lines,
            )  # fmt: skip
            if isinstance(made, RefusedByBooks):
                return _refused(made)
            return Done(str(made.reservation_id), order.cents)

    def release(self, rollover: bytes, side: Side) -> Answer:
        with self._begun() as tx:
            hold = _key(rollover, side, "hold")
            known = ledger.held(tx, tenant_id=self.tenant_id, key=hold)
            if known is None:
                known = self._never_again(tx, hold)
            if known.outcome == "posted":
                return Refused(POSTED_BEFORE, "these books posted it")
            again = known.outcome == "voided"
            if not again:
                self._void(tx, known, _key(rollover, side, "release"))
            cents = 0 if known.cause == _NEVER else sum(known.lines.amount)
            return Done(str(known.reservation_id), cents, again=again)

    def post(self, order: Order) -> Answer:
        with self._begun() as tx:
            known = ledger.held(tx, tenant_id=self.tenant_id, key=_key(order.rollover, order.side, "hold"))
            if known is None:
                return Refused(OTHER_ORDER, "nothing is held under this rollover")
            if refused := _again(known, order):
                return refused
            done = Done(str(known.reservation_id), order.cents, again=known.outcome == "posted")
            if done.again:  # asked by its reservation, not by its key: the same on another day is the same
                return done
            key, on = _key(order.rollover, order.side, "post"), self.today()  # entry and fact are of one day
            made = ledger.post_reserved(
                tx, tenant_id=self.tenant_id, reservation_id=known.reservation_id, key=key, event_on=on
            )
            if isinstance(made, RefusedByBooks):
                return _refused(made)
            if self.says is not None:
                self.says.booked(tx, _booked(order, made.entry_id, on, self._shares(known, order)))
            return done

    def status(self, rollover: bytes, side: Side) -> Status:
        """The entry is the tax fact: one for each rollover that was posted."""
        with self._begun() as tx:
            known = ledger.held(tx, tenant_id=self.tenant_id, key=_key(rollover, side, "hold"))
        if known is None:
            return Status(HoldState.UNKNOWN)
        state = {None: HoldState.HELD, "posted": HoldState.POSTED, "voided": HoldState.RELEASED}[known.outcome]
        is_posted = state is HoldState.POSTED
        return Status(state, sum(known.lines.amount), str(known.reservation_id), int(is_posted))

    @contextmanager
    def _begun(self) -> Iterator[Tx]:
        try:
            with self.begin() as tx:
                yield tx
        except psycopg.OperationalError as why:
            raise SilentError(f"these books: {why}") from why

    def _lines(self, tx: Tx, order: Order) -> list[Line] | Refused:
        """From the sources that have it, or into the source that takes it; the other side is the cash on its way."""
        found = self._cash(tx, order.account)
        if not found:
            return Refused(ACCOUNT_UNKNOWN, f"no cash account of {order.account} in these books")
        if order.side is Side.SOURCE and any(not drawn_on(order.account, part.kind) for part in order.parts):
            return Refused(KIND_NOT_TAKEN, "these books have no such kind of money")
        free = {source: amount - reserved for source, (amount, reserved) in found.items()}
        into, earned = self.into, dict[Source, int]()
        if self.says is not None:
            payable = self.says.payable(tx, holder_of(order.account)) if order.side is Side.SOURCE else {}
            free = {source: min(cents, payable.get(source, 0)) for source, cents in free.items()}
            earned = dict(self.says.earned(tx, order))
            free = {source: cents - earned.get(source, 0) for source, cents in free.items()}
            into = self.says.takes(tx)
        clearing = AccountKey(self.plan_id, Kind.CASH_CLEARING)
        lines = []
        for part in order.parts:
            shares = (
                _drawn(part, drawn_on(order.account, part.kind), free, earned)
                if order.side is Side.SOURCE
                else _taken(part, into)
            )
            if isinstance(shares, Refused):
                return shares
            keys = {source: self._account(order.account, source) for source in shares}
            ids = ledger.open_accounts(tx, tenant_id=self.tenant_id, keys=[clearing, *keys.values()])
            for source, cents in shares.items():
                way = (ids[keys[source]], ids[clearing])
                debit, credit = way if order.side is Side.SOURCE else way[::-1]
                lines.append(Line(debit, credit, cents, _ref(part)))
        return lines

    def _account(self, account: str, source: Source) -> AccountKey:
        return AccountKey(self.plan_id, Kind.PARTICIPANT, holder_of(account), source)

    def _cash(self, tx: Tx, account: str) -> dict[Source, tuple[int, int]]:
        """Of a participant: cents and what is reserved of them, by source."""
        try:
            who = holder_of(account).uuid
        except ValueError:
            return {}
        held = ledger.balances(tx, tenant_id=self.tenant_id, plan_id=self.plan_id)
        rows = zip(held.kind, held.employee_id, held.asset, held.source, held.amount, held.reserved, strict=True)
        return {
            Source(source): (amount, reserved)
            for kind, employee, asset, source, amount, reserved in rows
            if kind == Kind.PARTICIPANT and employee == who and asset == USD and source is not None
        }

    def _shares(self, known: Held, order: Order) -> dict[int, dict[Source, int]]:
        """Which sources the lines of a reservation are of, by leg: several legs may have the same source."""
        keys = {source: self._account(order.account, source) for source in Source}
        of = {ledger.account_id(tenant_id=self.tenant_id, key=key).uuid: source for source, key in keys.items()}
        legs = {_ref(part): part.leg for part in order.parts}
        found: dict[int, dict[Source, int]] = {part.leg: {} for part in order.parts}
        own = known.lines.debit if order.side is Side.SOURCE else known.lines.credit
        for account, ref, cents in zip(own, known.lines.ref, known.lines.amount, strict=True):
            shares = found[legs[ref]]
            shares[of[account]] = shares.get(of[account], 0) + cents
        return found

    def _void(self, tx: Tx, known: Held, key: str) -> None:
        made = ledger.void(
            tx, tenant_id=self.tenant_id, reservation_id=known.reservation_id, key=key, reason="rollover: released"
        )
        if isinstance(made, RefusedByBooks):
            raise AssertionError(f"a reservation that waits is voided: {made.message}")

    def _never_again(self, tx: Tx, key: str) -> Held:
        """A cent that is reserved and voided under the key of the hold: a hold that comes later finds it there."""
        keys = [AccountKey(self.plan_id, Kind.CASH_CLEARING), AccountKey(self.plan_id, Kind.OPENING)]
        ids: Sequence[AccountId] = list(ledger.open_accounts(tx, tenant_id=self.tenant_id, keys=keys).values())
        made = ledger.reserve(
            tx, tenant_id=self.tenant_id, key=key, event_on=self.today(), reason="rollover: released", cause=_NEVER,
            lines=[Line(ids[0], ids[1], 1, _NEVER)],
        )  # fmt: skip
        known = ledger.held(tx, tenant_id=self.tenant_id, key=key)
        if isinstance(made, RefusedByBooks) or known is None:
            raise AssertionError("a cent between accounts that may go negative is reserved")
        return known


def holder_of(account: str) -> EmployeeId:
    """Whose account: a request adds its own id behind a stroke, so that its posting is told from another's."""
    return EmployeeId.parse(account.partition("/")[0])


def drawn_on(account: str, kind: int) -> Sequence[Source]:
    """The sources of a kind, in order; none where these books have no such money.

    What goes back as it came is paid of the source into which it came alone, under the kind as which it came.
    """
    if "/" not in account:
        return SOURCES[kind] if kind < len(SOURCES) else ()
    return SOURCES[kind][:1] if kind < len(SOURCES) else SOURCES[0][:1] if kind in UNTAXED else ()


def _taken(part: Part, into: Mapping[int, Source]) -> Mapping[Source, int] | Refused:
    source = into.get(part.kind)
    if source is None:
        return Refused(KIND_NOT_TAKEN, f"the plan takes no money of kind {part.kind}")
    return {source: part.cents}


def _drawn(
    part: Part, sources: Sequence[Source], free: dict[Source, int], earned: dict[Source, int]
) -> Mapping[Source, int] | Refused:
    """A part from the sources of its kind, in their order; pre-tax money first from what after-tax money earned.

    ``free`` and ``earned`` fall by it.
    """
    shares: dict[Source, int] = {}
    wanted = part.cents
    along = [(earned, source) for source in earned] if part.kind == 0 else []
    for left, source in (*along, *((free, source) for source in sources)):
        share = min(wanted, max(0, left.get(source, 0)))
        if share:
            shares[source] = share
            left[source] -= share
            wanted -= share
    if wanted:
        return Refused(BALANCE_TOO_LOW, f"{wanted} of {part.cents} cents of kind {part.kind} are not free")
    return shares


def _again(known: Held, order: Order) -> Refused | None:
    """What is under this id already, if it is not this order or was released."""
    if known.outcome == "voided":
        return Refused(RELEASED_BEFORE, "these books released it")
    told: dict[str, int] = {}
    for ref, cents in zip(known.lines.ref, known.lines.amount, strict=True):
        told[ref] = told.get(ref, 0) + cents
    if known.cause != _cause(order) or told != {_ref(part): part.cents for part in order.parts}:
        return Refused(OTHER_ORDER, "another order is under this rollover's id")
    return None


def _booked(order: Order, entry_id: EntryId, on: date, shares: Mapping[int, Mapping[Source, int]]) -> Booked:
    return Booked(order, holder_of(order.account), entry_id, on, shares)


def _kind_of(source: Source) -> int:
    return next(kind for kind, sources in enumerate(SOURCES) if source in sources)


def _key(rollover: bytes, side: Side, verb: str) -> str:
    return f"rails:{verb}:{side}:{rollover.hex()}"


def _cause(order: Order) -> str:
    return f"rollover {order.rollover.hex()} of {order.account}"


def _ref(part: Part) -> str:
    """With the facts of the file, so that the same cents with other facts are another order."""
    return f"leg {part.leg}, kind {part.kind}, basis {part.basis}, Roth since {part.roth_since or '-'}"


def _refused(why: RefusedByBooks[ledger.Refusal]) -> Refused:
    code = BALANCE_TOO_LOW if why.reason is ledger.Refusal.BALANCE_TOO_LOW else CORE_REFUSED
    return Refused(code, why.message)
