"""A file of debits for what is due, and what the bank sends back of it. Not here: statements (bank_statement.py)."""

from dataclasses import dataclass
from datetime import date

from open401k import custody, payroll, recordkeeping, wire
from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.custody import AchFileId
from open401k.custody.accounts import Purpose
from open401k.custody.ach import Debit, Wanted
from open401k.custody.retries import Again, again
from open401k.kernel import Open401kError, PlanId, RunId, SponsorId, day_of
from open401k.law import deadlines
from open401k.wire import Unreadable, nacha

from .bank_posting import posted
from .deposit import received


@dataclass(frozen=True, slots=True)
class Answered:
    """What a file from the bank told: debits that came back, changes it asks for, and what was not taken (not ours)."""

    returned: tuple[RunId, ...]
    changes: int
    unknown: tuple[str, ...]


def make_file(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    key: str,
    effective_on: date | None = None,
    same_day: bool = False,
) -> AchFileId | None:
    """Make a file of everything that is due and not under way; None: there is nothing. Once for a key.

    Without a day it takes effect on the next business day; a same-day file today.
    """
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)
        key = f"{plan_id}/{key}"[:255]
        known = custody.ach.made_under(tx, tenant_id=tenant_id, key=key)
        if known is not None:
            return known
        today = day_of(tx.now)
        wanted, refused = to_debit(tx, tenant_id=tenant_id, plan_id=plan_id)
        if not wanted and refused:
            raise Open401kError("What is due was debited and came back.", fix=refused[0].words)
        if not wanted:
            return None
        day = today if same_day else effective_on or deadlines.business_day_after(today, 1)
        if day < today or not deadlines.is_business_day(day):
            raise Open401kError(f"{day} is not a business day to come.", fix="Choose a day on which banks settle.")
        return custody.ach.make(
            tx, tenant_id=tenant_id, plan_id=plan_id, wanted=wanted, effective_on=day, same_day=same_day, key=key
        )


def to_debit(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> tuple[list[Wanted], list[Again]]:
    """What each payroll still owes, without what a debit is under way for, by pay date; and what may not be debited."""
    came = received(recordkeeping.deposits(tx, tenant_id=tenant_id, plan_id=plan_id))
    debits = custody.ach.debits(tx, tenant_id=tenant_id, plan_id=plan_id)
    under_way = {each.run_id for each in debits if each.under_way}
    dues = payroll.remittance.owed(tx, tenant_id=tenant_id, plan_id=plan_id)
    missing = [(due.run_id, due.total_cents - came.get(due.run_id, (0, None))[0]) for due in dues]
    account = custody.accounts.on_file(tx, tenant_id=tenant_id, plan_id=plan_id).get(Purpose.EMPLOYER)
    wanted, refused = [], []
    for run_id, cents in missing:
        if cents > 0 and run_id not in under_way:
            mine = [each for each in debits if each.run_id == run_id]
            name = None if account is None else account.bank_account_id
            after = again(mine, account=name, cents=cents, on=day_of(tx.now))
            if after.allowed:
                wanted.append(Wanted(run_id, cents, after.retry))
            else:
                refused.append(after)
    return wanted, refused


def take_answer(
    db: Database, *, actor: Actor, tenant_id: SponsorId, plan_id: PlanId, data: bytes, fragment: bool = False
) -> Answered | Unreadable:
    """Read a file of returns and notices of change; the same file again changes nothing.

    A debit that came back undoes its deposit, if that was in the books, and the payroll is due again by its first
    clock. A notice of change is a proposal: a person decides. What banks tell each other about a return (R61 to R77)
    changes nothing: who has the money in the end is theirs to say.
    """
    file = nacha.read(data, fragment=fragment)
    if isinstance(file, wire.Unreadable):
        return file
    with db.begin(actor, tenants=[tenant_id]) as tx:
        heads.lock(tx, tenant_id=tenant_id)
        debits = {each.trace: each for each in custody.ach.debits(tx, tenant_id=tenant_id, plan_id=plan_id)}
        returned, unknown, changes = [], [], 0
        for back in nacha.returns(file):
            debit = debits.get(back.trace)
            mine = debit is not None and debit.cents == back.cents and _names(back, debit)
            if debit is None or not mine or back.code in nacha.ABOUT_RETURNS:
                about = f" ({back.meaning}): ask the bank where the money is" if mine else ""
                unknown.append(f"record {back.record}: {back.code}, trace {back.trace}{about}")
                continue
            _came_back(tx, tenant_id=tenant_id, plan_id=plan_id, debit=debit, code=back.code)
            returned.append(debit.run_id)
        for change in nacha.changes(file):
            if change.trace not in debits or not _names(change, debits[change.trace]):
                unknown.append(f"record {change.record}: {change.code}, trace {change.trace}")
                continue
            asked = custody.accounts.propose(tx, tenant_id=tenant_id, plan_id=plan_id, change=change)
            changes += asked is not None
        return Answered(tuple(returned), changes, tuple(unknown))


def _names(told: nacha.Return | nacha.Change, debit: Debit) -> bool:
    """Whether an answer is to this debit: companies of one bank number their traces alike, and amounts may be equal.

    Its identification comes back as it was sent (Nacha Operating Rules, Appendix Four); a blank one denies nothing.
    """
    return told.individual_id in ("", custody.ach.reference(debit.run_id))


def _came_back(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, debit: Debit, code: str) -> None:
    today = day_of(tx.now)
    if not custody.ach.came_back(tx, tenant_id=tenant_id, plan_id=plan_id, debit=debit, code=code, on=today):
        return
    for each in reversed(recordkeeping.deposits(tx, tenant_id=tenant_id, plan_id=plan_id)):
        # Money that came before the debit took effect is not the debit's.
        mine = each.reference == str(debit.run_id) and each.cents == debit.cents and each.on >= debit.effective_on
        if mine and each.taken_back is None:
            reason = "deposit_returned"
            posted(recordkeeping.take_back(tx, tenant_id=tenant_id, entry_id=each.entry_id, on=today, reason=reason))
            return
