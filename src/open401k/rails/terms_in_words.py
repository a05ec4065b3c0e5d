"""Exact terms in words, as a further voter reads them: a spouse, an administrator, a depository. Pure.

Every field that is signed has its row. What addresses and hashes stand for is given (in_words.Known), as for an
election. Not here: the participant's election (in_words), pages (doors).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Final

from ..kernel import Money
from ..law.spousal_consent import Witness
from . import in_words
from .in_words import Known, Row
from .kinds import Into, Kind
from .messages import Election, Leg, Role, Terms, Voter, election_hash
from .preflight.facts import Consent

#: Money and accounts as somebody reads of them whose they are not.
KINDS: Final = in_words.KINDS | {
    Kind.ROTH: "Roth money (taxed when it was paid in)",
    Kind.AFTER_TAX: "Money that was paid in after tax, without its earnings",
}
INTO: Final = {into: told.replace("your ", "the participant's ") for into, told in in_words.INTO.items()} | {
    Into.PERSON: "the participant, in cash"
}
WHO: Final = {
    Role.SPOUSE: "the participant's spouse", Role.ADMINISTRATOR: "the plan's administrator",
    Role.DEPOSITORY: "the depository",
}  # fmt: skip
_WITNESSES: Final = {
    Witness.NOTARY: "a notary", Witness.PLAN_REPRESENTATIVE: "a representative of the plan", Witness.NOBODY: "nobody",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """What a voter reads: exact terms under their election, in which role they sign, on which evidence."""

    role: Role
    election: Election
    terms: Terms
    evidence: bytes
    #: Of a spouse: the witnessed consent that the paying side has.
    consent: Consent | None = None


def told(read: Read, known: Known) -> tuple[Row, ...]:
    """Every field once, what matters first; UnlikeError if the words are of other terms."""
    terms, elected = read.terms, {row.field: row for row in in_words.told(read.election, known)}
    if any(leg.to >= len(known.receivers) for leg in terms.legs):
        raise in_words.UnlikeError("legs: somebody is paid who has no name")
    until = f"{in_words.until(terms.deadline)}. If not everybody has agreed by then, the money goes back by itself."
    return (
        elected["source"], elected["source_account"], elected["receivers"], elected["receiving_account"],
        Row("legs", "What moves, to the cent", tuple(_leg(each, known) for each in terms.legs), _exact(terms.legs)),
        Row("deadline", "Until", (until,), str(terms.deadline)),
        Row("voters", "Who else agrees", _others(read), _exact(terms.voters)),
        Row("role", "You sign as", (WHO[read.role],), str(int(read.role))),
        _small("election", "What the participant signed", "Your signature is good for this election alone.",
               election_hash(read.election)),
        _small("evidence", "What your approval rests on", _rests_on(read), read.evidence),
        _small("part", "Which proposal", f"Number {terms.part + 1} under the participant's signature.", terms.part),
        _small("rule_version", "Rules of the move", f"{known.rules} Version {terms.rule_version}.", terms.rule_version),
        _small("token", "The money", "Dollars on deposit at the network's bank.", terms.token),
        _small("withholder", "Tax", _withheld(terms), terms.withholder),
        _small("data_root", "The papers", "A number for the file that goes along. It tells nothing of what is in it.",
               terms.data_root),
        _small("parent", "Goes back", "It sends back what came before." if any(terms.parent) else "Nothing: it is new.",
               terms.parent),
        _small("salt", "A random number", "It keeps others from guessing what you signed.", terms.salt),
    )  # fmt: skip


def means(read: Read, known: Known) -> tuple[str, ...]:
    """What somebody says by signing, and what follows from it."""
    free = "You do not have to agree. If you do not, nothing moves."
    match read.role:
        case Role.SPOUSE:
            return (
                f"What moves leaves the plan at {known.source}. After that this plan pays no annuity from it, and "
                "nothing of it to you if the participant dies.",
                "What you may get of it later follows the rules of the new account, and whom it names.",
                _beside(read.consent, known),
                free,
            )
        case Role.ADMINISTRATOR:
            return (
                "You say for the plan that this may be paid now, that what is paid is vested, and that the plan is "
                "qualified.",
                free,
            )
        case _:
            return ("You say that what these terms move is blocked with you for them.", free)


def consent(known_as: str, paper: str) -> tuple[str, ...]:
    """What a voter agrees to before they sign on a screen (15 USC 7001(c)(1)(B)-(C))."""
    return (
        "You read and sign on a screen, and can keep a copy of what you signed. This is for this move only.",
        f"You may do it on paper instead. {paper}",
        f"You may take this back until you have signed: tell {known_as}. The move then goes on on paper.",
        "You need a phone, tablet or computer with a current browser, and a passkey on it: your fingerprint, your "
        "face or the PIN of the device.",
    )


def as_text(read: Read, known: Known, *, digest: bytes) -> str:
    """All that was shown, to keep."""
    rows = told(read, known)
    lines = [f"{row.label}: {' '.join(row.said)}" for row in rows]
    exact = [f"{row.field} = {row.exact}" for row in rows]
    meant = [f"By signing: {each}" for each in means(read, known)]
    return "\n".join([*lines, *meant, "", "Exactly as signed:", *exact, f"digest = 0x{digest.hex()}"])


def _leg(leg: Leg, known: Known) -> str:
    where = f", at {known.receivers[leg.to]}" if len(known.receivers) > 1 else ""
    taxed = f" Of it {Money(leg.taxable)} is taxed now." if leg.taxable else ""
    return f"{Money(leg.amount)}: {KINDS[Kind(leg.kind)]}, to {INTO[Into(leg.into)]}{where}.{taxed}"


def _others(read: Read) -> tuple[str, ...]:
    others = [WHO[Role(each.role)] for each in read.terms.voters if each.role != read.role]
    return (" and ".join(["Both companies", *others]) + ". Without every one of them nothing moves.",)


def _rests_on(read: Read) -> str:
    if read.consent is None:
        return "No record of its own."
    return "A number for your witnessed consent. Nobody can read the consent from it."


def _beside(told_of: Consent | None, known: Known) -> str:
    if told_of is None:
        return f"{known.source} has no written consent of yours."
    day = f"{told_of.on:%B} {told_of.on.day}, {told_of.on.year}"
    return (
        f"{known.source} has your written consent of {day}, which {_WITNESSES[told_of.witness]} witnessed. This "
        "signature comes beside it and does not take its place. If you did not give that consent, do not sign."
    )


def _withheld(terms: Terms) -> str:
    return "Of what is paid out in cash, tax is kept back." if any(terms.withholder) else "Nothing is kept back."


def _small(name: str, label: str, said: str, value: bytes | int) -> Row:
    exact = f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
    return Row(name, label, (said,), exact, small=True)


def _exact(values: Sequence[Leg | Voter]) -> str:
    return "; ".join(" ".join(_values(each)) for each in values)


def _values(value: Leg | Voter) -> Iterator[str]:
    for field in fields(value):
        told_of = getattr(value, field.name)
        yield f"{field.name} {f'0x{told_of.hex()}' if isinstance(told_of, bytes) else int(told_of)}"
