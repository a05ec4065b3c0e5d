"""Reading one run: stored bytes to rows, in chunks that nobody else holds. Not here: checking them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from open401k import payroll
from open401k.base.db import Tx
from open401k.kernel import SponsorId
from open401k.payroll import runs

Rows = list[payroll.PayrollRow]

CHUNKS_AT_ONCE = 5  # of the readers': few enough that memory stays flat however long a file is


@dataclass(slots=True)
class Reading:
    """A run opened for reading: its settled mapping, if any, and its rows in chunks."""

    run: runs.Run
    mapping: payroll.Mapping | None
    findings: payroll.Findings
    chunks: Iterator[Rows]
    readable: bool
    proposal: payroll.MappingProposal | None = None
    period: tuple[date | None, date | None] = (None, None)  # of a payroll without rows


def _large(chunks: Iterator[Rows]) -> Iterator[Rows]:
    """Chunks of the readers put together: what is asked of the database once a chunk is asked seldom."""
    rows: Rows = []
    for number, chunk in enumerate(chunks, start=1):
        rows += chunk
        if rows and number % CHUNKS_AT_ONCE == 0:
            yield rows
            rows = []
    if rows:
        yield rows


def read_run(tx: Tx, *, tenant_id: SponsorId, run: runs.Run, data: bytes | None = None) -> Reading:
    """Open the stored bytes of a run; the same bytes are read the same way every time.

    ``data`` are these bytes where they have just been stored, so that a long file is held once.
    """
    if data is None:
        data = payroll.files.content(tx, tenant_id=tenant_id, file_id=run.file_id)
    findings = payroll.Findings()
    if run.provider == payroll.API_PROVIDER:
        body, nothing = json.loads(data), run.said.no_contributions
        period = payroll.period_of(body) if nothing else (None, None)
        rows = payroll.read_json(body, findings, no_contributions=nothing)
        return Reading(run, None, findings, _large(rows), readable=True, period=period)
    opened = payroll.reopen(tx, tenant_id=tenant_id, run=run, data=data)
    readable = opened.mapping is not None
    return Reading(run, opened.mapping, opened.findings, _large(opened.chunks()), readable, opened.proposal)


def payday_of(reading: Reading) -> tuple[date | None, Iterator[Rows]]:
    """The pay date of the first row, and all the rows: they are held by nobody else."""
    read = [first] if (first := next(reading.chunks, [])) else []
    return (first[0].pay_date if first else None), _with(read, reading.chunks)


def _with(read: list[Rows], chunks: Iterator[Rows]) -> Iterator[Rows]:
    while read:
        yield read.pop()
    yield from chunks
