"""Exceptions of a rollover as work queues: code, owner, clock, words for the participant, next step. Not here: rows.

The first digit routes: 1xx identity, 2xx authority, 3xx plan, 4xx amount, 5xx settlement, 6xx technical. What the
coordinator refuses by has its words in rails/refusals.py; the clocks are those of preflight's reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from open401k.kernel import day_of
from open401k.law.deadlines import business_day_after

from ..preflight.reasons import ANSWERED_IN, ENTRIES
from ..refusals import REFUSALS
from .cases import Raised

ACCOUNT_UNKNOWN: Final = 351
ACCOUNT_CLOSED: Final = 352
KIND_NOT_TAKEN: Final = 353
LEGAL_HOLD: Final = 251
BALANCE_TOO_LOW: Final = 451
OTHER_ORDER: Final = 452
WRONG_AMOUNT: Final = 453
CORE_REFUSED: Final = 551
PAYMENT_REFUSED: Final = 552
PAYMENT_RETURNED: Final = 553
MONEY_SHORT: Final = 554
BOOKING_LATE: Final = 555
PAID_TWICE: Final = 556
UNTOLD: Final = 651
POLICY: Final = 652
SIGNER_AWAY: Final = 653
#: Committed, and neither our file nor the chain knows a vote of ours.
COMMITTED_WITHOUT_US: Final = 654
#: Two rollovers under one number, or one that no file knows: the files are of an older backup.
OTHER_TERMS: Final = 650
FORGOTTEN: Final = 659
EXPIRED: Final = 655
VOTE_LOST: Final = 656
RELEASED_BEFORE: Final = 657
POSTED_BEFORE: Final = 658

ELECTION_UNFIT: Final = 261
ELECTION_UNSOUND: Final = 262
VOTER_REFUSED: Final = 263
VOTE_UNSOUND: Final = 264
#: By the participant, on their page or through a desk.
WITHDRAWN: Final = 265
PAPER_WANTED: Final = 266
TERMS_UNFIT: Final = 461
FILE_UNFIT: Final = 462
CHANGED_SINCE: Final = 463
RETURN_UNFIT: Final = 465
#: Of what came in later nothing comes to this receiver.
NOTHING_COMES: Final = 467
#: Two desks closed it at the same time.
CLOSED_TWICE: Final = 466
LETTER_UNREAD: Final = 661
LETTER_UNEXPECTED: Final = 662
LETTER_DIFFERS: Final = 663
LETTER_KEPT_OUT: Final = 664
MAIL_REFUSED: Final = 665
BATCH_DECLINED: Final = 666
LETTER_NOT_UNDERSTOOD: Final = 667
WALLET_AWAITED: Final = 668
CORE_AWAY: Final = 669

#: What a node or a core finds, beside what the coordinator refuses by.
FOUND: Final = {
    LEGAL_HOLD: "a court order, levy or legal hold is on the account",
    ACCOUNT_UNKNOWN: "the core has no such account",
    ACCOUNT_CLOSED: "the account is closed",
    KIND_NOT_TAKEN: "the account does not take this kind of money",
    BALANCE_TOO_LOW: "less is free in the account than the terms move",
    OTHER_ORDER: "another order is under this rollover's id",
    WRONG_AMOUNT: "the core did another amount than was ordered",
    CORE_REFUSED: "the core refused for a reason of its own",
    PAYMENT_REFUSED: "the bank refused the payment",
    PAYMENT_RETURNED: "the bank returned the payment",
    MONEY_SHORT: "only a part of the money has arrived",
    BOOKING_LATE: "the network decided, and our core has not booked it: the order stands, and is told it again",
    PAID_TWICE: "the bank paid again what a check or wire had paid instead: agree which one stays, have the other back",
    UNTOLD: "the coordinator refused and told no code",
    POLICY: "the signer's policy does not allow it",
    SIGNER_AWAY: "the signer does not answer: what is to be signed waits, and nothing is lost",
    COMMITTED_WITHOUT_US: "committed, but no vote of ours is known: find out before anything moves",
    OTHER_TERMS: "other terms stand under this rollover's number for ever: these can never be committed",
    FORGOTTEN: "we agreed to a rollover that no file of ours knows, as in an older backup: the core may hold for it",
    EXPIRED: "nobody decided before the deadline",
    VOTE_LOST: "our vote is noted and lies in no outbox",
    RELEASED_BEFORE: "it was released before",
    POSTED_BEFORE: "it was posted before",
    ELECTION_UNFIT: "the election that came is not what both halves of the facts say",
    ELECTION_UNSOUND: "a signature under the election or its attestation does not hold",
    VOTER_REFUSED: "a spouse, an administrator or a depository does not agree to the exact terms",
    VOTE_UNSOUND: "an approval that came is not that of the voter whom the terms name",
    WITHDRAWN: "the participant took the move back",
    PAPER_WANTED: "the participant wants everything on paper from now on: send what is due to their postal address",
    TERMS_UNFIT: "the terms are not within the election, or not what both halves of the facts work out to",
    FILE_UNFIT: "the transfer file does not fit the terms or the facts",
    CHANGED_SINCE: "the facts changed after the participant signed, and are not in order now",
    RETURN_UNFIT: "what is asked back is not what came, or does not go back any more",
    NOTHING_COMES: "of what came in afterwards nothing comes to this receiver",
    CLOSED_TWICE: "both sides closed it, by different checks or wires: agree which one pays, stop the other",
    LETTER_UNREAD: "a letter of the other custodian cannot be read: its version, its kind or a field is not known here",
    LETTER_UNEXPECTED: "a letter of the other custodian does not fit where the case stands",
    LETTER_DIFFERS: "the other custodian sent two letters under one number",
    LETTER_KEPT_OUT: "the other custodian keeps a letter of ours out",
    MAIL_REFUSED: "e-mail does not arrive: reach the participant another way, or put another address",
    LETTER_NOT_UNDERSTOOD: (
        "the other custodian's node does not understand a letter of ours: agree on one version of both nodes, "
        "then end the case and ask again"
    ),
    BATCH_DECLINED: "a batch was declined; its rollovers go on singly",
    CORE_AWAY: "our core does not answer: what it is to set aside or give free waits, and nothing is lost",
    WALLET_AWAITED: (
        "our wallet has not signed what waits for it (open401k node sign list); what is not signed in time expires"
    ),
}


class Owner(StrEnum):
    """Whose desk a queue is."""

    IDENTITY = "identity desk"
    AUTHORITY = "legal and consents desk"
    PLAN = "plan rules desk"
    AMOUNT = "reconciliation desk"
    SETTLEMENT = "cash desk"
    TECHNICAL = "operations"


class Step(StrEnum):
    """What may come next."""

    FIX_AND_REPROPOSE = "fix it and propose again"
    OFF_RAIL = "close by check or wire with the same file"
    WAIT = "nothing: it goes on by itself, or ends at the deadline"
    ESCALATE = "stop and find out: the books and the verdict may differ"
    WAKE = "have the core answer: then it goes on by itself"
    PAY_AGAIN = (
        "have the bank pay it again: then it closes by itself; if it is paid by check or wire, close it with that"
    )
    CLOSE = "find out with the other custodian's desk, then close it here with what was found"


@dataclass(frozen=True, slots=True)
class Queue:
    """How an exception of one code is handled; ``days`` are business days."""

    code: int
    owner: Owner
    days: int
    words: str
    participant: str
    steps: tuple[Step, ...]


#: What preflight finds, before anything is promised.
_BEFOREHAND: Final = {
    int(code): f"{code.name.lower().replace('_', ' ')}; the {entry.owner.value.replace('_', ' ')} acts"
    for code, entry in ENTRIES.items()
}
#: What came, or was closed, is as it is: nothing that happens later shows that somebody looked at it.
BY_A_PERSON: Final = frozenset(
    {LETTER_UNREAD, LETTER_UNEXPECTED, LETTER_DIFFERS, LETTER_KEPT_OUT, LETTER_NOT_UNDERSTOOD}
)
_OWNERS = dict(enumerate(Owner, 1))
_PARTICIPANT = {
    1: "We need to check again that it is you. Your money has not moved.",
    2: "An approval is missing. Your money has not moved.",
    3: "The plans' rules do not allow it this way. Your money has not moved.",
    4: "The amount has to be worked out again. Your money has not moved.",
    5: "The payment did not go through yet. We are looking into it.",
    6: "There is a technical delay. You do not need to do anything.",
}
_SERIOUS = frozenset(
    {
        OTHER_ORDER, WRONG_AMOUNT, COMMITTED_WITHOUT_US, VOTE_LOST, RELEASED_BEFORE, POSTED_BEFORE, OTHER_TERMS,
        FORGOTTEN,
    }
)  # fmt: skip
_CHECKING = "We are checking how your money was booked. You do not need to do anything."


#: Queues that are not as others of their hundred: days, the participant's words, steps.
_OTHERWISE: Final = {
    **dict.fromkeys(BY_A_PERSON, (1, _PARTICIPANT[6], (Step.CLOSE,))),
    NOTHING_COMES: (1, "What came in later goes to another company. Your money here stays as it is.", (Step.CLOSE,)),
    CLOSED_TWICE: (0, "Your money moves by check or wire. The companies are checking by which one.", (Step.CLOSE,)),
    EXPIRED: (
        1, "The time ran out before everybody agreed. Your money has not moved.",
        (Step.FIX_AND_REPROPOSE, Step.OFF_RAIL),
    ),
    PAYMENT_RETURNED: (1, "The bank sent a payment back. The companies pay it again.", (Step.PAY_AGAIN,)),
    PAID_TWICE: (0, "Your money has moved. The companies paid it twice, and settle that themselves.", (Step.CLOSE,)),
    BOOKING_LATE: (1, "Your money has moved. It is being entered in your account.", (Step.WAKE,)),
    CORE_AWAY: (1, _PARTICIPANT[6], (Step.WAKE,)),
}  # fmt: skip


def queue_of(code: int) -> Queue:
    """The queue of a code; one that nobody knows goes to the desk of its hundred."""
    hundred = code // 100
    if hundred not in _OWNERS:
        raise ValueError(f"{code} is no code of an exception: they run from 100 to 699")
    words = FOUND.get(code) or REFUSALS.get(code) or _BEFOREHAND.get(code) or "a reason that this version does not know"
    if code in _SERIOUS:
        return Queue(code, Owner.AMOUNT, 0, words, _CHECKING, (Step.ESCALATE,))
    if code in _OTHERWISE:
        days, participant, steps = _OTHERWISE[code]
        return Queue(code, _OWNERS[hundred], days, words, participant, steps)
    steps = (Step.WAIT, Step.FIX_AND_REPROPOSE) if hundred == 6 else (Step.FIX_AND_REPROPOSE, Step.OFF_RAIL)
    return Queue(code, _OWNERS[hundred], ANSWERED_IN[hundred], words, _PARTICIPANT[hundred], steps)


def beyond(told: str, words: str) -> str:
    """What an exception tells beyond the words of its queue."""
    return "" if told == words else told.removeprefix(f"{words}: ")


@dataclass(frozen=True, slots=True)
class Waiting:
    """An exception in its queue, with the day by which it is answered."""

    raised: Raised
    queue: Queue
    due_on: date
    is_overdue: bool


def queued(raised: Sequence[Raised], *, on: date) -> list[Waiting]:
    """Open exceptions, what is due first first. An overdue clock never decides about money."""
    found = []
    for each in raised:
        if each.is_open:
            queue = queue_of(each.code)
            raised_on = day_of(datetime.fromtimestamp(each.raised_at, UTC))
            due = business_day_after(raised_on, queue.days)
            found.append(Waiting(each, queue, due, on > due))
    return sorted(found, key=lambda each: (each.due_on, each.raised.case, each.raised.code))
