"""What an entry consists of, its hashes, its refusals; all pure. Not here: writing (journal.py, pending.py)."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from uuid import UUID

from open401k.kernel import AccountId, EntryId, Refused

#: A thousand times the largest plan there is, in cents; sums of such amounts stay far inside 64 bits.
LARGEST_AMOUNT = 10**15
LONGEST_KEY = 255


class Refusal(StrEnum):
    """Why the books were not changed. Checked, and listed, in order of precedence."""

    KEY_UNUSABLE = "key_unusable"
    KEY_REUSED = "key_reused"
    ENTRY_UNKNOWN = "entry_unknown"
    ALREADY_REVERSED = "already_reversed"
    RESERVATION_UNKNOWN = "reservation_unknown"
    RESERVATION_ENDED = "reservation_ended"
    NOTHING_TO_POST = "nothing_to_post"
    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    AMOUNT_TOO_LARGE = "amount_too_large"
    SAME_ACCOUNT = "same_account"
    ACCOUNT_UNKNOWN = "account_unknown"
    ASSET_MISMATCH = "asset_mismatch"
    BALANCE_TOO_LOW = "balance_too_low"


@dataclass(frozen=True, slots=True)
class Line:
    """One movement: ``amount`` on the debit of one account and the credit of another; ``ref`` says what caused it."""

    debit: AccountId
    credit: AccountId
    amount: int
    ref: str


@dataclass(frozen=True, slots=True)
class Lines:
    """The same in columns, for payrolls of thousands."""

    debit: list[UUID]
    credit: list[UUID]
    amount: list[int]
    ref: list[str]

    def __post_init__(self) -> None:
        if not len(self.debit) == len(self.credit) == len(self.amount) == len(self.ref):
            raise ValueError("the columns of Lines must be equally long")

    def __len__(self) -> int:
        return len(self.amount)

    @classmethod
    def of(cls, lines: "Sequence[Line] | Lines") -> "Lines":
        """Columns, whichever of the two was given."""
        if isinstance(lines, Lines):
            return lines
        return cls(
            [line.debit.uuid for line in lines],
            [line.credit.uuid for line in lines],
            [line.amount for line in lines],
            [line.ref for line in lines],
        )

    @classmethod
    def joined(cls, parts: "Sequence[Lines]") -> "Lines":
        """The lines of several entries, one after the other."""
        return cls(
            [each for part in parts for each in part.debit],
            [each for part in parts for each in part.credit],
            [each for part in parts for each in part.amount],
            [each for part in parts for each in part.ref],
        )

    def swapped(self) -> "Lines":
        """Debit and credit exchanged: what undoes these lines."""
        return Lines(self.credit, self.debit, self.amount, [f"reverses {ref}" for ref in self.ref])


def body_hash(
    *, event_on: date, reason: str, cause: str, reverses: EntryId | None, lines: Lines, verb: str = "post"
) -> bytes:
    """SHA-256 over all that was asked, key and time of recording excepted: equal hashes, equal command."""
    header = [verb, event_on.isoformat(), reason, cause, str(reverses) if reverses else None, len(lines)]
    found = hashlib.sha256(json.dumps(header).encode())
    found.update(b"".join([account.bytes for account in lines.debit]))
    found.update(b"".join([account.bytes for account in lines.credit]))
    found.update(",".join(map(str, lines.amount)).encode())
    found.update(json.dumps(lines.ref).encode())
    return found.digest()


@dataclass(frozen=True, slots=True)
class EntryRow:
    """What is written above the lines of an entry or a reservation."""

    row_id: UUID
    key: str
    event_on: date
    recorded_at: datetime
    recorded_by: str
    reason: str
    cause: str
    body_hash: bytes


def seal(*, before: bytes, number: int, entry: EntryRow) -> bytes:
    """The hash that chains an entry to the one before it."""
    instant = entry.recorded_at.astimezone(UTC).isoformat()
    header = json.dumps([number, entry.row_id.hex, entry.key, instant, entry.recorded_by])
    return hashlib.sha256(before + header.encode() + entry.body_hash).digest()


#: What the first entry of a tenant is chained to.
FIRST_SEAL = bytes(32)


def refuse_key(key: str) -> Refused[Refusal] | None:
    """An idempotency key is 1 to 255 printable characters."""
    if key and len(key) <= LONGEST_KEY and key.isprintable():
        return None
    message = f"An idempotency key is 1 to {LONGEST_KEY} printable characters; this one has {len(key)}."
    return Refused(
        Refusal.KEY_UNUSABLE, message, "Send a key that names the command, and the same one when repeating it."
    )


def refuse_lines(lines: Lines) -> Refused[Refusal] | None:
    """The first refusal that the lines alone call for."""
    if not len(lines):
        return Refused(Refusal.NOTHING_TO_POST, "The entry has no lines.", "Leave it out, or send at least one line.")
    if min(lines.amount) <= 0:
        place = next(place for place, amount in enumerate(lines.amount) if amount <= 0)
        message = f"Line {place + 1} ({lines.ref[place]}) moves {lines.amount[place]}; amounts must be above zero."
        fix = "Swap debit and credit to move money the other way; leave out a line of zero."
        return Refused(Refusal.AMOUNT_NOT_POSITIVE, message, fix, {"line": str(place + 1)})
    if max(lines.amount) > LARGEST_AMOUNT:
        place = next(place for place, amount in enumerate(lines.amount) if amount > LARGEST_AMOUNT)
        message = f"Line {place + 1} ({lines.ref[place]}) moves {lines.amount[place]}, more than {LARGEST_AMOUNT}."
        return Refused(Refusal.AMOUNT_TOO_LARGE, message, "Check the amount; it is in cents or millionths of a unit.")
    for place, (debit, credit) in enumerate(zip(lines.debit, lines.credit, strict=True)):
        if debit == credit:
            message = f"Line {place + 1} ({lines.ref[place]}) debits and credits the same account {AccountId(debit)}."
            return Refused(
                Refusal.SAME_ACCOUNT,
                message,
                "Name two different accounts.",
                {"line": str(place + 1), "account": str(AccountId(debit))},
            )
    return None


@dataclass(frozen=True, slots=True)
class Standing:
    """One account as the decision sees it."""

    asset: str
    normal_side: int
    may_go_negative: bool
    available: int


def effects(lines: Lines) -> dict[UUID, int]:
    """Credits minus debits per account."""
    net: dict[UUID, int] = {}
    for debit, credit, amount in zip(lines.debit, lines.credit, lines.amount, strict=True):
        net[debit] = net.get(debit, 0) - amount
        net[credit] = net.get(credit, 0) + amount
    return net


def refuse_against(lines: Lines, standings: dict[UUID, Standing]) -> Refused[Refusal] | None:
    """The first refusal that the accounts call for: unknown, of different assets, or too little in one."""
    for place, (debit, credit) in enumerate(zip(lines.debit, lines.credit, strict=True)):
        for account in (debit, credit):
            if account not in standings:
                message = (
                    f"Line {place + 1} ({lines.ref[place]}) names account {AccountId(account)}, which is not open."
                )
                return Refused(
                    Refusal.ACCOUNT_UNKNOWN, message, "Open the account first.", {"account": str(AccountId(account))}
                )
    for place, (debit, credit) in enumerate(zip(lines.debit, lines.credit, strict=True)):
        left, right = standings[debit].asset, standings[credit].asset
        if left != right:
            message = f"Line {place + 1} ({lines.ref[place]}) debits {left} and credits {right}."
            fix = "Move each asset between accounts of that asset; an exchange is two lines."
            return Refused(Refusal.ASSET_MISMATCH, message, fix, {"line": str(place + 1)})
    for account, net in effects(lines).items():
        standing = standings[account]
        left_over = standing.available + net * standing.normal_side
        if left_over < 0 and not standing.may_go_negative:
            return _too_low(account, standing, -left_over)
    return None


def _too_low(account: UUID, standing: Standing, short: int) -> Refused[Refusal]:
    unit = "cents" if standing.asset == "USD" else f"millionths of a unit of {standing.asset}"
    message = f"Account {AccountId(account)} has {standing.available} {unit} available, {short} too few for this entry."
    fix = f"Lower the amount by {short}, or wait until what is reserved is released."
    detail = {"account": str(AccountId(account)), "available": str(standing.available), "short": str(short)}
    return Refused(Refusal.BALANCE_TOO_LOW, message, fix, detail)
