"""What the chain's proofs in a file show: words, keys of members, transactions. Pure. Not here: judging it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import rlp
from eth_hash.auto import keccak

from open401k.kernel import Open401kError

from .. import slots
from ..chain.interface import Head
from ..chain.proofs import Proven, check_proof, write_proof
from ..chain.states import Shown, check_state, head_of
from ..chain.tries import BrokenError, header_fields
from ..decoding import Decoded, decode_case
from ..messages import (
    Domain,
    Role,
    attestation_hash,
    election_hash,
    head_hash,
    network_domain,
    rollover_domain,
    rollover_id,
)
from ..node.said import Countersigned
from .calls import approvers, cases_in, custodians, is_about, is_batched_by
from .file import Evidence
from .on_chain import NO_CODE, Wallets
from .signed import is_a_wallets, is_by
from .wording import NOT_BY_THESE_BLOCKS, ONLY_A_CHAIN


@dataclass(frozen=True, slots=True)
class Context:
    """A file with what its proofs show. ``states``: the first at the head; others only at blocks that are vouched for.

    ``broken`` names proofs that do not hold.
    """

    evidence: Evidence
    case: Decoded
    rollover: bytes
    domain: Domain
    states: tuple[Shown, ...]
    transactions: tuple[Proven, ...]
    broken: tuple[str, ...]
    keys: dict[bytes, frozenset[bytes]] = field(default_factory=dict)
    wallets: Wallets | None = None

    @property
    def head(self) -> Head | None:
        """The block under which all of it stands."""
        return self.states[0].block if self.states else None

    @property
    def key(self) -> int:
        """Under which the verdict stands."""
        election, terms = self.case.election, self.case.terms
        return (int.from_bytes(election.source, "big") << 72) | (election.number << 8) | terms.part

    def word(self, slot: bytes) -> int | None:
        """A word of the coordinator at the head; None where the file does not prove it."""
        return self.states[0].words.get((self.evidence.coordinator, slot)) if self.states else None

    def of_network(self, slot: bytes) -> int | None:
        """The same of the network."""
        return self.states[0].words.get((self.evidence.network, slot)) if self.states else None

    @property
    def batch(self) -> tuple[Decoded, ...]:
        """All cases of the batch that settled this one, by the coordinator's event; none if it was settled alone."""
        for each in self.transactions:
            cases = cases_in(each.transaction.data, self.evidence.case)
            if cases and any(
                log.address == self.evidence.coordinator and is_batched_by(log.topics, log.data, self.rollover)
                for log in each.logs
            ):
                return tuple(decode_case(case) for case in cases)
        return ()

    def signs(self, who: bytes, struct_hash: bytes, signature: bytes) -> bool:
        """Whether a key, or wallet, that a proof in the file shows to be this member's signed it."""
        return self.says(who, struct_hash, signature) is True

    def says(self, who: bytes, struct_hash: bytes, signature: bytes) -> bool | None:
        """The same; None where it is a contract's word, and no chain was asked, or it says no at the file's blocks:
        other owners may have signed in between."""
        digest = self.domain.digest(struct_hash)
        if any(is_by(key, digest, signature) for key in self.keys.get(who, ())):
            return True
        told = [self._of_wallet(wallet, digest, signature, state) for wallet, state in self._contracts(who)]
        return True if True in told else (None if told else False)

    def contract_says(self, address: bytes, digest: bytes, signature: bytes) -> bool | None:
        """Whether a contract at this address signed it, by any block of the file; False: there is none at any of them.

        None: no chain tells, or the contract says no.
        """
        told = [self._of_wallet(address, digest, signature, state) for state in self.states]
        if True in told:
            return True
        wallets = self.wallets
        if wallets is None or not told or None in told:
            return None
        there = [wallets.is_there(address, number=each.block.number, block=each.block.hash) for each in self.states]
        return False if all(each is False for each in there) else None

    def may_be_a_wallets(self, address: bytes, signature: bytes) -> bool:
        """Whether a contract there may have signed it by another block: by its form, or as the chain has one there."""
        states, wallets = self.states, self.wallets
        return is_a_wallets(signature) or (
            wallets is not None
            and any(wallets.is_there(address, number=each.block.number, block=each.block.hash) for each in states)
        )

    @property
    def or_a_wallet(self) -> str:
        """What else it may be, where no chain was asked."""
        return (
            "" if self.wallets else " If a contract's wallet is there, name its network (--network): its chain tells."
        )

    @property
    def why_not(self) -> str:
        """Why a contract wallet's signature is neither proved nor broken."""
        return ONLY_A_CHAIN if self.wallets is None else NOT_BY_THESE_BLOCKS

    def _contracts(self, who: bytes) -> Iterator[tuple[bytes, Shown]]:
        """Contracts that a proof shows to sign for this member, and where."""
        for state in self.states:
            word = state.words.get((self.evidence.network, slots.member_slot(who)))
            if word and state.codes.get(_signer(word), NO_CODE) != NO_CODE:
                yield _signer(word), state

    def _of_wallet(self, wallet: bytes, digest: bytes, signature: bytes, state: Shown) -> bool | None:
        if self.wallets is None:
            return None
        return self.wallets(wallet, digest, signature, number=state.block.number, block=state.block.hash)


