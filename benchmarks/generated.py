"""A generated plan of any size, its people, and the payrolls that its employer sends. Not here: measuring anything.

Everybody defers pre-tax and Roth money and is matched, so that a row of a payroll is three lines in the journal.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from tests.support.database import TESTER

from open401k import census, plan
from open401k.base.db import Database
from open401k.flows.plan_takeover import Takeover, take_over
from open401k.kernel import Clock, PlanId, Source, SponsorId

PAY_DATES = tuple(date(2026, 1, 2) + timedelta(days=14 * period) for period in range(26))
TERMS = plan.Provisions(
    adopted_on=date(2019, 1, 1),
    eligibility=plan.Eligibility(minimum_age=21, service_months=12, hours_in_year=None),
    deferrals=plan.Deferrals(sources=(Source.PRE_TAX, Source.ROTH)),
    match=plan.Match((plan.MatchTier(5_000, 600),)),
    testing=plan.Testing(plan.TestingMethod.CURRENT_YEAR),
)
HEADINGS = (
    "Employee SSN",
    "Last Name",
    "First Name",
    "Date of Birth",
    "Hire Date",
    "Check Date",
    "Period Begin",
    "Period End",
    "Hours",
    "Gross Pay",
    "401k Deferral",
    "Roth 401k",
    "Employer Match",
)


@dataclass(frozen=True, slots=True)
class Person:
    """One generated employee; money in cents a pay period."""

    ssn: str
    first_name: str
    last_name: str
    born: date
    gross: int
    owner: bool = False
    pre_tax_percent: int = 6

    @property
    def pre_tax(self) -> int:
        return self.gross * self.pre_tax_percent // 100

    @property
    def roth(self) -> int:
        return self.gross * 2 // 100

    @property
    def match(self) -> int:
        return (self.gross * 6 * 50 + 5_000) // 10_000


class SetClock(Clock, Protocol):
    """A clock that is set forward."""

    def advance_to(self, at: datetime) -> None: ...


@dataclass(slots=True)
class Employer:
    """A plan on a database, with the clock that its pay dates move."""

    db: Database
    clock: SetClock
    tenant_id: SponsorId
    plan_id: PlanId
    people: Sequence[Person]
    next_period: int = field(default=0)
    days: Sequence[date] = PAY_DATES

    def next_pay_date(self) -> date:
        """The next pay date; the clock moves to its afternoon. Clocks of several plans share it, so never backwards."""
        day = self.days[self.next_period]
        self.next_period += 1
        noon = datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
        self.clock.advance_to(max(noon, self.clock.now() + timedelta(seconds=1)))
        return day


def employer(db: Database, clock: SetClock, size: int, *, days: Sequence[date] = PAY_DATES) -> Employer:
    """A plan of ``size`` people, taken over with the year of pay that fixes its HCEs; paid on ``days``."""
    year_before = days[0].year - 1
    people = [_person(number) for number in range(size)]
    sponsor_id, plan_id = db.ids.new(SponsorId), db.ids.new(PlanId)
    takeover = Takeover(
        sponsor_id=sponsor_id,
        plan_id=plan_id,
        sponsor_name=f"Generated Works of {size}",
        ein="12-3456789",
        established_on=date(2008, 5, 1),
        plan_name="Generated Works 401(k) Plan",
        provisions=TERMS,
        people=[_new(person, year_before) for person in people],
        family=(),
        balances=(),
        balances_on=date(year_before, 12, 31),
    )
    take_over(db, actor=TESTER, takeover=takeover)
    return Employer(db, clock, sponsor_id, plan_id, people, days=days)


def body(people: Sequence[Person], pay_date: date) -> dict[str, Any]:
    """A payroll as canonical rows, as the API takes them."""
    start, end = _period(pay_date)
    return {
        "pay_date": pay_date.isoformat(),
        "period_start": start.isoformat(),
        "period_end": end.isoformat(),
        "lines": [
            {
                "ssn": person.ssn,
                "first_name": person.first_name,
                "last_name": person.last_name,
                "hours": "80.00",
                "gross_cents": person.gross,
                "pre_tax_cents": person.pre_tax,
                "roth_cents": person.roth,
                "match_cents": person.match,
            }
            for person in people
        ],
    }


def csv_file(people: Sequence[Person], pay_date: date) -> bytes:
    """The same payroll as the file of a provider."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADINGS)
    shared = [_us(day) for day in (pay_date, *_period(pay_date))]
    for person in people:
        name = (f"{person.ssn[:3]}-{person.ssn[3:5]}-{person.ssn[5:]}", person.last_name, person.first_name)
        money = [f"{c // 100}.{c % 100:02d}" for c in (person.gross, person.pre_tax, person.roth, person.match)]
        writer.writerow([*name, _us(person.born), "06/01/2015", *shared, "80.00", *money])
    return out.getvalue().encode()


def _period(pay_date: date) -> tuple[date, date]:
    end = pay_date - timedelta(days=5)
    return end - timedelta(days=13), end


def _us(day: date) -> str:
    return day.strftime("%m/%d/%Y")


def _person(number: int) -> Person:
    born = date(1962, 1, 5) + timedelta(days=number * 7_919 % 13_000)
    if (born.month, born.day) == (1, 1):
        born += timedelta(days=1)  # what systems write when they do not know: somebody would have to confirm it
    ssn = f"231{number // 9_999 % 99 + 1:02d}{number % 9_999 + 1:04d}"
    gross = 150_000 + number * 104_729 % 400_000
    return Person(ssn, f"Given{_letters(number)}", f"Family{_letters(number * 17 + 3)}", born, gross, number < 2)


def _letters(number: int) -> str:
    text = ""
    while number:
        number, left = divmod(number, 26)
        text += chr(97 + left)
    return text


def _new(person: Person, year_before: int) -> census.NewEmployee:
    year = person.gross * 26
    return census.NewEmployee(
        first_name=person.first_name,
        last_name=person.last_name,
        ssn=person.ssn,
        birth_date=person.born,
        hired_on=date(2015, 6, 1),
        ownership_bps=4_000 if person.owner else 0,
        annual_pay={year_before: census.AnnualPay(year, year, year, 208_000)},
    )
