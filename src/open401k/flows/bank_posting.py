"""What lines of a statement are held against, and posting what a line is. Not here: the story (bank_statement.py)."""

from dataclasses import dataclass, replace

from open401k import custody, ledger, payroll, recordkeeping
from open401k.base.db import Tx
from open401k.custody.matching import Expected, Part, Recorded
from open401k.custody.statements import Kind, Line
from open401k.kernel import EntryId, Money, Open401kError, PlanId, Refused, RunId, SponsorId

from .deposit import receive


@dataclass(frozen=True, slots=True)
class Standing:
    """What is expected, and what stands in the books."""

    expected: list[Expected]
    standing: list[Recorded]
    taken_back: list[Recorded]
    files: dict[str, list[RunId]]


def read_books(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId) -> Standing:
    """What lines are held against: payrolls by pay date, deposits, debits under way."""
    dues = payroll.remittance.owed(tx, tenant_id=tenant_id, plan_id=plan_id)
    deposits = recordkeeping.deposits(tx, tenant_id=tenant_id, plan_id=plan_id)
    seen: dict[EntryId | None, int] = {}
    for found in custody.statements.findings(tx, tenant_id=tenant_id, plan_id=plan_id):
        seen[found.entry_id] = seen.get(found.entry_id, 0) + found.cents
    paid_before = {each.entry_id for each in deposits if each.applied}
    standing = [_recorded(each, each.entry_id) for each in deposits if each.taken_back is None]
    undone = [_recorded(each, each.taken_back) for each in deposits if each.taken_back and each.taken_back not in seen]
    files: dict[str, list[RunId]] = {}
    by_file: dict[custody.AchFileId, list[custody.ach.Debit]] = {}
    for debit in custody.ach.debits(tx, tenant_id=tenant_id, plan_id=plan_id):
        if debit.under_way:
            by_file.setdefault(debit.ach_file_id, []).append(debit)
    for debits in by_file.values():
        files[str(sum(each.cents for each in debits))] = [each.run_id for each in debits]
    expected = []
    for due in sorted(dues, key=lambda each: (each.pay_date, str(each.run_id))):
        mine = [each for each in standing if each.run_id == due.run_id]
        missing = due.total_cents - sum(each.cents for each in mine)
        left = [replace(each, cents=each.cents - seen.get(each.entry_id, 0)) for each in mine]
        unseen = [each for each in left if each.cents > 0 and each.entry_id not in paid_before]
        reference = custody.ach.reference(due.run_id)
        expected.append(Expected(due.run_id, due.pay_date, reference, max(0, missing), unseen))
    return Standing(expected, standing, undone, files)


def still_owed(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, run_id: RunId) -> int:
    """What a payroll owes by now, in cents."""
    expected = read_books(tx, tenant_id=tenant_id, plan_id=plan_id).expected
    return next((each.outstanding_cents for each in expected if each.run_id == run_id), 0)


def post_part(tx: Tx, *, tenant_id: SponsorId, plan_id: PlanId, line: Line, part: Part, number: int) -> None:
    """Post what a part of a line is, and remember it, in one transaction."""
    entry_id, on, key = part.entry_id, line.line.booked_on, f"deposit/{line.name}/{number}"
    if part.kind is Kind.DEPOSIT and part.run_id is not None:
        entry_id = posted(
            receive(tx, tenant_id=tenant_id, plan_id=plan_id, run_id=part.run_id, cents=part.cents, on=on, key=key)
        )
    elif part.kind is Kind.EMPLOYER_MONEY:
        amount, name = Money(part.cents), line.name
        entry_id = posted(
            recordkeeping.record_employer_money(
                tx, tenant_id=tenant_id, plan_id=plan_id, on=on, amount=amount, key=key, reference=name
            )
        )
    elif part.kind is Kind.RETURNED and part.entry_id is not None:
        entry_id = posted(
            recordkeeping.take_back(tx, tenant_id=tenant_id, entry_id=part.entry_id, on=on, reason="deposit_returned")
        )
        _mark_debit(tx, tenant_id, plan_id, part, line)
    custody.statements.note(
        tx,
        tenant_id=tenant_id,
        plan_id=plan_id,
        line=line,
        kind=part.kind,
        cents=part.cents,
        rule=part.rule,
        run_id=part.run_id,
        entry_id=entry_id,
    )


def posted(done: ledger.Posted | Refused[ledger.Refusal]) -> EntryId:
    """The entry; a refusal undoes the whole step and is told."""
    if isinstance(done, Refused):
        raise Open401kError(done.message, fix=done.fix)
    return done.entry_id


def _mark_debit(tx: Tx, tenant_id: SponsorId, plan_id: PlanId, part: Part, line: Line) -> None:
    for debit in custody.ach.debits(tx, tenant_id=tenant_id, plan_id=plan_id):
        if debit.run_id == part.run_id and debit.under_way and debit.cents == -part.cents:
            code = line.line.return_code or "returned"
            custody.ach.came_back(
                tx, tenant_id=tenant_id, plan_id=plan_id, debit=debit, code=code[:10], on=line.line.booked_on
            )
            return


def _recorded(each: recordkeeping.Deposited, entry_id: EntryId) -> Recorded:
    on = each.taken_back_on or each.on
    return Recorded(entry_id, RunId.parse(each.reference), on, each.cents)
