"""The employer's money for a payroll arrives, or is late. Not here: matching bank statements (bank_statement.py)."""

from collections.abc import Iterable
from datetime import date

from open401k import ledger, payroll, recordkeeping
from open401k.base import audit, heads, messages
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import Money, PlanId, Refused, RunId, SponsorId

LATE = "deposit.late"


def deposit_run(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, run_id: RunId, on: date
) -> ledger.Posted | Refused[ledger.Refusal] | None:
    """Record that all that a run still owes arrived on a day; once for a run. None: nothing is due for it.

    What a bank statement has shown already is not recorded again.
    """
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)
        due = payroll.remittance.owed(tx, tenant_id=tenant_id, plan_id=plan_id)
        cents = sum(each.total_cents for each in due if each.run_id == run_id)
        if cents <= 0:
            return None
        posted = recordkeeping.deposits(tx, tenant_id=tenant_id, plan_id=plan_id)
        came = [each for each in posted if each.reference == str(run_id)]
        standing = [each for each in came if each.taken_back is None]
        missing = cents - sum(each.cents for each in standing)
        if standing and missing <= 0:
            return _already(run_id, standing[-1], on)
        key = _key(run_id, len(came))
        return receive(tx, tenant_id=tenant_id, plan_id=plan_id, run_id=run_id, cents=missing, on=on, key=key)


def receive(
    tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, run_id: RunId, cents: int, on: date, key: str
) -> ledger.Posted | Refused[ledger.Refusal]:
    """Money for a run is in the plan's account: the one way by which it gets into the books. Once for a key."""
    posted = recordkeeping.record_deposit(
        tx, tenant_id=tenant_id, plan_id=plan_id, on=on, amount=Money(cents), key=key, reference=str(run_id)
    )
    if isinstance(posted, ledger.Posted) and not posted.already:
        told = {"cents": cents, "on": on.isoformat()}
        messages.publish(tx, tenant_id=tenant_id, kind="deposit.received", subject=run_id, data=told)
    return posted


def tell_late(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, today: date) -> list[RunId]:
    """Tell once of each payroll whose money should have come before today and has not; returns those told of now.

    Withheld pay is plan assets from when it can be segregated, and kept longer it is a prohibited transaction
    (29 CFR 2510.3-102; IRC 4975): somebody has to hear of it though nobody looks.
    """
    owed = payroll.remittance.owed(tx, tenant_id=tenant_id, plan_id=plan_id)
    if not owed:
        return []
    came = received(recordkeeping.deposits(tx, tenant_id=tenant_id, plan_id=plan_id))
    past = payroll.deposit_clock.shown(owed, came)
    open_ones = [each for each in owed if each.total_cents > came.get(each.run_id, (0, today))[0]]
    clocks = {each.run_id: payroll.deposit_clock.clock(each, past) for each in open_ones}
    late = [each for each in open_ones if clocks[each.run_id].late_after < today]
    if not late:
        return []
    heads.lock(tx, tenant_id=tenant_id)
    told = audit.recorded(tx, tenant_id=tenant_id, action=LATE, subjects=[each.run_id for each in late])
    fresh = [each for each in late if str(each.run_id) not in told]
    for each in fresh:
        missing = each.total_cents - came.get(each.run_id, (0, today))[0]
        said = {"cents": missing, "due_on": clocks[each.run_id].late_after.isoformat()}
        said |= {"outer_limit_on": each.outer_limit_on.isoformat(), "cite": each.cite}
        audit.record(tx, tenant_id=tenant_id, action=LATE, subject=each.run_id, after=said)
        messages.publish(tx, tenant_id=tenant_id, kind="deposit.late", subject=each.run_id, data=said)
    return [each.run_id for each in fresh]


def received(deposits: Iterable[recordkeeping.Deposited]) -> dict[RunId, tuple[int, date]]:
    """Cents and last day of what stands, by run."""
    found: dict[RunId, tuple[int, date]] = {}
    for each in deposits:
        if each.taken_back is None:
            run_id = RunId.parse(each.reference)
            cents, last = found.get(run_id, (0, each.on))
            found[run_id] = (cents + each.cents, max(last, each.on))
    return found


def _already(run_id: RunId, last: recordkeeping.Deposited, on: date) -> ledger.Posted | Refused[ledger.Refusal]:
    if last.on == on:
        return ledger.Posted(last.entry_id, already=True)
    message = f"The money of {run_id} is on file, as of {last.on}."
    return Refused(ledger.Refusal.KEY_REUSED, message, "Repeat the first command unchanged.")


def _key(run_id: RunId, before: int) -> str:
    """Of a deposit recorded by a person: the first of a payroll, or the next after money that was short or returned."""
    return f"deposit/{run_id}/{before + 1}" if before else f"deposit/{run_id}"
