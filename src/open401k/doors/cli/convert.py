"""The command that turns a payroll file of one layout into another: no server, no database, nothing kept."""

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from open401k.payroll import RECORDS, Converted, RecordLayout, convert, record_layout, writable

from .found import bytes_of, refuse_file
from .say import BAD_INPUT, BadInputError, Voice, fail
from .wiring import Json


def convert_file(
    file: Annotated[Path, typer.Argument(help="CSV, Excel or fixed-length file.")],
    to: Annotated[str, typer.Option(help="The layout to write; the names are in the reference of payroll formats.")],
    out: Annotated[
        Path | None, typer.Option(help="The file to write; usually FILE.LAYOUT.csv. Never overwritten.")
    ] = None,
    encoding: Annotated[str, typer.Option(help="Of the file, if it is not UTF-8: cp1252.")] = "",
    out_encoding: Annotated[
        str, typer.Option(help="Of a file of records that is written, if it is not ASCII and not that of the file.")
    ] = "",
    records: Annotated[
        str, typer.Option(help="Its record layout, for files without headings: a name, or a YAML file of positions.")
    ] = "",
    pay_date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="If the file does not say.")] = None,
    shared: Annotated[
        list[str] | None, typer.Option("--set", help='A column that says the same in every row: "Plan_Number=123".')
    ] = None,
    accept: Annotated[bool, typer.Option("--accept-columns", help="Accept the proposed columns.")] = False,
    lossy: Annotated[
        bool, typer.Option("--lossy", help="Write it though amounts have no place in the layout.")
    ] = False,
    json: Json = False,
) -> None:
    """Write a payroll file in another layout, and say what that layout cannot carry."""
    voice, target = Voice(json), out or file.with_name(f"{file.stem}.{to}.{_ending(to)}")
    told = convert(
        bytes_of(file),
        to=to,
        file_name="" if records else file.name,
        encoding=encoding or None,
        out_encoding=out_encoding or None,
        records=_record_layout(records) if records else None,
        accept_columns=accept,
        pay_date=pay_date.date() if pay_date else None,
        shared=_shared(shared or []),
    )
    if told.findings.rejected:
        refuse_file(voice, told.findings)
    if told.loses_money and not lossy:
        lost = "; ".join(str(each) for each in told.lost if each.cents)
        fail(f"{to} has no place for: {lost}.", "Take another layout, or add --lossy.", code=BAD_INPUT)
    _write(target, told.data)
    _tell(voice, target, told)


def _tell(voice: Voice, target: Path, told: Converted) -> None:
    lost = [str(each) for each in told.lost]
    voice.tell({"file": str(target), "rows": told.rows, "lost": lost})
    voice.line(f"{told.rows} rows are in {target}.")
    if lost:
        voice.line(f"Not in it, since the layout has no place for them: {'; '.join(lost)}.")


def _write(target: Path, data: bytes) -> None:
    """A new file that its owner alone reads: it holds Social Security numbers."""
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BadInputError(f"{target} is there already.", fix="Name another file with --out.") from None
    except OSError as error:
        raise BadInputError(f"{target} cannot be written: {error.strerror}.", fix="Check the path.") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _ending(to: str) -> str:
    return "txt" if isinstance(writable().get(to), RecordLayout) else "csv"


def _record_layout(named: str) -> RecordLayout:
    known = {each.name: each for each in RECORDS}
    if named in known:
        return known[named]
    if not Path(named).suffix:
        raise BadInputError(f"There is no record layout {named!r}.", fix=f"Take {', '.join(known)}, or a YAML file.")
    try:
        return record_layout(bytes_of(Path(named)).decode())
    except UnicodeDecodeError:
        raise BadInputError(f"{named} is no text.", fix="Name a YAML file of positions.") from None


def _shared(given: list[str]) -> dict[str, str]:
    if unlike := [each for each in given if "=" not in each]:
        raise BadInputError(f"{unlike[0]!r} names no column.", fix='Write it as --set "Plan_Number=123".')
    return dict(each.split("=", 1) for each in given)
