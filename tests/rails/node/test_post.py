"""Letters between nodes: each arrives once and in order, from who it says, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from eth_hash.auto import keccak
from tests.rails.world import key

from open401k.base.faults import Stopped, stopping_at
from open401k.kernel import SeededRandom
from open401k.rails.messages import rollover_domain
from open401k.rails.node.backoff import Backoff
from open401k.rails.node.config import Peer
from open401k.rails.node.core import SilentError
from open401k.rails.node.deal import Deals, DealUnit
from open401k.rails.node.hands import OwnHand
from open401k.rails.node.letters import Came, Letter, Outgoing, Taken, letter_bytes
from open401k.rails.node.post import (
    BOUNDARIES,
    Carried,
    Directory,
    LetterProblem,
    LetterRefusedError,
    Receiving,
    Sending,
)
from open401k.rails.node.quotas import FROM_ONE, MOST, MOST_NAMES, WINDOW, Quota
from open401k.rails.node.vouching import Answered, Pen, Vouched, Words, typed_data, with_word
from open401k.rails.transfer_file.sealed import Mailbox, seal

US, THEM = b"u" * 20, b"t" * 20
ONE, TWO = b"1" * 32, b"2" * 32
JOINS = b"3" * 32
DOMAIN, NOW, LATER = rollover_domain(401, b"c" * 20), 1_000, 2_000
OURS, THEIRS, OLD = Mailbox(b"o" * 32), Mailbox(b"t" * 32), Mailbox(b"O" * 32)


def letter(number: int, reference: bytes = ONE) -> Letter:
    return Letter(reference, number, "note", {"words": f"number {number}"})


@dataclass
class Box:
    """Letters of one side, as a transaction leaves them."""

    out: list[Outgoing] = field(default_factory=list)
    taken: list[Letter] = field(default_factory=list)

    @contextmanager
    def begin(self) -> Iterator[Any]:
        unit = Box(list(self.out), list(self.taken))
        yield unit
        self.out, self.taken = unit.out, unit.taken

    def letters_out(self, *, but_not: Sequence[bytes] = (), limit: int = 100) -> Sequence[Outgoing]:
        return [each for each in self.out if each.to not in but_not][:limit]

    def send_again(self, to: bytes, reference: bytes) -> None:
        """What was sent is not kept here."""

    def letter_sent(self, to: bytes, reference: bytes, number: int) -> None:
        self.out = [each for each in self.out if (each.letter.reference, each.letter.number) != (reference, number)]

    def take(self, peer: bytes, told: Letter) -> Taken:
        assert peer == US
        if told.reference == JOINS and not self.taken:
            return Taken(Came.EARLY)  # who leads has not asked yet
        if told in self.taken:
            return Taken(Came.AGAIN)
        if told.number != 1 + sum(each.reference == told.reference for each in self.taken):
            return Taken(Came.EARLY)
        self.taken.append(told)
        return Taken(Came.TAKEN)


@dataclass
class Members:
    """The network: who signs for whom."""

    named: dict[bytes, bytes]
    asked: int = 0

    def signer_of(self, us: bytes) -> bytes:
        self.asked += 1
        return self.named.get(us, bytes(20))


@dataclass
class Pair:
    """Our side sends, theirs takes."""

    ours: Box = field(default_factory=Box)
    theirs: Box = field(default_factory=Box)
    network: Members = field(default_factory=lambda: Members({US: key("ours").address, THEM: key("theirs").address}))
    now: float = 0.0
    is_away: bool = False
    mailboxes: Sequence[Mailbox] = (THEIRS,)
    sent: list[bytes] = field(default_factory=list)
    signs: str = "ours"
    answers: str = "theirs"
    our_word: Vouched | None = None
    their_word: Vouched | None = None
    wallets: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)
    on_the_way: Callable[[Answered], Answered] = lambda answer: answer

    def __post_init__(self) -> None:
        def take(unit: DealUnit, peer: bytes, told: Letter) -> Taken:
            return cast("Box", unit).take(peer, told)

        words = Words(self.network, DOMAIN, self.wallet, lambda: NOW, lambda: self.now)
        self.receiving = Receiving(
            cast("Deals", self.theirs),
            Directory([Peer("us", US, "u", OURS.public)], self.network, lambda: self.now, words),
            lambda: self.mailboxes, take, lambda: self.pen(self.answers, self.their_word),
        )  # fmt: skip
        self.sending = Sending(
            cast("Deals", self.ours),
            Directory([Peer("them", THEM, "t", THEIRS.public)], self.network, lambda: self.now, words), self.carry,
            lambda: self.pen(self.signs, self.our_word), DOMAIN, SeededRandom(7), backoff=Backoff(first=1, most=8),
        )  # fmt: skip

    def pen(self, name: str, word: Vouched | None) -> Pen:
        return Pen(OwnHand(key(name), DOMAIN), word)

    def wallet(self, who: bytes, digest: bytes, signature: bytes) -> bool:
        """Wallets that are contracts."""
        self.network.asked += 1
        return self.wallets.get(who) == (digest, signature)

    def carry(self, url: str, sealed: bytes) -> Carried:
        assert url == "t"
        if self.is_away:
            raise SilentError("away")
        self.sent.append(sealed)
        try:
            answer = self.receiving.answer(sealed)[1]
            return Carried(self.on_the_way(answer))
        except LetterRefusedError as why:
            return Carried(None, why.problem)

    def put(self, *letters: Letter) -> None:
        self.ours.out += [Outgoing(THEM, each) for each in letters]

    def go(self, times: int = 1) -> None:
        for _ in range(times):
            self.sending.once(at=self.now)


def test_letters_arrive_once_and_in_order() -> None:
    pair = Pair()
    pair.put(letter(1), letter(2), letter(1, TWO))
    pair.go()
    assert pair.theirs.taken == [letter(1), letter(2), letter(1, TWO)]
    assert pair.ours.out == []
    for sealed in pair.sent:  # somebody plays them again
        assert pair.receiving(sealed).came is Came.AGAIN
    assert len(pair.theirs.taken) == 3
    assert b"number" not in b"".join(pair.sent)


def test_who_is_away_is_asked_again_later_and_keeps_the_order() -> None:
    pair = Pair(is_away=True)
    pair.put(letter(1), letter(2))
    pair.go()
    pair.is_away = False
    pair.go()
    assert pair.theirs.taken == []  # it is not yet time
    pair.now = 1.0
    pair.go()
    assert [each.number for each in pair.theirs.taken] == [1, 2]


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_stop_on_the_way_loses_nothing_and_repeats_nothing(boundary: str) -> None:
    pair = Pair()
    pair.put(letter(1), letter(2))
    with stopping_at(boundary), pytest.raises(Stopped):
        pair.go()
    pair.now = 60.0
    pair.go(2)
    assert pair.theirs.taken == [letter(1), letter(2)]
    assert pair.ours.out == []


def sealed_by(name: str, *, to: Mailbox = THEIRS, told: Letter | None = None, reference: bytes = ONE) -> bytes:
    text = letter_bytes(told or letter(1))
    return seal(text, sender=key(name), to=to.public, reference=reference, random=SeededRandom(1))


@pytest.mark.parametrize(
    ("sealed", "problem"),
    [
        (b"hello", LetterProblem.NOT_A_LETTER),
        (sealed_by("ours")[:-1] + b"\x00", LetterProblem.NOT_A_LETTER),
        (sealed_by("a stranger"), LetterProblem.UNKNOWN_SENDER),
        (sealed_by("theirs"), LetterProblem.UNKNOWN_SENDER),
        (sealed_by("ours", to=OLD), LetterProblem.NOT_FOR_US),
        (sealed_by("ours", reference=TWO), LetterProblem.UNREADABLE),
        (seal(b"{}", sender=key("ours"), to=THEIRS.public, reference=ONE, random=SeededRandom(1)),
         LetterProblem.UNREADABLE),
    ],
)  # fmt: skip
def test_what_is_not_a_letter_of_a_peer_to_us_is_refused_and_leaves_nothing(
    sealed: bytes, problem: LetterProblem
) -> None:
    pair = Pair()
    with pytest.raises(LetterRefusedError) as refused:
        pair.receiving(sealed)
    assert refused.value.problem is problem
    assert pair.theirs.taken == []


def test_a_former_mailbox_still_opens() -> None:
    pair = Pair(mailboxes=(THEIRS, OLD))
    assert pair.receiving(sealed_by("ours", to=OLD)).came is Came.TAKEN


def test_a_key_that_the_network_names_anew_is_taken_within_seconds_and_the_former_one_no_more() -> None:
    pair = Pair()
    pair.put(letter(1))
    pair.go()
    pair.network.named[US], pair.signs = key("new").address, "new"
    pair.put(letter(2))
    pair.now = 3.0
    pair.go()
    assert [each.number for each in pair.theirs.taken] == [1, 2]
    with pytest.raises(LetterRefusedError):
        pair.receiving(sealed_by("ours", told=letter(3)))


def test_strangers_do_not_make_a_node_ask_the_network_each_time() -> None:
    pair = Pair()
    for _ in range(50):
        with pytest.raises(LetterRefusedError):
            pair.receiving(sealed_by("a stranger"))
    assert pair.network.asked == 1


def test_a_member_that_is_no_peer_is_told_and_waits() -> None:
    pair = Pair()
    pair.ours.out = [Outgoing(b"x" * 20, letter(1)), Outgoing(THEM, letter(1, TWO))]
    pair.go()
    assert [each.to for each in pair.ours.out] == [b"x" * 20]
    assert pair.theirs.taken == [letter(1, TWO)]


def test_a_first_letter_that_is_early_keeps_no_other_waiting() -> None:
    pair = Pair()
    pair.put(letter(1, JOINS))
    pair.go(3)
    assert len(pair.sent) == 1
    pair.put(letter(1))
    pair.go()
    assert pair.theirs.taken == [letter(1)]
    pair.now = 1.0
    pair.go()
    assert pair.theirs.taken == [letter(1), letter(1, JOINS)]
    assert pair.ours.out == []


@pytest.mark.parametrize(
    "changed",
    [
        lambda answer: replace(answer, came=Came.REFUSED),
        lambda answer: replace(answer, signer=key("a stranger").address),
        lambda answer: replace(answer, signature=key("a stranger").sign(b"d" * 32)),
        lambda answer: replace(
            answer, signer=key("ours").address, signature=OwnHand(key("ours"), DOMAIN).received(b"l" * 32, "taken")
        ),
    ],
)
def test_an_answer_that_the_peer_did_not_sign_is_not_believed(changed: Callable[[Answered], Answered]) -> None:
    pair = Pair(on_the_way=changed)
    pair.put(letter(1))
    pair.go()
    assert [each.letter for each in pair.ours.out] == [letter(1)]
    pair.on_the_way, pair.now = lambda answer: answer, 60.0
    pair.go()
    assert (pair.ours.out, pair.theirs.taken) == ([], [letter(1)])


def word_of(member: bytes, by: str, *, until: int = LATER) -> Vouched:
    """A wallet's word for the key of this name, which nobody signed yet."""
    return Vouched(member, key(by).address, until, b"w" * 90)


