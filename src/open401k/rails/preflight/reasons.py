"""Why a rollover cannot be signed yet: code, who acts, what the participant reads, what comes next. No checks here.

1xx identity, 2xx authority, 3xx plan, 4xx amount, 5xx settlement, 6xx technical, as the work queues have them. A code
that the coordinator refuses by as well (rails/refusals.py) means the same here; ours begin at seventy, and those from
fifty on are what nodes and cores find.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Owner(StrEnum):
    """Who must act."""

    PARTICIPANT = "participant"
    SPOUSE = "spouse"
    RELEASING_CUSTODIAN = "releasing_custodian"
    RELEASING_ADMINISTRATOR = "releasing_administrator"
    RECEIVING_CUSTODIAN = "receiving_custodian"
    NETWORK = "network"


class Code(IntEnum):
    """One reason, in the order in which reasons are listed."""

    IDENTITY_TOO_WEAK = 103
    IDENTITY_LAPSES = 104
    IDENTITY_NOT_ATTESTED = 105
    IDENTITY_NOT_TOLD = 170
    NAME_DIFFERS = 171
    TAX_NUMBER_DIFFERS = 172
    BIRTH_DATE_DIFFERS = 173
    NOT_SCREENED = 174
    ON_A_LIST = 175
    CONTACT_CHANGED = 176
    MEMBER_LAPSES = 211
    EXPLANATION_NOT_GIVEN = 270
    EXPLANATION_NOT_IN_TIME = 271
    SPOUSE_NOT_KNOWN = 272
    SPOUSE_HAS_NOT_CONSENTED = 273
    CONSENT_WITHOUT_EFFECT = 274
    ORDER_PENDING = 275
    LEGAL_HOLD = 276
    NOT_APPROVED_BY_PLAN = 277
    NO_ESIGN_CONSENT = 278
    NOT_BETWEEN_THESE_ACCOUNTS = 304
    RECEIVER_DOES_NOT_TAKE_IT = 305
    NO_EVENT = 370
    NOT_OPEN_TO_THIS_SOURCE = 371
    NOT_VESTED = 372
    ELIGIBILITY_NOT_CERTIFIED = 373
    NOT_ELIGIBLE = 374
    SIMPLE_TWO_YEARS = 375
    SOURCE_NOT_PROVEN = 376
    NO_LETTER = 377
    LETTER_LAPSES = 378
    NOTHING_MOVES = 401
    EMPTY_PART = 402
    MORE_THAN_THE_RULES_ALLOW = 404
    PARTS_DO_NOT_ADD_UP = 470
    KINDS_DO_NOT_ADD_UP = 471
    ROTH_BASIS_NOT_TOLD = 472
    ROTH_CLOCK_NOT_TOLD = 473
    ROTH_STATED_OTHERWISE = 474
    AFTER_TAX_BASIS = 475
    PRE_TAX_GOES_FIRST = 476
    MINIMUM_NOT_PAID = 477
    LOAN_OPEN = 478
    WITHHOLDING_NOT_SETTLED = 479
    WITHHELD_OTHERWISE = 480
    NO_DELIVERY = 570
    NO_TITLE = 571
    RULES_NOT_IN_FORCE = 606
    RULES_END_BEFORE = 607
    ACROSS_NEW_YEAR = 670
    FIGURES_NOT_ON_FILE = 671
    IMPOSSIBLE_FACT = 672
    PAYMENT_DAY = 673


#: Business days in which a reason is answered, by the hundred of its code; the clocks are ours (ACATS and ToRA are
#: the example).
ANSWERED_IN = {1: 2, 2: 3, 3: 2, 4: 1, 5: 1, 6: 1}


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said of a code: who acts, what the participant reads, what that one does next."""

    owner: Owner
    said: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing in the way. ``unknown``: nobody has said; ``detail`` is for custodians, with amounts and sections.

    ``to`` is the place of the receiver that it concerns, where it concerns one of them.
    """

    code: Code
    unknown: bool
    detail: str
    to: int | None = None

    @property
    def entry(self) -> Entry:
        return ENTRIES[self.code]

    @property
    def owner(self) -> Owner:
        return self.entry.owner

    @property
    def said(self) -> str:
        """What the participant reads."""
        return f"We do not know this yet. {self.entry.said}" if self.unknown else self.entry.said

    @property
    def next_step(self) -> str:
        return self.entry.next_step


def found(code: Code, detail: str, *, to: int | None = None) -> Reason:
    """Something is known and in the way."""
    return Reason(code, False, detail, to)


def unknown(code: Code, detail: str, *, to: int | None = None) -> Reason:
    """Nobody has said: that is in the way too."""
    return Reason(code, True, detail, to)


#: Reasons that the coordinator finds by itself; the others stand in what it never sees.
ON_CHAIN_TOO = frozenset(
    {
        Code.IDENTITY_TOO_WEAK,
        Code.IDENTITY_LAPSES,
        Code.IDENTITY_NOT_ATTESTED,
        Code.MEMBER_LAPSES,
        Code.NOT_BETWEEN_THESE_ACCOUNTS,
        Code.RECEIVER_DOES_NOT_TAKE_IT,
        Code.NOTHING_MOVES,
        Code.EMPTY_PART,
        Code.MORE_THAN_THE_RULES_ALLOW,
        Code.RULES_NOT_IN_FORCE,
    }
)

_PERSON, _SPOUSE = Owner.PARTICIPANT, Owner.SPOUSE
_FROM, _PLAN, _TO = Owner.RELEASING_CUSTODIAN, Owner.RELEASING_ADMINISTRATOR, Owner.RECEIVING_CUSTODIAN

ENTRIES: dict[Code, Entry] = {
    Code.IDENTITY_TOO_WEAK: Entry(_PERSON, "We need stronger proof that it is you.", "Show an identity document."),
    Code.IDENTITY_LAPSES: Entry(_PERSON, "Your proof of identity runs out too soon.", "Prove your identity again."),
    Code.IDENTITY_NOT_ATTESTED: Entry(_PERSON, "You have not proven your identity yet.", "Prove your identity."),
    Code.IDENTITY_NOT_TOLD: Entry(_FROM, "Both sides must know who you are.", "Send the person's data."),
    Code.NAME_DIFFERS: Entry(
        _PERSON, "The two companies know you by different names.", "Tell both your legal name and former names."
    ),
    Code.TAX_NUMBER_DIFFERS: Entry(
        _PERSON, "The two companies have different Social Security numbers for you.", "Have the wrong one corrected."
    ),
    Code.BIRTH_DATE_DIFFERS: Entry(
        _PERSON, "The two companies have different birth dates for you.", "Have the wrong one corrected."
    ),
    Code.NOT_SCREENED: Entry(
        _TO, "A check that the law asks for is still open.", "Screen against the sanctions lists."
    ),
    Code.ON_A_LIST: Entry(_TO, "A check that the law asks for needs a person to look.", "Clear the match by hand."),
    Code.CONTACT_CHANGED: Entry(
        _PERSON, "Your contact or bank data changed a short time ago.", "Confirm the change by your earlier contact."
    ),
    Code.MEMBER_LAPSES: Entry(
        Owner.NETWORK, "One of the companies is not cleared for these days.", "Renew the member's proof."
    ),
    Code.EXPLANATION_NOT_GIVEN: Entry(
        _PLAN, "You have not received the explanation of your choices.", "Give the explanation of section 402(f)."
    ),
    Code.EXPLANATION_NOT_IN_TIME: Entry(
        _PLAN, "The explanation of your choices is too new or too old.", "Give it again, or wait for the day told."
    ),
    Code.SPOUSE_NOT_KNOWN: Entry(_PERSON, "The plan must know whether you are married.", "Say so on the plan's form."),
    Code.SPOUSE_HAS_NOT_CONSENTED: Entry(
        _SPOUSE, "Your spouse must agree in writing.", "Sign before a notary or a person of the plan."
    ),
    Code.CONSENT_WITHOUT_EFFECT: Entry(
        _SPOUSE, "Your spouse's agreement does not count as it is.", "Sign it again in the form that the plan sends."
    ),
    Code.ORDER_PENDING: Entry(
        _PLAN, "A court order about a divorce may concern this money.", "Decide on the order, or say there is none."
    ),
    Code.LEGAL_HOLD: Entry(_PLAN, "The account is held for a legal reason.", "Clear the hold, or say there is none."),
    Code.NOT_APPROVED_BY_PLAN: Entry(_PLAN, "Your former plan must approve the payment.", "Approve or say why not."),
    Code.NO_ESIGN_CONSENT: Entry(_PERSON, "You have not agreed to sign electronically.", "Agree, or ask for paper."),
    Code.NOT_BETWEEN_THESE_ACCOUNTS: Entry(
        _PERSON, "This money may not go into that type of account.", "Choose an account that may take it."
    ),
    Code.RECEIVER_DOES_NOT_TAKE_IT: Entry(
        _TO, "The receiving company does not take this kind of money.", "Widen the letter, or choose another account."
    ),
    Code.NO_EVENT: Entry(_PLAN, "The plan must say why it can pay you now.", "Name the event and its day."),
    Code.NOT_OPEN_TO_THIS_SOURCE: Entry(
        _PLAN, "The plan cannot pay this money yet.", "Leave this source out, or wait for an event that opens it."
    ),
    Code.NOT_VESTED: Entry(
        _PLAN, "Only what is yours for good can move.", "State what is vested; pay no more than it."
    ),
    Code.ELIGIBILITY_NOT_CERTIFIED: Entry(
        _PLAN, "The plan must confirm that this payment can be moved.", "Answer each exclusion of section 402(c)(4)."
    ),
    Code.NOT_ELIGIBLE: Entry(_PLAN, "This payment cannot be moved to another plan.", "Pay it out, or leave it."),
    Code.SIMPLE_TWO_YEARS: Entry(
        _PERSON, "Money of a SIMPLE IRA moves elsewhere only after two years.", "Wait, or move it to a SIMPLE IRA."
    ),
    Code.SOURCE_NOT_PROVEN: Entry(
        _TO, "The receiving plan must be sure where the money is from.", "Look up the paying plan, or get its letter."
    ),
    Code.NO_LETTER: Entry(_TO, "The receiving company has not accepted yet.", "Issue the letter of acceptance."),
    Code.LETTER_LAPSES: Entry(_TO, "The receiving company's acceptance runs out too soon.", "Issue it anew."),
    Code.NOTHING_MOVES: Entry(_PERSON, "Nothing would be moved.", "Choose what is to move."),
    Code.EMPTY_PART: Entry(_FROM, "One part of the payment is empty.", "Leave it out."),
    Code.MORE_THAN_THE_RULES_ALLOW: Entry(_FROM, "This is more than can be moved at once.", "Move it in parts."),
    Code.PARTS_DO_NOT_ADD_UP: Entry(_FROM, "The parts do not add up to the payment.", "Correct the amounts."),
    Code.KINDS_DO_NOT_ADD_UP: Entry(
        _FROM, "The amounts by kind of money do not agree.", "Correct the amounts of the sources or of the parts."
    ),
    Code.ROTH_BASIS_NOT_TOLD: Entry(
        _FROM, "What you paid into your Roth account yourself must be told.", "State the basis (Reg. 1.402A-2)."
    ),
    Code.ROTH_CLOCK_NOT_TOLD: Entry(
        _FROM, "The first year of your Roth account must be told.", "State the first year (Reg. 1.402A-2)."
    ),
    Code.ROTH_STATED_OTHERWISE: Entry(
        _FROM, "What was said about your Roth account does not fit its dates.", "Correct the statement."
    ),
    Code.AFTER_TAX_BASIS: Entry(
        _FROM,
        "What of your money was taxed before must be told exactly, and what it earned goes along with it.",
        "State the after-tax basis; ask for its earnings too, as pre-tax money. What is of before 1987 goes by check.",
    ),
    Code.PRE_TAX_GOES_FIRST: Entry(
        _PERSON, "Money not taxed yet goes to the new accounts before any other.", "Change what goes where."
    ),
    Code.MINIMUM_NOT_PAID: Entry(
        _PLAN, "This year's required payment to you comes first.", "Pay the required minimum, or say that none is due."
    ),
    Code.LOAN_OPEN: Entry(_PLAN, "A loan from your plan is open.", "Have it repaid, set off or taken over."),
    Code.WITHHOLDING_NOT_SETTLED: Entry(
        _FROM, "How much tax is withheld is not settled.", "State residence and what was paid before this year."
    ),
    Code.WITHHELD_OTHERWISE: Entry(
        _FROM, "Tax on the part paid to you cannot be withheld here as the law asks.", "Pay that part by check or wire."
    ),
    Code.NO_DELIVERY: Entry(_TO, "Where the money goes is not confirmed.", "Confirm the account by a known way."),
    Code.NO_TITLE: Entry(_TO, "The name of the receiving account is missing.", "State it: Trustee of ... FBO ..."),
    Code.RULES_NOT_IN_FORCE: Entry(Owner.NETWORK, "The rules for this move are not in force yet.", "Wait for them."),
    Code.RULES_END_BEFORE: Entry(
        Owner.NETWORK, "The rules for this move end before it is done.", "Set an earlier deadline or newer rules."
    ),
    Code.ACROSS_NEW_YEAR: Entry(
        _FROM, "The move must be done within one calendar year.", "Set the deadline in the year of the payment."
    ),
    Code.FIGURES_NOT_ON_FILE: Entry(
        Owner.NETWORK, "The figures of the law for that year are not known yet.", "Choose a day of a year on file."
    ),
    Code.IMPOSSIBLE_FACT: Entry(_FROM, "Something in the data cannot be.", "Correct the field that is named."),
    Code.PAYMENT_DAY: Entry(
        _FROM,
        "The day named for the payment has passed, or is after the last day of the move.",
        "Name a new day of payment, from today to the deadline; if the deadline passed too, ask for a new move.",
    ),
}
