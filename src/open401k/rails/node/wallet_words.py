"""What waits for a wallet's signature, in words and as typed data, so that who signs sees what it is. Pure.

The words are made of the exact terms that the digest is worked out of, and of nothing else. Not here: the queue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from open401k.kernel import Money, day_of
from open401k.law.deadlines import business_day_after

from .. import in_words, messages
from ..decoding import Decoded, decode_case
from ..kinds import Into, Kind
from ..messages import ABORT, BATCH, HEAD, POSTED, STATEMENT, Domain, Role, election_hash
from ..terms_in_words import INTO, KINDS
from ..typed import Typed, approval_typed, typed_as
from .cases import Agreed
from .codes import queue_of
from .said import Booked
from .wanted import LASTING, Says, Wanted

#: Business days in which a receipt is given (rails.md 3.3).
RECEIPT_DAYS: Final = 1
_WHAT: Final = {
    Says.APPROVAL: "Approve the exact terms of a rollover",
    Says.ABORT: "End a rollover",
    Says.RECEIPT: "Confirm that our books followed",
    Says.BATCH: "Approve several rollovers at once",
    Says.STATEMENT: "State what our books show",
    Says.HEAD: "Countersign a block of the chain",
}
_MEANS: Final = {
    Says.APPROVAL: "You approve exactly these terms. With the last approval the money moves at once, and nobody takes "
    "that back.",
    Says.ABORT: "You end this rollover for us. If it is not committed before, the money goes back, and it can never be "
    "committed.",
    Says.RECEIPT: "You say that our own books show what was committed. Nothing moves by it.",
    Says.BATCH: "You approve exactly these rollovers, all or none. They settle at once, and nobody takes that back.",
    Says.STATEMENT: "You say that our own books show exactly these lines. Nothing moves by it: auditors read it beside "
    "the receipt.",
    Says.HEAD: "You say that this block was final when our books followed. Nothing moves by it: who writes the chain "
    "anew is found by such signatures.",
}
_NO_DETAIL: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Told:
    """One that waits, as people read it: rows of what and words; ``means``: what they say by signing."""

    what: str
    rows: tuple[tuple[str, str], ...]
    means: str
    due: str
    typed: Typed


def told(
    wanted: Wanted, agreed: Agreed, domain: Domain, *, name_of: Callable[[bytes], str], booked: Booked | None = None
) -> Told:
    """``agreed`` are the exact terms of its case, ``booked`` what our books show of it; ValueError where the digest is
    not of these words."""
    case = decode_case(agreed.encoded)
    typed, digest = _typed(wanted, case, domain, booked)
    if digest != wanted.digest:
        raise ValueError(f"0x{wanted.digest.hex()} is not what case {wanted.case} is about")
    rows = (("Case", wanted.case), *_rows(wanted, case, name_of, booked), ("Digest", f"0x{wanted.digest.hex()}"))
    return Told(_WHAT[wanted.says], rows, _MEANS[wanted.says], _due(wanted), typed)


def due_on(wanted: Wanted) -> date | None:
    """The day by which a receipt is expected; what has a deadline on chain has it in ``until``."""
    if wanted.says is not Says.RECEIPT:
        return None
    return business_day_after(day_of(datetime.fromtimestamp(wanted.asked_at, UTC)), RECEIPT_DAYS)


def _due(wanted: Wanted) -> str:
    day = due_on(wanted)
    if day is not None:
        return f"By {day:%B} {day.day}, {day.year}. No clock on chain ends it; the other custodian waits for it."
    if wanted.says in LASTING:
        return "No clock ends it, and nothing waits for it. Without it, evidence of this rollover has a gap."
    last = in_words.moment(wanted.until or 0)
    if wanted.says is Says.BATCH:
        return f"Before {last}. After that each rollover goes on alone, and is asked for alone."
    return f"Before {last}. After that the rollover expires, and what is held is given free."


def _rows(
    wanted: Wanted, case: Decoded, name_of: Callable[[bytes], str], booked: Booked | None
) -> Iterator[tuple[str, str]]:
    if wanted.says is Says.BATCH:
        ids, cents = _texts(wanted, "ids"), wanted.told["cents"]
        yield "Between", f"{name_of(_octets(wanted, 'first'))} and {name_of(_octets(wanted, 'second'))}"
        for each, amount in zip(ids, cents if isinstance(cents, list) else [], strict=True):
            yield "Rollover", f"{Money(int(str(amount)))}: 0x{each}"
        return
    if wanted.says is Says.HEAD:
        yield "Block", f"{wanted.told['number']}"
        yield "Its hash", f"0x{wanted.told['hash']}"
        return
    election, terms = case.election, case.terms
    if wanted.says is Says.STATEMENT and booked is not None:
        side = "debited" if booked.role is Role.SOURCE else "credited"
        for line in booked.lines:
            yield "Booked", f"{Money(line.cents)} {side}: {KINDS[Kind(line.kind)]}"
        yield "Under our reference", booked.reference
        yield "Rollover", f"0x{booked.rollover.hex()}"
        return
    yield "We sign as", "the custodian that pays" if wanted.told["role"] == Role.SOURCE else "the one that receives"
    yield "From", name_of(election.source)
    for place in sorted({leg.to for leg in terms.legs}):
        yield "To", name_of(election.receivers[place])
        for leg in (each for each in terms.legs if each.to == place):
            yield "Moves", f"{Money(leg.amount)}: {KINDS[Kind(leg.kind)]}, to {INTO[Into(leg.into)]}"
    if wanted.says is Says.ABORT:
        code = int(str(wanted.told["code"]))
        yield "Why", f"{code}: {queue_of(code).words}"
    if wanted.says is Says.RECEIPT:
        yield "Our books' reference", f"hidden as 0x{wanted.told['reference']}"
    if any(terms.parent):
        yield "Gives back", f"rollover 0x{terms.parent.hex()}"
    yield "Rollover", f"0x{wanted.told['rollover']}"


def _typed(wanted: Wanted, case: Decoded, domain: Domain, booked: Booked | None) -> tuple[Typed, bytes]:
    """As typed data, and the digest that the same words give."""
    hashed = election_hash(case.election)
    rollover = messages.rollover_id(hashed, case.terms)
    role = Role(int(str(wanted.told.get("role", int(Role.SOURCE)))))
    match wanted.says:
        case Says.APPROVAL:
            evidence = _octets(wanted, "evidence")
            typed = approval_typed(domain, hashed, case.terms, role=role, evidence=evidence)
            return typed, domain.digest(messages.approval_hash(rollover, role, evidence))
        case Says.ABORT:
            code = int(str(wanted.told["code"]))
            message: Typed = {"id": _hex(rollover), "role": int(role), "code": code, "detail": _hex(_NO_DETAIL)}
            struct = messages.abort_hash(rollover, role, code, _NO_DETAIL)
            return typed_as(ABORT, domain, message), domain.digest(struct)
        case Says.RECEIPT:
            reference = _octets(wanted, "reference")
            message = {"id": _hex(rollover), "role": int(role), "ledgerRef": _hex(reference)}
            return typed_as(POSTED, domain, message), domain.digest(messages.posted_hash(rollover, role, reference))
        case Says.BATCH:
            return _batch(wanted, domain)
        case Says.STATEMENT:
            content = bytes(32) if booked is None else booked.content
            message = {"id": _hex(rollover), "role": int(role), "content": _hex(content)}
            return typed_as(STATEMENT, domain, message), domain.digest(messages.statement_hash(rollover, role, content))
        case Says.HEAD:
            number, block = int(str(wanted.told["number"])), _octets(wanted, "hash")
            message = {"number": number, "hash": _hex(block)}
            return typed_as(HEAD, domain, message), domain.digest(messages.head_hash(number, block))


def _batch(wanted: Wanted, domain: Domain) -> tuple[Typed, bytes]:
    first, second, token = (_octets(wanted, name) for name in ("first", "second", "token"))
    ids = [bytes.fromhex(each) for each in _texts(wanted, "ids")]
    deadline = int(str(wanted.told["deadline"]))
    message: Typed = {"first": _hex(first), "second": _hex(second), "token": _hex(token), "deadline": deadline,
                      "ids": [_hex(each) for each in ids]}  # fmt: skip
    struct = messages.batch_hash(first, second, token, deadline, ids)
    return typed_as(BATCH, domain, message), domain.digest(struct)


def _octets(wanted: Wanted, name: str) -> bytes:
    return bytes.fromhex(str(wanted.told[name]))


def _texts(wanted: Wanted, name: str) -> list[str]:
    found = wanted.told[name]
    return [str(each) for each in found] if isinstance(found, list) else []


def _hex(value: bytes) -> str:
    return f"0x{value.hex()}"