def with_wallets(pair: Pair, *, ours: bytes = b"W" * 20, until: int = LATER) -> Pair:
    """Both members' wallets are contracts, and vouched for a key of each node."""
    pair.network.named = {US: ours, THEM: b"T" * 20}
    pair.signs, pair.answers = "our letters", "their letters"
    pair.our_word, pair.their_word = word_of(US, "our letters", until=until), word_of(THEM, "their letters")
    for wallet, word in ((b"W" * 20, pair.our_word), (b"T" * 20, pair.their_word)):
        pair.wallets[wallet] = (word.digest(DOMAIN), word.signature)
    return pair


def test_members_whose_wallets_are_contracts_write_by_keys_that_those_vouched_for() -> None:
    pair = with_wallets(Pair())
    pair.put(letter(1), letter(2), letter(3))
    pair.go()
    assert (pair.ours.out, len(pair.theirs.taken)) == ([], 3)
    assert pair.network.asked == 4  # each word once: the network whose wallet it is, and the wallet


def test_a_wallet_that_is_a_key_or_a_passkey_vouches_too() -> None:
    pair = Pair()
    word = word_of(US, "our letters")
    pair.signs, pair.our_word = "our letters", replace(word, signature=key("ours").sign(word.digest(DOMAIN)))
    pair.put(letter(1))
    pair.go()
    assert pair.theirs.taken == [letter(1)]


