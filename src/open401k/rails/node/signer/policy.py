"""What a signer signs: judged from what is asked, its settings, and what it signed before. Pure. Not here: keys, files.

The signer believes nobody: it takes cases, transactions and letters apart, works out their ids and amounts, and asks
whether we are who it says. It knows no chain: what is final, and whether a contract's wallet signed, it cannot see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, assert_never

from eth_hash.auto import keccak

from ... import messages
from ...decoding import Decoded, decode_case
from ...messages import Attestation, Domain, Role
from ...signatures import is_signed_by
from ...transactions import Unsigned
from ...transfer_file.sealed import digest_of, is_unsigned_by
from ..codec import Json
from ..letters import Came
from .asking import (
    Abort,
    Approve,
    Asked,
    Attest,
    Keys,
    MakeKey,
    Posted,
    Received,
    SawHead,
    SendLetter,
    SignBatch,
    State,
    Transact,
)

HOUR: Final = 3_600
DAY: Final = 86_400
_MINUTE: Final = 60
#: So many ends are remembered whatever the time; of more, those so long after their deadline go: no chain is that late.
#: A clock that is wrong for a moment therefore forgets none that could still be approved.
MOST_ENDED: Final = 10_000
_LATE: Final = 30 * DAY
_MOST_BATCHED: Final = 32
#: The coordinator's functions that a node may call; whoever sends them, they do what was signed.
FUNCTIONS: Final = (
    "settle(bytes,bytes)",
    "propose(bytes,(bytes32,bytes))",
    "propose_return(bytes,bytes,(bytes32,bytes))",
    "approve(bytes,uint256,(bytes32,bytes))",
    "abort(bytes,uint256,uint256,uint256,bytes32,bytes)",
    "expire(uint256)",
    "refund(address,address)",
    "post(bytes,uint256,uint256,bytes32,bytes)",
    "settle_batch(uint256,uint256,uint256,uint256,bytes,bytes,bytes)",
)
_SELECTORS: Final = {keccak(each.encode())[:4]: each.partition("(")[0] for each in FUNCTIONS}
_SIZES: Final = {
    "evidence": 32,
    "entry": 32,
    "content": 32,
    "block": 32,
    "letter": 32,
    "participant": 20,
    "to": 20,
    "first": 20,
    "second": 20,
}


class Why(StrEnum):
    """Why a signer refuses. Checked, and listed, in order of precedence."""

    UNREADABLE = "unreadable"
    UNKNOWN_KEY = "unknown_key"
    TOO_OFTEN = "too_often"
    NO_CASE = "no_case"
    NOT_OUR_PART = "not_our_part"
    ENDED = "ended"
    OTHER_TOKEN = "other_token"  # noqa: S105 (a token of deposits)
    NOT_ELECTED = "not_elected"
    TOO_MUCH = "too_much"
    TOO_MANY_AN_HOUR = "too_many_an_hour"
    TOO_MUCH_A_DAY = "too_much_a_day"
    NOT_ATTESTING = "not_attesting"
    TOO_LONG = "too_long"
    NO_LETTER = "no_letter"
    OTHER_CONTRACT = "other_contract"
    UNKNOWN_FUNCTION = "unknown_function"
    TOO_DEAR = "too_dear"


@dataclass(frozen=True, slots=True)
class Refused:
    """It is not signed, and nothing was kept. ``rollover``: the one of a batch that is the reason."""

    why: Why
    words: str
    rollover: bytes | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What is signed without a human: of one rollover, of an hour, of a day; and signatures of any kind in a minute."""

    most_cents: int = 1_000_000_00
    cents_a_day: int = 20_000_000_00
    approvals_an_hour: int = 1_000
    signatures_a_minute: int = 6_000
    #: How long ahead an attestation may hold.
    attests_days: int = 400
    #: Whether participants may sign by wallets that are contracts, which only a chain can ask.
    contract_wallets: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """Who we are, and in which network. ``attests``: whether we sign as an attestor, too."""

    member: bytes
    chain_id: int
    rollover: bytes
    token: bytes
    attests: bool = False
    most_gas: int = 8_000_000
    most_gas_price: int = 0
    limits: Limits = field(default_factory=Limits)

    @property
    def domain(self) -> Domain:
        """Where everything that is signed here counts, and nowhere else."""
        return messages.rollover_domain(self.chain_id, self.rollover)


