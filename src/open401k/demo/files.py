"""The payroll provider's files of the sandbox: one CSV a pay date, in its own headings, mistakes included."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from .people import PAY_DATES, Company, Person

HEADINGS = (
    "Employee SSN",
    "Last Name",
    "First Name",
    "Date of Birth",
    "Hire Date",
    "Term Date",
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
class Mistakes:
    """What is wrong with one file, on purpose: headings renamed, cells replaced by (ssn, heading), rows sent twice."""

    headings: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[tuple[str, str], str] = field(default_factory=dict)
    repeated: Sequence[str] = ()


NO_MISTAKES = Mistakes()


def payroll_csv(
    company: Company, period: int, mistakes: Mistakes = NO_MISTAKES, joined: Sequence[Person] = ()
) -> bytes:
    """The file of the ``period``-th pay date (0 is January 2, 2026), as the provider would export it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([mistakes.headings.get(heading, heading) for heading in HEADINGS])
    for person in (*company.people, *joined):
        if not _is_paid(person, PAY_DATES[period]):
            continue
        cells = _cells(person, period)
        row = [mistakes.cells.get((person.ssn, heading), cells[heading]) for heading in HEADINGS]
        for _ in range(1 + list(mistakes.repeated).count(person.ssn)):
            writer.writerow(row)
    return out.getvalue().encode()


def file_name(company: Company, period: int) -> str:
    """``acme-2026-08-14.csv``."""
    return f"{company.name.split()[0].lower()}-{PAY_DATES[period]}.csv"


def _is_paid(person: Person, pay_date: date) -> bool:
    gone = person.terminated_on is not None and pay_date > person.terminated_on + timedelta(days=14)
    return person.hired_on <= pay_date and not gone


def _cells(person: Person, period: int) -> dict[str, str]:
    pay_date = PAY_DATES[period]
    gross = person.pay_cents(period)
    pre_tax, roth = (gross * rate // 10_000 for rate in person.rates_bps(pay_date))
    end = pay_date - timedelta(days=5)
    return {
        "Employee SSN": person.ssn,
        "Last Name": person.last_name,
        "First Name": person.first_name,
        "Date of Birth": _us(person.birth_date),
        "Hire Date": _us(person.hired_on),
        "Term Date": _us(person.terminated_on) if person.terminated_on and person.terminated_on <= pay_date else "",
        "Check Date": _us(pay_date),
        "Period Begin": _us(end - timedelta(days=13)),
        "Period End": _us(end),
        "Hours": "80.00",
        "Gross Pay": _dollars(gross),
        "401k Deferral": _dollars(pre_tax),
        "Roth 401k": _dollars(roth),
        "Employer Match": _dollars(_match(gross, pre_tax + roth)),
    }


def _match(gross: int, deferred: int) -> int:
    """The provider's own idea of the match: half of the first 6 % of pay, a half cent rounded up."""
    matched = min(deferred, gross * 6 // 100)
    return (matched + 1) // 2


def _us(day: date) -> str:
    return day.strftime("%m/%d/%Y")


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
