"""Commands about the evidence of a rollover: check it without anything else. Not here: the checks (rails/evidence)."""

from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Annotated

import typer

from open401k.kernel import Open401kError

from .node_running import CONFIG, Config, process_of
from .say import FAILED, BadInputError, Voice, counted
from .wiring import Json

if TYPE_CHECKING:
    from open401k.rails.evidence.findings import Report

commands = typer.Typer(no_args_is_help=True, help="A rollover between custodians, and what proves it.")
#: The exit code of evidence in which nothing is broken, and a wallet's chain does not confirm what it signed.
UNCONFIRMED = 3
LONGEST = 16 * 2**20  # bytes of a file that is read


@commands.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The evidence, as a custodian's node wrote it.")],
    head: Annotated[str, typer.Option(help="The hash of the head, as you know it from somebody you trust.")] = "",
    join: Annotated[Path | None, typer.Option(help="The other custodian's evidence of the same rollover.")] = None,
    network: Annotated[
        Path | None, typer.Option(help="The network's file: its chain is asked about contract wallets and the head.")
    ] = None,
    json: Json = False,
) -> None:
    """Check a rollover's evidence, without chain, database or network; exit code 1 if anything in it is broken.

    With --network a chain that you trust says what contract wallets signed, and whether the head is its block; exit
    code 3 if it does not confirm what a wallet is said to have signed.
    """
    from open401k.rails.evidence.checking import check
    from open401k.rails.evidence.file import joined, read_file, write
    from open401k.rails.evidence.findings import Status

    text = read_text(file)
    if join is not None:
        text = write(joined(read_file(text), read_file(read_text(join))))
    known = hash_typed(head) if head else None
    if network is None:
        report = check(text, head=known)
    else:
        report, known = _by_network(text, known, network)
    voice = Voice(json)
    told = [{"about": f.about, "status": f.status, "said": f.said, "by": f.by} for f in report.findings]
    voice.tell(
        {
            "ok": report.holds and not report.unsigned,
            "rollover": "0x" + report.rollover.hex() if report.rollover else None,
            "head": {"number": report.head.number, "hash": "0x" + report.head.hash.hex()} if report.head else None,
            "head_known": known is not None,
            "counts": {status.value: report.count(status) for status in Status},
            "unsigned": report.unsigned,
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
    _how_far(voice, report, is_known=known is not None)
    if report.unsigned:
        raise typer.Exit(UNCONFIRMED)


def _how_far(voice: Voice, report: "Report", *, is_known: bool) -> None:
    """What evidence that holds does not show."""
    if report.unsigned:
        voice.line(
            f"{counted(report.unsigned, 'signature')} of a wallet NOT CONFIRMED by its chain: do not rely on that."
        )
    if not is_known:
        voice.line(
            "It holds under the head above, if that is the chain's: compare its hash with one you trust (--head)."
        )


def _by_network(text: str, known: bytes | None, network: Path) -> tuple["Report", bytes | None]:
    """The report beside a chain, and the head that is known by then."""
    from open401k.rails.chain.interface import UnavailableError
    from open401k.rails.evidence.checking import check
    from open401k.rails.evidence.on_chain import asking
    from open401k.rails.network.place import read_place

    chain = read_place(network).connect(wait=sleep)
    try:
        head = check(text).head
        block = None if head is None or known is not None else chain.block(head.number)
        if head is not None and known is None and block is None:
            raise BadInputError(f"The network has no block {head.number}.", fix="Name the network of this rollover.")
        known = block.hash if block is not None else known
        return check(text, head=known, wallets=asking(chain)), known
    except UnavailableError as why:
        raise Open401kError(f"The network does not answer: {why.message}", fix="Try again when it does.") from why
    finally:
        chain.close()


@commands.command()
def evidence(
    context: typer.Context,
    case: Annotated[str, typer.Argument(help="The case, as this node names it.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    config: Config = CONFIG,
    disclose: Annotated[
        list[str] | None,
        typer.Option(
            help="A label of the transfer file, or a pattern as tax.*; repeat it for more. Usually: none of a person's."
        ),
    ] = None,
    join: Annotated[Path | None, typer.Option(help="The other custodian's evidence of the same rollover.")] = None,
    json: Json = False,
) -> None:
    """Write what proves a rollover of this node, for somebody who has neither its database nor the chain."""
    from open401k.rails.evidence.collecting import PLAIN
    from open401k.rails.evidence.file import joined, read_file, write
    from open401k.rails.evidence.handing import evidence_of

    theirs = read_file(read_text(join)) if join is not None else None
    with process_of(context, config) as process:
        labels = [*PLAIN, *(disclose or ())]
        coordinator = process.config.contracts.rollover
        found = evidence_of(process.files, process.chain, coordinator=coordinator, case=case, labels=labels)
    out.write_text(write(joined(found, theirs) if theirs is not None else found))
    voice, shown = Voice(json), [leaf.label for leaf in found.leaves]
    voice.tell({"file": str(out), "disclosed": shown})
    voice.line(f"{out} proves case {case}; it discloses {', '.join(shown) or 'nothing'} of the transfer file.")
    voice.line(f"Check it: open401k rollover verify {out}")


@commands.command()
def heads(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Write every head that this node countersigned with a receipt: to compare with a chain."""
    from open401k.rails.evidence.handing import heads_of
    from open401k.rails.evidence.heads import write_heads

    with process_of(context, config) as process:
        at = process.config.contracts.rollover
        with process.files.begin() as unit:
            found = heads_of(unit, chain_id=process.config.chain.chain_id, coordinator=at)
    out.write_text(write_heads(found))
    voice = Voice(json)
    voice.tell({"file": str(out), "heads": len(found.heads)})
    voice.line(f"Wrote {counted(len(found.heads), 'head')}. Compare: open401k chain verify --heads {out}")


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