@dataclass
class Before:
    """What was signed: approvals of the last day by rollover (cents, when), and when of the last minute.

    ``ended``: rollovers of which we signed the end, with their deadline; they are never approved after it.
    """

    approved: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    times: list[int] = field(default_factory=list)
    ended: dict[bytes, int] = field(default_factory=dict)

    def note(self, at: int, rollover: bytes | None = None, cents: int = 0) -> None:
        """One more; an approval given again counts once, from its first time."""
        self.times = [each for each in self.times if each > at - _MINUTE] + [at]
        if rollover is not None:
            self.approved = {one: told for one, told in self.approved.items() if told[1] > at - DAY}
            self.approved.setdefault(rollover, (cents, at))

    def note_batch(self, at: int, items: Sequence[tuple[bytes, int]]) -> None:
        """One signature that approves several."""
        times = self.times
        for rollover, cents in items:
            self.note(at, rollover, cents)
        self.times = [each for each in times if each > at - _MINUTE] + [at]

    def note_end(self, at: int, rollover: bytes, deadline: int) -> None:
        """One that we want ended; of very many those whose time is long over go, as nobody can approve them."""
        self.note(at)
        self.ended[rollover] = deadline
        spare = len(self.ended) - MOST_ENDED
        if spare > 0:
            oldest = sorted(self.ended, key=lambda one: self.ended[one])[:spare]
            for one in oldest:
                if self.ended[one] <= at - _LATE:
                    del self.ended[one]

    def within(self, seconds: int, at: int) -> Mapping[bytes, int]:
        """Cents by rollover."""
        return {one: cents for one, (cents, when) in self.approved.items() if when > at - seconds}


@dataclass(frozen=True, slots=True)
class Granted:
    """What is signed, by which key; ``about`` is what the log says of it. ``rollover`` counts against the limits."""

    key: bytes
    digest: bytes
    about: Mapping[str, Json]
    rollover: bytes | None = None
    cents: int = 0
    #: Of a batch: every rollover that it approves, with its cents.
    batch: tuple[tuple[bytes, int], ...] = ()
    #: Of an end: the deadline of what it ends.
    ends: int | None = None


class _RefusedError(Exception):
    def __init__(self, why: Why, words: str, rollover: bytes | None = None) -> None:
        super().__init__(words)
        self.refused = Refused(why, words, rollover)


def judged(
    asked: Asked, beside: bytes, *, known: Known, keys: frozenset[bytes], relay: bytes, before: Before, at: int
) -> Granted | Refused:
    """What is to be signed of what is asked; ``at`` is the signer's own time."""
    try:
        key = relay if isinstance(asked, Transact) else getattr(asked, "key", b"")
        _readable(asked)
        if key not in {*keys, relay} or (key == relay and not isinstance(asked, Transact)):
            raise _RefusedError(Why.UNKNOWN_KEY, f"0x{key.hex()} is no key of this signer for that")
        if sum(each > at - _MINUTE for each in before.times) >= known.limits.signatures_a_minute:
            raise _RefusedError(Why.TOO_OFTEN, f"{known.limits.signatures_a_minute} signatures were given in a minute")
        return _granted(asked, beside, known, relay, before, at)
    except _RefusedError as why:
        return why.refused


def _readable(asked: Asked) -> None:
    for name, size in _SIZES.items():
        found = getattr(asked, name, None)
        if isinstance(found, bytes) and len(found) != size:
            raise _RefusedError(Why.UNREADABLE, f"{name} has {len(found)} bytes, not {size}")
    if isinstance(asked, Received) and asked.came not in set(Came):
        raise _RefusedError(Why.UNREADABLE, f"came is one of: {', '.join(Came)}")
    if isinstance(asked, Abort) and not 100 <= asked.code <= 699:
        raise _RefusedError(Why.UNREADABLE, "code is one of the work queues, from 100 to 699")
    small = ("number", "nonce", "gas", "gas_price", "level", "valid_until", "deadline")
    if any(getattr(asked, name, 0) >= 2**64 for name in small):
        raise _RefusedError(Why.UNREADABLE, "a number does not fit")


