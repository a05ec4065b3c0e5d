"""Commands about the evidence of a rollover: check it without anything else. Not here: the checks (rails/evidence)."""

from pathlib import Path
from typing import Annotated

import typer

from .say import FAILED, BadInputError, Voice, counted
from .wiring import Json

commands = typer.Typer(no_args_is_help=True, help="A rollover between custodians, and what proves it.")
LONGEST = 16 * 2**20  # bytes of a file that is read


@commands.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The evidence, as a custodian's node wrote it.")],
    head: Annotated[str, typer.Option(help="The hash of the head, as you know it from somebody you trust.")] = "",
    join: Annotated[Path | None, typer.Option(help="The other custodian's evidence of the same rollover.")] = None,
    json: Json = False,
) -> None:
    """Check a rollover's evidence, without chain, database or network; exit code 1 if anything in it is broken."""
    from open401k.rails.evidence.checking import check
    from open401k.rails.evidence.file import joined, read_file, write
    from open401k.rails.evidence.findings import Status

    text = read_text(file)
    if join is not None:
        text = write(joined(read_file(text), read_file(read_text(join))))
    report = check(text, head=hash_typed(head) if head else None)
    voice = Voice(json)
    told = [{"about": f.about, "status": f.status, "said": f.said, "by": f.by} for f in report.findings]
    voice.tell(
        {
            "ok": report.holds,
            "rollover": "0x" + report.rollover.hex() if report.rollover else None,
            "head": {"number": report.head.number, "hash": "0x" + report.head.hash.hex()} if report.head else None,
            "head_known": bool(head),
            "counts": {status.value: report.count(status) for status in Status},
            "findings": told,
        }
    )
    names = {Status.FAILED: "BROKEN"}
    for each in report.findings:
        voice.line(f"{names.get(each.status, each.status.value):<7}  {each.said}")
    parts = [f"{report.count(status)} {names.get(status, status.value)}" for status in Status if report.count(status)]
    voice.line(f"\n{counted(len(report.findings), 'statement')}: {', '.join(parts)}.")
    if not report.holds:
        voice.line("THIS EVIDENCE DOES NOT HOLD.")
        raise typer.Exit(FAILED)
    if not head:
        voice.line("It holds under the head above, if that is the chain's: compare its hash with one that you trust.")


def read_text(file: Path) -> str:
    """A file as it is, letter by letter."""
    try:
        with file.open("rb") as opened:
            read = opened.read(LONGEST + 1)
        text = read.decode()
    except (OSError, UnicodeDecodeError) as why:
        raise BadInputError(f"{file} cannot be read: {why}.", fix="Name the evidence's file.") from None
    if len(read) > LONGEST:
        raise BadInputError(f"{file} is longer than {LONGEST:,} bytes.", fix="Name the evidence's file.")
    return text


def hash_typed(text: str) -> bytes:
    """A hash as it is typed."""
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != 32:
        raise BadInputError(f"{text!r} is no hash.", fix="Write 0x and 64 digits.")
    return found
