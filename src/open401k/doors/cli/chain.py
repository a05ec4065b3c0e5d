"""Commands of who runs a chain of the rails: begin, serve, verify, prove. Not here: the chain, what it answers."""

from pathlib import Path
from typing import Annotated, Any

import typer

from open401k.kernel import SystemClock, SystemRandom

from .evidence import hash_typed, read_text
from .networks import written
from .say import FAILED, BadInputError, Voice, counted
from .wiring import HOST, Host, Json, wiring_of

PORT = 4011
commands = typer.Typer(no_args_is_help=True, help="A chain of the rollover rails, as its operator runs it.")
Port = Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")]


@commands.command()
def init(
    context: typer.Context,
    council: Annotated[Path, typer.Option(help="A file with the council: seats, of, delay_days, bank.")],
    chain_id: Annotated[int, typer.Option(min=1, max=2**53 - 1, help="The chain's number, for good.")] = 401,
    network_file: Annotated[
        Path | None, typer.Option(help="Write where the network is, for its members: network.toml.")
    ] = None,
    url: Annotated[
        str, typer.Option(help="Where members will reach the chain, for that file.")
    ] = f"http://{HOST}:{PORT}",
    json: Json = False,
) -> None:
    """Begin a chain, with the contracts of a network. Again: go on where it stopped; what is there stays."""
    from open401k.rails.chain.durable import durable_chain, prepare
    from open401k.rails.chain.founding import found, read_charter
    from open401k.rails.network.place import write_place

    try:
        charter = read_charter(council.read_text())
    except (OSError, UnicodeDecodeError) as why:
        raise BadInputError(f"{council} cannot be read: {why}.", fix="Name the council's file.") from None
    now = int(SystemClock().now().timestamp())
    with wiring_of(context).chain_url() as url:
        prepare(url)
        with durable_chain(url, now=lambda: now, chain_id=chain_id, begun_at=now) as chain:
            was_there = bool(chain.kept.contracts())
            found_at = found(chain, charter, secret=SystemRandom().token(32))
            head = chain.head()
    if network_file is not None:
        written(network_file, write_place(chain_id, url, found_at), anew=False)
    told = {name: "0x" + address.hex() for name, address in found_at.items()}
    voice = Voice(json)
    voice.tell({"chain_id": chain_id, "block": head.number, "was_there": was_there, "contracts": told})
    voice.table(("Contract", "Address"), list(told.items()), empty="No contract.")
    voice.line(f"Chain {chain_id} {'was begun before' if was_there else 'is begun'}. Serve it: open401k chain serve")


@commands.command()
def serve(
    context: typer.Context,
    host: Host = HOST,
    port: Port = PORT,
    allow_deployments: Annotated[
        bool, typer.Option("--allow-deployments", help="Take contracts of others, too; for trying.")
    ] = False,
    tick: Annotated[
        int,
        typer.Option(
            min=0, max=3_600, help="Seconds after which an idle chain makes a block, for deadlines; 0: never."
        ),
    ] = 60,
) -> None:
    """Serve the chain over JSON-RPC. Put the port where only members of the network reach it."""
    wiring_of(context).serve_chain(
        host=host, port=port, voice=Voice(as_json=False), deployments=allow_deployments, tick=tick
    )


