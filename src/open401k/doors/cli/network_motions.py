"""Commands of a council: write, read, sign, pass and carry out a motion. Not here: what a motion is (rails/network)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from open401k.kernel import Money, SystemClock

from .networks import NETWORK, KeyFile, NetworkFile, address, connected, day, key_of, text_of, written
from .say import BadInputError, Voice
from .wiring import Json

if TYPE_CHECKING:
    from open401k.rails.kinds import Kind
    from open401k.rails.messages import Role
    from open401k.rails.network.actions import Action
    from open401k.rails.network.motions import Motion
    from open401k.rails.network.place import There

commands = typer.Typer(no_args_is_help=True, help="What the council decides: a file that goes from seat to seat.")
File = Annotated[Path, typer.Argument(help="The motion's file.")]
Out = Annotated[Path, typer.Option(help="The file to write.")]
OUT = Path("motion.json")
Number = Annotated[
    int | None,
    typer.Option(min=0, help="The number of the motion, where the chain is out of reach.", show_default=False),
]


@commands.command()
def admit(
    member: Annotated[str, typer.Argument(help="The member's address.")],
    signer: Annotated[str, typer.Option(help="The address of its signing key; a node prints it.")],
    valid_until: Annotated[str, typer.Option(help="The last day on which its identity is proven.")],
    role: Annotated[
        list[str], typer.Option(help="releases, receives, administers, deposits, attests, withholds; repeat.")
    ],
    account: Annotated[
        list[str] | None,
        typer.Option(help="A type of account that it takes money into: plan, traditional_ira ...; repeat."),
    ] = None,
    out: Out = OUT,
    number: Number = None,
    network: NetworkFile = NETWORK,
    json: Json = False,
) -> None:
    """Write a motion that admits a member, or changes what is on file of it."""
    from open401k.rails.kinds import Into
    from open401k.rails.network.actions import Admit, MemberRole
    from open401k.rails.preflight.rule_version import end_of

    roles = MemberRole(0)
    for each in _of(role, [str(known.name) for known in MemberRole], "--role"):
        roles |= MemberRole[each]
    accounts = frozenset(Into[each] for each in _of(account or (), [known.name for known in Into], "--account"))
    until = end_of(day(valid_until, "--valid-until"))
    action = Admit(address(member, "the member"), until, roles, accounts, address(signer, "--signer"))
    _write(action, out, number, network, Voice(json))


@commands.command()
def suspend(
    member: Annotated[str, typer.Argument(help="The member's address.")],
    out: Out = OUT,
    number: Number = None,
    network: NetworkFile = NETWORK,
    json: Json = False,
) -> None:
    """Write a motion that suspends a member at once."""
    from open401k.rails.network.actions import Suspend

    _write(Suspend(address(member, "the member")), out, number, network, Voice(json))


@commands.command("rules")
def publish_rules(
    year: Annotated[int, typer.Argument(min=2000, max=2200, help="The calendar year; it must be on file in the law.")],
    follows: Annotated[
        int | None, typer.Option(min=0, help="The last version, where the chain is out of reach.", show_default=False)
    ] = None,
    level: Annotated[int, typer.Option(min=0, max=255, help="The least level of an identity.")] = 2,
    most: Annotated[str, typer.Option(help="The most that one rollover moves, in dollars.")] = "10000000.00",
    voter: Annotated[
        list[str] | None, typer.Option(help="KIND=ROLE that must approve, too: pre_tax=administrator; repeat.")
    ] = None,
    document: Annotated[Path | None, typer.Option(help="Write the long text here as well.")] = None,
    out: Out = OUT,
    number: Number = None,
    network: NetworkFile = NETWORK,
    json: Json = False,
) -> None:
    """Write a motion that publishes the rules of a year, made of the law on file."""
    from open401k.rails.network.council import latest_rules
    from open401k.rails.network.motions import publish

    if follows is None:
        with connected(network) as there:
            follows = latest_rules(there)
    action = publish(year, follows=follows, voters=_voters(voter or ()), level=level, most_cents=_dollars(most))
    if document is not None:
        written(document, action.rules.document, anew=True)
    _write(action, out, number, network, Voice(json))


@commands.command()
def suspend_rules(
    version: Annotated[int, typer.Argument(min=1, help="The version.")],
    days: Annotated[int, typer.Option(min=1, max=13, help="For how many days, from now.")],
    out: Out = OUT,
    number: Number = None,
    network: NetworkFile = NETWORK,
    json: Json = False,
) -> None:
    """Write a motion that stops new votes and commits under a version, for at most two weeks."""
    from open401k.rails.network.actions import SuspendRules

    if number is None:  # by the chain's clock, which ends it
        with connected(network) as there:
            now = there.chain.head().time
    else:
        now = int(SystemClock().now().timestamp())
    until = now + int(timedelta(days=days).total_seconds())
    _write(SuspendRules(version, until), out, number, network, Voice(json))


@commands.command()
def retire_rules(
    version: Annotated[int, typer.Argument(min=1, help="The version.")],
    out: Out = OUT,
    number: Number = None,
    network: NetworkFile = NETWORK,
    json: Json = False,
) -> None:
    """Write a motion that ends a version at once, for good."""
    from open401k.rails.network.actions import RetireRules

    _write(RetireRules(version), out, number, network, Voice(json))


@commands.command()
def withdraw(
    of: Annotated[Path, typer.Argument(help="The file of the motion that waits.")],
    out: Out = OUT,
    number: Number = None,
    network: NetworkFile = NETWORK,
    json: Json = False,
) -> None:
    """Write a motion that takes back one that was passed and waits."""
    from open401k.rails.network.actions import Withdraw, action_hash

    _write(Withdraw(action_hash(_read(of).action)), out, number, network, Voice(json))


@commands.command()
def seats(
    of: Annotated[int, typer.Option(min=1, max=16, help="How many seats are enough from then on.")],
    join: Annotated[list[str] | None, typer.Option(help="A seat that joins; repeat.")] = None,
    leave: Annotated[list[str] | None, typer.Option(help="A seat that leaves; repeat.")] = None,
    out: Out = OUT,
    number: Number = None,
    network: NetworkFile = NETWORK,
    json: Json = False,
) -> None:
    """Write a motion that changes who sits in the council."""
    from open401k.rails.network.actions import ChangeSeats

    joining = tuple(address(each, "--join") for each in join or ())
    leaving = tuple(address(each, "--leave") for each in leave or ())
    _write(ChangeSeats(joining, leaving, of), out, number, network, Voice(json))


@commands.command()
def show(file: File, offline: Annotated[bool, typer.Option(help="Do not ask the chain.")] = False,
         network: NetworkFile = NETWORK, json: Json = False) -> None:  # fmt: skip
    """What a motion decides, who signed it, how far it is."""
    from open401k.rails.network import council

    motion, voice = _read(file), Voice(json)
    found = None
    if not offline:
        with connected(network) as there:
            found = council.standing(there, motion)
    voice.tell(_described(motion) | ({"stage": found.stage, "needed": found.needed, "ready_at": found.ready_at,
               "strangers": ["0x" + each.hex() for each in found.strangers]} if found else {}))  # fmt: skip
    _say(motion, voice)
    if found:
        voice.line(f"{len(found.seats)} of {found.needed} seats signed. It is: {found.stage}.")
        if found.ready_at is not None:
            voice.line(
                f"It can be carried out from {datetime.fromtimestamp(found.ready_at, UTC):%Y-%m-%d %H:%M:%S} UTC."
            )


@commands.command()
def sign(
    file: File,
    key: Annotated[Path | None, typer.Option(help="The seat's key file.")] = None,
    seat: Annotated[str, typer.Option(help="The seat whose signature was made elsewhere.")] = "",
    signature: Annotated[str, typer.Option(help="That signature, 0x and digits.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="It was read; do not ask.")] = False,
    json: Json = False,
) -> None:
    """Read a motion in words and sign it. Needs no network."""
    from open401k.rails.network.motions import write

    motion, voice = _read(file), Voice(json)
    if (key is None) == (not (seat and signature)):
        raise BadInputError("Who signs?", fix="Name --key, or --seat with --signature made over the digest it prints.")
    _say(motion, voice)
    if not (yes or json or typer.confirm("Sign this?", err=True)):
        raise typer.Abort
    if key is not None:
        motion = motion.signed(key_of(key))
    else:
        motion = motion.with_signature(address(seat, "--seat"), _digits(signature))
    written(file, write(motion), anew=False)
    voice.tell(_described(motion))
    voice.line(f"{file} has {len(motion.signatures)} of the seats' signatures now. Hand it on, or pass it.")


@commands.command("pass")
def pass_(file: File, key: KeyFile, network: NetworkFile = NETWORK, json: Json = False) -> None:
    """Send a motion with enough signatures to the network; any key may send it. Again: nothing happens."""
    from open401k.rails.network import council

    motion, voice = _read(file), Voice(json)
    with connected(network) as there:
        _not_over(motion, there)
        is_new = council.pass_motion(there, motion, key_of(key))
        found = council.standing(there, motion)
    voice.tell({"passed": True, "was_passed": not is_new, "stage": found.stage, "ready_at": found.ready_at})
    voice.line(f"{'Passed' if is_new else 'It was passed before'}. It is: {found.stage}.")


@commands.command()
def carry(file: File, key: KeyFile, network: NetworkFile = NETWORK, json: Json = False) -> None:
    """Carry a passed motion out when its delay is over; any key may. Again: nothing happens."""
    from open401k.rails.network import council

    motion, voice = _read(file), Voice(json)
    with connected(network) as there:
        _not_over(motion, there)
        is_new = council.carry(there, motion, key_of(key))
    voice.tell({"carried": True, "was_carried": not is_new})
    voice.line("Carried out." if is_new else "It was carried out before.")


def _not_over(motion: "Motion", there: "There") -> None:
    """A suspension that ended before it begins would be carried out, and stop nothing."""
    from open401k.rails.network.actions import SuspendRules, moment
    from open401k.rails.network.council import Stage, standing

    if not isinstance(motion.action, SuspendRules) or standing(there, motion).stage is Stage.CARRIED:
        return
    now = there.chain.head().time
    if motion.action.until <= now:
        why = f"This would stop nothing: it ends on {moment(motion.action.until)}, and the chain has {moment(now)}."
        raise BadInputError(why, fix="Write the motion anew where the chain can be reached, and have it signed.")


def _write(action: "Action", out: Path, number: int | None, network: Path, voice: Voice) -> None:
    from open401k.rails.network.council import next_number
    from open401k.rails.network.motions import Motion, read, write
    from open401k.rails.network.place import read_place

    place = read_place(network)
    if number is None:
        with connected(network) as there:
            number = next_number(there)
    motion = read(write(Motion(place.chain_id, place.network, number, action)))  # as every seat will read it
    written(out, write(motion), anew=True)
    voice.tell(_described(motion) | {"file": str(out)})
    _say(motion, voice)
    voice.line(f"Wrote {out}. Each seat signs it: open401k network motion sign {out}")


def _read(file: Path) -> "Motion":
    from open401k.rails.network.motions import read

    return read(text_of(file))


def _say(motion: "Motion", voice: Voice) -> None:
    voice.line(f"Motion {motion.number} of network 0x{motion.network.hex()} on chain {motion.chain_id}:")
    for line in motion.action.words:
        voice.line(f"  {line}")
    voice.line("It waits for the network's delay." if motion.action.waits else "It needs no delay: it only restricts.")
    voice.line(f"Digest: 0x{motion.digest.hex()}")


def _described(motion: "Motion") -> dict[str, object]:
    return {
        "number": motion.number, "words": list(motion.action.words), "waits": motion.action.waits,
        "digest": "0x" + motion.digest.hex(), "signed_by": ["0x" + seat.hex() for seat, _ in motion.signatures],
    }  # fmt: skip


def _of(typed: Sequence[str], known: Sequence[str], option: str) -> list[str]:
    for each in typed:
        if each.upper() not in known:
            raise BadInputError(f"{option}: {each!r} is none.", fix=f"Write of: {', '.join(known).lower()}.")
    return [each.upper() for each in typed]


def _voters(typed: Sequence[str]) -> "dict[Kind, frozenset[Role]]":
    from open401k.rails.kinds import Kind
    from open401k.rails.messages import Role

    found: dict[Kind, frozenset[Role]] = {}
    for each in typed:
        kind, _, role = each.partition("=")
        _of([kind], [known.name for known in Kind], "--voter")
        _of([role], [known.name for known in Role], "--voter")
        found[Kind[kind.upper()]] = found.get(Kind[kind.upper()], frozenset()) | {Role[role.upper()]}
    return found


def _dollars(text: str) -> int:
    try:
        return Money.usd(text).cents
    except ValueError as why:
        raise BadInputError(f"--most: {why}.", fix="Write it like 10000000.00.") from None


def _digits(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise BadInputError(f"--signature: {text[:40]!r} is none.", fix="Write 0x and digits.") from None
