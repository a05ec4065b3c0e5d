"""The settlement bank and the holders of its deposits: admit, mint, redeem, allow. Money is whole cents.

A bank's reference is used once, for good: telling it twice is harmless, telling it with another amount is refused. On
chain stands its hash alone. Not here: rollovers, the bank's own books.
"""

from __future__ import annotations

from dataclasses import dataclass

from eth_abi.abi import encode
from eth_hash.auto import keccak

from open401k.kernel import Money, Open401kError

from ..calls import call_of
from ..chain.interface import call_all
from ..keys import Key
from .acting import act, number_of
from .place import There

ANY = 2**256 - 1
_MINTED, _REDEEMED, _ADMITTED = (
    keccak(text) for text in (
        b"Minted(bytes32,address,uint256)", b"Redeemed(bytes32,address,uint256)", b"Admitted(address,uint8)",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Holder:
    """What one holder has, whether it may be paid, and how much of it the coordinator may take."""

    address: bytes
    balance: Money
    may_hold: bool
    allowed: Money | None  # None: any amount


def reference_of(words: str) -> bytes:
    """The bank's reference as it stands on chain.

    >>> reference_of("FED-20261122-0001").hex()[:8] == reference_of(" fed-20261122-0001 ").hex()[:8]
    True
    """
    told = words.strip().upper()
    if not told:
        raise Open401kError("A reference of the bank is not empty.", fix="Give the bank's own, as in its books.")
    return keccak(b"open401k bank reference|" + told.encode())


def admit(there: There, bank: Key, holder: bytes) -> bool:
    """From now on this holder may be paid, or is no longer frozen. False if so already."""
    if _holds(there, holder):
        return False
    act(there, bank, there.place.token, call_of("admit(address)", holder))
    return True


def freeze(there: There, bank: Key, holder: bytes) -> bool:
    """From now on this holder neither pays nor is paid. False if so already, or if it was never admitted."""
    if not _holds(there, holder):
        return False
    act(there, bank, there.place.token, call_of("freeze(address)", holder))
    return True


def mint(there: There, bank: Key, holder: bytes, amount: Money, reference: str) -> bool:
    """The bank has this money for this holder. False if it said so before."""
    word = reference_of(reference)
    if _settled(there, word):
        _same(_found(there, _MINTED, word, None), holder, amount, reference)
        return False
    _some(amount)
    act(there, bank, there.place.token, call_of("mint(address,uint256,bytes32)", holder, amount.cents, word))
    return True


def redeem(there: There, holder: Key, amount: Money, reference: str) -> bool:
    """Give up a claim, which the bank pays out under this reference. False if it was given up before."""
    word = reference_of(reference)
    if _settled(there, keccak(encode(["address", "bytes32"], [holder.address, word]))):
        _same(_found(there, _REDEEMED, word, holder.address), holder.address, amount, reference)
        return False
    _some(amount)
    act(there, holder, there.place.token, call_of("redeem(uint256,bytes32)", amount.cents, word))
    return True


def allow(there: There, holder: Key, amount: Money | None) -> bool:
    """How much the coordinator may take of this wallet when its owner votes; None: any amount. False if so already."""
    wanted = ANY if amount is None else amount.cents
    if _allowed(there, holder.address) == wanted:
        return False
    act(there, holder, there.place.token, call_of("approve(address,uint256)", there.place.rollover, wanted))
    return True


def holders(there: There) -> tuple[list[Holder], Money]:
    """Everybody that the bank ever admitted, with what it has, and all claims on the bank: of one block, so that they
    add up while others move money."""
    chain, token = there.chain, there.place.token
    block = chain.head().number
    logs = chain.logs(0, block, [token])
    admitted = list(dict.fromkeys(log.topics[1][12:] for log in logs if log.topics[0] == _ADMITTED))
    asked = [call_of("totalSupply()")]
    for each in admitted:
        asked += [
            call_of("balanceOf(address)", each),
            call_of("may_hold(address)", each),
            call_of("allowance(address,address)", each, there.place.rollover),
        ]
    told = call_all(chain, [(token, data) for data in asked], at=block)
    supply, *numbers = (int.from_bytes(answer, "big") for answer in told)
    of_each = zip(admitted, numbers[::3], numbers[1::3], numbers[2::3], strict=True)
    return [_holder(*each) for each in of_each], Money(supply)


def _holder(address: bytes, balance: int, may_hold: int, allowed: int) -> Holder:
    return Holder(address, Money(balance), bool(may_hold), None if allowed == ANY else Money(allowed))


def _same(told: tuple[bytes, int] | None, holder: bytes, amount: Money, reference: str) -> None:
    if told != (holder, amount.cents):
        who, cents = told or (bytes(20), 0)
        raise Open401kError(
            f"The reference {reference} stands for {Money(cents)} of 0x{who.hex()} already.",
            fix="Each movement of the bank has a reference of its own.",
        )


def _found(there: There, event: bytes, word: bytes, holder: bytes | None) -> tuple[bytes, int] | None:
    for log in there.chain.logs(0, there.chain.head().number, [there.place.token]):
        if log.topics[:2] == (event, word) and (holder is None or log.topics[2][12:] == holder):
            return log.topics[2][12:], int.from_bytes(log.data, "big")
    return None


def _some(amount: Money) -> None:
    if amount.cents <= 0:
        raise Open401kError(f"{amount} is no amount to move.", fix="Give one above zero.")


def _holds(there: There, holder: bytes) -> bool:
    return bool(_number(there, "may_hold(address)", holder))


def _settled(there: There, word: bytes) -> bool:
    return bool(_number(there, "settled(bytes32)", word))


def _allowed(there: There, holder: bytes) -> int:
    return _number(there, "allowance(address,address)", holder, there.place.rollover)


def _number(there: There, call: str, *given: object) -> int:
    return number_of(there, there.place.token, call, *given)
