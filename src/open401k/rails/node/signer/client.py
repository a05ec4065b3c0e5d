"""A node's side of its signer: keys that are asked over a socket. Not here: what is signed for, the signer itself.

Who does not answer is silence: the node asks again, and nothing is lost. A signature that is not by the key that was
asked for is not believed. A refusal is a :class:`PolicyError` with the signer's reason.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from open401k.kernel import Open401kError

from ... import messages
from ...keys import signer_of
from ...messages import Attestation, Domain, Role
from ...transactions import Unsigned
from ...transfer_file.sealed import digest_of
from ..codec import Json, parsed
from ..signing import Item, PolicyError, SignerAwayError
from . import asking
from .asking import BrokenError, Stream, receive, send, written
from .policy import Why
from .serving import refuse_place


@dataclass
class SignerAt:
    """The signer behind a socket."""

    path: Path
    seconds: float = 10.0

    def ask(self, asked: asking.Asked, beside: bytes = b"") -> dict[str, Json]:
        """Its answer; :class:`SignerAwayError` if there is none, :class:`PolicyError` if it refuses."""
        try:
            refuse_place(self.path)
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(self.seconds)
                connection.connect(str(self.path))
                with connection.makefile("rwb") as stream:
                    send(cast("Stream", stream), written(asked), beside)
                    text, _ = receive(cast("Stream", stream))
            told = parsed(text, at="answer")
        except (OSError, BrokenError, ValueError, Open401kError) as why:
            raise SignerAwayError(f"the signer at {self.path} does not answer: {why}") from why
        if not isinstance(told, dict):
            raise SignerAwayError(f"the signer at {self.path} answers something else")
        if "refused" in told:
            if told["refused"] == Why.TOO_OFTEN:
                raise SignerAwayError(f"the signer has enough for now: {told.get('words')}")
            named = told.get("rollover")
            rollover = bytes.fromhex(named) if isinstance(named, str) else None
            raise PolicyError(f"the signer refuses ({told['refused']}): {told.get('words')}", rollover)
        return told

    def signature(self, asked: asking.Asked, beside: bytes, *, by: bytes, digest: bytes) -> bytes:
        """By this key, of what we meant."""
        told = self.ask(asked, beside).get("signature")
        found = bytes.fromhex(told) if isinstance(told, str) else b""
        if signer_of(digest, found) != by:
            raise SignerAwayError(f"the signer at {self.path} signed something else, or by another key")
        return found


@dataclass(frozen=True, slots=True)
class SignerHand:
    """One key of the signer, for everything that a node signs."""

    at: SignerAt
    address: bytes
    domain: Domain

    def letter(self, body: bytes) -> bytes:
        return self.at.signature(asking.SendLetter(self.address), body, by=self.address, digest=digest_of(body))

    def received(self, letter: bytes, came: str) -> bytes:
        return self._signed(asking.Received(self.address, letter, came), messages.received_hash(letter, came))

    def attestation(self, participant: bytes, told: Attestation) -> bytes:
        asked = asking.Attest(self.address, participant, told.level, told.valid_until, told.evidence)
        return self._signed(asked, messages.attestation_hash(participant, told))

    def approval(self, rollover: bytes, role: Role, evidence: bytes, *, encoded: bytes) -> bytes:
        struct = messages.approval_hash(rollover, role, evidence)
        return self._signed(asking.Approve(self.address, role, evidence), struct, encoded)

    def batch(self, first: bytes, second: bytes, token: bytes, deadline: int, items: Sequence[Item]) -> bytes:
        struct = messages.batch_hash(first, second, token, deadline, [each.rollover for each in items])
        asked = asking.SignBatch(self.address, first, second, token, deadline)
        return self._signed(asked, struct, messages.encode_batch([each.encoded for each in items]))

    def abort(self, rollover: bytes, role: Role, code: int, *, encoded: bytes) -> bytes:
        struct = messages.abort_hash(rollover, role, code, bytes(32))
        return self._signed(asking.Abort(self.address, role, code), struct, encoded)

    def posted(self, rollover: bytes, role: Role, entry: bytes, *, encoded: bytes) -> bytes:
        struct = messages.posted_hash(rollover, role, entry)
        return self._signed(asking.Posted(self.address, role, entry), struct, encoded)

    def statement(self, rollover: bytes, role: Role, content: bytes, *, encoded: bytes) -> bytes:
        struct = messages.statement_hash(rollover, role, content)
        return self._signed(asking.State(self.address, role, content), struct, encoded)

    def head(self, number: int, block: bytes) -> bytes:
        return self._signed(asking.SawHead(self.address, number, block), messages.head_hash(number, block))

    def _signed(self, asked: asking.Asked, struct: bytes, beside: bytes = b"") -> bytes:
        return self.at.signature(asked, beside, by=self.address, digest=self.domain.digest(struct))


@dataclass
class SignerRelay:
    """The signer's relay; its address is asked for when it is first needed."""

    at: SignerAt
    _address: bytes = b""

    @property
    def address(self) -> bytes:
        if not self._address:
            self._address = bytes.fromhex(str(self.at.ask(asking.Keys())["relay"]))
        return self._address

    def transaction(self, told: Unsigned) -> bytes:
        if told.to is None:
            raise PolicyError("a signer deploys no contracts")
        asked = asking.Transact(told.to, told.nonce, told.gas, told.gas_price)
        return self.at.signature(asked, told.data, by=self.address, digest=told.digest)


@dataclass
class SignerHands:
    """All keys of a signer; which there are is asked again for one that is not known."""

    at: SignerAt
    domain: Domain
    _known: frozenset[bytes] = field(default=frozenset())

    def addresses(self) -> Sequence[bytes]:
        """Oldest first."""
        told = self.at.ask(asking.Keys())["keys"]
        found = [bytes.fromhex(str(each)) for each in told] if isinstance(told, list) else []
        self._known = frozenset(found)
        return found

    def hand(self, address: bytes) -> SignerHand | None:
        """The key with this address; None if it is none of the signer's."""
        if address not in self._known and address not in self.addresses():
            return None
        return SignerHand(self.at, address, self.domain)

    def make(self, *, at: int) -> bytes:  # noqa: ARG002 (the signer has a clock of its own)
        """One more key; the answer is its address."""
        return bytes.fromhex(str(self.at.ask(asking.MakeKey())["key"]))

    def relay(self) -> SignerRelay:
        """What signs transactions."""
        return SignerRelay(self.at)
