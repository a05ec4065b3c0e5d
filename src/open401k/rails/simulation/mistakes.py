"""Mistakes that are planted in the model, each of which must be found. Not here: what they do there (model)."""

from __future__ import annotations

from enum import StrEnum


class Bug(StrEnum):
    """A mistake that somebody could make, planted: each must be found."""

    POST_AT_LATEST = "post_at_latest"
    RELEASE_AT_LATEST = "release_at_latest"
    RELEASE_ON_OWN_CLOCK = "release_on_own_clock"
    ABSENT_ON_OWN_CLOCK = "absent_on_own_clock"
    POST_WITHOUT_KEY = "post_without_key"
    TRUST_ONE_ENDPOINT = "trust_one_endpoint"
    VOTE_BEFORE_HOLD = "vote_before_hold"
    RECEIPT_BEFORE_BOOKS = "receipt_before_books"
    RELEASE_WHEN_STOPPED = "release_when_stopped"
    RELEASE_WITHOUT_TERMS = "release_without_terms"
    FORGET_SILENTLY = "forget_silently"
    OVERLOOK_BATCHES = "overlook_batches"
    ABORT_AFTER_COMMIT = "abort_after_commit"
    VOTES_WITHOUT_TERMS = "votes_without_terms"
    AMENDING_KEEPS_VOTES = "amending_keeps_votes"
    TWO_OF_THREE = "two_of_three"
    VOTE_AFTER_DEADLINE = "vote_after_deadline"
    KEEP_ESCROW = "keep_escrow"
    NOBODY_EXPIRES = "nobody_expires"
    SECOND_NOT_AWAITED = "second_not_awaited"
    PAID_EACH_ALONE = "paid_each_alone"
    END_BY_LETTER = "end_by_letter"
    ONE_RECEIPT_CLOSES = "one_receipt_closes"
    WAIT_FOR_THE_LEAD = "wait_for_the_lead"
    ASK_BEFORE_HOLD = "ask_before_hold"
    RELEASE_UNSIGNED = "release_unsigned"
    OLD_WALLETS_COUNT = "old_wallets_count"
    BOOKS_WAIT_FOR_WALLET = "books_wait_for_wallet"


#: What each would be in the world.
BUG_IN_WORDS = {
    Bug.POST_AT_LATEST: "books follow a commit that is in the latest block, not yet final",
    Bug.RELEASE_AT_LATEST: "a hold is released for an abort that is in the latest block, not yet final",
    Bug.RELEASE_ON_OWN_CLOCK: "a hold is released when the own clock passes the deadline",
    Bug.ABSENT_ON_OWN_CLOCK: "nothing is on chain and the own clock, not a final block, is past the deadline",
    Bug.POST_WITHOUT_KEY: "an entry in the books has no key: told again, it is made again",
    Bug.TRUST_ONE_ENDPOINT: "what one endpoint says is believed",
    Bug.VOTE_BEFORE_HOLD: "the vote is sent before the hold is durable",
    Bug.RECEIPT_BEFORE_BOOKS: "the receipt is sent before the books followed",
    Bug.RELEASE_WHEN_STOPPED: "a file that knows of no vote is stopped and gives free: it may be of an older backup",
    Bug.RELEASE_WITHOUT_TERMS: "a file that knows of no terms is ended and gives free what the core holds",
    Bug.FORGET_SILENTLY: "nobody looks whether the chain has a vote of ours that no file knows of",
    Bug.OVERLOOK_BATCHES: "only the word of the key is read: a rollover settled in a batch looks absent",
    Bug.ABORT_AFTER_COMMIT: "the contract lets an abort follow a commit",
    Bug.VOTES_WITHOUT_TERMS: "votes are not bound to the hash of the terms",
    Bug.AMENDING_KEEPS_VOTES: "terms may be exchanged while votes stand",
    Bug.TWO_OF_THREE: "two of three votes commit",
    Bug.VOTE_AFTER_DEADLINE: "the contract takes votes after the deadline",
    Bug.KEEP_ESCROW: "an expiry keeps the escrow",
    Bug.NOBODY_EXPIRES: "after the deadline nobody but a party can end it",
    Bug.SECOND_NOT_AWAITED: "of two receivers the contract awaits one",
    Bug.PAID_EACH_ALONE: "the contract pays a receiver its part as soon as this one approves",
    Bug.END_BY_LETTER: "a receiver cancels because a letter says that somebody wants the end",
    Bug.ONE_RECEIPT_CLOSES: "the receipts of the source and of one receiver close it",
    Bug.WAIT_FOR_THE_LEAD: "a receiver that does not lead books only when the receipt of who leads is there",
    Bug.ASK_BEFORE_HOLD: "a wallet is asked to sign before the hold is durable",
    Bug.RELEASE_UNSIGNED: "a node gives free because its wallet brought no signature: it may have signed",
    Bug.OLD_WALLETS_COUNT: "the contract takes, or keeps, the vote of a wallet in whose place there is another",
    Bug.BOOKS_WAIT_FOR_WALLET: "books follow a commit only when the wallet signed the receipt",
}


#: Those that do harm only where a file may forget its exact terms.
FORGETFUL = frozenset({Bug.RELEASE_WITHOUT_TERMS, Bug.FORGET_SILENTLY})
#: Those that there are only where one election has two receivers.
OF_SEVERAL = frozenset(
    {
        Bug.SECOND_NOT_AWAITED, Bug.PAID_EACH_ALONE, Bug.END_BY_LETTER, Bug.ONE_RECEIPT_CLOSES,
        Bug.WAIT_FOR_THE_LEAD,
    }
)  # fmt: skip

#: Those that there are only where a custodian's own wallet signs.
OF_WALLETS = frozenset(
    {Bug.ASK_BEFORE_HOLD, Bug.RELEASE_UNSIGNED, Bug.OLD_WALLETS_COUNT, Bug.BOOKS_WAIT_FOR_WALLET}
)  # fmt: skip

Bugs = frozenset[Bug]
