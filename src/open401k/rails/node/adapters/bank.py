"""A bank behind a core, by files: pacs.008 out, pacs.002, pacs.004 and camt.054 in. Not here: the core, XML (wire/mx).

The coordinator's commit moves the claim on the settlement bank. Where a custodian keeps its cash at a bank of its own,
the source pays in what the commit moved out, and the receiver books when its bank says that the money is there. A
payment goes out until the bank has answered; the bank knows it by its id and pays it once. What comes counts once by
the bank's reference, and is booked when it is exactly what was expected: less, more or returned goes to the cash desk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from open401k.kernel import Clock
from open401k.wire import BankLine, Unreadable, iso20022, mx

from ..codes import MONEY_SHORT, PAYMENT_REFUSED, PAYMENT_RETURNED, WRONG_AMOUNT
from ..core import Account, Answer, CustodianCore, Done, Order, Refused, Side, SilentError, Status, Waiting
from .batch import kept
from .iso import transfer_of

#: Settled, by the external list of statuses; whatever else is not a refusal is not an answer yet.
_SETTLED = frozenset({"ACSC", "ACCC"})
#: References have 35 places: 32 of the id, the side, one for the number of the try.
_MOST_TRIES = 9
#: What a reference of ours looks like: 16 bytes of a rollover's id.
_WHOLE = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class WentBack:
    """A payment under a rollover's reference was returned so many ``times``: to us who paid, or from us who had it.

    ``stands``: it was not paid anew since.
    """

    end_to_end: str
    side: Side
    reason: str
    times: int
    stands: bool


@dataclass
class BankFiles:
    """The bank that shares ``folder`` with us: we pay as ``us`` to ``them``, which is the settlement bank."""

    folder: Path
    clock: Clock
    us: mx.Party
    them: mx.Party
    _read: dict[Path, tuple[mx.Known | BankLine, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("spool", "out", "in"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def pay(self, rollover: bytes, cents: int) -> Answer:
        """Pay it, once: done when the bank says that it is settled, and has not returned it."""
        tries = self._tries(rollover)
        if not tries:
            tries = [self._ordered(rollover, 1, cents)]
        if json.loads(tries[0].read_text())["cents"] != cents:
            return Refused(WRONG_AMOUNT, f"{tries[0].name} is a payment of another amount")
        told = {each.instruction: each for each in self._of(mx.PaymentStatus)}
        settled = [told[each.stem] for each in tries if each.stem in told and told[each.stem].status in _SETTLED]
        returns = {each.return_id: each for each in self._of(mx.PaymentReturn)}
        ours = [each for each in returns.values() if each.end_to_end == _end_to_end(rollover)]
        if settled and len(settled) > len(ours):
            return Done(settled[-1].id, cents)
        last = told.get(tries[-1].stem)
        if last is not None and last.status == "RJCT":
            return Refused(PAYMENT_REFUSED, f"the bank refused it: {last.reason or 'no reason told'}")
        if last is not None and last.status in _SETTLED:
            return Refused(PAYMENT_RETURNED, f"the bank returned it: {ours[-1].reason}")
        return Waiting(tries[-1].name)

    def pay_again(self, rollover: bytes) -> Answer:
        """Once more, under a new id, what the bank refused or returned; anything else stays as it is."""
        tries = self._tries(rollover)
        if not tries:
            return Refused(PAYMENT_REFUSED, "nothing was paid under this rollover yet")
        cents = int(json.loads(tries[0].read_text())["cents"])
        stands = self.pay(rollover, cents)
        if not isinstance(stands, Refused) or len(tries) == _MOST_TRIES:
            return stands
        return Waiting(self._ordered(rollover, len(tries) + 1, cents).name)

    def _tries(self, rollover: bytes) -> list[Path]:
        return sorted((self.folder / "spool").glob(f"{transfer_of(rollover, Side.SOURCE)}*.json"))

    def _ordered(self, rollover: bytes, number: int, cents: int) -> Path:
        name = transfer_of(rollover, Side.SOURCE) + ("" if number == 1 else str(number))
        path = self.folder / "spool" / f"{name}.json"
        kept(path, json.dumps({"end_to_end": _end_to_end(rollover), "cents": cents}).encode())
        return path

    def arrived(self, rollover: bytes) -> Answer:
        """What came under this rollover, returns taken off; nothing yet is waiting."""
        return self.arrived_under(_end_to_end(rollover))

    def arrived_under(self, wanted: str) -> Answer:
        """The same by the reference of the payment."""
        lines = (each for each in self._lines() if wanted in each.references)
        found = {(each.references, each.cents, each.booked_on): each for each in lines}
        cents = sum(line.cents for line in found.values())
        returned = next((line.return_code or "no reason told" for line in found.values() if line.cents < 0), None)
        if returned is not None and cents <= 0:
            return Refused(PAYMENT_RETURNED, f"what came went back: {returned}")
        return Done(wanted, cents) if found else Waiting(wanted)

    def went_back(self) -> Sequence[WentBack]:
        """Every payment of ours that was returned at any time, and all that came and was taken back."""
        found = []
        returns = {each.return_id: each for each in self._of(mx.PaymentReturn)}
        told = {each.instruction: each for each in self._of(mx.PaymentStatus)}
        for end_to_end in sorted({each.end_to_end for each in returns.values()}):
            ours = [each for each in returns.values() if each.end_to_end == end_to_end]
            settled = [x for x in told.values() if x.end_to_end == end_to_end and x.status in _SETTLED]
            if settled:
                found.append(WentBack(end_to_end, Side.SOURCE, ours[-1].reason, len(ours), len(ours) >= len(settled)))
        lines = {(x.references, x.cents, x.booked_on): x for x in self._lines() if x.cents < 0}
        for end_to_end in sorted(
            {name for each in lines.values() for name in each.references if _WHOLE.fullmatch(name)}
        ):
            taken = [each for each in lines.values() if end_to_end in each.references]
            reason, there = taken[-1].return_code or "no reason told", self.arrived_under(end_to_end)
            found.append(WentBack(end_to_end, Side.RECEIVER, reason, len(taken), isinstance(there, Refused)))
        return found

    def close_day(self) -> Path | None:
        """Every payment that the bank has not answered, in one file; None if there is none."""
        answered = {told.instruction for told in self._of(mx.PaymentStatus)}
        at, paid = self.clock.now(), []
        for path in sorted((self.folder / "spool").glob("*.json")):
            if path.stem not in answered:
                told = json.loads(path.read_text())
                end_to_end, cents = told["end_to_end"], told["cents"]
                paid.append(mx.CreditTransfer(path.stem, at, path.stem, end_to_end, cents, self.us, self.them))
        if not paid:
            return None
        out = self.folder / "out"
        number = 1 + len(list(out.glob("payments-*.xml")))
        while not kept(out / f"payments-{number:06}.xml", mx.write(paid, name=f"payments-{number:06}", at=at)):
            number += 1  # another process closes the day, too
        return out / f"payments-{number:06}.xml"

    def _of(self, kind: type[mx.KnownT]) -> Iterator[mx.KnownT]:
        for path in sorted((self.folder / "in").glob("*.xml")):
            yield from (each for each in self._whole(path) if isinstance(each, kind))

    def _lines(self) -> Iterator[BankLine]:
        for path in sorted((self.folder / "in").glob("*.xml")):
            yield from (each for each in self._whole(path) if isinstance(each, BankLine))

    def _whole(self, path: Path) -> tuple[mx.Known | BankLine, ...]:
        if path not in self._read:
            data = path.read_bytes()
            found = iso20022.read(data) if b":camt.05" in data else mx.read(data)
            if isinstance(found, Unreadable):
                raise SilentError(f"{path.name} of the bank: {found.problems[0]}")
            if isinstance(found, mx.Exchange):
                self._read[path] = found.messages
            else:
                self._read[path] = tuple(line for each in found for line in each.lines)
        return self._read[path]


@dataclass
class Banked:
    """A core with its bank: booked is what is booked and paid, or booked after it arrived."""

    core: CustodianCore
    bank: BankFiles

    def close(self) -> None:
        """Close the core's connections, if it has any to close."""
        close = getattr(self.core, "close", None)
        if close is not None:
            close()

    def close_day(self) -> None:
        """Files for the bank, and for the core if it works overnight, too."""
        close_day = getattr(self.core, "close_day", None)
        if close_day is not None:
            close_day()
        self.bank.close_day()

    def look_up(self, account: str) -> Account | Refused:
        return self.core.look_up(account)

    def hold(self, order: Order) -> Answer:
        return self.core.hold(order)

    def release(self, rollover: bytes, side: Side) -> Answer:
        return self.core.release(rollover, side)

    def status(self, rollover: bytes, side: Side) -> Status:
        return self.core.status(rollover, side)

    def post(self, order: Order) -> Answer:
        if order.side is Side.SOURCE:
            booked = self.core.post(order)
            if not isinstance(booked, Done) or booked.cents != order.cents:
                return booked
            paid = self.bank.pay(order.rollover, order.cents)
            return booked if isinstance(paid, Done) else paid
        there = self.bank.arrived(order.rollover)
        if not isinstance(there, Done):
            return there
        if there.cents < order.cents:
            return Refused(MONEY_SHORT, f"{there.cents} of {order.cents} cents are there")
        if there.cents > order.cents:
            return Refused(WRONG_AMOUNT, f"{there.cents} cents came where {order.cents} were expected")
        return self.core.post(order)


def _end_to_end(rollover: bytes) -> str:
    """Both sides' reference of a payment: the first 16 bytes of the rollover's id, since there are 35 places."""
    return rollover[:16].hex()