def context_of(evidence: Evidence, case: Decoded, wallets: Wallets | None = None) -> Context:
    """All proofs checked; those that do not hold are told in ``broken``, and show nothing. ``wallets``: who is asked
    what contracts signed."""
    broken: list[str] = []
    domain = rollover_domain(evidence.chain_id, evidence.coordinator)
    rollover = rollover_id(election_hash(case.election), case.terms)
    first_wanted, wanted_then = asked(evidence, case), asked_then(evidence, case)
    shown = [
        _state(text, f"states[{place}]", wanted_then if place else first_wanted, broken)
        for place, text in enumerate(evidence.states)
    ]
    first = shown[0] if shown else None
    if first is None:
        broken += [] if evidence.states else ["states: there is none"]
        return Context(evidence, case, rollover, domain, (), (), tuple(broken))
    transactions = _transactions(evidence, first, broken)
    alone = Context(evidence, case, rollover, domain, (first,), (), ())
    keys = {who: frozenset([_signer(word)]) for (_, who), word in _members(alone, first).items() if word}
    known = _linked(evidence.headers, first.block.hash) | {
        head.hash
        for head in evidence.heads
        if any(_vouches(domain, head, key, wallets) for key in keys.get(head.who, ()))
    }
    others = [each for each in shown[1:] if each is not None]
    blocks = [first.block.number, *(each.block.number for each in others)]
    broken += ["states: a block is there twice"] if len(set(blocks)) < len(blocks) else []
    broken += ["heads: one is there twice"] if len(set(evidence.heads)) < len(evidence.heads) else []
    for place, each in enumerate(others, 1):
        if each.block.hash not in known:
            broken.append(f"states[{place}]: nobody vouches for block {each.block.number}")
    states = (first, *(each for each in others if each.block.hash in known))
    for state in states[1:]:
        for (_, who), word in _members(alone, state).items():
            keys[who] = keys.get(who, frozenset()) | ({_signer(word)} if word else frozenset())
    return Context(evidence, case, rollover, domain, states, tuple(transactions), tuple(broken), keys, wallets)


def asked(at: Evidence, case: Decoded) -> dict[bytes, list[bytes]]:
    """The words that are proved at the head: exactly these, by contract."""
    election, terms, who_holds = case.election, case.terms, people(case)
    rollover = rollover_id(election_hash(election), terms)
    key = (int.from_bytes(election.source, "big") << 72) | (election.number << 8) | terms.part
    attested = attestation_hash(election.participant, case.attestation)
    return {
        at.coordinator: [
            slots.verdict_slot(key),
            *(slots.vote_slot(key, role, who) for role, who in approvers(case)),
            *(slots.receipt_slot(rollover, who) for _, who in custodians(case)),
        ],
        at.network: [
            *(slots.member_slot(who) for who in who_holds),
            slots.document_slot(terms.rule_version),
            slots.withholding_slot(terms.rule_version),
            slots.revoked_slot(case.attestation.attestor, attested),
        ],
    }


def asked_then(at: Evidence, case: Decoded) -> dict[bytes, list[bytes]]:
    """The words that are proved at a block that somebody countersigned: the verdict, and whose keys counted."""
    first = asked(at, case)
    return {at.coordinator: first[at.coordinator][:1], at.network: first[at.network][: len(people(case))]}


def codes_told(context: Context) -> tuple[bool, bool]:
    """Whether the coordinator, and the network that it asks, run the code that we ship."""
    evidence, codes = context.evidence, context.states[0].codes
    network = network_domain(evidence.chain_id, evidence.network)
    coordinator = codes.get(evidence.coordinator) == slots.coordinator_code(context.domain, evidence.network)
    return coordinator, codes.get(evidence.network) == slots.network_code(network, evidence.delay)


def people(case: Decoded) -> list[bytes]:
    """Every member that a case names: the custodians, the attestor, voters, who takes what is withheld.

    A spouse is none: the terms name a key of theirs.
    """
    election, terms = case.election, case.terms
    voters = (each.who for each in terms.voters if each.role is not Role.SPOUSE)
    named = [election.source, *election.receivers, case.attestation.attestor, *voters]
    return list(dict.fromkeys([*named, *([terms.withholder] if any(terms.withholder) else [])]))


def _members(context: Context, state: Shown) -> dict[tuple[str, bytes], int]:
    found: dict[tuple[str, bytes], int] = {}
    for who in people(context.case):
        word = state.words.get((context.evidence.network, slots.member_slot(who)))
        if word is not None:
            found["member", who] = word
    return found


