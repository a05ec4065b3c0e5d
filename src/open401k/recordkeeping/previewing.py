"""What posting a payroll would add, before it is recorded. Reads only. Not here: settling it (settlement.py)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta

import numpy as np

from open401k import census, plan
from open401k.base.db import Tx
from open401k.kernel import Source
from open401k.plan import Kind

from . import beside
from .before_date import left_long_ago
from .contributions import Cents, Flags, HeldReason, PayOfDate, entitle_date
from .elected_now import ElectionsOnFile, asked_of
from .pay_apart import out_of, out_of_kinds
from .posted import books_of, on_file
from .scope import Scope, Segment
from .settlement import Before, opening_of, people_of


@dataclass(frozen=True, slots=True)
class Reported:
    """N cents of one pay date as reported, in the order of the employees; catch-up codes are part of both."""

    compensation: Cents
    pre_tax: Cents
    roth: Cents
    after_tax: Cents
    coded_catch_up_pre_tax: Cents
    coded_catch_up_roth: Cents
    bonus: Cents | int = 0  # part of the compensation; of other payrolls of the day it is not known
    apart: Mapping[Kind, Cents] = field(default_factory=dict)  # compensation of kinds of money that count other pay

    def __add__(self, other: "Reported") -> "Reported":
        apart = {kind: cents + other.apart[kind] for kind, cents in self.apart.items()}
        names = [each.name for each in fields(self) if each.name != "apart"]
        return Reported(**{name: getattr(self, name) + getattr(other, name) for name in names}, apart=apart)


@dataclass(frozen=True, slots=True)
class Preview:
    """What posting a payroll would add, per employee: the match by the formula, what would be held and why.

    ``elected``: what should have been withheld for it; None where elections are not kept here.
    """

    match: Cents | None  # None: the plan gives none
    held: Mapping[tuple[Source, HeldReason], Cents]
    elected: Mapping[Source, Cents] | None = None
    #: The employer's money that the terms give and 415(c) does not let it give, of all sources.
    not_given: Cents | None = None


def preview(
    tx: Tx,
    *,
    scope: Scope,
    provisions: plan.Provisions,
    employees: Sequence[census.Employee],
    pay: Reported,
    before: Before,
    paid: Reported | None = None,
    elections: ElectionsOnFile | None = None,
    in_doubt: Flags | None = None,
    paid_in_doubt: Flags | None = None,
) -> Preview:
    """The entitlement of a payroll that is not recorded yet, by the very computation that will be posted.

    ``before`` is :func:`read_before` of the pay date; ``paid`` is what other payrolls of the day have paid: the answer
    is what this one adds to theirs. ``in_doubt``: whose pay holds a code that waits for a person, of this payroll, and
    ``paid_in_doubt`` of those before it. What only the payroll itself tells of people is not known to it.
    """
    segment = Segment(provisions, (scope.since,))
    people = people_of(tx, scope, segment, employees, before)
    opening = opening_of(tx, scope, segment, people, employees, before)
    year = provisions.plan_year_of(scope.since)
    gone = np.array([left_long_ago(who, scope.since, year) for who in employees], dtype=np.bool_)
    out = out_of(plan.Kind.DEFERRALS, provisions, employees, segment.pay_dates)[:, 0]
    by_kind = out_of_kinds(provisions, employees, segment.pay_dates)
    apart = {kind: flags[:, 0] for kind, flags in by_kind.items()}
    source = None if provisions.match is None else provisions.match.source
    standing = on_file(tx, **scope.where, start=scope.since, end=scope.since + timedelta(days=1), employees=None)
    aside = beside.read(tx, **scope.where, start=scope.since).of(
        books_of(standing, segment.pay_dates, people.employee_ids), year
    )
    to_withhold = asked_of(elections, provisions, employees, people, opening)

    def of(reported: Reported, doubted: Flags | None) -> Preview:
        amounts = {each.name: getattr(reported, each.name) for each in fields(reported) if each.name != "bonus"}
        of_date = PayOfDate(
            on=scope.since, left_long_ago=gone, kept_out=out, in_doubt=doubted, out_of=apart, beside=aside.at(0),
            **amounts,
        )  # fmt: skip
        credited, held, _, kept_out = entitle_date(provisions, people, of_date, opening)
        elected = to_withhold(of_date, reported.bonus, credited)
        not_given = sum(kept_out.values(), np.zeros(len(employees), dtype=np.int64))
        return Preview(None if source is None else credited[source], held, elected, not_given)

    if paid is None:
        return of(pay, in_doubt)
    doubts = [each for each in (in_doubt, paid_in_doubt) if each is not None]
    return _beyond(of(pay + paid, np.any(doubts, axis=0) if doubts else None), of(paid, paid_in_doubt))


def _beyond(whole: Preview, part: Preview) -> Preview:
    """What the whole has more than a part of it, or (negative) less."""
    slots = {**whole.held, **part.held}
    nothing = np.zeros_like(next(iter(slots.values()), np.zeros(0, dtype=np.int64)))
    held = {slot: whole.held.get(slot, nothing) - part.held.get(slot, nothing) for slot in slots}
    elected = part.elected and {source: cents - part.elected[source] for source, cents in (whole.elected or {}).items()}
    match = None if whole.match is None or part.match is None else whole.match - part.match
    not_given = None if whole.not_given is None or part.not_given is None else whole.not_given - part.not_given
    return Preview(match, held, elected, not_given)
