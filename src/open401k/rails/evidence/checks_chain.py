"""What the chain shows of a rollover: whose contracts, the verdict, payments, who countersigned blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from .. import slots
from ..messages import head_hash
from .calls import custodians
from .findings import Finding, failed, missing, proved, stated
from .proven import Context, codes_told, expected_payments, moved_on_chain, netted
from .wording import capital, moment, money, name

STATES = ("absent", "preparing", "committed", "aborted", "closed")
_WORDS = {
    "absent": "nothing: it was not proposed, or a batch took its control number, of which no transaction is shown here",
    "preparing": "proposed, and not decided yet",
    "committed": "COMMITTED: everybody who must approve had approved these terms, and the money moved with the verdict",
    "aborted": "ABORTED: the money went back to the releasing custodian",
    "closed": "CLOSED: committed, and every custodian has given its receipt",
}


def state_of(context: Context, word: int | None) -> str | None:
    """The state of exactly this rollover; None where the word is another's or not proved."""
    if word is None:
        return None
    if word == 0:
        return STATES[0]
    state = word & 255
    is_ours = word >> 8 == int.from_bytes(context.rollover, "big") >> 8 and 0 < state < len(STATES)
    return STATES[state] if is_ours else None


def is_settled(context: Context) -> bool:
    """Whether it is proved that the coordinator that we ship committed these terms."""
    state = state_of(context, context.word(slots.verdict_slot(context.key)))
    is_committed = state in ("committed", "closed") or (state == STATES[0] and bool(context.batch))
    return is_committed and codes_told(context)[0]


def heads(context: Context, known: bytes | None) -> Iterator[Finding]:
    """The block under which all of it stands, and who vouches for it."""
    head = context.head
    if head is None:
        yield missing("head", "No block: nothing about the chain is proved.")
        return
    told = f"block {head.number} of {moment(head.time)}, hash 0x{head.hash.hex()}"
    if known is not None and known != head.hash:
        yield failed("head", f"All of it stands under {told}, which is not the hash 0x{known.hex()} that you know.")
    elif known is not None:
        yield proved("head", f"All of it stands under {told}: the hash that you know.")
    else:
        yield missing("head", f"All of it stands under {told}. Compare that hash with one that you trust.")
    for each in context.evidence.heads:
        who, words = name(each.role, each.who), f"block {each.number}, hash 0x{each.hash.hex()}"
        if (each.role, each.who) not in custodians(context.case):
            yield failed("countersigned", f"{capital(who)} is no custodian of this rollover.")
        elif (holds := context.says(each.who, head_hash(each.number, each.hash), each.signature)) is None:
            yield missing("countersigned", f"Whether the wallet of {who} signed {words}: {context.why_not}")
        elif not holds:
            yield failed("countersigned", f"The signature under {words} is not by a key of {who}.")
        elif each.number == head.number and each.hash != head.hash:
            yield failed("countersigned", f"{capital(who)} countersigned another {words}.")
        elif each.hash == head.hash:
            yield proved("countersigned", f"{capital(who)} countersigned this head.", by=who)
        else:
            yield _then(context, each.hash, f"{capital(who)} countersigned {words}", who)


def _then(context: Context, hash_: bytes, words: str, who: str) -> Finding:
    """What stood at a block that a custodian countersigned."""
    for shown in context.states[1:]:
        if shown.block.hash == hash_:
            word = shown.words.get((context.evidence.coordinator, slots.verdict_slot(context.key)))
            state = state_of(context, word) or "another rollover's"
            if state == STATES[0] and context.batch:
                state = "that of its batch, or not there yet"
            return proved("countersigned", f"{words}; there the verdict was {state}.", by=who)
    return stated("countersigned", f"{words}; what stood there is not in this file.", by=who)


