"""Commands of a network: its keys, members, rules. Motions and deposits are beside it; its chain is in chain.py."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from open401k.kernel import SystemRandom

from . import network_deposits, network_motions
from .connections import sandboxes
from .networks import NETWORK, KeyFile, NetworkFile, address, connected, digest, key_of, passphrase_for
from .say import Voice
from .wiring import RAILS_PORT, Json, Port, wiring_of

if TYPE_CHECKING:
    from open401k.rails.network.members import Member

commands = typer.Typer(no_args_is_help=True, help="A network of custodians: its council, members, rules and deposits.")
signer = typer.Typer(no_args_is_help=True, help="The key by which a member signs.")
commands.add_typer(network_motions.commands, name="motion")
commands.add_typer(network_deposits.commands, name="deposit")
commands.add_typer(signer, name="signer")
attestation = typer.Typer(no_args_is_help=True, help="What a member attested of participants' identities.")
commands.add_typer(attestation, name="attestation")


@commands.command("key")
def make_key(file: Annotated[Path, typer.Argument(help="A new file.")], json: Json = False) -> None:
    """Make a key under a passphrase: of a seat, a bank, a member's wallet. Its address is printed."""
    from open401k.rails.network.keyfile import make

    key = make(file, passphrase_for(file), SystemRandom())
    voice = Voice(json)
    voice.tell({"file": str(file), "address": "0x" + key.address.hex()})
    voice.line(f"0x{key.address.hex()}\nKeep {file} and its passphrase apart. Nobody can make this key again.")


@commands.command()
def show(network: NetworkFile = NETWORK, json: Json = False) -> None:
    """The council, the versions of the rules, the members, as the chain has them now."""
    from open401k.rails.network import council, members
    from open401k.rails.network.actions import moment
    from open401k.rails.network.place import names

    with connected(network) as there:
        number, needed, seats = council.next_number(there), council.needed(there), council.seats(there)
        contracts, head = names(there.place), there.chain.head()
        known, rules = members.members(there), members.versions(there)
    voice = Voice(json)
    voice.tell({
        "chain_id": there.place.chain_id, "block": head.number, "time": head.time, "next_motion": number,
        "seats": seats, "needed": needed, "contracts": {name: "0x" + at.hex() for name, at in contracts},
        "members": [_as_json(each) for each in known],
        "rules": [{"version": each.version, "active_from": each.active_from, "active_until": each.active_until,
                   "suspended_until": each.suspended_until, "document_hash": "0x" + each.document_hash.hex()}
                  for each in rules],
    })  # fmt: skip
    voice.line(f"Chain {there.place.chain_id} at block {head.number}, {moment(head.time)}.")
    voice.line(f"Council: {needed} of {seats} seats decide; the next motion has number {number}.")
    voice.table(("Contract", "Address"), [(name, "0x" + at.hex()) for name, at in contracts], empty="")
    voice.table(
        ("Rules", "From", "Until", "Text"),
        [(str(r.version), moment(r.active_from), moment(r.active_until), r.document_hash.hex()[:16]) for r in rules],
        empty="No rules yet: no rollover can be signed.",
    )
    _show_members(voice, known, head.time)


@commands.command("members")
def list_members(network: NetworkFile = NETWORK, json: Json = False) -> None:
    """Who is on file, in which roles, until when, signing by which key."""
    from open401k.rails.network.members import members

    with connected(network) as there:
        known, now = members(there), there.chain.head().time
    voice = Voice(json)
    voice.tell({"members": [_as_json(each) for each in known]})
    _show_members(voice, known, now)


@sandboxes.command("network")
def sandbox_network(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Option(help="Where it lies; a former one there is thrown away.", show_default=False)
    ] = None,
    port: Port = RAILS_PORT,
) -> None:
    """Run a network for trying: a chain, a bank's deposits, three custodians with core, node and database each."""
    wiring = wiring_of(context)
    place = folder or wiring.data_dir / "network"
    wiring.sandbox_network(place, first_port=port, voice=Voice(as_json=False))