def _granted(asked: Asked, beside: bytes, known: Known, relay: bytes, before: Before, at: int) -> Granted:
    def signed(key: bytes, struct: bytes, **about: Json) -> Granted:
        return Granted(key, known.domain.digest(struct), about)

    match asked:
        case Approve():
            return _approval(asked, _case(beside), known, before, at)
        case SignBatch():
            return _batch(asked, beside, known, before, at)
        case Abort(key, role, code):
            case = _case(beside)
            rollover, _ = _our_part(case, role, known)
            until = case.terms.deadline
            about: dict[str, Json] = {
                "rollover": rollover.hex(), "role": role.name.lower(), "code": code, "until": until
            }  # fmt: skip
            struct = messages.abort_hash(rollover, role, code, bytes(32))
            return Granted(key, known.domain.digest(struct), about, rollover, ends=until)
        case Posted(key, role, entry):
            rollover, _ = _our_part(_case(beside), role, known)
            struct = messages.posted_hash(rollover, role, entry)
            return signed(key, struct, rollover=rollover.hex(), role=role.name.lower(), entry=entry.hex())
        case State(key, role, content):
            rollover, _ = _our_part(_case(beside), role, known)
            struct = messages.statement_hash(rollover, role, content)
            return signed(key, struct, rollover=rollover.hex(), role=role.name.lower(), content=content.hex())
        case SawHead(key, number, block):
            return signed(key, messages.head_hash(number, block), number=number, block=block.hex())
        case Attest():
            return _attestation(asked, known, at)
        case SendLetter(key):
            if not is_unsigned_by(beside, key):
                raise _RefusedError(Why.NO_LETTER, "it is no sealed letter that waits for this key's signature")
            return Granted(key, digest_of(beside), {"bytes": len(beside)})
        case Received(key, letter, came):
            return signed(key, messages.received_hash(letter, came), letter=letter.hex(), came=came)
        case Transact():
            return _transaction(asked, beside, known, relay)
        case Keys() | MakeKey():
            raise TypeError("nothing is signed for that")
        case _:
            assert_never(asked)


def _case(beside: bytes) -> Decoded:
    try:
        return decode_case(beside)
    except (ValueError, IndexError) as why:
        raise _RefusedError(Why.NO_CASE, f"what comes beside it is no case: {why}") from None


def _our_part(case: Decoded, role: Role, known: Known) -> tuple[bytes, int]:
    """The rollover's id and the cents of our part in it; refused where we have none in this role."""
    election, terms = case.election, case.terms
    us, everything = known.member, sum(leg.amount for leg in terms.legs)
    rollover = messages.rollover_id(messages.election_hash(election), terms)
    if role is Role.SOURCE and election.source == us:
        return rollover, everything
    if role is Role.RECEIVER:
        places = {place for place, each in enumerate(election.receivers) if each == us}
        if ours := [leg.amount for leg in terms.legs if leg.to in places]:
            return rollover, sum(ours)
    if any(each.role == role and each.who == us for each in terms.voters):
        return rollover, everything
    raise _RefusedError(Why.NOT_OUR_PART, f"we are not the {role.name.lower()} of this rollover")


def _approval(asked: Approve, case: Decoded, known: Known, before: Before, at: int) -> Granted:
    rollover, cents = _approvable(case, asked.role, known, before)
    _refuse_beyond(((rollover, cents),), known, before, at)
    digest = known.domain.digest(messages.approval_hash(rollover, asked.role, asked.evidence))
    about: dict[str, Json] = {"rollover": rollover.hex(), "role": asked.role.name.lower(), "cents": cents}
    return Granted(asked.key, digest, about, rollover, cents)


def _batch(asked: SignBatch, beside: bytes, known: Known, before: Before, at: int) -> Granted:
    """All of a batch: each between these two, and approved by us as it would be alone."""
    pair = {asked.first, asked.second}
    if len(pair) < 2 or known.member not in pair:
        raise _RefusedError(Why.NOT_OUR_PART, "we are none of the two custodians of this batch")
    if asked.token != known.token:
        raise _RefusedError(Why.OTHER_TOKEN, "its money is not the network's deposits")
    items: list[tuple[bytes, int]] = []
    for case in _cases(beside):
        if {case.election.source, *case.election.receivers} != pair:
            raise _RefusedError(Why.NOT_OUR_PART, "a case of it is not between these two custodians")
        role = Role.SOURCE if case.election.source == known.member else Role.RECEIVER
        try:
            items.append(_approvable(case, role, known, before))
            _refuse_beyond(items, known, before, at)
        except _RefusedError as why:
            rollover = messages.rollover_id(messages.election_hash(case.election), case.terms)
            raise _RefusedError(why.refused.why, why.refused.words, rollover) from None
    ids = [rollover for rollover, _ in items]
    struct = messages.batch_hash(asked.first, asked.second, asked.token, asked.deadline, ids)
    about: dict[str, Json] = {"rollovers": [each.hex() for each in ids], "cents": [cents for _, cents in items]}
    return Granted(asked.key, known.domain.digest(struct), about, batch=tuple(items))