def contracts(context: Context) -> Iterator[Finding]:
    """Whether the coordinator and its network are ours, by their code."""
    if context.head is None:
        yield missing("contracts", "Nothing shows which contracts decided.")
        return
    evidence = context.evidence
    is_ours, network_is = codes_told(context)
    if is_ours:
        yield proved(
            "contracts",
            f"The coordinator 0x{evidence.coordinator.hex()} of chain {evidence.chain_id} runs the code that this "
            f"version ships, and asks the network 0x{evidence.network.hex()}.",
        )
    else:
        yield failed(
            "contracts",
            f"The coordinator 0x{evidence.coordinator.hex()} does not run the code that this version ships for this "
            "chain and network: what it decided follows other rules.",
        )
    if network_is:
        yield proved(
            "contracts", f"The network runs the code that this version ships, with {evidence.delay:,} s of delay."
        )
    else:
        yield failed(
            "contracts", f"The network 0x{evidence.network.hex()} does not run the code that this version ships."
        )


def verdict(context: Context) -> Iterator[Finding]:
    """The one word."""
    word = context.word(slots.verdict_slot(context.key))
    state = state_of(context, word)
    if word is None:
        yield missing("verdict", "The verdict is not proved.")
    elif state is None:
        yield failed("verdict", f"Another rollover stands where the verdict of this one would be: 0x{word:064x}.")
    elif state == STATES[0] and (batch := context.batch):
        yield proved(
            "verdict",
            f"COMMITTED in a batch of {len(batch)}: one transaction, which both custodians signed as a whole, settled "
            "all of them; its control number is used for ever.",
        )
    elif state == STATES[0]:
        yield missing("verdict", f"Its word on chain says {_WORDS[state]}.")
    else:
        yield proved("verdict", f"Its word on chain says {_WORDS[state]}.")
    document = context.of_network(slots.document_slot(context.case.terms.rule_version))
    if document:
        yield proved("rules", f"Rule version {context.case.terms.rule_version} has the text of hash 0x{document:064x}.")
    else:
        yield missing("rules", f"The network has no rule version {context.case.terms.rule_version} in this file.")


def transactions(context: Context) -> Iterator[Finding]:
    """What was sent to the coordinator about it."""
    if not context.transactions:
        yield missing("transactions", "No transaction is in the file; the words above do not need them.")
    for each in context.transactions:
        yield proved(
            "transactions",
            f"Transaction 0x{each.transaction.tx_hash.hex()} is in block {each.block.number} of "
            f"{moment(each.block.time)}, and was carried out.",
        )


def payments(context: Context) -> Iterator[Finding]:
    """What moved on chain, against what the terms and the rules say."""
    if not is_settled(context):
        return
    if batch := context.batch:
        yield _netted(context, len(batch))
        return
    expected, total = expected_payments(context), sum(leg.amount for leg in context.case.terms.legs)
    if expected is None:
        yield missing("payments", "What was withheld cannot be computed: the rules' word is not in the file.")
        return
    due, withheld = expected
    terms, source = context.case.terms, context.case.election.source
    wanted: dict[bytes, int] = {source: -total}
    for who, cents in (*due.items(), (terms.withholder, withheld)):
        if cents:
            wanted[who] = wanted.get(who, 0) + cents
    parts = [f"{money(cents)} to 0x{who.hex()}" for who, cents in due.items()]
    parts += [f"{money(withheld)} withheld for tax"] if withheld else []
    said = f"{money(total)} left 0x{source.hex()}: {', '.join(parts)}"
    moved = moved_on_chain(context)
    if not moved:
        yield missing("payments", f"The terms say: {said}. No transaction in the file shows the deposits' movement.")
    elif moved == {who: cents for who, cents in wanted.items() if cents}:
        yield proved("payments", f"On chain {said}. It adds up to the terms, to the cent.")
    else:
        yield failed("payments", f"The terms say: {said}. What the transactions moved is something else.")


def _netted(context: Context, count: int) -> Finding:
    """Of a batch the difference moves: what is this one's share follows from the cases that the transaction names."""
    total, wanted = sum(leg.amount for leg in context.case.terms.legs), netted(context)
    said = " and ".join(
        f"{money(abs(cents))} {'left' if cents < 0 else 'came to'} 0x{who.hex()}" for who, cents in wanted.items()
    )
    words = (
        f"{said or 'nothing had to move'}, the difference of {count} rollovers, of which this one moves {money(total)}"
    )
    if moved_on_chain(context) == wanted:
        return proved("payments", f"On chain {words}. It adds up to their terms, to the cent.")
    return failed("payments", f"By their terms {words}. What the transactions moved is something else.")
