"""An election in words: every field that is signed, as the person who signs reads it. Pure. Not here: pages.

What a custodian calls the addresses, commitments and hashes of an election is given (:class:`Known`); who shows it
answers for it, and both custodians check the election against their own facts before they agree to anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from eth_hash.auto import keccak

from ..kernel import NEW_YORK, CalendarYear, Money
from ..law import figures
from ..law.rollover_matrix import rollover_route
from .kinds import SOURCE, UNTAXED, Into, Kind, destination
from .messages import ANY_TOTAL, Election, Mode
from .preflight.rule_version import EAST

KINDS: dict[Kind, str] = {
    Kind.PRE_TAX: "Money that was not taxed yet (pre-tax)",
    Kind.ROTH: "Roth money (taxed when you paid it in)",
    Kind.AFTER_TAX: "Money you paid in after tax, without its earnings",
    Kind.PRE_TAX_403B: "Money of a 403(b) plan that was not taxed yet",
    Kind.GOVERNMENT_457B: "Money of a governmental 457(b) plan that was not taxed yet",
    Kind.TRADITIONAL_IRA: "Money of a traditional IRA",
    Kind.ROTH_IRA: "Money of a Roth IRA",
    Kind.SIMPLE_IRA: "Money of a SIMPLE IRA",
    Kind.SEP_IRA: "Money of a SEP IRA",
}
INTO: dict[Into, str] = {
    Into.PLAN: "your account in the new plan",
    Into.PLAN_403B: "your account in the new 403(b) plan",
    Into.GOVERNMENT_457B: "your account in the new 457(b) plan",
    Into.TRADITIONAL_IRA: "your traditional IRA",
    Into.ROTH_IRA: "your Roth IRA",
    Into.SIMPLE_IRA: "your SIMPLE IRA",
    Into.SEP_IRA: "your SEP IRA",
    Into.PERSON: "you, in cash",
}
_WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Notice:
    """The explanation of section 402(f) as it was given: which document, when, its hash, and its words if it is a text.

    ``fingerprint`` is what an election signs as ``notice_hash``: keccak-256 of its bytes, of a text in UTF-8.
    """

    title: str
    version: str
    given_on: date
    fingerprint: bytes
    text: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What an election's addresses and hashes stand for. Accounts as a person knows theirs: "ending in 4821".

    ``receivers`` in the election's order; ``into`` where each kind of money goes by the letters of acceptance.
    """

    source: str
    source_account: str
    receivers: tuple[str, ...]
    receiving_account: str
    into: tuple[tuple[Kind, Into], ...]
    rules: str
    #: None: no plan pays, so that none is asked for.
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class Row:
    """One field of the election: its name in the message, what it is about, what it says, and its very value.

    ``small``: for experts, as all the exact values are.
    """

    field: str
    label: str
    said: tuple[str, ...]
    exact: str
    small: bool = False


class UnlikeError(ValueError):
    """What is known is not what the election says: it is not shown, and so not signed."""


def told(election: Election, known: Known) -> tuple[Row, ...]:
    """Every field once, in the order in which people ask; UnlikeError if the words are of another election."""
    _check(election, known)
    read = {
        "source": ("From", (known.source,)),
        "source_account": ("Account it leaves", (known.source_account,)),
        "receivers": ("To", known.receivers),
        "receiving_account": ("Account it goes to", (known.receiving_account,)),
        "kinds_mask": ("Which money", tuple(f"{KINDS[kind]}, to {INTO[into]}" for kind, into in known.into)),
        "mode": ("How much", (_how_much(election),)),
        "max_total": ("At most", (_at_most(election),)),
        "not_before": ("Not before", (moment(election.not_before),)),
        "deadline": ("Until", (f"{until(election.deadline)}. What has not moved by then stays where it is.",)),
        "notice_hash": ("Explanation of your choices", _notice(known.notice)),
    }
    once = f"{election.number}, given by {known.source}. Each is used once: nobody can use your signature twice."
    small = {
        "rule_version": ("Rules of the move", (known.rules, f"Version {election.rule_version}.")),
        "number": ("Number of the move", (once,)),
        "participant": ("Your signature", ("By your passkey. The number for it does not say who you are.",)),
        "salt": ("A random number", ("It keeps others from guessing what you signed.",)),
    }
    return tuple(
        Row(name, label, said, _exact(getattr(election, name)), small=name in small)
        for name, (label, said) in (read | small).items()
    )


def consent(known_as: str, paper: str) -> tuple[str, ...]:
    """What somebody agrees to before they sign on a screen (15 USC 7001(c)(1)(B)-(C); Reg. 1.401(a)-21).

    ``paper`` is the custodian's own sentence on how to get paper and whether it costs a fee.
    """
    return (
        "You get and sign the papers of this move on a screen: the explanation of your choices, what you sign, and "
        "the confirmation. This is for this move only.",
        f"You may have all of it on paper instead. {paper}",
        f"You may take this back at any time, on the page of your move or by telling {known_as}. What comes after is "
        "then on paper, and takes longer; what you have signed before stays signed.",
        "You need a phone, tablet or computer with a current browser that can show, print or keep these pages, and "
        "a passkey on it: your fingerprint, your face or the PIN of the device.",
        f"If your e-mail address or phone number changes, tell {known_as}.",
    )


