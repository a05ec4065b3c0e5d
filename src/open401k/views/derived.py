"""What follows from the facts of one person, each with its why. Not here: the year-end census (census_year.py)."""

from dataclasses import dataclass
from datetime import date

from open401k import census, compliance, law, plan
from open401k.base.db import Tx
from open401k.kernel import CalendarYear, EmployeeId, Money, PlanId, SponsorId, age_on, day_of

from .shown import Shown


@dataclass(frozen=True, slots=True)
class DerivedFact:
    """One thing that nobody is asked for: what it is, and from which facts and rule it follows."""

    key: str
    label: str
    value: Shown
    why: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What everything about the person is derived from."""

    tx: Tx
    tenant_id: SponsorId
    plan_id: PlanId
    person: census.Employee
    terms: plan.Provisions
    today: date


def load(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId) -> tuple[DerivedFact, ...] | None:
    """Everything derived about a person as of today; None where the sponsor has no such employee."""
    found = census.roster(tx, tenant_id=tenant_id, employee_ids=[employee_id])
    if not found:
        return None
    today = day_of(tx.now)
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today)
    known = _Known(tx, tenant_id, plan_id, found[0], terms, today)
    return (*_groups(known), *_entries(known), _roth_catch_up(known), _part_time(known), _vesting(known))


def _groups(known: _Known) -> tuple[DerivedFact, ...]:
    """By the last tests, which judge everybody of the employer at once."""
    tested = compliance.latest(known.tx, tenant_id=known.tenant_id, plan_id=known.plan_id)
    place = -1
    if tested is not None and "hce" in tested.people:
        who = str(known.person.employee_id)
        place = tested.people["employee"].index(who) if who in tested.people["employee"] else -1
    told = []
    for key, label in (("hce", "Highly compensated"), ("key", "Key employee")):
        if tested is None or place < 0:
            told.append(DerivedFact(key, label, None, "Not tested yet: the first payroll of the year tests."))
            continue
        why = str(tested.people[f"{key}_reason"][place]) or (
            "No share of more than 5 %, own or of family, and pay of the year before not above the threshold "
            "(IRC 414(q), 318)."
            if key == "hce"
            else "Neither owner nor officer above the thresholds (IRC 416(i)(1))."
        )
        told.append(DerivedFact(key, label, "yes" if tested.people[key][place] else "no", why))
    return tuple(told)


def _entries(known: _Known) -> tuple[DerivedFact, ...]:
    """The day from which the person may defer, and those of employer money where they are other days."""
    person, terms = known.person, known.terms
    days = census.entry_days(
        known.tx, tenant_id=known.tenant_id, provisions=terms, plan_id=known.plan_id, employees=[person],
        on=known.today,
    )  # fmt: skip
    asked = terms.eligibility
    why = f"The plan asks for {_asked(asked)}; {_person(known)}."
    if days.by_terms is not None:
        own = "not in sight" if days.by_terms[0] is None else f"{days.by_terms[0]}"
        why += (
            f" Long-term part-time work lets in sooner (IRC 401(k)(2)(D)(ii)): by the plan's own terms it is {own}. "
            f"Such people are {'' if asked.part_time_tested else 'not '}in the tests (401(k)(15)(B))."
        )
    found = [DerivedFact("entry", "Participant from", _in_plan(days.deferrals[0], terms), why)]
    for key, label, of_kind, kind in (
        ("match_entry", "Match from", days.match, plan.Kind.MATCH),
        ("nonelective_entry", "Nonelective contributions from", days.nonelective, plan.Kind.NONELECTIVE),
    ):
        given = {plan.Kind.MATCH: terms.match, plan.Kind.NONELECTIVE: terms.nonelective}[kind]
        if of_kind is not None and (given is not None or terms.may_declare):
            told = f"For this money the plan asks for {_asked(terms.eligibility_of(kind))}; {_person(known)}."
            told += _by_class(known, kind)
            found.append(DerivedFact(key, label, _in_plan(of_kind[0], terms), told))
    return tuple(found)


def _by_class(known: _Known, kind: plan.Kind) -> str:
    """That the class of today is out of a kind of money, where the plan leaves classes out of it alone."""
    name, terms = census.class_on(known.person, known.today), known.terms
    if not terms.classes_apart(kind) or name not in terms.eligibility_of(kind).excluded_classes:
        return ""
    return f' The plan leaves the class "{name}" out of it.'


def _asked(terms: plan.Eligibility) -> str:
    hours = f" with {terms.hours_in_year:,} hours a year" if terms.hours_in_year else ""
    service = f"{terms.service_months} months of service{hours}" if terms.service_months else "no service"
    return f"age {terms.minimum_age} and {service}"


def _person(known: _Known) -> str:
    person = known.person
    born = f"{age_on(person.birth_date, known.today)} years old" if person.birth_date else "birth date not on file"
    hired = f"hired {person.employment[0].hired_on}" if person.employment else "never hired"
    return f"{born}, {hired}"


def _in_plan(day: date | None, terms: plan.Provisions) -> date | None:
    """Nobody is a participant before there is a plan."""
    return None if day is None else max(day, terms.adopted_on)


def _roth_catch_up(known: _Known) -> DerivedFact:
    """Of this year, by our own FICA wages of the year before."""
    year = CalendarYear(known.today.year)
    before = CalendarYear(year.year - 1)
    wages = census.fica_wages(
        known.tx, tenant_id=known.tenant_id, plan_id=known.plan_id, terms=known.terms.deferrals,
        employees=[known.person], year=before,
    )  # fmt: skip
    paid = Money(int(wages[0]))
    label = f"Catch-up of {year.year} must be Roth"
    try:
        required = bool(law.deferrals.roth_catch_up_required(wages, year)[0])
        above = Money(law.figures.cents("roth_catchup_wage_threshold", year))
    except law.NotEnacted as missing:
        return DerivedFact("roth_catch_up", label, None, str(missing))
    why = f"FICA wages of {before.year} from one employer: {paid}; it must be above {above} (IRC 414(v)(7)(A))."
    return DerivedFact("roth_catch_up", label, "yes" if required else "no", why)


def _part_time(known: _Known) -> DerivedFact:
    label = "Long-term part-time"
    status, years, why = compliance.part_time_of(
        known.tx, tenant_id=known.tenant_id, plan_id=known.plan_id, provisions=known.terms, people=[known.person],
        on=known.today,
    )[0]  # fmt: skip
    if not status:
        return DerivedFact("part_time", label, "does not apply", why)
    return DerivedFact("part_time", label, status.replace("_", " "), f"{why} Years with 500 hours: {years}.")


def _vesting(known: _Known) -> DerivedFact:
    years = compliance.years_of_service(known.person.employment, known.today)
    why = (
        "Whole years since hire, by elapsed time: of long-term part-time work too, where 500 hours make a year (IRC "
        "401(k)(15)(B)(iii))."
    )
    if years is None:
        why = "A break in employment: a person has to judge what counts (IRC 411(a)(6))."
    return DerivedFact("vesting_years", "Years of service for vesting", years, why)
