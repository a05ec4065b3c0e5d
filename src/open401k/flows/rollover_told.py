"""What people tell of a rollover beside what the plan's own records say: typed, each part once. None is "not known".

Not here: what follows from it (rollover_halves.py). It is read from JSON strictly, with every wrong field by its path.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, TypeVar

from open401k.kernel import Refused
from open401k.law.given import ImpossibleInput
from open401k.law.rollovers import Distributee
from open401k.law.spousal_consent import SpouseStanding
from open401k.rails.messages import Mode
from open401k.rails.node.codec import BadInputError, read, told
from open401k.rails.node.halves import Wanted
from open401k.rails.preflight.facts import (
    Consent,
    ContactChanges,
    Explanation,
    Holds,
    Identity,
    Minimum,
    PayingPlan,
    Proof,
    Screening,
    Tax,
)
from open401k.recordkeeping import RolloverRefusal, RolloverRequest


@dataclass(frozen=True, slots=True)
class IntoTold:
    """Of a rollover into the plan: who pays, from which account there, what is wanted, and the participant's key.

    ``source`` is the paying custodian's address in the network, ``key`` that of the participant: 20 bytes of an
    address, or the 64 of a passkey's point; None until they choose it on our node's page. ``proof`` is how well the
    person was proofed; ``paying`` what we found out ourselves about the plan that pays.
    """

    source: bytes
    source_account: str
    wanted: tuple[Wanted, ...]
    deadline: date
    key: bytes | None = None
    mode: Mode = Mode.ALL
    proof: Proof | None = None
    screening: Screening | None = None
    e_sign_consent: bool | None = None
    paying: PayingPlan | None = None
    file: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.wanted:
            raise ImpossibleInput("wanted", "is empty: name the kinds of money that are to come")


@dataclass(frozen=True, slots=True)
class OutTold:
    """Of a rollover out of the plan: when it is paid, and what only people know.

    ``roth_first_year`` and the two bases are told where the books do not know them, as of balances brought from
    elsewhere. ``approved`` is the administrator's answer. ``wanted`` is what the receiving side asks for. Of a dead
    employee's money ``distributee`` says whose it is now (the surviving spouse, another designated beneficiary), and
    ``payee`` who that is.
    """

    payment_on: date
    wanted: tuple[Wanted, ...]
    contact: ContactChanges | None = None
    explanation: Explanation | None = None
    explanation_hash: bytes | None = None
    holds: Holds | None = None
    spouse_standing: SpouseStanding | None = None
    spouse_consent: Consent | None = None
    minimum: Minimum | None = None
    tax: Tax | None = None
    roth_first_year: int | None = None
    roth_basis_cents: int | None = None
    after_tax_basis_cents: int | None = None
    approved: bool | None = None
    distributee: Distributee | None = None
    payee: Identity | None = None
    file: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.wanted:
            raise ImpossibleInput("wanted", "is empty: name the kinds of money that are to go")


Told = TypeVar("Told", IntoTold, OutTold)
_ALTERNATE_PAYEES = (Distributee.ALTERNATE_PAYEE_SPOUSE, Distributee.ALTERNATE_PAYEE_OTHER)


def told_of(kind: type[Told], given: Mapping[str, Any]) -> Told | Refused[RolloverRefusal]:
    """What was given as JSON; or every wrong field, by its path."""
    try:
        made = read(kind, dict(given))
        return of_another(made) or made
    except BadInputError as wrong:
        fix = "Correct each field that is named, and send it again; nothing was kept."
        return Refused(RolloverRefusal.FACTS_WRONG, str(wrong), fix)


def of_another(told: IntoTold | OutTold) -> Refused[RolloverRefusal] | None:
    """A payment to an alternate payee under a QDRO is theirs, not the employee's: these books cannot tell it apart.

    A spouse or former spouse may roll it over as an employee could (IRC 402(e)(1)(B)); anybody else may not, and the
    employee is taxed.
    """
    if not isinstance(told, OutTold) or told.distributee not in _ALTERNATE_PAYEES:
        return None
    message = (
        "The money is an alternate payee's under a domestic relations order (IRC 414(p)), and these books have no "
        "account apart for it: paid over the rails it would be the employee's rollover, vesting and Form 1099-R."
    )
    may = "A spouse or former spouse may have it rolled over directly (IRC 402(e)(1)(B)): pay it"
    if told.distributee is Distributee.ALTERNATE_PAYEE_OTHER:
        may = "It cannot be rolled over, and the employee is taxed (IRC 402(e)(1)(A)): pay it"
    fix = (
        f"{may} by check or wire to the payee, outside of this system, once the plan administrator qualified the order."
    )
    return Refused(RolloverRefusal.ALTERNATE_PAYEE, message, fix)


def by_name(found: IntoTold | OutTold) -> dict[str, Any]:
    """Each part under its name, as it is put on file; what is not known is left out."""
    parts = {each.name: told(getattr(found, each.name)) for each in fields(found)}
    return {name: value for name, value in parts.items() if value not in (None, {})}


def of_request(kind: type[Told], request: RolloverRequest) -> Told:
    """The newest of each part that is on file of a request."""
    names = {each.name for each in fields(kind)}
    on_file = {name: each.told for name, each in request.told.items() if name in names}
    return read(kind, on_file)
