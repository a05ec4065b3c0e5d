"""Instructions handed over to a payroll provider, one by one, and what came of it on file at once.

Not here: which there are (write_back.py), how a provider is reached (payroll/providers).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import ConnectionId, EmployeeId, PlanId, SponsorId
from open401k.payroll import write_back, write_back_book, write_back_match
from open401k.payroll.providers import Connector, ProviderError, Receipt, ReceiptState
from open401k.payroll.providers import Instruction as Push
from open401k.payroll.write_back_companies import Where

from .write_back_companies import where_told


@dataclass(slots=True)
class Sent:
    """What one round with a provider came to; ``stopped``: why it did not go on, for every other one would fail too."""

    acknowledged: int = 0
    waiting: int = 0
    refused: int = 0
    stopped: str = ""


def send_due(
    db: Database,
    *,
    actor: Actor,
    tenant_id: SponsorId,
    plan_id: PlanId,
    connector: Connector,
    who: Mapping[EmployeeId, str],
    at: ConnectionId | None = None,
) -> Sent:
    """Hand over what is due, one by one; ``who``: people by their ids at the provider; ``at``: which company it is.

    Where several companies of the plan pay people, each hears of its own; what several have to hear is acknowledged
    when the last of them took it.

    The provider is asked outside of any transaction. Killed after it took an instruction and before that is on file,
    the same key is sent again, which changes nothing there.
    """
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    with db.begin(actor, tenants=[tenant_id]) as tx:
        known = write_back_book.on_file(tx, **of)
        due = write_back.due(known, now=tx.now)
        where = where_told(tx, **of) if at is not None else None
    sent = Sent()
    jobs = {each.instruction_id: each for each in known if each.awaits_job}
    for each in due:
        if _of_others(each, where, at) or write_back.behind(each, jobs.values(), at):
            continue
        trouble: ProviderError | None = None
        reason = where.refuses(each.slot, each.rate) if where else ""
        receipt = Receipt(ReceiptState.REFUSED, reason=reason or "Nobody at the provider is matched to this person.")
        if each.slot.employee_id in who and not reason:
            try:
                receipt = _handed(connector, each, who[each.slot.employee_id])
            except ProviderError as error:
                trouble = error
        with db.begin(actor, tenants=[tenant_id]) as tx:
            _record(tx, _At(tenant_id, plan_id, at, where), each, receipt, trouble, sent)
        if trouble is None and receipt.state is ReceiptState.WAITING:
            jobs[each.instruction_id] = replace(each, state=write_back.State.SENT, job=receipt.job, at=at)
        elif trouble is None:
            jobs.pop(each.instruction_id, None)
        if trouble is not None and trouble.trouble in write_back.ALL_OF_THEM:
            sent.stopped = trouble.message
            break
    return sent


@dataclass(frozen=True, slots=True)
class _At:
    """The company that is told, among those of its plan."""

    tenant_id: SponsorId
    plan_id: PlanId
    company: ConnectionId | None
    where: Where | None

    def left(self, each: write_back.Instruction) -> frozenset[ConnectionId]:
        """Which other companies have to hear of it still, once this one took it."""
        heard = each.taken_by | ({self.company} if self.company else set())
        return frozenset(self.where.of(each.slot, each.rate)) - heard if self.where else frozenset()


def _of_others(each: write_back.Instruction, where: Where | None, at: ConnectionId | None) -> bool:
    """Whether this company has nothing to hear of it: it does not pay the person, or it heard already."""
    waits_elsewhere = bool(each.job) and at is not None and each.at is not None and each.at != at
    if where is None:
        return waits_elsewhere
    wanted = where.of(each.slot, each.rate)
    return (bool(wanted) and at not in wanted) or at in each.taken_by or waits_elsewhere


def _handed(connector: Connector, each: write_back.Instruction, person_id: str) -> Receipt:
    if each.job:
        return connector.acknowledged(Receipt(ReceiptState.WAITING, job=each.job))
    of_match = write_back_match.is_match(each)
    return connector.push(
        Push(
            key=each.key,
            person_id=person_id,
            means=each.slot.means,
            effective_on=each.effective_on,
            employee=None if of_match else each.rate,
            employer=each.rate if of_match else None,
            catch_up=each.catch_up,
            loan_id=each.slot.loan_id,
        )
    )


def _record(
    tx: Tx, at: _At, each: write_back.Instruction, receipt: Receipt, trouble: ProviderError | None, sent: Sent
) -> None:
    heads.lock(tx, tenant_id=at.tenant_id)
    of: dict[str, Any] = {"tenant_id": at.tenant_id, "plan_id": at.plan_id}
    now = {known.instruction_id: known for known in write_back_book.on_file(tx, **of)}[each.instruction_id]
    taken_late = now.state is write_back.State.REPLACED and receipt.state is not ReceiptState.REFUSED
    if now.state is not each.state and not (taken_late and trouble is None):
        return  # another one took its place meanwhile, and will be told after it, and after the job that it became
    attempts = each.attempts + 1
    if trouble is not None:
        answer = write_back.after_trouble(
            trouble.trouble, attempts=attempts, now=tx.now, retry_after=trouble.retry_after, sent=bool(each.job)
        )
    else:
        answer = write_back.after_receipt(receipt.state, attempts=attempts, now=tx.now)
    detail = receipt.reason if trouble is None else trouble.message
    taken = answer.state is write_back.State.ACKNOWLEDGED
    sent.acknowledged += taken
    if taken and at.left(now):
        answer, detail = write_back.Answer(write_back.State.QUEUED), "Taken here; another company is told next."
    how: dict[str, Any] = {"job": receipt.job, "detail": detail, "at": at.company, "taken": taken and bool(at.company)}
    write_back_book.attempted(tx, tenant_id=at.tenant_id, instruction=each, answer=answer, **how)
    sent.refused += answer.state is write_back.State.REFUSED
    sent.waiting += answer.next_try_at is not None
