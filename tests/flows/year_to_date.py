"""One plan twice: here since January 1, and elsewhere until June. Files of year-to-date figures from the one."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from tests.flows.bookkeeping import Plan
from tests.support.database import TESTER

from open401k import census, ledger, plan
from open401k.base.db import Database
from open401k.demo.files import Mistakes
from open401k.demo.people import ACME, PAY_DATES, Company, Person
from open401k.demo.setup import takeover_of
from open401k.flows.plan_takeover import Takeover, take_over
from open401k.flows.year_to_date import Brought, bring
from open401k.flows.year_to_date_expected import YearToDate
from open401k.kernel import EmployeeId, FixedClock, Money, Source
from open401k.payroll import Findings
from open401k.recordkeeping import OpeningBalance

#: Enters within the year; gone within it; and saves so much that limits of the law are reached after the takeover.
ENTERS = Person("219-11-1098", "Nora", "Lund", date(1990, 2, 2), date(2025, 5, 12), 5_200_000, 500, 300)
LEAVES = Person(
    "219-11-1097", "Otto", "Maas", date(1971, 7, 9), date(2015, 6, 1), 6_500_000, 600, terminated_on=date(2026, 4, 3)
)
EXTRA = (
    replace(ENTERS, pay_2025_cents=3_300_000),
    replace(LEAVES, pay_2025_cents=6_400_000, balance_2025_cents=3_112_233),
)
COMPANY: Company = replace(ACME, people=(*ACME.people, *EXTRA))
LAST_DAY = date(2026, 6, 30)
TAKEN_OVER = date(2026, 7, 1)

COLUMNS = (
    "ssn", "period_start", "period_end", "plan_compensation", "section_415_compensation", "fica_wages", "hours",
    "pre_tax", "roth", "after_tax", "match", "safe_harbor_match", "nonelective", "prior_year_end_balance",
)  # fmt: skip


def takeover(db: Database, terms: plan.Provisions) -> Takeover:
    """The company with these terms, and the balances of the end of 2025."""
    return replace(takeover_of(COMPANY, db.ids), provisions=terms)


def since_january(db: Database, clock: FixedClock, terms: plan.Provisions) -> Plan:
    """The plan as it is with us all year."""
    wanted = takeover(db, terms)
    take_over(db, actor=TESTER, takeover=wanted)
    return Plan(db, clock, wanted)


def since_july(twin: Plan, terms: plan.Provisions) -> Plan:
    """The same plan, whose accounts come over as they stood on the last day of June."""
    wanted = takeover(twin.db, terms)
    hired = [
        census.NewEmployee(
            each.first_name, each.last_name, each.ssn, each.birth_date, each.hired_on,
            employee_id=twin.db.ids.new(EmployeeId),
        )
        for each in COMPANY.people
        if date(2026, 1, 1) <= each.hired_on < TAKEN_OVER
    ]  # fmt: skip
    wanted = replace(wanted, people=[*wanted.people, *hired])
    who = {each.ssn: each.employee_id for each in wanted.people}
    balances = [
        OpeningBalance(who[_ssn(last4)], source, Money(cents))  # type: ignore[arg-type]
        for (last4, source), cents in accounts(twin, LAST_DAY).items()
    ]
    wanted = replace(wanted, balances=balances, balances_on=LAST_DAY)
    twin.at(TAKEN_OVER)
    take_over(twin.db, actor=TESTER, takeover=wanted)
    there = Plan(twin.db, twin.clock, wanted)
    with there.db.begin(TESTER, tenants=[there.sponsor]) as tx:
        assert LEAVES.terminated_on is not None
        census.record_fact(
            tx, tenant_id=there.sponsor, employee_id=there.employee("1097"), fact=census.Terminated(),
            event_on=LEAVES.terminated_on,
        )  # fmt: skip
    return there


def payroll_file(plan: Plan, period: int, saved: str = "2100.00") -> bytes:
    """Pay of a date, with savers whom the law stops after the takeover, and pay beyond what counts."""
    cells = {
        ("219-11-1001", "Gross Pay"): "29000.00",
        ("219-11-1001", "401k Deferral"): saved,
        ("219-11-1003", "401k Deferral"): saved,
        ("219-11-1098", "Hours"): "130.00",
    }
    return plan.file(period, Mistakes(cells=cells), joined=EXTRA)


def accounts(plan: Plan, on: date) -> dict[tuple[str, Source], int]:
    """What each person's source held at the end of a day."""
    with plan.db.begin(TESTER, tenants=[plan.sponsor]) as tx:
        held = ledger.balances(tx, tenant_id=plan.sponsor, plan_id=plan.plan, as_of=on)
        last4 = {each.employee_id.uuid: each.ssn_last4 for each in census.roster(tx, tenant_id=plan.sponsor)}
    rows = zip(held.kind, held.employee_id, held.source, held.amount, strict=True)
    return {
        (last4[getattr(who, "uuid", who)], Source(str(source))): amount
        for kind, who, source, amount in rows
        if kind == ledger.Kind.PARTICIPANT and who is not None and amount
    }


