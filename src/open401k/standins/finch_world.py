"""The employers behind the stand-in for Finch: people, benefits, payments by a day that the caller moves, and jobs.

Not here: HTTP, tokens (finch_http.py). Amounts are cents and shares basis points, as Finch has them.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from open401k.kernel import Random

PERIODS = 26  # of a year's pay: every other week
PROCESSED_BEFORE, ENDS_BEFORE, FORTNIGHT = timedelta(days=2), timedelta(days=5), timedelta(days=14)
FICA_BPS = 765


@dataclass(slots=True)
class Individual:
    """Somebody at an employer. Of several employments Finch tells the first day, the last rehire and one end."""

    id: str
    first_name: str
    last_name: str
    born_on: date | None
    ssn: str | None
    salary_cents: int
    start: date
    rehire: date | None = None
    end: date | None = None
    contractor: bool = False

    def at_work(self, first: date, last: date) -> bool:
        """Whether they worked on any day of a period."""
        if self.rehire is not None and self.end is not None and self.end < self.rehire:
            return self.rehire <= last or (self.start <= last and self.end >= first)
        return self.start <= last and (self.end or last) >= first


@dataclass(slots=True)
class Benefit:
    """A company benefit, and who is enrolled in it as what. ``ready`` once the job that makes it is done."""

    id: str
    kind: str
    description: str
    frequency: str
    ready: bool = False
    enrolled: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Job:
    """Work that is done after it was asked for a number of times."""

    id: str
    kind: str
    benefit_id: str
    sent: list[dict[str, Any]]
    looks_left: int
    fails: bool = False
    done: bool = False


@dataclass(slots=True)
class Payment:
    """One payroll that was run, with a pay statement a person. ``looks_left``: how often it is still being fetched."""

    id: str
    pay_date: date
    start: date
    end: date
    statements: list[dict[str, Any]]
    looks_left: int = 0


@dataclass(slots=True)
class Employer:
    """One employer."""

    id: str
    connection_id: str
    name: str
    ein: str
    first_check: date
    products: list[str]
    individuals: dict[str, Individual] = field(default_factory=dict)
    benefits: dict[str, Benefit] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    extra_pay: dict[tuple[str, date], list[dict[str, Any]]] = field(default_factory=dict)
    other_deductions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


class FinchWorld:
    """Every employer of one stand-in, and the day it is there."""

    def __init__(self, *, today: date, random: Random) -> None:
        self.today = today
        self._random = random
        self.employers: dict[str, Employer] = {}
        self.job_looks = 0
        self.jobs_fail = False

    def new_id(self) -> str:
        """A fresh one, of the given chance."""
        return str(UUID(int=self._random.bits(128)))

    def add_employer(self, *, name: str, ein: str, first_check: date, products: list[str]) -> Employer:
        """An employer that pays every other week from ``first_check`` on, without any benefit yet."""
        made = Employer(self.new_id(), self.new_id(), name, ein, first_check, products)
        self.employers[made.id] = made
        return made

    def move_to(self, day: date) -> list[Payment]:
        """Move the day on; every payment that falls due is made on the way."""
        ran: list[Payment] = []
        while self.today < day:
            self.today += timedelta(days=1)
            for of in self.employers.values():
                check = self.today + PROCESSED_BEFORE
                if check >= of.first_check and (check - of.first_check).days % FORTNIGHT.days == 0:
                    ran.append(self.pay(of, pay_date=check))
        return ran

    def pay(self, of: Employer, *, pay_date: date) -> Payment:
        """The regular payment of one pay date, from salaries and from what is withheld now."""
        end = pay_date - ENDS_BEFORE
        start = end - FORTNIGHT + timedelta(days=1)
        here = [each for each in of.individuals.values() if each.at_work(start, end)]
        made = Payment(self.new_id(), pay_date, start, end, [_statement(of, each, pay_date) for each in here])
        of.payments[made.id] = made
        return made

    def begin(self, of: Employer, kind: str, benefit_id: str, sent: list[dict[str, Any]]) -> Job:
        """A job; done at once unless it was said that jobs take time."""
        made = Job(self.new_id(), kind, benefit_id, sent, self.job_looks, self.jobs_fail)
        of.jobs[made.id] = made
        if made.looks_left == 0:
            finish(of, made)
        return made

    def look(self, of: Employer, job: Job) -> None:
        """Somebody asks how far it is; that is what brings it on."""
        if not job.done and job.looks_left > 0:
            job.looks_left -= 1
            if job.looks_left == 0:
                finish(of, job)


def finish(of: Employer, job: Job) -> None:
    """Carry a job out, unless it is one that fails."""
    job.done = True
    if job.fails:
        if job.kind == "create":
            del of.benefits[job.benefit_id]
        return
    benefit = of.benefits[job.benefit_id]
    if job.kind == "create":
        benefit.ready = True
    for each in job.sent:
        if each["individual_id"] not in of.individuals:
            continue
        if job.kind == "enroll":
            benefit.enrolled[each["individual_id"]] = each.get("configuration", {})
        else:
            benefit.enrolled.pop(each["individual_id"], None)


def _statement(of: Employer, who: Individual, pay_date: date) -> dict[str, Any]:
    """A pay statement as Finch has it."""
    regular = who.salary_cents // PERIODS
    kind, name = ("1099", "Contract") if who.contractor else ("salary", "Regular")
    earnings: list[dict[str, Any]] = [{"type": kind, "name": name, "amount": regular, "currency": "usd", "hours": 80.0}]
    for each in of.extra_pay.get((who.id, pay_date), ()):
        earnings.append({"type": each["type"], "name": each["name"], "amount": each["cents"], "currency": "usd"})
    gross = sum(each["amount"] for each in earnings if each["type"] != "reimbursement")
    deductions: list[dict[str, Any]] = []
    contributions: list[dict[str, Any]] = []
    for benefit in of.benefits.values():
        fields = benefit.enrolled.get(who.id)
        if fields is None or str(fields.get("effective_date", ""))[:10] > pay_date.isoformat():
            continue
        cents = _amount(fields.get("employee_deduction"), gross)
        same = {"name": benefit.description, "type": benefit.kind, "currency": "usd"}
        pre_tax = benefit.kind == "401k"
        deductions.append({**same, "amount": cents, "pre_tax": pre_tax})
        matched = _contribution(fields.get("company_contribution"), gross, cents)
        if matched:
            contributions.append({**same, "amount": matched})
    deductions += [{"currency": "usd", "pre_tax": None, **each} for each in of.other_deductions.get(who.id, ())]
    fica = gross * FICA_BPS // 10_000
    taxes = [{"type": "fica", "name": "FICA", "employer": False, "amount": fica, "currency": "usd"}]
    return {
        "individual_id": who.id,
        "payment_method": "direct_deposit",
        "total_hours": 80.0,
        "gross_pay": {"amount": gross, "currency": "usd"},
        "net_pay": {"amount": gross - fica - sum(each["amount"] for each in deductions), "currency": "usd"},
        "earnings": earnings,
        "employee_deductions": deductions,
        "employer_contributions": contributions,
        "taxes": [] if who.contractor else taxes,
    }


def _share(gross: int, bps: int) -> int:
    return (gross * bps + 5_000) // 10_000  # half a cent up


def _amount(fields: dict[str, Any] | None, gross: int) -> int:
    if not fields:
        return 0
    return _share(gross, fields["amount"]) if fields["type"] == "percent" else min(fields["amount"], gross)


def _contribution(fields: dict[str, Any] | None, gross: int, deferred: int) -> int:
    if not fields or fields["type"] != "tiered":
        return _amount(fields, gross)
    matched, before = 0, 0
    for tier in fields["tiers"]:
        upper = _share(gross, tier["threshold"])
        matched += _share(max(min(deferred, upper) - before, 0), tier["match"])
        before = upper
    return matched
