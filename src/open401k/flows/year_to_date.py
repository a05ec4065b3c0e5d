"""The year before a plan came here: one file of year-to-date figures becomes facts, whole or not at all.

Not here: the balances (plan_takeover.py), which hold the money of those payrolls; nothing is posted for them.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from open401k import census, payroll, plan
from open401k.base import audit, heads
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import EmployeeId, FlowId, Money, Open401kError, Source, day_of, named_uuid

from .correction import Correction, OnFile, begin, correct
from .year_to_date_expected import YearToDate, expected_of, own_boundaries


@dataclass(frozen=True, slots=True)
class Brought:
    """What is now on file; ``already``: the file said nothing that was not."""

    already: bool
    as_of: date
    rows: int
    people: int
    plan_compensation: Money
    employee: Money
    employer: Money
    balances_before: Money
    entries: int  # of corrections to payrolls that were posted here


class _Rejected(Exception):  # noqa: N818 (undoes the transaction that recorded what could be read)
    def __init__(self, findings: payroll.Findings) -> None:
        super().__init__("rejected")
        self.findings = findings


def bring(db: Database, *, actor: Actor, told: YearToDate) -> Brought | payroll.Findings:
    """Record the figures, settle what was posted here to them, test again; or every finding, and nothing is recorded.

    The same figures again change nothing, and carry on where the first time was stopped.
    """
    try:
        with db.begin(actor, tenants=[told.tenant_id]) as tx:
            facts, changed, state = _record(tx, told)
            wanted = _correction(told, state)
            if changed:  # what follows in the books is never left for later
                begin(tx, correction=wanted)
    except _Rejected as rejected:
        return rejected.findings
    done = correct(db, actor=actor, correction=wanted)
    return Brought(
        already=not changed,
        as_of=told.as_of,
        rows=len(facts),
        people=len({each.employee_id for each in facts}),
        plan_compensation=Money(sum(each.plan_cents for each in facts)),
        employee=Money(sum(each.pre_tax_cents + each.roth_cents + each.after_tax_cents for each in facts)),
        employer=Money(sum(cents for each in facts for _, cents in each.employer)),
        balances_before=Money(sum(each.balance_before_cents for each in facts)),
        entries=len(done["settle"]["entries"]),
    )


def _correction(told: YearToDate, state: list[str]) -> Correction:
    """One correction for each state of what is on file."""
    flow_id = FlowId(named_uuid("year_to_date", str(told.plan_id), *state))
    origin = f"Year-to-date figures of the payrolls before the plan came here, as of {told.as_of}."
    return Correction(told.tenant_id, told.plan_id, flow_id, OnFile(origin))


def _terms(tx: Tx, told: YearToDate) -> plan.Provisions:
    """The terms of the day; a new plan has none on the days before it, whose pay is told as of its first one."""
    of: dict[str, Any] = {"tenant_id": told.tenant_id, "plan_id": told.plan_id}
    spans = plan.provisions_between(tx, **of, start=date.min, end=date.max)
    if spans and told.as_of < spans[0].start:
        fix = f"Give {spans[0].start} as the day of the figures; their periods may end before it."
        raise Open401kError(f"The plan takes effect on {spans[0].start}, after {told.as_of}.", fix=fix)
    return plan.provisions_on(tx, **of, on=told.as_of)


def _record(tx: Tx, told: YearToDate) -> tuple[list[census.BroughtPay], bool, list[str]]:
    """The facts, whether any is new, and what names the state of all of them."""
    of: dict[str, Any] = {"tenant_id": told.tenant_id, "plan_id": told.plan_id}
    heads.lock(tx, tenant_id=told.tenant_id)  # no payroll is recorded between looking for one and recording
    file = payroll.read_year_to_date(told.content, file_name=told.name)
    terms = _terms(tx, told)
    who = census.find_by_ssn(tx, tenant_id=told.tenant_id, ssns=[row.ssn for row in file.rows])
    if told.as_of > day_of(tx.now):
        reason = f"{told.as_of} is still to come: nobody knows the figures of that day."
        fix = "Give the day of the last payroll before the takeover."
        outside = payroll.Code.PERIOD_OUTSIDE
        file.findings.add(payroll.Finding(payroll.Severity.REJECT, outside, reason, fix, column="as_of"))
    payroll.check_year_to_date(file, expected_of(tx, told, terms, frozenset(who)))
    sound = [row for row in file.rows if row.row not in file.wrong]
    facts = [_fact(row, who[row.ssn]) for row in sound]
    # Recorded even where something else is wrong, and undone: entry may follow from the hours of the file itself.
    changed = bool(census.record_brought(tx, **of, facts=facts))
    own = own_boundaries(tx, told, terms, {who[row.ssn] for row in sound})
    for row in sound:
        for reason, fix in payroll.straddled(row, own[who[row.ssn]]):
            file.at(row, "period_end", payroll.Code.PERIOD_STRADDLES, reason, fix)
    if file.findings.rejected:
        raise _Rejected(file.findings)
    file_id = payroll.files.keep(tx, **of, name=told.name, data=told.content)
    if changed:
        after = {"file": str(file_id), "as_of": told.as_of.isoformat(), "rows": len(sound)}
        audit.record(
            tx, tenant_id=told.tenant_id, action="plan.year_to_date_brought", subject=told.plan_id, after=after
        )
    return facts, changed, [str(each.run_id) for each in census.brought_periods(tx, **of)]


def _fact(row: payroll.YearToDateRow, who: EmployeeId) -> census.BroughtPay:
    amounts = row.amounts
    return census.BroughtPay(
        start=row.start,
        end=row.end,
        employee_id=who,
        plan_cents=amounts["plan_compensation"],
        section_415_cents=amounts["section_415_compensation"],
        fica_cents=amounts["fica_wages"],
        hours_hundredths=amounts["hours"],
        pre_tax_cents=amounts[Source.PRE_TAX],
        roth_cents=amounts[Source.ROTH],
        after_tax_cents=amounts[Source.AFTER_TAX],
        employer=tuple((each, amounts[each]) for each in census.EMPLOYER_SOURCES if amounts[each]),
        balance_before_cents=amounts["prior_year_end_balance"],
    )
