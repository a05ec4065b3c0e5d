"""What payroll withheld beyond an election, or before entry, goes back: by a person's yes, payroll by payroll.

Each pay date's rows are sent once more with less withheld, in place of the posted run, as any corrected file: books,
match and what is to be sent follow from it. What was sent already is over (over_sent.py). Nothing is changed.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from open401k import census, payroll, plan, recordkeeping
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import EmployeeId, Money, PlanId, Refused, RunId, SponsorId, day_of
from open401k.payroll import runs
from open401k.payroll.lowering import by_id, lower_by, lowered
from open401k.recordkeeping import Case, Difference, Mistake

from .payroll_intake import Upload, post_run, say_yes, take_in
from .payroll_keys import content_of
from .payroll_read import read_run

_UNELECTED = "26 CFR 1.401(k)-1(a)(3)(iii)"


class GiveBackRefusal(StrEnum):
    """Why nothing went back."""

    NO_SUCH_CASE = "no_such_case"
    NOT_TAKEN = "not_taken"


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Pay dates whose corrected payroll is in the books, with what they have less; and the runs that wait."""

    cents: int
    pay_dates: tuple[date, ...]
    waits: tuple[RunId, ...]


def give_back(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId, first: date
) -> GivenBack | Refused[Any]:
    """Every pay date of one person's case that begins on ``first``. Stopped on the way, the same again goes on."""
    with db.begin(actor, tenants=[tenant_id]) as tx:
        case = _case(tx, tenant_id, plan_id, employee_id, first)
    if case is None:
        fix = "See Elections for what payroll withheld otherwise than elected."
        return Refused(GiveBackRefusal.NO_SUCH_CASE, "Nothing more than was elected is withheld there now.", fix)
    cents, done, waits = 0, list[date](), list[RunId]()
    for each in case.differences:
        with db.begin(actor, tenants=[tenant_id]) as tx:
            sent = list(_uploads(tx, tenant_id, plan_id, each))
        for upload, less in sent:
            taken = _posted(db, actor, upload)
            if isinstance(taken, Refused):
                return taken
            if taken.status == runs.Status.POSTED:
                cents += less
                done.append(each.pay_date)
            else:
                waits.append(taken.run_id)
    return GivenBack(cents, tuple(done), tuple(waits))


def _case(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, employee_id: EmployeeId, first: date) -> Case | None:
    today = day_of(tx.now)
    terms = plan.provisions_on(tx, tenant_id=tenant_id, plan_id=plan_id, on=today)
    year = terms.plan_year_of(min(first, today))
    scope = recordkeeping.Scope(tenant_id, plan_id, year.previous().start, terms.plan_year_of(today).end)
    withheld = recordkeeping.withheld_otherwise(tx, scope=scope)
    found = recordkeeping.cases_of(withheld, provisions=terms, today=today)
    over = (Mistake.OVER, Mistake.BEFORE_ENTRY)
    mine = (each for each in found if each.employee_id == employee_id and each.mistake in over)
    return next((each for each in mine if each.first <= first <= each.last), None)


def _uploads(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, each: Difference) -> Iterator[tuple[Upload, int]]:
    """The payrolls of the pay date in which the person was paid, as they should have been, and what each has less."""
    less = lower_by(each.expected, each.withheld)
    end = each.pay_date + timedelta(days=1)
    known = {run.run_id: run for run in runs.history(tx, tenant_id=tenant_id, plan_id=plan_id)}
    lines = census.current_lines(tx, tenant_id=tenant_id, plan_id=plan_id, start=each.pay_date, end=end)
    for run_id in dict.fromkeys(line.run_id for line in lines if line.employee_id == each.employee_id):
        before = sum(less.values())
        if not before:
            return
        run, who = known[run_id], {line.line_no: line.employee_id for line in lines if line.run_id == run_id}
        reading = read_run(tx, tenant_id=tenant_id, run=run)
        rows = [row for chunk in reading.chunks for row in chunk]
        mine = {row for row, employee_id in who.items() if employee_id == each.employee_id}
        changed, less = lowered(by_id(rows, who), mine, less)
        taken = before - sum(less.values())
        if taken:
            days: dict[str, Any] = {"pay_date": each.pay_date}
            days |= {"period_start": run.period_start, "period_end": run.period_end}
            body = payroll.as_json(changed, **days, codes=reading.called.codes())
            said = payroll.Said({payroll.ROWS: len(changed)})
            why = f"{Money(taken)} more than elected of {each.pay_date} goes back ({_UNELECTED}); run {run_id}."
            name = f"given back {each.pay_date}.json"
            yield (
                Upload(
                    tenant_id, plan_id, name, content_of(body), payroll.API_PROVIDER, each.pay_date, run_id, why, said
                ),
                taken,
            )


def _posted(db: Database, actor: Actor, upload: Upload) -> runs.Run | Refused[Any]:
    """Taken in and posted; what was confirmed of the run before is confirmed of this one, and nothing else."""
    of: dict[str, Any] = {"actor": actor, "tenant_id": upload.tenant_id}
    taken = take_in(db, actor=actor, upload=upload)
    if isinstance(taken, Refused):
        return taken
    run_id = taken.run.run_id
    if taken.run.status == runs.Status.NEEDS_CONFIRMATION and upload.replaces is not None:
        with db.begin(actor, tenants=[upload.tenant_id]) as tx:
            found, known = (
                _asked(runs.findings_of_run(tx, tenant_id=upload.tenant_id, run_id=each))
                for each in (run_id, upload.replaces)
            )
        if found <= known:
            say_yes(db, **of, run_id=run_id)
    post_run(db, **of, run_id=run_id)
    with db.begin(actor, tenants=[upload.tenant_id]) as tx:
        return runs.get(tx, tenant_id=upload.tenant_id, run_id=run_id)


def _asked(found: Sequence[payroll.Finding]) -> Counter[payroll.Code]:
    return Counter(each.code for each in found if each.confirm)
