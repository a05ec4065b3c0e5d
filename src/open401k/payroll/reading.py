"""An upload from bytes to chunks of rows: open, recognise the layout, read. Not here: checks, storing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from .columns import findings_of, propose, settled_by, written_otherwise
from .findings import Code, Finding, Findings, Severity
from .formats import LAYOUTS, PARTIAL, Layout, RowReader
from .mapping import Mapping, MappingProposal, fingerprint
from .rows import PayrollRow
from .tables import Cells, Table, open_table

#: Rows from which it is told what a column is and how its cells are written, and those of them that may be shown.
LOOKED_AT, SAMPLED = 2_000, 50


@dataclass(slots=True)
class Opened:
    """An upload as far as it could be opened. Read :meth:`chunks` to the end, then ``findings`` are complete."""

    proposal: MappingProposal | None  # None: the bytes are no table
    mapping: Mapping | None  # None: nothing is read before a person settles the proposal
    findings: Findings
    kind: str = ""
    rows_read: int = 0
    no_contributions: bool = False
    _table: Table | None = None
    _head: list[Cells] = field(default_factory=list)
    _told: int = 0  # how many of the table's findings are in ours

    def chunks(self) -> Iterator[list[PayrollRow]]:
        """Rows in order; empty when the mapping is not settled."""
        if self.mapping is None or self._table is None:
            return
        reader = RowReader(self.mapping, typed_dates=self._table.kind == "xlsx")
        reader.findings = self.findings
        yield from reader.chunks(chain(self._head, self._table.rows))
        self.rows_read = reader.rows_read
        self.findings.extend(self._table.findings[self._told :])
        if not self.rows_read and not self.no_contributions and not self.findings.rejected:
            self.findings.add(
                Finding(
                    Severity.REJECT,
                    Code.FILE_NO_ROWS,
                    "The file has headings and no rows.",
                    'Export it again; if nothing is contributed, say "no contributions this period" with the pay date.',
                )
            )


def open_upload(
    data: bytes,
    *,
    file_name: str = "",
    provider: str = "",
    remembered: Sequence[Mapping] = (),
    encoding: str | None = None,
    delimiter: str | None = None,
    no_contributions: bool = False,
) -> Opened:
    """Open an upload. A known layout or a remembered fingerprint is settled; anything else is a proposal to confirm.

    ``no_contributions`` says expressly that a file without rows is meant.
    """
    findings = Findings()
    table = open_table(data, file_name=file_name, encoding=encoding, delimiter=delimiter)
    if isinstance(table, list):
        findings.extend(table)
        return Opened(None, None, findings)
    told = len(table.findings)
    findings.extend(table.findings)
    head = list(islice(table.rows, LOOKED_AT))
    samples = [cells for _, _, cells in head]
    shape = fingerprint(provider, table.headings)
    settled = next((known for known in remembered if known.fingerprint == shape), None)
    typed = table.kind == "xlsx"
    otherwise = settled and written_otherwise(settled, samples, typed_dates=typed)
    mapping = None if otherwise else settled or known_layout(table.headings)
    if otherwise:
        proposal = otherwise
        findings.extend(map(_written_otherwise, otherwise.changes))
    elif mapping is not None:
        proposal = settled_by(mapping, samples[:SAMPLED])
    else:
        partial = partial_layout(table.headings)
        proposal = propose(
            table.headings,
            samples,
            provider=provider,
            remembered=remembered,
            typed_dates=typed,
            published=partial.published_fields if partial else None,
        )
        findings.extend(table.findings[told:])
        findings.extend(_asked(partial) if partial else _lacking(table.headings, provider))
        findings.extend(findings_of(proposal))
    opened = Opened(proposal, mapping, findings, table.kind, _table=table, _head=head, _told=told)
    opened.no_contributions = no_contributions
    return opened


def _written_otherwise(change: str) -> Finding:
    return Finding(
        Severity.REJECT, Code.CELLS_CHANGED, change, "Confirm the columns again, or correct the cells.", row=1
    )


def _lacking(headings: Sequence[str], provider: str) -> list[Finding]:
    """Columns that the published layout a file evidently follows requires, and the file does not have."""
    for layout in LAYOUTS:
        lacking = layout.lacking(headings) if provider in ("", layout.name) else []
        if lacking:
            optional = ", ".join(sorted(set(layout.fields) - layout.required))
            fix = f"Add it, or settle the columns of this file as they are. Optional columns: {optional}."
            return [
                Finding(
                    Severity.REJECT,
                    Code.HEADER_MISSING,
                    f"The layout {layout.title} requires the column {heading}.",
                    fix,
                    row=1,
                    line=1,
                    column=heading,
                )
                for heading in lacking
            ]
    return []


def _asked(layout: Layout) -> list[Finding]:
    """Why a file of a vendor that we know is not read at once."""
    reason = f"This is {layout.title}. Its published columns are no whole payroll: it needs {layout.asks}."
    fix = "Settle the columns once; the next file with these headings is read at once."
    return [Finding(Severity.REJECT, Code.HEADER_MISSING, reason, fix, row=1, line=1)]


def partial_layout(headings: Sequence[str]) -> Layout | None:
    """The layout whose published part stands in these headings, when it is one that is no payroll by itself."""
    keys = {heading.casefold() for heading in headings}
    return next((each for each in PARTIAL if {key.casefold() for key in each.required} <= keys), None)


def known_layout(headings: Sequence[str]) -> Mapping | None:
    """The mapping of the published layout with exactly these headings, whoever sends it."""
    return next((mapping for layout in LAYOUTS if (mapping := layout.mapping(headings)) is not None), None)
