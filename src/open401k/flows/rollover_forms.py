"""What Form 1099-R says of a rollover that a plan paid, from what its books followed: pure. ADR-0050.

A part that was paid to the person has a form of its own beside that of the direct part (Instructions for Forms 1099-R
and 5498, "Direct rollovers": part paid, part rolled over). Not here: sending forms, tax of states.
"""

from datetime import date

from open401k.kernel import Refused
from open401k.law.distribution_events import Event
from open401k.law.form_1099r import EarlyException, Form1099R, FormRefusal, Payee
from open401k.law.rollovers import Distributee
from open401k.rails.kinds import OF_PLANS, UNTAXED, Into, Kind
from open401k.rails.preflight.facts import Facts, Identity, Opened, Part, Roth, Timing
from open401k.rails.preflight.worked import WorkedPart, forms
from open401k.recordkeeping import RolloverBooked, RolloverPart, RolloverWay


def forms_of(booked: RolloverBooked, *, born_on: date | None) -> tuple[Form1099R | Refused[FormRefusal], ...] | None:
    """One form for each event, Roth money apart; None where nobody knows where a part went, or what of it is taxed.

    ``born_on`` is the employee's: the code of a part paid to a living employee goes by it.
    """
    if booked.way is not RolloverWay.OUT or any(each.into is None for each in booked.parts):
        return None
    parts = [_worked(each) for each in booked.parts]
    known = tuple(each for each in parts if each is not None)
    cash = any(each.part.into is Into.PERSON for each in known)
    if len(known) < len(parts) or (cash and born_on is None and booked.payee is Payee.PARTICIPANT):
        return None
    since = [each.roth_since for each in booked.parts if each.roth_since is not None]
    facts = Facts(
        timing=Timing(booked.event_on, booked.event_on, booked.event_on),
        payment_cents=booked.cents,
        parts=tuple(each.part for each in known),
        receivers=(),
        held=(),
        releasing=None if born_on is None else Identity("", "", born_on),
        distributee=Distributee.EMPLOYEE if booked.payee is Payee.PARTICIPANT else Distributee.SURVIVING_SPOUSE,
        opened=_opened(booked),
        roth=Roth(min(since, default=None), None, 0),
    )
    return forms(facts, known)


def _opened(booked: RolloverBooked) -> Opened | None:
    """What the exception on file says of it; the day of payment is not before it."""
    event = {EarlyException.SEVERANCE_AT_55: Event.SEVERANCE, EarlyException.DISABILITY: Event.DISABILITY}
    found = event.get(booked.early)
    return None if found is None else Opened(found, booked.event_on)


def _worked(part: RolloverPart) -> WorkedPart | None:
    """A direct rollover withholds nothing; money that was not taxed is taxed where it becomes a Roth IRA's."""
    kind, into = Kind[part.kind.upper()], Into[(part.into or "").upper()]
    taxed = part.taxable_cents
    if taxed is None and into is not Into.PERSON:  # booked before facts kept it
        taxed = part.cents if kind in UNTAXED and into is Into.ROTH_IRA else 0
    if taxed is None:
        return None
    kind = kind if kind in OF_PLANS else Kind.PRE_TAX  # money of an IRA that came in is the plan's when it goes back
    return WorkedPart(Part(kind, into, 0, part.cents), taxed, part.basis_cents, part.withheld_cents)
