"""The census of a plan year, person by person, derived from facts: what a year-end census asks for, and why.

Nothing of it is stored. Not here: confirming it (flows/year_census.py), how it looks (views/year_census.py).
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from open401k import census, law, ledger, plan, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import EmployeeId, IdColumn, Open401kError, PlanId, PlanYear, SponsorId, day_of
from open401k.law import NotEnacted

from .facts import Cents, Flags, PlanFacts
from .gather import gather
from .standing import people_of


@dataclass(frozen=True, slots=True)
class CensusRow:
    """One person in a plan year. Pay and money in cents, of the plan year; ``None`` where the facts do not say."""

    employee_id: str
    name: str
    birth_date: date | None
    hired_on: date | None
    rehired_on: date | None
    terminated_on: date | None
    status: str
    employee_class: str
    officer: bool
    ownership_bps: int
    family: tuple[str, ...]
    hours_hundredths: int
    gross_cents: int
    plan_cents: int
    section_415_cents: int
    fica_cents: int
    pre_tax_cents: int
    roth_cents: int
    after_tax_cents: int
    match_cents: int
    nonelective_cents: int
    qnec_cents: int
    corrective_cents: int
    eligible_on: date | None
    participates: bool
    highly_compensated: bool | None
    why_highly_compensated: str
    lookback_pay_cents: int
    key_employee: bool | None
    why_key: str
    wages_before_cents: int
    roth_catch_up: bool | None
    why_roth_catch_up: str
    part_time: str
    part_time_years: int
    vesting_years: int | None


@dataclass(frozen=True, slots=True)
class ParticipantCounts:
    """Participants as Form 5500 counts them, at the beginning and the end of the plan year (its lines 5 and 6)."""

    at_start: int
    at_end: int
    with_balances_at_start: int
    with_balances_at_end: int
    active_at_start: int
    active_at_end: int
    counted: int
    counted_on: date
    large: bool
    why: str
    filed_as_small_before: bool | None = None


@dataclass(frozen=True, slots=True)
class YearCensus:
    """Everybody of a plan year, as of its last day or as of today, from what was known at an instant."""

    plan_year: PlanYear
    as_of: date
    known_at: datetime
    rows: tuple[CensusRow, ...]
    counts: ParticipantCounts
    mandate: plan.Mandate
    missing: str = ""

    @property
    def sha256(self) -> str:
        """Of all rows: what a confirmation says was shown."""
        told = [
            {name: _plain(value) for name, value in asdict(row).items() if name != "corrective_cents" or value}
            for row in self.rows
        ]  # without a column of nothing, which came later: what was confirmed before it has its hash still
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Difference:
    """What of one person another census says otherwise; ``field`` empty: the person is in one of them only."""

    employee_id: str
    name: str
    field: str
    before: str
    now: str


def census_of_year(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, year: int, known_at: datetime | None = None
) -> YearCensus:
    """The census of the plan year that begins in ``year``; ``known_at`` asks for what was known then."""
    known = known_at or tx.now
    today = day_of(known)
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today, known_at=known_at)
    plan_year = terms.plan_year_of(terms.plan_year_start.in_year(year))
    if plan_year.start > today:
        fix = "Ask for a plan year that has begun."
        raise Open401kError(
            f"The plan year of {year} begins on {plan_year.start}: nobody has worked in it yet.", fix=fix
        )
    as_of = min(plan_year.last_day, today)
    facts = gather(tx, tenant_id=tenant_id, plan_id=plan_id, as_of=as_of, known_at=known_at, history=False)
    built = _Built(tx, tenant_id, plan_id, facts, known_at)
    rows, missing = built.rows()
    return YearCensus(plan_year, as_of, known, rows, built.counts(), built.mandate(), missing)


def differences(before: YearCensus, now: YearCensus) -> list[Difference]:
    """Field by field, in the order of the people; nothing where both say the same."""
    earlier = {row.employee_id: row for row in before.rows}
    found = []
    for row in now.rows:
        was = earlier.pop(row.employee_id, None)
        if was is None:
            found.append(Difference(row.employee_id, row.name, "", "not in it", "in it"))
            continue
        found += [
            Difference(row.employee_id, row.name, name, _said(getattr(was, name)), _said(value))
            for name, value in asdict(row).items()
            if getattr(was, name) != value
        ]
    return found + [Difference(row.employee_id, row.name, "", "in it", "not in it") for row in earlier.values()]


def _said(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, tuple) else str(_plain(value))


class _Built:
    """One census in the making: the facts of the tests, and the few columns that no test reads."""

    def __init__(
        self, tx: Tx, tenant_id: SponsorId, plan_id: PlanId, facts: PlanFacts, known_at: datetime | None
    ) -> None:
        self._tx, self._tenant_id, self._plan_id, self._facts, self._known_at = tx, tenant_id, plan_id, facts, known_at
        self._ids = IdColumn.of(EmployeeId, facts.employee_ids)
        people = census.roster(tx, tenant_id=tenant_id, known_at=known_at, employee_ids=list(facts.employee_ids))
        known = {person.employee_id: person for person in people}
        self._people = [known[who] for who in facts.employee_ids]

    def rows(self) -> tuple[tuple[CensusRow, ...], str]:
        """Everybody in the order of names, and why something cannot be told (a figure that is not enacted)."""
        facts, missing = self._facts, ""
        pay = self._pay()
        hce, why_hce, key, why_key, missing = self._standing()
        required, wages, why_roth = self._roth_catch_up()
        part_time = self._part_time()
        has_balance, adopted_on = self._has_balance(facts.as_of), facts.provisions.adopted_on
        rows = []
        for i, person in enumerate(self._people):
            spans = facts.employment[i]
            last = spans[-1] if spans else None
            rows.append(
                CensusRow(
                    employee_id=str(person.employee_id),
                    name=facts.labels[i],
                    birth_date=facts.birth_dates[i],
                    hired_on=spans[0].hired_on if spans else None,
                    rehired_on=spans[-1].hired_on if len(spans) > 1 else None,
                    terminated_on=last.terminated_on if last else None,
                    status=_status(person, facts.as_of),
                    employee_class=census.class_on(person, facts.as_of),
                    officer=bool(facts.officer[i]),
                    ownership_bps=int(facts.ownership_bps[i]),
                    family=tuple(f"{relation.value} {who}" for who, relation in person.family),
                    **{name: int(column[i]) for name, column in pay.items()},
                    eligible_on=None if (entry := facts.eligible_on[i]) is None else max(entry, adopted_on),
                    participates=bool(has_balance[i] or facts.eligible[i]),
                    highly_compensated=None if hce is None else bool(hce[i]),
                    why_highly_compensated=why_hce[i],
                    lookback_pay_cents=int(facts.prior_section_415[i]),
                    key_employee=None if key is None else bool(key[i]),
                    why_key=why_key[i],
                    wages_before_cents=int(wages[i]),
                    roth_catch_up=None if required is None else bool(required[i]),
                    why_roth_catch_up=why_roth,
                    part_time=part_time[i][0],
                    part_time_years=part_time[i][1],
                    vesting_years=years_of_service(person.employment, facts.as_of),
                )
            )
        return tuple(sorted(rows, key=lambda row: (row.name.casefold(), row.employee_id))), missing

    def counts(self) -> ParticipantCounts:
        """Who may take part or has an account (29 CFR 2510.3-3(d)); since 2023 accounts decide the size."""
        facts, year = self._facts, self._facts.plan_year
        first = facts.first_plan_year
        before = year.start - timedelta(days=1)
        entered = [self._entered(year.start), self._entered(facts.as_of)]
        held = [self._has_balance(before), self._has_balance(facts.as_of)]
        here = [self._employed(year.start), self._employed(facts.as_of)]
        active = [one & two for one, two in zip(entered, here, strict=True)]
        any_of = [one | two for one, two in zip(active, held, strict=True)]
        which = 1 if first else 0
        counted = law.participant_count.participant_count(
            plan_year=year, first_plan_year=first, participant=any_of[which], has_balance=held[which]
        )
        small_before = None if first else self._filed_as_small(year.previous().start)
        report = report_of(counted.counted, small_before)
        large = report.form is law.participant_count.ReportForm.LARGE
        what = "with account balances" if counted.only_with_balances else "who may take part or have an account"
        why = f"{counted.counted} participants {what} on {counted.on}: {report.form.value} ({counted.cite})."
        why += "" if first else why_as_before(counted.counted, small_before)
        return ParticipantCounts(
            at_start=int(any_of[0].sum()),
            at_end=int(any_of[1].sum()),
            with_balances_at_start=int(held[0].sum()),
            with_balances_at_end=int(held[1].sum()),
            active_at_start=int(active[0].sum()),
            active_at_end=int(active[1].sum()),
            counted=counted.counted,
            counted_on=counted.on,
            large=large,
            why=why,
            filed_as_small_before=small_before,
        )

    def _filed_as_small(self, year_start: date) -> bool | None:
        of: dict[str, Any] = {"tenant_id": self._tenant_id, "plan_id": self._plan_id, "known_at": self._known_at}
        return census.filed_as_small(self._tx, **of, year_start=year_start)

    def mandate(self) -> plan.Mandate:
        """Whether 414A binds the plan in this plan year, by what the sponsor stated of its size."""
        sponsor = plan.sponsor(self._tx, tenant_id=self._tenant_id)
        year = self._facts.plan_year
        return plan.automatic_enrollment(
            adopted_on=self._facts.provisions.adopted_on,
            established_on=sponsor.established_on,
            employees=sponsor.employees.get(year.start.year - 2),
            plan_year_start=year.start,
        )

    def _pay(self) -> dict[str, Cents]:
        facts, until = self._facts, self._facts.as_of + timedelta(days=1)
        totals = census.employer_pay(
            self._tx, tenant_id=self._tenant_id, plan_id=self._plan_id, start=facts.plan_year.start, end=until,
            known_at=self._known_at,
        )  # fmt: skip
        corrected = recordkeeping.corrective_additions(
            self._tx, tenant_id=self._tenant_id, plan_ids=[self._plan_id], year_start=facts.plan_year.start,
            people=self._ids, known_at=self._known_at,
        )  # fmt: skip
        places = self._ids.places_in(totals.employee_id)

        def column(name: str) -> Cents:
            out = np.zeros(len(places), dtype=np.int64)
            out[places >= 0] = getattr(totals, name)[places[places >= 0]]
            return out

        return {
            "hours_hundredths": column("hours_hundredths"),
            "gross_cents": column("gross_cents"),
            "plan_cents": facts.compensation,
            "section_415_cents": facts.section_415,
            "fica_cents": column("fica_cents"),
            "pre_tax_cents": facts.pre_tax,
            "roth_cents": facts.roth,
            "after_tax_cents": facts.after_tax,
            "match_cents": facts.match,
            "nonelective_cents": facts.nonelective,
            "qnec_cents": facts.qnec,
            "corrective_cents": np.zeros_like(facts.qnec) if corrected is None else corrected,
        }

    def _standing(self) -> tuple[Flags | None, Sequence[str], Flags | None, Sequence[str], str]:
        nothing = ("",) * len(self._facts)
        try:
            people = people_of(self._facts)
        except NotEnacted as missing:
            return None, nothing, None, nothing, str(missing)
        why_hce, why_key = people.reasons()
        return people.is_hce, why_hce, None if people.key is None else people.is_key, why_key, people.key_missing

    def _roth_catch_up(self) -> tuple[Flags | None, Cents, str]:
        """Of the calendar year of the census, by wages of the year before from one employer (IRC 414(v)(7))."""
        year = self._facts.calendar_year
        wages = self._facts.fica_prior
        try:
            required = law.deferrals.roth_catch_up_required(wages, year)
        except NotEnacted as missing:
            return None, wages, str(missing)
        return required, wages, f"Catch-up of {year.year} by FICA wages of {year.year - 1} (IRC 414(v)(7)(A))."

    def _part_time(self) -> list[tuple[str, int, str]]:
        facts = self._facts
        return part_time_of(
            self._tx, tenant_id=self._tenant_id, plan_id=self._plan_id, provisions=facts.provisions,
            people=self._people, on=facts.as_of, known_at=self._known_at,
        )  # fmt: skip

    def _entered(self, on: date) -> Flags:
        return np.array([day is not None and day <= on for day in self._facts.eligible_on], dtype=np.bool_)

    def _employed(self, on: date) -> Flags:
        return np.array([census.employed_on(person.employment, on) for person in self._people], dtype=np.bool_)

    def _has_balance(self, on: date) -> Flags:
        found = ledger.balances(
            self._tx, tenant_id=self._tenant_id, plan_id=self._plan_id, as_of=on, known_at=self._known_at
        )
        rows = zip(found.kind, found.employee_id, found.amount, strict=True)
        with_money = {who for kind, who, amount in rows if kind == ledger.Kind.PARTICIPANT and who and amount > 0}
        return np.array([who.uuid in with_money for who in self._facts.employee_ids], dtype=np.bool_)


def report_of(participants: int, small_before: bool | None) -> law.participant_count.AnnualReport:
    """The report by count, or as the year before where that lets the plan stay small (29 CFR 2520.103-1(d)).

    Who filed as large may do so again below 100: nobody is taken to choose that.
    """
    return law.participant_count.annual_report(
        participants=participants,
        filed_as_small_the_year_before=small_before,
        elects_as_the_year_before=small_before is True,
    )


def why_as_before(participants: int, small_before: bool | None) -> str:
    """What the year before changes, or could, between 80 and 120 participants; else nothing."""
    size = law.participant_count
    if not size.KEEP_FROM <= participants <= size.KEEP_UP_TO:
        return ""
    rule = f"With {size.KEEP_FROM} to {size.KEEP_UP_TO} participants it may be filed in the category of the year before"
    cite = "(29 CFR 2520.103-1(d))"
    if small_before is None:
        return f" {rule} {cite}: how that was filed is not on file."
    if small_before:
        return f" {rule}, and that was filed as small {cite}."
    if participants < size.LARGE_FROM:
        return f" {rule}: as large, with an audit, which is a choice and no duty {cite}."
    return f" {rule}, and that was filed as large, too {cite}."


def years_of_service(employment: Sequence[census.Employment], on: date) -> int | None:
    """Whole years since hire, by elapsed time; None where a break in service would have to be judged."""
    if len(employment) != 1:
        return None
    start, end = employment[0].hired_on, min(employment[0].terminated_on or on, on)
    return max(0, end.year - start.year - ((end.month, end.day) < (start.month, start.day)))


def part_time_of(
    tx: Tx,
    *,
    tenant_id: SponsorId,
    plan_id: PlanId,
    provisions: plan.Provisions,
    people: Sequence[census.Employee],
    on: date,
    known_at: datetime | None = None,
) -> list[tuple[str, int, str]]:
    """Of each: long-term part-time status, years with the hours of it, and why (IRC 401(k)(2)(D)(ii), (15)).

    Where the plan asks for no hours, nobody enters by it, and the status is empty.
    """
    terms, year = census.eligibility_terms(provisions), provisions.plan_year_of(on)
    if not terms.hours_in_year:
        return [("", 0, "The plan asks for no hours: nobody enters for long-term part-time work alone.")] * len(people)
    plans = (plan_id, *plan.other_plans(tx, tenant_id=tenant_id, plan_id=plan_id))
    hours = census.hours_of_service(tx, tenant_id, plans, provisions, people, known_at)
    found = []
    for person in people:
        worked = hours.get(person.employee_id, {})
        begun = census.periods_of(person, worked, provisions.plan_year_start, begun_by=on)
        periods = tuple(period for period, end in begun if end <= on + timedelta(days=1))
        union = census.class_on(person, on) == "union"
        told = law.long_term_part_time.long_term_part_time(
            born=person.birth_date, periods=periods, plan_year=year, terms=terms, excluded_class=union
        )
        counted = ", ".join(f"{each.hours:,} h from {each.first_day}" for each in periods) or "no whole year yet"
        found.append((told.status.value, told.years_of_vesting, f"{counted} (IRC 401(k)(2)(D)(ii))."))
    return found


def _status(person: census.Employee, on: date) -> str:
    if not person.employment:
        return "not an employee"
    return "active" if census.employed_on(person.employment, on) else "terminated"


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else list(value) if isinstance(value, tuple) else value