def _signer(word: int) -> bytes:
    return (word >> 96).to_bytes(20, "big")


def _vouches(domain: Domain, head: Countersigned, key: bytes, wallets: Wallets | None) -> bool:
    digest = domain.digest(head_hash(head.number, head.hash))
    if is_by(key, digest, head.signature):
        return True
    asked = None if wallets is None else wallets(key, digest, head.signature, number=head.number, block=head.hash)
    return asked is True


def _state(text: str, at: str, wanted: Mapping[bytes, Sequence[bytes]], broken: list[str]) -> Shown | None:
    try:
        shown = check_state(text)
        named = {_signer(word) for (where, _), word in shown.words.items() if where in wanted}
        words = [(contract, slot) for contract, slots_ in wanted.items() for slot in slots_]
        if list(shown.words) == words and set(shown.codes) <= {*wanted, *named}:
            return shown
        broken.append(f"{at}: it proves other words than those of this case")
    except Open401kError as why:
        broken.append(f"{at}: {why.message}")
    except (ValueError, TypeError, IndexError, rlp.exceptions.RLPException):
        broken.append(f"{at}: the proof does not hold.")
    return None


def _linked(headers: Sequence[bytes], head: bytes) -> set[bytes]:
    """Hashes of the blocks that lead to the head, itself among them."""
    found = {head}
    for header in reversed(headers):
        if keccak(header) not in found:
            break
        try:
            found.add(header_fields(header)[0])
        except BrokenError:
            break
    return found


def _transactions(evidence: Evidence, state: Shown, broken: list[str]) -> list[Proven]:
    """Those that are linked to the head, done, and said something to the coordinator about this case."""
    headers = evidence.headers
    if not evidence.transactions:
        broken += ["headers: they lead to no transaction"] if headers else []
        return []
    if not headers or keccak(headers[-1]) != state.block.hash:
        broken.append("headers: they do not lead to the head")
        return []
    found: list[Proven] = []
    try:
        first = head_of(headers[0])[0].number
    except Open401kError:
        broken.append("headers[0]: it is none")
        return []
    if first != evidence.transactions[0].block:
        broken.append("headers: they begin before the first transaction")
    for place, each in enumerate(evidence.transactions):
        text = write_proof(headers[each.block - first :] if each.block >= first else (), each.transaction, each.receipt)
        try:
            proven = check_proof(text)
        except Open401kError as why:
            broken.append(f"transactions[{place}]: {why.message}")
            continue
        told = proven.transaction
        if not proven.is_done or told.to != evidence.coordinator or told.chain_id != evidence.chain_id:
            broken.append(f"transactions[{place}]: it is none that the coordinator carried out")
        elif not is_about(told.data, evidence.case):
            broken.append(f"transactions[{place}]: it is about another case")
        elif proven.transaction in [before.transaction for before in found]:
            broken.append(f"transactions[{place}]: it is there twice")
        else:
            found.append(proven)
    return found


def expected_payments(context: Context) -> tuple[dict[bytes, int], int] | None:
    """Cents to each receiver, and what is withheld, as the terms and the rules have it; None if rules are missing."""
    case = context.case
    bps = context.of_network(slots.withholding_slot(case.terms.rule_version))
    due: dict[bytes, int] = {}
    withheld = 0
    for leg in case.terms.legs:
        kept = 0
        if leg.into == _PERSON:
            if bps is None:
                return None
            kept = (leg.taxable * ((bps >> (16 * leg.kind)) & 0xFFFF) + 5_000) // 10_000
        receiver = case.election.receivers[leg.to]
        due[receiver] = due.get(receiver, 0) + leg.amount - kept
        withheld += kept
    return due, withheld


def _flow(logs: Sequence[tuple[bytes, bytes, int]]) -> dict[bytes, int]:
    moved: dict[bytes, int] = {}
    for sender, receiver, cents in logs:
        moved[sender] = moved.get(sender, 0) - cents
        moved[receiver] = moved.get(receiver, 0) + cents
    return {who: cents for who, cents in moved.items() if cents}


def netted(context: Context) -> dict[bytes, int]:
    """What the batch that settled it moves for each custodian: the difference of both ways."""
    return _flow(
        [(case.election.source, case.election.receivers[leg.to], leg.amount)
         for case in context.batch for leg in case.terms.legs]
    )  # fmt: skip


def moved_on_chain(context: Context) -> dict[bytes, int]:
    """What the token's events in the proven transactions add up to, for each account."""
    token = context.case.terms.token
    told = [
        (log.topics[1][12:], log.topics[2][12:], int.from_bytes(log.data, "big"))
        for each in context.transactions
        for log in each.logs
        if log.address == token and len(log.topics) == 3 and log.topics[0] == TRANSFER
    ]
    return _flow(told)


TRANSFER = keccak(b"Transfer(address,address,uint256)")
_PERSON = 15
