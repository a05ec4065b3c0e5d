"""Payrolls that a corrected file lowered: what of their money is over, whose it was, what to tell payroll and whom.

Not here: the rules (recordkeeping.over_sent), the page around it (deposit_page.py).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from open401k import census, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, Money, PlanId, RunId, Source, SponsorId, day_of
from open401k.recordkeeping import over_sent
from open401k.recordkeeping.over_sent import OverDecided, Way

from .deposits import Deposit

#: So long after its pay date a payroll stands here of which nothing is over, or left to say.
_SHOWN = timedelta(days=92)
_TAX = (
    "What was pre-tax is wages in box 1 of Form W-2, and box 12 is lower; Roth and after-tax money was in box 1 before."
)
_NOTICE = (
    "It was withheld from your pay of {day} beyond what you elected, and is paid to you with its earnings. It is an "
    "Excess Amount: it does not have the favorable tax treatment of distributions from qualified plans, and may not be "
    "rolled over tax-free (Rev. Proc. 2021-30 section 6.06(1)). Form 1099-R will have it, with code E."
)


@dataclass(frozen=True, slots=True)
class OverPerson:
    """Somebody from whom less is withheld by the corrected file."""

    employee_id: EmployeeId
    name: str
    amount: Money


@dataclass(frozen=True, slots=True)
class OverLine:
    """One payroll. ``withheld`` and ``employer`` are what is over and open; ``said``: what was decided, in words."""

    run_id: RunId
    pay_date: date
    withheld: Money
    employer: Money
    paid_on: date | None
    return_until: date | None
    ways: tuple[str, ...]
    people: tuple[OverPerson, ...]
    to_payroll: str
    notice: str
    said: tuple[OverDecided, ...] = ()

    @property
    def open(self) -> Money:
        """What a person still has to decide on."""
        return self.withheld + self.employer


def lowered(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, found: Iterable[Deposit]) -> tuple[OverLine, ...]:
    """Every payroll that a file lowered, as long as something is over, and a while after its pay date."""
    since = day_of(tx.now) - _SHOWN
    mine = [each for each in found if each.over or (each.remittance.lowered_by and each.remittance.pay_date >= since)]
    if not mine:
        return ()
    known = over_sent.ever_decided(tx, tenant_id=tenant_id, plan_id=plan_id)
    names = {each.employee_id: _name(each) for each in census.roster(tx, tenant_id=tenant_id)}
    return tuple(
        _line(each, tuple(_people(tx, tenant_id, plan_id, each, names)), known, day_of(tx.now)) for each in mine
    )


def _line(each: Deposit, people: tuple[OverPerson, ...], known: Sequence[OverDecided], today: date) -> OverLine:
    over, day = each.over, each.remittance.pay_date
    told = ", ".join(f"{one.name} {one.amount}" for one in people)
    tell = (
        f"Payroll of {day}: give back as wages with the next pay, if it was withheld and not elected: {told}. It is "
        f"no elective contribution then (26 CFR 1.401(k)-1(a)(3)(iii)). {_TAX}"
    )
    said = tuple(one for one in known if one.run_id == each.run_id)
    return OverLine(
        run_id=each.run_id,
        pay_date=day,
        withheld=Money(over.withheld_cents if over else 0),
        employer=Money(over.employer_cents if over else 0),
        paid_on=over.paid_on[0] if over else None,
        return_until=over.return_until if over else None,
        ways=tuple(str(way) for way in over.ways(today)) if over else (),
        people=people,
        to_payroll=tell if people else "",
        notice=_NOTICE.format(day=day) if people else "",
        said=said,
    )


def open_ways(line: OverLine) -> tuple[tuple[str, str, Money], ...]:
    """What a form offers: the way, its words, and how much of it there is."""
    return tuple(
        (way, _OFFERED[Way(way)], line.employer if way == Way.EMPLOYERS else line.withheld) for way in line.ways
    )


_OFFERED = {
    Way.AS_WAGES: "payroll gives it back as wages: a slip of payroll",
    Way.TO_EMPLOYEE: "it was paid to the employees out of the plan",
    Way.NEVER_WITHHELD: "it never was withheld: the file was wrong",
    Way.EMPLOYERS: "the employer's part: it pays what is owed next",
}


def _people(
    tx: Tx, tenant_id: SponsorId, plan_id: PlanId, each: Deposit, names: dict[EmployeeId, str]
) -> Iterator[OverPerson]:
    less: dict[EmployeeId, int] = {}
    for file in each.remittance.lowered_by:
        for entry in recordkeeping.corrections(tx, tenant_id=tenant_id, plan_id=plan_id, cause=str(file.run_id)):
            for one in entry.differences:
                if Source(one["source"]).from_employee and entry.pay_date == each.remittance.pay_date:
                    who = EmployeeId.parse(one["employee_id"])
                    less[who] = less.get(who, 0) - one["difference_cents"]
    for who, cents in less.items():
        if cents > 0:
            yield OverPerson(who, names[who], Money(cents))


def _name(employee: census.Employee) -> str:
    return f"{employee.first_name} {employee.last_name}"
