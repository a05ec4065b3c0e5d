"""What a node says once its books followed: the receipt for the chain, the statement and the block for auditors.

Not here: booking (worker), what a wallet signs of it later (wallet_putting).
"""

from __future__ import annotations

from contextlib import suppress

from ..chain.interface import Head
from .cases import Case
from .said import Said
from .signing import Signer, booked_of, receipt_call, said_of
from .wanted import AwaitedError


def confirmed(case: Case, reference: str, salt: bytes, signer: Signer, *, block: Head) -> tuple[bytes, Said | None]:
    """Receipt and statement. The books wait for no wallet: its receipt lies without data until it has signed, and what
    it says besides is asked for, and noted when it is put in."""
    receipt = b""
    with suppress(AwaitedError):
        receipt = receipt_call(case, reference, salt, signer, at=block.time)
    try:
        return receipt, said_of(case, reference, salt, signer, block=block)
    except AwaitedError:
        booked = booked_of(case, reference, salt)
        with suppress(AwaitedError):
            signer.head(block.number, block.hash, at=block.time, of=(booked.rollover, booked.role))
        return receipt, None
