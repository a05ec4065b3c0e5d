"""Who is expected in a payroll and has no row in it. Not here: whose rows those are (payroll/absent.py)."""

from collections.abc import Iterator

from open401k import census, payroll
from open401k.base.db import Tx
from open401k.payroll import runs


def without_row(tx: Tx, asked: payroll.Asked, run: runs.Run, watch: payroll.RowsWatch) -> Iterator[payroll.Finding]:
    """A note about each; nothing more is read where everybody of the payroll before has a row.

    Not of a file that is rejected: who is missing may be the one of whom a row tells another number.
    """
    missing = watch.absent()
    if missing is None:
        return
    before, who = missing
    together = census.paid_together(
        tx, tenant_id=asked.tenant_id, plan_id=asked.plan_id, on=before, absent=who, replaced=run.replaces
    )
    told = {each for payroll_before in together for each in payroll_before.absent}
    some = [each for each in who if each in told][: payroll.MOST_LISTED]
    known = census.roster(tx, tenant_id=asked.tenant_id, employee_ids=some)
    yield from payroll.not_paid(together, known, before=before, on=asked.pay_date)
