"""The books settled to what a payroll recorded, and what is raised when they refuse. Not here: recording it."""

from dataclasses import replace
from datetime import date
from typing import Any

from open401k import payroll, recordkeeping
from open401k.base.db import Tx
from open401k.kernel import Refused, SponsorId
from open401k.payroll import runs

from .payroll_record import Recorded


class PostingRefused(Exception):  # noqa: N818 (a refusal that has to undo the transaction it happens in)
    """The ledger refused a part of a payroll: the whole transaction is undone, and a person decides."""

    def __init__(self, refused: Refused[Any]) -> None:
        super().__init__(refused.message)
        self.refused = refused

    @property
    def finding(self) -> payroll.Finding:
        """What a payroll is told that cannot be posted for now."""
        reason = f"The books cannot take what follows from this payroll: {self.refused.message}"
        fix = f"{self.refused.fix} Then send the same file again.".strip()
        return payroll.Finding(payroll.Severity.REJECT, payroll.Code.LEDGER_REFUSED, reason, fix)


def settle_recorded(tx: Tx, *, tenant_id: SponsorId, run: runs.Run, recorded: Recorded) -> recordkeeping.Settled:
    """The pay date and what follows from it; the whole past of people of whom the file told what changes it.

    Other plans of the sponsor are settled along with it, and what is owed for them is not owed for this run.
    """
    scope = recordkeeping.Scope(tenant_id, run.plan_id, recorded.since, date.max, recorded.employees)
    key = f"payroll/{run.run_id}"
    cause = recordkeeping.Cause(key, str(run.run_id), run.replaces is not None, recorded.origin, recorded.pay_date)
    wanted = [(scope, cause)]
    if recorded.changed:
        origin = f"The payroll of {recorded.pay_date} told a termination or another birth date."
        past = replace(scope, since=date.min, employees=recorded.changed)
        told = recordkeeping.Cause(f"{key}/told", str(run.run_id), correction=True, origin=origin)
        wanted.append((past, told))
    total = recordkeeping.Settled()
    for part, because in wanted:
        total = total + _settled(tx, part, because)
    return total


def use_forfeitures(tx: Tx, *, tenant_id: SponsorId, run: runs.Run, employer_cents: int) -> int:
    """What of the employer's part the plan's forfeitures pay; nothing where the plan, or nobody, lets them."""
    used = recordkeeping.use_for_payroll(
        tx, tenant_id=tenant_id, plan_id=run.plan_id, run_id=run.run_id, employer_cents=employer_cents
    )
    if isinstance(used, Refused):
        raise PostingRefused(used)
    return used


def _settled(tx: Tx, scope: recordkeeping.Scope, cause: recordkeeping.Cause) -> recordkeeping.Settled:
    settled = recordkeeping.settle(tx, scope=scope, cause=cause)
    if isinstance(settled, Refused):
        raise PostingRefused(settled)
    return settled
