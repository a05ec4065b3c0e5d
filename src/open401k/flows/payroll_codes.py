"""Pay codes of a payroll that is posted while they are in doubt. Not here: asking about them (payroll_check.py)."""

from datetime import date

from open401k import census, payroll
from open401k.base.db import Tx
from open401k.kernel import SponsorId
from open401k.payroll import runs

from .payroll_check import asked_of
from .payroll_read import Rows


class CodesInDoubt:
    """Looks at rows that have just been recorded, by what was said of codes up to now; asks nothing without codes."""

    def __init__(self, tx: Tx, tenant_id: SponsorId, run: runs.Run, called: payroll.Catalogue, pay_date: date) -> None:
        self._tx, self._tenant_id, self._run, self._called, self._pay_date = tx, tenant_id, run, called, pay_date
        self._watch: payroll.CodeWatch | None = None

    def note(self, rows: Rows) -> None:
        """Note the lines whose money waits for a word about a code."""
        if self._watch is None:
            if not any(row.earnings or row.deductions for row in rows):
                return
            asked = asked_of(self._tx, tenant_id=self._tenant_id, run=self._run, pay_date=self._pay_date)
            codes = payroll.codes_of(self._tx, asked=asked)
            self._watch = payroll.watch_of(codes, self._called)
        doubted = self._watch.look(rows)
        told = [(row, each) for row, codes in doubted.items() for each in codes]
        if told:
            census.doubt_codes(self._tx, tenant_id=self._tenant_id, run_id=self._run.run_id, doubts=told)
