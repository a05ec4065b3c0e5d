"""What of a rollover that a plan paid is taxed and withheld, leg by leg, as its fact keeps it: pure. ADR-0050.

The contract withholds the same: terms of which it would withhold other than the law are not signed
(rails/preflight/checks_amount.py). Not here: the forms (rollover_forms.py), depositing what was withheld.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from open401k import census, plan, recordkeeping
from open401k.kernel import CalendarYear, Source, half_up
from open401k.law import figures
from open401k.law.distribution_events import Event
from open401k.law.form_1099r import EarlyException, Payee
from open401k.law.rollovers import Distributee
from open401k.law.roth import five_year_period, qualified_distribution
from open401k.rails.kinds import UNTAXED, Into, Kind
from open401k.rails.node.core import Part
from open401k.rails.preflight.worked import early_exception
from open401k.recordkeeping import OpenedBy, RolloverPart, RolloverRequest

_WHOLE = 10_000
#: Who is paid, of what opened the account: a living employee's money is the employee's.
OF_THE_DEAD = frozenset(
    {Distributee.SURVIVING_SPOUSE, Distributee.DESIGNATED_BENEFICIARY, Distributee.OTHER_BENEFICIARY}
)


@dataclass(frozen=True, slots=True)
class PaidOn:
    """What decides on the tax beside the legs: the day, the employee, what opened the account, who is paid."""

    on: date
    employee: census.Employee
    opened: OpenedBy | None
    distributee: Distributee | None

    @property
    def payee(self) -> Payee:
        return Payee.BENEFICIARY if self.distributee in OF_THE_DEAD else Payee.PARTICIPANT

    @property
    def early(self) -> EarlyException:
        """As far as the payer knows."""
        if self.opened is None or self.payee is Payee.BENEFICIARY:
            return EarlyException.NONE
        return early_exception(self.opened.event, self.opened.on, born_on=self.employee.birth_date)


def who_is_paid(opened: OpenedBy | None, told: Distributee | None) -> Distributee | None:
    """The employee while alive; of a dead employee's money only somebody else (IRC 402(c)(9), (11)).

    None: it is not known, or what was told cannot be.
    """
    if opened is not None and opened.event is Event.DEATH:
        return told if told in OF_THE_DEAD else None
    return Distributee.EMPLOYEE if told in (None, Distributee.EMPLOYEE) else None


def distributee_of(request: RolloverRequest | None, opened: OpenedBy | None) -> Distributee | None:
    """As it was told of a request."""
    told = None if request is None or "distributee" not in request.told else request.told["distributee"].told
    return who_is_paid(opened, None if told is None else Distributee(told))


def booked_part(
    part: Part, shares: Mapping[Source, int], wanted: Sequence[Mapping[str, Any]], paid: PaidOn
) -> RolloverPart:
    """One leg as it is kept; not knowing where it went, or whether Roth money is qualified, it knows no tax."""
    kind, into = Kind(part.kind), _into(part, wanted)
    taxable = None if into is None else _taxable(part, kind, into, paid)
    rate = figures.bps("eligible_rollover_withholding", CalendarYear(paid.on.year))
    to_person = taxable is not None and into is Into.PERSON
    return RolloverPart(
        leg=part.leg,
        kind=kind.name.lower(),
        cents=part.cents,
        shares=shares,
        basis_cents=part.basis,
        roth_since=part.roth_since,
        into=None if into is None else into.name.lower(),
        taxable_cents=taxable,
        withheld_cents=half_up(Fraction((taxable or 0) * rate, _WHOLE)) if to_person else 0,
    )


def _into(part: Part, wanted: Sequence[Mapping[str, Any]]) -> Into | None:
    """As the terms say. Where nobody told them legs come in the order of the wishes, if their kinds still do.

    Terms leave out what is empty, so that of a rollover for all there is, or of what came in later, a leg's place is
    not that of its wish.
    """
    if part.into is not None:
        return Into(part.into)
    name = Kind(part.kind).name.lower()
    if part.leg < len(wanted) and wanted[part.leg]["kind"] == name:
        return Into[str(wanted[part.leg]["into"]).upper()]
    return None


def _taxable(part: Part, kind: Kind, into: Into, paid: PaidOn) -> int | None:
    """Cash is taxed but for its basis; what is rolled over directly only where untaxed money becomes a Roth IRA's."""
    if into is not Into.PERSON:
        return part.cents if kind in UNTAXED and into is Into.ROTH_IRA else 0
    if kind is not Kind.ROTH:
        return part.cents if kind in UNTAXED else 0
    if part.roth_since is None or paid.employee.birth_date is None:
        return None
    died = paid.opened is not None and paid.opened.event is Event.DEATH
    judged = qualified_distribution(
        on=paid.on,
        employee_born_on=paid.employee.birth_date,
        period=five_year_period(first_contribution_year=part.roth_since),
        employee_died_on=paid.opened.on if died and paid.opened is not None else None,
        employee_disabled=paid.opened is not None and paid.opened.event is Event.DISABILITY,
    )
    return 0 if judged.qualified else part.cents - part.basis


def paid_on(
    person: census.Employee, request: RolloverRequest | None, *, on: date, terms: plan.Rollovers | None
) -> PaidOn:
    """From the records of the day of payment."""
    opened = recordkeeping.opened_by(person, terms, on=on)
    return PaidOn(on, person, opened, distributee_of(request, opened))
