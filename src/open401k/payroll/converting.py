"""A payroll file of one layout into another, with what is lost told. Pure: no database, nothing kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from open401k.kernel import Open401kError

from .columns import settle
from .findings import Findings
from .formats import (
    LAYOUTS,
    PARTIAL,
    RECORDS,
    Layout,
    Lost,
    RecordLayout,
    read_records,
    write_layout,
    write_records,
)
from .reading import open_upload
from .rows import Field, PayrollRow


@dataclass(slots=True)
class Converted:
    """The file in the other layout; with a refusal among the findings there is none."""

    data: bytes = b""
    rows: int = 0
    lost: tuple[Lost, ...] = ()
    findings: Findings = field(default_factory=Findings)

    @property
    def loses_money(self) -> bool:
        """Whether amounts of the file are not in the other."""
        return any(each.cents for each in self.lost)


def writable() -> dict[str, Layout | RecordLayout]:
    """Every layout that can be written, by name; those of records are census parts."""
    return {each.name: each for each in (*LAYOUTS, *PARTIAL)} | {each.name: each for each in RECORDS}


def convert(
    data: bytes,
    *,
    to: str,
    file_name: str = "",
    encoding: str | None = None,
    out_encoding: str | None = None,
    records: RecordLayout | None = None,
    accept_columns: bool = False,
    pay_date: date | None = None,
    shared: Mapping[str, str] | None = None,
) -> Converted:
    """Read a file of any known layout (or of ``records``) and write it in the layout ``to``.

    ``pay_date`` is the day of rows that say none; ``shared`` fills columns of the other layout that say the same in
    every row; ``out_encoding`` is that of records that are written, where it is not that of the file (``encoding``);
    ``accept_columns`` takes the proposed meaning of columns that nobody has settled.
    """
    target = writable().get(to)
    if target is None:
        raise Open401kError(f"There is no layout {to!r}.", fix=f"Take one of {', '.join(writable())}.")
    if out_encoding and isinstance(target, Layout):
        raise Open401kError(f"{to} is a CSV file, which is written as UTF-8.", fix="Leave out the encoding.")
    findings, rows = _read(data, file_name, encoding, records, accept_columns)
    if findings.rejected:
        return Converted(findings=findings)
    if pay_date is not None:
        rows = [row if row.pay_date else replace(row, pay_date=pay_date) for row in rows]
    undated = [row.row for row in rows if row.pay_date is None]
    if undated and Field.PAY_DATE in target.carries:
        raise Open401kError(
            f"Row {undated[0]} has no pay date, and {to} says one in each row.", fix="Give the pay date."
        )
    if isinstance(target, Layout):
        written = write_layout(target, rows, shared=shared)
        return Converted(written.data, len(rows), written.lost, findings)
    filed = write_records(target, {"census": rows}, shared=shared, encoding=out_encoding or encoding)
    findings.extend(filed.findings.listed)
    return Converted(filed.data, len(rows), filed.lost["census"], findings)


def _read(
    data: bytes, file_name: str, encoding: str | None, records: RecordLayout | None, accept: bool
) -> tuple[Findings, Sequence[PayrollRow]]:
    if records is not None:
        file = read_records(records, data, encoding=encoding)
        return file.findings, [row for part in file.rows.values() for row in part]
    opened = open_upload(data, file_name=file_name, encoding=encoding)
    if opened.mapping is None and opened.proposal is not None and accept:
        try:
            mapping = settle(opened.proposal, {})
        except ValueError as error:
            raise Open401kError(f"The columns do not make a payroll: {error}.", fix="Add them to the file.") from None
        opened = open_upload(data, file_name=file_name, encoding=encoding, remembered=[mapping])
    if opened.mapping is None and opened.proposal is not None and not opened.findings.rejected:
        proposed = "; ".join(f"{each.heading} is {each.field or 'read over'}" for each in opened.proposal.columns)
        raise Open401kError(f"Nobody has settled these columns: {proposed}.", fix="If that is right, accept them.")
    return opened.findings, [row for chunk in opened.chunks() for row in chunk]
