"""The coordinator as a node sees it: how a rollover stands at a block, and sending. Not here: what is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..calls import answer_of, call_of, refusal_of
from ..chain.interface import Chain, Head, RevertedError
from ..keys import Key
from ..messages import Role
from ..transactions import signed
from .cases import Agreed
from .core import SilentError
from .following import Standing, Verdict

#: More than the dearest call of the coordinator takes.
GAS = 8_000_000
_STATES = (Verdict.ABSENT, Verdict.PREPARING, Verdict.COMMITTED, Verdict.ABORTED, Verdict.CLOSED)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The contract would not; ``code`` None where it told none."""

    code: int | None
    words: str


class Coordinator(Protocol):
    """What a node needs of the chain. Every method may raise :class:`SilentError`."""

    def final_block(self) -> Head:
        """The newest final block."""
        ...

    def final(self, agreed: Agreed) -> Standing:
        """How it stands at the newest final block: the only state that anybody acts on."""
        ...

    def newest(self, agreed: Agreed) -> Standing:
        """How it stands at the newest block, which may go again: whether to send."""
        ...

    def send(self, data: bytes) -> Refusal | None:
        """Send a call; None when it was taken. To send it twice does no harm."""
        ...


class ChainCoordinator:
    """The contracts ``rollover`` and ``network`` on a chain. ``relay`` signs the transactions; it has no rights."""

    def __init__(self, chain: Chain, *, rollover: bytes, network: bytes, relay: Key) -> None:
        self._chain = chain
        self._rollover = rollover
        self._network = network
        self._relay = relay

    def final_block(self) -> Head:
        return self._chain.final()

    def signer_of(self, us: bytes) -> bytes:
        """The key that signs for this member, by the newest final block; 20 zeros if it has none."""
        return self._signer(int.from_bytes(us, "big"), self._chain.final()).to_bytes(20, "big")

    def final(self, agreed: Agreed) -> Standing:
        return self._at(agreed, self._chain.final())

    def newest(self, agreed: Agreed) -> Standing:
        return self._at(agreed, self._chain.head())

    def send(self, data: bytes) -> Refusal | None:
        raw = signed(
            self._relay,
            chain_id=self._chain.chain_id,
            nonce=self._chain.nonce(self._relay.address),
            to=self._rollover,
            data=data,
            gas=GAS,
        )
        try:
            (receipt,) = self._chain.send_raw([raw])
        except ValueError as why:  # another sender took this nonce: the next pass sends again
            raise SilentError(str(why)) from why
        if receipt.is_done:
            return None
        refusal = refusal_of(receipt.output or self._why(data, receipt.block))
        return Refusal(refusal.code, refusal.words)

    def _why(self, data: bytes, block: Head) -> bytes:
        """Many chains do not keep what a failed transaction said: ask again, without sending."""
        try:
            self._chain.call(self._rollover, data, sender=self._relay.address, at=block.number)
        except RevertedError as why:
            return why.data
        return b""

    def _at(self, agreed: Agreed, block: Head) -> Standing:
        us = int.from_bytes(agreed.us, "big")
        verdict = self._verdict(agreed, block)
        if verdict is Verdict.TAKEN:
            return Standing(block, verdict)
        ours = (Role.RECEIVER if agreed.place else Role.SOURCE) << 160 | us
        vote = _whole(self._ask(block, self._rollover, "vote_of(uint256,uint256)", ["uint256"], agreed.key, ours))
        receipt = self._ask(block, self._rollover, "posted_of(bytes32,uint256)", ["bytes32"], agreed.rollover, us)[0]
        return Standing(block, verdict, self._counts(vote, verdict, us, block), receipt != bytes(32))

    def _verdict(self, agreed: Agreed, block: Head) -> Verdict:
        word = _whole(self._ask(block, self._rollover, "word_of(uint256)", ["uint256"], agreed.key))
        if word:
            mine = word >> 8 == int.from_bytes(agreed.rollover, "big") >> 8
            return _STATES[word & 255] if mine else Verdict.TAKEN
        source, number = agreed.key >> 72, (agreed.key >> 8) & (2**64 - 1)
        (batched,) = self._ask(block, self._rollover, "is_number_used(uint256,uint256)", ["bool"], source, number)
        return Verdict.TAKEN if batched else Verdict.ABSENT

    def _counts(self, vote: int, verdict: Verdict, us: int, block: Head) -> bool:
        """A vote by a key that was replaced since does not count any more, until the verdict fell."""
        if not vote or verdict is not Verdict.PREPARING:
            return bool(vote)
        return self._signer(us, block) == vote

    def _signer(self, us: int, block: Head) -> int:
        who = us.to_bytes(20, "big")
        (told,) = self._ask(block, self._network, "member(address)", ["(uint64,uint16,uint16,address)"], who)
        if not isinstance(told, tuple):
            raise TypeError("the network answers a member")
        return int(str(told[3]), 16)

    def _ask(self, block: Head, to: bytes, signature: str, kinds: Sequence[str], *given: object) -> tuple[object, ...]:
        return answer_of(kinds, self._chain.call(to, call_of(signature, *given), at=block.number))


def _whole(answer: tuple[object, ...]) -> int:
    (word,) = answer
    if not isinstance(word, int):
        raise TypeError("the coordinator answers a whole number")
    return word
