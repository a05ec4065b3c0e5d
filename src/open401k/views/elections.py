"""What the people of a plan elected or have by default, why, what it makes due, and what payroll did otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from open401k import census, compliance, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, Money, PlanId, SponsorId, day_of
from open401k.recordkeeping import Defaults, Elected, Election, How, Part, Why, elected_on

from .heading import heading
from .shown import Percent, PlanHeading

_WHY = {
    Why.NO_ARRANGEMENT: "",
    Why.ELECTED: "elected",
    Why.NOT_ENTERED: "has not entered the plan",
    Why.NOT_COVERED: "entered before automatic enrollment, which is for new entrants",
    Why.NOT_YET: "the default begins later",
    Why.DEFAULT: "did not elect: default of automatic enrollment",
    Why.ESCALATED: "did not elect: default, increased",
}
_HOW = {
    How.PARTICIPANT: "by the participant",
    How.ADMINISTRATOR: "on paper, entered by the administrator",
    How.PAYROLL: "as payroll reported it",
    How.STOP: "stopped",
    How.AUTOMATIC: "default brought from elsewhere",
    How.ESCALATION: "increased default brought from elsewhere",
}
_KIND = {
    recordkeeping.DutyKind.INITIAL_NOTICE: "Notice of automatic enrollment",
    recordkeeping.DutyKind.ANNUAL_NOTICE: "Yearly notice of automatic enrollment",
    recordkeeping.DutyKind.WITHDRAWAL_ENDS: "Last day to take default contributions back",
    recordkeeping.DutyKind.INCREASE: "Increase of the default",
}


@dataclass(frozen=True, slots=True)
class ElectionLine:
    """One election or default that holds: a percentage of pay or an amount for each paycheck."""

    source: str
    part: str
    percent: Percent | None
    dollars: Money | None
    since: date
    why: str
    derived: bool


@dataclass(frozen=True, slots=True)
class PersonElections:
    """One employee: what holds, and in a word why, where nothing does or it is a default."""

    employee_id: EmployeeId
    name: str
    ssn_masked: str
    elections: tuple[ElectionLine, ...]
    why: str
    to_withdraw_by: date | None = None


@dataclass(frozen=True, slots=True)
class EnrollmentDutyLine:
    """One thing that automatic enrollment makes due; ``name`` is empty where it is for everybody."""

    what: str
    name: str
    first: date | None
    last: date
    about: str
    cite: str


@dataclass(frozen=True, slots=True)
class WithholdingCase:
    """One mistake of withholding with its cure; ``qnec`` is None where nothing was missed."""

    employee_id: EmployeeId
    name: str
    kinds: tuple[str, ...]
    first: date
    last: date
    pay_dates: int
    right_again_on: date | None
    words: str
    cite: str
    missed: Money | None
    qnec: Money | None
    notice_by: date | None
    may_go_back: bool = False
    """More was withheld than was to be: a person may have it given back, by corrected payrolls."""


@dataclass(frozen=True, slots=True)
class Elections:
    """The elections of a plan as of a day, or a page of them; ``kept_here`` False: the plan has no terms of them.

    ``shortcomings``: what a plan that must enroll automatically does not do as IRC 414A asks.
    """

    heading: PlanHeading
    as_of: date
    kept_here: bool
    people: tuple[PersonElections, ...]
    duties: tuple[EnrollmentDutyLine, ...]
    cases: tuple[WithholdingCase, ...]
    shortcomings: tuple[str, ...] = ()
    more: int | None = None


def load(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    as_of: date | None = None,
    start: int = 0,
    limit: int | None = None,
) -> Elections:
    """Everyone by last name, as of a day (today, unless given); duties and cases are of today and of its plan year."""
    today = day_of(tx.now)
    on = as_of or today
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=on)
    above = heading(tx, tenant_id=tenant_id, plan_id=plan_id)
    shortcomings = _shortcomings(tx, tenant_id, terms, on)
    if terms.elections is None:
        return Elections(above, on, False, (), (), (), shortcomings)
    everyone = sorted(census.roster(tx, tenant_id=tenant_id), key=lambda each: (each.last_name, each.first_name))
    here = [each for each in everyone if census.employed_on(each.employment, on)]
    end = len(here) if limit is None else max(0, start) + limit
    shown = here[max(0, start) : end]
    people, duties = _people(tx, tenant_id, plan_id, terms, shown, on, today)
    return Elections(
        heading=above,
        as_of=on,
        kept_here=True,
        people=people,
        duties=duties,
        cases=load_cases(tx, tenant_id=tenant_id, plan_id=plan_id, everyone=everyone),
        shortcomings=shortcomings,
        more=end if end < len(here) else None,
    )


def _shortcomings(tx: Tx, tenant_id: SponsorId, terms: plan.Provisions, on: date) -> tuple[str, ...]:
    """The employer counts as large as in the last year that closed more than a year before (414A(c)(4)(B))."""
    sponsor, year = plan.sponsor(tx, tenant_id=tenant_id), terms.plan_year_of(on)
    mandate = plan.automatic_enrollment(
        adopted_on=terms.adopted_on,
        established_on=sponsor.established_on,
        employees=sponsor.employees.get(year.start.year - 2),
        plan_year_start=year.start,
    )
    found = plan.mandate_shortcomings(terms, mandate, plan_year=year)
    return tuple(f"{each.reason} ({each.citation}) {each.fix}" for each in found)


def load_cases(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, everyone: Sequence[census.Employee] | None = None
) -> tuple[WithholdingCase, ...]:
    """What payroll withheld otherwise than elected in this plan year and the one before, by first pay date."""
    today = day_of(tx.now)
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today)
    year = terms.plan_year_of(today)
    scope = recordkeeping.Scope(tenant_id, plan_id, year.previous().start, year.end)
    withheld = recordkeeping.withheld_otherwise(tx, scope=scope)
    if not withheld.differences:
        return ()
    names = {each.employee_id: _name(each) for each in everyone or census.roster(tx, tenant_id=tenant_id)}
    known = [each.failure for each in compliance.failures(tx, tenant_id=tenant_id, plan_id=plan_id)]
    recorded = compliance.recorded_with(known, plan_id=plan_id)
    found = recordkeeping.cases_of(withheld, provisions=terms, today=today, recorded=recorded)
    return tuple(_case(each, names[each.employee_id]) for each in found)


def _case(case: recordkeeping.Case, name: str) -> WithholdingCase:
    missed = case.missed
    return WithholdingCase(
        employee_id=case.employee_id,
        name=name,
        kinds=tuple(kind.replace("_", " ") for kind in case.kinds),
        first=case.first,
        last=case.last,
        pay_dates=len(case.differences),
        right_again_on=case.right_again_on,
        words=case.words,
        cite=case.cite,
        missed=None if missed is None else Money(missed.missed_cents + missed.missed_after_tax_cents),
        qnec=None if missed is None else Money(missed.qnec_cents + missed.after_tax_qnec_cents),
        notice_by=None if missed is None else missed.relief.notice_by,
        may_go_back=case.mistake in (recordkeeping.Mistake.OVER, recordkeeping.Mistake.BEFORE_ENTRY),
    )


def _people(
    tx: Tx,
    tenant_id: SponsorId,
    plan_id: PlanId,
    terms: plan.Provisions,
    employees: Sequence[census.Employee],
    on: date,
    today: date,
) -> tuple[tuple[PersonElections, ...], tuple[EnrollmentDutyLine, ...]]:
    on_file = recordkeeping.read_on_file(tx, tenant_id=tenant_id, plan_id=plan_id, provisions=terms, until=on)
    if on_file is None or not employees:
        return (), ()
    entered = census.entry_dates(tx, tenant_id=tenant_id, provisions=terms, plan_id=plan_id, employees=employees, on=on)
    elected, defaults = recordkeeping.elected_with_defaults(
        on_file, terms, employees=employees, entered_on=entered, on=on
    )
    ids = [each.employee_id for each in employees]
    told: dict[EmployeeId, list[Election]] = {each: [] for each in ids}
    for each in recordkeeping.read_elections(tx, tenant_id=tenant_id, plan_id=plan_id, employees=ids):
        told[each.employee_id].append(each)
    duties = recordkeeping.enrollment_duties(
        terms, employee_ids=ids, entered_on=entered, defaults=defaults, today=today
    )
    names = {each.employee_id: _name(each) for each in employees}
    until = {
        each.employee_id: each.last
        for each in duties
        if each.kind is recordkeeping.DutyKind.WITHDRAWAL_ENDS and each.employee_id is not None
    }
    people = tuple(
        _person(each, place, elected_on(told[each.employee_id], on), elected, defaults, until)
        for place, each in enumerate(employees)
    )
    lines = [
        EnrollmentDutyLine(
            _KIND[each.kind],
            "" if each.employee_id is None else names[each.employee_id],
            each.first,
            each.last,
            each.about,
            each.cite,
        )
        for each in duties
    ]
    return people, tuple(lines)


def _person(
    employee: census.Employee,
    place: int,
    told: dict[recordkeeping.Slot, Election],
    elected: Elected,
    defaults: Defaults,
    until: dict[EmployeeId, date],
) -> PersonElections:
    """What holds is what the computation takes; what is on file gives the words."""
    lines = []
    for slot in recordkeeping.SLOTS:
        of_slot = elected.of(slot)
        if not of_slot.on_file[place]:
            continue
        bps, cents = int(of_slot.bps[place]), int(of_slot.cents[place])
        derived = bool(of_slot.by_default[place] and defaults.applies[place])
        on_file = told.get(slot)
        why = _WHY[defaults.why_of(place)] if derived else _HOW[on_file.how] if on_file else ""
        lines.append(
            ElectionLine(
                source=slot.source.value,
                part="" if slot.part is Part.REGULAR else slot.part.value,
                percent=None if cents else Percent(bps),
                dollars=Money(cents) if cents else None,
                since=of_slot.since[place].item(),
                why=why,
                derived=derived,
            )
        )
    return PersonElections(
        employee_id=employee.employee_id,
        name=_name(employee),
        ssn_masked=census.mask_ssn(employee.ssn_last4) if employee.ssn_last4 else "",
        elections=tuple(lines),
        why=_WHY[defaults.why_of(place)] or ("" if lines else "elected nothing"),
        to_withdraw_by=until.get(employee.employee_id),
    )


def _name(employee: census.Employee) -> str:
    return f"{employee.first_name} {employee.last_name}"