@pytest.mark.parametrize(
    "pair",
    [
        with_wallets(Pair(), until=NOW),  # it is over
        with_wallets(Pair(), ours=b"X" * 20),  # the network names another wallet now
        with_wallets(Pair(), ours=bytes(20)),  # it is no member any more
        replace(with_wallets(Pair()), signs="a thief"),  # another key than the wallet vouched for
        replace(with_wallets(Pair()), our_word=word_of(THEM, "our letters")),  # of another member
        replace(with_wallets(Pair()), our_word=replace(word_of(US, "our letters"), valid_until=LATER + 1)),
    ],
)
def test_a_word_that_the_wallet_did_not_give_is_not_believed(pair: Pair) -> None:
    pair.put(letter(1))
    pair.go()
    assert (pair.theirs.taken, len(pair.ours.out)) == ([], 1)


def test_strangers_with_words_do_not_make_a_node_ask_the_network_each_time() -> None:
    pair = Pair()
    flood(pair, 50, "one address")
    assert pair.network.asked == 2 * (1 + FROM_ONE)  # whose wallet, and the wallet: before it had failed, and after
    with pytest.raises(LetterRefusedError) as refused:
        pair.receiving(b"open401k vouched 1\xff\xff{}")
    assert refused.value.problem is LetterProblem.NOT_A_LETTER


