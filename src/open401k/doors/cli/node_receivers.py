"""Commands about a rollover with several receivers: lead, join, who takes which part. Not here: what follows."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from open401k.kernel import Money

from .node_desk import CONFIG, CaseId, Config, _done, _office, _read
from .say import BadInputError, Voice
from .wiring import Json

if TYPE_CHECKING:
    from open401k.rails.node.config import NodeConfig
    from open401k.rails.node.halves import ReceivingHalf

commands = typer.Typer()
Source = Annotated[str, typer.Option("--source", help="Who pays: its name in the settings, or its address.")]
Half = Annotated[Path, typer.Option("--facts", help="Our half of the facts, as JSON.")]
Id = Annotated[str, typer.Option("--case", help="Our id of it; the same again is nothing new. Else a new one.")]
Others = Annotated[list[str], typer.Option("--with", help="Who else receives, in order: its name or address.")]
Code = Annotated[str, typer.Option("--code", help="The code that was handed over.")]


@commands.command("lead")
def lead(
    context: typer.Context, source: Source, facts: Half, others: Others, case: Id = "", config: Config = CONFIG,
    json: Json = False,
) -> None:  # fmt: skip
    """Ask for a rollover of which others receive parts, too: we have the participant sign, and hand out codes."""
    from open401k.rails.node.deals import request
    from open401k.rails.node.shares import handed_codes

    half = _half(facts)
    with _office(context, config) as office:
        settings = office.process.config
        pays, receivers = _member(settings, source), [_member(settings, each) for each in others]
        made = _done(
            office,
            lambda unit, desk: request(
                unit, desk, case or f"lead-{desk.random.token(8).hex()}", source=pays, half=half, receivers=receivers
            ),
        )
    codes = handed_codes(made)
    voice = Voice(json)
    voice.tell({"case": made.case, "codes": {member.hex(): code for member, code in codes.items()}})
    voice.line(f"Case {made.case} is asked for. Hand each custodian its code; nobody else can use it.")
    for member, code in codes.items():
        voice.line(f"{_name(settings, member)}: {code}")


@commands.command("join")
def join_(
    context: typer.Context, source: Source, code: Code, facts: Half, case: Id = "", config: Config = CONFIG,
    json: Json = False,
) -> None:  # fmt: skip
    """Take a part of a rollover that another custodian leads, by the code that was handed over."""
    from open401k.rails.node.deals import join
    from open401k.rails.node.shares import code_for

    half = _half(facts)
    with _office(context, config) as office:
        pays = _member(office.process.config, source)
        bare = _read(lambda: code_for(code, pays, half))
        made = _done(
            office,
            lambda unit, desk: join(
                unit, desk, case or f"join-{desk.random.token(8).hex()}", source=pays, code=bare, half=half
            ),
        )
    voice = Voice(json)
    voice.tell({"case": made.case})
    voice.line(f"Case {made.case} joined. The custodian that leads has the participant sign.")


@commands.command("receivers")
def receivers(context: typer.Context, case: CaseId, config: Config = CONFIG, json: Json = False) -> None:
    """Who takes which part of a case, who has joined, and the code of each who has not."""
    from open401k.rails.node.shares import shares_of

    with _office(context, config) as office:
        shares = _done(office, lambda unit, _: shares_of(unit.deal(case), unit.case(case).state))
        settings = office.process.config
    voice = Voice(json)
    voice.tell(
        {"receivers": [
            {"place": each.place, "member": each.member.hex(), "name": each.name, "is_ours": each.is_ours,
             "has_joined": each.has_joined, "code": each.code, "state": each.state and str(each.state),
             "parts": [{"kind": part.kind.name.lower(), "into": part.into.name.lower(), "cents": part.cents}
                       for part in each.parts]}
            for each in shares
        ]}
    )  # fmt: skip
    rows = [
        (str(each.place), each.name or _name(settings, each.member), "joined" if each.has_joined else "awaited",
         "; ".join(f"{part.kind.name.lower()} to {part.into.name.lower()}: {Money(part.cents)}" for part in each.parts),
         each.code or "–")
        for each in shares
    ]  # fmt: skip
    voice.table(("Place", "Receiver", "Stands", "Takes", "Code"), rows, empty="One receiver alone.")


def _half(facts: Path) -> "ReceivingHalf":
    from open401k.rails.node.codec import parsed, read
    from open401k.rails.node.halves import ReceivingHalf

    return _read(lambda: read(ReceivingHalf, parsed(facts.read_bytes()), at="facts"))


def _member(settings: "NodeConfig", named: str) -> bytes:
    """A peer by its name, or by its address."""
    for each in settings.peers:
        if named in (each.name, each.member.hex(), f"0x{each.member.hex()}"):
            return each.member
    known = ", ".join(each.name for each in settings.peers)
    raise BadInputError(f"{named!r} is no custodian of the settings.", fix=f"Write one of: {known}.")


def _name(settings: "NodeConfig", member: bytes) -> str:
    return next((each.name for each in settings.peers if each.member == member), f"0x{member.hex()}")
