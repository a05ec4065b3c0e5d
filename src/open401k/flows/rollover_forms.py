"""What Form 1099-R says of a rollover that a plan paid, from what its books followed: pure. ADR-0050.

Not here: what a part that is paid to the person says, since its tax is withheld on chain and is in no order of a core;
sending forms.
"""

from datetime import date

from open401k.kernel import Refused
from open401k.law.form_1099r import Form1099R, FormRefusal
from open401k.law.rollovers import Distributee
from open401k.rails.kinds import UNTAXED, Into, Kind
from open401k.rails.preflight.facts import Facts, Identity, Part, Roth, Timing
from open401k.rails.preflight.worked import WorkedPart, forms
from open401k.recordkeeping import RolloverBooked, RolloverPart, RolloverWay


def forms_of(booked: RolloverBooked, *, born_on: date | None) -> tuple[Form1099R | Refused[FormRefusal], ...] | None:
    """One form for each event, Roth money apart; None where a part went to the person, or nobody knows where to."""
    if booked.way is not RolloverWay.OUT or any(each.into in (None, "person") for each in booked.parts):
        return None
    parts = tuple(_worked(each) for each in booked.parts)
    since = [each.roth_since for each in booked.parts if each.roth_since is not None]
    facts = Facts(
        timing=Timing(booked.event_on, booked.event_on, booked.event_on),
        payment_cents=booked.cents,
        parts=tuple(each.part for each in parts),
        receivers=(),
        held=(),
        releasing=None if born_on is None else Identity("", "", born_on),
        distributee=Distributee.EMPLOYEE,
        roth=Roth(min(since, default=None), None, 0),
    )
    return forms(facts, parts)


def _worked(part: RolloverPart) -> WorkedPart:
    """A direct rollover withholds nothing; money that was not taxed is taxed where it becomes a Roth IRA's."""
    kind, into = Kind[part.kind.upper()], Into[(part.into or "").upper()]
    taxed = part.cents if kind in UNTAXED and into is Into.ROTH_IRA else 0
    return WorkedPart(Part(kind, into, 0, part.cents), taxed, part.basis_cents, 0)