def flood(pair: Pair, times: int, *addresses: str) -> None:
    """Strangers who name our side as the member, each time with another word."""
    for number in range(times):
        word = replace(word_of(US, "a stranger"), valid_until=LATER + number)
        with pytest.raises(LetterRefusedError):
            pair.receiving(with_word(sealed_by("a stranger"), word), by=addresses[number % len(addresses)])


def test_strangers_do_not_use_up_what_members_are_asked_about() -> None:
    pair = with_wallets(Pair())
    strangers = [f"address 203.0.113.{number}" for number in range(40)]
    for _ in range(5):  # so long every one of them was asked about once
        flood(pair, 40, *strangers)
        pair.now += WINDOW
    flood(pair, 200, *strangers)
    pair.put(letter(1))
    pair.go()
    assert pair.theirs.taken == [letter(1)]
    asked = pair.network.asked
    pair.now += 31  # its word has to be asked about anew, while new addresses ask for nothing but that it may not
    flood(pair, 40, *(f"address 198.51.100.{number}" for number in range(40)))
    assert pair.network.asked == asked + 2 * MOST
    pair.put(letter(2))
    pair.go()
    assert pair.theirs.taken == [letter(1), letter(2)]


def test_however_many_addresses_ask_memory_is_bounded() -> None:
    now = 0.0
    quota = Quota(lambda: now)
    may = 0
    for number in range(3 * MOST_NAMES):
        now += 0.01
        may += quota.may(f"address {number}")
        quota.failed(f"address {number}")
    assert quota.names == MOST_NAMES
    assert may <= MOST * (0.01 * 3 * MOST_NAMES / WINDOW + 1)


def test_of_one_member_only_the_latest_words_are_remembered() -> None:
    pair = with_wallets(Pair())
    words = Words(pair.network, DOMAIN, lambda *_: True, lambda: NOW, lambda: pair.now)
    for number in range(100):
        assert words.hold(replace(word_of(US, "our letters"), valid_until=LATER + number))
        assert not words.hold(word_of(number.to_bytes(20, "big"), "a stranger"))
    assert {each: len(held) for each, held in words._held.items()} == {US: 4}


def test_what_a_wallet_is_shown_is_what_is_checked() -> None:
    """The typed data hashed as EIP-712 has it, by another implementation, is the digest."""
    word = word_of(US, "our letters")
    shown = typed_data(US, word.key, LATER, DOMAIN)
    kinds = {name: ",".join(f"{each['type']} {each['name']}" for each in shown["types"][name])
             for name in ("EIP712Domain", "LetterKey")}  # fmt: skip

    def struct(name: str, words: list[bytes]) -> bytes:
        return keccak(keccak(f"{name}({kinds[name]})".encode()) + b"".join(words))

    domain = shown["domain"]
    separator = struct("EIP712Domain", [
        keccak(domain["name"].encode()), keccak(domain["version"].encode()), domain["chainId"].to_bytes(32, "big"),
        bytes(12) + bytes.fromhex(domain["verifyingContract"][2:]),
    ])  # fmt: skip
    said = shown["message"]
    words = [bytes(12) + bytes.fromhex(said[name][2:]) for name in ("member", "key")]
    hashed = struct("LetterKey", [*words, said["validUntil"].to_bytes(32, "big")])
    assert keccak(b"\x19\x01" + separator + hashed) == word.digest(DOMAIN)