@signer.command("name")
def name_signer(
    key: KeyFile,
    signing: Annotated[str, typer.Argument(help="The address of the next signing key.")],
    network: NetworkFile = NETWORK,
    json: Json = False,
) -> None:
    """Name the next signing key, by the member's own key; it counts after the network's delay."""
    from open401k.rails.network.members import member, name_signer

    with connected(network) as there:
        by = key_of(key)
        name_signer(there, by, address(signing, "the signing key"))
        found = member(there, by.address)
    voice = Voice(json)
    voice.tell(_as_json(found))
    voice.line(f"{signing} is named. Take it when the delay is over: open401k network signer take 0x{by.address.hex()}")


@signer.command("take")
def take_signer(
    key: KeyFile,
    member: Annotated[str, typer.Argument(help="The member's address.")],
    network: NetworkFile = NETWORK,
    json: Json = False,
) -> None:
    """Let the key that was named take the old one's place; any key may send this."""
    from open401k.rails.network import members

    who = address(member, "the member")
    with connected(network) as there:
        members.take_signer(there, key_of(key), who)
        found = members.member(there, who)
    voice = Voice(json)
    voice.tell(_as_json(found))
    voice.line(f"{member} signs by 0x{found.signer.hex()} from now on.")


@signer.command("revoke")
def revoke_signer(key: KeyFile, network: NetworkFile = NETWORK, json: Json = False) -> None:
    """The signing key is lost or stolen: nothing that it signed counts any more. By the member's own key."""
    from open401k.rails.network import members

    with connected(network) as there:
        by = key_of(key)
        members.revoke_signer(there, by)
        found = members.member(there, by.address)
    voice = Voice(json)
    voice.tell(_as_json(found))
    voice.line("Revoked. Name the next one: open401k network signer name; or let the council set it.")


@attestation.command("revoke")
def revoke_attestation(
    key: KeyFile,
    attested: Annotated[str, typer.Argument(metavar="ATTESTATION", help="Its id, as the node tells it of the case.")],
    network: NetworkFile = NETWORK,
    json: Json = False,
) -> None:
    """Take back what we attested of a participant, by the attestor's key, for good: what needs it does not settle."""
    from open401k.rails.network import members

    told = digest(attested, "the attestation")
    with connected(network) as there:
        by = key_of(key)
        was = members.revoke_attestation(there, by, told)
    voice = Voice(json)
    voice.tell({"attestor": "0x" + by.address.hex(), "attestation": attested, "was_revoked": was})
    voice.line(
        f"0x{by.address.hex()} {'had taken it back before' if was else 'takes it back'}. A move that needs it and is"
    )
    voice.line("not decided ends at its deadline; stop its case to end it at once. What was decided stays.")


def _show_members(voice: Voice, known: "list[Member]", now: int) -> None:
    from open401k.rails.network.actions import moment

    for each in known:
        until = f"until {moment(each.valid_until)}" if each.valid_until > now else "NOT VALID NOW"
        roles = ", ".join(str(role.name).lower() for role in type(each.roles) if role in each.roles)
        voice.line(f"Member 0x{each.address.hex()}, {until}: {roles or 'no role'}; signs by 0x{each.signer.hex()}")
    if not known:
        voice.line("No member yet.")


def _as_json(member: "Member") -> dict[str, object]:
    return {
        "member": "0x" + member.address.hex(), "valid_until": member.valid_until,
        "roles": [str(role.name).lower() for role in type(member.roles) if role in member.roles],
        "accounts": [each.name.lower() for each in member.accounts], "signer": "0x" + member.signer.hex(),
        "next_signer": "0x" + member.next_signer.hex() if member.next_signer else None,
        "next_signer_at": member.next_signer_at or None,
    }  # fmt: skip
