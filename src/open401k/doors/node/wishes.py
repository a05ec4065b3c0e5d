"""What a desk types to lead a rollover with several receivers, or to join one; what is asked of a node for it. Pure.

A form names accounts, kinds and cents. Whatever else a receiving half tells comes from the custodian's own systems, by
the API: until then it is not known, and preflight says so. Not here: HTML, where it goes (for_receivers).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from open401k.kernel import Money
from open401k.rails.kinds import OF_PLANS, Into, Kind
from open401k.rails.messages import Mode
from open401k.rails.node.codec import BadInputError
from open401k.rails.node.halves import ReceivingHalf, Wanted
from open401k.rails.node.shares import mode_of

from .provided import Refusal, Staff

#: The longest account, code or amount that is typed.
LONGEST: Final = 200
MODES: Final = {Mode.ALL: "All there is of each kind", Mode.FIXED: "The amounts below"}
#: The kinds that most plans pay stand open on the form.
OFTEN: Final = (Kind.PRE_TAX, Kind.ROTH, Kind.AFTER_TAX)
SELDOM: Final = tuple(kind for kind in sorted(Kind, key=lambda each: (each not in OF_PLANS, each)) if kind not in OFTEN)


@dataclass(frozen=True, slots=True)
class Named:
    """Another custodian of the network, as our settings call it."""

    member: bytes
    name: str


@dataclass(frozen=True, slots=True)
class Us:
    """Who fills the form, who else there is, and our day."""

    member: bytes
    name: str
    peers: tuple[Named, ...]
    today: date


@dataclass(frozen=True, slots=True)
class Wish:
    """A form that can be meant. ``receivers`` where we lead, ``code`` where we join."""

    source: bytes
    half: ReceivingHalf
    receivers: tuple[bytes, ...] = ()
    code: bytes | None = None


class ForReceivers(Protocol):
    """What the forms ask of a node."""

    def us(self) -> Us:
        """Who we are, and who else there is."""
        ...

    def begin(self, staff: Staff, wish: Wish, *, key: str) -> str | Refusal:
        """Lead or join: the case; the same key with the same wish is the same case."""
        ...


class NotMeantError(Exception):
    """The form cannot be meant; each field that is wrong, with reason and fix, in the form's order."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__("; ".join(f"{each.field}: {each.reason}" for each in refusals))
        self.refusals = tuple(refusals)


def wish_of(typed: Mapping[str, str], others: Sequence[str], us: Us, *, joins: bool) -> Wish:
    """The wish that a form tells; :class:`NotMeantError` with every field that is wrong. ``others`` were ticked."""
    wrong: list[Refusal] = []
    source = _source(typed.get("source", ""), us, wrong)
    account = _account(typed, "account", "Write the number of the person's account with us.", wrong)
    theirs = _account(typed, "source_account", "Write it as the person named it.", wrong)
    code, mode = _code(typed, source, theirs, wrong) if joins else (None, _mode(typed, wrong))
    wanted = _wanted(typed, mode, wrong)
    until = _until(typed.get("deadline", ""), us.today, wrong)
    receivers = () if joins else _receivers(others, source, us, wrong)
    if wrong or mode is None or until is None:
        raise NotMeantError(wrong)
    half = ReceivingHalf(us.name, us.member, account, theirs, mode, wanted, until)
    return Wish(source, half, receivers, code)


def _source(given: str, us: Us, wrong: list[Refusal]) -> bytes:
    for each in us.peers:
        if each.member.hex() == given:
            return each.member
    wrong.append(Refusal("source", "Nobody said which custodian pays.", "Choose where the money is now."))
    return b""


def _account(typed: Mapping[str, str], name: str, fix: str, wrong: list[Refusal]) -> str:
    given = typed.get(name, "").strip()
    if not given or len(given) > LONGEST or not given.isprintable():
        wrong.append(Refusal(name, f"It is empty, or no account of up to {LONGEST} letters.", fix))
    return given


def _code(
    typed: Mapping[str, str], source: bytes, account: str, wrong: list[Refusal]
) -> tuple[bytes | None, Mode | None]:
    if not source or not account:
        return None, None  # what the code is compared with is wrong already
    try:
        return mode_of(typed.get("code", "")[:LONGEST], source, account)
    except BadInputError as why:
        said = f"It {why.problems[0].said}."
        wrong.append(Refusal("code", said, "Compare all three with what the custodian that leads gave you."))
        return None, None


def _mode(typed: Mapping[str, str], wrong: list[Refusal]) -> Mode | None:
    for mode in Mode:
        if typed.get("mode") == mode.name.lower():
            return mode
    wrong.append(Refusal("mode", "Nobody said how much moves.", "Choose all there is, or amounts."))
    return None


def _wanted(typed: Mapping[str, str], mode: Mode | None, wrong: list[Refusal]) -> tuple[Wanted, ...]:
    found, before = [], len(wrong)
    for kind in Kind:
        name, amount = kind.name.lower(), typed.get(f"cents-{kind.name.lower()}", "").strip()
        into = next((each for each in Into if each.name.lower() == typed.get(f"into-{name}", "")), None)
        if into is None:
            if amount:
                wrong.append(Refusal(f"into-{name}", "An amount goes nowhere.", "Choose the account, or clear it."))
            continue
        cents = _cents(amount, f"cents-{name}", wrong) if amount else None
        if cents is None and not amount and mode is Mode.FIXED:
            reason = "This move names each amount, and here is none."
            wrong.append(Refusal(f"cents-{name}", reason, "Write dollars and cents, as 1234.50."))
        found.append(Wanted(kind, into, cents))
    if not found and len(wrong) == before:
        fix = "Choose an account for at least one kind of money."
        wrong.append(Refusal(f"into-{OFTEN[0].name.lower()}", "Nothing moves.", fix))
    return tuple(found)


def _cents(amount: str, name: str, wrong: list[Refusal]) -> int | None:
    try:
        cents = Money.typed(amount).cents
    except ValueError:
        cents = 0
    if 0 < cents < 2**63:
        return cents
    wrong.append(Refusal(name, "It is no amount above zero.", "Write dollars and cents, as 1234.50."))
    return None


def _until(given: str, today: date, wrong: list[Refusal]) -> date | None:
    try:
        found = date.fromisoformat(given.strip())
    except ValueError:
        found = None
    if found is None or found <= today:
        wrong.append(Refusal("deadline", "It is no day that is still to come.", "Choose the last day of the move."))
        return None
    return found


def _receivers(others: Sequence[str], source: bytes, us: Us, wrong: list[Refusal]) -> tuple[bytes, ...]:
    known = {each.member.hex(): each.member for each in us.peers}
    found = tuple(dict.fromkeys(known[each] for each in others if each in known))
    if not found or source in found:
        reason = "The custodian that pays receives nothing." if found else "Nobody receives beside us."
        wrong.append(Refusal("with", reason, "Choose who receives another part of the same move."))
    return found
