"""A batch core's records as ISO 20022 messages. Not here: folders and nights (batch.py), XML (wire/mx).

A hold, and what a receiver expects, is a sese.012; an order to book is another that names it; a release is a sese.014.
The core answers by sese.011 (held, refused, given free) and sese.013 (booked), and tells accounts by sese.018. What the
standard has no code for stands in AdditionalInformation under the names below. Its references have 35 places: an order
goes by the first 16 bytes of the rollover's id and its side, and a core refuses other terms under the same reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final, assert_never

from open401k.wire import Unreadable, mx

from ..core import Side
from .layouts import Row, UnreadableFileError
from .rest import cents_of, dollars_of

#: Names of AdditionalInformation.
ACTION, REFERENCE, AGAIN, BASIS, ROTH_SINCE, FROZEN, OPEN, FORMS = (
    "ACTION", "REFERENCE", "AGAIN", "BASIS", "ROTH_SINCE", "FROZEN", "OPEN", "TAX_FORMS",
)  # fmt: skip
_ENDS: Final = {Side.SOURCE: "o", Side.RECEIVER: "i"}
_STATES: Final = {mx.Outcome.ACCEPTED: "FROZEN", mx.Outcome.SETTLED: "BOOKED", mx.Outcome.CANCELED: "LIFTED"}
_FIX: Final = "ask the core for the file again"


def transfer_of(rollover: bytes, side: Side) -> str:
    """The reference of an order."""
    return f"{rollover[:16].hex()}-{_ENDS[side]}"


def write(rows: Sequence[Row], *, name: str, at: datetime) -> bytes:
    """Orders as one file of messages."""
    orders = groupby((row.record for row in rows), key=lambda record: (record["action"], record["ticket"]))
    return mx.write([_message(*key, list(lines), at) for key, lines in orders], name=name, at=at)


def read(data: bytes) -> list[Row]:
    """What the core says, as records."""
    exchange = mx.read(data)
    if isinstance(exchange, Unreadable):
        raise UnreadableFileError(str(exchange))
    return [row for message in exchange.messages for row in _rows(message)]


def _message(action: str, transfer: str, lines: Sequence[Mapping[str, str]], at: datetime) -> mx.Message:
    name = _name(action, transfer)
    if action == "LIFT":
        return mx.Cancellation(name, at, transfer, "RELEASED")
    first = lines[0]
    told = tuple(mx.Line(line["line"], line["fund"], int(line["amount"]), _facts(line)) for line in lines)
    after = "" if action == "HOLD" else _name("HOLD", transfer)
    return mx.Instruction(name, at, transfer, first["account"], first["way"] == "in", told, {ACTION: action}, after)


def _name(action: str, transfer: str) -> str:
    return f"{action[0]}{transfer}"


def _facts(line: Mapping[str, str]) -> dict[str, str]:
    """Left out where it is nothing."""
    facts = {BASIS: dollars_of(int(line["basis"])) if int(line["basis"]) else "", ROTH_SINCE: line["roth"]}
    return {name: value for name, value in facts.items() if value}


def _rows(message: mx.Known) -> Iterator[Row]:
    match message:
        case mx.Confirmation():
            yield _answer(message, "BOOK", "Y", message.cents, message.reference)
        case mx.Status() if FORMS in message.facts:
            yield _standing(message)
        case mx.Status():
            is_done = message.outcome is not mx.Outcome.REJECTED
            reference = message.facts.get(REFERENCE, "")
            action = _fact(message, ACTION, ("HOLD", "LIFT", "BOOK"))
            yield _answer(message, action, "NY"[is_done], message.cents, reference, message.reason)
        case mx.Holding():
            is_open = _fact(message, OPEN, ("Y", "N"))
            for line in message.lines:
                frozen = str(cents_of(line.facts.get(FROZEN, "0")))
                yield Row("P", _money(message.account, line, frozen, is_open))
        case (
            mx.Instruction() | mx.Cancellation() | mx.CreditTransfer() | mx.PaymentStatus() | mx.PaymentReturn()
            | mx.Advice()
        ):  # fmt: skip
            raise UnreadableFileError(f"message {message.id} is none that a core sends; {_FIX}")
        case _:
            assert_never(message)


def _answer(
    message: mx.Confirmation | mx.Status, action: str, is_done: str, cents: int, reference: str, word: str = ""
) -> Row:
    told = {
        "action": action, "ticket": message.transfer, "ok": is_done, "word": word, "reference": reference,
        "amount": str(cents), "again": message.facts.get(AGAIN, "N"),
    }  # fmt: skip
    return Row("A", told)


def _standing(message: mx.Status) -> Row:
    if message.outcome is mx.Outcome.REJECTED or not message.facts[FORMS].isdecimal():
        raise UnreadableFileError(f"message {message.id} tells no standing of a transfer; {_FIX}")
    told = {
        "ticket": message.transfer, "state": _STATES[message.outcome], "amount": str(message.cents),
        "forms": message.facts[FORMS],
    }  # fmt: skip
    return Row("K", told)


def _money(account: str, line: mx.Line, frozen: str, is_open: str) -> dict[str, str]:
    return {"account": account, "fund": line.kind, "amount": str(line.cents), "frozen": frozen, "open": is_open}


def _fact(message: mx.Status | mx.Holding, name: str, allowed: tuple[str, ...]) -> str:
    said = message.facts.get(name, "")
    if said not in allowed:
        told = " or ".join(allowed)
        raise UnreadableFileError(f"message {message.id}, AddtlInf {name}: {said[:20]!r}, {told} expected; {_FIX}")
    return said