def _cases(beside: bytes) -> list[Decoded]:
    found = []
    while beside:
        size = int.from_bytes(beside[:2], "big")
        found.append(_case(beside[2 : 2 + size]))
        beside = beside[2 + size :]
    if not 1 <= len(found) <= _MOST_BATCHED:
        raise _RefusedError(Why.NO_CASE, f"a batch holds from 1 to {_MOST_BATCHED} cases")
    return found


def _approvable(case: Decoded, role: Role, known: Known, before: Before) -> tuple[bytes, int]:
    """The rollover's id and the cents of our part; refused where it is not ours, ended, not elected, or too much."""
    rollover, cents = _our_part(case, role, known)
    if rollover in before.ended:
        raise _RefusedError(Why.ENDED, "we signed the end of this rollover: it is not approved after that")
    election, limits = case.election, known.limits
    if case.terms.token != known.token:
        raise _RefusedError(Why.OTHER_TOKEN, "its money is not the network's deposits")
    if not _is_elected(case, known):
        raise _RefusedError(Why.NOT_ELECTED, "the participant did not sign this election")
    everything = sum(leg.amount for leg in case.terms.legs)
    if everything > election.max_total or case.terms.deadline > election.deadline:
        raise _RefusedError(Why.NOT_ELECTED, "the terms are more, or longer, than the participant signed")
    if cents > limits.most_cents:
        raise _RefusedError(Why.TOO_MUCH, f"{cents} cents are more than the {limits.most_cents} of one rollover")
    return rollover, cents


def _refuse_beyond(items: Sequence[tuple[bytes, int]], known: Known, before: Before, at: int) -> None:
    """The limits of an hour and of a day; what was approved before counts once."""
    limits, day, hour = known.limits, before.within(DAY, at), before.within(HOUR, at)
    new = {rollover: cents for rollover, cents in items if rollover not in day}
    if new and len(hour) + len(new) > limits.approvals_an_hour:
        raise _RefusedError(Why.TOO_MANY_AN_HOUR, f"{limits.approvals_an_hour} rollovers were approved within the hour")
    if new and sum(day.values()) + sum(new.values()) > limits.cents_a_day:
        raise _RefusedError(Why.TOO_MUCH_A_DAY, f"more than {limits.cents_a_day} cents would be approved within a day")


def _is_elected(case: Decoded, known: Known) -> bool:
    digest = known.domain.digest(messages.election_hash(case.election))
    return known.limits.contract_wallets or is_signed_by(case.election.participant, digest, case.signature)


def _attestation(asked: Attest, known: Known, at: int) -> Granted:
    if not known.attests:
        raise _RefusedError(Why.NOT_ATTESTING, "this signer attests nobody")
    if asked.valid_until > at + known.limits.attests_days * DAY:
        raise _RefusedError(Why.TOO_LONG, f"it would hold for more than {known.limits.attests_days} days")
    # Who the attestor is stands in no field of what is signed: it is whose key the network names.
    told = Attestation(known.member, asked.level, asked.valid_until, asked.evidence)
    digest = known.domain.digest(messages.attestation_hash(asked.participant, told))
    return Granted(asked.key, digest, {"participant": asked.participant.hex(), "level": asked.level})


def _transaction(asked: Transact, data: bytes, known: Known, relay: bytes) -> Granted:
    does_nothing = asked.to == relay and not data
    if not does_nothing:
        if asked.to != known.rollover:
            raise _RefusedError(Why.OTHER_CONTRACT, f"0x{asked.to.hex()} is not the network's coordinator")
        if data[:4] not in _SELECTORS:
            raise _RefusedError(Why.UNKNOWN_FUNCTION, f"0x{data[:4].hex()} is no function that a node calls")
    if asked.gas > known.most_gas or asked.gas_price > known.most_gas_price:
        raise _RefusedError(
            Why.TOO_DEAR, f"{asked.gas} gas at {asked.gas_price}: at most {known.most_gas} at {known.most_gas_price}"
        )
    told = Unsigned(known.chain_id, asked.nonce, asked.to, data, asked.gas, asked.gas_price)
    what = "nothing" if does_nothing else _SELECTORS[data[:4]]
    return Granted(relay, told.digest, {"function": what, "nonce": asked.nonce})