@dataclass
class HandedOver:
    """Rows of a file; a test may spoil some of them before it is written."""

    rows: list[dict[str, str]]

    def of(self, last4: str, place: int = 0) -> dict[str, str]:
        """A row of a person."""
        return [row for row in self.rows if row["ssn"].endswith(last4)][place]

    def number(self, row: Mapping[str, str]) -> int:
        """As a spreadsheet numbers it."""
        return next(place for place, each in enumerate(self.rows) if each is row) + 2

    def csv(self, columns: Sequence[str] = COLUMNS, *, total: Mapping[str, str] | None = None) -> bytes:
        """The file, with the total of what the rows are now (unless something else is wanted in it)."""
        out = io.StringIO()
        written = csv.DictWriter(out, columns, extrasaction="ignore", restval="")
        written.writeheader()
        written.writerows(self.rows)
        sums: dict[str, str] = {"ssn": "TOTAL"}
        for name in columns[3:]:
            sums[name] = _decimal(sum(_hundredths(row.get(name, "")) for row in self.rows))
        written.writerow(sums | dict(total or {}))
        return out.getvalue().encode()


def handed_over(
    twin: Plan, *, year_start: date, cuts: Mapping[str, Sequence[date]], until: date = LAST_DAY
) -> HandedOver:
    """What a prior recordkeeper would tell on June 30 of the plan that is here: rows cut where counts begin anew."""
    with twin.db.begin(TESTER, tenants=[twin.sponsor]) as tx:
        last4 = {each.employee_id: each.ssn_last4 for each in census.roster(tx, tenant_id=twin.sponsor)}
        where: dict[str, Any] = {"tenant_id": twin.sponsor, "plan_id": twin.plan}
        span: dict[str, Any] = {"start": date(2026, 1, 1), "end": TAKEN_OVER}
        lines = census.current_lines(tx, **where, **span)
        money = ledger.contributions(tx, **where, **span)
    before: dict[str, int] = defaultdict(int)
    for (who, _), cents in accounts(twin, year_start - timedelta(days=1)).items():
        before[who] += cents
    rows = []
    for who in sorted(last4.values()):
        for start, end in _periods(cuts.get(who, ()), until):
            mine = [each for each in lines if last4[each.employee_id] == who and start <= each.pay_date <= end]
            given = [each for each in money if last4[each.employee_id] == who and start <= each.event_on <= end]
            balance = before[who] if start <= max(year_start, date(2026, 1, 1)) <= end else 0
            if mine or balance:
                rows.append(_row(_ssn(who), start, end, mine, given, balance))
    return HandedOver(rows)


def _row(
    ssn: str,
    start: date,
    end: date,
    lines: Sequence[census.PayLine],
    money: Sequence[ledger.Contribution],
    balance: int,
) -> dict[str, str]:
    by_source: dict[str, int] = defaultdict(int)
    for each in money:
        by_source[each.source.value] += each.cents
    return {
        "ssn": ssn,
        "period_start": str(start),
        "period_end": str(end),
        "plan_compensation": _decimal(sum(each.plan_cents for each in lines)),
        "section_415_compensation": _decimal(sum(each.section_415_cents for each in lines)),
        "fica_wages": _decimal(sum(each.fica_cents for each in lines)),
        "hours": _decimal(sum(each.hours_hundredths for each in lines)),
        "prior_year_end_balance": _decimal(balance),
        **{name: _decimal(by_source[name]) for name in COLUMNS[7:13]},
    }


def _periods(cuts: Sequence[date], until: date) -> list[tuple[date, date]]:
    starts = sorted({date(2026, 1, 1), *cuts})
    ends = [day - timedelta(days=1) for day in starts[1:]]
    return list(zip(starts, [*ends, until], strict=True))


def _ssn(last4: str) -> str:
    return next(each.ssn for each in COMPANY.people if each.ssn.endswith(last4))


def _decimal(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _hundredths(text: str) -> int:
    try:
        return Money.usd(text).cents
    except (ValueError, ArithmeticError):
        return 0


def brought(plan: Plan, data: bytes, *, as_of: date = LAST_DAY, name: str = "ytd.csv") -> Brought | Findings:
    """Bring a file of year-to-date figures over."""
    return bring(plan.db, actor=TESTER, told=YearToDate(plan.sponsor, plan.plan, as_of, name, data))


def pay_dates(*periods: int) -> list[date]:
    """The pay dates of these periods."""
    return [PAY_DATES[period] for period in periods]