#: What a participant may take back on their page, and what follows: they read it before they do (7001(c)(1)(B)(i)).
TAKE_BACK: dict[str, tuple[str, str]] = {
    "move": (
        "Take the move back",
        "Both companies are told to end it, and free what they set aside. If your old company has sold what you held, "
        "the money stays there in cash. If the move is being decided at this very moment, that counts. You can ask "
        "for a new move at any time. If it has ended already, it is not tried again under what you signed.",
    ),
    "ended": (
        "Do not have it tried again",
        "This move has ended, and nothing of it moves any more. It may be tried again under what you signed, as long "
        "as that holds; from now on it is not. You can ask for a new move at any time.",
    ),
    "rest": (
        "Have nothing more moved",
        "What has moved stays where it is. What comes in at your old account later stays there: it does not follow "
        "under what you signed. You can ask for a new move at any time.",
    ),
    "screen": (
        "Have everything on paper from now on",
        "Before you have signed: you cannot sign on this page any more, and the papers come by post; that takes "
        "longer. After you have signed: your signature and what you were shown stay valid, and what comes later is on "
        "paper. E-mails stop. You can agree to a screen again before you sign.",
    ),
    "mail": ("Stop e-mails about this move", "No more e-mails are sent. Nothing else changes."),
}


def taxes(known: Known, *, on: date) -> tuple[str, ...]:
    """What each kind of money on its way means for tax: federal income tax; a state may have rules of its own."""
    return tuple(f"{KINDS[kind]}: {_tax(kind, into, on)}" for kind, into in known.into)


def as_text(election: Election, known: Known, *, on: date) -> str:
    """All that was shown, to keep: a line for each field, what it means for tax, and the exact values."""
    rows = told(election, known)
    lines = [f"{row.label}: {' '.join(row.said)}" for row in rows]
    exact = [f"{row.field} = {row.exact}" for row in rows]
    return "\n".join([*lines, *(f"Tax: {each}" for each in taxes(known, on=on)), "", "Exactly as signed:", *exact])


def until(at: int) -> str:
    """A deadline: "the end of December 4, 2026" where it is the last second of a day in the East."""
    east = datetime.fromtimestamp(at, UTC) - EAST
    if (east + timedelta(seconds=1)).date() > east.date():
        return f"the end of {_day(east.date())}"
    return moment(at)


def moment(at: int) -> str:
    """``December 4, 2026, 9:02 AM (Eastern)``."""
    local = datetime.fromtimestamp(at, UTC).astimezone(NEW_YORK)
    return f"{_day(local.date())}, {local.hour % 12 or 12}:{local:%M %p} (Eastern)"


def _check(election: Election, known: Known) -> None:
    mask = sum(1 << kind for kind in {kind for kind, _ in known.into})
    if mask != election.kinds_mask:
        raise UnlikeError(f"kinds_mask: the election says {election.kinds_mask:#b}, its words {mask:#b}")
    if len(known.receivers) != len(election.receivers):
        raise UnlikeError(f"receivers: {len(election.receivers)} are signed and {len(known.receivers)} named")
    notice = known.notice
    named = bytes(32) if notice is None else notice.fingerprint
    text = keccak(notice.text.encode()) if notice and notice.text else election.notice_hash
    if not named == election.notice_hash == text:
        raise UnlikeError("notice_hash: the explanation that is shown is not the one that is signed")
    if not known.source or not all(known.receivers):
        raise UnlikeError("source, receivers: somebody has no name")


def _how_much(election: Election) -> str:
    match election.mode:
        case Mode.ALL:
            return "Everything you have of it, also what comes in later, such as dividends."
        case Mode.FIXED:
            return "One amount, once. Nothing moves after it."


def _at_most(election: Election) -> str:
    if election.max_total == ANY_TOTAL:
        return "No limit other than what is in the account."
    return f"{Money(election.max_total)}, all together. If it would be more, nothing moves."


def _notice(notice: Notice | None) -> tuple[str, ...]:
    if notice is None:
        return ("None is asked for: this money is not paid by a plan.",)
    given = f"“{notice.title}” ({notice.version}) was given to you on {_day(notice.given_on)}."
    return (given, "By signing you say that you have received it.")


def _exact(value: object) -> str:
    match value:
        case bytes():
            return f"0x{value.hex()}"
        case tuple():
            return ", ".join(_exact(each) for each in value)
        case Mode():
            return str(value.value)
        case _:
            return str(value)


def _tax(kind: Kind, into: Into, on: date) -> str:
    to = destination(kind, into)
    if to is None:
        part = "what of it was not taxed yet" if kind not in UNTAXED else "it"
        rate = figures.bps("eligible_rollover_withholding", CalendarYear(on.year)) * 100 // _WHOLE
        return f"{part} is taxed as income of {on.year}, and {rate}% of that is kept back for the tax."
    if rollover_route(source=SOURCE[kind], destination=to, on=on, direct=True).taxed_now:
        return f"it is taxed as income of {on.year}. Nothing is kept back, so you pay that tax yourself."
    if kind in UNTAXED:
        return "no tax now, and nothing is kept back. It is taxed when it is paid out to you later."
    if kind is Kind.AFTER_TAX:
        return "no tax now, and nothing is kept back. You have paid tax on it before."
    return "no tax now, and nothing is kept back. It stays Roth money."


def _day(value: date) -> str:
    return f"{value:%B} {value.day}, {value.year}"
