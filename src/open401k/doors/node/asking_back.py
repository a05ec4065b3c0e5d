"""What the console's form to ask a rollover back asks of a node, what was typed there, and the answer.

The form names amounts, the type of our account and a day: who gives back, and between which accounts, follows from the
rollover. Whatever else our half tells comes from our systems, by the API. Not here: HTML, what may go back (returning).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from open401k.kernel import Money
from open401k.rails import in_words
from open401k.rails.kinds import Into, Kind
from open401k.rails.messages import Mode
from open401k.rails.node import returning
from open401k.rails.node.asking_first import asking_first
from open401k.rails.node.cases import State
from open401k.rails.node.codec import written
from open401k.rails.node.core import Side
from open401k.rails.node.halves import ReceivingHalf, Wanted
from open401k.rails.node.kept_deals import KeptDealUnit
from open401k.rails.node.once import Answer

from .for_pages import REFUSALS, NodePages, refused
from .provided import Refusal, Staff
from .wishes import NotMeantError

#: The longest reason.
LONGEST: Final = 300
#: The types of account to which money goes back; what a person was paid goes back to nobody.
TYPES: Final = tuple(each for each in Into if each is not Into.PERSON)
_OF_KIND: Final[Mapping[Kind, Into]] = {
    Kind.PRE_TAX_403B: Into.PLAN_403B,
    Kind.GOVERNMENT_457B: Into.GOVERNMENT_457B,
    Kind.TRADITIONAL_IRA: Into.TRADITIONAL_IRA,
    Kind.ROTH_IRA: Into.ROTH_IRA,
    Kind.SIMPLE_IRA: Into.SIMPLE_IRA,
    Kind.SEP_IRA: Into.SEP_IRA,
}


@dataclass(frozen=True, slots=True)
class Giver:
    """Who received, into which account, and of each kind the cents that came and that went back since; ``why_not``
    where nothing of it is asked back now, ``alone`` where the network does not watch over what goes back."""

    member: bytes
    name: str
    account: str
    came: Mapping[Kind, int]
    left: Mapping[Kind, int]
    why_not: str
    alone: bool


@dataclass(frozen=True, slots=True)
class AskingBack:
    """Of one case that we paid: our account, our day, and who may be asked."""

    case: str
    account: str
    us: str
    member: bytes
    today: date
    givers: tuple[Giver, ...]

    def giver(self, member: str) -> Giver | None:
        """By its address; the only one is meant where nobody is named."""
        if not member and len(self.givers) == 1:
            return self.givers[0]
        return next((each for each in self.givers if each.member.hex() == member), None)


@dataclass(frozen=True, slots=True)
class Back:
    """A form that can be meant."""

    giver: Giver
    half: ReceivingHalf
    why: str


class ForAskingBack(Protocol):
    """Every call stands alone; the verb is done once by its key."""

    def asking_back(self, case: str) -> AskingBack | None: ...

    def ask_back(self, staff: Staff, case: str, back: Back, *, key: str) -> str | Refusal: ...


def type_of(giver: Giver) -> Into:
    """The type of account from which such money usually comes; pre-tax and Roth money, from a plan."""
    return next((_OF_KIND[kind] for kind in giver.came if kind in _OF_KIND), Into.PLAN)


def back_of(typed: Mapping[str, str], known: AskingBack) -> Back:
    """What a form asks back; :class:`NotMeantError` with every field that is wrong."""
    wrong: list[Refusal] = []
    giver = known.giver(typed.get("giver", ""))
    if giver is None:
        raise NotMeantError([Refusal("giver", "Nobody said who gives back.", "Choose one; each gives back its own.")])
    into = next((each for each in TYPES if each.name.lower() == typed.get("into", "")), None)
    if into is None:
        wrong.append(Refusal("into", "Nobody said which account it goes back to.", "Choose the type of our account."))
    wanted = [Wanted(kind, into or Into.PLAN, cents) for kind, cents in _amounts(typed, giver, wrong) if cents]
    if not wanted and not wrong:
        first = next(iter(giver.left))
        wrong.append(Refusal(_at(first), "Nothing is asked back.", "Write an amount for one kind at least."))
    until = _until(typed.get("deadline", ""), known.today, wrong)
    why = typed.get("why", "").strip()
    if not why or len(why) > LONGEST or not why.isprintable():
        reason = f"It is empty, longer than {LONGEST} characters, or holds characters that nobody can read."
        wrong.append(Refusal("why", reason, "Write what was found, and no participant's name."))
    if wrong or until is None:
        raise NotMeantError(wrong)
    half = ReceivingHalf(known.us, known.member, known.account, giver.account, Mode.FIXED, tuple(wanted), until)
    return Back(giver, half, why)


def _amounts(typed: Mapping[str, str], giver: Giver, wrong: list[Refusal]) -> list[tuple[Kind, int]]:
    found = []
    for kind, left in giver.left.items():
        try:
            cents = Money.typed(typed.get(_at(kind), "").strip() or "0.00").cents
        except ValueError:
            wrong.append(Refusal(_at(kind), "It is no amount in dollars and cents.", "Write it like 1234.50."))
            continue
        if cents < 0:
            wrong.append(Refusal(_at(kind), "It is below zero.", "Write what is to come back, or leave it empty."))
        elif cents > left:
            reason = f"{Money(cents)} is {Money(cents - left)} more than is left of what came, {Money(left)}."
            fix = f"Ask for {Money(left)} at most; earnings since move by a rollover of their own, or by check or wire."
            wrong.append(Refusal(_at(kind), reason, fix))
        else:
            found.append((kind, cents))
    return found


def _until(given: str, today: date, wrong: list[Refusal]) -> date | None:
    try:
        found = date.fromisoformat(given.strip())
    except ValueError:
        found = None
    if found is None or found <= today:
        wrong.append(Refusal("deadline", "It is no day that is still to come.", "Choose the last day of the move."))
        return None
    return found


def _at(kind: Kind) -> str:
    return f"cents-{kind.name.lower()}"


class NodeAskingBack:
    """The form's side of a node's doors."""

    def __init__(self, pages: NodePages) -> None:
        self._doors = pages.doors

    def asking_back(self, case: str) -> AskingBack | None:
        config, desk = self._doors.process.config, self._doors.office.desk
        names = {each.member: each.name for each in config.peers}
        try:
            with self._doors.process.files.begin() as unit:
                file, deal = unit.case(case), unit.deal(case)
                if deal.side is not Side.SOURCE or file.state is not State.POSTED:
                    return None
                found = [returning.may_give_back(unit, case, by=who) for who, _ in deal.desks]
                us = deal.releasing.custodian if deal.releasing else config.name
        except (LookupError, *REFUSALS):
            return None
        givers = (_giver(each, names.get(each.giver, "")) for each in found)
        return AskingBack(case, file.account, us, desk.us, desk.today, tuple(each for each in givers if each.came))

    def ask_back(self, staff: Staff, case: str, back: Back, *, key: str) -> str | Refusal:
        doors = self._doors
        new, at = f"rlv_{doors.process.around.random.token(12).hex()}", doors.process.around.seconds()

        def work(unit: KeptDealUnit) -> Answer:
            made = returning.give_back(unit, doors.office.desk, case, new, back.half, by=back.giver.member)
            unit.put_event(case, f"{staff.name} asked it back as case {made.case}: {back.why}")
            return Answer(201, {"case": made.case})

        asked = f"return {case} {back.giver.member.hex()} {back.why} ".encode() + written(back.half)
        try:
            first = asking_first(lambda: doors.once.first(f"console {staff.name}", key, asked, at=at, work=work))
        except REFUSALS as why:
            return refused(why)
        doors.wake()
        return str(first.told["case"])


def _giver(left: returning.Left, name: str) -> Giver:
    why = left.why_not or ""
    came = {Kind(kind): cents for kind, cents in sorted(left.came.items())}
    said = f"{why[:1].upper()}{why[1:]}." if why else ""
    return Giver(left.giver, name, left.accounts[1], came, left.cents, said, left.alone)


def kind_words(kind: Kind) -> str:
    """A kind of money as desks read it; the participant's page says "you"."""
    return in_words.KINDS[kind].replace("you paid", "the participant paid").replace("You paid", "The participant paid")
