"""Instructions handed over to a payroll provider, one by one, and what came of it on file at once.

Not here: which there are (write_back.py), how a provider is reached (payroll/providers).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from open401k.base import heads
from open401k.base.db import Actor, Database, Tx
from open401k.kernel import EmployeeId, PlanId, SponsorId
from open401k.payroll import write_back, write_back_book, write_back_match
from open401k.payroll.providers import Connector, ProviderError, Receipt, ReceiptState
from open401k.payroll.providers import Instruction as Push


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
) -> Sent:
    """Hand over what is due, one by one; ``who``: people by their ids at the provider.

    The provider is asked outside of any transaction. Killed after it took an instruction and before that is on file,
    the same key is sent again, which changes nothing there.
    """
    of: dict[str, Any] = {"tenant_id": tenant_id, "plan_id": plan_id}
    with db.begin(actor, tenants=[tenant_id]) as tx:
        due = write_back.due(write_back_book.on_file(tx, **of), now=tx.now)
    sent = Sent()
    for each in due:
        trouble: ProviderError | None = None
        receipt = Receipt(ReceiptState.REFUSED, reason="Nobody at the provider is matched to this person.")
        if each.slot.employee_id in who:
            try:
                receipt = _handed(connector, each, who[each.slot.employee_id])
            except ProviderError as error:
                trouble = error
        with db.begin(actor, tenants=[tenant_id]) as tx:
            _record(tx, tenant_id, plan_id, each, receipt, trouble, sent)
        if trouble is not None and trouble.trouble in write_back.ALL_OF_THEM:
            sent.stopped = trouble.message
            break
    return sent


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
    tx: Tx,
    tenant_id: SponsorId,
    plan_id: PlanId,
    each: write_back.Instruction,
    receipt: Receipt,
    trouble: ProviderError | None,
    sent: Sent,
) -> None:
    heads.lock(tx, tenant_id=tenant_id)
    now = {known.instruction_id: known for known in write_back_book.on_file(tx, tenant_id=tenant_id, plan_id=plan_id)}
    if now[each.instruction_id].state is not each.state:
        return  # another one took its place meanwhile, and will be told after it
    attempts = each.attempts + 1
    if trouble is not None:
        answer = write_back.after_trouble(
            trouble.trouble, attempts=attempts, now=tx.now, retry_after=trouble.retry_after, sent=bool(each.job)
        )
    else:
        answer = write_back.after_receipt(receipt.state, attempts=attempts, now=tx.now)
    detail = receipt.reason if trouble is None else trouble.message
    write_back_book.attempted(tx, tenant_id=tenant_id, instruction=each, answer=answer, job=receipt.job, detail=detail)
    sent.acknowledged += answer.state is write_back.State.ACKNOWLEDGED
    sent.refused += answer.state is write_back.State.REFUSED
    sent.waiting += answer.next_try_at is not None