@commands.command()
def prove(
    context: typer.Context,
    rollover: Annotated[str, typer.Argument(help="Id of a rollover, or hash of a transaction.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    upto: Annotated[
        int | None, typer.Option(min=0, help="Link it to this later block, whose hash others know.")
    ] = None,
    word: Annotated[bool, typer.Option("--word", help="Prove the verdict's word, not a transaction.")] = False,
    json: Json = False,
) -> None:
    """Write a proof of what became of a rollover, for somebody without the chain."""
    from open401k.rails.chain.durable import asked_chain

    wanted = hash_typed(rollover)
    with wiring_of(context).chain_url() as url, asked_chain(url) as chain:
        found = [wanted] if chain.receipt(wanted) else chain.kept.named_in(wanted)
        if not found:
            raise BadInputError(
                f"Nothing on this chain names {rollover}.", fix="Check the id with the custodian's node."
            )
        try:
            text = _word_proof(chain, wanted, upto) if word else chain.proof(found[0], upto=upto)
        except ValueError as why:
            raise BadInputError(
                f"{why}.".capitalize(), fix="Name a block from the rollover's to the last one."
            ) from None
    out.write_text(text or "")
    voice = Voice(json)
    if word:
        voice.tell({"file": str(out), "rollover": "0x" + wanted.hex()})
        voice.line(f"{out} proves the verdict's word. Check it: open401k chain verify --proof {out}")
        return
    voice.tell({"file": str(out), "transaction": "0x" + found[0].hex()})
    voice.line(f"{out} proves transaction 0x{found[0].hex()}. Check it: open401k chain verify --proof {out}")


@commands.command()
def verify(
    context: typer.Context,
    proof: Annotated[Path | None, typer.Option(help="Check this proof instead; no database is needed.")] = None,
    head: Annotated[str, typer.Option(help="The hash that the proof's last block must have, as others know it.")] = "",
    heads: Annotated[
        Path | None, typer.Option(help="Compare the chain with heads that custodians countersigned.")
    ] = None,
    json: Json = False,
) -> None:
    """Compute the chain again from its first block and compare every byte; or check one proof."""
    if proof is not None:
        _check(proof, head, Voice(json))
        return
    if head:
        raise BadInputError("--head belongs to --proof.", fix="Name the proof's file, or leave the hash out.")
    import psycopg

    from open401k.rails.chain.verifying import verify as compute_again

    told = read_text(heads) if heads is not None else None
    with wiring_of(context).chain_url() as url:
        with psycopg.connect(url, autocommit=True) as conn:
            found = compute_again(conn)
        compared = _compared(url, told) if told is not None else None
    voice = Voice(json)
    broken = [each for each in compared or () if not each["ok"]]
    voice.tell({"ok": found.damage is None and not broken, "blocks": found.blocks, "keys": found.keys,
                "head": _head(found.head), "damage": found.damage, "heads": compared})  # fmt: skip
    if found.damage is not None:
        voice.line(f"DAMAGE FOUND. Block {found.damage.block}: {found.damage.what}.")
        raise typer.Exit(FAILED)
    hash_ = found.head.hash.hex() if found.head else ""
    for each in compared or ():
        voice.line(f"Block {each['number']} countersigned by {each['who']}: {each['said']}.")
    if broken:
        voice.line("THIS IS NOT THE CHAIN THAT CUSTODIANS SIGNED.")
        raise typer.Exit(FAILED)
    voice.line(f"ok: {counted(found.blocks, 'block')}, {counted(found.keys, 'key')}, computed again. Head 0x{hash_}")


def _compared(url: str, text: str) -> list[dict[str, object]]:
    """Heads that custodians countersigned, beside the chain of this database."""
    from open401k.rails.chain.durable import asked_chain
    from open401k.rails.evidence.heads import compare, read_heads
    from open401k.rails.evidence.on_chain import asking, signer_of

    signed = read_heads(text)
    with asked_chain(url) as chain:
        contracts = chain.kept.contracts()
        if (chain.chain_id, contracts.get("rollover")) != (signed.chain_id, signed.coordinator):
            raise BadInputError(
                f"The heads are of chain {signed.chain_id}, coordinator 0x{signed.coordinator.hex()}; this is another.",
                fix="Name heads of this chain.",
            )

        def named(who: bytes, number: int) -> bytes:
            return signer_of(chain, contracts["network"], who, at=number)

        found = compare(signed, block_of=chain.block, signer_of=named, wallets=asking(chain))
    return [
        {"number": each.head.number, "hash": "0x" + each.head.hash.hex(), "who": "0x" + each.head.who.hex(),
         "ok": each.is_there and each.is_signed, "said": each.said}
        for each in found
    ]  # fmt: skip


def _word_proof(chain: Any, rollover: bytes, at: int | None) -> str:
    """The proof of what stands under the key of a rollover; ``chain`` is a durable one."""
    from open401k.rails.slots import key_told, verdict_slot

    known = {
        key
        for each in chain.kept.named_in(rollover)
        for log in chain.receipt(each).logs
        if (key := key_told(log.topics, rollover)) is not None
    }
    if len(known) != 1:
        raise ValueError("no event of this chain tells under which key the rollover stands")
    contract = chain.kept.contracts()["rollover"]
    text: str = chain.state({contract: [verdict_slot(known.pop())]}, at="latest" if at is None else at)
    return text


def _check_word(text: str, head: str, voice: Voice) -> None:
    from open401k.rails.chain.states import check_state

    shown = check_state(text)
    matches = hash_typed(head) == shown.block.hash if head else None
    states = ("absent", "preparing", "committed", "aborted", "closed")
    words = [
        {"contract": "0x" + contract.hex(), "slot": "0x" + slot.hex(), "word": f"0x{word:064x}"}
        for (contract, slot), word in shown.words.items()
    ]
    voice.tell({"ok": matches is not False, "words": words, "block": _head(shown.block), "head_matches": matches})
    for (contract, slot), word in shown.words.items():
        state = states[word & 255] if word & 255 < len(states) else "no verdict"
        voice.line(f"Contract 0x{contract.hex()}, slot 0x{slot.hex()}:")
        voice.line(f"  0x{word:064x}; if it is a verdict's word: {state}, id 0x{word >> 8:062x}..")
    voice.line(f"So it is at block {shown.block.number} with the hash\n  0x{shown.block.hash.hex()}")
    _compare(matches, voice)


def _check(proof: Path, head: str, voice: Voice) -> None:
    from open401k.rails.chain import states
    from open401k.rails.chain.proofs import check_proof, rollovers_of

    try:
        text = proof.read_text()
    except (OSError, UnicodeDecodeError) as why:
        raise BadInputError(f"{proof} cannot be read: {why}.", fix="Name the proof's file.") from None
    if f'"kind": "{states.KIND}"' in text[:80]:
        _check_word(text, head, voice)
        return
    shown = check_proof(text)
    matches = hash_typed(head) == shown.last.hash if head else None
    committed = [f"0x{each.hex()}" for each in rollovers_of(shown)]
    contract = "0x" + shown.transaction.to.hex() if shown.transaction.to else None
    told = {
        "ok": matches is not False, "transaction": "0x" + shown.transaction.tx_hash.hex(), "done": shown.is_done,
        "chain_id": shown.transaction.chain_id, "contract": contract, "committed": committed,
        "block": _head(shown.block), "last": _head(shown.last), "head_matches": matches,
    }  # fmt: skip
    voice.tell(told)
    what = f"committed {', '.join(committed)}" if committed else "committed no rollover"
    voice.line(f"Chain {told['chain_id']}, contract {contract}: transaction {told['transaction']} {what}.")
    voice.line(f"It is in block {shown.block.number}, linked to block {shown.last.number} with the hash")
    voice.line(f"  0x{shown.last.hash.hex()}")
    _compare(matches, voice)


def _compare(matches: bool | None, voice: Voice) -> None:
    if matches is None:
        voice.line(
            "Compare chain, contract and hash with what custodians keep: a proof says nothing about another chain."
        )
    elif not matches:
        voice.line("THAT IS NOT THE HEAD THAT WAS GIVEN: the proof is of another chain, or the chain was rewritten.")
        raise typer.Exit(FAILED)


def _head(head: Any) -> dict[str, object] | None:
    return {"number": head.number, "hash": "0x" + head.hash.hex(), "time": head.time} if head else None
